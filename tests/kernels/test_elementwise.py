"""Elementwise functions, Hadamard products, ones, diagonals, maxima and cases: read, proved, differentiated, compiled."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eqcompiler import pipeline
from eqcompiler.languages.statements import Document

TEX = r"""
$A, B \in \mathbb{R}^{m \times n}$, $a, b \in \mathbb{R}^n$
\[ f(A) = \mathbf{1}^\top (A \odot B) \mathbf{1} \]
\[ \nabla_A f = B \]
\[ g(a) = \mathbf{1}^\top \tanh(a) \]
\[ \nabla_a g = \mathbf{1} - \tanh(a) \odot \tanh(a) \]
\[ h(a) = b^\top \operatorname{diag}(b) a \]
\[ \nabla_a h = b \odot b \]
\[ r(z) = \max(0, z) \]
\[ q(a) = b^\top r(a) \]
\[ c(z) = \begin{cases} z^2/2 & \text{if } |z| \le 1 \\ |z| - \frac{1}{2} & \text{otherwise} \end{cases} \]
\[ c'(z) = \begin{cases} z & \text{if } |z| \le 1 \\ \operatorname{sign}(z) & \text{otherwise} \end{cases} \]
"""
KINKS = "where arguments of max or min are equal, their derivative is taken as 0."


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path: Path = tmp_path_factory.mktemp("elementwise") / "elementwise.tex"
    path.write_text(TEX)
    return pipeline.load(path)


@pytest.fixture(scope="module")
def kernels(document: Document) -> ModuleType:
    return pipeline.kernels(document)


def test_every_claim_is_proved(document: Document) -> None:
    assert [(v.name, v.verdict) for v in pipeline.verify(document)] == [
        ("grad_f", "proved"),
        ("grad_g", "proved"),
        ("grad_h", "proved"),
        ("c_prime", "proved"),
    ]


def test_wrong_gradients_of_the_same_definitions_are_refuted(tmp_path: Path) -> None:
    wrong = TEX.replace(r"\nabla_A f = B", r"\nabla_A f = A").replace(r"\nabla_a h = b \odot b", r"\nabla_a h = b")
    wrong = wrong.replace(r"\mathbf{1} - \tanh(a)", r"\mathbf{1} + \tanh(a)").replace(r"{sign}(z)", r"{sign}(z)/2")
    (tmp_path / "wrong.tex").write_text(wrong)
    assert {v.verdict for v in pipeline.verify(pipeline.load(tmp_path / "wrong.tex"))} <= {"refuted", "conditional"}


def near(terms: np.ndarray, products: int) -> float:
    """How far two sums of these terms may differ: each rounds once a product and once an addition."""
    return (products + 1) * terms.size * float(np.finfo(float).eps) * float(np.abs(terms).sum())


def test_values_and_gradients(kernels: ModuleType) -> None:
    random = np.random.default_rng(0)
    A, B, a, b = random.normal(size=(3, 2)), random.normal(size=(3, 2)), random.normal(size=4), random.normal(size=4)
    positive = np.maximum(0, a)
    assert abs(kernels.f(A, B) - (A * B).sum()) <= near(A * B, 1)
    np.testing.assert_array_equal(kernels.grad_f(A, B), B)
    slopes = 1 - np.tanh(a) ** 2
    assert np.abs(kernels.grad_g(a) - slopes).max() <= 8 * np.finfo(float).eps  # two tanh, squares, differences, each below 1
    assert abs(kernels.h(a, b) - (b * b * a).sum()) <= near(b * b * a, 2)
    np.testing.assert_array_equal(kernels.grad_h(a, b), b**2)
    assert abs(kernels.q(a, b) - b @ positive) <= near(b * positive, 1)


def test_the_subgradient_of_a_maximum_at_its_kink_is_0_and_stated(kernels: ModuleType) -> None:
    assert [kernels.grad_r(z) for z in (-1.0, -0.0, 0.0, 1.0)] == [0.0, 0.0, 0.0, 1.0]
    assert kernels.grad_q(np.array([-1.0, 0.0, 2.0]), np.array([3.0, 4.0, 5.0])).tolist() == [0.0, 0.0, 5.0]
    for name, about in {
        "grad_r": "The gradient of r in z",
        "value_and_grad_r": "The value of r and its gradient in z",
        "grad_q": "The gradient of q in a",
    }.items():
        assert getattr(kernels, name).__doc__.splitlines()[0] == f"{about}; {KINKS}"
    assert KINKS not in kernels.grad_g.__doc__


def test_cases_change_where_they_say(kernels: ModuleType) -> None:
    points = (-3.0, -1.0, -0.5, 0.0, 1.0, 1.5)
    assert [kernels.c(z) for z in points] == [2.5, 0.5, 0.125, 0.0, 0.5, 1.0]
    assert [kernels.grad_c(z) for z in points] == [-1.0, -1.0, -0.5, 0.0, 1.0, 1.0]
