"""Optimisers of the library against their papers, written out in NumPy, and against SciPy."""

from __future__ import annotations

import numpy as np
from agreement import Array, library, slope
from rounding import EPS, assert_agree, largest
from scipy import optimize

M, N, STEPS = 13, 3, 25


def least_squares(seed: int) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(M, N)), generator.normal(size=M)


def descend(topic: str, X: Array, y: Array, beta: float, alpha: float) -> tuple[Array, Array]:
    kernel = library(topic)
    theta, v = np.zeros(N), np.zeros(N)
    for _ in range(STEPS):
        theta, v = kernel.T(v, theta, X, y, beta, alpha), kernel.V(v, theta, X, y, beta, alpha)
    return theta, v


def test_momentum_is_polyaks_heavy_ball() -> None:
    """Polyak (1964): the next point is the gradient step plus beta times the last move; no velocity is kept."""
    X, y = least_squares(1)
    beta, alpha = 0.8, 0.1
    before, now = np.zeros(N), np.zeros(N)
    for _ in range(STEPS):
        before, now = now, now - alpha * X.T @ (X @ now - y) / M + beta * (now - before)
    theta, v = descend("momentum", X, y, beta, alpha)
    size = largest(X) * (largest(y) + N * largest(X))
    assert_agree(theta, now, 4 * M * N * STEPS, size)
    assert_agree(v, now - before, 4 * M * N * STEPS, size)


def test_nesterov_is_that_of_sutskever_martens_dahl_hinton() -> None:
    """On the importance of initialization and momentum in deep learning (2013), equations 3 and 4."""
    X, y = least_squares(2)
    beta, alpha = 0.8, 0.1
    theta, v = np.zeros(N), np.zeros(N)
    for _ in range(STEPS):
        ahead = theta + beta * v
        v = beta * v - alpha * X.T @ (X @ ahead - y) / M
        theta = theta + v
    found, velocity = descend("nesterov", X, y, beta, alpha)
    size = largest(X) * (largest(y) + N * largest(X))
    assert_agree(found, theta, 4 * M * N * STEPS, size)
    assert_agree(velocity, v, 4 * M * N * STEPS, size)


def test_both_reach_the_least_squares_solution() -> None:
    X, y = least_squares(3)
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    for topic in ("momentum", "nesterov"):
        kernel = library(topic)
        theta, v = np.zeros(N), np.zeros(N)
        for _ in range(2000):
            theta, v = kernel.T(v, theta, X, y, 0.5, 0.2), kernel.V(v, theta, X, y, 0.5, 0.2)
        assert_agree(theta, expected, 16 * M * N, np.linalg.cond(X) ** 2)


def test_adam_is_algorithm_1_of_kingma_and_ba() -> None:
    kernel = library("adam")
    X, y = least_squares(4)
    beta, gamma, eta, epsilon = 0.9, 0.999, 0.05, 1e-8
    theta, first, second = np.zeros(N), np.zeros(N), np.zeros(N)
    found, a, b = np.zeros(N), np.zeros(N), np.zeros(N)
    for t in range(1, STEPS + 1):
        g = X.T @ (X @ theta - y) / M
        first = beta * first + (1 - beta) * g
        second = gamma * second + (1 - gamma) * g**2
        unbiased, spread = first / (1 - beta**t), second / (1 - gamma**t)
        theta = theta - eta * unbiased / (np.sqrt(spread) + epsilon)
        a, b = kernel.A(a, g, beta), kernel.B(b, g, gamma)
        found = kernel.theta_step(found, a, b, beta, gamma, eta, epsilon, t)
    assert_agree(a, first, 4 * STEPS)
    assert_agree(b, second, 4 * STEPS)
    cancelled = 1 / (1 - gamma)  # 1 - gamma^t keeps that much less
    assert_agree(found, theta, 16 * STEPS, cancelled)


def test_newtons_square_root_is_scipys() -> None:
    kernel = library("newton")
    for c in (0.25, 2.0, 10.0):
        x = c
        for _ in range(12):
            x = kernel.N(x, c)
        expected = optimize.brentq(lambda u, c=c: u * u - c, 0.0, 1.0 + c, xtol=EPS, rtol=4 * EPS)
        assert_agree(x, expected, 16)
        assert_agree(kernel.grad_N(x, c), 0.0, 8, (c + x * x) / x**2)  # quadratic convergence: no slope at the root


def test_newtons_minimum_is_numpys_solution() -> None:
    kernel = library("newton")
    generator = np.random.default_rng(5)
    F, b, w = generator.normal(size=(N, N)), generator.normal(size=N), generator.normal(size=N)
    A = F @ F.T + np.eye(N)
    expected = np.linalg.solve(A, b)
    bound = np.linalg.cond(A)
    assert_agree(kernel.w_star(A, b), expected, 8 * N**3, bound * largest(expected))
    assert_agree(kernel.hess_J(w, A, b), A, 4, largest(A))
    step = np.linalg.solve(kernel.hess_J(w, A, b), kernel.grad_J(w, A, b))
    assert_agree(w - step, expected, 8 * N**3, bound * largest(expected, w))
    assert_agree(kernel.J(w, A, b), w @ A @ w / 2 - b @ w, 4 * N**2, N**2 * largest(A, b) * largest(w) ** 2)


def test_unrolled_descent_and_its_slope_are_those_of_a_numpy_loop() -> None:
    """The slope in the learning rate: forward as Baydin et al. (2018) differentiate one step, here by the complex step."""
    kernel = library("unrolled_descent")
    X, y = least_squares(6)
    u = np.random.default_rng(7).normal(size=N)

    def left_over(alpha: Array, steps: int) -> complex:
        theta = u
        for _ in range(steps):
            theta = theta - alpha * (X.T @ (X @ theta - y)) / M
        return complex(np.sum((X @ theta - y) ** 2) / (2 * M))

    size = M * N * largest(X) ** 2 * largest(u, y, 1.0) ** 2
    for steps in (1, 2, STEPS):
        for alpha in (1e-3, 0.1, 0.5):
            rate = np.array(alpha)
            value, found = kernel.value_and_grad_V(alpha, X, y, u, steps)
            operations = 4 * M * N * steps
            assert_agree(value, left_over(rate, steps).real, operations, size)
            expected = slope(lambda a, steps=steps: left_over(a, steps), rate)
            assert_agree(found, expected, operations, size * steps)
            assert_agree(kernel.grad_V(alpha, X, y, u, steps), found, operations, size * steps)
            assert_agree(kernel.V(alpha, X, y, u, steps), value, operations, size)
