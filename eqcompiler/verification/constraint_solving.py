"""Values that satisfy equations between symbols: exactly, by linear algebra where the equation is affine in some symbol.

Takes: a drawn point and an equation that it does not satisfy yet. Gives: the point with one symbol changed, or None.
Guarantees: none of its own; who calls verifies every condition at the final point. Families that are not affine
(unit vectors, orthonormal columns, projections, commuting matrices) are proposals that the same verification accepts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq

from eqcompiler.languages.terms import Condition
from eqcompiler.verification.fields import ONE, ZERO, Imprecise, Undefined, divide, exact, with_enough_bits
from eqcompiler.verification.jets import Jet, base, tensor
from eqcompiler.verification.linear_algebra import identity, inverse, row_reduce
from eqcompiler.verification.operations import entrywise, shape_of

Value = Any
Choose = Callable[[int, int], int]
Residuals = Callable[[Mapping[str, Value]], list[Any]]  # left minus right of some equations, all entries


@dataclass(frozen=True, slots=True)
class Structure:
    """What is known of a symbol by itself: bounds on its entries, and the matrix family it belongs to."""

    low: fmpq | None = None
    high: fmpq | None = None
    low_open: bool = True
    high_open: bool = True
    integer: bool = False
    families: tuple[str, ...] = ()

    def admits(self, x: fmpq) -> bool:
        above = self.low is None or x > self.low or (x == self.low and not self.low_open)
        below = self.high is None or x < self.high or (x == self.high and not self.high_open)
        return above and below and (not self.integer or x.q == 1)


def difference(left: Value, right: Value) -> list[Any]:
    result = entrywise(lambda a, b: a - b, left, right)
    return list(result.flat) if isinstance(result, np.ndarray) else [result]


def solutions(residuals: Residuals, values: Mapping[str, Value], name: str, structure: Structure) -> Iterator[Value]:
    """`name` changed so that all residuals vanish: all its entries at once, for equations that are affine in it (the free
    ones keep their values), then one entry after the other, for those affine in each entry alone, such as det(X) = 1.
    """
    linear = _linear_part(residuals, values, name)
    if linear is None:
        return
    rows, right = linear
    groups = parameters(shape_of(values[name]), structure)
    grouped = [[sum((row[k] for k in group), ZERO) for group in groups] for row in rows]
    drawn = _drawn(values[name], groups)
    for solution in (_by_scaling(grouped, right, drawn, structure), _by_elimination(grouped, right)):
        moved = _moved(values[name], groups, solution) if solution is not None else None
        if moved is not None and _vanish(residuals, {**values, name: moved}):
            yield moved
            break
    for k in range(len(_entries(values[name]))):
        step = _by_elimination([[row[k]] for row in rows], right)
        moved = _moved(values[name], [[k]], step) if step is not None else None
        if moved is not None and _vanish(residuals, {**values, name: moved}):
            yield moved


def parameters(shape: tuple[int, ...], structure: Structure) -> list[list[int]]:
    """The independent entries of a symbol, each with all flat positions that it fills."""
    if len(shape) == 2 and "diagonal" in structure.families:
        return [[i * shape[1] + i for i in range(shape[0])][k : k + 1] for k in range(shape[0])]
    if len(shape) == 2 and set(structure.families) & {"symmetric", "positive definite", "positive semidefinite"}:
        n = shape[0]
        return [sorted({i * n + j, j * n + i}) for i in range(n) for j in range(i + 1)]
    return [[k] for k in range(math.prod(shape))]


def _entries(value: Value) -> list[Any]:
    return list(value.flat) if isinstance(value, np.ndarray) else [value]


def _drawn(value: Value, groups: list[list[int]]) -> list[Any]:
    entries = _entries(value)
    return [entries[group[0]] for group in groups]


def _moved(value: Value, groups: list[list[int]], step: list[Any]) -> Value:
    entries = _entries(value)
    for group, change in zip(groups, step, strict=True):
        for k in group:
            entries[k] = entries[k] + change
    return tensor(entries, shape_of(value))


def _seeded(value: Value) -> Value:
    entries = _entries(value)
    units = ([ONE if j == k else ZERO for j in range(len(entries))] for k in range(len(entries)))
    return tensor([Jet(0, entry, unit) for entry, unit in zip(entries, units, strict=True)], shape_of(value))


def _linear_part(residuals: Residuals, values: Mapping[str, Value], name: str) -> tuple[list[list[fmpq]], list[fmpq]] | None:
    """Rows A and right sides b with A step = b to first order, or None when the residuals are not rational. Whether they
    are affine is not asked: what comes of it must make them vanish.
    """
    try:
        here = residuals({**values, name: _seeded(values[name])})
    except (Undefined, Imprecise):
        return None
    rows, start = [_slopes(x, len(_entries(values[name]))) for x in here], [base(x) for x in here]
    if not all(isinstance(x, fmpq) for row in (start, *rows) for x in row):
        return None
    return rows, [-x for x in start]


def _slopes(x: Any, count: int) -> list[Any]:
    return list(x.tangent) if isinstance(x, Jet) else [ZERO] * count


def _by_elimination(rows: list[list[fmpq]], right: list[fmpq]) -> list[fmpq] | None:
    count = len(rows[0]) if rows else 0
    whole = tensor([x for row, b in zip(rows, right, strict=True) for x in (*row, b)], (len(rows), count + 1))
    reduced, pivots = row_reduce(whole, count)
    if any(reduced[k, count] != 0 for k in range(len(pivots), len(rows))):
        return None
    step = [ZERO] * count
    for row, pivot in enumerate(pivots):
        step[pivot] = reduced[row, count]
    return step


def _by_scaling(rows: list[list[fmpq]], right: list[fmpq], drawn: list[Any], structure: Structure) -> list[fmpq] | None:
    """For positive symbols under sums, sum_k p_k = 1: scale each sum, which keeps the signs."""
    if structure.low != 0:
        return None
    step = [ZERO] * len(drawn)
    seen: set[int] = set()
    for row, b in zip(rows, right, strict=True):
        support = [k for k, slope in enumerate(row) if slope != 0]
        amount = sum((row[k] * drawn[k] for k in support), ZERO)
        if seen & set(support) or amount == 0:
            return None
        seen |= set(support)
        for k in support:
            step[k] = drawn[k] * divide(b, amount)
    return step


def _vanish(residuals: Residuals, values: Mapping[str, Value]) -> bool:
    try:
        return all(x == 0 for x in residuals(values))
    except (Undefined, Imprecise):
        return False


def proposals(values: Mapping[str, Value], name: str, choose: Choose) -> Iterator[Value]:
    """Members of the families that equations in practice describe; the caller keeps the first that satisfies them."""
    value = values[name]
    shape = shape_of(value)
    if shape == ():
        yield from (fmpq(k) for k in (choose(-2, 2), 0, 1, -1, 2, -2, 3, 4))
        return
    if len(shape) == 1:
        unit = unit_vector(shape[0], choose)
        yield unit
        yield unit * fmpq(choose(2, 3))
        return
    m, n = shape
    square = orthogonal(max(m, n), choose)
    yield square[:m, :n]
    if m == n:
        yield from _with_spectra(square, choose)
        yield _projection(n, choose)
        others = [v for k, v in values.items() if k != name and shape_of(v) == shape]
        for other in others:
            yield other @ other + other * fmpq(choose(1, 3)) + identity(n) * fmpq(choose(1, 3))
        yield identity(n)


def unit_vector(n: int, choose: Choose) -> Value:
    """A rational point of the unit sphere, by stereographic projection."""
    t = [fmpq(choose(-3, 3), choose(1, 3)) for _ in range(n - 1)]
    squares = sum((x * x for x in t), ZERO)
    entries = [(squares - 1) / (squares + 1)] + [2 * x / (squares + 1) for x in t]
    place = choose(0, n - 1)
    return tensor(entries[-place:] + entries[:-place] if place else entries, (n,))


def orthogonal(n: int, choose: Choose) -> Value:
    """A rational orthogonal matrix (I - K)(I + K)^-1 with K skew (Cayley 1846), with a random sign on its first column."""
    skew = tensor([ZERO] * (n * n), (n, n))
    for i, j in itertools.combinations(range(n), 2):
        skew[i, j] = fmpq(choose(-2, 2))
        skew[j, i] = -skew[i, j]
    q = (identity(n) - skew) @ inverse(identity(n) + skew)
    q[:, 0] = q[:, 0] * exact(1 if choose(0, 1) else -1)
    return q


def _with_spectra(orthonormal: Value, choose: Choose) -> Iterator[Value]:
    """Matrices with few eigenvalues, by chance in a basis that is not orthonormal: P^2 = P, A^2 = I, A^2 = 2 A, A^3 = 0."""
    n = orthonormal.shape[0]
    lower = tensor([fmpq(choose(-1, 1)) if i > j else fmpq(i == j) for i in range(n) for j in range(n)], (n, n))
    basis, dual = (lower.T @ lower, inverse(lower.T @ lower)) if choose(0, 1) else (orthonormal, orthonormal.T)
    count = choose(1, max(1, n - 1))
    for first, second in ((1, 0), (1, -1), (2, 0)):
        values = tensor([fmpq(first if k < count else second) for k in range(n)], (n,))
        yield basis * values @ dual
    shift = tensor([fmpq(j == i + 1) for i in range(n) for j in range(n)], (n, n))
    yield basis @ shift @ dual
    yield basis @ shift @ shift @ dual


def _projection(n: int, choose: Choose) -> Value:
    v = unit_vector(n, choose)
    return tensor([a * b for a in v for b in v], (n, n))


def holds(evaluate: Callable[[], bool]) -> bool:
    """A decision with as many bits as it takes; a point without a value does not hold."""
    try:
        return bool(with_enough_bits(evaluate))
    except Undefined:
        return False


def is_equation(condition: Condition) -> bool:
    return condition.relation == "=" and condition.right is not None
