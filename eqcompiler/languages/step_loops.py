"""A recurrence in a loop plan: one loop over the steps, whatever their number, and where each step finds its tensors.

Takes: nothing; data only. Gives: `Slot`, `Turn` and `Steps`, a node of loop plans.
Guarantees: code size does not depend on the number of steps. Sizes that change from step to step are read from an array of
widths, n[0] ... n[L]: at step l the size n_l is n[l], the size n_before_l is n[l - 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sympy

from eqcompiler.languages.program import StepSize, size, tensor

if TYPE_CHECKING:
    from eqcompiler.languages.loop_plan import Node

INDENT = "  "


IN_FAMILIES = ("own", "earlier", "later")  # places of a slot that lie in a family


@dataclass(frozen=True, slots=True)
class Slot:
    """A tensor of the step and the part of a larger one that it is. `shape` may name sizes of the step.

    own: the family's value at this step. earlier: that at the step before, at the first step `start` instead. later: that at
    the next step, at the last one `start`: what steps that ran down have left.
    room: any place, as large as the largest step needs. turns: one of two such places, in turns.
    """

    name: str
    family: str
    shape: tuple[sympy.Expr, ...]
    place: Literal["own", "earlier", "later", "room", "turns"] = "own"
    start: str = ""

    def line(self, index: sympy.Symbol) -> str:
        where = {
            "own": f"{self.family} at {index}",
            "earlier": f"{self.family} at {index} - 1, at first {self.start}",
            "later": f"{self.family} at {index} + 1, at last {self.start}",
            "room": f"room in {self.family}",
            "turns": f"the other half of {self.family}",
        }
        shape = f"[{', '.join(map(str, self.shape))}]" if self.shape else ""
        return f"{self.name}{shape} is {where[self.place]}"


@dataclass(frozen=True, slots=True)
class Turn:
    """A state: `before` is `start` at first and `after` of the step before from then on; in the end it is called `final`."""

    before: str
    after: str
    start: str
    final: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """The body for index = 1, ..., count, or downwards; `unless_last` is left out at the step that is done last.

    kept: (scalar of the step, one-dimensional tensor that gets it at every step).
    """

    index: sympy.Symbol
    count: sympy.Expr
    backwards: bool
    sizes: tuple[StepSize, ...]
    slots: tuple[Slot, ...]
    turns: tuple[Turn, ...]
    kept: tuple[tuple[str, str], ...]
    body: tuple[Node, ...]
    unless_last: tuple[Node, ...] = ()

    def lines(self, depth: int) -> Iterator[str]:
        outer, inner = INDENT * depth, INDENT * (depth + 1)
        yield from (f"{outer}{turn.before} := {turn.start}" for turn in self.turns)
        first, last = (self.count, 1) if self.backwards else (1, self.count)
        yield f"{outer}for {self.index} in {first}..{last}:"
        yield from (f"{inner}{slot.line(self.index)}" for slot in self.slots)
        for node in self.body:
            yield from node.lines(depth + 1)
        yield from (f"{inner}{family}[{self.index}] := {name}" for name, family in self.kept)
        if self.unless_last:
            yield f"{inner}unless {self.index} = {last}:"
        for node in self.unless_last:
            yield from node.lines(depth + 2)
        yield from (f"{inner}{turn.before} := {turn.after}" for turn in self.turns)
        yield from (f"{outer}{turn.final} := {turn.before}" for turn in self.turns if turn.final)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that belong to the loop: what its steps call their tensors and states."""
        return tuple(
            dict.fromkeys((*(slot.name for slot in self.slots), *(n for t in self.turns for n in (t.before, t.after))))
        )

    def ranks(self, outside: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """States and their numbers of axes, given those of what stands outside."""
        for turn in self.turns:
            yield from ((name, outside.get(turn.start, 0)) for name in (turn.before, turn.final) if name)

    def over_steps(self, value: sympy.Expr, unless_last: bool = False) -> sympy.Expr:
        """The sum of a value over the steps."""
        if value == 0:
            return value
        lower, upper = sympy.S.One, self.count
        if unless_last:
            lower, upper = (lower + 1, upper) if self.backwards else (lower, upper - 1)
        widths = {size(s.at): tensor(family_of(s))[self.index] for s in self.sizes}
        widths |= {size(s.before): tensor(family_of(s))[self.index - 1] for s in self.sizes}
        placed = sympy.expand(value).xreplace(widths)
        if placed.has(self.index):
            return sympy.Sum(placed, (self.index, lower, upper))
        return placed * (upper - lower + 1)


def family_of(widths: StepSize) -> str:
    """What the array of widths is called: n for n_l."""
    return widths.at.rsplit("_", 1)[0] or widths.at
