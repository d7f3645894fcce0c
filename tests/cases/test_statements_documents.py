r"""The rows A1 and A2 in general, B13, B18 and B19, and the two documents as they lie, with nothing added.

Takes: equations/ with the documents' own LaTeX, tests/documents/ with the documents themselves.
Gives: a test per row, and one per promise about the raw documents.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rounding import EPS, assert_agree

from eqcompiler import pipeline
from eqcompiler.interfaces.cli import main
from eqcompiler.languages.statements import Document, Objective, Recurrence, Statement
from eqcompiler.languages.verdicts import Verdict

ROOT = Path(__file__).parents[2]
RAW_A = ROOT / "tests/documents/mathematics_of_modern_machine_learning.md"
RAW_B = ROOT / "tests/documents/applied_mathematics.md"


@cache
def document(name: str) -> Document:
    return pipeline.load(ROOT / "equations" / f"{name}.tex")


@cache
def verdicts(name: str) -> dict[str, Verdict]:
    return {verdict.name: verdict for verdict in pipeline.verify(document(name))}


@cache
def kernels(name: str) -> ModuleType:
    return pipeline.kernels(document(name))


def statement(name: str, label: str) -> Statement:
    return next(s for s in document(name).statements if s.name == label)


def outcomes(name: str) -> dict[str, str]:
    return {label.removeprefix("eq:"): verdict.verdict for label, verdict in verdicts(name).items()}


# --- A1, A2: gradient descent ------------------------------------------------------------------------------------------


def test_A1_descent_on_any_differentiable_loss() -> None:
    found = statement("descent_fixed_points", "eq:descent")
    assert (found.kind, found.latex) == ("recurrence", r"\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)")
    assert isinstance(found.payload, Recurrence)
    assert (found.payload.state, found.payload.index) == ("theta", "t")
    assert outcomes("descent_fixed_points") == {
        "stationary-point-is-fixed": "proved",
        "fixed-point-is-stationary": "proved",
        "gradient-from-step": "proved",
    }
    assert all("confirmed in exact rational arithmetic" in v.method for v in verdicts("descent_fixed_points").values())


def test_A2_the_error_and_the_condition_are_proved() -> None:
    assert outcomes("gradient_descent") == {
        "quadratic-gradient": "proved",
        "quadratic-hessian": "proved",
        "minimiser": "proved",
        "minimiser-solution": "proved",
        "minimiser-is-fixed": "proved",
        "error": "proved",
        "error-along-eigenvector": "proved",
        "limit": "conditional",
    }
    limit = verdicts("gradient_descent")["eq:limit"]
    assert (limit.condition, limit.ok) == (r"\rho(I - \eta H) < 1", True)


@st.composite
def quadratics(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A positive definite matrix with eigenvalues in [0.5, 5], a vector, a start."""
    n = draw(st.integers(1, 6))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rotation = np.linalg.qr(chance.standard_normal((n, n)))[0]
    hessian = rotation @ np.diag(chance.uniform(0.5, 5.0, n)) @ rotation.T
    return (hessian + hessian.T) / 2, chance.standard_normal(n), chance.standard_normal(n)


@settings(max_examples=30, deadline=None)
@given(quadratics(), st.floats(0.05, 0.95))
def test_A2_below_the_bound_descent_reaches_the_minimiser(
    problem: tuple[np.ndarray, np.ndarray, np.ndarray], share: float
) -> None:
    hessian, c, start = problem
    eigenvalues = np.linalg.eigvalsh(hessian)
    rate = share * 2 / eigenvalues[-1]
    shrinking = max(abs(1 - rate * eigenvalues[0]), abs(1 - rate * eigenvalues[-1]), 0.01)
    steps = int(np.ceil(np.log(EPS) / np.log(shrinking))) + 1
    module = kernels("gradient_descent")
    reached, _ = module.theta_run(start, hessian, c, rate, steps)
    minimiser = np.linalg.solve(hessian, c)
    size = np.linalg.norm(start - minimiser) + np.linalg.norm(minimiser)
    n, condition = len(c), eigenvalues[-1] / eigenvalues[0]
    each_step = (2 * n + 3) / (1 - shrinking)  # what a step rounds, and what is left of it in all later steps
    assert np.linalg.norm(reached - minimiser) <= (1 + each_step + 2 * n**3 * condition) * EPS * size
    assert_agree(module.theta_star(hessian, c), minimiser, 2 * n**3 * condition)


@settings(max_examples=30, deadline=None)
@given(quadratics(), st.floats(1.05, 1.5))
def test_A2_above_the_bound_descent_diverges(problem: tuple[np.ndarray, np.ndarray, np.ndarray], share: float) -> None:
    """The error along the eigenvector of the largest eigenvalue grows by the factor 2 share - 1 in every step."""
    hessian, c, _ = problem
    eigenvalues, vectors = np.linalg.eigh(hessian)
    minimiser = np.linalg.solve(hessian, c)
    steps = 20
    rate = share * 2 / eigenvalues[-1]
    reached, _ = kernels("gradient_descent").theta_run(minimiser + vectors[:, -1], hessian, c, rate, steps)
    grown = (2 * share - 1) ** steps
    n, size = len(c), 1 + np.linalg.norm(minimiser)
    wrong = (2 * n**3 * eigenvalues[-1] / eigenvalues[0] + steps * (2 * n + 3)) * EPS * size  # at the start and in each step
    assert abs(np.linalg.norm(reached - minimiser) - grown) <= wrong * grown


# --- B13: regularization -------------------------------------------------------------------------------------------------


def test_B13_regularized_loss_is_a_new_J() -> None:
    found = statement("regularized_regression", "eq:regularized-loss")
    assert found.kind == "definition"
    assert found.latex == r"J(\theta) = \frac{1}{m} \sum (h_\theta(x) - y)^2 + \lambda |\theta|_2^2"
    assert outcomes("regularized_regression") == {
        "regularized-loss-matrix": "proved",
        "regularized-gradient": "proved",
        "regularized-hessian": "proved",
        "regularized-objective": "proved",
        "regularized-solution": "proved",
        "regularized-limit": "conditional",
    }
    assert all(verdict.ok for verdict in verdicts("regularized_regression").values())
    names = set(pipeline.kernel_names(document("regularized_regression")))
    assert {"J_2", "grad_J_2", "value_and_grad_J_2", "hess_J_2", "theta_star", "theta_step", "theta_run"} <= names


def test_B13_kernels_against_numpy() -> None:
    chance = np.random.default_rng(13)
    X, y, theta, b, penalty = chance.standard_normal((7, 3)), chance.standard_normal(7), chance.standard_normal(3), 0.7, 0.3
    module = kernels("regularized_regression")
    residual = X @ theta + b - y
    assert_agree(module.J_2(theta, X, y, b, penalty), residual @ residual / 7 + penalty * theta @ theta, 2 * (7 + 3) + 6)
    gradient = 2 / 7 * X.T @ residual + 2 * penalty * theta
    assert_agree(module.grad_J_2(theta, X, y, b, penalty), gradient, 2 * (7 + 3) + 6)
    solution = np.linalg.solve(X.T @ X + 7 * penalty * np.eye(3), X.T @ (y - b))
    condition = np.linalg.cond(X.T @ X + 7 * penalty * np.eye(3))
    assert_agree(module.theta_star(X, y, b, penalty), solution, 2 * (7 + 3**2) * condition)


def test_B13_without_the_directive_names_the_condition(raw_b: dict[int, Verdict]) -> None:
    found = raw_b[38]
    assert (found.kind, found.verdict, found.condition) == ("claim: equality", "conditional", r"\lambda = 0")
    assert "equal to the earlier J only if lambda = 0; write `%! define` if a new meaning is intended" in found.reason


# --- B18, B19 ------------------------------------------------------------------------------------------------------------


def test_B18_as_written_is_one_error_that_names_each_damage() -> None:
    (error,) = [s.error for s in pipeline.load(RAW_B).statements if s.span.line == 51]
    assert error is not None
    text = str(error)
    assert r"\mathbb{E}_{(x,y)\sim\mathcal{D}}" in text
    assert r"h_\theta" in text
    assert r"\;" in text


def test_B18_as_repaired_is_the_mean_squared_error() -> None:
    found = statement("empirical_risk", "eq:general-objective")
    assert found.latex == r"\min_\theta \mathbb{E}_{(x,y)\sim\mathcal{D}} \left[ \ell(h_\theta(x), y) \right]"
    assert (found.kind, found.type_text) == ("objective", "scalar")
    assert isinstance(found.payload, Objective)
    assert outcomes("empirical_risk") == {
        "general-objective": "proved",
        "risk-is-mean-squared-error": "proved",
        "risk-gradient": "proved",
    }


def test_B19_prose_is_listed_and_harms_nothing(raw_b: dict[int, Verdict]) -> None:
    (found,) = [s for s in pipeline.load(RAW_B).statements if s.span.line == 53]
    assert (found.kind, found.error) == ("prose", None)
    assert 53 not in raw_b


# --- the documents as they lie -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raw_b() -> dict[int, Verdict]:
    """The verdicts on the second document by line."""
    return {verdict.line: verdict for verdict in pipeline.verify(pipeline.load(RAW_B))}


KINDS = {
    "B1": (7, "declaration"),
    "B2": (9, "declaration"),
    "B3": (12, "declaration"),
    "B4": (15, "definition"),
    "B5": (17, "claim: equality"),
    "B6": (20, "definition"),
    "B7": (23, "objective"),
    "B8": (26, "claim: derivative"),
    "B9": (28, "recurrence"),
    "B10": (30, "claim: equality"),
    "B11": (32, "claim: derivative"),
    "B12": (35, "claim: minimiser"),
    "B13": (38, "claim: equality"),
    "B18": (51, "error"),
    "B19": (53, "prose"),
}


@pytest.mark.parametrize("row", KINDS)
def test_raw_document_B_has_the_kind_of_row(row: str) -> None:
    line, kind = KINDS[row]
    assert [s.kind for s in pipeline.load(RAW_B).statements if s.span.line == line] == [kind]


TIE = r"X = [x^{(1)}, \dots, x^{(m)}]^T"
RAW_VERDICTS = {
    "B5": ("proved", None),
    "B7": ("proved", None),
    "B8": ("conditional", "b = 0"),
    "B10": ("conditional", f"{TIE}, b = 0"),
    "B11": ("proved", None),
    "B12": ("proved", None),
    "B13": ("conditional", r"\lambda = 0"),
    "B18": ("unsupported", None),
}


@pytest.mark.parametrize("row", RAW_VERDICTS)
def test_raw_document_B_has_the_verdict_of_row(row: str, raw_b: dict[int, Verdict]) -> None:
    found = raw_b[KINDS[row][0]]
    assert (found.verdict, found.condition) == RAW_VERDICTS[row]


def test_raw_document_B_gives_rows_B14_and_B15_a_law_and_a_density(raw_b: dict[int, Verdict]) -> None:
    """Nothing says that sigma is not 0, so that the integral may not exist: it holds wherever it does."""
    kinds = [(s.span.line, s.kind) for s in pipeline.load(RAW_B).statements if s.span.line in (43, 45)]
    assert kinds == [(43, "distribution"), (45, "definition"), (45, "density")]
    assert (raw_b[45].name, raw_b[45].verdict) == ("p_density", "holds")


def test_raw_document_B_says_that_X_is_not_tied_to_the_samples(raw_b: dict[int, Verdict]) -> None:
    assert rf"X is not tied to the samples x^{{(i)}}: write {TIE}." in raw_b[30].reason


def test_raw_document_B_infers_what_nothing_declares() -> None:
    symbols = pipeline.load(RAW_B).symbols
    types = {name: str(symbols[name].type) for name in ("theta", "b", "alpha", "X", "lambda")}
    assert types == {
        "theta": "vector (n)",
        "b": "scalar",
        "alpha": "scalar",
        "X": "matrix (m by n)",
        "lambda": "scalar",
    }


def test_raw_document_B_every_display_has_its_row_whatever_happens_elsewhere() -> None:
    done = CliRunner().invoke(main, ["check", "--json", str(RAW_B)])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 2
    lines = [line for line, text in enumerate(RAW_B.read_text(encoding="utf-8").splitlines(), 1) if text.startswith("$$")]
    assert [row["line"] for row in rows if row["kind"] != "density"] == lines  # what B15 owes has a row of its own
    assert all(row["error"] for row in rows if row["kind"] == "error")


def test_raw_document_A_says_that_its_latex_is_not_marked() -> None:
    done = CliRunner().invoke(main, ["check", str(RAW_A)])
    assert done.exit_code == 2
    text = " ".join(done.output.split())
    assert "LaTeX without the marks of a formula, so nothing was read" in text
    assert "put marks around each formula" in text
