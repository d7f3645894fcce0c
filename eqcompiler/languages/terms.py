r"""Typed terms: what the author means, every ambiguity decided, every shape known.

Takes: nothing; data only. Gives: frozen nodes; equality and hashing ignore spans.
Guarantees: each node carries its `type`. Vectors have rank 1; `Type.row` says that one is written transposed, so that
`x^T y` is a "matmul" of rank 1 and rank 1 (a scalar) and `x y^T` an "outer". Indices count from 1, as on paper.
Definitions stay names (`Reference`); nothing is expanded here.

    \frac{2}{m} X^T (X\theta - y)
    mul(div(2, m), matmul(transpose(X), add(matmul(X, theta), neg(y))))  :  (n,)

Meaning of names (the one rule that evaluator, lowering and derivatives share): a value is a function of an environment
that gives a tensor to every free symbol. A `Reference` to a definition evaluates the definition's body in the environment
of the use, after binding its formal parameters to the arguments. A name that is bound (a formal, the variable of a
Derivative) takes its bound value also when it is a definition: binding *cuts* the definition. So dL/da with a = sigma(z)
varies a alone, and dL/dW flows through every definition that reaches W.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from eqcompiler.errors import Span
from eqcompiler.languages.dimensions import Dimension

# Elementwise functions of one argument; on a tensor they act entry by entry.
ELEMENTWISE = frozenset(
    (
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "abs",
        "sign",
        "gamma",
        "loggamma",
        "floor",
        "ceil",
        "sigmoid",
        "softplus",
        "relu",
    )
)

# Every other operation of a Call, with its shapes. S is any one shape.
OPERATIONS = {
    "add": "S, S, ... -> S",
    "neg": "S -> S",
    "mul": "any number of () and S -> S   (entry by entry; a scalar multiplies every entry)",
    "div": "S, () -> S   or   S, S -> S",
    "pow": "S, () -> S   entry by entry; never a matrix power",
    "matmul": "(m,n),(n,p)->(m,p); (m,n),(n,)->(m,); (m,),(m,n)->(n,); (n,),(n,)->()",
    "outer": "(m,), (n,) -> (m,n)",
    "transpose": "(m,n) -> (n,m); (n,) -> (n,) with the other `row`",
    "inverse": "(n,n) -> (n,n)",
    "pseudoinverse": "(m,n) -> (n,m)",
    "matpow": "(n,n), () -> (n,n)   integer exponent, may be symbolic",
    "matsqrt": "(n,n) -> (n,n)   the symmetric positive definite root",
    "matexp": "(n,n) -> (n,n)",
    "trace": "(n,n) -> ()",
    "det": "(n,n) -> ()",
    "rank": "(m,n) -> ()",
    "diag": "(n,) -> (n,n)",
    "diagonal": "(n,n) -> (n,)",
    "vec": "(m,n) -> (m*n,)   columns stacked",
    "kron": "(m,n), (p,q) -> (m*p,n*q)",
    "norm2": "(n,) -> ()   Euclidean; for a matrix the spectral norm",
    "norm1": "(n,) -> ()",
    "norminf": "(n,) -> ()",
    "normF": "(m,n) -> ()",
    "max": "(), (), ... -> ()   or entry by entry with equal shapes and scalars",
    "min": "like max",
    "softmax": "(n,) -> (n,)",
    "delta": "(), () -> ()   Kronecker delta of two index terms",
    "identity": "-> (n,n)   size from the node's type",
    "zeros": "-> S   size from the node's type",
    "ones": "-> S   size from the node's type",
    "factorial": "() -> ()",
    "binomial": "(), () -> ()",
    "cross": "(3,), (3,) -> (3,)",
}


@dataclass(frozen=True, slots=True)
class Type:
    """Shape and kind of number. `row`: a rank-1 value written transposed. domain: "real", "integer" (also for naturals)."""

    shape: tuple[Dimension, ...] = ()
    row: bool = False
    domain: Literal["real", "integer"] = "real"

    @property
    def rank(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        if not self.shape:
            return "integer" if self.domain == "integer" else "scalar"
        sizes = " by ".join(str(size) for size in self.shape)
        kind = {1: "row vector" if self.row else "vector", 2: "matrix"}.get(self.rank, "tensor")
        return f"{kind} ({sizes})"


SCALAR = Type()
INTEGER = Type(domain="integer")


@dataclass(frozen=True, slots=True)
class FunctionType:
    """f : domain -> codomain, for declared functions."""

    parameters: tuple[Type, ...]
    result: Type

    def __str__(self) -> str:
        return f"function of {', '.join(str(p) for p in self.parameters)} giving {self.result}"


@dataclass(frozen=True, slots=True)
class Term:
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Term):
    """An exact rational; `0.5` is 1/2."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Constant(Term):
    """pi, e or infinity."""

    name: Literal["pi", "e", "infinity"]


@dataclass(frozen=True, slots=True)
class Symbol(Term):
    """A free symbol, or a formal parameter inside its definition. A sample family x^{(i)} in R^n is an (m, n) symbol."""

    name: str


@dataclass(frozen=True, slots=True)
class Index(Term):
    """An index variable used as an integer: bound by a Binder, or free in a claim."""

    name: str


@dataclass(frozen=True, slots=True)
class Size(Term):
    """A dimension used as a number, as in 1/m."""

    dimension: Dimension


@dataclass(frozen=True, slots=True)
class Reference(Term):
    """A use of a definition: `arguments` bind its formals, in order; () when it has none or is used without a call."""

    name: str
    arguments: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownCall(Term):
    """A declared function without a body, f : R^n -> R, applied."""

    name: str
    arguments: tuple[Term, ...]


def argument_name(function: str, number: int = 0) -> str:
    """The symbol in which a function without a body is differentiated where its argument is no symbol; numbered from 1
    where it has several arguments."""
    return f"{function}_argument_{number}" if number else f"{function}_argument"


@dataclass(frozen=True, slots=True)
class Call(Term):
    """An operation of OPERATIONS or ELEMENTWISE."""

    operation: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Component(Term):
    """base[i, j]: fewer indices than the base has axes give a slice (row i of a matrix, as a column vector)."""

    base: Term
    indices: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Binder:
    """An index and its inclusive range. Ranges may depend on outer indices (sum_{j=1}^{k}) or be infinite."""

    name: str
    lower: Term
    upper: Term


@dataclass(frozen=True, slots=True)
class Reduction(Term):
    r"""sum, product, max or min of a scalar or tensor body over an index range; `where` excludes or filters (j \ne i)."""

    operation: Literal["sum", "product", "max", "min"]
    binder: Binder
    body: Term
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Comprehension(Term):
    """The tensor with entries `body` for the indices in `binders`; ranges start at 1. If the body has a shape, it follows."""

    binders: tuple[Binder, ...]
    body: Term


@dataclass(frozen=True, slots=True)
class Derivative(Term):
    """d body / d variable, where `variable` names a symbol or a definition (which is then cut). Shape: body's, then variable's.

    `point`: evaluate there (the variable is bound to it after differentiating); None means at the variable's own value.
    A Hessian is the Derivative of a Derivative. A component, dJ/dw_j, is a Component of a Derivative.
    """

    body: Term
    variable: str
    point: Term | None = None


@dataclass(frozen=True, slots=True)
class Extremum(Term):
    """argmin, argmax, min or max of a scalar body over a symbol, under equality or inequality constraints."""

    sense: Literal["argmin", "argmax", "min", "max"]
    variable: str
    body: Term
    constraints: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """left relation right; relation is "=", "!=", "<", "<=", ">", ">="; or a property of `left` alone (then right is None):
    "symmetric", "positive definite", "positive semidefinite", "orthogonal", "invertible", "diagonal", "integer"."""

    relation: str
    left: Term
    right: Term | None = None


@dataclass(frozen=True, slots=True)
class Cases(Term):
    """Piecewise: the first branch whose conditions all hold; the last one may have none."""

    branches: tuple[tuple[tuple[Condition, ...], Term], ...]


@dataclass(frozen=True, slots=True)
class Block(Term):
    """A matrix assembled from rows of blocks; scalars count as 1 by 1, vectors as columns (rows when `row`)."""

    rows: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Integral(Term):
    """Definite integral of `body` over the scalar `variable`."""

    variable: str
    lower: Term
    upper: Term
    body: Term


@dataclass(frozen=True, slots=True)
class Limit(Term):
    """The limit of `body` as `variable` goes to `target`."""

    variable: str
    target: Term
    body: Term


@dataclass(frozen=True, slots=True)
class Expectation(Term):
    """E, Var or Cov of `arguments` over the distributed symbols that occur in them."""

    operation: Literal["E", "Var", "Cov"]
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Iterated(Term):
    r"""A state of a recurrence after its last step, from `start` (one term per state): a^{(L)} where a^{(0)} = x.

    recurrence: a key of Document.recurrences; state: which of the coupled states. The value reads what the updates read: the
    families of the recurrence under their own names, its members and the states before a step only inside of that step.
    """

    recurrence: str
    start: tuple[Term, ...]
    state: int = 0


def children(term: Term) -> tuple[Term, ...]:
    """The direct subterms, in reading order, conditions and binder ranges included."""

    def of(conditions: tuple[Condition, ...]) -> tuple[Term, ...]:
        return tuple(side for c in conditions for side in (c.left, c.right) if side is not None)

    match term:
        case Reference() | UnknownCall() | Call() | Expectation():
            return term.arguments
        case Component():
            return (term.base, *term.indices)
        case Reduction():
            return (term.binder.lower, term.binder.upper, *of(term.where), term.body)
        case Comprehension():
            return (*(edge for b in term.binders for edge in (b.lower, b.upper)), term.body)
        case Derivative():
            return (term.body,) if term.point is None else (term.body, term.point)
        case Extremum():
            return (term.body, *of(term.constraints))
        case Cases():
            return tuple(part for conditions, value in term.branches for part in (*of(conditions), value))
        case Block():
            return tuple(cell for row in term.rows for cell in row)
        case Integral():
            return (term.lower, term.upper, term.body)
        case Limit():
            return (term.target, term.body)
        case Iterated():
            return term.start
    return ()
