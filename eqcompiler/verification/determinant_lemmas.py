r"""Which lemmas about determinants a claim may need: its matrices taken apart as W + U V, and as blocks.

Takes: a goal. Gives: names of lemmas with the terms that they are about.
Guarantees: none about the claim: the checker makes each instance by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from eqcompiler.languages import terms
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import SCALAR, Call, Term
from eqcompiler.verification.lemmas import instance, matmul
from eqcompiler.verification.replay import Goal

Instance = tuple[str, tuple[Term, ...]]
MOST_INSTANCES, ROUNDS = 24, 3


def determinants_in(goal: Goal) -> list[Term]:
    """The matrices whose determinants occur."""
    found = [*_operands(goal.document, goal.claim.left), *_operands(goal.document, goal.claim.right)]
    return list(dict.fromkeys(found))


def _operands(document: Document, term: Term) -> Iterator[Term]:
    term = entered(document, term)
    if isinstance(term, Call) and term.operation == "det":
        yield written_out(document, term.arguments[0])
    for child in terms.children(term):
        yield from _operands(document, child)


def entered(document: Document, term: Term) -> Term:
    """The body of a definition without parameters in the place of its name."""
    for _ in range(len(document.definitions)):
        definition = document.definitions.get(term.name) if isinstance(term, terms.Reference | terms.Symbol) else None
        if definition is None or definition.formals:
            break
        term = definition.body
    return term


def written_out(document: Document, term: Term) -> Term:
    term = entered(document, term)
    if isinstance(term, Call) and term.operation in ("add", "neg", "mul", "div", "matmul", "outer", "transpose", "inverse"):
        return Call(term.type, term.operation, tuple(written_out(document, a) for a in term.arguments))
    return term


def instances(matrices: Sequence[Term]) -> list[Instance]:
    """The instances about these matrices, and about those whose determinants they bring."""
    found: dict[Instance, None] = {}
    level = list(matrices)
    for _ in range(ROUNDS):
        new = [i for matrix in level for i in _of_matrix(matrix) if i not in found]
        found |= dict.fromkeys(new[: MOST_INSTANCES - len(found)])
        sides = [made[1] for lemma, of in new if (made := instance(lemma, of)) is not None]
        level = [m for side in sides for m in _determinants(side)]
    return list(found)


def _determinants(term: Term) -> Iterator[Term]:
    if isinstance(term, Call) and term.operation == "det":
        yield term.arguments[0]
    elif isinstance(term, Call) and term.operation == "mul":
        for part in term.arguments:
            yield from _determinants(part)


def _of_matrix(matrix: Term) -> Iterator[Instance]:
    if isinstance(matrix, terms.Block) and [len(row) for row in matrix.rows] == [2, 2]:
        cells = (*matrix.rows[0], *matrix.rows[1])
        yield "determinant of blocks", cells
        yield "determinant of blocks, last", cells
    summands = list(_summands(matrix, Fraction(1)))
    for k, chosen in enumerate(summands):
        rest = summands[:k] + summands[k + 1 :]
        if rest:
            w = rest[0] if len(rest) == 1 else Call(matrix.type, "add", tuple(rest))
            scalars, chain = _chain(chosen)
            for cut in range(1, len(chain)):
                u, v = (_multiplied(part) for part in (chain[:cut], chain[cut:]))
                yield "determinant of a sum", (w, _scaled(u, scalars), v)


def _summands(term: Term, sign: Fraction) -> Iterator[Term]:
    match term:
        case Call(operation="add", arguments=parts):
            for part in parts:
                yield from _summands(part, sign)
        case Call(operation="neg", arguments=(part,)):
            yield from _summands(part, -sign)
        case _:
            yield term if sign > 0 else Call(term.type, "neg", (term,))


def _chain(term: Term) -> tuple[list[Term], list[Term]]:
    """Numbers times a product of matrices; of an outer product two vectors."""
    match term:
        case Call(operation="neg", arguments=(a,)):
            scalars, chain = _chain(a)
            return [terms.Number(SCALAR, Fraction(-1)), *scalars], chain
        case Call(operation="mul", arguments=parts):
            scalars, chain = [], []
            for part in parts:
                more, own = _chain(part) if part.type.rank else ([part], [])
                scalars, chain = [*scalars, *more], [*chain, *own]
            return scalars, chain
        case Call(operation="div", arguments=(a, b)) if not b.type.rank:
            scalars, chain = _chain(a)
            return [*scalars, Call(SCALAR, "div", (terms.Number(SCALAR, Fraction(1)), b))], chain
        case Call(operation="matmul", arguments=(a, b)) if term.type.rank == 2:
            (first, left), (second, right) = _chain(a), _chain(b)
            return [*first, *second], [*left, *right]
        case Call(operation="outer", arguments=(a, b)):
            return [], [a, _plain(b)]
    return [], [term]


def _plain(vector: Term) -> Term:
    """A vector without its transposition."""
    return vector.arguments[0] if isinstance(vector, Call) and vector.operation == "transpose" else vector


def _multiplied(chain: Sequence[Term]) -> Term:
    result = chain[0]
    for part in chain[1:]:
        result = matmul(result, part)
    return result


def _scaled(term: Term, scalars: Sequence[Term]) -> Term:
    return Call(term.type, "mul", (*scalars, term)) if scalars else term
