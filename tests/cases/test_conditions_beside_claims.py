r"""A bound behind a claim in its display, `|x| = x, \quad x > 0`, belongs to that claim; behind a definition to the file."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

DECLARED = r"\[ x, y \in \mathbb{R}, \quad w \in \mathbb{R}^n \]"


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
