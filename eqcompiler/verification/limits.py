"""Limits by Laurent series: x = a + h, and every operation keeps a number of coefficients of the powers of h.

Takes: the body of a limit as a function of a number. Gives: its limit, exact where the coefficients are rational.
Guarantees: a limit is the coefficient of h^0 of a Laurent series that has no negative powers, so that the function is
analytic there and both sides agree; a pole raises Undefined, an essential singularity or a kink NotSupportedYet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification.contours import OfVariable
from eqcompiler.verification.fields import (
    HALF,
    ONE,
    ZERO,
    Divergent,
    Imprecise,
    Number,
    Undefined,
    divide,
    elementary,
    power,
    sign,
)
from eqcompiler.verification.fields import whole_number as whole

FIRST_ORDER, LAST_ORDER = 8, 64


class TooShort(Exception):
    """All kept coefficients are zero: more are needed."""


class Laurent(OfVariable):
    """h^start * (c0 + c1 h + ...), with c0 not zero unless the whole is zero to this order."""

    __slots__ = ("coefficients", "start")

    def __init__(self, start: int, coefficients: list[Number]) -> None:
        leading = 0
        while leading < len(coefficients) - 1 and _zero(coefficients[leading]):
            leading += 1
        self.start = start + leading
        self.coefficients = coefficients[leading:]

    @property
    def end(self) -> int:
        """The first power of h that is not known."""
        return self.start + len(self.coefficients)

    def at(self, k: int) -> Number:
        return self.coefficients[k - self.start] if self.start <= k < self.end else ZERO

    def like(self, other: Any) -> Laurent:
        return other if isinstance(other, Laurent) else _constant(other, max(1, self.end))

    def __add__(self, other: Any) -> Any:
        if not _combines(other):
            return NotImplemented
        right = self.like(other)
        low, end = min(self.start, right.start), min(self.end, right.end)
        if end <= low:
            raise TooShort
        return Laurent(low, [self.at(k) + right.at(k) for k in range(low, end)])

    __radd__ = __add__

    def __neg__(self) -> Laurent:
        return Laurent(self.start, [-c for c in self.coefficients])

    def __sub__(self, other: Any) -> Any:
        return self + -other if _combines(other) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not _combines(other):
            return NotImplemented
        if not isinstance(other, Laurent):
            return Laurent(self.start, [c * other for c in self.coefficients])
        size = min(len(self.coefficients), len(other.coefficients))
        return Laurent(self.start + other.start, _product(self.coefficients, other.coefficients, size))

    __rmul__ = __mul__

    def reciprocal(self) -> Laurent:
        first = self.coefficients[0]
        if _zero(first):
            raise TooShort
        inverse = [divide(ONE, first)]
        for k in range(1, len(self.coefficients)):
            total = sum((self.coefficients[j] * inverse[k - j] for j in range(1, k + 1)), ZERO)
            inverse.append(-total * inverse[0])
        return Laurent(-self.start, inverse)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Laurent):
            return self * other.reciprocal()
        return self * divide(ONE, other) if _combines(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return self.reciprocal() * other

    # ---- functions

    def taylor(self, what: str) -> list[Number]:
        """The coefficients of h^0, h^1, ...; a pole inside a function is refused."""
        if self.start < 0:
            raise NotSupportedYet(f"{what} of something unbounded under a limit")
        return [self.at(k) for k in range(max(1, self.end))]

    def elementary(self, name: str) -> Laurent:
        rule = _RULES.get(name)
        if rule is None:
            raise NotSupportedYet(f"{name} under a limit is not evaluated yet")
        return Laurent(0, rule(self.taylor(name)))

    def power(self, exponent: Any) -> Laurent:
        count = whole(exponent) if not isinstance(exponent, OfVariable) else None
        if count is not None and abs(count) <= 64:
            result: Laurent = _constant(ONE, len(self.coefficients))
            below = self if count >= 0 else self.reciprocal()
            for _ in range(abs(count)):
                result *= below
            return result
        raised: Laurent = self.elementary("log") * exponent
        return raised.elementary("exp")


def _combines(x: Any) -> bool:
    return isinstance(x, fmpq | arb | int | Laurent)


def _zero(x: Number) -> bool:
    if isinstance(x, arb) and x.contains(0) and not x.is_zero():
        raise Imprecise
    return bool(x == 0)


def _constant(x: Number, order: int) -> Laurent:
    return Laurent(0, [fmpq(x) if isinstance(x, int) else x, *([ZERO] * (order - 1))]) if not _zero(x) else _nothing(order)


def _nothing(order: int) -> Laurent:
    return Laurent(order - 1, [ZERO])


def _product(a: list[Number], b: list[Number], size: int) -> list[Number]:
    return [sum((a[j] * b[k - j] for j in range(k + 1)), ZERO) for k in range(size)]


# Power series of f(u) from those of u by the differential equation of f (Knuth 4.7); c are the coefficients of u.


def _exp(c: list[Number]) -> list[Number]:
    out = [elementary("exp", c[0])]
    for k in range(1, len(c)):
        out.append(sum((c[j] * out[k - j] * j for j in range(1, k + 1)), ZERO) / k)
    return out


def _log(c: list[Number]) -> list[Number]:
    if _zero(c[0]):
        raise NotSupportedYet("the logarithm of something that goes to zero under a limit")
    out = [elementary("log", c[0])]
    for k in range(1, len(c)):
        rest = sum((out[j] * c[k - j] * j for j in range(1, k)), ZERO)
        out.append(divide(c[k] - rest / k, c[0]))
    return out


def _sine_and_cosine(c: list[Number], sign_: int, names: tuple[str, str]) -> tuple[list[Number], list[Number]]:
    sine, cosine = [elementary(names[0], c[0])], [elementary(names[1], c[0])]
    for k in range(1, len(c)):
        sine.append(sum((c[j] * cosine[k - j] * j for j in range(1, k + 1)), ZERO) / k)
        cosine.append(sum((c[j] * sine[k - j] * j for j in range(1, k + 1)), ZERO) * sign_ / k)
    return sine, cosine


def _ratio(a: list[Number], b: list[Number]) -> list[Number]:
    if _zero(b[0]):
        raise Undefined("a pole inside a limit")
    below = Laurent(0, list(b)).reciprocal()
    return _product(a, [below.at(k) for k in range(len(a))], len(a))


def _root(c: list[Number]) -> list[Number]:
    if _zero(c[0]):
        raise NotSupportedYet("the root of something that goes to zero under a limit")
    out = [power(c[0], HALF)]
    for k in range(1, len(c)):
        rest = sum((out[j] * out[k - j] for j in range(1, k)), ZERO)
        out.append(divide(c[k] - rest, out[0] * 2))
    return out


def _integrated(name: str, slope: Callable[[list[Number]], list[Number]]) -> Callable[[list[Number]], list[Number]]:
    """f(u) from f'(u) u' ."""

    def rule(c: list[Number]) -> list[Number]:
        moved = [c[k + 1] * (k + 1) for k in range(len(c) - 1)]
        steep = _product(slope(c), [*moved, ZERO], len(c))
        return [elementary(name, c[0]), *(steep[k] / (k + 1) for k in range(len(c) - 1))]

    return rule


def _square(c: list[Number], factor: int) -> list[Number]:
    """1 + factor u^2."""
    out = [x * factor for x in _product(c, c, len(c))]
    out[0] = out[0] + 1
    return out


def _one(c: list[Number]) -> list[Number]:
    return [ONE, *([ZERO] * (len(c) - 1))]


def _off_zero(rule: Callable[[int], int]) -> Callable[[list[Number]], list[Number]]:
    def apply(c: list[Number]) -> list[Number]:
        side = sign(c[0])
        if side == 0:
            raise NotSupportedYet("a kink at the point of a limit")
        return [x * rule(side) for x in c]

    return apply


_RULES: dict[str, Callable[[list[Number]], list[Number]]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _root,
    "sin": lambda c: _sine_and_cosine(c, -1, ("sin", "cos"))[0],
    "cos": lambda c: _sine_and_cosine(c, -1, ("sin", "cos"))[1],
    "tan": lambda c: _ratio(*_sine_and_cosine(c, -1, ("sin", "cos"))),
    "sinh": lambda c: _sine_and_cosine(c, 1, ("sinh", "cosh"))[0],
    "cosh": lambda c: _sine_and_cosine(c, 1, ("sinh", "cosh"))[1],
    "tanh": lambda c: _ratio(*_sine_and_cosine(c, 1, ("sinh", "cosh"))),
    "atan": _integrated("atan", lambda c: _ratio(_one(c), _square(c, 1))),
    "asin": _integrated("asin", lambda c: _ratio(_one(c), _root(_square(c, -1)))),
    "asinh": _integrated("asinh", lambda c: _ratio(_one(c), _root(_square(c, 1)))),
    "atanh": _integrated("atanh", lambda c: _ratio(_one(c), _square(c, -1))),
    "abs": _off_zero(lambda side: side),
    "relu": _off_zero(lambda side: int(side > 0)),
}


def limit(
    body: Callable[[Laurent], Any], finish: Callable[[Any, Callable[[Any], Number]], Any], start: int, point: Number
) -> Any:
    """The limit of body(point + h) for start = 0, of body(point / h) for start = -1, as h goes to 0; entry by entry."""
    order = FIRST_ORDER
    while order <= LAST_ORDER:
        coefficients = [point, *([ZERO] * (order - 1))]
        if start == 0:
            coefficients[1] = coefficients[1] + ONE
        try:
            return finish(body(Laurent(start, coefficients)), _value)
        except TooShort:
            order *= 2
    raise Undefined("the limit is not decided by 64 terms of the series")


def _value(x: Any) -> Number:
    if not isinstance(x, Laurent):
        return x
    if x.start < 0 and not _zero(x.coefficients[0]):
        raise Divergent("the limit is infinite or does not exist: there is a pole")
    if x.end <= 0:
        raise TooShort
    return x.at(0)
