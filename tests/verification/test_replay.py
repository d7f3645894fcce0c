"""The separate proof checker: forged steps of every rule are rejected, the whole library is replayed, nothing is shared."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import eqcompiler
from eqcompiler import pipeline
from eqcompiler.errors import CompilerFault, Source
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import Certificate, Cleared, Step, Used, Written
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import SCALAR, Binder, Condition
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification import replay as replay_module
from eqcompiler.verification.choices import replay
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.lemmas import LEMMAS
from eqcompiler.verification.minimisers import with_extrema_resolved
from eqcompiler.verification.proof_plans import certificate
from eqcompiler.verification.proofs import Proof, prove
from eqcompiler.verification.replaying import replayed

MOST_TRUSTED = 2770  # lines
PACKAGE = Path(eqcompiler.__file__).parent
CHECKER = (
    "index_sums",
    "index_arithmetic",
    "function_values",
    "defined_operations",
    "axes",
    "term_entries",
    "generating_functions",
    "expected_values",
    "entry_rules",
    "lemmas",
    "closed_forms",
    "replay",
)


def read(*lines: str) -> tuple[Document, Claim]:
    source = Source("proof.tex", "\n".join(rf"\[ {line} \]" for line in lines))
    document = type_document(source, formulas(source), ())
    assert [s.error for s in document.statements if s.error] == []
    return document, [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1]


SQUARE = r"A, B \in \mathbb{R}^{n \times n}, \quad x, y \in \mathbb{R}^n, \quad a \in \mathbb{R}"
PUSH = (r"A \in \mathbb{R}^{n \times m}, \quad B \in \mathbb{R}^{m \times n}", r"(I + A B)^{-1} A = A (I + B A)^{-1}")
LOGISTIC = (r"x, y \in \mathbb{R}", r"\frac{1}{1 + e^{x}} + \frac{e^x}{1 + e^{x}} = 1")


def shared_imports(text: str) -> set[str]:
    """Imports of the package that are neither errors nor languages nor the checker's own."""
    names = {n.module or "" for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    names |= {a.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import) for a in n.names}
    own = ("eqcompiler.errors", "eqcompiler.languages", *(f"eqcompiler.verification.{name}" for name in CHECKER))
    return {n for n in names if n.startswith("eqcompiler") and not n.startswith(own)} | (names & {"sympy", "flint", "numpy"})


def test_the_checker_shares_no_code_with_the_prover() -> None:
    assert shared_imports("import sympy\nfrom eqcompiler.calculus.words import Word\n") == {
        "sympy",
        "eqcompiler.calculus.words",
    }
    assert {n: shared_imports(text_of(n)) for n in CHECKER} == {n: set() for n in CHECKER}


def text_of(module: str) -> str:
    return (PACKAGE / "verification" / f"{module}.py").read_text(encoding="utf-8")


def lines_over(texts: Iterable[str], most: int) -> int:
    return max(0, sum(len(text.splitlines()) for text in texts) - most)


def test_what_must_be_trusted_is_named_and_stays_small() -> None:
    """The modules are those that replay.py reaches and says; what is moved into them must replace something there."""
    reached, pending = set(), ["replay"]
    while pending:
        module = pending.pop()
        reached.add(module)
        pending += [
            name for name in CHECKER if f"eqcompiler.verification.{name} import" in text_of(module) and name not in reached
        ]
    assert reached == set(CHECKER)
    assert [name for name in CHECKER if name not in (replay_module.__doc__ or "")] == []
    assert lines_over(["a\n" * 3, "b\n"], 3) == 1
    assert lines_over(map(text_of, CHECKER), MOST_TRUSTED) == 0


# --- forged steps ------------------------------------------------------------------------------------------------------


def test_a_side_written_wrong_is_a_fault() -> None:
    document, claim = read(SQUARE, r"(A B)^T = B^T A^T")
    wrong = terms.Call(claim.left.type, "matmul", tuple(terms.Symbol(claim.left.type, n) for n in "AB"))
    replay(document, claim, Certificate((Written("left", claim.right), Written("right", claim.left))))
    for side in ("left", "right"):
        with pytest.raises(CompilerFault, match=f"the {side} side is not what the proof says"):
            replay(document, claim, Certificate((Written(side, wrong),)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "false",
    [
        r"A B = B A",
        r"x^T A y = y^T A x",
        r"\operatorname{tr}(A B) = \operatorname{tr}(A) \operatorname{tr}(B)",
        r"\frac{\partial}{\partial x} x^T A x = 2 A x",
        r"\frac{\partial}{\partial A} \operatorname{tr}(A B) = B",
        r"\sum_{i=1}^{n} x_i^2 = (\sum_{i=1}^{n} x_i)^2",
        r"\sum_{i=1}^{n} x_i = x^T x",
    ],
)
def test_steps_that_do_not_lead_to_zero_are_a_fault(false: str) -> None:
    document, claim = read(SQUARE, false)
    with pytest.raises(CompilerFault, match="the steps of the proof do not lead to zero"):
        replay(document, claim, Certificate(()))


def forged_uses() -> dict[str, tuple[tuple[str, ...], int, str]]:
    """What is changed in a true certificate."""
    return {
        "an equation that is not true": (PUSH, 0, "equation"),
        "another factor": (PUSH, 0, "factor"),
        "a step left out": (PUSH, 0, "nothing"),
        "a denominator that does not occur": (LOGISTIC, 0, "denominator"),
    }


def other(step: Step, change: str) -> tuple[Step, ...]:
    match step:
        case Used() if change == "equation" and step.equation.right is not None:
            doubled = terms.Call(step.equation.right.type, "add", (step.equation.right, step.equation.right))
            return (Used(Condition("=", step.equation.left, doubled), step.binders, step.factor),)
        case Used() if change == "factor":
            return (Used(step.equation, step.binders, terms.Call(SCALAR, "neg", (step.factor,))),)
        case Cleared() if change == "denominator":
            return (Cleared(terms.Call(SCALAR, "add", (step.denominator, step.denominator, terms.Symbol(SCALAR, "y")))),)
    return ()


@pytest.mark.parametrize(("lines", "place", "change"), forged_uses().values(), ids=forged_uses())
def test_a_forged_certificate_is_not_replayed(lines: tuple[str, ...], place: int, change: str) -> None:
    document, claim = read(*lines)
    true = certificate(document, claim)
    replay(document, claim, true)
    forged = (*true.steps[:place], *other(true.steps[place], change), *true.steps[place + 1 :])
    with pytest.raises((CompilerFault, NotReplayed)):
        replay(document, claim, Certificate(forged, true.axes))


def test_an_inverse_that_the_claim_does_not_have_proves_nothing() -> None:
    """0 0^{-1} = I would prove everything."""
    document, claim = read(SQUARE, r"A B = B A")
    matrix = terms.Symbol(claim.left.type, "A")
    gone = terms.Call(matrix.type, "add", (matrix, terms.Call(matrix.type, "neg", (matrix,))))
    for singular, message in ((gone, "inverse of zero"), (matrix, "needs a value where the claim does not")):
        product, unit = LEMMAS["inverse"](singular)
        one, size = terms.Number(terms.INTEGER, Fraction(1)), terms.Size(terms.INTEGER, matrix.type.shape[0])
        binders = tuple(Binder(name, one, size) for name in "pq")
        step = Used(Condition("=", product, unit), binders, terms.Number(SCALAR, Fraction(1)), "inverse", (singular,))
        with pytest.raises((CompilerFault, NotReplayed), match=message):
            replay(document, claim, Certificate((step,)))


def test_an_assumption_is_used_only_where_it_is_made() -> None:
    document, claim = read(SQUARE, r"a x^T x = a \quad \text{if } x^T x = 1")
    proof = certificate(document, claim)
    replay(document, claim, proof)
    assert [type(step) for step in proof.steps] == [Used]
    with pytest.raises(CompilerFault, match="neither assumed nor true by its form"):
        replay(document, replace(claim, assumptions=()), proof)


# --- what is replayed --------------------------------------------------------------------------------------------------


def proved_claims(document: Document) -> list[tuple[str, Claim, Proof]]:
    found = []
    for statement in document.statements:
        if isinstance(statement.payload, Claim) and statement.kind in ("claim: equality", "claim: derivative"):
            try:
                proof = prove(document, statement.payload)
            except eqcompiler.errors.NotSupportedYet:
                continue
            if isinstance(proof, Proof):
                found.append((statement.name, statement.payload, proof))
    return found


LIBRARY = ("linear_regression", "kalman_filter", "layer_normalisation", "gaussian_noise", "huber", "woodbury", "neural_network")


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_is_replayed(name: str) -> None:
    document = with_extrema_resolved(pipeline.load(PACKAGE.parent / "equations" / f"{name}.tex"))
    last = {who: replayed(document, claim, proof)[-1] for who, claim, proof in proved_claims(document)}
    assert last
    left = {who: text for who, text in last.items() if not text.startswith("replayed by the separate checker")}
    assert left == {}


def test_what_the_checker_does_not_know_is_said() -> None:
    document, claim = read(SQUARE, r"\frac{\partial}{\partial A} \operatorname{tr}(A^k) = k (A^{k-1})^T", r"k \in \mathbb{N}")
    proof = prove(document, claim)
    assert isinstance(proof, Proof)
    assert replayed(document, claim, proof)[-1] == "not replayed by the checker: the checker has no derivative of this matpow"


def test_the_steps_are_printed_in_notation() -> None:
    document, claim = read(*PUSH)
    proof = prove(document, claim)
    assert isinstance(proof, Proof)
    assert replayed(document, claim, proof) == (
        "left side: (A B + I)^{-1} A",
        r"right side: A (A^\top B^\top + I)^{-\top}",
        r"by (I + A B)^{-1} (I + A B) = I, times \sum_{t=1}^{m} \delta_{rp} A_{st} ((I + B A)^{-\top})_{qt}, summed over r, s",
        r"by (I + B A) (I + B A)^{-1} = I, times -\sum_{t=1}^{n} \delta_{sq} A_{tr} ((I + A B)^{-1})_{pt}, summed over r, s",
        "left minus right is then zero",
        "replayed by the separate checker: 5 steps",
    )


@pytest.mark.parametrize(
    ("lines", "true"),
    [
        ((SQUARE, r"\operatorname{tr}((A + B)^T (A + B)) = \|A + B\|_F^2"), True),
        ((SQUARE, r"\frac{\partial}{\partial A} \log \det A = A^{-T}"), True),
        ((SQUARE, r"\frac{\partial}{\partial A} x^T A^{-1} y = -A^{-T} x y^T A^{-T}"), True),
        ((SQUARE, r"\frac{\partial}{\partial A} x^T A^{-1} y = -A^{-1} x y^T A^{-1}"), False),
        ((SQUARE, r"\frac{d}{da} \tanh(a) = 1 - \tanh^2(a)"), True),
        ((SQUARE, r"\frac{d}{da} \log(1 + e^a) = \frac{1}{1 + e^{-a}}"), True),
        ((SQUARE, r"\frac{d}{da} \log(1 + e^a) = \frac{1}{1 + e^{a}}"), False),
        ((SQUARE, r"\sin(2 a) = 2 \sin(a) \cos(a)"), True),
        ((SQUARE, r"\sin(2 a) = \sin(a) \cos(a)"), False),
        ((SQUARE, r"\sqrt{a^2} = a"), False),
        ((SQUARE, r"\log(a^2) = 2 \log(a)"), False),
    ],
)
def test_certificates_are_found_for_what_is_true_and_for_nothing_else(lines: tuple[str, ...], true: bool) -> None:
    document, claim = read(*lines)
    try:
        replay(document, claim, certificate(document, claim))
        found = True
    except NotReplayed:
        found = False
    assert found == true
