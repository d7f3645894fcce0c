r"""Functions of numbers at every entry of a tensor, and their derivatives: \tanh(z), \sigma(z), f'(z) for a vector z.

Takes: an argument of any shape and what the function gives for a number. Gives: a tensor of that shape.
Guarantees: the names of the indices are fresh; what acts on entries is said in the notes.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import Span
from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Component, Comprehension, Index, Size, Term
from eqcompiler.reading import shapes
from eqcompiler.reading.formal_arguments import nameless_arguments, slope
from eqcompiler.reading.scope import Reader

OfNumber = Callable[[Term], Term]


def by_entries(reader: Reader, name: str, argument: Term, rule: OfNumber, span: Span) -> Term:
    """A function of numbers; of a tensor: the tensor of its values."""
    if not argument.type.rank:
        return rule(argument)
    binders, indices = [], []
    for position, size in enumerate(argument.type.shape):
        index = fresh_index(reader, position)
        binders.append(Binder(index, shapes.number(1), Size(INTEGER, size)))
        indices.append(Index(INTEGER, index))
    body = rule(Component(SCALAR, argument, tuple(indices), span=argument.span))
    reader.scope.notes.append(f"{name} acts on every entry of '{argument.span.text if argument.span else ''}'")
    return Comprehension(argument.type, tuple(binders), body, span=span)


def derived_by_entries(reader: Reader, key: str, latex: str, argument: Term, rule: OfNumber, primes: int, span: Span) -> Term:
    """The derivative of that order of a function of numbers; of a tensor: the tensor of its values."""
    (formal,) = nameless_arguments(reader.scope, key, latex, (SCALAR,), span)
    value = rule(formal)
    return by_entries(reader, key + "'" * primes, argument, lambda entry: slope(value, formal, primes, entry), span)


def fresh_index(reader: Reader, position: int) -> str:
    """An index name that no author can have written."""
    reader.scope.sizes.fresh += 1
    return f"{shapes.ENTRY}{position}_{reader.scope.sizes.fresh}"
