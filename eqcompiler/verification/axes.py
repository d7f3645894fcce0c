r"""Axes and ranges of indices, for the proof checker: what an axis is put together of, and sums over a range in one form.

Takes: sizes, ranges, and what stands at one place. Gives: sums with indices.
Guarantees: an identity for all sizes from 1 on. Every axis of blocks has the places of its parts one after the other; an axis
of a Kronecker product, or of stacked columns, has pairs of places.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.verification.function_values import raised
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, Atom, NotReplayed, Position, Range, Sum, add, minus, number

Way = tuple[tuple[Range, ...], Position]  # open indices, and the place that they stand for
LONGEST_WRITTEN = 6


@dataclass(frozen=True, slots=True)
class Parts:
    """How an axis is put together: the parts one after the other, or (outer, inner) with the inner index the faster one."""

    sizes: tuple[Dimension, ...]
    stacked: bool

    @property
    def length(self) -> Dimension:
        first, *more = self.sizes
        for size in more:
            first = first + size if self.stacked else first * size
        return first


class Axes:
    """sizes: what stands in the place of a size, in an induction. put_together: the axes that have parts."""

    def __init__(
        self, algebra: Algebra, sizes: Mapping[str, Dimension] | None = None, axes: Mapping[Dimension, Parts] | None = None
    ) -> None:
        self.algebra, self.sizes, self.put_together = algebra, sizes or {}, axes or {}

    def size(self, dimension: Dimension) -> Dimension:
        return dimension.substitute(self.sizes)

    def ways(self, size: Dimension) -> list[Way]:
        """The places of an axis: one open index from 1 on, or those of the axes that it is put together of."""
        parts = self.put_together.get(size)
        if parts is None:
            index = self.algebra.fresh(FIRST, self.size(size))
            return [((index,), Dimension.of(index.name))]
        found: list[Way] = []
        if parts.stacked:
            before = Dimension.of(0)
            for part in parts.sizes:
                inside = [((), FIRST)] if part == FIRST else self.ways(part)
                found += [(ranges, before + place) for ranges, place in inside]
                before = before + self.size(part)
            return found
        outer, inner = parts.sizes
        for (first, p), (second, q) in itertools.product(self.ways(outer), self.ways(inner)):
            found.append(((*first, *second), self.size(inner) * (p - FIRST) + q))
        return found

    def split(self, place: Position, inner: Dimension) -> tuple[Position, Position]:
        """(p, q) with place = inner (p - 1) + q and q from 1 to inner, as advised."""
        inner = self.size(inner)
        if inner == FIRST:
            return place, FIRST
        p, q = self.algebra.adviser.split(self.algebra, place, inner)
        r = self.algebra.ranges.get(str(q))
        if inner * (p - FIRST) + q != place or r is None or (r.lower, r.upper) != (FIRST, inner):
            raise NotReplayed("an index into a Kronecker product")
        return p, q

    def part(self, place: Position, sizes: Sequence[Dimension]) -> tuple[int, Position]:
        """Which of the parts that are stacked the place is in, and where."""
        before = Dimension.of(0)
        for k, size in enumerate(map(self.size, sizes)):
            inside = place - before
            r = self.algebra.ranges.get(str(inside))
            if (inside.constant is not None and size.constant is not None and 1 <= inside.constant <= size.constant) or (
                inside == FIRST == size or (r is not None and (r.lower, r.upper) == (FIRST, size))
            ):
                return k, inside
            before = before + size
        raise NotReplayed("an index into a block matrix")

    def summed(self, size: Dimension, body: Callable[[Position], Sum]) -> Sum:
        if self.sizes and size not in self.put_together:
            return self.over(FIRST, self.size(size), body)
        return add(*(self.algebra.summed(ranges, body(place)) for ranges, place in self.ways(size)))

    def over(self, lower: Position, upper: Position, body: Callable[[Position], Sum]) -> Sum:
        """A sum over lower..upper as one over 1..u, where u has no number in it, and the terms at the ends."""
        if lower.constant is None and self.algebra.is_at_least(upper - lower, -1) and self.algebra.is_at_least(lower, 1):
            return minus(self.over(FIRST, upper, body), self.over(FIRST, lower - FIRST, body))  # j = i + 1, ..., n
        try:
            plain, ends = self.ends(lower, upper)
            added = [body(place).times(Fraction(sign)) for place, sign in ends]
        except NotReplayed:  # the term at an end has no value
            index = self.algebra.fresh(lower, upper)
            return self.algebra.summed((index,), body(Dimension.of(index.name)))
        return add(self.along(plain, body), *added) if plain.terms else add(*added)

    def product_over(self, lower: Position, upper: Position, body: Callable[[Position], Sum]) -> Sum:
        """exp of the sum of the logarithms of positive factors; other factors one by one, constant ones to the power u."""
        algebra = self.algebra
        plain, ends = self.ends(lower, upper)
        outer = algebra.product(ONE, *(algebra.power(body(place), sign) for place, sign in ends))
        if not plain.terms:
            return outer
        index = algebra.fresh(FIRST, plain)
        value = body(Dimension.of(index.name))
        if algebra.all_positive(value):
            return algebra.product(outer, algebra.exp(algebra.summed((index,), algebra.log(value))))
        if not value.terms:
            raise NotReplayed("a product of zeros")
        parts = [outer]
        for factor in (f for part in algebra.content(value, True) for f in self.factors(part)):
            if index.name in factor.key:
                parts.append(algebra.atom(Atom("product", "", (plain,), (algebra.operand((index,), factor),))))
            else:
                parts.append(raised(algebra, factor, algebra.value(plain)))
        return algebra.product(*parts)

    def factors(self, body: Sum) -> list[Sum]:
        """The factors of a single product, else the whole."""
        if len(body.terms) != 1 or body.terms[0].bound:
            return [body]
        term = body.terms[0]
        return [number(term.coefficient), *(self.algebra.atom(a, e) for a, e in term.factors)]

    def ends(self, lower: Position, upper: Position) -> tuple[Position, list[tuple[Position, int]]]:
        """lower..upper as 1..u with the places at the ends that this leaves out (1) or adds (-1)."""
        length = (upper - lower).constant
        if length is not None and -1 <= length < LONGEST_WRITTEN:
            return Dimension.of(0), [(lower + Dimension.of(k), 1) for k in range(length + 1)]
        offset, start = dict(upper.terms).get((), 0), lower.constant
        plain = upper - Dimension.of(offset)
        few = start is not None and abs(offset) <= LONGEST_WRITTEN and abs(start) <= LONGEST_WRITTEN
        if (
            start is None
            or not few
            or not self.algebra.is_at_least(upper - lower, -1)
            or not self.algebra.is_at_least(plain, 0)
        ):
            raise NotReplayed("a range that need not be one")
        found = [(plain + Dimension.of(k), 1) for k in range(1, offset + 1)]
        found += [(plain + Dimension.of(k), -1) for k in range(offset + 1, 1)]
        found += [(Dimension.of(k), 1) for k in range(start, 1)] + [(Dimension.of(k), -1) for k in range(1, start)]
        return plain, found

    def along(self, upper: Position, body: Callable[[Position], Sum]) -> Sum:
        index = self.algebra.fresh(FIRST, upper)
        return self.algebra.summed((index,), body(Dimension.of(index.name)))
