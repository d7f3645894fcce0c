r"""Kernels that promise 8 ulp: the bounds that they are decided by, the plans that show them, and forms of every operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import flint
import numpy as np
import pytest

from eqcompiler import pipeline
from eqcompiler.errors import CompilerFault
from eqcompiler.kernels import plan
from eqcompiler.kernels.check_loop_plan import check_loop_plan
from eqcompiler.languages.loop_plan import CAREFUL, MANY, LoopPlan

TEX = r"""
$x \in \mathbb{R}^n$, $w \in \mathbb{R}^n$, $x > 0$, $w > 0$
\[ \rho(x) = \log \sum_{i=1}^{n} e^{x_i} \]
\[ \zeta(z) = \log(1 + e^{z}) \]
\[ f(x) = \sum_{i=1}^{n} \sum_{j=1}^{n} (\log x_i - \log x_j)^2 w_i w_j \]
\[ H(x) = -\sum_{i=1}^{n} x_i \log x_i + \log n \]
\[ D(x) = \sum_{i=1}^{n} x_i \log \frac{x_i}{w_i} \]
\[ P(r, t) = t \log r - r - (\log(1 + r^2))^{3/2} + \sqrt{r} \, r^{-3} \]
\[ q(a, b) = \log\frac{1 + |a|}{2} - \max(a, b) + \min(a, b, 1) \]
\[ c(a) = \log(2 + a) + \begin{cases} a^2 & a > 1 \\ 1 & \text{otherwise} \end{cases} - 1 \]
\[ d(a, s) = \frac{1}{\sqrt{2 \pi s^2}} \exp\left(-\frac{a^2}{2 s^2}\right) \]
\[ g(x) = \log \prod_{i=1}^{n} x_i w_i \]
\[ J(x) = \frac{1}{n} \sum_{i=1}^{n} (x_i - w_i)^2 \]
"""
POINTS = 400


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("digits") / "digits.tex"
    path.write_text(TEX)
    return path


@pytest.fixture(scope="module")
def kernels(document: Path) -> ModuleType:
    return pipeline.kernels(pipeline.load(document))


@pytest.fixture(scope="module")
def plans(document: Path) -> dict[str, LoopPlan]:
    return {r.name: plan(r) for r in pipeline.kernel_requests(pipeline.load(document)) if r.kind == "value"}


@pytest.fixture(autouse=True)
def precision() -> object:
    before, flint.ctx.prec = flint.ctx.prec, 1600
    yield
    flint.ctx.prec = before


A = flint.arb
Vector = np.ndarray


def sum_(values: object) -> flint.arb:
    return sum(values, A(0))


def square(value: flint.arb) -> flint.arb:
    return value * value


def pairs(x: list[float], w: list[float]) -> Iterator[tuple[float, float]]:
    return zip(x, w, strict=True)


def log(value: float) -> flint.arb:
    return A(value).log()


EXACT: dict[str, Callable[..., flint.arb]] = {
    "rho": lambda x: sum_(A(a).exp() for a in x).log(),
    "f": lambda x, w: sum_(square(log(a) - log(b)) * A(u) * A(v) for a, u in pairs(x, w) for b, v in pairs(x, w)),
    "H": lambda x: log(len(x)) - sum_(A(a) * log(a) for a in x),
    "D": lambda x, w: sum_(A(a) * (log(a) - log(b)) for a, b in pairs(x, w)),
    "P": lambda r, t: A(t) * log(r) - A(r) - (1 + A(r) ** 2).log() ** A("1.5") + A(r).sqrt() / A(r) ** 3,
    "q": lambda a, b: ((1 + abs(A(a))) / 2).log() - A(max(a, b)) + A(min(a, b, 1.0)),
    "c": lambda a: (2 + A(a)).log() + (A(a) ** 2 if a > 1 else 1) - 1,
    "d": lambda a, s: (-(A(a) ** 2) / (2 * A(s) ** 2)).exp() / (2 * A.pi() * A(s) ** 2).sqrt(),
    "g": lambda x, w: sum_(log(a) + log(b) for a, b in pairs(x, w)),
}


def arguments(name: str, seed: int) -> list[tuple[object, ...]]:
    random = np.random.default_rng(seed)
    found: list[tuple[object, ...]] = []
    for place in range(POINTS):
        n = int(random.integers(2, 6))
        x, w = 10 ** random.uniform(-2, 2, (2, n))
        near = x * (1 + random.uniform(-1, 1, n) * 10.0 ** -random.integers(1, 15))
        a, b = (float(v) for v in random.uniform(-3, 3, 2))
        if name == "rho":
            found.append((np.log(x / x.sum()) if place % 2 else -x,))
        elif name in ("H", "f", "D", "g"):
            second = {"g": 1 / near, "f": w}
            found.append((x,) if name == "H" else (x, second.get(name, near)))
        else:
            given = {"P": (float(x[0]), 2 * a), "q": (a, b), "c": (a + 2,), "d": (a * 30, abs(b) + 0.1)}
            found.append(given[name])
    return found


@pytest.mark.parametrize("name", EXACT)
def test_8_ulp_and_both_bounds_hold_for_every_operation(kernels: ModuleType, name: str) -> None:
    for given in arguments(name, 1):
        exact = EXACT[name](*([float(a) for a in part] if isinstance(part, Vector) else part for part in given))
        unit = math.ulp(float(exact.mid()))
        assert abs(A(getattr(kernels, name)(*given)) - exact) <= 8 * A(unit), (name, given)
        forms = ("checked", "doubled") if abs(exact) > 2.0**-900 else ()  # below, the bounds themselves underflow
        for form in forms:
            value, error = getattr(kernels, f"_{name}_{form}")(*given)
            assert not abs(A(value) - exact) > A(error) + A(unit) * (form == "doubled"), (name, form, given)
        decimal = kernels._settled(getattr(kernels, f"_{name}_exactly"), *given)
        assert abs(A(decimal) - exact) <= A(unit), (name, given)


def test_float64_alone_is_wrong_at_the_same_points(kernels: ModuleType) -> None:
    wrong = [abs(A(float(kernels._rho(v))) - EXACT["rho"](v)) > 8 * A(math.ulp(kernels.rho(v))) for (v,) in arguments("rho", 1)]
    assert sum(wrong) > POINTS // 4


def test_float32_is_computed_in_float64(kernels: ModuleType) -> None:
    v = np.array([-1.5, -0.25, 0.125], np.float32)
    assert kernels.rho(v) == kernels.rho(v.astype(np.float64))


def test_the_plan_shows_the_bound_and_what_follows(plans: dict[str, LoopPlan]) -> None:
    assert str(plans["H"]).splitlines()[4:] == [
        f"  from 22*n = {MANY} on: for i in threads, blocks of 512 rows",
        f"  below 22*n = {CAREFUL}: with a bound of its error, sums compensated, u = 2^-53",
        "    H := log(n) within 2*u*log(n)",
        "    for i in 1..n:",
        "      H += -XLogX(x[i]) within 3*u*Abs(XLogX(x[i]))",
        "    H + H_low within H_error + u*Abs(H + H_low)",
        "  where that exceeds 8 ulp: in double-double, with the bound that belongs to it",
        "  where that exceeds them too: in decimal numbers, with as many digits as it takes",
    ]
    assert str(plans["zeta"]).splitlines()[2:] == ["  to 8 ulp: within 33*u*Abs(zeta)/5, u = 2^-53"]


def test_only_single_numbers_with_logarithms_or_exponentials_carry_a_bound(plans: dict[str, LoopPlan]) -> None:
    with_bounds = {name for name, planned in plans.items() if planned.accuracy}
    assert {*EXACT, "zeta"} <= with_bounds
    assert not {"J", "grad_J", "grad_rho", "value_and_grad_rho"} & with_bounds


def test_a_bound_that_reads_what_is_not_set_is_no_legal_plan(plans: dict[str, LoopPlan]) -> None:
    planned = plans["H"]
    assert planned.accuracy is not None
    unset = replace(planned.accuracy, body=planned.accuracy.body[1:])
    with pytest.raises(CompilerFault, match="loop plan of H: H is accumulated before it is set"):
        check_loop_plan(replace(planned, accuracy=unset))
