r"""Where the right side has no value, what signs decide, and when a condition is also necessary.

Takes: small documents. Gives: tests. Guarantees: verdict, condition and the words of the reason.
"""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification.judge import verify


def verdict(declared: str, claim: str) -> Verdict:
    source = Source("domain.tex", rf"\[ {declared} \] \[ {claim} \]")
    document = type_document(source, formulas(source))
    assert not [s.error for s in document.statements if s.error]
    return verify(document)[-1]


REAL = r"x, y, a, b \in \mathbb{R}"


@pytest.mark.parametrize(
    ("claim", "condition"),
    [
        (r"\log(x^2) = 2 \log x", r"x \geq 0"),
        (r"\sqrt{x y} = \sqrt{x} \sqrt{y}", r"x \geq 0, y \geq 0"),
        (r"\sqrt{x^2} = x", r"x \geq 0"),
        (r"|x + y| = |x| + |y|", r"x \geq 0, y \geq 0"),
        (r"\frac{d}{dx} \max(0, x) = 1", r"x > 0"),
    ],
)
def test_true_only_for_some_signs(claim: str, condition: str) -> None:
    found = verdict(REAL, claim)
    assert (found.verdict, found.condition) == ("conditional", condition)


def test_the_counterexample_says_why_the_right_side_has_no_value() -> None:
    found = verdict(REAL, r"\log(x^2) = 2 \log x").counterexample
    assert found is not None
    assert found.right == "no value: the logarithm of a number that is not positive"


@pytest.mark.parametrize(
    "claim",
    [
        r"2 \log x = \log(x^2)",  # wherever the left side has a value, so has the right one
        r"\frac{d}{dx} \log x = \frac{1}{x}",
        r"\frac{x^2 - 1}{x - 1} = x + 1",
        r"x + 1 = \frac{x^2 - 1}{x - 1}",  # a few points, which the author is taken to leave out
        r"\sqrt{x} \sqrt{y} = \sqrt{x y}",
    ],
)
def test_a_formula_may_reach_further_than_what_it_is_for(claim: str) -> None:
    assert verdict(REAL, claim).verdict in ("proved", "holds")


@pytest.mark.parametrize(
    ("claim", "condition", "word"),
    [
        ("a x + b = a x", "b = 0", "exactly if"),
        ("(x + b)^2 = x^2", "b = 0", "exactly if"),  # for one x there is another b, for all x there is none
        ("(b + 1)^2 x = x", "b = 0", "if"),  # b = -2 also
        ("x^2 + b^2 = x^2 + b", "b = 0", "if"),  # b = 1 also
        (r"x e^{b} = x", "b = 0", "if"),
    ],
)
def test_necessary_means_that_nothing_else_would_do(claim: str, condition: str, word: str) -> None:
    found = verdict(REAL, claim)
    assert (found.condition, found.reason) == (condition, f"False in general, true {word} {condition}.")


def test_the_weaker_of_two_conditions_is_named() -> None:
    found = verdict(r"Q \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n", r"\|Q x\|_2 = \|x\|_2")
    assert (found.verdict, found.condition) == ("conditional", "Q Q^T = I")


def test_a_matrix_is_never_called_necessary() -> None:
    found = verdict(r"P \in \mathbb{R}^{n \times n}", r"(I - P)^2 = I - P")  # every projection would do
    assert (found.condition, found.reason) == ("P = 0", "False in general, true if P = 0.")
