"""Index form: a program is an ordered list of indexed definitions over SymPy.

Takes: nothing; data only. Gives: `Program`, what calculus transforms and kernels compile.
Guarantees on entry: bodies hold only numbers, scalar symbols, Indexed, Sum/Product over ranges, elementary functions,
KroneckerDelta, Piecewise, Min/Max/Abs/sign, unknown functions of scalars (`UnknownValue`) and references to inputs or earlier
definitions. Indices count from 1.
Whole-tensor operations (inverse, solve, det...) are `Intrinsic` definitions that name their operands.

    r[i in 1..m] = Sum(X[i, j]*theta[j], (j, 1, n)) - y[i]
    J            = Sum(r[i]**2, (i, 1, m))/m

A recurrence over layers or over time is a `Scan`: one step as a program of its own, and what goes through it.

One name, one SymPy object: use `scalar`, `tensor`, `index` and `size` to make them, so that equal names are equal atoms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce

import sympy
from sympy.core.symbol import Str

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension

# operation -> what it computes; `operands` name inputs or earlier definitions
INTRINSICS = {
    "inverse": "B[i, j] with A B = I; never lowered to an explicit inverse in a kernel",
    "solve": "x with A x = b; b a vector or a matrix",
    "det": "determinant of A",
    "logdet": "log of the absolute value of the determinant of A",
    "pseudoinverse": "Moore-Penrose inverse of A",
    "matsqrt": "symmetric positive definite square root of A",
    "matpow": "A to the integer power given by the second operand (a scalar)",
    "norm2": "largest singular value of A",
}
# the functions of one argument in a body, by the names that terms have for them; each knows its own derivative
ELEMENTARY: Mapping[str, type[sympy.Function]] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "cot": sympy.cot,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "erf": sympy.erf,
    "abs": sympy.Abs,
    "gamma": sympy.gamma,
    "loggamma": sympy.loggamma,
    "factorial": sympy.factorial,
}
UNKNOWN = "unknown"


def unknown_operation(function: str, slots: tuple[int, ...] = ()) -> str:
    """The intrinsic of a declared function without a body, differentiated in the arguments `slots`, counted from 0.

    Its axes are those of the differentiated arguments, in the order of the slots: D f(x)[i], D^2 f(x)[i, j].
    """
    return " ".join((UNKNOWN, function, *map(str, slots)))


def unknown_function(operation: str) -> tuple[str, tuple[int, ...]] | None:
    """The function and the slots of such an operation; None for every other one."""
    words = operation.split()
    return (words[1], tuple(map(int, words[2:]))) if words[0] == UNKNOWN else None


class UnknownValue(sympy.Expr):  # type: ignore[misc]
    """A function without a body, or its derivative, at scalars: the operation (see unknown_operation), then the arguments."""

    is_commutative = True
    is_real = True

    def __new__(cls, operation: str | Str, *values: sympy.Expr) -> UnknownValue:
        made: UnknownValue = sympy.Expr.__new__(cls, Str(str(operation)), *values)
        return made

    @property
    def operation(self) -> str:
        return str(self.args[0])

    @property
    def values(self) -> tuple[sympy.Expr, ...]:
        return tuple(self.args[1:])

    def raised(self, slot: int) -> UnknownValue:
        """The derivative in one more argument."""
        function, slots = unknown_function(self.operation) or ("", ())
        return UnknownValue(unknown_operation(function, tuple(sorted((*slots, slot)))), *self.values)

    def _sympystr(self, printer: object) -> str:
        function, slots = unknown_function(self.operation) or ("", ())
        head = f"D{list(slots)} {function}" if slots else function
        return f"{head}({', '.join(map(str, self.values))})"


@cache
def size(name: str) -> sympy.Symbol:
    """A dimension: a positive integer."""
    return sympy.Symbol(name, integer=True, positive=True)


@cache
def index(name: str) -> sympy.Symbol:
    """An index variable: an integer."""
    return sympy.Symbol(name, integer=True)


@cache
def scalar(name: str) -> sympy.Symbol:
    """A real scalar input or definition."""
    return sympy.Symbol(name, real=True)


@cache
def tensor(name: str) -> sympy.IndexedBase:
    """A real tensor input or definition of rank 1 or more."""
    return sympy.IndexedBase(name, real=True)


def size_expression(dimension: Dimension) -> sympy.Expr:
    """The dimension as a SymPy polynomial in `size` symbols."""
    return sympy.Add(*(c * sympy.Mul(*(size(name) for name in key)) for key, c in dimension.terms))


def dimension_of(expr: sympy.Expr) -> Dimension:
    """The inverse of `size_expression`. CompilerFault for anything that is no polynomial in sizes."""
    total = Dimension(())
    for term in sympy.Add.make_args(sympy.expand(expr)):
        coefficient, rest = term.as_coeff_Mul()
        factors = [_power(factor) for factor in sympy.Mul.make_args(rest) if factor != 1]
        if not coefficient.is_Integer or any(name is None for name, _ in factors):
            raise CompilerFault(f"{expr} is used as the size of an axis, but it is no polynomial in sizes")
        names = [Dimension.of(name or "") for name, count in factors for _ in range(count)]
        total = total + reduce(lambda a, b: a * b, names, Dimension.of(int(coefficient)))
    return total


def _power(factor: sympy.Expr) -> tuple[str | None, int]:
    bottom, exponent = factor.as_base_exp()
    fits = isinstance(bottom, sympy.Symbol) and bottom.is_integer and exponent.is_Integer and exponent > 0
    return (bottom.name, int(exponent)) if fits else (None, 0)


@dataclass(frozen=True, slots=True)
class Axis:
    """An index with its inclusive range."""

    index: sympy.Symbol
    lower: sympy.Expr
    upper: sympy.Expr


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor or scalar that comes from outside. `latex` prints it; `integer`: whole numbers only.

    assumptions: words about this input that kernels may use: "symmetric", "positive definite", "positive", ...
    steps: for a family, how many members it has; `shape` is that of one member and may name sizes of a step. A family is read
    by the members of a Scan only.
    """

    name: str
    shape: tuple[Dimension, ...]
    latex: str = ""
    integer: bool = False
    assumptions: tuple[str, ...] = ()
    steps: Dimension | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """name[axes] = body. `latex` says what the name stands for in the source (or in words for an adjoint)."""

    name: str
    axes: tuple[Axis, ...]
    body: sympy.Expr
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """name[axes] = operation(operands)."""

    name: str
    axes: tuple[Axis, ...]
    operation: str
    operands: tuple[str, ...]
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """A state of a Scan. before, after: input and output of the step. start: what it begins with, a name outside.

    final: the name outside of its last value, or "" when nothing needs it.
    """

    before: str
    after: str
    start: str
    final: str = ""


@dataclass(frozen=True, slots=True)
class StepSize:
    """A size that differs from step to step: its names at a step and before it, and those of the first and the last one.

    n_l and n_before_l within the step; outside n_0 (before the first step) and n_L. In a Scan that runs backwards too.
    """

    at: str
    before: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Scan:
    """for index = 1..count (downwards when `backwards`): the carried states go through `step`.

    members: (input of the step, family): the family's value at this step.
    kept: (input, definition or output of the step, family): its value at every step, a family that later Scans may read.
    summed: (output of the step, name outside): added up over the steps.
    What all steps share is an input of the step under the name that it has outside. The step may use the index in values.
    """

    name: str
    index: sympy.Symbol
    count: sympy.Expr
    carried: tuple[Carried, ...]
    members: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    summed: tuple[tuple[str, str], ...]
    step: Program
    sizes: tuple[StepSize, ...] = ()
    backwards: bool = False
    latex: str = ""

    @property
    def made(self) -> tuple[str, ...]:
        """The names that it defines outside."""
        return tuple(name for name in (*(c.final for c in self.carried), *(n for _, n in (*self.kept, *self.summed))) if name)

    @property
    def own_inputs(self) -> frozenset[str]:
        """The inputs of the step that it provides; all others are shared by the steps."""
        return frozenset((*(c.before for c in self.carried), *(name for name, _ in self.members)))

    @property
    def shared(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.step.inputs if item.name not in self.own_inputs)

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads outside: starts, families, and what the steps share."""
        names = (*(c.start for c in self.carried), *(family for _, family in self.members), *self.shared)
        return tuple(dict.fromkeys(names))

    def sizes_at_start(self) -> dict[sympy.Symbol, sympy.Symbol]:
        """What the sizes of a state before a step are called before the first step."""
        if self.backwards:
            return {size(s.at): size(s.last) for s in self.sizes}
        return {size(s.before): size(s.first) for s in self.sizes}

    def sizes_at_end(self) -> dict[sympy.Symbol, sympy.Symbol]:
        """What the sizes of a state after a step are called after the last step."""
        if self.backwards:
            return {size(s.before): size(s.first) for s in self.sizes}
        return {size(s.at): size(s.last) for s in self.sizes}

    @property
    def families(self) -> frozenset[str]:
        return frozenset(family for _, family in self.kept)

    def with_made(self, old: str, new: str) -> Scan:
        """The same, where what it makes outside under one name has another one."""
        names = {name: name for name in ("", *self.made)} | {old: new}
        return replace(
            self,
            carried=tuple(replace(c, final=names[c.final]) for c in self.carried),
            kept=tuple((own, names[family]) for own, family in self.kept),
            summed=tuple((own, names[total]) for own, total in self.summed),
        )

    def lines(self) -> Iterator[str]:
        yield from (f"{c.before} := {c.start}" for c in self.carried)
        first, last = (self.count, "1") if self.backwards else ("1", self.count)
        yield f"for {self.index} in {first}..{last}:"
        yield from (f"  {name} := {family} at {self.index}" for name, family in self.members)
        yield from (f"  {line}" for line in str(self.step).splitlines())
        yield from (f"  {family} at {self.index} := {name}" for name, family in self.kept)
        yield from (f"  {total} += {name}" for name, total in self.summed)
        yield from (f"  {c.before} := {c.after}" for c in self.carried)
        yield from (f"{c.final} := {c.before}" for c in self.carried if c.final)


@dataclass(frozen=True, slots=True)
class Program:
    """`outputs` name definitions (or inputs); inputs are in the order in which a kernel takes them."""

    inputs: tuple[Input, ...]
    definitions: tuple[Indexed | Intrinsic | Scan, ...]
    outputs: tuple[str, ...]

    def plain(self, purpose: str) -> tuple[Indexed | Intrinsic, ...]:
        """The definitions of a program without recurrences. Raises NotSupportedYet that names the recurrence."""
        found: list[Indexed | Intrinsic] = []
        for definition in self.definitions:
            if isinstance(definition, Scan):
                raise NotSupportedYet(f"the recurrence {definition.name} has no {purpose} yet")
            found.append(definition)
        return tuple(found)

    def __str__(self) -> str:
        lines: list[str] = []
        for d in self.definitions:
            if isinstance(d, Scan):
                lines += d.lines()
                continue
            axes = ", ".join(f"{a.index} in {a.lower}..{a.upper}" for a in d.axes)
            head = f"{d.name}[{axes}]" if d.axes else d.name
            body = str(d.body) if isinstance(d, Indexed) else f"{d.operation}({', '.join(d.operands)})"
            lines.append(f"{head} = {body}")
        return "\n".join(lines)
