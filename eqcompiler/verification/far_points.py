r"""Points where a claim may fail that agrees at small ones: large, tiny and special numbers, and larger sizes.

Takes: a problem. Gives: samples: entries near the numbers that the claim itself names and near powers of ten, entries that
are zero or equal (where a kink or a jump may be), sizes beyond those that the claim names.
Guarantees: every sample meets all conditions; the order and the number of samples depend on the problem alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import repeat

from flint import arb, fmpq

from eqcompiler.errors import EquationError
from eqcompiler.languages.statements import Claim
from eqcompiler.languages.terms import (
    Call,
    Cases,
    Constant,
    Derivative,
    Expectation,
    Extremum,
    Integral,
    Limit,
    Number,
    Reduction,
    Size,
    Term,
    children,
)
from eqcompiler.verification.constraint_solving import Choose, Structure
from eqcompiler.verification.fields import ONE, with_enough_bits
from eqcompiler.verification.free_names import FreeNames
from eqcompiler.verification.oracle import Evaluator, Sample
from eqcompiler.verification.problems import Problem, reached, sides, walk
from eqcompiler.verification.sample_sizes import far_shapes, shapes
from eqcompiler.verification.sampling import Manner, Unsatisfied, draw, draw_in

FAR, FINE, SPECIAL = 120, 48, 12  # points of each kind
FINE_RANGE, STRIDES = 4, (1, 5, 7, 11, 13)
PLACES = 4  # at the two sides of two bounds
SHAPES, DRAWS = 4, 3
ATTEMPTS = 6
DEGREES = (2, 3, 4, 5, 8, 13)  # of unknown functions: what is true for cubic ones is not for all, f'''' = 0
POWERS_OF_TEN = (1, 2, 3, 4, 6, 9)
LARGEST_BOUND = 60  # of an index that runs to a number which is drawn
MOST_NUMBERS = 24  # that are taken from a claim
FAR_BITS = 64
_KINKED = frozenset(("abs", "sign", "floor", "ceil", "relu", "max", "min", "delta", "norm1", "norminf", "pow"))
_GROWTH = dict.fromkeys(("kron", "inverse", "pseudoinverse", "matsqrt", "matexp", "matpow", "det", "rank", "norm2"), 2)
_SLOW = (Derivative, Extremum, Expectation, Integral, Limit)


def far_samples(problem: Problem, claim: Claim) -> Iterator[Sample]:
    """Points at which an agreement elsewhere is put to the test."""
    terms = list(reached(problem.document, [claim.left, claim.right, *(t for c in problem.conditions for t in sides(c))]))
    named = _named_numbers(problem, terms)
    chance = random.Random(len(terms))
    choose = chance.randint
    tried = shapes(problem, SHAPES)
    if problem.varies:
        yield from _drawn(problem, tried, choose, _far_manners(named, _counted(problem.names, terms), chance))
        yield from _drawn(problem, tried, choose, (_fine(problem, k, choose) for k in range(FINE)))
        if any(_is_kinked(term) for term in terms):
            special = Manner(lambda _, structure: _special(structure, choose))
            yield from _drawn(problem, tried, choose, repeat(special, SPECIAL))
    if not problem.iterated:
        for sizes in far_shapes(problem, [int(x.floor()) for x in named], _growth(terms)):
            for _ in range(DRAWS if problem.varies else 1):  # one sum of small numbers is easily zero
                with suppress(Unsatisfied):
                    yield draw(problem, sizes, choose, attempts=ATTEMPTS)


def _drawn(
    problem: Problem, tried: tuple[Mapping[str, int], ...], choose: Choose, manners: Iterable[Manner]
) -> Iterator[Sample]:
    for k, manner in enumerate(manners):
        with suppress(Unsatisfied):
            yield draw_in(problem, tried[k % len(tried)], choose, repeat(manner, ATTEMPTS), DEGREES)


def _far_manners(named: list[fmpq], counted: frozenset[str], chance: random.Random) -> list[Manner]:
    """Each of the numbers, one of its order and its inverse, on each side of what bounds an entry; a choice of them."""
    numbers = [*named, *(fmpq(10) ** k for k in POWERS_OF_TEN)]
    near = [y for x in numbers for y in (x, 2 * x + 1, 1 / (x + 1))]
    found = [_far(x, place, counted, chance.randint) for x in dict.fromkeys(near) for place in range(PLACES)]
    chance.shuffle(found)
    return [_exactly(x, side, counted) for x in named for side in range(2)] + found[:FAR]


def _exactly(x: fmpq, place: int, counted: frozenset[str]) -> Manner:
    return Manner(lambda name, structure: _placed(_bounded(x, name, counted), structure, place))


def _bounded(x: fmpq, name: str, counted: frozenset[str]) -> fmpq:
    return min(x, fmpq(LARGEST_BOUND)) if name in counted else x


def _far(x: fmpq, place: int, counted: frozenset[str], choose: Choose) -> Manner:
    """Entries far or near one, by chance; a symbol alone is always far."""
    rare = choose(0, 2)

    def entry(name: str, structure: Structure) -> fmpq:
        y = x if choose(0, rare) == 0 else fmpq(choose(1, 3))
        side = place if choose(0, 1) else choose(0, PLACES - 1)
        return _placed(_bounded(y, name, counted), structure, side)

    return Manner(entry, 1 / (x + 1) if place % 2 else x)


def _placed(x: fmpq, structure: Structure, place: int) -> fmpq:
    """A number about as far from what bounds the entry, inside of its bounds."""
    low, high = structure.low, structure.high
    x = fmpq(x.ceil()) if structure.integer else x
    found = [x, -x]
    if low is not None and high is not None:
        part = (high - low) / (x + 1)
        found += [low + fmpq(int(x) % max(1, int(high - low)))] if structure.integer else [low + part, high - part]
    elif low is not None:
        found += [low + x, low + 1 / (x + 1)]
    elif high is not None:
        found += [high - x, high - 1 / (x + 1)]
    start = place % len(found)
    inside = [value for value in found[start:] + found[:start] if structure.admits(value)]
    return inside[0] if inside else x


def _fine(problem: Problem, stratum: int, choose: Choose) -> Manner:
    """The range of small numbers is cut into as many parts as there are points: each number visits each part, in an order of
    its own; the entries of a vector are anywhere."""
    order = {name: STRIDES[k % len(STRIDES)] for k, name in enumerate(problem.symbols)}

    def entry(name: str, structure: Structure) -> fmpq:
        part = choose(0, FINE - 1) if problem.symbols[name].shape else order[name] * stratum % FINE
        x = fmpq(2 * FINE_RANGE * (7 * part + choose(0, 6)), 7 * FINE) - FINE_RANGE
        return x if structure.admits(x) else _placed(abs(x), structure, choose(0, PLACES - 1))

    return Manner(entry)


def _special(structure: Structure, choose: Choose) -> fmpq:
    """Zero, one and minus one, so that entries are often equal; the nearest that the bounds admit."""
    x = fmpq(choose(-1, 1))
    return x if structure.admits(x) else _placed(ONE, structure, choose(0, PLACES - 1))


def _is_kinked(term: Term) -> bool:
    return isinstance(term, Cases) or (isinstance(term, Call | Reduction) and term.operation in _KINKED)


def _named_numbers(problem: Problem, terms: list[Term]) -> list[fmpq]:
    """The positive sizes of the numbers, and of scalars made of numbers alone, that the terms name: 1000, 10^6, e^{-3}."""
    found: dict[fmpq, None] = {}
    for term in terms:
        if (
            not isinstance(term, Number | Constant | Call)
            or term.type.shape
            or problem.names.of(term)
            or len(found) >= MOST_NUMBERS
        ):
            continue
        if any(isinstance(part, Size) for part in walk(term)):
            continue
        value = _value(problem, term)
        if value is not None and value != 0:
            found[abs(value)] = None
    return sorted(found)


def _value(problem: Problem, term: Term) -> fmpq | None:
    """The value of a term without names; a rational near it where it is a ball, None where it is far beyond all numbers."""
    try:
        value = with_enough_bits(lambda: Evaluator(problem.document, Sample({}), names=problem.names).value(term))
    except EquationError:
        return None
    if isinstance(value, arb) and arb(2) ** -FAR_BITS < abs(value) < arb(2) ** FAR_BITS:
        mantissa, exponent = value.mid().man_exp()
        return fmpq(mantissa) * fmpq(2) ** int(exponent)
    return value if isinstance(value, fmpq) and value.height_bits() <= FAR_BITS else None


def _counted(names: FreeNames, terms: list[Term]) -> frozenset[str]:
    """The symbols that say how far an index runs."""
    binders = [term.binder for term in terms if isinstance(term, Reduction)]
    return frozenset(name for b in binders for edge in (b.lower, b.upper) for name in names.of(edge))


def _growth(terms: list[Term]) -> int:
    """The power of the number of entries that the slowest of the terms costs."""
    slow = (_GROWTH.get(t.operation, 1) if isinstance(t, Call) else 2 if isinstance(t, _SLOW) else _loops(t) for t in terms)
    return max(slow, default=1)


def _loops(term: Term) -> int:
    """How deep sums are nested."""
    return isinstance(term, Reduction) + max(map(_loops, children(term)), default=0)
