r"""A formula as a page shows it: the same symbols that were read, without the author's own commands.

Takes: LaTeX as it stands in a source, and where. Gives: LaTeX in which no macro, label, comment or alignment is left.
Guarantees: the symbols are those of the scanner and the macros those of the reader, so that what is shown is what was judged;
what cannot be scanned or expanded stays as it was written.

    \norm{Xw - y}^2 &= 1 \label{eq:a}  ->  \left\|X w-y\right\|^2=1     with \norm as the file defines it
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.reading.documents import items_and_text
from eqcompiler.reading.macros import DEFINING, Macro, expand, split_definitions
from eqcompiler.reading.regions import Definition, Region
from eqcompiler.reading.scanner import Scanner, Token

DEFINES = re.compile("|".join(re.escape(f"\\{name}") for name in sorted(DEFINING)))
SPACE = re.compile(r"\\[,;:> ]")
WITHOUT_COLUMNS = {"array": "matrix", "alignedat": "aligned"}  # the scanner drops what says how columns are set


def spelled_out(latex: str, place: Span) -> str:
    """`latex` with the macros that are defined before `place`."""
    written = Source(place.source.path, latex)
    try:
        tokens = Scanner(written, latex, 0, len(latex)).run()
        known = {macro.name: macro for macro in macros_of(place.source) if macro.span.start < place.stop}
        return _joined(_shown(latex, expand(written, tokens, known)))
    except EquationError:
        return latex  # the statement's own error says what is wrong with it


@lru_cache(maxsize=8)
def macros_of(source: Source) -> tuple[Macro, ...]:
    """The author's own commands, in the order of their definitions."""
    items, text = items_and_text(source)
    found: list[Macro] = []
    for item in items:
        if isinstance(item, Definition):
            found.append(item.macro)
        elif isinstance(item, Region) and DEFINES.search(text, item.start, item.stop):
            found += _defined_in(source, text, item)
    return tuple(found)


def _defined_in(source: Source, text: str, region: Region) -> tuple[Macro, ...]:
    try:
        _, macros = split_definitions(source, Scanner(source, text, region.start, region.stop).run(), {})
    except EquationError:
        return ()  # reading the document says so, at its place
    return tuple(macros.values())


def _shown(latex: str, tokens: list[Token]) -> list[str]:
    """Each symbol as LaTeX; outside of environments nothing that only sets rows and columns."""
    words: list[str] = []
    depth = stop = 0
    for token in tokens:
        if SPACE.search(latex, stop, max(stop, token.start)):
            words.append("\\,")
        stop = max(stop, token.stop)
        depth += token.kind == "begin"
        if token.kind in ("begin", "end"):
            words.append(f"\\{token.kind}{{{WITHOUT_COLUMNS.get(token.text, token.text)}}}")
        elif token.kind != "label" and (depth or token.kind not in ("cell", "row")):
            words.append(token.written())
        depth -= token.kind == "end"
    return words


def _joined(words: list[str]) -> str:
    """With blanks only where two words would become one: `\\alpha x`, `2 3`."""
    text = "".join(words[:1])
    for before, word in pairwise(words):
        command = before.startswith("\\") and before[-1].isalpha() and word[0].isalpha()
        text += f" {word}" if command or (before[-1].isdigit() and word[0].isdigit()) else word
    return text
