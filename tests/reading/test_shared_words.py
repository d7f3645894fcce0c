"""What several names, or a whole expression, share: a range of indices, a property."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document


def read(*lines: str) -> Document:
    return pipeline.document_of(Source("shared.tex", "\n".join(rf"\[ {line} \]" for line in lines)))


@pytest.mark.parametrize("range_", [r"i, j = 1, \dots, n", r"i, j = 1, 2, \dots, n", r"i = 1, \dots, n, \quad j = 1, \dots, n"])
def test_indices_share_a_range(range_: str) -> None:
    document = read(rf"x \in \mathbb{{R}}^n, \quad {range_}", r"(x_i + x_j)^2 = x_i^2 + 2 x_i x_j + x_j^2")
    assert [s.error for s in document.statements if s.error] == []
    assert [v.verdict for v in pipeline.verify(document)] == ["proved"]
    assert pipeline.verify(document)[0].steps[0].count("<n>") >= 2


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        (r"X^\top X \text{ invertible}", r"(X^\top X) \text{ is invertible}"),
        (r"X^\top X \text{ is invertible}", r"(X^\top X) \text{ is invertible}"),
        (r"X^\top X + I_n \text{ positive definite}", r"(X^\top X + I) \succ 0"),
    ],
)
def test_an_expression_has_a_property(words: str, latex: str) -> None:
    document = read(rf"X \in \mathbb{{R}}^{{m \times n}}, \quad {words}")
    assert [s.error for s in document.statements if s.error] == []
    assert [condition_latex(document, condition) for condition in document.assumptions] == [latex]


def test_an_expression_alone_still_states_nothing() -> None:
    document = read(r"X \in \mathbb{R}^{n \times n}", r"X^\top X")
    assert [s.error.what for s in document.statements if s.error] == ["this display states nothing: it has no relation"]
