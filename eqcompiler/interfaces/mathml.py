"""LaTeX -> MathML that a page may hold, whatever the LaTeX holds.

Takes: LaTeX of a formula. Gives: a `math` element as text, None where there is none.
Guarantees: only the elements and attributes of the tables below; every text is escaped; nothing is hidden or moved out of its
place, so that what is seen is what was judged. Length and depth are bounded before the converter sees the formula.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_LETTERS, MOST_DEPTH = 4_000, 30
ELEMENTS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mfrac", "msqrt", "mroot"}
    | {"msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"}
)
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
WORD, LENGTH = re.compile(r"[a-z-]{1,24}"), re.compile(r"0|\d?(\.\d{1,4})?em")
# attribute -> what it may say. No colour, no size, no address: a formula decides nothing about the page that it stands on.
ATTRIBUTES = {
    "display": WORD,
    "mathvariant": re.compile("normal"),
    "stretchy": WORD,
    "fence": WORD,
    "form": WORD,
    "separator": WORD,
    "accent": WORD,
    "accentunder": WORD,
    "movablelimits": WORD,
    "displaystyle": WORD,
    "columnalign": re.compile(r"(left|center|right)( (left|center|right)){0,31}"),
    "linethickness": re.compile("0"),  # the fraction without a line of a binomial coefficient
    "width": LENGTH,
}
OPERATORS = {sign: sign for sign in "≤≥⪯⪰≺≻∼⧵‖≠≈≡∈→←"} | {"~": "∼"}  # names for the converter, without space around
SIGNS, CLOSING = ("+", "−", "±"), (")", "]", "}", "⟩", "!", "|", "‖", "′")
NAMES_OF_FUNCTIONS = frozenset(("arg", "tr", "Tr", "rank", "diag", "sign", "sgn", "var", "cov"))  # unknown to the converter
GROUPS = {"{": 1, "}": -1, r"\left": 1, r"\right": -1, r"\begin": 1, r"\end": -1}
GROUP = re.compile(r"\\(?:left|right|begin|end)(?![A-Za-z])|\\.|[{}]", re.DOTALL)
DEFINES = re.compile(r"\\(?:[a-z]?def|let|[a-z]*command|Declare)")  # a few macros can stand for billions of letters
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")


def mathml(latex: str, display: str = "inline") -> str | None:
    """The formula as a `math` element; None where it is too long, too deep, or nothing that the converter knows."""
    if not latex.strip() or len(latex) > MOST_LETTERS or _depth(latex) > MOST_DEPTH:
        return None
    if DEFINES.search(latex) or INVISIBLE.search(latex):
        return None
    from latex2mathml.converter import convert_to_element

    try:
        element = convert_to_element(latex, display=display)
    except Exception:  # of any kind, for notation that the converter does not know: who asks shows the LaTeX
        return None
    if not _allowed(element):
        return None
    _set_signs(element)
    return ElementTree.tostring(element, encoding="unicode", short_empty_elements=False)


def _depth(latex: str) -> int:
    """How deep groups stand in each other."""
    depth = deepest = 0
    for mark in GROUP.findall(latex):
        depth += GROUPS.get(mark, 0)
        deepest = max(deepest, depth)
    return deepest


def _allowed(element: Element) -> bool:
    """Strips what no formula may say, unescapes each text once; whether only known elements and words are left."""
    text = html.unescape(element.text or "")
    if text.startswith("\\") and text[1:] in NAMES_OF_FUNCTIONS:
        text = text[1:]
    if element.tag not in ELEMENTS or len(element) != PARTS.get(element.tag, len(element)):
        return False
    if "\\" in text or (text == "&" and element.tag != "mtext") or INVISIBLE.search(text):
        return False
    if element.tag == "mi" and text in OPERATORS:
        element.tag, text = "mo", OPERATORS[text]
    element.text = _in_letters(text, element.attrib.get("mathvariant", "")) or None
    element.tail = None
    kept = {name: value for name, value in element.attrib.items() if name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value)}
    element.attrib.clear()
    element.attrib.update(kept)
    return all(_allowed(child) for child in element)


def _set_signs(element: Element) -> None:
    """Names of functions are names; a sign behind a bracket, a comma or a relation belongs to what follows, and close to it."""
    before: Element | None = None
    for child in element:
        if child.tag == "mo" and (child.text or "").isalpha() and element.tag not in PARTS:
            child.tag, child.attrib = "mi", {}  # det, tr: a name has no wide space around it, an unknown operator has
        if child.tag == "mo" and child.text in SIGNS and before is not None and _opens(before):
            child.attrib["form"] = "prefix"
        _set_signs(child)
        before = child


def _opens(sign: Element) -> bool:
    return sign.tag == "mo" and sign.attrib.get("form") != "postfix" and sign.text not in CLOSING


def _in_letters(text: str, variant: str) -> str:
    """Bold, script and double-struck letters are characters of their own: of mathvariant, browsers know only "normal"."""
    return text if variant in ("", "normal") else "".join(_letter(character, variant) for character in text)


def _letter(character: str, variant: str) -> str:
    """GREEK SMALL LETTER THETA in bold: MATHEMATICAL BOLD SMALL THETA; a few names are shorter: DOUBLE-STRUCK CAPITAL R."""
    plain = re.sub(r"^(LATIN|GREEK) | LETTER\b", "", unicodedata.name(character, ""))
    for name in (f"MATHEMATICAL {variant.replace('-', ' ').upper()} {plain}", f"{variant.upper()} {plain}"):
        for spelling in (name, name.replace("DOUBLE STRUCK", "DOUBLE-STRUCK")):
            try:
                return unicodedata.lookup(spelling)
            except KeyError:
                continue
    return character
