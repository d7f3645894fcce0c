"""Lowering of single terms: components, comprehensions, sums, cases, calls, functions without a body.

Takes: a term, the position of one component, and the environment. Gives: that component as a SymPy expression.
Guarantees: one rule per kind of term; kinds that need the definitions made so far have theirs in calculus.lower.

    \\sum_{j=1}^n X_{ij}    ->    Sum(X[i, j], (j, 1, n))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.blocks import block
from eqcompiler.calculus.closed_sums import binomial_sum, series
from eqcompiler.calculus.environments import Frame, Position, expression
from eqcompiler.calculus.index_algebra import summed, with_limits
from eqcompiler.calculus.operations import OPERATION_RULES
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.program import UnknownValue, size_expression, unknown_operation
from eqcompiler.languages.terms import (
    Block,
    Call,
    Cases,
    Component,
    Comprehension,
    Condition,
    Constant,
    Index,
    Number,
    Reduction,
    Size,
    Term,
    UnknownCall,
)

CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "infinity": sympy.oo}
RELATIONS = {"=": sympy.Eq, "!=": sympy.Ne, "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge}


def _component(low: Lowers, term: Component, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    indices = tuple(low.entry(index_, (), frame) for index_ in term.indices)
    return low.entry(term.base, (*indices, *at), frame)


def _comprehension(low: Lowers, term: Comprehension, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    count = len(term.binders)
    chosen = {binder.name: expression(at[k]) for k, binder in enumerate(term.binders)}
    return low.entry(term.body, at[count:], frame.with_indices(chosen))


def _reduction(low: Lowers, term: Reduction, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if term.operation in ("max", "min"):
        raise NotSupportedYet(f"the {term.operation} over an index has no index form yet", term.span)
    axis = low.bound(term.binder, frame)
    if sympy.S.Infinity in (axis.upper, -axis.lower):
        return series(low, term, axis, frame)
    inner = frame.within(axis).with_indices({term.binder.name: axis.index})
    body = low.entry(term.body, at, inner)
    neutral = sympy.S.Zero if term.operation == "sum" else sympy.S.One
    if term.where:
        body = sympy.Piecewise((body, _all(low, term.where, inner)), (neutral, True))
    closed = binomial_sum(body, axis) if term.operation == "sum" else None
    if closed is not None:
        return closed
    limits = (axis.index, axis.lower, axis.upper)
    if term.operation == "sum":
        return summed(body, limits, frame.ranges)
    return with_limits(sympy.Product, body, (limits,))


def _cases(low: Lowers, term: Cases, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    branches = ((_aligned(low, value, at, frame), _all(low, tests, frame)) for tests, value in term.branches)
    return sympy.Piecewise(*branches)


def _aligned(low: Lowers, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    return low.entry(term, at if term.type.rank else (), frame)


def _unknown(low: Lowers, term: UnknownCall, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """A function without a body stays one: an expression where its arguments are scalars, else a whole-tensor operation."""
    if term.type.rank:
        raise NotSupportedYet(f"the unknown function {term.name} with vector values has no index form yet", term.span)
    if any(argument.type.rank for argument in term.arguments):
        return low.intrinsic(unknown_operation(term.name), term.arguments, frame, at)
    return UnknownValue(unknown_operation(term.name), *(low.entry(a, (), frame) for a in term.arguments))


def _all(low: Lowers, conditions: tuple[Condition, ...], frame: Frame) -> sympy.Basic:
    return sympy.And(*(_test(low, condition, frame) for condition in conditions))


def _test(low: Lowers, condition: Condition, frame: Frame) -> sympy.Basic:
    relation = RELATIONS.get(condition.relation)
    if relation is None or condition.right is None or condition.left.type.rank or condition.right.type.rank:
        raise NotSupportedYet(f"the condition '{condition.relation}' has no index form yet", condition.left.span)
    return relation(low.entry(condition.left, (), frame), low.entry(condition.right, (), frame))


def _index(low: Lowers, term: Index, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if term.name not in frame.indices:
        raise CompilerFault(f"the index {term.name} is bound by nothing", term.span)
    return frame.indices[term.name]


def _number(low: Lowers, term: Number, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    return sympy.Rational(term.value.numerator, term.value.denominator)


def _call(low: Lowers, term: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    rule = OPERATION_RULES.get(term.operation)
    if rule is None:
        raise CompilerFault(f"the operation {term.operation} has no rule", term.span)
    return rule(low, term, at, frame)


TERM_RULES: Mapping[type, Callable[..., sympy.Expr]] = {
    Number: _number,
    Constant: lambda low, term, at, frame: CONSTANTS[term.name],
    Size: lambda low, term, at, frame: size_expression(term.dimension),
    Index: _index,
    Call: _call,
    Component: _component,
    Comprehension: _comprehension,
    Reduction: _reduction,
    Cases: _cases,
    Block: block,
    UnknownCall: _unknown,
}
