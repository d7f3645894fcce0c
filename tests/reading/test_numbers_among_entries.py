r"""1 - h \odot h: a written number among arrays that are taken entry by entry; powers and quotients of entries."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

GIVEN = (
    r"\[ v, a, h \in \mathbb{R}^n, A \in \mathbb{R}^{n \times n}, \lambda \in \mathbb{R}, \sigma(t) = \frac{1}{1 + e^{-t}} \] "
)


def verdict(claim: str) -> tuple[str, str]:
    found = pipeline.verify(pipeline.document_of(Source("e.tex", f"{GIVEN} \\[ {claim} \\]")))[-1]
    return found.verdict, found.reason


@pytest.mark.parametrize(
    "claim",
    [
        r"A + 1 = A + I",
        r"A + \lambda = A + \lambda I",
        r"a + 1 = a + \mathbf{1}",
        r"\mathbf{1} = 1 - a + a",
        r"A (1 + A \odot A + A) = A",
        r"\sigma(a) - \lambda = \sigma(a) - \lambda \mathbf{1}",
    ],
)
def test_without_an_operation_on_entries_it_stays_an_error(claim: str) -> None:
    found, reason = verdict(claim)
    assert found in ("refuted", "unsupported")
    assert "cannot be added" in reason


@pytest.mark.parametrize(
    ("claim", "read"),
    [
        (r"v \odot (1 - a) = v - v \odot a", "1 stands in every entry beside 'a'"),
        (r"\mathbf{1} - h \odot h = 1 - h \odot h", "1 stands in every entry beside 'h \\odot h'"),
        (r"A \odot (2 - A) = 2 A - A \odot A", "2 stands in every entry beside 'A'"),
        (r"\sigma(-a) = 1 - \sigma(a)", "1 stands in every entry beside '\\sigma(a)'"),
        (r"\tanh(a) \odot \tanh(a) = 1 - (1 - \tanh^2(a))", "1 stands in every entry beside '\\tanh^2(a)'"),
        (r"\exp(1 + a) = e \exp(a)", "1 stands in every entry beside 'a'"),
    ],
)
def test_an_operation_on_entries_shows_it_and_the_verdict_says_so(claim: str, read: str) -> None:
    found, reason = verdict(claim)
    assert found == "proved"
    assert f"Read so: {read}." in reason


def test_check_says_what_was_inferred() -> None:
    document = pipeline.document_of(Source("e.tex", GIVEN + r"\[ u = v \odot (1 - a) \]"))
    assert pipeline.check_rows(document)[-1]["inferred"] == ["1 stands in every entry beside 'a'"]


@pytest.mark.parametrize(
    "wrong",
    [r"v \odot (1 - a) = v + v \odot a", r"1 - h \odot h = \mathbf{1} - h", r"A \odot (1 - A) = A - A A"],
)
def test_what_is_wrong_with_ones_is_not_accepted(wrong: str) -> None:
    assert verdict(wrong)[0] in ("refuted", "conditional")


@pytest.mark.parametrize(
    "claim",
    [
        r"a^{\odot 2} = a \odot a",
        r"A^{\circ 3} = A \odot A \odot A",
        r"(v \oslash a) \odot a = v",
        r"1 \oslash a = a^{\odot -1}",
    ],
)
def test_powers_and_quotients_of_entries(claim: str) -> None:
    assert verdict(claim)[0] == "proved"


@pytest.mark.parametrize("wrong", [r"A^{\circ 2} = A^2", r"v \oslash a = a \oslash v", r"a^{\odot 3} = a \odot a"])
def test_they_are_no_matrix_powers(wrong: str) -> None:
    assert verdict(wrong)[0] in ("refuted", "conditional")
