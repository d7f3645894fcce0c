"""Sizes of tensors: polynomials with integer coefficients in named dimensions, `m`, `n + 1`, `n*p`.

Takes: names and integers. Gives: `Dimension`, with exact equality, arithmetic and one-variable solving for unification.
Guarantees: equal polynomials compare and hash equal; printing is deterministic. No SymPy, so that reading stays fast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from math import gcd
from operator import and_

Monomial = tuple[str, ...]  # sorted names, repeated for powers; () is the constant


@dataclass(frozen=True, slots=True)
class Dimension:
    """A sum of `coefficient * monomial`, monomials sorted, no zero coefficients."""

    terms: tuple[tuple[Monomial, int], ...]

    @staticmethod
    def of(value: int | str) -> Dimension:
        if isinstance(value, int):
            return Dimension((((), value),) if value else ())
        return Dimension((((value,), 1),))

    @staticmethod
    def _from(terms: Mapping[Monomial, int]) -> Dimension:
        return Dimension(tuple(sorted((key, value) for key, value in terms.items() if value)))

    def __add__(self, other: Dimension) -> Dimension:
        total = dict(self.terms)
        for key, value in other.terms:
            total[key] = total.get(key, 0) + value
        return Dimension._from(total)

    def __neg__(self) -> Dimension:
        return Dimension(tuple((key, -value) for key, value in self.terms))

    def __sub__(self, other: Dimension) -> Dimension:
        return self + -other

    def __mul__(self, other: Dimension) -> Dimension:
        total: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                key = tuple(sorted(left + right))
                total[key] = total.get(key, 0) + a * b
        return Dimension._from(total)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for key, _ in self.terms for name in key)

    @property
    def constant(self) -> int | None:
        """The integer this is, or None when a name occurs."""
        if not self.terms:
            return 0
        return self.terms[0][1] if self.terms[0][0] == () and len(self.terms) == 1 else None

    @property
    def is_one(self) -> bool:
        return self.constant == 1

    def without_common_factor(self) -> Dimension:
        """Zero exactly where this is, since no size is zero: n for m*n, k - n for 2*k*m - 2*m*n."""
        if not self.terms:
            return self
        number = gcd(*(coefficient for _, coefficient in self.terms))
        shared = reduce(and_, (Counter(key) for key, _ in self.terms))
        return Dimension._from({tuple(sorted((Counter(key) - shared).elements())): c // number for key, c in self.terms})

    def substitute(self, values: Mapping[str, Dimension]) -> Dimension:
        total = Dimension(())
        for key, coefficient in self.terms:
            product = Dimension.of(coefficient)
            for name in key:
                product = product * values.get(name, Dimension.of(name))
            total = total + product
        return total

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number this is for given sizes. KeyError names a missing dimension."""
        total = 0
        for key, coefficient in self.terms:
            for name in key:
                coefficient *= sizes[name]
            total += coefficient
        return total

    def __str__(self) -> str:
        text = ""
        for key, coefficient in sorted(self.terms, key=lambda term: (-len(term[0]), term[0])):
            word = "*".join(key)
            size = word if word and abs(coefficient) == 1 else f"{abs(coefficient)}{'*' if word else ''}{word}"
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {size}" if text else (f"-{size}" if coefficient < 0 else size)
        return text or "0"


ONE = Dimension.of(1)
