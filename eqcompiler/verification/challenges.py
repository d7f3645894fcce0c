r"""The last test of a claim that agrees at many points and has no proof: where two different things look equal.

Takes: a document and such a claim. Gives: `Evidence`: a counterexample, or agreements that count.
Guarantees: balls count as equal only at a precision of several times the logarithm of the largest and the smallest number
that occurs (`\tanh(400 x)` is 1 up to 2^{-1153}); a point that needs more than MOST_BITS does not count. Then the claim is
tried far from all points that have been tried (`far_points`), and on sides of kinks that none of them lies on
(`searched_points`). Without ENOUGH points that count there is a reason.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

from flint import ctx

from eqcompiler.errors import BadInput, NotSupportedYet
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Term
from eqcompiler.verification.evaluator import Environment, Evaluator
from eqcompiler.verification.evidence import NARROW, Comparison, Evidence, Tally, attempt
from eqcompiler.verification.far_points import far_samples
from eqcompiler.verification.fields import FIRST_PRECISION, LAST_PRECISION, Imprecise, Undefined
from eqcompiler.verification.magnitudes import SEEN, watching
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.relations import entries
from eqcompiler.verification.residues import agreement
from eqcompiler.verification.sample_sizes import SIZES_ALONE, shapes
from eqcompiler.verification.samples import Sample
from eqcompiler.verification.sampling import Unsatisfied, draw
from eqcompiler.verification.searched_points import searched_samples

ENOUGH = 8  # points that count
MOST_TRIED = 6 * ENOUGH
TIMES = 4  # how often the magnitude of what occurs must fit into the bits of an agreement
MOST_BITS = 1 << 15
SHAPES = 4
_LATE = Evidence(0, 0, 0, "", reason="the time ran out before all points were tried")


class TooNear(Undefined):
    """The sides agree as far as can be computed, and different sides could agree as far at this point.

    Example: `\\tanh(10^9 x) = 1`, where the difference is 10^-868588963. Repair: state what is neglected, or a limit.
    """


def challenge(document: Document, claim: Claim, *, seed: int = 0, deadline: float | None = None) -> Evidence:
    """Evidence that is good enough for a claim without proof."""
    problem = problem_of(document, claim)
    near, far = Tally(compare_closely), Tally()
    hopeless = 0
    try:
        for sample in _near_samples(problem, seed):
            if near.compare(problem, claim, sample) or near.agreements >= ENOUGH:
                break
            hopeless += near.skipped > hopeless and isinstance(near.gap, TooNear)
            if hopeless >= ENOUGH:
                break
            if _is_over(deadline):
                return _LATE
    except (BadInput, NotSupportedYet) as reason:
        near.reason = reason.what
    if near.against is None and isinstance(near.gap, TooNear):  # squares of squares have too many digits, and residues
        near.residues = agreement(problem, claim, seed, deadline)
    if near.against is not None or (near.agreements < ENOUGH and near.residues is None):
        return near.evidence()
    for sample in chain(far_samples(problem, claim), searched_samples(problem, claim, partial(_is_over, deadline))):
        if _is_over(deadline):
            return _LATE
        try:
            if far.compare(problem, claim, sample):
                return far.evidence()
        except (BadInput, NotSupportedYet):
            continue
    return near.evidence() if not _is_over(deadline) else _LATE


def _is_over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def compare_closely(problem: Problem, claim: Claim, sample: Sample) -> Comparison:
    """Both sides at a point, at the precision that the numbers at this point ask for. Raises TooNear beyond MOST_BITS."""
    precision = FIRST_PRECISION
    while True:
        try:
            with ctx.workprec(precision), watching():
                return attempt(_Watched(problem.document, sample, names=problem.names), claim, _bits_of_agreement)
        except Imprecise:
            most = min(max(LAST_PRECISION, _bits_asked() + SEEN.bits), MOST_BITS)
            if precision >= most:
                raise TooNear("the sides agree as far as can be computed here, and so could different ones") from None
            precision = min(max(2 * precision, _bits_asked() + SEEN.bits), most)


def _bits_asked() -> int:
    return TIMES * SEEN.bits + NARROW


def _bits_of_agreement() -> int:
    """Raises Imprecise where no precision is enough, however narrow a ball may be: 1 + exp(-exp(exp(9)))."""
    if _bits_asked() > MOST_BITS:
        raise Imprecise
    return _bits_asked()


class _Watched(Evaluator):
    """Notes the magnitude of every value."""

    def value(self, term: Term, env: Environment | None = None) -> Any:
        value = super().value(term, env)
        SEEN.values(entries(value))
        return value


def _near_samples(problem: Problem, seed: int) -> Iterator[Sample]:
    tried = shapes(problem, SHAPES if problem.varies else SIZES_ALONE)
    chance = random.Random(seed)
    for k in range(MOST_TRIED if problem.varies else len(tried)):
        with suppress(Unsatisfied):
            yield draw(problem, tried[k % len(tried)], chance.randint, 2 + k // 6, fractions=k % 3 == 2)
