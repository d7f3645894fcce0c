"""Costs as formulas, and the time that follows from a machine's limits."""

from __future__ import annotations

import pytest
import sympy
from kernel_cases import DESCENT_RUN, LEAST_SQUARES_GRADIENT

from eqcompiler.errors import BadInput
from eqcompiler.kernels import plan
from eqcompiler.kernels.machine_limits import measured
from eqcompiler.kernels.roofline import ENTRY, Limits, bound_text, check_sizes, cost, cost_text, dimensions, limits_text
from eqcompiler.languages.program import size

m, n = size("m"), size("n")
SIZES = {"m": 1_000_000, "n": 100}
TEN = Limits(bandwidth=1e10, peak=1e11, threads=2)


def test_the_cost_is_that_of_the_plan() -> None:
    planned = plan(LEAST_SQUARES_GRADIENT)
    found = cost(planned)
    count = planned.operations()
    assert found.flops == count.flops
    assert sympy.expand(found.bytes_read - ENTRY * sum(count.reads.values())) == 0
    assert found.bytes_written == ENTRY * n
    assert not found.each_step
    assert sympy.LC(found.flops, m, n) == 4  # 4 m n: what is asked of least squares
    assert dimensions(planned) == ("m", "n")
    assert cost_text(found).splitlines()[0] == f"flops          {found.flops}"
    assert cost(plan(DESCENT_RUN)).each_step


def test_the_bound_is_the_longer_of_reading_and_arithmetic() -> None:
    found = cost(plan(LEAST_SQUARES_GRADIENT))
    flops, traffic = found.numbers(SIZES)
    assert traffic / TEN.bandwidth > flops / TEN.peak
    assert (
        bound_text(found, SIZES, TEN).splitlines()[-1]
        == f"at least       {traffic / TEN.bandwidth * 1e3:.3g} ms, for reading and writing"
    )
    slow = Limits(bandwidth=1e12, peak=1e8, threads=1)
    assert bound_text(found, SIZES, slow).splitlines()[-1] == f"at least       {flops / slow.peak:.3g} s, for arithmetic"
    assert limits_text(slow).splitlines()[0] == "reads          1e+03 GB/s: a sum over an array of the same size, 1 thread"


def test_missing_sizes_are_named() -> None:
    with pytest.raises(BadInput) as caught:
        check_sizes(plan(LEAST_SQUARES_GRADIENT), {"m": 5})
    error = caught.value
    assert (error.what, error.allowed, error.fix) == (
        "--sizes does not say how large n is",
        "grad_J has the sizes m, n",
        "add n=1000",
    )


def test_this_machine_has_limits() -> None:
    limits = measured(2**20)
    assert 1e8 < limits.bandwidth < 1e13
    assert 1e7 < limits.peak < 1e15
    assert limits.threads >= 1
