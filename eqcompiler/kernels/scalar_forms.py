"""Stable forms of sums, products, powers and logarithms whose parts are stable already.

Takes: one SymPy node. Gives: an equal one, made of `stable_functions` where a pattern is met.
Guarantees: equal in exact arithmetic wherever the original is defined.

    1/(1 + exp(-z)) = Sigmoid(z)    1 - Sigmoid(z) = Sigmoid(-z)    exp(z)*Sigmoid(-z) = Sigmoid(z)
    log(1 + exp(z)) = Softplus(z)   exp(z) - 1 = Expm1(z)           (exp(z) - exp(-z))/(exp(z) + exp(-z)) = tanh(z)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy

from eqcompiler.kernels.stable_functions import Expm1, Log1p, LogisticLoss, Sigmoid, Softplus, XLogX

BodyOf = Callable[[sympy.Expr], "sympy.Expr | None"]


def divides(power: sympy.Expr) -> bool:
    return bool(power.is_number and power.is_negative)


def exponential_pair(value: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr] | None:
    """(c, a, b) for c exp(a) + c exp(b) with a number c > 0; exp(0) is 1."""
    if not isinstance(value, sympy.Add) or len(value.args) != 2 or not value.has(sympy.exp):
        return None
    (c, first), (d, second) = (part.as_coeff_Mul() for part in value.args)
    exponents = [sympy.Integer(0) if part == 1 else part.args[0] for part in (first, second) if part == 1 or _is_exp(part)]
    return (c, exponents[0], exponents[1]) if len(exponents) == 2 and c == d and c > 0 else None


def _is_exp(value: sympy.Expr) -> bool:
    return isinstance(value, sympy.exp)


def stable_power(base: sympy.Expr, power: sympy.Expr) -> sympy.Expr:
    pair = exponential_pair(base) if divides(power) else None
    if pair is None:
        return base**power
    c, a, b = pair
    return c**power * sympy.exp(power * a) * Sigmoid(a - b) ** -power


def stable_product(value: sympy.Expr) -> sympy.Expr:
    for rule in (_sigmoid_turned, _hyperbolic_quotient, _x_log_x):
        changed = rule(value)
        if changed is not None:
            return stable_product(changed)
    return value


def _sigmoid_turned(value: sympy.Expr) -> sympy.Expr | None:
    """exp(u)*Sigmoid(-u) is Sigmoid(u)."""
    parts = sympy.Mul.make_args(value)
    for part in parts:
        base, power = part.as_base_exp()
        if not isinstance(base, Sigmoid) or not power.is_Integer or power < 1:
            continue
        u = -base.args[0]
        for other in parts:
            if isinstance(other, sympy.exp) and (other.args[0] / u).is_Integer and 1 <= other.args[0] / u <= power:
                return value / other / base ** (other.args[0] / u) * Sigmoid(u) ** (other.args[0] / u)
    return None


def _hyperbolic_quotient(value: sympy.Expr) -> sympy.Expr | None:
    """sinh(u)/cosh(u) is tanh(u); exp(u)/cosh(u) is 2*Sigmoid(2*u)."""
    parts = sympy.Mul.make_args(value)
    for part in parts:
        base, power = part.as_base_exp()
        for other in parts:
            if isinstance(base, sympy.cosh) and power.is_Integer and power < 0 and isinstance(other, sympy.exp):
                k = other.args[0] / base.args[0]
                if k.is_Integer and 1 <= abs(k) <= -power:
                    return value / other * base ** abs(k) * (2 * Sigmoid(2 * sympy.sign(k) * base.args[0])) ** abs(k)
        if isinstance(part, sympy.sinh) and 1 / sympy.cosh(part.args[0]) in parts:
            return value / part * sympy.cosh(part.args[0]) * sympy.tanh(part.args[0])
    return None


def _x_log_x(value: sympy.Expr) -> sympy.Expr | None:
    parts = sympy.Mul.make_args(value)
    for part in parts:
        if isinstance(part, sympy.log) and part.args[0] in parts:
            return value / part / part.args[0] * XLogX(part.args[0])
    return None


def stable_sum(value: sympy.Expr, body_of: BodyOf) -> sympy.Expr:
    for rule in (_turned, _exponential_minus_one, _hyperbolic, _logistic_loss):
        for changed in rule(value, body_of):
            return stable_sum(changed, body_of)
    return value


def _turned(value: sympy.Expr, body_of: BodyOf) -> Iterator[sympy.Expr]:
    """c - c*Sigmoid(z) is c*Sigmoid(-z)."""
    parts = sympy.Add.make_args(value)
    for part in parts:
        c, inside = part.as_coeff_Mul()
        inside = inside if isinstance(inside, Sigmoid) else (body_of(inside) or inside)
        if isinstance(inside, Sigmoid) and -c in parts:
            yield value - part + c - c * Sigmoid(-inside.args[0])


def _exponential_minus_one(value: sympy.Expr, body_of: BodyOf) -> Iterator[sympy.Expr]:
    parts = sympy.Add.make_args(value)
    for part in parts:
        c, inside = part.as_coeff_Mul()
        if _is_exp(inside) and -c in parts:
            yield value - part + c + c * Expm1(inside.args[0])


def _hyperbolic(value: sympy.Expr, body_of: BodyOf) -> Iterator[sympy.Expr]:
    """c exp(u) + c exp(-u) is 2 c cosh(u); with a minus, 2 c sinh(u)."""
    parts = sympy.Add.make_args(value)
    for part in parts:
        c, inside = part.as_coeff_Mul()
        if not _is_exp(inside) or inside.args[0].could_extract_minus_sign():
            continue
        u = inside.args[0]
        for sign, function in ((1, sympy.cosh), (-1, sympy.sinh)):
            if sign * c * sympy.exp(-u) in parts:
                yield value - part - sign * c * sympy.exp(-u) + 2 * c * function(u)


def _logistic_loss(value: sympy.Expr, body_of: BodyOf) -> Iterator[sympy.Expr]:
    """c*Softplus(z) - c*y*z keeps its digits where z is large and y is 1."""
    parts = sympy.Add.make_args(value)
    for part in parts:
        c, inside = part.as_coeff_Mul()
        if not isinstance(inside, Softplus):
            continue
        z = inside.args[0]
        for other in parts:
            y = _quotient(-other / c, z)
            if other != part and y is not None:
                yield value - part - other + c * LogisticLoss(z, y)


def _quotient(value: sympy.Expr, z: sympy.Expr) -> sympy.Expr | None:
    """y where the value is y*z with z among its factors; a number alone is never divided."""
    for sign in (1, -1):
        factors, wanted = list(sympy.Mul.make_args(value)), [f for f in sympy.Mul.make_args(sign * z) if not f.is_number]
        if wanted and all(factor in factors for factor in wanted):
            return value / z
    return None


def log_of_scalar(value: sympy.Expr, positive: frozenset[str]) -> sympy.Expr:
    """log(1 + exp(z)), log(1 + x), and log(b^e) = e log(b) for b that cannot be negative."""
    pair = exponential_pair(value)
    if pair is not None:
        c, a, b = pair
        return sympy.log(c) + a + Softplus(b - a)
    if isinstance(value, sympy.Add) and sympy.Integer(1) in value.args and not (value - 1).is_number:
        return Log1p(value - 1)
    if isinstance(value, sympy.Pow) and value.exp == -1:
        return -log_of_scalar(value.base, positive)
    if isinstance(value, sympy.Pow) and not value.exp.is_number and _is_nonnegative(value.base, positive):
        return value.exp * sympy.log(value.base)
    return sympy.log(value)


def _is_nonnegative(value: sympy.Expr, positive: frozenset[str]) -> bool:
    if isinstance(value, sympy.Mul):
        return all(_is_nonnegative(part, positive) for part in value.args)
    if isinstance(value, sympy.Pow):
        return _is_nonnegative(value.base, positive)
    return bool(value.is_nonnegative) or (isinstance(value, sympy.Symbol) and value.name in positive)
