r"""Factoring: a sum of products with its common factors pulled out.

Takes: products, each a number, scalar factors and a word of matrices and vectors. Gives: their sum as one term.
Guarantees: the value is unchanged; common scalars and common matrices at either end are pulled out, the order is the author's.

    2/m [X^T X theta], -2/m [X^T y], 2 lambda [theta]     ->     \frac{2}{m} X^\top (X \theta - y) + 2 \lambda \theta
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import SCALAR, Binder, Call, Component, Number, Reduction, Size, Symbol, Term, Type, children

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Letter:
    """A matrix, a column or a transposed vector (`term.type.row`) of a word. symmetric: transposing changes nothing."""

    term: Term
    symmetric: bool = False

    def transposed(self) -> Letter:
        term, shape = self.term, self.term.type.shape
        if self.symmetric:
            return self
        if isinstance(term, Call) and term.operation == "transpose":
            return Letter(term.arguments[0])
        if len(shape) == 1:
            return Letter(Call(Type(shape, row=not term.type.row), "transpose", (term,)))
        return Letter(Call(Type(shape[::-1]), "transpose", (term,)))


Word = tuple[Letter, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """coefficient * scalars * word. A scalar has an empty word."""

    coefficient: Fraction
    scalars: tuple[tuple[Term, Fraction], ...]
    word: Word


@dataclass(frozen=True, slots=True)
class Style:
    """rank: where the author first names what stands in a term. inner: what stands under a sum sign, to merge sums."""

    rank: Callable[[Term], tuple[int, ...]]
    inner: dict[Term, Product]


def sum_of(products: Sequence[Product], shape: tuple[Dimension, ...], style: Style) -> Term:
    """The sum as a term of the given shape."""
    if not products:
        return zeros(shape)
    merged = _sums_merged(products, shape, style)
    ordered = _leading_positive(sorted(merged, key=lambda p: _sort_key(p, style)))
    terms = [_group(group, shape, style) for group in _groups(ordered)]
    return terms[0] if len(terms) == 1 else Call(terms[0].type, "add", tuple(terms))


def _sums_merged(products: Sequence[Product], shape: tuple[Dimension, ...], style: Style) -> list[Product]:
    """Sums over the same range as one: sum_i a_i + sum_i b_i is sum_i (a_i + b_i), with what they share before the sign."""
    merged: list[Product] = []
    groups: dict[Binder, list[Product]] = {}
    for product in products:
        sign = _sum_sign(product, style)
        if sign is None:
            merged.append(product)
        else:
            groups.setdefault(sign.binder, []).append(product)
    for group in groups.values():
        merged.append(group[0] if len(group) == 1 else _one_sum(group, shape, style))
    return merged


def _sum_sign(product: Product, style: Style) -> Reduction | None:
    """The one sum that the product is a multiple of."""
    terms = [letter.term for letter in product.word] or [t for t, e in product.scalars if isinstance(t, Reduction) and e == 1]
    sums = [term for term in terms if isinstance(term, Reduction) and term in style.inner]
    return sums[0] if len(terms) == len(sums) == 1 else None


def _one_sum(group: list[Product], shape: tuple[Dimension, ...], style: Style) -> Product:
    coefficient, scalars = _shared([_without_sum(product, style) for product in group])
    parts = []
    binder = None
    for product in group:
        sign = _sum_sign(product, style)
        if sign is None:
            raise ValueError("a group of sums holds a product without one")
        binder = sign.binder
        inner = style.inner[sign]
        before = _divided(_without_sum(product, style), coefficient, scalars)
        parts.append(Product(before.coefficient * inner.coefficient, (*before.scalars, *inner.scalars), inner.word))
    body = sum_of(parts, shape, style)
    if binder is None:
        raise ValueError("an empty group of sums")
    total = Reduction(body.type, "sum", binder, body)
    return Product(coefficient, scalars, (Letter(total),)) if shape else Product(coefficient, (*scalars, (total, ONE)), ())


def _without_sum(product: Product, style: Style) -> Product:
    sign = _sum_sign(product, style)
    return Product(product.coefficient, tuple((t, e) for t, e in product.scalars if t != sign), ())


def zeros(shape: tuple[Dimension, ...]) -> Term:
    return Call(Type(shape), "zeros", ()) if shape else Number(SCALAR, Fraction(0))


def _sort_key(product: Product, style: Style) -> tuple[object, ...]:
    word = tuple(style.rank(letter.term) for letter in product.word)
    scalars = tuple(style.rank(term) for term, _ in product.scalars)
    degree = sum((abs(e) * _weight(term) for term, e in product.scalars), Fraction(0))
    return (word, -degree, scalars) if word else ((), -degree, scalars)


def _weight(term: Term) -> int:
    """How many symbols stand in a term: products come before their factors in a sum."""
    return 1 if isinstance(term, Symbol | Component) else max(sum(_weight(below) for below in children(term)), 0)


def _leading_positive(products: list[Product]) -> list[Product]:
    """A sum starts with its first positive term when it has one: `1 - x`, not `-x + 1`."""
    first = next((p for p in products if p.coefficient > 0), products[0])
    return [first, *(p for p in products if p is not first)]


def _groups(products: list[Product]) -> list[list[Product]]:
    """Products that share their first letter, or else their last one; products without a word form one group."""
    if all(not p.word for p in products):
        return [products]
    for end in (0, -1):
        groups: dict[object, list[Product]] = {}
        for product in products:
            letter = product.word[end]
            shares = end == -1 or (len(product.word) > 1 and letter.term.type.rank == 2)
            groups.setdefault(letter if shares else product, []).append(product)
        if len(groups) < len(products):
            return list(groups.values())
    return [[product] for product in products] if len(products) > 1 and not _shared(products)[1] else [products]


def _group(group: list[Product], shape: tuple[Dimension, ...], style: Style) -> Term:
    if len(group) == 1:
        return build(group[0], style)
    coefficient, scalars = _shared(group)
    rest = [_divided(product, coefficient, scalars) for product in group]
    words = {product.word for product in rest}
    if shape and len(words) == 1:
        inner = sum_of([Product(p.coefficient, p.scalars, ()) for p in rest], (), style)
        return build(Product(coefficient, (*scalars, (inner, ONE)), words.pop()), style)
    first, last = _same(rest, 0), _same(rest, -1)
    if first is not None and first.term.type.rank == 2:
        inner = sum_of([_unworded(p, 0) for p in rest], _after(first, shape), style)
        return build(Product(coefficient, scalars, (first, Letter(inner))), style)
    if last is not None:
        left = shape[:1] if last.term.type.row else (shape[0], last.term.type.shape[0])
        inner = sum_of([_unworded(p, -1) for p in rest], left, style)
        return build(Product(coefficient, scalars, (Letter(inner), last)), style)
    terms = [build(product, style) for product in rest]
    total = Call(terms[0].type, "add", tuple(terms))
    if coefficient == 1 and not scalars:
        return total
    if shape:
        return build(Product(coefficient, scalars, (Letter(total),)), style)
    return build(Product(coefficient, (*scalars, (total, ONE)), ()), style)


def without_common(left: list[Product], right: list[Product]) -> tuple[list[Product], list[Product]]:
    """Both sides of an equation without denominators, and without the number and the scalars that divide all their terms."""
    products = [*left, *right]
    top = reduce(gcd, (abs(product.coefficient.numerator) for product in products))
    bottom = reduce(lcm, (product.coefficient.denominator for product in products))
    exponents = [dict(product.scalars) for product in products]
    every = dict.fromkeys(term for own in exponents for term in own)
    lowest = {term: min(own.get(term, Fraction(0)) for own in exponents) for term in every}
    common = tuple((term, exponent) for term, exponent in lowest.items() if exponent)
    divided = [_divided(product, Fraction(top, bottom), common) for product in products]
    return divided[: len(left)], divided[len(left) :]


def _same(products: list[Product], end: int) -> Letter | None:
    letters = {product.word[end] if len(product.word) > -end else None for product in products}
    return letters.pop() if len(letters) == 1 else None


def _after(first: Letter, shape: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    return (first.term.type.shape[1], *shape[1:])


def _unworded(product: Product, end: int) -> Product:
    """The product without its first or last letter; nothing left means the identity."""
    word = product.word[1:] if end == 0 else product.word[:-1]
    if not word:
        size = product.word[end].term.type.shape[-1 if end == 0 else 0]
        word = (Letter(Call(Type((size, size)), "identity", ()), symmetric=True),)
    return Product(product.coefficient, product.scalars, word)


def _shared(products: list[Product]) -> tuple[Fraction, tuple[tuple[Term, Fraction], ...]]:
    """The number and the scalars that divide every product."""
    numbers = [product.coefficient for product in products]
    top = reduce(gcd, (abs(number.numerator) for number in numbers))
    bottoms = {number.denominator for number in numbers}
    bottom = bottoms.pop() if len(bottoms) == 1 else reduce(lcm, bottoms)
    coefficient = Fraction(top, bottom) * (-1 if all(number < 0 for number in numbers) else 1)
    exponents = [dict(product.scalars) for product in products]
    shared: list[tuple[Term, Fraction]] = []
    for term, exponent in products[0].scalars:
        found = [own.get(term, Fraction(0)) for own in exponents]
        if exponent > 0 and min(found) > 0:
            shared.append((term, min(found)))
        if exponent < 0 and max(found) < 0:
            shared.append((term, max(found)))
    return coefficient, tuple(shared)


def _divided(product: Product, coefficient: Fraction, scalars: tuple[tuple[Term, Fraction], ...]) -> Product:
    left = dict(product.scalars)
    for term, exponent in scalars:
        left[term] = left.get(term, Fraction(0)) - exponent
    return Product(product.coefficient / coefficient, tuple((t, e) for t, e in left.items() if e), product.word)


def build(product: Product, style: Style) -> Term:
    """One product as a term: sign, one fraction, scalars, word."""
    scalars = sorted(product.scalars, key=lambda pair: (isinstance(pair[0], Reduction), style.rank(pair[0])))
    below = [_power(term, -e) for term, e in scalars if e < 0]
    above = [_power(term, e) for term, e in scalars if e > 0]
    number = abs(product.coefficient)
    simple = all(_is_simple(term) for term in below)
    inside = [term for term in above if (_is_simple(term) if simple else not isinstance(term, Reduction))]
    outside = [term for term in above if term not in inside]
    if number.denominator != 1:
        below.insert(0, Number(SCALAR, Fraction(number.denominator)))
    factors = _fraction(number.numerator, inside, below) + outside
    if product.word:
        factors.append(fold(product.word))
    body = _times(factors)
    return Call(body.type, "neg", (body,)) if product.coefficient < 0 else body


def _fraction(top: int, above: list[Term], below: list[Term]) -> list[Term]:
    if not below:
        return ([Number(SCALAR, Fraction(top))] if top != 1 else []) + above
    numerator = ([Number(SCALAR, Fraction(top))] if top != 1 or not above else []) + above
    return [Call(SCALAR, "div", (_times(numerator), _times(below)))]


def _times(factors: list[Term]) -> Term:
    if not factors:
        return Number(SCALAR, ONE)
    return factors[0] if len(factors) == 1 else Call(factors[-1].type, "mul", tuple(factors))


def _is_simple(term: Term) -> bool:
    if isinstance(term, Call) and term.operation == "pow":
        return _is_simple(term.arguments[0])
    return isinstance(term, Number | Symbol | Size | Component)


def _power(term: Term, exponent: Fraction) -> Term:
    if exponent == 1:
        return term
    if exponent == Fraction(1, 2):
        return Call(SCALAR, "sqrt", (term,))
    return Call(SCALAR, "pow", (term, Number(SCALAR, exponent)))


def fold(word: Word) -> Term:
    """The product of the letters: towards the vector at either end, an outer product where a column meets a row."""
    terms = [letter.term for letter in word]
    for place in range(len(terms) - 1):
        if terms[place].type.rank == 1 and not terms[place].type.row and terms[place + 1].type.row:
            left, right = fold(word[: place + 1]), fold(word[place + 1 :])
            return Call(Type((left.type.shape[0], right.type.shape[0])), "outer", (left, right))
    if terms[0].type.row and terms[-1].type.rank == 1 and len(terms) > 1:
        return Call(SCALAR, "matmul", (terms[0], fold(word[1:])))
    if terms[-1].type.rank == 1:
        return reduce(lambda right, left: Call(Type((left.type.shape[0],)), "matmul", (left, right)), terms[-2::-1], terms[-1])
    return reduce(_matrix_product, terms)


def _matrix_product(left: Term, right: Term) -> Term:
    if left.type.row:
        return Call(Type((right.type.shape[1],), row=True), "matmul", (left, right))
    return Call(Type((left.type.shape[0], right.type.shape[1])), "matmul", (left, right))
