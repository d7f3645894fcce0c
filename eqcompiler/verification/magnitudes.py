"""How large the numbers of an evaluation are, on a logarithmic scale: what balls that agree must be compared with.

Takes: the values and the arguments of functions that an evaluation meets while it is watched. Gives: a number of bits.
Guarantees: two different elementary expressions may differ by about exp(-a), a the largest argument of an exponential in them,
or by their smallest term; `bits` is at least log2 of the inverse of either, and UNBOUNDED where it cannot be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from flint import acb, arb, fmpq

UNBOUNDED: Final = 1 << 60
_LARGEST_ARGUMENT_BITS = 40
# functions that come exponentially near to something simpler, and the power of the argument that is in the exponent
_EXPONENTIAL: Final = {**dict.fromkeys(("exp", "sinh", "cosh", "tanh", "sigmoid", "softplus"), 1), "erf": 2}


class Magnitudes:
    """What has been met since the last `watching`."""

    __slots__ = ("bits", "watched")

    def __init__(self) -> None:
        self.bits = 0
        self.watched = False

    def argument(self, function: str, x: Any) -> None:
        """The argument of a function; 3/2 is more than 1/log(2)."""
        order = _EXPONENTIAL.get(function)
        if self.watched and order is not None:
            size = _whole_bound(x) ** order
            self.bits = max(self.bits, min(3 * size // 2, UNBOUNDED))

    def values(self, numbers: Iterable[Any]) -> None:
        for x in numbers:
            self.bits = max(self.bits, abs(_exponent(x)))

    def digits(self, x: Any) -> None:
        """A number as it is written, 1.0...01 included."""
        if self.watched and isinstance(x, fmpq):
            self.bits = max(self.bits, x.height_bits())


SEEN: Final = Magnitudes()  # of the evaluation at work: there is one at a time, as there is one precision of balls


@contextmanager
def watching() -> Iterator[Magnitudes]:
    SEEN.bits, SEEN.watched = 0, True
    try:
        yield SEEN
    finally:
        SEEN.watched = False


def _exponent(x: Any) -> int:
    """About log2 |x|; 0 for zero, and for a ball that is not told apart from it."""
    if isinstance(x, fmpq):
        return int(x.p.bit_length()) - int(x.q.bit_length()) if x != 0 else 0
    if not isinstance(x, arb) or not x.is_finite() or x.contains(0):
        return 0
    mantissa, exponent = x.mid().man_exp()
    return min(max(int(mantissa).bit_length() + int(exponent), -UNBOUNDED), UNBOUNDED)


def _whole_bound(x: Any) -> int:
    """A whole number, about |x| or more."""
    if isinstance(x, fmpq):
        return int(abs(x).ceil())
    if not isinstance(x, arb | acb):
        return 0
    upper = x.abs_upper()
    if not upper.is_finite() or _exponent(upper) > _LARGEST_ARGUMENT_BITS:
        return UNBOUNDED
    return int(float(upper)) + 1
