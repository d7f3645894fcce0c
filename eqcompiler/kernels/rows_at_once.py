"""Several rows in one turn of a loop: statements for each of them, with their inner loops joined.

Takes: the body of a loop over rows. Gives: the body for `count` rows that lie `distance` apart.
Guarantees: the same values, with sums added in another order; each row has scalars of its own, r_1 and r_2 for r. Rows that
lie apart are read as so many long streams through memory, which processors fetch ahead of time; neighbours are not.

    r := b - y[i];  for j: r += X[i, j]*theta[j];  for k: g[k] += r*X[i, k]          becomes, for two rows
    r_1 := b - y[i];  r_2 := b - y[i + half];  for j: r_1 += X[i, j]*theta[j];  r_2 += X[i + half, j]*theta[j]
    for k: g[k] += r_1*X[i, k] + r_2*X[i + half, k]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy

from eqcompiler.kernels.fuse_loops import placed
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, Node
from eqcompiler.languages.program import scalar


def rows_at_once(body: Sequence[Node], row: sympy.Symbol, count: int, distance: sympy.Symbol, names: Names) -> tuple[Node, ...]:
    scalars = dict.fromkeys(p.target for p in placed(body) if isinstance(p, Assign) and p.target.is_Symbol)
    copies = [
        {row: row + k * distance, **{own: scalar(names.new(f"{own.name}_{k + 1}")) for own in scalars}} for k in range(count)
    ]
    return tuple(_together(body, copies))


def _together(nodes: Sequence[Node], copies: Sequence[dict[sympy.Expr, sympy.Expr]]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, Loop):
            yield Loop(node.index, node.lower, node.upper, tuple(_together(node.body, copies)))
        elif isinstance(node, Accumulate) and len({node.target.xreplace(copy) for copy in copies}) == 1:
            yield Accumulate(node.target, node.operation, sympy.Add(*(node.value.xreplace(copy) for copy in copies)))
        elif isinstance(node, Assign):
            yield from (Assign(node.target.xreplace(copy), node.value.xreplace(copy)) for copy in copies)
        elif isinstance(node, Accumulate):
            targets = [(node.target.xreplace(copy), node.value.xreplace(copy)) for copy in copies]
            yield from (Accumulate(target, node.operation, value) for target, value in targets)
