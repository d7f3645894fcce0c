r"""Products of derivatives: what the chain rule sums over.

Takes: two factors that stand side by side or with a dot between them. Gives: their product.
Guarantees: \partial J/\partial a times \partial a/\partial W sums over all axes of a, whatever shape the three have; factors
whose shapes do not meet there are multiplied as any others, or refused.

    \frac{\partial J}{\partial a} (p) \cdot \frac{\partial a}{\partial W} (p, p, q)    ->    (p, q)
"""

from __future__ import annotations

from eqcompiler.errors import Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Derivative,
    Index,
    Reduction,
    Term,
    Type,
)
from eqcompiler.reading import shapes
from eqcompiler.reading.scope import Scope


def multiply(left: Term, right: Term, span: Span, scope: Scope) -> Term:
    """left right: a contraction where a derivative in a tensor meets the derivative of one of its shape, else any product."""
    outer = last_derivative(left)
    if outer is not None and isinstance(right, Derivative) and not left.type.row:
        rank = right.body.type.rank
        own = outer.type.shape[outer.body.type.rank :]
        meeting = right.type.shape[:rank]
        fits = rank > 0 and len(own) == rank and left.type.shape[-rank:] == own
        if fits and all(scope.sizes.unify(a, b) for a, b in zip(own, meeting, strict=True)):
            return contraction(left, right, rank, span, scope)
    return shapes.multiply(left, right, span, scope)


def last_derivative(term: Term) -> Derivative | None:
    """The derivative whose variable has the last axes of a product."""
    match term:
        case Derivative():
            return term
        case Call(operation="mul" | "matmul", arguments=(*_, last)):
            return last_derivative(last)
        case Comprehension(body=Reduction() as body):
            while isinstance(body, Reduction) and isinstance(body.body, Reduction):
                body = body.body
            match body:
                case Reduction(body=Call(operation="mul", arguments=(_, Component(base=base)))):
                    return last_derivative(base)
    return None


def contraction(left: Term, right: Term, rank: int, span: Span, scope: Scope) -> Term:
    """The sum over the last `rank` axes of left and the first of right."""
    before, middle, after = left.type.shape[:-rank], left.type.shape[-rank:], right.type.shape[rank:]
    outer = tuple(binder(size, scope) for size in (*before, *after))
    summed = tuple(binder(size, scope) for size in middle)
    rows, columns = outer[: len(before)], outer[len(before) :]
    factors = (part(left, (*rows, *summed)), part(right, (*summed, *columns)))
    body: Term = Call(SCALAR, "mul", factors, span=span)
    for each in reversed(summed):
        body = Reduction(SCALAR, "sum", each, body, span=span)
    return Comprehension(Type((*before, *after)), outer, body, span=span) if outer else body


def binder(size: Dimension, scope: Scope) -> Binder:
    """An index over an axis, with a name that no author can have written."""
    scope.sizes.fresh += 1
    return Binder(f"along_{scope.sizes.fresh}", shapes.number(1), shapes.size_term(size))


def part(tensor: Term, binders: tuple[Binder, ...]) -> Term:
    return Component(SCALAR, tensor, tuple(Index(INTEGER, b.name) for b in binders), span=tensor.span)
