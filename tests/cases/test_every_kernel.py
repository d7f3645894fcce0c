r"""Every compiled kernel of the library against the oracle, at points that satisfy its file's assumptions.

Takes: equations/. Gives: one Hypothesis test for each kernel that computes values or a step, in float64 and float32.
Guarantees: sizes from 1; inputs stay as they are. The tolerance is the radius of a ball: the oracle works with as many bits as
the kernel has and starts from inputs that are known up to one rounding, so that the radius bounds what rounding can do to the
value, cancellation and condition included. Where the module computes elementary functions by its own polynomials, which are
exact to FUNCTION_ULPS, the oracle works with the fewer bits whose rounding is as large. Where a ball of that width decides
nothing (a kink, a matrix that may be singular, a value without a bound) the point says nothing about a kernel, and another one
is drawn. Layers get inputs that do not saturate them: back through a saturated state s the kernels compute 1 - s^2 or s(1 - s),
which loses what the exact derivative, and so the oracle's ball, does not lose.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from kernel_terms import EQUATIONS, Values, call, document, is_closed_form, listed, members, requests, terms_of

from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Term
from eqcompiler.verification.evaluator import Evaluator
from eqcompiler.verification.fields import BALLS, Imprecise, Undefined, ball
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.oracle import Sample
from eqcompiler.verification.problems import Problem, problem_of
from eqcompiler.verification.recurrences import gathered
from eqcompiler.verification.relations import entries
from eqcompiler.verification.sample_sizes import shapes
from eqcompiler.verification.sampling import Unsatisfied, draw

SHAPES = 6
FUNCTION_ULPS = 2.5  # what kernels/stable_functions.py promises of tanh, its least exact function
MOST_ROWS = 3
QUICK = settings(
    max_examples=SHAPES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # the sizes are small already
    suppress_health_check=list(HealthCheck),
)

FILES = sorted(path.name for path in EQUATIONS.iterdir() if path.name != "descent_fixed_points.tex")  # claims alone


def kernels_of(file: str) -> tuple[str, ...]:
    """Those that compute values or a step, but no closed forms, which are tested by what they make zero, and no Hessian times
    a vector, which is compared with the Hessian (tests/library)."""
    named = [(name, request.kind) for name, request in requests(file).items() if not name.startswith("hvp_")]
    return tuple(name for name, kind in named if kind in ("value", "step") and not is_closed_form(file, name))


@cache
def problems(file: str, kernel: str) -> tuple[Problem, ...]:
    """What has to be drawn for each output."""
    return tuple(problem_of(document(file), Claim(term, term)) for term in terms_of(file, kernel))


def widest_problem(file: str, kernel: str) -> Problem:
    return max(problems(file, kernel), key=lambda p: len(p.symbols))


@cache
def shapes_of(file: str, kernel: str) -> tuple[Mapping[str, int], ...]:
    return tuple(shapes(widest_problem(file, kernel), SHAPES))


def floats(value: Any) -> Any:
    numbers = [float(ball(x).mid()) for x in entries(value)]
    return np.array(numbers).reshape(value.shape) if isinstance(value, np.ndarray) else numbers[0]


@st.composite
def points(draw_from: st.DrawFn, file: str, kernel: str) -> tuple[dict[str, int], list[Values]]:
    """Sizes, and as many points as the kernel takes in a row; the same in all but the inputs that have a row each."""
    problem = widest_problem(file, kernel)
    sizes = draw_from(st.sampled_from(shapes_of(file, kernel)))

    def choose(lowest: int, highest: int) -> int:
        return draw_from(st.integers(lowest, highest))

    found = []
    for _ in range(draw_from(st.integers(1, MOST_ROWS)) if rows_of(file, kernel) else 1):
        try:
            sample = draw(problem, sizes, choose, fractions=True)
        except Unsatisfied:
            assume(False)
        found.append({name: floats(value) / scale(file) for name, value in sample.values.items()})
    for point in found[1:]:
        point |= {name: value for name, value in found[0].items() if name not in rows_of(file, kernel)}
    return dict(sizes), found


def scale(file: str) -> int:
    """By how much inputs are divided: in layers of units that saturate, so that they do not."""
    return 4 if document(file).recurrences and bits_of_functions(file) else 1


def rows_of(file: str, kernel: str) -> frozenset[str]:
    inputs = requests(file)[kernel].program.inputs
    return frozenset(needed.name for needed in inputs if "batch" in map(str, needed.shape))


def arguments(file: str, kernel: str, sizes: Mapping[str, int], found: list[Values]) -> Values:
    stacked = {name: np.stack([point[name] for point in found]) for name in rows_of(file, kernel)}
    return {**sizes, **found[0], **dict(gathered(found[0])), **stacked}


def known_up_to_rounding(value: Any, bits: int) -> Any:
    """Balls around the numbers, as wide as half a unit in the last place at most."""
    balls = [arb(x, abs(x) * 2.0**-bits) for x in map(float, np.ravel(value))]
    if not np.ndim(value):
        return balls[0]
    array = np.empty(len(balls), dtype=object)
    array[:] = balls
    return array.reshape(np.shape(value))


def values_and_radii(file: str, term: Term, sizes: Mapping[str, int], values: Values, bits: int) -> tuple[tuple[Any, Any], ...]:
    """What the term is worth, and how far a value that was computed with so many bits may be from that; of a family, what
    each member is worth. Imprecise where that may be infinitely far: every number would agree with it."""
    sharp, wide = (evaluated(file, term, sizes, values, width) for width in (2 * np.finfo(float).nmant, bits))
    found = tuple((np.asarray(floats(a)), radii(b)) for a, b in zip(members(sharp), members(wide), strict=True))
    if not all(np.isfinite(radius).all() for _, radius in found):
        raise Imprecise
    return found


def evaluated(file: str, term: Term, sizes: Mapping[str, int], values: Values, bits: int) -> Any:
    sample = Sample(sizes, {name: known_up_to_rounding(value, bits) for name, value in values.items()})
    with ctx.workprec(bits):
        return Evaluator(unconditional(file), sample, BALLS).value(term)


def radii(value: Any) -> Any:
    return np.reshape([float(ball(x).rad()) for x in entries(value)], np.shape(value))


@cache
def unconditional(file: str) -> Document:
    """The document without what is assumed of each step. Balls around the entries of a computed covariance never tell that it
    is symmetric, so that every filter would be undecided; the assumption says where there is a value, and changes none."""
    of = document(file)
    names = FreeNames(of)
    inside: frozenset[str] = frozenset().union(*(names.inside(recurrence) for recurrence in of.recurrences.values()))
    return replace(of, assumptions=tuple(c for c in of.assumptions if not names.of_condition(c) & inside))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("file", FILES)
def test_kernels_equal_the_oracle(file: str, dtype: type) -> None:
    for kernel in kernels_of(file):
        compare(file, kernel, dtype)


@cache
def bits_of_functions(file: str) -> int:
    """How many bits fewer round as much as the module's own functions do: an ulp is two roundings."""
    text = (EQUATIONS.parent / "generated" / file).with_suffix(".py").read_text("utf-8")
    own = re.search(r"^def _(exp|tanh|log_1_plus)\w*\(", text, re.MULTILINE)
    return math.ceil(math.log2(2 * FUNCTION_ULPS)) if own else 0


def compare(file: str, kernel: str, dtype: type) -> None:
    terms, bits = terms_of(file, kernel), np.finfo(dtype).nmant + 1 - bits_of_functions(file)

    @QUICK
    @given(points(file, kernel))
    def holds(drawn: tuple[dict[str, int], list[Values]]) -> None:
        sizes, found = drawn
        rounded = [{name: np.asarray(value, dtype).astype(float) for name, value in point.items()} for point in found]
        try:
            expected = [
                [pair for term in terms for pair in values_and_radii(file, term, sizes, point, bits)] for point in rounded
            ]
        except (Imprecise, Undefined):
            assume(False)
        outputs = listed(call(file, kernel, arguments(file, kernel, sizes, found), dtype))
        results = [member for output in outputs for member in members(output)]
        for result, of_points in zip(results, zip(*expected, strict=True), strict=True):
            values, allowed = (np.stack(part) for part in zip(*of_points, strict=True))
            if not rows_of(file, kernel):
                values, allowed = values[0], allowed[0]
            assert np.shape(result) == values.shape
            assert not np.ndim(result) or np.asarray(result).dtype == dtype
            assert np.all(np.abs(result - values) <= allowed), (kernel, sizes, found, result, values, allowed)

    holds()


def test_the_comparison_can_fail() -> None:
    """A loss that is off by 64 units in its last place is outside the tolerance."""
    values = {"theta": np.ones(2), "X": np.array([[1.0, 2.0], [3.0, 4.0]]), "y": np.array([2.0, 3.0]), "b": 0.5}
    sizes = {"m": 2, "n": 2}
    (term,) = terms_of("linear_regression.tex", "J")
    ((exact, radius),) = values_and_radii("linear_regression.tex", term, sizes, values | {"x": values["X"]}, 53)
    result = call("linear_regression.tex", "J", values)
    assert abs(result - exact) <= radius < 64 * np.finfo(float).eps * exact
    assert abs(result * (1 + 64 * np.finfo(float).eps) - exact) > radius


def test_a_ball_without_a_bound_agrees_with_nothing() -> None:
    """A loss past the largest float, known up to more than the largest float."""
    values = {"theta": np.full(2, 1e200), "X": np.full((1, 2), 1e200), "y": np.ones(1), "b": 0.0}
    (term,) = terms_of("linear_regression.tex", "J")
    with pytest.raises(Imprecise):
        values_and_radii("linear_regression.tex", term, {"m": 1, "n": 2}, values | {"x": values["X"]}, 53)
