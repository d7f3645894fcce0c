"""What a legal Scan is, beside the rules for its step.

Takes: a Scan and what is defined before it. Gives: the extents of what it makes; raises CompilerFault naming what is illegal.
Guarantees: states, families and shared inputs fit in shape from step to step, also where sizes change with the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from eqcompiler.calculus.index_algebra import is_index
from eqcompiler.errors import CompilerFault
from eqcompiler.languages.program import Program, Scan, size, size_expression

Extents = tuple[sympy.Expr, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A value at every step: the extents of one member and how many there are."""

    extents: Extents
    count: sympy.Expr


def extents_of(program: Program) -> dict[str, Extents]:
    """Inputs and definitions of a program with the sizes of their axes; of a family those of a member."""
    found = {item.name: tuple(size_expression(dimension) for dimension in item.shape) for item in program.inputs}
    for definition in program.definitions:
        if isinstance(definition, Scan):
            found |= made_extents(definition)
        else:
            found[definition.name] = tuple(axis.upper - axis.lower + 1 for axis in definition.axes)
    return found


def made_extents(scan: Scan) -> dict[str, Extents]:
    """What a Scan makes outside, with the sizes of its axes; of a family those of a member."""
    inside = extents_of(scan.step)
    last = scan.sizes_at_end()
    found = {c.final: _put(inside[c.after], last) for c in scan.carried if c.final}
    return found | {name: inside[own] for own, name in (*scan.kept, *scan.summed)}


def families_of(program: Program) -> dict[str, Family]:
    return {
        item.name: Family(tuple(map(size_expression, item.shape)), size_expression(item.steps))
        for item in program.inputs
        if item.steps is not None
    }


def check_scan(
    scan: Scan, outside: Mapping[str, Extents], families: Mapping[str, Family]
) -> tuple[dict[str, Extents], dict[str, Family]]:
    """The tensors and the families that the Scan makes."""
    return _Checker(scan, outside, families).run()


class _Checker:
    def __init__(self, scan: Scan, outside: Mapping[str, Extents], families: Mapping[str, Family]) -> None:
        self.scan, self.outside, self.families = scan, outside, families
        self.inside = extents_of(scan.step)
        self.inputs = {item.name for item in scan.step.inputs}
        pairs = [(size(s.before), size(s.at)) for s in scan.sizes]
        self.onward = {a: b for b, a in pairs} if scan.backwards else dict(pairs)
        self.at_start = scan.sizes_at_start()
        self.at_end = scan.sizes_at_end()
        self.of_a_step = {symbol for pair in pairs for symbol in pair}

    def fault(self, what: str) -> CompilerFault:
        return CompilerFault(f"in the recurrence {self.scan.name}: {what}")

    def run(self) -> tuple[dict[str, Extents], dict[str, Family]]:
        if not is_index(self.scan.index):
            raise self.fault(f"{self.scan.index} is no index symbol")
        self.each_once()
        made: dict[str, Extents] = {}
        for carried in self.scan.carried:
            made |= self.state(carried.before, carried.after, carried.start, carried.final)
        for name, family in self.scan.members:
            self.member(name, family)
        for name in self.scan.shared:
            self.shared_input(name)
        for name, total in self.scan.summed:
            made[total] = self.summed(name, total)
        return made, {family: Family(self.known(name), self.scan.count) for name, family in self.scan.kept}

    def each_once(self) -> None:
        """Each input of the step has one source; each output has a use."""
        sources = [*(c.before for c in self.scan.carried), *(name for name, _ in self.scan.members)]
        for name in sources:
            if name not in self.inputs:
                raise self.fault(f"{name} is no input of the step")
            if sources.count(name) > 1:
                raise self.fault(f"{name} is given to the step twice")
        used = [*(c.after for c in self.scan.carried), *(name for name, _ in self.scan.summed)]
        used += [name for name, _ in self.scan.kept]
        for name in self.scan.step.outputs:
            if name not in used:
                raise self.fault(f"nothing uses the output {name} of the step")
        for name in (*(c.after for c in self.scan.carried), *(name for name, _ in self.scan.summed)):
            if name not in self.scan.step.outputs:
                raise self.fault(f"{name} is no output of the step")

    def known(self, name: str) -> Extents:
        if name not in self.inside:
            raise self.fault(f"the step has no value {name}")
        return self.inside[name]

    def state(self, before: str, after: str, start: str, final: str) -> dict[str, Extents]:
        first, last = self.known(before), self.known(after)
        if start not in self.outside:
            raise self.fault(f"the start {start} is neither an input nor defined before")
        if _put(first, self.at_start) != self.outside[start]:
            raise self.fault(f"{before} has sizes {_put(first, self.at_start)} at first, {start} has {self.outside[start]}")
        if _put(first, self.onward) != last:
            raise self.fault(f"{before} has sizes {_put(first, self.onward)} at the next step, {after} has {last}")
        return {final: _put(last, self.at_end)} if final else {}

    def member(self, name: str, family: str) -> None:
        if family not in self.families:
            raise self.fault(f"{family} is no family")
        known = self.families[family]
        if known.extents != self.known(name):
            raise self.fault(f"{name} has sizes {self.known(name)}, the members of {family} have {known.extents}")
        if known.count != self.scan.count:
            raise self.fault(f"{family} has {known.count} members, there are {self.scan.count} steps")

    def shared_input(self, name: str) -> None:
        if name in self.families:
            raise self.fault(f"the family {name} is read without a step")
        if name not in self.outside:
            raise self.fault(f"{name} is neither an input nor defined before")
        if self.outside[name] != self.known(name):
            raise self.fault(f"{name} has sizes {self.known(name)} in the step and {self.outside[name]} outside")

    def summed(self, name: str, total: str) -> Extents:
        extents = self.known(name)
        if any(extent.free_symbols & self.of_a_step for extent in extents):
            raise self.fault(f"{name} changes its sizes {extents} with the step, so {total} cannot be its sum")
        return extents


def _put(extents: Extents, sizes: Mapping[sympy.Symbol, sympy.Expr]) -> Extents:
    return tuple(extent.xreplace(dict(sizes)) for extent in extents)
