r"""Claims that agree at every small point and are false: what they differ by is tiny, far away, or beyond small sizes.

Takes: small documents. Gives: tests. Guarantees: none of them holds; what is true beside them still does.
"""

from __future__ import annotations

import pytest
from flint import arb, fmpq

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.challenges import challenge
from eqcompiler.verification.fields import elementary
from eqcompiler.verification.magnitudes import UNBOUNDED, watching


def verdict(declared: str, claim: str) -> Verdict:
    document = pipeline.document_of(Source("challenge.tex", "\n".join(rf"\[ {line} \]" for line in (declared, claim))))
    assert not [s.error for s in document.statements if s.error]
    return pipeline.verify(document)[-1]


REAL = r"x \in \mathbb{R}"
TINY = {
    (r"x > \frac{1}{2}", r"\tanh(400 x) = 1"),
    (r"x > 1", r"\operatorname{erf}(40 x) = 1"),
    (r"x > 1", r"\log(1 + e^{800 x}) = 800 x"),
    (r"x > 1", r"\arctan(e^{2000 x}) = \frac{\pi}{2}"),
    (r"0 < x < \frac{1}{2}", r"e^x + x^{2000} = e^x"),
    ("x > 0", r"e^x = e^x + 10^{-900} \sin x"),
    (REAL, r"\sum_{k=0}^{300} \frac{x^k}{k!} = e^x"),
    ("x > 0", r"\sqrt{x^2 + 10^{-700}} = x"),
}
FAR = {
    (REAL, r"\max(0, x - 10^6) = 0"),
    (REAL, r"|e^x - 10^{9}| = 10^{9} - e^x"),
    (REAL, r"\lfloor \frac{x^2}{10^6} \rfloor = 0"),
    (REAL, r"\operatorname{sign}(x)^2 = 1"),
    (r"0 < x < 1", r"\min(x, 0.999) = x"),
    (r"k \in \mathbb{Z}", r"\prod_{j=-60}^{60} (k - j) = 0"),
    (r"A \in \mathbb{S}^{n}_{++}", r"|\det(A) - 1| = \det(A) - 1"),
    (r"P \in \mathbb{R}^{n \times n}", r"2 P = P + P^\top \quad \text{where } P^2 = P"),
}
SMOOTH = {
    (r"f : \mathbb{R} \to \mathbb{R}, \quad x \in \mathbb{R}", "f'''(x) = f'''(0)"),
    (r"f : \mathbb{R} \to \mathbb{R}", r"\int_0^1 f(t) dt = \frac{1}{6} (f(0) + 4 f(\tfrac{1}{2}) + f(1))"),
    (r"f : \mathbb{R}^n \to \mathbb{R}, \quad x, h \in \mathbb{R}^n", r"f(x + h) + f(x - h) = 2 f(x) + h^\top \nabla^2 f(x) h"),
}
WINDOWS = {
    (REAL, r"\max(0, \frac{1}{1000} - |x - \pi|) = 0"),
    (REAL, r"|x^2 - 3 x + 2.24| = x^2 - 3 x + 2.24"),
    (r"x, y \in \mathbb{R}", r"\max(x y, -10^8) = x y"),
}
LARGE = {
    (r"n \in \mathbb{N}", r"\sum_{k=1}^{n} k = \frac{n(n+1)}{2} + \prod_{k=1}^{40} (n - k)"),
    (r"X \in \mathbb{R}^{m \times n}", r"\max(0, m - 18) \max(0, n - 2) \|X\|_F^2 = 0"),
    (r"x \in \mathbb{R}^{n}", r"\sum_{i=1}^{\min(n, 25)} x_i = \sum_{i=1}^{n} x_i"),
    (r"x \in \mathbb{R}^{n}", r"\min(n, 20) \|x\|^2 = n \|x\|^2"),
    (r"A \in \mathbb{R}^{n \times n}", r"\operatorname{tr}(A) (n - 1)(n - 2)(n - 3)(n - 4)(n - 5)(n - 6)(n - 7) = 0"),
}


@pytest.mark.parametrize(("declared", "claim"), sorted(TINY | FAR | SMOOTH | WINDOWS | LARGE))
def test_what_differs_elsewhere_is_refuted(declared: str, claim: str) -> None:
    assert verdict(declared, claim).verdict in ("refuted", "conditional")


@pytest.mark.parametrize("claim", [r"\tanh(10^9 x) = 1", r"1 + e^{-10^{12} x} = 1", r"1 + e^{-e^{e^{9 x}}} = 1"])
def test_what_cannot_be_told_apart_does_not_hold(claim: str) -> None:
    found = verdict("x > 1", claim)
    assert found.verdict == "undecided"
    assert "The agreement does not count: a side has no value: the sides agree as far as can be computed here" in found.reason


@pytest.mark.parametrize(
    ("declared", "claim"),
    [
        ("x > 0", r"\operatorname{arccosh}(\cosh(x)) = x"),
        ("x > 1", r"\operatorname{erf}(x)^2 + \tanh(x) = \tanh(x) + \operatorname{erf}(-x)^2"),
        (r"a, b \in \mathbb{R}^{3}", r"\|a \times b\|^2 = \|a\|^2 \|b\|^2 - (a^\top b)^2"),
    ],
)
def test_what_is_true_still_holds(declared: str, claim: str) -> None:
    assert verdict(declared, claim).verdict in ("proved", "holds")


def test_points_that_were_not_tried_in_time_do_not_count() -> None:
    document = pipeline.document_of(Source("challenge.tex", "\\[ x \\in \\mathbb{R} \\]\n\\[ \\max(0, x - 10^6) = 0 \\]"))
    claim = document.statements[-1].payload
    assert isinstance(claim, Claim)
    assert challenge(document, claim).counterexample is not None
    found = challenge(document, claim, deadline=float("-inf"))
    assert (found.agreements, found.reason) == (0, "the time ran out before all points were tried")


@pytest.mark.parametrize(
    ("declared", "claim"),
    [
        (r"a > 1, \quad a < 0", "|a| = a"),
        (r"A \in \mathbb{R}^{n \times n}", r"\operatorname{tr}(A) = n \quad \text{where } A = I, \ A = 2 I"),
        (r"u \in \mathbb{R}^n, \quad u^\top u = -1", r"\|u\|^2 = -1"),
    ],
)
def test_from_a_contradiction_nothing_is_proved(declared: str, claim: str) -> None:
    found = verdict(declared, claim)
    assert found.verdict == "undecided"
    assert found.reason.startswith("It follows from assumptions that may contradict each other, from which everything follows")


def test_what_needs_no_assumption_is_proved_beside_a_contradiction() -> None:
    assert verdict(r"a > 1, \quad a < 0", "(a + 1)^2 = a^2 + 2 a + 1").verdict == "proved"


@pytest.mark.parametrize(
    ("function", "argument", "bits"),
    [("tanh", fmpq(400), 600), ("erf", fmpq(20), 600), ("sin", fmpq(400), 0), ("exp", arb(2) ** 50, UNBOUNDED)],
)
def test_magnitudes_are_those_of_exponents(function: str, argument: object, bits: int) -> None:
    with watching() as seen:
        elementary(function, argument)
    assert seen.bits == bits


def test_magnitudes_of_values_count_both_ways() -> None:
    with watching() as seen:
        seen.values([fmpq(1, 3), arb(2) ** -70, fmpq(0), arb(0, 1)])
    assert seen.bits == 69
