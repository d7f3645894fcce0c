r"""Expectations over Gaussian symbols in index form.

Takes: an Expectation term and its environment. Gives: a component of it as an expression in means, covariances and derivatives.
Guarantees: the rules are identities for every mean and covariance; a body that is neither a polynomial in the random symbols
nor built from polynomials, exponentials and waves of affine ones raises NotSupportedYet. Symbols of their own distributions
are independent.

    E f(x) = sum over k of (1/k!) (1/2 sum_ij Sigma_ij d_i d_j)^k f at the mean, for polynomials f   (the heat equation)
    E f(x) e^{g(x)} = E e^{g(x)} E f(x) with the mean mu + Sigma grad g, for affine g
    E e^{g(x)} = e^{g(mu) + q/2}, E cos g(x) = e^{-q/2} cos g(mu), with q = sum_ij Sigma_ij d_i g d_j g, for affine g
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import factorial

import sympy

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.environments import Binding, Closure, Frame, Position, Reach
from eqcompiler.calculus.index_algebra import replaced, summed
from eqcompiler.calculus.known_signs import positive
from eqcompiler.calculus.unknown_expectations import expected, unknown_call
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Indexed
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    SCALAR,
    Block,
    Call,
    Component,
    Comprehension,
    Constant,
    Derivative,
    Expectation,
    Number,
    Reduction,
    Reference,
    Symbol,
    Term,
    Type,
)

LARGEST_DEGREE = 6
_LINEAR = frozenset(("add", "neg", "transpose", "trace", "diag", "diagonal", "vec"))
_PRODUCTS = frozenset(("mul", "matmul", "outer", "kron", "cross"))
_EVEN_NORMS = frozenset(("norm2", "normF", "abs"))


@dataclass(frozen=True, slots=True)
class Random:
    name: str
    type: Type
    mean: Term
    covariance: Term


def expectation(low: Lowers, term: Expectation, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """E[u]; Cov[u, v] = E[u v^T] - E[u] E[v]^T entry by entry; Var[u] = Cov[u, u]."""
    randoms = _randoms(low.document, term)
    means: dict[str, Closure] = {random.name: Closure(random.mean, frame) for random in randoms}
    work = _Mean(low, randoms, replace(frame, bindings={**frame.bindings, **means}))
    if term.operation == "E":
        return work.of(term.arguments[0], at)
    left, right = term.arguments[0], term.arguments[-1]
    if left.type.rank > 1 or right.type.rank > 1:
        raise NotSupportedYet("a covariance of matrices has no index form yet", term.span)
    first, second = at[: left.type.rank], at[left.type.rank :]
    operation = "outer" if left.type.rank and right.type.rank else "mul"
    product = Call(Type((*left.type.shape, *right.type.shape)), operation, (left, right), span=term.span)
    return work.of(product, at) - work.of(left, first) * work.of(right, second)


def _randoms(document: Document, term: Expectation) -> tuple[Random, ...]:
    reach = Reach(document)
    used = [name for argument in term.arguments for name in reach.of_term(argument)]
    found = []
    for name in dict.fromkeys(used):
        info = document.symbols.get(name)
        if info is None or info.distribution is None or not isinstance(info.type, Type):
            continue
        kind, parameters = info.distribution
        if kind != "normal":
            raise NotSupportedYet(f"the expectation over this distribution of {name} has no index form yet", term.span)
        mean, covariance = parameters
        around = [document.symbols.get(n) for part in (mean, covariance) for n in reach.of_term(part)]
        if any(other is not None and other.distribution for other in around):
            raise NotSupportedYet(f"the distribution of {name} depends on another random symbol", term.span)
        found.append(Random(name, info.type, mean, covariance))
    return tuple(found)


class _Mean:
    """E of components; `frame` has every random symbol bound to its mean."""

    def __init__(self, low: Lowers, randoms: tuple[Random, ...], frame: Frame) -> None:
        self.low, self.randoms, self.frame = low, randoms, frame
        self.degrees = {random.name: 1 for random in randoms}

    def of(self, term: Term, at: tuple[Position, ...]) -> sympy.Expr:
        degree = degree_of(self.low.document, term, self.degrees)
        if degree is not None and degree <= LARGEST_DEGREE:
            return self.polynomial(term, at, degree)
        call = unknown_call(term)
        if call is not None:
            return expected(self, (), call, term)
        if isinstance(term, Call):
            match term.operation, term.arguments:
                case "add", parts:
                    return sympy.Add(*(self.of(part, at if part.type.rank else ()) for part in parts))
                case "neg", (part,):
                    return -self.of(part, at)
                case "mul", parts:
                    return self.product(term, parts, at)
                case "div", (above, below) if self.is_fixed(below):
                    return self.of(above, at if above.type.rank else ()) / self.entry(below, at)
                case (("exp" | "pow"), _) if (exponent := _exponent(term)) is not None:
                    return self.exponential(exponent, at)
                case ("cos" | "sin") as name, (inside,):
                    value = self.entry(inside, at)
                    return sympy.exp(-self.spread(inside, at) / 2) * getattr(sympy, name)(value)
                case "abs", (inside,):
                    return self.absolute(inside, at)
                case "relu", (inside,):
                    return (self.of(inside, at) + self.absolute(inside, at)) / 2
                case "max", (Number(value=value), inside) | (inside, Number(value=value)) if not value:
                    return (self.of(inside, at) + self.absolute(inside, at)) / 2
        raise NotSupportedYet("the expectation of this expression has no index form yet", term.span)

    def absolute(self, inside: Term, at: tuple[Position, ...]) -> sympy.Expr:
        """E|g| = sqrt(2 q / pi) e^{-m^2 / 2q} + m erf(m / sqrt(2 q)) for affine g with mean m and variance q > 0."""
        mean, variance = self.entry(inside, at), self.spread(inside, at)
        written = {d.name: d.body for d in self.low.definitions if isinstance(d, Indexed) and not d.axes}

        def leaf(part: sympy.Basic) -> sympy.Basic | None:
            body = written.get(part.name) if isinstance(part, sympy.Symbol) else None
            return None if body is None else replaced(body, leaf)

        variance = replaced(variance, leaf)
        if not positive(self.low, variance, self.frame):
            raise NotSupportedYet("an absolute value whose variance may be zero has no index form yet", inside.span)
        width = sympy.sqrt(2 * variance)
        return width / sympy.sqrt(sympy.pi) * sympy.exp(-((mean / width) ** 2)) + mean * sympy.erf(mean / width)

    @property
    def name(self) -> str:
        """The only random symbol, a number."""
        if len(self.randoms) != 1 or self.randoms[0].type.rank:
            raise NotSupportedYet("the expectation of a function without a body needs one random number")
        return self.randoms[0].name

    def mean(self, term: Term) -> sympy.Expr:
        return self.entry(term, ())

    def variance(self, term: Term) -> sympy.Expr:
        return self.spread(term, ())

    def degree(self, term: Term) -> int | None:
        return degree_of(self.low.document, term, self.degrees)

    def entry(self, term: Term, at: tuple[Position, ...]) -> sympy.Expr:
        return self.low.entry(term, at if term.type.rank else (), self.frame)

    def is_fixed(self, term: Term) -> bool:
        return degree_of(self.low.document, term, self.degrees) == 0

    def product(self, term: Call, parts: tuple[Term, ...], at: tuple[Position, ...]) -> sympy.Expr:
        moving = [part for part in parts if not self.is_fixed(part)]
        match moving:
            case [Call(operation="abs", arguments=(size,)) as one, other] if one == other and not term.type.rank:
                fixed = tuple(part for part in parts if part not in moving)
                return self.of(Call(SCALAR, "mul", (*fixed, size, size), span=term.span), ())
        calls = [(part, call) for part in moving if (call := unknown_call(part)) is not None]
        if len(calls) == 1 and not any(part.type.rank for part in parts):
            outside = sympy.Mul(*(self.entry(part, ()) for part in parts if part not in moving))
            polynomials = tuple(part for part in moving if part is not calls[0][0])
            return outside * expected(self, polynomials, calls[0][1], term)
        if len(moving) == 1:
            outside = sympy.Mul(*(self.entry(part, at) for part in parts if part is not moving[0]))
            return outside * self.of(moving[0], at if moving[0].type.rank else ())
        exponents = [(part, inside) for part in moving if (inside := _exponent(part)) is not None]
        if not exponents or term.type.rank:
            raise NotSupportedYet("the expectation of this product has no index form yet", term.span)
        tilt, inside = exponents[0]
        rest = Call(term.type, "mul", tuple(part for part in parts if part is not tilt), span=term.span)
        return self.exponential(inside, ()) * self.tilted(inside).of(rest, ())

    def tilted(self, inside: Term) -> _Mean:
        """E[f e^g] = E[e^g] E[f] with the means moved by Sigma grad g, for affine g."""
        moved = []
        for random in self.randoms:
            slope = Derivative(Type(random.type.shape), inside, random.name, span=inside.span)
            operation = {0: "mul", 1: "matmul"}.get(random.type.rank)
            if operation is None:
                raise NotSupportedYet("the expectation of this product has no index form yet", inside.span)
            change = Call(random.type, operation, (random.covariance, slope), span=inside.span)
            moved.append(replace(random, mean=Call(random.type, "add", (random.mean, change), span=inside.span)))
        outer = replace(self.frame, bindings=self.outer(self.randoms[0]))
        means: dict[str, Closure] = {random.name: Closure(random.mean, outer) for random in moved}
        return _Mean(self.low, tuple(moved), replace(self.frame, bindings={**self.frame.bindings, **means}))

    def exponential(self, inside: Term, at: tuple[Position, ...]) -> sympy.Expr:
        return sympy.exp(self.entry(inside, at) + self.spread(inside, at) / 2)

    def polynomial(self, term: Term, at: tuple[Position, ...], degree: int) -> sympy.Expr:
        total = self.low.entry(term, at, self.frame)
        for k in range(1, degree // 2 + 1):
            for chosen in itertools.product(self.randoms, repeat=k):
                total += self.bent(term, at, chosen) / (factorial(k) * 2**k)
        return total

    def bent(self, term: Term, at: tuple[Position, ...], chosen: tuple[Random, ...]) -> sympy.Expr:
        """sum over all i, j of prod Sigma_ij d_i d_j of the term, at the mean; entry `at`."""
        body, frame, positions, weight, axes = term, self.frame, tuple(at), sympy.S.One, []
        for random in chosen:
            pair: list[tuple[Position, ...]] = []
            for _ in range(2):
                body = Derivative(Type((*body.type.shape, *random.type.shape)), body, random.name, span=term.span)
                own: tuple[Position, ...] = ()
                for dimension in random.type.shape:
                    axis = self.low.fresh_axis(dimension, frame)
                    frame = frame.within(axis)
                    axes.append(axis)
                    own = (*own, axis.index)
                pair.append(own)
                positions = (*positions, *own)
            weight *= self.low.entry(random.covariance, (*pair[0], *pair[1]), replace(frame, bindings=self.outer(random)))
        value = weight * self.low.entry(body, positions, frame)
        for axis in reversed(axes):
            value = summed(value, (axis.index, axis.lower, axis.upper), frame.ranges)
        return value

    def spread(self, inside: Term, at: tuple[Position, ...]) -> sympy.Expr:
        """The variance of an affine scalar: sum of Sigma_ij d_i g d_j g."""
        degree = degree_of(self.low.document, inside, self.degrees)
        if degree is None or degree > 1 or inside.type.rank:
            raise NotSupportedYet("the expectation of a function of this argument has no index form yet", inside.span)
        total: sympy.Expr = sympy.S.Zero
        for random in self.randoms:
            slope = Derivative(Type(random.type.shape), inside, random.name, span=inside.span)
            frame, pair, axes = self.frame, [], []
            for _ in range(2):
                own: tuple[Position, ...] = ()
                for dimension in random.type.shape:
                    axis = self.low.fresh_axis(dimension, frame)
                    frame = frame.within(axis)
                    axes.append(axis)
                    own = (*own, axis.index)
                pair.append(own)
            weight = self.low.entry(random.covariance, (*pair[0], *pair[1]), replace(frame, bindings=self.outer(random)))
            value = weight * self.low.entry(slope, pair[0], frame) * self.low.entry(slope, pair[1], frame)
            for axis in reversed(axes):
                value = summed(value, (axis.index, axis.lower, axis.upper), frame.ranges)
            total += value
        return total

    def outer(self, random: Random) -> Mapping[str, Binding]:
        """The bindings around the expectation: a covariance does not know the means that are bound here."""
        binding = self.frame.bindings[random.name]
        return binding.frame.bindings if isinstance(binding, Closure) else {}


def _exponent(term: Term) -> Term | None:
    """g of exp(g) and of e^g."""
    match term:
        case Call(operation="exp", arguments=(inside,)) | Call(operation="pow", arguments=(Constant(name="e"), inside)):
            return inside
    return None


# --- degrees -----------------------------------------------------------------------------------------------------------


def degree_of(document: Document, term: Term, degrees: Mapping[str, int]) -> int | None:
    """A bound of the degree of the term as a polynomial in the names of `degrees`; None when it need not be one."""
    match term:
        case Symbol(name=name):
            if name in degrees:
                return degrees[name]
            definition = document.definitions.get(name)
            return degree_of(document, definition.body, degrees) if definition is not None else 0
        case Reference(name=name, arguments=arguments):
            return _of_reference(document, name, arguments, degrees)
        case Call():
            return _of_call(document, term, degrees)
        case Component(base=base, indices=indices):
            return degree_of(document, base, degrees) if _all_fixed(document, indices, degrees) else None
        case Comprehension(body=body):
            return degree_of(document, body, degrees)
        case Reduction(operation="sum", body=body, where=()):
            return degree_of(document, body, degrees)
        case Block(rows=rows):
            return _largest(degree_of(document, cell, degrees) for row in rows for cell in row)
    return 0 if _is_free(document, term, degrees) else None


def _of_reference(document: Document, name: str, arguments: tuple[Term, ...], degrees: Mapping[str, int]) -> int | None:
    if name in degrees:
        return degrees[name]
    definition = document.definitions.get(name)
    if definition is None:
        return 0
    given = dict(degrees)
    for formal, argument in zip(definition.formals, arguments, strict=False):
        degree = degree_of(document, argument, degrees)
        if degree is None:
            return None
        given[formal] = degree
    return degree_of(document, definition.body, given)


def _of_call(document: Document, term: Call, degrees: Mapping[str, int]) -> int | None:
    squared = _of_even_norm(document, term, degrees)
    if squared is not None:
        return squared
    inside = [degree_of(document, argument, degrees) for argument in term.arguments]
    if all(degree == 0 for degree in inside):
        return 0
    if any(degree is None for degree in inside):
        return None
    known = [degree or 0 for degree in inside]
    if term.operation in _LINEAR:
        return max(known)
    if term.operation in _PRODUCTS:
        return sum(known)
    if term.operation == "div" and known[1] == 0:
        return known[0]
    if term.operation == "pow" and isinstance(term.arguments[1], Number):
        exponent = term.arguments[1].value
        if exponent.denominator == 1 and exponent >= 0:
            return known[0] * int(exponent)
    return None


def _of_even_norm(document: Document, term: Call, degrees: Mapping[str, int]) -> int | None:
    """The degree of a norm to an even power, which is a polynomial; None for anything else."""
    match term:
        case Call(operation="pow", arguments=(Call(operation=norm, arguments=(inside,)), Number(value=exponent))):
            whole = norm in _EVEN_NORMS and exponent > 0 and exponent % 2 == 0
            degree = degree_of(document, inside, degrees) if whole and not (norm == "norm2" and inside.type.rank == 2) else None
            return None if degree is None else degree * int(exponent)
    return None


def _all_fixed(document: Document, parts: tuple[Term, ...], degrees: Mapping[str, int]) -> bool:
    return all(degree_of(document, part, degrees) == 0 for part in parts)


def _is_free(document: Document, term: Term, degrees: Mapping[str, int]) -> bool:
    """Whether no name of `degrees` that is not constant can be read below this term."""
    moving = {name for name, degree in degrees.items() if degree}
    return not moving & set(Reach(document).of_term(term))


def _largest(degrees: Iterable[int | None]) -> int | None:
    found = list(degrees)
    return None if None in found else max(degree or 0 for degree in found)
