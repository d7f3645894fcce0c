"""Proofs for all dimensions: both sides of a claim in normal form, and what makes their difference vanish.

Takes: a document, a claim, extra conditions. Gives: a `Proof` with steps that can be read, or the `Residual` that is left.
Guarantees: a Proof means that both sides are equal wherever both are defined, for all sizes and for all values that satisfy
the assumptions. Conditions that cannot be used are left out: fewer assumptions prove less, never more.
NotSupportedYet when a side has no index form or no normal form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from eqcompiler.calculus.algebra import substitute
from eqcompiler.calculus.cases import (
    KnownOrder,
    vanishes,
    with_closed_series,
    with_common_angles,
    with_exponentials,
    with_steps,
)
from eqcompiler.calculus.chains import read as read_chains
from eqcompiler.calculus.determinants import of_equation, readings, with_equation
from eqcompiler.calculus.fixed_sizes import entries
from eqcompiler.calculus.index_values import delta
from eqcompiler.calculus.induction import exponent_size, induction_size, ratio_size
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.monomials import Affine, Index, Intrinsic, Normal
from eqcompiler.calculus.normal_form import Tensor, tensors
from eqcompiler.calculus.rational import cleared
from eqcompiler.calculus.relations import Relation, applied, relation
from eqcompiler.calculus.rewriting import intrinsics, rewritten
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages import terms
from eqcompiler.languages.program import Program
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Binder, Condition, Term, children
from eqcompiler.verification.opaque_states import without_last_states

LEFT, RIGHT = "left_of_the_claim", "right_of_the_claim"
LONGEST_STEP = 400


@dataclass(frozen=True, slots=True)
class Proof:
    """method: one phrase. steps: sentences with the normal forms. assumptions_used: the conditions that it rests on.
    left, right: the sides in normal form."""

    steps: tuple[str, ...]
    method: str
    assumptions_used: tuple[Condition, ...] = ()
    left: Tensor | None = None
    right: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Residual:
    """left minus right that did not vanish, a tensor with these axes (the claim's free indices first)."""

    normal: Normal
    axes: tuple[Index, ...]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Equation:
    """A condition that is an equation, as a tensor that is zero."""

    condition: Condition
    zero: Tensor


ORDERS = frozenset(("<", "<=", ">", ">=", "!="))


def prove(document: Document, claim: Claim, extra: tuple[Condition, ...] = ()) -> Proof | Residual:
    """Raises NotSupportedYet for what has no normal form or grows too large."""
    opaque = without_last_states(document, claim)
    if opaque is None:
        return _search(document, claim, extra).run()
    found = _search(*opaque, extra).run()
    if isinstance(found, Residual):
        raise NotSupportedYet("it does not hold for every value of the last state of a recurrence", claim.left.span)
    return found


def compare(document: Document, claim: Claim, extra: tuple[Condition, ...] = ()) -> Proof | Residual:
    """As `prove`, but only with normal forms and the assumptions: what is left between the sides of a claim that is false."""
    search = _search(document, claim, extra)
    residual = search.by_normal_forms()
    return residual if isinstance(residual, Proof) else Residual(residual, search.axes, tuple(search.steps))


def _search(document: Document, claim: Claim, extra: tuple[Condition, ...]) -> _Search:
    conditions = (*map(_whole, document.assumptions), *claim.assumptions, *extra)
    bounds = tuple(c for c in (*claim.assumptions, *extra) if c.relation in ORDERS)
    if bounds:  # whether an integral converges is asked while it gets its index form
        document = replace(document, assumptions=(*document.assumptions, *bounds))
    words = {name: tuple(found) for name, found in _words(conditions).items()}
    left = normal_of(document, claim.left, LEFT, claim.free, words)
    right = aligned(normal_of(document, claim.right, RIGHT, claim.free, words), left.axes)
    return _Search(document, left, right, conditions, words)


def normal_of(
    document: Document, term: Term, name: str, free: tuple[Binder, ...] = (), words: Mapping[str, tuple[str, ...]] | None = None
) -> Tensor:
    """A term in normal form; `words` are what is known about its symbols ("positive", "symmetric", ...)."""
    return _normal_of(document, term, name, free, None if words is None else tuple(words.items()))


@lru_cache(maxsize=16)  # the sides of one claim: for its residual, its repair and under each condition that is tried
def _normal_of(
    document: Document, term: Term, name: str, free: tuple[Binder, ...], words: tuple[tuple[str, tuple[str, ...]], ...] | None
) -> Tensor:
    program = lower(document, term, name, free)
    if words is not None:
        program = _with_words(program, dict(words))
    return tensors(program)[name]


def aligned(tensor: Tensor, axes: tuple[Index, ...]) -> Tensor:
    """The tensor over other axes of the same ranges."""
    if [a.upper.key for a in tensor.axes] != [a.upper.key for a in axes]:
        raise NotSupportedYet(
            f"the sides have the axes {', '.join(map(str, axes)) or 'none'} and {', '.join(map(str, tensor.axes)) or 'none'}"
        )
    return Tensor(axes, substitute(tensor.body, {old: Affine.of(new) for old, new in zip(tensor.axes, axes, strict=True)}))


def _with_words(program: Program, words: Mapping[str, tuple[str, ...]]) -> Program:
    inputs = tuple(replace(i, assumptions=words.get(i.name, ())) for i in program.inputs)
    return replace(program, inputs=inputs)


# --- what conditions say about one symbol ------------------------------------------------------------------------------


def _words(conditions: Iterable[Condition]) -> dict[str, dict[str, None]]:
    """For each symbol its properties."""
    found: dict[str, dict[str, None]] = {}
    for condition in conditions:
        name, word = _property(condition)
        if name:
            found.setdefault(name, {})[word] = None
    return found


def _property(condition: Condition) -> tuple[str, str]:
    """(symbol, what the condition says about all of it), or two empty texts."""
    left, right = condition.left, condition.right
    if right is None:
        return (left.name, condition.relation) if isinstance(left, terms.Symbol) else ("", "")
    if condition.relation == "=":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, terms.Symbol) and other == terms.Call(one.type, "transpose", (one,)) and one.type.rank == 2:
                return one.name, "symmetric"
        return "", ""
    relation_ = condition.relation
    if _constant(left) is not None:
        left, right, relation_ = right, left, {"<": ">", "<=": ">="}.get(relation_, "")
    name, value = _every_entry(left), _constant(right)
    if not name or value is None or value < 0 or relation_ not in (">", ">="):
        return "", ""
    return name, "positive" if relation_ == ">" or value > 0 else "nonnegative"


def _constant(term: Term) -> Fraction | None:
    """The number that the term, or every entry of it, is."""
    if isinstance(term, terms.Comprehension):
        return _constant(term.body)
    if isinstance(term, terms.Call) and term.operation in ("zeros", "ones"):
        return Fraction(term.operation == "ones")
    return term.value if isinstance(term, terms.Number) else None


def _every_entry(term: Term) -> str:
    """The symbol of which every entry is meant: x, or x_i for all i of its axis."""
    if isinstance(term, terms.Symbol):
        return term.name
    if isinstance(term, terms.Comprehension) and isinstance(term.body, terms.Component):
        base, indices = term.body.base, term.body.indices
        plain = tuple(i.name for i in indices if isinstance(i, terms.Index)) == tuple(b.name for b in term.binders)
        if isinstance(base, terms.Symbol) and plain and len(indices) == base.type.rank and term.type.shape == base.type.shape:
            return base.name
    return ""


def _whole(assumption: Condition) -> Condition:
    """p_i > 0 as a document says it, of every i: p > 0."""
    match assumption:
        case Condition(left=terms.Component(base=terms.Symbol() as base, indices=indices), relation=relation, right=right):
            names = {index.name for index in indices if isinstance(index, terms.Index)}
            if relation in ORDERS and len(names) == len(indices) == base.type.rank:
                return Condition(relation, base, right)
    return assumption


# --- equations ---------------------------------------------------------------------------------------------------------


def _equations(
    document: Document, conditions: Iterable[Condition], words: Mapping[str, tuple[str, ...]]
) -> Iterator[_Equation]:
    for condition in conditions:
        yield from _other_side(document, condition, words)
        if condition.relation != "=" or condition.right is None or _property(condition)[0]:
            continue
        free = _free_binders(condition)
        try:
            left = normal_of(document, condition.left, LEFT, free, words)
            right = aligned(normal_of(document, condition.right, RIGHT, free, words), left.axes)
        except NotSupportedYet:
            continue
        yield _Equation(condition, Tensor(left.axes, left.body - right.body))


def _orders(document: Document, conditions: Iterable[Condition], words: Mapping[str, tuple[str, ...]]) -> Iterator[KnownOrder]:
    """What conditions between numbers say: u > v makes u - v positive."""
    for condition in conditions:
        left, right = condition.left, condition.right
        if right is None or condition.relation not in ("<", "<=", ">", ">=") or left.type.rank or _free_binders(condition):
            continue
        try:
            sides = normal_of(document, left, LEFT, (), words), normal_of(document, right, RIGHT, (), words)
        except NotSupportedYet:
            continue
        difference = with_steps(sides[0].body - sides[1].body)
        if difference.terms and not difference.indices:
            yield KnownOrder(difference if condition.relation[0] == ">" else -difference, len(condition.relation) == 1)


def _other_side(document: Document, condition: Condition, words: Mapping[str, tuple[str, ...]]) -> Iterator[_Equation]:
    """A B = I for square A and B says that B A = I; an orthogonal Q says both Q^T Q = I and Q Q^T = I."""
    pairs: list[tuple[Term, Term]] = []
    left, right = condition.left, condition.right
    if condition.relation == "orthogonal":
        turned = terms.Call(left.type, "transpose", (left,))
        pairs = [(turned, left), (left, turned)]
    elif isinstance(left, terms.Call) and left.operation == "matmul" and isinstance(right, terms.Call):
        first, second = left.arguments
        square = first.type.rank == 2 and first.type.shape == second.type.shape == first.type.shape[::-1]
        pairs = [(second, first)] if condition.relation == "=" and right.operation == "identity" and square else []
    for first, second in pairs:
        product = terms.Call(first.type, "matmul", (first, second))
        zero = normal_of(document, product, LEFT, (), words)
        rows, columns = zero.axes
        yield _Equation(condition, Tensor(zero.axes, zero.body - delta(Affine.of(rows), Affine.of(columns))))


def _free_binders(condition: Condition) -> tuple[Binder, ...]:
    """The indices that a condition leaves free, over the whole axis at which they stand first."""
    found: dict[str, Binder] = {}

    def visit(term: Term, bound: frozenset[str]) -> None:
        if isinstance(term, terms.Component):
            for position, index in enumerate(term.indices):
                if isinstance(index, terms.Index) and index.name not in bound and position < len(term.base.type.shape):
                    upper = terms.Size(terms.INTEGER, term.base.type.shape[position])
                    found.setdefault(index.name, Binder(index.name, terms.Number(terms.INTEGER, Fraction(1)), upper))
        if isinstance(term, terms.Reduction):
            bound = bound | {term.binder.name}
        if isinstance(term, terms.Comprehension):
            bound = bound | {b.name for b in term.binders}
        for child in children(term):
            visit(child, bound)

    visit(condition.left, frozenset())
    if condition.right is not None:
        visit(condition.right, frozenset())
    return tuple(found.values())


# --- the search --------------------------------------------------------------------------------------------------------


class _Search:
    """The difference of both sides, made smaller step by step."""

    def __init__(
        self,
        document: Document,
        left: Tensor,
        right: Tensor,
        conditions: tuple[Condition, ...],
        words: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.left, self.right, self.axes = left, right, left.axes
        self.conditions = conditions
        self.equations = tuple(_equations(document, conditions, words)) if conditions else ()
        self.orders = tuple(_orders(document, conditions, words))
        self.used = [c for c in conditions if _property(c)[0]]
        self.steps: list[str] = []

    def run(self) -> Proof | Residual:
        residual = self.by_normal_forms()
        if isinstance(residual, Proof):
            return residual
        try:
            return self.harder(residual)
        except NotSupportedYet as problem:
            self.steps.append(f"stopped: {problem.what}")
            return Residual(residual, self.axes, tuple(self.steps))

    def by_normal_forms(self) -> Proof | Normal:
        """A proof, or what is left when the assumptions have been used as they stand."""
        self.say("left side", self.left.body)
        self.say("right side", self.right.body)
        residual = self.left.body - self.right.body
        if not residual.terms:
            return self.proof("index normal form")
        self.say("left minus right", residual)
        residual = self.related(residual)
        return residual if residual.terms else self.proof("index normal form with the assumptions")

    def harder(self, residual: Normal) -> Proof | Residual:
        exponential = with_closed_series(with_common_angles(with_exponentials(residual)))
        left = self.related(cleared(exponential))
        self.say("denominators cleared", left)
        if not left.terms:
            return self.proof("clearing denominators")
        stepped = with_steps(left)
        if (stepped != left or "step(" in left.key or ">=0]" in left.key) and vanishes(stepped, known=self.orders):
            self.used += [c for c in self.conditions if self.orders and c.relation in ORDERS]
            self.steps.append("zero in each case")
            return self.proof("case distinction")
        over = (induction_size(residual) or ratio_size(self.left.body, self.right.body)) if not self.axes else None
        if over is not None:
            self.steps.append(f"zero for {over} = 1, and for {over} + 1 the same as for {over}")
            return self.proof(f"induction over {over}")
        written = list(entries(Tensor(self.axes, left)))
        if written and all(not self.related(cleared(entry)).terms for entry in written):
            return self.proof("sums over the fixed sizes written out")
        rest, rules = rewritten(Tensor(self.axes, left), [e.zero for e in self.equations])
        if not rest.terms:
            self.steps += [f"rule: {rule}" for rule in rules]
            self.used += [e.condition for e in self.equations]
            return self.proof(f"rewriting{_with_inverses(left)}")
        if "matpow{" in left.key:
            over = exponent_size(Tensor(self.axes, left), [e.zero for e in self.equations])
            if over is not None:
                self.steps.append(f"zero for {over} = 1, and for {over} + 1 when it is for {over}")
                self.used += [e.condition for e in self.equations]
                return self.proof(f"induction over {over}")
        if not self.axes and self.by_determinants(left):
            self.used += [e.condition for e in self.equations]
            return self.proof("determinants of sums")
        return Residual(residual, self.axes, tuple(self.steps))

    def by_determinants(self, body: Normal) -> bool:
        """The determinants read otherwise, or those of both sides of an assumption compared."""
        equations = [e.zero for e in self.equations]
        scalars = [zero for e in equations if (zero := of_equation(e)) is not None]
        for reading in (body, *readings(body, equations, all(_is_open(c) for c in self.conditions))):
            rest = self.related(cleared(reading))
            for zero in scalars:
                rest = with_equation(rest, zero)
            if not rest.terms or not rewritten(Tensor((), rest), equations)[0].terms:
                self.say("determinants as", reading)
                return True
        return False

    def related(self, body: Normal) -> Normal:
        relations: list[Relation] = []
        for equation in self.equations:
            zero = Tensor(equation.zero.axes, applied(relations, equation.zero.body))
            found = relation(zero)
            if found is not None:
                relations.append(found)
                self.used.append(equation.condition)
        following = applied(relations, body) if relations else body
        if following != body:
            self.say("with " + ", ".join(str(r) for r in relations), following)
        return following

    def say(self, what: str, body: Normal) -> None:
        text = body.key if len(body.key) <= LONGEST_STEP else f"{len(body.terms)} terms, {body.key[:LONGEST_STEP]}..."
        self.steps.append(f"{what}: {text}")

    def proof(self, method: str) -> Proof:
        self.steps.append("the difference is zero")
        return Proof(tuple(self.steps), method, tuple(dict.fromkeys(self.used)), self.left, self.right)


def _is_open(condition: Condition) -> bool:
    """Whether values near those that satisfy the condition satisfy it as well, or are limits of such."""
    strict = condition.relation in (">", "<", "!=") and condition.right is not None
    return strict or (bool(_property(condition)[0]) and condition.relation != "orthogonal")


def _with_inverses(body: Normal) -> str:
    found = [o for a in intrinsics(body) if a.operation == "inverse" and (o := _operand_text(a))]
    return " with the inverse of " + " and of ".join(dict.fromkeys(found)) if found else " with the equations"


def _operand_text(atom: Intrinsic) -> str:
    """X' X + lambda I; empty for an operand that has no matrix notation."""
    parts = []
    for product in read_chains(atom.operands[0].body):
        words = [" ".join(_letter_text(x.name, x.transposed) for x in chain.letters) or "I" for chain, _ in product.chains]
        if any("{" in word or "[" in word for word in words) or any(f.atom.indices for f in product.scalars):
            return ""
        number = [] if abs(product.coefficient) == 1 else [str(abs(product.coefficient))]
        sign = "-" if product.coefficient < 0 else "+"
        parts.append(f"{sign} {' '.join([*number, *(f.key for f in product.scalars), *words])}")
    return " ".join(parts).removeprefix("+ ")


def _letter_text(name: str, transposed: bool) -> str:
    return name + "'" * transposed
