r"""Properties in the running text: `Let $A$ be a symmetric matrix`, `for symmetric $A$`, `where $P$ is idempotent`.

Takes: the regions of a document, its formulas in order. Gives: the formulas with what the text says of their names.
Guarantees: only words that are read whole count. What `let`, `assume`, `suppose`, `where`, `with` say holds in the whole file,
unless the file says it of the same name in two places; what `if`, `for`, `when` say holds in the next display of the sentence.
Everything else is listed as prose with a note that it is not used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.languages.notation import Formula, Letter, Relation, Words
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.parser import parse_formula
from eqcompiler.reading.properties import LISTED, PROPERTY, SAID, normalised
from eqcompiler.reading.regions import Region
from eqcompiler.reading.scanner import Scanner

NOT_USED = "what the text says of {} is not used; to use it, write: Let ${}$ be {}"
TWICE = "the text says what {} is in several places, and none of it is used; write it in each display, behind \\text{{where}}"
LONGEST = 120  # characters of text before and behind a name
ENDS = r"(?=\s*(?:$|[.,;:)]|\\\[|\$|\\\(|\\begin|\n|and\b|we\b|then\b|so\b|with\b|such\b|where\b))"
BEHIND = re.compile(rf"\s*{SAID.pattern}{ENDS}")
ARTICLE = r"(?:an?\s+|any\s+|every\s+|all\s+|the\s+)?"
KIND = r"(?:matrix|matrices|vector|square matrix)?\s*"
BEFORE = re.compile(rf"\b(?P<word>for|if|when|with|where|let|given|consider)\s+{ARTICLE}(?P<list>{LISTED})\s+{KIND}$")
HOLDS = re.compile(rf"\b(?:let|assume|assuming|suppose|where|with|given)(?:\s+that)?\s+{ARTICLE}{KIND}$")
WHEN = re.compile(rf"\b(?:if|for|when|whenever|provided)(?:\s+that)?\s+{ARTICLE}{KIND}$")
BETWEEN = re.compile(r"\s*(?:,|and|,\s*and)\s*")
SENTENCE_END = re.compile(r"[.;!?]\s|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Saying:
    """What the text says of some names: from `start` to `stop`; `scope` is "file", "display" or "" for neither."""

    names: tuple[Letter, ...]
    properties: tuple[str, ...]
    scope: str
    start: int
    stop: int


def with_prose_properties(
    source: Source, text: str, regions: Sequence[Region], found: Sequence[Formula | EquationError]
) -> Iterator[Formula | EquationError]:
    sayings = tuple(sayings_in(source, text, [region for region in regions if region.inline]))
    counts = Counter(key for saying in sayings if saying.scope == "file" for key in keys(saying))
    waiting = list(sayings)
    case: list[Saying] = []
    for item in found:
        start = item.span.start if item.span is not None else 0
        while waiting and waiting[0].start <= start:
            case += due(saying := waiting.pop(0))
            yield from own_formulas(source, saying, counts)
        if isinstance(item, Formula) and not item.inline:
            fitting = [s for s in case if SENTENCE_END.search(text, s.stop, start) is None]
            yield replace(item, parts=(*item.parts, *(part for s in fitting for part in attached(s)))) if item.parts else item
            yield from (prose(source, s, counts) for s in case if s not in fitting)
            case = []
        else:
            yield item
    for saying in waiting:
        yield from own_formulas(source, replace(saying, scope=saying.scope if saying.scope == "file" else ""), counts)
    yield from (prose(source, s, counts) for s in case)


def due(saying: Saying) -> list[Saying]:
    return [saying] if saying.scope == "display" else []


def keys(saying: Saying) -> Iterator[str]:
    return (letter_name(letter).key for letter in saying.names)


# --- what the text says ------------------------------------------------------------------------------------------------------


def sayings_in(source: Source, text: str, regions: list[Region]) -> Iterator[Saying]:
    place = 0
    last: Saying | None = None
    while place < len(regions):
        group = [regions[place]]
        while place + 1 < len(regions) and BETWEEN.fullmatch(gap(text, group[-1], regions[place + 1])):
            if subject(source, text, regions[place + 1]) is None:
                break
            place += 1
            group.append(regions[place])
        place += 1
        names = [subject(source, text, region) for region in group]
        saying = said_of(text, tuple(n for n in names if n is not None), group) if None not in names else None
        if saying is not None:
            if last is not None and not saying.scope and BETWEEN.fullmatch(text[last.stop : saying.start]):
                saying = replace(saying, scope=last.scope)  # Let $A$ be symmetric and $B$ be diagonal
            yield (last := saying)


def opening_of(text: str, region: Region) -> int:
    return region.start - (2 if text[: region.start].endswith(r"\(") else 1)


def closing_of(text: str, region: Region) -> int:
    return region.stop + (2 if text.startswith(r"\)", region.stop) else 1)


def gap(text: str, before: Region, after: Region) -> str:
    return text[closing_of(text, before) : opening_of(text, after)]


def subject(source: Source, text: str, region: Region) -> Letter | None:
    r"""The name that an inline formula is, or that it declares: $A$, $A \in \mathbb{R}^{n \times n}$."""
    if region.stop - region.start > LONGEST:
        return None
    try:
        parts = parse_formula(source, Scanner(source, text, region.start, region.stop).run(), fragment=True)
    except EquationError:
        return None  # who reads the formula itself reports it
    match parts:
        case (Letter() as letter,) | (Relation(operators=("in",), sides=(Letter() as letter, _)),):
            return letter
    return None


def said_of(text: str, names: tuple[Letter, ...], group: list[Region]) -> Saying | None:
    start, stop = opening_of(text, group[0]), closing_of(text, group[-1])
    before = normalised(text[max(0, start - LONGEST) : start]) + " "
    behind = BEHIND.match(
        text[stop : stop + LONGEST].replace("positive-", "positive ").replace("skew symmetric", "skew-symmetric")
    )
    if behind is not None:
        scope = "file" if HOLDS.search(before) else "display" if WHEN.search(before) else ""
        return Saying(names, words_of(behind["list"]), scope, start, stop + behind.end())
    ahead = BEFORE.search(before)
    if ahead is None:
        return None
    scope = "file" if ahead["word"] in ("with", "where", "let", "given", "consider") else "display"
    return Saying(names, words_of(ahead["list"]), scope, start, stop)


def words_of(text: str) -> tuple[str, ...]:
    return tuple(match[0] for match in re.finditer(PROPERTY, normalised(text)))


# --- what becomes of it ------------------------------------------------------------------------------------------------------


def attached(saying: Saying) -> Iterator[Words | Letter]:
    span = saying.names[0].span
    yield Words(span, "for")
    for name in saying.names:
        for property_ in saying.properties:
            yield from (name, Words(span, property_))


def own_formulas(source: Source, saying: Saying, counts: Counter[str]) -> Iterator[Formula]:
    """A declaration of its own, or a remark; what belongs to a display waits for it."""
    if saying.scope == "display":
        return
    if saying.scope == "file" and all(counts[key] == 1 for key in keys(saying)):
        parts = tuple(part for part in attached(saying))[1:]
        span = Span(source, saying.start, saying.stop)
        yield Formula(span, span.text, parts, inline=True)
    else:
        yield prose(source, saying, counts)


def prose(source: Source, saying: Saying, counts: Counter[str]) -> Formula:
    span = Span(source, saying.start, saying.stop)
    names = ", ".join(letter.span.text.strip() for letter in saying.names)
    several = saying.scope == "file" and any(counts[key] > 1 for key in keys(saying))
    note = TWICE.format(names) if several else NOT_USED.format(names, names, " ".join(saying.properties))
    return Formula(span, span.text, (), inline=True, note=note)
