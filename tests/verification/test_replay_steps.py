"""Forged steps that put other claims in the place of a claim, or take it apart: the proof checker refuses each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from test_replay import read

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import (
    Antiderivative,
    Blocks,
    Cases,
    Certificate,
    Induction,
    Inverted,
    Squared,
    Step,
    Substituted,
    Used,
)
from eqcompiler.languages.terms import SCALAR, Condition
from eqcompiler.verification.choices import advised, replay
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.proof_plans import certificate
from eqcompiler.verification.replay import parts
from eqcompiler.verification.replaying import lines_of

NOTHING = Certificate(())
WHOLE = r"n \in \mathbb{N}, \quad n \ge 1"
MATRICES = r"A, B \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n"
BLOCK_INVERSE = r"\begin{pmatrix} I & B \\ 0 & A \end{pmatrix}^{-1} = \begin{pmatrix} I & %s \\ 0 & A^{-1} \end{pmatrix}"
X = terms.Symbol(SCALAR, "x")
ZERO = terms.Number(SCALAR, Fraction(0))


def refused(lines: tuple[str, ...], *steps: Step) -> bool:
    document, claim = read(*lines)
    try:
        replay(document, claim, Certificate(steps))
    except (NotReplayed, CompilerFault):
        return True
    return False


FORGED: dict[str, tuple[tuple[str, ...], tuple[Step, ...]]] = {
    "an induction with a wrong start": (
        (WHOLE, r"\sum_{k=1}^{n} \frac{1}{k (k+1)} = \frac{n}{n+1} + 1"),
        (Induction("n", NOTHING, NOTHING),),
    ),
    "an induction that holds for 1 only": (
        (WHOLE, r"\sum_{k=1}^{n} \frac{1}{k (k+1)} = \frac{1}{n + 1}"),
        (Induction("n", NOTHING, NOTHING),),
    ),
    "an induction over what has no size": ((WHOLE, r"\sum_{k=1}^{n} 2^k = 2^n"), (Induction("k", NOTHING, NOTHING),)),
    "a side inverted that is no inverse": ((MATRICES, r"A B = B A"), (Inverted("left"),)),
    "one block of an inverse": (
        (MATRICES, BLOCK_INVERSE % "-B A^{-1}"),
        (Blocks((Certificate((Inverted("left"),)), NOTHING, NOTHING, NOTHING)),),
    ),
    "fewer blocks than there are": ((MATRICES, BLOCK_INVERSE % "-B"), (Inverted("left"), Blocks((NOTHING,)))),
    "blocks of a claim that has none": ((MATRICES, r"A B = B A"), (Blocks((NOTHING, NOTHING)),)),
    "a negative side squared": ((r"x \in \mathbb{R}", r"\sqrt{x^2} = -x"), (Squared(),)),
    "a side squared that has no value": ((r"a, b \in \mathbb{R}", r"\sqrt{a b} = \sqrt{a} \sqrt{b}"), (Squared(),)),
    "zero times any number": ((r"x \in \mathbb{R}", r"x^2 = x^3"), (Substituted("x", 0),)),
    "a multiple of what is assumed": ((r"x \in \mathbb{R}, \quad x > 0", r"x^2 = x^3"), (Substituted("x", 2),)),
    "one case left unproved": (
        (r"x \in \mathbb{R}", r"|x| = x"),
        (Cases(Condition(">=", X, ZERO), NOTHING, NOTHING),),
    ),
    "cases by a property": (
        (MATRICES, r"A B = B A"),
        (Cases(Condition("symmetric", terms.Symbol(SCALAR, "x")), NOTHING, NOTHING),),
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_step_is_refused(what: str) -> None:
    lines, steps = FORGED[what]
    assert refused(lines, *steps)


def with_primitive(lines: tuple[str, ...], primitive: terms.Term) -> bool:
    _, claim = read(*lines)
    assert isinstance(claim.left, terms.Integral)
    return refused(lines, Antiderivative(claim.left, primitive))


def test_an_antiderivative_is_differentiated_and_has_no_pole() -> None:
    t = terms.Symbol(SCALAR, "t")
    square = terms.Call(SCALAR, "pow", (t, terms.Number(SCALAR, Fraction(2))))
    half = terms.Call(SCALAR, "div", (square, terms.Number(SCALAR, Fraction(2))))
    lines = (r"x \in \mathbb{R}", r"\int_0^x t \, dt = \frac{x^2}{2}")
    assert not with_primitive(lines, half)
    assert with_primitive(lines, square)
    below = terms.Call(SCALAR, "neg", (terms.Call(SCALAR, "div", (terms.Number(SCALAR, Fraction(1)), t)),))
    assert with_primitive((r"x \in \mathbb{R}", r"\int_{-1}^{1} \frac{1}{t^2} \, dt = -2"), below)


def wrong_lemma(step: Used) -> Used:
    return replace(step, lemma="inverse")


def wrong_terms(step: Used) -> Used:
    return replace(step, of=step.of[::-1])


def wrong_function(step: Used) -> Used:
    return replace(step, under="log")


def wrong_factor(step: Used) -> Used:
    return replace(step, factor=terms.Call(SCALAR, "add", (step.factor, terms.Number(SCALAR, Fraction(1)))))


def no_lemma(step: Used) -> Used:
    return replace(step, lemma="", of=())


@pytest.mark.parametrize("change", [wrong_lemma, wrong_terms, wrong_function, wrong_factor, no_lemma])
def test_a_forged_use_of_a_lemma_is_refused(change: Callable[[Used], Used]) -> None:
    document, claim = read(MATRICES, r"\det(I + x x^T A) = 1 + x^T A x")
    true = certificate(document, claim)
    replay(document, claim, true)
    assert {step.lemma for step in true.steps if isinstance(step, Used)} == {"determinant of a sum"}
    forged = tuple(change(step) if isinstance(step, Used) else step for step in true.steps)
    with pytest.raises((CompilerFault, NotReplayed)):
        replay(document, claim, Certificate(forged, true.axes))


def test_what_an_induction_has_shown_is_used_nowhere_else() -> None:
    document, claim = read(WHOLE, r"\sum_{k=1}^{n} \frac{1}{k (k+1)} = \frac{n}{n + 1}")
    true = certificate(document, claim)
    replay(document, claim, true)
    (step,) = true.steps
    assert isinstance(step, Induction)
    used = [s for s in step.following.steps if isinstance(s, Used) and not s.lemma]
    assert [s.equation for s in used] == [Condition("=", claim.left, claim.right)]
    with pytest.raises(CompilerFault, match="neither assumed nor true by its form"):
        replay(document, claim, Certificate(tuple(used)))
    with pytest.raises((CompilerFault, NotReplayed)):
        replay(document, claim, Certificate((Induction("n", step.following, step.following),)))


def test_an_induction_passes_by_no_size_that_is_excluded() -> None:
    """max(3 - n, 0) is 2 for n = 1, and does not change from n to n + 1 where n > 3: for n > 3 it is zero."""
    document, claim = read(WHOLE, r"\max(3 - n, 0) = 2 \quad \text{if } n > 2, n > 3")
    step = Used(Condition("=", claim.left, claim.right), (), terms.Number(SCALAR, Fraction(1)))
    with pytest.raises(NotReplayed, match="do not lead to zero"):
        replay(document, claim, Certificate((Induction("n", NOTHING, Certificate((step,))),)))


@pytest.mark.parametrize(
    ("assumed", "kept"),
    [
        (r"x \in \mathbb{R}^n_{++}", True),
        (r"x \in \mathbb{R}^n, \quad x_i > 0", True),
        (r"x \in \mathbb{R}^n, \quad n \ge 1", True),
        (r"x \in \mathbb{R}^n, \quad n \ge 2", False),
        (r"x \in \mathbb{R}^n, \quad \sum_{i=1}^{n} x_i > 0", False),
        (r"x \in \mathbb{R}^n, \quad x \ne 0", False),
    ],
)
def test_an_induction_assumes_what_leading_parts_keep(assumed: str, kept: bool) -> None:
    document, claim = read(assumed, r"\sum_{i=1}^{n} 2 x_i = 2 \sum_{i=1}^{n} x_i")
    goal = advised(document, claim)
    known = [part.known for part, _ in parts(goal, Induction("n", NOTHING, NOTHING))]
    assert known == [goal.known if kept else ()] * 2


def test_an_assumption_about_all_entries_stops_an_induction() -> None:
    """Part of the entries need not add up to 1."""
    lines = (r"x \in \mathbb{R}^n, \quad \sum_{i=1}^{n} x_i = 1", r"\sum_{i=1}^{n} x_i^2 = 1")
    document, claim = read(*lines)
    with pytest.raises(NotReplayed, match="do not lead to zero"):
        replay(document, claim, Certificate((Induction("n", NOTHING, NOTHING),)))


def test_the_parts_of_a_proof_are_printed_in_notation() -> None:
    document, claim = read(WHOLE, r"\sum_{k=1}^{n} \frac{1}{k (k+1)} = \frac{n}{n + 1}")
    printed = list(lines_of(document, certificate(document, claim)))
    assert printed[:3] == ["for n = 1:", "    left minus right is then zero", "for n + 1, if it holds for n:"]
    assert printed[3].startswith("    by \\sum_{k=1}^{n}")
    assert printed[-1] == "    left minus right is then zero"
