"""One large file in parts, and a document that is in memory: the same verdicts, and the limits of the processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import in_this_process

import eqcompiler as eqc
from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.interfaces import judging
from eqcompiler.interfaces.judging import FileUnderJudgement
from eqcompiler.languages.verdicts import Verdict

RESTATING = r"""
\[ x, b \in \mathbb{R}, \quad J(x) = (x + b)^2 \]
\[ (x + 1)^2 = x^2 + 2 x + 1 \]
\[ J(x) = x^2 \]
\[ (x + 2)^2 = x^2 + 4 x \]
\[ J'(x) = 2 x \]
\[ (x + 3)^2 = x^2 + 6 x + 9 \]
"""


def claims(count: int) -> str:
    wrong = {7, 20}
    lines = (rf"\[ (x + {k})^2 = x^2 + {2 * k + (k in wrong)} x + {k * k} \]" for k in range(1, count + 1))
    return "\n".join((r"\[ x \in \mathbb{R} \]", *lines))


def plain(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [replace(verdict, seconds=0.0) for verdict in verdicts]


def test_claims_that_a_restatement_may_reach_stay_together() -> None:
    document = pipeline.document_of(Source("a.tex", RESTATING))
    assert pipeline.shares(document, 1) == ((0, 1, 2, 3, 4),)
    assert pipeline.shares(document, 2) == ((1, 3, 4), (0, 2))  # the second is about J as the first restates it
    assert sorted(place for share in pipeline.shares(document, 3) for place in share) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_give_the_verdicts_of_the_whole(tmp_path: Path, parts: int) -> None:
    file = tmp_path / "a.tex"
    file.write_text(RESTATING)
    whole = pipeline.verify(pipeline.load(file))
    desks = [FileUnderJudgement(file, 0, 10.0, part=part, parts=parts) for part in range(parts)]
    (judged,) = judging._whole(in_this_process(reversed(desks)))
    assert plain(judged.judged().verdicts) == plain(whole)
    assert [v.verdict for v in whole] == ["proved", "conditional", "refuted", "proved", "proved"]


def test_a_large_file_alone_is_shared_out(tmp_path: Path) -> None:
    file = tmp_path / "large.tex"
    file.write_text(claims(40))
    seen: list[tuple[int, int]] = []

    def runner(jobs: list[FileUnderJudgement]) -> Iterator[FileUnderJudgement]:
        seen.extend((job.part, job.parts) for job in jobs)
        return in_this_process(jobs)

    (judged,) = judging.judge_all((file,), 10.0, runner, keep=False, processes=4)
    assert seen == [(0, 2), (1, 2)]  # forty claims are worth two processes
    assert [v.line for v in judged.verdicts] == list(range(2, 42))
    assert [v.line for v in judged.verdicts if not v.ok] == [8, 21]


def test_a_document_in_memory_is_judged_with_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.tex"
    file.write_text(RESTATING)
    document = eqc.load(file)
    monkeypatch.setattr(pipeline, "verify", None)  # nothing is judged in this process
    assert [v.verdict for v in document.verify()] == ["proved", "conditional", "refuted", "proved", "proved"]


def test_what_hangs_ends_in_its_process(tmp_path: Path) -> None:
    file = tmp_path / "a.tex"
    file.write_text(claims(2))
    desk = FileUnderJudgement(pipeline.load(file), 0, 0.5)
    (judged,) = judging.in_processes(1, asleep)([desk])
    assert [(v.verdict, v.method) for v in judged.judged().verdicts] == [("undecided", "time ran out after 0.5 s")] * 2


def asleep(task: judging.Task, send: object) -> None:
    """A judge whose claims never end."""
    from eqcompiler.verification import judge

    real = judge.judge
    judge.judge = lambda *_, **__: time.sleep(1000)  # type: ignore[assignment, func-returns-value]
    try:
        judging.judge_file(task, send)  # type: ignore[arg-type]
    finally:
        judge.judge = real


def test_a_script_without_a_main_guard_may_verify(tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text(claims(1))
    script = tmp_path / "script.py"
    script.write_text("import eqcompiler\nprint('once')\nprint(eqcompiler.load('a.tex').verify()[0].verdict)\n")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("once\nproved\n", "")
