"""Environments: what each name means while a term is lowered, and what a term reaches.

Takes: the document's definitions. Gives: `Frame`, the bindings in force, and `Reach`, the names that a term depends on.
Guarantees: a binding cuts the definition of the same name; a closure keeps the environment of the place that wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import sympy

from eqcompiler.calculus.index_algebra import free_indices
from eqcompiler.errors import IllegalEquation
from eqcompiler.languages.program import Axis
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    Comprehension,
    Derivative,
    Extremum,
    Index,
    Integral,
    Iterated,
    Limit,
    Reduction,
    Reference,
    Symbol,
    Term,
    children,
)


@dataclass(frozen=True, slots=True)
class Split:
    """A position on an axis of size outer * inner, kept as a pair: (outer - 1) * width + inner."""

    outer: sympy.Expr
    inner: sympy.Expr
    width: sympy.Expr

    @property
    def expression(self) -> sympy.Expr:
        return (self.outer - 1) * self.width + self.inner


@dataclass(frozen=True, slots=True)
class Piece:
    """A position on an axis made of consecutive blocks: entry `inner` of block number `number`, which starts after `offset`."""

    number: int
    inner: sympy.Expr
    offset: sympy.Expr

    @property
    def expression(self) -> sympy.Expr:
        return self.offset + self.inner


Position: TypeAlias = sympy.Expr | Split | Piece


def expression(position: Position) -> sympy.Expr:
    return position.expression if isinstance(position, (Split, Piece)) else position


@dataclass(frozen=True, slots=True)
class Closure:
    """A term in the environment of the place where it was written."""

    term: Term
    frame: Frame


@dataclass(frozen=True, slots=True)
class Entry:
    """A scalar that is already lowered; it may hold indices that are in scope."""

    value: sympy.Expr


@dataclass(frozen=True, slots=True)
class Raw:
    """The tensor of that name itself, whatever definitions say."""

    name: str


Binding: TypeAlias = Closure | Entry | Raw


@dataclass(frozen=True, slots=True)
class Frame:
    """bindings: names bound here. indices: index names of terms. scope: the axes and sums around, outermost first."""

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    indices: Mapping[str, sympy.Expr] = field(default_factory=dict)
    scope: tuple[Axis, ...] = ()

    def within(self, *axes: Axis) -> Frame:
        return replace(self, scope=self.scope + axes)

    def with_indices(self, indices: Mapping[str, sympy.Expr]) -> Frame:
        return replace(self, indices={**self.indices, **indices})

    @property
    def ranges(self) -> dict[sympy.Symbol, tuple[sympy.Expr, sympy.Expr]]:
        return {axis.index: (axis.lower, axis.upper) for axis in self.scope}


class Reach:
    """Which names a definition or a term depends on, through all definitions. Formals count."""

    def __init__(self, document: Document) -> None:
        self._definitions = document.definitions
        self._recurrences = document.recurrences
        self._known: dict[str, tuple[str, ...]] = {}
        self._open: list[str] = []

    def of_definition(self, name: str) -> tuple[str, ...]:
        if name not in self._known:
            definition = self._definitions[name]
            if name in self._open:
                ring = " -> ".join((*self._open[self._open.index(name) :], name))
                raise IllegalEquation(f"definitions refer to each other in a ring: {ring}", definition.span)
            self._open.append(name)
            found = dict.fromkeys((name, *definition.formals))
            self._collect(definition.body, found, definition.formals)
            self._known[name] = tuple(found)
            self._open.pop()
        return self._known[name]

    def of_term(self, term: Term) -> tuple[str, ...]:
        found: dict[str, None] = {}
        self._collect(term, found, ())
        return tuple(found)

    def _collect(self, term: Term, found: dict[str, None], formals: tuple[str, ...]) -> None:
        match term:
            case Symbol() | Reference():
                self._name(term.name, found, formals)
            case Derivative():
                self._name(term.variable, found, formals)
            case Extremum() | Integral() | Limit():
                found[term.variable] = None
            case Iterated():
                self._iterated(term, found)
        for child in children(term):
            self._collect(child, found, formals)

    def _iterated(self, term: Iterated, found: dict[str, None]) -> None:
        """What all steps share, and the families whose members they take; a state before a step is known there alone."""
        recurrence = self._recurrences[term.recurrence]
        inside = {*(recurrence.before or recurrence.states), *(name for name, _ in recurrence.members)}
        read = dict.fromkeys(name for update in recurrence.updates for name in self.of_term(update) if name not in inside)
        found.update(read | dict.fromkeys(family for _, family in recurrence.members))

    def _name(self, name: str, found: dict[str, None], formals: tuple[str, ...]) -> None:
        """A formal is bound by every call, so inside its definition a definition of the same name does not count."""
        found[name] = None
        if name in self._definitions and name not in formals:
            found.update(dict.fromkeys(self.of_definition(name)))

    def is_closed(self, binding: Binding) -> bool:
        """Whether the value depends on no index of the scope."""
        match binding:
            case Raw():
                return True
            case Entry(value):
                return not free_indices(value)
            case Closure(term, home):
                if home.indices and free_index_names(term) & home.indices.keys():
                    return False
                return not home.bindings or all(self.is_closed(home.bindings[n]) for n in self._needed(term, home))

    def _needed(self, term: Term, home: Frame) -> list[str]:
        return [name for name in self.of_term(term) if name in home.bindings]

    def key(self, binding: Binding) -> object:
        return self.closure_key(binding) if isinstance(binding, Closure) else binding

    def closure_key(self, closure: Closure) -> tuple[object, ...]:
        home = closure.frame
        if not home.bindings:
            return (closure.term,)
        return (closure.term, *((n, self.key(home.bindings[n])) for n in self._needed(closure.term, home)))


def free_index_names(term: Term) -> frozenset[str]:
    """Index names that no binder inside the term binds."""
    if isinstance(term, Index):
        return frozenset((term.name,))
    inside = frozenset().union(*(free_index_names(child) for child in children(term)))
    if isinstance(term, Reduction):
        # The range is written outside of the binder; an index of the same name there is a different one.
        outer = free_index_names(term.binder.lower) | free_index_names(term.binder.upper)
        return (inside - {term.binder.name}) | outer
    if isinstance(term, Comprehension):
        return inside - {binder.name for binder in term.binders}
    return inside
