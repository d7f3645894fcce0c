r"""Proof steps: what a proof says, rule by rule, so that a checker that knows nothing of how it was found can replay it.

Takes: nothing; data only. Gives: the closed list of rules and the `Certificate` that they make up.
Guarantees: every result is a typed term: a person reads it, the oracle can evaluate it, the checker expands it.

The difference of the two sides starts as left minus right. `Written` says what a side is; `Cleared` multiplies the difference
by a denominator that occurs in it; `Used` takes a multiple of an equation that holds away from it. In the end it is zero.

    Used: A A^{-1} = I times U C        the difference less sum_pq (U C)_pq (A A^{-1} - I)_pq
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from eqcompiler.languages.terms import Binder, Condition, Term

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

    The equation is an assumption of the claim, or true by its form: A A^{-1} = I, A^{-1} A = I, u / u = 1.
    The first of the binders are the axes of the equation, in order; the others are summed besides.
    """

    equation: Condition
    binders: tuple[Binder, ...]
    factor: Term


Step: TypeAlias = Written | Cleared | Used


@dataclass(frozen=True, slots=True)
class Certificate:
    """The steps in order. `axes`: the names that they give to the axes of the claim's sides."""

    steps: tuple[Step, ...]
    axes: tuple[str, ...] = ()
