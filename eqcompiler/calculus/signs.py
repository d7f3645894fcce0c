"""Signs that are known for all values at which a thing is defined.

Takes: atoms, factors, Normals. Gives: "positive", "nonnegative" or "" (not known).
Guarantees: never a guess: from declared signs, squares, exponentials, sizes and sums and products of those.
"""

from __future__ import annotations

from collections.abc import Iterable

from eqcompiler.calculus.monomials import (
    ONE_AFFINE,
    Atom,
    Component,
    Constant,
    Contraction,
    Delta,
    Factor,
    Function,
    Group,
    Guard,
    Intrinsic,
    Normal,
    Position,
    Scalar,
    Size,
)


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
        case Function(name="gamma", arguments=(inside,)):
            return "positive" if sign_of_normal(inside) else ""  # at 0 it is not defined
        case Function(name="power", arguments=(base, _)):
            return "positive" if sign_of_normal(base) == "positive" else ""
        case Function(name=name):
            return {"exp": "positive", "abs": "nonnegative"}.get(name, "")
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
