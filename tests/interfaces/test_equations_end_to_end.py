"""The commands on the repository's own equations, nothing replaced."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from eqcompiler.interfaces import demo as demo_command
from eqcompiler.interfaces import demo_digits, equation_files
from eqcompiler.interfaces.check import KEYS
from eqcompiler.interfaces.cli import main

Command = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]
MODEL = "equations/linear_regression.tex"
SMALL = ("equations/mean_squared_error.tex", "equations/ridge.tex")


@pytest.fixture
def equations(folder: Path) -> Path:
    """A copy of equations/ in the empty current folder."""
    shutil.copytree(ROOT / "equations", folder / "equations")
    return folder / "equations"


def verdicts(result: Result) -> dict[str, dict[str, object]]:
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return {f"{row['file']}:{row['line']}:{row['column']}": row for row in rows}


def test_verify_judges_everything_as_expected(eqc: Command, equations: Path) -> None:
    result = eqc("verify", "--json")
    assert result.stderr == ""
    assert [row["name"] for row in verdicts(result).values() if not row["ok"]] == []
    assert result.exit_code == 0
    outcomes = [row["verdict"] for row in verdicts(result).values()]
    assert outcomes.count("proved") >= 15
    assert outcomes.count("conditional") >= 2


def test_without_the_expectation_the_exit_code_is_1(eqc: Command, equations: Path) -> None:
    text = Path(MODEL).read_text()
    Path(MODEL).write_text(text.replace("%! expect: holds if b = 0\n", "%\n"))
    result = eqc("verify", MODEL)
    assert result.exit_code == 1
    assert result.stdout.count("condition ") == 2
    assert result.stdout.count("residual ") == 2
    assert result.stdout.count("repair ") == 2


def test_processes_give_the_same_verdicts_in_the_same_order(eqc: Command, equations: Path) -> None:
    """In fresh processes, under two values of PYTHONHASHSEED: byte for byte but for the seconds."""

    def output(*arguments: str, seed: str) -> str:
        command = [
            sys.executable,
            "-c",
            "from eqcompiler.interfaces.cli import main; main()",
            "verify",
            "--json",
            *SMALL,
            *arguments,
        ]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
        assert (done.stderr, done.returncode) == ("", 0)
        return re.sub(r'"seconds": [0-9.e-]+', "", done.stdout)

    assert output("--jobs", "2", seed="1") == output(seed="2")


def test_check_lists_every_statement(eqc: Command, equations: Path) -> None:
    result = eqc("check", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.stderr, result.exit_code) == ("", 0)
    assert {tuple(row) for row in rows} == {KEYS}
    assert [row["error"] for row in rows if row["error"]] == []
    assert {row["kind"] for row in rows} >= {
        "declaration",
        "definition",
        "claim: equality",
        "claim: derivative",
        "objective",
        "recurrence",
    }
    shown = eqc("check").stdout
    assert all(str(row["name"]) in shown for row in rows)


def test_check_is_quick(equations: Path) -> None:
    """1 s is the contract. Processor time, so that a busy machine changes little; a slow one is measured by importing SymPy."""

    compiled_once = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds(code: str, *arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, env=compiled_once
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (done.stderr, done.returncode) == ("", 0)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    sympy = min(seconds("import sympy") for _ in range(3))
    check = min(seconds("from eqcompiler.interfaces.cli import main; main()", "check") for _ in range(3))
    assert check < max(1.0, 2.5 * sympy)


def test_new_is_read_proved_and_compiled(eqc: Command) -> None:
    assert eqc("new", "first").exit_code == 0
    verified = eqc("verify")
    assert (verified.stderr, verified.exit_code) == ("", 0)
    assert verified.stdout.splitlines()[-1].startswith("1 claim in 1 file: 1 proved (")
    built = eqc("build")
    assert built.exit_code == 0
    assert built.stdout.startswith("equations/first.tex: wrote generated/first.py, ")
    assert {"L", "grad_L", "value_and_grad_L", "hess_L"} <= set(re.findall(r"\w+", built.stdout.rpartition(":")[2]))


def test_run_solves_least_squares(eqc: Command, equations: Path) -> None:
    generator = np.random.default_rng(7)
    X, y = generator.normal(size=(40, 3)), generator.normal(size=40)
    np.savetxt("data.csv", np.column_stack([X, y]), delimiter=",", header="a,b,c,target", comments="", fmt="%.17g")
    data = ("--set", "X=data.csv:a,b,c", "--set", "y=data.csv:target", "--set", "b=0.25")
    result = eqc("run", MODEL, "theta_star", *data, "--out", "theta.npy")
    assert result.exit_code == 0, result.stderr
    expected = np.linalg.lstsq(X, y - 0.25, rcond=None)[0]
    bound = 100 * np.finfo(float).eps * np.linalg.cond(X) ** 2 * np.abs(expected).max()
    np.testing.assert_allclose(np.load("theta.npy"), expected, rtol=0, atol=bound)
    descent = eqc("run", MODEL, "theta_run", *data, "--set", "theta=0,0,0", "--set", "alpha=0.2", "--out", "descent.npy")
    assert descent.exit_code == 0, descent.stderr
    np.testing.assert_allclose(np.load("descent.npy"), expected, rtol=0, atol=bound)


def test_explain_shows_every_stage(eqc: Command, equations: Path) -> None:
    rows = [json.loads(line) for line in eqc("check", "--json", MODEL).stdout.splitlines()]
    name = next(row["name"] for row in rows if row["kind"] == "claim: derivative")
    result = eqc("explain", f"{MODEL}:{name}")
    assert (result.stderr, result.exit_code) == ("", 0)
    titles = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert len(titles) >= 4


def test_demo_agrees_with_scikit_learn(eqc: Command, equations: Path) -> None:
    result = eqc("demo")
    assert result.exit_code == 0, result.output
    (difference,) = re.findall(r"^largest relative difference from scikit-learn: (\S+), at most", result.stdout, re.MULTILINE)
    assert 0 < float(difference) <= 1e-6
    (accuracy,) = re.findall(r"^test accuracy (\S+)%, at least the 95% asked for", result.stdout, re.MULTILINE)
    assert float(accuracy) >= 95
    assert len(re.findall(r"^\d+ +\d\.\d{4} +\S+% +\S+% ", result.stdout, re.MULTILINE)) == 11


def test_a_network_that_is_not_trained_recognises_less(
    equations: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_digits, "STEP", 0.0)
    monkeypatch.setattr(demo_digits, "EPOCHS", 1)
    assert demo_digits.train(equations / demo_digits.NETWORK) < demo_digits.WANTED
    assert "LESS THAN the 95% asked for" in capsys.readouterr().out


def test_the_library_is_found_where_there_is_no_copy_of_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Beside the package in a copy of the repository, inside of it in an installation."""
    assert (equation_files.library() / demo_command.MODEL).is_file()
    (tmp_path / "eqcompiler" / "equations").mkdir(parents=True)
    monkeypatch.setattr(equation_files, "PACKAGE", tmp_path / "eqcompiler")
    assert equation_files.library() == tmp_path / "eqcompiler" / "equations"


def test_a_demo_that_differs_fails(
    equations: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_command, "STEPS", 10)
    assert demo_command.fit(Path(MODEL)) > demo_command.TOLERANCE
    assert "MORE THAN 1e-06" in capsys.readouterr().out


def test_names_of_the_commands() -> None:
    assert list(main.commands) == ["check", "verify", "build", "run", "explain", "bench", "report", "watch", "new", "demo"]
    assert os.fspath(ROOT / "eqcompiler") == str(Path(sys.modules["eqcompiler"].__file__ or "").parent)
