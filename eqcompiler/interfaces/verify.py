"""`eqc verify`: judge every claim.

Takes: PATHS, a time per claim, a number of processes. Gives: a row per claim, then what is known about every claim that is not
plainly proved; with --json one object per claim.
Guarantees: every file is judged whatever the others do; nothing but "proved", "holds" and "as expected" gives exit code 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import EquationError
from eqcompiler.interfaces.equation_files import equation_files, errors_of, worst

if TYPE_CHECKING:
    from eqcompiler.languages.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One file after judging. `skipped`: (place, name, reason) of the statements that the author excludes."""

    verdicts: tuple[Verdict, ...] = ()
    errors: tuple[EquationError, ...] = ()
    skipped: tuple[tuple[str, str, str], ...] = ()
    codes: tuple[int, ...] = field(default=())


@click.command(short_help="Judge every claim: proved, holds, conditional, refuted, undecided.")
@click.argument("paths", nargs=-1)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="Seconds for one claim."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes; each takes whole files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per claim on stdout, nothing else there.")
@click.pass_context
def verify(ctx: click.Context, paths: tuple[str, ...], timeout: float, jobs: int, as_json: bool) -> None:
    """Judge every claim of the equation files.

    \b
    proved       symbolically, for all dimensions and all values that satisfy the assumptions
    holds        exact or rigorous arithmetic at many random points, none against
    conditional  false in general, true exactly under the condition that is shown
    refuted      there is a counterexample, in small integers where possible
    undecided    time or method ran out; never counted as a pass
    unsupported  a construct outside what is implemented

    \b
    Examples
      eqc verify                                 everything in equations/
      eqc verify ridge.tex --timeout 60          one file, up to a minute for each claim
      eqc verify --json | jq 'select(.ok|not)'   what is not in order, for a program
    """
    files = equation_files(paths)
    judged = []
    for result in _judge_all(files, timeout, jobs):
        judged.append(result)
        if as_json:
            for verdict in result.verdicts:
                click.echo(json.dumps(verdict.as_json(), ensure_ascii=False))
    if not as_json:
        _show(judged)
    from eqcompiler.interfaces.screen import show_errors

    show_errors(error for result in judged for error in result.errors)
    ctx.exit(worst(code for result in judged for code in result.codes))


def judge_file(file: Path, timeout: float, on_verdict: Callable[[Verdict], None] | None = None) -> Judged:
    """All claims of one file. Errors are returned, so that the other files are still judged."""
    from eqcompiler import pipeline

    try:
        document = pipeline.load(file)
    except EquationError as error:
        return Judged(errors=(error,), codes=(error.exit_code,))
    errors = errors_of(document)
    skipped = tuple((f"{file}:{s.span.line}", s.name, s.skip) for s in document.statements if s.skip)
    try:
        verdicts = pipeline.verify(document, timeout=timeout, on_verdict=on_verdict)
    except EquationError as error:
        verdicts, errors = (), (*errors, error)
    codes = (*(error.exit_code for error in errors), *(0 if verdict.ok else 1 for verdict in verdicts))
    return Judged(verdicts, errors, skipped, codes)


def _judge_all(files: tuple[Path, ...], timeout: float, jobs: int) -> Iterator[Judged]:
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


def _show(judged: list[Judged]) -> None:
    from rich.text import Text

    from eqcompiler.interfaces.screen import STYLES, console, details, duration, show, table

    verdicts = [verdict for result in judged for verdict in result.verdicts]
    rows: list[tuple[str | Text, ...]] = [
        (f"{v.file}:{v.line}", v.name, Text(_verdict_words(v), STYLES[v.verdict]), v.method, duration(v.seconds))
        for v in verdicts
    ]
    rows += [
        (place, name, Text("skipped", STYLES["skipped"]), reason, "")
        for result in judged
        for place, name, reason in result.skipped
    ]
    out = console()
    if rows:
        show(out, table(("claim", "name", "verdict", "method", "time"), rows, keep=("verdict", "time")))
    for verdict in verdicts:
        pairs = _detail_pairs(verdict)
        if pairs:
            head = Text(f"\n{verdict.file}:{verdict.line}:{verdict.column} {verdict.name} ")
            show(out, head.append(_verdict_words(verdict), STYLES[verdict.verdict]))
            show(out, details(pairs))
    show(out, Text("\n" + _summary(judged) if rows else _summary(judged)))


def _verdict_words(verdict: Verdict) -> str:
    if not verdict.expected:
        return verdict.verdict
    return f"{verdict.verdict}, {'expected' if verdict.ok else 'unexpected'}"


def _detail_pairs(verdict: Verdict) -> list[tuple[str, str]]:
    """What is known beyond the row; nothing for a claim that is plainly proved."""
    if verdict.verdict == "proved" and verdict.ok:
        return []
    pairs = [
        ("claim", verdict.latex),
        ("expected", verdict.expected if not verdict.ok else None),
        ("condition", verdict.condition),
        ("residual", verdict.residual),
        ("counterexample", _counterexample(verdict)),
        ("repair", verdict.repair),
        ("reason", verdict.reason),
    ]
    return [(label, " ".join(text.split())) for label, text in pairs if text]


def _counterexample(verdict: Verdict) -> str:
    found = verdict.counterexample
    if found is None:
        return ""
    given = [*found.sizes.items(), *found.values.items()]
    point = ", ".join(f"{name} = {_value_text(value)}" for name, value in given)
    return f"{point}: left side {_value_text(found.left)}, right side {_value_text(found.right)}"


def _value_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value_text(entry) for entry in value) + "]"
    return str(value)


def _summary(judged: list[Judged]) -> str:
    from eqcompiler.interfaces.screen import counted, duration

    verdicts = [verdict for result in judged for verdict in result.verdicts]
    words = [_verdict_words(verdict) for verdict in verdicts]
    parts = [f"{words.count(word)} {word}" for word in sorted(set(words), key=lambda word: (-words.count(word), word))]
    skipped, errors = sum(len(result.skipped) for result in judged), sum(len(result.errors) for result in judged)
    parts += [f"{skipped} skipped"] if skipped else []
    text = f"{counted(len(verdicts), 'claim')} in {counted(len(judged), 'file')}" + (f": {'; '.join(parts)}" if parts else "")
    text += f"; {counted(errors, 'error')}, see below" if errors else ""
    return f"{text} ({duration(sum(verdict.seconds for verdict in verdicts))})"
