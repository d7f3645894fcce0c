"""Index-form programs as Normals: every definition expanded, every sum flattened, in one canonical form.

Takes: a Program. Gives: `normal_forms(program)`, a Normal for each output with the output's axes as its free indices.
Guarantees: an output and its Normal are the same function wherever both are defined, for all sizes; two outputs with equal
Normals are equal. NotSupportedYet for what has no normal form or grows too large.

The data is in calculus.monomials (re-exported here), the rules in calculus.algebra, .elementary and .whole_tensors.
Not SymPy: expansion and comparison of index sums there are slow and were found to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy

from eqcompiler.calculus import whole_tensors
from eqcompiler.calculus.algebra import add, multiply, power, product, substitute
from eqcompiler.calculus.elementary import apply
from eqcompiler.calculus.index_values import affine_value, delta, fresh, guard
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO,
    Affine,
    Component,
    Constant,
    Index,
    Normal,
    Operand,
    Scalar,
    Size,
)
from eqcompiler.calculus.sums import total
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program

Environment = Mapping[sympy.Symbol, Affine]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A Normal with its free indices in the order of the axes."""

    axes: tuple[Index, ...]
    body: Normal


def normal_forms(program: Program) -> dict[str, Normal]:
    """The Normals of the outputs. Free indices carry the names of the output's axes."""
    return {name: tensor.body for name, tensor in tensors(program).items()}


def tensors(program: Program) -> dict[str, Tensor]:
    """The outputs with their axes."""
    reader = _Reader(program)
    return {name: reader.tensor(name) for name in program.outputs}


def size_affine(dimension: Dimension) -> Affine:
    total_size = Affine((), 0)
    for names, c in dimension.terms:
        total_size = total_size + Affine.of(names).times(c)
    return total_size


MOST_LEADING_TERMS = 8


def polynomial_in_entries(e: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """The symbol occurs only as an index of its own, x[j] and X[i, j], in sums, products and whole powers."""
    if symbol not in e.free_symbols:
        return True
    if isinstance(e, sympy.Indexed):
        return all(i == symbol or symbol not in i.free_symbols for i in e.indices)
    if isinstance(e, sympy.Add | sympy.Mul):
        return all(polynomial_in_entries(argument, symbol) for argument in e.args)
    if isinstance(e, sympy.Pow):
        return bool(e.exp.is_Integer and e.exp > 0) and polynomial_in_entries(e.base, symbol)
    return (
        isinstance(e, sympy.Sum)
        and polynomial_in_entries(e.function, symbol)
        and all(symbol not in limit.free_symbols for limit in e.limits)
    )


class _Reader:
    """One program; each definition becomes a Normal once."""

    def __init__(self, program: Program) -> None:
        self.inputs: dict[str, Input] = {i.name: i for i in program.inputs}
        self.definitions: dict[str, Indexed | Intrinsic] = {d.name: d for d in program.plain("normal form")}
        self.made: dict[str, Tensor] = {}

    # ---- definitions

    def tensor(self, name: str) -> Tensor:
        if name not in self.made:
            definition = self.definitions.get(name)
            if definition is None:
                self.made[name] = self._input_tensor(name)
            elif isinstance(definition, Indexed):
                axes, environment = self._axes(definition.axes)
                self.made[name] = Tensor(axes, self.read(definition.body, environment))
            else:
                axes, _ = self._axes(definition.axes)
                operands = [self._operand(o) for o in definition.operands]
                body = whole_tensors.whole(definition.operation, operands, tuple(Affine.of(a) for a in axes))
                self.made[name] = Tensor(axes, body)
        return self.made[name]

    def _axes(self, axes: Sequence[Axis]) -> tuple[tuple[Index, ...], dict[sympy.Symbol, Affine]]:
        environment: dict[sympy.Symbol, Affine] = {}
        made = []
        for axis in axes:
            lower, upper = self.affine(axis.lower, environment), self.affine(axis.upper, environment)
            made.append(Index(axis.index.name, lower, upper))
            environment[axis.index] = Affine.of(made[-1])
        return tuple(made), environment

    def _input_tensor(self, name: str) -> Tensor:
        if name not in self.inputs:
            raise CompilerFault(f"the program names {name}, which is neither an input nor a definition")
        shape = tuple(size_affine(d) for d in self.inputs[name].shape)
        axes = tuple(Index(f"i{k}", ONE_AFFINE, upper) for k, upper in enumerate(shape))
        return Tensor(axes, self._entry(name, tuple(Affine.of(a) for a in axes)))

    def _operand(self, name: str) -> Operand:
        tensor = self.tensor(name)
        return whole_tensors.operand(tensor.body, tensor.axes)

    def _entry(self, name: str, positions: tuple[Affine, ...]) -> Normal:
        """A component of an input or a definition."""
        given = self.inputs.get(name)
        if given is None or name in self.definitions:
            tensor = self.tensor(name)
            return substitute(tensor.body, dict(zip(tensor.axes, positions, strict=True)))
        words = given.assumptions
        sign = "positive" if "positive" in words else "nonnegative" if "nonnegative" in words else ""
        if not given.shape:
            whole_number = given.integer or "integer" in words
            return Normal.atom(Size(name) if whole_number and sign == "positive" else Scalar(name, sign, whole_number))
        definite = "positive definite" in words
        symmetric = len(positions) == 2 and (definite or "symmetric" in words or "positive semidefinite" in words)
        shape = tuple(size_affine(d) for d in given.shape)
        where = tuple(sorted(positions)) if symmetric else positions
        return Normal.atom(Component(name, where, shape, symmetric, sign, definite))

    # ---- expressions

    def read(self, e: sympy.Basic, at: Environment) -> Normal:
        rule = _RULES.get(type(e).__name__)
        if rule is not None:
            return rule(self, e, at)
        if isinstance(e, sympy.Rational):
            return Normal.number(Fraction(int(e.p), int(e.q)))
        if isinstance(e, sympy.Function):
            return apply(type(e).__name__, tuple(self.read(a, at) for a in e.args))
        raise NotSupportedYet(f"{type(e).__name__} has no normal form: {e}")

    def symbol(self, e: sympy.Symbol, at: Environment) -> Normal:
        if e in at:
            return affine_value(at[e])
        if e.name in self.definitions or e.name in self.inputs:
            return self._entry(e.name, ())
        if e.is_integer and e.is_positive:
            return Normal.atom(Size(e.name))
        raise CompilerFault(f"the program uses the symbol {e.name}, which nothing defines")

    def indexed(self, e: sympy.Indexed, at: Environment) -> Normal:
        return self._entry(str(e.base.label), tuple(self.affine(i, at) for i in e.indices))

    def raised(self, e: sympy.Pow, at: Environment) -> Normal:
        base, exponent = self.read(e.base, at), self.read(e.exp, at)
        return power(base, exponent.constant) if exponent.constant is not None else apply("power", (base, exponent))

    def summed(self, e: sympy.Sum, at: Environment) -> Normal:
        whole = self._from_one(e, at)
        if whole is not None:
            return whole
        bound, environment = self._bound(e.limits, at)
        body = self.read(e.function, environment)
        for index in reversed(bound):
            body = total(body, (index,))
        return body

    def _from_one(self, e: sympy.Sum, at: Environment) -> Normal | None:
        """A sum from l > 1 as the sum from 1 less its first terms, where these exist: the body is a polynomial in entries at
        the index itself, and the range is known not to be shorter than empty (a sum from 3 to 1 is 0, not minus a term)."""
        if len(e.limits) != 1:
            return None
        symbol, lower, upper = e.limits[0]
        if not (lower.is_Integer and 2 <= lower <= MOST_LEADING_TERMS) or not polynomial_in_entries(e.function, symbol):
            return None
        high = self.affine(upper, at)
        if not (high - Affine.of(int(lower) - 1)).is_natural():
            return None
        index = fresh(high)
        body = total(self.read(e.function, {**at, symbol: Affine.of(index)}), (index,))
        leading = [self.read(e.function, {**at, symbol: Affine.of(k)}) for k in range(1, int(lower))]
        return add([body, *(multiply(Normal.number(Fraction(-1)), term) for term in leading)])

    def _bound(self, limits: sympy.Tuple, at: Environment) -> tuple[list[Index], Environment]:
        """The summation indices, outermost first, each from 1; a range from l to u is shifted."""
        bound, environment = [], dict(at)
        for symbol, lower, upper in reversed(limits):
            low, high = self.affine(lower, environment), self.affine(upper, environment)
            bound.append(fresh(high - low + ONE_AFFINE))
            environment[symbol] = Affine.of(bound[-1]) + low - ONE_AFFINE
        return bound, environment

    def multiplied(self, e: sympy.Product, at: Environment) -> Normal:
        """A product over indices, the innermost first."""
        bound, environment = self._bound(e.limits, at)
        body = self.read(e.function, environment)
        for index in reversed(bound):
            if not index.upper.is_natural():
                raise NotSupportedYet("a product over a range that may be of negative length")
            body = whole_tensors.whole("product", (whole_tensors.operand(body, (index,)),), ())
        return body

    def kronecker(self, e: sympy.KroneckerDelta, at: Environment) -> Normal:
        return delta(self.affine(e.args[0], at), self.affine(e.args[1], at))

    def piecewise(self, e: sympy.Piecewise, at: Environment) -> Normal:
        parts, left = [], ONE
        for value, test in e.args:
            here = multiply(left, self.indicator(test, at))
            if here != ZERO:
                parts.append(multiply(here, self.read(value, at)))
            left = multiply(left, self.complement(test, at))
        return add(parts)

    def complement(self, test: sympy.Basic, at: Environment) -> Normal:
        """1 where a condition fails: not (p and q) is (not p) or (p and not q), so that index guards stay single terms."""
        if isinstance(test, sympy.And):
            parts, before = [], ONE
            for a in test.args:
                parts.append(multiply(before, self.complement(a, at)))
                before = multiply(before, self.indicator(a, at))
            return add(parts)
        if isinstance(test, sympy.core.relational.Relational):
            return self._relation(test.negated, at)
        return ONE - self.indicator(test, at)

    def indicator(self, test: sympy.Basic, at: Environment) -> Normal:
        """1 where a condition holds, else 0."""
        if test in (sympy.true, sympy.false):
            return ONE if test == sympy.true else ZERO
        if isinstance(test, sympy.Not):
            return ONE - self.indicator(test.args[0], at)
        if isinstance(test, sympy.And):
            return product(self.indicator(a, at) for a in test.args)
        if isinstance(test, sympy.Or):
            return ONE - product(ONE - self.indicator(a, at) for a in test.args)
        if isinstance(test, sympy.core.relational.Relational):
            return self._relation(test, at)
        raise NotSupportedYet(f"the condition {test} has no normal form")

    def _relation(self, test: sympy.core.relational.Relational, at: Environment) -> Normal:
        over_indices = all(symbol in at or self._is_size(symbol) for symbol in test.free_symbols)
        if over_indices:
            left, right = self.affine(test.lhs, at), self.affine(test.rhs, at)
            return _INDEX_RELATIONS[test.rel_op](left - right)
        return _RELATIONS[test.rel_op](self.read(test.lhs, at) - self.read(test.rhs, at))

    # ---- index expressions

    def _is_size(self, symbol: sympy.Basic) -> bool:
        return isinstance(symbol, sympy.Symbol) and symbol.name not in self.definitions and self._size_name(symbol)

    def _size_name(self, symbol: sympy.Symbol) -> bool:
        given = self.inputs.get(symbol.name)
        if given is None:
            return bool(symbol.is_integer and symbol.is_positive)
        return not given.shape and (given.integer or "integer" in given.assumptions) and "positive" in given.assumptions

    def affine(self, e: sympy.Expr, at: Environment) -> Affine:
        """An index expression. Raises NotSupportedYet where it is no polynomial in sizes, linear in the indices."""
        if isinstance(e, int | sympy.Integer):
            return Affine.of(int(e))
        if e in at:
            return at[e]
        if self._is_size(e):
            return Affine.of((e.name,))
        if isinstance(e, sympy.Add):
            result = Affine((), 0)
            for a in e.args:
                result = result + self.affine(a, at)
            return result
        if isinstance(e, sympy.Mul):
            result = ONE_AFFINE
            for a in e.args:
                result = _times(result, self.affine(a, at), e)
            return result
        if isinstance(e, sympy.Pow) and isinstance(e.exp, sympy.Integer) and 0 < e.exp <= 8:
            base = result = self.affine(e.base, at)
            for _ in range(int(e.exp) - 1):
                result = _times(result, base, e)
            return result
        raise NotSupportedYet(f"the index expression {e} is not linear in indices")


def _times(left: Affine, right: Affine, e: sympy.Expr) -> Affine:
    if left.indices:
        left, right = right, left
    if left.indices:
        raise NotSupportedYet(f"the index expression {e} is not linear in indices")
    result = right.times(left.constant)
    for names, c in left.terms:
        result = result + right.scaled(names if isinstance(names, tuple) else ()).times(c)
    return result


def _step(argument: Normal) -> Normal:
    return apply("step", (argument,))


_INDEX_RELATIONS: Mapping[str, Callable[[Affine], Normal]] = {
    "==": lambda d: delta(d, Affine((), 0)),
    "!=": lambda d: ONE - delta(d, Affine((), 0)),
    ">=": guard,
    ">": lambda d: guard(d - ONE_AFFINE),
    "<=": lambda d: guard(d.times(-1)),
    "<": lambda d: guard(d.times(-1) - ONE_AFFINE),
}
_RELATIONS: Mapping[str, Callable[[Normal], Normal]] = {
    "==": lambda d: ONE - _step(d) - _step(-d),
    "!=": lambda d: _step(d) + _step(-d),
    ">=": lambda d: ONE - _step(-d),
    ">": _step,
    "<=": lambda d: ONE - _step(d),
    "<": lambda d: _step(-d),
}


def _named(name: str) -> Callable[[_Reader, sympy.Expr, Environment], Normal]:
    return lambda reader, e, at: apply(name, tuple(reader.read(a, at) for a in e.args))


def _binomial(reader: _Reader, e: sympy.Expr, at: Environment) -> Normal:
    n, k = (reader.read(a, at) for a in e.args)
    below = multiply(apply("gamma", (k + ONE,)), apply("gamma", (n - k + ONE,)))
    return multiply(apply("gamma", (n + ONE,)), power(below, -1))


def _heaviside(reader: _Reader, e: sympy.Expr, at: Environment) -> Normal:
    """With the value 1/2 at 0, which is SymPy's."""
    argument = reader.read(e.args[0], at)
    return (ONE + _step(argument) - _step(-argument)).times(Fraction(1, 2))


_RULES: Mapping[str, Callable[[_Reader, sympy.Expr, Environment], Normal]] = {
    "Symbol": _Reader.symbol,
    "Indexed": _Reader.indexed,
    "Add": lambda reader, e, at: add([reader.read(a, at) for a in e.args]),
    "Mul": lambda reader, e, at: product(reader.read(a, at) for a in e.args),
    "Pow": _Reader.raised,
    "Sum": _Reader.summed,
    "Product": _Reader.multiplied,
    "KroneckerDelta": _Reader.kronecker,
    "Piecewise": _Reader.piecewise,
    "Pi": lambda reader, e, at: Normal.atom(Constant("pi")),
    "Exp1": lambda reader, e, at: apply("exp", (ONE,)),
    "Abs": _named("abs"),
    "Max": _named("max"),
    "Min": _named("min"),
    "ceiling": _named("ceil"),
    "factorial": lambda reader, e, at: apply("gamma", (reader.read(e.args[0], at) + ONE,)),
    "binomial": _binomial,
    "Heaviside": _heaviside,
    "UnknownValue": lambda reader, e, at: apply(e.operation, tuple(reader.read(a, at) for a in e.values)),
}
