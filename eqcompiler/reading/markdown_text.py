r"""The document level of Markdown: which parts of a .md or .txt file are mathematics. The blocks are markdown-it's.

Takes: a source. Gives: regions, directives, macro definitions and inclusions, in document order; the text without quote marks.
Guarantees: fenced code is left out; positions are the source's; a display that is not closed is an error and hides nothing.

$...$ and $$...$$ are found by the dollar-math plugin; \[ \], \( \), display environments, \newcommand and \input by the rules
here. Indented text is text: code has to be fenced, so that an indented formula is never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token as Piece
from mdit_py_plugins.dollarmath import dollarmath_plugin

from eqcompiler.errors import EquationError, Source, Span
from eqcompiler.reading.macros import DEFINING, definition_at
from eqcompiler.reading.regions import DISPLAYS, Definition, Inclusion, Item, Region, Trouble, directive, unterminated

OPENING = re.compile(r"\\\[|\\begin\s*\{\s*([A-Za-z]+\*?)\s*\}")
DIRECTIVE = re.compile(r"<!--!(.*?)-->", re.DOTALL)
BARE_DIRECTIVE = re.compile(r"^%!(.*)$", re.MULTILINE)
COMMAND = re.compile(r"\\([A-Za-z]+\*?)")
INCLUDED = re.compile(r"\\(?:input|include)\s*\{([^{}]*)\}")
RAW_HTML = ("<!--", "<script", "<style", "<pre")
InlineRule = Callable[[StateInline, bool], bool]
BlockRule = Callable[[StateBlock, int, int, bool], bool]


def items_of_markdown(source: Source) -> tuple[tuple[Item, ...], str]:
    """The items of the document, and its text with quote marks blanked (same offsets)."""
    reader = _MarkdownText(source)
    items = tuple(item for piece in reader.pieces() for item in reader.items(piece))
    return items, reader.masked()


def closing_of(match: re.Match[str]) -> tuple[str, str]:
    r"""What closes a `\[` or \begin{...}, and how the rows inside are read ("" when it is no display environment)."""
    if match[1] is None:
        return r"\]", "single"
    return f"\\end{{{match[1]}}}", DISPLAYS.get(match[1], "")


# block rules: they leave the formula's place in the piece's meta


def _placed_block(rule: BlockRule) -> BlockRule:
    def placed(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
        count, line = len(state.tokens), state.line
        if not rule(state, start_line, end_line, silent):
            return False
        if silent:  # the plugin's rule writes even when it is only asked
            del state.tokens[count:]
            state.line = line
        elif len(state.tokens) > count:
            piece = state.tokens[-1]
            start = state.bMarks[start_line] + state.tShift[start_line] + 2
            _place(piece, state, start, state.src.rindex("$$", 0, state.eMarks[state.line - 1]), "$$")
        return True

    return placed


def _place(piece: Piece, state: StateBlock, start: int, stop: int, opening: str) -> None:
    first, last = piece.map or [0, 0]
    marks = [state.bMarks[line] for line in range(first + 1, last)]
    piece.meta = {"start": start, "stop": stop, "opening": opening, "rows": "single", "marks": marks}


def _bracket_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    r"""\[ ... \] and display environments that begin a line. A blank line ends the search for the closing mark."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    match = OPENING.match(state.src, start, state.eMarks[start_line])
    if match is None:
        return False
    closing, rows = closing_of(match)
    if not rows:
        return False
    for line in range(start_line, end_line):
        begin = match.end() if line == start_line else state.bMarks[line]
        stop = state.src.find(closing, begin, state.eMarks[line])
        if stop >= 0 and state.src[stop + len(closing) : state.eMarks[line]].strip(" .,;\t"):
            return False  # text follows: the inline rule reads it
        if stop >= 0:
            if not silent:
                state.line = line + 1
                piece = state.push("math_block", "math", 0)
                piece.map = [start_line, state.line]
                _place(piece, state, match.end(), stop, match[0])
                piece.meta["rows"] = rows
            return True
        if line > start_line and state.isEmpty(line):
            return False
    return False


# inline rules


def _placed_inline(rule: InlineRule) -> InlineRule:
    def placed(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if len(state.tokens) > count:
            piece = state.tokens[-1]
            mark = piece.markup if piece.type.startswith("math") else ""
            if mark == "$" and state.src.startswith("$", state.pos):  # a price before a display: $5 and $$ x $$
                state.tokens.pop()
                state.pos = start
                return False
            piece.meta = {"start": start + len(mark), "stop": state.pos - len(mark), "opening": mark, "rows": "single"}
        return True

    return placed


def _bracket_inline(state: StateInline, silent: bool) -> bool:
    r"""\( ... \), and what the block rule covers when it stands in the middle of a line."""
    start = state.pos
    if state.src.startswith(r"\(", start):
        opening, closing, rows = r"\(", r"\)", "single"
    elif (match := OPENING.match(state.src, start)) and closing_of(match)[1]:
        opening, (closing, rows) = match[0], closing_of(match)
    else:
        return False
    stop = state.src.find(closing, start + len(opening))
    if stop < 0 and opening == r"\(":
        return False  # an escaped parenthesis of the prose
    if not silent:
        kind = "math_unclosed" if stop < 0 else "math_inline" if opening == r"\(" else "math_inline_double"
        piece = state.push(kind, "math", 0)
        piece.meta = {"start": start + len(opening), "stop": stop, "opening": opening, "rows": rows}
    state.pos = start + len(opening) if stop < 0 else stop + len(closing)
    return True


def _lost_dollars(state: StateInline, silent: bool) -> bool:
    """A $$ that the plugin found no partner for."""
    if not state.src.startswith("$$", state.pos):
        return False
    if not silent:
        piece = state.push("math_unclosed", "math", 0)
        piece.meta = {"start": state.pos + 2, "stop": -1, "opening": "$$", "rows": "single"}
    state.pos += 2
    return True


def _author_command(state: StateInline, silent: bool) -> bool:
    r"""\newcommand, \def, \input... between the formulas."""
    match = COMMAND.match(state.src, state.pos)
    if match is None or not (match[1] in DEFINING or match[1] in ("input", "include")):
        return False
    if not silent:
        piece = state.push("author_command", "", 0)
        piece.content = match[1]
        piece.meta = {"start": state.pos, "stop": match.end(), "opening": ""}
    state.pos = match.end()
    return True


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").use(dollarmath_plugin, allow_labels=False, allow_blank_lines=False, double_inline=True)
    markdown.disable("code")
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block_rules = {rule.name: rule.fn for rule in markdown.block.ruler.__rules__}
    inline_rules = {rule.name: rule.fn for rule in markdown.inline.ruler.__rules__}
    markdown.block.ruler.at("math_block", _placed_block(block_rules["math_block"]), interrupts)
    markdown.block.ruler.before("math_block", "bracket_math", _bracket_block, interrupts)
    markdown.inline.ruler.at("math_inline", _placed_inline(inline_rules["math_inline"]))
    markdown.inline.ruler.at("html_inline", _placed_inline(inline_rules["html_inline"]))
    markdown.inline.ruler.after("math_inline", "lost_dollars", _lost_dollars)
    markdown.inline.ruler.before("escape", "bracket_inline", _bracket_inline)
    markdown.inline.ruler.before("escape", "author_command", _author_command)
    return markdown


class _MarkdownText:
    """`src` is what markdown-it sees: it replaces line ends, so offsets are kept only when the source has plain ones."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parser = _parser()
        self.starts = [0] + [k + 1 for k, character in enumerate(source.text) if character == "\n"] + [len(source.text) + 1]
        self.blanks: list[tuple[int, int]] = []

    def pieces(self) -> Iterator[Piece]:
        """Blocks and inline pieces with absolute places in their meta."""
        for block in self.parser.parse(self.source.text.replace("\r", " ").replace("\0", " ")):
            if block.type == "math_block":
                self.blank_marks(block.meta["marks"])
                yield block
            elif block.type == "inline":
                found = [*self.bare_directives(block), *self.children(block, block.children or [], block.content)]
                yield from sorted(found, key=lambda piece: int(piece.meta["start"]))
            elif block.type == "html_block" and not block.content.lstrip().startswith(RAW_HTML):
                inline = self.parser.parseInline(block.content)[0]
                yield from self.children(block, inline.children or [], block.content)
            elif block.type == "html_block":
                yield block

    def children(self, block: Piece, children: list[Piece], content: str) -> Iterator[Piece]:
        offsets = self.offsets(block, content)
        for child in children:
            if "start" in child.meta:
                start, stop = child.meta["start"], child.meta["stop"]
                child.meta |= {"start": offsets(start), "stop": offsets(stop) if stop >= 0 else -1}
                yield child

    def bare_directives(self, block: Piece) -> Iterator[Piece]:
        """A line `%! define` of a paragraph, as one writes it in LaTeX."""
        offsets = self.offsets(block, block.content)
        for match in BARE_DIRECTIVE.finditer(block.content):
            piece = Piece("bare_directive", "", 0)
            piece.content = match[1]
            piece.meta = {"start": offsets(match.start()), "stop": offsets(match.end())}
            yield piece

    def offsets(self, block: Piece, content: str) -> Callable[[int], int]:
        """From a place in the piece's content to the place in the source. Each line of the content ends its source line."""
        first = block.map[0] if block.map else 0
        table: list[tuple[int, int]] = []
        at = 0
        for k, line in enumerate(content.split("\n")):
            begin = self.starts[min(first + k, len(self.starts) - 2)]
            whole = self.source.text[begin : max(begin, self.starts[min(first + k, len(self.starts) - 2) + 1] - 1)]
            shown = line.rstrip()
            lead = len(whole.rstrip()) - len(shown)
            if lead < 0 or whole[lead : lead + len(shown)] != shown:
                lead = max(0, whole.find(shown))
            if k:
                self.blanks.append((begin, begin + lead))
            table.append((at, begin + lead))
            at += len(line) + 1

        def absolute(place: int) -> int:
            start, target = max(row for row in table if row[0] <= place)
            return target + place - start

        return absolute

    def blank_marks(self, marks: list[int]) -> None:
        for mark in marks:
            begin = self.source.text.rfind("\n", 0, mark) + 1
            self.blanks.append((begin, mark))

    def masked(self) -> str:
        text = self.source.text
        for begin, stop in sorted(self.blanks, reverse=True):
            text = text[:begin] + " " * (stop - begin) + text[stop:]
        return text

    def items(self, piece: Piece) -> Iterator[Item]:
        if piece.type == "html_block":
            first, last = piece.map or [0, 0]
            yield from self.directives(self.starts[first], self.starts[last])
        elif piece.type == "html_inline":
            yield from self.directives(piece.meta["start"], piece.meta["stop"])
        elif piece.type == "bare_directive":
            yield directive(self.source, piece.content.strip(), piece.meta["start"], piece.meta["stop"])
        elif piece.type == "author_command":
            yield from self.author_command(piece)
        elif piece.type == "math_unclosed":
            yield self.unclosed(piece.meta["opening"], piece.meta["start"])
        else:
            yield from self.formula(piece)

    def formula(self, piece: Piece) -> Iterator[Item]:
        start, stop, opening = piece.meta["start"], piece.meta["stop"], piece.meta["opening"]
        if opening == "$$" and (inner := self.source.text.find("$$", start, stop)) >= 0:
            yield self.unclosed(opening, start)  # a display begins inside: the first one was never closed
            start = inner + 2
        span = Span(self.source, start - len(opening), start)
        yield Region(start, stop, piece.meta["rows"], span, piece.type == "math_inline")

    def unclosed(self, opening: str, start: int) -> Trouble:
        closing = {"$$": "$$", r"\[": r"\]"}.get(opening) or opening.replace("begin", "end")
        return unterminated(Span(self.source, start - len(opening), start), closing)

    def directives(self, start: int, stop: int) -> Iterator[Item]:
        for match in DIRECTIVE.finditer(self.source.text, start, min(stop, len(self.source.text))):
            yield directive(self.source, " ".join(match[1].split()), match.start(), match.end())

    def author_command(self, piece: Piece) -> Iterator[Item]:
        start = piece.meta["start"]
        if piece.content in DEFINING:
            try:
                macro, _ = definition_at(self.source, start)
            except EquationError as error:
                yield Trouble(error)
            else:
                yield Definition(macro)
        elif included := INCLUDED.match(self.source.text, start):
            yield Inclusion(included[1].strip(), Span(self.source, start, included.end()))
