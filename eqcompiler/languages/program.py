"""Index form: a program is an ordered list of indexed definitions over SymPy.

Takes: nothing; data only. Gives: `Program`, what calculus transforms and kernels compile.
Guarantees on entry: bodies hold only numbers, scalar symbols, Indexed, Sum/Product over ranges, elementary functions,
KroneckerDelta, Piecewise, Min/Max/Abs/sign, unknown functions of scalars (`UnknownValue`) and references to inputs or earlier
definitions. Indices count from 1.
Whole-tensor operations (inverse, solve, det...) are `Intrinsic` definitions that name their operands.

    r[i in 1..m] = Sum(X[i, j]*theta[j], (j, 1, n)) - y[i]
    J            = Sum(r[i]**2, (i, 1, m))/m

One name, one SymPy object: use `scalar`, `tensor`, `index` and `size` to make them, so that equal names are equal atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy
from sympy.core.symbol import Str

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
    """

    name: str
    shape: tuple[Dimension, ...]
    latex: str = ""
    integer: bool = False
    assumptions: tuple[str, ...] = ()


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
class Program:
    """`outputs` name definitions (or inputs); inputs are in the order in which a kernel takes them."""

    inputs: tuple[Input, ...]
    definitions: tuple[Indexed | Intrinsic, ...]
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        lines = []
        for d in self.definitions:
            axes = ", ".join(f"{a.index} in {a.lower}..{a.upper}" for a in d.axes)
            head = f"{d.name}[{axes}]" if d.axes else d.name
            body = str(d.body) if isinstance(d, Indexed) else f"{d.operation}({', '.join(d.operands)})"
            lines.append(f"{head} = {body}")
        return "\n".join(lines)
