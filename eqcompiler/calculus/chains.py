"""Matrix words: the one reading of contractions as products of matrices and vectors.

Takes: a Normal. Gives: for each monomial a `Product`: its scalars and its chains.
Guarantees: a chain and its contraction are the same function; what is not a chain stays among the scalars, never dropped.

    {#0 #1: X[#0,i] X[#0,#1] theta[#1]}   is   X^T X theta    open on the left at i
    {#0 #1: A[#0,#1] B[#1,#0]}            is   tr(A B)
    {#0: A[i,#0] d[#0] B[#0,j]}           is   A diag(d) B    open at i and j
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from eqcompiler.calculus.algebra import REBUILD_INTRINSIC, multiply, power, substitute_factor
from eqcompiler.calculus.index_values import delta, fresh
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    Affine,
    Atom,
    Component,
    Contraction,
    Delta,
    Factor,
    Index,
    Intrinsic,
    Monomial,
    Normal,
)
from eqcompiler.calculus.sums import total


@dataclass(frozen=True, slots=True)
class Letter:
    """One matrix or vector of a word. `name` is its text without indices: `X`, `inverse{...}`, `exp(z[])`.

    role: "matrix"; "column", a vector v at the right end; "row", v^T at the left end; "diagonal", diag(v) in the middle.
    transposed: the matrix is read with its indices exchanged. symmetric: transposing changes nothing.
    atom: one occurrence of it, with its exponent (1 unless the letter stands for entrywise powers), to print from;
    positions: the atom's (row, column) index expressions in the order of the reading, one for a vector.
    """

    name: str
    role: Literal["matrix", "column", "row", "diagonal"]
    transposed: bool
    symmetric: bool
    atom: Atom
    exponent: Fraction
    positions: tuple[Affine, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A product of letters. left, right: the index expression at which an end is open, None when the end is a vector.

    trace: the ends are joined. A chain with two closed ends or a trace is a scalar.
    """

    letters: tuple[Letter, ...]
    left: Affine | None = None
    right: Affine | None = None
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """coefficient * scalars * chains (with exponents). Factors with open indices that are no chains are in `scalars` too."""

    coefficient: Fraction
    scalars: tuple[Factor, ...]
    chains: tuple[tuple[Chain, Fraction], ...]


def read(body: Normal) -> tuple[Product, ...]:
    """Every monomial as scalars and chains, in the order of the terms."""
    return tuple(read_monomial(term) for term in body.terms)


def read_monomial(term: Monomial) -> Product:
    scalars: list[Factor] = []
    chains: list[tuple[Chain, Fraction]] = []
    for f in term.factors:
        chain = chain_of(f)
        if chain is None:
            scalars.append(f)
        else:
            chains.append((chain, f.exponent if isinstance(f.atom, Contraction) else Fraction(1)))
    return Product(term.coefficient, tuple(scalars), tuple(chains))


def chain_of(f: Factor) -> Chain | None:
    """The chain that a factor is, or None. Open ends: the smaller index is on the left; see `reverse`."""
    if isinstance(f.atom, Contraction):
        return _chain_of_contraction(f.atom)
    if isinstance(f.atom, Delta):
        indices = f.atom.indices
        if len(indices) == 2 and f.atom.difference.key == (Affine.of(indices[0]) - Affine.of(indices[1])).key:
            return Chain((), Affine.of(indices[0]), Affine.of(indices[1]))
        return None
    slotted = _slotted(f, ())
    if slotted is None or not slotted.slots:
        return None
    if len(slotted.slots) == 1:
        return Chain((slotted.letter("column"),), left=slotted.slots[0])
    return _smaller_left(Chain((slotted.letter("matrix"),), slotted.slots[0], slotted.slots[1]))


@dataclass(frozen=True, slots=True)
class _Slotted:
    """A factor seen as a matrix (two slots) or a vector (one slot)."""

    factor: Factor
    name: str
    slots: tuple[Affine, ...]

    def letter(self, role: Literal["matrix", "column", "row", "diagonal"], transposed: bool = False) -> Letter:
        atom = self.factor.atom
        symmetric = bool(getattr(atom, "symmetric", False))
        exponent = self.factor.exponent
        return Letter(self.name, role, transposed and not symmetric, symmetric, atom, exponent, self.slots)


def _slotted(f: Factor, bound: tuple[Index, ...]) -> _Slotted | None:
    """Slots are the positions of a component; of any other atom, the indices that occur in it (at most two)."""
    atom = f.atom
    if isinstance(atom, Component | Intrinsic):
        slots = atom.positions
        plain = len({s.key for s in slots}) == len(slots)
        if plain and len(slots) <= 2:
            if any(s.index in bound and s.index.upper != size for s, size in zip(slots, atom.shape, strict=True) if s.index):
                return None
            if any(i in bound for s in slots if s.index not in bound for i in s.indices):
                return None
            return _Slotted(f, _letter_name(atom, f.exponent), slots)
    indices = sorted(atom.indices, key=lambda i: atom.key.index(i.key))
    if len(indices) > 2:
        return None
    text = f.key
    for number, index in enumerate(indices):
        text = text.replace(index.key, f"_{number}<{index.upper.key}>")
    return _Slotted(f, text, tuple(Affine.of(i) for i in indices))


def _copies(f: Factor) -> list[Factor]:
    """A small natural power as that many factors: the sum of y_i^2 is y^T y."""
    if f.exponent.denominator == 1 and 1 < f.exponent <= 4:
        return [Factor(f.atom, Fraction(1))] * int(f.exponent)
    return [f]


def _letter_name(atom: Component | Intrinsic, exponent: Fraction) -> str:
    name = atom.name if isinstance(atom, Component) else atom.key.rpartition("[")[0]
    return name if exponent == 1 else f"{name}^{exponent}"


def _chain_of_contraction(atom: Contraction) -> Chain | None:
    graph = _graph(atom)
    return None if graph is None else graph.chain()


@dataclass(frozen=True, slots=True)
class _Graph:
    """A contraction: its bound indices are nodes, by their keys; its matrices are edges; its vectors stand at nodes.

    ends: the vectors at which a path begins or ends; diagonals: the vectors that a path passes.
    """

    nodes: frozenset[str]
    matrices: list[_Slotted]
    diagonals: dict[str, list[_Slotted]]
    ends: dict[str, list[_Slotted]]

    def chain(self) -> Chain | None:
        """The path from one end to the other, or once around; None where it does not pass everything."""
        opens = [(slot, s) for s in self.matrices for slot in s.slots if slot.key not in self.nodes]
        starts = [key for key in sorted(self.nodes) if self.ends[key]]
        letters: list[Letter] = []
        left = None
        if opens:
            left, _ = min(opens, key=lambda pair: (pair[0].key, pair[1].name))
            here = left.key
        elif starts:
            here = starts[0]
            letters.append(self.ends[here].pop(0).letter("row"))
        else:
            here = min(self.nodes)
        unused, passed = list(self.matrices), set[str]()
        right = self.follow(here, letters, unused, passed)
        if unused or len(passed) != len(self.nodes):
            return None
        if left is None and right is None:
            return _least_scalar(Chain(tuple(letters), trace=not starts))
        return _smaller_left(Chain(tuple(letters), left, right))

    def follow(self, here: str, letters: list[Letter], unused: list[_Slotted], passed: set[str]) -> Affine | None:
        """The letters from a node on. Gives the index at which the path is open in the end; None where it ends or closes."""
        while True:
            if here in self.nodes and here not in passed:
                passed.add(here)
                letters += [d.letter("diagonal") for d in self.diagonals[here]]
                if self.ends[here]:
                    letters.append(self.ends[here].pop(0).letter("column"))
                    return None
            place = next((k for k, s in enumerate(unused) if any(slot.key == here for slot in s.slots)), None)
            if place is None:
                return None
            step = unused.pop(place)
            forward = step.slots[0].key == here
            letters.append(step.letter("matrix", transposed=not forward))
            there = step.slots[1] if forward else step.slots[0]
            here = there.key
            if here not in self.nodes:
                return there
            if here in passed:
                return None


def _graph(atom: Contraction) -> _Graph | None:
    """None where a factor is neither a matrix nor a vector, or where a node cannot lie on one path."""
    slotted = [_slotted(f, atom.bound) for single in atom.factors for f in _copies(single)]
    letters = [s for s in slotted if s is not None]
    if len(letters) < len(slotted) or any(b.upper.indices for b in atom.bound):
        return None
    matrices = [s for s in letters if len(s.slots) == 2]
    vectors = sorted((s for s in letters if len(s.slots) == 1), key=lambda v: v.name)
    nodes = frozenset(b.key for b in atom.bound)
    if any(v.slots[0].key not in nodes for v in vectors):
        return None
    diagonals = {key: [v for v in vectors if v.slots[0].key == key] for key in nodes}
    degree = Counter(slot.key for s in matrices for slot in s.slots)
    missing = {key: 2 - degree[key] for key in nodes}
    if any(not 0 <= missing[key] <= len(diagonals[key]) for key in nodes):
        return None
    ends = {key: [diagonals[key].pop() for _ in range(missing[key])] for key in nodes}
    return _Graph(nodes, matrices, diagonals, ends)


def reverse(chain: Chain) -> Chain:
    """The same function read from the other end: the transpose, with the open ends exchanged."""
    turned = tuple(transposed_letter(letter) for letter in reversed(chain.letters))
    if chain.left is not None and chain.right is None and turned:
        return Chain(turned, None, chain.left)
    return Chain(turned, chain.right, chain.left, chain.trace)


_OTHER_ROLE: dict[str, Literal["matrix", "column", "row", "diagonal"]] = {
    "matrix": "matrix",
    "diagonal": "diagonal",
    "row": "column",
    "column": "row",
}


def transposed_letter(letter: Letter) -> Letter:
    """The letter of the transpose: X becomes X^T, a row a column."""
    turned = letter.role == "matrix" and not letter.symmetric and not letter.transposed
    return Letter(
        letter.name, _OTHER_ROLE[letter.role], turned, letter.symmetric, letter.atom, letter.exponent, letter.positions
    )


def _text(chain: Chain) -> tuple[tuple[str, bool], ...]:
    return tuple((letter.name, letter.transposed) for letter in chain.letters)


def _least_scalar(chain: Chain) -> Chain:
    """Of the readings of a scalar (both directions, all rotations of a trace), the first in the order of texts."""
    readings = [chain, reverse(chain)]
    if chain.trace:
        readings = [Chain(c.letters[k:] + c.letters[:k], trace=True) for c in readings for k in range(len(c.letters))]
    return min(readings, key=_text)


def _smaller_left(chain: Chain) -> Chain:
    if chain.left is None or (chain.right is not None and chain.right.key < chain.left.key):
        return reverse(chain)
    return chain


# --- words back to Normals -------------------------------------------------------------------------------------------


def letter_at(letter: Letter, row: Affine, column: Affine | None = None) -> Normal:
    """The entry of a letter as it stands in its word: of X^T at (row, column) that is X[column, row]."""
    where = (row,) if column is None else ((column, row) if letter.transposed else (row, column))
    atom = letter.atom
    if isinstance(atom, Component) and len(atom.positions) == len(where):
        moved = tuple(sorted(where)) if atom.symmetric else where
        again: Atom = Component(atom.name, moved, atom.shape, atom.symmetric, atom.sign, atom.definite)
        return Normal.atom(again, letter.exponent)
    if isinstance(atom, Intrinsic) and len(atom.positions) == len(where):
        return power(REBUILD_INTRINSIC[atom.operation](atom.operands, where), letter.exponent)
    values = {p.indices[0]: w for p, w in zip(letter.positions, where, strict=True)}
    return substitute_factor(Factor(atom, letter.exponent), values)


def sizes(letter: Letter) -> tuple[Affine, Affine]:
    """(rows, columns) of a letter as it stands; 1 for the missing side of a vector."""
    shape = tuple(_slot_size(letter, k) for k in range(len(letter.positions)))
    if letter.role == "column":
        return shape[0], ONE_AFFINE
    if letter.role == "row":
        return ONE_AFFINE, shape[0]
    if letter.role == "diagonal":
        return shape[0], shape[0]
    return (shape[1], shape[0]) if letter.transposed else (shape[0], shape[1])


def _slot_size(letter: Letter, k: int) -> Affine:
    atom = letter.atom
    if isinstance(atom, Component | Intrinsic) and len(atom.positions) == len(letter.positions):
        return atom.shape[k]
    return letter.positions[k].indices[0].upper


def build(chain: Chain) -> Normal:
    """The Normal of a chain; the inverse of reading."""
    nodes, bound, body = _nodes(chain)
    here = 0
    for letter in chain.letters:
        if letter.role == "matrix":
            body = multiply(body, letter_at(letter, nodes[here], nodes[here + 1]))
            here += 1
        else:
            body = multiply(body, letter_at(letter, nodes[here]))
    return total(body, bound)


def _nodes(chain: Chain) -> tuple[list[Affine], list[Index], Normal]:
    """The index before the first matrix, between the matrices, after the last; those that are bound; delta of joined ends."""
    matrices = [letter for letter in chain.letters if letter.role == "matrix"]
    before = [sizes(letter)[0] for letter in matrices] or [sizes(letter)[letter.role == "row"] for letter in chain.letters[:1]]
    widths = [*before, *(sizes(letter)[1] for letter in matrices[-1:])]
    bound = [fresh(width) for width in widths]
    nodes = [Affine.of(b) for b in bound]
    if chain.left is not None and chain.right is not None and len(nodes) < 2:
        return [chain.left], [], delta(chain.left, chain.right)
    if chain.trace:
        nodes[-1] = nodes[0]
        bound = bound[:-1] if len(bound) > 1 else bound
    if chain.left is not None:
        nodes[0], bound = chain.left, bound[1:]
    if chain.right is not None:
        nodes[-1], bound = chain.right, bound[:-1]
    return nodes, bound, ONE
