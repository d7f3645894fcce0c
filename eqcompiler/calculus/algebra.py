"""The algebra of Normals: products, powers, signs, substitution of index expressions.

Takes: Normals. Gives: Normals, canonical again.
Guarantees: every step is an identity for all real values at which both sides are defined, for all sizes from 1 on.
NotSupportedYet when the result would be larger than MAX_TERMS.

Functions, whole-tensor operations and sums bring their own rules (`REBUILD...`, `POWERS`, filled by calculus.elementary,
.whole_tensors and .sums), so that substitution can rebuild what it enters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from eqcompiler.calculus.index_values import affine_value, delta, fresh, guard
from eqcompiler.calculus.monomials import (
    ONE,
    ZERO,
    Affine,
    Atom,
    Component,
    Constant,
    Contraction,
    Delta,
    Factor,
    Function,
    Group,
    Guard,
    Index,
    Intrinsic,
    Monomial,
    Normal,
    Operand,
    Position,
    Scalar,
    Size,
)
from eqcompiler.calculus.signs import sign_of
from eqcompiler.errors import NotSupportedYet

MAX_TERMS = 3000
MAX_EXPONENT = 40
MINUS_ONE = Affine((), -1)

REBUILD: dict[str, Callable[[tuple[Normal, ...]], Normal]] = {}
POWERS: dict[str, Callable[[Function, Fraction], Normal | None]] = {}
REBUILD_INTRINSIC: dict[str, Callable[[tuple[Operand, ...], tuple[Affine, ...]], Normal]] = {}
REBUILD_CONTRACTION: dict[type[Contraction], Callable[[Normal, Sequence[Index]], Normal]] = {}


def too_large(what: str) -> NotSupportedYet:
    return NotSupportedYet(f"the normal form grew too large: {what}", allowed=f"at most {MAX_TERMS} terms")


# --- products --------------------------------------------------------------------------------------------------------


def multiply(left: Normal, right: Normal) -> Normal:
    if not left.terms or not right.terms:
        return ZERO
    if left.constant is not None:
        return right.times(left.constant)
    if right.constant is not None:
        return left.times(right.constant)
    if len(left.terms) * len(right.terms) > MAX_TERMS:
        raise too_large(f"a product of {len(left.terms)} by {len(right.terms)} terms")
    if len(left.terms) == 1 and len(right.terms) == 1:
        return merge(left.terms[0].coefficient * right.terms[0].coefficient, (*left.terms[0].factors, *right.terms[0].factors))
    parts = (merge(a.coefficient * b.coefficient, (*a.factors, *b.factors)) for a in left.terms for b in right.terms)
    return Normal.collect(term for part in parts for term in part.terms)


def product(parts: Iterable[Normal]) -> Normal:
    result = ONE
    for part in parts:
        result = multiply(result, part)
    return result


def add(parts: Iterable[Normal]) -> Normal:
    result = Normal.collect(term for part in parts for term in part.terms)
    if len(result.terms) > MAX_TERMS:
        raise too_large(f"a sum of {len(result.terms)} terms")
    return result


def merge(coefficient: Fraction, factors: Iterable[Factor]) -> Normal:
    """coefficient times the factors: equal atoms merged, and the rule of each kind of atom applied."""
    if not coefficient:
        return ZERO
    merged: dict[str, Factor] = {}
    for f in factors:
        old = merged.get(f.atom.key)
        merged[f.atom.key] = f if old is None else Factor(f.atom, old.exponent + f.exponent)
    plain: list[Factor] = []
    extra: list[Normal] = []
    for f in merged.values():
        if not f.exponent:
            continue
        settled = _settled(f)
        if settled is None:
            plain.append(f)
        else:
            extra.append(settled)
    if extra:
        return multiply_all(Normal((Monomial(coefficient, tuple(sorted(plain))),)), extra)
    return _together(coefficient, sorted(plain))


def multiply_all(first: Normal, others: Iterable[Normal]) -> Normal:
    for other in others:
        first = multiply(first, other)
    return first


def _settled(f: Factor) -> Normal | None:
    """What a power of one atom is, when it is not simply itself."""
    atom, e = f.atom, f.exponent
    if isinstance(atom, Component | Scalar | Size | Contraction):
        return None
    if isinstance(atom, Delta | Guard):
        return Normal.atom(atom) if e > 1 else None
    if isinstance(atom, Group) and e.denominator == 1 and e > 0:
        return power(atom.body, e)
    if isinstance(atom, Constant) and atom.name.isdigit() and not 0 < e < 1:
        whole = math.floor(e)
        return multiply(Normal.number(Fraction(int(atom.name)) ** whole), Normal.atom(atom, e - whole) if e != whole else ONE)
    if isinstance(atom, Function) and atom.name in POWERS:
        return POWERS[atom.name](atom, e)
    return None


def _together(coefficient: Fraction, factors: list[Factor]) -> Normal:
    """Rules about two factors: a delta renames in the others; guards exclude or imply each other; sign(x) meets x."""
    guards = [f.atom for f in factors if isinstance(f.atom, Guard)]
    for one, other in itertools.permutations(guards, 2):
        if (MINUS_ONE - one.natural - other.natural).is_natural():
            return ZERO
        if (other.natural - one.natural).is_natural():
            return merge(coefficient, [f for f in factors if f.atom is not other])
    for f in factors:
        if isinstance(f.atom, Delta) and f.exponent > 0:
            solved = solved_for(f.atom.difference, f.atom.indices)
            if solved and any(solved[0] in g.atom.indices for g in factors if g is not f):
                others = [substitute_factor(g, {solved[0]: solved[1]}) for g in factors if g is not f]
                return multiply_all(Normal((Monomial(coefficient, (f,)),)), others)
        if isinstance(f.atom, Function) and f.atom.name == "sign":
            met = _sign_met(f, factors)
            if met is not None:
                return merge(coefficient, met)
    return Normal((Monomial(coefficient, tuple(factors)),))


def solved_for(difference: Affine, candidates: Sequence[Index]) -> tuple[Index, Affine] | None:
    """The candidate that `difference` = 0 determines, and its value; the one with the last range and name, if several."""
    found = [(v, c) for v, c in difference.terms if isinstance(v, Index) and v in candidates and abs(c) == 1]
    if not found:
        return None
    v, c = max(found, key=lambda pair: (pair[0].upper.key, pair[0].key))
    return v, (Affine(((v, c),), 0) - difference).times(c)


def _sign_met(f: Factor, factors: list[Factor]) -> list[Factor] | None:
    """sign(x) x = |x|, sign(x) |x| = x, sign(x)^2 x = x, for one atom x."""
    argument = f.atom.arguments[0] if isinstance(f.atom, Function) else ZERO
    if len(argument.terms) != 1 or len(argument.terms[0].factors) != 1:
        return None
    magnitude = Function("abs", (argument,))
    for g in factors:
        if g.exponent.denominator != 1 or g.atom.key not in (argument.key, magnitude.key):
            continue
        rest = [h for h in factors if h is not f]
        if f.exponent == 2:
            return rest
        swapped = Factor(magnitude, Fraction(1)) if g.atom.key == argument.key else argument.terms[0].factors[0]
        return [*(h for h in rest if h is not g), swapped, Factor(g.atom, g.exponent - 1)]
    return None


# --- powers ----------------------------------------------------------------------------------------------------------


def power(base: Normal, exponent: Fraction | int) -> Normal:
    e = Fraction(exponent)
    if e == 0:
        return ONE
    if e == 1:
        return base
    if not base.terms:
        if e < 0:
            raise NotSupportedYet("a division by an expression that is zero everywhere")
        return ZERO
    if len(base.terms) == 1:
        return _monomial_power(base.terms[0], e)
    if e.denominator == 1 and e > 0:
        if e > MAX_EXPONENT or math.comb(int(e) + len(base.terms) - 1, int(e)) > MAX_TERMS:
            raise too_large(f"{len(base.terms)} terms to the power {e}")
        half = power(base, e // 2)
        return multiply(multiply(half, half), base) if e % 2 else multiply(half, half)
    content, body = primitive(base, signed=e.denominator == 1)
    if len(body.terms) > 1:
        return multiply(power(content, e), Normal.atom(Group(body), e))
    return power(multiply(content, body), e)


def primitive(body: Normal, signed: bool) -> tuple[Normal, Normal]:
    """(content, rest) with body = content * rest: the rational content and the powers common to all terms.

    signed: the content may be negative or of unknown sign (for whole exponents); otherwise it is positive.
    """
    coefficients = [t.coefficient for t in body.terms]
    number = Fraction(math.gcd(*(c.numerator for c in coefficients)), math.lcm(*(c.denominator for c in coefficients)))
    if signed and coefficients[0] < 0:
        number = -number
    lowest: dict[Atom, Fraction] = {}
    exponents = [{f.atom: f.exponent for f in t.factors} for t in body.terms]
    for atom in dict.fromkeys(f.atom for t in body.terms for f in t.factors):
        least = min(e.get(atom, Fraction(0)) for e in exponents)
        if least and not isinstance(atom, Constant) and (signed or sign_of(atom) == "positive"):
            lowest[atom] = least
    if not lowest:
        return Normal.number(number), body.times(1 / number)
    content = Normal((Monomial(number, tuple(sorted(Factor(a, e) for a, e in lowest.items()))),))
    inverse = Normal((Monomial(1 / number, tuple(sorted(Factor(a, -e) for a, e in lowest.items()))),))
    rest = multiply(body, inverse)
    if len(rest.terms) < 2:
        return content, rest
    inner, rest = primitive(rest, signed)
    return multiply(content, inner), rest


def _monomial_power(base: Monomial, e: Fraction) -> Normal:
    if e.denominator == 1:
        if abs(e) > MAX_EXPONENT * 25:
            raise too_large(f"an exponent {e}")
        if not any(isinstance(f.atom, Delta | Guard) for f in base.factors) or e > 0:
            return merge(base.coefficient**e.numerator, (Factor(f.atom, f.exponent * e) for f in base.factors))
        return Normal.atom(Group(Normal((base,))), e)
    known, unknown = number_root(abs(base.coefficient), e), []
    extra: list[Normal] = []
    for f in base.factors:
        sign, k = sign_of(f.atom), f.exponent
        if sign or k.denominator % 2 == 0:
            extra.append(merge(Fraction(1), (Factor(f.atom, k * e),)))
        elif k.numerator % 2 == 0:
            extra.append(power(REBUILD["abs"]((Normal.atom(f.atom),)), k * e))
        else:
            unknown.append(f)
    if len(unknown) == 1 and base.coefficient > 0:
        extra.append(merge(Fraction(1), (Factor(unknown[0].atom, unknown[0].exponent * e),)))
    elif unknown or base.coefficient < 0:
        sign_left = Fraction(1 if base.coefficient > 0 else -1)
        extra.append(Normal.atom(Group(Normal((Monomial(sign_left, tuple(unknown)),))), e))
    return multiply_all(known, extra)


@lru_cache(maxsize=4096)
def number_root(value: Fraction, e: Fraction) -> Normal:
    """value^e for value > 0: perfect parts as a number, the rest as prime constants with exponents between 0 and 1."""
    factors: list[Factor] = []
    for side, number in ((1, value.numerator), (-1, value.denominator)):
        for prime, count in prime_powers(number):
            factors.append(Factor(Constant(str(prime)), e * count * side))
    return merge(Fraction(1), factors)


def prime_powers(number: int) -> list[tuple[int, int]]:
    """Factors of a positive integer; what is left after the primes below 2000 counts as one factor."""
    found, p = [], 2
    while p < 2000 and p * p <= number:
        count = 0
        while number % p == 0:
            number, count = number // p, count + 1
        if count:
            found.append((p, count))
        p += 1
    return [*found, (number, 1)] if number > 1 else found


# --- replacing and substitution ----------------------------------------------------------------------------------------


def substitute(body: Normal, values: Mapping[Index, Affine]) -> Normal:
    """The body with index expressions put for free indices."""
    if not any(i in values for i in body.indices):
        return body
    return add([substitute_monomial(t, values) for t in body.terms])


def substitute_monomial(term: Monomial, values: Mapping[Index, Affine]) -> Normal:
    kept = [f for f in term.factors if not any(i in values for i in f.atom.indices)]
    changed = [substitute_factor(f, values) for f in term.factors if any(i in values for i in f.atom.indices)]
    return multiply_all(Normal((Monomial(term.coefficient, tuple(kept)),)), changed)


def renamed_factor(f: Factor, values: Mapping[Index, Affine]) -> Monomial:
    """substitute_factor for a renaming, which never makes several terms."""
    if not any(i in values for i in f.atom.indices):
        return Monomial(Fraction(1), (f,))
    renamed = substitute_factor(f, values)
    if len(renamed.terms) != 1:
        raise too_large("a factor fell apart when its indices were renamed")
    return renamed.terms[0]


def substitute_factor(f: Factor, values: Mapping[Index, Affine]) -> Normal:
    atom = f.atom
    if not any(i in values for i in atom.indices):
        return Normal((Monomial(Fraction(1), (f,)),))
    if isinstance(atom, Component):
        positions = [p.substitute(values) for p in atom.positions]
        if atom.symmetric:
            positions.sort()
        moved = Component(atom.name, tuple(positions), atom.shape, atom.symmetric, atom.sign, atom.definite)
        return Normal.atom(moved, f.exponent)
    return power(_substituted(atom, values), f.exponent)


def _substituted(atom: Atom, values: Mapping[Index, Affine]) -> Normal:
    match atom:
        case Position(index=index):
            return affine_value(values[index])
        case Delta(difference=difference):
            return delta(difference.substitute(values), Affine((), 0))
        case Guard(natural=natural):
            return guard(natural.substitute(values))
        case Group(body=body):
            return substitute(body, values)
        case Function(name=name, arguments=arguments):
            return REBUILD[name](tuple(substitute(a, values) for a in arguments))
        case Intrinsic(operation=operation, operands=operands, positions=positions):
            moved = tuple(Operand(o.axes, substitute(o.body, values)) for o in operands)
            if moved == operands:
                return _read_elsewhere(atom, tuple(p.substitute(values) for p in positions))
            return REBUILD_INTRINSIC[operation](moved, tuple(p.substitute(values) for p in positions))
        case Contraction(bound=bound, factors=factors):
            names: dict[Index, Affine] = {}
            for b in sorted(bound, key=lambda b: len(b.upper.indices)):
                names[b] = Affine.of(fresh(b.upper.substitute({**values, **names})))
            body = product(substitute_factor(f, {**values, **names}) for f in factors)
            return REBUILD_CONTRACTION[Contraction](body, tuple(a.indices[0] for a in names.values()))
    raise NotSupportedYet(f"substitution into {type(atom).__name__}")


def opened(atom: Contraction) -> tuple[list[Index], list[Factor]]:
    """The bound indices and the factors of a contraction, with fresh names."""
    names: dict[Index, Affine] = {}
    for b in sorted(atom.bound, key=lambda b: len(b.upper.indices)):
        names[b] = Affine.of(fresh(b.upper.substitute(names)))
    factors: list[Factor] = []
    for f in atom.factors:
        factors += renamed_factor(f, names).factors
    return [a.indices[0] for a in names.values()], factors


def _read_elsewhere(atom: Intrinsic, positions: tuple[Affine, ...]) -> Normal:
    """Another entry of the same whole-tensor operation."""
    where = tuple(sorted(positions)) if atom.symmetric else positions
    return Normal.atom(Intrinsic(atom.operation, atom.operands, where, atom.shape, atom.symmetric, atom.sign))


def replace(body: Normal, rule: Callable[[Atom], Normal | None]) -> Normal:
    """The body rebuilt with `rule(atom)` in place of every atom for which the rule gives one, at any depth, outermost first."""

    def of_factor(f: Factor) -> Normal | None:
        new = rule(f.atom)
        return None if new is None else power(new, f.exponent)

    return replace_factors(body, of_factor)


def replace_factors(body: Normal, rule: Callable[[Factor], Normal | None]) -> Normal:
    """The same with a rule for atoms with their exponents."""
    return add([_replaced_monomial(t, rule) for t in body.terms])


def _replaced_monomial(term: Monomial, rule: Callable[[Factor], Normal | None]) -> Normal:
    kept: list[Factor] = []
    changed: list[Normal] = []
    for f in term.factors:
        new = _replaced(f, rule)
        if new is None:
            kept.append(f)
        else:
            changed.append(new)
    return multiply_all(Normal((Monomial(term.coefficient, tuple(kept)),)), changed)


def _replaced(f: Factor, rule: Callable[[Factor], Normal | None]) -> Normal | None:
    """None when nothing in the factor is replaced."""
    new = rule(f)
    if new is None:
        new = _replaced_inside(f.atom, rule)
        return None if new is None else power(new, f.exponent)
    return new


def _replaced_inside(atom: Atom, rule: Callable[[Factor], Normal | None]) -> Normal | None:
    match atom:
        case Group(body=body):
            inner = replace_factors(body, rule)
            return None if inner == body else inner
        case Function(name=name, arguments=arguments):
            moved = tuple(replace_factors(a, rule) for a in arguments)
            return None if moved == arguments else REBUILD[name](moved)
        case Intrinsic(operation=operation, operands=operands, positions=positions):
            changed = tuple(Operand(o.axes, replace_factors(o.body, rule)) for o in operands)
            return None if changed == operands else REBUILD_INTRINSIC[operation](changed, positions)
        case Contraction():
            if all(_replaced(f, rule) is None for f in atom.factors):
                return None
            bound, factors = opened(atom)
            return REBUILD_CONTRACTION[Contraction](_replaced_monomial(Monomial(Fraction(1), tuple(factors)), rule), bound)
    return None
