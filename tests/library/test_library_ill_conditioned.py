"""Closed forms on Hilbert-like data, beside the exact solution in rational numbers: the explicit inverse loses, they do not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy
from agreement import library
from rounding import EPS

ROWS = 12


def hilbert(columns: int) -> np.ndarray:
    return np.array([[1.0 / (i + j + 1) for j in range(columns)] for i in range(ROWS)])


def exact_solution(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(X'X)^{-1} X'y of these very floats, in rational numbers."""
    A = sympy.Matrix([[sympy.Rational(*Fraction(float(v)).as_integer_ratio()) for v in row] for row in X])
    b = sympy.Matrix([sympy.Rational(*Fraction(float(v)).as_integer_ratio()) for v in y])
    return np.array([float(v) for v in (A.T * A).LUsolve(A.T * b)])


def by_inverse(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The textbook's formula; infinitely wrong where rounding has made X'X singular and there is no inverse."""
    try:
        return np.linalg.inv(X.T @ X) @ X.T @ y
    except np.linalg.LinAlgError:
        return np.full(X.shape[1], np.inf)


@pytest.mark.parametrize("columns", [4, 6, 8])
def test_least_squares_beats_the_inverse(columns):
    X = hilbert(columns)
    y = np.cos(np.arange(ROWS))
    exact = exact_solution(X, y)
    found = library("linear_regression").theta_star(X, y, 0.0)
    inverse = by_inverse(X, y)
    error, of_inverse = (np.linalg.norm(v - exact) / np.linalg.norm(exact) for v in (found, inverse))
    condition = np.linalg.cond(X)
    outside = np.linalg.norm(y - X @ exact) / (np.linalg.norm(X, 2) * np.linalg.norm(exact))
    if condition**2 * EPS <= np.sqrt(EPS):  # Cholesky of X'X keeps more than half of the digits
        assert error <= ROWS * columns * EPS * condition**2
    else:  # Wedin's bound for least squares: cond, and cond^2 for the part of y outside of the range of X
        assert error <= ROWS * columns * EPS * (condition + condition**2 * outside)
        assert error < of_inverse / 10
