r"""Sums without limits and expectations over a data set: what they mean, and when nothing says over what they run."""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document, Objective
from eqcompiler.languages.terms import Component, Reduction, Symbol, Term, children
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document

SAMPLES = r"x^{(i)} \in \mathbb{R}^n, \quad y^{(i)} \in \mathbb{R}, \quad i = 1, \dots, m, \quad \theta \in \mathbb{R}^n"
OTHERS = r"u^{(k)} \in \mathbb{R}^n, \quad k = 1, \dots, r"
DATASET = r"\mathcal{D} = \{(x^{(i)}, y^{(i)})\}_{i=1}^{m}"
ROWS = r"X = [x^{(1)}, \dots, x^{(m)}]^\top"


def read(*displays: str) -> Document:
    source = Source("file.tex", "\n".join(rf"\[ {display} \]" for display in displays))
    return type_document(source, formulas(source))


def error(document: Document) -> str:
    (found,) = [s.error for s in document.statements if s.error]
    return found.what if found else ""


def terms(term: Term) -> list[Term]:
    return [term, *(below for child in children(term) for below in terms(child))]


def whole_arrays(term: Term) -> list[str]:
    """The samples' arrays that stand in the term without an index."""
    inside = {id(t.base) for t in terms(term) if isinstance(t, Component)}
    return [t.name for t in terms(term) if isinstance(t, Symbol) and t.name in "xyX" and id(t) not in inside]


REFUSED = [
    ((r"s = \sum \theta^T \theta",), "a sum without an index"),
    ((OTHERS, r"s = \sum (\theta^T x - \theta^T u)"), "the samples named here have different numbers of members (x: "),
    ((ROWS, r"s = \sum (X \theta - y)^2"), "a sum without an index over a body with the whole array X"),
    ((r"s = \sum (\theta^T x^{(i)} - y)^2",), "a sum without an index over a body with i, y: over which of them is not said"),
    ((r"s = \mathbb{E}_{(x, y) \sim \mathcal{P}}[(\theta^T x - y)^2]",), "an expectation with a subscript is not implemented"),
    (
        (DATASET, r"s = \mathbb{E}_{x \sim \mathcal{D}}[\theta^T x]"),
        r"a sample of the data set \mathcal{D} has 2 parts, here 1 are drawn",
    ),
    ((DATASET, r"s = \mathbb{E}_{(x, x) \sim \mathcal{D}}[\theta^T x]"), "these draws from a data set are not read"),
    ((r"\max_i y_i",), "this display states nothing: it has no relation"),
]


@pytest.mark.parametrize(("displays", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_not_said_is_not_guessed(displays: tuple[str, ...], message: str) -> None:
    assert error(read(SAMPLES, *displays)).startswith(message)


SAME = [
    (r"\sum (\theta^T x - y)^2", r"\sum_{i=1}^{m} (\theta^T x^{(i)} - y^{(i)})^2"),
    (r"\sum (\theta^T x^{(i)} - y^{(i)})^2", r"\sum_{i=1}^{m} (\theta^T x^{(i)} - y^{(i)})^2"),
    (r"\sum \sum_{j=1}^n \theta_j x_j y", r"\sum_{i=1}^{m} \sum_{j=1}^n \theta_j x^{(i)}_j y^{(i)}"),
    (r"\prod y", r"\prod_{i=1}^{m} y^{(i)}"),
    (
        r"\mathbb{E}_{(x, y) \sim \mathcal{D}}\left[ (\theta^T x - y)^2 \right]",
        r"\frac{1}{m} \sum_{i=1}^{m} (\theta^T x^{(i)} - y^{(i)})^2",
    ),
    (r"\mathbb{E}_{(u, v) \sim \mathcal{D}}[\theta^T u - v]", r"\frac{1}{m} \sum_{i=1}^{m} (\theta^T x^{(i)} - y^{(i)})"),
    (r"\mathbb{E}_{(x, y) \sim \mathcal{D}}[y] + b", r"\frac{1}{m} \sum_{i=1}^{m} y^{(i)} + b"),
]


@pytest.mark.parametrize(("short", "long"), SAME, ids=[short for short, _ in SAME])
def test_the_members_are_meant(short: str, long: str) -> None:
    document = read(DATASET, SAMPLES, f"s = {short}", f"t = {long}")
    assert [s.error for s in document.statements if s.error] == []
    one, other = document.definitions["s"].body, document.definitions["t"].body
    assert whole_arrays(one) == []
    assert one == other


def test_the_author_is_told_over_what_the_sum_runs() -> None:
    document = read(SAMPLES, r"s = \sum (\theta^T x - y)^2")
    (statement,) = [s for s in document.statements if s.kind == "definition"]
    assert statement.inferred == ("the sum without limits runs over the samples i = 1, ..., m; x, y mean x^{(i)}, y^{(i)}",)


def test_an_index_that_the_body_uses_is_not_captured() -> None:
    document = read(SAMPLES, r"v_i = \sum y y^{(i)}", r"w_i = \sum_{i=1}^m y^{(i)}")
    assert error(document).startswith("a sum without an index over a body with i, y")


def test_an_objective_alone_in_a_display_is_one() -> None:
    document = read(
        DATASET,
        SAMPLES,
        r"\min_\theta \mathbb{E}_{(x, y) \sim \mathcal{D}}[(\theta^T x - y)^2]",
        r"\arg\min_\theta \theta^T \theta",
    )
    first, second = document.statements[-2:]
    assert (first.kind, first.name, first.type_text) == ("objective", "objective", "scalar")
    assert (second.kind, second.name, second.type_text) == ("objective", "objective_2", "vector (n)")
    assert isinstance(first.payload, Objective)
    assert (first.payload.extremum.sense, first.payload.extremum.variable) == ("min", "theta")
    assert any(isinstance(t, Reduction) and t.binder.name == "i" for t in terms(first.payload.extremum.body))


def test_a_function_of_a_letter_that_is_read_below_its_index_alone_takes_the_whole_family() -> None:
    r"""A sample \mu would be an argument that nothing reads."""
    found = read(r"\mu_k \in \mathbb{R}^d, \quad k = 1, \dots, K", r"s(\mu) = \sum_{k=1}^K \|\mu_k\|^2", r"q(\mu) = \|\mu\|^2")
    (whole,), (sample,) = found.definitions["s"].formals, found.definitions["q"].formals
    assert (whole, str(found.definitions["s"].formal_types[0])) == ("mu", "matrix (K by d)")
    assert (sample, str(found.definitions["q"].formal_types[0])) == ("mu_arg", "vector (d)")
