"""Operations that stand for others in the proof checker, and its derivatives of functions, against numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from test_replay import read
from test_replay_rules import differs

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import SCALAR, Call, Derivative, Number, Symbol, Term
from eqcompiler.verification.defined_operations import DEFINED, DETERMINANTS, SLOPES, det, of

DOCUMENT, _ = read(
    r"t, d \in (0, 1), \quad s > 1, \quad n, k \in \mathbb{N}, \quad 1 \le k \le n, \quad x \in \mathbb{R}^m",
    r"A \in \mathbb{R}^{m \times p}, \quad B, C \in \mathbb{R}^{m \times m}, \quad D \in \mathbb{R}^{p \times p}",
    r"\|x\|_1 + \|A\|_F = \|A\|_F + \|x\|_1",
)


def symbol(name: str) -> Symbol:
    type_ = DOCUMENT.symbols[name].type
    assert isinstance(type_, terms.Type)
    return Symbol(type_, name)


t, d, s, x, A, B, C, D = map(symbol, ("t", "d", "s", "x", "A", "B", "C", "D"))
n, k = (terms.Size(terms.INTEGER, Dimension.of(name)) for name in "nk")
OPERANDS: dict[str, tuple[Term, ...]] = {
    "min": (t, d),
    "binomial": (n, k),
    "factorial": (n,),
    "norm1": (x,),
    "norm2": (x,),
    "normF": (A,),
    "softmax": (x,),
    "acosh": (s,),
}


@pytest.mark.parametrize("name", DEFINED)
def test_an_operation_is_what_it_stands_for(name: str) -> None:
    operands = OPERANDS.get(name, (t,))
    type_ = x.type if name == "softmax" else SCALAR
    stands_for = DEFINED[name](*operands)
    assert stands_for.type.shape == type_.shape
    assert not differs((Call(type_, name, operands), stands_for), DOCUMENT)
    assert differs((Call(type_, name, operands), of("mul", stands_for, Number(SCALAR, Fraction(2)))), DOCUMENT)


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_is_the_derivative(name: str) -> None:
    (u,) = OPERANDS.get(name, (t,))
    assert isinstance(u, Symbol)
    slope = Derivative(SCALAR, Call(SCALAR, name, (u,)), u.name)
    assert not differs((slope, SLOPES[name](u)), DOCUMENT)
    assert differs((slope, of("mul", SLOPES[name](u), Number(SCALAR, Fraction(2)))), DOCUMENT)


MATRICES: dict[str, tuple[Term, ...]] = {
    "matmul": (B, C),
    "mul": (t, B, d),
    "matpow": (B, Number(SCALAR, Fraction(2))),
    "kron": (B, D),
    "diag": (x,),
}


@pytest.mark.parametrize("name", DETERMINANTS)
def test_a_determinant_is_multiplied_out(name: str) -> None:
    operands = MATRICES.get(name, (B,))
    (m,), (p,) = x.type.shape, D.type.shape[:1]
    matrix = Call(terms.Type((m * p, m * p) if name == "kron" else (m, m)), name, operands)
    value = DETERMINANTS[name](*operands)
    assert value is not None
    assert not differs((det(matrix), value), DOCUMENT)
    assert differs((det(matrix), of("mul", value, Number(SCALAR, Fraction(2)))), DOCUMENT)


def test_other_determinants_stay() -> None:
    """det(A A^T) is no product of determinants, nor is that of a product entry by entry."""
    turned = Call(terms.Type(A.type.shape[::-1]), "transpose", (A,))
    assert [DETERMINANTS["matmul"](A, turned), DETERMINANTS["mul"](B, C)] == [None, None]
