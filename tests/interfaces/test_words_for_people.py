"""What commands print of letters, declarations and refusals: as the file writes it, once, and all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.interfaces.cli import main

Command = Callable[..., Result]

BOLD = r"""Let $\mathbf{x}_i \in \mathbb{R}^d$, $i = 1, \dots, n$, $\mathbf{w} \in \mathbb{R}^d$.
Let $\lambda > 0$ with $\sum_{j=1}^d w_j = 1$.
\[ L(\mathbf{w}) = \lambda \sum_{i=1}^n \mathbf{w}^\top \mathbf{x}_i \]
\[ \nabla L = \sum_{i=1}^n \mathbf{x}_i \]
"""
LAYERS = r"""Let $W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$ and $a^{(l)} \in \mathbb{R}^{n_l}$ for $l = 1, \dots, L$.
\[ a^{(l)} = \tanh(W^{(l)} a^{(l-1)}) \]
\[ a^{(l)} = W^{(l)} a^{(l-1)} \]
"""
UNKNOWN = r"""Let $f : \mathbb{R} \to \mathbb{R}$ and $x \in \mathbb{R}$.
\[ J(w) = f(x) w^2 \]
"""


@pytest.mark.parametrize("name", list(main.commands))
def test_help_shows_no_marks_of_its_source(name: str, eqc: Command) -> None:
    words = eqc(name, "--help").stdout
    assert "\\b" not in words
    assert "\n  Example" in words


def test_check_says_of_every_declaration_what_it_is(eqc: Command) -> None:
    Path("bold.tex").write_text(BOLD)
    assert eqc("check", "bold.tex").stdout.splitlines()[2:7] == [
        r"1:6    x_bold  declaration        x_bold: matrix (n by d)",
        r"1:39           declaration        index range: i = 1, \dots, n",
        r"1:58   w_bold  declaration        w_bold: vector (d)",
        r"2:6    lambda  declaration        lambda: scalar",
        r"2:25           declaration        assumed: \sum_{j=1}^d w_j = 1",
    ]


def test_a_counterexample_names_letters_as_the_file_writes_them(eqc: Command) -> None:
    Path("bold.tex").write_text(BOLD.replace(r" with $\sum_{j=1}^d w_j = 1$", ""))
    lines = eqc("verify", "bold.tex").stdout.splitlines()
    (line,) = [line.strip() for line in lines if "counterexample  " in line]
    assert line == (
        r"counterexample  d = 1, n = 1, \mathbf{x} = [[1]], \mathbf{w} = [0], \lambda = 2: left side [2], right side [1]"
    )


def test_a_counterexample_names_the_sizes_of_neighbours_as_the_file_writes_them() -> None:
    *_, verdict = pipeline.verify(pipeline.document_of(Source("layers.tex", LAYERS)))
    found = verdict.counterexample
    assert found is not None
    assert str(found).partition(" = [[")[0] == r"n_{l-1} = 1, n_l = 1, W^{(l)}"
    assert sorted(found.as_json()["values"]) == sorted(found.values)  # type: ignore[call-overload]


def test_run_takes_a_letter_without_its_font(eqc: Command) -> None:
    """X stands for \\mathbf{X} where nothing else is called X."""
    Path("bold.tex").write_text(BOLD)
    result = eqc("run", "bold.tex", "L", "--set", "x=1,2;3,4", "--set", "w=1,1", "--set", "lambda=2")
    assert (result.stdout, result.stderr) == ("L = 20.0\n", "")


def test_kernels_that_are_not_made_for_one_reason_share_a_line(eqc: Command) -> None:
    Path("unknown.tex").write_text(UNKNOWN)
    assert eqc("build", "unknown.tex").stderr.splitlines()[:1] == [
        "note: no kernel for J, grad_J, value_and_grad_J, hess_J, grad_J_x: f is declared and not defined,"
        " so nothing can be computed from it (unknown.tex:2:4)"
    ]


@pytest.mark.parametrize(
    ("body", "wrong", "right"),
    [
        (r"\sum_{i=1}^n (w^\top x_i)^2", "0", r"2 \sum_{j=1}^{n} (w^\top x_j) x_j"),
        (r"(w^\top w)^2", r"2 (w^\top w) w", r"4 (w^\top w) w"),
        (r"c \sum_{i=1}^n w^\top x_i", r"\sum_{i=1}^n x_i", r"c \sum_{i=1}^{n} x_i"),
    ],
)
def test_a_number_that_two_vectors_make_stands_in_brackets_before_a_vector(body: str, wrong: str, right: str) -> None:
    r"""w^\top x x is (w^\top x) x to its author, and a row times a matrix that is none to others."""
    letters = r"Let $w, x_i \in \mathbb{R}^d$, $i = 1, \dots, n$ and $c \in \mathbb{R}$."
    text = rf"{letters} \[ f(w) = {body} \] \[ \nabla f(w) = {wrong} \]"
    (verdict,) = pipeline.verify(pipeline.document_of(Source("print.tex", text)))
    assert verdict.repair == right


def test_a_denominator_that_a_repair_takes_away_is_not_written() -> None:
    text = r"Let $t > 0$, $x \in \mathbb{R}^n$. \[ f(x) = t x^\top x \] \[ \nabla f(x) = \frac{2 t}{3} x \]"
    (verdict,) = pipeline.verify(pipeline.document_of(Source("print.tex", text)))
    assert verdict.repair == "2 t x"
