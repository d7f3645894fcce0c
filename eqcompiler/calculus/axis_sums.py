"""Sums over one axis of a term, and axes that are composed of others.

Takes: a dimension and what to add up. Gives: a SymPy Sum with a fresh index, or one per part of a composed axis.
Guarantees: an axis of kron, vec or blocks is summed over its parts, so that no delta and no branch is left inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sympy

from eqcompiler.calculus.dependencies import Definition
from eqcompiler.calculus.environments import Frame, Piece, Position, Reach, Split
from eqcompiler.calculus.index_algebra import summed
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Input, size_expression
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Binder, Block, Call, Term


class Lowers(Protocol):
    """What a rule may ask of the lowering that it works for."""

    document: Document
    definitions: list[Definition]
    reach: Reach
    recurrences: dict[object, tuple[str, ...]]

    def named(self, term: Term, frame: Frame, wanted: str = "value") -> tuple[str, tuple[sympy.Symbol, ...]]: ...

    def given(self, item: Input) -> None: ...

    def latex_of(self, name: str) -> str: ...

    def fresh(self, wanted: str) -> str: ...

    def entry(self, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr: ...

    def fresh_axis(self, dimension: Dimension, frame: Frame) -> Axis: ...

    def bound(self, binder: Binder, frame: Frame) -> Axis: ...

    def intrinsic(self, operation: str, operands: tuple[Term, ...], frame: Frame, at: tuple[Position, ...]) -> sympy.Expr: ...


Layout = tuple[str, tuple[Dimension, ...]]  # ("pair", (outer, inner)) or ("pieces", sizes)


def split_of(term: Term, axis: int) -> Layout | None:
    """How an axis is composed: a pair for kron and vec, pieces for blocks, None for plain ones."""
    if isinstance(term, Block):
        sizes = block_sizes(term)[axis if term.type.rank == 2 else int(len(term.rows) == 1)]
        return ("pieces", sizes) if len(sizes) > 1 else None
    if not isinstance(term, Call) or axis >= term.type.rank:
        return None
    first = term.arguments[0] if term.arguments else term
    if term.operation == "kron":
        return "pair", (first.type.shape[axis], term.arguments[1].type.shape[axis])
    if term.operation == "vec":
        return "pair", (first.type.shape[1], first.type.shape[0])
    if term.operation == "transpose":
        return split_of(first, 1 - axis if term.type.rank == 2 else axis)
    if term.operation == "matmul":
        last = term.arguments[1]
        from_left = axis == 0 and first.type.rank == 2
        return split_of(first, 0) if from_left else split_of(last, last.type.rank - 1)
    if term.operation in ("add", "neg", "mul", "div", "pow"):
        layouts = (split_of(a, axis) for a in term.arguments if a.type.rank == term.type.rank)
        return next((layout for layout in layouts if layout), None)
    return None


def sum_over(
    low: Lowers,
    dimension: Dimension,
    frame: Frame,
    body: Callable[[Position, Frame], sympy.Expr],
    layout: Layout | None = None,
) -> sympy.Expr:
    """The sum of `body` over all positions of an axis; a composed axis is summed part by part."""
    if layout is None:
        axis = low.fresh_axis(dimension, frame)
        return _total(body(axis.index, frame.within(axis)), (axis,), frame)
    kind, sizes = layout
    if kind == "pair":
        outer = low.fresh_axis(sizes[0], frame)
        inner = low.fresh_axis(sizes[1], frame.within(outer))
        pair = Split(outer.index, inner.index, size_expression(sizes[1]))
        return _total(body(pair, frame.within(outer, inner)), (outer, inner), frame)
    terms = []
    for number, offset in enumerate(offsets(sizes)[:-1]):
        axis = low.fresh_axis(sizes[number], frame)
        terms.append(_total(body(Piece(number, axis.index, offset), frame.within(axis)), (axis,), frame))
    return sympy.Add(*terms)


def _total(value: sympy.Expr, axes: tuple[Axis, ...], frame: Frame) -> sympy.Expr:
    for position in range(len(axes) - 1, -1, -1):
        axis = axes[position]
        value = summed(value, (axis.index, axis.lower, axis.upper), frame.within(*axes[:position]).ranges)
    return value


def offsets(sizes: tuple[Dimension, ...]) -> list[sympy.Expr]:
    """Where each block starts, counted from 0, and where the last one ends."""
    ends = [Dimension(())]
    for dimension in sizes:
        ends.append(ends[-1] + dimension)
    return [size_expression(end) for end in ends]


def _extent(cell: Term) -> tuple[Dimension, Dimension]:
    """Rows and columns that a block takes."""
    one = Dimension.of(1)
    shape = cell.type.shape
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 1:
        return (one, shape[0]) if cell.type.row else (shape[0], one)
    return one, one


def block_sizes(block: Block) -> tuple[tuple[Dimension, ...], tuple[Dimension, ...]]:
    """Heights of the block rows and widths of the block columns; a scalar takes the size of its neighbours."""

    def common(cells: tuple[Term, ...], axis: int) -> Dimension:
        tensors = [cell for cell in cells if cell.type.rank] or list(cells)
        return _extent(tensors[0])[axis]

    heights = tuple(common(row, 0) for row in block.rows)
    widths = tuple(common(column, 1) for column in zip(*block.rows, strict=True))
    return heights, widths
