"""Operations in index form: one rule per operation of the terms language.

Takes: a Call and the position of one component. Gives: that component as a SymPy expression.
Guarantees: every name of OPERATIONS and ELEMENTWISE has a rule or says that it is not supported yet; sums bind fresh indices.

    trace(A)    ->    Sum(A[i, i], (i, 1, n))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy

from eqcompiler.calculus.axis_sums import Lowers, split_of, sum_over
from eqcompiler.calculus.environments import Frame, Position, Split, expression
from eqcompiler.calculus.index_algebra import ONE, ZERO
from eqcompiler.calculus.products import cross, factors_of, matmul, outer, product_entry
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import ELEMENTARY, size_expression
from eqcompiler.languages.terms import Call, Term

LARGEST_EXPANDED_POWER = 8
LARGEST_BITS = 10_000  # of a number that is worked out while a formula is lowered: 10^{10^{10}} is never printed

Rule = Callable[[Lowers, Call, tuple[Position, ...], Frame], sympy.Expr]


def aligned(low: Lowers, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """The component of an operand that may be a scalar beside tensors."""
    return low.entry(term, at if term.type.rank else (), frame)


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
    at = at[::-1] if turned else at
    factors = _square_kron(operand)
    if factors and call.operation == "inverse":  # (A kron B)^-1 = A^-1 kron B^-1
        inverses = tuple(Call(factor.type, "inverse", (factor,), span=call.span) for factor in factors)
        return kron(low, Call(operand.type, "kron", inverses, span=call.span), at, frame)
    return low.intrinsic(call.operation, (operand,), frame, at)


def _square_kron(term: Term) -> tuple[Term, ...]:
    """A and B of A kron B, when both are square; else nothing."""
    if not isinstance(term, Call) or term.operation != "kron":
        return ()
    return term.arguments if all(a.type.shape == a.type.shape[::-1] for a in term.arguments) else ()


def det(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    """det(A^T) is det A, det(A^k) is (det A)^k, det(A kron B) is (det A)^m (det B)^n for n by n and m by m."""
    operand, _ = _untransposed(call.arguments[0])
    if factors := _square_kron(operand):
        inside = [det(low, replace(call, arguments=(factor,)), (), frame) for factor in factors]
        sizes = [size_expression(factor.type.shape[0]) for factor in factors]
        return inside[0] ** sizes[1] * inside[1] ** sizes[0]
    if isinstance(operand, Call) and operand.operation == "matpow":
        bottom, exponent = operand.arguments
        return low.entry(replace(call, arguments=(bottom,)), (), frame) ** low.entry(exponent, (), frame)
    return low.intrinsic("det", (operand,), frame, ())


def matpow(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    bottom, exponent = call.arguments
    number = low.entry(exponent, (), frame)
    if not number.is_Integer or abs(number) > LARGEST_EXPANDED_POWER:
        return low.intrinsic("matpow", call.arguments, frame, at)
    count = int(number)
    if count == -1:
        return whole(low, replace(call, operation="inverse", arguments=(bottom,)), at, frame)
    if count == 0:
        return sympy.KroneckerDelta(expression(at[0]), expression(at[1]))
    factor = bottom if count > 0 else Call(call.type, "inverse", (bottom,), span=call.span)
    chain = factors_of(factor, False) * abs(count)
    return product_entry(low, chain, at[0], at[1], frame)


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
        scale, matrix = _scaled(inner.arguments[0])
        whole_part = _log_det(low, _untransposed(matrix)[0], frame)
        size = size_expression(matrix.type.shape[0])
        return sympy.Add(*(size * sympy.log(abs(low.entry(factor, (), frame))) for factor in scale), whole_part)
    return sympy.log(low.entry(argument, at, frame))


def _log_det(low: Lowers, matrix: Term, frame: Frame) -> sympy.Expr:
    if factors := _square_kron(matrix):
        sizes = [size_expression(factor.type.shape[0]) for factor in factors]
        inside = [_log_det(low, _untransposed(factor)[0], frame) for factor in factors]
        return sizes[1] * inside[0] + sizes[0] * inside[1]
    return low.intrinsic("logdet", (matrix,), frame, ())


def _scaled(term: Term) -> tuple[tuple[Term, ...], Term]:
    """c A as its scalar factors and its one matrix: log |det(c A)| = n log |c| + log |det A|."""
    if isinstance(term, Call) and term.operation == "mul":
        matrices = [factor for factor in term.arguments if factor.type.rank]
        if len(matrices) == 1:
            scale, matrix = _scaled(matrices[0])
            return (*(factor for factor in term.arguments if not factor.type.rank), *scale), matrix
    return (), term


def unsupported(low: Lowers, call: Call, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    shapes = " and ".join(str(argument.type) for argument in call.arguments) or str(call.type)
    raise NotSupportedYet(f"{call.operation} of a {shapes} has no index form yet", call.span)


def sigmoid(x: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-x))


def softplus(x: sympy.Expr) -> sympy.Expr:
    return sympy.log(1 + sympy.exp(x))


def relu(x: sympy.Expr) -> sympy.Expr:
    return sympy.Max(ZERO, x)


def power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if base.is_Rational and exponent.is_Rational and exponent.is_finite:
        digits = max(abs(base.p), base.q).bit_length() - 1
        if digits * abs(exponent.p) > LARGEST_BITS * exponent.q:
            raise _too_many_digits(f"{base}^{exponent}")
    return sympy.Pow(base, exponent)


def binomial(n: sympy.Expr, k: sympy.Expr) -> sympy.Expr:
    if n.is_Integer and k.is_Integer and min(abs(k), abs(n - k)) * int(n).bit_length() > LARGEST_BITS:
        raise _too_many_digits(f"the binomial coefficient {n} over {k}")
    return sympy.binomial(n, k)


def factorial(n: sympy.Expr) -> sympy.Expr:
    if n.is_Integer and n * int(n).bit_length() > LARGEST_BITS:
        raise _too_many_digits(f"the factorial of {n}")
    return sympy.factorial(n)


def _too_many_digits(what: str) -> NotSupportedYet:
    return NotSupportedYet(f"{what} has too many digits", allowed=f"numbers of up to {LARGEST_BITS} bits")


def _delta(row: sympy.Expr, column: sympy.Expr) -> sympy.Expr:
    return sympy.KroneckerDelta(row, column)


OPERATION_RULES: Mapping[str, Rule] = {
    **{name: elementwise(function) for name, function in ELEMENTARY.items()},
    "factorial": elementwise(factorial),
    "add": variadic(sympy.Add),
    "neg": elementwise(lambda x: -x),
    "mul": variadic(sympy.Mul),
    "div": variadic(lambda a, b: a / b),
    "pow": variadic(power),
    "max": variadic(sympy.Max),
    "min": variadic(sympy.Min),
    "delta": variadic(_delta),
    "binomial": variadic(binomial),
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
    "log": log,
    "sqrt": elementwise(sympy.sqrt),
    "sign": elementwise(sympy.sign),
    "floor": elementwise(sympy.floor),
    "ceil": elementwise(sympy.ceiling),
    "sigmoid": elementwise(sigmoid),
    "softplus": elementwise(softplus),
    "relu": elementwise(relu),
}
