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
    trees = (claim, tuple(document.definitions.values()), document.assumptions)
    bound = {name for part in parts(trees) for name in _bound_by(part)}
    read = {part.name for part in parts(value) if isinstance(part, Symbol)}
    if symbol.name in bound | read or bound & read:
        return None
    definitions = {name: _put(definition, symbol.name, value) for name, definition in document.definitions.items()}
    assumptions = _put(document.assumptions, symbol.name, value)
    changed = replace(document, definitions=definitions, assumptions=assumptions)
    return changed, _put(claim, symbol.name, value)


def _bound_by(part: object) -> tuple[str, ...]:
    if isinstance(part, Definition):
        return part.formals
    return (part.variable,) if isinstance(part, Derivative | Extremum | Integral | Limit) else ()


def _put(tree: Tree, name: str, value: Term) -> Tree:
    return rebuilt(tree, lambda part: value if isinstance(part, Symbol) and part.name == name else None)
