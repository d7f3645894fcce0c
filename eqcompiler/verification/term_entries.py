r"""Typed terms as sums with indices, for the proof checker: one entry at a time, and derivatives forwards.

Takes: a document, a term, the places of one entry. Gives: that entry as a sum of products.
Guarantees: definitions are entered as languages.terms says (a bound name hides the definition of that name); a derivative is
the product rule on the expanded entries, another way than the reverse accumulation of the prover. One rule per kind of term
is in entry_rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, Protocol

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.proof_steps import Used
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Binder, Term
from eqcompiler.verification.axes import Axes, Parts, Way
from eqcompiler.verification.defined_operations import SLOPES
from eqcompiler.verification.function_values import is_whole, raised
from eqcompiler.verification.index_arithmetic import LARGEST_POWER, Algebra, Choices
from eqcompiler.verification.index_sums import (
    ONE,
    ZERO,
    Atom,
    NotReplayed,
    Open,
    Position,
    Range,
    Sum,
    add,
    minus,
    number,
)

At = tuple[Position, ...]
Environment = Mapping[str, Any]  # symbol -> how its entries are found; "#i" -> the index's place
Rule = Callable[["Reader", Any, At, Environment], Sum]
Edge = Sum | int  # 1 and -1 are the infinities
HALF = Fraction(1, 2)
MOST_NESTED = 60


@dataclass(frozen=True, slots=True)
class Advice:
    """A form (closed_forms) with the values of its parameters, differentiated `order` times."""

    form: str
    values: Mapping[str, Sum]
    order: int = 0


class Adviser(Choices, Protocol):
    """What has to be chosen about axes, integrals and series as well."""

    def axes(self, document: Document, claim: Claim) -> Mapping[Dimension, Parts]:
        """Of which parts the axes of the claim are put together."""

    def has_form(self, term: terms.Reduction) -> bool:
        """Whether a finite sum is one of those in closed form."""

    def form(self, reader: Reader, inside: Sum, variable: Atom, upper: Edge) -> Advice | None:
        """The form of an integral or a series of one product."""


class Reader(Axes):
    """Entries of typed terms as sums of products."""

    def __init__(
        self,
        document: Document,
        algebra: Algebra,
        adviser: Adviser,
        rules: Mapping[type[Term], Rule],
        sizes: Mapping[str, Dimension] | None = None,
        axes: Mapping[Dimension, Parts] | None = None,
    ) -> None:
        super().__init__(algebra, sizes, axes)
        self.document, self.adviser, self.rules = document, adviser, rules
        self.primitives: dict[terms.Integral, Term] = {}
        self.count = itertools.count()
        self.matrices: list[tuple[str, Term, Environment]] = []  # what is inverted, or has a determinant or a root
        self.entered: list[str] = []

    def open_axes(self, claim: Claim, which: int = 0) -> tuple[dict[str, Any], At]:
        """The free indices, and the axes of the sides; `which` of the blocks where they are put together of blocks."""
        env: dict[str, Any] = {}
        for binder in claim.free:
            env["#" + binder.name] = Dimension.of(self.range(binder, env).name)
        return env, tuple(place for _, place in self.blocks(claim.left)[which])

    def blocks(self, term: Term) -> list[tuple[Way, ...]]:
        return list(itertools.product(*(self.ways(size) for size in term.type.shape)))

    def axes(self, term: Term) -> At:
        """One open index for each axis, also where an axis is put together of others."""
        return tuple(Dimension.of(self.algebra.fresh(FIRST, self.size(size)).name) for size in term.type.shape)

    def range(self, binder: Binder, env: Environment) -> Range:
        return self.algebra.fresh(self.position(binder.lower, env), self.position(binder.upper, env))

    def entry(self, term: Term, at: At, env: Environment) -> Sum:
        """One entry of a term. A scalar has the same value wherever it stands beside a tensor."""
        rule = self.rules.get(type(term))
        if rule is None:
            raise NotReplayed(f"the checker does not know {type(term).__name__.lower()}s", term.span)
        if term.type.rank and term.type.rank != len(at):
            raise NotReplayed(f"an entry of a {term.type} at {len(at)} indices", term.span)
        return rule(self, term, at if term.type.rank else (), env)

    def position(self, term: Term, env: Environment) -> Position:
        match term:
            case terms.Index() if isinstance(env.get("#" + term.name), Dimension):
                place: Position = env["#" + term.name]
                return place
            case terms.Number() if term.value.denominator == 1:
                return Dimension.of(int(term.value))
            case terms.Size():
                return self.size(term.dimension)
            case terms.Call() if term.operation in ("add", "neg", "mul"):
                parts = [self.position(a, env) for a in term.arguments]
                result = parts[0]
                for part in parts[1:]:
                    result = result + part if term.operation == "add" else result * part
                return -result if term.operation == "neg" else result
        raise NotReplayed("an index that is no sum of indices and sizes", term.span)

    def multiple(self, step: Used, env: Environment) -> tuple[Sum, Sum, Sum]:
        """Left minus right of the equation, the factor, and their product, summed."""
        inner = dict(env)
        ranges = []
        for binder in step.binders:
            ranges.append(self.range(binder, inner))
            inner["#" + binder.name] = Dimension.of(ranges[-1].name)
        equation, right = step.equation.left, step.equation.right
        at = tuple(Dimension.of(r.name) for r in ranges[: equation.type.rank])
        if tuple(r.upper for r in ranges[: len(at)]) != equation.type.shape or right is None:
            raise CompilerFault("a step of the proof uses an equation over other ranges than its own", equation.span)
        gap = minus(self.entry(equation, at, inner), self.entry(right, at, inner))
        factor = self.entry(step.factor, (), inner)
        return gap, factor, self.algebra.summed(ranges, self.algebra.product(factor, gap))

    def cleared(self, difference: Sum, denominator: Term, env: Environment) -> Sum:
        factor = self.entry(denominator, (), env)
        reciprocal = self.algebra.power(factor, -1)
        below = {a for t in reciprocal.terms for a, e in t.factors if e < 0}
        present = {a for t in difference.terms for a, e in t.factors if e < 0}
        if len(reciprocal.terms) != 1 or not below or not below <= present:
            raise CompilerFault("a step of the proof multiplies by what is no denominator", denominator.span)
        return self.algebra.beside(difference, tuple((a, -e) for a, e in reciprocal.terms[0].factors))

    # ---- names

    def symbol(self, name: str, at: At, env: Environment) -> Sum:
        if name in env:
            found: Sum = env[name](at)
            return found
        if name in self.document.definitions:
            if name in self.entered or len(self.entered) > MOST_NESTED:
                raise NotReplayed(f"{name} is defined by itself")
            outside, self.entered = self.entered, [*self.entered, name]
            try:
                return self.entry(self.document.definitions[name].body, at, env)
            finally:
                self.entered = outside
        return self.algebra.entry(name, at)

    def bound(self, term: Term, env: Environment) -> Callable[[At], Sum]:
        """How entries of the term are found later, inside of definitions that it does not stand in."""
        entered = self.entered

        def value(at: At) -> Sum:
            inside, self.entered = self.entered, list(entered)
            try:
                return self.entry(term, at, env)
            finally:
                self.entered = inside

        return value

    def inner_name(self, variable: str, env: Environment) -> str:
        """A name of its own for a variable that an operator binds: what is positive stays positive near its value."""
        name = f"{variable}'{next(self.count)}"
        if variable in self.algebra.positive and variable not in env:
            self.algebra.positive.add(name)
        return name

    # ---- derivatives, forwards

    def derivative(self, term: terms.Derivative, at: At, env: Environment) -> Sum:
        """The body in a variable of its own, differentiated entry by entry, then read where the variable stands."""
        rank = term.body.type.rank
        inside = self.inner_name(term.variable, env if term.point is None else {term.variable: None})
        own: dict[str, Any] = {**env, term.variable: lambda place: self.algebra.entry(inside, place)}
        body = self.entry(term.body, at[:rank], own)
        slope = self.slope(body, inside, at[rank:])
        if term.point is not None:
            value = self.bound(term.point, env)
        else:
            value = lambda place: self.symbol(term.variable, place, env)  # noqa: E731
        return self.replaced(slope, inside, value)

    def slope(self, body: Sum, name: str, at: At) -> Sum:
        """d body / d name[at] by the product rule."""
        algebra, parts = self.algebra, []
        for term in body.terms:
            bound, factors = algebra.opened(term)
            for k, (atom, e) in enumerate(factors):
                if name not in atom.key:
                    continue
                rest = [f for i, f in enumerate(factors) if i != k]
                outer = algebra.close(term.coefficient * e, (), [*rest, (atom, e - 1)])
                part = algebra.product(outer, self.slope_of_atom(atom, name, at))
                parts.append(algebra.summed(bound, part))
        return add(*parts)

    def slope_of_atom(self, atom: Atom, name: str, at: At) -> Sum:
        algebra = self.algebra
        if atom.kind == "entry":
            same = algebra.product(ONE, *(algebra.delta(p, q) for p, q in zip(atom.at, at, strict=True)))
            return same if atom.name == name else ZERO
        if atom.kind in ("group", "root"):
            return self.slope(atom.inner[0].body, name, at)
        if atom.kind == "step":
            return ZERO
        if atom.called == "power" and name not in atom.inner[1].key:
            base, exponent = (o.body for o in atom.inner)
            own = algebra.product(exponent, algebra.atom(atom), algebra.power(base, -1))
            return algebra.product(own, self.slope(base, name, at))
        if atom.kind == "function":
            if atom.called not in SLOPES:
                raise NotReplayed(f"the checker has no derivative of {atom.name}")
            inner, u = atom.inner[0].body, terms.Symbol(terms.SCALAR, "u")
            own = self.entry(SLOPES[atom.called](u), (), {"u": lambda place: inner})
            return algebra.product(own, self.slope(inner, name, at))
        if atom.kind == "unknown":
            return self.slope_of_unknown(atom, name, at)
        if len(atom.inner) > 1 or atom.called not in ("inverse", "det"):
            raise NotReplayed(f"the checker has no derivative of this {atom.name}")
        return self.slope_of_whole(atom, name, at)

    def slope_of_unknown(self, atom: Atom, name: str, at: At) -> Sum:
        """By the chain rule; the derivatives of f are named by the arguments in which it is differentiated, in their order."""
        head, _, slots = atom.name.partition("'")
        parts = []
        for k, o in enumerate(atom.inner):
            ranges = [self.algebra.fresh(FIRST, r.upper) for r in o.axes]
            places = tuple(Dimension.of(r.name) for r in ranges)
            before = sum(int(s) <= k for s in slots if len(atom.inner[int(s)].axes))  # places of the earlier arguments
            first = len(atom.at) - sum(1 for s in slots if atom.inner[int(s)].axes)
            where = (*atom.at[: first + before], *places, *atom.at[first + before :])
            order = "".join(sorted((*slots, str(k))))
            outer = self.algebra.atom(Atom("unknown", f"{head}'{order}", _sorted_places(where, first, order, atom), atom.inner))
            inner = self.slope(self.algebra.read(o, places), name, at)
            parts.append(self.algebra.summed(ranges, self.algebra.product(outer, inner)))
        return add(*parts)

    def slope_of_whole(self, atom: Atom, name: str, at: At) -> Sum:
        """d V = - V dK V for the inverse V of K, d det K = det K sum_pq V_qp dK_pq."""
        operand, size = atom.inner[0], atom.inner[0].axes[0].upper

        def over(beside: Callable[[Position, Position], Sum]) -> Sum:
            def at_pair(p: Position, q: Position) -> Sum:
                return self.algebra.product(beside(p, q), self.slope(self.algebra.read(operand, (p, q)), name, at))

            return self.along(size, lambda p: self.along(size, lambda q: at_pair(p, q)))

        if atom.called == "det":
            return self.algebra.product(self.algebra.atom(atom), over(lambda p, q: self.whole("inverse", operand, (q, p))))
        (rows, columns), own = atom.at, partial(self.algebra.rebuilt, atom, inner=atom.inner)
        return over(lambda p, q: self.algebra.product(own((rows, p)), own((q, columns)))).times(Fraction(-1))

    def replaced(self, body: Sum, name: str, value: Callable[[At], Sum]) -> Sum:
        """Every entry of `name`, inside functions too, by what it is."""

        def rule(atom: Atom) -> Sum | None:
            if name not in atom.key:
                return None
            if atom.kind == "entry":
                return value(atom.at) if atom.name == name else None
            if atom.kind == "whole" and len(atom.inner) == 1:
                operand = atom.inner[0]

                def matrix(p: Position, q: Position) -> Sum:
                    return self.replaced(self.algebra.read(operand, (p, q)), name, value)

                return self.whole_of(atom.name, matrix, operand.axes[0].upper, atom.at)
            return self.algebra.rebuilt(atom, atom.at, tuple(self.replaced_inside(o, name, value) for o in atom.inner))

        return self.algebra.mapped(body, rule) if name in body.key else body

    def replaced_inside(self, operand: Open, name: str, value: Callable[[At], Sum]) -> Open:
        ranges = tuple(self.algebra.fresh(FIRST, r.upper) for r in operand.axes)
        body = self.algebra.read(operand, [Dimension.of(r.name) for r in ranges])
        return self.algebra.operand(ranges, self.replaced(body, name, value))

    # ---- inverses and determinants

    def whole(self, operation: str, operand: Open, at: At) -> Sum:
        return self.whole_of(operation, lambda p, q: self.algebra.read(operand, (p, q)), operand.axes[0].upper, at)

    def whole_of(
        self, operation: str, matrix: Callable[[Position, Position], Sum], size: Position, at: At, exponent: Sum = ONE
    ) -> Sum:
        """inverse, det, root or power of a square matrix, in one form for multiples and for the transpose."""
        algebra = self.algebra
        rows, columns = algebra.fresh(FIRST, size), algebra.fresh(FIRST, size)
        names = (Dimension.of(rows.name), Dimension.of(columns.name))
        body, turned = matrix(*names), matrix(*names[::-1])
        if not body.terms:
            raise NotReplayed(f"{operation} of zero")
        if size == FIRST:
            only_entry = matrix(FIRST, FIRST)
            return {"det": only_entry, "inverse": algebra.power(only_entry, -1)}.get(operation) or raised(
                algebra, only_entry, exponent if operation == "matpow" else number(HALF)
            )
        only = body.terms[0].factors[0][0] if len(body.terms) == 1 and len(body.terms[0].factors) == 1 else None
        plain = only is not None and body.terms[0].coefficient == 1 and set(only.at) == set(names)
        if only is not None and plain and only.called == "inverse" and operation in ("inverse", "det"):
            if at:
                return algebra.read(only.inner[0], at if only.at == names else at[::-1])
            return algebra.power(self.whole(operation, only.inner[0], ()), -1)
        common, (body, turned) = ONE, (body, turned)
        if operation != "matsqrt":
            common, rest = algebra.content(body, True, frozenset((rows.name, columns.name)))
            body, turned = rest, algebra.product(turned, algebra.power(common, -1))
        outer = {"inverse": algebra.power(common, -1), "det": raised(algebra, common, algebra.value(size))}.get(operation)
        if outer is None:
            outer = raised(algebra, common, exponent) if operation == "matpow" else ONE
        if body == algebra.delta(*names):
            return outer if operation == "det" else algebra.product(outer, algebra.delta(*at))
        symmetric = body == turned
        first, second = (algebra.operand((rows, columns), b) for b in (body, turned))
        operand, flipped = (first, False) if first.key <= second.key else (second, True)
        where = at[::-1] if flipped else at
        where = tuple(sorted(where, key=str)) if symmetric else where
        inner = (operand, Open((), exponent)) if operation == "matpow" else (operand,)
        return algebra.product(outer, algebra.atom(Atom("whole", operation, where, inner, symmetric)))

    def matrix_power(self, matrix: Callable[[Position, Position], Sum], size: Position, at: At, exponent: Sum) -> Sum:
        """A^(2 n + k + 1) = A^n A^n A^k A."""
        parts: list[Sum] = []
        for t in exponent.terms:
            if not is_whole(t) or abs(t.coefficient) > LARGEST_POWER:
                raise NotReplayed("a power of a matrix that is not whole")
            unit = Sum((replace(t, coefficient=Fraction(1 if t.coefficient > 0 or t.key else -1)),))
            parts += [unit if t.coefficient > 0 or not t.key else unit.times(Fraction(-1))] * abs(int(t.coefficient))

        def factor(part: Sum, p: Position, q: Position) -> Sum:
            if part == ONE:
                return matrix(p, q)
            if part.constant is not None:
                return self.whole_of("inverse", matrix, size, (p, q))
            return self.whole_of("matpow", matrix, size, (p, q), part)

        def chain(k: int, p: Position, q: Position) -> Sum:
            if k == len(parts) - 1:
                return factor(parts[k], p, q)
            return self.along(size, lambda r: self.algebra.product(factor(parts[k], p, r), chain(k + 1, r, q)))

        return chain(0, at[0], at[1]) if parts else self.algebra.delta(*at)


def _sorted_places(where: At, first: int, order: str, atom: Atom) -> At:
    """Second derivatives in one argument are symmetric: their places are sorted."""
    result, k = list(where[:first]), first
    for slot in dict.fromkeys(s for s in order if atom.inner[int(s)].axes):
        count = order.count(slot)
        result += sorted(where[k : k + count], key=str)
        k += count
    return tuple(result)


def reached(document: Document, *pending: Term) -> Iterator[Term]:
    """The terms with all of their parts, those of the definitions that they name included, each definition once."""
    left, entered = list(pending), set()
    while left:
        part = left.pop()
        yield part
        left += terms.children(part)
        name = part.name if isinstance(part, terms.Symbol | terms.Reference) else ""
        if name in document.definitions and name not in entered:
            entered.add(name)
            left.append(document.definitions[name].body)


def sizes_of(term: Term) -> set[str]:
    found = {n for dimension in term.type.shape for n in dimension.names}
    if isinstance(term, terms.Size):
        found |= term.dimension.names
    return found.union(*(sizes_of(child) for child in terms.children(term)))
