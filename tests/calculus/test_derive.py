"""Derivatives against finite differences, against formulas of the literature, and against their own algebra."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from program_values import assert_is_slope, value, values
from rounding import assert_agree, largest
from scipy import special
from terms_by_hand import (
    add,
    at,
    binder,
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
    size,
    sub,
    sym,
    t,
    total,
)

from eqcompiler.calculus import partials
from eqcompiler.calculus.check_index_form import ALLOWED_NODES, check
from eqcompiler.calculus.derive import gradient, hessian, hvp, value_and_gradient
from eqcompiler.calculus.lower import lower
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import ELEMENTARY, Axis, Indexed, Input, Program, index, tensor
from eqcompiler.languages.program import size as dimension_symbol
from eqcompiler.languages.terms import SCALAR, Call, Cases, Condition, Reduction, Term, Type

SHAPES = {"X": "m n", "A": "n n", "B": "n p", "x": "n", "w": "n", "y": "m", "c": "", "d": "", "W": "m n", "v": "m"}
SIZES = {"m": 3, "n": 2, "p": 4}
RANDOM = np.random.default_rng(11)
VALUES: dict[str, Any] = {n: RANDOM.uniform(0.3, 0.9, [SIZES[word] for word in s.split()]) for n, s in SHAPES.items()}
VALUES["A"] = VALUES["A"] + np.diag([1.0, 2.0])
VALUES |= {"c": 0.7, "d": 0.4, "k": 3.0}
X, A, B, x, w, y, c, d, W, v = (sym(name, text) for name, text in SHAPES.items())
k = sym("k", domain="integer")
DOCUMENT = document(SHAPES | {"k": ""})
RESIDUAL = sub(dot(X, w), y)
# forward and back through at most four sums of at most three products, and through an inverse of A
OPERATIONS = 2 * 4 * (2 * 3 + 5)
CONDITION = float(np.linalg.cond(VALUES["A"]))


def made(term: Term) -> Program:
    program = lower(DOCUMENT, term, "f")
    check(program)
    return program


def assert_is_slope_of(program: Program, variable: str, found: Any) -> None:
    def at_point(point: Any) -> Any:
        return value(program, SIZES, VALUES | {variable: point})

    assert_is_slope(found, at_point, VALUES[variable], OPERATIONS * CONDITION)


def inverse(term: Term) -> Term:
    return like("inverse", term)


def det(term: Term) -> Term:
    return op("det", "", term)


SOFTMAX = op("softmax", "n", x)
CASES: dict[str, tuple[Term, str]] = {
    "least squares": (div(dot(RESIDUAL, RESIDUAL), size("m")), "w"),
    "least squares by data": (div(dot(RESIDUAL, RESIDUAL), size("m")), "X"),
    "norm": (op("norm2", "", RESIDUAL), "w"),
    "frobenius": (power(op("normF", "", dot(X, B)), 2), "B"),
    "quadratic form": (dot(x, A, x), "x"),
    "quadratic form by matrix": (dot(x, A, x), "A"),
    "trace": (op("trace", "", dot(t(X), X, A)), "A"),
    "trace by both": (op("trace", "", dot(t(X), X, A)), "X"),
    "trace itself": (op("trace", "", A), "A"),
    "square of a matrix": (op("trace", "", op("matpow", "n n", A, num(3))), "A"),
    "symbolic power": (op("trace", "", op("matpow", "n n", A, k)), "A"),
    "determinant of a symbolic power": (det(op("matpow", "n n", A, k)), "A"),
    "inverse": (dot(x, inverse(A), w), "A"),
    "inverse by vector": (dot(x, inverse(A), w), "x"),
    "inverse twice": (op("trace", "", dot(inverse(A), inverse(A))), "A"),
    "determinant": (det(A), "A"),
    "determinant of a product": (det(dot(t(X), X)), "X"),
    "log determinant": (op("log", "", det(dot(t(X), X))), "X"),
    "log-sum-exp": (op("log", "", total("i", "n", op("exp", "", at(x, ix("i"))))), "x"),
    "cross-entropy": (dot(w, like("log", SOFTMAX)), "x"),
    "softmax": (SOFTMAX, "x"),
    "logistic loss": (total("i", "m", op("softplus", "", at(dot(X, w), ix("i")))), "w"),
    "network": (dot(v, like("tanh", dot(W, like("sigmoid", dot(A, x))))), "A"),
    "network by input": (dot(v, like("tanh", dot(W, like("sigmoid", dot(A, x))))), "x"),
    "elementwise product": (dot(x, mul(w, w, like("exp", x))), "w"),
    "outer product": (op("trace", "", dot(outer(x, w), A)), "x"),
    "diagonal": (op("trace", "", dot(op("diag", "n n", x), A, op("diag", "n n", x))), "x"),
    "power of two variables": (mul(op("pow", "", c, d), d), "d"),
    "quotient": (div(op("sin", "", c), add(c, num(2))), "c"),
    "product over an index": (product("i", "n", add(at(x, ix("i")), at(w, ix("i")))), "x"),
    "product of sums": (product("i", "m", total("j", "n", mul(at(X, ix("i"), ix("j")), at(x, ix("j"))))), "x"),
    "shifted index": (Reduction(SCALAR, "sum", binder("i", "n", 2), mul(at(x, ix("i")), at(x, sub(ix("i"), num(1))))), "x"),
    "partial sums": (
        total("k", "n", power(Reduction(SCALAR, "sum", binder("j", ix("k")), at(x, ix("j"))), 2)),
        "x",
    ),
    "constant component": (power(at(x, num(2)), 3), "x"),
    "maximum": (power(op("max", "", num(0), sub(num(1), mul(c, d))), 2), "c"),
    "relu": (dot(v, op("relu", "m", RESIDUAL)), "w"),
    "absolute values": (op("norm1", "", RESIDUAL), "w"),
    "cases": (Cases(SCALAR, (((Condition(">", c, d),), mul(c, d)), ((), power(c, 3)))), "c"),
    "jacobian of a normalised vector": (div(x, op("norm2", "", x)), "x"),
    "jacobian of a product": (dot(X, x), "X"),
    "jacobian of an inverse": (inverse(A), "A"),
    "vectorised": (op("norm2", "", Call(Type((Dimension.of("m") * Dimension.of("n"),)), "vec", (X,))), "X"),
    "entries of a vectorised matrix": (Call(Type((Dimension.of("m") * Dimension.of("n"),)), "vec", (X,)), "X"),
    "digamma": (dot(w, like("loggamma", x)), "x"),
    "the variable itself": (x, "x"),
    "condition on an index": (total("i", "n", power(at(x, ix("i")), 2), Condition("!=", ix("i"), num(1))), "x"),
    "equal indices": (total("i", "n", at(A, ix("i"), ix("i"))), "A"),
    "two sums with one index name": (mul(total("i", "n", at(x, ix("i"))), total("i", "n", power(at(x, ix("i")), 2))), "x"),
    "triangle": (
        each(Reduction(SCALAR, "sum", binder("j", ix("k")), mul(at(x, ix("j")), at(w, ix("k")))), ("k", "n")),
        "x",
    ),
}
FUNCTIONS = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "atanh",
    "erf",
    "abs",
    "gamma",
    "loggamma",
    "sigmoid",
    "softplus",
    "relu",
]
CASES |= {name: (dot(w, like(name, x)), "x") for name in FUNCTIONS}
CASES["acosh"] = (dot(w, like("acosh", add(x, num(1)))), "x")


@pytest.mark.parametrize("case", sorted(CASES))
def test_gradient_is_the_limit_of_differences(case: str) -> None:
    term, variable = CASES[case]
    program = made(term)
    derived = gradient(program, "f", variable)
    check(derived)
    assert derived.outputs == (f"grad_f_{variable}",)
    assert_is_slope_of(program, variable, value(derived, SIZES, VALUES))


def test_a_rule_off_by_a_two_thousandth_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the comparison above sees a derivative of tanh that is wrong by the factor 1.0005."""
    wrong = sympy.Rational(10005, 10000)
    monkeypatch.setattr(sympy.tanh, "fdiff", lambda self, argument=1: wrong * (1 - sympy.tanh(self.args[0]) ** 2))
    program = made(dot(w, like("tanh", x)))
    found = value(gradient(program, "f", "x"), SIZES, VALUES)
    with pytest.raises(AssertionError):
        assert_is_slope_of(program, "x", found)


LITERATURE: dict[str, tuple[Term, str, Callable[[dict[str, Any]], Any]]] = {
    "Matrix Cookbook 49": (det(A), "A", lambda q: np.linalg.det(q["A"]) * np.linalg.inv(q["A"]).T),
    "Matrix Cookbook 57": (op("log", "", op("abs", "", det(A))), "A", lambda q: np.linalg.inv(q["A"]).T),
    "Matrix Cookbook 61": (
        dot(x, inverse(A), w),
        "A",
        lambda q: -np.linalg.inv(q["A"]).T @ np.outer(q["x"], q["w"]) @ np.linalg.inv(q["A"]).T,
    ),
    "Matrix Cookbook 81": (dot(x, A, x), "x", lambda q: (q["A"] + q["A"].T) @ q["x"]),
    "Matrix Cookbook 84": (dot(RESIDUAL, RESIDUAL), "w", lambda q: 2 * q["X"].T @ (q["X"] @ q["w"] - q["y"])),
    "Matrix Cookbook 121": (
        op("trace", "", op("matpow", "n n", A, k)),
        "A",
        lambda q: 3 * np.linalg.matrix_power(q["A"], 2).T,
    ),
    "Bishop 4.91": (
        total("i", "m", sub(op("softplus", "", at(dot(X, w), ix("i"))), mul(at(y, ix("i")), at(dot(X, w), ix("i"))))),
        "w",
        lambda q: q["X"].T @ (special.expit(q["X"] @ q["w"]) - q["y"]),
    ),
}


@pytest.mark.parametrize("case", sorted(LITERATURE))
def test_gradient_agrees_with_the_literature(case: str) -> None:
    term, variable, by_hand = LITERATURE[case]
    found = value(gradient(made(term), "f", variable), SIZES, VALUES)
    assert_agree(found, by_hand(VALUES), OPERATIONS * CONDITION)


def test_least_squares_prints_as_written_by_hand() -> None:
    program = value_and_gradient(made(div(dot(RESIDUAL, RESIDUAL), size("m"))), "f", ("w", "X"))
    check(program)
    assert program.outputs == ("f", "grad_f_w", "grad_f_X")
    assert str(program) == "\n".join(
        (
            "r[i in 1..m] = -y[i] + Sum(X[i, j]*w[j], (j, 1, n))",
            "f = Sum(r[i]**2, (i, 1, m))/m",
            "grad_f_w[i in 1..n] = 2*Sum(X[j, i]*r[j], (j, 1, m))/m",
            "grad_f_X[i in 1..m, j in 1..n] = 2*r[i]*w[j]/m",
        )
    )


def test_value_and_gradients_agree_with_one_by_one() -> None:
    program = made(dot(v, like("tanh", dot(W, like("sigmoid", dot(A, x))))))
    names = ("A", "W", "x", "v")
    together = value_and_gradient(program, "f", names)
    check(together)
    shared = values(together, SIZES, VALUES)
    assert_agree(shared["f"], value(program, SIZES, VALUES), OPERATIONS)
    for name in names:
        assert_agree(shared[f"grad_f_{name}"], value(gradient(program, "f", name), SIZES, VALUES), OPERATIONS)


def test_a_definition_as_variable_is_cut() -> None:
    doc = document(SHAPES, {"a": ((), like("tanh", dot(W, x))), "f": ((), dot(ref("a", "m"), mul(v, ref("a", "m"))))})
    derived = gradient(lower(doc, ref("f"), "f"), "f", "a")
    check(derived)
    assert str(derived) == "grad_f_a[i in 1..m] = 2*a[i]*v[i]"
    assert [(item.name, item.shape) for item in derived.inputs] == [("a", (Dimension.of("m"),)), ("v", (Dimension.of("m"),))]


def test_definitions_that_do_not_lead_to_the_variable_are_left_out() -> None:
    doc = document(SHAPES, {"s": ((), dot(y, y)), "f": ((), add(ref("s"), dot(w, w)))})
    assert str(gradient(lower(doc, ref("f"), "f"), "f", "w")) == "grad_f_w[i in 1..n] = 2*w[i]"
    assert str(gradient(lower(doc, ref("f"), "f"), "f", "y")) == "grad_f_y[i in 1..m] = 2*y[i]"


def test_no_dependence_is_an_explicit_zero() -> None:
    doc = document(SHAPES, {"f": (("w", "x"), dot(w, w))})
    assert str(gradient(lower(doc, ref("f"), "f"), "f", "x")) == "grad_f_x[i in 1..n] = 0"


HESSIANS = {
    "least squares": (div(dot(RESIDUAL, RESIDUAL), size("m")), "w"),
    "log-sum-exp": (op("log", "", total("i", "n", op("exp", "", at(x, ix("i"))))), "x"),
    "logistic": (total("i", "m", op("softplus", "", at(dot(X, w), ix("i")))), "w"),
    "network": (dot(v, like("tanh", dot(W, like("sigmoid", dot(A, x))))), "x"),
    "scalar": (op("exp", "", mul(c, c)), "c"),
    "inverse": (dot(x, inverse(A), x), "A"),
    "log determinant": (op("log", "", det(A)), "A"),
    "norm": (op("norm2", "", x), "x"),
    "gamma": (dot(w, like("loggamma", x)), "x"),
}


@pytest.mark.parametrize("case", sorted(HESSIANS))
def test_hessian_and_its_products(case: str) -> None:
    term, variable = HESSIANS[case]
    program = made(term)
    first = gradient(program, "f", variable)
    second = hessian(program, "f", variable)
    check(second)
    assert second.outputs == (f"hess_f_{variable}",)
    found = value(second, SIZES, VALUES)
    assert_is_slope_of(first, variable, found)
    rank = np.ndim(VALUES[variable])
    operations = OPERATIONS * CONDITION**3  # a second derivative of the inverse holds it three times
    assert_agree(found, np.transpose(found, (*range(rank, 2 * rank), *range(rank))), operations)  # mixed derivatives commute
    product_ = hvp(program, "f", variable, "direction")
    check(product_)
    assert product_.outputs == (f"hvp_f_{variable}",)
    direction = RANDOM.normal(size=np.shape(VALUES[variable]))
    along = value(product_, SIZES, VALUES | {"direction": direction})
    assert_agree(
        along, np.tensordot(found, direction, axes=rank), operations, magnitude=largest(found) * np.abs(direction).sum()
    )


def test_hessian_product_holds_no_hessian() -> None:
    program = hvp(made(div(dot(RESIDUAL, RESIDUAL), size("m"))), "f", "w")
    assert str(program) == "\n".join(
        (
            "r_bar[i in 1..m] = 2*Sum(X[i, j]*v[j], (j, 1, n))/m",
            "hvp_f_w[i in 1..n] = Sum(X[j, i]*r_bar[j], (j, 1, m))",
        )
    )
    assert program.inputs[-1] == Input("v", (Dimension.of("n"),), "v")


def test_a_derivative_is_linear() -> None:
    f, g = dot(x, A, x), op("log", "", total("i", "n", op("exp", "", at(x, ix("i")))))
    both = value(gradient(made(add(mul(num(3), f), mul(c, g))), "f", "x"), SIZES, VALUES)
    parts = [value(gradient(made(term), "f", "x"), SIZES, VALUES) for term in (f, g)]
    assert_agree(both, 3 * parts[0] + VALUES["c"] * parts[1], OPERATIONS)


def _chain(length: int) -> Program:
    """h_1 = tanh(W x), h_k = tanh(W h_{k-1} * h_{k-1}), f = sum of the last."""
    n = dimension_symbol("n")
    i, j = index("i"), index("j")
    definitions = []
    last = tensor("x")
    for number in range(1, length + 1):
        body = sympy.tanh(sympy.Sum(tensor("W")[i, j] * last[j], (j, 1, n))) * last[i]
        definitions.append(Indexed(f"h{number}", (Axis(i, sympy.S.One, n),), body))
        last = tensor(f"h{number}")
    definitions.append(Indexed("f", (), sympy.Sum(last[i], (i, 1, n))))
    square = Dimension.of("n")
    return Program((Input("W", (square, square)), Input("x", (square,))), tuple(definitions), ("f",))


def _size(program: Program) -> int:
    return sum(sympy.count_ops(d.body) + 1 for d in program.definitions if isinstance(d, Indexed))


def test_gradients_grow_linearly_with_the_number_of_definitions() -> None:
    sizes = [_size(gradient(_chain(length), "f", "W")) for length in (4, 8, 12)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]
    second = [_size(hvp(_chain(length), "f", "x")) for length in (4, 8, 12)]
    assert second[2] - second[1] == second[1] - second[0]


def test_unknown_names_and_functions_without_a_rule() -> None:
    program = made(dot(x, w))
    with pytest.raises(CompilerFault) as fault:
        gradient(program, "f", "nothing")
    assert fault.value.what == "nothing is neither an input nor a definition of the program"
    i, n = index("i"), dimension_symbol("n")
    odd = Program(
        program.inputs, (Indexed("f", (), sympy.Sum(sympy.binomial(tensor("x")[i], 2, evaluate=False), (i, 1, n))),), ("f",)
    )
    with pytest.raises(NotSupportedYet) as caught:
        gradient(odd, "f", "x")
    assert caught.value.what == "the derivative of binomial is not supported yet"


def test_every_allowed_function_has_a_rule_or_is_known_to_be_flat() -> None:
    functions = {node for node in ALLOWED_NODES if issubclass(node, sympy.Function)}
    structural = {sympy.Piecewise, sympy.polygamma}
    without = {sympy.binomial}
    assert functions == {*ELEMENTARY.values()} | partials.CONSTANT_ALMOST_EVERYWHERE | structural | without


def test_a_name_made_here_is_none_of_the_programs() -> None:
    """The input r_bar and the input r stay themselves; the residual and its adjoint get other names."""
    shapes = SHAPES | {"r": "m", "r_bar": "m"}
    term = dot(sub(dot(X, w), sym("r", "m")), mul(sub(dot(X, w), sym("r", "m")), sym("r_bar", "m")))
    program = lower(document(shapes), term, "f")
    derived = gradient(program, "f", "w")
    check(derived)
    extra = {"r": RANDOM.normal(size=3), "r_bar": RANDOM.normal(size=3)}
    residual = VALUES["X"] @ VALUES["w"] - extra["r"]
    expected = 2 * VALUES["X"].T @ (residual * extra["r_bar"])
    assert_agree(value(derived, SIZES, VALUES | extra), expected, OPERATIONS)


def test_logistic_derivatives_do_not_overflow() -> None:
    """exp(-z)/(1 + exp(-z))^2 is infinity over infinity at z = -800; the derived form is 0 there."""
    z = sym("c")
    sigmoid = gradient(made(op("sigmoid", "", z)), "f", "c")
    assert str(sigmoid) == "grad_f_c = 1/((1 + exp(-c))*(exp(c) + 1))"
    assert str(gradient(made(op("softplus", "", z)), "f", "c")) == "grad_f_c = 1/(1 + exp(-c))"
    with np.errstate(over="ignore"):
        assert value(sigmoid, SIZES, VALUES | {"c": np.float64(-800.0)}) == 0.0
