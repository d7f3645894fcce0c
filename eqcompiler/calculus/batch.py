"""Batching: what is written for one sample, for a whole batch of them.

Takes: a program and the inputs that differ from sample to sample. Gives: the program over a leading sample axis.
Guarantees: samples are rows; what does not depend on those inputs is computed once and keeps its shape.

    h = Sum(theta[j]*x[j], (j, 1, n)) + b    ->    h[i in 1..N] = Sum(theta[j]*x[i, j], (j, 1, n)) + b
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy

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
from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, size


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
    definitions = tuple(_lifted(d, (axis,), names) if d.name in names else d for d in program.definitions)
    shapes = tuple(
        replace(item, shape=(Dimension.of(size_name), *item.shape)) if item.name in inputs else item for item in program.inputs
    )
    return Program(shapes, definitions, program.outputs)


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
            copies.append(replace(_lifted(definition, axes, names), name=names[definition.name]))
    return copies, names[output]


def _lifted(definition: Definition, axes: tuple[Axis, ...], names: Mapping[str, str]) -> Definition:
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
        names.add(definition.name)
        names.update(axis.index.name for axis in definition.axes)
        if isinstance(definition, Indexed):
            symbols = bound_indices(definition.body) + tuple(free_indices(definition.body))
            names.update(symbol.name for symbol in symbols)
    return names
