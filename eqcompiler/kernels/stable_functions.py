"""Functions that a kernel evaluates without overflow and without cancellation, and the text of each.

Takes: nothing; nodes and text only. Gives: SymPy functions that `stable_forms` puts into programs, and their Python text.
Guarantees: each text needs numpy and numba alone, and lets no compiler reorder its sums (no fastmath): compensated
differences depend on it.
"""

from __future__ import annotations

import sys

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

# the lowest finite number of float64: a - LOWEST is never a NaN
LOWEST = sympy.Float(-sys.float_info.max)


class Largest(ExprWithLimits):  # type: ignore[misc]
    """The largest value over ranges; the lowest number of float64 where they are empty."""

    is_real = True


class Sigmoid(sympy.Function):  # type: ignore[misc]
    """1/(1 + exp(-z))"""

    nargs = 1
    is_real = True


class Softplus(sympy.Function):  # type: ignore[misc]
    """log(1 + exp(z))"""

    nargs = 1
    is_real = True


class LogisticLoss(sympy.Function):  # type: ignore[misc]
    """log(1 + exp(z)) - y z"""

    nargs = 2
    is_real = True


class ExpDifference(sympy.Function):  # type: ignore[misc]
    """exp(a - b)"""

    nargs = 2
    is_real = True


class Expm1(sympy.Function):  # type: ignore[misc]
    """exp(z) - 1"""

    nargs = 1
    is_real = True


class Log1p(sympy.Function):  # type: ignore[misc]
    """log(1 + z)"""

    nargs = 1
    is_real = True


class XLogX(sympy.Function):  # type: ignore[misc]
    """x log(x), with its limit 0 at 0"""

    nargs = 1
    is_real = True


# how each is called in a kernel
CALLS = {
    "Sigmoid": "_sigmoid",
    "Softplus": "_softplus",
    "LogisticLoss": "_logistic_loss",
    "ExpDifference": "_exp_difference",
    "Expm1": "np.expm1",
    "Log1p": "np.log1p",
    "XLogX": "_x_log_x",
}

# the text behind each call
TEXTS = {
    "_sigmoid": '''
@njit(cache=True, error_model="numpy")
def _sigmoid(z):
    """1/(1 + exp(-z)). The exponent is never positive, so nothing overflows."""
    t = np.exp(-abs(z))
    s = 1.0 / (1.0 + t)
    return t * s if z < 0.0 else s
''',
    "_softplus": '''
@njit(cache=True, error_model="numpy")
def _softplus(z):
    """log(1 + exp(z)). The exponent is never positive, so nothing overflows."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-abs(z)))
''',
    "_logistic_loss": '''
@njit(cache=True, error_model="numpy")
def _logistic_loss(z, y):
    """log(1 + exp(z)) - y z. The part that grows with z is (1 - y) z or -y z, which is 0 for a right label."""
    return (z * (1.0 - y) if z > 0.0 else -z * y) + np.log1p(np.exp(-abs(z)))
''',
    "_exp_difference": '''
@njit(cache=True, error_model="numpy")
def _exp_difference(a, b):
    """exp(a - b), with the rounding error of a - b put back."""
    d = a - b
    c = d - a
    error = (a - (d - c)) - (b + c)
    e = np.exp(d)
    return e + e * error
''',
    "_x_log_x": '''
@njit(cache=True, error_model="numpy")
def _x_log_x(x):
    """x log(x), with its limit 0 at 0."""
    return x * np.log(x) if x != 0.0 else 0.0
''',
}


def texts_in(body: str) -> list[str]:
    """The texts that a kernel's text calls, in a fixed order."""
    return [text for name, text in TEXTS.items() if f"{name}(" in body]
