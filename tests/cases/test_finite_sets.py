r"""Labels and codes, y^{(i)} \in \{0, 1\}: a number in a set is no index, and no other value refutes a claim about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document
from eqcompiler.languages.verdicts import Verdict

DECLARED = r"""
Labels $y^{(i)} \in \{0, 1\}$ and $t^{(i)} \in \{-1, 1\}$, $i = 1, \dots, m$.
A code $z \in \{0, 1\}^n$, a level $q \in \{1, 2, 3\}$.
"""
UNREAD = {
    r"k \in \{1, 5, 9\}": "a set of three and more numbers with gaps is not read",
    r"k \in \{u, v\}": r"the set '\{u, v\}' is not read",
    r"k \in \{0.5, 1\}": r"the set '\{0.5, 1\}' is not read",
    r"f(u) = \sum_{k \in \{1, 5, 9\}} u^k": "this set of indices is not read",
}
CLAIMS = {
    r"\sum_{i=1}^m t^{(i)} = m": "conditional",
    r"z^\top z = n": "conditional",
    r"(q - 1)(q - 2) = 0": "conditional",
    r"\sum_{i=1}^m (y^{(i)})^2 = \sum_{i=1}^m y^{(i)}": "proved",
    r"\sum_{i=1}^m (t^{(i)})^2 = m": "proved",
    r"z^\top z = \sum_{j=1}^n z_j": "proved",
    r"(q - 1)(q - 2)(q - 3) = 0": "holds",
}


def document(text: str) -> Document:
    return pipeline.document_of(Source("sets.tex", text))


@pytest.mark.parametrize("display", UNREAD)
def test_a_set_that_cannot_be_stated_is_refused_and_never_taken_for_a_range(display: str) -> None:
    (error,) = (s.error for s in document(rf"\[ {display} \]").statements if s.error)
    assert error.what == UNREAD[display]
    assert error.allowed.startswith(r"\{1, \dots, m\}")


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_judged_at_the_values_of_the_set_and_at_no_others(
    claim: str, verdicts_of: Callable[[str], tuple[Verdict, ...]]
) -> None:
    (verdict,) = verdicts_of(DECLARED + rf"\[ {claim} \]")
    assert verdict.verdict == CLAIMS[claim]


def test_a_set_with_dots_is_still_what_an_index_runs_over() -> None:
    found = document(r"$x \in \mathbb{R}^m$ \[ s = \sum_{k \in \{1, \dots, m\}} x_k \] $j \in \{1, \dots, m\}$")
    assert [str(s.error) for s in found.statements if s.error] == []
    assert str(found.definitions["s"].body.type) == "scalar"


@pytest.mark.parametrize("mark", [r"x^{(i)\top}", "x^{(i)T}", r"(x^{(i)})^\top"])
def test_a_sample_is_transposed_inside_its_superscript_too(
    mark: str, verdicts_of: Callable[[str], tuple[Verdict, ...]]
) -> None:
    claim = rf"\sum_{{i=1}}^m {mark} w = \sum_{{i=1}}^m w^\top x^{{(i)}}"
    (verdict,) = verdicts_of(r"$x^{(i)}, w \in \mathbb{R}^n$, $i = 1, \dots, m$." + rf"\[ {claim} \]")
    assert verdict.verdict == "proved"
