r"""Substitution: a symbol that an equation gives, y = B s, put in everywhere.

Takes: a document, a claim and a condition. Gives: both without the symbol, or None where the condition gives none.
Guarantees: what is proved of the new claim holds for the old one wherever the equation holds; a symbol in which something is
differentiated, or that a definition or an extremum binds, stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from eqcompiler.errors import Source, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Claim, Definition, Document
from eqcompiler.languages.terms import Condition, Derivative, Extremum, Symbol, Term, Type

PLAIN = (Source, Span, Dimension, Type)


def substituted(document: Document, claim: Claim, condition: Condition) -> tuple[Document, Claim] | None:
    symbol, value = condition.left, condition.right
    if condition.relation != "=" or not isinstance(symbol, Symbol) or not isinstance(value, Term):
        return None
    trees = (claim, tuple(document.definitions.values()), document.assumptions)
    if any(symbol.name in _bound_by(part) for part in _parts(trees)) or any(part == symbol for part in _parts(value)):
        return None
    definitions = {name: _put(definition, symbol.name, value) for name, definition in document.definitions.items()}
    assumptions = _put(document.assumptions, symbol.name, value)
    changed = replace(document, definitions=definitions, assumptions=assumptions)  # type: ignore[arg-type]
    return changed, _put(claim, symbol.name, value)  # type: ignore[return-value]


def _bound_by(part: object) -> tuple[str, ...]:
    if isinstance(part, Definition):
        return part.formals
    return (part.variable,) if isinstance(part, Derivative | Extremum) else ()


def _parts(tree: object) -> Iterator[object]:
    if isinstance(tree, tuple):
        for item in tree:
            yield from _parts(item)
    elif is_dataclass(tree) and not isinstance(tree, PLAIN):
        yield tree
        for field in fields(tree):
            yield from _parts(getattr(tree, field.name))


def _put(tree: object, name: str, value: Term) -> object:
    if isinstance(tree, Symbol) and tree.name == name:
        return value
    if isinstance(tree, tuple):
        return tuple(_put(item, name, value) for item in tree)
    if not is_dataclass(tree) or isinstance(tree, PLAIN):
        return tree
    changes = {field.name: _put(getattr(tree, field.name), name, value) for field in fields(tree)}
    return replace(tree, **changes)  # type: ignore[type-var]
