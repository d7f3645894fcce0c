r"""Expectations over Gaussian symbols, for the proof checker, by Stein's lemma.

Takes: an expectation, the place of one entry, what is bound. Gives: a sum with indices.
Guarantees: identities for every mean and covariance; symbols of their own distributions are independent. Whatever has no rule
raises NotReplayed.

    E[x_i f] = mu_i E[f] + sum_j Sigma_ij E[d_j f]
    E e^{g(x)} = e^{g(mu) + q/2},  E cos g(x) = e^{-q/2} cos g(mu),  q = sum_ij Sigma_ij d_i g d_j g, for affine g
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Term, Type
from eqcompiler.verification.function_values import HALF, turned
from eqcompiler.verification.index_sums import ONE, Atom, NotReplayed, Open, Product, Range, Sum, add, minus
from eqcompiler.verification.term_entries import At, Environment, Reader, reached


@dataclass(frozen=True, slots=True)
class Normal:
    """A random symbol under a name of its own, with its mean and covariance as functions of places."""

    name: str
    rank: int
    shape: At
    mean: Callable[[At], Sum]
    covariance: Callable[[At], Sum]


def expectation(self: Reader, term: terms.Expectation, at: At, env: Environment) -> Sum:
    left, right = term.arguments[0], term.arguments[-1]
    if term.operation == "E":
        return _mean(self, partial(self.entry, left, at), env)
    first, second = at[: left.type.rank], at[left.type.rank :]

    def product(inner: Environment) -> Sum:
        return self.algebra.product(self.entry(left, first, inner), self.entry(right, second, inner))

    means = [_mean(self, partial(self.entry, side, place), env) for side, place in ((left, first), (right, second))]
    return minus(_mean(self, product, env), self.algebra.product(*means))


def _mean(self: Reader, body: Callable[[Environment], Sum], env: Environment) -> Sum:
    names = [name for name, info in self.document.symbols.items() if info.distribution and name not in env]
    own = {name: partial(self.algebra.entry, f"<{name}>") for name in names}
    value = body({**env, **own})
    for random in [_normal(self, name, env) for name in names if f"<{name}>" in value.key]:
        value = add(*(_expected(self, t, random) for t in value.terms))
    return value


def _normal(self: Reader, name: str, env: Environment) -> Normal:
    info = self.document.symbols[name]
    if info.distribution is None or info.distribution[0] != "normal" or not isinstance(info.type, Type):
        raise NotReplayed(f"the checker does not know the distribution of {name}")
    mean, covariance = info.distribution[1]
    shape = tuple(self.size(size) for size in info.type.shape)
    split = any(size in self.put_together for part in (mean, covariance) for size in part.type.shape)
    if split or any(_is_random(self, part) for part in reached(self.document, mean, covariance)):
        raise NotReplayed("a distribution of this kind")
    return Normal(f"<{name}>", len(shape), shape, self.bound(mean, env), self.bound(covariance, env))


def _is_random(self: Reader, part: Term) -> bool:
    info = self.document.symbols.get(part.name) if isinstance(part, terms.Symbol | terms.Reference) else None
    return info is not None and info.distribution is not None


def _places(self: Reader, x: Normal) -> tuple[list[Range], At]:
    ranges = [self.algebra.fresh(FIRST, size) for size in x.shape]
    return ranges, tuple(Dimension.of(r.name) for r in ranges)


def _expected(self: Reader, term: Product, x: Normal) -> Sum:
    """E[x_i f] = mu_i E[f] + sum_j Sigma_ij E[d f / d x_j], until no entry of x stands before a function of it."""
    algebra = self.algebra
    bound, factors = algebra.opened(term)
    for k, (atom, e) in enumerate(factors):
        if (atom.kind, atom.name) != ("entry", x.name):
            continue
        if e < 1 or e.denominator != 1:
            raise NotReplayed("the expectation of a quotient")
        rest = algebra.close(term.coefficient, (), [*factors[:k], (atom, e - 1), *factors[k + 1 :]])
        ranges, places = _places(self, x)
        slope = add(*(_expected(self, t, x) for t in self.slope(rest, x.name, places).terms))
        turn = algebra.summed(ranges, algebra.product(x.covariance((*atom.at, *places)), slope))
        kept = algebra.product(x.mean(atom.at), add(*(_expected(self, t, x) for t in rest.terms)))
        return algebra.summed(bound, add(kept, turn))
    moving = [(a, e) for a, e in factors if x.name in a.key]
    outer = algebra.close(term.coefficient, (), [f for f in factors if f not in moving])
    return algebra.summed(bound, algebra.product(outer, _of_function(self, moving, x) if moving else ONE))


def _of_function(self: Reader, moving: list[tuple[Atom, Fraction]], x: Normal) -> Sum:
    """e^g, cos g, sin g of an affine g; any other function of a number keeps its expectation as a name."""
    algebra = self.algebra
    if len(moving) == 1 and moving[0][1] == 1 and moving[0][0].called in ("exp", "cos", "sin"):
        atom = moving[0][0]
        inside = atom.inner[0].body
        (left, p), (right, q) = _places(self, x), _places(self, x)
        slopes = [self.slope(inside, x.name, places) for places in (p, q)]
        if not any(x.name in s.key for s in slopes):
            spread = algebra.summed([*left, *right], algebra.product(x.covariance((*p, *q)), *slopes)).times(HALF)
            middle = self.replaced(inside, x.name, x.mean)
            if atom.called == "exp":
                return algebra.exp(add(middle, spread))
            return algebra.product(algebra.exp(spread.times(Fraction(-1))), turned(algebra, atom.name, middle))
    if x.rank or any(a.kind != "unknown" or e != 1 for a, e in moving):
        raise NotReplayed("the expectation of this function")
    inner = (algebra.close(Fraction(1), (), moving), x.mean(()), x.covariance(()))
    return algebra.atom(Atom("mean", x.name, (), tuple(Open((), o) for o in inner)))
