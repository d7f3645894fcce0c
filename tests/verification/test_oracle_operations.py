"""Every operation and elementwise function of the oracle against NumPy, SciPy and the math module.

The first tests break the oracle and demand that the comparison notices.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from build_terms import call, document, elementwise, sym
from flint import arb
from rounding import EPS, largest

from eqcompiler.errors import CompilerFault
from eqcompiler.languages.terms import ELEMENTWISE, OPERATIONS
from eqcompiler.verification import operations
from eqcompiler.verification.fields import _BALL
from eqcompiler.verification.oracle import Sample, evaluate, evaluate_float

# of NumPy, against balls: a product, a factorization or a series with at most four rows, which the condition of A amplifies
ROUNDINGS = 64 * 4

A = [[2, 1, 0], [-1, 3, 1], [4, 0, 5]]
B = [[1, 2, 2], [0, 1, -3], [2, 1, 1]]
WIDE = [[1, 2, 3], [4, 5, 7]]
TALL = [[1, -2], [3, 4], [5, 6], [0, 1]]
SPD = [[4, 1, 0], [1, 3, 1], [0, 1, 2]]
V, W = [3, -4, 12], [1, 5, -2]

# operation -> (arguments, expected); several cases where the operation has several shapes
CASES: dict[str, list[tuple[tuple, object]]] = {
    "add": [((WIDE, WIDE, WIDE), 3 * np.array(WIDE)), ((2, 3), 5)],
    "neg": [((V,), -np.array(V)), ((7,), -7)],
    "mul": [((2, V, W), 2 * np.array(V) * np.array(W)), ((2, 3, 4), 24), ((V, 5), 5 * np.array(V))],
    "div": [((V, 8), np.array(V) / 8), ((V, W), np.array(V) / np.array(W)), ((1, 3), 1 / 3)],
    "pow": [((V, 3), np.array(V) ** 3.0), ((2, -2), 0.25), ((8, 0.5), 8**0.5), ((W, 0), np.ones(3))],
    "matmul": [
        ((WIDE, A), np.array(WIDE) @ np.array(A)),
        ((WIDE, V), np.array(WIDE) @ np.array(V)),
        ((V, A), np.array(V) @ np.array(A)),
        ((V, W), np.dot(V, W)),
    ],
    "outer": [((V, [1, 2]), np.outer(V, [1, 2]))],
    "transpose": [((WIDE,), np.array(WIDE).T), ((V,), np.array(V))],
    "inverse": [((A,), np.linalg.inv(A)), (([[4]],), np.array([[0.25]])), (([[0, 1], [1, 0]],), np.array([[0, 1], [1, 0]]))],
    "pseudoinverse": [
        ((TALL,), np.linalg.pinv(TALL)),
        ((WIDE,), np.linalg.pinv(WIDE)),
        (([[1, 2], [2, 4], [3, 6]],), np.linalg.pinv([[1, 2], [2, 4], [3, 6]])),
        (([[0, 0]],), np.zeros((2, 1))),
    ],
    "matpow": [
        ((A, 3), np.linalg.matrix_power(A, 3)),
        ((A, -2), np.linalg.matrix_power(np.array(A, float), -2)),
        ((A, 0), np.eye(3)),
    ],
    "matsqrt": [((SPD,), scipy.linalg.sqrtm(SPD)), (([[4, 0], [0, 4]],), 2 * np.eye(2))],
    "matexp": [((B,), scipy.linalg.expm(B)), (([[0]],), np.eye(1))],
    "trace": [((A,), np.trace(A))],
    "det": [((A,), np.linalg.det(A)), (([[-7]],), -7), ((SPD,), np.linalg.det(SPD)), ((np.diag([1, 2, 3, 4]),), 24)],
    "rank": [((WIDE,), 2), (([[1, 2], [2, 4]],), 1)],
    "diag": [((V,), np.diag(V))],
    "diagonal": [((A,), np.diagonal(A))],
    "vec": [((WIDE,), np.array(WIDE).T.ravel())],
    "kron": [((WIDE, TALL), np.kron(WIDE, TALL))],
    "norm2": [((V,), 13.0), ((TALL,), np.linalg.norm(TALL, 2)), ((WIDE,), np.linalg.norm(WIDE, 2))],
    "norm1": [((V,), 19)],
    "norminf": [((V,), 12)],
    "normF": [((TALL,), np.linalg.norm(TALL))],
    "max": [((V, W), np.maximum(V, W)), ((3, 5, 4), 5), ((V, 0), np.maximum(V, 0))],
    "min": [((V, W), np.minimum(V, W)), ((3, 5, 4), 3)],
    "softmax": [((W,), scipy.special.softmax(W))],
    "delta": [((2, 2), 1), ((2, 3), 0)],
    "identity": [((), np.eye(3))],
    "zeros": [((), np.zeros((2, 3)))],
    "ones": [((), np.ones((2, 3)))],
    "factorial": [((5,), 120), ((0,), 1)],
    "binomial": [((7, 3), 35), ((7, 0), 1), ((3, 5), 0), ((0.5, 2), -0.125), ((5, 0.5), scipy.special.binom(5, 0.5))],
    "cross": [((V, W), np.cross(V, W))],
}
RESULTS = {"identity": (3, 3), "zeros": (2, 3), "ones": (2, 3)}

FUNCTIONS = {
    "exp": (math.exp, (-1.5, 0, 2)),
    "log": (math.log, (0.5, 1, 3)),
    "sqrt": (math.sqrt, (0, 2, 2.25)),
    "sin": (math.sin, (0, 1.25)),
    "cos": (math.cos, (0, 1.25)),
    "tan": (math.tan, (0, 1.25)),
    "cot": (lambda x: 1 / math.tan(x), (0.5,)),
    "sec": (lambda x: 1 / math.cos(x), (0, 0.5)),
    "csc": (lambda x: 1 / math.sin(x), (0.5,)),
    "asin": (math.asin, (0, 0.5, 1)),
    "acos": (math.acos, (0, 0.5, 1)),
    "atan": (math.atan, (0, 3)),
    "sinh": (math.sinh, (0, 1.5)),
    "cosh": (math.cosh, (0, 1.5)),
    "tanh": (math.tanh, (0, 1.5)),
    "asinh": (math.asinh, (0, -1.5)),
    "acosh": (math.acosh, (1, 1.5)),
    "atanh": (math.atanh, (0, -0.5)),
    "erf": (math.erf, (0, 0.75)),
    "abs": (abs, (-3, 0, 2.5)),
    "sign": (lambda x: float(np.sign(x)), (-3, 0, 2.5)),
    "gamma": (math.gamma, (5, 2.5, -0.5)),
    "loggamma": (math.lgamma, (1, 5, 2.5)),
    "floor": (math.floor, (-1.5, 2, 2.75)),
    "ceil": (math.ceil, (-1.5, 2, 2.75)),
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), (-2, 0, 2)),
    "softplus": (lambda x: math.log1p(math.exp(x)), (-2, 0, 2)),
    "relu": (lambda x: max(x, 0.0), (-2, 0, 2)),
}


def value_of(operation, arguments):
    names = [f"a{k}" for k in range(len(arguments))]
    terms = [sym(name, *np.shape(value)) for name, value in zip(names, arguments, strict=True)]
    term = call(operation, *terms, shape=RESULTS.get(operation, ()))
    return evaluate_float(document(), term, Sample({}, dict(zip(names, arguments, strict=True))))


def are_near(found, expected):
    return np.max(np.abs(found - np.asarray(expected))) <= ROUNDINGS * EPS * max(1.0, largest(expected))


def disagreements():
    """Operations whose value differs from NumPy's, in shape or in any entry."""
    wrong = []
    for operation, cases in CASES.items():
        for arguments, expected in cases:
            found = value_of(operation, arguments)
            if np.shape(found) != np.shape(expected) or not are_near(found, expected):
                wrong.append(operation)
    return wrong


def wrong_functions():
    wrong = []
    for name, (expected, points) in FUNCTIONS.items():
        for x in points:
            found = evaluate_float(document(), elementwise(name, sym("x")), Sample({}, {"x": x}))
            if not abs(found - expected(x)) <= 8 * EPS * (1 + abs(expected(x))):
                wrong.append(name)
    return wrong


@pytest.mark.parametrize(
    ("operation", "broken"),
    [
        ("transpose", lambda a: a),
        ("matmul", lambda a, b: operations.matmul(a, b) * 2),
        ("vec", lambda a: a.reshape(-1)),
        ("kron", lambda a, b: operations.kron(b, a)),
        ("max", operations.OPERATION_RULES["min"]),
        ("outer", lambda a, b: operations.outer(b, a)),
    ],
)
def test_a_broken_operation_is_noticed(monkeypatch, operation, broken):
    monkeypatch.setitem(operations.OPERATION_RULES, operation, broken)
    assert set(disagreements()) == {operation}


def test_a_broken_function_is_noticed(monkeypatch):
    monkeypatch.setitem(_BALL, "erf", lambda x: x.erf() * arb(1 + 2**-40))
    assert wrong_functions() == ["erf"]


def test_every_operation_has_a_case():
    assert set(CASES) == set(OPERATIONS)
    assert set(FUNCTIONS) == set(ELEMENTWISE)


def test_operations_agree_with_numpy():
    assert disagreements() == []


def test_functions_agree_with_the_math_module():
    assert wrong_functions() == []


def test_rational_operations_stay_exact():
    found = evaluate(document(), call("inverse", sym("A", 3, 3)), Sample({}, {"A": A}))
    assert [[str(x) for x in row] for row in found] == [
        ["5/13", "-5/39", "1/39"],
        ["3/13", "10/39", "-2/39"],
        ["-4/13", "4/39", "7/39"],
    ]


@pytest.mark.parametrize(
    ("operation", "left", "right", "message"),
    [
        ("add", V, [1, 2], "a sum met the shapes (3,) and (2,)"),
        ("mul", V, [1, 2], "an entrywise operation met the shapes (3,) and (2,)"),
        ("matmul", WIDE, [1, 2], "a matrix product of the shapes (2, 3) and (2,)"),
    ],
)
def test_shapes_are_never_stretched(operation, left, right, message):
    with pytest.raises(CompilerFault) as caught:
        value_of(operation, (left, right))
    assert caught.value.what == message
