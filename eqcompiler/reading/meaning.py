r"""Meaning: from notation to typed terms, with types deciding every ambiguity.

Takes: a notation node and the scope. Gives: a typed term.
Guarantees: `X^T`, `x^{(i)}`, `f(x+1)`, `|A|`, `I` and a prime get the one meaning that declarations and shapes allow;
where they allow two, an AmbiguousNotation lists them. Nothing is guessed and no node is dropped.

START HERE for one formula: `Reader.term` looks the node's class up in RULES; the rules for scripts, products and calls are
here, those for functions, large operators and derivatives in the modules beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import (
    Addition,
    Differential,
    Dots,
    Empty,
    Evaluated,
    Fence,
    Grid,
    Infix,
    Juxtaposed,
    Large,
    Leibniz,
    Letter,
    Listing,
    Nabla,
    Node,
    Numeral,
    Prefix,
    Relation,
    Root,
    Scripted,
    Words,
)
from eqcompiler.languages.notation import (
    Fraction as FractionNode,
)
from eqcompiler.languages.statements import SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    Call,
    FunctionType,
    Index,
    Reference,
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading import (
    calls,
    chain_rule,
    derivatives,
    directions,
    functions,
    grids,
    indicators,
    large,
    shapes,
    steps,
    unknown_functions,
)
from eqcompiler.reading.names import Name, letter_name
from eqcompiler.reading.scope import Scope
from eqcompiler.reading.scripts import SPECIAL_LETTERS, scripted


class Reader:
    """Reads nodes in one scope. `pending_definition(key)` is called before an unknown name becomes an inferred symbol."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def term(self, node: Node) -> Term:
        rule = RULES.get(type(node))
        if rule is None:
            what = f"'{node.span.text}' stands for no value"
            raise NotSupportedYet(what, node.span, fix="write a name, a number or an expression")
        return rule(self, node)

    def known_symbol(self, key: str, span: Span) -> Term | None:
        """The term a known name stands for: a bound variable, a definition, a declared symbol or a size."""
        scope = self.scope
        if key in scope.indices:
            return Index(INTEGER, key, span=span)
        if key not in scope.bound and key in scope.current:
            definition = scope.definitions[scope.current[key]]
            arguments = tuple(
                Symbol(scope.type_of(type_), formal, span=span)
                for formal, type_ in zip(definition.formals, definition.formal_types, strict=True)
            )
            return Reference(scope.type_of(definition.body.type), definition.name, arguments, span=span)
        last = steps.last_state(self, key, span)
        if last is not None:
            return last
        if key in scope.of_states:
            return unknown_functions.of_state(self, key, span)
        info = scope.symbol(key)
        if info is not None:
            if isinstance(info.type, FunctionType):
                what = f"the function '{info.latex}' stands here without its argument"
                raise IllegalEquation(what, span, fix=f"write {info.latex}(...)")
            if key not in scope.bound:
                scope.used.add(key)
            return Symbol(scope.type_of(info.type), info.name, span=span)
        if key in scope.dimensions:
            return shapes.size_term(Dimension.of(key), span)
        return None

    def inferred_symbol(self, name: Name, span: Span, at_least: int = 0) -> Term:
        """An undeclared name becomes a symbol whose rank the search over the file has chosen (the smallest that fits)."""
        scope = self.scope
        rank = scope.ranks.setdefault(name.key, at_least)
        if rank < at_least:
            raise IllegalEquation(f"'{name.latex}' has to be a vector or a matrix here", span)
        shape = tuple(scope.sizes.new(name.key) for _ in range(rank))
        why = f"inferred from its first use at line {span.line}"
        scope.symbols[name.key] = SymbolInfo(name.key, name.latex, Type(shape), "free", None, why)
        return Symbol(Type(shape), name.key, span=span)


def numeral(reader: Reader, node: Node) -> Term:
    assert_type(node, Numeral)
    text = node.digits  # type: ignore[attr-defined]
    whole, _, decimals = text.partition(".")
    if len(text) > 60:
        raise IllegalEquation(f"a number of {len(text)} digits is too long", node.span, allowed="at most 60 digits")
    return shapes.number(Fraction(int(whole + decimals or "0"), 10 ** len(decimals)), node.span)


def assert_type(node: Node, kind: type[Node]) -> None:
    if not isinstance(node, kind):
        raise TypeError(f"{type(node).__name__} is not a {kind.__name__}")


def letter(reader: Reader, node: Letter) -> Term:
    name = letter_name(node)
    known = reader.known_symbol(name.key, node.span)
    if known is not None:
        return known
    special = SPECIAL_LETTERS.get(name.key)
    if special is not None:
        return special(reader, node.span)
    if node.kind == "symbol":
        raise IllegalEquation(f"'{node.span.text}' stands where a value is needed", node.span)
    if name.key == "d" and node.span.text != "d":
        what = "a \\mathrm{d} stands before nothing that it could be the differential of"
        raise IllegalEquation(what, node.span, fix=r"write what changes behind it, \mathrm{d}X")
    if node.kind == "word":
        refuse_misspelt(reader, node, name)
    return reader.inferred_symbol(name, node.span)


def refuse_misspelt(reader: Reader, node: Letter, name: Name) -> None:
    """An undeclared word that is nearly a known one is a slip, not a new symbol."""
    known = sorted({*reader.scope.symbols, *reader.scope.current})
    near = get_close_matches(name.key, [word for word in known if len(word) > 2], cutoff=0.75)
    if near:
        raise IllegalEquation(
            f"'{node.text}' is not declared",
            node.span,
            allowed=f"near it: {', '.join(near)}",
            fix=f"declare it: {name.latex} \\in \\mathbb{{R}}",
        )


def addition(reader: Reader, node: Addition) -> Term:
    absorbed = large.absorb_extremum(node)
    if absorbed is not None:
        return reader.term(absorbed)
    return shapes.add([(sign, reader.term(term)) for sign, term in node.terms], node.span, reader.scope)


def juxtaposed(reader: Reader, node: Juxtaposed) -> Term:
    for place, factor in enumerate(node.factors[:-1]):
        whole = derivatives.over_product(reader, factor, node.factors[place + 1 :])
        if whole is not None:
            return calls.product(reader, (*node.factors[:place], whole), node.span)
    return calls.product(reader, node.factors, node.span)


ENTRYWISE = {"odot": shapes.hadamard, "circ": shapes.hadamard, "oslash": shapes.quotients}


def infix(reader: Reader, node: Infix) -> Term:
    if node.operator == "/" and isinstance(node.right, Juxtaposed):
        refuse_open_quotient(reader, node, node.right)
    if node.operator in ENTRYWISE:
        factors = calls.of_entries(reader, node.left), calls.of_entries(reader, node.right)
        return ENTRYWISE[node.operator](*factors, node.span, reader.scope)
    left, right = reader.term(node.left), reader.term(node.right)
    if node.operator == "/":
        return shapes.divide(left, right, node.span, reader.scope)
    if node.operator == "*" and node.mark == "cdot" and shapes.are_vectors_alike(left, right):
        return shapes.multiply(*shapes.inner(left, right), node.span, reader.scope)
    if node.operator == "*" and node.mark == "times" and shapes.are_in_space(left, right, reader.scope):
        return Call(left.type, "cross", (left, right), span=node.span)
    if node.operator == "*":
        return chain_rule.multiply(left, right, node.span, reader.scope)
    if node.operator == ":":
        return functions.product_of_entries(reader, left, right, node.span)
    if node.operator == "otimes":
        return kronecker(left, right, node.span)
    raise NotSupportedYet(f"the operator in '{node.span.text}' is not implemented", node.span)


def refuse_open_quotient(reader: Reader, node: Infix, right: Juxtaposed) -> None:
    """`1/2 x` is half of x to some and one over 2x to others."""
    if len(calls.resolve_calls(reader, right.factors)) > 1:
        above, below, first = node.left.span.text, right.span.text, right.factors[0].span
        rest = below[first.stop - right.span.start :].strip()
        raise AmbiguousNotation(
            f"'{node.span.text}' divides by all of '{below}' or by its first factor alone",
            node.span,
            fix=f"write \\frac{{{above}}}{{{below}}} or \\frac{{{above}}}{{{first.text}}} {rest}",
        )


def kronecker(left: Term, right: Term, span: Span) -> Term:
    if left.type.rank == right.type.rank == 2:
        shape = tuple(a * b for a, b in zip(left.type.shape, right.type.shape, strict=True))
        return Call(Type(shape), "kron", (left, right), span=span)
    if left.type.rank == right.type.rank == 1:  # every product of entries, those of the right one first: vec(y x^T)
        (rows,), (columns,) = right.type.shape, left.type.shape
        products = Call(Type((rows, columns)), "outer", (right, left), span=span)
        return Call(Type((columns * rows,)), "vec", (products,), span=span)
    raise NotSupportedYet("a Kronecker product is implemented for two matrices or two vectors", span)


def fraction(reader: Reader, node: FractionNode) -> Term:
    numerator = reader.term(node.numerator)
    return shapes.divide(numerator, reader.term(node.denominator), node.span, reader.scope)


def root(reader: Reader, node: Root) -> Term:
    radicand = reader.term(node.radicand)
    if node.degree is None:
        return functions.elementwise(reader, "sqrt", radicand, node.span)
    one = shapes.number(1, node.span)
    return shapes.power(
        radicand, shapes.divide(one, reader.term(node.degree), node.span, reader.scope), node.span, reader.scope
    )


def fence(reader: Reader, node: Fence) -> Term:
    if node.opening in ("|", "||"):
        return functions.norm(reader, Scripted(node.span, node))
    if node.opening == "<":
        return functions.inner_product(reader, node, None)
    test = indicators.comparison(node) if node.opening == "[" else None
    if test is not None:
        return indicators.indicator(reader, test, node.span)
    if node.opening in ("lceil", "lfloor"):
        return functions.elementwise(
            reader, {"lceil": "ceil", "lfloor": "floor"}[node.opening], reader.term(node.body), node.span
        )
    if isinstance(node.body, Listing):
        raise IllegalEquation("a list in brackets stands where a value is needed", node.span)
    inner = reader.term(node.body)
    return replace(inner, span=node.span)


def refused(what: str) -> Callable[[Reader, Node], Term]:
    def rule(reader: Reader, node: Node) -> Term:
        raise IllegalEquation(what, node.span)

    return rule


def unsupported(what: str) -> Callable[[Reader, Node], Term]:
    def rule(reader: Reader, node: Node) -> Term:
        raise NotSupportedYet(what, node.span)

    return rule


RULES: dict[type[Node], Callable[[Reader, Node], Term]] = {
    Numeral: numeral,
    Letter: letter,  # type: ignore[dict-item]
    Scripted: scripted,  # type: ignore[dict-item]
    Fence: fence,  # type: ignore[dict-item]
    Addition: addition,  # type: ignore[dict-item]
    Juxtaposed: juxtaposed,  # type: ignore[dict-item]
    Infix: infix,  # type: ignore[dict-item]
    FractionNode: fraction,  # type: ignore[dict-item]
    Root: root,  # type: ignore[dict-item]
    Prefix: functions.prefix,  # type: ignore[dict-item]
    Large: large.large,  # type: ignore[dict-item]
    Nabla: derivatives.nabla,  # type: ignore[dict-item]
    Leibniz: derivatives.leibniz,  # type: ignore[dict-item]
    Differential: directions.differential,  # type: ignore[dict-item]
    Evaluated: derivatives.evaluated,  # type: ignore[dict-item]
    Grid: grids.grid,  # type: ignore[dict-item]
    Relation: refused("a relation stands where a value is needed"),
    Words: refused("words stand where a value is needed"),
    Listing: refused("a list stands where a value is needed"),
    Empty: refused("a value is missing here"),
    Dots: unsupported(r"dots whose last member gives no rule for the first ones are not read; write a \sum or \prod"),
}
