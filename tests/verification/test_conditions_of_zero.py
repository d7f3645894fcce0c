"""A claim that something is zero: under the condition that makes it vanish it is true, and that is said."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

GIVEN = r"\[ b, c \in \mathbb{R}, x, y \in \mathbb{R}^n, A \in \mathbb{R}^{n \times n} \] "


@pytest.mark.parametrize(
    ("claim", "verdict", "condition"),
    [
        (r"2 b c = b c", "refuted", None),  # both sides zero is no reading of it
        (r"b c = 0", "conditional", "b = 0"),
        (r"b (c^2 + 1) = 0", "conditional", "b = 0"),
        (r"\|x + y\|^2 = \|x\|^2 + \|y\|^2", "conditional", "x^T y = 0"),
        (r"x^\top A x = 0", "conditional", "A^T = -A"),
        (r"b^2 + 1 = 0", "refuted", None),
    ],
)
def test_condition(claim: str, verdict: str, condition: str | None) -> None:
    found = pipeline.verify(pipeline.document_of(Source("e.tex", f"{GIVEN} \\[ {claim} \\]")))[-1]
    assert (found.verdict, found.condition) == (verdict, condition)
