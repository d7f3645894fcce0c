"""One job, several contenders: equal answers first, then rounds in turn, then medians.

Takes: players, a job, how far two answers may lie apart. Gives: a `Timing` for each contender, or why it has none.
Guarantees: nothing is timed whose answer differs from the first player's by more than is allowed; contenders take turns in
every round, so that what slows the machine down slows all of them down.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqcompiler.interfaces.turns import ROUND, Player, Prepared, calls_per_round

LEAST_ROUNDS, MOST_ROUNDS = 5, 51  # so many that a pause of the machine is never half of them
BUDGET = 1.6  # seconds of timed rounds for one contender; LEAST_ROUNDS are made even so, unless they take MOST_SECONDS
MOST_SECONDS = 8.0

Answer = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per call over the rounds: their median, quartiles and least.

    first: seconds of preparing, compiling and one call. peak: the largest resident memory of the process, in bytes.
    """

    median: float
    lower: float
    upper: float
    least: float
    rounds: int
    calls: int
    first: float
    peak: int | None = None

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles, relative to the median."""
        return (self.upper - self.lower) / (2 * self.median)


@dataclass(frozen=True, slots=True)
class Refused:
    """A contender that was not timed: its answer is wrong, it failed, or (`absent`) it has no form for the job."""

    why: str

    @property
    def absent(self) -> bool:
        return self.why == "no form"


Outcome = Timing | Refused


def difference(answer: Answer, reference: Answer, allowed: Answer) -> str:
    """Where the two answers lie further apart than allowed, in words; "" where they are equal. NaN equals NaN."""
    if len(answer) != len(reference):
        return f"{len(answer)} results instead of {len(reference)}"
    for place, (mine, theirs, limit) in enumerate(zip(answer, reference, allowed, strict=True), start=1):
        ours, expected = np.asarray(mine, dtype=float), np.asarray(theirs, dtype=float)
        if ours.shape != expected.shape:
            return f"result {place} has shape {ours.shape} instead of {expected.shape}"
        same = (ours == expected) | (np.isnan(ours) & np.isnan(expected))
        with np.errstate(invalid="ignore"):
            beyond = ~same & ~(np.abs(ours - expected) <= limit)  # a NaN on one side only is not <= anything
        if np.any(beyond):
            at = np.unravel_index(int(np.argmax(beyond)), ours.shape)
            most = float(np.broadcast_to(np.asarray(limit, dtype=float), ours.shape)[at])
            return f"result {place} is {ours[at]:.17g} instead of {expected[at]:.17g}, allowed difference {most:.1e}"
    return ""


def compare(
    players: Sequence[Player],
    job: Any,
    allowed: Callable[[Answer], Answer],
    budget: float = BUDGET,
    shortest: float = ROUND,
) -> dict[str, Outcome]:
    """The outcome of each player; the first player with an answer gives the reference."""
    for player in players:
        player.begin(job)
    prepared = {player.name: player.prepared() for player in players}
    outcomes, ready = _sorted_out(players, prepared, allowed)
    rounds = _in_turn(ready, budget, shortest)
    for player in players:
        peak = player.finish() if player.process is not None else None
        if player in ready:
            first = prepared[player.name].seconds
            outcomes[player.name] = _outcome(rounds[player.name], first, peak, player.name)
    return {player.name: outcomes[player.name] for player in players}


def _sorted_out(
    players: Sequence[Player], prepared: dict[str, Prepared], allowed: Callable[[Answer], Answer]
) -> tuple[dict[str, Outcome], list[Player]]:
    outcomes: dict[str, Outcome] = {}
    ready: list[Player] = []
    reference: Answer | None = None
    limits: Answer = ()
    for player in players:
        answer = prepared[player.name].answer
        if answer is None:
            outcomes[player.name] = Refused(prepared[player.name].why)
            continue
        if reference is None:
            if not all(np.all(np.isfinite(part)) for part in answer):
                outcomes[player.name] = Refused("the answer is not finite, so it can be compared with nothing")
                continue
            reference, limits = answer, allowed(answer)
        if answer != () and (words := difference(answer, reference, limits)):
            outcomes[player.name] = Refused(f"wrong answer: {words}")
        else:
            ready.append(player)
    return outcomes, ready


def _in_turn(ready: Sequence[Player], budget: float, shortest: float) -> dict[str, tuple[int, list[float]]]:
    """Calls per round, and the seconds per call of each round."""
    found: dict[str, tuple[int, list[float]]] = {}
    wanted: dict[str, int] = {}
    for player in ready:
        if (tried := calls_per_round(player, shortest)) is not None:
            calls, seconds = tried
            found[player.name] = (calls, [])
            wanted[player.name] = rounds_for(calls * seconds, budget)
    for turn in range(max(wanted.values(), default=0)):
        for player in ready:
            if turn < wanted.get(player.name, 0) and (each := player.round(found[player.name][0])) is not None:
                found[player.name][1].append(each)
    return {player.name: found.get(player.name, (0, [])) for player in ready}


def rounds_for(seconds: float, budget: float) -> int:
    """How many rounds of so many seconds; two at least, so that there is a spread."""
    if seconds * LEAST_ROUNDS > MOST_SECONDS:
        return max(2, int(MOST_SECONDS / seconds))
    return max(LEAST_ROUNDS, min(MOST_ROUNDS, int(budget / seconds)))


def _outcome(rounds: tuple[int, list[float]], first: float, peak: int | None, name: str) -> Outcome:
    calls, seconds = rounds
    if len(seconds) < 2:
        return Refused(f"the process of {name} has ended")
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return Timing(median, lower, upper, min(seconds), len(seconds), calls, first, peak)


def geometric_mean(ratios: Sequence[float]) -> float:
    return statistics.geometric_mean(ratios)
