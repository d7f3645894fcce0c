r"""Steps: what the formulas about one step of a recurrence are called, and the recurrence that they make together.

Takes: the names of `layers` and `sequences`, and the definitions that were read for one step. Gives: members of families,
the last state as a term, and the recurrence as the payload of its statements.
Guarantees: a last state needs a range of steps, a start and a step that all fit in shape; what is missing is an error that says
what to write. A state at the step before is a symbol of its own, so that claims about one step hold for every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from eqcompiler.errors import EquationError, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Definition, Recurrence, Statement, SymbolInfo
from eqcompiler.languages.terms import Derivative, Index, Iterated, Number, Reference, Size, Symbol, Term, Type, children
from eqcompiler.reading import shapes
from eqcompiler.reading.scope import Reader, Scope


@dataclass(frozen=True, slots=True)
class State:
    r"""Keys: name: a; here: its value after the step, a_l; before: a_before_l; start: a_0; last: a_last_l.

    written: how a^{(l)} is written, with the script left open: "a^{(%s)}".
    """

    name: str
    here: str
    before: str
    start: str
    last: str
    written: str


@dataclass(frozen=True, slots=True)
class Steps:
    """letter: l. members: key at the step, family, its LaTeX. sizes: n of n_l. first: where the range of the letter starts.

    end: how the last step is written; "" when no range says it.
    """

    letter: str
    states: tuple[State, ...]
    members: tuple[tuple[str, str, str], ...]
    sizes: tuple[str, ...] = ()
    first: int = 1
    end: str = ""

    def size_names(self, name: str) -> tuple[str, str]:
        return f"{name}_{self.letter}", f"{name}_before_{self.letter}"

    def at_end(self, dimension: Dimension, count: Dimension) -> Dimension:
        return dimension.substitute({self.size_names(n)[0]: Dimension.of(f"{n}_{count}") for n in self.sizes})

    def at_start(self, dimension: Dimension) -> Dimension:
        return dimension.substitute({self.size_names(n)[0]: Dimension.of(f"{n}_0") for n in self.sizes})

    def one_before(self, dimension: Dimension) -> Dimension:
        return dimension.substitute({at: Dimension.of(before) for at, before in map(self.size_names, self.sizes)})


def count_of(scope: Scope, steps: Steps) -> Dimension | None:
    """How many steps there are, when the range of the letter says so and starts where it must."""
    found = scope.indices.get(steps.letter)
    if found is None or not isinstance(found.lower, Number) or found.lower.value != steps.first:
        return None
    if not isinstance(found.upper, Size):
        return None
    return scope.sizes.resolve(found.upper.dimension) + Dimension.of(1 - steps.first)


# --- members -----------------------------------------------------------------------------------------------------------


def add_families(scope: Scope) -> None:
    """A symbol for each family whose member at the step is known: the stacked array; the member's type if sizes change."""
    for steps in scope.steps:
        count = count_of(scope, steps)
        for key, family, latex in steps.members:
            info = scope.symbols.get(key)
            if info is None or not isinstance(info.type, Type) or count is None or key in scope.members:
                continue
            if family in scope.families:
                scope.members[key] = scope.families[family]
                continue
            own = family
            while own in scope.symbols or own in scope.current or own in scope.defined_somewhere:
                own += "_family"
            type_ = scope.type_of(info.type)
            if changes(type_, steps):
                scope.ragged[own] = count
            else:
                type_ = Type((count, *type_.shape))
            why = f"the members {info.latex} of all steps"
            place = list(scope.symbols).index(key) + 1
            entries = list(scope.symbols.items())
            entries.insert(place, (own, SymbolInfo(own, latex, type_, "free", info.declared, why)))
            scope.symbols = dict(entries)
            scope.members[key] = own
            scope.families.setdefault(family, own)


def declare_members(scope: Scope) -> None:
    r"""x_t at one step, where x_t \in \mathbb{R}^d with its range declares all of them as one array."""
    for steps in scope.steps:
        for key, family, latex in steps.members:
            array = scope.symbols.get(scope.families.get(family, ""))
            if key not in scope.symbols and array is not None and isinstance(array.type, Type):
                member = Type(scope.type_of(array.type).shape[1:])
                written = f"{latex}_{steps.letter}"
                why = f"one step of {array.latex}, {array.why}"
                scope.symbols[key] = SymbolInfo(key, written, member, "free", array.declared, why)


def changes(type_: Type, steps: Steps) -> bool:
    own = {name for size in steps.sizes for name in steps.size_names(size)}
    return any(size.names & own for size in type_.shape)


# --- the last state ----------------------------------------------------------------------------------------------------


def is_last(scope: Scope, key: str) -> bool:
    return any(state.last == key for steps in scope.steps for state in steps.states)


def last_state(reader: Reader, key: str, span: Span) -> Term | None:
    """a^{(L)}; None for every other name."""
    for steps in reader.scope.steps:
        for place, state in enumerate(steps.states):
            if state.last == key:
                return iterated(reader, steps, place, span)
    return None


def iterated(reader: Reader, steps: Steps, place: int, span: Span) -> Term:
    scope = reader.scope
    count = count_of(scope, steps)
    counted = (t for s in steps.states if (u := update_of(scope, s)) is not None for t in expanded(scope, u, set()))
    if steps.first != 1 and any(isinstance(t, Index) and t.name == steps.letter for t in counted):
        what = f"the number {steps.letter} of the step inside of a recurrence that starts at {steps.letter} = 0 is not read"
        raise NotSupportedYet(what, span, fix="write the recurrence from the step before, with a range that starts at 1")
    if count is None:
        what = f"nothing says how many steps lead to '{span.text}'"
        raise IllegalEquation(what, span, fix=f"declare {steps.letter} = {steps.first}, \\dots, {steps.end}")
    starts = tuple(start_of(reader, steps, state, span) for state in steps.states)
    state = steps.states[place]
    last = type_here(scope, steps, state, span)
    type_ = replace(last, shape=tuple(steps.at_end(size, count) for size in last.shape))
    return Iterated(type_, steps.states[0].name, starts, place, span=span)


def type_here(scope: Scope, steps: Steps, state: State, span: Span) -> Type:
    """The type of the state after a step; it must be that of the state before, with the sizes of a step before."""
    update = update_of(scope, state)
    if update is None:
        written = state.written % steps.letter
        raise IllegalEquation(f"nothing says how '{written}' follows from the step before", span, fix=f"write {written} = ...")
    type_ = scope.type_of(update.type)
    before = scope.symbols.get(state.before)
    if before is None or not isinstance(before.type, Type):
        return type_
    wanted = tuple(steps.one_before(size) for size in type_.shape)
    known = scope.type_of(before.type).shape
    if len(wanted) != len(known) or not all(scope.sizes.unify(a, b) for a, b in zip(known, wanted, strict=True)):
        what = f"a step changes the shape of '{before.latex}': it is {scope.type_of(before.type)} before and {type_} after"
        raise IllegalEquation(what, span, fix="a state has one shape, up to the sizes that change with the step")
    return type_


def update_of(scope: Scope, state: State) -> Term | None:
    """What a step makes of the state: a definition of its own, or the update that the author wrote."""
    definition = scope.definitions.get(scope.current.get(state.here, ""))
    return definition.body if definition is not None else scope.updates.get(state.name)


def start_of(reader: Reader, steps: Steps, state: State, span: Span) -> Term:
    scope = reader.scope
    start = reader.known_symbol(state.start, span)
    written = state.written % (steps.first if steps.first == 0 else 0)
    if start is None:
        raise IllegalEquation(f"nothing says where '{span.text}' starts", span, fix=f"write {written} = ...")
    after = type_here(scope, steps, state, span)
    wanted = replace(after, shape=tuple(steps.at_start(size) for size in after.shape))
    if isinstance(start, Reference) and not start.arguments:
        body = scope.definitions[start.name].body
        start = shapes.fit(body, wanted) if shapes.is_zero(body) else start
    same = start.type.rank == wanted.rank and all(
        scope.sizes.unify(a, b) for a, b in zip(start.type.shape, wanted.shape, strict=True)
    )
    if not same:
        what = f"'{written}' is {scope.type_of(start.type)}, the state is {wanted} there"
        raise IllegalEquation(what, span, fix="start in the shape that the steps keep")
    return replace(start, type=scope.type_of(start.type))


# --- the recurrence ----------------------------------------------------------------------------------------------------


def completed(statements: list[Statement], scope: Scope) -> list[Statement]:
    """The definitions of states after one step, as the recurrence that they are; those with a number of steps are kept."""
    add_families(scope)
    for steps in scope.steps:
        updates = [update_of(scope, state) for state in steps.states]
        bodies = [update for update in updates if update is not None]
        for place in range(len(steps.states)) if len(bodies) == len(updates) else ():
            order = [place, *(k for k in range(len(bodies)) if k != place)]
            payload = recurrence_of(scope, steps, order, [bodies[k] for k in order])
            if place == 0 and payload.count is not None:
                scope.recurrences[payload.state] = payload
            statements = [as_recurrence(s, scope, steps, place, payload) for s in statements]
    return statements


def as_recurrence(statement: Statement, scope: Scope, steps: Steps, place: int, payload: Recurrence) -> Statement:
    found, state = statement.payload, steps.states[place]
    if isinstance(found, Recurrence) and not state.here and found.state == state.name and found.index == steps.letter:
        return replace(statement, payload=payload)
    if not (isinstance(found, Definition) and found.name == scope.current.get(state.here)):
        return statement
    try:
        type_here(scope, steps, state, statement.span)
    except EquationError as error:
        return replace(statement, kind="error", payload=None, error=error)
    name = state.name if statement.name == state.here else statement.name
    return replace(statement, name=name, kind="recurrence", payload=payload)


def recurrence_of(scope: Scope, steps: Steps, order: list[int], bodies: list[Term]) -> Recurrence:
    states = [steps.states[k] for k in order]
    reached = {name for body in bodies for name in reach(scope, body, set())}
    members = tuple((key, scope.members[key]) for key in scope.symbols if key in scope.members and key in reached)
    return Recurrence(
        states[0].name,
        bodies[0],
        steps.letter,
        tuple((state.name, body) for state, body in zip(states[1:], bodies[1:], strict=True)),
        tuple(state.before for state in states) if any(state.before != state.name for state in states) else (),
        members,
        count_of(scope, steps),
        tuple((size, *steps.size_names(size)) for size in steps.sizes),
        tuple(state.written % steps.end for state in states),
    )


def reach(scope: Scope, term: Term, seen: set[str]) -> Iterator[str]:
    """The symbols and definitions that a term reads, through definitions and through the steps of recurrences."""
    if isinstance(term, Symbol | Reference | Derivative):
        name = term.variable if isinstance(term, Derivative) else term.name
        if name not in seen:
            seen.add(name)
            yield name
            if name in scope.definitions:
                yield from reach(scope, scope.definitions[name].body, seen)
    for child in (*children(term), *updates_below(scope, term)):
        yield from reach(scope, child, seen)


def updates_below(scope: Scope, term: Term) -> tuple[Term, ...]:
    """What each step of a last state computes."""
    if not isinstance(term, Iterated):
        return ()
    all_steps = (s for s in scope.steps if s.states[0].name == term.recurrence)
    return tuple(body for s in all_steps for state in s.states if (body := update_of(scope, state)) is not None)


def iterates(scope: Scope, term: Term) -> bool:
    """Whether a last state is read, through definitions too."""
    return any(isinstance(t, Iterated) for t in expanded(scope, term, set()))


def expanded(scope: Scope, term: Term, seen: set[str]) -> Iterator[Term]:
    yield term
    for child in children(term):
        yield from expanded(scope, child, seen)
    if isinstance(term, Reference) and term.name not in seen:
        seen.add(term.name)
        yield from expanded(scope, scope.definitions[term.name].body, seen)
