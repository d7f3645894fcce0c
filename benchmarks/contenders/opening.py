"""A table of functions becomes a contender.

Takes: `name of the work -> function of its data that gives the call`. Gives: what a player opens in its process.
Guarantees: an answer is a tuple of arrays, whatever a library returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.work import Data, Entry, data
from eqcompiler.interfaces.turns import Work

Prepare = Callable[[Data], Callable[[], object]]


def arrays(result: object) -> tuple[Any, ...]:
    """The numbers of a result, nested or not, in order."""
    return tuple(_flat(result))


def _flat(result: object) -> Iterator[Any]:
    if isinstance(result, (tuple, list)):
        for part in result:
            yield from _flat(part)
    else:
        yield np.asarray(result)


def nothing(_result: object) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Table:
    """A contender that has a form for what its table names."""

    forms: Mapping[str, Prepare]
    answer: Callable[[object], Any] = arrays

    def prepare(self, entry: Entry) -> Work | None:
        form = self.forms.get(entry.work)
        return None if form is None else Work(form(data(entry)), self.answer)
