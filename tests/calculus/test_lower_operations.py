"""Every operation of the terms language keeps its value when it is lowered, compared with NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from program_values import value
from rounding import assert_agree, largest
from scipy import special
from terms_by_hand import SPAN, at, document, dot, mul, num, op, power, size, sym, t

from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.operations import OPERATION_RULES
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import ELEMENTWISE, OPERATIONS, SCALAR, Block, Call, Dimension, Symbol, Term, Type

SIZES = {"m": 3, "n": 2, "p": 4}
SHAPES = {"A": "m n", "B": "n p", "S": "n n", "x": "n", "y": "n", "u": "m", "c": "", "d": "", "q": "3", "r": "3"}
RANDOM = np.random.default_rng(7)
VALUES: dict[str, Any] = {
    name: RANDOM.uniform(0.2, 0.9, [SIZES.get(word) or int(word) for word in text.split()]) for name, text in SHAPES.items()
}
VALUES["S"] = VALUES["S"] @ VALUES["S"].T + np.eye(2)
VALUES |= {"c": 0.7, "d": 0.4, "k": 3.0}
ROUNDINGS = 2 * 2 * 4**2  # on each side an entry of a product, or of an inverse, with at most four rows
A, B, S, x, y, u, c, d, q, r = (sym(name, text) for name, text in SHAPES.items())
k = Symbol(Type(domain="integer"), "k")
DOCUMENT: Document = document(SHAPES | {"k": ""})

V = VALUES
BY_HAND: dict[str, list[tuple[Term, Any]]] = {
    "add": [(op("add", "n", x, y, x), V["x"] * 2 + V["y"])],
    "neg": [(op("neg", "m n", A), -V["A"])],
    "mul": [(op("mul", "n", c, x, y), V["c"] * V["x"] * V["y"]), (op("mul", "", c, d), V["c"] * V["d"])],
    "div": [(op("div", "n", x, c), V["x"] / V["c"]), (op("div", "n", x, y), V["x"] / V["y"])],
    "pow": [(op("pow", "n", x, num("1/2")), np.sqrt(V["x"])), (op("pow", "", c, d), V["c"] ** V["d"])],
    "matmul": [
        (op("matmul", "m p", A, B), V["A"] @ V["B"]),
        (op("matmul", "m", A, x), V["A"] @ V["x"]),
        (op("matmul", "n", u, A), V["u"] @ V["A"]),
        (op("matmul", "", x, y), V["x"] @ V["y"]),
        (dot(t(A), A, x), V["A"].T @ V["A"] @ V["x"]),
        (dot(u, A, B), V["u"] @ V["A"] @ V["B"]),
        (dot(u, A, x), V["u"] @ V["A"] @ V["x"]),
        (op("matmul", "", dot(A, x), dot(A, y)), (V["A"] @ V["x"]) @ (V["A"] @ V["y"])),
        (dot(t(dot(A, B)), A, B), (V["A"] @ V["B"]).T @ V["A"] @ V["B"]),
        (dot(op("identity", "m m"), A, x), V["A"] @ V["x"]),
        (dot(op("identity", "n n"), op("identity", "n n")), np.eye(2)),
    ],
    "outer": [(op("outer", "m n", u, x), np.outer(V["u"], V["x"]))],
    "transpose": [(t(A), V["A"].T), (t(x), V["x"])],
    "inverse": [(op("inverse", "n n", S), np.linalg.inv(V["S"])), (op("inverse", "n n", t(S)), np.linalg.inv(V["S"]).T)],
    "pseudoinverse": [(op("pseudoinverse", "n m", A), np.linalg.pinv(V["A"]))],
    "matpow": [
        (op("matpow", "n n", S, num(0)), np.eye(2)),
        (op("matpow", "n n", S, num(3)), np.linalg.matrix_power(V["S"], 3)),
        (op("matpow", "n n", S, op("neg", "", num(1))), np.linalg.inv(V["S"])),
        (op("matpow", "n n", S, num(-2)), np.linalg.matrix_power(V["S"], -2)),
        (op("matpow", "n n", S, k), np.linalg.matrix_power(V["S"], 3)),
        (op("matpow", "n n", S, num(12)), np.linalg.matrix_power(V["S"], 12)),
    ],
    "matsqrt": [(op("matsqrt", "n n", S), scipy.linalg.sqrtm(V["S"]))],
    "trace": [
        (op("trace", "", S), np.trace(V["S"])),
        (op("trace", "", op("kron", "m*n m*n", op("identity", "m m"), S)), 3 * np.trace(V["S"])),
    ],
    "det": [
        (op("det", "", S), np.linalg.det(V["S"])),
        (op("det", "", t(dot(S, S))), np.linalg.det(V["S"]) ** 2),
        (op("det", "", op("matpow", "n n", S, k)), np.linalg.det(V["S"]) ** 3),
    ],
    "diag": [
        (op("diag", "n n", x), np.diag(V["x"])),
        (dot(A, op("diag", "n n", x), B), V["A"] @ np.diag(V["x"]) @ V["B"]),
    ],
    "diagonal": [(op("diagonal", "n", S), np.diag(V["S"]))],
    "norm2": [(op("norm2", "", x), np.linalg.norm(V["x"])), (op("norm2", "", A), np.linalg.norm(V["A"], 2))],
    "norm1": [(op("norm1", "", op("neg", "n", x)), np.abs(V["x"]).sum())],
    "normF": [(op("normF", "", A), np.linalg.norm(V["A"]))],
    "max": [(op("max", "", c, d, num("1/2")), 0.7), (op("max", "n", x, c), np.maximum(V["x"], 0.7))],
    "min": [(op("min", "", c, d), 0.4)],
    "softmax": [(op("softmax", "n", x), special.softmax(V["x"]))],
    "delta": [(op("delta", "", num(2), num(2)), 1.0), (op("delta", "", num(2), num(1)), 0.0)],
    "identity": [(op("identity", "n n"), np.eye(2))],
    "zeros": [(op("zeros", "m"), np.zeros(3))],
    "ones": [(op("ones", "m n"), np.ones((3, 2)))],
    "factorial": [(op("factorial", "", k), 6.0)],
    "binomial": [(op("binomial", "", num(5), num(2)), 10.0)],
    "cross": [
        (op("cross", "3", q, r), np.cross(V["q"], V["r"])),
        (at(op("cross", "3", q, r), num(2)), np.cross(V["q"], V["r"])[1]),
    ],
    "log": [
        (op("log", "n", x), np.log(V["x"])),
        (op("log", "", op("det", "", S)), np.log(np.linalg.det(V["S"]))),
        (op("log", "", op("abs", "", op("det", "", op("neg", "n n", S)))), np.log(np.linalg.det(V["S"]))),
    ],
}


def _kron(left: Term, right: Term) -> Call:
    sizes = tuple(a * b for a, b in zip(left.type.shape, right.type.shape, strict=True))
    return Call(Type(sizes), "kron", (left, right))


def _vec(matrix: Term) -> Call:
    return Call(Type((matrix.type.shape[0] * matrix.type.shape[1],)), "vec", (matrix,))


BY_HAND["kron"] = [
    (_kron(A, B), np.kron(V["A"], V["B"])),
    (dot(_kron(A, B), _vec(sym("Z", "p n"))), np.kron(V["A"], V["B"]) @ np.arange(8.0).reshape(4, 2).T.ravel()),
    (op("trace", "", _kron(S, S)), np.trace(V["S"]) ** 2),
]
BY_HAND["vec"] = [(_vec(A), V["A"].T.ravel()), (op("matmul", "", _vec(A), _vec(A)), (V["A"] ** 2).sum())]
BY_HAND["trace"].pop()
VALUES["Z"] = np.arange(8.0).reshape(4, 2)
DOCUMENT = document(SHAPES | {"k": "", "Z": "p n"})

REAL: dict[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "cot": lambda v: 1 / np.tan(v),
    "sec": lambda v: 1 / np.cos(v),
    "csc": lambda v: 1 / np.sin(v),
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": lambda v: np.arccosh(v + 1),
    "atanh": np.arctanh,
    "erf": special.erf,
    "abs": np.abs,
    "sign": np.sign,
    "gamma": special.gamma,
    "loggamma": special.loggamma,
    "floor": np.floor,
    "ceil": np.ceil,
    "sigmoid": special.expit,
    "softplus": lambda v: np.log1p(np.exp(v)),
    "relu": lambda v: np.maximum(v, 0),
}
for _name, _function in REAL.items():
    _argument = op("add", "n", x, num(1)) if _name == "acosh" else x
    BY_HAND[_name] = [(op(_name, "n", _argument), _function(V["x"]))]

NOT_YET = {
    "norminf": (op("norminf", "", x), "norminf of a vector (n) has no index form yet"),
    "matexp": (op("matexp", "n n", S), "matexp of a matrix (n by n) has no index form yet"),
    "rank": (op("rank", "", A), "rank of a matrix (m by n) has no index form yet"),
}
CASES = [(name, number) for name in sorted(BY_HAND) for number in range(len(BY_HAND[name]))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_value_is_kept(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import program_values

    monkeypatch.setitem(program_values.WHOLE, "matsqrt", scipy.linalg.sqrtm)
    monkeypatch.setitem(program_values.FUNCTIONS, "binomial", special.binom)
    term, expected = BY_HAND[name][number]
    program = lower(DOCUMENT, term, "out")
    check(program)
    found = value(program, SIZES, VALUES)
    assert np.shape(found) == np.shape(expected)
    assert_agree(found, expected, ROUNDINGS)


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_what_has_no_index_form_is_named(name: str) -> None:
    term, message = NOT_YET[name]
    with pytest.raises(NotSupportedYet) as caught:
        lower(DOCUMENT, term, "out")
    assert caught.value.what == message
    assert caught.value.span == SPAN


def test_every_operation_is_covered() -> None:
    assert set(OPERATION_RULES) == set(OPERATIONS) | ELEMENTWISE
    assert set(BY_HAND) | set(NOT_YET) == set(OPERATIONS) | ELEMENTWISE


def test_blocks_as_entries_and_inside_products() -> None:
    n_, p_ = Dimension.of("n"), Dimension.of("p")
    corner = op("zeros", "p n")
    block = Block(Type((n_ + p_, n_ + p_)), ((S, B), (corner, sym("D", "p p"))))
    values = VALUES | {"D": np.arange(16.0).reshape(4, 4)}
    dense = np.block([[VALUES["S"], VALUES["B"]], [np.zeros((4, 2)), values["D"]]])
    doc = document(SHAPES | {"D": "p p"})
    for term, expected in (
        (block, dense),
        (dot(block, block), dense @ dense),
        (op("trace", "", block), np.trace(dense)),
        (op("det", "", block), np.linalg.det(dense)),
        (
            Call(Type((n_ + p_,)), "matmul", (block, Block(Type((n_ + p_,)), ((x,), (dot(t(B), y),))))),
            dense @ np.concatenate([VALUES["x"], VALUES["B"].T @ VALUES["y"]]),
        ),
    ):
        program = lower(doc, term, "out")
        check(program)
        assert_agree(value(program, SIZES, values), expected, 2 * len(dense), magnitude=largest(dense) ** 2)
    assert "Piecewise" not in str(lower(doc, op("trace", "", dot(block, block)), "out"))


def test_scalar_cells_of_a_block_are_entries() -> None:
    block = Block(Type((Dimension.of(2), Dimension.of(2))), ((c, d), (num(0), num(1))))
    program = lower(DOCUMENT, block, "out")
    check(program)
    assert np.array_equal(value(program, SIZES, VALUES), [[0.7, 0.4], [0.0, 1.0]])
    wide = Block(Type((Dimension.of("n") + Dimension.of(1),) * 2), ((S, x), (c, d)))
    with pytest.raises(NotSupportedYet) as caught:
        lower(DOCUMENT, wide, "out")
    assert caught.value.what == "a scalar stands where a block of 1 by n is needed"


def test_sizes_are_numbers() -> None:
    program = lower(DOCUMENT, mul(size("m"), power(size("n"), 2)), "out")
    assert str(program) == "out = m*n**2"
    assert program.outputs == ("out",)
    assert mul(size("m"), num(1)).type == SCALAR
