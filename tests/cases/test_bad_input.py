"""Every kind of bad input with the whole message that its author gets.

Takes: tests/bad_equations/*.md, each with the files of a case and one command with what it prints on stderr and its exit code.
Gives: a test per case. Guarantees: whole messages, compared as they are printed; every kind that must be covered has its case.

In a case, a fence `tex NAME`, `csv NAME`, `txt NAME` is a file, `hex NAME` one in bytes, `console` the command and its answer.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from eqcompiler.interfaces.cli import main

FOLDER = Path(__file__).parents[1] / "bad_equations"
CASES = sorted(FOLDER.glob("*.md"))
REQUIRED = (
    "unbalanced_brace",
    "unknown_name",
    "shape_mismatch",
    "sample_or_power",
    "call_or_product",
    "unknown_environment",
    "empty_file",
    "not_utf8",
    "directory_without_equations",
    "wrong_number_of_rows",
    "nan_in_data",
    "missing_column",
)


@dataclass(frozen=True)
class Case:
    files: dict[str, bytes]
    command: tuple[str, ...]
    message: str
    exit_code: int


def case_of(path: Path) -> Case:
    fences = [token for token in MarkdownIt().parse(path.read_text(encoding="utf-8")) if token.type == "fence"]
    (console,) = (token.content for token in fences if token.info == "console")
    first, *answer, last = console.splitlines()
    words = shlex.split(first)
    assert words[:2] == ["$", "eqc"]
    assert last.startswith("exit ")
    files = [(token.info.split(), token.content) for token in fences if token.info != "console"]
    contents = {name: bytes.fromhex(text) if kind == "hex" else text.encode() for (kind, name), text in files}
    return Case(contents, tuple(words[2:]), "\n".join(answer), int(last.removeprefix("exit ")))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_message(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(path)
    for name, content in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, case.command)
    assert result.stderr.strip("\n") == case.message
    assert result.exit_code == case.exit_code


def test_every_required_kind_has_its_case() -> None:
    assert set(REQUIRED) <= {path.stem for path in CASES}


def test_a_different_message_would_fail() -> None:
    case = case_of(FOLDER / "missing_column.md")
    assert case.message.startswith("data.csv has no column 'bmii'\n  allowed: ")
    assert sorted(case.files) == ["data.csv", "loss.tex"]
    assert case.exit_code == 2
