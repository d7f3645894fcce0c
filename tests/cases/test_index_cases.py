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
