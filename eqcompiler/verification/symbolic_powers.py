r"""Powers with symbolic exponents, for the proof checker.

Takes: the checker's arithmetic, a base, an exponent. Gives: sums with indices.
Guarantees: an identity wherever both sides are defined; an exponent is split only for a positive base, or into whole numbers.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, ZERO, Atom, NotReplayed, Open, Product, Sum, number


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
