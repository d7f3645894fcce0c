r"""LaTeX that lost characters on its way (a Markdown copy eats underscores and backslashes): one error that names every loss.

Takes: the tokens of a formula. Gives: the error, or None.
Guarantees: only what can have no other reading starts it: a semicolon behind an operator, an expectation over {... \sim ...}.
"""

from __future__ import annotations

from collections.abc import Sequence

from eqcompiler.errors import IllegalEquation, Source, Span
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import LARGE, LETTERS


def damage(source: Source, tokens: Sequence[Token]) -> IllegalEquation | None:
    certain = [*lost_spacings(tokens), *lost_subscripts(tokens)]
    if not certain:
        return None
    losses = sorted([*certain, *lost_underscores(tokens)])
    spans = [(Span(source, start, stop), words, repair) for start, stop, words, repair in losses]
    return IllegalEquation(
        f"the formula lost {len(losses)} character{'s' * (len(losses) != 1)}: " + "; ".join(words for _, words, _ in spans),
        spans[0][0],
        allowed="the formula with: " + ", ".join(repair for _, _, repair in spans),
        fix="write the formula as it was before it was copied",
        also=tuple((span, f"write {repair}") for span, _, repair in spans[1:]),
    )


Loss = tuple[int, int, str, str]


def text(tokens: Sequence[Token]) -> str:
    """LaTeX of the tokens, for the repair that is proposed."""
    result = ""
    for token in tokens:
        written = token.written()
        result += (
            " " if result and result[-1].isalpha() and "\\" in result and written[:1].isalpha() and not token.joined else ""
        )
        result += written
    return result


def closing(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for k in range(at, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[k].kind, 0)
        if depth == 0:
            return k
    return len(tokens) - 1


def lost_spacings(tokens: Sequence[Token]) -> list[Loss]:
    r"""`\min_{\theta} ;` was `\min_{\theta} \;`."""
    found: list[Loss] = []
    for at, token in enumerate(tokens):
        if token.kind == "command" and token.text in LARGE:
            after = at + 1
            while after + 1 < len(tokens) and tokens[after].text in ("_", "^"):
                after = closing(tokens, after + 1) + 1 if tokens[after + 1].kind == "open" else after + 2
            if after < len(tokens) and tokens[after].kind == "mark" and tokens[after].text == ";":
                mark = tokens[after]
                found.append((mark.start, mark.stop, "`;` was `\\;`", "\\;"))
    return found


def lost_subscripts(tokens: Sequence[Token]) -> list[Loss]:
    r"""`\mathbb{E}{x \sim p}` was `\mathbb{E}_{x \sim p}`."""
    found: list[Loss] = []
    for at, token in enumerate(tokens[:-1]):
        if token.kind == "command" and token.text == "expectation" and tokens[at + 1].kind == "open":
            close = closing(tokens, at + 1)
            if any(inner.text == "sim" for inner in tokens[at + 1 : close]):
                inside = text(tokens[at + 2 : close])
                found.append(
                    (
                        token.start,
                        tokens[close].stop,
                        f"`\\mathbb{{E}}{{{inside}}}` has no `_`",
                        f"\\mathbb{{E}}_{{{inside}}}",
                    )
                )
    return found


def lost_underscores(tokens: Sequence[Token]) -> list[Loss]:
    r"""`h\theta(x)` was `h_\theta(x)`: a name, a Greek letter right behind it, a bracket."""
    found: list[Loss] = []
    for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
        greek = second.kind == "command" and second.text in LETTERS and second.joined
        if first.kind == "letter" and greek and third.text == "(":
            written = f"{first.text}\\{second.text}"
            found.append((first.start, second.stop, f"`{written}` has no `_`", f"{first.text}_\\{second.text}"))
    return found
