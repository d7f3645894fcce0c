r"""Series with dots: what the last member gives is a sum or product; what it does not give is refused, never guessed."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

DECLARED = r"""$x, w \in \mathbb{R}^d$, $p \in \mathbb{R}^n$ with $p_i > 0$, $n \ge 1$,
$z \in \mathbb{R}$, $f : \mathbb{R} \to \mathbb{R}$."""


def read(claim: str) -> Document:
    return pipeline.document_of(Source("dots.tex", DECLARED + rf" \[ {claim} \]"))


# (left side, what is right, a wrong neighbour)
CLAIMS = [
    (r"w^\top x", r"w_1 x_1 + \cdots + w_d x_d", r"w_1 x_1 + \cdots + w_d x_1"),
    (r"w^\top x + z", r"w_1 x_1 + w_2 x_2 + \dots + w_d x_d + z", r"w_1 x_1 + w_2 x_2 + \dots + w_d x_d - z"),
    (r"z - \mathbf{1}^\top x", r"z - x_1 - x_2 - \cdots - x_d", r"z - x_1 + x_2 + \cdots + x_d"),
    (r"\|x\|^2", r"x_1^2 + \cdots + x_d^2", r"x_1 + \cdots + x_d"),
    (r"\frac{\partial}{\partial x_k} (w_1 x_1 + \cdots + w_d x_d)", r"w_k", r"x_k"),
    (r"1 + \cdots + n", r"\frac{n (n + 1)}{2}", r"\frac{n (n - 1)}{2}"),
    (r"1 + 3 + 5 + \cdots + (2n - 1)", r"n^2", r"n^2 + 1"),
    (r"1 + 2 + 4 + \cdots + 2^n", r"2^{n+1} - 1", r"2^n - 1"),
    (r"2 + 4 + \cdots + 2n", r"n (n + 1)", r"n (n - 1)"),
    (r"1 \cdot 2 + 2 \cdot 3 + \cdots + n (n + 1)", r"\frac{n (n + 1) (n + 2)}{3}", r"\frac{n (n + 1) (n - 1)}{3}"),
    (r"1 + z + z^2 + \cdots + z^{n-1}", r"\sum_{j=0}^{n-1} z^j", r"\sum_{j=0}^{n} z^j"),
    (r"(1 - z)(1 + z + \cdots + z^n)", r"1 - z^{n+1}", r"1 - z^n"),
    (r"1 + 2 + 3 + \cdots + 100", r"5050", r"5051"),
    (r"n!", r"1 \cdot 2 \cdots n", r"2 \cdot 3 \cdots n \cdot 2"),
    (r"\log(p_1 p_2 \cdots p_n)", r"\sum_{i=1}^n \log p_i", r"\sum_{i=1}^n \log (p_i + 1)"),
    (r"f(p_1) f(p_2) \cdots f(p_n)", r"\prod_{i=1}^n f(p_i)", r"\prod_{i=1}^n f(2 p_i)"),
    (r"p_1 \times \cdots \times p_n", r"\prod_{i=1}^n p_i", r"\sum_{i=1}^n p_i"),
    (r"x_1 x_2 + x_2 x_3 + \cdots + x_{d-1} x_d", r"\sum_{i=2}^d x_{i-1} x_i", r"\sum_{i=2}^d x_{i-1}^2"),
]


@pytest.mark.parametrize(("left", "right", "wrong"), CLAIMS)
def test_a_series_is_what_its_last_member_says(left: str, right: str, wrong: str) -> None:
    true, false = read(f"{left} = {right}"), read(f"{left} = {wrong}")
    assert [str(s.error) for d in (true, false) for s in d.statements if s.error] == []
    assert pipeline.verify(true)[-1].verdict == "proved"
    assert pipeline.verify(false)[-1].verdict in ("refuted", "conditional")


# Each has another reading, or none: powers of two or all numbers, every entry or every second one, an entry left out.
REFUSED = [
    r"1 + 2 + \cdots + 2^n",
    r"1 + \cdots + 2^n",
    r"x_1 + x_2 + \cdots + x_{2^n}",
    r"x_2 + \cdots + x_{2 n}",
    r"x_1 + x_3 + \cdots + x_d",
    r"x_1 + x_2 + x_4 + \cdots + x_d",
    r"1 + 2 + 8 + \cdots + 2 n",
    r"1 - 2 + \cdots + n",
    r"x_1 + x_2 + \cdots",
    r"\cdots + x_d",
    r"x_1 w_2 + \cdots + w_d x_d",
    r"x_1 \cdots w_d",
    r"1 + \cdots + 1",
]


@pytest.mark.parametrize("series", REFUSED)
def test_no_rule_is_guessed(series: str) -> None:
    error = read(f"z = {series}").statements[-1].error
    assert error is not None
    assert error.what == r"dots whose last member gives no rule for the first ones are not read; write a \sum or \prod"


def test_the_index_is_a_letter_that_the_file_does_not_use() -> None:
    document = pipeline.document_of(Source("dots.tex", r"\[ i = 3 \] $x \in \mathbb{R}^j$ \[ s = x_1 + \cdots + x_j + i \]"))
    assert str(document["s"].payload).count("k") >= 2
    assert document.definitions["i"].formals == ()
