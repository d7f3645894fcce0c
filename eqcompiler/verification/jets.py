"""Forward derivatives: a jet is a number with its partial derivatives, and jets may hold jets.

Takes: numbers of a field. Gives: `Jet` arithmetic, every elementary function with its slope, seeds and their read-out.
Guarantees: exact over rationals, rigorous over balls, nothing symbolic. Each Derivative has a level of its own; an inner one
has the larger level and sees outer jets as plain numbers, so that nested derivatives cannot be confused.
The variable's entries are independent: a symmetric matrix is not constrained (its gradient is that of a general matrix).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from flint import arb, fmpq

from eqcompiler.verification import fields
from eqcompiler.verification.contours import OfVariable
from eqcompiler.verification.fields import HALF, ONE, ZERO, NotDifferentiable, Number, Undefined, sign


class Jet:
    """value + sum over k of tangent[k] * (direction k of the Derivative `level`)."""

    __slots__ = ("level", "tangent", "value")

    def __init__(self, level: int, value: Number, tangent: list[Number]) -> None:
        self.level = level
        self.value = value
        self.tangent = tangent

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Jet):
            if other.level == self.level:
                pairs = zip(self.tangent, other.tangent, strict=True)
                return Jet(self.level, self.value + other.value, [a + b for a, b in pairs])
            if other.level > self.level:
                return Jet(other.level, self + other.value, other.tangent)
        elif isinstance(other, np.ndarray):
            return NotImplemented
        return Jet(self.level, self.value + other, self.tangent)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet(self.level, -self.value, [-a for a in self.tangent])

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Jet):
            if other.level == self.level:
                u, v = self.value, other.value
                pairs = zip(self.tangent, other.tangent, strict=True)
                return Jet(self.level, u * v, [a * v + u * b for a, b in pairs])
            if other.level > self.level:
                return Jet(other.level, self * other.value, [self * b for b in other.tangent])
        elif isinstance(other, np.ndarray):
            return NotImplemented
        return Jet(self.level, self.value * other, [a * other for a in self.tangent])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return divide(other, self)

    def __repr__(self) -> str:
        return f"Jet({self.level}, {self.value}, {self.tangent})"


def base(x: Number) -> Number:
    """The plain number under all jets."""
    while isinstance(x, Jet):
        x = x.value
    return x


def shortened(value: Any) -> Any:
    """The value, with balls in place of rationals of too many digits."""
    if isinstance(value, np.ndarray):
        return tensor([_short(x) for x in value.flat], value.shape)
    return _short(value) if not isinstance(value, tuple) else value


def _short(x: Number) -> Number:
    return Jet(x.level, _short(x.value), [_short(part) for part in x.tangent]) if isinstance(x, Jet) else fields.short(x)


def leaves(x: Number) -> Iterator[Number]:
    """Every plain number in a jet, in a fixed order."""
    if isinstance(x, Jet):
        yield from leaves(x.value)
        for part in x.tangent:
            yield from leaves(part)
    else:
        yield x


def depth(x: Number) -> int:
    """How many derivatives are nested in this number."""
    return 1 + max(depth(part) for part in (x.value, *x.tangent)) if isinstance(x, Jet) else 0


def divide(a: Number, b: Number) -> Number:
    return a * reciprocal(b) if isinstance(b, Jet) or isinstance(a, Jet) else fields.divide(a, b)


def reciprocal(x: Number) -> Number:
    if not isinstance(x, Jet):
        return fields.divide(ONE, x)
    inverse = reciprocal(x.value)
    slope = -(inverse * inverse)
    return Jet(x.level, inverse, [slope * a for a in x.tangent])


def _chain(x: Jet, value: Number, slope: Number) -> Jet:
    return Jet(x.level, value, [slope * a for a in x.tangent])


def apply(name: str, x: Number) -> Number:
    """An elementary function of a number or a jet. Raises NotDifferentiable at a kink or jump."""
    if not isinstance(x, Jet):
        return fields.elementary(name, x)
    value = apply(name, x.value)
    return _chain(x, value, _SLOPES[name](x.value, value))


def _off_zero(name: str, slope: Callable[[int], Number]) -> Callable[[Number, Number], Number]:
    def rule(x: Number, _: Number) -> Number:
        side = sign(base(x))
        if side == 0:
            raise NotDifferentiable(f"{name} is not differentiable at 0")
        return slope(side)

    return rule


def _flat(name: str) -> Callable[[Number, Number], Number]:
    def rule(x: Number, y: Number) -> Number:
        if sign(base(x) - base(y)) == 0:
            raise NotDifferentiable(f"{name} jumps at {base(x)}")
        return ZERO

    return rule


def _root_slope(x: Number, y: Number) -> Number:
    if sign(base(x)) == 0:
        raise NotDifferentiable("sqrt is not differentiable at 0")
    return divide(HALF, y)


def _inverse_sine_slope(x: Number, _: Number) -> Number:
    inside = 1 - x * x
    if sign(base(inside)) == 0:
        raise NotDifferentiable("asin and acos are not differentiable at 1 and -1")
    return reciprocal(apply("sqrt", inside))


def pi_like(x: Number) -> Number:
    return fields.COMPLEX.pi() if isinstance(base(x), complex) else arb.pi()


# name -> derivative from the argument x and the value y
_SLOPES: dict[str, Callable[[Number, Number], Number]] = {
    "exp": lambda x, y: y,
    "log": lambda x, y: reciprocal(x),
    "sqrt": _root_slope,
    "sin": lambda x, y: apply("cos", x),
    "cos": lambda x, y: -apply("sin", x),
    "tan": lambda x, y: 1 + y * y,
    "cot": lambda x, y: -(1 + y * y),
    "sec": lambda x, y: y * apply("tan", x),
    "csc": lambda x, y: -(y * apply("cot", x)),
    "asin": _inverse_sine_slope,
    "acos": lambda x, y: -_inverse_sine_slope(x, y),
    "atan": lambda x, y: reciprocal(1 + x * x),
    "sinh": lambda x, y: apply("cosh", x),
    "cosh": lambda x, y: apply("sinh", x),
    "tanh": lambda x, y: 1 - y * y,
    "asinh": lambda x, y: reciprocal(apply("sqrt", 1 + x * x)),
    "acosh": lambda x, y: reciprocal(apply("sqrt", x * x - 1)),
    "atanh": lambda x, y: reciprocal(1 - x * x),
    "erf": lambda x, y: divide(2 * apply("exp", -(x * x)), apply("sqrt", pi_like(x))),
    "abs": _off_zero("abs", lambda side: fmpq(side)),
    "sign": _off_zero("sign", lambda side: ZERO),
    "gamma": lambda x, y: y * polygamma(0, x),
    "loggamma": lambda x, y: polygamma(0, x),
    "floor": _flat("floor"),
    "ceil": _flat("ceil"),
    "sigmoid": lambda x, y: y * (1 - y),
    "softplus": lambda x, y: apply("sigmoid", x),
    "relu": _off_zero("relu", lambda side: ONE if side > 0 else ZERO),
}


def polygamma(order: int, x: Number) -> Number:
    if not isinstance(x, Jet):
        return fields.polygamma(order, x)
    return _chain(x, polygamma(order, x.value), polygamma(order + 1, x.value))


def power(x: Number, y: Number) -> Number:
    """x**y; a derivative in the exponent needs a positive base."""
    if isinstance(y, Jet):
        return apply("exp", y * apply("log", x))
    if not isinstance(x, Jet):
        return fields.power(x, y)
    whole = fields.whole_number(y)
    if whole is not None:
        return fields.integer_power(x, whole) if whole >= 0 else fields.integer_power(reciprocal(x), -whole)
    if sign(base(x)) == 0 and sign(y - 1) < 0:
        raise NotDifferentiable(f"the power {y} is not differentiable at 0")
    return _chain(x, power(x.value, y), y * power(x.value, y - 1))


def compare(a: Number, b: Number) -> int:
    """The sign of a - b. Raises NotDifferentiable at a tie whose sides would move apart."""
    difference = a - b
    side = sign(base(difference))
    if side == 0 and any(_moves(part) for part in leaves(difference)):
        raise NotDifferentiable("two values are equal here, and their derivatives differ")
    return side


def _moves(part: Number) -> bool:
    known_zero = part == 0  # a ball around zero is neither == 0 nor != 0
    return not known_zero


def larger(a: Number, b: Number) -> Number:
    if isinstance(a, OfVariable) or isinstance(b, OfVariable):
        return (a + b + apply("abs", a - b)) * fields.HALF
    kinds = {type(a), type(b)}
    if arb in kinds and kinds <= {arb, fmpq}:
        return fields.ball(a).max(fields.ball(b))
    return a if compare(a, b) >= 0 else b


def smaller(a: Number, b: Number) -> Number:
    return -larger(-a, -b)


def seed(value: Any, level: int) -> Any:
    """The variable with one direction per entry, in C order."""
    if not isinstance(value, np.ndarray):
        return Jet(level, value, [ONE])
    units = [[ONE if k == j else ZERO for j in range(value.size)] for k in range(value.size)]
    return tensor([Jet(level, x, units[k]) for k, x in enumerate(value.flat)], value.shape)


def tangents(result: Any, level: int, shape: tuple[int, ...]) -> Any:
    """The derivatives with respect to the seeded variable of that shape: the result's axes, then the variable's."""
    count = math.prod(shape)
    entries = list(result.flat) if isinstance(result, np.ndarray) else [result]
    parts = [part for x in entries for part in (x.tangent if isinstance(x, Jet) and x.level == level else [ZERO] * count)]
    outer = result.shape if isinstance(result, np.ndarray) else ()
    return tensor(parts, outer + shape)


def seed_members(members: tuple[Any, ...], level: int) -> tuple[Any, ...]:
    """A family as one variable: one direction per entry, member after member."""
    sizes = [member.size for member in members]
    flat = seed(tensor([x for member in members for x in member.flat], (sum(sizes),)), level)
    ends = np.cumsum(sizes)
    return tuple(flat[end - size : end].reshape(m.shape) for m, size, end in zip(members, sizes, ends, strict=True))


def member_tangents(result: Any, level: int, shapes: list[tuple[int, ...]]) -> tuple[Any, ...]:
    """The derivatives with respect to a seeded family: for each member the result's axes, then the member's."""
    sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]
    whole = tangents(result, level, (sum(sizes),))
    ends = np.cumsum(sizes)
    cut = [whole[..., end - size : end] for size, end in zip(sizes, ends, strict=True)]
    return tuple(part.reshape((*part.shape[:-1], *shape)) for part, shape in zip(cut, shapes, strict=True))


def tensor(entries: list[Number], shape: tuple[int, ...]) -> Any:
    """Entries in C order as an array of objects; a plain number for shape ()."""
    if shape == ():
        return entries[0]
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(shape)


def require_plain(x: Number, what: str) -> None:
    if isinstance(x, Jet):
        raise NotDifferentiable(f"{what} has no derivative")
    if not isinstance(x, fmpq | arb | complex):
        raise Undefined(f"{what} of {x!r}")
