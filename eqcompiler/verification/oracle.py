"""The oracle: what a typed term is worth at a point, computed slowly and obviously, independent of everything symbolic.

Takes: a document, a term and a sample (sizes, values, indices, unknown functions). Gives: the term's value there.
Guarantees: rationals stay exact; an irrational result is a ball that contains the true value (200 bits, more until every
decision is certain); derivatives come from jets; nothing is simplified, guessed or skipped: a construct outside raises
NotSupportedYet with its place, a point without a value raises Undefined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flint import arb, ctx

from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Term
from eqcompiler.verification import fields
from eqcompiler.verification.evaluator import Environment, Evaluator
from eqcompiler.verification.fields import BALLS, COMPLEX, EXACT, Imprecise
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.relations import entries
from eqcompiler.verification.samples import Polynomial, Sample, Value, as_value

__all__ = ["Evaluator", "Place", "Polynomial", "Sample", "as_value", "complex_step", "evaluate", "evaluate_float"]


def evaluate(document: Document, term: Term, sample: Sample) -> Value:
    """The term's value: rationals where they are exact, balls where they are not; arrays hold them in C order.

    Raises Undefined where there is no value, NotSupportedYet (with its place) for what is outside.
    """
    return Place(document, sample).value(term)


class Place:
    """Many terms at one sample: the definitions and expensive parts that they share are evaluated once."""

    def __init__(self, document: Document, sample: Sample, names: FreeNames | None = None) -> None:
        self._document, self._sample, self._names = document, sample, names or FreeNames(document)
        self._evaluators: dict[int, Evaluator] = {}  # by precision: what one has kept is good for no other

    def value(self, term: Term) -> Value:
        """As `evaluate`."""
        return fields.with_enough_bits(lambda: _settled(self._evaluator().value(term)))

    def _evaluator(self) -> Evaluator:
        if ctx.prec not in self._evaluators:
            self._evaluators[ctx.prec] = _Remembering(self._document, self._sample, names=self._names)
        return self._evaluators[ctx.prec]


class _Remembering(Evaluator):
    """Keeps the value of each term at the sample itself: the terms of one place differ in a few nodes."""

    def __init__(self, document: Document, sample: Sample, names: FreeNames) -> None:
        super().__init__(document, sample, names=names)
        self._at_sample: dict[int, tuple[Term, Value]] = {}  # by id; the term is kept alive

    def value(self, term: Term, env: Environment | None = None) -> Value:
        if env is not None and env is not self.root:
            return super().value(term, env)
        known = self._at_sample.get(id(term))
        if known is None:
            known = self._at_sample[id(term)] = (term, super().value(term, env))
        return known[1]


def _settled(value: Value) -> Value:
    """The value, unless its balls are too wide to mean anything (they lost half of the bits)."""
    if any(isinstance(x, arb) and x.rel_one_accuracy_bits() < fields.FIRST_PRECISION // 2 for x in entries(value)):
        raise Imprecise
    return value


def _roundable(value: Value) -> Value:
    """The value, unless rounding its balls to float64 could go wrong; a ball of radius 2^-300 around zero is zero."""
    if any(
        isinstance(x, arb) and x.rel_accuracy_bits() < 64 and not (x.contains(0) and x.abs_upper() < arb(2) ** -300)
        for x in entries(value)
    ):
        raise Imprecise
    return value


def evaluate_float(document: Document, term: Term, sample: Sample) -> Any:
    """The value as float64, rounded once from balls: what a perfect kernel would return. Values may be float64 arrays.

    Where balls cannot decide (the rank of a singular matrix), the floats are taken as the exact rationals that they are.
    """
    try:
        value = fields.with_enough_bits(lambda: _roundable(Evaluator(document, sample, BALLS).value(term)))
    except fields.Undecided:
        value = fields.with_enough_bits(lambda: _roundable(Evaluator(document, sample, EXACT).value(term)))
    floats = [float(ball.mid()) for ball in map(fields.ball, entries(value))]
    return np.array(floats).reshape(value.shape) if isinstance(value, np.ndarray) else floats[0]


STEP = 1e-100


def complex_step(document: Document, term: Term, sample: Sample, direction: Mapping[str, Any]) -> Any:
    """The derivative of the term's value along `direction` (symbol -> array of its shape), in complex floats.

    The imaginary part of f(x + i h d) over h, without cancellation (Squire and Trapp 1998).
    """
    moved = dict(sample.values)
    for name, step in direction.items():
        at = np.asarray(sample.values[name], dtype=float) + 1j * STEP * np.asarray(step, dtype=float)
        moved[name] = as_value(at.astype(object) if at.shape else complex(at))
    shifted = Sample(sample.sizes, moved, sample.indices, sample.functions)
    value = Evaluator(document, shifted, COMPLEX).value(term)
    slopes = [complex(x).imag / STEP if isinstance(x, complex) else 0.0 for x in entries(value)]
    return np.array(slopes).reshape(value.shape) if isinstance(value, np.ndarray) else slopes[0]
