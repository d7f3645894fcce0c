"""Letters that name nothing do not stop a file from being read."""

from __future__ import annotations

from eqcompiler.errors import Source
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document


def test_the_marks_of_a_set_of_definite_matrices_are_no_name() -> None:
    source = Source("a.tex", r"\[ A \in \mathbb{S}^{n}_{++} \]" + "\n" + r"\[ A A^{-1} = I \]")
    statements = type_document(source, formulas(source), ()).statements
    assert [(s.kind, s.error) for s in statements] == [("declaration", None), ("claim: equality", None)]
