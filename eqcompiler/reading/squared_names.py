r"""Squared names: a variance \sigma^2 that an author treats as one variable.

Takes: the formulas of a file. Gives: the same formulas, where such a square is a name of its own and the bare letter its root.
Guarantees: only a square that is differentiated in, that is an argument of a definition, or that a formula defines before its
letter is used counts as one; everything else stays as it is written.

    \frac{\partial \ell}{\partial \sigma^2},  \ell(\mu, \sigma^2) = ...,  s^2 = \frac{1}{n-1} \sum_i (x_i - \bar{x})^2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import cast

from eqcompiler.errors import EquationError, Span
from eqcompiler.languages.notation import (
    Fence,
    Formula,
    Juxtaposed,
    Leibniz,
    Letter,
    Listing,
    Node,
    Numeral,
    Relation,
    Root,
    Scripted,
)
from eqcompiler.languages.trees import rebuilt
from eqcompiler.reading.names import label_name, letter_name
from eqcompiler.reading.squared_entries import with_squared_entries
from eqcompiler.reading.survey import ROUND, is_number_set, nodes_of, survey, walk

Key = tuple[str, str]  # the letter and its label
Names = Mapping[Key, Span]  # each with a place where its square is written


def with_squared_names(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    formulas = with_squared_entries(formulas)
    names = squared_names(tuple(f for f in formulas if isinstance(f, Formula)))
    if not names:
        return formulas
    return tuple(
        replace(f, parts=tuple(declared(part, names) for part in f.parts)) if isinstance(f, Formula) else f for f in formulas
    )


# --- which squares are names -------------------------------------------------------------------------------------------


def squared_names(formulas: tuple[Formula, ...]) -> Names:
    found: set[Key] = set()
    earlier: set[Key] = set()
    for formula in formulas:
        own = set(keys_in(formula))
        found.update(key for node in nodes_of(formula) for key in differentiated_in(node))
        for part in formula.parts if not formula.inline else ():
            found.update(formals_of(part))
            key = defined_by(part)
            if key is not None and key not in earlier:
                found.add(key)
        if any(not declares(part) for part in formula.parts):
            earlier |= own
    found |= {key for f in formulas for key in declared_squares(f)} - {key for f in formulas for key in bare_names(f)}
    if not found:
        return {}
    indices = survey(formulas).index_letters
    refused = {key for formula in formulas for part in formula.parts for key in otherwise_used(part)}
    nodes = nodes_of(*formulas)
    written = {key: node.span for node in nodes if isinstance(node, Scripted) and (key := square_of(node)) is not None}
    return {key: span for key, span in written.items() if key in found - refused and not indices.issuperset(key[1] or "0")}


def key_of(node: Node) -> Key | None:
    r"""The name below a mark: \sigma, \sigma_{ML}."""
    base, below = (node.base, node.subscript) if isinstance(node, Scripted) else (node, None)
    if not isinstance(base, Letter) or base.kind == "symbol" or base.font == "bb":
        return None
    if below is None:
        return letter_name(base).key, ""
    label = label_name(below)
    return None if label is None else (letter_name(base).key, label.key)


def square_of(node: Node) -> Key | None:
    while isinstance(node, Fence) and node.opening in ROUND:
        node = node.body
    squared = isinstance(node, Scripted) and isinstance(node.superscript, Numeral) and node.superscript.digits == "2"
    return key_of(node) if squared and not cast(Scripted, node).primes else None


def keys_in(formula: Formula) -> Iterator[Key]:
    return (key for part in formula.parts for n in walk(part) if (key := key_of(n)) is not None)


def differentiated_in(node: Node) -> Iterator[Key]:
    if isinstance(node, Leibniz):
        yield from (key for variable, _ in node.variables if (key := square_of(variable)) is not None)


def formals_of(part: Node) -> Iterator[Key]:
    r"""\ell(\mu, \sigma^2) = e."""
    match part:
        case Relation(operators=("=" | ":=" | "equiv", *_), sides=(Juxtaposed(factors=(_, Fence(opening="(", body=body))), *_)):
            yield from (key for item in items_of(body) if (key := square_of(item)) is not None)


def items_of(body: Node) -> Iterator[Node]:
    if isinstance(body, Listing):
        for item in body.items:
            yield from items_of(item)
    else:
        yield body


def defined_by(part: Node) -> Key | None:
    """s^2 = e, where e does not hold s; i^2 = -1 is an equation for i."""
    if not isinstance(part, Relation) or part.operators[0] not in ("=", ":=", "equiv"):
        return None
    key = None if isinstance(part.sides[0], Fence) else square_of(part.sides[0])
    own = any(key_of(n) == key for side in part.sides[1:] for n in walk(side))
    named = any(isinstance(n, Letter) for side in part.sides[1:] for n in walk(side))
    return key if named and not own else None


def declared_squares(formula: Formula) -> Iterator[Key]:
    r"""\sigma_1^2, \sigma_2^2 > 0: what is a name of its own where its letter stands nowhere else."""
    waiting: list[Key] = []
    for part in formula.parts:
        match part:
            case Relation(operators=(">" | ">=",), sides=(first, Numeral(digits="0"))) if (key := square_of(first)) is not None:
                yield from (*waiting, key)
        key = square_of(part)
        waiting = [*waiting, key] if key is not None else []


def bare_names(formula: Formula) -> Iterator[Key]:
    """The names that stand outside of squares."""
    nodes = list(nodes_of(formula))
    inside = {id(n.base) for n in nodes if isinstance(n, Scripted)}
    for node in nodes:
        bare = id(node) not in inside if isinstance(node, Letter) else isinstance(node, Scripted) and square_of(node) is None
        if bare and (key := key_of(node)) is not None:
            yield key


def declares(part: Node) -> bool:
    return not isinstance(part, Relation) or part.operators[0] in ("in", ">", ">=")


def otherwise_used(part: Node) -> Iterator[Key]:
    """What is a function, an array or bounded by something else than zero is no such name."""
    for node in walk(part):
        match node:
            case Juxtaposed(factors=factors):
                yield from (key for f, g in pairwise(factors) if is_call(g) and (key := key_of(f)))
            case Relation(operators=("in", *_), sides=(first, domain, *_)):
                if not (is_number_set(domain) and (not isinstance(domain, Scripted) or is_sign(domain.superscript))):
                    yield from (key for n in walk(first) if (key := key_of(n)) is not None)
            case Relation(operators=("=" | ":=" | "to" | ":" | "sim", *_), sides=(first, *_)) if key_of(first) is not None:
                if not (isinstance(first, Scripted) and first.superscript is not None):
                    yield cast(Key, key_of(first))
            case Relation(operators=operators, sides=(first, second)) if operators[0] in ("<", "<=", ">", ">="):
                if not (isinstance(second, Numeral) and second.digits == "0" and operators[0] in (">", ">=")):
                    yield from (key for n in (first, second) if (key := key_of(n)) is not None)


def is_sign(above: Node | None) -> bool:
    return above is None or (isinstance(above, Letter) and above.kind == "symbol")


def is_call(node: Node) -> bool:
    return isinstance(node, Fence) and node.opening == "("


# --- the same formulas with names ----------------------------------------------------------------------------------------


def renamed(tree: Node, names: Names) -> Node:
    return rebuilt(tree, lambda n: value_of(n, names) if isinstance(n, Letter | Scripted) and key_of(n) in names else None)


def declared(part: Node, names: Names) -> Node:
    r"""\sigma > 0 and \sigma \in \mathbb{R} declare the square, with its sign."""
    if isinstance(part, Letter | Scripted) and key_of(part) in names:
        return squared(part, names)
    if isinstance(part, Relation) and declares(part) and key_of(part.sides[0]) in names:
        return replace(part, sides=(squared(part.sides[0], names), *part.sides[1:]))
    return renamed(part, names)


def squared(node: Node, names: Names) -> Node:
    """The name of the square. It is printed as it is written, so its place is one where it is written."""
    key = key_of(node)
    if key is None:
        return node
    own = node.span if square_of(node) == key else names[key]
    return Letter(own, "_".join(part for part in (*key, "squared") if part))


def value_of(node: Node, names: Names) -> Node:
    r"""\sigma^2 by its name; \sigma^4 its square; \sigma its root."""
    name = squared(node, names)
    above = node.superscript if isinstance(node, Scripted) else None
    if above is None:
        return Root(node.span, name)
    if isinstance(above, Numeral) and above.digits == "2":
        return name
    if isinstance(above, Numeral) and above.digits.isdigit() and int(above.digits) % 2 == 0:
        half = Numeral(above.span, str(int(above.digits) // 2))
        return Scripted(node.span, Fence(node.span, "(", name, ")"), None, half)
    return Scripted(node.span, Root(node.span, name), None, renamed(above, names))
