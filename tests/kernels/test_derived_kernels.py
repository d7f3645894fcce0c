"""Kernels of programs that calculus derives: still one visit of each row, and the right numbers."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import CROSS_ENTROPY, DATA, LINEAR, LOSS, RESIDUAL, SIGMOID, m, n
from test_kernel_values import assert_kernel_matches

from eqcompiler.calculus.derive import gradient, hessian, value_and_gradient
from eqcompiler.kernels import plan
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.program import Program

SQUARES = Program(DATA, (RESIDUAL, LOSS), ("J",))
LOGISTIC = Program(DATA, (LINEAR, SIGMOID, CROSS_ENTROPY), ("J",))
DERIVED = {
    "squares_gradient": gradient(SQUARES, "J", "theta"),
    "squares_all": value_and_gradient(SQUARES, "J", ("theta", "b")),
    "squares_hessian": hessian(SQUARES, "J", "theta"),
    "logistic_all": value_and_gradient(LOGISTIC, "J", ("theta", "b")),
    "logistic_hessian": hessian(LOGISTIC, "J", "theta"),
}
REQUESTS = tuple(KernelRequest(name, program) for name, program in DERIVED.items())


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.name)
def test_numbers(compile_one, request_):
    module = compile_one(*REQUESTS)
    for seed, (rows, columns) in enumerate(((6, 3), (1, 1), (2, 4))):
        assert_kernel_matches(getattr(module, request_.name), request_, {"m": rows, "n": columns}, seed, np.float64)


@pytest.mark.parametrize("name", ["squares_gradient", "squares_all", "logistic_all"])
def test_one_visit_of_each_row(name):
    count = plan(KernelRequest(name, DERIVED[name])).operations()
    assert count.reads["X"] == m * n
    assert count.flops.coeff(m * n) == 4
