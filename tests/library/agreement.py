"""Kernels of the library beside other people's implementations of the same formulas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from eqcompiler import kernels

Array = NDArray[np.float64]
GENERATED = Path(__file__).resolve().parents[2] / "generated"


def library(topic: str) -> ModuleType:
    """The kernels of equations/<topic>.tex as they are committed."""
    return kernels.load(GENERATED / f"{topic}.py", topic)


def slope(function: Callable[[NDArray[np.complex128]], complex], point: Array) -> Array:
    """The gradient of an analytic function by the complex step: no difference is taken, so nothing cancels."""
    step = 1e-100
    gradient = np.empty(point.shape)
    for place in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[place] += 1j * step
        gradient[place] = np.imag(function(moved)) / step
    return gradient
