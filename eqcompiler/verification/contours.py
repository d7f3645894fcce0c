"""Complex balls on an integration path, which refuse to cross a branch cut.

Takes: the balls that rigorous quadrature asks for. Gives: `Analytic` numbers with arithmetic and elementary functions.
Guarantees: a function that is not analytic on its ball gives a non-finite ball when analyticity was asked for, as FLINT's
integrator needs; what has no complex continuation here (abs, max, sign) raises NotSupportedYet.
"""

from __future__ import annotations

from typing import Any

from flint import acb, fmpq

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification.magnitudes import SEEN

_MEROMORPHIC = frozenset(("exp", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "erf", "gamma", "digamma"))
_CUT = frozenset(("log", "sqrt"))


class OfVariable:
    """A number that still depends on the variable of an integral, a limit or a series: it has no sign."""

    __slots__ = ()

    def elementary(self, name: str) -> Any:
        raise NotSupportedYet(f"{name} of a bound variable is not evaluated yet")

    def power(self, exponent: Any) -> Any:
        raise NotSupportedYet("a power of a bound variable is not evaluated yet")


class Analytic(OfVariable):
    """A complex ball z; `analytic` asks for a proof that each function is analytic on it."""

    __slots__ = ("analytic", "z")

    def __init__(self, z: acb, analytic: bool) -> None:
        self.z = z
        self.analytic = analytic

    def _with(self, z: acb) -> Analytic:
        return Analytic(z, self.analytic)

    def __add__(self, other: Any) -> Analytic:
        return self._with(self.z + _plain(other))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Analytic:
        return self._with(self.z * _plain(other))

    __rmul__ = __mul__

    def __neg__(self) -> Analytic:
        return self._with(-self.z)

    def __sub__(self, other: Any) -> Analytic:
        return self._with(self.z - _plain(other))

    def __rsub__(self, other: Any) -> Analytic:
        return self._with(_plain(other) - self.z)

    def __truediv__(self, other: Any) -> Analytic:
        return self._with(self.z / _plain(other))

    def __rtruediv__(self, other: Any) -> Analytic:
        return self._with(_plain(other) / self.z)

    def elementary(self, name: str) -> Analytic:
        SEEN.argument(name, self.z)
        if name in _CUT:
            return self._with(getattr(self.z, name)(analytic=self.analytic))
        if name in _MEROMORPHIC:
            return self._with(getattr(self.z, name)())
        if name == "atan":
            cut = self.analytic and self.z.real.contains(0) and not abs(self.z.imag) < 1  # it runs from i and -i outwards
            return self._with(acb("nan") if cut else self.z.atan())
        if name == "sigmoid":
            return self._with(1 / (1 + (-self.z).exp()))
        raise NotSupportedYet(f"{name} under an integral is not evaluated yet")

    def power(self, exponent: Any) -> Analytic:
        if isinstance(exponent, fmpq) and exponent.q == 1:
            return self._with(self.z ** int(exponent))
        return self._with((self.z.log(analytic=self.analytic) * _plain(exponent)).exp())


def _plain(x: Any) -> acb:
    return x.z if isinstance(x, Analytic) else acb(x)
