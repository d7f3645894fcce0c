r"""Expectations of functions without a body: E[p(x) f(a x + c)] for a Gaussian number x and a polynomial p.

Takes: the polynomial factors and the call of the function or of one of its derivatives. Gives: an expression in
F(m, v) = E[f(y)], y ~ N(m, v), a function without a body itself, and its derivatives in m.
Guarantees: identities for every differentiable f whose expectations exist, by integration by parts:

    E[f^(j)(y)] = d^j F / dm^j                        E[p(x) h(x)] = sum_k V^k / k! E[p^(k)(x)] E[h^(k)(x)],  V = Var x

The second is Stein's lemma, E[(x - mu) h(x)] = V E[h'(x)], as often as the degree of p says.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial
from typing import Protocol

import sympy

from eqcompiler.calculus.environments import Position
from eqcompiler.calculus.unknown_words import MEAN
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import UnknownValue, unknown_operation
from eqcompiler.languages.terms import SCALAR, Call, Derivative, Number, Symbol, Term, UnknownCall

LARGEST_DEGREE = 6


class Gaussian(Protocol):
    """One Gaussian number and what can be computed about it."""

    @property
    def name(self) -> str: ...

    def polynomial(self, term: Term, at: tuple[Position, ...], degree: int) -> sympy.Expr: ...

    def mean(self, term: Term) -> sympy.Expr: ...

    def variance(self, term: Term) -> sympy.Expr: ...

    def degree(self, term: Term) -> int | None: ...


def unknown_call(term: Term) -> tuple[str, int, Term] | None:
    """f(u), f'(u), f''(u), ... of numbers: the function, how often it is differentiated, u."""
    order, point, variable = 0, None, None
    while isinstance(term, Derivative):
        if term.type.rank or (variable is not None and (term.point is not None or term.variable != variable)):
            return None
        if variable is None:
            point, variable = term.point, term.variable
        order, term = order + 1, term.body
    if not isinstance(term, UnknownCall) or len(term.arguments) != 1 or term.type.rank or term.arguments[0].type.rank:
        return None
    (argument,) = term.arguments
    if variable is None:
        return term.name, 0, argument
    return (term.name, order, argument if point is None else point) if argument == Symbol(SCALAR, variable) else None


def expected(gaussian: Gaussian, polynomials: Sequence[Term], call: tuple[str, int, Term], whole: Term) -> sympy.Expr:
    function, order, inside = call
    polynomial: Term = Call(SCALAR, "mul", tuple(polynomials)) if polynomials else Number(SCALAR, Fraction(1))
    degree = gaussian.degree(polynomial)
    if gaussian.degree(inside) != 1 or degree is None or degree > LARGEST_DEGREE:
        raise NotSupportedYet("the expectation of this function has no index form yet", whole.span)
    x = Symbol(SCALAR, gaussian.name)
    slope = gaussian.mean(Derivative(SCALAR, inside, gaussian.name))
    spread = gaussian.variance(x) * slope
    center, width = gaussian.mean(inside), gaussian.variance(inside)
    total: sympy.Expr = sympy.S.Zero
    for k in range(degree + 1):
        own = UnknownValue(unknown_operation(f"{MEAN}{function}", (0,) * (order + k)), center, width)
        total += spread**k / factorial(k) * gaussian.polynomial(polynomial, (), degree - k) * own
        polynomial = Derivative(SCALAR, polynomial, gaussian.name)
    return total
