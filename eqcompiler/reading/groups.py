r"""Grammar, middle layer: commands with arguments: fractions, roots, binomials, matrices, cases, stacked rows, scripts.

Takes: tokens. Gives: Fraction, Root, Prefix (binomial), Grid, Listing and the nodes of scripts.
Guarantees: a missing or empty argument is an error at its command; an environment ends with its own name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import (
    Empty,
    Evaluated,
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
)
from eqcompiler.reading.brackets import ENDS, Brackets
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import (
    BINOMIALS,
    CLOSERS,
    FRACTIONS,
    GRIDS,
    LONE_MARKS,
    SYMBOLS,
    TRANSPARENT,
)


class Groups(Brackets):
    # evaluation at a point

    def at_evaluation(self) -> bool:
        r"""A bar behind an operand with an equation below it: f'(x) \big|_{x=a}."""
        if self.fences[-1] in ("|", "||") or self.bar() != "|" or not self.is_mark("_", ahead=1):
            return False
        if self.peek(2).kind != "open":
            return False
        close = self.braces(self.at + 2)
        return any(token.text == "=" for token in self.tokens[self.at + 3 : close])

    def evaluated(self, first: int, body: Node) -> Node:
        """`body` with what stands below the bar; the cursor is at its subscript."""
        variable, point = self.equation_below()
        return Evaluated(self.span_from(first), body, variable, point)

    def equation_below(self) -> tuple[Node, Node]:
        below = self.script(self.take(), of_range=True)
        match below:
            case Relation(operators=("=",), sides=(variable, point)):
                return variable, point
        raise self.unsupported(
            f"what stands below the bar, {below.span.text.strip()}",
            below.span,
            allowed="\\big|_{x=a}",
            fix="write one equation, the variable on its left",
        )

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
        held = upper[0] <= self.held < upper[1]
        derivative = None if held else self.leibniz_fraction(first, upper, lower)
        if derivative is not None:
            return derivative
        with self.nested("{"):
            if held and self.held == upper[0]:
                numerator: Node = Numeral(self.span_of(self.tokens[self.held]), "1")
            else:
                numerator = self.within(upper[0], self.held if held else upper[1], self.relation)
            denominator = self.within(*lower, self.relation)
        return Fraction(self.span_from(first), numerator, denominator)

    @abstractmethod
    def leibniz_fraction(self, first: int, upper: tuple[int, int], lower: tuple[int, int]) -> Node | None:
        """The derivative that the fraction is, or None. The layer above knows derivatives."""

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

    def primes_in_script(self) -> int:
        r"""The primes of ^{\prime\prime} or ^\prime or ^{'}, taken; 0 and nothing taken for any other script."""
        if self.is_command("prime"):
            self.at += 1
            return 1
        if self.peek().kind != "open":
            return 0
        close = self.braces(self.at)
        inside = self.tokens[self.at + 1 : close]
        if not inside or not all(t.kind == "prime" or (t.kind == "command" and t.text == "prime") for t in inside):
            return 0
        self.at = close + 1
        return len(inside)

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

    def dots_as_colons(self, start: int, stop: int) -> None:
        r"""The dot of A_{i\cdot} and A_{\cdot, j} stands for every index, as a colon does."""
        for k in range(start, stop):
            token = self.tokens[k]
            if token.kind == "command" and token.text in ("cdot", "bullet"):
                alone_before = k == start or self.tokens[k - 1].text == ","
                alone_behind = k == stop - 1 or self.tokens[k + 1].text == ","
                if alone_before or alone_behind:
                    self.tokens[k] = Token("mark", ":", token.start, token.stop, token.joined)

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
        if mark.text == "^" and inside[0].kind == "command" and inside[0].text in ("odot", "circ"):  # every entry to a power
            every = self.within(first + 2, close, self.switched)
            self.at = close + 1
            return Prefix(self.span_from(first), "odot", every)
        if mark.text == "_" and len(inside) > 1:
            self.dots_as_colons(first + 1, close)
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


def is_name(node: Node) -> bool:
    """A letter or word, possibly with scripts: what a call can apply."""
    return isinstance(node, Letter) or (isinstance(node, Scripted) and is_name(node.base))
