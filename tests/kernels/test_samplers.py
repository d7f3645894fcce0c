r"""Seeded samplers: what is refused, then that seeds decide all, then moments against the exact ones.

A moment of N draws is normal about the exact one with a known standard error; a test that draws afresh would fail once in
10^9 runs. The seeds are fixed, so it fails always or never.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

DRAWS = 100_000
ERRORS = float(stats.norm.isf(1e-9 / 2))  # standard errors
TEX = r"""
\[ \theta, x, \mu \in \mathbb{R}^n, \quad \sigma > 0, \quad \lambda > 0, \quad a, b > 0, \quad c \in \mathbb{R} \]
\[ \Sigma \in \mathbb{S}^n_{++}, \quad i = 1, \dots, m, \quad z^{(i)} \in \mathbb{R}^n \]
\[ y = \theta^\top x + \epsilon, \quad \epsilon \sim \mathcal{N}(0, \sigma^2) \]
\[ w \mid x, \theta \sim \mathcal{N}(\theta^\top x, \sigma^2) \]
\[ u \sim \mathcal{U}(-1, 3) \]
\[ t \sim \operatorname{Exp}(\lambda) \]
\[ l \sim \operatorname{Laplace}(c, b) \]
\[ g \sim \operatorname{Gamma}(a, b) \]
\[ q \sim \operatorname{Beta}(a, b) \]
\[ k \sim \operatorname{Bernoulli}(1/5) \]
\[ r \sim \operatorname{Poisson}(\lambda) \]
\[ v \sim \mathcal{N}(\mu, \Sigma) \]
\[ d^{(i)} \sim \mathcal{N}(\theta^\top z^{(i)}, \sigma^2) \]
\[ s = \frac{1}{m} \sum_{i=1}^{m} d^{(i)} \]
\[ h \sim \mathcal{N}(c, 1), \quad p \sim \mathcal{N}(h, \sigma^2) \]
\[ f(e) = e \, t \]
\[ j = \mathbb{E}[y] \]
"""


def document(text: str) -> Document:
    return pipeline.document_of(Source("samplers.tex", text))


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return pipeline.kernels(document(TEX))


THETA, X = np.array([1.0, -2.0]), np.array([0.5, 1.5])
ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, -1.0]])
SIGMA = np.array([[2.0, 0.6], [0.6, 0.5]])
REFUSED: dict[str, tuple[Callable[[ModuleType], object], str]] = {
    "another size": (lambda m: m.sample_y(THETA, np.ones(3), 0.1, 0), "theta has n = 2, x has 3"),
    "too many axes": (
        lambda m: m.sample_y(THETA, np.ones((2, 2, 2)), 0.1, 0),
        "x must have 1 axis, or one more with a row for each draw; it has shape (2, 2, 2)",
    ),
    "rows that disagree": (lambda m: m.sample_y(ROWS, ROWS[:2], 0.1, 0), "theta has 3 rows, x has 2 rows"),
    "a count that disagrees": (lambda m: m.sample_y(THETA, ROWS, 0.1, 0, 2), "count is 2, x has 3 rows"),
    "no rows": (lambda m: m.sample_y(THETA, np.empty((0, 2)), 0.1, 0), "x has 0 rows, at least 1 needed"),
    "no draws": (lambda m: m.sample_k(0, 0), "count must be at least 1, got 0"),
    "no seed": (lambda m: m.sample_k(None), "seed must be a whole number, got NoneType"),
    "a negative seed": (lambda m: m.sample_k(-1), "seed must be at least 0, got -1"),
    "a negative rate": (lambda m: m.sample_t(-2.0, 0), "the rate of t must be above 0.0, is -2.0"),
    "no variance": (lambda m: m.sample_y(THETA, X, np.nan, 0), "the variance of epsilon must be at least 0.0, is nan"),
    "an asymmetric variance": (
        lambda m: m.sample_v(THETA, np.array([[1.0, 0.5], [0.0, 1.0]]), 0),
        "the variance of v must be symmetric and finite",
    ),
    "an indefinite variance": (
        lambda m: m.sample_v(THETA, np.diag([1.0, -1.0]), 0),
        "the smallest eigenvalue of the variance of v must be at least 0.0, is -1.0",
    ),
    "hidden entries": (
        lambda m: m.sample_y(np.ma.masked_greater(THETA, -np.inf), X, 0.1, 0),
        f"theta has {THETA.size} masked entries; fill them, or leave their rows out",
    ),
    "words": (lambda m: m.sample_t("fast", 0), "lambda_ has dtype <U4; floating numbers and integers are allowed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_call_is_refused_with_both_numbers(module: ModuleType, name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises((ValueError, TypeError), match="^" + re.escape(message)):
        call(module)


def test_what_is_not_random_has_no_sampler(module: ModuleType) -> None:
    assert not hasattr(module, "sample_j")
    assert not hasattr(module, "sample_theta")


@pytest.mark.parametrize("law", [r"\operatorname{Cauchy}(0, 1)", r"\operatorname{Exp}(1, 2)", "p"])
def test_a_law_that_is_not_known_is_refused_with_those_that_are(law: str) -> None:
    (error,) = (s.error for s in document(rf"\[ x \sim {law} \]").statements if s.error)
    assert error.what == "this distribution is not implemented"
    assert r"\operatorname{Poisson}(rate)" in error.allowed


def test_a_law_that_needs_itself_is_refused() -> None:
    text = r"\[ a, b \in \mathbb{R} \] \[ a \sim \mathcal{N}(b, 1) \] \[ b \sim \mathcal{N}(a, 1) \]"
    assert {e.what for _, e in pipeline.kernel_refusals(document(text))} == {
        "distributions refer to each other in a ring: a -> b -> a",
        "distributions refer to each other in a ring: b -> a -> b",
    }


def test_the_statement_says_how_the_parameters_were_taken() -> None:
    kinds = {s.name: (s.kind, s.type_text) for s in document(TEX).statements}
    assert kinds["epsilon"] == ("distribution", r"epsilon: scalar; normal, mean 0, variance \sigma^2")
    assert kinds["g"] == ("distribution", "g: scalar; gamma, shape a, rate b")
    assert kinds["d"] == ("distribution", r"d: vector (m); normal, mean \theta^\top z^{(i)}, variance \sigma^2")


def test_b14_the_same_seed_gives_the_same_bytes_and_another_one_differs(module: ModuleType) -> None:
    first, again, other = (module.sample_y(THETA, ROWS, 0.1, seed) for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert not np.any(first == other)
    going = np.random.default_rng(7)
    assert module.sample_y(THETA, ROWS, 0.1, going).tobytes() == first.tobytes()
    assert not np.any(module.sample_y(THETA, ROWS, 0.1, going) == first)  # a generator goes on


def test_one_draw_is_a_number_and_many_are_rows(module: ModuleType) -> None:
    assert type(module.sample_y(THETA, X, 0.1, 0)) is float
    assert module.sample_y(THETA, X, 0.1, 0, 1).shape == (1,)
    assert module.sample_v(THETA, SIGMA, 0).shape == (2,)
    assert module.sample_v(THETA, SIGMA, 0, 5).shape == (5, 2)
    assert module.sample_d(THETA, ROWS, 0.1, 0).shape == (3,)
    assert module.sample_d(THETA, ROWS, 0.1, 0, 5).shape == (5, 3)
    assert module.sample_y(THETA, ROWS, np.array([0.0, 0.0, 0.0]), 0).tolist() == (ROWS @ THETA).tolist()
    assert module.sample_f(2.0, 1.0, 3) == 2 * module.sample_t(1.0, 3)


def kurtosis(law: stats.rv_continuous) -> float:
    return float(law.stats(moments="k"))


# the sampler's draws, and the exact law from SciPy
LAWS: dict[str, tuple[Callable[[ModuleType], np.ndarray], object]] = {
    "model": (lambda m: m.sample_y(THETA, X, 0.5, 1, DRAWS), stats.norm(-2.5, 0.5)),
    "conditional": (lambda m: m.sample_w(THETA, X, 0.5, 2, DRAWS), stats.norm(-2.5, 0.5)),
    "uniform": (lambda m: m.sample_u(3, DRAWS), stats.uniform(-1, 4)),
    "exponential": (lambda m: m.sample_t(2.5, 4, DRAWS), stats.expon(scale=1 / 2.5)),
    "laplace": (lambda m: m.sample_l(c=-1.0, b=0.75, seed=5, count=DRAWS), stats.laplace(-1.0, 0.75)),
    "gamma": (lambda m: m.sample_g(a=3.0, b=2.0, seed=6, count=DRAWS), stats.gamma(3.0, scale=0.5)),
    "beta": (lambda m: m.sample_q(a=3.0, b=2.0, seed=7, count=DRAWS), stats.beta(3.0, 2.0)),
    "bernoulli": (lambda m: m.sample_k(8, DRAWS), stats.bernoulli(0.2)),
    "poisson": (lambda m: m.sample_r(4.0, 9, DRAWS), stats.poisson(4.0)),
    "mean of samples": (lambda m: m.sample_s(THETA, ROWS, 0.5, 10, DRAWS), stats.norm((ROWS @ THETA).mean(), 0.5 / np.sqrt(3))),
    "mean that is random": (lambda m: m.sample_p(sigma=0.5, c=2.0, seed=11, count=DRAWS), stats.norm(2.0, np.sqrt(1 + 0.25))),
}


@pytest.mark.parametrize("name", LAWS)
def test_mean_and_variance_of_the_draws_are_those_of_the_law(module: ModuleType, name: str) -> None:
    sample, law = LAWS[name]
    found, (mean, variance) = sample(module), (law.mean(), law.var())
    assert found.shape == (DRAWS,)
    assert abs(found.mean() - mean) <= ERRORS * np.sqrt(variance / DRAWS)
    spread = np.sqrt((kurtosis(law) + 2) / DRAWS) * variance  # the standard error of the mean square
    assert abs(np.mean((found - mean) ** 2) - variance) <= ERRORS * spread


def test_the_covariance_of_normal_vectors_is_the_one_that_is_given(module: ModuleType) -> None:
    centred = module.sample_v(THETA, SIGMA, 12, DRAWS) - THETA
    spread = np.sqrt((SIGMA**2 + np.outer(np.diag(SIGMA), np.diag(SIGMA))) / DRAWS)  # Isserlis
    assert np.all(abs(centred.T @ centred / DRAWS - SIGMA) <= ERRORS * spread)
    assert np.all(abs(centred.mean(axis=0)) <= ERRORS * np.sqrt(np.diag(SIGMA) / DRAWS))


def test_a_semidefinite_variance_keeps_the_draws_on_its_line(module: ModuleType) -> None:
    found = module.sample_v(np.zeros(2), np.array([[1.0, 2.0], [2.0, 4.0]]), 13, 100)
    residual = 2 * found[:, 0] - found[:, 1]  # its variance is the rounding of the smallest eigenvalue, at most n eps times 5
    assert np.all(abs(residual) <= ERRORS * np.sqrt(5 * 2 * 5 * np.finfo(float).eps))
