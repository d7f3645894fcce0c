"""Matrix products in index form.

Takes: a matmul of the terms language and a position. Gives: that entry, as nested sums.
Guarantees: products are flattened first, transposes pushed to the factors; with a vector at an end no matrix is made.

    u^T A B x    ->    Sum(u[i]*Sum(A[i, j]*Sum(B[j, k]*x[k], (k, 1, p)), (j, 1, n)), (i, 1, m))
"""

from __future__ import annotations

import sympy

from eqcompiler.calculus.axis_sums import Layout, Lowers, split_of, sum_over
from eqcompiler.calculus.environments import Frame, Position, expression
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Call, Term

Oriented = tuple[Term, bool]  # a matrix and whether it stands transposed


def factors_of(term: Term, turned: bool) -> list[Oriented]:
    """A matrix as a list of factors, transposes pushed to the factors."""
    if isinstance(term, Call) and term.operation == "transpose":
        return factors_of(term.arguments[0], not turned)
    if isinstance(term, Call) and term.operation == "matmul":
        left, right = (factors_of(a, turned) for a in term.arguments)
        return right + left if turned else left + right
    return [(term, turned)]


def _right_end(term: Term) -> tuple[list[Oriented], Term]:
    """A vector M1 ... Mk v as its matrices and v; v^T M is M^T v."""
    if isinstance(term, Call) and term.operation == "transpose":
        return _right_end(term.arguments[0])
    if isinstance(term, Call) and term.operation == "matmul":
        first, second = term.arguments
        matrix, vector, turned = (first, second, False) if first.type.rank == 2 else (second, first, True)
        matrices, end = _right_end(vector)
        return factors_of(matrix, turned) + matrices, end
    return [], term


def _shape(oriented: Oriented) -> tuple[Dimension, ...]:
    term, turned = oriented
    return term.type.shape[::-1] if turned else term.type.shape


def _layout(oriented: Oriented, axis: int) -> Layout | None:
    term, turned = oriented
    return split_of(term, 1 - axis if turned else axis)


def _cell(low: Lowers, oriented: Oriented, row: Position, column: Position, frame: Frame) -> sympy.Expr:
    term, turned = oriented
    return low.entry(term, (column, row) if turned else (row, column), frame)


def _without_identities(chain: list[Oriented], keep: int) -> list[Oriented]:
    """Identity factors do nothing as long as `keep` factors remain."""
    others = [factor for factor in chain if not (isinstance(factor[0], Call) and factor[0].operation == "identity")]
    return others if len(others) >= keep else chain[:keep]


def _applied(low: Lowers, chain: list[Oriented], vector: Term, at: Position, frame: Frame) -> sympy.Expr:
    """(M1 (M2 ... (Mk v))) at one position: never a product of two matrices."""
    if not chain:
        return low.entry(vector, (at,), frame)
    first, rest = chain[0], chain[1:]
    layout = _layout(first, 1) or (_layout(rest[0], 0) if rest else split_of(vector, 0))

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return _cell(low, first, at, k, inner) * _applied(low, rest, vector, k, inner)

    return sum_over(low, _shape(first)[1], frame, term, layout)


def product_entry(low: Lowers, chain: list[Oriented], row: Position, column: Position, frame: Frame) -> sympy.Expr:
    """((M1 M2) ... Mk) at one position."""
    last, rest = chain[-1], chain[:-1]
    if not rest:
        return _cell(low, last, row, column, frame)
    layout = _layout(last, 0) or _layout(rest[-1], 1)

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return product_entry(low, rest, row, k, inner) * _cell(low, last, k, column, inner)

    return sum_over(low, _shape(last)[0], frame, term, layout)


def matmul(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if call.type.rank == 2:
        return product_entry(low, _without_identities(factors_of(call, False), 1), at[0], at[1], frame)
    if call.type.rank == 1:
        chain, vector = _right_end(call)
        return _applied(low, _without_identities(chain, 0), vector, at[0], frame)
    return _inner(low, call.arguments[0], call.arguments[1], frame)


def _inner(low: Lowers, left: Term, right: Term, frame: Frame) -> sympy.Expr:
    """u^T v. In u^T A B v all matrices are applied to v; (A x)^T (B y) is one sum over the axis that they share."""
    turned, start = _right_end(left)
    more, end = _right_end(right)
    if turned and (more or left == right):
        layout = split_of(left, 0) or split_of(right, 0)
        return sum_over(
            low, left.type.shape[0], frame, lambda k, f: low.entry(left, (k,), f) * low.entry(right, (k,), f), layout
        )
    through = _without_identities([(term, not flag) for term, flag in reversed(turned)] + more, 0)
    layout = split_of(start, 0) or (_layout(through[0], 0) if through else split_of(end, 0))

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return low.entry(start, (k,), inner) * _applied(low, through, end, k, inner)

    return sum_over(low, start.type.shape[0], frame, term, layout)


def outer(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    left, right = call.arguments
    return low.entry(left, (at[0],), frame) * low.entry(right, (at[1],), frame)


def cross(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    left, right = call.arguments
    here = expression(at[0])

    def component(number: int) -> sympy.Expr:
        a, b = (sympy.Integer(number % 3 + 1), sympy.Integer((number + 1) % 3 + 1))
        first = low.entry(left, (a,), frame) * low.entry(right, (b,), frame)
        return first - low.entry(left, (b,), frame) * low.entry(right, (a,), frame)

    if here.is_Integer:
        return component(int(here))
    return sympy.Piecewise(*((component(number), sympy.Eq(here, number)) for number in (1, 2)), (component(3), True))
