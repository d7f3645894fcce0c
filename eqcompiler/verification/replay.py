r"""The proof checker: expands both sides of a claim by itself and replays the steps of a proof on their difference.

Takes: a goal (a document, a claim, what is assumed, an adviser) and proof steps. Gives: nothing; `check` returns when the
steps lead to zero.
Guarantees: shares no code with what finds proofs (only languages and errors): it has its own arithmetic and its own
derivatives, forwards, by the product rule. NotReplayed: it cannot follow. CompilerFault: a step is wrong.

What must be believed for a replay to mean something is in these modules, which import nothing else:

    index_sums, index_arithmetic     sums of products with indices; what is zero, positive, equal
    function_values                  functions and powers of them, by rules
    defined_operations               tables: operations that stand for others, slopes of functions
    closed_forms, lemmas             tables: integrals and series; equations between terms that hold by their form
    axes, term_entries, entry_rules  one entry of a typed term as such a sum; derivatives, inverses, determinants
    generating_functions             what binds a number: integrals, series, limits
    expected_values                  expectations over normal symbols
    replay                           steps, and the goals that they leave

A proof (languages.proof_steps) is data. Besides, the checker asks its adviser (term_entries.Adviser) for orders of indices,
factors, parts of axes and closed forms, and tries out what it is told; a test gives it advice that is wrong. Not believed is
what finds and chooses: proof_plans, certificates, choices, antiderivatives, determinant_lemmas, row_elimination, sum_terms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from eqcompiler.errors import CompilerFault, Span
from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import ONE as FIRST
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.proof_steps import (
    Antiderivative,
    Blocks,
    Cases,
    Certificate,
    Cleared,
    Induction,
    Inverted,
    Squared,
    Step,
    Substituted,
    Used,
    Written,
)
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.verification.axes import Parts
from eqcompiler.verification.entry_rules import RULES
from eqcompiler.verification.function_values import FUNCTIONS, decide
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import NotReplayed, Open, Sum, minus
from eqcompiler.verification.lemmas import instance
from eqcompiler.verification.term_entries import Adviser, Reader, reached, sizes_of

_INDEX = re.compile(r"[~#?][\d.]+")
PARTIAL = ("log", "asin", "acos", "acosh", "atanh", "gamma", "power")  # functions that have no value at some places


class NotZero(NotReplayed):
    """What is left of a difference: it may be zero for a reason that the checker does not see.

    Example: a proof without one of its steps. Repair: none is needed; the evidence beside the proof is as it was.
    """

    def __init__(self, what: str, rest: Sum, span: Span | None) -> None:
        super().__init__(f"{what}, as far as the checker sees: {rest.key[:1500]}", span)
        self.claimed, self.rest = what, rest


@dataclass(frozen=True)
class Goal:
    """What is to be shown: a claim, or a part of it.

    sizes: what stands in the place of a size in an induction, with what is shown for the size itself as `hypothesis`.
    block: which block of the sides. factors: the multiple of a number that stands in its place. decided: conditions that
    hold here, or do not.
    """

    document: Document
    claim: Claim
    known: tuple[Condition, ...]
    adviser: Adviser
    sizes: Mapping[str, Dimension] = field(default_factory=dict)
    hypothesis: Condition | None = None
    block: int | None = None
    factors: Mapping[str, int] = field(default_factory=dict)
    decided: tuple[tuple[Condition, bool], ...] = ()
    squared: bool = False


def goal_of(document: Document, claim: Claim, adviser: Adviser, conditions: tuple[Condition, ...] = ()) -> Goal:
    return Goal(document, claim, (*document.assumptions, *claim.assumptions, *conditions), adviser)


def check(goal: Goal, proof: Certificate) -> None:
    """Raises NotReplayed for what the checker does not know, CompilerFault for a step that is wrong."""
    primitives = {step.integral: step.primitive for step in proof.steps if isinstance(step, Antiderivative)}
    for place, step in enumerate(proof.steps):
        if isinstance(step, Inverted | Squared | Substituted):
            return check(restated(goal, step), replace(proof, steps=(*proof.steps[:place], *proof.steps[place + 1 :])))
        if isinstance(step, Induction | Blocks | Cases):
            for part, certificate in parts(goal, step):
                check(part, certificate)
            return None
    work = Work(goal, primitives)
    work.name_axes(proof.axes)
    for step in proof.steps:
        work.do(step)
    _zero(work.difference, goal.claim.left.span, "the steps of the proof do not lead to zero")
    return None


class Work:
    """The difference of the sides of one goal, and the readers that expand terms beside it."""

    def __init__(self, goal: Goal, primitives: Mapping[terms.Integral, Term] | None = None) -> None:
        self.goal = goal
        self.algebra = algebra_of(goal.known, goal.adviser)
        axes = axes_of(goal, self.algebra)
        if goal.sizes and axes:
            raise NotReplayed("an induction beside an axis that is put together of others", goal.claim.left.span)
        self.reader = Reader(goal.document, self.algebra, goal.adviser, RULES, None, axes)
        self.sides_reader = Reader(goal.document, self.algebra, goal.adviser, RULES, goal.sizes, axes)
        for reader in (self.reader, self.sides_reader):
            reader.primitives.update(primitives or {})
        self._assume()
        if goal.block is None and len(self.reader.blocks(goal.claim.left)) > 1:
            raise NotReplayed("sides that are put together of blocks", goal.claim.left.span)
        self.env, self.at = self.reader.open_axes(goal.claim, goal.block or 0)
        for name, factor in goal.factors.items():
            self.env[name] = lambda place, name=name, factor=factor: self.algebra.entry(name, place).times(Fraction(factor))
        left, right = (self.sides_reader.entry(side, self.at, self.env) for side in (goal.claim.left, goal.claim.right))
        if goal.squared:
            terms_of = ((left, goal.claim.left), (right, goal.claim.right))
            if not all(self.algebra.not_negative(side) and (_is_norm(t) or self.has_all_roots(side)) for side, t in terms_of):
                raise NotReplayed("a side that may be negative, or have no value", goal.claim.left.span)
            left, right = self.algebra.power(left, 2), self.algebra.power(right, 2)
        self.sides = {"left": left, "right": right}
        self.difference, self.defined = (
            minus(left, right),
            presupposed(self.algebra, left, right, functions=PARTIAL) | self.given(),
        )

    def _assume(self) -> None:
        """What orders between numbers, and the cases that are distinguished, say."""
        for condition in self.goal.known:
            gap = self.gap(condition)
            if gap is not None and "=" not in condition.relation and gap.terms:
                self.algebra.above_zero.add(gap.times(1 / abs(gap.terms[0].coefficient)).key)
        for condition, holds in self.goal.decided:
            gap = self.gap(condition)
            if gap is None or not gap.terms:
                raise CompilerFault("a step of the proof distinguishes by what is no order of numbers", condition.left.span)
            decide(self.algebra, gap, "=" not in condition.relation, holds)

    def given(self) -> set[str]:
        """What does not vanish, or is invertible, because it is assumed, or because an equation that is assumed has a value."""
        found: set[str] = set()
        for condition in self.goal.known:
            left, right = condition.left, condition.right
            if right is not None and (condition.relation == "=" or (condition.relation == "!=" and not left.type.rank)):
                try:
                    at = self.reader.axes(left)
                    gap = minus(self.reader.entry(left, at, self.env), self.reader.entry(right, at, self.env))
                    found |= presupposed(self.algebra, gap if condition.relation == "=" else self.algebra.power(gap, -1))
                except NotReplayed:
                    continue
        return found

    def has_all_roots(self, side: Sum) -> bool:
        """Whether no root is of what may be negative."""
        atoms = [a for t in side.terms for a, _ in t.factors]
        inside = [o.body for a in atoms for o in a.inner]
        return all(map(self.has_all_roots, inside)) and all(
            self.algebra.not_negative(a.inner[0].body) for a in atoms if a.kind == "root"
        )

    def gap(self, condition: Condition) -> Sum | None:
        """The larger side of an order less the smaller one."""
        left, right = condition.left, condition.right
        if right is None or condition.relation not in ("<", "<=", ">", ">=") or left.type.rank or right.type.rank:
            return None
        low, high = (left, right) if condition.relation[0] == "<" else (right, left)
        try:
            return minus(self.reader.entry(high, (), {}), self.reader.entry(low, (), {}))
        except NotReplayed:
            return None

    def name_axes(self, names: tuple[str, ...]) -> None:
        places = (p for place in self.at for p in sorted(place.names) if p[0] == "~")
        self.env |= {f"#{name}": Dimension.of(place) for name, place in zip(names, places, strict=False)}

    def do(self, step: Step) -> None:
        match step:
            case Written():
                self.require_written(step)
            case Cleared():
                self.difference = self.reader.cleared(self.difference, step.denominator, self.env)
            case Used():
                _require_true(step, self.goal)
                gap, factor, multiple = self.reader.multiple(step, self.env)
                if not presupposed(self.algebra, gap) | presupposed(self.algebra, factor, functions=PARTIAL) <= self.defined:
                    raise CompilerFault(
                        "a step of the proof needs a value where the claim does not: it divides, inverts, or takes a root",
                        step.equation.left.span,
                    )
                self.difference = minus(self.difference, multiple)

    def require_written(self, step: Written) -> None:
        rest = minus(self.sides[step.side], self.reader.entry(step.result, self.at, self.env))
        _zero(rest, step.result.span, f"the {step.side} side is not what the proof says")


def presupposed(algebra: Algebra, *bodies: Sum, functions: Collection[str] = ()) -> set[str]:
    """What must not vanish, or be invertible, where these sums have a value, and of what roots and these functions are."""
    found: set[str] = set()
    for atom, e in (f for body in bodies for t in body.terms for f in t.factors):
        inner = atom.inner if atom.kind in ("group", "whole") else atom.inner[:1] if atom.called == "power" else ()
        below = inner or (Open((), algebra.atom(atom)),)
        if (e < 0 and not algebra.is_positive(atom)) or atom.called in ("inverse", "matsqrt"):
            found.add(_INDEX.sub("_", "; ".join(o.key for o in below)))
        if functions and (atom.called in functions or (atom.kind == "root" and not algebra.is_positive(atom))):
            found.add(_INDEX.sub("_", atom.key))
        found |= presupposed(algebra, *(o.body for o in atom.inner), functions=functions)
    return found


def _is_norm(term: Term) -> bool:
    return isinstance(term, terms.Call) and term.operation in ("norm2", "normF")


def restated(goal: Goal, step: Inverted | Squared | Substituted) -> Goal:
    """Another claim, from which this one follows."""
    claim = goal.claim
    if isinstance(step, Squared):
        return replace(goal, squared=True)
    if isinstance(step, Substituted):
        info = goal.document.symbols.get(step.symbol)
        assumed = (side for c in goal.known for side in (c.left, c.right) if side is not None)
        tied = any(isinstance(part, terms.Symbol) and part.name == step.symbol for part in reached(goal.document, *assumed))
        if info is None or info.type != terms.SCALAR or info.role != "free" or info.distribution or tied or not step.factor:
            raise CompilerFault("a step of the proof puts a multiple in the place of what is not any number", claim.left.span)
        return replace(goal, factors={**goal.factors, step.symbol: step.factor})
    side, other = (claim.left, claim.right) if step.side == "left" else (claim.right, claim.left)
    square = goal.block is None and side.type.rank == 2 and side.type.shape[0] == side.type.shape[1]
    if not isinstance(side, terms.Call) or side.operation != "inverse" or not square or other.type.shape != side.type.shape:
        raise CompilerFault("a step of the proof inverts a side that is no inverse", claim.left.span)
    product = terms.Call(side.type, "matmul", (side.arguments[0], other))
    return replace(goal, claim=replace(claim, left=product, right=terms.Call(side.type, "identity", ())))


def parts(goal: Goal, step: Induction | Blocks | Cases) -> Iterator[tuple[Goal, Certificate]]:
    """The goals that together are this one, each with its certificate."""
    claim = goal.claim
    match step:
        case Blocks():
            count = block_count(goal)
            if goal.block is not None or len(step.parts) != count:
                raise CompilerFault("the blocks of the proof are not those of the claim", claim.left.span)
            yield from ((replace(goal, block=k), part) for k, part in enumerate(step.parts))
        case Cases():
            for holds, part in ((True, step.holds), (False, step.fails)):
                yield replace(goal, decided=(*goal.decided, (step.condition, holds))), part
        case Induction():
            if not can_be_extended(goal, step.size):
                raise NotReplayed(f"an induction over {step.size}", claim.left.span)
            of_parts = replace(goal, known=tuple(c for c in goal.known if is_kept(c, step.size)))
            yield replace(of_parts, sizes={step.size: FIRST}), step.first
            hypothesis, size = Condition("=", claim.left, claim.right), Dimension.of(step.size) + FIRST
            yield replace(of_parts, sizes={step.size: size}, hypothesis=hypothesis), step.following


def block_count(goal: Goal) -> int:
    algebra = Algebra({}, goal.adviser)
    return len(Reader(goal.document, algebra, goal.adviser, RULES, None, axes_of(goal, algebra)).blocks(goal.claim.left))


def axes_of(goal: Goal, algebra: Algebra) -> Mapping[Dimension, Parts]:
    """How the axes of blocks, Kronecker products and stacked columns are put together, as advised."""
    found = goal.adviser.axes(goal.document, goal.claim)
    for size, own in found.items():
        if (
            own.length != size
            or size in own.sizes
            or not all(algebra.is_at_least(part, 0) for part in own.sizes)
            or len(own.sizes) < 2
        ):
            raise NotReplayed(f"an axis of length {size} that is put together of others", goal.claim.left.span)
    return found


def can_be_extended(goal: Goal, size: str) -> bool:
    """Whether the claim has no axis of that size, and no index beside it."""
    own = {n for dimension in goal.claim.left.type.shape for n in dimension.names}
    return not (goal.sizes or goal.claim.free or goal.squared or size in own)


def is_kept(condition: Condition, size: str) -> bool:
    """Whether leading parts of what satisfies the condition satisfy it too: it is said of each entry, or not of that size."""
    left, right = condition.left, condition.right
    sides = [side for side in (left, right) if side is not None]
    if not any(size in sizes_of(side) for side in sides):
        return True
    least = _number_of(right) if right is not None and isinstance(left, terms.Size) else None
    if least is not None:
        return condition.relation in (">=", ">") and least <= (condition.relation == ">=")
    of_each = condition.relation in ("<", "<=", ">", ">=", "symmetric", "positive definite", "positive semidefinite")
    return of_each and all(_names_each(side) for side in sides)


def _names_each(term: Term) -> bool:
    """A symbol, or its entry at an index, or the same number for all entries."""
    if isinstance(term, terms.Component):
        return _names_each(term.base) and all(isinstance(i, terms.Index) for i in term.indices)
    return bool(_symbol_of(term)) or _number_of(term) is not None


def _zero(rest: Sum, span: Span | None, what: str) -> None:
    if rest.terms:
        raise NotZero(what, rest, span)


def _require_true(step: Used, goal: Goal) -> None:
    """An instance of a lemma, or what may be used without one; that with no indices of its own."""
    left, right = step.equation.left, step.equation.right
    if step.lemma:
        true = instance(step.lemma, step.of, step.under) == (left, right)
    else:
        given = (_around(condition, step.under) for condition in equations(goal))
        true = len(step.binders) == left.type.rank and step.equation in given
    if step.equation.relation != "=" or not true:
        raise CompilerFault("a step of the proof uses an equation that is neither assumed nor true by its form", left.span)


def equations(goal: Goal) -> Iterator[Condition]:
    """Assumptions, what an induction has shown, and Q^T Q = I = Q Q^T for square orthogonal Q."""
    for condition in (*goal.known, *([goal.hypothesis] if goal.hypothesis else [])):
        if condition.relation == "orthogonal":
            q = condition.left
            turned = terms.Call(q.type, "transpose", (q,))
            for pair in ((turned, q), (q, turned)):
                yield Condition("=", terms.Call(q.type, "matmul", pair), terms.Call(q.type, "identity", ()))
        elif condition.relation == "=":
            yield condition


def _around(condition: Condition, function: str) -> Condition:
    """The determinants of both sides of an equation."""
    sides = (condition.left, condition.right)
    return Condition("=", *(terms.Call(terms.SCALAR, function, (s,)) for s in sides if s)) if function else condition


# --- what conditions say about whole symbols -------------------------------------------------------------------------------


def algebra_of(conditions: Iterable[Condition], adviser: Adviser) -> Algebra:
    found: dict[str, set[str]] = {"positive": set(), "symmetric": set(), "positive definite": set()}
    for c in conditions:
        name = _symbol_of(c.left)
        if c.right is None:
            if isinstance(c.left, terms.Symbol) and c.relation in ("symmetric", "positive definite", "positive semidefinite"):
                found["symmetric"].add(name)
                found.get(c.relation, found["symmetric"]).add(name)
        elif c.relation == "=" and isinstance(c.left, terms.Symbol) and c.left.type.rank == 2:
            if c.right == terms.Call(c.left.type, "transpose", (c.left,)):
                found["symmetric"].add(name)
        else:
            low, relation, high = (c.right, c.relation, c.left) if c.relation[0] == ">" else (c.left, c.relation, c.right)
            bound = _number_of(low) if relation[0] in "<>" else None
            if bound is not None and (bound > 0 or (bound == 0 and "=" not in relation)):
                found["positive"].add(_symbol_of(high))
    return Algebra(FUNCTIONS, adviser, found["positive"] - {""}, found["symmetric"], found["positive definite"])


def _number_of(term: Term) -> Fraction | None:
    if isinstance(term, terms.Call) and term.operation in ("zeros", "ones"):
        return Fraction(term.operation == "ones")
    return term.value if isinstance(term, terms.Number) else None


def _symbol_of(term: Term) -> str:
    """The symbol every entry of which is meant."""
    if isinstance(term, terms.Comprehension):
        indices = term.body.indices if isinstance(term.body, terms.Component) else ()
        plain = [i.name for i in indices if isinstance(i, terms.Index)] == [b.name for b in term.binders]
        return _symbol_of(term.body.base) if plain and isinstance(term.body, terms.Component) else ""
    return term.name if isinstance(term, terms.Symbol) else ""
