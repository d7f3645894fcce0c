"""Exponentials that would overflow or cancel take a stable form; START HERE for accuracy of kernels.

Takes: a Program. Gives: an equal Program: sums of exponentials are shifted by their largest exponent where they stand in a
logarithm or below a fraction bar, and logarithms, quotients and differences of exponentials become functions of
`stable_functions`. A program without exponentials and logarithms is returned as it is.
Guarantees: equal in exact arithmetic wherever the original is defined; where the original overflows and the value does not,
the value is computed.

    L = log(Sum(exp(z[k]), k))            becomes    L = M + log(Sum(exp(z[k] - M), k))      M = Largest(z[k], k)
    p[i] = exp(z[i])/Sum(exp(z[k]), k)    becomes    p[i] = exp(z[i] - M)/Sum(exp(z[k] - M), k)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy

from eqcompiler.kernels.scalar_forms import divides, exponential_pair, log_of_scalar, stable_power, stable_product, stable_sum
from eqcompiler.kernels.shifted_exponentials import (
    differences,
    exponent,
    is_exponential_sum,
    is_unbalanced,
    log_of_shifted,
    shifted,
    with_one_exponential,
    without_constant_shift,
    without_exponentials,
)
from eqcompiler.kernels.split_reductions import REDUCTIONS, FreshIndices
from eqcompiler.kernels.stable_functions import Sigmoid, Softplus
from eqcompiler.kernels.statements import label
from eqcompiler.languages.program import Indexed, Intrinsic, Program

FIRST_INDEX = 40_000_000  # away from the indices of other passes


def stable_forms(program: Program) -> Program:
    bodies = [d.body for d in program.plain("loop plan") if isinstance(d, Indexed)]
    if not any(body.has(sympy.exp, sympy.log) for body in bodies):
        return program
    return _Stable(program).run()


class _Stable:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.positive = frozenset(i.name for i in program.inputs if {"positive", "nonnegative"} & set(i.assumptions))
        self.known: dict[str, Indexed] = {}
        self.fresh = FreshIndices()
        self.fresh.count = FIRST_INDEX

    def run(self) -> Program:
        found: list[Indexed | Intrinsic] = []
        for definition in self.program.plain("loop plan"):
            if isinstance(definition, Indexed):
                definition = replace(definition, body=self.rewritten(definition.body))
                self.known[definition.name] = definition
            found.append(definition)
        finished = [replace(d, body=differences(d.body)) if isinstance(d, Indexed) else d for d in found]
        return Program(self.program.inputs, tuple(finished), self.program.outputs)

    def rewritten(self, value: sympy.Basic) -> sympy.Basic:
        """From the inside out."""
        if not value.args or isinstance(value, sympy.Indexed) or not isinstance(value, sympy.Expr):
            return value
        if isinstance(value, sympy.Piecewise):
            return sympy.Piecewise(*((self.rewritten(b.expr), b.cond) for b in value.args), evaluate=False)
        if isinstance(value, REDUCTIONS):
            return without_constant_shift(value.func(self.rewritten(value.function), *value.limits))
        value = value.func(*(self.rewritten(part) for part in value.args))
        if isinstance(value, sympy.log):
            return self.logarithm(value.args[0])
        if isinstance(value, sympy.Mul):
            return self.product(value.args)
        if isinstance(value, sympy.Pow):
            return self.factor(value)
        return stable_sum(value, self.body_of) if isinstance(value, sympy.Add) else value

    def product(self, factors: Sequence[sympy.Expr]) -> sympy.Expr:
        found = [self.factor(part) for part in factors]
        if any(part.has(Sigmoid) for part in found):
            found = [self.sigmoid_factor(part) for part in found]
        if any(is_unbalanced(part) for part in found):
            found = [self.shifted_factor(part) for part in found]
        value = with_one_exponential(sympy.Mul(*found))
        if any(isinstance(part, sympy.Add) and is_unbalanced(part) for part in found):
            terms = sympy.Add.make_args(sympy.expand_mul(value, deep=False))
            value = sympy.Add(*(with_one_exponential(term) for term in terms))
        return stable_product(value) if isinstance(value, sympy.Mul) else value

    def sigmoid_factor(self, value: sympy.Expr) -> sympy.Expr:
        """The name of a sigmoid gives way to it beside another one, so that both can cancel."""
        base, power = value.as_base_exp()
        named = self.body_of(base)
        return named**power if isinstance(named, Sigmoid) else value

    def shifted_factor(self, value: sympy.Expr) -> sympy.Expr:
        """Beside exp(-M) a sum of exponentials, or the name of one, is shifted too: both factors could overflow."""
        named = self.body_of(value)
        parts = sympy.Mul.make_args(value if named is None else named)
        if not any(is_exponential_sum(part) for part in parts):
            return value
        return sympy.Mul(*(shifted(part) if is_exponential_sum(part) else part for part in parts))

    def factor(self, value: sympy.Expr) -> sympy.Expr:
        """A factor of a product: sums that divide are shifted, and names of values that may overflow give way to them."""
        base, power = value.as_base_exp()
        named = self.body_of(base)
        if named is not None and (is_unbalanced(named) or (divides(power) and _may_overflow(named))):
            base = named
        if divides(power) and isinstance(base, sympy.Mul):
            return self.product([part**power for part in base.args])
        if divides(power) and is_exponential_sum(base):
            base = shifted(base)
        return stable_power(base, power)

    def logarithm(self, value: sympy.Expr) -> sympy.Expr:
        named = self.body_of(value)
        if named is not None and named.has(sympy.exp, sympy.Product, Sigmoid):
            inside = self.logarithm(named)
            if inside != sympy.log(named):
                return inside
        parts = [self.log_factor(part) for part in sympy.Mul.make_args(value)]
        apart = sympy.Add(*(sum_ for sum_, _ in parts))
        rest = sympy.Mul(*(left for _, left in parts))
        return stable_sum(apart + log_of_scalar(rest, self.positive), self.body_of)

    def log_factor(self, value: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The logarithm of the exponentials in one factor, and what is left of the factor."""
        named = self.body_of(value)
        if named is not None and exponent(named) != 0:
            value = named
        if is_exponential_sum(value):
            largest_apart = log_of_shifted(value)
            if largest_apart is not None:
                return largest_apart, sympy.Integer(1)
            value = shifted(value)
        if isinstance(value, sympy.Product):
            value = _product_of_exponentials(value)
        inside = exponent(value)
        left = without_exponentials(value)
        added, rest = sympy.Integer(0), []
        for part in sympy.Mul.make_args(left):
            base, power = part.as_base_exp()
            if isinstance(base, Sigmoid):
                added -= power * Softplus(-base.args[0])
            else:
                rest.append(part)
        return inside + added, sympy.Mul(*rest)

    def body_of(self, value: sympy.Expr) -> sympy.Expr | None:
        """What the name of an earlier definition stands for, at the given indices."""
        if not isinstance(value, (sympy.Indexed, sympy.Symbol)):
            return None
        definition = self.known.get(label(value))
        if definition is None or isinstance(definition.body, sympy.Piecewise):
            return None
        return self.at(definition, value.indices if isinstance(value, sympy.Indexed) else ())

    def at(self, definition: Indexed, indices: Sequence[sympy.Expr]) -> sympy.Expr:
        bound = {limit[0] for part in definition.body.atoms(sympy.Sum, sympy.Product) for limit in part.limits}
        bound &= {symbol for given in indices for symbol in given.atoms(sympy.Symbol)}
        renaming = {symbol: self.fresh.new(symbol) for symbol in sorted(bound, key=str)}
        renaming |= {axis.index: given for axis, given in zip(definition.axes, indices, strict=True)}
        return definition.body.xreplace(renaming)


def _may_overflow(body: sympy.Expr) -> bool:
    """What is stable below a fraction bar in another form: an exponential, a sum of them, 1 + exp(z); or a product."""
    parts = sympy.Mul.make_args(body)
    return exponent(body) != 0 or any(is_exponential_sum(part) or exponential_pair(part) is not None for part in parts)


def _product_of_exponentials(value: sympy.Product) -> sympy.Expr:
    """Product(w*exp(a), i) as exp(Sum(a, i))*Product(w, i)."""
    inside = exponent(value.function)
    if inside == 0:
        return value
    left = without_exponentials(value.function)
    (symbol, lower, upper), *more = value.limits
    plain = not more and symbol not in left.atoms(sympy.Symbol)
    rest = left ** (upper - lower + 1) if plain else sympy.Product(left, *value.limits)
    return sympy.exp(sympy.Sum(inside, *value.limits)) * rest
