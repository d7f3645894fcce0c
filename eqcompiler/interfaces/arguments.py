"""Given values -> the arguments of a kernel, in its order.

Takes: what a kernel needs (its program's inputs) and what `--set` gave. Gives: one scalar or array for each input.
Guarantees: every size is known to agree before the kernel runs; an error names both sizes and where each came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.data_files import Array, Given
from eqcompiler.interfaces.nearest import nearest
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Input

FONT = re.compile(r"\\(?:math[a-z]+|boldsymbol|bm)\{(\w+)\}")  # X of \mathbf{X}
AXES = {1: ("entries",), 2: ("rows", "columns")}


def shape_text(needed: Input) -> str:
    """`X: matrix (m by n)`, `y: vector (m)`, `alpha: number`."""
    kind = {0: "whole number" if needed.integer else "number", 1: "vector", 2: "matrix"}.get(len(needed.shape), "tensor")
    sizes = f" ({' by '.join(str(size) for size in needed.shape)})" if needed.shape else ""
    return f"{needed.name}: {kind}{sizes}"


def arguments(kernel: str, inputs: Sequence[Input], given: Sequence[Given]) -> list[Array | float | int]:
    """One value for each input. BadInput for a name too many, too few, twice, and for shapes that do not fit."""
    values = _by_name(kernel, inputs, given)
    shaped = {i.name: _shaped(i, values[i.name]) for i in inputs}
    _agree(inputs, shaped, values)
    return [_plain(i, shaped[i.name]) for i in inputs]


def _by_name(kernel: str, inputs: Sequence[Input], given: Sequence[Given]) -> dict[str, Given]:
    needs = f"{kernel} needs " + ", ".join(shape_text(i) for i in inputs)
    spellings = {spelling: i.name for i in reversed(inputs) for spelling in (i.name.rstrip("_"), i.latex.lstrip("\\"), i.name)}
    letters = [FONT.sub(r"\1", i.latex).lstrip("\\") for i in inputs]
    spellings = {letter: i.name for letter, i in zip(letters, inputs, strict=True) if letters.count(letter) == 1} | spellings
    values: dict[str, Given] = {}
    for value in given:
        name = spellings.get(value.name)
        if name is None:
            raise BadInput(f"{kernel} has no argument {value.name!r}", allowed=needs, fix=nearest(value.name, spellings))
        if name in values:
            raise BadInput(f"{name} is set twice: {values[name].source} and {value.source}", fix="keep one of the two --set")
        values[name] = value
    missing = [i for i in inputs if i.name not in values]
    if missing:
        names = ", ".join(i.name for i in missing)
        sets = " ".join(f"--set {i.name}=..." for i in missing)
        raise BadInput(f"{names} {'is' if len(missing) == 1 else 'are'} not set", allowed=needs, fix=f"add {sets}")
    return values


def _shaped(needed: Input, value: Given) -> Array:
    """The array with the rank that is needed: one column of a file is a vector, one number is a scalar or a vector of one."""
    array, rank = value.array, len(needed.shape)
    if rank == 0 and array.size == 1:
        return array.reshape(())
    if rank == 1 and (array.ndim == 0 or (array.ndim == 2 and array.shape[1] == 1)):
        return array.reshape(-1)
    if array.ndim != rank:
        raise BadInput(
            f"{needed.name}={value.source} has shape {_sizes(array)}",
            allowed=shape_text(needed),
            fix="name as many columns, rows or entries as the shape says",
        )
    return array


def _agree(inputs: Sequence[Input], arrays: Mapping[str, Array], values: Mapping[str, Given]) -> None:
    """Every dimension has one size. Sizes that are a single name are taken first, then sums and products of them."""
    axes = [(i, k, size) for i in inputs for k, size in enumerate(i.shape)]
    known: dict[str, tuple[int, str]] = {}
    for i, k, size in sorted(axes, key=lambda axis: _is_name(axis[2]), reverse=True):
        place = f"{i.name}={values[i.name].source}"
        found = arrays[i.name].shape[k]
        words = f"{place} has {found} {AXES.get(len(i.shape), ('',) * 9)[k] or f'along axis {k + 1}'}"
        if _is_name(size):
            first, told = known.setdefault(str(size), (found, words))
        elif all(name in known for name in size.names):
            first, told = size.value({name: number for name, (number, _) in known.items()}), ""
        else:
            continue
        if found != first:
            raise BadInput(
                f"{words}, but {told}" if told else f"{words}, but {size} is {first}",
                allowed=", ".join(shape_text(j) for j in inputs if j.shape),
                fix=f"give both the same {size}" if told else f"give {i.name} the size {first}",
            )


def _is_name(size: Dimension) -> bool:
    return len(size.terms) == 1 and size.terms[0][1] == 1 and len(size.terms[0][0]) == 1


def _sizes(array: Array) -> str:
    return " by ".join(str(size) for size in array.shape) if array.ndim else "of a single number"


def _plain(needed: Input, array: Array) -> Array | float | int:
    if needed.integer and not np.all(array == np.floor(array)):
        raise BadInput(f"{needed.name} is {array}", allowed=shape_text(needed), fix="give whole numbers")
    if needed.shape:
        return np.ascontiguousarray(array)
    return int(array) if needed.integer else float(array)
