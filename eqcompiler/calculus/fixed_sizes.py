"""Fixed sizes: sums over an axis of two, three or four entries, determinants and inverses of such matrices, written out.

Takes: a tensor that ought to be zero. Gives: its entries along the axes of fixed size,
in which nothing runs over such an axis.
Guarantees: the entries are those of the tensor; an axis of more than LARGEST entries, or of unknown size, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

from eqcompiler.calculus import algebra
from eqcompiler.calculus.algebra import merge, multiply, opened, power, substitute
from eqcompiler.calculus.monomials import ZERO, Affine, Atom, Contraction, Index, Intrinsic, Normal, Operand
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.sums import total

LARGEST = 4  # entries along an axis
MOST_ENTRIES = 16
LARGEST_DETERMINANT = 3
ROUNDS = 4  # sums inside of sums


def entries(zero: Tensor) -> Iterator[Normal]:
    """The entries along the axes of fixed size; nothing where no size is fixed or there are too many entries."""
    fixed = [axis for axis in zero.axes if extent(axis)]
    written = written_out(zero.body)
    places = [range(1, extent(axis) + 1) for axis in fixed]
    count = 1
    for place in places:
        count *= len(place)
    if count > MOST_ENTRIES or (not fixed and written == zero.body):
        return
    for chosen in product(*places):
        at = {axis: Affine.of(k) for axis, k in zip(fixed, chosen, strict=True)}
        yield written_out(substitute(written, at))


def extent(index: Index) -> int:
    """How many values an index from 1 has, 0 where that is no small number."""
    small = index.lower.key == "1" and not index.upper.terms and 0 < index.upper.constant <= LARGEST
    return index.upper.constant if small else 0


def written_out(body: Normal) -> Normal:
    for _ in range(ROUNDS):
        following = algebra.replace(body, _written)
        if following == body:
            break
        body = following
    return body


def _written(atom: Atom) -> Normal | None:
    if isinstance(atom, Contraction):
        return _sum(atom)
    if isinstance(atom, Intrinsic) and atom.operation in ("det", "inverse") and len(atom.operands) == 1:
        return _of_matrix(atom, atom.operands[0])
    return None


def _sum(atom: Contraction) -> Normal | None:
    if not any(extent(b) for b in atom.bound):
        return None
    bound, factors = opened(atom)
    fixed = [b for b in bound if extent(b)]
    rest = [b for b in bound if b not in fixed]
    found = ZERO
    for chosen in product(*(range(1, extent(b) + 1) for b in fixed)):
        at = {b: Affine.of(k) for b, k in zip(fixed, chosen, strict=True)}
        part = substitute(merge(Fraction(1), factors), at)
        found = found + (
            total(part, [Index(b.name, b.lower, b.upper.substitute(at), b.height) for b in rest]) if rest else part
        )
    return found


def _of_matrix(atom: Intrinsic, matrix: Operand) -> Normal | None:
    """det by Leibniz, entries of an inverse by cofactors."""
    size = extent(matrix.axes[0])
    if not 0 < size <= LARGEST_DETERMINANT or size != extent(matrix.axes[1]):
        return None
    numbers = tuple(range(1, size + 1))
    if atom.operation == "det":
        return _determinant(matrix, numbers, numbers)
    if any(p.terms for p in atom.positions):
        return None
    row, column = (p.constant for p in atom.positions)
    minor = _determinant(matrix, tuple(k for k in numbers if k != column), tuple(k for k in numbers if k != row))
    return multiply(minor.times(Fraction((-1) ** (row + column))), power(_determinant(matrix, numbers, numbers), -1))


def _determinant(matrix: Operand, rows: tuple[int, ...], columns: tuple[int, ...]) -> Normal:
    found = ZERO
    for order in permutations(range(len(columns))):
        sign = (-1) ** sum(a > b for place, a in enumerate(order) for b in order[place + 1 :])
        term = Normal.number(Fraction(sign))
        for row, place in zip(rows, order, strict=True):
            at = dict(zip(matrix.axes, (Affine.of(row), Affine.of(columns[place])), strict=True))
            term = multiply(term, substitute(matrix.body, at))
        found = found + term
    return found
