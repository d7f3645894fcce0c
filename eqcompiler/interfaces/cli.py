"""`eqc`: the commands, and the one place where an error becomes text on stderr and an exit code.

Takes: the command line. Gives: text on stdout and stderr, an exit code.
Guarantees: `eqc --help` loads click and nothing heavier; every EquationError is shown by `errors.render`, never as a traceback,
and so is what the system refuses; whoever stops a command gets the exit code that shells expect.
"""

from __future__ import annotations

import sys

import click

from eqcompiler.errors import EquationError, render
from eqcompiler.interfaces import endings
from eqcompiler.interfaces.bench import bench
from eqcompiler.interfaces.build import build
from eqcompiler.interfaces.check import check
from eqcompiler.interfaces.demo import demo
from eqcompiler.interfaces.explain import explain
from eqcompiler.interfaces.new import new
from eqcompiler.interfaces.report import report
from eqcompiler.interfaces.run import run
from eqcompiler.interfaces.verify import verify
from eqcompiler.interfaces.watch import watch


class Commands(click.Group):
    """A click group that keeps the commands in the order of use and turns an EquationError into its own exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        endings.open_what_is_closed()
        with endings.answering_signals():
            try:
                return self._invoke_and_write(ctx)
            except EquationError as error:
                return _ended(ctx, render(error), error.exit_code)
            except KeyboardInterrupt as stop:
                return _ended(ctx, "stopped", endings.exit_code(stop))
            except BrokenPipeError:
                return ctx.exit(endings.nobody_reads())
            except OSError as error:
                endings.let_go_of_what_cannot_be_written()
                refusal = endings.refused(error)
                return _ended(ctx, render(refusal), refusal.exit_code)

    def _invoke_and_write(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        finally:
            sys.stdout.flush()  # here, where it is answered that nobody reads, or that there is no room


def _ended(ctx: click.Context, words: str, code: int) -> object:
    try:
        click.echo(words, err=True)
    except OSError:
        endings.nobody_reads()
    return ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="eqcompiler", prog_name="eqc")
def main() -> None:
    """Mathematics in LaTeX files: read it, prove or refute it, compile it.

    PATHS are equation files (.tex, .md) or folders of them, and default to equations/.

    \b
    Exit code
      0  everything was read, and every claim is proved, holds or is as expected
      1  a claim is refuted, conditional or undecided, and its file does not expect that
      2  something could not be read, typed or found; the rest is still judged
      3  eqcompiler contradicts itself: a fault to report
    """


for command in (check, verify, build, run, explain, bench, report, watch, new, demo):
    main.add_command(command)
