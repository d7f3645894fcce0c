r"""Takes: a Normal, its document and the axes of a tensor. Gives: the term that a person would write, and its LaTeX.
Guarantees: the term has the value of the Normal; common factors are pulled out; deterministic, in the author's order.

    2*|m|^-1*{#0 #1: X[#0,k] X[#0,#1] theta[#1]} - 2*|m|^-1*{#0: X[#0,k] y[#0]}, axis k
    \frac{2}{m} X^\top (X \theta - y)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eqcompiler.calculus.monomials import ONE_AFFINE, Index, Normal
from eqcompiler.calculus.tensor_words import NoWord, Reader
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Term


def to_latex(normal: Normal, document: Document, axes: Sequence[str] = (), matrices: Mapping[str, str] | None = None) -> str:
    """The Normal in the author's symbols. axes: the free indices that are the axes of a tensor, by name, in order.

    matrices: family -> definition whose rows are its samples, where the text should use it.
    """
    return term_latex(document, to_term(normal, document, axes, matrices))


def to_term(normal: Normal, document: Document, axes: Sequence[str] = (), matrices: Mapping[str, str] | None = None) -> Term:
    """Like `to_latex`, before writing. Raises NotSupportedYet where neither matrix nor index notation can say it."""
    try:
        return Reader(document, matrices or {}, normal).normal(normal, open_axes(normal, axes))
    except NoWord as none:
        raise NotSupportedYet(f"no notation for the tensor {normal.key}") from none


def open_axes(normal: Normal, axes: Sequence[str]) -> tuple[Index, ...]:
    """The indices of these names. An axis that does not occur has an unknown size: nothing can be written along it."""
    named = {index.name: index for index in normal.indices}
    return tuple(named.get(name, Index(name, ONE_AFFINE, ONE_AFFINE)) for name in axes)
