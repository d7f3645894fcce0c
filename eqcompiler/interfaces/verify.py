"""`eqc verify`: judge every claim.

Takes: PATHS, a time per claim, a number of processes. Gives: a row per claim, then what is known about every claim that is not
plainly proved; with --json one object per claim.
Guarantees: every file is judged whatever the others do; nothing but "proved", "holds" and "as expected" gives exit code 0.
"""

from __future__ import annotations

import json

import click

from eqcompiler.interfaces.equation_files import equation_files, worst
from eqcompiler.interfaces.judging_options import judging_options


@click.command(short_help="Judge every claim: proved, holds, conditional, refuted, undecided.")
@click.argument("paths", nargs=-1)
@judging_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object per claim on stdout, nothing else there.")
@click.pass_context
def verify(ctx: click.Context, paths: tuple[str, ...], timeout: float, jobs: int | None, no_cache: bool, as_json: bool) -> None:
    """Judge every claim of the equation files.

    \b
    proved       symbolically, for all dimensions and all values that satisfy the assumptions
    holds        exact or rigorous arithmetic at many random points, none against
    conditional  false in general, true exactly under the condition that is shown
    refuted      there is a counterexample, in small integers where possible
    undecided    time or method ran out; never counted as a pass
    unsupported  a construct outside what is implemented

    The verdicts of unchanged files are read from a cache, the folder EQCOMPILER_CACHE or the place that the system has for it.

    \b
    Examples
      eqc verify                                 everything in equations/
      eqc verify ridge.tex --timeout 60          one file, up to a minute for each claim
      eqc verify --json | jq 'select(.ok|not)'   what is not in order, for a program
    """
    from eqcompiler.interfaces import judging, workers
    from eqcompiler.interfaces.screen import show_errors
    from eqcompiler.interfaces.verdict_table import show_verdicts

    judged = []
    processes = jobs or workers.processors()
    runner = judging.in_processes(processes)
    for result in judging.judge_all(equation_files(paths), timeout, runner, keep=not no_cache, processes=processes):
        judged.append(result)
        if as_json:
            for verdict in result.verdicts:
                click.echo(json.dumps(verdict.as_json(), ensure_ascii=False))
    if not as_json:
        show_verdicts(judged)
    show_errors(error for result in judged for error in result.errors)
    ctx.exit(worst(result.exit_code for result in judged))
