r"""Conditions in running text: assumptions where their sentence states them, nothing where it denies, restricts or concludes.

Takes: small documents. Gives: tests. Guarantees: what counts is seen in the assumptions of the document, without a proof.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.reading.running_text import UNUSED

MATRIX = r"Let $A \in \mathbb{R}^{n \times n}$."
NUMBER = r"Let $a \in \mathbb{R}$."
TRACES = r"\[ \operatorname{tr}(A A) = \operatorname{tr}(A^\top A) \]"
ABSOLUTE = r"\[ |a| = a \]"


def read(text: str) -> Document:
    return pipeline.document_of(Source("text.tex", text))


def assumed(document: Document) -> list[str]:
    own = [c for s in document.statements if isinstance(s.payload, Claim) for c in s.payload.assumptions]
    return [condition_latex(document, condition) for condition in (*document.assumptions, *own)]


DENIED_PROPERTIES = [
    "We do not assume that $A$ is symmetric.",
    "Never assume $A$ is symmetric.",
    "It is wrong to suppose that $A$ is symmetric.",
    "One must not, of course, assume $A$ is symmetric.",
    "Some authors assume that $A$ is symmetric.",
    "Unlike when $A$ is symmetric,",
    "Not only if $A$ is symmetric, we have",
    "Not only for symmetric $A$",
    "Without assuming that $A$ is symmetric, we have",
    "Instead of assuming that $A$ is symmetric, we have",
    "Don't assume $A$ is symmetric.",
    "Rather than where $A$ is symmetric, here it is not.",
    "For the proof by contradiction assume $A$ is symmetric.",
    "For symmetric $A$ this is known, but for general $A$ we have",
    "Suppose $A$ is symmetric if and only if $b = 0$.",
    "Let $A$ be symmetric, or let it be diagonal.",
    "Assume $A$ is symmetric is false.",
]


@pytest.mark.parametrize("words", DENIED_PROPERTIES)
def test_a_property_that_its_sentence_denies_is_not_used(words: str) -> None:
    assert assumed(read(f"{MATRIX} {words} {TRACES}")) == []


DENIED_BOUNDS = [
    "If $a > 0$ the claim is trivial. In general,",
    "For $a > 0$ this is clear. In general,",
    "Since $a > 0$,",
    "It follows that $a > 0$.",
    "We have a number, e.g. $a > 0$.",
    "Suppose, to the contrary, $a > 0$.",
    "Assume $a > 0$ for now.",
    "($a > 0$ is not needed.)",
    "We do not need $a > 0$.",
    "Consider the case $a > 0$.",
    "Things are easy as soon as $a > 0$.",
    r"If $a \in (0, 1)$ this is trivial. In general,",
    r"For $a \in [0, \infty)$ clear. In general,",
    "The sign is known unless $a > 0$.",
    "Is $a > 0$?",
    "Do we assume $a > 0$?",
    "Were $a > 0$, the root would be real.",
    "Here $b > 0$ or $a > 0$.",
    "where $a > 0$ is to be shown.",
    "Suppose we want $a > 0$.",
    "This would give $a > 0$.",
    "Our goal is $a > 0$.",
    "Usually $a > 0$.",
    "The proof uses $a > 0$.",
    "Some have $a > 0$; others differ.",
    "At the optimum $a > 0$.",
    "Show $a > 0$.",
    "$a > 0$ follows from the lemma.",
    "On the left half $a < 0$, on the right half $a > 0$.",
    r"If $c \in \mathbb{R}, a > 0$ this is trivial. In general,",
]


@pytest.mark.parametrize("words", DENIED_BOUNDS)
def test_a_bound_that_its_sentence_does_not_state_is_not_used(words: str) -> None:
    assert assumed(read(f"{NUMBER} {words} {ABSOLUTE}")) == []


@pytest.mark.parametrize(
    "words",
    [
        "Let $a > 0$.",
        "The learning rate is $a > 0$.",
        "The learning rate $a > 0$",
        "Here and throughout, $a > 0$.",
        "$a > 0$ is the learning rate.",
        "$a > 0$",
        "With a learning rate $a > 0$ we have",
        "We assume, without loss of generality, $a > 0$.",
        "For $a > 0$ we have",
        "If $a > 0$, then",
    ],
)
def test_a_bound_that_its_sentence_states_is_used(words: str) -> None:
    assert assumed(read(f"{NUMBER} {words} {ABSOLUTE}")) == ["a > 0"]


def test_a_bound_that_nothing_governs_declares_what_the_file_says_nothing_else_of() -> None:
    assert assumed(read(rf"At the optimum $a > 0$. {ABSOLUTE}")) == ["a > 0"]
    assert assumed(read(rf"{NUMBER} At the optimum $a > 0$. {ABSOLUTE}")) == []
    assert assumed(read(rf"Let $a, b \in \mathbb{{R}}$. At the optimum $a > 0$. {ABSOLUTE}")) == []


UNSTATED_EQUATIONS = [
    r"We do not assume that $A = A^\top$.",
    r"If $A = A^\top$ this is trivial. In general,",
    r"For example, $A = A^\top$.",
    r"Since $A = A^\top$,",
    r"Is $A = A^\top$?",
    r"It is false that $A^\top = A$.",
    r"The iteration is $A = A - G$.",
]


@pytest.mark.parametrize("words", UNSTATED_EQUATIONS)
def test_an_equation_about_its_own_name_counts_only_where_it_is_stated(words: str) -> None:
    """It was an assumption of the file wherever it stood."""
    document = read(rf"{MATRIX} Let $G \in \mathbb{{R}}^{{n \times n}}$. {words} {TRACES}")
    assert assumed(document) == []
    assert [s.type_text for s in document.statements if s.kind == "prose"] == [UNUSED]


@pytest.mark.parametrize("words", [r"Suppose $A = A^\top$.", r"where $A = A^\top$.", r"Let $A = A^\top$."])
def test_an_equation_about_its_own_name_that_is_stated_is_used(words: str) -> None:
    assert assumed(read(f"{MATRIX} {words} {TRACES}")) == ["A = A^T"]


def test_an_equation_about_its_own_name_behind_if_belongs_to_the_display() -> None:
    document = read(rf"{MATRIX} If $A = A^\top$, then {TRACES} Always {TRACES}")
    claims = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    assert document.assumptions == ()
    assert [len(claim.assumptions) for claim in claims] == [1, 0]


def test_a_case_belongs_to_the_display_of_its_sentence() -> None:
    document = read(rf"{NUMBER} \[ |a| = a \] if $a > 0$. Always \[ |a| = a \]")
    claims = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    assert document.assumptions == ()
    assert [len(claim.assumptions) for claim in claims] == [1, 0]


def test_a_set_behind_for_narrows_one_display_only() -> None:
    document = read(rf"{NUMBER} \[ |a| = a \quad \text{{for }} a \in (0, 1) \] \[ |a| = a \]")
    claims = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    assert [len(claim.assumptions) for claim in claims] == [2, 0]
    assert assumed(read(r"\[ |a| = a \quad \text{for } a \in (0, 1) \]")) == ["a > 0", "a < 1"]


@pytest.mark.parametrize(
    "words", [r"$x^\top x = 1$ or $x^\top x = 2$.", r"$x^\top x = 1$ in the first example.", r"$x^\top x = 1$ if $n = 1$."]
)
def test_an_equation_that_its_sentence_restricts_is_not_used(words: str) -> None:
    assert assumed(read(rf"Let $x \in \mathbb{{R}}^n$ with {words} \[ x^\top x = 1 \]")) == []


def test_what_follows_then_is_claimed() -> None:
    (claim,) = (s for s in read(rf"{MATRIX} Then \[ A = A^\top \]").statements if s.kind.startswith("claim"))
    assert isinstance(claim.payload, Claim)
    (bound,) = (s.error for s in read(rf"{NUMBER} Hence \[ a > 0 \]").statements if s.error)
    assert isinstance(bound, NotSupportedYet)


def test_a_display_claims_of_what_let_defines() -> None:
    document = read(r"Let $a \in \mathbb{R}$. Let $s = a^2$. \[ s = a \]")
    assert [s.kind for s in document.statements][-2:] == ["definition", "claim: equality"]


LISTED = [
    r"Let $x_t \in \mathbb{R}^d$ for $t = 1, \dots, T$, $b \in \mathbb{R}$, $a > 0$.",
    r"$x_t \in \mathbb{R}^d$ for all $t = 1, \dots, T$, $a > 0$.",
]


@pytest.mark.parametrize("words", LISTED)
def test_the_range_of_one_item_of_a_list_governs_no_other_item(words: str) -> None:
    document = read(f"{words} {ABSOLUTE}")
    assert assumed(document) == ["a > 0"]
    assert [s.latex for s in document.statements if s.kind == "prose"] == []


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        (r"Let $p_k \ge 0$ with $\sum_{k=1}^K p_k = 1$.", "declaration"),
        (r"The weights $p_k \ge 0$, such that $\sum_{k=1}^K p_k = 1$, are given.", "declaration"),
        (r"Let $p_k \ge 0$ and $\sum_{k=1}^K p_k = 1$.", "prose"),
        (r"We do not assume $p_k \ge 0$ with $\sum_{k=1}^K p_k = 1$.", "prose"),
        (r"Since $p_k \ge 0$ with $\sum_{k=1}^K p_k = 1$, this is clear.", "prose"),
        (r"If $p_k \ge 0$ with $\sum_{k=1}^K p_k = 1$, this is clear.", "prose"),
    ],
)
def test_a_condition_with_a_sign_is_an_assumption_where_the_sign_is_one(sentence: str, kind: str) -> None:
    text = f"{sentence}\n" + r"\[ s = \sum_{k=1}^K p_k \]"
    document = pipeline.document_of(Source("text.tex", text))
    assert [s.kind for s in document.statements][-2:] == [kind, "definition"]
    assert len(document.assumptions) == (2 if kind == "declaration" else 1 if "and" in sentence else 0)
