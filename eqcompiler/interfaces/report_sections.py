"""One judged file -> the rows that a page shows of it: letters, definitions, claims with what is known, errors.

Takes: a file's verdicts, errors and document. Gives: `Section`.
Guarantees: a row for every statement and every verdict, in the order of the text, and for every error; markup comes from
`formulas_in_text` and `counterexamples` only, everything else is text that the template escapes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from eqcompiler.errors import CompilerFault, EquationError, Span, render
from eqcompiler.interfaces.counterexamples import counterexample
from eqcompiler.interfaces.formulas_in_text import formula, text_with_formulas, text_with_quotations
from eqcompiler.interfaces.judging import Judged, fails
from eqcompiler.interfaces.report_words import KINDS, VERDICTS, WHOLE_METHODS
from eqcompiler.interfaces.screen import duration
from eqcompiler.interfaces.verdict_table import LONGEST_RESIDUAL, verdict_words
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.languages.verdicts import Verdict

LETTERS = ("declaration", "distribution")
JUDGED = ("claim", "objective", "density")
POWER = re.compile(r"\b2\^-(\d+)")  # the probability that a difference was missed

SpelledOut = Callable[[str, Span], str]
Count = tuple[str, str, int]  # verdict, the words for it, how many


@dataclass(frozen=True, slots=True)
class Fact:
    """One line below a claim."""

    label: str
    text: str | Markup


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement on the page. verdict: a key of VERDICTS, "error", or "" for what claims nothing; words: what the badge says;
    excerpt: an error with its excerpt."""

    anchor: str
    line: int
    name: str
    kind: str
    formula: Markup | None
    latex: str
    verdict: str = ""
    words: str = ""
    facts: tuple[Fact, ...] = ()
    excerpt: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Urgent:
    """A line of the list at the top."""

    anchor: str
    place: str
    name: str
    verdict: str
    words: str
    gist: Markup


@dataclass(slots=True)
class Section:
    """One file."""

    anchor: str
    file: str
    counts: list[Count]
    letters: list[tuple[Markup, Markup, int]] = field(default_factory=list)
    inferred: list[Markup] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    unused: list[tuple[int, Markup, Markup]] = field(default_factory=list)
    skipped: list[tuple[int, str, str]] = field(default_factory=list)
    urgent: list[Urgent] = field(default_factory=list)


def counts_of(verdicts: Iterable[Verdict]) -> list[Count]:
    """How many of each verdict, in the order of VERDICTS."""
    found = Counter((verdict.verdict, verdict_words(verdict)) for verdict in verdicts)
    return [(*each, found[each]) for each in sorted(found, key=lambda each: (list(VERDICTS).index(each[0]), each[1]))]


@dataclass(slots=True)
class SectionWriter:
    """One file on its way to the page. `spelled_out` writes a formula without the author's own commands."""

    anchor: str
    file: str
    document: Document | None
    spelled_out: SpelledOut

    def section(self, result: Judged) -> Section:
        section = Section(self.anchor, self.file, counts_of(result.verdicts))
        section.skipped = [(line, name, reason) for _, line, name, reason in result.skipped]
        section.inferred = [text_with_formulas(text) for text in dict.fromkeys(t for s in self._statements for t in s.inferred)]
        waiting = list(result.verdicts)
        for statement in self._statements:
            verdict = next((v for v in waiting if (v.line, v.column) == (statement.span.line, statement.span.column)), None)
            if verdict is not None and (statement.error is not None or statement.kind.startswith(JUDGED)):
                waiting.remove(verdict)
                self._judged(section, verdict, statement)
            elif not statement.skip:
                self._stated(section, statement)
        for verdict in waiting:  # the file has changed since, or cannot be read any more
            self._judged(section, verdict, None)
        self._faults(section, result.errors)
        return section

    @property
    def _statements(self) -> tuple[Statement, ...]:
        return self.document.statements if self.document is not None else ()

    def _stated(self, section: Section, statement: Statement) -> None:
        """What claims nothing."""
        line, kind = statement.span.line, statement.kind
        if kind in LETTERS:
            shown = self._formula(statement.latex, statement.span)
            section.letters.append((shown, text_with_formulas(statement.type_text), line))
        elif kind == "prose":
            section.unused.append((line, self._formula(statement.latex, statement.span), self._told(statement.type_text)))
        else:
            shown = self._formula(statement.latex, statement.span, "block")
            facts = (Fact("What it is", text_with_formulas(statement.type_text)),) if statement.type_text else ()
            anchor = self._next(section)
            section.entries.append(Entry(anchor, line, statement.name, KINDS[kind], shown, statement.latex, facts=facts))

    def _judged(self, section: Section, verdict: Verdict, statement: Statement | None) -> None:
        error = statement.error if statement is not None else None
        place = statement.span if statement is not None else None
        entry = Entry(
            self._next(section),
            verdict.line,
            verdict.name,
            KINDS.get(verdict.kind, verdict.kind),
            None,
            verdict.latex,
            verdict.verdict,
            verdict_words(verdict),
            excerpt=render(error) if error is not None else "",
        )
        if error is None or verdict.verdict != "unsupported":
            told = f"{error.span}: {error.what}" if error is not None else ""
            shown = self._formula(verdict.latex, place, "block")
            facts = tuple(self._facts(verdict, place, told))
            entry = replace(entry, formula=shown, facts=facts, time=duration(verdict.seconds))
        section.entries.append(entry)
        if fails(verdict):
            gist = self._told(error.what) if error is not None else self._gist(verdict, place)
            where = f"{self.file}:{verdict.line}"
            section.urgent.append(Urgent(entry.anchor, where, verdict.name, entry.verdict, entry.words, gist))

    def _faults(self, section: Section, errors: Iterable[EquationError]) -> None:
        """What is wrong with more than a statement."""
        told = {render(statement.error) for statement in self._statements if statement.error is not None}
        for error in errors:
            if (text := render(error)) not in told:
                verdict, words = ("fault", "program fault") if isinstance(error, CompilerFault) else ("error", "not understood")
                place = str(error.span or self.file)
                section.faults.append(text)
                section.urgent.append(Urgent(self.anchor, place, "", verdict, words, self._told(error.what)))

    def _next(self, section: Section) -> str:
        return f"{self.anchor}-{len(section.entries) + 1}"

    def _formula(self, latex: str, place: Span | None, display: str = "inline") -> Markup:
        return formula(self.spelled_out(latex, place) if place is not None else latex, display)

    def _letters(self) -> dict[str, str]:
        """How the text writes its names."""
        symbols = self.document.symbols if self.document is not None else {}
        return {
            name: info.latex if info.declared is None else self.spelled_out(info.latex, info.declared)
            for name, info in symbols.items()
        }

    def _facts(self, verdict: Verdict, place: Span | None, told: str) -> Iterator[Fact]:
        unmet = verdict.expected is not None and not verdict.ok
        open_ = verdict.verdict in ("holds", "undecided")
        if verdict.condition:
            yield Fact("True only if" if "exactly if" in verdict.reason else "True if", text_with_formulas(verdict.condition))
        if verdict.counterexample is not None:
            yield Fact("Not true for", counterexample(verdict.counterexample, self._letters()))
        if verdict.repair:
            yield Fact("Right side that would be true", self._formula(verdict.repair, place))
        if verdict.residual and (open_ or len(verdict.residual) <= LONGEST_RESIDUAL):
            label = "Left to show" if open_ else "Left side minus right side"
            yield Fact(label, self._formula(verdict.residual + (" = 0" if open_ else ""), place))
        if verdict.reason and verdict.reason != told:
            yield Fact("Remark", text_with_formulas(self._without_place(verdict.reason)))
        if verdict.expected:
            words = "The author expects otherwise" if unmet else "The author expects this"
            yield Fact(words, text_with_formulas(verdict.expected))
        if verdict.method:
            yield Fact(
                "How it was decided",
                Markup(POWER.sub(r"2<sup>−\1</sup>", str(Markup.escape(WHOLE_METHODS.get(verdict.method, verdict.method))))),
            )

    def _gist(self, verdict: Verdict, place: Span | None) -> Markup:
        """The one thing to say about a claim that is not in order."""
        if verdict.expected is not None:
            return Markup("the author expects: {}").format(text_with_formulas(verdict.expected))
        if verdict.verdict == "conditional" and verdict.condition:
            return Markup("true if {}").format(text_with_formulas(verdict.condition))
        if verdict.repair:
            return Markup("the right side would have to be {}").format(self._formula(verdict.repair, place))
        return self._told(verdict.reason or verdict.method)

    def _without_place(self, words: str) -> str:
        """The place is shown beside them."""
        return re.sub(rf"^{re.escape(self.file)}(:\d+)*: ", "", words)

    def _told(self, words: str) -> Markup:
        return text_with_quotations(self._without_place(words))
