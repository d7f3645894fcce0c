"""The grammar's hand on the tokens: looking, taking, errors with position, bounded nesting.

Takes: tokens. Gives: `Cursor`, on which the layers of the grammar stand (letters, groups, operators, parser).
Guarantees: nesting is bounded, so that no formula can exhaust the stack; an error points at the token that caused it.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from eqcompiler.errors import EquationError, IllegalEquation, NotSupportedYet, Source, Span
from eqcompiler.languages.notation import Node
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import COMMANDS, GRIDS, ROW_BLOCKS

NESTING_LIMIT = 24  # a level costs up to 20 calls, and Python's own limit is 1000
CHAIN_LIMIT = 64  # explicit operators in a row: the tree of a \cdot b \cdot c leans left and deepens with each


class Cursor(ABC):
    """`fences` are the open brackets around the current place; `slices`: a colon here is a range, as in y_{1:t}."""

    def __init__(self, source: Source, tokens: Sequence[Token], words: frozenset[str]) -> None:
        self.source = source
        self.tokens = list(tokens)
        self.words = words
        self.at = 0
        self.limit = len(self.tokens)
        self.depth = 0
        self.fences: list[str] = [""]
        self.operand_end = -1  # the place behind the last complete operand: a bar there closes or separates
        self.in_script = False
        self.slices = False
        self.font = ""
        self.held = -1  # the d of an integral that stands at the end of a numerator: \\int \\frac{dx}{x}
        end = self.tokens[-1].stop if self.tokens else 0
        self.end = Token("end of formula", "", max(0, end - 1), end)

    # looking and taking

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        return self.tokens[at] if at < self.limit else self.end

    def take(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def is_command(self, *names: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "command" and token.text in names

    def is_mark(self, *texts: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "mark" and token.text in texts

    def span_of(self, token: Token) -> Span:
        return Span(self.source, token.start, token.stop)

    def span_from(self, first: int) -> Span:
        """From token number `first` to the last one taken."""
        taken = self.tokens[first : max(first + 1, self.at)] or [self.end]
        return Span(self.source, min(token.start for token in taken), max(token.stop for token in taken))

    def restart(self, at: int, limit: int) -> None:
        self.at = at
        self.limit = limit

    def within(self, start: int, stop: int, rule: Callable[[], Node]) -> Node:
        """What `rule` reads from the tokens start..stop, all of them; the place is left unchanged."""
        at, limit = self.at, self.limit
        self.restart(start, stop)
        try:
            node = rule()
            if self.at < stop:
                raise self.leftover()
        finally:
            self.restart(at, limit)
        return node

    @contextmanager
    def nested(self, fence: str) -> Iterator[None]:
        """Inside the bracket `fence`: bars are counted afresh, a colon is a relation again."""
        self.fences.append(fence)
        slices, self.slices = self.slices, False
        try:
            yield
        finally:
            self.fences.pop()
            self.slices = slices

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level deeper in the tree."""
        self.depth += 1
        if self.depth > NESTING_LIMIT:
            raise self.illegal(
                f"brackets, fractions and functions are nested more than {NESTING_LIMIT} deep",
                self.peek(),
                allowed=f"up to {NESTING_LIMIT} levels",
                fix="name a part of the formula in a definition of its own",
            )
        try:
            yield
        finally:
            self.depth -= 1

    def braces(self, at: int) -> int:
        """The index of the brace that closes the one at `at`. Braces of a formula are balanced: that was checked before."""
        depth = 0
        for k in range(at, self.limit):
            depth += {"open": 1, "close": -1}.get(self.tokens[k].kind, 0)
            if depth == 0:
                return k
        raise self.illegal("the brace is never closed", self.tokens[at], fix="add the missing `}`")

    # errors

    def illegal(
        self, what: str, place: Token | Span, *, allowed: str = "", fix: str = "", also: tuple[tuple[Span, str], ...] = ()
    ) -> IllegalEquation:
        span = place if isinstance(place, Span) else self.span_of(place)
        return IllegalEquation(what, span, allowed=allowed, fix=fix, also=also)

    def unsupported(self, what: str, place: Token | Span, *, allowed: str = "", fix: str = "") -> NotSupportedYet:
        span = place if isinstance(place, Span) else self.span_of(place)
        return NotSupportedYet(what, span, allowed=allowed, fix=fix)

    def unknown_command(self, token: Token) -> IllegalEquation:
        near = difflib.get_close_matches(token.text, COMMANDS, 3, 0.6)
        return self.illegal(
            f"the command \\{token.text} is not known",
            token,
            allowed="near it: " + ", ".join(f"\\{name}" for name in near) if near else "",
            fix=f"define it: \\newcommand{{\\{token.text}}}{{...}}",
        )

    def unknown_environment(self, token: Token) -> IllegalEquation:
        return unknown_environment(token.text, self.span_of(token))

    def missing_operand(self, after: str, place: Token | Span) -> IllegalEquation:
        token = self.peek()
        found = "the formula ends" if token.kind == "end of formula" else f"`{token.written()}` follows"
        return self.illegal(
            f"nothing stands after {after}: {found}", place, fix="write what is missing, or remove the operator"
        )

    def leftover(self) -> EquationError:
        """The error for a token at which no rule goes on."""
        token = self.peek()
        for applies, what, fix in LEFTOVERS:
            if applies(token):
                return self.illegal(what.format(token.written()), token, fix=fix)
        return self.illegal(f"`{token.written()}` cannot stand here", token, fix="remove it, or write what it should apply to")

    # the layers above fill these in

    @abstractmethod
    def content(self) -> Node: ...

    @abstractmethod
    def relation(self) -> Node: ...

    @abstractmethod
    def sum(self) -> Node: ...

    @abstractmethod
    def product(self) -> Node: ...

    @abstractmethod
    def juxtaposed(self) -> Node: ...

    @abstractmethod
    def factor(self) -> Node: ...

    @abstractmethod
    def base(self) -> Node: ...

    @abstractmethod
    def starts_factor(self) -> bool: ...

    @abstractmethod
    def evaluated(self, first: int, body: Node) -> Node: ...


LEFTOVERS: tuple[tuple[Callable[[Token], bool], str, str], ...] = (
    (
        lambda t: t.kind == "cell",
        "a stray &: this is neither a matrix nor an environment with rows",
        "remove the &, or use align",
    ),
    (lambda t: t.kind == "row", "a stray \\\\: this is neither a matrix nor an environment with rows", "use align or gather"),
    (lambda t: t.kind == "right", "{} closes nothing: there is no \\left before it", "add the \\left, or remove it"),
    (lambda t: t.kind == "end", "{} closes nothing: there is no \\begin before it", "add the \\begin, or remove it"),
    (lambda t: t.text in (")", "]", "}"), "`{}` closes nothing", "add the opening bracket, or remove it"),
    (lambda t: t.text == "^", "a superscript with nothing before it", "write what it belongs to"),
    (lambda t: t.text == "_", "a subscript with nothing before it", "write what it belongs to"),
    (lambda t: t.text == ".", "`.` cannot stand here", r"write i = 1, \dots, n for a range, or remove it"),
)

MATH_ENVIRONMENTS = (
    "equation",
    "equation*",
    "multline",
    "multline*",
    "flalign",
    "flalign*",
    "alignat",
    "alignat*",
    "displaymath",
    "math",
)


def unknown_environment(name: str, span: Span, known: Sequence[str] = ()) -> IllegalEquation:
    names = sorted({*GRIDS, *ROW_BLOCKS, *MATH_ENVIRONMENTS, *known})
    near = difflib.get_close_matches(name, names, 3, 0.5)
    return IllegalEquation(
        f"the environment {name} is not known",
        span,
        allowed="near it: " + ", ".join(near) if near else "",
        fix="use equation or align for displays, bmatrix for matrices, cases for cases",
    )
