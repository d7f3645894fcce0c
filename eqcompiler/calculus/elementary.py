"""Elementary functions of Normals: each is given the form in which equal values look equal.

Takes: a function's name and its arguments as Normals. Gives: a Normal, through `apply`.
Guarantees: every rule is an identity for all real values at which both sides are defined. log splits and roots open only
over factors whose sign is known; sqrt(x^2) is |x|, never x; sign(x)^2 is not 1. A function without a rule is an opaque atom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

from eqcompiler.calculus.algebra import (
    POWERS,
    REBUILD,
    add,
    merge,
    multiply,
    multiply_all,
    power,
    prime_powers,
    primitive,
    product,
)
from eqcompiler.calculus.monomials import (
    ONE,
    ZERO,
    Atom,
    Constant,
    Factor,
    Function,
    Group,
    Monomial,
    Normal,
    Position,
    Scalar,
    Size,
)
from eqcompiler.calculus.signs import sign_of, sign_of_normal
from eqcompiler.errors import NotSupportedYet

HALF = Fraction(1, 2)
MAX_ANGLES = 6


def apply(name: str, arguments: tuple[Normal, ...]) -> Normal:
    """The function of the arguments; an opaque atom for a name that has no rule."""
    if name not in REBUILD:
        REBUILD[name] = lambda given: Normal.atom(Function(name, given))
    return REBUILD[name](arguments)


def _body(atom: Atom) -> Normal:
    return atom.body if isinstance(atom, Group) else Normal.atom(atom)


def _is_even(e: Fraction) -> bool:
    return e.denominator == 1 and e.numerator % 2 == 0


# --- exp, log, powers with symbolic exponents --------------------------------------------------------------------------


def exp(argument: Normal) -> Normal:
    """exp(a + 2b) = exp(a) exp(b)^2; exp(c log a) = a^c."""
    return product(_exp_term(t) for t in argument.terms)


def _exp_term(term: Monomial) -> Normal:
    unit = Normal((Monomial(Fraction(1), term.factors),))
    if len(term.factors) == 1 and term.factors[0].exponent == 1:
        atom = term.factors[0].atom
        if isinstance(atom, Function) and atom.name == "log":
            return power(atom.arguments[0], term.coefficient)
    return Normal.atom(Function("exp", (unit,)), term.coefficient)


def log(argument: Normal) -> Normal:
    """The log of a product is split over factors known to be positive; one factor of unknown sign may stay beside them."""
    if not argument.terms:
        raise NotSupportedYet("a logarithm of an expression that is zero everywhere")
    content, body = primitive(argument, signed=False) if len(argument.terms) > 1 else (argument, ONE)
    parts = [] if body == ONE else [Normal.atom(Function("log", (body,)))]
    term = content.terms[0]
    unknown: list[Factor] = []
    for f in term.factors:
        if sign_of(f.atom) or f.exponent.denominator % 2 == 0:
            parts.append(_log_atom(f.atom).times(f.exponent))
        elif _is_even(f.exponent):
            parts.append(_log_atom_body(absolute(_body(f.atom))).times(f.exponent))
        else:
            unknown.append(f)
    parts += [_log_prime(p).times(Fraction(k)) for p, k in _primes(abs(term.coefficient))]
    if len(unknown) == 1 and term.coefficient > 0:
        parts.append(_log_atom(unknown[0].atom).times(unknown[0].exponent))
    elif unknown or term.coefficient < 0:
        rest = Monomial(Fraction(1 if term.coefficient > 0 else -1), tuple(unknown))
        parts.append(Normal.atom(Function("log", (Normal((rest,)),))))
    return add(parts)


def _log_atom(atom: Atom) -> Normal:
    if isinstance(atom, Function) and atom.name == "exp":
        return atom.arguments[0]
    if isinstance(atom, Constant) and atom.name.isdigit():  # the 2 of sqrt(2)
        return _log_prime(int(atom.name))
    return _log_atom_body(_body(atom))


def _log_atom_body(body: Normal) -> Normal:
    return Normal.atom(Function("log", (body,)))


def _primes(value: Fraction) -> list[tuple[int, int]]:
    return prime_powers(value.numerator) + [(p, -k) for p, k in prime_powers(value.denominator)]


def _log_prime(prime: int) -> Normal:
    return _log_atom_body(Normal.number(prime))


def symbolic_power(base: Normal, exponent: Normal) -> Normal:
    """x^a = exp(a log x) for x > 0; otherwise x^n is split over products and sums only for whole exponents."""
    if exponent.constant is not None:
        return power(base, exponent.constant)
    if base == ONE:
        return ONE
    if sign_of_normal(base) == "positive":
        return exp(multiply(exponent, log(base)))
    if not base.terms or not all(_is_whole(t) for t in exponent.terms):
        return Normal.atom(Function("power", (base, exponent)))
    content, body = primitive(base, signed=True) if len(base.terms) > 1 else (base, ONE)
    pieces = list(content.terms[0].factors) + ([] if body == ONE else [Factor(Group(body), Fraction(1))])
    parts = [exp(multiply(exponent, log(Normal.number(abs(content.terms[0].coefficient)))))]
    if content.terms[0].coefficient < 0:
        parts.append(_whole_power(Normal.number(-1), exponent, Fraction(1)))
    for f in pieces:
        if sign_of(f.atom) == "positive":
            parts.append(exp(multiply(exponent, log(Normal.atom(f.atom, f.exponent)))))
        else:
            parts.append(_whole_power(_body(f.atom), exponent, f.exponent))
    return product(parts)


def _whole_power(base: Normal, exponent: Normal, outer: Fraction) -> Normal:
    parts = []
    for t in exponent.terms:
        if not t.factors:
            parts.append(power(base, t.coefficient * outer))
            continue
        unit = Normal((Monomial(Fraction(1), t.factors),))
        parts.append(merge(Fraction(1), (Factor(Function("power", (base, unit)), t.coefficient * outer),)))
    return product(parts)


def _is_whole(term: Monomial) -> bool:
    def whole(atom: Atom) -> bool:
        return isinstance(atom, Size | Position) or (isinstance(atom, Scalar) and atom.integer)

    return term.coefficient.denominator == 1 and all(
        whole(f.atom) and f.exponent > 0 and f.exponent.denominator == 1 for f in term.factors
    )


def _power_power(atom: Function, e: Fraction) -> Normal | None:
    """((-1)^n)^2 = 1."""
    if atom.arguments[0].constant == -1 and e.denominator == 1 and e not in (0, 1):
        return Normal.atom(atom) if e % 2 else ONE
    return None


# --- absolute value, sign, maximum, steps -------------------------------------------------------------------------------


def absolute(argument: Normal) -> Normal:
    if not argument.terms:
        return ZERO
    if sign_of_normal(argument):
        return argument
    if len(argument.terms) > 1:
        content, body = primitive(argument, signed=True)
        return multiply(absolute(content), Normal.atom(Function("abs", (body,))))
    term = argument.terms[0]
    return multiply_all(Normal.number(abs(term.coefficient)), [_absolute_factor(f) for f in term.factors])


def _absolute_factor(f: Factor) -> Normal:
    if sign_of(f.atom) or _is_even(f.exponent) or f.exponent.denominator % 2 == 0:
        return merge(Fraction(1), (f,))
    return power(Normal.atom(Function("abs", (_body(f.atom),))), f.exponent)


def _absolute_power(atom: Function, e: Fraction) -> Normal | None:
    """|x|^2 = x^2, |x|^3 = |x| x^2, 1/|x| = |x| x^-2."""
    if e.denominator != 1 or e == 1:
        return None
    inner = atom.arguments[0]
    return power(inner, e) if e % 2 == 0 else multiply(Normal.atom(atom), power(inner, e - 1))


def sign(argument: Normal) -> Normal:
    """Multiplicative: sign(-2xy) = -sign(x) sign(y)."""
    if not argument.terms:
        return ZERO
    if sign_of_normal(argument) == "positive":
        return ONE
    content, body = primitive(argument, signed=True) if len(argument.terms) > 1 else (argument, ONE)
    result = Normal.number(1 if content.terms[0].coefficient > 0 else -1)
    for f in content.terms[0].factors:
        if sign_of(f.atom) != "positive" and f.exponent.denominator == 1:
            result = multiply(result, power(Normal.atom(Function("sign", (_body(f.atom),))), 2 - f.exponent % 2))
        elif sign_of(f.atom) != "positive":
            result = multiply(result, Normal.atom(Function("sign", (Normal.atom(f.atom, f.exponent),))))
    return result if body == ONE else multiply(result, Normal.atom(Function("sign", (body,))))


def _sign_power(atom: Function, e: Fraction) -> Normal | None:
    if e in (1, 2) or e.denominator != 1:
        return None
    return power(Normal.atom(atom), 2 - e % 2)


def maximum(arguments: tuple[Normal, ...]) -> Normal:
    flat: dict[str, Normal] = {}
    for a in arguments:
        inner = a.terms[0].factors[0].atom if len(a.terms) == 1 and a.terms[0].coefficient == 1 and a.terms[0].factors else None
        nested = inner.arguments if isinstance(inner, Function) and inner.name == "max" and a.key == inner.key else (a,)
        flat.update({n.key: n for n in nested})
    kept = [a for a in flat.values() if not any(_dominates(b, a) for b in flat.values() if b is not a)]
    kept.sort()
    return kept[0] if len(kept) == 1 else Normal.atom(Function("max", tuple(kept)))


def _dominates(larger: Normal, smaller: Normal) -> bool:
    return bool(sign_of_normal(larger - smaller))


def step(argument: Normal) -> Normal:
    """1 where the argument is positive, else 0."""
    if not argument.terms:
        return ZERO
    if sign_of_normal(argument) == "positive":
        return ONE
    if sign_of_normal(-argument):
        return ZERO
    content, body = primitive(argument, signed=False)
    unknown = tuple(f for f in content.terms[0].factors if sign_of(f.atom) != "positive")
    sign_left = Fraction(1 if content.terms[0].coefficient > 0 else -1)
    return Normal.atom(Function("step", (multiply(Normal((Monomial(sign_left, unknown),)), body),)))


def _step_power(atom: Function, e: Fraction) -> Normal | None:
    return Normal.atom(atom) if e > 1 else None


# --- trigonometric functions --------------------------------------------------------------------------------------------


def _angles(argument: Normal) -> list[tuple[int, Normal]] | None:
    """The argument as whole multiples of angles, None when there are too many to expand."""
    angles = []
    for t in argument.terms:
        unit = Normal((Monomial(Fraction(1, t.coefficient.denominator), t.factors),))
        angles.append((t.coefficient.numerator, unit))
    return angles if 0 < len(angles) <= 4 and sum(abs(k) for k, _ in angles) <= MAX_ANGLES else None


def cosine_sine(argument: Normal) -> tuple[Normal, Normal]:
    """(cos, sin) with sums and whole multiples of angles expanded."""
    if not argument.terms:
        return ONE, ZERO
    angles = _angles(argument)
    if angles is None:
        flip = argument.terms[0].coefficient < 0
        positive = -argument if flip else argument
        s = Normal.atom(Function("sin", (positive,)))
        return Normal.atom(Function("cos", (positive,))), -s if flip else s
    return turned(angles)


def turned(angles: Iterable[tuple[int, Normal]]) -> tuple[Normal, Normal]:
    """(cos, sin) of a sum of whole multiples of angles."""
    c, s = ONE, ZERO
    for count, angle in angles:
        one_c, one_s = _one_angle(angle)
        for _ in range(abs(count)):
            turn = one_s if count > 0 else -one_s
            c, s = multiply(c, one_c) - multiply(s, turn), multiply(s, one_c) + multiply(c, turn)
    return c, s


def _one_angle(angle: Normal) -> tuple[Normal, Normal]:
    term = angle.terms[0]
    if len(term.factors) == 1 and term.factors[0].exponent == 1 and term.factors[0].atom == Constant("pi"):
        if term.coefficient == 1:
            return Normal.number(-1), ZERO
        if term.coefficient == HALF:
            return ZERO, ONE
    return Normal.atom(Function("cos", (angle,))), Normal.atom(Function("sin", (angle,)))


def _sine_power(atom: Function, e: Fraction) -> Normal | None:
    """sin^2 = 1 - cos^2."""
    if e.denominator != 1 or e < 2:
        return None
    square = ONE - Normal.atom(Function("cos", atom.arguments), 2)
    return multiply(power(square, e // 2), Normal.atom(atom) if e % 2 else ONE)


def _ratio(
    numerator: Callable[[Normal, Normal], Normal], denominator: Callable[[Normal, Normal], Normal]
) -> Callable[[Normal], Normal]:
    def rule(argument: Normal) -> Normal:
        c, s = cosine_sine(argument)
        return multiply(numerator(c, s), power(denominator(c, s), -1))

    return rule


# --- hyperbolic, error and gamma functions -------------------------------------------------------------------------------


def _with_parity(name: str, odd: bool, at_zero: int) -> Callable[[Normal], Normal]:
    """f(-x) = -f(x) or f(x)."""

    def rule(argument: Normal) -> Normal:
        if not argument.terms:
            return Normal.number(at_zero)
        flip = argument.terms[0].coefficient < 0
        value = Normal.atom(Function(name, (-argument if flip else argument,)))
        return -value if flip and odd else value

    return rule


def _angle(name: str, values: tuple[tuple[Fraction, int], ...]) -> Callable[[Normal], Normal]:
    """An inverse sine or tangent: `values` gives the squares of arguments at which it is a known part of pi."""
    known = {power(Normal.number(square), HALF): Fraction(1, part) for square, part in values}
    odd = _with_parity(name, True, 0)

    def rule(argument: Normal) -> Normal:
        flip = bool(argument.terms) and argument.terms[0].coefficient < 0
        part = known.get(-argument if flip else argument)
        return odd(argument) if part is None else Normal.atom(Constant("pi")).times(-part if flip else part)

    return rule


ARCTANGENTS = ((Fraction(1), 4), (Fraction(3), 3), (Fraction(1, 3), 6))
ARCSINES = ((Fraction(1), 2), (Fraction(3, 4), 3), (Fraction(1, 2), 4), (Fraction(1, 4), 6))


def gamma(argument: Normal) -> Normal:
    """gamma(x + 1) = x gamma(x), until the constant part lies in [0, 1); factorials of numbers."""
    constant = next((t.coefficient for t in argument.terms if not t.factors), Fraction(0))
    number = argument.constant
    if number is not None and number.denominator == 1:
        if number < 1 or number > 60:
            return Normal.atom(Function("gamma", (argument,)))
        return Normal.number(math.factorial(int(number) - 1))
    steps = math.floor(constant)
    if steps == 0 or abs(steps) > 20:
        return Normal.atom(Function("gamma", (argument,)))
    base = argument - Normal.number(steps)
    lowest = Normal.atom(Function("gamma", (base,)))
    if steps > 0:
        return multiply_all(lowest, [base + Normal.number(k) for k in range(steps)])
    return multiply_all(lowest, [power(argument + Normal.number(k), -1) for k in range(-steps)])


HYPERBOLIC: dict[str, Callable[[Normal], Normal]] = {
    "sinh": lambda x: (exp(x) - exp(-x)).times(HALF),
    "cosh": lambda x: (exp(x) + exp(-x)).times(HALF),
    "tanh": lambda x: multiply(exp(x) - exp(-x), power(exp(x) + exp(-x), -1)),
    "asinh": lambda x: log(x + power(multiply(x, x) + ONE, HALF)),
    "acosh": lambda x: log(x + power(multiply(x, x) - ONE, HALF)),
    "atanh": lambda x: log(multiply(ONE + x, power(ONE - x, -1))).times(HALF),
}

_ONE_ARGUMENT: dict[str, Callable[[Normal], Normal]] = {
    "exp": exp,
    "log": log,
    "abs": absolute,
    "sign": sign,
    "step": step,
    "sqrt": lambda x: power(x, HALF),
    "sin": lambda x: cosine_sine(x)[1],
    "cos": lambda x: cosine_sine(x)[0],
    "tan": _ratio(lambda c, s: s, lambda c, s: c),
    "cot": _ratio(lambda c, s: c, lambda c, s: s),
    "sec": _ratio(lambda c, s: ONE, lambda c, s: c),
    "csc": _ratio(lambda c, s: ONE, lambda c, s: s),
    "sinh": _with_parity("sinh", True, 0),
    "cosh": _with_parity("cosh", False, 1),
    "tanh": _with_parity("tanh", True, 0),
    "asin": _angle("asin", ARCSINES),
    "acos": lambda x: Normal.atom(Constant("pi")).times(HALF) - _angle("asin", ARCSINES)(x),
    "atan": _angle("atan", ARCTANGENTS),
    "asinh": _with_parity("asinh", True, 0),
    "atanh": _with_parity("atanh", True, 0),
    "erf": _with_parity("erf", True, 0),
    "sigmoid": lambda x: power(ONE + exp(-x), -1),
    "softplus": lambda x: log(ONE + exp(x)),
    "relu": lambda x: maximum((x, ZERO)),
    "gamma": gamma,
}


def _first(rule: Callable[[Normal], Normal]) -> Callable[[tuple[Normal, ...]], Normal]:
    return lambda given: rule(given[0])


REBUILD.update({name: _first(rule) for name, rule in _ONE_ARGUMENT.items()})
REBUILD["max"] = maximum
REBUILD["min"] = lambda given: -maximum(tuple(-a for a in given))
REBUILD["power"] = lambda given: symbolic_power(given[0], given[1])
POWERS.update({"abs": _absolute_power, "sign": _sign_power, "sin": _sine_power, "power": _power_power, "step": _step_power})
