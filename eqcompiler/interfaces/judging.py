"""Equation files -> verdicts, one file after another or in several processes.

Takes: files, a time per claim, a number of processes. Gives: `Judged`, one per file, in the order of the files.
Guarantees: an error in one file is part of its result and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eqcompiler.errors import EquationError
from eqcompiler.interfaces.equation_files import errors_of

if TYPE_CHECKING:
    from eqcompiler.languages.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One file after judging. `skipped`: (file, line, name, reason) of what the author excludes."""

    verdicts: tuple[Verdict, ...] = ()
    errors: tuple[EquationError, ...] = ()
    skipped: tuple[tuple[str, int, str, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """2 or 3 for what could not be read or judged, 1 for a verdict that is not in order, else 0."""
        return max((*(error.exit_code for error in self.errors), *(0 if v.ok else 1 for v in self.verdicts)), default=0)


def judge_all(files: tuple[Path, ...], timeout: float, jobs: int) -> Iterator[Judged]:
    """Results in the order of the files."""
    from eqcompiler.interfaces.screen import progress

    with progress() as bar:
        task = bar.add_task("judging", total=len(files))

        def moved_on(verdict: Verdict) -> None:
            bar.update(task, description=f"judging {verdict.file}:{verdict.line}")

        for result in _in_processes(files, timeout, jobs) if jobs > 1 else (judge_file(f, timeout, moved_on) for f in files):
            bar.advance(task)
            yield result


def _in_processes(files: tuple[Path, ...], timeout: float, jobs: int) -> Iterator[Judged]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # spawn: a fork would copy the threads of the progress bar in an unknown state
    with ProcessPoolExecutor(min(jobs, len(files)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge_file, files, [timeout] * len(files))


def judge_file(file: Path, timeout: float, on_verdict: Callable[[Verdict], None] | None = None) -> Judged:
    """All claims of one file. Errors are returned, so that the other files are still judged."""
    from eqcompiler import pipeline

    try:
        document = pipeline.load(file)
    except EquationError as error:
        return Judged(errors=(error,))
    errors = errors_of(document)
    skipped = tuple((str(file), s.span.line, s.name, s.skip) for s in document.statements if s.skip)
    try:
        verdicts = pipeline.verify(document, timeout=timeout, on_verdict=on_verdict)
    except EquationError as error:
        verdicts, errors = (), (*errors, error)
    return Judged(verdicts, errors, skipped)
