"""Stationary points: what is not convex first, then closed forms with their conditions."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.calculus.stationary import closed_form, shape_of, solution
from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.program import Intrinsic
from eqcompiler.languages.statements import Document, Objective
from eqcompiler.languages.terms import Extremum

DATA = r"""
\[ X, B \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad w, v \in \mathbb{R}^n, \quad \lambda > 0 \]
\[ A \in \mathbb{S}^n, \quad S \in \mathbb{S}^n_{++}, \quad W \in \mathbb{R}^{n \times m}, \quad c \in \mathbb{R} \]
"""


def read(body: str, variable: str = "w", sense: str = "min") -> tuple[Document, Extremum]:
    text = f"{DATA}\\[ {variable}^* = \\arg\\{sense}_{{{variable}}} {body} \\]\n"
    document = pipeline.document_of(Source("a.tex", text))
    assert [s.error for s in document.statements if s.error] == []
    (goal,) = (s.payload for s in document.statements if isinstance(s.payload, Objective))
    return document, goal.extremum


@pytest.mark.parametrize(
    "body",
    [
        r"w^T A w",
        r"-w^T w + c w^T w",
        r"w^T S w - \lambda w^T w",
        r"\sum_{j=1}^{n} w_j^3",
        r"(w^T v)^2 - (w^T w)",
        r"(w^T w - 1)^2",
        r"\sin(w^T v)",
        r"w^T S A w",
        r"c (w^T v)^2",
        r"\left( \|w - v\|_2^2 - \|w\|_1 \right)",
        r"\left( w^T w - \lambda \|w\|_2 \right)",
        r"\left( w^T w + \frac{1}{(w^T v)^2} \right)",
        r"\left( (w^T v - 1)^2 + (w^T v)^{-2} \right)",
        r"\left( -\max(0, w^T v) \right) + (w^T v)^2",
    ],
)
def test_what_is_not_convex_is_not_called_convex(body: str) -> None:
    assert shape_of(*read(body)).bend == "unknown"


@pytest.mark.parametrize(
    ("body", "bend", "because"),
    [
        (r"\|X w - y\|_2^2", "convex", r"its Hessian 2 X^\top X is positive semidefinite"),
        (
            r"\left( \|X w - y\|_2^2 + \lambda \|w\|_2^2 \right)",
            "strictly convex",
            r"its Hessian 2 X^\top X + 2 \lambda I is positive definite",
        ),
        (r"\left( \frac{1}{2} w^T S w - v^T w \right)", "strictly convex", r"its Hessian S is positive definite"),
        (r"w^T X^T X w", "convex", r"its Hessian 2 X^\top X is positive semidefinite"),
        (r"w^T B^T B S^{-1} B^T B w", "convex", None),
        (r"\sum_{i=1}^{m} e^{(X w)_i}", "convex", None),
        (r"\left( -w^T S w \right)", "strictly concave", r"its Hessian -2 S is negative definite"),
        (r"\|w\|_1", "convex", "it is composed of convex functions"),
        (r"\sum_{i=1}^{m} \log(1 + e^{(X w)_i})", "convex", None),
    ],
)
def test_convexity_is_proved_by_structure(body: str, bend: str, because: str | None) -> None:
    shape = shape_of(*read(body))
    assert shape.bend == bend
    if because is not None:
        assert shape.because == because


@pytest.mark.parametrize(
    ("body", "variable", "text", "condition"),
    [
        (r"\|X w - y\|_2^2", "w", r"(X^\top X)^{-1} X^\top y", r"X^\top X"),
        (
            r"\left( \frac{1}{m} \|X w - y\|_2^2 + \lambda \|w\|_2^2 \right)",
            "w",
            r"(X^\top X + m \lambda I)^{-1} X^\top y",
            None,
        ),
        (r"\left( \frac{1}{2} w^T S w - v^T w \right)", "w", r"S^{-1} v", None),
        (r"\sum_{i=1}^{m} (y_i - c)^2", "c", r"\frac{\sum_{i=1}^{m} y_i}{m}", None),
        (r"\left( \lambda \|w - v\|_2^2 \right)", "w", "v", None),
        (r"\left( \|W B - A\|_F^2 + \lambda \|W\|_F^2 \right)", "W", r"A B^\top (B B^\top + \lambda I)^{-1}", None),
    ],
)
def test_closed_forms(body: str, variable: str, text: str, condition: str | None) -> None:
    document, extremum = read(body, variable)
    found = solution(document, extremum)
    assert term_latex(document, found.term) == text
    assert (term_latex(document, found.condition) if found.condition else None) == condition


def test_the_kernel_of_a_closed_form_solves_and_never_inverts() -> None:
    program = closed_form(*read(r"\|X w - y\|_2^2"), "w_star")
    operations = [d.operation for d in program.definitions if isinstance(d, Intrinsic)]
    assert operations == ["solve"]
    assert program.outputs == ("w_star",)


def test_no_closed_form_is_an_error_with_a_way_out() -> None:
    document, extremum = read(r"\sum_{i=1}^{m} e^{(X w)_i}")
    with pytest.raises(NotSupportedYet) as caught:
        solution(document, extremum)
    assert caught.value.what == "a closed form: the gradient is not affine in w"
    assert caught.value.fix == r"minimise it by a recurrence, theta := theta - alpha \nabla J(theta)"
