"""Loops over steps in Numba as people write them by hand: plain loops, and products of NumPy inside a compiled function."""

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


@njit(cache=True)
def kalman(F: Numbers, Q: Numbers, H: Numbers, R: Numbers, u: Numbers, U: Numbers, z: Numbers) -> Numbers:
    x, P, Ft, Ht = u.copy(), U.copy(), F.T.copy(), H.T.copy()
    for t in range(len(z)):
        a = np.dot(F, x)
        B = np.dot(np.dot(F, P), Ft) + Q
        C = np.dot(B, Ht)
        K = np.linalg.solve((np.dot(H, C) + R).T, C.T).T
        x = a + np.dot(K, z[t] - np.dot(H, a))
        P = B - np.dot(K, np.dot(H, B))
    return x


def by_loops() -> Table:
    return Table({"gradient descent": positional(loops, "X", "y", "theta", "alpha")})


def by_products() -> Table:
    filtering = positional(kalman, "F", "Q", "H", "R", "u", "U", "z")
    return Table({"gradient descent": positional(products, "X", "y", "theta", "alpha"), "Kalman filter": filtering})
