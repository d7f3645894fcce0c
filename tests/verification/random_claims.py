"""Random typed expressions, rewritten by rules that are true, and a plain evaluator that shares nothing with the package.

The evaluator computes with fractions, with floats only where an exponential or a sine or a derivative is asked for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from eqcompiler.errors import Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Derivative,
    Index,
    Number,
    Reduction,
    Size,
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification.rebuilding import exchanged, places

DECLARED = r"""
\[ A, B \in \mathbb{R}^{n \times n}, \quad S \in \mathbb{S}^n_{++}, \quad X \in \mathbb{R}^{m \times n} \]
\[ x, u \in \mathbb{R}^n, \quad y \in \mathbb{R}^m, \quad a, b \in \mathbb{R} \]
"""


def read(text: str) -> Document:
    source = Source("random.tex", text)
    return type_document(source, formulas(source), ())


DOCUMENT = read(DECLARED)
N, M = Dimension.of("n"), Dimension.of("m")
SQUARE, VECTOR = Type((N, N)), Type((N,))
A, B, S = (Symbol(SQUARE, name) for name in "ABS")
X, Y = Symbol(Type((M, N)), "X"), Symbol(Type((M,)), "y")
V, U = Symbol(VECTOR, "x"), Symbol(VECTOR, "u")
P, Q = Symbol(SCALAR, "a"), Symbol(SCALAR, "b")
ONE = Number(INTEGER, Fraction(1))
NAMES = (A, B, S, X, V, U, Y, P, Q)
IDENTITY = Call(SQUARE, "identity", ())


# --- terms -------------------------------------------------------------------------------------------------------------


def add(*parts: Term) -> Term:
    return Call(replace(parts[0].type, domain="real"), "add", parts)


def neg(part: Term) -> Term:
    return Call(part.type, "neg", (part,))


def mul(left: Term, right: Term) -> Term:
    return Call(replace((left if left.type.rank else right).type, domain="real"), "mul", (left, right))


def turned(part: Term) -> Term:
    type_ = part.type
    return Call(replace(type_, shape=type_.shape[::-1], row=type_.rank == 1 and not type_.row), "transpose", (part,))


def times(left: Term, right: Term) -> Term:
    shape = left.type.shape[:-1] + right.type.shape[1:]
    return Call(Type(shape, row=len(shape) == 1 and left.type.rank == 1), "matmul", (left, right))


def inner(left: Term, right: Term) -> Term:
    return times(turned(left), right)


def outer(left: Term, right: Term) -> Term:
    return Call(Type((left.type.shape[0], right.type.shape[0])), "outer", (left, turned(right)))


def trace(part: Term) -> Term:
    return Call(SCALAR, "trace", (part,))


def inverse(part: Term) -> Term:
    return Call(part.type, "inverse", (part,))


def function(name: str, part: Term) -> Term:
    return Call(SCALAR, name, (part,))


def entry(part: Term, *names: str) -> Term:
    return Component(SCALAR, part, tuple(Index(INTEGER, name) for name in names))


def total(name: str, size: Dimension, body: Term) -> Term:
    return Reduction(SCALAR, "sum", Binder(name, ONE, Size(INTEGER, size)), body)


# --- random expressions ------------------------------------------------------------------------------------------------


def matrix(chance: random.Random, depth: int) -> Term:
    if depth <= 0:
        return chance.choice((A, B, S, A, B, IDENTITY))
    one, other = lambda: matrix(chance, depth - 1), lambda: matrix(chance, depth - 1 - chance.randint(0, 1))
    return chance.choice(
        (
            lambda: times(one(), other()),
            lambda: times(one(), other()),
            lambda: add(one(), other()),
            lambda: turned(one()),
            lambda: mul(scalar(chance, depth - 2), one()),
            lambda: outer(vector(chance, depth - 1), vector(chance, depth - 2)),
            lambda: times(turned(X), X),
            lambda: inverse(S),
        )
    )()


def vector(chance: random.Random, depth: int) -> Term:
    if depth <= 0:
        return chance.choice((V, U))
    return chance.choice(
        (
            lambda: times(matrix(chance, depth - 1), vector(chance, depth - 1)),
            lambda: add(vector(chance, depth - 1), neg(vector(chance, depth - 1))),
            lambda: mul(scalar(chance, depth - 1), vector(chance, depth - 1)),
            lambda: times(turned(X), add(times(X, vector(chance, depth - 2)), neg(Y))),
        )
    )()


def scalar(chance: random.Random, depth: int) -> Term:
    if depth <= 0:
        return chance.choice((P, Q, Number(INTEGER, Fraction(chance.randint(2, 4)))))
    return chance.choice(
        (
            lambda: inner(vector(chance, depth - 1), vector(chance, depth - 1)),
            lambda: inner(vector(chance, depth - 1), vector(chance, depth - 1)),
            lambda: trace(matrix(chance, depth - 1)),
            lambda: add(scalar(chance, depth - 1), scalar(chance, depth - 1)),
            lambda: mul(scalar(chance, depth - 1), scalar(chance, depth - 1)),
            lambda: function(chance.choice(("exp", "sin", "cos")), scalar(chance, 0)),
        )
    )()


def derivative(chance: random.Random, depth: int) -> Term:
    variable = chance.choice((V, A, P))
    return Derivative(variable.type, scalar(chance, depth), variable.name)


def expression(chance: random.Random) -> Term:
    kind = chance.choice((matrix, vector, scalar, scalar, derivative))
    return kind(chance, chance.choice((1, 2, 2)))


# --- rewriting: every rule gives an equal term -------------------------------------------------------------------------


def _is(term: Term, operation: str) -> bool:
    return isinstance(term, Call) and term.operation == operation


def equal_forms(term: Term, chance: random.Random) -> Iterator[Term]:
    """Terms that are equal to this one by one rule of algebra."""
    parts = term.arguments if isinstance(term, Call) else ()
    if _is(term, "add"):
        yield add(*parts[::-1])
        if term.type == SCALAR or term.type.rank == 2:
            yield neg(add(*(neg(part) for part in parts)))
    if _is(term, "mul"):
        left, right = parts
        yield mul(right, left)
        if _is(right, "add"):
            yield add(*(mul(left, part) for part in right.arguments))  # type: ignore[attr-defined]
    if _is(term, "matmul"):
        yield from _equal_products(*parts)
    if _is(term, "trace"):
        yield trace(turned(parts[0]))
        if _is(parts[0], "matmul"):
            left, right = parts[0].arguments  # type: ignore[attr-defined]
            yield trace(times(right, left))
        if _is(parts[0], "outer"):
            left, right = parts[0].arguments  # type: ignore[attr-defined]
            yield times(right, left)
        yield total("k", N, entry(parts[0], "k", "k"))
    if _is(term, "transpose") and term.type.rank == 2:
        inside = parts[0]
        if _is(inside, "matmul"):
            left, right = inside.arguments  # type: ignore[attr-defined]
            yield times(turned(right), turned(left))
        if _is(inside, "add"):
            yield add(*(turned(part) for part in inside.arguments))  # type: ignore[attr-defined]
    if term in (S, inverse(S)):
        yield turned(term)
    yield from _detours(term, chance)


def _equal_products(left: Term, right: Term) -> Iterator[Term]:
    if left.type.rank == right.type.rank == 1:
        column = left.arguments[0] if _is(left, "transpose") else None  # type: ignore[attr-defined]
        if column is not None:
            yield inner(right, column)
            yield trace(outer(right, column))
            yield total("k", column.type.shape[0], mul(entry(column, "k"), entry(right, "k")))
    if _is(right, "add"):
        yield add(*(times(left, part) for part in right.arguments))  # type: ignore[attr-defined]
    if _is(left, "add"):
        yield add(*(times(part, right) for part in left.arguments))  # type: ignore[attr-defined]
    if _is(right, "matmul") and left.type.rank == 2 and right.type.rank:
        first, second = right.arguments  # type: ignore[attr-defined]
        yield times(times(left, first), second)
    if left.type.shape == right.type.shape == SQUARE.shape:
        yield turned(times(turned(right), turned(left)))


def _detours(term: Term, chance: random.Random) -> Iterator[Term]:
    """Something that cancels."""
    if term.type.shape == SQUARE.shape:
        yield times(IDENTITY, term)
        yield times(times(term, S), inverse(S))
        yield turned(turned(term))
        yield add(term, B, neg(B))
    elif term.type.shape == VECTOR.shape and not term.type.row:
        yield times(IDENTITY, term)
        yield times(inverse(S), times(S, term))
        yield add(term, neg(U), U)
    elif not term.type.rank and term.type.domain == "real":
        yield add(term, P, neg(P))
        square = [Call(SCALAR, "pow", (function(name, Q), Number(INTEGER, Fraction(2)))) for name in ("sin", "cos")]
        yield mul(term, add(*square)) if chance.random() < 0.3 else add(term, mul(P, Q), neg(mul(Q, P)))


def rewritten(term: Term, chance: random.Random, steps: int) -> Term:
    """The term after some true rewritings at random places."""
    for _ in range(steps):
        spots = [(path, part) for path, part in places(term) if not isinstance(part, Index | Size | Number)]
        path, part = chance.choice(spots)
        forms = list(equal_forms(part, chance))
        if not forms:
            continue
        form = chance.choice(forms)
        if isinstance(term, Derivative):
            inside = exchanged(term.body, path[1:], form) if path else None
            term = replace(term, body=inside) if inside is not None else term
        else:
            term = exchanged(term, path, form) or term
    return term


# --- plain arithmetic --------------------------------------------------------------------------------------------------

Plain = Any  # a number, a list of numbers, a list of rows


def sample(chance: random.Random, n: int, m: int) -> dict[str, Plain]:
    def number() -> Fraction:
        return Fraction(chance.randint(-3, 3), chance.randint(1, 2))

    def rows(height: int, width: int) -> Plain:
        return [[number() for _ in range(width)] for _ in range(height)]

    low = rows(n, n)
    spd = [[sum(low[i][k] * low[j][k] for k in range(n)) + (i == j) for j in range(n)] for i in range(n)]
    vectors = {"x": rows(1, n)[0], "u": rows(1, n)[0], "y": rows(1, m)[0]}
    return {
        "A": rows(n, n),
        "B": rows(n, n),
        "S": spd,
        "X": rows(m, n),
        **vectors,
        "a": number(),
        "b": number(),
        "#n": n,
        "#m": m,
    }


def value(term: Term, at: dict[str, Plain]) -> Plain:
    """KeyError or TypeError for what is outside of this arithmetic."""
    match term:
        case Number():
            return term.value
        case Symbol() | Index():
            return at[term.name]
        case Size():
            return Fraction(term.dimension.value({"n": at["#n"], "m": at["#m"]}))
        case Component():
            found = value(term.base, at)
            for index in term.indices:
                place = value(index, at)
                if not 1 <= place <= len(found):
                    raise KeyError("no such entry")
                found = found[int(place) - 1]
            return found
        case Reduction():
            first, last = (int(value(edge, at)) for edge in (term.binder.lower, term.binder.upper))
            parts = [value(term.body, {**at, term.binder.name: Fraction(k)}) for k in range(first, last + 1)]
            return _added(*parts) if parts else Fraction(0)
        case Derivative():
            return _difference(term, at)
        case Call(operation="identity"):
            n = at["#n"]
            return [[Fraction(i == j) for j in range(n)] for i in range(n)]
        case Call():
            return _OPERATIONS[term.operation](*(value(part, at) for part in term.arguments))
    raise KeyError(type(term).__name__)


def _difference(term: Derivative, at: dict[str, Plain]) -> Plain:
    """Central differences."""
    step = 1e-5
    floating = {name: _each(float, v) if not name.startswith("#") else v for name, v in at.items()}

    def slope(change: Callable[[float], Plain]) -> float:
        up, down = (value(term.body, {**floating, term.variable: change(side)}) for side in (step, -step))
        return float((up - down) / (2 * step))

    here = floating[term.variable]
    if not isinstance(here, list):
        return slope(lambda h: here + h)
    if not isinstance(here[0], list):
        return [slope(lambda h, i=i: [v + h * (k == i) for k, v in enumerate(here)]) for i in range(len(here))]  # type: ignore[misc]
    return [
        [
            slope(lambda h, i=i, j=j: [[v + h * ((k, c) == (i, j)) for c, v in enumerate(row)] for k, row in enumerate(here)])  # type: ignore[misc]
            for j in range(len(here[0]))
        ]
        for i in range(len(here))
    ]


def _each(rule: Callable[..., Plain], *parts: Plain) -> Plain:
    if isinstance(parts[0], list):
        return [_each(rule, *inner) for inner in zip(*parts, strict=True)]
    return rule(*parts)


def _added(*parts: Plain) -> Plain:
    return _each(lambda *numbers: sum(numbers), *parts)


def _scaled(left: Plain, right: Plain) -> Plain:
    if isinstance(left, list) and isinstance(right, list):
        return _each(lambda p, q: p * q, left, right)
    number, tensor = (right, left) if isinstance(left, list) else (left, right)
    return _each(lambda v: number * v, tensor)


def _times(left: Plain, right: Plain) -> Plain:
    if not isinstance(left[0], list) and not isinstance(right[0], list):
        return sum(p * q for p, q in zip(left, right, strict=True))
    if not isinstance(left[0], list):
        return [_times(left, column) for column in _turned(right)]
    if not isinstance(right[0], list):
        return [_times(row, right) for row in left]
    return [[_times(row, column) for column in _turned(right)] for row in left]


def _turned(part: Plain) -> Plain:
    return [list(column) for column in zip(*part, strict=True)] if isinstance(part[0], list) else part


def _inverse(part: Plain) -> Plain:
    """Gauss and Jordan; ZeroDivisionError for a singular matrix."""
    n = len(part)
    work = [[*row, *(Fraction(i == j) for j in range(n))] for i, row in enumerate(part)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda r: abs(work[r][k]))
        work[k], work[pivot] = work[pivot], work[k]
        work[k] = [v / work[k][k] for v in work[k]]
        for r in range(n):
            if r != k:
                work[r] = [v - work[r][k] * w for v, w in zip(work[r], work[k], strict=True)]
    return [row[n:] for row in work]


def _power(base: Plain, exponent: Plain) -> Plain:
    if exponent != int(exponent):
        raise KeyError("a root")
    return base ** int(exponent)


_OPERATIONS: dict[str, Callable[..., Plain]] = {
    "add": _added,
    "neg": lambda part: _each(lambda v: -v, part),
    "mul": _scaled,
    "div": lambda left, right: _each(lambda v: v / right, left),
    "pow": _power,
    "matmul": _times,
    "outer": lambda left, right: [[p * q for q in right] for p in left],
    "transpose": _turned,
    "inverse": _inverse,
    "trace": lambda part: sum(part[k][k] for k in range(len(part))),
    "exp": lambda part: math.exp(part),
    "sin": lambda part: math.sin(part),
    "cos": lambda part: math.cos(part),
}


def flat(part: Plain) -> list[Plain]:
    return [number for inner in part for number in flat(inner)] if isinstance(part, list) else [part]


def differ(left: Term, right: Term, at: dict[str, Plain]) -> bool:
    """Certainly different at this point: fractions that differ, floats that are far apart."""
    for p, q in zip(flat(value(left, at)), flat(value(right, at)), strict=True):
        far = 0 if isinstance(p, Fraction) and isinstance(q, Fraction) else 1e-3 * (1 + abs(float(p)))
        if abs(p - q) > far:
            return True
    return False
