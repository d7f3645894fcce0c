"""Regression and classification: kernels of the library against scikit-learn, SciPy and textbook NumPy."""

from __future__ import annotations

import numpy as np
from agreement import Array, library, slope
from rounding import EPS, assert_agree, largest
from scipy import special
from sklearn.cluster import KMeans
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

M, N, K = 17, 4, 3


def samples(seed: int) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(M, N)), generator.normal(size=M), generator.normal(size=N)


def test_logistic_regression_is_that_of_hastie_tibshirani_friedman() -> None:
    """Loss by scikit-learn's log_loss; gradient and Hessian as in The Elements of Statistical Learning, (4.21) and (4.22)."""
    kernel = library("logistic_regression")
    X, noise, theta = samples(1)
    y = (noise > 0).astype(float)
    p = special.expit(X @ theta)
    size = largest(X) ** 2 / p.min() / (1 - p).min()
    value, gradient = kernel.value_and_grad_L(theta, X, y)
    assert_agree(kernel.p(X, theta), p, 4 * N, largest(X) * largest(theta))
    assert_agree(value, log_loss(y, p), 8 * M * N, size)
    assert_agree(gradient, X.T @ (p - y) / M, 8 * M * N, size)
    assert_agree(kernel.hess_L(theta, X, y), X.T @ np.diag(p * (1 - p)) @ X / M, 16 * M * N, size)


def test_logistic_regression_descends_to_what_scikit_learn_finds() -> None:
    kernel = library("logistic_regression")
    X, noise, _ = samples(2)
    y = (X[:, 0] + 2 * noise > 0).astype(float)
    fitted = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000).fit(X, y)
    found, _ = kernel.theta_run(np.zeros(N), X, y, 1.0, 20000)
    curvature = np.linalg.eigvalsh(kernel.hess_L(found, X, y))[0]
    remaining = np.abs(kernel.grad_L(fitted.coef_[0], X, y)).max()  # scikit-learn stops where its gradient is small
    assert_agree(found, fitted.coef_[0], M * N, (1 + remaining / EPS) / curvature)


def test_logistic_regression_has_a_gradient_where_probabilities_round_to_0_and_1() -> None:
    kernel = library("logistic_regression")
    X, y, theta = np.array([[1000.0], [-1000.0], [40.0]]), np.array([1.0, 1.0, 0.0]), np.ones(1)
    value, gradient = kernel.value_and_grad_L(theta, X, y)
    assert_agree(value, (1000.0 + 40.0) / 3, 8, 1000.0)  # log(1 + e^-1000) and log(1 + e^-40) - 0 round away
    assert_agree(gradient, X.T @ (special.expit(X @ theta) - y) / 3, 8, 1000.0)
    assert_agree(kernel.hess_L(theta, X, y), np.zeros((1, 1)), 8, 1600.0)


def test_softmax_cross_entropy_of_one_sample_is_scipys() -> None:
    kernel = library("softmax_cross_entropy")
    generator = np.random.default_rng(3)
    z, t = generator.normal(size=K), generator.dirichlet(np.ones(K))
    p = special.softmax(z)
    value, gradient = kernel.value_and_grad_L(z, t)
    size = 1 / p.min()
    assert_agree(kernel.p(z), p, 8 * K)
    assert_agree(value, -t @ special.log_softmax(z), 8 * K, size)
    assert_agree(gradient, p - t, 16 * K, size)
    assert_agree(kernel.hess_L(z, t), np.diag(p) - np.outer(p, p), 16 * K * K, size**2)


def test_softmax_cross_entropy_of_a_data_set_is_scikit_learns() -> None:
    kernel = library("softmax_cross_entropy")
    X, _, _ = samples(4)
    generator = np.random.default_rng(5)
    W, labels = generator.normal(size=(N, K)), generator.integers(K, size=M)
    Y, P = np.eye(K)[labels], special.softmax(X @ W, axis=1)
    value, gradient = kernel.value_and_grad_J(W, X, Y)
    size = largest(X) / P.min()
    assert_agree(value, log_loss(labels, P, labels=range(K)), 8 * M * N * K, size)
    assert_agree(gradient, X.T @ (P - Y) / M, 8 * M * N * K, size)


def test_weighted_least_squares_is_scikit_learns() -> None:
    kernel = library("weighted_least_squares")
    X, y, beta = samples(6)
    w = np.random.default_rng(7).uniform(0.1, 2.0, size=M)
    fitted = LinearRegression(fit_intercept=False).fit(X, y, sample_weight=w).coef_
    condition = np.linalg.cond(np.sqrt(w)[:, None] * X) ** 2
    assert_agree(kernel.beta_hat(X, y, w), fitted, 4 * M * N, condition * largest(fitted))
    residual = y - X @ beta
    value, gradient = kernel.value_and_grad_L(beta, X, y, w)
    size = 2 * M * largest(X) * (largest(y) + N * largest(X) * largest(beta)) ** 2
    assert_agree(value, np.sum(w * residual**2) / 2, 4 * M * N, size)
    assert_agree(gradient, -(X.T @ (w * residual)), 4 * M * N, size)
    assert_agree(kernel.hess_L(beta, X, y, w), (X.T * w) @ X, 4 * M, 2 * M * largest(X) ** 2)


def test_huber_is_scipys_and_its_force_is_bounded() -> None:
    kernel = library("huber")
    X, y, theta = samples(8)
    delta = 0.7
    residual = X @ theta - y
    assert np.sum(np.abs(residual) > delta) not in (0, M)  # both branches are taken
    size = largest(X) * largest(residual) ** 2
    value, gradient = kernel.value_and_grad_L(theta, X, y, delta)
    assert_agree(value, np.mean(special.huber(delta, residual)), 4 * M * N, size)
    assert_agree(gradient, X.T @ np.clip(residual, -delta, delta) / M, 4 * M * N, size)
    for r in (-3.0, -delta, -0.1, 0.0, 0.2, delta, 5.0):
        assert_agree(kernel.rho(r, delta), special.huber(delta, r), 4, 5.0)
        assert_agree(kernel.grad_rho(r, delta), np.clip(r, -delta, delta), 4, 5.0)


def test_elastic_net_gradient_is_a_subgradient_at_what_scikit_learn_finds() -> None:
    kernel = library("elastic_net")
    X, y, _ = samples(9)
    strength, mix = 0.2, 0.6
    w = ElasticNet(alpha=strength, l1_ratio=mix, fit_intercept=False, tol=1e-14, max_iter=100000).fit(X, y).coef_
    kept = w != 0
    assert 0 < kept.sum() < N  # the penalty has removed some and kept some
    gradient = kernel.grad_s(w, X, y, strength, mix)
    reached = 1e-6  # scikit-learn stops at a duality gap of 1e-14 y'y, which leaves about its root in the gradient
    np.testing.assert_allclose(gradient[kept], -strength * mix * np.sign(w[kept]), rtol=0, atol=reached)
    assert np.all(np.abs(gradient[~kept]) <= strength * mix + reached)
    size = M * largest(X, y) ** 2
    expected = np.sum((X @ w - y) ** 2) / (2 * M) + strength * np.sum(mix * np.abs(w) + (1 - mix) / 2 * w**2)
    assert_agree(kernel.F(w, X, y, strength, mix), expected, 4 * M * N, size)
    assert_agree(kernel.hess_s(w, X, y, strength, mix), X.T @ X / M + strength * (1 - mix) * np.eye(N), 4 * M, size)


def test_elastic_net_proximal_descent_reaches_scikit_learn() -> None:
    """Iterative soft thresholding (Beck and Teboulle 2009) with the gradient and the threshold of the library."""
    kernel = library("elastic_net")
    X, y, _ = samples(9)
    strength, mix = 0.2, 0.6
    target = ElasticNet(alpha=strength, l1_ratio=mix, fit_intercept=False, tol=1e-14, max_iter=100000).fit(X, y).coef_
    step = 1 / np.linalg.eigvalsh(kernel.hess_s(np.zeros(N), X, y, strength, mix))[-1]
    w = np.zeros(N)
    for _ in range(300):
        moved = w - step * kernel.grad_s(w, X, y, strength, mix)
        w = np.array([kernel.S(v, step * strength * mix) for v in moved])
    np.testing.assert_allclose(w, target, rtol=0, atol=1e-6)  # as near as scikit-learn's own stop


def test_k_means_is_scikit_learns() -> None:
    kernel = library("k_means")
    X = np.random.default_rng(10).normal(size=(M, N))
    fitted = KMeans(K, n_init=1, random_state=0).fit(X)
    A = np.eye(K)[fitted.labels_]
    C = fitted.cluster_centers_
    size = 4 * M * largest(X) ** 2
    assert_agree(kernel.J(C, X, A), fitted.inertia_, 4 * M * N, size)
    assert_agree(kernel.D(X, A), C, 4 * M, size)
    assert_agree(kernel.grad_J(C, X, A), np.zeros((K, N)), 4 * M, size)
    moved = np.random.default_rng(11).normal(size=(K, N))
    expected = slope(lambda c: np.sum(A[:, :, None] * (X[:, None, :] - c[None, :, :]) ** 2), moved)
    assert_agree(kernel.grad_J(moved, X, A), expected, 4 * M, 4 * M * largest(X, moved))


def test_matrix_factorisation_is_textbook_numpy() -> None:
    """Koren, Bell and Volinsky (2009): errors of the known ratings, and the steps that their users and items take."""
    kernel = library("matrix_factorisation")
    generator = np.random.default_rng(12)
    U, V, R = generator.normal(size=(M, 2)), generator.normal(size=(N, 2)), generator.normal(size=(M, N))
    known, penalty = (generator.random((M, N)) < 0.6).astype(float), 0.3
    size = 4 * M * N * largest(U, V, R) ** 3

    def masked(u: Array, v: Array) -> Array:
        return np.sum(known * (R - u @ v.T) ** 2) / 2

    def full(u: Array, v: Array) -> Array:
        return np.sum((R - u @ v.T) ** 2) / 2 + penalty / 2 * (np.sum(u**2) + np.sum(v**2))

    value, to_users, to_items = kernel.value_and_grad_L(U, V, R, penalty)
    assert_agree(value, full(U, V), 8 * M * N, size)
    assert_agree(to_users, slope(lambda u: full(u, V), U), 8 * N, size)
    assert_agree(to_items, slope(lambda v: full(U, v), V), 8 * M, size)
    error = known * (R - U @ V.T)
    value, to_users = kernel.value_and_grad_F(U, V, R, known)[:2]
    assert_agree(value, masked(U, V), 8 * M * N, size)
    assert_agree(to_users, -error @ V, 8 * N, size)
