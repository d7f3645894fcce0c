r"""One rule per kind of term and per operation, for the proof checker.

Takes: a term, the places of one entry, what is bound. Gives: that entry as a sum with indices.
Guarantees: written from languages.terms alone; NotReplayed for what has no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, ZERO, Atom, NotReplayed, Position, Sum, add, minus, number
from eqcompiler.verification.term_entries import HALF, At, Environment, Reader, Rule


def _component(self: Reader, term: terms.Component, at: At, env: Environment) -> Sum:
    return self.entry(term.base, (*(self.position(i, env) for i in term.indices), *at), env)


def _comprehension(self: Reader, term: terms.Comprehension, at: At, env: Environment) -> Sum:
    if any(self.position(b.lower, env) != FIRST for b in term.binders):
        raise NotReplayed("a family that does not start at 1", term.span)
    count = len(term.binders)
    return self.entry(term.body, at[count:], {**env, **{"#" + b.name: p for b, p in zip(term.binders, at, strict=False)}})


def _reference(self: Reader, term: terms.Reference, at: At, env: Environment) -> Sum:
    definition = self.document.definitions.get(term.name)
    if definition is not None and term.arguments and term.name not in env:
        given = {f: self.bound(a, env) for f, a in zip(definition.formals, term.arguments, strict=True)}
        env = {**env, **given}
    return self.symbol(term.name, at, env)


def _reduction(self: Reader, term: terms.Reduction, at: At, env: Environment) -> Sum:
    if term.operation not in ("sum", "product"):
        raise NotReplayed(f"the checker does not know the {term.operation} over an index", term.span)
    index = self.range(term.binder, env)
    inner = {**env, "#" + term.binder.name: Dimension.of(index.name)}
    body = self.entry(term.body, at, inner)
    guards = [_indicator(self, c, inner) for c in term.where]
    if term.operation == "sum":
        return self.algebra.summed((index,), self.algebra.product(body, *guards))
    if guards or not self.algebra.all_positive(body):
        raise NotReplayed("a product over an index of factors that are not known to be positive", term.span)
    return self.algebra.exp(self.algebra.summed((index,), self.algebra.log(body)))


def _indicator(self: Reader, condition: Condition, env: Environment) -> Sum:
    """1 where a relation between indices holds, else 0."""
    if condition.right is None:
        raise NotReplayed(f"the condition {condition.relation}", condition.left.span)
    gap = self.position(condition.right, env) - self.position(condition.left, env)
    same = self.algebra.delta(gap, Dimension.of(0))
    least = {"<=": gap, "<": gap - FIRST, ">=": -gap, ">": -gap - FIRST}.get(condition.relation)
    if least is not None:
        return self.algebra.atom(Atom("guard", "", (least,)))
    return same if condition.relation == "=" else minus(ONE, same)


def _unknown(self: Reader, term: terms.UnknownCall, at: At, env: Environment) -> Sum:
    if any(a.type.rank > 1 for a in (term, *term.arguments)):
        raise NotReplayed("the checker does not know unknown functions of matrices", term.span)
    arguments = []
    for a in term.arguments:
        places = self.axes(a)
        ranges = tuple(self.algebra.ranges[str(p)] for p in places)
        arguments.append(self.algebra.operand(ranges, self.entry(a, places, env)))
    return self.algebra.atom(Atom("unknown", f"{term.name}'", at, tuple(arguments)))


def _call(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    rule = _CALLS.get(term.operation)
    if rule is not None:
        return rule(self, term, at, env)
    if term.operation in terms.ELEMENTWISE:
        return self.algebra.apply(term.operation, (self.entry(term.arguments[0], at, env),))
    raise NotReplayed(f"the checker does not know the operation {term.operation}", term.span)


def _each(combine: Callable[..., Sum]) -> Rule:
    """Entry by entry."""
    return lambda self, term, at, env: combine(self.algebra, *(self.entry(a, at, env) for a in term.arguments))


def _power(algebra: Algebra, base: Sum, exponent: Sum) -> Sum:
    if exponent.constant is not None:
        return algebra.power(base, exponent.constant)
    if base == algebra.exp(ONE):
        return algebra.exp(exponent)
    if algebra.all_positive(base):
        return algebra.exp(algebra.product(exponent, algebra.log(base)))
    return algebra.apply("power", (base, exponent))


def _reciprocal(self: Reader, term: Term, at: At, env: Environment) -> Sum:
    """Powers and products in a denominator stay what they are, so that equal denominators are recognised."""
    operation = term.operation if isinstance(term, terms.Call) else ""
    parts = term.arguments if isinstance(term, terms.Call) else ()
    if operation == "mul":
        return self.algebra.product(ONE, *(_reciprocal(self, part, at, env) for part in parts))
    if operation == "pow" and isinstance(parts[1], terms.Number) and parts[1].value.denominator == 1:
        return self.algebra.power(self.entry(parts[0], at, env), -parts[1].value)
    return self.algebra.power(self.entry(term, at, env), -1)


def _matmul(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    left, right = term.arguments
    rows = left.type.rank - 1

    def inside(k: Position) -> Sum:
        return self.algebra.product(self.entry(left, (*at[:rows], k), env), self.entry(right, (k, *at[rows:]), env))

    return self.summed(right.type.shape[0], inside)


def _of_all(self: Reader, term: Term, env: Environment, function: Callable[[Sum], Sum]) -> Sum:
    """The sum of a function of each entry."""
    axes = self.axes(term)
    body = function(self.entry(term, axes, env))
    return self.algebra.summed([self.algebra.ranges[str(p)] for p in axes], body)


def _root_of_squares(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (inner,) = term.arguments
    if term.operation == "norm2" and inner.type.rank != 1:
        raise NotReplayed("the checker does not know the spectral norm", term.span)
    return self.algebra.power(_of_all(self, inner, env, lambda x: self.algebra.power(x, 2)), HALF)


def _softmax(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (scores,) = term.arguments
    below = _of_all(self, scores, env, self.algebra.exp)
    return self.algebra.product(self.algebra.exp(self.entry(scores, at, env)), self.algebra.power(below, -1))


def _trace(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (matrix,) = term.arguments
    return self.summed(matrix.type.shape[0], lambda k: self.entry(matrix, (k, k), env))


def _matrix_power(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    below, exponent = term.arguments
    count = self.entry(exponent, (), env).constant
    if count is None or count.denominator != 1 or abs(count) > 8:
        raise NotReplayed("the checker does not know symbolic powers of matrices", term.span)
    factor = below if count > 0 else terms.Call(below.type, "inverse", (below,))
    if count == 0:
        return self.algebra.delta(*at)

    def chain(k: int, p: Position, q: Position) -> Sum:
        if k == 1:
            return self.entry(factor, (p, q), env)
        return self.summed(
            below.type.shape[0], lambda r: self.algebra.product(self.entry(factor, (p, r), env), chain(k - 1, r, q))
        )

    return chain(abs(int(count)), *at)  # an inverse is read by its own rule


def _whole(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (matrix,) = term.arguments
    while isinstance(matrix, terms.Call) and matrix.operation == "transpose":
        matrix, at = matrix.arguments[0], at[::-1]
    self.matrices.append((matrix, env))
    return self.whole_of(term.operation, lambda p, q: self.entry(matrix, (p, q), env), matrix.type.shape[0], at)


_CALLS: dict[str, Rule] = {
    "add": _each(lambda algebra, *parts: add(*parts)),
    "neg": _each(lambda algebra, u: u.times(Fraction(-1))),
    "mul": _each(lambda algebra, *parts: algebra.product(*parts)),
    "div": lambda self, term, at, env: self.algebra.product(
        self.entry(term.arguments[0], at, env), _reciprocal(self, term.arguments[1], at, env)
    ),
    "pow": _each(_power),
    "matmul": _matmul,
    "outer": lambda self, term, at, env: self.algebra.product(
        *(self.entry(a, (p,), env) for a, p in zip(term.arguments, at, strict=True))
    ),
    "transpose": lambda self, term, at, env: self.entry(term.arguments[0], at[::-1], env),
    "trace": _trace,
    "diag": lambda self, term, at, env: self.algebra.product(
        self.entry(term.arguments[0], at[:1], env), self.algebra.delta(*at)
    ),
    "diagonal": lambda self, term, at, env: self.entry(term.arguments[0], (at[0], at[0]), env),
    "norm1": lambda self, term, at, env: _of_all(self, term.arguments[0], env, lambda x: self.algebra.apply("abs", (x,))),
    "norm2": _root_of_squares,
    "normF": _root_of_squares,
    "softmax": _softmax,
    "delta": lambda self, term, at, env: self.algebra.delta(*(self.position(a, env) for a in term.arguments)),
    "identity": lambda self, term, at, env: self.algebra.delta(*at),
    "zeros": lambda self, term, at, env: ZERO,
    "ones": lambda self, term, at, env: ONE,
    "inverse": _whole,
    "det": _whole,
    "matpow": _matrix_power,
}

RULES: dict[type[Term], Rule] = {
    terms.Number: lambda self, term, at, env: number(term.value),
    terms.Constant: lambda self, term, at, env: _constant(self, term),
    terms.Symbol: lambda self, term, at, env: self.symbol(term.name, at, env),
    terms.Index: lambda self, term, at, env: self.algebra.value(self.position(term, env)),
    terms.Size: lambda self, term, at, env: self.algebra.value(term.dimension),
    terms.Reference: _reference,
    terms.UnknownCall: _unknown,
    terms.Call: _call,
    terms.Component: _component,
    terms.Reduction: _reduction,
    terms.Comprehension: _comprehension,
    terms.Derivative: lambda self, term, at, env: self.derivative(term, at, env),
}


def _constant(self: Reader, term: terms.Constant) -> Sum:
    if term.name == "infinity":
        raise NotReplayed("infinity has no value of its own", term.span)
    return self.algebra.exp(ONE) if term.name == "e" else self.algebra.atom(Atom("constant", "pi"))
