r"""Lowering of the last state of a recurrence: a Scan.

Takes: an Iterated term, and the lowering that meets it. Gives: the entry of the state after the last step.
Guarantees: the updates are lowered once, in the states before a step and the members at it; inside a sum over samples, states
that differ from sample to sample get the samples as their first axis, so that a layer over a batch is one product of matrices.

    a^{(0)} = x, a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)}), a^{(L)}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.batch import scan_lifted
from eqcompiler.calculus.dependencies import Definition, made_names
from eqcompiler.calculus.environments import Frame, Position, expression
from eqcompiler.calculus.index_algebra import is_scalar_reference, reference, replaced
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Carried, Input, Intrinsic, Program, Scan, StepSize, index, size_expression
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import Iterated, Symbol, Term, Type

# document, updates by name, index of the step -> one program with an output for each
Together = Callable[[Document, tuple[tuple[str, Term], ...], Mapping[str, sympy.Expr]], Program]


@dataclass(frozen=True, slots=True)
class Outside:
    """A name outside of the recurrence and the axes of the scope that lead its own."""

    name: str
    lead: tuple[Axis, ...]


def iterated(low: Lowers, term: Iterated, at: tuple[Position, ...], frame: Frame, together: Together) -> sympy.Expr:
    recurrence = low.document.recurrences[term.recurrence]
    starts = [_outside(low, start, frame, f"{state}_0") for start, state in zip(term.start, recurrence.states, strict=True)]
    shared = _bound_names(low, recurrence, term, frame)
    axes = _common_axes([*starts, *shared.values()], term)
    key = ("iterated", term.recurrence, tuple(starts), tuple(shared.items()))
    finals = low.recurrences.get(key)
    if finals is None:
        scan = _scan(low, term, recurrence, [start.name for start in starts], together)
        scan = _with_shared(scan, {name: outside.name for name, outside in shared.items()})
        low.definitions += _over_samples(scan, axes, [*starts, *shared.values()], low)
        finals = low.recurrences[key] = tuple(carried.final for carried in scan.carried)
    return reference(finals[term.state], (*(axis.index for axis in axes), *(expression(position) for position in at)))


def _outside(low: Lowers, term: Term, frame: Frame, wanted: str) -> Outside:
    name, lead = low.named(term, frame, wanted)
    return Outside(name, tuple(axis for axis in frame.scope if axis.index in lead))


def _bound_names(low: Lowers, recurrence: Recurrence, term: Iterated, frame: Frame) -> dict[str, Outside]:
    """What the updates read under a name that means something else here, as an argument of the function around."""
    inside = {*_before(recurrence), *(name for name, _ in recurrence.members)}
    read = dict.fromkeys(name for update in recurrence.updates for name in low.reach.of_term(update) if name not in inside)
    families = {family for _, family in recurrence.members}
    found = {}
    for name in (*read, *families):
        if name not in frame.bindings:
            continue
        info = low.document.symbols.get(name)
        if name in families or info is None or not isinstance(info.type, Type):
            raise NotSupportedYet(f"a recurrence whose {name} is given by an argument has no index form yet", term.span)
        found[name] = _outside(low, Symbol(info.type, name), frame, name)
    return found


def _before(recurrence: Recurrence) -> tuple[str, ...]:
    return recurrence.before or recurrence.states


def _common_axes(outsides: list[Outside], term: Iterated) -> tuple[Axis, ...]:
    """The axes of the scope over which the states differ; all that depends on one of them depends on all."""
    leads = list(dict.fromkeys(outside.lead for outside in outsides if outside.lead))
    if len(leads) > 1 or any(axis.lower != 1 for lead in leads for axis in lead):
        raise NotSupportedYet("a recurrence over parts of several samples has no index form yet", term.span)
    return leads[0] if leads else ()


def _scan(low: Lowers, term: Iterated, recurrence: Recurrence, starts: list[str], together: Together) -> Scan:
    if recurrence.count is None:
        raise NotSupportedYet("a recurrence without a number of steps has no index form", term.span)
    letter = index(recurrence.index)
    states, before = recurrence.states, _before(recurrence)
    afters = [_after(name, recurrence.index, set(before)) for name in states]
    step = together(low.document, tuple(zip(afters, recurrence.updates, strict=True)), {recurrence.index: letter})
    types = zip(before, recurrence.updates, strict=True)
    inputs = {item.name: item for item in step.inputs}
    for name, update in types:
        inputs.setdefault(name, Input(name, _shape_before(update.type.shape, recurrence)))
    finals = [low.fresh(f"{name}_{recurrence.count}" if recurrence.count.names else f"{name}_last") for name in states]
    for name in inputs.keys() - {*before, *(member for member, _ in recurrence.members)}:
        low.given(inputs[name])
    for member, family in recurrence.members:
        if member in inputs:
            low.given(replace(inputs[member], name=family, latex=low.latex_of(family), steps=recurrence.count))
    return Scan(
        states[0],
        letter,
        size_expression(recurrence.count),
        tuple(Carried(*names) for names in zip(before, afters, starts, finals, strict=True)),
        tuple((member, family) for member, family in recurrence.members if member in inputs),
        (),
        (),
        replace(step, inputs=tuple(inputs.values())),
        tuple(StepSize(at, earlier, f"{name}_0", f"{name}_{recurrence.count}") for name, at, earlier in recurrence.sizes),
        latex=recurrence.last[0] if recurrence.last else "",
    )


def _after(state: str, letter: str, taken: set[str]) -> str:
    wanted = f"{state}_{letter}" if letter else f"{state}_next"
    return wanted if wanted not in taken else f"{state}_next"


def _shape_before(shape: tuple[Dimension, ...], recurrence: Recurrence) -> tuple[Dimension, ...]:
    """The sizes of a state before the step, from those after it."""
    earlier = {at: Dimension.of(before) for _, at, before in recurrence.sizes}
    return tuple(dimension.substitute(earlier) for dimension in shape)


def _with_shared(scan: Scan, names: Mapping[str, str]) -> Scan:
    """The Scan whose steps share tensors of other names."""
    moved = {old: new for old, new in names.items() if old != new}
    inside = {item.name for item in scan.step.inputs} | {name for d in scan.step.definitions for name in made_names(d)}
    for new in moved.values():
        if new in inside:
            raise NotSupportedYet(f"the recurrence {scan.name} with an argument called {new} has no index form yet")
    if not moved:
        return scan
    inputs = tuple(replace(item, name=moved.get(item.name, item.name)) for item in scan.step.inputs)
    definitions = tuple(_with_operands(d, moved) for d in scan.step.definitions)
    return replace(scan, step=Program(inputs, definitions, scan.step.outputs))


def _with_operands(definition: Definition, names: Mapping[str, str]) -> Definition:
    if isinstance(definition, Scan):
        raise NotSupportedYet(f"the recurrence {definition.name} inside another one with arguments has no index form yet")
    if isinstance(definition, Intrinsic):
        return replace(definition, operands=tuple(names.get(name, name) for name in definition.operands))

    def leaf(node: sympy.Basic) -> sympy.Basic | None:
        if isinstance(node, sympy.Indexed):
            return reference(names[node.base.name], node.indices) if node.base.name in names else None
        return reference(names[node.name], ()) if is_scalar_reference(node) and node.name in names else None

    return replace(definition, body=replaced(definition.body, leaf))


def _over_samples(scan: Scan, axes: tuple[Axis, ...], outsides: list[Outside], low: Lowers) -> list[Definition]:
    if not axes:
        return [scan]
    leading = {outside.name: outside.name for outside in outsides if outside.lead}
    return scan_lifted(scan, axes, leading, low.fresh)
