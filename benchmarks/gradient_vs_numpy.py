"""The generated gradient of the mean squared error against NumPy, on 1,000,000 samples of 100 features.

Takes: optionally the numbers of rows and columns. Gives: the median times and their ratio; exit code 1 when slower than NumPy.
Guarantees: both answers are compared first; the two are timed in turn in one run, each with two threads allowed.
"""

# ruff: noqa: E402  (the number of threads is read when numpy and numba are imported)

from __future__ import annotations

import os

THREADS = "2"
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, THREADS)

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sympy

from eqcompiler import kernels
from eqcompiler.errors import Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Program, index, scalar, size, tensor

REPEATS = 15


def gradient_program() -> Program:
    """What calculus derives for J = |X theta + b - y|^2 / m."""
    i, j, k, m, n = index("i"), index("j"), index("k"), size("m"), size("n")
    X, theta, y, r, r_bar = (tensor(name) for name in ("X", "theta", "y", "r", "r_bar"))
    samples, features = Axis(i, sympy.Integer(1), m), Axis(k, sympy.Integer(1), n)
    rows, columns = Dimension.of("m"), Dimension.of("n")
    return Program(
        (Input("theta", (columns,)), Input("b", ()), Input("X", (rows, columns)), Input("y", (rows,))),
        (
            Indexed("r", (samples,), sympy.Sum(X[i, j] * theta[j], (j, 1, n)) + scalar("b") - y[i]),
            Indexed("r_bar", (samples,), 2 * r[i] / m),
            Indexed("grad_J_theta", (features,), sympy.Sum(X[i, k] * r_bar[i], (i, 1, m))),
        ),
        ("grad_J_theta",),
    )


def by_numpy(theta: np.ndarray, b: float, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 / len(y) * (X.T @ (X @ theta + b - y))  # without the parentheses NumPy scales a copy of all of X


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(rows: int, columns: int) -> int:
    rng = np.random.default_rng(0)
    X, theta, y = rng.normal(size=(rows, columns)), rng.normal(size=columns), rng.normal(size=rows)
    text = kernels.module_text((KernelRequest("grad_J", gradient_program()),), Source("benchmark", ""))
    with tempfile.TemporaryDirectory() as folder:
        module = kernels.load(text, "benchmark", Path(folder))
        compiling = seconds(lambda: module.grad_J(theta, 0.5, X[:1], y[:1]))
        ours, theirs = module.grad_J(theta, 0.5, X, y), by_numpy(theta, 0.5, X, y)
        # each entry sums `rows` products of about unit size, in any order
        allowed = rows * np.finfo(float).eps * 2 / rows * np.abs(X).T @ np.abs(X @ theta + 0.5 - y)
        assert np.all(np.abs(ours - theirs) <= allowed)
        pairs = [
            (seconds(lambda: module.grad_J(theta, 0.5, X, y)), seconds(lambda: by_numpy(theta, 0.5, X, y)))
            for _ in range(REPEATS)
        ]
    kernel, numpy_time = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"X {rows} by {columns}, float64, {THREADS} threads, median of {REPEATS}, answers equal")
    print(f"first call (compiles)  {compiling * 1e3:9.1f} ms")
    print(f"generated kernel       {kernel * 1e3:9.3f} ms")
    print(f"NumPy                  {numpy_time * 1e3:9.3f} ms")
    print(f"NumPy / kernel         {numpy_time / kernel:9.2f}")
    return 0 if kernel <= numpy_time else 1


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*(given or (1_000_000, 100))))
