r"""Offers: what should stand on the right of a false claim.

Takes: a false claim, what is left over between its sides, and how a right side is read in its place. Gives: LaTeX, or None.
Guarantees: what is offered was read again in the place of the right side, and the claim is true with it: at many exact points,
or proved. What cannot be read there is not offered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from eqcompiler.calculus import stationary
from eqcompiler.calculus.printing import to_latex
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import EquationError, NotSupportedYet, Span
from eqcompiler.languages.statements import Claim, Document, Misfit
from eqcompiler.languages.terms import Call, Cases, Condition, Index, Number, Reference, Size, Term
from eqcompiler.verification import minimisers, proofs, repairs
from eqcompiler.verification.answers import Proved, Unproved
from eqcompiler.verification.evidence import Tally, gather
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.samples import Sample

CONFIRMING, CONFIRMING_SECONDS = 12, 1.0  # points that a repair must pass, and the time for them

Restated = Callable[[Document, Span, str], "tuple[Document, Claim] | None"]  # the place of a right side, and another text
Prove = Callable[[Document, Claim, tuple[Condition, ...]], "Proved | Unproved"]


def as_written(document: Document, place: Span, text: str) -> tuple[Document, Claim] | None:
    """For those who have no reader at hand: nothing is read again."""
    return None


def offer(
    restated: Restated, prove: Prove, document: Document, claim: Claim, residual: str | None, against: Sample | None
) -> str | None:
    """A small change of what stands there or what is derived from the left side, the first that stands, also at the point
    against the claim; for a definition restated the stated right side with what it lacks, if that is shorter."""
    stands = partial(_stands, restated, prove, document, claim, against)
    found = next(_candidates(document, claim, stands), None)
    if residual is None or not isinstance(claim.left, Reference) or minimisers.is_minimiser_claim(document, claim):
        return found
    right = term_latex(document, claim.right)
    completed = f"{right} - {residual[1:]}" if residual.startswith("-") else f"{right} + {residual}"
    return completed if (found is None or len(completed) < len(found)) and stands(completed, None) else found


def mend(restated: Restated, prove: Prove, document: Document, misfit: Misfit) -> str | None:
    """What should stand where the shapes do not fit: the first small change that is true there, else what is derived."""

    def stands(text: str) -> bool:
        again = restated(document, misfit.place, text)
        return again is not None and _is_true(prove, *again)

    near = next(filter(stands, misfit.near), None)
    alone = restated(document, misfit.place, misfit.known) if near is None else None
    derived = derived_side(*alone) if alone is not None else None
    return derived if derived is not None and stands(derived) else near


def _candidates(document: Document, claim: Claim, stands: Callable[[str, Claim | None], bool]) -> Iterator[str]:
    def offered(changed: Claim) -> str | None:
        texts = (term_latex(document, term) for term in dict.fromkeys((unrestricted(changed.right), changed.right)))
        return next((text for text in texts if stands(text, changed)), None)

    derived = derived_side(document, claim)
    if derived is not None and minimisers.is_minimiser_claim(document, claim) and stands(derived, None):
        yield derived
    near = repairs.nearest(document, claim, offered)
    if near is not None:
        yield near
    if derived is not None and stands(derived, None):
        yield derived


def _stands(
    restated: Restated,
    prove: Prove,
    document: Document,
    claim: Claim,
    against: Sample | None,
    text: str,
    changed: Claim | None,
) -> bool:
    """Whether the claim is true with the text as its right side, read there; `changed`: the same as a term."""
    if restated is as_written:
        return changed is None or _is_true(prove, document, changed, against)
    again = restated(document, claim.right.span, text) if claim.right.span is not None else None
    return again is not None and _is_true(prove, *again, against)


def _is_true(prove: Prove, document: Document, claim: Claim, against: Sample | None = None) -> bool:
    """Exact points agree, and a proof where one is found; without one the points must be many. Points that tell claims apart
    can be rare: one that was found is tried first."""
    try:
        if against is not None and _differs(problem_of(document, claim), claim, against):
            return False
        trial = gather(document, claim, seed=1, trials=CONFIRMING, deadline=time.monotonic() + CONFIRMING_SECONDS)
        if not trial.agrees:
            return False
        return trial.agreements == CONFIRMING or isinstance(prove(document, claim, ()), Proved)
    except EquationError:
        return False


def _differs(problem: Problem, claim: Claim, against: Sample) -> bool:
    known = problem.symbols.keys() <= against.values.keys() and problem.functions.keys() <= against.functions.keys()
    return known and against.sizes.keys() >= {*problem.sizes} and Tally().compare(problem, claim, against)


def unrestricted(term: Term) -> Term:
    """A side without the indicators of the indices that it is claimed for; the author wrote them beside the equation."""
    match term:
        case Call(operation="mul", arguments=(side, Cases(branches=((tests, Number(value=1)), ((), Number(value=0)))))):
            compared = all(isinstance(each, Index | Size | Number) for t in tests for each in (t.left, t.right))
            return unrestricted(side) if compared else term
    return term


def derived_side(document: Document, claim: Claim) -> str | None:
    """The closed form of a minimiser, else the left side as it is derived."""
    try:
        extremum = minimisers.extremum_of(document, claim.left)
        if extremum is not None and extremum.sense in ("argmin", "argmax"):
            return term_latex(document, stationary.solution(document, extremum).term)
        resolved = minimisers.with_extrema_resolved(document)
        derived = proofs.normal_of(resolved, unrestricted(claim.left), "derived", claim.free)
        text = to_latex(derived.body, document, derived.axes[len(claim.free) :])
    except NotSupportedYet:
        return None
    return text if text != term_latex(document, claim.left) else None
