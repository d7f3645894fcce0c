"""Sizes and numbers for kernels that come without data.

Takes: the inputs of a kernel. Gives: a few sets of sizes, arrays for them from a seed, how far two right answers may lie apart.
Guarantees: the same seed gives the same numbers in every process; declared properties (positive definite, symmetric, positive,
whole numbers) hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqcompiler.languages.program import Input, Program, Scan, size, size_expression

SEED = 1
EPS = float(np.finfo(float).eps)
# sizes of the axis along which the samples lie, of all other axes, and of all axes where every matrix is square
STEPS = ((10, 3, 4), (1_000, 10, 50), (100_000, 20, 300))
VECTORS = (10, 1_000, 1_000_000)
MOST_ENTRIES = 30_000_000  # of one array, inside the computation too: 240 MB
PERTURBATIONS = 4

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]
DRAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "between 0 and 1": lambda rng, shape: rng.uniform(0.1, 0.9, shape),  # where logarithms and roots need it
}


def names(inputs: Sequence[Input]) -> tuple[str, ...]:
    """The dimensions of the inputs in their order."""
    return tuple(dict.fromkeys(name for i in inputs for dimension in i.shape for name in sorted(dimension.names)))


def sizes(inputs: Sequence[Input]) -> list[dict[str, int]]:
    """Small, medium and large; one without any where all inputs are numbers."""
    known = names(inputs)
    if not known:
        return [{}]
    long = long_axis(inputs)
    if all(len(i.shape) < 2 for i in inputs):
        return [dict.fromkeys(known, size) for size in VECTORS]
    if long is None:
        return [dict.fromkeys(known, square) for _, _, square in STEPS]
    return [{name: samples if name == long else features for name in known} for samples, features, _ in STEPS]


def long_axis(inputs: Sequence[Input]) -> str | None:
    """The rows of the first matrix that is not square and whose rows no parameter-like vector shares: the samples.

    Of several candidates the one that heads most matrices: X and Y have it, W has not.
    """
    heads: dict[str, int] = {}
    for i in inputs:
        if len(i.shape) == 2 and i.shape[0] != i.shape[1] and str(i.shape[0]) in i.shape[0].names:
            heads[str(i.shape[0])] = heads.get(str(i.shape[0]), 0) + 1
    trailing = {str(d) for i in inputs for d in i.shape[1:]}
    free = {name: count for name, count in heads.items() if name not in trailing} or heads
    return max(free, key=lambda name: free[name]) if free else None


@dataclass(frozen=True, slots=True)
class Data:
    """What both sides make their arguments of."""

    inputs: tuple[Input, ...]
    sizes: tuple[tuple[str, int], ...]
    draw: str = "normal"

    def arguments(self) -> list[Any]:
        rng = np.random.default_rng(SEED)
        return [_value(i, dict(self.sizes), rng, DRAWS[self.draw]) for i in self.inputs]


def _value(needed: Input, at: Mapping[str, int], rng: np.random.Generator, draw: Draw) -> Any:
    shape = tuple(dimension.value(at) for dimension in needed.shape)
    if needed.integer:
        found: Any = rng.integers(1, 4, shape)
        return found if shape else int(found)
    if "positive definite" in needed.assumptions:
        half = rng.standard_normal(shape)
        found = half @ half.T / shape[0] + np.eye(shape[0])
    else:
        found = draw(rng, shape)
        found = (found + found.T) / 2 if "symmetric" in needed.assumptions else found
        found = np.abs(found) + 0.1 if "positive" in needed.assumptions else found
    return found if shape else float(found)


def fits(program: Program, at: Mapping[str, int]) -> bool:
    """Whether every array of the computation has at most MOST_ENTRIES entries."""
    shapes = [[size_expression(dimension) for dimension in i.shape] for i in program.inputs]
    shapes += [[axis.upper for axis in d.axes] for d in program.definitions if not isinstance(d, Scan)]
    known = {size(name): number for name, number in at.items()}
    return all(math.prod(int(extent.subs(known)) for extent in shape) <= MOST_ENTRIES for shape in shapes)


def allowed(function: Callable[..., Any], arguments: Sequence[Any], roundings: int) -> list[Any]:
    """For each result so many roundings, each as large as what a change of the inputs in their last digit makes.

    The changes are those of `function` alone: another function's answer has no part in how far it may lie away.
    """
    rng = np.random.default_rng(SEED)
    here = flat(function(*arguments))
    moved = [EPS * np.max(np.abs(part), initial=0.0) for part in here]
    for _ in range(PERTURBATIONS):
        there = flat(function(*(_nudged(argument, rng) for argument in arguments)))
        moved = [max(most, np.max(np.abs(a - b), initial=0.0)) for most, a, b in zip(moved, there, here, strict=True)]
    return [roundings * most for most in moved]


def _nudged(argument: Any, rng: np.random.Generator) -> Any:
    if np.asarray(argument).dtype.kind != "f":
        return argument
    nudged = argument * (1 + EPS * rng.choice((-1.0, 1.0), np.shape(argument)))
    return nudged if np.ndim(argument) else float(nudged)


def flat(result: Any) -> list[Any]:
    """The arrays of a result, one or several."""
    return [np.asarray(part, dtype=float) for part in (result if isinstance(result, tuple) else (result,))]
