"""Equal things look equal, and each Normal has the value of its program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sympy
from flint import arb
from small_programs import (
    A,
    B,
    S,
    X,
    a,
    assert_meet,
    b,
    entries,
    form,
    i,
    inverse,
    j,
    k,
    l,
    m,
    matrix,
    n,
    normal,
    over,
    p,
    program,
    program_entries,
    q,
    r,
    sample,
    u,
    v,
    w,
    x,
    y,
)
from sympy import Abs, KroneckerDelta, Max, Min, Piecewise, Sum, cos, cosh, exp, log, sin, sinh, sqrt, tan, tanh

from eqcompiler.calculus.cases import vanishes, with_closed_series, with_exponentials, with_steps
from eqcompiler.calculus.monomials import Normal
from eqcompiler.calculus.rational import cleared
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Indexed, Intrinsic, tensor

SQUARE = (over(i, n), over(j, n))
res = Sum(X[i, j] * u[j], (j, 1, n)) - w[i]
soft = exp(u[k]) / Sum(exp(u[l]), (l, 1, n))

EQUAL = {
    "a square is a product": (Sum(res**2, (i, 1, m)), Sum(Sum(res * X[i, k] * u[k], (k, 1, n)) - res * w[i], (i, 1, m)), ()),
    "transpose of a product": (
        Sum(A[i, k] * B[k, j], (k, 1, n)),
        Sum(B[p, j] * A[i, p], (p, 1, n)),
        SQUARE,
    ),
    "a trace turns": (
        Sum(A[i, j] * B[j, k] * S[k, i], (i, 1, n), (j, 1, n), (k, 1, n)),
        Sum(S[p, q] * A[q, l] * B[l, p], (p, 1, n), (q, 1, n), (l, 1, n)),
        (),
    ),
    "a symmetric matrix": (Sum(S[i, j] * u[j], (j, 1, n)), Sum(u[j] * S[j, i], (j, 1, n)), (over(i, n),)),
    "a delta renames": (Sum(KroneckerDelta(i, j) * A[j, k], (j, 1, n)), A[i, k], (over(i, n), over(k, n))),
    "the trace of the identity": (Sum(KroneckerDelta(i, j) * KroneckerDelta(j, i), (i, 1, n), (j, 1, n)), n, ()),
    "a free delta": (KroneckerDelta(i, j) * u[i], KroneckerDelta(i, j) * u[j], SQUARE),
    "a shifted range": (Sum(u[i - 1], (i, 2, n + 1)), Sum(u[i], (i, 1, n)), ()),
    "a sum of a sum": (Sum(u[i] * Sum(v[j], (j, 1, n)), (i, 1, n)), Sum(u[i], (i, 1, n)) * Sum(v[j], (j, 1, n)), ()),
    "a constant summed": (Sum(x, (i, 1, n - 1)), (n - 1) * x, ()),
    "a triangle of ones": (Sum(1, (j, 1, i), (i, 1, n)), n * (n + 1) / 2, ()),
    "a sum of squares": (Sum(i**2, (i, 1, n)), n * (n + 1) * (2 * n + 1) / 6, ()),
    "softmax sums to one": (Sum(soft, (k, 1, n)), sympy.S.One, ()),
    "exp of a sum": (exp(x + 2 * y), exp(x) * exp(y) ** 2, ()),
    "exp of a log": (exp(3 * log(a)), a**3, ()),
    "log of an exp": (log(exp(x) * a), x + log(a), ()),
    "log of positive factors": (log(a**2 * b / 3), 2 * log(a) + log(b) - log(3), ()),
    "log of an even power": (log(x**2), 2 * log(Abs(x)), ()),
    "sqrt of a square": (sqrt(x**2), Abs(x), ()),
    "sqrt of a positive square": (sqrt(a**2 * b), a * sqrt(b), ()),
    "roots of numbers": (sqrt(8) * sqrt(2), sympy.Integer(4), ()),
    "norms": (sqrt(Sum(u[i] ** 2, (i, 1, n))) ** 3, sqrt(Sum(u[i] ** 2, (i, 1, n))) * Sum(u[i] ** 2, (i, 1, n)), ()),
    "|x|^2": (Abs(x) ** 2, x**2, ()),
    "|x|^3": (Abs(x) ** 3, Abs(x) * x**2, ()),
    "x sign x": (x * sympy.sign(x), Abs(x), ()),
    "sign of a product": (sympy.sign(-2 * a * x * y), -sympy.sign(x) * sympy.sign(y), ()),
    "sin^2 + cos^2": (sin(x) ** 2 + cos(x) ** 2, sympy.S.One, ()),
    "sin(2x)": (sin(2 * x), 2 * sin(x) * cos(x), ()),
    "sin(x - y)": (sin(x - y), sin(x) * cos(y) - cos(x) * sin(y), ()),
    "sin is odd": (sin(-x * y), -sin(x * y), ()),
    "a power that is split": (x ** (n + 2) * y**n, (x * y) ** n * x**2, ()),
    "a positive power": (a**x * a**y, a ** (x + y), ()),
    "max is commutative": (Max(x, y, 0), Max(0, Max(y, x)), ()),
    "min from max": (Min(x, y), -Max(-x, -y), ()),
    "max with a larger": (Max(a, 0), a, ()),
    "gamma": (sympy.gamma(x + 3), (x + 2) * (x + 1) * x * sympy.gamma(x), ()),
    "erf is odd": (sympy.erf(-x), -sympy.erf(x), ()),
    "log of a sum that is pulled apart": (log(1 + exp(-x)), log(1 + exp(x)) - x, ()),
    "a common factor of a denominator": (1 / (2 * a * x + 2 * a), 1 / (2 * a * (x + 1)), ()),
    "a sigmoid under a sum": (
        Sum(w[i] * exp(w[i]) / (1 + exp(w[i])), (i, 1, m)),
        Sum(w[i] / (1 + exp(-w[i])), (i, 1, m)),
        (),
    ),
    "tan": (1 + tan(x) ** 2, 1 / cos(x) ** 2, ()),
    "nested fractions": (1 / (1 + 1 / (1 + x)), (1 + x) / (2 + x), ()),
}
CLEARED = {
    "the sigmoid's derivative": (exp(-x) / (1 + exp(-x)) ** 2, 1 / (1 + exp(-x)) * (1 - 1 / (1 + exp(-x))), ()),
    "x/(1+x) + 1/(1+x)": (x / (1 + x) + 1 / (1 + x), sympy.S.One, ()),
    "partial fractions": (1 / (x * (x + 1)), 1 / x - 1 / (x + 1), ()),
    "roots of sums": (x**2 / sqrt(x**2 + a) + a / sqrt(x**2 + a), sqrt(x**2 + a), ()),
    "under a sum, divided": (
        Sum(w[i] / (1 + exp(w[i])), (i, 1, m)),
        Sum(w[i], (i, 1, m)) - Sum(w[i] / (1 + exp(-w[i])), (i, 1, m)),
        (),
    ),
    "the derivative of u/|u|": (
        1 / sqrt(x**2 + y**2) - x**2 / sqrt(x**2 + y**2) ** 3,
        y**2 / sqrt(x**2 + y**2) ** 3,
        (),
    ),
}
VALUED = {
    **EQUAL,
    **CLEARED,
    "steps": (Piecewise((x, x > y), (2 * y, x > 0), (x * y, True)), sympy.S.Zero, ()),
    "index cases": (Piecewise((u[i], i <= 1), (v[i], True)), sympy.S.Zero, (over(i, n),)),
    "index cases of two": (Piecewise((u[i], (i <= 1) & (j <= 2)), (v[j], j <= 2), (x, True)), sympy.S.Zero, SQUARE),
    "a sum with index cases": (Sum(Piecewise((u[i], i <= 2), (v[i], True)), (i, 1, n)), sympy.S.Zero, ()),
    "a partial delta": (Sum(KroneckerDelta(i, j) * u[j], (j, 1, n - 1)), sympy.S.Zero, (over(i, n),)),
    "two ranges": (Sum(KroneckerDelta(i, j) * u[j] * w[i], (i, 1, m), (j, 1, n)), sympy.S.Zero, ()),
    "an empty range": (Sum(u[i], (i, 3, n - 1)), sympy.S.Zero, ()),
    "a triangle": (Sum(A[i, j], (j, 1, i), (i, 1, n)), sympy.S.Zero, ()),
    "an alternating sum": (Sum(1 / (2 + u[i] ** 2 - v[j] ** 2 / 9), (i, 1, n), (j, 1, n)), sympy.S.Zero, ()),
    "an antisymmetric sum": (Sum(u[i] * v[j] - u[j] * v[i], (i, 1, n), (j, 1, n)), sympy.S.Zero, ()),
    "tanh": (tanh(x) * cosh(x) - sinh(x), sympy.S.Zero, ()),
}


@pytest.mark.parametrize("name", list(EQUAL))
def test_equal_things_have_one_normal_form(name: str) -> None:
    left, right, axes = EQUAL[name]
    assert normal(left, axes).key == normal(right, axes).key


@pytest.mark.parametrize("name", list(CLEARED))
def test_equal_rational_functions_are_cleared_to_zero(name: str) -> None:
    left, right, axes = CLEARED[name]
    difference = normal(left, axes) - normal(right, axes)
    assert difference.terms
    assert cleared(difference) == Normal(())


@pytest.mark.parametrize("name", list(VALUED))
@pytest.mark.parametrize("sizes", [{"m": 2, "n": 3}, {"m": 3, "n": 2}, {"m": 1, "n": 1}])
def test_a_normal_has_the_value_of_its_program(name: str, sizes: dict[str, int]) -> None:
    left, right, axes = VALUED[name]
    axes = tuple(axes)
    values = sample(len(name), sizes)
    for side in (left, right):
        tensor_ = form(side, axes)
        expected = program_entries(program(side, axes), values)
        assert_meet(entries(tensor_, values), expected)


def test_the_comparison_of_balls_sees_small_differences_and_balls_that_say_nothing() -> None:
    one = [arb(1)]
    assert_meet(one, [arb(1, 2.0**-110)])
    for other in ([arb(1) + arb(2) ** -50], [arb(1, 2.0**-90)], [arb("nan")], []):
        with pytest.raises(AssertionError):
            assert_meet(one, other)


def test_hyperbolic_functions_as_exponentials() -> None:
    difference = normal(cosh(x) ** 2 - sinh(x) ** 2 - 1)
    assert cleared(with_exponentials(difference)) == Normal(())
    derivative = normal((1 - tanh(x) ** 2) * cosh(x) ** 2 - 1)
    assert cleared(with_exponentials(derivative)) == Normal(())


def test_guards_exclude_and_imply_each_other() -> None:
    late, early = Piecewise((1, i > 2), (0, True)), Piecewise((1, i <= 2), (0, True))
    axis = (over(i, n),)
    assert normal(late * early, axis) == Normal(())
    assert normal(late * Piecewise((1, i > 1), (0, True)), axis) == normal(late, axis)
    assert vanishes(normal(late + early - 1, axis))
    assert not vanishes(normal(late + Piecewise((1, i <= 1), (0, True)) - 1, axis))


def test_geometric_sums() -> None:
    series = Sum(x ** (2 * k + 1), (k, 0, n - 1))
    difference = normal(series - x * (x ** (2 * n) - 1) / (x**2 - 1))
    assert cleared(with_closed_series(difference)) == Normal(())
    assert cleared(with_closed_series(normal(series - x * (x ** (2 * n + 2) - 1) / (x**2 - 1)))).terms
    discounted = normal(Sum(a**k, (k, 1, m)) - (a ** (m + 1) - a) / (a - 1))
    assert cleared(with_closed_series(discounted)) == Normal(())


def test_case_distinctions() -> None:
    half = (x + y + Abs(x - y)) / 2
    assert vanishes(with_steps(normal(Max(x, y) - half)))
    assert vanishes(with_steps(normal(Max(0, x) - Max(0, -x) - x)))
    assert not vanishes(with_steps(normal(Max(x, y) - x)))
    assert not vanishes(with_steps(normal(sympy.sign(x) ** 2 - 1)))
    assert vanishes(with_steps(normal(Piecewise((x, x > 0), (-x, True)) - Abs(x))))


WHOLE = (
    matrix("G", Sum(X[k, i] * X[k, j], (k, 1, m)) + a * KroneckerDelta(i, j)),
    inverse("G_inv", "G"),
    matrix("AB", Sum(A[i, k] * B[k, j], (k, 1, n))),
    inverse("AB_inv", "AB"),
    inverse("A_inv", "A"),
    inverse("B_inv", "B"),
    matrix("T", 3 * A[j, i]),
    inverse("T_inv", "T"),
    inverse("back", "A_inv"),
    inverse("P_inv", "P"),
    Intrinsic("det_AB", (), "det", ("AB",)),
    Intrinsic("det_A", (), "det", ("A",)),
    Intrinsic("det_B", (), "det", ("B",)),
    Intrinsic("det_T", (), "det", ("T",)),
    Intrinsic("det_A_inv", (), "det", ("A_inv",)),
    Intrinsic("logdet_P", (), "logdet", ("P",)),
    Intrinsic("det_P", (), "det", ("P",)),
    matrix("I_BA", KroneckerDelta(i, j) + Sum(B[i, k] * A[k, j], (k, 1, n))),
    inverse("I_BA_inv", "I_BA"),
)
NAMED = {name: tensor(name) for name in ("G_inv", "AB_inv", "A_inv", "B_inv", "T_inv", "back", "P_inv", "I_BA_inv")}
dets = {name: sympy.Symbol(name, real=True) for name in ("det_AB", "det_A", "det_B", "det_T", "det_A_inv", "logdet_P", "det_P")}
WHOLE_EQUAL = {
    "inverse of a product": (NAMED["AB_inv"][i, j], Sum(NAMED["B_inv"][i, k] * NAMED["A_inv"][k, j], (k, 1, n)), SQUARE),
    "inverse of a multiple of a transpose": (NAMED["T_inv"][i, j], NAMED["A_inv"][j, i] / 3, SQUARE),
    "inverse of an inverse": (NAMED["back"][i, j], A[i, j], SQUARE),
    "inverse of a symmetric sum": (NAMED["G_inv"][i, j], NAMED["G_inv"][j, i], SQUARE),
    "inverse of a definite matrix": (NAMED["P_inv"][i, j], NAMED["P_inv"][j, i], SQUARE),
    "det of a product": (dets["det_AB"], dets["det_A"] * dets["det_B"], ()),
    "det of a multiple of a transpose": (dets["det_T"], 3**n * dets["det_A"], ()),
    "det of an inverse": (dets["det_A_inv"], 1 / dets["det_A"], ()),
    "logdet of a definite matrix": (dets["logdet_P"], log(dets["det_P"]), ()),
    "an inverse that is not symmetric": (NAMED["I_BA_inv"][i, j], NAMED["I_BA_inv"][i, j], SQUARE),
}


@pytest.mark.parametrize("name", list(WHOLE_EQUAL))
def test_whole_tensor_operations(name: str) -> None:
    left, right, axes = WHOLE_EQUAL[name]
    assert normal(left, axes, WHOLE).key == normal(right, axes, WHOLE).key
    for seed, sizes in enumerate(({"m": 3, "n": 2}, {"m": 2, "n": 3})):
        values = sample(seed + 5, sizes)
        expected = program_entries(program(left, axes, WHOLE), values)
        assert_meet(entries(form(left, axes, WHOLE), values), expected)


def test_an_inverse_kept_transposed_is_not_symmetric() -> None:
    inverse_ = NAMED["I_BA_inv"]
    assert normal(inverse_[i, j], SQUARE, WHOLE) != normal(inverse_[j, i], SQUARE, WHOLE)


def test_definitions_are_expanded_at_their_arguments() -> None:
    rows = Indexed("rows", (over(i, m),), Sum(X[i, j], (j, 1, n)))
    out = Sum(tensor("rows")[k] ** 2, (k, 1, m))
    assert normal(out, (), (rows,)).key == ("{#1.0<m> #1.1<n> #1.2<n>: X[#1.0<m>,#1.1<n>] X[#1.0<m>,#1.2<n>]}")


def test_what_grows_too_large_is_refused() -> None:
    with pytest.raises(NotSupportedYet) as caught:
        normal((x + y + a + b + r) ** 30)
    assert str(caught.value) == "the normal form grew too large: 5 terms to the power 30\n  allowed: at most 3000 terms"


def test_an_index_expression_that_is_not_linear_is_refused() -> None:
    with pytest.raises(NotSupportedYet) as caught:
        normal(Sum(u[i * j], (i, 1, n), (j, 1, n)))
    assert caught.value.what == "the index expression i*j is not linear in indices"


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_normal_form import EQUAL, CLEARED, normal
print([normal(side, axes).key for left, right, axes in (*EQUAL.values(), *CLEARED.values()) for side in (left, right)])
"""


def test_the_same_text_whatever_the_hash_seed() -> None:
    texts = set()
    for seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
        texts.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(texts) == 1


def test_a_typical_claim_takes_milliseconds() -> None:
    normal(Sum(res**2, (i, 1, m)))
    start = time.perf_counter()
    for _ in range(5):
        normal(Sum(res**2, (i, 1, m)))
    assert (time.perf_counter() - start) / 5 < 0.05
