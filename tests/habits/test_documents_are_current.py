"""README.md and ARCHITECTURE.md show what commands print now, generated/ is what build writes now, equations/ is all read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eqcompiler import pipeline
from eqcompiler.interfaces.equation_files import equation_files

ROOT = Path(__file__).resolve().parents[2]
FEWEST_EQUATIONS = 40  # a reader that silently finds nothing must not pass


def regenerate(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "docs" / "regenerate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_printed_output_is_current(name: str) -> None:
    done = regenerate("--check", name)
    assert done.stdout + done.stderr == "", "run make docs"
    assert done.returncode == 0


def test_the_check_sees_a_stale_document(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "regenerate.py", tmp_path / "docs")
    for folder in ("equations", "generated"):
        (tmp_path / folder).mkdir()
    text = "```text\n% file: a.txt\none\n```\n\n```console\n$ cat a.txt\n% file: a.txt\n{}\n$ echo in 0.5 s\nin 3 ms\n```\n"
    (tmp_path / "good.md").write_text(text.format("one"))
    (tmp_path / "stale.md").write_text(text.format("two"))
    good, stale = regenerate("--check", "good.md", root=tmp_path), regenerate("--check", "stale.md", root=tmp_path)
    assert (good.stdout, good.returncode) == ("", 0)
    assert stale.returncode == 1
    assert [line for line in stale.stdout.splitlines() if re.match(r"[+-][^+-]", line)] == [
        "-two",
        "+one",
        "-in 3 ms",
        "+in 0.5 s",
    ]
    assert regenerate("stale.md", root=tmp_path).returncode == 0
    assert (tmp_path / "stale.md").read_text() == text.format("one").replace("in 3 ms", "in 0.5 s")


def test_every_command_in_the_documents_exists() -> None:
    from eqcompiler.interfaces.cli import main

    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        named = set(re.findall(r"\beqc ([a-z]+)\b", (ROOT / name).read_text()))
        assert named <= set(main.commands), name


def test_generated_is_not_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from eqcompiler.interfaces.cli import main

    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["build", "--check"])
    assert result.exit_code == 0, f"run eqc build\n{result.stdout}{result.stderr}"
    stems = {file.stem for file in equation_files(["equations"])}
    assert {file.stem for file in Path("generated").glob("*.py")} <= stems


def test_all_equations_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    statements = [s for file in equation_files(["equations"]) for s in pipeline.load(file).statements]
    assert [str(s.error) for s in statements if s.error] == []
    assert len(statements) >= FEWEST_EQUATIONS
