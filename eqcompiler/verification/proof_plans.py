r"""How a claim may be shown: directly, or by claims from which it follows, each shown in the same way.

Takes: a document, a claim that is proved, conditions. Gives: a certificate that the separate checker can replay.
Guarantees: none about the claim: what is found here is believed only because `replay` verifies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import Blocks, Cases, Certificate, Induction, Inverted, Squared, Step, Substituted
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition
from eqcompiler.verification.certificates import direct
from eqcompiler.verification.choices import advised
from eqcompiler.verification.index_sums import Atom, NotReplayed, Sum
from eqcompiler.verification.replay import Goal, Work, block_count, can_be_extended, parts, restated
from eqcompiler.verification.sum_terms import Writer
from eqcompiler.verification.term_entries import reached, sizes_of

DEPTH, MOST_COMPARISONS = 3, 3
NOTHING = Certificate(())


def certificate(document: Document, claim: Claim, conditions: tuple[Condition, ...] = ()) -> Certificate:
    """Steps that lead to zero. Raises NotReplayed when none are found."""
    return _certificate(advised(document, claim, conditions), DEPTH)


def _certificate(goal: Goal, depth: int) -> Certificate:
    try:
        return direct(goal)
    except NotReplayed as problem:
        reason = problem
    for step in _plans(goal) if depth else ():
        try:
            return _by(goal, step, depth - 1)
        except (NotReplayed, CompilerFault):
            continue
    raise reason


def _by(goal: Goal, step: Step, depth: int) -> Certificate:
    """The step and what it leaves to show."""
    if isinstance(step, Inverted | Squared | Substituted):
        rest = _certificate(restated(goal, step), depth)
        return replace(rest, steps=(step, *rest.steps))
    if isinstance(step, Blocks | Cases | Induction):
        found = [_certificate(part, depth) for part, _ in parts(goal, step)]
        match step:
            case Blocks():
                step = Blocks(tuple(found))
            case Cases():
                step = Cases(step.condition, found[0], found[1])
            case Induction():
                step = Induction(step.size, found[0], found[1])
    return Certificate((step,))


def _plans(goal: Goal) -> Iterator[Step]:
    claim = goal.claim
    for side, term in (("left", claim.left), ("right", claim.right)) if goal.block is None else ():
        if isinstance(term, terms.Call) and term.operation == "inverse":
            yield Inverted("left" if side == "left" else "right")
    try:
        work = Work(goal)
    except NotReplayed:
        count = block_count(goal)
        if count > 1 and goal.block is None:
            yield Blocks((NOTHING,) * count)
        return
    if "root:" in work.difference.key and not goal.squared:
        yield Squared()
    if not goal.sizes:
        sizes = sorted({n for part in reached(goal.document, claim.left, claim.right) for n in sizes_of(part)})
        yield from (Induction(size, NOTHING, NOTHING) for size in sizes if can_be_extended(goal, size))
    yield from (Cases(condition, NOTHING, NOTHING) for condition in _comparisons(goal, work))
    if "function:sin" in work.difference.key or "function:cos" in work.difference.key:
        parts_of_sides = reached(goal.document, claim.left, claim.right)
        angles = sorted({part.name for part in parts_of_sides if isinstance(part, terms.Symbol)})
        yield from (Substituted(name, 2) for name in angles if name not in goal.factors)


def _comparisons(goal: Goal, work: Work) -> Iterator[Condition]:
    """Whether what stands in |u| or [u >= 0] is negative."""
    writer = Writer(goal.document, {})
    found: dict[str, Condition] = {}
    for atom in _atoms(work.difference):
        if atom.kind == "step" or (atom.called == "abs" and atom.inner[0].body.key not in found):
            inside = atom.inner[0].body
            try:
                zero = terms.Number(terms.SCALAR, Fraction(0))
                relation = atom.name if atom.kind == "step" else ">="
                found[inside.key] = Condition(relation, writer.sum(inside), zero)
            except NotReplayed:
                continue
    yield from list(found.values())[:MOST_COMPARISONS]


def _atoms(body: Sum) -> Iterator[Atom]:
    for term in body.terms:
        for atom, _ in term.factors:
            yield atom
            for o in atom.inner:
                yield from _atoms(o.body)
