r"""Row by row what the table of statements promises about neurons and layers: A5 to A8.

Takes: equations/backpropagation.tex, where the rows stand in the document's own LaTeX. Gives: one test for each row.
Guarantees: kinds, types, verdicts and kernels are those of the table.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from eqcompiler import pipeline
from eqcompiler.languages.statements import Definition, Document, Statement
from eqcompiler.languages.verdicts import Verdict

FILE = Path(__file__).parents[2] / "equations" / "backpropagation.tex"
ROWS = {
    "A5": ("activation", r"a = \sigma(z)"),
    "A5 inside": ("preactivation", "z = wx + b"),
    "A6": ("sigmoid", r"\sigma(z) = \frac{1}{1 + e^{-z}}"),
    "A7": ("sigmoid-derivative", r"\sigma'(z) = \sigma(z)(1 - \sigma(z))"),
    "A8": (
        "chain",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}"
        r" \cdot \frac{\partial z}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(z) \cdot x",
    ),
}


@cache
def document() -> Document:
    return pipeline.load(FILE)


@cache
def verdicts() -> tuple[Verdict, ...]:
    return tuple(pipeline.verify(document()))


def statements(row: str) -> list[Statement]:
    """The statements of the display at the row's label."""
    text = document().source.text
    start = text.index(f"\\label{{eq:{ROWS[row][0]}}}")
    return [s for s in document().statements if start < s.span.stop <= text.index("\\end{equation}", start)]


@pytest.mark.parametrize("row", ROWS)
def test_the_documents_own_latex_is_unchanged(row: str) -> None:
    label, latex = ROWS[row]
    inside = re.search(rf"\\label\{{eq:{label}\}}\n(.*)\n\\end\{{equation\}}", document().source.text)
    assert inside is not None
    assert inside[1] == latex


def test_everything_is_read_and_every_claim_is_proved() -> None:
    assert [s.error for s in document().statements if s.error] == []
    assert [(v.name, v.verdict) for v in verdicts() if v.verdict != "proved"] == []


def test_A5_a_composition() -> None:
    for row, name in (("A5", "a"), ("A5 inside", "z")):
        (found,) = statements(row)
        assert isinstance(found.payload, Definition)
        assert (found.kind, found.payload.name, found.type_text) == ("definition", name, "scalar")
    w, x, b = 0.3, -1.2, 0.7
    assert pipeline.kernels(document()).a(w, x, b) == pytest.approx(expit(w * x + b), rel=1e-15)


def test_A6_the_sigmoid() -> None:
    (found,) = statements("A6")
    assert (found.kind, found.type_text) == ("definition", "function of scalar giving scalar")
    kernel = pipeline.kernels(document()).sigma
    for z in np.linspace(-30.0, 30.0, 61):
        assert kernel(z) == pytest.approx(expit(z), rel=4 * np.finfo(float).eps)


def test_A7_its_derivative() -> None:
    (found,) = statements("A7")
    assert (found.kind, found.type_text) == ("claim: derivative", "scalar")
    (verdict,) = [v for v in verdicts() if (v.line, v.column) == (found.span.line, found.span.column)]
    assert verdict.verdict == "proved"


def test_A8_the_chain_rule_for_an_unknown_loss() -> None:
    first, second = statements("A8")
    assert (first.kind, second.kind) == ("claim: derivative", "claim: equality")
    found = [v for v in verdicts() if v.line == first.span.line]
    assert [v.verdict for v in found] == ["proved", "proved"]
