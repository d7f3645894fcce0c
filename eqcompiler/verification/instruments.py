r"""Instruments: everything the judge asks, in one record.

Takes: nothing. Gives: what the judge asks: exact evidence, a proof, a minimum, a repair, in one replaceable record.
Guarantees: `standard()` is the real one; tests hand in false provers and false oracles, and the judge must not be fooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Protocol

from eqcompiler.calculus.monomials import Component, Contraction, Factor, Index, Keyed, Monomial, Normal, Scalar
from eqcompiler.calculus.printing import to_latex
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Claim, Document, Misfit
from eqcompiler.languages.terms import Condition, Extremum
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification import minimisers, proofs, skew_matrices
from eqcompiler.verification.answers import Minimum, Proved, Unproved
from eqcompiler.verification.challenges import challenge
from eqcompiler.verification.evidence import Evidence, gather
from eqcompiler.verification.offers import Restated, as_written, mend, offer
from eqcompiler.verification.oracle import Sample
from eqcompiler.verification.replaying import replayed
from eqcompiler.verification.shrinking import shrink


class Gather(Protocol):
    def __call__(
        self,
        document: Document,
        claim: Claim,
        *,
        extra: tuple[Condition, ...] = (),
        seed: int = 0,
        deadline: float | None = None,
        trials: int = 24,
    ) -> Evidence: ...


class Shrink(Protocol):
    def __call__(self, document: Document, claim: Claim, found: Sample, *, seconds: float = 1.0) -> Counterexample: ...


class Challenge(Protocol):
    def __call__(self, document: Document, claim: Claim, *, seed: int = 0, deadline: float | None = None) -> Evidence: ...


@dataclass(frozen=True, slots=True)
class Instruments:
    gather: Gather
    shrink: Shrink
    prove: Callable[[Document, Claim, tuple[Condition, ...]], Proved | Unproved]
    difference: Callable[[Document, Claim], Proved | Unproved]  # what is left of a false claim: the cheap part of a proof
    minimum: Callable[[Document, Extremum], Minimum]
    repair: Callable[[Document, Claim, str | None, Sample | None], str | None]  # the residual helps, and the point against it
    mend: Callable[[Document, Misfit], str | None]  # where the shapes do not fit
    challenge: Challenge  # the last test of what agrees everywhere and is not proved


def standard(restated: Restated = as_written) -> Instruments:
    repair = partial(offer, restated, search_proof)
    mended = partial(mend, restated, search_proof)
    return Instruments(gather, shrink, search_proof, difference, minimisers.minimum, repair, mended, challenge)


def explaining(explained: Claim, restated: Restated = as_written) -> Instruments:
    """The proof of this claim comes with its steps in notation, replayed by the separate checker."""

    def prove(document: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
        prover = _replayed_proof if claim == explained else proofs.prove
        return _searched(document, claim, extra, partial(_prove_equation, prover))

    return replace(standard(restated), prove=prove)


def search_proof(document: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
    """Minimisers by stationarity and convexity, everything else by normal forms."""
    return _searched(document, claim, extra, partial(_prove_equation, proofs.prove))


def difference(document: Document, claim: Claim) -> Proved | Unproved:
    """The same for a claim that a certified point refutes: no search for a proof, only what normal forms leave over."""
    return _searched(document, claim, (), partial(_prove_equation, proofs.compare))


def _searched(document: Document, claim: Claim, extra: tuple[Condition, ...], prover: minimisers.Prover) -> Proved | Unproved:
    try:
        if minimisers.is_minimiser_claim(document, claim):
            return minimisers.prove_minimiser(document, claim, extra, prover)
        return prover(minimisers.with_extrema_resolved(document), claim, extra)
    except NotSupportedYet as error:
        return Unproved(error.what, unsupported=error)


def _replayed_proof(document: Document, claim: Claim, extra: tuple[Condition, ...]) -> proofs.Proof | proofs.Residual:
    answer = proofs.prove(document, claim, extra)
    return replace(answer, steps=replayed(document, claim, answer, extra)) if isinstance(answer, proofs.Proof) else answer


def _prove_equation(
    prove: Callable[[Document, Claim, tuple[Condition, ...]], proofs.Proof | proofs.Residual],
    document: Document,
    claim: Claim,
    extra: tuple[Condition, ...],
) -> Proved | Unproved:
    try:
        answer = prove(document, claim, extra)
    except NotSupportedYet as error:
        return Unproved(error.what, unsupported=error)
    if isinstance(answer, proofs.Residual):
        answer = _with_skew_matrices_open(prove, document, claim, extra) or answer
    if isinstance(answer, proofs.Proof):
        return Proved(answer.method.split(" of {")[0].split(" of delta(")[0], answer.steps)
    return Unproved(
        "the two sides have different normal forms",
        _in_notation(answer.normal, document, answer.axes[len(claim.free) :]),
        common_symbols(answer.normal),
        decisive_numbers(answer.normal),
    )


def _with_skew_matrices_open(
    prove: Callable[[Document, Claim, tuple[Condition, ...]], proofs.Proof | proofs.Residual],
    document: Document,
    claim: Claim,
    extra: tuple[Condition, ...],
) -> proofs.Proof | None:
    """The proof for B - B^T in the place of every skew-symmetric matrix, where there is one."""
    what = skew_matrices.opened(document, claim, extra)
    try:
        found = prove(*what) if what is not None else None
    except NotSupportedYet:
        return None
    return found if isinstance(found, proofs.Proof) else None


def _in_notation(normal: Normal, document: Document, axes: tuple[Index, ...]) -> str | None:
    try:
        return to_latex(normal, document, axes)
    except NotSupportedYet:
        return None


def common_symbols(normal: Normal) -> tuple[str, ...]:
    """The symbols that stand as a factor in every monomial: setting one to zero makes the whole zero."""
    shared: dict[str, None] | None = None
    for term in normal.terms:
        own = dict.fromkeys(name for factor in term.factors for name in _factor_symbols(factor))
        shared = own if shared is None else {name: None for name in shared if name in own}
    return tuple(shared or ())


def decisive_numbers(normal: Normal) -> tuple[str, ...]:
    """The numbers b without which the whole is never zero for all other values: b^k stands alone beside some monomial.

    2 b x + b^2 is zero for all x only at b = 0; b^2 - b is zero at b = 1 too, so b does not count there.
    """
    return tuple(name for name in common_symbols(normal) if _stands_alone(normal, name))


def _stands_alone(normal: Normal, name: str) -> bool:
    beside: dict[tuple[Factor, ...], list[Monomial]] = {}
    for term in normal.terms:
        rest = tuple(f for f in term.factors if not (isinstance(f.atom, Scalar) and f.atom.name == name))
        if len(rest) == len(term.factors):
            return False  # a vector or a matrix of that name: P^2 - P is zero for every projection
        beside.setdefault(rest, []).append(term)
    return any(len(terms) == 1 and _times(rest, name) == 0 for rest, terms in beside.items())


def _times(tree: object, name: str) -> int:
    """How often a number occurs."""
    if isinstance(tree, tuple):
        return sum(_times(part, name) for part in tree)
    if not isinstance(tree, Keyed):
        return 0
    below = sum(_times(getattr(tree, each.name), name) for each in fields(tree))
    return below + (isinstance(tree, Scalar) and tree.name == name)


def _factor_symbols(factor: Factor) -> tuple[str, ...]:
    if factor.exponent <= 0:
        return ()
    if isinstance(factor.atom, Scalar | Component):
        return (factor.atom.name,)
    if isinstance(factor.atom, Contraction):
        return tuple(name for inner in factor.atom.factors for name in _factor_symbols(inner))
    return ()
