"""The Python face: `eqc.load(path)` and what can be asked of a document.

Takes: paths, LaTeX. Gives: views of documents and statements with their SymPy form, gradients, verdicts and kernels.
Guarantees: everything is computed when asked for; nothing here is a second implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from eqcompiler import pipeline
from eqcompiler.errors import BadInput, Source
from eqcompiler.languages.program import Program
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.languages.verdicts import Verdict


@dataclass(frozen=True)
class Gradient:
    """A derived gradient: `latex` in the author's notation, `program` in index form, `sympy` its last body."""

    latex: str
    program: Program

    @property
    def sympy(self) -> Any:
        return pipeline.last_body(self.program)


@dataclass(frozen=True)
class StatementView:
    """One statement of a loaded document."""

    document: Document
    statement: Statement

    @property
    def sympy(self) -> Any:
        """The index form as SymPy: the body of the definition, or (left, right) of a claim."""
        return pipeline.sympy_of(self.document, self.statement)

    def gradient(self, variable: str) -> Gradient:
        """The gradient of a scalar definition in one of its symbols."""
        program, latex = pipeline.gradient(self.document, self.statement, variable)
        return Gradient(latex, program)

    def __repr__(self) -> str:
        return f"<{self.statement.kind} {self.statement.name!r}: {self.statement.latex}>"


class LoadedDocument:
    """A file that was read and typed. `doc["J"]`, `doc.verify()`, `doc.kernel("grad_J")(...)`."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __getitem__(self, name: str) -> StatementView:
        return StatementView(self.document, pipeline.find(self.document, name))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.document.statements if s.name)

    def verify(self, timeout: float = 10.0) -> tuple[Verdict, ...]:
        """The verdict of every claim, with the limits of `eqc verify`: a stuck claim is undecided and harms nothing here."""
        from eqcompiler.interfaces.judging import verdicts

        return verdicts(self.document, timeout)

    @cached_property
    def kernels(self) -> ModuleType:
        """The generated module; each kernel is compiled at its first call."""
        return pipeline.kernels(self.document)

    def kernel(self, name: str) -> Callable[..., Any]:
        names = pipeline.kernel_names(self.document)
        if name not in names:
            raise BadInput(f"{self.document.source.path} has no kernel {name!r}", allowed=", ".join(names))
        return getattr(self.kernels, name)  # type: ignore[no-any-return]


def load(path: str | Path) -> LoadedDocument:
    """Read and type an equation file. Raises BadInput when the file cannot be read."""
    return LoadedDocument(pipeline.load(path))


def to_sympy(latex: str, declarations: str = "") -> Any:
    r"""One scalar or matrix expression as SymPy index form; `declarations` in notation, as in r"X \in \mathbb{R}^{m \times n}".

    Raises EquationError with position when the expression cannot be read or typed.
    """
    head = f"\\[ {declarations} \\]\n" if declarations else ""
    document = pipeline.document_of(Source("<expression>", f"{head}\\[ value = {latex} \\]\n"))
    broken = next((s.error for s in document.statements if s.error), None)
    if broken:
        raise broken
    return pipeline.sympy_of(document, document.statements[-1])
