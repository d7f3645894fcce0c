"""What `%! expect:` accepts. The wrong agreements first: an expectation must never be met by another verdict."""

from __future__ import annotations

import pytest

from eqcompiler.errors import IllegalEquation
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.expected_verdicts import agrees, same


def verdict(outcome: str, condition: str | None = None) -> Verdict:
    return Verdict("a.tex", 1, 1, "J", "claim: equality", "J = 0", outcome, "", condition)


@pytest.mark.parametrize(
    ("expect", "outcome", "condition"),
    [
        ("refuted", "proved", None),
        ("refuted", "holds", None),
        ("refuted", "undecided", None),
        ("refuted", "conditional", "b = 0"),
        ("proved", "holds", None),
        ("proved", "conditional", "b = 0"),
        ("holds if b = 0", "conditional", "y = 0"),
        ("holds if b = 0", "conditional", None),
        ("holds if b = 0", "proved", None),
        ("holds if b = 0", "proved", "b = 0"),
        ("holds if b = 0", "refuted", None),
        ("holds if b = 0", "conditional", "b = 0, y = 0"),
        ("holds if b = 0, y = 0", "conditional", "b = 0"),
        ("holds if A = A^T", "conditional", "A = I"),
        ("holds if b > 0", "conditional", "0 > b"),
        ("conditional", "refuted", None),
        ("undecided", "unsupported", None),
    ],
)
def test_another_verdict_never_agrees(expect: str, outcome: str, condition: str | None) -> None:
    assert agrees(expect, verdict(outcome, condition)) is False


@pytest.mark.parametrize(
    ("expect", "outcome", "condition"),
    [
        ("refuted", "refuted", None),
        (" proved ", "proved", None),
        ("conditional", "conditional", "b = 0"),
        ("holds if b = 0", "conditional", "b = 0"),
        ("holds if  b=0", "conditional", "b = 0"),
        ("holds if 0 = b", "conditional", "b = 0"),
        ("holds if A = A^{\\top}", "conditional", "A = A^T"),
        ("holds if A = A^\\top", "conditional", "A = A^T"),
        ("holds if B A = A B", "conditional", "A B = B A"),
        ("holds if AB = BA", "conditional", "A B = B A"),
        ("holds if A = I_n", "conditional", "A = I"),
        ("holds if C = C^T, B = B^T", "conditional", "B = B^T, C = C^T"),
        ("holds if C = C^T \\text{ and } B = B^T", "conditional", "B = B^T, C = C^T"),
        ("holds if \\lambda=0", "conditional", "\\lambda = 0"),
        ("holds iff w_{0} = 0", "conditional", "w_0 = 0"),
    ],
)
def test_the_same_condition_in_another_spelling_agrees(expect: str, outcome: str, condition: str | None) -> None:
    assert agrees(expect, verdict(outcome, condition)) is True


def test_different_letters_are_different_conditions() -> None:
    assert not same("\\lambda = 0", "\\mu = 0")
    assert not same("w_0 = 0", "w_1 = 0")
    assert not same("A = I", "A = A^T")


@pytest.mark.parametrize("expect", ["maybe", "holds if", "holds if b", "true", "refuted if b = 0", ""])
def test_an_unknown_expectation_is_an_error(expect: str) -> None:
    with pytest.raises(IllegalEquation) as caught:
        agrees(expect, verdict("proved"))
    assert str(caught.value) == (
        f"'{expect}' is not an expectation\n"
        "  allowed: proved, holds, conditional, refuted, undecided, unsupported, holds if CONDITION\n"
        "  to fix: write the verdict that is meant, for example %! expect: holds if b = 0"
    )
