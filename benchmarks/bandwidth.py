"""The gradient of least squares on data outside of every cache, beside the sum of the same array with the same threads.

Run:  python benchmarks/bandwidth.py [ROWS COLUMNS THREADS]        (1000000 100 2)

The gradient needs each entry of X twice, and reads it from memory once: what it reaches of the sum's bandwidth is printed,
from the shortest of interleaved repetitions. The answer is compared with NumPy's first.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np

REPETITIONS = 25
GENERATED = Path(__file__).parent.parent / "generated" / "linear_regression.py"


@numba.njit(nogil=True, fastmath={"reassoc", "contract"})
def sum_of_entries(entries: np.ndarray) -> float:
    total = 0.0
    for k in range(entries.size):
        total += entries[k]
    return total


def summed(X: np.ndarray, pool: ThreadPoolExecutor, threads: int) -> float:
    first, *others = np.array_split(X.reshape(-1), threads)
    waiting = [pool.submit(sum_of_entries, part) for part in others]
    return sum_of_entries(first) + sum(answer.result() for answer in waiting)


def shortest(contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    found = dict.fromkeys(contenders, float("inf"))
    for _ in range(REPETITIONS):
        for name, call in contenders.items():
            begun = time.perf_counter()
            call()
            found[name] = min(found[name], time.perf_counter() - begun)
    return found


def main(rows: int = 1_000_000, columns: int = 100, threads: int = 2) -> None:
    spec = importlib.util.spec_from_file_location("linear_regression", GENERATED)
    kernels = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = kernels
    spec.loader.exec_module(kernels)
    numba.set_num_threads(threads)
    random = np.random.default_rng(0)
    X, y, theta = random.standard_normal((rows, columns)), random.standard_normal(rows), random.standard_normal(columns)
    gradient, expected = kernels.grad_J(theta, X, y, 0.5), 2 / rows * (X.T @ (X @ theta + 0.5 - y))
    assert np.max(np.abs(gradient - expected)) <= 4 * np.sqrt(rows * columns) * 2**-52 * np.max(np.abs(expected)) * columns
    with ThreadPoolExecutor(max(1, threads - 1)) as pool:
        seconds = shortest({"sum": lambda: summed(X, pool, threads), "gradient": lambda: kernels.grad_J(theta, X, y, 0.5)})
    for name, spent in seconds.items():
        print(f"{name:9} {spent * 1e3:8.2f} ms  {X.nbytes / spent / 1e9:6.1f} GB/s")
    print(f"the gradient reaches {seconds['sum'] / seconds['gradient']:.0%} of the bandwidth of the sum, {threads} threads")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
