"""Every rule of index form, first by a program that breaks it."""

from __future__ import annotations

import pytest
import sympy
from sympy import Integer, KroneckerDelta, Piecewise, Rational, Sum, exp

from eqcompiler.calculus.check_index_form import INTRINSIC_RANKS, check
from eqcompiler.errors import CompilerFault
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import INTRINSICS, Axis, Indexed, Input, Intrinsic, Program, index, scalar, size, tensor

N, M = Dimension.of("n"), Dimension.of("m")
i, j, k = index("i"), index("j"), index("k")
n, m = size("n"), size("m")
I_AXIS, J_AXIS = Axis(i, Integer(1), n), Axis(j, Integer(1), n)
INPUTS = (Input("x", (N,)), Input("A", (N, N)), Input("B", (M, N)), Input("c", ()), Input("p", (), integer=True))
x, A = tensor("x"), tensor("A")


def program(*definitions: Indexed | Intrinsic, outputs: tuple[str, ...] = ()) -> Program:
    return Program(INPUTS, definitions, outputs or (definitions[-1].name,))


def scalar_of(body: sympy.Basic) -> Program:
    return program(Indexed("s", (), body))


def vector_of(body: sympy.Basic) -> Program:
    return program(Indexed("v", (I_AXIS,), body))


BROKEN = {
    "float": (
        scalar_of(sympy.Float(0.5) * scalar("c")),
        "in the definition of s: 0.500000000000000 is a floating-point number; numbers are exact",
    ),
    "class": (
        scalar_of(sympy.besselj(0, scalar("c"))),
        "in the definition of s: besselj(0, c) is a besselj, which index form does not allow",
    ),
    "no expression": (
        scalar_of(sympy.Eq(scalar("c"), 1)),
        "in the definition of s: the body Eq(c, 1) is no SymPy expression",
    ),
    "imaginary": (scalar_of(sympy.I), "in the definition of s: I is a ImaginaryUnit, which index form does not allow"),
    "infinite": (scalar_of(sympy.oo), "in the definition of s: oo is a Infinity, which index form does not allow"),
    "nan": (scalar_of(sympy.nan), "in the definition of s: nan is a NaN, which index form does not allow"),
    "undeclared": (
        scalar_of(scalar("q")),
        "in the definition of s: q refers to q, which is neither an input nor defined before",
    ),
    "too few indices": (vector_of(A[i]), "in the definition of v: A[i] has 1 indices, A has 2 axes"),
    "tensor as scalar": (scalar_of(scalar("x")), "in the definition of s: x has 0 indices, x has 1 axes"),
    "free index": (vector_of(x[j]), "in the definition of v: the index j is bound by no axis and no sum"),
    "free index in delta": (
        vector_of(KroneckerDelta(i, k)),
        "in the definition of v: the index k is bound by no axis and no sum",
    ),
    "free index outside of its sum": (
        scalar_of(Sum(x[i], (i, 1, n)) * x[i]),
        "in the definition of s: the index i is bound by no axis and no sum",
    ),
    "bound twice": (
        vector_of(Sum(x[i], (i, 1, n))),
        "in the definition of v: the index i is bound again inside its own range",
    ),
    "sum over a scalar": (
        scalar_of(Sum(scalar("c"), (scalar("c"), 1, n))),
        "in the definition of s: the sum over c binds no index symbol",
    ),
    "sum without range": (
        scalar_of(sympy.Expr.__new__(Sum, x[i], sympy.Tuple(i))),
        "in the definition of s: the sum over i has no range",
    ),
    "real range": (
        scalar_of(Sum(x[i], (i, 1, scalar("c")))),
        "in the definition of s: the range of i depends on c, which is no integer",
    ),
    "fractional range": (
        scalar_of(Sum(x[i], (i, 1, n / 2))),
        "in the definition of s: the range of i holds 1/2, a Half",
    ),
    "infinite range": (
        scalar_of(Sum(x[i], (i, 1, sympy.oo))),
        "in the definition of s: oo is a Infinity, which index form does not allow",
    ),
    "range of an unbound index": (
        scalar_of(Sum(x[i], (i, 1, j))),
        "in the definition of s: the range of i uses the index j, which nothing binds there",
    ),
    "half an index": (vector_of(x[i / 2]), "in the definition of v: i/2 in x[i/2] need not be an integer"),
    "real index": (
        scalar_of(tensor("x")[scalar("c")]),
        "in the definition of s: c in x[c] need not be an integer",
    ),
    "axis twice": (
        program(Indexed("v", (I_AXIS, I_AXIS), x[i])),
        "in the definition of v: the axis i occurs twice",
    ),
    "axis is a size": (
        program(Indexed("v", (Axis(n, Integer(1), m),), Integer(1))),
        "in the definition of v: the axis n is no index symbol",
    ),
    "name twice": (program(Indexed("c", (), Integer(1))), "the name c is given twice"),
    "later definition": (
        program(Indexed("s", (), scalar("later")), Indexed("later", (), Integer(1))),
        "in the definition of s: later refers to later, which is neither an input nor defined before",
    ),
    "itself": (
        program(Indexed("s", (), scalar("s") + 1)),
        "in the definition of s: s refers to s, which is neither an input nor defined before",
    ),
    "index named as a size": (
        program(Indexed("v", (Axis(index("m"), Integer(1), n),), x[index("m")])),
        "in the definition of v: the index m has the name of a size, an input or a definition",
    ),
    "index named as an input": (
        scalar_of(Sum(x[index("c")], (index("c"), 1, n))),
        "in the definition of s: the index c has the name of a size, an input or a definition",
    ),
    "unknown output": (
        program(Indexed("s", (), Integer(1)), outputs=("z",)),
        "the output z is neither an input nor a definition",
    ),
    "unknown intrinsic": (
        program(Intrinsic("E", (I_AXIS, J_AXIS), "eigenvalues", ("A",))),
        "in the definition of E: eigenvalues is no intrinsic",
    ),
    "missing operand": (
        program(Intrinsic("E", (I_AXIS, J_AXIS), "inverse", ("Q",))),
        "in the definition of E: the operand Q is neither an input nor defined before",
    ),
    "inverse of a vector": (
        program(Intrinsic("E", (I_AXIS, J_AXIS), "inverse", ("x",))),
        "in the definition of E: inverse takes no operands of ranks (1,) to give rank 2",
    ),
    "inverse of a rectangle": (
        program(Intrinsic("E", (I_AXIS, J_AXIS), "inverse", ("B",))),
        "in the definition of E: B is m by n, inverse needs a square matrix",
    ),
    "solve with other rows": (
        program(Indexed("b", (Axis(i, Integer(1), m),), Integer(1)), Intrinsic("w", (I_AXIS,), "solve", ("A", "b"))),
        "in the definition of w: b has m rows, A has n",
    ),
    "axes of other size": (
        program(Intrinsic("E", (I_AXIS, Axis(j, Integer(1), m)), "inverse", ("A",))),
        "in the definition of E: its axes have sizes (n, m), the value has (n, n)",
    ),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_broken_programs_are_named(case: str) -> None:
    broken, message = BROKEN[case]
    with pytest.raises(CompilerFault) as caught:
        check(broken)
    assert str(caught.value) == message


LEGAL = {
    "numbers": scalar_of(Rational(1, 3) + sympy.pi + sympy.E + n),
    "triangular sum": vector_of(Sum(x[j], (j, 1, i))),
    "triangular axis": program(Indexed("t", (I_AXIS, Axis(j, Integer(1), i)), A[i, j])),
    "siblings may share an index": scalar_of(Sum(x[i], (i, 1, n)) * Sum(x[i] ** 2, (i, 1, n))),
    "integer input in a range": scalar_of(Sum(x[i], (i, 1, scalar("p")))),
    "integer input as index": scalar_of(x[scalar("p") + 1]),
    "shifted index": program(Indexed("d", (Axis(i, Integer(1), n - 1),), x[i + 1] - x[i])),
    "piecewise on values and indices": vector_of(Piecewise((exp(x[i]), (x[i] > 0) & (i <= 2)), (Integer(0), True))),
    "composed index": program(
        Indexed("v", (Axis(i, Integer(1), n * m),), Sum(KroneckerDelta(i, (j - 1) * m + k), (k, 1, m), (j, 1, n)))
    ),
    "output is an input": Program(INPUTS, (), ("x",)),
    "solve": program(Intrinsic("w", (I_AXIS,), "solve", ("A", "x"))),
    "matrix power": program(Intrinsic("w", (I_AXIS, J_AXIS), "matpow", ("A", "p"))),
}


@pytest.mark.parametrize("case", sorted(LEGAL))
def test_legal_programs_pass(case: str) -> None:
    check(LEGAL[case])


def test_every_intrinsic_has_its_ranks() -> None:
    assert set(INTRINSIC_RANKS) == set(INTRINSICS)
