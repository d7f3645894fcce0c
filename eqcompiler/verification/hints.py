r"""Hints: what the author of a false claim may have left unsaid.

Takes: a claim that is false in general, and the condition found for it. Gives: what its author may have left unsaid.
Guarantees: a hint decides nothing; it names what to write: that rows are samples, or that a symbol gets a new meaning.
"""

from __future__ import annotations

from eqcompiler.languages.statements import Claim, Definition, Document
from eqcompiler.languages.terms import Extremum, Reference, Symbol, Term
from eqcompiler.verification.conditions import ZERO, Found, occurring_symbols
from eqcompiler.verification.sample_ties import missing, ties


def about(document: Document, claim: Claim, found: Found | None) -> str:
    """Sentences behind the reason of a verdict, each with a space before it."""
    sentences = (missing(document, ties(document, occurring_symbols(document, claim))), new_meaning(document, claim, found))
    return "".join(f" {sentence}" for sentence in sentences if sentence)


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
