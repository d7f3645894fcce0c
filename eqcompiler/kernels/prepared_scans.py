"""Recurrences made ready for planning: results get places of their own, totals are added to in place, steps become programs.

Takes: a program with Scans. Gives: an equal one, and the programs of a step.
Guarantees: value preserved; a total is read at the entry that is written and nowhere else, so that both may be one array.

    total += u[i]*v[j]    becomes    total_next[i, j] = total[i, j] + u[i]*v[j]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy

from eqcompiler.errors import NotSupportedYet
from eqcompiler.kernels.split_reductions import REDUCTIONS, reference
from eqcompiler.kernels.turn_signs import turn_signs
from eqcompiler.languages.program import (
    Axis,
    Indexed,
    Input,
    Intrinsic,
    Program,
    Scan,
    dimension_of,
    scalar,
)

NEXT = "_next_total"
LAST = "_last"


@dataclass(frozen=True, slots=True)
class StepPrograms:
    """first: what every step computes. then: what all but the last one compute after it. marker: stands for the index."""

    first: Program
    then: Program | None
    marker: sympy.Symbol


def prepared(program: Program) -> Program:
    """Totals start at zero before their Scan; an output that is the last state of a Scan is a copy of it."""
    found: list[Indexed | Intrinsic | Scan] = []
    for definition in program.definitions:
        if not isinstance(definition, Scan):
            found.append(definition)
            continue
        steps = {d.name: d for d in definition.step.plain("kernel inside another recurrence")}
        for carried in definition.carried:
            if carried.after not in steps:  # its place would be taken by another state while it is still read
                raise NotSupportedYet(
                    f"the recurrence {definition.name}, whose next {carried.after} is given, has no kernel yet"
                )
        found += [Indexed(total, steps[name].axes, sympy.S.Zero) for name, total in definition.summed]
        scan, copies = definition, list[Indexed]()
        for carried in definition.carried:
            if carried.final in program.outputs:
                scan = scan.with_made(carried.final, carried.final + LAST)
                copies.append(_copy(carried.final, carried.final + LAST, _axes_after(definition, carried.after)))
        found += [scan, *copies]
    return Program(program.inputs, tuple(found), program.outputs)


def _axes_after(scan: Scan, name: str) -> tuple[Axis, ...]:
    """The axes of a state after the last step."""
    axes = next(d.axes for d in scan.step.plain("kernel") if d.name == name)
    sizes = scan.sizes_at_end()
    return tuple(Axis(axis.index, axis.lower.xreplace(sizes), axis.upper.xreplace(sizes)) for axis in axes)


def _copy(name: str, source: str, axes: tuple[Axis, ...]) -> Indexed:
    return Indexed(name, axes, reference(source, axes))


def operands(definition: Indexed | Intrinsic | Scan) -> tuple[str, ...]:
    """The names of values that a definition reads."""
    if isinstance(definition, Indexed):
        return tuple(sorted({s.name for s in definition.body.atoms(sympy.Symbol) if not s.is_integer}))
    return definition.operands


def step_programs(scan: Scan) -> StepPrograms:
    marker = scalar(f"{scan.index.name}#step")
    definitions: list[Indexed | Intrinsic] = []
    totals = dict(scan.summed)
    for d in scan.step.plain("kernel inside another recurrence"):
        body = replace(d, body=d.body.xreplace({scan.index: marker})) if isinstance(d, Indexed) else d
        definitions += _in_place(body, totals[d.name]) if d.name in totals else [body]
    inputs = [*scan.step.inputs, Input(marker.name, (), integer=True)]
    inputs += [_like(d, totals[d.name]) for d in scan.step.plain("kernel") if d.name in totals]
    outputs = [*(c.after for c in scan.carried), *(name for name, _ in scan.kept), *(f"{t}{NEXT}" for t in totals.values())]
    made = {d.name for d in definitions}
    whole = turn_signs(
        Program(tuple(inputs), tuple(definitions), tuple(name for name in dict.fromkeys(outputs) if name in made))
    )
    first, then = _divided(whole, _read_by_next_step_only(scan))
    return StepPrograms(first, then, marker)


def _like(definition: Indexed | Intrinsic, name: str) -> Input:
    return Input(name, tuple(dimension_of(axis.upper - axis.lower + 1) for axis in definition.axes))


def _in_place(definition: Indexed | Intrinsic, total: str) -> list[Indexed | Intrinsic]:
    """The total after the step. What holds a sum stays apart: a sum is accumulated in its target, which starts at nothing."""
    before = reference(total, definition.axes)
    if isinstance(definition, Indexed) and not definition.body.has(*REDUCTIONS):
        return [Indexed(f"{total}{NEXT}", definition.axes, before + definition.body)]
    return [definition, Indexed(f"{total}{NEXT}", definition.axes, before + reference(definition.name, definition.axes))]


def _read_by_next_step_only(scan: Scan) -> set[str]:
    used = {name for name, _ in (*scan.kept, *scan.summed)}
    return {c.after for c in scan.carried if not c.final and c.after not in used and c.before not in used}


def _divided(program: Program, later: set[str]) -> tuple[Program, Program | None]:
    """What only the next step reads apart from the rest, when the rest does not need it."""
    wanted = tuple(name for name in program.outputs if name not in later)
    definitions = program.plain("kernel")
    first = live(definitions, wanted)
    names = {d.name for d in first}
    then = tuple(d for d in definitions if d not in first)
    late = tuple(name for name in program.outputs if name not in names)
    if not late or not first:
        return program, None
    read = dict.fromkeys(name for d in then for name in operands(d) if name in names)
    outputs = dict.fromkeys((*wanted, *(name for name in program.outputs if name in names), *read))
    given = [_like(d, d.name) for d in first if d.name in read]
    return Program(program.inputs, first, tuple(outputs)), Program((*program.inputs, *given), then, late)


def live(definitions: Iterable[Indexed | Intrinsic], outputs: Iterable[str]) -> tuple[Indexed | Intrinsic, ...]:
    wanted, kept = set(outputs), list[Indexed | Intrinsic]()
    for d in reversed(tuple(definitions)):
        if d.name in wanted:
            kept.append(d)
            wanted |= set(operands(d))
    return tuple(reversed(kept))
