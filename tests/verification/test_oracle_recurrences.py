r"""The last state of a recurrence in the oracle: layers of different widths, coupled states, derivatives through all steps.

Takes: networks and optimisers as typed terms. Gives: values and derivatives against NumPy and complex steps.
Guarantees: the evaluator unrolls what the recurrence says, with the sizes of each step; false claims get a counterexample.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from build_terms import add, at, call, define, dim, document, elementwise, grad, idx, matmul, mul, num, ref, sub, sym, typed
from flint import fmpq
from rounding import assert_agree

from eqcompiler.errors import BadInput
from eqcompiler.languages.statements import Claim, Document, Recurrence
from eqcompiler.languages.terms import INTEGER, Condition, Iterated, Term
from eqcompiler.verification.evidence import gather
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.oracle import Sample, evaluate
from eqcompiler.verification.points import gradients, point

EPS = float(np.finfo(float).eps)


def with_recurrence(found: Document, recurrence: Recurrence) -> Document:
    return replace(found, recurrences={recurrence.state: recurrence})


def network(assumptions: tuple[Condition, ...] = ()) -> Document:
    """a_l = tanh(W_l a_{l-1} + b_l), J = |a_L - y|^2."""
    z = define("z_l", add(matmul(sym("W_l", "n_l", "n_before_l"), sym("a_before_l", "n_before_l")), sym("b_l", "n_l")))
    last = Iterated(typed("n_L"), "a", (sym("x", "n_0"),))
    residual = sub(last, sym("y", "n_L"))
    types = {
        "W": typed("n_l", "n_before_l"),
        "b": typed("n_l"),
        "W_l": typed("n_l", "n_before_l"),
        "b_l": typed("n_l"),
        "a_before_l": typed("n_before_l"),
        "x": typed("n_0"),
        "y": typed("n_L"),
    }
    recurrence = Recurrence(
        "a",
        elementwise("tanh", ref(z)),
        "l",
        before=("a_before_l",),
        members=(("W_l", "W"), ("b_l", "b")),
        count=dim("L"),
        sizes=(("n", "n_l", "n_before_l"),),
        last=("a^{(L)}",),
    )
    plain = document(z, define("J", matmul(residual, residual)), define("last", last), symbols=types, assumptions=assumptions)
    return with_recurrence(plain, recurrence)


def heavy_ball() -> Document:
    """v <- beta v - theta, theta <- theta + v (the new one), T times from v = 0 and theta = u."""
    v = define("v_after_t", sub(mul(sym("beta"), sym("v")), sym("theta")))
    recurrence = Recurrence(
        "v", ref(v), "t", also=(("theta", add(sym("theta"), ref(v))),), count=dim("T"), last=("v_T", r"\theta_T")
    )
    last = Iterated(typed(), "v", (num(0), sym("u")), 1)
    types = {name: typed() for name in ("beta", "u", "v", "theta")}
    return with_recurrence(document(v, define("last", last), symbols=types), recurrence)


def layers(widths: tuple[int, ...], seed: int) -> dict[str, object]:
    generator = np.random.default_rng(seed)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return {
        "W": tuple(generator.normal(size=pair) for pair in pairs),
        "b": tuple(generator.normal(size=here) for here, _ in pairs),
        "x": generator.normal(size=widths[0]),
        "y": generator.normal(size=widths[-1]),
    }


def forward(values: dict[str, object]) -> np.ndarray:
    a = np.asarray(values["x"])
    for W, b in zip(values["W"], values["b"], strict=True):
        a = np.tanh(W @ a + b)
    return a


@pytest.mark.parametrize("widths", [(2, 3), (1, 1, 1), (3, 1, 4, 2), (2, 5, 1, 3, 2)])
def test_layers_of_different_widths_against_numpy(widths: tuple[int, ...]) -> None:
    values = layers(widths, 5)
    found = evaluate(network(), network().definitions["last"].body, point(network(), values))
    operations = sum(2 * a + 2 for a in widths)
    np.testing.assert_allclose([float(x.mid()) for x in found], forward(values), rtol=operations * EPS, atol=operations * EPS)


@pytest.mark.parametrize("widths", [(2, 3), (1, 1, 1), (3, 1, 4, 2)])
def test_the_gradient_in_every_family_is_the_complex_step(widths: tuple[int, ...]) -> None:
    values = layers(widths, 7)
    found = gradients(network(), "J", point(network(), values), ("W", "b", "x"))
    step = 1e-100
    for name in ("W", "b"):
        for layer, member in enumerate(values[name]):
            for place in np.ndindex(*member.shape):
                moved = [m.astype(complex) for m in values[name]]
                moved[layer][place] += 1j * step
                residual = forward({**values, name: moved}) - values["y"]
                slope = (residual @ residual).imag / step
                assert_agree(float(found[name][layer][place]), slope, 4 * sum(2 * a + 2 for a in widths))
    assert found["x"].shape == (widths[0],)


def test_coupled_states_use_the_new_value_of_the_same_step() -> None:
    found = heavy_ball()
    u, beta, v, theta = fmpq(3), fmpq(1, 2), fmpq(0), fmpq(3)
    for _ in range(4):
        v = beta * v - theta
        theta = theta + v
    assert evaluate(found, found.definitions["last"].body, Sample({"T": 4}, {"u": u, "beta": beta})) == theta


def test_a_step_number_counts_from_one() -> None:
    """s <- s t from s = 1 is the factorial."""
    recurrence = Recurrence("s", mul(sym("s"), idx("t")), "t", count=dim("T"), last=("s_T",))
    found = with_recurrence(document(symbols={"s": typed()}), recurrence)
    assert evaluate(found, Iterated(INTEGER, "s", (num(1),)), Sample({"T": 5})) == 120


def test_what_is_known_in_a_step_alone_is_hidden_from_the_outside() -> None:
    """z_l bound around the last state is another z_l."""
    found = network()
    values = layers((2, 2, 2), 3)
    slope = grad(found.definitions["J"].body, "z_l", "n_l")
    sample = point(found, values)
    at_layer = replace(sample, sizes={**sample.sizes, "n_l": 2}, values={**sample.values, "z_l": [1, 2]})
    assert [x == 0 for x in evaluate(found, slope, at_layer)] == [True, True]


def first_weights(found: Document) -> Term:
    return at(grad(ref(found.definitions["J"]), "W", "L", "n_l", "n_before_l"), num(1))


def test_a_false_claim_about_a_network_gets_a_counterexample_with_its_members() -> None:
    found = network()
    last = found.definitions["last"].body
    evidence = gather(found, Claim(last, sym("y", "n_L")))
    assert evidence.counterexample is not None
    assert "W^(1)" in evidence.counterexample.values
    assert evidence.counterexample.sizes["n_L"] == evidence.counterexample.sizes[f"n_{evidence.counterexample.sizes['L']}"]


def test_a_true_claim_about_a_network_is_compared_at_several_depths() -> None:
    found = network()
    residual = sub(sym("y", "n_L"), found.definitions["last"].body)
    evidence = gather(found, Claim(ref(found.definitions["J"]), matmul(residual, residual)))
    assert evidence.counterexample is None
    assert evidence.agreements == 24
    assert evidence.shapes > 3


def test_an_assumption_about_one_layer_holds_in_every_layer() -> None:
    """All weights zero; a point that violates it has no value."""
    found = network((Condition("=", sym("W_l", "n_l", "n_before_l"), call("zeros", shape=("n_l", "n_before_l"))),))
    last = found.definitions["last"].body
    values = layers((2, 2, 2), 3)
    with pytest.raises(Undefined, match="an assumption about one step does not hold in step 1 of a"):
        evaluate(found, last, point(found, values))
    zero = {**values, "W": (np.zeros((2, 2)), np.zeros((2, 2)))}
    assert [float(x.mid()) for x in evaluate(found, last, point(found, zero))] == list(np.tanh(values["b"][1]))


def test_data_that_do_not_fit_are_refused_with_both_numbers() -> None:
    values = layers((2, 3, 1), 1)
    with pytest.raises(BadInput, match=r"n_1 is 3; b\^\(1\) has 2"):
        point(network(), {**values, "b": (np.ones(2), np.ones(1))})
