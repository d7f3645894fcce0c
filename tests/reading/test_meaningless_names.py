"""What could not be read has no meaning, and a power is no variable: no free number takes their place."""

from __future__ import annotations

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("file.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def test_a_claim_about_a_name_whose_definition_fails_is_not_judged() -> None:
    document = read(r"X \in \mathbb{R}^{m \times n}", r"H = X (X X)^{-1}, \quad M = I - H", r"M H = 0", r"X - X = 0")
    assert [v.verdict for v in pipeline.verify(document)] == ["unsupported", "unsupported", "proved"]
    assert document.statements[2].error is not None
    assert document.statements[2].error.what == "'H' has no meaning here: its definition at line 2 could not be read"


def test_a_derivative_in_a_power_is_refused() -> None:
    document = read(r"x \in \mathbb{R}^n, \quad f = x^\top x", r"\frac{\partial f}{\partial x^2} = 2 x")
    (error,) = [s.error for s in document.statements if s.error]
    assert error.what == "'x^2' is a power, no variable"


def test_the_name_of_a_square_is_printed_as_it_is_written() -> None:
    document = read(r"\sigma > 0, \quad x \in \mathbb{R}", r"f = x^2 \sigma^2", r"\frac{\partial f}{\partial \sigma^2} = 3 x^2")
    (verdict,) = pipeline.verify(document)
    assert (verdict.repair, document.symbols["sigma_squared"].latex) == ("x^2", r"\sigma^2")
