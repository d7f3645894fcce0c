"""A stand-in for the pipeline, for what the real one gives only rarely: every verdict, a fault, a broken file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import eqcompiler
from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.interfaces.cli import main
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.languages.verdicts import Verdict


@dataclass
class StandIn:
    """The functions of eqcompiler.pipeline that the commands call, with results that a test sets."""

    statements: tuple[Statement, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    unreadable: dict[str, EquationError] = field(default_factory=dict)
    fault: EquationError | None = None
    text: str = ""

    def load(self, path: Path) -> Document:
        if str(path) in self.unreadable:
            raise self.unreadable[str(path)]
        return Document(Source(str(path), path.read_text()), self.statements, {}, {})

    def verify(
        self, document: Document, timeout: float = 10.0, on_verdict: Callable[[Verdict], None] | None = None
    ) -> tuple[Verdict, ...]:
        if self.fault:
            raise self.fault
        for verdict in self.verdicts if on_verdict else ():
            on_verdict(verdict)
        return self.verdicts

    def check_rows(self, document: Document) -> tuple[dict[str, object], ...]:
        return tuple({"name": statement.name} for statement in document.statements)

    def kernel_names(self, document: Document) -> tuple[str, ...]:
        return ("J", "grad_J") if self.text else ()

    def build(self, document: Document) -> str:
        return self.text


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Takes the pipeline's place for one test."""
    fake = StandIn()
    monkeypatch.setitem(sys.modules, "eqcompiler.pipeline", fake)  # type: ignore[arg-type]
    monkeypatch.setattr(eqcompiler, "pipeline", fake, raising=False)
    return fake


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


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
