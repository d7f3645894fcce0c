"""Canonical names for the bound indices of one contraction.

Takes: bound indices, factors, and how a factor is renamed. Gives: the factors with the indices renamed, in one order.
Guarantees: any result is a renaming of what was given; contractions that differ only by names and order of factors get the
same result, as long as the search for the least text stays below MAX_LEAVES (beyond, equal things may look different).

Colour refinement tells indices apart by the factors that they occur in; what remains tied is tried in all orders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from eqcompiler.calculus.monomials import ONE_AFFINE, Affine, Component, Factor, Index, Monomial

MAX_LEAVES = 800

Rename = Callable[[Factor, Mapping[Index, Affine]], Monomial]
Colours = dict[Index, str]


def canonical(
    bound: Sequence[Index], factors: Sequence[Factor], rename: Rename
) -> tuple[Fraction, tuple[Index, ...], tuple[Factor, ...]]:
    """The sign that renaming brought out, the bound indices with canonical names, the renamed factors in order."""
    height = 1 + max((f.atom.height for f in factors), default=-1)
    search = _Search(tuple(bound), tuple(factors), rename, height)
    search.explore(search.refined({b: _range_colour(b, bound) for b in bound}))
    return search.best()


def _range_colour(index: Index, bound: Sequence[Index]) -> str:
    return "?" if any(i in bound for i in index.upper.indices) else index.upper.key


class _Search:
    def __init__(self, bound: tuple[Index, ...], factors: tuple[Factor, ...], rename: Rename, height: int) -> None:
        self.bound, self.factors, self.rename, self.height = bound, factors, rename, height
        self.leaves: dict[str, tuple[Fraction, tuple[Index, ...], tuple[Factor, ...]]] = {}
        self.tried = 0

    def refined(self, colours: Colours) -> Colours:
        colours = _ranked(colours)
        count = len(set(colours.values()))
        while count < len(self.bound):
            signs: dict[Index, list[str]] = {b: [] for b in self.bound}
            for factor in self.factors:
                for index in factor.atom.indices:
                    if index in signs:
                        signs[index].append(self._signature(factor, index, colours))
            for index in self.bound:
                for inner in index.upper.indices:
                    if inner in signs:
                        signs[inner].append(f"range of {colours[index]}")
            colours = _ranked({b: f"{colours[b]}|{'|'.join(sorted(signs[b]))}" for b in self.bound})
            if len(set(colours.values())) == count:
                break
            count = len(set(colours.values()))
        return colours

    def _signature(self, factor: Factor, index: Index, colours: Colours) -> str:
        names = {b: colours[b] for b in self.bound if b in factor.atom.indices} | {index: "*"}
        atom = factor.atom
        if isinstance(atom, Component) and all(p.index for p in atom.positions):
            where = [names.get(p.index, p.key) for p in atom.positions if p.index]
            return f"{atom.name}[{','.join(sorted(where) if atom.symmetric else where)}]^{factor.exponent}"
        return f"{' '.join(sorted(_words(atom.key, names)))}^{abs(factor.exponent)}"

    def explore(self, colours: Colours) -> None:
        tied = _first_tie(colours, self.bound)
        if not tied:
            self._leaf(sorted(self.bound, key=lambda b: colours[b]))
            return
        for chosen in tied:
            if self.tried >= MAX_LEAVES:
                return
            self.explore(self.refined({**colours, chosen: colours[chosen] + "!"}))

    def _leaf(self, order: list[Index]) -> None:
        self.tried += 1
        named: dict[Index, Affine] = {}

        def name(index: Index) -> None:
            for inner in index.upper.indices:
                if inner in order and inner not in named:
                    name(inner)
            upper = index.upper.substitute(named)
            named[index] = Affine.of(Index(f"#{self.height}.{order.index(index)}", ONE_AFFINE, upper, self.height))

        for index in order:
            if index not in named:
                name(index)
        sign = Fraction(1)
        renamed: list[Factor] = []
        for factor in self.factors:
            monomial = self.rename(factor, named)
            sign *= monomial.coefficient
            renamed += monomial.factors
        renamed.sort()
        bound = tuple(named[b].indices[0] for b in order)
        text = f"{' '.join(b.key for b in bound)}: {' '.join(f.key for f in renamed)}"
        if text in self.leaves and self.leaves[text][0] != sign:
            sign = Fraction(0)  # a renaming turns the sum into its negative
        self.leaves[text] = (sign, bound, tuple(renamed))

    def best(self) -> tuple[Fraction, tuple[Index, ...], tuple[Factor, ...]]:
        return self.leaves[min(self.leaves)]


def _words(text: str, names: Mapping[Index, str]) -> list[str]:
    """The words of an atom's text with indices painted; independent of the order of its parts and of names bound inside."""
    for index, colour in names.items():
        text = text.replace(index.key, f" {colour} ")
    return re.findall(r"\w+|[*]", re.sub(r"[#?][0-9.]+", "#", text))


def _ranked(colours: Colours) -> Colours:
    ranks = {colour: f"{rank:03d}" for rank, colour in enumerate(sorted(set(colours.values())))}
    return {index: ranks[colour] for index, colour in colours.items()}


def _first_tie(colours: Colours, bound: Sequence[Index]) -> list[Index]:
    cells: dict[str, list[Index]] = {}
    for index in bound:
        cells.setdefault(colours[index], []).append(index)
    return next((cells[colour] for colour in sorted(cells) if len(cells[colour]) > 1), [])
