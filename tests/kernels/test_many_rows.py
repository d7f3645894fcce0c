"""Kernels on many rows: threads, blocks and several rows at once give what the plain loops give, whatever the sizes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numba
import numpy as np
import pytest
import sympy
from kernel_cases import (
    CASES,
    DATA,
    LEAST_SQUARES_GRADIENT,
    RESIDUAL,
    VALUE_AND_GRADIENT,
    I,
    i,
    j,
    m,
    r,
    value,
)
from rounding import EPS

from eqcompiler import pipeline
from eqcompiler.kernels import plan
from eqcompiler.kernels.fetch_text import FAR, WIDE
from eqcompiler.languages.loop_plan import BLOCK, LONG, MANY, LoopPlan
from eqcompiler.languages.program import Indexed, size, tensor

RNG = np.random.default_rng(11)


TEX = r"""
$X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $z \in \mathbb{R}^m$, $\lambda > 0$, $s > 0$
\[ L(\theta) = \frac{1}{m} \sum_{i=1}^{m} (\log(1 + e^{(X\theta)_i}) - y_i (X\theta)_i) + \lambda \theta^\top \theta \]
\[ G(\theta) = \sum_{i=1}^{m} \log(\frac{1}{\sqrt{2\pi s^2}} \exp\left(-\frac{(y_i - (X\theta)_i)^2}{2 s^2}\right)) \]
\[ q_i = \frac{1}{1 + e^{-z_i}} \]
\[ w_i = \log(1 + e^{z_i}) \]
\[ S = \sum_{i=1}^{m} y_i^2 + \sum_{i=1}^{m} e^{z_i} \]
$W \in \mathbb{R}^{n \times K}$, $Y \in \mathbb{R}^{m \times K}$
\[ P_{ik} = \frac{e^{(XW)_{ik}}}{\sum_{l=1}^{K} e^{(XW)_{il}}} \]
\[ E(W) = -\frac{1}{m} \sum_{i=1}^{m} \sum_{k=1}^{K} Y_{ik} \log P_{ik} \]
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory):
    path: Path = tmp_path_factory.mktemp("many") / "many.tex"
    path.write_text(TEX)
    return pipeline.kernels(pipeline.load(path))


def data(rows: int, columns: int, dtype: type = np.float64) -> tuple[np.ndarray, ...]:
    drawn = RNG.normal(size=columns), RNG.normal(size=(rows, columns)), RNG.uniform(0.1, 0.9, rows)
    return tuple(a.astype(dtype) for a in drawn)


def spread(theta: np.ndarray, X: np.ndarray, y: np.ndarray, dtype: type) -> float:
    """The bound for a sum over all rows of products of sums over a row: N eps times the sum of absolute values."""
    largest = np.abs(X).astype(float) @ np.abs(theta).astype(float) + np.abs(y) + 1
    terms = np.sum(largest[:, None] * (np.abs(X) + largest[:, None] + 1))
    return float((X.size + 100) * np.finfo(dtype).eps * terms)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [7000, 3 * BLOCK, 3 * BLOCK + 1, 2000, 5 * BLOCK - 1])
def test_threads_and_blocks_give_what_the_plain_loops_give(kernels, rows, dtype):
    columns = MANY // (4 * rows) + 20
    theta, X, y = data(rows, columns, dtype)
    for name, more in (("value_and_grad_L", (0.3,)), ("value_and_grad_G", (0.7,))):
        order = (theta, X, y)
        found = getattr(kernels, name)(*order, *more)
        wide = [np.asarray(a, float) for a in order]
        out = np.empty(columns)
        expected = (getattr(kernels, f"_{name}")(*wide, *more, out), out)
        allowed = spread(theta, X, y, dtype) * (2 if "L" in name else 2 / 0.7**2)
        for a, b in zip(found, expected, strict=True):
            assert np.max(np.abs(a - b)) <= allowed


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_data_outside_of_the_caches_are_asked_for_in_time_and_change_no_value(kernels, dtype):
    """Up to the last row, where what lies ahead is outside of the array."""
    columns = WIDE + 1
    theta, X, y = data(FAR // columns + 1, columns, dtype)
    value, gradient = kernels.value_and_grad_G(theta, X, y, 0.7)
    wide = [np.asarray(a, float) for a in (theta, X, y)]
    residual = wide[2] - wide[1] @ wide[0]
    allowed = 2 / 0.7**2 * spread(theta, X, y, dtype)
    assert abs(value + residual @ residual / (2 * 0.7**2) + len(y) / 2 * np.log(2 * np.pi * 0.7**2)) <= allowed
    assert np.max(np.abs(gradient - wide[1].T @ residual / 0.7**2)) <= allowed


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("rows", "columns"), [(9_001, 20), (300, 400)])
def test_products_are_formed_block_by_block(kernels, rows, columns, dtype):
    """400 columns and 3 classes are more than a block may hold; there BLAS has all rows."""
    W, X = RNG.normal(size=(columns, 3)).astype(dtype), RNG.normal(size=(rows, columns)).astype(dtype)
    Y = np.eye(3, dtype=dtype)[RNG.integers(0, 3, rows)]
    value, gradient = kernels.value_and_grad_E(W, X, Y)
    Z = X.astype(float) @ W.astype(float)
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    # a logit has an error of at most columns * eps times the sum of absolute values, a probability of twice that
    logits = np.abs(X.astype(float)) @ np.abs(W.astype(float)) + 1
    allowed = (2 * columns + rows) * np.finfo(dtype).eps * float(np.mean(np.sum(logits, axis=1)))
    assert abs(value + np.sum(Y * np.log(P)) / rows) <= allowed
    assert np.max(np.abs(gradient - X.T @ (P - Y) / rows)) <= allowed * np.max(np.abs(X))
    assert np.max(np.abs(kernels.P(X, W) - P)) <= 2 * columns * np.finfo(dtype).eps * np.max(logits)


def test_the_large_sizes_of_these_tests_go_to_threads(kernels, monkeypatch):
    seen = []
    original = kernels._in_threads
    monkeypatch.setattr(kernels, "_in_threads", lambda *given: seen.append(given[3]) or original(*given))
    theta, X, y = data(7000, 90)
    kernels.L(theta, X[:100], y[:100], 0.3)
    assert seen == []
    kernels.L(theta, X, y, 0.3)
    assert seen[0] >= 1_000_000


def large_case() -> tuple[np.ndarray, ...]:
    return data(30_001, 40)


@pytest.fixture
def two_threads():
    before = numba.get_num_threads()
    numba.set_num_threads(2)
    yield
    numba.set_num_threads(before)


def test_a_fixed_number_of_threads_gives_the_same_bits(kernels, two_threads):
    theta, X, y = large_case()
    first = kernels.value_and_grad_L(theta, X, y, 0.3)
    for _ in range(5):
        again = kernels.value_and_grad_L(theta, X, y, 0.3)
        assert again[0] == first[0]
        np.testing.assert_array_equal(again[1], first[1])


def test_the_number_of_threads_changes_no_more_than_rounding(kernels, two_threads):
    theta, X, y = large_case()
    two = kernels.value_and_grad_L(theta, X, y, 0.3)
    numba.set_num_threads(1)
    one = kernels.value_and_grad_L(theta, X, y, 0.3)
    allowed = spread(theta, X, y, np.float64) / len(y)
    assert abs(two[0] - one[0]) <= allowed
    assert np.max(np.abs(two[1] - one[1])) <= allowed


def test_helpers_keep_away_from_the_processor_of_their_caller(kernels, two_threads):
    kernels.value_and_grad_L(*large_case(), 0.3)
    helpers = kernels._TEAMS[os.getpid()].helpers
    deadline = time.monotonic() + 10.0
    while not all(helper.asleep for helper in helpers) and time.monotonic() < deadline:
        time.sleep(1e-3)
    kernels.value_and_grad_L(*large_case(), 0.3)
    allowed = os.sched_getaffinity(0)
    for helper in helpers:
        assert helper.avoided in allowed
        assert os.sched_getaffinity(helper.native_id) == (allowed - {helper.avoided} or allowed)


def test_where_processors_cannot_be_chosen_helpers_run_anywhere(kernels, two_threads, monkeypatch):
    given = large_case()
    first = kernels.value_and_grad_L(*given, 0.3)

    def refused(thread: int, processors: set[int]) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    for helper in kernels._TEAMS[os.getpid()].helpers:
        helper.avoided = None
        helper.keep_away()
    assert kernels.value_and_grad_L(*given, 0.3)[0] == first[0]


def test_threads_of_the_user_may_call_at_once(kernels, two_threads):
    theta, X, y = large_case()
    expected, found = kernels.grad_L(theta, X, y, 0.3), []
    users = [threading.Thread(target=lambda: found.append(kernels.grad_L(theta, X, y, 0.3))) for _ in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert len(found) == 6
    for gradient in found:
        np.testing.assert_array_equal(gradient, expected)


def test_what_a_helper_raises_reaches_the_caller_and_it_goes_on_helping(kernels, two_threads):
    theta, X, y = large_case()
    expected = kernels.grad_L(theta, X, y, 0.3)
    begun = threading.Barrier(2, timeout=60)

    def turns(shares: np.ndarray, signal: np.ndarray, thread: int) -> None:
        """Each of the two threads has taken a range before the helper fails."""
        while kernels._takes(shares, signal, thread):
            if shares[thread, 1] in (0, 1):
                begun.wait()
            if thread > 1:
                raise MemoryError(f"rows {shares[thread, 2]} to {shares[thread, 3]}")

    for _ in range(3):
        with pytest.raises(MemoryError, match=r"rows \d+ to \d+"):
            kernels._in_threads(None, turns, 1000, 1_200_000, (), ())
        np.testing.assert_array_equal(kernels.grad_L(theta, X, y, 0.3), expected)


def test_what_the_caller_raises_is_raised_though_no_helper_has_come(kernels, two_threads, monkeypatch):
    monkeypatch.setattr(kernels._Helper, "begin", lambda helper, job: None)

    def turns(shares: np.ndarray, signal: np.ndarray, thread: int) -> None:
        assert kernels._takes(shares, signal, thread)
        raise MemoryError("rows of the caller")

    with pytest.raises(MemoryError, match="rows of the caller"):
        kernels._in_threads(None, turns, 1000, 1_200_000, (), ())


def test_the_caller_waits_for_a_range_that_a_helper_has_begun(kernels, two_threads):
    """Longer than it looks: then it sleeps between two looks."""
    begun, ended = threading.Barrier(2, timeout=60), []

    def turns(shares: np.ndarray, signal: np.ndarray, thread: int) -> None:
        while kernels._takes(shares, signal, thread):
            if shares[thread, 1] in (0, 1):
                begun.wait()
            if thread > 1:
                time.sleep(0.02)
            ended.append(int(shares[thread, 1]))

    kernels._in_threads(None, turns, 1000, 1_200_000, (), ())
    assert sorted(ended) == list(range(8))


def test_the_ranges_do_not_depend_on_who_takes_them(kernels, two_threads, monkeypatch):
    """Alone, with a helper that has just worked and with one that sleeps: the same ranges and the same order of sums."""
    theta, X, y = large_case()
    expected = kernels.grad_L(theta, X, y, 0.3)
    time.sleep(0.05)
    np.testing.assert_array_equal(kernels.grad_L(theta, X, y, 0.3), expected)
    monkeypatch.setattr(kernels._Team, "do", lambda team, job, count: job(1))
    np.testing.assert_array_equal(kernels.grad_L(theta, X, y, 0.3), expected)


@pytest.mark.parametrize("size", [1_000_003, 5])
def test_functions_of_each_entry(kernels, size):
    z = np.concatenate([RNG.normal(size=size - 5) * 20, [-np.inf, np.inf, np.nan, 0.0, -745.0]])
    sigmoid, softplus = kernels.q(z), kernels.w(z)
    with np.errstate(over="ignore", invalid="ignore"):
        least = np.finfo(float).smallest_subnormal
        rounded = (745 + 8) * EPS  # the reference rounds its exponent, down to -745, before it takes exp of it
        np.testing.assert_allclose(sigmoid, np.exp(-np.logaddexp(0, -z)), rtol=rounded, atol=least)
        np.testing.assert_allclose(softplus, np.logaddexp(0, z), rtol=8 * EPS, atol=least)


def test_nan_and_infinities_go_where_numpy_takes_them(kernels):
    theta, X, y = large_case()
    X[20_000, 3], X[40, 5] = np.nan, np.inf
    value, gradient = kernels.value_and_grad_G(theta, X, y, 1.0)
    residual = y - X @ theta
    with np.errstate(invalid="ignore"):
        expected = X.T @ residual
    assert np.isnan(value)
    np.testing.assert_array_equal(np.isnan(gradient), np.isnan(expected))


def test_strided_rows_are_accepted(kernels):
    theta, X, y = large_case()
    wide = np.repeat(X, 2, axis=1)[:, ::2]
    assert kernels.L(theta, wide, y, 0.3) == kernels.L(theta, X, y, 0.3)
    assert kernels.L(theta, np.asfortranarray(X), y, 0.3) == kernels.L(theta, X, y, 0.3)


def test_ten_million_rows_in_float32_keep_five_digits(kernels):
    """All terms have one sign and are near 1: a running sum in float32 would stand still at 2^24."""
    rows = 10**7
    X, y = np.ones((rows, 1), np.float32), np.full(rows, 1.7, np.float32)
    X[::3] = 0.9
    value, gradient = kernels.value_and_grad_G(np.array([0.2], np.float32), X, y, 1.0)
    residual = y.astype(float) - X[:, 0].astype(float) * float(np.float32(0.2))
    expected = float(np.sum(residual * X[:, 0]))
    assert abs(float(gradient[0]) - expected) <= 1e-5 * expected
    loss = -float(np.sum(residual**2)) / 2 - rows * np.log(2 * np.pi) / 2
    assert abs(value - loss) <= 1e-5 * abs(loss)


SPLIT = [case for case in CASES if plan(case).many]


def test_which_cases_can_be_split():
    assert sorted(case.name for case in SPLIT) == [
        "J",
        "descent_step",
        "grad_J",
        "inlined",
        "minus_a_sum",
        "outer",
        "prediction",
        "quadratic",
        "special",
        "trace_of_square",
        "value_and_grad_J",
    ]


def evaluated(kernel: object, planned: LoopPlan, given: list[object], sizes: dict[str, int]) -> list[np.ndarray]:
    arrays = [np.empty([int(e.subs(sizes)) for e in s.shape]) for s in planned.results if s.shape]
    scalars = kernel(*given, *arrays)
    return [*arrays, *(() if scalars is None else np.atleast_1d(scalars))]


@pytest.mark.parametrize("request_", SPLIT, ids=lambda case: case.name)
def test_ranges_of_rows_add_up_to_the_plain_kernel(built, request_):
    """Any sizes, down to fewer rows than are taken at once, and more than a block. Entries are at most 1: each operation
    adds at most half an ulp of a value that is at most the number of operations."""
    planned = plan(request_)
    for count in (1, 3, 4, 6, LONG + 3):
        names = dict.fromkeys(planned.dimensions, 4) | {str(planned.many.extent): count}
        sizes = {size(name): extent for name, extent in names.items()}
        given = [RNG.uniform(0.1, 0.9, [d.value(names) for d in p.shape]) if p.shape else 0.4 for p in planned.parameters]
        plain = evaluated(getattr(built, f"_{request_.name}"), planned, given, sizes)
        shared = evaluated(getattr(built, f"_{request_.name}_many"), planned, given, sizes)
        operations = int(planned.operations().flops.subs(sizes))
        for a, b in zip(plain, shared, strict=True):
            np.testing.assert_allclose(b, a, rtol=operations * 2**-52, atol=operations * 2**-52)


REFUSED = {
    "reads the row before": Indexed("d", (I,), sympy.Piecewise((r[i] - tensor("y")[i - 1], i > 1), (r[i], True))),
    "the number of the row counts": Indexed("d", (I,), i * r[i]),
    "the number of the row times what is given": Indexed("d", (I,), i * tensor("y")[i] + r[i]),
    "a product over all rows": Indexed("d", (), sympy.Product(r[i], (i, 1, m))),
    "up to the row itself": Indexed("d", (I,), sympy.Sum(tensor("y")[j], (j, 1, i)) * r[i]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_loops_whose_rows_depend_on_each_other_or_on_their_number_stay_whole(name):
    assert plan(value("f", DATA, RESIDUAL, REFUSED[name])).many is None


def test_the_plan_says_how_many_rows_are_taken():
    assert str(plan(LEAST_SQUARES_GRADIENT)).splitlines()[-1] == (
        "  from m*(4*n + 5) = 80000 on: for i in threads, blocks of 2048 rows, 2 at once"
    )


CALL = """
import sys, time
import numba, numpy as np
from eqcompiler import kernels
from pathlib import Path
module = kernels.load(Path(sys.argv[1]))
X, y, theta = np.ones((30_000, 40)), np.ones(30_000), np.ones(40)
numba.njit(lambda a, b: a)(X, y)  # the first call of any function makes numba load more of itself
begun = time.process_time()
module.value_and_grad_J(theta, 0.5, X, y)
print(time.process_time() - begun)
"""


def test_a_second_process_starts_from_the_disk_and_a_first_call_compiles_only_what_it_needs(tmp_path):
    from eqcompiler import kernels as all_kernels
    from eqcompiler.errors import Source

    path = tmp_path / "least_squares.py"
    path.write_text(all_kernels.module_text((VALUE_AND_GRADIENT,), Source("a.tex", "a")), encoding="utf-8")

    def seconds() -> float:
        return float(subprocess.run([sys.executable, "-c", CALL, str(path)], capture_output=True, text=True, check=True).stdout)

    seconds()
    compiled = {cached.name.split("-")[0] for cached in (tmp_path / "__pycache__").glob("*.nbc")}
    names = ("_takes", "_value_and_grad_J_rows", "_value_and_grad_J_turns", "_value_and_grad_J_rest")
    assert compiled == {f"least_squares.{name}" for name in names}
    assert min(seconds() for _ in range(2)) < 0.25
