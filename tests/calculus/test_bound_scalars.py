"""Integrals, limits and series in index form: wrong values stay open, what fits no rule is named, right ones are proved."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.statements import Claim
from eqcompiler.verification.proofs import Proof, Residual, prove

BEFORE = (
    r"\[ a > 0, \quad b > 0, \quad c, s, u \in \mathbb{R}, \quad p \in (0, 1), \quad |q| < 1 \]"
    r"\[ v, w \in \mathbb{R}^n \]"
)


def answer(claim: str) -> Proof | Residual:
    document = pipeline.document_of(Source("a.tex", f"{BEFORE}\n\\[ {claim} \\]"))
    assert [str(s.error) for s in document.statements if s.error] == []
    (payload,) = [s.payload for s in document.statements if isinstance(s.payload, Claim)]
    return prove(document, payload)


WRONG = [
    r"\int_{-\infty}^{\infty} e^{-a x^2 + s x} \, dx = \sqrt{\frac{\pi}{a}} e^{s^2 / (2 a)}",
    r"\int_{-\infty}^{\infty} x e^{-a x^2 + s x} \, dx = \sqrt{\frac{\pi}{a}} e^{s^2 / (4 a)}",
    r"\int_0^{\infty} x e^{-a x} \, dx = \frac{1}{a}",
    r"\int_{u}^{\infty} e^{-a x} \, dx = \frac{1}{a}",
    r"\int_0^{u} x^2 \, dx = \frac{u^2}{3}",
    r"\int_0^{u} \cos(a x) \, dx = \sin(a u)",
    r"\int_0^{1} (c x + v^T w) \, dx = c + v^T w",
    r"\int_0^{u} \frac{1}{1 + x^2} \, dx = \arcsin u",
    r"\int_0^{\infty} e^{-a x^2} \, dx = \sqrt{\frac{\pi}{a}}",
    r"\int_0^{\infty} x^2 e^{-a x^2} \, dx = \frac{1}{2 a} \sqrt{\frac{\pi}{a}}",
    r"\int_0^{\infty} e^{-a x} \cos(s x) \, dx = \frac{s}{a^2 + s^2}",
    r"\int_0^{\infty} e^{-a x} \sin(s x) \, dx = \frac{a}{a^2 + s^2}",
    r"\lim_{x \to 0} \frac{e^{s x} - 1}{x} = 1",
    r"\lim_{x \to 0} \frac{1 - \cos(s x)}{x^2} = s^2",
    r"\lim_{x \to \infty} \frac{a x^2 + 1}{b x^2 - x} = \frac{b}{a}",
    r"\sum_{k=0}^{\infty} p^k = \frac{p}{1 - p}",
    r"\sum_{k=1}^{\infty} k^2 p^k = \frac{p}{(1 - p)^3}",
    r"\sum_{k=1}^{\infty} \frac{a^k}{k!} = e^a",
    r"\lim_{x \to \infty} \left( 1 + \frac{s}{x} \right)^x = e^{-s}",
    r"\lim_{x \to 0} \frac{a^x - 1}{x} = a",
    r"\sum_{k=1}^{\infty} \frac{p^k}{k} = \log(1 - p)",
    r"\sum_{k=2}^{\infty} \frac{p^k}{k} = -\log(1 - p)",
    r"\sum_{k=0}^{\infty} q^k = \frac{1}{1 + q}",
]


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_value_is_not_proved(claim: str) -> None:
    assert isinstance(answer(claim), Residual)


RIGHT = [
    r"\int_{-\infty}^{\infty} e^{-a x^2 + s x} \, dx = \sqrt{\frac{\pi}{a}} e^{s^2 / (4 a)}",
    r"\int_{-\infty}^{\infty} x e^{-a x^2 + s x} \, dx = \frac{s}{2 a} \sqrt{\frac{\pi}{a}} e^{s^2 / (4 a)}",
    r"\int_{-\infty}^{\infty} (x - c)^4 e^{-(x - c)^2 / 2} \, dx = 3 \sqrt{2 \pi}",
    r"\int_0^{\infty} x e^{-a x} \, dx = \frac{1}{a^2}",
    r"\int_{u}^{\infty} e^{-a x} \, dx = \frac{1}{a} e^{-a u}",
    r"\int_{-\infty}^{u} e^{a x} \, dx = \frac{1}{a} e^{a u}",
    r"\int_0^{u} x^2 \, dx = \frac{u^3}{3}",
    r"\int_0^{u} \cos(a x) \, dx = \frac{1}{a} \sin(a u)",
    r"\int_0^{u} x e^{a x} \, dx = \frac{1}{a^2} + e^{a u} \left(\frac{u}{a} - \frac{1}{a^2}\right)",
    r"\int_0^{1} (c x + v^T w) \, dx = \frac{c}{2} + v^T w",
    r"\int_0^{u} \frac{1}{1 + x^2} \, dx = \arctan u",
    r"\int_0^{\infty} e^{-a x^2} \, dx = \frac{1}{2} \sqrt{\frac{\pi}{a}}",
    r"\int_0^{\infty} x^2 e^{-a x^2} \, dx = \frac{1}{4 a} \sqrt{\frac{\pi}{a}}",
    r"\int_0^{\infty} x^3 e^{-a x^2} \, dx = \frac{1}{2 a^2}",
    r"\int_0^{\infty} e^{-a x} \cos(s x) \, dx = \frac{a}{a^2 + s^2}",
    r"\int_0^{\infty} e^{-a x} \sin(s x) \, dx = \frac{s}{a^2 + s^2}",
    r"\lim_{x \to 0} \frac{e^{s x} - 1}{x} = s",
    r"\lim_{x \to 0} \frac{1 - \cos(s x)}{x^2} = \frac{s^2}{2}",
    r"\lim_{x \to a} \frac{\sqrt{x} - \sqrt{a}}{x - a} = \frac{1}{2 \sqrt{a}}",
    r"\lim_{x \to \infty} \frac{a x^2 + 1}{b x^2 - x} = \frac{a}{b}",
    r"\sum_{k=0}^{\infty} p^k = \frac{1}{1 - p}",
    r"\sum_{k=1}^{\infty} k^2 p^k = \frac{p (1 + p)}{(1 - p)^3}",
    r"\sum_{k=1}^{\infty} \frac{a^k}{k!} = e^a - 1",
    r"\sum_{k=0}^{\infty} k^2 \frac{a^k}{k!} e^{-a} = a^2 + a",
    r"\lim_{x \to \infty} \left( 1 + \frac{s}{x} \right)^x = e^s",
    r"\lim_{x \to 0} \frac{a^x - 1}{x} = \log a",
    r"\sum_{k=1}^{\infty} \frac{p^k}{k} = -\log(1 - p)",
    r"\sum_{k=2}^{\infty} \frac{p^k}{k} = -\log(1 - p) - p",
    r"\sum_{k=0}^{\infty} q^k = \frac{1}{1 - q}",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_a_right_value_is_proved(claim: str) -> None:
    assert isinstance(answer(claim), Proof)


REFUSED = [
    (r"\int_{-\infty}^{\infty} |x| e^{-x^2} \, dx = 1", "an integral of this body has no index form yet"),
    (r"\int_{-\infty}^{\infty} \max(x, 0) e^{-x^2} \, dx = \frac{1}{2}", "an integral of this body has no index form yet"),
    (r"\int_{-1}^{1} e^{1 / x} \, dx = 1", "an integral of this body has no index form yet"),
    (r"\int_0^{1} \frac{1}{1 + x^4} \, dx = 1", "an integral of this body has no index form yet"),
    (r"\int_0^{1} e^{s x} \, dx = \frac{e^s - 1}{s}", "an integral of this body has no index form yet"),
    (r"\int_0^{1} \frac{1}{x} \, dx = 1", "an integral across what may be a pole has no index form yet"),
    (r"\int_{-1}^{1} \frac{1}{x^2} \, dx = -2", "an integral across what may be a pole has no index form yet"),
    (r"\int_0^{\infty} e^{a x} \, dx = -\frac{1}{a}", "an integral that may not converge has no index form yet"),
    (
        r"\int_{-\infty}^{\infty} e^{a x^2} \, dx = \sqrt{-\frac{\pi}{a}}",
        "an integral that may not converge has no index form yet",
    ),
    (
        r"\sum_{k=0}^{\infty} (1 + a)^k = -\frac{1}{a}",
        "a geometric series whose ratio may not be between -1 and 1 has no index form yet",
    ),
    (r"\lim_{x \to 0} \frac{|x|}{x} = 1", "this limit has no index form yet"),
    (r"\lim_{x \to 0} e^{1 / x} = 0", "this limit has no index form yet"),
    (r"\lim_{x \to 0} \frac{1}{x} = 0", "a limit at a pole has no index form yet"),
    (r"\lim_{x \to 0} \frac{x + c}{x + s} = \frac{c}{s}", "a limit whose denominator may vanish has no index form yet"),
    (
        r"\sum_{k=0}^{\infty} c^k = \frac{1}{1 - c}",
        "a geometric series whose ratio may not be between -1 and 1 has no index form yet",
    ),
    (r"\sum_{k=1}^{\infty} \frac{1}{k^2} = \frac{\pi^2}{6}", "this infinite series has no index form yet"),
]


@pytest.mark.parametrize(("claim", "words"), REFUSED)
def test_what_has_no_rule_is_named(claim: str, words: str) -> None:
    with pytest.raises(NotSupportedYet) as caught:
        answer(claim)
    assert caught.value.what == words
