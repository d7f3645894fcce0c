"""The corpus script counts what it is told, names what it lists, and fails when a false claim is accepted.

Takes: a handful of claims, judged by the pipeline and by judges that lie, crash or hang. Gives: tests.
Guarantees: no verdict of a judge is believed to be better than it is.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def loaded() -> ModuleType:
    """benchmarks/corpus.py under a name that worker processes can import again."""
    path = Path(__file__).parents[2] / "benchmarks" / "corpus.py"
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.find_spec("corpus")
    assert spec is not None
    assert spec.origin == str(path)
    return importlib.import_module("corpus")


corpus = loaded()

DECLARED = r"\[ A, B \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n \]"
ROWS: list[dict[str, Any]] = [
    {"id": "t1", "truth": True, "claim": r"\[ (A B)^T = B^T A^T \]"},
    {"id": "t2", "truth": True, "claim": r"\[ \nabla_x (x^T A x) = (A + A^T) x \]"},
    {"id": "f1", "truth": False, "claim": r"\[ (A B)^T = A^T B^T \]", "mutant_of": "t1"},
    {"id": "f2", "truth": False, "claim": r"\[ \nabla_x (x^T A x) = 2 A x \]", "holds_if": "A = A^T", "mutant_of": "t2"},
    {
        "id": "f3",
        "truth": False,
        "claim": "\\begin{align}\n(x^T x)^2 &= x^T x x^T x \\\\\n&= 2 x^T x\n\\end{align}",
        "wrong_step": 2,
        "mutant_of": "t3",
        "mutation": "factor 2, carried on",
    },
]


def written(folder: Path) -> Path:
    path = folder / "claims.jsonl"
    rows = [{"group": "matrices", "tex": f"{DECLARED}\n{row['claim']}", "claim_line": 2, **row} for row in ROWS]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def verdict(word: str, line: int = 2, **more: Any) -> dict[str, Any]:
    fields = {"line": line, "column": 4, "verdict": word, "method": "told", "reason": "", "condition": None, "seconds": 0.25}
    return {**fields, **more}


# Judges that stand in for the pipeline; workers import them by name.


def honest(row: dict[str, Any], timeout: float) -> Any:
    if row["id"] == "f3":
        return corpus.Answer((verdict("proved", 3), verdict("refuted", 4)))
    if row["id"] == "f2":
        return corpus.Answer((verdict("conditional", condition=r"A^\top = A"),))
    return corpus.Answer((verdict("proved" if row["truth"] else "refuted"),))


def accepts_everything(row: dict[str, Any], timeout: float) -> Any:
    return corpus.Answer((verdict("proved"),))


def says_nothing(row: dict[str, Any], timeout: float) -> Any:
    return corpus.Answer()


def rejects_everything(row: dict[str, Any], timeout: float) -> Any:
    return corpus.Answer((verdict("refuted"),))


def cannot_read(row: dict[str, Any], timeout: float) -> Any:
    return corpus.Answer(errors=((2, 7, "unknown symbol A"),))


def raises(row: dict[str, Any], timeout: float) -> Any:
    raise ZeroDivisionError("no")


def dies(row: dict[str, Any], timeout: float) -> Any:
    os._exit(7)


def hangs(row: dict[str, Any], timeout: float) -> Any:
    if row["id"] == "f1":
        time.sleep(600)
    return honest(row, timeout)


def run(folder: Path, judge: Any, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    code = corpus.main([str(written(folder)), "--json", *options], judge)
    return code, json.loads(capsys.readouterr().out)


def outcomes(report: dict[str, Any]) -> list[str]:
    return [row["outcome"] for row in report["rows"]]


def test_honest_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, honest, capsys)
    assert code == 0
    assert report["all"] == report["groups"]["matrices"]
    assert report["all"] == {
        "true": {"claims": 2, "proved": 2, "holds": 0, "undecided": 0, "unsupported": 0, "crashed": 0, "REJECTED": 0},
        "false": {"claims": 3, "refuted": 2, "conditional": 1, "undecided": 0, "unsupported": 0, "crashed": 0, "ACCEPTED": 0},
        "conditions": {"stated": 1, "found": 1},
        "steps": {"flagged": 1, "blamed rightly": 1},
        "repairs": {"mutants": 2, "right": 0},
        "seconds": {"median": 0.25, "95th": 0.25},
    }


def test_judge_that_accepts_everything_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, accepts_everything, capsys)
    assert (code, outcomes(report)) == (1, ["proved", "proved", "ACCEPTED", "ACCEPTED", "ACCEPTED"])


def test_judge_that_says_nothing_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, says_nothing, capsys)
    assert (code, outcomes(report)) == (1, ["unsupported", "unsupported", "ACCEPTED", "ACCEPTED", "ACCEPTED"])


def test_judge_that_rejects_everything_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, rejects_everything, capsys)
    assert (code, outcomes(report)) == (0, ["REJECTED", "REJECTED", "refuted", "refuted", "refuted"])
    assert report["all"]["steps"] == {"flagged": 1, "blamed rightly": 0}


@pytest.mark.parametrize(("judge", "word"), [(raises, "ZeroDivisionError: no"), (dies, "the process ended with code 7")])
def test_crash_is_counted_and_named(judge: Any, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, judge, capsys)
    assert (code, outcomes(report)) == (0, ["crashed"] * 5)
    assert {row["reason"] for row in report["rows"]} == {word}


def test_a_file_that_hangs_costs_only_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, hangs, capsys, "--limit", "3")
    assert (code, outcomes(report)) == (0, ["proved", "proved", "undecided", "conditional", "refuted"])
    assert report["rows"][2]["reason"] == "the file was not done after 3 s"


def test_listing_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert corpus.main([str(written(tmp_path)), "--show", "unsupported", "--group", "matrices"], cannot_read) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["true", "false"]
    assert lines[2].split()[:15] == ["matrices", "2", "0", "0", "0", "2", "0", "0", "3", "0", "0", "0", "3", "0", "0"]
    assert lines[3:] == [f"{name}  unsupported  line 2 column 7: unknown symbol A" for name in ("t1", "t2", "f1", "f2", "f3")]


def test_nothing_to_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.jsonl"
    assert corpus.main([str(missing)]) == 2
    assert capsys.readouterr().err == f"there is no corpus {missing}; name a .jsonl file\n"
    assert corpus.main([str(written(tmp_path)), "--group", "nosuch"]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'claims.jsonl'} has no such rows\n"


def test_the_pipeline_on_five_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, corpus.judge_row, capsys)
    assert (code, outcomes(report)) == (0, ["proved", "proved", "conditional", "conditional", "refuted"])
    assert corpus.same_condition(report["rows"][2]["condition"], "A B = B A")
    assert report["all"]["conditions"] == {"stated": 1, "found": 1}
    assert report["all"]["steps"] == {"flagged": 1, "blamed rightly": 1}
    assert report["all"]["repairs"] == {"mutants": 2, "right": 2}
