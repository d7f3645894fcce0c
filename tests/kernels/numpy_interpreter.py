"""The slow obvious evaluator that kernels are compared with: one number at a time, as the mathematics reads.

Every value carries a bound of the rounding error that a float kernel may make: half an ulp for each operation, and for a
sum of N terms, in any order, N times that of the sum of absolute values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import sympy

from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program

Pair = tuple[float, float]

FUNCTIONS = {
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "asin": math.asin,
    "atan": math.atan,
    "erf": math.erf,
    "gamma": math.gamma,
    "loggamma": math.lgamma,
    "factorial": lambda value: math.gamma(value + 1),
    "cot": lambda value: 1 / math.tan(value),
    "floor": math.floor,
    "ceiling": math.ceil,
    "sign": lambda value: float(np.sign(value)),
    "Abs": abs,
}
RELATIONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class Interpreter:
    def __init__(self, program: Program, sizes: Mapping[str, int], values: Mapping[str, object], eps: float) -> None:
        self.program, self.sizes, self.eps = program, sizes, eps
        self.values = {name: np.asarray(value, dtype=float) for name, value in values.items()}
        self.errors = {name: np.zeros_like(value) for name, value in self.values.items()}

    def outputs(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Value and error bound of each output."""
        for definition in self.program.definitions:
            self.define(definition)
        return [(self.values[name], self.errors[name]) for name in self.program.outputs]

    def define(self, definition: Indexed | Intrinsic) -> None:
        ranges = [self.range(axis, {}) for axis in definition.axes]
        shape = [edge[-1] if edge else 0 for edge in ranges]
        value, error = np.zeros(shape), np.zeros(shape)
        if isinstance(definition, Intrinsic):
            value, error = self.intrinsic(definition)
        else:
            for places in itertools.product(*ranges):
                bound = {axis.index: place for axis, place in zip(definition.axes, places, strict=True)}
                at = tuple(place - 1 for place in places)
                value[at], error[at] = self.of(definition.body, bound)
        self.values[definition.name], self.errors[definition.name] = value, error + self.eps * np.abs(value)

    def range(self, axis: Axis, bound: dict[sympy.Symbol, int]) -> range:
        return range(int(self.of(axis.lower, bound)[0]), int(self.of(axis.upper, bound)[0]) + 1)

    def intrinsic(self, definition: Intrinsic) -> tuple[np.ndarray, np.ndarray]:
        given = [self.values[name] for name in definition.operands]
        wrong = [self.errors[name] for name in definition.operands]
        if definition.operation == "solve":
            value = np.linalg.solve(*given)
        elif definition.operation == "matpow":
            value = np.linalg.matrix_power(given[0], int(given[1]))
        elif definition.operation == "matsqrt":
            roots, vectors = np.linalg.eigh(given[0])
            value = vectors @ np.diag(np.sqrt(roots)) @ vectors.T
        else:
            rules = {
                "inverse": np.linalg.inv,
                "det": np.linalg.det,
                "logdet": lambda matrix: np.linalg.slogdet(matrix)[1],
                "pseudoinverse": np.linalg.pinv,
                "norm2": lambda matrix: np.linalg.norm(matrix, 2),
            }
            value = np.asarray(rules[definition.operation](given[0]))
        # backward stable: as if the operands had relative errors of n eps, amplified by the condition number
        relative = sum(
            np.linalg.norm(error) / max(np.linalg.norm(matrix), 1e-300) for matrix, error in zip(given, wrong, strict=True)
        )
        size = max(given[0].shape)
        bound = 8 * np.linalg.cond(given[0]) * (size**2 * self.eps + relative) * (np.max(np.abs(value)) + 1)
        return value, np.full(value.shape, bound)

    def of(self, value: sympy.Basic, bound: dict[sympy.Symbol, int]) -> Pair:
        if isinstance(value, (sympy.Sum, sympy.Product)):
            return self.reduction(value, list(value.limits), bound)
        if isinstance(value, sympy.Indexed):
            at = tuple(int(self.of(part, bound)[0]) - 1 for part in value.indices)
            assert all(0 <= k < extent for k, extent in zip(at, self.values[str(value.base.label)].shape, strict=True))
            return float(self.values[str(value.base.label)][at]), float(self.errors[str(value.base.label)][at])
        if isinstance(value, sympy.Symbol):
            if value in bound:
                return float(bound[value]), 0.0
            if value.is_integer:
                return float(self.sizes[value.name]), 0.0
            return float(self.values[value.name]), float(self.errors[value.name])
        if value.is_number and not value.args:
            return float(value), abs(float(value)) * self.eps
        if isinstance(value, sympy.KroneckerDelta):
            return float(self.of(value.args[0], bound)[0] == self.of(value.args[1], bound)[0]), 0.0
        if isinstance(value, sympy.Piecewise):
            return next(self.of(branch.expr, bound) for branch in value.args if self.holds(branch.cond, bound))
        return self.operation(value, [self.of(part, bound) for part in value.args])

    def reduction(self, value: sympy.Expr, limits: list[sympy.Tuple], bound: dict[sympy.Symbol, int]) -> Pair:
        if not limits:
            return self.of(value.function, bound)
        axis = Axis(*limits[-1])
        parts = [self.reduction(value, limits[:-1], {**bound, axis.index: k}) for k in self.range(axis, bound)]
        return self.total(parts) if isinstance(value, sympy.Sum) else self.product(parts)

    def total(self, parts: list[Pair]) -> Pair:
        size = sum(abs(value) + error for value, error in parts)
        return math.fsum(value for value, _ in parts), sum(error for _, error in parts) + len(parts) * self.eps * size

    def product(self, parts: list[Pair]) -> Pair:
        value, error = 1.0, 0.0
        for factor, wrong in parts:
            error = abs(value) * wrong + abs(factor) * error + error * wrong + self.eps * abs(value * factor)
            value *= factor
        return value, error

    def operation(self, value: sympy.Basic, parts: list[Pair]) -> Pair:
        if isinstance(value, sympy.Add):
            return self.total(parts)
        if isinstance(value, sympy.Mul):
            return self.product(parts)
        if isinstance(value, (sympy.Max, sympy.Min)):
            choose = max if isinstance(value, sympy.Max) else min
            return choose(part[0] for part in parts), max(part[1] for part in parts)
        if isinstance(value, sympy.Pow):
            return self.near(lambda base: base ** parts[1][0], parts[0], ulps=4)
        return self.near(FUNCTIONS[type(value).__name__], parts[0], ulps=4)

    def near(self, function: object, part: Pair, ulps: int) -> Pair:
        """The function there, and how far it moves within the error of its argument."""
        value, error = part
        result = function(value)
        moved = max(abs(function(value + error) - result), abs(function(value - error) - result)) if error else 0.0
        return result, moved + ulps * self.eps * abs(result)

    def holds(self, condition: sympy.Basic, bound: dict[sympy.Symbol, int]) -> bool:
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if isinstance(condition, sympy.And):
            return all(self.holds(part, bound) for part in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self.holds(part, bound) for part in condition.args)
        if isinstance(condition, sympy.Not):
            return not self.holds(condition.args[0], bound)
        left, right = (np.float64(self.of(part, bound)[0]) for part in condition.args)
        return bool(getattr(left, f"__{RELATIONS[condition.rel_op]}__")(right))
