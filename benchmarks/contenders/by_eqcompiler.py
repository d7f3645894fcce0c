"""The kernels of this project, built from equation files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import STEPS, Data
from eqcompiler import pipeline

ROOT = Path(__file__).parents[2]
LIBRARY, OWN = ROOT / "equations", ROOT / "benchmarks" / "equations"

_loaded: dict[Path, ModuleType] = {}


def module(path: Path) -> ModuleType:
    if path not in _loaded:
        _loaded[path] = pipeline.kernels(pipeline.load(path))
    return _loaded[path]


def kernel(path: Path, name: str, *arguments: str) -> Prepare:
    def prepare(given: Data) -> Callable[[], object]:
        return partial(getattr(module(path), name), *(given[argument] for argument in arguments))

    return prepare


def descent(given: Data) -> Callable[[], object]:
    run = module(OWN / "least_squares_descent.tex").theta_run
    theta, X, y, alpha = (given[name] for name in ("theta", "X", "y", "alpha"))

    def call() -> object:
        found, steps = run(theta, X, y, alpha, STEPS)
        assert steps == STEPS, f"stopped after {steps} steps"
        return found

    return call


def layers(count: int) -> tuple[str, ...]:
    return (*(f"{letter}_{layer}" for layer in range(1, count + 1) for letter in "Wb"), "X", "Y")


NETWORK = kernel(OWN / "network_of_any_depth.tex", "value_and_grad_J", "W", "b", "x", "y")

FORMS: dict[str, Prepare] = {
    "least squares": kernel(OWN / "least_squares_descent.tex", "value_and_grad_J", "theta", "X", "y"),
    "ridge": kernel(LIBRARY / "ridge.tex", "value_and_grad_J", "theta", "X", "y", "lambda_"),
    "logistic regression": kernel(LIBRARY / "logistic_regression.tex", "value_and_grad_L", "theta", "X", "y"),
    "softmax cross-entropy": kernel(LIBRARY / "softmax_cross_entropy.tex", "value_and_grad_J", "W", "X", "Y"),
    "Gaussian log-likelihood": kernel(LIBRARY / "gaussian_likelihood.tex", "value_and_grad_ell", "theta", "X", "y", "sigma"),
    "gradient descent": descent,
    "normal equations": kernel(LIBRARY / "normal_equation.md", "theta_star", "X", "y"),
    "ridge solution": kernel(LIBRARY / "ridge.tex", "theta_star", "X", "y", "lambda_"),
    "network 4-8-1": NETWORK,
    "network 64-32-10": NETWORK,
    "network 784-256-128-10": NETWORK,
    "classifier 64-32-10": kernel(LIBRARY / "digits_network.tex", "value_and_grad_L", *layers(2)),
    "Kalman filter": kernel(OWN / "kalman_filter_over_time.tex", "m", "u", "U", "F", "Q", "z", "H", "R"),
    "sigmoid": kernel(OWN / "sigmoid_softplus_of_vectors.tex", "p", "z"),
    "softplus": kernel(OWN / "sigmoid_softplus_of_vectors.tex", "s", "z"),
    "Gaussian process": kernel(OWN / "gaussian_process_hyperparameters.tex", "value_and_grad_L", "ell", "sigma", "X", "y"),
}


def opening() -> Table:
    return Table(FORMS)
