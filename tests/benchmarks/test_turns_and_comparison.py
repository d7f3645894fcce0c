"""Nothing wrong is timed; the statistics are those of the rounds; a process that ends is named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from stand_ins import Absent, Dying, Failing, Squares, Threads

from eqcompiler.interfaces.comparison import (
    LEAST_ROUNDS,
    MOST_ROUNDS,
    MOST_SECONDS,
    Refused,
    Timing,
    compare,
    difference,
    geometric_mean,
    rounds_for,
)
from eqcompiler.interfaces.turns import Player, peak_memory, timed

BELOW, ANSWER = 10, 285.0


@contextmanager
def players(**openings: Any) -> Iterator[list[Player]]:
    staff = [Player(name, opening) for name, opening in openings.items()]
    try:
        yield staff
    finally:
        for player in staff:
            player.close()


def exact(answer: Any) -> Any:
    return [0.0 for _ in answer]


def test_what_is_wrong_is_refused_and_not_timed() -> None:
    with players(right=Squares, wrong=WrongSquares, missing=Absent, failing=Failing, dying=Dying) as staff:
        outcomes = compare(staff, BELOW, exact, budget=0.01, shortest=0.0005)
    right = outcomes.pop("right")
    assert isinstance(right, Timing)
    assert outcomes == {
        "wrong": Refused("wrong answer: result 1 is 285.5 instead of 285, allowed difference 0.0e+00"),
        "missing": Refused("no form"),
        "failing": Refused("ZeroDivisionError: on purpose"),
        "dying": Refused("the process of dying has ended"),
    }
    assert [name for name, outcome in outcomes.items() if isinstance(outcome, Refused) and outcome.absent] == ["missing"]
    assert LEAST_ROUNDS <= right.rounds <= MOST_ROUNDS
    assert right.least <= right.lower <= right.median <= right.upper
    assert right.peak is not None
    assert right.peak > 2**20


def test_an_answer_that_is_no_number_is_no_reference() -> None:
    with players(nothing=NotANumber, right=Squares) as staff:
        outcomes = compare(staff, BELOW, exact, budget=0.01, shortest=0.0005)
    assert outcomes["nothing"] == Refused("the answer is not finite, so it can be compared with nothing")
    assert isinstance(outcomes["right"], Timing)


class NotANumber(Squares):
    def __init__(self) -> None:
        super().__init__(off=math.nan)


def test_a_process_serves_job_after_job_and_is_started_again_after_it_ended() -> None:
    with players(dying=Dying) as staff:
        first = compare(staff, BELOW, exact, budget=0.01)
        staff[0].begin(BELOW)
        assert [float(part) for part in staff[0].prepared().answer] == [ANSWER]
    assert first == {"dying": Refused("the process of dying has ended")}


def test_the_slower_contender_has_the_longer_time() -> None:
    with players(quick=Squares, slow=SlowSquares) as staff:
        outcomes = compare(staff, BELOW, exact, budget=0.01, shortest=0.0005)
    quick, slow = outcomes["quick"], outcomes["slow"]
    assert isinstance(quick, Timing)
    assert isinstance(slow, Timing)
    assert slow.median >= SLOW > quick.median


SLOW = 0.002


class SlowSquares(Squares):
    def __init__(self) -> None:
        super().__init__(slow=SLOW)


class WrongSquares(Squares):
    def __init__(self) -> None:
        super().__init__(off=0.5)


def test_every_process_is_told_the_same_number_of_threads() -> None:
    with players(one=Threads) as staff:
        staff[0].threads = 1
        staff[0].begin(BELOW)
        assert [float(part) for part in staff[0].prepared().answer] == [1.0, 1.0, 1.0]


def test_differences_in_words() -> None:
    one, two, limit = [np.array([1.0, 2.0])], [np.array([1.0, 2.5])], [0.25]
    assert difference(one, one, [0.0]) == ""
    assert difference(one, two, limit) == "result 1 is 2 instead of 2.5, allowed difference 2.5e-01"
    assert difference(one, two, [np.array([0.0, 0.5])]) == ""
    assert difference(one, [np.array(1.0)], limit) == "result 1 has shape (2,) instead of ()"
    assert difference(one, [*one, *one], limit) == "1 results instead of 2"


def test_not_a_number_equals_only_itself() -> None:
    nan, number = [np.array([math.nan])], [np.array([1.0])]
    assert difference(nan, nan, [0.0]) == ""
    assert difference(nan, number, [math.inf]) == "result 1 is nan instead of 1, allowed difference inf"
    infinite = [np.array([math.inf])]
    assert difference(infinite, infinite, [0.0]) == ""
    assert difference(infinite, number, [1.0]) == "result 1 is inf instead of 1, allowed difference 1.0e+00"


def test_rounds_fill_the_budget_within_their_limits() -> None:
    assert rounds_for(1e-3, 1.0) == MOST_ROUNDS
    assert rounds_for(0.1, 1.0) == 10
    assert rounds_for(1.0, 1.0) == LEAST_ROUNDS
    assert rounds_for(MOST_SECONDS / 4, 1.0) == 4
    assert rounds_for(MOST_SECONDS, 1.0) == 2


def test_the_clock_counts_what_it_is_told() -> None:
    calls: list[int] = []
    assert timed(lambda: calls.append(1), 5) > 0
    assert len(calls) == 6  # one before the clock starts


def test_memory_is_that_of_a_process() -> None:
    assert 2**20 < peak_memory() < 2**40


def test_geometric_mean() -> None:
    assert geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2.0, rel=3 * np.finfo(float).eps)
