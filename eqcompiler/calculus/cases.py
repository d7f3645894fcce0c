"""Case distinctions: |u|, sign u, max(u, v) through steps [u > 0], and the cases u > 0, u < 0, u = 0.

Takes: a Normal that ought to be zero. Gives: whether it is zero in every case.
Guarantees: every case is covered, for index guards [i <= n] both; u = 0 counts only where it can be solved for a symbol, or
where nothing depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeGuard

from eqcompiler.calculus.algebra import merge, multiply, power, replace
from eqcompiler.calculus.elementary import HYPERBOLIC, MAX_ANGLES, apply, step, turned
from eqcompiler.calculus.index_values import affine_value, guard
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO,
    Atom,
    Contraction,
    Factor,
    Function,
    Guard,
    Index,
    Monomial,
    Normal,
    Position,
)
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rational import cleared
from eqcompiler.calculus.relations import applied, relation
from eqcompiler.calculus.signs import sign_of_normal

MAX_DISTINCTIONS = 4


def with_exponentials(body: Normal) -> Normal:
    """sinh, cosh and tanh as rational functions of exp, their inverses as logarithms."""

    def rule(atom: Atom) -> Normal | None:
        known = isinstance(atom, Function) and atom.name in HYPERBOLIC
        return HYPERBOLIC[atom.name](replace(atom.arguments[0], rule)) if known and isinstance(atom, Function) else None

    return replace(body, rule)


def with_common_angles(body: Normal) -> Normal:
    """sin x beside sin(x/2): both through the smallest part of the angle that occurs."""
    smallest: dict[str, int] = {}

    def note(atom: Atom) -> None:
        if _is_wave(atom):
            (term,) = atom.arguments[0].terms
            smallest[term.key] = math.lcm(smallest.get(term.key, 1), term.coefficient.denominator)

    replace(body, note)

    def rule(atom: Atom) -> Normal | None:
        if not _is_wave(atom):
            return None
        (term,) = atom.arguments[0].terms
        parts = smallest[term.key]
        count = term.coefficient * parts
        if count <= 1 or count > MAX_ANGLES:
            return None
        cosine, sine = turned([(int(count), Normal((Monomial(Fraction(1, parts), term.factors),)))])
        return cosine if atom.name == "cos" else sine

    return replace(body, rule)


def _is_wave(atom: Atom) -> TypeGuard[Function]:
    return isinstance(atom, Function) and atom.name in ("sin", "cos") and len(atom.arguments[0].terms) == 1


def with_steps(body: Normal) -> Normal:
    """|u| = u [u > 0] - u [-u > 0], max(u, v) = v + (u - v) [u - v > 0]."""

    def rule(atom: Atom) -> Normal | None:
        if not isinstance(atom, Function) or atom.name not in ("abs", "sign", "max"):
            return None
        arguments = [replace(a, rule) for a in atom.arguments]
        if atom.name == "max":
            largest = arguments[0]
            for a in arguments[1:]:
                largest = largest + multiply(a - largest, step(a - largest))
            return largest
        u = arguments[0]
        sign = step(u) - step(-u)
        return sign if atom.name == "sign" else multiply(u, sign)

    return replace(body, rule)


def with_closed_series(body: Normal) -> Normal:
    """Geometric sums in closed form: q + q^2 + ... + q^n = q (q^n - 1)/(q - 1), wherever q is not 1."""
    return replace(body, _geometric)


def _geometric(atom: Atom) -> Normal | None:
    if not isinstance(atom, Contraction) or len(atom.bound) != 1 or not atom.bound[0].upper.is_natural():
        return None
    ratios = [_ratio(f, atom.bound[0]) for f in atom.factors]
    if not ratios or any(r is None for r in ratios):
        return None
    q = ONE
    for r in ratios:
        q = multiply(q, r or ONE)
    whole = apply("power", (q, affine_value(atom.bound[0].upper)))
    return multiply(multiply(q, whole - ONE), power(q - ONE, -1))


def _ratio(f: Factor, index: Index) -> Normal | None:
    """q when the factor is q^index."""
    if not isinstance(f.atom, Function) or f.atom.name not in ("power", "exp"):
        return None
    exponent = f.atom.arguments[-1].terms[0]
    rest = [g for g in exponent.factors if g.atom != Position(index)]
    linear = any(g.atom == Position(index) and g.exponent == 1 for g in exponent.factors)
    others = (*f.atom.arguments[:-1], Normal((Monomial(exponent.coefficient, tuple(rest)),)))
    if not linear or any(index in argument.indices for argument in others):
        return None
    value = merge(exponent.coefficient, rest)
    unit = apply("exp", (value,)) if f.atom.name == "exp" else apply("power", (f.atom.arguments[0], value))
    return power(unit, f.exponent)


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """A number that is positive, or where not strict may be zero as well."""

    difference: Normal
    strict: bool

    def sign_of(self, u: Normal) -> str:
        """What follows for u: a multiple of the difference, or more than it."""
        if not u.terms or not self.difference.terms:
            return ""
        ratio = u.terms[0].coefficient / self.difference.terms[0].coefficient
        if ratio > 0 and self.difference.times(ratio) == u:
            return "positive" if self.strict else "nonnegative"
        more = sign_of_normal(u - self.difference)
        return "positive" if more and (self.strict or more == "positive") else more

    def where(self, rule: Callable[[Atom], Normal | None]) -> KnownOrder:
        return KnownOrder(replace(self.difference, rule), self.strict)


def vanishes(body: Normal, distinctions: int = MAX_DISTINCTIONS, known: tuple[KnownOrder, ...] = ()) -> bool:
    """Whether the body is zero in every case of the steps that occur in it, outside of sums."""
    body = cleared(body)
    if not body.terms:
        return True
    ranges = [f.atom for t in body.terms for f in t.factors if isinstance(f.atom, Guard)]
    if ranges and distinctions:
        here = min(ranges).natural
        cases = (guard(here), guard(here.times(-1) - ONE_AFFINE))
        return all(vanishes(multiply(body, case), distinctions - 1, known) for case in cases)
    steps = [f.atom for t in body.terms for f in t.factors if isinstance(f.atom, Function) and f.atom.name == "step"]
    if not steps or distinctions == 0:
        return False
    u = min(steps, key=lambda step: ("step(" in step.arguments[0].key, step.key)).arguments[0]  # inner ones first
    for above, below in _possible(u, known):
        decided = partial(_decided, u, above, below)
        case = replace(body, decided)
        if above == below:
            solved = relation(Tensor((), u))
            case = applied((solved,), case) if solved is not None else case
        if not vanishes(case, distinctions - 1, tuple(order.where(decided) for order in known)):
            return False
    return True


def _possible(u: Normal, known: tuple[KnownOrder, ...]) -> tuple[tuple[Normal, Normal], ...]:
    """[u > 0] and [u < 0] in the cases that can be: above, below, zero."""
    above, below, zero = (ONE, ZERO), (ZERO, ONE), (ZERO, ZERO)
    for order in known:
        for value, side in ((u, above), (-u, below)):
            sign = order.sign_of(value)
            if sign:
                return (side,) if sign == "positive" else (side, zero)
    return (above, below, zero)


def _decided(u: Normal, above: Normal, below: Normal, atom: Atom) -> Normal | None:
    if isinstance(atom, Function) and atom.name == "step":
        if atom.arguments[0] == u:
            return above
        if atom.arguments[0] == -u:
            return below
    return None
