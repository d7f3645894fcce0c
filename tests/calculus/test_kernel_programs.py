r"""Which kernels a document gives: values, gradients in the parameters, batches of models, steps, and their names."""

from __future__ import annotations

from eqcompiler.calculus.kernel_programs import chosen_kernels
from eqcompiler.errors import Source
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document


def names(*displays: str) -> list[str]:
    source = Source("file.tex", "\n".join(rf"\[ {display} \]" for display in displays))
    choice = chosen_kernels(type_document(source, formulas(source)))
    assert choice.refusals == ()
    return [request.name for request in choice.requests]


def test_a_loss_gives_its_gradients_and_a_model_its_batch() -> None:
    found = names(
        r"x^{(i)} \in \mathbb{R}^n, \quad i \in \{1, \dots, m\}, \quad y \in \mathbb{R}^m",
        r"\theta \in \mathbb{R}^n, \quad b \in \mathbb{R}, \quad \lambda > 0",
        r"h(x) = \theta^T x + b",
        r"J(\theta) = \sum_{i=1}^m (h(x^{(i)}) - y_i)^2 + \lambda \theta^T \theta",
    )
    assert found == ["h", "h_batch", "J", "grad_J", "value_and_grad_J", "hess_J", "hvp_J", "grad_J_b"]


def test_a_definition_without_arguments_has_the_gradients_that_the_document_takes() -> None:
    found = names(r"w \in \mathbb{R}^n, \quad v \in \mathbb{R}^n", r"L = w^T w", r"\frac{\partial L}{\partial w} = 2 w")
    assert found == ["L", "grad_L", "value_and_grad_L", "hess_L", "hvp_L"]


def test_names_that_python_keeps_for_itself_get_an_underscore() -> None:
    found = names(r"A \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n", r"\lambda = \frac{x^T A x}{x^T x}")
    assert found == ["lambda_"]


def test_an_update_gives_a_step_and_a_run() -> None:
    found = names(r"\theta \in \mathbb{R}^n, \quad \alpha > 0", r"\theta \leftarrow \theta - \alpha \theta")
    assert found == ["theta_step", "theta_run"]
