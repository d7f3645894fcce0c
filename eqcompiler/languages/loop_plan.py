"""Loop plans: what a kernel does, loop by loop, before it becomes text.

Takes: nothing; data only. Gives: frozen statements, `LoopPlan` with its operation count.
Guarantees: no sizes are held, dimensions are SymPy symbols. Indices count from 1 and ranges are inclusive, as on paper; the
emitter alone counts from 0. Values are SymPy expressions without reductions: every sum is a loop with an accumulation.

    r := b - y[i]                       inside  for i in 1..m:
    for j in 1..n:
      r += X[i, j]*theta[j]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import sympy

from eqcompiler.languages.accuracy import Accuracy, Rounded, Summed
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import StepSize
from eqcompiler.languages.step_loops import IN_FAMILIES, Steps

INDENT = "  "
# Rows in a block: few enough for the second-level cache and for sums in float32; of short rows LONG make a long stream.
BLOCK, LONG = 512, 2048
# From how much work on, in flops, ranges of rows go to threads and blocks: below, setting that up costs more than it gains.
MANY = 80_000
# Up to how much work, in flops, a number is computed together with a bound of its error, in some 20 microseconds.
CAREFUL = 20_000
# Up to this many multiplications OpenBLAS computes a product in the thread that asks for it.
SINGLE = 262_144


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller gives. `integer`: whole numbers only. A dimension that no array shows is an integer parameter too.
    steps: given as a sequence of that many arrays, whose sizes change from step to step."""

    name: str
    shape: tuple[Dimension, ...]
    integer: bool = False
    latex: str = ""
    steps: Dimension | None = None

    def __str__(self) -> str:
        if self.steps is not None:
            return f"{self.name}[{', '.join(map(str, self.shape))}] for each of {self.steps} steps"
        return f"{self.name}[{', '.join(map(str, self.shape))}]" if self.shape else self.name


@dataclass(frozen=True, slots=True)
class Storage:
    """An array that the kernel fills: a temporary, or a result. No shape: a scalar.

    Where sizes change from step to step, `steps` is the number of steps and the array has room for `each` of them, for the
    `largest`, or for `two` of that one.
    """

    name: str
    shape: tuple[sympy.Expr, ...]
    latex: str = ""
    steps: sympy.Expr | None = None
    room: Literal["each", "largest", "two"] = "each"

    def __str__(self) -> str:
        if self.steps is not None:
            words = {"each": f"for each of {self.steps} steps", "largest": "for the largest step", "two": "for two steps"}
            return f"{self.name}[{', '.join(map(str, self.shape))}] {words[self.room]}"
        return f"{self.name}[{', '.join(map(str, self.shape))}]" if self.shape else self.name


@dataclass(frozen=True, slots=True)
class Assign:
    """target := value; the target is a scalar symbol or an entry of a Storage."""

    target: sympy.Expr
    value: sympy.Expr

    def lines(self, depth: int) -> Iterator[str]:
        yield f"{INDENT * depth}{self.target} := {self.value}"


@dataclass(frozen=True, slots=True)
class Accumulate:
    """target := target + value, or minus, or times, or the larger of the two."""

    target: sympy.Expr
    operation: Literal["+", "-", "*", "max"]
    value: sympy.Expr

    def lines(self, depth: int) -> Iterator[str]:
        yield f"{INDENT * depth}{self.target} {self.operation}= {self.value}"


@dataclass(frozen=True, slots=True)
class Loop:
    """The body for index = lower, ..., upper; nothing when upper < lower."""

    index: sympy.Symbol
    lower: sympy.Expr
    upper: sympy.Expr
    body: tuple[Node, ...]

    def lines(self, depth: int) -> Iterator[str]:
        yield f"{INDENT * depth}for {self.index} in {self.lower}..{self.upper}:"
        for node in self.body:
            yield from node.lines(depth + 1)


@dataclass(frozen=True, slots=True)
class Operand:
    """A whole tensor given to a library call, read transposed when `transposed`."""

    name: str
    transposed: bool = False

    def __str__(self) -> str:
        return f"{self.name}'" if self.transposed else self.name


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """target := operation(operands), whole tensors. `shapes` are those of the operands as read.

    operation: "dot", "symmetric dot" (A'A, of which half is computed), or an intrinsic: "solve",
    "cholesky solve" (symmetric positive definite, A x = b), "gram solve" (the same with A = c X'X + d I and b = e X'y;
    operands A, b, X, y and scalars c, d, e in `scalars`: an ill-conditioned system is solved as least squares on X),
    "cholesky" (the upper factor R of a symmetric positive definite A = R'R), which "factor solve", "factor logdet" and
    "factor inverse" use (operands R, b, A and R, A), and "symmetric factor solve" where A may be indefinite;
    "inverse", "det", "logdet", "pseudoinverse", "matsqrt", "matpow", "norm2".
    """

    operation: str
    target: str
    operands: tuple[Operand, ...]
    shapes: tuple[tuple[sympy.Expr, ...], ...]
    scalars: tuple[sympy.Expr, ...] = ()

    def lines(self, depth: int) -> Iterator[str]:
        given = [*map(str, self.operands), *map(str, self.scalars)]
        yield f"{INDENT * depth}{self.target} := {self.operation}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Iterate:
    """Repeats the body at most `iterations` times; each time the states take their next values.

    states: (current, next) storages of equal shape. Stops when no entry changed by more than `tolerance`; entries that are
    not a number count as changed.
    """

    states: tuple[tuple[Storage, Storage], ...]
    body: tuple[Node, ...]

    def lines(self, depth: int) -> Iterator[str]:
        names = ", ".join(f"{a.name} <- {b.name}" for a, b in self.states)
        yield f"{INDENT * depth}repeat ({names}):"
        for node in self.body:
            yield from node.lines(depth + 1)


Node: TypeAlias = "Assign | Accumulate | Loop | LibraryCall | Iterate | Steps | Rounded | Summed"


@dataclass(frozen=True, slots=True)
class Operations:
    """flops: additions, multiplications, divisions and function values. reads: entries read from each tensor, where the
    entries that one outermost loop nest reads are counted once (they are in the cache when it reads them again)."""

    flops: sympy.Expr
    reads: Mapping[str, sympy.Expr]


@dataclass(frozen=True, slots=True)
class Stage:
    """A loop over the rows of one block, `at_once` in each turn, so that what they share is loaded once. With `flat`: over the
    entries of all rows, `width` of each; (rows of the block, name of their entries in one row)."""

    body: tuple[Node, ...]
    at_once: int = 1
    width: sympy.Expr = sympy.S.One
    flat: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ManyRows:
    """The loop of a plan that runs over rows, as it runs when the rows are many: each thread takes a range of them, in blocks.

    `before` sets what the rows read. `stages` run one after the other on each block, a matrix product among them on its rows
    alone; a scalar that a later stage reads has an entry for each row of the block in one of the `buffers`. `views` are
    (name, axis, name of the rows of one block); `blocks` are temporaries of which no more than the rows of one block are kept,
    `spread` scalars that are kept beside each entry of their row.
    `sums` are what the rows add to, `own` the arrays of which each row writes its part. `rest` is the plan with finished
    sums, named as in `totals`, in the place of the loop. `work` counts what one row costs, in flops.
    """

    index: sympy.Symbol
    extent: sympy.Expr
    before: tuple[Node, ...]
    stages: tuple[Stage | LibraryCall, ...]
    views: tuple[tuple[str, int, str], ...]
    blocks: tuple[Storage, ...]
    spread: tuple[Storage, ...]
    buffers: tuple[str, ...]
    workspaces: tuple[Storage, ...]
    sums: tuple[Storage, ...]
    totals: tuple[Storage, ...]
    own: tuple[str, ...]
    rest: tuple[Node, ...]
    work: sympy.Expr

    def __str__(self) -> str:
        width = max((stage.at_once for stage in self.stages if isinstance(stage, Stage)), default=1)
        parts = [f"{width} at once"] * (width > 1) + [f"{len(self.stages)} stages per block"] * (len(self.stages) > 1)
        size = f"{BLOCK} to {LONG}" if self.halved and len(self.stages) > 1 else self.block
        blocks = ", ".join([f"blocks of {size} rows", *parts])
        narrow = "".join(f" and {entries} <= {SINGLE // self.block}" for entries in self.factors)
        return f"from {self.work * self.extent} = {MANY} on{narrow}: for {self.index} in threads, {blocks}"

    @property
    def halved(self) -> bool:
        """Whether rows are taken at once, and no product limits their number."""
        return not self.factors and any(isinstance(stage, Stage) and stage.at_once > 1 for stage in self.stages)

    @property
    def block(self) -> int:
        """Rows. A single stage reads nothing twice: the longer its streams, the better."""
        return BLOCK // 2 if self.factors else LONG if self.halved and len(self.stages) == 1 else BLOCK

    @property
    def factors(self) -> tuple[sympy.Expr, ...]:
        """The entries that a product needs for each row, of each product."""
        entries = [_entries_beside(stage, self.extent) for stage in self.stages if isinstance(stage, LibraryCall)]
        return tuple(dict.fromkeys(entries))


def _entries_beside(call: LibraryCall, rows: sympy.Expr) -> sympy.Expr:
    (a, b), (_, c) = call.shapes
    return b * c if a == rows else a * c


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """One kernel. `results` name storages, states or parameters in the order returned; `temporaries` are allocated before.

    prologue: symmetric products of parameters, formed by the public function: NumPy computes one half of such a product,
    which the compiled part cannot. hoisted: another plan of the same run for many iterations.
    """

    name: str
    parameters: tuple[Parameter, ...]
    dimensions: tuple[str, ...]
    results: tuple[Storage, ...]
    temporaries: tuple[Storage, ...]
    body: tuple[Node, ...]
    kind: Literal["value", "step", "run"] = "value"
    state: tuple[str, ...] = field(default=())
    prologue: tuple[LibraryCall, ...] = ()
    hoisted: Hoisted | None = None
    many: ManyRows | None = None
    sizes: tuple[StepSize, ...] = ()
    accuracy: Accuracy | None = None

    def __str__(self) -> str:
        lines = [f"{self.name}({', '.join(map(str, self.parameters))}) -> {', '.join(map(str, self.results))}", *self._steps(1)]
        if self.hoisted:
            lines += [f"{INDENT}or, where {self.hoisted}:", *self.hoisted.plan._steps(2)]
        if self.many:
            lines.append(f"{INDENT}{self.many}")
        if self.accuracy:
            lines += self.accuracy.lines(1, CAREFUL)
        calls = dict.fromkeys(call.operation for call in library_calls(self.body))
        lines += [f"{INDENT}{operation}: {CHOICES[operation]}" for operation in calls if operation in CHOICES]
        return "\n".join(lines)

    def _steps(self, depth: int) -> Iterator[str]:
        if self.temporaries:
            yield f"{INDENT * depth}allocate {', '.join(map(str, self.temporaries))}"
        for node in (*self.prologue, *self.body):
            yield from node.lines(depth)

    def operations(self) -> Operations:
        """Flops and reads of one call (of one iteration where it iterates), as formulas in the dimensions."""
        reads: dict[str, sympy.Expr] = {}
        outer = [
            part for node in (*self.prologue, *self.body) for part in (node.body if isinstance(node, Iterate) else (node,))
        ]
        for node in outer:
            touched = {(name, sympy.Mul(*extents)): sympy.Mul(*extents) for name, extents in _touched(node, {})}
            for (name, _), entries in touched.items():
                reads[name] = reads.get(name, sympy.Integer(0)) + entries
        return Operations(
            flops(*self.prologue, *self.body), {name: merged_sums(sympy.expand(reads[name])) for name in sorted(reads)}
        )


@dataclass(frozen=True, slots=True)
class Hoisted:
    """The plan of a run with products formed before the iterations. It is taken when iterations*saving > cost: `saving` are
    the operations that one iteration has fewer, `cost` what forming the products takes."""

    saving: sympy.Expr
    cost: sympy.Expr
    plan: LoopPlan

    def __str__(self) -> str:
        return f"iterations*({self.saving}) > {self.cost}"


def library_calls(nodes: Iterable[Node]) -> Iterator[LibraryCall]:
    """All library calls among the nodes, at every depth."""
    for node in nodes:
        if isinstance(node, LibraryCall):
            yield node
        yield from library_calls((*getattr(node, "body", ()), *getattr(node, "unless_last", ())))


# operation -> what decides at run time how a system is solved
CHOICES = {
    "cholesky solve": "by Cholesky; least squares by QR with pivots where a pivot keeps less than sqrt(eps) of its entry",
    "factor solve": "by the factor; least squares by QR with pivots where a pivot keeps less than sqrt(eps) of its entry",
    "symmetric factor solve": "by the factor; elimination with pivots where there is none",
    "gram solve": "by Cholesky; QR with pivots of the rows where the condition estimate exceeds 1/sqrt(eps)",
}


def flops(*nodes: Node) -> sympy.Expr:
    """The operations of the nodes together; of an Iterate, those of one iteration."""
    return merged_sums(sympy.expand(sum((_flops(node) for node in nodes), sympy.Integer(0))))


def merged_sums(total: sympy.Expr) -> sympy.Expr:
    """Sums over the same steps as one sum."""
    apart: dict[sympy.Tuple, sympy.Expr] = {}
    rest = []
    for term in sympy.Add.make_args(total):
        coefficient, factors = term.as_independent(sympy.Sum)
        if isinstance(factors, sympy.Sum):
            apart[factors.limits] = apart.get(factors.limits, sympy.Integer(0)) + coefficient * factors.function
        else:
            rest.append(term)
    return sympy.Add(*rest, *(sympy.Sum(sympy.expand(value), *limits) for limits, value in apart.items()))


def mapped(node: Node, change: Callable[[sympy.Expr], sympy.Expr]) -> Node:
    """The node with every value and every target changed; ranges too."""
    match node:
        case Assign():
            return Assign(change(node.target), change(node.value))
        case Accumulate():
            return Accumulate(change(node.target), node.operation, change(node.value))
        case Rounded() | Summed():
            return node.mapped(change)
        case Loop():
            return Loop(node.index, change(node.lower), change(node.upper), tuple(mapped(part, change) for part in node.body))
        case LibraryCall():
            return replace(node, scalars=tuple(change(value) for value in node.scalars))
        case Iterate():
            return replace(node, body=tuple(mapped(part, change) for part in node.body))
        case Steps():
            body, unless_last = (tuple(mapped(part, change) for part in nodes) for nodes in (node.body, node.unless_last))
            return replace(node, body=body, unless_last=unless_last)


def tensor_reads(value: sympy.Expr) -> list[sympy.Indexed]:
    """The tensor entries in an expression, each once, in a fixed order."""
    return sorted(value.atoms(sympy.Indexed), key=sympy.default_sort_key)


def value_flops(value: sympy.Expr) -> int:
    """Operations to evaluate an expression once; indices and conditions are not counted, powers count one."""
    if isinstance(value, sympy.Indexed) or not value.args:
        return 0
    below = sum(value_flops(part) for part in value.args if isinstance(part, sympy.Expr))
    if isinstance(value, (sympy.Add, sympy.Mul)):
        negations = sum(1 for part in value.args if part == -1)
        return below + len(value.args) - 1 - negations
    if isinstance(value, sympy.Piecewise):
        return sum(value_flops(branch.expr) for branch in value.args)
    if isinstance(value, sympy.Pow) and value.exp == -1:
        return below  # the division is counted by the product around it
    return below + 1


LIBRARY_FLOPS: dict[str, Callable[..., sympy.Expr]] = {
    "dot": lambda a, b: 2 * a[0] * a[1] * b[1],
    "symmetric dot": lambda a, b: a[0] * a[1] * (b[1] + 1),
    "solve": lambda a, b: sympy.Rational(2, 3) * a[0] ** 3 + 2 * sympy.Mul(*b) * a[0],
    "cholesky solve": lambda a, b, *_: sympy.Rational(1, 3) * a[0] ** 3 + 2 * sympy.Mul(*b) * a[0],
    "gram solve": lambda a, b, *_: sympy.Rational(1, 3) * a[0] ** 3 + 2 * sympy.Mul(*b) * a[0],
    "cholesky": lambda a: sympy.Rational(1, 3) * a[0] ** 3,
    "factor solve": lambda r, b, a: 2 * sympy.Mul(*b) * r[0],
    "symmetric factor solve": lambda r, b, a: 2 * sympy.Mul(*b) * r[0],
    "factor logdet": lambda r, a: 2 * r[0],
    "factor inverse": lambda r, a: sympy.Rational(2, 3) * r[0] ** 3,
    "inverse": lambda a: 2 * a[0] ** 3,
    "det": lambda a: sympy.Rational(2, 3) * a[0] ** 3,
    "logdet": lambda a: sympy.Rational(2, 3) * a[0] ** 3,
    "pseudoinverse": lambda a: 20 * a[0] * a[1] ** 2,
    "matsqrt": lambda a: 11 * a[0] ** 3,
    "matpow": lambda a, *_: 2 * a[0] ** 3,
    "norm2": lambda a: 4 * a[0] * a[1] ** 2,
}


def _flops(node: Node) -> sympy.Expr:
    match node:
        case Assign():
            return sympy.Integer(value_flops(node.value))
        case Accumulate():
            return sympy.Integer(value_flops(node.value) + 1)
        case Rounded():
            return sympy.Integer(value_flops(node.value) + value_flops(node.error))
        case Summed():
            return sympy.Integer(
                sum(value_flops(factor) for addend in node.addends for factor in (*addend.factors, addend.error))
            )
        case LibraryCall():
            return LIBRARY_FLOPS[node.operation](*node.shapes)
        case Loop():
            inside = sum((_flops(part) for part in node.body), sympy.Integer(0))
            return sympy.summation(inside, (node.index, node.lower, node.upper))
        case Iterate():
            return sum((_flops(part) for part in node.body), sympy.Integer(0))
        case Steps():
            always, mostly = (sum((_flops(p) for p in nodes), sympy.Integer(0)) for nodes in (node.body, node.unless_last))
            return node.over_steps(always) + node.over_steps(mostly, unless_last=True)


def _touched(node: Node, ranges: Mapping[sympy.Symbol, sympy.Expr]) -> Iterator[tuple[str, tuple[sympy.Expr, ...]]]:
    """Each tensor read below a node with how far each of its subscripts runs."""
    match node:
        case Loop():
            inner = {**ranges, node.index: (node.upper - node.lower + 1).xreplace(dict(ranges))}
            for part in node.body:
                yield from _touched(part, inner)
        case LibraryCall():
            for operand, shape in list(zip(node.operands, node.shapes, strict=True))[:2]:  # the others serve hard cases only
                yield operand.name, tuple(sorted(shape, key=sympy.default_sort_key))
        case Steps():
            families = {slot.name: slot.family for slot in node.slots if slot.place in IN_FAMILIES}
            for part in (*node.body, *node.unless_last):
                for name, extents in _touched(part, ranges):
                    yield families.get(name, name), (node.over_steps(sympy.Mul(*extents)),)
        case Assign() | Accumulate():
            for entry in tensor_reads(node.value):
                runs = (ranges[s] for s in {s for e in entry.indices for s in e.free_symbols} if s in ranges)
                yield str(entry.base.label), tuple(sorted(runs, key=sympy.default_sort_key))
