"""`eqc report`: one page with every claim and what is known about it.

Takes: PATHS, where to write, and what `eqc verify` takes. Gives: one HTML file that needs nothing but itself.
Guarantees: the verdicts and the exit code are those of `eqc verify`; the same verdicts give the same bytes; an equation file is
never written over.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import BadInput, EquationError
from eqcompiler.interfaces.equation_files import equation_files, worst
from eqcompiler.interfaces.judging_options import judging_options

if TYPE_CHECKING:
    from eqcompiler.interfaces.judging import Judged
    from eqcompiler.languages.statements import Document

SUFFIXES = (".html", ".htm")


@click.command(short_help="Write one HTML page with every claim, its verdict and what is known about it.")
@click.argument("paths", nargs=-1)
@click.option("--out", default="report.html", show_default=True, metavar="FILE", help="Where to write the page.")
@judging_options
@click.pass_context
def report(ctx: click.Context, paths: tuple[str, ...], out: str, timeout: float, jobs: int | None, no_cache: bool) -> None:
    """Judge every claim as eqc verify does, and write what is known about each as one HTML page.

    The page opens from disk and loads nothing else; it can be printed, sent, and read on a phone.

    \b
    Examples
      eqc report                                 everything in equations/, to report.html
      eqc report thesis/ --out thesis.html       a folder of one's own
    """
    from eqcompiler import pipeline
    from eqcompiler.interfaces import judging, workers
    from eqcompiler.interfaces.report_page import page
    from eqcompiler.interfaces.results import write_result
    from eqcompiler.interfaces.screen import show_errors
    from eqcompiler.interfaces.verdict_table import summary

    if not out.lower().endswith(SUFFIXES):
        raise BadInput(
            f"--out {out}: a page has another name",
            allowed=f"names that end in {' or '.join(SUFFIXES)}",
            fix="for example --out report.html",
        )
    files = equation_files(paths)
    processes = jobs or workers.processors()
    runner = judging.in_processes(processes)
    judged = list(judging.judge_all(files, timeout, runner, keep=not no_cache, processes=processes))
    pages = [(file, result, _document(file, result)) for file, result in zip(files, judged, strict=True)]
    write_result(Path(out), page(pages, pipeline.spelled_out).encode("utf-8", "replace"))
    click.echo(f"{out}: {summary(judged)}")
    show_errors(error for result in judged for error in result.errors)
    ctx.exit(worst(result.exit_code for result in judged))


def _document(file: Path, result: Judged) -> Document | None:
    """The statements around the claims; None for a file that could not be read."""
    from eqcompiler import pipeline

    if any(error.span is None for error in result.errors) and not result.verdicts:
        return None
    try:
        return pipeline.load(file)
    except EquationError:
        return None  # the result holds this error
