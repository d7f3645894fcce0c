"""Sums of exponentials, shifted by their largest exponent.

Takes: expressions of index form. Gives: exp(M) times a sum whose exponents are at most 0, and exponents read back as
differences a - M.
Guarantees: equal in exact arithmetic. Two shifts of one sum have the same M, so that exp(-M)*exp(M) is 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import sympy

from eqcompiler.kernels.stable_functions import Apart, ExpDifference, Largest, LogOfSum, Ties
from eqcompiler.languages.program import index

Difference = tuple[sympy.Expr, sympy.Expr]


def exponent(value: sympy.Expr) -> sympy.Expr:
    """The sum of the exponents of the factors exp(..) of a product."""
    return sympy.Add(*(part.args[0] for part in sympy.Mul.make_args(value) if isinstance(part, sympy.exp)))


def is_exponential_sum(value: sympy.Expr) -> bool:
    """Sum(w*exp(a), ..) with a that depends on what is summed over, not yet shifted."""
    if not isinstance(value, sympy.Sum):
        return False
    inside = exponent(value.function)
    bound = {limit[0] for limit in value.limits}
    own = inside.atoms(sympy.Symbol) & bound
    return bool(own) and not any(part.atoms(sympy.Symbol) & bound for part in _shifts(inside))


def shifted(value: sympy.Sum) -> sympy.Expr:
    """Sum(w*exp(a), k) as exp(M)*Sum(w*exp(a - M), k) with M the largest a."""
    inside = exponent(value.function)
    if _shifts(inside):  # shifted before
        return value
    depth = sum(1 for _ in inside.atoms(Largest))
    names = {limit[0]: index(f"j#largest_{depth}_{place}") for place, limit in enumerate(value.limits)}  # equal shifts cancel
    limits = [tuple(part.xreplace(names) for part in limit) for limit in value.limits]
    largest = Largest(inside.xreplace(names), *limits)
    return sympy.exp(largest) * sympy.Sum(with_one_exponential(value.function * sympy.exp(-largest)), *value.limits)


def log_of_shifted(value: sympy.Sum) -> sympy.Expr | None:
    """log(Sum(exp(a), k)) as M + log(1 + (ties - 1) + the others): beside 1 the others would lose their digits, which are all
    that is left where M is near 0. None for a weighted sum."""
    inside = exponent(value.function)
    if value.function != sympy.exp(inside):
        return None
    _, largest = sorted(shifted(value).args, key=lambda part: not isinstance(part, sympy.Sum))
    largest = largest.args[0]
    others = sympy.Sum(Apart(sympy.exp(inside - largest), inside, largest), *value.limits)
    ties = sympy.Sum(Ties(inside, largest), *value.limits)
    return largest + LogOfSum(ties, others)


def with_one_exponential(value: sympy.Expr) -> sympy.Expr:
    """exp(a)*exp(-M) as exp(a - M), where a shift is among the factors."""
    if not any(part.has(Largest) for part in sympy.Mul.make_args(value) if isinstance(part, sympy.exp)):
        return value
    return without_exponentials(value) * sympy.exp(exponent(value))


def without_constant_shift(value: sympy.Expr) -> sympy.Expr:
    """Sum(w*exp(k M), ..) as exp(k M)*Sum(w, ..) where M does not depend on what is summed over."""
    if not isinstance(value, sympy.Sum):
        return value
    bound = {limit[0] for limit in value.limits}
    terms = sympy.Add.make_args(exponent(value.function))
    out = sympy.Add(*(t for t in terms if t.has(Largest) and not t.atoms(sympy.Symbol) & bound))
    if out == 0 or is_balanced(exponent(value.function)):
        return value
    left = without_exponentials(value.function) * sympy.exp(exponent(value.function) - out)
    return sympy.exp(out) * sympy.Sum(left, *value.limits)


def without_exponentials(value: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(*(part for part in sympy.Mul.make_args(value) if not isinstance(part, sympy.exp)))


def _shifts(inside: sympy.Expr) -> list[sympy.Expr]:
    """The terms -k M of an exponent."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(inside)]
    return [k * part for k, part in terms if isinstance(part, Largest) and k.is_Integer and k < 0]


def is_unbalanced(body: sympy.Basic) -> bool:
    """Whether an exponential was divided by one that is as large, but the two do not stand together: it may overflow."""
    found = [part.args[0] for part in body.atoms(sympy.exp) if part.has(Largest)]
    return not all(is_balanced(inside) for inside in found)


def is_balanced(inside: sympy.Expr) -> bool:
    return not _read(inside)[1].has(Largest)


def differences(body: sympy.Basic) -> sympy.Basic:
    """exp(a - M) as one function of a and M, which puts the rounding error of the difference back."""

    def change(value: sympy.exp) -> sympy.Expr:
        pairs, rest = _read(value.args[0])
        return sympy.Mul(*(ExpDifference(*pair) for pair in pairs), sympy.exp(rest))

    return body.replace(lambda part: isinstance(part, sympy.exp) and part.has(Largest), change)


def _read(inside: sympy.Expr) -> tuple[list[Difference], sympy.Expr]:
    """An exponent as differences a - M, where M is the largest of the a's, and the rest."""
    pairs: list[Difference] = []
    for largest in _largest(inside):
        for value in _values(largest, inside):
            left = inside - value + largest
            if _weight(left) == _weight(inside) - _weight(value) - 1:
                pairs.append((value, largest))
                inside = left
                break
    return pairs, inside


def _largest(inside: sympy.Expr) -> list[Largest]:
    """Each M as often as it is subtracted."""
    found = (term.as_coeff_Mul() for term in _shifts(inside))
    return [part for k, part in found for _ in range(-int(k))]


def _values(largest: Largest, inside: sympy.Expr) -> Iterator[sympy.Expr]:
    """What M is the largest of, at the indices that the exponent mentions."""
    bound = [limit[0] for limit in largest.limits]
    mentioned = {s for entry in inside.atoms(sympy.Indexed) for s in entry.indices} - set(bound)
    for places in itertools.product(sorted(mentioned, key=sympy.default_sort_key), repeat=len(bound)):
        yield largest.function.xreplace(dict(zip(bound, places, strict=True)))


def _weight(value: sympy.Expr) -> sympy.Expr:
    """The sum of the sizes of the coefficients: it shows whether a subtraction cancels or adds."""
    return sympy.Add(*(abs(k) for k in value.as_coefficients_dict().values())) if value != 0 else sympy.Integer(0)
