"""Sums over indices: deltas contracted, ranges shortened, inner sums flattened, connected parts named canonically.

Takes: a Normal and indices, each from 1 to its upper. Gives: the sum as a Normal.
Guarantees: an identity for all sizes from 1 on; a sum over an empty range is 0, so that a length counts only where it is known
to be at least 0, and a delta outside of its range leaves a guard.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction

from eqcompiler.calculus.algebra import (
    REBUILD_CONTRACTION,
    add,
    merge,
    multiply,
    opened,
    product,
    renamed_factor,
    solved_for,
    substitute,
    substitute_factor,
    too_large,
)
from eqcompiler.calculus.index_values import affine_value, fresh, guard
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO,
    Affine,
    Contraction,
    Delta,
    Factor,
    Guard,
    Index,
    Monomial,
    Normal,
    Position,
)
from eqcompiler.calculus.naming import canonical

MAX_FACTORS = 48


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
        solved = solved_for(f.atom.difference, bound)
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
        solved = solved_for(natural, bound)
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
                indices, body = opened(atom)
                bounds += indices
                queue += body
        else:
            inside.append(f)
    return inside, outside, tuple(bounds)


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


REBUILD_CONTRACTION[Contraction] = total
