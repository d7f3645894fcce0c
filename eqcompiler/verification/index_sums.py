r"""Sums of products with indices: the data of the proof checker, written for it alone.

Takes: coefficients, bound indices, factors. Gives: `Sum`, `Product`, `Atom`.
Guarantees: what has the same key is the same for all values of the names that are open in it. The arithmetic is in
index_arithmetic.

    2 sum_ij X_ij theta_j X_ik     Product(2, (#0.0 in 1..m, #0.1 in 1..n), X[#0.0,#0.1] theta[#0.1] X[#0.0,k])
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from eqcompiler.errors import EquationError
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension

Position = Dimension  # an index expression; index names start with ~ (open), # (bound) or ? (an operand's axis)
MOST_TERMS = 3000
OPEN = "~#?"  # how the names of indices start; sizes start with a letter


class NotReplayed(EquationError):
    """A proof that the checker cannot follow: an operation that it does not know, or too many terms. Not a fault.

    Example: the spectral norm of a matrix. Repair: none is needed; the evidence beside the proof is as it was.
    """


@dataclass(frozen=True, slots=True)
class Range:
    name: str
    lower: Position
    upper: Position


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """A factor. kind: entry (of a symbol), size, position, delta, guard, prime (under a root), constant, function, unknown
    (function), whole (inverse, det), group (a sum in a denominator), root (a sum, to an exponent between 0 and 1)."""

    kind: str
    name: str
    at: tuple[Position, ...] = ()
    inner: tuple[Open, ...] = ()
    symmetric: bool = False
    key: str = field(init=False, repr=False)
    height: int = field(init=False, repr=False)
    names: frozenset[str] = field(init=False, repr=False)  # the index names that occur open

    def __post_init__(self) -> None:
        names = {n for p in self.at for n in p.names if n[0] in OPEN}
        names.update(n for o in self.inner for n in o.names)
        object.__setattr__(self, "names", frozenset(names))
        inner = f"({'; '.join(o.key for o in self.inner)})" if self.inner else ""
        at = f"[{','.join(map(str, self.at))}]" if self.at else ""
        object.__setattr__(self, "key", f"{self.kind}:{self.name}{inner}{at}")
        object.__setattr__(self, "height", max((o.body.height + bool(o.axes) for o in self.inner), default=0))

    @property
    def called(self) -> str:
        """The function or operation that this is a value of."""
        return self.name if self.kind in ("function", "whole") else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atom) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


Factors = tuple[tuple[Atom, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """coefficient times the sum over `bound` of the product of `factors`."""

    coefficient: Fraction
    bound: tuple[Range, ...]
    factors: Factors
    key: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Products with distinct keys, sorted; none is zero. The empty sum is 0."""

    terms: tuple[Product, ...] = ()

    @property
    def key(self) -> str:
        return " + ".join(f"{t.coefficient}*{t.key}" for t in self.terms)

    @property
    def height(self) -> int:
        """Above the height of every bound index inside."""
        return max((height_of(t.factors) + bool(t.bound) for t in self.terms), default=0)

    @property
    def constant(self) -> Fraction | None:
        if not self.terms:
            return Fraction(0)
        return self.terms[0].coefficient if len(self.terms) == 1 and not self.terms[0].key else None

    def times(self, c: Fraction) -> Sum:
        return Sum(tuple(Product(c * t.coefficient, t.bound, t.factors, t.key) for t in self.terms)) if c else ZERO


@dataclass(frozen=True, slots=True)
class Open:
    """An argument of an atom: a tensor over `axes` (none for a function of a scalar)."""

    axes: tuple[Range, ...]
    body: Sum

    @property
    def key(self) -> str:
        return " ".join(f"{a.name}<{a.upper}" for a in self.axes) + ":" * bool(self.axes) + self.body.key

    @property
    def names(self) -> set[str]:
        found: set[str] = set()
        for t in self.body.terms:
            inside = {n for a, _ in t.factors for n in a.names} | {n for r in t.bound for n in r.upper.names if n[0] in OPEN}
            found |= inside - {r.name for r in t.bound}
        return found - {r.name for r in self.axes}


ZERO = Sum()
NAMES = itertools.count()


def height_of(factors: Factors) -> int:
    return max((atom.height for atom, _ in factors), default=0)


def number(value: Fraction | int) -> Sum:
    return Sum((Product(Fraction(value), (), (), ""),)) if value else ZERO


ONE = number(1)


def add(*parts: Sum) -> Sum:
    total: dict[str, Fraction] = {}
    seen: dict[str, Product] = {}
    for term in (t for part in parts for t in part.terms):
        total[term.key] = total.get(term.key, Fraction(0)) + term.coefficient
        seen[term.key] = term
    if len(total) > MOST_TERMS:
        raise NotReplayed(f"more than {MOST_TERMS} terms")
    kept = (seen[k] for k in sorted(total) if total[k])
    return Sum(tuple(Product(total[t.key], t.bound, t.factors, t.key) for t in kept))


def minus(a: Sum, b: Sum) -> Sum:
    return add(a, b.times(Fraction(-1)))


def placed(position: Position, places: Mapping[str, Position]) -> Position:
    if len(position.terms) == 1 and position.terms[0][1] == 1 and len(position.terms[0][0]) == 1:
        return places.get(position.terms[0][0][0], position)
    return position.substitute(places)


def is_filled(r: Range) -> bool:
    """From 1 to something that is at least 1 for all sizes from 1 on."""
    sized = all(n[0] not in OPEN for n in r.upper.names) and all(c > 0 for names, c in r.upper.terms if names)
    return r.lower == FIRST and sized and sum(c for _, c in r.upper.terms) >= 1


def written(ranges: Sequence[Range], factors: Factors) -> str:
    """The text of a product without its coefficient: what products are compared by."""
    head = " ".join(f"{r.name}<{r.lower}..{r.upper}" for r in ranges)
    return head + ": " * bool(ranges) + " ".join(a.key if e == 1 else f"{a.key}^{e}" for a, e in factors)
