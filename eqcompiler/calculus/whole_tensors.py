"""Whole-tensor operations on Normals: inverse, det, logdet and the opaque ones, each in one form for equal operands.

Takes: operands as Normals in their own axes. Gives: Normals whose atoms carry the operand's canonical form.
Guarantees: every rule holds wherever both sides are defined, for all sizes. A product is split only when every letter is
known to be square; of an operand and its transpose one is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from eqcompiler.calculus.algebra import REBUILD_INTRINSIC, multiply, multiply_all, power, primitive, product, substitute
from eqcompiler.calculus.chains import Chain, Letter, letter_at, read_monomial, reverse, sizes
from eqcompiler.calculus.elementary import absolute, apply, log
from eqcompiler.calculus.index_values import affine_value, delta, fresh
from eqcompiler.calculus.monomials import (
    ONE,
    ONE_AFFINE,
    Affine,
    Atom,
    Component,
    Index,
    Intrinsic,
    Monomial,
    Normal,
    Operand,
    Scalar,
    Size,
)
from eqcompiler.calculus.signs import sign_of_normal
from eqcompiler.calculus.sums import total
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import unknown_function, unknown_operation

MAX_MATRIX_POWER = 12


def whole(operation: str, operands: Sequence[Operand], positions: tuple[Affine, ...]) -> Normal:
    """operation(operands) read at `positions`."""
    if operation not in REBUILD_INTRINSIC and unknown_function(operation):
        REBUILD_INTRINSIC[operation] = partial(_unknown, operation)
    return REBUILD_INTRINSIC[operation](tuple(operands), positions)


def operand(body: Normal, axes: Sequence[Index]) -> Operand:
    """A Normal in free indices as an operand: its axes renamed `?height.position`."""
    named = [Index(f"?{body.height}.{k}", ONE_AFFINE, axis.upper, body.height + 1) for k, axis in enumerate(axes)]
    return Operand(tuple(named), substitute(body, {a: Affine.of(n) for a, n in zip(axes, named, strict=True)}))


def transposed(o: Operand) -> Operand:
    rows, columns = o.axes
    new = (
        Index(rows.name, ONE_AFFINE, columns.upper, rows.height),
        Index(columns.name, ONE_AFFINE, rows.upper, columns.height),
    )
    return Operand(new, substitute(o.body, {rows: Affine.of(new[1]), columns: Affine.of(new[0])}))


def is_symmetric(o: Operand) -> bool:
    return o.axes[0].upper == o.axes[1].upper and transposed(o).body == o.body


def without_content(o: Operand) -> tuple[Normal, Operand]:
    """(scalar, rest): the rational content and the common factors that do not depend on the axes."""
    if not o.body.terms:
        return ONE, o
    content, _ = primitive(o.body, signed=True)
    term = content.terms[0]
    free = tuple(f for f in term.factors if not any(a in f.atom.indices for a in o.axes) and f.exponent.denominator == 1)
    scalar = Normal((Monomial(term.coefficient, free),))
    return scalar, operand(multiply(o.body, power(scalar, -1)), o.axes)


def _open_chain(o: Operand) -> Chain | None:
    """The operand as one product of matrices from its first axis to its second."""
    if len(o.body.terms) != 1:
        return None
    read = read_monomial(o.body.terms[0])
    if read.coefficient != 1 or read.scalars or len(read.chains) != 1 or read.chains[0][1] != 1:
        return None
    chain = read.chains[0][0]
    if chain.left is None or chain.right is None:
        return None
    chain = chain if chain.left.index == o.axes[0] else reverse(chain)
    ends = (
        chain.left is not None and chain.left.index == o.axes[0] and chain.right is not None and chain.right.index == o.axes[1]
    )
    return chain if ends else None


def _square_letters(o: Operand) -> tuple[Letter, ...] | None:
    """The letters of a product of square matrices."""
    chain = _open_chain(o)
    if chain is None:
        return None
    size = o.axes[0].upper
    return chain.letters if all(sizes(letter) == (size, size) for letter in chain.letters) else None


def _diagonal_entries(o: Operand) -> Operand | None:
    """d of diag(d), when every term has the delta of both axes."""
    row, column = o.axes
    joined = delta(Affine.of(row), Affine.of(column)).terms[0].factors[0]
    terms = [Monomial(t.coefficient, tuple(f for f in t.factors if f != joined)) for t in o.body.terms if joined in t.factors]
    if len(terms) != len(o.body.terms):
        return None
    index = fresh(row.upper)
    return operand(substitute(Normal.collect(terms), {row: Affine.of(index), column: Affine.of(index)}), (index,))


def _letter_operand(letter: Letter) -> Operand:
    rows, columns = (fresh(size) for size in sizes(letter))
    return operand(letter_at(letter, Affine.of(rows), Affine.of(columns)), (rows, columns))


def _of_letter(letter: Letter, operation: str) -> Operand | None:
    """The operand of a letter that is itself the result of `operation`."""
    if isinstance(letter.atom, Intrinsic) and letter.atom.operation == operation and letter.exponent == 1:
        inner = letter.atom.operands[0]
        return transposed(inner) if letter.transposed else inner
    return None


def read_at(o: Operand, positions: tuple[Affine, ...]) -> Normal:
    return substitute(o.body, dict(zip(o.axes, positions, strict=True)))


# --- inverse ---------------------------------------------------------------------------------------------------------


def inverse(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """(cA)^-1 = A^-1/c, (AB)^-1 = B^-1 A^-1 for square A and B, (A^-1)^-1 = A, (A^T)^-1 = (A^-1)^T."""
    if not operands[0].body.terms:
        raise NotSupportedYet("the inverse of a zero matrix")
    content, o = without_content(operands[0])
    return multiply(power(content, -1), _inverse(o, positions))


def _inverse(o: Operand, positions: tuple[Affine, ...]) -> Normal:
    row, column = positions
    entries = _diagonal_entries(o)
    if entries is not None:
        return multiply(delta(row, column), power(read_at(entries, (row,)), -1))
    letters = _square_letters(o)
    if letters is None:
        return _inverse_atom(o, positions)
    if not letters:
        return delta(row, column)
    nodes = [fresh(o.axes[0].upper) for _ in letters[1:]]
    places = [row, *(Affine.of(b) for b in nodes), column]
    body = product(_inverse_letter(letter, places[k], places[k + 1]) for k, letter in enumerate(reversed(letters)))
    return total(body, nodes)


def _inverse_letter(letter: Letter, row: Affine, column: Affine) -> Normal:
    if letter.role == "diagonal":
        return multiply(delta(row, column), power(letter_at(letter, row), -1))
    inner = _of_letter(letter, "inverse")
    if inner is not None:
        return read_at(inner, (row, column))
    return _inverse_atom(_letter_operand(letter), (row, column))


def _inverse_atom(o: Operand, positions: tuple[Affine, ...]) -> Normal:
    other = transposed(o)
    symmetric = other.key == o.key
    if other.key < o.key:
        o, positions = other, positions[::-1]
    where = tuple(sorted(positions)) if symmetric else positions
    return Normal.atom(Intrinsic("inverse", (o,), where, (o.axes[0].upper, o.axes[1].upper), symmetric))


# --- determinants ----------------------------------------------------------------------------------------------------


def determinant(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """det(cA) = c^n det A, det(AB) = det A det B for square A and B, det(A^-1) = 1/det A, det(A^T) = det A."""
    if not operands[0].body.terms:
        return Normal(())
    content, o = without_content(operands[0])
    scale = apply("power", (content, affine_value(o.axes[0].upper))) if content != ONE else ONE
    entries = _diagonal_entries(o)
    if entries is not None:
        return multiply(scale, entries_product((entries,), ()))
    letters = _square_letters(o)
    if letters is None:
        return multiply(scale, _determinant_atom(o, ""))
    return multiply_all(scale, [_determinant_letter(letter) for letter in letters])


def _determinant_letter(letter: Letter) -> Normal:
    inner = _of_letter(letter, "inverse")
    if inner is not None:
        return power(determinant((inner,), ()), -1)
    if isinstance(letter.atom, Intrinsic) and letter.atom.operation == "matpow" and letter.exponent == 1:
        return apply("power", (determinant(letter.atom.operands[:1], ()), letter.atom.operands[1].body))
    if letter.role == "diagonal":
        rows = fresh(sizes(letter)[0])
        return entries_product((operand(letter_at(letter, Affine.of(rows)), (rows,)),), ())
    definite = isinstance(letter.atom, Component) and letter.atom.definite and letter.exponent == 1
    return _determinant_atom(_letter_operand(letter), "positive" if definite else "")


def _determinant_atom(o: Operand, sign: str) -> Normal:
    other = transposed(o)
    return Normal.atom(Intrinsic("det", (other if other.key < o.key else o,), (), (), sign=sign))


def log_determinant(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """log |det A|."""
    return log(absolute(determinant(operands, ())))


# --- products over an index ----------------------------------------------------------------------------------------------


def entries_product(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """The product of the entries of a vector, factor by factor: what does not depend on the index as a power, what is positive
    as the exponential of a sum of logarithms, any other factor as a letter."""
    (o,) = operands
    (index,) = o.axes
    if not o.body.terms:
        return Normal(())
    content, body = primitive(o.body, signed=True) if len(o.body.terms) > 1 else (o.body, ONE)
    (term,) = content.terms
    values = [Normal.atom(f.atom, f.exponent) for f in term.factors]
    values += [Normal.number(term.coefficient)] if term.coefficient != 1 else []
    values += [body] if body != ONE else []
    return product(_product_over(index, value) for value in values)


def _product_over(index: Index, value: Normal) -> Normal:
    if index not in value.indices:
        return apply("power", (value, affine_value(index.upper)))
    if sign_of_normal(value) == "positive":
        own = fresh(index.upper)
        return apply("exp", (total(log(substitute(value, {index: Affine.of(own)})), (own,)),))
    factor = value.terms[0].factors[0] if len(value.terms) == 1 else None
    exponent = factor.exponent if factor is not None else Fraction(1)
    if exponent.denominator > 1 or index.upper.indices:
        raise NotSupportedYet("a product over an index of factors that are not known to be positive")
    base = Normal.atom(factor.atom) if factor is not None else value
    return Normal.atom(Intrinsic("product", (operand(base, (index,)),), (), ()), exponent)


# --- powers and opaque operations --------------------------------------------------------------------------------------


def matrix_power(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """(cA)^k = c^k A^k, A^{i + j + 2} = A^i A^j A A for natural i and j; what is left is an opaque letter."""
    content, base = without_content(operands[0])
    exponent = operands[1].body
    scale = apply("power", (content, exponent)) if content != ONE else ONE
    parts = _exponents(exponent)
    nodes = [fresh(base.axes[0].upper) for _ in parts[1:]]
    places = [positions[0], *(Affine.of(b) for b in nodes), positions[1]]
    if not parts:
        return multiply(scale, delta(*positions))
    body = product(_one_power(base, part, where) for part, where in zip(parts, itertools.pairwise(places), strict=True))
    return multiply(scale, total(body, nodes))


def _exponents(exponent: Normal) -> list[Normal]:
    """The exponent as a sum of parts, each of which may be an exponent on its own wherever the sum is one."""
    number = exponent.constant
    if number is not None:
        if number.denominator != 1 or abs(number) > MAX_MATRIX_POWER:
            raise NotSupportedYet(f"a matrix to the power {number}", allowed=f"whole exponents up to {MAX_MATRIX_POWER}")
        return [Normal.number(1 if number > 0 else -1)] * abs(int(number))
    whole_terms = all(t.coefficient.denominator == 1 and 0 < t.coefficient <= MAX_MATRIX_POWER for t in exponent.terms)
    if not whole_terms or not all(_is_natural(f.atom) and f.exponent == 1 for t in exponent.terms for f in t.factors):
        return [exponent]
    return [Normal((Monomial(Fraction(1), t.factors),)) for t in exponent.terms for _ in range(int(t.coefficient))]


def _is_natural(atom: Atom) -> bool:
    return isinstance(atom, Size) or (isinstance(atom, Scalar) and atom.integer and bool(atom.sign))


def _one_power(base: Operand, exponent: Normal, positions: tuple[Affine, Affine]) -> Normal:
    if exponent.constant is not None:
        return read_at(base, positions) if exponent.constant > 0 else inverse((base,), positions)
    other, size = transposed(base), base.axes[0].upper
    symmetric = other.key == base.key
    if other.key < base.key:
        base, positions = other, positions[::-1]
    where = tuple(sorted(positions)) if symmetric else positions
    return Normal.atom(Intrinsic("matpow", (base, operand(exponent, ())), where, (size, size), symmetric))


def solve(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """A^-1 b."""
    matrix, right = operands
    middle = fresh(matrix.axes[1].upper)
    left = inverse((matrix,), (positions[0], Affine.of(middle)))
    return total(multiply(left, read_at(right, (Affine.of(middle), *positions[1:]))), (middle,))


def _opaque(operation: str, flipped: bool, symmetric: bool) -> None:
    """flipped: the result has the operand's shape transposed."""

    def rule(operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
        shape = tuple(a.upper for a in operands[0].axes)[: len(positions)]
        where = tuple(sorted(positions)) if symmetric else positions
        return Normal.atom(Intrinsic(operation, operands, where, shape[::-1] if flipped else shape, symmetric))

    REBUILD_INTRINSIC[operation] = rule


def _unknown(operation: str, operands: tuple[Operand, ...], positions: tuple[Affine, ...]) -> Normal:
    """A function without a body or a derivative of it, whose order does not matter: the slots and their positions sorted."""
    function, slots = unknown_function(operation) or ("", ())
    places, rest = [], list(zip(positions, _slot_sizes(operands, slots), strict=True))
    for slot in slots:
        count = len(operands[slot].axes)
        places.append((slot, tuple(rest[:count])))
        rest = rest[count:]
    places.sort(key=lambda place: (place[0], tuple(p.key for p, _ in place[1])))
    sorted_operation = unknown_operation(function, tuple(slot for slot, _ in places))
    if sorted_operation != operation:
        return whole(sorted_operation, operands, tuple(p for _, pairs in places for p, _ in pairs))
    where = tuple(p for _, pairs in places for p, _ in pairs)
    shape = tuple(size for _, pairs in places for _, size in pairs)
    symmetric = len(where) == 2 and len(slots) == 2 and slots[0] == slots[1]
    return Normal.atom(Intrinsic(operation, operands, where, shape, symmetric))


def _slot_sizes(operands: tuple[Operand, ...], slots: tuple[int, ...]) -> list[Affine]:
    return [axis.upper for slot in slots for axis in operands[slot].axes]


REBUILD_INTRINSIC.update(
    {
        "product": entries_product,
        "inverse": inverse,
        "det": determinant,
        "logdet": log_determinant,
        "matpow": matrix_power,
        "solve": solve,
    }
)
_opaque("pseudoinverse", flipped=True, symmetric=False)
_opaque("matsqrt", flipped=False, symmetric=True)
_opaque("norm2", flipped=False, symmetric=False)
