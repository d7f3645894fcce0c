"""Verdicts kept between runs: what changes the key, what is never kept, damaged entries, writers at the same time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from stand_in import StandIn

from eqcompiler.errors import CompilerFault, IllegalEquation, Source, Span
from eqcompiler.files import cache_folder
from eqcompiler.interfaces import judging, verdict_cache
from eqcompiler.interfaces.verdict_cache import Entry
from eqcompiler.interfaces.workers import Send
from eqcompiler.languages.statements import Statement
from eqcompiler.languages.verdicts import Counterexample, Verdict

Command = Callable[..., Result]
EQUATIONS = Path(__file__).resolve().parents[2] / "equations"
PLACE = ("a.tex", 3, 3, "f", "claim: equality", "L = R")
PROVED = Verdict(*PLACE, "proved", "normal form", ok=True, seconds=0.25, steps=("one", "two"))
REFUTED = Verdict(
    *PLACE,
    "refuted",
    "exact",
    counterexample=Counterexample({"m": 1}, {"X": [["1", "-1/2"]], "y": "3"}, ["1", "0"], "2"),
    residual="-y",
)
UNSETTLED = Verdict(*PLACE, "undecided", "time ran out after 10 s", settled=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQCOMPILER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def only_file(cache: Path) -> Path:
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    return file


def test_what_is_written_is_read(cache: Path) -> None:
    entry = Entry((PROVED, REFUTED), (("a.tex", 9, "s", "a sketch"),), errors=True)
    verdict_cache.write("ab" * 32, entry)
    assert verdict_cache.read("ab" * 32) == entry
    assert verdict_cache.read("cd" * 32) is None


def test_what_is_not_settled_is_not_kept(cache: Path) -> None:
    verdict_cache.write("ab" * 32, Entry((PROVED, UNSETTLED, REFUTED), (), errors=False))
    entry = verdict_cache.read("ab" * 32)
    assert entry == Entry((PROVED, None, REFUTED), (), errors=False)
    assert (entry.known, entry.whole) == ({0: PROVED, 2: REFUTED}, False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data.replace(b'"proved"', b'"holds"'),
        lambda data: data.partition(b"\n")[2],
        lambda data: b"\xff" + data,
        lambda data: b"\n[]",
    ],
)
def test_a_damaged_entry_is_ignored_and_written_again(cache: Path, damage: Callable[[bytes], bytes]) -> None:
    entry = Entry((PROVED,), (), errors=False)
    verdict_cache.write("ab" * 32, entry)
    file = only_file(cache)
    file.write_bytes(damage(file.read_bytes()))
    assert verdict_cache.read("ab" * 32) is None
    verdict_cache.write("ab" * 32, entry)
    assert verdict_cache.read("ab" * 32) == entry


def test_an_entry_under_the_name_of_another_is_ignored(cache: Path) -> None:
    verdict_cache.write("ab" * 32, Entry((PROVED,), (), errors=False))
    file = only_file(cache)
    other = file.parents[1] / "cd"
    other.mkdir()
    file.rename(other / f"{'cd' * 31}.json")
    assert verdict_cache.read("cd" * 32) is None


def test_the_key_follows_everything_that_decides(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, included = Source("a.tex", "x"), Source("b.tex", "y")
    keys = [
        verdict_cache.key(sources, timeout)
        for sources, timeout in [
            ((text, included), 10.0),
            ((text,), 10.0),
            ((text, included), 5.0),
            ((Source("a.tex", "x "), included), 10.0),
            ((Source("c.tex", "x"), included), 10.0),
            ((text, Source("b.tex", "z")), 10.0),
        ]
    ]
    monkeypatch.setattr(verdict_cache, "program_hash", lambda: "another program")
    keys.append(verdict_cache.key((text, included), 10.0))
    assert len(set(keys)) == len(keys)


def test_the_program_is_all_of_its_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "part/rule.py").write_text("x = 1")
    monkeypatch.setattr(verdict_cache, "__file__", str(tmp_path / "part/verdict_cache.py"))
    before = verdict_cache.program_hash.__wrapped__()
    assert verdict_cache.program_hash.__wrapped__() == before
    (tmp_path / "part/rule.py").write_text("x = 2")
    assert verdict_cache.program_hash.__wrapped__() != before


def test_writers_and_readers_at_the_same_time_see_whole_entries(cache: Path) -> None:
    entries = [Entry((replace(PROVED, reason=str(k) * 20_000),) * 5, (), errors=False) for k in range(4)]
    seen: list[bool] = []

    def write(entry: Entry) -> None:
        for _ in range(20):
            verdict_cache.write("ab" * 32, entry)
            seen.append(verdict_cache.read("ab" * 32) in entries)

    threads = [threading.Thread(target=write, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 80
    only_file(cache)


def test_folder_is_where_the_system_keeps_such_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EQCOMPILER_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / ".cache" / "eqcompiler"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "eqcompiler"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "eqcompiler"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "eqcompiler"
    monkeypatch.setenv("EQCOMPILER_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"


# The command, with a stand-in for the judge.


def test_an_unchanged_file_is_not_judged_again(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (PROVED, REFUTED)
    first = eqc("verify", "a.tex")
    stand_in.fault = CompilerFault("the judge was asked")
    again = eqc("verify", "a.tex")
    assert (again.output, again.exit_code) == (first.output, 1)
    assert eqc("verify", "--no-cache", "a.tex").exit_code == 3
    assert eqc("verify", "--timeout", "5", "a.tex").exit_code == 3
    Path("a.tex").write_text("y")
    assert eqc("verify", "a.tex").exit_code == 3


def test_only_what_was_not_settled_is_judged_again(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (PROVED, UNSETTLED)
    assert eqc("verify", "a.tex").exit_code == 1
    stand_in.verdicts = (REFUTED, replace(PROVED, name="g"))
    result = eqc("verify", "--json", "a.tex")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["name"], row["verdict"]) for row in rows] == [("f", "proved"), ("g", "proved")]


def test_a_fault_is_never_kept(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts, stand_in.fault = (PROVED,), CompilerFault("it contradicts itself")
    assert eqc("verify", "a.tex").exit_code == 3
    stand_in.fault = None
    assert eqc("verify", "a.tex").exit_code == 0


def test_errors_of_a_kept_file_are_shown_again(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (PROVED,)
    stand_in.statements = (Statement("e", "error", span, "A x", error=IllegalEquation("A x has no sense", span)),)
    first, again = eqc("verify", "a.tex"), eqc("verify", "a.tex")
    assert "A x has no sense" in again.stderr
    assert (again.output, again.exit_code) == (first.output, 2)


def test_a_cache_that_cannot_be_written_is_said_once(
    stand_in: StandIn, eqc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EQCOMPILER_CACHE", str(tmp_path / "file"))
    for name in ("a.tex", "b.tex"):
        Path(name).write_text("x")
    stand_in.verdicts = (PROVED,)
    result = eqc("verify", "a.tex", "b.tex")
    assert result.exit_code == 0
    assert result.stderr == (
        f"the verdicts are not kept: {tmp_path / 'file'} cannot be written: Not a directory\n"
        "  to fix: set EQCOMPILER_CACHE to a folder that can be written, or say --no-cache\n\n"
    )


# The real judge, in real processes.


def stuck_at_the_second_claim(task: judging.Task, send: Send) -> None:
    """The real judge, but a claim named like this one never ends."""
    from eqcompiler.verification import judge

    real = judge.judge

    def sticking(document: object, statement: Statement, **more: object) -> Verdict:
        if statement.name == "eq:stuck":
            time.sleep(1000)
        return real(document, statement, **more)  # type: ignore[arg-type]

    judge.judge = sticking  # type: ignore[assignment]
    try:
        judging.judge_file(task, send)
    finally:
        judge.judge = real


THREE = r"""Let $x \in \mathbb{R}$.
\begin{equation} \label{eq:first} (x+1)^2 = x^2 + 2x + 1 \end{equation}
\begin{equation} \label{eq:stuck} (x+2)^2 = x^2 + 4x + 4 \end{equation}
\begin{equation} \label{eq:third} (x+3)^2 = x^2 + 6x + 9 \end{equation}
"""


def test_a_stuck_claim_is_undecided_and_the_rest_goes_on(folder: Path) -> None:
    for name in ("a.tex", "b.tex"):
        Path(name).write_text(THREE)
    runner = judging.in_processes(2, stuck_at_the_second_claim)
    results = list(judging.judge_all((Path("a.tex"), Path("b.tex")), 3.0, runner))
    for name, result in zip(("a.tex", "b.tex"), results, strict=True):
        assert result.errors == ()
        assert [(v.file, v.name, v.verdict, v.ok) for v in result.verdicts] == [
            (name, "eq:first", "proved", True),
            (name, "eq:stuck", "undecided", False),
            (name, "eq:third", "proved", True),
        ]
        assert result.verdicts[1].method == "time ran out after 3 s"
    again = list(judging.judge_all((Path("a.tex"), Path("b.tex")), 3.0, judging.in_processes(2)))
    assert [v.verdict for result in again for v in result.verdicts] == ["proved"] * 6


def test_an_unchanged_library_is_read_without_sympy_in_under_a_second(cache: Path) -> None:
    """In processor time, so that a busy machine changes little."""
    code = (
        "import sys\nfrom eqcompiler.interfaces.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n"
        "    print('loaded', end.code, *[n for n in ('sympy', 'flint', 'numpy', 'hypothesis') if n in sys.modules])"
    )

    def verify() -> tuple[list[str], float]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", code, "verify", "equations/normal_equation.md", "equations/ridge.tex"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, cwd=EQUATIONS.parent, env={**os.environ}, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return done.stdout.splitlines(), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    first, _ = verify()
    assert first[-1] == "loaded 0"
    repeated = [verify() for _ in range(3)]
    assert [lines for lines, _ in repeated] == [first] * 3
    assert min(seconds for _, seconds in repeated) < 1.0
