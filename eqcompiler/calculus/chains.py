"""Matrix words: the one reading of contractions as products of matrices and vectors.

Takes: a Normal. Gives: for each monomial a `Product`: its scalars and its chains.
Guarantees: a chain and its contraction are the same function; what is not a chain stays among the scalars, never dropped.

    {#0 #1: X[#0,i] X[#0,#1] theta[#1]}   is   X^T X theta    open on the left at i
    {#0 #1: A[#0,#1] B[#1,#0]}            is   tr(A B)
    {#0: A[i,#0] d[#0] B[#0,j]}           is   A diag(d) B    open at i and j
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from eqcompiler.calculus.monomials import Affine, Atom, Factor


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
