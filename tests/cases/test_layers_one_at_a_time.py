r"""Layers of different sizes: what one layer says is judged for every layer; what needs several layers is refused.

Takes: a network in the notations of papers, W^{(l)} and W^{[l]}. Gives: verdicts and refusals.
Guarantees: no claim about several layers is judged as if the layers before were constants.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

SIGMOID = r"\[ \sigma(z) = \frac{1}{1 + e^{-z}} \]"
SIZES = (
    r"$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$, $l = 1, \dots, L$,"
    r"$x \in \mathbb{R}^{n_0}$, $\lambda \in \mathbb{R}$"
)
NETWORK = (
    SIZES + SIGMOID + r"\[ a^{(0)} = x \] \[ z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)} \] \[ a^{(l)} = \sigma(z^{(l)}) \]"
    r"\[ \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}} \]"
)
SHRUNK = SIZES + SIGMOID + r"\[ c = 2 \lambda \] \[ a^{(l)} = \sigma(c W^{(l)} a^{(l-1)} + b^{(l)}) \]"


def read(text: str) -> Document:
    return pipeline.document_of(Source("network.tex", text))


WRONG = {
    "the error is not multiplied by the slope": r"\delta^{(l)} = \frac{\partial J}{\partial a^{(l)}}",
    "the sigmoid in the place of its derivative": r"\delta^{(l)} = \frac{\partial J}{\partial a^{(l)}} \odot \sigma(z^{(l)})",
    "the activation of the wrong layer": r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l)})^T",
    "the outer product is transposed": r"\frac{\partial J}{\partial W^{(l)}} = a^{(l-1)} (\delta^{(l)})^T",
    "the weights are not transposed": r"\frac{\partial J}{\partial a^{(l-1)}} = W^{(l)} \delta^{(l)}",
    "the sign": r"\frac{\partial J}{\partial b^{(l)}} = -\delta^{(l)}",
    "the weights before": r"\frac{\partial a^{(l)}}{\partial W^{(l-1)}} = 0",
    "the slope of the layer before": r"\frac{\partial a^{(l-1)}}{\partial z^{(l-1)}} = 0",
    "one entry": r"\frac{\partial J}{\partial W^{(l)}_{ij}} = \delta^{(l)}_i a^{(l)}_j",
}
RIGHT = {
    "the chain": r"\frac{\partial J}{\partial W^{(l)}} = \frac{\partial J}{\partial a^{(l)}}"
    r" \cdot \frac{\partial a^{(l)}}{\partial W^{(l)}}",
    "the error": r"\delta^{(l)} = \frac{\partial J}{\partial a^{(l)}} \odot \sigma'(z^{(l)})",
    "the weights": r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^T",
    "one weight": r"\frac{\partial J}{\partial W^{(l)}_{ij}} = \delta^{(l)}_i a^{(l-1)}_j",
    "the biases": r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}",
    "the layer before": r"\frac{\partial J}{\partial a^{(l-1)}} = (W^{(l)})^T \delta^{(l)}",
}
REFUSED = {
    "the input": (NETWORK, r"\frac{\partial J}{\partial x} = 0", "'x' acts on every layer"),
    "the start": (NETWORK, r"\frac{\partial a^{(l)}}{\partial a^{(0)}} = 0", "'a^{(0)}' acts on every layer"),
    "a shared number": (SHRUNK, r"\frac{\partial a^{(l)}}{\partial c} = 0", "'c' acts on every layer"),
    "a number behind a shared one": (
        SHRUNK,
        r"\frac{\partial a^{(l)}}{\partial \lambda} = 0",
        r"'\lambda' acts on every layer",
    ),
    "the last layer of another name": (NETWORK, r"c = z^{(L)}", "'c' depends on a layer that its name does not show"),
    "the first layer": (NETWORK, r"a^{(1)} = \sigma(W^{(1)} x + b^{(1)})", "'a^{(1)}' belongs to another layer"),
    "a sum over a part of the layers": (
        NETWORK,
        r"R = \sum_{l=2}^{L} \|W^{(l)}\|_F^2",
        r"'\sum_{l=2}^{L} \|W^{(l)}\|_F^2' runs over a part of the layers",
    ),
    "a function of the input": (NETWORK, "h(x) = a^{(l)}", "a layer as a function of 'x' passes through all layers"),
    "a layer below the letter": (NETWORK, "W_l = W^{(l)}", "'W_l' belongs to another layer"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_claim_about_a_layer_is_refuted(case: str) -> None:
    *_, last = pipeline.verify(read(rf"{NETWORK} \[ {WRONG[case]} \]"))
    assert last.verdict in ("refuted", "conditional")


@pytest.mark.parametrize("brackets", ["()", "[]"])
@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_right_claim_is_proved_for_every_layer_and_all_widths(case: str, brackets: str) -> None:
    text = rf"{NETWORK} \[ {RIGHT[case]} \]"
    for script in ("l", "l-1", "0"):
        text = text.replace(f"^{{({script})}}", f"^{{{brackets[0]}{script}{brackets[1]}}}")
    *_, last = pipeline.verify(read(text))
    assert last.verdict == "proved"


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_several_layers_at_once_are_refused(case: str) -> None:
    setting, claim, words = REFUSED[case]
    (error,) = [s.error for s in read(rf"{setting} \[ {claim} \]").statements if s.error]
    assert words in error.what


def test_a_letter_below_a_vector_stays_an_index_beside_layers() -> None:
    document = read(NETWORK + r"$u \in \mathbb{R}^k$, $v \in \mathbb{R}^k$ \[ s = \sum_{i=1}^k u_i v_i \] \[ s = u^T v \]")
    *_, last = pipeline.verify(document)
    assert last.verdict == "proved"
    assert sorted(name for name in document.symbols if name.endswith("_l")) == ["W_l", "a_before_l", "b_l"]
