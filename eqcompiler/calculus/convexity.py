r"""Convexity by composition.

Takes: a program, one of its outputs, a variable. Gives: how the output bends in the variable: constant, affine, convex...
Guarantees: "convex" is a proof by composition (squares of affine, nonnegative sums, exp, log-sum-exp, norms, maxima; the rules
of Grant, Boyd and Ye, Disciplined Convex Programming, 2006); what the rules do not reach is "unknown", never guessed.

    J = Sum(r[i]**2, (i, 1, m))/m,  r[i] = Sum(X[i, j]*theta[j], (j, 1, n)) - y[i]     ->  convex in theta
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import sympy

from eqcompiler.languages.program import Indexed, Intrinsic, Program

CONSTANT, AFFINE, CONVEX, CONCAVE, UNKNOWN = "constant", "affine", "convex", "concave", "unknown"
NEGATED = {CONVEX: CONCAVE, CONCAVE: CONVEX}
POSITIVE_WORDS = frozenset(("positive", "nonnegative"))


def curvature(program: Program, output: str, variable: str, positive: Collection[str] = ()) -> str:
    """How `output` bends in `variable`; `positive`: scalar or tensor inputs whose entries are known to be at least zero."""
    nonnegative = frozenset(positive) | {i.name for i in program.inputs if POSITIVE_WORDS & set(i.assumptions)}
    rules = _Rules(variable, nonnegative)
    for definition in program.plain("test of convexity"):
        rules.define(definition)
    return rules.known.get(output, CONSTANT)


class _Rules:
    """The rules by kind of expression, with what is known of the definitions so far."""

    def __init__(self, variable: str, nonnegative: frozenset[str]) -> None:
        self.nonnegative = nonnegative
        self.known = {variable: AFFINE}
        self.bodies: dict[str, sympy.Expr] = {}
        self.by_class: tuple[tuple[type, Callable[[sympy.Expr], str]], ...] = (
            (sympy.Add, lambda e: _sum(self.of(a) for a in e.args)),
            (sympy.Sum, lambda e: self.of(e.function)),
            (sympy.Mul, self.product),
            (sympy.exp, lambda e: CONVEX if self.of(e.args[0]) in (AFFINE, CONVEX) else UNKNOWN),
            (sympy.log, self.logarithm),
            (sympy.Abs, lambda e: CONVEX if self.of(e.args[0]) == AFFINE else UNKNOWN),
            (sympy.Max, lambda e: _extreme((self.of(a) for a in e.args), CONVEX)),
            (sympy.Min, lambda e: _extreme((self.of(a) for a in e.args), CONCAVE)),
            (sympy.Pow, self.power),
        )

    def define(self, definition: Indexed | Intrinsic) -> None:
        if isinstance(definition, Intrinsic):
            moves = any(self.known.get(name, CONSTANT) != CONSTANT for name in definition.operands)
            self.known[definition.name] = UNKNOWN if moves else CONSTANT
            return
        self.known[definition.name] = self.of(definition.body)
        self.bodies[definition.name] = definition.body

    def of(self, expression: sympy.Expr) -> str:
        if self.is_constant(expression):
            return CONSTANT
        if isinstance(expression, sympy.Symbol | sympy.Indexed):
            return self.known[_name(expression)]
        for kind, rule in self.by_class:
            if isinstance(expression, kind):
                return rule(expression)
        return UNKNOWN

    def is_constant(self, expression: sympy.Expr) -> bool:
        atoms = expression.atoms(sympy.Symbol, sympy.Indexed)
        return all(self.known.get(_name(atom), CONSTANT) == CONSTANT for atom in atoms)

    def product(self, expression: sympy.Expr) -> str:
        fixed = [factor for factor in expression.args if self.is_constant(factor)]
        moving = [factor for factor in expression.args if factor not in fixed]
        if len(moving) > 1:
            return UNKNOWN
        bend = self.of(moving[0])
        if bend == AFFINE:
            return AFFINE
        sign = self.sign(sympy.Mul(*fixed))
        return bend if sign == 1 else NEGATED.get(bend, UNKNOWN) if sign == -1 else UNKNOWN

    def power(self, expression: sympy.Expr) -> str:
        base, exponent = expression.args
        bend = self.of(base)
        if exponent == 1:
            return bend
        if exponent.is_Integer and exponent > 0 and exponent % 2 == 0:
            return CONVEX if bend == AFFINE or (bend == CONVEX and self.sign(base) == 1) else UNKNOWN
        if exponent.is_Rational and exponent >= 1:
            return CONVEX if bend in (AFFINE, CONVEX) and self.sign(base) == 1 else UNKNOWN
        if exponent == sympy.Rational(1, 2):
            return CONVEX if self.is_sum_of_squares(base) else UNKNOWN
        return UNKNOWN

    def logarithm(self, expression: sympy.Expr) -> str:
        """log of a product of nonnegative factors is the sum of their logs; a sum of log-convex terms is log-convex."""
        inner = self.expanded(expression.args[0])
        if self.is_constant(inner):
            return CONSTANT
        if isinstance(inner, sympy.exp):
            return self.of(inner.args[0])
        if isinstance(inner, sympy.Mul) and all(self.sign(factor) == 1 for factor in inner.args):
            return _sum(self.logarithm(sympy.log(factor, evaluate=False)) for factor in inner.args)
        if isinstance(inner, sympy.Pow) and inner.exp.is_Rational and self.sign(inner.base) == 1:
            bend = self.logarithm(sympy.log(inner.base, evaluate=False))
            return bend if inner.exp > 0 else NEGATED.get(bend, bend)
        if self.is_log_convex(inner):
            return CONVEX
        return CONCAVE if self.of(inner) in (AFFINE, CONCAVE) else UNKNOWN

    def is_log_convex(self, expression: sympy.Expr) -> bool:
        """Nonnegative constants, exponentials of convex terms, and sums and products of log-convex terms."""
        expression = self.expanded(expression)
        if self.is_constant(expression):
            return self.sign(expression) == 1
        if isinstance(expression, sympy.exp):
            return self.of(expression.args[0]) in (AFFINE, CONVEX)
        if isinstance(expression, sympy.Sum):
            return self.is_log_convex(expression.function)
        return isinstance(expression, sympy.Add | sympy.Mul) and all(self.is_log_convex(a) for a in expression.args)

    def is_sum_of_squares(self, expression: sympy.Expr) -> bool:
        """Nonnegative constants plus nonnegative multiples of squares of affine terms: its root is a norm."""
        if self.is_constant(expression):
            return self.sign(expression) == 1
        expression = self.expanded(expression)
        if isinstance(expression, sympy.Add):
            return all(self.is_sum_of_squares(term) for term in expression.args)
        if isinstance(expression, sympy.Sum):
            return self.is_sum_of_squares(expression.function)
        if isinstance(expression, sympy.Mul):
            moving = [factor for factor in expression.args if not self.is_constant(factor)]
            fixed = sympy.Mul(*(factor for factor in expression.args if self.is_constant(factor)))
            return len(moving) == 1 and self.sign(fixed) == 1 and self.is_sum_of_squares(moving[0])
        return isinstance(expression, sympy.Pow) and expression.exp == 2 and self.of(expression.base) == AFFINE

    def expanded(self, expression: sympy.Expr) -> sympy.Expr:
        """A bare use of a definition as its body: indices may keep the body's names, shape of the expression is what counts."""
        while isinstance(expression, sympy.Symbol | sympy.Indexed) and _name(expression) in self.bodies:
            expression = self.bodies[_name(expression)]
        return expression

    def sign(self, expression: sympy.Expr) -> int:
        """1: never negative; -1: never positive; 0: not known."""
        expression = self.expanded(expression)
        if expression.is_nonnegative or isinstance(expression, sympy.exp | sympy.Abs):
            return 1
        if expression.is_nonpositive:
            return -1
        if isinstance(expression, sympy.Symbol | sympy.Indexed):
            return 1 if _name(expression) in self.nonnegative else 0
        if isinstance(expression, sympy.Add):
            signs = {self.sign(term) for term in expression.args}
            return signs.pop() if len(signs) == 1 else 0
        if isinstance(expression, sympy.Mul):
            result = 1
            for factor in expression.args:
                result *= self.sign(factor)
            return result
        if isinstance(expression, sympy.Sum):
            return self.sign(expression.function)
        if isinstance(expression, sympy.Pow):
            even = expression.exp.is_Integer and expression.exp % 2 == 0
            return 1 if even or self.sign(expression.base) == 1 else 0
        if isinstance(expression, sympy.Max):
            return 1 if any(self.sign(argument) == 1 for argument in expression.args) else 0
        return 0


def _name(atom: sympy.Expr) -> str:
    return str(atom.base.label) if isinstance(atom, sympy.Indexed) else str(atom.name)


def _sum(bends: Iterable[str]) -> str:
    """Curvature of a sum: the strongest part decides, convex and concave together say nothing."""
    seen = set(bends) - {CONSTANT}
    if not seen - {AFFINE}:
        return AFFINE if seen else CONSTANT
    seen.discard(AFFINE)
    return seen.pop() if len(seen) == 1 else UNKNOWN


def _extreme(bends: Iterable[str], kind: str) -> str:
    """The maximum of convex pieces is convex, the minimum of concave ones concave."""
    return kind if set(bends) <= {CONSTANT, AFFINE, kind} else UNKNOWN
