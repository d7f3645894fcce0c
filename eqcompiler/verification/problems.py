"""What a claim depends on: symbols, sizes, unknown functions and the conditions that tie them.

Takes: a document, a claim and further conditions. Gives: `Problem`, which sampling and evidence share.
Guarantees: only what the claim can read is sampled; a condition belongs when it shares a symbol with the claim, directly or
through other conditions. All orders are the document's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from eqcompiler.errors import BadInput
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Claim, Document, Recurrence
from eqcompiler.languages.terms import (
    Binder,
    Component,
    Condition,
    Derivative,
    FunctionType,
    Index,
    Iterated,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
    UnknownCall,
    children,
)
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.recurrences import member_key, member_type, ragged, width

DEEPEST = 3  # steps of a recurrence that samples take


@dataclass(frozen=True, slots=True)
class Problem:
    """symbols: name -> type, in document order. conditions: those that the sample must satisfy, for all values of the
    indices that are free in them. sizes: names of the dimensions that matter."""

    document: Document
    names: FreeNames
    symbols: dict[str, Type]
    functions: dict[str, FunctionType]
    conditions: tuple[Condition, ...]
    binders: tuple[Binder, ...]
    sizes: tuple[str, ...]
    iterated: tuple[Recurrence, ...] = ()  # whose last states the claim reads
    structures: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)  # sampling's notes, by shape

    def symbols_at(self, sizes: Mapping[str, int]) -> dict[str, Type]:
        """Those that exist at these sizes: a network of two layers has no third matrix."""
        return {name: t for name, t in self.symbols.items() if all(d.names <= sizes.keys() for d in t.shape)}

    @property
    def varies(self) -> bool:
        """Whether there is more to choose at a point than sizes."""
        return bool(self.symbols or self.functions)

    def symbols_of(self, condition: Condition) -> tuple[str, ...]:
        read = self.names.of_condition(condition)
        return tuple(name for name in self.symbols if name in read)


def problem_of(document: Document, claim: Claim, extra: tuple[Condition, ...] = ()) -> Problem:
    names = FreeNames(document)
    asked = (claim.left, claim.right, *(edge for b in claim.free for edge in (b.lower, b.upper)))
    conditions = list(claim.assumptions + extra)
    read: set[str] = set().union(*(names.of(term) for term in asked), *(names.of_condition(c) for c in conditions))
    waiting = [c for c in document.assumptions if c not in conditions]
    while True:
        found = [c for c in waiting if _names_only(names.of_condition(c)) & read or not _names_only(names.of_condition(c))]
        if not found:
            break
        waiting = [c for c in waiting if c not in found]
        conditions += found
        read |= set().union(*(names.of_condition(c) for c in found))
    terms = list(reached(document, [*asked, *(t for c in conditions for t in sides(c))]))
    iterated = _recurrences(document, terms)
    inside = [t for recurrence in iterated for t in reached(document, list(recurrence.updates))]
    functions = {name: _function_type(document, name) for name in sorted(_unknown_functions([*terms, *inside]))}
    symbols = _with_members(document, iterated, _symbol_types(document, read, [*terms, *inside]))
    own = {name for recurrence in iterated for _, *at_step in recurrence.sizes for name in at_step}
    free = {binder.name for binder in claim.free}
    bound = {name for r in iterated if r.index in free for _, *at_step in r.sizes for name in at_step}
    sizes = _sizes_in(terms, (*symbols.values(), *(p for f in functions.values() for p in (*f.parameters, f.result))))
    sizes -= bound
    sizes |= (_sizes_in(inside, ()) - own).union(*(r.count.names for r in iterated if r.count is not None))
    sizes |= {width(family, step) for r in iterated for family, _, _ in r.sizes for step in range(DEEPEST + 1)}
    sizes -= {f"{family}_{r.count}" for r in iterated for family, _, _ in r.sizes}  # one of the others, by the depth
    wanted = sizes | {n for a, _, b in document.constraints if (a.names | b.names) & sizes for n in a.names | b.names}
    binders = claim.free + tuple(b for b in _ranges_of_free_indices(names, conditions, claim))
    return Problem(document, names, symbols, functions, tuple(conditions), binders, tuple(sorted(wanted)), iterated)


def _sizes_in(terms: Iterable[Term], types: Iterable[Type]) -> set[str]:
    shapes = [*(t.type.shape for t in terms), *(t.shape for t in types)]
    return {n for shape in shapes for d in shape for n in d.names} | {
        n for t in terms if isinstance(t, Size) for n in t.dimension.names
    }


def _recurrences(document: Document, terms: list[Term]) -> tuple[Recurrence, ...]:
    """Those whose last states the terms reach, also inside of each other's steps."""
    found: dict[str, Recurrence] = {}
    waiting = [t for t in terms if isinstance(t, Iterated)]
    while waiting:
        key = waiting.pop().recurrence
        if key not in found:
            found[key] = document.recurrences[key]
            waiting += [t for t in reached(document, list(found[key].updates)) if isinstance(t, Iterated)]
    return tuple(found.values())


def _with_members(document: Document, iterated: tuple[Recurrence, ...], symbols: dict[str, Type]) -> dict[str, Type]:
    """Each family of members that differ in size as one symbol for each member, in its place."""
    found: dict[str, Type] = {}
    by_family = {family: r for r in iterated for family in ragged(r, document)}
    for name, type_ in symbols.items():
        steps = range(1, DEEPEST + 1) if name in by_family else ()
        members = {member_key(name, step): member_type(document, by_family[name], name, step) for step in steps}
        found.update(members or {name: type_})
    return found


def sides(condition: Condition) -> tuple[Term, ...]:
    return (condition.left,) if condition.right is None else (condition.left, condition.right)


def _names_only(read: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in read if not name.startswith("#"))


def walk(term: Term) -> Iterator[Term]:
    """The term and all its subterms, without entering definitions."""
    stack = [term]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def reached(document: Document, terms: list[Term]) -> Iterator[Term]:
    """All subterms, those of the definitions that are reached included once."""
    entered: set[str] = set()
    waiting = list(terms)
    while waiting:
        for term in walk(waiting.pop(0)):
            yield term
            name = _entered_name(term)
            if name in document.definitions and name not in entered:
                entered.add(name)
                waiting.append(document.definitions[name].body)


def _entered_name(term: Term) -> str:
    """The definition that evaluating this term may enter; "" for none."""
    if isinstance(term, Reference | Symbol):
        return term.name
    return term.variable if isinstance(term, Derivative) else ""


def _unknown_functions(terms: list[Term]) -> set[str]:
    return {term.name for term in terms if isinstance(term, UnknownCall)}


def _function_type(document: Document, name: str) -> FunctionType:
    info = document.symbols.get(name)
    if info is None or not isinstance(info.type, FunctionType):
        raise BadInput(f"the function {name} is used and not declared")
    return info.type


def _symbol_types(document: Document, read: Iterable[str], terms: list[Term]) -> dict[str, Type]:
    """Types of the free symbols, by declaration or by use, in document order."""
    used = {term.name: term.type for term in reversed(terms) if isinstance(term, Symbol)}
    free = [name for name in read if not name.startswith("#") and name not in document.definitions]
    order = {name: k for k, name in enumerate(document.symbols)}
    types: dict[str, Type] = {}
    for name in sorted(free, key=lambda name: (order.get(name, len(order)), name)):
        info = document.symbols.get(name)
        declared = info.type if info is not None and isinstance(info.type, Type) else used.get(name)
        if declared is None:
            raise BadInput(f"{name} is used and has no type")
        types[name] = declared
    return types


def _ranges_of_free_indices(names: FreeNames, conditions: list[Condition], claim: Claim) -> Iterator[Binder]:
    """Ranges of the indices that are free in conditions, from the axis of a symbol that they index."""
    known = {binder.name for binder in claim.free}
    for condition in conditions:
        free = {name[1:] for name in names.of_condition(condition) if name.startswith("#")} - known
        for term in (t for side in sides(condition) for t in walk(side)):
            if isinstance(term, Component):
                for axis, index in enumerate(term.indices):
                    if isinstance(index, Index) and index.name in free - known:
                        known.add(index.name)
                        size: Dimension = term.base.type.shape[axis]
                        upper = Size(Type(domain="integer"), size)
                        yield Binder(index.name, _one(), upper)


def _one() -> Term:
    return Size(Type(domain="integer"), Dimension.of(1))
