r"""A bound behind a claim in its display, `|x| = x, \quad x > 0`, belongs to that claim; behind a definition to the file."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

DECLARED = r"\[ x, y \in \mathbb{R}, \quad w \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n} \]"
TRACES = r"\operatorname{tr}(A A) = \operatorname{tr}(A^\top A)"


def verdicts(*displays: str) -> list[str]:
    text = "\n".join([DECLARED, *(rf"\[ {display} \]" for display in displays)])
    return [v.verdict for v in pipeline.verify(pipeline.document_of(Source("beside.tex", text)))]


@pytest.mark.parametrize("beside", [r"|x| = x, \quad x > 0", r"\sqrt{x^2 y^2} = x y, \quad x > 0, \quad y > 0"])
def test_a_bound_beside_one_claim_proves_no_other(beside: str) -> None:
    """It was an assumption of the whole file."""
    assert verdicts(beside, r"\sqrt{x^2} = x") == ["proved", "conditional"]
    assert verdicts(r"\sqrt{x^2} = x", beside) == ["conditional", "proved"]


def test_it_reaches_over_the_steps_of_its_display() -> None:
    assert verdicts(r"\sqrt{x^4} = x \sqrt{x^2} = x^2, \quad x > 0") == ["proved", "proved"]


def test_a_bound_beside_a_definition_holds_in_the_file() -> None:
    assert verdicts(r"J(w) = x \|w\|^2, \quad x > 0", r"\sqrt{x^2} = x") == ["proved"]


def test_a_bound_on_what_the_file_says_nothing_else_of_declares_it() -> None:
    assert verdicts(r"|z| = z, \quad z > 0", r"\sqrt{z^2} = z") == ["proved", "proved"]


OTHERS = [
    (r"\sqrt{x^2} = x, \quad x \in (0, 1)", r"\sqrt{x^2} = x"),
    (r"|w_i| = w_i, \quad w_i > 0", r"\sum_{i=1}^n |w_i| = \sum_{i=1}^n w_i"),
    (r"\operatorname{tr}(A A) = \operatorname{tr}(A^\top A), \quad A \text{ symmetric}", TRACES),
    (r"\operatorname{tr}(A A) = \operatorname{tr}(A^\top A), \quad A = A^\top", TRACES),
    (r"\operatorname{tr}(A A) = \operatorname{tr}(A^\top A), \quad A \text{ symmetric and invertible}", TRACES),
    (r"\text{For } x > 0 \text{ we have } |x| = x", r"\sqrt{x^2} = x"),
]


@pytest.mark.parametrize(("beside", "other"), OTHERS)
def test_no_kind_of_condition_beside_one_claim_proves_another(beside: str, other: str) -> None:
    first, second = verdicts(beside, other)
    assert first in ("proved", "holds")
    assert second == "conditional"


UNSTATED = ["unless", "if and only if", "not for", "except for", "but not if", "for some", "since"]


@pytest.mark.parametrize("words", UNSTATED)
def test_a_condition_behind_words_that_do_not_state_it_is_refused(words: str) -> None:
    """`unless x > 0` was read as x > 0."""
    found = pipeline.document_of(Source("beside.tex", rf"{DECLARED} \[ |x| = x \quad \text{{{words} }} x > 0 \]"))
    (error,) = (s.error for s in found.statements if s.error)
    assert error.what == f"'{words}' before a condition is not read"
    assert [v.verdict for v in pipeline.verify(found)] == ["unsupported"]


@pytest.mark.parametrize("words", ["whenever", "for every", "with step size", "where the learning rate is"])
def test_words_that_state_a_condition_or_describe_a_number(words: str) -> None:
    assert verdicts(rf"|x| = x \quad \text{{{words} }} x > 0") == ["proved"]


def test_a_size_against_its_own_name_is_no_bound() -> None:
    """It was an assumption, and nothing was judged."""
    assert verdicts(r"|x| \neq x") == ["unsupported"]


def test_what_cannot_be_a_name_stops_its_own_formula_only() -> None:
    """Looking over the names of the file raised it, and nothing of the file was read."""
    text = rf"{DECLARED} \[ |x| = x \text{{ (for }} x > 0 \text{{)}} \] \[ |x|^2 = x^2 \]"
    found = pipeline.document_of(Source("beside.tex", text))
    assert [s.error.what for s in found.statements if s.error] == ["')' cannot be used as a name"]
    assert [v.verdict for v in pipeline.verify(found)] == ["unsupported", "proved"]
