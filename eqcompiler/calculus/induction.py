r"""Sums with a symbolic upper limit vanish by induction over a size: D(1) = 0 and D(n + 1) = D(n).

Takes: a Normal that ought to be zero, equations that hold. Gives: the size over which induction shows that it is.
Guarantees: an identity in the entries of all tensors, so that the entries of sizes n and n + 1 may be the same letters;
whole-tensor operations, which are other functions for every size of their operands, take the size as an exponent only.

    D(n) = \sum_{k=1}^{n} a_k b_k - s_n b_n + \sum_{k=1}^{n-1} s_k (b_{k+1} - b_k),    s_k = \sum_{j=1}^{k} a_j    (Abel)
    D(n + 1) - D(n) = a_{n+1} b_{n+1} - s_{n+1} b_{n+1} + s_n b_n + s_n (b_{n+1} - b_n) = 0
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from eqcompiler.calculus.algebra import REBUILD_INTRINSIC, add, multiply, multiply_all, opened, power, substitute
from eqcompiler.calculus.elementary import apply
from eqcompiler.calculus.index_values import affine_value, delta, fresh, guard
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO_AFFINE,
    Affine,
    Atom,
    Component,
    Constant,
    Contraction,
    Delta,
    Factor,
    Function,
    Group,
    Guard,
    Index,
    Intrinsic,
    Normal,
    Operand,
    Position,
    Scalar,
    Size,
)
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rational import cleared
from eqcompiler.calculus.relations import Relation, applied
from eqcompiler.calculus.rewriting import intrinsics, rewritten
from eqcompiler.calculus.signs import sign_of_normal
from eqcompiler.calculus.sums import total
from eqcompiler.errors import NotSupportedYet

MOST_PEELED = 4  # terms taken off one sum
MOST_TERMS = 60  # of a body for which induction is tried


def exponent_size(zero: Tensor, equations: Sequence[Tensor]) -> str | None:
    """The natural number k for which induction shows an equation of matrices with A^k: D(k) = 0 makes D(k + 1) zero."""
    if len(zero.body.terms) > MOST_TERMS:
        return None
    powers = [a.operands[1].body for a in intrinsics(zero.body) if a.operation == "matpow"]
    exponents = (f.atom for e in powers for t in e.terms for f in t.factors)
    for name in dict.fromkeys(atom.name for atom in exponents if isinstance(atom, Size)):
        following = Affine.of((name,)) + ONE_AFFINE
        try:
            first, step = (_Resized(name, value, zero.body).of(zero.body) for value in (ONE_AFFINE, following))
        except NotSupportedYet:
            continue
        if any(name in _sizes_of(axis.upper) for axis in zero.axes) or any(_mentions(e, name) for e in equations):
            continue  # what is assumed for k need not hold for k + 1
        step = applied(list(_hypotheses(zero)), step)
        if _is_zero(Tensor(zero.axes, first), equations) and _is_zero(Tensor(zero.axes, step), [*equations, zero]):
            return name
    return None


def _mentions(equation: Tensor, name: str) -> bool:
    return name in re.findall(r"\w+", equation.body.key) or any(name in _sizes_of(axis.upper) for axis in equation.axes)


def _hypotheses(zero: Tensor) -> Iterator[Relation]:
    """The equation solved for a power that stands alone in it: (P^-1 A P)^k = P^-1 A^k P."""
    for term in zero.body.terms:
        atom = term.factors[0].atom if len(term.factors) == 1 and term.factors[0].exponent == 1 else None
        if isinstance(atom, Intrinsic) and atom.operation == "matpow" and set(atom.indices) == set(zero.axes):
            rest = Normal(tuple(t for t in zero.body.terms if t is not term)).times(-1 / term.coefficient)
            if atom.key.rpartition("[")[0] not in rest.key:
                yield Relation(atom, rest, zero.axes)
                return


def _is_zero(zero: Tensor, equations: Sequence[Tensor]) -> bool:
    return not rewritten(Tensor(zero.axes, cleared(zero.body)), equations)[0].terms


def induction_size(body: Normal) -> str | None:
    """The size over which the body vanishes by induction; None when none does."""
    if body.indices or len(body.terms) > MOST_TERMS:
        return None
    for name in _limits(body):
        n = Affine.of((name,))
        try:
            first = _Resized(name, ONE_AFFINE, body).of(body)
            step = _Resized(name, n + ONE_AFFINE, body).of(body) - _Resized(name, n, body).of(body)
        except NotSupportedYet:
            continue
        if not cleared(first).terms and not cleared(step).terms:
            return name
    return None


def ratio_size(left: Normal, right: Normal) -> str | None:
    """The size over which both sides are equal by induction on their quotient: L(1) = R(1), L(n + 1) R(n) = L(n) R(n + 1),
    where R is never zero."""
    whole = left - right
    if whole.indices or len(whole.terms) > MOST_TERMS or sign_of_normal(right) != "positive":
        return None
    for name in _limits(whole):
        n = Affine.of((name,))
        try:
            first = _Resized(name, ONE_AFFINE, whole).of(whole)
            before, after = _Resized(name, n, whole), _Resized(name, n + ONE_AFFINE, whole)
            step = multiply(after.of(left), before.of(right)) - multiply(before.of(left), after.of(right))
        except NotSupportedYet:
            continue
        if not cleared(first).terms and not cleared(step).terms:
            return name
    return None


def _bounds(body: Normal) -> Iterator[Affine]:
    """The limits of all sums that stand outside of groups, and outside of functions but the exponential."""
    waiting = [f.atom for term in body.terms for f in term.factors]
    while waiting:
        atom = waiting.pop(0)
        if isinstance(atom, Function) and atom.name == "exp":
            yield from _bounds(atom.arguments[0])
        if isinstance(atom, Contraction):
            yield from (b.upper for b in atom.bound)
            waiting += [f.atom for f in atom.factors]


def _limits(body: Normal) -> list[str]:
    """The sizes to which sums run, in a fixed order."""
    sizes = (v for limit in _bounds(body) for v, _ in limit.terms if isinstance(v, tuple) and len(v) == 1)
    return list(dict.fromkeys(name for (name,) in sizes))


def _sizes_of(affine: Affine) -> set[str]:
    """The names of the sizes that an index expression or the ranges of its indices depend on."""
    own = {name for v, _ in affine.terms for name in (v if isinstance(v, tuple) else getattr(v, "sizes", ()))}
    return own.union(*(_sizes_of(i.upper) | _sizes_of(i.lower) for i in affine.indices))


class _Resized:
    """A body for another value of one size. Sums to n + d run to the least n + d of the body; the terms above are taken off."""

    def __init__(self, name: str, value: Affine, body: Normal) -> None:
        self.name, self.value, n = name, value, Affine.of((name,))
        shifts = [(limit - n).constant for limit in _bounds(body) if not (limit - n).terms]
        self.shortest = n + Affine.of(min(shifts, default=0))

    def of(self, body: Normal) -> Normal:
        parts = (multiply_all(Normal.number(t.coefficient), [self.factor(f) for f in t.factors]) for t in body.terms)
        return add(list(parts))

    def factor(self, f: Factor) -> Normal:
        return power(self.atom(f.atom), f.exponent)

    def atom(self, atom: Atom) -> Normal:
        match atom:
            case Scalar() | Constant() | Position():
                return Normal.atom(atom)
            case Size(name=own):
                return affine_value(self.value) if own == self.name else Normal.atom(atom)
            case Component(positions=positions):
                moved = tuple(self.affine(p) for p in positions)
                moved = tuple(sorted(moved)) if atom.symmetric else moved
                return Normal.atom(Component(atom.name, moved, atom.shape, atom.symmetric, atom.sign, atom.definite))
            case Delta(difference=difference):
                return delta(self.affine(difference), ZERO_AFFINE)
            case Guard(natural=natural):
                return guard(self.affine(natural))
            case Group(body=body):
                return self.of(body)
            case Function(arguments=arguments):
                return apply(atom.name, tuple(self.of(a) for a in arguments))
            case Intrinsic(operation=operation, operands=operands, positions=positions, shape=shape):
                affines = [*positions, *shape, *(axis.upper for o in operands for axis in o.axes)]
                if any(self.name in _sizes_of(affine) for affine in affines):
                    raise NotSupportedYet(f"induction over a size of {atom.key}")
                return REBUILD_INTRINSIC[operation](tuple(Operand(o.axes, self.of(o.body)) for o in operands), positions)
            case Contraction():
                indices, factors = opened(atom)
                return self.sum(sorted(indices, key=lambda b: len(b.upper.indices)), factors, {})
        raise NotSupportedYet(f"induction over a size of {atom.key}")

    def affine(self, affine: Affine) -> Affine:
        """The index expression for the new size; the ranges of its indices are left to the sums that bind them."""
        result = Affine((), affine.constant)
        for variable, c in affine.terms:
            sizes = variable if isinstance(variable, tuple) else () if isinstance(variable, Index) else variable.sizes
            if self.name in sizes and sizes != (self.name,):
                raise NotSupportedYet(f"induction over {self.name} in {affine.key}")
            result = result + (self.value.times(c) if variable == (self.name,) else Affine(((variable, c),), 0))
        return result

    def sum(self, bound: Sequence[Index], factors: Sequence[Factor], put: Mapping[Index, Affine]) -> Normal:
        """The sum over the first index of the sum over the others. put: what stands for the indices outside."""
        if not bound:
            return substitute(multiply_all(ONE, [self.factor(f) for f in factors]), put)
        index = bound[0]
        limit = self.affine(index.upper).substitute(put)

        def inside(at: Affine) -> Normal:
            return self.sum(bound[1:], factors, {**put, index: at})

        if not limit.terms and 0 <= limit.constant <= MOST_PEELED:
            return add([inside(Affine.of(k)) for k in range(1, limit.constant + 1)])
        before, added = self.split(limit)
        running = fresh(before)
        last = [inside(before + Affine.of(k)) for k in range(1, added + 1)]
        return add([total(inside(Affine.of(running)), (running,)), *last])

    def split(self, limit: Affine) -> tuple[Affine, int]:
        """A limit as a shorter one and how many terms lie above it."""
        above = limit - self.shortest
        if above.indices and any(variable == (self.name,) and c > 0 for variable, c in limit.terms):
            grown = self.value - Affine.of((self.name,))
            above = Affine.of(0 if grown.terms else grown.constant)
        before = limit - above
        return (
            (before, above.constant)
            if not above.terms and 0 < above.constant <= MOST_PEELED and before.is_natural()
            else (limit, 0)
        )
