"""Products with an inverse become linear solves.

Takes: a program. Gives: the program in which A^{-1} v, v^T A^{-1} and A^{-1} B are `solve` intrinsics.
Guarantees: value preserved; a transposed use solves with A^T, or with A where A is known symmetric; inverses that nothing
uses any more are dropped.

    Sum(A_inv[i, j]*v[j], (j, 1, n))    ->    x[i], with x = solve(A, v)
"""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from eqcompiler.calculus.dependencies import Definition, live, made_names, operand_names
from eqcompiler.calculus.index_algebra import (
    apart,
    bound_indices,
    free_indices,
    has_sum,
    is_index,
    parts,
    rebuilt,
    reference,
    renamed,
    summed,
    with_limits,
)
from eqcompiler.calculus.sharing import Names, settled
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, Scan, index

SYMMETRIC_WORDS = frozenset(("symmetric", "positive definite", "positive semidefinite", "diagonal"))


def inverse_to_solve(program: Program) -> Program:
    """The same outputs; where an inverse only multiplies, a solve in its place."""
    work = _Solving(program)
    for definition in program.definitions:
        work.add(definition)
    letters = work.names.taken
    definitions = live(_collapsed(work.made, work.solves), program.outputs)
    return Program(program.inputs, tuple(settled(definition, letters) for definition in definitions), program.outputs)


def _step_with_solves(scan: Scan) -> Program:
    """The step of a recurrence; what its reverse pass reads stays, also an inverse that the step itself needs no more."""
    made = {name for definition in scan.step.definitions for name in made_names(definition)}
    kept = tuple(name for name, _ in scan.kept if name in made and name not in scan.step.outputs)
    solved = inverse_to_solve(replace(scan.step, outputs=(*scan.step.outputs, *kept)))
    return replace(solved, outputs=scan.step.outputs)


def _collapsed(definitions: list[Definition], solves: set[str]) -> tuple[Definition, ...]:
    """A definition that only repeats one solve takes its place."""
    made: dict[str, Definition] = {}
    for definition in definitions:
        copied = _copied(definition) if isinstance(definition, Indexed) else ""
        original = made.get(copied)
        if isinstance(definition, Scan):
            made |= dict.fromkeys(definition.made, definition)
            continue
        alone = [d.name for d in definitions if copied in operand_names(d)] == [definition.name]
        if copied in solves and isinstance(original, Intrinsic) and alone:
            definition = replace(original, name=definition.name, axes=definition.axes, latex=definition.latex)
        made[definition.name] = definition
    return tuple(dict.fromkeys(made.values()))


def _copied(definition: Indexed) -> str:
    """The name of the tensor that a definition repeats entry by entry, or ""."""
    body = definition.body
    same = isinstance(body, sympy.Indexed) and body.indices == tuple(axis.index for axis in definition.axes)
    return str(body.base.name) if same else ""


class _Solving:
    def __init__(self, program: Program) -> None:
        taken = {item.name for item in program.inputs} | {name for d in program.definitions for name in made_names(d)}
        taken |= {name for item in program.inputs for dimension in item.shape for name in dimension.names}
        self.names = Names(taken)
        self.made: list[Definition] = []
        self._inverses: dict[str, Intrinsic] = {}
        self._symmetric = {item.name for item in program.inputs if SYMMETRIC_WORDS & set(item.assumptions)}
        self.solves: set[str] = set()
        self._known: dict[object, str] = {}
        self._latex = {item.name: item.latex or item.name for item in program.inputs}

    def add(self, definition: Definition) -> None:
        if isinstance(definition, Scan):
            self.made.append(replace(definition, step=_step_with_solves(definition)))
            return
        if isinstance(definition, Intrinsic):
            if definition.operation == "inverse":
                self._inverses[definition.name] = definition
                if definition.operands[0] in self._symmetric:
                    self._symmetric.add(definition.name)
        else:
            if _is_symmetric(definition):
                self._symmetric.add(definition.name)
            if has_sum(definition.body):
                definition = replace(definition, body=self._visit(definition.body, definition.axes))
        self.made.append(definition)
        self._latex[definition.name] = definition.latex or definition.name

    def _visit(self, expr: sympy.Basic, scope: tuple[Axis, ...]) -> sympy.Basic:
        if not has_sum(expr):
            return expr
        if not isinstance(expr, ExprWithLimits):
            return rebuilt(expr, [self._visit(part, scope) for part in parts(expr)])
        limits = tuple(Axis(*limit) for limit in reversed(expr.limits))
        body = self._visit(expr.function, scope + limits)
        if not isinstance(expr, sympy.Sum):
            return with_limits(type(expr), body, (tuple(limit) for limit in expr.limits))
        for position in range(len(limits) - 1, -1, -1):
            body = self._one_sum(body, limits[position], scope + limits[:position])
        return body

    def _one_sum(self, body: sympy.Expr, axis: Axis, scope: tuple[Axis, ...]) -> sympy.Expr:
        """Sum of body over one axis, as an entry of a solve where one factor is an inverse on that axis."""
        factors = sympy.Mul.make_args(body)
        for position, factor in enumerate(factors):
            rest = factors[:position] + factors[position + 1 :]
            outside = [f for f in rest if axis.index not in free_indices(f)]
            inside = sympy.Mul(*(f for f in rest if axis.index in free_indices(f)))
            found = self._solved(factor, inside, axis, scope)
            if found is not None:
                return sympy.Mul(*outside, found)
        ranges = {other.index: (other.lower, other.upper) for other in scope}
        return summed(body, (axis.index, axis.lower, axis.upper), ranges)

    def _solved(self, factor: sympy.Expr, right: sympy.Expr, axis: Axis, scope: tuple[Axis, ...]) -> sympy.Expr | None:
        """The entry of A^{-1} right (or A^{-T} right) that the sum over `axis` is; None where it is none."""
        if not isinstance(factor, sympy.Indexed) or factor.base.name not in self._inverses:
            return None
        inverse = self._inverses[factor.base.name]
        row, column = factor.indices
        turned = row == axis.index
        other = column if turned else row
        full = inverse.axes[0]
        if (not turned and column != axis.index) or axis.index in free_indices(other):
            return None
        if (axis.lower, axis.upper) != (full.lower, full.upper) or right == 1:
            return None
        columns = [a for a in scope if a.index in free_indices(right)]
        if len(columns) > 1 or any(free_indices(a.lower) | free_indices(a.upper) for a in columns):
            return None
        operand = inverse.operands[0]
        matrix = self._transposed(operand, full) if turned and operand not in self._symmetric else operand
        side = self._right_side(right, (axis, *columns))
        name = self._solve(matrix, side, (axis, *columns))
        return reference(name, (other, *(a.index for a in columns)))

    def _right_side(self, right: sympy.Expr, axes: tuple[Axis, ...]) -> str:
        """The name of a tensor with the entries `right`."""
        indices = tuple(axis.index for axis in axes)
        if isinstance(right, sympy.Indexed) and right.indices == indices:
            return str(right.base.name)
        return self._make(right, axes, "rhs", "right-hand side")

    def _transposed(self, operand: str, axis: Axis) -> str:
        i, j = index("_row"), index("_column")
        axes = (Axis(i, axis.lower, axis.upper), Axis(j, axis.lower, axis.upper))
        return self._make(reference(operand, (j, i)), axes, f"{operand}_T", rf"{self._latex[operand]}^\top")

    def _make(self, body: sympy.Expr, axes: tuple[Axis, ...], wanted: str, latex: str) -> str:
        passing = {axis.index: index(f"_{k}") for k, axis in enumerate(axes)}
        passing |= {symbol: index(f"_b{k}") for k, symbol in enumerate(bound_indices(body)) if symbol not in passing}
        moved = renamed(apart(body, passing.values()), passing)
        key = (moved, *((axis.lower, axis.upper) for axis in axes))
        if key not in self._known:
            self._known[key] = self.names.fresh(wanted)
            made = tuple(Axis(passing[axis.index], axis.lower, axis.upper) for axis in axes)
            self.made.append(Indexed(self._known[key], made, moved, latex))
            self._latex[self._known[key]] = latex
        return self._known[key]

    def _solve(self, matrix: str, side: str, axes: tuple[Axis, ...]) -> str:
        key = ("solve", matrix, side)
        if key not in self._known:
            self._known[key] = self.names.fresh("solution")
            self.solves.add(self._known[key])
            passing = tuple(Axis(index(f"_{k}"), axis.lower, axis.upper) for k, axis in enumerate(axes))
            latex = rf"{self._latex[matrix]}^{{-1}} {self._latex.get(side, side)}"
            self.made.append(Intrinsic(self._known[key], passing, "solve", (matrix, side), latex))
        return self._known[key]


def _is_symmetric(definition: Indexed) -> bool:
    """Whether exchanging the two indices gives the same expression, as for X^T X."""
    if len(definition.axes) != 2:
        return False
    i, j = definition.axes
    swapped = renamed(definition.body, {i.index: j.index, j.index: i.index})
    return (i.lower, i.upper) == (j.lower, j.upper) and swapped == definition.body and is_index(i.index)
