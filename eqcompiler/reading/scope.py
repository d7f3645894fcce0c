"""Scope: what every name means while a file is read, and the unification of sizes.

Takes: declarations and uses, in order. Gives: types of names, ranges of indices, resolved sizes.
Guarantees: a size written by the author is rigid; an inferred one (its name starts with `?`) is bound at most once,
and a clash reports both sizes and both places. A copy is independent, so that an attempt can be given up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Protocol

from eqcompiler.errors import Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Letter, Node
from eqcompiler.languages.statements import Definition, Recurrence, SymbolInfo
from eqcompiler.languages.terms import Binder, Condition, FunctionType, Number, Size, Term, Type
from eqcompiler.reading.names import Name

if TYPE_CHECKING:
    from eqcompiler.reading.steps import Steps


def is_open(size: Dimension) -> bool:
    """Whether something in a resolved size is inferred and not known yet."""
    return any(name.startswith("?") for name in size.names)


@dataclass(slots=True)
class Sizes:
    """Union of sizes by solving for inferred ones."""

    bound: dict[str, Dimension] = field(default_factory=dict)
    fresh: int = 0

    def copy(self) -> Sizes:
        return Sizes(dict(self.bound), self.fresh)

    def new(self, hint: str) -> Dimension:
        self.fresh += 1
        return Dimension.of(f"?{hint}{self.fresh}")

    def resolve(self, dimension: Dimension) -> Dimension:
        while not self.bound.keys().isdisjoint(dimension.names):
            dimension = dimension.substitute(self.bound)
        return dimension

    def unify(self, left: Dimension, right: Dimension) -> bool:
        """Make the two sizes equal if some inferred size can be solved for; False when they differ."""
        difference = (self.resolve(left) - self.resolve(right)).without_common_factor()
        if not difference.terms:
            return True
        for key, coefficient in difference.terms:
            if len(key) == 1 and key[0].startswith("?") and abs(coefficient) == 1:
                rest = Dimension(tuple(term for term in difference.terms if term[0] != key))
                if key[0] not in rest.names:
                    self.bound[key[0]] = -rest if coefficient == 1 else rest
                    return True
        return False


@dataclass(frozen=True, slots=True)
class IndexRange:
    """Range of an index. `upper` is a size when it is one; otherwise the terms tell (partial sums)."""

    lower: Term
    upper: Term
    where: Span | None = None


@dataclass(slots=True)
class Scope:
    symbols: dict[str, SymbolInfo] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    current: dict[str, str] = field(default_factory=dict)  # name key -> the key of its latest definition
    indices: dict[str, IndexRange] = field(default_factory=dict)
    dimensions: dict[str, int] = field(default_factory=dict)
    constraints: list[tuple[Dimension, str, Dimension]] = field(default_factory=list)
    assumptions: list[Condition] = field(default_factory=list)
    families: dict[str, str] = field(default_factory=dict)  # letter of x^{(i)} or x_i -> key of the array that holds it
    datasets: dict[str, tuple[Letter, ...]] = field(default_factory=dict)  # key of a data set -> the letters of its samples
    ranks: dict[str, int] = field(default_factory=dict)  # inferred rank of undeclared names, once chosen
    bound: dict[str, SymbolInfo] = field(default_factory=dict)  # formals and extremum variables, innermost binding
    index_letters: frozenset[str] = frozenset()  # letters that the file uses as indices somewhere
    indexed_somewhere: frozenset[str] = frozenset()  # letters below which the file has an index somewhere
    defined_somewhere: frozenset[str] = frozenset()  # names that stand alone on the left of some formula
    differentiated: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)  # name in a numerator -> what stands below
    only_differentiated: frozenset[str] = frozenset()  # names in numerators that are used as a value nowhere
    used: set[str] = field(default_factory=set)  # symbols that some formula has used as a value
    trying: bool = True  # while ranks are searched, a claim that does not fit is a failed attempt
    updates: dict[str, Term] = field(default_factory=dict)  # state -> the update that theta_{t+1} = ... gave it first
    steps: tuple[Steps, ...] = ()  # the recurrences over layers and over time that the file writes down step by step
    of_states: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)  # function of a state -> state, its loss, LaTeX
    members: dict[str, str] = field(default_factory=dict)  # symbol for one step, W_l -> the family that it belongs to, W
    ragged: dict[str, Dimension] = field(default_factory=dict)  # family whose members differ in size -> how many there are
    recurrences: dict[str, Recurrence] = field(default_factory=dict)  # state -> its recurrence with a number of steps
    sizes: Sizes = field(default_factory=Sizes)
    notes: list[str] = field(default_factory=list)
    conventions: dict[str, None] = field(default_factory=dict)  # what a reading rests on, said beside the verdict too
    undecided: dict[str, Span] = field(default_factory=dict)  # names in an equation that is an assumption or a claim
    varied: frozenset[str] = frozenset()  # names whose own differential the file writes, dX
    # a membership that a display states of a name declared elsewhere, x \\in (0, 1): what it asks for
    set_aside: dict[Span, list[Condition]] = field(default_factory=dict)
    directions: dict[str, str] = field(default_factory=dict)  # variable -> the symbol of its differential

    def copy(self) -> Scope:
        """What changes while a formula is read is copied; all else is never changed in its place."""
        twin = copy(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, dict | list | set | Sizes):
                setattr(twin, each.name, value.copy())
        return twin

    def type_of(self, type_: Type) -> Type:
        """The type with all sizes that are known by now."""
        return replace(type_, shape=tuple(self.sizes.resolve(size) for size in type_.shape))

    def symbol(self, key: str) -> SymbolInfo | None:
        return self.bound.get(key) or self.symbols.get(key)

    def known(self, key: str) -> bool:
        return key in self.bound or key in self.symbols or key in self.current

    def is_function(self, key: str) -> bool:
        """Applied to arguments in parentheses: declared as a function or defined with formals."""
        if key in self.bound:
            return False
        if key in self.current:
            return bool(self.definitions[self.current[key]].formals)
        info = self.symbols.get(key)
        return info is not None and isinstance(info.type, FunctionType)

    @contextmanager
    def binding(self, **infos: SymbolInfo) -> Iterator[None]:
        saved = dict(self.bound)
        self.bound.update(infos)
        try:
            yield
        finally:
            self.bound = saved

    @contextmanager
    def ranging(self, ranges: dict[str, IndexRange]) -> Iterator[None]:
        """Bind indices; those that the inside finds free stay after it."""
        hidden = {name: self.indices.get(name) for name in ranges}
        self.indices.update(ranges)
        try:
            yield
        finally:
            for name, before in hidden.items():
                self.indices.pop(name, None)
                if before is not None:
                    self.indices[name] = before

    def binder(self, name: str) -> Binder:
        found = self.indices[name]
        return Binder(name, found.lower, found.upper)

    def extent(self, name: str) -> Dimension | None:
        """The size an index runs to from 1, when its range has that form."""
        found = self.indices[name]
        starts_at_one = isinstance(found.lower, Number) and found.lower.value == 1
        if starts_at_one and isinstance(found.upper, Size):
            return self.sizes.resolve(found.upper.dimension)
        if starts_at_one and isinstance(found.upper, Number):
            return Dimension.of(int(found.upper.value))
        return None


UNSIZED = ("a vector", "a matrix")


def shape_text(shape: tuple[Dimension, ...]) -> str:
    """Sizes for a message; an inferred size that is still open prints as `?`."""
    if not shape:
        return "a scalar"
    sizes = ["?" if is_open(size) else str(size) for size in shape]
    if set(sizes) == {"?"} and len(sizes) <= len(UNSIZED):
        return UNSIZED[len(sizes) - 1]
    return " by ".join(sizes) if len(shape) > 1 else f"a vector of size {sizes[0]}"


class Reader(Protocol):
    """What the rules of the modules around `meaning` may ask of the reader."""

    @property
    def scope(self) -> Scope: ...

    def term(self, node: Node) -> Term: ...

    def known_symbol(self, key: str, span: Span) -> Term | None: ...

    def inferred_symbol(self, name: Name, span: Span, at_least: int = 0) -> Term: ...
