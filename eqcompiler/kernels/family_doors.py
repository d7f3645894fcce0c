"""The public function around a kernel that takes families whose sizes change from step to step.

Takes: a LoopPlan with such parameters or results. Gives: lines of Python.
Guarantees: every member is checked against its neighbours, W[1] has as many columns as W[0] has rows; a family goes to the
compiled function as one flat array with an array of widths, and comes back as a tuple of views of one flat result.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from eqcompiler.errors import NotSupportedYet
from eqcompiler.kernels.doors import Door
from eqcompiler.kernels.python_text import Identifiers
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.loop_plan import LoopPlan, Parameter
from eqcompiler.languages.program import StepSize, size_expression


class FamilyDoor(Door):
    """The text of one public function with families."""

    def __init__(self, plan: LoopPlan, identifiers: Identifiers) -> None:
        super().__init__(plan, identifiers)
        self.families = [p for p in plan.parameters if p.steps is not None]
        self.arrays = [p for p in self.arrays if p.steps is None]
        self.parted = [s for s in plan.results if s.steps is not None]
        self.filled = [s for s in plan.results if s.shape or s.steps is not None]
        self.by_widths = dict(self._shown_by_widths())
        self.bound = {name: axes for name, axes in self._bound().items() if name not in self.by_widths}
        self.given = [d for d in plan.dimensions if d not in self.bound and d not in self.by_widths]
        self.shapes: dict[tuple[sympy.Expr, ...], str] = {}

    def _shown_by_widths(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Sizes that the widths show: their text in the public function and in the compiled one."""
        for widths in self.plan.sizes:
            array = self.names.widths[widths]
            first, last = self.names.dimensions[widths.first], self.names.dimensions[widths.last]
            yield widths.first, (f"{first} = {array}[0]", f"{first} = {array}[0]")
            yield widths.last, (f"{last} = {array}[-1]", f"{last} = {array}[{array}.size - 1]")
            for family in self.families:
                if family.steps is not None and widths.at in {name for d in family.shape for name in d.names}:
                    for name in sorted(family.steps.names):
                        if family.steps == Dimension.of(name):
                            count = self.names.dimensions[name]
                            yield name, (f"{count} = len({array}) - 1", f"{count} = {array}.size - 1")

    def signature(self) -> str:
        words = super().signature()
        return words.removesuffix(", out=None") if self.parted else words

    def lines(self, kernel: str) -> Iterator[str]:
        yield from self._members()
        yield from super().lines(kernel)

    def _members(self) -> Iterator[str]:
        names = [self.names.values[p.name] for p in self.families]
        for name, family in zip(names, self.families, strict=True):
            yield f'{name} = _members("{name}", {name}, {len(family.shape)})'
        for name in names[1:]:
            yield f"if len({name}) != len({names[0]}):"
            yield f'    raise ValueError(f"{names[0]} has {{len({names[0]})}} arrays, {name} has {{len({name})}}")'
        for widths in self.plan.sizes:
            yield from self._widths(widths)
        for name, family in zip(names, self.families, strict=True):
            shapes = self._shapes(tuple(map(size_expression, family.shape)), name)
            yield from shapes
            yield f'_check_members("{name}", {name}, {self.shapes[tuple(map(size_expression, family.shape))]})'
        for name in names:
            yield f"{name} = np.concatenate([member.ravel() for member in {name}])"

    def _widths(self, widths: StepSize) -> Iterator[str]:
        """The sizes before the first step and after each one, read off the family that shows both."""
        array = self.names.widths[widths]
        at = self._shown(Dimension.of(widths.at))
        before = self._shown(Dimension.of(widths.before))
        if at is None:
            raise NotSupportedYet(f"no argument shows the sizes {widths.at}")
        if before is not None:
            first = f"{self.names.values[before[0].name]}[0].shape[{before[1]}]"
        else:
            shown = [(p, k) for p in self.arrays for k, d in enumerate(p.shape) if d == Dimension.of(widths.first)]
            if not shown:
                raise NotSupportedYet(f"no argument shows the size {widths.first}")
            first = f"np.shape({self.names.values[shown[0][0].name]})[{shown[0][1]}]"
        name = self.names.values[at[0].name]
        yield f"{array} = [{first}, *[member.shape[{at[1]}] for member in {name}]]"
        yield f"if min({array}) < 1:"
        yield f'    raise ValueError(f"{name} has the widths {{{array}}}, each must be at least 1")'

    def _shown(self, dimension: Dimension) -> tuple[Parameter, int] | None:
        return next(((p, k) for p in self.families for k, d in enumerate(p.shape) if d == dimension), None)

    def _shapes(self, shape: tuple[sympy.Expr, ...], name: str) -> Iterator[str]:
        """The shapes of all members, under a name that other families of such members use too."""
        if shape in self.shapes:
            return
        self.shapes[shape] = self.names.extra(f"{name}_shapes")
        entries = ", ".join(self.text.size(extent) for extent in shape)
        pairs, arrays = [], []
        for widths in self.plan.sizes:
            pairs += [self.names.dimensions[widths.before], self.names.dimensions[widths.at]]
            arrays += [self.names.widths[widths], f"{self.names.widths[widths]}[1:]"]
        comma = "," if len(shape) == 1 else ""
        yield f"{self.shapes[shape]} = [({entries}{comma}) for {', '.join(pairs)} in zip({', '.join(arrays)})]"

    def _sizes(self) -> Iterator[str]:
        yield from (self.by_widths[name][0] for name in self.plan.dimensions if name in self.by_widths)
        yield from super()._sizes()

    def sizes(self) -> Iterator[str]:
        yield from (self.by_widths[name][1] for name in self.plan.dimensions if name in self.by_widths)
        yield from super().sizes()

    def _results(self) -> Iterator[str]:
        if not self.parted:
            yield from super()._results()
            return
        places = []
        for storage in self.filled:
            if storage.steps is None:
                places.append(self._room(storage))
                continue
            yield from self._shapes(storage.shape, self.names.values[storage.name])
            same = [p for p in self.families if tuple(map(size_expression, p.shape)) == storage.shape]
            entries = f"{self.names.values[same[0].name]}.size" if same else f"_entries({self.shapes[storage.shape]})"
            places.append(f"_empty({entries}, {self.dtype()})")
        for storage, place in zip(self.filled, places, strict=True):
            yield f"{self.names.values[storage.name]} = {place}"

    def arguments(self) -> list[str]:
        words = super().arguments()
        place = len(self.plan.parameters) + len(self.given)
        return [*words[:place], *(self.names.widths[s] for s in self.plan.sizes), *words[place:]]

    def _call(self, kernel: str) -> Iterator[str]:
        yield from (f"{self.names.widths[s]} = np.array({self.names.widths[s]})" for s in self.plan.sizes)
        if not self.parted:
            yield from super()._call(kernel)
            return
        scalars = [self.names.values[s.name] for s in self.plan.results if not s.shape and s.steps is None]
        call = f"{kernel}({', '.join(self.arguments())})"
        yield f"{', '.join(scalars)} = {call}" if scalars else call
        returned = []
        for storage in self.plan.results:
            name = self.names.values[storage.name]
            parted = storage.steps is not None
            returned.append(f"_views({name}, {self.shapes[storage.shape]})" if parted else name)
        yield f"return {', '.join(returned)}"


MEMBERS = '''
def _members(name, members, axes):
    """The arrays of a family: a list or a tuple of them, each with that many axes."""
    if not isinstance(members, (list, tuple)):
        raise TypeError(f"{name} must be a list or tuple of arrays, got {type(members).__name__}")
    if not members:
        raise ValueError(f"{name} is empty, at least one array needed")
    arrays = [_given(f"{name}[{place}]", member) for place, member in enumerate(members)]
    for place, array in enumerate(arrays):
        if array.ndim != axes:
            raise ValueError(f"{name}[{place}] must have {axes} {'axis' if axes == 1 else 'axes'}, has shape {array.shape}")
    return arrays


def _check_members(name, members, shapes):
    for place, (member, shape) in enumerate(zip(members, shapes, strict=True)):
        if member.shape != shape:
            raise ValueError(f"{name}[{place}] must have shape {shape}, has {member.shape}")


def _entries(shapes):
    return sum(map(math.prod, shapes))


def _views(flat, shapes):
    """The members of a family whose entries lie one after the other in a flat array."""
    members, end = [], 0
    for shape in shapes:
        start, end = end, end + math.prod(shape)
        members.append(flat[start:end].reshape(shape))
    return tuple(members)
'''
