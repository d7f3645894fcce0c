"""Binomial sums, products over an index and quotients by induction: wrong values stay open, right ones are proved."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove

BEFORE = (
    r"\[ n \in \mathbb{N}, \quad n \geq 1, \quad a, b, c \in \mathbb{R}, \quad p \in (0, 1) \]"
    r"\[ u, v \in \mathbb{R}^{m}, \quad d \in \mathbb{R}^{m}_{++}, \quad m \geq 2 \]"
)


def answer(claim: str) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"{BEFORE}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    return prove(document, [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1])


WRONG = [
    r"\sum_{k=0}^{n} \binom{n}{k} = 2^{n - 1}",
    r"\sum_{k=1}^{n} \binom{n}{k} = 2^n",
    r"\sum_{k=0}^{n} \binom{n}{k} a^k b^{n-k} = (a - b)^n",
    r"\sum_{k=0}^{n} k \binom{n}{k} p^k (1 - p)^{n-k} = n p (1 - p)",
    r"\sum_{k=0}^{n} k^2 \binom{n}{k} p^k (1 - p)^{n-k} = n^2 p^2",
    r"\prod_{k=1}^{m} c u_k = c \prod_{k=1}^{m} u_k",
    r"\prod_{k=1}^{m} u_k v_k = \prod_{k=1}^{m} u_k + \prod_{k=1}^{m} v_k",
    r"\prod_{k=1}^{n} \frac{k + 1}{k} = n",
    r"\prod_{k=1}^{m-1} \frac{d_{k+1}}{d_k} = \frac{d_1}{d_m}",
    r"\det(\operatorname{diag}(u)) = \prod_{k=1}^{m} |u_k|",
    r"\operatorname{diag}(d)^{-1} = \operatorname{diag}(d)",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_value_is_not_proved(claim: str) -> None:
    assert isinstance(answer(claim), Residual)


RIGHT = [
    r"\sum_{k=0}^{n} \binom{n}{k} = 2^n",
    r"\sum_{k=1}^{n} \binom{n}{k} = 2^n - 1",
    r"\sum_{k=0}^{n} (-1)^k \binom{n}{k} = 0",
    r"\sum_{k=0}^{n} \binom{n}{k} a^k b^{n-k} = (a + b)^n",
    r"\sum_{k=0}^{n} k \binom{n}{k} p^k (1 - p)^{n-k} = n p",
    r"\sum_{k=0}^{n} k^2 \binom{n}{k} p^k (1 - p)^{n-k} = n p (1 - p) + n^2 p^2",
    r"\prod_{k=1}^{m} c u_k = c^m \prod_{k=1}^{m} u_k",
    r"\prod_{k=1}^{m} u_k v_k = \left( \prod_{k=1}^{m} u_k \right) \prod_{k=1}^{m} v_k",
    r"\prod_{k=1}^{n} \frac{k + 1}{k} = n + 1",
    r"\prod_{k=1}^{m-1} \frac{d_{k+1}}{d_k} = \frac{d_m}{d_1}",
    r"\det(\operatorname{diag}(u)) = \prod_{k=1}^{m} u_k",
    r"\det(I + \operatorname{diag}(d)) = \prod_{k=1}^{m} (1 + d_k)",
    r"\log \det(\operatorname{diag}(d)) = \sum_{k=1}^{m} \log d_k",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_value_is_proved(claim: str) -> None:
    assert isinstance(answer(claim), Proof)
