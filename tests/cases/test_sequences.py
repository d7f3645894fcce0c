r"""Recurrences over time: h_t from h_{t-1}, coupled updates, a Kalman filter; what they mean, and what is refused.

Takes: recurrent networks, optimisers and filters in the notations of papers. Gives: recurrences, verdicts, kernels, refusals.
Guarantees: a state is never read as a free family beside its recurrence; a false derivative through the steps is refuted.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from rounding import assert_agree

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import Iterated
from eqcompiler.verification.points import gradients, point

RNN = (
    r"$x_t \in \mathbb{R}^d$, $t = 1, \dots, T$, $W \in \mathbb{R}^{k \times k}$, $U \in \mathbb{R}^{k \times d}$,"
    r" $b, y \in \mathbb{R}^k$ \[ h_0 = 0 \] \[ h_t = \tanh(W h_{t-1} + U x_t + b) \] \[ E = \|h_T - y\|_2^2 \]"
)
LOSS = (
    r"$X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $\theta, u, v \in \mathbb{R}^n$, $t = 0, \dots, T-1$,"
    r" $\alpha, \beta \in \mathbb{R}$ \[ J(\theta) = \frac{1}{2m} \|X\theta - y\|_2^2 \] \[ \theta_0 = u \] \[ v_0 = 0 \]"
)
DESCENT = LOSS + r"\[ \theta_{t+1} = \theta_t - \alpha \nabla J(\theta_t) \] \[ V(\alpha) = J(\theta_T) \]"
MOMENTUM = (
    LOSS + r"\begin{align} v_{t+1} &= \beta v_t - \alpha \nabla J(\theta_t) \\ \theta_{t+1} &= \theta_t + v_{t+1} \end{align}"
    r"\[ V = J(\theta_T) \]"
)
KALMAN = (
    r"$x \in \mathbb{R}^n$, $P, Q, U \in \mathbb{S}^n_{++}$, $F \in \mathbb{R}^{n \times n}$, $H \in \mathbb{R}^{k \times n}$,"
    r" $R \in \mathbb{S}^k_{++}$, $z_t \in \mathbb{R}^k$, $t = 1, \dots, T$, $u \in \mathbb{R}^n$ \[ x_0 = u \] \[ P_0 = U \]"
    r"\begin{align} a_t &= F x_{t-1} \\ B_t &= F P_{t-1} F^\top + Q \\ K_t &= B_t H^\top (H B_t H^\top + R)^{-1} \\"
    r" x_t &= a_t + K_t (z_t - H a_t) \\ P_t &= (I - K_t H) B_t \end{align} \[ m = x_T \]"
)


def read(text: str) -> Document:
    return pipeline.document_of(Source("time.tex", text))


def recurrences(text: str) -> list[Recurrence]:
    document = read(text)
    assert [s.error for s in document.statements if s.error] == []
    return [s.payload for s in document.statements if isinstance(s.payload, Recurrence)]


def test_a_recurrent_network_is_one_recurrence_over_a_stacked_family() -> None:
    (found,) = recurrences(RNN)
    assert (found.state, found.index, found.before, found.members) == ("h", "t", (), (("x_t", "x"),))
    assert (str(found.count), found.sizes, found.last) == ("T", (), ("h_T",))
    document = read(RNN)
    assert str(document.symbols["x"].type) == "matrix (T by d)"
    assert str(document.symbols["x_t"].type) == "vector (d)"


def test_an_unrolled_optimiser_keeps_its_update_and_gets_a_last_state() -> None:
    (found,) = recurrences(DESCENT)
    assert (found.state, found.index, str(found.count), found.last) == ("theta", "t", "T", (r"\theta_T",))
    assert isinstance(read(DESCENT).definitions["V"].body.arguments[0], Iterated)  # type: ignore[attr-defined]


def test_coupled_updates_are_one_recurrence_of_two_states() -> None:
    velocity, position = recurrences(MOMENTUM)
    assert (velocity.states, position.states) == (("v", "theta"), ("theta", "v"))
    assert read(MOMENTUM).recurrences == {"v": velocity}
    assert [s.name for s in read(MOMENTUM).statements if s.kind == "recurrence"] == ["v", "theta"]


def test_coupled_updates_have_step_and_run_kernels() -> None:
    kernels = pipeline.kernels(read(MOMENTUM))
    generator = np.random.default_rng(3)
    X, y, theta = generator.normal(size=(5, 3)), generator.normal(size=5), generator.normal(size=3)
    v = np.zeros(3)
    done = kernels.v_theta_run(v, theta, X, y, 0.1, 0.5, iterations=7)
    for _ in range(7):
        v = 0.5 * v - 0.1 / 5 * X.T @ (X @ theta - y)
        theta = theta + v
    steps = 7 * (2 * (5 + 3) + 5)  # each step sums over rows and columns; rate and momentum are below what makes it grow
    assert_agree(done[0], v, steps)
    assert_agree(done[1], theta, steps)
    assert done[2] == 7


def test_a_kalman_filter_has_a_step_with_its_measurement() -> None:
    state, covariance = recurrences(KALMAN)
    assert (state.states, covariance.states) == (("x", "P"), ("P", "x"))
    assert state.members == (("z_t", "z"),)
    assert {"x_P_step"} <= set(pipeline.kernel_names(read(KALMAN)))
    assert "x_P_run" not in pipeline.kernel_names(read(KALMAN))


def test_the_gradient_of_a_filter_keeps_the_inverse_that_its_steps_solve_with() -> None:
    loss = r"$s \in \mathbb{R}^n$ \[ D = \|x_T - s\|_2^2 \] \[ \frac{\partial D}{\partial s} = 2 (s - x_T) \]"
    document = read(KALMAN + loss)
    values = {name: np.array([[number]]) for name, number in (("U", 2.0), ("F", 0.5), ("Q", 1.5), ("H", 0.75), ("R", 1.25))}
    values |= {"u": np.array([0.5]), "s": np.array([1.0]), "z": np.array([[0.25], [2.0]])}
    gradient = pipeline.kernels(document).grad_D_R
    found = gradient(**{name: values[name] for name in inspect.signature(gradient).parameters if name in values})
    steps = 2 * 2 * 20  # two measurements, forward and back, each with fewer than 20 operations on numbers near 1
    assert_agree(found, gradients(document, "D", point(document, values), ("R",))["R"], steps)


@pytest.mark.parametrize(
    ("setting", "claim"),
    [
        (RNN, r"\frac{\partial E}{\partial W} = 0"),
        (RNN, r"\frac{\partial E}{\partial b} = 2 (h_T - y)"),
        (RNN, r"h_T = y"),
        (DESCENT, r"\frac{d V}{d \alpha} = 0"),
        (MOMENTUM, r"\frac{\partial V}{\partial \beta} = 0"),
        (KALMAN, r"\frac{\partial m}{\partial u} = 0"),
        (KALMAN, r"P_t = B_t"),
        (RNN, r"\frac{\partial h_t}{\partial h_{t-1}} = W"),
    ],
)
def test_a_wrong_claim_is_refuted(setting: str, claim: str) -> None:
    *_, last = pipeline.verify(read(rf"{setting} \[ {claim} \]"))
    assert last.verdict in ("refuted", "conditional")


@pytest.mark.parametrize(
    ("setting", "claim"),
    [
        (RNN, r"\frac{\partial E}{\partial y} = 2 (y - h_T)"),
        (DESCENT, r"V(\alpha) = \frac{1}{2m} \|X \theta_T - y\|_2^2"),
        (KALMAN, r"P_t = B_t - B_t H^\top K_t^\top"),
        (RNN, r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(\mathbf{1} - h_t \odot h_t) W"),
        (RNN, r"\frac{\partial h_t}{\partial x_t} = \operatorname{diag}(\mathbf{1} - h_t \odot h_t) U"),
        (MOMENTUM, r"\frac{\partial \theta_{t+1}}{\partial v_t} = \beta I"),
    ],
)
def test_a_right_claim_is_not_refuted(setting: str, claim: str) -> None:
    *_, last = pipeline.verify(read(rf"{setting} \[ {claim} \]"))
    assert last.verdict in ("proved", "holds")


@pytest.mark.parametrize(
    ("setting", "claim", "verdict"),
    [
        (RNN, r"\frac{\partial E}{\partial y} = 2 (y - h_T)", "proved"),
        (DESCENT, r"V(\alpha) = \frac{1}{2m} (X \theta_T - y)^\top (X \theta_T - y)", "proved"),
        (RNN, r"\frac{\partial E}{\partial b} = \frac{\partial h_T}{\partial b}^\top 2 (h_T - y)", "holds"),
        (DESCENT, r"V(2 \alpha) = V(\alpha)", "refuted"),
        (RNN, r"\frac{\partial E}{\partial y} = 2 y", "refuted"),
    ],
)
def test_a_last_state_that_nothing_varies_is_one_value(setting: str, claim: str, verdict: str) -> None:
    *_, last = pipeline.verify(read(rf"{setting} \[ {claim} \]"))
    assert last.verdict in (verdict, "conditional" if verdict == "refuted" else verdict)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RNN + r"\[ S = \sum_{t=1}^T \|h_t\|_2^2 \]", "'h_t' for all steps at once is not read"),
        (
            RNN + r"\[ \frac{\partial h_t}{\partial b} = \operatorname{diag}(\mathbf{1} - h_t \odot h_t) \]",
            "'b' acts on every step; a derivative through all of them is read of the last state",
        ),
        (
            RNN + r"\[ q = h_t^\top h_t \] \[ \frac{\partial q}{\partial W} = 0 \]",
            "'W' acts on every step; a derivative through all of them is read of the last state",
        ),
        (
            DESCENT + r"\[ \frac{\partial \theta_t}{\partial \alpha} = 0 \]",
            r"'\alpha' acts on every step; a derivative through all of them is read of the last state",
        ),
        (RNN.replace("h_{t-1}", "h_{t-1} + h_{t-2}"), "'h_{t-2}' belongs to another step"),
        (RNN.replace(r"\[ h_0 = 0 \]", ""), "nothing says where 'h_T' starts"),
        (RNN.replace("U x_t", "U x_{t-1}"), "'x_{t-1}' belongs to another step"),
        (
            r"$h_t \in \mathbb{R}^k$" + RNN.replace(r"\tanh(W h_{t-1} + U x_t + b)", r"(W h_{t-1})^\top (U x_t + b)"),
            "a step changes the shape of 'h_t': it is vector (k) before and scalar after",
        ),
        (
            DESCENT.replace(r"\alpha \nabla", r"\frac{\alpha}{t + 1} \nabla"),
            "the number t of the step inside of a recurrence that starts at t = 0 is not read",
        ),
    ],
)
def test_what_is_not_read_is_named(text: str, words: str) -> None:
    assert words in [s.error.what for s in read(text).statements if s.error]
