r"""A sum of entries or a norm that is 1, alone in a display: assumed of a free name, claimed of a defined one."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

WEIGHTS = r"\[ \pi_k > 0, \; k = 1, \dots, K \]"
SUM = r"\[ \sum_{k=1}^K \pi_k = 1 \]"
DEFINED = r"\[ a_k > 0, \; k = 1, \dots, K \] \[ \pi_k = \frac{2 a_k}{\sum_{j=1}^K a_j} \]"


def verdicts(text: str) -> list[str]:
    return [found.verdict for found in pipeline.verify(pipeline.document_of(Source("norms.tex", text)))]


ASSUMED = [
    WEIGHTS + SUM + r"\[ \sum_{k=1}^K 2 \pi_k = 2 \]",
    r"\[ Q \in \mathbb{R}^{n \times n} \] \[ Q^\top Q = I \] \[ \det(Q)^2 = 1 \]",
    r"\[ u \in \mathbb{R}^n \] \[ u^\top u = 1 \] \[ (u u^\top)^2 = u u^\top \]",
    r"\[ u \in \mathbb{R}^n \] \[ \|u\|_2^2 = 1 \] \[ (u u^\top)^2 = u u^\top \]",
]


@pytest.mark.parametrize("text", ASSUMED)
def test_a_free_name_is_normed(text: str) -> None:
    assert verdicts(text) == ["proved"]


CLAIMED = [
    (WEIGHTS + SUM, ["refuted"]),  # nothing follows that could use it
    (r"Let $x \in \mathbb{R}^n$. \[ x^\top x = 1 \]", ["conditional"]),
    (r"Let $x \in \mathbb{R}^n$. \[ x^\top x = 1 \quad \text{if } n = 1 \]", ["conditional"]),
    (r"Let $x \in \mathbb{R}^n$ with $x^\top x = 1$.", []),
    (r"Let $x \in \mathbb{R}^n$. \[ x^\top x = 1 \] \[ \text{as claimed.} \]", ["conditional"]),
    (WEIGHTS + "Hence" + SUM + r"\[ \sum_{k=1}^K 2 \pi_k = 2 \]", ["refuted", "refuted"]),
    (DEFINED + SUM + r"\[ \sum_{k=1}^K 2 \pi_k = 4 \]", ["refuted", "proved"]),
    (WEIGHTS + SUM + r"\[ \sum_{k=1}^K \pi_k^2 = 1 \]", ["conditional"]),
    (WEIGHTS + SUM + r"\[ \sum_{k=1}^K (\pi_k + 1) = 2 \]", ["conditional"]),
]


@pytest.mark.parametrize(("text", "found"), CLAIMED)
def test_nothing_more_is_assumed(text: str, found: list[str]) -> None:
    judged = verdicts(text)
    assert len(judged) == len(found)
    assert all(one == other or {one, other} == {"refuted", "conditional"} for one, other in zip(judged, found, strict=True))


RANGES = [
    r"\[ n \ge 1 \] \[ \sum_{k=0}^{n-1} (2k + 1) = n^2 \]",
    r"\[ a \in \mathbb{R}, \; n \ge 1 \] \[ (a - 1) \sum_{k=0}^{n-1} a^k = a^n - 1 \]",
]


@pytest.mark.parametrize("text", RANGES)
def test_the_end_of_a_sum_to_n_minus_1_is_a_size(text: str) -> None:
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace("n-1}", "n}")) != ["proved"]
