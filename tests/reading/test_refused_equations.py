r"""Equations about a name itself: which are properties, which would silently assume something.

Takes: small documents. Gives: tests. Guarantees: an update written with `=` never becomes an assumption.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document


def document(*lines: str) -> Document:
    return pipeline.document_of(Source("own.tex", "\n".join(rf"\[ {line} \]" for line in lines)))


@pytest.mark.parametrize(
    ("declared", "update"),
    [
        (r"w, g \in \mathbb{R}^n, \quad \eta > 0", r"w = w - \eta g"),
        (r"b \in \mathbb{R}", "b = b + 1"),
        (r"b, c \in \mathbb{R}", "b = c - 2 + b"),
    ],
)
def test_an_update_written_with_an_equals_sign_is_refused(declared: str, update: str) -> None:
    found = document(declared, update)
    (error,) = [s.error for s in found.statements if s.error]
    assert (found.assumptions if "eta" not in declared else found.assumptions[1:]) == ()
    assert error.what == "a name that equals itself plus something: an update or an assumption"


@pytest.mark.parametrize("right", [r"A^\top", r"\frac{1}{2} (A + A^\top)", "A^2"])
def test_a_property_of_a_name_is_an_assumption(right: str) -> None:
    found = document(r"A \in \mathbb{R}^{n \times n}", f"A = {right}", "B = A")
    assert [s.error for s in found.statements] == [None, None, None]
    assert len(found.assumptions) == 1


@pytest.mark.parametrize("right", [r"A^\top", r"\frac{1}{2} (A + A^\top)", "A^2"])
def test_what_a_file_ends_with_is_claimed(right: str) -> None:
    found = document(r"A \in \mathbb{R}^{n \times n}, \quad A^2 = I", f"A = {right}")
    assert found.statements[-1].kind == "claim: equality"
    assert len(found.assumptions) == 1


@pytest.mark.parametrize(
    ("declared", "last"),
    [
        (r"t \in \{-1, 1\}", "t = 1"),
        (r"a > 1", "a = 2 a"),
        (r"a > 1", r"\pi = \frac{355}{113}"),
        (r"i \in \mathbb{R}", "i^2 = -1"),
        (r"x \in \mathbb{R}^n", "x_1 = x_2"),
        (r"A \in \mathbb{R}^{n \times n}", "A_{11} = 1"),
        ("f(x, y) = x^2 y^3", "f_{xy}(x, y) = 6 x y"),
        (r"x \in \mathbb{R}^n, \quad i = 1, \dots, n", r"x_i = \sum_{j=1}^n x_j"),
    ],
)
def test_an_equation_that_defines_nothing_is_claimed(declared: str, last: str) -> None:
    assert document(declared, last).statements[-1].kind in ("claim: equality", "claim: derivative")


def test_a_numbered_vector_is_no_entry_of_a_vector() -> None:
    found = document(r"\theta, g \in \mathbb{R}^n, \quad \theta_0 \in \mathbb{R}^n", r"\theta_1 = \theta_0 - g")
    assert found.statements[-1].kind == "definition"


@pytest.mark.parametrize("words", [r"\text{ or } a = 1", r"\text{ fails}", r"\text{ is not assumed}", r", \text{ or } a = 1"])
def test_words_that_deny_a_condition_are_refused(words: str) -> None:
    found = document(r"a, b \in \mathbb{R}", rf"(a + b)^2 = a^2 \quad \text{{if }} b = 0 {words}")
    (error,) = [s.error for s in found.statements if s.error]
    assert error.what.endswith("beside a condition is not read")


def test_a_value_that_is_used_is_a_definition() -> None:
    found = document(r"\eta \in (0, 1), \quad w \in \mathbb{R}^n", r"\eta = \frac{1}{10}", r"v = w - \eta w")
    assert [s.kind for s in found.statements[-2:]] == ["definition", "definition"]


def test_names_with_numbers_are_other_names_than_their_letter() -> None:
    found = document(r"v_1 > 0, \quad v_2 > 0", r"v = \frac{v_1 v_2}{v_1 + v_2}", r"v = v_1 + v_2")
    assert [s.kind for s in found.statements[-2:]] == ["definition", "claim: equality"]
    (verdict,) = pipeline.verify(found)
    assert verdict.verdict == "refuted"


def test_an_extremum_over_an_index_is_refused() -> None:
    """It was read as one over a number, and a proof met an index that nothing binds."""
    source = Source("index.tex", r"$v \in \mathbb{R}^m$. \[ \arg\max_i v_i = 1 \]")
    (error,) = (s.error for s in pipeline.document_of(source).statements if s.error)
    assert error.what == "'argmax' over an index is not implemented"


@pytest.mark.parametrize(
    ("symmetry", "kinds"), [("P = P^\\top", "symmetric"), ("P^\\top = P", "symmetric"), ("P^\\top = -P", "=")]
)
def test_a_symmetry_declares_a_square_matrix(symmetry: str, kinds: str) -> None:
    """A number P, which equals its transpose too, would be a counterexample that the author did not mean."""
    text = rf"Let $x \in \mathbb{{R}}^n$ and ${symmetry}$. \[ s = x^\top P x \]"
    found = pipeline.document_of(Source("own.tex", text))
    assert [s.error for s in found.statements] == [None, None, None]
    assert (str(found.symbols["P"].type), [c.relation for c in found.assumptions]) == ("matrix (n by n)", [kinds])
