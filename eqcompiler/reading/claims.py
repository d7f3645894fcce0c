"""Claims: left = right about known sides, for all values and all free indices.

Takes: the two sides. Gives: a claim.
Guarantees: a claim whose shapes cannot fit stays a statement, with the error and what may be meant; it is never
dropped.
"""

from __future__ import annotations

from eqcompiler.errors import ShapeMismatch
from eqcompiler.languages.notation import (
    Differential,
    Evaluated,
    Fence,
    Juxtaposed,
    Large,
    Leibniz,
    Letter,
    Nabla,
    Node,
    Scripted,
)
from eqcompiler.languages.statements import Claim, Kind, Misfit, SymbolInfo
from eqcompiler.languages.terms import (
    Binder,
    Extremum,
    Reference,
)
from eqcompiler.reading import calls, shapes
from eqcompiler.reading.free_indices import free_indices
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import name_of
from eqcompiler.reading.near_sides import near_sides
from eqcompiler.reading.sentence import Sentence, one_line
from eqcompiler.reading.survey import walk


def claim(sentence: Sentence, left: Node, right: Node, chain: Node | None = None) -> None:
    """left = right, for all values and all free indices. A later step of a chain has the chain's name and its own place."""
    reader, scope = sentence.reader, sentence.reader.scope
    span = left.span.to(right.span) if chain is None else right.span
    latex = f"{one_line(left.span)} = {one_line(right.span)}"
    saved = dict(scope.indices)
    name, kind = claim_name(chain or left), claim_kind(left)
    try:
        with scope.binding(**own_arguments(reader, left)):
            a, b = reader.term(left), reader.term(right)
        a, b = shapes.fit(a, b.type), shapes.fit(b, a.type)
        if not shapes.same_shape(a, b, scope) or (a.type.rank == 1 and a.type.row != b.type.row):
            words = f"the two sides differ in shape: {shapes.shape_words(a, scope)} and {shapes.shape_words(b, scope)}"
            fix = "transpose one side; a gradient has the shape of its variable" if a.type.rank == b.type.rank else ""
            raise shapes.clash(words, a, b, span, scope, fix)
        if isinstance(a, Reference) and a.name in scope.definitions and isinstance(scope.definitions[a.name].body, Extremum):
            kind = "claim: minimiser"
        free = tuple(Binder(key, scope.indices[key].lower, scope.indices[key].upper) for key in free_indices(a, b))
        payload = Claim(a, b, free, tuple(sentence.attached))
        sentence.add(name, kind, span, latex=latex, payload=payload, type_text=str(scope.type_of(a.type)))
    except ShapeMismatch as error:
        if "claim" not in kind or scope.trying:
            raise
        misfit = Misfit(left.span.text, right.span, near_sides(right))
        sentence.add(name, kind, span, latex=latex, payload=misfit, error=error)
    finally:
        scope.indices = saved


def own_arguments(reader: Reader, left: Node) -> dict[str, SymbolInfo]:
    """In h(x) = e and h'(x) = e about a known h, an x that means nothing else (or samples x^{(i)}) is h's own argument."""
    scope = reader.scope
    match left:
        case Juxtaposed(factors=(head, Fence(opening=opening, body=body))) if opening in calls.ROUND:
            name = calls.function_head(head)
            definition = scope.definitions.get(scope.current.get(name.key, "")) if name else None
            nodes = calls.argument_nodes(body)
            if definition is None or len(nodes) != len(definition.formals):
                return {}
            pairs = [(name_of(node), formal) for node, formal in zip(nodes, definition.formals, strict=True)]
            return {
                argument.key: scope.symbols[formal]
                for argument, formal in pairs
                if argument is not None and (argument.key in scope.families or not scope.known(argument.key))
            }
    return {}


def claim_kind(left: Node) -> Kind:
    node = left
    while isinstance(node, Scripted | Fence | Juxtaposed) and not (isinstance(node, Scripted) and node.primes):
        node = node.base if isinstance(node, Scripted) else node.body if isinstance(node, Fence) else node.factors[0]
    if isinstance(node, Nabla | Leibniz | Differential | Evaluated) or (isinstance(node, Scripted) and node.primes):
        return "claim: derivative"
    if isinstance(node, Large) and node.operator == "lim" and any(is_sequence(n) for n in walk(node.body)):
        return "claim: limit"
    return "claim: equality"


def is_sequence(node: Node) -> bool:
    return isinstance(node, Scripted) and isinstance(node.subscript, Letter) and node.subscript.text == "t"


def claim_name(left: Node) -> str:
    """A name from the left side: J, grad_J, dJ_dtheta, or `claim` for an expression."""
    match left:
        case Differential(argument=inner):
            return f"d{claim_name(inner)}"
        case Juxtaposed(factors=(head, Fence())):
            return claim_name(head)
        case Nabla(argument=inner, order=order):
            return ("grad_" if order == 1 else "hess_") + claim_name(inner)
        case Leibniz(argument=inner, variables=variables):
            below = "_".join(f"d{claim_name(v)}" for v, _ in variables)
            return f"d{claim_name(inner)}_{below}"
    if isinstance(left, Scripted) and name_of(left) is None:
        return claim_name(left.base)
    name = name_of(left)
    return name.key if name else "claim"
