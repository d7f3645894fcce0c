"""Reverse accumulation of a Scan: one more Scan that runs the other way.

Takes: a Scan and the adjoints of what it makes. Gives: the Scan that also keeps what the way back needs, and the way back.
Guarantees: the step backwards is the vector-Jacobian product of the step; every contraction of the step that it needs is kept
by the way forward, not computed again; a function value that the step puts out is read, not evaluated again.

    for l in 1..L:  a_l = tanh(W_l a_before_l)      and the adjoint of a_L
    ->   for l in L..1:  d = a_l_bar o (1 - a_l^2);  W_l_bar = d a_before_l^T;  a_before_l_bar = W_l^T d
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy

from eqcompiler.calculus.check_scans import extents_of
from eqcompiler.calculus.dependencies import Definition, dependent, live, made_names, operand_names
from eqcompiler.calculus.index_algebra import ONE, ZERO, has_sum, reference, summed, walk
from eqcompiler.calculus.reading_again import reading_again
from eqcompiler.calculus.sharing import Names
from eqcompiler.languages.program import Axis, Carried, Indexed, Input, Program, Scan, dimension_of

# program, output, variables, names not to use -> all definitions with those of the gradients, and the gradients' names
Accumulate = Callable[[Program, str, tuple[str, ...], set[str]], tuple[tuple[Definition, ...], dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Reversed:
    """before: definitions that backward starts from. tensors, families: (what stands outside, its adjoint made by backward)."""

    forward: Scan
    before: tuple[Indexed, ...]
    backward: Scan
    tensors: tuple[tuple[str, str], ...]
    families: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Seed:
    """A value of the step that has an adjoint: `bar`, an input of the step back; `outside`: its family or tensor there."""

    value: str
    bar: str
    outside: str


def active_inputs(scan: Scan, active: frozenset[str]) -> frozenset[str]:
    """The inputs of the step that depend on something active outside, a state also through the steps before."""
    found = {name for name, family in scan.members if family in active} | (set(scan.shared) & active)
    found |= {carried.before for carried in scan.carried if carried.start in active}
    known = -1
    while len(found) != known:
        known = len(found)
        moved = dependent(scan.step.definitions, found)
        found |= {carried.before for carried in scan.carried if carried.after in moved}
    return frozenset(found)


def reverse(scan: Scan, bars: Mapping[str, str], active: frozenset[str], names: Names, accumulate: Accumulate) -> Reversed:
    """bars: the adjoint of each value and family made by the Scan that has one."""
    return _Back(scan, bars, active, names).run(accumulate)


class _Back:
    def __init__(self, scan: Scan, bars: Mapping[str, str], active: frozenset[str], names: Names) -> None:
        self.scan, self.bars, self.active, self.names = scan, bars, active, names
        self.extents = extents_of(scan.step)
        self.inside = Names({*self.extents, *names.taken})
        wanted = active_inputs(scan, active)
        self.variables = tuple(item.name for item in scan.step.inputs if item.name in wanted)
        self.states = tuple(carried for carried in scan.carried if carried.before in wanted)
        self.of_states = tuple(_Seed(c.after, self.inside.fresh(f"{c.after}_bar"), c.final) for c in self.states)
        self.of_families = tuple(_Seed(n, self.inside.fresh(f"{f}_bar"), bars[f]) for n, f in scan.kept if f in bars)
        self.of_totals = tuple(_Seed(name, bars[total], bars[total]) for name, total in scan.summed if total in bars)

    def run(self, accumulate: Accumulate) -> Reversed:
        slope = self.inside.fresh("slope")
        seeds = (*self.of_states, *self.of_families, *self.of_totals)
        along = Indexed(slope, (), sympy.Add(*map(self._product, seeds)))
        inputs = (*self.scan.step.inputs, *(self._input(seed.value, seed.bar) for seed in seeds))
        program = Program(inputs, (*self.scan.step.definitions, along), (slope,))
        definitions, gradients = accumulate(program, slope, self.variables, self.inside.taken)
        wanted = {gradients[name]: self.inside.fresh(f"{name}_bar") for name in self.variables}
        definitions = tuple(replace(d, name=wanted.get(d.name, d.name)) for d in definitions)
        self.names.taken.update(self.inside.taken, *map(made_names, definitions))  # a kernel has one place for all names
        return self._halves(definitions, {name: wanted[gradients[name]] for name in self.variables}, seeds, slope)

    def _halves(
        self, definitions: tuple[Definition, ...], gradients: Mapping[str, str], seeds: Sequence[_Seed], slope: str
    ) -> Reversed:
        """What does not depend on the adjoints is the way forward; the rest is the way back."""
        linear = dependent(definitions, [seed.bar for seed in seeds])
        ahead = tuple(d for d in definitions if linear.isdisjoint(made_names(d)))
        self.extents |= extents_of(Program((), ahead, ()))
        back = reading_again(tuple(d for d in definitions if d not in ahead and d.name != slope), ahead, self.scan.step.outputs)
        cheap = tuple(d for d in ahead if _is_cheap(d) and d.name not in self.scan.step.outputs)
        step = live((*cheap, *back), tuple(gradients.values()))
        made = {name for d in step for name in made_names(d)}
        needed = dict.fromkeys(name for d in step for name in operand_names(d) if name not in made)
        forward = self._forward(ahead, needed)
        carried, before = self._carried(gradients)
        families = dict((*self.scan.members, *forward.kept))
        members = tuple((name, families[name]) for name in needed if name in families)
        members += tuple((seed.bar, seed.outside) for seed in self.of_families)
        backward = self._backward(step, needed, gradients, carried, members)
        tensors = tuple((old.start, new.final) for old, new in zip(self.states, carried, strict=True) if new.final)
        own = {gradient: name for name, gradient in gradients.items()}
        shared = tuple((own[gradient], total) for gradient, total in backward.summed)
        outside = dict(self.scan.members)
        adjoints = tuple((outside[own[gradient]], family) for gradient, family in backward.kept)
        return Reversed(forward, before, backward, (*tensors, *shared), adjoints)

    def _forward(self, ahead: tuple[Definition, ...], needed: Mapping[str, None]) -> Scan:
        """The same Scan that keeps the states before each step and the contractions that the way back reads."""
        own = {carried.before for carried in self.scan.carried} | {name for d in ahead for name in made_names(d)}
        known = {name for name, _ in self.scan.kept}
        new = tuple((name, self.names.fresh(f"{name}_kept")) for name in needed if name in own and name not in known)
        kept = (*self.scan.kept, *new)
        values = tuple(name for name, _ in kept if name not in {item.name for item in self.scan.step.inputs})
        step = replace(self.scan.step, definitions=live(ahead, (*self.scan.step.outputs, *values)))
        return replace(self.scan, kept=kept, step=step)

    def _carried(self, gradients: Mapping[str, str]) -> tuple[tuple[Carried, ...], tuple[Indexed, ...]]:
        """The adjoints of the states; one that nothing outside reads starts as zero."""
        carried, zeros = [], []
        for state, seed in zip(self.states, self.of_states, strict=True):
            start = self.bars.get(state.final, "")
            if not start:
                start = self.names.fresh(f"{state.after}_bar")
                zeros.append(Indexed(start, self._outer_axes(state), ZERO))
            final = self.names.fresh(f"{state.start}_bar") if state.start in self.active else ""
            carried.append(Carried(seed.bar, gradients[state.before], start, final))
        return tuple(carried), tuple(zeros)

    def _outer_axes(self, state: Carried) -> tuple[Axis, ...]:
        sizes = self.scan.sizes_at_end()
        return self._axes([extent.xreplace(sizes) for extent in self.extents[state.after]])

    def _backward(
        self,
        step: tuple[Definition, ...],
        needed: Mapping[str, None],
        gradients: Mapping[str, str],
        carried: tuple[Carried, ...],
        members: tuple[tuple[str, str], ...],
    ) -> Scan:
        scan, families = self.scan, dict(self.scan.members)
        befores = {state.before for state in self.states}
        kept = tuple((g, self.names.fresh(f"{families[n]}_bar")) for n, g in gradients.items() if n in families)
        rest = [(n, g) for n, g in gradients.items() if n not in families and n not in befores]
        totals = tuple((g, self.names.fresh(f"{n}_bar")) for n, g in rest)
        bars = {seed.bar: seed.value for seed in (*self.of_states, *self.of_families, *self.of_totals)}
        given = dict.fromkeys((*(c.before for c in carried), *(name for name, _ in members), *needed))
        inputs = tuple(self._input(bars.get(name, name), name) for name in given)
        return Scan(
            self.names.fresh(f"{scan.name}_bar"),
            scan.index,
            scan.count,
            carried,
            members,
            kept,
            totals,
            Program(inputs, step, tuple(gradients.values())),
            scan.sizes,
            not scan.backwards,
        )

    # ---- small things

    def _input(self, like: str, name: str) -> Input:
        given = next((item for item in self.scan.step.inputs if item.name == name), None)
        return given or Input(name, tuple(map(dimension_of, self.extents[like])))

    def _axes(self, extents: Sequence[sympy.Expr]) -> tuple[Axis, ...]:
        return tuple(Axis(self.inside.index(), ONE, extent) for extent in extents)

    def _product(self, seed: _Seed) -> sympy.Expr:
        """The sum over all entries of the value times its adjoint."""
        axes = self._axes(self.extents[seed.value])
        at = tuple(axis.index for axis in axes)
        value = reference(seed.value, at) * reference(seed.bar, at)
        for axis in reversed(axes):
            value = summed(value, (axis.index, axis.lower, axis.upper), {})
        return value


def _is_cheap(definition: Definition) -> bool:
    """Whether the way back may compute it again: no sum, no function."""
    if not isinstance(definition, Indexed) or has_sum(definition.body):
        return False
    return not any(isinstance(node, sympy.Function) for node in walk(definition.body))
