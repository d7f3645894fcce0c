"""What no step of a recurrence changes is computed once, and nothing else is; numbers against a plain loop."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eqcompiler import pipeline
from eqcompiler.kernels import plan

TEXT = r"""
Let $F, G \in \mathbb{R}^{n \times n}$, $c, u \in \mathbb{R}^n$ and inputs $z_t \in \mathbb{R}^n$, $t = 1, \dots, T$.
\begin{equation} x_0 = u \end{equation}
\begin{align}
a_t &= F G c \\
x_t &= a_t \odot \tanh(x_{t-1} + G z_t)
\end{align}
\begin{equation} w = x_T \end{equation}
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("scans") / "scans.tex"
    found.write_text(TEXT)
    return found


@pytest.fixture(scope="module")
def kernels(path: Path) -> ModuleType:
    return pipeline.kernels(pipeline.load(path))


def test_what_does_not_change_stands_before_the_steps(path: Path) -> None:
    request = next(r for r in pipeline.kernel_requests(pipeline.load(path)) if r.name == "w")
    before, steps = str(plan(request)).split("  for t in 1..T:\n")
    assert "a_t[i] :=" in before or "a_t[i] +=" in before
    assert "F[" not in steps
    assert "G[i, j]*z_t[j]" in steps


def test_numbers(kernels: ModuleType) -> None:
    rng = np.random.default_rng(5)
    n, steps = 4, 6
    F, G, c, u, z = (rng.normal(size=shape) / 2 for shape in ((n, n), (n, n), n, n, (steps, n)))
    x = u
    for row in z:
        x = F @ G @ c * np.tanh(x + G @ row)
    arguments = {"F": F, "G": G, "c": c, "u": u, "z": z}
    request_order = kernels.w.__code__.co_varnames[: kernels.w.__code__.co_argcount]
    found = kernels.w(*(arguments[name] for name in request_order if name in arguments))
    roundings = 8 * n * n * steps
    np.testing.assert_allclose(found, x, rtol=0, atol=roundings * np.finfo(float).eps)
