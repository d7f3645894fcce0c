r"""Wrong versions of the rows are never accepted, right ones are proved, and the checks used here can fail.

Takes: wrong_statements.ROWS. Gives: one test per claim, each claim a little file of its own.
Guarantees: a verifier that accepts everything and one that refutes everything both fail this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from wrong_statements import ALL_RIGHT, ALL_WRONG, MISSHAPEN, ROWS

from eqcompiler.errors import IllegalEquation
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Counterexample, Verdict

Judge = Callable[[str], tuple[Verdict, ...]]


def without_spaces(latex: str) -> str:
    return latex.replace(" ", "").replace(r"^\top", "^T")


def on_line(verdicts: tuple[Verdict, ...], line: int) -> list[Verdict]:
    """The verdicts on one line, at least and at most one; an objective before the claim has its own."""
    found = [verdict for verdict in verdicts if verdict.line == line]
    assert len(found) == 1
    return found


def check_rejected(verdicts: tuple[Verdict, ...], line: int, holds_if: tuple[str, ...]) -> None:
    """One verdict on the claim's line, refuted with two different sides or conditional on a listed condition."""
    (verdict,) = on_line(verdicts, line)
    assert not verdict.ok, verdict
    assert verdict.verdict in ("refuted", "conditional"), verdict
    if verdict.verdict == "conditional":
        assert verdict.condition is not None
        assert without_spaces(verdict.condition) in [without_spaces(condition) for condition in holds_if]
    else:
        assert verdict.counterexample is not None
        assert verdict.counterexample.left != verdict.counterexample.right


def check_proved(verdicts: tuple[Verdict, ...], line: int) -> None:
    """One verdict on the claim's line, proved."""
    (verdict,) = on_line(verdicts, line)
    assert (verdict.verdict, verdict.ok) == ("proved", True), verdict


@pytest.mark.parametrize(("row", "defect"), ALL_WRONG, ids=[f"{row}: {defect}" for row, defect in ALL_WRONG])
def test_wrong_statement_is_rejected(row: str, defect: str, verdicts_of: Judge) -> None:
    wrong = ROWS[row].wrong[defect]
    check_rejected(verdicts_of(ROWS[row].file(wrong.claim)), ROWS[row].claim_line, wrong.holds_if)


@pytest.mark.parametrize(("row", "name"), ALL_RIGHT, ids=[f"{row}: {name}" for row, name in ALL_RIGHT])
def test_right_statement_is_proved(row: str, name: str, verdicts_of: Judge) -> None:
    check_proved(verdicts_of(ROWS[row].file(ROWS[row].right[name])), ROWS[row].claim_line)


@pytest.mark.parametrize("name", MISSHAPEN)
def test_sizes_that_do_not_fit_are_an_error(name: str, document_of: Callable[[str], Document], verdicts_of: Judge) -> None:
    row, claim = MISSHAPEN[name]
    text = ROWS[row].file(claim)
    errors = [statement.error for statement in document_of(text).statements if statement.error is not None]
    assert [isinstance(error, IllegalEquation) for error in errors] == [True]
    assert [error.span.line for error in errors if error.span] == [ROWS[row].claim_line]
    assert not any(verdict.ok for verdict in verdicts_of(text) if verdict.line == ROWS[row].claim_line)


def test_there_are_enough_mutations_and_controls() -> None:
    assert len(ALL_WRONG) >= 60
    assert len(ALL_RIGHT) >= 15
    assert {row.split("-")[0] for row, _ in ALL_WRONG} == {
        "A1",
        "A3",
        "A4",
        "B4",
        "B5",
        "B6",
        "B7",
        "B8",
        "B9",
        "B10",
        "B11",
        "B12",
    }


def test_no_wrong_claim_is_written_twice_or_as_a_right_one() -> None:
    for cases in ROWS.values():
        claims = [without_spaces(wrong.claim) for wrong in cases.wrong.values()]
        assert len(set(claims)) == len(claims)
        assert not set(claims) & {without_spaces(claim) for claim in cases.right.values()}


# The checks themselves, against verifiers that lie.

ACCEPTED = Verdict("case.tex", 3, 1, "J", "claim: equality", "J = 0", verdict="proved", method="a nod", ok=True)
REFUTED = Verdict(
    "case.tex",
    3,
    1,
    "J",
    "claim: equality",
    "J = 0",
    verdict="refuted",
    method="exact",
    counterexample=Counterexample({"m": 1}, {"X": "1"}, "1", "2"),
)


LIES = {
    "accepted": (ACCEPTED,),
    "accepted as holding": (replace(ACCEPTED, verdict="holds"),),
    "undecided": (replace(REFUTED, verdict="undecided", counterexample=None),),
    "unsupported": (replace(REFUTED, verdict="unsupported", counterexample=None),),
    "nothing judged": (),
    "two claims": (REFUTED, REFUTED),
    "another line": (replace(REFUTED, line=2),),
    "refuted but ok": (replace(REFUTED, ok=True),),
    "refuted without a counterexample": (replace(REFUTED, counterexample=None),),
    "refuted by equal sides": (replace(REFUTED, counterexample=Counterexample({"m": 1}, {}, "2", "2")),),
    "conditional without a condition": (replace(REFUTED, verdict="conditional"),),
    "conditional on something else": (replace(REFUTED, verdict="conditional", condition="m = 1"),),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_verifier_that_lets_a_wrong_statement_pass_is_caught(lie: str) -> None:
    with pytest.raises(AssertionError):
        check_rejected(LIES[lie], 3, ("b = 0",))


def test_an_honest_rejection_passes() -> None:
    check_rejected((REFUTED,), 3, ())
    check_rejected((replace(REFUTED, verdict="conditional", condition="b=0"),), 3, ("b = 0",))


@pytest.mark.parametrize("verdict", ["refuted", "conditional", "undecided", "unsupported", "holds"])
def test_a_verifier_that_rejects_everything_is_caught(verdict: str) -> None:
    with pytest.raises(AssertionError):
        check_proved((replace(REFUTED, verdict=verdict),), 3)
