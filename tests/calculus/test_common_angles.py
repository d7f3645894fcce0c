"""Angles beside parts of themselves: wrong half-angle formulas stay open, right ones are proved."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove


def answer(claim: str) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"\\[ x, y \\in \\mathbb{{R}} \\]\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    (payload,) = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    return prove(document, payload)


WRONG = [
    r"\sin x = \sin\left(\frac{x}{2}\right) \cos\left(\frac{x}{2}\right)",
    r"1 - \cos x = 2 \cos^2\left(\frac{x}{2}\right)",
    r"\tan\left(\frac{x}{2}\right) = \frac{\sin x}{1 - \cos x}",
    r"\cos x - \cos y = 2 \sin\left(\frac{x + y}{2}\right) \sin\left(\frac{x - y}{2}\right)",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_formula_is_not_proved(claim: str) -> None:
    assert isinstance(answer(claim), Residual)


RIGHT = [
    r"\sin x = 2 \sin\left(\frac{x}{2}\right) \cos\left(\frac{x}{2}\right)",
    r"1 - \cos x = 2 \sin^2\left(\frac{x}{2}\right)",
    r"\tan\left(\frac{x}{2}\right) = \frac{\sin x}{1 + \cos x}",
    r"\sin x + \sin y = 2 \sin\left(\frac{x + y}{2}\right) \cos\left(\frac{x - y}{2}\right)",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_formula_is_proved(claim: str) -> None:
    assert isinstance(answer(claim), Proof)
