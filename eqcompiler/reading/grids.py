r"""Grids: block matrices, literal matrices, determinants and piecewise definitions.

Takes: Grid nodes. Gives: Block, Cases and determinant terms.
Guarantees: blocks in one row have equal heights, blocks in one column equal widths; 0 and I take the size of their place.
Zeros that fill a row beside vectors or matrices are as many as fit what the grid is added to or multiplied with, and of any
number where nothing says so.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import ONE, Dimension
from eqcompiler.languages.notation import Empty, Grid, Listing, Node, Words
from eqcompiler.languages.terms import SCALAR, Block, Call, Cases, Condition, Term, Type
from eqcompiler.reading import shapes
from eqcompiler.reading.large import condition
from eqcompiler.reading.scope import Reader, is_open

MATRICES = frozenset({"matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"})


def grid(reader: Reader, node: Grid) -> Term:
    if node.style == "cases":
        return cases(reader, node)
    if node.style == "vmatrix":
        inner = matrix(reader, node)
        shapes.square(inner, node.span, reader.scope, "a determinant")
        return Call(SCALAR, "det", (inner,), span=node.span)
    if node.style in MATRICES:
        return matrix(reader, node)
    raise NotSupportedYet(f"the environment '{node.style}' is not read as a matrix", node.span)


def matrix(reader: Reader, node: Grid) -> Term:
    widths = {len(row) for row in node.rows}
    if len(widths) != 1:
        counts = ", ".join(str(len(row)) for row in node.rows)
        raise IllegalEquation(f"the rows have different numbers of entries: {counts}", node.span)
    cells = [[reader.term(cell) for cell in row] for row in node.rows]
    heights = [reader.scope.sizes.new("zero_rows") for _ in cells]
    breadths = [reader.scope.sizes.new("zero_columns") for _ in cells[0]]
    rows = []
    for row, height in zip(cells, heights, strict=True):
        rows.append(tuple(place(reader, cell, height, width, node.span) for cell, width in zip(row, breadths, strict=True)))
    numbers_among_numbers(reader, heights)
    numbers_among_numbers(reader, breadths)
    rows = settle_zeros(reader, rows, heights, breadths)
    total = Type((total_of(reader, heights), total_of(reader, breadths)))
    if len(breadths) == 1 and total.shape[1] == ONE:
        return Block(Type(total.shape[:1]), tuple(rows), span=node.span)
    return Block(total, tuple(rows), span=node.span)


def numbers_among_numbers(reader: Reader, sizes: list[Dimension]) -> None:
    r"""Rows or columns of zeros alone: in \begin{pmatrix} a \\ 0 \end{pmatrix} the 0 is a number when a is one."""
    found = [reader.scope.sizes.resolve(size) for size in sizes]
    if all(size == ONE or is_open(size) for size in found):
        for size in found:
            reader.scope.sizes.unify(size, ONE)


def place(reader: Reader, cell: Term, height: Dimension, width: Dimension, span: Span) -> Term:
    if shapes.is_zero(cell):
        return cell
    one = (ONE, ONE)
    size = {0: one, 1: one[:1] + cell.type.shape if cell.type.row else (*cell.type.shape, ONE), 2: cell.type.shape}[
        cell.type.rank
    ]
    for wanted, found, what in ((height, size[0], "rows"), (width, size[1], "columns")):
        if not reader.scope.sizes.unify(wanted, found):
            have, need = reader.scope.sizes.resolve(found), reader.scope.sizes.resolve(wanted)
            raise IllegalEquation(f"this block has {have} {what} where its neighbours have {need}", cell.span or span)
    return cell


def settle_zeros(
    reader: Reader, rows: list[tuple[Term, ...]], heights: list[Dimension], widths: list[Dimension]
) -> list[tuple[Term, ...]]:
    """A 0 in a place of more than one entry is a zero block."""
    settled = []
    for row, height in zip(rows, heights, strict=True):
        cells = []
        for cell, width in zip(row, widths, strict=True):
            if shapes.is_zero(cell):
                shape = (reader.scope.sizes.resolve(height), reader.scope.sizes.resolve(width))
                cell = cell if shape == (ONE, ONE) else Call(Type(shape), "zeros", (), span=cell.span)
            cells.append(replace(cell, type=reader.scope.type_of(cell.type)))
        settled.append(tuple(cells))
    return settled


def total_of(reader: Reader, sizes: list[Dimension]) -> Dimension:
    total = Dimension.of(0)
    for size in sizes:
        total = total + reader.scope.sizes.resolve(size)
    return total


def cases(reader: Reader, node: Grid) -> Term:
    branches = []
    for row in node.rows:
        if not 1 <= len(row) <= 2:
            raise IllegalEquation("a row of cases has a value and a condition", row[0].span)
        conditions = case_conditions(reader, row[1]) if len(row) == 2 else ()
        branches.append((conditions, reader.term(row[0])))
    first = branches[0][1]
    for _, value in branches[1:]:
        if not shapes.same_shape(first, value, reader.scope):
            raise shapes.clash("the cases have different shapes", first, value, node.span, reader.scope)
    return Cases(first.type, tuple(branches), span=node.span)


def case_conditions(reader: Reader, node: Node) -> tuple[Condition, ...]:
    match node:
        case Words(text=text) if text.strip(" .,;").lower() in ("otherwise", "else"):
            return ()
        case Words(text=text) if text.strip().lower() in ("if", "for", "and", "when"):
            return ()
        case Empty():
            return ()
        case Listing(items=items):
            return tuple(c for item in items for c in case_conditions(reader, item))
    return (condition(reader, node),)
