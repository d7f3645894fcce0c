r"""Running text: how far a condition reaches that stands inline, by the sentence around it.

Takes: the text, where its formulas stand, and one of them. Gives: the whole file, the display of its sentence, or nothing.
Guarantees: prose says conditions of cases, of proofs by contradiction, of what does not hold; none of these is an assumption
of the file. Where a sentence denies or restricts something, or asks, none of its conditions counts. What no word governs is
left open, and says who describes a number: the learning rate $a > 0$.

    Let $a > 0$.   where $a > 0$.                                      the whole file
    For $a > 0$ we have \[...\].    \[...\] if $a > 0$.                that display
    If $a > 0$ it is trivial.       Since $a > 0$.   We do not need $a > 0$.   Suppose, to the contrary, $a > 0$.      nothing
    The learning rate is $a > 0$.   At the optimum $a > 0$.            open; the first describes a
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from eqcompiler.reading.regions import Region

UNUSED = "an inline relation is not used; to use it, give it a display, or join it to a declaration by `with`"
Reach = Literal["file", "display", "open", ""]

SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\beq)(?<!\bresp)[.!?;](?=[\s)]|$)|\n\s*\n|(?:^|\n)#[^\n]*|"
    r"\\(?:item\b|(?:begin|end|(?:sub)*section\*?|(?:sub)?paragraph|chapter|title)\{[^}]*\})"
)
CLOSING = re.compile(r"\s*(?:\\\]|\\\)|\$\$?|\\end\{[^}]*\})")
SAME_SENTENCE = re.compile(r"[\s,]*[a-z]")
COMMENT = re.compile(r"(?<!\\)%[^\n]*")
HARMLESS = re.compile(r"without loss of generality|not necessarily")
# a sentence with one of these words says something else than that its conditions hold
DENIED = re.compile(
    r"\b(?:not|never|no|nor|neither|none|cannot|without|instead|unless|except|unlike|otherwise|whether|contradiction|contrary|"
    r"absurd|wrong|wrongly|false|falsely|incorrectly|mistakenly|mistake|fails?|violat\w+|only|even|rather|although|though|"
    r"despite|but|example|instance|special|simplest|cases?|trivial|iff|either|would|could|might|want\w*|wish\w*|hope\w*|"
    r"pretend\w*|imagine\w*|conjecture\w*|goal|aim|question|claim|exercise)\b|n't\b|n’t|\be\.g\.|\bonly if\b|\bor\s*$"
)
RESTRICTED = re.compile(
    r"\b(?:only|if|iff|when|whenever|unless|except|otherwise|fails?|false|wrong|violated|example|instance|cases?|contradiction|"
    r"for now|for the moment|temporarily)\b"
)
REFUTED = re.compile(
    r"[^,$]*\b(?:not|never|nor|necessary|needed|required|shown|proved|proven|derived|verified|checked|open|unknown)\b|\W*or\b"
)
# the verb before its subject: a question, or what would be if it were so
INVERTED = re.compile(r"^\W*(?:is|are|was|were|does|do|did|can|could|has|have|had|should|would|will|must)\b")
# a bound beside one of these says what the number is like that it names
QUANTITY = (
    r"(?:hyper)?parameter|rate|size|step|strength|constant|coefficient|factor|weight|number|scalar|real|variance|covariance|deviation|"
    r"precision|temperature|threshold|bandwidth|radius|length|width|scale|penalty|momentum|tolerance|margin|probability|angle|mass|"
    r"noise|level|multiplier|exponent|degree|regulari[sz](?:er|ation)|matrix|vector"
)
DESCRIBED = re.compile(
    r"(?:(?:here|throughout|here and throughout|below|finally|moreover|furthermore|also)\b[\s,]*)?"
    rf"(?:(?:(?:the|an?|our|its)\s+)?(?:[a-z-]+\s+){{0,4}}(?:{QUANTITY})s?(?:\s+(?:is|are|satisf(?:ies|y)))?)?\s*"
)
LIST = re.compile(r"(?:\$\s*(?:,\s*and\b|,|and\b)\s*)+$")
DESCRIBING = re.compile(
    r"\s*(?:$|,|and\b|(?:is|are|denotes?)\s+(?:the|an?|our|called)\b|for\s+(?:(?:all|each|every|any)\s+)?\$)"
)
STATING = (
    r"(?:let|assume|assuming|suppose|supposing|such|given)(?:\s+that)?|where|with|denote|consider|fix|take|choose|"
    r"satisfying|put|set"
)
CASE = r"(?:if|when|whenever|provided)(?:\s+that)?|for|once|while|until|as soon as"
CONCLUDING = (
    r"since|because|hence|then|thus|therefore|so|implies|we (?:have|get|obtain|find)|obtain|yields|gives|clearly|obviously|"
    r"(?:know|known|note|show|shows|see|conclude|follows|implies|means|prove|claim|clear|obvious|evident|true|fact)\s+that"
)
GOVERNING = re.compile(rf"\b(?:(?P<states>{STATING})|(?P<case>{CASE})|(?P<concludes>{CONCLUDING}))\b")
# x_t \in \mathbb{R}^d for t = 1, ..., T, and the next item of the list: such a `for` ends with its own formula
RANGED = re.compile(r"\$\s+for(?:\s+(?:all|any|each|every))?\s+\$\s*,")
# what may stand before `let`, `assume`, `where`: the start of a clause, or words that leave it to the author
OPENING = re.compile(
    r"(?:^|[,:()$]|\b(?:and|now|here|further|furthermore|moreover|also|again|next|finally|throughout|below|follows|following|"
    r"section|chapter|on|we|us|shall|will|may|generality))\s*$"
)
CONCLUSION = re.compile(
    r"\b(?:then|hence|thus|therefore|consequently|so|that|have|get|obtain|see|find|conclude|implies|gives|yields|means|"
    r"shows?|prove|claim)\s*[,:]?\s*$"
)


@dataclass(frozen=True)
class RunningText:
    """regions: the formulas of the text in order, displays too."""

    text: str
    regions: Sequence[Region]

    def around(self, start: int, stop: int) -> Surroundings:
        """The sentence around a place, with a $ in the place of each inline formula; displays end what is looked at."""
        starts, ends = self._displays
        k, last_k = bisect_right(ends, start), bisect_left(starts, stop)
        first = ends[k - 1] if k else 0
        last = starts[last_k] if last_k < len(starts) else len(self.text)
        before, behind = self._words(first, start), self._words(stop, last)
        breaks = [match.end() for match in SENTENCE_END.finditer(before)]
        end = SENTENCE_END.search(behind)
        return Surroundings(
            before[breaks[-1] if breaks else 0 :].strip(),
            behind[: end.start() if end else len(behind)].strip(),
            begins_with_display=not breaks and first > 0 and SAME_SENTENCE.match(self.text, first) is not None,
            ends_with_display=end is None and last < len(self.text),
            asks=end is not None and end[0] == "?",
        )

    def around_formula(self, place: int) -> Surroundings:
        """The sentence around the inline formula that holds a place."""
        starts, regions = self._inline
        region = regions[max(0, bisect_right(starts, place) - 1)]
        return self.around(region.opening.start, self._past(region))

    def concludes(self, place: int) -> bool:
        """Whether the text says then, hence, we have right before the display that holds a place."""
        starts, ends = self._displays
        k = bisect_right(starts, place) - 1
        return k >= 0 and concludes(self._words(ends[k - 1] if k else 0, starts[k]))

    @cached_property
    def _displays(self) -> tuple[list[int], list[int]]:
        """Where the displays start, and where they end."""
        displays = [region for region in self.regions if not region.inline]
        return [region.opening.start for region in displays], [self._past(region) for region in displays]

    @cached_property
    def _inline(self) -> tuple[list[int], list[Region]]:
        found = [region for region in self.regions if region.inline]
        return [region.opening.start for region in found], found

    def _past(self, region: Region) -> int:
        """The place behind what closes a formula."""
        closing = CLOSING.match(self.text, region.stop)
        return closing.end() if closing else region.stop

    def _words(self, start: int, stop: int) -> str:
        starts, regions = self._inline
        found, place = [], start
        for region in regions[bisect_left(starts, start) : bisect_left(starts, stop)]:
            found += [self.text[place : region.opening.start], "$"]
            place = self._past(region)
        return COMMENT.sub(" ", "".join([*found, self.text[place:stop]])).lower()


@dataclass(frozen=True)
class Surroundings:
    """The words of a sentence before and behind a formula."""

    before: str
    behind: str
    begins_with_display: bool
    ends_with_display: bool
    asks: bool = False

    @cached_property
    def is_denied(self) -> bool:
        before, behind = (HARMLESS.sub(" ", words) for words in (self.before, self.behind))
        unreal = self.asks or (INVERTED.match(before) and not self.begins_with_display)
        return bool(unreal or DENIED.search(before) or RESTRICTED.search(behind) or REFUTED.match(behind))

    @property
    def has_display(self) -> bool:
        return self.begins_with_display or self.ends_with_display

    @property
    def describes(self) -> bool:
        """The learning rate $a > 0$; $a > 0$ is the learning rate: words about a number, and no verb of a result."""
        return bool(DESCRIBED.fullmatch(LIST.sub("", self.before)) and DESCRIBING.match(self.behind))

    @cached_property
    def is_hypothetical(self) -> bool:
        """If, when, provided that: a case."""
        return any(word["case"] not in (None, "for") for word in GOVERNING.finditer(self.before))

    def reach(self) -> Reach:
        """How far a relation holds, by the word that governs it."""
        if self.is_denied:
            return ""
        words = list(GOVERNING.finditer(RANGED.sub("$,", self.before)))
        if not words:
            return "open"
        if words[-1]["states"]:
            return "display" if self.is_hypothetical else "file"
        return "display" if words[-1]["case"] else ""


def concludes(words: str) -> bool:
    """Then, hence, we have: what stands behind is claimed."""
    return CONCLUSION.search(words) is not None


def begins_clause(before: str) -> bool:
    """Nothing stands there but what an author begins a sentence or a clause of his own with."""
    return OPENING.search(before) is not None
