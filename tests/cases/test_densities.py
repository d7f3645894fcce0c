r"""Row B15 and its like: a density owes that its total is 1 and that it is nowhere negative. Wrong ones first."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Verdict

EQUATIONS = Path(__file__).resolve().parents[2] / "equations"
DECLARED = r"""
\[ \mu \in \mathbb{R}, \quad \sigma > 0, \quad b > 0, \quad \lambda > 0, \quad \alpha > 0, \quad 0 < \theta < 1 \]
\[ t \sim \operatorname{Exp}(\lambda), \quad k \sim \operatorname{Poisson}(\lambda), \quad u \sim \mathcal{U}(1, 3) \]
\[ g \sim \operatorname{Gamma}(\alpha, \lambda) \]
\[ c \sim \operatorname{Bernoulli}(\theta) \]
"""


def document(*displays: str) -> Document:
    return pipeline.document_of(Source("densities.tex", DECLARED + "\n".join(rf"\[ {d} \]" for d in displays)))


def owed(display: str) -> Verdict:
    (verdict,) = pipeline.verify(document(display))
    assert verdict.kind == "density"
    return verdict


WRONG = {  # what is written, and its total at the values shown
    "no factor in front": (r"p(y \mid \mu, \sigma) = e^{-(y - \mu)^2 / (2 \sigma^2)}", "2.5066282746310005"),
    "sigma for its square": (
        r"p(y \mid \mu, \sigma) = \frac{1}{\sqrt{2 \pi \sigma}} e^{-(y - \mu)^2 / (2 \sigma^2)}",
        "1.4142135623730950",
    ),
    "twice the exponent": (
        r"p(y \mid \mu, \sigma) = \frac{1}{\sqrt{2 \pi} \sigma} e^{-(y - \mu)^2 / \sigma^2}",
        "0.70710678118654752",
    ),
    "Laplace without 1/2": (r"p(y \mid \mu, b) = \frac{1}{b} e^{-|y - \mu| / b}", "2"),
    "a rate is lost": (r"f(t \mid \lambda) = e^{-\lambda t}", "1/2"),
    "a sign in a mass": (r"p(k \mid \lambda) = \frac{\lambda^k e^{\lambda}}{k!}", "7.3890560989306502"),
    "a mass that is too large": (r"p(c \mid \theta) = \theta^c (1 - \theta)^c", "5/4"),
    "a condition of its own": (r"f(z \mid \lambda) = e^{-\lambda z} \quad \text{for } z > 0", "1/2"),
    "by quadrature": (r"f(u \mid \mu) = e^{1 - u^2}", "0.37888286174202828"),
}


RIGHT_IF = {"sigma for its square": r"\sigma = 1", "a rate is lost": r"\lambda = 1", "a condition of its own": r"\lambda = 1"}


@pytest.mark.parametrize("name", WRONG)
def test_a_total_that_is_not_1_is_refuted_with_its_value(name: str) -> None:
    display, total = WRONG[name]
    verdict = owed(display)
    assert (verdict.verdict, verdict.condition) == ("conditional" if name in RIGHT_IF else "refuted", RIGHT_IF.get(name))
    assert verdict.reason.startswith(("Taken as a density over ", "Taken as a mass function over "))
    assert f" Its total is {total} at the values shown, not 1." in verdict.reason


def test_a_wrong_sign_has_no_total_at_all() -> None:
    verdict = owed(r"p(y \mid \mu, \sigma) = \frac{1}{\sqrt{2 \pi \sigma^2}} e^{(y - \mu)^2 / (2 \sigma^2)}")
    assert (verdict.verdict, verdict.reason) == ("refuted", "Taken as a density over all real y. Its total does not exist.")


def test_where_values_are_not_said_and_half_of_them_would_do_the_author_is_asked() -> None:
    verdict = owed(r"f(s \mid \lambda) = \lambda e^{-\lambda s}")
    say = r"say which values are meant, for example \text{for } y > 0."
    assert (verdict.verdict, verdict.ok) == ("undecided", False)
    assert verdict.reason == f"Taken as a density over all real s. Its total does not exist; {say}"


def test_what_is_negative_somewhere_is_refuted_with_its_value() -> None:
    verdict = owed(r"q(v \mid \mu) = \frac{1}{\sqrt{2 \pi}} (1 + v^3) e^{-v^2 / 2}")
    assert verdict.verdict == "refuted"
    assert verdict.counterexample is not None
    assert float(str(verdict.counterexample.left)) < 0
    assert verdict.reason == "a density is negative somewhere: left its value, right its absolute value."


RIGHT = {
    "normal": r"p(y \mid \mu, \sigma) = \frac{1}{\sqrt{2 \pi \sigma^2}} e^{-(y - \mu)^2 / (2 \sigma^2)}",
    "standard normal": r"f_X(x) = \frac{1}{\sqrt{2 \pi}} e^{-x^2 / 2}",
    "Laplace": r"q(y \mid \mu, b) = \frac{1}{2 b} e^{-|y - \mu| / b}",
    "Laplace turned": r"q(y \mid \mu, b) = \frac{1}{2 b} e^{-|\mu - y| / b}",
    "exponential": r"f(t \mid \lambda) = \lambda e^{-\lambda t}",
    "Gamma": r"f(g \mid \alpha, \lambda) = \frac{\lambda^\alpha}{\Gamma(\alpha)} g^{\alpha - 1} e^{-\lambda g}",
    "uniform": r"f(u \mid \mu) = \frac{1}{2}",
    "Poisson": r"p(k \mid \lambda) = \frac{\lambda^k e^{-\lambda}}{k!}",
    "Poisson of any name": r"p(j \mid \lambda) = \frac{\lambda^j e^{-\lambda}}{j!}",
    "exponential by a condition": r"f(z \mid \lambda) = \lambda e^{-\lambda z} \quad \text{for } z > 0",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_density_is_proved(name: str) -> None:
    verdict = owed(RIGHT[name])
    assert (verdict.verdict, verdict.reason) == ("proved", "")


def test_a_mass_function_of_two_values_holds() -> None:
    assert owed(r"p(c \mid \theta) = \theta^c (1 - \theta)^{1 - c}").ok


NONE = {
    "a likelihood": r"L(\mu \mid y) = \mu^2",
    "a function with parameters": r"p(y; \mu) = \mu y",
    "no bar": r"p(y) = 2 y",
    "another label": r"f_1(y) = 2 y",
}


@pytest.mark.parametrize("name", NONE)
def test_only_what_is_written_as_a_density_is_taken_as_one(name: str) -> None:
    assert {s.kind for s in document(NONE[name]).statements} == {"declaration", "distribution", "definition"}


def test_a_density_of_a_vector_says_that_it_is_not_judged() -> None:
    found = document(r"x \in \mathbb{R}^n", r"p(x \mid \mu) = e^{-\|x\|^2}")
    assert found.statements[-1].inferred == ("taken as a density of x; its total is judged for one number only",)


@pytest.mark.parametrize("file", ["noise", "likelihood"])
def test_b15_the_density_of_the_model_is_proved_to_be_one(file: str) -> None:
    (verdict,) = (v for v in pipeline.verify(pipeline.load(EQUATIONS / f"gaussian_{file}.tex")) if v.kind == "density")
    assert (verdict.name, verdict.verdict) == ("p_density", "proved")
    assert verdict.method.startswith("a density over all real y: its total is 1 by index normal form; confirmed in balls")
