"""The slow obvious meaning of a program, for tests: loops over indices, NumPy only for whole-tensor operations.

Takes: a program, sizes, arrays. Gives: the values of the outputs.
Guarantees: written for these tests alone; shares no code with lowering or differentiation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from rounding import EPS, largest
from scipy import special

from eqcompiler.languages.program import Axis, Indexed, Program, Scan

Values = dict[str, Any]

FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "cot": lambda x: 1 / np.tan(x),
    "sec": lambda x: 1 / np.cos(x),
    "csc": lambda x: 1 / np.sin(x),
    "erf": special.erf,
    "gamma": special.gamma,
    "loggamma": special.loggamma,
    "polygamma": special.polygamma,
    "factorial": lambda x: special.gamma(x + 1),
    "Abs": abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceiling": np.ceil,
    "Max": max,
    "Min": min,
    "KroneckerDelta": lambda a, b: float(a == b),
}
RELATIONS = {
    "Equality": lambda a, b: a == b,
    "Unequality": lambda a, b: a != b,
    "StrictLessThan": lambda a, b: a < b,
    "LessThan": lambda a, b: a <= b,
    "StrictGreaterThan": lambda a, b: a > b,
    "GreaterThan": lambda a, b: a >= b,
}
WHOLE = {
    "inverse": np.linalg.inv,
    "solve": np.linalg.solve,
    "det": np.linalg.det,
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "pseudoinverse": np.linalg.pinv,
    "matpow": lambda a, k: np.linalg.matrix_power(a, round(float(k))),
    "norm2": lambda a: np.linalg.norm(a, 2),
}


def values(program: Program, sizes: Mapping[str, int], inputs: Mapping[str, Any]) -> Values:
    """Every definition's value; arrays have the definition's axes."""
    known: Values = dict(inputs)
    for definition in program.definitions:
        if isinstance(definition, Scan):
            known |= _recurrence(definition, sizes, known)
        elif isinstance(definition, Indexed):
            known[definition.name] = _tensor(definition, sizes, known)
        else:
            known[definition.name] = WHOLE[definition.operation](*(known[name] for name in definition.operands))
    return known


def _recurrence(scan: Scan, sizes: Mapping[str, int], known: Values) -> Values:
    """What a Scan makes. Families are lists; a per-step size is a list from its first to its last value under its name."""
    count = int(_scalar(scan.count, dict(sizes), known))
    states = {carried.before: known[carried.start] for carried in scan.carried}
    made: Values = {family: [None] * count for _, family in scan.kept} | {total: 0.0 for _, total in scan.summed}
    for number in reversed(range(count)) if scan.backwards else range(count):
        here = dict(sizes) | {scan.index.name: number + 1}
        here |= {s.at: sizes[s.at][number + 1] for s in scan.sizes} | {s.before: sizes[s.at][number] for s in scan.sizes}
        given = states | {name: known[family][number] for name, family in scan.members}
        given |= {name: known[name] for name in scan.shared}
        step = values(scan.step, here, given)
        states = {carried.before: step[carried.after] for carried in scan.carried}
        for name, family in scan.kept:
            made[family][number] = step[name]
        for name, total in scan.summed:
            made[total] = made[total] + step[name]
    return made | {carried.final: states[carried.before] for carried in scan.carried if carried.final}


def value(program: Program, sizes: Mapping[str, int], inputs: Mapping[str, Any]) -> Any:
    """The first output."""
    return values(program, sizes, inputs)[program.outputs[0]]


def _tensor(definition: Indexed, sizes: Mapping[str, int], known: Values) -> Any:
    if not definition.axes:
        return _scalar(definition.body, dict(sizes), known)
    shape = [int(_scalar(axis.upper, dict(sizes), known)) for axis in definition.axes]
    array = np.zeros(shape)
    for at in itertools.product(*(range(1, extent + 1) for extent in shape)):
        where = {**sizes, **{axis.index.name: k for axis, k in zip(definition.axes, at, strict=True)}}
        if all(_holds(axis, where, known) for axis in definition.axes):
            array[tuple(k - 1 for k in at)] = _scalar(definition.body, where, known)
    return array


def _holds(axis: Axis, where: Mapping[str, int], known: Values) -> bool:
    return _scalar(axis.lower, where, known) <= where[axis.index.name] <= _scalar(axis.upper, where, known)


def _scalar(expr: Any, where: Mapping[str, int], known: Values) -> Any:
    kind = type(expr).__name__
    if expr.is_Symbol:
        return known[expr.name] if expr.is_integer is None else where[expr.name]
    if expr.is_number and not expr.args:
        return float(expr)
    if isinstance(expr, sympy.Indexed):
        at = tuple(round(_scalar(k, where, known)) for k in expr.indices)
        if min(at) < 1:
            raise IndexError(f"{expr} at {at}")
        return known[expr.base.name][tuple(k - 1 for k in at)]
    if kind in ("Sum", "Product"):
        return _loop(kind, expr.function, list(reversed(expr.limits)), where, known)
    if kind == "Piecewise":
        return next(_scalar(v, where, known) for v, test in expr.args if _test(test, where, known))
    arguments = [_scalar(argument, where, known) for argument in expr.args]
    if kind == "Add":
        return sum(arguments)
    if kind == "Mul":
        return np.prod(arguments)
    if kind == "Pow":
        return arguments[0] ** (int(arguments[1]) if arguments[1] == int(arguments[1]) else arguments[1])
    return FUNCTIONS[kind](*arguments)


def _test(test: Any, where: Mapping[str, int], known: Values) -> bool:
    if test == sympy.true:
        return True
    if isinstance(test, sympy.And):
        return all(_test(part, where, known) for part in test.args)
    left, right = (_scalar(side, where, known) for side in test.args)
    return bool(RELATIONS[type(test).__name__](left, right))


def _loop(kind: str, body: Any, limits: list[Any], where: Mapping[str, int], known: Values) -> Any:
    if not limits:
        return _scalar(body, where, known)
    (index, lower, upper), *rest = limits
    span = range(round(_scalar(lower, where, known)), round(_scalar(upper, where, known)) + 1)
    parts = [_loop(kind, body, rest, {**where, index.name: k}, known) for k in span]
    return np.sum(parts) if kind == "Sum" else np.prod(parts)


STEP = 2.0**-17  # near the third root of eps, where the error of the formula and what rounding leaves of it are alike


def assert_is_slope(found: Any, function: Callable[[Any], Any], point: Any, operations: float) -> None:
    """`found` is d function / d point, as far as central differences can tell.

    Their error is c h^2 with the same c for h and 2 h, so that the two differ by three times the error of the first; and
    `operations` roundings of the function's values, divided by h.
    """
    near, far = (differences(function, point, step) for step in (STEP, 2 * STEP))
    bound = np.abs(near - far) + operations * EPS * max(1.0, largest(function(np.asarray(point, dtype=float)))) / STEP
    assert np.shape(found) == np.shape(near)
    assert np.all(np.abs(np.asarray(found) - near) <= bound)


def differences(function: Callable[[Any], Any], point: Any, step: float) -> Any:
    """d function / d point by central differences: the function's axes, then the point's."""
    point = np.asarray(point, dtype=float)
    columns = []
    for at in np.ndindex(point.shape):
        change = np.zeros(point.shape)
        change[at] = step
        columns.append((np.asarray(function(point + change)) - np.asarray(function(point - change))) / (2 * step))
    shape = np.shape(columns[0])
    return np.stack(columns, axis=-1).reshape((*shape, *point.shape))
