r"""Integrals and series with a value in closed form, for the proof checker: a table of equations with parameters.

Takes: nothing; data only. Gives: `FORMS`.
Guarantees: both sides of a form are equal for all real values of its parameters for which what it asks to be positive is
positive; a test evaluates every form at exact points. A form may be differentiated in one parameter as often as one likes,
under the integral or the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Constant, Index, Integral, Number, Reduction, Symbol, Term
from eqcompiler.verification.defined_operations import ONE, PI, TWO, less, of, square

a, b, c, n, p, q, r, t, w = (Symbol(SCALAR, name) for name in "abcnpqrtw")
k = Index(INTEGER, "k")
INFINITY = Constant(SCALAR, "infinity")
ZERO, FOUR = (Number(SCALAR, Fraction(value)) for value in (0, 4))


@dataclass(frozen=True, slots=True)
class Form:
    """left = right where all of `positive` is. The derivative in `moment` brings a factor of the bound variable; of a series
    together with a factor `moment`. parameters: the letters of the form besides t and k."""

    parameters: str
    left: Integral | Reduction
    right: Term
    positive: tuple[Term, ...] = ()
    moment: str = ""

    @property
    def edges(self) -> tuple[Term, Term]:
        bound = self.left if isinstance(self.left, Integral) else self.left.binder
        return bound.lower, bound.upper


def _times(*factors: Term) -> Term:
    return of("mul", *factors)


def _exp(*summands: Term) -> Term:
    return of("exp", of("add", *summands))


def _minus(first: Term, *factors: Term) -> Term:
    return of("neg", _times(first, *factors))


def _over(lower: Term, upper: Term, body: Term) -> Integral:
    return Integral(SCALAR, "t", lower, upper, body)


def _series(first: Number, last: Term, body: Term) -> Reduction:
    return Reduction(SCALAR, "sum", Binder("k", Number(INTEGER, first.value), last), body)


_SQUARE, _POWER = square(t), _times(of("pow", r, k), of("exp", c))
_BEFORE, _AFTER = of("pow", t, less(q, ONE)), of("pow", less(ONE, t), less(p, ONE))
_DAMPED = _exp(c, _minus(a, t))
_WAVE = of("add", square(a), square(w))

FORMS: Mapping[str, Form] = {
    "a Gaussian": Form(
        "abc",
        _over(of("neg", INFINITY), INFINITY, _exp(c, _times(b, t), _minus(a, _SQUARE))),
        _times(of("sqrt", of("div", PI, a)), _exp(c, of("div", square(b), _times(FOUR, a)))),
        (a,),
        "b",
    ),
    "half a Gaussian": Form(
        "acq",
        _over(ZERO, INFINITY, _times(_BEFORE, _exp(c, _minus(a, _SQUARE)))),
        _times(of("div", of("gamma", of("div", q, TWO)), TWO), of("pow", a, of("neg", of("div", q, TWO))), of("exp", c)),
        (a, q),
    ),
    "gamma": Form(
        "acq",
        _over(ZERO, INFINITY, _times(_BEFORE, _DAMPED)),
        _times(of("gamma", q), of("pow", a, of("neg", q)), of("exp", c)),
        (a, q),
    ),
    "a cosine": Form(
        "acw", _over(ZERO, INFINITY, _times(_DAMPED, of("cos", _times(w, t)))), _times(of("div", a, _WAVE), of("exp", c)), (a,)
    ),
    "a sine": Form(
        "acw", _over(ZERO, INFINITY, _times(_DAMPED, of("sin", _times(w, t)))), _times(of("div", w, _WAVE), of("exp", c)), (a,)
    ),
    "beta": Form(
        "cpq",
        _over(ZERO, ONE, _times(_BEFORE, _AFTER, of("exp", c))),
        _times(of("div", _times(of("gamma", q), of("gamma", p)), of("gamma", of("add", p, q))), of("exp", c)),
        (p, q),
    ),
    "geometric": Form(
        "cr", _series(ZERO, INFINITY, _POWER), of("div", of("exp", c), less(ONE, r)), (less(ONE, of("abs", r)),), "r"
    ),
    "logarithm": Form(
        "cr",
        _series(ONE, INFINITY, of("div", _POWER, k)),
        _minus(of("log", less(ONE, r)), of("exp", c)),
        (less(ONE, of("abs", r)),),
    ),
    "exponential": Form("cr", _series(ZERO, INFINITY, of("div", _POWER, of("factorial", k))), _exp(c, r), (), "r"),
    "binomial": Form(
        "cnr",
        _series(ZERO, n, of("div", _POWER, _times(of("factorial", k), of("factorial", less(n, k))))),
        of("div", _times(of("pow", of("add", ONE, r), n), of("exp", c)), of("factorial", n)),
        (),
        "r",
    ),
}
