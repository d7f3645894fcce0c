r"""Functions of numbers, for the proof checker: what is known of each one besides its name.

Takes: the checker's arithmetic and the arguments. Gives: sums with indices.
Guarantees: every rule is an identity wherever both sides are defined; a function without a rule stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from eqcompiler.verification.index_arithmetic import LARGEST_POWER, Algebra, Function
from eqcompiler.verification.index_sums import ONE, ZERO, Atom, NotReplayed, Open, Product, Sum, add, minus, number

HALF = Fraction(1, 2)
NEGATIVE = Fraction(-1)


def turned(algebra: Algebra, name: str, u: Sum) -> Sum:
    """sin(-u) = -sin u, cos(-u) = cos u; sums and whole multiples of angles by the addition theorems."""
    if not u.terms:
        return ONE if name == "cos" else ZERO
    first = Sum(u.terms[:1])
    c = first.terms[0].coefficient
    rest = Sum(u.terms[1:])
    if c.numerator not in (1, -1) and abs(c.numerator) <= LARGEST_POWER:
        unit = first.times(Fraction(1 if c > 0 else -1, abs(c.numerator)))
        first, rest = unit, add(rest, minus(first, unit))
    elif c < 0 and not rest.terms:
        return turned(algebra, name, u.times(NEGATIVE)).times(Fraction(1 if name == "cos" else -1))
    if not rest.terms:
        return _of_angle(algebra, name, u)
    (c1, s1), (c2, s2) = ((turned(algebra, "cos", v), turned(algebra, "sin", v)) for v in (first, rest))
    if name == "cos":
        return minus(algebra.product(c1, c2), algebra.product(s1, s2))
    return add(algebra.product(s1, c2), algebra.product(c1, s2))


def _of_angle(algebra: Algebra, name: str, u: Sum) -> Sum:
    """sin and cos of the angle whose sine, cosine or tangent is known, and of pi."""
    only = u.terms[0].factors[0][0] if len(u.terms) == 1 and len(u.terms[0].factors) == 1 else None
    if only is None or u.terms[0].bound or u.terms[0].factors[0][1] != 1:
        return algebra.opaque(name, (u,))
    if (only.kind, only.name) == ("constant", "pi") and u.terms[0].coefficient in (1, HALF):
        values = {"sin": (0, 1), "cos": (-1, 0)}[name]
        return number(values[u.terms[0].coefficient == HALF])
    if only.called not in ("asin", "acos", "atan") or u.terms[0].coefficient != 1:
        return algebra.opaque(name, (u,))
    inside = only.inner[0].body
    if only.called == "atan":
        below = algebra.power(add(ONE, algebra.power(inside, 2)), -HALF)
        return below if name == "cos" else algebra.product(inside, below)
    same = only.name[1:] == name
    return inside if same else algebra.power(minus(ONE, algebra.power(inside, 2)), HALF)


def gamma(algebra: Algebra, u: Sum) -> Sum:
    """Gamma(u + 1) = u Gamma(u), until the number in u is above 0 and at most 1; Gamma(1) = 1, Gamma(1/2)^2 = pi."""
    free = Sum(tuple(t for t in u.terms if t.key))
    fixed = minus(u, free).constant or Fraction(0)
    steps = -(-fixed.numerator // fixed.denominator) - 1
    if abs(steps) > LARGEST_POWER or (not free.terms and fixed <= 0):
        raise NotReplayed("a value of the gamma function")
    start = add(free, number(fixed - steps))
    shifted = [add(start, number(k)) for k in (range(steps) if steps > 0 else range(steps, 0))]
    outer = algebra.product(ONE, *(algebra.power(s, 1 if steps > 0 else -1) for s in shifted))
    if free.terms:
        return algebra.product(outer, algebra.opaque("gamma", (start,)))
    values = {Fraction(1): ONE, HALF: algebra.atom(Atom("constant", "pi"), HALF)}
    return algebra.product(outer, values.get(fixed - steps) or algebra.opaque("gamma", (start,)))


def step(algebra: Algebra, u: Sum, strict: bool) -> Sum:
    """1 where u >= 0 (or u > 0), else 0; [-u >= 0] = 1 - [u > 0]."""
    if u.constant is not None:
        return number(u.constant > 0 or (u.constant == 0 and not strict))
    if algebra.all_positive(u):
        return ONE
    lead = u.terms[0].coefficient
    inside = u.times(1 / lead)
    if algebra.all_positive(inside):  # then u is negative
        return ZERO
    relation = ">" if strict == (lead > 0) else ">="
    known = algebra.decided.get((relation, inside.key))
    positive = number(known) if known is not None else algebra.atom(Atom("step", relation, (), (Open((), inside),)))
    return positive if lead > 0 else minus(ONE, positive)


def decide(algebra: Algebra, gap: Sum, strict: bool, holds: bool) -> None:
    """gap >= 0, or gap > 0 if strict, holds or does not: also as what it says about the opposite of the gap."""
    lead = gap.terms[0].coefficient
    inside = gap.times(1 / lead).key
    relation = ">" if strict == (lead > 0) else ">="
    truth = holds == (lead > 0)
    algebra.decided[relation, inside] = truth
    if relation == ">=" and not truth:
        algebra.decided[">", inside] = False
    if relation == ">" and truth:
        algebra.decided[">=", inside] = True


def larger(algebra: Algebra, a: Sum, b: Sum) -> Sum:
    """max(a, b) = b + (a - b) [a >= b]; where they are equal it does not matter which one is taken."""
    gap = minus(a, b)
    if not gap.terms:
        return a
    flip = gap.terms[0].coefficient < 0
    side = step(algebra, gap.times(NEGATIVE) if flip else gap, False)
    return add(b, algebra.product(gap, minus(ONE, side) if flip else side))


def _largest(algebra: Algebra, parts: tuple[Sum, ...]) -> Sum:
    result = parts[0]
    for part in parts[1:]:
        result = larger(algebra, result, part)
    return result


def _size(algebra: Algebra, u: Sum) -> Sum:
    if algebra.not_negative(u):
        return u
    if len(u.terms) == 1 and not u.terms[0].bound:  # |2 a b| = 2 |a| |b|
        term = u.terms[0]
        parts = [algebra.power(_plain_size(algebra, a), e) for a, e in term.factors]
        return algebra.product(number(abs(term.coefficient)), *parts)
    return _even(algebra, "abs", u)


def _plain_size(algebra: Algebra, atom: Atom) -> Sum:
    value = algebra.atom(atom)
    return value if algebra.is_positive(atom) else _even(algebra, "abs", value)


def _even(algebra: Algebra, name: str, u: Sum) -> Sum:
    lead = u.terms[0].coefficient
    inside = u.times(1 / lead).key
    known = algebra.decided.get((">=", inside), algebra.decided.get((">", inside)))
    if name == "abs" and known is not None:
        return u if known == (lead > 0) else u.times(NEGATIVE)
    return algebra.opaque(name, (u.times(Fraction(-1 if lead < 0 else 1)),))


def _odd(name: str) -> Callable[[Algebra, Sum], Sum]:
    def rule(algebra: Algebra, u: Sum) -> Sum:
        if not u.terms:
            return ZERO
        flip = Fraction(-1 if u.terms[0].coefficient < 0 else 1)
        return algebra.opaque(name, (u.times(flip),)).times(flip)

    return rule


def raised(algebra: Algebra, base: Sum, exponent: Sum) -> Sum:
    """base^exponent for a symbolic exponent: c^(2 n + k + 1) = (c^n)^2 c^k c for whole n and k, or a positive base."""
    if exponent.constant is not None:
        return algebra.power(base, exponent.constant)
    if base == algebra.exp(ONE):
        return algebra.exp(exponent)
    if algebra.all_positive(base):
        return algebra.exp(algebra.product(exponent, algebra.log(base)))
    if not all(is_whole(t) for t in exponent.terms):
        return algebra.opaque("power", (base, exponent))
    if not base.terms:
        if algebra.all_positive(exponent):
            return ZERO
        raise NotReplayed("a power of zero")
    common, rest = algebra.content(base, True)
    single = len(rest.terms) == 1 and not rest.terms[0].bound
    factors = [*(common.terms[0].factors), *(rest.terms[0].factors if single else ((None, Fraction(1)),))]
    lead = common.terms[0].coefficient * (rest.terms[0].coefficient if single else 1)
    parts = [algebra.exp(algebra.product(exponent, algebra.log(number(abs(lead)))))] if abs(lead) != 1 else []
    parts += [_whole_power(algebra, number(-1), Fraction(1), exponent)] if lead < 0 else []
    parts += [_whole_power(algebra, rest if a is None else algebra.atom(a), e, exponent) for a, e in factors]
    return algebra.product(ONE, *parts)


def _whole_power(algebra: Algebra, base: Sum, e: Fraction, exponent: Sum) -> Sum:
    if algebra.all_positive(base) or e.denominator != 1:
        return algebra.exp(algebra.product(exponent, algebra.log(algebra.power(base, e))))
    parts = []
    for t in exponent.terms:
        if not t.key:
            parts.append(algebra.power(base, t.coefficient * e))
            continue
        name = Atom("function", "power", (), (Open((), base), Open((), Sum((replace(t, coefficient=Fraction(1)),)))))
        parts.append(algebra.atom(name, t.coefficient * e))
    return algebra.product(ONE, *parts)


def is_whole(term: Product) -> bool:
    """Whether the value is an integer for all sizes and indices."""
    natural = all(a.kind in ("size", "position") and e > 0 and e.denominator == 1 for a, e in term.factors)
    return term.coefficient.denominator == 1 and natural and not term.bound


_OF_ONE: dict[str, Callable[[Algebra, Sum], Sum]] = {
    "exp": Algebra.exp,
    "log": Algebra.log,
    "sin": lambda algebra, u: turned(algebra, "sin", u),
    "cos": lambda algebra, u: turned(algebra, "cos", u),
    "gamma": gamma,
    "abs": _size,
    **{name: _odd(name) for name in ("asin", "atan", "asinh", "atanh", "tanh", "erf", "sign")},
}


def _of_one(rule: Callable[[Algebra, Sum], Sum]) -> Function:
    return lambda algebra, arguments: rule(algebra, arguments[0])


FUNCTIONS: Mapping[str, Function] = {
    **{name: _of_one(rule) for name, rule in _OF_ONE.items()},
    "max": _largest,
    "power": lambda algebra, arguments: raised(algebra, *arguments),
}
