r"""What the proof checker asks for and does not believe: orders of indices, factors of sums, closed forms.

Takes: what the checker has at hand. Gives: `replay`, the checker with these choices.
Guarantees: none about a claim: the checker tries out each answer (Choices and Adviser say what it asks).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.proof_steps import Certificate, Written
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.verification.axes import Parts
from eqcompiler.verification.entry_rules import block_sizes
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import (
    ONE,
    ZERO,
    Atom,
    Factors,
    NotReplayed,
    Open,
    Position,
    Product,
    Range,
    Sum,
    add,
    is_filled,
    minus,
    number,
)
from eqcompiler.verification.replay import Goal, NotZero, Work, check, equations, goal_of
from eqcompiler.verification.term_entries import Advice, Edge, Reader, reached

MOST_NAMINGS = 48
_NAME = re.compile(r"~\d+")


class Standard:
    """The choices of this program."""

    def axes(self, document: Document, claim: Claim) -> Mapping[Dimension, Parts]:
        found: dict[Dimension, Parts] = {}
        for term in reached(document, claim.left, claim.right):
            found |= {size: own for size, own in _axes_of(term) if size not in (*found, *own.sizes)}
        return found

    def orders(self, bound: tuple[Range, ...], factors: Factors) -> Iterable[tuple[Range, ...]]:
        return itertools.islice(_orders(bound, factors, {r.name: str(r.lower) for r in bound}), MOST_NAMINGS)

    def apart(self, algebra: Algebra, body: Sum) -> list[Sum]:
        return _apart(algebra, body)

    def primes(self, value: Fraction) -> list[tuple[int, int]]:
        return _primes(value)

    def split(self, algebra: Algebra, place: Position, inner: Position) -> tuple[Position, Position]:
        (names, _), *more = inner.terms or (((), 0),)
        for name in place.names if not more else ():
            q = Dimension.of(name)
            r, above = algebra.ranges.get(name), place - q + inner
            own = r is not None and (r.lower, r.upper) == (FIRST, inner) and not any(name in t for t, _ in above.terms)
            if own and all(set(names) <= set(t) for t, _ in above.terms):
                return Dimension(tuple(sorted((_without(t, names), c) for t, c in above.terms))), q
        return place, place

    def exponential(self, algebra: Algebra, body: Sum) -> Sum:
        """1 + e^-x as e^-x (1 + e^x): of the ways to pull one exponential out, the least text."""
        best, chosen = body, ZERO
        found = (a.inner[0].body for t in body.terms for a, _ in t.factors if a.called == "exp" and not t.bound)
        for u in found if len(body.terms) > 1 else ():
            rest = algebra.product(body, algebra.exp(u.times(Fraction(-1))))
            lead = rest.terms[0].coefficient
            if lead > 0 and rest.times(1 / lead).key < best.key:
                best, chosen = rest.times(1 / lead), u
        return chosen

    def has_form(self, term: terms.Reduction) -> bool:
        return _chooses(term.body, term.binder.name)

    def form(self, reader: Reader, inside: Sum, variable: Atom, upper: Edge) -> Advice | None:
        moving = _moving(reader.algebra, inside, variable)
        if variable.kind == "position":
            return _of_series(reader, moving, variable, upper)
        rule = _over_unit if upper == ONE else _over_line if variable.name not in reader.algebra.positive else _over_half_line
        return rule(reader, moving, variable.name)


CHOICES = Standard()


def advised(document: Document, claim: Claim, conditions: tuple[Condition, ...] = ()) -> Goal:
    return goal_of(document, claim, CHOICES, conditions)


def replay(document: Document, claim: Claim, proof: Certificate, conditions: tuple[Condition, ...] = ()) -> None:
    """As `check`, with a fault where the checker sees what must not be left over."""
    told(advised(document, claim, conditions), lambda goal: check(goal, proof))


def follows(document: Document, claim: Claim, step: Written, conditions: tuple[Condition, ...] = ()) -> bool:
    """Whether the checker sees that the side is what the step says. CompilerFault where it sees that it is not."""
    try:
        told(advised(document, claim, conditions), lambda goal: Work(goal).require_written(step))
    except NotReplayed:
        return False
    return True


def told(goal: Goal, ask: Callable[[Goal], None]) -> None:
    """A polynomial in entries that is left over is a wrong step; anything else may be zero for a reason not seen here."""
    try:
        ask(goal)
    except NotZero as left:
        if any(True for _ in equations(goal)) or not all(map(_is_plain, left.rest.terms)):
            raise
        what = f"{left.claimed}: {left.rest.key[:200]} is left"
        raise CompilerFault(what, left.span, fix="report this file: the proof or its checker is wrong") from left


def _is_plain(term: Product) -> bool:
    """A product of entries at different indices that run over whole axes: distinct ones are linearly independent."""
    whole = all(is_filled(r) for r in term.bound)
    entries = all(a.kind in ("entry", "size") and e > 0 and e.denominator == 1 for a, e in term.factors)
    return whole and entries and all(str(p)[0] in "~#?" and len(p.terms) == 1 for a, _ in term.factors for p in a.at)


# --- axes, orders of indices, factors ----------------------------------------------------------------------------------------


def _without(names: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    left = list(names)
    for name in taken:
        left.remove(name)
    return tuple(left)


def _primes(value: Fraction) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        p = 2
        while p * p <= part and p < 1000:
            while part % p == 0:
                found, part = [*found, (p, sign)], part // p
            p += 1
        found += [(part, sign)] * (part > 1)
    return found


def _axes_of(term: Term) -> Iterator[tuple[Dimension, Parts]]:
    if isinstance(term, terms.Block):
        for axis, size in enumerate(term.type.shape):
            sizes = block_sizes(term, axis if term.type.rank == 2 or len(term.rows) > 1 else 1)
            if len(sizes) > 1:
                yield size, Parts(sizes, True)
    if isinstance(term, terms.Call) and term.operation == "kron":
        left, right = term.arguments
        for size, outer, inner in zip(term.type.shape, left.type.shape, right.type.shape, strict=True):
            yield size, Parts((outer, inner), False)
    if isinstance(term, terms.Call) and term.operation == "vec":
        rows, columns = term.arguments[0].type.shape
        yield term.type.shape[0], Parts((columns, rows), False)


def _orders(bound: tuple[Range, ...], factors: Factors, colour: dict[str, str]) -> Iterable[tuple[Range, ...]]:
    """Orders of the bound indices, one for each way to tell apart those that are used alike."""
    for _ in bound:
        seen = {r.name: (colour[r.name], _uses(r, bound, factors, colour)) for r in bound}
        ranks = {value: f"{k:03d}" for k, value in enumerate(sorted(set(seen.values())))}
        following = {name: ranks[value] for name, value in seen.items()}
        if len(set(following.values())) == len(set(colour.values())) and following == colour:
            break
        colour = following
    by_colour = sorted(bound, key=lambda r: colour[r.name])
    for place, r in enumerate(by_colour[:-1]):
        tied = [s for s in by_colour if colour[s.name] == colour[r.name]]
        if len(tied) > 1 and by_colour[place] is r:
            for chosen in tied:
                yield from _orders(bound, factors, {**colour, chosen.name: colour[chosen.name] + "!"})
            return
    yield tuple(by_colour)


def _uses(index: Range, bound: tuple[Range, ...], factors: Factors, colour: Mapping[str, str]) -> str:
    """How an index is used, in words that do not depend on names."""

    def shown(text: str) -> str:
        return _NAME.sub(lambda m: "!" if m[0] == index.name else colour.get(m[0], m[0]), text)

    texts = [shown(f"{index.lower}..{index.upper}")]
    texts += sorted(shown(str(r.upper)) for r in bound if index.name in r.upper.names)
    uses = []
    for atom, e in factors:
        if index.name in atom.names:
            at = [shown(str(p)) for p in atom.at]
            at = [min(at[0], shown(str(-atom.at[0])))] if atom.kind == "delta" else sorted(at) if atom.symmetric else at
            inner = ["+".join(sorted(shown(t.key) for t in o.body.terms)) for o in atom.inner]
            uses.append(f"{atom.kind}{atom.name}{at}{inner}^{e}")
    return " ".join([*texts, *sorted(uses)])


def _apart(algebra: Algebra, body: Sum) -> list[Sum]:
    """A single product as the product of parts that share no bound index."""
    if len(body.terms) != 1:
        return [body]
    bound, factors = algebra.opened(body.terms[0])
    parts: list[tuple[set[str], list[Range], list[tuple[Atom, Fraction]]]] = []
    single: list[tuple[set[str], list[Range], list[tuple[Atom, Fraction]]]] = []
    single += [({r.name, *r.lower.names, *r.upper.names}, [r], []) for r in bound]
    single += [(set(a.names), [], [(a, e)]) for a, e in factors]
    for names, ranges, own in single:
        here = (names & {r.name for r in bound}, ranges, own)
        for part in [part for part in parts if part[0] & here[0]]:
            parts.remove(part)
            here = (part[0] | here[0], part[1] + here[1], part[2] + here[2])
        parts.append(here)
    found = [algebra.summed([r for r in bound if r in p[1]], algebra.close(Fraction(1), (), p[2])) for p in parts]
    return [number(body.terms[0].coefficient), *found] if body.terms[0].coefficient != 1 else found


# --- closed forms --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Moving:
    """A product as t^power * e^exponent * others."""

    power: int
    exponent: Sum
    others: dict[Atom, Fraction]


def _moving(algebra: Algebra, inside: Sum, variable: Atom) -> _Moving:
    exponents = dict(inside.terms[0].factors)
    power, exponent = exponents.pop(variable, Fraction(0)), ZERO
    for atom in [a for a in exponents if a.called == "exp"]:
        exponent = add(exponent, atom.inner[0].body.times(exponents.pop(atom)))
    return _Moving(int(power), exponent, exponents)


def _chooses(term: Term, name: str) -> bool:
    if isinstance(term, terms.Call) and term.operation == "binomial":
        return isinstance(term.arguments[1], terms.Index) and term.arguments[1].name == name
    return any(_chooses(child, name) for child in terms.children(term))


def _of_series(reader: Reader, m: _Moving, variable: Atom, upper: Edge) -> Advice | None:
    algebra, k = reader.algebra, variable.at[0]
    begin, rate = (algebra.moved(m.exponent, {str(k): Dimension.of(j)}) for j in (0, 1))
    ratio, kernels = algebra.exp(minus(rate, begin)), dict(m.others)
    for atom, e in m.others.items():
        if atom.called == "power" and atom.inner[1].body == algebra.value(k):
            ratio = algebra.product(ratio, algebra.power(atom.inner[0].body, e))
            del kernels[atom]
    values = {"c": begin, "r": ratio}
    upward = _gamma_atom(algebra, add(algebra.value(k), ONE))
    if isinstance(upper, Sum):
        downward = _gamma_atom(algebra, add(minus(upper, algebra.value(k)), ONE))
        return Advice("binomial", {**values, "n": upper}, m.power) if kernels == {upward: -1, downward: -1} else None
    if kernels:
        return Advice("exponential", values, m.power) if kernels == {upward: -1} else None
    return Advice("logarithm", values) if m.power < 0 else Advice("geometric", values, m.power)


def _gamma_atom(algebra: Algebra, u: Sum) -> Atom | None:
    value = algebra.apply("gamma", (u,))
    factors = value.terms[0].factors
    return factors[0][0] if len(value.terms) == len(factors) == 1 else None


def _bends(reader: Reader, exponent: Sum, name: str, most: int) -> list[Sum]:
    """The coefficients of a polynomial of at most this degree."""
    found, rest, factorial = [], exponent, Fraction(1)
    for k in range(most + 1):
        found.append(_at(reader, rest, name, ZERO).times(1 / factorial))
        rest, factorial = reader.slope(rest, name, ()), factorial * (k + 1)
    return found


def _at(reader: Reader, body: Sum, name: str, value: Sum) -> Sum:
    return reader.replaced(body, name, lambda place: value)


def _over_line(reader: Reader, m: _Moving, name: str) -> Advice:
    start, speed, bend = _bends(reader, m.exponent, name, 2)
    return Advice("a Gaussian", {"a": bend.times(Fraction(-1)), "b": speed, "c": start}, m.power)


def _over_half_line(reader: Reader, m: _Moving, name: str) -> Advice:
    """t^{q-1} e^{-a t} or t^{q-1} e^{-a t^2}, and waves e^{-a t} cos(w t)."""
    (order,), rest = _orders_of(reader, m, [reader.algebra.entry(name, ())])
    order = add(order, number(m.power))
    start, speed, bend = (b.times(Fraction(c)) for b, c in zip(_bends(reader, rest, name, 2), (1, -1, -1), strict=True))
    for atom in m.others:
        values = {"a": speed, "c": start, "w": _bends(reader, atom.inner[0].body, name, 1)[1]}
        return Advice("a cosine" if atom.called == "cos" else "a sine", values)
    form, width = ("half a Gaussian", bend) if bend.terms else ("gamma", speed)
    return Advice(form, {"a": width, "c": start, "q": order})


def _over_unit(reader: Reader, m: _Moving, name: str) -> Advice:
    """t^{q-1} (1-t)^{p-1}: Euler's integral of the first kind."""
    t = reader.algebra.entry(name, ())
    bases = [t, minus(ONE, t)]
    (first, second), rest = _orders_of(reader, m, bases)
    more = sum((e for a, e in m.others.items() if a.kind == "group" and a.inner[0].body == bases[1]), Fraction(0))
    return Advice("beta", {"c": rest, "p": add(second, number(more)), "q": add(first, number(m.power))})


def _orders_of(reader: Reader, m: _Moving, bases: list[Sum]) -> tuple[list[Sum], Sum]:
    """What stands in e^{c log t} for each of these t, more by 1, and the rest of the exponent."""
    algebra, orders, rest = reader.algebra, [ONE for _ in bases], m.exponent
    logs = [(Atom("function", "log", (), (Open((), base),)), Fraction(1)) for base in bases]
    for t in m.exponent.terms:
        for k, log in enumerate(logs):
            if log in t.factors:
                orders[k] = add(orders[k], algebra.close(t.coefficient, (), (f for f in t.factors if f != log)))
                rest = minus(rest, Sum((t,)))
    return orders, rest
