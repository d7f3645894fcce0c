"""Recurrences by hand as programs: a dense network on a batch, an RNN through time, an unrolled optimiser."""

from __future__ import annotations

import sympy

from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Carried, Indexed, Input, Program, Scan, StepSize, index, scalar, size, tensor

i, j, k, l, t = (index(name) for name in "ijklt")  # noqa: E741
one = sympy.S.One
m, d, p = size("m"), size("d"), size("p")
M, D, P, L, T = (Dimension.of(name) for name in ("m", "d", "p", "L", "T"))
at, before, first, last = "n_l", "n_before_l", "n_0", "n_L"
AT, BEFORE, FIRST, LAST = map(Dimension.of, (at, before, first, last))
WIDTHS = (StepSize(at, before, first, last),)

ACTIVATIONS = {
    "sigmoid": lambda z: 1 / (1 + sympy.exp(-z)),
    "tanh": sympy.tanh,
    "softplus": lambda z: sympy.log(1 + sympy.exp(z)),
}


def axis(symbol: sympy.Symbol, upper: sympy.Expr) -> Axis:
    return Axis(symbol, one, upper)


def dense_step(activation: str) -> Program:
    """z = a W^T + b for a batch of samples in rows, then the activation."""
    z = tensor("b_l")[j] + sympy.Sum(tensor("W_l")[j, k] * tensor("a_before_l")[i, k], (k, 1, size(before)))
    rows = (axis(i, m), axis(j, size(at)))
    return Program(
        (Input("a_before_l", (M, BEFORE)), Input("W_l", (AT, BEFORE)), Input("b_l", (AT,))),
        (Indexed("z_l", rows, z), Indexed("a_l", rows, ACTIVATIONS[activation](tensor("z_l")[i, j]))),
        ("a_l",),
    )


def dense_scan(activation: str = "sigmoid") -> Scan:
    carried = (Carried("a_before_l", "a_l", "X", "a_L"),)
    members = (("W_l", "W"), ("b_l", "b"))
    return Scan("a", l, size("L"), carried, members, (), (), dense_step(activation), WIDTHS)


NETWORK_INPUTS = (
    Input("W", (AT, BEFORE), "W", steps=L),
    Input("b", (AT,), "b", steps=L),
    Input("X", (M, FIRST)),
    Input("y", (M, LAST)),
)


def network(activation: str = "sigmoid") -> Program:
    """J = 1/m sum |a_L - y|^2 of a dense network of any depth."""
    error = (tensor("a_L")[i, j] - tensor("y")[i, j]) ** 2
    loss = Indexed("J", (), sympy.Sum(error, (j, 1, size(last)), (i, 1, m)) / m)
    return Program(NETWORK_INPUTS, (dense_scan(activation), loss), ("J",))


def forward(activation: str = "sigmoid") -> Program:
    return Program(NETWORK_INPUTS[:3], (dense_scan(activation),), ("a_L",))


def rnn() -> Program:
    """h_t = tanh(W h_{t-1} + U x_t + b) from h_0, J = sum (h_T - y)^2."""
    z = tensor("b")[i] + sympy.Sum(tensor("W")[i, j] * tensor("h_before_t")[j], (j, 1, p))
    z += sympy.Sum(tensor("U")[i, j] * tensor("x_t")[j], (j, 1, d))
    step = Program(
        (Input("h_before_t", (P,)), Input("W", (P, P)), Input("U", (P, D)), Input("b", (P,)), Input("x_t", (D,))),
        (Indexed("h_t", (axis(i, p),), sympy.tanh(z)),),
        ("h_t",),
    )
    scan = Scan("h", t, size("T"), (Carried("h_before_t", "h_t", "h_0", "h_T"),), (("x_t", "x"),), (), (), step)
    loss = Indexed("J", (), sympy.Sum((tensor("h_T")[i] - tensor("y")[i]) ** 2, (i, 1, p)))
    inputs = (
        Input("W", (P, P)),
        Input("U", (P, D)),
        Input("b", (P,)),
        Input("h_0", (P,)),
        Input("x", (D,), steps=T),
        Input("y", (P,)),
    )
    return Program(inputs, (scan, loss), ("J",))


def momentum() -> Program:
    """v = beta v - alpha A theta, theta = theta + v; J = theta_T' A theta_T / 2: coupled states, shared scalars."""
    n = size("n")
    N = Dimension.of("n")
    slope = sympy.Sum(tensor("A")[i, j] * tensor("theta")[j], (j, 1, n))
    v = scalar("beta") * tensor("v")[i] - scalar("alpha") * slope
    step = Program(
        (Input("theta", (N,)), Input("v", (N,)), Input("A", (N, N)), Input("alpha", ()), Input("beta", ())),
        (
            Indexed("v_next", (axis(i, n),), v),
            Indexed("theta_next", (axis(i, n),), tensor("theta")[i] + tensor("v_next")[i]),
        ),
        ("theta_next", "v_next"),
    )
    carried = (Carried("theta", "theta_next", "u", "theta_T"), Carried("v", "v_next", "w", ""))
    scan = Scan("theta", t, size("T"), carried, (), (), (), step)
    value = sympy.Sum(tensor("theta_T")[i] * tensor("A")[i, j] * tensor("theta_T")[j], (j, 1, n), (i, 1, n)) / 2
    inputs = (
        Input("u", (N,)),
        Input("w", (N,)),
        Input("A", (N, N)),
        Input("alpha", ()),
        Input("beta", ()),
        Input("T", (), integer=True),
    )
    return Program(inputs[:-1], (scan, Indexed("J", (), value)), ("J",))


def scalar_states() -> Program:
    """s = beta_t sin(s) + t c s^2, a scalar family and the index in a value; J = s_T^2."""
    value = scalar("beta_t") * sympy.sin(scalar("s")) + t * scalar("c") * scalar("s") ** 2
    step = Program((Input("s", ()), Input("beta_t", ()), Input("c", ())), (Indexed("s_t", (), value),), ("s_t",))
    scan = Scan("s", t, size("T"), (Carried("s", "s_t", "s_0", "s_T"),), (("beta_t", "beta"),), (), (), step)
    inputs = (Input("s_0", ()), Input("beta", (), steps=T), Input("c", ()))
    return Program(inputs, (scan, Indexed("J", (), scalar("s_T") ** 2)), ("J",))


def batch_rnn() -> Program:
    """H = tanh(H W^T + b + x_t) for samples in rows: the adjoint of W is a sum over the steps of products of matrices."""
    rows = (axis(i, m), axis(j, p))
    z = tensor("b")[j] + tensor("x_t")[i, j] + sympy.Sum(tensor("W")[j, k] * tensor("H")[i, k], (k, 1, p))
    step = Program(
        (Input("H", (M, P)), Input("W", (P, P)), Input("b", (P,)), Input("x_t", (M, P))),
        (Indexed("z", rows, z), Indexed("H_t", rows, sympy.tanh(tensor("z")[i, j]))),
        ("H_t",),
    )
    scan = Scan("H", t, size("T"), (Carried("H", "H_t", "H_0", "H_T"),), (("x_t", "x"),), (), (), step)
    inputs = (Input("W", (P, P)), Input("b", (P,)), Input("x", (M, P), steps=T), Input("H_0", (M, P)))
    value = sympy.Sum(tensor("H_T")[i, j] ** 2, (j, 1, p), (i, 1, m))
    return Program(inputs, (scan, Indexed("J", (), value)), ("J",))
