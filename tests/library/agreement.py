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
EPS = float(np.finfo(float).eps)


def library(topic: str) -> ModuleType:
    """The kernels of equations/<topic>.tex as they are committed."""
    return kernels.load(GENERATED / f"{topic}.py", topic)


def largest(*values: object) -> float:
    """The largest magnitude among the entries of all values."""
    return max(float(np.max(np.abs(np.asarray(value)))) for value in values)


def assert_agree(actual: object, expected: object, operations: int, magnitude: float = 1.0) -> None:
    """Each of the two sides rounds at most `operations` times, each time by half an eps of something below `magnitude`."""
    bound = operations * EPS * max(magnitude, largest(expected))
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0.0, atol=bound)


def slope(function: Callable[[NDArray[np.complex128]], complex], point: Array) -> Array:
    """The gradient of an analytic function by the complex step: no difference is taken, so nothing cancels."""
    step = 1e-100
    gradient = np.empty(point.shape)
    for place in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[place] += 1j * step
        gradient[place] = np.imag(function(moved)) / step
    return gradient
