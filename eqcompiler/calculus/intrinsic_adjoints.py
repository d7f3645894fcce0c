"""Adjoints of whole-tensor operations: inverse, det, logdet, solve, matpow, functions without a body.

Takes: the operation, the adjoint of its value. Gives: what it adds to the adjoint of one operand.
Guarantees: the inverse or factorization that the program has already is used again.
Source of the formulas: Giles, An extended collection of matrix derivative results (2008), section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy

from eqcompiler.calculus.index_algebra import ONE, free_indices, reference, summed
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, unknown_function, unknown_operation


@dataclass(frozen=True, slots=True)
class Adjoint:
    """The adjoint of one intrinsic definition.

    bar[lead..., axes...] is its name, `body` what it was made of. axes_of: the axes of a name, with new indices.
    whole(operation, operands, axes, wanted), plain(definition): the name of that definition, made where the program lacks it.
    """

    definition: Intrinsic
    bar: str
    lead: tuple[Axis, ...]
    body: Indexed
    axes_of: Callable[[str], tuple[Axis, ...]]
    whole: Callable[[str, tuple[str, ...], tuple[Axis, ...], str], str]
    plain: Callable[[Indexed], str]

    def at(self, *indices: sympy.Expr) -> sympy.Expr:
        return reference(self.bar, (*(axis.index for axis in self.lead), *indices))

    def total(self, value: sympy.Expr, *axes: Axis) -> sympy.Expr:
        for axis in reversed(axes):
            value = summed(value, (axis.index, axis.lower, axis.upper), {})
        return value

    def inverse(self, operand: str) -> str:
        return self.whole("inverse", (operand,), self.axes_of(operand), f"{operand}_inv")

    def transposed(self, operand: str) -> str:
        row, column = self.axes_of(operand)
        turned = Indexed(f"{operand}_T", (column, row), reference(operand, (row.index, column.index)), rf"{operand}^\top")
        return self.plain(turned)


Rule = Callable[[Adjoint, int, tuple[Axis, ...]], sympy.Expr]


def _inverse(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    """-B^T bar B^T, where B is the inverse itself."""
    name = a.definition.name
    i, j = a.axes_of(name)
    k, m = (axis.index for axis in target)
    value = reference(name, (i.index, k)) * a.at(i.index, j.index) * reference(name, (m, j.index))
    return -a.total(value, i, j)


def _det(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    k, m = (axis.index for axis in target)
    return a.at() * reference(a.definition.name, ()) * reference(a.inverse(a.definition.operands[0]), (m, k))


def _logdet(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    k, m = (axis.index for axis in target)
    return a.at() * reference(a.inverse(a.definition.operands[0]), (m, k))


def _solve(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    """x = A^{-1} b: b_bar = A^{-T} x_bar, A_bar = -b_bar x^T."""
    name, (matrix, _) = a.definition.name, a.definition.operands
    own = a.axes_of(name)
    if number == 1:
        return _right_side(a, matrix, own, tuple(axis.index for axis in target))
    k, m = (axis.index for axis in target)
    columns = own[1:]
    at = tuple(axis.index for axis in columns)
    return -a.total(_right_side(a, matrix, own, (k, *at)) * reference(name, (m, *at)), *columns)


def _right_side(a: Adjoint, matrix: str, own: tuple[Axis, ...], at: tuple[sympy.Expr, ...]) -> sympy.Expr:
    """A^{-T} bar at one place: one more solve, or the inverse where the output has axes of its own."""
    if not a.lead:
        return reference(a.whole("solve", (a.transposed(matrix), a.bar), own, f"{a.bar}_solved"), at)
    row = a.axes_of(a.definition.name)[0]
    return a.total(reference(a.inverse(matrix), (row.index, at[0])) * a.at(row.index, *at[1:]), row)


def _matpow(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    """Only where the adjoint is a multiple c of the identity, as under a trace: k c (A^{k-1})^T."""
    operand, exponent = a.definition.operands
    row, column = (axis.index for axis in a.body.axes[len(a.lead) :])
    scale = a.body.body / sympy.KroneckerDelta(row, column)
    if number == 1 or a.lead or free_indices(scale) or scale.has(sympy.KroneckerDelta):
        raise NotSupportedYet("the derivative of a matrix power with a symbolic exponent is supported under a trace only")
    power = reference(exponent, ())
    lower = a.plain(Indexed(f"{exponent}_less_1", (), power - ONE, f"{exponent} - 1"))
    less = a.whole("matpow", (operand, lower), a.axes_of(operand), f"{operand}_power")
    k, m = (axis.index for axis in target)
    return power * scale * reference(less, (m, k))


def _unknown(a: Adjoint, number: int, target: tuple[Axis, ...]) -> sympy.Expr:
    """The chain rule: the adjoint times the derivative of the function in one more argument."""
    function, slots = unknown_function(a.definition.operation) or ("", ())
    own = a.axes_of(a.definition.name)
    raised = unknown_operation(function, (*slots, number))
    name = a.whole(raised, a.definition.operands, (*own, *a.axes_of(a.definition.operands[number])), f"D_{a.definition.name}")
    at = tuple(axis.index for axis in own)
    return a.total(a.at(*at) * reference(name, (*at, *(axis.index for axis in target))), *own)


INTRINSIC_RULES: Mapping[str, Rule] = {
    "inverse": _inverse,
    "det": _det,
    "logdet": _logdet,
    "solve": _solve,
    "matpow": _matpow,
}


def adjoint_rule(operation: str) -> Rule | None:
    return _unknown if unknown_function(operation) else INTRINSIC_RULES.get(operation)
