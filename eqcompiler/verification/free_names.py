"""Which names a term reads from its environment, through every definition that it reaches.

Takes: a document and terms. Gives: for each term the names whose values can change its value; an index i is named `#i`.
Guarantees: never too few names (a name too many costs a cached value, nothing else).
"""

from __future__ import annotations

from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import (
    Binder,
    Comprehension,
    Condition,
    Derivative,
    Expectation,
    Extremum,
    Index,
    Integral,
    Iterated,
    Limit,
    Reduction,
    Reference,
    Symbol,
    Term,
    Type,
    children,
)

NOTHING: frozenset[str] = frozenset()


class FreeNames:
    """Answers are kept per term object; the terms are kept alive with them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._terms: dict[int, tuple[Term, frozenset[str]]] = {}
        self._definitions: dict[str, frozenset[str]] = {}
        self._orders: dict[frozenset[str], tuple[str, ...]] = {}

    def of(self, term: Term) -> frozenset[str]:
        known = self._terms.get(id(term))
        if known is None:
            known = self._terms[id(term)] = (term, self._read(term))
        return known[1]

    def of_condition(self, condition: Condition) -> frozenset[str]:
        return self.of(condition.left) | (self.of(condition.right) if condition.right is not None else NOTHING)

    def of_name(self, name: str) -> frozenset[str]:
        """The name itself, and what its definition reads if it is one."""
        if name not in self._document.definitions:
            return frozenset((name,))
        if name not in self._definitions:
            self._definitions[name] = NOTHING  # a definition that reaches itself adds no further names
            self._definitions[name] = self.of(self._document.definitions[name].body)
        return self._definitions[name] | {name}

    def in_order(self, names: frozenset[str]) -> tuple[str, ...]:
        known = self._orders.get(names)
        if known is None:
            known = self._orders[names] = tuple(sorted(names))
        return known

    def _read(self, term: Term) -> frozenset[str]:
        match term:
            case Symbol(name=name):
                return self.of_name(name)
            case Index(name=name):
                return frozenset(("#" + name,))
            case Reference(name=name, arguments=arguments):
                return self._union(arguments) | self._called(name, bool(arguments))
            case Reduction(binder=binder, body=body, where=where):
                inside = self.of(body).union(*(self.of_condition(c) for c in where))
                return self._under(binder, inside)
            case Comprehension(binders=binders, body=body):
                inside = self.of(body)
                for binder in reversed(binders):
                    inside = self._under(binder, inside)
                return inside
            case Derivative(body=body, variable=variable, point=point):
                own = self.of_name(variable) if point is None else self.of(point)
                return (self.of(body) - {variable}) | own
            case Extremum(variable=variable, body=body, constraints=constraints):
                return self.of(body).union(*(self.of_condition(c) for c in constraints)) - {variable}
            case Integral(variable=variable, lower=lower, upper=upper, body=body):
                return (self.of(body) - {variable}) | self.of(lower) | self.of(upper)
            case Limit(variable=variable, target=target, body=body):
                return (self.of(body) - {variable}) | self.of(target)
            case Iterated(recurrence=key, start=start):
                recurrence = self._document.recurrences[key]
                families = frozenset(family for _, family in recurrence.members)
                return self._union(start) | (self._union(recurrence.updates) - self.inside(recurrence)) | families
            case Expectation(arguments=arguments):
                names = self.distributed(term)
                infos = [self._document.symbols[name].distribution for name in names]
                return (self._union(arguments) - set(names)) | self._union(tuple(p for i in infos if i for p in i[1]))
        return self._union(children(term))

    def inside(self, recurrence: Recurrence) -> frozenset[str]:
        """What is known in a step alone: the states before it, its members and number, and the definitions that read these."""
        own = {*(recurrence.before or recurrence.states), *(name for name, _ in recurrence.members), "#" + recurrence.index}
        read = self._union(recurrence.updates) & self._document.definitions.keys()
        return frozenset(own | {name for name in read if self.of_name(name) & own})

    def distributed(self, term: Expectation) -> tuple[str, ...]:
        """The random symbols that an expectation is taken over, in the order of the document."""
        read = self._union(term.arguments)
        return tuple(name for name, info in self._document.symbols.items() if info.distribution and name in read)

    def _called(self, name: str, with_arguments: bool) -> frozenset[str]:
        names = self.of_name(name)
        definition = self._document.definitions.get(name)
        return names - set(definition.formals) if definition is not None and with_arguments else names

    def _under(self, binder: Binder, inside: frozenset[str]) -> frozenset[str]:
        return (inside - {"#" + binder.name}) | self.of(binder.lower) | self.of(binder.upper)

    def _union(self, terms: tuple[Term, ...]) -> frozenset[str]:
        return NOTHING.union(*(self.of(term) for term in terms))


def type_of_variable(document: Document, extremum: Extremum) -> Type:
    """The type of an extremum's variable, by declaration or by its use in the body."""
    info = document.symbols.get(extremum.variable)
    if info is not None and isinstance(info.type, Type):
        return info.type
    waiting: list[Term] = [extremum.body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Symbol) and part.name == extremum.variable:
            return part.type
        waiting.extend(children(part))
    raise NotSupportedYet(f"an extremum over {extremum.variable}, whose shape is not known", extremum.span)
