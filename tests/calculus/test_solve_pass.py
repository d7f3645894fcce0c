"""Products with an inverse become solves, with the same value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from program_values import value
from rounding import assert_agree
from terms_by_hand import add, at, diff, document, dot, ix, mul, op, outer, ref, sub, sym, t, total

from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.solve import inverse_to_solve
from eqcompiler.languages.program import Intrinsic, Program
from eqcompiler.languages.terms import Condition, Term

SHAPES = {"A": "n n", "S": "n n", "X": "m n", "B": "n p", "x": "n", "w": "n", "y": "m", "c": ""}
SIZES = {"m": 4, "n": 3, "p": 2}
RANDOM = np.random.default_rng(5)
VALUES: dict[str, Any] = {n: RANDOM.uniform(0.1, 0.9, [SIZES[word] for word in s.split()]) for n, s in SHAPES.items()}
VALUES["A"] = VALUES["A"] + 2 * np.eye(3)
VALUES["S"] = VALUES["S"] @ VALUES["S"].T + np.eye(3)
VALUES["c"] = 0.6
SOLVING = 4 * 3**3 * max(np.linalg.cond(VALUES[name]) for name in "AS") ** 2  # two factorizations, one after the other
A, S, X, B, x, w, y, c = (sym(name, text) for name, text in SHAPES.items())
DOCUMENT = document(SHAPES, assumptions=(Condition("positive definite", S),))


def inv(term: Term) -> Term:
    return op("inverse", "n n", term)


def solved(term: Term) -> tuple[Program, Program]:
    program = lower(DOCUMENT, term, "out")
    after = inverse_to_solve(program)
    check(after)
    return program, after


GRAM = add(dot(t(X), X), mul(c, op("identity", "n n")))
CASES = {
    "vector": (dot(inv(A), x), ["solve"]),
    "transposed": (dot(x, inv(A)), ["solve"]),
    "symmetric transposed": (dot(x, inv(S)), ["solve"]),
    "normal equations": (dot(inv(GRAM), t(X), y), ["solve"]),
    "quadratic form": (dot(x, inv(A), w), ["solve"]),
    "matrix": (dot(inv(A), B), ["solve"]),
    "from the right": (dot(t(B), inv(A)), ["solve"]),
    "two in a row": (dot(inv(A), inv(S), x), ["solve", "solve"]),
    "trace": (op("trace", "", dot(inv(A), S)), ["solve"]),
    "sum over samples": (total("i", "m", dot(at(X, ix("i")), inv(S), at(X, ix("i")))), ["solve"]),
    "log determinant stays": (op("log", "", op("det", "", A)), ["logdet"]),
    "a bare inverse stays": (inv(A), ["inverse"]),
    "diagonal of an inverse stays": (op("diagonal", "n", inv(A)), ["inverse"]),
    "used both ways": (sub(outer(dot(inv(A), x), w), inv(A)), ["inverse", "solve"]),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_value_is_kept_and_inverses_go(case: str) -> None:
    term, operations = CASES[case]
    before, after = solved(term)
    found = [d.operation for d in after.definitions if isinstance(d, Intrinsic)]
    assert found == operations
    assert_agree(value(after, SIZES, VALUES), value(before, SIZES, VALUES), SOLVING)


def test_normal_equations_read_as_written_by_hand() -> None:
    assert str(solved(dot(inv(GRAM), t(X), y))[1]) == "\n".join(
        (
            "M[i in 1..n, j in 1..n] = c*KroneckerDelta(i, j) + Sum(X[k, i]*X[k, j], (k, 1, m))",
            "rhs[i in 1..n] = Sum(X[j, i]*y[j], (j, 1, m))",
            "out[i in 1..n] = solve(M, rhs)",
        )
    )


def test_a_symmetric_matrix_is_never_transposed() -> None:
    assert "S_T" not in str(solved(dot(x, inv(S)))[1])
    assert "A_T[i in 1..n, j in 1..n] = A[j, i]" in str(solved(dot(x, inv(A)))[1])


def test_one_right_hand_side_is_solved_once() -> None:
    twice = mul(dot(x, inv(S), w), dot(w, inv(S), w))
    operations = [d.operation for d in solved(twice)[1].definitions if isinstance(d, Intrinsic)]
    assert operations == ["solve"]


def test_gradients_of_solves() -> None:
    """d/dA of x^T A^{-1} w through the solve: the adjoint is one more solve, not an inverse."""
    from eqcompiler.calculus.derive import gradient

    doc = document(SHAPES, {"f": ((), dot(x, inv(A), w))})
    program = inverse_to_solve(lower(doc, ref("f"), "f"))
    derived = gradient(program, "f", "A")
    check(derived)
    inverse = np.linalg.inv(VALUES["A"])
    assert_agree(value(derived, SIZES, VALUES), -inverse.T @ np.outer(VALUES["x"], VALUES["w"]) @ inverse.T, SOLVING)
    assert [d.operation for d in derived.definitions if isinstance(d, Intrinsic)] == ["solve", "solve"]
    by_w = gradient(program, "f", "w")
    assert_agree(value(by_w, SIZES, VALUES), inverse.T @ VALUES["x"], SOLVING)
    doc = document(SHAPES, {"u": ((), dot(inv(A), x))})
    jacobian = gradient(inverse_to_solve(lower(doc, ref("u", "n"), "u")), "u", "x")
    check(jacobian)
    assert_agree(value(jacobian, SIZES, VALUES), inverse, SOLVING)
    matrices = inverse_to_solve(lower(document(SHAPES, {"g": ((), op("trace", "", dot(t(B), inv(A), B)))}), ref("g"), "g"))
    found = value(gradient(matrices, "g", "A"), SIZES, VALUES)
    b = VALUES["B"]
    assert_agree(found, -inverse.T @ b @ b.T @ inverse.T, SOLVING)


def test_the_derivative_term_gains_too() -> None:
    term = diff(dot(x, inv(S), x), x)
    operations = [d.operation for d in solved(term)[1].definitions if isinstance(d, Intrinsic)]
    assert set(operations) == {"solve"}
