"""`eqc check`: read and type, and show what every statement was taken for.

Takes: PATHS. Gives: a row per statement, what was inferred and why; with --json one object per statement.
Guarantees: a bad statement or file never hides the others; exit code 2 when there is one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import EquationError, render
from eqcompiler.interfaces.equation_files import equation_files, errors_of, worst

if TYPE_CHECKING:
    from eqcompiler.languages.statements import Document

LEAST_FOR_TYPE = 16
KEYS = ("file", "line", "column", "name", "kind", "latex", "type", "sympy", "assumptions", "inferred", "error")


@click.command(short_help="Read and type; list statements, kinds, shapes, what was inferred.")
@click.argument("paths", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per statement on stdout, nothing else there.")
@click.pass_context
def check(ctx: click.Context, paths: tuple[str, ...], as_json: bool) -> None:
    """Read and type equation files; list every statement with its kind and shape, and what was inferred.

    \b
    Examples
      eqc check                                  everything in equations/
      eqc check ridge.tex notes/                 one file and one folder
      eqc check --json ridge.tex                 one JSON object per statement, with keys
                                                 file line column name kind latex type sympy
                                                 assumptions inferred error
    """
    codes = [_check_file(file, as_json) for file in equation_files(paths)]
    ctx.exit(worst(codes))


def _check_file(file: Path, as_json: bool) -> int:
    from eqcompiler import pipeline
    from eqcompiler.interfaces.screen import show_errors

    try:
        document = pipeline.load(file)
        rows = pipeline.check_rows(document) if as_json else ()
    except EquationError as error:
        if as_json:
            click.echo(json.dumps(_unreadable(file, error), ensure_ascii=False))
        show_errors([error])
        return error.exit_code
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False))
    if not as_json:
        _show(file, document)
    errors = errors_of(document)
    show_errors(errors)
    return worst(error.exit_code for error in errors)


def _unreadable(file: Path, error: EquationError) -> dict[str, object]:
    """The row of a file of which nothing could be read."""
    line, column = (error.span.line, error.span.column) if error.span else (1, 1)
    row = dict.fromkeys(KEYS) | {"file": str(file), "line": line, "column": column, "name": "", "kind": "error", "latex": ""}
    return row | {"assumptions": [], "inferred": [], "error": render(error)}


def _show(file: Path, document: Document) -> None:
    from rich.text import Text

    from eqcompiler.interfaces.screen import STYLES, console, counted, details, show, stacked, table

    out = console()
    rows = [
        (f"{s.span.line}:{s.span.column}", s.name, Text(s.kind, STYLES.get(s.kind, "")), s.type_text or s.skip)
        for s in document.statements
    ]
    show(out, Text(str(file), "bold"))
    longest = max((len(f"{place}  {name}  {kind}  ") for place, name, kind, _ in rows), default=0)
    narrow = longest + LEAST_FOR_TYPE > out.width
    show(out, stacked(rows, below=3) if narrow else table(("place", "name", "kind", "type"), rows, keep=("place", "kind")))
    inferred = dict.fromkeys(text for statement in document.statements for text in statement.inferred)
    if inferred:
        show(out, details([("inferred", text) for text in inferred], indent=0))
    errors = len(errors_of(document))
    tail = f", {errors} not understood (see the errors)" if errors else ""
    show(out, Text(f"{counted(len(document.statements), 'statement')}{tail}\n"))
