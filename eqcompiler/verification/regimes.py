r"""Regimes: points on both sides of a comparison and on it, where random points nearly always lie on one side.

Takes: a claim. Gives: the comparisons that its value jumps at, as conditions under which more points are to be drawn.
Guarantees: [x = 17] = 0 agrees at every random point and is false; a claim about cases holds by evidence only where every side
of each comparison was reached. A comparison that no condition on the symbols expresses is named: then nothing holds by points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import (
    INTEGER,
    Call,
    Cases,
    Comprehension,
    Condition,
    Derivative,
    Extremum,
    Index,
    Integral,
    Limit,
    Number,
    Reduction,
    Reference,
    Symbol,
    Term,
    children,
)
from eqcompiler.verification.evidence import Evidence

SIDES = ("=", "<", ">")
COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})
MOST_NAMED = 3
SMALL = 3  # indices are compared with numbers up to this in every shape that is tried
NOTHING: frozenset[str] = frozenset()
ZERO = Number(INTEGER, Fraction(0))


@dataclass(frozen=True, slots=True)
class Jumps:
    """closed: comparisons of values that the symbols decide; others: comparisons of entries, of bound or of large numbers."""

    closed: tuple[Condition, ...]
    others: tuple[Condition, ...]

    def regimes(self) -> Iterator[Condition]:
        return (Condition(side, c.left, c.right) for c in self.closed for side in SIDES)


@dataclass(frozen=True, slots=True)
class Compared:
    """against: points that refute; missed: the sides that no point was compared on, in words, "" for none."""

    against: Evidence | None
    missed: str


def compared(document: Document, claim: Claim, points: Callable[[tuple[Condition, ...]], Evidence]) -> Compared:
    """Points on every side of every comparison. `points` gives them under further conditions."""
    found = jumps(document, claim)
    missed = [condition_latex(document, test) for test in found.others]
    for regime in found.regimes():
        here = points((regime,))
        if here.counterexample is not None:
            return Compared(here, "")
        at_a_kink = regime.relation == "=" and here.skipped  # reached, and a side has no value there: a derivative
        missed += [] if here.agreements or at_a_kink else [condition_latex(document, regime)]
    return Compared(None, f"no point was compared on every side of {', '.join(missed[:MOST_NAMED])}" if missed else "")


def jumps(document: Document, claim: Claim) -> Jumps:
    closed: dict[Condition, None] = {}
    others: dict[Condition, None] = {}
    for test, bound in _tests(document, (claim.left, claim.right)):
        if test.relation not in COMPARED or test.right is None or _counts(test):
            continue
        inside = _bound_in(test, bound) or test.left.type.rank
        (others if inside else closed)[test] = None
    return Jumps(tuple(closed), tuple(others))


def _tests(document: Document, terms: tuple[Term, ...]) -> Iterator[tuple[Condition, frozenset[str]]]:
    """Every comparison that a value jumps at, with the names that are bound there."""
    pending: list[tuple[Term, frozenset[str]]] = [(term, NOTHING) for term in terms]
    seen: set[str] = set()
    while pending:
        term, bound = pending.pop()
        match term:
            case Cases(branches=branches):
                yield from ((test, bound) for tests, _ in branches for test in tests)
            case Call(operation="sign", arguments=(inner,)):
                yield Condition("=", inner, ZERO), bound
            case Reduction(where=where, binder=binder):
                yield from ((test, bound) for test in where)
                bound |= {binder.name}
            case Comprehension(binders=binders):
                bound |= {binder.name for binder in binders}
            case Integral() | Limit() | Extremum():
                bound |= {term.variable}
            case Derivative(variable=variable, point=Term()):
                bound |= {variable}
            case Reference(name=name) if name not in seen and name in document.definitions:
                seen.add(name)
                definition = document.definitions[name]
                own = tuple(a.name if isinstance(a, Symbol) else "" for a in term.arguments)
                formals = frozenset() if own == definition.formals else frozenset(definition.formals)
                pending.append((definition.body, bound | formals))
        pending += [(child, bound) for child in children(term)]


def _counts(test: Condition) -> bool:
    """A comparison of indices and small numbers alone: every shape that is tried has all its cases."""
    terms = [term for side in (test.left, test.right) if side is not None for term in _below(side)]
    if any(isinstance(t, Symbol | Reference | Cases | Reduction) for t in terms):
        return False
    return all(abs(t.value) <= SMALL for t in terms if isinstance(t, Number))


def _bound_in(test: Condition, bound: frozenset[str]) -> bool:
    sides = [side for side in (test.left, test.right) if side is not None]
    return any(isinstance(t, Index) or (isinstance(t, Symbol) and t.name in bound) for s in sides for t in _below(s))


def _below(term: Term) -> Iterator[Term]:
    yield term
    for child in children(term):
        yield from _below(child)
