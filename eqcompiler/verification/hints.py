r"""Hints: what the author of a false claim may have left unsaid.

Takes: a claim that is false in general, and the condition found for it. Gives: what its author may have left unsaid.
Guarantees: a hint decides nothing; it names what to write: that rows are samples, or that a symbol gets a new meaning.
"""

from __future__ import annotations

from collections.abc import Iterator

from eqcompiler.languages.statements import Claim, Definition, Document
from eqcompiler.languages.terms import (
    Call,
    Derivative,
    Expectation,
    Extremum,
    Integral,
    Number,
    Reference,
    Symbol,
    Term,
    UnknownCall,
    children,
)
from eqcompiler.verification.conditions import ZERO, Found, occurring_symbols
from eqcompiler.verification.sample_ties import missing, ties


def about(document: Document, claim: Claim, found: Found | None) -> str:
    """Sentences behind the reason of a verdict, each with a space before it."""
    symbols = occurring_symbols(document, claim)
    sentences = (missing(document, ties(document, symbols)), new_meaning(document, claim, found), as_assumption(claim))
    return "".join(f" {sentence}" for sentence in sentences if sentence)


def as_assumption(claim: Claim) -> str:
    """P^2 = P, A^T = -A, sum_k pi_k = 1 about names alone: what books assume rather than claim."""
    if not is_constraint(claim):
        return ""
    return r"If it is assumed, write \text{where} before it."


def is_constraint(claim: Claim) -> bool:
    """One symbol on the left, and on the right a constant or the symbol itself, with a sign or a transpose."""
    left, right = list(_parts(claim.left)), claim.right
    while isinstance(right, Call) and right.operation in ("neg", "transpose"):
        (right,) = right.arguments
    constant = isinstance(right, Number) or (isinstance(right, Call) and right.operation in ("identity", "zeros"))
    plain = not any(isinstance(t, Derivative | Reference | Integral | Expectation | UnknownCall) for t in left)
    named = [t for t in left if isinstance(t, Symbol)]
    return plain and len(set(named)) == 1 and (constant or right in named)


def _parts(term: Term) -> Iterator[Term]:
    yield term
    for child in children(term):
        yield from _parts(child)


def new_meaning(document: Document, claim: Claim, found: Found | None) -> str:
    """For J(theta) = e about a J that is defined already: perhaps another J is meant."""
    definition = bare_definition(document, claim.left)
    if definition is None or isinstance(definition.body, Extremum) or claim.free:
        return ""
    write = "write `%! define` if a new meaning is intended."
    if found is None:
        return f"It differs from the earlier {definition.latex}; {write}"
    word = "only if" if found.necessary else "if"
    return f"It is equal to the earlier {definition.latex} {word} {_in_words(found)}; {write}"


def _in_words(found: Found) -> str:
    """lambda = 0 for a number that is zero; the LaTeX of any other condition."""
    first = found.conditions[0]
    plain = len(found.conditions) == 1 and isinstance(first.left, Symbol) and first.right == ZERO
    return f"{first.left.name} = 0" if plain and isinstance(first.left, Symbol) else found.latex


def bare_definition(document: Document, term: Term) -> Definition | None:
    """J for J(theta) with its own formals, or for a J without any."""
    if not isinstance(term, Reference):
        return None
    definition = document.definitions.get(term.name)
    if definition is None:
        return None
    own = tuple(argument.name if isinstance(argument, Symbol) else "" for argument in term.arguments)
    return definition if own in ((), definition.formals) else None
