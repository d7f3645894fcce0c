"""Sums with symbolic limits: what is false is refuted, what is true is proved by induction over a size."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict

DECLARED = r"""
\[ a, b \in \mathbb{R}^n, \quad n \ge 2, \quad q \in \mathbb{R}, \quad A \in \mathbb{R}^{n \times n} \]
"""
PARTIAL = r"\[ s_k = \sum_{j=1}^{k} a_j \]"


def judged(claim: str) -> Verdict:
    declared = DECLARED + (PARTIAL if "s_" in claim else "")
    (verdict,) = pipeline.verify(pipeline.document_of(Source("sums.tex", declared + rf"\[ {claim} \]")))
    return verdict


FALSE = [
    r"\sum_{k=1}^{n} a_k b_k = s_n b_n + \sum_{k=1}^{n-1} s_k (b_{k+1} - b_k)",
    r"\sum_{k=1}^{n} a_k b_k = s_n b_n - \sum_{k=1}^{n-1} s_{k+1} (b_{k+1} - b_k)",
    r"\sum_{k=1}^{n} a_k b_k = s_n b_1 - \sum_{k=1}^{n-1} s_k (b_{k+1} - b_k)",
    r"\sum_{k=1}^{n-1} (b_{k+1} - b_k) = b_n",
    r"\sum_{k=1}^{n} \frac{1}{k (k + 1)} = \frac{n - 1}{n + 1}",
    r"\sum_{k=1}^{n} k^4 = \frac{n (n + 1) (2 n + 1) (3 n^2 + 3 n + 1)}{30}",
    r"\sum_{i=1}^{n} \sum_{j=1}^{i} a_i a_j = \frac{1}{2} \left( \sum_{i=1}^{n} a_i \right)^2",
]
TRUE = [
    r"\sum_{k=1}^{n} a_k b_k = s_n b_n - \sum_{k=1}^{n-1} s_k (b_{k+1} - b_k)",
    r"\sum_{k=1}^{n-1} (b_{k+1} - b_k) = b_n - b_1",
    r"\sum_{k=1}^{n} \frac{1}{k (k + 1)} = \frac{n}{n + 1}",
    r"\sum_{k=1}^{n} k^4 = \frac{n (n + 1) (2 n + 1) (3 n^2 + 3 n - 1)}{30}",
    r"\sum_{k=1}^{n} k q^k = \frac{q - (n + 1) q^{n + 1} + n q^{n + 2}}{(1 - q)^2}",
    r"\sum_{i=1}^{n} \sum_{j=1}^{i} a_i b_j = \sum_{j=1}^{n} \sum_{i=j}^{n} a_i b_j",
    r"2 \sum_{i=1}^{n} \sum_{j=1}^{i} a_i a_j = \left( \sum_{i=1}^{n} a_i \right)^2 + \sum_{i=1}^{n} a_i^2",
]


@pytest.mark.parametrize("claim", FALSE)
def test_a_false_sum_is_caught(claim: str) -> None:
    assert judged(claim).verdict in ("refuted", "conditional")


@pytest.mark.parametrize("claim", TRUE)
def test_a_true_sum_is_proved_by_induction(claim: str) -> None:
    verdict = judged(claim)
    assert verdict.verdict == "proved"
    assert verdict.method.startswith("induction over n; confirmed in exact rational arithmetic")


def test_a_whole_tensor_operation_is_not_proved_by_induction() -> None:
    """An inverse is another function for every size: entries of A^{-1} of two sizes are not the same letters."""
    verdict = judged(r"\sum_{k=1}^{n-1} ((A^{-1})_{k+1,k+1} - (A^{-1})_{k,k}) = (A^{-1})_{n,n} - (A^{-1})_{1,1}")
    assert verdict.verdict == "holds"
