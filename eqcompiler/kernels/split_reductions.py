"""Every nested sum or product becomes a definition of its own, at the level of the indices that it depends on.

Takes: a Program. Gives: an equal Program whose bodies are free of reductions, or are exactly one reduction over a body that is.
Guarantees: equal reductions are computed once; factors that do not depend on a bound index have left its sum; sums over
several indices are nested where that lowers the work; every binder has its own index symbol.

    grad[k] = Sum(X[i, k]*(Sum(X[i, j]*theta[j], (j, 1, n)) - y[i]), (i, 1, m))*2/m      becomes
    X_theta[i] = Sum(X[i, j]*theta[j], (j, 1, n))
    grad_sum[k] = Sum(X[i, k]*(X_theta[i] - y[i]), (i, 1, m))
    grad[k] = 2*grad_sum[k]/m
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from eqcompiler.errors import NotSupportedYet
from eqcompiler.kernels.bounds import always_runs, definition_shape, input_shapes, may_leave
from eqcompiler.kernels.stable_functions import LOWEST, Largest
from eqcompiler.kernels.temporary_names import Names, plain
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, index, scalar, tensor

Scope = tuple[Axis, ...]
REDUCTIONS = (sympy.Sum, sympy.Product, Largest)
# what a reduction over nothing gives
NEUTRAL = {sympy.Sum: sympy.Integer(0), sympy.Product: sympy.Integer(1), Largest: LOWEST}


def split_reductions(program: Program) -> Program:
    splitter = _Splitter(program)
    for definition in program.plain("loop plan"):
        splitter.add(definition)
    return Program(program.inputs, tuple(splitter.definitions), program.outputs)


def reference(name: str, axes: Sequence[Axis]) -> sympy.Expr:
    """The definition `name` at its own indices."""
    return tensor(name)[tuple(axis.index for axis in axes)] if axes else scalar(name)


def depends(value: sympy.Basic, indices: Iterable[sympy.Symbol]) -> bool:
    return not value.atoms(sympy.Symbol).isdisjoint(indices)


class FreshIndices:
    """Index symbols that occur once in a program: i#1, i#2. The mark cannot occur in a name that was read."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, like: sympy.Symbol) -> sympy.Symbol:
        self.count += 1
        return index(f"{plain(like.name)}#{self.count}")


def fresh_axes(axes: Iterable[Axis], fresh: FreshIndices) -> tuple[Scope, dict[sympy.Symbol, sympy.Symbol]]:
    """Axes, outermost first, with new index symbols, and the renaming."""
    renaming: dict[sympy.Symbol, sympy.Symbol] = {}
    renamed = []
    for axis in axes:
        lower, upper = axis.lower.xreplace(renaming), axis.upper.xreplace(renaming)
        renaming[axis.index] = fresh.new(axis.index)
        renamed.append(Axis(renaming[axis.index], lower, upper))
    return tuple(renamed), renaming


def needed(scope: Scope, values: Iterable[sympy.Basic]) -> Scope:
    """The axes of a scope that the values depend on, directly or through the ranges of such axes; in the scope's order."""
    wanted = set().union(*(value.atoms(sympy.Symbol) for value in values))
    kept = []
    for axis in reversed(scope):
        if axis.index in wanted:
            kept.append(axis)
            wanted |= axis.lower.atoms(sympy.Symbol) | axis.upper.atoms(sympy.Symbol)
    return tuple(reversed(kept))


def canonical(body: sympy.Basic, axes: Sequence[Axis]) -> tuple[object, ...]:
    """Equal for values that differ only in the names of their indices."""
    places = {axis.index: index(f"#{position}") for position, axis in enumerate(axes)}
    ranges = tuple((axis.lower.xreplace(places), axis.upper.xreplace(places)) for axis in axes)
    return (ranges, body.xreplace(places))


class _Splitter:
    def __init__(self, program: Program) -> None:
        self.inputs = program.inputs
        self.definitions: list[Indexed | Intrinsic] = []
        self.names = Names({i.name for i in program.inputs} | {d.name for d in program.plain("loop plan")})
        self.fresh = FreshIndices()
        self.known: dict[tuple[object, ...], tuple[str, Scope]] = {}

    def add(self, definition: Indexed | Intrinsic) -> None:
        axes, renaming = fresh_axes(definition.axes, self.fresh)
        if isinstance(definition, Intrinsic):
            self.definitions.append(
                Intrinsic(definition.name, axes, definition.operation, definition.operands, definition.latex)
            )
            return
        body = self.flat(definition.body.xreplace(renaming), axes, sympy.true, definition.name)
        self.definitions.append(Indexed(definition.name, axes, body, definition.latex))

    def flat(self, value: sympy.Basic, scope: Scope, guard: sympy.Basic, owner: str) -> sympy.Basic:
        """The value with each reduction replaced by a reference. `guard`: under which condition it is evaluated."""
        if not value.has(*REDUCTIONS):
            return value
        if isinstance(value, REDUCTIONS):
            return self.reduction(value, scope, guard, owner)
        if isinstance(value, sympy.Piecewise):
            return self.cases(value, scope, guard, owner)
        return value.func(*(self.flat(part, scope, guard, owner) for part in value.args))

    def cases(self, value: sympy.Piecewise, scope: Scope, guard: sympy.Basic, owner: str) -> sympy.Expr:
        """Sums in a branch run only where the branch is taken: elsewhere they could read outside of a tensor."""
        branches, before = [], guard
        for branch in value.args:
            condition = self.flat(branch.cond, scope, before, owner)
            branches.append((self.flat(branch.expr, scope, sympy.And(before, condition), owner), condition))
            before = sympy.And(before, sympy.Not(condition))
        return sympy.Piecewise(*branches, evaluate=False)

    def reduction(self, value: sympy.Expr, scope: Scope, guard: sympy.Basic, owner: str) -> sympy.Expr:
        written = tuple(Axis(*limit) for limit in reversed(value.limits))
        axes, renaming = fresh_axes(written, self.fresh)
        for axis in axes:
            if not (axis.lower.is_finite is not False and axis.upper.is_finite is not False):
                raise NotSupportedYet(f"{owner} holds a sum over infinitely many terms, which has no kernel")
        body = self.flat(value.function.xreplace(renaming), scope + axes, guard, owner)
        if guard is not sympy.true:
            body = sympy.Piecewise((body, guard), (NEUTRAL[type(value)], sympy.true))
        if not isinstance(value, sympy.Sum):
            return self.define(body, axes, scope, owner, type(value))
        return self.sum(body, axes, scope, owner)

    def sum(self, body: sympy.Expr, axes: Scope, scope: Scope, owner: str) -> sympy.Expr:
        body, axes, scope = self.contract_deltas(body, axes, scope)
        bound = [axis.index for axis in axes]
        shapes, factors = self.shapes(), sympy.Mul.make_args(body)
        outside = [f for f in factors if f != 1 and not depends(f, bound) and may_leave(f, axes, scope, shapes)]
        inside = [f for f in factors if f not in outside]
        if outside:
            return sympy.Mul(*outside) * self.sum(sympy.Mul(*inside), axes, scope, owner)
        if not axes:
            return body
        inner = _best_inner(inside, axes)
        if inner is not None:
            group = [f for f in inside if depends(f, [inner.index])]
            rest = [f for f in inside if not depends(f, [inner.index])]
            outer = tuple(axis for axis in axes if axis != inner)
            nested = self.sum(sympy.Mul(*group), (inner,), scope + outer, owner)
            return self.sum(sympy.Mul(nested, *rest), outer, scope, owner)
        if body == 1 and len(axes) == 1 and axes[0].lower == 1 and axes[0].upper.is_positive:
            return axes[0].upper
        return self.define(body, axes, scope, owner, sympy.Sum)

    def contract_deltas(self, body: sympy.Expr, axes: Scope, scope: Scope) -> tuple[sympy.Expr, Scope, Scope]:
        """Sum(delta(i, j)*f(j), (j, 1, n)) is f(i) when i runs over 1..n too."""
        for factor in sympy.Mul.make_args(body):
            if not isinstance(factor, sympy.KroneckerDelta):
                continue
            for axis in axes:
                other = [a for a in (*scope, *axes) if a != axis and a.index in factor.args]
                same = [a for a in other if (a.lower, a.upper) == (axis.lower, axis.upper)]
                if axis.index in factor.args and same:
                    rest = sympy.Mul(*(f for f in sympy.Mul.make_args(body) if f != factor))
                    left = tuple(a for a in axes if a != axis)
                    return self.contract_deltas(rest.xreplace({axis.index: same[0].index}), left, scope)
        return body, axes, scope

    def shapes(self) -> dict[str, tuple[sympy.Expr, ...]]:
        return input_shapes(self.inputs) | {d.name: definition_shape(d) for d in self.definitions}

    def define(self, body: sympy.Expr, axes: Scope, scope: Scope, owner: str, kind: type) -> sympy.Expr:
        free = needed(scope, [body, *(edge for axis in axes for edge in (axis.lower, axis.upper))])
        left = [axis for axis in scope if axis not in free]
        if not may_leave(body, left, (*scope, *axes), self.shapes()):
            free = scope  # computed where it was written, and nowhere else
        key = (kind.__name__, len(free), *canonical(body, (*free, *axes)))
        if key not in self.known:
            name = self.names.largest(body, owner) if kind is Largest else self.names.product(body, owner)
            own, renaming = fresh_axes((*free, *axes), self.fresh)
            limits = [(a.index, a.lower, a.upper) for a in reversed(own[len(free) :])]
            self.definitions.append(Indexed(name, own[: len(free)], kind(body.xreplace(renaming), *limits)))
            self.known[key] = (name, own)
        return reference(self.known[key][0], free)


def _best_inner(factors: list[sympy.Expr], axes: Scope) -> Axis | None:
    """The index to sum first: its factors form the smallest tensor, and other factors stay outside. None: one nest is best."""
    if len(axes) < 2 or not all(always_runs(axis) for axis in axes):
        return None
    choices = []
    for position, axis in enumerate(reversed(axes)):
        group = [f for f in factors if depends(f, [axis.index])]
        if len(group) == len(factors) or any(depends(edge, [axis.index]) for a in axes for edge in (a.lower, a.upper)):
            continue
        names = set().union(*(f.atoms(sympy.Symbol) for f in (*group, axis.lower, axis.upper)))
        rank = sum(1 for symbol in names if "#" in symbol.name) - 1
        entries = set().union(*(f.atoms(sympy.Indexed) for f in group))
        choices.append((rank, sum(stride(entry, axis.index) for entry in entries), position, axis))
    return min(choices, key=lambda choice: choice[:3])[3] if choices else None


def stride(entry: sympy.Indexed, symbol: sympy.Symbol) -> int:
    """How many axes of a row-major entry vary faster than the first one that the index moves."""
    places = [p for p, subscript in enumerate(entry.indices) if subscript.has(symbol)]
    return len(entry.indices) - 1 - places[0] if places else 0
