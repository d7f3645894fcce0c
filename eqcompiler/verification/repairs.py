r"""The nearest repair of a false claim: one small change of its right side that makes it true.

Takes: a document and a claim that is false. Gives: the changed right side as LaTeX, or None.
Guarantees: deterministic, bounded in steps; what is given is true at many exact points, and proved unless proving failed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from eqcompiler.errors import BadInput, EquationError, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import INTEGER, Call, Component, Extremum, Index, Reference, Size, Symbol, Term, UnknownCall
from eqcompiler.verification.edits import Pool, edits
from eqcompiler.verification.evidence import agree
from eqcompiler.verification.fields import Undefined
from eqcompiler.verification.oracle import Place
from eqcompiler.verification.problems import Problem, problem_of, walk
from eqcompiler.verification.sample_sizes import shapes
from eqcompiler.verification.samples import Value
from eqcompiler.verification.sampling import Unsatisfied, all_indices, draw

MOST_EDITS = 1_500  # changed right sides that are tried
MOST_PARTS = 30_000  # nodes of all of them together
MOST_CONFIRMED = 4  # changes that are right at the first points and are looked at more closely
POINTS, DRAWS = 3, 8  # points at which a change is tried, and how many are drawn to find them
INDICES = 4  # values of the free indices at one point
SPREAD = 4
SHORT = 6  # nodes of a sum that comes in as a whole


@dataclass(frozen=True, slots=True)
class _Point:
    """A place where the left side has a value."""

    place: Place
    left: Value


def nearest(document: Document, claim: Claim, offered: Callable[[Claim], str | None]) -> str | None:
    """What is offered for the smallest change of the right side for which anything is; None when there is none."""
    try:
        problem = problem_of(document, claim)
        points = tuple(_points(problem, claim))
        for right in islice(_agreeing(claim, pool_of(problem, claim), points), MOST_CONFIRMED) if points else ():
            if (text := offered(replace(claim, right=right))) is not None:
                return text
    except (NotSupportedYet, BadInput, Undefined):
        return None
    return None


def _agreeing(claim: Claim, pool: Pool, points: tuple[_Point, ...]) -> Iterator[Term]:
    """The changes that are right at all points, while the budget lasts."""
    parts = 0
    for right in islice(edits(claim.right, pool), MOST_EDITS):
        parts += sum(1 for _ in walk(right))
        if parts > MOST_PARTS:
            return
        if right != claim.left and _agree(right, points):
            yield right


def _agree(right: Term, points: tuple[_Point, ...]) -> bool:
    """No point is against the change, and one at least is for it; where it has no value it says nothing."""
    compared = 0
    for point in points:
        try:
            if not agree(point.left, point.place.value(right)):
                return False
        except Undefined:
            continue
        except EquationError:
            return False
        compared += 1
    return compared > 0


def _points(problem: Problem, claim: Claim) -> Iterator[_Point]:
    """Shapes that differ come first: there a wrong transpose shows."""
    sizes = shapes(problem, SPREAD)
    names = problem.names.of(claim.left) | problem.names.of(claim.right) | {"#" + b.name for b in claim.free}
    chance = random.Random(DRAWS)
    found = 0
    for k in range(DRAWS):
        try:
            sample = draw(problem, sizes[(k + 1) % len(sizes)], chance.randint, SPREAD + k)
            chosen = [sample.at(i) for i in all_indices(problem, sample, names, INDICES)]
            places = [Place(problem.document, s, problem.names) for s in chosen]
            point = [_Point(place, place.value(claim.left)) for place in places]
        except (Unsatisfied, Undefined):
            continue
        yield from point
        found += 1
        if found == POINTS:
            return


def pool_of(problem: Problem, claim: Claim) -> Pool:
    """The names that the claim reads, calls and entries that it writes, and its sizes; in that order."""
    written = [t for side in (claim.right, claim.left) for t in walk(side)]
    atoms: list[Term] = [t for t in written if isinstance(t, Reference | UnknownCall | Symbol | Index)]
    atoms += [Symbol(type_, name) for name, type_ in problem.symbols.items() if name.isidentifier()]  # no single members
    atoms += [t for t in written if isinstance(t, Component) and not t.type.rank]
    atoms += _other_definitions(problem, claim)
    atoms += [Index(INTEGER, binder.name) for binder in claim.free]
    sizes = tuple(Size(INTEGER, Dimension.of(name)) for name in problem.sizes)
    return Pool(tuple(dict.fromkeys(atoms)), sizes, tuple(_short_sums(problem.document, written)))


def _other_definitions(problem: Problem, claim: Claim) -> Iterator[Term]:
    """What the file names and the claim does not mention, made of what the claim depends on."""
    known = problem.names.of(claim.left) | problem.names.of(claim.right)
    for name, definition in problem.document.definitions.items():
        if not definition.formals and definition.body.type.rank and not isinstance(definition.body, Extremum):
            reference = Reference(definition.body.type, name)
            if problem.names.of(definition.body) <= known:
                yield reference


def _short_sums(document: Document, written: list[Term]) -> Iterator[Term]:
    """1 - z, y - p: sums of two names in the definitions behind the claim."""
    seen: dict[Term, None] = {}
    names = dict.fromkeys(t.name for t in written if isinstance(t, Reference))
    for name in [*names]:
        names.update(dict.fromkeys(t.name for t in walk(document.definitions[name].body) if isinstance(t, Reference)))
    for name in names:
        for part in walk(document.definitions[name].body):
            if _is_short_sum(part):
                seen[part] = None
    return iter(seen)


def _is_short_sum(part: Term) -> bool:
    two = isinstance(part, Call) and part.operation == "add" and len(part.arguments) == 2 and part.type.rank > 0
    return two and not any(isinstance(t, Index) for t in walk(part)) and sum(1 for _ in walk(part)) <= SHORT
