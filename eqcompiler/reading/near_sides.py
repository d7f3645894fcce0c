r"""Sides near a side: what an author may have meant whose shapes do not fit.

Takes: the notation of a right side. Gives: its text with one small change each, the likeliest first: a transpose more or less,
two neighbouring factors exchanged, an identity or a vector of ones beside a number.
Guarantees: texts in the author's notation, each once, a bounded number; nobody says that any of them is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from eqcompiler.errors import Span
from eqcompiler.languages.notation import Addition, Fence, Fraction, Juxtaposed, Large, Letter, Node, Numeral, Scripted
from eqcompiler.reading.groups import is_transposition
from eqcompiler.reading.survey import walk

MOST = 24
TURNED = Letter | Scripted | Fence  # what a transpose is written at as it stands
Change = tuple[int, int, str]  # characters of the source from, to, and what stands there instead


def near_sides(side: Node) -> tuple[str, ...]:
    """At most MOST texts."""
    text, start = side.span.text, side.span.start
    changes = (c for c in _changes(side) if start <= c[0] <= c[1] <= side.span.stop)  # not inside of a macro
    texts = (text[: first - start] + new + text[last - start :] for first, last, new in changes)
    return tuple(islice(dict.fromkeys(texts), MOST))


def _changes(side: Node) -> Iterator[Change]:
    nodes, place = walk(side), side.span
    mark = "^T" if "^T" in side.span.source.text else r"^\top"
    for node in nodes:
        for factor in _operands(node):
            yield from _turned(factor, mark)
    yield from _turned(side, mark) if isinstance(side, TURNED) else [(place.start, place.stop, f"({place.text}){mark}")]
    for node in nodes:
        if isinstance(node, Juxtaposed):
            yield from (_exchanged(a.span, b.span) for a, b in pairwise(node.factors))
    for node in nodes:
        if isinstance(node, Addition):
            yield from (_with_unit(term, unit) for unit in ("I", r"\mathbf{1}") for _, term in node.terms)


def _operands(node: Node) -> tuple[Node, ...]:
    """What a transpose can stand at."""
    parts = node.factors if isinstance(node, Juxtaposed) else ()
    parts += tuple(term for _, term in node.terms) if isinstance(node, Addition) else ()
    parts += (node.body,) if isinstance(node, Fence | Large) else ()
    parts += (node.numerator,) if isinstance(node, Fraction) else ()
    return tuple(part for part in parts if isinstance(part, TURNED))


def _turned(factor: Node, mark: str) -> Iterator[Change]:
    end = factor.span.stop
    if isinstance(factor, Scripted) and factor.superscript is not None:
        if is_transposition(factor.superscript):
            yield from _without_superscript(factor, factor.superscript)
        else:
            yield factor.span.start, end, f"({factor.span.text}){mark}"
    else:
        yield end, end, mark


def _without_superscript(factor: Scripted, above: Node) -> Iterator[Change]:
    r"""k_i^\top as k_i, and k^\top_i too; nothing where the sign stands in a macro."""
    text, below = factor.span.source.text, factor.subscript
    start, stop = text.rfind("^", factor.base.span.stop, above.span.start), factor.span.stop
    if below is not None and below.span.start > above.span.start:
        stop = text.rfind("_", above.span.stop, below.span.start)
    if 0 <= start < stop:
        yield start, stop, ""


def _exchanged(left: Span, right: Span) -> Change:
    source = left.source.text
    return left.start, right.stop, f"{right.text}{source[left.stop : right.start] or ' '}{left.text}"


def _with_unit(term: Node, unit: str) -> Change:
    one = isinstance(term, Numeral) and term.digits == "1"
    return (term.span.start, term.span.stop, unit) if one else (term.span.stop, term.span.stop, f" {unit}")
