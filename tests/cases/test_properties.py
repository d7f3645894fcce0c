r"""The theorems that tie the compiled kernels of least squares to one another, on random data.

Takes: the files of least squares. Gives: Hypothesis tests.
Guarantees: sizes from 1, fewer rows than columns too; each tolerance is derived where it stands: from the operation count, the
rounding unit and the size of the value when no two terms cancel, or from how fast an iteration contracts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kernel_terms import Values, call, derivative, document, is_closed_form, listed, requests

from eqcompiler import kernels
from eqcompiler.languages.program import Input
from eqcompiler.languages.terms import Extremum, Term
from eqcompiler.verification.oracle import Sample, evaluate_float

# Closed forms with a polynomial gradient, for which the tolerance below is a bound.
FILES = ("linear_regression.tex", "mean_squared_error.tex", "normal_equation.md", "regularized_regression.tex", "ridge.tex")
LARGEST = 4
ENTRY = 8.0
EPS = float(np.finfo(float).eps)
QUICK = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@cache
def flops(file: str, kernel: str) -> Callable[[Mapping[str, int]], float]:
    """Operations of one call, or of one iteration, for given sizes."""
    formula = kernels.plan(requests(file)[kernel]).operations().flops
    return lambda sizes: float(formula.subs({symbol: sizes[symbol.name] for symbol in formula.free_symbols}))


# Random arguments.


def matching_sizes(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, int]]:
    one = st.just(dict.fromkeys(names, 1))
    wide = st.just({name: 2 if k == 0 else LARGEST for k, name in enumerate(names)})
    return one | wide | st.fixed_dictionaries({name: st.integers(1, LARGEST) for name in names})


def entries(needed: Input, sizes: Mapping[str, int]) -> st.SearchStrategy[Any]:
    shape = tuple(size.value(sizes) for size in needed.shape)
    lowest = 1 / ENTRY if "positive" in needed.assumptions else -ENTRY
    numbers = st.floats(lowest, ENTRY, width=16)
    if "positive definite" in needed.assumptions:
        return arrays(float, shape, elements=st.floats(-1, 1, width=16)).map(lambda a: a @ a.T + np.eye(len(a)))
    return arrays(float, shape, elements=numbers) if shape else numbers


@st.composite
def arguments(draw: st.DrawFn, file: str, kernel: str) -> tuple[dict[str, int], Values]:
    inputs = requests(file)[kernel].program.inputs
    names = tuple(dict.fromkeys(name for needed in inputs for size in needed.shape for name in sorted(size.names)))
    sizes = draw(matching_sizes(names))
    return sizes, {needed.name: draw(entries(needed, sizes)) for needed in inputs}


def oracle(file: str, kernel: str, term: Term, sizes: Mapping[str, int], values: Values) -> Any:
    """The term's value at these inputs; for each entry of the first axis of the inputs that a batch kernel takes in a row."""
    if "batch" not in sizes:
        return evaluate_float(document(file), term, Sample(sizes, values))
    rows = [needed.name for needed in requests(file)[kernel].program.inputs if "batch" in map(str, needed.shape)]
    points = [{**values, **{name: values[name][k] for name in rows}} for k in range(sizes["batch"])]
    return np.array([evaluate_float(document(file), term, Sample(sizes, point)) for point in points])


def without_cancellation(file: str, kernel: str, term: Term, sizes: Mapping[str, int], values: Values) -> float:
    """The largest entry of the term over all choices of one sign for each input, taken at absolute values."""
    inputs = requests(file)[kernel].program.inputs
    free = [needed.name for needed in inputs if not needed.assumptions]
    largest = 0.0
    for signs in itertools.product((1, -1), repeat=len(free)):
        flipped = {name: sign * np.abs(values[name]) for name, sign in zip(free, signs, strict=True)}
        largest = max(largest, float(np.max(np.abs(oracle(file, kernel, term, sizes, {**values, **flipped})))))
    return largest


@pytest.mark.parametrize(
    ("file", "kernel"), [(file, name) for file in FILES for name in requests(file) if is_closed_form(file, name)]
)
def test_gradient_vanishes_at_the_closed_form(file: str, kernel: str) -> None:
    """At any shape; where the minimiser is not unique, at the one that is returned, unless the kernel refuses to solve.

    The bound is the backward error of a solve.
    """
    extremum = document(file).definitions[kernel].body
    assert isinstance(extremum, Extremum)
    gradient = derivative(document(file), extremum.body, extremum.variable)

    @QUICK
    @given(arguments(file, kernel))
    def holds(drawn: tuple[dict[str, int], Values]) -> None:
        sizes, values = drawn
        try:
            found = call(file, kernel, values)
        except np.linalg.LinAlgError:
            anywhere = {**values, extremum.variable: np.zeros(gradient.type.shape[0].value(sizes))}
            hessian = derivative(document(file), gradient, extremum.variable)
            assert np.linalg.cond(evaluate_float(document(file), hessian, Sample(sizes, anywhere))) >= 0.01 / EPS
            return
        at = Sample(sizes, {**values, extremum.variable: found})
        bound = without_cancellation(file, kernel, gradient, sizes, {**values, extremum.variable: found})
        tolerance = flops(file, kernel)(sizes) * EPS * bound
        assert np.all(np.isfinite(found))
        np.testing.assert_allclose(evaluate_float(document(file), gradient, at), 0, rtol=0, atol=tolerance)

    holds()


# Theorems across kernels. Data: X with singular values in [1, 2], so that lambda_max / lambda_min of X^T X is at most 4.

REGRESSION = "linear_regression.tex"
CONDITION = 4.0


def least_squares(seed: int, m: int, n: int) -> Values:
    """m >= n. Both names of the data matrix, so that a kernel finds the one it takes."""
    random = np.random.default_rng(seed)
    left = np.linalg.qr(random.standard_normal((m, n)))[0]
    right = np.linalg.qr(random.standard_normal((n, n)))[0]
    X = np.ascontiguousarray(left * np.linspace(1, 2, n) @ right)
    return {"X": X, "x": X, "y": random.standard_normal(m), "b": 0.0, "theta": np.zeros(n)}


data = st.builds(
    lambda seed, n, more: least_squares(seed, n + more, n), st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 6)
)


@QUICK
@given(data, st.floats(0.05, 0.9))
def test_descent_ends_at_the_normal_equation(values: Values, share: float) -> None:
    """For 0 < alpha < m / lambda_max: every step shrinks the error by |1 - 2 alpha lambda / m| for each eigenvalue lambda."""
    X, m = values["X"], len(values["y"])
    eigenvalues = np.linalg.eigvalsh(X.T @ X)
    alpha = share * m / eigenvalues[-1]
    worst = float(np.max(np.abs(1 - 2 * alpha * eigenvalues / m)))
    size = float(np.linalg.norm(values["y"]))  # bounds the solution, as the singular values are at least 1
    last = 1e-13 * size
    theta, steps = call(REGRESSION, "theta_run", {**values, "alpha": alpha}, iterations=10_000, tolerance=last)
    star = call(REGRESSION, "theta_star", values)
    direct = np.linalg.solve(X.T @ X, X.T @ values["y"])
    rounding = (flops(REGRESSION, "theta_run")({"m": m, "n": X.shape[1]}) + 100) * EPS * CONDITION * size
    atol = (last * np.sqrt(len(theta)) + rounding) / (1 - worst)
    assert steps < 10_000
    np.testing.assert_allclose(theta, star, rtol=0, atol=atol)
    np.testing.assert_allclose(star, direct, rtol=0, atol=atol)


@QUICK
@given(data, st.floats(1.05, 3.0))
def test_descent_diverges_above_the_step_bound(values: Values, share: float) -> None:
    """For alpha = share m / lambda_max the error along the largest eigenvector grows by 2 share - 1 in every step."""
    X, m = values["X"], len(values["y"])
    eigenvalues, vectors = np.linalg.eigh(X.T @ X)
    star = call(REGRESSION, "theta_star", values)
    start = star + vectors[:, -1]
    alpha = share * m / eigenvalues[-1]
    steps = 60
    theta, taken = call(REGRESSION, "theta_run", {**values, "theta": start, "alpha": alpha}, iterations=steps, tolerance=0.0)
    expected = (2 * share - 1) ** steps
    assert taken == steps
    assert np.linalg.norm(theta - star) >= expected * (1 - 1e-6)


@QUICK
@given(data, st.floats(-4, 4))
def test_sample_index_and_matrix_form_give_the_same_numbers(values: Values, b: float) -> None:
    """The loss of the samples, the mean squared error by indices and the one in matrix form, at the same weights."""
    X, y = values["X"], values["y"]
    w = np.linspace(-1, 1, X.shape[1])
    by_samples = call(REGRESSION, "J", {**values, "theta": w, "b": b})
    by_indices = call("mean_squared_error.tex", "MSE", {"X": X, "y": y, "w": w, "b": b})
    by_matrices = call("normal_equation.md", "J", {"X": X, "y": y - b, "theta": w})
    plain = np.mean((X @ w + b - y) ** 2)
    bound = float(np.mean((np.abs(X) @ np.abs(w) + abs(b) + np.abs(y)) ** 2))
    atol = 4 * flops(REGRESSION, "J")({"m": len(y), "n": len(w)}) * EPS * bound
    np.testing.assert_allclose([by_samples, by_indices, by_matrices], plain, rtol=0, atol=atol)


@QUICK
@given(data, st.floats(-4, 4))
def test_gradients_of_the_forms_agree(values: Values, b: float) -> None:
    X, y = values["X"], values["y"]
    theta = np.linspace(-1, 1, X.shape[1])
    at = {**values, "theta": theta, "b": b}
    gradient = listed(call(REGRESSION, "grad_J", at))[0]
    value, again = listed(call(REGRESSION, "value_and_grad_J", at))[:2]
    in_matrices = listed(call("normal_equation.md", "grad_J", {"X": X, "y": y - b, "theta": theta}))[0]
    plain = 2 / len(y) * X.T @ (X @ theta + b - y)
    bound = float(np.max(2 / len(y) * np.abs(X).T @ (np.abs(X) @ np.abs(theta) + abs(b) + np.abs(y))))
    atol = 4 * flops(REGRESSION, "value_and_grad_J")({"m": len(y), "n": len(theta)}) * EPS * max(bound, 1.0)
    for found in (gradient, again, in_matrices):
        np.testing.assert_allclose(found, plain, rtol=0, atol=atol)
    np.testing.assert_allclose(value, np.mean((X @ theta + b - y) ** 2), rtol=0, atol=atol * (1 + bound))


@QUICK
@given(data)
def test_ridge_tends_to_least_squares(values: Values) -> None:
    """||theta(lambda) - theta(0)|| <= m lambda ||theta(0)|| / lambda_min, and lambda_min >= 1 here."""
    star = call(REGRESSION, "theta_star", values)
    penalty = 2.0**-20
    ridge = call("ridge.tex", "theta_star", {**values, "lambda": penalty, "lambda_": penalty, "lam": penalty})
    bound = len(values["y"]) * penalty * float(np.linalg.norm(star)) + 1000 * EPS
    assert np.linalg.norm(ridge - star) <= bound


@QUICK
@given(data, st.floats(0.05, 0.9), st.floats(0.125, 4))
def test_ridge_descent_ends_at_the_ridge_closed_form(values: Values, share: float, penalty: float) -> None:
    """The Hessian 2/m X^T X + 2 lambda I has its eigenvalues between 2/m + 2 lambda and 8/m + 2 lambda."""
    m, n = values["X"].shape
    curvature = 2 * np.linalg.eigvalsh(values["X"].T @ values["X"]) / m + 2 * penalty
    alpha = share * 2 / curvature[-1]
    worst = float(np.max(np.abs(1 - alpha * curvature)))
    size = float(np.linalg.norm(values["y"]))
    last = 1e-13 * size
    given_values = {**values, "alpha": alpha, "lambda": penalty}
    theta, steps = call("ridge.tex", "theta_run", given_values, iterations=10_000, tolerance=last)
    star = call("ridge.tex", "theta_star", given_values)
    rounding = (flops("ridge.tex", "theta_run")({"m": m, "n": n}) + 100) * EPS * CONDITION * size
    assert steps < 10_000
    np.testing.assert_allclose(theta, star, rtol=0, atol=(last * np.sqrt(n) + rounding) / (1 - worst))


@QUICK
@given(data, st.floats(0.25, 4), st.integers(0, 2**32 - 1))
def test_maximum_likelihood_under_gaussian_noise_is_the_normal_equation(values: Values, sigma: float, seed: int) -> None:
    """At theta* the log-likelihood has no slope, and along any direction d it falls by |X d|^2 / (2 sigma^2)."""
    file, star = "gaussian_likelihood.tex", call(REGRESSION, "theta_star", values)
    m, n = values["X"].shape
    at = {**values, "theta": star, "sigma": sigma}
    terms = np.abs(values["X"]) @ np.abs(star) + np.abs(values["y"])
    count = flops(file, "value_and_grad_ell")({"m": m, "n": n})
    slope = listed(call(file, "grad_ell", at))[0]
    bound = float(np.max(np.abs(values["X"]).T @ terms)) / sigma**2
    np.testing.assert_allclose(slope, 0, rtol=0, atol=(count + 100) * CONDITION * EPS * bound)
    direction = np.random.default_rng(seed).standard_normal(n)
    fall = call(file, "ell", at) - call(file, "ell", {**at, "theta": star + direction})
    moved = terms + np.abs(values["X"]) @ np.abs(direction)
    size = float(np.sum(moved**2)) / sigma**2 + m * (abs(np.log(sigma)) + 1)
    expected = float(np.sum((values["X"] @ direction) ** 2)) / (2 * sigma**2)
    np.testing.assert_allclose(fall, expected, rtol=0, atol=(count + 100) * CONDITION * EPS * size)


@QUICK
@given(data, st.floats(-4, 4))
def test_a_layer_without_nonlinearity_is_the_linear_model(values: Values, b: float) -> None:
    weights = np.linspace(-1, 1, values["X"].shape[1])
    for row in values["X"]:
        (layer,) = call("backpropagation.tex", "s", {"W": weights[None, :], "u": row, "c": np.array([b])})
        model = call(REGRESSION, "h_theta", {"theta": weights, "x": row, "b": b})
        size = float(np.abs(row) @ np.abs(weights)) + abs(b)
        assert abs(layer - model) <= flops(REGRESSION, "h_theta")({"n": len(row)}) * EPS * size
