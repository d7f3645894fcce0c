"""e^{A} of a square matrix is the matrix exponential; inverse hyperbolic functions are known by name."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict

BEFORE = r"\[ A, P \in \mathbb{R}^{n \times n}, \quad s, t \in \mathbb{R}, \quad x \in (0, 1) \]"


def verdict(claim: str) -> Verdict:
    document = pipeline.document_of(Source("a.tex", f"{BEFORE}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1]


WRONG = [
    r"e^{A} e^{P} = e^{A + P}",
    r"\det(e^{A}) = e^{\det(A)}",
    r"\frac{d}{dt} e^{t A} = t e^{t A}",
    r"\operatorname{artanh}(x) = \log \frac{1 + x}{1 - x}",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_law_is_refuted(claim: str) -> None:
    assert verdict(claim).verdict in ("refuted", "conditional")


RIGHT = {
    r"e^{A} e^{-A} = I": "holds",
    r"\det(e^{A}) = e^{\operatorname{tr}(A)}": "holds",
    r"\frac{d}{dt} e^{t A} = A e^{t A}": "holds",
    r"\operatorname{arsinh}(s) = \ln(s + \sqrt{s^2 + 1})": "proved",
    r"\operatorname{artanh}(x) = \frac{1}{2} \log \frac{1 + x}{1 - x}": "proved",
}


@pytest.mark.parametrize("claim", RIGHT)
def test_a_law_is_accepted(claim: str) -> None:
    assert verdict(claim).verdict == RIGHT[claim]
