r"""Points on the other side of a kink, searched for: where |u| has u < 0, where [u > 0] [v < 0] is 1.

Takes: a problem and a claim. Gives: samples.
Guarantees: every sample meets all conditions. What a kink looks at (the argument of |.|, the difference in a maximum or in a
comparison) is watched at a few random points; a side of one of them, or of two together, that none of these points lies on is
searched for along one number at a time. Counted evaluations bound the search; that it finds nothing says nothing.

    \max(0, 10^{-2} - (x - 17/5)^2) = 0         [x > 50.01] [x < 50.02] = 0
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from eqcompiler.errors import EquationError
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Call, Condition, Term
from eqcompiler.verification.constraint_solving import Structure
from eqcompiler.verification.evaluator import Environment, Evaluator
from eqcompiler.verification.fields import Imprecise
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.problems import Problem
from eqcompiler.verification.sample_sizes import SIZES_ALONE, shapes
from eqcompiler.verification.samples import Sample
from eqcompiler.verification.sampling import Unsatisfied, draw, structures_at, unsatisfied

BASES = 10  # random points in each shape
SHAPES = 2
MOST_KEYS = 8  # of what kinks look at, taken together in pairs
MOST_NUMBERS = 6  # that are moved
MOST_EVALUATIONS = 1500
SWEEPS = 2
HALVINGS = 26
BITS = 64
STEPS = tuple(sign * fmpq(2) ** k for k in range(-3, 7) for sign in (1, -1))
GRID = tuple(fmpq(k, 2) for k in range(-9, 10))
RATIO = (math.sqrt(5) - 1) / 2
LOOKING = {"abs": 1, "sign": 1, "relu": 1, "max": 2, "min": 2}
JUMPING = frozenset(("floor", "ceil"))

Key = tuple[object, ...]  # which kink, which of its values in the order of evaluation
Record = dict[Key, float]
Objective = Callable[[Record], float | None]


class _Recording(Evaluator):
    """Notes what kinks and comparisons look at."""

    def __init__(self, document: Document, sample: Sample, names: FreeNames) -> None:
        super().__init__(document, sample, names=names)
        self.last: dict[int, Any] = {}
        self.counts: Counter[int] = Counter()
        self.seen: Record = {}

    def value(self, term: Term, env: Environment | None = None) -> Any:
        found = super().value(term, env)
        self.last[id(term)] = found
        if isinstance(term, Call) and (term.operation in LOOKING or term.operation in JUMPING):
            looked_at = [self.last.get(id(argument)) for argument in term.arguments]
            if term.operation in ("max", "min"):
                for k, (a, b) in enumerate(combinations(looked_at, 2)):
                    self.note(term, (k,), _difference(a, b))
            else:
                self.note(term, (term.operation,) if term.operation in JUMPING else (), looked_at[0])
        return found

    def holds(self, condition: Condition, env: Environment | None = None) -> bool:
        if condition.right is None:
            return super().holds(condition, env)
        try:
            return super().holds(condition, env)
        finally:
            self.note(condition, (), _difference(self.last.get(id(condition.left)), self.last.get(id(condition.right))))

    def note(self, node: object, which: tuple[object, ...], value: Any) -> None:
        self.counts[id(node)] += 1
        for k, x in enumerate(value.flat if isinstance(value, np.ndarray) else [value]):
            if isinstance(x, fmpq | arb) and k < MOST_KEYS:
                self.seen[(id(node), self.counts[id(node)], k, *which)] = _float(x)


def _difference(a: Any, b: Any) -> Any:
    return None if a is None or b is None else np.subtract(a, b) if isinstance(a, np.ndarray) else a - b


def _float(x: Any) -> float:
    return float(x.mid()) if isinstance(x, arb) else float(x.p) / float(x.q) if x.height_bits() < 1000 else math.nan


def searched_samples(problem: Problem, claim: Claim, is_over: Callable[[], bool]) -> Iterator[Sample]:
    chance = random.Random(0)
    if problem.iterated or not problem.symbols:
        return
    for sizes in shapes(problem, SHAPES if problem.varies else SIZES_ALONE)[:SHAPES]:
        bases = []
        for k in range(BASES):
            with suppress(Unsatisfied):
                bases.append(draw(problem, sizes, chance.randint, 3 + k // 3, fractions=k % 2 == 1))
        yield from _Search(problem, claim, sizes, is_over).found(bases)


@dataclass
class _Search:
    problem: Problem
    claim: Claim
    sizes: Mapping[str, int]
    is_over: Callable[[], bool]
    evaluations: int = 0

    def found(self, bases: Sequence[Sample]) -> Iterator[Sample]:
        records = [(base, self.record(base)) for base in bases]
        for objective, wanted in _unseen([record for _, record in records]):
            start = max(
                ((value, k) for k, (_, record) in enumerate(records) if (value := objective(record)) is not None), default=None
            )
            if self.evaluations > MOST_EVALUATIONS or self.is_over():
                return
            if start is None:
                continue
            value, point = self.climb(objective, *start, [base for base, _ in records])
            if value > wanted:
                yield point

    def record(self, sample: Sample) -> Record:
        """What kinks look at in a point that meets all conditions; nothing elsewhere."""
        self.evaluations += 1
        try:
            if next(unsatisfied(self.problem, sample), None) is not None:
                return {}
        except EquationError:
            return {}
        evaluator = _Recording(self.problem.document, sample, self.problem.names)
        with ctx.workprec(BITS):
            for side in (self.claim.left, self.claim.right):
                with suppress(EquationError, Imprecise):
                    evaluator.value(side)
        return {key: x for key, x in evaluator.seen.items() if math.isfinite(x)}

    def climb(self, objective: Objective, value: float, base: int, bases: Sequence[Sample]) -> tuple[float, Sample]:
        point = bases[base]
        numbers = list(_numbers(self.problem, self.sizes, point))[:MOST_NUMBERS]
        for _ in range(SWEEPS if len(numbers) > 1 else 1):
            for name, place, structure in numbers:
                value, point = self.along(objective, value, point, name, place, structure)
        return value, point

    def along(
        self, objective: Objective, value: float, point: Sample, name: str, place: int, structure: Structure
    ) -> tuple[float, Sample]:
        """The best point where one number changes: on a grid, then between the neighbours of the best one."""
        here = _entry(point, name, place)
        tried = sorted(
            {x for x in (here, *GRID, *(here + step for step in STEPS), *_near_edges(structure)) if structure.admits(x)}
        )
        values: dict[fmpq, float] = {here: value}

        def at(x: fmpq) -> float:
            if x not in values:
                found = objective(self.record(_moved(point, name, place, x))) if structure.admits(x) else None
                values[x] = -math.inf if found is None else found
            return values[x]

        best = max(tried, key=lambda x: (at(x), -abs(x)), default=here)
        if not structure.integer and tried:
            k = tried.index(best)
            low, high = tried[max(0, k - 1)], tried[min(len(tried) - 1, k + 1)]
            for _ in range(HALVINGS):
                inner = high - _rational(RATIO * float((high - low).p) / float((high - low).q))
                outer = low + (high - inner)
                low, high = (low, outer) if at(inner) > at(outer) else (inner, high)
            best = max(values, key=lambda x: values[x])
        return (values[best], _moved(point, name, place, best)) if at(best) > value else (value, point)


def _near_edges(structure: Structure) -> Iterator[fmpq]:
    """Points between two bounds, or beyond one."""
    low, high = structure.low, structure.high
    if low is not None and high is not None:
        yield from (low + (high - low) * fmpq(k, 16) for k in range(1, 16))
    elif low is not None:
        yield from (low + fmpq(2) ** k for k in range(-6, 7))
    elif high is not None:
        yield from (high - fmpq(2) ** k for k in range(-6, 7))


def _rational(x: float) -> fmpq:
    return fmpq(round(x * 2**40), 2**40)


def _numbers(problem: Problem, sizes: Mapping[str, int], point: Sample) -> Iterator[tuple[str, int, Structure]]:
    """Scalars first, then the entries of tensors that have no structure of their own."""
    structures = structures_at(problem, sizes)
    order = sorted(problem.symbols, key=lambda name: len(problem.symbols[name].shape))
    for name in order:
        value = point.values.get(name)
        if value is None or structures[name].families:
            continue
        for place in range(value.size if isinstance(value, np.ndarray) else 1):
            yield name, place, structures[name]


def _entry(point: Sample, name: str, place: int) -> fmpq:
    value = point.values[name]
    found: fmpq = value.flat[place] if isinstance(value, np.ndarray) else value
    return found


def _moved(point: Sample, name: str, place: int, x: fmpq) -> Sample:
    value = point.values[name]
    if isinstance(value, np.ndarray):
        changed: Any = value.copy()
        changed.flat[place] = x
    else:
        changed = x
    return point.with_values({**point.values, name: changed})


def _unseen(records: Sequence[Record]) -> Iterator[tuple[Objective, float]]:
    """What is to be made large, and how large: the sides of one kink and of two that no record has, the extremes of jumps."""
    keys = list(dict.fromkeys(key for record in records for key in record))[:MOST_KEYS]
    jumps = [key for key in keys if key[-1] in JUMPING]
    plain = [key for key in keys if key not in jumps]
    for key, sign in product(plain, (1, -1)):
        if not any(sign * record.get(key, 0.0) > 0 for record in records):
            yield _least(((key, sign),)), 0.0
    for key, sign in product(jumps, (1, -1)):
        yield _least(((key, sign),)), -math.inf
    for (a, b), (s, t) in product(combinations(plain, 2), product((1, -1), repeat=2)):
        if not any(s * record.get(a, 0.0) > 0 and t * record.get(b, 0.0) > 0 for record in records):
            yield _least(((a, s), (b, t))), 0.0


def _least(signed: tuple[tuple[Key, int], ...]) -> Objective:
    def least(record: Record) -> float | None:
        found = [sign * record[key] for key, sign in signed if key in record]
        return min(found) if len(found) == len(signed) else None

    return least
