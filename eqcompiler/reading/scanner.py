r"""The scanner: characters of a formula -> tokens with positions.

Takes: a source and the part of it that holds a formula. Gives: tokens and the directives found in comments.
Guarantees: every character is in a token, white space, a comment or a spacing command; positions are the source's own.

    \frac{2}{m} X^T  ->  command frac, open {, number 2, close }, open {, letter m, close }, letter X, mark ^, letter T
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eqcompiler.errors import IllegalEquation, Source, Span
from eqcompiler.reading.vocabulary import SKIPPED_WITH_ARGUMENT, SPACING, TEXT_COMMANDS, UNICODE

TOKEN_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Token:
    r"""kind: letter, number, command (text without backslash), open, close (braces), mark (any other character), prime,
    text (\text{...}), begin, end (environments), row (\\), cell (&), quad, label, parameter (#1), left, right (\left( ...).

    joined: nothing stands between this token and the one before, so that `MSE` is told from `M S E`.
    """

    kind: str
    text: str
    start: int
    stop: int
    joined: bool = False

    def written(self) -> str:
        """The token as LaTeX, for messages."""
        shapes = {"command": "\\{}", "text": "\\text{{{}}}", "begin": "\\begin{{{}}}", "end": "\\end{{{}}}", "row": "\\\\"}
        shapes |= {"quad": "\\{}", "left": "\\left{}", "right": "\\right{}", "label": "\\label{{{}}}", "parameter": "#{}"}
        return shapes.get(self.kind, "{}").format(self.text)


@dataclass(frozen=True, slots=True)
class Comment:
    """A directive comment inside a formula: what follows `%!`, with its place."""

    text: str
    start: int
    stop: int


COMMENT = re.compile(r"%([^\n]*)(\n[ \t]*|$)")
COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
NAME = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}")
ROW = re.compile(r"\\\\\*?(?:\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|cm|mm|in|sp|px|mu)\s*\])?")
COLUMNS = re.compile(r"\s*\{[lcr|@{}.\s\d]*\}")
POSITION = re.compile(r"\s*\[[tbc]\]")
STARRED = frozenset(("operatorname", "tag", "hspace", "vspace", "DeclareMathOperator", "newcommand", "renewcommand"))
SIMPLE = {"{": "open", "}": "close", "&": "cell", "'": "prime"}


class Scanner:
    """One pass over `text[start:stop]`; `text` has the source's offsets maybe with blanks where the document's marks stood."""

    def __init__(self, source: Source, text: str, start: int, stop: int) -> None:
        self.source = source
        self.text = text
        self.at = start
        self.stop = stop
        self.tokens: list[Token] = []
        self.comments: list[Comment] = []
        self.previous_stop = -1

    def run(self) -> list[Token]:
        while self.at < self.stop:
            self.step()
            if len(self.tokens) > TOKEN_LIMIT:
                raise IllegalEquation(
                    f"the formula has more than {TOKEN_LIMIT} symbols",
                    Span(self.source, self.at, self.at + 1),
                    allowed=f"formulas of up to {TOKEN_LIMIT} symbols",
                    fix="split it into several displays",
                )
        return self.tokens

    def step(self) -> None:
        character = self.text[self.at]
        if character.isspace() or character == "~":
            self.at += 1
        elif character == "%":
            self.comment()
        elif character == "\\":
            self.command()
        elif character == "#" and self.text[self.at + 1 : self.at + 2].isdigit():
            self.emit("parameter", self.text[self.at + 1], 2)
        elif number := NUMBER.match(self.text, self.at, self.stop):
            self.emit("number", number[0], len(number[0]))
        else:
            self.character(character)

    def character(self, character: str) -> None:
        if self.text.startswith("...", self.at):
            self.emit("command", "dots", 3)
        elif character in SIMPLE:
            self.emit(SIMPLE[character], character, 1)
        elif character.isascii() and character.isalpha():
            self.emit("letter", character, 1)
        elif character in UNICODE:
            kind, text = UNICODE[character]
            self.emit(kind, text, 1)
        elif character.isascii() and character.isprintable():
            self.emit("mark", character, 1)
        else:
            raise IllegalEquation(
                f"the character {character!r} (U+{ord(character):04X}) has no meaning in a formula",
                Span(self.source, self.at, self.at + 1),
                allowed="LaTeX commands, ASCII, Greek letters and the usual mathematical signs",
                fix="write the LaTeX command for it",
            )

    def emit(self, kind: str, text: str, length: int) -> None:
        self.tokens.append(Token(kind, text, self.at, self.at + length, self.at == self.previous_stop))
        self.at += length
        self.previous_stop = self.at

    def comment(self) -> None:
        match = COMMENT.match(self.text, self.at, self.stop)
        if match is None:
            raise IllegalEquation("a comment without an end", Span(self.source, self.at, self.at + 1))
        if match[1].startswith("!"):
            self.comments.append(Comment(match[1][1:], self.at, match.end(1)))
        self.at = match.end()

    def command(self) -> None:
        match = COMMAND.match(self.text, self.at, self.stop)
        if match is None:
            raise IllegalEquation(
                "a backslash at the end of the formula", Span(self.source, self.at, self.at + 1), fix="remove it"
            )
        name = match[1]
        if name.endswith("*") and name[:-1] not in STARRED:
            name = name[:-1]
        if name == "\\":
            row = ROW.match(self.text, self.at, self.stop)
            self.emit("row", "\\", len(row[0]) if row else 2)
        elif name in ("begin", "end"):
            self.environment(name)
        elif name in TEXT_COMMANDS:
            self.words(name)
        elif name in SKIPPED_WITH_ARGUMENT:
            self.skipped(name)
        elif name in ("quad", "qquad"):
            self.emit("quad", name, 1 + len(name))
        elif name in SPACING or name.isspace():
            self.at += 1 + len(name)
        else:
            self.emit("command", name, 1 + len(name))

    def environment(self, which: str) -> None:
        match = NAME.match(self.text, self.at + 1 + len(which), self.stop)
        if match is None:
            raise IllegalEquation(
                f"\\{which} without the name of an environment",
                Span(self.source, self.at, self.at + 1 + len(which)),
                fix=f"write \\{which}{{...}}",
            )
        end = match.end()
        if which == "begin":
            if match[1] in ("array", "alignedat"):
                columns = COLUMNS.match(self.text, end, self.stop)
                end = columns.end() if columns else end
            position = POSITION.match(self.text, end, self.stop)
            end = position.end() if position else end
        self.emit(which, match[1], end - self.at)

    def group(self, name: str) -> tuple[int, int]:
        """Where the raw braced argument after the command `name` starts and stops, without its braces."""
        begin = self.at + 1 + len(name)
        while begin < self.stop and self.text[begin].isspace():
            begin += 1
        if begin < self.stop and self.text[begin] == "{":
            depth, at = 0, begin
            while at < self.stop:
                depth += {"{": 1, "}": -1}.get(self.text[at], 0)
                if depth == 0:
                    return begin + 1, at
                at += 2 if self.text[at] == "\\" else 1
            raise IllegalEquation("the brace is never closed", Span(self.source, begin, begin + 1), fix="add the missing `}`")
        if begin < self.stop and self.text[begin].isalnum():
            return begin, begin + 1
        raise IllegalEquation(
            f"\\{name} needs an argument in braces",
            Span(self.source, self.at, self.at + 1 + len(name)),
            fix=f"write \\{name}{{...}}",
        )

    def words(self, name: str) -> None:
        r"""\text{for $x$ large} gives the text `for `, the tokens of x, the text ` large`."""
        start, stop = self.group(name)
        begin = self.at
        after = stop + 1 if self.text[start - 1] == "{" else stop
        at = start
        for k, piece in enumerate(self.text[start:stop].split("$")):
            if k % 2:
                inner = Scanner(self.source, self.text, at, at + len(piece))
                self.tokens += inner.run()
            elif piece.strip():
                whole = (begin, after) if piece == self.text[start:stop] else (at, at + len(piece))
                joined = begin == self.previous_stop
                self.tokens.append(Token("text", " ".join(f"|{piece}|".split())[1:-1], *whole, joined))
            at += len(piece) + 1
        self.at = self.previous_stop = after

    def skipped(self, name: str) -> None:
        start, stop = self.group(name)
        if name == "label":
            self.tokens.append(Token("label", self.text[start:stop].strip(), self.at, stop + 1))
        self.at = stop + 1 if self.text[start - 1] == "{" else stop
