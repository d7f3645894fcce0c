"""The nearest repair of a false claim: what the author most likely meant, and never something that is false too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import SCALAR, Call, Number, Symbol
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification import repairs
from eqcompiler.verification.edits import edits
from eqcompiler.verification.instruments import standard
from eqcompiler.verification.judge import verify
from eqcompiler.verification.problems import problem_of
from eqcompiler.verification.rebuilding import called, exchanged, factors, multiplied, product, transposed


def read(*lines: str) -> tuple[Document, Claim]:
    source = Source("claim.tex", "\n".join(rf"\[ {line} \]" for line in lines))
    document = type_document(source, formulas(source), ())
    assert [s.error for s in document.statements if s.error] == []
    return document, next(s.payload for s in reversed(document.statements) if isinstance(s.payload, Claim))


def printed(document: Document) -> Callable[[Claim], str | None]:
    """Offers everything."""
    return lambda claim: term_latex(document, claim.right)


DATA = r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^{m}, \quad \theta \in \mathbb{R}^{n}, \quad \lambda > 0"
LOSS = r"J(\theta) = \frac{1}{m} \|X \theta - y\|_2^2"
SQUARE = r"A, B \in \mathbb{R}^{n \times n}, \quad c \in \mathbb{R}"
QUADRATIC = r"B \in \mathbb{R}^{n \times n}, \quad X \in \mathbb{R}^{n \times n}", r"f(X) = \operatorname{tr}(X^T B X)"

# What is wrong, the file with the claim in the end, the right side that is offered.
REPAIRED = [
    ("sign", (DATA, LOSS, r"\nabla J = -\frac{2}{m} X^T (X \theta - y)"), r"\frac{2}{m} X^\top (X \theta - y)"),
    ("sign inside", (DATA, LOSS, r"\nabla J = \frac{2}{m} X^T (X \theta + y)"), r"\frac{2}{m} X^\top (X \theta - y)"),
    ("factor 2", (DATA, LOSS, r"\nabla J = \frac{1}{m} X^T (X \theta - y)"), r"\frac{2}{m} X^\top (X \theta - y)"),
    ("1/m", (DATA, LOSS, r"\nabla J = 2 X^T (X \theta - y)"), r"\frac{1}{m} \cdot 2 X^\top (X \theta - y)"),
    ("the other size", (DATA, LOSS, r"\nabla J = \frac{2}{n} X^T (X \theta - y)"), r"\frac{2}{m} X^\top (X \theta - y)"),
    ("dropped term", (DATA, LOSS, r"\nabla J = \frac{2}{m} X^T X \theta"), r"\frac{2}{m} X^\top (X \theta - y)"),
    ("transpose", (SQUARE, r"\frac{\partial}{\partial A} \operatorname{tr}(A B) = B"), r"B^\top"),
    (
        "layout",
        (r"a, b \in \mathbb{R}^n, M \in \mathbb{R}^{n \times n}", r"\frac{\partial \, a^T M b}{\partial M} = b a^T"),
        r"a b^\top",
    ),
    ("order", (SQUARE, r"(A B)^{-1} = A^{-1} B^{-1}"), r"B^{-1} A^{-1}"),
    ("inverse", (SQUARE, r"(A B)^{-1} = B^{-1} A"), r"B^{-1} A^{-1}"),
    ("power", (SQUARE, r"\det(c A) = c \det(A)"), r"c^n \det(A)"),
    ("power off by one", (SQUARE, r"\det(c A) = c^{n-1} \det(A)"), r"c^n \det(A)"),
    ("one symbol for another", (SQUARE, r"(A + B) A = A^2 + A A"), r"A^2 + B A"),
    ("X for I", (SQUARE, r"\frac{\partial}{\partial A} \operatorname{tr}(A) = A"), r"I"),
    ("twin of a term", (*QUADRATIC, r"\frac{\partial f}{\partial X} = B X"), r"B X + B^\top X"),
    ("two changes", (r"x \in \mathbb{R}", r"f(x) = \sin x", r"f'(x) = -\sin x"), None),
    ("cosine for sine", (r"x \in \mathbb{R}", r"f(x) = \sin x", r"f'(x) = \sin x"), r"\cos(x)"),
    ("index", (r"A \in \mathbb{R}^{n \times n}", r"(A^T)_{ij} = A_{ij}"), r"A_{ji}"),
    ("bound", (r"n \in \mathbb{N}", r"\sum_{i=1}^{n} i = \frac{n (n - 1)}{2}"), r"\frac{n (n + 1)}{2}"),
]


@pytest.mark.parametrize(("what", "lines", "offered"), REPAIRED, ids=[what for what, _, _ in REPAIRED])
def test_the_nearest_repair(what: str, lines: tuple[str, ...], offered: str | None) -> None:
    document, claim = read(*lines)
    assert repairs.nearest(document, claim, printed(document)) == offered


@pytest.mark.parametrize(("lines", "offered"), [(lines, offered) for _, lines, offered in REPAIRED if offered])
def test_the_repair_put_in_place_is_proved(lines: tuple[str, ...], offered: str) -> None:
    left = lines[-1].split(" = ", 1)[0]
    source = Source("claim.tex", "\n".join(rf"\[ {line} \]" for line in (*lines[:-1], f"{left} = {offered}")))
    assert [v.verdict for v in verify(type_document(source, formulas(source), ()))] == ["proved"]


def test_what_is_not_confirmed_is_not_offered() -> None:
    document, claim = read(SQUARE, r"(A B)^{-1} = A^{-1} B^{-1}")
    assert repairs.nearest(document, claim, lambda claim: None) is None


def test_a_repair_far_away_is_derived() -> None:
    document, claim = read(SQUARE, r"\frac{\partial}{\partial A} \operatorname{tr}(A^T B A) = c B^2")
    assert repairs.nearest(document, claim, printed(document)) is None
    assert standard().repair(document, claim, None, None) == r"(B^\top + B) A"


def test_a_point_without_a_value_says_nothing() -> None:
    document, claim = read(r"A \in \mathbb{R}^{n \times n}", r"\frac{\partial \det(A)}{\partial A} = \det(A) A^{-1}")
    assert repairs.nearest(document, claim, printed(document)) == r"\det(A) A^{-\top}"


def test_edits_are_typed_distinct_and_in_one_order() -> None:
    document, claim = read(DATA, LOSS, r"\nabla J = -\frac{2}{m} X^T (X \theta - y)")
    pool = repairs.pool_of(problem_of(document, claim), claim)
    found = list(edits(claim.right, pool))
    assert len(found) == len(set(found)) > 100
    assert {(new.type.shape, new.type.row) for new in found} == {(claim.right.type.shape, False)}
    assert claim.right not in found
    assert found == list(edits(claim.right, pool))


def test_a_part_that_does_not_fit_is_refused() -> None:
    document, _ = read(DATA, LOSS, r"\nabla J = 0")
    x, y = (Symbol(document.symbols[name].type, name) for name in ("X", "y"))  # type: ignore[arg-type]
    assert multiplied(x, y) is None
    assert multiplied(transposed(x), y) == Call(replace(y.type, shape=x.type.shape[1:]), "matmul", (transposed(x), y))
    assert called("add", (x, y)) is None
    assert called("inverse", (x,)) is None
    assert called("trace", (multiplied(transposed(x), x),)) is not None  # type: ignore[arg-type]
    assert product((x, x)) is None
    gram = multiplied(transposed(x), x)
    assert gram is not None
    assert factors(gram) == (transposed(x), x)
    assert exchanged(gram, (0,), x) is None


def test_a_sum_of_whole_numbers_and_halves_is_not_whole() -> None:
    one, half = Number(replace(SCALAR, domain="integer"), 1), Number(SCALAR, 0.5)  # type: ignore[arg-type]
    total, twice = called("add", (one, half)), called("add", (one, one))
    assert total is not None
    assert twice is not None
    assert (total.type.domain, twice.type.domain) == ("real", "integer")
