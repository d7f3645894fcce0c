"""The loops that run one after the other on a block of rows.

Takes: the body of a loop over rows. Gives: its stages, and the buffers for scalars that a later stage reads.
Guarantees: the same values. Exponentials and logarithms stand in loops without other loops, which a compiler turns into
vector instructions; rows of a stage with inner loops are taken several at once, so that what they share is loaded once.

    for i: z := X_i'theta;  L += softplus(z);  s := sigmoid(z);  g += s X_i          becomes
    for i: z[i] := X_i'theta     for i: L += softplus(z[i]);  s[i] := sigmoid(z[i])     for i: g += s[i] X_i
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.share_values import is_costly
from eqcompiler.kernels.statements import label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, Node, Stage
from eqcompiler.languages.program import scalar, tensor

# Two rows far apart are two long streams through memory, which are fetched ahead better than four. A later stage finds the
# block in the cache, where four rows share more.
FIRST_AT_ONCE, LATER_AT_ONCE = 2, 4


def row_stages(
    body: tuple[Node, ...], row: sympy.Symbol, own_scalars: set[str], has_workspaces: bool, names: Names
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    parts = [body] if has_workspaces else _parts(body)
    written = [{label(p.target) for p in placed(part)} & own_scalars for part in parts]
    if any(first & second for k, first in enumerate(written) for second in written[k + 1 :]):
        parts = [body]
    return stages_of(parts, row, own_scalars, has_workspaces, names)


def stages_of(
    parts: Sequence[tuple[Node, ...]], row: sympy.Symbol, own_scalars: set[str], has_workspaces: bool, names: Names
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """A stage for each part; no scalar is set in two of them."""
    written = [{label(p.target) for p in placed(part)} & own_scalars for part in parts]
    buffers: dict[str, str] = {}
    found: list[Stage] = []
    for position, part in enumerate(parts):
        later = {name for other in parts[position + 1 :] for name in _read(other)}
        stored = sorted(written[position] & later)
        loaded = [name for name in buffers if name in _read(part)]
        nodes = [*(Assign(scalar(name), tensor(buffers[name])[row]) for name in loaded), *part]
        buffers |= {name: names.new(f"{name}_block") for name in stored}
        nodes += [Assign(tensor(buffers[name])[row], scalar(name)) for name in stored]
        at_once = LATER_AT_ONCE if position else FIRST_AT_ONCE
        found.append(Stage(tuple(nodes), at_once if not has_workspaces and _shares_loads(nodes, row) else 1))
    return tuple(found), tuple(buffers.values())


def _parts(body: tuple[Node, ...]) -> list[tuple[Node, ...]]:
    """Runs of nodes with and without costly values; a cheap statement stays with what stands before it."""
    if not any(isinstance(node, Loop) for node in body) or not any(_is_costly(node) for node in body):
        return [body]
    parts: list[list[Node]] = [[]]
    costly = False
    for node in body:
        if _is_costly(node) and not costly and any(isinstance(part, Loop) for part in parts[-1]):
            parts.append([])
            costly = True
        elif isinstance(node, Loop) and any(_is_costly(part) for part in parts[-1]):
            parts.append([])
            costly = False
        parts[-1].append(node)
    return [tuple(part) for part in parts]


def _is_costly(node: Node) -> bool:
    return isinstance(node, (Assign, Accumulate)) and is_costly(node.value)


def _read(nodes: Sequence[Node]) -> set[str]:
    return {symbol.name for part in placed(nodes) for symbol in getattr(part, "value", sympy.S.Zero).atoms(sympy.Symbol)}


def _shares_loads(nodes: Sequence[Node], row: sympy.Symbol) -> bool:
    """Whether an inner loop runs along rows in memory and reads or adds to what all rows share."""
    loops = [node for node in nodes if isinstance(node, Loop)]
    return bool(loops) and all(_runs_along_rows(loop, row) for loop in loops)


def _runs_along_rows(loop: Loop, row: sympy.Symbol) -> bool:
    parts = [part for part in placed(loop.body) if isinstance(part, (Assign, Accumulate))]
    entries = [e for part in parts for value in (part.target, part.value) for e in value.atoms(sympy.Indexed)]
    sums = any(isinstance(part, Accumulate) for part in parts)
    return sums and all(entry.indices[-1] != row for entry in entries if len(entry.indices) > 1)
