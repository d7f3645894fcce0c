"""Sizes to try: small ones first, different ones next, equal ones too.

Takes: a problem. Gives: a list of size assignments that satisfy the declared minima and every condition between sizes.
Guarantees: deterministic; among the first few are one with all sizes different, so that a wrong transpose shows by its shape.
"""

from __future__ import annotations

import itertools
import math
import operator
import random
from collections.abc import Callable, Iterable, Mapping

from eqcompiler.errors import BadInput
from eqcompiler.languages.terms import Condition
from eqcompiler.verification.fields import with_enough_bits
from eqcompiler.verification.oracle import Evaluator, Sample
from eqcompiler.verification.problems import DEEPEST, Problem
from eqcompiler.verification.recurrences import with_last_sizes

LARGEST_STEP = 3  # above the smallest allowed size
SIZES_ALONE = 24  # size assignments, about, for a claim in which nothing else can vary: sum_k k = n (n + 1) / 2
MOST_TABLED = 5_000
FAR_SIZES = (7, 12, 30)
LARGEST_SIZE = 100
MOST_FAR_SHAPES = 10  # with all sizes equal, and with one that is far
MOST_WORK = 2_500

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def shapes(problem: Problem, count: int) -> tuple[Mapping[str, int], ...]:
    """Up to `count` assignments. Raises BadInput when no small sizes satisfy the conditions."""
    names = problem.sizes
    if not names:
        return ({},)
    found = [sizes for sizes in _candidates(problem) if allowed(problem, sizes)]
    if not found:
        raise BadInput(f"no small sizes of {', '.join(names)} satisfy what is assumed of them")
    smallest = sorted(found, key=_volume)
    different = [s for s in smallest if len(set(s.values())) == len(s) and min(s.values()) > 1] or smallest[-1:]
    equal = [s for s in smallest if len(set(s.values())) == 1 and min(s.values()) > 1]
    apart = sorted(found, key=lambda s: (-len(set(s.values())), _volume(s)))
    order = [smallest[0], different[0], *equal[:1], *different[1:3], *apart[: count // 2], *smallest]
    return tuple(_without_repeats([_with_last_sizes(problem, sizes) for sizes in order])[:count])


def far_shapes(problem: Problem, named: Iterable[int], growth: int) -> list[Mapping[str, int]]:
    """Sizes around the numbers that a claim names, and a few beyond the small ones. `growth`: the power of the number of
    entries that an evaluation costs; what costs too much is left out."""
    if not problem.sizes:
        return []
    around = sorted({n + step for n in (*named, *FAR_SIZES) for step in (-1, 0, 1) if LARGEST_STEP < n + step <= LARGEST_SIZE})
    equal = [dict.fromkeys(problem.sizes, n) for n in around]
    one = [{name: n if name == far else 2 + k for k, name in enumerate(problem.sizes)} for n in around for far in problem.sizes]
    found = []
    for kind in (equal, one):
        possible = [s for s in kind if _entries_at(problem, s) ** growth <= MOST_WORK and allowed(problem, s)]
        found += possible[:: -max(1, -(-len(possible) // MOST_FAR_SHAPES))][::-1]
    return list(_without_repeats(found))


def _entries_at(problem: Problem, sizes: Mapping[str, int]) -> int:
    types = problem.symbols_at(sizes).values()
    return sum(math.prod(d.value(sizes) for d in type_.shape) for type_ in types)


def _with_last_sizes(problem: Problem, sizes: dict[str, int]) -> dict[str, int]:
    for recurrence in problem.iterated:
        sizes = with_last_sizes(recurrence, sizes)
    return sizes


def _volume(sizes: Mapping[str, int]) -> tuple[int, ...]:
    values = tuple(sizes.values())
    return (sum(v * v for v in values), *values)


def _candidates(problem: Problem) -> list[dict[str, int]]:
    minima = [max(1, problem.document.dimensions.get(name, 1)) for name in problem.sizes]
    steps = LARGEST_STEP + 1
    if not problem.varies:
        steps = max(steps, round(SIZES_ALONE ** (1 / len(minima))))
    if steps ** len(minima) <= MOST_TABLED:
        rows = itertools.product(*(range(low, low + steps) for low in minima))
        return [dict(zip(problem.sizes, row, strict=True)) for row in rows]
    chance = random.Random(len(minima))
    random_rows = [[low + chance.randint(0, LARGEST_STEP) for low in minima] for _ in range(MOST_TABLED)]
    increasing = [list(minima), [low + k % steps for k, low in enumerate(minima)], [low + 1 for low in minima]]
    return [dict(zip(problem.sizes, row, strict=True)) for row in increasing + random_rows]


def allowed(problem: Problem, sizes: Mapping[str, int]) -> bool:
    if any(r.count is not None and r.count.value(sizes) not in range(1, DEEPEST + 1) for r in problem.iterated):
        return False
    for left, relation, right in problem.document.constraints:
        if left.names | right.names <= set(sizes) and not RELATIONS[relation](left.value(sizes), right.value(sizes)):
            return False
    return all(_holds(problem, condition, sizes) for condition in problem.conditions if _about_sizes(problem, condition))


def _about_sizes(problem: Problem, condition: Condition) -> bool:
    return not problem.names.of_condition(condition)


def _holds(problem: Problem, condition: Condition, sizes: Mapping[str, int]) -> bool:
    return bool(with_enough_bits(lambda: Evaluator(problem.document, Sample(sizes), names=problem.names).holds(condition)))


def _without_repeats(order: list[dict[str, int]]) -> list[dict[str, int]]:
    kept: list[dict[str, int]] = []
    for sizes in order:
        if sizes not in kept:
            kept.append(sizes)
    return kept
