r"""Conditions: what a claim that is false in general would need.

Takes: a false claim. Gives: the weakest condition found under which it is true, proved under it: `b = 0`, `A = A^T`.
Guarantees: a condition is offered only when exact evidence meets it without a counterexample and a proof exists under it; it
never contradicts the stated assumptions, and never is one that merely turns both sides into zero, unless zero is the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from eqcompiler.calculus.term_text import condition_latex
from eqcompiler.languages.dimensions import ONE
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import (
    SCALAR,
    Block,
    Call,
    Condition,
    Derivative,
    Extremum,
    Index,
    Integral,
    Limit,
    Number,
    Reference,
    Symbol,
    Term,
    Type,
    children,
)
from eqcompiler.verification.sample_ties import ties

Candidate = tuple[Condition, ...]
ZERO = Number(SCALAR, Fraction(0))
UNIT = Number(SCALAR, Fraction(1))
MOST_PAIRS = 12
SYMMETRIC = frozenset(("symmetric", "positive definite", "positive semidefinite"))
SIGNED = frozenset(("abs", "sign", "sqrt", "log", "pow", "max", "min", "relu", "asin", "acos", "acosh", "atanh"))


@dataclass(frozen=True, slots=True)
class Trials:
    """How a candidate is tried, cheapest first. `meets`: exact evidence finds points that meet it and none against;
    `vanishes`: both sides are zero wherever it holds; `proves`: the steps of a proof under it, or None."""

    meets: Callable[[Candidate], bool]
    vanishes: Callable[[Candidate], bool]
    proves: Callable[[Candidate], tuple[str, ...] | None]
    late: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """A condition, its text, and whether it is also necessary (the residual is a power of the symbol times the rest)."""

    conditions: Candidate
    latex: str
    necessary: bool
    steps: tuple[str, ...]


def find(document: Document, claim: Claim, factors: tuple[str, ...], decisive: tuple[str, ...], tests: Trials) -> Found | None:
    """The first candidate that survives. `factors`, `decisive`: what is known of the residual, see `Unproved`."""
    says_zero = _is_zero(claim.left) or _is_zero(claim.right)
    for candidate in candidates(document, claim, factors):
        if tests.late():
            return None
        if _contradicts(document, claim, candidate) or not tests.meets(candidate):
            continue
        if tests.vanishes(candidate) and not says_zero:
            continue
        steps = tests.proves(candidate)
        if steps is not None:
            text = ", ".join(condition_latex(document, condition) for condition in candidate)
            return Found(candidate, text, _decides(candidate, decisive), steps)
    return None


def _decides(candidate: Candidate, decisive: tuple[str, ...]) -> bool:
    left = candidate[0].left
    return len(candidate) == 1 and isinstance(left, Symbol) and left.name in decisive and _is_zero(candidate[0].right)


def _is_zero(term: Term | None) -> bool:
    return (isinstance(term, Number) and not term.value) or (isinstance(term, Call) and term.operation == "zeros")


def candidates(document: Document, claim: Claim, factors: tuple[str, ...] = ()) -> Iterator[Candidate]:
    """Everything worth trying, weakest first. Arguments and variables of differentiation are pinned to a value last, and
    only beside other symbols: that f'(x) is right at x = 1 explains nothing."""
    symbols = occurring_symbols(document, claim)
    moving = differentiated(document, claim) | arguments(claim)
    free = [symbol for symbol in symbols if symbol.name not in moving]
    numbers, vectors, matrices = ([symbol for symbol in free if symbol.type.rank == rank] for rank in range(3))
    yield from (c for symbol in numbers if symbol.name in factors for c in _zero(symbol))
    yield from _tied(document, symbols, numbers)
    yield from _signs(document, claim, [symbol for symbol in symbols if symbol.type == SCALAR])
    yield from _pairs(symbols, _commuting)
    yield from (c for symbol in symbols for c in _symmetric(symbol))
    yield from _both(symbols)
    yield from (c for symbol in numbers for c in _one(symbol))
    equal_to_transpose = {a.left for a in document.assumptions if a.relation in SYMMETRIC}  # which is skew-symmetric if zero
    turned = [symbol for symbol in matrices if symbol.name in factors and symbol not in equal_to_transpose]
    yield from (c for symbol in turned for c in _skew(symbol))
    yield from _orthogonal([symbol for symbol in vectors if symbol.name in factors])
    yield from (c for symbol in vectors if symbol.name in factors for c in _zero(symbol))
    yield from _pairs(symbols, _equal)
    yield from (c for symbol in numbers for c in _zero(symbol))
    yield from (c for symbol in vectors for c in _zero(symbol))
    yield from _normalised(document, claim)
    definite = {a.left for a in document.assumptions if a.relation == "positive definite"}  # orthogonal ones are I alone
    yield from (c for symbol in symbols if symbol not in definite for c in _orthonormal(symbol))
    yield from (c for symbol in matrices for c in _one(symbol))
    yield from (c for symbol in _offsets(document, claim, matrices) for c in _zero(symbol))
    yield from (c for symbol in vectors for c in _one(symbol))
    yield from (c for symbol in numbers for c in _half(symbol))
    yield from _differences(document, claim)
    others = [symbol for symbol in symbols if symbol.name in moving and symbol.type == SCALAR]
    if len(symbols) > len(others) or len(others) > 1:  # of f'(x) alone a point x = 1 says nothing
        yield from (c for symbol in others for c in (*_zero(symbol), *_one(symbol)))


def _tied(document: Document, symbols: tuple[Symbol, ...], numbers: list[Symbol]) -> Iterator[Candidate]:
    """The rows of undeclared arrays are the samples; and besides that a number is zero."""
    tied = ties(document, symbols)
    if tied:
        yield tied
        yield from ((*tied, *zero) for symbol in numbers for zero in _zero(symbol))


def arguments(claim: Claim) -> frozenset[str]:
    """The bare symbols to which a function is applied in the claim itself."""
    references = (t for side in (claim.left, claim.right) for t in _subterms(side) if isinstance(t, Reference))
    return frozenset(a.name for reference in references for a in reference.arguments if isinstance(a, Symbol))


def differentiated(document: Document, claim: Claim) -> frozenset[str]:
    return frozenset(term.variable for term in reached(document, claim) if isinstance(term, Derivative))


def _offsets(document: Document, claim: Claim, symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """The symbols that stand alone in a sum or in a block: without them the formula keeps its sense."""
    alone: set[Term] = set()
    for term in reached(document, claim):
        if isinstance(term, Call) and term.operation in ("add", "neg"):
            alone.update(term.arguments)
        if isinstance(term, Block):
            alone.update(cell for row in term.rows for cell in row)
    return tuple(symbol for symbol in symbols if symbol in alone)


def reached_definitions(document: Document, term: Term) -> tuple[str, ...]:
    """The definitions on which a term depends, in order of first use."""
    found: dict[str, None] = {}

    def walk(below: Term) -> None:
        if isinstance(below, Reference) and below.name in document.definitions and below.name not in found:
            found[below.name] = None
            walk(document.definitions[below.name].body)
        for child in children(below):
            walk(child)

    walk(term)
    return tuple(found)


def occurring_symbols(document: Document, claim: Claim) -> tuple[Symbol, ...]:
    """The free symbols on which the claim depends, through definitions, in order of first appearance."""
    found: dict[str, Symbol] = {}
    for term in reached(document, claim):
        if isinstance(term, Symbol):
            info = document.symbols.get(term.name)
            if info is not None and isinstance(info.type, Type) and info.role in ("free", "formal"):
                found.setdefault(term.name, Symbol(info.type, term.name))
    return tuple(found.values())


def reached(document: Document, claim: Claim) -> Iterator[Term]:
    """Every subterm of the claim, definitions followed once each; what a definition or an extremum binds is left out."""
    seen: set[str] = set()

    def walk(term: Term, bound: frozenset[str]) -> Iterator[Term]:
        if not (isinstance(term, Symbol) and term.name in bound):
            yield term
        if isinstance(term, Extremum):
            bound = bound | {term.variable}
        if isinstance(term, Derivative) and term.point is not None:
            yield from walk(term.point, bound)
            yield from walk(term.body, bound | {term.variable})
            return
        for child in children(term):
            yield from walk(child, bound)
        info = document.symbols.get(term.name) if isinstance(term, Symbol) else None
        if info is not None and info.distribution is not None and info.name not in seen:
            seen.add(info.name)
            for parameter in info.distribution[1]:
                yield from walk(parameter, frozenset())
        if isinstance(term, Reference) and term.name not in seen and term.name in document.definitions:
            seen.add(term.name)
            definition = document.definitions[term.name]
            yield from walk(definition.body, frozenset(definition.formals if term.arguments else ()))

    yield from walk(claim.left, frozenset())
    yield from walk(claim.right, frozenset())


def _contradicts(document: Document, claim: Claim, candidate: Candidate) -> bool:
    """Whether a stated assumption about the same symbol excludes the candidate: lambda = 0 against lambda > 0."""
    return any(
        _excludes(assumption, condition)
        for condition in candidate
        for assumption in (*document.assumptions, *claim.assumptions)
        if assumption.left == condition.left
    )


def _excludes(assumption: Condition, condition: Condition) -> bool:
    if condition.relation != "=" or condition.right is None:
        return False
    if isinstance(assumption.right, Number) and isinstance(condition.right, Number):
        bound, value = assumption.right.value, condition.right.value
        return not {
            "=": value == bound,
            "!=": value != bound,
            "<": value < bound,
            "<=": value <= bound,
            ">": value > bound,
            ">=": value >= bound,
        }.get(assumption.relation, True)
    return _is_zero(condition.right) and assumption.relation in ("positive definite", "orthogonal", "invertible")


def _zero(symbol: Symbol) -> Iterator[Candidate]:
    yield (Condition("=", symbol, Call(symbol.type, "zeros", ()) if symbol.type.rank else ZERO),)


def _signs(document: Document, claim: Claim, numbers: list[Symbol]) -> Iterator[Candidate]:
    """Numbers that are not negative, or positive, one or all, where something in the claim depends on signs."""
    if not any(
        isinstance(term, Integral | Limit) or (isinstance(term, Call) and term.operation in SIGNED)
        for term in reached(document, claim)
    ):
        return
    for relation in (">=", ">"):
        bounds = [Condition(relation, symbol, ZERO) for symbol in numbers]
        yield from ((bound,) for bound in bounds)
        if len(bounds) == 2:
            yield tuple(bounds)


def _one(symbol: Symbol) -> Iterator[Candidate]:
    if _is_square(symbol):
        yield (Condition("=", symbol, Call(symbol.type, "identity", ())),)
    elif symbol.type.rank < 2:
        yield (Condition("=", symbol, Call(symbol.type, "ones", ()) if symbol.type.rank else UNIT),)


def _half(symbol: Symbol) -> Iterator[Candidate]:
    yield (Condition("=", symbol, Number(SCALAR, Fraction(1, 2))),)


def _is_square(symbol: Symbol) -> bool:
    shape = symbol.type.shape
    return len(shape) == 2 and shape[0] == shape[1] and shape[0] != ONE


def _transposed(symbol: Symbol) -> Call:
    return Call(symbol.type, "transpose", (symbol,))


def _symmetric(symbol: Symbol) -> Iterator[Candidate]:
    if _is_square(symbol):
        yield (Condition("=", symbol, _transposed(symbol)),)


def _skew(symbol: Symbol) -> Iterator[Candidate]:
    if _is_square(symbol):
        yield (Condition("=", _transposed(symbol), Call(symbol.type, "neg", (symbol,))),)


def _orthogonal(vectors: list[Symbol]) -> Iterator[Candidate]:
    """x^T y = 0 for two vectors of one size."""
    for one, other in list(combinations(vectors, 2))[:MOST_PAIRS]:
        if one.type == other.type:
            row = Call(replace(one.type, row=True), "transpose", (one,))
            yield (Condition("=", Call(SCALAR, "matmul", (row, other)), ZERO),)


def _both(symbols: Iterable[Symbol]) -> Iterator[Candidate]:
    square = [symbol for symbol in symbols if _is_square(symbol)]
    for one, other in list(combinations(square, 2))[:MOST_PAIRS]:
        yield (*next(_symmetric(one)), *next(_symmetric(other)))


def _pairs(symbols: tuple[Symbol, ...], make: Callable[[Symbol, Symbol], Iterator[Candidate]]) -> Iterator[Candidate]:
    alike = [(a, b) for a, b in combinations(symbols, 2) if a.type.shape == b.type.shape]
    for one, other in alike[: 4 * MOST_PAIRS]:
        yield from make(one, other)


def _commuting(one: Symbol, other: Symbol) -> Iterator[Candidate]:
    if _is_square(one):
        products = (Call(one.type, "matmul", pair) for pair in ((one, other), (other, one)))
        yield (Condition("=", *products),)


def _equal(one: Symbol, other: Symbol) -> Iterator[Candidate]:
    yield (Condition("=", one, other),)


def _differences(document: Document, claim: Claim) -> Iterator[Candidate]:
    """y = B s for a difference y - B s that occurs: one side must be a bare symbol that the other does not contain."""
    for term in reached(document, claim):
        if not (isinstance(term, Call) and term.operation == "add" and len(term.arguments) == 2):
            continue
        left, right = term.arguments
        if not (isinstance(right, Call) and right.operation == "neg") or _has_index(term):
            continue
        for symbol, value in ((left, right.arguments[0]), (right.arguments[0], left)):
            if isinstance(symbol, Symbol) and not isinstance(value, Symbol | Number) and symbol not in _subterms(value):
                yield (Condition("=", symbol, value),)


def _normalised(document: Document, claim: Claim) -> Iterator[Candidate]:
    """Norms and determinants that occur are set to one, of each symbol inside: |v| = 1, det X = 1 for det(X^k)."""
    found: dict[Call, None] = {}
    for term in reached(document, claim):
        if isinstance(term, Call) and term.operation in ("norm2", "det") and term.type.rank == 0:
            shape = term.arguments[0].type.shape
            inside = (symbol for symbol in _subterms(term) if isinstance(symbol, Symbol) and symbol.type.shape == shape)
            found.update((Call(SCALAR, term.operation, (symbol,)), None) for symbol in inside)
    for call in found:
        yield (Condition("=", call, UNIT),)


def _orthonormal(symbol: Symbol) -> Iterator[Candidate]:
    """a^T a = 1, A A^T = I, A^T A = I."""
    shape = symbol.type.shape
    if len(shape) == 1:
        row = Call(Type(shape, row=True), "transpose", (symbol,))
        yield (Condition("=", Call(SCALAR, "matmul", (row, symbol)), UNIT),)
    if len(shape) == 2:
        turned = Call(Type(shape[::-1]), "transpose", (symbol,))
        for left, right, size in ((symbol, turned, shape[0]), (turned, symbol, shape[1])):
            square = Type((size, size))
            yield (Condition("=", Call(square, "matmul", (left, right)), Call(square, "identity", ())),)


def _subterms(term: Term) -> tuple[Term, ...]:
    return (term, *(below for child in children(term) for below in _subterms(child)))


def _has_index(term: Term) -> bool:
    return any(isinstance(below, Index) for below in _subterms(term))
