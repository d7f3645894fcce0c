"""Trees of data classes: notation, terms, claims.

Takes: any of them, and a rule. Gives: the same tree with some parts exchanged.
Guarantees: parts that do not change are kept as they are; the places that parts came from are never looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from functools import cache
from operator import is_
from typing import Any, TypeVar, cast

from eqcompiler.errors import Source, Span

Tree = TypeVar("Tree")
Rule = Callable[[Any], object]  # a part -> what stands in its place; None: the part, with the rule at work inside


def _fields_of(kind: type) -> tuple[str, ...]:
    if not is_dataclass(kind) or issubclass(kind, Span | Source):
        return ()
    names: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]
    return tuple(name for name in names if name != "span")


# type -> the fields of a data class, without the place that it came from; none for anything else
fields_of: Callable[[type], tuple[str, ...]] = cache(_fields_of)


def parts(tree: object) -> Iterator[object]:
    """Every data class in the tree, outer ones first."""
    if isinstance(tree, tuple):
        for item in tree:
            yield from parts(item)
    elif names := fields_of(type(tree)):
        yield tree
        for name in names:
            yield from parts(getattr(tree, name))


def rebuilt(tree: Tree, rule: Rule) -> Tree:
    """The tree with what the rule gives in place of parts, outer ones first; what it gave is not looked into."""
    return cast(Tree, _rebuilt(tree, rule))


def _rebuilt(tree: object, rule: Rule) -> object:
    if isinstance(tree, tuple):
        items = tuple([_rebuilt(item, rule) for item in tree])
        return tree if all(map(is_, items, tree)) else items
    names = fields_of(type(tree))
    if not names:
        return tree
    own = rule(tree)
    return own if own is not None else inside(tree, rule)


def inside(tree: Tree, rule: Rule) -> Tree:
    """A part that stays, with the rule at work inside of it."""
    changes = {}
    for name in fields_of(type(tree)):
        old = getattr(tree, name)
        new = _rebuilt(old, rule)
        if new is not old:
            changes[name] = new
    return replace(tree, **changes) if changes else tree  # type: ignore[type-var]
