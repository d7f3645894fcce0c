"""The judge with false instruments: a prover that lies, an oracle that sees nothing. It must never be fooled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from eqcompiler.errors import BadInput, CompilerFault, IllegalEquation, NotSupportedYet, Source, Span
from eqcompiler.languages.statements import Claim, Definition, Document, Kind, Objective, Statement, SymbolInfo
from eqcompiler.languages.terms import SCALAR, Call, Condition, Extremum, Number, Reference, Symbol, Term
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification.answers import Minimum, Proved, Unproved
from eqcompiler.verification.evidence import Evidence
from eqcompiler.verification.instruments import Instruments
from eqcompiler.verification.judge import judge, verify
from eqcompiler.verification.samples import Sample

TEXT = "line one\nJ = x\nJ' = 1\n"
SOURCE = Source("equations/a.tex", TEXT)
SPAN = Span(SOURCE, 9, 14)
LATER = Span(SOURCE, 15, 21)
X, B, LAM, Y = (Symbol(SCALAR, name) for name in ("x", "b", "lam", "y"))
ZERO = Number(SCALAR, Fraction(0))
DIFFERENCE = Counterexample({}, {"x": "1", "b": "2"}, "3", "4")

AGREES = Evidence(24, 4, 0, "exact rational arithmetic at 24 points, 4 shapes", exact=True)
DIFFERS = Evidence(2, 1, 0, "exact rational arithmetic", DIFFERENCE, exact=True)
SEES_NOTHING = Evidence(0, 0, 9, "", reason="a side has no value: division by zero")
CANNOT = Evidence(0, 0, 0, "", unsupported=NotSupportedYet("limits are not evaluated yet", SPAN))
PROOF = Proved("equal normal forms", ("a = b",))
NO_PROOF = Unproved("the normal forms differ", r"2 b x", ("b",), ("b",))


def add(*terms: Term) -> Call:
    return Call(SCALAR, "add", terms)


def document(*statements: Statement, assumptions: tuple[Condition, ...] = (), j: Term = X) -> Document:
    symbols = {
        name: SymbolInfo(name, latex, SCALAR, "free")
        for name, latex in (("x", "x"), ("b", "b"), ("lam", r"\lambda"), ("y", "y"))
    }
    definitions = {"J": Definition("J", "J", ("x",), j, SPAN, (SCALAR,))}
    return Document(SOURCE, statements, symbols, definitions, assumptions)


def statement(claim: Claim | Objective, expect: str = "", span: Span = SPAN, kind: Kind = "claim: equality") -> Statement:
    return Statement("step", kind, span, span.text, claim, expect=expect)


CLAIM = Claim(add(X, B), add(X, Call(SCALAR, "mul", (Number(SCALAR, Fraction(2)), B))))


def tools(
    evidence: Callable[[Claim, tuple[Condition, ...]], Evidence] | Evidence = AGREES,
    proof: Callable[[Document, Claim, tuple[Condition, ...]], Proved | Unproved] | Proved | Unproved = NO_PROOF,
) -> Instruments:
    def gather(document: Document, claim: Claim, *, extra: tuple[Condition, ...] = (), **_: Any) -> Evidence:
        return evidence if isinstance(evidence, Evidence) else evidence(claim, extra)

    def prove(d: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
        return proof if isinstance(proof, Proved | Unproved) else proof(d, claim, extra)

    def minimum(d: Document, extremum: Extremum) -> Minimum:
        return Minimum(False, "", "Convexity was not proved.")

    def repair(d: Document, claim: Claim, residual: str | None, against: Sample | None) -> str | None:
        return "x + b"

    def shrink(document: Document, claim: Claim, found: Any, **_: Any) -> Counterexample:
        return DIFFERENCE

    return Instruments(
        gather, shrink, prove, lambda d, claim: prove(d, claim, ()), minimum, repair, lambda d, misfit: None, gather
    )


def only_if_b_vanishes(claim: Claim, extra: tuple[Condition, ...]) -> Evidence:
    return AGREES if any(c.left == B and c.right == ZERO for c in extra) else DIFFERS


def proved_if_anything_is_assumed(d: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
    return PROOF if extra else NO_PROOF


def test_a_proof_against_a_certified_difference_is_a_fault_of_the_compiler() -> None:
    with pytest.raises(CompilerFault) as caught:
        judge(document(), statement(CLAIM), instruments=tools(DIFFERS, PROOF))
    assert caught.value.exit_code == 3
    assert caught.value.what == (
        "step is proved (equal normal forms) but differs at an exact point: x = 1, b = 2: left side 3, right side 4"
    )


def test_a_proof_that_only_later_points_contradict_is_a_fault_too() -> None:
    calls: list[int] = []

    def late(claim: Claim, extra: tuple[Condition, ...]) -> Evidence:
        calls.append(1)
        return AGREES if len(calls) == 1 else DIFFERS

    with pytest.raises(CompilerFault):
        judge(document(), statement(CLAIM), instruments=tools(late, PROOF))


def test_a_proof_under_a_condition_that_points_contradict_is_no_condition() -> None:
    tried: list[tuple[Condition, ...]] = [()]

    def one_point_is_not_enough(claim: Claim, extra: tuple[Condition, ...]) -> Evidence:
        tried.append(extra)
        return AGREES if tried.count(extra) == 1 else DIFFERS

    verdict = judge(document(), statement(CLAIM), instruments=tools(one_point_is_not_enough, proved_if_anything_is_assumed))
    assert (verdict.verdict, verdict.condition, verdict.ok) == ("refuted", None, False)


def test_refuted_with_everything_that_helps() -> None:
    verdict = judge(document(), statement(CLAIM), instruments=tools(DIFFERS))
    assert verdict.as_json() | {"seconds": 0} == {
        "file": "equations/a.tex",
        "line": 2,
        "column": 1,
        "name": "step",
        "kind": "claim: equality",
        "latex": "J = x",
        "verdict": "refuted",
        "method": "exact rational arithmetic",
        "condition": None,
        "counterexample": {"sizes": {}, "values": {"x": "1", "b": "2"}, "left": "3", "right": "4"},
        "residual": "2 b x",
        "repair": "x + b",
        "reason": "The two sides differ at the values shown.",
        "expected": None,
        "ok": False,
        "seconds": 0,
    }


def test_conditional_when_the_condition_is_met_and_proved() -> None:
    verdict = judge(document(), statement(CLAIM), instruments=tools(only_if_b_vanishes, proved_if_anything_is_assumed))
    assert (verdict.verdict, verdict.condition, verdict.ok) == ("conditional", "b = 0", False)
    assert verdict.reason == "False in general, true exactly if b = 0."
    assert verdict.steps == ("a = b",)


def test_a_condition_that_points_meet_but_no_proof_supports_is_not_offered() -> None:
    assert judge(document(), statement(CLAIM), instruments=tools(only_if_b_vanishes)).verdict == "refuted"


@pytest.mark.parametrize("relation", [">", "<", "!="])
def test_a_condition_against_the_assumptions_is_not_offered(relation: str) -> None:
    assumed = document(assumptions=(Condition(relation, B, ZERO),))
    verdict = judge(assumed, statement(CLAIM), instruments=tools(only_if_b_vanishes, proved_if_anything_is_assumed))
    assert (verdict.verdict, verdict.condition) == ("refuted", None)


def test_a_condition_under_which_both_sides_vanish_is_not_offered() -> None:
    def everything_is_zero(claim: Claim, extra: tuple[Condition, ...]) -> Evidence:
        return replace(AGREES, zero=True) if extra else DIFFERS

    verdict = judge(document(), statement(CLAIM), instruments=tools(everything_is_zero, proved_if_anything_is_assumed))
    assert (verdict.verdict, verdict.condition) == ("refuted", None)


def test_holds_needs_enough_points() -> None:
    few = replace(AGREES, agreements=3, method="exact rational arithmetic at 3 points, 1 shape")
    verdict = judge(document(), statement(CLAIM), instruments=tools(few))
    assert (verdict.verdict, verdict.ok) == ("undecided", False)
    assert verdict.reason == "No proof: the normal forms differ. Only 3 of 8 points that are needed agree."
    verdict = judge(document(), statement(CLAIM), instruments=tools(AGREES))
    assert (verdict.verdict, verdict.ok, verdict.method) == ("holds", True, AGREES.method)
    assert verdict.reason == "No proof: the normal forms differ."


def test_nothing_seen_is_not_agreement() -> None:
    verdict = judge(document(), statement(CLAIM), instruments=tools(SEES_NOTHING))
    assert (verdict.verdict, verdict.ok) == ("undecided", False)
    assert verdict.reason == "No proof: the normal forms differ. No point was compared: a side has no value: division by zero."


def test_a_proof_without_points_says_so() -> None:
    verdict = judge(document(), statement(CLAIM), instruments=tools(CANNOT, PROOF))
    assert verdict.method == "equal normal forms; not tried with numbers: limits are not evaluated yet"
    assert (verdict.verdict, verdict.ok) == ("proved", True)


def test_what_neither_proof_nor_points_reach_is_unsupported_with_its_place() -> None:
    unable = Unproved("it has no index form", unsupported=NotSupportedYet("a limit has no index form", SPAN))
    verdict = judge(document(), statement(CLAIM), instruments=tools(CANNOT, unable))
    assert (verdict.verdict, verdict.ok) == ("unsupported", False)
    assert verdict.reason == "equations/a.tex:2:1: a limit has no index form; limits are not evaluated yet"


def test_errors_become_verdicts_and_never_escape() -> None:
    def bad(claim: Claim, extra: tuple[Condition, ...]) -> Evidence:
        raise BadInput("the sample gives no size for n", SPAN)

    verdict = judge(document(), statement(CLAIM), instruments=tools(bad))
    assert (verdict.verdict, verdict.reason) == ("undecided", "equations/a.tex:2:1: the sample gives no size for n")


def test_a_defect_of_a_part_is_shown_and_never_ok() -> None:
    def broken(d: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
        raise KeyError("x")

    verdict = judge(document(), statement(CLAIM, "undecided"), instruments=tools(AGREES, broken))
    assert (verdict.verdict, verdict.ok) == ("undecided", False)
    assert verdict.reason == "eqcompiler failed at this claim, report this file: KeyError: 'x'"


def test_a_statement_that_could_not_be_typed_is_unsupported_not_left_out() -> None:
    broken = Statement("step", "error", SPAN, "J = x", error=IllegalEquation("m is 3 here and 4 there", SPAN))
    (verdict,) = verify(document(broken), instruments=tools())
    assert (verdict.verdict, verdict.reason, verdict.ok) == (
        "unsupported",
        "equations/a.tex:2:1: m is 3 here and 4 there",
        False,
    )


@pytest.mark.parametrize(
    ("expect", "ok"), [("refuted", False), ("proved", True), ("holds", False), ("holds if b = 0", False), ("nonsense", False)]
)
def test_a_proved_claim_meets_no_other_expectation(expect: str, ok: bool) -> None:
    assert judge(document(), statement(CLAIM, expect), instruments=tools(AGREES, PROOF)).ok is ok


@pytest.mark.parametrize(
    ("expect", "ok"), [("holds if b = 0", True), ("holds if y = 0", False), ("refuted", False), ("", False)]
)
def test_a_condition_meets_only_its_own_expectation(expect: str, ok: bool) -> None:
    found = tools(only_if_b_vanishes, proved_if_anything_is_assumed)
    assert judge(document(), statement(CLAIM, expect), instruments=found).ok is ok


def test_undecided_is_never_ok_unless_expected() -> None:
    assert judge(document(), statement(CLAIM), instruments=tools(SEES_NOTHING)).ok is False
    assert judge(document(), statement(CLAIM, "undecided"), instruments=tools(SEES_NOTHING)).ok is True


# --- restatements --------------------------------------------------------------------------------------------------------

J_OF_X = Reference(SCALAR, "J", (X,))
RESTATEMENT = statement(Claim(J_OF_X, Y))
ABOUT_J = Statement("later", "claim: equality", LATER, "J' = 1", Claim(add(J_OF_X, X), add(Y, X)))


def test_an_undecided_restatement_restates_nothing() -> None:
    def prove(d: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
        return PROOF if d.definitions["J"].body == Y else NO_PROOF

    first, later = verify(document(RESTATEMENT, ABOUT_J), instruments=tools(replace(AGREES, agreements=1), prove))
    assert (first.verdict, later.verdict) == ("undecided", "undecided")


def test_only_what_is_not_a_refuted_restatement_counts() -> None:
    d = document(RESTATEMENT, ABOUT_J)
    first, later = verify(d, instruments=tools(DIFFERS, NO_PROOF))
    assert (first.verdict, later.verdict) == ("refuted", "refuted")


def test_after_a_conditional_restatement_later_claims_are_about_it() -> None:
    class World:
        def gather(self, document: Document, claim: Claim, *, extra: tuple[Condition, ...] = (), **_: Any) -> Evidence:
            if claim.right == ZERO:
                return DIFFERS
            return AGREES if (extra and extra[0].left == B) or document.definitions["J"].body == Y else DIFFERS

        def prove(self, d: Document, claim: Claim, extra: tuple[Condition, ...]) -> Proved | Unproved:
            return PROOF if extra or d.definitions["J"].body == Y else NO_PROOF

    symbols_used = document(RESTATEMENT, ABOUT_J, j=add(X, B))
    world = World()
    instruments = replace(tools(), gather=world.gather, prove=world.prove)
    first, later = verify(symbols_used, instruments=instruments)
    assert (first.verdict, first.condition) == ("conditional", "b = 0")
    assert (later.verdict, later.ok) == ("proved", True)
    assert later.method == (
        "about J as restated at line 2: equal normal forms; confirmed in exact rational arithmetic at 24 points, 4 shapes"
    )
    assert later.reason == "About the original definition it is conditional (b = 0)."


def test_a_restatement_through_itself_is_none() -> None:
    circular = statement(Claim(J_OF_X, add(J_OF_X, ZERO)))
    d = document(circular, ABOUT_J)
    first, later = verify(d, instruments=tools(AGREES, NO_PROOF))
    assert (first.verdict, later.verdict) == ("holds", "holds")


def test_an_objective_without_proof_of_convexity_is_undecided() -> None:
    extremum = Extremum(SCALAR, "argmin", "x", J_OF_X)
    goal = statement(Objective("x_star", extremum), kind="objective")
    verdict = judge(document(), goal, instruments=tools())
    assert (verdict.verdict, verdict.reason, verdict.ok) == ("undecided", "Convexity was not proved.", False)


def test_a_search_that_the_time_ended_is_said_and_not_kept() -> None:
    found = judge(document(), statement(CLAIM), timeout=0.0, instruments=tools(DIFFERS))
    assert (found.verdict, found.repair, found.settled) == ("refuted", None, False)
    assert found.reason == "The two sides differ at the values shown. The time ran out before every condition was tried."


def test_a_search_that_ended_by_itself_is_kept() -> None:
    found = judge(document(), statement(CLAIM), instruments=tools(DIFFERS))
    assert (found.verdict, found.repair, found.settled) == ("refuted", "x + b", True)
    assert found.reason == "The two sides differ at the values shown."
