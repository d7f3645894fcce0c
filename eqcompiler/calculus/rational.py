"""Equality of rational functions: denominators are cleared, also under a sum.

Takes: a Normal that ought to be zero. Gives: a Normal that is zero exactly when the first one is, wherever both are defined.
Guarantees: only multiplication by the denominators that occur, and division with remainder by them inside sums.

    1/(1 + e) * e + 1/(1 + e) - 1     cleared by 1 + e      is    e + 1 - (1 + e)
    {i: x_i e_i <1 + e_i>^-1}         divided inside        is    {i: x_i} - {i: x_i <1 + e_i>^-1}
"""

from __future__ import annotations

from fractions import Fraction

from eqcompiler.calculus.algebra import add, merge, multiply, multiply_all, power, renamed_factor
from eqcompiler.calculus.index_values import fresh
from eqcompiler.calculus.monomials import Affine, Atom, Contraction, Factor, Function, Group, Index, Monomial, Normal
from eqcompiler.calculus.sums import total

ROUNDS = 12


def cleared(residual: Normal) -> Normal:
    """The numerator of the residual. Zero if and only if the residual is zero where it is defined."""
    for _ in range(ROUNDS):
        divided = divided_inside(residual)
        parts = [_numerator(part) for part in _by_root(divided)]
        following = parts[0] if len(parts) == 1 else _first_nonzero(parts)
        if following == residual:
            return residual
        residual = following
        if not residual.terms:
            return residual
    return residual


def _first_nonzero(parts: list[Normal]) -> Normal:
    """Parts with different roots vanish together or not at all."""
    return next((part for part in (cleared(p) for p in parts) if part.terms), Normal(()))


def _by_root(residual: Normal) -> list[Normal]:
    """Terms grouped by the fractional parts of the exponents of their roots: sqrt(D) q = p only if both vanish or so shown."""
    classes: dict[str, list[Monomial]] = {}
    for term in residual.terms:
        roots = [f"{f.atom.key}^{f.exponent % 1}" for f in term.factors if f.exponent.denominator > 1]
        classes.setdefault(" ".join(roots), []).append(term)
    return [Normal(tuple(terms)) for _, terms in sorted(classes.items())] or [residual]


def _numerator(residual: Normal) -> Normal:
    """Multiplied by every denominator, to the power that makes all its exponents natural."""
    lowest: dict[Atom, Fraction] = {}
    for atom in dict.fromkeys(f.atom for t in residual.terms for f in t.factors):
        if isinstance(atom, Group | Function):
            exponents = [next((f.exponent for f in t.factors if f.atom == atom), Fraction(0)) for t in residual.terms]
            least = min(exponents)
            if least < 0 or least.denominator > 1:
                lowest[atom] = least
    if not lowest:
        return residual
    factor = Normal((Monomial(Fraction(1), tuple(sorted(Factor(a, -e) for a, e in lowest.items()))),))
    return multiply(residual, factor)


def divided_inside(residual: Normal) -> Normal:
    """Every contraction in which a denominator D stands beside a multiple of its leading monomial, divided by D."""
    for _ in range(ROUNDS):
        following = add([_divided_term(t) for t in residual.terms])
        if following == residual:
            break
        residual = following
    return residual


def _divided_term(term: Monomial) -> Normal:
    for f in term.factors:
        if isinstance(f.atom, Contraction) and f.exponent == 1:
            divided = _divided(f.atom)
            if divided is not None:
                rest = Monomial(term.coefficient, tuple(g for g in term.factors if g is not f))
                return multiply(Normal((rest,)), divided)
    return Normal((term,))


def _divided(atom: Contraction) -> Normal | None:
    names: dict[Index, Affine] = {b: Affine.of(fresh(b.upper)) for b in atom.bound}
    if any(b.upper.indices for b in atom.bound):
        return None
    factors = [g for f in atom.factors for g in renamed_factor(f, names).factors]
    bound = [a.indices[0] for a in names.values()]
    for f in factors:
        if not isinstance(f.atom, Group) or (f.exponent > -1 and f.exponent.denominator == 1) or -1 < f.exponent < 0:
            continue
        others = {g.atom: g.exponent for g in factors if g is not f}
        if f.exponent > 0:
            pieces = [power(f.atom.body, 1), Normal.atom(f.atom, f.exponent - 1)]
            return total(multiply_all(merge(Fraction(1), [g for g in factors if g is not f]), pieces), bound)
        chosen = _divisor_term(f.atom.body, others)
        if chosen is not None:
            quotient = _without(others, chosen)
            remainder = Normal(tuple(t for t in f.atom.body.terms if t is not chosen))
            whole = Normal.atom(f.atom, f.exponent + 1) if f.exponent != -1 else Normal.number(1)
            value = multiply(quotient, whole - multiply(remainder, Normal.atom(f.atom, f.exponent)))
            return total(value.times(1 / chosen.coefficient), bound)
    return None


def _divisor_term(body: Normal, others: dict[Atom, Fraction]) -> Monomial | None:
    """The term of the denominator to divide by: the last one that is not constant, when its factors stand beside it."""
    candidates = [t for t in body.terms if t.factors and not any(isinstance(f.atom, Contraction) for f in t.factors)]
    if not candidates:
        return None
    leading = max(candidates, key=lambda t: (sum(f.exponent for f in t.factors), t.key))
    if all(others.get(f.atom, Fraction(0)) >= f.exponent for f in leading.factors):
        return leading
    constant = [t for t in body.terms if not t.factors]
    below = any(others.get(f.atom, Fraction(0)) < 0 for f in leading.factors)
    return constant[0] if constant and below else None


def _without(others: dict[Atom, Fraction], chosen: Monomial) -> Normal:
    left = dict(others)
    for f in chosen.factors:
        left[f.atom] = left.get(f.atom, Fraction(0)) - f.exponent
    return merge(Fraction(1), [Factor(a, e) for a, e in left.items()])
