r"""Derivatives by one sample: \partial J / \partial x^{(i)} is one row, not the whole array.

Takes: sums over samples. Gives: verdicts.
Guarantees: the number above the variable is never dropped.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

SAMPLES = (
    r"$x^{(i)} \in \mathbb{R}^n$, $y^{(i)} \in \mathbb{R}$, $i = 1, \dots, m$"
    r"\[ J = \sum_{i=1}^m (y^{(i)})^2 \] \[ K = \sum_{i=1}^m (x^{(i)})^T x^{(i)} \]"
)
CLAIMS = {
    r"\frac{\partial J}{\partial y^{(i)}} = y^{(i)}": "refuted",
    r"\frac{\partial J}{\partial y^{(i)}} = 2 y": "refuted",
    r"\frac{\partial K}{\partial x^{(i)}_j} = 2 x^{(i)}": "refuted",
    r"\frac{\partial J}{\partial y^{(i)}} = 2 y^{(i)}": "proved",
    r"\frac{\partial K}{\partial x^{(i)}} = 2 x^{(i)}": "proved",
    r"\frac{\partial K}{\partial x^{(i)}_j} = 2 x^{(i)}_j": "proved",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_one_sample_is_one_row(claim: str) -> None:
    *_, last = pipeline.verify(pipeline.document_of(Source("samples.tex", rf"{SAMPLES} \[ {claim} \]")))
    assert last.verdict == CLAIMS[claim]


def test_a_number_above_what_is_no_family_is_refused() -> None:
    text = rf"{SAMPLES} $w \in \mathbb{{R}}$ \[ H = w^2 \] \[ \frac{{\partial H}}{{\partial w^{{(i)}}}} = 2 w \]"
    (error,) = [s.error for s in pipeline.document_of(Source("samples.tex", text)).statements if s.error]
    assert error.what == "'w^{(i)}' is no variable: w is not declared as a family"
