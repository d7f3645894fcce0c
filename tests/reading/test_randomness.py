r"""Expectations are taken of what is random; a name that nothing declares is not taken for a constant there.

Takes: small documents. Gives: tests. Guarantees: whole messages.
"""

from __future__ import annotations

import pytest

from eqcompiler.errors import Source
from eqcompiler.languages.statements import Statement
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document

SUM = r"\operatorname{Var}[X + Y] = \operatorname{Var}[X] + \operatorname{Var}[Y]"
NORMAL = r"\mu, \nu \in \mathbb{R}, \quad \sigma, \tau > 0, \quad X \sim \mathcal{N}(\mu, \sigma^2)"


def statements(*displays: str) -> tuple[Statement, ...]:
    source = Source("random.tex", "\n".join(rf"\[ {display} \]" for display in displays))
    return type_document(source, formulas(source)).statements


def errors(*displays: str) -> list[str]:
    return [str(s.error) for s in statements(*displays) if s.error]


def test_the_variance_of_names_that_nothing_declares_is_not_zero() -> None:
    assert errors(SUM) == [
        "random.tex:1:23: nothing says whether X, Y is random\n"
        f"    \\[ {SUM} \\]\n"
        "                          ^^^^^\n"
        r"  to fix: declare a distribution, X \sim \mathcal{N}(\mu, \sigma^2), or a constant, \in \mathbb{R}"
    ]


@pytest.mark.parametrize(
    ("declared", "claim", "what"),
    [
        (r"X, Y \in \mathbb{R}", SUM, "nothing in 'X + Y' is random"),
        (r"c \in \mathbb{R}", r"\mathbb{E}[c] = c", "nothing in 'c' is random"),
        (NORMAL, SUM, "nothing says whether Y is random"),
        (NORMAL, r"\mathbb{E}[a X] = a \mu", "nothing says whether a is random"),
        (NORMAL, r"\operatorname{Cov}[X, \mu] = 0", r"nothing in '\mu' is random"),
    ],
)
def test_what_is_not_random_is_asked_about(declared: str, claim: str, what: str) -> None:
    (error,) = errors(declared, claim)
    assert error.splitlines()[0].endswith(what)


def test_names_with_a_distribution_each_are_noted_as_independent() -> None:
    found = statements(NORMAL, r"Y \sim \mathcal{N}(\nu, \tau^2)", SUM)
    assert not [s.error for s in found if s.error]
    assert found[-1].inferred == ("X, Y: drawn independently, each has a distribution of its own",)


def test_randomness_comes_through_definitions() -> None:
    assert errors(NORMAL, r"Z = 2 X + 1", r"\mathbb{E}[Z] = 2 \mu + 1") == []
