r"""Stein's lemma and its like for functions without a body, and Euler's integral. False claims first."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

DECLARED = r"""
\[ f : \mathbb{R} \to \mathbb{R}, \quad \mu \in \mathbb{R}, \quad \sigma, a, b > 0 \]
\[ x \sim \mathcal{N}(\mu, \sigma^2) \]
"""
CLAIMS = {
    r"\mathbb{E}[(x - \mu) f(x)] = \sigma \mathbb{E}[f'(x)]": "conditional",
    r"\mathbb{E}[(x - \mu) f(x)] = -\sigma^2 \mathbb{E}[f'(x)]": "refuted",
    r"\mathbb{E}[(x - \mu) f(x)] = \sigma^2 \mathbb{E}[f(x)]": "refuted",
    r"\mathbb{E}[(x - \mu) f(x)] = \sigma^2 f'(\mu)": "refuted",
    r"\mathbb{E}[(x - \mu) f(2 x)] = \sigma^2 \mathbb{E}[f'(2 x)]": "refuted",
    r"\mathbb{E}[x f(x)] = \sigma^2 \mathbb{E}[f'(x)]": "conditional",
    r"\int_0^1 t^{a - 1} (1 - t)^{b - 1} \, dt = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b + 1)}": "refuted",
    r"\mathbb{E}[(x - \mu) f(x)] = \sigma^2 \mathbb{E}[f'(x)]": "proved",
    r"\mathbb{E}[(x - \mu)^2 f(x)] = \sigma^2 \mathbb{E}[f(x)] + \sigma^4 \mathbb{E}[f''(x)]": "proved",
    r"\mathbb{E}[x f(x)] = \mu \mathbb{E}[f(x)] + \sigma^2 \mathbb{E}[f'(x)]": "proved",
    r"\operatorname{Cov}[x, f(x)] = \sigma^2 \mathbb{E}[f'(x)]": "proved",
    r"\mathbb{E}[(x - \mu) f(2 x + a)] = 2 \sigma^2 \mathbb{E}[f'(2 x + a)]": "proved",
    r"\int_0^1 t^{a - 1} (1 - t)^{b - 1} \, dt = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b)}": "proved",
    r"\int_0^1 t^{a + 1} (1 - t)^{b - 1} \, dt = \frac{a (a + 1) \Gamma(a) \Gamma(b)}{(a + b) \Gamma(a + b + 1)}": "refuted",
    r"\int_0^1 t^{a} (1 - t)^{b - 1} \, dt = \frac{a}{a + b} \int_0^1 t^{a - 1} (1 - t)^{b - 1} \, dt": "proved",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_has_its_verdict(claim: str) -> None:
    (verdict,) = pipeline.verify(pipeline.document_of(Source("expectations.tex", DECLARED + rf"\[ {claim} \]")))
    assert verdict.verdict == CLAIMS[claim]
    assert "E." not in str(verdict.as_json())  # what has no notation is not shown


def test_two_random_numbers_are_named_as_not_supported() -> None:
    text = DECLARED + r"\[ z \sim \mathcal{N}(0, 1) \] \[ \mathbb{E}[z f(x)] = 0 \]"
    (verdict,) = pipeline.verify(pipeline.document_of(Source("expectations.tex", text)))
    assert verdict.verdict == "holds"
    assert "the expectation of a function without a body needs one random number" in verdict.reason
