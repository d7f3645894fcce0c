"""`eqc watch`: what a person sees while files change, vanish, are half written or cannot be read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from eqcompiler.interfaces import watch as watch_module
from eqcompiler.interfaces.changes import Watched, changed_verdicts
from eqcompiler.interfaces.judging import Judged
from eqcompiler.languages.verdicts import Verdict

Command = Callable[..., Result]

TRUE = "$x \\in \\mathbb{R}$\n\\begin{equation}\\label{eq:a}\nx + x = 2 x\n\\end{equation}\n"
FALSE = TRUE.replace("= 2 x", "= 3 x")


class Clock:
    """In place of the pauses of the watch: each pause does the next thing, the last one is Ctrl-C."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()

    def monotonic(self) -> float:
        return 0.0


def rest() -> None:
    """A pause in which nothing happens."""


@pytest.fixture
def watching(eqc: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`eqc watch .` while these things happen, one in each pause, with a pause after each so that the file stands still."""

    def run(*steps: Callable[[], object], paths: tuple[str, ...] = (".",)) -> Result:
        monkeypatch.setattr(watch_module, "time", Clock(*(each for step in steps for each in (step, rest))))
        return eqc("watch", *paths, "--jobs", "1")

    return run


def timeless(result: Result) -> list[str]:
    """The lines of stdout without the times of judging."""
    return [
        line.rpartition("  ")[0].rstrip() if line.endswith(" ms") else line.partition(" (")[0]
        for line in result.stdout.splitlines()
    ]


FIRST = [
    "claim    name  verdict  method                time",
    "a.tex:3  eq:a  proved   index normal form",
    "",
    "1 claim in 1 file: 1 proved",
    "watching 1 file, Ctrl-C ends it",
]


def test_a_change_says_what_was_and_what_is(watching: Callable[..., Result]) -> None:
    Path("a.tex").write_text(TRUE)
    result = watching(rest, lambda: Path("a.tex").write_text(FALSE))
    assert result.exit_code == 130
    assert result.stderr == "stopped\n"
    lines = timeless(result)
    assert lines[:5] == FIRST
    assert lines[5:11] == [
        "",
        "a.tex: changed",
        "  a.tex:3 eq:a: proved -> refuted",
        "",
        "claim    name  verdict  method                        time",
        "a.tex:3  eq:a  refuted  exact rational arithmetic",
    ]
    assert "    repair          2 x" in lines
    assert lines[-1] == "1 claim in 1 file: 1 refuted"
    assert "\x1b" not in result.stdout


def test_nothing_is_said_where_nothing_changes(watching: Callable[..., Result]) -> None:
    Path("a.tex").write_text(TRUE)
    assert len(timeless(watching(rest, rest, rest))) == 5


def test_an_included_file_changes_the_one_that_reads_it(watching: Callable[..., Result]) -> None:
    Path("part").mkdir()
    Path("part/b.tex").write_text("$x \\in \\mathbb{R}$\n")
    Path("a.tex").write_text("\\input{part/b}\n\\begin{equation}\\label{eq:a}\nx^2 = x \\cdot x\n\\end{equation}\n")
    result = watching(rest, lambda: Path("part/b.tex").write_text("$x \\in \\mathbb{R}^3$\n"), paths=("a.tex",))
    assert "  a.tex:3 eq:a: proved -> unsupported" in result.stdout.splitlines()


def test_new_files_and_those_that_vanish(watching: Callable[..., Result]) -> None:
    Path("a.tex").write_text(TRUE)
    lines = timeless(watching(rest, lambda: Path("b.tex").write_text(TRUE), lambda: Path("b.tex").unlink()))
    assert lines[5:8] == ["", "b.tex: new", ""]
    assert lines[-2:] == ["", "b.tex: gone"]


def test_all_files_vanish_and_one_comes_back(watching: Callable[..., Result]) -> None:
    Path("a.tex").write_text(TRUE)
    result = watching(rest, lambda: Path("a.tex").unlink(), rest, lambda: Path("a.tex").write_text(TRUE))
    assert result.stderr.startswith("\nthe folder . holds no equation files\n")
    assert result.stderr.count("holds no equation files") == 1
    lines = timeless(result)
    assert lines[5:10] == ["", "a.tex: gone", "", "a.tex: new", ""]


def test_what_cannot_be_read_is_said_and_watched_on(watching: Callable[..., Result]) -> None:
    Path("a.tex").write_text(TRUE)
    result = watching(
        rest,
        lambda: Path("a.tex").write_bytes(b"x\xff"),
        lambda: Path("a.tex").write_text(TRUE[:40]),
        lambda: Path("a.tex").write_text(TRUE),
        paths=("a.tex", "a.tex"),
    )
    assert "a.tex: not UTF-8: byte 0xff at offset 1, line 1" in result.stderr
    assert "a.tex:2:1: the formula that starts with `\\begin{equation}` is not closed" in result.stderr
    changes = [line for line in result.stdout.splitlines() if "->" in line]
    assert changes == [
        "  a.tex: eq:a: proved -> gone",
        "  a.tex:2: new -> unsupported",
        "  a.tex:3 eq:a: new -> proved",
        "  a.tex: line 2: unsupported -> gone",
    ]


def test_a_named_file_may_be_missing_for_a_while(watching: Callable[..., Result]) -> None:
    result = watching(rest, lambda: Path("a.tex").write_text(TRUE), paths=("a.tex",))
    assert "a.tex: cannot be read: No such file or directory" in result.stderr
    assert "  a.tex:3 eq:a: new -> proved" in result.stdout.splitlines()


def test_a_path_without_equation_files_is_an_error_at_the_start(watching: Callable[..., Result]) -> None:
    result = watching(rest)
    assert result.exit_code == 2
    assert result.stderr.startswith("the folder . holds no equation files")


def test_a_file_that_is_still_being_written_waits(folder: Path) -> None:
    watched = Watched((".",))
    Path("a.tex").write_text("1")
    watched.look()
    assert watched.changed == ()
    Path("a.tex").write_text("12")
    watched.look()
    assert watched.changed == ()
    watched.look()
    assert watched.changed == (Path("a.tex"),)
    watched.begin(Path("a.tex"))
    watched.look()
    assert watched.changed == ()


def test_what_changes_while_it_is_judged_is_judged_again(folder: Path) -> None:
    watched = Watched((".",))
    Path("a.tex").write_text("1")
    watched.look()
    watched.look()
    watched.begin(Path("a.tex"))
    Path("a.tex").write_text("12")
    watched.look()
    watched.look()
    assert watched.changed == (Path("a.tex"),)


def test_the_same_size_and_another_time_is_a_change(folder: Path) -> None:
    watched = Watched((".",))
    Path("a.tex").write_text("1")
    watched.look()
    watched.look()
    watched.begin(Path("a.tex"))
    os.utime("a.tex", ns=(1, 1))
    watched.look()
    watched.look()
    assert watched.changed == (Path("a.tex"),)


def test_a_slow_look_makes_a_long_pause(eqc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large folder: nine tenths of the time are rest."""
    Path("a.tex").write_text(TRUE)
    clock = Clock(rest, rest)
    ticks = iter(range(100))
    monkeypatch.setattr(clock, "monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr(watch_module, "time", clock)
    assert eqc("watch", ".", "--jobs", "1").exit_code == 130
    assert clock.pauses == [0.5, 10.0, 10.0]  # the first one after judging, which is no look
    assert time.sleep is not clock.sleep


def verdict(line: int, name: str, outcome: str, **more: object) -> Verdict:
    return Verdict("a.tex", line, 1, name, "claim: equality", f"x = {line}", outcome, "", **more)  # type: ignore[arg-type]


def test_claims_are_known_by_their_names_wherever_they_stand() -> None:
    before = Judged(
        (verdict(1, "a", "proved", ok=True), verdict(2, "b", "refuted"), verdict(3, "", "undecided"), verdict(4, "c", "holds"))
    )
    after = Judged(
        (verdict(5, "b", "refuted", expected="refuted", ok=True), verdict(6, "a", "proved", ok=True), verdict(3, "", "proved"))
    )
    assert list(changed_verdicts(before, after)) == [
        "a.tex:5 b: refuted -> refuted, expected",
        "a.tex:3: undecided -> proved",
        "a.tex: c: holds -> gone",
    ]


def test_claims_that_share_a_name_are_counted() -> None:
    before = Judged((verdict(1, "a", "proved"), verdict(2, "a", "proved")))
    after = Judged((verdict(1, "a", "proved"), verdict(2, "a", "refuted"), verdict(3, "a", "proved")))
    assert list(changed_verdicts(before, after)) == ["a.tex:2 a: proved -> refuted", "a.tex:3 a: new -> proved"]


def test_a_claim_that_cannot_be_read_any_more_is_known_by_its_line() -> None:
    before, after = Judged((verdict(1, "a", "proved"),)), Judged((verdict(1, "", "unsupported"),))
    assert list(changed_verdicts(before, after)) == ["a.tex:1 a: proved -> unsupported"]
