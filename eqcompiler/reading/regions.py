"""Where the mathematics of a document stands: what the two document readers give to the one formula reader.

Takes: nothing; data only. Gives: regions, directives, definitions and inclusions, each with its place.
Guarantees: items are in document order; `text` has the source's offsets.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from eqcompiler.errors import EquationError, IllegalEquation, Source, Span
from eqcompiler.reading.macros import Macro
from eqcompiler.reading.vocabulary import words

# environment -> how its rows are read: "single" formula, "rows" (a row that starts with a relation continues), "separate" rows
DISPLAYS = {
    "equation": "single",
    "equation*": "single",
    "displaymath": "single",
    "multline": "joined",
    "multline*": "joined",
    "align": "rows",
    "align*": "rows",
    "alignat": "rows",
    "alignat*": "rows",
    "flalign": "rows",
    "flalign*": "rows",
    "eqnarray": "rows",
    "eqnarray*": "rows",
    "gather": "separate",
    "gather*": "separate",
}
VERBATIM = frozenset(
    words("verbatim verbatim* Verbatim BVerbatim lstlisting minted comment filecontents filecontents* tikzpicture")
)

DIRECTIVES = {"expect": True, "define": False, "name": True, "skip": True}  # key -> whether it needs a value


@dataclass(frozen=True, slots=True)
class Region:
    """Characters start..stop hold formulas. `rows`: a value of DISPLAYS. `opening`: the span that begins the region."""

    start: int
    stop: int
    rows: str
    opening: Span
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    key: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Definition:
    macro: Macro


@dataclass(frozen=True, slots=True)
class Inclusion:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Trouble:
    error: EquationError


Item = Region | Directive | Definition | Inclusion | Trouble


def directive(source: Source, text: str, start: int, stop: int) -> Directive | Trouble:
    """What `%! key: value` says. An unknown key is an error that offers the known ones."""
    span = Span(source, start, stop)
    key, _, value = (part.strip() for part in text.partition(":"))
    if key not in DIRECTIVES:
        known = ", ".join(sorted(DIRECTIVES))
        return Trouble(IllegalEquation(f"the directive `{key}` is not known", span, allowed=known, fix=nearest(key)))
    if DIRECTIVES[key] and not value:
        return Trouble(IllegalEquation(f"the directive `{key}` has no value", span, fix=f"write {key}: ..."))
    if not DIRECTIVES[key] and value:
        return Trouble(
            IllegalEquation(f"the directive `{key}` takes no value, `{value}` given", span, fix=f"write {key} alone")
        )
    return Directive(key, value, span)


def nearest(key: str) -> str:

    near = difflib.get_close_matches(key, sorted(DIRECTIVES), 1, 0.4)
    return f"write {near[0]}" if near else "remove it, or write a plain comment"


def unterminated(opening: Span, closing: str) -> Trouble:
    return Trouble(
        IllegalEquation(
            f"the formula that starts with `{opening.text}` is not closed",
            opening,
            fix=f"add `{closing}` behind the formula",
        )
    )
