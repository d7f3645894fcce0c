"""Samplers: seeded draws of random arrays, then the kernel of what is made of them.

Takes: a request of kind "sample". Gives: the plans of its compiled functions, and its text.
Guarantees: the same seed, arguments and NumPy give the same bytes; the door checks every shape before anything is drawn;
compiled functions read inside their arrays.

    def sample_y(x, theta, sigma, seed, count=None):
        draws epsilon for every row, then fills y[row] with the kernel of y
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import sympy

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.kernels.bounds import smallest_sizes
from eqcompiler.kernels.doors import used
from eqcompiler.kernels.plan_loops import plan
from eqcompiler.kernels.python_text import MODULE_WORDS, RESERVED, Identifiers, PythonText
from eqcompiler.kernels.sampling_text import LAW_TEXTS, SAMPLER_DOOR
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.kernel_requests import Draw, KernelRequest
from eqcompiler.languages.loop_plan import LoopPlan, Parameter, Storage
from eqcompiler.languages.program import Indexed, Intrinsic, Program, size_expression

OWN_WORDS = ("rng", "rows", "seed", "count", "sizes", "row")
Compiled = Callable[[LoopPlan], list[str]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One value computed for every row: by its compiled function, or as text where it is plain arithmetic with numbers."""

    output: str
    program: Program
    plan: LoopPlan

    @property
    def is_plain(self) -> bool:
        """An input as it is, or arithmetic with numbers: NumPy does it for all rows at once."""
        (definition, *more) = self.program.definitions or (None,)
        if more or not isinstance(definition, Indexed):
            return False
        axes = tuple(a.index for a in definition.axes)
        if isinstance(definition.body, sympy.Indexed) and definition.body.indices == axes:
            return True
        return not axes and not any(i.shape for i in self.program.inputs) and _is_arithmetic(definition.body)

    def text(self, identifier: Callable[[str], str]) -> str:
        """What is plain, under the caller's identifiers."""
        (definition,) = self.program.definitions
        if not isinstance(definition, Indexed):
            raise CompilerFault(f"{definition.name} is not plain")
        if isinstance(definition.body, sympy.Indexed):
            return identifier(self.program.inputs[0].name)
        names = Identifiers(self.plan)
        names.values = {name: identifier(name) for name in names.values}
        return PythonText(names).value(definition.body)


def _is_arithmetic(value: sympy.Expr) -> bool:
    return all(
        isinstance(p, (sympy.Add, sympy.Mul, sympy.Pow, sympy.Symbol, sympy.Number)) for p in sympy.preorder_traversal(value)
    )


def stages(request: KernelRequest) -> tuple[Stage, ...]:
    """The parameters of the laws in the order of the draws, then the value."""
    found = []
    for draw in request.draws:
        for program in draw.parameters:
            output = program.outputs[-1]
            found.append(Stage(output, program, _plan(f"{request.name}_{output}", program)))
    if request.program.definitions:
        program = replace(request.program, inputs=tuple(i for i in request.program.inputs if _is_read(request.program, i.name)))
        found.append(Stage(program.outputs[-1], program, _plan(request.name, program)))
    return tuple(found)


def _is_read(program: Program, name: str) -> bool:
    """Whether the program itself needs the input, not only the law of a draw."""
    return any(
        name in d.operands if isinstance(d, Intrinsic) else name in {s.name for s in d.body.atoms(sympy.Symbol)}
        for d in program.plain("sampler")
    )


def _plan(name: str, program: Program) -> LoopPlan:
    found = plan(KernelRequest(name, program))
    for parameter in found.parameters:
        if (
            parameter.integer
            or parameter.steps
            or not all(d.constant is not None or d == Dimension.of(str(d)) for d in parameter.shape)
        ):
            raise NotSupportedYet(f"a sampler with the input {parameter}", allowed="numbers and arrays of named sizes")
    products = tuple(replace(call, operation="dot") for call in found.prologue)  # no public function forms them here
    return replace(found, prologue=(), body=(*products, *found.body))


def sampler_plans(request: KernelRequest) -> tuple[LoopPlan, ...]:
    """The plans of all functions that are compiled for the sampler."""
    return tuple(stage.plan for stage in stages(request) if not stage.is_plain)


def law_texts(requests: tuple[KernelRequest, ...]) -> list[str]:
    """The standing texts that the samplers of a module call."""
    used = {_law(draw) for request in requests for draw in request.draws}
    return [SAMPLER_DOOR, *(text for law, text in LAW_TEXTS.items() if law in used)] if used else []


def _law(draw: Draw) -> str:
    return f"{draw.law} vectors" if draw.joint else draw.law


def sampler_text(
    request: KernelRequest, docstring: Callable[[LoopPlan, Identifiers], Iterator[str]], compiled: Compiled
) -> str:
    """The public function and what it calls. `docstring` and `compiled` write what all kernels have."""
    work = _Sampler(request)
    public = [f"def {request.name}({work.signature()}):"]
    public += _indented([*docstring(work.public, work.names), *work.lines()])
    blocks = ["\n".join(public)]
    for stage in work.stages:
        if not stage.is_plain:
            blocks += ["\n".join(work.rows_function(stage)), "\n".join(compiled(stage.plan))]
    return "\n\n\n".join(blocks) + "\n"


class _Sampler:
    """The lines of one public sampler."""

    def __init__(self, request: KernelRequest) -> None:
        self.request, self.stages = request, stages(request)
        drawn = {draw.name for draw in request.draws}
        inputs = [i for i in request.program.inputs if i.name not in drawn]
        self.inputs = tuple(Parameter(i.name, i.shape, i.integer, i.latex) for i in inputs)
        plans = [stage.plan for stage in self.stages]
        named = [*(name for p in plans for name in p.dimensions), *(n for d in request.draws for s in d.shape for n in s.names)]
        self.dimensions = tuple(dict.fromkeys(named))
        shown = {name for p in self.inputs for d in p.shape for name in d.names}
        self.given = tuple(name for name in self.dimensions if name not in shown)
        self.public = self._public_plan()
        self.names = Identifiers(self.public)
        self.texts = PythonText(self.names)
        self.own = {word: self._own(word) for word in OWN_WORDS}

    def _public_plan(self) -> LoopPlan:
        """The public function as a plan: its parameters and its result."""
        if self.request.program.definitions:
            return replace(self.stages[-1].plan, parameters=self.inputs, dimensions=self.dimensions)
        (draw,) = (d for d in self.request.draws if d.name == self.request.program.outputs[-1])
        result = Storage(draw.name, tuple(size_expression(d) for d in draw.shape), draw.latex)
        return LoopPlan(self.request.name, self.inputs, self.dimensions, (result,), (), ())

    def _own(self, word: str) -> str:
        while word in self.names.taken or word in MODULE_WORDS:
            word += "_"
        return word

    def value(self, name: str) -> str:
        """The identifier of an input, a draw, a parameter of a law or the output."""
        return self.names.values.get(name) or (f"{name}_" if name in RESERVED or name in OWN_WORDS else name)

    def signature(self) -> str:
        words = [self.value(p.name) for p in self.inputs] + [self.names.dimensions[d] for d in self.given]
        return ", ".join([*words, self.own["seed"], f"{self.own['count']}=None"])

    def lines(self) -> Iterator[str]:
        own = self.own
        yield f"{own['rng']} = _generator({own['seed']})"
        names = [self.value(p.name) for p in self.inputs]
        quoted, ranks = _tuple([f'"{name}"' for name in names]), _tuple([str(len(p.shape)) for p in self.inputs])
        left = f"({', '.join(names)}{',' if len(names) == 1 else ''})" if names else "_"
        yield f"{left}, {own['rows']} = _stacked({quoted}, {ranks}, {_tuple(names)}, {own['count']})"
        rest = [*self.smallest_sizes(), *self.body()]
        shown = list(used(self.shown_sizes(), rest))
        yield from self.checked_sizes(f"{own['sizes']} = " if shown else "")
        yield from [*shown, *self.given_sizes(), *rest]

    def body(self) -> Iterator[str]:
        """What is done once all shapes agree."""
        own = self.own
        yield f"{own['count']} = 1 if {own['rows']} is None else {own['rows']}"
        for draw in self.request.draws:
            yield from self.draw(draw)
        output = self.request.program.outputs[-1]
        if self.request.program.definitions:
            last = self.stages[-1]
            yield from [f"{self.value(output)} = {last.text(self.value)}"] if last.is_plain else self.computed(last)
        yield f"return _one_or_all({self.value(output)}, {own['rows']})"

    def checked_sizes(self, target: str) -> Iterator[str]:
        arrays = [(self.value(p.name), p) for p in self.inputs if p.shape]
        if arrays:
            rows = [f'("{name}", {name}, {_tuple([self.axis(d) for d in p.shape])})' for name, p in arrays]
            yield f"{target}_sizes({_tuple(rows)})"

    def shown_sizes(self) -> Iterator[str]:
        for name in self.dimensions:
            if name not in self.given:
                yield f'{self.names.dimensions[name]} = {self.own["sizes"]}["{name}"]'

    def given_sizes(self) -> Iterator[str]:
        for name in self.given:
            shown = self.names.dimensions[name]
            yield f'{shown} = _whole("{shown}", {shown}, 1)'

    def smallest_sizes(self) -> Iterator[str]:
        for name, least in self.smallest().items():
            shown = self.names.dimensions[name]
            yield f"if {shown} < {least}:"
            yield f'    raise ValueError(f"{shown} is {{{shown}}}, at least {least} needed")'

    def axis(self, dimension: Dimension) -> str:
        return str(dimension.constant) if dimension.constant is not None else f'"{dimension}"'

    def smallest(self) -> Mapping[str, int]:
        """Sizes that fixed subscripts need."""
        found: dict[str, int] = {}
        for stage in self.stages:
            shapes = {p.name: tuple(size_expression(d) for d in p.shape) for p in stage.plan.parameters}
            for symbol, least in smallest_sizes(stage.plan.body, shapes).items():
                found[symbol.name] = max(found.get(symbol.name, 1), least)
        return {name: least for name, least in found.items() if least > 1}

    def draw(self, draw: Draw) -> Iterator[str]:
        """The parameters for every row, then the draw."""
        words = []
        for place, program in enumerate(draw.parameters):
            stage = next(s for s in self.stages if s.output == program.outputs[-1])
            rank = len(draw.shape) + (draw.joint if place == 1 else 0)
            own = len(stage.plan.results[0].shape)
            if not stage.is_plain:
                yield from self.computed(stage)
            text = stage.text(self.value) if stage.is_plain else self.value(stage.output)
            number = stage.is_plain and not stage.program.inputs
            words.append(text if number else _widened(text, rank - own))
        shape = _tuple([self.own["count"], *(self.texts.size(size_expression(d)) for d in draw.shape)])
        function = f"_{_law(draw).replace(' ', '_')}"
        yield f'{self.value(draw.name)} = {function}({self.own["rng"]}, "{draw.name}", {shape}, {", ".join(words)})'

    def computed(self, stage: Stage) -> Iterator[str]:
        """One row of the stage's output for every row of its inputs."""
        shape = [self.texts.size(extent) for extent in stage.plan.results[0].shape]
        target = self.value(stage.output)
        given = [self.value(p.name) for p in stage.plan.parameters]
        yield f"{target} = np.empty({_tuple([_largest(given), *shape])})"
        sizes = [self.names.dimensions[d] for d in _unshown(stage.plan)]
        yield f"_{stage.plan.name}_rows({', '.join([*given, *sizes, target])})"

    def rows_function(self, stage: Stage) -> Iterator[str]:
        names = Identifiers(stage.plan)
        own = {word: _free(word, names) for word in ("row", "rows")}
        given = [names.values[p.name] for p in stage.plan.parameters]
        sizes = [names.dimensions[d] for d in _unshown(stage.plan)]
        (result,) = stage.plan.results
        target = names.values[result.name]
        yield '@njit(cache=True, error_model="numpy")'
        yield f"def _{stage.plan.name}_rows({', '.join([*given, *sizes, target])}):"
        yield f'    """_{stage.plan.name} for each row; an input with a single row belongs to all of them."""'
        yield f"    for {own['row']} in range({target}.shape[0]):"
        rows = [f"{name}[{own['row']} % {name}.shape[0]]" for name in given]
        entry = f"{target}[{own['row']}]"
        call = f"_{stage.plan.name}({', '.join([*rows, *sizes, *([entry] if result.shape else [])])})"
        yield f"        {call}" if result.shape else f"        {entry} = {call}"


def _unshown(planned: LoopPlan) -> list[str]:
    """The sizes that no array of the plan shows, in the order in which its function takes them."""
    shown = {d for p in planned.parameters for d in p.shape}
    return [name for name in planned.dimensions if Dimension.of(name) not in shown]


def _free(word: str, names: Identifiers) -> str:
    while word in names.taken:
        word += "_"
    return word


def _largest(arrays: list[str]) -> str:
    """The number of rows: that of the draws where one of the arrays has it, else one row for all."""
    lengths = [f"len({name})" for name in arrays]
    return f"max({', '.join(lengths)})" if len(lengths) > 1 else "".join(lengths) or "1"


def _widened(text: str, missing: int) -> str:
    """Axes for what is the same for all samples: behind the axis of the rows."""
    whole = text if text.isidentifier() else f"({text})"
    return f"{whole}[:, {', '.join(['None'] * missing)}]" if missing > 0 else text


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
