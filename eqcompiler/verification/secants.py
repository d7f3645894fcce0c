r"""Other points of a quadric: from one solution of a^2 + b^2 = 1 along a random line to the next one.

Takes: a point that meets an equation, the numbers in the equation, its residual. Gives: another such point, or the same.
Guarantees: exact rationals. Where the residual is not quadratic along the line, or the line does not meet the quadric again,
the point stays; the caller checks all conditions.

    q(p + t d) = c_1 t + c_2 t^2    where q(p) = 0, so that t = -c_1 / c_2 is the other point (stereographic projection)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import fmpq

from eqcompiler.verification.constraint_solving import Choose
from eqcompiler.verification.fields import ZERO

Values = Mapping[str, Any]
STEP = fmpq(1)


def along_a_secant(values: Values, names: Sequence[str], residual: Callable[[Values], Any], choose: Choose) -> Values:
    """`names`: scalars that the equation is about, two at least."""
    direction = {name: fmpq(choose(-3, 3), choose(1, 2)) for name in names}

    def at(t: fmpq) -> Values:
        return {**values, **{name: values[name] + t * d for name, d in direction.items()}}

    ahead, behind, twice = (residual(at(t)) for t in (STEP, -STEP, 2 * STEP))
    if not all(isinstance(x, fmpq) for x in (ahead, behind, twice)):
        return values
    linear, square = (ahead - behind) / 2, (ahead + behind) / 2
    if square == ZERO or twice != 2 * linear + 4 * square:
        return values
    return at(-linear / square)
