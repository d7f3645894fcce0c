r"""Chain rules about a loss that nothing defines: wrong ones first, then the right ones, for numbers and for layers.

Takes: one neuron and one layer, whose loss is known by its derivatives only. Gives: the verdict of each claim about it.
Guarantees: nothing here is decided by a value of the loss; a claim that is 0 = 0 because the loss was read as a constant fails.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict

Judge = Callable[[str], tuple[Verdict, ...]]

SIGMOID = r"\[ \sigma(z) = \frac{1}{1 + e^{-z}} \]"
NEURON = rf"$w, x, b \in \mathbb{{R}}$ {SIGMOID} \[ z = wx + b \] \[ a = \sigma(z) \]"
LAYER = (
    r"$W \in \mathbb{R}^{p \times q}$, $x \in \mathbb{R}^q$, $b \in \mathbb{R}^p$"
    rf"{SIGMOID} \[ z = W x + b \] \[ a = \sigma(z) \]"
)
SQUARE = LAYER.replace(r"{p \times q}", r"{q \times q}").replace("^p", "^q")
CALLS = (
    r"$f : \mathbb{R}^n \to \mathbb{R}$, $\ell : \mathbb{R} \to \mathbb{R}$, $g : \mathbb{R} \times \mathbb{R} \to \mathbb{R}$,"
    r"$u, v \in \mathbb{R}^n$, $A \in \mathbb{R}^{n \times m}$, $w \in \mathbb{R}^m$, $t \in \mathbb{R}$"
)


def outcome(text: str) -> str:
    *_, last = pipeline.verify(pipeline.document_of(Source("claim.tex", text)))
    return last.verdict


WRONG = {
    "a factor is missing": (
        NEURON,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \frac{\partial z}{\partial w}",
    ),
    "the sigmoid in the place of its derivative": (
        NEURON,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma(z) \cdot x",
    ),
    "the derivative at the wrong point": (
        NEURON,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(a) \cdot x",
    ),
    "a factor twice": (NEURON, r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z} \cdot \sigma'(z)"),
    "the input is dropped": (NEURON, r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(z)"),
    "the sign": (NEURON, r"\frac{\partial L}{\partial b} = -\frac{\partial L}{\partial a} \cdot \sigma'(z)"),
    "a declared loss is no constant": (
        NEURON.replace("w, x, b", "w, x, b, L"),
        r"\frac{\partial L}{\partial w} = 2 \frac{\partial L}{\partial a} \cdot \sigma'(z) \cdot x",
    ),
    "a factor of a layer is missing": (
        LAYER,
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a} \cdot \frac{\partial z}{\partial W}",
    ),
    "the error of the activation": (LAYER, r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a} x^T"),
    "the contraction is transposed": (
        SQUARE,
        r"\frac{\partial L}{\partial x} = W \frac{\partial L}{\partial z} + 0 \frac{\partial L}{\partial a}",
    ),
    "the outer product is transposed": (
        SQUARE,
        r"\frac{\partial L}{\partial W} = x \frac{\partial L}{\partial z}^T + 0 \frac{\partial L}{\partial a} x^T",
    ),
    "the sigmoid of a layer": (
        LAYER,
        r"\frac{\partial L}{\partial x} = W^T \left( \frac{\partial L}{\partial a} \odot \sigma(z) \right)",
    ),
    "the matrix is dropped": (CALLS + r"\[ F(u) = f(2 u) \]", r"\nabla F(u) = \nabla f(2 u)"),
    "the point is dropped": (CALLS + r"\[ F(w) = f(A w + u) \]", r"\nabla F(w) = A^T \nabla f(A w)"),
    "the value in the place of the slope": (CALLS + r"\[ H(w) = \ell(w^T w) \]", r"\nabla H(w) = 2 \ell(w^T w) w"),
    "a product of slopes is no second derivative": (
        CALLS + r"\[ F(w) = f(A w) \]",
        r"\nabla^2 F(w) = A^T \nabla f(A w) \nabla f(A w)^T A",
    ),
    "the direction is dropped": (CALLS + r"\[ g_1(t) = f(u + t v) \]", r"g_1'(t) = \nabla f(u + t v)^T u"),
}
SHAPES = {
    "the order is wrong": (
        LAYER,
        r"\frac{\partial L}{\partial W} = \frac{\partial a}{\partial W} \cdot \frac{\partial L}{\partial a}",
    ),
    "the result is transposed": (LAYER, r"\frac{\partial L}{\partial W} = x \frac{\partial L}{\partial z}^T"),
}
RIGHT = {
    "a neuron": (
        NEURON,
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}"
        r" \cdot \frac{\partial z}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(z) \cdot x",
    ),
    "a declared loss": (
        NEURON.replace("w, x, b", "w, x, b, L"),
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(z) \cdot x",
    ),
    "a declared function": (
        NEURON + r" $L : \mathbb{R} \to \mathbb{R}$",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot \sigma'(z) \cdot x",
    ),
    "a layer": (
        LAYER,
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z}"
        r" \cdot \frac{\partial z}{\partial W}",
    ),
    "two factors of a layer": (
        LAYER,
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial W}",
    ),
    "the outer product": (LAYER, r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial z} x^T"),
    "the input of a layer": (
        LAYER,
        r"\frac{\partial L}{\partial x} = W^T \left( \frac{\partial L}{\partial a} \odot \sigma'(z) \right)",
    ),
    "the Jacobian transposed": (
        LAYER,
        r"\frac{\partial L}{\partial z} = \left( \frac{\partial a}{\partial z} \right)^T \frac{\partial L}{\partial a}",
    ),
    "a gradient through a matrix": (CALLS + r"\[ F(w) = f(A w) \]", r"\nabla F(w) = A^T \nabla f(A w)"),
    "a Hessian through a matrix": (CALLS + r"\[ F(w) = f(A w) \]", r"\nabla^2 F(w) = A^T \nabla^2 f(A w) A"),
    "a sum of losses": (
        CALLS + r"\[ G(u) = \sum_{i=1}^n \ell(v_i u_i) \]",
        r"\frac{\partial^2 G}{\partial u_k \partial u_j} = \delta_{jk} v_k^2 \ell''(v_k u_k)",
    ),
    "along a line": (CALLS + r"\[ g_1(t) = f(u + t v) \]", r"g_1'(t) = \nabla f(u + t v)^T v"),
    "the second derivative along a line": (CALLS + r"\[ g_1(t) = f(u + t v) \]", r"g_1''(t) = v^T \nabla^2 f(u + t v) v"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_chain_is_refuted(case: str) -> None:
    setting, claim = WRONG[case]
    assert outcome(rf"{setting} \[ {claim} \]") in ("refuted", "conditional")


@pytest.mark.parametrize("case", sorted(SHAPES))
def test_a_chain_whose_shapes_do_not_meet_is_refused_with_both(case: str) -> None:
    setting, claim = SHAPES[case]
    *_, last = pipeline.verify(pipeline.document_of(Source("claim.tex", rf"{setting} \[ {claim} \]")))
    assert (last.verdict, last.method) == ("refuted", "shapes")


@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_right_chain_is_proved_for_every_loss(case: str) -> None:
    setting, claim = RIGHT[case]
    verdicts = pipeline.verify(pipeline.document_of(Source("claim.tex", rf"{setting} \[ {claim} \]")))
    assert [v.verdict for v in verdicts] == ["proved"] * len(verdicts)


def test_a_declared_function_of_another_shape_is_refused() -> None:
    document = pipeline.document_of(
        Source(
            "claim.tex",
            NEURON
            + r" $L : \mathbb{R}^n \to \mathbb{R}$ \[ \frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} x \]",
        )
    )
    (error,) = [s.error for s in document.statements if s.error]
    assert error.what == "'L' is a function of a vector of size n; it is differentiated here as a function of a: a scalar"


def test_no_kernel_is_made_of_an_unknown_function() -> None:
    document = pipeline.document_of(Source("claim.tex", CALLS + r"\[ F(w) = f(A w) \] \[ H(t) = \ell(t^2) \]"))
    assert pipeline.kernel_names(document) == ()
    assert {what.what for _, what in pipeline.kernel_refusals(document)} == {
        "f is declared and not defined, so nothing can be computed from it",
        "ell is declared and not defined, so nothing can be computed from it",
    }
