r"""A 0 that fills a row or a column of blocks: as many zeros as fit, of any number where nothing says so."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source

DECLARED = r"$X \in \mathbb{R}^{m \times n}$, $B \in \mathbb{R}^{n \times n}$, $y, v \in \mathbb{R}^m$, $w \in \mathbb{R}^n$."


def column(*parts: str) -> str:
    return r"\begin{pmatrix} " + r" \\ ".join(parts) + r" \end{pmatrix}"


def judged(claim: str) -> str:
    return pipeline.verify(pipeline.document_of(Source("blocks.tex", f"{DECLARED} \\[ {claim} \\]")))[-1].verdict


@pytest.mark.parametrize(
    "claim",
    [
        rf"\| {column('X', '2 I')} w - {column('y', '0')} \|_2^2 = \| X w - y \|_2^2 + 4 \| w \|_2^2",
        rf"{column('X', '0')} w + {column('0', 'B')} w = {column('X w', 'B w')}",
        rf"\begin{{pmatrix}} X & 0 \end{{pmatrix}} {column('w', 'y')} = X w",
        rf"\| {column('y', '0')} \|_2^2 = \| y \|_2^2",
        rf"{column('y', '0')} + {column('v', '0')} = {column('y + v', '0')}",
        rf"{column('1', '0')}^\top {column('0', '1')} = 0",
    ],
)
def test_zeros_fit_their_place(claim: str) -> None:
    assert judged(claim) == "proved"


@pytest.mark.parametrize(
    "claim",
    [
        rf"\| {column('X', '2 I')} w - {column('y', '0')} \|_2^2 = \| X w - y \|_2^2 + 2 \| w \|_2^2",
        rf"\| {column('X', '2 I')} w - {column('0', 'w')} \|_2^2 = \| X w - y \|_2^2 + \| w \|_2^2",
        rf"\| {column('y', '0')} + {column('v', '0')} \|_2^2 = \| y \|_2^2 + \| v \|_2^2",
        rf"{column('X', '0')} w = {column('0', 'X')} w",
        rf"{column('y', '0')} = {column('0', 'y')}",
    ],
)
def test_zeros_hide_no_mistake(claim: str) -> None:
    assert judged(claim) in ("refuted", "conditional")
