r"""Rows and columns of a matrix: A_{i,:}, A_{i:}, A_{i\cdot}, A_{:,j}, A_{:j}, A_{\cdot j}.

Takes: a matrix and a subscript with a colon. Gives: the row as a row vector, the column as a column vector.
Guarantees: one index and one colon below a matrix; any other range below a tensor is an error.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.notation import Listing, Node, Slice
from eqcompiler.languages.terms import Term
from eqcompiler.reading import shapes
from eqcompiler.reading.indices import admit_letters, component, index_term
from eqcompiler.reading.scope import Reader


def row_or_column(subscript: Node | None) -> tuple[Node, bool] | None:
    """The index, and whether it counts rows."""
    match subscript:
        case Listing(items=(Slice(lower=None, upper=None), index), separator=","):
            return index, False
        case Listing(items=(index, Slice(lower=None, upper=None)), separator=","):
            return index, True
        case Slice(lower=Node() as index, upper=None):
            return index, True
        case Slice(lower=None, upper=Node() as index):
            return index, False
    return None


def sliced(reader: Reader, value: Term, subscript: Node | None, span: Span) -> Term:
    found = row_or_column(subscript)
    if found is None or value.type.rank != 2:
        raise NotSupportedYet(
            f"'{span.text}' is no row and no column of a matrix", span, allowed=r"A_{i,:} a row, A_{:,j} a column of a matrix"
        )
    index, is_row = found
    admit_letters(reader.scope, (index,), 1)
    position = index_term(reader, index)
    if not is_row:
        return component(reader.scope, shapes.transpose(value, span), (position,), span)
    taken = component(reader.scope, value, (position,), span)
    return replace(shapes.transpose(taken, span), span=span)
