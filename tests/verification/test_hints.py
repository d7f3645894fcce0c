r"""What a false verdict says beside its condition: rows not tied to samples, a symbol that may be meant anew, shapes."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.judge import verify

SAMPLES = "\n".join(
    rf"\[ {display} \]"
    for display in (
        r"\mathcal{D} = \{(x^{(i)}, y^{(i)})\}_{i=1}^{m}",
        r"x^{(i)} \in \mathbb{R}^n, \quad y^{(i)} \in \mathbb{R}, \quad \theta \in \mathbb{R}^n",
        r"J(\theta) = \frac{1}{m} \sum_{i=1}^m (\theta^T x^{(i)} + b - y^{(i)})^2",
    )
)
MATRIX = r"\[ J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta - y) \]"
GRADIENT = r"\[ \nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta - y) \]"
TIE = r"X = [x^{(1)}, \dots, x^{(m)}]^T"
UNTIED = rf"X is not tied to the samples x^{{(i)}}: write {TIE}."


def verdicts(text: str) -> tuple[Verdict, ...]:
    return verify(pipeline.document_of(Source("a.tex", text)))


def test_a_matrix_that_is_not_tied_to_the_samples_is_no_proof() -> None:
    (found,) = verdicts(f"{SAMPLES}\n{MATRIX}")
    assert (found.verdict, found.ok) == ("conditional", False)
    assert found.condition == f"{TIE}, b = 0"
    assert found.reason == (
        f"False in general, true if {TIE}, b = 0. {UNTIED} "
        f"It is equal to the earlier J if {TIE}, b = 0; write `%! define` if a new meaning is intended."
    )


def test_what_the_hint_says_to_write_is_what_was_missing() -> None:
    said = r"\[ X = [x^{(1)}, \dots, x^{(m)}]^T \]" + "\n"
    (found,) = verdicts(f"{SAMPLES}\n{said}{MATRIX}")
    assert (found.verdict, found.condition) == ("conditional", "b = 0")
    assert "tied" not in found.reason


def test_a_wrong_matrix_form_stays_wrong_with_the_tie() -> None:
    (found,) = verdicts(f"{SAMPLES}\n" + MATRIX.replace(r"\frac{1}{m}", r"\frac{3}{m}"))
    assert (found.verdict, found.condition) == ("refuted", None)
    assert UNTIED in found.reason


def test_a_matrix_that_is_declared_is_never_tied() -> None:
    declared = r"\[ X \in \mathbb{R}^{m \times n} \]" + "\n"
    (found,) = verdicts(f"{SAMPLES}\n{declared}{MATRIX}")
    assert found.verdict == "refuted"
    assert "tied" not in found.reason


def test_claims_behind_the_matrix_form_are_judged_about_it() -> None:
    _, wrong = verdicts(f"{SAMPLES}\n{MATRIX}\n" + GRADIENT.replace("2", "3"))
    assert wrong.verdict not in ("proved", "holds")
    _, right = verdicts(f"{SAMPLES}\n{MATRIX}\n{GRADIENT}")
    assert right.verdict == "proved"
    assert right.method.startswith("about J as restated at line ")


RIDGE = r"\[ J(\theta) = \frac{1}{m} \sum (\theta^T x + b - y)^2 + \lambda |\theta|_2^2 \]"


def test_a_symbol_that_is_used_again() -> None:
    (found,) = verdicts(f"{SAMPLES}\n{RIDGE}")
    assert (found.verdict, found.condition) == ("conditional", r"\lambda = 0")
    assert found.reason == (
        r"False in general, true exactly if \lambda = 0. "
        "It is equal to the earlier J only if lambda = 0; write `%! define` if a new meaning is intended."
    )
    assert verdicts(f"{SAMPLES}\n%! define\n{RIDGE}") == ()


def test_a_claim_about_an_expression_offers_no_new_meaning() -> None:
    (found,) = verdicts(r"\[ a, b \in \mathbb{R} \]" + "\n" + r"\[ a + b = a \]")
    assert (found.condition, found.reason) == ("b = 0", "False in general, true exactly if b = 0.")


SHAPES = r"\[ A \in \mathbb{R}^{m \times n}, \quad x \in \mathbb{R}^n, \quad y \in \mathbb{R}^m \]"
MISSHAPEN = [
    (r"A x = x", "a.tex:2:4: the two sides differ in shape: "),
    (r"A^T A x = y", "a.tex:2:4: the two sides differ in shape: "),
    (r"x^T x = A", "a.tex:2:4: the two sides differ in shape: "),
    (r"\nabla_x (y^T A x) = y^T A", "a.tex:2:4: the two sides differ in shape: "),
]


@pytest.mark.parametrize(("claim", "reason"), MISSHAPEN, ids=[claim for claim, _ in MISSHAPEN])
def test_sides_that_cannot_have_the_same_shape(claim: str, reason: str) -> None:
    (found,) = verdicts(f"{SHAPES}\n\\[ {claim} \\]")
    assert (found.verdict, found.method, found.ok) == ("refuted", "shapes", False)
    assert found.reason.startswith(reason)


def test_a_misshapen_claim_may_be_expected() -> None:
    (found,) = verdicts(f"{SHAPES}\n%! expect: refuted\n\\[ A x = x \\]")
    assert (found.verdict, found.expected, found.ok) == ("refuted", "refuted", True)
