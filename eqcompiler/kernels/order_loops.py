"""The order of the loops of one statement, and what leaves them.

Takes: statements. Gives: statements whose loops run along the rows of row-major arrays, with invariant values hoisted.
Guarantees: a loop stands inside the loops that its range depends on; a value is moved only to where it is evaluated at
the same indices or fewer, and never out of a case distinction.

    g[k] += X[i, k]*exp(z[i])*w    for k, i    becomes    t[i] := exp(z[i])*w  for i;   g[k] += t[i]*X[i, k]  for i, k
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy

from eqcompiler.kernels.bounds import Shapes, may_leave
from eqcompiler.kernels.share_values import is_costly, opaque
from eqcompiler.kernels.split_reductions import FreshIndices, canonical, depends, fresh_axes, needed, reference, stride
from eqcompiler.kernels.statements import Statement, label
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.program import Axis


def order_loops(statement: Statement) -> Statement:
    """Indices that move fastest through memory go inside; with equal claims, output indices stay outside of summed ones."""
    entries = [*statement.value.atoms(sympy.Indexed), *statement.target.atoms(sympy.Indexed)]
    strides = {axis.index: sum(stride(entry, axis.index) for entry in entries) for axis in statement.loops}
    remaining, ordered = list(statement.loops), list[Axis]()
    while remaining:
        inner = {axis.index for axis in remaining}
        ready = [a for a in remaining if not depends(a.lower, inner) and not depends(a.upper, inner)]
        best = max(ready, key=lambda axis: strides[axis.index])
        remaining.remove(best)
        ordered.append(best)
    return replace(statement, loops=tuple(ordered))


def hoist(statements: Iterable[Statement], inputs: frozenset[str], shapes: Shapes) -> tuple[Statement, ...]:
    hoister = _Hoister(inputs, shapes)
    for statement in statements:
        hoister.add(statement)
    return tuple(hoister.statements)


class _Hoister:
    def __init__(self, inputs: frozenset[str], shapes: Shapes) -> None:
        self.inputs, self.shapes = inputs, shapes
        self.names = Names({*inputs, *shapes})
        self.fresh = FreshIndices()
        self.fresh.count = 20_000_000  # away from the indices that the program has
        self.known: dict[tuple[object, ...], str] = {}
        self.statements: list[Statement] = []

    def add(self, statement: Statement) -> None:
        if statement.loops:
            value = self.value(statement.value, statement)
            statement = replace(statement, value=value)
        self.statements.append(statement)

    def value(self, value: sympy.Basic, statement: Statement) -> sympy.Basic:
        """The value with its invariant parts replaced by temporaries, largest parts first."""
        if self.level(value, statement) < len(statement.loops):
            return self.hoisted(value, statement)
        if opaque(value):
            return value
        if isinstance(value, (sympy.Add, sympy.Mul)):
            low = [part for part in value.args if self.level(part, statement) < len(statement.loops)]
            high = [self.value(part, statement) for part in value.args if part not in low]
            return value.func(self.value(value.func(*low), statement), *high) if low else value.func(*high)
        return value.func(*(self.value(part, statement) for part in value.args))

    def level(self, value: sympy.Basic, statement: Statement) -> int:
        """How many loops, from the outermost, stand around the place where the value is known."""
        symbols = value.atoms(sympy.Symbol)
        return max((p + 1 for p, axis in enumerate(statement.loops) if axis.index in symbols), default=0)

    def hoisted(self, value: sympy.Basic, statement: Statement) -> sympy.Basic:
        level = self.level(value, statement)
        axes = needed(statement.loops, [value]) if is_costly(value) else statement.loops[:level]
        left = [axis for axis in statement.loops if axis not in axes]
        if not self.pays(value, level, statement) or not may_leave(value, left, statement.loops, self.shapes):
            return value
        key = canonical(value, axes)
        if key not in self.known:
            own, renaming = fresh_axes(axes, self.fresh)
            self.known[key] = self.names.value(value, statement.name)
            target = reference(self.known[key], own)
            self.add(Statement(target, "set", value.xreplace(renaming), own))
        return reference(self.known[key], axes)

    def pays(self, value: sympy.Basic, level: int, statement: Statement) -> bool:
        if not isinstance(value, sympy.Expr) or isinstance(value, (sympy.Piecewise, sympy.KroneckerDelta)):
            return False
        if isinstance(value, sympy.Indexed):
            stores = depends(statement.target, [statement.loops[-1].index])
            return level > 0 and stores and label(value) in self.inputs
        if level == 0:
            return is_costly(value)
        if not is_costly(value) and any(isinstance(part, sympy.Piecewise) for part in value.args):
            return False
        return bool(value.atoms(sympy.Indexed)) and bool(value.args)
