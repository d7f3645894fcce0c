"""Batching: what is written for one sample, for a whole batch of them.

Takes: a program and the inputs that differ from sample to sample. Gives: the program over a leading sample axis.
Guarantees: samples are rows; what does not depend on those inputs is computed once and keeps its shape.

    h = Sum(theta[j]*x[j], (j, 1, n)) + b    ->    h[i in 1..N] = Sum(theta[j]*x[i, j], (j, 1, n)) + b
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy

from eqcompiler.calculus.check_scans import extents_of
from eqcompiler.calculus.dependencies import Definition, dependent, operand_names, reached
from eqcompiler.calculus.index_algebra import (
    bound_indices,
    free_indices,
    fresh_index,
    is_scalar_reference,
    reference,
    renamed,
    replaced,
    walk,
)
from eqcompiler.calculus.sharing import Names
from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.program import Axis, Carried, Indexed, Input, Intrinsic, Program, Scan, dimension_of, size


def batched(program: Program, inputs: tuple[str, ...], size_name: str) -> Program:
    """The program with a leading axis 1..size_name on `inputs` and on everything that depends on them.

    Raises IllegalEquation for a name that is no input, NotSupportedYet where a whole-tensor operation would differ by sample.
    """
    known = {item.name for item in program.inputs}
    for name in inputs:
        if name not in known:
            raise IllegalEquation(f"{name} is no input of the program", allowed=", ".join(sorted(known)))
    taken = _symbol_names(program) | {size_name}
    axis = Axis(fresh_index(taken.__contains__), sympy.S.One, size(size_name))
    names = {name: name for name in dependent(program.definitions, inputs)}
    definitions: list[Definition] = []
    for definition in program.definitions:
        if isinstance(definition, Scan):
            definitions += scan_lifted(definition, (axis,), names, Names(taken).fresh)
        else:
            definitions.append(_lifted(definition, (axis,), names) if definition.name in names else definition)
    shapes = tuple(_with_axes(item, (axis,)) if item.name in inputs else item for item in program.inputs)
    return Program(shapes, tuple(definitions), program.outputs)


def lifted(
    definitions: tuple[Definition, ...],
    variable: str,
    value: str,
    axes: tuple[Axis, ...],
    output: str,
    fresh: Callable[[str], str],
) -> tuple[list[Definition], str]:
    """Copies of what leads from `variable` to `output`, with value[axes] in the place of the variable, and the output's copy.

    Every copy has `axes` in front of its own. `fresh` gives new names.
    """
    changed = dependent(definitions, (variable,)) & reached(definitions, output)
    names, copies = {variable: value}, []
    for definition in definitions:
        if definition.name in changed:
            names[definition.name] = fresh(definition.name)
            if isinstance(definition, Scan):
                raise NotSupportedYet(f"the recurrence {definition.name} at a point for every sample is not supported yet")
            copies.append(replace(_lifted(definition, axes, names), name=names[definition.name]))
    return copies, names[output]


def scan_lifted(scan: Scan, axes: tuple[Axis, ...], names: Mapping[str, str], fresh: Callable[[str], str]) -> list[Definition]:
    """The Scan with `axes` in front of its states, of all members and shared inputs in `names`, and of what it makes.

    A start that is the same for all samples is repeated for each of them first.
    """
    moving = {name for name, family in scan.members if family in names} | {name for name in scan.shared if name in names}
    moving |= {carried.before for carried in scan.carried}
    if not any(name in names for name in scan.operands):
        return [scan]
    taken = {name: name for name in dependent(scan.step.definitions, moving)}
    definitions: list[Definition] = []
    for definition in scan.step.definitions:
        if isinstance(definition, Scan):
            definitions += scan_lifted(definition, axes, taken, fresh)
        else:
            definitions.append(_lifted(definition, axes, taken) if definition.name in taken else definition)
    before: list[Definition] = []
    carried = []
    for state in scan.carried:
        start = names.get(state.start, "")
        if not start:
            start = fresh(f"{state.start}_each")
            before.append(_repeated(start, state, scan, axes))
        carried.append(replace(state, start=start))
    still = [name for name, _ in (*scan.kept, *scan.summed) if name not in taken]
    if still:
        what = f"{still[0]} is the same for every sample"
        raise NotSupportedYet(f"the recurrence {scan.name} for every sample, of which {what}, is not supported yet")
    inputs = tuple(_with_axes(item, axes) if item.name in moving else item for item in scan.step.inputs)
    lifted_scan = replace(scan, carried=tuple(carried), step=Program(inputs, tuple(definitions), scan.step.outputs))
    return [*before, lifted_scan]


def _repeated(name: str, state: Carried, scan: Scan, axes: tuple[Axis, ...]) -> Indexed:
    """The start of a state, the same for all indices of `axes`."""
    sizes = scan.sizes_at_start()
    extents = [extent.xreplace(sizes) for extent in extents_of(scan.step)[state.before]]
    used = {axis.index.name for axis in axes}
    own: list[Axis] = []
    for extent in extents:
        letter = fresh_index(used.__contains__)
        used.add(letter.name)
        own.append(Axis(letter, sympy.S.One, extent))
    return Indexed(name, (*axes, *own), reference(state.start, (axis.index for axis in own)))


def _with_axes(item: Input, axes: tuple[Axis, ...]) -> Input:
    return replace(item, shape=(*(dimension_of(axis.upper) for axis in axes), *item.shape))


def _lifted(definition: Indexed | Intrinsic, axes: tuple[Axis, ...], names: Mapping[str, str]) -> Definition:
    """The definition with `axes` in front; `names` maps what depends on the sample to the name that has those axes too."""
    if isinstance(definition, Intrinsic):
        if axes and any(name in names for name in operand_names(definition)):
            raise NotSupportedYet(
                f"{definition.operation}({', '.join(definition.operands)}) for every sample is not supported yet"
            )
        return replace(definition, operands=tuple(names.get(name, name) for name in definition.operands))
    definition = _without(definition, frozenset(axis.index for axis in axes))
    lead = tuple(axis.index for axis in axes)

    def leaf(node: sympy.Basic) -> sympy.Basic | None:
        if isinstance(node, sympy.Indexed) and node.base.name in names:
            return reference(names[node.base.name], (*lead, *node.indices))
        if is_scalar_reference(node) and node.name in names:
            return reference(names[node.name], lead)
        return None

    return replace(definition, axes=axes + definition.axes, body=replaced(definition.body, leaf))


def _without(definition: Indexed, avoid: frozenset[sympy.Symbol]) -> Indexed:
    """The same definition, none of whose indices is in `avoid`."""
    own = [*(axis.index for axis in definition.axes), *bound_indices(definition.body)]
    clash = [symbol for symbol in own if symbol in avoid]
    if not clash:
        return definition
    used = {s.name for s in (*own, *avoid)} | {n.name for n in walk(definition.body) if isinstance(n, sympy.Symbol)}
    used |= set(operand_names(definition))
    mapping: dict[sympy.Symbol, sympy.Expr] = {}
    for symbol in clash:
        mapping[symbol] = fresh_index(used.__contains__)
        used.add(mapping[symbol].name)
    axes = tuple(
        Axis(mapping.get(a.index, a.index), renamed(a.lower, mapping), renamed(a.upper, mapping)) for a in definition.axes
    )
    return replace(definition, axes=axes, body=renamed(definition.body, mapping))


def _symbol_names(program: Program) -> set[str]:
    """All names in use: inputs, definitions, sizes and indices."""
    names = {item.name for item in program.inputs} | {n for item in program.inputs for d in item.shape for n in d.names}
    for definition in program.definitions:
        if isinstance(definition, Scan):
            names |= _symbol_names(definition.step) | {definition.index.name, *definition.made}
            continue
        names.add(definition.name)
        names.update(axis.index.name for axis in definition.axes)
        if isinstance(definition, Indexed):
            symbols = bound_indices(definition.body) + tuple(free_indices(definition.body))
            names.update(symbol.name for symbol in symbols)
    return names
