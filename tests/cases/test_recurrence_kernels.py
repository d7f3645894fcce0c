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
    assert list(found)[-5:] == ["h", "h_batch", "C", "grad_C", "value_and_grad_C"]
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
    for name, family, again in zip(("W", "b"), found, alone, strict=True):
        largest = max(np.abs(member).max() for member in expected[name])
        for member, right, same in zip(family, expected[name], again, strict=True):
            assert member.shape == np.shape(right)
            assert np.abs(member - right).max() <= 1e-12 * largest
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
