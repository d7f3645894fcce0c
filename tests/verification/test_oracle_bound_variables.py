"""Expectations, integrals, limits and infinite sums of the oracle: what has no value or no rule first, then values by hand."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.evidence import Evidence, gather

NORMAL = r"\[ \mu, t \in \mathbb{R}, \quad \sigma > 0 \] \[ x \sim \mathcal{N}(\mu, \sigma^2) \]"
TWO = NORMAL + r"\[ \nu \in \mathbb{R}, \quad \tau > 0 \] \[ z \sim \mathcal{N}(\nu, \tau^2) \]"
VECTOR = (
    r"\[ A \in \mathbb{R}^{n \times n}, \quad b, \mu \in \mathbb{R}^{n}, \quad \Sigma \in \mathbb{S}^{n}_{++} \]"
    r"\[ x \sim \mathcal{N}(\mu, \Sigma) \]"
)
RATES = r"\[ a, b > 0, \quad s \in \mathbb{R}, \quad p \in (0, 1) \]"


def evidence(before: str, claim: str) -> Evidence:
    document = pipeline.document_of(Source("a.tex", f"{before}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    (payload,) = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    return gather(document, payload, trials=8)


WRONG = [
    (NORMAL, r"\mathbb{E}[x^2] = \mu^2"),
    (NORMAL, r"\mathbb{E}[x^4] = \mu^4 + 6 \mu^2 \sigma^2 + \sigma^4"),
    (NORMAL, r"\operatorname{Var}[x^2] = 2 \sigma^4"),
    (NORMAL, r"\mathbb{E}[e^{t x}] = e^{t \mu}"),
    (NORMAL, r"\mathbb{E}[\sin(t x)] = \sin(t \mu)"),
    (NORMAL, r"\mathbb{E}[e^{-x^2}] = e^{-\mu^2}"),
    (TWO, r"\mathbb{E}[x z] = \mu \nu + \sigma \tau"),
    (VECTOR, r"\mathbb{E}[x x^T] = \Sigma"),
    (VECTOR, r"\operatorname{Var}[x^T A x] = 2 \operatorname{tr}(A \Sigma A \Sigma)"),
    (RATES, r"\int_0^{\infty} x e^{-a x} \, dx = \frac{1}{a}"),
    (RATES, r"\int_0^{\infty} e^{-a x^2} \, dx = \sqrt{\frac{\pi}{a}}"),
    (RATES, r"\int_0^{\infty} e^{-a x} \cos(s x) \, dx = \frac{s}{a^2 + s^2}"),
    (RATES, r"\int_0^1 x^{a} (1 - x)^{b} \, dx = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b)}"),
    (RATES, r"\lim_{x \to 0} \frac{e^{s x} - 1}{x} = 1"),
    (RATES, r"\lim_{x \to \infty} \left(1 + \frac{s}{x}\right)^x = 1 + s"),
    (RATES, r"\sum_{k=0}^{\infty} p^k = \frac{p}{1 - p}"),
    (RATES, r"\sum_{k=0}^{\infty} \frac{a^k}{k!} = e^{a} - 1"),
]


@pytest.mark.parametrize(("before", "claim"), WRONG)
def test_a_wrong_value_is_refuted(before: str, claim: str) -> None:
    assert evidence(before, claim).counterexample is not None


RIGHT = [
    (NORMAL, r"\mathbb{E}[x^4] = \mu^4 + 6 \mu^2 \sigma^2 + 3 \sigma^4"),
    (NORMAL, r"\operatorname{Var}[x^2] = 2 \sigma^4 + 4 \mu^2 \sigma^2"),
    (NORMAL, r"\mathbb{E}[e^{t x}] = e^{t \mu + \sigma^2 t^2 / 2}"),
    (NORMAL, r"\mathbb{E}[\sin(t x) \cos(t x)] = \frac{1}{2} e^{-2 \sigma^2 t^2} \sin(2 t \mu)"),
    (NORMAL, r"\mathbb{E}[e^{-x^2}] = \frac{1}{\sqrt{1 + 2 \sigma^2}} e^{-\mu^2 / (1 + 2 \sigma^2)}"),
    (NORMAL, r"\frac{d}{d\sigma} \mathbb{E}[x^2] = 2 \sigma"),
    (TWO, r"\operatorname{Cov}[x + z, x - z] = \sigma^2 - \tau^2"),
    (VECTOR, r"\mathbb{E}[x x^T] = \Sigma + \mu \mu^T"),
    (VECTOR, r"\operatorname{Var}[b^T x] = b^T \Sigma b"),
    (VECTOR, r"\mathbb{E}[x^T A x] = \mu^T A \mu + \operatorname{tr}(A \Sigma)"),
    (VECTOR, r"\mathbb{E}[e^{b^T x}] = e^{b^T \mu + \frac{1}{2} b^T \Sigma b}"),
    (RATES, r"\int_0^{\infty} x e^{-a x} \, dx = \frac{1}{a^2}"),
    (RATES, r"\int_0^{\infty} x^{b - 1} e^{-a x} \, dx = \frac{\Gamma(b)}{a^b}"),
    (RATES, r"\int_0^{\infty} e^{-a x^2} \, dx = \frac{1}{2} \sqrt{\frac{\pi}{a}}"),
    (RATES, r"\int_0^{\infty} e^{-a x} \cos(s x) \, dx = \frac{a}{a^2 + s^2}"),
    (RATES, r"\int_{s}^{\infty} e^{-a x} \, dx = \frac{1}{a} e^{-a s}"),
    (RATES, r"\int_{-\infty}^{s} e^{a x} \, dx = \frac{1}{a} e^{a s}"),
    (RATES, r"\int_0^1 x^{a - 1} (1 - x)^{b - 1} \, dx = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b)}"),
    (RATES, r"\int_0^a \sqrt{a - x} \, dx = \frac{2}{3} a^{3/2}"),
    (RATES, r"\lim_{x \to 0} \frac{e^{s x} - 1}{x} = s"),
    (RATES, r"\lim_{x \to a} \frac{\sqrt{x} - \sqrt{a}}{x - a} = \frac{1}{2 \sqrt{a}}"),
    (RATES, r"\lim_{x \to \infty} \left(1 + \frac{s}{x}\right)^x = e^{s}"),
    (RATES, r"\lim_{x \to \infty} \frac{a x^2 + 1}{b x^2 - x} = \frac{a}{b}"),
    (RATES, r"\lim_{x \to 0} \frac{\tan(s x) - s x}{x^3} = \frac{s^3}{3}"),
    (RATES, r"\sum_{k=0}^{\infty} p^k = \frac{1}{1 - p}"),
    (RATES, r"\sum_{k=0}^{\infty} k \frac{a^k}{k!} e^{-a} = a"),
]


@pytest.mark.parametrize(("before", "claim"), RIGHT)
def test_a_right_value_agrees_everywhere(before: str, claim: str) -> None:
    found = evidence(before, claim)
    assert (found.counterexample, found.agreements, found.reason) == (None, 8, None)


NOTHING = [
    (RATES, r"\int_{-\infty}^{\infty} e^{-a x} \, dx = 1", "the integral over the real line does not converge"),
    (RATES, r"\int_0^{\infty} e^{a x} \, dx = -\frac{1}{a}", "the integral over the half-line does not converge"),
    (RATES, r"\int_0^1 x^{-a - 1} \, dx = -\frac{1}{a}", "the integral diverges at an edge of its range"),
    (RATES, r"\lim_{x \to 0} \frac{a}{x} = 0", "the limit is infinite or does not exist: there is a pole"),
    (
        NORMAL,
        r"\mathbb{E}[e^{x^2 / \sigma^2}] = 1",
        "the expectation does not exist: the exponential grows faster than the density falls",
    ),
]


@pytest.mark.parametrize(("before", "claim", "words"), NOTHING)
def test_what_does_not_converge_has_no_value(before: str, claim: str, words: str) -> None:
    found = evidence(before, claim)
    assert (found.agreements, found.counterexample, found.reason) == (0, None, f"a side has no value: {words}")


REFUSED = [
    (NORMAL, r"\mathbb{E}[|x^2 - 1|] = \sigma", "abs of this expression in a bound variable is not evaluated yet"),
    (NORMAL, r"\mathbb{E}[\frac{1}{1 + x^2}] = 1", "this power in a bound variable is not evaluated yet"),
    (RATES, r"\int_0^{\infty} \frac{1}{1 + x^2} \, dx = \frac{\pi}{2}", "this power in a bound variable is not evaluated yet"),
    (RATES, r"\lim_{x \to 0} \frac{|x|}{x} = 1", "a kink at the point of a limit"),
    (RATES, r"\lim_{x \to \infty} e^{-a x} = 0", "exp of something unbounded under a limit"),
    (RATES, r"\sum_{k=1}^{\infty} \frac{1}{k^2} = \frac{\pi^2}{6}", "a series whose terms do not fall geometrically"),
    (RATES, r"\prod_{k=1}^{\infty} (1 - p^k) = 1", "this infinite sum or product is not evaluated yet"),
]


@pytest.mark.parametrize(("before", "claim", "words"), REFUSED)
def test_what_has_no_rule_is_named(before: str, claim: str, words: str) -> None:
    found = evidence(before, claim)
    assert found.unsupported is not None
    assert (found.agreements, found.unsupported.what) == (0, words)
