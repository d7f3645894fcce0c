"""Typed constructors: build a term from its parts, or say which two sizes clash and where.

Takes: typed terms and the scope's sizes. Gives: terms with their type.
Guarantees: no operation is built on shapes that do not fit; every clash names both sizes and both places.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal

from eqcompiler.errors import IllegalEquation, NotSupportedYet, ShapeMismatch, Span
from eqcompiler.languages.dimensions import ONE, Dimension
from eqcompiler.languages.terms import (
    ELEMENTWISE,
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Comprehension,
    Constant,
    Number,
    Size,
    Term,
    Type,
)
from eqcompiler.reading.scope import Scope, is_open, shape_text

ENTRY = "entry"  # indices of entries that no author wrote begin so


def number(value: int | Fraction, span: Span | None = None) -> Number:
    return Number(INTEGER if Fraction(value).denominator == 1 else SCALAR, Fraction(value), span=span)


def clash(what: str, left: Term, right: Term, span: Span | None, scope: Scope, fix: str = "") -> ShapeMismatch:
    """The one message for shapes that do not fit."""
    places = []
    for term in (left, right):
        if term.span is not None:
            places.append((term.span, f"this is {shape_words(term, scope)}"))
    return ShapeMismatch(what, span, also=tuple(places), fix=fix)


def same_shape(left: Term, right: Term, scope: Scope) -> bool:
    if left.type.rank != right.type.rank:
        return False
    return all(scope.sizes.unify(a, b) for a, b in zip(left.type.shape, right.type.shape, strict=True))


def is_zero(term: Term) -> bool:
    return isinstance(term, Number) and term.value == 0


def fit(term: Term, type_: Type) -> Term:
    """The number 0 stands for a zero tensor of any shape."""
    if is_zero(term) and type_.rank:
        return Call(type_, "zeros", (), span=term.span)
    return term


def add(terms: list[tuple[str, Term]], span: Span, scope: Scope) -> Term:
    """Sum of signed terms of one shape."""
    arrays = [t for _, t in terms if t.type.rank]
    shaped = next(iter(arrays), None)
    if arrays and all(is_entrywise(t) for t in arrays):
        terms = in_every_entry(terms, scope)
    if shaped is not None:
        terms = [(sign, fit(term, shaped.type)) for sign, term in terms]
    first = terms[0][1]
    for _, term in terms[1:]:
        if not same_shape(first, term, scope) or (first.type.rank == 1 and first.type.row != term.type.row):
            refuse_open_sizes(first, term, span, scope)
            raise clash(sum_words(first, term, scope), first, term, span, scope, sum_fix(first, term))
    type_ = replace(first.type, domain=domain_of([term for _, term in terms]))
    signed = tuple(t if sign == "+" else neg(t) for sign, t in terms)
    return replace(signed[0], span=span) if len(signed) == 1 else Call(type_, "add", signed, span=span)


def in_every_entry(terms: list[tuple[str, Term]], scope: Scope) -> list[tuple[str, Term]]:
    r"""1 - h \odot h: among arrays that are taken entry by entry a written number stands in every entry."""
    shaped = next((t for _, t in terms if t.type.rank), None)
    if shaped is None or shaped.type.rank > 2:
        return terms
    ones = Call(replace(shaped.type, domain="integer"), "ones", ())
    spread = []
    for sign, term in terms:
        if not term.type.rank and written_number(term) and term.span is not None:
            scope.conventions[f"{term.span.text} stands in every entry beside '{shown(shaped)}'"] = None
            term = replace(ones, span=term.span) if written_number(term) == 1 else scaled(term, ones, term.span)
        spread.append((sign, term))
    return spread


def shown(term: Term) -> str:
    return term.span.text if term.span is not None else str(term.type)


def is_entrywise(term: Term) -> bool:
    r"""Made by an operation on entries: h \odot h, \tanh(z), a scalar function of an array; with signs and factors."""
    match term:
        case Call(operation="mul", arguments=factors):
            arrays = [factor for factor in factors if factor.type.rank]
            return len(arrays) > 1 or any(is_entrywise(array) for array in arrays)
        case Call(operation="neg" | "div", arguments=(inside, *_)):
            return is_entrywise(inside)
        case Call(operation="add", arguments=parts):
            return all(is_entrywise(part) or is_ones(part) for part in parts)
        case Call(operation=operation):
            return operation in ELEMENTWISE or operation == "pow"
        case Comprehension(binders=(Binder(name=name), *_)):
            return name.startswith(ENTRY)
    return False


def is_ones(term: Term) -> bool:
    match term:
        case Call(operation="ones"):
            return True
        case Call(operation="mul" | "neg", arguments=arguments):
            return any(is_ones(argument) for argument in arguments)
    return False


def refuse_open_sizes(left: Term, right: Term, span: Span, scope: Scope) -> None:
    r"""I \otimes B + A \otimes I: sizes that nothing says are no difference, so that no claim is refuted for them."""
    if left.type.rank != right.type.rank or left.type.row != right.type.row:
        return
    pairs = list(zip(scope.type_of(left.type).shape, scope.type_of(right.type).shape, strict=True))
    settled = [a == b or not (is_open(a) or is_open(b)) for a, b in pairs]
    if not all(settled) and all(a == b for (a, b), known in zip(pairs, settled, strict=True) if known):
        fix = r"write the size of each identity: I_n \otimes B"
        raise NotSupportedYet("nothing says how large the terms of this sum are", span, fix=fix)


def domain_of(terms: list[Term]) -> Literal["real", "integer"]:
    """Sums and products of whole numbers are whole."""
    return "integer" if all(term.type.domain == "integer" for term in terms) else "real"


def sum_words(left: Term, right: Term, scope: Scope) -> str:
    a, b = (shape_words(term, scope) for term in (left, right))
    return f"these cannot be added: {a} and {b}"


def shape_words(term: Term, scope: Scope) -> str:
    text = shape_text(scope.type_of(term.type).shape)
    return text.replace("a vector", "a row vector") if term.type.row else text


def sum_fix(left: Term, right: Term) -> str:
    ranks = {left.type.rank, right.type.rank}
    if ranks == {0, 1}:
        return r"write the scalar times \mathbf{1} if every entry gets it"
    if ranks == {0, 2}:
        return "write the scalar times I if the diagonal gets it"
    if ranks == {1} and left.type.row != right.type.row:
        return "transpose one of them"
    return "check the transposes and the declared sizes"


def neg(term: Term) -> Term:
    return Call(term.type, "neg", (term,), span=term.span)


def multiply(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    """left right, nothing or a dot between them: scalar, matrix, inner and outer products, by shape."""
    if not left.type.rank or not right.type.rank:
        return scaled(left, right, span)
    match left.type.rank, left.type.row, right.type.rank, right.type.row:
        case 1, False, 1, True:
            return Call(Type((left.type.shape[0], right.type.shape[0])), "outer", (left, right), span=span)
        case (2, _, 2, _) | (2, _, 1, False) | (1, True, 2, _) | (1, True, 1, False):
            return matmul(left, right, span, scope)
        case 2, _, 1, True if scope.sizes.resolve(left.type.shape[1]) == ONE:
            return Call(Type((left.type.shape[0], right.type.shape[0])), "outer", (column(left), right), span=span)
        case 1, False, 2, _ if scope.sizes.resolve(right.type.shape[0]) == ONE:
            row = column(Call(Type(right.type.shape[::-1]), "transpose", (right,), span=right.span))
            return Call(Type((left.type.shape[0], row.type.shape[0])), "outer", (left, row), span=span)
    a, b = shape_words(left, scope), shape_words(right, scope)
    fix = (
        r"transpose the left one for the inner product, the right one for the outer, or write \odot"
        if (left.type.rank, right.type.rank) == (1, 1)
        else "transpose the vector or change the order"
    )
    raise clash(f"this product does not fit: {a} times {b}", left, right, span, scope, fix)


def are_in_space(left: Term, right: Term, scope: Scope) -> bool:
    """Two columns of three entries."""
    return all(t.type.rank == 1 and not t.type.row and scope.type_of(t.type).shape == (Dimension.of(3),) for t in (left, right))


def are_vectors_alike(left: Term, right: Term) -> bool:
    return left.type.rank == right.type.rank == 1 and left.type.row == right.type.row


def inner(left: Term, right: Term) -> tuple[Term, Term]:
    r"""The factors of u \cdot v, two columns or two rows, as those of u^T v."""
    return (left, transpose(right)) if left.type.row else (transpose(left), right)


def column(matrix: Term) -> Term:
    """An (n, 1) matrix as a vector."""
    ones = Call(Type((ONE,)), "ones", ())
    return Call(Type((matrix.type.shape[0],)), "matmul", (matrix, ones), span=matrix.span)


def scaled(left: Term, right: Term, span: Span) -> Term:
    type_ = left.type if left.type.rank else right.type
    return Call(replace(type_, domain=domain_of([left, right])), "mul", (left, right), span=span)


def matmul(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    inner_left, inner_right = left.type.shape[-1], right.type.shape[0]
    if not scope.sizes.unify(inner_left, inner_right):
        a, b = shape_words(left, scope), shape_words(right, scope)
        sizes = f"{scope.sizes.resolve(inner_left)} columns meet {scope.sizes.resolve(inner_right)} rows"
        fix = "check the transposes and the declared sizes"
        raise clash(f"this product does not fit: {a} times {b} ({sizes})", left, right, span, scope, fix)
    shape = left.type.shape[:-1] + right.type.shape[1:]
    row = len(shape) == 1 and left.type.rank == 1
    return Call(Type(shape, row=row), "matmul", (left, right), span=span)


def hadamard(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    if not left.type.rank or not right.type.rank:
        return scaled(left, right, span)
    if not same_shape(left, right, scope) or left.type.row != right.type.row:
        a, b = shape_words(left, scope), shape_words(right, scope)
        raise clash(f"an entry-by-entry product needs equal shapes: {a} and {b}", left, right, span, scope)
    return Call(left.type, "mul", (left, right), span=span)


def quotients(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    r"""a \oslash b, entry by entry; of a number and an array, the number over every entry."""
    if not right.type.rank:
        return divide(left, right, span, scope)
    over = entries_to(right, number(-1, span), span)
    return replace(over, span=span) if left == number(1) else hadamard(left, over, span, scope)


def entries_to(base: Term, exponent: Term, span: Span) -> Term:
    """Every entry to a power."""
    return Call(replace(base.type, domain="real"), "pow", (base, exponent), span=span)


def divide(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    if right.type.rank:
        what = f"cannot divide by {shape_words(right, scope)}"
        raise clash(what, left, right, span, scope, "write ^{-1} for an inverse, or divide by a scalar such as a norm")
    if isinstance(left, Number) and isinstance(right, Number) and right.value:
        return number(left.value / right.value, span)
    return Call(replace(left.type, domain="real"), "div", (left, right), span=span)


def transpose(term: Term, span: Span | None = None) -> Term:
    span = span or term.span
    match term.type.rank:
        case 0:
            return term
        case 1:
            return Call(replace(term.type, row=not term.type.row), "transpose", (term,), span=span)
        case 2:
            return Call(replace(term.type, shape=term.type.shape[::-1]), "transpose", (term,), span=span)
    raise IllegalEquation(f"a tensor with {term.type.rank} axes has no transpose", span)


def power(base: Term, exponent: Term, span: Span, scope: Scope) -> Term:
    """Scalar power; integer power, inverse or square root of a square matrix."""
    if exponent.type.rank:
        raise IllegalEquation(f"the exponent is {shape_words(exponent, scope)}; it must be a scalar", exponent.span)
    if not base.type.rank:
        return Call(SCALAR, "pow", (base, exponent), span=span)
    if base.type.rank == 1:
        fix = r"write \|v\|_2^2, v^\top v, or v \odot v for the square of every entry"
        raise IllegalEquation(f"{shape_words(base, scope)} has no power", span, fix=fix)
    square(base, span, scope, "a power")
    value = written_number(exponent)
    if value == Fraction(1, 2):
        return Call(base.type, "matsqrt", (base,), span=span)
    if value == -1:
        return Call(base.type, "inverse", (base,), span=span)
    if value == Fraction(-1, 2):
        return Call(base.type, "inverse", (Call(base.type, "matsqrt", (base,), span=span),), span=span)
    if exponent.type.domain != "integer":
        fix = "declare the exponent as a natural number or write \\exp and \\log"
        raise IllegalEquation("a matrix power needs a whole exponent", exponent.span, fix=fix)
    return Call(base.type, "matpow", (base, exponent), span=span)


def written_number(term: Term) -> Fraction | None:
    """The number that is written as one, as -1/2 or as \\frac{1}{2}."""
    match term:
        case Number(value=value):
            return value
        case Call(operation="neg", arguments=(inside,)):
            negative = written_number(inside)
            return None if negative is None else -negative
        case Call(operation="div", arguments=(above, below)):
            top, bottom = written_number(above), written_number(below)
            return top / bottom if top is not None and bottom else None
    return None


def square(term: Term, span: Span | None, scope: Scope, what: str) -> None:
    if term.type.rank != 2 or not scope.sizes.unify(*term.type.shape):
        raise IllegalEquation(f"{what} needs a square matrix; this is {shape_words(term, scope)}", span)


def size_term(dimension: Dimension, span: Span | None = None) -> Term:
    value = dimension.constant
    return number(value, span) if value is not None else Size(INTEGER, dimension, span=span)


def constant(name: str, span: Span | None) -> Term:
    kind = {"pi": "pi", "e": "e", "infinity": "infinity"}[name]
    return Constant(SCALAR, kind, span=span)  # type: ignore[arg-type]
