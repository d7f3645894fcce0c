r"""Accuracy of kernels in ulps, measured against ball arithmetic; the naive forms fail the same measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import flint
import numpy as np
import pytest

from eqcompiler import pipeline

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


def small_values(seed: int, n: int) -> np.ndarray:
    """Values of log-sum-exp near 0: the largest entry 0 or nearly, the others far below."""
    random = np.random.default_rng(seed)
    found = -(10 ** random.uniform(-12, 3, (POINTS // 8, n)))
    found[::2, 0] = 0.0
    return found


@pytest.mark.parametrize("n", [1, 2, 10, 33])
def test_log_sum_exp_is_exact_to_8_ulp(kernels: ModuleType, n: int) -> None:
    """L = M + log S, M the largest entry. For M >= 0 both have one sign: 8 ulp of the value. For M < 0 they may cancel, and
    S is known to the precision of its exponentials only: the bound is 8 ulp times the condition number max(1, |M|/|L|)."""
    for v in (*vectors(4, n), *small_values(9, n)):
        exact = exact_sum(v).log()
        value, largest = abs(float(exact.mid())), float(max(v))
        unit = math.ulp(value if largest >= 0 else max(value, -largest))
        assert abs(float(flint.arb(kernels.rho(v)) - exact)) <= 8 * unit


def test_log_sum_exp_keeps_what_stands_beside_a_largest_entry_of_0(kernels: ModuleType) -> None:
    """The plain form fails: beside 1 the other exponential loses its digits. NaN stays NaN."""
    v = np.array([0.0, -30.0])
    exact = exact_sum(v).log()
    assert ulps(float(np.log(np.sum(np.exp(v - v.max())))), exact) > 8
    assert ulps(kernels.rho(v), exact) <= 8
    assert math.isnan(kernels.rho(np.array([0.0, math.nan])))
    assert ulps(kernels.rho(np.full(3, 2.0)), 2 + flint.arb(3).log()) <= 8


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


def gaussian(t: np.ndarray, mu: float, s: float) -> tuple[flint.arb, flint.arb]:
    """The log-likelihood, and its largest term."""
    variance = flint.arb(s) ** 2
    norm = -(2 * flint.arb.pi() * variance).log() * len(t) / 2
    squares = sum(((flint.arb(float(entry)) - flint.arb(mu)) ** 2 for entry in t), flint.arb(0)) / (2 * variance)
    return norm - squares, flint.arb(max(abs(float(norm)), abs(float(squares))))


@pytest.mark.parametrize("m", [1, 10])
def test_the_gaussian_log_likelihood_is_exact_to_8_ulp(kernels: ModuleType, m: int) -> None:
    """L = A - B, A = -m log(2 pi s^2)/2 and B the squares. For s >= 0.4 both have one sign: 8 ulp of the value. Below they may
    cancel; each is known to the precision of a float64 sum: the bound is 8 ulp times the condition number max(|A|, B)/|L|."""
    random = np.random.default_rng(7)
    for s in 10 ** random.uniform(-3, 3, POINTS // 2):
        t, mu = random.uniform(-1e3, 1e3, m), float(random.uniform(-1e3, 1e3))
        exact, largest = gaussian(t, mu, float(s))
        unit = math.ulp(float(exact) if s >= 0.4 else float(largest))
        assert abs(float(flint.arb(kernels.ell(mu, float(s), t)) - exact)) <= 8 * abs(unit)


def test_expm1_log1p_and_x_log_x_keep_small_arguments(kernels: ModuleType) -> None:
    for x in 10.0 ** np.random.default_rng(8).uniform(-300, 0, 1000):
        assert ulps(kernels.u(float(x)), flint.arb(float(x)).expm1()) <= 8
        assert ulps(kernels.w(float(x)), flint.arb(float(x)).log1p()) <= 8
    assert kernels.h(0.0) == 0.0
