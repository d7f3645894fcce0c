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
from eqcompiler.languages.proof_steps import (
    Antiderivative,
    Blocks,
    Cases,
    Certificate,
    Cleared,
    Induction,
    Inverted,
    Squared,
    Step,
    Substituted,
    Used,
    Written,
)
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition
from eqcompiler.verification.choices import follows, replay
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.proof_plans import certificate
from eqcompiler.verification.proofs import Proof


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
        replay(document, claim, found, extra)  # also without a certificate: it may see that the proof is wrong
    except NotReplayed as reason:
        kept = [s for s in proof.steps if not s.startswith(("left", "right"))]
        return (*lines, *kept, f"not replayed by the checker: {missing or reason.what}")
    count = len(written) + count_of(found)
    return (*lines, *lines_of(document, found), f"replayed by the separate checker: {count} steps")


def _written(document: Document, claim: Claim, proof: Proof) -> Iterator[Written]:
    """The sides as the proof found them, where they have a notation."""
    sides: tuple[tuple[Literal["left", "right"], Tensor | None], ...] = (("left", proof.left), ("right", proof.right))
    for side, tensor in sides:
        if tensor is not None:
            try:
                yield Written(side, to_term(tensor.body, document, tensor.axes[len(claim.free) :]))
            except NotSupportedYet:
                continue


def lines_of(document: Document, proof: Certificate, indent: str = "") -> Iterator[str]:
    """The steps as sentences; those of the parts of the claim are moved in."""
    for step in proof.steps:
        match step:
            case Induction():
                size = step.size
                yield f"{indent}for {size} = 1:"
                yield from lines_of(document, step.first, indent + "    ")
                yield f"{indent}for {size} + 1, if it holds for {size}:"
                yield from lines_of(document, step.following, indent + "    ")
            case Blocks():
                for number, part in enumerate(step.parts, start=1):
                    yield f"{indent}block {number} of {len(step.parts)}:"
                    yield from lines_of(document, part, indent + "    ")
            case Cases():
                for word, part in (("where", step.holds), ("where it is not true that", step.fails)):
                    yield f"{indent}{word} {condition_latex(document, step.condition)}:"
                    yield from lines_of(document, part, indent + "    ")
            case _:
                yield indent + line(document, step)
    if not proof.steps or not isinstance(proof.steps[-1], Induction | Blocks | Cases):
        yield f"{indent}left minus right is then zero"


def line(document: Document, step: Step) -> str:
    """One step as a sentence."""
    match step:
        case Written():
            return f"{step.side} side: {term_latex(document, step.result)}"
        case Cleared():
            return f"times the denominator {term_latex(document, step.denominator)}"
        case Antiderivative():
            return f"the antiderivative of {term_latex(document, step.integral.body)} is {term_latex(document, step.primitive)}"
        case Inverted():
            return f"the matrix whose inverse the {step.side} side is, times the other side, is the identity:"
        case Squared():
            return "no side is negative; with both sides squared:"
        case Substituted():
            name = document.symbols[step.symbol].latex
            return f"with {step.factor} {name} for {name}, which is any number:"
        case Used():
            indices = ", ".join(b.name for b in step.binders)
            over = f", summed over {indices}" if indices else ""
            return f"by {condition_latex(document, step.equation)}, times {term_latex(document, step.factor)}{over}"
    raise NotSupportedYet(f"a step {type(step).__name__} in one sentence")


def count_of(proof: Certificate) -> int:
    """How many steps there are, the last ones that find zero included."""
    nested = [part for step in proof.steps for part in _parts(step)]
    return len(proof.steps) - bool(nested) + sum(map(count_of, nested)) + (not nested)


def _parts(step: Step) -> tuple[Certificate, ...]:
    match step:
        case Induction():
            return (step.first, step.following)
        case Blocks():
            return step.parts
        case Cases():
            return (step.holds, step.fails)
    return ()
