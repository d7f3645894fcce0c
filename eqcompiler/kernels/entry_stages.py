"""Exponentials of all entries of a block of rows in one loop.

Takes: the body of a loop over rows. Gives: what stands before the costly entries of a row, these as a stage over the entries
of all rows, what stands after; None where no loop allows it.
Guarantees: the same values. A loop over the ten classes of one row is too short for vector instructions, which leave over its
last entries; over the entries of all rows it is long. A scalar of the row is written beside each of its entries first.

    for i: s := max_l Z[i, l];  for l: e[l] := exp(Z[i, l] - s);  p := sum of e        becomes
    for i: s := max_l Z[i, l];  for l: S[i, l] := s     for all entries: e := exp(Z - S)     for i: p := sum of e[i]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.share_values import is_costly
from eqcompiler.kernels.statements import label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, Node, Stage, Storage, mapped
from eqcompiler.languages.program import scalar, tensor


@dataclass(frozen=True, slots=True)
class EntriesApart:
    """`block` takes the place of the array `workspace` of one row; `spread` holds scalars beside the entries of their row."""

    before: tuple[Node, ...]
    stage: Stage
    after: tuple[Node, ...]
    workspace: str
    block: Storage
    spread: tuple[Storage, ...]


def entries_apart(
    body: Sequence[Node],
    row: sympy.Symbol,
    own_scalars: set[str],
    workspaces: Mapping[str, Storage],
    widths: Mapping[str, sympy.Expr],
    names: Names,
) -> EntriesApart | None:
    """widths: of each array with rows in the block, how many entries a row has."""
    for place, loop in enumerate(body):
        first = loop.body[0] if isinstance(loop, Loop) else None
        if not isinstance(loop, Loop) or not isinstance(first, Assign) or not is_costly(first.value):
            continue
        workspace = workspaces.get(label(first.target))
        if workspace is None or not _is_entrywise(loop, first, row, widths) or workspace.shape != (loop.upper,):
            continue
        found = _apart(body, place, loop, first, row, own_scalars, names)
        set_once = sum(isinstance(p, Assign) and label(p.target) == workspace.name for p in placed(body)) == 1
        shared = (_written(found.before) | _read(found.before)) & _written(found.after) & own_scalars
        return found if set_once and not shared else None
    return None


def _is_entrywise(loop: Loop, first: Assign, row: sympy.Symbol, widths: Mapping[str, sympy.Expr]) -> bool:
    """Whether an entry is set from entries at the same place of its row, and from what is the same for the whole row."""
    entries = first.value.atoms(sympy.Indexed)
    rest = first.value.xreplace({entry: sympy.Dummy() for entry in entries})
    return (
        isinstance(first.target, sympy.Indexed)
        and first.target.indices == (loop.index,)
        and loop.lower == 1
        and bool(entries)
        and all(entry.indices == (row, loop.index) and widths.get(label(entry)) == loop.upper for entry in entries)
        and not rest.has(row, loop.index)
    )


def _apart(
    body: Sequence[Node], place: int, loop: Loop, first: Assign, row: sympy.Symbol, own_scalars: set[str], names: Names
) -> EntriesApart:
    workspace = label(first.target)
    block = Storage(names.new(f"{workspace}_block"), (loop.upper,))
    scalars = sorted(name for name in {str(s) for s in first.value.free_symbols} & own_scalars)
    spread = {name: Storage(names.new(f"{name}_spread"), (loop.upper,)) for name in scalars}
    entries = sorted(first.value.atoms(sympy.Indexed), key=str)
    flat = {label(entry): names.new(f"{label(entry)}_flat") for entry in entries}
    flat |= {storage.name: names.new(f"{storage.name}_flat") for storage in (*spread.values(), block)}
    change = {entry: tensor(flat[label(entry)])[row] for entry in entries}
    change |= {scalar(name): tensor(flat[storage.name])[row] for name, storage in spread.items()}
    stage = Stage(
        (Assign(tensor(flat[block.name])[row], first.value.xreplace(change)),), width=loop.upper, flat=tuple(flat.items())
    )
    beside = tuple(Assign(tensor(storage.name)[row, loop.index], scalar(name)) for name, storage in spread.items())
    late = _written((*loop.body[1:], *body[place + 1 :]))
    starts = [node for node in body[:place] if isinstance(node, Assign) and node.value.is_number and label(node.target) in late]
    before = [node for node in body[:place] if node not in starts]
    before += [Loop(loop.index, loop.lower, loop.upper, beside)] if beside else []
    left = [Loop(loop.index, loop.lower, loop.upper, loop.body[1:])] if loop.body[1:] else []
    after = tuple(_in_block(node, workspace, block.name, row) for node in (*starts, *left, *body[place + 1 :]))
    return EntriesApart(tuple(before), stage, after, workspace, block, tuple(spread.values()))


def _in_block(node: Node, workspace: str, block: str, row: sympy.Symbol) -> Node:
    """The entries of a workspace become those of its row in the block."""

    def moved(value: sympy.Expr) -> sympy.Expr:
        entries = [entry for entry in value.atoms(sympy.Indexed) if label(entry) == workspace]
        return value.xreplace({entry: tensor(block)[(row, *entry.indices)] for entry in entries})

    return mapped(node, moved)


def _written(nodes: Sequence[Node]) -> set[str]:
    return {label(part.target) for part in placed(nodes) if isinstance(part, (Assign, Accumulate))}


def _read(nodes: Sequence[Node]) -> set[str]:
    parts = [part for part in placed(nodes) if isinstance(part, (Assign, Accumulate))]
    return {symbol.name for part in parts for symbol in part.value.atoms(sympy.Symbol)}
