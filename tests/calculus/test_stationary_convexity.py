"""Curvature by composition. The functions that are not convex come first: none of them may be called convex."""

from __future__ import annotations

import pytest
import sympy

from eqcompiler.calculus.convexity import curvature
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, index, scalar, size, tensor

M, N = size("m"), size("n")
ROW, J = index("i"), index("j")
X, Y, W = tensor("X"), tensor("y"), tensor("w")
LAM, X0, C = scalar("lam"), scalar("x0"), scalar("c")
m, n = Dimension.of("m"), Dimension.of("n")

INPUTS = (
    Input("X", (m, n)),
    Input("y", (m,)),
    Input("w", (n,)),
    Input("lam", (), assumptions=("positive",)),
    Input("x0", ()),
    Input("c", ()),
)
RESIDUAL = Indexed("r", (Axis(ROW, sympy.Integer(1), M),), sympy.Sum(X[ROW, J] * W[J], (J, 1, N)) - Y[ROW])
R = tensor("r")


def bend(body: sympy.Expr, variable: str = "w", *before: Indexed | Intrinsic) -> str:
    program = Program(INPUTS, (RESIDUAL, *before, Indexed("f", (), body)), ("f",))
    return curvature(program, "f", variable)


@pytest.mark.parametrize(
    "body",
    [
        sympy.Sum(W[J] ** 3, (J, 1, N)),
        -sympy.Sum(W[J] ** 2, (J, 1, N)) + sympy.exp(W[1]),
        C * sympy.Sum(W[J] ** 2, (J, 1, N)),
        W[1] * W[2],
        sympy.sin(W[1]),
        sympy.exp(-(W[1] ** 2)),
        (W[1] ** 2 - 1) ** 2,
        sympy.log(sympy.exp(-(W[1] ** 2)) + 1),
        sympy.log(1 + W[1] ** 2),
        sympy.log(1 - sympy.exp(-(W[1] ** 2))),
        sympy.sqrt(sympy.Abs(W[1])),
        sympy.sqrt(W[1] ** 2 - W[2] ** 2),
        sympy.Max(1 - W[1] ** 2, 0),
        sympy.Abs(W[1] ** 2 - 1),
        1 / W[1],
        sympy.log(sympy.Mul(W[1], sympy.exp(W[2]))),
    ],
)
def test_what_is_not_convex_is_not_called_convex(body: sympy.Expr) -> None:
    assert bend(body) == "unknown"


def test_an_intrinsic_of_the_variable_is_unknown() -> None:
    assert bend(scalar("d"), "X", Intrinsic("d", (), "det", ("X",))) == "unknown"
    assert bend(scalar("d"), "w", Intrinsic("d", (), "det", ("X",))) == "constant"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (sympy.Sum(R[ROW] ** 2, (ROW, 1, M)) / M, "convex"),
        (sympy.Sum(R[ROW] ** 2, (ROW, 1, M)) / M + LAM * sympy.Sum(W[J] ** 2, (J, 1, N)), "convex"),
        (-sympy.Sum(R[ROW] ** 2, (ROW, 1, M)), "concave"),
        (sympy.Sum(R[ROW], (ROW, 1, M)), "affine"),
        (sympy.Sum(sympy.log(1 + sympy.exp(R[ROW])) - Y[ROW] * R[ROW], (ROW, 1, M)), "convex"),
        (-sympy.Sum(sympy.log(1 / (1 + sympy.exp(-R[ROW]))), (ROW, 1, M)), "convex"),
        (sympy.log(sympy.Sum(sympy.exp(W[J]), (J, 1, N))), "convex"),
        (-sympy.log(sympy.exp(W[1]) / sympy.Sum(sympy.exp(W[J]), (J, 1, N))), "convex"),
        (sympy.sqrt(sympy.Sum(R[ROW] ** 2, (ROW, 1, M))), "convex"),
        (sympy.Sum(sympy.sqrt(W[J] ** 2 + LAM), (J, 1, N)), "convex"),
        (sympy.Sum(sympy.Abs(W[J]), (J, 1, N)), "convex"),
        (sympy.Max(0, 1 - R[1]) ** 2, "convex"),
        (sympy.Min(R[1], R[2]), "concave"),
        (sympy.Sum(Y[ROW] * R[ROW] - sympy.exp(R[ROW]), (ROW, 1, M)), "concave"),
        (X0 * C + LAM, "constant"),
    ],
)
def test_what_the_rules_reach(body: sympy.Expr, expected: str) -> None:
    assert bend(body) == expected
