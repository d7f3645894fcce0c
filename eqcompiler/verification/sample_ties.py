r"""Arrays that the author wrote without saying that their rows are the samples: X beside x^{(i)}.

Takes: a document and a claim. Gives: the equation X = [x^{(1)}, \dots, x^{(m)}]^\top as a condition, and a sentence about it.
Guarantees: only an array that nothing declares, with the shape of exactly one family of samples that the claim also reaches.
"""

from __future__ import annotations

from eqcompiler.calculus.families import is_family
from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Condition, Symbol


def ties(document: Document, symbols: tuple[Symbol, ...]) -> tuple[Condition, ...]:
    """For each undeclared array among the symbols: that its rows are the samples of the same shape."""
    samples = [s for s in symbols if is_family(document, s.name) and s.type.rank]
    found = []
    for symbol in symbols:
        info = document.symbols[symbol.name]
        alike = [s for s in samples if s.type.shape == symbol.type.shape and s.name != symbol.name]
        if info.role == "free" and info.declared is None and symbol not in samples and len(alike) == 1:
            found.append(Condition("=", symbol, alike[0]))
    return tuple(found)


def missing(document: Document, tied: tuple[Condition, ...]) -> str:
    """What the author has to write for the tie to be known, as sentences; empty without one."""
    return " ".join(_sentence(document, condition) for condition in tied)


def _sentence(document: Document, condition: Condition) -> str:
    if not (isinstance(condition.left, Symbol) and isinstance(condition.right, Symbol)):
        return ""
    array, member = document.symbols[condition.left.name].latex, document.symbols[condition.right.name].latex
    return f"{array} is not tied to the samples {member}^{{(i)}}: write {condition_latex(document, condition)}."
