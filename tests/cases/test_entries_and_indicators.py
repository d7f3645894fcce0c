r"""Rows and columns A_{i,:}, unit vectors e_i, inner products and weighted norms, indicators: each with a wrong neighbour."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

GIVEN = (
    r"A, B \in \mathbb{R}^{n \times n}, \quad x, y \in \mathbb{R}^n, \quad t, s \in \mathbb{R}, \quad C \in \mathbb{S}^n_{++}"
)


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("entries.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def verdict(claim: str) -> str:
    document = read(GIVEN, claim)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1].verdict


CLAIMS = [
    (r"(A B)_{ij}", "A_{i,:} B_{:,j}", "B_{i,:} A_{:,j}"),
    (r"A B", r"\sum_{k=1}^n A_{:k} B_{k:}", r"\sum_{k=1}^n B_{:k} A_{k:}"),
    (r"\|A\|_F^2", r"\sum_i \|A_{i\cdot}\|^2", r"\sum_i \|A_{i\cdot}\|"),
    (r"[A^\top]_{ij}", "[A]_{ji}", "[A]_{ij}"),
    (r"e_i^\top A \mathbf{e}_j", "A_{ij}", "A_{ji}"),
    (r"\langle A, B \rangle", r"\operatorname{tr}(A^\top B)", r"\operatorname{tr}(A B)"),
    (r"\langle A, B \rangle_F", r"\langle B, A \rangle_F", r"\langle A, A \rangle_F"),
    (r"\langle x, y \rangle_C", r"x^\top C y", r"x^\top y"),
    (r"\nabla_x \|x - y\|_C^2", "2 C (x - y)", "C (x - y)"),
    (r"\max(0, t)", r"t \mathbb{1}[t > 0]", r"t \mathbb{1}[t < 0]"),
    (r"\mathbf{1}_{\{t > 0\}}", r"1 - \mathbb{I}(t \le 0)", r"1 - \mathbb{I}(t < 0)"),
    (r"\sum_j [j \neq k] x_j", r"\sum_{j=1}^n x_j - x_k", r"\sum_{j=1}^n x_j"),
]


@pytest.mark.parametrize(("left", "right", "wrong"), CLAIMS, ids=[left for left, _, _ in CLAIMS])
def test_a_wrong_neighbour_is_refuted_and_the_right_one_is_proved(left: str, right: str, wrong: str) -> None:
    assert verdict(f"{left} = {wrong}") in ("refuted", "conditional")
    assert verdict(f"{left} = {right}") == "proved"


@pytest.mark.parametrize(
    "claim",
    [
        r"[t = 17] = 0",
        r"\mathbb{1}[t \ge 3/7] = \mathbb{1}[t > 3/7]",
        r"[t s = 6] = 0",
        r"[t < 1000] = 1",
        r"\operatorname{sign}(t - 17)^2 = 1",
    ],
)
def test_what_differs_where_no_random_point_lies_does_not_hold(claim: str) -> None:
    assert verdict(claim) in ("refuted", "conditional")


def test_a_comparison_of_entries_never_holds_by_points() -> None:
    (found,) = pipeline.verify(read(GIVEN, r"\sum_j [x_j^2 = 17 + y_j] = 0"))
    assert found.verdict in ("undecided", "refuted")


def test_a_range_below_a_vector_is_no_row() -> None:
    (error,) = [s.error for s in read(GIVEN, "x_{2:} = y").statements if s.error]
    assert error is not None
    assert error.what == "'x_{2:}' is no row and no column of a matrix"
