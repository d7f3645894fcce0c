"""The algebra of Normals: products, powers, sums over indices, substitution of index expressions.

Takes: Normals. Gives: Normals, canonical again.
Guarantees: every step is an identity for all real values at which both sides are defined, for all sizes from 1 on.
NotSupportedYet when the result would be larger than MAX_TERMS.

Functions and whole-tensor operations bring their own rules (`REBUILD`, `POWERS`, filled by calculus.elementary and
calculus.whole_tensors), so that substitution can rebuild what it enters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
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
    Scaled,
    Size,
)
from eqcompiler.calculus.naming import canonical
from eqcompiler.errors import NotSupportedYet

MAX_TERMS = 3000
MAX_FACTORS = 48
MAX_EXPONENT = 40

REBUILD: dict[str, Callable[[tuple[Normal, ...]], Normal]] = {}
POWERS: dict[str, Callable[[Function, Fraction], Normal | None]] = {}
REBUILD_INTRINSIC: dict[str, Callable[[tuple[Operand, ...], tuple[Affine, ...]], Normal]] = {}

_fresh = itertools.count()


def fresh(upper: Affine) -> Index:
    """A new index from 1 to `upper`; its name never reaches a result."""
    return Index(f"~{next(_fresh)}", ONE_AFFINE, upper)


def too_large(what: str) -> NotSupportedYet:
    return NotSupportedYet(f"the normal form grew too large: {what}", allowed=f"at most {MAX_TERMS} terms")


# --- values of index expressions -------------------------------------------------------------------------------------


def affine_value(affine: Affine) -> Normal:
    """The index expression as a number."""
    parts = [Monomial(Fraction(affine.constant), ())] if affine.constant else []
    for variable, c in affine.terms:
        sizes = variable if isinstance(variable, tuple) else variable.sizes if isinstance(variable, Scaled) else ()
        powers = [Factor(Size(name), Fraction(len(list(run)))) for name, run in itertools.groupby(sizes)]
        powers += [Factor(Position(index), Fraction(1)) for index in Affine.of(variable).indices]
        parts.append(Monomial(Fraction(c), tuple(sorted(powers))))
    return Normal.collect(parts)


def delta(left: Affine, right: Affine) -> Normal:
    difference = left - right
    if not difference.terms:
        return ONE if difference.constant == 0 else ZERO
    if difference.terms[0][1] < 0:
        difference = difference.times(-1)
    if (difference - ONE_AFFINE).is_natural() or (difference.times(-1) - ONE_AFFINE).is_natural():
        return ZERO
    return Normal.atom(Delta(difference))


def guard(natural: Affine) -> Normal:
    """1 where natural >= 0, else 0."""
    if natural.is_natural():
        return ONE
    return ZERO if (natural.times(-1) - ONE_AFFINE).is_natural() else Normal.atom(Guard(natural))


# --- signs -----------------------------------------------------------------------------------------------------------


def sign_of(atom: Atom) -> str:
    """ "positive", "nonnegative" or "" (not known), for all values at which the atom is defined."""
    match atom:
        case Scalar() | Component() | Intrinsic():
            return atom.sign
        case Size() | Constant():
            return "positive"
        case Delta() | Guard():
            return "nonnegative"
        case Position(index=index):
            return "positive" if (index.lower - ONE_AFFINE).is_natural() else ""
        case Function(name=name):
            return {"exp": "positive", "gamma": "", "abs": "nonnegative"}.get(name, "")
        case Group(body=body):
            return sign_of_normal(body)
        case Contraction(bound=bound, factors=factors):
            sign = sign_of_factors(factors)
            filled = all((b.upper - ONE_AFFINE).is_natural() for b in bound)
            return "nonnegative" if sign == "positive" and not filled else sign
    return ""


def sign_of_factors(factors: Iterable[Factor]) -> str:
    positive = True
    for f in factors:
        sign = sign_of(f.atom)
        even = f.exponent.denominator == 1 and f.exponent.numerator % 2 == 0
        if sign != "positive":
            positive = False
            if sign != "nonnegative" and not even and f.exponent.denominator % 2:
                return ""
    return "positive" if positive else "nonnegative"


def sign_of_normal(body: Normal) -> str:
    signs = [sign_of_factors(t.factors) if t.coefficient > 0 else "" for t in body.terms]
    if not signs or "" in signs:
        return "" if signs else "nonnegative"
    return "positive" if "positive" in signs else "nonnegative"


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
    """Rules about two factors: a delta renames in the others; sign(x) meets x."""
    for f in factors:
        if isinstance(f.atom, Delta) and f.exponent > 0:
            solved = _solve(f.atom.difference, f.atom.indices)
            if solved and any(solved[0] in g.atom.indices for g in factors if g is not f):
                others = [substitute_factor(g, {solved[0]: solved[1]}) for g in factors if g is not f]
                return multiply_all(Normal((Monomial(coefficient, (f,)),)), others)
        if isinstance(f.atom, Function) and f.atom.name == "sign":
            met = _sign_met(f, factors)
            if met is not None:
                return merge(coefficient, met)
    return Normal((Monomial(coefficient, tuple(factors)),))


def _solve(difference: Affine, candidates: Sequence[Index]) -> tuple[Index, Affine] | None:
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


# --- sums over indices -----------------------------------------------------------------------------------------------


def total(body: Normal, bound: Sequence[Index]) -> Normal:
    """The sum of `body` over `bound` (each from 1 to its upper; names must be fresh or canonical)."""
    return add([_sum_monomial(term, tuple(bound)) for term in body.terms])


def _sum_monomial(term: Monomial, bound: tuple[Index, ...]) -> Normal:
    if not bound:
        return Normal((term,))
    for step in (_contract_delta, _shrink_range, _count_unused):
        done = step(term, bound)
        if done is not None:
            return done
    inside, outside, bound = _dissolved(term.factors, bound)
    inside, bound, regained = _regained(inside, bound)
    if regained:
        return (
            _sum_monomial(Monomial(term.coefficient, tuple(inside + outside)), bound)
            if bound
            else merge(term.coefficient, inside + outside)
        )
    parts = [Normal((Monomial(term.coefficient, tuple(sorted(outside))),))]
    parts += [_contraction(b, f) for b, f in _connected(bound, inside)]
    return product(parts)


def _contract_delta(term: Monomial, bound: tuple[Index, ...]) -> Normal | None:
    """Sum over i of delta(i, e) f(i) = f(e) where e is in the range of i; a guard says so where that is not known."""
    for f in term.factors:
        if not isinstance(f.atom, Delta) or f.exponent != 1:
            continue
        solved = _solve(f.atom.difference, bound)
        if solved is None or any(solved[0] in b.upper.indices for b in bound):
            continue
        index, value = solved
        others = [substitute_factor(g, {index: value}) for g in term.factors if g is not f]
        body = product([Normal.number(term.coefficient), guard(value - ONE_AFFINE), guard(index.upper - value), *others])
        return total(body, tuple(b for b in bound if b != index))
    return None


def _shrink_range(term: Monomial, bound: tuple[Index, ...]) -> Normal | None:
    """[u - i >= 0] ends a sum over i at u, [l <= i] starts it at l, where these edges are known to lie in the range."""
    for f in term.factors:
        if not isinstance(f.atom, Guard):
            continue
        natural = f.atom.natural
        solved = _solve(natural, bound)
        if solved is None or any(solved[0] in b.upper.indices for b in bound):
            continue
        index, edge = solved
        rest = Normal((Monomial(term.coefficient, tuple(g for g in term.factors if g is not f)),))
        others = tuple(b for b in bound if b != index)
        if any(i in others for i in edge.indices):
            continue
        rising = dict(natural.terms)[index] > 0
        if not rising and (index.upper - edge).is_natural():
            new = fresh(edge)
            return total(substitute(rest, {index: Affine.of(new)}), (*others, new))
        if rising and (edge - ONE_AFFINE).is_natural():
            new = fresh(index.upper - edge + ONE_AFFINE)
            return total(substitute(rest, {index: Affine.of(new) + edge - ONE_AFFINE}), (*others, new))
    return None


def _count_unused(term: Monomial, bound: tuple[Index, ...]) -> Normal | None:
    """A sum whose body does not use the index is the length of its range, where that is known to be at least 0."""
    used = {i.key for f in term.factors for i in f.atom.indices} | {i.key for b in bound for i in b.upper.indices}
    for index in bound:
        if index.key not in used and index.upper.is_natural():
            body = multiply(Normal((term,)), affine_value(index.upper))
            return total(body, tuple(b for b in bound if b != index))
    return None


def _dissolved(factors: Iterable[Factor], bound: tuple[Index, ...]) -> tuple[list[Factor], list[Factor], tuple[Index, ...]]:
    """(inside, outside, bound): contractions that use a bound index give up their factors and bound indices, renamed."""
    inside: list[Factor] = []
    outside: list[Factor] = []
    bounds = list(bound)
    queue = list(factors)
    while queue:
        f = queue.pop(0)
        atom = f.atom
        if not any(i in bounds for i in atom.indices):
            outside.append(f)
        elif isinstance(atom, Contraction) and f.exponent.denominator == 1 and f.exponent > 0:
            if len(inside) + len(atom.factors) * int(f.exponent) > MAX_FACTORS:
                raise too_large(f"a sum of products of more than {MAX_FACTORS} factors")
            for _ in range(int(f.exponent)):
                opened, body = _opened(atom)
                bounds += opened
                queue += body
        else:
            inside.append(f)
    return inside, outside, tuple(bounds)


def _opened(atom: Contraction) -> tuple[list[Index], list[Factor]]:
    """Bound indices and factors with fresh names."""
    names: dict[Index, Affine] = {}
    for b in sorted(atom.bound, key=lambda b: len(b.upper.indices)):
        names[b] = Affine.of(fresh(b.upper.substitute(names)))
    factors: list[Factor] = []
    for f in atom.factors:
        factors += renamed_factor(f, names).factors
    return [a.indices[0] for a in names.values()], factors


def _regained(inside: list[Factor], bound: tuple[Index, ...]) -> tuple[list[Factor], tuple[Index, ...], bool]:
    """Finds sums that stand beside a power of themselves, (sum_k e_ik) * (sum_k e_ik)^-1, and merges the exponents."""
    for f in inside:
        if not isinstance(f.atom, Contraction):
            continue
        size = len(f.atom.bound)
        for chosen in itertools.islice(itertools.combinations(bound, size), 200):
            if any(i in chosen for i in f.atom.indices):
                continue
            part = [g for g in inside if any(i in chosen for i in g.atom.indices)]
            if len(part) != len(f.atom.factors) or f in part:
                continue
            closed = _contraction(chosen, part)
            if closed.key == f.atom.key:
                rest = [g for g in inside if g not in part and g is not f]
                if f.exponent != -1:
                    rest.append(Factor(f.atom, f.exponent + 1))
                return rest, tuple(b for b in bound if b not in chosen), True
    return inside, bound, False


def _connected(bound: tuple[Index, ...], factors: list[Factor]) -> list[tuple[tuple[Index, ...], list[Factor]]]:
    """Bound indices and factors split into connected parts."""
    parts: list[tuple[list[Index], list[Factor]]] = [([b], []) for b in bound]

    def join(indices: Iterable[Index], factor: Factor | None) -> None:
        touched = [p for p in parts if any(i in p[0] for i in indices)]
        if not touched:
            return
        first = touched[0]
        for other in touched[1:]:
            first[0].extend(other[0])
            first[1].extend(other[1])
            parts.remove(other)
        if factor:
            first[1].append(factor)

    for f in factors:
        join(f.atom.indices, f)
    for b in bound:
        join((b, *b.upper.indices), None)
    return [(tuple(b), f) for b, f in parts]


def _contraction(bound: Sequence[Index], factors: list[Factor]) -> Normal:
    """One connected sum of products with canonical names; sums of powers of the index itself in closed form."""
    merged = merge(Fraction(1), factors)
    if len(merged.terms) != 1 or any(not _same(f, merged.terms[0]) for f in factors):
        return total(merged, bound)
    if len(bound) == 1 and len(factors) == 1 and isinstance(factors[0].atom, Position):
        closed = _power_sum(bound[0].upper, factors[0].exponent)
        if closed is not None:
            return closed
    sign, names, renamed = canonical(bound, merged.terms[0].factors, renamed_factor)
    return Normal.atom(Contraction(names, renamed)).times(sign) if sign else ZERO


def _same(factor: Factor, monomial: Monomial) -> bool:
    return any(factor.atom is f.atom or factor.atom.key == f.atom.key for f in monomial.factors)


def _power_sum(upper: Affine, exponent: Fraction) -> Normal | None:
    """1 + 2^k + ... + n^k for k = 1, 2, 3, where n >= 0 is known."""
    if exponent not in (1, 2, 3) or not upper.is_natural():
        return None
    n = affine_value(upper)
    after = n + ONE
    first = multiply(n, after).times(Fraction(1, 2))
    if exponent == 1:
        return first
    return multiply(first, first) if exponent == 3 else multiply(first, n + after).times(Fraction(1, 3))


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
            return REBUILD_INTRINSIC[operation](moved, tuple(p.substitute(values) for p in positions))
        case Contraction(bound=bound, factors=factors):
            names: dict[Index, Affine] = {}
            for b in sorted(bound, key=lambda b: len(b.upper.indices)):
                names[b] = Affine.of(fresh(b.upper.substitute({**values, **names})))
            body = product(substitute_factor(f, {**values, **names}) for f in factors)
            return total(body, tuple(a.indices[0] for a in names.values()))
    raise NotSupportedYet(f"substitution into {type(atom).__name__}")


def replace(body: Normal, rule: Callable[[Atom], Normal | None]) -> Normal:
    """The body rebuilt with `rule(atom)` in place of every atom for which the rule gives one, at any depth, outermost first."""
    return add([_replaced_monomial(t, rule) for t in body.terms])


def _replaced_monomial(term: Monomial, rule: Callable[[Atom], Normal | None]) -> Normal:
    kept: list[Factor] = []
    changed: list[Normal] = []
    for f in term.factors:
        new = _replaced(f.atom, rule)
        if new is None:
            kept.append(f)
        else:
            changed.append(power(new, f.exponent))
    return multiply_all(Normal((Monomial(term.coefficient, tuple(kept)),)), changed)


def _replaced(atom: Atom, rule: Callable[[Atom], Normal | None]) -> Normal | None:
    """None when nothing in the atom is replaced."""
    new = rule(atom)
    if new is not None:
        return new
    match atom:
        case Group(body=body):
            inner = replace(body, rule)
            return None if inner == body else inner
        case Function(name=name, arguments=arguments):
            moved = tuple(replace(a, rule) for a in arguments)
            return None if moved == arguments else REBUILD[name](moved)
        case Intrinsic(operation=operation, operands=operands, positions=positions):
            changed = tuple(Operand(o.axes, replace(o.body, rule)) for o in operands)
            return None if changed == operands else REBUILD_INTRINSIC[operation](changed, positions)
        case Contraction():
            if all(_replaced(f.atom, rule) is None for f in atom.factors):
                return None
            opened, factors = _opened(atom)
            return total(_replaced_monomial(Monomial(Fraction(1), tuple(factors)), rule), opened)
    return None
