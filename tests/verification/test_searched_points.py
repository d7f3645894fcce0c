r"""Sides of kinks that random points nearly always miss: narrow windows, far edges, two comparisons together.

Takes: small documents. Gives: tests. Guarantees: what is false on a narrow range is refuted; what is true stays true.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

NUMBERS = r"\[ x, y, z \in \mathbb{R} \]"


def verdict(claim: str, *before: str) -> str:
    text = "\n".join([NUMBERS, *(rf"\[ {line} \]" for line in before), rf"\[ {claim} \]"])
    return pipeline.verify(pipeline.document_of(Source("window.tex", text)))[-1].verdict


@pytest.mark.parametrize(
    "claim",
    [
        r"\mathbb{1}[x > \frac{1}{3}] \mathbb{1}[x < \frac{1}{3} + 10^{-6}] = 0",
        r"\max(0, \frac{1}{100} - |x^2 - 7|) = 0",
        r"\max(0, \frac{1}{1000} - (x - \frac{1}{3})^2 - (y - \frac{22}{7})^2) = 0",
        r"\max(\sin x, \frac{99999}{100000}) = \frac{99999}{100000}",
        r"|x^4 - 4 x^2 + 4 - 10^{-8}| = x^4 - 4 x^2 + 4 - 10^{-8}",
    ],
)
def test_a_narrow_window_refutes(claim: str) -> None:
    assert verdict(claim) in ("refuted", "conditional")


def test_two_comparisons_together_are_searched() -> None:
    cases = r"{}(x) = \begin{{cases}} 1 & x {} \\ 0 & \text{{otherwise}} \end{{cases}}"
    assert verdict("f(x) g(x) = 0", cases.format("f", "> 50.01"), cases.format("g", "< 50.02")) == "refuted"


def test_a_side_that_is_never_reached_refutes_nothing() -> None:
    square = "x^2 + y^2 + z^2 - x y - y z - z x"
    assert verdict(f"|{square}| = {square}") == "holds"


@pytest.mark.parametrize("claim", [r"(x^3)^{1/3} = |x|", r"x^{2/3} x^{1/3} = |x|"])
def test_an_odd_root_of_a_negative_number_is_no_restriction(claim: str) -> None:
    assert verdict(claim) == "conditional"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"x^2 y^2 = 0 \quad \text{where } x^2 + y^2 = 1", "conditional"),  # it is true on the axes alone
        (r"\max(x, -x)^2 + y^2 = 1 \quad \text{where } x^2 + y^2 = 1", "proved"),
        (r"x^2 = y^2 \quad \text{where } |x| = y^2", "undecided"),  # of the points only 0 and 1 were found
        (r"x = 1 \quad \text{if } x^5 - 3 x^4 + x^3 + x^2 + x - 1 = 0", "undecided"),
    ],
)
def test_points_that_meet_an_equation_must_not_be_special(claim: str, expected: str) -> None:
    assert verdict(claim) == expected


def test_an_extremum_that_may_not_exist_does_not_hold() -> None:
    assert verdict(r"\min_z (x z^2 + y z) = -\frac{y^2}{4x}") == "undecided"
