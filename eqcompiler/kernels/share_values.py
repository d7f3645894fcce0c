"""Values that occur more than once are computed once.

Takes: a Program after split_reductions. Gives: an equal Program with a definition for each shared value.
Guarantees: nothing inside a case distinction moves out of it (it may be undefined elsewhere); matrices of cheap values
are not stored to save a few operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import sympy

from eqcompiler.kernels.bounds import definition_shape, input_shapes, may_leave
from eqcompiler.kernels.split_reductions import REDUCTIONS, Scope, canonical, fresh_axes, needed, reference
from eqcompiler.kernels.split_reductions import FreshIndices as Fresh
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import value_flops
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program

CHEAP = (sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.KroneckerDelta, sympy.floor, sympy.ceiling, sympy.Piecewise)


def share_values(program: Program) -> Program:
    counts: Counter[tuple[object, ...]] = Counter()
    for definition in program.plain("loop plan"):
        if isinstance(definition, Indexed):
            value, scope = value_and_scope(definition)
            counts.update(_occurrences(value, scope, counts))
    return _Sharing(program, counts).run()


def value_and_scope(definition: Indexed) -> tuple[sympy.Expr, Scope]:
    """The body without its outer reduction, and all indices it runs over, outermost first."""
    body = definition.body
    if isinstance(body, REDUCTIONS):
        return body.function, definition.axes + tuple(Axis(*limit) for limit in reversed(body.limits))
    return body, definition.axes


def is_costly(value: sympy.Basic) -> bool:
    """Whether an elementary function or a root has to be evaluated."""
    functions = [f for f in value.atoms(sympy.Function) if not isinstance(f, CHEAP)]
    return bool(functions) or any(not power.exp.is_Integer for power in value.atoms(sympy.Pow))


def opaque(value: sympy.Basic) -> bool:
    """What a pass must not look into: atoms, entries of tensors, case distinctions, conditions."""
    return (
        not value.args
        or isinstance(value, (sympy.Indexed, sympy.Piecewise, sympy.KroneckerDelta))
        or not isinstance(value, sympy.Expr)
    )


def _worth(value: sympy.Expr, free: Scope) -> bool:
    if is_costly(value):
        return True
    return len(free) <= 1 and bool(value.atoms(sympy.Indexed)) and value_flops(value) >= 2


def _key(value: sympy.Expr, scope: Scope) -> tuple[object, ...]:
    free = needed(scope, [value])
    return (len(free), *canonical(value, free))


def _occurrences(value: sympy.Basic, scope: Scope, seen: Counter[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """Keys of the values in this one; the parts of a value that was seen before are not visited again."""
    if opaque(value):
        return
    key = _key(value, scope)
    known = seen[key] > 0
    seen[key] += 1
    if not known:
        for part in value.args:
            yield from _occurrences(part, scope, seen)


class _Sharing:
    def __init__(self, program: Program, counts: Counter[tuple[object, ...]]) -> None:
        self.program, self.counts = program, counts
        self.names = Names({i.name for i in program.inputs} | {d.name for d in program.plain("loop plan")})
        self.fresh = Fresh()
        self.fresh.count = 10_000_000  # away from the indices that the program has
        self.known: dict[tuple[object, ...], str] = {}
        self.definitions: list[Indexed | Intrinsic] = []
        self.shapes = input_shapes(program.inputs) | {d.name: definition_shape(d) for d in program.plain("loop plan")}

    def run(self) -> Program:
        for definition in self.program.plain("loop plan"):
            if isinstance(definition, Intrinsic):
                self.definitions.append(definition)
                continue
            value, scope = value_and_scope(definition)
            whole = _key(value, scope)
            first = value is definition.body and whole not in self.known and needed(scope, [value]) == scope
            shared = self.parts(value, scope, definition.name) if first else self.value(value, scope, definition.name)
            body = shared if value is definition.body else definition.body.func(shared, *definition.body.limits)
            self.definitions.append(Indexed(definition.name, definition.axes, body, definition.latex))
            if first:
                self.known[whole] = definition.name
        return Program(self.program.inputs, tuple(self.definitions), self.program.outputs)

    def value(self, value: sympy.Basic, scope: Scope, owner: str) -> sympy.Basic:
        if opaque(value):
            return value
        free, key = needed(scope, [value]), _key(value, scope)
        if key in self.known:
            return reference(self.known[key], free)
        left = [axis for axis in scope if axis not in free]
        if self.counts[key] < 2 or not _worth(value, free) or not may_leave(value, left, scope, self.shapes):
            return self.parts(value, scope, owner)
        axes, renaming = fresh_axes(free, self.fresh)
        name = self.names.value(value, owner)
        self.definitions.append(Indexed(name, axes, self.parts(value, scope, owner).xreplace(renaming)))
        self.known[key] = name
        return reference(name, free)

    def parts(self, value: sympy.Basic, scope: Scope, owner: str) -> sympy.Basic:
        if opaque(value):
            return value
        return value.func(*(self.value(part, scope, owner) for part in value.args))
