"""Expectations in index form: wrong identities stay open, refused ones are named, right ones are proved for all dimensions."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove

SCALAR = r"\[ \mu, t, c \in \mathbb{R}, \quad \sigma > 0 \] \[ x \sim \mathcal{N}(\mu, \sigma^2) \]"
TWO = SCALAR + r"\[ \nu \in \mathbb{R}, \quad \tau > 0 \] \[ z \sim \mathcal{N}(\nu, \tau^2) \]"
VECTOR = (
    r"\[ A \in \mathbb{R}^{n \times n}, \quad B \in \mathbb{R}^{p \times n}, \quad b, \mu \in \mathbb{R}^{n} \]"
    r"\[ \Sigma \in \mathbb{S}^{n}_{++} \] \[ x \sim \mathcal{N}(\mu, \Sigma) \]"
)
LAWS = (
    r"\[ r, k > 0, \quad p \in (0, 1), \quad u, v, m \in \mathbb{R}, \quad u < v \]"
    r"\[ X \sim \operatorname{Exp}(r) \] \[ U \sim \mathcal{U}(u, v) \] \[ N \sim \operatorname{Poisson}(r) \]"
    r"\[ B \sim \operatorname{Bernoulli}(p) \] \[ G \sim \operatorname{Gamma}(k, r) \]"
    r"\[ L \sim \operatorname{Laplace}(m, r) \]"
)


def answer(before: str, claim: str) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"{before}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    (payload,) = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    return prove(document, payload)


WRONG = [
    (SCALAR, r"\mathbb{E}[x^2] = \mu^2"),
    (SCALAR, r"\mathbb{E}[x^2] = \mu^2 + \sigma"),
    (SCALAR, r"\mathbb{E}[x^4] = \mu^4 + 6 \mu^2 \sigma^2 + \sigma^4"),
    (SCALAR, r"\mathbb{E}[(x - \mu)^6] = 3 \sigma^6"),
    (SCALAR, r"\operatorname{Var}[c x] = c \sigma^2"),
    (SCALAR, r"\mathbb{E}[e^{t x}] = e^{t \mu + \sigma^2 t^2}"),
    (SCALAR, r"\mathbb{E}[\sin(t x)] = \sin(t \mu)"),
    (TWO, r"\mathbb{E}[x z] = \mu \nu + \sigma \tau"),
    (TWO, r"\operatorname{Var}[x - z] = \sigma^2 - \tau^2"),
    (VECTOR, r"\mathbb{E}[x x^T] = \Sigma"),
    (VECTOR, r"\mathbb{E}[x^T A x] = \mu^T A \mu"),
    (VECTOR, r"\mathbb{E}[e^{b^T x}] = e^{b^T \mu + b^T \Sigma b}"),
    (SCALAR, r"\mathbb{E}[x e^{t x}] = (\mu + \sigma t) e^{\mu t + \sigma^2 t^2 / 2}"),
    (SCALAR, r"\mathbb{E}[x^2 e^{t x}] = (\mu + \sigma^2 t)^2 e^{\mu t + \sigma^2 t^2 / 2}"),
    (TWO, r"\mathbb{E}[x z e^{t x}] = (\mu + \sigma^2 t) (\nu + \tau^2 t) e^{\mu t + \sigma^2 t^2 / 2}"),
    (VECTOR, r"\mathbb{E}[b^T x e^{b^T x}] = b^T \mu \, e^{b^T \mu + \frac{1}{2} b^T \Sigma b}"),
    (LAWS, r"\mathbb{E}[X^2] = \frac{1}{r^2}"),
    (LAWS, r"\operatorname{Var}[U] = \frac{(u + v)^2}{12}"),
    (LAWS, r"\operatorname{Var}[N] = r^2"),
    (LAWS, r"\operatorname{Var}[B] = p^2"),
    (LAWS, r"\operatorname{Var}[G] = \frac{k}{r}"),
    (LAWS, r"\operatorname{Var}[L] = r^2"),
]


@pytest.mark.parametrize(("before", "claim"), WRONG)
def test_a_wrong_identity_is_not_proved(before: str, claim: str) -> None:
    assert isinstance(answer(before, claim), Residual)


RIGHT = [
    (SCALAR, r"\mathbb{E}[c x + t] = c \mu + t"),
    (SCALAR, r"\mathbb{E}[x^4] = \mu^4 + 6 \mu^2 \sigma^2 + 3 \sigma^4"),
    (SCALAR, r"\mathbb{E}[(x - \mu)^6] = 15 \sigma^6"),
    (SCALAR, r"\operatorname{Var}[c x + t] = c^2 \sigma^2"),
    (SCALAR, r"\operatorname{Var}[x^2] = 2 \sigma^4 + 4 \mu^2 \sigma^2"),
    (SCALAR, r"\mathbb{E}[c e^{t x} + x] = c e^{t \mu + \sigma^2 t^2 / 2} + \mu"),
    (SCALAR, r"\mathbb{E}[\sin(t x)] = e^{-\sigma^2 t^2 / 2} \sin(t \mu)"),
    (TWO, r"\mathbb{E}[x^2 z] = (\mu^2 + \sigma^2) \nu"),
    (TWO, r"\operatorname{Var}[x - z] = \sigma^2 + \tau^2"),
    (TWO, r"\operatorname{Var}[x z] = \sigma^2 \tau^2 + \mu^2 \tau^2 + \nu^2 \sigma^2"),
    (VECTOR, r"\mathbb{E}[x x^T] = \Sigma + \mu \mu^T"),
    (VECTOR, r"\mathbb{E}[x^T A x] = \mu^T A \mu + \operatorname{tr}(A \Sigma)"),
    (VECTOR, r"\mathbb{E}[\|B x\|^2] = \|B \mu\|^2 + \operatorname{tr}(B \Sigma B^T)"),
    (VECTOR, r"\operatorname{Var}[b^T x] = b^T \Sigma b"),
    (VECTOR, r"\operatorname{Var}[B x] = B \Sigma B^T"),
    (VECTOR, r"\mathbb{E}[(b^T x) x] = \Sigma b + (b^T \mu) \mu"),
    (VECTOR, r"\mathbb{E}[e^{b^T x}] = e^{b^T \mu + \frac{1}{2} b^T \Sigma b}"),
    (SCALAR, r"\mathbb{E}[x e^{t x}] = (\mu + \sigma^2 t) e^{\mu t + \sigma^2 t^2 / 2}"),
    (SCALAR, r"\mathbb{E}[x^2 e^{t x}] = (\sigma^2 + (\mu + \sigma^2 t)^2) e^{\mu t + \sigma^2 t^2 / 2}"),
    (TWO, r"\mathbb{E}[x z e^{t x}] = (\mu + \sigma^2 t) \nu e^{\mu t + \sigma^2 t^2 / 2}"),
    (VECTOR, r"\mathbb{E}[b^T x e^{b^T x}] = b^T (\mu + \Sigma b) \, e^{b^T \mu + \frac{1}{2} b^T \Sigma b}"),
    (LAWS, r"\mathbb{E}[X^2] = \frac{2}{r^2}"),
    (LAWS, r"\operatorname{Var}[U] = \frac{(v - u)^2}{12}"),
    (LAWS, r"\operatorname{Var}[N] = r"),
    (LAWS, r"\operatorname{Var}[B] = p (1 - p)"),
    (LAWS, r"\operatorname{Var}[G] = \frac{k}{r^2}"),
    (LAWS, r"\operatorname{Var}[L] = 2 r^2"),
]


@pytest.mark.parametrize(("before", "claim"), RIGHT)
def test_a_right_identity_is_proved(before: str, claim: str) -> None:
    assert isinstance(answer(before, claim), Proof)


def test_fourth_moments_of_a_vector() -> None:
    symmetric = VECTOR + r"\[ M \in \mathbb{S}^n \]"
    right = r"\operatorname{Var}[x^T M x] = 2 \operatorname{tr}(M \Sigma M \Sigma) + 4 \mu^T M \Sigma M \mu"
    wrong = r"\operatorname{Var}[x^T M x] = 2 \operatorname{tr}(M \Sigma M \Sigma) + 2 \mu^T M \Sigma M \mu"
    assert isinstance(answer(symmetric, right), Proof)
    assert isinstance(answer(symmetric, wrong), Residual)


REFUSED = [
    (SCALAR, r"\mathbb{E}[e^{x^2}] = 1", "the expectation of a function of this argument has no index form yet"),
    (SCALAR, r"\mathbb{E}[x \cos x] = 1", "the expectation of this product has no index form yet"),
    (SCALAR, r"\mathbb{E}[\frac{1}{x}] = \frac{1}{\mu}", "the expectation of this expression has no index form yet"),
    (SCALAR, r"\mathbb{E}[\log x] = \log \mu", "the expectation of this expression has no index form yet"),
]


@pytest.mark.parametrize(("before", "claim", "words"), REFUSED)
def test_what_has_no_rule_is_named(before: str, claim: str, words: str) -> None:
    with pytest.raises(NotSupportedYet) as caught:
        answer(before, claim)
    assert caught.value.what == words
