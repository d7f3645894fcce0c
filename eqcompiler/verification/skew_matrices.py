r"""Skew-symmetric matrices: A^\top = -A says that A = B - B^\top for some B, and every such A is skew-symmetric.

Takes: a document, a claim and the conditions that hold. Gives: the claim with B - B^\top in the place of each such A, or None.
Guarantees: the claim about all B is the claim about all skew-symmetric A; B keeps the name of A.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Call, Condition, Symbol, Term
from eqcompiler.verification.substitution import put_in


def opened(
    document: Document, claim: Claim, extra: tuple[Condition, ...]
) -> tuple[Document, Claim, tuple[Condition, ...]] | None:
    """None where no symbol is said to be skew-symmetric, or none can be replaced."""
    matrices = tuple(dict.fromkeys(skew_symbols((*document.assumptions, *claim.assumptions, *extra))))
    if not matrices:
        return None
    document = replace(document, assumptions=_others(document.assumptions))
    claim = replace(claim, assumptions=(*_others(claim.assumptions), *_others(extra)))
    for matrix in matrices:
        turned = Call(matrix.type, "neg", (Call(matrix.type, "transpose", (matrix,)),))
        changed = put_in(document, claim, matrix.name, Call(matrix.type, "add", (matrix, turned)))
        if changed is None:
            return None
        document, claim = changed
    return document, claim, ()


def skew_symbols(conditions: Iterable[Condition]) -> Iterator[Symbol]:
    for condition in conditions:
        for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
            if condition.relation == "=" and isinstance(other, Term) and (found := _of_opposites(one, other)) is not None:
                yield found


def _of_opposites(one: Term | None, other: Term) -> Symbol | None:
    r"""A of A^\top = -A and of A = -A^\top."""
    match one, other:
        case Call(operation="transpose", arguments=(Symbol() as matrix,)), Call(operation="neg", arguments=(same,)):
            return matrix if matrix == same else None
        case Symbol() as matrix, Call(operation="neg", arguments=(Call(operation="transpose", arguments=(same,)),)):
            return matrix if matrix == same else None
    return None


def _others(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(condition for condition in conditions if not any(skew_symbols((condition,))))
