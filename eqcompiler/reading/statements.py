r"""Statements of one formula: definitions, claims, objectives, recurrences, in the order of its parts.

Takes: a relation whose declarations are in the scope already. Gives: typed statements.
Guarantees: a left side that is new is defined; one that is known is claimed; every further `=` is a claim of its own about the
two expressions beside it.
"""

from __future__ import annotations

from itertools import pairwise

from eqcompiler.errors import EquationError, IllegalEquation
from eqcompiler.languages.notation import (
    Formula,
    Letter,
    Numeral,
    Relation,
    Words,
)
from eqcompiler.reading.claims import claim
from eqcompiler.reading.definitions import define
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.survey import walk
from eqcompiler.reading.updates import iteration, recurrence, update


def relate(sentence: Sentence, node: Relation) -> None:
    """A chain of = (or one of := and <-): the first may define, each further one claims."""
    if node.operators[0] in (":=", "<-"):
        update(sentence, node)
        return
    step = iteration(node)
    if step is not None:
        recurrence(sentence, node, *step)
        return
    sides = list(node.sides)
    if define(sentence, node, sides[0], sides[1]):
        sides = sides[1:]
    for left, right in pairwise(sides):
        claim(sentence, left, right)


def is_prose(formula: Formula) -> bool:
    """Only words and operators: listed, never compiled."""
    meaningful = [n for part in formula.parts for n in walk(part) if isinstance(n, Letter | Numeral | Words)]
    return bool(meaningful) and all(isinstance(n, Words) or (isinstance(n, Letter) and n.kind == "word") for n in meaningful)


def nothing_stated(formula: Formula) -> EquationError:
    return IllegalEquation(
        "this display states nothing: it has no relation",
        formula.span,
        allowed="a declaration, a definition, a claim, an objective or an update",
        fix="add the missing side, make it inline, or put `%! skip: reason` before it",
    )
