"""An equation that gives a symbol is put in everywhere, and nowhere that it would be caught by a name bound there."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition
from eqcompiler.verification.substitution import substituted

DECLARED = r"$a, b, x, y, t \in \mathbb{R}$ "


def claim_of(latex: str, given: str) -> tuple[Document, Claim, Condition]:
    document = pipeline.document_of(Source("claims.tex", rf"{DECLARED} \[ {latex} \text{{ where }} {given} \]"))
    (claim,) = (statement.payload for statement in document.statements if isinstance(statement.payload, Claim))
    return document, claim, claim.assumptions[0]


CAUGHT = {
    "an integral binds the symbol": (r"\int_0^1 x \, dx = a", "x = b"),
    "an integral binds what the value reads": (r"\int_0^1 a x \, dx = b", "a = x y"),
    "a limit binds what the value reads": (r"\lim_{t \to 0} (a + t) = b", "a = t y"),
    "a derivative acts on the symbol": (r"\frac{\partial}{\partial x} x^2 = 2 x", "x = b"),
    "the value reads the symbol": ("a = b", "a = a y"),
}


@pytest.mark.parametrize("case", sorted(CAUGHT))
def test_nothing_is_put_in_where_a_name_is_bound(case: str) -> None:
    assert substituted(*claim_of(*CAUGHT[case])) is None


def test_a_symbol_is_put_in_everywhere_else() -> None:
    found = substituted(*claim_of(r"\int_0^1 a x \, dx + a = b", "a = b y"))
    assert found is not None
    _, plain, _ = claim_of(r"\int_0^1 (b y) x \, dx + (b y) = b", "a = b y")
    assert found[1].left == plain.left
