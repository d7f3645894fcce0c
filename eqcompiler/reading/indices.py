"""Indices: which subscripts are indices, what they run over, and components of tensors.

Takes: subscript notation. Gives: integer terms and Component terms.
Guarantees: an index that is used on an axis runs over that axis; two uses with different sizes are an error that names both.
"""

from __future__ import annotations

from eqcompiler.errors import IllegalEquation, ShapeMismatch, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Addition, Infix, Juxtaposed, Letter, Node, Numeral
from eqcompiler.languages.terms import INTEGER, Component, Index, Number, Size, Term, Type
from eqcompiler.reading import shapes
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.scope import IndexRange, Reader, Scope, is_open


def is_index_expression(scope: Scope, node: Node) -> bool:
    """Made only of index letters, sizes and numerals; `\\theta` or `max` below a name are labels."""
    match node:
        case Numeral(digits=digits):
            return digits.isdigit()
        case Letter():
            key = letter_name(node).key
            return key in scope.indices or key in scope.index_letters or key in scope.dimensions
        case Addition(terms=terms):
            return all(is_index_expression(scope, term) for _, term in terms)
        case Juxtaposed(factors=factors):
            return all(is_index_expression(scope, factor) for factor in factors)
        case Infix(operator="*", left=left, right=right):
            return is_index_expression(scope, left) and is_index_expression(scope, right)
    return False


def admit_letters(scope: Scope, parts: tuple[Node, ...], axes: int) -> None:
    """Small letters below a known tensor, one for each axis, are indices though nothing else says so: y_i below a vector y."""
    letters = [letter_name(part).key for part in parts if isinstance(part, Letter) and part.kind == "letter"]
    if axes and len(letters) == len(parts) == axes and all(len(key) == 1 and key.islower() for key in letters):
        scope.index_letters |= {key for key in letters if not scope.known(key) and key not in scope.dimensions}


def index_term(reader: Reader, node: Node) -> Term:
    """The integer term of an index expression; a letter without a range gets one from its use."""
    scope = reader.scope
    match node:
        case Letter():
            key = letter_name(node).key
            if key not in scope.indices and key in scope.index_letters and not scope.known(key):
                free_index(scope, key, node.span)
            found = reader.term(node)
            if found.type.rank or found.type.domain != "integer":
                what = f"'{node.span.text}' is not a whole number, so it cannot be an index"
                raise IllegalEquation(what, node.span, fix=f"give its range: {node.span.text} = 1, \\dots, n")
            return found
        case Numeral():
            return reader.term(node)
        case Addition(terms=terms):
            return shapes.add([(sign, index_term(reader, term)) for sign, term in terms], node.span, scope)
    found = reader.term(node)
    if found.type.rank or found.type.domain != "integer":
        raise IllegalEquation("an index must be a whole number", node.span)
    return found


def free_index(scope: Scope, key: str, span: Span) -> None:
    """An index that no sum binds: the statement holds for each of its values."""
    scope.indices[key] = IndexRange(shapes.number(1), Size(INTEGER, scope.sizes.new(key)), span)


def component(scope: Scope, base: Term, indices: tuple[Term, ...], span: Span) -> Term:
    """base[indices]; fewer indices than axes give a slice, as a column."""
    if len(indices) > base.type.rank:
        shape = shapes.shape_words(base, scope)
        raise IllegalEquation(f"{len(indices)} indices below {shape}", span, fix="use one index for each axis")
    for position, (index, axis) in enumerate(zip(indices, base.type.shape, strict=False), start=1):
        check_range(scope, index, axis, position, span)
    return Component(Type(base.type.shape[len(indices) :]), base, indices, span=span)


def check_range(scope: Scope, index: Term, axis: Dimension, position: int, span: Span) -> None:
    """A plain index runs over its axis; a number must lie within it."""
    size = scope.sizes.resolve(axis)
    if isinstance(index, Number):
        limit = size.constant
        if index.value < 1 or (limit is not None and index.value > limit):
            raise IllegalEquation(
                f"index {index.value} is outside 1 to {size}", index.span or span, allowed="indices count from 1"
            )
        return
    if not isinstance(index, Index):
        return
    extent = scope.extent(index.name)
    if extent is not None:
        slack = (size - extent).constant
        if (slack is None or slack < 0) and not scope.sizes.unify(extent, size):
            where = scope.indices[index.name].where
            raise ShapeMismatch(
                f"index {index.name} runs from 1 to {extent}, but axis {position} here has {size} entries",
                span,
                also=((where, f"the range of {index.name}: 1 to {extent}"),) if where else (),
                fix="change the range or the declared size",
            )
        return
    upper = scope.indices[index.name].upper
    outer = scope.extent(upper.name) if isinstance(upper, Index) else None
    if outer is not None and is_open(outer):
        scope.sizes.unify(outer, size)  # sum_{j=1}^{k} a_j: k runs over a's axis
