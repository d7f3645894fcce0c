"""Number systems of the oracle: exact rationals that become rigorous balls where they must, and complex floats.

Takes: numbers of one system. Gives: decided signs, division, powers and every elementary function of one argument.
Guarantees: a rational stays a rational while the result is rational; a ball always contains the true value; what cannot be
decided raises Imprecise, what has no value raises Undefined. Nothing here knows terms or derivatives.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from flint import acb, arb, ctx, fmpq, nmod

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.verification.contours import OfVariable
from eqcompiler.verification.magnitudes import SEEN

Number = Any  # fmpq, arb (a real ball), complex, or a Jet over one of them

ZERO: Final = fmpq(0)
ONE: Final = fmpq(1)
HALF: Final = fmpq(1, 2)
FIRST_PRECISION, LAST_PRECISION = 200, 3200
LARGEST_EXPONENT = 10_000
LARGEST_POWER_BITS = 1_000_000
LARGEST_RATIONAL_BITS = 20_000  # a definition that is worth more digits is worth a ball: squares of squares never end else


class Undefined(EquationError):
    """An expression without a value at the point: division by zero, the logarithm of a negative number, a singular matrix.

    Example: `\\[ f(x) = 1/x \\]` at x = 0. Repair: state an assumption, `x \\ne 0`, that keeps the point out.
    """


class NotDifferentiable(Undefined):
    """A derivative at a kink or a jump: abs at 0, a tie of max. The point is skipped, never judged."""


class OutsideDomain(Undefined):
    """A function of a real number outside the range where it has a value, a whole range of points and not a few:
    the logarithm or the root of a negative number."""


class Divergent(Undefined):
    """An integral, an expectation or a limit that does not converge: no value there, and none that an author could mean."""


class RealRoot(OutsideDomain, Divergent):
    """An odd root of a negative number: none here, and a real number to some authors, so that no agreement elsewhere counts."""


class Undecided(Undefined):
    """The largest precision does not tell on which side of a pole, a jump or a tie the point lies."""


class Imprecise(Exception):
    """A ball is too wide to decide; the caller evaluates again with more bits."""


@dataclass(frozen=True, slots=True)
class Field:
    """How exact constants, and the values of a sample, enter a number system."""

    name: str
    number: Callable[[fmpq], Number]
    value: Callable[[fmpq], Number]
    pi: Callable[[], Number]
    e: Callable[[], Number]


def _complex(q: fmpq) -> complex:
    return complex(int(q.p) / int(q.q))


EXACT = Field("exact", lambda q: q, lambda q: q, lambda: arb.pi(), lambda: arb(1).exp())
BALLS = Field("balls", lambda q: q, lambda q: arb(q), lambda: arb.pi(), lambda: arb(1).exp())  # floats as rationals would grow
COMPLEX = Field("complex", _complex, _complex, lambda: complex(math.pi), lambda: complex(math.e))


def exact(value: object) -> fmpq:
    """A Python number or its exact text as a rational; a float is taken at its binary value. TypeError for anything else."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    if isinstance(value, str):
        value = Fraction(value)
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    if isinstance(value, float):
        return fmpq(*value.as_integer_ratio())
    if hasattr(value, "__index__"):
        return fmpq(int(value))
    raise TypeError(f"{value!r} is not a number")


def sign(x: Number) -> int:
    """-1, 0 or 1. Raises Imprecise when a ball touches zero without being zero."""
    if isinstance(x, OfVariable):
        raise NotSupportedYet("a comparison of a bound variable is not evaluated yet")
    if isinstance(x, nmod):
        raise NotSupportedYet("numbers modulo a prime have no order")
    if isinstance(x, complex):
        x = x.real
    if x > 0:
        return 1
    if x < 0:
        return -1
    if x == 0:
        return 0
    raise Imprecise


def whole_number(x: Number) -> int | None:
    """The integer that this certainly is, or None."""
    if isinstance(x, fmpq):
        return int(x.p) if x.q == 1 else None
    if isinstance(x, arb):
        return int(x.unique_fmpz() or 0) if x.is_exact() and x.is_integer() else None
    if isinstance(x, complex) and x.imag == 0 and x.real.is_integer():
        return int(x.real)
    return None


def divide(a: Number, b: Number) -> Number:
    if isinstance(a, OfVariable) or isinstance(b, OfVariable):
        return a / b
    if isinstance(b, arb):
        if b.contains(0):
            if b.is_zero():
                raise Undefined("division by zero")
            raise Imprecise
    elif b == 0:
        raise Undefined("division by zero")
    return a / b


def short(x: Number) -> Number:
    """The number; a ball around it when it is a rational with too many digits."""
    return arb(x) if isinstance(x, fmpq) and x.height_bits() > LARGEST_RATIONAL_BITS else x


def ball(x: Number) -> arb:
    return x if isinstance(x, arb) else arb(x)


def finite(y: arb) -> arb:
    if y.is_finite():
        return y
    raise Imprecise


def rational_root(x: fmpq, degree: int) -> fmpq | None:
    """The exact root of a non-negative rational, or None when it is irrational."""
    roots = []
    for part in (int(x.p), int(x.q)):
        root = math.isqrt(part) if degree == 2 else _integer_root(part, degree)
        if root**degree != part:
            return None
        roots.append(root)
    return fmpq(*roots)


def _integer_root(value: int, degree: int) -> int:
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    return low


def integer_power(x: Number, exponent: int) -> Number:
    """x to a whole power by repeated squaring; 0 to the power 0 is 1. Works for every ring, jets included."""
    if abs(exponent) > LARGEST_EXPONENT:
        raise NotSupportedYet(f"the power {exponent} is too large", allowed=f"exponents up to {LARGEST_EXPONENT}")
    if isinstance(x, fmpq) and x.height_bits() * abs(exponent) > LARGEST_POWER_BITS:
        raise NotSupportedYet(f"a power with exponent {exponent} has too many digits", fix="use smaller exponents")
    if isinstance(x, fmpq | arb | complex) and exponent < 0:
        return divide(ONE, integer_power(x, -exponent))
    if isinstance(x, fmpq | complex):
        return x**exponent  # not for balls: one around zero has no logarithm, and flint gives nan
    result = None
    square = x
    for bit in bin(abs(exponent))[:1:-1]:
        if bit == "1":
            result = square if result is None else result * square
        square = square * square
    if result is None:
        return x * 0 + ONE
    return ONE / result if exponent < 0 else result


def power(x: Number, y: Number) -> Number:
    """x**y for numbers of one field. A negative base has only whole powers."""
    if isinstance(x, OfVariable):
        return x.power(y)
    if isinstance(y, OfVariable):
        return (y * elementary("log", x)).elementary("exp")
    whole = whole_number(y)
    if whole is not None:
        return integer_power(x, whole)
    if isinstance(x, complex) or isinstance(y, complex):
        return _complex_power(complex(x), complex(y))
    side = sign(x)
    if side < 0:
        is_odd = isinstance(y, fmpq) and int(y.q) % 2 == 1
        raise (RealRoot if is_odd else OutsideDomain)(f"a power of a negative number with the exponent {y}")
    if side == 0:
        if sign(y) > 0:
            return ZERO
        raise Undefined("zero to a power that is not positive")
    if x == 1:
        return ONE
    if isinstance(x, fmpq) and isinstance(y, fmpq) and int(y.q) <= LARGEST_EXPONENT:
        root = rational_root(x, int(y.q))
        if root is not None:
            return integer_power(root, int(y.p))
    return finite(arb(x) ** y)


def _complex_power(x: complex, y: complex) -> complex:
    if x.real < 0:
        raise Undefined("a power of a negative number")
    return x**y


# name -> value at a rational point where that is rational; None: go on with balls
_SPECIAL: dict[str, Callable[[fmpq], fmpq | None]] = {
    "sqrt": lambda x: rational_root(x, 2),
    "abs": abs,
    "sign": lambda x: fmpq(sign(x)),
    "floor": lambda x: fmpq(x.floor()),
    "ceil": lambda x: fmpq(x.ceil()),
    "relu": lambda x: x if x > 0 else ZERO,
    "gamma": lambda x: fmpq(math.factorial(int(x) - 1)) if x.q == 1 and x < 1000 else None,
}
_AT_ZERO = {
    **dict.fromkeys(("exp", "cos", "sec", "cosh"), ONE),
    **dict.fromkeys(("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf"), ZERO),
    "sigmoid": HALF,
}
_AT_ONE = dict.fromkeys(("log", "acosh", "acos", "loggamma"), ZERO)


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _method(name: str) -> Callable[[arb], arb]:
    return lambda x: getattr(x, name)()


def _jump(function: str) -> Callable[[arb], arb]:
    def rule(x: arb) -> arb:
        y: arb = getattr(x, function)()
        if not y.is_exact():
            raise Imprecise
        return y

    return rule


_BALL_NAMES = {
    **{name: name for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan")},
    **{name: name for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "gamma")},
    "loggamma": "lgamma",
    "digamma": "digamma",
}
_BALL: dict[str, Callable[[arb], arb]] = {
    **{name: _method(method) for name, method in _BALL_NAMES.items()},
    "abs": abs,
    "sign": lambda x: arb(sign(x)),
    "floor": _jump("floor"),
    "ceil": _jump("ceil"),
    "sigmoid": _sigmoid,
    "softplus": lambda x: (1 + x.exp()).log(),
    "relu": lambda x: x.max(arb(0)),
}

# name -> (a number that must have the sign, signs that are allowed, words)
_DOMAIN: dict[str, tuple[Callable[[Number], Number], tuple[int, ...], str]] = {
    "log": (lambda x: x, (1,), "the logarithm of a number that is not positive"),
    "sqrt": (lambda x: x, (0, 1), "the square root of a negative number"),
    "loggamma": (lambda x: x, (1,), "loggamma of a number that is not positive"),
    "asin": (lambda x: 1 - x * x, (0, 1), "asin outside [-1, 1]"),
    "acos": (lambda x: 1 - x * x, (0, 1), "acos outside [-1, 1]"),
    "acosh": (lambda x: x - 1, (0, 1), "acosh below 1"),
    "atanh": (lambda x: 1 - x * x, (1,), "atanh outside (-1, 1)"),
}


def _check_domain(name: str, x: Number) -> None:
    if name in _DOMAIN:
        measure, allowed, words = _DOMAIN[name]
        if sign(measure(x)) not in allowed:
            raise OutsideDomain(words)
    elif name in ("gamma", "digamma") and not isinstance(x, complex) and whole_number(x) is not None and x <= 0:
        raise Undefined(f"{name} at {x}")
    elif name in ("cot", "csc") and x == 0:
        raise Undefined(f"{name} at 0")


def elementary(name: str, x: Number) -> Number:
    """A function of ELEMENTWISE (or digamma) at one number. Raises Undefined outside its domain."""
    SEEN.argument(name, x)
    if isinstance(x, OfVariable):
        return x.elementary(name)
    _check_domain(name, x)
    if isinstance(x, complex):
        return _COMPLEX[name](x)
    if isinstance(x, fmpq):
        value = _special_value(name, x)
        if value is not None:
            return value
    return finite(_BALL[name](ball(x)))


def _special_value(name: str, x: fmpq) -> fmpq | None:
    if x == 0 and name in _AT_ZERO:
        return _AT_ZERO[name]
    if x == 1 and name in _AT_ONE:
        return _AT_ONE[name]
    return _SPECIAL[name](x) if name in _SPECIAL else None


def polygamma(order: int, x: Number) -> Number:
    """The derivative of that order of digamma."""
    if order == 0:
        return elementary("digamma", x)
    if isinstance(x, complex):
        return complex(acb(x).polygamma(acb(order)))
    _check_domain("digamma", x)
    return finite(acb(ball(x)).polygamma(acb(order)).real)


# Complex floats serve complex-step derivatives: a kinked function takes the branch of the real part.
def _branch(x: complex, below: complex, above: complex) -> complex:
    return above if x.real >= 0 else below


def _by_ball(name: str) -> Callable[[complex], complex]:
    return lambda x: complex(getattr(acb(x), name)())


_COMPLEX: dict[str, Callable[[complex], complex]] = {
    **{name: getattr(cmath, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan")},
    **{name: getattr(cmath, name) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
    "cot": lambda x: 1 / cmath.tan(x),
    "sec": lambda x: 1 / cmath.cos(x),
    "csc": lambda x: 1 / cmath.sin(x),
    "erf": _by_ball("erf"),
    "gamma": _by_ball("gamma"),
    "loggamma": _by_ball("lgamma"),
    "digamma": _by_ball("digamma"),
    "abs": lambda x: _branch(x, -x, x),
    "sign": lambda x: complex((x.real > 0) - (x.real < 0)),
    "floor": lambda x: complex(math.floor(x.real)),
    "ceil": lambda x: complex(math.ceil(x.real)),
    "sigmoid": lambda x: 1 / (1 + cmath.exp(-x)) if x.real >= 0 else cmath.exp(x) / (1 + cmath.exp(x)),
    "softplus": lambda x: _branch(x, 0, x) + cmath.log(1 + cmath.exp(_branch(x, x, -x))),
    "relu": lambda x: _branch(x, 0, x),
}


def with_enough_bits(compute: Callable[[], Any], precision: int = FIRST_PRECISION) -> Any:
    """`compute` at so many bits, and at twice as many until nothing is Imprecise. Raises Undecided after 3200 bits."""
    last = max(precision, LAST_PRECISION)
    while precision <= last:
        with ctx.workprec(precision):
            try:
                return compute()
            except Imprecise:
                precision *= 2
    raise Undecided(f"balls of {last} bits do not decide here (a pole, a jump or a tie)")
