"""Points that satisfy the assumptions: sizes, values, indices and concrete functions.

Takes: a problem, sizes and a source of choices (random numbers, or Hypothesis). Gives: a `Sample`.
Guarantees: every condition is verified at the point, exactly (balls that overlap count for irrational equations); a point
that cannot be found raises Unsatisfied with the condition. All values are exact rationals.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from flint import arb, fmpq

from eqcompiler.errors import EquationError
from eqcompiler.languages.terms import Call, Component, Condition, FunctionType, Index, Symbol, Term, Type
from eqcompiler.verification.constraint_solving import (
    Choose,
    Structure,
    Value,
    difference,
    holds,
    is_equation,
    orthogonal,
    proposals,
    solutions,
)
from eqcompiler.verification.fields import ONE, ZERO, Imprecise, Undefined, with_enough_bits
from eqcompiler.verification.jets import leaves, tensor
from eqcompiler.verification.linear_algebra import determinant, identity
from eqcompiler.verification.operations import shape_of
from eqcompiler.verification.oracle import Evaluator, Polynomial, Sample
from eqcompiler.verification.problems import Problem
from eqcompiler.verification.secants import along_a_secant

ATTEMPTS, FEW_ATTEMPTS = 40, 12  # at one point, for what is assumed; for what is only tried
DEGREES = (2, 2, 3, 3)
_GRAINS = (range(1, 4), range(2, 6), range(5, 11), range(1, 2))  # denominators: smaller numbers for norm balls and the like
FAMILIES = ("diagonal", "symmetric", "positive definite", "positive semidefinite", "orthogonal", "invertible")
_ORDER = ("<", "<=", ">", ">=")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a point is drawn: one entry of a symbol, by its name and what is known of it; the scale of definite matrices."""

    entry: Callable[[str, Structure], fmpq]
    scale: fmpq = ONE


class Unsatisfied(EquationError):
    """No point was found that satisfies an assumption.

    Example: `a > 1` beside `a^2 = 1`. Repair: check the assumption; if it can be satisfied, the evidence stays open.
    """


def draw(
    problem: Problem,
    sizes: Mapping[str, int],
    choose: Choose,
    spread: int = 3,
    fractions: bool = False,
    attempts: int = ATTEMPTS,
) -> Sample:
    """A point with these sizes. `spread` bounds numerators, `fractions` allows denominators up to 3."""

    def manner(attempt: int) -> Manner:
        grain = range(1, 2 + 2 * fractions) if attempt < 8 else _GRAINS[attempt % len(_GRAINS)]
        return Manner(lambda _, structure: _draw_entry(structure, choose, spread + attempt // 8, grain))

    return draw_in(problem, sizes, choose, map(manner, range(attempts)))


def draw_in(
    problem: Problem,
    sizes: Mapping[str, int],
    choose: Choose,
    manners: Iterable[Manner],
    degrees: tuple[int, ...] = DEGREES,
) -> Sample:
    """A point with these sizes, drawn in the first of the manners that meets the conditions. `degrees`: of the terms of
    unknown functions, beside a linear part."""
    failed: Condition | None = None
    structures, symbols = structures_at(problem, sizes), problem.symbols_at(sizes)
    functions = {name: _polynomial(f, sizes, choose, degrees) for name, f in problem.functions.items()}
    for manner in manners:
        values = {name: _draw_value(name, type_, sizes, structures[name], choose, manner) for name, type_ in symbols.items()}
        point = _satisfied(problem, Sample(sizes, values, {}, functions, normal=True), structures, choose)
        failed = next(unsatisfied(problem, point), None)
        if failed is None:
            return _elsewhere(problem, point, structures, choose)
    span = failed.left.span if failed is not None else None
    words = span.text if span is not None and span.text else (failed.relation if failed is not None else "")
    raise Unsatisfied(f"could not satisfy the assumption {words} at sizes {dict(sizes)}", span)


def index_values(problem: Problem, sample: Sample, names: frozenset[str]) -> Iterator[dict[str, int]]:
    """All values of the free indices among `names` (those that their ranges need included)."""
    binders = [b for b in problem.binders if "#" + b.name in names]
    if not binders:
        yield {}
        return

    def expand(known: dict[str, int], rest: list[Any]) -> Iterator[dict[str, int]]:
        if not rest:
            yield known
            return
        evaluator = Evaluator(problem.document, sample.at(known), names=problem.names)
        for position in evaluator.positions(rest[0], evaluator.root):
            yield from expand({**known, rest[0].name: position}, rest[1:])

    yield from expand({}, binders)


def unsatisfied(problem: Problem, sample: Sample) -> Iterator[Condition]:
    """The conditions that are not met at the point."""
    for condition in problem.conditions:
        if not is_met(problem, condition, sample):
            yield condition


def is_met(problem: Problem, condition: Condition, sample: Sample) -> bool:
    if is_equation(condition):
        return holds(lambda: all(_is_zero(x) for x in _residuals(problem, condition, sample)))
    return holds(lambda: all(e.holds(condition) for e in _evaluators(problem, condition, sample)))


def _is_zero(x: Any) -> bool:
    """Exactly zero, or a ball around zero that is narrow."""
    if isinstance(x, arb):
        if x.contains(0) and x.rel_one_accuracy_bits() < 100:
            raise Imprecise
        return x.contains(0)
    return bool(x == 0)


def _evaluators(problem: Problem, condition: Condition, sample: Sample) -> Iterator[Evaluator]:
    for indices in index_values(problem, sample, problem.names.of_condition(condition)):
        yield Evaluator(problem.document, sample.at(indices), names=problem.names)


def _residuals(problem: Problem, condition: Condition, sample: Sample) -> list[Any]:
    right = condition.right if condition.right is not None else condition.left
    out: list[Any] = []
    for evaluator in _evaluators(problem, condition, sample):
        out += difference(evaluator.value(condition.left), evaluator.value(right))
    return out


def _satisfied(problem: Problem, sample: Sample, structures: Mapping[str, Structure], choose: Choose) -> Sample:
    """The sample after solving the equations one after the other, each together with earlier ones on the same symbol."""
    equations = [c for c in problem.conditions if is_equation(c) and problem.symbols_of(c)]
    equations.sort(key=lambda equation: len(problem.symbols_of(equation)))  # sum p = 1 and sum q = 1 before p = q
    solved: list[str] = []
    done: list[Condition] = []
    for equation in equations:
        if not is_met(problem, equation, sample):
            bent = _with_functions_bent(problem, (*done, equation), sample)
            if bent is sample or not is_met(problem, equation, bent):
                bent = _solve(problem, equation, tuple(done), bent, structures, solved, choose)
            sample = bent
        done.append(equation)
    return sample


def _elsewhere(problem: Problem, point: Sample, structures: Mapping[str, Structure], choose: Choose) -> Sample:
    """Another point that meets the conditions: the solutions of a^2 + b^2 = 1 that small numbers give lie on the axes."""
    for equation in (c for c in problem.conditions if is_equation(c)):
        names = [name for name in problem.symbols_of(equation) if not problem.symbols[name].shape]
        if len(names) < 2 or equation.left.type.rank or any(structures[name].integer for name in names):
            continue

        def residual(values: Mapping[str, Value], equation: Condition = equation, point: Sample = point) -> Any:
            return next(iter(_residuals(problem, equation, point.with_values(values))), None)

        with suppress(Undefined, Imprecise):
            moved = point.with_values(along_a_secant(point.values, names, residual, choose))
            fits = all(_fits(moved.values[name], structures[name]) for name in names)
            if fits and next(unsatisfied(problem, moved), None) is None:
                point = moved
    return point


def _solve(
    problem: Problem,
    equation: Condition,
    earlier: tuple[Condition, ...],
    sample: Sample,
    structures: Mapping[str, Structure],
    solved: list[str],
    choose: Choose,
) -> Sample:
    vanished: tuple[str, Sample] | None = None
    for name in _preferred(problem, equation, structures, solved):
        together = [c for c in earlier if name in problem.symbols_of(c)] + [equation]

        def residuals(values: Mapping[str, Value], together: list[Condition] = together) -> list[Any]:
            moved = sample.with_values(values)
            return [x for c in together for x in _residuals(problem, c, moved)]

        said = _explicit(problem, equation, name, sample)
        candidates = _candidates(residuals, sample.values, name, structures[name], choose)
        for value in said if is_constant(problem, equation, name) else itertools.chain(said, candidates):
            moved = sample.with_values({**sample.values, name: value})
            own = [c for c in problem.conditions if name in problem.symbols_of(c) and (c in together or not is_equation(c))]
            if not (_fits(value, structures[name]) and all(is_met(problem, c, moved) for c in own)):
                continue
            if not _has_vanished(sample.values[name], value):
                solved.append(name)
                return moved
            vanished = vanished or (name, moved)
    if vanished is None:
        return sample
    solved.append(vanished[0])
    return vanished[1]


def _has_vanished(before: Value, after: Value) -> bool:
    """v = 0 satisfies H v = mu v whatever H and mu are, and says little: any other way to satisfy an equation goes first."""
    return isinstance(after, np.ndarray) and all(x == 0 for x in after.flat) and any(x != 0 for x in before.flat)


def _with_functions_bent(problem: Problem, equations: tuple[Condition, ...], sample: Sample) -> Sample:
    """The sample with another constant and linear part of one unknown function, when the equations are affine in these:
    every point can be a stationary point of some function."""
    for name, function in sample.functions.items():

        def bent(values: Mapping[str, Value], name: str = name, function: Polynomial = function) -> Sample:
            return replace(sample, functions={**sample.functions, name: function.with_low_part(list(values[name]))})

        def residuals(values: Mapping[str, Value], bent: Callable[[Mapping[str, Value]], Sample] = bent) -> list[Any]:
            return [x for c in equations for x in _residuals(problem, c, bent(values))]

        low = function.low_part()
        for value in solutions(residuals, {name: tensor(low, (len(low),))}, name, Structure()):
            if all(isinstance(x, fmpq) for x in value):
                return bent({name: value})
    return sample


def _explicit(problem: Problem, equation: Condition, name: str, sample: Sample) -> Iterator[Value]:
    """The other side, when `name` stands alone on one: b = 0, y = X s."""
    for side, other in ((equation.left, equation.right), (equation.right, equation.left)):
        if not isinstance(side, Symbol) or side.name != name or other is None:
            continue
        read = problem.names.of(other)
        if name in read or any(free.startswith("#") for free in read):
            continue
        evaluator = Evaluator(problem.document, sample, names=problem.names)
        try:
            value = with_enough_bits(partial(evaluator.value, other))
        except Undefined:
            continue
        if shape_of(value) == shape_of(sample.values[name]):
            yield value


def is_constant(problem: Problem, equation: Condition, name: str) -> bool:
    """b = 0, A = I: the equation says the value, there is nothing to search for."""
    sides = ((equation.left, equation.right), (equation.right, equation.left))
    return any(
        isinstance(side, Symbol) and side.name == name and other is not None and not problem.names.of(other)
        for side, other in sides
    )


def _candidates(
    residuals: Callable[[Mapping[str, Value]], list[Any]],
    values: Mapping[str, Value],
    name: str,
    structure: Structure,
    choose: Choose,
) -> Iterator[Value]:
    yield from solutions(residuals, values, name, structure)
    yield from proposals(values, name, choose)


def _preferred(problem: Problem, equation: Condition, structures: Mapping[str, Structure], solved: list[str]) -> list[str]:
    """Symbols to solve for: not solved yet, alone on a side, without structure, in this order of weight."""
    alone = [s.name for s in (equation.right, equation.left) if isinstance(s, Symbol)]

    def weight(name: str) -> tuple[bool, bool, bool]:
        return (name in solved, bool(structures[name].families), name not in alone)

    return sorted(problem.symbols_of(equation), key=weight)


def _fits(value: Value, structure: Structure) -> bool:
    entries = list(value.flat) if isinstance(value, np.ndarray) else [value]
    return all(isinstance(x, fmpq) and structure.admits(x) for y in entries for x in leaves(y))


def structures_at(problem: Problem, sizes: Mapping[str, int]) -> Mapping[str, Structure]:
    """For every symbol; worked out once for each shape."""
    key = tuple(sizes.items())
    known: Mapping[str, Structure] | None = problem.structures.get(key)
    if known is None:
        known = problem.structures[key] = {name: _structure(problem, sizes, name) for name in problem.symbols}
    return known


def _structure(problem: Problem, sizes: Mapping[str, int], name: str) -> Structure:
    """What the conditions say about this symbol alone."""
    found = Structure(integer=problem.symbols[name].domain == "integer")
    for condition in problem.conditions:
        if condition.right is None:
            if _target(condition.left) == name and condition.relation in FAMILIES:
                found = replace(found, families=(*found.families, condition.relation))
            if _target(condition.left) == name and condition.relation == "integer":
                found = replace(found, integer=True)
            continue
        if _says_symmetric(condition, name):
            found = replace(found, families=(*found.families, "symmetric"))
        for side, relation, other in (
            (condition.left, condition.relation, condition.right),
            (condition.right, _TURNED[condition.relation], condition.left),
        ):
            bound = _constant(problem, sizes, other) if _target(side) == name and relation in _ORDER else None
            if bound is not None:
                found = _bounded(found, relation, bound)
    return found


def _says_symmetric(condition: Condition, name: str) -> bool:
    """A = A^T"""
    for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
        if isinstance(side, Symbol) and side.name == name and side.type.rank == 2 and isinstance(other, Call):
            return condition.relation == "=" and other.operation == "transpose" and other.arguments == (side,)
    return False


def _target(term: Term) -> str | None:
    """The symbol that a condition on `term` restricts entry by entry."""
    if isinstance(term, Component) and isinstance(term.base, Symbol):
        names = {index.name for index in term.indices if isinstance(index, Index)}  # A_ii is not every entry
        return term.base.name if len(names) == len(term.indices) == term.base.type.rank else None
    return term.name if isinstance(term, Symbol) else None


def _constant(problem: Problem, sizes: Mapping[str, int], term: Term) -> fmpq | None:
    """The value of a side without symbols, a near rational when it is irrational."""
    if problem.names.of(term):
        return None
    value = with_enough_bits(lambda: Evaluator(problem.document, Sample(sizes), names=problem.names).value(term))
    entries = list(value.flat) if isinstance(value, np.ndarray) else [value]
    if any(x is not entries[0] and x != entries[0] for x in entries):
        return None
    return entries[0] if isinstance(entries[0], fmpq) else fmpq(int(entries[0].mid() * 1000), 1000)


def _bounded(structure: Structure, relation: str, bound: fmpq) -> Structure:
    if relation in (">", ">=") and (structure.low is None or bound >= structure.low):
        return replace(structure, low=bound, low_open=relation == ">")
    if relation in ("<", "<=") and (structure.high is None or bound <= structure.high):
        return replace(structure, high=bound, high_open=relation == "<")
    return structure


def _draw_value(
    name: str, type_: Type, sizes: Mapping[str, int], structure: Structure, choose: Choose, manner: Manner
) -> Value:
    shape = tuple(d.value(sizes) for d in type_.shape)
    value = tensor([manner.entry(name, structure) for _ in range(math.prod(shape))], shape)
    return _in_family(value, structure.families, choose, manner.scale) if len(shape) == 2 else value


def _draw_entry(structure: Structure, choose: Choose, spread: int, grain: range) -> fmpq:
    low, high = structure.low, structure.high
    denominator = 1 if structure.integer or len(grain) == 1 else choose(grain[0], grain[-1])
    if low is not None and high is not None:
        if structure.integer:
            first, last = int(low.ceil()), int(high.floor())
            inside = [k for k in range(first, min(last, first + 50) + 1) if structure.admits(fmpq(k))]
            return fmpq(inside[choose(0, len(inside) - 1)]) if inside else low
        parts = choose(2, 3 + spread)
        first, last = (1 if structure.low_open else 0), (parts - 1 if structure.high_open else parts)
        return low + (high - low) * fmpq(choose(first, last), parts)
    if low is not None:
        return _above(low, structure.low_open, structure.integer, choose(0, spread), denominator)
    if high is not None:
        return -_above(-high, structure.high_open, structure.integer, choose(0, spread), denominator)
    value = choose(-spread, spread)
    return fmpq(value if value else choose(-spread, spread), denominator)


def _above(edge: fmpq, is_open: bool, whole: bool, steps: int, denominator: int) -> fmpq:
    """A number at or above an edge, `steps` away from the first one that is allowed."""
    if whole:
        edge = fmpq(edge.floor()) if is_open else fmpq(edge.ceil())
    return edge + (fmpq(steps + 1, denominator) if is_open else fmpq(steps, denominator))


def _in_family(value: Value, families: tuple[str, ...], choose: Choose, scale: fmpq) -> Value:
    """A member of all families near the drawn matrix."""
    n = value.shape[0]
    if "diagonal" in families:
        diagonal = [(abs(value[i, i]) + 1) * scale if "positive definite" in families else value[i, i] for i in range(n)]
        return tensor([diagonal[i] if i == j else ZERO for i in range(n) for j in range(n)], (n, n))
    if "positive definite" in families:
        return (value @ value.T + identity(n)) * scale
    if "positive semidefinite" in families:
        return value @ value.T * scale
    if "orthogonal" in families:
        return orthogonal(n, choose)
    if "symmetric" in families:
        value = tensor([value[max(i, j), min(i, j)] for i in range(n) for j in range(n)], (n, n))
    if "invertible" in families and determinant(value) == 0:
        value = value + identity(n) * fmpq(17)
    return value


def _polynomial(declared: FunctionType, sizes: Mapping[str, int], choose: Choose, degrees: tuple[int, ...]) -> Polynomial:
    """A sparse polynomial with small whole coefficients for each entry of the result."""
    count = sum(math.prod([d.value(sizes) for d in p.shape]) for p in declared.parameters)
    shape = tuple(d.value(sizes) for d in declared.result.shape)
    outputs = []
    for _ in range(math.prod(shape)):
        keys: list[tuple[int, ...]] = [(), *((k,) for k in range(count))]
        keys += [tuple(sorted(choose(0, count - 1) for _ in range(degree))) for degree in degrees]
        outputs.append(tuple((fmpq(choose(-3, 3) or 1), key) for key in keys))
    return Polynomial(tuple(outputs), shape)


def same_shape(left: Value, right: Value) -> bool:
    return shape_of(left) == shape_of(right)


def all_indices(problem: Problem, sample: Sample, names: frozenset[str], most: int) -> list[dict[str, int]]:
    """Values of the free indices; at most `most`, spread over all of them."""
    try:
        found = list(itertools.islice(index_values(problem, sample, names), 10_000))
    except Undefined:
        return []
    if len(found) <= most:
        return found
    return [found[k * len(found) // most] for k in range(most)]
