"""Polynomials over matrix words: what non-commutative rewriting works on.

Takes: Normals. Gives: `Polynomial`s, sums of scalars times words, and Normals back.
Guarantees: a Normal and its polynomial are the same function. A word is a tuple of tokens; an open end at index i is the
token `<i` or `>i`, the open ends of a rule are `<` and `>`. A word is cut where a column meets a row: u v^T is two words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.calculus.algebra import add, merge, multiply_all
from eqcompiler.calculus.chains import Chain, Letter, build, read_monomial, reverse, transposed_letter
from eqcompiler.calculus.monomials import Affine, Factor, Monomial, Normal

Word = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """scalars (commuting factors) times words; the words are sorted."""

    scalars: tuple[Factor, ...]
    words: tuple[Word, ...]


Polynomial = Mapping[Term, Fraction]


class Alphabet:
    """The letters behind the tokens. A token is the letter's name, with ' when transposed, | for a row, / for a diagonal."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}
        self.ends: dict[str, Affine] = {}

    def token(self, letter: Letter) -> str:
        mark = {"matrix": "'" if letter.transposed else "", "row": "|", "column": "", "diagonal": "/"}[letter.role]
        token = letter.name + mark
        self.letters.setdefault(token, letter)
        return token

    def flipped(self, token: str) -> str:
        """The token of the transpose."""
        if token[0] in "<>":
            return "<>"[token[0] == "<"] + token[1:]
        return self.token(transposed_letter(self.letters[token]))

    def is_cut(self, left: str, right: str) -> bool:
        return self.role(left) == "column" and self.role(right) == "row"

    def role(self, token: str) -> str:
        return "end" if token[0] in "<>" else self.letters[token].role

    # ---- reading

    def polynomial(self, body: Normal) -> dict[Term, Fraction]:
        total: dict[Term, Fraction] = {}
        for term in body.terms:
            key = self._term(term)
            total[key] = total.get(key, Fraction(0)) + term.coefficient
        return {key: c for key, c in total.items() if c}

    def _term(self, term: Monomial) -> Term:
        read = read_monomial(term)
        scalars, words = list(read.scalars), []
        for (chain, exponent), f in zip(read.chains, _chain_factors(term, read.scalars), strict=True):
            closed = chain.left is None and chain.right is None
            if closed and not (exponent.denominator == 1 and 0 < exponent <= 8):
                scalars.append(f)
            else:
                words += [self.word(chain)] * (int(exponent) if closed else 1)
        return self.term(scalars, words)

    def word(self, chain: Chain) -> Word:
        tokens = tuple(self.token(letter) for letter in chain.letters)
        if chain.trace:
            return ("tr", *tokens)
        left: Word = ()
        right: Word = ()
        if chain.left is not None:
            self.ends[chain.left.key] = chain.left
            left = (f"<{chain.left.key}",)
        if chain.right is not None:
            self.ends[chain.right.key] = chain.right
            right = (f">{chain.right.key}",)
        return (*left, *tokens, *right)

    def term(self, scalars: Iterable[Factor], words: Iterable[Word]) -> Term:
        """Words are cut, read in their least direction and sorted."""
        pieces = [self.least(piece) for word in words for piece in self.cut(word)]
        return Term(tuple(sorted(_merged(scalars))), tuple(sorted(pieces)))

    def cut(self, word: Word) -> list[Word]:
        if word[0] == "tr":
            for k in range(1, len(word)):
                following = word[k + 1] if k + 1 < len(word) else word[1]
                if self.is_cut(word[k], following):
                    return self.cut((*word[k + 1 :], *word[1 : k + 1]))
            return [word]
        pieces, start = [], 0
        for k in range(len(word) - 1):
            if self.is_cut(word[k], word[k + 1]):
                pieces.append(word[start : k + 1])
                start = k + 1
        return [*pieces, word[start:]]

    def turned(self, word: Word) -> Word:
        """The same value read from the other end."""
        if word[0] == "tr":
            return ("tr", *(self.flipped(t) for t in reversed(word[1:])))
        return tuple(self.flipped(t) for t in reversed(word))

    def least(self, word: Word) -> Word:
        if word[0] == "tr":
            both = [word[1:], self.turned(word)[1:]]
            return ("tr", *min(w[k:] + w[:k] for w in both for k in range(max(1, len(w)))))
        if word[0] == "<" or word[-1] == ">":
            return word  # the ends of a rule have a direction
        if word[0] == ">" or word[-1] == "<":
            return self.turned(word)
        return min(word, self.turned(word))

    # ---- writing

    def normal(self, polynomial: Polynomial) -> Normal:
        parts = []
        for term, c in polynomial.items():
            words = [build(self.chain(word)) for word in term.words]
            parts.append(multiply_all(merge(c, term.scalars), words))
        return add(parts)

    def chain(self, word: Word) -> Chain:
        if word[0] == "tr":
            return Chain(tuple(self.letters[t] for t in word[1:]), trace=True)
        if word[0].startswith(">") or word[-1].startswith("<"):
            word = self.turned(word)
        left = self.ends[word[0][1:]] if word[0].startswith("<") else None
        right = self.ends[word[-1][1:]] if word[-1].startswith(">") else None
        inner = word[left is not None : len(word) - (right is not None)]
        letters = tuple(self.letters[t] for t in inner)
        if left is None and right is not None:
            return reverse(Chain(tuple(transposed_letter(x) for x in reversed(letters)), left=right))
        return Chain(letters, left, right)


def _chain_factors(term: Monomial, scalars: tuple[Factor, ...]) -> list[Factor]:
    return [f for f in term.factors if not any(f is s for s in scalars)]


def _merged(factors: Iterable[Factor]) -> list[Factor]:
    total: dict[str, Factor] = {}
    for f in factors:
        old = total.get(f.atom.key)
        total[f.atom.key] = f if old is None else Factor(f.atom, old.exponent + f.exponent)
    return [f for f in total.values() if f.exponent]


def scaled(alphabet: Alphabet, polynomial: Polynomial, c: Fraction, scalars: tuple[Factor, ...]) -> dict[Term, Fraction]:
    return {alphabet.term((*t.scalars, *scalars), t.words): c * k for t, k in polynomial.items()}


def plus(left: Polynomial, right: Polynomial) -> dict[Term, Fraction]:
    total = dict(left)
    for term, c in right.items():
        total[term] = total.get(term, Fraction(0)) + c
    return {term: c for term, c in total.items() if c}
