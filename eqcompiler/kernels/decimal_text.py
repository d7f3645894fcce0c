"""Arithmetic in decimal numbers, as text: the last resort, as many digits as it takes.

Takes: nothing; text only. Gives: the text of each operation, in the order in which they call one another, and of what asks
for more digits.
Guarantees: each operation is right to the digits of its context, small results too: log(1 + x) and exp(x) - 1 take the digits
that 1 + x would lose on top. What is computed with digits on top is rounded at the end, so that the context knows of it.
"""

from __future__ import annotations

SURE = '''
def _sure(value, error):
    """Whether the error is below 8 ulp of every number within it. Nothing is sure near the end of the range of float64,
    where a product is no longer rounded to 53 bits."""
    return error < 8.0 * math.ulp(abs(value) - error) and abs(value) > 2.0**-900
'''

SETTLED = '''
def _settled(function, *arguments):
    """The function in decimal numbers of 64 digits, of 128, and so on, until nothing is rounded or twice the digits change
    nothing that float64 shows. Its range has fewer than 1280 digits, so that a 0 of so many is 0."""
    digits, before = 64, Decimal("NaN")
    while True:
        with localcontext(Context(prec=digits, traps=[])) as context:
            value = function(*arguments)
            settled = value != 0 and abs(value - before) < abs(value) / 2**60
            if settled or not context.flags[Inexact] or digits > 1280:
                return float(value)
        before, digits = value, 2 * digits
'''


def _near_zero(name: str, series: str, value: str) -> str:
    """A function that is small near 0: below the digits of its context the series is exact, above x gives digits on top."""
    return f"""
def _decimal_{name}(x):
    with localcontext() as more:
        small = x == 0 or x.adjusted() < -more.prec
        more.prec += 10 + (0 if small else max(0, -x.adjusted()))
        found = {series} if small else {value}
    return +found
"""


TEXTS = {
    "_decimal_pi": '''
def _decimal_pi():
    """The means of 1 and 1/sqrt(2) come together, and pi with them: each step doubles the digits."""
    with localcontext() as more:
        digits = more.prec
        more.prec += 10
        a, b, t, weight = Decimal(1), 1 / Decimal(2).sqrt(), Decimal(1) / 4, 1
        while abs(a - b).adjusted() > -digits:
            middle = (a + b) / 2
            a, b, t, weight = middle, (a * b).sqrt(), t - weight * (a - middle) ** 2, 2 * weight
        found = (a + b) ** 2 / (4 * t)
    return +found
''',
    "_decimal_log1p": _near_zero("log1p", "x - x * x / 2", "(1 + x).ln()"),
    "_decimal_expm1": _near_zero("expm1", "x + x * x / 2", "x.exp() - 1"),
    "_decimal_sigmoid": """
def _decimal_sigmoid(z):
    t = (-abs(z)).exp()
    return (t if z < 0 else 1) / (1 + t)
""",
    "_decimal_softplus": """
def _decimal_softplus(z):
    return max(z, Decimal(0)) + _decimal_log1p((-abs(z)).exp())
""",
    "_decimal_logistic_loss": """
def _decimal_logistic_loss(z, y):
    return z * (1 - y if z > 0 else -y) + _decimal_log1p((-abs(z)).exp())
""",
    "_decimal_exp_difference": """
def _decimal_exp_difference(a, b):
    return (a - b).exp()
""",
    "_decimal_apart": """
def _decimal_apart(e, a, b):
    return Decimal(0) if a == b else e
""",
    "_decimal_ties": """
def _decimal_ties(a, b):
    return Decimal(a == b)
""",
    "_decimal_log_of_sum": """
def _decimal_log_of_sum(ties, others):
    return _decimal_log1p(ties - 1 + others)
""",
    "_decimal_x_log_x": """
def _decimal_x_log_x(x):
    return x * x.ln() if x != 0 else x
""",
}
