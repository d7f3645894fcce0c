"""What the tests of the commands share: an empty folder, the command line in it, the stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from stand_in import StandIn, in_this_process

import eqcompiler
from eqcompiler.errors import Source, Span
from eqcompiler.interfaces import workers
from eqcompiler.interfaces.cli import main


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Takes the pipeline's place for one test."""
    fake = StandIn()
    monkeypatch.setitem(sys.modules, "eqcompiler.pipeline", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(eqcompiler, "pipeline", fake, raising=False)
    monkeypatch.setattr(workers, "run", in_this_process)
    return fake


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no verdicts kept from elsewhere."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("EQCOMPILER_CACHE", str(tmp_path / "cache"))
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "here"


@pytest.fixture
def eqc(folder: Path) -> Callable[..., Result]:
    """`eqc("check", "a.tex")` in the empty folder; stdout and stderr apart."""

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(main, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def span() -> Span:
    return Span(Source("a.tex", r"\[ A x \]"), 3, 4)
