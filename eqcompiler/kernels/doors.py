"""The public function around a kernel: checks at the door, room for the result, one call.

Takes: a LoopPlan and its identifiers. Gives: lines of Python.
Guarantees: a call that passes the door reads and writes inside its arrays; a refused one names both numbers and has changed
nothing. Each check is an attribute comparison, because small inputs are common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy

from eqcompiler.errors import NotSupportedYet
from eqcompiler.kernels.bounds import smallest_sizes
from eqcompiler.kernels.python_text import Identifiers, PythonText
from eqcompiler.languages.accuracy import Accuracy
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.loop_plan import CAREFUL, MANY, SINGLE, LibraryCall, LoopPlan, ManyRows, Parameter, Storage
from eqcompiler.languages.program import size, size_expression

LINE = 128
NOUNS = {1: ("entries",), 2: ("rows", "columns")}


@dataclass(frozen=True, slots=True)
class Axes:
    """One axis of a parameter, as messages call it: the rows of X."""

    parameter: Parameter
    position: int

    @property
    def noun(self) -> str:
        nouns = NOUNS.get(len(self.parameter.shape))
        return nouns[self.position] if nouns else f"entries along axis {self.position + 1}"

    @property
    def dimension(self) -> Dimension:
        return self.parameter.shape[self.position]


class Door:
    """The text of one public function."""

    def __init__(self, plan: LoopPlan, identifiers: Identifiers) -> None:
        self.plan, self.names, self.text = plan, identifiers, PythonText(identifiers)
        self.arrays = [p for p in plan.parameters if p.shape]
        self.floats = [p for p in self.arrays if not p.integer]
        self.filled = [s for s in plan.results if s.shape]
        self.bound = self._bound()
        self.given = [d for d in plan.dimensions if d not in self.bound]

    @property
    def leaves_types(self) -> bool:
        """Whether one compiled function gets all arguments as they come, and with them the look at types, ranks and layouts:
        a compiled function looks anyway, and quicker than Python does. Not where Python does more than one call with them,
        nor where a size is not shown by an axis of its own."""
        plan = self.plan
        one_call = not (plan.sizes or plan.prologue or plan.kind == "run" or (plan.accuracy and plan.accuracy.proved is None))
        floating = bool(self.arrays) and not any(p.integer for p in plan.parameters)
        return one_call and floating and not self.given and all(self._shows(axis) for axis in self.bound.values())

    def ranks(self) -> list[int]:
        """The numbers of axes of what the compiled function takes, 0 for a number."""
        return [*(len(p.shape) for p in self.plan.parameters), *(len(s.shape) for s in self.filled)]

    def _bound(self) -> dict[str, Axes]:
        """Which axis shows each dimension: an axis of that very size, of the array with most axes; else a linear one."""
        axes = [Axes(p, k) for p in sorted(self.arrays, key=lambda p: -len(p.shape)) for k in range(len(p.shape))]
        bound: dict[str, Axes] = {}
        for name in self.plan.dimensions:
            exact = [a for a in axes if a.dimension == Dimension.of(name)]
            linear = [
                a for a in axes if sympy.degree(size_expression(a.dimension), size(name)) == 1 and len(a.dimension.names) == 1
            ]
            if exact or linear:
                bound[name] = (exact or linear)[0]
        return bound

    def signature(self) -> str:
        words = [self.names.values[p.name] for p in self.plan.parameters] + [self.names.dimensions[d] for d in self.given]
        if self.plan.kind == "run":
            words += ["iterations", "tolerance=0.0"]
        if self.filled:
            words.append("out=None")
        if self.plan.kind == "run":
            words += ["callback=None", "period=1"]
        return ", ".join(words)

    def lines(self, kernel: str) -> Iterator[str]:
        if self.leaves_types:
            yield from self._quick(kernel)
        yield from self._admission()
        yield from self._ranks()
        yield from self._sizes()
        yield from self._agreement()
        yield from self._smallest()
        yield from self._scalars()
        yield from self._results()
        if self.plan.accuracy and self.plan.accuracy.proved is None:
            yield from self._careful_call(kernel, self.plan.accuracy)
        if self.plan.many:
            yield f"kernel = {kernel}_many if {self.is_many(self.plan.many)} else {kernel}"
            kernel = "kernel"
        yield from self._call(kernel)

    def _quick(self, kernel: str) -> Iterator[str]:
        """The usual call, with one look at each shape. Whatever is unusual comes to the lines behind it, from the beginning."""
        tests = ["out is None"] if self.filled else []
        tests.append(f"{' is '.join(f'type({self.names.values[p.name]})' for p in self.floats)} is _array")
        agreeing = list(self._agreeing())
        for _, shown, least in self._least():
            tests.append(" == ".join([*(actual for _, actual, wanted in agreeing if wanted == shown), f"{shown} >= {least}"]))
        names = set(self.names.dimensions.values())
        tests += [f"{actual} == {wanted}" for _, actual, wanted in agreeing if wanted not in names]
        if self.plan.many:
            tests.append(f"{self.work(self.plan.many)} < {MANY:_}")
        yield "try:"
        yield from (f"    {line}" for line in self._looks())
        yield from (f"    {line}" for line in _on_condition("if ", tests, ":"))
        place = {s.name: self.names.values[s.name] for s in self.filled}
        yield from (f"        {place[s.name]} = {self._room(s)}" for s in self.filled)
        yield from (f"        {line}" for line in self._returned(f"{kernel}({', '.join(self.arguments())})", place))
        yield "except _TO_CONVERT:"
        yield "    pass"

    def _returned(self, call: str, place: Mapping[str, str]) -> Iterator[str]:
        """The call, and the results in their order; `place` says where the arrays among them are."""
        returned = {s.name: place.get(s.name, self.names.values[s.name]) for s in self.plan.results}
        scalars = [s.name for s in self.plan.results if not s.shape]
        if not place:
            yield f"return {call}"
            return
        if len(scalars) == 1:
            returned[scalars[0]] = call
        else:
            yield f"{', '.join(returned[name] for name in scalars)} = {call}" if scalars else call
        yield f"return {', '.join(returned.values())}"

    def _careful_call(self, kernel: str, accuracy: Accuracy) -> Iterator[str]:
        """Where the bound of the error is too large, the same once more with more digits. float32 is widened first. What
        is not finite is left to plain loops."""
        arguments = ", ".join(self.arguments())
        lines = [f"value, error = {kernel}_checked({arguments})", "if _sure(value, error):", "    return value"]
        lines += ["if math.isfinite(value):", f"    value, error = {kernel}_doubled({arguments})"]
        lines += [f"    return value if _sure(value, error) else _settled({kernel}_exactly, {arguments})"]
        if self.floats:
            names = [self.names.values[p.name] for p in self.floats]
            widened = (f"    {name} = {name}.astype(np.float64)" for name in names)
            lines = [f'if {names[0]}.dtype.char == "f":', *widened, *lines]
        if accuracy.is_always(CAREFUL):
            yield from lines
        else:
            yield f"if {self.text.size(accuracy.work)} < {CAREFUL:_}:"
            yield from (f"    {line}" for line in lines)

    def is_many(self, many: ManyRows) -> str:
        """Whether the rows are worth threads; a large product is a matter for the threads of BLAS."""
        narrow = [f"{self.text.size(entries)} <= {SINGLE // many.block}" for entries in many.factors]
        return " and ".join([f"{self.work(many)} >= {MANY:_}", *narrow])

    def work(self, many: ManyRows) -> str:
        """Flops of all rows, as a formula in the sizes."""
        per_row = self.text.size(many.work)
        return f"{self.text.size(many.extent)} * {per_row if per_row.isalnum() else f'({per_row})'}"

    def _admission(self) -> Iterator[str]:
        if self.floats:
            names = [self.names.values[p.name] for p in self.floats]
            tests = [f"{' is '.join(f'type({name})' for name in names)} is np.ndarray"]
            tests += [f"{' is '.join(f'{name}.dtype' for name in names)} in _FLOATING"]
            tests += [f"{name}.flags.carray" for name in names]
            yield from _on_condition("if not (", tests, "):")
            quoted = in_brackets([f'"{name}"' for name in names])
            yield f"    {', '.join(names)}{',' if len(names) == 1 else ''} = _floats({quoted}, {in_brackets(names)})"
        for p in self.arrays:
            if p.integer:
                name = self.names.values[p.name]
                yield f'{name} = _whole_numbers("{name}", {name})'

    def _ranks(self) -> Iterator[str]:
        for p in self.arrays:
            name, rank = self.names.values[p.name], len(p.shape)
            wanted = f"{rank} {'axis' if rank == 1 else 'axes'} ({', '.join(map(str, p.shape))})"
            yield f"if {name}.ndim != {rank}:"
            yield f'    raise ValueError(f"{name} must have {wanted}, has shape {{{name}.shape}}")'

    def _sizes(self) -> Iterator[str]:
        """Every dimension, in as few looks at shapes as there are arrays that show one: a look costs more than an addition."""
        for name in self.given:
            shown = self.names.dimensions[name]
            yield f'{shown} = _whole("{shown}", {shown}, 1)'
        yield from self._looks()

    def _looks(self) -> Iterator[str]:
        unpacked = [p for p in self.arrays if all(self._shows(Axes(p, k)) for k in range(len(p.shape)))]
        for p in unpacked:
            shown = ", ".join(self.names.dimensions[str(d)] for d in p.shape)
            yield f"{shown}{',' if len(p.shape) == 1 else ''} = {self.names.values[p.name]}.shape"
        yield from (line for name, line in self._read_off() if self.bound[name].parameter not in unpacked)

    def sizes(self) -> Iterator[str]:
        """The dimensions that arrays show, one assignment each."""
        return (line for _, line in self._read_off())

    def _shows(self, axis: Axes) -> bool:
        """Whether a dimension is read off this axis as it is."""
        return axis in self.bound.values() and axis.dimension == Dimension.of(next(iter(axis.dimension.names), ""))

    def _read_off(self) -> Iterator[tuple[str, str]]:
        for name, axis in self.bound.items():
            shown = extent(self.names.values[axis.parameter.name], axis.position)
            if axis.dimension != Dimension.of(name):
                solved = sympy.solve(size_expression(axis.dimension) - sympy.Symbol("shape_"), size(name))
                slope = sympy.Poly(size_expression(axis.dimension), size(name)).coeff_monomial(size(name))
                rest = size_expression(axis.dimension).subs(size(name), 0)
                if len(solved) != 1:
                    raise NotSupportedYet(f"the size {name} cannot be read off an axis of {axis.dimension} entries")
                shown = f"({shown} - {rest}) // {slope}"
            yield name, f"{self.names.dimensions[name]} = {shown}"

    def _agreement(self) -> Iterator[str]:
        for axis, actual, wanted in self._agreeing():
            yield from self._check(axis, actual, wanted)

    def _agreeing(self) -> Iterator[tuple[Axes, str, str]]:
        """Every axis that shows no dimension itself, how many entries it has and how many it must have."""
        for p in sorted(self.arrays, key=lambda p: -len(p.shape)):
            for position in range(len(p.shape)):
                axis = Axes(p, position)
                if not self._shows(axis):
                    actual = extent(self.names.values[p.name], position)
                    yield axis, actual, self.text.size(size_expression(axis.dimension))

    def _check(self, axis: Axes, actual: str, wanted: str) -> Iterator[str]:
        name = self.names.values[axis.parameter.name]
        word = next(iter(axis.dimension.names), "")
        simple = axis.dimension == Dimension.of(word) and word in self.bound
        yield f"if {actual} != {wanted}:"
        if simple:
            other = self.bound[word]
            shown = f"{self.names.values[other.parameter.name]} has {{{wanted}}} {other.noun}"
            noun = f" {axis.noun}" if len(axis.parameter.shape) > 1 else ""
            yield f'    raise ValueError(f"{shown}, {name} has {{{actual}}}{noun}")'
        elif axis.dimension.constant is not None:
            yield f'    raise ValueError(f"{name} must have {wanted} {axis.noun}, has {{{actual}}}")'
        else:
            yield f'    raise ValueError(f"{name} must have {wanted} = {{{wanted}}} {axis.noun}, has {{{actual}}}")'

    def _smallest(self) -> Iterator[str]:
        """No size is below 1, nor below a fixed subscript: a read would leave its array."""
        for name, shown, wanted in self._least():
            yield f"if {shown} < {wanted}:"
            if name in self.bound and self.bound[name].dimension == Dimension.of(name):
                axis = self.bound[name]
                words = f"{self.names.values[axis.parameter.name]} has {{{shown}}} {axis.noun}"
            else:
                words = f"{shown} is {{{shown}}}"
            yield f'    raise ValueError(f"{words}, at least {wanted} needed")'

    def _least(self) -> Iterator[tuple[str, str, int]]:
        """Every dimension, its name in the text and its smallest value."""
        shapes = {p.name: tuple(size_expression(d) for d in p.shape) for p in self.plan.parameters}
        least = smallest_sizes(self.plan.body, shapes)
        return ((name, self.names.dimensions[name], least.get(size(name), 1)) for name in self.plan.dimensions)

    def _scalars(self) -> Iterator[str]:
        for p in self.plan.parameters:
            name = self.names.values[p.name]
            if not p.shape and p.integer:
                yield f'{name} = _whole("{name}", {name})'
            elif not p.shape:
                yield f"if type({name}) is not float:"
                yield f'    {name} = _number("{name}", {name})'
        if self.plan.kind == "run":
            yield 'iterations = _whole("iterations", iterations, 0)'
            yield 'tolerance = _number("tolerance", tolerance)'
            yield 'period = iterations if callback is None else _whole("period", period, 1)'

    def _results(self) -> Iterator[str]:
        if not self.filled:
            return
        shapes = [self.shape(s) for s in self.filled]
        given = in_brackets([self.names.values[p.name] for p in self.arrays])
        if len(self.filled) == 1:
            yield "if out is None:"
            yield f"    out = {self._room(self.filled[0])}"
            yield "else:"
            yield f'    _check_out("out", out, {shapes[0]}, {self.dtype()}, {given})'
            targets = ["out"]
        else:
            yield "if out is None:"
            yield f"    out = ({', '.join(map(self._room, self.filled))})"
            yield "else:"
            yield f"    _check_outs(out, ({', '.join(shapes)}), {self.dtype()}, {given})"
            targets = [f"out[{k}]" for k in range(len(shapes))]
        if self.plan.kind == "run":
            for target, state in zip(targets, self.filled, strict=True):
                yield f"{target}[...] = {self.names.values[state.name]}"

    def dtype(self) -> str:
        """What results are made of."""
        return f"{self.names.values[self.floats[0].name]}.dtype" if self.floats else "np.dtype(np.float64)"

    def _room(self, storage: Storage) -> str:
        """A new array; the number of entries instead of a tuple of one is quicker."""
        extents = self.text.size(storage.shape[0]) if len(storage.shape) == 1 else self.shape(storage)
        return f"_empty({extents}, {self.dtype()})"

    def shape(self, storage: Storage) -> str:
        return in_brackets([self.text.size(extent) for extent in storage.shape])

    def products(self) -> list[str]:
        """The symmetric products that the kernel is given and does not return."""
        returned = {s.name for s in self.plan.results}
        return [self.names.values[call.target] for call in self.plan.prologue if call.target not in returned]

    def formed(self, call: LibraryCall) -> str:
        name, turned = self.names.values[call.operands[0].name], call.operands[0].transposed
        place = self._places().get(call.target)
        if place is None:
            size = self.text.size(call.shapes[0][0])
            place = f"np.empty(({size}, {size}), {name}.dtype)"
        return f"_symmetric_dot({name}, {turned}, {place})"

    def _places(self) -> dict[str, str]:
        targets = ["out"] if len(self.filled) == 1 else [f"out[{k}]" for k in range(len(self.filled))]
        return dict(zip((s.name for s in self.filled), targets, strict=True))

    def arguments(self) -> list[str]:
        """What the kernel takes: parameters, sizes that no array shows, products formed before, iterations, and arrays to
        fill (states in place)."""
        words = [self.names.values[p.name] for p in self.plan.parameters] + [self.names.dimensions[d] for d in self.given]
        words += self.products()
        if self.plan.kind == "run":
            return [*words, "iterations", "tolerance"]
        return words + [self.names.values[s.name] for s in self.filled]

    def _call(self, kernel: str) -> Iterator[str]:
        if self.plan.kind == "run":
            yield from self._run(kernel)
            return
        place = self._places()
        for product in self.plan.prologue:
            formed = self.formed(product)
            yield formed if product.target in place else f"{self.names.values[product.target]} = {formed}"
        given = self.arguments()
        call = f"{kernel}({', '.join([*given[: len(given) - len(self.filled)], *place.values()])})"
        yield from self._returned(call, place)

    def _run(self, kernel: str) -> Iterator[str]:
        """The compiled loop, in pieces of `period` iterations where a callback wants to see the state between them."""
        place = self._places()
        given = [place.get(p.name, self.names.values[p.name]) for p in self.plan.parameters]
        given += [self.names.dimensions[d] for d in self.given]
        chosen, products = kernel, self.plan.prologue
        if self.plan.hoisted:
            other = self.plan.hoisted
            yield f"if iterations * ({self.text.size(other.saving)}) > {self.text.size(other.cost)}:"
            yield f"    kernel, products = {kernel}_hoisted, {in_brackets([self.formed(call) for call in other.plan.prologue])}"
            yield "else:"
            yield f"    kernel, products = {kernel}, {in_brackets([self.formed(call) for call in products])}"
            chosen, given = "kernel", [*given, "*products"]
        else:
            for product in products:
                yield f"{self.names.values[product.target]} = {self.formed(product)}"
            given += self.products()
        states = [place.get(name, self.names.values[name]) for name in self.plan.state]
        scalars = [self.names.values[s.name] for s in self.plan.results if not s.shape]
        yield "done, resting = 0, iterations == 0"
        yield "while not resting:"
        call = f"{chosen}({', '.join([*given, 'min(period, iterations - done)', 'tolerance'])})"
        yield f"    {', '.join([*scalars, 'count', 'resting'])} = {call}"
        yield "    done += count"
        yield "    resting = resting or done == iterations"
        yield "    if callback is not None:"
        yield f"        callback({', '.join(['done', *states])})"
        yield f"return {', '.join([*(place.get(s.name, self.names.values[s.name]) for s in self.plan.results), 'done'])}"


def _on_condition(head: str, tests: list[str], tail: str) -> Iterator[str]:
    """`if all tests:` on as few lines as the line length of the project allows; `head` and `tail` may bring brackets."""
    joined = " and ".join(tests)
    if len(head + joined + tail) <= LINE - 8:
        yield f"{head}{joined}{tail}"
        return
    lines = [joined] if len(joined) <= LINE - 12 else [tests[0], *(f"and {test}" for test in tests[1:])]
    yield from (f"{head.rstrip('(')}(", *(f"    {line}" for line in lines), f"){tail.lstrip(')')}")


def extent(array: str, position: int) -> str:
    """The text of how many entries an array has along an axis."""
    return f"{array}.shape[{position}]" if position else f"len({array})"


def used(sizes: Iterable[str], body: Sequence[str]) -> Iterator[str]:
    """The assignments of sizes that the text mentions."""
    words = {word for line in body for word in re.findall(r"\w+", line)}
    return (line for line in sizes if line.split(" ", 1)[0] in words)


def in_brackets(items: list[str]) -> str:
    """A tuple."""
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
