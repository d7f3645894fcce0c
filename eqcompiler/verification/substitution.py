r"""Substitution: a symbol that an equation gives, y = B s, put in everywhere.

Takes: a document, a claim and a condition. Gives: both without the symbol, or None where the condition gives none.
Guarantees: what is proved of the new claim holds for the old one wherever the equation holds. A symbol in which something is
differentiated, or that a definition, an extremum, an integral or a limit binds, stays, and so does one whose value reads such
a name.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.languages.statements import Claim, Definition, Document
from eqcompiler.languages.terms import Condition, Derivative, Extremum, Integral, Limit, Symbol, Term
from eqcompiler.languages.trees import Tree, parts, rebuilt


def substituted(document: Document, claim: Claim, condition: Condition) -> tuple[Document, Claim] | None:
    symbol, value = condition.left, condition.right
    if condition.relation != "=" or not isinstance(symbol, Symbol) or not isinstance(value, Term):
        return None
    return None if symbol.name in _read(value) else put_in(document, claim, symbol.name, value)


def put_in(document: Document, claim: Claim, name: str, value: Term) -> tuple[Document, Claim] | None:
    """A value in the place of a symbol; the value may read the symbol, which then is another one of that name."""
    trees = (claim, tuple(document.definitions.values()), document.assumptions)
    bound = {inner for part in parts(trees) for inner in _bound_by(part)}
    if name in bound or bound & _read(value):
        return None
    definitions = {key: _put(definition, name, value) for key, definition in document.definitions.items()}
    changed = replace(document, definitions=definitions, assumptions=_put(document.assumptions, name, value))
    return changed, _put(claim, name, value)


def _read(value: Term) -> frozenset[str]:
    return frozenset(part.name for part in parts(value) if isinstance(part, Symbol))


def _bound_by(part: object) -> tuple[str, ...]:
    if isinstance(part, Definition):
        return part.formals
    return (part.variable,) if isinstance(part, Derivative | Extremum | Integral | Limit) else ()


def _put(tree: Tree, name: str, value: Term) -> Tree:
    return rebuilt(tree, lambda part: value if isinstance(part, Symbol) and part.name == name else None)
