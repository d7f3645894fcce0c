"""Which values may be computed where nobody asked for them: a read must never leave its array.

Takes: a value, the loops around it and the shapes of all tensors. Gives: whether the value may move out of some loops.
Guarantees: a value that moves out of a loop that may run zero times reads only inside its arrays. Sizes are at least 1.

    Sum(Sum(x[k+1]*w[j], (j, k+1, n)), (k, 1, n))    x[k+1] must stay inside: at k = n the inner sum is empty
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import sympy

from eqcompiler.languages.loop_plan import Accumulate, Assign, Iterate, Loop, Node
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, size_expression

Shapes = Mapping[str, tuple[sympy.Expr, ...]]


def input_shapes(inputs: Iterable[Input]) -> dict[str, tuple[sympy.Expr, ...]]:
    return {i.name: tuple(size_expression(d) for d in i.shape) for i in inputs}


def definition_shape(definition: Indexed | Intrinsic) -> tuple[sympy.Expr, ...]:
    return tuple(extent(axis, definition.axes) for axis in definition.axes)


def extent(axis: Axis, axes: Sequence[Axis]) -> sympy.Expr:
    """The largest value of an index, over all values of the indices that its range depends on."""
    largest = axis.upper
    for outer in reversed(axes[: axes.index(axis)]):
        slope = sympy.diff(largest, outer.index)
        largest = largest.xreplace({outer.index: outer.lower if slope.is_negative else outer.upper})
    return largest


def always_runs(axis: Axis) -> bool:
    return bool(axis.lower == 1 and axis.upper.is_positive)


def may_leave(value: sympy.Basic, left: Iterable[Axis], scope: Sequence[Axis], shapes: Shapes) -> bool:
    """Whether the value may be computed outside of the loops `left`; `scope` are all loops that it can depend on."""
    return all(always_runs(axis) for axis in left) or _reads_inside(value, scope, shapes)


def _reads_inside(value: sympy.Basic, scope: Sequence[Axis], shapes: Shapes) -> bool:
    ranges = {axis.index: axis for axis in scope}
    for entry in value.atoms(sympy.Indexed):
        shape = shapes.get(str(entry.base.label), ())
        if len(shape) != len(entry.indices):
            return False
        for subscript, size_of_axis in zip(entry.indices, shape, strict=True):
            axis = ranges.get(subscript)
            whole = axis is not None and axis.lower == 1 and axis.upper == size_of_axis
            if not whole and subscript not in (sympy.Integer(1), size_of_axis):
                return False
    return True


def smallest_sizes(nodes: Sequence[Node], shapes: Shapes) -> dict[sympy.Symbol, int]:
    """For each size the least value that fixed subscripts demand where they are certainly read: x[3] needs three entries."""
    least: dict[sympy.Symbol, int] = {}
    for entry in _certain_entries(nodes):
        for subscript, size_of_axis in zip(entry.indices, shapes.get(str(entry.base.label), ()), strict=False):
            if subscript.is_Integer and size_of_axis.is_Symbol:
                least[size_of_axis] = max(least.get(size_of_axis, 1), int(subscript))
    return least


def _certain_entries(nodes: Sequence[Node]) -> Iterator[sympy.Indexed]:
    for node in nodes:
        if isinstance(node, (Assign, Accumulate)):
            walk = sympy.preorder_traversal(node.value)
            for part in walk:
                if isinstance(part, sympy.Piecewise):
                    walk.skip()
                elif isinstance(part, sympy.Indexed):
                    yield part
        elif isinstance(node, Iterate) or (isinstance(node, Loop) and always_runs(Axis(node.index, node.lower, node.upper))):
            yield from _certain_entries(node.body)
