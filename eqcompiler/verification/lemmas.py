r"""Equations that hold by their form, for the proof checker: rules that it believes, each with the terms that it is about.

Takes: the name of a rule and the terms of one instance. Gives: both sides.
Guarantees: both sides are equal wherever both are defined; a test evaluates every rule at exact points. What a rule inverts
must be inverted by the claim as well, which the checker sees to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eqcompiler.languages.dimensions import ONE as SINGLE
from eqcompiler.languages.terms import SCALAR, Block, Call, Term, Type
from eqcompiler.verification.defined_operations import ONE, TWO, det, inner, less, of, over, square

Sides = tuple[Term, Term]


def matrix(name: str, *arguments: Term) -> Term:
    return Call(arguments[0].type, name, arguments)


def matmul(a: Term, b: Term) -> Term:
    if a.type.rank == 1 and b.type.rank == 1:
        return Call(Type((*a.type.shape, *b.type.shape)), "outer", (a, b))
    return Call(Type((*a.type.shape[: a.type.rank - 1], *b.type.shape[1:])), "matmul", (a, b))


def identity(like: Term) -> Term:
    return Call(Type((like.type.shape[0], like.type.shape[0])), "identity", ())


def _tangent(u: Term) -> Sides:
    """tanh u (e^u + e^-u) = e^u - e^-u"""
    above, below = of("exp", u), of("exp", of("neg", u))
    return of("mul", of("tanh", u), of("add", above, below)), less(above, below)


def _sum_with_product(w: Term, u: Term, v: Term) -> Sides:
    """det(W + U V) = det(W) det(I + V W^{-1} U)"""
    solved = matmul(matrix("inverse", w), u)
    whole = det(matrix("add", w, matmul(u, v)))
    if u.type.rank == 1:
        return whole, of("mul", det(w), of("add", ONE, inner(v, solved)))
    small = matmul(v, solved)
    return whole, of("mul", det(w), det(matrix("add", identity(small), small)))


def _block_first(a: Term, b: Term, c: Term, d: Term) -> Sides:
    """det [[A, B], [C, D]] = det(A) det(D - C A^{-1} B)"""
    return det(_block(a, b, c, d)), of("mul", det(a), _gap(d, c, matmul(matrix("inverse", a), b)))


def _block_last(a: Term, b: Term, c: Term, d: Term) -> Sides:
    """det [[A, B], [C, D]] = det(D) det(A - B D^{-1} C)"""
    solved = matmul(matrix("inverse", d), c) if d.type.rank else Call(c.type, "div", (c, d))
    return det(_block(a, b, c, d)), of("mul", det(d), _gap(a, b, solved))


def _block(a: Term, b: Term, c: Term, d: Term) -> Term:
    total = a.type.shape[0] + (d.type.shape[0] if d.type.rank else SINGLE)
    return Block(Type((total, total)), ((a, b), (c, d)))


def _gap(d: Term, c: Term, solved: Term) -> Term:
    """det(D - C X), where C and X may be vectors and D a number."""
    product = matmul(c, solved) if d.type.rank else Call(SCALAR, "matmul", (c, solved))
    return det(matrix("add", d, matrix("neg", product)))


def _commuting(a: Term, exponent: Term) -> Sides:
    """A A^k = A^k A"""
    power = matrix("matpow", a, exponent)
    return matmul(a, power), matmul(power, a)


LEMMAS: Mapping[str, Callable[..., Sides]] = {
    "inverse": lambda a: (matmul(a, matrix("inverse", a)), identity(a)),
    "inverse before": lambda a: (matmul(matrix("inverse", a), a), identity(a)),
    "root": lambda a: (matmul(matrix("matsqrt", a), matrix("matsqrt", a)), a),
    "reciprocal": lambda u: (of("mul", u, over(u)), ONE),
    "tanh": _tangent,
    "abs": lambda u: (of("mul", of("abs", u), of("sign", u)), u),
    "sign": lambda u: (of("mul", of("sign", u), u), of("abs", u)),
    "asinh": lambda u: (of("asinh", u), of("log", of("add", u, of("sqrt", of("add", ONE, square(u)))))),
    "acosh": lambda u: (of("acosh", u), of("log", of("add", u, of("sqrt", less(square(u), ONE))))),
    "atanh": lambda u: (of("atanh", u), of("div", of("log", of("div", of("add", ONE, u), less(ONE, u))), TWO)),
    "determinant of a sum": _sum_with_product,
    "determinant of blocks": _block_first,
    "determinant of blocks, last": _block_last,
    "commuting": _commuting,
}


SHAPES: Mapping[str, tuple[str, ...]] = {  # the sizes of the terms: of matrices two letters, of vectors one, of numbers none
    **dict.fromkeys(("inverse", "inverse before", "root"), ("nn",)),
    "commuting": ("nn,",),
    "determinant of a sum": ("nn,nk,kn", "nn,n,n"),
    **dict.fromkeys(("determinant of blocks", "determinant of blocks, last"), ("nn,nk,kn,kk", "nn,n,n,")),
}


def _fits(of: tuple[Term, ...], shapes: str) -> bool:
    """Whether the terms have these shapes, the same letter for the same size."""
    words = shapes.split(",")
    pairs = [
        (letter, size) for word, t in zip(words, of, strict=False) for letter, size in zip(word, t.type.shape, strict=False)
    ]
    known = dict(pairs)
    alike = len(words) == len(of) and all(len(word) == t.type.rank for word, t in zip(words, of, strict=False))
    return alike and all(known[letter] == size for letter, size in pairs)


def instance(lemma: str, of: tuple[Term, ...], under: str = "") -> Sides | None:
    """Both sides of one instance; None where there is no such rule."""
    rule = LEMMAS.get(lemma)
    if rule is None or not any(_fits(of, shapes) for shapes in SHAPES.get(lemma, ("",))):
        return None
    left, right = rule(*of)
    return (Call(SCALAR, under, (left,)), Call(SCALAR, under, (right,))) if under else (left, right)
