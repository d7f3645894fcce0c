"""What a document's assumptions say about the signs of numbers.

Takes: an expression in index form, the assumptions. Gives: whether they say that it is positive, or not zero.
Guarantees: True is a consequence of the assumptions; False means only that it was not found.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.environments import Frame, free_index_names
from eqcompiler.errors import NotSupportedYet

_TURNED = {"<": ">", "<=": ">="}


def _known_differences(low: Lowers, frame: Frame) -> Iterator[tuple[sympy.Expr, str]]:
    """What the assumptions say about numbers: (a - b, relation to 0), the relation one of >, >= and !=."""
    for condition in low.document.assumptions:
        relation = _TURNED.get(condition.relation, condition.relation)
        if condition.right is None or relation not in (">", ">=", "!=") or condition.left.type.rank:
            continue
        if free_index_names(condition.left) | free_index_names(condition.right):
            continue
        try:
            difference = low.entry(condition.left, (), frame) - low.entry(condition.right, (), frame)
        except NotSupportedYet:
            continue  # a condition without an index form says nothing here
        difference = difference if relation == condition.relation else -difference
        yield difference, relation
        for size in difference.atoms(sympy.Abs):  # c - |u| > 0 says that c - u and c + u are positive
            if relation != "!=" and not (difference + size).has(size):
                yield from ((difference + size - sign * size.args[0], relation) for sign in (1, -1))


def nonzero(low: Lowers, expr: sympy.Expr, frame: Frame) -> bool:
    """Whether the document says that a number is not zero."""
    expr = sympy.factor_terms(sympy.expand(expr))
    if expr.is_nonzero or isinstance(expr, sympy.exp):
        return True
    if isinstance(expr, sympy.Mul):
        return all(nonzero(low, factor, frame) for factor in expr.args)
    if isinstance(expr, sympy.Pow):
        return nonzero(low, expr.base, frame)
    if any(positive(low, value, frame) for value in (expr, -expr)):
        return True
    known = (difference for difference, relation in _known_differences(low, frame) if relation != ">=")
    return any(sympy.expand(expr - difference) == 0 or sympy.expand(expr + difference) == 0 for difference in known)


def positive(low: Lowers, expr: sympy.Expr, frame: Frame) -> bool:
    """Whether the document says that a number is positive: so that an integral or a series exists."""
    expr = sympy.factor_terms(sympy.expand(expr))
    if expr.is_positive or isinstance(expr, sympy.exp):
        return True
    if isinstance(expr, sympy.Mul) and all(positive(low, factor, frame) for factor in expr.args):
        return True
    if isinstance(expr, sympy.Pow) and expr.exp.is_Integer and expr.exp.is_even:
        return nonzero(low, expr.base, frame)
    if isinstance(expr, sympy.Pow):
        return positive(low, expr.base, frame)
    if isinstance(expr, sympy.Abs):
        return nonzero(low, expr.args[0], frame)
    for difference, relation in _known_differences(low, frame):
        rest = sympy.expand(expr - difference)
        if (relation == ">" and rest.is_nonnegative) or (relation == ">=" and rest.is_positive):
            return True
    return isinstance(expr, sympy.Add) and all(positive(low, part, frame) for part in expr.args)
