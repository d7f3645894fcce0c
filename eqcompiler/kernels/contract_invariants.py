"""Products of what does not change while a run iterates are formed before the iterations.

Takes: a Program and the names of its state. Gives: an equal Program, or None where there is no such product.
Guarantees: a sum is rewritten only where every term that depends on the state loses all indices of that sum: then no
iteration runs over them any more. Sums are opened only where they depend on the state and are multiplied by what does not;
ranges are whole axes, so that a value that moves reads inside its arrays. Equal in exact arithmetic.

    g[k] = Sum(X[i, k]*(Sum(X[i, j]*theta[j], j) - y[i]), i)      becomes
    g[k] = Sum(Sum(X[i, k]*X[i, j], i)*theta[j], j) + Sum(-X[i, k]*y[i], i)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy

from eqcompiler.kernels.bounds import always_runs
from eqcompiler.kernels.split_reductions import FreshIndices, Scope, canonical, depends, fresh_axes, reference
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program

FIRST_INDEX = 50_000_000  # away from the indices of other passes


@dataclass(frozen=True, slots=True)
class _Term:
    """The sum over `bound` of all factors; `moving` are those that depend on the state."""

    bound: Scope
    fixed: tuple[sympy.Expr, ...]
    moving: tuple[sympy.Expr, ...]

    def gone(self) -> list[Axis]:
        """The bound axes that no moving factor depends on."""
        return [axis for axis in self.bound if not any(depends(factor, [axis.index]) for factor in self.moving)]


def contract_invariants(program: Program, state: Iterable[str]) -> Program | None:
    work = _Contraction(program, changing(program, state))
    for d in program.plain("products ahead of its iterations"):
        work.add(d)
    return Program(program.inputs, tuple(work.made), program.outputs) if work.found else None


def changing(program: Program, state: Iterable[str]) -> frozenset[str]:
    """The state and what is computed from it."""
    found = set(state)
    for d in program.plain("products ahead of its iterations"):
        used = set(d.operands) if isinstance(d, Intrinsic) else {s.name for s in d.body.atoms(sympy.Symbol) if not s.is_integer}
        if used & found:
            found.add(d.name)
    return frozenset(found)


class _Contraction:
    def __init__(self, program: Program, moving: frozenset[str]) -> None:
        self.moving, self.found = moving, False
        self.bodies = {d.name: d for d in program.definitions if isinstance(d, Indexed) and d.name in moving}
        self.fresh = FreshIndices()
        self.fresh.count = FIRST_INDEX
        self.names = Names({i.name for i in program.inputs} | {d.name for d in program.definitions})
        self.known: dict[tuple[object, ...], str] = {}
        self.made: list[Indexed | Intrinsic] = []

    def moves(self, value: sympy.Basic) -> bool:
        return any(s.name in self.moving for s in value.atoms(sympy.Symbol) if not s.is_integer)

    def add(self, definition: Indexed | Intrinsic) -> None:
        if isinstance(definition, Indexed) and definition.name in self.moving:
            definition = replace(definition, body=self.value(definition.body))
        self.made.append(definition)

    def value(self, value: sympy.Basic) -> sympy.Basic:
        """The value with its sums rewritten, outermost first; nothing inside a case distinction."""
        if not value.args or isinstance(value, (sympy.Indexed, sympy.Piecewise)) or not self.moves(value):
            return value
        if not isinstance(value, sympy.Sum):
            return value.func(*(self.value(part) for part in value.args))
        own, terms = self.opened(value)
        if not own or any(axis not in term.gone() for term in terms if term.moving for axis in own):
            return value
        self.found = True
        return sympy.Add(*(self.contracted(term) for term in terms))

    def opened(self, value: sympy.Sum) -> tuple[Scope, list[_Term]]:
        """The sum's own axes under new names, and its terms; no axes where one is not whole."""
        axes, renaming = fresh_axes((Axis(*limit) for limit in reversed(value.limits)), self.fresh)
        if not all(always_runs(axis) and not depends(axis.upper, renaming.values()) for axis in axes):
            return (), []
        return axes, [replace(t, bound=(*axes, *t.bound)) for t in self.terms(value.function.xreplace(renaming))]

    def terms(self, value: sympy.Expr) -> list[_Term]:
        if not self.moves(value):
            return [_Term((), (value,), ())]
        if isinstance(value, sympy.Add):
            fixed = sympy.Add(*(part for part in value.args if not self.moves(part)))
            moving = [term for part in value.args if self.moves(part) for term in self.terms(part)]
            return moving if fixed == 0 else [*moving, _Term((), (fixed,), ())]
        if isinstance(value, sympy.Mul):
            return self.product(value)
        if isinstance(value, sympy.Sum):
            axes, terms = self.opened(value)
            return terms if axes else [_Term((), (), (value,))]
        if isinstance(value, (sympy.Indexed, sympy.Symbol)):
            return self.named(value)
        return [_Term((), (), (value,))]

    def product(self, value: sympy.Mul) -> list[_Term]:
        """Only a product with one moving factor is linear in it; of several, none is opened. A factor without sums stays one:
        theta + beta v is multiplied once."""
        fixed = [factor for factor in value.args if not self.moves(factor)]
        moving = [factor for factor in value.args if self.moves(factor)]
        terms = self.terms(moving[0]) if len(moving) == 1 else []
        if not any(term.bound for term in terms):
            return [_Term((), tuple(fixed), tuple(moving))]
        return [replace(term, fixed=(*fixed, *term.fixed)) for term in terms]

    def named(self, entry: sympy.Expr) -> list[_Term]:
        """The body of a definition in place of its name, where that holds a sum to be opened."""
        name = str(entry.base.label) if isinstance(entry, sympy.Indexed) else entry.name
        own = self.bodies.get(name)
        if own is not None:
            at = entry.indices if isinstance(entry, sympy.Indexed) else ()
            places = {axis.index: place for axis, place in zip(own.axes, at, strict=True)}
            terms = self.terms(self.apart(own.body).xreplace(places))
            if any(term.bound for term in terms):
                return terms
        return [_Term((), (), (entry,))]

    def apart(self, body: sympy.Basic) -> sympy.Basic:
        """The body with new indices for all its sums, so that no subscript put into it is captured."""
        if not body.has(sympy.Sum):
            return body
        if not isinstance(body, sympy.Sum):
            return body.func(*(self.apart(part) for part in body.args))
        axes, renaming = fresh_axes((Axis(*limit) for limit in reversed(body.limits)), self.fresh)
        limits = [(axis.index, axis.lower, axis.upper) for axis in reversed(axes)]
        return sympy.Sum(self.apart(body.function).xreplace(renaming), *limits)

    def contracted(self, term: _Term) -> sympy.Expr:
        """Fixed factors that share an index which is gone stand in one sum: X[i, k]*X[i, j]*B[c, l] gives Sum(X X, i)*B."""
        gone = term.gone()
        factors, sums = list(sympy.Mul.make_args(sympy.Mul(*term.fixed))), list[sympy.Expr]()
        while gone:
            together, axes = _connected(gone[0], gone, factors)
            limits = [(axis.index, axis.lower, axis.upper) for axis in reversed(axes)]
            sums.append(sympy.Sum(sympy.Mul(*together), *limits))
            factors = [factor for factor in factors if factor not in together]
            gone = [axis for axis in gone if axis not in axes]
        left = [(a.index, a.lower, a.upper) for a in reversed(term.bound) if a not in term.gone()]
        value = sympy.Mul(*factors, *sums, *(self.vector(factor, term.bound) for factor in term.moving))
        return sympy.Sum(value, *left) if left else value

    def vector(self, factor: sympy.Expr, bound: Scope) -> sympy.Expr:
        """A sum such as theta[j] + beta*v[j] as a definition of its own, so that each entry is formed once."""
        axes = tuple(axis for axis in bound if depends(factor, [axis.index]))
        others = {s for entry in factor.atoms(sympy.Indexed) for s in entry.free_symbols if s.is_integer}
        if not isinstance(factor, sympy.Add) or not axes or not others <= {axis.index for axis in axes}:
            return factor
        key = canonical(factor, axes)
        if key not in self.known:
            self.known[key] = self.names.value(factor, "state")
            own, renaming = fresh_axes(axes, self.fresh)
            self.made.append(Indexed(self.known[key], own, factor.xreplace(renaming)))
        return reference(self.known[key], axes)


def _connected(first: Axis, gone: list[Axis], factors: list[sympy.Expr]) -> tuple[list[sympy.Expr], list[Axis]]:
    """The factors that hang together with an axis through axes that are gone, and those axes."""
    axes = [first]
    while True:
        indices = [axis.index for axis in axes]
        together = [factor for factor in factors if depends(factor, indices)]
        more = [axis for axis in gone if axis not in axes and any(depends(factor, [axis.index]) for factor in together)]
        if not more:
            return together, axes
        axes += more
