"""Definitions become statements: set, accumulate, or a library call, each over its own loops.

Takes: a Program whose reductions stand alone. Gives: statements in an order in which every value is set before it is read.
Guarantees: a reduction that one definition alone uses accumulates under that definition's name:

    r[i] = X_theta[i] + b - y[i]    becomes    r[i] := b - y[i];  r[i] += X[i, j]*theta[j]
    J = J_sum/m                     becomes    J := 0;  J += r[i]**2;  J := J/m
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import sympy

from eqcompiler.kernels.bounds import definition_shape, input_shapes
from eqcompiler.kernels.linear_algebra import matrix_product, solve_call
from eqcompiler.kernels.split_reductions import NEUTRAL, REDUCTIONS, Scope, reference
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.loop_plan import LibraryCall
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program

Operation = Literal["set", "+", "-", "*", "max"]
Shapes = Mapping[str, tuple[sympy.Expr, ...]]


@dataclass(frozen=True, slots=True)
class Statement:
    """`target operation value` for all indices in `loops`, outermost first; or a library call without loops."""

    target: sympy.Expr
    operation: Operation
    value: sympy.Expr
    loops: Scope
    call: LibraryCall | None = None

    @property
    def name(self) -> str:
        return label(self.target)


def label(entry: sympy.Expr) -> str:
    return str(entry.base.label) if isinstance(entry, sympy.Indexed) else str(entry)


def shapes_of(program: Program) -> dict[str, tuple[sympy.Expr, ...]]:
    return input_shapes(program.inputs) | {d.name: definition_shape(d) for d in program.plain("loop plan")}


def statements(program: Program, given: frozenset[str]) -> tuple[Statement, ...]:
    """given: the names that the request's own program defines; other names may disappear into them."""
    shapes = shapes_of(program)
    names = Names({i.name for i in program.inputs} | {d.name for d in program.plain("loop plan")})
    uses = _uses(program)
    by_name = {d.name: d for d in program.plain("loop plan")}
    inputs = {i.name for i in program.inputs}
    single = {
        name
        for name, d in by_name.items()
        if name not in given and uses[name] == 1 and (isinstance(d, Intrinsic) or isinstance(d.body, REDUCTIONS))
    }
    absorbed = {d.name: part for d in program.plain("loop plan") if (part := _absorbs(d, single, by_name))}
    skipped = {part.name for part in absorbed.values()}
    found: list[Statement] = []
    for d in program.plain("loop plan"):
        part = absorbed.get(d.name)
        if d.name in skipped:
            continue
        if isinstance(part, Intrinsic):
            part = replace(part, name=d.name)
            found += _called(*solve_call(part, by_name, program.inputs, shapes, names))
        elif isinstance(d, Intrinsic):
            found += _called(*solve_call(d, by_name, program.inputs, shapes, names))
        elif part is not None:
            found += _accumulated(d, part, shapes, inputs, names)
        elif isinstance(d.body, REDUCTIONS):
            found += _accumulated(replace(d, body=reference(d.name, d.axes)), d, shapes, inputs, names)
        else:
            found.append(Statement(reference(d.name, d.axes), "set", d.body, d.axes))
    return tuple(found)


def _uses(program: Program) -> Counter[str]:
    uses = Counter(program.outputs)
    for d in program.plain("loop plan"):
        if isinstance(d, Intrinsic):
            uses.update(d.operands)
        else:
            labels = [p for p in sympy.preorder_traversal(d.body) if isinstance(p, sympy.Symbol)]
            uses.update(symbol.name for symbol in labels)
    return uses


def _absorbs(
    d: Indexed | Intrinsic, single: set[str], by_name: Mapping[str, Indexed | Intrinsic]
) -> Indexed | Intrinsic | None:
    """What only this definition uses, over the same axes: a reduction in its body, or the whole tensor that it copies."""
    if isinstance(d, Intrinsic) or isinstance(d.body, REDUCTIONS) or d.body.has(sympy.Piecewise):
        return None
    entries = d.body.atoms(sympy.Indexed) if d.axes else d.body.atoms(sympy.Symbol)
    for entry in sorted(entries, key=sympy.default_sort_key):
        part = by_name.get(label(entry))
        if part is None or part.name not in single or entry != reference(part.name, d.axes) or not _same_ranges(part, d):
            continue
        if d.body == entry or (isinstance(part, Indexed) and isinstance(part.body, REDUCTIONS)):
            return part
    return None


def _same_ranges(part: Indexed | Intrinsic, d: Indexed) -> bool:
    renaming = {a.index: b.index for a, b in zip(part.axes, d.axes, strict=True)}
    ranges = [(a.lower.xreplace(renaming), a.upper.xreplace(renaming)) for a in part.axes]
    return ranges == [(a.lower, a.upper) for a in d.axes]


def _accumulated(d: Indexed, part: Indexed, shapes: Shapes, inputs: set[str], names: Names) -> list[Statement]:
    """d[axes] := start; d[axes] += the reduction's body; d[axes] := d.body of the finished reduction."""
    target = reference(d.name, d.axes)
    renaming = {a.index: b.index for a, b in zip(part.axes, d.axes, strict=True)}
    reduction = part.body.xreplace(renaming)
    bound = tuple(Axis(*limit) for limit in reversed(reduction.limits))
    product = matrix_product(d.name, d.axes, bound, reduction, shapes, names)
    finished = d.body.xreplace({reference(part.name, d.axes): target})
    if product is not None:
        return [*_called(*product), *_finish(target, finished, d.axes)]
    operation: Operation = "+"
    start = NEUTRAL[type(reduction)]
    if not isinstance(reduction, sympy.Sum):
        operation = "*" if isinstance(reduction, sympy.Product) else "max"
    elif _depends_only_on(finished - target, inputs):
        start, finished = finished - target, target
    elif _depends_only_on(finished + target, inputs):
        operation, start, finished = "-", finished + target, target
    update = Statement(target, operation, reduction.function, d.axes + bound)
    return [Statement(target, "set", start, d.axes), update, *_finish(target, finished, d.axes)]


def _finish(target: sympy.Expr, finished: sympy.Expr, axes: Scope) -> list[Statement]:
    return [] if finished == target else [Statement(target, "set", finished, axes)]


def _depends_only_on(value: sympy.Expr, inputs: set[str]) -> bool:
    labels = {s.name for s in value.atoms(sympy.Symbol) if not s.is_integer}
    return labels <= inputs


def _called(before: list[Indexed], call: LibraryCall) -> list[Statement]:
    """A library call after the definitions that it needs."""
    prepared = [Statement(reference(d.name, d.axes), "set", d.body, d.axes) for d in before]
    return [*prepared, Statement(sympy.Symbol(call.target, real=True), "set", sympy.Integer(0), (), call)]
