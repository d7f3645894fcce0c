"""Every node of the typed terms, and the one rule of names: a dynamic environment, binding cuts definitions."""

from __future__ import annotations

import re
import time
from fractions import Fraction

import numpy as np
import pytest
from build_terms import (
    SPAN,
    add,
    at,
    call,
    condition,
    define,
    div,
    document,
    elementwise,
    eye,
    family,
    grad,
    idx,
    matmul,
    mul,
    num,
    over,
    power,
    ref,
    size,
    sub,
    sum_over,
    sym,
    typed,
)
from flint import arb, fmpq
from rounding import assert_agree

from eqcompiler.errors import BadInput, NotSupportedYet
from eqcompiler.languages.terms import (
    SCALAR,
    Block,
    Call,
    Cases,
    Constant,
    Expectation,
    Extremum,
    FunctionType,
    Integral,
    Limit,
    Reduction,
    Term,
    Type,
    UnknownCall,
)
from eqcompiler.verification import evaluator
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.oracle import Evaluator, Polynomial, Sample, evaluate

X = [[1, 2, 3], [4, 5, 6]]


def run(term, *definitions, sizes=None, symbols=None, indices=None, functions=None, **values):
    return evaluate(document(*definitions, symbols=symbols), term, Sample(sizes or {}, values, indices or {}, functions or {}))


def subclasses(kind):
    return {c.__name__ for c in kind.__subclasses__()}.union(*(subclasses(c) for c in kind.__subclasses__()))


def test_every_node_has_a_rule():
    assert {kind.__name__ for kind in evaluator._RULES} == subclasses(Term)


def test_a_sum_that_forgets_its_last_term_is_noticed(monkeypatch):
    term = sum_over(over("i", 1, "m"), at(sym("v", "m"), idx("i")))
    assert run(term, sizes={"m": 3}, v=[5, 6, 7]) == 18
    monkeypatch.setattr(Evaluator, "positions", lambda self, binder, env: range(1, self.whole(binder.upper, env)))
    assert run(term, sizes={"m": 3}, v=[5, 6, 7]) != 18


def test_numbers_constants_sizes_indices():
    assert run(num("3/4")) == fmpq(3, 4)
    assert run(Constant(SCALAR, "pi")).overlaps(arb.pi())
    assert run(size("m"), sizes={"m": 7}) == 7
    assert run(idx("i"), indices={"i": 4}) == 4
    assert run(power(Constant(SCALAR, "e"), num(0))) == 1


def test_an_irrational_value_is_a_ball_that_contains_it():
    root = run(elementwise("sqrt", num(2)))
    assert isinstance(root, arb)
    assert (root * root).contains(2)
    assert root.rel_accuracy_bits() > 150
    assert run(elementwise("sqrt", num("9/4"))) == fmpq(3, 2)


def test_components_and_slices_count_from_one():
    assert run(at(sym("X", 2, 3), idx("i"), num(3)), indices={"i": 2}, X=X) == 6
    assert list(run(at(sym("X", 2, 3), num(2)), X=X)) == [4, 5, 6]
    with pytest.raises(Undefined, match="index 1 is 3, outside 1 to 2"):
        run(at(sym("X", 2, 3), num(3)), X=X)
    with pytest.raises(Undefined, match="index 1 is 0, outside 1 to 2"):
        run(at(sym("X", 2, 3), num(0)), X=X)


def test_reductions():
    v, i = at(sym("v", "m"), idx("i")), over("i", 1, "m")
    given = {"sizes": {"m": 4}, "v": [3, -1, 2, 2]}
    assert run(sum_over(i, v), **given) == 6
    assert run(Reduction(SCALAR, "product", i, v), **given) == -12
    assert run(Reduction(SCALAR, "max", i, v), **given) == 3
    assert run(Reduction(SCALAR, "min", i, v), **given) == -1
    assert run(sum_over(i, v, condition(idx("i"), "!=", 2)), **given) == 7
    assert run(sum_over(over("i", 2, 3), v), **given) == 1


def test_empty_reductions():
    nothing = over("i", 1, 0)
    assert run(sum_over(nothing, num(1))) == 0
    assert list(run(sum_over(nothing, sym("v", "m")), sizes={"m": 2}, v=[1, 2])) == [0, 0]
    assert run(Reduction(SCALAR, "product", nothing, num(5))) == 1
    with pytest.raises(Undefined, match="maximum or minimum of nothing"):
        run(Reduction(SCALAR, "max", nothing, num(5)))


def test_ranges_may_depend_on_outer_indices():
    inner = sum_over(over("j", 1, idx("i")), at(sym("v", "m"), idx("j")))
    assert run(sum_over(over("i", 1, "m"), inner), sizes={"m": 3}, v=[1, 10, 100]) == 1 + 11 + 111


def test_infinite_sums_are_named_with_their_place():
    endless = Constant(SCALAR, "infinity", span=SPAN)
    with pytest.raises(NotSupportedYet) as caught:
        run(Reduction(SCALAR, "product", over("i", 1, endless), num(1), span=SPAN))
    assert (caught.value.what, caught.value.span) == ("this infinite sum or product is not evaluated yet", SPAN)


def test_families():
    term = family((over("i", 1, "m"), over("j", 1, "n")), mul(idx("i"), num(10)), ("m", "n"))
    assert run(term, sizes={"m": 2, "n": 3}).tolist() == [[10] * 3, [20] * 3]
    rows = family((over("i", 1, "m"),), mul(idx("i"), sym("v", "n")), ("m", "n"))
    assert run(rows, sizes={"m": 2, "n": 2}, v=[1, 5]).tolist() == [[1, 5], [2, 10]]


def test_cases_take_the_first_branch_that_holds():
    x = sym("x")
    huber = Cases(SCALAR, (((condition(x, "<", 0),), num(-1)), ((condition(x, "=", 0),), num(0)), ((), num(1))))
    assert [run(huber, x=x_) for x_ in (-3, 0, "1/2")] == [-1, 0, 1]
    partial = Cases(SCALAR, (((condition(x, ">", 0),), num(1)),))
    with pytest.raises(Undefined, match="no case applies"):
        run(partial, x=-1)


def test_blocks():
    A, b, c = sym("A", 2, 2), sym("b", 2), sym("c")
    row = Call(Type(b.type.shape, row=True), "transpose", (b,))
    block = Block(typed(3, 3), ((A, b), (row, c)))
    assert run(block, A=[[1, 2], [3, 4]], b=[5, 6], c=7).tolist() == [[1, 2, 5], [3, 4, 6], [5, 6, 7]]


def test_unknown_functions_are_concrete_polynomials():
    f = Polynomial((((fmpq(2), (0, 0, 1)), (fmpq(-1), (1,))),))  # 2 x1^2 x2 - x2
    x = sym("x", "n")
    term = UnknownCall(SCALAR, "f", (x,))
    symbols = {"f": FunctionType((typed("n"),), SCALAR)}
    given = {"sizes": {"n": 2}, "symbols": symbols, "functions": {"f": f}, "x": [3, 5]}
    assert run(term, **given) == 85
    assert list(run(grad(term, "x", "n"), **given)) == [60, 17]
    assert run(grad(grad(term, "x", "n"), "x", "n"), **given).tolist() == [[20, 12], [12, 0]]
    assert list(run(grad(term, "x", "n", point=mul(num(2), x)), **given)) == [240, 71]


def test_outside_is_named_with_its_place():
    x = sym("x")
    for term, words in (
        (Limit(SCALAR, "x", num(0), Call(SCALAR, "floor", (x,)), span=SPAN), "floor under a limit is not evaluated yet"),
        (Integral(SCALAR, "x", Constant(SCALAR, "infinity"), num(0), x, span=SPAN), "an integral that starts at infinity"),
    ):
        with pytest.raises(NotSupportedYet, match=re.escape(words)) as caught:
            run(term)
        assert caught.value.span == SPAN


def test_an_expectation_without_anything_random_is_its_body():
    assert run(Expectation(SCALAR, "E", (sym("x"),)), x=3) == 3


def test_integrals_are_rigorous():
    t, x = sym("t"), sym("x")
    log = Integral(SCALAR, "t", num(1), x, elementwise("log", t))
    value, expected = run(log, x=3), 3 * arb(3).log() - 2
    assert value.overlaps(expected)
    assert value.rel_accuracy_bits() > 110
    square = Integral(SCALAR, "t", num(0), x, mul(t, t, x))
    assert run(square, x=3) == 27


def test_references_evaluate_in_the_environment_of_the_use():
    # h(x) = theta^T x; J(theta) = h(x_1)^2: the theta of h is the one that J binds
    theta, x = sym("theta", "n"), sym("x", "n")
    h = define("h", matmul(theta, x), "x")
    J = define("J", power(ref(h, at(sym("X", "m", "n"), num(1))), 2), "theta")
    given = {"sizes": {"m": 2, "n": 3}, "X": X, "theta": [1, 0, 0]}
    assert run(ref(J), h, J, **given) == 1
    assert run(ref(J, sym("w", "n")), h, J, w=[0, 1, 1], **given) == 25
    assert list(run(grad(ref(J), "theta", "n"), h, J, **given)) == [2, 4, 6]


def test_binding_cuts_a_definition():
    # a = z^2, L = a w: dL/da varies a alone, dL/dz flows through a
    z, w = sym("z"), sym("w")
    a = define("a", power(z, 2))
    loss = define("L", mul(ref(a), w))
    given = {"z": 3, "w": 5}
    assert run(grad(ref(loss), "a"), a, loss, **given) == 5
    assert run(grad(ref(loss), "z"), a, loss, **given) == 30
    assert run(grad(ref(loss), "a", point=num(100)), a, loss, **given) == 5


def test_a_formal_hides_the_definition_of_its_name():
    x = sym("x")
    P = define("P", num(100))
    f = define("f", mul(ref(P), num(2)), "P")
    assert run(ref(f, x), P, f, x=7) == 14


def test_a_point_is_bound_after_differentiating():
    x = sym("x")
    f = define("f", power(x, 3), "x")
    assert run(grad(ref(f, x), "x", point=sub(x, num(1))), f, x=3) == 12


def test_shared_definitions_are_evaluated_once():
    # x_0 = x, x_k = x_{k-1} + x_{k-1}: 2^60 evaluations without memory
    steps = [define("x0", sym("x"))]
    for k in range(1, 61):
        steps.append(define(f"x{k}", add(ref(steps[-1]), ref(steps[-1]))))
    started = time.monotonic()
    assert run(grad(ref(steps[-1]), "x"), *steps, x=1) == 2**60
    assert time.monotonic() - started < 1


def test_what_is_kept_depends_on_the_values_that_are_read():
    g = define("g", mul(idx("i"), sym("s")))
    term = sum_over(over("i", 1, 3), ref(g))
    assert run(term, g, s=2) == 12
    h = define("h", mul(sym("s"), sym("s")), "s")
    assert run(add(ref(h, num(2)), ref(h, num(3)), ref(h)), h, s=5) == 4 + 9 + 25


def test_a_definition_by_itself_is_refused():
    loop = define("f", add(call("neg", num(1)), num(0)))
    body = add(ref(loop), num(1))
    with pytest.raises(NotSupportedYet, match="f is defined by itself"):
        run(ref(loop), define("f", body))


def test_a_missing_value_is_named():
    with pytest.raises(BadInput, match="the sample gives no value for x"):
        run(sym("x"))
    with pytest.raises(BadInput, match="the sample gives no size for n"):
        run(eye("n"))
    with pytest.raises(BadInput, match=re.escape("v has the shape (3,), its value has (2,)")):
        run(sym("v", "n"), sizes={"n": 3}, v=[1, 2])


def test_the_argmin_of_a_quadratic_is_exact():
    A, y, w = sym("X", "m", "n"), sym("y", "m"), sym("w", "n")
    loss = add(power(call("norm2", sub(matmul(A, w), y)), 2), mul(sym("l"), power(call("norm2", w), 2)))
    given = {"sizes": {"m": 2, "n": 3}, "symbols": {"w": typed("n")}, "X": X, "y": [1, -1], "l": 2}
    found = run(Extremum(typed("n"), "argmin", "w", loss), **given)
    gram = np.array(X).T @ np.array(X) + 2 * np.eye(3)
    expected = np.linalg.solve(gram, np.array(X).T @ [1, -1])
    operations = 2 * len(gram) ** 3 * np.linalg.cond(gram)  # of the elimination, whose errors the condition amplifies
    assert_agree([float(fmpq_to_fraction(x)) for x in found], expected, operations)
    least = run(Extremum(SCALAR, "min", "w", loss), **given)
    assert least == run(loss, **{**given, "w": list(found)})


def fmpq_to_fraction(x):
    return Fraction(int(x.p), int(x.q))


def test_the_argmin_under_affine_constraints_is_exact():
    a, v, x = sym("a", "n"), sym("v", "n"), sym("x", "n")
    half = mul(num("1/2"), power(call("norm2", sub(x, v)), 2))
    term = Extremum(typed("n"), "argmin", "x", half, (condition(matmul(a, x), "=", 4),))
    found = run(term, sizes={"n": 2}, symbols={"x": typed("n")}, a=[1, 2], v=[3, 5])
    assert list(found) == [3 - fmpq(9, 5), 5 - fmpq(18, 5)]


def test_the_maximum_follows_its_parameters():
    # max_x y x - a x^2 / 2 = y^2 / (2 a), with derivative y / a in y
    x, y, a = sym("x"), sym("y"), sym("a")
    body = sub(mul(y, x), mul(num("1/2"), a, power(x, 2)))
    term = Extremum(SCALAR, "max", "x", body)
    given = {"symbols": {"x": SCALAR}, "y": 6, "a": 4}
    assert run(term, **given) == fmpq(36, 8)
    assert run(grad(term, "y"), **given) == fmpq(3, 2)


def test_an_extremum_that_is_not_one_has_no_value():
    x, y = sym("x"), sym("y")
    given = {"symbols": {"x": SCALAR}, "y": 3}
    with pytest.raises(Undefined, match="there is no extremum"):
        run(Extremum(SCALAR, "argmin", "x", mul(num(-1), power(x, 2))), **given)
    with pytest.raises(Undefined, match="not unique, or there is none"):
        run(Extremum(SCALAR, "argmax", "x", mul(x, y)), **given)
    with pytest.raises(NotSupportedYet, match="not quadratic"):
        run(Extremum(SCALAR, "argmin", "x", power(x, 4)), **given)
    with pytest.raises(NotSupportedYet, match="not quadratic"):
        run(Extremum(SCALAR, "argmin", "x", add(power(x, 2), elementwise("abs", sub(x, num("1/7"))))), **given)
    with pytest.raises(NotSupportedYet, match="constraint with >="):
        run(Extremum(SCALAR, "argmin", "x", power(x, 2), (condition(x, ">=", 1),)), **given)


def test_undefined_points_say_why_and_where():
    with pytest.raises(Undefined) as caught:
        run(call("inverse", sym("A", 2, 2), shape=(2, 2)), A=[[1, 2], [2, 4]])
    assert (caught.value.what, caught.value.span) == ("the inverse of a singular matrix", SPAN)
    with pytest.raises(Undefined, match="division by zero"):
        run(div(num(1), sym("x")), x=0)
    with pytest.raises(Undefined, match="logarithm of a number that is not positive"):
        run(elementwise("log", sym("x")), x=-1)


def test_a_decision_gets_the_bits_that_it_needs():
    # sqrt(2)^2 - 2 + 10^-100 > 0 needs more than 300 bits; sqrt(2)^2 > 2 is never decided
    root = elementwise("sqrt", num(2))
    tiny = sub(mul(root, root), sub(num(2), num(Fraction(1, 10**100))))
    assert run(elementwise("sign", tiny)) == 1
    with pytest.raises(Undefined, match="balls of 3200 bits do not decide here"):
        run(elementwise("sign", sub(mul(root, root), num(2))))


def test_an_even_power_of_a_norm_needs_no_root():
    v = sym("v", "n")
    assert run(power(call("norm2", v), 4), sizes={"n": 2}, v=[1, 2]) == 25
    assert list(run(grad(power(call("norm2", v), 2), "v", "n"), sizes={"n": 2}, v=[0, 0])) == [0, 0]


def test_integrals_follow_their_parameters_and_refuse_what_is_not_analytic():
    t, x = sym("t"), sym("x")
    powers = Integral(SCALAR, "t", num(0), num(1), power(x, t), span=SPAN)
    assert run(powers, x=3).overlaps(2 / arb(3).log())
    with pytest.raises(NotSupportedYet, match="abs under an integral is not evaluated yet"):
        run(Integral(SCALAR, "t", num(-1), num(1), elementwise("abs", t), span=SPAN))
    with pytest.raises(NotSupportedYet, match="the derivative of an integral without a closed form is not evaluated yet"):
        run(grad(powers, "x"), x=3)
    assert run(Integral(SCALAR, "t", num(0), x, num(2)), x=3) == 6
    started = time.monotonic()
    with pytest.raises(Undefined, match="does not converge fast enough"):
        run(Integral(SCALAR, "t", num(0), num(1), elementwise("log", t), span=SPAN))
    assert time.monotonic() - started < 2
