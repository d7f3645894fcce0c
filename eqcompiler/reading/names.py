r"""Names: from a letter with its accent, font and labels to the one ASCII key that stands for it everywhere.

Takes: notation nodes. Gives: `Name(key, latex)`.
Guarantees: keys are identifiers of letters, digits and underscores; different notations give different keys
(`x`, `\mathbf{x}`, `\hat{x}`, `x_0`, `x^*`), equal notations equal keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.notation import Addition, Empty, Fence, Juxtaposed, Letter, Listing, Node, Numeral, Scripted
from eqcompiler.reading.vocabulary import FONTS

STAR_MARKS = {"*": "star", "+": "plus", "-": "minus", "dagger": "dagger", "ast": "star", "star": "star"}
FONT_COMMANDS = {font: command for command, font in reversed(FONTS.items())}  # the first of several
SYMBOL_MARKS = {**STAR_MARKS, "infty": "infty", "top": "top"}


@dataclass(frozen=True, slots=True)
class Name:
    key: str
    latex: str


def letter_name(letter: Letter) -> Name:
    r"""`\hat{\mathbf{y}}` gives y_bold_hat, printed as it was written. Raises no_name where nothing is left of it."""
    key = _key(letter.text, letter.kind, letter.font, letter.accent)
    if not key:
        raise no_name(letter)
    return Name(key, _in_font(letter.span.text.strip(), letter.font))


def is_nameless(letter: Letter) -> bool:
    r"""A word without a letter or digit, \text{)}. Other signs are no names in the first place."""
    return letter.kind != "symbol" and not _key(letter.text, letter.kind, letter.font, letter.accent)


def no_name(letter: Letter) -> NotSupportedYet:
    return NotSupportedYet(f"'{letter.text}' cannot be used as a name", letter.span, fix="use letters and digits")


@lru_cache(maxsize=1024)
def _in_font(written: str, font: str) -> str:
    r"""`w` of \mathbf{X w} is \mathbf{w}: without its font it is another name."""
    if not font or any(f"\\{command}" in written for command, own in FONTS.items() if own == font):
        return written
    command = "boldsymbol" if font == "bold" and "\\" in written else FONT_COMMANDS[font]
    return rf"\{command}{{{written}}}"


@lru_cache(maxsize=1024)
def _key(text: str, kind: str, font: str, accent: str) -> str:
    """Empty when no letter or digit is left to make a name of."""
    text = SYMBOL_MARKS.get(text, text) if kind == "symbol" else text
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if plain[:1].isdigit():
        plain = "n" + plain
    return "_".join(part for part in (plain, font, accent) if part) if plain else ""


def label_name(node: Node) -> Name | None:
    """The label that a script spells: a word, a letter, a numeral, a star; None when it is an expression."""
    match node:
        case Letter(kind="symbol", text=text) if text not in SYMBOL_MARKS:
            return None
        case Letter():
            return letter_name(node)
        case Numeral(digits=digits) if digits.isdigit():
            return Name(digits, digits)
        case Juxtaposed(factors=factors) if all(isinstance(f, Letter | Numeral) for f in factors):
            names = [label_name(f) for f in factors]
            if any(name is None for name in names):
                return None
            return Name("".join(name.key for name in names if name), node.span.text.strip())
        case Fence(opening="(" | "[", body=Letter() | Numeral() as body):
            return label_name(body)
        case Addition(terms=((sign, Empty()),)):
            return Name(STAR_MARKS[sign], sign)
    return None


def is_star(node: Node | None) -> bool:
    r"""A superscript that only marks the name: `*`, `\star`, `\dagger`, `+`."""
    return isinstance(node, Letter) and node.kind == "symbol" and node.text in STAR_MARKS


def labelled(base: Name, subscript: Node | None, mark: Node | None) -> Name | None:
    """base with a label below and a mark above: w_0, theta^*, x_+; None when a script is no label."""
    key, latex = base.key, base.latex
    for script, sign in ((subscript, "_"), (mark, "^")):
        if script is None:
            continue
        name = label_name(script)
        if name is None:
            return None
        key, latex = (
            f"{key}_{name.key}",
            f"{latex}{sign}{{{name.latex}}}" if len(name.latex) > 1 else f"{latex}{sign}{name.latex}",
        )
    return Name(key, latex)


def name_of(node: Node) -> Name | None:
    """The name a node would have if all its scripts are labels: `\\theta^*` gives theta_star, `h_\\theta` h_theta."""
    match node:
        case Letter():
            return letter_name(node)
        case Scripted(base=Letter() as base, subscript=below, superscript=above, primes=primes):
            if above is not None and not is_star(above):
                return None
            name = labelled(letter_name(base), below, above)
            return name and Name(name.key + "_prime" * primes, name.latex + "'" * primes)
    return None


def index_letters(node: Node | None, axes: int = 0) -> tuple[Node, ...]:
    """The index expressions in a subscript: `ij` and `i,j` are two, `k+1` is one; `1j` and `12` are two below two axes."""
    match node:
        case None:
            return ()
        case Juxtaposed(factors=factors) if all(isinstance(f, Letter) for f in factors):
            return factors
        case Juxtaposed(factors=factors) if len(factors) == axes and all(isinstance(f, Letter | Numeral) for f in factors):
            return factors
        case Numeral(digits=digits, span=span) if len(digits) == axes > 1 and digits.isdigit():
            places = range(span.start, span.stop)
            return tuple(Numeral(Span(span.source, at, at + 1), d) for at, d in zip(places, digits, strict=True))
        case Listing(items=items, separator=","):
            return items
        case Fence(opening="(" | "[", body=body):
            return index_letters(body, axes)
    return (node,)
