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
from eqcompiler.languages.notation import Formula, Letter, Node, Relation, Words
from eqcompiler.reading.index_cases import compares, indices_in, is_index, is_joining
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.parser import parse_formula
from eqcompiler.reading.properties import LISTED, PROPERTY, SAID, normalised
from eqcompiler.reading.regions import Region
from eqcompiler.reading.relation_marks import is_own, normed_name
from eqcompiler.reading.running_text import UNUSED, RunningText, Surroundings, begins_clause
from eqcompiler.reading.scanner import Scanner
from eqcompiler.reading.survey import names_in
from eqcompiler.reading.vocabulary import ORDERS

NOT_USED = "what the text says of {} is not used; to use it, write: Let ${}$ be {}"
TWICE = "the text says what {} is in several places, and none of it is used; write it in each display, behind \\text{{where}}"
LONGEST = 120  # characters of text before and behind a name
ENDS = r"(?=\s*(?:$|[.,;:)]|\\\[|\$|\\\(|\\begin|\n|and\b|we\b|then\b|so\b|with\b|such\b|where\b))"
BEHIND = re.compile(rf"\s*{SAID.pattern}{ENDS}")
ARTICLE = r"(?:an?\s+|any\s+|every\s+|all\s+|the\s+)?"
KIND = r"(?:matrix|matrices|vector|square matrix)?\s*"
BEFORE = re.compile(rf"\b(?P<word>for|if|when|with|where|let|given|consider)\s+{ARTICLE}(?P<list>{LISTED})\s+{KIND}$")
BESIDE = ("with", "where", "given")
WHEN = ("if", "for", "when", "whenever", "provided")
WORD = re.compile(rf"\b(?P<word>let|assume|assuming|suppose|{'|'.join((*BESIDE, *WHEN))})(?:\s+that)?\s+{ARTICLE}{KIND}$")
CONTRASTED = re.compile(r"\b(?:but|general|others?|however|always|whatever|arbitrary)\b")
BETWEEN = re.compile(r"\s*(?:,|and|,\s*and)\s*")


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
) -> tuple[Formula | EquationError, ...]:
    running = RunningText(text, regions)
    sayings = tuple(sayings_in(source, running))
    counts = Counter(key for saying in sayings if saying.scope == "file" for key in keys(saying))
    declared = Counter(key for item in found if isinstance(item, Formula) for key in members(item))
    bounds = (item for item in found if isinstance(item, Formula) and item.inline and is_bound(item))
    declared += Counter(key for item in bounds for key in bounded(item))
    written = _Written(frozenset(key for key, times in declared.items() if times > 1))
    waiting = list(sayings)
    for item in found:
        start = item.span.start if item.span is not None else 0
        while waiting and waiting[0].start <= start:
            written.saying(source, running, waiting.pop(0), counts)
        if isinstance(item, Formula) and item.inline:
            written.inline(running, item)
        elif isinstance(item, Formula):
            written.display(running, item)
        else:
            written.items.append(item)
    for saying in waiting:
        written.saying(source, running, saying, counts)
    return tuple(with_last_claimed(written.items))


def with_last_claimed(items: list[Formula | EquationError]) -> Iterator[Formula | EquationError]:
    r"""The last display of a file, A = A^\top, or x^\top x = 1: nothing follows that could use it, so that it is claimed."""
    displays = [item for item in items if isinstance(item, Formula) and not item.inline and not item.note]
    stating = [item for item in displays if any(isinstance(part, Relation) for part in item.parts)]
    for item in items:
        if isinstance(item, Formula) and is_equation(item):
            last = (stating if is_normed(item) else displays if len(displays) > 1 else [])[-1:]
            yield replace(item, concluded=True) if any(item is each for each in last) else item
        else:
            yield item


def is_equation(item: Formula) -> bool:
    """L = R, perhaps with comparisons of its indices beside it."""
    match item.parts:
        case (Relation(operators=("=",)) as stated, *beside):
            return all(is_joining(part) or compares(part, set(indices_in(stated))) for part in beside)
    return False


def is_normed(item: Formula) -> bool:
    r"""x^\top x = 1: alone in a file it is no declaration."""
    return any(isinstance(part, Relation) and normed_name(*part.sides[:2]) is not None for part in item.parts)


class _Written:
    """The formulas so far; what waits for the next display. Whoever puts a condition here knows that a display follows."""

    def __init__(self, declared_twice: frozenset[str]) -> None:
        self.declared_twice = declared_twice
        self.items: list[Formula | EquationError] = []
        self.case: list[Node] = []

    def display(self, running: RunningText, item: Formula) -> None:
        parts = (*item.parts, *self.case) if item.parts else ()
        self.items.append(replace(item, parts=parts, concluded=running.concludes(item.span.start)))
        self.case = []

    def saying(self, source: Source, running: RunningText, saying: Saying, counts: Counter[str]) -> None:
        around = running.around(saying.start, saying.stop)
        if saying.scope == "display" and self.attach(around, tuple(attached(saying))):
            return
        self.items += own_formulas(source, saying, counts)

    def inline(self, running: RunningText, item: Formula) -> None:
        r"""A bound, $a > 0$, an equation that is joined to a declaration or is about its own name, and $a \in (0, 1)$ about a
        name that is declared elsewhere too; other formulas say what they say by themselves."""
        again = members(item)
        around = running.around_formula(item.span.start)
        reach = around.reach()
        narrows = bool(again) and self.declared_twice.issuperset(again)
        if not (item.joined or is_condition(item) or equates_indices(item) or narrows):
            stated = reach in ("file", "open") or (reach and around.has_display)
            self.items += [item] if stated else without_conditions(item)
            return
        if reach == "open":
            reach = "file" if item.joined or self.declares(around, item) else ""
        if (before := self.restricted_by(item)) is not None:
            self.items[-1] = replace(before, parts=(), joined=False, note=UNUSED)
            reach = ""
        if item.joined and self.items and isinstance(last := self.items[-1], Formula) and last.note == UNUSED:
            reach = ""  # what is said with a reason or a remark is one too
        if reach == "file" or (reach and not around.is_hypothetical and self.says_all(around, item)):
            self.items.append(item)
        elif not reach or item.joined or not self.attach(around, (Words(item.span, "for"), *item.parts)):
            self.items.append(replace(item, parts=(), joined=False, note=UNUSED))

    def declares(self, around: Surroundings, item: Formula) -> bool:
        """The learning rate is $a > 0$; a membership; a bound on what the file says nothing else of."""
        alone = is_bound(item) and (around.describes or self.declared_twice.isdisjoint(bounded(item)))
        return alone or not is_condition(item)

    def restricted_by(self, item: Formula) -> Formula | None:
        """$A_{ij} > 0$ or $A_{ij} = 0$ for $i < j$: neither is a condition on all entries."""
        before = self.items[-1] if self.items else None
        if not (isinstance(before, Formula) and before.inline and (is_bound(before) or is_equation(before))):
            return None
        return before if any(compares(p, set(indices_in(each))) for p in item.parts for each in before.parts) else None

    def says_all(self, around: Surroundings, item: Formula) -> bool:
        r"""For $a > 0$ we have \[...\] declares a, where the file says nothing else of it."""
        between_names = any(isinstance(p, Relation) and all(isinstance(s, Letter) for s in p.sides) for p in item.parts)
        return around.has_display and is_bound(item) and not between_names and self.declared_twice.isdisjoint(bounded(item))

    def attach(self, around: Surroundings, parts: tuple[Node, ...]) -> bool:
        """To the display of the sentence, the one that follows before the one that precedes."""
        before = self.items[-1] if self.items else None
        if around.ends_with_display:
            self.case += parts
        elif around.begins_with_display and isinstance(before, Formula) and not before.inline and before.parts:
            self.items[-1] = replace(before, parts=(*before.parts, *parts))
        else:
            return False
        return True


def without_conditions(item: Formula) -> Iterator[Formula]:
    r"""What is left of $x \in \mathbb{R}, x > 0$ where its sentence states nothing: the declaration."""
    said = [part for part in item.parts if not states_condition(part)]
    if said:
        yield replace(item, parts=tuple(said))
    if len(said) < len(item.parts):
        yield replace(item, parts=(), note=UNUSED)


def states_condition(part: Node) -> bool:
    """A bound, or an equation about its own name, A = A^T."""
    match part:
        case Relation(operators=("=",), sides=(left, right)):
            return is_own(left, right)
        case Relation(operators=operators):
            return all(sign in ORDERS for sign in operators)
    return False


def is_condition(item: Formula) -> bool:
    return bool(item.parts) and all(map(states_condition, item.parts))


def equates_indices(item: Formula) -> bool:
    """$i = j$, which says nothing of the whole file."""
    match item.parts:
        case (Relation(operators=("=",), sides=(left, right)),):
            return is_index(left) and is_index(right)
    return False


def members(item: Formula) -> tuple[str, ...]:
    r"""The names that a formula says the set of: a and b of a, b \in \mathbb{R}."""
    found: list[str] = []
    listed: list[str] = []
    for part in item.parts:
        names = names_in(part.sides[0] if isinstance(part, Relation) else part)
        if isinstance(part, Relation):
            found += [*listed, *names] if "in" in part.operators else []
            listed = []
        else:
            listed += names
    return tuple(found)


def bounded(item: Formula) -> tuple[str, ...]:
    return tuple(key for part in item.parts if isinstance(part, Relation) for key in names_in(part))


def is_bound(item: Formula) -> bool:
    return bool(item.parts) and all(
        isinstance(part, Relation) and all(sign in ORDERS for sign in part.operators) for part in item.parts
    )


def keys(saying: Saying) -> Iterator[str]:
    return (letter_name(letter).key for letter in saying.names)


# --- what the text says ------------------------------------------------------------------------------------------------------


def sayings_in(source: Source, running: RunningText) -> Iterator[Saying]:
    text, regions = running.text, [region for region in running.regions if region.inline]
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
        saying = said_of(running, tuple(n for n in names if n is not None), group) if None not in names else None
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


def said_of(running: RunningText, names: tuple[Letter, ...], group: list[Region]) -> Saying | None:
    text = running.text
    start, stop = opening_of(text, group[0]), closing_of(text, group[-1])
    behind = BEHIND.match(
        text[stop : stop + LONGEST].replace("positive-", "positive ").replace("skew symmetric", "skew-symmetric")
    )
    stop += behind.end() if behind is not None else 0
    around = running.around(start, stop)
    before = normalised(around.before) + " "
    said = WORD.search(before) if behind is not None else BEFORE.search(before)
    if behind is not None:
        declared = not behind[0][: behind.start("list")].strip() and all(r"\in" in text[r.start : r.stop] for r in group)
        reach = around.reach()  # $Q \in \mathbb{R}^{n \times n}$ symmetric
        scope = scope_of(said, around) if not declared else "file" if reach == "open" else reach
        return Saying(names, words_of(behind["list"]), scope, start, stop)
    return Saying(names, words_of(said["list"]), scope_of(said, around), start, stop) if said is not None else None


def scope_of(said: re.Match[str] | None, around: Surroundings) -> str:
    """What let, assume, suppose begin must be a clause of the author's own; `some authors assume` is not."""
    if said is None or around.is_denied:
        return ""
    if said["word"] in WHEN:
        return "display" if not CONTRASTED.search(around.behind) else ""
    own = said["word"] in BESIDE or begins_clause(said.string[: said.start()])
    return ("display" if around.is_hypothetical else "file") if own else ""


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
