"""Evidence: both sides of a claim compared at many points and several shapes, and certified counterexamples.

Takes: a document, a claim and further conditions. Gives: `Evidence`.
Guarantees: a counterexample is certified: rationals that differ, or balls that are disjoint. A point where a side has no
value or no derivative is skipped and counted, never judged. No agreement is claimed when every point was skipped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, fmpq

from eqcompiler.errors import BadInput, IllegalEquation, NotSupportedYet
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.languages.verdicts import Counterexample, point_text
from eqcompiler.verification.constraint_solving import Value, is_equation
from eqcompiler.verification.fields import (
    FIRST_PRECISION,
    ZERO,
    Divergent,
    Imprecise,
    OutsideDomain,
    Undefined,
    ball,
    with_enough_bits,
)
from eqcompiler.verification.operations import shape_of
from eqcompiler.verification.oracle import Evaluator, Sample
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.residues import Agreement, agreement
from eqcompiler.verification.sample_sizes import SIZES_ALONE, shapes
from eqcompiler.verification.sampling import ATTEMPTS, FEW_ATTEMPTS, Unsatisfied, all_indices, draw, is_constant

TRIALS = 24
MOST_SHAPES = 8
RATIONAL = 8  # rational points before a claim about rational functions goes on modulo primes
MOST_INDICES = 9  # values of the free indices that are compared at one point
HOPELESS = 3  # shapes without a point after which a condition that is only tried is given up
NARROW = 100  # bits of agreement that overlapping balls must have
FEW_VALUES = 3  # with fewer the points that meet an assumption are special ones: 0 and 1 for |a| = b^2
LONGEST_TEXT = 1000  # bits of a rational that is written out


@dataclass(frozen=True, slots=True)
class Evidence:
    """agreements: points where the sides are equal; shapes: how many size assignments they span; skipped: points without a
    value. `found` is the point of the counterexample, for shrinking. reason: why there is no (more) evidence."""

    agreements: int
    shapes: int
    skipped: int
    method: str
    counterexample: Counterexample | None = None
    found: Sample | None = None
    reason: str | None = None
    unsupported: NotSupportedYet | None = None
    exact: bool = False
    zero: bool = False  # both sides are zero at every point
    divergent: str = ""  # where one side does not converge and the other has a value: the point, in words
    impossible: str = ""  # the assumption that no point was found to meet
    modulo_primes: bool = False  # the sides agree modulo primes as well, where no digits are lost
    special: str = ""  # a number that an assumed equation is about, and that had hardly any values

    @property
    def agrees(self) -> bool:
        """Points were compared and none is against the claim."""
        return self.counterexample is None and self.agreements > 0 and not self.divergent


@dataclass(frozen=True, slots=True)
class NoValue:
    """The right side where only the left one has a value: the claim is not true there."""

    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides at one point. equal: None when they cannot be told apart and are not narrow enough (never returned)."""

    equal: bool
    exact: bool
    left: Value
    right: Value


def gather(
    document: Document,
    claim: Claim,
    *,
    extra: tuple[Condition, ...] = (),
    seed: int = 0,
    deadline: float | None = None,
    trials: int = TRIALS,
) -> Evidence:
    """Compare the sides at up to `trials` points; stops at the first counterexample, or at `deadline` (time.monotonic()).

    Raises IllegalEquation when the sides have different shapes.
    """
    Tally.check_shapes(claim)
    tally = Tally()
    try:
        problem = problem_of(document, claim, extra)
        attempts = FEW_ATTEMPTS if extra else ATTEMPTS
        for sample in _points(problem, seed, trials, attempts, deadline, tally):
            if tally.compare(problem, claim, sample) or tally.agreements >= trials:
                break
            if tally.agreements == RATIONAL and trials == TRIALS and tally.exact and not tally.zero:
                tally.residues = agreement(problem, claim, seed, deadline)
                if tally.residues is not None:
                    break
    except NotSupportedYet as reason:
        tally.unsupported = reason
    except Unsatisfied as reason:
        tally.reason = tally.impossible = reason.what
    except BadInput as reason:
        tally.reason = reason.what
    return tally.evidence()


class Tally:
    """The running counts of one `gather`; `comparing` is how the sides are compared at one point."""

    def __init__(self, comparing: Compare | None = None) -> None:
        self.comparing = comparing if comparing is not None else compare
        self.agreements = 0
        self.skipped = 0
        self.gap: Undefined | None = None  # why the last point was skipped
        self.sizes: list[Mapping[str, int]] = []
        self.exact = True
        self.zero = True
        self.divergent = ""
        self.impossible = ""
        self.values: dict[str, set[Any]] = {}  # of the numbers that assumed equations are about, up to their signs
        self.residues: Agreement | None = None
        self.against: Counterexample | None = None
        self.found: Sample | None = None
        self.reason: str | None = None
        self.unsupported: NotSupportedYet | None = None

    @staticmethod
    def check_shapes(claim: Claim) -> None:
        left, right = claim.left.type.shape, claim.right.type.shape
        if left != right:
            raise IllegalEquation(
                f"the left side is a {claim.left.type}, the right side a {claim.right.type}",
                claim.right.span or claim.left.span,
                allowed="sides of one shape",
                fix="transpose or index one side, or declare the sizes as equal",
            )

    def compare(self, problem: Problem, claim: Claim, sample: Sample) -> bool:
        """Count one point; True when it is a counterexample."""
        try:
            results = list(comparisons(problem, claim, sample, self.comparing))
        except Undefined as reason:
            if isinstance(reason, Divergent) and not self.divergent:
                self.divergent = f"{reason.what} at {_point_text(problem, sample)}"
            self.skipped += 1
            self.gap = reason
            self.reason = f"a side has no value: {reason.what}"
            return False
        for indices, result in results:
            if not result.equal:
                self.exact = result.exact
                self.found = sample.at(indices)
                self.against = counterexample(problem, self.found, result)
                return True
            self.exact = self.exact and result.exact
            self.zero = self.zero and all(_is_zero(x) for side in (result.left, result.right) for x in _entries(side))
        self.agreements += bool(results)
        for name in solved_names(problem) if results else ():
            self.values.setdefault(name, set()).add(abs(sample.values[name]))
        if results and sample.sizes not in self.sizes:
            self.sizes.append(sample.sizes)
        return False

    def evidence(self) -> Evidence:
        if self.against is not None:
            method = "exact rational arithmetic" if self.exact else "disjoint balls of 200 bits or more"
            return Evidence(self.agreements, len(self.sizes), self.skipped, method, self.against, self.found, exact=self.exact)
        points = (
            f"at {self.agreements} point{'s' * (self.agreements != 1)}, {len(self.sizes)} shape{'s' * (len(self.sizes) != 1)}"
        )
        number = "exact rational arithmetic" if self.exact else "balls of 200 bits"
        reason = self.reason if not self.agreements else None
        method = f"{number} {points}" if self.agreements else ""
        if self.residues is not None:
            method = f"{method}, and {self.residues}"
        return Evidence(
            self.agreements, len(self.sizes), self.skipped, method, reason=reason, unsupported=self.unsupported,
            exact=self.exact and self.agreements > 0, zero=self.zero and self.agreements > 0, divergent=self.divergent,
            impossible=self.impossible, modulo_primes=self.residues is not None,
            special=next((name for name, values in self.values.items() if len(values) < FEW_VALUES), ""),
        )  # fmt: skip


def _points(problem: Problem, seed: int, trials: int, attempts: int, deadline: float | None, tally: Tally) -> Iterator[Sample]:
    """Points over several shapes, plain whole numbers first, fractions and wider ranges later."""
    tried = shapes(problem, MOST_SHAPES if problem.varies else SIZES_ALONE)
    chance = random.Random(seed)
    impossible: Unsatisfied | None = None
    hopeless: list[Mapping[str, int]] = []
    for k in range(3 * trials if problem.varies else len(tried)):
        if deadline is not None and time.monotonic() > deadline:
            tally.reason = tally.reason or "time ran out"
            return
        sizes = tried[k % len(tried)]
        if sizes in hopeless:
            continue
        try:
            yield draw(problem, sizes, chance.randint, 3 + k // 6, fractions=k % 3 == 2, attempts=attempts)
        except Unsatisfied as reason:
            impossible = reason
            hopeless.append(sizes)
            if not tally.agreements and (k >= 2 * len(tried) or (attempts < ATTEMPTS and len(hopeless) >= HOPELESS)):
                break
    if impossible is not None and not tally.agreements and not tally.skipped:
        raise impossible


def solved_names(problem: Problem) -> Iterator[str]:
    """The numbers in assumed equations that leave a choice: b = 0 leaves none, nor does y^2 = y about a whole y."""
    equations = [c for c in problem.conditions if is_equation(c)]
    whole = {name for c in problem.conditions if c.relation == "integer" for name in problem.symbols_of(c)}
    given = {name for c in equations for name in problem.symbols_of(c) if is_constant(problem, c, name)}
    names = dict.fromkeys(name for c in equations for name in problem.symbols_of(c))
    return (name for name in names if not problem.symbols[name].shape and name not in whole | given)


def comparisons(
    problem: Problem, claim: Claim, sample: Sample, comparing: Compare
) -> Iterator[tuple[dict[str, int], Comparison]]:
    """The sides compared for the values of the free indices. Raises Undefined when a side has no value for any."""
    names = problem.names.of(claim.left) | problem.names.of(claim.right) | {"#" + b.name for b in claim.free}
    undefined: Undefined | None = None
    compared = False
    for indices in all_indices(problem, sample, names, MOST_INDICES):
        try:
            result = comparing(problem, claim, sample.at(indices))
        except Undefined as reason:
            undefined = reason
            continue
        compared = True
        yield indices, result
    if undefined is not None and not compared:
        raise undefined


Compare = Callable[[Problem, Claim, Sample], Comparison]


def compare(problem: Problem, claim: Claim, sample: Sample, precision: int = FIRST_PRECISION) -> Comparison:
    """Both sides at a point, with enough bits, `precision` at least, to tell them apart or to agree in 100 bits."""
    result: Comparison = with_enough_bits(
        lambda: attempt(Evaluator(problem.document, sample, names=problem.names), claim, lambda: NARROW), precision
    )
    return result


def attempt(evaluator: Evaluator, claim: Claim, narrow: Callable[[], int]) -> Comparison:
    """Both sides at the current precision. Raises Imprecise when they are not told apart and do not agree in `narrow` bits,
    which is asked for when both are known."""
    left = _converging(evaluator, claim.left, claim.right)
    try:
        right = evaluator.value(claim.right)
    except OutsideDomain as reason:  # \log x^2 = 2 \log x at -1
        return Comparison(False, True, left, NoValue(reason.what))
    if shape_of(left) != shape_of(right):
        raise IllegalEquation(f"the left side has the shape {shape_of(left)}, the right side {shape_of(right)}")
    pairs = list(zip(_entries(left), _entries(right), strict=True))
    exact = all(isinstance(x, fmpq) for pair in pairs for x in pair)
    differ = any(_differ(a, b) for a, b in pairs)
    if not differ and not exact and not all(_close(a, b, narrow()) for a, b in pairs):
        raise Imprecise
    return Comparison(not differ, exact, left, right)


def _converging(evaluator: Evaluator, term: Term, other: Term) -> Value:
    """The term's value. Divergent is raised only where the other side has a value, else it is as good as any other gap."""
    try:
        return evaluator.value(term)
    except Divergent:
        evaluator.value(other)
        raise


def agree(left: Value, right: Value) -> bool:
    """Two values of one shape that are equal, as far as 100 bits tell."""
    if shape_of(left) != shape_of(right):
        return False
    pairs = list(zip(_entries(left), _entries(right), strict=True))
    same: bool = with_enough_bits(lambda: not any(_differ(a, b) for a, b in pairs) and all(_close(a, b) for a, b in pairs))
    return same


def _entries(value: Value) -> list[Any]:
    return list(value.flat) if isinstance(value, np.ndarray) else [value]


def _is_zero(x: Any) -> bool:
    """Not told apart from zero: the balls of a comparison that agrees are narrow."""
    return not _differ(x, ZERO)


def _differ(a: Any, b: Any) -> bool:
    """Certainly different: rationals that are not equal, balls that do not meet."""
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return bool(a != b)
    return not (arb(0) + a).overlaps(arb(0) + b)


def _close(a: Any, b: Any, bits: int = NARROW) -> bool:
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return True
    scale = 1 + abs(arb(0) + a)
    return bool(((arb(0) + a - b) / scale).abs_upper() < arb(2) ** -bits)


def counterexample(problem: Problem, sample: Sample, result: Comparison) -> Counterexample:
    values = _exact_values(sample)
    values |= {name: str(function) for name, function in sample.functions.items()}
    values |= {name: str(position) for name, position in sample.indices.items()}
    written = _written(problem, (*sample.sizes, *values))
    return Counterexample(dict(sample.sizes), values, exact_text(result.left), exact_text(result.right), written)


def _point_text(problem: Problem, sample: Sample) -> str:
    values = {**sample.sizes, **_exact_values(sample)}
    return point_text(values, _written(problem, values))


def _written(problem: Problem, names: Iterable[str]) -> dict[str, str]:
    """How the file writes the names that it writes in another way."""
    symbols, sizes = problem.document.symbols, problem.document.written_sizes
    latex = {name: symbols[name].latex if name in symbols else sizes.get(name, name) for name in names}
    return {name: text for name, text in latex.items() if text != name}


def _exact_values(sample: Sample) -> dict[str, object]:
    return {name: exact_text(value) for name, value in sample.values.items()}


def exact_text(value: Value) -> object:
    """A rational as "-1/2", a ball or a very long rational as 17 digits, an array as nested lists of them."""
    if isinstance(value, np.ndarray):
        return [exact_text(part) for part in value]
    if isinstance(value, NoValue):
        return f"no value: {value.why}"
    if isinstance(value, fmpq) and value.height_bits() <= LONGEST_TEXT:
        return str(value)
    return ball(value).str(17, radius=False)
