"""Sharing: a contraction that is used inside another one, or twice, gets a name; a name that buys nothing is dropped.

Takes: definitions in dependency order. Gives: definitions with the same outputs.
Guarantees: value preserved; the author's own definitions keep their names; equal contractions get one name.

    J = Sum((Sum(X[i, j]*theta[j], (j, 1, n)) - y[i])**2, (i, 1, m))
    ->   r[i] = Sum(X[i, j]*theta[j], (j, 1, n)) - y[i];   J = Sum(r[i]**2, (i, 1, m))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from eqcompiler.calculus.dependencies import Definition, operand_names
from eqcompiler.calculus.index_algebra import (
    apart,
    bound_indices,
    free_indices,
    fresh_index,
    has_sum,
    is_index,
    is_scalar_reference,
    parts,
    rebuilt,
    reference,
    references,
    renamed,
    replaced,
    retotalled,
    substituted,
    with_limits,
)
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Scan, index

LARGEST_INLINED_PRODUCT = 4  # factors
LONGEST_SPELLED_NAME = 12


class Names:
    """Names in use, and new ones that are not."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)
        self._count = 0

    def fresh(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        return name

    def index(self) -> sympy.Symbol:
        """A passing index; `settled` gives it a letter in the end."""
        self._count += 1
        return index(f"_{self._count}")


# ---------------------------------------------------------------- giving names


def shared(definitions: Sequence[Definition], names: Names, latex: Mapping[str, str]) -> tuple[list[Definition], set[str]]:
    """Every contraction that stands inside a sum, a product or a function as a definition of its own, and the new names."""
    work = _Sharing(names, latex)
    for definition in definitions:
        work.add(definition)
    return work.made, work.introduced


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands. top: only sums of terms and constant factors lie between it and its definition."""

    scope: tuple[Axis, ...]
    top: bool

    def within(self, limits: Sequence[sympy.Tuple]) -> _Place:
        return _Place(self.scope + tuple(Axis(*limit) for limit in reversed(limits)), False)

    @property
    def below(self) -> _Place:
        return _Place(self.scope, False)


class _Sharing:
    def __init__(self, names: Names, latex: Mapping[str, str]) -> None:
        self.names = names
        self.made: list[Definition] = []
        self.introduced: set[str] = set()
        self._known: dict[object, tuple[str, tuple[sympy.Symbol, ...]]] = {}
        self._latex = dict(latex)

    def add(self, definition: Definition) -> None:
        if isinstance(definition, Indexed) and has_sum(definition.body):
            body = self._visit(definition.body, _Place(definition.axes, True))
            definition = replace(definition, body=body)
            if has_sum(body):
                self._known.setdefault(_key(body, definition.axes), (definition.name, ()))
        self.made.append(definition)
        self._latex[definition.name] = definition.latex

    def _visit(self, expr: sympy.Basic, place: _Place) -> sympy.Basic:
        if not has_sum(expr):
            return expr
        if isinstance(expr, ExprWithLimits):
            body = self._visit(expr.function, place.within(expr.limits))
            total = with_limits(type(expr), body, (tuple(limit) for limit in expr.limits))
            return total if place.top else self._name(total, place)
        if isinstance(expr, sympy.Add):
            linear = any(_is_contraction(term) for term in expr.args)
            total = sympy.Add(*(self._visit(term, place) for term in expr.args))
            return self._name(total, place) if linear and not place.top else total
        if isinstance(expr, sympy.Mul):
            inner = place if _is_scaled(expr) else place.below
            return sympy.Mul(*(self._visit(factor, inner) for factor in expr.args))
        if isinstance(expr, sympy.Piecewise) and _guards_an_index(expr):
            return expr  # outside of its branch an index may leave its tensor
        return rebuilt(expr, [self._visit(part, place.below) for part in parts(expr)])

    def _name(self, expr: sympy.Expr, place: _Place) -> sympy.Expr:
        """The atom that stands for `expr`: a known definition with the same body, or a new one."""
        axes = _axes_for(expr, place.scope)
        key = _key(expr, axes)
        if key not in self._known:
            name = self.names.fresh(self._wanted(expr))
            self.introduced.add(name)
            self._known[key] = (name, ())
            latex = self._spelled_latex(expr)
            self._latex[name] = latex
            self.made.append(Indexed(name, axes, expr, latex))
        return reference(self._known[key][0], (axis.index for axis in axes))

    def _wanted(self, expr: sympy.Expr) -> str:
        """X_theta for a plain product, r for a difference (a residual), s for other sums."""
        if isinstance(expr, sympy.Add):
            return "r"
        spelled = "_".join(_factor_names(expr))
        return spelled if 0 < len(spelled) <= LONGEST_SPELLED_NAME else "s"

    def _spelled_latex(self, expr: sympy.Expr) -> str:
        if isinstance(expr, sympy.Add):
            return "r"
        return " ".join(self._latex.get(name, name) for name in _factor_names(expr)) or "s"


def _factor_names(expr: sympy.Expr) -> list[str]:
    """The tensors of a sum over a plain product, matrices first; [] for any other sum."""
    factors = sympy.Mul.make_args(expr.function) if isinstance(expr, sympy.Sum) else ()
    if not all(isinstance(f, sympy.Indexed) or f.is_number or is_scalar_reference(f) for f in factors):
        return []
    tensors = sorted((f for f in factors if isinstance(f, sympy.Indexed)), key=lambda f: -len(f.indices))
    return [f.base.name for f in tensors]


def _is_contraction(term: sympy.Expr) -> bool:
    return any(isinstance(factor, ExprWithLimits) for factor in sympy.Mul.make_args(term))


def _is_scaled(product: sympy.Mul) -> bool:
    """One factor with numbers and sizes around it."""
    return sum(bool(references(factor)) or has_sum(factor) or bool(free_indices(factor)) for factor in product.args) == 1


def _guards_an_index(expr: sympy.Piecewise) -> bool:
    """Whether a branch is chosen by an index itself, as in `i <= n`, not only by values."""

    def bare(node: sympy.Basic) -> bool:
        if isinstance(node, (sympy.Indexed, ExprWithLimits)):
            return False
        return is_index(node) or any(bare(part) for part in node.args)

    return any(bare(condition) for _, condition in expr.args)


def _axes_for(expr: sympy.Expr, scope: tuple[Axis, ...]) -> tuple[Axis, ...]:
    needed = set(free_indices(expr))
    for axis in reversed(scope):
        if axis.index in needed:
            needed |= free_indices(axis.lower) | free_indices(axis.upper)
    return tuple(axis for axis in scope if axis.index in needed)


def _key(expr: sympy.Expr, axes: tuple[Axis, ...]) -> object:
    """Equal for expressions that differ by the names of their indices (not in all cases: only sharing is lost)."""
    mapping: dict[sympy.Symbol, sympy.Expr] = {axis.index: index(f"_a{k}") for k, axis in enumerate(axes)}
    mapping |= {symbol: index(f"_b{k}") for k, symbol in enumerate(bound_indices(expr))}
    return (renamed(expr, mapping), *((renamed(a.lower, mapping), renamed(a.upper, mapping)) for a in axes))


# ---------------------------------------------------------------- dropping names


@dataclass(slots=True)
class _Use:
    """How often a name is used, whether its last use lies in just its own loops, and whether an intrinsic needs the tensor."""

    count: int = 0
    same_loops: bool = False
    operand: bool = False


def inlined(definitions: Sequence[Definition], candidates: set[str], outputs: Sequence[str]) -> list[Definition]:
    """Without those candidates that are cheap to write out, or used once where their own loops run already."""
    uses = _uses(definitions)
    gone: dict[str, Indexed] = {}
    kept: list[Definition] = []
    for definition in definitions:
        definition = _with(definition, gone)
        free = definition.name in candidates and definition.name not in outputs
        if isinstance(definition, Indexed) and free and _inlines(definition.body, uses.get(definition.name, _Use())):
            gone[definition.name] = definition
        else:
            kept.append(definition)
    return kept


def _inlines(body: sympy.Expr, use: _Use) -> bool:
    return not use.operand and (_is_cheap(body) or (use.count == 1 and use.same_loops))


def _is_cheap(body: sympy.Expr) -> bool:
    """A product of a few atoms."""
    factors = sympy.Mul.make_args(body)
    atoms = (isinstance(f.as_base_exp()[0], (sympy.Indexed, sympy.Symbol, sympy.Number, sympy.KroneckerDelta)) for f in factors)
    return len(factors) <= LARGEST_INLINED_PRODUCT and all(atoms) and all(f.as_base_exp()[1].is_Integer for f in factors)


def _uses(definitions: Sequence[Definition]) -> dict[str, _Use]:
    uses: dict[str, _Use] = {}

    def visit(expr: sympy.Basic, scope: frozenset[sympy.Symbol]) -> None:
        if isinstance(expr, ExprWithLimits):
            visit(expr.function, scope | {limit[0] for limit in expr.limits})
        elif isinstance(expr, sympy.Indexed) or is_scalar_reference(expr):
            at = expr.indices if isinstance(expr, sympy.Indexed) else ()
            use = uses.setdefault(expr.base.name if isinstance(expr, sympy.Indexed) else expr.name, _Use())
            use.count += 1
            use.same_loops = len(set(at)) == len(at) and scope == frozenset(at)
        else:
            for part in parts(expr):
                visit(part, scope)

    for definition in definitions:
        if not isinstance(definition, Indexed):
            for name in definition.operands:
                uses.setdefault(name, _Use()).operand = True
        else:
            visit(definition.body, frozenset(axis.index for axis in definition.axes))
    return uses


def _with(definition: Definition, gone: Mapping[str, Indexed]) -> Definition:
    if not isinstance(definition, Indexed) or not any(name in gone for name in operand_names(definition)):
        return definition
    scope = {axis.index for axis in definition.axes} | set(bound_indices(definition.body))

    def leaf(node: sympy.Basic) -> sympy.Basic | None:
        name = node.base.name if isinstance(node, sympy.Indexed) else getattr(node, "name", "")
        if name not in gone or not (isinstance(node, sympy.Indexed) or is_scalar_reference(node)):
            return None
        at = node.indices if isinstance(node, sympy.Indexed) else ()
        source = gone[name]
        body = apart(source.body, scope)
        return substituted(body, {axis.index: e for axis, e in zip(source.axes, at, strict=True)})

    body = replaced(definition.body, leaf)
    ranges = {axis.index: (axis.lower, axis.upper) for axis in definition.axes}
    return replace(definition, body=retotalled(body, ranges))


# ---------------------------------------------------------------- letters for passing indices


def settled(definition: Definition, taken: set[str]) -> Definition:
    """Passing indices get the first letters that are free where they are bound."""
    if isinstance(definition, Scan):
        return definition
    axes: list[Axis] = []
    mapping: dict[sympy.Symbol, sympy.Expr] = {}
    used = set(taken) | {axis.index.name for axis in definition.axes if not _is_passing(axis.index)}
    for axis in definition.axes:
        if _is_passing(axis.index):
            letter = fresh_index(used.__contains__)
            used.add(letter.name)
            mapping[axis.index] = letter
        axes.append(Axis(mapping.get(axis.index, axis.index), renamed(axis.lower, mapping), renamed(axis.upper, mapping)))
    if isinstance(definition, Intrinsic):
        return replace(definition, axes=tuple(axes))
    own = {axis.index.name for axis in axes}
    body = renamed(apart(definition.body, (axis.index for axis in axes), used), mapping)
    return replace(definition, axes=tuple(axes), body=_settled(body, own, taken))


def _is_passing(symbol: sympy.Symbol) -> bool:
    return str(symbol.name).startswith("_")


def _settled(expr: sympy.Basic, scope: set[str], taken: set[str]) -> sympy.Basic:
    if not any(_is_passing(symbol) for symbol in bound_indices(expr)):
        return expr
    if not isinstance(expr, ExprWithLimits):
        return rebuilt(expr, [_settled(part, scope, taken) for part in parts(expr)])
    inside = {symbol.name for symbol in bound_indices(expr)}
    mapping: dict[sympy.Symbol, sympy.Expr] = {}
    for limit in reversed(expr.limits):
        if _is_passing(limit[0]):
            letter = fresh_index(lambda name: name in scope or name in taken or name in inside)
            inside.add(letter.name)
            mapping[limit[0]] = letter
    moved = renamed(expr, mapping)
    inner = scope | {limit[0].name for limit in moved.limits}
    return with_limits(type(moved), _settled(moved.function, inner, taken), (tuple(limit) for limit in moved.limits))
