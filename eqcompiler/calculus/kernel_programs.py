"""Which kernels a document gives, and the index-form program of each.

Takes: a typed document. Gives: kernel requests, and a reason for each definition that has none.
Guarantees: a definition gives its value; a scalar one also the gradient in its parameters, value and gradient together, and
for one parameter the Hessian; an objective its closed form; an update `step` and `run`. Names are unique in the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from eqcompiler.calculus.batch import batched
from eqcompiler.calculus.derive import hessian, value_and_gradient
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.solve import inverse_to_solve
from eqcompiler.calculus.stationary import closed_form
from eqcompiler.errors import EquationError, Span
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Program
from eqcompiler.languages.statements import Definition, Document, Objective, Recurrence, Statement
from eqcompiler.languages.terms import Derivative, Extremum, Reference, Symbol, Term, Type, children


@dataclass(frozen=True, slots=True)
class Choice:
    """`refusals`: the name of a definition and why nothing is compiled for it."""

    requests: tuple[KernelRequest, ...]
    refusals: tuple[tuple[str, EquationError], ...]


def chosen_kernels(document: Document) -> Choice:
    requests: dict[str, KernelRequest] = {}
    refusals: list[tuple[str, EquationError]] = []
    for statement in document.statements:
        for name, make in _makers(document, statement):
            if name in requests:
                continue
            try:
                request = make()
            except EquationError as error:
                refusals.append((name, error))
                continue
            requests[name] = replace(request, line=statement.span.line, latex=statement.latex)
    return Choice(tuple(requests.values()), tuple(refusals))


Maker = tuple[str, Callable[[], KernelRequest]]


def _makers(document: Document, statement: Statement) -> Iterator[Maker]:
    match statement.payload:
        case Definition() as definition:
            yield from _definition_makers(document, definition)
        case Objective(name=name, extremum=extremum):
            yield (
                name,
                lambda: KernelRequest(name, closed_form(document, extremum, name), about="The minimiser in closed form."),
            )
        case Recurrence() as recurrence:
            yield from _recurrence_makers(document, recurrence, statement.span)


def _definition_makers(document: Document, definition: Definition) -> Iterator[Maker]:
    name, term = definition.name, own_reference(document, definition)
    yield name, lambda: KernelRequest(name, _value(document, term, name))
    if definition.body.type.rank == 0 and not isinstance(definition.body, Extremum):
        yield from _gradient_makers(document, definition, term)
    elif definition.body.type.rank:
        return
    batch = _batch_inputs(definition)
    if batch:
        about = "One value for each row of the batch."
        yield (
            f"{name}_batch",
            lambda: KernelRequest(f"{name}_batch", batched(_value(document, term, name), batch, "batch"), about=about),
        )


def own_reference(document: Document, definition: Definition) -> Term:
    """The definition at its own formals."""
    types = zip(definition.formals, definition.formal_types, strict=True)
    return Reference(definition.body.type, definition.name, tuple(Symbol(t, f) for f, t in types), span=definition.span)


def _value(document: Document, term: Term, name: str) -> Program:
    return inverse_to_solve(lower(document, term, name))


def _batch_inputs(definition: Definition) -> tuple[str, ...]:
    """The vector arguments of a scalar function, when it has exactly one: h(x) becomes h for each row of X."""
    vectors = tuple(f for f, t in zip(definition.formals, definition.formal_types, strict=True) if t.rank == 1)
    return vectors if len(definition.formals) == 1 and len(vectors) == 1 else ()


def _gradient_makers(document: Document, definition: Definition, term: Term) -> Iterator[Maker]:
    name = definition.name
    program = lambda: lower(document, term, name)  # noqa: E731
    variables = parameters(document, definition)
    if variables:
        yield f"grad_{name}", lambda: KernelRequest(f"grad_{name}", _gradient(program(), name, variables))
        yield (
            f"value_and_grad_{name}",
            lambda: KernelRequest(f"value_and_grad_{name}", inverse_to_solve(value_and_gradient(program(), name, variables))),
        )
    if len(variables) == 1:
        yield f"hess_{name}", lambda: KernelRequest(f"hess_{name}", inverse_to_solve(hessian(program(), name, variables[0])))
    for extra in free_scalars(document, definition, variables):
        own = (extra,)
        yield f"grad_{name}_{extra}", lambda own=own: KernelRequest(f"grad_{name}_{own[0]}", _gradient(program(), name, own))


def _gradient(program: Program, name: str, variables: tuple[str, ...]) -> Program:
    both = value_and_gradient(program, name, variables)
    return inverse_to_solve(replace(both, outputs=both.outputs[1:]))


def parameters(document: Document, definition: Definition) -> tuple[str, ...]:
    """What the gradient is taken in: the formals, or for a definition without any what the document differentiates it in."""
    if definition.formals:
        types = zip(definition.formals, definition.formal_types, strict=True)
        return tuple(f for f, t in types if t.domain == "real")
    found = dict.fromkeys(v for s in document.statements for v in differentiated(s.payload, definition.name))
    return tuple(v for v in found if v in document.symbols)


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


def reach(document: Document, term: Term, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of all symbols that a term depends on, through definitions."""
    if isinstance(term, Symbol):
        yield term.name
    if isinstance(term, Reference) and term.name not in seen and term.name in document.definitions:
        yield from reach(document, document.definitions[term.name].body, seen | {term.name})
    for child in children(term):
        yield from reach(document, child, seen)


def _recurrence_makers(document: Document, recurrence: Recurrence, span: Span) -> Iterator[Maker]:
    state = recurrence.state
    following = f"{state}_next"

    def program() -> Program:
        lowered = inverse_to_solve(lower(document, recurrence.update, following))
        first = [i for i in lowered.inputs if i.name == state]
        return replace(lowered, inputs=(*first, *(i for i in lowered.inputs if i.name != state)))

    yield f"{state}_step", lambda: KernelRequest(f"{state}_step", program(), "step", (state,), about="One update.")
    yield (
        f"{state}_run",
        lambda: KernelRequest(f"{state}_run", program(), "run", (state,), about="Updates until nothing moves."),
    )
