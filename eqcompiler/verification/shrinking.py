"""Counterexamples made small: the smallest shapes and the smallest whole numbers that still refute the claim.

Takes: a claim and a point that refutes it. Gives: a certified counterexample that is no larger.
Guarantees: every candidate satisfies all conditions and refutes exactly as in evidence; the search is Hypothesis without
randomness or database, then entry by entry; it ends after the given seconds with the best that was found.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from flint import fmpq

from eqcompiler.errors import BadInput, NotSupportedYet
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification.constraint_solving import Choose, Structure, parameters
from eqcompiler.verification.evidence import comparisons, counterexample, exact_text
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.jets import tensor
from eqcompiler.verification.operations import shape_of
from eqcompiler.verification.oracle import Sample, as_value
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.sample_sizes import shapes
from eqcompiler.verification.sampling import FAMILIES, Unsatisfied, draw, unsatisfied

SECONDS = 1.0
EXAMPLES = 100
SIMPLER = (0, 1, -1, 2, -2, 3)


def shrink(
    document: Document,
    claim: Claim,
    found: Sample,
    *,
    extra: tuple[Condition, ...] = (),
    seconds: float = SECONDS,
) -> Counterexample:
    """The smallest counterexample found within `seconds`; `found` is `Evidence.found`."""
    search = _Search(problem_of(document, claim, extra), claim, time.monotonic() + seconds)
    search.refutes(replace(found, values={name: as_value(value) for name, value in found.values.items()}))
    search.by_hypothesis()
    search.by_entries()
    return search.best_counterexample(found)


class _Search:
    """Candidates that were tried, and the smallest one that refutes."""

    def __init__(self, problem: Problem, claim: Claim, deadline: float) -> None:
        self.problem = problem
        self.claim = claim
        self.deadline = deadline
        self.known: dict[str, bool] = {}
        self.best: tuple[tuple[int, ...], Sample, Counterexample] | None = None

    def refutes(self, sample: Sample) -> bool:
        key = repr((dict(sample.sizes), {name: exact_text(v) for name, v in sample.values.items()}, str(sample.functions)))
        if key not in self.known:
            if time.monotonic() > self.deadline and self.best is not None:
                return False
            self.known[key] = self._judge(sample)
        return self.known[key]

    def _judge(self, sample: Sample) -> bool:
        plain = replace(sample, indices={})
        try:
            for indices, result in comparisons(self.problem, self.claim, plain):
                if not result.equal:
                    here = replace(plain, indices=indices)
                    entry = (_measure(plain), here, counterexample(self.problem, here, result))
                    if self.best is None or entry[0] < self.best[0]:
                        self.best = entry
                    return True
        except (Undefined, NotSupportedYet):
            return False
        return False

    def by_hypothesis(self) -> None:
        """Smallest shapes and choices first; every choice of the sampler is one that Hypothesis can make smaller."""
        import hypothesis  # here, because it takes a third of a second to load and only refutations need it
        from hypothesis import HealthCheck, Phase, settings, strategies

        tried = sorted(shapes(self.problem, 12), key=lambda sizes: sum(v * v for v in sizes.values()))

        @strategies.composite
        def points(given: Any) -> Sample | None:
            sizes = tried[given(strategies.integers(0, len(tried) - 1))]
            return self.point(sizes, lambda low, high: int(given(strategies.integers(low, high))))

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

    def point(self, sizes: Any, choose: Choose) -> Sample | None:
        if time.monotonic() > self.deadline:
            return None
        try:
            return draw(self.problem, sizes, choose, spread=2)
        except (Unsatisfied, BadInput, Undefined):
            return None

    def by_entries(self) -> None:
        """Replace one entry after the other by a simpler number while the point still refutes."""
        improved = True
        while improved and self.best is not None and time.monotonic() < self.deadline:
            before = self.best[0]
            for sample in self._simpler(self.best[1]):
                if next(unsatisfied(self.problem, replace(sample, indices={})), None) is None and self.refutes(sample):
                    break
            improved = self.best[0] < before

    def _simpler(self, sample: Sample) -> Iterator[Sample]:
        for name, value in sample.values.items():
            entries = list(value.flat) if isinstance(value, np.ndarray) else [value]
            for group in parameters(shape_of(value), self._structure(name)):
                for simple in SIMPLER:
                    if _cost(fmpq(simple)) < _cost(entries[group[0]]):
                        moved = [fmpq(simple) if k in group else x for k, x in enumerate(entries)]
                        yield replace(sample, values={**sample.values, name: tensor(moved, shape_of(value))})

    def _structure(self, name: str) -> Structure:
        about = [c.relation for c in self.problem.conditions if c.right is None and self.problem.symbols_of(c) == (name,)]
        return Structure(families=tuple(family for family in FAMILIES if family in about))

    def best_counterexample(self, found: Sample) -> Counterexample:
        if self.best is None:
            raise BadInput(f"the point {dict(found.values)} does not refute the claim")
        return self.best[2]


def _cost(x: fmpq) -> int:
    return 2 * abs(int(x.p)) + (x < 0) + 5 * (int(x.q) - 1)


def _measure(sample: Sample) -> tuple[int, ...]:
    entries = [x for v in sample.values.values() for x in (v.flat if isinstance(v, np.ndarray) else [v])]
    sizes = tuple(sample.sizes.values())
    return (sum(v * v for v in sizes), sum(_cost(x) for x in entries), *sizes)
