"""What the public functions accept and refuse: shapes, dtypes, layouts, out=; messages are compared whole."""

from __future__ import annotations

import numpy as np
import pytest

RNG = np.random.default_rng(5)
THETA, X, Y = RNG.normal(size=4), RNG.normal(size=(6, 4)), RNG.normal(size=6)
OUT = np.empty(4)
READ_ONLY = np.empty(4)
READ_ONLY.flags.writeable = False

HIDDEN = f"X has {np.sum(X < 0)} masked entries; fill them, or leave their rows out"

REFUSED = [
    ((THETA, 0.5, X, Y[:5]), {}, ValueError, "X has 6 rows, y has 5"),
    ((THETA[:3], 0.5, X, Y), {}, ValueError, "X has 4 columns, theta has 3"),
    ((THETA, 0.5, X[0], Y), {}, ValueError, "X must have 2 axes (m, n), has shape (4,)"),
    ((THETA[:, None], 0.5, X, Y), {}, ValueError, "theta must have 1 axis (n), has shape (4, 1)"),
    ((THETA, 0.5, X.astype(complex), Y), {}, TypeError, "X has dtype complex128; float64, float32 and integers are allowed"),
    ((THETA, 0.5, X.astype(np.float16), Y), {}, TypeError, "X has dtype float16; float64, float32 and integers are allowed"),
    ((THETA, 0.5, X[:0], Y[:0]), {}, ValueError, "X has 0 rows, at least 1 needed"),
    ((THETA, 0.5, np.ma.masked_less(X, 0), Y), {}, TypeError, HIDDEN),
    ((THETA, "0.5", X, Y), {}, TypeError, "b must be a number, got str"),
    ((THETA, X, X, Y), {}, TypeError, "b must be a number, got ndarray"),
    ((THETA, None, X, Y), {}, TypeError, "b must be a number, got NoneType"),
    ((THETA, 1j, X, Y), {}, TypeError, "b must be a number, got complex"),
    ((THETA, 0.5, [[1.0, 2.0], [3.0]], Y), {}, ValueError, "X must be an array; its rows differ in length"),
    ((THETA, 0.5, X, Y), {"out": np.empty(3)}, ValueError, "out must have shape (4,), has (3,)"),
    ((THETA, 0.5, X, Y), {"out": np.empty(4, np.float32)}, TypeError, "out must have dtype float64, has float32"),
    ((THETA, 0.5, X, Y), {"out": [0.0] * 4}, TypeError, "out must be an array, got list"),
    ((THETA, 0.5, X, Y), {"out": np.empty(8)[::2]}, ValueError, "out must be writeable and in C order"),
    ((THETA, 0.5, X, Y), {"out": READ_ONLY}, ValueError, "out must be writeable and in C order"),
    ((THETA, 0.5, X, Y), {"out": THETA}, ValueError, "out shares memory with an input; inputs are never changed"),
]


@pytest.mark.parametrize(("arguments", "keywords", "kind", "message"), REFUSED, ids=[case[3] for case in REFUSED])
def test_refused(built, arguments, keywords, kind, message):
    with pytest.raises(kind) as caught:
        built.grad_J(*arguments, **keywords)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "arguments",
    [
        (THETA, 0.5, X[:, ::-1], Y),
        (THETA.tolist(), 0.5, X, Y),
        (THETA, 1, X, Y),
        (THETA, 0.5, X.astype(int), Y),
        (THETA.astype(int), 1, X.astype(int), Y.astype(int)),
        (THETA, 0.5, X.astype(np.float32), Y),
        (THETA, 0.5, X.astype(">f8"), Y),
    ],
    ids=["turned", "list", "whole number", "integers", "all integers", "two precisions", "big endian"],
)
def test_nothing_is_compiled_for_what_is_converted(built, arguments):
    plain = [np.ascontiguousarray(a, dtype=float) if np.ndim(a) else float(a) for a in arguments]
    expected = built.grad_J(*plain)
    compiled = list(built._grad_J.signatures)
    with pytest.raises(built._Unlike):
        built._grad_J(*arguments, np.empty(4))
    np.testing.assert_array_equal(built.grad_J(*arguments), expected)
    assert built._grad_J.signatures == compiled


class Labelled(np.ndarray):
    """An array of another type."""


@pytest.mark.parametrize("kind", [np.ma.MaskedArray, Labelled])
def test_other_kinds_of_arrays_are_taken_as_plain_ones(built, kind):
    found = built.grad_J(THETA, 0.5, X.view(kind), Y)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, built.grad_J(THETA, 0.5, X, Y))


def test_other_ranks_are_not_compiled_for(built):
    with pytest.raises(built._Unlike):
        built._grad_J(X, 0.5, X, Y, np.empty(4))


def test_out_is_filled_and_returned(built):
    expected = built.grad_J(THETA, 0.5, X, Y)
    out = np.full(4, np.nan)
    assert built.grad_J(THETA, 0.5, X, Y, out=out) is out
    np.testing.assert_array_equal(out, expected)


def test_several_results_are_filled_in_order(built):
    out = (np.empty(4), np.empty((4, 4)))
    results = built.logistic(THETA, 0.5, X, Y, out=out)
    assert results[1] is out[0]
    assert results[2] is out[1]
    with pytest.raises(TypeError) as caught:
        built.logistic(THETA, 0.5, X, Y, out=out[0])
    assert str(caught.value) == "out must be a tuple of 2 arrays"
    with pytest.raises(ValueError, match=r"^out\[1\] must have shape \(4, 4\), has \(4,\)$"):
        built.logistic(THETA, 0.5, X, Y, out=(out[0], np.empty(4)))


@pytest.mark.parametrize(
    "matrix",
    [np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1], X.astype(">f8"), X.tolist()],
    ids=["column order", "every second column", "turned twice", "big endian", "lists"],
)
def test_any_layout_gives_the_same_result(built, matrix):
    np.testing.assert_array_equal(built.grad_J(THETA, 0.5, matrix, Y), built.grad_J(THETA, 0.5, X, Y))


def test_read_only_data_is_accepted(built):
    fixed = X.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(built.J(THETA, 0.5, fixed, Y), built.J(THETA, 0.5, X, Y))


def test_integers_become_floats_and_mixed_floats_the_widest(built):
    counts = np.arange(24).reshape(6, 4)
    result = built.grad_J(np.ones(4, dtype=int), 1, counts, np.arange(6))
    np.testing.assert_array_equal(result, built.grad_J(np.ones(4), 1.0, counts.astype(float), np.arange(6.0)))
    assert built.grad_J(THETA.astype(np.float32), 1, counts, Y.astype(np.float32)).dtype == np.float32
    assert built.grad_J(THETA.astype(np.float32), 1, counts, Y).dtype == np.float64


def test_a_run_leaves_the_start_alone(built):
    start = THETA.copy()
    theta, b, done = built.descent_run(start, 0.5, X, Y, 0.01, 5)
    assert done == 5
    assert isinstance(b, float)
    np.testing.assert_array_equal(start, THETA)
    assert not np.array_equal(theta, THETA)


@pytest.mark.parametrize(
    ("iterations", "tolerance", "kind", "message"),
    [
        (-1, 0.0, ValueError, "iterations must be at least 0, got -1"),
        (2.5, 0.0, TypeError, "iterations must be a whole number, got float"),
        (3, "0", TypeError, "tolerance must be a number, got str"),
    ],
)
def test_a_run_refuses(built, iterations, tolerance, kind, message):
    with pytest.raises(kind) as caught:
        built.descent_run(THETA, 0.5, X, Y, 0.01, iterations, tolerance)
    assert str(caught.value) == message
