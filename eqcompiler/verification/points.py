r"""Points from data: a sample whose sizes are those of given arrays, and derivatives there, families of any depth included.

Takes: a document, arrays by symbol, a tuple of arrays for a family whose members differ in size. Gives: samples, derivatives.
Guarantees: two arrays that disagree about a size raise BadInput with both numbers; derivatives come from jets over balls and
are rounded once, to float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from eqcompiler.errors import BadInput
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import Derivative, Reference, Type
from eqcompiler.verification import fields
from eqcompiler.verification.evaluator import Evaluator
from eqcompiler.verification.fields import BALLS, EXACT
from eqcompiler.verification.recurrences import member_key, member_type, ragged, with_last_sizes
from eqcompiler.verification.relations import entries
from eqcompiler.verification.samples import Sample


def point(document: Document, values: Mapping[str, Any]) -> Sample:
    """The sample with these values; W in ragged layers is a tuple (W[0] of the shape n_1 by n_0, W[1] of n_2 by n_1, ...)."""
    sizes: dict[str, int] = {}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        recurrence = _ragged_in(document, name)
        if recurrence is None:
            flat[name] = value
            _measure(_type(document, name), np.shape(value), sizes, name)
            continue
        if recurrence.count is not None:
            _measure(Type((recurrence.count,)), (len(value),), sizes, f"the number of members of {name}")
        for step, member in enumerate(value, start=1):
            flat[member_key(name, step)] = member
            _measure(member_type(document, recurrence, name, step), np.shape(member), sizes, member_key(name, step))
    for recurrence in document.recurrences.values():
        given = dict(sizes)
        sizes = with_last_sizes(recurrence, sizes)
        for name in given.keys() & sizes.keys():
            _agree(name, given[name], sizes[name], f"the last step of {recurrence.state}")
    return Sample(sizes, flat)


def gradients(document: Document, name: str, at: Sample, variables: Iterable[str]) -> dict[str, Any]:
    """The derivatives of the definition at the point: one array for each variable, a tuple of arrays for a ragged family."""
    body = document.definitions[name].body
    reference = Reference(body.type, name)
    found = {}
    for variable in variables:
        term = Derivative(Type((*body.type.shape, *_type(document, variable).shape)), reference, variable)
        try:
            found[variable] = fields.with_enough_bits(partial(_derivative, document, term, at, BALLS))
        except fields.Undecided:  # balls never tell that a covariance is symmetric; the floats are exact rationals too
            found[variable] = fields.with_enough_bits(partial(_derivative, document, term, at, EXACT))
    return found


def _derivative(document: Document, term: Derivative, at: Sample, numbers: fields.Field) -> Any:
    return _rounded(Evaluator(document, at, numbers).value(term))


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_rounded(member) for member in value)
    floats = [float(fields.ball(x).mid()) for x in entries(value)]
    return np.array(floats).reshape(value.shape) if isinstance(value, np.ndarray) else floats[0]


def _ragged_in(document: Document, name: str) -> Recurrence | None:
    return next((r for r in document.recurrences.values() if name in ragged(r, document)), None)


def _type(document: Document, name: str) -> Type:
    """The type of a symbol, or of a formal of a definition."""
    info = document.symbols.get(name)
    if info is None or not isinstance(info.type, Type):
        raise BadInput(f"{name} is no symbol of {document.source.path}")
    return info.type


def _measure(type_: Type, shape: tuple[int, ...], sizes: dict[str, int], what: str) -> None:
    if len(shape) != type_.rank:
        raise BadInput(f"{what} is a {type_}; this has the shape {shape}")
    for dimension, size in zip(type_.shape, shape, strict=True):
        if dimension.constant is None and len(dimension.names) == 1 and dimension.terms[0][1] == 1:
            _agree(str(dimension), sizes.setdefault(str(dimension), size), size, what)


def _agree(name: str, known: int, size: int, what: str) -> None:
    if known != size:
        raise BadInput(f"{name} is {known}; {what} has {size}")
