"""How far a computed value can be from exact: one rule for each operation.

Takes: operands with their errors. Gives: the value with its own, relative*u*|value| + absolute with u = 2^-53.
Guarantees: a bound for every order of evaluation: each rule counts the roundings of its operation and carries the errors of
the operands through by a bound of the derivative between them. Terms that are smaller by another factor of u are left to the
last factor, 1 + 2^-20, that a caller applies; numbers near the end of the range of float64 to whoever uses the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy

from eqcompiler.kernels.stable_functions import (
    Apart,
    ExpDifference,
    Expm1,
    Log1p,
    LogisticLoss,
    LogOfSum,
    Sigmoid,
    Softplus,
    Ties,
    XLogX,
)
from eqcompiler.languages.accuracy import UNIT

ZERO, ONE = sympy.Integer(0), sympy.Integer(1)
# roundings, in units of u, for arguments that are exact; 1 ulp is at most 2 u. Those of our own texts as their texts say
LIBRARY = sympy.Integer(2)  # functions of the C library: 1 ulp
OWN_EXP = sympy.Rational(11, 5)  # 1.1 ulp
OWN_LOG = sympy.Rational(17, 5)  # 1.7 ulp


@dataclass(frozen=True, slots=True)
class Rounding:
    """A value as it is computed. The exact one differs by at most `error`."""

    value: sympy.Expr
    relative: sympy.Expr = ZERO
    absolute: sympy.Expr = ZERO

    @property
    def error(self) -> sympy.Expr:
        return self.relative * UNIT * sympy.Abs(self.value) + self.absolute

    @property
    def is_exact(self) -> bool:
        return bool(self.relative == 0 and self.absolute == 0)


def product(factors: Sequence[Rounding]) -> Rounding:
    """One rounding for each factor after the first. A sign costs nothing, and the division of a factor 1/f is that rounding."""
    counted = [f for f in factors if f.value not in (1, -1)]
    divisions = sum(1 for f in counted if isinstance(f.value, sympy.Pow) and f.value.exp.could_extract_minus_sign())
    roundings = max(len(counted) - 1 - divisions, 0)
    absolute = sympy.Add(
        *(
            f.absolute * sympy.Mul(*(sympy.Abs(g.value) + g.absolute for g in factors if g is not f))
            for f in factors
            if f.absolute != 0
        )
    )
    relative = sympy.Add(*(f.relative for f in factors), roundings)
    return Rounding(sympy.Mul(*(f.value for f in factors)), relative, absolute)


def power(base: Rounding, exponent: sympy.Expr) -> Rounding:
    """An exponent without error: a number, or a whole number that is known when the kernel runs."""
    value, size, error = base.value**exponent, sympy.Abs(base.value), base.absolute
    if exponent == sympy.Rational(1, 2):
        return Rounding(value, base.relative / 2 + 1, error / value)
    if exponent == -sympy.Rational(1, 2):
        return Rounding(value, base.relative / 2 + 2, ZERO if error == 0 else value * Expm1(relative_error(base) / 2))
    steps = sympy.Abs(exponent) * (base.relative + 1) if exponent.is_integer else sympy.Abs(exponent) * base.relative + LIBRARY
    steps -= 1 if exponent.is_integer and exponent.is_positive else 0
    if error == 0:
        return Rounding(value, steps)
    if exponent.is_integer and exponent.is_positive:
        return Rounding(value, steps, exponent * error * (size + error) ** (exponent - 1))
    return Rounding(value, steps, sympy.Abs(value) * Expm1(sympy.Abs(exponent) * relative_error(base)))


def relative_error(z: Rounding) -> sympy.Expr:
    """A bound of |log(exact/computed)| for a number other than 0: the error over what is surely left of the number."""
    if z.absolute == 0:
        return z.relative * UNIT
    return z.error / sympy.Max(sympy.Abs(z.value) - z.error, 0)


def _exponential(kind: Callable[..., sympy.Expr], roundings: sympy.Expr) -> Callable[..., Rounding]:
    """A positive function whose logarithm has a derivative of at most 1 in each argument."""

    def rule(*arguments: Rounding) -> Rounding:
        value = kind(*(z.value for z in arguments))
        moved = sympy.Add(*(z.error for z in arguments))
        return Rounding(value, roundings, ZERO if moved == 0 else value * Expm1(moved))

    return rule


def _softplus(z: Rounding) -> Rounding:
    """Its derivative is at most 1, and so is that of its logarithm."""
    value = Softplus(z.value)
    absolute = ZERO if z.is_exact else sympy.Min(z.error, value * Expm1(z.error))
    return Rounding(value, OWN_EXP + OWN_LOG + 1, absolute)


def _logarithm(z: Rounding) -> Rounding:
    return Rounding(sympy.log(z.value), LIBRARY, relative_error(z))


def _log_of_1_plus(z: Rounding) -> Rounding:
    absolute = ZERO if z.is_exact else z.error / sympy.Max(1 + z.value - z.error, 0)
    return Rounding(Log1p(z.value), LIBRARY, absolute)


def _exponential_minus_1(z: Rounding) -> Rounding:
    value = Expm1(z.value)
    return Rounding(value, LIBRARY, ZERO if z.is_exact else (1 + sympy.Abs(value)) * Expm1(z.error))


def _x_log_x(z: Rounding) -> Rounding:
    steepest = ZERO if z.is_exact else 1 + sympy.Abs(sympy.log(z.value)) + relative_error(z)
    return Rounding(XLogX(z.value), LIBRARY + 1, z.error * steepest)


def _apart(term: Rounding, a: Rounding, b: Rounding) -> Rounding:
    return Rounding(Apart(term.value, a.value, b.value), term.relative, term.absolute)


def _ties(a: Rounding, b: Rounding) -> Rounding:
    """1 stands for exp(a - b) of two that are computed as equal."""
    moved = a.error + b.error
    return Rounding(Ties(a.value, b.value), ZERO, ZERO if moved == 0 else Expm1(moved))


def _size(z: Rounding) -> Rounding:
    return Rounding(sympy.Abs(z.value), z.relative, z.absolute)


def largest(a: Rounding, b: Rounding) -> Rounding:
    """What is surely the smaller one does not count."""
    value = sympy.Max(a.value, b.value)
    if a.is_exact and b.is_exact:
        return Rounding(value)
    return Rounding(value, ZERO, sympy.Max(_reach(a, b), _reach(b, a)))


def _reach(a: Rounding, b: Rounding) -> sympy.Expr:
    """How far `a` may move the larger of the two."""
    return sympy.Min(a.error, sympy.Max(0, a.value + a.error - b.value + b.error)) if not a.is_exact else ZERO


RULES: dict[type, Callable[..., Rounding]] = {
    sympy.exp: _exponential(sympy.exp, OWN_EXP),
    ExpDifference: _exponential(ExpDifference, OWN_EXP + 1),
    Sigmoid: _exponential(Sigmoid, OWN_EXP + 3),
    Softplus: _softplus,
    sympy.log: _logarithm,
    Log1p: _log_of_1_plus,
    Expm1: _exponential_minus_1,
    XLogX: _x_log_x,
    Apart: _apart,
    Ties: _ties,
    sympy.Abs: _size,
}


def _logistic_loss(z: sympy.Expr, y: sympy.Expr) -> sympy.Expr:
    return sympy.Max(z, 0) * (1 - y) + sympy.Max(-z, 0) * y + Softplus(-sympy.Abs(z))


# functions that are sums: the sum can be compensated
SUMS: dict[type, Callable[..., sympy.Expr]] = {
    LogisticLoss: _logistic_loss,
    LogOfSum: lambda ties, others: Log1p(ties - 1 + others),
}
