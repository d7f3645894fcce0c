r"""Statements of one formula: definitions, claims, objectives, recurrences, in the order of its parts.

Takes: a relation whose declarations are in the scope already. Gives: typed statements.
Guarantees: a left side that is new is defined; one that is known is claimed; every further `=` is a claim of its own about the
two expressions beside it.
"""

from __future__ import annotations

from itertools import pairwise

from eqcompiler.errors import EquationError, IllegalEquation, NotSupportedYet
from eqcompiler.languages.notation import (
    Addition,
    Formula,
    Large,
    Letter,
    Node,
    Numeral,
    Relation,
    Words,
)
from eqcompiler.languages.statements import Definition, Objective
from eqcompiler.languages.terms import Extremum
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
    refuse_other_relations(node)
    sides = list(node.sides)
    if define(sentence, sides[0], sides[1]):
        sides = sides[1:]
    for left, right in pairwise(sides):
        claim(sentence, left, right, None if left is node.sides[0] else node.sides[0])


def refuse_other_relations(node: Relation) -> None:
    """Only equalities are defined and claimed; an approximation or a bound is never read as one."""
    for operator, left, right in zip(node.operators, node.sides[:-1], node.sides[1:], strict=True):
        if operator not in ("=", "equiv"):
            sign = node.span.source.text[left.span.stop : right.span.start].strip(" &\n")
            what = f"a statement with '{sign}' is not implemented"
            raise NotSupportedYet(
                what, node.span, allowed="=, :=, \\leftarrow", fix="write an equality, or `%! skip: reason` before it"
            )


def objective(sentence: Sentence, node: Node) -> bool:
    r"""\min_\theta J(\theta) alone in a display: an objective that the author has not named; False when it is no extremum."""
    head = node.terms[0][1] if isinstance(node, Addition) else node
    if not (isinstance(head, Large) and head.operator in ("min", "max", "argmin", "argmax")):
        return False
    scope = sentence.reader.scope
    term = sentence.reader.term(node)
    if not isinstance(term, Extremum):
        return False
    name, count = "objective", 1
    while name in scope.definitions or scope.known(name):
        count += 1
        name = f"objective_{count}"
    scope.definitions[name] = Definition(name, name, (), term, node.span)
    sentence.add(name, "objective", node.span, payload=Objective(name, term), type_text=str(scope.type_of(term.type)))
    return True


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
