r"""Squared names with an index: \sigma_k^2 and \sigma_{ij}^2 as parameters and as what is differentiated in."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

KL = r"D = \sum_{j=1}^d (\mu_j^2 + \sigma_j^2 - \log \sigma_j^2)"


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("squares.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def verdict(*displays: str) -> str:
    document = read(*displays)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1].verdict


# (declaration, definition, left, true right side, wrong neighbour)
CLAIMS = [
    (
        r"w \in \mathbb{R}^K, \quad \sigma_k^2 > 0",
        r"v = \sum_{k=1}^K w_k^2 / \sigma_k^2",
        r"\frac{\partial v}{\partial \sigma_k^2}",
        r"-\frac{w_k^2}{\sigma_k^4}",
        r"-\frac{2 w_k^2}{\sigma_k^4}",
    ),
    (
        r"\mu, \sigma \in \mathbb{R}^d, \quad \sigma_j > 0",
        KL,
        r"\frac{\partial D}{\partial \sigma_j^2}",
        r"1 - \frac{1}{\sigma_j^2}",
        r"1 + \frac{1}{\sigma_j^2}",
    ),
    (
        r"\sigma_{ij}^2 > 0, \quad i, j = 1, \dots, n",
        r"f = \sum_{i=1}^n \sum_{j=1}^n \sigma_{ij}^4",
        r"\frac{\partial f}{\partial \sigma_{ij}^2}",
        r"2 \sigma_{ij}^2",
        r"4 \sigma_{ij}^2",
    ),
    (
        r"\sigma_1^2, \sigma_2^2 > 0",
        r"r = \frac{\sigma_1^2}{\sigma_1^2 + \sigma_2^2}",
        r"\frac{\partial r}{\partial \sigma_1^2}",
        r"\frac{\sigma_2^2}{(\sigma_1^2 + \sigma_2^2)^2}",
        r"\frac{\sigma_1^2}{(\sigma_1^2 + \sigma_2^2)^2}",
    ),
]


@pytest.mark.parametrize(("given", "definition", "left", "right", "wrong"), CLAIMS, ids=[given for given, *_ in CLAIMS])
def test_the_derivative_in_a_square(given: str, definition: str, left: str, right: str, wrong: str) -> None:
    assert verdict(given, definition, f"{left} = {wrong}") in ("refuted", "conditional")
    assert verdict(given, definition, f"{left} = {right}") == "proved"


def test_the_derivative_in_the_root_stays_what_it_is() -> None:
    given = r"\mu, \sigma \in \mathbb{R}^d, \quad \sigma_j > 0"
    assert verdict(given, KL, r"\frac{\partial D}{\partial \sigma_j} = 2 \sigma_j - \frac{2}{\sigma_j}") == "proved"


def test_a_square_that_is_bounded_says_nothing_of_a_sign() -> None:
    assert verdict(r"x \in \mathbb{R}, \quad x^2 > 0", "|x| = x") == "conditional"


@pytest.mark.parametrize(
    "given", [r"\sigma \in \mathbb{R}^d, \quad \sigma_j \ge 2", r"\sigma \in \mathbb{R}^d, \quad \sigma_j \in [1, 2]"]
)
def test_other_bounds_are_about_the_root(given: str) -> None:
    document = read(
        r"\mu \in \mathbb{R}^d, \quad " + given, KL, r"\frac{\partial D}{\partial \sigma_j^2} = 1 - \frac{1}{\sigma_j^2}"
    )
    assert r"'\sigma_j^2' is a power, no variable" in [s.error.what for s in document.statements if s.error]


def test_entries_with_two_indices_are_an_array() -> None:
    given, total = r"s_{ij} > 0, \quad i, j = 1, \dots, n", r"f = \sum_{i=1}^n \sum_{j=1}^n s_{ij}^3"
    assert verdict(given, total, r"\frac{\partial f}{\partial s_{ij}} = 3 s_{ij}^2") == "proved"
