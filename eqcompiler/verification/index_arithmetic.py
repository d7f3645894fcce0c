r"""The arithmetic of the proof checker: sums, products, sums over an index, powers and elementary functions.

Takes: sums with indices. Gives: sums with indices.
Guarantees: every rule is an identity wherever both sides are defined, for all sizes from 1 on; a factor is known to be
positive only by assumption or by its form. Each product that is put together counts: `MOST_WORK` of them end a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

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
    is_filled,
    minus,
    named,
    number,
    placed,
)

MOST_WORK, LARGEST_POWER = 20_000, 12


class Algebra:
    """What is known of symbols (positive, symmetric) and of the ranges of open indices, and the operations that use it."""

    def __init__(self, positive: Iterable[str] = (), symmetric: Iterable[str] = (), definite: Iterable[str] = ()) -> None:
        self.positive, self.symmetric, self.definite = frozenset(positive), frozenset(symmetric), frozenset(definite)
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
        return self.atom(Atom("delta", "", (min(difference, turned, key=str),)))

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
        if atom.name == "det":
            inside = atom.inner[0].body.terms
            return len(inside) == 1 and inside[0].coefficient > 0 and inside[0].factors[0][0].name in self.definite
        known = atom.kind == "entry" and atom.name in self.positive
        return known or atom.kind in ("size", "prime", "constant") or (atom.kind, atom.name) == ("function", "exp")

    def all_positive(self, body: Sum) -> bool:
        """Squares and sums of them, with one term at least that cannot be zero."""
        signs = []
        for t in body.terms:
            positive = all(self.is_positive(a) for a, _ in t.factors) and all(is_filled(r) for r in t.bound)
            squares = all(self.is_positive(a) or e % 2 == 0 for a, e in t.factors)
            signs.append(2 * positive or squares if t.coefficient > 0 else 0)
        return 2 in signs and all(signs)

    # ---- products and sums over an index

    def opened(self, term: Product) -> tuple[tuple[Range, ...], Factors]:
        """The bound indices under names that occur nowhere else, and the factors in them."""
        if not term.bound:
            return (), term.factors
        names: dict[str, Position] = {}
        ranges = []
        for r in term.bound:
            ranges.append(self.fresh(r.lower.substitute(names), r.upper.substitute(names)))
            names[r.name] = Dimension.of(ranges[-1].name)
        return tuple(ranges), tuple((self.renamed(a, names), e) for a, e in term.factors)

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
        exponents = {a: min(e, Fraction(1)) if a.kind in ("delta", "guard") else e for a, e in exponents.items() if e}
        if any(e < 1 for a, e in exponents.items() if a.kind in ("delta", "guard")):
            raise NotReplayed("a division by a Kronecker delta")
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
            used = any(r.name in a.names for a in exponents) or any(r.name in o.upper.names for o in bound)
            if not used and is_filled(r):
                inside = self.close(coefficient, (), tuple(exponents.items()))
                return self.summed(tuple(o for o in bound if o is not r), self.product(inside, self.value(r.upper)))
        return Sum((named(coefficient, bound, tuple(exponents.items()), self.renamed),))

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
        if atom.name == "exp":
            same = tuple(a for a in beside if a.name == "exp")
            if len(same) > 1 or e != 1:
                return same, self.exp(add(*(a.inner[0].body.times(beside[a]) for a in same)))
        if atom.name == "sin" and e >= 2 and e.denominator == 1:
            square = minus(ONE, self.atom(Atom("function", "cos", (), atom.inner), 2))
            return (atom,), self.product(self.power(square, e // 2), *([self.atom(atom)] if e % 2 else []))
        if atom.kind == "prime" and not 0 < e < 1:
            return (atom,), self.product(number(Fraction(int(atom.name)) ** whole), self.atom(atom, e - whole))
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
            if term.coefficient > 0 and all(self.is_positive(a) for a, _ in term.factors):
                root = self.product(ONE, *(self.atom(Atom("prime", str(p)), k * e) for p, k in _primes(term.coefficient)))
                return self.product(root, self.close(Fraction(1), (), ((a, x * e) for a, x in term.factors)))
        if not base.terms:
            raise NotReplayed("a power of zero")
        content, rest = self.content(base, e.denominator == 1)
        outer = ONE if content == ONE else self.power(content, e)
        if len(rest.terms) == 1 and not rest.terms[0].bound and content != ONE:
            return self.product(outer, self.power(rest, e))
        kind = "group" if e.denominator == 1 else "root"
        return self.product(outer, self.atom(Atom(kind, "", (), (Open((), rest),)), e))

    def content(self, body: Sum, signed: bool, axes: frozenset[str] = frozenset()) -> tuple[Sum, Sum]:
        """(what all terms have in common, the rest): the number, and factors that stand outside sums and without the axes."""
        lead = body.terms[0].coefficient if signed else abs(body.terms[0].coefficient)
        shared: dict[Atom, Fraction] = {}
        atoms = dict.fromkeys(a for t in body.terms for a, _ in t.factors) if len(body.terms) > 1 or axes else {}
        for atom in atoms:
            lowest = min(dict(t.factors).get(atom, Fraction(0)) for t in body.terms)
            outside = not any(n[0] == "#" or n in axes for n in atom.names)
            if lowest and outside and (signed or self.is_positive(atom)):
                shared[atom] = lowest
        common = self.close(lead, (), shared.items())
        rest = self.beside(body, tuple((a, -e) for a, e in shared.items())).times(1 / lead)
        if shared and rest.terms:  # the numbers in common may have changed
            more = rest.terms[0].coefficient if signed else abs(rest.terms[0].coefficient)
            common, rest = common.times(more), rest.times(1 / more)
        return self._without_exponential(common, rest) if len(rest.terms) > 1 and "function:exp" in rest.key else (common, rest)

    def beside(self, body: Sum, factors: Factors) -> Sum:
        """The body times a product of atoms, where reciprocals meet what they divide before that is expanded."""
        parts = []
        for term in body.terms:
            bound, own = self.opened(term)
            parts.append(self.summed(bound, self.close(term.coefficient, (), (*own, *factors))))
        return add(*parts)

    def _without_exponential(self, common: Sum, body: Sum) -> tuple[Sum, Sum]:
        """1 + e^-x as e^-x (1 + e^x): of the ways to pull one exponential out, the least text."""
        best = (common, body)
        for u in (a.inner[0].body for t in body.terms for a, _ in t.factors if a.name == "exp" and not t.bound):
            rest = self.product(body, self.exp(u.times(Fraction(-1))))
            lead = rest.terms[0].coefficient
            if lead > 0 and rest.times(1 / lead).key < best[1].key:
                best = (self.product(common, self.exp(u).times(lead)), rest.times(1 / lead))
        return best

    def exp(self, u: Sum) -> Sum:
        """exp(k log a) = a^k."""
        logs = [t for t in u.terms if len(t.factors) == 1 and t.factors[0][0].name == "log" and t.factors[0][1] == 1]
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
        parts += [self._log_atom(Atom("prime", str(p))).times(Fraction(k)) for p, k in _primes(abs(single.coefficient))]
        sign = 1 if single.coefficient > 0 else -1
        if len(u.terms) == 1 and not u.terms[0].bound:
            rest = self.close(Fraction(sign), (), (f for f in single.factors if f not in known))
        if content != ONE and len(rest.terms) == 1 < len(u.terms) and not rest.terms[0].bound:
            return add(*parts, self.log(rest))
        return add(*parts, *([] if rest == ONE else [self._opaque("log", (rest,))]))

    def _log_atom(self, atom: Atom) -> Sum:
        if atom.name == "exp":
            return atom.inner[0].body
        return self._opaque("log", (atom.inner[0].body if atom.kind in ("group", "root") else self.atom(atom),))

    def _opaque(self, name: str, arguments: Sequence[Sum]) -> Sum:
        return self.atom(Atom("function", name, (), tuple(Open((), a) for a in arguments)))

    def _turned(self, name: str, u: Sum) -> Sum:
        """sin(-u) = -sin u, cos(-u) = cos u; sums and whole multiples of angles by the addition theorems."""
        if not u.terms:
            return ONE if name == "cos" else ZERO
        first = Sum(u.terms[:1])
        c = first.terms[0].coefficient
        rest = Sum(u.terms[1:])
        if c.numerator not in (1, -1) and abs(c.numerator) <= LARGEST_POWER:
            unit = first.times(Fraction(1 if c > 0 else -1, abs(c.numerator)))
            first, rest = unit, add(rest, minus(first, unit))
        elif c < 0 and not rest.terms:
            return self._turned(name, u.times(Fraction(-1))).times(Fraction(1 if name == "cos" else -1))
        if not rest.terms:
            return self._opaque(name, (u,))
        (c1, s1), (c2, s2) = ((self._turned("cos", v), self._turned("sin", v)) for v in (first, rest))
        if name == "cos":
            return minus(self.product(c1, c2), self.product(s1, s2))
        return add(self.product(s1, c2), self.product(c1, s2))

    def apply(self, name: str, arguments: tuple[Sum, ...]) -> Sum:
        rule = _FUNCTIONS.get(name)
        return rule(self, arguments[0]) if rule is not None else self._opaque(name, arguments)


def _odd(name: str) -> Callable[[Algebra, Sum], Sum]:
    def rule(self: Algebra, u: Sum) -> Sum:
        if not u.terms:
            return ZERO
        flip = Fraction(-1 if u.terms[0].coefficient < 0 else 1)
        return self._opaque(name, (u.times(flip),)).times(flip)

    return rule


def _hyperbolic(sign: int) -> Callable[[Algebra, Sum], Sum]:
    def rule(self: Algebra, u: Sum) -> Sum:
        return add(self.exp(u), self.exp(u.times(Fraction(-1))).times(Fraction(sign))).times(Fraction(1, 2))

    return rule


_FUNCTIONS: dict[str, Callable[[Algebra, Sum], Sum]] = {
    "exp": Algebra.exp,
    "log": Algebra.log,
    "sqrt": lambda self, u: self.power(u, Fraction(1, 2)),
    "sin": lambda self, u: self._turned("sin", u),
    "cos": lambda self, u: self._turned("cos", u),
    "tan": lambda self, u: self.product(self.apply("sin", (u,)), self.power(self.apply("cos", (u,)), -1)),
    "cot": lambda self, u: self.product(self.apply("cos", (u,)), self.power(self.apply("sin", (u,)), -1)),
    "sec": lambda self, u: self.power(self.apply("cos", (u,)), -1),
    "csc": lambda self, u: self.power(self.apply("sin", (u,)), -1),
    "sinh": _hyperbolic(-1),
    "cosh": _hyperbolic(1),
    "sigmoid": lambda self, u: self.power(add(ONE, self.exp(u.times(Fraction(-1)))), -1),
    "softplus": lambda self, u: self.log(add(ONE, self.exp(u))),
    **{name: _odd(name) for name in ("asin", "atan", "asinh", "atanh", "tanh", "erf", "sign")},
}


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
