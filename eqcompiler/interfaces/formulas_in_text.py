r"""Sentences that hold LaTeX without marks around it -> a text for a page, formulas as mathematics.

Takes: `Its Hessian \frac{2}{m} X^\top X is positive semidefinite.` Gives: escaped HTML.
Guarantees: no word is lost; a formula that cannot be shown as mathematics is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markupsafe import Markup

from eqcompiler.interfaces.mathml import mathml

QUOTED = re.compile(r"`([^`]*)`|(?<!\w)'([^']*)'(?!\w)")
WORD = re.compile(r"[(\[\"]*[A-Za-z]{2,}(?:['-][A-Za-z]+)*[)\]\"]*[.,;:!?]*")
MATHEMATICAL = re.compile(r"[\\^_=<>]")
CLOSING = ".,;:"


def formula(latex: str, display: str = "inline") -> Markup:
    """The formula as mathematics; as its LaTeX where that is not possible."""
    found = mathml(latex, display)
    return _typed(latex) if found is None else Markup(found)


def text_with_formulas(text: str) -> Markup:
    """Words as words, `what is to be typed` as typed, 'a quotation' and what holds a sign of mathematics as mathematics."""
    return _with_quotations(text, _with_formulas, quoted=formula)


def text_with_quotations(text: str) -> Markup:
    """Words as words, `what is to be typed` and 'a quotation' as typed."""
    return _with_quotations(text, Markup.escape, quoted=_typed)


def _typed(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _with_quotations(text: str, shown: Callable[[str], Markup], quoted: Callable[[str], Markup]) -> Markup:
    pieces, at = [], 0
    for found in QUOTED.finditer(text):
        typed = found[1]
        pieces += [shown(text[at : found.start()]), _typed(typed) if typed is not None else quoted(found[2])]
        at = found.end()
    return Markup("").join([*pieces, shown(text[at:])])


def _with_formulas(text: str) -> Markup:
    runs: list[tuple[bool, str]] = []
    parts = list(_parts(text))
    words = [WORD.fullmatch(part.strip()) is not None for part in parts]
    for k, part in enumerate(parts):
        article = part == "a " and all(words[max(k - 1, 0) : k] + words[k + 1 : k + 2])
        plain = words[k] or article
        if runs and runs[-1][0] == plain and not runs[-1][1].endswith(("; ", ". ", ": ")):
            runs[-1] = (plain, runs[-1][1] + part)
        else:
            runs.append((plain, part))
    return Markup("").join(Markup.escape(run) if plain or not MATHEMATICAL.search(run) else _run(run) for plain, run in runs)


def _parts(text: str) -> Iterator[str]:
    """Words with the blanks behind them; blanks inside braces part nothing."""
    depth = start = 0
    for k, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == " " and depth <= 0 and text[k + 1 : k + 2] != " ":
            yield text[start : k + 1]
            start = k + 1
    yield text[start:]


def _run(run: str) -> Markup:
    """The mathematics of a run without the blanks, the brackets and the sign that belong to the sentence."""
    body = run.strip().rstrip(CLOSING)
    if body.startswith("(") and body.count("(") > body.count(")"):
        body = body[1:]
    if body.endswith(")") and body.count(")") > body.count("("):
        body = body[:-1]
    before, _, after = run.partition(body)
    return Markup("{}{}{}").format(before, formula(body), after)
