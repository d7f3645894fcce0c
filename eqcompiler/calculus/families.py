"""Families of samples: which symbol holds samples as its rows, and how one of them is written.

Takes: a document and a symbol's name. Gives: `Member`, or None for a symbol that is no family.
Guarantees: the answer follows the symbol's declaration; X = [x^{(1)}, ...] and a bare x^{(i)} are told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eqcompiler.languages.statements import Document


@dataclass(frozen=True, slots=True)
class Member:
    """How one sample is written: its letter, and whether its number stands above in brackets or below."""

    latex: str
    raised: bool


_FAMILY = re.compile(r"(?:family of samples|its rows are the samples)\b.*?([^\s;]+)\^\{\(i\)\}")


def family_member(document: Document, name: str) -> Member | None:
    """The samples that a symbol holds as its rows, if it does."""
    info = document.symbols.get(name)
    match = _FAMILY.search(info.why) if info is not None else None
    if match is None:
        return None
    latex = match.group(1)
    return Member(latex, f"{latex}^{{(" in document.source.text)


def is_family(document: Document, name: str) -> bool:
    """Whether only the members have a name: x^{(i)} without an X that holds them."""
    member = family_member(document, name)
    return member is not None and member.latex == document.symbols[name].latex
