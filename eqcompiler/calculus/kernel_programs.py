"""Which kernels a document gives, and the index-form program of each.

Takes: a typed document. Gives: kernel requests, and a reason for each definition that has none.
Guarantees: a definition gives its value; a scalar one also the gradient in its parameters, value and gradient together, and
for one parameter the Hessian, and for one vector its product with a direction; an objective its closed form; an update `step`
and `run`. Names are unique in the document.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import sympy

from eqcompiler.calculus.batch import batched
from eqcompiler.calculus.derive import hessian, hvp, joint_hvp, value_and_gradient
from eqcompiler.calculus.lower import lower, lower_together
from eqcompiler.calculus.open_logarithms import open_logarithms
from eqcompiler.calculus.samplers import draws, random_names, symbol_program, with_all_inputs
from eqcompiler.calculus.solve import inverse_to_solve
from eqcompiler.calculus.stationary import closed_form
from eqcompiler.errors import EquationError, NotSupportedYet, Span
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Indexed, Input, Intrinsic, Program, Scan, UnknownValue, unknown_function
from eqcompiler.languages.statements import Definition, Document, Objective, Recurrence, Statement
from eqcompiler.languages.terms import Component, Derivative, Extremum, Iterated, Reference, Symbol, Term, Type, children

TIMES_VECTOR = "The Hessian times a vector, without forming the Hessian."
TIMES_VECTORS = "The Hessian in all of these times a direction of each, through the recurrence twice and back."


@dataclass(frozen=True, slots=True)
class Choice:
    """`refusals`: the name of a definition and why nothing is compiled for it."""

    requests: tuple[KernelRequest, ...]
    refusals: tuple[tuple[str, EquationError], ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A kernel that may be refused when its program is made."""

    name: str
    program: Callable[[], Program]
    kind: Literal["value", "step", "run", "sample"] = "value"
    state: tuple[str, ...] = ()
    about: str = ""
    bound: tuple[str, ...] = ()


def chosen_kernels(document: Document) -> Choice:
    requests: dict[str, KernelRequest] = {}
    refusals: list[tuple[str, EquationError]] = []
    for statement in document.statements:
        kinked = False
        for plan in _planned(document, statement):
            name = python_name(plan.name)
            if name in requests:
                continue
            try:
                program = _computable(document, plan.program(), statement.span)
                drawn = draws(document, program, plan.bound) if plan.kind == "sample" else ()
                program = with_all_inputs(document, program, drawn, plan.bound) if drawn else program
            except EquationError as error:
                refusals.append((plan.name, error))
                continue
            if plan.kind == "sample" and not drawn:
                continue  # its value is not random
            kinked = kinked or _has_kinks(program)
            about, place = _about(plan, kinked), (statement.span.line, statement.latex)
            requests[name] = KernelRequest(name, program, plan.kind, plan.state, *place, about, drawn)
    return Choice(tuple(requests.values()), tuple(refusals))


def python_name(name: str) -> str:
    """The name as a Python function's: `lambda` and `max` mean something else there and get an underscore."""
    return f"{name}_" if keyword.iskeyword(name) or name in dir(builtins) else name


def _has_kinks(program: Program) -> bool:
    return any(
        _has_kinks(d.step) if isinstance(d, Scan) else isinstance(d, Indexed) and d.body.has(sympy.Max, sympy.Min)
        for d in program.definitions
    )


def _about(plan: _Planned, kinked: bool) -> str:
    """A gradient says which subgradient it takes."""
    if not kinked or not plan.name.startswith(("grad_", "value_and_grad_")):
        return plan.about
    return f"{plan.about.rstrip('.')}; where arguments of max or min are equal, their derivative is taken as 0."


def _computable(document: Document, program: Program, span: Span) -> Program:
    """Raises NotSupportedYet where the program applies a function that nothing defines."""
    for definition in program.definitions:
        if isinstance(definition, Scan):
            _computable(document, definition.step, span)
            continue
        operations = [definition.operation] if isinstance(definition, Intrinsic) else _unknown_values(definition.body)
        for operation in operations:
            found = unknown_function(operation)
            if found:
                raise NotSupportedYet(f"{_unknown(document, found[0])}, so nothing can be computed from it", span)
    return program


def _unknown(document: Document, name: str) -> str:
    """What the author has declared and not defined, or a part of a loss that one layer does not show."""
    info = document.symbols.get(name)
    if info is None or name in info.latex.lstrip("\\") or info.why.startswith("declared"):
        return f"{name} is declared and not defined"
    return f"'{info.latex}' is here {info.why}"


def _unknown_values(body: sympy.Expr) -> list[str]:
    return sorted(node.operation for node in body.atoms(UnknownValue))


def _planned(document: Document, statement: Statement) -> Iterator[_Planned]:
    match statement.payload:
        case None if statement.kind == "distribution":
            info = document.symbols[statement.name]
            yield _Planned(f"sample_{info.name}", partial(symbol_program, info), "sample", about=f"Draws of {info.name}.")
        case Definition() as definition:
            yield from _of_definition(document, definition)
            if random_names(document, reach(document, definition.body), definition.formals):
                value = partial(lower, document, own_reference(definition), definition.name)
                about = f"Draws of {definition.name}."
                yield _Planned(f"sample_{definition.name}", value, "sample", (), about, definition.formals)
        case Objective(name=name, extremum=extremum):
            yield _Planned(name, partial(closed_form, document, extremum, name), about="The minimiser in closed form.")
        case Recurrence() as recurrence:
            yield from _of_recurrence(document, recurrence)


def _of_recurrence(document: Document, recurrence: Recurrence) -> Iterator[_Planned]:
    """Coupled states have one kernel, at the first of their statements. A step with members of its own cannot be run alone."""
    updates = (s.payload for s in document.statements if isinstance(s.payload, Recurrence))
    if next(r for r in updates if set(r.states) == set(recurrence.states)) is not recurrence:
        return
    name, program = "_".join(recurrence.states), partial(_update, document, recurrence)
    if recurrence.before:
        yield _Planned(f"{name}_step", program, about="One step, from the state of the step before.")
        return
    yield _Planned(f"{name}_step", program, "step", recurrence.states, "One update.")
    if not recurrence.members:
        words = "Updates until no entry moves more than the tolerance."
        yield _Planned(f"{name}_run", program, "run", recurrence.states, words)


def _of_definition(document: Document, definition: Definition) -> Iterator[_Planned]:
    name = definition.name
    value = partial(lower, document, own_reference(definition), name)
    yield _Planned(name, lambda: inverse_to_solve(value()), about=f"The value of {name}.")
    recurrent = tuple(iterated_in(document, definition.body))
    sampled = name in applied_to_samples(document)
    if isinstance(definition.body, Extremum) or (definition.body.type.rank and not (recurrent and sampled)):
        return
    if sampled:
        rows = partial(_batch, value, definition)
        yield _Planned(f"{name}_batch", rows, about="One value for each row of the batch.")
        return
    variables = parameters(document, definition) or recurrent_parameters(document, recurrent)
    if variables:
        listed = " and ".join(filter(None, [", ".join(variables[:-1]), variables[-1]]))
        about = f"The gradient of {name} in {listed}."
        yield _Planned(f"grad_{name}", partial(_gradient, value, name, variables), about=about)
        about = f"The value of {name} and its gradient in {listed}."
        yield _Planned(f"value_and_grad_{name}", partial(_value_and_gradient, value, name, variables), about=about)
    if variables and recurrent:
        moved = tuple(dict.fromkeys((*variables, *recurrent_parameters(document, recurrent))))
        yield _Planned(f"hvp_{name}", partial(_hessian_times_vectors, value, name, moved), about=TIMES_VECTORS)
    if len(variables) == 1 and not recurrent:
        about = f"The Hessian of {name} in {variables[0]}."
        yield _Planned(f"hess_{name}", lambda: inverse_to_solve(hessian(value(), name, variables[0])), about=about)
        if type_of(document, definition, variables[0]).rank:
            yield _Planned(f"hvp_{name}", partial(_hessian_times_vector, value, name, variables[0]), about=TIMES_VECTOR)
    extras = free_scalars(document, definition, variables)
    extras += tuple(v for v in recurrent_parameters(document, recurrent) if v not in (*variables, *extras))
    for extra in extras:
        about = f"The gradient of {name} in {extra}."
        yield _Planned(f"grad_{name}_{extra}", partial(_gradient, value, name, (extra,)), about=about)


def _batch(value: Callable[[], Program], definition: Definition) -> Program:
    return batched(inverse_to_solve(value()), definition.formals, "batch")


def _value_and_gradient(value: Callable[[], Program], name: str, variables: tuple[str, ...]) -> Program:
    return inverse_to_solve(value_and_gradient(value(), name, variables))


def _hessian_times_vectors(value: Callable[[], Program], name: str, variables: tuple[str, ...]) -> Program:
    """Each direction stands beside its variable."""
    program = inverse_to_solve(joint_hvp(value(), name, variables))
    given, directions = program.inputs[: -len(variables)], dict(zip(variables, program.inputs[-len(variables) :], strict=True))
    inputs = tuple(item for own in given for item in ((own, directions[own.name]) if own.name in directions else (own,)))
    return replace(program, inputs=inputs)


def _hessian_times_vector(value: Callable[[], Program], name: str, variable: str) -> Program:
    """The direction, the last input of the derivative, stands beside the variable."""
    program = inverse_to_solve(hvp(open_logarithms(value()), name, variable))
    *others, direction = program.inputs
    place = next(position for position, item in enumerate(others) if item.name == variable) + 1
    return replace(program, inputs=(*others[:place], direction, *others[place:]))


def _gradient(value: Callable[[], Program], name: str, variables: tuple[str, ...]) -> Program:
    both = value_and_gradient(value(), name, variables)
    return inverse_to_solve(replace(both, outputs=both.outputs[1:]))


def _update(document: Document, recurrence: Recurrence) -> Program:
    """The next states; the states come first among the inputs, and one that no update reads is an input too."""
    names = [f"{state}_next" for state in recurrence.states]
    lowered = inverse_to_solve(lower_together(document, tuple(zip(names, recurrence.updates, strict=True))))
    given = {i.name: i for i in lowered.inputs}
    before = recurrence.before or recurrence.states
    states = tuple(
        given.pop(state, Input(state, update.type.shape, state))
        for state, update in zip(before, recurrence.updates, strict=True)
        if state in given or not recurrence.before
    )
    return replace(lowered, inputs=(*states, *given.values()))


def own_reference(definition: Definition) -> Term:
    """The definition at its own formals."""
    types = zip(definition.formals, definition.formal_types, strict=True)
    return Reference(definition.body.type, definition.name, tuple(Symbol(t, f) for f, t in types), span=definition.span)


def applied_to_samples(document: Document) -> frozenset[str]:
    """The models of the document: functions that it applies to samples. They get a batch kernel, no gradient in x."""
    bodies = [d.body for d in document.definitions.values()]
    return frozenset(name for body in bodies for name in _applied_to_samples(body))


def _applied_to_samples(term: Term) -> Iterator[str]:
    if isinstance(term, Reference) and any(isinstance(a, Component) and a.type.rank for a in term.arguments):
        yield term.name
    for child in children(term):
        yield from _applied_to_samples(child)


def parameters(document: Document, definition: Definition) -> tuple[str, ...]:
    """What the gradient is taken in: the formals, or for a definition without any what the document differentiates it in."""
    if definition.formals:
        types = zip(definition.formals, definition.formal_types, strict=True)
        return tuple(f for f, t in types if t.domain == "real")
    found = dict.fromkeys(v for s in document.statements for v in differentiated(s.payload, definition.name))
    return tuple(v for v in found if v in document.symbols)


def iterated_in(document: Document, term: Term, seen: set[str] | None = None) -> Iterator[Iterated]:
    """The last states of recurrences that a term depends on, through definitions. seen: those that were entered."""
    seen = set() if seen is None else seen
    if isinstance(term, Iterated):
        yield term
    if isinstance(term, Reference) and term.name not in seen and term.name in document.definitions:
        seen.add(term.name)
        yield from iterated_in(document, document.definitions[term.name].body, seen)
    for child in children(term):
        yield from iterated_in(document, child, seen)


def recurrent_parameters(document: Document, found: tuple[Iterated, ...]) -> tuple[str, ...]:
    """What the steps of recurrences are made of: families of changing sizes, and what the updates read themselves. A family
    of one size is data that come step by step; what an update reads through a function, J in grad J, are data too."""
    names: dict[str, None] = {}
    for term in found:
        recurrence = document.recurrences[term.recurrence]
        members = dict(recurrence.members)
        changing = {name for _, at, before in recurrence.sizes for name in (at, before)}
        entered: set[str] = set()
        read = [name for update in recurrence.updates for name in _read_itself(document, update, entered)]
        for name in (*members, *(name for name in read if name not in members)):
            info = document.symbols.get(name)
            if info is None or not isinstance(info.type, Type) or info.role != "free" or info.type.domain != "real":
                continue
            ragged = any(changing & dimension.names for dimension in info.type.shape)
            if name not in (recurrence.before or recurrence.states) and (ragged or name not in members):
                names[members.get(name, name)] = None
    return tuple(names)


def _read_itself(document: Document, term: Term, entered: set[str]) -> Iterator[str]:
    """Symbols of a term and of definitions without arguments in it."""
    if isinstance(term, Symbol):
        yield term.name
    if isinstance(term, Reference) and not term.arguments and term.name in document.definitions and term.name not in entered:
        entered.add(term.name)
        yield from _read_itself(document, document.definitions[term.name].body, entered)
    for child in children(term):
        yield from _read_itself(document, child, entered)


def type_of(document: Document, definition: Definition, variable: str) -> Type:
    """The type of a variable that the gradient is taken in."""
    formals = dict(zip(definition.formals, definition.formal_types, strict=True))
    found = formals.get(variable, document.symbols[variable].type if variable in document.symbols else Type())
    return found if isinstance(found, Type) else Type()


def differentiated(tree: object, name: str) -> Iterator[str]:
    """The variables in which derivatives of the definition are taken in a payload."""
    for field in ("left", "right", "body", "update"):
        term = getattr(tree, field, None)
        if isinstance(term, Term):
            yield from _differentiated(term, name)


def _differentiated(term: Term, name: str) -> Iterator[str]:
    if isinstance(term, Derivative) and isinstance(term.body, Reference) and term.body.name == name:
        yield term.variable
    for child in children(term):
        yield from _differentiated(child, name)


def free_scalars(document: Document, definition: Definition, variables: tuple[str, ...]) -> tuple[str, ...]:
    """Unconstrained scalars that the value depends on besides its parameters, such as a bias."""
    constrained = {c.left.name for c in document.assumptions if isinstance(c.left, Symbol)}
    constrained |= {c.right.name for c in document.assumptions if isinstance(c.right, Symbol)}
    reached = dict.fromkeys(reach(document, definition.body))
    return tuple(
        key
        for key in reached
        if key not in variables
        and key not in constrained
        and (info := document.symbols.get(key)) is not None
        and info.role == "free"
        and info.type == Type()
    )


def reach(document: Document, term: Term, seen: set[str] | None = None) -> Iterator[str]:
    """The names of all symbols that a term depends on, through definitions. seen: those that were entered."""
    seen = set() if seen is None else seen
    if isinstance(term, Symbol):
        yield term.name
    if isinstance(term, Reference) and term.name not in seen and term.name in document.definitions:
        seen.add(term.name)
        yield from reach(document, document.definitions[term.name].body, seen)
    if isinstance(term, Iterated):
        recurrence = document.recurrences[term.recurrence]
        inner = {*(recurrence.before or recurrence.states), *(name for name, _ in recurrence.members)}
        yield from (family for _, family in recurrence.members)
        yield from (name for update in recurrence.updates for name in reach(document, update) if name not in inner)
    for child in children(term):
        yield from reach(document, child, seen)
