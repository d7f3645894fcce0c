"""Block matrices in index form.

Takes: a Block and a position. Gives: that entry; where the position may lie in several blocks, a Piecewise over them.
Guarantees: a scalar stands only where one entry is needed, except 0.
"""

from __future__ import annotations

import sympy

from eqcompiler.calculus.axis_sums import Lowers, block_sizes, offsets
from eqcompiler.calculus.environments import Frame, Piece, Position, expression
from eqcompiler.calculus.index_algebra import ONE, ZERO
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Block, Number, Term


def block(low: Lowers, term: Block, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    heights, widths = block_sizes(term)
    one: Position = ONE
    row, column = at if len(at) == 2 else ((at[0], one) if len(widths) == 1 else (one, at[0]))
    branches: list[tuple[sympy.Expr, sympy.Basic]] = []
    for number_row, inner_row, row_test in _places(row, heights):
        for number_column, inner_column, column_test in _places(column, widths):
            cell = term.rows[number_row][number_column]
            fills = (heights[number_row], widths[number_column])
            branches.append((_block_cell(low, cell, fills, (inner_row, inner_column), frame), row_test & column_test))
    return branches[0][0] if len(branches) == 1 else sympy.Piecewise(*branches)


def _places(at: Position, sizes: tuple[Dimension, ...]) -> list[tuple[int, sympy.Expr, sympy.Basic]]:
    """The blocks that a position may lie in: number, position inside, test. The tests are tried in order."""
    if isinstance(at, Piece) and at.number < len(sizes) and at.offset == offsets(sizes)[at.number]:
        return [(at.number, at.inner, sympy.true)]
    here, ends = expression(at), offsets(sizes)
    last = len(sizes) - 1
    return [(k, here - ends[k], sympy.true if k == last else sympy.Le(here, ends[k + 1])) for k in range(last + 1)]


def _block_cell(
    low: Lowers,
    cell: Term,
    fills: tuple[Dimension, Dimension],
    at: tuple[sympy.Expr, sympy.Expr],
    frame: Frame,
) -> sympy.Expr:
    if cell.type.rank == 2:
        return low.entry(cell, at, frame)
    if cell.type.rank == 1:
        return low.entry(cell, (at[1] if cell.type.row else at[0],), frame)
    if isinstance(cell, Number) and cell.value == 0:
        return ZERO
    if not all(size.is_one for size in fills):
        raise NotSupportedYet(
            f"a scalar stands where a block of {fills[0]} by {fills[1]} is needed",
            cell.span,
            allowed="0, or a matrix of that size",
            fix="write the block as a multiple of the identity, or declare the matrix",
        )
    return low.entry(cell, (), frame)
