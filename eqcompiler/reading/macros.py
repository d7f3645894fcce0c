r"""The author's own commands: \newcommand, \renewcommand, \def, \DeclareMathOperator, \DeclarePairedDelimiter.

Takes: tokens of a definition, tokens of a formula. Gives: macros; tokens in which no macro is left.
Guarantees: what a macro expands to has the span of its use; expansion ends, or an error says which macro runs in circles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Source, Span
from eqcompiler.reading.scanner import TOKEN_LIMIT, Scanner, Token

EXPANSION_DEPTH = 40
DEFINING = frozenset(
    (
        "newcommand",
        "newcommand*",
        "renewcommand",
        "renewcommand*",
        "providecommand",
        "def",
        "DeclareMathOperator",
        "DeclareMathOperator*",
        "DeclarePairedDelimiter",
    )
)
FIX_DEFINITION = r"write \newcommand{\name}{replacement} or \newcommand{\name}[1]{replacement of #1}"


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    parameters: int
    body: tuple[Token, ...]
    span: Span


def split_definitions(
    source: Source, tokens: Sequence[Token], known: Mapping[str, Macro]
) -> tuple[list[Token], dict[str, Macro]]:
    """The tokens without the definitions among them, and the macros they define on top of `known`."""
    macros, rest, at = dict(known), [], 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "command" and token.text in DEFINING:
            macro, at = read_definition(source, tokens, at)
            macros[macro.name] = macro
        else:
            rest.append(token)
            at += 1
    return rest, macros


def definition_at(source: Source, start: int, limit: int = 2000) -> tuple[Macro, int]:
    """The macro defined by the command that stands at offset `start`, and where the definition ends."""
    stop = _definition_end(source.text, start, min(len(source.text), start + limit))
    tokens = Scanner(source, source.text, start, stop).run()
    macro, _ = read_definition(source, tokens, 0)
    return macro, stop


def _definition_end(text: str, start: int, limit: int) -> int:
    """A definition ends with the first closed group that is followed by neither a group nor an option."""
    depth, at, seen = 0, start, 0
    groups_needed = 3 if text.startswith("\\DeclarePaired", start) else 2 if text.startswith("\\Declare", start) else 1
    if text.startswith(("\\newcommand{", "\\newcommand*{", "\\renewcommand{", "\\renewcommand*{", "\\providecommand{"), start):
        groups_needed = 2
    while at < limit:
        character = text[at]
        depth += {"{": 1, "}": -1}.get(character, 0)
        seen += character == "}" and depth == 0
        if seen == groups_needed:
            return at + 1
        at += 2 if character == "\\" else 1
    return limit


def read_definition(source: Source, tokens: Sequence[Token], at: int) -> tuple[Macro, int]:
    command = tokens[at]
    name, after = _name(source, tokens, at + 1, command)
    if command.text.startswith("DeclareMathOperator"):
        body, after = _group(source, tokens, after, command)
        star = "*" if command.text.endswith("*") else ""
        head = replace(command, text=f"operatorname{star}")
        brace = replace(command, kind="open", text="{")
        body = (head, brace, *body, replace(command, kind="close", text="}"))
        return _macro(source, name, 0, body, command, tokens[after - 1]), after
    if command.text == "DeclarePairedDelimiter":
        left, after = _group(source, tokens, after, command)
        right, after = _group(source, tokens, after, command)
        marks = (replace(command, text="left"), replace(command, text="right"))
        body = (marks[0], *left, replace(command, kind="parameter", text="1"), marks[1], *right)
        return _macro(source, name, 1, body, command, tokens[after - 1]), after
    parameters, after = _parameters(source, tokens, after, command)
    body, after = _group(source, tokens, after, command)
    return _macro(source, name, parameters, body, command, tokens[after - 1]), after


def _macro(source: Source, name: str, parameters: int, body: Sequence[Token], first: Token, last: Token) -> Macro:
    span = Span(source, first.start, last.stop)
    for token in body:
        if token.kind == "begin" and token.text.rstrip("*") in ("equation", "align", "gather", "multline", "eqnarray"):
            raise NotSupportedYet(
                f"\\{name} opens the display environment {token.text}",
                span,
                allowed="macros for what stands inside a formula",
                fix=f"write \\begin{{{token.text}}} where the formula stands",
            )
    return Macro(name, parameters, tuple(body), span)


def _name(source: Source, tokens: Sequence[Token], at: int, command: Token) -> tuple[str, int]:
    braced = at < len(tokens) and tokens[at].kind == "open"
    at += braced
    if at >= len(tokens) or tokens[at].kind != "command":
        raise IllegalEquation(
            f"\\{command.text} does not say which command it defines",
            Span(source, command.start, command.stop),
            fix=FIX_DEFINITION,
        )
    return tokens[at].text, at + 1 + braced


def _parameters(source: Source, tokens: Sequence[Token], at: int, command: Token) -> tuple[int, int]:
    count = 0
    while at < len(tokens) and tokens[at].kind == "parameter":  # \def\name#1#2{...}
        count, at = count + 1, at + 1
    option = [token.text for token in tokens[at : at + 3]]
    if len(option) == 3 and option[0] == "[" and option[1].isdigit() and option[2] == "]":
        count, at = int(option[1]), at + 3
        if at < len(tokens) and tokens[at].text == "[":
            raise NotSupportedYet(
                "a macro with an optional argument",
                Span(source, command.start, tokens[at].stop),
                allowed="macros whose arguments are all in braces",
                fix=FIX_DEFINITION,
            )
    return count, at


def _group(source: Source, tokens: Sequence[Token], at: int, command: Token) -> tuple[tuple[Token, ...], int]:
    if at >= len(tokens) or tokens[at].kind != "open":
        raise IllegalEquation(
            f"\\{command.text} has no replacement in braces", Span(source, command.start, command.stop), fix=FIX_DEFINITION
        )
    depth = 0
    for k in range(at, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[k].kind, 0)
        if depth == 0:
            return tuple(tokens[at + 1 : k]), k + 1
    raise IllegalEquation(
        "the brace is never closed", Span(source, tokens[at].start, tokens[at].stop), fix="add the missing `}`"
    )


def expand(source: Source, tokens: Sequence[Token], macros: Mapping[str, Macro]) -> list[Token]:
    """The tokens with every macro replaced; the result's positions are those of the uses."""
    expansion = _Expansion(source, macros)
    expansion.run(list(tokens), ())
    return expansion.out


class _Expansion:
    """One formula's expansion. `work` counts the tokens looked at, which also bounds macros that expand to nothing."""

    def __init__(self, source: Source, macros: Mapping[str, Macro]) -> None:
        self.source = source
        self.macros = macros
        self.out: list[Token] = []
        self.work = 0

    def run(self, tokens: list[Token], uses: tuple[str, ...]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            at += 1
            self.work += 1
            if self.work > 4 * TOKEN_LIMIT:
                raise IllegalEquation(
                    f"the formula's macros expand to more than {TOKEN_LIMIT} symbols",
                    Span(self.source, token.start, token.stop),
                    fix="write the formula with fewer nested macros",
                )
            if token.kind == "command" and token.text in self.macros:
                at = self.use(self.macros[token.text], tokens, at, uses)
            else:
                self.out.append(token)

    def use(self, macro: Macro, tokens: list[Token], at: int, uses: tuple[str, ...]) -> int:
        token = tokens[at - 1]
        if token.text in uses or len(uses) >= EXPANSION_DEPTH:
            raise IllegalEquation(
                f"\\{token.text} is defined through itself",
                Span(self.source, token.start, token.stop),
                fix="give it a replacement in which it does not occur",
                also=((macro.span, "defined here"),),
            )
        if macro.parameters and at < len(tokens) and tokens[at].text == "*" and macro.body[0].text == "left":
            at += 1  # \norm*{x} of a paired delimiter
        arguments: list[tuple[Token, ...]] = []
        for k in range(macro.parameters):
            argument, at = _argument(self.source, tokens, at, token, k, macro)
            arguments.append(argument)
        stop = max(piece.stop for piece in [*tokens[at - 1 : at], token])
        self.run(_substitute(macro, arguments, token, stop), (*uses, token.text))
        return at


def _argument(source: Source, tokens: list[Token], at: int, use: Token, k: int, macro: Macro) -> tuple[tuple[Token, ...], int]:
    if at < len(tokens) and tokens[at].kind == "open":
        return _group(source, tokens, at, use)
    if at < len(tokens) and tokens[at].kind in ("letter", "number", "command"):
        return (tokens[at],), at + 1
    raise IllegalEquation(
        f"\\{use.text} takes {macro.parameters} argument{'s' * (macro.parameters != 1)}, {k} given",
        Span(source, use.start, use.stop),
        fix=f"write \\{use.text}" + "{...}" * macro.parameters,
        also=((macro.span, "defined here"),),
    )


def _substitute(macro: Macro, arguments: list[tuple[Token, ...]], use: Token, stop: int) -> list[Token]:
    result: list[Token] = []
    for k, token in enumerate(macro.body):
        if token.kind == "parameter" and 0 < int(token.text) <= len(arguments):
            result += arguments[int(token.text) - 1]
        else:
            result.append(Token(token.kind, token.text, use.start, stop, token.joined if k else use.joined))
    return result
