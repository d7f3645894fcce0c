"""NumPy as somebody who knows it well writes it: few passes, no copies of X, no overflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import STEPS, Numbers


def least_squares(X: Numbers, y: Numbers, theta: Numbers) -> Numbers:
    r = X @ theta
    r -= y
    return r @ r / len(y), (2 / len(y)) * (r @ X)


def ridge(X: Numbers, y: Numbers, theta: Numbers, lambda_: float) -> Numbers:
    r = X @ theta
    r -= y
    gradient = (2 / len(y)) * (r @ X)
    gradient += 2 * lambda_ * theta
    return r @ r / len(y) + lambda_ * (theta @ theta), gradient


def logistic(X: Numbers, y: Numbers, theta: Numbers) -> Numbers:
    z = X @ theta
    e = np.exp(-np.abs(z))
    value = (np.maximum(z, 0).sum() + np.log1p(e).sum() - y @ z) / len(y)
    p = np.where(z >= 0, 1, e)
    p /= 1 + e
    p -= y
    return value, (p @ X) / len(y)


def softmax(X: Numbers, Y: Numbers, W: Numbers) -> Numbers:
    Z = X @ W
    Z -= Z.max(axis=1, keepdims=True)
    inner = np.vdot(Y, Z)
    np.exp(Z, out=Z)
    total = Z.sum(axis=1, keepdims=True)
    value = (np.log(total).sum() - inner) / len(Y)
    Z /= total
    Z -= Y
    gradient = X.T @ Z
    gradient /= len(Y)
    return value, gradient


def likelihood(X: Numbers, y: Numbers, theta: Numbers, sigma: float) -> Numbers:
    r = X @ theta
    r -= y
    precision = 1 / sigma**2
    return -len(y) / 2 * np.log(2 * np.pi * sigma**2) - precision / 2 * (r @ r), -precision * (r @ X)


def descent(X: Numbers, y: Numbers, theta: Numbers, alpha: float) -> Numbers:
    theta, rate = theta.copy(), 2 * alpha / len(y)
    for _ in range(STEPS):
        r = X @ theta
        r -= y
        theta -= rate * (r @ X)
    return theta


def descent_on_gram(X: Numbers, y: Numbers, theta: Numbers, alpha: float) -> Numbers:
    rate = 2 * alpha / len(y)
    G, c = rate * (X.T @ X), rate * (y @ X)
    theta = theta.copy()
    for _ in range(STEPS):
        theta -= G @ theta - c
    return theta


def normal_equations(X: Numbers, y: Numbers, **_: Numbers) -> Numbers:
    return np.linalg.solve(X.T @ X, y @ X)


def ridge_solution(X: Numbers, y: Numbers, lambda_: float, **_: Numbers) -> Numbers:
    A = X.T @ X
    A.flat[:: len(A) + 1] += len(y) * lambda_
    return np.linalg.solve(A, y @ X)


def sigmoid(z: Numbers) -> Numbers:
    p = np.multiply(z, 0.5)
    np.tanh(p, out=p)
    p += 1
    p *= 0.5
    return p


def sigmoid_by_exp(z: Numbers) -> Numbers:
    e = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1, e)
    e += 1
    p /= e
    return p


def softplus(z: Numbers) -> Numbers:
    e = np.abs(z)
    np.negative(e, out=e)
    np.exp(e, out=e)
    np.log1p(e, out=e)
    e += np.maximum(z, 0)
    return e


def network(W: Numbers, b: Numbers, x: Numbers, y: Numbers) -> Numbers:
    A = [x]
    for V, c in zip(W, b, strict=True):
        Z = A[-1] @ V.T
        Z += c
        np.negative(Z, out=Z)
        np.exp(Z, out=Z)
        Z += 1
        A.append(np.reciprocal(Z, out=Z))
    D = A[-1] - y
    value = np.vdot(D, D) / len(x)
    D *= 2 / len(x)
    slopes: list[Numbers] = []
    shifts: list[Numbers] = []
    for layer in range(len(W) - 1, -1, -1):
        D *= A[layer + 1]
        D *= 1 - A[layer + 1]
        slopes.insert(0, D.T @ A[layer])
        shifts.insert(0, D.sum(axis=0))
        if layer:
            D = D @ W[layer]
    return value, slopes, shifts


def classifier(X: Numbers, Y: Numbers, **weights: Numbers) -> Numbers:
    depth = len(weights) // 2
    A = [X]
    for layer in range(1, depth + 1):
        Z = A[-1] @ weights[f"W_{layer}"]
        Z += weights[f"b_{layer}"]
        A.append(np.tanh(Z, out=Z) if layer < depth else Z)
    Z = A.pop()
    Z -= Z.max(axis=1, keepdims=True)
    inner = np.vdot(Y, Z)
    np.exp(Z, out=Z)
    total = Z.sum(axis=1, keepdims=True)
    value = (np.log(total).sum() - inner) / len(X)
    Z /= total
    Z -= Y
    Z /= len(X)
    gradients = []
    for layer in range(depth, 0, -1):
        H = A[layer - 1]
        gradients = [H.T @ Z, Z.sum(axis=0), *gradients]
        if layer > 1:
            Z = Z @ weights[f"W_{layer}"].T
            Z *= 1 - H * H
    return value, *gradients


def process(X: Numbers, y: Numbers, ell: float, sigma: float) -> Numbers:
    m, squares = len(y), np.einsum("ij,ij->i", X, X)
    D = squares[:, None] + squares - 2 * (X @ X.T)
    K = np.exp(D * (-0.5 / ell**2))
    C = K.copy()
    C.flat[:: m + 1] += sigma**2
    inverse = np.linalg.inv(C)
    alpha = inverse @ y
    half = np.linalg.cholesky(C)
    value = -0.5 * (y @ alpha) - np.log(np.diagonal(half)).sum() - 0.5 * m * np.log(2 * np.pi)
    K *= D
    length = 0.5 * (alpha @ K @ alpha - np.vdot(inverse, K)) / ell**3
    noise = sigma * (alpha @ alpha - np.trace(inverse))
    return value, length, noise


def kalman(F: Numbers, Q: Numbers, H: Numbers, R: Numbers, u: Numbers, U: Numbers, z: Numbers) -> Numbers:
    x, P, Ft, Ht = u, U, F.T, H.T
    for measured in z:
        a = F @ x
        B = F @ P @ Ft + Q
        C = B @ Ht
        K = np.linalg.solve((H @ C + R).T, C.T).T
        x = a + K @ (measured - H @ a)
        P = B - K @ (H @ B)
    return x


def by(function: Callable[..., Numbers]) -> Prepare:
    return lambda given: partial(function, **given)


def positional(function: Callable[..., Numbers], *names: str) -> Prepare:
    """Without the cost of keywords, which a call on ten numbers would feel."""
    return lambda given: partial(function, *(given[name] for name in names))


FORMS: dict[str, Prepare] = {
    "least squares": positional(least_squares, "X", "y", "theta"),
    "ridge": positional(ridge, "X", "y", "theta", "lambda_"),
    "logistic regression": positional(logistic, "X", "y", "theta"),
    "softmax cross-entropy": positional(softmax, "X", "Y", "W"),
    "Gaussian log-likelihood": positional(likelihood, "X", "y", "theta", "sigma"),
    "gradient descent": positional(descent, "X", "y", "theta", "alpha"),
    "normal equations": by(normal_equations),
    "ridge solution": by(ridge_solution),
    "network 4-8-1": positional(network, "W", "b", "x", "y"),
    "network 64-32-10": positional(network, "W", "b", "x", "y"),
    "network 784-256-128-10": positional(network, "W", "b", "x", "y"),
    "classifier 64-32-10": by(classifier),
    "sigmoid": positional(sigmoid, "z"),
    "softplus": positional(softplus, "z"),
    "Kalman filter": by(kalman),
    "Gaussian process": by(process),
}


def opening() -> Table:
    return Table(FORMS)


def on_gram() -> Table:
    return Table({"gradient descent": positional(descent_on_gram, "X", "y", "theta", "alpha")})
