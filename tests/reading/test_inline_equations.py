r"""Inline equations: assumptions where words join them to a declaration, listed as prose everywhere else.

Takes: small documents. Gives: tests. Guarantees: an equation that is not used is seen in the list of statements.
"""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.pipeline import verify
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.running_text import UNUSED
from eqcompiler.reading.typing import type_document


def document(text: str) -> Document:
    source = Source("inline.tex", text)
    return type_document(source, formulas(source))


def verdict(text: str) -> str:
    found = document(text)
    assert not [s.error for s in found.statements if s.error]
    (only,) = [v.verdict for v in verify(found) if v.kind.startswith("claim")]
    return only


@pytest.mark.parametrize(
    "words",
    [
        r"Let $Q \in \mathbb{R}^{n \times n}$ with $Q^\top Q = I$.",
        r"Let $Q \in \mathbb{R}^{n \times n}$, where $Q^\top Q = I$.",
        r"Let \(Q \in \mathbb{R}^{n \times n}\) such that \(Q^\top Q = I\).",
        r"Let $Q \in \mathbb{R}^{n \times n}$, $Q^\top Q = I$.",
        "Let $Q \\in \\mathbb{R}^{n \\times n}$\nsatisfying $Q^\\top Q = I$.",
    ],
)
def test_an_equation_joined_to_a_declaration_is_an_assumption(words: str) -> None:
    assert verdict(rf"{words} Let $x \in \mathbb{{R}}^n$. \[ \|Qx\|_2 = \|x\|_2 \]") == "proved"


@pytest.mark.parametrize(
    ("words", "claim"),
    [
        (r"Let $Q \in \mathbb{R}^{n \times n}$. If $Q^\top Q = I$ it is orthogonal.", r"Q^\top Q Q = Q"),
        (r"Let $b \in \mathbb{R}$. The model with $b = 0$ is simpler.", "(b + 1)^2 = 1"),
        (r"Let $b \in \mathbb{R}$. In models with $a$ and $b = 0$ nothing is added.", "(b + 1)^2 = 1"),
        (r"With $b \in \mathbb{R}$, $b = 0$ is the simplest model.", "(b + 1)^2 = 1"),
        (r"Let $b \in \mathbb{R}$; the optimum lies where $b = 0$.", "(b + 1)^2 = 1"),
    ],
)
def test_an_equation_in_prose_is_no_assumption_and_is_listed(words: str, claim: str) -> None:
    text = rf"{words} \[ {claim} \]"
    assert [s.kind for s in document(text).statements if s.type_text == UNUSED] == ["prose"]
    assert verdict(text) == "conditional"


def test_several_equations_may_follow() -> None:
    words = r"Let $u, v \in \mathbb{R}^n$ with $\|u\| = 1$ and $u^\top v = 0$."
    assert verdict(rf"{words} \[ \|u + v\|^2 = 1 + \|v\|^2 \]") == "proved"
    assert verdict(rf"{words} \[ \|u + v\|^2 = 2 + \|v\|^2 \]") == "refuted"


def test_a_symbol_may_be_declared_with_its_symmetry() -> None:
    claim = r"Let $x \in \mathbb{R}^n$. \[ \nabla_x (x^\top A x) = 2 A x \]"
    assert verdict(rf"Let $A = A^\top \in \mathbb{{R}}^{{n \times n}}$. {claim}") == "proved"
    assert verdict(rf"Let $A \in \mathbb{{R}}^{{n \times n}}$. {claim}") == "conditional"


VECTORS = r"Let $a, u, v, x \in \mathbb{R}^n$ and $A \in \mathbb{R}^{n \times n}$."


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\nabla_x x^\top A x = (A + A^\top) x", "proved"),
        (r"\nabla_x x^\top A x = A x", "refuted"),
        (r"\nabla_x \frac{1}{2} \|x - v\|^2 = x - v", "proved"),
        (r"\nabla_x 3 v^\top x = 3 v", "proved"),
        (r"\nabla_x a^\top x = a", "proved"),
        (r"\nabla_x a^\top x = x", "conditional"),
        (r"\nabla_x a^\top A x = A^\top a", "proved"),
        (r"\nabla_x a^\top A x = A a", "conditional"),
        (r"\nabla_x \mathbf{1}^\top x = \mathbf{1}", "proved"),
        (r"\nabla_x a^\top \exp(x) = a \odot \exp(x)", "proved"),
        (r"u \cdot v = v^\top u", "proved"),
        (r"(u + v) \cdot (u - v) = \|u\|^2 - \|v\|^2", "proved"),
        (r"(u + v) \cdot (u - v) = \|u\|^2 + \|v\|^2", "conditional"),
    ],
)
def test_a_gradient_of_a_product_and_a_dot_between_vectors(claim: str, expected: str) -> None:
    assert verdict(rf"{VECTORS} \[ {claim} \]") == expected


def test_the_gradient_of_a_constant_times_the_rest_is_said() -> None:
    (statement,) = [s for s in document(rf"{VECTORS} \[ \nabla_x a^\top x = a \]").statements if s.kind == "claim: derivative"]
    assert statement.inferred == ("the gradient is that of 'a^\\top x'",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Let $x \in \mathbb{R}^n$. Let $\mu = \frac{1}{n} \sum_{i=1}^n x_i$. \[ \sum_{i=1}^n (x_i - \mu) = 0 \]", "proved"),
        (r"\[ f(z) = \sigma(2 z), \] where $\sigma(z) = \frac{1}{1 + e^{-z}}$. \[ f'(0) = \frac{1}{2} \]", "proved"),
        (r"Let $b, c \in \mathbb{R}$. Put $b = c$. \[ (b + 1)^2 = (c + 1)^2 \]", "conditional"),
        (r"Let $c \in \mathbb{R}$. It is least at the point where $b = c$. \[ b^2 = c^2 \]", "conditional"),
    ],
)
def test_a_word_introduces_a_definition_of_a_new_name(text: str, expected: str) -> None:
    assert verdict(text) == expected


@pytest.mark.parametrize(
    ("display", "kinds"),
    [
        (r"a = \sigma(W x), \quad \text{where } \sigma(z) = \frac{1}{1 + e^{-z}}", ["definition", "definition"]),
        (
            r"a = \sigma(W x) \text{ with } \sigma(z) = 1/(1 + e^{-z}) \text{ and } \lambda \ge 0",
            ["definition", "definition"],
        ),
        (r"\lambda = c \quad \text{where } c = 1", ["definition"]),
    ],
)
def test_a_function_behind_where_in_a_display_is_a_definition(display: str, kinds: list[str]) -> None:
    found = document(rf"$W \in \mathbb{{R}}^{{n \times n}}$, $x \in \mathbb{{R}}^n$ \[ {display} \]")
    assert [str(s.error) for s in found.statements if s.error] == []
    assert [s.kind for s in found.statements[2:]] == kinds


@pytest.mark.parametrize(("factor", "expected"), [("(1 - a_i)", "proved"), ("(1 + a_i)", "refuted"), ("", "refuted")])
def test_what_is_claimed_about_a_function_behind_where_is_judged(factor: str, expected: str) -> None:
    text = (
        r"$W \in \mathbb{R}^{n \times n}$, $x \in \mathbb{R}^n$"
        r"\[ a = \sigma(W x), \quad \text{where } \sigma(z) = \frac{1}{1 + e^{-z}} \]"
        rf"\[ \frac{{\partial a_i}}{{\partial x_j}} = a_i {factor} W_{{ij}} \]"
    )
    assert verdict(text) == expected


def test_a_function_that_the_file_gives_elsewhere_stays_a_condition() -> None:
    text = r"\[ f(x) = x^2 \] \[ g(x) = f(x) + 1, \quad \text{where } f(x) = x \]"
    assert [s.kind for s in document(text).statements] == ["definition", "definition"]


@pytest.mark.parametrize(
    ("display", "claim"),
    [
        (r"P \in \mathbb{R}^{n \times n} \text{ with } P^2 = P", "P (I - P) x = 0"),
        (r"P \in \mathbb{R}^{n \times n}, \quad \text{where } P^\top = -P", r"P^\top x = -P x"),
        (r"P \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n \text{ where } P P = P", "P (I - P) x = 0"),
        (r"P \in \mathbb{R}^{n \times n} \] \[ B = P + I \quad \text{where } P P = P", "B B x = 3 P x + x"),
    ],
)
def test_a_condition_behind_words_in_a_display_without_a_claim_holds_in_the_document(display: str, claim: str) -> None:
    assert verdict(rf"Let $x \in \mathbb{{R}}^n$. \[ {display} \] \[ {claim} \]") == "proved"


def test_a_condition_behind_a_claim_stays_with_that_claim() -> None:
    text = r"Let $b \in \mathbb{R}$. \[ (b + 1)^2 = 1 \quad \text{where } b = 0 \] \[ (b + 1)^2 = 1 \]"
    assert [v.verdict for v in verify(document(text))] == ["proved", "conditional"]


def test_a_condition_on_the_arguments_of_a_function_is_said_to_be_unused() -> None:
    found = document(r"\[ f(x) = \log x \quad \text{for } x > 0 \]")
    assert not found.assumptions
    assert found.statements[0].inferred == ("the condition beside this function is not used", "x: scalar, nothing declares it")
