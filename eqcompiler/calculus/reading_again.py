"""A value that is known by name is read, not computed again.

Takes: definitions, and earlier ones that they follow. Gives: the definitions where bodies of named values are references.
Guarantees: value preserved; only whole bodies with a function in them count, at any indices; of a logistic value 1/(1 + exp(u))
its complement 1/(1 + exp(-u)) is read too, as 1 - value.

    a[i] = tanh(z[i]);   d[i] = (1 - tanh(z[i])**2)*a_bar[i]    ->    d[i] = (1 - a[i]**2)*a_bar[i]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import sympy

from eqcompiler.calculus.dependencies import Definition
from eqcompiler.calculus.index_algebra import has_sum, is_index, parts, rebuilt, reference, renamed, walk
from eqcompiler.languages.program import Indexed


@dataclass(frozen=True, slots=True)
class _Known:
    """`body` at the indices of `at` is the value of `expression`, which names the definition."""

    body: sympy.Expr
    at: tuple[sympy.Symbol, ...]
    expression: sympy.Expr

    def matched(self, node: sympy.Basic) -> sympy.Expr | None:
        """The reference that has the value of the node, or None."""
        if type(node) is not type(self.body):
            return None
        mapping = _placed(self.body, node)
        if mapping is None or not set(self.at) <= mapping.keys() or renamed(self.body, mapping) != node:
            return None
        return renamed(self.expression, mapping)


def reading_again(
    definitions: tuple[Definition, ...], earlier: tuple[Definition, ...], names: Collection[str]
) -> tuple[Definition, ...]:
    """names: those of the earlier definitions that may be read."""
    known = [entry for d in earlier if isinstance(d, Indexed) and d.name in names for entry in _readings(d)]
    if not known:
        return definitions
    return tuple(replace(d, body=_rewritten(d.body, known)) if isinstance(d, Indexed) else d for d in definitions)


def _readings(definition: Indexed) -> Iterator[_Known]:
    body = definition.body
    if has_sum(body) or not any(isinstance(node, sympy.Function) for node in walk(body)):
        return
    at = tuple(axis.index for axis in definition.axes)
    value = reference(definition.name, at)
    yield _Known(body, at, value)
    bottom, exponent = body.as_base_exp()
    if exponent == -1 and isinstance(bottom, sympy.Add) and len(bottom.args) == 2 and bottom.args[0] == 1:
        power = bottom.args[1]
        if isinstance(power, sympy.exp):
            yield _Known(1 / (1 + sympy.exp(-power.args[0])), at, 1 - value)


def _placed(body: sympy.Basic, node: sympy.Basic) -> dict[sympy.Symbol, sympy.Symbol] | None:
    """Which index of the node stands where the body has one; None where the two are not built alike."""
    if is_index(body):
        return {body: node} if is_index(node) else None
    ours, theirs = parts(body), parts(node)
    if type(body) is not type(node) or len(ours) != len(theirs):
        return None
    found: dict[sympy.Symbol, sympy.Symbol] = {}
    for left, right in zip(ours, theirs, strict=True):
        inner = _placed(left, right)
        if inner is None or any(found.get(symbol, place) != place for symbol, place in inner.items()):
            return None
        found |= inner
    return found


def _rewritten(expr: sympy.Basic, known: list[_Known]) -> sympy.Basic:
    for entry in known:
        found = entry.matched(expr)
        if found is not None:
            return found
    if not expr.args or isinstance(expr, sympy.Indexed):
        return expr
    old = parts(expr)
    new = [_rewritten(part, known) for part in old]
    return expr if all(a is b for a, b in zip(old, new, strict=True)) else rebuilt(expr, new)
