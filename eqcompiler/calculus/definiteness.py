r"""Definiteness by structure.

Takes: the second derivative of a scalar, as a Normal in its row and column axes. Gives: whether it is positive
(semi)definite for all values.
Guarantees: "definite" and "semidefinite" are proved by structure: B^T S B, diag(v) with v >= 0, u u^T, declared and inverted
definite matrices, entrywise (Schur, 1911) and Kronecker products of such, nonnegative sums of them. Else "unknown".

    2/m X^T X + 2 lambda I  with lambda > 0        definite
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from eqcompiler.calculus.factoring import Letter, Word
from eqcompiler.calculus.monomials import Index, Monomial, Normal
from eqcompiler.calculus.tensor_words import Reader
from eqcompiler.calculus.word_nodes import Node, NoWord
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Call, Component, Condition, Number, Reduction, Size, Symbol, Term

Definiteness = Literal["definite", "semidefinite", "unknown"]
NONNEGATIVE_CALLS = frozenset(("abs", "norm2", "norm1", "norminf", "normF", "sqrt"))
_BY_SIGN: dict[int, Definiteness] = {1: "definite", 0: "semidefinite", -1: "unknown"}
POSITIVE_CALLS = frozenset(("exp", "sigmoid", "softplus", "cosh"))


def definiteness(document: Document, normal: Normal, rows: tuple[Index, ...], columns: tuple[Index, ...]) -> Definiteness:
    """Of the quadratic form with these axes: one row and one column axis for a vector, two each for a matrix variable."""
    judge = _Structure(document, normal)
    return _of_sum(judge.monomial(term, rows, columns) for term in normal.terms)


def _of_sum(parts: Iterable[Definiteness]) -> Definiteness:
    found = list(parts)
    if "unknown" in found:
        return "unknown"
    return "definite" if "definite" in found else "semidefinite"


def _of_product(parts: Iterable[Definiteness]) -> Definiteness:
    found = list(parts)
    if "unknown" in found:
        return "unknown"
    return "definite" if all(part == "definite" for part in found) else "semidefinite"


class _Structure:
    def __init__(self, document: Document, normal: Normal) -> None:
        self.reader = Reader(document, normal)
        self.assumptions = document.assumptions

    def monomial(self, monomial: Monomial, rows: tuple[Index, ...], columns: tuple[Index, ...]) -> Definiteness:
        nodes: list[Node] = []
        scalars: list[tuple[Term, Fraction]] = []
        try:
            for factor in monomial.factors:
                self.reader.place(factor, (*rows, *columns), nodes, scalars)
        except NoWord:
            return "unknown"
        sign = self.sign(monomial.coefficient, scalars)
        if sign is None:
            return "unknown"
        pairs = list(zip(rows, columns, strict=True))
        parts = [self.pair([node for node in nodes if set(node.indices) & set(pair)], pair) for pair in pairs]
        return _of_product((sign, *parts))

    def pair(self, nodes: list[Node], pair: tuple[Index, Index]) -> Definiteness:
        """The entrywise product of everything open at this row and column; nothing there is the matrix of ones."""
        row, column = pair
        if any(not set(node.indices) <= set(pair) for node in nodes):
            return "unknown"
        matrices = [node.starting_at(row) for node in nodes if len(node.indices) == 2]
        left = sorted(str(node.word) for node in nodes if node.indices == (row,))
        right = sorted(str(node.word) for node in nodes if node.indices == (column,))
        if left != right:
            return "unknown"
        found = _of_product(self.word(node.word) for node in matrices) if matrices else "semidefinite"
        return "semidefinite" if left and found == "definite" else found

    def word(self, word: Word) -> Definiteness:
        """B^T S B: letters that mirror each other around a definite middle, or around nothing."""
        middle: Definiteness = "definite"
        if len(word) == 1:
            return self.letter(word[0].term)
        half = len(word) // 2
        if any(a.transposed().term != b.term for a, b in zip(word[:half], reversed(word[-half:]), strict=True)):
            return "unknown"
        if len(word) % 2:
            middle = self.letter(word[half].term)
        return "unknown" if middle == "unknown" else "semidefinite"

    def letter(self, term: Term) -> Definiteness:
        if isinstance(term, Call):
            if term.operation == "identity":
                return "definite"
            if term.operation == "inverse":
                return "definite" if self.letter(term.arguments[0]) != "unknown" else "unknown"
            if term.operation == "diag":
                return _BY_SIGN[self.entries(term.arguments[0])]
            if term.operation == "add":
                return _of_sum(self.letter(argument) for argument in term.arguments)
            if term.operation in ("mul", "matmul"):
                return self.product(term)
            if term.operation == "outer":
                left, right = (Letter(argument) for argument in term.arguments)
                mirrored = right.term if right.term.type.row else right.transposed().term
                return "semidefinite" if left.transposed().term == mirrored else "unknown"
        if isinstance(term, Reduction) and term.operation == "sum":
            return "semidefinite" if self.letter(term.body) != "unknown" else "unknown"
        if self.is_declared(term, "positive definite"):
            return "definite"
        return "semidefinite" if self.is_declared(term, "positive semidefinite") else "unknown"

    def product(self, term: Call) -> Definiteness:
        """A scaled definite matrix, or a product of matrices written out."""
        if term.operation == "matmul":
            return self.word(tuple(Letter(part, self.is_symmetric(part)) for part in _flat(term)))
        *scalars, matrix = term.arguments
        if any(scalar.type.rank for scalar in scalars):
            return "unknown"
        sign = self.sign(Fraction(1), [(scalar, Fraction(1)) for scalar in scalars])
        return "unknown" if sign is None else _of_product((sign, self.letter(matrix)))

    def is_symmetric(self, term: Term) -> bool:
        words = ("symmetric", "positive definite", "positive semidefinite", "diagonal")
        return any(self.is_declared(term, word) for word in words) or self.letter(term) != "unknown"

    def is_declared(self, term: Term, word: str) -> bool:
        return Condition(word, term) in self.assumptions

    def sign(self, coefficient: Fraction, scalars: Iterable[tuple[Term, Fraction]]) -> Definiteness | None:
        """definite: positive; semidefinite: at least zero; None: not known."""
        signs = [1 if coefficient > 0 else -1 if coefficient < 0 else 0]
        signs += [self._raised(term, exponent) for term, exponent in scalars]
        if -1 in signs:
            return None
        return "definite" if all(sign == 1 for sign in signs) else "semidefinite"

    def _raised(self, term: Term, exponent: Fraction) -> int:
        sign = self.entries(term)
        if sign == -1 and exponent.denominator == 1 and exponent.numerator % 2 == 0:
            return 0
        return 1 if sign == 0 and exponent < 0 else sign

    def entries(self, term: Term) -> int:
        """1: every entry is positive; 0: none is negative; -1: not known."""
        if isinstance(term, Number):
            return 1 if term.value > 0 else 0 if term.value == 0 else -1
        if isinstance(term, Size):
            return 1
        if isinstance(term, Symbol | Component):
            return self.assumed(term.base if isinstance(term, Component) else term)
        if isinstance(term, Reduction) and term.operation == "sum":
            return min(self.entries(term.body), 0) if self.entries(term.body) >= 0 else -1
        if not isinstance(term, Call):
            return -1
        if term.operation in POSITIVE_CALLS or term.operation == "ones":
            return 1
        if term.operation in NONNEGATIVE_CALLS:
            return 0
        if term.operation in ("add", "mul", "div"):
            signs = [self.entries(argument) for argument in term.arguments]
            return -1 if -1 in signs else max(signs) if term.operation == "add" else min(signs)
        if term.operation == "pow" and isinstance(term.arguments[1], Number):
            return self._raised(term.arguments[0], term.arguments[1].value)
        if term.operation == "matmul" and not term.type.rank:
            word = tuple(Letter(part, self.is_symmetric(part)) for part in _flat(term))
            return 0 if self.word(word) != "unknown" else -1
        return -1

    def assumed(self, term: Term) -> int:
        for condition in self.assumptions:
            if condition.left == term and isinstance(condition.right, Number) and condition.right.value >= 0:
                if condition.relation == ">" or (condition.relation == ">=" and condition.right.value > 0):
                    return 1
                if condition.relation == ">=":
                    return 0
        return -1


def _flat(term: Term) -> tuple[Term, ...]:
    if isinstance(term, Call) and term.operation == "matmul":
        return tuple(part for argument in term.arguments for part in _flat(argument))
    return (term,)
