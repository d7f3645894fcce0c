"""Runs form products of what does not change before they iterate: where that is wrong, does not pay, and pays."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from kernel_cases import (
    DATA,
    DESCENT_RUN,
    NEWTON_RUN,
    ONE,
    SQUARE,
    A,
    I,
    K,
    M,
    N,
    P,
    W,
    X,
    alpha,
    b,
    i,
    j,
    k,
    m,
    n,
    p,
    theta,
    w,
    x,
    y,
)
from sympy import Sum, exp

from eqcompiler.kernels import plan
from eqcompiler.kernels.contract_invariants import contract_invariants
from eqcompiler.kernels.emit import compiled_name
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Program, index, tensor

ALPHA, WEIGHTS = Input("alpha", ()), Input("w", (M,))
v, g, r, z, Y = (tensor(name) for name in "vgrzY")
PREDICTION = Sum(X[i, j] * theta[j], (j, 1, n))
RESIDUAL = Indexed("r", (I,), PREDICTION - y[i])


def run(name: str, inputs: tuple[Input, ...], *definitions: Indexed, state: tuple[str, ...] = ("theta",)) -> KernelRequest:
    outputs = tuple(f"{s}_next" for s in state)
    return KernelRequest(name, Program(inputs, definitions, outputs), "run", state)


def moved(direction: sympy.Expr) -> Indexed:
    return Indexed("theta_next", (K,), theta[k] - alpha * direction)


GRADIENT = Indexed("g", (K,), Sum(X[i, k] * r[i], (i, 1, m)) / m)
LEAST_SQUARES = run("least_squares", (*DATA, ALPHA), RESIDUAL, GRADIENT, moved(g[k]))
RIDGE = run("ridge", (*DATA, ALPHA), RESIDUAL, GRADIENT, moved(g[k] + b * theta[k]))
SOFT = run("soft", (*DATA, ALPHA), RESIDUAL, GRADIENT, moved(g[k] + b * sympy.sign(theta[k])))
WEIGHTED = run(
    "weighted",
    (*DATA, ALPHA, WEIGHTS),
    RESIDUAL,
    Indexed("g", (K,), Sum(w[i] * X[i, k] * r[i], (i, 1, m)) / m),
    moved(g[k]),
)
LOOK_AHEAD = Indexed("r", (I,), Sum(X[i, j] * (theta[j] + b * v[j]), (j, 1, n)) - y[i])
NESTEROV = run(
    "nesterov",
    (DATA[0], Input("v", (N,)), *DATA[1:], ALPHA),
    LOOK_AHEAD,
    GRADIENT,
    Indexed("v_next", (K,), b * v[k] - alpha * g[k]),
    Indexed("theta_next", (K,), theta[k] + tensor("v_next")[k]),
    state=("theta", "v"),
)
C = index("c")
COLUMN = Axis(C, ONE, p)
SEVERAL = run(
    "several",
    (Input("W", (N, P)), Input("X", (M, N)), Input("Y", (M, P)), ALPHA),
    Indexed("r", (I, COLUMN), Sum(X[i, j] * W[j, C], (j, 1, n)) - Y[i, C]),
    Indexed("W_next", (K, COLUMN), W[k, C] - alpha * Sum(X[i, k] * r[i, C], (i, 1, m)) / m),
    state=("W",),
)
HOISTED = (LEAST_SQUARES, RIDGE, SOFT, WEIGHTED, NESTEROV, SEVERAL, DESCENT_RUN)

LOGISTIC = Indexed("r", (I,), 1 / (1 + exp(-PREDICTION)) - y[i])
ROBUST = Indexed("r", (I,), (PREDICTION - y[i]) / (1 + z[i]))
KEPT = {
    "a residual that is not affine": run("f", (*DATA, ALPHA), LOGISTIC, GRADIENT, moved(g[k])),
    "weights that depend on the state": run(
        "f", (*DATA, ALPHA), Indexed("z", (I,), PREDICTION**2), ROBUST, GRADIENT, moved(g[k])
    ),
    "a part of the residual that is not affine": run(
        "f", (*DATA, ALPHA), Indexed("r", (I,), PREDICTION + sympy.tanh(PREDICTION) - y[i]), GRADIENT, moved(g[k])
    ),
    "a matrix that is there already": run(
        "f", (*SQUARE, ALPHA), Indexed("x_next", (K,), x[k] - alpha * Sum(A[k, j] * x[j], (j, 1, n))), state=("x",)
    ),
    "a sum of which one side ends at the other": run(
        "f",
        (DATA[0], Input("A", (N, N)), ALPHA),
        Indexed("r", (K,), Sum(A[k, j] * theta[j], (j, 1, k))),
        Indexed("theta_next", (K,), theta[k] - alpha * Sum(A[i, k] * r[i], (i, k, n))),
    ),
    "a residual that one branch alone reads": run(
        "f",
        (*DATA, ALPHA),
        RESIDUAL,
        moved(sympy.Piecewise((Sum(X[i, k] * r[i], (i, 1, m)), theta[k] > 0), (0, True))),
    ),
}


@pytest.mark.parametrize("case", sorted(KEPT))
def test_nothing_is_hoisted(case):
    assert contract_invariants(KEPT[case].program, KEPT[case].state) is None
    assert plan(KEPT[case]).hoisted is None


def test_a_step_is_never_hoisted():
    step = KernelRequest("step", LEAST_SQUARES.program, "step", ("theta",))
    assert plan(step).hoisted is None


def test_the_plan_says_what_is_hoisted_and_when():
    assert str(plan(LEAST_SQUARES)).split("  or, where ")[1] == (
        "iterations*(4*m*n - 2*n**2 - n) > m*n**2 + 3*m*n:\n"
        "    allocate X_y[n], X_X[n, n], theta_next[n]\n"
        "    X_X := symmetric dot(X', X)\n"
        "    for k in 1..n:\n"
        "      X_y[k] := 0\n"
        "    for i in 1..m:\n"
        "      y_i := y[i]\n"
        "      for k in 1..n:\n"
        "        X_y[k] += y_i*X[i, k]\n"
        "    repeat (theta <- theta_next):\n"
        "      for k in 1..n:\n"
        "        g := 0\n"
        "        for j in 1..n:\n"
        "          g += X_X[k, j]*theta[j]\n"
        "        g := (g - X_y[k])/m\n"
        "        theta_next[k] := -alpha*g + theta[k]"
    )


@pytest.fixture(scope="module")
def runs(compile_one):
    return compile_one(*HOISTED, NEWTON_RUN)


def data(request: KernelRequest, rows: int, columns: int) -> dict[str, object]:
    """Well-conditioned data, and a step length with which the descent converges."""
    rng = np.random.default_rng(7)
    sizes = {"m": rows, "n": columns, "p": 3}
    values: dict[str, object] = {}
    for item in request.program.inputs:
        shape = tuple(d.value(sizes) for d in item.shape)
        values[item.name] = rng.uniform(0.2, 0.8, shape) if item.name in ("w", "b") else rng.normal(size=shape)
        values[item.name] = values[item.name] if shape else float(values[item.name])
    values["alpha"] = 0.1
    return values


def forbidden(*arguments: object) -> None:
    raise AssertionError("this branch is not wanted here")


@pytest.mark.parametrize("request_", HOISTED, ids=lambda request: request.name)
def test_many_iterations_run_on_the_products_and_agree(runs, monkeypatch, request_):
    values = data(request_, 60, 4)
    name = f"_{compiled_name(request_.name)}"
    direct = getattr(runs, name)
    monkeypatch.setattr(runs, name, forbidden)
    found = getattr(runs, request_.name)(*values.values(), 50)
    monkeypatch.setattr(runs, name, direct)
    monkeypatch.setattr(runs, f"{name}_hoisted", lambda *given: direct(*given[: len(values)], *given[-2:]))
    expected = getattr(runs, request_.name)(*values.values(), 50)
    assert found[-1] == expected[-1]
    for left, right in zip(found[:-1], expected[:-1], strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-9)  # the agreement that is asked for


@pytest.mark.parametrize("request_", HOISTED, ids=lambda request: request.name)
def test_few_iterations_do_not_form_the_products(runs, monkeypatch, request_):
    monkeypatch.setattr(runs, f"_{compiled_name(request_.name)}_hoisted", forbidden)
    monkeypatch.setattr(runs.np, "dot", forbidden)
    values = data(request_, 40, 30)
    assert getattr(runs, request_.name)(*values.values(), 1)[-1] == 1
    wide = data(request_, 3, 30)
    assert getattr(runs, request_.name)(*wide.values(), 1000, tolerance=1e9)[-1] == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_tolerance_stops_both_forms_at_the_minimum(runs, dtype):
    rows, columns, rate = 80, 3, 0.2
    values = data(LEAST_SQUARES, rows, columns) | {"alpha": rate}
    values = {name: value.astype(dtype) if isinstance(value, np.ndarray) else value for name, value in values.items()}
    tolerance = float(64 * np.finfo(dtype).eps)
    found, done = runs.least_squares(*values.values(), 100_000, tolerance=tolerance)
    exact = np.linalg.lstsq(values["X"].astype(float), values["y"].astype(float))[0]
    slowest = 1 - rate * np.linalg.eigvalsh(values["X"].T @ values["X"])[0] / rows
    # the last step moved by at most the tolerance; rounding adds m operations to each step
    allowed = (tolerance + 4 * rows * np.finfo(dtype).eps * np.max(np.abs(exact))) / (1 - slowest)
    assert np.max(np.abs(found - exact)) <= allowed
    assert 10 < done < 2000
    assert found.dtype == dtype


def test_a_callback_sees_the_state_every_period_and_changes_nothing(runs):
    values = data(LEAST_SQUARES, 60, 4)
    plain, done = runs.least_squares(*values.values(), 50)
    seen = []
    found, counted = runs.least_squares(
        *values.values(), 50, callback=lambda count, state: seen.append((count, state.copy())), period=20
    )
    assert [count for count, _ in seen] == [20, 40, 50]
    assert (done, counted) == (50, 50)
    np.testing.assert_array_equal(found, plain)
    np.testing.assert_array_equal(seen[-1][1], plain)
    np.testing.assert_array_equal(seen[1][1], runs.least_squares(*values.values(), 40)[0])


def test_a_callback_does_not_move_the_stop(runs):
    values = data(LEAST_SQUARES, 60, 4)
    plain, done = runs.least_squares(*values.values(), 10_000, tolerance=1e-6)
    for period in (1, 7, done, 10_000):
        counts = []
        found, counted = runs.least_squares(
            *values.values(),
            10_000,
            tolerance=1e-6,
            callback=lambda count, _, counts=counts: counts.append(count),
            period=period,
        )
        assert counted == done == counts[-1]
        np.testing.assert_array_equal(found, plain)


def test_momentum_multiplies_by_the_product_once_an_iteration():
    """theta + b v stays one vector: the product is not taken of both."""
    assert plan(NESTEROV).hoisted.plan.operations().flops.coeff(n**2).coeff(m, 0) == 2


def test_scalar_states_go_on_where_a_piece_ended(runs):
    seen = []
    root, done = runs.square_root_run(1.0, 2.0, 50, callback=lambda count, state: seen.append((count, state)), period=2)
    assert (root, done) == runs.square_root_run(1.0, 2.0, 50)
    assert seen[-1] == (done, root)
    assert [count for count, _ in seen[:-1]] == [2, 4, 6][: len(seen) - 1]


@pytest.mark.parametrize(("period", "kind"), [(0, ValueError), (1.5, TypeError)])
def test_a_period_that_is_none_is_refused(runs, period, kind):
    with pytest.raises(kind, match=r"^period must be"):
        runs.square_root_run(1.0, 2.0, 50, callback=print, period=period)


def test_a_run_of_no_iterations_changes_nothing(runs):
    values = data(LEAST_SQUARES, 60, 4)
    found, done = runs.least_squares(*values.values(), 0)
    np.testing.assert_array_equal(found, values["theta"])
    assert done == 0
