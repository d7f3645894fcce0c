"""`eqc new NAME`: a first equation file to change.

Takes: a name. Gives: equations/NAME.tex.
Guarantees: never overwrites; what it writes is read, proved and compiled as it stands (a test runs it).
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.results import write_result

TEMPLATE = r"""% NAME: what this file is about.
% Declare what the letters are; what is not declared is inferred (eqc check shows it).
Data $X \in \mathbb{R}^{m \times n}$, targets $y \in \mathbb{R}^m$, weights $w \in \mathbb{R}^n$.

% A new left side is a definition: it becomes a kernel.
\[ L(w) = \frac{1}{m} (Xw - y)^\top (Xw - y) \]

% A derivative of something defined is a claim: it is proved, or refuted with a counterexample.
\[ \nabla_w L(w) = \frac{2}{m} X^\top (Xw - y) \]
"""


@click.command(short_help="Write a first equations/NAME.tex to change.")
@click.argument("name")
def new(name: str) -> None:
    """Write equations/NAME.tex: two declarations, a definition and a claim, ready to be changed.

    \b
    Example
      eqc new ridge                              then eqc verify equations/ridge.tex
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise BadInput(
            f"{name!r} cannot be the name of a kernel module",
            allowed="a letter, then letters, digits and underscores",
            fix="for example ridge_regression",
        )
    file = Path("equations") / f"{name}.tex"
    if file.exists():
        raise BadInput(f"{file} exists already", allowed="a new name", fix="choose another name or change that file")
    write_result(file, TEMPLATE.replace("NAME", name))
    click.echo(f"wrote {file}; next: eqc verify {file}")
