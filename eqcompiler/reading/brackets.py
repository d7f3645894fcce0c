r"""Grammar, middle layer: what stands between brackets, and the brackets: ( ), [ ], { }, bars, \left \right, groups.

Takes: tokens. Gives: Fence, Listing, Slice and the nodes inside them.
Guarantees: what opens is closed by its own kind; a half-open interval `(0, 1]` is the one exception.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import Span
from eqcompiler.languages.notation import (
    Empty,
    Fence,
    Grid,
    Listing,
    Node,
    Slice,
)
from eqcompiler.reading.letters import Letters
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import (
    BARS,
    CLOSERS,
    FONT_SWITCHES,
    MATCHING,
    OPENERS,
)

ENDS = frozenset(("cell", "row", "end", "right", "close", "end of formula"))


class Brackets(Letters):
    # what stands inside a bracket: relations between commas, those between semicolons, those between bars

    def content(self) -> Node:
        return self.separated(0)

    def separated(self, level: int) -> Node:
        """Level 0 splits at bars, 1 at semicolons, 2 at commas and remarks."""
        if level == 2:
            return self.commas()
        first = self.at
        items = [self.separated(level + 1)]
        while separator := self.separator(level):
            mark = self.take()
            items.append(self.separated(level + 1))
            if isinstance(items[-1], Empty) or isinstance(items[-2], Empty):
                side = "after" if isinstance(items[-1], Empty) else "before"
                raise self.illegal(f"nothing stands {side} `{mark.written()}`", mark, fix="write what is missing")
            if self.separator(level) != separator:
                return Listing(self.span_from(first), tuple(items), separator)
        return items[0]

    def separator(self, level: int) -> str:
        if level == 0:
            return "|" if self.at_separating_bar() else ""
        return ";" if self.is_mark(";") else ""

    def commas(self) -> Node:
        """Items between commas. A remark or a wide space among them makes the Listing's separator "words"."""
        first = self.at
        items: list[Node] = []
        separator = ","
        while not self.at_end_of_items():
            token = self.peek()
            if token.kind == "quad" or (self.is_mark(",") and self.closing_comma()):
                self.at += 1
            elif self.is_words(token):
                items.append(self.remark())
                separator = "words"
                self.at += self.is_mark(",")
            else:
                items.append(self.item())
                if self.is_mark(","):
                    self.at += 1
                    self.no_second_comma()
                elif not (self.peek().kind == "quad" or self.is_words(self.peek())):
                    break
        if not items:
            return Empty(self.empty_span())
        return items[0] if len(items) == 1 else Listing(self.span_from(first), tuple(items), separator)

    def empty_span(self) -> Span:
        before = self.tokens[self.at - 1] if self.at else self.end
        return Span(self.source, before.stop, before.stop) if self.at else self.span_of(self.peek())

    def closing_comma(self) -> bool:
        """A comma or full stop at the end of a cell belongs to the sentence around the formula."""
        return self.peek(1).kind in ("cell", "row", "end")

    def no_second_comma(self) -> None:
        if self.is_mark(","):
            raise self.illegal(
                "nothing stands between two commas", self.peek(), fix="write the missing item, or remove a comma"
            )
        if self.at_end_of_items() and self.peek().kind not in ("cell", "row", "end") and not self.in_script:
            raise self.illegal(
                "nothing stands after the comma", self.tokens[self.at - 1], fix="write the item, or remove the comma"
            )

    def at_end_of_items(self) -> bool:
        token = self.peek()
        if token.kind in ENDS or (token.kind in ("mark", "command") and token.text in CLOSERS):
            return True
        return self.is_mark(";") or self.at_closing_bar() or self.at_separating_bar()

    def item(self) -> Node:
        """A relation; in a subscript also a range: 1:t, :, k:"""
        if not self.slices:
            return self.relation()
        first = self.at
        lower = None if self.is_mark(":") else self.relation()
        if not self.is_mark(":"):
            return lower if lower is not None else self.relation()
        self.at += 1
        upper = None if self.at_end_of_items() or self.is_mark(",") else self.relation()
        return Slice(self.span_from(first), lower, upper)

    # bars

    def at_closing_bar(self) -> bool:
        """Whether a bar here closes the bracket around it (asked where an operand is complete)."""
        fence = self.fences[-1]
        if fence == "|":
            return self.bar() == "|"
        return fence == "||" and self.bar() == "||"

    def bar(self) -> str:
        """The bar that stands here, two adjacent ones counting as a double bar; "" for none."""
        token = self.peek()
        if token.kind == "mark" and token.text == "|":
            following = self.peek(1)
            double = following.kind == "mark" and following.text == "|" and following.joined
            return "||" if double and self.fences[-1] != "|" else "|"
        if token.kind == "command" and token.text == "|":
            return "||"
        return BARS.get(token.text, "") if token.kind == "command" else ""

    def at_separating_bar(self) -> bool:
        """A bar that separates, p(y|x): \\mid always does; a plain bar when an odd number of them is left on its level."""
        if self.is_command("mid"):
            return True
        if self.fences[-1] in ("(", "[", "left") and self.is_command("|") and self.double_bars_left() % 2 == 1:
            return True  # D(p \\| q)
        if self.fences[-1] in ("|", "||") or not (self.is_mark("|") or self.is_command("vert")):
            return False
        return self.bars_left() % 2 == 1

    def bars_left(self) -> int:
        return self.left_on_this_level(lambda token: token.text in ("|", "vert") and token.written() in ("|", "\\vert"))

    def double_bars_left(self) -> int:
        return self.left_on_this_level(lambda token: token.kind == "command" and token.text == "|")

    def left_on_this_level(self, counts: Callable[[Token], bool]) -> int:
        depth = count = 0
        for token in self.tokens[self.at : self.limit]:
            opens = token.kind in ("open", "left", "begin") or (token.kind in ("mark", "command") and token.text in OPENERS)
            closes = token.kind in ("close", "right", "end") or (token.kind in ("mark", "command") and token.text in CLOSERS)
            depth += opens - closes
            if depth < 0 or (depth == 0 and token.kind in ("cell", "row")):
                break
            count += depth == 0 and counts(token)
        return count

    # brackets

    def fence(self) -> Node:
        first = self.at
        token = self.peek()
        if token.kind == "left":
            return self.stretched()
        opening = self.bar() or OPENERS[token.text]
        self.at += 2 if opening == "||" and token.text == "|" and token.kind == "mark" else 1
        with self.nested(opening):
            body = self.content()
            closing = self.closing(opening, token)
        node = Fence(self.span_from(first), opening, body, closing)
        self.check_pair(node, token)
        return node

    def closing(self, opening: str, token: Token) -> str:
        bar = self.bar()
        if opening in ("|", "||") and bar == opening:
            self.at += 2 if opening == "||" and self.is_mark("|") else 1
            return opening
        found = self.peek()
        if found.kind in ("mark", "command") and found.text in CLOSERS:
            self.at += 1
            return CLOSERS[found.text]
        if found.kind not in ENDS:
            raise self.leftover()
        raise self.illegal(
            f"`{token.written()}` is never closed",
            token,
            fix=f"add the closing bracket before {'the end' if found.kind == 'end of formula' else f'`{found.written()}`'}",
        )

    def check_pair(self, node: Fence, opened: Token) -> None:
        if node.closing == MATCHING[node.opening]:
            return
        body = node.body
        interval = {node.opening, node.closing} <= {"(", "[", ")", "]"}
        if interval and isinstance(body, Listing) and len(body.items) == 2 and body.separator == ",":
            return
        closed = self.tokens[self.at - 1]
        raise self.illegal(
            f"`{opened.written()}` is closed by `{closed.written()}`",
            opened,
            allowed=f"`{opened.written()}` with its own closing bracket, or an interval (a, b] with two ends",
            fix="make the two brackets match",
            also=((self.span_of(closed), "closed here"),),
        )

    def stretched(self) -> Node:
        r"""\left( ... \right)"""
        first = self.at
        token = self.take()
        with self.nested("left"):
            body = self.content()
        if self.peek().kind != "right":
            if self.peek().kind not in ENDS:
                raise self.leftover()
            raise self.illegal(f"`{token.written()}` has no \\right", token, fix="add \\right with the closing bracket")
        closing = self.take().text
        if token.text == "{" and closing == "." and isinstance(body, Grid):
            return Grid(self.span_from(first), "cases", body.rows)
        if token.text == "." and closing == "|" and self.is_mark("_"):
            return self.evaluated(first, body)
        if "." in (token.text, closing):
            raise self.unsupported(
                "a bracket on one side only (evaluation at a point)",
                self.span_from(first),
                allowed="a bracket on both sides, or cases",
                fix="write the value that is substituted into the formula",
            )
        node = Fence(self.span_from(first), token.text, body, closing)
        if node.opening not in MATCHING:
            raise self.illegal(f"`{token.written()}` opens with a closing bracket", token, fix="exchange the brackets")
        self.check_pair(node, token)
        return node

    def group(self) -> Node:
        """{...}: what is inside. With commas, or with a range behind it, it is a set that lost its backslashes."""
        first = self.at
        close = self.braces(self.at)
        with self.nested("{"):
            node = self.within(first + 1, close, self.switched)
        self.at = close + 1
        if isinstance(node, Empty):
            raise self.illegal("empty braces", self.span_from(first), fix="remove them, or write what they should hold")
        is_list = isinstance(node, Listing) and node.separator == ","
        if is_list or (isinstance(node, Fence) and self.range_follows()):
            return Fence(self.span_from(first), "{", node, "}")
        return node

    def switched(self) -> Node:
        r"""{\bf x}: a font to the end of the group."""
        if self.peek().kind == "command" and self.peek().text in FONT_SWITCHES:
            font, self.font = self.font, FONT_SWITCHES[self.take().text]
            try:
                return self.content()
            finally:
                self.font = font
        return self.content()

    def range_follows(self) -> bool:
        if not (self.is_mark("_") and self.peek(1).kind == "open"):
            return False
        close = self.braces(self.at + 1)
        return any(token.text == "=" for token in self.tokens[self.at : close])

    def transparent(self) -> Node:
        command = self.take()
        return self.argument(command)

    def argument(self, command: Token) -> Node:
        token = self.peek()
        if token.kind == "open":
            return self.group()
        if token.kind == "number" and len(token.text) > 1:
            self.split_number(token)
        if token.kind in ("number", "letter", "text") or (token.kind == "command" and self.starts_factor()):
            return self.base()
        if token.kind == "command" and token.text not in CLOSERS:
            raise self.unknown_command(token)
        raise self.illegal(f"{command.written()} has no argument", command, fix=f"write {command.written()}{{...}}")

    def split_number(self, token: Token) -> None:
        r"""\frac12 takes one digit at a time."""
        cut = token.start + 1 if token.stop - token.start == len(token.text) else token.stop
        head = Token("number", token.text[0], token.start, cut, token.joined)
        self.tokens[self.at : self.at + 1] = [head, Token("number", token.text[1:], cut, token.stop, True)]
        self.limit += 1
