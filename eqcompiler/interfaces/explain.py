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
@click.option("--sizes", metavar="m=1000,n=10", help="Also the time that each kernel needs at least at these sizes.")
def explain(statement: str, sizes: str | None) -> None:
    """Show one statement after every stage: source, types, index form, gradient, proof, loop plan and cost of each kernel.

    NAME is what `eqc check FILE` lists: the label, or the name made from the left side.

    The cost is given as formulas. With --sizes, the memory bandwidth and the peak of this machine are measured (some
    seconds), and the time follows that no kernel with this plan can beat: its roofline.

    \b
    Examples
      eqc explain equations/linear_regression.tex:J
      eqc explain notes.md:eq:ridge
      eqc explain equations/ridge.tex:eq:ridge --sizes m=1000000,n=100
    """
    from eqcompiler import pipeline
    from eqcompiler.interfaces.judging import verdicts

    file, name = _parts(statement)
    known = None if sizes is None else sizes_given(sizes)
    document = pipeline.load(file)
    names = [s.name for s in document.statements if s.name]
    if name not in names:
        raise BadInput(
            f"{file} has no statement {name!r}",
            allowed=", ".join(dict.fromkeys(names)) or "nothing: the file holds no statement",
            fix=nearest(name, names) or f"eqc check {file} lists the statements",
        )
    for title, text in pipeline.explain(document, name, known, verdicts):
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


def sizes_given(text: str) -> dict[str, int]:
    """`m=1000,n=10`; underscores and 1e6 are numbers too."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        value = _whole(number)
        if not name or value is None or value < 1:
            raise BadInput(
                f"--sizes {text}: {part.strip()!r} is not a size",
                allowed="NAME=NUMBER, several separated by commas; numbers are whole and at least 1",
                fix="for example --sizes m=1000000,n=100",
            )
        found[name] = value
    return found


def _whole(text: str) -> int | None:
    if not re.fullmatch(r"\d[\d_]*(e\d{1,2})?", text):
        return None
    head, _, exponent = text.replace("_", "").partition("e")
    return int(head + "0" * int(exponent or 0))
