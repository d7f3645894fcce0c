"""Matrix products and linear systems that belong to BLAS and LAPACK.

Takes: one reduction or one intrinsic definition, with the shapes of all tensors. Gives: a LibraryCall, or None.
Guarantees: a call computes exactly the definition. A system is solved by Cholesky only when its matrix is known to be
symmetric and positive semidefinite: see definite_matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from eqcompiler.kernels.definite_matrices import Matrices
from eqcompiler.kernels.split_reductions import REDUCTIONS, Scope
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import LibraryCall, Operand
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, index, tensor

Shapes = Mapping[str, tuple[sympy.Expr, ...]]
# what an intrinsic of a matrix with a Cholesky factor becomes; operands: the factor, those of the intrinsic, the matrix
FACTORED = {"solve": "factor solve", "logdet": "factor logdet", "inverse": "factor inverse"}
Definitions = Mapping[str, "Indexed | Intrinsic"]


def matrix_product(
    name: str, axes: Scope, bound: Scope, reduction: sympy.Expr, shapes: Shapes, names: Names
) -> tuple[list[Indexed], LibraryCall] | None:
    """P[k, l] = Sum(A[k, i]*B[i, l]*w[i], i) as dot(A, B), after a first definition w[i]*A[k, i] where there is a weight."""
    if len(axes) != 2 or len(bound) != 1 or not isinstance(reduction, sympy.Sum):
        return None
    row, column, inner = axes[0], axes[1], bound[0]
    factors = sympy.Mul.make_args(reduction.function)
    if len(factors) == 1 and isinstance(factors[0], sympy.Pow):
        return None
    left, right = _matrix(factors, row, inner, shapes), _matrix(factors, column, inner, shapes)
    if left is None or right is None:
        return None
    weights = [f for f in factors if f not in (left, right)]
    if any(f.has(row.index) or f.has(column.index) for f in weights):
        return None
    before: list[Indexed] = []
    left_name = str(left.base.label)
    if weights:
        of = {axis.index: axis for axis in (row, inner)}
        weighted = Indexed(names.new(f"{name}_weighted"), tuple(of[s] for s in left.indices), sympy.Mul(left, *weights))
        before, left_name = [weighted], weighted.name
    call = LibraryCall(
        "dot",
        name,
        (Operand(left_name, left.indices[0] == inner.index), Operand(str(right.base.label), right.indices[1] == inner.index)),
        ((row.upper, inner.upper), (inner.upper, column.upper)),
    )
    return before, call


def _matrix(factors: Sequence[sympy.Expr], free: Axis, inner: Axis, shapes: Shapes) -> sympy.Indexed | None:
    """The one factor that is a whole matrix over these two axes."""
    for factor in factors:
        if (
            not isinstance(factor, sympy.Indexed)
            or set(factor.indices) != {free.index, inner.index}
            or len(factor.indices) != 2
        ):
            continue
        extents = {free.index: free, inner.index: inner}
        shape = shapes[str(factor.base.label)]
        if all(extents[s].lower == 1 and extents[s].upper == d for s, d in zip(factor.indices, shape, strict=True)):
            return factor
    return None


@dataclass(frozen=True, slots=True)
class Gram:
    """A = scale X'X + shift I with X the matrix `name`, samples in its rows unless `transposed`."""

    name: str
    transposed: bool
    scale: sympy.Expr
    shift: sympy.Expr


def gram(definition: Indexed | Intrinsic | None, definitions: Definitions) -> Gram | None:
    """Reads c Sum(X[i, k]*X[i, l], i) + d delta(k, l) in a definition, where the sum may be one of its own."""
    if not isinstance(definition, Indexed) or len(definition.axes) != 2:
        return None
    row, column = (axis.index for axis in definition.axes)
    scale, shift, matrix = sympy.Integer(0), sympy.Integer(0), None
    for term in sympy.Add.make_args(definition.body):
        factors = sympy.Mul.make_args(term)
        rest = [f for f in factors if not f.has(row) and not f.has(column)]
        special = [f for f in factors if f.has(row) or f.has(column)]
        if len(special) == 1 and isinstance(special[0], sympy.KroneckerDelta) and set(special[0].args) == {row, column}:
            shift += sympy.Mul(*rest)
        elif len(special) == 1 and matrix is None and (matrix := _gram_sum(special[0], row, column, definitions)):
            scale = sympy.Mul(*rest)
        else:
            return None
    return Gram(*matrix, scale, shift) if matrix else None


def _gram_sum(value: sympy.Expr, row: sympy.Symbol, column: sympy.Symbol, definitions: Definitions) -> tuple[str, bool] | None:
    if isinstance(value, sympy.Indexed) and set(value.indices) == {row, column}:
        inner = definitions.get(str(value.base.label))
        if not isinstance(inner, Indexed) or not isinstance(inner.body, REDUCTIONS):
            return None
        return _gram_sum(inner.body, inner.axes[0].index, inner.axes[1].index, definitions)
    if not isinstance(value, sympy.Sum) or len(value.limits) != 1:
        return None
    sample = value.limits[0][0]
    factors = sympy.Mul.make_args(value.function)
    if len(factors) != 2 or not all(isinstance(f, sympy.Indexed) and len(f.indices) == 2 for f in factors):
        return None
    for transposed, places in ((False, ((sample, row), (sample, column))), (True, ((row, sample), (column, sample)))):
        if {f.indices for f in factors} == {tuple(places[0]), tuple(places[1])} and factors[0].base == factors[1].base:
            return str(factors[0].base.label), transposed
    return None


def _moment(definition: Indexed | Intrinsic | None, matrix: Gram, definitions: Definitions, row: Axis) -> sympy.Expr | None:
    """f when the definition is Sum(X[i, k]*f(i), i) with the X of the Gram matrix, or a sum of such sums; i is row.index."""
    if not isinstance(definition, Indexed) or len(definition.axes) != 1:
        return None
    total = sympy.Integer(0)
    for term in sympy.Add.make_args(definition.body):
        part = _moment_term(term, definition.axes[0].index, matrix, definitions, row)
        if part is None:
            return None
        total += part
    return total


def _moment_term(term: sympy.Expr, own: sympy.Symbol, matrix: Gram, definitions: Definitions, row: Axis) -> sympy.Expr | None:
    special = [f for f in sympy.Mul.make_args(term) if f.has(own)]
    scale = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if not f.has(own)))
    if len(special) != 1:
        return None
    value = special[0]
    if isinstance(value, sympy.Indexed) and value.indices == (own,):
        inner = _moment(definitions.get(str(value.base.label)), matrix, definitions, row)
        return None if inner is None else scale * inner
    if not isinstance(value, sympy.Sum) or len(value.limits) != 1 or tuple(value.limits[0][1:]) != (row.lower, row.upper):
        return None
    sample = value.limits[0][0]
    entry = tensor(matrix.name)[(own, sample) if matrix.transposed else (sample, own)]
    factors = list(sympy.Mul.make_args(value.function))
    if factors.count(entry) != 1:
        return None
    rest = sympy.Mul(*(f for f in factors if f != entry))
    return None if rest.has(own) else scale * rest.xreplace({sample: row.index})


def solve_call(
    d: Intrinsic, definitions: Definitions, inputs: Sequence[Input], shapes: Shapes, names: Names
) -> tuple[list[Indexed], LibraryCall]:
    """The library call of an intrinsic; a "solve" with a matrix known to be positive semidefinite becomes a Cholesky solve.

    With A = c X'X + d I and b = X'y' the call is also given X and y', where y' is defined first unless it has a name.
    """
    operation, operands = d.operation, tuple(Operand(name) for name in d.operands)
    before: list[Indexed] = []
    scalars: tuple[sympy.Expr, ...] = ()
    if operation == "solve":
        matrix = gram(definitions.get(d.operands[0]), definitions)
        if matrix:
            row = Axis(index("i#0"), sympy.Integer(1), shapes[matrix.name][1 if matrix.transposed else 0])
            target = _moment(definitions.get(d.operands[1]), matrix, definitions, row)
        if matrix and target is not None:
            before, name, weight = _named(target, row, d.name, names)
            operation, scalars = "gram solve", (matrix.scale, matrix.shift, weight)
            operands += (Operand(matrix.name, matrix.transposed), Operand(name))
            shapes = {**shapes, name: (row.upper,)}
        elif Matrices(inputs, definitions).is_semidefinite(d.operands[0]):
            operation = "cholesky solve"
    read = tuple(shapes[o.name][::-1] if o.transposed else shapes[o.name] for o in operands)
    return before, LibraryCall(operation, d.name, operands, read, scalars)


def _named(target: sympy.Expr, row: Axis, owner: str, names: Names) -> tuple[list[Indexed], str, sympy.Expr]:
    """A definition of the target when it is more than e y[i], its name, and e."""
    entries = [f for f in sympy.Mul.make_args(target) if f.has(row.index)]
    if len(entries) == 1 and isinstance(entries[0], sympy.Indexed) and entries[0].indices == (row.index,):
        return [], str(entries[0].base.label), target / entries[0]
    name = names.new(f"{owner}_target")
    return [Indexed(name, (row,), target)], name, sympy.Integer(1)
