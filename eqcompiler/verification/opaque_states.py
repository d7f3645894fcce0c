r"""Last states as symbols: what holds for every value in the place of a last state that nothing in the claim varies.

Takes: a document and a claim. Gives: both with a symbol in the place of each last state; None where there is none, or where the
claim varies what one reads.
Guarantees: a name is varied by a derivative, an extremum, an integral, a limit, an expectation, or a call that binds it to
another value; a last state that reads no such name has one value in the claim, so that a proof for every value is a proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eqcompiler.calculus.environments import Reach, free_index_names
from eqcompiler.languages.statements import Claim, Document, SymbolInfo
from eqcompiler.languages.terms import (
    Derivative,
    Expectation,
    Extremum,
    Integral,
    Iterated,
    Limit,
    Reference,
    Symbol,
    Term,
    children,
)
from eqcompiler.languages.trees import rebuilt


def without_last_states(document: Document, claim: Claim) -> tuple[Document, Claim] | None:
    if not document.recurrences:
        return None
    reach = Reach(document)
    names = {name for side in (claim.left, claim.right) for name in reach.of_term(side)}
    bodies = [document.definitions[name].body for name in document.definitions if name in names]
    terms = [t for root in (claim.left, claim.right, *bodies) for t in _walk(root)]
    states = dict.fromkeys(t for t in terms if isinstance(t, Iterated))
    varied = {name for term in terms for name in _varied(document, term)}
    if not states or any(varied & set(reach.of_term(state)) or _reads_indices(document, state) for state in states):
        return None
    symbols = {state: Symbol(state.type, f"last_state_{number}") for number, state in enumerate(states, start=1)}
    infos = {symbol.name: _info(document, state, symbol) for state, symbol in symbols.items()}
    definitions = {name: replace(d, body=_exchanged(d.body, symbols)) for name, d in document.definitions.items()}
    widened = replace(document, symbols={**document.symbols, **infos}, definitions=definitions)
    return widened, replace(claim, left=_exchanged(claim.left, symbols), right=_exchanged(claim.right, symbols))


def _walk(term: Term) -> Iterator[Term]:
    yield term
    for child in children(term):
        yield from _walk(child)


def _varied(document: Document, term: Term) -> Iterator[str]:
    """The names that get another value, or a derivative, inside of the term."""
    if isinstance(term, Derivative | Extremum | Integral | Limit):
        yield term.variable
    if isinstance(term, Expectation):
        yield from (name for name, info in document.symbols.items() if info.distribution)
    if isinstance(term, Reference) and term.arguments:
        formals = document.definitions[term.name].formals
        pairs = zip(formals, term.arguments, strict=True)
        yield from (formal for formal, given in pairs if not (isinstance(given, Symbol) and given.name == formal))


def _reads_indices(document: Document, state: Iterated) -> bool:
    recurrence = document.recurrences[state.recurrence]
    inside = (name for update in recurrence.updates for name in free_index_names(update) if name != recurrence.index)
    return any(inside) or any(free_index_names(start) for start in state.start)


def _info(document: Document, state: Iterated, symbol: Symbol) -> SymbolInfo:
    return SymbolInfo(symbol.name, document.recurrences[state.recurrence].last[state.state], state.type, "free")


def _exchanged(term: Term, symbols: dict[Iterated, Symbol]) -> Term:
    return rebuilt(term, lambda part: symbols.get(part, part) if isinstance(part, Iterated) else None)
