"""What conditions mean for values: order relations by sign, properties of a matrix by exact linear algebra.

Takes: values. Gives: for each relation the signs of left minus right that satisfy it, for each property its decision.
Guarantees: a decision that balls cannot make raises Imprecise; nothing is decided by closeness.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from eqcompiler.verification import fields, linear_algebra
from eqcompiler.verification.fields import sign
from eqcompiler.verification.jets import base

Value = Any

SIGNS = {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}


def entries(value: Value) -> list[Any]:
    return list(value.flat) if isinstance(value, np.ndarray) else [value]


def _vanishes(value: Value) -> bool:
    return all(sign(base(x)) == 0 for x in entries(value))


def _is_symmetric(a: Value) -> bool:
    return _vanishes(a - a.T)


def _is_diagonal(a: Value) -> bool:
    return all(sign(base(a[i, j])) == 0 for i in range(a.shape[0]) for j in range(a.shape[1]) if i != j)


PROPERTIES: dict[str, Callable[[Value], bool]] = {
    "symmetric": _is_symmetric,
    "positive definite": lambda a: _is_symmetric(a) and linear_algebra.positive_definite(a),
    "positive semidefinite": lambda a: _is_symmetric(a) and linear_algebra.positive_semidefinite(a),
    "orthogonal": lambda a: _vanishes(a.T @ a - linear_algebra.identity(a.shape[1])),
    "invertible": lambda a: sign(base(linear_algebra.determinant(a))) != 0,
    "diagonal": _is_diagonal,
    "integer": lambda a: all(fields.whole_number(base(x)) is not None for x in entries(a)),
}
