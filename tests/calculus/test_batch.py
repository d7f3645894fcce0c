"""A program for one sample, over a batch: row by row the same values."""

from __future__ import annotations

import numpy as np
import pytest
from program_values import value
from rounding import assert_agree
from terms_by_hand import add, document, dot, like, op, sym

from eqcompiler.calculus.batch import batched
from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.derive import gradient
from eqcompiler.calculus.lower import lower
from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension

SHAPES = {"W": "m n", "A": "n n", "x": "n", "b": "m", "c": ""}
W, A, x, b, c = (sym(name, text) for name, text in SHAPES.items())
LAYER = like("tanh", add(dot(W, x), b))
DOCUMENT = document(SHAPES, {"h": (("x",), LAYER)})
SIZES = {"m": 3, "n": 2, "N": 4}
RANDOM = np.random.default_rng(2)
VALUES = {"W": RANDOM.normal(size=(3, 2)), "b": RANDOM.normal(size=3), "c": 0.4}
ROWS = RANDOM.normal(size=(4, 2))


def test_a_layer_over_a_batch() -> None:
    program = batched(lower(DOCUMENT, LAYER, "h_out"), ("x",), "N")
    check(program)
    assert str(program) == "h_out[k in 1..N, i in 1..m] = tanh(b[i] + Sum(W[i, j]*x[k, j], (j, 1, n)))"
    assert next(item.shape for item in program.inputs if item.name == "x") == (Dimension.of("N"), Dimension.of("n"))
    found = value(program, SIZES, VALUES | {"x": ROWS})
    assert_agree(found, np.tanh(ROWS @ VALUES["W"].T + VALUES["b"]), 2 * 2 + 1 + 2)


def test_what_no_sample_reaches_keeps_its_shape() -> None:
    term = op("mul", "", dot(x, x), dot(b, b))
    doc = document(SHAPES, {"s": ((), dot(b, b)), "f": (("x",), term)})
    program = batched(lower(doc, add(term, op("mul", "", c, dot(b, b))), "f"), ("x", "c"), "N")
    check(program)
    cs = RANDOM.normal(size=4)
    found = value(program, SIZES, VALUES | {"x": ROWS, "c": cs})
    assert_agree(found, ((ROWS**2).sum(1) + cs) * (VALUES["b"] ** 2).sum(), 2 * (2 + 3) + 2)


def test_gradients_over_a_batch() -> None:
    doc = document(SHAPES, {"f": (("x",), dot(b, LAYER))})
    program = batched(gradient(lower(doc, dot(b, LAYER), "g"), "g", "x"), ("x",), "N")
    check(program)
    slope = 1 - np.tanh(ROWS @ VALUES["W"].T + VALUES["b"]) ** 2
    assert_agree(value(program, SIZES, VALUES | {"x": ROWS}), (slope * VALUES["b"]) @ VALUES["W"], 2 * (2 + 3) + 5)


def test_refusals() -> None:
    program = lower(DOCUMENT, op("det", "", A), "f")
    with pytest.raises(NotSupportedYet) as caught:
        batched(program, ("A",), "N")
    assert caught.value.what == "det(A) for every sample is not supported yet"
    with pytest.raises(IllegalEquation) as illegal:
        batched(program, ("q",), "N")
    assert illegal.value.what == "q is no input of the program"
    assert illegal.value.allowed == "A"
