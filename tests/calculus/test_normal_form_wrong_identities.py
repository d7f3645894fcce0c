"""Negative controls, written before anything positive: what is not equal must not look equal."""

from __future__ import annotations

import pytest
import sympy
from small_programs import A, B, S, X, a, b, i, inverse, j, k, l, m, matrix, n, normal, over, u, v, x, y
from sympy import Abs, KroneckerDelta, Max, Sum, cos, exp, log, sin, sqrt

from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rational import cleared
from eqcompiler.calculus.rewriting import rewritten
from eqcompiler.languages.program import tensor

SQUARE = (over(i, n), over(j, n))


def product(left: sympy.IndexedBase, right: sympy.IndexedBase) -> sympy.Expr:
    return Sum(left[i, k] * right[k, j], (k, 1, n))


WRONG = {
    "AB = BA": (product(A, B), product(B, A), SQUARE),
    "(AB)^T = A^T B^T": (Sum(A[j, k] * B[k, i], (k, 1, n)), Sum(A[k, i] * B[j, k], (k, 1, n)), SQUARE),
    "A = A^T": (A[i, j], A[j, i], SQUARE),
    "SA = AS": (product(S, A), product(A, S), SQUARE),
    "ranges differ by one": (Sum(u[i], (i, 1, n)), Sum(u[i], (i, 1, n - 1)), ()),
    "ranges differ in size": (Sum(u[i], (i, 1, n)), Sum(u[i], (i, 1, m)), ()),
    "product of sums": (Sum(u[i], (i, 1, n)) * Sum(v[j], (j, 1, n)), Sum(u[i] * v[i], (i, 1, n)), ()),
    "square of a sum": (Sum(u[i], (i, 1, n)) ** 2, Sum(u[i] ** 2, (i, 1, n)), ()),
    "trace of a product": (Sum(A[i, j] * B[j, i], (i, 1, n), (j, 1, n)), Sum(A[i, j] * B[i, j], (i, 1, n), (j, 1, n)), ()),
    "tr(ABS) = tr(BAS)": (
        Sum(A[i, j] * B[j, k] * S[k, i], (i, 1, n), (j, 1, n), (k, 1, n)),
        Sum(B[i, j] * A[j, k] * S[k, i], (i, 1, n), (j, 1, n), (k, 1, n)),
        (),
    ),
    "sqrt(x^2) = x": (sqrt(x**2, evaluate=False), x, ()),
    "|x| = x": (Abs(x), x, ()),
    "sign(x)^2 = 1": (sympy.sign(x) ** 2, sympy.S.One, ()),
    "sign(x) sign(y) = sign(x + y)": (sympy.sign(x) * sympy.sign(y), sympy.sign(x + y), ()),
    "log(xy) = log x + log y": (log(x * y), log(x) + log(y), ()),
    "log(x^2) = 2 log x": (log(x**2), 2 * log(x), ()),
    "log(a + b) = log a + log b": (log(a + b), log(a) + log(b), ()),
    "sqrt(xy) = sqrt x sqrt y": (sympy.Pow(x * y, sympy.Rational(1, 2)), sqrt(x) * sqrt(y), ()),
    "sqrt(a + b) = sqrt a + sqrt b": (sqrt(a + b), sqrt(a) + sqrt(b), ()),
    "exp(x + y) = exp x + exp y": (exp(x + y), exp(x) + exp(y), ()),
    "exp(xy) = exp x exp y": (exp(x * y), exp(x) * exp(y), ()),
    "max(x, y) = x": (Max(x, y), x, ()),
    "max(x, y) = x + y": (Max(x, y), x + y, ()),
    "sin^2 - cos^2 = 1": (sin(x) ** 2 - cos(x) ** 2, sympy.S.One, ()),
    "sin(2x) = 2 sin x": (sin(2 * x), 2 * sin(x), ()),
    "a factor of 1.0005": (sympy.Rational(10005, 10000) * Sum(u[i] * v[i], (i, 1, n)), Sum(u[i] * v[i], (i, 1, n)), ()),
    "delta over a partial range": (Sum(KroneckerDelta(i, j) * u[j], (j, 1, n - 1)), u[i], (over(i, n),)),
    "delta over another range": (Sum(KroneckerDelta(i, j) * u[j], (j, 1, n)), u[i], (over(i, m),)),
    "delta summed past its range": (Sum(KroneckerDelta(i, j), (i, 1, m), (j, 1, n)), m, ()),
    "length of an empty sum": (Sum(1, (i, 3, n)), n - 2, ()),
    "a sum from 2": (Sum(u[i], (i, 2, n)), Sum(u[i], (i, 1, n)), ()),
    "a first term taken from a sum that may be too short": (Sum(u[i], (i, 3, n)), Sum(u[i], (i, 1, n)) - u[1] - u[2], ()),
    "a first term that is not the sum's": (Sum(u[i], (i, 2, n)), Sum(u[i], (i, 1, n)) - u[2], ()),
    "a first term with a pole": (Sum(u[i] / (i - 1), (i, 2, n)), Sum(u[i], (i, 1, n)) - u[1], ()),
    "a shifted component": (Sum(u[i + 1], (i, 1, n - 1)), Sum(u[i], (i, 1, n - 1)), ()),
    "a triangle is half a square": (Sum(A[i, j], (j, 1, i), (i, 1, n)), Sum(A[i, j], (j, 1, n), (i, 1, n)) / 2, ()),
    "Hadamard powers": (Sum(A[i, j] ** 2, (i, 1, n), (j, 1, n)), Sum(A[i, j] * A[j, i], (i, 1, n), (j, 1, n)), ()),
    "rows and columns": (Sum(X[i, k] * X[j, k], (k, 1, n)), Sum(X[k, i] * X[k, j], (k, 1, m)), ()),
    "mean of squares": (Sum(u[i] ** 2, (i, 1, n)) / n, (Sum(u[i], (i, 1, n)) / n) ** 2, ()),
    "1/(a + b) = 1/a + 1/b": (1 / (a + b), 1 / a + 1 / b, ()),
    "(-1)^n = 1": ((-1) ** n, sympy.S.One, ()),
    "x^n = x": (x**n, x, ()),
    "Sum_ij cubic": (
        Sum(u[i] * u[j] * A[i, j] * A[j, i], (i, 1, n), (j, 1, n)),
        Sum(u[i] * u[i] * A[i, j] * A[j, i], (i, 1, n), (j, 1, n)),
        (),
    ),
}
DROPPED_AXES = "rows and columns"


@pytest.mark.parametrize("name", [name for name in WRONG if name != DROPPED_AXES])
def test_wrong_identity_is_not_equal_and_not_cleared_to_zero(name: str) -> None:
    left, right, axes = WRONG[name]
    one, other = normal(left, axes), normal(right, axes)
    assert one.key != other.key
    assert cleared(one - other).terms


def inverted(left: sympy.Expr, right: sympy.Expr, axes: tuple = SQUARE) -> Tensor:
    definitions = (
        matrix("G", Sum(X[k, i] * X[k, j], (k, 1, m))),
        inverse("G_inv", "G"),
        inverse("A_inv", "A"),
        inverse("B_inv", "B"),
        matrix("C", KroneckerDelta(i, j) + A[i, j]),
        inverse("C_inv", "C"),
        matrix("AB", Sum(A[i, k] * B[k, j], (k, 1, n))),
        inverse("AB_inv", "AB"),
    )
    one, other = (normal(side, axes, definitions) for side in (left, right))
    indices = tuple(f for f in (one - other).indices)
    return Tensor(indices, one - other)


G_inv, A_inv, B_inv, C_inv, AB_inv = (tensor(f"{name}_inv") for name in ("G", "A", "B", "C", "AB"))
WRONG_WITH_INVERSES = {
    "X (X^T X)^-1 X^T = I": (
        Sum(X[i, k] * G_inv[k, l] * X[j, l], (k, 1, n), (l, 1, n)),
        KroneckerDelta(i, j),
        (over(i, m), over(j, m)),
    ),
    "A^-1 B = B A^-1": (product(A_inv, B), product(B, A_inv), SQUARE),
    "(AB)^-1 = A^-1 B^-1": (AB_inv[i, j], product(A_inv, B_inv), SQUARE),
    "A^-1 = A^-T": (A_inv[i, j], A_inv[j, i], SQUARE),
    "(I + A)^-1 = I + A^-1": (C_inv[i, j], KroneckerDelta(i, j) + A_inv[i, j], SQUARE),
    "A (I + A)^-1 = (I + A)^-1 A^T": (product(A, C_inv), Sum(C_inv[i, k] * A[j, k], (k, 1, n)), SQUARE),
    "A^-1 - B^-1 = A^-1 (A - B) B^-1": (
        A_inv[i, j] - B_inv[i, j],
        Sum(A_inv[i, k] * (A[k, l] - B[k, l]) * B_inv[l, j], (k, 1, n), (l, 1, n)),
        SQUARE,
    ),
    "tr(A^-1 B A) = tr(A^-1)": (
        Sum(A_inv[i, j] * B[j, k] * A[k, i], (i, 1, n), (j, 1, n), (k, 1, n)),
        Sum(A_inv[i, i], (i, 1, n)),
        (),
    ),
    "tr(A^-1 A) = 1": (Sum(A_inv[i, j] * A[j, i], (i, 1, n), (j, 1, n)), sympy.S.One, ()),
    "entrywise inverse": (Sum(A_inv[i, j] * A[i, j], (i, 1, n), (j, 1, n)), n, ()),
}


@pytest.mark.parametrize("name", list(WRONG_WITH_INVERSES))
def test_wrong_identity_with_inverses_is_not_rewritten_to_zero(name: str) -> None:
    rest, _ = rewritten(inverted(*WRONG_WITH_INVERSES[name]))
    assert rest.terms
