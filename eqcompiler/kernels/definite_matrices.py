"""Which matrices of a program are symmetric, and which of these positive semidefinite, for all values of its inputs.

Takes: the definitions of a Program whose reductions stand alone, and its inputs. Gives: yes, or not known.
Guarantees: yes only by structure. Symmetric: the two indices can change places. Semidefinite: declared matrices, their
inverses, nonnegative sums of X'X, X' diag(w) X, B' S B, u u', diag(w) and the identity. Nothing is decided by looking at
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy

from eqcompiler.languages.program import Indexed, Input, Intrinsic

SYMMETRIC = frozenset(("symmetric", "positive definite", "positive semidefinite", "diagonal"))
SEMIDEFINITE = frozenset(("positive definite", "positive semidefinite"))
NONNEGATIVE = frozenset(("positive", "nonnegative"))


class Matrices:
    def __init__(self, inputs: Iterable[Input], definitions: Mapping[str, Indexed | Intrinsic]) -> None:
        self.assumed = {item.name: frozenset(item.assumptions) for item in inputs}
        self.definitions = definitions
        self.mirrored: dict[str, bool] = {}

    def is_symmetric(self, name: str) -> bool:
        if name in self.assumed:
            return not SYMMETRIC.isdisjoint(self.assumed[name])
        if name not in self.mirrored:
            self.mirrored[name] = self.is_semidefinite(name) or self.is_mirrored(name)
        return self.mirrored[name]

    def is_mirrored(self, name: str) -> bool:
        """Whether the two indices of a definition can change places."""
        match self.definitions.get(name):
            case Intrinsic(operation="inverse", operands=(operand,)):
                return self.is_symmetric(operand)
            case Indexed(axes=(row, column), body=body) if (row.lower, row.upper) == (column.lower, column.upper):
                turned = body.xreplace({row.index: column.index, column.index: row.index})
                return bool(self.same_sides(body) == self.same_sides(turned))
        return False

    def same_sides(self, value: sympy.Basic) -> sympy.Basic:
        """One form for M[i, j] and M[j, i] with a symmetric M, and for (a - b)^2 and (b - a)^2."""
        if isinstance(value, sympy.Indexed):
            turned = len(value.indices) == 2 and self.is_symmetric(_label(value))
            return value.base[tuple(sorted(value.indices, key=sympy.default_sort_key))] if turned else value
        if not value.args:
            return value
        value = value.func(*(self.same_sides(part) for part in value.args))
        even = isinstance(value, sympy.Abs) or (isinstance(value, sympy.Pow) and value.exp.is_even)
        if even and isinstance(value.args[0], sympy.Add):
            inside = value.args[0]
            return value.func(
                min(inside, sympy.Add(*(-part for part in inside.args)), key=sympy.default_sort_key), *value.args[1:]
            )
        return value

    def is_semidefinite(self, name: str) -> bool:
        if name in self.assumed:
            return not SEMIDEFINITE.isdisjoint(self.assumed[name])
        match self.definitions.get(name):
            case Intrinsic(operation="inverse", operands=(operand,)):
                return self.is_semidefinite(operand)
            case Indexed(axes=(row, column), body=body) if (row.lower, row.upper) == (column.lower, column.upper):
                return all(self.term(part, row.index, column.index) for part in sympy.Add.make_args(body))
        return False

    def term(self, value: sympy.Expr, row: sympy.Symbol, column: sympy.Symbol) -> bool:
        """A nonnegative number times one form with these two indices."""
        factors = sympy.Mul.make_args(value)
        shaped = [factor for factor in factors if factor.has(row) or factor.has(column)]
        if not all(self.is_nonnegative(factor) for factor in factors if factor not in shaped):
            return False
        if len(shaped) == 1 and isinstance(shaped[0], sympy.Sum) and len(shaped[0].limits) == 1:
            return self.product(sympy.Mul.make_args(shaped[0].function), shaped[0].limits[0][0], row, column)
        deltas = [factor for factor in shaped if isinstance(factor, sympy.KroneckerDelta) and set(factor.args) == {row, column}]
        if deltas:
            return all(self.is_nonnegative(factor) for factor in shaped if factor not in deltas)
        if len(shaped) == 1 and isinstance(shaped[0], sympy.Indexed):
            return set(shaped[0].indices) == {row, column} and self.is_semidefinite(_label(shaped[0]))
        return len(shaped) == 2 and shaped[0].xreplace({row: column}) == shaped[1] != shaped[0]

    def product(self, factors: Sequence[sympy.Expr], inner: sympy.Symbol, row: sympy.Symbol, column: sympy.Symbol) -> bool:
        """The body of a sum over `inner`: two mirrored factors and nonnegative weights, or B and S B with a semidefinite S."""
        left = [factor for factor in factors if factor.has(row)]
        right = [factor for factor in factors if factor.has(column)]
        weights = [factor for factor in factors if not factor.has(row) and not factor.has(column)]
        if len(left) != 1 or len(right) != 1 or left == right or not all(self.is_nonnegative(weight) for weight in weights):
            return False
        if left[0].xreplace({row: column}) == right[0]:
            return True
        return self.sandwich(left[0], right[0], inner, row, column) or self.sandwich(right[0], left[0], inner, column, row)

    def sandwich(
        self, outer: sympy.Expr, middle: sympy.Expr, inner: sympy.Symbol, row: sympy.Symbol, column: sympy.Symbol
    ) -> bool:
        """Sum(B[i, k]*(S B)[i, l], i) where (S B)[i, l] is a definition Sum(S[i, j]*B[j, l], j)."""
        own = self.definitions.get(_label(middle)) if isinstance(middle, sympy.Indexed) else None
        if not isinstance(own, Indexed) or not isinstance(own.body, sympy.Sum) or len(own.axes) != 2:
            return False
        renaming = dict(zip((axis.index for axis in own.axes), middle.indices, strict=True))
        body, bound = own.body.function.xreplace(renaming), own.body.limits[0][0]
        again = outer.xreplace({inner: bound, row: column})
        rest = [factor for factor in sympy.Mul.make_args(body) if factor != again]
        if len(own.body.limits) != 1 or again not in sympy.Mul.make_args(body) or len(rest) != 1:
            return False
        between = rest[0]
        return (
            isinstance(between, sympy.Indexed)
            and set(between.indices) == {inner, bound}
            and self.is_semidefinite(_label(between))
        )

    def is_nonnegative(self, value: sympy.Expr) -> bool:
        if value.is_nonnegative:
            return True
        if isinstance(value, (sympy.Mul, sympy.Add)):
            return all(self.is_nonnegative(part) for part in value.args)
        if isinstance(value, sympy.Pow):
            return self.is_nonnegative(value.base)
        name = _label(value) if isinstance(value, sympy.Indexed) else value.name if isinstance(value, sympy.Symbol) else ""
        return not NONNEGATIVE.isdisjoint(self.assumed.get(name, ()))


def _label(entry: sympy.Indexed) -> str:
    return str(entry.base.label)
