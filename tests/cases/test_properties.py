r"""The compiled kernels of least squares against the oracle, and the theorems that tie them to one another, on random data.

Takes: every kernel of FILES. Gives: Hypothesis tests.
Guarantees: sizes from 1, fewer rows than columns too, float64 and float32; a tolerance is the operation count of the kernel
times the rounding unit times the size of the value when no two terms cancel; inputs stay as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eqcompiler import kernels, pipeline
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Input
from eqcompiler.languages.statements import Definition, Document, Recurrence
from eqcompiler.languages.terms import Derivative, Extremum, Reference, Term, Type
from eqcompiler.verification.oracle import Sample, evaluate_float

EQUATIONS = Path(__file__).parents[2] / "equations"
# Polynomial kernels, for which the tolerance below is a bound; tests/library compares the others, each with its own formula.
FILES = ("linear_regression.tex", "mean_squared_error.tex", "normal_equation.md", "regularized_regression.tex", "ridge.tex")
LARGEST = 4
ENTRY = 8.0
EPS = float(np.finfo(float).eps)
QUICK = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

Values = dict[str, Any]


@cache
def document(file: str) -> Document:
    return pipeline.load(EQUATIONS / file)


@cache
def module(file: str) -> ModuleType:
    return pipeline.kernels(document(file))


@cache
def requests(file: str) -> dict[str, KernelRequest]:
    return {request.name: request for request in pipeline.kernel_requests(document(file))}


@cache
def flops(file: str, kernel: str) -> Callable[[Mapping[str, int]], float]:
    """Operations of one call, or of one iteration, for given sizes."""
    formula = kernels.plan(requests(file)[kernel]).operations().flops
    return lambda sizes: float(formula.subs({symbol: sizes[symbol.name] for symbol in formula.free_symbols}))


def call(file: str, kernel: str, values: Values, dtype: type = np.float64, **more: Any) -> Any:
    """The kernel with its arguments taken from `values` by name; inputs must come back unchanged."""
    names = [needed.name for needed in requests(file)[kernel].program.inputs]
    arguments = {name: np.asarray(values[name], dtype) if np.ndim(values[name]) else values[name] for name in names}
    before = {name: np.copy(argument) for name, argument in arguments.items()}
    result = getattr(module(file), kernel)(*arguments.values(), **more)
    for name in names:
        np.testing.assert_array_equal(arguments[name], before[name])
    return result


# What a kernel's outputs are, as terms for the oracle.


def reference(found: Definition) -> Reference:
    return Reference(found.body.type, found.name)


def derivative(of: Document, body: Term, variable: str) -> Derivative:
    type_ = of.symbols[variable].type
    assert isinstance(type_, Type)
    return Derivative(Type(body.type.shape + type_.shape), body, variable)


def term_of(of: Document, output: str) -> Term:
    """`J`, `grad_J_theta`, `hess_J_theta`."""
    if output in of.definitions:
        return reference(of.definitions[output])
    for found, variable in itertools.product(of.definitions.values(), of.symbols):
        gradient = derivative(of, reference(found), variable) if f"_{found.name}_{variable}" in output else None
        if gradient and output == f"grad_{found.name}_{variable}":
            return gradient
        if gradient and output == f"hess_{found.name}_{variable}":
            return derivative(of, gradient, variable)
    raise AssertionError(f"{output} is neither a definition nor a derivative of one")


def terms_of(file: str, kernel: str) -> tuple[Term, ...]:
    request = requests(file)[kernel]
    if request.kind == "value":
        return tuple(term_of(document(file), output) for output in request.program.outputs)
    recurrences = [s.payload for s in document(file).statements if isinstance(s.payload, Recurrence)]
    updates = {r.state: r.update for r in recurrences} | {state: update for r in recurrences for state, update in r.also}
    return tuple(updates[state] for state in request.state)


def is_closed_form(file: str, kernel: str) -> bool:
    """The kernel of an argmin."""
    found = document(file).definitions.get(kernel)
    return found is not None and isinstance(found.body, Extremum)


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


def listed(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def all_kernels(kind: str) -> Iterator[Any]:
    for file in FILES:
        for name, request in requests(file).items():
            if request.kind == kind and not is_closed_form(file, name):
                yield pytest.param(file, name, id=f"{file}:{name}")


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("file", "kernel"), [*all_kernels("value"), *all_kernels("step")])
def test_kernel_equals_the_oracle(file: str, kernel: str, dtype: type) -> None:
    terms = terms_of(file, kernel)

    @QUICK
    @given(arguments(file, kernel))
    def holds(drawn: tuple[dict[str, int], Values]) -> None:
        sizes, values = drawn
        rounded = {name: np.asarray(value, dtype).astype(float) for name, value in values.items()}
        results = listed(call(file, kernel, values, dtype))
        assert len(results) == len(terms)
        for result, term in zip(results, terms, strict=True):
            exact = oracle(file, kernel, term, sizes, rounded)
            bound = without_cancellation(file, kernel, term, sizes, rounded)
            tolerance = flops(file, kernel)(sizes) * float(np.finfo(dtype).eps) * bound
            assert np.shape(result) == np.shape(exact)
            assert not np.ndim(result) or np.asarray(result).dtype == dtype
            np.testing.assert_allclose(result, exact, rtol=0, atol=tolerance)

    holds()


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


def test_the_comparison_can_fail() -> None:
    """A kernel that is off by 0.05 % is outside the tolerance."""
    values = least_squares(0, 6, 3)
    sizes = {"m": 6, "n": 3}
    right = call(REGRESSION, "J", values)
    bound = without_cancellation(REGRESSION, "J", term_of(document(REGRESSION), "J"), sizes, values)
    assert abs(1.0005 * right - right) > flops(REGRESSION, "J")(sizes) * EPS * bound
