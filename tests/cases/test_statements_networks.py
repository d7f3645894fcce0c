r"""Row by row what the table of statements promises about neurons and layers: A5 to A8, B17 and one layer of B16.

Takes: equations/backpropagation.tex and equations/neural_network.tex, where the rows stand in the documents' own LaTeX.
Gives: one test for each row.
Guarantees: kinds, types, verdicts and kernels are those of the table.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rounding import assert_agree, largest
from scipy.special import expit

from eqcompiler import pipeline
from eqcompiler.languages.statements import Definition, Document, Statement
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.oracle import evaluate_float
from eqcompiler.verification.points import gradients, point

EQUATIONS = Path(__file__).parents[2] / "equations"
FILES = {"A": "backpropagation.tex", "B": "neural_network.tex"}
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
    "B16": ("layer", r"a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)})"),
    "B17": (
        "chain",
        r"\frac{\partial J}{\partial W^{(l)}} = \frac{\partial J}{\partial a^{(l)}}"
        r" \cdot \frac{\partial a^{(l)}}{\partial W^{(l)}}",
    ),
}


@cache
def document(letter: str) -> Document:
    return pipeline.load(EQUATIONS / FILES[letter])


@cache
def verdicts(letter: str) -> tuple[Verdict, ...]:
    return tuple(pipeline.verify(document(letter)))


def statements(row: str) -> list[Statement]:
    """The statements of the display at the row's label."""
    text = document(row[0]).source.text
    start = text.index(f"\\label{{eq:{ROWS[row][0]}}}")
    return [s for s in document(row[0]).statements if start < s.span.stop <= text.index("\\end{equation}", start)]


@pytest.mark.parametrize("row", ROWS)
def test_the_documents_own_latex_is_unchanged(row: str) -> None:
    label, latex = ROWS[row]
    inside = re.search(rf"\\label\{{eq:{label}\}}\n(.*)\n\\end\{{equation\}}", document(row[0]).source.text)
    assert inside is not None
    assert inside[1] == latex


@pytest.mark.parametrize("letter", FILES)
def test_everything_is_read_and_every_claim_is_proved(letter: str) -> None:
    assert [s.error for s in document(letter).statements if s.error] == []
    assert [(v.name, v.verdict) for v in verdicts(letter) if v.verdict != "proved"] == []


def test_A5_a_composition() -> None:
    for row, name in (("A5", "a"), ("A5 inside", "z")):
        (found,) = statements(row)
        assert isinstance(found.payload, Definition)
        assert (found.kind, found.payload.name, found.type_text) == ("definition", name, "scalar")
    w, x, b = 0.3, -1.2, 0.7
    assert_agree(pipeline.kernels(document("A")).a(w, x, b), expit(w * x + b), 2 + 4, magnitude=0.0)


def test_A6_the_sigmoid() -> None:
    (found,) = statements("A6")
    assert (found.kind, found.type_text) == ("definition", "function of scalar giving scalar")
    kernel = pipeline.kernels(document("A")).sigma
    for z in np.linspace(-30.0, 30.0, 61):
        assert_agree(kernel(z), expit(z), 4, magnitude=0.0)


def test_A7_its_derivative() -> None:
    (found,) = statements("A7")
    assert (found.kind, found.type_text) == ("claim: derivative", "scalar")
    (verdict,) = [v for v in verdicts("A") if (v.line, v.column) == (found.span.line, found.span.column)]
    assert verdict.verdict == "proved"


def test_A8_the_chain_rule_for_an_unknown_loss() -> None:
    first, second = statements("A8")
    assert (first.kind, second.kind) == ("claim: derivative", "claim: equality")
    found = [v for v in verdicts("A") if v.line == first.span.line]
    assert [v.verdict for v in found] == ["proved", "proved"]


def test_B16_one_layer_of_any_width() -> None:
    (found,) = statements("B16")
    assert (found.kind, found.type_text) == ("recurrence", "vector (n_l)")
    layer = pipeline.kernels(document("B")).a_step
    generator = np.random.default_rng(16)
    for before, here in ((1, 1), (3, 1), (1, 4), (5, 2)):
        W, b, a = generator.normal(size=(here, before)), generator.normal(size=here), generator.normal(size=before)
        assert_agree(layer(a, W, b), expit(W @ a + b), 2 * before + 1 + 4, magnitude=largest(np.abs(W) @ np.abs(a)))


def layers(widths: tuple[int, ...], samples: int) -> dict[str, object]:
    generator = np.random.default_rng(len(widths))
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return {
        "X": generator.normal(size=(samples, widths[0])),
        "W": tuple(generator.normal(size=pair) for pair in pairs),
        "b": tuple(generator.normal(size=here) for here, _ in pairs),
        "y": generator.normal(size=(samples, widths[-1])),
    }


def forward_operations(values: dict[str, object]) -> float:
    """Roundings on the way to one unit of the last layer: sums, bias and sigma of each layer (slope at most 1/4), where what is
    wrong in a layer grows with the weights that follow.
    """
    total = 0.0
    for W in values["W"]:
        grown = np.linalg.norm(W, np.inf)
        total = (total + 2 * W.shape[1]) * max(1.0, grown) + 5
    return total


WIDTHS = [(3, 2), (1, 1, 1), (4, 1, 3, 2), (2, 5, 3, 1, 4, 2, 3)]


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("samples", [1, 5])
def test_B16_forward_through_any_depth_one_sample_and_a_batch(widths: tuple[int, ...], samples: int) -> None:
    values = layers(widths, samples)
    kernels = pipeline.kernels(document("B"))
    a = values["X"]
    for W, b in zip(values["W"], values["b"], strict=True):
        a = expit(a @ W.T + b)
    operations = forward_operations(values)
    assert_agree(kernels.h_batch(values["X"], values["W"], values["b"]), a, operations)
    assert_agree(kernels.h(values["X"][0], values["W"], values["b"]), a[0], operations)


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("samples", [1, 5])
def test_B17_backpropagation_is_the_derivative_of_the_oracle(widths: tuple[int, ...], samples: int) -> None:
    values = layers(widths, samples)
    loss, *found = pipeline.kernels(document("B")).value_and_grad_C(*(values[name] for name in ("X", "W", "b", "y")))
    at = point(document("B"), values)
    wanted = gradients(document("B"), "C", at, ("W", "b"))
    operations = 2 * forward_operations(values) + 2 * samples  # forward, back, and the sum over the samples
    assert_agree(loss, evaluate_float(document("B"), document("B").definitions["C"].body, at), operations)
    for family, name in zip(found, ("W", "b"), strict=True):
        for mine, exact in zip(family, wanted[name], strict=True):
            assert_agree(mine, exact, operations)


def test_B17_the_chain_rule_of_a_layer() -> None:
    (found,) = statements("B17")
    assert (found.kind, found.type_text) == ("claim: derivative", "matrix (n_l by n_{l-1})")
    (verdict,) = [v for v in verdicts("B") if v.line == found.span.line]
    assert verdict.verdict == "proved"
