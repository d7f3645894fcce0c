r"""Derivatives in the author's notations: f'(x), \nabla_\theta J(\theta), \frac{\partial y}{\partial x^\top}.

Takes: Scripted nodes with primes, Nabla and Leibniz nodes. Gives: Derivative terms.
Guarantees: a gradient has the shape of its variable; the derivative of a vector has one row per component of the vector.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.notation import Evaluated, Fence, Juxtaposed, Leibniz, Nabla, Node, Scripted
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Derivative,
    Index,
    Size,
    Symbol,
    Term,
    Type,
    children,
)
from eqcompiler.reading import calls, directions, shapes, steps, unknown_functions
from eqcompiler.reading.entrywise import fresh_index
from eqcompiler.reading.formal_arguments import own_arguments
from eqcompiler.reading.indices import check_range, component, index_term
from eqcompiler.reading.marks import is_transpose_mark, with_superscript
from eqcompiler.reading.names import Name, is_star, name_of
from eqcompiler.reading.scope import Reader
from eqcompiler.reading.variables import variable_of


def primed(reader: Reader, node: Scripted) -> Term:
    """f' without a bracket is the derivative at f's own variable; a primed name that is known is that name."""
    scope = reader.scope
    full = name_of(node)
    if full is not None:
        known = reader.known_symbol(full.key, node.span)
        if known is not None:
            return known
    head = calls.function_head(node)
    if head is None or head.key not in scope.current or not scope.is_function(head.key):
        turned = turned_tensor(reader, node, head)
        if turned is not None:
            return turned
        raise AmbiguousNotation(
            f"'{node.span.text}': a prime is a derivative, a transpose or a part of the name, and nothing declared decides",
            node.span,
            fix=r"define the function before, write ^\top for a transpose, or define the primed name",
        )
    definition = scope.definitions[scope.current[head.key]]
    value = calls.function_derivative(reader, head.key, own_arguments(scope, definition), node.primes, node.span)
    return with_superscript(reader, value, None if is_star(node.superscript) else node.superscript, node.span)


def turned_tensor(reader: Reader, node: Scripted, head: Name | None) -> Term | None:
    """X' for a vector or a matrix X that has no other meaning with a prime: its transpose."""
    known = reader.known_symbol(head.key, node.span) if head is not None and node.primes == 1 else None
    if known is None or not known.type.rank:
        return None
    turned = shapes.transpose(known, node.span)
    return with_superscript(reader, turned, None if is_star(node.superscript) else node.superscript, node.span)


def nabla(reader: Reader, node: Nabla) -> Term:
    """The gradient (order 1) or Hessian (order 2)."""
    head, bracket = applied_function(reader, node.argument)
    if node.variable is None:
        if head is None or bracket is None:
            return gradient_of_bare(reader, node)
        return calls.function_derivative(reader, head.key, calls.arguments_of(reader, bracket), node.order, node.span)
    variable, indices = variable_of(reader, node.variable)
    way = direction_below(reader, variable, head or name_of(node.argument), bracket, node)
    if way is not None:
        return way
    if head is not None and bracket is not None:
        at_point = gradient_at_point(reader, head, bracket, variable, node)
        if at_point is not None:
            return at_point
    value = differentiate(reader, argument(reader, node), [variable] * node.order, node.span)
    return part_of(reader, value, indices, node.span)


def direction_below(reader: Reader, variable: str, head: Name | None, bracket: Fence | None, node: Nabla) -> Term | None:
    r"""\nabla_v f(x) with a v that f does not read, of the shape of its argument: the derivative along v."""
    scope = reader.scope
    definition = scope.definitions.get(scope.current.get(head.key, "")) if head is not None else None
    info = scope.symbol(variable)
    if head is None or definition is None or len(definition.formals) != 1 or node.order != 1 or info is None:
        return None
    (formal,) = own_arguments(scope, definition)
    wanted = formal.type
    if variable in (*definition.formals, *steps.reach(scope, definition.body, set())) or not isinstance(info.type, Type):
        return None
    if not wanted.rank or scope.type_of(info.type).shape != wanted.shape:
        return None
    points = (formal,) if bracket is None else calls.arguments_of(reader, bracket)
    if any(mentions(point, variable) for point in points):
        return None
    slope = calls.function_derivative(reader, head.key, points, 1, node.span)
    return directions.along_argument(reader, slope, definition, Symbol(scope.type_of(info.type), variable), node.span)


def evaluated(reader: Reader, node: Evaluated) -> Term:
    r"""\frac{d}{dt} g(t) \big|_{t=0}: a derivative in the named variable, taken at the point."""
    variable, indices = variable_of(reader, node.variable)
    value, point = reader.term(node.body), reader.term(node.point)
    kind = shape_of(reader, variable, node.variable.span)
    point = shapes.fit(point, kind)
    if not indices and shapes.same_shape(point, Symbol(kind, variable), reader.scope):
        found = at_point(value, variable, point)
        if found is not None:
            return replace(found, span=node.span)
    raise NotSupportedYet(
        f"'{node.span.text.strip()}' is no derivative in '{node.variable.span.text.strip()}' at one point",
        node.span,
        allowed=r"\frac{\partial f}{\partial x} \big|_{x=a}, \nabla f(x) \big|_{x=a}",
        fix="write the value that is substituted into the formula",
    )


def at_point(value: Term, variable: str, point: Term) -> Term | None:
    """The derivative with its point; through what stands around it: a transpose, a component."""
    match value:
        case Derivative(variable=own, point=None) if own == variable:
            return replace(value, point=point)
        case Call(operation="transpose", arguments=(inner,)) if (found := at_point(inner, variable, point)) is not None:
            return replace(value, arguments=(found,))
        case Component(base=inner) if (found := at_point(inner, variable, point)) is not None:
            return replace(value, base=found)
    return None


def over_product(reader: Reader, node: Node, rest: tuple[Node, ...]) -> Nabla | None:
    r"""\nabla_x a^\top x: the gradient of a alone is zero, so that of the product is meant. None where the sign has an argument
    of its own."""
    inside = node.base if isinstance(node, Scripted) else node
    if not isinstance(inside, Nabla) or inside.variable is None or name_of(inside.argument) is None:
        return None
    value, (variable, _) = argument(reader, inside), variable_of(reader, inside.variable)
    constant = value.name != variable if isinstance(value, Symbol) else isinstance(value, Call) and not value.arguments
    if not constant:
        return None
    first = inside.argument
    if isinstance(node, Scripted):
        first = replace(node, base=first, span=Span(first.span.source, first.span.start, node.span.stop))
    product = Juxtaposed(first.span.to(rest[-1].span), (first, *rest))
    reader.scope.notes.append(f"the gradient is that of '{product.span.text}'")
    return replace(inside, argument=product, span=inside.span.to(rest[-1].span))


def gradient_of_bare(reader: Reader, node: Nabla) -> Term:
    """\\nabla f without a bracket: f has one argument, else the variable has to be written."""
    if isinstance(node.argument, Juxtaposed):
        calls.resolve_calls(reader, node.argument.factors)  # an undeclared function is the better message
    name = name_of(node.argument)
    definition = reader.scope.definitions.get(reader.scope.current.get(name.key, "")) if name else None
    if definition is None or len(definition.formals) != 1:
        raise AmbiguousNotation(
            f"'{node.span.text}' does not say in which variable", node.span, fix=r"write \nabla_x with the variable"
        )
    points = own_arguments(reader.scope, definition, node.argument.span)
    return calls.function_derivative(reader, name.key if name else "", points, node.order, node.span)


def applied_function(reader: Reader, argument: Node) -> tuple[Name | None, Fence | None]:
    """The function and its bracket when the argument is a call."""
    if isinstance(argument, Juxtaposed) and len(argument.factors) == 2:
        head, bracket = calls.function_head(argument.factors[0]), argument.factors[1]
        if head is not None and isinstance(bracket, Fence) and reader.scope.is_function(head.key):
            return head, bracket
    return None, None


def gradient_at_point(reader: Reader, head: Name, bracket: Fence, variable: str, node: Nabla) -> Term | None:
    r"""\nabla_\theta J(\theta_t): J's own variable, evaluated at a point that does not contain it."""
    definition = reader.scope.definitions.get(reader.scope.current.get(head.key, ""))
    if definition is None or definition.formals != (variable,):
        return None
    (point,) = calls.arguments_of(reader, bracket)
    if isinstance(point, Symbol) and point.name == variable:
        return None
    if mentions(point, variable):
        return None
    return calls.function_derivative(reader, head.key, (point,), node.order, node.span)


def mentions(term: Term, name: str) -> bool:
    if isinstance(term, Symbol):
        return term.name == name
    return any(mentions(child, name) for child in children(term))


def leibniz(reader: Reader, node: Leibniz) -> Term:
    """Each variable in turn, the rightmost first; indices below a variable take that component."""
    value = argument(reader, node)
    found = [(variable_of(reader, v), transposed(reader, v), order) for v, order in node.variables]
    order_of_axes: list[str] = []
    for (variable, _), _, order in found:
        order_of_axes += [variable] * order
    rank = value.type.rank
    value = differentiate(reader, value, order_of_axes, node.span)
    if len(found) == 1 and found[0][2] == 1:
        (variable, indices), row, _ = found[0]
        taken = part_of(reader, value, indices, node.span, before=rank)
        return shapes.transpose(taken, node.span) if row and rank == 0 and taken.type.rank == 1 else taken
    indices = tuple(index for (_, own), _, order in found for index in own * order)
    if indices and rank:
        raise IllegalEquation("components of the second derivative of a vector are not read", node.span)
    axes = [(shape_of(reader, variable, node.span).rank, own) for (variable, own), _, order in found for _ in range(order)]
    if any(0 < len(own) < rank for rank, own in axes[:-1]):
        return member_of(reader, value, axes, node.span)
    return part_of(reader, value, indices, node.span)


def member_of(reader: Reader, value: Term, axes: list[tuple[int, tuple[Node, ...]]], span: Span) -> Term:
    """The derivative in single members of families, c^{(k)} twice: each index on the axes of its own variable."""
    indices: list[Term] = []
    binders: list[Binder] = []
    for rank, own in axes:
        for node in own:
            indices.append(index_term(reader, node))
            check_range(reader.scope, indices[-1], value.type.shape[len(indices) - 1], len(indices), span)
        for _ in range(rank - len(own)):
            name = fresh_index(reader, len(binders))
            binders.append(Binder(name, shapes.number(1), Size(INTEGER, value.type.shape[len(indices)])))
            indices.append(Index(INTEGER, name))
    own_names = {binder.name for binder in binders}
    pairs = zip(value.type.shape, indices, strict=True)
    shape = tuple(size for size, index in pairs if isinstance(index, Index) and index.name in own_names)
    entry = Component(SCALAR, value, tuple(indices), span=span)
    return Comprehension(Type(shape), tuple(binders), entry, span=span)


def argument(reader: Reader, node: Leibniz | Nabla) -> Term:
    """What is differentiated; a bare function name means its value at its own variables."""
    unknown = unknown_functions.numerator(reader, node.argument)
    return reader.term(node.argument) if unknown is None else unknown


def transposed(reader: Reader, node: Node) -> bool:
    turned = isinstance(node, Scripted) and node.primes == 1 and not is_known(reader, node)
    return turned or (isinstance(node, Scripted) and is_transpose_mark(reader, node.superscript))


def is_known(reader: Reader, node: Node) -> bool:
    name = name_of(node)
    return name is not None and reader.scope.known(name.key)


def differentiate(reader: Reader, value: Term, variables: list[str], span: Span) -> Term:
    for variable in variables:
        shape = shape_of(reader, variable, span)
        value = Derivative(Type(value.type.shape + shape.shape), value, variable, span=span)
    return value


def shape_of(reader: Reader, variable: str, span: Span) -> Type:
    scope = reader.scope
    info = scope.symbol(variable)
    if variable in scope.definitions and (info is None or variable not in scope.bound):
        return scope.type_of(scope.definitions[variable].body.type)
    if info is None or not isinstance(info.type, Type):
        raise IllegalEquation(f"'{variable}' is not a variable", span)
    type_ = scope.type_of(info.type)
    return replace(type_, shape=(scope.ragged[variable], *type_.shape)) if variable in scope.ragged else type_


def part_of(reader: Reader, value: Term, indices: tuple[Node, ...], span: Span, before: int = 0) -> Term:
    """The component at `indices` of the last axes; `before` axes of the differentiated value stay in front."""
    if not indices:
        return value
    terms = tuple(index_term(reader, node) for node in indices)
    if before:
        what = "a component of the variable below the derivative of a vector"
        raise IllegalEquation(what, span, fix=r"write the component of the vector: \frac{\partial y_i}{\partial x_j}")
    return component(reader.scope, value, terms, span)
