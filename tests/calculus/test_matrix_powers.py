"""Powers of matrices with a symbolic exponent: wrong laws stay open, right ones follow by splitting and by induction."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove

BEFORE = (
    r"\[ A, B, T, \Lambda \in \mathbb{R}^{n \times n}, \quad i, j, k \in \mathbb{N}, \quad c \in \mathbb{R} \]"
    r"\[ Q \in \mathbb{R}^{n \times n}, \quad Q^\top Q = I \]"
)


def answer(claim: str, before: str = BEFORE) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"{before}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    return prove(document, [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1])


WRONG = [
    r"(A^\top)^k = A^k",
    r"(A^k)^{-1} = (A^\top)^k",
    r"A^i A^j = A^{2 i}",
    r"(A B)^k = A^k B^k",
    r"(c A)^k = c A^k",
    r"(T^{-1} A T)^k = T A^k T^{-1}",
    r"(Q \Lambda Q^\top)^k = Q^\top \Lambda^k Q",
    r"A^k B = B A^k",
    r"\operatorname{tr}(A^{k-1} A^\top) = \operatorname{tr}(A^k)",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_law_is_not_proved(claim: str) -> None:
    assert isinstance(answer(claim), Residual)


RIGHT = [
    r"(A^\top)^k = (A^k)^\top",
    r"(A^k)^{-1} = (A^{-1})^k",
    r"A^i A^j = A^{i + j}",
    r"A^j A^i = A^{i + j}",
    r"(A B)^k A = A (B A)^k",
    r"(c A)^k = c^k A^k",
    r"(T^{-1} A T)^k = T^{-1} A^k T",
    r"(Q \Lambda Q^\top)^k = Q \Lambda^k Q^\top",
    r"A^k A = A A^k",
    r"\operatorname{tr}(A^{k-1} A) = \operatorname{tr}(A^k)",
    r"\det(A^{k + 1}) = \det(A) \det(A)^k",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_law_is_proved(claim: str) -> None:
    assert isinstance(answer(claim), Proof)


def test_what_is_assumed_for_one_exponent_is_not_used_for_the_next() -> None:
    """A^k = I for one k makes A^{k + 1} = A, not I."""
    tied = r" \quad \text{where } A^k = I"
    assert isinstance(answer(r"A^{k + 1} = I" + tied), Residual)
    assert isinstance(answer(r"A^{k + 1} = A" + tied), Proof)
