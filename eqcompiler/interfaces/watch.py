"""`eqc watch`: judge, wait for a change, judge again.

Takes: PATHS and what `eqc verify` takes. Gives: what `eqc verify` prints, then for each file that changes what changed in its
verdicts, and its rows.
Guarantees: nothing that happens to a file ends it; Ctrl-C does, as it ends every command. It looks at times and sizes only, and
rests at least ten times as long as a look took.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import render
from eqcompiler.interfaces.judging_options import judging_options

if TYPE_CHECKING:
    from eqcompiler.interfaces.changes import Watched
    from eqcompiler.interfaces.judging import Judged

PAUSE, REST = 0.5, 10  # seconds between two looks; how many times as long as a look took

Judge = Callable[[tuple[Path, ...]], "Iterator[Judged]"]


@click.command(short_help="Judge every claim, and again whenever a file changes.")
@click.argument("paths", nargs=-1)
@judging_options
def watch(paths: tuple[str, ...], timeout: float, jobs: int | None, no_cache: bool) -> None:
    """Judge every claim as eqc verify does, then wait, and judge each file again when it changes.

    A file changes with the files that it reads by \\input; new files in a folder are judged too. Ctrl-C ends it.

    \b
    Examples
      eqc watch                                  everything in equations/
      eqc watch ridge.tex --timeout 60           one file, up to a minute for each claim
    """
    from eqcompiler.interfaces import judging, workers
    from eqcompiler.interfaces.changes import Watched
    from eqcompiler.interfaces.equation_files import equation_files

    equation_files(paths)  # a path without equation files is an error here, and later a matter of waiting
    processes = jobs or workers.processors()
    runner = judging.in_processes(processes)
    follow(
        Watched(paths),
        lambda files: judging.judge_all(files, timeout, runner, keep=not no_cache, processes=processes),
    )


def follow(watched: Watched, judge: Judge) -> None:
    """Judges what has changed, for ever. The first round shows all files together."""
    known: dict[Path, Judged] | None = None
    trouble = ""
    watched.look()  # a file is judged when two looks have found it the same
    while True:
        begun = time.monotonic()
        watched.look()
        now = render(watched.trouble) if watched.trouble is not None else ""
        if now not in ("", trouble):
            click.echo(f"\n{now}", err=True)
        trouble = now
        for file in watched.gone:
            known = {other: result for other, result in (known or {}).items() if other != file}
            click.echo(f"\n{file}: gone")
        if watched.changed:
            known = _judge(watched, judge, known)
        sys.stdout.flush()
        time.sleep(max(PAUSE, REST * (time.monotonic() - begun) if not watched.changed else 0))


def _judge(watched: Watched, judge: Judge, known: dict[Path, Judged] | None) -> dict[Path, Judged]:
    """Everything that is known then."""
    from eqcompiler.interfaces.screen import counted, show_errors
    from eqcompiler.interfaces.verdict_table import show_verdicts

    for file in watched.changed:
        watched.begin(file)
    results = dict(zip(watched.changed, judge(watched.changed), strict=True))
    if known is None:
        show_verdicts(list(results.values()))
        show_errors(error for result in results.values() for error in result.errors)
        click.echo(f"watching {counted(len(results), 'file')}, Ctrl-C ends it")
        return results
    for file, result in results.items():
        _show_change(file, known.get(file), result)
    return known | results


def _show_change(file: Path, before: Judged | None, after: Judged) -> None:
    """What is another verdict now, then the file as `eqc verify` shows it."""
    from eqcompiler.interfaces.changes import changed_verdicts
    from eqcompiler.interfaces.screen import show_errors
    from eqcompiler.interfaces.verdict_table import show_verdicts

    lines = list(changed_verdicts(before, after)) if before is not None else []
    click.secho(f"\n{file}: {'new' if before is None else 'changed'}", bold=True)
    for line in lines:
        click.echo(f"  {line}")
    if before is not None and not lines:
        click.echo("  every verdict is as it was")
    click.echo()
    show_verdicts([after])
    show_errors(after.errors)
