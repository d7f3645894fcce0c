"""Recurrences in index form: what must be refused, how they print, and their reverse accumulation against differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import program_values
import pytest
import scan_programs
import sympy

from eqcompiler.calculus.check_index_form import check
from eqcompiler.calculus.derive import gradient, hessian, value_and_gradient
from eqcompiler.calculus.normal_form import normal_forms
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Carried, Indexed, Input, Program, Scan, size, tensor


def dense(**changes: Any) -> Program:
    return Program(scan_programs.NETWORK_INPUTS, (replace(scan_programs.dense_scan(), **changes),), ("a_L",))


def step(**changes: Any) -> Program:
    return replace(scan_programs.dense_step("sigmoid"), **changes)


STATE = Carried("a_before_l", "a_l", "X", "a_L")
BROKEN = {
    "no index": (dense(index=size("l")), "in the recurrence a: l is no index symbol"),
    "no such input": (
        dense(members=(("W_l", "W"), ("c_l", "b"))),
        "in the recurrence a: c_l is no input of the step",
    ),
    "given twice": (
        dense(members=(("W_l", "W"), ("b_l", "b"), ("W_l", "W"))),
        "in the recurrence a: W_l is given to the step twice",
    ),
    "unused output": (
        dense(step=step(outputs=("a_l", "z_l"))),
        "in the recurrence a: nothing uses the output z_l of the step",
    ),
    "no output": (
        dense(carried=(replace(STATE, after="z_l"),)),
        "in the recurrence a: nothing uses the output a_l of the step",
    ),
    "no start": (
        dense(carried=(replace(STATE, start="x"),)),
        "in the recurrence a: the start x is neither an input nor defined before",
    ),
    "a start of the wrong size": (
        dense(carried=(replace(STATE, start="y"),)),
        "in the recurrence a: a_before_l has sizes (m, n_0) at first, y has (m, n_L)",
    ),
    "a step that does not fit the next one": (
        dense(sizes=()),
        "in the recurrence a: a_before_l has sizes (m, n_before_l) at first, X has (m, n_0)",
    ),
    "a state that changes its size": (
        dense(
            carried=(Carried("a_before_l", "a_l", "X", ""),),
            step=step(
                definitions=(Indexed("a_l", (scan_programs.axis(scan_programs.i, size("m")),), sympy.S.Zero),),
            ),
        ),
        "in the recurrence a: a_before_l has sizes (m, n_l) at the next step, a_l has (m,)",
    ),
    "no family": (dense(members=(("W_l", "X"), ("b_l", "b"))), "in the recurrence a: X is no family"),
    "members of another size": (
        dense(members=(("W_l", "b"), ("b_l", "b"))),
        "in the recurrence a: W_l has sizes (n_l, n_before_l), the members of b have (n_l,)",
    ),
    "another number of steps": (
        dense(count=size("T")),
        "in the recurrence a: W has L members, there are T steps",
    ),
    "a shared input from nowhere": (
        dense(members=(("W_l", "W"),)),
        "in the recurrence a: b_l is neither an input nor defined before",
    ),
    "a family without a step": (
        dense(step=step(inputs=(*step().inputs, Input("W", (scan_programs.AT, scan_programs.BEFORE))))),
        "in the recurrence a: the family W is read without a step",
    ),
    "nothing to keep": (dense(kept=(("u_l", "u"),)), "in the recurrence a: the step has no value u_l"),
    "a sum of different sizes": (
        dense(summed=(("a_l", "total"),), carried=()),
        "in the recurrence a: a_before_l is neither an input nor defined before",
    ),
    "sizes that change in a sum": (
        dense(summed=(("a_l", "total"),)),
        "in the recurrence a: a_l changes its sizes (m, n_l) with the step, so total cannot be its sum",
    ),
    "a name made twice": (dense(kept=(("z_l", "X"),)), "the name X is given twice"),
    "a wrong step": (
        dense(step=step(definitions=step().definitions[1:])),
        "in the definition of a_l: z_l[i, j] refers to z_l, which is neither an input nor defined before",
    ),
    "a family in a body": (
        Program(scan_programs.NETWORK_INPUTS, (Indexed("s", (), tensor("b")[1]),), ("s",)),
        "in the definition of s: b[1] refers to the family b, whose members only a recurrence reads",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_legal_recurrence(name: str) -> None:
    program, message = BROKEN[name]
    with pytest.raises(CompilerFault) as found:
        check(program)
    assert found.value.what == message


@pytest.mark.parametrize("program", [scan_programs.network(), scan_programs.rnn(), scan_programs.momentum()])
def test_legal_recurrences(program: Program) -> None:
    check(program)


def test_the_step_may_use_the_index() -> None:
    definition = step().definitions[1]
    assert isinstance(definition, Indexed)
    scaled = replace(definition, body=definition.body / scan_programs.l)
    check(dense(step=step(definitions=(step().definitions[0], scaled))))


def test_other_parts_refuse_a_recurrence_by_name() -> None:
    with pytest.raises(NotSupportedYet) as found:
        normal_forms(scan_programs.network())
    assert found.value.what == "the recurrence a has no normal form yet"


def test_a_recurrence_prints_as_a_loop() -> None:
    assert str(scan_programs.network()).splitlines() == [
        "a_before_l := X",
        "for l in 1..L:",
        "  W_l := W at l",
        "  b_l := b at l",
        "  z_l[i in 1..m, j in 1..n_l] = b_l[j] + Sum(W_l[j, k]*a_before_l[i, k], (k, 1, n_before_l))",
        "  a_l[i in 1..m, j in 1..n_l] = 1/(1 + exp(-z_l[i, j]))",
        "  a_before_l := a_l",
        "a_L := a_before_l",
        "J = Sum((a_L[i, j] - y[i, j])**2, (j, 1, n_L), (i, 1, m))/m",
    ]


def test_backpropagation_prints_as_a_loop_backwards() -> None:
    program = value_and_gradient(scan_programs.network(), "J", ("W", "b"))
    assert program.outputs == ("J", "grad_J_W", "grad_J_b")
    lines = str(program).splitlines()
    assert lines[:9] == [
        "a_before_l := X",
        "for l in 1..L:",
        "  W_l := W at l",
        "  b_l := b at l",
        "  z_l[i in 1..m, j in 1..n_l] = b_l[j] + Sum(W_l[j, k]*a_before_l[i, k], (k, 1, n_before_l))",
        "  a_l[i in 1..m, j in 1..n_l] = 1/(1 + exp(-z_l[i, j]))",
        "  a_l_kept at l := a_l",
        "  a_before_l_kept at l := a_before_l",
        "  a_before_l := a_l",
    ]
    assert lines[11:] == [
        "a_L_bar[i in 1..m, j in 1..n_L] = 2*(a_L[i, j] - y[i, j])/m",
        "a_l_bar := a_L_bar",
        "for l in L..1:",
        "  a_l := a_l_kept at l",
        "  W_l := W at l",
        "  a_before_l := a_before_l_kept at l",
        "  z_l_bar[i in 1..m, j in 1..n_l] = (1 - a_l[i, j])*a_l[i, j]*a_l_bar[i, j]",
        "  a_before_l_bar[i in 1..m, j in 1..n_before_l] = Sum(W_l[k, j]*z_l_bar[i, k], (k, 1, n_l))",
        "  W_l_bar[i in 1..n_l, j in 1..n_before_l] = Sum(a_before_l[k, j]*z_l_bar[k, i], (k, 1, m))",
        "  b_l_bar[i in 1..n_l] = Sum(z_l_bar[j, i], (j, 1, m))",
        "  grad_J_W at l := W_l_bar",
        "  grad_J_b at l := b_l_bar",
        "  a_l_bar := a_before_l_bar",
    ]


def test_a_contraction_that_the_way_back_needs_is_kept() -> None:
    """The derivative of softplus is a function of z: z is kept, its products are not formed again."""
    program = value_and_gradient(scan_programs.network("softplus"), "J", ("W",))
    ahead, _, _, back = program.definitions
    assert isinstance(ahead, Scan)
    assert isinstance(back, Scan)
    assert ahead.kept == (("z_l", "z_l_kept"), ("a_before_l", "a_before_l_kept"))
    assert [d.name for d in back.step.definitions] == ["z_l_bar", "a_before_l_bar", "W_l_bar"]


# ---- values: against central differences, whose error is eps/step times the values, and step^2 times third derivatives

OPERATIONS = 100  # of a few steps with products of at most four entries


def differences_agree(program: Program, sizes: dict[str, Any], inputs: dict[str, Any], variables: tuple[str, ...]) -> None:
    derived = value_and_gradient(program, "J", variables)
    check(derived)
    found = program_values.values(derived, sizes, inputs)

    def value_at(variable: str, place: int | None, value: Any) -> float:
        members = inputs[variable]
        given = value if place is None else [*members[:place], value, *members[place + 1 :]]
        return float(program_values.value(program, sizes, inputs | {variable: given}))

    for variable, name in zip(variables, derived.outputs[1:], strict=True):
        if isinstance(inputs[variable], list):
            for place, member in enumerate(inputs[variable]):
                near(found[name][place], partial(value_at, variable, place), member)
        else:
            near(found[name], partial(value_at, variable, None), inputs[variable])


def near(found: Any, function: Callable[[Any], float], point: Any) -> None:
    program_values.assert_is_slope(found, function, point, OPERATIONS)


@pytest.mark.parametrize("activation", scan_programs.ACTIVATIONS)
@pytest.mark.parametrize("widths", [(2, 3), (3, 1, 2), (1, 2, 1, 3)])
def test_backpropagation_agrees_with_differences(activation: str, widths: tuple[int, ...]) -> None:
    random = np.random.default_rng(len(widths))
    sizes = {"m": 2, "L": len(widths) - 1, "n_l": list(widths), "n_0": widths[0], "n_L": widths[-1]}
    inputs = {
        "W": [random.normal(size=(after, before)) for before, after in pairwise(widths)],
        "b": [random.normal(size=after) for after in widths[1:]],
        "X": random.normal(size=(2, widths[0])),
        "y": random.normal(size=(2, widths[-1])),
    }
    differences_agree(scan_programs.network(activation), sizes, inputs, ("W", "b", "X"))


def test_backpropagation_through_time_agrees_with_differences() -> None:
    random = np.random.default_rng(7)
    sizes = {"T": 3, "p": 2, "d": 2}
    inputs = {
        "W": random.normal(size=(2, 2)),
        "U": random.normal(size=(2, 2)),
        "b": random.normal(size=2),
        "h_0": random.normal(size=2),
        "x": list(random.normal(size=(3, 2))),
        "y": random.normal(size=2),
    }
    differences_agree(scan_programs.rnn(), sizes, inputs, ("W", "U", "b", "h_0", "x"))


def test_coupled_states_agree_with_differences() -> None:
    random = np.random.default_rng(3)
    inputs = {
        "A": random.normal(size=(2, 2)),
        "alpha": 0.3,
        "beta": 0.6,
        "u": random.normal(size=2),
        "w": random.normal(size=2),
    }
    differences_agree(scan_programs.momentum(), {"T": 3, "n": 2}, inputs, ("A", "alpha", "beta", "u", "w"))


# ---- what is refused


def test_a_jacobian_through_a_recurrence_is_refused() -> None:
    with pytest.raises(NotSupportedYet) as found:
        gradient(scan_programs.forward(), "a_L", "X")
    assert found.value.what == "the derivative of a tensor through the recurrence a is not supported yet"


def test_a_hessian_through_a_recurrence_is_refused() -> None:
    with pytest.raises(NotSupportedYet) as found:
        hessian(scan_programs.rnn(), "J", "b")
    assert found.value.what == "the derivative of a tensor through the recurrence h_bar is not supported yet"


def test_the_result_of_a_recurrence_does_not_vary_alone() -> None:
    with pytest.raises(NotSupportedYet) as found:
        gradient(scan_programs.rnn(), "J", "h_T")
    assert found.value.what == "the derivative in h_T, the result of a recurrence, is not supported yet"


def test_a_family_that_no_recurrence_reads_has_no_gradient() -> None:
    program = scan_programs.rnn()
    more = replace(program, inputs=(*program.inputs, Input("q", (), steps=Dimension.of("T"))))
    with pytest.raises(NotSupportedYet) as found:
        gradient(more, "J", "q")
    assert found.value.what == "the derivative in the family q, which no recurrence reads, is not supported yet"
