"""`eqc bench`: what it compares, what it refuses, and that a wrong answer is never timed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from eqcompiler import pipeline
from eqcompiler.interfaces import bench, bench_data
from eqcompiler.interfaces.comparison import Refused, Timing
from eqcompiler.interfaces.turns import Player
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Input

Command = Callable[..., Result]
M, N, K = Dimension.of("m"), Dimension.of("n"), Dimension.of("k")
LOSS = r"""
$X \in \mathbb{R}^{m \times n}$, $y \in \mathbb{R}^m$, $w \in \mathbb{R}^n$
\[ L(w) = \frac{1}{m} (X w - y)^\top (X w - y) \]
\[ e(z) = z \log(z) \]
"""


@pytest.fixture
def loss(folder: Path) -> Path:
    path = folder / "loss.tex"
    path.write_text(LOSS)
    return path


def test_each_comparison_is_one_object(eqc: Command, loss: Path) -> None:
    result = eqc("bench", "loss.tex", "--kernel", "value_and_grad_L", "--sizes", "m=50,n=3", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (row,) = map(json.loads, result.stdout.splitlines())
    assert list(row) == ["file", "kernel", "sizes", "ratio", "times", "refused"]
    assert (row["file"], row["kernel"], row["sizes"], row["refused"]) == (
        "loss.tex",
        "value_and_grad_L",
        {"n": 3, "m": 50},
        None,
    )
    assert list(row["times"]) == ["kernel", "NumPy"]
    assert row["ratio"] == row["times"]["NumPy"]["median"] / row["times"]["kernel"]["median"]


def test_a_wrong_answer_is_refused_and_not_timed(loss: Path) -> None:
    document = pipeline.load(loss)
    request = next(r for r in pipeline.kernel_requests(document) if r.name == "L")
    texts = (pipeline.build(document), pipeline.numpy_module(document)[0])
    data = bench_data.Data(request.program.inputs, (("m", 6), ("n", 2)))
    job = bench.Job("loss.tex", "L", texts, data, roundings=30)
    wrong = replace(job, texts=(texts[0], texts[1].replace("- y", "+ y")))
    players = [Player(side, Opening(place)) for place, side in enumerate(bench.SIDES)]
    try:
        right, refused = (bench.one(players, each) for each in (job, wrong))
    finally:
        for player in players:
            player.close()
    assert all(isinstance(outcome, Timing) for outcome in right.outcomes.values())
    assert refused.ratio is None
    assert isinstance(refused.outcomes["NumPy"], Refused)
    assert refused.complaint.startswith("NumPy: wrong answer: result 1 is ")


class Opening:
    def __init__(self, place: int) -> None:
        self.place = place

    def __call__(self) -> bench.Side:
        return bench.Side(self.place)


def test_the_numpy_programs_can_be_read(eqc: Command, loss: Path) -> None:
    result = eqc("bench", "loss.tex", "--kernel", "e", "--numpy", "programs")
    assert result.exit_code == 0
    text = (loss.parent / "programs" / "loss_numpy.py").read_text()
    assert "    e = z * np.log(z)\n" in text
    lines = result.stdout.splitlines()
    assert lines[0] == "loss.tex"
    assert lines[1].split() == ["kernel", "sizes", "kernel", "NumPy", "NumPy", "/", "kernel", "spread"]
    assert lines[2].split()[:2] == ["e", "numbers"]
    assert lines[4].startswith("1 comparison: ")


def test_what_cannot_be_compared_is_an_error_with_choices(eqc: Command, loss: Path) -> None:
    assert eqc("bench", "loss.tex", "--kernel", "grad_K").stderr.splitlines() == [
        "no kernel is called 'grad_K'",
        "  allowed: L, grad_L, value_and_grad_L, hess_L, hvp_L, e, grad_e, value_and_grad_e, hess_e",
        "  to fix: write grad_e or grad_L",
    ]
    (loss.parent / "empty.tex").write_text(r"Let $x \in \mathbb{R}^n$.")
    result = eqc("bench", "empty.tex")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "nothing to compare: empty.tex: no kernel that gives a value"
    assert eqc("bench", "loss.tex", "--sizes", "m=0").exit_code == 2


def test_sizes_grow_along_the_samples() -> None:
    X, y, w, W = Input("X", (M, N)), Input("y", (M,)), Input("w", (N,)), Input("W", (N, K))
    assert bench_data.sizes((w, X, y))[1] == {"n": 10, "m": 1000}
    assert bench_data.long_axis((W, X, Input("Y", (M, K)))) == "m"
    assert bench_data.sizes((Input("A", (N, N)), w)) == [{"n": 4}, {"n": 50}, {"n": 300}]
    assert bench_data.sizes((w,)) == [{"n": 10}, {"n": 1000}, {"n": 1_000_000}]
    assert bench_data.sizes((Input("z", ()),)) == [{}]


def test_data_keep_what_is_declared_and_are_the_same_again() -> None:
    inputs = (
        Input("A", (N, N), assumptions=("positive definite",)),
        Input("B", (N, N), assumptions=("symmetric",)),
        Input("s", (), assumptions=("positive",)),
        Input("d", (), integer=True),
        Input("z", (M,)),
    )
    data = bench_data.Data(inputs, (("n", 5), ("m", 7)))
    A, B, s, d, z = data.arguments()
    assert np.all(np.linalg.eigvalsh(A) > 0)
    assert np.array_equal(B, B.T)
    assert s > 0
    assert type(d) is int
    assert z.shape == (7,)
    assert all(np.array_equal(a, b) for a, b in zip(data.arguments(), (A, B, s, d, z), strict=True))
    positive = replace(data, draw="between 0 and 1").arguments()[4]
    assert np.all((positive > 0) & (positive < 1))


def test_the_tolerance_grows_with_the_condition() -> None:
    x = np.array([1.0, -1.0 + 1e-8])
    (near,) = bench_data.allowed(np.sum, [x], roundings=10)
    assert 10 * bench_data.EPS * np.sum(x) < near <= 10 * 2 * bench_data.EPS * np.sum(np.abs(x))
