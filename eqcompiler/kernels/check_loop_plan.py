"""What a legal loop plan is.

Takes: a LoopPlan. Gives: nothing; raises CompilerFault naming the plan and what is illegal in it.
Guarantees: in a plan that passes, every value is set before it is read and every entry has the right number of subscripts.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from eqcompiler.errors import CompilerFault
from eqcompiler.languages.accuracy import UNIT, Rounded, Summed
from eqcompiler.languages.loop_plan import Accumulate, Assign, Iterate, LibraryCall, Loop, LoopPlan, Node, Storage
from eqcompiler.languages.program import size
from eqcompiler.languages.step_loops import Steps


def check_loop_plan(plan: LoopPlan) -> None:
    """Raises CompilerFault naming the plan and what is illegal in it: something read before it is set, a parameter that is
    written, a wrong number of subscripts, an index that is used outside its loop or opened twice, a result never set."""
    ranks = {p.name: len(p.shape) for p in plan.parameters}
    stored = {s.name: len(s.shape) for s in (*plan.results, *plan.temporaries)}
    stored |= {slot.name: len(slot.shape) for node in plan.body if isinstance(node, Steps) for slot in node.slots}
    for node in plan.body:
        stored |= dict(node.ranks({**ranks, **stored})) if isinstance(node, Steps) else {}
    written = {name for name in plan.state if plan.kind == "run"}
    _Checker(plan, {**ranks, **stored}, frozenset(ranks) - written, set(ranks)).run()
    if plan.accuracy:
        temporaries = (*plan.accuracy.temporaries, Storage(str(UNIT), ()))
        bounded = replace(plan, body=plan.accuracy.body, temporaries=temporaries, accuracy=None)
        stored |= {s.name: len(s.shape) for s in temporaries}
        _Checker(bounded, {**ranks, **stored}, frozenset(ranks), {*ranks, str(UNIT)}).run()


class _Checker:
    def __init__(self, plan: LoopPlan, ranks: dict[str, int], constant: frozenset[str], ready: set[str]) -> None:
        self.plan, self.ranks, self.constant, self.ready = plan, ranks, constant, ready
        self.sizes = {size(name) for name in (*plan.dimensions, *(n for s in plan.sizes for n in (s.at, s.before)))}

    def run(self) -> None:
        for node in (*self.plan.prologue, *self.plan.body):
            self.visit(node, frozenset())
        for result in self.plan.results:
            if result.name not in self.ready:
                raise self.fault(f"the result {result.name} is never set")

    def fault(self, what: str) -> CompilerFault:
        return CompilerFault(f"loop plan of {self.plan.name}: {what}")

    def visit(self, node: Node, indices: frozenset[sympy.Symbol]) -> None:
        match node:
            case Loop():
                if node.index in indices:
                    raise self.fault(f"the loop over {node.index} stands inside another one over {node.index}")
                self.read(node.lower, indices)
                self.read(node.upper, indices)
                for part in node.body:
                    self.visit(part, indices | {node.index})
            case Iterate():
                for part in node.body:
                    self.visit(part, indices)
                for current, following in node.states:
                    if following.name not in self.ready:
                        raise self.fault(f"the next value of {current.name} is never set")
            case Steps():
                self.steps(node, indices)
            case LibraryCall():
                for operand in node.operands:
                    if operand.name not in self.ready:
                        raise self.fault(f"{operand.name} is read before it is set")
                self.write(node.target)
            case Assign() | Accumulate():
                self.read(node.value, indices)
                self.target(node.target, indices, node)
            case Rounded():
                self.read(node.value, indices)
                self.target(node.target, indices, node)
                self.read(node.error, indices)
                if node.kept is not None:
                    self.target(node.kept, indices, node)
            case Summed():
                for addend in node.addends:
                    for value in (*addend.factors, addend.error):
                        self.read(value, indices)
                for part in (node.target, node.low, node.error):
                    self.target(part, indices, node)

    def steps(self, node: Steps, indices: frozenset[sympy.Symbol]) -> None:
        for needed in (*(t.start for t in node.turns), *(s.start for s in node.slots if s.start)):
            if needed not in self.ready:
                raise self.fault(f"{needed} is read before it is set")
        outside = set(self.ready)
        self.ready -= set(node.names)
        self.ready |= {turn.before for turn in node.turns}
        self.ready |= {slot.name for slot in node.slots if slot.family in outside}
        for part in (*node.body, *node.unless_last):
            self.visit(part, indices | {node.index})
        for name in (*(turn.after for turn in node.turns), *(name for name, _ in node.kept)):
            if name not in self.ready:
                raise self.fault(f"{name} is never set")
        for slot in node.slots:
            if slot.place == "own" and slot.name in self.ready:
                self.ready.add(slot.family)
        self.ready |= {turn.final for turn in node.turns if turn.final} | {family for _, family in node.kept}

    def target(self, target: sympy.Expr, indices: frozenset[sympy.Symbol], node: Node) -> None:
        name = str(target.base.label) if isinstance(target, sympy.Indexed) else str(target)
        adds = isinstance(node, Accumulate) or (isinstance(node, Summed) and not node.starts)
        if adds and name not in self.ready:
            raise self.fault(f"{name} is accumulated before it is set")
        self.write(name)
        self.read(target, indices)

    def write(self, name: str) -> None:
        if name in self.constant:
            raise self.fault(f"the parameter {name} is written")
        self.ready.add(name)

    def read(self, value: sympy.Expr, indices: frozenset[sympy.Symbol]) -> None:
        for part in sympy.preorder_traversal(value):
            if isinstance(part, (sympy.Sum, sympy.Product)):
                raise self.fault(f"the value {value} holds a reduction")
            if isinstance(part, sympy.Indexed):
                self.entry(part)
        labels = {part.base.label for part in value.atoms(sympy.Indexed)}
        for symbol in sorted(value.atoms(sympy.Symbol) - labels - indices - self.sizes, key=str):
            if symbol.is_integer:
                raise self.fault(f"the index {symbol} is used outside its loop")
            if symbol.name not in self.ready:
                raise self.fault(f"{symbol} is read before it is set")

    def entry(self, entry: sympy.Indexed) -> None:
        name = str(entry.base.label)
        if name not in self.ready:
            raise self.fault(f"{name} is read before it is set")
        if self.ranks.get(name, -1) != len(entry.indices):
            raise self.fault(f"{entry} has {len(entry.indices)} subscripts, {name} has {self.ranks.get(name, 0)} axes")
