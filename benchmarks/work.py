"""The work that counts: every entry of the table, its data, and how far two right answers may lie apart.

Takes: nothing. Gives: `ENTRIES`; `data` of an entry, from a seed; `allowed` differences from a formula.
Guarantees: every contender gets the same numbers; nothing here knows a contender.

Differences are bounded from the roundings: a sum of N terms, in any order, is off by at most N eps times the sum of absolute
values, which is bounded by products of norms. Two computations may both be off, hence the factor 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

EPS = float(np.finfo(float).eps)
SEED = 20260721
CLASSES = 10
STEPS = 1000

Data = dict[str, Any]
Numbers = Any

GRID = (
    (10, 3),
    (100, 10),
    (1_000, 10),
    (10_000, 20),
    (10_000, 100),
    (100_000, 100),
    (1_000_000, 10),
    (1_000_000, 100),
    (2_000, 2_000),
)
DESCENTS = ((100, 5), (1_000, 10), (10_000, 20), (20_000, 100))
SYSTEMS = ((1_000, 10), (10_000, 100), (100_000, 100), (2_000, 500))


@dataclass(frozen=True, slots=True)
class Entry:
    work: str
    sizes: tuple[int, ...]

    @property
    def size(self) -> str:
        return " x ".join(f"{size:,}".replace(",", " ") for size in self.sizes)

    @property
    def name(self) -> str:
        return f"{self.work} {'x'.join(map(str, self.sizes))}"


@lru_cache(maxsize=1)
def samples(m: int, n: int) -> Numbers:
    """The same for all losses of one size: a process makes them once when it is asked size by size."""
    return np.random.default_rng((SEED, m, n)).standard_normal((m, n))


def regression(rng: np.random.Generator, m: int, n: int) -> Data:
    X = samples(m, n)
    theta = rng.standard_normal(n) / np.sqrt(n)
    y = X @ rng.standard_normal(n) / np.sqrt(n) + 0.1 * rng.standard_normal(m)
    return {"X": X, "y": y, "theta": theta}


def data(entry: Entry) -> Data:
    return WORK[entry.work].data(np.random.default_rng(SEED), *entry.sizes)


def allowed(entry: Entry, given: Data, answer: Numbers) -> Numbers:
    return WORK[entry.work].allowed(given, answer)


def logistic(rng: np.random.Generator, m: int, n: int) -> Data:
    found = regression(rng, m, n)
    return {**found, "y": (found["y"] > 0).astype(float)}


def softmax(rng: np.random.Generator, m: int, n: int) -> Data:
    X = samples(m, n)
    return {"X": X, "Y": one_hot(rng, m), "W": rng.standard_normal((n, CLASSES)) / np.sqrt(n)}


def one_hot(rng: np.random.Generator, m: int) -> Numbers:
    return np.eye(CLASSES)[rng.integers(0, CLASSES, m)]


def network(rng: np.random.Generator, *sizes: int) -> Data:
    widths, batch = sizes[:-1], sizes[-1]
    return {
        "W": tuple(rng.standard_normal((h, n)) / np.sqrt(n) for n, h in pairwise(widths)),
        "b": tuple(0.1 * rng.standard_normal(h) for h in widths[1:]),
        "x": rng.standard_normal((batch, widths[0])),
        "y": rng.uniform(0, 1, (batch, widths[-1])),
    }


def classifier(rng: np.random.Generator, *sizes: int) -> Data:
    widths, batch = sizes[:-1], sizes[-1]
    found: Data = {"X": rng.standard_normal((batch, widths[0])), "Y": one_hot(rng, batch)}
    for layer, (n, h) in enumerate(pairwise(widths), start=1):
        found[f"W_{layer}"] = rng.standard_normal((n, h)) / np.sqrt(n)
        found[f"b_{layer}"] = 0.1 * rng.standard_normal(h)
    return found


def process(rng: np.random.Generator, m: int, n: int) -> Data:
    X = rng.standard_normal((m, n))
    return {"X": X, "y": np.sin(X.sum(axis=1)) + 0.1 * rng.standard_normal(m), "ell": 1.5, "sigma": 0.3}


def systems(rng: np.random.Generator, m: int, n: int) -> Data:
    return {**regression(rng, m, n), "lambda_": 0.1}


def measurements(rng: np.random.Generator, steps: int, n: int, k: int) -> Data:
    F = np.eye(n) + 0.1 * np.triu(np.ones((n, n)), 1)
    return {
        "F": 0.99 * F,
        "Q": 0.1 * np.eye(n),
        "H": np.eye(k, n),
        "R": 0.5 * np.eye(k),
        "u": np.zeros(n),
        "U": np.eye(n),
        "z": rng.standard_normal((steps, k)),
    }


def reach(given: Data, slopes: Numbers) -> Numbers:
    """For each sample a bound of |x_i theta| + |y_i|, or of the largest logit."""
    rows = np.sqrt(np.einsum("ij,ij->i", given["X"], given["X"]))
    return rows * np.sqrt(np.max(np.sum(slopes * slopes, axis=0)))


def near_sums(value: float, each: Numbers, factor: float, given: Data) -> Numbers:
    """Of a value, and of a gradient that is `factor` times the sum over samples of `each` times x_i."""
    m, n = given["X"].shape
    columns = np.sqrt(np.einsum("ij,ij->j", given["X"], given["X"]))
    gradient = factor * columns * np.linalg.norm(each)
    terms = 2 * (m + n + 16) * EPS
    return terms * value, terms * gradient


def near_least_squares(given: Data, _answer: Numbers) -> Numbers:
    each = reach(given, given["theta"][:, None]) + np.abs(given["y"])
    return near_sums(2 * float(np.mean(each**2)), each, 2 / len(each), given)


def near_ridge(given: Data, answer: Numbers) -> Numbers:
    value, gradient = near_least_squares(given, answer)
    return value + EPS * len(given["theta"]) * abs(answer[0]), gradient + 8 * EPS * np.abs(given["theta"])


def near_logistic(given: Data, _answer: Numbers) -> Numbers:
    each = 1 + reach(given, given["theta"][:, None])
    return near_sums(3 * float(np.mean(each)), each, 1 / len(each), given)


def near_softmax(given: Data, _answer: Numbers) -> Numbers:
    each = np.log(CLASSES) + 1 + reach(given, given["W"])
    value, gradient = near_sums(3 * float(np.mean(each)), each, 1 / len(each), given)
    return value, gradient[:, None]


def near_likelihood(given: Data, answer: Numbers) -> Numbers:
    each = reach(given, given["theta"][:, None]) + np.abs(given["y"])
    precision = given["sigma"] ** -2
    return near_sums(abs(answer[0]) + precision * float(np.sum(each**2)), each, precision, given)


def near_descent(_given: Data, answer: Numbers) -> Numbers:
    return (1e-9 * np.max(np.abs(answer[0])),)  # what is asked for: 1e-9 relative on well-conditioned data


def near_solution(given: Data, answer: Numbers) -> Numbers:
    """Backward stable solvers differ by the condition number of the normal equations."""
    m, n = given["X"].shape
    shift = m * given["lambda_"] if "lambda_" in given else 0.0
    condition = np.linalg.cond(given["X"].T @ given["X"] + shift * np.eye(n))
    return (2 * EPS * (m + n) * condition * np.linalg.norm(answer[0]),)


def near_network(_given: Data, answer: Numbers) -> Numbers:
    """Every entry is a sum over the batch or a layer; the sizes in a row bound how much smaller it is than its terms."""
    terms = sum(sum(np.shape(part)) for part in answer) + 256 + 16  # 256: the largest batch
    return tuple(2 * EPS * terms * np.max(np.abs(part)) for part in answer)


def near_process(given: Data, answer: Numbers) -> Numbers:
    m = len(given["y"])
    condition = 1 + m / given["sigma"] ** 2  # the kernel's eigenvalues are at most its trace
    return tuple(2 * EPS * m * condition * (1 + abs(float(part))) for part in answer)


def near_filter(given: Data, answer: Numbers) -> Numbers:
    """A filter forgets: what the last steps round remains, each with the condition of the innovation's covariance."""
    steps, k = given["z"].shape
    terms = len(given["u"]) ** 2 * k
    return (EPS * steps * terms * (1 + np.abs(answer[0])),)


def near_elementwise(_given: Data, answer: Numbers) -> Numbers:
    """Of values of size 1: forms that lose small values to a rounded 1 are let through, as people do use them."""
    return (8 * EPS * (1 + np.abs(answer[0])),)


@dataclass(frozen=True, slots=True)
class Work:
    data: Callable[..., Data]
    allowed: Callable[[Data, Numbers], Numbers]
    sizes: tuple[tuple[int, ...], ...]
    speed: Callable[..., int]  # how many numbers one call works through: what "speed" means in the plot


def entries_of(m: int, n: int) -> int:
    return m * n


def all_steps(m: int, n: int) -> int:
    return STEPS * m * n


def weights(*sizes: int) -> int:
    widths = sizes[:-1]
    return sizes[-1] * sum(n * h for n, h in pairwise(widths))


def pairs(m: int, n: int) -> int:
    return m * m * n


WORK: dict[str, Work] = {
    "least squares": Work(regression, near_least_squares, GRID, entries_of),
    "ridge": Work(lambda rng, m, n: {**regression(rng, m, n), "lambda_": 0.1}, near_ridge, GRID, entries_of),
    "logistic regression": Work(logistic, near_logistic, GRID, entries_of),
    "softmax cross-entropy": Work(softmax, near_softmax, GRID, entries_of),
    "Gaussian log-likelihood": Work(
        lambda rng, m, n: {**regression(rng, m, n), "sigma": 1.3}, near_likelihood, GRID, entries_of
    ),
    "gradient descent": Work(lambda rng, m, n: {**regression(rng, m, n), "alpha": 0.005}, near_descent, DESCENTS, all_steps),
    "normal equations": Work(regression, near_solution, SYSTEMS, entries_of),
    "ridge solution": Work(systems, near_solution, SYSTEMS, entries_of),
    "network 4-8-1": Work(network, near_network, ((4, 8, 1, 1),), weights),
    "network 64-32-10": Work(network, near_network, ((64, 32, 10, 128),), weights),
    "network 784-256-128-10": Work(network, near_network, ((784, 256, 128, 10, 256),), weights),
    "classifier 64-32-10": Work(classifier, near_network, ((64, 32, 10, 128),), weights),
    "sigmoid": Work(lambda rng, n: {"z": 4 * rng.standard_normal(n)}, near_elementwise, ((1_000_000,),), lambda n: n),
    "softplus": Work(lambda rng, n: {"z": 4 * rng.standard_normal(n)}, near_elementwise, ((1_000_000,),), lambda n: n),
    "Kalman filter": Work(measurements, near_filter, ((10_000, 4, 2),), lambda steps, n, _k: steps * n * n),
    "Gaussian process": Work(process, near_process, ((300, 3),), pairs),
}

# in the order of the table
ENTRIES: tuple[Entry, ...] = tuple(Entry(name, sizes) for name, work in WORK.items() for sizes in work.sizes)
