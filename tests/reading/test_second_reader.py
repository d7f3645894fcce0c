"""The second reader speaks about plain scalar arithmetic, catches a misreading there, and is silent elsewhere."""

from __future__ import annotations

import sys

import pytest
import sympy

from eqcompiler.reading.second_reader import disagreement, read_scalar

a, b, p, x, y, theta = sympy.symbols("a b p x y theta", real=True)
SYMBOLS = {"a": a, "b": b, "p": p, "x": x, "y": y, r"\theta": theta}
exp, log, sin, cos, sqrt = sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.sqrt


@pytest.mark.parametrize(
    ("latex", "ours"),
    [
        (r"\frac{1}{1 + e^{-x}}", 1 / (1 + exp(-x))),
        (r"x(1 - x)", x * (1 - x)),
        (r"\log(1 + x)", log(1 + x)),
        (r"\sqrt{\frac{\pi}{a}} \, e^{b^2 / (4 a)}", sqrt(sympy.pi / a) * exp(b**2 / (4 * a))),
        (r"\frac{x \cos x - \sin x}{x^2}", (x * cos(x) - sin(x)) / x**2),
        (r"2 \ln a + \ln b - \theta \left( x + 0.5 \right)", 2 * log(a) + log(b) - theta * (x + sympy.Rational(1, 2))),
    ],
)
def test_agreement(latex: str, ours: sympy.Expr) -> None:
    assert read_scalar(latex) is not None
    assert disagreement(latex, ours, SYMBOLS) is None


@pytest.mark.parametrize(
    ("latex", "ours", "sentence"),
    [
        (
            r"-x^2",
            x**2,
            "the second reader reads `-x**2`: at a = 2/19, b = 3/23, p = 5/29, theta = 7/31, x = 11/37, y = 13/41"
            " that is -0.08838568298, ours is 0.08838568298",
        ),
        (
            r"\frac{1}{1 + e^{-x}}",
            1 / (1 + exp(x)),
            "the second reader reads `1/(1 + exp(-x))`: at a = 2/19, b = 3/23, p = 5/29, theta = 7/31, x = 11/37, y = 13/41"
            " that is 0.5737816861, ours is 0.4262183139",
        ),
    ],
)
def test_a_misreading_of_ours_is_named(latex: str, ours: sympy.Expr, sentence: str) -> None:
    assert disagreement(latex, ours, SYMBOLS) == sentence


@pytest.mark.parametrize(
    "latex",
    ["x^{(i)}", "X^T X", "x_{ij}", "dx", "i x", "I", r"\mathbf{x}", r"\|x\|", "a(b)", "MSE_1", r"\sum_i x", "(", "", "x" * 500],
)
def test_silence_outside_the_scope(latex: str) -> None:
    assert disagreement(latex, x, SYMBOLS) is None


def test_towers_of_powers_are_not_evaluated() -> None:
    assert disagreement("9^{9^{9^9}}", x, SYMBOLS) is None


def test_nothing_is_left_behind(capsys: pytest.CaptureFixture[str]) -> None:
    before = (sys.path[:], sys.modules.get("gen"), sys.modules.get("typing.io"))
    first = read_scalar("a x + b")
    read_scalar(r"\frac{1")
    assert read_scalar("a x + b") == first
    assert (sys.path, sys.modules.get("gen"), sys.modules.get("typing.io")) == before
    assert capsys.readouterr() == ("", "")
