r"""A : B, \hat\theta \in \arg\min, \int \frac{dx}{x}, |x| < 1, A^\top = -A: what they are read as, and what stays refused."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source


def verdicts(text: str) -> list[str]:
    return [v.verdict for v in pipeline.verify(pipeline.document_of(Source("e.tex", text)))]


MATRICES = r"\[ A, B \in \mathbb{R}^{m \times n}, C \in \mathbb{R}^{n \times n}, X \in \mathbb{R}^{m \times n} \] "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MATRICES + r"\[ A : B = \operatorname{tr}(A^\top B) \]", ["proved"]),
        (MATRICES + r"\[ A : B = \operatorname{tr}(A^\top A) \]", ["conditional"]),
        (MATRICES + r"\[ 2 A : B + \|A\|_F^2 = A : (A + 2 B) \]", ["proved"]),
        (MATRICES + r"\[ A : (B C) = (A C) : B \]", ["conditional"]),
        (MATRICES + r"\[ f(X) = \frac12 \|X - A\|_F^2 \] \[ df = (X - A) : dX \]", ["proved"]),
        (r"\[ x, y \in \mathbb{R} \] \[ x : y = x y \]", ["refuted"]),
        (r"\[ X \in \mathbb{R}^{m \times n}, y \in \mathbb{R}^m \]"
         r" \[ \hat t \in \arg\min_t \|y - X t\|^2 \] \[ \hat t = X^\top y \]", ["proved", "conditional"]),
        (r"\[ \int_1^e \frac{dx}{x} = 1 \]", ["proved"]),
        (r"\[ \int_1^2 \frac{dx}{x^2} + 1 = \frac{3}{2} \]", ["proved"]),
        (r"\[ \int_1^2 \frac{\mathrm{d}x}{x^2} = \frac{3}{2} \]", ["refuted"]),
        (r"\[ |x| < 1 \] \[ \sum_{k=0}^\infty x^k = \frac{1}{1 - x} \]", ["proved"]),
        (r"\[ |x| < 1 \] \[ \sum_{k=0}^\infty x^k = \frac{1}{1 + x} \]", ["refuted"]),
        (r"\[ \arctan(1) + \arcsin(1/2) = \frac{5 \pi}{12} \]", ["proved"]),
        (r"\[ p, q \in \mathbb{R}^n, p_i > 0, q_i > 0 \] \[ \log \frac{p_i}{q_i} = \log p_i - \log q_i \]", ["proved"]),
    ],
)  # fmt: skip
def test_verdicts(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected


def test_a_map_and_a_set_stay_declarations() -> None:
    document = pipeline.document_of(Source("e.tex", r"\[ f : \mathbb{R} \to \mathbb{R} \] \[ x : \mathbb{R}^n \]"))
    assert [s.kind for s in document.statements] == ["declaration", "error"]


SQUARE = r"\[ A, B \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n \] "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SQUARE + r"\[ A^\top = -A \] \[ x^\top A x = 0 \]", ["proved"]),
        (SQUARE + r"\[ A^\top = A \] \[ x^\top A x = 0 \]", ["conditional"]),
        (SQUARE + r"\[ A^\top = A \] \[ x^\top A = (A x)^\top \]", ["proved"]),
        (SQUARE + r"\[ A^\top = -A \]", ["conditional"]),
        (SQUARE + r"where $A$ is diagonal \[ A^\top = -A \]", ["refuted"]),
        (SQUARE + r"where $A$ is diagonal \[ A^\top = A \]", ["holds"]),
        (SQUARE + r"\[ C = B - B^\top \] \[ C^\top = -C \]", ["proved"]),
        (SQUARE + r"\[ C = B - B^\top \] \[ C^\top = C \]", ["refuted"]),
        (SQUARE + r"\[ A^\top = -B \] \[ x^\top (A + B) x = 0 \]", ["refuted", "conditional"]),
    ],
)
def test_symmetries_in_a_display_of_their_own(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected


ENTRIES = r"\[ x \in \mathbb{R}^n, A \in \mathbb{R}^{n \times n}, n \ge 2 \] "
ALL = r"\[ \sum_{i,j} |A_{ij}| + \sum_j |x_j| = \sum_{i,j} A_{ij} + \sum_j x_j \]"


@pytest.mark.parametrize(
    ("assumed", "expected"),
    [
        (r"\[ x_i > 0, A_{ij} > 0 \]", "proved"),
        (r"\[ x_i > 0, A_{ii} > 0 \]", "refuted"),
        (r"\[ i = 2, \dots, n \] \[ x_i > 0, A_{ij} > 0 \]", "refuted"),
        (r"\[ A_{ij} > 0 \] \[ i = 1, \dots, n - 1 \] \[ x_i > 0 \]", "refuted"),
    ],
)
def test_a_condition_on_some_entries_is_none_on_all(assumed: str, expected: str) -> None:
    found = pipeline.verify(pipeline.document_of(Source("e.tex", ENTRIES + assumed + ALL)))
    assert (expected == "proved") == (found[-1].verdict == "proved")
    assert found[-1].verdict not in ("proved", "holds") or expected == "proved"
