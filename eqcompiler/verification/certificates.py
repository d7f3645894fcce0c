r"""Certificates: the steps that lead a claim's difference to zero, found so that the separate checker can replay them.

Takes: a document, a claim that is proved, conditions. Gives: proof steps (languages.proof_steps).
Guarantees: none about the claim: what is found here is believed only because `replay` verifies it. Denominators are cleared
first; what is then left is written as a sum of multiples of equations, K K^-1 = I and the assumptions, by linear algebra over
the multiples whose terms meet those of the difference (a search in the manner of Faugere 1999 without an order of terms).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.proof_steps import Certificate, Cleared, Step, Used
from eqcompiler.languages.terms import SCALAR, Condition, Term
from eqcompiler.verification.antiderivatives import antiderivatives
from eqcompiler.verification.determinant_lemmas import determinants_in, instances
from eqcompiler.verification.index_sums import ONE, Atom, Factors, NotReplayed, Product, Range, Sum, add, minus
from eqcompiler.verification.lemmas import LEMMAS, instance
from eqcompiler.verification.replay import PARTIAL, Goal, Work, equations, presupposed
from eqcompiler.verification.row_elimination import combination
from eqcompiler.verification.sum_terms import Writer
from eqcompiler.verification.term_entries import Environment

MOST_ROWS, LEVELS, ROUNDS = 400, 4, 8


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation that holds, as a sum that is zero for all values of its open axes."""

    condition: Condition
    axes: tuple[Range, ...]
    zero: Sum
    lemma: str = ""
    of: tuple[Term, ...] = ()
    under: str = ""
    shown: bool = False

    @property
    def leading(self) -> tuple[Product, ...]:
        """The terms with the most factors: what takes their place is smaller. Of an equation between determinants all terms,
        and of what an induction has shown."""
        if self.shown or "det" in (self.under, self.lemma[:3]):
            return tuple(t for t in self.zero.terms if t.factors)
        most = max(len(t.factors) for t in self.zero.terms)
        return tuple(t for t in self.zero.terms if len(t.factors) == most)


@dataclass(frozen=True, slots=True)
class Multiple:
    """factor times an equation, summed over `bound` (the equation's axes first); `row` is what that is."""

    equation: Equation
    bound: tuple[Range, ...]
    factor: Sum
    row: Sum


def direct(goal: Goal) -> Certificate:
    """Steps on the difference itself."""
    found = antiderivatives(goal)
    work = Work(goal, {step.integral: step.primitive for step in found})
    search = _Search(work)
    axes = tuple(search.writer.name(p) for place in work.at for p in sorted(place.names) if p[0] == "~")
    search.open_names |= {p for place in work.at for p in place.names}
    work.name_axes(axes)
    return Certificate((*found, *search.steps(work.difference)), axes)


class _Search:
    def __init__(self, work: Work) -> None:
        self.document, self.reader, self.algebra = work.goal.document, work.reader, work.algebra
        self.goal, self.env = work.goal, work.env
        self.hypothesis = work.goal.hypothesis
        self.defined = work.defined
        self.open_names = {str(place) for place in work.env.values() if isinstance(place, Dimension)}
        found = [
            matrix
            for reader in (work.reader, work.sides_reader)
            for _, matrix, inner in reader.matrices
            if _same_names(matrix, inner, work.env) and matrix.type.shape[0] not in reader.put_together
        ]
        self.roots = {matrix for operation, matrix, _ in work.sides_reader.matrices if operation == "matsqrt"}
        self.has_logarithm = "function:log" in work.difference.key
        self.matrices = list({matrix: matrix for matrix in found})
        self.determinants = list(dict.fromkeys(determinants_in(work.goal)))
        self.writer = Writer(self.document, self.notation(), frozenset(b.name for b in work.goal.claim.free))
        self.writer.names |= {str(place): name[1:] for name, place in work.env.items() if isinstance(place, Dimension)}
        self.powers = tuple(self.commuting(work.difference))
        below = (a for t in work.difference.terms for a, e in t.factors if e < 0 and a.kind == "entry")
        self.units = {a.name for a in below} | self.algebra.positive  # what may be divided by

    def commuting(self, difference: Sum) -> Iterator[tuple[str, tuple[Term, ...]]]:
        """A A^k = A^k A for the powers that occur."""
        powers = dict.fromkeys(a for t in difference.terms for a, _ in t.factors if a.called == "matpow")
        for atom in {(a.inner[0].key, a.inner[1].key): a for a in powers}.values():
            yield "commuting", (self.writer.matrix("matpow", atom.inner[0]), self.writer.sum(atom.inner[1].body))

    def notation(self) -> dict[tuple[str, str], Term]:
        """How the author writes the operands of the inverses and determinants that occur, or their transposes."""
        found: dict[tuple[str, str], Term] = {}
        for matrix in self.matrices:
            for operation in ("inverse", "det"):
                call = terms.Call(matrix.type if operation == "inverse" else SCALAR, operation, (matrix,))
                places = self.reader.axes(call)
                factors = [t.factors for t in self.reader.entry(call, places, self.env).terms if t.coefficient == 1]
                if len(factors) == 1 and len(factors[0]) == 1 and factors[0][0][0].kind == "whole":
                    atom = factors[0][0][0]
                    turned = terms.Call(matrix.type, "transpose", (matrix,))
                    written = matrix if atom.at == places or atom.symmetric else turned
                    for name in (operation, "matpow") if operation == "inverse" else (operation,):
                        found.setdefault((name, atom.inner[0].key), written)
        return found

    def steps(self, difference: Sum) -> tuple[Step, ...]:
        steps: list[Step] = []
        if self.hypothesis is not None and (used := self.by_hypothesis(difference)) is not None:
            steps.append(self.step(Fraction(1), used))
            difference = minus(difference, used.row)
        for _ in range(ROUNDS):
            below = _denominator(difference)
            if below is None:
                break
            step = Cleared(self.writer.sum(self.algebra.power(self.algebra.atom(below), 1)))
            difference = self.reader.cleared(difference, step.denominator, self.env)
            steps.append(step)
        if not difference.terms:
            return tuple(steps)
        return (*steps, *(self.step(c, m) for c, m in self.combination(difference)))

    def by_hypothesis(self, difference: Sum) -> Multiple | None:
        """The multiple of what is shown for the size itself that leaves the fewest sums: one that takes a term away."""
        best, least = None, _weight(difference)
        for equation in self.equation(self.hypothesis) if self.hypothesis is not None else ():
            quotients = (_quotient(t, part) for t in difference.terms for part in equation.zero.terms)
            for multiple in (
                m for q in quotients if q is not None and not equation.axes for m in self.multiple(equation, (), q)
            ):
                weight = _weight(minus(difference, multiple.row))
                if weight < least:
                    best, least = multiple, weight
        return best

    def step(self, c: Fraction, multiple: Multiple) -> Used:
        rank = multiple.equation.condition.left.type.rank
        outer, self.writer.names = self.writer.names, dict(self.writer.names)
        binders = tuple(self.writer.binder(r) for r in multiple.equation.axes)
        factor = self.writer.sum(multiple.factor.times(c))
        if any(self.writer.names[r.name] != b.name for r, b in zip(multiple.equation.axes[rank:], binders[rank:], strict=True)):
            raise NotReplayed("an equation whose index has two names")
        self.writer.names = outer
        equation = multiple.equation
        return Used(equation.condition, binders, factor, equation.lemma, equation.of, equation.under)

    def combination(self, difference: Sum) -> list[tuple[Fraction, Multiple]]:
        """The difference as a sum of multiples of equations."""
        given = list(self.equations())
        composite = [e for e in given if len(e.zero.terms) > 2 or any(len(t.factors) > 2 for t in e.zero.terms)]
        pool = _Pool()
        first, wanted = list(difference.terms), difference
        pool.add(self.inside(first, given, LEVELS))
        ends = first
        for chosen, free_only in ((composite, True), (composite, True), (given, True), (given, False)):
            if (found := pool.combination(wanted)) is not None:
                return found
            grown = pool.add(m for t in (ends if free_only else first) for m in self.insertions(t, chosen, free_only))
            pool.add(self.inside(grown, given, LEVELS))
            ends = grown
        found = pool.combination(wanted)
        if found is None:
            raise NotReplayed("no certificate was found")
        return found

    def inside(self, level: Sequence[Product], given: Sequence[Equation], depth: int) -> Iterator[Multiple]:
        """Multiples a term of which stands among these terms, and the same again for the terms that they bring."""
        met = {t.key for t in level}
        for _ in range(depth):
            following: list[Product] = []
            for term in level:
                for multiple in self.multiples(term, given):
                    yield multiple
                    following += [t for t in multiple.row.terms if t.key not in met]
                    met |= {t.key for t in multiple.row.terms}
            level = following

    # ---- equations

    def equations(self) -> Iterator[Equation]:
        for matrix in self.matrices:
            yield from self.instance("inverse", (matrix,))
            yield from self.instance("inverse before", (matrix,))
            if matrix in self.roots:
                yield from self.instance("root", (matrix,))
        for lemma, of in self.powers:
            yield from self.instance(lemma, of)
        for lemma, of in instances(self.determinants):
            for under in ("", *(("log",) if self.has_logarithm else ())):
                yield from self.instance(lemma, of, under)
        for condition in equations(self.goal):
            yield from (replace(e, shown=condition == self.hypothesis) for e in self.equation(condition))
            if condition.left.type.rank == 2 and self.determinants and condition.right is not None:
                sides = (terms.Call(SCALAR, "det", (side,)) for side in (condition.left, condition.right))
                yield from self.equation(Condition("=", *sides), under="det")

    def instance(self, lemma: str, of: tuple[Term, ...], under: str = "") -> Iterator[Equation]:
        sides = instance(lemma, of, under)
        if sides is not None:
            yield from self.equation(Condition("=", *sides), lemma, of, under)

    def equation(self, condition: Condition, lemma: str = "", of: tuple[Term, ...] = (), under: str = "") -> Iterator[Equation]:
        right = condition.right
        try:
            places = self.reader.axes(condition.left)
            if right is None:
                return
            zero = minus(self.reader.entry(condition.left, places, self.env), self.reader.entry(right, places, self.env))
        except NotReplayed:
            return
        if zero.terms and presupposed(self.algebra, zero) <= self.defined:
            axes = tuple(self.algebra.ranges[str(p)] for p in places)
            yield Equation(condition, axes, zero, lemma, of, under)

    def reciprocals(self, factors: Factors) -> Iterator[Equation]:
        """u (1/u) = 1 for the denominators beside which a term stands, at the indices at which they stand."""
        for atom, e in factors:
            if atom.name in LEMMAS and atom.kind == "function" and not any(n not in self.open_names for n in atom.names):
                yield from self.instance(atom.name, (self.writer.sum(atom.inner[0].body),))
            if atom.kind == "group" and e < 0:
                axes = tuple(self.algebra.ranges[n] for n in sorted(atom.names) if n not in self.open_names)
                body = self.algebra.power(self.algebra.atom(atom), 1)
                for r in axes:
                    self.writer.name(r.name)
                named = self.writer.sum(body)
                unit = terms.Number(SCALAR, Fraction(1))
                condition = Condition("=", terms.Call(SCALAR, "mul", (named, terms.Call(SCALAR, "div", (unit, named)))), unit)
                zero = minus(self._beside(body, atom), ONE)
                yield Equation(condition, axes, zero, "reciprocal", (named,))

    def _beside(self, body: Sum, atom: Atom) -> Sum:
        """u * (1/u) with the reciprocal kept as a factor."""
        parts = []
        for term in body.terms:
            bound, factors = self.algebra.opened(term)
            part = self.algebra.close(term.coefficient, (), (*factors, (atom, Fraction(-1))))
            parts.append(self.algebra.summed(bound, part))
        return add(*parts)

    # ---- multiples

    def multiples(self, term: Product, given: Sequence[Equation]) -> Iterator[Multiple]:
        bound, factors = self.algebra.opened(term)
        for equation in (*given, *self.reciprocals(factors)):
            for part in equation.leading:
                yield from self.embedded(equation, part, bound, factors)

    def insertions(self, term: Product, given: Sequence[Equation], free_only: bool) -> Iterator[Multiple]:
        bound, factors = self.algebra.opened(term)
        for equation in (*given, *self.reciprocals(factors)):
            yield from self.inserted(equation, bound, factors, free_only)

    def embedded(self, equation: Equation, part: Product, bound: tuple[Range, ...], factors: Factors) -> Iterator[Multiple]:
        inner, pattern = self.algebra.opened(part)
        if all(a.kind == "delta" for a, _ in pattern):
            return
        variables = {r.name for r in (*equation.axes, *inner)}
        for places, rest in _embeddings(pattern, factors, variables, {}, self.units):
            if any(r.name not in places for r in inner):
                continue
            taken = [str(places[r.name]) for r in inner]
            open_ = {n for a, _ in rest for n in a.names} | {str(places.get(r.name)) for r in equation.axes}
            names = {r.name for r in bound}
            if len(set(taken)) < len(taken) or not set(taken) <= names or open_ & set(taken):
                continue
            deltas = [self.algebra.delta(Dimension.of(r.name), places[r.name]) for r in equation.axes if r.name in places]
            left = [r for r in bound if r.name not in taken and r not in equation.axes]
            yield from self.multiple(equation, left, self.algebra.product(self.rest(rest), *deltas))

    def rest(self, factors: Factors) -> Sum:
        return self.algebra.close(Fraction(1), (), factors)

    def multiple(self, equation: Equation, bound: Sequence[Range], factor: Sum) -> Iterator[Multiple]:
        algebra = self.algebra
        try:
            factor = algebra.summed(bound, factor)
            row = algebra.summed(equation.axes, algebra.product(factor, equation.zero))
        except NotReplayed:
            return
        if row.terms and presupposed(algebra, factor, functions=PARTIAL) <= self.defined:
            yield Multiple(equation, equation.axes, factor, row)

    def inserted(self, equation: Equation, bound: tuple[Range, ...], factors: Factors, free_only: bool) -> Iterator[Multiple]:
        """The equation's identity put at an index: one of the places where it stands moves to the other end."""
        if set(equation.axes) <= set(bound):
            yield from self.multiple(equation, [r for r in bound if r not in equation.axes], self.rest(factors))
            return
        if len(equation.axes) != 2:
            return
        ends = [Dimension.of(r.name) for r in equation.axes]
        for name in dict.fromkeys(str(p) for a, _ in factors for p in a.at if p.names):
            r = self.algebra.ranges.get(name)
            uses = [(k, j) for k, (a, e) in enumerate(factors) for j, p in enumerate(a.at) if str(p) == name and e == 1]
            inside = sum(name in a.names for a, _ in factors)
            is_bound = any(b.name == name for b in bound)
            if r is None or r.upper != equation.axes[0].upper or inside != len({k for k, _ in uses}):
                continue
            if len(uses) > (2 if is_bound else 1) or (is_bound and free_only):
                continue
            for near, far in (ends, ends[::-1]):
                k, j = uses[0]
                moved = [(_at(a, j, near) if i == k else a, e) for i, (a, e) in enumerate(factors)]
                delta = self.algebra.delta(far, Dimension.of(name))
                yield from self.multiple(equation, bound, self.algebra.product(self.rest(tuple(moved)), delta))


def _weight(body: Sum) -> tuple[int, int]:
    return sum(bool(t.bound) or any(a.height for a, _ in t.factors) for t in body.terms), len(body.terms)


def _quotient(above: Product, below: Product) -> Sum | None:
    """Of two products with the same sums, or None."""
    exponents = dict(above.factors)
    for atom, e in below.factors:
        exponents[atom] = exponents.get(atom, Fraction(0)) - e
    left = tuple((a, e) for a, e in exponents.items() if e)
    if above.bound != below.bound or any(n[0] == "#" for a, _ in left for n in a.names):
        return None
    ordered = tuple(sorted(left, key=lambda f: f[0].key))
    key = " ".join(a.key if e == 1 else f"{a.key}^{e}" for a, e in ordered)
    return Sum((Product(above.coefficient / below.coefficient, (), ordered, key),))


def _at(atom: Atom, place: int, position: Dimension) -> Atom:
    at = tuple(position if k == place else p for k, p in enumerate(atom.at))
    return Atom(atom.kind, atom.name, tuple(sorted(at, key=str)) if atom.symmetric else at, atom.inner, atom.symmetric)


def _same_names(matrix: Term, inner: Environment, env: Environment) -> bool:
    """Whether nothing is bound that the matrix reads, besides the claim's own indices: it means the same beside the claim."""
    bound = {name for name, value in inner.items() if name not in env or env[name] != value}
    if not bound:
        return True
    parts = [matrix]
    for part in parts:
        parts += terms.children(part)
    if any(isinstance(part, terms.Reference) for part in parts):
        return False
    used = {part.name for part in parts if isinstance(part, terms.Symbol)}
    return not bound & (used | {"#" + part.name for part in parts if isinstance(part, terms.Index)})


def _denominator(difference: Sum) -> Atom | None:
    """A sum in a denominator outside of sums over indices."""
    for term in difference.terms:
        for atom, e in term.factors:
            if atom.kind == "group" and e < 0 and e.denominator == 1 and not any(n[0] == "#" for n in atom.names):
                return atom
    return None


def _embeddings(
    pattern: Factors, factors: Factors, variables: set[str], places: dict[str, Dimension], units: set[str]
) -> Iterator[tuple[dict[str, Dimension], Factors]]:
    """Ways in which the pattern divides the factors: (where its variables go, what is left)."""
    if not pattern:
        yield places, factors
        return
    (first, e), rest = pattern[0], pattern[1:]
    unit = first.kind == "entry" and first.name in units and not first.at and first not in dict(factors)
    if (first.called == "exp" and e == 1) or unit:  # what is positive divides everything
        yield from _embeddings(rest, (*factors, (first, -e)), variables, places, units)
        return
    for k, (atom, power) in enumerate(factors):
        divides = (e > 0) == (power > 0) and abs(power) >= abs(e) and (power - e).denominator == 1
        if not divides or (atom.kind, atom.name, len(atom.at)) != (first.kind, first.name, len(first.at)):
            continue
        if [o.key for o in atom.inner] != [o.key for o in first.inner]:
            continue
        left = (*factors[:k], *([(atom, power - e)] if power != e else []), *factors[k + 1 :])
        for at in (atom.at, atom.at[::-1]) if atom.symmetric else (atom.at,):
            matched = _placed(first.at, at, variables, places)
            if matched is not None:
                yield from _embeddings(rest, left, variables, matched, units)


def _placed(
    wanted: Sequence[Dimension], found: Sequence[Dimension], variables: set[str], places: dict[str, Dimension]
) -> dict[str, Dimension] | None:
    result = dict(places)
    for p, q in zip(wanted, found, strict=True):
        name = str(p)
        if name not in variables:
            if p != q:
                return None
        elif result.setdefault(name, q) != q:
            return None
    return result


class _Pool:
    """Multiples with distinct rows."""

    def __init__(self) -> None:
        self.multiples: list[Multiple] = []
        self.rows: set[str] = set()
        self.terms: set[str] = set()

    def combination(self, wanted: Sum) -> list[tuple[Fraction, Multiple]] | None:
        found = combination([m.row for m in self.multiples], wanted)
        return None if found is None else [(c, self.multiples[k]) for c, k in found]

    def add(self, multiples: Iterable[Multiple]) -> list[Product]:
        """The terms that were not met before."""
        new: list[Product] = []
        for multiple in multiples:
            if multiple.row.key in self.rows:
                continue
            if len(self.multiples) >= MOST_ROWS:
                raise NotReplayed(f"no certificate among {MOST_ROWS} multiples of the equations")
            self.rows.add(multiple.row.key)
            self.multiples.append(multiple)
            new += [t for t in multiple.row.terms if t.key not in self.terms]
            self.terms |= {t.key for t in multiple.row.terms}
        return new
