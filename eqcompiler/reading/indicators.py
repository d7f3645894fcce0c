r"""Indicators, 1 where a comparison holds, else 0: \mathbb{1}[x > 0], \mathbf{1}\{i = j\}, \mathbf{1}_{\{x > 0\}}, [x > 0].

Takes: a relation in a bracket. Gives: Cases.
Guarantees: only comparisons of two values are read; a chain a < b < c holds where each of its links does.
"""

from __future__ import annotations

from itertools import pairwise

from eqcompiler.errors import Span
from eqcompiler.languages.notation import Fence, Letter, Node, Relation
from eqcompiler.languages.terms import INTEGER, Cases, Term
from eqcompiler.reading import shapes
from eqcompiler.reading.indices import admit_letters, free_index
from eqcompiler.reading.large import condition
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.scope import Reader

SIGNS = frozenset({"n1_bold", "n1_bb", "I_bb", "n1", "chi"})
COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})


def is_indicator(reader: Reader, node: Node, following: Node | None) -> bool:
    """A sign of indicators before a bracket that holds a comparison."""
    sign = isinstance(node, Letter) and letter_name(node).key in SIGNS and not reader.scope.known(letter_name(node).key)
    return sign and comparison(following) is not None


def comparison(node: Node | None) -> Relation | None:
    inside = node.body if isinstance(node, Fence) and node.opening in ("[", "(", "{") else node
    return inside if isinstance(inside, Relation) and COMPARED.issuperset(inside.operators) else None


def indicator(reader: Reader, relation: Relation, span: Span) -> Term:
    for side in relation.sides:
        admit(reader, side)
    links = zip(relation.operators, pairwise(relation.sides), strict=True)
    tests = tuple(condition(reader, Relation(a.span.to(b.span), (sign,), (a, b))) for sign, (a, b) in links)
    return Cases(INTEGER, ((tests, shapes.number(1, span)), ((), shapes.number(0, span))), span=span)


def admit(reader: Reader, side: Node) -> None:
    """k in [j = k] is an index although it may stand nowhere else."""
    scope = reader.scope
    if isinstance(side, Letter) and letter_name(side).key in scope.index_letters:
        admit_letters(scope, (side,), 1)
        if letter_name(side).key not in scope.indices and not scope.known(letter_name(side).key):
            free_index(scope, letter_name(side).key, side.span)
