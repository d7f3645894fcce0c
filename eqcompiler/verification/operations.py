"""What every operation of languages.terms.OPERATIONS does to numbers and arrays, in the most obvious way.

Takes: evaluated arguments. Gives: the value; `OPERATION_RULES` has one entry per operation.
Guarantees: shapes are never stretched silently: sides of different shape raise CompilerFault with both shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import pairwise
from operator import add, mul
from typing import Any

import numpy as np
from flint import fmpq

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.verification import jets, linear_algebra
from eqcompiler.verification.fields import LARGEST_EXPONENT, ONE, ZERO, Number, Undefined, integer_power, whole_number
from eqcompiler.verification.jets import apply, base, divide, larger, require_plain, smaller, tensor

Value = Any  # a number, or a numpy array of them


def shape_of(value: Value) -> tuple[int, ...]:
    return value.shape if isinstance(value, np.ndarray) else ()


def entrywise(function: Callable[..., Number], *operands: Value) -> Value:
    """Entry by entry; scalars go with every entry, two different shapes never meet."""
    if np.ndarray not in map(type, operands):
        return function(*operands)
    shapes = [x.shape for x in operands if isinstance(x, np.ndarray)]
    if any(shape != shapes[0] for shape in shapes):
        raise CompilerFault(
            f"an entrywise operation met the shapes {shapes[0]} and {next(s for s in shapes if s != shapes[0])}"
        )
    count = math.prod(shapes[0])
    columns = [list(x.flat) if isinstance(x, np.ndarray) else [x] * count for x in operands]
    return tensor([function(*row) for row in zip(*columns, strict=True)], shapes[0])


def total(parts: Sequence[Value]) -> Value:
    """The sum of values of one shape; there is at least one."""
    if np.ndarray in map(type, parts):
        for left, right in pairwise(parts):
            if shape_of(left) != shape_of(right):
                raise CompilerFault(f"a sum met the shapes {shape_of(left)} and {shape_of(right)}")
    return reduce(add, parts)


def product(parts: Sequence[Value]) -> Value:
    return reduce(mul, parts) if np.ndarray not in map(type, parts) else reduce(partial(entrywise, mul), parts)


def matmul(left: Value, right: Value) -> Value:
    if not shape_of(left) or not shape_of(right) or left.shape[-1] != right.shape[0]:
        raise CompilerFault(f"a matrix product of the shapes {shape_of(left)} and {shape_of(right)}")
    return left @ right


def square(operation: str, a: Value) -> Value:
    if len(shape_of(a)) != 2 or a.shape[0] != a.shape[1]:
        raise CompilerFault(f"{operation} of the shape {shape_of(a)}, which is not square")
    return a


def sum_of_squares(a: Value) -> Number:
    return total([x * x for x in a.flat])


def outer(a: Value, b: Value) -> Value:
    return tensor([x * y for x in a.flat for y in b.flat], (a.size, b.size))


def kron(a: Value, b: Value) -> Value:
    (m, n), (p, q) = a.shape, b.shape
    return tensor([a[i // p, j // q] * b[i % p, j % q] for i in range(m * p) for j in range(n * q)], (m * p, n * q))


def norm2(a: Value) -> Number:
    return linear_algebra.spectral_norm(a) if a.ndim == 2 else apply("sqrt", sum_of_squares(a))


def extreme(choose: Callable[[Number, Number], Number], parts: Sequence[Value]) -> Value:
    if not parts:
        raise Undefined("the maximum or minimum of nothing")
    return reduce(lambda a, b: entrywise(choose, a, b), parts)


def softmax(z: Value) -> Value:
    powers = [apply("exp", x) for x in z.flat]
    below = total(powers)
    return tensor([divide(x, below) for x in powers], z.shape)


def delta(i: Number, j: Number) -> Number:
    require_plain(i, "a Kronecker delta")
    require_plain(j, "a Kronecker delta")
    return ONE if i == j else ZERO


def rank(a: Value) -> Number:
    if any(isinstance(x, jets.Jet) for x in a.flat):
        require_plain(next(x for x in a.flat if isinstance(x, jets.Jet)), "a rank")
    return fmpq(linear_algebra.rank(a))


def factorial(n: Number) -> Number:
    whole = whole_number(n)
    if whole is not None and 0 <= whole <= LARGEST_EXPONENT:
        return fmpq(math.factorial(whole))
    if whole is not None and whole > 0:
        raise NotSupportedYet(f"the factorial of {n} is too large", allowed=f"up to {LARGEST_EXPONENT}")
    return apply("gamma", n + 1)


def binomial(n: Number, k: Number) -> Number:
    """n (n-1) ... (n-k+1) / k! for whole k, by gamma functions otherwise."""
    count = whole_number(k)
    if count is None:
        return divide(apply("gamma", n + 1), apply("gamma", k + 1) * apply("gamma", n - k + 1))
    if count < 0:
        return ZERO
    if count > LARGEST_EXPONENT:
        raise NotSupportedYet(f"a binomial coefficient over {k} is too large", allowed=f"up to {LARGEST_EXPONENT}")
    result = ONE
    for j in range(count):
        result = divide(result * (n - j), fmpq(j + 1))
    return result


def cross(a: Value, b: Value) -> Value:
    return tensor([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], (3,))


def diag(v: Value) -> Value:
    n = v.size
    return tensor([v[i] if i == j else ZERO for i in range(n) for j in range(n)], (n, n))


def even_power_of_norm(operation: str, inside: Value, half: int) -> Number:
    """(a norm) ** (2 * half) without a square root, so that it stays rational and differentiable at zero."""
    return integer_power(_SQUARED[operation](inside), half)


_SQUARED: dict[str, Callable[[Value], Number]] = {
    "norm2": sum_of_squares,
    "normF": sum_of_squares,
    "abs": lambda x: x * x,
}

# operation -> rule over evaluated arguments; identity, zeros and ones need their type and live in the oracle
OPERATION_RULES: dict[str, Callable[..., Value]] = {
    "add": lambda *parts: total(parts),
    "neg": lambda a: -a,
    "mul": lambda *parts: product(parts),
    "div": lambda a, b: entrywise(divide, a, b),
    "pow": lambda a, b: entrywise(jets.power, a, b),
    "matmul": matmul,
    "outer": outer,
    "transpose": lambda a: a.T,
    "inverse": lambda a: linear_algebra.inverse(square("the inverse", a)),
    "pseudoinverse": linear_algebra.pseudoinverse,
    "matpow": lambda a, k: linear_algebra.matrix_power(square("a power", a), base(k)),
    "matsqrt": lambda a: linear_algebra.square_root(square("the square root", a)),
    "matexp": lambda a: linear_algebra.exponential(square("the exponential", a)),
    "trace": lambda a: total([a[i, i] for i in range(square("the trace", a).shape[0])]),
    "det": lambda a: linear_algebra.determinant(square("the determinant", a)),
    "rank": rank,
    "diag": diag,
    "diagonal": lambda a: tensor([a[i, i] for i in range(square("the diagonal", a).shape[0])], (a.shape[0],)),
    "vec": lambda a: tensor(list(a.T.flat), (a.size,)),
    "kron": kron,
    "norm2": norm2,
    "norm1": lambda a: total([apply("abs", x) for x in a.flat]),
    "norminf": lambda a: extreme(larger, [apply("abs", x) for x in a.flat]),
    "normF": lambda a: apply("sqrt", sum_of_squares(a)),
    "max": lambda *parts: extreme(larger, parts),
    "min": lambda *parts: extreme(smaller, parts),
    "softmax": softmax,
    "delta": delta,
    "factorial": factorial,
    "binomial": binomial,
    "cross": cross,
}
