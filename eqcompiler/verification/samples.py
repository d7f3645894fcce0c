"""A point at which terms are evaluated.

Takes: numbers in any exact form, floats, nested lists or arrays. Gives: `Sample`, concrete functions, and values as the
oracle keeps them (numbers of a field, arrays of objects in C order).
Guarantees: data and its normal form; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb, fmpq

from eqcompiler.verification.fields import exact
from eqcompiler.verification.jets import Jet, tensor

Value = Any  # a number of some field, or an array of them


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A concrete function for a declared one: per output entry, coefficient times a product of the flattened arguments."""

    outputs: tuple[tuple[tuple[fmpq, tuple[int, ...]], ...], ...]
    shape: tuple[int, ...] = ()

    def low_part(self) -> list[Any]:
        """The coefficients of the constants and of the linear terms."""
        return [c for terms in self.outputs for c, key in terms if len(key) < 2]

    def with_low_part(self, coefficients: list[Any]) -> Polynomial:
        rest = iter(coefficients)
        outputs = (tuple((next(rest) if len(key) < 2 else c, key) for c, key in terms) for terms in self.outputs)
        return Polynomial(tuple(outputs), self.shape)

    def __str__(self) -> str:
        texts = [" + ".join("*".join((str(c), *(f"x{k + 1}" for k in key))) for c, key in terms) for terms in self.outputs]
        return texts[0] if self.shape == () else "(" + ", ".join(texts) + ")"


@dataclass(frozen=True, slots=True)
class Sample:
    """A point: sizes of dimensions, values of symbols (numbers, nested lists or arrays), free indices, unknown functions.
    `normal`: every value is as `as_value` gives it for rationals."""

    sizes: Mapping[str, int]
    values: Mapping[str, Any] = field(default_factory=dict)
    indices: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, Polynomial] = field(default_factory=dict)
    normal: bool = False

    def at(self, indices: Mapping[str, int]) -> Sample:
        """The same point for other values of the free indices."""
        if not indices and not self.indices:
            return self
        return Sample(self.sizes, self.values, indices, self.functions, self.normal)

    def with_values(self, values: Mapping[str, Any]) -> Sample:
        return Sample(self.sizes, values, self.indices, self.functions, self.normal)


def as_value(value: Any, number: Callable[[fmpq], Any] = lambda q: q) -> Value:
    """A number, nested list or array as the oracle keeps it. Balls and complex numbers stay what they are."""

    def entry(x: Any) -> Any:
        return x if isinstance(x, arb | complex | Jet) else number(exact(x))

    if isinstance(value, np.ndarray | list | tuple):
        array = np.array(value, dtype=object)
        return tensor([entry(x.item() if isinstance(x, np.generic) else x) for x in array.flat], array.shape)
    return entry(value.item() if isinstance(value, np.generic) else value)
