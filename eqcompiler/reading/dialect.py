r"""Many ways to write one thing -> one: the last step on tokens before the grammar.

Takes: tokens without macros. Gives: tokens in which \left( is one token, \arg\min is argmin, \stackrel{def}{=} is :=,
\bigl| is an opening bar, \not= is \ne, \mathbb{E} is the expectation, \underset{x}{\min} is \min_{x}.
Guarantees: nothing but synonyms is replaced; a merged token has the span of all it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Source, Span
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import BARS, CLOSERS, OPENERS, RELATIONS, ROMAN, SIZES

NEGATED = {"=": "ne", "in": "notin", "eq": "ne"}
DEFINED = ("def", "define", "defined", "definition", "triangle", "!", "set")


def unify(source: Source, tokens: Sequence[Token]) -> list[Token]:
    rewriting = _Rewriting(source, list(tokens))
    return rewriting.run()


class _Rewriting:
    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.out: list[Token] = []

    def run(self) -> list[Token]:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            rule = RULES.get(token.text) if token.kind == "command" else MARKS.get(token.text) if token.kind == "mark" else None
            if rule is None or not rule(self, token):
                self.out.append(token)
                self.at += 1
        return self.out

    def peek(self, ahead: int = 1) -> Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def merge(self, kind: str, text: str, count: int) -> bool:
        """The next `count` tokens become one."""
        first, last = self.tokens[self.at], self.tokens[self.at + count - 1]
        self.out.append(Token(kind, text, first.start, max(first.stop, last.stop), first.joined))
        self.at += count
        return True

    def fail(self, what: str, token: Token, fix: str) -> IllegalEquation:
        return IllegalEquation(what, Span(self.source, token.start, token.stop), fix=fix)

    def argument(self, at: int, command: Token) -> tuple[list[Token], int]:
        """The argument that starts at token `at`, and the place after it."""
        if at >= len(self.tokens):
            raise self.fail(f"{command.written()} has no argument", command, f"write {command.written()}{{...}}{{...}}")
        if self.tokens[at].kind != "open":
            return [self.tokens[at]], at + 1
        depth = 0
        for k in range(at, len(self.tokens)):
            depth += {"open": 1, "close": -1}.get(self.tokens[k].kind, 0)
            if depth == 0:
                return self.tokens[at + 1 : k], k + 1
        raise self.fail("the brace is never closed", self.tokens[at], "add the missing `}`")

    # the rules: each returns whether it replaced something

    def delimiter(self, token: Token) -> bool:
        following = self.peek()
        text = None
        if following is not None:
            key = following.text
            text = OPENERS.get(key) or CLOSERS.get(key) or BARS.get(key) or {".": ".", "<": "<", ">": ">"}.get(key)
            if following.kind == "command" and key == "|":
                text = "||"
        if text is None:
            raise self.fail(f"\\{token.text} without a delimiter", token, f"write \\{token.text}( or \\{token.text}. for none")
        return self.merge("left" if token.text == "left" else "right", text, 2)

    def size(self, token: Token) -> bool:
        r"""\bigl| opens, \bigr| closes, \bigm| separates; any other size changes nothing."""
        following = self.peek()
        if following is not None and following.text in BARS:
            double = following.text == "Vert" or following.written() == "\\|"
            side = {"l": "left", "r": "right", "m": "mid"}.get(token.text[-1])
            if side == "mid":
                return self.merge("command", "mid", 2)
            if side is not None:
                return self.merge(side, "||" if double else "|", 2)
        self.at += 1
        return True

    def middle(self, _token: Token) -> bool:
        following = self.peek()
        if following is not None and following.text in ("|", "vert", "mid"):
            return self.merge("command", "mid", 2)
        self.at += 1
        return True

    def arg(self, token: Token) -> bool:
        following = self.peek()
        if following is None or following.text not in ("min", "max"):
            raise NotSupportedYet(
                "\\arg that is not followed by \\min or \\max",
                Span(self.source, token.start, token.stop),
                allowed="\\arg\\min, \\arg\\max",
                fix="write \\arg\\min_x or \\arg\\max_x",
            )
        return self.merge("command", f"arg{following.text}", 2)

    def negated(self, token: Token) -> bool:
        following = self.peek()
        if following is None or following.text not in NEGATED:
            raise NotSupportedYet(
                "\\not before anything but = and \\in",
                Span(self.source, token.start, token.stop),
                allowed="\\not=, \\not\\in",
                fix="write \\ne or \\notin",
            )
        return self.merge("command", NEGATED[following.text], 2)

    def stacked(self, token: Token) -> bool:
        above, middle = self.argument(self.at + 1, token)
        base, after = self.argument(middle, token)
        if token.text == "underset" or not (len(base) == 1 and base[0].text in RELATIONS):
            if token.text == "underset":
                mark = replace(token, kind="mark", text="_")
                brace = (replace(token, kind="open", text="{"), replace(token, kind="close", text="}"))
                self.tokens[self.at : after] = [*base, mark, brace[0], *above, brace[1]]
                return True
            raise NotSupportedYet(
                f"\\{token.text} over something that is not a relation",
                Span(self.source, token.start, self.tokens[after - 1].stop),
                allowed=f"\\{token.text}{{def}}{{=}}, \\{token.text}{{iid}}{{\\sim}}",
                fix="write the symbol without what stands above it",
            )
        label = "".join(piece.text for piece in above if piece.kind in ("letter", "text", "mark")).strip().lower().rstrip(".")
        defines = base[0].text == "=" and (label in DEFINED or any(piece.text == "triangle" for piece in above))
        return self.merge("mark" if defines else base[0].kind, ":=" if defines else base[0].text, after - self.at)

    def braced(self, _token: Token) -> bool:
        r"""\underbrace{x}_{remark}: the remark says something about x and means nothing."""
        inner, after = self.argument(self.at + 1, self.tokens[self.at])
        if after < len(self.tokens) and self.tokens[after].text in ("_", "^"):
            _, after = self.argument(after + 1, self.tokens[after])
        self.tokens[self.at : after] = [
            replace(self.tokens[self.at], kind="open", text="{"),
            *inner,
            _closing(self.tokens[after - 1]),
        ]
        return True

    def coloured(self, token: Token) -> bool:
        _, after = self.argument(self.at + 1, token)
        del self.tokens[self.at : after]
        return True

    def double_struck(self, token: Token) -> bool:
        inner, after = self.argument(self.at + 1, token)
        if len(inner) == 1 and inner[0].text == "E" and inner[0].kind == "letter":
            return self.merge("command", "expectation", after - self.at)
        return False

    def for_all(self, token: Token) -> bool:
        self.out.append(replace(token, kind="text", text="for all"))
        self.at += 1
        return True

    def wrapped(self, token: Token) -> bool:
        r"""\mathop{\mathrm{minimize}} is what stands in it."""
        inner, after = self.argument(self.at + 1, token)
        if len(inner) >= 1 and inner[0].kind == "command" and inner[0].text in ROMAN:
            self.tokens[self.at : after] = inner
            return True
        return False

    def colon(self, _token: Token) -> bool:
        following = self.peek()
        if following is not None and following.text == "=" and following.joined:
            return self.merge("mark", ":=", 2)
        return False


def _closing(last: Token) -> Token:
    return replace(last, kind="close", text="}")


Rule = Callable[[_Rewriting, Token], bool]
RULES: dict[str, Rule] = {
    "left": _Rewriting.delimiter,
    "right": _Rewriting.delimiter,
    "middle": _Rewriting.middle,
    "arg": _Rewriting.arg,
    "not": _Rewriting.negated,
    "stackrel": _Rewriting.stacked,
    "overset": _Rewriting.stacked,
    "underset": _Rewriting.stacked,
    "underbrace": _Rewriting.braced,
    "overbrace": _Rewriting.braced,
    "textcolor": _Rewriting.coloured,
    "mathbb": _Rewriting.double_struck,
    "forall": _Rewriting.for_all,
    "mathop": _Rewriting.wrapped,
    **dict.fromkeys(SIZES, _Rewriting.size),
}
MARKS: dict[str, Rule] = {":": _Rewriting.colon}
