"""Agreement modulo primes: never for a claim that is false somewhere, with a bound on the degree that is one."""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification import residues
from eqcompiler.verification.degree_bounds import Bounds, Degree, NotRational
from eqcompiler.verification.evidence import gather
from eqcompiler.verification.problems import problem_of
from eqcompiler.verification.residues import Agreement, agreement

DECLARED = (
    r"A, B \in \mathbb{R}^{n \times n}, \quad X \in \mathbb{R}^{m \times n}",
    r"x \in \mathbb{R}^n, \quad a, b \in \mathbb{R}",
    r"S \in \mathbb{S}^n_{++}, \quad T = T^\top \in \mathbb{R}^{n \times n}",
    r"Q \in \mathbb{R}^{n \times n}, \quad Q^\top Q = I",
)


def read(claim: str) -> tuple[Document, Claim]:
    source = Source("residues.tex", "\n".join(rf"\[ {line} \]" for line in (*DECLARED, claim)))
    document = type_document(source, formulas(source), ())
    assert [s.error for s in document.statements if s.error] == []
    return document, [s.payload for s in document.statements if isinstance(s.payload, Claim)][-1]


def agreed(claim: str) -> Agreement | None:
    document, payload = read(claim)
    return agreement(problem_of(document, payload), payload, seed=3)


TRUE = {
    r"(A B)^T = B^T A^T": 111,
    r"A^{-1} - B^{-1} = A^{-1} (B - A) B^{-1}": 111,
    r"\det(A B) = \det(A) \det(B)": 111,
    r"\frac{\partial}{\partial x} x^T A x = (A + A^T) x": 111,
    r"x^T S x = x^T S^T x": 111,
    r"\operatorname{tr}(A T) = \operatorname{tr}(A^T T)": 111,
    r"\|X x\|^2 = x^T X^T X x": 111,
    r"(a + b)^2 = a^2 + 2 a b + b^2": 111,
}


@pytest.mark.parametrize("claim", TRUE)
def test_true_claims_agree(claim: str) -> None:
    found = agreed(claim)
    assert found is not None
    assert (found.points, found.bits) == (3, TRUE[claim])


@pytest.mark.parametrize(
    "claim",
    [
        r"A B = B A",
        r"x^T A x = x^T S x",
        r"A^T A = A A^T",
        r"(a + b)^2 = a^2 + b^2",
        r"\operatorname{tr}(A T) = \operatorname{tr}(A S)",
        r"a + 2305843009213693951 b = a",  # a prime of 61 bits is zero modulo itself: primes are drawn at random
        r"a b = 0 \quad \text{if } a = 0",  # true on a thin set only: that is not what is tested here
        r"|a| = a",
        r"|a| = a \quad \text{if } a > 0",
        r"\sqrt{a^2} = a",
        r"e^{a} e^{b} = e^{a + b}",
        r"\sum_{k=1}^{n} k = \frac{n (n + 1)}{2}",  # nothing is random in it
    ],
)
def test_nothing_is_said_about_what_is_false_or_needs_an_assumption_or_is_not_rational(claim: str) -> None:
    assert agreed(claim) is None


def test_a_claim_that_holds_for_rotations_only_does_not_agree() -> None:
    """Half of the orthogonal matrices have determinant -1."""
    claim = r"\det(Q) = 1 \quad \text{if } Q^\top Q = I"
    document, payload = read(claim)
    assert gather(document, payload, trials=24).counterexample is not None
    assert agreed(claim) is None


def test_no_verdict_rests_on_residues_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if every residue agreed, eight rational points come first, and a false claim does not pass them."""
    monkeypatch.setattr(residues, "_same", lambda *_: True)
    document, payload = read(r"A B = B A")
    assert gather(document, payload).counterexample is not None


def test_without_room_for_the_points_rationals_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    document, payload = read(r"(A B)^T = B^T A^T")
    assert "modulo primes" in gather(document, payload).method
    monkeypatch.setattr(residues, "_same", lambda *_: False)
    assert gather(document, payload).method == "exact rational arithmetic at 24 points, 4 shapes"


@pytest.mark.parametrize(
    ("side", "degree"),
    [
        (r"a^3 b", Degree(4, 0)),
        (r"\frac{a}{b} + \frac{b}{a}", Degree(2, 2)),
        (r"\operatorname{tr}(A B A)", Degree(3, 0)),
        (r"\det(A)", Degree(3, 0)),  # n = 3
        (r"\operatorname{tr}(A^{-1})", Degree(2 + 2 * 3, 3 * 3)),  # three cofactors, each over the determinant
        (r"x^T A^2 x", Degree(4, 0)),
        (r"\sum_{i=1}^{n} x_i^2", Degree(2, 0)),
    ],
)
def test_degrees_are_bounded(side: str, degree: Degree) -> None:
    document, payload = read(rf"{side} = a")
    assert Bounds(document, {"n": 3, "m": 2}).of(payload.left, {}) == degree


def test_what_is_not_rational_has_no_degree() -> None:
    document, payload = read(r"e^{a} = a")
    with pytest.raises(NotRational):
        Bounds(document, {}).of(payload.left, {})
