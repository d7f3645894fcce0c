"""The functions that a kernel calls when its rows are many: one for a range of rows, one that shares them out to threads.

Takes: a LoopPlan with `many`, and what prints loops. Gives: lines of Python.
Guarantees: each thread writes rows and sums of its own only; the ranges and the order of all sums follow from the sizes and
the number of threads alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import sympy

from eqcompiler.kernels.doors import Door, in_brackets, used
from eqcompiler.kernels.fetch_text import AHEAD, AT_ONCE, FAR, WIDE
from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.python_text import Identifiers
from eqcompiler.kernels.rows_at_once import rows_at_once
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import (
    BLOCK,
    LONG,
    Accumulate,
    Assign,
    LibraryCall,
    Loop,
    LoopPlan,
    ManyRows,
    Node,
    Stage,
    Storage,
)
from eqcompiler.languages.program import index, size, size_expression, tensor

# what the part of a block is called that lies between rows that are taken at once, by their number
APART = {2: "half", 4: "quarter"}


class Printer(Protocol):
    """Prints the nodes of a plan."""

    dtype: str

    def block(self, nodes: Sequence[Node]) -> Iterator[str]: ...

    def lines(self) -> Iterator[str]: ...


def many_rows_text(plan: LoopPlan, many: ManyRows, printer: Callable[[LoopPlan, Identifiers, Door], Printer]) -> list[str]:
    """Functions of the module, with an empty line between two."""
    ranges = _RangeText(plan, many, printer)
    parts = [ranges.lines(), ranges.turns(), _shared_out(plan, many)]
    parts += [_rest(plan, many, printer)] if many.sums else []
    return ["", "", *(line for part in parts for line in [*part, "", ""])][:-2]


class _RangeText:
    """The compiled function for a range of rows."""

    def __init__(self, plan: LoopPlan, many: ManyRows, printer: Callable[[LoopPlan, Identifiers, Door], Printer]) -> None:
        self.plan, self.many = plan, many
        stored = (*plan.results, *plan.temporaries, *many.sums)
        used_names = {s.name for s in stored} | {p.name for p in plan.parameters} | {view for _, _, view in many.views}
        names = Names(used_names | set(many.buffers) | set(plan.dimensions))
        self.distances = {count: names.new(word) for count, word in APART.items()}
        self.together = [self.joined(stage, names) for stage in many.stages]
        bodies = [node for stage in many.stages for node in _nodes(stage)] + [node for body in self.together for node in body]
        products = {stage.target for stage in many.stages if isinstance(stage, LibraryCall)}
        self.zero = [_entrywise(s, None) for s in self.arrays if s.name not in products]
        self.add = [_entrywise(total, s) for s, total in zip(many.sums, many.totals, strict=True) if s.shape]
        inside = (*many.before, *self.zero, *self.add, Loop(many.index, sympy.Integer(1), many.extent, tuple(bodies)))
        extra = (*many.workspaces, *many.sums, *many.totals, *(Storage(name, ()) for name in self.local_names))
        self.ranged = replace(plan, body=inside, temporaries=(*self.prepared, *extra), many=None)
        self.names = Identifiers(replace(self.ranged, dimensions=(*plan.dimensions, *self.distances.values())))
        self.door = Door(self.ranged, self.names)
        self.printer = printer(self.ranged, self.names, self.door)

    @property
    def arrays(self) -> list[Storage]:
        return [s for s in self.many.sums if s.shape]

    @property
    def local_names(self) -> list[str]:
        flat = (name for stage in self.many.stages if isinstance(stage, Stage) for _, name in stage.flat)
        blocks = (s.name for s in (*self.many.blocks, *self.many.spread))
        return [*(view for _, _, view in self.many.views), *blocks, *self.many.buffers, *flat]

    @property
    def prepared(self) -> list[Storage]:
        """Arrays that are set before the rows."""
        names = {str(part) for node in self.many.before for part in _array_names(node)}
        return [s for s in self.plan.temporaries if s.name in names and s not in self.many.sums]

    def joined(self, stage: Stage | LibraryCall, names: Names) -> tuple[Node, ...]:
        if isinstance(stage, LibraryCall):
            return ()
        if stage.at_once == 1:
            return ()
        return rows_at_once(stage.body, self.many.index, stage.at_once, size(self.distances[stage.at_once]), names)

    def arguments(self) -> list[str]:
        given = [self.names.values[p.name] for p in self.plan.parameters]
        given += [self.names.dimensions[d] for d in self.door.given]
        return [*given, *(self.names.values[name] for name in self.many.own)]

    def turns(self) -> Iterator[str]:
        """The compiled function in which a thread takes one range after the other."""
        totals = [self.names.values[t.name] for t in self.many.totals]
        arrays = [f"{self.names.values[t.name]}[own[1]]" for t in self.many.totals if t.shape]
        scalars = in_brackets([f"{self.names.values[t.name]}[own[1]]" for t in self.many.totals if not t.shape])
        call = f"_{self.plan.name}_rows({', '.join([*self.arguments(), 'own[2]', 'own[3]', *arrays])})"
        yield "@njit(cache=True, nogil=True)"
        yield f"def _{self.plan.name}_turns({', '.join([*self.arguments(), 'shares', 'signal', 'thread', *totals])}):"
        yield '    """Ranges of rows for one thread, while there are any."""'
        yield "    own = shares[thread]"
        yield "    while _takes(shares, signal, thread):"
        yield f"        {call}" if scalars == "()" else f"        {scalars} = {call}"

    def lines(self) -> Iterator[str]:
        body = list(self.body())
        sizes = used(self.door.sizes(), body)
        yield '@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"}, nogil=True)'
        arrays = [self.names.values[t.name] for t in self.many.totals if t.shape]
        yield f"def _{self.plan.name}_rows({', '.join([*self.arguments(), 'start', 'stop', *arrays])}):"
        yield f'    """The rows from start to stop, in blocks that fit into the cache{self.why()}"""'
        yield from (f"    {line}" for line in [*sizes, *body])

    def why(self) -> str:
        return ": short sums, which float32 needs." if self.arrays else "."

    def body(self) -> Iterator[str]:
        values = self.names.values
        for storage in (*self.prepared, *self.many.workspaces, *self.arrays):
            yield f"{values[storage.name]} = np.empty({self.door.shape(storage)}, {self.printer.dtype})"
        block = self.block()
        if not block.isdigit():
            yield f"block = {block}  # short rows: more of them, so that half a block is a long stream"
            block = "block"
        yield from (f"{values[buffer]} = np.empty({block})" for buffer in self.many.buffers)
        for s in self.many.blocks:
            shape = in_brackets([block, *map(self.door.text.size, s.shape)])
            yield f"{values[s.name]}s = np.empty({shape}, {self.printer.dtype})"
        for s in self.many.spread:
            yield f"{values[s.name]}s = np.empty({in_brackets([block, *map(self.door.text.size, s.shape)])})"
        yield from self.printer.block(self.many.before)
        for name, columns in self.twice_read.values():
            yield f"far = {columns} if {columns} >= {WIDE} and {name}.size > {FAR:_} else 0  # from memory: ask for it in time"
        scalars = [values[s.name] for s in self.many.sums if not s.shape]
        yield from (f"{name} = 0.0" for name in scalars)
        yield f"for first in range(start, stop, {block}):"
        yield f"    rows = min({block}, stop - first)"
        for name, axis, view in self.many.views:
            yield f"    {values[view]} = {values[name]}[{':, ' * axis}first : first + rows]"
        yield from (f"    {values[s.name]} = {values[s.name]}s[:rows]" for s in (*self.many.blocks, *self.many.spread))
        yield from (f"    {line}" for line in self.printer.block(self.zero))
        for stage, together in zip(self.many.stages, self.together, strict=True):
            yield from (f"    {line}" for line in self.stage(stage, together))
        yield from (f"    {line}" for line in self.printer.block(self.add))
        yield f"return {in_brackets(scalars)}"

    def block(self) -> str:
        """The number of rows in a block, from the entries of a row of the first matrix."""
        shapes = {p.name: [size_expression(d) for d in p.shape] for p in self.plan.parameters}
        beside = [shapes[name][:axis] + shapes[name][axis + 1 :] for name, axis, _ in self.many.views if name in shapes]
        rows = [sympy.Mul(*extents) for extents in beside if extents]
        if not self.many.halved or len(self.many.stages) == 1 or not rows:
            return str(self.many.block)
        entries = self.door.text.size(rows[0])
        return f"min({LONG}, max({BLOCK}, {40 * BLOCK} // {entries if entries.isalnum() else f'({entries})'}))"

    def stage(self, stage: Stage | LibraryCall, together: tuple[Node, ...]) -> Iterator[str]:
        if isinstance(stage, LibraryCall):
            yield from self.printer.block([stage])
            return
        i, count = self.names.indices[self.many.index], stage.at_once
        if stage.flat:
            for block, flat in stage.flat:
                yield f"{self.names.values[flat]} = {self.names.values[block]}.reshape(-1)"
            width = self.door.text.size(stage.width)
            yield f"for {i} in range(rows * {width if width.isalnum() else f'({width})'}):  # short rows as one long one"
            yield from (f"    {line}" for line in self.printer.block(stage.body))
            return
        if together:
            apart = self.names.dimensions[self.distances[count]]
            yield f"{apart} = rows // {count}"
            yield f"for {i} in range({apart}):  # a row of each {APART[count]} at once: what they share is loaded once"
            yield from (f"    {line}" for line in self.asking(together, i, apart))
        yield f"for {i} in range({f'{count} * {apart}, rows' if together else 'rows'}):"
        yield from (f"    {line}" for line in self.printer.block(stage.body))

    def asking(self, together: tuple[Node, ...], i: str, apart: str) -> Iterator[str]:
        """The statements for rows taken at once, and before a matrix is read again what will be needed of it next."""
        last = max(place for place, node in enumerate(together) if isinstance(node, Loop))
        yield from self.printer.block(together[:last])
        for view in self.twice_read:
            yield f"for ahead in range(0, far, {AT_ONCE}):"
            yield from (f"    _fetch({view}, {row}, ahead + {AHEAD})" for row in (i, f"{apart} + {i}"))
        yield from self.printer.block(together[last:])

    @cached_property
    def twice_read(self) -> dict[str, tuple[str, str]]:
        """The matrix of which each row is read from memory in one loop and from the cache in the last one: the name of the
        rows of a block, its own and the number of its columns. Nothing where there are several stages, or several such."""
        body = self.together[0] if len(self.together) == 1 else ()
        loops = [node for node in body if isinstance(node, Loop)]
        read = [{str(entry.base.label) for entry in _entries(loop)} for loop in loops]
        again = [name for name in (read[-1] if read else ()) if any(name in names for names in read[:-1])]
        shapes = {p.name: p.shape for p in self.plan.parameters}
        found = {
            self.names.values[view]: (self.names.values[name], self.door.text.size(size_expression(shapes[name][1])))
            for name, axis, view in self.many.views
            if view in again and axis == 0 and len(shapes.get(name, ())) == 2
        }
        return found if len(found) == 1 else {}


def _entries(node: Node) -> Iterator[sympy.Indexed]:
    for part in placed([node]):
        for value in (getattr(part, "target", None), getattr(part, "value", None)):
            yield from value.atoms(sympy.Indexed) if isinstance(value, sympy.Basic) else ()


def _nodes(stage: Stage | LibraryCall) -> tuple[Node, ...]:
    return (stage,) if isinstance(stage, LibraryCall) else stage.body


def _entrywise(target: Storage, added: Storage | None) -> Node:
    """Adds one array to another, entry by entry, or sets it to 0."""
    places = tuple(index(f"entry_{p + 1}") for p in range(len(target.shape)))
    entry = tensor(target.name)[places]
    node: Node = Accumulate(entry, "+", tensor(added.name)[places]) if added else Assign(entry, sympy.Integer(0))
    for place, extent in reversed(list(zip(places, target.shape, strict=True))):
        node = Loop(place, sympy.Integer(1), extent, (node,))
    return node


def _array_names(node: Node) -> Iterator[str]:
    if isinstance(node, Loop):
        for part in node.body:
            yield from _array_names(part)
    elif isinstance(node, (Assign, Accumulate)) and isinstance(node.target, sympy.Indexed):
        yield str(node.target.base.label)


def _shared_out(plan: LoopPlan, many: ManyRows) -> Iterator[str]:
    """The function that shares out the rows, called like the kernel."""
    names = Identifiers(plan)
    door = Door(plan, names)
    given = [names.values[p.name] for p in plan.parameters] + [names.dimensions[d] for d in door.given]
    own = [names.values[name] for name in many.own]
    shapes = [door.shape(total) for total in many.totals]
    words = [f"_{plan.name}_rows", f"_{plan.name}_turns"]
    words += [door.text.size(many.extent), door.work(many)]
    words += [in_brackets(given + own), in_brackets(shapes)]
    call = f"_in_threads({', '.join(words)})"
    rest = [f"return _{plan.name}_rest({', '.join([*door.arguments(), '*sums'])})"] if many.sums else []
    body = [f"sums = {call}" if many.sums else call, *rest]
    yield f"def _{plan.name}_many({', '.join(door.arguments())}):"
    yield '    """The same where the rows are many: each thread takes a range of them."""'
    yield from (f"    {line}" for line in [*used(door.sizes(), body), *body])


def _rest(plan: LoopPlan, many: ManyRows, printer: Callable[[LoopPlan, Identifiers, Door], Printer]) -> Iterator[str]:
    """The function that does everything else, given the sums over all rows."""
    mentioned = {str(symbol) for node in many.rest for symbol in _symbols(node)}
    kept = tuple(s for s in plan.temporaries if s.name in mentioned)
    ended = replace(plan, body=many.rest, temporaries=(*kept, *many.totals), many=None)
    names = Identifiers(ended)
    door = Door(ended, names)
    body = list(printer(replace(ended, temporaries=kept), names, door).lines())
    yield '@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})'
    yield f"def _{plan.name}_rest({', '.join([*door.arguments(), *(names.values[t.name] for t in many.totals)])}):"
    yield '    """What is left when the rows are added up."""'
    yield from (f"    {line}" for line in [*used(door.sizes(), body), *body])


def _symbols(node: Node) -> set[sympy.Symbol]:
    parts = getattr(node, "body", ())
    values = [
        value for value in (getattr(node, "target", None), getattr(node, "value", None)) if isinstance(value, sympy.Basic)
    ]
    own = {symbol for value in values for symbol in value.atoms(sympy.Symbol)}
    operands = {sympy.Symbol(operand.name) for operand in getattr(node, "operands", ())}
    target = getattr(node, "target", None)
    called = {sympy.Symbol(target)} if isinstance(target, str) else set()
    return own | operands | called | {s for part in parts for s in _symbols(part)}
