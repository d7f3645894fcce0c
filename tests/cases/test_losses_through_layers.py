r"""Backpropagation of a loss that the file defines: J of the last state, with and without weights that are penalised.

Takes: networks whose loss is written out, and sums over the layers. Gives: verdicts, refusals, and values at several depths.
Guarantees: what a penalty adds to a derivative is neither lost nor doubled; a loss of many samples has no derivative in the
state of one; the recursion that is proved for one step gives the oracle's derivative through all of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rounding import assert_agree

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.verification.oracle import evaluate_float
from eqcompiler.verification.points import gradients, point

EQUATIONS = Path(__file__).parents[2] / "equations"
LAYERS = (
    r"$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$, $l = 1, \dots, L$,"
    r"$x \in \mathbb{R}^{n_0}$, $y \in \mathbb{R}^{n_L}$, $\lambda \in \mathbb{R}$ \[ a^{(0)} = x \]"
    r"\[ \sigma(z) = \frac{1}{1 + e^{-z}} \]\[ z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)} \] \[ a^{(l)} = \sigma(z^{(l)}) \]"
)
ERROR = r"\[ \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}} \]"
SQUARES = LAYERS + r"\[ J = \frac{1}{2} \|a^{(L)} - y\|_2^2 \]" + ERROR
PENALTY = (
    LAYERS
    + r"\[ C = \frac{1}{2} \|a^{(L)} - y\|_2^2 \] \[ R = \sum_{l=1}^{L} \|W^{(l)}\|_F^2 \] \[ J = C + \lambda R \]"
    + ERROR
)
AT_ONCE = LAYERS + r"\[ J = \frac{1}{2} \|a^{(L)} - y\|_2^2 + \lambda \sum_{k=1}^{L} \|W^{(k)}\|_F^2 \]" + ERROR
RECURSION = r"\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)})"

WRONG = {
    "no transpose": (SQUARES, r"\delta^{(l)} = (W^{(l+1)} \delta^{(l+1)}) \odot \sigma'(z^{(l)})"),
    "no slope": (SQUARES, r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)}"),
    "the slope at the layer after": (SQUARES, RECURSION.replace("z^{(l)}", "z^{(l+1)}")),
    "the last error without slope": (SQUARES, r"\delta^{(L)} = a^{(L)} - y"),
    "the last error with the other sign": (SQUARES, r"\delta^{(L)} = (y - a^{(L)}) \odot \sigma'(z^{(L)})"),
    "twice the last error": (SQUARES, r"\delta^{(L)} = 2 (a^{(L)} - y) \odot \sigma'(z^{(L)})"),
    "the wrong activations": (SQUARES, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l)})^\top"),
    "the penalty is lost": (PENALTY, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top"),
    "half of the penalty": (PENALTY, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top + \lambda W^{(l)}"),
    "the penalty of the next layer is lost": (
        PENALTY,
        r"\frac{\partial J}{\partial W^{(l+1)}} = \delta^{(l+1)} (a^{(l)})^\top",
    ),
    "the last penalty is lost": (PENALTY, r"\frac{\partial J}{\partial W^{(L)}} = \delta^{(L)} (a^{(L-1)})^\top"),
    "a penalty of the biases": (PENALTY, r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)} + 2 \lambda b^{(l)}"),
    "at once, the penalty is lost": (AT_ONCE, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top"),
    "half of the sum's derivative": (PENALTY, r"\frac{\partial R}{\partial W^{(l)}} = W^{(l)}"),
    "the sum has no derivative": (PENALTY, r"\frac{\partial J}{\partial W^{(l)}} = \frac{\partial C}{\partial W^{(l)}}"),
}
RIGHT = {
    "the recursion": (SQUARES, RECURSION),
    "the last error": (SQUARES, r"\delta^{(L)} = (a^{(L)} - y) \odot \sigma'(z^{(L)})"),
    "the last error by the chain rule": (SQUARES, r"\delta^{(L)} = \nabla_{a^{(L)}} J \odot \sigma'(z^{(L)})"),
    "the weights": (SQUARES, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top"),
    "the biases": (SQUARES, r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}"),
    "the penalised recursion": (PENALTY, RECURSION),
    "the penalised weights": (
        PENALTY,
        r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top + 2 \lambda W^{(l)}",
    ),
    "the penalised biases": (PENALTY, r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}"),
    "the last penalised weights": (
        PENALTY,
        r"\frac{\partial J}{\partial W^{(L)}} = \delta^{(L)} (a^{(L-1)})^\top + 2 \lambda W^{(L)}",
    ),
    "the next penalised weights": (
        PENALTY,
        r"\frac{\partial J}{\partial W^{(l+1)}} = \delta^{(l+1)} (a^{(l)})^\top + 2 \lambda W^{(l+1)}",
    ),
    "at once": (AT_ONCE, r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top + 2 \lambda W^{(l)}"),
    "the sum's derivative": (PENALTY, r"\frac{\partial R}{\partial W^{(l)}} = 2 W^{(l)}"),
}
TRUE = {
    "the sum in traces": (PENALTY, r"R = \sum_{l=1}^{L} \operatorname{tr}((W^{(l)})^\top W^{(l)})"),
    "two sums": (
        PENALTY,
        r"\frac{\partial J}{\partial W^{(l)}} = \frac{\partial C}{\partial W^{(l)}}"
        r" + \lambda \frac{\partial R}{\partial W^{(l)}}",
    ),
}
BATCH = LAYERS.replace(" $y", r" $X = [x^{(1)}, \dots, x^{(m)}]^\top$, $x^{(i)} \in \mathbb{R}^{n_0}$, $y") + (
    r"\[ h(x) = a^{(L)} \] \[ J = \frac{1}{m} \sum_{i=1}^m \|h(x^{(i)}) - y\|_2^2 \]"
)
REFUSED = {
    "a state of one sample below a loss of many": (
        BATCH,
        r"q^{(l)} = \frac{\partial J}{\partial z^{(l)}}",
        "'J' is made of many samples",
    ),
    "what the loss hides": (SQUARES, r"\frac{\partial \delta^{(l)}}{\partial y} = 0", "'y' acts on "),
    "states in a sum": (
        LAYERS,
        r"R = \sum_{l=1}^{L} \|a^{(l)}\|_2^2",
        "'a^{(l)}' in a sum over the layers depends on the layers before",
    ),
    "a part of the layers": (LAYERS, r"R = \sum_{l=2}^{L} \|W^{(l)}\|_F^2", "runs over a part of the layers"),
    "the last state beside a layer": (
        SQUARES,
        r"\delta^{(l)} = \|a^{(L)}\|_2^2 \frac{\partial J}{\partial z^{(l)}}",
        "'a^{(L)}' passes through all layers, beside a derivative at one of them",
    ),
}


def read(text: str) -> Document:
    return pipeline.document_of(Source("losses.tex", text))


@cache
def penalised() -> Document:
    return pipeline.load(EQUATIONS / "penalised_network.tex")


@cache
def kernels() -> ModuleType:
    return pipeline.kernels(penalised())


def verdict(setting: str, claim: str) -> str:
    *_, last = pipeline.verify(read(rf"{setting} \[ {claim} \]"))
    return last.verdict


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_claim_about_a_written_loss_is_refuted(case: str) -> None:
    assert verdict(*WRONG[case]) in ("refuted", "conditional")


@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_right_claim_about_a_written_loss_is_proved(case: str) -> None:
    assert verdict(*RIGHT[case]) == "proved"


def test_the_file_of_the_library_is_proved() -> None:
    assert [(v.name, v.verdict) for v in pipeline.verify(penalised()) if v.verdict != "proved"] == []


@pytest.mark.parametrize("case", sorted(TRUE))
def test_what_passes_through_all_layers_holds_at_several_depths(case: str) -> None:
    assert verdict(*TRUE[case]) in ("holds", "proved")


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_a_layer_does_not_show_is_refused(case: str) -> None:
    setting, claim, words = REFUSED[case]
    (error,) = [s.error for s in read(rf"{setting} \[ {claim} \]").statements if s.error]
    assert words in error.what


def rounded(weights: tuple[np.ndarray, ...]) -> float:
    """Roundings forward and back through all layers; what is wrong in one grows with the weights of the next."""
    total = 0.0
    for W in (*weights, *(W.T for W in reversed(weights))):
        total = (total + 2 * W.shape[1]) * max(1.0, np.linalg.norm(W, np.inf)) + 5
    return total + sum(2 * W.size for W in weights)


@pytest.mark.parametrize("widths", [(3, 2), (2, 1, 3), (1, 4, 2, 3)])
def test_the_proved_recursion_is_the_derivative_through_all_layers(widths: tuple[int, ...]) -> None:
    generator = np.random.default_rng(len(widths))
    weights = tuple(generator.normal(size=pair) for pair in zip(widths[1:], widths[:-1], strict=True))
    biases = tuple(generator.normal(size=here) for here in widths[1:])
    x, y, penalty = generator.normal(size=widths[0]), generator.normal(size=widths[-1]), 0.3
    states = [x]
    for W, b in zip(weights, biases, strict=True):
        states.append(1 / (1 + np.exp(-(W @ states[-1] + b))))
    error = (states[-1] - y) * states[-1] * (1 - states[-1])
    document = penalised()
    at = point(document, {"W": weights, "b": biases, "x": x, "y": y, "lambda": penalty})
    wanted = gradients(document, "J", at, ("W", "b"))
    loss = 0.5 * np.sum((states[-1] - y) ** 2) + penalty * sum(np.sum(W**2) for W in weights)
    operations = rounded(weights)
    assert_agree(evaluate_float(document, document.definitions["J"].body, at), loss, operations)
    for layer in range(len(weights), 0, -1):
        by_hand = np.outer(error, states[layer - 1]) + 2 * penalty * weights[layer - 1]
        assert_agree(wanted["W"][layer - 1], by_hand, operations)
        assert_agree(wanted["b"][layer - 1], error, operations)
        error = (weights[layer - 1].T @ error) * states[layer - 1] * (1 - states[layer - 1])


@pytest.mark.parametrize("widths", [(3, 2), (2, 1, 3), (1, 4, 2, 3)])
def test_the_kernel_of_a_penalised_loss_has_the_derivatives_of_the_oracle(widths: tuple[int, ...]) -> None:
    generator = np.random.default_rng(len(widths))
    weights = tuple(generator.normal(size=pair) for pair in zip(widths[1:], widths[:-1], strict=True))
    biases = tuple(generator.normal(size=here) for here in widths[1:])
    x, y, penalty = generator.normal(size=widths[0]), generator.normal(size=widths[-1]), 0.3
    document = penalised()
    at = point(document, {"W": weights, "b": biases, "x": x, "y": y, "lambda": penalty})
    wanted = gradients(document, "J", at, ("W", "b"))
    loss, *found = kernels().value_and_grad_J(weights, biases, x, y, penalty)
    operations = rounded(weights)
    assert_agree(loss, evaluate_float(document, document.definitions["J"].body, at), operations)
    for family, name in zip(found, ("W", "b"), strict=True):
        for mine, exact in zip(family, wanted[name], strict=True):
            assert_agree(mine, exact, operations)
