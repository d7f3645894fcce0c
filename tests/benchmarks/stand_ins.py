"""Contenders whose answers and speeds are known, opened in processes of their own like real ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqcompiler.interfaces.turns import Work


@dataclass(frozen=True)
class Squares:
    """The sum of the squares below a number, plus what is `off`; `slow` seconds a call."""

    off: float = 0.0
    slow: float = 0.0

    def prepare(self, below: int) -> Work | None:
        return Work(self.call(below), lambda result: (np.asarray(result, dtype=float),))

    def call(self, below: int) -> Callable[[], object]:
        def work() -> float:
            time.sleep(self.slow)
            return float(sum(k * k for k in range(below))) + self.off

        return work


class Absent:
    def prepare(self, _below: int) -> Work | None:
        return None


class Failing:
    def prepare(self, _below: int) -> Work | None:
        raise ZeroDivisionError("on purpose")


class Dying:
    """Ends its process at the third call: after its answer was compared."""

    def prepare(self, _below: int) -> Work | None:
        calls = iter(range(10))

        def work() -> Any:
            if next(calls) >= 2:
                os._exit(1)
            return 285.0

        return Work(work, lambda result: (np.asarray(result),))


class Threads:
    """What a process is told about threads, and how many processors it may use."""

    def prepare(self, _below: int) -> Work | None:
        told = float(os.environ["OMP_NUM_THREADS"]), float(os.environ["NUMBA_NUM_THREADS"])
        return Work(lambda: (*told, float(len(os.sched_getaffinity(0)))), lambda result: tuple(map(np.asarray, result)))
