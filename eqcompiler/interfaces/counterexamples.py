"""A counterexample as mathematics: the sizes and values, and what both sides are there.

Takes: a counterexample, how the text writes its names. Gives: escaped HTML.
Guarantees: numbers are shown exactly as they were found; a value that is no number, vector or matrix is shown as its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup

from eqcompiler.interfaces.formulas_in_text import formula
from eqcompiler.languages.verdicts import Counterexample

NUMBER = re.compile(r"-?\d+(\.\d+)?(/\d+)?")
PLAIN_NAME = re.compile(r"([A-Za-z])(?:_([A-Za-z0-9]+))?")


def counterexample(found: Counterexample, letters: Mapping[str, str]) -> Markup:
    letters = {**found.written, **letters}
    given = [_equation(_letter(name, letters), value) for name, value in (*found.sizes.items(), *found.values.items())]
    sides = [_equation(r"\text{left side}", found.left), _equation(r"\text{right side}", found.right)]
    return Markup(": " if given else "").join([Markup(", ").join(given), Markup(", ").join(sides)])


def _equation(name: str, value: object) -> Markup:
    latex = _latex(value)
    return Markup("{} = <code>{}</code>").format(formula(name), value) if latex is None else formula(f"{name} = {latex}")


def _letter(name: str, letters: Mapping[str, str]) -> str:
    """How the text writes the name; a size or an argument may have none there."""
    plain = PLAIN_NAME.fullmatch(name)
    if name in letters:
        return letters[name]
    return rf"\text{{{name}}}" if plain is None else plain[1] + (f"_{{{plain[2]}}}" if plain[2] else "")


def _latex(value: object) -> str | None:
    """A number, a vector in brackets, a matrix; None for anything else."""
    if not isinstance(value, list | tuple):
        return str(value) if NUMBER.fullmatch(str(value)) else None
    rows = [row for row in value if isinstance(row, list | tuple)]
    if not rows:
        entries = [_latex(entry) for entry in value]
        return None if None in entries else rf"\left[ {', '.join(map(str, entries))} \right]"
    cells = [[_latex(cell) if not isinstance(cell, list | tuple) else None for cell in row] for row in rows]
    if len(rows) < len(value) or any(None in row for row in cells):
        return None
    lines = r" \\ ".join(" & ".join(map(str, row)) for row in cells)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
