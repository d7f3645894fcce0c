"""Rows B14 and B15: the model with Gaussian noise, its density and its likelihood. Wrong claims first, then the kernels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eqcompiler import pipeline
from eqcompiler.languages.verdicts import Verdict

EQUATIONS = Path(__file__).resolve().parents[2] / "equations"
WRONG = {
    "noise": {
        "the noise has no mean": (r"\mathbb{E}[y] = \theta^T x", r"\mathbb{E}[y] = \theta^T x + \sigma"),
        "a standard deviation for a variance": (r"\operatorname{Var}[y] = \sigma^2", r"\operatorname{Var}[y] = \sigma"),
        "half the variance in the density": (r"{2\sigma^2}\right)", r"{\sigma^2}\right)"),
        "no square root": (r"\frac{1}{\sqrt{2\pi\sigma^2}}", r"\frac{1}{2\pi\sigma^2}"),
        "another mean": (r"(y - \theta^T x)^2}{2", r"(y + \theta^T x)^2}{2"),
    },
    "likelihood": {
        "the factor 2 is lost": (r"\frac{m}{2 \sigma^2} \nabla", r"\frac{m}{\sigma^2} \nabla"),
        "the sign is lost": (r"\left( -\ell(\theta) \right)", r"\left( \ell(\theta) \right)"),
        "the residual is turned": (
            r"\left( y^{(i)} - \theta^T x^{(i)} \right) x",
            r"\left( \theta^T x^{(i)} - y^{(i)} \right) x",
        ),
        "the constant is doubled": (r"-\frac{m}{2} \log(2 \pi", r"-m \log(2 \pi"),
    },
}
CASES = [(file, name) for file, rows in WRONG.items() for name in rows]


@pytest.mark.parametrize(("file", "name"), CASES)
def test_b15_a_wrong_model_or_density_is_caught(
    file: str, name: str, verdicts_of: Callable[[str], tuple[Verdict, ...]]
) -> None:
    right, wrong = WRONG[file][name]
    text = (EQUATIONS / f"gaussian_{file}.tex").read_text(encoding="utf-8")
    assert text.count(right) == 1
    assert {v.verdict for v in verdicts_of(text.replace(right, wrong)) if not v.ok} <= {"refuted", "conditional"}
    assert not all(v.ok for v in verdicts_of(text.replace(right, wrong)))


@pytest.mark.parametrize("file", ["noise", "likelihood"])
def test_b14_b15_every_claim_is_proved(file: str) -> None:
    document = pipeline.load(EQUATIONS / f"gaussian_{file}.tex")
    assert [str(s.error) for s in document.statements if s.error] == []
    assert {v.verdict for v in pipeline.verify(document)} == {"proved"}


def test_b15_the_log_likelihood_kernel_is_stable_where_the_density_underflows() -> None:
    module = pipeline.kernels(pipeline.load(EQUATIONS / "gaussian_likelihood.tex"))
    x, y, theta, sigma = np.array([[1.0], [2.0]]), np.array([400.0, -300.0]), np.array([0.5]), 1.5
    residual = y - x @ theta
    expected = float(np.sum(-0.5 * np.log(2 * np.pi * sigma**2) - residual**2 / (2 * sigma**2)))
    found = module.ell(theta, x, y, sigma)
    assert abs(found - expected) <= 8 * np.finfo(float).eps * abs(expected)
