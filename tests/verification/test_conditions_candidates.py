"""Which conditions are tried, in which order, and which never: text of every candidate for small claims."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.verification.conditions import Trials, candidates, find, occurring_symbols, reached_definitions


def read(text: str) -> tuple[Document, Claim]:
    document = pipeline.document_of(Source("a.tex", text))
    assert [str(s.error) for s in document.statements if s.error] == []
    claims = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    return document, claims[-1]


def texts(text: str, factors: tuple[str, ...] = ()) -> list[str]:
    document, claim = read(text)
    return [", ".join(condition_latex(document, c) for c in candidate) for candidate in candidates(document, claim, factors)]


def test_numbers() -> None:
    assert texts(r"\[ a, b \in \mathbb{R} \]\[ a b = a \]") == [
        "a = 1",
        "b = 1",
        "a = b",
        "a = 0",
        "b = 0",
        r"a = \frac{1}{2}",
        r"b = \frac{1}{2}",
    ]


def test_what_divides_the_residual_comes_first() -> None:
    assert texts(r"\[ a, b \in \mathbb{R} \]\[ a b = a \]", ("b",))[0] == "b = 0"


def test_matrices_from_weak_to_strong() -> None:
    assert texts(r"\[ A, B \in \mathbb{R}^{n \times n} \]\[ A B = B + A \]") == [
        "A B = B A",
        "A = A^T",
        "B = B^T",
        "A = A^T, B = B^T",
        "A = B",
        "A A^T = I",
        "A^T A = I",
        "B B^T = I",
        "B^T B = I",
        "A = I",
        "B = I",
        "A = 0",
        "B = 0",
    ]


def test_a_matrix_is_set_to_zero_only_where_it_stands_alone_in_a_sum() -> None:
    found = texts(r"\[ A, B \in \mathbb{R}^{n \times n} \]\[ A B = B A A \]")
    assert [text for text in found if text.endswith("= 0")] == []


def test_the_variable_of_a_derivative_is_pinned_last_and_never_alone() -> None:
    found = texts(r"\[ x, c \in \mathbb{R} \]\[ f(x) = c x^2 \]\[ f'(x) = c x \]")
    assert [text for text in found if text.startswith("x =")] == ["x = c", "x = 0", "x = 1"]
    assert found[-2:] == ["x = 0", "x = 1"]
    alone = texts(r"\[ x \in \mathbb{R} \]\[ f(x) = x^2 \]\[ f'(x) = x \]")
    assert [text for text in alone if text.startswith("x =")] == []


def test_a_difference_that_occurs() -> None:
    found = texts(r"\[ B \in \mathbb{R}^{n \times n}, \quad s, y \in \mathbb{R}^n \]\[ (y - B s)^T s = s^T y \]")
    assert found[-1] == "y = B s"


@pytest.mark.parametrize(("meets", "vanishes", "proves"), [(False, False, True), (True, True, True), (True, False, False)])
def test_nothing_is_found_when_one_test_fails(meets: bool, vanishes: bool, proves: bool) -> None:
    document, claim = read(r"\[ a, b \in \mathbb{R} \]\[ a b = a \]")
    trials = Trials(lambda c: meets, lambda c: vanishes, lambda c: ("step",) if proves else None, lambda: False)
    assert find(document, claim, (), (), trials) is None


def test_the_search_ends_when_it_is_late() -> None:
    document, claim = read(r"\[ a, b \in \mathbb{R} \]\[ a b = a \]")
    trials = Trials(lambda c: True, lambda c: False, lambda c: ("step",), lambda: True)
    assert find(document, claim, (), (), trials) is None


@pytest.mark.parametrize(("factors", "necessary"), [(("b",), True), ((), False)])
def test_necessary_only_when_the_residual_shows_it(factors: tuple[str, ...], necessary: bool) -> None:
    document, claim = read(r"\[ a, b \in \mathbb{R} \]\[ a + b = a \]")
    wanted = "b = 0"
    trials = Trials(lambda c: condition_latex(document, c[0]) == wanted, lambda c: False, lambda c: ("step",), lambda: False)
    found = find(document, claim, factors, factors, trials)
    assert found is not None
    assert (found.latex, found.necessary, found.steps) == (wanted, necessary, ("step",))


def test_symbols_are_found_through_definitions() -> None:
    document, claim = read(r"\[ a, b, c \in \mathbb{R} \]\[ s = a + b \]\[ t = s^2 \]\[ t = c \]")
    assert [symbol.name for symbol in occurring_symbols(document, claim)] == ["a", "b", "c"]
    assert reached_definitions(document, claim.left) == ("t", "s")
