"""Formulas as a page shows them: macros expanded as the reader does, nothing left that only sets type."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.reading.spelled_out import spelled_out


def shown(text: str, path: str = "a.tex") -> list[str]:
    document = pipeline.document_of(Source(path, text))
    return [spelled_out(statement.latex, statement.span) for statement in document.statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\newcommand{\R}{\mathbb{R}} $x \in \R$", [r"x\in\mathbb{R}"]),
        (r"\newcommand{\sq}[2]{\left(#1\right)^{#2}} \[ f(x) = \sq{x}{3} \]", [r"f(x)=\left(x\right)^{3}"]),
        (r"\DeclareMathOperator{\tr}{tr} \[ f(A) = \tr A \]", [r"f(A)=\operatorname{tr}A"]),
        (r"\DeclarePairedDelimiter{\norm}{\|}{\|} \[ f(x) = \norm{x} \]", [r"f(x)=\left\|x\right\|"]),
        (r"\[ f(x) = \int_0^1 t\,dt + \alpha x \cdot 2 3 \]", [r"f(x)=\int_0^1t\,dt+\alpha x\cdot2 3"]),
        (r"\begin{align} f(x) &= x \\ &\quad + 1 \label{eq:a} \tag{7} \end{align}", [r"f(x)=x\quad+1"]),
        ("\\[ f(x) = x % the rest: {\n + 1 \\]", ["f(x)=x+1"]),
    ],
)
def test_what_was_read_is_what_is_shown(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


def test_a_macro_means_what_it_meant_there() -> None:
    text = r"\newcommand{\c}{x} \[ f(x) = \c \] \renewcommand{\c}{2 x} \[ g(x) = \c \]"
    assert shown(text) == ["f(x)=x", "g(x)=2x"]


def test_macros_that_a_formula_of_markdown_defines() -> None:
    assert shown("$$\\newcommand{\\two}{2}$$\n\n$$f(x) = \\two x$$\n", "a.md") == ["f(x)=2x"]


def test_columns_inside_an_environment_stay() -> None:
    text = r"\[ f(x) = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases} \]"
    assert shown(text) == [r"f(x)=\begin{cases}x&x>0\\0&\text{else}\end{cases}"]


@pytest.mark.parametrize("latex", [r"\two{", r"\self", "x" * 6000, "\x01"])
def test_what_cannot_be_expanded_stays(latex: str) -> None:
    place = pipeline.document_of(Source("a.tex", r"\newcommand{\two}[2]{#1} \newcommand{\self}{\self} \[ f(x) = x \]"))
    assert spelled_out(latex, place.statements[0].span) == latex


def test_comments_and_quotation_marks_are_no_part_of_a_formula() -> None:
    """A comment would swallow what follows it on one line, and `>` would be a relation."""
    (statement,) = pipeline.document_of(Source("a.tex", "\\[ f(x) = x % of \\% course\n + 1 \\]")).statements
    assert statement.latex == "f(x) = x + 1"
    (statement,) = pipeline.document_of(Source("a.md", "> $$\n> f(x) = x\n> + 1\n> $$\n")).statements
    assert statement.latex == "f(x) = x + 1"
