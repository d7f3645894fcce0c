"""Definite integrals by rigorous quadrature over complex balls.

Takes: the body as a function of a complex ball, and the two edges. Gives: a ball that contains the integral.
Guarantees: FLINT's integrator (Petras 2002; Johansson 2018) with its proof of analyticity; what has no analytic
continuation raises NotSupportedYet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification.contours import Analytic
from eqcompiler.verification.fields import Imprecise, Undefined, ball, finite


def integrate(body: Callable[[Analytic], Any], lower: Any, upper: Any) -> arb:
    """The integral of `body` from `lower` to `upper`. Raises Imprecise when it does not converge at this precision."""
    outside: list[NotSupportedYet] = []

    def integrand(z: acb, analytic: bool) -> acb:
        if outside:
            return acb("nan")
        try:
            value = body(Analytic(z, analytic))
        except (Imprecise, Undefined):
            return acb("nan")
        except NotSupportedYet as reason:
            outside.append(reason)
            return acb("nan")
        return value.z if isinstance(value, Analytic) else acb(value)

    result = acb.integral(integrand, acb(ball(lower)), acb(ball(upper)))
    if outside:
        raise outside[0]
    return finite(result.real)
