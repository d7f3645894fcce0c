"""The verifier with one part broken on purpose: the broken part believes a false claim, the judge does not.

Each mutant must be able to do harm (the prover alone proves something false), and must be caught: by a fault of the compiler
that names the contradiction, or by a verdict that does not accept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sympy

from eqcompiler.calculus import derive, index_algebra, operations
from eqcompiler.calculus.monomials import Normal
from eqcompiler.calculus.normal_form import Tensor, tensors
from eqcompiler.errors import CompilerFault, Source
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document
from eqcompiler.verification import proofs
from eqcompiler.verification.judge import verify
from eqcompiler.verification.proofs import Proof, Residual, prove
from eqcompiler.verification.replaying import replayed

Break = Callable[[pytest.MonkeyPatch], None]
KEPT = [part for module in (index_algebra, proofs) for part in vars(module).values() if hasattr(part, "cache_clear")]


def forget() -> None:
    """What a whole part computed must not hide that it is broken, nor what a broken part computed outlive it."""
    for part in KEPT:
        part.cache_clear()


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    forget()
    yield
    forget()


def scaled_derivative(factor: sympy.Rational) -> Break:
    def break_it(patch: pytest.MonkeyPatch) -> None:
        original = derive.contribution  # type: ignore[attr-defined]
        patch.setattr(derive, "contribution", lambda *parts: factor * original(*parts))

    return break_it


def delta_that_contracts_nothing(patch: pytest.MonkeyPatch) -> None:
    def forgetful(factors: list[sympy.Expr], limits: index_algebra.Limits, ranges: index_algebra.Ranges) -> sympy.Expr:
        kept = [factor for factor in factors if not isinstance(factor, sympy.KroneckerDelta)]
        return index_algebra.with_limits(sympy.Sum, sympy.Mul(*kept), (limits,))

    patch.setattr(index_algebra, "_sum_of_dependent", forgetful)


def transpose_that_turns_nothing(patch: pytest.MonkeyPatch) -> None:
    rules: Any = operations.OPERATION_RULES
    patch.setitem(rules, "transpose", lambda low, call, at, frame: low.entry(call.arguments[0], at, frame))


def everything_symmetric(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(proofs, "_words", lambda conditions: {"A": {"symmetric": None}, "B": {"symmetric": None}})


def normal_form_without_its_last_term(patch: pytest.MonkeyPatch) -> None:
    def shortened(program: Any) -> dict[str, Tensor]:
        return {n: Tensor(t.axes, Normal(t.body.terms[:1])) for n, t in tensors(program).items()}

    patch.setattr(proofs, "tensors", shortened)


def prover_that_proves_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(proofs._Search, "by_normal_forms", lambda search: search.proof("index normal form"))


SQUARE = r"A, B \in \mathbb{R}^{n \times n}"
MUTANTS: dict[str, tuple[Break, tuple[str, ...]]] = {
    "a derivative off by 1.0005": (
        scaled_derivative(sympy.Rational(10_005, 10_000)),
        (r"x \in \mathbb{R}^n", r"f(x) = x^T x", r"\nabla f(x) = 2.001 x"),
    ),
    "a derivative with the wrong sign": (
        scaled_derivative(sympy.Integer(-1)),
        (r"x \in \mathbb{R}^n", r"f(x) = x^T x", r"\nabla f(x) = -2 x"),
    ),
    "a delta that contracts nothing": (
        delta_that_contracts_nothing,
        (r"x \in \mathbb{R}^n, \quad i = 1, \dots, n", r"\sum_{j=1}^{n} \delta_{ij} x_j = \sum_{j=1}^{n} x_j"),
    ),
    "a transpose that turns nothing": (transpose_that_turns_nothing, (SQUARE, r"(A B)^T = A B")),
    "every matrix taken as symmetric": (everything_symmetric, (SQUARE, r"(A B)^T = B A")),
    "a normal form that drops a term": (normal_form_without_its_last_term, (SQUARE, r"A + B = A")),
    "a prover that proves everything": (prover_that_proves_everything, (SQUARE, r"A B = B A")),
}


def read(lines: tuple[str, ...]) -> tuple[Document, Claim]:
    source = Source("mutant.tex", "\n".join(rf"\[ {line} \]" for line in lines))
    document = type_document(source, formulas(source), ())
    assert [s.error for s in document.statements if s.error] == []
    return document, next(s.payload for s in document.statements if isinstance(s.payload, Claim))


@pytest.mark.parametrize(("break_it", "lines"), MUTANTS.values(), ids=MUTANTS)
def test_a_broken_part_is_caught(break_it: Break, lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    document, claim = read(lines)
    assert isinstance(prove(document, claim), Residual)
    assert [v.verdict in ("refuted", "conditional") for v in verify(document)] == [True]
    break_it(monkeypatch)
    forget()
    document, claim = read(lines)
    assert isinstance(prove(document, claim), Proof)
    with pytest.raises(CompilerFault, match=r"is proved .* but differs at an exact point"):
        verify(document)


@pytest.mark.parametrize(("break_it", "lines"), MUTANTS.values(), ids=MUTANTS)
def test_a_broken_part_is_caught_by_the_replay_alone(
    break_it: Break, lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number is computed here: the separate checker alone sees that the proof is wrong."""
    document, claim = read(lines)
    break_it(monkeypatch)
    proof = prove(document, claim)
    assert isinstance(proof, Proof)
    with pytest.raises(CompilerFault, match=r"is not what the proof says|do not lead to zero"):
        replayed(document, claim, proof)
