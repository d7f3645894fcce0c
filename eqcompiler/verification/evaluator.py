"""The evaluator: one rule per node of the typed terms, over any number system of the oracle.

Takes: a document, a sample and a number system. Gives: values of terms, and whether conditions hold.
Guarantees: the environment is dynamic, as languages.terms says: a definition's body is evaluated where it is used, after
binding its formals, and a bound name hides the definition of that name. Values are kept per definition and per values that
it reads, so that shared definitions cost once. At the current precision only; oracle.evaluate raises it until all is decided.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from flint import fmpq

from eqcompiler.errors import BadInput, CompilerFault, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import (
    ELEMENTWISE,
    Binder,
    Block,
    Call,
    Cases,
    Component,
    Comprehension,
    Condition,
    Constant,
    Derivative,
    Expectation,
    Extremum,
    Index,
    Integral,
    Iterated,
    Limit,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    UnknownCall,
)
from eqcompiler.verification import bound_variables, fields, linear_algebra, operations, recurrences
from eqcompiler.verification.fields import EXACT, ONE, ZERO, Field, Undefined, exact
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.jets import (
    apply,
    base,
    compare,
    larger,
    member_tangents,
    seed,
    seed_members,
    shortened,
    smaller,
    tangents,
    tensor,
)
from eqcompiler.verification.magnitudes import SEEN
from eqcompiler.verification.operations import OPERATION_RULES, entrywise, shape_of, total
from eqcompiler.verification.relations import PROPERTIES, SIGNS
from eqcompiler.verification.samples import Sample, Value, as_value

Environment = Mapping[str, Any]  # symbol -> value; "#i" -> int
LONGEST_RANGE = 100_000
_EXPENSIVE = frozenset(("inverse", "pseudoinverse", "matpow", "matsqrt", "matexp", "det", "rank", "matmul", "kron"))


class Evaluator:
    """Evaluates terms of one document at one sample in one number system, at the current precision."""

    def __init__(
        self, document: Document, sample: Sample, number_system: Field = EXACT, names: FreeNames | None = None
    ) -> None:
        self.document = document
        self.sample = sample
        self.field = number_system
        self.names = names or FreeNames(document)
        values = sample.values
        if not sample.normal or number_system is not EXACT:
            values = {name: as_value(value, number_system.value) for name, value in values.items()}
        indices = {"#" + name: value for name, value in sample.indices.items()}
        self.root: Environment = {**values, **dict(recurrences.gathered(values)), **indices}
        self.sizes: Mapping[str, int] = recurrences.sizes_at(document, sample.sizes, sample.indices)
        self.step: tuple[int, ...] = ()  # the widths of the step of a recurrence that is evaluated, as a part of keys
        self.levels = itertools.count(1)
        self._known: dict[tuple[object, ...], Value] = {}
        self._alive: list[object] = []  # what the keys above name by id
        self._entered: list[str] = []

    def value(self, term: Term, env: Environment | None = None) -> Value:
        rule = _RULES.get(type(term))
        if rule is None:
            raise NotSupportedYet(f"{type(term).__name__.lower()}s are not evaluated yet", term.span)
        try:
            return rule(self, term, self.root if env is None else env)
        except (Undefined, NotSupportedYet) as reason:
            if reason.span is None:
                reason.span = term.span
            raise

    def holds(self, condition: Condition, env: Environment | None = None) -> bool:
        """Whether a condition is true here. Raises Imprecise when balls cannot tell."""
        env = self.root if env is None else env
        left = self.value(condition.left, env)
        if condition.right is None:
            return PROPERTIES[condition.relation](left)
        allowed = SIGNS[condition.relation]
        signs = entrywise(compare, left, self.value(condition.right, env))
        found = list(signs.flat) if isinstance(signs, np.ndarray) else [signs]
        if condition.relation == "!=":
            return any(s in allowed for s in found)
        return all(s in allowed for s in found)

    def size(self, dimension: Dimension, span: Span | None) -> int:
        try:
            return dimension.value(self.sizes)
        except KeyError as missing:
            raise BadInput(f"the sample gives no size for {missing.args[0]}", span) from None

    def shape(self, term: Term) -> tuple[int, ...]:
        if not term.type.shape:
            return ()
        return tuple(self.size(d, term.span) for d in term.type.shape)

    def lookup(self, name: str, env: Environment, span: Span | None) -> Value:
        """A bound value first, then the definition of that name."""
        if name in env:
            return env[name]
        if name in self.document.definitions:
            return self.enter(name, env, span)
        raise BadInput(f"the sample gives no value for {name}", span)

    def enter(self, name: str, env: Environment, span: Span | None) -> Value:
        """The body of a definition in this environment."""
        if name in self._entered:
            raise NotSupportedYet(f"{name} is defined by itself", span, fix="write it without recursion")
        key = (name, self.step, *self.state(self.names.of_name(name), env))
        if key not in self._known:
            self._entered.append(name)
            try:
                self._known[key] = shortened(self.value(self.document.definitions[name].body, env))
            finally:
                self._entered.pop()
        return self._known[key]

    def kept(self, term: Term, env: Environment, compute: Callable[[], Value]) -> Value:
        key = (id(term), self.step, *self.state(self.names.of(term), env))
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    def state(self, names: frozenset[str], env: Environment) -> tuple[object, ...]:
        """What identifies the values of these names: numbers by value, everything else by identity."""
        parts: list[object] = []
        for name in self.names.in_order(names):
            value = env.get(name)
            if isinstance(value, int | fmpq | complex):
                parts.append(value)
            else:
                self._alive.append(value)
                parts.append(id(value))
        return tuple(parts)

    def positions(self, binder: Binder, env: Environment) -> range:
        lower, upper = self.whole(binder.lower, env), self.whole(binder.upper, env)
        if upper - lower >= LONGEST_RANGE:
            raise NotSupportedYet(f"{binder.name} runs over {upper - lower + 1} values", binder.lower.span)
        return range(lower, upper + 1)

    def whole(self, term: Term, env: Environment) -> int:
        if type(term) is Index:
            known = env.get("#" + term.name)
            if type(known) is int:
                return known
        if bound_variables.infinite(term):
            raise NotSupportedYet("an infinite product or family is not evaluated yet", term.span)
        value = base(self.value(term, env))
        whole = fields.whole_number(value)
        if whole is None:
            shown = f", not {value}" if isinstance(value, int | fmpq) else ""
            raise Undefined(f"an index, or the end of a range, needs a whole number{shown}", term.span)
        return whole


def _number(self: Evaluator, term: Number, env: Environment) -> Value:
    value = self.field.number(exact(term.value))
    SEEN.digits(value)
    return _filled(value, self.shape(term)) if term.type.shape else value


def _filled(value: fields.Number, shape: tuple[int, ...]) -> Value:
    return tensor([value] * math.prod(shape), shape)


def _constant(self: Evaluator, term: Constant, env: Environment) -> Value:
    if term.name == "infinity":
        raise NotSupportedYet("infinity has no value of its own", term.span)
    return self.field.pi() if term.name == "pi" else self.field.e()


def _symbol(self: Evaluator, term: Symbol, env: Environment) -> Value:
    value = self.lookup(term.name, env, term.span)
    if not term.type.shape and type(value) is not np.ndarray:
        return value
    shape = self.shape(term)
    if shape_of(value) != shape:
        raise BadInput(f"{term.name} has the shape {shape}, its value has {shape_of(value)}", term.span)
    return value


def _index(self: Evaluator, term: Index, env: Environment) -> Value:
    key = "#" + term.name
    if key not in env:
        raise BadInput(f"the sample gives no value for the index {term.name}", term.span)
    return self.field.number(fmpq(env[key])) if isinstance(env[key], int) else env[key]


def _size(self: Evaluator, term: Size, env: Environment) -> Value:
    return self.field.number(fmpq(self.size(term.dimension, term.span)))


def _reference(self: Evaluator, term: Reference, env: Environment) -> Value:
    if term.name in env:
        return env[term.name]
    definition = self.document.definitions.get(term.name)
    if definition is None:
        raise BadInput(f"{term.name} has no definition", term.span)
    if term.arguments:
        if len(term.arguments) != len(definition.formals):
            raise CompilerFault(
                f"{term.name} takes {len(definition.formals)} arguments and was given {len(term.arguments)}", term.span
            )
        given = [self.value(argument, env) for argument in term.arguments]
        env = {**env, **dict(zip(definition.formals, given, strict=True))}
    return self.enter(term.name, env, term.span)


def _unknown_call(self: Evaluator, term: UnknownCall, env: Environment) -> Value:
    function = self.sample.functions.get(term.name)
    if function is None:
        raise BadInput(f"the sample gives no function for {term.name}", term.span)
    given = [self.value(argument, env) for argument in term.arguments]
    flat = [x for value in given for x in (value.flat if isinstance(value, np.ndarray) else [value])]
    entries = []
    for terms in function.outputs:
        parts = [ZERO]
        for coefficient, keys in terms:
            part = coefficient
            for key in keys:
                part = part * flat[key]
            parts.append(part)
        entries.append(total(parts))
    return tensor(entries, function.shape)


def _call(self: Evaluator, term: Call, env: Environment) -> Value:
    if term.operation in _EXPENSIVE:
        return self.kept(term, env, lambda: _apply_call(self, term, env))
    return _apply_call(self, term, env)


def _apply_call(self: Evaluator, term: Call, env: Environment) -> Value:
    operation = term.operation
    if operation in _FILLED:
        return _FILLED[operation](self.shape(term))
    if operation == "pow":
        special = _special_power(self, term, env)
        if special is not None:
            return special
    given = [self.value(argument, env) for argument in term.arguments]
    if tuple in map(type, given):
        raise NotSupportedYet("members of different sizes are not evaluated as one tensor", term.span)
    if operation in ELEMENTWISE:
        return entrywise(partial(apply, operation), *given)
    rule = OPERATION_RULES.get(operation)
    if rule is None:
        raise NotSupportedYet(f"the operation {operation} is not evaluated yet", term.span)
    try:
        return rule(*given)
    except CompilerFault as fault:
        if fault.span is None:
            fault.span = term.span
        raise


def _special_power(self: Evaluator, term: Call, env: Environment) -> Value | None:
    """e to a power is exp; an even power of a norm needs no root. None: an ordinary power."""
    below, exponent = term.arguments
    if isinstance(below, Constant) and below.name == "e":
        return entrywise(lambda x: apply("exp", x), self.value(exponent, env))
    if (
        isinstance(below, Call)
        and below.operation in ("norm2", "normF", "abs")
        and isinstance(exponent, Number)
        and exponent.value > 0
        and exponent.value % 2 == 0
        and len(below.arguments[0].type.shape) == (0 if below.operation == "abs" else 2 if below.operation == "normF" else 1)
    ):
        inside = self.value(below.arguments[0], env)
        return operations.even_power_of_norm(below.operation, inside, int(exponent.value) // 2)
    return None


_FILLED: dict[str, Callable[[tuple[int, ...]], Value]] = {
    "identity": lambda shape: linear_algebra.identity(shape[0]) if shape else ONE,
    "zeros": linear_algebra.zeros,
    "ones": lambda shape: _filled(ONE, shape),
}


def _component(self: Evaluator, term: Component, env: Environment) -> Value:
    value = self.value(term.base, env)
    for axis, index in enumerate(term.indices):
        position = self.whole(index, env)
        count = len(value) if isinstance(value, np.ndarray | tuple) else 0
        if not 1 <= position <= count:
            raise Undefined(f"index {axis + 1} is {position}, outside 1 to {count}", index.span or term.span)
        value = value[position - 1]
    return value


def _reduction(self: Evaluator, term: Reduction, env: Environment) -> Value:
    if bound_variables.infinite(term.binder.upper):
        return self.kept(term, env, lambda: bound_variables.infinite_sum(self, term, env))
    parts = []
    for position in self.positions(term.binder, env):
        inner = {**env, "#" + term.binder.name: position}
        if all(self.holds(condition, inner) for condition in term.where):
            parts.append(self.value(term.body, inner))
    if not parts and term.operation == "sum":
        return linear_algebra.zeros(self.shape(term))
    if not parts and term.operation == "product":
        return _FILLED["ones"](self.shape(term))
    return _REDUCTIONS[term.operation](parts)


_REDUCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "sum": total,
    "product": operations.product,
    "max": lambda parts: operations.extreme(larger, parts),
    "min": lambda parts: operations.extreme(smaller, parts),
}


def _comprehension(self: Evaluator, term: Comprehension, env: Environment) -> Value:
    return self.kept(term, env, lambda: _stack(self, term.binders, term.body, env))


def _stack(self: Evaluator, binders: tuple[Binder, ...], body: Term, env: Environment) -> Value:
    if not binders:
        return self.value(body, env)
    positions = self.positions(binders[0], env)
    if positions.start != 1:
        raise NotSupportedYet(f"{binders[0].name} starts at {positions.start}", body.span, allowed="families that start at 1")
    if not positions:
        raise Undefined(f"the range of {binders[0].name} is empty", body.span)
    parts = [_stack(self, binders[1:], body, {**env, "#" + binders[0].name: k}) for k in positions]
    entries = [x for part in parts for x in (part.flat if isinstance(part, np.ndarray) else [part])]
    return tensor(entries, (len(parts), *shape_of(parts[0])))


def _derivative(self: Evaluator, term: Derivative, env: Environment) -> Value:
    return self.kept(term, env, lambda: _differentiate(self, term, env))


def _differentiate(self: Evaluator, term: Derivative, env: Environment) -> Value:
    if term.point is not None:
        at = self.value(term.point, env)
    else:
        at = self.lookup(term.variable, env, term.span)
    level = next(self.levels)
    if isinstance(at, tuple):
        result = self.value(term.body, {**env, term.variable: seed_members(at, level)})
        return member_tangents(result, level, [member.shape for member in at])
    result = self.value(term.body, {**env, term.variable: seed(at, level)})
    return tangents(result, level, shape_of(at))


def _cases(self: Evaluator, term: Cases, env: Environment) -> Value:
    for conditions, value in term.branches:
        if all(self.holds(condition, env) for condition in conditions):
            return self.value(value, env)
    raise Undefined("no case applies here", term.span)


def _block(self: Evaluator, term: Block, env: Environment) -> Value:
    rows = [[_as_matrix(self.value(cell, env), cell) for cell in row] for row in term.rows]
    try:
        whole = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    except ValueError:
        shapes = "; ".join(", ".join(str(cell.shape) for cell in row) for row in rows)
        raise CompilerFault(f"blocks of the shapes {shapes} do not fit", term.span) from None
    return whole.reshape(-1) if len(term.type.shape) == 1 else whole


def _as_matrix(value: Value, cell: Term) -> Value:
    if not isinstance(value, np.ndarray):
        return tensor([value], (1, 1))
    if value.ndim == 1:
        return value.reshape(1, -1) if cell.type.row else value.reshape(-1, 1)
    return value


_RULES: dict[type[Term], Callable[[Evaluator, Any, Environment], Value]] = {
    Number: _number,
    Constant: _constant,
    Symbol: _symbol,
    Index: _index,
    Size: _size,
    Reference: _reference,
    UnknownCall: _unknown_call,
    Call: _call,
    Component: _component,
    Reduction: _reduction,
    Comprehension: _comprehension,
    Derivative: _derivative,
    Extremum: bound_variables.extremum,
    Cases: _cases,
    Block: _block,
    Integral: bound_variables.integral,
    Limit: bound_variables.limit,
    Iterated: recurrences.iterated,
    Expectation: bound_variables.expectation,
}
