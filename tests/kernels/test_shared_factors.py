"""Cholesky factors: where a matrix must not be taken for definite, what is shared, and the numbers with their fallbacks."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from kernel_cases import ONE, A, I, K, L, M, N, X, b, i, j, k, l, lam, m, n, value, w, x
from sympy import KroneckerDelta, Sum

from eqcompiler.kernels import plan
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, tensor

S, P, H = (tensor(name) for name in "SPH")
SQUARE = Input("A", (N, N))
DATA = (Input("X", (M, N)), Input("x", (N,)))
POSITIVE = Input("lambda", (), assumptions=("positive",))
DEFINITE = Input("P", (N, N), assumptions=("positive definite",))
WEIGHTS = Input("w", (M,), assumptions=("positive",))
GRAM = Sum(X[i, k] * X[i, l], (i, 1, m))
IDENTITY = KroneckerDelta(k, l)


def system(matrix: sympy.Expr, *inputs: Input) -> KernelRequest:
    """u = S^{-1} x and log det S for one matrix S."""
    return value(
        "f",
        inputs,
        Indexed("S", (K, L), matrix),
        Intrinsic("u", (K,), "solve", ("S", "x")),
        Intrinsic("d", (), "logdet", ("S",)),
        outputs=("u", "d"),
    )


MIRRORED = Input("A", (N, N), assumptions=("symmetric",))
DISTANCES = Sum((X[k, i] - X[l, i]) ** 2, (i, 1, n))
SYMMETRIC = {
    "declared": system(A[k, l], MIRRORED, DATA[1]),
    "less a multiple of the identity": system(GRAM - lam * IDENTITY, *DATA, POSITIVE),
    "plus a number of unknown sign": system(GRAM + b * IDENTITY, *DATA, Input("b", ())),
    "weights of unknown sign": system(Sum(w[i] * X[i, k] * X[i, l], (i, 1, m)), *DATA, Input("w", (M,))),
    "a difference of definite matrices": system(P[k, l] - IDENTITY, DEFINITE, DATA[1]),
    "a function of distances": system(sympy.exp(-DISTANCES / 2), Input("X", (N, N)), DATA[1]),
    "a sum with its mirror image": system(A[k, l] + A[l, k], SQUARE, DATA[1]),
}
INDEFINITE = {
    "a matrix of which nothing is known": system(A[k, l], SQUARE, DATA[1]),
    "a difference from its mirror image": system(A[k, l] - A[l, k], SQUARE, DATA[1]),
    "a function of differences": system((x[k] - x[l]) ** 3, DATA[1]),
    "two different matrices": system(Sum(X[i, k] * H[i, l], (i, 1, m)), *DATA, Input("H", (M, N))),
    "not mirrored": system(Sum(A[i, k] * A[l, i], (i, 1, n)), SQUARE, DATA[1]),
    "an outer product of two vectors": system(x[k] * w[l], DATA[1], Input("w", (N,))),
}


@pytest.mark.parametrize("case", sorted(INDEFINITE))
def test_cholesky_is_not_used_for(case):
    text = str(plan(INDEFINITE[case]))
    assert "cholesky" not in text
    assert "factor" not in text
    assert "gram solve" not in text


@pytest.mark.parametrize("case", sorted(SYMMETRIC))
def test_a_symmetric_matrix_may_be_indefinite(case):
    text = str(plan(SYMMETRIC[case]))
    assert "d := factor logdet(" in text
    assert "u := symmetric factor solve(" in text or "u := solve(S, x)" in text  # where rows could serve, the solve stays alone
    assert "cholesky solve" not in text
    assert "u := factor solve" not in text


@pytest.fixture(scope="module")
def symmetric(compile_one):
    return compile_one(SYMMETRIC["a sum with its mirror image"]).f


@pytest.mark.parametrize("values", [(3.0, 2.0, 1.0), (3.0, -2.0, 1.0), (1e-12, 1.0, -1.0)])
def test_numbers_of_symmetric_matrices(symmetric, values):
    Q = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    S = (Q * np.array(values)) @ Q.T
    S = (S + S.T) / 2
    u, d = symmetric(S / 2, np.ones(3))
    condition = max(map(abs, values)) / min(map(abs, values))
    expected = np.linalg.solve(S, np.ones(3))
    assert np.max(np.abs(u - expected)) <= 64 * condition * np.finfo(float).eps * np.max(np.abs(expected))
    assert abs(d - np.log(np.abs(np.linalg.det(S)))) <= 64 * condition * np.finfo(float).eps


def test_a_singular_symmetric_matrix_is_refused_as_any_other(symmetric):
    with pytest.raises(np.linalg.LinAlgError):
        symmetric(np.zeros((2, 2)), np.ones(2))


SANDWICH = Sum(Sum(P[i, j] * H[k, i], (i, 1, n)) * H[l, j], (j, 1, n))
PROVED = {
    "weighted": system(Sum(w[i] * X[i, k] * X[i, l], (i, 1, m)), *DATA, WEIGHTS),
    "shifted": system(P[k, l] + lam**2 * IDENTITY, DEFINITE, DATA[1], POSITIVE),
    "sandwich": system(SANDWICH + P[k, l], DEFINITE, DATA[1], Input("H", (N, N))),
    "diagonal": system(IDENTITY * x[k] ** 2 + IDENTITY, DATA[1]),
    "outer": system(x[k] * x[l] + IDENTITY, DATA[1]),
}


@pytest.mark.parametrize("case", sorted(PROVED))
def test_one_factor_serves_the_solve_and_the_determinant(case):
    text = str(plan(PROVED[case]))
    assert text.count(":= cholesky(S)") == 1
    assert "u := factor solve(S_factor, x, S)" in text
    assert "d := factor logdet(S_factor, S)" in text


def test_a_transpose_of_a_symmetric_matrix_and_a_repeated_solve_cost_nothing():
    turned = Indexed("S", (K, L), P[l, k])
    first, second = (Intrinsic(name, (K,), "solve", (matrix, "x")) for name, matrix in (("u", "P"), ("v", "S")))
    both = Indexed("t", (K,), tensor("u")[k] * tensor("v")[k])
    assert str(plan(value("f", (DEFINITE, DATA[1]), turned, first, second, both))) == (
        "f(P[n, n], x[n]) -> t[n]\n  allocate u[n]\n  u := cholesky solve(P, x)\n  for k in 1..n:\n    t[k] := u[k]**2\n"
        "  cholesky solve: by Cholesky; least squares by QR with pivots where a pivot keeps less than sqrt(eps) of its entry"
    )


def test_a_transpose_of_any_other_matrix_is_kept():
    turned = Indexed("S", (K, L), A[l, k])
    solved = Intrinsic("u", (K,), "solve", ("S", "x"))
    assert "u := solve(S, x)" in str(plan(value("f", (SQUARE, DATA[1]), turned, solved)))


WHOLE = value(
    "whole",
    (DEFINITE, DATA[1], Input("X", (M, N))),
    Indexed("rhs", (K, I), X[i, k]),
    Intrinsic("u", (K,), "solve", ("P", "x")),
    Intrinsic("U", (K, Axis(i, ONE, m)), "solve", ("P", "rhs")),
    Intrinsic("d", (), "logdet", ("P",)),
    Intrinsic("B", (K, L), "inverse", ("P",)),
    outputs=("u", "U", "d", "B"),
)


@pytest.fixture(scope="module")
def whole(compile_one):
    return compile_one(WHOLE).whole


def definite(size: int, dtype: type = np.float64) -> np.ndarray:
    """Condition number at most 4."""
    rng = np.random.default_rng(size)
    Q = np.linalg.qr(rng.normal(size=(size, size)))[0]
    S = (Q * np.linspace(1.0, 4.0, size)) @ Q.T
    return ((S + S.T) / 2).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 100])
def test_numbers(whole, size, dtype):
    S, rng = definite(size, dtype), np.random.default_rng(0)
    x, X = rng.normal(size=size).astype(dtype), rng.normal(size=(3, size)).astype(dtype)
    u, U, d, B = whole(S, x, X)
    exact = S.astype(float)
    allowed = 4 * 4 * size * 4 * float(np.finfo(dtype).eps)  # cond, times n roundings of entries below 4
    np.testing.assert_allclose(u, np.linalg.solve(exact, x), rtol=0, atol=allowed * np.max(np.abs(x)))
    np.testing.assert_allclose(U, np.linalg.solve(exact, X.T), rtol=0, atol=allowed * np.max(np.abs(X)))
    np.testing.assert_allclose(B, np.linalg.inv(exact), rtol=0, atol=allowed)
    assert abs(d - np.linalg.slogdet(exact)[1]) <= size * allowed
    np.testing.assert_array_equal(B, B.T)
    assert B.dtype == dtype


def test_a_matrix_that_breaks_its_promise_still_gets_the_right_answer(whole):
    S = np.array([[0.0, 2.0], [2.0, 1.0]])  # indefinite
    u, U, d, B = whole(S, np.array([2.0, 4.0]), np.array([[2.0, 4.0]]))
    allowed = 64 * np.finfo(float).eps
    np.testing.assert_allclose(u, [1.5, 1.0], atol=allowed)
    np.testing.assert_allclose(U[:, 0], [1.5, 1.0], atol=allowed)
    np.testing.assert_allclose(B, np.linalg.inv(S), atol=allowed)
    assert abs(d - np.log(4.0)) <= allowed


def test_what_is_not_finite_stays_so(whole):
    S = definite(3)
    S[1, 1] = np.nan
    u, U, d, B = whole(S, np.ones(3), np.ones((2, 3)))
    assert all(np.isnan(part).all() for part in (u, U, d, B))


def test_the_plan_says_what_decides_how_a_system_is_solved():
    moment = Sum(X[i, k] * w[i], (i, 1, m))
    request = value(
        "f",
        (Input("X", (M, N)), Input("w", (M,))),
        Indexed("S", (K, L), GRAM),
        Indexed("r", (K,), moment),
        Intrinsic("u", (K,), "solve", ("S", "r")),
        outputs=("u",),
    )
    assert str(plan(request)).splitlines()[-1] == (
        "  gram solve: by Cholesky; QR with pivots of the rows where the condition estimate exceeds 1/sqrt(eps)"
    )
