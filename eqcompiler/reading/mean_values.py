r"""Expectations over laws that are not normal, written out as what they are: integrals and sums over the density.

Takes: a typed document. Gives: the same one, where in claims \mathbb{E}[f(X)] with X \sim \operatorname{Exp}(\lambda) is the
integral of f(x) \lambda e^{-\lambda x} from 0 on, and a variance is \mathbb{E}[f^2] - \mathbb{E}[f]^2.
Guarantees: only where one random number with such a law occurs, and not through a definition; every other expectation stays as
it is. X is bound by the integral, so that nothing outside of it is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from eqcompiler.languages.statements import Claim, Document, Statement
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Constant,
    Expectation,
    Index,
    Integral,
    Reduction,
    Symbol,
    Term,
    children,
)
from eqcompiler.languages.trees import inside, rebuilt
from eqcompiler.reading import shapes
from eqcompiler.reading.randomness import symbols

Tree = TypeVar("Tree")
Parameters = tuple[Term, ...]
ZERO, ONE = shapes.number(0), shapes.number(1)
INFINITY: Term = Constant(SCALAR, "infinity")
COUNTED = "value_of_the_draw"  # an index name that no author can have written


def with_written_means(document: Document) -> Document:
    return replace(document, statements=tuple(_statement(document, statement) for statement in document.statements))


def _statement(document: Document, statement: Statement) -> Statement:
    claim = statement.payload
    if not isinstance(claim, Claim):
        return statement
    left, right = (_written(document, side) for side in (claim.left, claim.right))
    unchanged = (left, right) == (claim.left, claim.right)
    return statement if unchanged else replace(statement, payload=replace(claim, left=left, right=right))


def _written(document: Document, tree: Tree) -> Tree:
    """The term with every expectation written out, inner ones first."""

    def rule(part: object) -> Term | None:
        return _expectation(document, inside(part, rule)) if isinstance(part, Expectation) else None

    return rebuilt(tree, rule)


def _expectation(document: Document, term: Expectation) -> Term:
    if any(argument.type.rank for argument in term.arguments):
        return term
    reached = [info for argument in term.arguments for info in symbols(document, argument) if info.distribution is not None]
    info = reached[0] if reached else None
    if info is None or info.distribution is None or info.samples is not None or any(other != info for other in reached):
        return term
    law, parameters = info.distribution
    if law not in MEANS or len(reached) != sum(_count(argument, info.name) for argument in term.arguments):
        return term

    def mean(value: Term) -> Term:
        return replace(MEANS[law](value, info.name, parameters), span=term.span)

    if term.operation == "E":
        return mean(term.arguments[0])
    left, right = term.arguments[0], term.arguments[-1]
    return replace(_sum(mean(_product(left, right)), _negative(_product(mean(left), mean(right)))), span=term.span)


def _count(term: Term, name: str) -> int:
    """How often the symbol stands in the term itself."""
    own = isinstance(term, Symbol) and term.name == name
    return int(own) + sum(_count(child, name) for child in children(term))


# --- terms -------------------------------------------------------------------------------------------------------------


def _sum(*parts: Term) -> Term:
    return Call(SCALAR, "add", parts)


def _product(*parts: Term) -> Term:
    return Call(SCALAR, "mul", parts)


def _negative(part: Term) -> Term:
    return Call(SCALAR, "neg", (part,))


def _quotient(above: Term, below: Term) -> Term:
    return Call(SCALAR, "div", (above, below))


def _power(base: Term, exponent: Term) -> Term:
    return Call(SCALAR, "pow", (base, exponent))


def _call(operation: str, argument: Term) -> Term:
    return Call(SCALAR, operation, (argument,))


def _at(value: Term, name: str, point: Term) -> Term:
    return rebuilt(value, lambda part: point if isinstance(part, Symbol) and part.name == name else None)


# --- the laws ----------------------------------------------------------------------------------------------------------


def _exponential(value: Term, name: str, parameters: Parameters) -> Term:
    (rate,) = parameters
    falling = _call("exp", _negative(_product(rate, Symbol(SCALAR, name))))
    return Integral(SCALAR, name, ZERO, INFINITY, _product(value, rate, falling))


def _gamma(value: Term, name: str, parameters: Parameters) -> Term:
    shape, rate = parameters
    x = Symbol(SCALAR, name)
    falling = _product(_power(x, _sum(shape, _negative(ONE))), _call("exp", _negative(_product(rate, x))))
    return _quotient(
        _product(_power(rate, shape), Integral(SCALAR, name, ZERO, INFINITY, _product(value, falling))), _call("gamma", shape)
    )


def _beta(value: Term, name: str, parameters: Parameters) -> Term:
    first, second = parameters
    x = Symbol(SCALAR, name)
    left, right = _power(x, _sum(first, _negative(ONE))), _power(_sum(ONE, _negative(x)), _sum(second, _negative(ONE)))
    scale = _quotient(_call("gamma", _sum(first, second)), _product(_call("gamma", first), _call("gamma", second)))
    return _product(scale, Integral(SCALAR, name, ZERO, ONE, _product(value, left, right)))


def _uniform(value: Term, name: str, parameters: Parameters) -> Term:
    lowest, highest = parameters
    return _quotient(Integral(SCALAR, name, lowest, highest, value), _sum(highest, _negative(lowest)))


def _laplace(value: Term, name: str, parameters: Parameters) -> Term:
    """In two parts, below and above the mean m: |x - m| is m - x and x - m there."""
    mean, scale = parameters
    below = _quotient(_sum(Symbol(SCALAR, name), _negative(mean)), scale)
    halves = (
        Integral(SCALAR, name, _negative(INFINITY), mean, _product(value, _call("exp", below))),
        Integral(SCALAR, name, mean, INFINITY, _product(value, _call("exp", _negative(below)))),
    )
    return _quotient(_sum(*halves), _product(shapes.number(2), scale))


def _bernoulli(value: Term, name: str, parameters: Parameters) -> Term:
    (probability,) = parameters
    failure = _sum(ONE, _negative(probability))
    return _sum(_product(failure, _at(value, name, ZERO)), _product(probability, _at(value, name, ONE)))


def _poisson(value: Term, name: str, parameters: Parameters) -> Term:
    (rate,) = parameters
    count = Index(INTEGER, COUNTED)
    weight = _quotient(_product(_power(rate, count), _call("exp", _negative(rate))), _call("factorial", count))
    return Reduction(SCALAR, "sum", Binder(COUNTED, ZERO, INFINITY), _product(_at(value, name, count), weight))


MEANS: dict[str, Callable[[Term, str, Parameters], Term]] = {
    "exponential": _exponential,
    "gamma": _gamma,
    "beta": _beta,
    "uniform": _uniform,
    "laplace": _laplace,
    "bernoulli": _bernoulli,
    "poisson": _poisson,
}
