"""What plans look like: one visit of each row, nothing computed twice, exact operation counts; and what the checker refuses."""

from __future__ import annotations

import dataclasses

import pytest
import sympy
from kernel_cases import (
    ADJOINT,
    CASES,
    DATA,
    DESCENT_RUN,
    GRADIENT,
    HESSIAN,
    LEAST_SQUARES_GRADIENT,
    RESIDUAL,
    RIDGE_SOLUTION,
    VALUE_AND_GRADIENT,
    I,
    K,
    X,
    i,
    j,
    k,
    m,
    n,
    r,
    theta,
    value,
)

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.kernels import plan
from eqcompiler.kernels.check_loop_plan import check_loop_plan
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, LoopPlan, Parameter, Storage
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, index, scalar, tensor


def test_value_and_gradient_visit_each_row_once():
    assert str(plan(VALUE_AND_GRADIENT)) == (
        "value_and_grad_J(theta[n], b, X[m, n], y[m]) -> J, grad_J_theta[n], grad_J_b\n"
        "  J := 0\n"
        "  grad_J_b := 0\n"
        "  for k in 1..n:\n"
        "    grad_J_theta[k] := 0\n"
        "  for i in 1..m:\n"
        "    r := b - y[i]\n"
        "    for j in 1..n:\n"
        "      r += X[i, j]*theta[j]\n"
        "    J += r**2\n"
        "    r_bar := 2*r/m\n"
        "    grad_J_b += r_bar\n"
        "    for k in 1..n:\n"
        "      grad_J_theta[k] += r_bar*X[i, k]\n"
        "  J := J/m\n"
        "  from m*(4*n + 8) = 80000 on: for i in threads, blocks of 2048 rows, 2 at once"
    )


def test_gradient_of_least_squares_costs_4mn_and_reads_X_once():
    count = plan(LEAST_SQUARES_GRADIENT).operations()
    assert count.flops == 4 * m * n + 3 * m
    assert count.reads == {"X": m * n, "theta": n, "y": m}


def test_value_and_gradient_cost_what_the_gradient_costs():
    assert plan(VALUE_AND_GRADIENT).operations().flops == 4 * m * n + 6 * m + 1


def test_inlined_definitions_are_shared_again():
    inlined = next(case for case in CASES if case.name == "inlined")
    count = plan(inlined).operations()
    assert count.flops == 4 * m * n + 3 * m + 2 * n + 1
    assert count.reads["X"] == m * n


def test_hessian_and_ridge_use_matrix_products_and_cholesky():
    assert str(plan(HESSIAN)) == (
        "hess_J(theta[n], b, X[m, n], y[m]) -> hess[n, n]\n"
        "  hess := symmetric dot(X', X)\n"
        "  for k in 1..n:\n"
        "    for l in 1..n:\n"
        "      hess[k, l] := 2*hess[k, l]/m"
    )
    assert str(plan(RIDGE_SOLUTION)).splitlines()[-2] == "  theta := gram solve(A, v, X, y, 1, lambda, 1)"


def test_a_run_computes_outside_what_does_not_change():
    moment = Indexed("v", (K,), sympy.Sum(X[i, k] * tensor("y")[i], (i, 1, m)))
    following = Indexed("theta_next", (K,), theta[k] + tensor("v")[k])
    request = value("drift", DATA, moment, following)
    text = str(plan(dataclasses.replace(request, kind="run", state=("theta",))))
    assert text.index("v[k] += y_i*X[i, k]") < text.index("repeat (theta <- theta_next):")
    assert "X[" not in text[text.index("repeat") :]


def test_functions_leave_the_loops_that_do_not_change_them():
    body = sympy.Sum(X[i, k] * sympy.exp(tensor("y")[i]) * sympy.log(scalar("b")), (i, 1, m))
    text = str(plan(value("f", DATA, Indexed("g", (K,), body))))
    assert "      g[k] += exp_y_i*X[i, k]\n" in text
    assert "    exp_y_i := exp(y[i])\n" in text
    assert "\n  log_b := log(b)\n" in text


def test_loops_are_not_shared_across_different_rows():
    shifted = Indexed("d", (I,), sympy.Piecewise((r[i] - r[i - 1], i > 1), (r[i], True)))
    text = str(plan(value("f", DATA, RESIDUAL, shifted)))
    assert text.count("for i in 1..m:") == 2
    assert "allocate r[m]" in text


@pytest.mark.parametrize("request_", [*CASES, DESCENT_RUN], ids=lambda case: case.name)
def test_every_plan_is_legal_and_repeatable(request_):
    first = plan(request_)
    check_loop_plan(first)
    assert first == plan(request_)
    assert first.operations() == plan(request_).operations()


def test_infinite_sums_and_unknown_functions_are_refused():
    endless = Indexed("t", (), sympy.Sum(1 / index("k") ** 2, (k, 1, sympy.oo)))
    with pytest.raises(NotSupportedYet, match=r"^t holds a sum over infinitely many terms, which has no kernel$"):
        plan(value("f", (), endless))


PARAMETERS = (Parameter("x", DATA[0].shape), Parameter("b", ()))
TOTAL = (Storage("t", ()),)


def made(*body: object) -> LoopPlan:
    return LoopPlan("f", PARAMETERS, ("n",), TOTAL, (), body)


x, t, b = tensor("x"), scalar("t"), scalar("b")
ZERO = Assign(t, sympy.Integer(0))
ADD = Accumulate(t, "+", x[k])
ILLEGAL = {
    "the result t is never set": made(),
    "t is accumulated before it is set": made(Loop(k, sympy.Integer(1), n, (ADD,))),
    "the index k is used outside its loop": made(Assign(t, x[k])),
    "the parameter b is written": made(ZERO, Assign(b, t)),
    "s is read before it is set": made(Assign(t, scalar("s"))),
    "x[k, k] has 2 subscripts, x has 1 axes": made(ZERO, Loop(k, sympy.Integer(1), n, (Accumulate(t, "+", x[k, k]),))),
    "the loop over k stands inside another one over k": made(
        ZERO, Loop(k, sympy.Integer(1), n, (Loop(k, sympy.Integer(1), n, (ADD,)),))
    ),
    "the value Sum(x[k], (k, 1, n)) holds a reduction": made(Assign(t, sympy.Sum(x[k], (k, 1, n)))),
}


@pytest.mark.parametrize("message", sorted(ILLEGAL))
def test_the_checker_refuses(message):
    with pytest.raises(CompilerFault) as caught:
        check_loop_plan(ILLEGAL[message])
    assert str(caught.value) == f"loop plan of f: {message}"


def test_a_solve_of_a_general_matrix_is_not_taken_for_positive_definite():
    text = str(plan(next(case for case in CASES if case.name == "whole_tensors")))
    assert "t := symmetric factor solve(S_factor, x, S)" in text


def test_a_declared_positive_definite_matrix_is_solved_by_cholesky():
    square = (Input("A", (DATA[0].shape[0],) * 2, assumptions=("positive definite",)), DATA[0])
    text = str(plan(value("f", square, Intrinsic("s", (Axis(j, sympy.Integer(1), n),), "solve", ("A", "theta")))))
    assert text.splitlines()[-2] == "  s := cholesky solve(A, theta)"


def test_gradient_names_survive():
    assert [d.name for d in (RESIDUAL, ADJOINT, GRADIENT)] == ["r", "r_bar", "grad_J_theta"]
    text = str(plan(LEAST_SQUARES_GRADIENT))
    assert all(f"{name} :=" in text or f"{name}[k] :=" in text for name in ("r", "r_bar", "grad_J_theta"))


def test_what_an_empty_sum_would_not_read_stays_inside_its_loop():
    text = str(plan(next(case for case in CASES if case.name == "empty_at_the_end")))
    assert text.endswith("  for k in 1..n:\n    for j in k + 1..n:\n      t += w[j]*x[k + 1]")
