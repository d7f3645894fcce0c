"""Partial derivatives of scalar expressions: what each occurrence of a name contributes to an adjoint.

Takes: the body of one definition and the adjoint of its value. Gives: one contribution per occurrence of a reference.
Guarantees: no derivative of SymPy's matrices or Indexed is used; sums contract by renaming, never by expansion; a function
without a rule raises NotSupportedYet.

    body Sum(X[i, j]*theta[j], (j, 1, n)), adjoint r_bar[i]    ->    theta[k]: Sum(r_bar[i]*X[i, k], (i, 1, m))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from eqcompiler.calculus.index_algebra import (
    ONE,
    ZERO,
    Limits,
    Ranges,
    free_indices,
    is_index,
    is_scalar_reference,
    references,
    renamed,
    summed,
    with_limits,
)
from eqcompiler.calculus.logistic import balanced
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import ELEMENTARY, Axis, UnknownValue


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The derivative of the output by an expression: Sum over `sums` of the product of `factors` where `tests` hold.

    sums are outermost first; the adjoint's own indices are among them. fresh gives indices that occur nowhere else.
    """

    fresh: Callable[[], sympy.Symbol]
    factors: tuple[sympy.Expr, ...] = ()
    sums: tuple[Limits, ...] = ()
    tests: tuple[sympy.Basic, ...] = ()

    def times(self, *factors: sympy.Expr) -> Sensitivity:
        return replace(self, factors=self.factors + factors)

    def over(self, limits: tuple[Limits, ...]) -> Sensitivity:
        return replace(self, sums=self.sums + limits)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One use of `name` at `at`, and the derivative of the output by it."""

    name: str
    at: tuple[sympy.Expr, ...]
    sensitivity: Sensitivity


def occurrences(expr: sympy.Expr, sensitivity: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    """Every use of an active name in `expr`, with its share of the adjoint."""
    if not any(name in active for name in references(expr)):
        return
    if isinstance(expr, sympy.Indexed):
        yield Occurrence(expr.base.name, expr.indices, sensitivity)
    elif is_scalar_reference(expr):
        yield Occurrence(expr.name, (), sensitivity)
    else:
        rule = STRUCTURE_RULES.get(type(expr), _function)
        yield from rule(expr, sensitivity, active)


Rule = Callable[[sympy.Expr, Sensitivity, frozenset[str]], Iterator[Occurrence]]


def _add(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    for term in expr.args:
        yield from occurrences(term, s, active)


def _mul(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    for position, factor in enumerate(expr.args):
        yield from occurrences(factor, s.times(*expr.args[:position], *expr.args[position + 1 :]), active)


def _pow(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    bottom, exponent = expr.args
    yield from occurrences(bottom, s.times(exponent, bottom ** (exponent - 1)), active)
    yield from occurrences(exponent, s.times(expr, sympy.log(bottom)), active)


def _entered(expr: ExprWithLimits, s: Sensitivity) -> tuple[sympy.Expr, tuple[Limits, ...]]:
    """Body and limits, outermost first, with indices that no factor around shares."""
    mapping = {limit[0]: s.fresh() for limit in expr.limits}
    moved = ((mapping[i], renamed(low, mapping), renamed(high, mapping)) for i, low, high in reversed(expr.limits))
    return renamed(expr.function, mapping), tuple(moved)


def _sum(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    body, limits = _entered(expr, s)
    yield from occurrences(body, s.over(limits), active)


def _product(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    """The factors before and after stay a product each, so that a zero among them is no division."""
    body, (outermost, *inner) = _entered(expr, s)
    if inner:
        body = with_limits(sympy.Product, body, reversed(inner))
    index, lower, upper = outermost
    other = s.fresh()
    moved = renamed(body, {index: other})
    before = with_limits(sympy.Product, moved, ((other, lower, index - 1),))
    after = with_limits(sympy.Product, moved, ((other, index + 1, upper),))
    yield from occurrences(body, s.over((outermost,)).times(before, after), active)


def _piecewise(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    for position, (value, _) in enumerate(expr.args):
        chosen = [(ONE if k == position else ZERO, test) for k, (_, test) in enumerate(expr.args[: position + 1])]
        if chosen[-1][1] != sympy.true:
            chosen.append((ZERO, sympy.true))
        yield from occurrences(value, s.times(sympy.Piecewise(*chosen)), active)


def _extreme(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    """Max and Min: the argument that is chosen counts; where two are equal, none."""
    relation = sympy.Gt if isinstance(expr, sympy.Max) else sympy.Lt
    for position, value in enumerate(expr.args):
        others = expr.args[:position] + expr.args[position + 1 :]
        if others == (ZERO,) and any(_is_positive_power(f, expr) for g in s.factors for f in sympy.Mul.make_args(g)):
            yield from occurrences(value, s, active)  # max(0, u) [u > 0] is max(0, u)
        else:
            chosen = sympy.And(*(relation(value, other) for other in others))
            yield from occurrences(value, s.times(sympy.Piecewise((ONE, chosen), (ZERO, True))), active)


def _is_positive_power(factor: sympy.Expr, bottom: sympy.Expr) -> bool:
    found, exponent = factor.as_base_exp()
    return found == bottom and exponent.is_positive is True


def _polygamma(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    yield from occurrences(expr.args[1], s.times(expr.fdiff(2)), active)


def _function(expr: sympy.Expr, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    if type(expr) in CONSTANT_ALMOST_EVERYWHERE:
        return
    if type(expr) not in ELEMENTARY.values() or len(expr.args) != 1:
        raise NotSupportedYet(f"the derivative of {type(expr).__name__} is not supported yet")
    yield from occurrences(expr.args[0], s.times(expr.fdiff(1)), active)


def _unknown(expr: UnknownValue, s: Sensitivity, active: frozenset[str]) -> Iterator[Occurrence]:
    for slot, value in enumerate(expr.values):
        yield from occurrences(value, s.times(expr.raised(slot)), active)


CONSTANT_ALMOST_EVERYWHERE = frozenset((sympy.sign, sympy.floor, sympy.ceiling, sympy.KroneckerDelta))

STRUCTURE_RULES: Mapping[type, Rule] = {
    sympy.Add: _add,
    sympy.Mul: _mul,
    sympy.Pow: _pow,
    sympy.Sum: _sum,
    sympy.Product: _product,
    sympy.Piecewise: _piecewise,
    sympy.Max: _extreme,
    sympy.Min: _extreme,
    sympy.polygamma: _polygamma,
    UnknownValue: _unknown,
}


# ---------------------------------------------------------------- contraction


def contribution(occurrence: Occurrence, target: tuple[Axis, ...], ranges: Ranges) -> sympy.Expr:
    """What the occurrence adds to the adjoint of its name, as an expression in the target's indices.

    Each equation `at = target index` removes one sum by renaming; what no sum can absorb stays a KroneckerDelta.
    ranges: those of further free indices (the output's axes).
    """
    state, at = occurrence.sensitivity, occurrence.at
    known = {**ranges, **{axis.index: (axis.lower, axis.upper) for axis in target}}
    for position, axis in enumerate(target):
        state, at = _solved(state, at, position, axis)
    return _assembled(state, known)


def _solved(
    state: Sensitivity, at: tuple[sympy.Expr, ...], position: int, axis: Axis
) -> tuple[Sensitivity, tuple[sympy.Expr, ...]]:
    place = at[position]
    if place == axis.index:
        return state, at
    found = _absorbing(place, state.sums)
    if found is None:
        return state.times(sympy.KroneckerDelta(place, axis.index)), at
    number, sign = found
    index, lower, upper = state.sums[number]
    value = axis.index if place == index else sign * (axis.index - (place - sign * index))
    mapping = {index: value}
    sums = tuple(
        (other, renamed(low, mapping), renamed(high, mapping)) for k, (other, low, high) in enumerate(state.sums) if k != number
    )
    tests = (*(renamed(test, mapping) for test in state.tests), *_bounds(place, sign, index, (lower, upper), value, axis))
    factors = tuple(renamed(factor, mapping) for factor in state.factors)
    return replace(state, factors=factors, sums=sums, tests=tests), tuple(renamed(e, mapping) for e in at)


def _absorbing(place: sympy.Expr, sums: tuple[Limits, ...]) -> tuple[int, int] | None:
    """A summed index with coefficient 1 or -1 in `place`; no symbolic widths, so that a pair of indices stays a pair."""
    if any(symbol.is_positive for symbol in _coefficients(place)):
        return None
    for number in range(len(sums) - 1, -1, -1):
        index = sums[number][0]
        if index in free_indices(place):
            sign = place.coeff(index)
            if sign in (1, -1) and index not in free_indices(place - sign * index):
                return number, int(sign)
    return None


def _coefficients(place: sympy.Expr) -> list[sympy.Symbol]:
    """Sizes that multiply an index."""
    found = []
    for term in sympy.Add.make_args(place):
        if isinstance(term, sympy.Mul) and any(is_index(factor) for factor in term.args):
            found += [factor for factor in term.args if isinstance(factor, sympy.Symbol) and not is_index(factor)]
        elif isinstance(term, sympy.Mul) and free_indices(term):
            found += [sympy.Symbol("width", positive=True)]
    return found


def _bounds(
    place: sympy.Expr,
    sign: int,
    index: sympy.Symbol,
    limits: tuple[sympy.Expr, sympy.Expr],
    value: sympy.Expr,
    axis: Axis,
) -> list[sympy.Basic]:
    """The tests that keep the renamed index in its range, as far as the target's range does not say so."""
    shift = place - sign * index
    lower, upper = limits if sign == 1 else limits[::-1]
    tests = []
    if shift + sign * lower != axis.lower:
        tests.append(sympy.Le(limits[0], value) if sign == 1 else sympy.Le(value, limits[1]))
    if shift + sign * upper != axis.upper:
        tests.append(sympy.Le(value, limits[1]) if sign == 1 else sympy.Le(limits[0], value))
    return [test for test in tests if test != sympy.true]


def _assembled(state: Sensitivity, known: Ranges) -> sympy.Expr:
    """The sums built from the inside out; a test on one summed index narrows its range where that is exact."""
    sums, tests = list(state.sums), []
    for test in state.tests:
        if not _narrowed(test, sums, known):
            tests.append(test)
    ranges = {**known, **{index: (lower, upper) for index, lower, upper in sums}}
    value = balanced(sympy.Mul(*state.factors))
    inner = [test for test in tests if any(index in free_indices(test) for index, _, _ in sums)]
    if inner:
        value = sympy.Piecewise((value, sympy.And(*inner)), (ZERO, True))
    for index, lower, upper in reversed(sums):
        ranges = {other: range_ for other, range_ in ranges.items() if other != index}
        value = summed(value, (index, lower, upper), ranges)
    outer = [test for test in tests if test not in inner]
    return sympy.Piecewise((value, sympy.And(*outer)), (ZERO, True)) if outer else value


def _narrowed(test: sympy.Basic, sums: list[Limits], known: Ranges) -> bool:
    """K <= s for a summed s over the range of K: s runs from K. Likewise s <= K."""
    if not isinstance(test, sympy.LessThan):
        return False
    low, high = test.args
    for number, (index, lower, upper) in enumerate(sums):
        other = low if high == index else high if low == index else None
        if other is not None and known.get(other) == (lower, upper):
            sums[number] = (index, other, upper) if high == index else (index, lower, other)
            return True
    return False
