r"""What people write without a thought: the message names what is missing, or types decide it.

Takes: small documents. Gives: tests. Guarantees: whole messages, as they are shown.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source, render
from eqcompiler.languages.statements import Definition, Document


def read(text: str) -> Document:
    return pipeline.document_of(Source("slip.tex", text))


def message(text: str) -> str:
    (error,) = [s.error for s in read(text).statements if s.error]
    return render(error)


def test_a_name_that_nothing_declares_is_asked_for() -> None:
    assert message(r"\[ y_i = s_i - \mathbf{w}^\top \mathbf{x}_i, \qquad i = 1, \dots, n \]") == (
        "slip.tex:1:10: these cannot be added: a scalar and a row vector\n"
        "    \\[ y_i = s_i - \\mathbf{w}^\\top \\mathbf{x}_i, \\qquad i = 1, \\dots, n \\]\n"
        "             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  slip.tex:1:10: this is a scalar\n"
        "    \\[ y_i = s_i - \\mathbf{w}^\\top \\mathbf{x}_i, \\qquad i = 1, \\dots, n \\]\n"
        "             ^^^\n"
        "  slip.tex:1:16: this is a row vector\n"
        "    \\[ y_i = s_i - \\mathbf{w}^\\top \\mathbf{x}_i, \\qquad i = 1, \\dots, n \\]\n"
        "                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  to fix: write the scalar times \\mathbf{1} if every entry gets it;"
        " or declare s_i, \\mathbf{w}, \\mathbf{x}_i: nothing says what they are"
    )


def test_behind_a_rank_that_was_only_tried_stands_what_is_wrong() -> None:
    r"""\theta is no scalar: nothing says what x^{(i)} is."""
    text = r"Let $y \in \mathbb{R}^m$. \[ J = \sum_{i=1}^m (y_i - \theta^T x^{(i)})^2 \]"
    assert message(text).splitlines()[0] == "slip.tex:1:63: 'x^{(i)}' is sample i of x or x to the power i"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (
            r"\[ s = a / 2 b^2 \]",
            "slip.tex:1:8: 'a / 2 b^2' divides by all of '2 b^2' or by its first factor alone",
            r"  to fix: write \frac{a}{2 b^2} or \frac{a}{2} b^2",
        ),
        (
            r"Let $S \in \mathbb{R}^{n \times n}$. \[ A = \operatorname{softmax}(S) \]",
            "slip.tex:1:45: 'softmax' needs a vector; this is n by n",
            r"  to fix: for each row write the entries, A_{ij} = \frac{e^{S_{ij}}}{\sum_{k=1}^n e^{S_{ik}}}",
        ),
        (
            r"Let $i=1..N$.",
            "slip.tex:1:9: `.` cannot stand here",
            r"  to fix: write i = 1, \dots, n for a range, or remove it",
        ),
    ],
)
def test_the_fix_is_what_would_be_written(text: str, first: str, last: str) -> None:
    lines = message(text).splitlines()
    assert (lines[0], lines[-1]) == (first, last)


def test_the_entries_that_softmax_asks_for_are_read() -> None:
    text = r"Let $S \in \mathbb{R}^{n \times n}$. \[ A_{ij} = \frac{e^{S_{ij}}}{\sum_{k=1}^n e^{S_{ik}}} \]"
    assert str(read(text).definitions["A"].body.type) == "matrix (n by n)"


def test_a_size_below_a_letter_that_has_no_index_elsewhere_is_a_label() -> None:
    r"""\sigma_n, the noise beside n points, is no entry n of a vector that nothing declares."""
    document = read(r"Let $K \in \mathbb{R}^{n \times n}$. \[ M = K + \sigma_n^2 I \]")
    assert (str(document.symbols["sigma_n"].type), "sigma" in document.symbols) == ("scalar", False)
    entries = read(r"Let $y \in \mathbb{R}^n$. \[ s = \sum_{i=1}^n x_i y_i, \qquad t = x_n - 1 \]")
    assert (str(entries.symbols["x"].type), "x_n" in entries.symbols) == ("vector (n)", False)


def test_a_bracketed_index_above_a_declared_vector_is_an_entry() -> None:
    """A vector has no power; elsewhere, and where the index does not run over the vector, it is asked about."""
    above = read(r"Let $y \in \{0, 1\}^m$. \[ s = \sum_{i=1}^m y^{(i)} \]").definitions["s"]
    below = read(r"Let $y \in \{0, 1\}^m$. \[ s = \sum_{i=1}^m y_i \]").definitions["s"]
    assert isinstance(above, Definition)
    assert above.body == below.body
    for text in (
        r"Let $y \in \mathbb{R}^m$. \[ s = \sum_{i=1}^k y^{(i)} \]",
        r"Let $y \in \mathbb{R}$. \[ s = \sum_{i=1}^m y^{(i)} \]",
    ):
        assert "'y^{(i)}' is sample i of y or y to the power i" in message(text)


def test_a_symmetric_matrix_is_not_asked_to_be_skew_symmetric() -> None:
    text = r"Let $P \succeq 0$, $x \in \mathbb{R}^n$. \[ f(x) = x^\top P x \] \[ \nabla f(x) = P x \]"
    (verdict,) = pipeline.verify(read(text))
    assert (verdict.verdict, verdict.condition, verdict.repair) == ("refuted", None, "2 P x")
