r"""Differential marks: where d, \mathrm{d} and \delta before a name are no factors.

Takes: the formulas of a file. Gives: the same formulas, with a Differential in the place of the mark and what it applies to.
Guarantees: an upright \mathrm{d} is a mark unless the file defines it; a slanted d or a \delta only where nothing in the file
declares, defines or counts with that letter and a formula of the file starts with it; how far a mark reaches is decided here:

    dX, d f(x), d(XY), d\|x\|^2, d \log\det X      the next factor with its call, or the next function with its argument
    dX^\top, dX^{-1}                               of the transpose, of the inverse
    dx^2                                           an error: the square of dx or the differential of x^2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from eqcompiler.errors import AmbiguousNotation, EquationError, Span
from eqcompiler.languages.notation import (
    Addition,
    Differential,
    Fence,
    Formula,
    Juxtaposed,
    Letter,
    Listing,
    Node,
    Numeral,
    Prefix,
    Relation,
    Scripted,
)
from eqcompiler.languages.terms import ELEMENTWISE
from eqcompiler.languages.trees import Tree, inside, rebuilt
from eqcompiler.reading.groups import is_transposition
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import survey, walk

MARKS = ("d", "delta")
SCALAR_FUNCTIONS = ELEMENTWISE | {"ln"}


def with_differentials(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    read = tuple(f for f in formulas if isinstance(f, Formula))
    marks = marks_of(read)
    if not marks:
        return formulas
    functions = frozenset(functions_in(read))
    return tuple(marked(f, marks, functions) if isinstance(f, Formula) else f for f in formulas)


def marked(formula: Formula, marks: frozenset[str], functions: frozenset[str]) -> Formula | EquationError:
    try:
        return replace(formula, parts=read_marks(formula.parts, marks, functions))
    except EquationError as error:
        return error


# --- which letters are marks -----------------------------------------------------------------------------------------------


def marks_of(formulas: tuple[Formula, ...]) -> frozenset[str]:
    r"""The marks of this file: "d", "delta", and "\mathrm{d}" for the upright one."""
    heads = {key for f in formulas for part in f.parts if isinstance(part, Relation) for key in leading(part)}
    upright = {key for f in formulas for part in f.parts for n in walk(part) for key in upright_marks(n)}
    if not heads and not upright:
        return frozenset()
    seen = survey(formulas)
    meant = seen.dimensions | seen.index_letters | seen.definers.keys() | set(declared(formulas))
    return frozenset(heads - meant) | (upright if "d" not in seen.definers else frozenset())


def leading(part: Relation) -> Iterator[str]:
    """The mark that a side of an equation starts with."""
    for side in part.sides if part.operators[0] in ("=", "equiv") else ():
        first = side.terms[0][1] if isinstance(side, Addition) else side
        if isinstance(first, Juxtaposed) and (key := mark_of(first.factors[0])) and can_follow(key, first.factors[1]):
            yield key
        break


def upright_marks(node: Node) -> Iterator[str]:
    if isinstance(node, Juxtaposed):
        yield from (key for f in node.factors[:-1] if (key := mark_of(f)) == "upright")


def mark_of(node: Node) -> str:
    r"""d, \delta, or d^2 of a second differential."""
    letter = node.base if isinstance(node, Scripted) and order_of(node) else node
    if not isinstance(letter, Letter) or letter.text not in MARKS or letter.font or letter.accent:
        return ""
    return "upright" if letter.text == "d" and letter.span.text.strip() != "d" else letter.text


def order_of(node: Node) -> int:
    """1 for d, 2 for d^2, 0 for anything else that stands above or below."""
    if not isinstance(node, Scripted):
        return 1
    plain = node.subscript is None and not node.primes
    return 2 if plain and isinstance(node.superscript, Numeral) and node.superscript.digits == "2" else 0


def can_follow(key: str, node: Node) -> bool:
    r"""\delta(x) is a function of its own; d(x, y) a distance."""
    if isinstance(node, Fence) and node.opening != "||":
        return key != "delta" and not isinstance(node.body, Listing)
    return not isinstance(node, Numeral)


def declared(formulas: tuple[Formula, ...]) -> Iterator[str]:
    """Letters that stand alone before a declaration, or in a relation that declares them."""
    for formula in formulas:
        for part in formula.parts:
            sides = part.sides if isinstance(part, Relation) else (part,)
            for node in (item for side in sides for item in (side.items if isinstance(side, Listing) else (side,))):
                if isinstance(node, Letter) and node.text in MARKS:
                    yield letter_name(node).key


def functions_in(formulas: tuple[Formula, ...]) -> Iterator[str]:
    """The letters that the file defines or declares as functions."""
    for formula in formulas:
        for part in formula.parts:
            match part:
                case Relation(operators=(":", *_), sides=(Letter() as letter, *_)):
                    yield letter_name(letter).key
                case Relation(sides=(Juxtaposed(factors=(Letter() as letter, Fence(opening="("))), *_)) if not mark_of(letter):
                    yield letter_name(letter).key


# --- what a mark applies to ------------------------------------------------------------------------------------------------


def read_marks(tree: Tree, marks: frozenset[str], functions: frozenset[str]) -> Tree:
    def rule(part: object) -> Node | None:
        if not isinstance(part, Node):
            return None
        again = without_differential(inside(part, rule))
        if not (isinstance(again, Juxtaposed) and any(mark_of(f) in marks for f in again.factors[:-1])):
            return again
        factors = tuple(applied(again.factors, marks, functions))
        return factors[0] if len(factors) == 1 else replace(again, factors=factors)

    return rebuilt(tree, rule)


def applied(factors: tuple[Node, ...], marks: frozenset[str], functions: frozenset[str]) -> Iterator[Node]:
    place = 0
    while place < len(factors):
        node = factors[place]
        following = factors[place + 1] if place + 1 < len(factors) else None
        if following is None or mark_of(node) not in marks or not can_follow(mark_of(node), following):
            yield node
            place += 1
            continue
        bracket = factors[place + 2] if place + 2 < len(factors) else None
        called = isinstance(following, Letter) and letter_name(following).key in functions
        if called and isinstance(bracket, Fence) and bracket.opening == "(":
            following = Juxtaposed(following.span.to(bracket.span), (following, bracket))
            place += 1
        refuse_power(node, following)
        yield Differential(node.span.to(following.span), following, order_of(node))
        place += 2


def without_differential(node: Node) -> Node:
    r"""\cos x \, dx is \cos(x) dx: an argument without brackets ends where a differential begins."""
    if not (isinstance(node, Prefix) and node.function in SCALAR_FUNCTIONS and isinstance(node.argument, Juxtaposed)):
        return node
    factors = node.argument.factors
    cut = next((place for place, f in enumerate(factors) if place and isinstance(f, Differential)), None)
    if cut is None:
        return node
    inside = factors[0] if cut == 1 else Juxtaposed(factors[0].span.to(factors[cut - 1].span), factors[:cut])
    applied_here = replace(node, argument=inside, span=Span(node.span.source, node.span.start, inside.span.stop))
    return Juxtaposed(node.span, (applied_here, *factors[cut:]))


def refuse_power(mark: Node, node: Node) -> None:
    above = node.superscript if isinstance(node, Scripted) and isinstance(node.base, Letter | Fence) else None
    if above is None or is_transposition(above) or is_inverse(above):
        return
    base = cast(Scripted, node).base
    if (isinstance(base, Letter) and base.text == "e") or (isinstance(base, Fence) and base.opening in ("||", "|")):
        return
    sign, inside = mark.span.text.strip(), node.span.text.strip()
    power = base.span.text.strip()
    raise AmbiguousNotation(
        f"'{sign} {inside}': the power belongs to the differential or to what it is taken of",
        mark.span.to(node.span),
        fix=f"write {sign}({inside}) or ({sign} {power})^{{...}}",
    )


def is_inverse(above: Node) -> bool:
    r"""-1 and -\top."""
    match above:
        case Addition(terms=(("-", Numeral(digits="1")),)):
            return True
        case Addition(terms=(("-", Letter() as turned),)):
            return is_transposition(turned)
    return False


def varied_names(formulas: tuple[Formula, ...]) -> frozenset[str]:
    """The names whose own differential the file writes: dX."""
    nodes = (n for f in formulas for part in f.parts for n in walk(part))
    letters = (n.argument for n in nodes if isinstance(n, Differential))
    return frozenset(letter_name(n).key for n in letters if isinstance(n, Letter))
