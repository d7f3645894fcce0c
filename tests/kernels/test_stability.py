r"""Accuracy of kernels in ulps, measured against ball arithmetic; the naive forms fail the same measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import flint
import numpy as np
import pytest
import scipy.special

from eqcompiler import pipeline

EQUATIONS = Path(__file__).parents[2] / "equations"
POINTS = 10_000
BITS = 400  # exponents reach 2000, a sum of exponentials then needs 2000/log(2) bits less than it has
TEX = r"""
$v \in \mathbb{R}^n$, $q \in \mathbb{R}^n$, $t \in \mathbb{R}^m$, $y \in \mathbb{R}^m$, $s > 0$
\[ \sigma(z) = \frac{1}{1 + e^{-z}} \]
\[ \varsigma(z) = \sigma(z) (1 - \sigma(z)) \]
\[ \zeta(z) = \log(1 + e^{z}) \]
\[ g(z) = \log(\sigma(z)) \]
\[ \rho(v) = \log \sum_{k=1}^{n} e^{v_k} \]
\[ p_i = \frac{e^{v_i}}{\sum_{k=1}^{n} e^{v_k}} \]
\[ E(v) = -\sum_{i=1}^{n} q_i \log p_i \]
\[ N(t) = \sum_{i=1}^{m} (\log(1 + e^{t_i}) - y_i t_i) \]
\[ \ell(\mu, s) = \log \prod_{i=1}^{m} \frac{1}{\sqrt{2 \pi s^2}} \exp\left(-\frac{(t_i - \mu)^2}{2 s^2}\right) \]
\[ \tau(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} \]
\[ u(x) = e^{x} - 1 \]
\[ w(x) = \log(1 + x) \]
\[ h(x) = x \log x \]
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path: Path = tmp_path_factory.mktemp("stability") / "stability.tex"
    path.write_text(TEX)
    return pipeline.kernels(pipeline.load(path))


def ulps(value: float, exact: flint.arb) -> float:
    """How many ulps of the exact value the value is away from it; a value below the normal numbers has the least ulp."""
    middle = float(exact.mid())
    return float((flint.arb(value) - exact).abs_upper() / flint.arb(math.ulp(middle))) if math.isfinite(value) else math.inf


def worst(found: Sequence[float], exact: Sequence[flint.arb]) -> float:
    return max(ulps(float(a), b) for a, b in zip(found, exact, strict=True))


@pytest.fixture(autouse=True)
def precision() -> object:
    before, flint.ctx.prec = flint.ctx.prec, 4 * BITS
    yield
    flint.ctx.prec = before


def sigmoid(z: float) -> flint.arb:
    return 1 / (1 + (-flint.arb(z)).exp())


def softplus(z: float) -> flint.arb:
    return (1 + flint.arb(z).exp()).log()


SCALARS: dict[str, Callable[[float], flint.arb]] = {
    "sigma": sigmoid,
    "grad_sigma": lambda z: sigmoid(z) * sigmoid(-z),
    "varsigma": lambda z: sigmoid(z) * sigmoid(-z),
    "zeta": softplus,
    "grad_zeta": sigmoid,
    "hess_zeta": lambda z: sigmoid(z) * sigmoid(-z),
    "g": lambda z: -softplus(-z),
    "grad_g": lambda z: sigmoid(-z),
    "hess_g": lambda z: -sigmoid(z) * sigmoid(-z),
    "tau": lambda z: flint.arb(z).tanh(),
}


def points(seed: int) -> np.ndarray:
    """Half of them over the whole range, half with magnitudes of every size, and the ends."""
    random = np.random.default_rng(seed)
    wide = random.uniform(-1e3, 1e3, POINTS // 2)
    sized = 10 ** random.uniform(-18, 3, POINTS - POINTS // 2 - 4) * random.choice((-1, 1), POINTS - POINTS // 2 - 4)
    return np.concatenate([wide, sized, [-1e3, 1e3, 0.0, -0.0]])


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_kernel_is_exact_to_8_ulp_and_never_overflows(kernels: ModuleType, name: str) -> None:
    z = points(1)
    found = [getattr(kernels, name)(float(value)) for value in z]
    assert worst(found, [SCALARS[name](float(value)) for value in z]) <= 8


def test_A6_the_sigma_kernel_is_exact_to_4_ulp_from_minus_745_to_745(kernels: ModuleType) -> None:
    z = np.concatenate([np.random.default_rng(2).uniform(-745, 745, POINTS - 2), [-745.0, 745.0]])
    assert worst([kernels.sigma(float(value)) for value in z], [sigmoid(float(value)) for value in z]) <= 4


def test_the_naive_forms_fail_the_same_measure() -> None:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        sigma = float(1 / (1 + np.exp(-np.float64(-720.0))))
        zeta = float(np.log(1 + np.exp(np.float64(1e3))))
        small = float(np.log(1 + np.exp(np.float64(-40.0))))
        softmax = float(np.exp(np.float64(1e3)) / (np.exp(np.float64(1e3)) + 1))
    assert ulps(sigma, sigmoid(-720.0)) > 8
    assert ulps(zeta, softplus(1e3)) == math.inf
    assert ulps(small, softplus(-40.0)) > 8
    assert math.isnan(softmax)
    assert ulps(math.exp(-300.7 - 399.9), flint.arb(-300.7).exp() / flint.arb(399.9).exp()) > 8  # the difference is rounded


def vectors(seed: int, n: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.uniform(-1, 1, (POINTS // 4, n)) * random.choice((1.0, 30.0, 700.0, 1e3), (POINTS // 4, 1))


def exact_sum(v: np.ndarray) -> flint.arb:
    return sum((flint.arb(float(entry)).exp() for entry in v), flint.arb(0))


@pytest.mark.parametrize("n", [1, 2, 10, 33])
def test_softmax_is_exact_to_8_ulp(kernels: ModuleType, n: int) -> None:
    for v in vectors(3, n):
        found, total = kernels.p(v), exact_sum(v)
        assert worst(found, [flint.arb(float(entry)).exp() / total for entry in v]) <= 8


def near_zero(seed: int, n: int) -> np.ndarray:
    """A quarter each: the largest entry 0 or nearly and the others far below; all below 0; logarithms of probabilities, whose
    log-sum-exp is what their roundings leave; exponents to -1e3 beside 0."""
    random = np.random.default_rng(seed)
    found = -(10 ** random.uniform(-12, 3, (POINTS // 4, n)))
    found[::4, 0] = 0.0
    found[1::4] = -random.uniform(0, 5, found[1::4].shape)
    found[2::4] = np.log(random.dirichlet(np.ones(n), len(found[2::4])) + 1e-300)
    found[3::4, -1] = 0.0
    return found


def expect_8_ulp(
    kernel: Callable[..., float], arguments: Sequence[tuple[object, ...]], exact: Callable[..., flint.arb]
) -> None:
    """8 ulp of the exact value; where that is below the normal numbers, 8 times the least positive number."""
    for given in arguments:
        found = ulps(kernel(*given), exact(*given))
        assert found <= 8, f"{found} ulp at {given}"


def log_sum_exp(v: np.ndarray) -> flint.arb:
    return exact_sum(v).log()


@pytest.mark.parametrize("n", [1, 2, 10, 33])
def test_log_sum_exp_is_exact_to_8_ulp(kernels: ModuleType, n: int) -> None:
    """L = M + log S, M the largest entry: for M < 0 the two cancel."""
    expect_8_ulp(kernels.rho, [(v,) for v in (*vectors(4, n)[::2], *near_zero(9, n)[: POINTS // 8])], log_sum_exp)


def test_log_sum_exp_keeps_what_stands_beside_a_largest_entry_of_0(kernels: ModuleType) -> None:
    """The plain form fails: beside 1 the other exponential loses its digits."""
    v = np.array([0.0, -30.0])
    assert ulps(float(np.log(np.sum(np.exp(v - v.max())))), log_sum_exp(v)) > 8
    assert ulps(kernels.rho(v), log_sum_exp(v)) <= 8
    assert ulps(kernels.rho(np.full(3, 2.0)), 2 + flint.arb(3).log()) <= 8


INFINITE = [[np.inf, 0.0], [0.0, np.inf], [np.inf, np.inf], [-np.inf, -np.inf], [-np.inf], [np.inf], [-np.inf, 0.0]]
INFINITE += [[np.inf, -np.inf], [np.nan, 0.0], [np.inf, np.nan], [-np.inf, np.nan], [1e308, 1e308]]


@pytest.mark.parametrize("entries", INFINITE, ids=str)
def test_infinite_entries_of_log_sum_exp_and_softmax_mean_what_they_mean_in_scipy(
    kernels: ModuleType, entries: list[float]
) -> None:
    v = np.array(entries)
    with np.errstate(invalid="ignore"):
        expected, shares = scipy.special.logsumexp(v), scipy.special.softmax(v)
    for kernel in (kernels.rho, kernels._rho):  # few entries, many entries
        assert np.array_equal(kernel(v), expected, equal_nan=True)
    assert np.array_equal(kernels.p(v), shares, equal_nan=True)


@pytest.mark.parametrize("n", [2, 10])
def test_the_gradient_of_log_sum_exp_is_softmax_to_8_ulp(kernels: ModuleType, n: int) -> None:
    for v in vectors(5, n)[::5]:
        total = exact_sum(v)
        assert worst(kernels.grad_rho(v), [flint.arb(float(entry)).exp() / total for entry in v]) <= 8


def test_cross_entropy_and_its_gradient_are_finite_and_right_where_a_probability_is_zero(kernels: ModuleType) -> None:
    v, q = np.array([1e3, -1e3, 0.0]), np.array([0.0, 1.0, 0.0])
    assert kernels.E(v, q) == 2000.0
    assert kernels.grad_E(v, q).tolist() == [1.0, -1.0, 0.0]
    both = kernels.value_and_grad_E(v, q)
    assert (both[0], both[1].tolist()) == (2000.0, [1.0, -1.0, 0.0])


def test_the_logistic_loss_is_exact_to_8_ulp_for_labels(kernels: ModuleType) -> None:
    for z in points(6):
        for y in (0.0, 1.0):
            found = kernels.N(np.array([z]), np.array([y]))
            assert ulps(found, softplus(float(-z if y else z))) <= 8


def test_the_logistic_loss_is_exact_to_8_ulp_for_any_targets(kernels: ModuleType) -> None:
    """For targets outside of 0 and 1 its two parts cancel."""
    random = np.random.default_rng(10)
    arguments = [
        (random.uniform(-1, 1, m) * random.choice((1.0, 30.0, 1e3)), random.uniform(-2, 2, m))
        for m in random.integers(1, 6, POINTS // 4)
    ]
    expect_8_ulp(kernels.N, arguments, logistic_loss)


def logistic_loss(t: np.ndarray, y: np.ndarray) -> flint.arb:
    return sum(
        (softplus(float(z)) - flint.arb(float(a)) * flint.arb(float(z)) for z, a in zip(t, y, strict=True)), flint.arb(0)
    )


def cross_entropy(v: np.ndarray, q: np.ndarray) -> flint.arb:
    total = log_sum_exp(v)
    return sum((flint.arb(float(b)) * (total - flint.arb(float(a))) for a, b in zip(v, q, strict=True)), flint.arb(0))


def test_cross_entropy_is_exact_to_8_ulp_for_any_weights(kernels: ModuleType) -> None:
    random = np.random.default_rng(11)
    arguments = []
    for n in random.integers(2, 8, POINTS // 4):
        weights = random.dirichlet(np.ones(n)) if n % 2 else random.uniform(-2, 2, n)
        arguments.append((random.uniform(-1, 1, n) * random.choice((1.0, 30.0, 1e3)), weights))
    expect_8_ulp(kernels.E, [(v, q) for v, q in arguments if abs(cross_entropy(v, q)) > 1e-300], cross_entropy)


def gaussian(mean: object, s: float, t: np.ndarray) -> flint.arb:
    """The log-likelihood of t around one mean, or a mean for each."""
    means = mean if isinstance(mean, list) else [flint.arb(mean)] * len(t)
    variance = flint.arb(s) ** 2
    squares = sum(((flint.arb(float(entry)) - around) ** 2 for entry, around in zip(t, means, strict=True)), flint.arb(0))
    return -(2 * flint.arb.pi() * variance).log() * len(t) / 2 - squares / (2 * variance)


def gaussian_points(seed: int, count: int, sizes: Sequence[int]) -> Iterator[tuple[float, float, np.ndarray]]:
    """Mean, deviation, samples: anywhere to 1e3; around the mean; residuals of every size to 1e-12; values next to 0."""
    random = np.random.default_rng(seed)
    for place in range(count):
        m, s, mu = int(random.choice(sizes)), float(10 ** random.uniform(-3, 3)), float(random.uniform(-1e3, 1e3))
        zero = 0.999 / math.sqrt(2 * math.pi)  # below it a residual exists that makes the value 0
        s = float(10 ** random.uniform(-3, math.log10(zero))) if place % 4 == 3 else s
        residuals = (
            random.uniform(-1e3, 1e3, m) - mu,
            s * random.standard_normal(m),
            random.standard_normal(m) * 10 ** random.uniform(-12, 0),
            np.full(m, s * math.sqrt(max(0.0, -math.log(2 * math.pi * s * s)))),
        )
        yield mu, s, mu + residuals[place % 4]


def test_the_gaussian_log_likelihood_is_exact_to_8_ulp(kernels: ModuleType) -> None:
    expect_8_ulp(kernels.ell, list(gaussian_points(7, POINTS, (1, 2, 10))), gaussian)


def test_the_gaussian_log_likelihood_of_a_regression_is_exact_to_8_ulp() -> None:
    """The residual is a sum of products, which cancels too."""
    module = pipeline.kernels(pipeline.load(EQUATIONS / "gaussian_likelihood.tex"))
    random = np.random.default_rng(12)
    arguments = []
    for _, s, t in gaussian_points(13, POINTS, (1, 3)):
        x, theta = random.uniform(-1e3, 1e3, (len(t), 3)), random.uniform(-1, 1, 3)
        arguments.append((theta, x, x @ theta + (t - t[0]), s))

    def exact(theta: np.ndarray, x: np.ndarray, y: np.ndarray, s: float) -> flint.arb:
        means = [
            sum((flint.arb(float(a)) * flint.arb(float(b)) for a, b in zip(row, theta, strict=True)), flint.arb(0)) for row in x
        ]
        return gaussian(means, s, y)

    expect_8_ulp(module.ell, arguments, exact)


def test_expm1_log1p_and_x_log_x_keep_small_arguments(kernels: ModuleType) -> None:
    for x in 10.0 ** np.random.default_rng(8).uniform(-300, 0, 1000):
        assert ulps(kernels.u(float(x)), flint.arb(float(x)).expm1()) <= 8
        assert ulps(kernels.w(float(x)), flint.arb(float(x)).log1p()) <= 8
    assert kernels.h(0.0) == 0.0
