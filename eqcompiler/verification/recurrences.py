r"""Recurrences in the oracle: step after step, and families whose members have sizes of their own, W^{(l)} with n_l by n_{l-1}.

Takes: an evaluator and a last state; the recurrences of a document. Gives: its value; the key and the type of every member.
Guarantees: in a sample each member of a ragged family is an array of its own under its key, `W^(2)`, which no symbol can have;
the sizes of step l are n_{l-1} and n_l, called n_0, n_1, ... there, and n_L is the last of them. What is known in a step alone
hides everything of its name around the term.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from eqcompiler.errors import BadInput, CompilerFault, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document, Recurrence
from eqcompiler.languages.terms import Condition, Iterated, Term, Type
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.jets import base, tensor

Environment = Mapping[str, Any]
Value = Any

_MEMBER = re.compile(r"(\w+)\^\((\d+)\)")


class Evaluator(Protocol):
    """What is used of the evaluator."""

    document: Document
    names: FreeNames
    sizes: Mapping[str, int]
    step: tuple[int, ...]

    def value(self, term: Term, env: Environment | None = None) -> Value: ...
    def holds(self, condition: Condition, env: Environment | None = None) -> bool: ...
    def size(self, dimension: Dimension, span: Span | None) -> int: ...
    def lookup(self, name: str, env: Environment, span: Span | None) -> Value: ...
    def kept(self, term: Term, env: Environment, compute: Callable[[], Value]) -> Value: ...


def iterated(self: Evaluator, term: Iterated, env: Environment) -> Value:
    return self.kept(term, env, lambda: _steps(self, term, env))


def _steps(self: Evaluator, term: Iterated, env: Environment) -> Value:
    recurrence = self.document.recurrences[term.recurrence]
    if recurrence.count is None:
        raise CompilerFault(f"{term.recurrence} has no number of steps", term.span)
    states = [self.value(start, env) for start in term.start]
    inside = self.names.inside(recurrence)
    around = {name: value for name, value in env.items() if name not in inside}
    assumed = [c for c in self.document.assumptions if self.names.of_condition(c) & inside]
    whole, outer = self.sizes, self.step
    try:
        for step in range(1, self.size(recurrence.count, term.span) + 1):
            names = step_sizes(recurrence, step)
            self.sizes = {**whole, **{name: whole[size] for name, size in names.items()}}
            self.step = (*outer, *(whole[size] for size in names.values()))
            inner = dict(around)
            inner |= zip(recurrence.before or recurrence.states, states, strict=True)
            inner |= {symbol: _member(self, family, step, env, term.span) for symbol, family in recurrence.members}
            inner["#" + recurrence.index] = step
            _require(self, assumed, inner, f"step {step} of {recurrence.state}")
            states = [self.value(update, inner) for update in recurrence.updates]
    finally:
        self.sizes, self.step = whole, outer
    return states[term.state]


def _require(self: Evaluator, assumed: list[Condition], env: Environment, where: str) -> None:
    """What is assumed of one step has to hold in every step: elsewhere there is no value to speak of."""
    if assumed:
        plain = {name: value if name.startswith("#") else _plain(value) for name, value in env.items()}
        if not all(self.holds(condition, plain) for condition in assumed):
            raise Undefined(f"an assumption about one step does not hold in {where}")


def _plain(value: Value) -> Value:
    """The value without its derivatives."""
    if isinstance(value, tuple):
        return tuple(_plain(member) for member in value)
    return tensor([base(x) for x in value.flat], value.shape) if isinstance(value, np.ndarray) else base(value)


def _member(self: Evaluator, family: str, step: int, env: Environment, span: Span | None) -> Value:
    values = self.lookup(family, env, span)
    if not 1 <= step <= len(values):
        raise BadInput(f"{family} has {len(values)} members, step {step} needs one more", span)
    return values[step - 1]


# --- sizes and members of a sample -------------------------------------------------------------------------------------


def member_key(family: str, step: int) -> str:
    return f"{family}^({step})"


def width(family: str, step: int) -> str:
    return f"{family}_{step}"


def step_sizes(recurrence: Recurrence, step: int) -> dict[str, str]:
    """The name of a size inside of a step -> its name in the whole: n_l -> n_2, n_before_l -> n_1."""
    found = {}
    for family, at, before in recurrence.sizes:
        found[at], found[before] = width(family, step), width(family, step - 1)
    return found


def sizes_at(document: Document, sizes: Mapping[str, int], indices: Mapping[str, int]) -> Mapping[str, int]:
    """The sizes with those of the step that a free index names: n_l of dJ/dW^{(l)}."""
    found = dict(sizes)
    for recurrence in document.recurrences.values():
        if recurrence.index in indices:
            at_step = step_sizes(recurrence, indices[recurrence.index])
            found |= {name: sizes[whole] for name, whole in at_step.items() if whole in sizes}
    return found


def ragged(recurrence: Recurrence, document: Document) -> tuple[str, ...]:
    """The families whose members differ in size."""
    own = {name for _, *names in recurrence.sizes for name in names}
    return tuple(family for _, family in recurrence.members if any(d.names & own for d in _type(document, family).shape))


def _type(document: Document, family: str) -> Type:
    found = document.symbols[family].type
    return found if isinstance(found, Type) else Type()


def member_type(document: Document, recurrence: Recurrence, family: str, step: int) -> Type:
    names = {name: Dimension.of(whole) for name, whole in step_sizes(recurrence, step).items()}
    return Type(tuple(size.substitute(names) for size in _type(document, family).shape))


def with_last_sizes(recurrence: Recurrence, sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes with n_L beside n_2 where L is 2, and without those of steps that do not exist."""
    if recurrence.count is None:
        return dict(sizes)
    count, found = recurrence.count.value(sizes), dict(sizes)
    for family, _, _ in recurrence.sizes:
        for name in sizes:
            number = name.removeprefix(f"{family}_")
            if number.isdigit() and int(number) > count:
                del found[name]
        found[f"{family}_{recurrence.count}"] = sizes[width(family, count)]
    return found


def gathered(values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each family with its members in order, from the arrays of a sample."""
    members: dict[str, dict[int, Any]] = {}
    for key, value in values.items():
        found = _MEMBER.fullmatch(key)
        if found:
            members.setdefault(found[1], {})[int(found[2])] = value
    for family, by_step in members.items():
        yield family, tuple(by_step[step] for step in sorted(by_step))
