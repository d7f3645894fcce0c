r"""Differentials, df = \operatorname{tr}(A^\top dX): any direction, and nothing is constant that the file does not call so."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

MATRICES = r"X, Y \in \mathbb{R}^{n \times n}"
QUADRATIC = (r"x \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}", r"f(x) = x^\top A x")
TRUE = ("proved", "holds")
FALSE = ("refuted", "conditional")


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("differentials.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def verdict(*displays: str) -> str:
    document = read(*displays)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1].verdict


# (declarations, left, true right side, wrong neighbour)
CLAIMS = [
    ((MATRICES,), r"\mathrm{d}(X^{-1})", r"-X^{-1} (\mathrm{d}X) X^{-1}", r"X^{-1} (\mathrm{d}X) X^{-1}"),
    ((MATRICES,), r"d X^{-1}", r"-X^{-1} \, dX \, X^{-1}", r"-X^{-1} \, dX"),
    ((MATRICES,), r"d \log \det X", r"\operatorname{tr}(X^{-1} dX)", r"\operatorname{tr}(X^{-\top} dX)"),
    ((MATRICES,), r"\mathrm{d}(XY)", r"(\mathrm{d}X) Y + X \mathrm{d}Y", r"(\mathrm{d}X) Y + (\mathrm{d}Y) X"),
    ((MATRICES,), r"d(X \odot Y)", r"dX \odot Y + X \odot dY", r"dX \odot Y - X \odot dY"),
    ((MATRICES,), r"d^2 \operatorname{tr}(X^2)", r"2 \operatorname{tr}((dX)^2)", r"\operatorname{tr}((dX)^2)"),
    (
        (r"X \in \mathbb{R}^{m \times n}", r"f(X) = \|X\|_F^2"),
        "df",
        r"2 \operatorname{tr}(X^\top dX)",
        r"\operatorname{tr}(X^\top dX)",
    ),
    (QUADRATIC, r"\mathrm{d} f(x)", r"x^\top (A + A^\top) \mathrm{d}x", r"2 x^\top A \, \mathrm{d}x"),
    (QUADRATIC, r"\delta f", r"x^\top (A + A^\top) \delta x", r"x^\top (A - A^\top) \delta x"),
    ((r"x \in \mathbb{R}",), r"d \sin x", r"\cos x \, dx", r"- \cos x \, dx"),
]


@pytest.mark.parametrize(("given", "left", "right", "wrong"), CLAIMS, ids=[left for _, left, _, _ in CLAIMS])
def test_a_wrong_neighbour_is_refuted_and_the_right_one_is_not(
    given: tuple[str, ...], left: str, right: str, wrong: str
) -> None:
    assert verdict(*given, f"{left} = {wrong}") in FALSE
    assert verdict(*given, f"{left} = {right}") in TRUE


def test_the_direction_of_a_symmetric_matrix_is_symmetric() -> None:
    claim = r"\mathrm{d}\operatorname{tr}(B X) = \operatorname{tr}(B^\top \mathrm{d}X)"
    constant = r"\text{where } \mathrm{d}B = 0"
    assert verdict(r"X \in \mathbb{S}^n, \quad B \in \mathbb{R}^{n \times n}", constant, claim) in TRUE
    assert verdict(r"X, B \in \mathbb{R}^{n \times n}", constant, claim) in FALSE


def test_a_letter_is_a_constant_only_when_the_file_says_so() -> None:
    claim = r"\mathrm{d}(XY) = (\mathrm{d}X) Y"
    (error,) = [s.error for s in read(MATRICES, claim).statements if s.error]
    assert error is not None
    assert error.what == r"'\mathrm{d}(XY)': nothing says whether Y varies or is constant"
    assert error.fix == r"if Y is constant, write \text{where } \mathrm{d}Y = 0"
    assert verdict(MATRICES, r"\text{where } \mathrm{d}Y = 0", claim) in TRUE
    assert verdict(MATRICES, r"\mathrm{d}(X + Y) = \mathrm{d}X + \mathrm{d}Y", claim) in FALSE


def test_a_declared_d_is_a_factor() -> None:
    assert verdict(r"d, x, f \in \mathbb{R}", r"d (x + f) = d x + d f") == "proved"


@pytest.mark.parametrize(
    ("displays", "what"),
    [
        (
            (r"x \in \mathbb{R}", r"dx^2 = 2 x \, dx"),
            "'d x^2': the power belongs to the differential or to what it is taken of",
        ),
        ((r"x \in \mathbb{R}", r"dg = x \, dx"), "nothing declares or defines 'g', so 'dg' has no meaning"),
        (
            (r"Q \in \mathbb{R}^{n \times n}, \quad Q^\top Q = I", r"d(Q^2) = Q \, dQ + dQ \, Q"),
            "Q satisfies an equation, so that its differential is not just any direction",
        ),
        (
            (r"x \in \mathbb{R}", r"x = 2 \mathrm{d}"),
            r"a \mathrm{d} stands before nothing that it could be the differential of",
        ),
    ],
)
def test_what_has_no_one_meaning_is_an_error(displays: tuple[str, ...], what: str) -> None:
    (error,) = [s.error for s in read(*displays).statements if s.error]
    assert error is not None
    assert error.what == what


SPACES = (r"x, v \in \mathbb{R}^n, \quad X, H \in \mathbb{R}^{n \times n}", r"f(x) = \|x\|^2", r"F(X) = X^{-1}")


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (r"D_v f(x)", r"2 x^\top v", r"x^\top v"),
        (r"\nabla_v f(x)", r"2 x^\top v", r"2 x^\top x"),
        (r"DF(X)[H]", r"-X^{-1} H X^{-1}", r"-H X^{-1} X^{-1}"),
    ],
)
def test_a_derivative_along_a_direction(left: str, right: str, wrong: str) -> None:
    assert verdict(*SPACES, f"{left} = {wrong}") in FALSE
    assert verdict(*SPACES, f"{left} = {right}") in TRUE
