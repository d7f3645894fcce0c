"""From a program with recurrences to a loop plan: each step is planned once, and one loop runs over the steps.

Takes: a KernelRequest whose program holds Scans, and the planner of programs without. Gives: a LoopPlan.
Guarantees: the size of the plan does not depend on the number of steps; nothing is allocated inside the loop over them; what
only the next step reads is not computed at the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sympy

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.kernels.hoist_from_scans import hoist_from_scans
from eqcompiler.kernels.prepared_scans import NEXT, StepPrograms, operands, prepared, step_programs
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.loop_plan import (
    Assign,
    LibraryCall,
    Loop,
    LoopPlan,
    Node,
    Parameter,
    Storage,
    mapped,
)
from eqcompiler.languages.program import (
    Carried,
    Indexed,
    Input,
    Intrinsic,
    Program,
    Scan,
    dimension_of,
    index,
    scalar,
    size,
    size_expression,
    tensor,
)
from eqcompiler.languages.step_loops import Slot, Steps, Turn

Planner = Callable[[KernelRequest], LoopPlan]
Shape = tuple[sympy.Expr, ...]


def plan_steps(request: KernelRequest, planner: Planner) -> LoopPlan:
    """Raises NotSupportedYet for a recurrence inside an iteration or another recurrence."""
    if request.kind != "value":
        raise NotSupportedYet(f"{request.name} iterates over a recurrence, which has no kernel yet")
    return _Planner(request, planner).run()


@dataclass(frozen=True, slots=True)
class _Family:
    """Where the members of a family lie: in `holder`, or one step before there and at the first step in `start`; one step
    after and at the last one in `start` where `backwards`, because the steps that left them ran down."""

    holder: str
    start: str = ""
    backwards: bool = False


class _Planner:
    def __init__(self, request: KernelRequest, planner: Planner) -> None:
        self.request, self.planner = request, planner
        self.program = prepared(hoist_from_scans(request.program))
        self.scans = [d for d in self.program.definitions if isinstance(d, Scan)]
        self.changing = {size(name) for scan in self.scans for s in scan.sizes for name in (s.at, s.before)}
        self.inputs = {item.name: item for item in self.program.inputs}
        self.shapes: dict[str, Shape] = {i.name: tuple(map(size_expression, i.shape)) for i in self.program.inputs}
        made = {name for d in self.program.definitions for name in (d.made if isinstance(d, Scan) else (d.name,))}
        self.outer = {*self.inputs, *made, *(n for i in self.program.inputs for d in i.shape for n in d.names)}
        self.local: dict[str, int] = {}  # names inside of steps and their ranks
        self.families = {i.name: _Family(i.name) for i in self.program.inputs if i.steps is not None}
        self.storages: dict[str, Storage] = {}
        self.nodes: list[Node] = []
        self.sizes: list[str] = []

    def run(self) -> LoopPlan:
        group: list[Indexed | Intrinsic] = []
        for place, definition in enumerate(self.program.definitions):
            if isinstance(definition, Scan):
                self.plain(group, self.program.definitions[place:])
                group = []
                _Step(self, definition).run()
            else:
                group.append(definition)
        self.plain(group, ())
        return self.assembled()

    def plain(self, group: Sequence[Indexed | Intrinsic], later: Sequence[Indexed | Intrinsic | Scan]) -> None:
        """The definitions between two recurrences."""
        wanted = {name for d in later for name in operands(d)} | set(self.program.outputs)
        wanted |= {total for d in later if isinstance(d, Scan) for _, total in d.summed}
        outputs = tuple(d.name for d in group if d.name in wanted)
        if not outputs:
            return
        own = {d.name for d in group}
        read = dict.fromkeys(name for d in group for name in operands(d) if name not in own)
        planned = self.planner(KernelRequest(self.request.name, Program(tuple(map(self.input, read)), tuple(group), outputs)))
        renaming = {name: self.fresh(name) for name in _set_names(planned) if name not in own}
        self.nodes += [renamed(node, renaming) for node in _body(planned)]
        for storage in (*planned.results, *planned.temporaries):
            name = renaming.get(storage.name, storage.name)
            self.shapes[name] = storage.shape
            self.storages[name] = replace(storage, name=name)
        self.sizes += planned.dimensions

    def input(self, name: str) -> Input:
        return self.inputs.get(name) or Input(name, tuple(map(dimension_of, self.shapes[name])))

    def fresh(self, wanted: str) -> str:
        """A name for something that all steps share."""
        name, number = wanted, 1
        while name in self.outer or name in self.local:
            number += 1
            name = f"{wanted}_{number}"
        self.outer.add(name)
        return name

    def fresh_local(self, wanted: str, rank: int, taken: Iterable[str]) -> str:
        """A name inside of a step; two recurrences may use the same one where the ranks are equal."""
        name, number = wanted, 1
        while name in self.outer or name in taken or self.local.get(name, rank) != rank:
            number += 1
            name = f"{wanted}_{number}"
        self.local[name] = rank
        return name

    def changes(self, shape: Shape) -> bool:
        return any(not extent.free_symbols.isdisjoint(self.changing) for extent in shape)

    def keep(self, name: str, shape: Shape, count: sympy.Expr) -> None:
        """A family: one flat array where sizes change from step to step, else the steps are its first axis."""
        self.shapes[name] = shape
        self.storages[name] = Storage(name, shape, steps=count) if self.changes(shape) else Storage(name, (count, *shape))

    def assembled(self) -> LoopPlan:
        parameters = tuple(self.parameter(item) for item in self.program.inputs)
        results = tuple(self.storages[name] for name in self.program.outputs)
        temporaries = tuple(s for s in self.storages.values() if (s.shape or s.steps) and s.name not in self.program.outputs)
        sizes = tuple(dict.fromkeys(s for scan in self.scans for s in scan.sizes))
        return LoopPlan(
            self.request.name,
            parameters,
            self.dimensions(),
            results,
            temporaries,
            tuple(self.nodes),
            sizes=sizes,
        )

    def parameter(self, item: Input) -> Parameter:
        if item.steps is None or self.changes(self.shapes[item.name]):
            return Parameter(item.name, item.shape, item.integer, item.latex, item.steps)
        return Parameter(item.name, (item.steps, *item.shape), item.integer, item.latex)

    def dimensions(self) -> tuple[str, ...]:
        """The names of sizes that hold outside of the steps."""
        shown = [n for i in self.program.inputs for d in ((i.steps, *i.shape) if i.steps else i.shape) for n in sorted(d.names)]
        shown += [name for scan in self.scans for s in scan.sizes for name in (s.first, s.last)]
        shown += [s.name for scan in self.scans for s in sorted(scan.count.free_symbols, key=str)]
        return tuple(name for name in dict.fromkeys((*shown, *self.sizes)) if size(name) not in self.changing)


class _Step:
    """One recurrence: its step planned, and the places of what the step reads and sets."""

    def __init__(self, outer: _Planner, scan: Scan) -> None:
        self.outer, self.scan = outer, scan
        self.programs: StepPrograms = step_programs(scan)
        self.kept = dict(scan.kept)
        self.names: dict[str, str] = {f"{total}{NEXT}": total for _, total in scan.summed}
        self.names |= {name: name for name in (*scan.shared, *(total for _, total in scan.summed))}
        self.taken = set(self.names.values())
        self.slots: list[Slot] = []
        self.kept_scalars: list[tuple[str, str]] = []

    def run(self) -> None:
        parts = [p for p in (self.programs.first, self.programs.then) if p is not None]
        plans = [self.outer.planner(KernelRequest(self.outer.request.name, program)) for program in parts]
        shapes = {i.name: tuple(map(size_expression, i.shape)) for program in parts for i in program.inputs}
        shapes |= {s.name: s.shape for p in plans for s in (*p.results, *p.temporaries)}
        own = [_set_names(p) for p in plans]
        shared = {d.name for program in parts for d in program.definitions}
        for name in (*sorted(self.scan.own_inputs), *sorted(shared & set().union(*own))):
            self.named(name, shapes)
        self.families(shapes)
        nodes = [self.nodes(p, names, shapes) for p, names in zip(plans, own, strict=True)]
        turns = tuple(self.turn(carried, shapes) for carried in self.scan.carried)
        self.outer.nodes.append(
            Steps(
                self.scan.index,
                self.scan.count,
                self.scan.backwards,
                self.scan.sizes,
                tuple(self.slots),
                turns,
                tuple(self.kept_scalars),
                nodes[0],
                nodes[1] if len(nodes) > 1 else (),
            )
        )
        self.outer.sizes += [name for p in plans for name in p.dimensions]

    def named(self, name: str, shapes: Mapping[str, Shape]) -> None:
        if name not in self.names:
            self.names[name] = self.local(name, shapes)

    def local(self, name: str, shapes: Mapping[str, Shape]) -> str:
        new = self.outer.fresh_local(name, len(shapes.get(name, ())), self.taken)
        self.taken.add(new)
        return new

    def nodes(self, planned: LoopPlan, own: set[str], shapes: Mapping[str, Shape]) -> tuple[Node, ...]:
        """The body under the names of the whole plan; places for the temporaries that are tensors."""
        names = self.names | {name: self.local(name, shapes) for name in sorted(own - self.names.keys())}
        placed = {slot.name for slot in self.slots}
        for name in sorted(own):
            if shapes.get(name) and names[name] not in placed and names[name] not in self.outer.outer:
                self.room(names[name], shapes[name])
        change = {**names, self.programs.marker.name: self.scan.index}
        nodes = tuple(renamed(node, change, self.scan.index) for node in _body(planned))
        for _, total in self.scan.summed:
            check_added_to(nodes, total)
        return nodes

    # ---- places

    def families(self, shapes: Mapping[str, Shape]) -> None:
        """Members that are read, values that are kept, and states."""
        for name, family in self.scan.members:
            known = self.outer.families[family]
            slot = Slot(self.names[name], known.holder, shapes[name])
            shifted: Literal["earlier", "later"] = "later" if known.backwards else "earlier"
            self.slots.append(replace(slot, place=shifted, start=known.start) if known.start else slot)
        states = {c.before for c in self.scan.carried}
        for name, family in self.scan.kept:
            if name not in states:
                self.outer.families[family] = _Family(family)
                self.keep(name, family, shapes)
        for carried in self.scan.carried:
            self.state(carried, shapes)

    def keep(self, name: str, family: str, shapes: Mapping[str, Shape]) -> None:
        shape = shapes.get(name, ())
        self.outer.keep(family, shape, self.scan.count)
        if shape:
            self.slots.append(Slot(self.names[name], family, shape))
        else:
            self.kept_scalars.append((self.names[name], family))

    def state(self, carried: Carried, shapes: Mapping[str, Shape]) -> None:
        """A state whose earlier values are kept lies in a family of its own, and the value before is there one step back."""
        if carried.before in self.kept:
            if carried.after not in self.kept:
                self.kept[carried.after] = self.outer.fresh(f"{carried.after}_kept")
                self.keep(carried.after, self.kept[carried.after], shapes)
            self.outer.families[self.kept[carried.before]] = _Family(
                self.kept[carried.after], carried.start, self.scan.backwards
            )
        elif carried.after not in self.kept and shapes.get(carried.after):
            self.turns_room(self.names[carried.after], shapes[carried.after])

    def turns_room(self, name: str, shape: Shape) -> None:
        room = self.outer.fresh(f"{name}_room")
        if self.outer.changes(shape):
            self.outer.storages[room] = Storage(room, shape, steps=self.scan.count, room="two")
        else:
            self.outer.storages[room] = Storage(room, (sympy.Integer(2), *shape))
        self.slots.append(Slot(name, room, shape, "turns"))

    def room(self, name: str, shape: Shape) -> None:
        if self.outer.changes(shape):
            room = self.outer.fresh(f"{name}_room")
            self.outer.storages[room] = Storage(room, shape, steps=self.scan.count, room="largest")
            self.slots.append(Slot(name, room, shape, "room"))
        elif self.outer.storages.get(name, Storage(name, shape)).shape == shape:
            self.outer.storages[name] = Storage(name, shape)
        else:
            raise NotSupportedYet(f"two recurrences with a temporary {name} of different sizes have no kernel yet")

    def turn(self, carried: Carried, shapes: Mapping[str, Shape]) -> Turn:
        sizes = self.scan.sizes_at_end()
        if carried.final:
            shape = shapes.get(carried.after, shapes.get(carried.before, ()))
            self.outer.shapes[carried.final] = tuple(extent.xreplace(sizes) for extent in shape)
        return Turn(self.names[carried.before], self.names[carried.after], carried.start, carried.final)


# ---------------------------------------------------------------- names in nodes


def _set_names(planned: LoopPlan) -> set[str]:
    """Everything that the plan sets: results, temporaries and scalars."""
    return {s.name for s in (*planned.results, *planned.temporaries)} | set(_targets(_body(planned)))


def _body(planned: LoopPlan) -> tuple[Node, ...]:
    """All nodes; a product that the public function of a kernel would form is formed among them."""
    return (*(replace(call, operation="dot") for call in planned.prologue), *planned.body)


def _targets(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, LibraryCall):
            yield node.target
        elif isinstance(target := getattr(node, "target", None), sympy.Symbol):
            yield target.name
        yield from _targets(getattr(node, "body", ()))


def renamed(node: Node, names: Mapping[str, str | sympy.Symbol], taken: sympy.Symbol | None = None) -> Node:
    """The node with other names of values; a loop over the index `taken` gets another index."""

    def change(value: sympy.Expr) -> sympy.Expr:
        found: dict[sympy.Basic, sympy.Basic] = {}
        for entry in value.atoms(sympy.Indexed):
            label = str(entry.base.label)
            found[entry] = tensor(str(names.get(label, label)))[tuple(change(part) for part in entry.indices)]
        for symbol in value.atoms(sympy.Symbol):
            new = names.get(symbol.name) if not symbol.is_integer else None
            if new is not None:
                found[symbol] = scalar(new) if isinstance(new, str) else new
        return value.xreplace(found)

    if taken is not None:
        node = _apart(node, taken)
    return _with_tensors(mapped(node, change), names)


def _apart(node: Node, taken: sympy.Symbol) -> Node:
    if not isinstance(node, Loop):
        return node
    body = tuple(_apart(part, taken) for part in node.body)
    if node.index != taken:
        return replace(node, body=body)
    other = index(f"{taken.name}_inner")
    inner = tuple(mapped(part, lambda value: value.xreplace({taken: other})) for part in body)
    return Loop(other, node.lower, node.upper, inner)


def _with_tensors(node: Node, names: Mapping[str, str | sympy.Symbol]) -> Node:
    if isinstance(node, Loop):
        return replace(node, body=tuple(_with_tensors(part, names) for part in node.body))
    if not isinstance(node, LibraryCall):
        return node
    read = tuple(replace(operand, name=str(names.get(operand.name, operand.name))) for operand in node.operands)
    return replace(node, target=str(names.get(node.target, node.target)), operands=read)


def check_added_to(nodes: Iterable[Node], total: str) -> None:
    """A total and the total after the step are one array: each entry may only be set to something that it is part of."""
    for node in nodes:
        target = getattr(node, "target", None)
        label = target if isinstance(target, str) else str(getattr(target, "base", target))
        if label == total and not (isinstance(node, Assign) and node.value.has(node.target)):
            raise CompilerFault(f"the total {total} of a recurrence is overwritten by a step")
        check_added_to(getattr(node, "body", ()), total)
