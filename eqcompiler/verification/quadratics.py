"""Extrema of quadratic functions under affine equality constraints, solved exactly.

Takes: the body and the constraints as functions of the variable. Gives: the one point where the extremum is.
Guarantees: that the body is quadratic and the constraints are affine is checked at random rational points; that the point
is the only extremum is checked by the definiteness of the Hessian on the feasible directions (exact L D L^T).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from flint import arb, fmpq

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.verification import linear_algebra
from eqcompiler.verification.fields import HALF, Divergent, Number, Undefined
from eqcompiler.verification.jets import leaves, seed, tangents, tensor

Value = Any


def stationary_point(
    body: Callable[[Value], Number],
    residuals: Callable[[Value], list[Number]],
    shape: tuple[int, ...],
    maximise: bool,
    levels: Iterator[int],
    span: Span | None,
) -> Value:
    """The only minimiser (maximiser) of `body` where all `residuals` vanish. Raises Undefined when there is none or many."""
    points = _random_points(shape)
    value, gradient, hessian = _expand(body, points[0], levels)
    _, _, again = _expand(body, points[3], levels)
    count = gradient.size
    quadratic = all(_same(a, b) for a, b in zip(hessian.flat, again.flat, strict=True)) and all(
        _same(body(x), _model(value, gradient, hessian, _flat(x) - _flat(points[0]))) for x in points[1:]
    )
    if not quadratic:
        raise NotSupportedYet("an extremum of a function that is not quadratic is not evaluated yet", span)
    rows, right = _affine(residuals, points, shape, levels, span)
    definite = linear_algebra.base_of(-hessian if maximise else hessian)
    if rows is not None:
        directions = linear_algebra.nullspace(rows)
        definite = directions.T @ definite @ directions
    if definite.size and not linear_algebra.positive_definite(definite):
        if linear_algebra.positive_semidefinite(definite):
            raise Undefined("the extremum is not unique, or there is none", span)
        raise Divergent("there is no extremum", span)
    step = _kkt_step(hessian, gradient, rows, right, count)
    return tensor(list(_flat(points[0]) + step), shape)


_SCALES = ((1, 1), (-1, 1), (1, 50), (-1, 50), (60, 1), (-60, 1))


def _random_points(shape: tuple[int, ...]) -> list[Value]:
    """Points near and far on both sides of zero, along two directions, so that a kink between them shows."""
    chance = random.Random(1)
    count = int(np.prod(shape, dtype=int))
    lines = [[fmpq(chance.choice((-1, 1)) * chance.randint(1, 99), chance.randint(1, 9)) for _ in range(count)] for _ in "ab"]
    return [tensor([fmpq(*scale) * x for x in line], shape) for scale in _SCALES for line in lines]


def _flat(x: Value) -> Value:
    return x.reshape(-1) if isinstance(x, np.ndarray) else tensor([x], (1,))


def _expand(body: Callable[[Value], Number], at: Value, levels: Iterator[int]) -> tuple[Number, Value, Value]:
    """Value, gradient (n,) and Hessian (n, n) at a point."""
    count = _flat(at).size
    outer, inner = next(levels), next(levels)
    result = body(seed(seed(at, outer), inner))
    first = tangents(result, inner, (count,))
    hessian = tangents(first, outer, (count,))
    plain = body(at)
    return plain, tensor([_without(x, outer) for x in first], (count,)), hessian


def _without(x: Number, level: int) -> Number:
    return x.value if getattr(x, "level", None) == level else x


def _model(value: Number, gradient: Value, hessian: Value, step: Value) -> Number:
    return value + gradient @ step + HALF * (step @ (hessian @ step))


def _same(a: Number, b: Number) -> bool:
    """Equal in every leaf; balls that overlap pass."""
    return all(x.contains(0) if isinstance(x, arb) else x == 0 for x in leaves(a - b))


def _affine(
    residuals: Callable[[Value], list[Number]],
    points: list[Value],
    shape: tuple[int, ...],
    levels: Iterator[int],
    span: Span | None,
) -> tuple[Value | None, Value | None]:
    """Independent rows A and right sides b of the constraints A step = b, from the first point; None without constraints."""
    start = residuals(points[0])
    if not start:
        return None, None
    count = _flat(points[0]).size
    level = next(levels)
    rows = tangents(tensor(residuals(seed(points[0], level)), (len(start),)), level, (count,))
    for x in points[1:]:
        predicted = tensor(start, (len(start),)) + rows @ (_flat(x) - _flat(points[0]))
        if not all(_same(a, b) for a, b in zip(residuals(x), predicted, strict=True)):
            raise NotSupportedYet("an extremum under a constraint that is not affine is not evaluated yet", span)
    right = -tensor(start, (len(start),))
    _, independent = linear_algebra.row_reduce(linear_algebra.base_of(rows).T, len(start))
    whole = np.concatenate([rows, right.reshape(-1, 1)], axis=1)
    if linear_algebra.rank(whole) > len(independent):
        raise Undefined("the constraints contradict each other", span)
    return rows[independent], right[independent]


def _kkt_step(hessian: Value, gradient: Value, rows: Value | None, right: Value | None, count: int) -> Value:
    """The step from the optimality conditions [[H, A^T], [A, 0]] [step, multipliers] = [-gradient, b]."""
    if rows is None:
        return linear_algebra.solve(hessian, -gradient)
    corner = linear_algebra.zeros((rows.shape[0], rows.shape[0]))
    system = np.block([[hessian, rows.T], [rows, corner]])
    return linear_algebra.solve(system, np.concatenate([-gradient, right]))[:count]
