r"""Every term that one small change makes of a term: the mistakes that people make, undone.

Takes: a term and the pool of names that may come in. Gives: changed terms, the smallest and likeliest changes first.
Guarantees: deterministic; every result has the type of the original; nothing is said about which of them is right.

    -\frac{1}{2} X^T y   ->   \frac{1}{2} X^T y,   -X^T y,   -\frac{1}{2} X y (if it fits),   -\frac{1}{m} X^T y, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, permutations

from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import (
    ELEMENTWISE,
    INTEGER,
    Call,
    Component,
    Index,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
)
from eqcompiler.verification.rebuilding import (
    Path,
    called,
    exchanged,
    factors,
    inverted,
    multiplied,
    negated,
    number,
    places,
    product,
    scaled,
    transposed,
)

TWO, HALF = number(2), number(Fraction(1, 2))
SIBLINGS = (("sin", "cos"), ("sinh", "cosh"), ("tan", "cot"), ("tan", "tanh"), ("exp", "log"), ("max", "min"))
SIGNED_PLACES = ELEMENTWISE | {"add", "neg"}
LONGEST_ROW = 8  # factors of a product that are moved and grouped


@dataclass(frozen=True, slots=True)
class Pool:
    """What may come in: names and whole calls that the claim uses, the sizes of its shapes, and short sums of definitions."""

    atoms: tuple[Term, ...]
    sizes: tuple[Size, ...]
    sums: tuple[Term, ...] = ()


Change = Callable[[Term, Pool], Iterator[Term | None]]


def edits(term: Term, pool: Pool) -> Iterator[Term]:
    """Without repetitions and without the term itself."""
    seen = {term}
    for change in CHANGES:
        for path, part in _order_of_places(term, change):
            for new in change(part, pool):
                whole = exchanged(term, path, new) if new is not None else None
                if whole is not None and _fits(whole, term) and whole not in seen:
                    seen.add(whole)
                    yield whole


def _order_of_places(term: Term, change: Change) -> list[tuple[Path, Term]]:
    """From the outside in; single names before whole products where people forget something at a name."""
    found = list(places(term))
    return found[::-1] if change in (_turned, _inverse) else found


def _fits(new: Term, old: Term) -> bool:
    return new.type.shape == old.type.shape and new.type.row == old.type.row


# --- changes of one part: nothing comes in -----------------------------------------------------------------------------


def _whole_sign(term: Term, pool: Pool) -> Iterator[Term | None]:
    """The sign of a term of a sum, of the argument of a function, of an exponent."""
    if isinstance(term, Call) and term.operation in SIGNED_PLACES | {"pow", "matpow", "div", "mul", "inverse"}:
        for position, argument in enumerate(term.arguments):
            if term.operation != "neg":
                yield _with_argument(term, position, negated(argument))
    yield negated(term)


def _numbers(term: Term, pool: Pool) -> Iterator[Term | None]:
    if not isinstance(term, Number):
        return
    value = term.value
    for other in (2 * value, value / 2, value + 1, value - 1, -value, 1 / value if value else value):
        if other:
            yield number(other)


def _factor_two(term: Term, pool: Pool) -> Iterator[Term | None]:
    if not isinstance(term, Number | Index):
        yield scaled(TWO, term)
        yield scaled(HALF, term)


def _turned(term: Term, pool: Pool) -> Iterator[Term | None]:
    if term.type.rank == 2:
        yield transposed(term)


def _inverse(term: Term, pool: Pool) -> Iterator[Term | None]:
    if term.type.rank == 2:
        yield inverted(term)
    elif isinstance(term, Call) and term.operation == "div":
        top, bottom = term.arguments
        yield top
        if not top.type.rank:
            yield called("div", (bottom, top))


def _dropped(term: Term, pool: Pool) -> Iterator[Term | None]:
    """Without one factor, one term, one function."""
    row = factors(term)
    if len(row) > 1:
        for length in (1, 2):
            for k in range(len(row) - length + 1):
                yield product(row[:k] + row[k + length :])
    if not isinstance(term, Call):
        return
    if term.operation == "add":
        for k in range(len(term.arguments)):
            yield _sum(term.arguments[:k] + term.arguments[k + 1 :])
    elif term.operation in ELEMENTWISE or term.operation in ("pow", "matpow"):
        yield term.arguments[0]


def _order(term: Term, pool: Pool) -> Iterator[Term | None]:
    """Two neighbours of a product exchanged; the whole product backwards."""
    if isinstance(term, Call) and term.operation == "kron":
        yield called("kron", term.arguments[::-1], term)
    row = factors(term)
    if 1 < len(row) <= LONGEST_ROW:
        for k in range(len(row) - 1):
            yield product((*row[:k], row[k + 1], row[k], *row[k + 2 :]))
        yield product(row[::-1])
        yield product(tuple(transposed(factor) if factor.type.rank else factor for factor in row))


def _powers(term: Term, pool: Pool) -> Iterator[Term | None]:
    if isinstance(term, Call) and term.operation in ("pow", "matpow"):
        base, exponent = term.arguments
        for other in (_sum((exponent, number(1))), _sum((exponent, number(-1))), scaled(TWO, exponent), scaled(HALF, exponent)):
            yield called(term.operation, (base, other)) if other is not None else None
    elif not term.type.rank and not isinstance(term, Number | Index):
        yield called("pow", (term, TWO))
        yield from (called("pow", (term, size)) for size in pool.sizes)
        yield called("sqrt", (term,))
        yield called("div", (number(1), term))


def _functions(term: Term, pool: Pool) -> Iterator[Term | None]:
    if isinstance(term, Call):
        yield _sibling(term)
        if term.operation == "pow" and term.arguments[1] == TWO and isinstance(term.arguments[0], Call):
            once = term.arguments[0]
            other = _sibling(once)
            yield called("mul", (once, other)) if other is not None else None


def _sibling(term: Call) -> Term | None:
    """cosh for sinh, and the other way round."""
    for one, other in SIBLINGS:
        if term.operation in (one, other):
            return replace(term, operation=other if term.operation == one else one, span=None)
    return None


def _exchanged_names(term: Term, pool: Pool) -> Iterator[Term | None]:
    """Two names of one type for each other, everywhere."""
    if not isinstance(term, Call) or term.operation != "add":
        return
    found = list(places(term))
    names = list(dict.fromkeys(part for _, part in found if isinstance(part, Symbol | Reference) and part.type.rank))
    for one, other in combinations(names, 2):
        if not _alike(one, other):
            continue
        whole: Term | None = term
        for path, part in found:
            if part in (one, other) and whole is not None:
                whole = exchanged(whole, path, other if part == one else one)
        yield whole


def _indices(term: Term, pool: Pool) -> Iterator[Term | None]:
    """Indices exchanged or shifted, bounds of a sum off by one."""
    if isinstance(term, Component):
        if len(term.indices) == 2:
            yield replace(term, indices=term.indices[::-1], span=None)
        for k, index in enumerate(term.indices):
            for step in (1, -1):
                moved = (*term.indices[:k], called("add", (index, number(step))), *term.indices[k + 1 :])
                yield replace(term, indices=moved, span=None)  # type: ignore[arg-type]
    if isinstance(term, Reduction):
        edges = term.binder
        for step in (1, -1):
            yield replace(term, binder=replace(edges, lower=_shifted(edges.lower, step)), span=None)
            yield replace(term, binder=replace(edges, upper=_shifted(edges.upper, step)), span=None)


def _shifted(edge: Term, step: int) -> Term:
    if isinstance(edge, Number):
        return number(edge.value + step)
    if isinstance(edge, Size):
        return Size(INTEGER, edge.dimension + Dimension.of(step))
    return Call(INTEGER, "add", (edge, number(step)))


# --- changes for which something comes in ------------------------------------------------------------------------------


def _by_sizes(term: Term, pool: Pool) -> Iterator[Term | None]:
    if not isinstance(term, Number | Index | Size):
        for size in pool.sizes:
            yield scaled(_one_over(size), term)
            yield scaled(size, term)


def _one_over(size: Term) -> Term:
    return Call(replace(size.type, domain="real"), "div", (number(1), size))


def _replaced(term: Term, pool: Pool) -> Iterator[Term | None]:
    """One name for another of its type; I for a square matrix and the other way round."""
    if isinstance(term, Symbol | Reference | Index | Size | Component):
        yield from (other for other in (*pool.atoms, *pool.sizes) if _alike(other, term))
        yield _identity(term)
    elif isinstance(term, Call) and term.operation == "identity":
        yield from (other for other in pool.atoms if other.type.shape == term.type.shape)
    elif isinstance(term, Number) and term.value:
        yield from (other for other in pool.atoms if not other.type.rank and not isinstance(other, Index))


def _alike(new: Term, old: Term) -> bool:
    return _fits(new, old) and new != old and isinstance(new, Index) == isinstance(old, Index)


def _identity(term: Term) -> Term | None:
    shape = term.type.shape
    return Call(term.type, "identity", ()) if len(shape) == 2 and shape[0] == shape[1] else None


def _more_factors(term: Term, pool: Pool) -> Iterator[Term | None]:
    """One more factor, at any place of a product."""
    row = factors(term)
    if len(row) > LONGEST_ROW or isinstance(term, Index | Size | Number):
        return
    for atom in pool.atoms:
        if isinstance(atom, Index):
            continue
        for factor in _as_factor(atom):
            if not factor.type.rank:
                yield scaled(factor, term)
                continue
            for k in range(len(row) + 1):
                yield product((*row[:k], factor, *row[k:]))


def _entry_factors(term: Term, pool: Pool) -> Iterator[Term | None]:
    """One more factor entry by entry."""
    if term.type.rank and not isinstance(term, Index | Size | Number):
        yield from (called("mul", (term, more)) for more in (*pool.atoms, *pool.sums) if _fits(more, term))


def _pairs(term: Term, pool: Pool) -> Iterator[Term | None]:
    """One more term that is a product of two names: d x^T, w^T x, A x."""
    if not isinstance(term, Call | Reference | Symbol):
        return
    names = [atom for atom in pool.atoms if isinstance(atom, Symbol | Reference) and atom.type.rank]
    for one, other in permutations(names, 2):
        for more in (multiplied(one, transposed(other)), multiplied(transposed(one), other), multiplied(one, other)):
            if more is not None and _fits(more, term):
                yield _sum((term, more))
                yield _sum((term, negated(more)))


def _as_factor(atom: Term) -> Iterator[Term]:
    yield atom
    if atom.type.rank == 2:
        yield transposed(atom)
        for extra in (called("inverse", (atom,)), called("det", (atom,))):
            if extra is not None:
                yield extra
        return
    yield transposed(atom) if atom.type.rank else _one_over(atom)


def _more_terms(term: Term, pool: Pool) -> Iterator[Term | None]:
    """One more term: a name, 1 or I beside the whole or beside a run of factors; the term itself, turned."""
    if isinstance(term, Number | Index | Size):
        return
    if term.type.rank == 2:
        yield _sum((term, transposed(term)))
    row = factors(term)
    for start in range(len(row)) if len(row) <= LONGEST_ROW else ():
        for stop in range(start + 1, len(row) + 1):
            run = product(row[start:stop])
            for more in _terms_like(run, pool) if run is not None else ():
                total = _sum((run, more)) if run is not None else None
                yield product((*row[:start], total, *row[stop:])) if total is not None else None


def _terms_like(run: Term, pool: Pool) -> Iterator[Term]:
    found = [atom for atom in pool.atoms if atom != run and _fits(atom, run) and not isinstance(atom, Index)]
    one = number(1) if not run.type.rank else _identity(run)
    for more in (*found, one):
        if more is not None:
            yield more
            yield negated(more)


def _other_terms(term: Term, pool: Pool) -> Iterator[Term | None]:
    """A term that is in a sum already, once more with one factor turned."""
    if not isinstance(term, Call) or term.type.rank != 2:
        return
    for part in term.arguments if term.operation == "add" else (term,):
        row = factors(part)
        for k, factor in enumerate(row):
            if factor.type.rank == 2:
                twin = product((*row[:k], transposed(factor), *row[k + 1 :]))
                yield _sum((term, twin)) if twin is not None else None


def _sum(terms: tuple[Term, ...]) -> Term | None:
    flat = tuple(p for t in terms for p in (t.arguments if isinstance(t, Call) and t.operation == "add" else (t,)))
    return flat[0] if len(flat) == 1 else called("add", flat) if flat else None


def _with_argument(term: Call, position: int, new: Term) -> Term | None:
    return called(term.operation, (*term.arguments[:position], new, *term.arguments[position + 1 :]), term)


CHANGES: tuple[Change, ...] = (
    _whole_sign,
    _dropped,
    _numbers,
    _factor_two,
    _turned,
    _inverse,
    _order,
    _functions,
    _indices,
    _replaced,
    _powers,
    _by_sizes,
    _more_factors,
    _other_terms,
    _exchanged_names,
    _entry_factors,
    _more_terms,
    _pairs,
)
