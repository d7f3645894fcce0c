"""Exact linear algebra over any number of the oracle: rationals, balls, complex floats, and jets over them.

Takes: NumPy arrays of objects. Gives: solve, determinant, rank, pseudoinverse, powers and functions of matrices.
Guarantees: exact over rationals, enclosing over balls; a singular matrix raises Undefined; derivatives come from jets.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flint import acb_poly, arb, arb_mat, fmpq, fmpq_mat, fmpq_poly, nmod

from eqcompiler.errors import NotSupportedYet
from eqcompiler.verification import fields
from eqcompiler.verification.fields import ONE, ZERO, Imprecise, NotDifferentiable, Number, Undefined, sign
from eqcompiler.verification.jets import Jet, apply, base, depth, divide, leaves, tensor

Matrix = Any  # numpy array of objects, rank 2


def identity(n: int) -> Matrix:
    return tensor([ONE if i == j else ZERO for i in range(n) for j in range(n)], (n, n))


def zeros(shape: tuple[int, ...]) -> Any:
    return tensor([ZERO] * math.prod(shape), shape)


def base_of(matrix: Matrix) -> Matrix:
    """The matrix without its jets."""
    return tensor([base(x) for x in matrix.flat], matrix.shape)


def _pivot(column: list[Number]) -> int | None:
    """The row of a usable pivot, the largest one for inexact numbers; None when the column is exactly zero."""
    best: int | None = None
    doubtful = False
    for row, entry in enumerate(column):
        x = base(entry)
        if isinstance(x, fmpq | nmod):
            if x != 0:
                return row
            continue
        try:
            usable = sign(x) != 0 if not isinstance(x, complex) else abs(x) > 0
        except Imprecise:
            doubtful = True
            continue
        if usable and (best is None or _size(x) > _size(base(column[best]))):
            best = row
    if best is None and doubtful:
        raise Imprecise
    return best


def _size(x: Number) -> float:
    return abs(x) if isinstance(x, complex) else abs(float(x))


def row_reduce(matrix: Matrix, columns: int) -> tuple[Matrix, list[int]]:
    """Reduced row echelon form of the first `columns` columns (the rest goes along), and the pivot columns."""
    if matrix.size and set(map(type, matrix.flat)) == {fmpq}:
        return _row_reduced_rationals(matrix, columns)
    work = matrix.copy()
    pivots: list[int] = []
    for column in range(columns):
        top = len(pivots)
        if top == work.shape[0]:
            break
        found = _pivot(list(work[top:, column]))
        if found is None:
            continue
        work[[top, top + found]] = work[[top + found, top]]
        scale = divide(ONE, work[top, column])
        work[top] = work[top] * scale
        for row in range(work.shape[0]):
            if row != top:
                work[row] = work[row] - work[row, column] * work[top]
        pivots.append(column)
    return work, pivots


def _row_reduced_rationals(matrix: Matrix, columns: int) -> tuple[Matrix, list[int]]:
    """The same by FLINT. Pivots in the rest only combine rows that are zero in the first columns."""
    reduced, rank = fmpq_mat(matrix.shape[0], matrix.shape[1], list(matrix.flat)).rref()
    rows = tensor(reduced.entries(), matrix.shape)
    firsts = (next(k for k, x in enumerate(rows[row]) if x != 0) for row in range(rank))
    return rows, [first for first in firsts if first < columns]


def solve(a: Matrix, b: Any) -> Any:
    """x with a x = b, b a vector or a matrix. Raises Undefined when a is singular."""
    n = a.shape[0]
    right = b.reshape(n, -1)
    reduced, pivots = row_reduce(np.concatenate([a, right], axis=1), n)
    if len(pivots) < n:
        raise Undefined("the inverse of a singular matrix")
    return reduced[:, n:].reshape(b.shape)


def inverse(a: Matrix) -> Matrix:
    return solve(a, identity(a.shape[0]))


def characteristic_polynomial(a: Matrix) -> list[Number]:
    """Coefficients of det(x I - a), highest power first, without division (Berkowitz 1984), so that jets need no pivot."""
    coefficients: list[Number] = [ONE, -a[0, 0]]
    for size in range(1, a.shape[0]):
        row, column, corner = a[size, :size], a[:size, size], a[:size, :size]
        powers = [ONE, -a[size, size]]
        for _ in range(size):
            powers.append(-(row @ column))
            column = corner @ column
        coefficients = [
            _total([powers[i - j] * coefficients[j] for j in range(max(0, i - size - 1), min(i, size) + 1)])
            for i in range(size + 2)
        ]
    return coefficients


def _total(parts: list[Number]) -> Number:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def determinant(a: Matrix) -> Number:
    last = characteristic_polynomial(a)[-1]
    return -last if a.shape[0] % 2 else last


def rank(a: Matrix) -> int:
    return len(row_reduce(base_of(a), a.shape[1])[1])


def pseudoinverse(a: Matrix) -> Matrix:
    """Moore-Penrose inverse by a full-rank factorisation a = c f (Ben-Israel and Greville 2003, theorem 1.5)."""
    reduced, pivots = row_reduce(base_of(a), a.shape[1])
    r = len(pivots)
    if r == a.shape[1]:
        return solve(a.T @ a, a.T)
    if r == a.shape[0]:
        return solve(a @ a.T, a).T
    if any(isinstance(x, Jet) for x in a.flat):
        raise NotDifferentiable("the pseudoinverse is not differentiable where the rank is not full")
    if r == 0:
        return zeros(a.T.shape)
    c, f = a[:, pivots], reduced[:r]
    return f.T @ solve(f @ f.T, solve(c.T @ c, c.T))


def matrix_power(a: Matrix, exponent: Number) -> Matrix:
    count = fields.whole_number(exponent)
    if count is None:
        raise Undefined(f"a matrix to the power {exponent}, which is not a whole number")
    if abs(count) > 64:
        raise NotSupportedYet(f"the matrix power {count} is too large", allowed="exponents from -64 to 64")
    factor = inverse(a) if count < 0 else a
    result = identity(a.shape[0])
    for _ in range(abs(count)):
        result = result @ factor
    return result


def ldl_pivots(a: Matrix) -> list[Number] | None:
    """The pivots of L D L^T of the symmetric base of a; None when a zero pivot stands over a nonzero column."""
    work = base_of(a)
    n = work.shape[0]
    pivots = []
    for k in range(n):
        pivot = work[k, k]
        pivots.append(pivot)
        if sign(pivot) == 0:
            if any(sign(x) != 0 for x in work[k + 1 :, k]):
                return None
            continue
        for i in range(k + 1, n):
            work[i, k:] = work[i, k:] - divide(work[i, k], pivot) * work[k, k:]
    return pivots


def positive_definite(a: Matrix) -> bool:
    pivots = ldl_pivots(a)
    return pivots is not None and all(sign(x) > 0 for x in pivots)


def positive_semidefinite(a: Matrix) -> bool:
    pivots = ldl_pivots(a)
    return pivots is not None and all(sign(x) >= 0 for x in pivots)


def nullspace(a: Matrix) -> Matrix:
    """Columns that span the solutions of a x = 0, for the base of a."""
    reduced, pivots = row_reduce(base_of(a), a.shape[1])
    free = [k for k in range(a.shape[1]) if k not in pivots]
    basis = zeros((a.shape[1], len(free))) if free else np.empty((a.shape[1], 0), dtype=object)
    for column, k in enumerate(free):
        basis[k, column] = ONE
        for row, pivot in enumerate(pivots):
            basis[pivot, column] = -reduced[row, k]
    return basis


def eigenvalues(a: Matrix) -> list[arb]:
    """The distinct eigenvalues of the symmetric base of a, as balls, in ascending order."""
    coefficients = characteristic_polynomial(base_of(a))[::-1]
    if all(isinstance(c, fmpq) for c in coefficients):
        polynomial: Any = fmpq_poly(coefficients)
        roots = [root for root, _ in polynomial.complex_roots()]
    else:
        try:
            roots = acb_poly([fields.ball(c) for c in coefficients]).roots()
        except ValueError as reason:
            raise Imprecise from reason
    reals = [root.real if hasattr(root, "imag") else root for root in roots]
    return sorted((arb(x) for x in reals), key=lambda x: float(x.mid()))


def spectral_norm(a: Matrix) -> Number:
    """The largest singular value: the root of the largest zero of det(x I - a^T a).

    Its derivatives come from Newton steps on that polynomial, each of which makes one more level of jets exact.
    """
    gram = a.T @ a if a.shape[0] >= a.shape[1] else a @ a.T
    _refuse_complex(gram, "a spectral norm")
    root: Number = eigenvalues(gram)[-1]
    coefficients = characteristic_polynomial(gram)
    for _ in range(max(depth(x) for x in gram.flat)):
        value, slope = coefficients[0], ZERO
        for c in coefficients[1:]:
            slope = slope * root + value
            value = value * root + c
        root = root - divide(value, slope)
    return apply("sqrt", root)


def square_root(a: Matrix) -> Matrix:
    """The symmetric positive definite root: Lagrange's polynomial through the square roots of the eigenvalues.

    Its derivatives come from Newton steps, S X + X S = a - S^2, each of which makes one more level of jets exact.
    """
    _refuse_complex(a, "a matrix square root")
    plain = base_of(a)
    if any(sign(x) != 0 for x in (plain - plain.T).flat if isinstance(x, fmpq)):
        raise Undefined("the square root of a matrix that is not symmetric")
    values = eigenvalues(plain)
    if any(sign(x) <= 0 for x in values):
        raise Undefined("the square root of a matrix that is not positive definite")
    n = a.shape[0]
    root = zeros((n, n))
    for k, value in enumerate(values):
        part = identity(n) * apply("sqrt", value)
        for j, other in enumerate(values):
            if j != k:
                part = part @ (plain - identity(n) * other) * divide(ONE, value - other)
        root = root + part
    exact = tensor([_root_text(x) for x in root.flat], root.shape)
    if exact is not None and all(isinstance(x, fmpq) for x in exact.flat) and np.array_equal(exact @ exact, plain):
        root = exact
    for _ in range(max(depth(x) for x in a.flat)):
        system = np.kron(root, identity(n)) + np.kron(identity(n), root.T)
        root = root + solve(system, (a - root @ root).reshape(n * n)).reshape(n, n)
    return root


def _root_text(x: arb) -> Number:
    """A rational with a small denominator inside the ball, or the ball itself."""
    for denominator in range(1, 13):
        whole = (x * denominator).unique_fmpz()
        if whole is not None:
            return fmpq(whole, denominator)
    return x


def exponential(a: Matrix) -> Matrix:
    """The matrix exponential; a jet's direction d rides along as exp([[a, d], [0, a]]) (Najfeld and Havel 1995)."""
    _refuse_complex(a, "a matrix exponential")
    levels = [x.level for x in a.flat if isinstance(x, Jet)]
    n = a.shape[0]
    if not levels:
        if all(x == 0 for x in a.flat):
            return identity(n)
        entries = arb_mat(n, n, [fields.ball(x) for x in a.flat]).exp().entries()
        return tensor([fields.finite(x) for x in entries], (n, n))
    level = max(levels)
    count = next(len(x.tangent) for x in a.flat if isinstance(x, Jet) and x.level == level)
    value = tensor([x.value if isinstance(x, Jet) and x.level == level else x for x in a.flat], a.shape)
    directions = []
    for k in range(count):
        change = tensor([x.tangent[k] if isinstance(x, Jet) and x.level == level else ZERO for x in a.flat], a.shape)
        block = exponential(np.block([[value, change], [zeros((n, n)), value]]))
        directions.append(block[:n, n:])
    plain = exponential(value)
    return tensor(
        [Jet(level, x, [d.flat[k] for d in directions]) for k, x in enumerate(plain.flat)],
        a.shape,
    )


def _refuse_complex(a: Matrix, what: str) -> None:
    if any(isinstance(leaf, complex) for x in a.flat for leaf in leaves(x)):
        raise NotSupportedYet(f"{what} in complex floats", fix="evaluate it with balls")
