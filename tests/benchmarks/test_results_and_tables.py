"""The form of the results, and the text of the tables made from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import report
from benchmarks.table import ASIDE, CONTENDERS, LIMIT, OURS, Row, has_form
from benchmarks.work import ENTRIES, WORK, Entry, allowed, data
from eqcompiler.interfaces.comparison import Refused, Timing, difference

ROOT = Path(__file__).parents[2]


def timing(median: float) -> Timing:
    return Timing(median, median * 0.99, median * 1.03, median * 0.98, rounds=5, calls=1, first=1.0, peak=2**20)


ROWS = (
    Row(
        Entry("least squares", (1_000, 10)),
        {OURS: timing(1e-6), "NumPy": timing(4e-6), "JAX": timing(2e-6), LIMIT: timing(5e-7)},
    ),
    Row(
        Entry("gradient descent", (100, 5)),
        {OURS: timing(3.0), "NumPy": timing(1.5), "NumPy on Gram": timing(0.1), "JAX": Refused("wrong answer: of 1 and 2")},
    ),
    Row(
        Entry("sigmoid", (1_000_000,)), {OURS: Refused("ValueError: no"), "SymPy": timing(1e-3), "PyTensor": Refused("no form")}
    ),
)
FOUND = report.results(ROWS)


def test_the_ratio_is_against_the_best_who_counts() -> None:
    assert [(row.best, row.ratio) for row in ROWS] == [("JAX", 2.0), ("NumPy", 0.5), ("SymPy", None)]
    assert [row.complaints for row in ROWS] == [
        [],
        ["gradient descent 100x5: JAX: wrong answer: of 1 and 2"],
        ["sigmoid 1000000: eqcompiler: ValueError: no"],
    ]


def test_the_form_of_the_results() -> None:
    again: dict[str, Any] = json.loads(json.dumps(FOUND))
    assert list(again) == ["machine", "threads", "dtype", "python", "versions", "summary", "entries"]
    assert list(again["machine"]) == ["processor", "cores", "system", "name"]
    assert again["machine"]["name"] == report.machine()["name"]
    assert set(again["machine"]["name"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert again["summary"] == {
        "entries": 2,
        "geometric mean": pytest.approx(1.0, rel=1e-15),
        "worst": 0.5,
        "worst entry": "gradient descent 100 x 5",
        "won": 1,
    }
    assert again["entries"][1] == {
        "work": "gradient descent",
        "sizes": [100, 5],
        "numbers": 500_000,
        "best": "NumPy",
        "ratio": 0.5,
        "times": {
            name: {"median": m, "lower": m * 0.99, "upper": m * 1.03, "least": m * 0.98, "rounds": 5, "calls": 1, "first": 1.0}
            | {"peak": 2**20}
            for name, m in ((OURS, 3.0), ("NumPy", 1.5), ("NumPy on Gram", 0.1))
        },
        "refused": {"JAX": "wrong answer: of 1 and 2"},
    }


SCREEN = """\
                                                                       NumPy                   best
work              size        eqcompiler    NumPy      JAX    SymPy  on Gram    limit  spread  competitor  ratio
least squares     1 000 x 10     1.00 us  4.00 us  2.00 us                    0.50 us     2 %  JAX          2.00
gradient descent  100 x 5         3.00 s   1.50 s  refused            100 ms              2 %  NumPy        0.50
sigmoid           1 000 000      refused                    1.00 ms                       2 %  SymPy"""


def test_the_table_on_the_screen() -> None:
    lines = report.screen_table(FOUND).splitlines()
    assert "\n".join(lines[:5]) == SCREEN
    assert lines[6:8] == [
        "2 entries: 1.00 times as fast as the best competitor (geometric mean), ahead in 1; "
        "worst 0.50 (gradient descent 100 x 5)",
        "not counted as competitors: limit, NumPy on Gram",
    ]
    assert lines[-2:] == [
        "refused: gradient descent 100 x 5: JAX: wrong answer: of 1 and 2",
        "refused: sigmoid 1 000 000: eqcompiler: ValueError: no",
    ]
    assert [line.split("  ")[0] for line in report.screen_table(FOUND, worst_first=True).splitlines()[2:5]] == [
        "gradient descent",
        "least squares",
        "sigmoid",
    ]
    assert report.limit_lines(FOUND) == ["least squares 1 000 x 10: 1.00 us, limit 0.50 us, 50 % of it"]


def test_the_table_of_the_readme_shows_who_wins() -> None:
    text = report.with_table(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", FOUND)
    lines = text.splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "after"
    assert lines[4:6] == [
        "| least squares | 1 | 2.00 | 2.00 at 1 000 x 10 | JAX |",
        "| gradient descent | 1 | 0.50 | 0.50 at 100 x 5 | NumPy |",
    ]
    assert lines[7] == "Geometric mean over all 2 entries: 1.00. The kernel is ahead in 1 of them, a competitor in 1."


def test_kept_results_have_a_known_form_and_the_readme_shows_one_of_them() -> None:
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "benchmarks" / "results").glob("*.json"))]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert any(report.with_table(readme, found) == readme for found in kept)
    for found in kept:
        assert list(found) == list(FOUND)
        assert found["summary"] == report.summary(found["entries"])


def test_every_entry_has_small_data_a_reference_and_a_tolerance() -> None:
    from benchmarks.contenders import by_numpy

    table = by_numpy.opening()
    small = [entry for entry in ENTRIES if WORK[entry.work].speed(*entry.sizes) <= 300_000]
    assert {entry.work for entry in small} >= {"least squares", "softmax cross-entropy", "network 4-8-1", "Gaussian process"}
    for entry in small:
        work = table.prepare(entry)
        assert work is not None
        answer = work.answer(work.call())
        limits = allowed(entry, data(entry), answer)
        assert difference(answer, answer, limits) == ""
        wrong = [part + 1e-5 * (1 + np.abs(part)) for part in answer]
        assert difference(wrong, answer, limits) != "", entry.name


def test_scipy_agrees_with_numpy() -> None:
    from benchmarks.contenders import by_numpy, by_scipy

    ours, theirs = by_numpy.opening(), by_scipy.opening()
    for name in theirs.forms:
        entry = next(entry for entry in ENTRIES if entry.work == name)
        assert has_form("SciPy", entry)
        first, second = ours.prepare(entry), theirs.prepare(entry)
        assert first is not None
        assert second is not None
        answer = first.answer(first.call())
        assert difference(second.answer(second.call()), answer, allowed(entry, data(entry), answer)) == "", name


def test_everybody_has_a_form_for_something_and_aside_are_contenders() -> None:
    assert set(ASIDE) < set(CONTENDERS)
    for name in CONTENDERS:
        assert any(has_form(name, entry) for entry in ENTRIES), name
