r"""Marks that look like relations and are none: the inner product A : B, and \hat\theta \in \arg\min.

Takes: the formulas of a file. Gives: the same formulas with A : B as a product, and a point of \arg\min as what equals it.
Guarantees: f : X \to Y and x : \mathbb{R}^n stay declarations; a colon binds the last term before it to the first behind it.
A^\top = -A is a claim where nothing more is said of A, as nothing could rest on it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import (
    Addition,
    Fence,
    Formula,
    Infix,
    Juxtaposed,
    Large,
    Letter,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.reading.names import Name, letter_name, name_of
from eqcompiler.reading.survey import is_number_set, names_in, walk

EXTREMA = ("argmin", "argmax")


def with_plain_relations(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    later: set[str] = set()
    found: list[Formula | EquationError] = []
    for formula in reversed(formulas):
        if isinstance(formula, Formula):
            formula = replace(formula, parts=tuple(map(_plain, formula.parts)))
            if not formula.inline and any(_ends_with(part, later) for part in formula.parts):
                formula = replace(formula, concluded=True)
            later.update(*(names_in(part) for part in formula.parts))
        found.append(formula)
    return tuple(reversed(found))


def _ends_with(part: Node, later: set[str]) -> bool:
    """A symmetry of a matrix of which nothing more is said: nothing could rest on it, so it is what the file claims."""
    match part:
        case Relation(operators=("=",), sides=(left, right)):
            name = turned_name(left, right)
            return name is not None and name.key not in later
    return False


def with_domain_apart(part: Node) -> tuple[Node, ...]:
    r"""A = A^\top \in \mathbb{R}^{n \times n} declares A and states its symmetry."""
    match part:
        case Relation(operators=("=", "in"), sides=(left, middle, domain)) if is_own(left, middle):
            return Relation(part.span, ("in",), (left, domain)), Relation(left.span.to(middle.span), ("=",), (left, middle))
    return (part,)


def is_own(left: Node, right: Node) -> bool:
    return own_name(left, right) is not None


def own_name(left: Node, right: Node) -> Name | None:
    """A bare name that its right side holds too: an equation about it, never its definition; so is a symmetry."""
    turned = turned_name(left, right)
    if turned is not None:
        return turned
    name = name_of(left)
    return name if name is not None and not isinstance(right, Large) and name.key in names_in(right) else None


def turned_name(left: Node, right: Node) -> Name | None:
    r"""A of A^\top = A and of A^\top = -A."""
    match left, right:
        case (
            Scripted(base=Letter() as base, subscript=None, superscript=Letter(text="top" | "T")),
            (Letter() as same) | Addition(terms=(("-", Letter() as same),)),
        ) if letter_name(base) == letter_name(same):
            return letter_name(base)
    return None


def normed_name(left: Node, right: Node) -> Name | None:
    r"""The name of \sum_k \pi_k = 1, Q^\top Q = I, u^\top u = 1, \|u\| = 1: no name meets these by itself."""
    if not (isinstance(right, Numeral | Letter) and right.span.text.strip() in ("1", "I", r"\mathbf{I}")):
        return None
    match left:
        case Large(operator="sum", body=Scripted(base=Letter() as base, superscript=None, primes=0)):
            return letter_name(base)
        case Juxtaposed(
            factors=(
                (Letter() as first) | Scripted(base=Letter() as first, subscript=None, superscript=Letter(text="top" | "T")),
                (Letter() as last) | Scripted(base=Letter() as last, subscript=None, superscript=Letter(text="top" | "T")),
            )
        ) if letter_name(first) == letter_name(last) and sum(isinstance(each, Scripted) for each in left.factors) == 1:
            return letter_name(first)
        case Fence(opening="||", body=Letter() as body) | Scripted(base=Fence(opening="||", body=Letter() as body), primes=0):
            return letter_name(body)
    return None


def turned_letters(node: Node) -> list[Letter]:
    r"""The letter of A = A^\top and of A^\top = -A: only a square matrix is spoken of so."""
    if not (isinstance(node, Relation) and len(node.sides) == 2):
        return []
    left, right = node.sides
    name = turned_name(left, right) or turned_name(right, left)
    return [each for each in walk(node) if name is not None and isinstance(each, Letter) and letter_name(each) == name][:1]


def _plain(part: Node) -> Node:
    match part:
        case Relation(operators=("in",), sides=(_, Large(operator=operator))) if operator in EXTREMA:
            return replace(part, operators=("=",))
        case Relation(operators=operators, sides=sides) if ":" in operators and _multiplies(operators, sides):
            return _with_products(part)
    return part


def _multiplies(operators: tuple[str, ...], sides: tuple[Node, ...]) -> bool:
    """Whether equations are between what the colons join: no map, no set."""
    return set(operators) <= {":", "=", ":="} and not any(is_number_set(side) for side in sides)


def _with_products(relation: Relation) -> Node:
    sides, operators = [relation.sides[0]], []
    for operator, (_, right) in zip(relation.operators, pairwise(relation.sides), strict=True):
        if operator == ":":
            sides[-1] = _product(sides[-1], right)
        else:
            operators.append(operator)
            sides.append(right)
    return replace(relation, operators=tuple(operators), sides=tuple(sides)) if operators else sides[0]


def _product(left: Node, right: Node) -> Node:
    """a + b : c - d is a + (b : c) - d."""
    before = left.terms if isinstance(left, Addition) else (("+", left),)
    behind = right.terms if isinstance(right, Addition) else (("+", right),)
    (sign, first), (_, second) = before[-1], behind[0]
    both = Infix(first.span.to(second.span), ":", first, second, ":")
    terms = (*before[:-1], (sign, both), *behind[1:])
    return both if terms == (("+", both),) else Addition(left.span.to(right.span), terms)
