"""`eqc run` and `eqc explain`: what reaches the kernel, what comes back, what is refused. The kernels are plain functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from rounding import assert_agree
from stand_in import StandIn

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Input, Program
from eqcompiler.languages.statements import Statement

Command = Callable[..., Result]
M, N = Dimension.of("m"), Dimension.of("n")
X, Y, THETA, ALPHA = Input("X", (M, N)), Input("y", (M,)), Input("theta", (N,)), Input("alpha", ())


def gradient(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 / len(y) * X.T @ (X @ theta - y)


def value_and_gradient(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    return float(np.mean((X @ theta - y) ** 2)), gradient(theta, X, y)


def iterate(
    theta: np.ndarray, X: np.ndarray, y: np.ndarray, alpha: float, iterations: int, tolerance: float = 0.0
) -> tuple[np.ndarray, int]:
    for step in range(iterations):
        change = alpha * gradient(theta, X, y)
        theta = theta - change
        if np.max(np.abs(change)) <= tolerance:
            return theta, step + 1
    return theta, iterations


@pytest.fixture(autouse=True)
def least_squares(stand_in: StandIn, folder: Path) -> StandIn:
    """loss.tex with three kernels, data.csv with y = 2 a + b exactly."""
    (folder / "loss.tex").write_text("x")
    (folder / "data.csv").write_text("a,b,target\n1,0,2\n0,1,1\n1,1,3\n")
    stand_in.requests = (
        KernelRequest("grad_J", Program((THETA, X, Y), (), ("grad_J_theta",))),
        KernelRequest("value_and_grad_J", Program((THETA, X, Y), (), ("J", "grad_J_theta"))),
        KernelRequest("theta_run", Program((THETA, X, Y, ALPHA), (), ("theta_next",)), "run", ("theta",)),
    )
    stand_in.functions = {"grad_J": gradient, "value_and_grad_J": value_and_gradient, "theta_run": iterate}
    return stand_in


DATA = ("--set", "X=data.csv:a,b", "--set", "y=data.csv:target")


def test_results_are_printed_with_names_and_shapes(eqc: Command) -> None:
    result = eqc("run", "loss.tex", "value_and_grad_J", *DATA, "--set", "theta=0,0")
    assert result.stdout == "J = 4.666666666666667\ngrad_J_theta (2) =\n  [-3.33333333 -2.66666667]\n"
    assert (result.stderr, result.exit_code) == ("", 0)


def test_a_run_kernel_takes_iterations_and_tolerance(eqc: Command) -> None:
    arguments = ("run", "loss.tex", "theta_run", *DATA, "--set", "theta=0,0", "--set", "alpha=0.4")
    assert eqc(*arguments, "--iterations", "1").stdout == "theta (2) =\n  [1.33333333 1.06666667]\niterations = 1\n"
    X, y = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([2.0, 1, 3])
    steps = iterate(np.zeros(2), X, y, 0.4, 1000, 1e-12)[1]
    assert 1 < steps < 1000
    assert eqc(*arguments, "--tolerance", "1e-12").stdout == f"theta (2) =\n  [2. 1.]\niterations = {steps}\n"


@pytest.mark.parametrize("name", ["theta.npy", "theta.csv"])
def test_a_run_writes_its_state(eqc: Command, name: str) -> None:
    arguments = ("run", "loss.tex", "theta_run", *DATA, "--set", "theta=0,0", "--set", "alpha=0.4", "--iterations", "500")
    result = eqc(*arguments, "--out", name)
    assert result.stderr == f"wrote {name}\n"
    written = np.load(name) if name.endswith("npy") else np.loadtxt(name, skiprows=1)
    assert_agree(written, [2, 1], (2 * (3 + 2) + 4) / 0.4)  # what a step rounds; the error shrinks by 0.4 a step or faster
    if name.endswith("csv"):
        assert Path(name).read_text().splitlines()[0] == "theta"


def test_several_results_go_to_one_archive(eqc: Command) -> None:
    arguments = ("run", "loss.tex", "value_and_grad_J", *DATA, "--set", "theta=2,1")
    assert eqc(*arguments, "--out", "both.npz").stderr == "wrote both.npz\n"
    with np.load("both.npz") as archive:
        assert archive.files == ["J", "grad_J_theta"]
        assert archive["J"] == 0
    refused = eqc(*arguments, "--out", "both.npy")
    assert refused.stderr == (
        "value_and_grad_J gives J, grad_J_theta; both.npy can hold one\n  allowed: .npz\n  to fix: write both.npz\n"
    )
    assert (refused.stdout, refused.exit_code) == ("", 2)


def test_float32_reaches_the_kernel(eqc: Command, stand_in: StandIn) -> None:
    seen: list[object] = []
    stand_in.functions["grad_J"] = lambda *values: seen.extend(v.dtype for v in values) or values[0]
    assert eqc("run", "loss.tex", "grad_J", *DATA, "--set", "theta=0,0", "--dtype", "float32").exit_code == 0
    assert seen == [np.dtype("float32")] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("gradJ",),
            "loss.tex has no kernel 'gradJ'\n  allowed: grad_J, value_and_grad_J, theta_run\n  to fix: write grad_J\n",
        ),
        (
            ("grad_J", "--iterations", "5"),
            "grad_J does not iterate\n  allowed: --iterations and --tolerance with a *_run kernel\n  to fix: leave them out\n",
        ),
        (
            ("grad_J", "--out", "g.txt"),
            "--out g.txt: unknown ending '.txt'\n  allowed: .npy, .npz, .csv\n  to fix: write g.npy\n",
        ),
        (
            ("grad_J", "--set", "X=1,2;3,4", "--set", "y=1,2"),
            "theta is not set\n  allowed: grad_J needs theta: vector (n), X: matrix (m by n), y: vector (m)\n"
            "  to fix: add --set theta=...\n",
        ),
    ],
)
def test_refusals(eqc: Command, arguments: tuple[str, ...], message: str) -> None:
    result = eqc("run", "loss.tex", *arguments)
    assert (result.stdout, result.stderr, result.exit_code) == ("", message, 2)


def test_what_else_is_wrong_in_the_file_is_said_in_one_line(eqc: Command, stand_in: StandIn, span: Span) -> None:
    stand_in.statements = (Statement("e", "error", span, "A x", error=NotSupportedYet("integrals", span)),)
    result = eqc("run", "loss.tex", "grad_J", *DATA, "--set", "theta=2,1")
    assert result.stderr == "note: 1 statement of loss.tex not understood; eqc check loss.tex says why\n"
    assert (result.stdout, result.exit_code) == ("grad_J_theta (2) =\n  [0. 0.]\n", 0)


def test_explain_prints_every_stage(eqc: Command, stand_in: StandIn, span: Span) -> None:
    stand_in.statements = (Statement("eq:loss", "definition", span, "J = 1"), Statement("h", "definition", span, "h = 1"))
    stand_in.stages = (("source", "J = 1\n"), ("index form", "r[i] = x\n\nJ = 1"))
    result = eqc("explain", "loss.tex:eq:loss")
    assert result.stdout == "source\n    J = 1\n\nindex form\n    r[i] = x\n\n    J = 1\n\n"
    assert eqc("explain", "loss.tex:eq:los").stderr == (
        "loss.tex has no statement 'eq:los'\n  allowed: eq:loss, h\n  to fix: write eq:loss\n"
    )
    assert eqc("explain", "eq:loss").stderr == (
        "'eq:loss' is not FILE:NAME\n"
        "  allowed: a .tex or .md file, a colon, the name of a statement\n"
        "  to fix: for example equations/linear_regression.tex:J\n"
    )
