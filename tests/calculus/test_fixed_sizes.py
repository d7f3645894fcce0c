"""Axes of two or three entries: sums, determinants and inverses are written out; wrong formulas about them stay wrong."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

GIVEN = r"\[ x, y \in \mathbb{R}^3, z \in \mathbb{R}^2, A \in \mathbb{R}^{2 \times 2}, t \in \mathbb{R} \] "


def verdict(claim: str) -> str:
    return pipeline.verify(pipeline.document_of(Source("e.tex", f"{GIVEN} \\[ {claim} \\]")))[-1].verdict


@pytest.mark.parametrize(
    "claim",
    [
        r"\|z\|^2 = z_1^2 - z_2^2",
        r"\det A = A_{11} A_{22} + A_{12} A_{21}",
        r"\|x \times y\|^2 = \|x\|^2 \|y\|^2 + (x^\top y)^2",
        r"A^2 - \operatorname{tr}(A) A - \det(A) I = 0",
        r"A^{-1} = \frac{1}{\det A} \begin{bmatrix} A_{22} & -A_{12} \\ A_{21} & A_{11} \end{bmatrix}",
    ],
)
def test_wrong_formulas(claim: str) -> None:
    assert verdict(claim) in ("refuted", "conditional")


@pytest.mark.parametrize(
    "claim",
    [
        r"\|z\|^2 = z_1^2 + z_2^2",
        r"x^\top y = x_1 y_1 + x_2 y_2 + x_3 y_3",
        r"\det A = A_{11} A_{22} - A_{12} A_{21}",
        r"\|x \times y\|^2 = \|x\|^2 \|y\|^2 - (x^\top y)^2",
        r"A^2 - \operatorname{tr}(A) A + \det(A) I = 0",
        r"A^{-1} = \frac{1}{\det A} \begin{bmatrix} A_{22} & -A_{12} \\ -A_{21} & A_{11} \end{bmatrix}",
        r"\begin{bmatrix} \cos t & -\sin t \\ \sin t & \cos t \end{bmatrix}^\top \begin{bmatrix} \cos t & -\sin t \\"
        r" \sin t & \cos t \end{bmatrix} = I",
    ],
)
def test_right_formulas(claim: str) -> None:
    assert verdict(claim) == "proved"
