"""Programs as plain NumPy: what a person would write, with the values of the slow evaluator."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import sympy
from kernel_cases import CASES, VALUE_AND_GRADIENT
from test_kernel_values import UNIQUE, assert_kernel_matches

from eqcompiler import kernels, pipeline
from eqcompiler.errors import Source
from eqcompiler.kernels.numpy_text import numpy_module
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Program, index, size, tensor

SOURCE = Source("equations/cases.tex", "the cases")
ROOT = Path(__file__).parents[2]
TEXT, REFUSED = numpy_module(CASES, SOURCE)


@pytest.fixture(scope="module")
def in_numpy(kernel_folder: Path) -> ModuleType:
    return kernels.load(TEXT, "cases_in_numpy", kernel_folder)


@pytest.mark.parametrize("request_", [c for c in CASES if c.name not in REFUSED and c.kind == "value"], ids=lambda c: c.name)
def test_values(in_numpy: ModuleType, request_: KernelRequest) -> None:
    for seed, (rows, columns) in enumerate(((7, 3), (5, 2), (2, 5))):
        if request_ in UNIQUE and rows <= columns:
            continue
        sizes = {"m": rows, "n": columns, "p": 2}

        def function(*arguments: object) -> object:
            found = getattr(in_numpy, request_.name)(*arguments)
            return tuple(map(np.asarray, found)) if isinstance(found, tuple) else np.asarray(found)

        assert_kernel_matches(function, request_, sizes, seed, np.float64)


def test_few_cases_have_no_form_and_say_why() -> None:
    assert {name: error.what for name, error in REFUSED.items()} == {
        "shifted_sum": "b[n] is a part of b",
        "partial_sums": "j runs over 1..k, a part of an axis",
        "triangular": "j runs over 1..i, a part of an axis",
        "after": "j runs over k + 1..n, a part of an axis",
        "empty_at_the_end": "j runs over k + 1..n, a part of an axis",
        "empty_in_the_middle": "j runs over k + 1..n, a part of an axis",
        "guarded": "x[k - 1] is a part of x",
        "guarded_sum": "A[k - 1, j] is a part of A",
        "product_of_entries": "Product has no form in NumPy",
        "special": "cot has no form in NumPy",
    }


def written(stem: str, name: str) -> list[str]:
    document = pipeline.load(ROOT / "equations" / stem)
    text, _ = pipeline.numpy_module(document)
    lines = text[text.index(f"def {name}(") :].splitlines()
    body = [line.strip() for line in lines[: lines.index("")]]
    return [line for line in body if ".shape[" not in line]


def test_the_text_is_what_a_person_would_write() -> None:
    assert written("ridge.tex", "value_and_grad_J") == [
        "def value_and_grad_J(theta, X, y, lambda_):",
        "r = X @ theta - y",
        "J = lambda_ * (theta @ theta) + r @ r / m",
        "grad_J_theta = (2 * lambda_) * theta + (2 / m) * (X.T @ r)",
        "return J, grad_J_theta",
    ]


def test_nothing_is_computed_twice() -> None:
    assert written("ridge.tex", "J") == [
        "def J(theta, X, y, lambda_):",
        "shared_1 = X @ theta - y",
        "J = lambda_ * (theta @ theta) + shared_1 @ shared_1 / m",
        "return J",
    ]
    lines = written("softmax_cross_entropy.tex", "value_and_grad_J")
    assert sum(line.count("np.exp(") for line in lines) == 1


def test_a_part_of_an_axis_has_no_form() -> None:
    i, n, x = index("i"), size("n"), tensor("x")
    inputs = (Input("x", (Dimension.of("n"),)),)
    total = Indexed("s", (), sympy.Sum(x[i] * x[i + 1], (i, 1, n - 1)))
    shifted = Indexed("s", (Axis(i, sympy.Integer(1), n - 1),), x[i + 1])
    diagonal = Indexed("s", (), sympy.Sum(x[i], (i, 2, n)))
    requests = [KernelRequest(f"k{k}", Program(inputs, (d,), ("s",))) for k, d in enumerate((total, shifted, diagonal))]
    text, refused = numpy_module(requests, SOURCE)
    assert text.count("def ") == 0
    assert {name: error.what for name, error in refused.items()} == {
        "k0": "x[i] is a part of x",
        "k1": "x[i + 1] is a part of x",
        "k2": "i runs over 2..n, a part of an axis",
    }


def test_the_comparison_sees_a_wrong_text(kernel_folder: Path) -> None:
    text, _ = numpy_module((VALUE_AND_GRADIENT,), SOURCE)
    assert "X.T @ r" in text or "@ X" in text
    module = kernels.load(text.replace("(2 / m)", "(1 / m)"), "wrong_in_numpy", kernel_folder)
    with pytest.raises(AssertionError):
        assert_kernel_matches(
            lambda *a: tuple(map(np.asarray, getattr(module, VALUE_AND_GRADIENT.name)(*a))),
            VALUE_AND_GRADIENT,
            {"m": 5, "n": 3, "p": 1},
            0,
            np.float64,
        )
