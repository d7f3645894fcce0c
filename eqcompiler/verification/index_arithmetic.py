r"""The arithmetic of the proof checker: sums, products, sums over an index, powers and elementary functions.

Takes: sums with indices. Gives: sums with indices.
Guarantees: every rule is an identity wherever both sides are defined, for all sizes from 1 on; a factor is known to be
positive only by assumption or by its form. Each product that is put together counts: `MOST_WORK` of them end a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import comb, prod
from typing import Protocol

from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.verification.index_sums import (
    MOST_TERMS,
    NAMES,
    ONE,
    OPEN,
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
    height_of,
    is_filled,
    minus,
    number,
    placed,
    written,
)

MOST_WORK, LARGEST_POWER = 20_000, 12
SELDOM = ("delta", "guard", "step")  # 0 or 1: equal to their powers

Function = Callable[["Algebra", tuple[Sum, ...]], Sum]


class Choices(Protocol):
    """What has to be chosen, not known: each answer is checked, so that a poor one can lose a proof and never make one."""

    def orders(self, bound: tuple[Range, ...], factors: Factors) -> Iterable[tuple[Range, ...]]:
        """Orders of the bound indices of a product, in which they are named."""

    def apart(self, algebra: Algebra, body: Sum) -> list[Sum]:
        """Factors of a sum, for its root."""

    def primes(self, value: Fraction) -> list[tuple[int, int]]:
        """(p, k) for each prime power p^k in a positive number."""

    def split(self, algebra: Algebra, place: Position, inner: Position) -> tuple[Position, Position]:
        """(p, q) with place = inner (p - 1) + q and q from 1 to inner."""

    def exponential(self, algebra: Algebra, body: Sum) -> Sum:
        """The exponent of an exponential to pull out of a sum; zero for none."""


class Algebra:
    """What is known of symbols (positive, symmetric) and of the ranges of open indices, and the operations that use it."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        adviser: Choices,
        positive: Iterable[str] = (),
        symmetric: Iterable[str] = (),
        definite: Iterable[str] = (),
    ) -> None:
        self.functions, self.adviser = functions, adviser
        self.positive, self.symmetric, self.definite = set(positive), frozenset(symmetric), frozenset(definite)
        self.above_zero: set[str] = set()  # sums that are positive by assumption
        self.decided: dict[tuple[str, str], bool] = {}  # (relation, sum): whether it is >= 0 or > 0, in the case at hand
        self.ranges: dict[str, Range] = {}
        self.work = 0  # products put together so far: counted, so that what is replayed does not depend on the machine

    # ---- atoms

    def fresh(self, lower: Position, upper: Position) -> Range:
        name = f"~{next(NAMES)}"
        self.ranges[name] = Range(name, lower, upper)
        return self.ranges[name]

    def atom(self, atom: Atom, exponent: Fraction | int = 1) -> Sum:
        return self.close(Fraction(1), (), ((atom, Fraction(exponent)),))

    def entry(self, name: str, at: tuple[Position, ...]) -> Sum:
        symmetric = name in self.symmetric and len(at) == 2
        where = tuple(sorted(at, key=str)) if symmetric else at
        return self.atom(Atom("entry", name, where, symmetric=symmetric))

    def delta(self, a: Position, b: Position) -> Sum:
        return self._delta(a - b)

    def _delta(self, difference: Position) -> Sum:
        if difference.constant is not None:
            return ZERO if difference.constant else ONE
        turned = -difference
        if self.is_at_least(difference, 1) or self.is_at_least(turned, 1):
            return ZERO
        return self.atom(Atom("delta", "", (min(difference, turned, key=str),)))

    def is_at_least(self, position: Position, least: int) -> bool:
        """For all sizes from 1 on and all values of the open indices."""
        while indices := [n for n in position.names if n[0] in OPEN]:
            r = self.ranges.get(max(indices, key=lambda n: int(n[1:].partition(".")[0] or 0)))
            c = dict(position.terms).get((r.name,)) if r is not None else None
            if r is None or c is None or any(r.name in t and len(t) > 1 for t, _ in position.terms):
                return False
            position = position.substitute({r.name: r.lower if c > 0 else r.upper})
        return all(c > 0 for names, c in position.terms if names) and sum(c for _, c in position.terms) >= least

    def value(self, position: Position) -> Sum:
        """An index expression as a number."""
        parts = []
        for names, c in position.terms:
            sizes = [Atom("position", "", (Dimension.of(n),)) if n[0] in OPEN else Atom("size", n) for n in names]
            parts.append(self.product(number(c), *(self.atom(a) for a in sizes)))
        return add(*parts)

    def is_positive(self, atom: Atom) -> bool:
        if atom.kind in ("group", "root"):
            return self.all_positive(atom.inner[0].body)
        if atom.called == "det" and len(atom.inner) == 1:
            inside = atom.inner[0].body.terms
            whole = len(inside) == 1 and not inside[0].bound and inside[0].coefficient > 0 and len(inside[0].factors) == 1
            return whole and all(a.kind == "entry" and a.name in self.definite and e == 1 for a, e in inside[0].factors)
        known = atom.kind == "entry" and atom.name in self.positive
        return known or atom.kind in ("size", "prime", "constant") or (atom.kind, atom.name) == ("function", "exp")

    def all_positive(self, body: Sum) -> bool:
        """Assumed, or squares and sums of them, with one term at least that cannot be zero."""
        if body.terms and body.times(1 / abs(body.terms[0].coefficient)).key in self.above_zero:
            return True
        return 2 in (signs := self._signs(body)) and all(signs)

    def not_negative(self, body: Sum) -> bool:
        return all(self._signs(body)) or self.all_positive(body)

    def _signs(self, body: Sum) -> list[int]:
        """For each term 2: it is positive, 1: it is not negative, 0: that is not known."""
        signs = []
        for t in body.terms:
            positive = all(self.is_positive(a) for a, _ in t.factors) and all(is_filled(r) for r in t.bound)
            squares = all(self.is_positive(a) or e % 2 == 0 or a.kind == "root" or a.called == "abs" for a, e in t.factors)
            signs.append(2 * positive or int(squares) if t.coefficient > 0 else 0)
        return signs

    # ---- products and sums over an index

    def opened(self, term: Product) -> tuple[tuple[Range, ...], Factors]:
        """The bound indices under names that occur nowhere else, and the factors in them."""
        if not term.bound:
            return (), term.factors
        names = {r.name: Dimension.of(f"~{next(NAMES)}") for r in term.bound}
        ranges = tuple(Range(str(names[r.name]), r.lower.substitute(names), r.upper.substitute(names)) for r in term.bound)
        self.ranges |= {r.name: r for r in ranges}
        return ranges, tuple((self.renamed(a, names), e) for a, e in term.factors)

    def product(self, *parts: Sum) -> Sum:
        result = parts[0]
        for part in parts[1:]:
            if result.constant is not None or part.constant is not None:
                number_, other = (result, part) if result.constant is not None else (part, result)
                result = other.times(number_.constant or Fraction(0))
                continue
            if len(result.terms) * len(part.terms) > MOST_TERMS:
                raise NotReplayed(f"more than {MOST_TERMS} terms")
            result = add(*(self._times(a, b) for a in result.terms for b in part.terms))
        return result

    def _times(self, a: Product, b: Product) -> Sum:
        (first, left), (second, right) = self.opened(a), self.opened(b)
        return self.close(a.coefficient * b.coefficient, (*first, *second), (*left, *right))

    def summed(self, bound: Sequence[Range], body: Sum) -> Sum:
        """The sum of `body` over open indices, the outermost first."""
        if not bound:
            return body
        parts = []
        for term in body.terms:
            inner, factors = self.opened(term)
            parts.append(self.close(term.coefficient, (*bound, *inner), factors))
        return add(*parts)

    def close(self, coefficient: Fraction, bound: tuple[Range, ...], factors: Iterable[tuple[Atom, Fraction]]) -> Sum:
        """A product in its final form: powers merged, deltas contracted, indices that nothing uses counted, names given."""
        self.work += 1
        if self.work > MOST_WORK:
            raise NotReplayed(f"more than {MOST_WORK} products")
        exponents: dict[Atom, Fraction] = {}
        for atom, e in factors:
            exponents[atom] = exponents.get(atom, Fraction(0)) + e
        exponents = {a: min(e, Fraction(1)) if a.kind in SELDOM else e for a, e in exponents.items() if e}
        if any(e < 1 for a, e in exponents.items() if a.kind in SELDOM):
            raise NotReplayed("a division by what may be zero")
        for atom, e in exponents.items():
            simpler = self._simpler(atom, e, exponents)
            if simpler is not None:
                replaced, value = simpler
                rest = tuple((a, x) for a, x in exponents.items() if a not in replaced)
                return self.summed(bound, self.product(self.close(coefficient, (), rest), value))
            if atom.kind == "delta" and (found := self._solved(atom.at[0], bound)) is not None:
                index, position = found
                rest = tuple((a, x) for a, x in exponents.items() if a is not atom)
                left = tuple(
                    Range(r.name, r.lower.substitute({index: position}), r.upper.substitute({index: position}))
                    for r in bound
                    if r.name != index
                )
                if all(a.kind == "entry" or index not in a.names for a, _ in rest):
                    return self.close(coefficient, left, ((self.renamed(a, {index: position}), x) for a, x in rest))
                return self.summed(left, self.moved(self.close(coefficient, (), rest), {index: position}))
        for r in bound:
            if not is_filled(r) or any(r.name in o.upper.names for o in bound):
                continue
            using = [a for a in exponents if r.name in a.names]
            order = exponents[using[0]] if using else Fraction(0)
            own = Atom("position", "", (Dimension.of(r.name),))
            if order.denominator == 1 and 0 <= order <= LARGEST_POWER and using in ([], [own]):
                inside = self.close(coefficient, (), tuple(f for f in exponents.items() if f[0] != own))
                return self.summed(
                    tuple(o for o in bound if o is not r), self.product(inside, self.power_sum(int(order), self.value(r.upper)))
                )
        return Sum((self.named(coefficient, bound, tuple(exponents.items())),))

    def named(self, coefficient: Fraction, bound: tuple[Range, ...], factors: Factors) -> Product:
        """The product with its bound indices named in one of the orders advised, the one with the least text: a bijection, so
        that a poor order can make equal things look different, never different things equal."""
        best: tuple[str, tuple[Range, ...], Factors] | None = None
        for order in self.adviser.orders(bound, factors) if bound else ((),):
            if sorted(r.name for r in order) != sorted(r.name for r in bound):
                raise NotReplayed("an order of other indices")
            names = {r.name: Dimension.of(f"#{height_of(factors)}.{k}") for k, r in enumerate(order)}
            ranges = tuple(Range(str(names[r.name]), r.lower.substitute(names), r.upper.substitute(names)) for r in order)
            moved = tuple(sorted(((self.renamed(a, names), e) for a, e in factors), key=lambda f: f[0].key))
            key = written(ranges, moved)
            if best is None or key < best[0]:
                best = (key, ranges, moved)
        if best is None:
            raise NotReplayed("no order of the indices")
        return Product(coefficient, best[1], best[2], best[0])

    def power_sum(self, order: int, upper: Sum) -> Sum:
        """1^k + ... + u^k, from (u + 1)^(k+1) - 1 = sum over j <= k of binom(k + 1, j) (1^j + ... + u^j)."""
        total = minus(self.power(add(upper, ONE), order + 1), ONE)
        lower = [self.power_sum(j, upper).times(Fraction(-comb(order + 1, j))) for j in range(order)]
        return add(total, *lower).times(Fraction(1, order + 1))

    def _solved(self, difference: Position, bound: tuple[Range, ...]) -> tuple[str, Position] | None:
        """A bound index that the delta fixes at a place inside its range, and that place."""
        for r in bound:
            c = dict(difference.terms).get((r.name,), 0)
            rest = difference - Dimension.of(c) * Dimension.of(r.name) if c else difference
            if abs(c) != 1 or r.name in rest.names or any(r.name in o.upper.names for o in bound):
                continue
            place = -rest if c == 1 else rest
            other = self.ranges.get(str(place))
            inside = other is not None and (other.lower, other.upper) == (r.lower, r.upper)
            if inside or (is_filled(r) and place in (FIRST, r.upper)):
                return r.name, place
        return None

    def _simpler(self, atom: Atom, e: Fraction, beside: Mapping[Atom, Fraction]) -> tuple[tuple[Atom, ...], Sum] | None:
        """Atoms that stand for something simpler together: (these, their value)."""
        whole = e.numerator // e.denominator
        if atom.kind == "group" and whole > 0:
            return (atom,), self.power(atom.inner[0].body, whole)
        if atom.kind == "root" and whole:
            return (atom,), self.product(self.power(atom.inner[0].body, whole), self.atom(atom, e - whole))
        if atom.called == "exp":
            same = tuple(a for a in beside if a.called == "exp")
            if len(same) > 1 or e != 1:
                return same, self.exp(add(*(a.inner[0].body.times(beside[a]) for a in same)))
        if atom.called == "sin" and e >= 2 and e.denominator == 1:
            square = minus(ONE, self.atom(Atom("function", "cos", (), atom.inner), 2))
            return (atom,), self.product(self.power(square, e // 2), *([self.atom(atom)] if e % 2 else []))
        if atom.kind == "prime" and not 0 < e < 1:
            return (atom,), self.product(number(Fraction(int(atom.name)) ** whole), self.atom(atom, e - whole))
        if atom.called == "power" and atom.inner[0].body.constant == -1 and e not in (0, 1) and e.denominator == 1:
            return (atom,), self.atom(atom, e % 2)
        if atom.called == "abs" and whole >= 2:  # |u|^2 = u^2
            return (atom,), self.product(
                self.power(atom.inner[0].body, 2 * (whole // 2)), self.atom(atom, e - 2 * (whole // 2))
            )
        return None

    # ---- renaming

    def renamed(self, atom: Atom, names: Mapping[str, Position]) -> Atom:
        """The atom with index names exchanged for other names, one to one."""
        if not any(n in atom.names for n in names):
            return atom
        at = tuple(placed(p, names) for p in atom.at)
        if atom.symmetric:
            at = tuple(sorted(at, key=str))
        if atom.kind == "delta":
            at = (min(at[0], -at[0], key=str),)
        inner = tuple(Open(o.axes, self.moved(o.body, names)) for o in atom.inner)
        return Atom(atom.kind, atom.name, at, inner, atom.symmetric)

    def moved(self, body: Sum, places: Mapping[str, Position]) -> Sum:
        """The body with open indices put at other places; what has become simpler is simplified."""
        return self.mapped(body, lambda atom: self._moved_atom(atom, places) if atom.names & places.keys() else None)

    def _moved_atom(self, atom: Atom, places: Mapping[str, Position]) -> Sum:
        at = tuple(placed(p, places) for p in atom.at)
        if atom.kind == "entry":
            return self.entry(atom.name, at)
        if atom.kind == "delta":
            return self._delta(at[0])
        if atom.kind == "position":
            return self.value(at[0])
        inner = tuple(Open(o.axes, self.moved(o.body, places)) for o in atom.inner)
        return self.rebuilt(atom, at, inner)

    def rebuilt(self, atom: Atom, at: tuple[Position, ...], inner: tuple[Open, ...]) -> Sum:
        if atom.kind in ("group", "root"):
            return inner[0].body
        if atom.kind == "function":
            return self.apply(atom.name, tuple(o.body for o in inner))
        where = tuple(sorted(at, key=str)) if atom.symmetric else at
        return self.atom(Atom(atom.kind, atom.name, where, inner, atom.symmetric))

    def operand(self, axes: tuple[Range, ...], body: Sum) -> Open:
        """A tensor over open indices as the argument of an atom."""
        named = tuple(Range(f"?{body.height}.{k}", FIRST, r.upper) for k, r in enumerate(axes))
        return Open(named, self.moved(body, {r.name: Dimension.of(n.name) for r, n in zip(axes, named, strict=True)}))

    def read(self, operand: Open, places: Sequence[Position]) -> Sum:
        return self.moved(operand.body, {r.name: p for r, p in zip(operand.axes, places, strict=True)})

    def mapped(self, body: Sum, rule: Callable[[Atom], Sum | None]) -> Sum:
        """Every atom (not those inside atoms) for which `rule` has a value replaced by it."""
        parts = []
        for term in body.terms:
            bound, factors = self.opened(term)
            values = [(a, e, rule(a)) for a, e in factors]
            kept = [(a, e) for a, e, value in values if value is None]
            if len(kept) == len(values):
                parts.append(Sum((term,)))
                continue
            changed = [self.power(value, e) for _, e, value in values if value is not None]
            parts.append(self.summed(bound, self.product(self.close(term.coefficient, (), kept), *changed)))
        return add(*parts)

    # ---- powers and functions

    def power(self, base: Sum, e: Fraction | int) -> Sum:
        e = Fraction(e)
        if e.denominator == 1 and 0 <= e <= LARGEST_POWER:
            return self.product(ONE, *[base] * int(e))
        if len(base.terms) == 1 and not base.terms[0].bound:
            term = base.terms[0]
            if e.denominator == 1:
                return self.close(term.coefficient ** int(e), (), ((a, x * e) for a, x in term.factors))
            if term.coefficient > 0 and all(self.is_positive(a) or x % 2 == 0 for a, x in term.factors):
                root = self.product(ONE, *(self.atom(Atom("prime", str(p)), k * e) for p, k in self._numbers(term.coefficient)))
                return self.product(root, self.close(Fraction(1), (), ((self._size_of(a), x * e) for a, x in term.factors)))
        if not base.terms:
            raise NotReplayed("a power of zero")
        parts = self.adviser.apart(self, base) if e.denominator > 1 else []
        if len(parts) > 1 and all(map(self.not_negative, parts)) and self.product(*parts) == base:
            return self.product(*(self.power(part, e) for part in parts))
        content, rest = self.content(base, e.denominator == 1)
        outer = ONE if content == ONE else self.power(content, e)
        if len(rest.terms) == 1 and not rest.terms[0].bound and content != ONE:
            return self.product(outer, self.power(rest, e))
        kind = "group" if e.denominator == 1 else "root"
        return self.product(outer, self.atom(Atom(kind, "", (), (Open((), rest),)), e))

    def _size_of(self, atom: Atom) -> Atom:
        """|a|: the root of a^2."""
        return atom if self.is_positive(atom) else Atom("function", "abs", (), (Open((), self.atom(atom)),))

    def content(self, body: Sum, signed: bool, axes: frozenset[str] = frozenset()) -> tuple[Sum, Sum]:
        """(what all terms have in common, the rest): the number, and factors that stand outside sums and without the axes."""
        shared: dict[Atom, Fraction] = {}
        atoms = dict.fromkeys(a for t in body.terms for a, _ in t.factors) if len(body.terms) > 1 or axes else {}
        for atom in atoms:
            lowest = min(dict(t.factors).get(atom, Fraction(0)) for t in body.terms)
            outside = not any(n[0] == "#" or n in axes for n in atom.names)
            if lowest and outside and (signed or self.is_positive(atom)):
                shared[atom] = lowest
        lead, rest = self._lead(self.beside(body, tuple((a, -e) for a, e in shared.items())), signed)
        u = self.adviser.exponential(self, rest)
        more, rest = self._lead(self.product(rest, self.exp(u.times(Fraction(-1)))), signed)
        return self.product(self.close(lead * more, (), shared.items()), self.exp(u)), rest

    def _lead(self, body: Sum, signed: bool) -> tuple[Fraction, Sum]:
        """The number before the first term, and the body without it."""
        lead = body.terms[0].coefficient if body.terms else Fraction(1)
        return (lead, body.times(1 / lead)) if signed else (abs(lead), body.times(1 / abs(lead)))

    def beside(self, body: Sum, factors: Factors) -> Sum:
        """The body times a product of atoms, where reciprocals meet what they divide before that is expanded."""
        parts = []
        for term in body.terms:
            bound, own = self.opened(term)
            parts.append(self.summed(bound, self.close(term.coefficient, (), (*own, *factors))))
        return add(*parts)

    def exp(self, u: Sum) -> Sum:
        """exp(k log a) = a^k."""
        logs = [t for t in u.terms if not t.bound and [(a.called, e) for a, e in t.factors] == [("log", Fraction(1))]]
        if logs:
            powers = [self.power(t.factors[0][0].inner[0].body, t.coefficient) for t in logs]
            return self.product(self.exp(Sum(tuple(t for t in u.terms if t not in logs))), *powers)
        return self.atom(Atom("function", "exp", (), (Open((), u),))) if u.terms else ONE

    def log(self, u: Sum) -> Sum:
        """Split over factors that are known to be positive."""
        if not u.terms:
            raise NotReplayed("a logarithm of zero")
        content, rest = self.content(u, False)
        single = u.terms[0] if len(u.terms) == 1 and not u.terms[0].bound else content.terms[0]
        known = [(a, e) for a, e in single.factors if self.is_positive(a)]
        parts = [self._log_atom(a).times(e) for a, e in known]
        parts += [self._log_atom(Atom("prime", str(p))).times(Fraction(k)) for p, k in self._numbers(abs(single.coefficient))]
        sign = 1 if single.coefficient > 0 else -1
        if len(u.terms) == 1 and not u.terms[0].bound:
            rest = self.close(Fraction(sign), (), (f for f in single.factors if f not in known))
        if content != ONE and len(rest.terms) == 1 < len(u.terms) and not rest.terms[0].bound:
            return add(*parts, self.log(rest))
        return add(*parts, *([] if rest == ONE else [self.opaque("log", (rest,))]))

    def _numbers(self, value: Fraction) -> list[tuple[int, int]]:
        """A positive number as the product of powers of others, as advised."""
        found = self.adviser.primes(value)
        if prod((Fraction(p) ** k for p, k in found), start=Fraction(1)) != value or any(p < 2 for p, _ in found):
            raise NotReplayed("factors of another number")
        return found

    def _log_atom(self, atom: Atom) -> Sum:
        if atom.called == "exp":
            return atom.inner[0].body
        return self.opaque("log", (atom.inner[0].body if atom.kind in ("group", "root") else self.atom(atom),))

    def opaque(self, name: str, arguments: Sequence[Sum]) -> Sum:
        return self.atom(Atom("function", name, (), tuple(Open((), a) for a in arguments)))

    def apply(self, name: str, arguments: tuple[Sum, ...]) -> Sum:
        rule = self.functions.get(name)
        return rule(self, arguments) if rule is not None else self.opaque(name, arguments)
