"""PyTensor: one compiled function for each piece of work, gradients by pytensor.grad."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytensor
import pytensor.tensor as pt

from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import Data, Numbers

_functions: dict[str, Callable[..., Numbers]] = {}


def regression(loss: Callable[..., Numbers], *more: str) -> Prepare:
    """Value and gradient of a loss of theta, X, y and scalars; compiled once for all sizes."""
    names = ("theta", "X", "y", *more)

    def prepare(given: Data) -> Callable[[], object]:
        if loss.__name__ not in _functions:
            theta, X, y = pt.dvector(), pt.dmatrix(), pt.dvector()
            scalars = [pt.dscalar() for _ in more]
            value = loss(theta, X, y, *scalars)
            _functions[loss.__name__] = compiled([theta, X, y, *scalars], [value, pytensor.grad(value, theta)])
        return partial(
            _functions[loss.__name__], *(np.asarray(given[name]) for name in names)
        )  # numbers too: inputs are trusted

    return prepare


def compiled(inputs: list[Numbers], outputs: Numbers) -> Callable[..., Numbers]:
    function = pytensor.function(inputs, outputs, trust_input=True)
    return lambda *given: function(*given)


def least_squares(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    r = X @ theta - y
    return (r @ r) / y.shape[0]


def ridge(theta: Numbers, X: Numbers, y: Numbers, lambda_: Numbers) -> Numbers:
    return least_squares(theta, X, y) + lambda_ * (theta @ theta)


def logistic(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    z = X @ theta
    return pt.mean(pt.softplus(z) - y * z)


def likelihood(theta: Numbers, X: Numbers, y: Numbers, sigma: Numbers) -> Numbers:
    r = X @ theta - y
    return -y.shape[0] / 2 * pt.log(2 * 3.141592653589793 * sigma**2) - (r @ r) / (2 * sigma**2)


def softmax(given: Data) -> Callable[[], object]:
    if "softmax" not in _functions:
        W, X, Y = pt.dmatrix(), pt.dmatrix(), pt.dmatrix()
        value = -pt.sum(Y * pt.special.log_softmax(X @ W, axis=1)) / Y.shape[0]
        _functions["softmax"] = compiled([W, X, Y], [value, pytensor.grad(value, W)])
    return partial(_functions["softmax"], given["W"], given["X"], given["Y"])


def elementwise(function: Callable[[Numbers], Numbers]) -> Prepare:
    def prepare(given: Data) -> Callable[[], object]:
        z = pt.dvector()
        return partial(compiled([z], function(z)), given["z"])

    return prepare


FORMS: dict[str, Prepare] = {
    "least squares": regression(least_squares),
    "ridge": regression(ridge, "lambda_"),
    "logistic regression": regression(logistic),
    "softmax cross-entropy": softmax,
    "Gaussian log-likelihood": regression(likelihood, "sigma"),
    "sigmoid": elementwise(pt.sigmoid),
    "softplus": elementwise(pt.softplus),
}


def opening() -> Table:
    return Table(FORMS)
