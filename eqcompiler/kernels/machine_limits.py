"""The limits of this machine, measured now: reading memory once, and multiplying and adding.

Takes: how many bytes a kernel moves. Gives: `Limits`.
Guarantees: nothing is kept; reading is measured on an array of that size: data that fit into a cache are
measured in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numba
import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from eqcompiler.kernels.roofline import ENTRY, Limits

LEAST, MOST = 2**15, 2**29  # bytes of the array that is read: the second is far outside every cache
ROUNDS = 3
ROUND = 0.02  # seconds
MATRIX = 1024  # rows of the matrices whose product gives the peak: large enough that reading them does not count


@njit(parallel=True, fastmath={"reassoc", "contract"}, cache=True)  # type: ignore[untyped-decorator,unused-ignore]
def single_read(flat: NDArray[np.float64]) -> float:
    """The sum of all entries: every one is read once, by all threads."""
    total = 0.0
    for k in prange(flat.size):
        total += flat[k]
    return total


@njit(fastmath={"reassoc", "contract"}, cache=True)  # type: ignore[untyped-decorator,unused-ignore]
def single_read_of_one_thread(flat: NDArray[np.float64]) -> float:
    total = 0.0
    for k in range(flat.size):
        total += flat[k]
    return total


def measured(traffic: float) -> Limits:
    """The limits for a kernel that moves so many bytes."""
    flat = np.ones(int(min(max(traffic, LEAST), MOST)) // ENTRY)
    seconds = min(_least(lambda: single_read(flat)), _least(lambda: single_read_of_one_thread(flat)))
    square = np.ones((MATRIX, MATRIX))
    product = np.empty_like(square)
    peak = 2 * MATRIX**3 / _least(lambda: np.dot(square, square, out=product))
    return Limits(flat.nbytes / seconds, peak, numba.get_num_threads())


def _least(call: Callable[[], object]) -> float:
    """Seconds of one call in the best of some rounds."""
    call()
    start = time.perf_counter()
    call()
    calls = max(1, int(ROUND / max(time.perf_counter() - start, 1e-7)))
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        found.append((time.perf_counter() - start) / calls)
    return min(found)
