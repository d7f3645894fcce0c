r"""Proof steps: what a proof says, rule by rule, so that a checker that knows nothing of how it was found can replay it.

Takes: nothing; data only. Gives: the closed list of rules and the `Certificate` that they make up.
Guarantees: every result is a typed term: a person reads it, the oracle can evaluate it, the checker expands it.

The difference of the two sides starts as left minus right. `Written` says what a side is; `Cleared` multiplies the difference
by a denominator that occurs in it; `Used` takes a multiple of an equation that holds away from it. In the end it is zero.

    Used: A A^{-1} = I times U C        the difference less sum_pq (U C)_pq (A A^{-1} - I)_pq

`Inverted`, `Squared` and `Substituted` put another claim in the place of the claim, from which it follows. `Induction`,
`Blocks` and `Cases` end a certificate: each of their own certificates proves one part of the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from eqcompiler.languages.terms import Binder, Condition, Integral, Term

Side: TypeAlias = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Written:
    """The side of the claim equals `result`; free indices and axes are those of the claim."""

    side: Side
    result: Term


@dataclass(frozen=True, slots=True)
class Cleared:
    """The difference times `denominator`, a sum whose reciprocal stands in it."""

    denominator: Term


@dataclass(frozen=True, slots=True)
class Used:
    """The difference less the sum over `binders` of factor * (left - right) of `equation` at these indices.

    lemma: a rule whose instance for the terms `of` the equation is; "" for an assumption, or in an induction what is already
    shown for the size itself. under: a function that stands around both sides of it, log or det.
    The first of the binders are the axes of the equation, in order; the others are summed besides.
    """

    equation: Condition
    binders: tuple[Binder, ...]
    factor: Term
    lemma: str = ""
    of: tuple[Term, ...] = ()
    under: str = ""


@dataclass(frozen=True, slots=True)
class Antiderivative:
    """`primitive` has the body of the integral as its derivative in its variable."""

    integral: Integral
    primitive: Term


@dataclass(frozen=True, slots=True)
class Inverted:
    """The side is the inverse of a square matrix K: instead of K^{-1} = R it is shown that K R = I."""

    side: Side


@dataclass(frozen=True, slots=True)
class Squared:
    """No side is negative: instead of L = R it is shown that L^2 = R^2."""


@dataclass(frozen=True, slots=True)
class Substituted:
    """The claim for every value of the number `symbol` is the claim for every value of a multiple of it."""

    symbol: str
    factor: int


@dataclass(frozen=True, slots=True)
class Induction:
    """The claim for `size` = 1, and for size + 1 when it holds for size."""

    size: str
    first: Certificate
    following: Certificate


@dataclass(frozen=True, slots=True)
class Blocks:
    """Each block of the sides, row by row."""

    parts: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """The claim where `condition` holds and where it does not."""

    condition: Condition
    holds: Certificate
    fails: Certificate


Step: TypeAlias = Written | Cleared | Used | Antiderivative | Inverted | Squared | Substituted | Induction | Blocks | Cases


@dataclass(frozen=True, slots=True)
class Certificate:
    """The steps in order. `axes`: the names that they give to the axes of the claim's sides."""

    steps: tuple[Step, ...]
    axes: tuple[str, ...] = ()
