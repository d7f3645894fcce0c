"""Hand-written programs that together touch what index form can say; each is a kernel in the tests."""

from __future__ import annotations

import sympy
from sympy import KroneckerDelta, Max, Min, Piecewise, Product, Sum, exp, log, sqrt

from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, index, scalar, size, tensor

i, j, k, l = (index(name) for name in "ijkl")  # noqa: E741
m, n, p = (size(name) for name in "mnp")
a, b, c, s = (scalar(name) for name in "abcs")
alpha, lam = scalar("alpha"), scalar("lambda")
X, W, A, B, r, r_bar, theta, x, y, z, w, grad = (
    tensor(name) for name in ("X", "W", "A", "B", "r", "r_bar", "theta", "x", "y", "z", "w", "grad_J_theta")
)
ONE = sympy.Integer(1)
M, N, P = (Dimension.of(name) for name in "mnp")
I, J_, K, L = Axis(i, ONE, m), Axis(j, ONE, n), Axis(k, ONE, n), Axis(l, ONE, n)  # noqa: E741

DATA = (Input("theta", (N,), r"\theta"), Input("b", ()), Input("X", (M, N)), Input("y", (M,)))
MATRIX = (Input("X", (M, N)), Input("y", (M,)))
RIDGE = (*MATRIX, Input("lambda", (), r"\lambda", assumptions=("positive",)))

RESIDUAL = Indexed("r", (I,), Sum(X[i, j] * theta[j], (j, 1, n)) + b - y[i])
LOSS = Indexed("J", (), Sum(r[i] ** 2, (i, 1, m)) / m)
ADJOINT = Indexed("r_bar", (I,), 2 * r[i] / m)
GRADIENT = Indexed("grad_J_theta", (K,), Sum(X[i, k] * r_bar[i], (i, 1, m)))
GRADIENT_B = Indexed("grad_J_b", (), Sum(r_bar[i], (i, 1, m)))
INLINE = Sum(X[i, j] * theta[j], (j, 1, n)) + b - y[i]
GRAM = Indexed("A", (K, L), Sum(X[i, k] * X[i, l], (i, 1, m)))
SHIFTED = Indexed("A", (K, L), Sum(X[i, k] * X[i, l], (i, 1, m)) + lam * KroneckerDelta(k, l))
MOMENT = Indexed("v", (K,), Sum(X[i, k] * y[i], (i, 1, m)))
SOLUTION = Intrinsic("theta", (K,), "solve", ("A", "v"))
STEP = Indexed("theta_next", (K,), theta[k] - alpha * grad[k])
STEP_B = Indexed("b_next", (), b - alpha * scalar("grad_J_b"))
LINEAR = Indexed("z", (I,), Sum(X[i, j] * theta[j], (j, 1, n)) + b)
SIGMOID = Indexed("p", (I,), 1 / (1 + exp(-z[i])))
CROSS_ENTROPY = Indexed("J", (), -Sum(y[i] * log(tensor("p")[i]) + (1 - y[i]) * log(1 - tensor("p")[i]), (i, 1, m)) / m)


def value(
    name: str, inputs: tuple[Input, ...], *definitions: Indexed | Intrinsic, outputs: tuple[str, ...] = ()
) -> KernelRequest:
    return KernelRequest(name, Program(inputs, definitions, outputs or (definitions[-1].name,)))


VECTOR = (Input("x", (N,)), Input("w", (N,)))
SQUARE = (Input("A", (N, N)), Input("x", (N,)))

LEAST_SQUARES = value("J", DATA, RESIDUAL, LOSS)
LEAST_SQUARES_GRADIENT = value("grad_J", DATA, RESIDUAL, ADJOINT, GRADIENT)
VALUE_AND_GRADIENT = value(
    "value_and_grad_J", DATA, RESIDUAL, LOSS, ADJOINT, GRADIENT, GRADIENT_B, outputs=("J", "grad_J_theta", "grad_J_b")
)
HESSIAN = value("hess_J", DATA, Indexed("hess", (K, L), 2 * Sum(X[i, k] * X[i, l], (i, 1, m)) / m))
NORMAL_EQUATIONS = value("normal_equations", MATRIX, GRAM, MOMENT, SOLUTION)
NORMAL_EQUATIONS_WITH_BIAS = value(
    "normal_equations_with_bias",
    (*MATRIX, Input("b", ())),
    GRAM,
    Indexed("v", (K,), Sum(X[i, k] * y[i], (i, 1, m)) - b * Sum(X[i, k], (i, 1, m))),
    SOLUTION,
)
RIDGE_SOLUTION = value("ridge", RIDGE, SHIFTED, MOMENT, SOLUTION)
DESCENT = Program(
    (*DATA, Input("alpha", ())), (RESIDUAL, ADJOINT, GRADIENT, GRADIENT_B, STEP, STEP_B), ("theta_next", "b_next")
)

CASES: tuple[KernelRequest, ...] = (
    LEAST_SQUARES,
    LEAST_SQUARES_GRADIENT,
    VALUE_AND_GRADIENT,
    HESSIAN,
    value(
        "inlined",
        DATA,
        Indexed("J", (), Sum(INLINE**2, (i, 1, m)) / m),
        Indexed("g", (K,), 2 * Sum(X[i, k] * INLINE, (i, 1, m)) / m),
        outputs=("J", "g"),
    ),
    value(
        "logistic",
        DATA,
        LINEAR,
        SIGMOID,
        CROSS_ENTROPY,
        Indexed("g", (K,), Sum(X[i, k] * (tensor("p")[i] - y[i]), (i, 1, m)) / m),
        Indexed("H", (K, L), Sum(X[i, k] * tensor("p")[i] * (1 - tensor("p")[i]) * X[i, l], (i, 1, m)) / m),
        outputs=("J", "g", "H"),
    ),
    value(
        "scalars", (Input("a", ()), Input("b", ())), Indexed("s", (), sqrt(a**2 + b**2) / (a - 3)), Indexed("t", (), s**2 + 1)
    ),
    value("prediction", DATA[:3], Indexed("y_hat", (I,), Sum(X[i, j] * theta[j], (j, 1, n)) + b)),
    value("outer", (Input("x", (N,)), Input("y", (M,))), Indexed("O", (I, K), y[i] * x[k] - 2)),
    value(
        "product",
        (Input("A", (M, N)), Input("B", (N, P))),
        Indexed("C", (I, Axis(l, ONE, p)), Sum(A[i, k] * B[k, l], (k, 1, n))),
    ),
    value(
        "three_factors",
        (Input("A", (M, N)), Input("B", (N, P)), Input("w", (P,))),
        Indexed("v", (I,), Sum(A[i, k] * B[k, l] * w[l], (k, 1, n), (l, 1, p))),
    ),
    value("quadratic", SQUARE, Indexed("q", (), Sum(x[i] * A[i, j] * x[j], (i, 1, n), (j, 1, n)))),
    value("trace_of_square", SQUARE, Indexed("t", (), Sum(A[i, j] * A[j, i], (i, 1, n), (j, 1, n)))),
    value(
        "shifted_sum",
        (Input("s", (N,)), Input("b", (N,))),
        Indexed(
            "v",
            (),
            tensor("s")[n] * tensor("b")[n] - Sum(tensor("s")[k] * (tensor("b")[k + 1] - tensor("b")[k]), (k, 1, n - 1)),
        ),
    ),
    value("partial_sums", VECTOR, Indexed("S", (K,), Sum(x[j] * w[j], (j, 1, k)))),
    value("triangular", SQUARE, Indexed("t", (), Sum(Sum(A[i, j] * x[j], (j, 1, i)) ** 2, (i, 1, n)))),
    value("after", VECTOR, Indexed("S", (K,), Sum(j * x[j] - k * w[k], (j, k + 1, n)))),
    value("empty_at_the_end", VECTOR, Indexed("t", (), Sum(Sum(x[k + 1] * w[j], (j, k + 1, n)), (k, 1, n)))),
    value("empty_in_the_middle", VECTOR, Indexed("t", (K,), Sum(Sum(exp(x[k + 1] + w[i]), (i, 1, n)) + w[j], (j, k + 1, n)))),
    value("identity_minus", SQUARE, Indexed("D", (Axis(i, ONE, n), J_), KroneckerDelta(i, j) - x[i] * x[j])),
    value("delta_sum", VECTOR, Indexed("d", (K,), Sum(KroneckerDelta(k, j) * x[j] * w[j], (j, 1, n)) + 1)),
    value("relu_sum", VECTOR, Indexed("h", (), Sum(Max(0, x[i]) * Min(w[i], 2, x[i]), (i, 1, n)))),
    value(
        "guarded",
        VECTOR,
        Indexed("d", (K,), Piecewise((x[k] - x[k - 1], k > 1), (Sum(w[j], (j, 1, n)), True))),
    ),
    value(
        "guarded_sum",
        SQUARE,
        Indexed("d", (K,), Piecewise((Sum(A[k - 1, j] * x[j], (j, 1, n)), k > 1), (x[1], True))),
    ),
    value("signs", VECTOR, Indexed("t", (K,), sympy.Abs(x[k]) * sympy.sign(w[k]) + sympy.floor(x[k]))),
    value("product_of_entries", VECTOR, Indexed("q", (), Product(1 + x[i] * w[i], (i, 1, n)) / 2)),
    value(
        "softmax",
        VECTOR,
        Indexed("q", (K,), exp(x[k]) / Sum(exp(x[j]), (j, 1, n))),
        Indexed("e", (), -Sum(w[k] * log(tensor("q")[k]), (k, 1, n))),
        outputs=("q", "e"),
    ),
    value("variance", VECTOR, Indexed("v", (), Sum((x[i] - Sum(x[j], (j, 1, n)) / n) ** 2, (i, 1, n)) / n)),
    value("special", VECTOR, Indexed("f", (K,), sympy.erf(x[k]) + sympy.gamma(2 + w[k] ** 2) + sympy.cot(1 + x[k] ** 2 / 9))),
    value("count", VECTOR, Indexed("t", (K,), Sum(x[k] * w[k], (j, 1, n)) + n**2)),
    value(
        "used_later",
        DATA,
        RESIDUAL,
        Indexed("top", (), Sum(r[i], (i, 1, m))),
        Indexed("q", (K,), Sum(X[i, k] * (r[i] - scalar("top") / m), (i, 1, m))),
        outputs=("q", "r"),
    ),
    value("unchanged", VECTOR, Indexed("t", (), Sum(x[i], (i, 1, n))), outputs=("x", "t")),
    NORMAL_EQUATIONS,
    NORMAL_EQUATIONS_WITH_BIAS,
    value("minus_a_sum", DATA, Indexed("r", (I,), y[i] - b - Sum(X[i, j] * theta[j], (j, 1, n)))),
    RIDGE_SOLUTION,
    value(
        "quadratic_of_inverse",
        SQUARE,
        Indexed("S", (K, L), Sum(A[k, j] * A[l, j], (j, 1, n)) + KroneckerDelta(k, l)),
        Intrinsic("S_inverse", (K, L), "inverse", ("S",)),
        Indexed("q", (), Sum(x[k] * tensor("S_inverse")[k, l] * x[l], (k, 1, n), (l, 1, n))),
        Intrinsic("d", (), "logdet", ("S",)),
        outputs=("q", "d"),
    ),
    value(
        "whole_tensors",
        SQUARE,
        Indexed("S", (K, L), A[k, l] + A[l, k] + 9 * KroneckerDelta(k, l)),
        Intrinsic("S_inverse", (K, L), "inverse", ("S",)),
        Intrinsic("t", (K,), "solve", ("S", "x")),
        Intrinsic("d", (), "det", ("S",)),
        outputs=("S_inverse", "t", "d"),
    ),
    KernelRequest("descent_step", DESCENT, "step", ("theta", "b")),
)

DESCENT_RUN = KernelRequest("descent_run", DESCENT, "run", ("theta", "b"))
NEWTON_RUN = KernelRequest(
    "square_root_run",
    Program((Input("s", ()), Input("a", ())), (Indexed("s_next", (), (s + a / s) / 2),), ("s_next",)),
    "run",
    ("s",),
)
