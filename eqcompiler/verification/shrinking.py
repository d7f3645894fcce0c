"""Counterexamples made small: the smallest shapes and the smallest whole numbers that still refute the claim.

Takes: a claim and a point that refutes it. Gives: a certified counterexample that is no larger.
Guarantees: every candidate satisfies all conditions and refutes exactly as in evidence. Small shapes are tried first, then
every entry is made simpler; Hypothesis, without randomness or database, goes on where large numbers are left. The budget is
counted in points, so that the result does not depend on the machine; the seconds are for claims that are slow beyond reason.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from flint import fmpq

from eqcompiler.errors import BadInput, NotSupportedYet
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Symbol
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification.challenges import compare_closely
from eqcompiler.verification.constraint_solving import Choose, Structure, parameters
from eqcompiler.verification.evidence import Compare, compare, comparisons, counterexample, exact_text
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.jets import tensor
from eqcompiler.verification.operations import shape_of
from eqcompiler.verification.oracle import Sample, as_value
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.sample_sizes import shapes
from eqcompiler.verification.sampling import FAMILIES, Unsatisfied, draw, unsatisfied

SECONDS = 5.0
MOST_POINTS = 150  # that are judged
MOST_SHAPES, DRAWS = 12, 4
EXAMPLES = 20  # of Hypothesis
PLAIN = 3  # the largest number with which a counterexample is small enough
SIMPLER = (0, 1, -1, 2, -2, 3)


def shrink(
    document: Document,
    claim: Claim,
    found: Sample,
    *,
    extra: tuple[Condition, ...] = (),
    seconds: float = SECONDS,
) -> Counterexample:
    """The smallest counterexample found; `found` is `Evidence.found`."""
    search = _Search(problem_of(document, claim, extra), claim, time.monotonic() + seconds)
    start = replace(found, values={name: as_value(value) for name, value in found.values.items()})
    if not search.refutes(start):  # it takes more bits to see it
        search = _Search(search.problem, claim, search.deadline, compare_closely)
        search.refutes(start)
    search.by_shapes()
    search.by_entries()
    if not search.plain:
        search.by_hypothesis()
        search.by_entries()
    return search.best_counterexample(found)


class _Search:
    """Candidates that were tried, and the smallest one that refutes."""

    def __init__(self, problem: Problem, claim: Claim, deadline: float, comparing: Compare = compare) -> None:
        self.problem = problem
        self.claim = claim
        self.deadline = deadline
        self.comparing = comparing
        self.known: dict[str, bool] = {}
        self.best: tuple[tuple[int, ...], Sample, Counterexample] | None = None

    def refutes(self, sample: Sample) -> bool:
        key = repr((dict(sample.sizes), {name: exact_text(v) for name, v in sample.values.items()}, str(sample.functions)))
        if key not in self.known:
            if self.spent and self.best is not None:
                return False
            self.known[key] = self._judge(sample)
        return self.known[key]

    def _judge(self, sample: Sample) -> bool:
        plain = replace(sample, indices={})
        try:
            for indices, result in comparisons(self.problem, self.claim, plain, self.comparing):
                if not result.equal:
                    here = replace(plain, indices=indices)
                    entry = (_measure(plain), here, counterexample(self.problem, here, result))
                    if self.best is None or entry[0] < self.best[0]:
                        self.best = entry
                    return True
        except (Undefined, NotSupportedYet):
            return False
        return False

    @property
    def spent(self) -> bool:
        return len(self.known) >= MOST_POINTS or time.monotonic() > self.deadline

    @property
    def plain(self) -> bool:
        """Nothing but small whole numbers is left."""
        values = self.best[1].values.values() if self.best is not None else ([],)
        return self.best is not None and all(abs(x) <= PLAIN and x.q == 1 for value in values for x in _entries(value))

    def by_shapes(self) -> None:
        """The first shape, from small to large, in which one of a few small points refutes."""
        for sizes in self._shapes():
            if self.best is not None and _volume(sizes) > _volume(self.best[1].sizes):
                return
            for k in range(DRAWS):
                sample = self.point(sizes, random.Random(k).randint, 1 + k // 2)
                if sample is not None and self.refutes(sample):
                    return

    def _shapes(self) -> list[Mapping[str, int]]:
        return sorted(shapes(self.problem, MOST_SHAPES), key=_volume)

    def by_hypothesis(self) -> None:
        """Smallest shapes and choices first; every choice of the sampler is one that Hypothesis can make smaller."""
        import hypothesis  # here, because it takes a third of a second to load and only refutations need it
        from hypothesis import HealthCheck, Phase, settings, strategies

        tried = self._shapes()

        @strategies.composite
        def points(given: Any) -> Sample | None:
            sizes = tried[given(strategies.integers(0, len(tried) - 1))]
            return self.point(sizes, lambda low, high: int(given(strategies.integers(low, high))), 2)

        quiet = settings(
            max_examples=EXAMPLES,
            database=None,
            derandomize=True,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        try:
            hypothesis.find(
                points(), lambda sample: sample is not None and self.refutes(sample), settings=quiet, random=random.Random(0)
            )
        except (hypothesis.errors.NoSuchExample, hypothesis.errors.Flaky):
            return  # nothing new, or the time ran out while shrinking: the best so far stands

    def point(self, sizes: Mapping[str, int], choose: Choose, spread: int) -> Sample | None:
        if self.spent:
            return None
        try:
            return draw(self.problem, sizes, choose, spread)
        except (Unsatisfied, BadInput, Undefined):
            return None

    def by_entries(self) -> None:
        """Replace one entry after the other by a simpler number while the point still refutes."""
        improved = True
        while improved and self.best is not None and not self.spent:
            before = self.best[0]
            for sample in self._simpler(self.best[1]):
                if next(unsatisfied(self.problem, replace(sample, indices={})), None) is None and self.refutes(sample):
                    break
            improved = self.best[0] < before

    def _simpler(self, sample: Sample) -> Iterator[Sample]:
        for name, value in sample.values.items():
            entries = _entries(value)
            for group in parameters(shape_of(value), self._structure(name)):
                for simple in SIMPLER:
                    if _cost(fmpq(simple)) < _cost(entries[group[0]]):
                        moved = [fmpq(simple) if k in group else x for k, x in enumerate(entries)]
                        yield replace(sample, values={**sample.values, name: tensor(moved, shape_of(value))})

    def _structure(self, name: str) -> Structure:
        said = [c for c in self.problem.conditions if c.right is None and isinstance(c.left, Symbol) and c.left.name == name]
        return Structure(families=tuple(family for family in FAMILIES if family in {c.relation for c in said}))

    def best_counterexample(self, found: Sample) -> Counterexample:
        if self.best is None:
            raise BadInput(f"the point {dict(found.values)} does not refute the claim")
        return self.best[2]


def _cost(x: fmpq) -> int:
    return 2 * abs(int(x.p)) + (x < 0) + 5 * (int(x.q) - 1)


def _entries(value: Any) -> list[fmpq]:
    return list(value.flat) if isinstance(value, np.ndarray) else [value]


def _volume(sizes: Mapping[str, int]) -> int:
    return sum(v * v for v in sizes.values())


def _measure(sample: Sample) -> tuple[int, ...]:
    entries = [x for v in sample.values.values() for x in _entries(v)]
    return (_volume(sample.sizes), sum(_cost(x) for x in entries), *sample.sizes.values())
