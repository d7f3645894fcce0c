"""Which definitions need which.

Takes: definitions in dependency order. Gives: names, and definitions that are left when the dead ones are gone.
Guarantees: order is kept; linear in the size of the program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeAlias

import sympy

from eqcompiler.calculus.index_algebra import references, substituted
from eqcompiler.languages.program import Indexed, Intrinsic, Scan

Definition: TypeAlias = Indexed | Intrinsic | Scan


def operand_names(definition: Definition) -> tuple[str, ...]:
    """Inputs and definitions that the body names, each once."""
    return references(definition.body) if isinstance(definition, Indexed) else definition.operands


def made_names(definition: Definition) -> tuple[str, ...]:
    """What can be referred to after the definition: its name; for a Scan the values and families that it makes."""
    return definition.made if isinstance(definition, Scan) else (definition.name,)


def reached(definitions: Iterable[Definition], *outputs: str) -> frozenset[str]:
    """Everything that the outputs depend on, themselves and inputs included."""
    needed = set(outputs)
    for definition in reversed(tuple(definitions)):
        if not needed.isdisjoint(made_names(definition)):
            needed.update(operand_names(definition))
    return frozenset(needed)


def live(definitions: tuple[Definition, ...], outputs: tuple[str, ...]) -> tuple[Definition, ...]:
    """The definitions that the outputs need."""
    needed = reached(definitions, *outputs)
    return tuple(definition for definition in definitions if not needed.isdisjoint(made_names(definition)))


def dependent(definitions: Iterable[Definition], sources: Iterable[str]) -> frozenset[str]:
    """Everything that depends on a source, the sources included."""
    found = set(sources)
    for definition in definitions:
        if any(name in found for name in operand_names(definition)):
            found.update(made_names(definition))
    return frozenset(found)


def adopted(definitions: list[Definition], output: Indexed, keep: Collection[str]) -> list[Definition]:
    """The output after the definitions; where it only repeats one whose name is not to be kept, that one renamed."""
    body = output.body
    if isinstance(body, sympy.Indexed) and body.indices == tuple(axis.index for axis in output.axes):
        copied = body.base.name
    else:
        copied = body.name if isinstance(body, sympy.Symbol) and not output.axes else ""
    alone = copied not in keep and not any(copied in operand_names(d) for d in definitions)
    plain = (d for d in definitions if not isinstance(d, Scan))
    found = next((d for d in plain if d.name == copied), None) if alone else None
    ranges = [[(a.lower, a.upper) for a in d.axes] for d in (found, output) if d]
    if found and (isinstance(found, Indexed) or ranges[0] == ranges[1]):
        return [_renamed(found, output) if d is found else d for d in definitions]
    return [*definitions, output]


def _renamed(definition: Indexed | Intrinsic, output: Indexed) -> Definition:
    """The definition with the name and the indices of the output."""
    named = replace(definition, name=output.name, latex=output.latex or definition.latex, axes=output.axes)
    if isinstance(named, Intrinsic) or isinstance(definition, Intrinsic):
        return named
    mapping = {old.index: new.index for old, new in zip(definition.axes, output.axes, strict=True)}
    return replace(named, body=substituted(definition.body, mapping))
