r"""Sums over an index in closed form: infinite series, and finite sums with binomial coefficients.

Takes: the summand and the range. Gives: an expression without the index.
Guarantees: the document's assumptions say that a series converges; each closed form is the value of the sum. A series that fits
no rule raises NotSupportedYet; a finite sum stays one.

    \sum_{k >= L} p(k) r^k  ->  Newton's differences: r^L sum_j D^j p(L) r^j / (1 - r)^{j+1}
    \sum_{k >= 0} p(k) r^k / k!  ->  e^r sum_j D^j p(0) r^j / j!
    \sum_{k=0}^n \binom{n}{k} p(k) x^k y^{n-k}  ->  sum_j D^j p(0)/j! n (n-1) .. (n-j+1) x^j (x + y)^{n-j}
"""

from __future__ import annotations

from itertools import pairwise
from math import factorial

import sympy

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.environments import Frame
from eqcompiler.calculus.known_signs import positive
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Axis
from eqcompiler.languages.terms import Reduction, Term

LARGEST_DEGREE = 8


def _refuse(what: str, term: Term) -> NotSupportedYet:
    return NotSupportedYet(f"{what} has no index form yet", term.span)


def binomial_sum(body: sympy.Expr, axis: Axis) -> sympy.Expr | None:
    """The binomial theorem and its moments; None for any other finite sum."""
    if not body.has(sympy.binomial) or axis.lower not in (0, 1) or not (axis.upper.is_integer and axis.upper.is_nonnegative):
        return None
    total = sympy.S.Zero
    for part in sympy.Add.make_args(sympy.expand(body, power_base=False, power_exp=False)):
        value = _binomial_part(part, axis.index, axis.upper)
        if value is None:
            return None
        total += value - (part.subs(axis.index, 0) if axis.lower == 1 else 0)
    return total


def _binomial_part(part: sympy.Expr, k: sympy.Symbol, n: sympy.Expr) -> sympy.Expr | None:
    constant, moving = part.as_independent(k, as_Add=False)
    x, y, polynomial, coefficients = sympy.S.One, sympy.S.One, sympy.S.One, 0
    for factor in sympy.Mul.make_args(moving):
        base, exponent = factor.as_base_exp()
        if factor in (sympy.binomial(n, k), sympy.binomial(n, n - k)):
            coefficients += 1
        elif not base.has(k) and exponent.has(k):
            slope = sympy.diff(exponent, k)
            rest = sympy.expand(exponent - slope * (k if slope.is_positive else k - n))
            if not slope.is_Integer or (rest.has(n) and not rest.is_nonnegative):
                return None
            constant *= base**rest
            x, y = (x * base**slope, y) if slope.is_positive else (x, y * base ** (-slope))
        else:
            polynomial *= factor
    if coefficients != 1 or not polynomial.is_polynomial(k) or sympy.degree(polynomial, k) > LARGEST_DEGREE:
        return None
    terms = []
    for j, difference in enumerate(_differences(polynomial, k, 0)):
        falling = sympy.Mul(*(n - i for i in range(j)))
        terms.append(difference / factorial(j) * falling * x**j * sympy.expand(x + y) ** (n - j))
    return constant * sympy.Add(*terms)


def series(low: Lowers, term: Reduction, axis: Axis, frame: Frame) -> sympy.Expr:
    """A sum of p(k) r^k or p(k) r^k / k! from a number on."""
    if term.operation != "sum" or axis.upper != sympy.oo or not axis.lower.is_Integer or axis.lower < 0 or term.where:
        raise _refuse("this infinite series", term)
    inner = frame.within(axis).with_indices({term.binder.name: axis.index})
    body = low.entry(term.body, (), inner)
    k, total = axis.index, sympy.S.Zero
    for part in sympy.Add.make_args(body):
        total += _series_of_one(low, part, k, int(axis.lower), term, frame)
    return total


def _series_of_one(low: Lowers, part: sympy.Expr, k: sympy.Symbol, first: int, term: Reduction, frame: Frame) -> sympy.Expr:
    constant, moving = part.as_independent(k, as_Add=False)
    ratio, polynomial, factorials = sympy.S.One, sympy.S.One, 0
    for factor in sympy.Mul.make_args(moving):
        base, exponent = factor.as_base_exp()
        if base in (sympy.factorial(k), sympy.gamma(k + 1)) and exponent == -1:
            factorials += 1
        elif not base.has(k) and exponent.has(k):
            slope = sympy.diff(exponent, k)
            if slope.has(k):
                raise _refuse("this infinite series", term)
            ratio *= base**slope
            constant *= base ** sympy.expand(exponent - slope * k)
        else:
            polynomial *= factor
    polynomial, reciprocal = _without_reciprocal(polynomial, k, first)
    if not polynomial.is_polynomial(k) or factorials > 1 or (polynomial != 0 and sympy.degree(polynomial, k) > LARGEST_DEGREE):
        raise _refuse("this infinite series", term)
    if factorials and reciprocal:
        raise _refuse("this infinite series", term)
    if factorials:
        return constant * _exponential_series(polynomial, ratio, k, first)
    if not positive(low, 1 - ratio, frame) or not positive(low, 1 + ratio, frame):
        raise NotSupportedYet("a geometric series whose ratio may not be between -1 and 1 has no index form yet", term.span)
    differences = _differences(polynomial, k, first)
    parts = [d * ratio**j / (1 - ratio) ** (j + 1) for j, d in enumerate(differences)]
    logarithm = -sympy.log(1 - ratio) - sympy.Add(*(ratio**j / sympy.Integer(j) for j in range(1, first)))
    return constant * (ratio**first * sympy.Add(*parts) + reciprocal * logarithm)


def _without_reciprocal(body: sympy.Expr, k: sympy.Symbol, first: int) -> tuple[sympy.Expr, sympy.Expr]:
    """(q, c) with p(k)/k = q(k) + c/k for a polynomial p: sum_{k >= 1} r^k/k = -log(1 - r)."""
    raised = sympy.expand(body * k)
    if body.is_polynomial(k) or first < 1 or not raised.is_polynomial(k):
        return body, sympy.S.Zero
    rest = raised.subs(k, 0)
    return sympy.expand((raised - rest) / k), rest


def _differences(polynomial: sympy.Expr, k: sympy.Symbol, first: int) -> list[sympy.Expr]:
    """p(L), D p(L), D^2 p(L), ... by Newton's forward differences."""
    row = [polynomial.subs(k, first + j) for j in range(int(sympy.degree(polynomial, k)) + 1 if polynomial != 0 else 0)]
    found = []
    while row:
        found.append(row[0])
        row = [sympy.expand(b - a) for a, b in pairwise(row)]
    return found


def _exponential_series(polynomial: sympy.Expr, ratio: sympy.Expr, k: sympy.Symbol, first: int) -> sympy.Expr:
    whole = [d * ratio**j / factorial(j) for j, d in enumerate(_differences(polynomial, k, 0))]
    before = [polynomial.subs(k, j) * ratio**j / factorial(j) for j in range(first)]
    return sympy.exp(ratio) * sympy.Add(*whole) - sympy.Add(*before)
