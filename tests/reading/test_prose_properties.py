r"""Properties in running text and in displays: used where the words say that they hold, and never read out of other words."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

DECLARED = r"\[ A, B \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n \]"
CLAIM = r"\[ \nabla_x (x^\top A x) = 2 A x \]"


def read(text: str) -> Document:
    return pipeline.document_of(Source("prose.tex", text))


def assumed(document: Document) -> list[str]:
    return [condition_latex(document, condition) for condition in document.assumptions]


def last(text: str) -> str:
    document = read(text)
    assert [str(s.error) for s in document.statements if s.error] == []
    return pipeline.verify(document)[-1].verdict


NOT_SAID = [
    "Note that $A$ is not symmetric.",
    "Here $A$ need not be symmetric.",
    "where $A$ is skew-symmetric.",
    "Let $A$ be symmetric if $n = 2$.",
    "The matrix $A$ is symmetric.",  # a remark as well as an assumption
    "If $A$ is symmetric, the gradient is simple. In general,",
    "% let $A$ be symmetric.\n",
    "Let $B$ be symmetric.",
    "Let $A$ be symmetric. Later on, let $A$ be diagonal.",
]


@pytest.mark.parametrize("words", NOT_SAID)
def test_other_words_are_no_symmetry(words: str) -> None:
    assert last(f"{DECLARED} {words} {CLAIM}") in ("conditional", "refuted")


SAID = [
    "Let $A$ be a symmetric matrix.",
    "where $A$ and $B$ are symmetric.",
    "For symmetric $A$ we have",
    "If $A$ is symmetric, then",
    "with $A$ symmetric and positive-definite,",
    "Suppose that the matrix $A$ is symmetric positive definite.",
]


@pytest.mark.parametrize("words", SAID)
def test_a_property_in_the_text_is_used(words: str) -> None:
    assert last(f"{DECLARED} {words} {CLAIM}") == "proved"


SQUARE = r"$Q \in \mathbb{R}^{n \times n}$"
GRADIENT = r"\[ q(x) = \frac{1}{2} x^\top Q x, \quad x \in \mathbb{R}^n \] \[ \nabla q(x) = Q x \]"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"{SQUARE} symmetric, $c > 0$.", "proved"),
        (f"Let {SQUARE} symmetric positive definite.", "proved"),
        (f"{SQUARE} not necessarily symmetric.", "conditional"),
        (f"{SQUARE} symmetric or not.", "conditional"),
        (f"Unlike {SQUARE} symmetric, this is general.", "conditional"),
        (f"{SQUARE} invertible.", "conditional"),
    ],
)
def test_an_adjective_behind_a_declaration_belongs_to_it(words: str, expected: str) -> None:
    assert last(f"{words} {GRADIENT}") == expected


def test_a_case_holds_for_its_own_display() -> None:
    document = read(rf"{DECLARED} For symmetric $A$ we have {CLAIM} and always {CLAIM}")
    assert assumed(document) == []
    assert [v.verdict for v in pipeline.verify(document)] == ["proved", "conditional"]


def test_several_properties_at_once() -> None:
    words = r"Let $A \in \mathbb{R}^{n \times n}$ be idempotent and $B \in \mathbb{R}^{n \times n}$ be skew-symmetric."
    assert assumed(read(words)) == ["A A = A", "B^T = -B"]


def test_what_is_not_used_is_listed() -> None:
    notes = [s.type_text for s in read(f"{DECLARED} The matrix $A$ is symmetric. {CLAIM}").statements if s.kind == "prose"]
    assert notes == ["what the text says of A is not used; to use it, write: Let $A$ be symmetric"]


@pytest.mark.parametrize("words", ["is not symmetric", "is symmetric if nothing else is said", "is nearly diagonal"])
def test_words_that_only_end_in_a_property_are_refused(words: str) -> None:
    (error,) = [
        s.error for s in read(rf"\[ A \in \mathbb{{R}}^{{n \times n}}, \quad A \text{{ {words}}} \]").statements if s.error
    ]
    assert error is not None
    assert error.what == f"'{words}' is not read as a property"


def test_skew_symmetric_is_not_symmetric() -> None:
    document = read(r"\[ A \in \mathbb{R}^{n \times n}, \quad A \text{ is skew-symmetric} \]")
    assert assumed(document) == ["A^T = -A"]


@pytest.mark.parametrize("words", ["suppose", "assume that", "Let", "satisfying", "subject to", "such that"])
def test_words_make_a_display_an_assumption(words: str) -> None:
    given = rf"\[ P \in \mathbb{{R}}^{{n \times n}} \] \[ \text{{{words}}} \quad P^2 = P \]"
    assert last(rf"{given} \[ P^3 = -P \]") in ("conditional", "refuted")
    assert last(rf"{given} \[ P^3 = P \]") == "proved"


def test_an_open_equation_is_one_fault() -> None:
    document = read(
        r"\[ A \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n, A^\top = 2 A \] \[ x^\top A x = 0 \] \[ x^\top x = \|x\|^2 \]"
    )
    assert [s.error.what for s in document.statements if s.error] == [
        "an equation behind a declaration: an assumption or a claim",
        "not judged: what holds for 'A' is not decided, see line 1",
    ]
    assert [v.verdict for v in pipeline.verify(document)] == ["unsupported", "unsupported", "proved"]


def test_a_declaration_may_say_what_the_name_is_before_its_constraint() -> None:
    words = r"Let $u \in \mathbb{R}^n$ be a vector with $\|u\| = 1$."
    assert last(rf"{words} \[ (I - u u^\top)^2 = I \]") in ("conditional", "refuted")
    assert last(rf"{words} \[ (I - 2 u u^\top)^2 = I \]") == "proved"
    matrix = r"Let $A \in \mathbb{R}^{n \times n}$ be a symmetric matrix with $A^2 = I$."
    assert assumed(read(matrix)) == ["A = A^T", "A^2 = I"]
