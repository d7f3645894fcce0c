"""How often a difference that is not zero can vanish: bounds on the degree of a rational function.

Takes: a document, sizes, a term of rational operations. Gives: bounds on the degrees of numerator and denominator of every
entry, as functions of the entries of the symbols. NotRational for anything else: exp, a root, a case, a symbolic exponent.
Guarantees: an upper bound for the term as it is written, for these sizes; never an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    Binder,
    Block,
    Call,
    Component,
    Comprehension,
    Derivative,
    Index,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    children,
)

LARGEST_DEGREE = 1 << 40
LARGEST_EXPONENT = 64


class NotRational(Exception):
    """The term is not a rational function of its symbols, or not seen to be one."""


@dataclass(frozen=True, slots=True)
class Degree:
    """numerator / denominator, of at most these degrees."""

    above: int
    below: int

    def __post_init__(self) -> None:
        if max(self.above, self.below) > LARGEST_DEGREE:
            raise NotRational(f"a degree above {LARGEST_DEGREE}")

    def __add__(self, other: Degree) -> Degree:
        return Degree(max(self.above + other.below, other.above + self.below), self.below + other.below)

    def __mul__(self, other: Degree) -> Degree:
        return Degree(self.above + other.above, self.below + other.below)

    def inverted(self) -> Degree:
        return Degree(self.below, self.above)

    def summed(self, count: int) -> Degree:
        """The sum of `count` of these, each with a denominator of its own."""
        return Degree(self.above + max(0, count - 1) * self.below, count * self.below)

    def power(self, exponent: int) -> Degree:
        base = self.inverted() if exponent < 0 else self
        return Degree(abs(exponent) * base.above, abs(exponent) * base.below)

    def larger(self, other: Degree) -> Degree:
        return Degree(max(self.above, other.above), max(self.below, other.below))


CONSTANT, VARIABLE = Degree(0, 0), Degree(1, 0)
Environment = Mapping[str, Degree]


class Bounds:
    def __init__(self, document: Document, sizes: Mapping[str, int]) -> None:
        self.document, self.sizes = document, sizes
        self.entered: list[str] = []
        self.known: dict[tuple[str, frozenset[tuple[str, Degree]]], Degree] = {}  # a chain of definitions is walked once

    def of(self, term: Term, env: Environment) -> Degree:
        match term:
            case Number() | Size() | Index():
                return CONSTANT
            case Symbol():
                if term.type.domain == "integer" and term.name not in env:
                    raise NotRational("a symbol for whole numbers")
                return self.named(term.name, env)
            case Reference():
                definition = self.document.definitions.get(term.name)
                if definition is not None and term.arguments and term.name not in env:
                    given = (self.of(a, env) for a in term.arguments)
                    env = {**env, **dict(zip(definition.formals, given, strict=True))}
                return self.named(term.name, env)
            case Component():
                if not all(self._plain(index) for index in term.indices):
                    raise NotRational("an index that is computed")
                return self.of(term.base, env)
            case Comprehension():
                return self.of(term.body, env)
            case Block():
                return self._largest([self.of(cell, env) for row in term.rows for cell in row])
            case Reduction() if term.operation in ("sum", "product"):
                if not all(self._plain(side) for c in term.where for side in (c.left, c.right) if side is not None):
                    raise NotRational("a sum over indices with a property")
                count, body = self.length(term.binder), self.of(term.body, env)
                return body.summed(count) if term.operation == "sum" else body.power(count)
            case Derivative():
                return self.derivative(term, env)
            case Call():
                return self.call(term, env)
        raise NotRational(type(term).__name__)

    def named(self, name: str, env: Environment) -> Degree:
        if name in env:
            return env[name]
        definition = self.document.definitions.get(name)
        if definition is None:
            return VARIABLE
        if name in self.entered:
            raise NotRational(f"{name} is defined by itself")
        key = (name, frozenset(env.items()))
        if key not in self.known:
            self.entered.append(name)
            try:
                self.known[key] = self.of(definition.body, env)
            finally:
                self.entered.pop()
        return self.known[key]

    def derivative(self, term: Derivative, env: Environment) -> Degree:
        """(N/D)' = (N' D - N D')/D^2 in the variable's own entries, then with their values put in."""
        body = self.of(term.body, {**env, term.variable: VARIABLE})
        slope = Degree(body.above + body.below, 2 * body.below)
        value = self.of(term.point, env) if term.point is not None else self.named(term.variable, env)
        if value == VARIABLE:
            return slope
        shape = term.type.shape[term.body.type.rank :]
        count = 1
        for size in shape:
            count *= size.value(self.sizes)
        degree = max(slope.above, slope.below) * max(1, value.above + count * value.below)
        return Degree(degree, degree)

    def call(self, term: Call, env: Environment) -> Degree:
        operation, parts = term.operation, term.arguments
        if operation in ("pow", "matpow"):
            return self.power(term, env)
        given = [self.of(a, env) for a in parts]
        if operation in _SAME:
            return self._largest([CONSTANT, *given])
        if operation in _RULES:
            return _RULES[operation](*given)
        size = parts[0].type.shape[-1].value(self.sizes) if parts and parts[0].type.shape else 1
        if operation == "matmul":
            return (given[0] * given[1]).summed(size)
        if operation == "trace":
            return given[0].summed(size)
        if operation in ("inverse", "det"):
            return self.whole(operation, given[0], size)
        raise NotRational(operation)

    def whole(self, operation: str, entry: Degree, n: int) -> Degree:
        """By cofactors over the common denominator of all entries."""
        common = n * n * entry.below
        scaled = entry.above + max(0, n * n - 1) * entry.below
        if operation == "det":
            return Degree(n * scaled, n * common)
        return Degree(common + (n - 1) * scaled, n * scaled)

    def power(self, term: Call, env: Environment) -> Degree:
        below, exponent = term.arguments
        count = _whole_number(exponent)
        if term.operation == "matpow":
            n = below.type.shape[0].value(self.sizes)
            factor = self.of(below, env) if count >= 0 else self.whole("inverse", self.of(below, env), n)
            result = factor if count else CONSTANT
            for _ in range(abs(count) - 1):
                result = (result * factor).summed(n)
            return result
        if isinstance(below, Call) and below.operation in ("norm2", "normF") and count > 0 and count % 2 == 0:
            (inner,) = below.arguments
            if below.operation == "normF" or inner.type.rank == 1:
                entries = 1
                for size in inner.type.shape:
                    entries *= size.value(self.sizes)
                return self.of(inner, env).power(2).summed(entries).power(count // 2)
        return self.of(below, env).power(count)

    def length(self, binder: Binder) -> int:
        lower = int(binder.lower.value) if isinstance(binder.lower, Number) else 0
        return max(0, self.most(binder.upper) - lower + 1)

    def most(self, term: Term) -> int:
        """The largest value of an index expression; an index is at most the largest size."""
        match term:
            case Number():
                return max(0, int(term.value))
            case Size():
                return max(0, term.dimension.value(self.sizes))
            case Index():
                return max(self.sizes.values(), default=0)
            case Call() if term.operation == "add":
                return sum(self.most(a) for a in term.arguments)
            case Call() if term.operation == "neg":
                return 0
        raise NotRational("a range that is computed")

    def _plain(self, index: Term) -> bool:
        kinds = Index | Number | Size
        arithmetic = isinstance(index, Call) and index.operation in ("add", "neg", "mul")
        return isinstance(index, kinds) or (arithmetic and all(self._plain(a) for a in children(index)))

    def _largest(self, given: list[Degree]) -> Degree:
        result = given[0]
        for other in given[1:]:
            result = result.larger(other)
        return result


def _whole_number(term: Term) -> int:
    if isinstance(term, Call) and term.operation == "neg":
        return -_whole_number(term.arguments[0])
    if not isinstance(term, Number) or term.value.denominator != 1 or abs(term.value) > LARGEST_EXPONENT:
        raise NotRational("an exponent that is no whole number")
    return int(term.value)


def _sum(*given: Degree) -> Degree:
    result = given[0]
    for other in given[1:]:
        result = result + other
    return result


def _product(*given: Degree) -> Degree:
    result = given[0]
    for other in given[1:]:
        result = result * other
    return result


_SAME = frozenset(("neg", "transpose", "diag", "diagonal", "vec", "identity", "zeros", "ones"))
_RULES: dict[str, Callable[..., Degree]] = {
    "add": _sum,
    "mul": _product,
    "outer": _product,
    "kron": _product,
    "div": lambda a, b: a * b.inverted(),
}
