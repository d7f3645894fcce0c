"""What a legal program is, checked between passes.

Takes: a program. Gives: nothing; raises CompilerFault that names the definition and the offending piece.
Guarantees: one rule per function, in the order of RULES; a program that passes needs no further checks downstream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational
from sympy.core.symbol import Str

from eqcompiler.calculus.check_scans import Family, check_scan, families_of
from eqcompiler.calculus.index_algebra import bound_indices, is_index, is_scalar_reference, parts, walk
from eqcompiler.errors import CompilerFault
from eqcompiler.languages.program import (
    ELEMENTARY,
    INTRINSICS,
    Axis,
    Indexed,
    Intrinsic,
    Program,
    Scan,
    UnknownValue,
    size_expression,
    unknown_function,
)

ALLOWED_NODES: tuple[type, ...] = (
    sympy.Symbol,
    sympy.Indexed,
    sympy.Integer,
    sympy.Rational,
    type(sympy.pi),
    type(sympy.E),
    sympy.Add,
    sympy.Mul,
    sympy.Pow,
    sympy.Sum,
    sympy.Product,
    sympy.Piecewise,
    sympy.Max,
    sympy.Min,
    sympy.sign,
    sympy.floor,
    sympy.ceiling,
    sympy.KroneckerDelta,
    *ELEMENTARY.values(),
    sympy.polygamma,
    sympy.binomial,
    UnknownValue,
    Str,
)
ALLOWED_TESTS: tuple[type, ...] = (Relational, sympy.And, sympy.Or, sympy.Not, type(sympy.true), type(sympy.false))

# operation -> ranks of its operands and of its value; "square": the matrix operand has equal axes
INTRINSIC_RANKS: Mapping[str, tuple[tuple[tuple[int, ...], int], ...]] = {
    "inverse": (((2,), 2),),
    "solve": (((2, 1), 1), ((2, 2), 2)),
    "det": (((2,), 0),),
    "logdet": (((2,), 0),),
    "pseudoinverse": (((2,), 2),),
    "matsqrt": (((2,), 2),),
    "matpow": (((2, 0), 2),),
    "norm2": (((2,), 0),),
}
SQUARE = ("inverse", "solve", "det", "logdet", "matsqrt", "matpow")

Extents = tuple[sympy.Expr, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is defined before the definition under check: name -> extents of its axes. integers: inputs usable in ranges.

    families have no extents of their own: only a Scan reads them. step: the index of the Scan whose step this is.
    """

    extents: Mapping[str, Extents]
    integers: frozenset[str]
    families: Mapping[str, Family]
    step: frozenset[sympy.Symbol] = frozenset()


def check(program: Program, step: frozenset[sympy.Symbol] = frozenset()) -> None:
    """Raises CompilerFault for the first rule that the program breaks. step: the indices of the Scans around it."""
    extents: dict[str, Extents] = {}
    for item in program.inputs:
        _named_once(item.name, extents)
        extents[item.name] = tuple(size_expression(dimension) for dimension in item.shape)
    integers = frozenset(item.name for item in program.inputs if item.integer)
    families = families_of(program)
    for definition in program.definitions:
        outside = {name: known for name, known in extents.items() if name not in families}
        known = _Known(outside, integers, families, step)
        if isinstance(definition, Scan):
            check(definition.step, step | {definition.index})
            made, kept = check_scan(definition, outside, families)
            for name in definition.made:
                _named_once(name, extents)
                extents[name] = made[name] if name in made else kept[name].extents
            families = {**families, **kept}
            continue
        _named_once(definition.name, extents)
        _axes(definition, known)
        if isinstance(definition, Intrinsic):
            _intrinsic(definition, known)
        else:
            for rule in BODY_RULES:
                rule(definition, known)
        extents = {**extents, definition.name: tuple(axis.upper - axis.lower + 1 for axis in definition.axes)}
    _index_names(program, extents)
    for name in program.outputs:
        if name not in extents:
            raise CompilerFault(f"the output {name} is neither an input nor a definition")


def _fault(definition: Indexed | Intrinsic, what: str) -> CompilerFault:
    return CompilerFault(f"in the definition of {definition.name}: {what}")


def _named_once(name: str, extents: Mapping[str, Extents]) -> None:
    if name in extents:
        raise CompilerFault(f"the name {name} is given twice")


def _index_names(program: Program, extents: Mapping[str, Extents]) -> None:
    """An index has a name of its own, so that a printed program can be read in one way only."""
    sizes = {name for item in program.inputs for dimension in item.shape for name in dimension.names}
    for definition in program.definitions:
        if isinstance(definition, Scan):
            continue
        body = definition.body if isinstance(definition, Indexed) else sympy.S.Zero
        for symbol in (*(axis.index for axis in definition.axes), *bound_indices(body)):
            if symbol.name in extents or symbol.name in sizes:
                raise _fault(definition, f"the index {symbol} has the name of a size, an input or a definition")


def _axes(definition: Indexed | Intrinsic, known: _Known) -> None:
    bound: list[sympy.Symbol] = []
    for axis in definition.axes:
        if not is_index(axis.index):
            raise _fault(definition, f"the axis {axis.index} is no index symbol")
        if axis.index in bound:
            raise _fault(definition, f"the axis {axis.index} occurs twice")
        _range(definition, axis, known.step.union(bound), known)
        bound.append(axis.index)


def _range(definition: Indexed | Intrinsic, axis: Axis, bound: frozenset[sympy.Symbol], known: _Known) -> None:
    for edge in (axis.lower, axis.upper):
        for node in walk(edge):
            if is_scalar_reference(node) and node.name not in known.integers:
                raise _fault(definition, f"the range of {axis.index} depends on {node}, which is no integer")
            if is_index(node) and node not in bound:
                raise _fault(definition, f"the range of {axis.index} uses the index {node}, which nothing binds there")
            if not isinstance(node, (sympy.Symbol, sympy.Integer, sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min)):
                raise _fault(definition, f"the range of {axis.index} holds {node}, a {type(node).__name__}")
            if isinstance(node, sympy.Pow) and not (node.args[1].is_Integer and node.args[1].is_positive):
                raise _fault(definition, f"the range of {axis.index} holds {node}, which need not be an integer")


def _nodes(expr: sympy.Basic) -> Iterator[sympy.Basic]:
    """All nodes of an expression but the pairs and tuples that only hold others."""
    if isinstance(expr, sympy.Piecewise):
        yield expr
        for value, test in expr.args:
            yield from _nodes(value)
            yield from _nodes(test)
    elif isinstance(expr, ExprWithLimits):
        yield expr
        yield from _nodes(expr.function)
        for edge in (edge for limit in expr.limits for edge in limit[1:]):
            yield from _nodes(edge)
    else:
        yield expr
        for part in parts(expr):
            yield from _nodes(part)


def _classes(definition: Indexed, known: _Known) -> None:
    if not isinstance(definition.body, sympy.Expr):
        raise _fault(definition, f"the body {definition.body!r} is no SymPy expression")
    for node in _nodes(definition.body):
        if isinstance(node, sympy.Float):
            raise _fault(definition, f"{node} is a floating-point number; numbers are exact")
        if not isinstance(node, ALLOWED_NODES + ALLOWED_TESTS):
            raise _fault(definition, f"{node} is a {type(node).__name__}, which index form does not allow")


def _references(definition: Indexed, known: _Known) -> None:
    for node in _nodes(definition.body):
        if not isinstance(node, sympy.Indexed) and not is_scalar_reference(node):
            continue
        name = node.base.name if isinstance(node, sympy.Indexed) else node.name
        count = len(node.indices) if isinstance(node, sympy.Indexed) else 0
        if name in known.families:
            raise _fault(definition, f"{node} refers to the family {name}, whose members only a recurrence reads")
        if name not in known.extents:
            raise _fault(definition, f"{node} refers to {name}, which is neither an input nor defined before")
        if count != len(known.extents[name]):
            raise _fault(definition, f"{node} has {count} indices, {name} has {len(known.extents[name])} axes")


def _indices(definition: Indexed, known: _Known) -> None:
    _bound(definition, definition.body, known.step.union(axis.index for axis in definition.axes), known)


def _bound(definition: Indexed, expr: sympy.Basic, bound: frozenset[sympy.Symbol], known: _Known) -> None:
    if is_index(expr) and expr not in bound:
        raise _fault(definition, f"the index {expr} is bound by no axis and no sum")
    if isinstance(expr, ExprWithLimits):
        for limit in reversed(expr.limits):
            if len(limit) != 3:
                raise _fault(definition, f"the sum over {limit[0]} has no range")
            if not is_index(limit[0]):
                raise _fault(definition, f"the sum over {limit[0]} binds no index symbol")
            if limit[0] in bound:
                raise _fault(definition, f"the index {limit[0]} is bound again inside its own range")
            _range(definition, Axis(*limit), bound, known)
            bound = bound | {limit[0]}
        _bound(definition, expr.function, bound, known)
        return
    for part in parts(expr):
        _bound(definition, part, bound, known)


def _subscripts(definition: Indexed, known: _Known) -> None:
    for node in _nodes(definition.body):
        for subscript in node.indices if isinstance(node, sympy.Indexed) else ():
            if subscript.is_integer is not True and not all(_integer_valued(leaf, known) for leaf in walk(subscript)):
                raise _fault(definition, f"{subscript} in {node} need not be an integer")


def _integer_valued(node: sympy.Basic, known: _Known) -> bool:
    if is_scalar_reference(node):
        return node.name in known.integers
    return node.is_integer is True or isinstance(node, (sympy.Add, sympy.Mul))


BODY_RULES: tuple[Callable[[Indexed, _Known], None], ...] = (_classes, _references, _indices, _subscripts)


def _unknown(definition: Intrinsic, slots: tuple[int, ...], known: _Known) -> None:
    wanted = tuple(extent for slot in slots for extent in known.extents[definition.operands[slot]])
    own = tuple(axis.upper - axis.lower + 1 for axis in definition.axes)
    if own != wanted:
        raise _fault(definition, f"its axes have sizes {own}, the derivative of the function has {wanted}")


def _intrinsic(definition: Intrinsic, known: _Known) -> None:
    unknown = unknown_function(definition.operation)
    if definition.operation not in INTRINSICS and unknown is None:
        raise _fault(definition, f"{definition.operation} is no intrinsic")
    for name in definition.operands:
        if name not in known.extents:
            raise _fault(definition, f"the operand {name} is neither an input nor defined before")
    if unknown is not None:
        _unknown(definition, unknown[1], known)
        return
    ranks = tuple(len(known.extents[name]) for name in definition.operands)
    if (ranks, len(definition.axes)) not in INTRINSIC_RANKS[definition.operation]:
        raise _fault(
            definition, f"{definition.operation} takes no operands of ranks {ranks} to give rank {len(definition.axes)}"
        )
    _intrinsic_sizes(definition, [known.extents[name] for name in definition.operands])


def _intrinsic_sizes(definition: Intrinsic, operands: list[Extents]) -> None:
    rows, columns = operands[0]
    if definition.operation in SQUARE and rows != columns:
        raise _fault(
            definition, f"{definition.operands[0]} is {rows} by {columns}, {definition.operation} needs a square matrix"
        )
    if definition.operation == "solve" and operands[1][0] != rows:
        raise _fault(definition, f"{definition.operands[1]} has {operands[1][0]} rows, {definition.operands[0]} has {rows}")
    wanted: Extents = {"solve": operands[-1], "pseudoinverse": (columns, rows)}.get(definition.operation, (rows, columns))
    own = tuple(axis.upper - axis.lower + 1 for axis in definition.axes)
    if own and own != wanted:
        raise _fault(definition, f"its axes have sizes {own}, the value has {wanted}")
