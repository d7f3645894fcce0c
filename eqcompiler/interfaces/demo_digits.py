"""A network for handwritten digits, trained with the gradients of an equation file.

Takes: the equation file. Gives: a table of the epochs on stdout, and the accuracy on images that training never saw.
Guarantees: the same seed gives the same figures; every gradient comes from the generated `value_and_grad_L`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.screen import console, duration, progress, show, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NETWORK = "digits_network.tex"
HIDDEN, BATCH, EPOCHS, STEP, MOMENTUM = 32, 32, 30, 0.05, 0.9
SHOWN = 3  # the table has a row for every third epoch
TEST_IMAGES = 360
WANTED = 0.95


@dataclass(frozen=True, slots=True)
class Images:
    """Pixels from 0 to 1 (a row an image), classes, and the classes as rows with a single one."""

    X: Array
    labels: NDArray[np.int64]
    Y: Array


def train(network: Path, seed: int = 0) -> float:
    """Trains, prints an epoch table, and gives the accuracy on the test images."""
    import numpy as np

    random = np.random.default_rng(seed)
    training, test = _digits(random)
    sizes = (training.X.shape[1], HIDDEN, training.Y.shape[1])
    click.echo(f"{len(training.X)} images train, {len(test.X)} others test. The network has {'-'.join(map(str, sizes))} units;")
    click.echo("every gradient comes from the generated value_and_grad_L.\n")
    start = time.perf_counter()
    kernels = _kernels(network)
    parameters = _start(random, sizes)
    rows, compiled = [], 0.0
    with progress() as bar:
        task = bar.add_task("training", total=EPOCHS)
        for epoch, loss in enumerate(_epochs(kernels, parameters, training, random), 1):
            compiled = compiled or time.perf_counter() - start
            bar.advance(task)
            if epoch == 1 or epoch % SHOWN == 0:
                passed = duration(time.perf_counter() - start)
                shown = [accuracy(kernels, parameters, images) for images in (training, test)]
                rows.append((str(epoch), f"{loss:.4f}", *(f"{share:.1%}" for share in shown), passed))
    show(console(), table(["epoch", "loss", "training", "test", "time"], rows))
    reached = accuracy(kernels, parameters, test)
    verdict = "at least" if reached >= WANTED else "LESS THAN"
    passed = duration(time.perf_counter() - start)
    click.echo(f"\ntest accuracy {reached:.1%}, {verdict} the {WANTED:.0%} asked for; {passed} in all,")
    click.echo(f"of which reading, compiling and the first epoch took {duration(compiled)}")
    return reached


def _digits(random: np.random.Generator) -> tuple[Images, Images]:
    """The images in random order: those to train on, and those to test on."""
    import numpy as np

    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise BadInput("the demo needs scikit-learn for its data", fix="pip install 'eqcompiler[demo]', or make demo") from None
    data = load_digits()
    order = random.permutation(len(data.target))
    X, labels = data.data[order] / data.data.max(), data.target[order]
    Y = np.eye(labels.max() + 1)[labels]
    parts = (slice(TEST_IMAGES, None), slice(TEST_IMAGES))
    training, test = (Images(X[part], labels[part], Y[part]) for part in parts)
    return training, test


def _kernels(network: Path) -> ModuleType:
    from eqcompiler import pipeline

    return pipeline.kernels(pipeline.load(network))


def _start(random: np.random.Generator, sizes: tuple[int, int, int]) -> list[Array]:
    """W_1, b_1, W_2, b_2: each unit starts with inputs of variance 1 (LeCun et al., Efficient BackProp, section 4.6)."""
    import numpy as np

    parameters = []
    for before, after in itertools.pairwise(sizes):
        parameters += [random.normal(size=(before, after)) / np.sqrt(before), np.zeros(after)]
    return parameters


def _epochs(kernels: ModuleType, parameters: list[Array], images: Images, random: np.random.Generator) -> Iterator[float]:
    """Descent with momentum on small batches, in place; the mean loss of each epoch."""
    import numpy as np

    velocities = [np.zeros_like(parameter) for parameter in parameters]
    for _ in range(EPOCHS):
        order, total = random.permutation(len(images.X)), 0.0
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            loss, *gradients = kernels.value_and_grad_L(*parameters, images.X[batch], images.Y[batch])
            total += loss * len(batch)
            for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
                velocity *= MOMENTUM
                velocity -= STEP * gradient
                parameter += velocity
        yield total / len(order)


def accuracy(kernels: ModuleType, parameters: list[Array], images: Images) -> float:
    """The share of images whose own class has the largest score."""
    scores = kernels.Z(images.X, *parameters)
    return float((scores.argmax(axis=1) == images.labels).mean())
