r"""Grammar, lowest layer: numbers, names with their fonts and accents, words, symbols, dots.

Takes: tokens. Gives: Numeral, Letter, Dots, Words.
Guarantees: \mathrm{MSE}, \text{MSE} and a bare run MSE that the file uses as a name give the same Letter.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from eqcompiler.languages.notation import Dots, Juxtaposed, Letter, Node, Numeral, Scripted, Words
from eqcompiler.reading.cursor import Cursor
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import ACCENTS, FONTS, FUNCTIONS, LETTERS, PROPERTIES, PROSE, ROMAN, SYMBOLS

NAME_MARKS = "-_*'. "


def is_prose(text: str) -> bool:
    r"""Whether \text{...} is a remark (`if`, ` is invertible`) and not a name (`loss`, `Machine Learning`)."""
    words = text.lower().replace(",", " ").replace(":", " ").split()
    if not words:
        return True
    return words[0] in PROSE or words[-1] in PROSE or any(word.strip(".") in PROPERTIES for word in words)


class Letters(Cursor):
    def number(self) -> Node:
        token = self.take()
        if self.font in ("bold", "bb"):  # \mathbf{1}, the vector of ones
            return Letter(self.span_of(token), token.text, font=self.font)
        return Numeral(self.span_of(token), token.text)

    def letter(self) -> Node:
        """One letter, or the whole run when the file uses that run as a name."""
        length = self.run_length()
        word = "".join(token.text for token in self.tokens[self.at : self.at + length])
        first = self.at
        if length > 1 and word in self.words and not self.font:
            self.at += length
            return Letter(self.span_from(first), word, kind="word")
        self.refuse_bare_command(word, length)
        token = self.take()
        return Letter(self.span_of(token), token.text, font=self.font)

    def refuse_bare_command(self, word: str, length: int) -> None:
        r"""`lambda` and `exp` without a backslash are commands that lost it, not products of letters."""
        starts = self.at == 0 or run_length(self.tokens, self.at - 1, self.limit) != length + 1
        if length > 2 and starts and not self.font and (word in LETTERS or word in FUNCTIONS):
            span = self.span_of(self.tokens[self.at]).to(self.span_of(self.tokens[self.at + length - 1]))
            raise self.illegal(
                f"'{word}' without a backslash is the product {' '.join(word)}",
                span,
                fix=f"write \\{word}, or blanks between the letters if the product is meant",
            )

    def run_length(self) -> int:
        return run_length(self.tokens, self.at, self.limit)

    def dots(self) -> Node:
        return Dots(self.span_of(self.take()))

    def symbol(self) -> Node:
        token = self.take()
        return Letter(self.span_of(token), SYMBOLS[token.text], kind="symbol")

    def greek(self) -> Node:
        token = self.take()
        return Letter(self.span_of(token), token.text, font=self.font)

    def accent(self) -> Node:
        first = self.at
        accent = ACCENTS[self.take().text]
        node = self.argument(self.tokens[first])
        span = self.span_from(first)
        if isinstance(node, Letter):
            return replace(node, span=span, accent=f"{accent} {node.accent}".strip())
        if isinstance(node, Scripted) and isinstance(node.base, Letter):
            return replace(node, span=span, base=replace(node.base, accent=f"{accent} {node.base.accent}".strip()))
        raise self.unsupported(
            f"\\{self.tokens[first].text} over an expression",
            span,
            allowed="an accent over one letter",
            fix="give the expression a name of its own",
        )

    def styled(self) -> Node:
        r"""\mathbf{...}: the font holds for every letter of its argument. \mathsf{T} as a superscript is the transpose."""
        first = self.at
        token = self.take()
        if self.is_transpose_mark():
            return self.transpose_mark(first)
        font, self.font = self.font, FONTS[token.text]
        try:
            node = self.argument(token)
        finally:
            self.font = font
        return replace(node, span=self.span_from(first))

    def roman(self) -> Node:
        r"""\mathrm{MSE}, \operatorname{name}, \mathit{loss}: one name. An argument with more keeps its structure."""
        first = self.at
        token = self.take()
        if self.is_transpose_mark():
            return self.transpose_mark(first)
        name = self.name_argument()
        if name is None:
            return self.argument(token)
        span = self.span_from(first)
        if len(name) == 1:
            return Letter(span, name, font=self.font)
        return Letter(span, name, font=self.font, kind="word")

    def name_argument(self) -> str | None:
        """The name in the coming argument, taken; None and nothing taken when it is not just a name."""
        if self.peek().kind == "letter":
            return self.take().text
        if self.peek().kind != "open":
            return None
        close = self.braces(self.at)
        inside = self.tokens[self.at + 1 : close]
        text = "".join(token.text for token in inside)
        if not inside or not all(token.kind in ("letter", "number", "prime") or token.text in NAME_MARKS for token in inside):
            return None
        if inside[0].kind != "letter" or "_" in text:
            return None
        self.at = close + 1
        return text

    def is_transpose_mark(self) -> bool:
        if not self.in_script:
            return False
        if self.peek().kind == "open":
            return self.peek(1).text == "T" and self.peek(2).kind == "close"
        return self.peek().text == "T"

    def transpose_mark(self, first: int) -> Node:
        self.at += 3 if self.peek().kind == "open" else 1
        return Letter(self.span_from(first), "top", kind="symbol")

    def text(self) -> Node:
        """A text that stands where a name stands."""
        token = self.take()
        name = token.text.strip()
        if self.in_script and name == "T":
            return Letter(self.span_of(token), "top", kind="symbol")
        return Letter(self.span_of(token), name, kind="letter" if len(name) == 1 and name.isalpha() else "word")

    def is_words(self, token: Token) -> bool:
        """Whether the text is a remark here: it reads as prose, or stands with a space behind something complete."""
        return token.kind == "text" and is_prose(token.text)

    def remark(self) -> Node:
        token = self.take()
        return Words(self.span_of(token), " ".join(token.text.split()))

    @abstractmethod
    def argument(self, command: Token) -> Node:
        """The argument of a command: a braced group, or one symbol as in \\frac12."""

    def product_of(self, first: int, factors: list[Node]) -> Node:
        """One factor as it is, several as a Juxtaposed."""
        flat = [part for factor in factors for part in (factor.factors if isinstance(factor, Juxtaposed) else (factor,))]
        return factors[0] if len(factors) == 1 else Juxtaposed(self.span_from(first), tuple(flat))


def run_length(tokens: list[Token], at: int, limit: int) -> int:
    """How many letters stand side by side from `at` on."""
    length = 1
    while at + length < limit and tokens[at + length].kind == "letter" and tokens[at + length].joined:
        length += 1
    return length


LETTER_RULES = {
    **dict.fromkeys(LETTERS, Letters.greek),
    **dict.fromkeys(SYMBOLS, Letters.symbol),
    **dict.fromkeys(ACCENTS, Letters.accent),
    **dict.fromkeys(FONTS, Letters.styled),
    **dict.fromkeys(ROMAN, Letters.roman),
}
