r"""Members that are listed with dots: what x_1, \dots, x_N \in \mathbb{R}^D says of x, and what must not follow from it."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document


def read(text: str) -> Document:
    return pipeline.document_of(Source("members.tex", text))


def verdicts(text: str) -> list[str]:
    return [found.verdict for found in pipeline.verify(read(text))]


NORMS = r"\[ \sum_{n=1}^N \|x_n\|^2 = \sum_{n=1}^N x_n^\top x_n \]"
SQUARES = r"\[ \sum_{i=1}^n x_i^2 = x^\top x \]"
PROVED = [
    r"\[ x_1, \dots, x_N \in \mathbb{R}^D \]" + NORMS,
    r"Let $x_1, x_2, \ldots, x_N \in \mathbb{R}^D$." + NORMS,
    r"\[ x_1, \dots, x_N, y_1, \dots, y_N, z \in \mathbb{R}^D \]"
    r"\[ \sum_{n=1}^N (x_n + y_n)^\top z = z^\top \sum_{n=1}^N (y_n + x_n) \]",
    r"\[ x^{(1)}, \dots, x^{(m)} \in \mathbb{R}^d \] \[ \sum_{i=1}^m \|x^{(i)}\|^2 = \sum_{i=1}^m x^{(i)\top} x^{(i)} \]",
    r"\[ x_1, \dots, x_n > 0 \] \[ \sum_{i=1}^n |x_i| = \sum_{i=1}^n x_i \]",
    r"\[ x = (x_1, \dots, x_n)^\top \in \mathbb{R}^n \]" + SQUARES,
    r"\[ \mathbf{x} = (x_1, \dots, x_n) \] \[ \sum_{i=1}^n x_i^2 = \mathbf{x}^\top \mathbf{x} \]",
    r"\[ W = \operatorname{diag}(w_1, w_2, \dots, w_n) \] \[ \operatorname{tr}(W) = \sum_{i=1}^n w_i \]",
    r"\[ f(x_1, \dots, x_n) = \sum_{i=1}^n x_i^3 \] \[ \frac{\partial f}{\partial x_k} = 3 x_k^2 \]",
    r"\[ \mathbf{x}_1, \dots, \mathbf{x}_N \in \mathbb{R}^D, \quad \bar{\mathbf{x}} = \frac{1}{N} \sum_{n=1}^N \mathbf{x}_n \]"
    r"\[ \sum_{n=1}^N (\mathbf{x}_n - \bar{\mathbf{x}}) = \mathbf{0} \]",
    r"Let $x_1, \dots, x_N \in \mathbb{R}^D$ and $c = \frac{1}{N} \sum_{n=1}^N x_n$. \[ \sum_{n=1}^N (x_n - c)^\top c = 0 \]",
]


@pytest.mark.parametrize("text", PROVED)
def test_lists_declare_their_members(text: str) -> None:
    assert verdicts(text) == ["proved"]


WRONG = [
    # true of numbers: x_n must not be one
    r"\[ x_1, \dots, x_N \in \mathbb{R}^D \] \[ \sum_{n=1}^N x_n x_n^\top = \sum_{n=1}^N x_n^\top x_n \]",
    r"Let $x_1, \dots, x_N, z \in \mathbb{R}^D$. \[ \sum_{n=1}^N x_n x_n^\top z = z \sum_{n=1}^N x_n^\top x_n \]",
    # as many as are listed, no more
    r"\[ w \in \mathbb{R}^m, W = \operatorname{diag}(w_1, \dots, w_n) \] \[ \operatorname{tr}(W) = \sum_{i=1}^m w_i \]",
    r"\[ x \in \mathbb{R}^n, \; x_1, \dots, x_k > 0 \] \[ \sum_{i=1}^n |x_i| = \sum_{i=1}^n x_i \]",
    # the first two members follow no rule of counting
    r"\[ x_1, x_3, \dots, x_n > 0 \] \[ \sum_{i=1}^n |x_i| = \sum_{i=1}^n x_i \]",
    r"\[ x_2, \dots, x_n > 0 \] \[ \sum_{i=1}^n |x_i| = \sum_{i=1}^n x_i \]",
]


@pytest.mark.parametrize("text", WRONG)
def test_nothing_more_follows_from_a_list(text: str) -> None:
    assert not {"proved", "holds"}.intersection(verdicts(text))


def test_samples_in_rows_stay_what_they_are() -> None:
    text = (
        r"\[ X = [x_1, \dots, x_m]^\top, \; x_i \in \mathbb{R}^n, i = 1, \dots, m \] \[ X^\top X = \sum_{i=1}^m x_i x_i^\top \]"
    )
    assert verdicts(text) == ["proved"]


def test_what_is_said_of_other_lists() -> None:
    error = next(s.error for s in read(r"Let $x_2, \dots, x_n \in \mathbb{R}$. \[ x_n = 1 \]").statements if s.error)
    assert error.what == "a list with dots that does not count from 1 is not read"
    assert error.fix == r"write x_1, \dots, x_n, or x_i with its range i = 1, \dots, n"
