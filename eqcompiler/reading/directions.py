r"""Directions: dX, d f, \mathrm{d}(XY), D f(x)[h], D_v f(x): derivatives along a direction.

Takes: Differential nodes, values with a direction. Gives: terms in which a Derivative is multiplied by the direction.
Guarantees: the differential of a variable is an arbitrary direction of its shape, symmetric or diagonal where the variable is;
the differential of a value runs over all its variables, and each of them is known to vary (the file writes its differential) or
the author is asked: a letter is never taken for a constant because that suits a claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Differential, Fence, Letter, Node
from eqcompiler.languages.statements import Definition, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Condition,
    Derivative,
    Extremum,
    Index,
    Integral,
    Limit,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
    children,
)
from eqcompiler.reading import shapes
from eqcompiler.reading.entrywise import fresh_index
from eqcompiler.reading.formal_arguments import own_arguments
from eqcompiler.reading.names import name_of
from eqcompiler.reading.scope import Reader, Scope

KEPT = {
    "symmetric": "symmetric",
    "positive definite": "symmetric",
    "positive semidefinite": "symmetric",
    "diagonal": "diagonal",
}
OPEN = frozenset({"invertible", "<", "<=", ">", ">=", "!="})  # what holds near a point: no direction leaves it at once


def differential(reader: Reader, node: Differential) -> Term:
    inside = node.argument
    while isinstance(inside, Fence) and inside.opening in ("(", "[", "{"):
        inside = inside.body
    refuse_unknown(reader, node, inside)
    value = reader.term(inside)
    if isinstance(value, Symbol) and value.name not in reader.scope.definitions:
        if node.order == 2:
            return Call(value.type, "zeros", (), span=node.span) if value.type.rank else shapes.number(0, node.span)
        return direction_of(reader, value, node.span)
    variables = tuple(varied(reader.scope, value))
    for variable in variables:
        refuse_constant(reader, variable, node)
    for _ in range(node.order):
        parts = [("+", along(reader, value, v, direction_of(reader, v, node.span), node.span)) for v in variables]
        if not parts:
            return Call(value.type, "zeros", (), span=node.span) if value.type.rank else shapes.number(0, node.span)
        value = shapes.add(parts, node.span, reader.scope)
    return replace(value, span=node.span)


def refuse_unknown(reader: Reader, node: Differential, inside: Node) -> None:
    name = name_of(inside) if isinstance(inside, Letter) else None
    if name is not None and not reader.scope.known(name.key) and name.key not in reader.scope.dimensions:
        what = f"nothing declares or defines '{name.latex}', so '{node.span.text.strip()}' has no meaning"
        raise IllegalEquation(what, node.span, fix=f"declare {name.latex}, or define it: {name.latex}(x) = ...")


def refuse_constant(reader: Reader, variable: Symbol, node: Differential) -> None:
    if variable.name in reader.scope.varied:
        return
    latex = reader.scope.symbols[variable.name].latex
    raise AmbiguousNotation(
        f"'{node.span.text.strip()}': nothing says whether {latex} varies or is constant",
        node.span,
        allowed=f"a formula with \\mathrm{{d}}{latex}, or a definition f(X) = ... whose arguments vary",
        fix=f"if {latex} is constant, write \\text{{where }} \\mathrm{{d}}{latex} = 0",
    )


def varied(scope: Scope, value: Term) -> Iterator[Symbol]:
    """The variables of a value: the arguments of a function, and every free symbol that is no whole number."""
    found: dict[str, Symbol] = {}
    pending: list[tuple[Term, frozenset[str]]] = [(value, frozenset())]
    while pending:
        term, bound = pending.pop()
        if isinstance(term, Symbol) and is_variable(scope, term) and term.name not in bound:
            found.setdefault(term.name, term)
        elif isinstance(term, Reference) and not term.arguments:
            pending.append((scope.definitions[term.name].body, bound))
        elif isinstance(term, Integral | Limit | Extremum):
            bound |= {term.variable}
        pending += [(child, bound) for child in reversed(children(term))]
    yield from found.values()


def is_variable(scope: Scope, term: Symbol) -> bool:
    return term.name not in scope.definitions and term.type.domain == "real" and term.name not in scope.directions.values()


def direction_of(reader: Reader, variable: Symbol, span: Span) -> Symbol:
    """The symbol for dX, with what it keeps of the properties of X."""
    scope = reader.scope
    key = scope.directions.get(variable.name)
    if key is None:
        if variable.name in scope.ragged:
            raise NotSupportedYet("the differential of a family of different sizes is not read", span)
        key = f"d_{variable.name}"
        while key in scope.symbols or key in scope.definitions:
            key += "_"
        info = scope.symbols[variable.name]
        why = f"the differential of {info.latex}: any direction"
        type_ = replace(scope.type_of(variable.type), row=False)
        scope.symbols[key] = SymbolInfo(key, f"\\mathrm{{d}}{info.latex}", type_, "free", info.declared, why)
        scope.directions[variable.name] = key
        scope.assumptions += directed(scope, variable, Symbol(type_, key), span)
    found = Symbol(scope.type_of(replace(variable.type, row=False)), key, span=span)
    return shapes.transpose(found, span) if variable.type.row else found  # type: ignore[return-value]


def directed(scope: Scope, variable: Symbol, direction: Symbol, span: Span) -> list[Condition]:
    found: list[Condition] = []
    for condition in scope.assumptions:
        if condition.left == variable and condition.relation in KEPT:
            kept = Condition(KEPT[condition.relation], direction)
            found += [kept] if kept not in found else []
        elif condition.relation not in OPEN and variable.name in {s.name for s in symbols_in(condition)}:
            latex = scope.symbols[variable.name].latex
            what = f"{latex} satisfies an equation, so that its differential is not just any direction"
            fix = f"write what its differential satisfies, or state the claim without \\mathrm{{d}}{latex}"
            raise NotSupportedYet(what, span, fix=fix)
    return found


def symbols_in(condition: Condition) -> Iterator[Symbol]:
    pending = [side for side in (condition.left, condition.right) if side is not None]
    while pending:
        term = pending.pop()
        if isinstance(term, Symbol):
            yield term
        pending += children(term)


def along(reader: Reader, value: Term, variable: Symbol, direction: Term, span: Span) -> Term:
    shape = reader.scope.type_of(variable.type).shape
    slope = Derivative(Type((*value.type.shape, *shape)), value, variable.name, span=span)
    return contracted(reader, slope, value.type, direction, span)


def contracted(reader: Reader, slope: Term, type_: Type, direction: Term, span: Span) -> Term:
    """The derivative of a value of this type times the direction, summed over the axes of the variable."""
    scope = reader.scope
    if not direction.type.rank:
        return shapes.multiply(direction, replace(slope, type=type_), span, scope)
    if not type_.rank and direction.type.rank == 1:
        column = shapes.transpose(direction, span) if direction.type.row else direction
        return shapes.multiply(shapes.transpose(slope, span), column, span, scope)
    if not type_.rank and direction.type.rank == 2:
        product = shapes.multiply(shapes.transpose(slope, span), direction, span, scope)
        return Call(SCALAR, "trace", (product,), span=span)
    column = shapes.transpose(direction, span) if direction.type.row else direction
    outer = [binder(reader, place, size) for place, size in enumerate(type_.shape)]
    inner = [binder(reader, place, size) for place, size in enumerate(column.type.shape, len(outer))]
    inside = tuple(Index(INTEGER, b.name) for b in inner)
    entry = Component(SCALAR, slope, (*(Index(INTEGER, b.name) for b in outer), *inside), span=span)
    body: Term = Call(SCALAR, "mul", (entry, Component(SCALAR, column, inside, span=span)), span=span)
    for each in reversed(inner):
        body = Reduction(SCALAR, "sum", each, body, span=span)
    return Comprehension(type_, tuple(outer), body, span=span) if outer else body


def binder(reader: Reader, place: int, size: Dimension) -> Binder:
    return Binder(fresh_index(reader, place), shapes.number(1), Size(INTEGER, size))


def along_argument(reader: Reader, slope: Term, definition: Definition, direction: Term, span: Span) -> Term:
    """D f(x)[h]: the derivative of a function of one argument, taken at a point, along a direction of the argument's shape."""
    scope = reader.scope
    (formal,) = own_arguments(scope, definition)
    direction = shapes.fit(direction, formal.type)
    if not shapes.same_shape(direction, formal, scope):
        words = f"a direction of '{definition.latex}' has the shape of its argument"
        raise shapes.clash(words, direction, formal, span, scope)
    return contracted(reader, slope, scope.type_of(definition.body.type), direction, span)
