"""Operations in index form: one rule per operation of the terms language.

Takes: a Call and the position of one component. Gives: that component as a SymPy expression.
Guarantees: every name of OPERATIONS and ELEMENTWISE has a rule or says that it is not supported yet; sums bind fresh indices.

    matmul(A, x) at i    ->    Sum(A[i, j]*x[j], (j, 1, n))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import sympy

from eqcompiler.calculus.environments import Frame, Piece, Position, Split, expression
from eqcompiler.calculus.index_algebra import ONE, ZERO, summed
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, size_expression
from eqcompiler.languages.terms import Block, Call, Number, Term

LARGEST_EXPANDED_POWER = 8


class Lowers(Protocol):
    """What a rule may ask of the lowering that it works for."""

    def entry(self, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr: ...

    def fresh_axis(self, dimension: Dimension, frame: Frame) -> Axis: ...

    def intrinsic(self, operation: str, operands: tuple[Term, ...], frame: Frame, at: tuple[Position, ...]) -> sympy.Expr: ...


Rule = Callable[[Lowers, Call, tuple[Position, ...], Frame], sympy.Expr]


def aligned(low: Lowers, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """The component of an operand that may be a scalar beside tensors."""
    return low.entry(term, at if term.type.rank else (), frame)


# ---------------------------------------------------------------- sums over an axis

Layout = tuple[str, tuple[Dimension, ...]]  # ("pair", (outer, inner)) or ("pieces", sizes)


def split_of(term: Term, axis: int) -> Layout | None:
    """How an axis is composed: a pair for kron and vec, pieces for blocks, None for plain ones."""
    if isinstance(term, Block):
        sizes = block_sizes(term)[axis if term.type.rank == 2 else int(len(term.rows) == 1)]
        return ("pieces", sizes) if len(sizes) > 1 else None
    if not isinstance(term, Call) or axis >= term.type.rank:
        return None
    first = term.arguments[0] if term.arguments else term
    if term.operation == "kron":
        return "pair", (first.type.shape[axis], term.arguments[1].type.shape[axis])
    if term.operation == "vec":
        return "pair", (first.type.shape[1], first.type.shape[0])
    if term.operation == "transpose":
        return split_of(first, 1 - axis if term.type.rank == 2 else axis)
    if term.operation == "matmul":
        last = term.arguments[1]
        from_left = axis == 0 and first.type.rank == 2
        return split_of(first, 0) if from_left else split_of(last, last.type.rank - 1)
    if term.operation in ("add", "neg", "mul", "div", "pow"):
        layouts = (split_of(a, axis) for a in term.arguments if a.type.rank == term.type.rank)
        return next((layout for layout in layouts if layout), None)
    return None


def sum_over(
    low: Lowers,
    dimension: Dimension,
    frame: Frame,
    body: Callable[[Position, Frame], sympy.Expr],
    layout: Layout | None = None,
) -> sympy.Expr:
    """The sum of `body` over all positions of an axis; a composed axis is summed part by part."""
    if layout is None:
        axis = low.fresh_axis(dimension, frame)
        return _total(body(axis.index, frame.within(axis)), (axis,), frame)
    kind, sizes = layout
    if kind == "pair":
        outer = low.fresh_axis(sizes[0], frame)
        inner = low.fresh_axis(sizes[1], frame.within(outer))
        pair = Split(outer.index, inner.index, size_expression(sizes[1]))
        return _total(body(pair, frame.within(outer, inner)), (outer, inner), frame)
    terms = []
    for number, offset in enumerate(offsets(sizes)[:-1]):
        axis = low.fresh_axis(sizes[number], frame)
        terms.append(_total(body(Piece(number, axis.index, offset), frame.within(axis)), (axis,), frame))
    return sympy.Add(*terms)


def _total(value: sympy.Expr, axes: tuple[Axis, ...], frame: Frame) -> sympy.Expr:
    for position in range(len(axes) - 1, -1, -1):
        axis = axes[position]
        value = summed(value, (axis.index, axis.lower, axis.upper), frame.within(*axes[:position]).ranges)
    return value


def offsets(sizes: tuple[Dimension, ...]) -> list[sympy.Expr]:
    """Where each block starts, counted from 0, and where the last one ends."""
    ends = [Dimension(())]
    for dimension in sizes:
        ends.append(ends[-1] + dimension)
    return [size_expression(end) for end in ends]


# ---------------------------------------------------------------- products

Oriented = tuple[Term, bool]  # a matrix and whether it stands transposed


def _matrices(term: Term, turned: bool) -> list[Oriented]:
    """A matrix as a list of factors, transposes pushed to the factors."""
    if isinstance(term, Call) and term.operation == "transpose":
        return _matrices(term.arguments[0], not turned)
    if isinstance(term, Call) and term.operation == "matmul":
        left, right = (_matrices(a, turned) for a in term.arguments)
        return right + left if turned else left + right
    return [(term, turned)]


def _right_end(term: Term) -> tuple[list[Oriented], Term]:
    """A vector M1 ... Mk v as its matrices and v; v^T M is M^T v."""
    if isinstance(term, Call) and term.operation == "transpose":
        return _right_end(term.arguments[0])
    if isinstance(term, Call) and term.operation == "matmul":
        first, second = term.arguments
        matrix, vector, turned = (first, second, False) if first.type.rank == 2 else (second, first, True)
        matrices, end = _right_end(vector)
        return _matrices(matrix, turned) + matrices, end
    return [], term


def _shape(oriented: Oriented) -> tuple[Dimension, ...]:
    term, turned = oriented
    return term.type.shape[::-1] if turned else term.type.shape


def _layout(oriented: Oriented, axis: int) -> Layout | None:
    term, turned = oriented
    return split_of(term, 1 - axis if turned else axis)


def _cell(low: Lowers, oriented: Oriented, row: Position, column: Position, frame: Frame) -> sympy.Expr:
    term, turned = oriented
    return low.entry(term, (column, row) if turned else (row, column), frame)


def _without_identities(chain: list[Oriented], keep: int) -> list[Oriented]:
    """Identity factors do nothing as long as `keep` factors remain."""
    others = [factor for factor in chain if not (isinstance(factor[0], Call) and factor[0].operation == "identity")]
    return others if len(others) >= keep else chain[:keep]


def _applied(low: Lowers, chain: list[Oriented], vector: Term, at: Position, frame: Frame) -> sympy.Expr:
    """(M1 (M2 ... (Mk v))) at one position: never a product of two matrices."""
    if not chain:
        return low.entry(vector, (at,), frame)
    first, rest = chain[0], chain[1:]
    layout = _layout(first, 1) or (_layout(rest[0], 0) if rest else split_of(vector, 0))

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return _cell(low, first, at, k, inner) * _applied(low, rest, vector, k, inner)

    return sum_over(low, _shape(first)[1], frame, term, layout)


def _product(low: Lowers, chain: list[Oriented], row: Position, column: Position, frame: Frame) -> sympy.Expr:
    """((M1 M2) ... Mk) at one position."""
    last, rest = chain[-1], chain[:-1]
    if not rest:
        return _cell(low, last, row, column, frame)
    layout = _layout(last, 0) or _layout(rest[-1], 1)

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return _product(low, rest, row, k, inner) * _cell(low, last, k, column, inner)

    return sum_over(low, _shape(last)[0], frame, term, layout)


def matmul(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if call.type.rank == 2:
        return _product(low, _without_identities(_matrices(call, False), 1), at[0], at[1], frame)
    if call.type.rank == 1:
        chain, vector = _right_end(call)
        return _applied(low, _without_identities(chain, 0), vector, at[0], frame)
    return _inner(low, call.arguments[0], call.arguments[1], frame)


def _inner(low: Lowers, left: Term, right: Term, frame: Frame) -> sympy.Expr:
    """u^T v. In u^T A B v all matrices are applied to v; (A x)^T (B y) is one sum over the axis that they share."""
    turned, start = _right_end(left)
    more, end = _right_end(right)
    if turned and (more or left == right):
        layout = split_of(left, 0) or split_of(right, 0)
        return sum_over(
            low, left.type.shape[0], frame, lambda k, f: low.entry(left, (k,), f) * low.entry(right, (k,), f), layout
        )
    through = _without_identities([(term, not flag) for term, flag in reversed(turned)] + more, 0)
    layout = split_of(start, 0) or (_layout(through[0], 0) if through else split_of(end, 0))

    def term(k: Position, inner: Frame) -> sympy.Expr:
        return low.entry(start, (k,), inner) * _applied(low, through, end, k, inner)

    return sum_over(low, start.type.shape[0], frame, term, layout)


def outer(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    left, right = call.arguments
    return low.entry(left, (at[0],), frame) * low.entry(right, (at[1],), frame)


def cross(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    left, right = call.arguments
    here = expression(at[0])

    def component(number: int) -> sympy.Expr:
        a, b = (sympy.Integer(number % 3 + 1), sympy.Integer((number + 1) % 3 + 1))
        first = low.entry(left, (a,), frame) * low.entry(right, (b,), frame)
        return first - low.entry(left, (b,), frame) * low.entry(right, (a,), frame)

    if here.is_Integer:
        return component(int(here))
    return sympy.Piecewise(*((component(number), sympy.Eq(here, number)) for number in (1, 2)), (component(3), True))


# ---------------------------------------------------------------- rearrangements


def transpose(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    return low.entry(call.arguments[0], at[::-1], frame)


def diag(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    row, column = (expression(position) for position in at)
    return low.entry(call.arguments[0], (row,), frame) * sympy.KroneckerDelta(row, column)


def diagonal(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    return low.entry(call.arguments[0], (at[0], at[0]), frame)


def vec(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    (matrix,) = call.arguments
    rows, columns = matrix.type.shape
    return _at_pair(low, at[0], (columns, rows), frame, lambda column, row, f: low.entry(matrix, (row, column), f))


def kron(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    left, right = call.arguments
    rows, columns = ((left.type.shape[axis], right.type.shape[axis]) for axis in (0, 1))

    def cell(row: tuple[sympy.Expr, sympy.Expr], column: tuple[sympy.Expr, sympy.Expr], inner: Frame) -> sympy.Expr:
        return low.entry(left, (row[0], column[0]), inner) * low.entry(right, (row[1], column[1]), inner)

    return _at_pair(
        low,
        at[0],
        rows,
        frame,
        lambda a, b, f: _at_pair(low, at[1], columns, f, lambda c, d, g: cell((a, b), (c, d), g)),
    )


def _at_pair(
    low: Lowers,
    at: Position,
    sizes: tuple[Dimension, Dimension],
    frame: Frame,
    cell: Callable[[sympy.Expr, sympy.Expr, Frame], sympy.Expr],
) -> sympy.Expr:
    """An entry on a composed axis. A plain position p selects its pair by delta(p, (outer - 1)*width + inner)."""
    width = size_expression(sizes[1])
    if isinstance(at, Split) and at.width == width:
        return cell(at.outer, at.inner, frame)
    here = expression(at)

    def selected(pair: Position, inner: Frame) -> sympy.Expr:
        if not isinstance(pair, Split):
            raise CompilerFault("a composed axis was summed as a plain one")
        return cell(pair.outer, pair.inner, inner) * sympy.KroneckerDelta(here, pair.expression)

    return sum_over(low, sizes[0] * sizes[1], frame, selected, ("pair", sizes))


# ---------------------------------------------------------------- blocks


def _extent(cell: Term) -> tuple[Dimension, Dimension]:
    """Rows and columns that a block takes."""
    one = Dimension.of(1)
    shape = cell.type.shape
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 1:
        return (one, shape[0]) if cell.type.row else (shape[0], one)
    return one, one


def block_sizes(block: Block) -> tuple[tuple[Dimension, ...], tuple[Dimension, ...]]:
    """Heights of the block rows and widths of the block columns; a scalar takes the size of its neighbours."""

    def common(cells: tuple[Term, ...], axis: int) -> Dimension:
        tensors = [cell for cell in cells if cell.type.rank] or list(cells)
        return _extent(tensors[0])[axis]

    heights = tuple(common(row, 0) for row in block.rows)
    widths = tuple(common(column, 1) for column in zip(*block.rows, strict=True))
    return heights, widths


def block(low: Lowers, term: Block, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    heights, widths = block_sizes(term)
    one: Position = ONE
    row, column = at if len(at) == 2 else ((at[0], one) if len(widths) == 1 else (one, at[0]))
    branches: list[tuple[sympy.Expr, sympy.Basic]] = []
    for number_row, inner_row, row_test in _places(row, heights):
        for number_column, inner_column, column_test in _places(column, widths):
            cell = term.rows[number_row][number_column]
            fills = (heights[number_row], widths[number_column])
            branches.append((_block_cell(low, cell, fills, (inner_row, inner_column), frame), row_test & column_test))
    return branches[0][0] if len(branches) == 1 else sympy.Piecewise(*branches)


def _places(at: Position, sizes: tuple[Dimension, ...]) -> list[tuple[int, sympy.Expr, sympy.Basic]]:
    """The blocks that a position may lie in: number, position inside, test. The tests are tried in order."""
    if isinstance(at, Piece) and at.number < len(sizes) and at.offset == offsets(sizes)[at.number]:
        return [(at.number, at.inner, sympy.true)]
    here, ends = expression(at), offsets(sizes)
    last = len(sizes) - 1
    return [(k, here - ends[k], sympy.true if k == last else sympy.Le(here, ends[k + 1])) for k in range(last + 1)]


def _block_cell(
    low: Lowers,
    cell: Term,
    fills: tuple[Dimension, Dimension],
    at: tuple[sympy.Expr, sympy.Expr],
    frame: Frame,
) -> sympy.Expr:
    if cell.type.rank == 2:
        return low.entry(cell, at, frame)
    if cell.type.rank == 1:
        return low.entry(cell, (at[1] if cell.type.row else at[0],), frame)
    if isinstance(cell, Number) and cell.value == 0:
        return ZERO
    if not all(size.is_one for size in fills):
        raise NotSupportedYet(
            f"a scalar stands where a block of {fills[0]} by {fills[1]} is needed",
            cell.span,
            allowed="0, or a matrix of that size",
            fix="write the block as a multiple of the identity, or declare the matrix",
        )
    return low.entry(cell, (), frame)


# ---------------------------------------------------------------- reductions of one tensor


def trace(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    (matrix,) = call.arguments
    layout = split_of(matrix, 0) or split_of(matrix, 1)
    return sum_over(low, matrix.type.shape[0], frame, lambda k, f: low.entry(matrix, (k, k), f), layout)


def _sum_of(low: Lowers, term: Term, frame: Frame, function: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    """Sum of function(entry) over all entries."""

    def level(axis: int, at: tuple[Position, ...], inner: Frame) -> sympy.Expr:
        if axis == term.type.rank:
            return function(low.entry(term, at, inner))
        dimension = term.type.shape[axis]
        return sum_over(low, dimension, inner, lambda k, f: level(axis + 1, (*at, k), f), split_of(term, axis))

    return level(0, (), frame)


def frobenius(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    return sympy.sqrt(_sum_of(low, call.arguments[0], frame, lambda x: x**2))


def norm2(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if call.arguments[0].type.rank == 2:
        return low.intrinsic("norm2", call.arguments, frame, ())
    return frobenius(low, call, at, frame)


def norm1(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if call.arguments[0].type.rank == 2:
        return unsupported(low, call, at, frame)
    return _sum_of(low, call.arguments[0], frame, sympy.Abs)


def softmax(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    (scores,) = call.arguments
    return sympy.exp(low.entry(scores, at, frame)) / _sum_of(low, scores, frame, sympy.exp)


# ---------------------------------------------------------------- whole-tensor operations


def _untransposed(term: Term) -> tuple[Term, bool]:
    turned = False
    while isinstance(term, Call) and term.operation == "transpose":
        term, turned = term.arguments[0], not turned
    return term, turned


def whole(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """inverse, pseudoinverse, matsqrt: f(A^T) is f(A)^T, so the operand is never a transpose."""
    operand, turned = _untransposed(call.arguments[0])
    return low.intrinsic(call.operation, (operand,), frame, at[::-1] if turned else at)


def det(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """det(A^T) is det A, and det(A^k) is (det A)^k."""
    operand, _ = _untransposed(call.arguments[0])
    if isinstance(operand, Call) and operand.operation == "matpow":
        bottom, exponent = operand.arguments
        return low.entry(replace(call, arguments=(bottom,)), (), frame) ** low.entry(exponent, (), frame)
    return low.intrinsic("det", (operand,), frame, ())


def matpow(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    bottom, exponent = call.arguments
    if not isinstance(exponent, Number) or abs(exponent.value) > LARGEST_EXPANDED_POWER:
        return low.intrinsic("matpow", call.arguments, frame, at)
    count = int(exponent.value)
    if count == 0:
        return sympy.KroneckerDelta(expression(at[0]), expression(at[1]))
    factor = bottom if count > 0 else Call(call.type, "inverse", (bottom,), span=call.span)
    chain = _matrices(factor, False) * abs(count)
    return _product(low, chain, at[0], at[1], frame)


# ---------------------------------------------------------------- entry by entry


def elementwise(function: Callable[[sympy.Expr], sympy.Expr]) -> Rule:
    return lambda low, call, at, frame: function(low.entry(call.arguments[0], at, frame))


def variadic(function: Callable[..., sympy.Expr]) -> Rule:
    return lambda low, call, at, frame: function(*(aligned(low, a, at, frame) for a in call.arguments))


def constant(value: sympy.Expr) -> Rule:
    return lambda low, call, at, frame: value


def log(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """log det A and log |det A| are one whole-tensor operation: the determinant itself overflows early."""
    (argument,) = call.arguments
    inner = argument.arguments[0] if isinstance(argument, Call) and argument.operation == "abs" else argument
    if isinstance(inner, Call) and inner.operation == "det":
        return low.intrinsic("logdet", (_untransposed(inner.arguments[0])[0],), frame, ())
    return sympy.log(low.entry(argument, at, frame))


def unsupported(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    shapes = " and ".join(str(argument.type) for argument in call.arguments) or str(call.type)
    raise NotSupportedYet(f"{call.operation} of a {shapes} has no index form yet", call.span)


def sigmoid(x: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-x))


def softplus(x: sympy.Expr) -> sympy.Expr:
    return sympy.log(1 + sympy.exp(x))


def relu(x: sympy.Expr) -> sympy.Expr:
    return sympy.Max(ZERO, x)


def _delta(row: sympy.Expr, column: sympy.Expr) -> sympy.Expr:
    return sympy.KroneckerDelta(row, column)


OPERATION_RULES: Mapping[str, Rule] = {
    "add": variadic(sympy.Add),
    "neg": elementwise(lambda x: -x),
    "mul": variadic(sympy.Mul),
    "div": variadic(lambda a, b: a / b),
    "pow": variadic(sympy.Pow),
    "max": variadic(sympy.Max),
    "min": variadic(sympy.Min),
    "delta": variadic(_delta),
    "factorial": variadic(sympy.factorial),
    "binomial": variadic(sympy.binomial),
    "matmul": matmul,
    "outer": outer,
    "cross": cross,
    "transpose": transpose,
    "diag": diag,
    "diagonal": diagonal,
    "vec": vec,
    "kron": kron,
    "trace": trace,
    "norm2": norm2,
    "norm1": norm1,
    "normF": frobenius,
    "softmax": softmax,
    "inverse": whole,
    "pseudoinverse": whole,
    "matsqrt": whole,
    "det": det,
    "matpow": matpow,
    "identity": lambda low, call, at, frame: sympy.KroneckerDelta(expression(at[0]), expression(at[1])),
    "zeros": constant(ZERO),
    "ones": constant(ONE),
    "norminf": unsupported,
    "matexp": unsupported,
    "rank": unsupported,
    "exp": elementwise(sympy.exp),
    "log": log,
    "sqrt": elementwise(sympy.sqrt),
    "sin": elementwise(sympy.sin),
    "cos": elementwise(sympy.cos),
    "tan": elementwise(sympy.tan),
    "cot": elementwise(sympy.cot),
    "sec": elementwise(sympy.sec),
    "csc": elementwise(sympy.csc),
    "asin": elementwise(sympy.asin),
    "acos": elementwise(sympy.acos),
    "atan": elementwise(sympy.atan),
    "sinh": elementwise(sympy.sinh),
    "cosh": elementwise(sympy.cosh),
    "tanh": elementwise(sympy.tanh),
    "asinh": elementwise(sympy.asinh),
    "acosh": elementwise(sympy.acosh),
    "atanh": elementwise(sympy.atanh),
    "erf": elementwise(sympy.erf),
    "abs": elementwise(sympy.Abs),
    "sign": elementwise(sympy.sign),
    "gamma": elementwise(sympy.gamma),
    "loggamma": elementwise(sympy.loggamma),
    "floor": elementwise(sympy.floor),
    "ceil": elementwise(sympy.ceiling),
    "sigmoid": elementwise(sigmoid),
    "softplus": elementwise(softplus),
    "relu": elementwise(relu),
}
