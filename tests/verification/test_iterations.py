r"""Limits of iterations: a wrong limit is refuted, a right one holds under the condition that the update contracts."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.verification.judge import verify

QUADRATIC = "\n".join(
    rf"\[ {display} \]"
    for display in (
        r"H \in \mathbb{S}^n_{++}, \quad c, \theta \in \mathbb{R}^n, \quad \eta > 0",
        r"L(\theta) = \frac{1}{2} \theta^\top H \theta - c^\top \theta",
        r"\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)",
    )
)
NUMBER = r"\[ a, r, s \in \mathbb{R} \]" + "\n" + r"\[ s_{t+1} = a s_t + r \]"


def verdict(text: str, claim: str) -> Verdict:
    return verify(pipeline.document_of(Source("a.tex", f"{text}\n\\[ {claim} \\]")))[-1]


WRONG = [
    (QUADRATIC, r"\lim_{t \to \infty} \theta_t = 0"),
    (QUADRATIC, r"\lim_{t \to \infty} \theta_t = H c"),
    (QUADRATIC, r"\lim_{t \to \infty} \theta_t = \eta H^{-1} c"),
    (NUMBER, r"\lim_{t \to \infty} s_t = \frac{r}{1 + a}"),
]


@pytest.mark.parametrize(("text", "claim"), WRONG, ids=[claim for _, claim in WRONG])
def test_what_is_no_fixed_point_is_no_limit(text: str, claim: str) -> None:
    found = verdict(text, claim)
    assert found.verdict in ("refuted", "conditional")
    assert found.condition is None or "rho" not in found.condition or "," in found.condition
    assert not found.ok


def test_a_wrong_limit_comes_with_values() -> None:
    found = verdict(QUADRATIC, r"\lim_{t \to \infty} \theta_t = H^{-1} c + \mathbf{1}")
    assert (found.verdict, found.counterexample is not None) == ("refuted", True)
    assert found.reason.startswith("It is no fixed point of the update: one step from it (left) leads away.")


RIGHT = [
    (QUADRATIC, r"\lim_{t \to \infty} \theta_t = H^{-1} c", r"\rho(I - \eta H) < 1"),
    (NUMBER, r"\lim_{t \to \infty} s_t = \frac{r}{1 - a}", "|a| < 1"),
]


@pytest.mark.parametrize(("text", "claim", "condition"), RIGHT, ids=[claim for _, claim, _ in RIGHT])
def test_a_fixed_point_is_the_limit_of_a_contraction(text: str, claim: str, condition: str) -> None:
    """Never proved without the condition: with a large step the iteration runs away."""
    found = verdict(text, claim)
    assert (found.kind, found.verdict, found.condition, found.ok) == ("claim: limit", "conditional", condition, False)
    assert found.method.startswith("fixed point: ")
    assert found.reason == (
        f"A fixed point of the affine update is reached from every start exactly if {condition} (spectral radius)."
    )
    expected = verdict(f"{text}\n%! expect: holds if {condition}", claim)
    assert (expected.expected, expected.ok) == (f"holds if {condition}", True)


def test_a_minimiser_is_the_limit() -> None:
    named = r"\[ \theta^* = \arg\min_\theta L(\theta) \]"
    found = verdict(f"{QUADRATIC}\n{named}", r"\lim_{t \to \infty} \theta_t = \theta^*")
    assert (found.verdict, found.condition) == ("conditional", r"\rho(I - \eta H) < 1")


def test_an_update_that_is_not_affine_is_not_decided() -> None:
    text = r"\[ s \in \mathbb{R} \]" + "\n" + r"\[ s_{t+1} = s_t^2 \]"
    found = verdict(text, r"\lim_{t \to \infty} s_t = 1")
    assert (found.verdict, found.ok) == ("undecided", False)
    assert found.reason == "It is a fixed point of the update, which is not affine in s: whether it is reached is open."


def test_a_limit_without_an_update_is_not_judged() -> None:
    found = verdict(r"\[ s \in \mathbb{R} \]", r"\lim_{t \to \infty} s_t = 0")
    assert (found.verdict, found.ok) == ("unsupported", False)
    assert found.reason.endswith("no update before this line says how s_t goes on")


def test_only_the_fixed_point_of_the_last_update_counts() -> None:
    later = r"\[ s_{t+1} = 2 s_t \]"
    found = verdict(f"{NUMBER}\n%! define\n{later}", r"\lim_{t \to \infty} s_t = \frac{r}{1 - a}")
    assert found.verdict not in ("proved", "holds")
    assert found.condition != "|a| < 1"


@pytest.mark.parametrize(
    ("factor", "expected"), [("-1", "refuted"), ("2", "refuted"), (r"\frac{1}{2}", "proved"), ("0", "proved")]
)
def test_a_factor_that_is_a_number_decides(factor: str, expected: str) -> None:
    found = verdict(rf"\[ s_{{t+1}} = {factor} s_t \]", r"\lim_{t \to \infty} s_t = 0")
    assert (found.verdict, found.condition) == (expected, None)
