"""Functions that a kernel evaluates without overflow and without cancellation, and the text of each.

Takes: nothing; nodes and text only. Gives: SymPy functions that `stable_forms` puts into programs, and their Python text.
Guarantees: each text needs numpy and numba alone, and lets no compiler reorder its sums (no fastmath): compensated
differences depend on it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

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


class Apart(sympy.Function):  # type: ignore[misc]
    """e, or 0 where a is b: a term of a sum of exponentials beside the largest"""

    nargs = 3
    is_real = True


class Ties(sympy.Function):  # type: ignore[misc]
    """1 where a is b, else 0: counts the largest"""

    nargs = 2
    is_real = True


class LogOfSum(sympy.Function):  # type: ignore[misc]
    """log(ties + others), where ties is a whole number from 1 on"""

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
    "Apart": "_apart",
    "Ties": "_ties",
    "LogOfSum": "_log_of_sum",
    "Expm1": "np.expm1",
    "Log1p": "np.log1p",
    "XLogX": "_x_log_x",
}

# the text behind each call; a text stands after those that it calls
TEXTS = {
    "_exp_near_0": '''
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _exp_near_0(r):
    """exp(r) where |r| is at most log(2)/2: a polynomial in short chains, which overlap in the processor."""
    r2 = r * r
    low = 0.5000000000000001 + r * 0.16666666666666669 + r2 * (0.04166666666662413 + r * 0.008333333333330062)
    middle = 0.0013888888917213717 + r * 0.00019841269863053618 + r2 * (2.4801521295954376e-05 + r * 2.7557268459997064e-06)
    high = 2.7620088445409746e-07 + r * 2.510038549551032e-08
    r4 = r2 * r2
    return 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)))
''',
    "_exp": '''
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _exp(x):
    """exp(x) to 1.1 ulp: x = n log(2) + r, exp(r) times 2^n made of its bits. A loop of it becomes vector instructions, which a
    call of the library's exp would prevent."""
    x = 710.0 if x > 710.0 else (-746.0 if x < -746.0 else x)
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # 1.5 * 2^52: its last bits are x/log(2), rounded
    n = shifted - 6755399441055744.0
    p = _exp_near_0(x - n * 0.6931471805598903 - n * 5.497923018708371e-14)  # log(2) in two parts
    large = n > 0.0  # 2^n in two factors: it may be too large or too small for one
    bits = np.float64(shifted).view(np.int64) + (1023 - 128 if large else 1023 + 128)
    return p * np.int64(bits << 52).view(np.float64) * (2.0**128 if large else 2.0**-128)
''',
    "_exp_below_0": '''
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _exp_below_0(x):
    """exp(x) for x that are not positive: 2^(n + 128) is never too small, and the bits of `shifted` are its exponent."""
    x = -746.0 if x < -746.0 else x
    shifted = x * 1.4426950408889634 + 6755399441056895.0  # 1.5 * 2^52 + 1023 + 128
    n = shifted - 6755399441056895.0
    p = _exp_near_0(x - n * 0.6931471805598903 - n * 5.497923018708371e-14)
    return p * np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64) * 2.0**-128
''',
    "_log_1_plus": '''
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _log_1_plus(t):
    """log(1 + t) for t in [0, 1], to 1.7 ulp: 2 artanh(s) with s = u/(2 + u), where u = t, or u = (t - 1)/2 beside log(2)."""
    large = t > 0.41421356237309503
    u = (t - 1.0) * 0.5 if large else t
    s = u / (2.0 + u)
    z = s * s
    z2 = z * z
    low = 0.666666666666667 + z * 0.3999999999989889 + z2 * (0.28571428626253836 + z * 0.22222211089379496)
    high = 0.1818289243253687 + z * 0.15331611722055008 + z2 * 0.14617807153417325
    found = u - s * (u - z * (low + z2 * z2 * high))
    return 0.6931471805599453 + found if large else found
''',
    "_tanh": '''
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _tanh(x):
    """tanh(x) to 2.5 ulp: -e/(2 + e) with e = exp(-2 abs(x)) - 1 = 2^n (exp(r) - 1) + (2^n - 1), as in _exp: a loop of it
    becomes vector instructions, and a small x keeps its digits."""
    t = -2.0 * abs(x)
    t = -40.0 if t < -40.0 else t
    shifted = t * 1.4426950408889634 + 6755399441055744.0
    n = shifted - 6755399441055744.0
    r = t - n * 0.6931471805598903 - n * 5.497923018708371e-14
    q = 2.510038549551032e-08
    q = q * r + 2.7620088445409746e-07
    q = q * r + 2.7557268459997064e-06
    q = q * r + 2.4801521295954376e-05
    q = q * r + 0.00019841269863053618
    q = q * r + 0.0013888888917213717
    q = q * r + 0.008333333333330062
    q = q * r + 0.04166666666662413
    q = q * r + 0.16666666666666669
    q = q * r + 0.5000000000000001
    scale = np.int64((np.float64(shifted).view(np.int64) + 1023) << 52).view(np.float64)
    e = scale * (r + r * r * q) + (scale - 1.0)
    return np.copysign(e / (2.0 + e), x)
''',
    "_sigmoid": '''
@njit(cache=True, error_model="numpy")
def _sigmoid(z):
    """1/(1 + exp(-z)). The exponent is never positive, so nothing overflows."""
    t = _exp_below_0(-abs(z))
    return (t if z < 0.0 else 1.0) / (1.0 + t)
''',
    "_softplus": '''
@njit(cache=True, error_model="numpy")
def _softplus(z):
    """log(1 + exp(z)). The exponent is never positive, so nothing overflows."""
    return np.maximum(z, 0.0) + _log_1_plus(_exp_below_0(-abs(z)))
''',
    "_logistic_loss": '''
@njit(cache=True, error_model="numpy")
def _logistic_loss(z, y):
    """log(1 + exp(z)) - y z. The part that grows with z is (1 - y) z or -y z, which is 0 for a right label."""
    return (z * (1.0 - y) if z > 0.0 else -z * y) + _log_1_plus(_exp_below_0(-abs(z)))
''',
    "_exp_difference": '''
@njit(cache=True, error_model="numpy")
def _exp_difference(a, b):
    """exp(a - b), with the rounding error of a - b put back."""
    d = a - b
    c = d - a
    error = (a - (d - c)) - (b + c)
    e = _exp(d)
    return e + e * error if error == error else e
''',
    "_apart": '''
@njit(cache=True, error_model="numpy")
def _apart(e, a, b):
    """e, or 0 where a is b."""
    return 0.0 if a == b else e
''',
    "_ties": '''
@njit(cache=True, error_model="numpy")
def _ties(a, b):
    """1 where a is b, else 0."""
    return 1.0 if a == b else 0.0
''',
    "_log_of_sum": '''
@njit(cache=True, error_model="numpy")
def _log_of_sum(ties, others):
    """log(ties + others); beside a single largest term the others keep all their digits."""
    return np.log1p((ties - 1.0) + others)
''',
    "_x_log_x": '''
@njit(cache=True, error_model="numpy")
def _x_log_x(x):
    """x log(x), with its limit 0 at 0."""
    return x * np.log(x) if x != 0.0 else 0.0
''',
}


def called(texts: dict[str, str], bodies: Sequence[str]) -> list[str]:
    """The texts that a module's functions call, and those that they call, in a fixed order."""
    found: list[str] = []
    for name, text in reversed(texts.items()):
        if re.search(rf"\b{name}\(", "".join([*bodies, *found])):
            found.insert(0, text)
    return found
