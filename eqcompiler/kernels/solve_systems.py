"""A product with an inverse becomes the solution of a linear system.

Takes: a Program after split_reductions. Gives: an equal Program in which Sum(B[k, l]*v[l], l) with B the inverse of A is
solve(A, v). Guarantees: an inverse is left only where its own entries are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from eqcompiler.kernels.definite_matrices import Matrices
from eqcompiler.kernels.linear_algebra import gram
from eqcompiler.kernels.split_reductions import FreshIndices, depends, fresh_axes
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, tensor


def solve_systems(program: Program) -> Program:
    return _Solver(program).run()


class _Solver:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Names({i.name for i in program.inputs} | {d.name for d in program.plain("loop plan")})
        self.by_name: dict[str, Indexed | Intrinsic] = {d.name: d for d in program.plain("loop plan")}
        self.fresh = FreshIndices()
        self.fresh.count = 40_000_000  # away from the indices that the program has

    def run(self) -> Program:
        found: list[Indexed | Intrinsic] = []
        for d in self.program.plain("loop plan"):
            found += self.solved(d) if isinstance(d, Indexed) else [d]
        return Program(self.program.inputs, tuple(found), self.program.outputs)

    def solved(self, d: Indexed) -> list[Indexed | Intrinsic]:
        if not isinstance(d.body, sympy.Sum) or len(d.body.limits) != 1 or len(d.axes) not in (1, 2):
            return [d]
        bound = Axis(*d.body.limits[0])
        factors = sympy.Mul.make_args(d.body.function)
        for entry in factors:
            row = self.inverse_row(entry, d.axes, bound)
            rest = sympy.Mul(*(f for f in factors if f != entry))
            if row is not None and not depends(rest, [row.index]) and depends(rest, [bound.index]):
                return list(self.system(d, entry, row, bound, rest))
        return [d]

    def inverse_row(self, entry: sympy.Expr, axes: tuple[Axis, ...], bound: Axis) -> Axis | None:
        """The output axis k when the factor is B[k, l] or B[l, k] with B an inverse."""
        if not isinstance(entry, sympy.Indexed) or bound.index not in entry.indices:
            return None
        definition = self.by_name.get(str(entry.base.label))
        if not isinstance(definition, Intrinsic) or definition.operation != "inverse":
            return None
        return next((a for a in axes if set(entry.indices) == {a.index, bound.index}), None)

    def system(
        self, d: Indexed, entry: sympy.Indexed, row: Axis, bound: Axis, rest: sympy.Expr
    ) -> Iterator[Indexed | Intrinsic]:
        inverse = self.by_name[str(entry.base.label)]
        matrix = inverse.operands[0] if isinstance(inverse, Intrinsic) else ""
        if entry.indices[0] == bound.index and not self.is_symmetric(matrix):
            axes, _ = fresh_axes((row, bound), self.fresh)
            name = self.names.new(f"{matrix}_transposed")
            yield Indexed(name, axes, tensor(matrix)[axes[1].index, axes[0].index])
            matrix = name
        right_axes = (bound, *(a for a in d.axes if a != row))
        if isinstance(rest, sympy.Indexed) and rest.indices == tuple(a.index for a in right_axes):
            right = str(rest.base.label)
        else:
            own, renaming = fresh_axes(right_axes, self.fresh)
            right = self.names.value(rest, d.name)
            yield Indexed(right, own, rest.xreplace(renaming))
        if d.axes[0] == row:
            yield Intrinsic(d.name, d.axes, "solve", (matrix, right), d.latex)
            return
        name = self.names.new(f"{d.name}_columns")
        yield Intrinsic(name, (row, d.axes[0]), "solve", (matrix, right), d.latex)
        yield Indexed(d.name, d.axes, tensor(name)[row.index, d.axes[0].index], d.latex)

    def is_symmetric(self, matrix: str) -> bool:
        known = gram(self.by_name.get(matrix), self.by_name) is not None
        return known or Matrices(self.program.inputs, self.by_name).is_symmetric(matrix)
