"""Forward derivatives against difference quotients in balls of 600 bits, which no slope table can influence."""

from __future__ import annotations

import pytest
from build_terms import call, div, document, elementwise, grad, matmul, mul, num, power, sub, sym, transpose
from flint import arb, ctx, fmpq

from eqcompiler.languages.terms import ELEMENTWISE
from eqcompiler.verification import jets
from eqcompiler.verification.fields import NotDifferentiable
from eqcompiler.verification.oracle import Sample, complex_step, evaluate

STEP = fmpq(1, 10**40)
# values come with 200 bits; differences err by h^2 times a derivative below 10^6
TOLERANCE = arb(10) ** -50

INSIDE = {name: fmpq(3, 7) for name in ELEMENTWISE} | {"acosh": fmpq(5, 3), "gamma": fmpq(7, 3), "loggamma": fmpq(7, 3)}


def at(term, x):
    return evaluate(document(), term, Sample({}, {"x": x}))


def close(a, b):
    return bool(abs(arb(0) + a - b) < TOLERANCE)


def wrong_slopes():
    """Functions whose first or second derivative differs from the difference quotient."""
    wrong = []
    with ctx.workprec(600):
        for name in sorted(ELEMENTWISE):
            x = INSIDE[name]
            f = elementwise(name, sym("x"))
            first = grad(f, "x")
            slope = (jets.apply(name, x + STEP) - jets.apply(name, x - STEP)) / (2 * STEP)
            bend = (jets.apply(name, x + STEP) - 2 * jets.apply(name, x) + jets.apply(name, x - STEP)) / (STEP * STEP)
            if not close(at(first, x), slope) or not close(at(grad(first, "x"), x), bend):
                wrong.append(name)
    return wrong


@pytest.mark.parametrize("name", ["tanh", "exp", "erf", "loggamma"])
def test_a_slope_that_is_off_by_a_two_thousandth_is_noticed(monkeypatch, name):
    right = jets._SLOPES[name]
    monkeypatch.setitem(jets._SLOPES, name, lambda x, y: right(x, y) * fmpq(2001, 2000))
    assert name in wrong_slopes()


def test_a_product_rule_that_is_off_is_noticed(monkeypatch):
    square = grad(mul(sym("x"), sym("x")), "x")
    assert at(square, 3) == 6
    monkeypatch.setattr(
        jets.Jet,
        "__mul__",
        lambda self, other: jets.Jet(
            self.level, self.value * other.value, [fmpq(2001, 2000) * self.value for _ in self.tangent]
        ),
    )
    assert at(square, 3) != 6


def test_every_slope_agrees_with_difference_quotients():
    assert wrong_slopes() == []


@pytest.mark.parametrize(
    ("term", "x"),
    [
        (elementwise("abs", sym("x")), 0),
        (elementwise("sign", sym("x")), 0),
        (elementwise("relu", sym("x")), 0),
        (elementwise("sqrt", sym("x")), 0),
        (elementwise("floor", sym("x")), 2),
        (elementwise("asin", sym("x")), 1),
        (call("max", sym("x"), num(1)), 1),
        (call("min", mul(num(2), sym("x")), sym("x")), 0),
        (power(sym("x"), num("1/2")), 0),
    ],
)
def test_a_kink_is_never_judged(term, x):
    with pytest.raises(NotDifferentiable):
        at(grad(term, "x"), x)


def test_a_tie_of_equal_branches_is_no_kink():
    term = call("max", sym("x"), mul(sym("x"), num(1)))
    assert at(grad(term, "x"), 4) == 1


def test_powers():
    x = sym("x")
    assert at(grad(power(x, 3), "x"), -2) == 12
    assert at(grad(power(x, -2), "x"), 2) == fmpq(-1, 4)
    assert at(grad(power(x, num("3/2")), "x"), 4) == 3
    assert at(grad(power(x, 0), "x"), 0) == 0
    with ctx.workprec(200):
        assert close(at(grad(power(num(2), x), "x"), 3), 8 * arb(2).log())


def test_gradient_of_a_least_squares_loss_is_exact():
    X, y, t = sym("X", "m", "n"), sym("y", "m"), sym("t", "n")
    loss = power(call("norm2", sub(matmul(X, t), y)), 2)
    sample = Sample({"m": 3, "n": 2}, {"X": [[1, 2], [3, 4], [5, 7]], "y": [1, 0, 2], "t": [1, -1]})
    assert list(evaluate(document(), grad(loss, "t", "n"), sample)) == [-50, -72]
    hessian = evaluate(document(), grad(grad(loss, "t", "n"), "t", "n"), sample)
    assert hessian.tolist() == [[70, 98], [98, 138]]


def test_shape_is_the_body_s_then_the_variable_s():
    X, v = sym("X", "m", "n"), sym("v", "n")
    sample = Sample({"m": 2, "n": 3}, {"X": [[1, 2, 3], [4, 5, 6]], "v": [7, 8, 9]})
    jacobian = evaluate(document(), grad(matmul(X, v), "X", "m", "n"), sample)
    assert jacobian.shape == (2, 2, 3)
    assert jacobian[1].tolist() == [[0, 0, 0], [7, 8, 9]]


def test_a_symmetric_matrix_is_not_constrained():
    A, x = sym("A", "n", "n"), sym("x", "n")
    form = matmul(x, matmul(A, x))
    sample = Sample({"n": 2}, {"A": [[2, 1], [1, 3]], "x": [1, 2]})
    assert evaluate(document(), grad(form, "A", "n", "n"), sample).tolist() == [[1, 2], [2, 4]]


@pytest.mark.parametrize(
    ("operation", "shape"),
    [
        ("inverse", ("n", "n")),
        ("det", ()),
        ("matsqrt", ("n", "n")),
        ("matexp", ("n", "n")),
        ("norm2", ()),
        ("normF", ()),
        ("pseudoinverse", ("n", "n")),
        ("trace", ()),
        ("vec", (4,)),
        ("diagonal", ("n",)),
    ],
)
def test_derivatives_of_matrix_operations_agree_with_difference_quotients(operation, shape):
    S = sym("S", "n", "n")
    symmetric = mul(num("1/2"), call("add", S, transpose(S), shape=("n", "n")))
    moved = call("add", symmetric, mul(sym("t"), sym("D", "n", "n")), shape=("n", "n"))
    body = call(operation, moved, shape=shape)
    values = {"S": [[4, 1], [1, 3]], "D": [[1, 2], [2, -1]]}

    def value(t):
        return evaluate(document(), body, Sample({"n": 2}, {**values, "t": t}))

    with ctx.workprec(600):
        from eqcompiler.verification.oracle import Evaluator

        def precise(t):
            return Evaluator(document(), Sample({"n": 2}, {**values, "t": t})).value(body)

        here = Evaluator(document(), Sample({"n": 2}, {**values, "t": fmpq(1, 3)}))
        first, second = here.value(grad(body, "t")), here.value(grad(grad(body, "t"), "t"))
        x = fmpq(1, 3)
        slope = (precise(x + STEP) - precise(x - STEP)) / (2 * STEP)
        bend = (precise(x + STEP) - 2 * precise(x) + precise(x - STEP)) / (STEP * STEP)
        for found, expected in ((first, slope), (second, bend)):
            pairs = zip(found.flat, expected.flat, strict=True) if shape else [(found, expected)]
            assert all(close(a, b) for a, b in pairs)


def test_complex_step_agrees_with_jets():
    w, x = sym("w", "n"), sym("x", "n")
    loss = call("log", call("add", num(1), elementwise("exp", matmul(w, x))))
    values = {"w": [0.5, -1.25], "x": [2.0, 1.5]}
    slope = complex_step(document(), loss, Sample({"n": 2}, values), {"w": [1, 0]})
    exact = evaluate(document(), grad(loss, "w", "n"), Sample({"n": 2}, values))
    assert slope == pytest.approx(float(exact[0]), rel=8 * 2**-52)


def test_nested_derivatives_are_not_confused():
    # d/dx ( x * d/dy (x y) ) = d/dx x^2 = 2 x; confusing the two directions would give x + y or 0
    x, y = sym("x"), sym("y")
    term = grad(mul(x, grad(mul(x, y), "y")), "x")
    assert evaluate(document(), term, Sample({}, {"x": 5, "y": 11})) == 10


def test_division_by_a_jet_of_value_zero_has_no_value():
    from eqcompiler.verification.fields import Undefined

    with pytest.raises(Undefined):
        at(grad(div(num(1), sym("x")), "x"), 0)
