"""Equations used as rules: sum_k Y_ik -> 1, a^T a -> 1, det X -> 1, y -> B s, y_i^2 -> y_i.

Takes: an equation left = right as a tensor that is zero. Gives: a `Relation` that replaces its leading atom, also where it
is hidden inside a larger sum, at any indices.
Guarantees: what is replaced equals what stands in its place whenever the equation holds, for all values of its free indices.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from eqcompiler.calculus import algebra
from eqcompiler.calculus.algebra import merge, multiply, power, renamed_factor, substitute
from eqcompiler.calculus.index_values import fresh
from eqcompiler.calculus.monomials import (
    Affine,
    Atom,
    Component,
    Contraction,
    Delta,
    Factor,
    Guard,
    Index,
    Intrinsic,
    Monomial,
    Normal,
    Position,
    Scalar,
    Size,
)
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.signs import sign_of
from eqcompiler.calculus.sums import total

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Relation:
    """lead^exponent -> value, for all values of the indices `free`. Only lower powers of the lead stand in the value."""

    lead: Atom
    value: Normal
    free: tuple[Index, ...]
    exponent: Fraction = Fraction(1)

    def __str__(self) -> str:
        return f"{Factor(self.lead, self.exponent)} = {self.value}"


def relation(zero: Tensor) -> Relation | None:
    """The equation `zero` = 0 solved for its most composed atom; None where no atom stands alone."""
    best: tuple[int, str, Relation] | None = None
    zero = Tensor(zero.axes, _without_positive(zero.body))
    for term in zero.body.terms:
        if len(term.factors) != 1:
            continue
        f = term.factors[0]
        rest = Normal(tuple(t for t in zero.body.terms if t is not term)).times(-1 / term.coefficient)
        if _rank(f.atom) == 0 or not set(zero.axes) <= set(f.atom.indices) or _occurs(f.atom, rest):
            continue
        value = _solved(f, rest)
        if value is None or not _plain(f.atom):
            continue
        candidate = (_rank(f.atom), f.atom.key, Relation(f.atom, value, zero.axes))
        if best is None or candidate[:2] > best[:2]:
            best = candidate
    return best[2] if best else _of_power(zero)


def _of_power(zero: Tensor) -> Relation | None:
    """y^2 = 1 and y^2 = y, of numbers and of every entry: nothing else is known of a label with two values."""
    found: list[Relation] = []
    for term in zero.body.terms:
        if len(term.factors) != 1:
            continue
        atom, e = term.factors[0].atom, term.factors[0].exponent
        rest = Normal(tuple(t for t in zero.body.terms if t is not term)).times(-1 / term.coefficient)
        whole = isinstance(atom, Scalar | Component) and e.denominator == 1 and e > 1
        if whole and set(zero.axes) <= set(atom.indices) and _plain(atom) and all(_is_lower(t, atom, e) for t in rest.terms):
            found.append(Relation(atom, rest, zero.axes, e))
    return max(found, key=lambda r: r.lead.key, default=None)


def _is_lower(term: Monomial, atom: Atom, exponent: Fraction) -> bool:
    """Whether the atom stands in the monomial only as a factor of its own, to a lower whole power."""
    others = tuple(f for f in term.factors if f.atom != atom)
    powers = [f.exponent for f in term.factors if f.atom == atom]
    return all(e.denominator == 1 and 0 < e < exponent for e in powers) and not _occurs(
        atom, Normal((replace(term, factors=others),))
    )


def _without_positive(body: Normal) -> Normal:
    """eta g = 0 with eta > 0 says g = 0."""
    if len(body.terms) != 1:
        return body
    factors = tuple(f for f in body.terms[0].factors if sign_of(f.atom) != "positive")
    return Normal((replace(body.terms[0], factors=factors),)) if factors else body


def _rank(atom: Atom) -> int:
    if isinstance(atom, Delta | Guard | Size | Position):
        return 0
    ranks: list[tuple[type, int]] = [(Contraction, 5), (Intrinsic, 4), (Component, 2), (Scalar, 1)]
    return next((rank for kind, rank in ranks if isinstance(atom, kind)), 3)


def _solved(f: Factor, rest: Normal) -> Normal | None:
    if f.exponent == 1:
        return rest
    number = rest.constant
    if number is not None and number > 0 and sign_of(f.atom):
        return power(rest, 1 / f.exponent)
    return None


def _plain(atom: Atom) -> bool:
    """A component must be free in distinct axes over its whole range: x_i = 1 is about every entry."""
    if not isinstance(atom, Component):
        return True
    names = [p.index for p in atom.positions]
    if any(n is None for n in names):
        return not atom.indices
    full = all(n is not None and n.lower.key == "1" and n.upper == size for n, size in zip(names, atom.shape, strict=True))
    return full and len(set(names)) == len(names)


def _occurs(atom: Atom, body: Normal) -> bool:
    """Whether the atom (for a component, any component of its tensor) occurs anywhere in the body."""
    mark = f"{atom.name}[" if isinstance(atom, Component) else atom.key
    return mark in body.key


def applied(relations: Sequence[Relation], body: Normal) -> Normal:
    """The body with the relations used until nothing changes."""
    for _ in range(ROUNDS):
        following = body
        for r in relations:
            if r.exponent == 1:
                following = algebra.replace(following, partial(_used, r))
            else:
                following = algebra.replace_factors(following, partial(_lowered, r))
        if following == body:
            break
        body = following
    return body


def _instance(r: Relation, atom: Atom) -> Normal | None:
    """The value at the indices at which the atom is an instance of the lead."""
    if type(atom) is not type(r.lead):
        return None
    if not r.free:
        return r.value if atom == r.lead else None
    if isinstance(atom, Component) and isinstance(r.lead, Component):
        if atom.name != r.lead.name:
            return None
        values = {p.index: q for p, q in zip(r.lead.positions, atom.positions, strict=True) if p.index}
        return substitute(r.value, values)
    if _shape_text(atom) != _shape_text(r.lead):
        return None
    places = [Affine.of(i) for i in atom.indices]
    for chosen in itertools.product(places, repeat=len(r.free)):
        values = dict(zip(r.free, chosen, strict=True))
        if any(i.upper != v.index.upper or v.index.lower != i.lower for i, v in values.items() if v.index):
            continue
        lead = algebra.substitute_factor(Factor(r.lead, Fraction(1)), values)
        if lead.key == atom.key:
            return substitute(r.value, values)
    return None


def _shape_text(atom: Atom) -> tuple[str, ...]:
    if isinstance(atom, Contraction):
        return tuple(sorted(f"{_name(f.atom)}^{f.exponent}" for f in atom.factors))
    return (_name(atom),)


def _name(atom: Atom) -> str:
    return atom.name if isinstance(atom, Component) else type(atom).__name__


def _lowered(r: Relation, f: Factor) -> Normal | None:
    """y^3 -> y where y^2 -> 1."""
    if f.exponent.denominator != 1 or f.exponent < r.exponent:
        return None
    value = _instance(r, f.atom)
    return None if value is None else multiply(value, power(Normal.atom(f.atom), f.exponent - r.exponent))


def _used(r: Relation, atom: Atom) -> Normal | None:
    value = _instance(r, atom)
    return _opened(r, atom) if value is None and isinstance(atom, Contraction) else value


def _opened(r: Relation, atom: Contraction) -> Normal | None:
    """The value of a larger sum into which the lead has been merged."""
    lead = r.lead
    if not isinstance(lead, Contraction) or len(atom.bound) <= len(lead.bound) - 1 or any(b.upper.indices for b in atom.bound):
        return None
    wanted = _shape_text(lead)
    for chosen in itertools.islice(itertools.combinations(atom.bound, len(lead.bound)), 100):
        inner = [f for f in atom.factors if any(i in chosen for i in f.atom.indices)]
        if tuple(sorted(f"{_name(f.atom)}^{f.exponent}" for f in inner)) != wanted:
            continue
        names: dict[Index, Affine] = {b: Affine.of(fresh(b.upper)) for b in atom.bound}
        close = [names[b].indices[0] for b in chosen]
        part = total(merge(Fraction(1), [g for f in inner for g in renamed_factor(f, names).factors]), close)
        closed = part.terms[0].factors[0].atom if len(part.terms) == 1 and len(part.terms[0].factors) == 1 else None
        value = _instance(r, closed) if closed is not None else None
        if value is not None and part.terms[0].coefficient == 1:
            outer = [g for f in atom.factors if f not in inner for g in renamed_factor(f, names).factors]
            left = [names[b].indices[0] for b in atom.bound if b not in chosen]
            return total(multiply(merge(Fraction(1), outer), value), left)
    return None
