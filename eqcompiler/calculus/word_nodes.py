"""Nodes of a term graph that is being read as matrix words: a word with the indices at its two ends.

Takes: words and scalars. Gives: `Node` and the operations on nodes: turned, raised, joined entry by entry, numbers taken out.
Guarantees: every operation keeps the value; what cannot be written as a word raises NoWord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.calculus import monomials as nf
from eqcompiler.calculus.factoring import Letter, Word, fold
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import (
    SCALAR,
    Call,
    Number,
    Term,
    Type,
)


class NoWord(Exception):
    """This sum is no product of matrices: one more index has to stay explicit. Never leaves this part."""


@dataclass(frozen=True, slots=True)
class Node:
    """A word open at up to two indices: a matrix (left, right), a column (left, None), a scalar (None, None)."""

    word: Word
    left: nf.Index | None = None
    right: nf.Index | None = None

    @property
    def indices(self) -> tuple[nf.Index, ...]:
        return tuple(index for index in (self.left, self.right) if index is not None)

    def turned(self) -> Node:
        return Node(reversed_word(self.word), self.right, self.left)

    def starting_at(self, index: nf.Index) -> Node:
        return self if self.left == index else self.turned()


def scalar_node(term: Term) -> Node:
    return Node((Letter(term),))


def reversed_word(word: Word) -> Word:
    return tuple(letter.transposed() for letter in reversed(word))


def raised(node: Node, exponent: Fraction) -> Node:
    """Entry by entry to a power."""
    base = fold(node.word)
    power = Call(base.type, "pow", (base, Number(SCALAR, exponent)))
    return Node((Letter(power),), node.left, node.right)


def transposes(letters: Sequence[Letter]) -> int:
    return sum(isinstance(letter.term, Call) and letter.term.operation == "transpose" for letter in letters)


def bare(term: Term) -> Term:
    return term.arguments[0] if isinstance(term, Call) and term.operation == "transpose" else term


def entries_added(column: Node) -> Node:
    """The trace when the entries are a diagonal; any other plain sum of entries reads better as a sum."""
    term = column.word[0].term
    if isinstance(term, Call) and term.operation == "diagonal" and len(column.word) == 1:
        return scalar_node(Call(SCALAR, "trace", term.arguments))
    raise NoWord


def entrywise(columns: list[Node]) -> Word:
    if len(columns) == 1:
        return columns[0].word
    terms = tuple(fold(column.word) for column in columns)
    return (Letter(Call(terms[0].type, "mul", terms)),)


def combined(nodes: list[Node], axes: tuple[nf.Index, ...]) -> Word:
    """The word that is open at the axes: entry by entry products, outer products, scaled rows and columns."""
    if not axes:
        return ()
    sizes = tuple(dimension(axis.upper) for axis in axes)
    if len(axes) == 1:
        return entrywise(nodes) if nodes else (Letter(Call(Type(sizes), "ones", ())),)
    if len(axes) != 2:
        raise NoWord
    matrices = [node.starting_at(axes[0]) for node in nodes if node.right is not None]
    sides = [[node for node in nodes if node.right is None and node.left == axis] for axis in axes]
    if any(node.left == node.right for node in matrices):
        raise NoWord
    if not matrices:
        left, right = (
            entrywise(side) if side else (Letter(Call(Type((size,)), "ones", ())),)
            for side, size in zip(sides, sizes, strict=True)
        )
        return (*left, *reversed_word(right))
    word = entrywise(matrices)
    for place, side in enumerate(sides):
        if side:
            size = sizes[place]
            diagonal = Letter(Call(Type((size, size)), "diag", (fold(entrywise(side)),)), symmetric=True)
            word = (diagonal, *word) if place == 0 else (*word, diagonal)
    return word


def numbers_out(coefficient: Fraction, scalars: list[tuple[Term, Fraction]]) -> tuple[Fraction, list[tuple[Term, Fraction]]]:
    kept = []
    for term, exponent in scalars:
        if isinstance(term, Number) and exponent.denominator == 1:
            coefficient *= term.value**exponent.numerator
        else:
            kept.append((term, exponent))
    return coefficient, kept


def merged_scalars(scalars: list[tuple[Term, Fraction]]) -> tuple[tuple[Term, Fraction], ...]:
    total: dict[Term, Fraction] = {}
    for term, exponent in scalars:
        total[term] = total.get(term, Fraction(0)) + exponent
    return tuple((term, exponent) for term, exponent in total.items() if exponent)


def dimension(size: nf.Affine) -> Dimension:
    """The size that an upper bound states. Raises NoWord when it depends on an index."""
    total = Dimension.of(size.constant)
    for variable, coefficient in size.terms:
        if not isinstance(variable, tuple):
            raise NoWord
        product = Dimension.of(coefficient)
        for name in variable if isinstance(variable, tuple) else ():
            product = product * Dimension.of(name)
        total = total + product
    return total
