r"""A claim for some indices, i \neq j, is one about them alone; a condition on some entries never becomes one on all."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Verdict

MODEL = r"""$x, z \in \mathbb{R}^n$, $A \in \mathbb{R}^{n \times n}$, $n \ge 2$.
\[ s_i = \frac{e^{z_i}}{\sum_{k=1}^n e^{z_k}} \]
"""
SLOPE = r"\frac{\partial s_i}{\partial z_j}"


def read(text: str) -> Document:
    return pipeline.document_of(Source("cases.tex", MODEL + text))


def judged(text: str) -> Verdict:
    document = read(text)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1]


CASES = [
    rf"\[ {SLOPE} = -s_i s_j, \quad i \neq j \]",
    rf"\[ {SLOPE} = -s_i s_j \quad (j \neq i) \]",
    rf"\[ {SLOPE} = -s_i s_j \quad \text{{if }} i < j \]",
    rf"\[ {SLOPE} = -s_i s_j \quad \forall i \neq j \]",
    rf"\[ \text{{For }} i \neq j, \quad {SLOPE} = -s_i s_j \]",
    rf"For $i \neq j$ we have \[ {SLOPE} = -s_i s_j. \]",
    rf"\[ {SLOPE} = -s_i s_j \] for $i \neq j$.",
    rf"When $i = j$, \[ {SLOPE} = s_i (1 - s_i). \]",
    rf"\begin{{align}} {SLOPE} &= s_i (1 - s_i), & i &= j \\ {SLOPE} &= -s_i s_j, & i &\ne j \end{{align}}",
    rf"\[ {SLOPE} = \frac{{-e^{{z_i}} e^{{z_j}}}}{{(\sum_k e^{{z_k}})^2}} = -s_i s_j \quad \text{{if }} i \neq j \]",
    r"\[ \frac{\partial x_i}{\partial x_j} = 0, \quad i \neq j, \quad i, j = 1, \dots, n \]",
    r"\[ \frac{\partial}{\partial x_k} \sum_{i=2}^n x_i^2 = 2 x_k \quad \text{for } k \ge 2 \]",
]


@pytest.mark.parametrize("text", CASES)
def test_claims_for_some_indices(text: str) -> None:
    assert judged(text).verdict == "proved"


# (claim, its repair): the wrong line, or the right line for the wrong indices
WRONG = [
    (rf"\[ {SLOPE} = s_i s_j, \quad i \neq j \]", "-s_i s_j"),
    (rf"\[ {SLOPE} = -s_i s_i, \quad i \neq j \]", "-s_j s_i"),
    (rf"\[ {SLOPE} = s_i (1 + s_j), \quad i = j \]", "s_i (1 - s_j)"),
    (rf"\[ {SLOPE} = -s_i s_j, \quad i \le j \]", None),
    (r"\[ \frac{\partial}{\partial x_k} \sum_{i=2}^n x_i^2 = 2 x_k \quad \text{for } k \ge 1 \]", None),
]


@pytest.mark.parametrize(("text", "repair"), WRONG)
def test_wrong_claims_for_some_indices(text: str, repair: str | None) -> None:
    found = judged(text)
    assert found.verdict in ("refuted", "conditional")
    assert repair in (found.repair, None)


TOTAL = r"\sum_{j=1}^n |x_j| = \sum_{j=1}^n x_j"
TABLE = r"\sum_{i=1}^n \sum_{j=1}^n |A_{ij}| = \sum_{i=1}^n \sum_{j=1}^n A_{ij}"
PARTIAL = [
    rf"Let $x_i > 0$ for $i = 2, \dots, n$. \[ {TOTAL} \]",
    rf"\[ x_i > 0, \quad i = 2, \dots, n \] \[ {TOTAL} \]",
    rf"\[ {TOTAL}, \text{{ where }} x_i > 0, i = 2, \dots, n \]",
    rf"Let $A_{{ii}} > 0$. \[ {TABLE} \]",
    rf"$A_{{ij}} > 0$ for $i < j$. \[ {TABLE} \]",
    rf"$A_{{ij}} > 0$ for all $i \neq j$. \[ {TABLE} \]",
    rf"\[ A_{{ij}} > 0, \quad i < j \] \[ {TABLE} \]",
    rf"\[ {TABLE} \quad \text{{if }} A_{{ij}} > 0 \text{{ for }} i < j \]",
    rf"\[ {TABLE} \quad \text{{if }} A_{{ij}} > 0, i \neq j \]",
    rf"\[ {SLOPE} = s_i (1 - s_i) \quad \text{{unless }} i = j \]",
]


@pytest.mark.parametrize("text", PARTIAL)
def test_some_entries_are_not_all(text: str) -> None:
    assert pipeline.verify(read(text))[-1].verdict in ("refuted", "conditional", "unsupported")


@pytest.mark.parametrize(
    "text",
    [
        rf"Let $x_i > 0$. \[ {TOTAL} \]",
        rf"$x_i > 0$ for $i = 1, \dots, n$. \[ {TOTAL} \]",
        rf"\[ x_i > 0, \quad i = 1, \dots, n \] \[ {TOTAL} \]",
    ],
)
def test_a_condition_on_all_entries(text: str) -> None:
    assert judged(text).verdict == "proved"


def test_what_is_said_of_a_condition_on_some_entries() -> None:
    error = next(s.error for s in read(PARTIAL[1]).statements if s.error)
    fix = "state it of all entries, or give the part that is meant a name of its own"
    assert (error.what, error.fix) == ("a condition on some of the entries is not read", fix)


# an equation for some entries that would define all of them, and a claim that would follow from that
DEFINED = [
    (r"\[ D \in \mathbb{R}^{n \times n}, \quad D_{ij} = 0, \; i \neq j \]", "D^2 = D"),
    (r"\[ D \in \mathbb{R}^{n \times n} \] \[ D_{ij} = 0 \text{ for all } i \neq j \]", "D = 0"),
    (r"\[ D \in \mathbb{R}^{n \times n} \] \[ D_{ij} = 0 \quad (i < j) \]", "D^\\top = D"),
    (r"Let $D \in \mathbb{R}^{n \times n}$ with $D_{ij} = 0$ for $i \neq j$.", "D^2 = D"),
    (r"\[ x_i = 0, \; i > 1 \]", r"x^\top x = 0"),
    (r"\[ x_i = 0, \; 1 \le i \le k \]", r"x^\top x = 0"),
    (r"\[ x_i = 0, \; i \le k \]", r"x^\top x = 0"),
    (r"\[ B_{ij} = x_i x_j, \; i < j \]", r"B = x x^\top"),
    (r"\[ B_{ij} = 1, \; i = j \]", r"B = \mathbf{1} \mathbf{1}^\top"),
]


@pytest.mark.parametrize(("stated", "claim"), DEFINED)
def test_a_value_for_some_entries_defines_nothing_else(stated: str, claim: str) -> None:
    document = read(f"{stated}\n\\[ {claim} \\]")
    assert all(found.verdict not in ("proved", "holds") for found in pipeline.verify(document))


def test_what_is_said_of_a_value_for_some_entries() -> None:
    error = next(s.error for s in read(r"\[ x_i = 0, \; i > 1 \] \[ x^\top x = 0 \]").statements if s.error)
    assert error.what == "a value for some of the entries only is not read"
    assert error.fix == r"give every entry a value, with \begin{cases}, or with a sum of products with [i < j]"


def test_zeros_beside_the_diagonal_say_diagonal() -> None:
    stated = r"\[ D \in \mathbb{R}^{n \times n}, \quad D_{ij} = 0, \; i \neq j \]"
    assert judged(stated + r"\[ x^\top D x = x^\top D^\top x \]").verdict == "proved"


LAST = [
    (r"\[ B = A + A^\top \] \[ B_{ij} = 0, \; i \neq j \]", "conditional"),
    (r"\[ B = x x^\top \] \[ B_{ij} = x_i x_j, \; i \neq j \]", "proved"),
    (r"\[ D \in \mathbb{R}^{n \times n} \] \[ D_{ij} = 0 \text{ for } i \neq j \]", "conditional"),
]


@pytest.mark.parametrize(("text", "verdict"), LAST)
def test_entries_of_what_is_known_are_claimed(text: str, verdict: str) -> None:
    assert judged(text).verdict == verdict


def test_a_range_between_its_ends() -> None:
    assert judged(r"\[ y_i = x_i^2, \; 1 \le i \le n \] \[ \sum_{i=1}^n y_i = x^\top x \]").verdict == "proved"


def test_an_entry_on_the_diagonal_is_no_name() -> None:
    found = judged(r"\[ H = A A^\top \] \[ H_{ii} = \sum_{j=1}^n A_{ij} \]")
    assert found.verdict in ("refuted", "conditional")
    error = next(s.error for s in read(r"\[ H_{ii} = \sum_{j=1}^n H_{ij} \]").statements if s.error)
    assert error.what == "entries on the diagonal alone do not define 'H'"
    sums = (
        r"\[ x_i, y_i \in \mathbb{R}, i = 1, \dots, m \] \[ S_{xy} = \sum_{i=1}^m x_i y_i, \quad S_{xx} = \sum_{i=1}^m x_i^2 \]"
    )
    document = pipeline.document_of(Source("sums.tex", sums))
    assert [s.kind for s in document.statements if s.error or s.kind == "definition"] == ["definition", "definition"]
