"""Names that reading makes for neighbouring layers are shown as their author writes them."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

NETWORK = r"""Layers $W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$ for $l = 1, \dots, L$, input
$a^{(0)} \in \mathbb{R}^{n_0}$, target $y \in \mathbb{R}^{n_L}$, $\lambda > 0$.
\[ z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)} \]
\[ a^{(l)} = \tanh(z^{(l)}) \]
\[ C = \|a^{(L)} - y\|^2 + \lambda \sum_{l=1}^{L} \|W^{(l)}\|_F^2 \]
\[ \delta^{(l)} = \frac{\partial C}{\partial z^{(l)}} \]
\[ \frac{\partial C}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top + 2 \lambda W^{(l)} \]
\[ \frac{\partial C}{\partial W^{(l)}} = a^{(l-1)} + W^{(l)} \]
"""


@pytest.fixture(scope="module")
def network() -> Document:
    return pipeline.document_of(Source("net.tex", NETWORK))


def test_types_and_names_are_those_of_the_author(network: Document) -> None:
    found = {s.name: s.type_text for s in network.statements if s.kind in ("declaration", "claim: derivative")}
    assert found["W_l"] == "W_l: matrix (n_l by n_{l-1})"
    assert found["dC_dW_l"] == "matrix (n_l by n_{l-1})"
    inferred = [text for s in network.statements for text in s.inferred]
    assert "a^{(l-1)}: vector (n_{l-1}), nothing declares it" in inferred


def test_errors_speak_of_sizes_as_the_author_does(network: Document) -> None:
    (error,) = [s.error for s in network.statements if s.error is not None]
    assert error.what == "these cannot be added: a vector of size n_{l-1} and n_l by n_{l-1}"


def test_a_kernel_that_one_layer_cannot_give_says_what_is_hidden_from_it(network: Document) -> None:
    ((name, reason),) = pipeline.kernel_refusals(network)
    assert (name, reason.what, str(reason.span)) == (
        "delta_l",
        r"'\|a^{(L)} - y\|^2' is here a part of C, any function of a_l, so nothing can be computed from it",
        "net.tex:6:4",
    )


BOLD = r"$\mathbf{A}, \mathbf{X} \in \mathbb{R}^{n \times n}$, $\boldsymbol{\mu}, \mathbf{w} \in \mathbb{R}^n$. "


@pytest.mark.parametrize(
    ("claim", "condition", "repair"),
    [
        (
            r"\nabla_{\mathbf{w}} \|\mathbf{X w}\|_2^2 = \mathbf{X}^\top \mathbf{X w}",
            None,
            r"2 \mathbf{X}^\top \mathbf{X} \mathbf{w}",
        ),
        (r"\mathbf{A} \mathbf{w} = \mathbf{A}^\top \mathbf{w}", r"\mathbf{A} = \mathbf{A}^T", None),
        (r"\nabla_{\boldsymbol\mu} \|\bm{\mu}\|_2^2 = \boldsymbol{\mu}", None, r"2 \boldsymbol{\mu}"),
    ],
)
def test_letters_in_bold_print_as_such(claim: str, condition: str | None, repair: str | None) -> None:
    """A repair without its fonts was about other names, and was not offered."""
    found = pipeline.verify(pipeline.document_of(Source("bold.tex", rf"{BOLD} \[ {claim} \]")))[-1]
    assert (found.condition if condition else None, found.repair) == (condition, repair)
