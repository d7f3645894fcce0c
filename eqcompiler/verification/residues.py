"""Agreement modulo large primes: both sides of a rational claim at random points of a finite field.

Takes: a problem, a claim, a seed. Gives: how many random points agree and how probable it is that none shows a difference, or
None where the method says nothing.
Guarantees: only agreement is ever concluded. Symbols take values from all of the field, also where the claim assumes an order,
a sign or an equation: what holds without an assumption holds with it; symmetric, diagonal and orthogonal matrices are made
so. A difference modulo p may come from an assumption that was left out: it decides nothing and rationals go on.

Let N/D be left minus right, N not zero with integer coefficients below 2^(2^20). A random prime of 61 bits divides a given
coefficient with probability below 2^-38 (at most 2^20/60 of more than 2^54 such primes do). If it does not, N vanishes at a
random point with probability at most deg N/p (DeMillo and Lipton 1978, Schwartz 1980, Zippel 1979). Primes and points are
drawn independently, so that probabilities multiply.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import fmpz, nmod

from eqcompiler.errors import EquationError
from eqcompiler.languages.statements import Claim
from eqcompiler.languages.terms import Symbol, Type
from eqcompiler.verification import linear_algebra
from eqcompiler.verification.degree_bounds import Bounds, Degree, NotRational
from eqcompiler.verification.evaluator import Evaluator
from eqcompiler.verification.fields import Field, Undefined
from eqcompiler.verification.jets import tensor
from eqcompiler.verification.problems import Problem
from eqcompiler.verification.relations import entries
from eqcompiler.verification.sample_sizes import allowed
from eqcompiler.verification.samples import Sample
from eqcompiler.verification.sampling import all_indices

BITS, COEFFICIENT_BITS = 61, 38
POINTS, SHAPES, LARGER, TRIES, MOST_INDICES = 3, 3, (3, 5), 30, 4
FAMILIES = ("diagonal", "orthogonal", "symmetric", "positive definite", "positive semidefinite")


@dataclass(frozen=True, slots=True)
class Agreement:
    """points: all of them agree, at so many shapes (0: there are no sizes). bits: a difference is missed with probability below
    2^-bits."""

    points: int
    shapes: int
    bits: int

    def __str__(self) -> str:
        where = f", {self.shapes} larger shape{'s' * (self.shapes > 1)}" if self.shapes else ""
        missed = f"a difference is missed with probability below 2^-{self.bits}"
        return f"modulo primes of {BITS} bits at {self.points} points{where} ({missed})"


def agreement(problem: Problem, claim: Claim, seed: int, deadline: float | None = None) -> Agreement | None:
    """Points modulo primes at which both sides agree; None where a point does not, where the claim is not rational, or when
    the time (time.monotonic()) is over."""
    if problem.functions or problem.iterated or not problem.symbols:  # where only sizes vary, each size is a point of its own
        return None
    chance = random.Random(f"residues {seed}")
    shapes = _larger_shapes(problem, chance)
    found, bits = 0, 0
    for k in range(2 * POINTS if shapes else 0):
        sizes = shapes[k % len(shapes)]
        if deadline is not None and time.monotonic() > deadline:
            return None
        try:
            degree = _degree(problem, claim, sizes)
            same = _same(problem, claim, sizes, _prime(chance), chance)
        except (Undefined, ZeroDivisionError):
            continue
        except (NotRational, EquationError):
            return None
        if not same:
            return None
        found += 1
        bits += min(COEFFICIENT_BITS, BITS - 1 - degree.bit_length()) - 1
        if found == POINTS:
            return Agreement(found, len(shapes) if problem.sizes else 0, bits)
    return None


def _larger_shapes(problem: Problem, chance: random.Random) -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    for _ in range(TRIES):
        sizes = {n: max(chance.randint(*LARGER), problem.document.dimensions.get(n, 1)) for n in problem.sizes}
        if sizes not in found and allowed(problem, sizes):
            found.append(sizes)
        if len(found) == SHAPES or not problem.sizes:
            break
    return found


def _degree(problem: Problem, claim: Claim, sizes: Mapping[str, int]) -> int:
    """Of the numerator of the difference, in what is drawn at random."""
    bounds = Bounds(problem.document, sizes)
    gap: Degree = bounds.of(claim.left, {}) + bounds.of(claim.right, {})
    turned = [problem.symbols[n].shape[0].value(sizes) for n in problem.symbols if _family(problem, n) == "orthogonal"]
    return max(gap.above, gap.below) * 2 * max(turned) if turned else gap.above


def _prime(chance: random.Random) -> int:
    while True:
        candidate = chance.getrandbits(BITS) | 1 | 1 << (BITS - 1)
        if fmpz(candidate).is_prime():
            return candidate


def _same(problem: Problem, claim: Claim, sizes: Mapping[str, int], p: int, chance: random.Random) -> bool:
    field = Field("residues", lambda q: q, lambda q: nmod(q, p), _irrational, _irrational)
    values = {name: _value(problem, name, sizes, p, chance) for name in problem.symbols}
    sample = Sample(sizes, {}, {})
    compared = False
    names = problem.names.of(claim.left) | problem.names.of(claim.right) | {"#" + b.name for b in claim.free}
    for indices in all_indices(problem, sample, names, MOST_INDICES):
        evaluator = Evaluator(problem.document, replace(sample, indices=indices), field, names=problem.names)
        evaluator.root = {**evaluator.root, **values}
        left, right = evaluator.value(claim.left), evaluator.value(claim.right)
        compared = True
        if any(a - b != 0 for a, b in zip(entries(left), entries(right), strict=True)):
            return False
    if not compared:
        raise Undefined("no index to compare at")
    return True


def _irrational() -> Any:
    raise NotRational("an irrational constant")


def _family(problem: Problem, name: str) -> str:
    known = {c.relation for c in problem.conditions if c.right is None and isinstance(c.left, Symbol) and c.left.name == name}
    known |= {
        "symmetric"
        for c in problem.conditions
        if c.relation == "=" and isinstance(c.left, Symbol) and c.left.name == name and _is_transpose_of(c.right, c.left)
    }
    return next((family for family in FAMILIES if family in known), "")


def _is_transpose_of(term: Any, symbol: Symbol) -> bool:
    return getattr(term, "operation", "") == "transpose" and term.arguments == (symbol,)


def _value(problem: Problem, name: str, sizes: Mapping[str, int], p: int, chance: random.Random) -> Any:
    type_: Type = problem.symbols[name]
    shape = tuple(d.value(sizes) for d in type_.shape)
    entries = [nmod(chance.randrange(p), p) for _ in range(int(np.prod(shape, dtype=int)))]
    value = tensor(entries, shape)
    family = _family(problem, name)
    if not family or len(shape) != 2 or shape[0] != shape[1]:
        return value
    if family == "diagonal":
        return value * linear_algebra.identity(shape[0])
    if family == "orthogonal":
        return _orthogonal(value, chance)
    return np.triu(value) + np.triu(value, 1).T


def _orthogonal(value: Any, chance: random.Random) -> Any:
    """Cayley: (I + K)^-1 (I - K) for skew K, times signs, so that both determinants occur."""
    one = linear_algebra.identity(value.shape[0])
    skew = np.triu(value, 1) - np.triu(value, 1).T
    signs = [chance.choice((1, -1)) for _ in range(value.shape[0])]
    return linear_algebra.solve(one + skew, one - skew) * np.array(signs, dtype=object)
