"""What no kernel can beat, measured beside them: reading X once, and calling a compiled function that does nothing.

Takes: the same data. Gives: the time of the larger of the two limits. Guarantees: it answers nothing and competes with nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from numba import njit, prange

from benchmarks.contenders.opening import Prepare, Table, nothing
from benchmarks.work import Data, Numbers

SMALL = 1_000  # entries of X; below, a call costs more than reading them


@njit(parallel=True, fastmath=True, cache=True)
def total(flat: Numbers) -> float:
    result = 0.0
    for k in prange(flat.size):
        result += flat[k]
    return result


@njit(cache=True)
def touch(a: Numbers, b: Numbers, c: Numbers, out: Numbers) -> float:
    return a.size + b.size + c.size + out.size


def limit(weights: str, targets: str) -> Prepare:
    def prepare(given: Data) -> Callable[[], object]:
        X = given["X"]
        if X.size < SMALL:
            return partial(touch, given[weights], X, given[targets], given[weights].copy())
        return partial(total, X.reshape(-1))

    return prepare


def opening() -> Table:
    forms = {name: limit("theta", "y") for name in ("least squares", "ridge", "logistic regression", "Gaussian log-likelihood")}
    return Table({**forms, "softmax cross-entropy": limit("W", "Y")}, nothing)
