"""An entry that a whole loop accumulates into lives in a scalar meanwhile.

Takes: loop nests. Gives: nests in which no loop adds into one and the same entry of an array.
Guarantees: the same values; a compiler can then use vector registers, because no store can touch what the loop reads.

    v[i] := 0;  for k: v[i] += A[i, k]*w[k]    becomes    v_i := 0;  for k: v_i += A[i, k]*w[k];  v[i] := v_i
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy

from eqcompiler.errors import CompilerFault
from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.split_reductions import depends
from eqcompiler.kernels.statements import label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import Accumulate, Assign, LibraryCall, Loop, Node, mapped
from eqcompiler.languages.program import scalar


def keep_in_registers(nodes: Sequence[Node], names: Names) -> tuple[Node, ...]:
    found = [_inside(node, names) for node in nodes]
    for position in range(len(found) - 1, -1, -1):
        node = found[position]
        if isinstance(node, Loop):
            for entry in _invariant_entries(node):
                found = _replaced(found, found.index(node), entry, names)
                node = next(part for part in found if isinstance(part, Loop) and part.index == node.index)
    return tuple(found)


def _inside(node: Node, names: Names) -> Node:
    if isinstance(node, Loop):
        return Loop(node.index, node.lower, node.upper, keep_in_registers(node.body, names))
    return node


def _invariant_entries(loop: Loop) -> list[sympy.Indexed]:
    """Entries that the loop accumulates into and touches in no other way."""
    inner = {loop.index, *_indices(loop.body)}
    parts = list(placed(loop.body))
    entries = [p.target for p in parts if isinstance(p, Accumulate) and isinstance(p.target, sympy.Indexed)]
    return [
        entry
        for entry in dict.fromkeys(entries)
        if not depends(entry, inner) and all(_untouched(part, entry) for part in parts)
    ]


def _untouched(part: Assign | Accumulate | LibraryCall, entry: sympy.Indexed) -> bool:
    if isinstance(part, LibraryCall):
        return False
    others = part.value.atoms(sympy.Indexed) | (part.target.atoms(sympy.Indexed) - {entry})
    return label(entry) not in {label(other) for other in others} and not (isinstance(part, Assign) and part.target == entry)


def _indices(nodes: Sequence[Node]) -> Iterator[sympy.Symbol]:
    for node in nodes:
        if isinstance(node, Loop):
            yield node.index
            yield from _indices(node.body)


def _replaced(nodes: list[Node], position: int, entry: sympy.Indexed, names: Names) -> list[Node]:
    """The loop with a scalar for the entry; the statement before it sets the scalar, the one after it writes the entry."""
    kept = scalar(names.new("_".join([label(entry), *(str(s) for s in entry.indices if s.is_Symbol)])))
    before, loop, after = nodes[:position], nodes[position], nodes[position + 1 :]
    start = _last_set(before, entry)
    if start is not None and all(_untouched(part, entry) for part in placed(before[start + 1 :])):
        before[start] = Assign(kept, _set_value(before[start]))
    else:
        before.append(Assign(kept, entry))
    finish: Node = Assign(entry, kept)
    if _last_set(after[:1], entry) == 0:
        finish = Assign(entry, _set_value(after.pop(0)).xreplace({entry: kept}))
    return [*before, mapped(loop, lambda value: value.xreplace({entry: kept})), finish, *after]


def _last_set(nodes: Sequence[Node], entry: sympy.Indexed) -> int | None:
    places = [p for p, node in enumerate(nodes) if isinstance(node, Assign) and node.target == entry]
    return places[-1] if places else None


def _set_value(node: Node) -> sympy.Expr:
    if not isinstance(node, Assign):
        raise CompilerFault(f"{type(node).__name__} sets no single value")
    return node.value
