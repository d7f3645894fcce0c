r"""Grammar, middle layer: what has a beginning and an end: brackets, braces, fractions, roots, matrices, scripts.

Takes: tokens. Gives: Fence, Fraction, Root, Grid, Listing, Slice and the nodes inside them.
Guarantees: what opens is closed by its own kind; a half-open interval `(0, 1]` is the one exception.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import EquationError, Span
from eqcompiler.languages.notation import (
    Empty,
    Fence,
    Fraction,
    Grid,
    Letter,
    Listing,
    Node,
    Numeral,
    Prefix,
    Relation,
    Root,
    Scripted,
    Slice,
)
from eqcompiler.reading.letters import Letters
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import (
    BARS,
    BINOMIALS,
    CLOSERS,
    FONT_SWITCHES,
    FRACTIONS,
    GRIDS,
    LONE_MARKS,
    MATCHING,
    OPENERS,
    SYMBOLS,
    TRANSPARENT,
)

ENDS = frozenset(("cell", "row", "end", "right", "close", "end of formula"))


class Groups(Letters):
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
        if self.fences[-1] in ("|", "||") or not (self.is_mark("|") or self.is_command("vert")):
            return False
        return self.bars_left() % 2 == 1

    def bars_left(self) -> int:
        depth = count = 0
        for token in self.tokens[self.at : self.limit]:
            opens = token.kind in ("open", "left", "begin") or (token.kind in ("mark", "command") and token.text in OPENERS)
            closes = token.kind in ("close", "right", "end") or (token.kind in ("mark", "command") and token.text in CLOSERS)
            depth += opens - closes
            if depth < 0 or (depth == 0 and token.kind in ("cell", "row")):
                break
            count += depth == 0 and token.text in ("|", "vert") and token.written() in ("|", "\\vert")
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

    # fractions and roots

    def argument_range(self, command: Token, which: str) -> tuple[int, int]:
        """The tokens of the coming argument, taken."""
        token = self.peek()
        if token.kind == "open":
            first, close = self.at, self.braces(self.at)
            self.at = close + 1
            if close == first + 1:
                raise self.illegal(f"the {which} of {command.written()} is empty", self.span_from(first), fix="write it")
            return first + 1, close
        first = self.at
        if token.kind in ENDS or token.kind == "mark":
            raise self.illegal(
                f"{command.written()} needs a numerator and a denominator; the {which} is missing",
                command,
                fix=f"write {command.written()}{{numerator}}{{denominator}}",
            )
        if token.kind == "number" and len(token.text) > 1:
            self.split_number(token)
            self.at += 1
            return first, self.at
        self.argument(command)
        return first, self.at

    def fraction(self) -> Node:
        first = self.at
        command = self.take()
        upper = self.argument_range(command, "numerator")
        lower = self.argument_range(command, "denominator")
        derivative = self.leibniz_fraction(first, upper, lower)
        if derivative is not None:
            return derivative
        with self.nested("{"):
            numerator = self.within(*upper, self.relation)
            denominator = self.within(*lower, self.relation)
        return Fraction(self.span_from(first), numerator, denominator)

    def leibniz_fraction(self, first: int, upper: tuple[int, int], lower: tuple[int, int]) -> Node | None:
        """The derivative that the fraction is, or None. The layer above knows derivatives."""
        raise NotImplementedError

    def binomial(self) -> Node:
        first = self.at
        command = self.take()
        upper = self.argument_range(command, "upper entry")
        lower = self.argument_range(command, "lower entry")
        with self.nested("{"):
            entries = (self.within(*upper, self.relation), self.within(*lower, self.relation))
        span = self.span_from(first)
        return Prefix(span, "binomial", Fence(span, "(", Listing(span, entries), ")"))

    def root(self) -> Node:
        first = self.at
        command = self.take()
        degree = None
        if self.is_mark("["):
            close = next((k for k in range(self.at, self.limit) if self.tokens[k].text == "]"), None)
            if close is None:
                raise self.illegal("the `[` of \\sqrt is never closed", self.peek(), fix="write \\sqrt[n]{x}")
            degree = self.within(self.at + 1, close, self.relation)
            self.at = close + 1
        with self.nested("{"):
            radicand = self.argument(command)
        return Root(self.span_from(first), radicand, degree)

    # matrices and cases

    def grid(self) -> Node:
        first = self.at
        begin = self.take()
        if begin.text not in GRIDS:
            raise self.misplaced_environment(begin)
        rows: list[tuple[Node, ...]] = []
        cells: list[Node] = []
        with self.nested("grid"):
            while True:
                cells.append(self.content())
                if self.is_mark("."):  # a full stop at the end of a cell
                    self.at += 1
                token = self.take()
                if token.kind == "row":
                    rows.append(tuple(cells))
                    cells = []
                elif token.kind == "end" or token.kind == "end of formula":
                    break
                elif token.kind != "cell":
                    self.at -= 1
                    raise self.leftover()
        self.check_environment(begin, token)
        if len(cells) > 1 or not isinstance(cells[0], Empty):
            rows.append(tuple(cells))
        if not rows:
            raise self.illegal(f"the {begin.text} is empty", self.span_from(first), fix="write its entries")
        return Grid(self.span_from(first), begin.text.rstrip("*"), tuple(rows))

    def check_environment(self, begin: Token, end: Token) -> None:
        if end.kind == "end of formula":
            raise self.illegal(f"{begin.written()} has no \\end", begin, fix=f"add \\end{{{begin.text}}}")
        if end.text != begin.text:
            raise self.illegal(
                f"{begin.written()} is closed by {end.written()}",
                begin,
                fix=f"write \\end{{{begin.text}}}",
                also=((self.span_of(end), "closed here"),),
            )

    def misplaced_environment(self, begin: Token) -> EquationError:
        from_rows = begin.text in ("split", "aligned", "gathered", "alignedat")
        if from_rows:
            return self.unsupported(
                f"{begin.written()} as a part of a formula",
                begin,
                allowed=f"{begin.text} around everything a display holds",
                fix="use align for the whole display, or array",
            )
        return self.unknown_environment(begin)

    def stacked_rows(self) -> Node:
        r"""\substack{i < j \\ j \ne k}: its rows, as a Listing."""
        first = self.at
        command = self.take()
        if self.peek().kind != "open":
            raise self.illegal(f"{command.written()} has no argument", command, fix="write \\substack{... \\\\ ...}")
        close = self.braces(self.at)

        def rows() -> Node:
            items = [self.content()]
            while self.peek().kind == "row":
                self.at += 1
                items.append(self.content())
            return items[0] if len(items) == 1 else Listing(self.span_from(first), tuple(items))

        with self.nested("{"):
            node = self.within(self.at + 1, close, rows)
        self.at = close + 1
        return node

    # scripts

    def script(self, mark: Token, *, of_range: bool) -> Node:
        """What follows _ or ^. `of_range`: of a large operator, where a colon is a relation."""
        with self.deeper():
            return self.script_inside(mark, of_range)

    def script_inside(self, mark: Token, of_range: bool) -> Node:
        token = self.peek()
        if token.kind == "open":
            return self.script_group(mark, of_range)
        if token.kind == "mark" and token.text in LONE_MARKS:
            return self.lone_mark_script(mark)
        if token.kind == "number" and len(token.text) > 1:
            written = f"{mark.text}{token.text}"
            raise self.illegal(
                f"`{written}` means `{mark.text}{{{token.text[0]}}}` followed by {token.text[1:]}",
                token,
                fix=f"write {mark.text}{{{token.text}}}",
            )
        if token.kind == "command" and token.text in LONE_MARKS and token.text not in SYMBOLS:
            self.at += 1
            return Letter(self.span_of(token), LONE_MARKS[token.text], kind="symbol")
        if (token.kind == "command" and token.text not in COMMANDS_WITHOUT_OPERAND) or token.kind in (
            "letter",
            "number",
            "text",
        ):
            in_script, self.in_script = self.in_script, True
            try:
                return self.argument(mark)
            finally:
                self.in_script = in_script
        kind = "superscript" if mark.text == "^" else "subscript"
        raise self.illegal(f"the {kind} is missing", mark, fix=f"write {mark.text}{{...}}")

    def lone_mark_script(self, mark: Token) -> Node:
        token = self.take()
        following = self.peek()
        if token.text in "+-" and following.joined and following.kind in ("number", "letter"):
            written = f"{mark.text}{token.text}{following.text}"
            raise self.illegal(
                f"`{written}` means `{mark.text}{{{token.text}}}` followed by {following.text}",
                token,
                fix=f"write {mark.text}{{{token.text}{following.text}}}",
            )
        return Letter(self.span_of(token), LONE_MARKS[token.text], kind="symbol")

    def script_group(self, mark: Token, of_range: bool) -> Node:
        first = self.at
        close = self.braces(self.at)
        inside = self.tokens[first + 1 : close]
        if not inside:
            kind = "superscript" if mark.text == "^" else "subscript"
            raise self.illegal(f"the {kind} is empty", self.span_of(mark).to(self.span_of(self.tokens[close])), fix="remove it")
        if all(token.kind in ("mark", "command") and token.text in LONE_MARKS for token in inside):  # ++, *, -
            self.at = close + 1
            return Letter(self.span_from(first), "".join(LONE_MARKS[token.text] for token in inside), kind="symbol")
        in_script, self.in_script = self.in_script, True
        try:
            with self.nested("{"):
                self.slices = not of_range and mark.text == "_"
                node = self.within(first + 1, close, self.switched)
        finally:
            self.in_script = in_script
        self.at = close + 1
        if isinstance(node, Empty):
            raise self.illegal("an empty script", self.span_from(first), fix="remove it")
        return node


COMMANDS_WITHOUT_OPERAND = frozenset((*CLOSERS, "mid", "right"))

GROUP_RULES: dict[str, Callable[[Groups], Node]] = {
    **dict.fromkeys(FRACTIONS, Groups.fraction),
    **dict.fromkeys(BINOMIALS, Groups.binomial),
    **dict.fromkeys(TRANSPARENT, Groups.transparent),
    "sqrt": Groups.root,
    "substack": Groups.stacked_rows,
}


def is_number(node: Node | None) -> bool:
    return isinstance(node, Numeral)


def is_transposition(node: Node | None) -> bool:
    return isinstance(node, Letter) and (node.text == "T" or node.text == "top")


def is_range(node: Node | None) -> bool:
    return isinstance(node, Relation)


def is_name(node: Node) -> bool:
    """A letter or word, possibly with scripts: what a call can apply."""
    return isinstance(node, Letter) or (isinstance(node, Scripted) and is_name(node.base))
