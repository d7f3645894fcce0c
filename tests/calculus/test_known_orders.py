r"""What is assumed of an order decides absolute values, maxima and cases: never in the wrong direction."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

GIVEN = (
    r"\[ x, \mu, r, \delta \in \mathbb{R}, \delta > 0, w, v \in \mathbb{R}^n \] "
    r"\[ H(r) = \begin{cases} r^2 / 2 & |r| \le \delta \\ \delta |r| - \delta^2 / 2 & \text{otherwise} \end{cases} \]"
    r"\[ L(w) = \max(0, 1 - w^\top v) \]"
)


def verdict(claim: str) -> str:
    return pipeline.verify(pipeline.document_of(Source("e.tex", f"{GIVEN} \\[ {claim} \\]")))[-1].verdict


@pytest.mark.parametrize(
    "claim",
    [
        r"|x - \mu| = x - \mu \quad \text{if } x \le \mu",
        r"|x - \mu| = \mu - x \quad \text{if } x \ge \mu",
        r"\max(x, \mu) = x \quad \text{if } x < \mu",
        r"H'(r) = r \quad \text{if } r > \delta",
        r"H'(r) = -\delta \quad \text{if } r > \delta",
        r"\nabla_w L = -v \quad \text{if } w^\top v > 1",
        r"\nabla_w L = v \quad \text{if } w^\top v < 1",
    ],
)
def test_wrong_claims(claim: str) -> None:
    assert verdict(claim) in ("refuted", "conditional")


@pytest.mark.parametrize(
    "claim",
    [
        r"|x - \mu| = x - \mu \quad \text{if } x \ge \mu",
        r"|x - \mu| = \mu - x \quad \text{if } x < \mu",
        r"\max(x, \mu) = x \quad \text{if } x > \mu",
        r"|x - \mu| = x - \mu \quad \text{if } x > \mu + \delta",
        r"H'(r) = r \quad \text{if } |r| < \delta",
        r"H'(r) = \delta \quad \text{if } r > \delta",
        r"H'(r) = -\delta \quad \text{if } r < -\delta",
        r"\nabla_w L = -v \quad \text{if } w^\top v < 1",
        r"\nabla_w L = 0 \quad \text{if } w^\top v > 1",
    ],
)
def test_right_claims(claim: str) -> None:
    assert verdict(claim) == "proved"


GAUSSIAN = r"\[ \mu \in \mathbb{R}, \sigma > 0, x \sim \mathcal{N}(\mu, \sigma^2), z \sim \mathcal{N}(0, \sigma^2) \]"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\mathbb{E}[|z|] = \sigma \sqrt{\frac{1}{\pi}}", "refuted"),
        (r"\mathbb{E}[|x|] = \sigma \sqrt{\frac{2}{\pi}}", "conditional"),
        (r"\operatorname{Var}(|z|) = \sigma^2", "refuted"),
        (r"\mathbb{E}[|z|] = \sigma \sqrt{\frac{2}{\pi}}", "proved"),
        (r"\mathbb{E}[|x - \mu|] = \sigma \sqrt{\frac{2}{\pi}}", "proved"),
        (r"\operatorname{Var}(|z|) = \sigma^2 \left(1 - \frac{2}{\pi}\right)", "proved"),
        (r"\mathbb{E}[\max(0, z)] = \frac{\sigma}{\sqrt{2 \pi}}", "proved"),
        (r"\int_0^1 t \arctan t \, dt = \frac{\pi}{4} + \frac{1}{2}", "refuted"),
        (r"\int_0^1 t \arctan t \, dt = \frac{\pi}{4} - \frac{1}{2}", "proved"),
    ],
)
def test_absolute_values_of_gaussians_and_arctangents(claim: str, expected: str) -> None:
    found = pipeline.verify(pipeline.document_of(Source("e.tex", f"{GAUSSIAN} \\[ {claim} \\]")))[-1]
    assert found.verdict == expected
