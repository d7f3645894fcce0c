"""A stand-in for eqcompiler.pipeline, for what the real one gives only rarely: every verdict, a fault, a broken file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.interfaces.judging import FileUnderJudgement, judge_file
from eqcompiler.languages.kernel_requests import KernelRequest
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
    refusals: tuple[tuple[str, EquationError], ...] = ()
    requests: tuple[KernelRequest, ...] = ()
    functions: dict[str, Callable[..., object]] = field(default_factory=dict)
    stages: tuple[tuple[str, str], ...] = ()

    def load(self, path: Path) -> Document:
        if str(path) in self.unreadable:
            raise self.unreadable[str(path)]
        return Document(Source(str(path), path.read_text()), self.statements, {}, {})

    def sources(self, path: Path) -> tuple[Source, ...]:
        return (self.load(path).source,)

    def pending(self, document: Document) -> tuple[Verdict, ...]:
        return tuple(replace(v, verdict="undecided", reason="", ok=False, settled=False) for v in self.verdicts)

    def shares(self, document: Document, count: int) -> tuple[tuple[int, ...], ...]:
        return (tuple(range(len(self.verdicts))), *((),) * (count - 1))

    def verify(
        self,
        document: Document,
        timeout: float = 10.0,
        on_verdict: Callable[[Verdict], None] | None = None,
        known: Mapping[int, Verdict] | None = None,
        explained: object = None,
    ) -> tuple[Verdict, ...]:
        for place, verdict in enumerate(self.verdicts):
            if place not in (known or {}):
                if self.fault:
                    raise self.fault
                if on_verdict:
                    on_verdict(verdict)
        return self.verdicts

    def spelled_out(self, latex: str, place: Span) -> str:
        return latex

    def check_rows(self, document: Document) -> tuple[dict[str, object], ...]:
        return tuple({"name": statement.name} for statement in document.statements)

    def kernel_refusals(self, document: Document) -> tuple[tuple[str, EquationError], ...]:
        return self.refusals

    def kernel_names(self, document: Document) -> tuple[str, ...]:
        return ("J", "grad_J") if self.text else ()

    def build(self, document: Document) -> str:
        return self.text

    def kernel_requests(self, document: Document) -> tuple[KernelRequest, ...]:
        return self.requests

    def kernels(self, document: Document) -> SimpleNamespace:
        return SimpleNamespace(**self.functions)

    def explain(
        self, document: Document, name: str, sizes: Mapping[str, int] | None = None, judged: object = None
    ) -> tuple[tuple[str, str], ...]:
        return self.stages


def in_this_process(jobs: Iterable[FileUnderJudgement], **_: object) -> Iterator[FileUnderJudgement]:
    """Takes the place of the worker processes, which would not see a stand-in."""
    for job in jobs:
        judge_file(job.task(), job.hear)
        yield job
