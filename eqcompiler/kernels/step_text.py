"""The loop over the steps of a recurrence as Python text, and the room that its tensors need.

Takes: a Steps node, the plan's identifiers, and what writes the nodes inside. Gives: lines of the compiled function.
Guarantees: one loop whatever the number of steps; every tensor of a step is a contiguous view, nothing is allocated inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import sympy

from eqcompiler.kernels.python_text import Identifiers, PythonText
from eqcompiler.languages.loop_plan import LoopPlan, Node, Storage
from eqcompiler.languages.program import size_expression
from eqcompiler.languages.step_loops import IN_FAMILIES, Slot, Steps

Block = Callable[[Sequence[Node]], Iterator[str]]
STEP = "    "


class StepText:
    """Text for the recurrences of one plan. `block` writes the nodes of a step."""

    def __init__(self, plan: LoopPlan, names: Identifiers, text: PythonText, block: Block) -> None:
        self.plan, self.names, self.text, self.block = plan, names, text, block
        self.walked: dict[str, tuple[str, str]] = {}
        self.shapes = {p.name: tuple(map(size_expression, p.shape)) for p in plan.parameters if p.steps is not None}
        self.shapes |= {s.name: s.shape for s in (*plan.results, *plan.temporaries) if s.steps is not None}

    # ---- room

    def rooms(self, dtype: str) -> Iterator[str]:
        """Flat arrays for all steps or for the largest one: their sizes are added up first."""
        sized = [s for s in self.plan.temporaries if s.steps is not None]
        counts = dict.fromkeys(s.steps for s in sized)
        for steps in counts:
            yield from self._sizes_of([s for s in sized if s.steps == steps], dtype)

    def _sizes_of(self, storages: Sequence[Storage], dtype: str) -> Iterator[str]:
        node = next(n for n in self.plan.body if isinstance(n, Steps) and n.count == storages[0].steps)
        keys = dict.fromkeys((s.room == "each", _entries(s.shape)) for s in storages)
        first = {key: next(s.name for s in storages if (s.room == "each", _entries(s.shape)) == key) for key in keys}
        sums = {key: self.names.extra(f"{name}_size") for key, name in first.items()}
        yield from (f"{name} = 0" for name in sums.values())
        yield self._head(node, upwards=True)
        yield from (STEP + line for line in self._widths(node))
        for (each, entries), name in sums.items():
            size = self.text.size(entries)
            yield f"{STEP}{name} += {size}" if each else f"{STEP}{name} = max({name}, {size})"
        for s in storages:
            size = sums[s.room == "each", _entries(s.shape)]
            yield f"{self.names.values[s.name]} = np.empty({f'(2, {size})' if s.room == 'two' else size}, {dtype})"

    # ---- the loop

    def lines(self, node: Steps) -> Iterator[str]:
        name = self.names.values
        yield from (f"{name[turn.before]} = {name[turn.start]}" for turn in node.turns)
        walks = self._walks(node)
        for start, end, holder, _ in walks.values():
            yield f"{start} = {name[holder]}.size" if node.backwards else f"{end} = 0"
        yield self._head(node)
        yield from (STEP + line for line in self._step(node, walks))
        yield from (f"{name[turn.final]} = {name[turn.before]}" for turn in node.turns if turn.final)

    def _head(self, node: Steps, upwards: bool = False) -> str:
        index, count = self.names.indices[node.index], self.text.size(node.count)
        return f"for {index} in range({f'{count} - 1, -1, -1' if node.backwards and not upwards else count}):"

    def _step(self, node: Steps, walks: dict[sympy.Expr, tuple[str, str, str, sympy.Expr]]) -> Iterator[str]:
        name, index = self.names.values, self.names.indices[node.index]
        yield from self._widths(node)
        for start, end, _, entries in walks.values():
            size = self.text.size(entries)
            yield from (
                (f"{end} = {start}", f"{start} -= {size}") if node.backwards else (f"{start} = {end}", f"{end} += {size}")
            )
        yield from (self._slot(slot, node, walks) for slot in node.slots)
        yield from self.block(node.body)
        yield from (f"{name[family]}[{index}] = {name[scalar]}" for scalar, family in node.kept)
        if node.unless_last:
            yield f"if {index} > 0:" if node.backwards else f"if {index} < {self.text.size(node.count)} - 1:"
            yield from (STEP + line for line in self.block(node.unless_last))
        yield from (f"{name[turn.before]} = {name[turn.after]}" for turn in node.turns)

    def _widths(self, node: Steps) -> Iterator[str]:
        index = self.names.indices[node.index]
        for widths in node.sizes:
            array = self.names.widths[widths]
            yield f"{self.names.dimensions[widths.before]} = {array}[{index}]"
            yield f"{self.names.dimensions[widths.at]} = {array}[{index} + 1]"

    def _walks(self, node: Steps) -> dict[sympy.Expr, tuple[str, str, str, sympy.Expr]]:
        """For each size of members the two ends of the current one in the flat arrays of such families."""
        found: dict[sympy.Expr, tuple[str, str, str, sympy.Expr]] = {}
        for slot in node.slots:
            if slot.place in IN_FAMILIES and slot.family in self.shapes:
                entries = _entries(self.shapes[slot.family])
                if entries not in found:
                    found[entries] = (*self._ends(slot.family), slot.family, entries)
        return found

    def _ends(self, holder: str) -> tuple[str, str]:
        """The identifiers of the two ends of the current member."""
        if holder not in self.walked:
            stem = self.names.values[holder]
            self.walked[holder] = (self.names.extra(f"{stem}_start"), self.names.extra(f"{stem}_end"))
        return self.walked[holder]

    def _slot(self, slot: Slot, node: Steps, walks: dict[sympy.Expr, tuple[str, str, str, sympy.Expr]]) -> str:
        name, index = self.names.values, self.names.indices[node.index]
        target, holder = name[slot.name], name[slot.family]
        if slot.family not in self.shapes:
            places = {"own": index, "earlier": f"{index} - 1", "later": f"{index} + 1", "turns": f"{index} % 2"}
            view = f"{holder}[{places[slot.place]}]"
        else:
            entries = self.text.size(_entries(slot.shape))
            start, end = walks[_entries(self.shapes[slot.family])][:2] if slot.place in IN_FAMILIES else ("", "")
            ranges = {
                "own": f"{start}:{end}",
                "earlier": f"{start} - {entries} : {start}",
                "later": f"{end} : {end} + {entries}",
                "turns": f"{index} % 2, : {entries}",
                "room": f": {entries}",
            }
            view = f"{holder}[{ranges[slot.place]}]"
            if len(slot.shape) > 1:
                view += f".reshape({', '.join(self.text.size(extent) for extent in slot.shape)})"
        if slot.place == "earlier":
            return f"{target} = {view} if {index} > 0 else {name[slot.start]}"
        if slot.place == "later":
            return f"{target} = {view} if {index} + 1 < {self.text.size(node.count)} else {name[slot.start]}"
        return f"{target} = {view}"


def _entries(shape: Sequence[sympy.Expr]) -> sympy.Expr:
    return sympy.Mul(*shape)
