"""How a value is computed where 8 ulp of it are promised: with a bound of its rounding error, and what follows where the bound
is too large.

Takes: nothing; data only. Gives: `Rounded` and `Summed`, which stand in plans beside loops, and `Accuracy`.
Guarantees: `u` is half an ulp of 1, 2^-53. A name `r` that sums keeps what its additions round off in a second number, its low
part: the exact r differs from r + r_low by at most r_error. Errors are SymPy expressions, derived by counting operations.

    r := y[i] + -theta_x + -theta_x_low  within theta_x_error    (compensated: what additions round off is in r_low)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy

if TYPE_CHECKING:
    from eqcompiler.languages.loop_plan import Node, Storage

INDENT = "  "
ULPS = 8  # what is promised
PRECISION = 53  # bits of float64
UNIT = sympy.Symbol("u", positive=True)


@dataclass(frozen=True, slots=True)
class Rounded:
    """target := value, in float64; where `kept` names one, that tensor or scalar gets the bound `error`."""

    target: sympy.Expr
    value: sympy.Expr
    error: sympy.Expr
    kept: sympy.Expr | None

    def lines(self, depth: int) -> Iterator[str]:
        yield f"{INDENT * depth}{self.target} := {self.value}"
        if self.kept is not None:
            yield f"{INDENT * depth}{self.kept} := {self.error}"

    def mapped(self, change: Callable[[sympy.Expr], sympy.Expr]) -> Rounded:
        kept = None if self.kept is None else change(self.kept)
        return Rounded(change(self.target), change(self.value), change(self.error), kept)


@dataclass(frozen=True, slots=True)
class Addend:
    """A number to add, or the product of two with all its digits; `error` is how far it is from exact."""

    factors: tuple[sympy.Expr, ...]
    error: sympy.Expr

    def __str__(self) -> str:
        text = "*".join(f"({factor})" if isinstance(factor, sympy.Add) else str(factor) for factor in self.factors)
        return text if self.error == 0 else f"{text} within {self.error}"


@dataclass(frozen=True, slots=True)
class Summed:
    """target + low := (or +=, unless it starts) each addend in turn, what an addition rounds off kept in low."""

    target: sympy.Expr
    low: sympy.Expr
    error: sympy.Expr
    addends: tuple[Addend, ...]
    starts: bool

    def lines(self, depth: int) -> Iterator[str]:
        first, *others = self.addends
        yield f"{INDENT * depth}{self.target} {':=' if self.starts else '+='} {first}"
        yield from (f"{INDENT * depth}{self.target} += {addend}" for addend in others)

    def mapped(self, change: Callable[[sympy.Expr], sympy.Expr]) -> Summed:
        addends = tuple(Addend(tuple(map(change, a.factors)), change(a.error)) for a in self.addends)
        return Summed(change(self.target), change(self.low), change(self.error), addends, self.starts)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The plan of one number with a bound of its error: `result` differs from the exact value by at most `error`.

    work: what a call costs, in flops; from CAREFUL on the plan without bounds is taken.
    """

    body: tuple[Node, ...]
    temporaries: tuple[Storage, ...]
    result: sympy.Expr
    error: sympy.Expr
    work: sympy.Expr

    def lines(self, depth: int, careful: int) -> Iterator[str]:
        outer, inner = INDENT * depth, INDENT * (depth + 1)
        if self.proved is not None:
            yield f"{outer}to {ULPS} ulp: within {self.error}, u = 2^-{PRECISION}"
            return
        where = "" if self.is_always(careful) else f"below {self.work} = {careful}: "
        yield f"{outer}{where}with a bound of its error, sums compensated, u = 2^-{PRECISION}"
        if self.temporaries:
            yield f"{inner}allocate {', '.join(map(str, self.temporaries))}"
        for node in self.body:
            yield from node.lines(depth + 1)
        yield f"{inner}{self.result} within {self.error}"
        yield f"{outer}where that exceeds {ULPS} ulp: in double-double, with the bound that belongs to it"
        yield f"{outer}where that exceeds them too: in decimal numbers, with as many digits as it takes"

    @property
    def proved(self) -> sympy.Expr | None:
        """The error in units of u times the value, where counting alone shows that it is at most 8; an ulp is at least u
        times the value."""
        relative = self.error.coeff(UNIT * sympy.Abs(self.result))
        known = relative.is_number and self.error == relative * UNIT * sympy.Abs(self.result)
        return relative if known and relative <= ULPS else None

    def is_always(self, careful: int) -> bool:
        """Whether no arguments make the plan without bounds worth while."""
        return bool(self.work.is_number and self.work < careful)

    def words(self, careful: int) -> str:
        """What is promised, for a docstring."""
        if self.is_always(careful) or self.proved is not None:
            return f"exact to {ULPS} ulp"
        return f"exact to {ULPS} ulp where {self.work} < {careful}"
