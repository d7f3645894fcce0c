"""Arithmetic with more digits than float64 has, as text: compensated sums, double-double with error bounds, decimal.

Takes: nothing; text only. Gives: the text of each operation, in the order in which they call one another.
Guarantees: no text lets a compiler reorder or contract (no fastmath): the differences below are rounding errors on purpose.
A number in double-double is the sum of two float64 and a bound of its error, which every operation carries on. Arithmetic
errs by less than 2^-100 of its result, logarithms and exponentials by less than 2^-97: 7.9e-31 and 6.3e-30.
"""

from __future__ import annotations

TEXTS = {
    "_fused": '''
@intrinsic
def _fused(typing, a, b, c):
    """a b + c with one rounding."""
    return a(a, b, c), lambda context, builder, signature, values: builder.fma(*values)
''',
    "_plus": '''
@njit(cache=True, error_model="numpy")
def _plus(total, low, error, term, term_error):
    """total + low += term, known to term_error. What total rounds off goes to low, what low rounds off to error."""
    s = total + term
    t = s - total
    c = low + ((total - (s - t)) + (term - t))
    return s, c, error + term_error + 1.1102230246251565e-16 * abs(c)
''',
    "_plus_product": '''
@njit(cache=True, error_model="numpy")
def _plus_product(total, low, error, a, b, term_error):
    """total + low += a b, the product with all its digits."""
    p = a * b
    s = total + p
    t = s - total
    c = low + (((total - (s - t)) + (p - t)) + _fused(a, b, -p))
    return s, c, error + term_error + 1.1102230246251565e-16 * (2.0 * abs(c) + abs(low))
''',
    "_two_sum": '''
@njit(cache=True, error_model="numpy")
def _two_sum(a, b):
    """a + b, and what that rounds off."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)
''',
    "_dd_add": """
@njit(cache=True, error_model="numpy")
def _dd_add(a, b):
    s, e = _two_sum(a[0], b[0])
    t, f = _two_sum(a[1], b[1])
    s, e = _two_sum(s, e + t)
    s, e = _two_sum(s, e + f)
    return s, e, a[2] + b[2] + 7.9e-31 * abs(s)
""",
    "_dd_negative": """
@njit(cache=True, error_model="numpy")
def _dd_negative(a):
    return -a[0], -a[1], a[2]
""",
    "_dd_product": '''
@njit(cache=True, error_model="numpy")
def _dd_product(a, b):
    """Of two float64: exact."""
    p = a * b
    return p, _fused(a, b, -p), 0.0
''',
    "_dd_multiply": """
@njit(cache=True, error_model="numpy")
def _dd_multiply(a, b):
    p = a[0] * b[0]
    p, e = _two_sum(p, _fused(a[0], b[0], -p) + (a[0] * b[1] + a[1] * b[0]))
    return p, e, abs(a[0]) * b[2] + (abs(b[0]) + b[2]) * a[2] + 7.9e-31 * abs(p)
""",
    "_dd_divide": '''
@njit(cache=True, error_model="numpy")
def _dd_divide(a, b):
    """Three digits in base 2^53."""
    q = a[0] / b[0]
    rest = _dd_add(a, _dd_multiply((-q, 0.0, 0.0), b))
    r = rest[0] / b[0]
    rest = _dd_add(rest, _dd_multiply((-r, 0.0, 0.0), b))
    s, e = _two_sum(q, r)
    s, e = _two_sum(s, e + rest[0] / b[0])
    return s, e, (a[2] + abs(s) * b[2]) / max(abs(b[0]) - b[2], 0.0) + 7.9e-31 * abs(s)
''',
    "_dd_power": '''
@njit(cache=True, error_model="numpy")
def _dd_power(a, n):
    """a to the power of a whole number n >= 0."""
    found = (1.0, 0.0, 0.0)
    while n > 0:
        if n % 2 == 1:
            found = _dd_multiply(found, a)
        a = _dd_multiply(a, a)
        n //= 2
    return found
''',
    "_dd_sqrt": '''
@njit(cache=True, error_model="numpy")
def _dd_sqrt(a):
    """One step of Newton's iteration after the root of the large part."""
    s = np.sqrt(a[0])
    rest = _dd_add(a, _dd_negative(_dd_product(s, s)))
    s, e = _two_sum(s, rest[0] / (2.0 * s))
    return s, e, a[2] / s + 7.9e-31 * s
''',
    "_dd_abs": """
@njit(cache=True, error_model="numpy")
def _dd_abs(a):
    return (-a[0], -a[1], a[2]) if a[0] < 0.0 else a
""",
    "_dd_max": """
@njit(cache=True, error_model="numpy")
def _dd_max(a, b):
    larger = b if a[0] < b[0] or (a[0] == b[0] and a[1] < b[1]) else a
    return larger[0], larger[1], max(a[2], b[2])
""",
    "_dd_expm1_near_0": '''
@njit(cache=True, error_model="numpy")
def _dd_expm1_near_0(a):
    """exp(a) - 1 for |a| < 0.36: the series at a/32, then five times exp(2 t) - 1 = e (2 + e) with e = exp(t) - 1."""
    t = (a[0] * 0.03125, a[1] * 0.03125, 0.0)
    x = t[0]
    q = 1.6059043836821613e-10
    q = q * x + 2.08767569878681e-09
    q = q * x + 2.505210838544172e-08
    q = q * x + 2.755731922398589e-07
    q = q * x + 2.7557319223985893e-06
    q = q * x + 2.48015873015873e-05
    q = q * x + 0.0001984126984126984
    p = _dd_add(_dd_product(q, x), (0.001388888888888889, -5.300543954373577e-20, 0.0))
    p = _dd_add(_dd_multiply(p, t), (0.008333333333333333, 1.1564823173178714e-19, 0.0))
    p = _dd_add(_dd_multiply(p, t), (0.041666666666666664, 2.3129646346357427e-18, 0.0))
    p = _dd_add(_dd_multiply(p, t), (0.16666666666666666, 9.25185853854297e-18, 0.0))
    p = _dd_add(_dd_multiply(p, t), (0.5, 0.0, 0.0))
    e = _dd_add(t, _dd_multiply(_dd_multiply(t, t), p))
    for _ in range(5):
        e = _dd_multiply(e, _dd_add((2.0, 0.0, 0.0), e))
    return e[0], e[1], (1.0 + abs(e[0])) * np.expm1(a[2]) + 6.3e-30 * abs(e[0])
''',
    "_dd_exp": '''
@njit(cache=True, error_model="numpy")
def _dd_exp(a):
    """exp(a) = 2^n exp(a - n log(2)), log(2) in three parts."""
    if not abs(a[0]) < 1100.0:
        return np.exp(a[0]), 0.0, np.inf if a[0] > 0.0 else 0.0
    n = np.floor(a[0] * 1.4426950408889634 + 0.5)
    r = _dd_add(a, _dd_product(-n, 0.6931471805599453))
    r = _dd_add(r, _dd_product(-n, 2.3190468138462996e-17))
    r = _dd_add(r, (-n * 5.707708438416212e-34, 0.0, 0.0))
    e = _dd_add((1.0, 0.0, 0.0), _dd_expm1_near_0((r[0], r[1], 0.0)))
    high, low = math.ldexp(e[0], int(n)), math.ldexp(e[1], int(n))
    return high, low, high * np.expm1(a[2]) + 6.3e-30 * high
''',
    "_dd_expm1": """
@njit(cache=True, error_model="numpy")
def _dd_expm1(a):
    return _dd_expm1_near_0(a) if abs(a[0]) < 0.35 else _dd_add(_dd_exp(a), (-1.0, 0.0, 0.0))
""",
    "_dd_log1p": '''
@njit(cache=True, error_model="numpy")
def _dd_log1p(a):
    """One step of Newton's iteration for exp(y) - 1 = a."""
    y = np.log1p(a[0])
    e = _dd_expm1((y, 0.0, 0.0))
    rest = _dd_add(a, _dd_negative(e))
    y, low = _two_sum(y, rest[0] / (1.0 + e[0]))
    return y, low, a[2] / max(1.0 + a[0] - a[2], 0.0) + 6.3e-30 * abs(y)
''',
    "_dd_log": '''
@njit(cache=True, error_model="numpy")
def _dd_log(a):
    """log(2^n m) = n log(2) + log(1 + (m - 1)) with m between 1/sqrt(2) and sqrt(2)."""
    m, n = math.frexp(a[0])
    n -= m < 0.7071067811865476
    m = _dd_add((math.ldexp(a[0], -n), math.ldexp(a[1], -n), 0.0), (-1.0, 0.0, 0.0))
    y = _dd_multiply((float(n), 0.0, 0.0), (0.6931471805599453, 2.3190468138462996e-17, 0.0))
    y = _dd_add(y, _dd_log1p((m[0], m[1], 0.0)))
    return y[0], y[1], a[2] / max(a[0] - a[2], 0.0) + 6.3e-30 * abs(y[0])
''',
    "_dd_sigmoid": """
@njit(cache=True, error_model="numpy")
def _dd_sigmoid(z):
    t = _dd_exp(_dd_negative(_dd_abs(z)))
    return _dd_divide(t if z[0] < 0.0 else (1.0, 0.0, 0.0), _dd_add((1.0, 0.0, 0.0), t))
""",
    "_dd_softplus": """
@njit(cache=True, error_model="numpy")
def _dd_softplus(z):
    return _dd_add(_dd_max(z, (0.0, 0.0, 0.0)), _dd_log1p(_dd_exp(_dd_negative(_dd_abs(z)))))
""",
    "_dd_logistic_loss": """
@njit(cache=True, error_model="numpy")
def _dd_logistic_loss(z, y):
    grows = _dd_multiply(z, _dd_add((1.0, 0.0, 0.0), _dd_negative(y)) if z[0] > 0.0 else _dd_negative(y))
    return _dd_add(grows, _dd_log1p(_dd_exp(_dd_negative(_dd_abs(z)))))
""",
    "_dd_exp_difference": """
@njit(cache=True, error_model="numpy")
def _dd_exp_difference(a, b):
    return _dd_exp(_dd_add(a, _dd_negative(b)))
""",
    "_dd_apart": """
@njit(cache=True, error_model="numpy")
def _dd_apart(e, a, b):
    return (0.0, 0.0, 0.0) if a[0] == b[0] and a[1] == b[1] else e
""",
    "_dd_ties": '''
@njit(cache=True, error_model="numpy")
def _dd_ties(a, b):
    """1 stands for exp(a - b) of two that are computed as equal."""
    return (1.0, 0.0, np.expm1(a[2] + b[2])) if a[0] == b[0] and a[1] == b[1] else (0.0, 0.0, 0.0)
''',
    "_dd_log_of_sum": """
@njit(cache=True, error_model="numpy")
def _dd_log_of_sum(ties, others):
    return _dd_log1p(_dd_add(_dd_add(ties, (-1.0, 0.0, 0.0)), others))
""",
    "_dd_x_log_x": """
@njit(cache=True, error_model="numpy")
def _dd_x_log_x(x):
    return _dd_multiply(x, _dd_log(x)) if x[0] != 0.0 else x
""",
}
