r"""Determinants of sums and of block matrices: what multiplying out invertible factors shows about them.

Takes: a Normal, the matrix equations that hold. Gives: Normals equal to it, with other readings of its determinants.
Guarantees: each reading is an identity wherever the claim is defined. A matrix counts as invertible when its inverse occurs or
it is definite. `is_open`: the assumptions leave all values near those that satisfy them; in a claim between rational functions
any matrix that is one symbol counts then too, because singular ones are limits of others and both sides are continuous.

    det(W + U V) = det W det(I + W^{-1} U V)          W a product of invertible matrices
    det(s I_n + U V) = s^{n - m} det(s I_m + V U)     Sylvester; for two vectors s^{n - 1} (s + v^T u)
    det [[A, B], [C, D]] = det A det(D - C A^{-1} B)  Schur; det A det D where B or C is zero
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from eqcompiler.calculus.algebra import add, multiply, multiply_all, power, replace, substitute
from eqcompiler.calculus.chains import sizes
from eqcompiler.calculus.completion import Rewriter
from eqcompiler.calculus.elementary import apply
from eqcompiler.calculus.index_values import affine_value, fresh
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    ZERO,
    ZERO_AFFINE,
    Affine,
    Atom,
    Component,
    Contraction,
    Function,
    Guard,
    Intrinsic,
    Normal,
    Operand,
)
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rewriting import intrinsics, rewriter
from eqcompiler.calculus.signs import sign_of_normal
from eqcompiler.calculus.sums import total
from eqcompiler.calculus.whole_tensors import inverse, operand, read_at, transposed, whole
from eqcompiler.calculus.words import Alphabet, Term, Word

MOST_READINGS = 64  # of one claim
MOST_OF_ONE = 6  # of one determinant
DEEPEST = 3

Piece = tuple[Normal, Word]  # scalar * word, the word without its ends


def readings(body: Normal, equations: Iterable[Tensor], is_open: bool) -> Iterator[Normal]:
    """The body with every choice of readings for its determinants; nothing when it has none that can be read otherwise."""
    atoms = [atom for atom in intrinsics(body) if atom.operation == "det"]
    reader = _Reader(body, tuple(equations), is_open and _is_rational(body))
    found = [reader.of(atom.operands[0], DEEPEST) for atom in atoms]
    choices = [(Normal.atom(atom), *others) for atom, others in zip(atoms, found, strict=True)]
    if not any(found):
        return
    for chosen in itertools.islice(itertools.product(*(reversed(c) for c in choices)), MOST_READINGS):
        yield with_defined_logs(body, replace(body, _table(atoms, chosen)))


def _table(atoms: Iterable[Atom], values: Iterable[Normal]) -> Callable[[Atom], Normal | None]:
    table = {atom.key: value for atom, value in zip(atoms, values, strict=True)}
    return lambda atom: table.get(atom.key)


def with_equation(body: Normal, zero: Normal) -> Normal:
    """The body where det Q^2 - 1 = 0 takes every det Q^2 for 1."""
    for lead in zero.terms:
        if len(zero.terms) != 2 or len(lead.factors) != 1 or lead.factors[0].exponent.denominator != 1:
            continue
        (power_,) = lead.factors
        value = Normal(tuple(t for t in zero.terms if t is not lead)).times(-1 / lead.coefficient)
        parts = []
        for term in body.terms:
            own = next((f for f in term.factors if f.atom == power_.atom), None)
            count = int(own.exponent // power_.exponent) if own is not None else 0
            rest = multiply(Normal((term,)), Normal.atom(power_.atom, -count * power_.exponent))
            parts.append(multiply(rest, power(value, count)))
        return add(parts)
    return body


def of_equation(zero: Tensor) -> Normal | None:
    """det A - det B, where A = B was assumed of square products A and B."""
    if len(zero.axes) != 2 or zero.axes[0].upper != zero.axes[1].upper or len(zero.body.terms) != 2:
        return None
    first, second = zero.body.terms
    one = operand(Normal((first,)).times(1 / first.coefficient), zero.axes)
    other = operand(Normal((second,)).times(-1 / first.coefficient), zero.axes)
    return whole("det", (one,), ()) - whole("det", (other,), ())


def _is_rational(body: Normal) -> bool:
    """No function but powers with whole exponents, no root."""
    seen: list[bool] = []

    def note(atom: Atom) -> None:
        if isinstance(atom, Function):
            seen.append(atom.name == "power")
        if isinstance(atom, Contraction):
            seen.extend(f.exponent.denominator == 1 for f in atom.factors)

    replace(body, note)
    return all(seen) and all(f.exponent.denominator == 1 for t in body.terms for f in t.factors)


def with_defined_logs(claimed: Normal, body: Normal) -> Normal:
    """Where the claim writes log u, u is positive: |u| is u."""
    if "step(" in claimed.key or "sign(" in claimed.key:
        return body
    positive = set()

    def note(atom: Atom) -> None:
        if isinstance(atom, Function) and atom.name == "log" and not atom.indices:
            positive.add(atom.arguments[0].key)

    replace(claimed, note)

    def rule(atom: Atom) -> Normal | None:
        known = isinstance(atom, Function) and atom.name == "abs" and atom.arguments[0].key in positive
        return atom.arguments[0] if known and isinstance(atom, Function) else None

    return replace(body, rule)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Other readings of the determinants of one claim."""

    body: Normal
    equations: tuple[Tensor, ...]
    is_open: bool

    # ---- what is known

    def is_invertible(self, o: Operand) -> bool:
        inverted = {a.operands[0].key for a in intrinsics(self.body) if a.operation == "inverse"}
        if o.key in inverted or transposed(o).key in inverted:
            return True
        if len(o.body.terms) != 1 or len(o.body.terms[0].factors) != 1:
            return False
        (f,) = o.body.terms[0].factors
        if isinstance(f.atom, Intrinsic):
            return f.atom.operation == "inverse" and f.exponent == 1
        return isinstance(f.atom, Component) and f.exponent == 1 and (f.atom.definite or self.is_open)

    # ---- readings

    def of(self, o: Operand, depth: int) -> tuple[Normal, ...]:
        """Values of det o, other than the plain one."""
        size = o.axes[0].upper
        if size == ONE_AFFINE:
            return (read_at(o, (ONE_AFFINE, ONE_AFFINE)),)
        if depth == 0:
            return ()
        found = [*self.of_blocks(o, depth)]
        work = rewriter(self.body, self.equations)
        pieces = _pieces(work.alphabet, o)
        if pieces is not None:
            found += self.of_sum(work, o, pieces, depth)
        return tuple({value.key: value for value in found}.values())[:MOST_OF_ONE]

    def best(self, o: Operand, depth: int) -> tuple[Normal, ...]:
        return (*self.of(o, depth), whole("det", (o,), ()))[:MOST_OF_ONE]

    def of_blocks(self, o: Operand, depth: int) -> Iterator[Normal]:
        for edge in _edges(o):
            ranges = ((ZERO_AFFINE, edge), (edge, o.axes[0].upper - edge))
            for k in (0, 1):
                here, there = ranges[k], ranges[1 - k]
                pivot, other, down, across = (
                    _block(o, *p) for p in ((here, here), (there, there), (there, here), (here, there))
                )
                if ZERO in (down.body, across.body):
                    complement = other
                elif self.is_invertible(pivot):
                    complement = _minus(other, _times(_times(down, _inverse(pivot)), across))
                else:
                    continue
                pairs = itertools.product(self.best(pivot, depth - 1), self.best(complement, depth - 1))
                yield from (multiply(one, two) for one, two in pairs)

    def of_sum(self, work: Rewriter, o: Operand, pieces: list[Piece], depth: int) -> Iterator[Normal]:
        size = o.axes[0].upper
        yield from _sylvester(work, pieces, size)
        if len(pieces) < 2:
            return
        for k, (scale, word) in enumerate(pieces):
            pivot = _matrix(work.alphabet, [(ONE, word)], size)
            if not word or not self.are_invertible(work.alphabet, word, size) or not _is_nonzero(scale):
                continue
            rest = _matrix(
                work.alphabet, [(multiply(c, power(scale, -1)), w) for j, (c, w) in enumerate(pieces) if j != k], size
            )
            moved = _reduced(work, _times(_inverse(pivot), rest))
            around = multiply(apply("power", (scale, affine_value(size))), whole("det", (pivot,), ()))
            inside = _pieces(work.alphabet, moved)
            if inside is None:
                continue
            for value in _sylvester(work, _merged([(ONE, ()), *inside]), size):
                yield multiply(around, value)

    def are_invertible(self, alphabet: Alphabet, word: Word, size: Affine) -> bool:
        letters = [alphabet.letters[token] for token in word]
        square = all(letter.role == "matrix" and sizes(letter) == (size, size) for letter in letters)
        return square and all(self.is_invertible(_matrix(alphabet, [(ONE, (token,))], size)) for token in word)


def _is_nonzero(scale: Normal) -> bool:
    return bool(scale.constant) or sign_of_normal(scale) == "positive"


# --- operands ----------------------------------------------------------------------------------------------------------


def _block(o: Operand, rows: tuple[Affine, Affine], columns: tuple[Affine, Affine]) -> Operand:
    """The part of the operand in these ranges, each as what stands before it and its length."""
    axes = (fresh(rows[1]), fresh(columns[1]))
    values = {old: Affine.of(new) + first for old, new, (first, _) in zip(o.axes, axes, (rows, columns), strict=True)}
    return operand(substitute(o.body, values), axes)


def _edges(o: Operand) -> list[Affine]:
    """Where the first axis is cut into blocks: n for a guard [row <= n]."""
    row = o.axes[0]
    guards = [f.atom.natural for t in o.body.terms for f in t.factors if isinstance(f.atom, Guard)]
    edges = [g + Affine.of(row) for g in guards if dict(g.terms).get(row) == -1 and g.indices == (row,)]
    inside = (e for e in edges if (e - ONE_AFFINE).is_natural() and (row.upper - e - ONE_AFFINE).is_natural())
    return list({edge.key: edge for edge in inside}.values())


def _times(left: Operand, right: Operand) -> Operand:
    row, middle, column = fresh(left.axes[0].upper), fresh(left.axes[1].upper), fresh(right.axes[1].upper)
    factors = (read_at(left, (Affine.of(row), Affine.of(middle))), read_at(right, (Affine.of(middle), Affine.of(column))))
    return operand(total(multiply(*factors), (middle,)), (row, column))


def _minus(left: Operand, right: Operand) -> Operand:
    axes = tuple(fresh(axis.upper) for axis in left.axes)
    where = tuple(Affine.of(axis) for axis in axes)
    return operand(read_at(left, where) - read_at(right, where), axes)


def _inverse(o: Operand) -> Operand:
    axes = tuple(fresh(axis.upper) for axis in o.axes)
    return operand(inverse((o,), tuple(Affine.of(axis) for axis in axes)), axes)


def _reduced(work: Rewriter, o: Operand) -> Operand:
    return operand(work.alphabet.normal(work.reduced(work.alphabet.polynomial(o.body))), o.axes)


# --- words -------------------------------------------------------------------------------------------------------------


def _pieces(alphabet: Alphabet, o: Operand) -> list[Piece] | None:
    """The operand as scalars times words from its first axis to its second; None when it is no such sum."""
    row, column = (axis.key for axis in o.axes)
    found: list[Piece] = []
    for term, c in alphabet.polynomial(o.body).items():
        start, end, closed = None, None, []
        for word in term.words:
            directed = alphabet.turned(word) if word[0] == f"<{column}" or word[-1] == f">{row}" else word
            if directed[0] == f"<{row}":
                start = directed
            elif directed[-1] == f">{column}":
                end = directed
            else:
                closed.append(word)
        if start is None or (start[-1] == f">{column}") != (end is None):
            return None
        inner = start[1:-1] if end is None else (*start[1:], *end[:-1])
        scalar = alphabet.normal({Term(term.scalars, tuple(closed)): c})
        found.append((scalar, inner))
    return _merged(found)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Equal words once."""
    table: dict[Word, Normal] = {}
    for scalar, word in pieces:
        table[word] = table.get(word, ZERO) + scalar
    return [(scalar, word) for word, scalar in table.items() if scalar.terms]


def _matrix(alphabet: Alphabet, pieces: Iterable[Piece], size: Affine) -> Operand:
    axes = (fresh(size), fresh(size))
    body = ZERO
    for axis in axes:
        alphabet.ends[axis.key] = Affine.of(axis)
    for scalar, word in pieces:
        term = alphabet.term((), [(f"<{axes[0].key}", *word, f">{axes[1].key}")])
        body = body + multiply(scalar, alphabet.normal({term: Fraction(1)}))
    return operand(body, axes)


def _sylvester(work: Rewriter, pieces: list[Piece], size: Affine) -> list[Normal]:
    """det(s I + U V) in the least of its readings; nothing without such a form."""
    alphabet = work.alphabet
    scale = next((c for c, word in pieces if not word), None)
    rest = [(c, word) for c, word in pieces if word]
    if scale is None or not rest:
        return [] if scale is None else [apply("power", (scale, affine_value(size)))]
    found = [whole("det", (_matrix(alphabet, pieces, size),), ())]
    for front, count in ((True, _shared([w for _, w in rest])), (False, _shared([w[::-1] for _, w in rest]))):
        for k in range(1, count + (len(rest) > 1)):
            moved = [(c, (*w[k:], *w[:k]) if front else (*w[-k:], *w[:-k])) for c, w in rest]
            value = _turned(work, scale, moved, size)
            found += [] if value is None else [value]
    return [min(found, key=lambda value: [atom.key for atom in intrinsics(value) if atom.operation == "det"])]


def _shared(words: list[Word]) -> int:
    """The length of the longest common beginning."""
    return next((k for k, letters in enumerate(zip(*words, strict=False)) if len(set(letters)) > 1), min(map(len, words)))


def _turned(work: Rewriter, scale: Normal, moved: list[Piece], size: Affine) -> Normal | None:
    """s^{n - m} det(s I_m + V U) for the words of V U; None where s may be zero and m is not n."""
    alphabet = work.alphabet
    roles = {(alphabet.role(w[0]), alphabet.role(w[-1])) for _, w in moved}
    if roles == {("row", "column")}:
        closed = [multiply(c, alphabet.normal({alphabet.term((), [w]): Fraction(1)})) for c, w in moved]
        value = scale
        for part in closed:
            value = value + part
        return multiply(apply("power", (scale, affine_value(size - ONE_AFFINE))), value)
    inner = {sizes(alphabet.letters[w[0]])[0] for _, w in moved} | {sizes(alphabet.letters[w[-1]])[1] for _, w in moved}
    if roles & {("row", "column")} or any(first == "column" or last == "row" for first, last in roles) or len(inner) != 1:
        return None
    small = inner.pop()
    if small != size and not _is_nonzero(scale):
        return None
    value = whole("det", (_reduced(work, _matrix(alphabet, _merged([(scale, ()), *moved]), small)),), ())
    return multiply_all(value, [apply("power", (scale, affine_value(size - small)))] if small != size else [])
