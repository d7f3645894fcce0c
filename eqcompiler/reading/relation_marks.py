r"""Marks that look like relations and are none: the inner product A : B, and \hat\theta \in \arg\min.

Takes: the formulas of a file. Gives: the same formulas with A : B as a product, and a point of \arg\min as what equals it.
Guarantees: f : X \to Y and x : \mathbb{R}^n stay declarations; a colon binds the last term before it to the first behind it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Addition, Formula, Infix, Large, Node, Relation
from eqcompiler.reading.survey import is_number_set

EXTREMA = ("argmin", "argmax")


def with_plain_relations(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    return tuple(replace(f, parts=tuple(map(_plain, f.parts))) if isinstance(f, Formula) else f for f in formulas)


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
