"""Typed terms with one part exchanged: every type above the part is worked out again, or the change is refused.

Takes: a term, a path to one of its parts and what shall stand there. Gives: the new term, or None when it has no type.
Guarantees: shapes, rows and kinds of number of a rebuilt term are those that reading its text would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from eqcompiler.languages.terms import (
    ELEMENTWISE,
    INTEGER,
    SCALAR,
    Binder,
    Block,
    Call,
    Component,
    Comprehension,
    Expectation,
    Iterated,
    Number,
    Reduction,
    Reference,
    Term,
    Type,
    UnknownCall,
    children,
)

Path = tuple[int, ...]
WHOLE = frozenset(("add", "neg", "mul"))  # of whole numbers they are whole


def places(term: Term, path: Path = ()) -> Iterator[tuple[Path, Term]]:
    """The term and all its parts with the way to each, outer ones first."""
    yield path, term
    for position, child in enumerate(children(term)):
        yield from places(child, (*path, position))


def exchanged(term: Term, path: Path, new: Term) -> Term | None:
    """The term with `new` at the end of the path."""
    if not path:
        return new
    parts = list(children(term))
    part = exchanged(parts[path[0]], path[1:], new)
    if part is None:
        return None
    parts[path[0]] = part
    return _with_parts(term, tuple(parts))


def _with_parts(term: Term, parts: tuple[Term, ...]) -> Term | None:
    if isinstance(term, Call):
        return called(term.operation, parts, term)
    if isinstance(term, Reduction) and not term.where:
        lower, upper, body = parts
        return replace(term, type=body.type, binder=Binder(term.binder.name, lower, upper), body=body, span=None)
    if any(_form(a) != _form(b) for a, b in zip(parts, children(term), strict=True)):
        return None
    match term:
        case Reference() | UnknownCall() | Expectation():
            return replace(term, arguments=parts, span=None)
        case Iterated():
            return replace(term, start=parts, span=None)
        case Component():
            return replace(term, base=parts[0], indices=parts[1:], span=None)
        case Comprehension() if parts[:-1] == children(term)[:-1]:
            return replace(term, body=parts[-1], span=None)
        case Block():
            cells = iter(parts)
            return replace(term, rows=tuple(tuple(next(cells) for _ in row) for row in term.rows), span=None)
    return None


def _form(term: Term) -> tuple[object, bool]:
    return term.type.shape, term.type.row


# --- operations with their types ---------------------------------------------------------------------------------------


def called(operation: str, parts: tuple[Term, ...], before: Call | None = None) -> Term | None:
    """The operation on these parts; `before` is the call that it was made from."""
    if operation in ("matmul", "outer"):
        return multiplied(*parts)
    if operation == "transpose":
        return transposed(parts[0])
    rule = _RULES.get(operation, _elementwise if operation in ELEMENTWISE else None)
    if rule is not None:
        type_ = rule(parts)
    elif before is not None and [_form(a) for a in parts] == [_form(b) for b in before.arguments]:
        type_ = replace(before.type, domain="real")
    else:
        type_ = None
    if type_ is None:
        return None
    whole = operation in WHOLE and all(part.type.domain == "integer" for part in parts)
    return Call(replace(type_, domain="integer" if whole else "real"), operation, parts)


def _elementwise(parts: tuple[Term, ...]) -> Type | None:
    return parts[0].type


def _sum(parts: tuple[Term, ...]) -> Type | None:
    return parts[0].type if len({_form(part) for part in parts}) == 1 else None


def _product(parts: tuple[Term, ...]) -> Type | None:
    tensors = [part for part in parts if part.type.rank]
    return _sum(tuple(tensors)) if tensors else SCALAR


def _quotient(parts: tuple[Term, ...]) -> Type | None:
    top, bottom = parts
    return top.type if not bottom.type.rank or _form(top) == _form(bottom) else None


def _power(parts: tuple[Term, ...]) -> Type | None:
    return SCALAR if not parts[0].type.rank and not parts[1].type.rank else None


def _matrix_power(parts: tuple[Term, ...]) -> Type | None:
    return _square(parts) if parts[1].type == INTEGER else None


def _square(parts: tuple[Term, ...]) -> Type | None:
    shape = parts[0].type.shape
    return parts[0].type if len(shape) == 2 and shape[0] == shape[1] else None


def _of_square(parts: tuple[Term, ...]) -> Type | None:
    return SCALAR if _square(parts) is not None else None


def _norm(parts: tuple[Term, ...]) -> Type | None:
    return SCALAR if parts[0].type.rank == 1 else None


def _frobenius(parts: tuple[Term, ...]) -> Type | None:
    return SCALAR if parts[0].type.rank == 2 else None


_RULES: dict[str, Callable[[tuple[Term, ...]], Type | None]] = {
    "add": _sum,
    "neg": _elementwise,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "matpow": _matrix_power,
    **dict.fromkeys(("inverse", "matsqrt", "matexp"), _square),
    **dict.fromkeys(("trace", "det"), _of_square),
    **dict.fromkeys(("norm2", "norm1", "norminf"), _norm),
    "normF": _frobenius,
}


def multiplied(left: Term, right: Term) -> Term | None:
    """left right side by side: scalar, matrix, inner or outer product, by shape."""
    if not left.type.rank or not right.type.rank:
        return called("mul", (left, right))
    a, b = left.type, right.type
    if a.rank == b.rank == 1 and not a.row and b.row:
        return Call(Type((a.shape[0], b.shape[0])), "outer", (left, right))
    fits = (a.rank == 2 or (a.rank == 1 and a.row)) and (b.rank == 2 or (b.rank == 1 and not b.row))
    if not fits or a.shape[-1] != b.shape[0]:
        return None
    shape = a.shape[:-1] + b.shape[1:]
    return Call(Type(shape, row=len(shape) == 1 and a.rank == 1), "matmul", (left, right))


def transposed(term: Term) -> Term:
    if isinstance(term, Call) and term.operation == "transpose":
        return term.arguments[0]
    if isinstance(term, Call) and term.operation == "outer":
        left, right = term.arguments
        return Call(Type(term.type.shape[::-1]), "outer", (transposed(right), transposed(left)))
    if term.type.rank == 1:
        return Call(replace(term.type, row=not term.type.row), "transpose", (term,))
    return Call(replace(term.type, shape=term.type.shape[::-1]), "transpose", (term,)) if term.type.rank else term


def inverted(term: Term) -> Term | None:
    if isinstance(term, Call) and term.operation == "inverse":
        return term.arguments[0]
    return called("inverse", (term,))


def number(value: int | Fraction) -> Number:
    return Number(INTEGER if Fraction(value).denominator == 1 else SCALAR, Fraction(value))


def negated(term: Term) -> Term:
    if isinstance(term, Call) and term.operation == "neg":
        return term.arguments[0]
    if isinstance(term, Number):
        return number(-term.value)
    return Call(term.type, "neg", (term,))


def scaled(factor: Term, term: Term) -> Term | None:
    """factor times term; a sign stays in front."""
    if isinstance(term, Call) and term.operation == "neg":
        inner = scaled(factor, term.arguments[0])
        return negated(inner) if inner is not None else None
    return called("mul", (factor, term))


# --- products as rows of factors ---------------------------------------------------------------------------------------


def factors(term: Term) -> tuple[Term, ...]:
    """The factors of a product as they stand side by side; a term that is no product is its only factor."""
    if isinstance(term, Call) and (term.operation in ("matmul", "outer") or _scales(term)):
        return tuple(factor for argument in term.arguments for factor in factors(argument))
    return (term,)


def _scales(term: Call) -> bool:
    return term.operation == "mul" and sum(1 for argument in term.arguments if argument.type.rank) < 2


def product(row: tuple[Term, ...]) -> Term | None:
    """The factors multiplied from left to right."""
    total: Term | None = row[0] if row else None
    for factor in row[1:]:
        total = multiplied(total, factor) if total is not None else None
    return total
