r"""Printing: a Normal becomes matrix notation.

Takes: a Normal, its document and the axes of a tensor. Gives: the term that a person would write, and its LaTeX.
Guarantees: the term has the value of the Normal; common factors are pulled out; deterministic, in the author's order.

    2*|m|^-1*{#0 #1: X[#0,k] X[#0,#1] theta[#1]} - 2*|m|^-1*{#0: X[#0,k] y[#0]}, axis k
    \frac{2}{m} X^\top (X \theta - y)
"""

from __future__ import annotations

from collections.abc import Sequence

from eqcompiler.calculus.monomials import Index, Normal
from eqcompiler.calculus.tensor_words import Reader
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.calculus.word_nodes import NoWord
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Term


def to_latex(normal: Normal, document: Document, axes: Sequence[Index | str] = ()) -> str:
    """The Normal in the author's symbols. axes: those of its free indices that are the axes of a tensor, in order."""
    return term_latex(document, to_term(normal, document, axes))


def to_term(normal: Normal, document: Document, axes: Sequence[Index | str] = ()) -> Term:
    """Like `to_latex`, before writing. Raises NotSupportedYet where neither matrix nor index notation can say it.

    An axis may be given by name when it occurs in the Normal.
    """
    try:
        return Reader(document, normal).normal(normal, tuple(_axis(normal, axis) for axis in axes))
    except NoWord as none:
        raise NotSupportedYet(f"no notation for the tensor {normal.key}") from none


def _axis(normal: Normal, axis: Index | str) -> Index:
    if isinstance(axis, Index):
        return axis
    for index in normal.indices:
        if index.name == axis:
            return index
    raise NotSupportedYet(f"the tensor does not vary along {axis}, whose size is not known")
