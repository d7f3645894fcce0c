"""Recurrences as kernels: what is planned, how much it computes, what it refuses, and its values against plain NumPy loops.

The gradients are compared with complex steps through those loops, which share nothing with the derivatives under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scan_programs
import sympy
from rounding import assert_agree

from eqcompiler.calculus.derive import value_and_gradient
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.kernels import load, module_text, plan
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import size, tensor

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "softplus": lambda z: np.log(1 + np.exp(z)),
}
TINY = 1e-200  # a complex step: no difference is formed, so nothing cancels


def backpropagation(activation: str) -> KernelRequest:
    return KernelRequest(f"{activation}_network", value_and_gradient(scan_programs.network(activation), "J", ("W", "b")))


REQUESTS = (
    *map(backpropagation, ACTIVATIONS),
    KernelRequest("forward", scan_programs.forward()),
    KernelRequest("loss", scan_programs.network()),
    KernelRequest("rnn", value_and_gradient(scan_programs.rnn(), "J", ("W", "U", "b", "h_0", "x"))),
    KernelRequest("scalars", value_and_gradient(scan_programs.scalar_states(), "J", ("s_0", "beta", "c"))),
    KernelRequest("batch_rnn", value_and_gradient(scan_programs.batch_rnn(), "J", ("W", "b", "x", "H_0"))),
    KernelRequest("momentum", value_and_gradient(scan_programs.momentum(), "J", ("alpha", "beta", "u", "w", "A"))),
)
TEXT = module_text(REQUESTS, Source("equations/network.tex", "a network"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return load(TEXT, "recurrences", tmp_path_factory.mktemp("recurrences"))


# ---- the plan


def test_the_plan_of_backpropagation() -> None:
    lines = str(plan(backpropagation("sigmoid"))).splitlines()
    assert lines[2:] == [
        "  a_before_l := X",
        "  for l in 1..L:",
        "    W_l[n_l, n_before_l] is W at l",
        "    b_l[n_l] is b at l",
        "    a_l[m, n_l] is a_l_kept at l",
        "    z_l[m, n_l] is room in z_l_room",
        "    z_l := dot(a_before_l, W_l')",
        "    for i in 1..m:",
        "      for j in 1..n_l:",
        "        z_l[i, j] := b_l[j] + z_l[i, j]",
        "        a_l[i, j] := Sigmoid(z_l[i, j])",
        "    a_before_l := a_l",
        "  a_L := a_before_l",
        "  J := 0",
        "  for i in 1..m:",
        "    for j in 1..n_L:",
        "      J += (a_L[i, j] - y[i, j])**2",
        "      a_L_bar[i, j] := 2*(a_L[i, j] - y[i, j])/m",
        "  J := J/m",
        "  a_l_bar := a_L_bar",
        "  for l in L..1:",
        "    a_l[m, n_l] is a_l_kept at l",
        "    W_l[n_l, n_before_l] is W at l",
        "    a_before_l[m, n_before_l] is a_l_kept at l - 1, at first X",
        "    W_l_bar[n_l, n_before_l] is grad_J_W at l",
        "    b_l_bar[n_l] is grad_J_b at l",
        "    a_before_l_bar[m, n_before_l] is the other half of a_before_l_bar_room",
        "    z_l_bar[m, n_l] is room in z_l_bar_room",
        "    for i in 1..n_l:",
        "      b_l_bar[i] := 0",
        "    for i in 1..m:",
        "      for j in 1..n_l:",
        "        z_l_bar[i, j] := (1 - a_l[i, j])*a_l[i, j]*a_l_bar[i, j]",
        "        b_l_bar[j] += z_l_bar[i, j]",
        "    W_l_bar := dot(z_l_bar', a_before_l)",
        "    unless l = 1:",
        "      a_before_l_bar := dot(z_l_bar, W_l)",
        "    a_l_bar := a_before_l_bar",
    ]


L, m, l = size("L"), size("m"), scan_programs.l  # noqa: E741
NOW, BEFORE, LAST = tensor("n")[l], tensor("n")[l - 1], size("n_L")


def test_operations_are_sums_over_the_layers() -> None:
    """Forward: a product and two operations per unit. Backward: two products, of which the first layer needs one."""
    assert plan(KernelRequest("h", scan_programs.forward())).operations().flops == sympy.Sum(
        2 * m * BEFORE * NOW + 2 * m * NOW, (l, 1, L)
    )
    assert plan(backpropagation("sigmoid")).operations().flops == (
        sympy.Sum(4 * m * BEFORE * NOW + 6 * m * NOW, (l, 1, L)) + sympy.Sum(2 * m * BEFORE * NOW, (l, 2, L)) + 6 * m * LAST + 1
    )


def flops(program: Any, widths: Sequence[int], samples: int) -> int:
    formula = plan(KernelRequest("counted", program)).operations().flops
    formula = formula.xreplace({m: sympy.Integer(samples), LAST: sympy.Integer(widths[-1])})
    total = 0
    for term in sympy.Add.make_args(formula):
        if isinstance(term, sympy.Sum):
            (index, lower, upper) = term.limits[0]
            for layer in range(int(lower), len(widths)):
                places = {entry: widths[int(entry.indices[0].xreplace({index: layer}))] for entry in term.atoms(sympy.Indexed)}
                total += int(term.function.xreplace({key: sympy.Integer(value) for key, value in places.items()}))
            assert upper == L
        else:
            total += int(term)
    return total


def test_the_gradient_costs_at_most_four_times_the_loss_and_three_times_in_the_products() -> None:
    forward, back = scan_programs.network(), value_and_gradient(scan_programs.network(), "J", ("W", "b"))
    for widths in ((1, 1), (2, 1), (1, 2, 1), (4, 8, 1), (64, 32, 10), (784, 256, 128, 10), (1, 1, 1, 1, 1, 1, 1)):
        for samples in (1, 2, 128):
            assert flops(back, widths, samples) <= 4 * flops(forward, widths, samples), (widths, samples)
    for program, products in ((forward, 2), (back, 6)):
        formula = plan(KernelRequest("counted", program)).operations().flops
        sums = [term.function for term in formula.args if isinstance(term, sympy.Sum)]
        assert sum(sympy.Poly(value, NOW, BEFORE).coeff_monomial(NOW * BEFORE) for value in sums) == products * m


def test_one_text_serves_every_depth(built: ModuleType) -> None:
    compiled = TEXT[TEXT.index("def _sigmoid_network(W") :].split("\ndef ")[0]
    assert len(re.findall(r"np\.dot", compiled)) == 3
    assert len(re.findall(r"for l in range", compiled)) == 3  # room, forward, backward
    for depth in range(1, 7):
        built.sigmoid_network(*network([2] * (depth + 1), 3, np.float64, depth))
    assert len(built._sigmoid_network.signatures) == 1


# ---- values


def network(widths: Sequence[int], samples: int, dtype: type, seed: int) -> tuple[Any, ...]:
    random = np.random.default_rng(seed)
    weights = [random.normal(size=(after, before)).astype(dtype) for before, after in pairwise(widths)]
    biases = [random.normal(size=after).astype(dtype) for after in widths[1:]]
    batch = random.normal(size=(samples, widths[0])).astype(dtype), random.normal(size=(samples, widths[-1])).astype(dtype)
    return weights, biases, *batch


def loss(activation: Callable[[Any], Any], weights: Any, biases: Any, batch: Any, targets: Any) -> Any:
    """The loop that a person writes first."""
    a = batch
    for weight, bias in zip(weights, biases, strict=True):
        a = activation(a @ weight.T + bias)
    return np.sum((a - targets) ** 2) / len(batch)


def complex_steps(function: Callable[[Any], Any], point: Any) -> Any:
    """The derivative by every entry, to rounding."""
    found = np.empty(np.shape(point))
    for at in np.ndindex(np.shape(point)):
        moved = np.array(point, dtype=complex)
        moved[at] += 1j * TINY
        found[at] = np.imag(function(moved[()])) / TINY
    return found


def at(function: Callable[..., Any], point: Sequence[Any], place: int) -> Callable[[Any], Any]:
    """The function of one of its arguments."""
    return lambda value: function(*point[:place], value, *point[place + 1 :])


def rounding(widths: Sequence[int], samples: int, dtype: type) -> float:
    """Relative to the largest entry: half an ulp for every term of the sums that lead to an entry, forward and back."""
    terms = 2 * sum(before + after + 10 for before, after in pairwise(widths)) + samples
    return float(terms * np.finfo(dtype).eps)


def of_member(function: Any, families: Any, data: Any, place: int, layer: int) -> Callable[[Any], Any]:
    """The loss as a function of one weight matrix or one bias."""

    def value(point: Any) -> Any:
        changed = [list(family) for family in families]
        changed[place][layer] = point
        return loss(function, *changed, *data)

    return value


WIDTHS = ((3, 2), (1, 1), (2, 1, 3), (4, 8, 1), (1, 5, 1, 2), (2, 3, 1, 4, 2), (3, 1, 2, 2, 1, 2), (2, 3, 4, 1, 2, 3, 1))


# each precision of each kernel takes seconds to compile: one activation is tried in both
@pytest.mark.parametrize(("activation", "dtype"), [*((name, np.float64) for name in ACTIVATIONS), ("sigmoid", np.float32)])
def test_backpropagation_of_any_depth(built: ModuleType, activation: str, dtype: type) -> None:
    for seed, widths in enumerate(WIDTHS):
        for samples in (1, 3):
            weights, biases, batch, targets = network(widths, samples, dtype, seed)
            value, by_weights, by_biases = getattr(built, f"{activation}_network")(weights, tuple(biases), batch, targets)
            exact = [[np.array(part, dtype=float) for part in family] for family in (weights, biases)]
            wide = [np.array(part, dtype=float) for part in (batch, targets)]
            function = ACTIVATIONS[activation]
            expected = loss(function, *exact, *wide)
            tolerance = rounding(widths, samples, dtype)
            assert abs(value - expected) <= tolerance * (1 + abs(expected))
            for place, (family, found) in enumerate(zip(exact, (by_weights, by_biases), strict=True)):
                assert isinstance(found, tuple)
                for layer, member in enumerate(family):
                    right = complex_steps(of_member(function, exact, wide, place, layer), member)
                    assert found[layer].dtype == dtype
                    assert found[layer].shape == member.shape
                    assert np.abs(found[layer] - right).max() <= tolerance * (1 + np.abs(right).max()), (widths, samples, layer)


def test_the_forward_pass(built: ModuleType) -> None:
    weights, biases, batch, targets = network((3, 4, 2), 5, np.float64, 1)
    found = built.forward(weights, biases, batch)
    expected, operations = loss(ACTIVATIONS["sigmoid"], weights, biases, batch, targets), 5 * (3 + 4 + 2) * 2 * 4
    assert_agree(np.sum((found - targets) ** 2) / 5, expected, operations)
    room = np.empty((5, 2))
    assert built.forward(weights, biases, batch, out=room) is room
    assert np.array_equal(room, found)
    assert_agree(built.loss(weights, biases, batch, targets), expected, operations)


def test_arguments_of_any_kind_give_the_same(built: ModuleType) -> None:
    """Strided and read-only arrays, whole numbers, nested lists, float32 beside float64."""
    weights, biases, batch, targets = network((3, 2, 1), 4, np.float64, 2)
    weights = [np.round(3 * weight) for weight in weights]
    right = built.sigmoid_network(weights, biases, batch, targets)
    strided = [np.asfortranarray(weights[0]), weights[1].astype(int)]
    frozen = batch.copy()
    frozen.flags.writeable = False
    for given in ((strided, biases, frozen, targets), ([w.tolist() for w in weights], biases, batch, targets)):
        found = built.sigmoid_network(*given)
        assert found[0] == right[0]
        assert all(np.array_equal(a, b) for a, b in zip(found[1] + found[2], right[1] + right[2], strict=True))


def test_the_recurrent_network_through_time(built: ModuleType) -> None:
    random = np.random.default_rng(4)
    p, d = 3, 2
    for steps in (1, 2, 9):
        point = [random.normal(size=shape) for shape in ((p, p), (p, d), p, p, (steps, d), p)]

        def value(w: Any, u: Any, b: Any, h: Any, x: Any, y: Any) -> Any:
            for row in x:
                h = np.tanh(w @ h + u @ row + b)
            return np.sum((h - y) ** 2)

        found = built.rnn(*point)
        operations = steps * 4 * (p + d + 10)
        assert_agree(found[0], value(*point), operations)
        for place, gradient in enumerate(found[1:]):
            assert_agree(gradient, complex_steps(at(value, point, place), point[place]), operations)


def test_scalar_states_and_the_number_of_the_step(built: ModuleType) -> None:
    def value(s: Any, beta: Any, c: Any) -> Any:
        for step, factor in enumerate(beta):
            s = factor * np.sin(s) + (step + 1) * c * s**2
        return s**2

    point = [0.3, np.random.default_rng(6).normal(size=5) / 2, 0.1]
    found = built.scalars(*point)
    operations = 2 * 5 * 10  # five steps forward and back, each with fewer than ten operations on numbers below 1
    assert_agree(found[0], value(*point), operations)
    for place, gradient in enumerate(found[1:]):
        assert_agree(gradient, complex_steps(at(value, point, place), point[place]), operations)


def test_a_total_of_products_of_matrices(built: ModuleType) -> None:
    def value(w: Any, b: Any, x: Any, h: Any) -> Any:
        for given in x:
            h = np.tanh(h @ w.T + b + given)
        return np.sum(h**2)

    random = np.random.default_rng(8)
    point = [random.normal(size=shape) for shape in ((3, 3), 3, (6, 4, 3), (4, 3))]
    found = built.batch_rnn(*point)
    operations = 6 * 4 * 20
    assert_agree(found[0], value(*point), operations)
    for place, gradient in enumerate(found[1:]):
        assert_agree(gradient, complex_steps(at(value, point, place), point[place]), operations)


def test_momentum_is_differentiated_in_its_own_parameters(built: ModuleType) -> None:
    """Two coupled states; what is shared by all steps gets the sum of the adjoints."""
    random = np.random.default_rng(5)
    u, w, a = random.normal(size=3), random.normal(size=3), random.normal(size=(3, 3)) / 3

    def value(u: Any, w: Any, a: Any, alpha: Any, beta: Any, steps: int) -> Any:
        theta, v = u, w
        for _ in range(steps):
            v = beta * v - alpha * (a @ theta)
            theta = theta + v
        return theta @ a @ theta / 2

    for steps in (1, 2, 12):
        point = [u, w, a, 0.2, 0.7]
        found = built.momentum(*point, steps)
        operations = steps * 40
        assert_agree(found[0], value(*point, steps), operations)
        for gradient, place in zip(found[1:], (3, 4, 0, 1, 2), strict=True):
            assert_agree(gradient, complex_steps(at(value, [*point, steps], place), point[place]), operations)


# ---- the door

WEIGHTS, BIASES, BATCH, TARGETS = network((4, 3, 2), 5, np.float64, 0)
REFUSED: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "one array": ((WEIGHTS[0], BIASES, BATCH, TARGETS), TypeError, "W must be a list or tuple of arrays, got ndarray"),
    "no array": (([], BIASES, BATCH, TARGETS), ValueError, "W is empty, at least one array needed"),
    "other numbers of layers": ((WEIGHTS, BIASES[:1], BATCH, TARGETS), ValueError, "W has 2 arrays, b has 1"),
    "a vector as a matrix": (
        ([WEIGHTS[0], BIASES[1]], BIASES, BATCH, TARGETS),
        ValueError,
        "W[1] must have 2 axes, has shape (2,)",
    ),
    "a layer that does not fit the one before": (
        ([WEIGHTS[0], WEIGHTS[1][:, :2]], BIASES, BATCH, TARGETS),
        ValueError,
        "W[1] must have shape (2, 3), has (2, 2)",
    ),
    "a bias that does not fit its weights": (
        (WEIGHTS, [BIASES[1], BIASES[1]], BATCH, TARGETS),
        ValueError,
        "b[0] must have shape (3,), has (2,)",
    ),
    "no width": (
        ([WEIGHTS[0][:0], WEIGHTS[1][:, :0]], [BIASES[0][:0], BIASES[1]], BATCH, TARGETS),
        ValueError,
        "W has the widths [4, 0, 2], each must be at least 1",
    ),
    "inputs that do not fit the first layer": (
        (WEIGHTS, BIASES, BATCH[:, :3], TARGETS),
        ValueError,
        "X must have n_0 = 4 columns, has 3",
    ),
    "targets that do not fit the last layer": (
        (WEIGHTS, BIASES, BATCH, BATCH),
        ValueError,
        "y must have n_L = 2 columns, has 4",
    ),
    "other numbers of samples": ((WEIGHTS, BIASES, BATCH, TARGETS[:2]), ValueError, "X has 5 rows, y has 2 rows"),
    "words": (
        ([np.full((3, 4), "a"), np.full((2, 3), "a")], BIASES, BATCH, TARGETS),
        TypeError,
        "W has dtype <U1; float64, float32 and integers are allowed",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_door_refuses(built: ModuleType, case: str) -> None:
    arguments, kind, message = REFUSED[case]
    with pytest.raises(kind) as found:
        built.sigmoid_network(*arguments)
    assert str(found.value) == message


def test_a_recurrence_inside_an_iteration_is_refused() -> None:
    with pytest.raises(NotSupportedYet) as found:
        plan(KernelRequest("h_run", scan_programs.forward(), "run", ("X",)))
    assert found.value.what == "h_run iterates over a recurrence, which has no kernel yet"
