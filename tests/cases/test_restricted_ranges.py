r"""Sums over restricted ranges, \sum_{i<j}, \max_{j \ne k}: what is bound, what is refused, what is true."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

X = r"x \in \mathbb{R}^n"
TRUE = ("proved", "holds")
FALSE = ("refuted", "conditional")


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("ranges.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def verdict(*displays: str) -> str:
    document = read(*displays)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1].verdict


# (left, true right side, wrong neighbour)
CLAIMS = [
    (r"(\sum_i x_i)^2", r"\|x\|^2 + 2 \sum_{i<j} x_i x_j", r"\|x\|^2 + \sum_{i<j} x_i x_j"),
    (r"(\sum_i x_i)^2", r"\|x\|^2 + \sum_{i \neq j} x_i x_j", r"\|x\|^2 + \sum_{i \le j} x_i x_j"),
    (
        r"\sum_{1 \le i < j \le n} (x_i - x_j)^2",
        r"n \|x\|^2 - (\sum_i x_i)^2",
        r"(n - 1) \|x\|^2 - (\sum_i x_i)^2",
    ),
    (r"\sum_{n \ge i > j \ge 1} (x_i + x_j)", r"(n - 1) \sum_i x_i", r"n \sum_i x_i"),
    (r"\sum_{i=1}^n \sum_{j < i} x_j", r"\sum_{j=1}^n (n - j) x_j", r"\sum_{j=1}^n (n - j + 1) x_j"),
    (r"\sum_{j=1, j \neq k}^n x_j", r"\mathbf{1}^\top x - x_k", r"\mathbf{1}^\top x + x_k"),
    (r"\sum_{\substack{i,j=1 \\ i \neq j}}^n x_i x_j", r"(\sum_i x_i)^2 - \|x\|^2", r"(\sum_i x_i)^2 + \|x\|^2"),
    (r"\sum_{j \in \{1, \dots, n\} \setminus \{k\}} x_j", r"\mathbf{1}^\top x - x_k", r"\mathbf{1}^\top x"),
    (r"\sum_{i \notin \{j, k\}} x_i", r"\sum_{i \ne j, k} x_i + 0 x_j x_k", r"\sum_{i \ne j} x_i + 0 x_j x_k"),
    (r"\sum_{0 < i < j < k \le n} 1", r"\frac{n (n-1) (n-2)}{6}", r"\frac{n (n-1) (n-2)}{3}"),
    (r"x_k + \max_{j \neq k} x_j", r"x_k - \min_{j \neq k} (-x_j)", r"x_k - \max_{j \neq k} (-x_j)"),
]


@pytest.mark.parametrize(("left", "right", "wrong"), CLAIMS, ids=[left for left, _, _ in CLAIMS])
def test_a_wrong_neighbour_is_refuted_and_the_right_one_is_not(left: str, right: str, wrong: str) -> None:
    assert verdict(X, f"{left} = {wrong}") in FALSE
    assert verdict(X, f"{left} = {right}") in TRUE


def test_the_derivative_of_a_sum_over_pairs() -> None:
    definition = r"f(x) = \sum_{i<j} x_i x_j"
    assert verdict(X, definition, r"\frac{\partial f}{\partial x_k} = \sum_{i : i \neq k} x_i") in TRUE
    assert verdict(X, definition, r"\frac{\partial f}{\partial x_k} = \sum_{i < k} x_i") in FALSE


@pytest.mark.parametrize(
    ("claim", "what", "fix"),
    [
        (
            r"\sum_{j \neq k} x_j = 0",
            r"'\sum_{j \neq k}': nothing says whether k is an index of it or stands for one value",
            r"write \sum_{j : j \neq k} or \sum_{j, k : j \neq k}",
        ),
        (
            r"x_j x_k = \sum_{j \neq k} x_j x_k",
            r"'\sum_{j \neq k}': every letter below it also stands outside of it",
            r"write \sum_{j : j \neq k} or \sum_{j, k : j \neq k}",
        ),
        (r"\sum_{i \ne j} 1 = n (n-1)", "nothing says how large 'j' is", "declare the sizes or the range of the index"),
    ],
)
def test_what_is_bound_is_never_guessed(claim: str, what: str, fix: str) -> None:
    (error,) = [s.error for s in read(X, claim).statements if s.error]
    assert error is not None
    assert (error.what, error.fix) == (what, fix)
