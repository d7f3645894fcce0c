r"""One rule per kind of term and per operation, for the proof checker.

Takes: a term, the places of one entry, what is bound. Gives: that entry as a sum with indices.
Guarantees: written from languages.terms alone; NotReplayed for what has no rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.verification.defined_operations import DEFINED, DETERMINANTS
from eqcompiler.verification.expected_values import expectation
from eqcompiler.verification.function_values import raised, step
from eqcompiler.verification.generating_functions import integral, limit, series
from eqcompiler.verification.index_sums import ONE, ZERO, Atom, NotReplayed, Position, Sum, add, minus, number
from eqcompiler.verification.term_entries import At, Environment, Reader, Rule, reached


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
        pairs = zip(definition.formals, term.arguments, strict=True)
        given = {f: self.bound(a, env) for f, a in pairs if f in env or not (isinstance(a, terms.Symbol) and a.name == f)}
        env = {**env, **given}
    return self.symbol(term.name, at, env)


def _reduction(self: Reader, term: terms.Reduction, at: At, env: Environment) -> Sum:
    if term.operation not in ("sum", "product"):
        raise NotReplayed(f"the checker does not know the {term.operation} over an index", term.span)
    if term.operation == "sum" and not term.where and (closed := series(self, term, at, env)) is not None:
        return closed

    def body(place: Position) -> Sum:
        inner = {**env, "#" + term.binder.name: place}
        guards = [_indicator(self, c, inner) for c in term.where]
        value = self.entry(term.body, at, inner)
        if term.operation == "sum":
            return self.algebra.product(value, *guards)
        if guards:
            raise NotReplayed("a product over some of the values of an index", term.span)
        return value

    lower, upper = self.position(term.binder.lower, env), self.position(term.binder.upper, env)
    return self.over(lower, upper, body) if term.operation == "sum" else self.product_over(lower, upper, body)


def _holds(self: Reader, condition: Condition, env: Environment) -> Sum:
    """1 where a condition between numbers holds, else 0."""
    right = condition.right
    if right is None or condition.relation not in ("<", "<=", ">", ">="):
        return _indicator(self, condition, env)
    low, high = (condition.left, right) if condition.relation[0] == "<" else (right, condition.left)
    return step(self.algebra, minus(self.entry(high, (), env), self.entry(low, (), env)), "=" not in condition.relation)


def _cases(self: Reader, term: terms.Cases, at: At, env: Environment) -> Sum:
    """The first branch whose conditions hold."""
    parts, rest = [], ONE
    for conditions, value in term.branches:
        here = self.algebra.product(rest, *(_holds(self, c, env) for c in conditions))
        parts.append(self.algebra.product(here, self.entry(value, at, env)))
        rest = minus(rest, here)
    if rest.terms:
        raise NotReplayed("cases of which none may hold", term.span)
    return add(*parts)


def _indicator(self: Reader, condition: Condition, env: Environment) -> Sum:
    """1 where a relation between indices holds, else 0."""
    if condition.right is None:
        raise NotReplayed(f"the condition {condition.relation}", condition.left.span)
    gap = self.position(condition.right, env) - self.position(condition.left, env)
    same = self.algebra.delta(gap, Dimension.of(0))
    least = {"<=": gap, "<": gap - FIRST, ">=": -gap, ">": -gap - FIRST}.get(condition.relation)
    if least is not None and least.constant is not None:
        return number(least.constant >= 0)
    if least is not None:
        return self.algebra.atom(Atom("guard", "", (least,)))
    return same if condition.relation == "=" else minus(ONE, same)


def _last_state(self: Reader, term: terms.Iterated, at: At, env: Environment) -> Sum:
    """The last state of a recurrence has one value, unless something that it reads is given another one here."""
    recurrence = self.document.recurrences[term.recurrence]
    named = terms.Symbol | terms.Reference | terms.Index
    parts = reached(self.document, *term.start, *recurrence.updates)
    read = {family for _, family in recurrence.members} | {part.name for part in parts if isinstance(part, named)}
    own = {*recurrence.states, *recurrence.before, *(member for member, _ in recurrence.members)}
    if (read - own) & {name.removeprefix("#") for name in env} or self.sizes:
        raise NotReplayed("the last state of a recurrence that is varied", term.span)
    return self.algebra.entry(f"{recurrence.last[term.state]}@{terms_key(term)}", at)


def terms_key(term: terms.Iterated) -> str:
    return f"{term.recurrence}{term.state}{term.start!r}"


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
    if term.operation in DEFINED and (term.operation != "norm2" or term.arguments[0].type.rank == 1):
        return self.entry(DEFINED[term.operation](*term.arguments), at, env)
    if term.operation in terms.ELEMENTWISE:
        return self.algebra.apply(term.operation, (self.entry(term.arguments[0], at, env),))
    raise NotReplayed(f"the checker does not know the operation {term.operation}", term.span)


def _each(combine: Callable[..., Sum]) -> Rule:
    """Entry by entry."""
    return lambda self, term, at, env: combine(self.algebra, *(self.entry(a, at, env) for a in term.arguments))


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


def _trace(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (matrix,) = term.arguments
    return self.summed(matrix.type.shape[0], lambda k: self.entry(matrix, (k, k), env))


def _matrix_power(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    matrix, exponent = term.arguments
    if matrix.type.shape[0] in self.put_together:
        raise NotReplayed("a power of a block matrix", term.span)
    size = self.size(matrix.type.shape[0])
    self.matrices.append((term.operation, matrix, env))
    return self.matrix_power(lambda p, q: self.entry(matrix, (p, q), env), size, at, self.entry(exponent, (), env))


def _kron(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    left, right = term.arguments
    pairs = [self.split(place, size) for place, size in zip(at, right.type.shape, strict=True)]
    outer, inner = (tuple(pair[k] for pair in pairs) for k in (0, 1))
    return self.algebra.product(self.entry(left, outer, env), self.entry(right, inner, env))


def _vec(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (matrix,) = term.arguments
    return self.entry(matrix, self.split(at[0], matrix.type.shape[0])[::-1], env)


def block_sizes(term: terms.Block, axis: int) -> tuple[Dimension, ...]:
    """The sizes of the parts of one axis, rows (0) or columns (1)."""
    cells = [row[0] for row in term.rows] if axis == 0 else list(term.rows[0])
    return tuple(_block_size(cell, axis) for cell in cells)


def _block_size(cell: Term, axis: int) -> Dimension:
    """A scalar is 1 by 1, a vector a column (a row where it is written transposed)."""
    if cell.type.rank == 2:
        return cell.type.shape[axis]
    return cell.type.shape[0] if cell.type.rank == 1 and (axis == 1) == cell.type.row else FIRST


def _block(self: Reader, term: terms.Block, at: At, env: Environment) -> Sum:
    where = [self.part(place, block_sizes(term, axis)) for axis, place in enumerate(at)]
    (row, p), (column, q) = where if len(where) == 2 else (where[0], (0, FIRST))
    if len(term.rows) == 1 and len(where) == 1:
        (row, p), (column, q) = (0, FIRST), self.part(at[0], block_sizes(term, 1))
    cell = term.rows[row][column]
    return self.entry(cell, {2: (p, q), 1: (q if cell.type.row else p,), 0: ()}[cell.type.rank], env)


def _det(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    """Multiplied out as far as the matrix is a product."""
    (matrix,) = term.arguments
    rule = DETERMINANTS.get(matrix.operation) if isinstance(matrix, terms.Call) else None
    multiplied = rule(*matrix.arguments) if isinstance(matrix, terms.Call) and rule is not None else None
    return _whole(self, term, at, env) if multiplied is None else self.entry(multiplied, (), env)


def algebra_value(self: Reader, size: Dimension) -> Sum:
    return self.algebra.value(self.size(size))


def _whole(self: Reader, term: terms.Call, at: At, env: Environment) -> Sum:
    (matrix,) = term.arguments
    while isinstance(matrix, terms.Call) and matrix.operation == "transpose":
        matrix, at = matrix.arguments[0], at[::-1]
    self.matrices.append((term.operation, matrix, env))
    size = matrix.type.shape[0]
    if size not in self.put_together:
        return self.whole_of(term.operation, lambda p, q: self.entry(matrix, (p, q), env), self.size(size), at)
    inner = tuple(
        self.algebra.operand((*r, *s), self.entry(matrix, (p, q), env))
        for (r, p), (s, q) in itertools.product(self.ways(size), self.ways(size))
    )
    return self.algebra.atom(Atom("whole", term.operation, at, inner))


_CALLS: dict[str, Rule] = {
    "add": _each(lambda algebra, *parts: add(*parts)),
    "neg": _each(lambda algebra, u: u.times(Fraction(-1))),
    "mul": _each(lambda algebra, *parts: algebra.product(*parts)),
    "div": lambda self, term, at, env: self.algebra.product(
        self.entry(term.arguments[0], at, env), _reciprocal(self, term.arguments[1], at, env)
    ),
    "pow": _each(lambda algebra, base, exponent: raised(algebra, base, exponent)),
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
    "delta": lambda self, term, at, env: self.algebra.delta(*(self.position(a, env) for a in term.arguments)),
    "identity": lambda self, term, at, env: self.algebra.delta(*at),
    "zeros": lambda self, term, at, env: ZERO,
    "ones": lambda self, term, at, env: ONE,
    "inverse": _whole,
    "matsqrt": _whole,
    "det": _det,
    "kron": _kron,
    "vec": _vec,
    "max": _each(lambda algebra, *parts: algebra.apply("max", parts)),
    "matpow": _matrix_power,
}

RULES: dict[type[Term], Rule] = {
    terms.Number: lambda self, term, at, env: number(term.value),
    terms.Constant: lambda self, term, at, env: _constant(self, term),
    terms.Symbol: lambda self, term, at, env: self.symbol(term.name, at, env),
    terms.Index: lambda self, term, at, env: self.algebra.value(self.position(term, env)),
    terms.Size: lambda self, term, at, env: algebra_value(self, term.dimension),
    terms.Reference: _reference,
    terms.UnknownCall: _unknown,
    terms.Call: _call,
    terms.Component: _component,
    terms.Reduction: _reduction,
    terms.Comprehension: _comprehension,
    terms.Cases: _cases,
    terms.Block: _block,
    terms.Integral: integral,
    terms.Limit: limit,
    terms.Expectation: expectation,
    terms.Iterated: _last_state,
    terms.Derivative: lambda self, term, at, env: self.derivative(term, at, env),
}


def _constant(self: Reader, term: terms.Constant) -> Sum:
    if term.name == "infinity":
        raise NotReplayed("infinity has no value of its own", term.span)
    return self.algebra.exp(ONE) if term.name == "e" else self.algebra.atom(Atom("constant", "pi"))
