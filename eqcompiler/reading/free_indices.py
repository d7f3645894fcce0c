"""Free indices of terms: those that no sum and no comprehension binds.

Takes: terms. Gives: index names in order of first use.
Guarantees: an index in the range of a binder counts as free there.
"""

from __future__ import annotations

from collections.abc import Iterator

from eqcompiler.languages.terms import Comprehension, Index, Reduction, Term, children


def free_indices(*terms: Term) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for term in terms for name in _free(term, frozenset())))


def _free(term: Term, bound: frozenset[str]) -> Iterator[str]:
    if isinstance(term, Index):
        if term.name not in bound:
            yield term.name
        return
    if isinstance(term, Reduction):
        bound = bound | {term.binder.name}
    if isinstance(term, Comprehension):
        bound = bound | {binder.name for binder in term.binders}
    for child in children(term):
        yield from _free(child, bound)
