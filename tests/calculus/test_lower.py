"""Lowering of terms: what names mean, what is emitted once, what is instantiated, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from program_values import assert_is_slope, value
from rounding import assert_agree
from scipy.special import expit
from terms_by_hand import (
    SPAN,
    add,
    at,
    binder,
    diff,
    div,
    document,
    dot,
    each,
    ix,
    like,
    mul,
    num,
    op,
    outer,
    power,
    product,
    ref,
    shape,
    size,
    sub,
    sym,
    t,
    total,
)

from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.lower import lower
from eqcompiler.errors import IllegalEquation, NotSupportedYet
from eqcompiler.languages.program import Program
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Cases,
    Condition,
    Constant,
    Extremum,
    Integral,
    Limit,
    Reduction,
    Symbol,
    Term,
    Type,
    UnknownCall,
)

X, theta, y, b = sym("X", "m n"), sym("theta", "n"), sym("y", "m"), sym("b")
x, z = sym("x", "n"), sym("z")
SHAPES = {"theta": "n", "X": "m n", "y": "m", "b": "", "x": "n", "z": "", "theta_t": "n"}
RESIDUAL = sub(dot(X, theta), y)
LOGISTIC = div(num(1), add(num(1), like("exp", like("neg", z))))
SIZES = {"m": 3, "n": 2}
RANDOM = np.random.default_rng(3)
VALUES: dict[str, Any] = {
    "theta": RANDOM.normal(size=2),
    "theta_t": RANDOM.normal(size=2),
    "X": RANDOM.normal(size=(3, 2)),
    "y": RANDOM.normal(size=3),
    "x": RANDOM.normal(size=2),
    "b": 0.3,
    "z": 0.8,
}
ROUNDINGS = 2 * (2 * 3 * 2 + 3)  # on each side two products with a matrix of 3 by 2, and a difference


def checked(doc: Document, term: Term, name: str = "out", **free: Any) -> Program:
    program = lower(doc, term, name, **free)
    check(program)
    return program


def test_least_squares_in_three_notations_is_one_form() -> None:
    matrices = dot(t(RESIDUAL), RESIDUAL)
    norm = power(op("norm2", "", RESIDUAL), 2)
    row = at(X, ix("i"))
    samples = total("i", "m", power(sub(dot(t(row), theta), at(y, ix("i"))), 2))
    texts = {str(checked(document(SHAPES), term)) for term in (matrices, norm, samples)}
    assert texts == {"out = Sum((-y[i] + Sum(X[i, j]*theta[j], (j, 1, n)))**2, (i, 1, m))"}


def test_definitions_keep_their_names_and_come_once() -> None:
    doc = document(SHAPES, {"r": ((), RESIDUAL), "J": (("theta",), dot(ref("r", "m"), ref("r", "m")))})
    program = checked(doc, mul(ref("J", "", theta), ref("J")))
    assert str(program) == "\n".join(
        ("r[i in 1..m] = -y[i] + Sum(X[i, j]*theta[j], (j, 1, n))", "J = Sum(r[i]**2, (i, 1, m))", "out = J**2")
    )


def test_a_reference_under_its_own_name_is_the_output() -> None:
    doc = document(SHAPES, {"J": (("theta",), dot(RESIDUAL, RESIDUAL))})
    program = checked(doc, ref("J"), "J")
    assert [d.name for d in program.definitions] == ["J"]
    assert [item.name for item in program.inputs] == ["theta", "X", "y"]


def test_inputs_are_formals_first_then_as_declared() -> None:
    doc = document({"b": "", "y": "m", "X": "m n", "theta": "n", "z": ""}, {"J": (("z", "theta"), dot(RESIDUAL, RESIDUAL))})
    assert [item.name for item in checked(doc, ref("J"), "J").inputs] == ["z", "theta", "y", "X"]


def test_a_call_substitutes_through_everything_it_reaches() -> None:
    doc = document(SHAPES, {"r": ((), RESIDUAL), "J": (("theta",), dot(ref("r", "m"), ref("r", "m")))})
    program = checked(doc, sub(ref("J", "", sym("theta_t", "n")), ref("J")))
    assert str(program) == "\n".join(
        (
            "r_1[i in 1..m] = -y[i] + Sum(X[i, j]*theta_t[j], (j, 1, n))",
            "J_1 = Sum(r_1[i]**2, (i, 1, m))",
            "r[i in 1..m] = -y[i] + Sum(X[i, j]*theta[j], (j, 1, n))",
            "J = Sum(r[i]**2, (i, 1, m))",
            "out = -J + J_1",
        )
    )


def test_equal_calls_are_instantiated_once() -> None:
    doc = document(SHAPES, {"s": (("z",), LOGISTIC)})
    call = ref("s", "", like("neg", sym("b")))
    assert str(checked(doc, mul(call, sub(num(1), call)))) == "s_1 = 1/(exp(b) + 1)\nout = s_1*(1 - s_1)"


def test_a_scalar_function_of_a_component_is_substituted() -> None:
    doc = document(SHAPES, {"s": (("z",), LOGISTIC)})
    term = each(ref("s", "", at(dot(X, theta), ix("i"))), ("i", "m"))
    program = checked(doc, term)
    assert str(program) == "out[i in 1..m] = 1/(1 + exp(-Sum(X[i, j]*theta[j], (j, 1, n))))"


def test_a_vector_function_of_a_sample() -> None:
    doc = document(SHAPES, {"h": (("x",), add(dot(t(theta), x), b))})
    term = total("i", "m", power(sub(ref("h", "", at(X, ix("i"))), at(y, ix("i"))), 2))
    program = checked(doc, term)
    assert str(program) == "out = Sum((b - y[i] + Sum(X[i, j]*theta[j], (j, 1, n)))**2, (i, 1, m))"


def test_a_formal_that_is_also_a_definition_is_cut() -> None:
    """a = z^2, L(a) = a + z: as a function of a, L does not use the definition of a."""
    doc = document({"z": "", "a": ""}, {"a": ((), power(z, 2)), "L": (("a",), add(sym("a"), z))})
    program = checked(doc, ref("L"), "L")
    assert str(program) == "L = a + z"
    assert [item.name for item in program.inputs] == ["a", "z"]
    assert str(checked(doc, add(ref("L", "", ref("a")), num(1)))) == "a = z**2\nL = a + z\nout = L + 1"


def test_derivative_by_an_intermediate_varies_it_alone() -> None:
    doc = document({"z": "", "a": ""}, {"a": ((), power(z, 2)), "L": ((), mul(ref("a"), z))})
    assert str(checked(doc, diff(ref("L"), sym("a")))) == "out = z"
    by_z = checked(doc, diff(ref("L"), z))
    assert_agree(value(by_z, {}, {"z": 0.8}), 3 * 0.8**2, operations=3)


def test_derivative_at_another_point() -> None:
    doc = document(SHAPES, {"J": (("theta",), dot(RESIDUAL, RESIDUAL))})
    program = checked(doc, diff(ref("J"), theta, sym("theta_t", "n")))
    residual = VALUES["X"] @ VALUES["theta_t"] - VALUES["y"]
    assert_agree(value(program, SIZES, VALUES), 2 * VALUES["X"].T @ residual, ROUNDINGS)
    assert "theta" not in [item.name for item in program.inputs]


def test_derivative_inside_an_instantiated_definition() -> None:
    """g(theta) = grad J(theta), used as g(theta_t)."""
    doc = document(SHAPES, {"J": (("theta",), dot(RESIDUAL, RESIDUAL)), "g": (("theta",), diff(ref("J", "", theta), theta))})
    program = checked(doc, ref("g", "n", sym("theta_t", "n")))
    residual = VALUES["X"] @ VALUES["theta_t"] - VALUES["y"]
    assert_agree(value(program, SIZES, VALUES), 2 * VALUES["X"].T @ residual, ROUNDINGS)


def test_derivative_of_a_scalar_function_at_every_component() -> None:
    doc = document(SHAPES, {"s": (("z",), LOGISTIC)})
    slope = each(diff(ref("s", "", z), z, at(dot(X, theta), ix("i"))), ("i", "m"))
    s = expit(VALUES["X"] @ VALUES["theta"])
    assert_agree(value(checked(doc, slope), SIZES, VALUES), s * (1 - s), ROUNDINGS)


def test_gradient_at_every_sample() -> None:
    """Row i is the gradient of (theta^T x)^2 by x at x = X[i]."""
    doc = document(SHAPES, {"f": (("x",), power(dot(t(theta), x), 2))})
    rows = each(diff(ref("f", "", x), x, at(X, ix("i"))), ("i", "m"))
    expected = 2 * np.outer(VALUES["X"] @ VALUES["theta"], VALUES["theta"])
    assert_agree(value(checked(doc, rows), SIZES, VALUES), expected, ROUNDINGS)


def test_derivative_of_a_summand_under_its_sum() -> None:
    summand = power(sub(dot(t(at(X, ix("i"))), theta), at(y, ix("i"))), 2)
    program = checked(document(SHAPES), total("i", "m", diff(summand, theta)))
    expected = 2 * VALUES["X"].T @ (VALUES["X"] @ VALUES["theta"] - VALUES["y"])
    assert_agree(value(program, SIZES, VALUES), expected, ROUNDINGS)


def test_a_component_of_a_gradient_at_a_free_index() -> None:
    doc = document(SHAPES, {"J": (("theta",), dot(RESIDUAL, RESIDUAL))})
    term = at(diff(ref("J"), theta), ix("k"))
    program = checked(doc, term, free=(binder("k", "n"),))
    assert str(program).splitlines()[-1] == "out[k in 1..n] = 2*Sum(X[j, k]*r[j], (j, 1, m))"


def test_second_derivative() -> None:
    doc = document(SHAPES, {"J": (("theta",), dot(RESIDUAL, RESIDUAL))})
    program = checked(doc, diff(diff(ref("J"), theta), theta))
    assert str(program) == "out[i in 1..n, j in 1..n] = 2*Sum(X[k, i]*X[k, j], (k, 1, m))"


def test_an_argmin_stays_an_opaque_input() -> None:
    best = Extremum(Type(theta.type.shape), "argmin", "theta", dot(RESIDUAL, RESIDUAL))
    doc = document(SHAPES, {"theta_star": ((), best)})
    program = checked(doc, dot(X, ref("theta_star", "n")))
    assert str(program) == "out[i in 1..m] = Sum(X[i, j]*theta_star[j], (j, 1, n))"
    assert [item.name for item in program.inputs] == ["X", "theta_star"]


def test_whole_tensor_operands_are_named() -> None:
    gram = dot(t(X), X)
    program = checked(document(SHAPES), dot(op("inverse", "n n", gram), t(X), y))
    assert str(program) == "\n".join(
        (
            "Xt_X[i in 1..n, j in 1..n] = Sum(X[k, i]*X[k, j], (k, 1, m))",
            "Xt_X_inv[i in 1..n, j in 1..n] = inverse(Xt_X)",
            "out[i in 1..n] = Sum(Xt_X_inv[i, j]*Sum(X[k, j]*y[k], (k, 1, m)), (j, 1, n))",
        )
    )


def test_products_with_a_vector_never_make_a_matrix() -> None:
    program = checked(document(SHAPES), dot(t(X), X, theta))
    assert str(program) == "out[i in 1..n] = Sum(X[j, i]*Sum(X[j, k]*theta[k], (k, 1, n)), (j, 1, m))"


def test_identities_and_diagonals_are_contracted() -> None:
    shifted = add(dot(t(X), X), mul(b, op("identity", "n n")))
    assert str(checked(document(SHAPES), dot(shifted, theta))) == (
        "out[i in 1..n] = b*theta[i] + Sum(theta[j]*Sum(X[k, i]*X[k, j], (k, 1, m)), (j, 1, n))"
    )
    scaled = dot(X, op("diag", "n n", x), theta)
    assert str(checked(document(SHAPES), scaled)) == "out[i in 1..m] = Sum(X[i, j]*theta[j]*x[j], (j, 1, n))"


def test_sums_with_conditions_products_and_cases() -> None:
    others = total("i", "n", at(x, ix("i")), Condition("!=", ix("i"), num(1)))
    assert value(checked(document(SHAPES), others), SIZES, VALUES) == VALUES["x"][1]
    assert value(checked(document(SHAPES), product("i", "n", at(x, ix("i")))), SIZES, VALUES) == np.prod(VALUES["x"])
    sign = Cases(SCALAR, (((Condition(">", z, num(0)),), power(z, 2)), ((), num(0))))
    assert str(checked(document(SHAPES), sign)) == "out = Piecewise((z**2, z > 0), (0, True))"


def test_a_sum_may_run_to_an_outer_index() -> None:
    doc = document({"x": "n"}, {"s": ((), each(Reduction(SCALAR, "sum", binder("j", ix("k")), at(x, ix("j"))), ("k", "n")))})
    program = checked(doc, at(ref("s", "n"), size("n")))
    assert str(program) == "s[k in 1..n] = Sum(x[j], (j, 1, k))\nout = s[n]"


def test_index_names_never_clash_with_the_documents() -> None:
    doc = document({"i": "m n", "j": "n"})
    assert str(checked(doc, dot(sym("i", "m n"), sym("j", "n")))) == "out[k in 1..m] = Sum(i[k, l]*j[l], (l, 1, n))"


def test_numbers_are_exact() -> None:
    term = mul(num("1/10"), Constant(SCALAR, "pi"), like("exp", num("1/2")))
    assert str(checked(document(), term)) == "out = pi*exp(1/2)/10"


def test_assumptions_become_words_of_the_inputs() -> None:
    facts = (Condition("symmetric", X), Condition(">", b, num(0)), Condition(">=", at(y, ix("i")), num(0)))
    program = checked(document(SHAPES, assumptions=facts), add(dot(X, theta), mul(b, y)))
    assert {item.name: item.assumptions for item in program.inputs} == {
        "theta": (),
        "X": ("symmetric",),
        "y": ("nonnegative",),
        "b": ("positive",),
    }


def _spanned(term: Term) -> Term:
    object.__setattr__(term, "span", SPAN)
    return term


REFUSED = {
    "integral": (Integral(SCALAR, "z", num(0), num(1), like("abs", z)), "an integral of this body has no index form yet"),
    "limit": (Limit(SCALAR, "z", num(0), like("abs", z)), "this limit has no index form yet"),
    "extremum": (Extremum(SCALAR, "min", "z", power(z, 2)), "an extremum inside an expression has no index form yet"),
    "unknown": (
        at(_spanned(UnknownCall(shape("n"), "f", (x,))), num(1)),
        "the unknown function f with vector values has no index form yet",
    ),
    "series": (
        Reduction(SCALAR, "sum", binder("k", Constant(INTEGER, "infinity")), num(1)),
        "a geometric series whose ratio may not be between -1 and 1 has no index form yet",
    ),
    "maximum": (Reduction(SCALAR, "max", binder("k", "n"), at(x, ix("k"))), "the max over an index has no index form yet"),
    "inverse of a sample": (
        total("i", "m", op("det", "", outer(at(X, ix("i")), at(X, ix("i"))))),
        "det of a matrix that depends on an index has no index form yet",
    ),
    "derivative of a matrix root": (
        diff(op("trace", "", op("matsqrt", "m m", sym("R", "m m"))), sym("R", "m m")),
        "the derivative of matsqrt is not supported yet",
    ),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_has_no_index_form_is_refused_at_its_place(case: str) -> None:
    term, message = REFUSED[case]
    outside = mul(num(2), _spanned(term))
    with pytest.raises(NotSupportedYet) as caught:
        lower(document(SHAPES | {"R": "m m"}), outside, "out")
    assert caught.value.what == message
    assert caught.value.span == SPAN or case == "inverse of a sample"


def test_a_ring_of_definitions_is_named() -> None:
    doc = document({}, {"p": ((), add(ref("q"), num(1))), "q": ((), ref("p"))})
    with pytest.raises(IllegalEquation) as caught:
        lower(doc, ref("p"), "p")
    assert caught.value.what == "definitions refer to each other in a ring: q -> p -> q"


def test_value_is_kept_under_every_environment() -> None:
    """f(z) = h(z, 2 z) with h(u, v) = u v + z: z is bound in the caller, and h sees it."""
    h = add(mul(sym("u"), sym("v")), z)
    doc = document({"z": "", "u": "", "v": ""}, {"h": (("u", "v"), h), "f": (("z",), ref("h", "", z, mul(num(2), z)))})
    at_three = checked(doc, ref("f", "", num(3)))
    assert value(at_three, {}, {}) == 2 * 3 * 3 + 3
    slope = checked(doc, diff(ref("f", "", z), z))
    f = checked(doc, ref("f"), "f")
    assert_is_slope(value(slope, {}, {"z": 0.8}), lambda point: value(f, {}, {"z": float(point)}), 0.8, operations=3)


HASH_PROGRAM = """
import sys
sys.path[:0] = {folders!r}
from test_lower import RESIDUAL, SHAPES, X, dot, diff, document, op, ref, t, theta, y, lower, add
doc = document(SHAPES, {{"J": (("theta",), add(dot(RESIDUAL, RESIDUAL), op("log", "", op("det", "", dot(t(X), X)))))}})
print(lower(doc, diff(diff(ref("J"), theta), theta), "out"), lower(doc, diff(ref("J"), X), "out"))
"""


def test_same_bytes_whatever_the_hash_seed() -> None:
    folders = [str(folder) for folder in Path(__file__).parents[:2]]
    texts = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", HASH_PROGRAM.format(folders=folders)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        texts.add(run.stdout)
    assert len(texts) == 1
    assert "Xt_X_inv" in texts.pop()


def test_symbols_of_dimensions_are_sizes() -> None:
    assert isinstance(sym("n"), Symbol)
    assert str(checked(document(SHAPES), size("n"))) == "out = n"
