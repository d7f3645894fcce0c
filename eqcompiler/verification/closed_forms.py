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

from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Call, Constant, Index, Integral, Number, Reduction, Symbol, Term

a, b, c, n, p, q, r, t, w = (Symbol(SCALAR, name) for name in "abcnpqrtw")
k = Index(INTEGER, "k")
PI, INFINITY = Constant(SCALAR, "pi"), Constant(SCALAR, "infinity")
ZERO, ONE, TWO, FOUR = (Number(SCALAR, Fraction(value)) for value in (0, 1, 2, 4))


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


def _(operation: str, *arguments: Term) -> Term:
    return Call(SCALAR, operation, arguments)


def _less(first: Term, second: Term) -> Term:
    return _("add", first, _("neg", second))


def _times(*factors: Term) -> Term:
    return _("mul", *factors)


def _exp(*summands: Term) -> Term:
    return _("exp", _("add", *summands))


def _minus(first: Term, *factors: Term) -> Term:
    return _("neg", _times(first, *factors))


def _over(lower: Term, upper: Term, body: Term) -> Integral:
    return Integral(SCALAR, "t", lower, upper, body)


def _series(first: Number, last: Term, body: Term) -> Reduction:
    return Reduction(SCALAR, "sum", Binder("k", Number(INTEGER, first.value), last), body)


_SQUARE, _POWER = _("pow", t, TWO), _times(_("pow", r, k), _("exp", c))
_BEFORE, _AFTER = _("pow", t, _less(q, ONE)), _("pow", _less(ONE, t), _less(p, ONE))
_DAMPED = _exp(c, _minus(a, t))
_WAVE = _("add", _("pow", a, TWO), _("pow", w, TWO))

FORMS: Mapping[str, Form] = {
    "a Gaussian": Form(
        "abc",
        _over(_("neg", INFINITY), INFINITY, _exp(c, _times(b, t), _minus(a, _SQUARE))),
        _times(_("sqrt", _("div", PI, a)), _exp(c, _("div", _("pow", b, TWO), _times(FOUR, a)))),
        (a,),
        "b",
    ),
    "half a Gaussian": Form(
        "acq",
        _over(ZERO, INFINITY, _times(_BEFORE, _exp(c, _minus(a, _SQUARE)))),
        _times(_("div", _("gamma", _("div", q, TWO)), TWO), _("pow", a, _("neg", _("div", q, TWO))), _("exp", c)),
        (a, q),
    ),
    "gamma": Form(
        "acq",
        _over(ZERO, INFINITY, _times(_BEFORE, _DAMPED)),
        _times(_("gamma", q), _("pow", a, _("neg", q)), _("exp", c)),
        (a, q),
    ),
    "a cosine": Form(
        "acw", _over(ZERO, INFINITY, _times(_DAMPED, _("cos", _times(w, t)))), _times(_("div", a, _WAVE), _("exp", c)), (a,)
    ),
    "a sine": Form(
        "acw", _over(ZERO, INFINITY, _times(_DAMPED, _("sin", _times(w, t)))), _times(_("div", w, _WAVE), _("exp", c)), (a,)
    ),
    "beta": Form(
        "cpq",
        _over(ZERO, ONE, _times(_BEFORE, _AFTER, _("exp", c))),
        _times(_("div", _times(_("gamma", q), _("gamma", p)), _("gamma", _("add", p, q))), _("exp", c)),
        (p, q),
    ),
    "geometric": Form(
        "cr", _series(ZERO, INFINITY, _POWER), _("div", _("exp", c), _less(ONE, r)), (_less(ONE, _("abs", r)),), "r"
    ),
    "logarithm": Form(
        "cr",
        _series(ONE, INFINITY, _("div", _POWER, k)),
        _minus(_("log", _less(ONE, r)), _("exp", c)),
        (_less(ONE, _("abs", r)),),
    ),
    "exponential": Form("cr", _series(ZERO, INFINITY, _("div", _POWER, _("factorial", k))), _exp(c, r), (), "r"),
    "binomial": Form(
        "cnr",
        _series(ZERO, n, _("div", _POWER, _times(_("factorial", k), _("factorial", _less(n, k))))),
        _("div", _times(_("pow", _("add", ONE, r), n), _("exp", c)), _("factorial", n)),
        (),
        "r",
    ),
}
