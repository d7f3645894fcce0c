"""Expectations, extrema, integrals, limits, infinite sums of the evaluator: bodies at numbers that know their variable.

Takes: an evaluator, a term and its environment. Gives: values.
Guarantees: closed forms and series in exact arithmetic or balls, rigorous quadrature where there is no closed form; nothing is
sampled and no float appears. Symbols with distributions of their own are independent of each other, as the document says
nothing else; a mean or variance that is itself random raises NotSupportedYet.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any, Protocol

import numpy as np
from flint import fmpq

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Call, Constant, Expectation, Extremum, Integral, Limit, Reduction, Term, Type
from eqcompiler.verification import closed_integrals, jets, limits, quadratics
from eqcompiler.verification.closed_integrands import Closed, variables
from eqcompiler.verification.fields import ZERO, Undefined, sign
from eqcompiler.verification.free_names import FreeNames, type_of_variable
from eqcompiler.verification.jets import Jet, tensor
from eqcompiler.verification.operations import entrywise, shape_of
from eqcompiler.verification.quadrature import integrate
from eqcompiler.verification.relations import PROPERTIES, entries

Environment = Mapping[str, Any]
Value = Any


class Evaluator(Protocol):
    """What is used of the evaluator."""

    document: Document
    names: FreeNames
    root: Environment
    levels: itertools.count[int]

    def value(self, term: Term, env: Environment | None = None) -> Value: ...
    def size(self, dimension: Dimension, span: Span | None) -> int: ...
    def whole(self, term: Term, env: Environment) -> int: ...
    def kept(self, term: Term, env: Environment, compute: Callable[[], Value]) -> Value: ...


def over_entries(value: Value, rule: Callable[[Any], Any]) -> Value:
    return tensor([rule(x) for x in value.flat], value.shape) if isinstance(value, np.ndarray) else rule(value)


def infinite(term: Term) -> int:
    """1 for infinity, -1 for minus infinity, 0 for anything else."""
    if isinstance(term, Constant) and term.name == "infinity":
        return 1
    if isinstance(term, Call) and term.operation == "neg":
        return -infinite(term.arguments[0])
    return 0


# --- expectations ------------------------------------------------------------------------------------------------------


def expectation(self: Evaluator, term: Expectation, env: Environment) -> Value:
    return self.kept(term, env, lambda: _expectation(self, term, env))


def _expectation(self: Evaluator, term: Expectation, env: Environment) -> Value:
    names = self.names.distributed(term)
    inner, covariance = _centred(self, term, names, env)

    def mean(value: Value) -> Value:
        rule = lambda x: closed_integrals.gaussian_expectation(x, covariance)  # noqa: E731
        return over_entries(value, lambda x: closed_integrals.mapped(x, rule))

    values = [self.value(argument, inner) for argument in term.arguments]
    if term.operation == "E":
        return mean(values[0])
    left, right = values[0], values[-1]
    pairs = [(a, b) for a in entries(left) for b in entries(right)]
    found = [mean(a * b) - mean(a) * mean(b) for a, b in pairs]
    return tensor(found, (*shape_of(left), *shape_of(right)))


def _centred(
    self: Evaluator, term: Expectation, names: tuple[str, ...], env: Environment
) -> tuple[Environment, list[list[Any]]]:
    """The environment with mean + z for each random symbol, and the covariance of all z."""
    means, covariances = [], []
    for name in names:
        info = self.document.symbols[name]
        if name in env and env[name] is not self.root.get(name):
            raise NotSupportedYet(f"an expectation over {name}, which is bound around it", term.span)
        if info.distribution is None or info.distribution[0] != "normal" or not isinstance(info.type, Type):
            raise NotSupportedYet(f"expectations over this distribution of {name}", term.span, allowed=r"\mathcal{N}")
        center, spread = info.distribution[1]
        if any(self.document.symbols[n].distribution for n in _symbols(self, center, spread)):
            raise NotSupportedYet(f"the distribution of {name} depends on another random symbol", term.span)
        means.append(self.value(center, env))
        covariances.append(_as_covariance(self.value(spread, env), name))
    count = sum(len(c) for c in covariances)
    letters = iter(variables(count, "real"))
    bound = {
        name: over_entries(value, lambda m: m + next(letters)) for name, value in zip(names, means, strict=True)
    }  # the letters follow the entries in C order, as the covariances do
    whole = [[ZERO] * count for _ in range(count)]
    start = 0
    for block in covariances:
        for i, row in enumerate(block):
            whole[start + i][start : start + len(block)] = row
        start += len(block)
    return {**env, **bound}, whole


def _symbols(self: Evaluator, *parts: Term) -> list[str]:
    read = frozenset().union(*(self.names.of(part) for part in parts))
    return [name for name in self.document.symbols if name in read]


def _as_covariance(value: Value, name: str) -> list[list[Any]]:
    if not isinstance(value, np.ndarray):
        if sign(jets.base(value)) < 0:
            raise Undefined(f"the variance of {name} is negative")
        return [[value]]
    count = isqrt(value.size)
    value = value.reshape(count, count)  # the covariance of a matrix has four axes: those of one entry, then of the other
    plain = over_entries(value, jets.base)
    if not PROPERTIES["positive semidefinite"](plain):
        raise Undefined(f"the covariance of {name} is not symmetric and positive semidefinite")
    return [list(row) for row in value]


# --- extrema ------------------------------------------------------------------------------------------------------------


def extremum(self: Evaluator, term: Extremum, env: Environment) -> Value:
    return self.kept(term, env, lambda: _optimise(self, term, env))


def _optimise(self: Evaluator, term: Extremum, env: Environment) -> Value:
    for condition in term.constraints:
        if condition.relation != "=" or condition.right is None:
            raise NotSupportedYet(
                f"an extremum under a constraint with {condition.relation}",
                condition.left.span or term.span,
                allowed="equality constraints that are affine in the variable",
            )
    shape = tuple(self.size(d, term.span) for d in type_of_variable(self.document, term).shape)

    def body(x: Value) -> Value:
        return self.value(term.body, {**env, term.variable: x})

    def residuals(x: Value) -> list[Any]:
        inner = {**env, term.variable: x}
        out: list[Any] = []
        for condition in term.constraints:
            right = condition.right if condition.right is not None else condition.left
            difference = entrywise(lambda a, b: a - b, self.value(condition.left, inner), self.value(right, inner))
            out += list(difference.flat) if isinstance(difference, np.ndarray) else [difference]
        return out

    maximise = term.sense in ("max", "argmax")
    point = quadratics.stationary_point(body, residuals, shape, maximise, self.levels, term.span)
    return point if term.sense.startswith("arg") else body(point)


# --- integrals ---------------------------------------------------------------------------------------------------------


def integral(self: Evaluator, term: Integral, env: Environment) -> Value:
    return self.kept(term, env, lambda: _integral(self, term, env))


def _integral(self: Evaluator, term: Integral, env: Environment) -> Value:
    low, high = infinite(term.lower), infinite(term.upper)
    if (low, high) == (0, 0):
        return _over_interval(self, term, env, self.value(term.lower, env), self.value(term.upper, env))
    if low > 0 or high < 0:
        raise NotSupportedYet("an integral that starts at infinity or ends at minus infinity", term.span)

    def body(x: Any) -> Any:
        return self.value(term.body, {**env, term.variable: x})

    if low and high:
        (x,) = variables(1, "real")
        return closed_integrals.mapped(_closed(body(x), x), closed_integrals.line_integral)
    (x,) = variables(1, "positive")
    at = self.value(term.upper, env) - x if low else self.value(term.lower, env) + x
    return closed_integrals.mapped(_closed(body(at), x), closed_integrals.half_line_integral)


def _closed(value: Value, x: Closed) -> Value:
    """A body that does not depend on the variable is a constant function of it."""
    if isinstance(value, Jet):
        return Jet(value.level, _closed(value.value, x), [_closed(part, x) for part in value.tangent])
    return value if isinstance(value, Closed) else x.constant(value)


def _over_interval(self: Evaluator, term: Integral, env: Environment, lower: Value, upper: Value) -> Value:
    """Closed forms first; by quadrature otherwise, which knows no derivatives."""
    (x,) = variables(1, "unit")
    width = upper - lower
    try:
        found = _closed(self.value(term.body, {**env, term.variable: lower + x * width}), x)
        return closed_integrals.mapped(found, closed_integrals.unit_integral) * width
    except NotSupportedYet:
        bound = [x for name, value in env.items() if not name.startswith("#") for x in entries(value)]
        if any(isinstance(x, Jet | complex) for x in (lower, upper, *bound)):
            what = "the derivative of an integral without a closed form is not evaluated yet"
            raise NotSupportedYet(what, term.span) from None
    return integrate(lambda z: self.value(term.body, {**env, term.variable: z}), lower, upper)


# --- limits and infinite sums ------------------------------------------------------------------------------------------


def limit(self: Evaluator, term: Limit, env: Environment) -> Value:
    return self.kept(term, env, lambda: _limit(self, term, env))


def _limit(self: Evaluator, term: Limit, env: Environment) -> Value:
    side = infinite(term.target)
    point = fmpq(side) if side else self.value(term.target, env)

    def body(x: Any) -> Value:
        return self.value(term.body, {**env, term.variable: x})

    return limits.limit(body, over_entries, -1 if side else 0, point)


def infinite_sum(self: Evaluator, term: Reduction, env: Environment) -> Value:
    """A series of scalars: its body at a formal index shows how the terms fall."""
    name = "#" + term.binder.name
    if term.operation != "sum" or term.type.rank or infinite(term.binder.upper) != 1 or term.where:
        raise NotSupportedYet("this infinite sum or product is not evaluated yet", term.span)
    first = self.whole(term.binder.lower, env)
    if first < 0:
        raise NotSupportedYet("an infinite sum that starts below zero", term.span)
    (k,) = variables(1, "natural")
    closed = self.value(term.body, {**env, name: k})
    if isinstance(closed, Jet):
        raise NotSupportedYet("the derivative of an infinite sum is not evaluated yet", term.span)
    return closed_integrals.series(_closed(closed, k), lambda n: self.value(term.body, {**env, name: n}), first)
