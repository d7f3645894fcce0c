"""Projections, updated inverses, principal components: kernels of the library against NumPy's and scikit-learn's own."""

from __future__ import annotations

import numpy as np
from agreement import library, slope
from rounding import assert_agree, largest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

M, N = 12, 4


def test_the_hat_matrix_is_that_of_a_qr_factorisation() -> None:
    kernel = library("projections")
    generator = np.random.default_rng(1)
    X, y = generator.normal(size=(M, N)), generator.normal(size=M)
    Q, _ = np.linalg.qr(X)
    size = np.linalg.cond(X) ** 2 * largest(y, 1.0)
    assert_agree(kernel.H(X), Q @ Q.T, 8 * M * N, size)
    assert_agree(kernel.M(X), np.eye(M) - Q @ Q.T, 8 * M * N, size)
    assert_agree(kernel.y_hat(X, y), X @ np.linalg.lstsq(X, y, rcond=None)[0], 8 * M * N, size)


def test_an_updated_system_is_solved_as_numpy_solves_it() -> None:
    kernel = library("woodbury")
    generator = np.random.default_rng(2)
    A, (u, v, b) = generator.normal(size=(N, N)) + 3 * np.eye(N), generator.normal(size=(3, N))
    B = A + np.outer(u, v)
    assert_agree(kernel.B(A, u, v), B, 2, largest(A, u, v) ** 2)
    assert_agree(kernel.x(A, u, v, b), np.linalg.solve(B, b), 8 * N**2, np.linalg.cond(B) * np.linalg.norm(b))


def test_ridge_weights_are_scikit_learns_with_more_features_than_samples() -> None:
    kernel = library("woodbury")
    generator = np.random.default_rng(3)
    X, y, penalty = generator.normal(size=(N, M)), generator.normal(size=N), 0.5
    fitted = Ridge(alpha=penalty, fit_intercept=False, solver="svd").fit(X, y).coef_
    condition = (np.linalg.norm(X, 2) ** 2 + penalty) / penalty
    assert_agree(kernel.w(X, y, penalty), fitted, 8 * M * N, condition * largest(fitted))


def test_the_rayleigh_quotient_is_greatest_at_scikit_learns_first_component() -> None:
    kernel = library("rayleigh_quotient")
    generator = np.random.default_rng(4)
    X = generator.normal(size=(M, N)) * np.array([3.0, 2.0, 1.0, 0.5])
    X -= X.mean(axis=0)
    fitted = PCA().fit(X)
    spread = largest(X) ** 2
    for w, variance in zip(fitted.components_, fitted.explained_variance_, strict=True):
        value, gradient = kernel.value_and_grad_R(w, X)
        assert_agree(value, variance * (M - 1) / M, 8 * M * N, spread)  # scikit-learn divides by m - 1
        assert_agree(gradient, np.zeros(N), 8 * M * N, spread)
    curvature = np.linalg.eigvalsh(kernel.hess_R(fitted.components_[0], X))
    assert_agree(curvature[-1], 0.0, 8 * M * N, spread)  # flat along w, downwards in every other direction
    assert np.all(curvature[:-1] < 0)


def test_the_gradient_of_the_rayleigh_quotient_is_a_complex_step() -> None:
    kernel = library("rayleigh_quotient")
    generator = np.random.default_rng(5)
    X, w = generator.normal(size=(M, N)), generator.normal(size=N)
    expected = slope(lambda u: np.sum((X @ u) ** 2) / (M * np.sum(u * u)), w)
    assert_agree(kernel.grad_R(w, X), expected, 8 * M * N, largest(X) ** 2 * N / np.linalg.norm(w))
