"""JAX: one jitted function for each piece of work, gradients by jax.value_and_grad, float64."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import STEPS, Data, Numbers

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def least_squares(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    r = X @ theta - y
    return r @ r / len(y)


def ridge(theta: Numbers, X: Numbers, y: Numbers, lambda_: Numbers) -> Numbers:
    return least_squares(theta, X, y) + lambda_ * (theta @ theta)


def logistic(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    z = X @ theta
    return jnp.mean(jax.nn.softplus(z) - y * z)


def softmax(W: Numbers, X: Numbers, Y: Numbers) -> Numbers:
    return cross_entropy(X @ W, Y)


def cross_entropy(Z: Numbers, Y: Numbers) -> Numbers:
    return jnp.mean(jax.nn.logsumexp(Z, axis=1) - jnp.sum(Y * Z, axis=1))


def likelihood(theta: Numbers, X: Numbers, y: Numbers, sigma: Numbers) -> Numbers:
    r = y - X @ theta
    return -len(y) / 2 * jnp.log(2 * jnp.pi * sigma**2) - r @ r / (2 * sigma**2)


def descent(theta: Numbers, X: Numbers, y: Numbers, alpha: Numbers) -> Numbers:
    slope = jax.grad(least_squares)
    return jax.lax.fori_loop(0, STEPS, lambda _, at: at - alpha * slope(at, X, y), theta)


def normal_equations(X: Numbers, y: Numbers) -> Numbers:
    return jax.scipy.linalg.solve(X.T @ X, X.T @ y, assume_a="pos")


def ridge_solution(X: Numbers, y: Numbers, lambda_: Numbers) -> Numbers:
    m, n = X.shape
    return jax.scipy.linalg.solve(X.T @ X + m * lambda_ * jnp.eye(n), X.T @ y, assume_a="pos")


def network(parameters: Numbers, x: Numbers, y: Numbers) -> Numbers:
    for V, c in zip(*parameters, strict=True):
        x = jax.nn.sigmoid(x @ V.T + c)
    return jnp.sum((x - y) ** 2) / len(y)


def classifier(parameters: Numbers, X: Numbers, Y: Numbers) -> Numbers:
    *hidden, (W, b) = zip(parameters[::2], parameters[1::2], strict=True)
    for V, a in hidden:
        X = jnp.tanh(X @ V + a)
    return cross_entropy(X @ W + b, Y)


def process(parameters: Numbers, X: Numbers, y: Numbers) -> Numbers:
    ell, sigma = parameters
    D = jnp.sum((X[:, None] - X[None]) ** 2, axis=-1)
    C = jnp.exp(-D / (2 * ell**2)) + sigma**2 * jnp.eye(len(y))
    half = jnp.linalg.cholesky(C)
    alpha = jax.scipy.linalg.cho_solve((half, True), y)
    return -0.5 * (y @ alpha) - jnp.sum(jnp.log(jnp.diagonal(half))) - len(y) / 2 * jnp.log(2 * jnp.pi)


def kalman(F: Numbers, Q: Numbers, H: Numbers, R: Numbers, u: Numbers, U: Numbers, z: Numbers) -> Numbers:
    def step(state: Numbers, measured: Numbers) -> Numbers:
        x, P = state
        a = F @ x
        B = F @ P @ F.T + Q
        K = jax.scipy.linalg.solve(H @ B @ H.T + R, H @ B, assume_a="pos").T
        return (a + K @ (measured - H @ a), B - K @ H @ B), None

    return jax.lax.scan(step, (u, U), z)[0][0]


def jitted(function: Callable[..., Numbers], *names: str) -> Prepare:
    compiled = jax.jit(function)

    def prepare(given: Data) -> Callable[[], object]:
        arguments = [jax.tree.map(jnp.asarray, given[name]) for name in names]
        given.clear()  # what JAX has copied is not held twice
        return lambda: jax.block_until_ready(compiled(*arguments))

    return prepare


def gradient(function: Callable[..., Numbers], *names: str) -> Prepare:
    return jitted(jax.value_and_grad(function), *names)


def parameters(function: Callable[..., Numbers], first: Callable[[Data], list[str]], *names: str) -> Prepare:
    inner = gradient(function, "parameters", *names)
    return lambda given: inner({**given, "parameters": [given[name] for name in first(given)]})


def layers(given: Data) -> list[str]:
    depth = sum(name.startswith("W_") for name in given)
    return [f"{letter}_{layer}" for layer in range(1, depth + 1) for letter in "Wb"]


FORMS: dict[str, Prepare] = {
    "least squares": gradient(least_squares, "theta", "X", "y"),
    "ridge": gradient(ridge, "theta", "X", "y", "lambda_"),
    "logistic regression": gradient(logistic, "theta", "X", "y"),
    "softmax cross-entropy": gradient(softmax, "W", "X", "Y"),
    "Gaussian log-likelihood": gradient(likelihood, "theta", "X", "y", "sigma"),
    "gradient descent": jitted(descent, "theta", "X", "y", "alpha"),
    "normal equations": jitted(normal_equations, "X", "y"),
    "ridge solution": jitted(ridge_solution, "X", "y", "lambda_"),
    "network 4-8-1": parameters(network, lambda _: ["W", "b"], "x", "y"),
    "network 64-32-10": parameters(network, lambda _: ["W", "b"], "x", "y"),
    "network 784-256-128-10": parameters(network, lambda _: ["W", "b"], "x", "y"),
    "classifier 64-32-10": parameters(classifier, layers, "X", "Y"),
    "sigmoid": jitted(jax.nn.sigmoid, "z"),
    "softplus": jitted(jax.nn.softplus, "z"),
    "Kalman filter": jitted(kalman, "F", "Q", "H", "R", "u", "U", "z"),
    "Gaussian process": parameters(process, lambda _: ["ell", "sigma"], "X", "y"),
}


def opening() -> Table:
    return Table(FORMS)
