"""How far two results of the same formula may be apart: a count of roundings, never a number that happened to do."""

from __future__ import annotations

import numpy as np

EPS = float(np.finfo(float).eps)


def largest(*values: object) -> float:
    """The largest magnitude among the entries of all values."""
    return max(float(np.max(np.abs(np.asarray(value)))) for value in values)


def assert_agree(actual: object, expected: object, operations: float, magnitude: float = 1.0) -> None:
    """Each of the two sides rounds at most `operations` times, each time by half an eps of something below `magnitude`, or
    below the largest entry that is expected. What is amplified on the way, by a condition number, is in `operations`.
    """
    bound = operations * EPS * max(magnitude, largest(expected))
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0.0, atol=bound)
