r"""Equations that hold by their form, for the proof checker: rules that it believes, each with the terms that it is about.

Takes: the name of a rule and the terms of one instance. Gives: both sides.
Guarantees: both sides are equal wherever both are defined; a test evaluates every rule at exact points. What a rule inverts
must be inverted by the claim as well, which the checker sees to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from eqcompiler.languages.dimensions import ONE
from eqcompiler.languages.terms import INTEGER, SCALAR, Block, Call, Number, Term, Type

Sides = tuple[Term, Term]


def function(name: str, *arguments: Term) -> Term:
    return Call(SCALAR, name, arguments)


def matrix(name: str, *arguments: Term) -> Term:
    return Call(arguments[0].type, name, arguments)


def matmul(a: Term, b: Term) -> Term:
    if a.type.rank == 1 and b.type.rank == 1:
        return Call(Type((*a.type.shape, *b.type.shape)), "outer", (a, b))
    return Call(Type((*a.type.shape[: a.type.rank - 1], *b.type.shape[1:])), "matmul", (a, b))


def identity(like: Term) -> Term:
    return Call(Type((like.type.shape[0], like.type.shape[0])), "identity", ())


def number(value: int) -> Term:
    return Number(INTEGER, Fraction(value))


def _inverse(a: Term) -> Sides:
    return matmul(a, matrix("inverse", a)), identity(a)


def _inverse_before(a: Term) -> Sides:
    return matmul(matrix("inverse", a), a), identity(a)


def _root(a: Term) -> Sides:
    return matmul(matrix("matsqrt", a), matrix("matsqrt", a)), a


def _reciprocal(u: Term) -> Sides:
    one = Number(SCALAR, Fraction(1))
    return function("mul", u, function("div", one, u)), one


def _tangent(u: Term) -> Sides:
    """tanh u (e^u + e^-u) = e^u - e^-u"""
    above, below = function("exp", u), function("exp", function("neg", u))
    return function("mul", function("tanh", u), function("add", above, below)), function("add", above, function("neg", below))


def _product_over(v: Term, x: Term) -> Term:
    """v x, the number, for two vectors; V X else."""
    row = Call(Type(v.type.shape, row=True), "transpose", (v,))
    return function("matmul", row, x)


def _sum_with_product(w: Term, u: Term, v: Term) -> Sides:
    """det(W + U V) = det(W) det(I + V W^{-1} U)"""
    inner: Term = matmul(matrix("inverse", w), u)
    whole = function("det", matrix("add", w, matmul(u, v)))
    if u.type.rank == 1:
        return whole, function("mul", function("det", w), function("add", number(1), _product_over(v, inner)))
    small = matmul(v, inner)
    return whole, function("mul", function("det", w), function("det", matrix("add", identity(small), small)))


def _block_first(a: Term, b: Term, c: Term, d: Term) -> Sides:
    """det [[A, B], [C, D]] = det(A) det(D - C A^{-1} B)"""
    inner = matmul(matrix("inverse", a), b)
    return function("det", _block(a, b, c, d)), function("mul", _det(a), _gap(d, c, inner))


def _block_last(a: Term, b: Term, c: Term, d: Term) -> Sides:
    """det [[A, B], [C, D]] = det(D) det(A - B D^{-1} C)"""
    if not d.type.rank:
        inner: Term = Call(c.type, "div", (c, d))
        return function("det", _block(a, b, c, d)), function("mul", d, _gap(a, b, inner))
    inner = matmul(matrix("inverse", d), c)
    return function("det", _block(a, b, c, d)), function("mul", _det(d), _gap(a, b, inner))


def _block(a: Term, b: Term, c: Term, d: Term) -> Term:
    total = a.type.shape[0] + (d.type.shape[0] if d.type.rank else ONE)
    return Block(Type((total, total)), ((a, b), (c, d)))


def _gap(d: Term, c: Term, inner: Term) -> Term:
    """det(D - C X), where C and X may be vectors and D a number."""
    if not d.type.rank:
        return function("add", d, function("neg", function("matmul", c, inner)))
    return _det(matrix("add", d, matrix("neg", matmul(c, inner))))


def _det(a: Term) -> Term:
    return function("det", a) if a.type.rank else a


def _commuting(a: Term, exponent: Term) -> Sides:
    """A A^k = A^k A"""
    power = matrix("matpow", a, exponent)
    return matmul(a, power), matmul(power, a)


LEMMAS: Mapping[str, Callable[..., Sides]] = {
    "inverse": _inverse,
    "inverse before": _inverse_before,
    "root": _root,
    "reciprocal": _reciprocal,
    "tanh": _tangent,
    "abs": lambda u: (function("mul", function("abs", u), function("sign", u)), u),
    "sign": lambda u: (function("mul", function("sign", u), u), function("abs", u)),
    "asinh": lambda u: (
        function("asinh", u),
        function("log", function("add", u, function("sqrt", function("add", number(1), function("pow", u, number(2)))))),
    ),
    "acosh": lambda u: (
        function("acosh", u),
        function("log", function("add", u, function("sqrt", function("add", number(-1), function("pow", u, number(2)))))),
    ),
    "atanh": lambda u: (
        function("atanh", u),
        function(
            "div",
            function("log", function("div", function("add", number(1), u), function("add", number(1), function("neg", u)))),
            number(2),
        ),
    ),
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
    return (function(under, left), function(under, right)) if under else (left, right)
