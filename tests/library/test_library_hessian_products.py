"""Hessian-vector products: what they cost beside a gradient, and that they are the Hessian times the vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sympy
from agreement import library
from rounding import assert_agree, largest

from eqcompiler import pipeline
from eqcompiler.kernels import plan
from eqcompiler.languages.kernel_requests import KernelRequest

EQUATIONS = Path(__file__).parents[2] / "equations"
m, n, K = (sympy.Symbol(name, integer=True, positive=True) for name in "mnK")


def requests(topic: str) -> dict[str, KernelRequest]:
    return {request.name: request for request in pipeline.kernel_requests(pipeline.load(EQUATIONS / f"{topic}.tex"))}


# topic, function, flops of the product, flops of the gradient
COSTS = [
    ("linear_regression", "J", 4 * m * n + 2 * m, 4 * m * n + m + 2 * n),
    ("ridge", "J", 4 * m * n + 2 * m + 2 * n, 4 * m * n + 5 * n),
    ("weighted_least_squares", "L", 4 * m * n + m, 4 * m * n + m),
    ("logistic_regression", "L", 6 * m * n + 5 * m, 4 * m * n + 4 * m),
    ("huber", "L", 6 * m * n + 3 * m, 4 * m * n + 9 * m),
    ("newton", "J", 2 * n**2, 2 * n**2 + 4 * n),
    ("softmax_cross_entropy", "J", 6 * K * m * n + 10 * K * m + 6 * m, 4 * K * m * n + 7 * K * m + 2 * m),
]


@pytest.mark.parametrize(("topic", "function", "product", "gradient"), COSTS, ids=[case[0] for case in COSTS])
def test_a_product_costs_less_than_two_gradients(topic, function, product, gradient):
    found = requests(topic)
    assert plan(found[f"hvp_{function}"]).operations().flops == product
    assert plan(found[f"grad_{function}"]).operations().flops == gradient
    if topic not in ("newton", "softmax_cross_entropy"):  # no X; and products of matrices, each of which reads X
        assert plan(found[f"hvp_{function}"]).operations().reads["X"] == m * n


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


# ---- through recurrences: gradients by hand, of complex numbers, so that the product is their derivative without a difference


def recurrent_gradient(W, U, b, V, c, x, y):
    """Back through time, written out."""
    states = [np.zeros(len(b), dtype=complex)]
    for row in x:
        states.append(np.tanh(W @ states[-1] + U @ row + b))
    error = V @ states[-1] + c - y
    bar, gradients = V.T @ error, [np.zeros(part.shape, dtype=complex) for part in (W, U, b)]
    for before, after, row in zip(states[-2::-1], states[:0:-1], x[::-1], strict=True):
        delta = bar * (1 - after**2)
        for total, part in zip(gradients, (np.outer(delta, before), np.outer(delta, row), delta), strict=True):
            total += part
        bar = W.T @ delta
    return {**dict(zip("WUb", gradients, strict=True)), "V": np.outer(error, states[-1]), "c": error}


def network_gradient(weights, biases, x, y, penalty):
    """Backpropagation with weight decay, written out: the weights' gradients, then the biases'."""
    states = [x.astype(complex)]
    for W, b in zip(weights, biases, strict=True):
        states.append(1 / (1 + np.exp(-(W @ states[-1] + b))))
    bar, found = states[-1] - y, []
    for W, before, after in zip(weights[::-1], states[-2::-1], states[:0:-1], strict=True):
        delta = bar * after * (1 - after)
        found.append((np.outer(delta, before) + 2 * penalty * W, delta))
        bar = W.T @ delta
    return [W for W, _ in found[::-1]], [b for _, b in found[::-1]]


STEP = 1e-100


def test_the_product_of_a_recurrent_network_goes_through_time_twice():
    rng = np.random.default_rng(5)
    k, d, q, steps = 3, 2, 2, 4
    at = {"W": (k, k), "U": (k, d), "b": (k,), "V": (q, k), "c": (q,)}
    at, along = ({name: rng.normal(size=shape) for name, shape in at.items()} for _ in range(2))
    x, y = rng.normal(size=(steps, d)), rng.normal(size=q)
    moved = recurrent_gradient(*(at[name] + 1j * STEP * along[name] for name in at), x, y)
    inputs = [item.name for item in requests("recurrent_network")["hvp_E"].program.inputs]
    given = {**at, **{f"v_{name}": value for name, value in along.items()}, "x": x, "y": y}
    found = library("recurrent_network").hvp_E(*(given[name] for name in inputs if name in given))
    names = [name.removeprefix("v_") for name in inputs if name.startswith("v_")]
    size = steps * largest(*at.values()) ** 3 * largest(*along.values())
    for name, product in zip(("V", "c", "W", "U", "b"), found, strict=True):
        assert name in names
        assert_agree(product, moved[name].imag / STEP, 64 * steps * k * (k + d + q), size)


@pytest.mark.parametrize("widths", [(2, 3), (3, 1, 2), (2, 4, 3, 2)])
def test_the_product_of_a_penalised_network_is_joint_in_all_layers(widths):
    rng = np.random.default_rng(len(widths))
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights, v_weights = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
    biases, v_biases = ([rng.normal(size=here) for here, _ in shapes] for _ in range(2))
    x, y, penalty = rng.normal(size=widths[0]), rng.normal(size=widths[-1]), 0.3
    moved = [[at + 1j * STEP * v for at, v in zip(*pair, strict=True)] for pair in ((weights, v_weights), (biases, v_biases))]
    wanted = network_gradient(*moved, x, y, penalty)
    products = library("penalised_network").hvp_J(weights, v_weights, biases, v_biases, x, y, penalty)
    size = largest(*weights[0]) ** 2 * largest(*v_weights[0], 1.0) * 4 ** len(widths)
    for family, exact in zip(products, wanted, strict=True):
        for product, value in zip(family, exact, strict=True):
            assert_agree(product, value.imag / STEP, 64 * sum(widths), size)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_product_of_an_unrolled_optimiser_is_its_second_derivative_in_the_learning_rate(steps):
    """V = |X theta_T - y|^2 / 2m with theta_T = A^T (u - s) + s for A = I - alpha H and the least-squares solution s."""
    rng = np.random.default_rng(steps)
    X, y, u, rate, v = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3), 0.2, 1.5
    H, solution = X.T @ X / 6, np.linalg.lstsq(X, y, rcond=None)[0]
    values, Q = np.linalg.eigh(H)
    start, shrunk = (Q.T @ (u - solution)) ** 2, 1 - rate * values
    second = 0.5 * np.sum(values**3 * start * 2 * steps * (2 * steps - 1) * shrunk ** (2 * steps - 2))
    found = library("unrolled_descent").hvp_V(rate, v, X, y, u, steps)
    assert_agree(found, second * v, 256 * steps * X.size, largest(values) ** 3 * largest(start))


def test_a_matrix_has_a_product_of_its_own_shape():
    kernels = pipeline.kernels(pipeline.load(EQUATIONS / "softmax_cross_entropy.tex"))
    rng = np.random.default_rng(4)
    W, V, X, Y = rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), rng.normal(size=(6, 3)), np.eye(2)[[0, 1, 1, 0, 1, 0]]
    step = 2.0**-17  # of a central difference: its own error and that of the gradients balance
    ahead, behind = (kernels.grad_J(W + sign * step * V, X, Y) for sign in (1, -1))
    found = kernels.hvp_J(W, V, X, Y)
    scale = np.sum(np.abs(X)) ** 3 * np.sum(np.abs(V)) ** 3
    np.testing.assert_allclose(found, (ahead - behind) / (2 * step), rtol=0, atol=scale * step**2)
