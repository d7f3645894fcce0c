"""Which loop of a plan can run over ranges of its rows in several threads, and what each thread then does.

Takes: a LoopPlan. Gives: its ManyRows, or None where no loop allows it.
Guarantees: a row reads nothing that another row writes; rows write rows of their own, or add to sums that nothing reads
before the last row. Every value is the plan's own, only sums are added in another order.

    J := 0;  for i in 1..m: (r := X_i'theta - y_i;  J += r**2);  J := J/m
        each thread: J_rows += r**2 for its rows         then: J := the sum of all J_rows;  J := J/m
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy

from eqcompiler.kernels.entry_stages import EntriesApart, entries_apart
from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.row_stages import row_stages, stages_of
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
    Operand,
    Stage,
    Storage,
    flops,
    mapped,
    tensor_reads,
    value_flops,
)
from eqcompiler.languages.program import Axis, index, scalar, size_expression, tensor

# an exponential or a logarithm costs about as much as this many additions
COSTLY_FLOPS = 20


def with_many_rows(plan: LoopPlan) -> LoopPlan:
    return plan if plan.kind == "run" or plan.prologue else replace(plan, many=_Rows(plan).found())


@dataclass(frozen=True, slots=True)
class _Region:
    """What stands before the rows, the loops over them and the products among these, what stands after them."""

    before: tuple[Node, ...]
    items: tuple[Loop | LibraryCall, ...]
    after: tuple[Node, ...]

    @property
    def loops(self) -> list[Loop]:
        return [item for item in self.items if isinstance(item, Loop)]

    @property
    def calls(self) -> list[LibraryCall]:
        return [item for item in self.items if isinstance(item, LibraryCall)]


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
        kinds = _Kinds(region)
        if not kinds.independent or not self.fits(kinds, region):
            return None
        sums = sorted((self.storages.get(name, Storage(name, ())) for name in kinds.sums), key=lambda s: bool(s.shape))
        totals = [Storage(self.names.new(f"{s.name}_rows"), s.shape) for s in sums]
        return self.assembled(region, kinds, sums, totals)

    def region(self) -> _Region | None:
        loops = [node for node in self.plan.body if isinstance(node, Loop)]
        deepest = max(loops, key=_depth, default=None)
        if deepest is None or deepest.lower != 1 or not deepest.upper.is_Symbol or not _pays(deepest):
            return None
        if any(_depth(node) == _depth(deepest) and node.upper != deepest.upper for node in loops):
            return None
        places = [p for p, node in enumerate(self.plan.body) if _over(node, deepest.upper)]
        joined = _joined(self.plan.body[places[0] : places[-1] + 1], deepest)
        if joined is None:
            return None
        earlier, items, later = joined
        return _Region((*self.plan.body[: places[0]], *earlier), items, (*later, *self.plan.body[places[-1] + 1 :]))

    def fits(self, kinds: _Kinds, region: _Region) -> bool:
        """What belongs to rows is met nowhere else, unless it is a result; what stands before is made of plain loops."""
        outside = {name for node in (*region.before, *region.after) for name in _mentioned(node)}
        inner = {*kinds.workspaces, *kinds.locals, *kinds.own}
        results = {s.name for s in self.plan.results}
        return (
            all(isinstance(node, (Assign, Loop)) for node in region.before)
            and not outside & inner
            and not set(kinds.own) & results & {operand.name for call in region.calls for operand in call.operands}
        )

    def assembled(self, region: _Region, kinds: _Kinds, sums: list[Storage], totals: list[Storage]) -> ManyRows:
        rows, extent = region.loops[0].index, region.loops[0].upper
        results = {s.name for s in self.plan.results}
        views = self.viewed(region, rows)
        stages, buffers, entrywise = list[Stage | LibraryCall](), list[str](), list[EntriesApart]()
        for item in region.items:
            if isinstance(item, LibraryCall):
                stages.append(_on_views(item, views))
                continue
            body = _renamed(item.body, {e: tensor(views[place])[e.indices] for e, place in _at_row(item, rows)})
            workspaces = {name: self.storages[name] for name in kinds.workspaces}
            apart = entries_apart(body, rows, kinds.locals, workspaces, self.widths(views), self.names)
            if apart is None:
                made, kept = row_stages(tuple(body), rows, kinds.locals, bool(kinds.workspaces), self.names)
            else:
                (first, last), kept = stages_of([apart.before, apart.after], rows, kinds.locals, True, self.names)
                made = (first, apart.stage, last)
                entrywise.append(apart)
            stages += made
            buffers += kept
        rest: tuple[Node, ...] = region.before
        for summed, total in zip(sums, totals, strict=True):
            rest = _with_total(rest, summed, total)
        blocks = [name for name in kinds.own if name not in results]
        read = {name for item in region.items for name in _mentioned(item)}
        return ManyRows(
            rows,
            extent,
            _needed(region.before, read - set(kinds.sums)),
            tuple(stages),
            tuple((name, axis, view) for (name, axis), view in views.items() if name not in blocks),
            (*(Storage(views[name, 0], self.storages[name].shape[1:]) for name in blocks), *(a.block for a in entrywise)),
            tuple(storage for a in entrywise for storage in a.spread),
            tuple(buffers),
            tuple(self.storages[name] for name in sorted(kinds.workspaces - {a.workspace for a in entrywise})),
            tuple(sums),
            tuple(totals),
            tuple(name for name in kinds.own if name in results),
            _needed((*rest, *region.after), results),
            sympy.expand(sum((work(item.body) for item in region.loops), sympy.Integer(0)) + _product_work(region, extent)),
        )

    def widths(self, views: Mapping[tuple[str, int], str]) -> dict[str, sympy.Expr]:
        """The entries in a row of each matrix, by the name of its rows in a block."""
        shapes = {p.name: tuple(size_expression(d) for d in p.shape) for p in self.plan.parameters}
        shapes |= {name: storage.shape for name, storage in self.storages.items()}
        return {view: shapes[name][1] for (name, axis), view in views.items() if axis == 0 and len(shapes[name]) == 2}

    def viewed(self, region: _Region, rows: sympy.Symbol) -> dict[tuple[str, int], str]:
        """Names for the rows of one block of each array, by array and axis of the rows."""
        places = [place for loop in region.loops for _, place in _at_row(loop, rows)]
        places += [(name, 0) for call in region.calls for name in _row_names(call, region.loops[0].upper)]
        return {place: self.names.new(f"{place[0]}_block") for place in dict.fromkeys(places)}


def _at_row(loop: Loop, rows: sympy.Symbol) -> list[tuple[sympy.Indexed, tuple[str, int]]]:
    entries = dict.fromkeys(entry for entry in _entries(loop.body) if rows in entry.indices)
    return [(entry, (label(entry), entry.indices.index(rows))) for entry in entries]


def _row_names(call: LibraryCall, extent: sympy.Expr) -> list[str]:
    """The arrays with rows in a product: A and C in C = A B, A and B in C = A'B."""
    first, second = call.operands
    return [first.name, call.target] if call.shapes[0][0] == extent else [first.name, second.name]


def _on_views(call: LibraryCall, views: Mapping[tuple[str, int], str]) -> LibraryCall:
    operands = tuple(Operand(views.get((o.name, 0), o.name), o.transposed) for o in call.operands)
    return replace(call, operands=operands, target=views.get((call.target, 0), call.target))


def _product_work(region: _Region, extent: sympy.Expr) -> sympy.Expr:
    return sum((flops(call) / extent for call in region.calls), sympy.Integer(0))


class _Kinds:
    """What the loops over rows write: scalars of their own, sums, arrays with rows of their own, workspaces."""

    def __init__(self, region: _Region) -> None:
        self.region, self.row, self.extent = region, region.loops[0].index, region.loops[0].upper
        self.order = [part for loop in region.loops for part in _statements(loop.body)]
        self.locals = {label(part.target) for part in self.order if isinstance(part, Assign) and part.target.is_Symbol}
        entries = [part.target for part in self.order if isinstance(part.target, sympy.Indexed)]
        rowwise = [call.target for call in region.calls if call.shapes[0][0] == self.extent]
        self.own = tuple(dict.fromkeys([*rowwise, *(label(e) for e in entries if self.row in e.indices)]))
        plain = {label(e) for e in entries} - set(self.own)
        self.workspaces = plain & {label(part.target) for part in self.order if isinstance(part, Assign)}
        written = [label(part.target) for part in self.order] + [call.target for call in region.calls]
        self.sums = tuple(n for n in dict.fromkeys(written) if n not in {*self.locals, *self.own, *self.workspaces})

    @property
    def independent(self) -> bool:
        return (
            all(isinstance(node, (Assign, Accumulate, Loop)) for loop in self.region.loops for node in _all_nodes(loop.body))
            and all(self.is_by_rows(call) for call in self.region.calls)
            and self.rows_are_plain()
            and self.sums_are_only_added_to()
            and self.set_before_read()
        )

    def is_by_rows(self, call: LibraryCall) -> bool:
        """C = A B with rows in A and C, or C = A'B with rows in A and B; in the second form C is set by nothing else."""
        first, second = call.operands
        by_row = not first.transposed and call.shapes[0][0] == self.extent and self.extent not in call.shapes[1]
        summed = first.transposed and not second.transposed and call.shapes[1][0] == self.extent
        free = self.extent not in (call.shapes[0][0], call.shapes[1][1])
        alone = call.target not in {label(part.target) for part in self.order}
        inner = {*self.workspaces, *self.locals, *self.sums}
        return alone and (by_row or (summed and free)) and not {first.name, second.name} & inner

    def rows_are_plain(self) -> bool:
        """The index of the rows stands alone, as one subscript; arrays with rows of their own are met at their own row only,
        those of products in their first axis."""
        i, products = self.row, {name for call in self.region.calls for name in _row_names(call, self.extent)}
        for part in self.order:
            inside = [e for value in (part.target, part.value) for e in value.atoms(sympy.Indexed)]
            for entry in inside:
                at = [subscript for subscript in entry.indices if subscript.has(i)]
                if at not in ([], [i]) or (label(entry) in self.own and not at):
                    return False
                if label(entry) in products & set(self.own) and entry.indices[0] != i:
                    return False
            if part.value.xreplace({e: sympy.Dummy() for e in inside}).has(i):
                return False
        nodes = [node for loop in self.region.loops for node in _all_nodes(loop.body)]
        return not any(edge.has(i) for node in nodes if isinstance(node, Loop) for edge in (node.lower, node.upper))

    def sums_are_only_added_to(self) -> bool:
        read = {name for part in self.order for name in _read(part.value)}
        added = {label(p.target) for p in self.order if isinstance(p, Accumulate) and p.operation in ("+", "-")}
        added |= {call.target for call in self.region.calls}
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


def _over(node: Node, extent: sympy.Expr) -> bool:
    if isinstance(node, LibraryCall):
        return any(extent in shape for shape in node.shapes)
    return isinstance(node, Loop) and node.upper == extent


Joined = tuple[tuple[Node, ...], tuple["Loop | LibraryCall", ...], tuple[Node, ...]]


def _joined(nodes: Sequence[Node], like: Loop) -> Joined | None:
    """Neighbouring loops over the same rows as one loop, products as they are; scalars between them stand before, or after
    where they need a sum."""
    earlier, items, later = list[Node](), list["Loop | LibraryCall"](), list[Node]()
    written, late = set[str](), set[str]()
    for node in nodes:
        if isinstance(node, Assign) and node.target.is_Symbol:
            needs = _read(node.value) & (written | late)
            (later if needs else earlier).append(node)
            late |= {label(node.target)} if needs else set()
        elif late & set(_mentioned(node)):
            return None
        elif isinstance(node, LibraryCall) and node.operation == "dot":
            items.append(node)
            written.add(node.target)
        elif isinstance(node, Loop) and (node.lower, node.upper) == (like.lower, like.upper):
            body = tuple(_renamed(node.body, {node.index: like.index}))
            last = items.pop() if items and isinstance(items[-1], Loop) else None
            items.append(replace(like, body=(*last.body, *body) if isinstance(last, Loop) else body))
            written |= set(_written(node))
        else:
            return None
    return tuple(earlier), tuple(items), tuple(later)


def _renamed(nodes: Sequence[Node], change: Mapping[sympy.Expr, sympy.Expr]) -> list[Node]:
    return [mapped(node, lambda value: value.xreplace(change)) for node in nodes]


def _with_total(nodes: tuple[Node, ...], summed: Storage, total: Storage) -> tuple[Node, ...]:
    """The statements before the rows, and the finished sum; `summed` starts from it where it would start from 0."""
    axes = tuple(Axis(index(f"t_{p + 1}"), sympy.Integer(1), e) for p, e in enumerate(summed.shape))
    places = tuple(axis.index for axis in axes)
    target = tensor(summed.name)[places] if axes else scalar(summed.name)
    value = tensor(total.name)[places] if axes else scalar(total.name)
    left = _without_zero_start(nodes, summed.name)
    started = any(summed.name in _written(node) for node in left)
    last: Node = Accumulate(target, "+", value) if started else Assign(target, value)
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


def work(nodes: Sequence[Node]) -> sympy.Expr:
    """Flops of one row, where an elementary function counts for what it costs."""
    total = sympy.Integer(0)
    for node in nodes:
        if isinstance(node, Loop):
            total += (node.upper - node.lower + 1) * work(node.body)
        elif isinstance(node, (Assign, Accumulate)):
            functions = COSTLY_FLOPS if is_costly(node.value) else 0
            total += value_flops(node.value) + functions + 1
    return total


def _pays(loop: Loop) -> bool:
    """One addition or two for each entry of a vector need no threads."""
    return _depth(loop) > 1 or any(is_costly(part.value) for part in _statements(loop.body))


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in node.body), default=0) if isinstance(node, Loop) else 0


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
