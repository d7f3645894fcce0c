"""Judging a text as a file: what every test of this folder does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eqcompiler import pipeline
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Verdict


@pytest.fixture
def document_of(tmp_path: Path) -> Callable[[str], Document]:
    """The typed document of a text."""

    def load(text: str) -> Document:
        path = tmp_path / "case.tex"
        path.write_text(text, encoding="utf-8")
        return pipeline.load(path)

    return load


@pytest.fixture
def verdicts_of(document_of: Callable[[str], Document]) -> Callable[[str], tuple[Verdict, ...]]:
    """The verdicts on the claims of a text, in order."""
    return lambda text: tuple(pipeline.verify(document_of(text)))
