r"""The document level of LaTeX: which parts of a .tex file are mathematics. The tokens of the text are pylatexenc's.

Takes: a source. Gives: regions, directives, macro definitions and inclusions, in document order.
Guarantees: comments, verbatim text and prose are left out; a display that is not closed is an error and hides nothing after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylatexenc.latexwalker import LatexToken, LatexWalker, LatexWalkerError

from eqcompiler.errors import EquationError, IllegalEquation, Source, Span
from eqcompiler.reading.cursor import unknown_environment
from eqcompiler.reading.macros import DEFINING, definition_at
from eqcompiler.reading.regions import DISPLAYS, VERBATIM, Definition, Inclusion, Item, Region, Trouble, directive, unterminated
from eqcompiler.reading.vocabulary import words

INTERESTING = re.compile(r"[\\%$]")
DECIDING = re.compile(r"[\\%${}]")  # every closing begins with one of them
PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\\(?:begin|end)\{document\}|\\(?:sub)*section\*?\{")
CLOSING = {r"\(": r"\)", r"\[": r"\]", "$": "$", "$$": "$$"}
INCLUDING = frozenset(("input", "include"))
INCLUDED_NAME = re.compile(r"\s*\{([^{}]*)\}")
VERB = re.compile(r"\\(?:verb\*?|lstinline)(\S)")
BEGIN = re.compile(r"\\begin\s*\{\s*([A-Za-z]+\*?)\s*\}")
DECLARED_ENVIRONMENT = re.compile(
    r"\\(?:newtheorem\*?|newenvironment|renewenvironment|newtcolorbox|declaretheorem)\s*\{(\w+)\}"
)
ALIGNAT_COLUMNS = re.compile(r"\s*\{\d+\}")

# environments of prose: their contents are read like the text around them
TEXT_ENVIRONMENTS = frozenset(
    (
        *words("document abstract center flushleft flushright quote quotation verse minipage figure figure* table table*"),
        *words("itemize enumerate description list tabular tabular* tabularx subequations theorem lemma corollary proposition"),
        *words("definition remark example exercise problem solution proof claim note conjecture axiom assumption notation"),
        *words("algorithm algorithmic algorithm2e frame block columns column titlepage appendix thebibliography multicols box"),
        *words("mdframed tcolorbox framed landscape small footnotesize case question answer fact observation property"),
    )
)


def items_of_latex(source: Source) -> Iterator[Item]:
    return _LatexText(source).items()


class _LatexText:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.walker = LatexWalker(source.text, tolerant_parsing=False)
        self.text_environments = TEXT_ENVIRONMENTS | frozenset(DECLARED_ENVIRONMENT.findall(source.text))
        self.at = 0

    def items(self) -> Iterator[Item]:
        while (match := INTERESTING.search(self.text, self.at)) is not None:
            self.at = match.start()
            token = self.token()
            if token is None:
                self.at += 1
                continue
            self.at = token.pos + token.len
            yield from self.item(token)

    def token(self) -> LatexToken | None:
        """The document's token here; None for a lone backslash at the end or the like."""
        try:
            return self.walker.get_token(self.at, environments=True)
        except (LatexWalkerError, IndexError):  # the end of the text stands inside the token
            return None

    def item(self, token: LatexToken) -> Iterator[Item]:
        if token.tok == "comment":
            if token.arg.startswith("!"):
                yield directive(self.source, token.arg[1:], token.pos, token.pos + 1 + len(token.arg.rstrip()))
        elif token.tok in ("mathmode_inline", "mathmode_display"):
            yield self.delimited(token.arg, token.pos)
        elif token.tok == "begin_environment":
            yield from self.environment(token.arg, token.pos)
        elif token.tok == "macro":
            yield from self.macro(token)

    def delimited(self, opening: str, start: int) -> Item:
        r"""$...$, $$...$$, \(...\), \[...\]"""
        begin = start + len(opening)
        inline = opening in ("$", r"\(")
        if opening not in CLOSING:
            span = Span(self.source, start, begin)
            return Trouble(IllegalEquation(f"`{opening}` closes nothing", span, fix="remove it, or add what opens the formula"))
        closing = CLOSING[opening]
        stop = self.find(closing, begin, self.paragraph_end(begin))
        span = Span(self.source, start, begin)
        if stop is None:
            self.at = begin
            return unterminated(span, closing)
        self.at = stop + len(closing)
        return Region(begin, stop, "single", span, inline)

    def paragraph_end(self, begin: int) -> int:
        match = PARAGRAPH_END.search(self.text, begin)
        return match.start() if match else len(self.text)

    def find(self, closing: str, begin: int, limit: int) -> int | None:
        """Where `closing` stands, outside of comments, braces and escapes. Another opening before it: it is missing."""
        at = begin
        depth = 0
        while (deciding := DECIDING.search(self.text, at, limit)) is not None:
            at = deciding.start()
            if self.text.startswith(closing, at) and (closing != "$" or depth == 0):
                return at
            character = self.text[at]
            if self.text.startswith(r"\[", at):
                return None
            if (begin_display := BEGIN.match(self.text, at)) and begin_display[1] in DISPLAYS:
                return self.around(begin_display, closing)
            if character == "\\":
                at += 2
            elif character == "%":
                end = self.text.find("\n", at)
                at = end if end >= 0 else limit
            else:
                depth = max(0, depth + {"{": 1, "}": -1}.get(character, 0))
                at += 1
        return None

    def around(self, inner: re.Match[str], closing: str) -> int | None:
        r"""\[ \begin{align} ... \end{align} \]: where `closing` stands if it follows the inner display, else None."""
        end = f"\\end{{{inner[1]}}}"
        after = self.text.find(end, inner.end())
        match = re.compile(r"[\s.,;]*").match(self.text, after + len(end)) if after >= 0 else None
        return match.end() if match and self.text.startswith(closing, match.end()) else None

    def environment(self, name: str, start: int) -> Iterator[Item]:
        span = Span(self.source, start, self.at)
        if name in DISPLAYS:
            yield self.display(name, span)
        elif name in VERBATIM:
            end = self.text.find(f"\\end{{{name}}}", self.at)
            self.at = end if end >= 0 else len(self.text)
        elif name not in self.text_environments:
            yield Trouble(unknown_environment(name, span, tuple(DISPLAYS)))

    def display(self, name: str, span: Span) -> Item:
        if name.startswith("alignat") and (columns := ALIGNAT_COLUMNS.match(self.text, self.at)):
            self.at = columns.end()
        begin = self.at
        closing = f"\\end{{{name}}}"
        stop = self.find_end(closing, begin)
        if stop is None:
            return unterminated(span, closing)
        self.at = stop + len(closing)
        return Region(begin, stop, DISPLAYS[name], span)

    def find_end(self, closing: str, begin: int) -> int | None:
        """Where the display environment ends; None when another display begins first."""
        end = self.find(closing, begin, len(self.text))
        if end is None:
            return None
        for match in BEGIN.finditer(self.text, begin, end):
            if match[1] in DISPLAYS:
                return None
        return end

    def macro(self, token: LatexToken) -> Iterator[Item]:
        name = token.arg
        if name in DEFINING:
            try:
                macro, self.at = definition_at(self.source, token.pos)
            except EquationError as error:
                yield Trouble(error)
            else:
                yield Definition(macro)
        elif name in INCLUDING and (included := INCLUDED_NAME.match(self.text, token.pos + 1 + len(name))):
            yield Inclusion(included[1].strip(), Span(self.source, token.pos, included.end()))
        elif verb := VERB.match(self.text, token.pos):
            end = self.text.find(verb[1], verb.end())
            self.at = end + 1 if end >= 0 else self.at
