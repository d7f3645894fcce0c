"""Products and calls: what stands side by side, read as application where a function stands before a bracket.

Takes: factors in order. Gives: one typed term.
Guarantees: a known function is applied, a known value is multiplied; an unknown letter before a bracket is an error that
offers both. A scalar function of a tensor acts on every entry.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, Span
from eqcompiler.languages.notation import Addition, Fence, Juxtaposed, Letter, Listing, Node, Numeral, Scripted
from eqcompiler.languages.statements import Definition
from eqcompiler.languages.terms import (
    Derivative,
    FunctionType,
    Reference,
    Term,
    Type,
    UnknownCall,
)
from eqcompiler.reading import chain_rule, directions, indicators, shapes
from eqcompiler.reading.built_in import BUILT_IN, built_in
from eqcompiler.reading.entrywise import by_entries
from eqcompiler.reading.formal_arguments import nameless_arguments, own_arguments, slope
from eqcompiler.reading.marks import with_subscript, with_superscript
from eqcompiler.reading.names import Name, is_star, labelled, letter_name, name_of
from eqcompiler.reading.scope import Reader, shape_text
from eqcompiler.reading.survey import walk

ROUND = ("(", "[", "{")


def product(reader: Reader, factors: tuple[Node, ...], span: Span) -> Term:
    """Left to right; the association does not matter where the shapes fit at all."""
    terms = resolve_calls(reader, factors)
    result = terms[0]
    for term in terms[1:]:
        both = result.span.to(term.span) if result.span and term.span else span
        result = chain_rule.multiply(result, term, both, reader.scope)
    return replace(result, span=span)


def resolve_calls(reader: Reader, factors: tuple[Node, ...]) -> list[Term]:
    terms: list[Term] = []
    position = 0
    while position < len(factors):
        node = factors[position]
        following = factors[position + 1] if position + 1 < len(factors) else None
        bracket = opening_bracket(following)
        head = function_head(node)
        if is_jacobian_sign(reader, node) and following is not None:
            found = jacobian(reader, node, factors[position + 1 :])
            if found is not None:
                terms.append(found[0])
                position += found[1]
                continue
        test = indicators.comparison(following)
        if test is not None and following is not None and indicators.is_indicator(reader, node, following):
            terms.append(indicators.indicator(reader, test, node.span.to(following.span)))
            position += 2
            continue
        if test is None and bracket is not None and head is not None and following is not None:
            value = call(reader, node, head, bracket)
            if value is not None:
                terms.append(after_call(reader, value, following, node.span.to(following.span)))
                position += 2
                continue
        terms.append(reader.term(node))
        position += 1
    return terms


def is_jacobian_sign(reader: Reader, node: Node) -> bool:
    """A D that nothing declares: D f(x), one row for each component of f; D_v f(x), its derivative along v."""
    sign = node.base if isinstance(node, Scripted) and node.superscript is None and not node.primes else node
    plain = isinstance(sign, Letter) and sign.text == "D" and not sign.font
    names = [name for name in (function_head(node), function_head(sign)) if name is not None]
    return plain and not any(reader.scope.known(name.key) for name in names)


def jacobian(reader: Reader, sign: Node, factors: tuple[Node, ...]) -> tuple[Term, int] | None:
    """D f, D f(x), D f(x)[h], D_v f(x) with how many factors they are; None when no function of one argument follows."""
    function, span = factors[0], sign.span.to(factors[0].span)
    bracket = factors[1] if len(factors) > 1 else None
    head, inside = function_head(function), opening_bracket(bracket)
    if head is None or not reader.scope.is_function(head.key) or (isinstance(function, Scripted) and function.primes):
        return None
    definition = reader.scope.definitions.get(reader.scope.current.get(head.key, ""))
    if inside is None and definition is not None:
        points: tuple[Term, ...] = own_arguments(reader.scope, definition)
    elif inside is not None and inside is bracket:
        points = arguments_of(reader, inside)
    else:
        return None
    value = function_derivative(reader, head.key, points, 1, span)
    count = 2 if inside is None else 3
    way = factors[2] if inside is not None and len(factors) > 2 else None
    direction, used = direction_below(reader, sign, definition), 0
    if direction is None and isinstance(way, Fence) and way.opening == "[":
        direction, used = reader.term(way.body), 1
    if direction is not None and definition is not None:
        return directions.along_argument(reader, value, definition, direction, span), count + used
    row = isinstance(value, Derivative) and not value.body.type.rank and value.type.rank == 1
    return (shapes.transpose(value, span) if row else value), count


def direction_below(reader: Reader, sign: Node, definition: Definition | None) -> Term | None:
    """v of D_v f; nothing where the variable of f itself stands there, D_x f."""
    if not isinstance(sign, Scripted) or sign.subscript is None:
        return None
    name = name_of(sign.subscript)
    if name is not None and definition is not None and definition.formals == (name.key,):
        return None
    return reader.term(sign.subscript)


def opening_bracket(node: Node | None) -> Fence | None:
    """The bracket that may hold arguments: f(x), or f(x)^2 where the script belongs to the value."""
    if isinstance(node, Scripted):
        node = node.base
    return node if isinstance(node, Fence) and node.opening in ROUND else None


def function_head(node: Node) -> Name | None:
    """The name that may be a function, with primes taken off: f, f', h_\\theta, f^*."""
    match node:
        case Letter():
            return letter_name(node)
        case Scripted(base=Letter() as base, subscript=below, superscript=above) if above is None or is_star(above):
            return labelled(letter_name(base), below, above)
    return None


def arguments_of(reader: Reader, bracket: Fence) -> tuple[Term, ...]:
    return tuple(reader.term(item) for item in argument_nodes(bracket.body))


def entries_of(reader: Reader, bracket: Fence) -> tuple[Term, ...]:
    return tuple(of_entries(reader, item) for item in argument_nodes(bracket.body))


def of_entries(reader: Reader, node: Node) -> Term:
    r"""A factor of \odot or the argument of a scalar function: in a sum of arrays a number stands in every entry."""
    body = node.body if isinstance(node, Fence) and node.opening in ROUND else node
    if not isinstance(body, Addition):
        return reader.term(node)
    terms = shapes.in_every_entry([(sign, reader.term(term)) for sign, term in body.terms], reader.scope)
    return replace(shapes.add(terms, body.span, reader.scope), span=node.span)


def takes_a_number(reader: Reader, key: str) -> bool:
    """A function of one number that gives one: of an array it gives the array of its values."""
    scope = reader.scope
    if key in scope.current:
        definition = scope.definitions[scope.current[key]]
        types, result = definition.formal_types, definition.body.type
    else:
        declared = scope.symbols[key].type
        if not isinstance(declared, FunctionType):
            return False
        types, result = declared.parameters, declared.result
    return len(types) == 1 and not types[0].rank and not result.rank


def argument_nodes(body: Node) -> tuple[Node, ...]:
    if isinstance(body, Listing):
        return tuple(node for item in body.items for node in argument_nodes(item))
    return (body,)


def call(reader: Reader, node: Node, head: Name, bracket: Fence) -> Term | None:
    """The application, or None when the head is a value that multiplies the bracket."""
    scope = reader.scope
    if scope.is_function(head.key) and not stands_bare(head, bracket.body):
        primes = node.primes if isinstance(node, Scripted) else 0
        arguments = entries_of(reader, bracket) if takes_a_number(reader, head.key) else arguments_of(reader, bracket)
        return apply(reader, head.key, arguments, primes, node.span.to(bracket.span))
    if scope.known(head.key) or scope.is_function(head.key) or head.key in scope.dimensions or head.key in scope.indices:
        return None
    if head.key in BUILT_IN:
        primes = node.primes if isinstance(node, Scripted) else 0
        return built_in(reader, head.key, arguments_of(reader, bracket), primes, node.span.to(bracket.span))
    if head.key in UNAMBIGUOUS_VALUES or isinstance(node, Numeral):
        return None
    if isinstance(node, Scripted) and isinstance(node.base, Letter) and scope.known(letter_name(node.base).key):
        return None
    if head.key in scope.ranks:  # inferred as a value before
        return None
    raise AmbiguousNotation(
        f"'{node.span.text}' is not declared: '{node.span.text}(...)' is a call or a product",
        node.span.to(bracket.span),
        allowed=f"{head.latex} : \\mathbb{{R}} \\to \\mathbb{{R}} a function, {head.latex} \\in \\mathbb{{R}} a number",
        fix=f"declare {head.latex}, or write {head.latex} \\cdot (...) for the product",
    )


def stands_bare(head: Name, body: Node) -> bool:
    r"""\sigma (1 - \sigma): a function without argument inside its own bracket means its value, here and there."""
    nodes = tuple(walk(body))
    applied = {
        id(first)
        for node in nodes
        if isinstance(node, Juxtaposed)
        for first, second in pairwise(node.factors)
        if opening_bracket(second) is not None
    }
    return any(isinstance(n, Letter | Scripted) and id(n) not in applied and function_head(n) == head for n in nodes)


UNAMBIGUOUS_VALUES = frozenset({"pi", "e", "I", "I_bold", "n1_bold", "n1_bb"})


def after_call(reader: Reader, value: Term, following: Node, span: Span) -> Term:
    """f(x)^2 and p(x)_i: scripts behind the bracket belong to the value."""
    if isinstance(following, Scripted):
        below = with_subscript(reader, value, following.subscript, span)
        return with_superscript(reader, below, following.superscript, span)
    return value


def apply(reader: Reader, key: str, arguments: tuple[Term, ...], primes: int, span: Span) -> Term:
    """f(arguments), or its derivative f'(arguments), for a defined or a declared function."""
    scope = reader.scope
    name = scope.current.get(key)
    if name is not None:
        definition = scope.definitions[name]
        types, result = definition.formal_types, scope.type_of(definition.body.type)
    else:
        declared = scope.symbols[key].type
        if not isinstance(declared, FunctionType):
            raise IllegalEquation(f"'{key}' is not a function", span)
        definition, types, result = None, declared.parameters, declared.result
    if len(arguments) != len(types):
        what = f"'{key}' takes {len(types)} {'argument' if len(types) == 1 else 'arguments'}, here {len(arguments)}"
        raise IllegalEquation(what, span, fix="give one value for each argument of its definition")
    if len(types) == 1 and not scope.type_of(types[0]).rank and arguments[0].type.rank and not result.rank:
        return entrywise(reader, key, arguments[0], primes, span)
    arguments = tuple(shapes.fit(a, scope.type_of(type_)) for a, type_ in zip(arguments, types, strict=True))
    for argument, type_ in zip(arguments, types, strict=True):
        check_argument(reader, key, argument, type_, definition, span)
    if primes:
        return function_derivative(reader, key, arguments, primes, span)
    if name is not None:
        return Reference(result, name, arguments, span=span)
    return UnknownCall(result, key, arguments, span=span)


def check_argument(reader: Reader, key: str, argument: Term, type_: Type, definition: Definition | None, span: Span) -> None:
    scope = reader.scope
    wanted = scope.type_of(type_)
    fits = argument.type.rank == wanted.rank and all(
        scope.sizes.unify(a, b) for a, b in zip(argument.type.shape, wanted.shape, strict=True)
    )
    if not fits:
        given, asked = shape_text(scope.type_of(argument.type).shape), shape_text(wanted.shape)
        also = ((definition.span, f"'{key}' is defined for {asked}"),) if definition else ()
        what = f"'{key}' takes {asked}; this is {given}"
        raise IllegalEquation(what, argument.span or span, also=also, fix="check the argument's transposes and declared sizes")


def function_derivative(reader: Reader, key: str, arguments: tuple[Term, ...], order: int, span: Span) -> Term:
    """f'(x), f''(x), and the gradient of f at a point: the derivative in the only argument, evaluated there."""
    scope = reader.scope
    name = scope.current.get(key)
    if len(arguments) != 1:
        what = f"'{key}' has {len(arguments)} arguments, so a prime does not say in which to differentiate"
        raise AmbiguousNotation(what, span, fix=r"write \\frac{\\partial}{\\partial x}")
    (point,) = arguments
    if name is not None:
        definition = scope.definitions[name]
        (formal,) = own_arguments(scope, definition, span)
        value: Term = Reference(scope.type_of(definition.body.type), name, (formal,), span=span)
    else:
        info = scope.symbols[key]
        if not isinstance(info.type, FunctionType):
            raise IllegalEquation(f"'{key}' is not a function", span)
        (formal,) = nameless_arguments(scope, key, info.latex, tuple(map(scope.type_of, info.type.parameters)), span)
        value = UnknownCall(info.type.result, key, (formal,), span=span)
    return slope(value, formal, order, point)


def entrywise(reader: Reader, key: str, argument: Term, primes: int, span: Span) -> Term:
    """A scalar function of a tensor: the tensor of its values."""
    return by_entries(reader, key, argument, lambda entry: apply(reader, key, (entry,), primes, span), span)
