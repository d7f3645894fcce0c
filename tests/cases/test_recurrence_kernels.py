r"""From LaTeX to kernels of recurrences, against the oracle: layers of any widths, forward and back, one sample and many.

The oracle evaluates the recurrence step by step in ball arithmetic and shares nothing with index form and kernels.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from rounding import EPS, assert_agree

from eqcompiler import pipeline
from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.kernel_programs import chosen_kernels
from eqcompiler.calculus.lower import lower
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.kernels import load, module_text
from eqcompiler.languages.statements import Document
from eqcompiler.verification.points import gradients, point

NETWORK = r"""
Layer $l$ has weights $W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$ and biases $b^{(l)} \in \mathbb{R}^{n_l}$ for
$l = 1, \dots, L$. The input is $x \in \mathbb{R}^{n_0}$, samples $X = [x^{(1)}, \dots, x^{(m)}]^\top$,
$x^{(i)} \in \mathbb{R}^{n_0}$, $y^{(i)} \in \mathbb{R}^{n_L}$, $i = 1, \dots, m$.
\[ \sigma(z) = \frac{1}{1 + e^{-z}} \]
\[ a^{(0)} = x \]
\begin{equation} a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)}) \end{equation}
\[ h(x) = a^{(L)} \]
\[ C = \frac{1}{m} \sum_{i=1}^{m} \|h(x^{(i)}) - y^{(i)}\|_2^2 \]
"""


@pytest.fixture(scope="module")
def network() -> Document:
    return pipeline.document_of(Source("network.tex", NETWORK))


@pytest.fixture(scope="module")
def kernels(network: Document, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    choice = chosen_kernels(network)
    assert choice.refusals == ()
    return load(module_text(choice.requests, network.source), "network", tmp_path_factory.mktemp("network"))


def test_the_kernels_of_a_network(network: Document) -> None:
    found = {request.name: request.program for request in chosen_kernels(network).requests}
    assert list(found)[-6:] == ["h", "h_batch", "C", "grad_C", "value_and_grad_C", "hvp_C"]
    assert found["value_and_grad_C"].outputs == ("C", "grad_C_W", "grad_C_b")
    for program in found.values():
        check(program)


def test_samples_are_the_first_axis_of_the_state(network: Document) -> None:
    definition = network.definitions["C"]
    assert str(lower(network, definition.body, "C")).splitlines()[4:5] == [
        "  a_l[i in 1..m, k in 1..n_l] = 1/(exp(-b_l[k] - Sum(W_l[k, j]*a_before_l[i, j], (j, 1, n_before_l))) + 1)"
    ]


def values(widths: tuple[int, ...], samples: int, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "W": tuple(random.normal(size=(after, before)) for before, after in pairwise(widths)),
        "b": tuple(random.normal(size=after) for after in widths[1:]),
        "X": random.normal(size=(samples, widths[0])),
        "y": random.normal(size=(samples, widths[-1])),
    }


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("widths", [(1, 1), (3, 2), (2, 1, 3), (1, 4, 2, 1), (2, 3, 1, 2, 2), (1, 2, 3, 2, 1, 2), (2,) * 7])
def test_backpropagation_agrees_with_the_oracle(
    network: Document, kernels: ModuleType, widths: tuple[int, ...], samples: int
) -> None:
    given = values(widths, samples, len(widths) + samples)
    sample = point(network, given | {"x": given["X"][0]})
    expected = gradients(network, "C", sample, ("W", "b"))
    _, *found = kernels.value_and_grad_C(given["X"], given["W"], given["b"], given["y"])
    alone = kernels.grad_C(given["X"], given["W"], given["b"], given["y"])
    operations = 2.0 * samples
    for W in (*given["W"], *(W.T for W in reversed(given["W"]))):  # what is wrong in a layer grows with the weights of the next
        operations = (operations + 2 * W.shape[1]) * max(1.0, np.linalg.norm(W, np.inf)) + 5
    for name, family, again in zip(("W", "b"), found, alone, strict=True):
        largest = max(1.0, *(np.abs(member).max() for member in expected[name]))
        for member, right, same in zip(family, expected[name], again, strict=True):
            assert member.shape == np.shape(right)
            assert np.abs(member - right).max() <= operations * EPS * largest
            assert np.array_equal(member, same)


def test_one_sample_and_a_batch(kernels: ModuleType) -> None:
    given = values((3, 4, 2), 5, 1)
    batch = kernels.h_batch(given["X"], given["W"], given["b"])
    tolerance = 50 * np.finfo(float).eps
    for row, x in zip(batch, given["X"], strict=True):
        assert np.abs(kernels.h(x, given["W"], given["b"]) - row).max() <= tolerance
    value = np.mean(np.sum((batch - given["y"]) ** 2, axis=1))
    assert kernels.C(given["X"], given["W"], given["b"], given["y"]) == pytest.approx(value, rel=tolerance)


def test_a_derivative_in_a_family_inside_an_expression_is_refused(network: Document) -> None:
    claimed = pipeline.document_of(Source("claim.tex", NETWORK + r"\[ \frac{\partial C}{\partial W^{(l)}} = 0 \]"))
    claim = next(s for s in claimed.statements if s.kind == "claim: derivative").payload
    with pytest.raises(NotSupportedYet) as found:
        lower(claimed, claim.left, "left", claim.free)
    assert found.value.what == "the derivative in the family W inside an expression has no index form yet"


def test_generated_text_is_the_same_each_time(network: Document, tmp_path: Path) -> None:
    again = pipeline.document_of(Source("network.tex", NETWORK))
    assert module_text(chosen_kernels(again).requests, again.source) == pipeline.build(network)


# ---- over time

RECURRENT = r"""
Let $W \in \mathbb{R}^{p \times p}$, $U \in \mathbb{R}^{p \times d}$, $b \in \mathbb{R}^p$, $x_t \in \mathbb{R}^d$ for
$t = 1, \dots, T$, $y \in \mathbb{R}^p$, $u \in \mathbb{R}^p$.
\[ h_0 = u \]
\[ h_t = \tanh(W h_{t-1} + U x_t + b) \]
\[ J = \|h_T - y\|_2^2 \]
"""
DESCENT = r"""
Let $X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $\theta \in \mathbb{R}^n$, $u \in \mathbb{R}^n$, $\alpha > 0$.
\[ J(\theta) = \frac{1}{m} \|X \theta - y\|_2^2 \]
\[ \theta_0 = u \]
\[ \theta_{t+1} = \theta_t - \alpha \nabla J(\theta_t), \quad t = 0, \dots, T - 1 \]
\[ V(\alpha) = J(\theta_T) \]
"""
MOMENTUM = r"""
Let $X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $\theta \in \mathbb{R}^n$, $u \in \mathbb{R}^n$.
$\alpha > 0$, $0 < \beta < 1$
\[ J(\theta) = \frac{1}{m} \|X \theta - y\|_2^2 \]
\[ \theta_0 = u \]
\[ v_0 = 0 \]
\[ v_{t+1} = \beta v_t - \alpha \nabla J(\theta_t), \quad t = 0, \dots, T - 1 \]
\[ \theta_{t+1} = \theta_t + v_{t+1}, \quad t = 0, \dots, T - 1 \]
\[ V(\alpha, \beta) = J(\theta_T) \]
"""


def compiled(text: str, name: str, folder: Path) -> tuple[Document, ModuleType]:
    document = pipeline.document_of(Source("recurrence.tex", text))
    choice = chosen_kernels(document)
    assert choice.refusals == ()
    requests = tuple(request for request in choice.requests if request.name == name)
    return document, load(module_text(requests, document.source), name, folder)


def slope(function: Any, point: tuple[Any, ...], place: int) -> Any:
    """The derivative in one argument, by complex steps through a loop in NumPy."""
    found = np.empty(np.shape(point[place]))
    for at in np.ndindex(found.shape):
        moved = np.array(point[place], dtype=complex)
        moved[at] += 1e-200j
        found[at] = np.imag(function(*point[:place], moved[()], *point[place + 1 :])) / 1e-200
    return found


def test_backpropagation_through_time_from_its_latex(tmp_path: Path) -> None:
    """Without a derivative in the text, the gradient is in what the update reads: W, U and b, not in the data x_t."""
    document, module = compiled(RECURRENT, "value_and_grad_J", tmp_path)
    random = np.random.default_rng(3)
    w, u_, b, x, y, start = (random.normal(size=shape) for shape in ((3, 3), (3, 2), 3, (6, 2), 3, 3))
    value, *found = module.value_and_grad_J(w, u_, b, x, y, start)
    expected = gradients(document, "J", point(document, {"W": w, "U": u_, "b": b, "x": x, "y": y, "u": start}), ("W", "U", "b"))
    assert len(found) == 3
    for gradient, name in zip(found, ("W", "U", "b"), strict=True):
        assert_agree(gradient, expected[name], 2 * 6 * (2 * (3 + 2) + 5) * max(1.0, np.linalg.norm(w, np.inf)) ** 6)
    assert value > 0


@pytest.mark.parametrize("steps", [1, 7])
def test_an_unrolled_optimiser_is_differentiated_in_its_learning_rate(tmp_path: Path, steps: int) -> None:
    _, module = compiled(DESCENT, "value_and_grad_V", tmp_path)
    random = np.random.default_rng(4)
    X, y, u = random.normal(size=(5, 3)), random.normal(size=5), random.normal(size=3)

    def unrolled(alpha: Any) -> Any:
        theta = u
        for _ in range(steps):
            theta = theta - alpha * 2 / 5 * X.T @ (X @ theta - y)
        return np.sum((X @ theta - y) ** 2) / 5

    value, found = module.value_and_grad_V(0.1, X, y, u, steps)
    operations = 2 * (steps + 1) * (2 * (5 + 3) + 4)  # forward and back; the rate is below what makes a step grow
    assert_agree(value, unrolled(0.1), operations)
    assert_agree(found, float(slope(unrolled, (0.1,), 0)), operations)


def test_coupled_states_from_their_latex(tmp_path: Path) -> None:
    _, module = compiled(MOMENTUM, "value_and_grad_V", tmp_path)
    random = np.random.default_rng(5)
    X, y, u = random.normal(size=(5, 3)), random.normal(size=5), random.normal(size=3)

    def unrolled(alpha: Any, beta: Any) -> Any:
        theta, v = u, np.zeros(3)
        for _ in range(9):
            v = beta * v - alpha * 2 / 5 * X.T @ (X @ theta - y)
            theta = theta + v
        return np.sum((X @ theta - y) ** 2) / 5

    value, *found = module.value_and_grad_V(0.05, 0.8, X, y, u, 9)
    operations = 2 * (9 + 1) * (2 * (5 + 3) + 5)
    assert_agree(value, unrolled(0.05, 0.8), operations)
    for place, gradient in enumerate(found):
        assert_agree(gradient, float(slope(unrolled, (0.05, 0.8), place)), operations)
