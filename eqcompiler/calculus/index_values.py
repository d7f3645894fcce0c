"""Index expressions as numbers and as conditions.

Takes: `Affine`s. Gives: their values, Kronecker deltas and guards as Normals; fresh indices.
Guarantees: a delta or guard is decided only when it is for all sizes from 1 on and all indices in their ranges.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO,
    Affine,
    Delta,
    Factor,
    Guard,
    Index,
    Monomial,
    Normal,
    Position,
    Scaled,
    Size,
)

_fresh = itertools.count()


def fresh(upper: Affine) -> Index:
    """A new index from 1 to `upper`; its name never reaches a result."""
    return Index(f"~{next(_fresh)}", ONE_AFFINE, upper)


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
