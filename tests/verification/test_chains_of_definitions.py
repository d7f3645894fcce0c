r"""Definitions that use the one before twice: as a tree they have 2^40 leaves, and they are judged in steps that are no more
than the definitions. Numbers that double their digits with each definition are bounded.

Takes: generated documents. Gives: tests. Guarantees: whole verdicts.
"""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.statements import Claim
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification import proofs
from eqcompiler.verification.judge import verify

LENGTH = 40
HALVES = rf"a_{{{LENGTH}}}", rf"a_{{{LENGTH - 1}}}"


def document(first: str, step: str, claim: str) -> str:
    """a_1 = first; a_k = step with a_{k-1} for each @; the claim with the last two names for @ and &."""
    chain = [step.replace("@", rf"a_{{{k - 1}}}") for k in range(2, LENGTH + 1)]
    bodies = [rf"a_{{{k}}} = {body}" for k, body in enumerate([first, *chain], start=1)]
    displays = [r"x \in \mathbb{R}", *bodies, claim.replace("@", HALVES[0]).replace("&", HALVES[1])]
    return "\n".join(rf"\[ {display} \]" for display in displays)


def last(text: str) -> Verdict:
    return verify(pipeline.document_of(Source("chain.tex", text)))[-1]


@pytest.mark.parametrize(
    ("first", "step", "claim", "expected"),
    [
        ("x + 1", "@ + @", "@ = 2 &", "proved"),
        ("x + 1", "@ + @", "@ = 3 &", "refuted"),
        ("x + 1", r"@ \cdot @ + @", "@ = &^2 + &", "holds"),
    ],
)
def test_a_chain_is_judged_in_as_many_steps_as_it_is_long(first: str, step: str, claim: str, expected: str) -> None:
    verdict = last(document(first, step, claim))
    assert verdict.verdict == expected
    assert verdict.settled


def test_expectations_are_read_through_a_chain() -> None:
    text = document("x + 1", "@ + @", r"\mathbb{E}[@] = 2 \mathbb{E}[&]").replace(
        r"x \in \mathbb{R}", r"x \sim \mathcal{N}(0, 1)"
    )
    assert [str(s.error) for s in pipeline.document_of(Source("chain.tex", text)).statements if s.error] == []


def test_functions_inside_of_functions_have_no_normal_form_of_any_length() -> None:
    read = pipeline.document_of(Source("chain.tex", document("x", r"\sin(@) + @", "@ = &")))
    claim = read.statements[-1].payload
    assert isinstance(claim, Claim)
    with pytest.raises(NotSupportedYet, match="the normal form grew too large"):
        proofs.prove(read, claim)


@pytest.mark.parametrize(
    ("side", "words"),
    [
        ("10^{10^{10}}", "10^10000000000 has too many digits"),
        ("(1/3)^{10^7}", "1/3^10000000 has too many digits"),
        ("100000!", "the factorial of 100000 has too many digits"),
        (r"\binom{1000000}{500000}", "the binomial coefficient 1000000 over 500000 has too many digits"),
    ],
)
def test_numbers_that_cannot_be_written_out_are_not_worked_out(side: str, words: str) -> None:
    verdict = last(rf"\[ {side} = 1 \]")
    assert verdict.verdict == "unsupported"
    assert words in verdict.reason


@pytest.mark.parametrize(
    "claim",
    [
        r"\operatorname{erf}(x) = 1 \quad \text{for } x \ge 20",  # 1 - 2^-582
        r"\tanh(200 x) = 1 \quad \text{for } x > 1/2",
    ],
)
def test_what_differs_beyond_the_first_200_bits_is_seen(claim: str) -> None:
    verdict = last(rf"\[ {claim} \]")
    assert (verdict.verdict, verdict.method) == ("refuted", "disjoint balls of 200 bits or more")
