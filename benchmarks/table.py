"""Runs the comparison, entry by entry, and makes rows of it.

Takes: entries, names of contenders. Gives: a `Row` for each entry, as soon as it is measured.
Guarantees: the ratio of a row is the best competitor's median over ours; contenders that only show a limit do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from benchmarks.work import Entry, allowed, data
from eqcompiler.interfaces.comparison import Outcome, Refused, Timing, compare, geometric_mean
from eqcompiler.interfaces.turns import THREADS, Contender, Player

OURS = "eqcompiler"
LIMIT = "limit"
# name of the contender -> module and function that open it; the order is that of the columns
CONTENDERS = {
    OURS: ("by_eqcompiler", "opening"),
    "NumPy": ("by_numpy", "opening"),
    "SciPy": ("by_scipy", "opening"),
    "JAX": ("by_jax", "opening"),
    "PyTorch": ("by_torch", "by_autograd"),
    "PyTorch by hand": ("by_torch", "by_hand"),
    "torch.compile": ("by_torch", "by_compiling"),
    "PyTensor": ("by_pytensor", "opening"),
    "SymPy": ("by_sympy", "opening"),
    "Numba loops": ("by_numba", "by_loops"),
    "Numba dot": ("by_numba", "by_products"),
    "NumPy on Gram": ("by_numpy", "on_gram"),
    LIMIT: ("limits", "opening"),
}
# Who needs which package: one that is not installed leaves its column empty.
PACKAGES = {"by_jax": "jax", "by_torch": "torch", "by_pytensor": "pytensor"}
# Shown, but nobody's rival: a limit of the machine; descent on X'X needs the algebra that is compared here to be done by hand.
ASIDE = (LIMIT, "NumPy on Gram")


@dataclass(frozen=True, slots=True)
class Row:
    entry: Entry
    outcomes: dict[str, Outcome]

    @property
    def timings(self) -> dict[str, Timing]:
        return {name: outcome for name, outcome in self.outcomes.items() if isinstance(outcome, Timing)}

    @property
    def best(self) -> str | None:
        """The fastest competitor."""
        rivals = {name: timing.median for name, timing in self.timings.items() if name != OURS and name not in ASIDE}
        return min(rivals, key=lambda name: rivals[name]) if rivals else None

    @property
    def ratio(self) -> float | None:
        """How many times faster than the best competitor; None where one side has no time."""
        best = self.best
        if best is None or OURS not in self.timings:
            return None
        return self.timings[best].median / self.timings[OURS].median

    @property
    def complaints(self) -> list[str]:
        """Who was refused, and why."""
        return [
            f"{self.entry.name}: {name}: {outcome.why}"
            for name, outcome in self.outcomes.items()
            if isinstance(outcome, Refused) and not outcome.absent
        ]


def opened(name: str) -> Contender:
    module, function = CONTENDERS[name]
    contender: Contender = getattr(import_module(f"benchmarks.contenders.{module}"), function)()
    return contender


def rows(
    entries: Sequence[Entry], names: Sequence[str], starting: Callable[[Entry], None], threads: int = THREADS
) -> Iterator[Row]:
    staff = [Player(name, partial(opened, name), threads) for name in names]
    try:
        for entry in entries:
            starting(entry)
            given = data(entry)
            taking_part = [player for player in staff if has_form(player.name, entry)]
            yield Row(entry, compare(taking_part, entry, partial(allowed, entry, given)))
    finally:
        for player in staff:
            player.close()


# What each contender has a form for, known without loading its library: nobody is started in vain.
ELEMENTWISE = ("sigmoid", "softplus")
NETWORKS = ("network 4-8-1", "network 64-32-10", "network 784-256-128-10", "classifier 64-32-10")
CLOSED = ("normal equations", "ridge solution")
LOSSES = ("least squares", "ridge", "logistic regression", "softmax cross-entropy", "Gaussian log-likelihood")
ONLY = {
    "SciPy": ("logistic regression", "softmax cross-entropy", *CLOSED, *ELEMENTWISE, "Gaussian process"),
    "PyTensor": (*LOSSES, *ELEMENTWISE),
    "SymPy": ELEMENTWISE,
    "Numba loops": ("gradient descent",),
    "Numba dot": ("gradient descent", "Kalman filter"),
    "NumPy on Gram": ("gradient descent",),
    LIMIT: LOSSES,
}
NOT = {
    "PyTorch": (*ELEMENTWISE, *CLOSED, "gradient descent", "Kalman filter"),
    "torch.compile": (*ELEMENTWISE, *CLOSED, "gradient descent", "Kalman filter"),
    "PyTorch by hand": (*NETWORKS, "Gaussian process"),
}


def has_form(name: str, entry: Entry) -> bool:
    return entry.work in ONLY.get(name, (entry.work,)) and entry.work not in NOT.get(name, ())


def summary(found: Sequence[Row]) -> tuple[float, float] | None:
    """Geometric mean and least of the ratios."""
    ratios = [row.ratio for row in found if row.ratio is not None]
    return (geometric_mean(ratios), min(ratios)) if ratios else None
