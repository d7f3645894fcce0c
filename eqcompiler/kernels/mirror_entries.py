"""Entries of symmetric matrices are read along their rows, and under one name.

Takes: a Program. Gives: an equal Program in which M[j, i] is M[i, j] for a symmetric M, where i is bound outside of j.
Guarantees: only matrices that are symmetric by declaration or by structure (definite_matrices) are read otherwise.

    g[i] = Sum(K[i, j]*v[j], j) + Sum(K[j, i]*v[j], j)    becomes    g[i] = 2*Sum(K[i, j]*v[j], j)
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from eqcompiler.kernels.definite_matrices import Matrices
from eqcompiler.kernels.statements import label
from eqcompiler.languages.program import Indexed, Program

Order = tuple[sympy.Symbol, ...]


def mirror_entries(program: Program) -> Program:
    definitions = program.plain("loop plan")
    work = _Mirror(Matrices(program.inputs, {d.name: d for d in definitions}))
    found = [
        replace(d, body=work.value(d.body, tuple(axis.index for axis in d.axes))) if isinstance(d, Indexed) else d
        for d in definitions
    ]
    return Program(program.inputs, tuple(found), program.outputs)


class _Mirror:
    def __init__(self, matrices: Matrices) -> None:
        self.matrices = matrices

    def value(self, value: sympy.Basic, order: Order) -> sympy.Basic:
        """`order`: the indices that are bound around the value, outermost first."""
        if isinstance(value, sympy.Indexed):
            return self.entry(value, order)
        if not value.has(sympy.Indexed):
            return value
        if isinstance(value, (sympy.Sum, sympy.Product)):
            inner = (*order, *(limit[0] for limit in reversed(value.limits)))
            return value.func(self.value(value.function, inner), *value.limits)
        return value.func(*(self.value(part, order) for part in value.args))

    def entry(self, entry: sympy.Indexed, order: Order) -> sympy.Indexed:
        if len(entry.indices) != 2 or not all(place in order for place in entry.indices):
            return entry
        first, second = entry.indices
        if order.index(first) <= order.index(second) or not self.matrices.is_symmetric(label(entry)):
            return entry
        return entry.base[second, first]
