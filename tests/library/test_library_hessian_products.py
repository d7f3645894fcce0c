"""Hessian-vector products: what they cost beside a gradient, and that they are the Hessian times the vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sympy
from agreement import assert_agree, largest

from eqcompiler import pipeline
from eqcompiler.kernels import plan
from eqcompiler.languages.kernel_requests import KernelRequest

EQUATIONS = Path(__file__).parents[2] / "equations"
m, n = (sympy.Symbol(name, integer=True, positive=True) for name in "mn")


def requests(topic: str) -> dict[str, KernelRequest]:
    return {request.name: request for request in pipeline.kernel_requests(pipeline.load(EQUATIONS / f"{topic}.tex"))}


# topic, function, flops of the product, flops of the gradient
COSTS = [
    ("linear_regression", "J", 4 * m * n + 2 * m, 4 * m * n + m + 2 * n),
    ("ridge", "J", 4 * m * n + 2 * m + 2 * n, 4 * m * n + 5 * n),
    ("weighted_least_squares", "L", 4 * m * n + m, 4 * m * n + m),
    ("logistic_regression", "L", 6 * m * n + 5 * m, 4 * m * n + 4 * m),
    ("huber", "L", 6 * m * n + 3 * m, 4 * m * n + 9 * m),
    ("newton", "J", 4 * n**2 + 3 * n, 4 * n**2 + 4 * n),
]


@pytest.mark.parametrize(("topic", "function", "product", "gradient"), COSTS, ids=[case[0] for case in COSTS])
def test_a_product_costs_less_than_two_gradients(topic, function, product, gradient):
    found = requests(topic)
    assert plan(found[f"hvp_{function}"]).operations().flops == product
    assert plan(found[f"grad_{function}"]).operations().flops == gradient
    assert all(plan(found[f"hvp_{function}"]).operations().reads[name] == m * n for name in ("X",) if topic != "newton")


def test_the_direction_stands_beside_the_variable():
    assert [item.name for item in requests("ridge")["hvp_J"].program.inputs] == ["theta", "v", "X", "y", "lambda"]


def test_a_scalar_variable_has_no_product():
    assert "hess_sigma" in requests("sigmoid_softplus")
    assert "hvp_sigma" not in requests("sigmoid_softplus")


@pytest.mark.parametrize(("topic", "function"), [("logistic_regression", "L"), ("rayleigh_quotient", "R")])
def test_the_product_is_the_hessian_times_the_vector(topic, function):
    kernels = pipeline.kernels(pipeline.load(EQUATIONS / f"{topic}.tex"))
    rng = np.random.default_rng(4)
    theta, direction, X, y = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(6, 3)), np.array([0.0, 1, 1, 0, 1, 0])
    given = (X, y) if topic == "logistic_regression" else (X,)
    hessian = getattr(kernels, f"hess_{function}")(theta, *given)
    product = getattr(kernels, f"hvp_{function}")(theta, direction, *given)
    assert_agree(product, hessian @ direction, 64 * X.size, largest(hessian) * largest(direction))
