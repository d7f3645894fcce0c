"""`eqc explain FILE:NAME`: one statement after every stage.

Takes: a file and a statement's name. Gives: a heading and the printed result of each stage.
Guarantees: what is shown is what the pipeline passes on, not a second computation.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.nearest import nearest


@click.command(short_help="Show one statement after every stage, from LaTeX to kernel.")
@click.argument("statement", metavar="FILE:NAME")
def explain(statement: str) -> None:
    """Show one statement after every stage: source, types, index form, gradient, proof, loop plan, kernel.

    NAME is what `eqc check FILE` lists: the label, or the name made from the left side.

    \b
    Examples
      eqc explain equations/linear_regression.tex:J
      eqc explain notes.md:eq:ridge
    """
    from eqcompiler import pipeline

    file, name = _parts(statement)
    document = pipeline.load(file)
    names = [s.name for s in document.statements]
    if name not in names:
        raise BadInput(
            f"{file} has no statement {name!r}",
            allowed=", ".join(dict.fromkeys(names)) or "nothing: the file holds no statement",
            fix=nearest(name, names) or f"eqc check {file} lists the statements",
        )
    for title, text in pipeline.explain(document, name):
        click.secho(title, bold=True)
        click.echo("\n".join(f"    {line}".rstrip() for line in text.rstrip().splitlines()) + "\n")


def _parts(statement: str) -> tuple[Path, str]:
    found = re.fullmatch(r"(.+?\.(?:tex|md)):(.+)", statement)
    if not found:
        raise BadInput(
            f"{statement!r} is not FILE:NAME",
            allowed="a .tex or .md file, a colon, the name of a statement",
            fix="for example equations/linear_regression.tex:J",
        )
    return Path(found[1]), found[2]
