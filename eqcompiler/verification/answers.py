r"""Answers: what the judge's instruments say.

Takes: nothing; data only. Gives: what the judge's instruments answer: `Proved`, `Unproved`, `Minimum`.
Guarantees: every text is for people: a phrase for a method, a sentence without its full stop for a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqcompiler.errors import NotSupportedYet


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof for all dimensions: how, in one phrase; its steps as LaTeX; what a person should know besides."""

    method: str
    steps: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unproved:
    """No proof. residual: left minus right as LaTeX; factors: the symbols that divide each of its monomials.
    decisive: the numbers among them that must be zero for the whole to be zero whatever the others are."""

    reason: str
    residual: str | None = None
    factors: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()
    unsupported: NotSupportedYet | None = None


@dataclass(frozen=True, slots=True)
class Minimum:
    """Whether every stationary point of an objective is a minimum (proved), why, and the closed form as LaTeX."""

    proved: bool
    method: str
    reason: str
    steps: tuple[str, ...] = ()
