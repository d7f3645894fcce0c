"""Determinants of sums and blocks: wrong lemmas stay open, right ones are proved for all dimensions."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove

BEFORE = (
    r"\[ A, Q, T \in \mathbb{R}^{n \times n}, \quad W \in \mathbb{R}^{m \times m}, \quad S \in \mathbb{S}^{n}_{++} \]"
    r"\[ U \in \mathbb{R}^{n \times m}, \quad V \in \mathbb{R}^{m \times n}, \quad u, v \in \mathbb{R}^{n}, \quad a, b > 0 \]"
    r"\[ s \in \mathbb{R}, \quad Q^\top Q = I \]"
)
BLOCK = r"\det \begin{pmatrix} A & U \\ V & W \end{pmatrix}"


def answer(claim: str) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"{BEFORE}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    return prove(document, [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1])


WRONG = [
    r"\det(I + u v^\top) = 1 - v^\top u",
    r"\det(s I + u v^\top) = s^n (s + v^\top u)",
    r"\det(A + u v^\top) = (1 + u^\top A^{-1} v) \det(A)",
    r"\det(A + U V) = \det(A) \det(I + V A U)",
    r"\det(I_n + U V) = \det(I_m - V U)",
    r"\det(a I_n + U V) = \det(a I_m + V U)",
    r"\det(A + U W V) = \det(A) \det(W^{-1} + V A^{-1} U)",
    BLOCK + r" = \det(A) \det(W + V A^{-1} U)",
    BLOCK + r" = \det(A) \det(W)",
    r"\det \begin{pmatrix} 0 & U \\ V & W \end{pmatrix} = \det(W)",
    r"\det(s I - T^{-1} A T) = \det(s I - T)",
    r"\det(A \otimes W) = \det(A)^n \det(W)^m",
    r"\det(Q) = 1",
    r"\det(Q)^3 = 1",
    r"\log \det(S + u u^\top) = \log \det(S) + u^\top S^{-1} u",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_determinant_is_not_proved(claim: str) -> None:
    assert isinstance(answer(claim), Residual)


RIGHT = [
    r"\det(I + u v^\top) = 1 + v^\top u",
    r"\det(s I + u v^\top) = s^{n-1} (s + v^\top u)",
    r"\det(A + u v^\top) = (1 + v^\top A^{-1} u) \det(A)",
    r"\det(A + U V) = \det(A) \det(I + V A^{-1} U)",
    r"\det(I_n + U V) = \det(I_m + V U)",
    r"\det(a I_n + U V) = a^{n - m} \det(a I_m + V U)",
    r"\det(A + U W V) = \det(A) \det(W) \det(W^{-1} + V A^{-1} U)",
    BLOCK + r" = \det(A) \det(W - V A^{-1} U)",
    BLOCK + r" = \det(W) \det(A - U W^{-1} V)",
    r"\det \begin{pmatrix} A & U \\ 0 & W \end{pmatrix} = \det(A) \det(W)",
    r"\det \begin{pmatrix} A & u \\ v^\top & s \end{pmatrix} = \det(A) (s - v^\top A^{-1} u)",
    r"\det(s I - T^{-1} A T) = \det(s I - A)",
    r"\det(A \otimes W) = \det(A)^m \det(W)^n",
    r"\det(Q)^2 = 1",
    r"\log \det(S + u u^\top) = \log \det(S) + \log(1 + u^\top S^{-1} u)",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_determinant_is_proved(claim: str) -> None:
    assert isinstance(answer(claim), Proof)


def test_what_may_be_singular_is_not_divided_by() -> None:
    """With an equation among the assumptions A may be singular wherever they hold: no limit is taken there."""
    tied = r"\[ A \in \mathbb{R}^{n \times n}, \quad u, v \in \mathbb{R}^{n}, \quad \det(A) = 0 \]"
    claim = r"\[ \det(A + u v^\top) = 0 \]"
    document = pipeline.document_of(Source("a.tex", f"{tied}\n{claim}"))
    payload = [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1]
    assert isinstance(prove(document, payload), Residual)
