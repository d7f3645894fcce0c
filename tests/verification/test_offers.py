"""What is offered for a false claim can be read in its place and is true there; conditions that only a law or a point gives."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict


def judged(*lines: str) -> Verdict:
    source = Source("claim.tex", "\n".join(rf"\[ {line} \]" for line in lines))
    return pipeline.verify(pipeline.document_of(source))[-1]


GATE = (
    r"x \in \mathbb{R}^{n}, \quad h, c, u \in \mathbb{R}^{m}, \quad W \in \mathbb{R}^{m \times n}",
    r"\sigma(t) = \frac{1}{1 + e^{-t}}",
    r"z = \sigma(W x)",
    r"L = u^T \left( (\mathbf{1} - z) \odot h + z \odot c \right)",
)
DIRECTION = (
    r"f : \mathbb{R}^{n} \to \mathbb{R}, \quad x, d \in \mathbb{R}^{n}, \quad t \in \mathbb{R}",
    r"g(t) = f(x + t d)",
)
ENTRY = (
    r"A \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^{n}, \quad k \in \{1, \dots, n\}",
    r"f(x) = \sum_{i=1}^{n} \sum_{j=1}^{n} A_{ij} x_i x_j",
)
PLANE = (
    r"a, v, x \in \mathbb{R}^{n}, \quad b \in \mathbb{R}",
    r"x^* = \arg\min_{x : a^T x = b} \frac{1}{2} \|x - v\|_2^2",
)
TWO_STEPS = (
    r"x_1, x_2 \in \mathbb{R}^{n}, \quad W \in \mathbb{R}^{m \times n}, \quad v \in \mathbb{R}^{m}",
    r"d_1 = v \odot v, \quad d_2 = v",
    r"L = d_1^T W x_1 + d_2^T W x_2",
)

# The file with the claim in its end, the right side that is offered.
OFFERED = [
    (
        (*GATE, r"\frac{\partial L}{\partial W} = \left( u \odot (c - h) \odot z \right) x^T"),
        r"(u \odot (c - h) \odot z \odot (\mathbf{1} - z)) x^\top",
    ),
    ((*DIRECTION, r"g'(t) = -\nabla f(x + t d)^T d"), r"\nabla f(x + t d)^\top d"),
    ((*ENTRY, r"\frac{\partial f}{\partial x_k} = 2 \sum_{j=1}^{n} A_{kj} x_j"), r"(A^\top x)_k + (A x)_k"),
    ((*PLANE, r"x^* = v + \frac{a^T v - b}{a^T a} a"), r"v - \frac{a^\top v - b}{a^\top a} a"),
    ((*TWO_STEPS, r"\frac{\partial L}{\partial W} = d_2 x_2^T"), r"d_2 x_2^\top + d_1 x_1^\top"),
    ((*TWO_STEPS, r"\frac{\partial L}{\partial W} = d_2 x_1^T + d_1 x_2^T"), r"d_1 x_1^\top + d_2 x_2^\top"),
    (
        (r"A, X, B \in \mathbb{R}^{n \times n}", r"\operatorname{vec}(A X B) = (B \otimes A) \operatorname{vec}(X)"),
        r"(B^\top \otimes A) \operatorname{vec}(X)",
    ),
    ((r"x \in \mathbb{R}", r"\sinh(2 x) = 2 \sinh^2 x"), r"2 \sinh(x) \cosh(x)"),
    # random points rarely lie between 0 and 1, where (-x)^2 - x is as wrong
    ((r"x \in \mathbb{R}", r"|x^2 - x| = x^2 - x"), r"\left| 1 - x \right| \left| x \right|"),
]


@pytest.mark.parametrize(("lines", "right"), OFFERED)
def test_the_offer(lines: tuple[str, ...], right: str) -> None:
    assert judged(*lines).repair == right


@pytest.mark.parametrize(("lines", "right"), OFFERED)
def test_the_offer_in_place_is_true(lines: tuple[str, ...], right: str) -> None:
    left, _ = lines[-1].split(" = ")
    assert judged(*lines[:-1], f"{left} = {right}").verdict in ("proved", "holds")


def test_what_cannot_be_read_again_is_not_offered() -> None:
    lines = (r"x \in \mathbb{R}^n", r"f(x) = \sum_{i=1}^n \log(1 + e^{x_i})", r"\nabla f(x) = x")
    offered = judged(*lines).repair
    assert offered is None or judged(*lines[:-1], rf"\nabla f(x) = {offered}").verdict in ("proved", "holds")


@pytest.mark.parametrize(
    ("lines", "condition"),
    [
        (
            (
                r"A \in \mathbb{R}^{m \times n}, \quad \mu \in \mathbb{R}^n, \quad \Sigma \in \mathbb{S}^n_{++}",
                r"x \sim \mathcal{N}(\mu, \Sigma)",
                r"\operatorname{Cov}[A x, A x] = A A^T",
            ),
            r"\Sigma = I",
        ),
        ((*DIRECTION, r"g'(t) = t \nabla f(x + t d)^T d"), "t = 1"),
        (
            (
                r"B \in \mathbb{R}^{n \times n}, \quad s, y \in \mathbb{R}^{n}, \quad C = B + \frac{(y - B s) s^T}{s^T s}",
                r"C^{-1} = B^{-1} - \frac{(s - B^{-1} y) s^T B^{-1}}{s^T B^{-1} y}",
            ),
            "y = B s",
        ),
        ((r"a \in \mathbb{R}", r"\int_0^{\infty} e^{-a x} \, dx = \frac{1}{a}"), "a > 0"),
    ],
)
def test_the_condition(lines: tuple[str, ...], condition: str) -> None:
    verdict = judged(*lines)
    assert (verdict.verdict, verdict.condition) == ("conditional", condition)
