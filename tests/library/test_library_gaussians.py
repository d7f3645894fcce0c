"""Gaussian models: kernels of the library against SciPy, scikit-learn and conditioning written out in NumPy."""

from __future__ import annotations

import numpy as np
from agreement import Array, library, slope
from rounding import assert_agree, largest
from scipy import integrate, linalg, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

M, N, K = 11, 3, 2


def covariance(generator: np.random.Generator, size: int) -> Array:
    root = generator.normal(size=(size, size))
    return root @ root.T + np.eye(size)


def test_log_likelihood_is_scipys_multivariate_normal() -> None:
    kernel = library("multivariate_gaussian")
    generator = np.random.default_rng(1)
    x, mu, Sigma = generator.normal(size=(M, N)), generator.normal(size=N), covariance(generator, N)
    size = 8 * M * N * np.linalg.cond(Sigma) * largest(x, mu) ** 2
    value, gradient = kernel.value_and_grad_ell(mu, x, Sigma)
    assert_agree(value, stats.multivariate_normal(mu, Sigma).logpdf(x).sum(), 8 * M * N**2, size)
    assert_agree(gradient, np.linalg.solve(Sigma, (x - mu).sum(axis=0)), 8 * M * N**2, size)
    assert_agree(kernel.hess_ell(mu, x, Sigma), -M * np.linalg.inv(Sigma), 8 * M * N**2, size)
    assert_agree(kernel.mu_hat(x, Sigma), x.mean(axis=0), 8 * M * N**2, size)
    assert_agree(kernel.S(x, mu), (x - mu).T @ (x - mu), 4 * M, size)


def test_covariance_and_precision_gradients_are_complex_steps_of_numpy() -> None:
    """Also where the covariance is not symmetric, which its formula allows. det by NumPy takes complex entries."""
    kernel = library("multivariate_gaussian")
    generator = np.random.default_rng(2)
    x, mu = generator.normal(size=(M, N)), generator.normal(size=N)
    V = covariance(generator, N) + 0.2 * generator.normal(size=(N, N))
    d = x - mu

    def by_covariance(v: Array) -> Array:
        return -M / 2 * np.log(np.linalg.det(v)) - np.sum(d * np.linalg.solve(v, d.T).T) / 2

    def by_precision(p: Array) -> Array:
        return M / 2 * np.log(np.linalg.det(p)) - np.sum(d * (d @ p.T)) / 2

    size = 8 * M * N * np.linalg.cond(V) ** 2 * largest(d) ** 2
    value, gradient = kernel.value_and_grad_q(V, x, mu)
    assert_agree(value, by_covariance(V), 8 * N**3, size)
    assert_agree(gradient, slope(by_covariance, V), 8 * N**3, size)
    value, gradient = kernel.value_and_grad_r(V, x, mu)
    assert_agree(value, by_precision(V), 8 * N**3, size)
    assert_agree(gradient, slope(by_precision, V), 8 * N**3, size)


def test_gaussian_process_is_scikit_learns() -> None:
    """scikit-learn differentiates in log(sigma^2): d/d sigma is 2 / sigma times that."""
    kernel = library("gaussian_process")
    generator = np.random.default_rng(3)
    inputs, y, sigma = generator.uniform(-2, 2, size=(M, 1)), generator.normal(size=M), 0.4
    smooth = RBF(0.8)
    process = GaussianProcessRegressor(smooth + WhiteKernel(sigma**2), alpha=0.0, optimizer=None).fit(inputs, y)
    expected, slopes = process.log_marginal_likelihood(process.kernel_.theta, eval_gradient=True)
    matrix = smooth(inputs)
    C = matrix + sigma**2 * np.eye(M)
    size = np.linalg.cond(C) ** 2 * M * largest(y) ** 2
    value, to_targets, to_noise = kernel.value_and_grad_ell(y, matrix, sigma)
    assert_agree(value, expected, 8 * M**2, size)
    assert_agree(to_targets, -process.alpha_, 8 * M**2, size)
    assert_agree(to_noise, slopes[-1] * 2 / sigma, 8 * M**2, size)
    assert_agree(kernel.alpha(y, matrix, sigma), process.alpha_, 8 * M**2, size)


def test_divergence_in_one_dimension_is_its_integral() -> None:
    """By SciPy's adaptive quadrature, which states its own error."""
    kernel = library("kl_gaussians")
    mu, nu, s, t = 0.3, -0.5, 0.8, 1.4
    p, q = stats.norm(mu, s), stats.norm(nu, t)
    integral, error = integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -15, 15, epsabs=1e-13, epsrel=1e-13)
    assert abs(kernel.D(mu, nu, s, t) - integral) <= error + 1e-14

    def closed(point: Array) -> Array:
        a, b, c, d = point
        return np.log(d / c) + (c**2 + (a - b) ** 2) / (2 * d**2) - 0.5

    expected = slope(closed, np.array([mu, nu, s, t]))
    assert_agree(kernel.grad_D(mu, nu, s, t), expected[[0, 2, 3]], 32)
    assert_agree(kernel.grad_D_mu_2(mu, nu, s, t), expected[1], 32)


def test_divergence_in_many_dimensions_is_a_sum_over_generalised_eigenvalues() -> None:
    """With S u = l T u and u' T u = 1 both covariances are diagonal: KL adds (l - log l - 1 + (u' T (q - m))^2) / 2."""
    kernel = library("kl_gaussians")
    generator = np.random.default_rng(4)
    m, q = generator.normal(size=N), generator.normal(size=N)
    S, T = covariance(generator, N), covariance(generator, N)
    values, vectors = linalg.eigh(S, T)
    along = vectors.T @ (q - m)
    value, to_first, to_second = kernel.value_and_grad_G(m, q, S, T)
    size = np.linalg.cond(T) * np.linalg.cond(S) * largest(values, along, S) ** 2
    assert_agree(value, np.sum(values - np.log(values) - 1 + along**2) / 2, 8 * N**3, size)
    assert_agree(to_first, -vectors @ along, 8 * N**3, size)
    assert_agree(to_second, vectors @ along, 8 * N**3, size)


def test_kalman_update_is_the_conditional_of_a_joint_gaussian() -> None:
    """State and measurement are jointly Gaussian; conditioning by the precision matrix of both, no gain anywhere."""
    kernel = library("kalman_filter")
    generator = np.random.default_rng(5)
    x, z = generator.normal(size=N), generator.normal(size=K)
    F, H = generator.normal(size=(N, N)), generator.normal(size=(K, N))
    P, Q, R = covariance(generator, N), covariance(generator, N), covariance(generator, K)
    assert_agree(kernel.a(x, F), F @ x, 4 * N, N * largest(F) * largest(x))
    assert_agree(kernel.B(P, F, Q), F @ P @ F.T + Q, 4 * N**2, N**2 * largest(F) ** 2 * largest(P))
    joint = np.block([[P, P @ H.T], [H @ P, H @ P @ H.T + R]])
    precision = np.linalg.inv(joint)
    updated = np.linalg.inv(precision[:N, :N])
    mean = x - updated @ precision[:N, N:] @ (z - H @ x)
    size = np.linalg.cond(joint) ** 2 * largest(joint, x, z) ** 2
    assert_agree(kernel.U(P, H, R), updated, 8 * (N + K) ** 2, size)
    assert_agree(kernel.u(x, P, z, H, R), mean, 8 * (N + K) ** 2, size)


def test_kalman_gain_has_the_least_variance_and_its_gradient_is_a_complex_step() -> None:
    kernel = library("kalman_filter")
    generator = np.random.default_rng(6)
    G, H, P, R = (
        generator.normal(size=(N, K)),
        generator.normal(size=(K, N)),
        covariance(generator, N),
        covariance(generator, K),
    )

    def variance(gain: Array) -> Array:
        left = np.eye(N) - gain @ H
        return np.trace(left @ P @ left.T + gain @ R @ gain.T)

    size = 4 * N**3 * largest(G, H, P, R) ** 4
    value, gradient = kernel.value_and_grad_V(G, P, H, R)
    assert_agree(value, variance(G), 4 * N**3, size)
    assert_agree(gradient, slope(variance, G), 4 * N**3, size)
    best = kernel.K(P, H, R)
    assert_agree(kernel.grad_V(best, P, H, R), np.zeros((N, K)), 4 * N**3, size * np.linalg.cond(H @ P @ H.T + R))


def test_the_noise_model_has_scipys_normal_density() -> None:
    kernel = library("gaussian_noise")
    generator = np.random.default_rng(7)
    x, theta, sigma, target = generator.normal(size=N), generator.normal(size=N), 0.7, 0.4
    mean = theta @ x
    value, to_target, to_x, to_theta = kernel.value_and_grad_p(target, x, theta, sigma)
    expected, pull = stats.norm(mean, sigma).pdf(target), (target - mean) / sigma**2
    size = (1 + abs(pull)) ** 2 * largest(x, theta, 1.0) ** 2
    assert_agree(value, expected, 16 * N, size)
    assert_agree(to_target, -pull * expected, 16 * N, size)
    assert_agree(to_x, pull * expected * theta, 16 * N, size)
    assert_agree(to_theta, pull * expected * x, 16 * N, size)
    assert_agree(kernel.y(x, theta, 0.3), mean + 0.3, 4 * N, size)
