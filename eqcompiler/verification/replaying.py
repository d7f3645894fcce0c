r"""Proofs for people: the sides in notation, the steps of the certificate, and whether the separate checker could replay them.

Takes: a document, a claim and its proof. Gives: lines to print.
Guarantees: a step that the checker finds wrong is a CompilerFault; what it cannot follow is said in the last line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.printing import to_term
from eqcompiler.calculus.term_text import condition_latex, term_latex
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.proof_steps import Certificate, Cleared, Step, Used, Written
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition
from eqcompiler.verification.certificates import certificate
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.proofs import Proof
from eqcompiler.verification.replay import follows, replay


def replayed(document: Document, claim: Claim, proof: Proof, extra: tuple[Condition, ...] = ()) -> tuple[str, ...]:
    """The proof as lines. Raises CompilerFault when the checker finds a step that is wrong."""
    sides = {step: follows(document, claim, step, extra) for step in _written(document, claim, proof)}
    written = tuple(step for step, seen in sides.items() if seen)
    lines = [line(document, step) + " (not compared by the checker)" * (not seen) for step, seen in sides.items()]
    try:
        found, missing = certificate(document, claim, extra), ""
    except NotReplayed as reason:
        found, missing = Certificate(()), reason.what
    try:
        replay(document, claim, Certificate((*written, *found.steps), found.axes), extra)
    except NotReplayed as reason:
        method = (
            [] if proof.steps[-2:-1] == () or not written else [s for s in proof.steps if not s.startswith(("left", "right"))]
        )
        return (*lines, *method, f"not replayed by the checker: {missing or reason.what}")
    count = len(written) + len(found.steps) + 1
    lines += [line(document, step) for step in found.steps]
    return (*lines, "left minus right is then zero", f"replayed by the separate checker: {count} steps")


def _written(document: Document, claim: Claim, proof: Proof) -> Iterator[Written]:
    """The sides as the proof found them, where they have a notation."""
    sides: tuple[tuple[Literal["left", "right"], Tensor | None], ...] = (("left", proof.left), ("right", proof.right))
    for side, tensor in sides:
        if tensor is not None:
            try:
                yield Written(side, to_term(tensor.body, document, tensor.axes[len(claim.free) :]))
            except NotSupportedYet:
                continue


def line(document: Document, step: Step) -> str:
    """One step as a sentence."""
    match step:
        case Written():
            return f"{step.side} side: {term_latex(document, step.result)}"
        case Cleared():
            return f"times the denominator {term_latex(document, step.denominator)}"
        case Used():
            indices = ", ".join(b.name for b in step.binders)
            over = f", summed over {indices}" if indices else ""
            return f"by {condition_latex(document, step.equation)}, times {term_latex(document, step.factor)}{over}"
