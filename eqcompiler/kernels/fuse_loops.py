"""One visit of each row: statements whose outermost loops run over the same range share that loop where it is right.

Takes: statements in an order in which values are set before they are read. Gives: loop nests.
Guarantees: every statement still reads what it read; two statements share a loop only when each value that one writes and
the other reads is written and read at the same index of that loop.

    r[i] := b - y[i];  r[i] += X[i, j]*theta[j];  J += r[i]**2;  g[k] += X[i, k]*r[i]      share  for i
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import sympy

from eqcompiler.kernels.split_reductions import depends
from eqcompiler.kernels.statements import Statement, label
from eqcompiler.languages.loop_plan import Accumulate, Assign, Iterate, LibraryCall, Loop, Node
from eqcompiler.languages.program import Axis
from eqcompiler.languages.step_loops import Steps


@dataclass(slots=True)
class _Group:
    """Statements that share their next loop, or one statement without a loop."""

    axis: Axis | None
    members: list[Statement] = field(default_factory=list)


def fuse(statements: Sequence[Statement], depth: int = 0) -> tuple[Node, ...]:
    """Nodes for statements that already share their first `depth` loops."""
    groups: list[_Group] = []
    for statement in _starts_first(statements, depth):
        _place(statement, groups, depth)
    nodes: list[Node] = []
    for group in groups:
        if group.axis is None:
            nodes += [_node(member) for member in group.members]
        else:
            nodes.append(Loop(group.axis.index, group.axis.lower, group.axis.upper, fuse(group.members, depth + 1)))
    return tuple(nodes)


def _starts_first(statements: Sequence[Statement], depth: int) -> list[Statement]:
    """J := 0 moves before everything when J sums over the loop that opens here, so that the loop need not wait for it."""
    summed = {s.name for s in statements if s.operation != "set" and _sums_over_next_loop(s, depth)}
    written = {s.name for s in statements}
    starts = []
    for name in sorted(summed):
        first = next(s for s in statements if s.name == name)
        if first.operation == "set" and first.call is None and reads(first).isdisjoint(written):
            starts.append(first)
    return sorted(starts, key=statements.index) + [s for s in statements if s not in starts]


def _sums_over_next_loop(statement: Statement, depth: int) -> bool:
    return len(statement.loops) > depth and not depends(statement.target, [statement.loops[depth].index])


def _place(statement: Statement, groups: list[_Group], depth: int) -> None:
    earliest = 0
    for position, group in enumerate(groups):
        for member in group.members:
            names = _shared_names(member, statement)
            if names:
                fits = _in_sequence(group, statement, depth) or _same_index(member, statement, names, group.axis, depth)
                earliest = max(earliest, position if fits else position + 1)
    if len(statement.loops) > depth:
        axis = statement.loops[depth]
        for group in groups[earliest:]:
            if group.axis is not None and (group.axis.lower, group.axis.upper) == (axis.lower, axis.upper):
                group.members.append(renamed(statement, axis.index, group.axis.index))
                return
        groups.append(_Group(axis, [statement]))
        return
    for group in groups[earliest:]:
        if group.axis is None:
            group.members.append(statement)
            return
    groups.append(_Group(None, [statement]))


def _in_sequence(group: _Group, statement: Statement, depth: int) -> bool:
    return group.axis is None and len(statement.loops) == depth


def renamed(statement: Statement, old: sympy.Symbol, new: sympy.Symbol) -> Statement:
    if old == new:
        return statement
    change = {old: new}
    loops = tuple(Axis(a.index.xreplace(change), a.lower.xreplace(change), a.upper.xreplace(change)) for a in statement.loops)
    return replace(statement, target=statement.target.xreplace(change), value=statement.value.xreplace(change), loops=loops)


def reads(statement: Statement) -> set[str]:
    """All names of values that a statement reads; an accumulation reads its target too."""
    found = {s.name for s in statement.value.atoms(sympy.Symbol) if not s.is_integer}
    if statement.call is not None:
        found |= {o.name for o in statement.call.operands}
        found |= {s.name for e in statement.call.scalars for s in e.atoms(sympy.Symbol) if not s.is_integer}
    return found


def _shared_names(earlier: Statement, later: Statement) -> set[str]:
    """Names that one of the two writes and the other touches."""
    return ({earlier.name} & (reads(later) | {later.name})) | ({later.name} & reads(earlier))


def _same_index(earlier: Statement, later: Statement, names: set[str], axis: Axis | None, depth: int) -> bool:
    if axis is None or len(later.loops) <= depth:
        return False
    own = later.loops[depth]
    if (own.lower, own.upper) != (axis.lower, axis.upper):
        return False
    for name in names:
        first, second = list(_accesses(earlier, name)), list(_accesses(later, name))
        ranks = {len(access) for access in (*first, *second)}
        if len(ranks) != 1:
            return False
        places = range(ranks.pop())
        if not any(all(a[p] == axis.index for a in first) and all(a[p] == own.index for a in second) for p in places):
            return False
    return True


def _accesses(statement: Statement, name: str) -> Iterator[tuple[sympy.Expr, ...]]:
    """The subscripts with which a statement touches a name; () for a scalar and for a library call."""
    for value in (statement.target, statement.value):
        entries = [e for e in value.atoms(sympy.Indexed) if label(e) == name]
        yield from (tuple(e.indices) for e in entries)
        if not entries and any(s.name == name and not s.is_integer for s in value.atoms(sympy.Symbol)):
            yield ()
    if statement.call is not None and name in reads(statement):
        yield ()


def _node(statement: Statement) -> Node:
    if statement.call is not None:
        return statement.call
    if statement.operation == "set":
        return Assign(statement.target, statement.value)
    return Accumulate(statement.target, statement.operation, statement.value)


def placed(nodes: Sequence[Node]) -> Iterator[Assign | Accumulate | LibraryCall]:
    """All statements of nests, in order."""
    for node in nodes:
        if isinstance(node, (Assign, Accumulate, LibraryCall)):
            yield node
        elif isinstance(node, (Loop, Iterate, Steps)):
            yield from placed(node.body)


def fused_positions(nodes: Sequence[Node], keep: frozenset[str]) -> dict[str, tuple[int, ...]]:
    """For each temporary the axes that it needs no storage for: every access stands in the same loop, at its index."""
    accesses: dict[str, list[tuple[sympy.Expr, ...]]] = {}
    whole = set(keep)
    for node in placed(nodes):
        if isinstance(node, LibraryCall):
            whole |= {node.target, *(o.name for o in node.operands)}
            continue
        for value in (node.target, node.value):
            for entry in value.atoms(sympy.Indexed):
                accesses.setdefault(label(entry), []).append(tuple(entry.indices))
    found = {}
    for name in sorted(accesses.keys() - whole):
        first = accesses[name][0]
        same = [p for p in range(len(first)) if first[p].is_Symbol and all(a[p] == first[p] for a in accesses[name])]
        found[name] = tuple(same)
    return found
