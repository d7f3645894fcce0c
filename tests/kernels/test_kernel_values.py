"""Every kernel against the one-number-at-a-time interpreter, on random shapes down to 1 by 1 and m < n, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_cases import CASES, DESCENT_RUN, LEAST_SQUARES_GRADIENT, NORMAL_EQUATIONS, NORMAL_EQUATIONS_WITH_BIAS
from numpy_interpreter import Interpreter

from eqcompiler.languages.kernel_requests import KernelRequest

UNIQUE = (NORMAL_EQUATIONS, NORMAL_EQUATIONS_WITH_BIAS)


def sample(request: KernelRequest, sizes: dict[str, int], seed: int, dtype: type) -> dict[str, object]:
    """Values of the inputs, in the order of the parameters; targets between 0 and 1 so that logarithms exist."""
    rng = np.random.default_rng(seed)
    values: dict[str, object] = {}
    for given_input in request.program.inputs:
        shape = tuple(d.value(sizes) for d in given_input.shape)
        drawn = rng.uniform(0.1, 0.9, shape) if given_input.name in ("y", "lambda", "alpha") else rng.normal(size=shape)
        values[given_input.name] = drawn.astype(dtype) if shape else float(drawn)
    return values


def as_tuple(result: object) -> tuple[object, ...]:
    return result if isinstance(result, tuple) else (result,)


def assert_kernel_matches(kernel: object, request: KernelRequest, sizes: dict[str, int], seed: int, dtype: type) -> None:
    values = sample(request, sizes, seed, dtype)
    kept = {name: np.copy(value) for name, value in values.items()}
    expected = Interpreter(request.program, sizes, values, float(np.finfo(dtype).eps)).outputs()
    results = as_tuple(kernel(*values.values()))
    assert len(results) == len(expected)
    for result, (right, error) in zip(results, expected, strict=True):
        assert np.shape(result) == right.shape
        if right.shape:
            assert result.dtype == dtype
        # twice the bound: the interpreter rounds too
        assert np.all(np.abs(result - right) <= 2 * error), (result, right, error)
    for name, value in values.items():
        np.testing.assert_array_equal(value, kept[name])


@pytest.mark.parametrize("request_", CASES, ids=lambda case: case.name)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values(built, request_, data):
    largest = 6
    sizes = {name: data.draw(st.integers(1, largest), label=name) for name in "mnp"}
    if request_ in UNIQUE:
        sizes["m"] = sizes["n"] + 3  # with fewer rows the solution is not unique
    seed = data.draw(st.integers(0, 10_000), label="seed")
    assert_kernel_matches(getattr(built, request_.name), request_, sizes, seed, np.float64)


# LAPACK in single precision is met in the normal equations and ridge already; each further routine costs seconds to compile
SINGLE = [case for case in CASES if case.name not in ("whole_tensors", "quadratic_of_inverse")]


@pytest.mark.parametrize("request_", SINGLE, ids=lambda case: case.name)
def test_values_in_single_precision(built, request_):
    for seed, (rows, columns) in enumerate(((7, 3), (1, 1), (2, 5))):
        if request_ not in UNIQUE or rows > columns:
            assert_kernel_matches(getattr(built, request_.name), request_, {"m": rows, "n": columns, "p": 2}, seed, np.float32)


def test_the_comparison_catches_a_factor_1_0005(built):
    def wrong(*arguments):
        return built.grad_J(*arguments) * 1.0005

    assert_kernel_matches(built.grad_J, LEAST_SQUARES_GRADIENT, {"m": 5, "n": 3, "p": 1}, 0, np.float64)
    with pytest.raises(AssertionError):
        assert_kernel_matches(wrong, LEAST_SQUARES_GRADIENT, {"m": 5, "n": 3, "p": 1}, 0, np.float64)


def test_run_repeats_the_step_until_it_stands_still(built):
    values = sample(DESCENT_RUN, {"m": 30, "n": 2}, 3, np.float64)
    theta, b, X, y, alpha = values.values()
    ones = np.column_stack([X, np.ones(30)])
    best = np.linalg.lstsq(ones, y)[0]
    found, found_b, done = built.descent_run(theta, b, X, y, alpha, 10_000, tolerance=1e-14)
    # the last step moved by at most 1e-14; the error is that over 1 - (the slowest contraction)
    slowest = 1 - np.min(np.abs(1 - np.abs(1 - alpha * 2 / 30 * np.linalg.eigvalsh(ones.T @ ones)))) + 1e-14
    assert np.max(np.abs(np.append(found, found_b) - best)) <= 10 * 1e-14 / (1 - slowest)
    assert 10 < done < 10_000
    stepped, stepped_b = theta, b
    for _ in range(7):
        stepped, stepped_b = built.descent_step(stepped, stepped_b, X, y, alpha)
    theta_7, b_7, done_7 = built.descent_run(theta, b, X, y, alpha, 7)
    np.testing.assert_allclose(theta_7, stepped, rtol=7 * 30 * 2**-52)
    np.testing.assert_allclose(b_7, stepped_b, rtol=7 * 30 * 2**-52)
    assert done_7 == 7


def test_run_of_a_scalar_counts_its_iterations(built):
    assert built.square_root_run(2.0, 4.0, 50) == (2.0, 1)
    root, done = built.square_root_run(1.0, 2.0, 50)
    assert abs(root - np.sqrt(2.0)) <= 2**-52
    assert done <= 7
    assert built.square_root_run(1.0, 2.0, 0) == (1.0, 0)
    root, done = built.square_root_run(float("nan"), 2.0, 5)
    assert np.isnan(root)
    assert done == 5


@pytest.mark.parametrize("solver", ["normal_equations", "normal_equations_with_bias"])
@pytest.mark.parametrize("columns", [4, 7, 10])
def test_ill_conditioned_systems_keep_the_accuracy_of_least_squares(built, columns, solver):
    """Columns of a Hilbert matrix: X'X has a condition number of up to 1e26, and the solution keeps cond(X) eps."""
    rows = 20
    X = 1.0 / (np.arange(rows)[:, None] + np.arange(columns)[None, :] + 1.0)
    theta = np.ones(columns)
    known = (X, X @ theta) if solver == "normal_equations" else (X, X @ theta + 2.0, 2.0)
    found = getattr(built, solver)(*known)
    eps = np.finfo(float).eps
    allowed = max(np.linalg.cond(X) * rows * eps, np.sqrt(eps) * rows)  # Cholesky is used while it loses half the digits
    assert np.max(np.abs(found - theta)) <= allowed


def test_a_singular_system_gives_the_shortest_least_squares_solution(built):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3, 5)), rng.normal(size=3)
    best = np.linalg.lstsq(X, y)[0]
    allowed = 100 * np.linalg.cond(X) * np.finfo(float).eps
    assert np.max(np.abs(built.normal_equations(X, y) - best)) <= allowed
    assert np.max(np.abs(built.ridge(X, y, 0.0) - best)) <= allowed


def test_data_that_is_not_finite_gives_not_finite_results(built):
    X, y = np.ones((3, 2)), np.array([1.0, np.nan, 2.0])
    assert np.isnan(built.J(np.ones(2), 0.0, X, y))
    X[1, 1] = np.nan
    assert np.isnan(built.normal_equations(X, np.ones(3))).all()
