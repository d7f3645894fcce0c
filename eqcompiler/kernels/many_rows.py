"""Which loop of a plan can run over ranges of its rows in several threads, and what each thread then does.

Takes: a LoopPlan. Gives: its ManyRows, or None where no loop allows it.
Guarantees: a row reads nothing that another row writes; rows write rows of their own, or add to sums that nothing reads
before the last row. Every value is the plan's own, only sums are added in another order.

    J := 0;  for i in 1..m: (r := X_i'theta - y_i;  J += r**2);  J := J/m
        each thread: J_rows += r**2 for its rows         then: J := the sum of all J_rows;  J := J/m
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy

from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.row_stages import row_stages
from eqcompiler.kernels.share_values import is_costly
from eqcompiler.kernels.statements import label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import (
    Accumulate,
    Assign,
    LibraryCall,
    Loop,
    LoopPlan,
    ManyRows,
    Node,
    Storage,
    mapped,
    tensor_reads,
    value_flops,
)
from eqcompiler.languages.program import Axis, index, scalar, tensor

# an exponential or a logarithm costs about as much as this many additions
COSTLY_FLOPS = 20


def with_many_rows(plan: LoopPlan) -> LoopPlan:
    return plan if plan.kind == "run" or plan.prologue else replace(plan, many=_Rows(plan).found())


class _Rows:
    def __init__(self, plan: LoopPlan) -> None:
        self.plan = plan
        self.storages = {s.name: s for s in (*plan.results, *plan.temporaries)}
        used = {p.name for p in plan.parameters} | set(self.storages) | {label(part.target) for part in _statements(plan.body)}
        self.names = Names(used | set(plan.dimensions))

    def found(self) -> ManyRows | None:
        region = self.region()
        if region is None:
            return None
        before, loop, after = region
        kinds = _Kinds(loop)
        if not kinds.independent or not self.fits(kinds, before, after):
            return None
        sums = [self.storages.get(name, Storage(name, ())) for name in kinds.sums]
        totals = [Storage(self.names.new(f"{s.name}_rows"), s.shape) for s in sums]
        return self.assembled(before, loop, after, kinds, sums, totals)

    def region(self) -> tuple[tuple[Node, ...], Loop, tuple[Node, ...]] | None:
        """What stands before the rows, the one loop over them, what stands after them."""
        loops = [node for node in self.plan.body if isinstance(node, Loop)]
        deepest = max(loops, key=_depth, default=None)
        if deepest is None or deepest.lower != 1 or not deepest.upper.is_Symbol or not _pays(deepest):
            return None
        places = [p for p, node in enumerate(self.plan.body) if isinstance(node, Loop) and node.upper == deepest.upper]
        same_depth = [node for node in loops if _depth(node) == _depth(deepest) and node.upper != deepest.upper]
        between = self.plan.body[places[0] : places[-1] + 1]
        joined = _joined(between, deepest)
        if same_depth or joined is None:
            return None
        moved, loop = joined
        return (*self.plan.body[: places[0]], *moved), loop, self.plan.body[places[-1] + 1 :]

    def fits(self, kinds: _Kinds, before: Sequence[Node], after: Sequence[Node]) -> bool:
        """Workspaces belong to the rows alone; arrays with rows of their own are results; before is made of plain loops."""
        outside = {name for node in (*before, *after) for name in _mentioned(node)}
        results = {s.name for s in self.plan.results}
        return (
            all(isinstance(node, (Assign, Loop)) for node in before)
            and not outside & kinds.workspaces
            and not outside & set(kinds.own)
            and not outside & kinds.locals
            and set(kinds.own) <= results
        )

    def assembled(
        self,
        before: tuple[Node, ...],
        loop: Loop,
        after: tuple[Node, ...],
        kinds: _Kinds,
        sums: list[Storage],
        totals: list[Storage],
    ) -> ManyRows:
        views, body = self.viewed(loop)
        stages, buffers = row_stages(body, loop.index, kinds.locals, bool(kinds.workspaces), self.names)
        rest: tuple[Node, ...] = before
        for summed, total in zip(sums, totals, strict=True):
            rest = _with_total(rest, summed, total)
        return ManyRows(
            loop.index,
            loop.upper,
            _needed(before, set(_mentioned(loop)) - set(kinds.sums)),
            stages,
            views,
            buffers,
            tuple(self.storages[name] for name in sorted(kinds.workspaces)),
            tuple(sums),
            tuple(totals),
            kinds.own,
            _needed((*rest, *after), {s.name for s in self.plan.results}),
            sympy.expand(_work(loop.body)),
        )

    def viewed(self, loop: Loop) -> tuple[tuple[tuple[str, int, str], ...], tuple[Node, ...]]:
        """The body with each entry at row i of an array as an entry of the rows of one block."""
        found: dict[tuple[str, int], str] = {}
        changes: dict[sympy.Expr, sympy.Expr] = {}
        for entry in _entries(loop.body):
            if loop.index in entry.indices:
                place = (label(entry), entry.indices.index(loop.index))
                if place not in found:
                    found[place] = self.names.new(f"{place[0]}_block")
                changes[entry] = tensor(found[place])[entry.indices]
        views = tuple((name, axis, view) for (name, axis), view in found.items())
        return views, tuple(mapped(node, lambda value: value.xreplace(changes)) for node in loop.body)


class _Kinds:
    """What the body of a loop writes: scalars of its own, sums, arrays with rows of their own, workspaces."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.order = loop, list(_statements(loop.body))
        self.locals = {label(part.target) for part in self.order if isinstance(part, Assign) and part.target.is_Symbol}
        entries = [part.target for part in self.order if isinstance(part.target, sympy.Indexed)]
        self.own = tuple(dict.fromkeys(label(e) for e in entries if loop.index in e.indices))
        plain = {label(e) for e in entries} - set(self.own)
        set_here = {label(part.target) for part in self.order if isinstance(part, Assign)}
        self.workspaces = plain & set_here
        written = dict.fromkeys(label(part.target) for part in self.order)
        self.sums = tuple(name for name in written if name not in {*self.locals, *self.own, *self.workspaces})

    @property
    def independent(self) -> bool:
        return (
            all(isinstance(node, (Assign, Accumulate, Loop)) for node in _all_nodes(self.loop.body))
            and self.rows_are_plain()
            and self.sums_are_only_added_to()
            and self.set_before_read()
        )

    def rows_are_plain(self) -> bool:
        """The index of the rows stands alone, as one subscript; arrays with rows of their own are met at their own row only."""
        i = self.loop.index
        for part in self.order:
            inside = [e for value in (part.target, part.value) for e in value.atoms(sympy.Indexed)]
            for entry in inside:
                at = [subscript for subscript in entry.indices if subscript.has(i)]
                if at not in ([], [i]) or (label(entry) in self.own and not at):
                    return False
            if part.value.xreplace({e: sympy.Integer(0) for e in inside}).has(i):
                return False
        return not any(edge.has(i) for node in _all_nodes(self.loop.body) if isinstance(node, Loop) for edge in _edges(node))

    def sums_are_only_added_to(self) -> bool:
        read = {name for part in self.order for name in _read(part.value)}
        added = {label(p.target) for p in self.order if isinstance(p, Accumulate) and p.operation in ("+", "-")}
        other = {label(p.target) for p in self.order if isinstance(p, Accumulate) and p.operation not in ("+", "-")}
        return all(name in added and name not in read and name not in other for name in self.sums)

    def set_before_read(self) -> bool:
        """No row starts from what another row has left in a scalar or in a workspace."""
        ready: set[str] = set()
        kept = self.locals | self.workspaces
        for part in self.order:
            read = _read(part.value) | ({label(part.target)} if isinstance(part, Accumulate) else set())
            if not read & kept <= ready:
                return False
            ready.add(label(part.target))
        return True


def _joined(nodes: Sequence[Node], like: Loop) -> tuple[tuple[Node, ...], Loop] | None:
    """Loops over the same rows as one loop, and the scalars between them that can be set before it."""
    moved, body, written = list[Node](), list[Node](), set[str]()
    for node in nodes:
        if isinstance(node, Assign) and node.target.is_Symbol and not _read(node.value) & written:
            moved.append(node)
        elif isinstance(node, Loop) and (node.lower, node.upper) == (like.lower, like.upper):
            body += _renamed(node.body, {node.index: like.index})
            written |= {label(part.target) for part in _statements([node])}
        else:
            return None
    return tuple(moved), Loop(like.index, like.lower, like.upper, tuple(body))


def _renamed(nodes: Sequence[Node], change: dict[sympy.Symbol, sympy.Symbol]) -> list[Node]:
    return [mapped(node, lambda value: value.xreplace(change)) for node in nodes]


def _with_total(nodes: tuple[Node, ...], summed: Storage, total: Storage) -> tuple[Node, ...]:
    """The statements before the rows, and the finished sum; `summed` starts from it where it would start from 0."""
    axes = tuple(Axis(index(f"t_{p + 1}"), sympy.Integer(1), e) for p, e in enumerate(summed.shape))
    places = tuple(axis.index for axis in axes)
    target = tensor(summed.name)[places] if axes else scalar(summed.name)
    value = tensor(total.name)[places] if axes else scalar(total.name)
    left = _without_zero_start(nodes, summed.name)
    last: Node = Accumulate(target, "+", value) if left == nodes else Assign(target, value)
    for axis in reversed(axes):
        last = Loop(axis.index, axis.lower, axis.upper, (last,))
    return (*left, last)


def _without_zero_start(nodes: Sequence[Node], name: str) -> tuple[Node, ...]:
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Loop):
            body = _without_zero_start(node.body, name)
            kept += [Loop(node.index, node.lower, node.upper, body)] if body else []
        elif not (isinstance(node, Assign) and label(node.target) == name and node.value == 0):
            kept.append(node)
    return tuple(kept)


def _needed(nodes: Sequence[Node], wanted: set[str]) -> tuple[Node, ...]:
    """The nodes that set what is wanted."""
    kept = list[Node]()
    for node in reversed(nodes):
        if wanted & set(_written(node)):
            kept.append(node)
            wanted = wanted | set(_mentioned(node))
    return tuple(reversed(kept))


def _written(node: Node) -> Iterator[str]:
    for part in placed([node]):
        yield part.target if isinstance(part, LibraryCall) else label(part.target)


def _work(nodes: Sequence[Node]) -> sympy.Expr:
    """Flops of one row, where an elementary function counts for what it costs."""
    total = sympy.Integer(0)
    for node in nodes:
        if isinstance(node, Loop):
            total += (node.upper - node.lower + 1) * _work(node.body)
        elif isinstance(node, (Assign, Accumulate)):
            functions = COSTLY_FLOPS if is_costly(node.value) else 0
            total += value_flops(node.value) + functions + 1
    return total


def _pays(loop: Loop) -> bool:
    """One addition or two for each entry of a vector need no threads."""
    return _depth(loop) > 1 or any(is_costly(part.value) for part in _statements(loop.body))


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in node.body), default=0) if isinstance(node, Loop) else 0


def _edges(loop: Loop) -> tuple[sympy.Expr, sympy.Expr]:
    return loop.lower, loop.upper


def _all_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all_nodes(getattr(node, "body", ()))


def _statements(nodes: Sequence[Node]) -> Iterator[Assign | Accumulate]:
    for part in placed(nodes):
        if isinstance(part, (Assign, Accumulate)):
            yield part


def _entries(nodes: Sequence[Node]) -> Iterator[sympy.Indexed]:
    for part in _statements(nodes):
        yield from tensor_reads(part.target)
        yield from tensor_reads(part.value)


def _read(value: sympy.Expr) -> set[str]:
    return {symbol.name for symbol in value.atoms(sympy.Symbol) if not symbol.is_integer}


def _mentioned(node: Node) -> Iterator[str]:
    """Every name that a node touches."""
    for part in placed([node]):
        if isinstance(part, (Assign, Accumulate)):
            yield label(part.target)
            yield from sorted(_read(part.value) | _read(part.target))
        else:
            yield part.target
            yield from (operand.name for operand in part.operands)
