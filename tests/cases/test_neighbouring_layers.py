r"""Backpropagation as papers write it: what one formula says about layers l and l + 1, or about the last layer L.

Takes: networks with an unknown loss, in widths that differ by layer and in one width. Gives: verdicts and refusals.
Guarantees: the wrong recursions of textbooks are refuted, those whose shapes fit with a counterexample; the right ones are
proved for every layer, every width and every loss.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Verdict

LAYERS = (
    r"$l = 1, \dots, L$, $x \in \mathbb{R}^{n_0}$ \[ \sigma(z) = \frac{1}{1 + e^{-z}} \] \[ a^{(0)} = x \]"
    r"\[ z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)} \] \[ a^{(l)} = \sigma(z^{(l)}) \]"
    r"\[ \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}} \]"
)
RAGGED = r"$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$, " + LAYERS
SQUARE = r"$W^{(l)} \in \mathbb{R}^{n \times n}$, $b^{(l)} \in \mathbb{R}^n$, " + LAYERS.replace("n_0", "n")

WRONG = {
    "no transpose": r"\delta^{(l)} = (W^{(l+1)} \delta^{(l+1)}) \odot \sigma'(z^{(l)})",
    "the weights of the layer itself": r"\delta^{(l)} = ((W^{(l)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)})",
    "the error of the layer itself": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l)}) \odot \sigma'(z^{(l)})",
    "both of the layer itself": r"\delta^{(l)} = ((W^{(l)})^\top \delta^{(l)}) \odot \sigma'(z^{(l)})",
    "the slope at the layer after": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l+1)})",
    "the slope at the activations": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(a^{(l)})",
    "the sigmoid itself": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma(z^{(l)})",
    "no slope": r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)}",
    "the sign": r"\delta^{(l)} = -((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)})",
    "the slope inside": r"\delta^{(l)} = (W^{(l+1)})^\top (\delta^{(l+1)} \odot \sigma'(z^{(l)}))",
    "shifted, no slope": r"\delta^{(l-1)} = (W^{(l)})^\top \delta^{(l)}",
    "the activations, with the slope": r"\frac{\partial J}{\partial a^{(l)}} = (W^{(l+1)})^\top \delta^{(l+1)} \odot"
    r" \sigma'(z^{(l)})",
    "the weights after, with the wrong activations": r"\frac{\partial J}{\partial W^{(l+1)}} = \delta^{(l+1)} (a^{(l+1)})^\top",
    "the last layer without slope": r"\delta^{(L)} = \nabla_{a^{(L)}} J",
    "the last layer with the slope at the activations": r"\delta^{(L)} = \nabla_{a^{(L)}} J \odot \sigma'(a^{(L)})",
    "the last weights": r"\frac{\partial J}{\partial W^{(L)}} = \delta^{(L)} (a^{(L)})^\top",
}
RIGHT = {
    "the recursion": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)})",
    "with the derivative written out": r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot a^{(l)} \odot"
    r" (\mathbf{1} - a^{(l)})",
    "with a diagonal matrix": r"\delta^{(l)} = \operatorname{diag}(\sigma'(z^{(l)})) (W^{(l+1)})^\top \delta^{(l+1)}",
    "shifted": r"\delta^{(l-1)} = ((W^{(l)})^\top \delta^{(l)}) \odot \sigma'(z^{(l-1)})",
    "the activations": r"\frac{\partial J}{\partial a^{(l)}} = (W^{(l+1)})^\top \delta^{(l+1)}",
    "the chain": r"\frac{\partial J}{\partial z^{(l)}} = \left(\frac{\partial z^{(l+1)}}{\partial z^{(l)}}\right)^\top"
    r" \frac{\partial J}{\partial z^{(l+1)}}",
    "the Jacobian": r"\frac{\partial z^{(l+1)}}{\partial z^{(l)}} = W^{(l+1)} \operatorname{diag}(\sigma'(z^{(l)}))",
    "one component": r"\delta^{(l)}_j = \sum_{k} W^{(l+1)}_{kj} \delta^{(l+1)}_k \sigma'(z^{(l)}_j)",
    "the weights after": r"\frac{\partial J}{\partial W^{(l+1)}} = \delta^{(l+1)} (a^{(l)})^\top",
    "the last layer": r"\delta^{(L)} = \nabla_{a^{(L)}} J \odot \sigma'(z^{(L)})",
    "the last layer in the other notation": r"\delta^{(L)} = \frac{\partial J}{\partial a^{(L)}} \odot \sigma'(z^{(L)})",
    "the last weights": r"\frac{\partial J}{\partial W^{(L)}} = \delta^{(L)} (a^{(L-1)})^\top",
    "the layer": r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top",
    "the biases": r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}",
}
REFUSED = {
    "three layers": (r"\delta^{(l)} = (W^{(l+2)})^\top \delta^{(l+2)}", "'W^{(l+2)}' belongs to another layer"),
    "the last layer beside any": (r"\delta^{(l)} = \delta^{(L)}", "'\\delta^{(l)}' stands beside the last layer"),
    "what nothing gives": (r"\delta^{(l)} = (W^{(l+1)})^\top q^{(l+1)}", "nothing says what 'q^{(l+1)}' is"),
}


def read(text: str) -> Document:
    return pipeline.document_of(Source("network.tex", text))


def verdict(setting: str, claim: str) -> Verdict:
    *_, last = pipeline.verify(read(rf"{setting} \[ {claim} \]"))
    return last


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_recursion_over_layers_is_refuted(case: str) -> None:
    assert verdict(RAGGED, WRONG[case]).verdict == "refuted"


@pytest.mark.parametrize("case", sorted(WRONG))
def test_where_all_shapes_fit_a_counterexample_refutes_it(case: str) -> None:
    found = verdict(SQUARE, WRONG[case])
    assert found.verdict in ("refuted", "conditional")  # true of symmetric weights, or of equal ones
    assert found.counterexample is not None


@pytest.mark.parametrize("setting", [RAGGED, SQUARE], ids=["ragged", "square"])
@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_right_recursion_over_layers_is_proved(case: str, setting: str) -> None:
    assert verdict(setting, RIGHT[case]).verdict == "proved"


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_further_apart_is_refused(case: str) -> None:
    claim, words = REFUSED[case]
    (error,) = [s.error for s in read(rf"{RAGGED} \[ {claim} \]").statements if s.error]
    assert words in error.what


def test_the_words_of_a_verdict_name_the_layer_after() -> None:
    found = verdict(RAGGED, r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)}")
    assert found.counterexample is not None
    assert {"W_l", "W_next_l", "a_before_l", "b_l", "b_next_l"} <= found.counterexample.values.keys()
    assert r"W^{(l+1)}" in (found.residual or "")


def test_a_recursion_alone_is_no_definition_and_the_error_says_what_is_missing() -> None:
    without = RAGGED.replace(r"\[ \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}} \]", "")
    claim = r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)})"
    (error,) = [s.error for s in read(rf"{without} \[ {claim} \]").statements if s.error]
    assert error.what == r"nothing says what '\delta^{(l)}' is at layer l"
    assert r"\delta^{(l)} = \frac{\partial J}{\partial z^{(l)}}" in error.fix
