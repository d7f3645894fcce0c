"""Equations between powers: labels with two values, cosine and sine as two numbers with squares that add up to 1."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

GIVEN = (
    r"\[ y \in \{-1, 1\}^n, t \in \{0, 1\}^n, a \in \mathbb{R}^n, s \in \{-1, 1\}, c, b, d \in \mathbb{R}, c^2 + b^2 = 1 \] "
)


def verdict(claim: str) -> str:
    return pipeline.verify(pipeline.document_of(Source("e.tex", f"{GIVEN} \\[ {claim} \\]")))[-1].verdict


@pytest.mark.parametrize(
    "claim",
    [
        r"\sum_i y_i^2 a_i = \sum_i y_i a_i",
        r"\sum_i t_i^2 = n",
        r"\sum_i y_i^3 a_i = \sum_i a_i",
        r"(s - d)^2 = (1 + s d)^2",
        r"c^4 - b^4 = c^2 + b^2",
        r"\sum_{i,j} y_i y_j = n",
    ],
)
def test_wrong_claims(claim: str) -> None:
    assert verdict(claim) in ("refuted", "conditional")


@pytest.mark.parametrize(
    "claim",
    [
        r"\sum_i y_i^2 a_i = \sum_i a_i",
        r"\|y\|^2 = n",
        r"\sum_i t_i^2 a_i = t^\top a",
        r"\sum_i y_i^3 a_i = y^\top a",
        r"\sum_i (y_i - a_i)^2 = \sum_i (1 - y_i a_i)^2",
        r"(s - d)^2 = (1 - s d)^2",
        r"c^4 - b^4 = c^2 - b^2",
    ],
)
def test_right_claims(claim: str) -> None:
    assert verdict(claim) == "proved"
