"""SciPy where it has a better form than NumPy: Cholesky solves, and the functions of scipy.special."""

from __future__ import annotations

import numpy as np
from scipy import linalg, special
from scipy.linalg import blas, lapack
from scipy.spatial.distance import pdist, squareform

from benchmarks.contenders.by_numpy import by, positional
from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import Numbers


def logistic(X: Numbers, y: Numbers, theta: Numbers) -> Numbers:
    z = X @ theta
    value = (-special.log_expit(-z).sum() - y @ z) / len(y)
    p = special.expit(z)
    p -= y
    return value, (p @ X) / len(y)


def softmax(X: Numbers, Y: Numbers, W: Numbers) -> Numbers:
    Z = X @ W
    logs = special.log_softmax(Z, axis=1)
    value = -np.vdot(Y, logs) / len(Y)
    np.exp(logs, out=logs)
    logs -= Y
    gradient = X.T @ logs
    gradient /= len(Y)
    return value, gradient


def gram(X: Numbers) -> Numbers:
    return blas.dsyrk(1.0, X.T, lower=True)  # X.T of a C array is what Fortran wants: no copy


def normal_equations(X: Numbers, y: Numbers, **_: Numbers) -> Numbers:
    factor = linalg.cho_factor(gram(X), lower=True, overwrite_a=True, check_finite=False)
    return linalg.cho_solve(factor, y @ X, check_finite=False)


def ridge_solution(X: Numbers, y: Numbers, lambda_: float, **_: Numbers) -> Numbers:
    A = gram(X)
    A[np.diag_indices_from(A)] += len(y) * lambda_
    factor = linalg.cho_factor(A, lower=True, overwrite_a=True, check_finite=False)
    return linalg.cho_solve(factor, y @ X, check_finite=False)


def process(X: Numbers, y: Numbers, ell: float, sigma: float) -> Numbers:
    m = len(y)
    D = squareform(pdist(X, "sqeuclidean"))
    K = np.exp(D * (-0.5 / ell**2))
    C = K.copy()
    C.flat[:: m + 1] += sigma**2
    half, _ = linalg.cho_factor(C.T, lower=True, overwrite_a=True, check_finite=False)
    alpha = linalg.cho_solve((half, True), y, check_finite=False)
    value = -0.5 * (y @ alpha) - np.log(np.diagonal(half)).sum() - 0.5 * m * np.log(2 * np.pi)
    inverse, _ = lapack.dpotri(half, lower=True)  # the lower triangle
    K *= D
    diagonal = np.diagonal(inverse)
    lower = np.tril(inverse, -1)
    length = 0.5 * (alpha @ K @ alpha - 2 * np.vdot(lower.T, K) - diagonal @ np.diagonal(K)) / ell**3
    noise = sigma * (alpha @ alpha - diagonal.sum())
    return value, length, noise


FORMS: dict[str, Prepare] = {
    "logistic regression": positional(logistic, "X", "y", "theta"),
    "softmax cross-entropy": positional(softmax, "X", "Y", "W"),
    "normal equations": by(normal_equations),
    "ridge solution": by(ridge_solution),
    "sigmoid": positional(special.expit, "z"),
    "softplus": positional(lambda z: -special.log_expit(-z), "z"),
    "Gaussian process": by(process),
}


def opening() -> Table:
    return Table(FORMS)
