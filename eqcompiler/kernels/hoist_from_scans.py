"""What no step of a recurrence changes is computed before its steps.

Takes: a Program with Scans. Gives: an equal Program in which definitions of a step that read only what all steps share stand in
front of the Scan, and so do sums of that kind inside of other definitions.
Guarantees: nothing moves that depends on the state, on a member, on the number of the step or on a size that changes with it,
nor out of a case distinction; an explicit inverse stays where its product becomes a solution.

    for t in 1..T:  A[i, j] = Sum(F[i, k]*G[k, j], k);  z_t[i] = Sum(A[i, j]*z[j], j)    becomes
    A[i, j] = Sum(F[i, k]*G[k, j], k);  for t in 1..T:  z_t[i] = Sum(A[i, j]*z[j], j)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import sympy

from eqcompiler.kernels.split_reductions import FreshIndices, Scope, canonical, fresh_axes, needed, reference
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, Scan, dimension_of, size, tensor

FIRST_INDEX = 70_000_000  # away from the indices of other passes


def hoist_from_scans(program: Program) -> Program:
    uses = Counter(item.name for item in program.inputs)
    for d in program.definitions:
        own = (*d.made, *(part.name for part in d.step.plain("kernel")), *d.own_inputs) if isinstance(d, Scan) else (d.name,)
        uses.update(own)
    names = Names(set(uses))
    unique = {name for name, count in uses.items() if count == 1}
    found: list[Indexed | Intrinsic | Scan] = []
    for d in program.definitions:
        found += _Hoisting(d, names, unique).run() if isinstance(d, Scan) else [d]
    return Program(program.inputs, tuple(found), program.outputs)


class _Hoisting:
    def __init__(self, scan: Scan, names: Names, unique: set[str]) -> None:
        self.scan, self.names, self.unique = scan, names, unique
        self.fixed = set(scan.shared)
        self.stays = {c.after for c in scan.carried} | {name for name, _ in (*scan.kept, *scan.summed)}
        self.moving = {scan.index, *(size(name) for s in scan.sizes for name in (s.at, s.before))}
        self.fresh = FreshIndices()
        self.fresh.count = FIRST_INDEX
        self.known: dict[tuple[object, ...], str] = {}
        self.renamed: dict[str, str] = {}
        self.moved: list[Indexed | Intrinsic] = []

    def run(self) -> list[Indexed | Intrinsic | Scan]:
        left: list[Indexed | Intrinsic | Scan] = []
        for d in self.scan.step.plain("kernel inside another recurrence"):
            d = self.read(d)
            if self.moves(d):
                self.renamed[d.name] = d.name if d.name in self.unique else self.names.new(d.name)
                self.add(replace(d, name=self.renamed[d.name]))
            else:
                left.append(replace(d, body=self.value(d.body, d.axes)) if isinstance(d, Indexed) else d)
        given = tuple(Input(d.name, tuple(dimension_of(a.upper) for a in d.axes)) for d in self.moved)
        step = Program((*self.scan.step.inputs, *given), tuple(left), self.scan.step.outputs)
        return [*self.moved, replace(self.scan, step=step)]

    def add(self, d: Indexed | Intrinsic) -> None:
        self.moved.append(d)
        self.fixed.add(d.name)

    def read(self, d: Indexed | Intrinsic) -> Indexed | Intrinsic:
        """The definition with the names that moved definitions have outside."""
        if isinstance(d, Intrinsic):
            return replace(d, operands=tuple(self.renamed.get(name, name) for name in d.operands))
        places = {tensor(old): tensor(new) for old, new in self.renamed.items()}
        places |= {sympy.Symbol(old, real=True): sympy.Symbol(new, real=True) for old, new in self.renamed.items()}
        return replace(d, body=d.body.xreplace(places)) if places else d

    def moves(self, d: Indexed | Intrinsic) -> bool:
        if d.name in self.stays or not all(self.is_whole(axis) for axis in d.axes):
            return False
        if isinstance(d, Intrinsic):
            return d.operation != "inverse" and set(d.operands) <= self.fixed
        return self.is_fixed(d.body)

    def is_fixed(self, value: sympy.Basic) -> bool:
        symbols = value.atoms(sympy.Symbol)
        return self.moving.isdisjoint(symbols) and all(s.name in self.fixed for s in symbols if not s.is_integer)

    def is_whole(self, axis: Axis) -> bool:
        """From 1 to a size that all steps share."""
        free = axis.upper.free_symbols
        return axis.lower == 1 and self.moving.isdisjoint(free) and all(symbol.is_positive for symbol in free)

    def value(self, value: sympy.Basic, scope: Scope) -> sympy.Basic:
        """The value with its fixed sums, the largest ones, replaced by names."""
        if isinstance(value, sympy.Piecewise) or not value.has(sympy.Sum):
            return value
        if isinstance(value, sympy.Sum):
            axes = needed(scope, [value])
            if self.is_fixed(value) and len(axes) <= 2 and all(self.is_whole(axis) for axis in axes):
                return self.named(value, axes)
            inner = tuple(Axis(*limit) for limit in reversed(value.limits))
            return value.func(self.value(value.function, (*scope, *inner)), *value.limits)
        return value.func(*(self.value(part, scope) for part in value.args))

    def named(self, value: sympy.Expr, axes: Scope) -> sympy.Expr:
        key = canonical(value, axes)
        if key not in self.known:
            own, renaming = fresh_axes(axes, self.fresh)
            self.known[key] = self.names.value(value, self.scan.name)
            self.add(Indexed(self.known[key], own, value.xreplace(renaming)))
        return reference(self.known[key], axes)
