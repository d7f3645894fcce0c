"""Gradient descent in Numba as people write it by hand: loops, and products of NumPy inside a compiled function."""

from __future__ import annotations

import numpy as np
from numba import njit

from benchmarks.contenders.by_numpy import positional
from benchmarks.contenders.opening import Table
from benchmarks.work import STEPS, Numbers


@njit(fastmath=True, cache=True)
def loops(X: Numbers, y: Numbers, start: Numbers, alpha: float) -> Numbers:
    m, n = X.shape
    theta, gradient = start.copy(), np.empty(n)
    rate = 2 * alpha / m
    for _ in range(STEPS):
        gradient[:] = 0.0
        for i in range(m):
            r = -y[i]
            for j in range(n):
                r += X[i, j] * theta[j]
            for j in range(n):
                gradient[j] += r * X[i, j]
        for j in range(n):
            theta[j] -= rate * gradient[j]
    return theta


@njit(cache=True)
def products(X: Numbers, y: Numbers, start: Numbers, alpha: float) -> Numbers:
    theta, rate = start.copy(), 2 * alpha / len(y)
    for _ in range(STEPS):
        theta -= rate * np.dot(X.T, np.dot(X, theta) - y)
    return theta


def by_loops() -> Table:
    return Table({"gradient descent": positional(loops, "X", "y", "theta", "alpha")})


def by_products() -> Table:
    return Table({"gradient descent": positional(products, "X", "y", "theta", "alpha")})
