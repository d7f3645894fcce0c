"""Definite integrals by rigorous quadrature over complex balls.

Takes: the body as a function of a complex ball, and the two edges. Gives: a ball that contains the integral.
Guarantees: FLINT's integrator (Petras 2002; Johansson 2018) with its proof of analyticity; what has no analytic
continuation raises NotSupportedYet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb, ctx

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification.contours import Analytic
from eqcompiler.verification.fields import Imprecise, Undefined, ball

LOST_BITS = 70  # of the precision, which the result may lack
EVALUATIONS = 5  # of the integrand for each bit: an edge where it is singular would take millions


def integrate(body: Callable[[Analytic], Any], lower: Any, upper: Any) -> arb:
    """The integral of `body` from `lower` to `upper`. Raises Undefined when it does not converge soon."""
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

    goal = ctx.prec - LOST_BITS
    tolerance = arb(2) ** -goal
    result = acb.integral(
        integrand, acb(ball(lower)), acb(ball(upper)), rel_tol=tolerance, abs_tol=tolerance, eval_limit=EVALUATIONS * ctx.prec
    ).real
    if outside:
        raise outside[0]
    if not result.is_finite() or result.rel_one_accuracy_bits() < goal - 10:
        raise Undefined("the integral does not converge fast enough to be judged")
    return result
