"""Whole documents through the real instruments: wrong statements first, then the documents' rows about linear regression."""

from __future__ import annotations

from fractions import Fraction

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.judge import verify


def verdicts(text: str) -> tuple[Verdict, ...]:
    document = pipeline.document_of(Source("a.tex", text))
    assert [str(s.error) for s in document.statements if s.error] == []
    return verify(document)


def last(text: str) -> Verdict:
    return verdicts(text)[-1]


VECTORS = (
    r"\[ A \in \mathbb{S}^n, \quad S \in \mathbb{S}^n_{++}, \quad B \in \mathbb{R}^{n \times n}, \quad x, b \in \mathbb{R}^n \]"
)


@pytest.mark.parametrize(
    "body",
    [
        # stationary, but no minimum: a saddle, a maximum, a point of one branch
        VECTORS + "\n" + r"\[ x^* = \arg\min_x x^T A x \]" + "\n" + r"\[ x^* = 0 \]",
        VECTORS + "\n" + r"\[ x^* = \arg\min_x \left( -x^T S x \right) \]" + "\n" + r"\[ x^* = 0 \]",
        VECTORS + "\n" + r"\[ x^* = \arg\max_x x^T S x \]" + "\n" + r"\[ x^* = 0 \]",
        # minimum, but not there
        VECTORS + "\n" + r"\[ x^* = \arg\min_x (x - b)^T S (x - b) \]" + "\n" + r"\[ x^* = -b \]",
        VECTORS + "\n" + r"\[ x^* = \arg\min_{x : b^T x = 1} x^T x \]" + "\n" + r"\[ x^* = b \]",
        # equal only for symmetric, commuting or orthogonal matrices
        VECTORS + "\n" + r"\[ (B S)^T = B^T S \]",
        VECTORS + "\n" + r"\[ x^T B b = x^T B^T b \]",
        # false for every eigenvector; the zero vector, which satisfies both, decides nothing
        VECTORS + "\n" + r"\[ \mu > 0 \]" + "\n" + r"\[ x - S x = (1 + \mu) x \quad \text{if } S x = \mu x \]",
    ],
)
def test_what_is_wrong_is_never_accepted(body: str) -> None:
    verdict = last(body)
    assert verdict.verdict not in ("proved", "holds")
    assert not verdict.ok


def test_a_stationary_point_that_is_beaten_is_refuted_by_the_better_point() -> None:
    verdict = last(VECTORS + "\n" + r"\[ x^* = \arg\min_x x^T A x \]" + "\n" + r"\[ x^* = 0 \]")
    assert verdict.verdict == "refuted"
    assert verdict.reason == "At the values shown the objective is better (right) than at the claimed point (left)."
    assert verdict.counterexample is not None
    assert verdict.counterexample.left == "0"
    assert Fraction(str(verdict.counterexample.right)) < 0


def test_a_refuted_claim_says_everything_that_helps() -> None:
    verdict = last(VECTORS + "\n" + r"\[ f(x) = x^T S x \]" + "\n" + r"\[ \nabla_x f(x) = S x \]")
    assert verdict.verdict == "refuted"
    assert verdict.residual == "S x"
    assert verdict.repair == "2 S x"
    assert verdict.counterexample is not None
    assert verdict.counterexample.sizes == {"n": 1}


@pytest.mark.parametrize(
    ("claim", "condition"),
    [
        (r"x^T B b = x^T B^T b", "B = B^T"),
        (r"B S B = B B S", "B S = S B"),
        (r"x^T b = x^T b + 1", None),
        (r"x^T x b = b", "x^T x = 1"),
        (r"(B + S) x = S x + x", "B = I"),
        (r"x b^T = b x^T", "x = b"),
    ],
)
def test_the_condition_that_is_found(claim: str, condition: str | None) -> None:
    verdict = last(f"{VECTORS}\n\\[ {claim} \\]")
    assert verdict.verdict == ("refuted" if condition is None else "conditional")
    assert verdict.condition == condition


@pytest.mark.parametrize("assumption", [r"b \neq 0", r"b > 0", r"b < 0", r"b \geq 1"])
def test_a_condition_that_the_assumptions_exclude_is_not_offered(assumption: str) -> None:
    text = f"\\[ x \\in \\mathbb{{R}}, \\quad b \\in \\mathbb{{R}}, \\quad {assumption} \\]\n\\[ x + b = x \\]"
    verdict = last(text)
    assert (verdict.verdict, verdict.condition) == ("refuted", None)
    free = last(text.replace(rf", \quad {assumption}", ""))
    assert (free.verdict, free.condition) == ("conditional", "b = 0")


def test_minima_under_affine_constraints() -> None:
    text = r"""
\[ A \in \mathbb{R}^{m \times n}, \quad b \in \mathbb{R}^{m}, \quad x \in \mathbb{R}^{n}, \quad m < n \]
\[ x^* = \arg\min_{x : A x = b} \|x\|_2^2 \]
\[ x^* = A^T (A A^T)^{-1} b \]
"""
    verdict = last(text)
    assert verdict.verdict == "proved"
    assert verdict.reason == "Its Hessian 2 I is positive definite, so this is the only one."


def test_the_value_of_a_maximum() -> None:
    text = (
        VECTORS.replace("x, b", "x, b, y")
        + r"""
\[ f^*(y) = \max_x \left\{ y^T x - \frac{1}{2} x^T S x - b^T x \right\} \]
\[ f^*(y) = \frac{1}{2} (y - b)^T S^{-1} (y - b) \]
"""
    )
    assert last(text).verdict == "proved"


REGRESSION = r"""
\[ x^{(i)} \in \mathbb{R}^n, \quad y^{(i)} \in \mathbb{R}, \quad i = 1, \dots, m \]
\[ \theta \in \mathbb{R}^n, \quad b \in \mathbb{R}, \quad X = [x^{(1)}, \dots, x^{(m)}]^\top \]
\[ h_\theta(x) = \theta^T x + b \]
\[ J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2 \]
\[ \theta^* = \arg\min_\theta J(\theta) \]
%! expect: holds if b = 0
\[ \frac{\partial J}{\partial \theta} = \frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} - y^{(i)} \right) \]
\[ J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta - y) \]
\[ \nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta - y) \]
\[ \theta^* = (X^T X)^{-1} X^T y \]
"""


def test_linear_regression_from_the_objective_to_the_normal_equation() -> None:
    goal, gradient, vectorised, later, normal = verdicts(REGRESSION)
    assert (goal.verdict, goal.method, goal.ok) == ("proved", "convex for all sizes and values", True)
    assert goal.reason.startswith(r"Its Hessian \frac{2}{m} X^\top X is positive semidefinite. Stationary exactly at \theta = ")
    assert goal.reason.endswith(r" if X^\top X is invertible.")
    assert (gradient.verdict, gradient.condition, gradient.ok) == ("conditional", "b = 0", True)
    assert gradient.residual == r"\frac{2 b}{m} \sum_{j=1}^{m} x^{(j)}"
    assert gradient.reason == "False in general, true exactly if b = 0."
    assert (vectorised.verdict, vectorised.condition, vectorised.ok) == ("conditional", "b = 0", False)
    assert (later.verdict, later.ok) == ("proved", True)
    assert later.method.startswith("about J as restated at line 9: ")
    assert later.reason == "About the original definition it is conditional (b = 0)."
    assert (normal.verdict, normal.ok) == ("proved", True)
    assert normal.method.startswith("about J as restated at line 9: the gradient vanishes there")


def test_the_same_document_gives_the_same_verdicts() -> None:
    """All but the time, and the counterexample, which a search of limited time makes small."""
    changing = {"seconds": 0, "counterexample": None}
    one, other = ([v.as_json() | changing for v in verdicts(REGRESSION)] for _ in range(2))
    assert one == other
