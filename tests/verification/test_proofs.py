"""Claims from files, proved or not; wrong ones first."""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import SCALAR, Call, Condition, Number, Symbol, Type
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification.proofs import Proof, Residual, prove


def read(*lines: str) -> tuple[Document, Claim]:
    """A file and its last claim."""
    source = Source("claim.tex", "\n".join(rf"\[ {line} \]" for line in lines))
    document = type_document(source, formulas(source), ())
    assert [s.error for s in document.statements if s.error] == []
    return document, next(s.payload for s in reversed(document.statements) if isinstance(s.payload, Claim))


def proved(*lines: str, extra: tuple[Condition, ...] = ()) -> Proof | Residual:
    document, claim = read(*lines)
    return prove(document, claim, extra)


def symbol(document: Document, name: str) -> Symbol:
    kind = document.symbols[name].type
    assert isinstance(kind, Type)
    return Symbol(kind, name)


SQUARE = r"A, B \in \mathbb{R}^{n \times n}"
REAL = r"x, y \in \mathbb{R}"
DATA = r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^{m}, \quad \theta \in \mathbb{R}^{n}, \quad \lambda > 0"

WRONG = [
    (SQUARE, r"A B = B A"),
    (SQUARE, r"(A B)^T = A^T B^T"),
    (SQUARE, r"A^{-1} B = B A^{-1}"),
    (SQUARE, r"(A + B)^{-1} = A^{-1} + B^{-1}"),
    (SQUARE, r"\det(A + B) = \det(A) + \det(B)"),
    (SQUARE, r"\det(2 A) = 2 \det(A)"),
    (SQUARE, r"\operatorname{tr}(A B) = \operatorname{tr}(A) \operatorname{tr}(B)"),
    (SQUARE, r"(I + A B)^{-1} A = A (I + A B)^{-1}"),
    (r"X \in \mathbb{R}^{m \times n}", r"X (X^T X)^{-1} X^T = I"),
    (REAL, r"\sqrt{x^2} = x"),
    (REAL, r"\sqrt{x y} = \sqrt{x} \sqrt{y}"),
    (REAL, r"\log(x y) = \log x + \log y"),
    (REAL, r"|x| = x"),
    (REAL, r"|x + y| = |x| + |y|"),
    (REAL, r"\max(x, y) = x"),
    (REAL, r"\frac{x}{1 + x^2} = x - x^3"),
    (r"y \in \mathbb{R}^{n}", r"\sum_{i=1}^{n} y_i = \sum_{i=2}^{n} y_i"),
    (r"y \in \mathbb{R}^{n}", r"\sum_{i=1}^{n} y_i = 1"),
    (DATA, r"J(\theta) = \|X \theta - y\|_2^2", r"\nabla_\theta J(\theta) = X^T (X \theta - y)"),
    (DATA, r"J(\theta) = \|X \theta - y\|_2^2", r"\nabla_\theta J(\theta) = 2.001 X^T (X \theta - y)"),
    (DATA, r"J(\theta) = \frac{1}{m} \|X \theta - y\|_2^2", r"\nabla_\theta J(\theta) = 2 X^T (X \theta - y)"),
]


@pytest.mark.parametrize("lines", WRONG, ids=[lines[-1] for lines in WRONG])
def test_a_wrong_claim_is_not_proved(lines: tuple[str, ...]) -> None:
    answer = proved(*lines)
    assert isinstance(answer, Residual)
    assert answer.normal.terms


RIGHT = [
    ("index normal form", SQUARE, r"(A B)^T = B^T A^T"),
    ("index normal form", SQUARE, r"(A B)^{-1} = B^{-1} A^{-1}"),
    ("index normal form", SQUARE, r"\det(2 A B) = 2^n \det(B) \det(A)"),
    ("index normal form", REAL, r"\sqrt{x^2} = |x|"),
    ("index normal form", r"x, y > 0", r"\log(x y) = \log x + \log y"),
    ("index normal form", r"x, y \in \mathbb{R}^{n}", r"(x + y)^T (x + y) = \|x\|_2^2 + 2 x^T y + \|y\|_2^2"),
    (
        "clearing denominators",
        r"x \in \mathbb{R}",
        r"\sigma(x) = \frac{1}{1 + e^{-x}}",
        r"\sigma'(x) = \sigma(x) (1 - \sigma(x))",
    ),
    ("clearing denominators", r"x \in \mathbb{R}", r"\frac{d}{dx} \tanh(x) = \frac{1}{\cosh(x)^2}"),
    ("case distinction", REAL, r"\max(x, y) = \frac{1}{2} (x + y + |x - y|)"),
    ("index normal form", DATA, r"J(\theta) = \|X \theta - y\|_2^2", r"\nabla_\theta J(\theta) = 2 X^T (X \theta - y)"),
    (
        "index normal form with the assumptions",
        r"z, y \in \mathbb{R}^{K}, \quad \sum_{i=1}^{K} y_i = 1",
        r"-\sum_{k=1}^{K} y_k \left(z_k - \log \sum_{l=1}^{K} e^{z_l}\right) = \log \sum_{l=1}^{K} e^{z_l} - y^T z",
    ),
]


@pytest.mark.parametrize("lines", RIGHT, ids=[lines[-1] for lines in RIGHT])
def test_a_right_claim_is_proved(lines: tuple[str, ...]) -> None:
    method, *text = lines
    answer = proved(*text)
    assert isinstance(answer, Proof), answer.normal.key
    assert answer.method == method
    assert answer.steps[-1] == "the difference is zero"


@pytest.mark.parametrize(
    "lines",
    [
        (DATA, r"X^T X (X^T X)^{-1} X^T y = X^T y"),
        (DATA, r"(X^T X + \lambda I) (X^T X + \lambda I)^{-1} X^T y = X^T y"),
        (SQUARE, r"A (I + A)^{-1} = (I + A)^{-1} A"),
        (SQUARE, r"A^{-1} - B^{-1} = A^{-1} (B - A) B^{-1}"),
    ],
    ids=["normal equation", "ridge", "commutes", "difference"],
)
def test_inverses_are_rewritten(lines: tuple[str, ...]) -> None:
    answer = proved(*lines)
    assert isinstance(answer, Proof)
    assert answer.method.startswith("rewriting with the inverse of ")


def test_block_inverses() -> None:
    given = r"A \in \mathbb{R}^{n \times n}, \quad D \in \mathbb{R}^{m \times m}, \quad B \in \mathbb{R}^{n \times m}"
    left = r"\begin{pmatrix} A & B \\ 0 & D \end{pmatrix}^{-1} = "
    right = r"\begin{pmatrix} A^{-1} & -A^{-1} B D^{-1} \\ 0 & D^{-1} \end{pmatrix}"
    assert isinstance(proved(given, left + right), Proof)
    assert isinstance(proved(given, left + right.replace("-A", "A")), Residual)


def test_conditions_make_claims_true() -> None:
    document, claim = read(SQUARE, r"\operatorname{tr}(A B) = \operatorname{tr}(A^T B)")
    assert isinstance(prove(document, claim), Residual)
    condition = Condition("symmetric", symbol(document, "A"))
    answer = prove(document, claim, (condition,))
    assert isinstance(answer, Proof)
    assert answer.assumptions_used == (condition,)
    assert isinstance(prove(document, claim, (Condition("symmetric", symbol(document, "B")),)), Proof)

    document, claim = read(SQUARE, r"A B = B A")
    a, b = symbol(document, "A"), symbol(document, "B")
    identity, zeros = Call(a.type, "identity", ()), Call(a.type, "zeros", ())
    commute = Condition("=", Call(a.type, "matmul", (a, b)), Call(a.type, "matmul", (b, a)))
    for right in (Condition("=", a, b), Condition("=", a, identity), Condition("=", b, zeros), commute):
        assert isinstance(prove(document, claim, (right,)), Proof)
    assert isinstance(prove(document, claim, (Condition("symmetric", a), Condition("symmetric", b))), Residual)
    assert isinstance(prove(document, claim, (Condition("orthogonal", a),)), Residual)


def test_scalar_conditions() -> None:
    document, claim = read(REAL, r"x^2 y = x y")
    x = symbol(document, "x")
    for value, expected in ((0, Proof), (1, Proof), (2, Residual)):
        condition = Condition("=", x, Number(SCALAR, value))
        assert isinstance(prove(document, claim, (condition,)), expected)


def test_a_norm_that_is_one() -> None:
    document, claim = read(r"v, x \in \mathbb{R}^{n}, \quad v^T v = 1", r"\frac{v^T x}{\|v\|_2^3} v = v v^T x")
    answer = prove(document, claim)
    assert isinstance(answer, Proof)
    assert [c.relation for c in answer.assumptions_used] == ["="]


def test_orthogonal_matrices() -> None:
    given = r"Q \in \mathbb{R}^{n \times n}, \quad Q^T Q = I, \quad x \in \mathbb{R}^{n}"
    assert isinstance(proved(given, r"\|Q x\|_2 = \|x\|_2"), Proof)
    assert isinstance(proved(given, r"Q Q^T x = x"), Proof)
    assert isinstance(proved(given, r"Q x = x"), Residual)
    tall = r"Q \in \mathbb{R}^{m \times n}, \quad Q^T Q = I, \quad y \in \mathbb{R}^{m}"
    assert isinstance(proved(tall, r"Q Q^T y = y"), Residual)
    assert isinstance(proved(tall, r"Q Q^T Q Q^T y = Q Q^T y"), Proof)


def test_the_residual_is_what_the_author_dropped() -> None:
    answer = proved(
        r"x_i \in \mathbb{R}^{n}, \quad y_i \in \mathbb{R}, \quad i \in \{1, \dots, m\}",
        r"\theta \in \mathbb{R}^{n}, \quad b \in \mathbb{R}",
        r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} (x_i^T \theta + b - y_i)^2",
        r"\nabla_\theta J(\theta) = \frac{2}{m} \sum_{i=1}^{m} (x_i^T \theta - y_i) x_i",
    )
    assert isinstance(answer, Residual)
    axis = answer.axes[0]
    assert answer.normal.key.replace(axis.key, "k") == "2*b*{#1.0<m>: x[#1.0<m>,k]}*|m|^-1"
