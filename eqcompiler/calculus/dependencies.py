"""Which definitions need which.

Takes: definitions in dependency order. Gives: names, and definitions that are left when the dead ones are gone.
Guarantees: order is kept; linear in the size of the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from eqcompiler.calculus.index_algebra import references
from eqcompiler.languages.program import Indexed, Intrinsic

Definition: TypeAlias = Indexed | Intrinsic


def operand_names(definition: Definition) -> tuple[str, ...]:
    """Inputs and definitions that the body names, each once."""
    return definition.operands if isinstance(definition, Intrinsic) else references(definition.body)


def reached(definitions: Iterable[Definition], *outputs: str) -> frozenset[str]:
    """Everything that the outputs depend on, themselves and inputs included."""
    needed = set(outputs)
    for definition in reversed(tuple(definitions)):
        if definition.name in needed:
            needed.update(operand_names(definition))
    return frozenset(needed)


def live(definitions: tuple[Definition, ...], outputs: tuple[str, ...]) -> tuple[Definition, ...]:
    """The definitions that the outputs need."""
    needed = reached(definitions, *outputs)
    return tuple(definition for definition in definitions if definition.name in needed)


def dependent(definitions: Iterable[Definition], sources: Iterable[str]) -> frozenset[str]:
    """Everything that depends on a source, the sources included."""
    found = set(sources)
    for definition in definitions:
        if any(name in found for name in operand_names(definition)):
            found.add(definition.name)
    return frozenset(found)
