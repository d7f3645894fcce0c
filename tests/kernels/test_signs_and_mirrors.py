"""Signs leave products of matrices, and one half of a symmetric matrix is read: what plans then hold, and what they keep."""

from __future__ import annotations

import pytest
import sympy
from kernel_cases import A, I, K, L, M, N, X, i, j, k, m, n, theta, value, x
from sympy import Sum

from eqcompiler.kernels import plan
from eqcompiler.kernels.turn_signs import turn_signs
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, tensor

B, r = tensor("B"), tensor("r")
DATA = (Input("X", (M, N)), Input("theta", (N,)))
MINUS = -Sum(X[i, j] * theta[j], (j, 1, n))
SYMMETRIC = Input("A", (N, N), assumptions=("symmetric",))


def test_a_value_that_is_only_negated_loses_its_sign_and_its_users_take_it():
    program = Program(
        DATA,
        (Indexed("r", (I,), MINUS), Indexed("p", (I,), sympy.exp(r[i]) - r[i])),
        ("p",),
    )
    assert turn_signs(program).definitions == (
        Indexed("r", (I,), -MINUS),
        Indexed("p", (I,), sympy.exp(-r[i]) + r[i]),
    )


def test_signs_inside_of_a_sum_stand_before_it():
    program = Program(DATA, (Indexed("r", (I,), Sum(-X[i, j] * theta[j], (j, 1, n))),), ("r",))
    assert turn_signs(program).definitions == (Indexed("r", (I,), MINUS),)


KEPT = {
    "an output": Program(DATA, (Indexed("r", (I,), MINUS),), ("r",)),
    "what a whole-tensor operation reads": Program(
        (Input("A", (N, N)),),
        (Indexed("S", (K, L), -A[K.index, L.index]), Intrinsic("d", (), "det", ("S",))),
        ("d",),
    ),
    "signs of both kinds": Program(
        (*DATA, Input("y", (M,))),
        (Indexed("r", (I,), MINUS + tensor("y")[i]), Indexed("p", (I,), r[i] ** 2)),
        ("p",),
    ),
}


@pytest.mark.parametrize("case", sorted(KEPT))
def test_the_sign_stays_with(case):
    assert turn_signs(KEPT[case]) == KEPT[case]


def test_a_product_up_to_its_sign_is_one_call():
    negative = Indexed("B", (Axis(k, sympy.Integer(1), n), Axis(j, sympy.Integer(1), n)), -Sum(X[i, k] * X[i, j], (i, 1, m)))
    applied = Indexed("f", (Axis(k, sympy.Integer(1), n),), Sum(B[k, j] * theta[j], (j, 1, n)))
    text = str(plan(value("f", DATA, negative, applied)))
    assert "B[k, j] := -" not in text


def quadratic(matrix: Input) -> KernelRequest:
    """A x + A' x."""
    both = Sum(A[k, j] * x[j], (j, 1, n)) + Sum(A[j, k] * x[j], (j, 1, n))
    return value("f", (matrix, Input("x", (N,))), Indexed("f", (Axis(k, sympy.Integer(1), n),), both))


def test_a_symmetric_matrix_is_read_once():
    size = sympy.Symbol("n", integer=True, positive=True)
    assert plan(quadratic(SYMMETRIC)).operations().flops == 2 * size**2 + size
    assert plan(quadratic(SYMMETRIC)).operations().reads["A"] == size**2


def test_any_other_matrix_is_read_both_ways():
    size = sympy.Symbol("n", integer=True, positive=True)
    assert sympy.Poly(plan(quadratic(Input("A", (N, N)))).operations().flops, size).coeff_monomial(size**2) == 4
