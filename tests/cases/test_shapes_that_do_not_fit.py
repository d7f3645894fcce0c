r"""A lost transpose is refuted by its shapes; what is offered instead was read in its place and is true there."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document, Misfit, Statement
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.reading.near_sides import MOST

MODEL = r"""$X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $\theta \in \mathbb{R}^n$, $A \in \mathbb{R}^{n \times n}$.
Let $\lambda > 0$.
\[ J(\theta) = \frac{1}{m} \|X\theta - y\|^2, \quad P(\theta) = \|X\theta - y\|^2 + \lambda \|\theta\|^2 \]
\[ s = \tanh(X \theta) \]
"""


def read(claim: str) -> tuple[Document, Statement]:
    document = pipeline.document_of(Source("shapes.tex", MODEL + rf"\[ {claim} \]"))
    return document, document.statements[-1]


def judged(claim: str) -> Verdict:
    document, _ = read(claim)
    return pipeline.verify(document)[-1]


# (claim, what is offered): one small change in the author's notation, else what is derived; nothing where nothing is known
OFFERED = [
    (r"\nabla_\theta J = \frac{2}{m} X (X\theta - y)", r"\frac{2}{m} X^\top (X\theta - y)"),
    (r"\nabla_\theta J = \frac{2}{m} (X\theta - y) X^\top", r"\frac{2}{m} X^\top (X\theta - y)"),
    (r"\nabla_\theta J = \frac{2}{m} (X\theta - y)^T X", r"(\frac{2}{m} (X\theta - y)^T X)^T"),
    (r"\nabla_\theta J = \frac{1}{m} X (X\theta - y)", r"\frac{2}{m} X^\top (X \theta - y)"),
    (r"\nabla_\theta^2 P = 2 X^\top X + 2 \lambda", r"2 X^\top X + 2 \lambda I"),
    (r"\theta^\top A \theta = \theta A^\top \theta", r"\theta^\top A^\top \theta"),
    (r"(A^{-1})^\top \theta = (\theta A^{-1})^\top", r"(\theta^\top A^{-1})^\top"),
    (r"\|X\theta\|^2 = \theta^\top X X^\top \theta", r"\theta^\top X^\top X \theta"),
    (r"\operatorname{tr}(A) = A + \theta", None),
]


@pytest.mark.parametrize(("claim", "offered"), OFFERED)
def test_what_is_offered(claim: str, offered: str | None) -> None:
    found = judged(claim)
    assert (found.verdict, found.method, found.repair) == ("refuted", "shapes", offered)


def test_an_offer_is_read_in_its_place_and_proved() -> None:
    for claim, offered in OFFERED:
        left = claim.partition(" = ")[0]
        assert offered is None or judged(f"{left} = {offered}").verdict == "proved"


def test_few_texts_near_a_long_side() -> None:
    """Each costs another look at the file."""
    _, statement = read(r"\nabla_\theta J = " + " + ".join([r"X (X\theta - y)"] * 40))
    assert isinstance(statement.payload, Misfit)
    assert len(statement.payload.near) == MOST == len(set(statement.payload.near))


def test_nothing_changes_inside_of_a_macro() -> None:
    """A change of its text would change every place that uses it."""
    body = MODEL + r"\newcommand{\res}{(X\theta - y)} \[ \nabla_\theta J = \frac{2}{m} X \res \]"
    found = pipeline.verify(pipeline.document_of(Source("macro.tex", body)))[-1]
    assert (found.verdict, found.repair) == ("refuted", r"\frac{2}{m} X^\top \res")


@pytest.mark.parametrize("member", [r"x_i^\top", r"x_i^{\top}", r"x^\top_i", r"x_{i}^T"])
def test_a_transpose_goes_without_the_index_beside_it(member: str) -> None:
    data = r"$x_i, w \in \mathbb{R}^n$, $i = 1, \dots, m$. \[ J(w) = \sum_{i=1}^m w^\top x_i \]"
    source = Source("members.tex", rf"{data} \[ \nabla J(w) = \sum_{{i=1}}^m {member} \]")
    found = pipeline.verify(pipeline.document_of(source))[-1]
    assert (found.verdict, found.repair) == ("refuted", rf"\sum_{{i=1}}^m {'x_{i}' if '{i}' in member else 'x_i'}")


SYLVESTER = r"""\[ A \in \mathbb{R}^{m \times m}, B \in \mathbb{R}^{n \times n}, X \in \mathbb{R}^{n \times m} \]
\[ \operatorname{vec}(B X + X A) = (I \otimes B + A^\top \otimes I) \operatorname{vec}(X) \]"""


def test_sizes_that_nothing_says_refute_no_claim() -> None:
    """Each I has a size that makes the claim true; no one of them follows from the sum alone."""
    (found,) = pipeline.verify(pipeline.document_of(Source("sum.tex", SYLVESTER)))
    assert (found.verdict, found.reason) == ("unsupported", "sum.tex:2:37: nothing says how large the terms of this sum are")
    named = SYLVESTER.replace(r"(I \otimes", r"(I_m \otimes").replace(r"\otimes I)", r"\otimes I_n)")
    assert [v.verdict for v in pipeline.verify(pipeline.document_of(Source("sum.tex", named)))] == ["proved"]
