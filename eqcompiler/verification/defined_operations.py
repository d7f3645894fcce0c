r"""Operations that stand for others, for the proof checker, and the derivatives of functions: tables of equations.

Takes: the arguments, as terms. Gives: terms.
Guarantees: each equals what it stands for wherever that has a value; a test evaluates every one at exact points. An operation
that is defined here is known to the checker in no other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Constant,
    Index,
    Number,
    Reduction,
    Size,
    Term,
    Type,
)

ONE, TWO, HALF = (Number(SCALAR, Fraction(value)) for value in ("1", "2", "1/2"))
PI = Constant(SCALAR, "pi")


def of(operation: str, *arguments: Term) -> Term:
    """An operation on numbers, or entry by entry."""
    return Call(max((a.type for a in arguments), key=lambda t: t.rank), operation, arguments)


def less(first: Term, second: Term) -> Term:
    return of("add", first, of("neg", second))


def square(u: Term) -> Term:
    return of("pow", u, TWO)


def over(u: Term) -> Term:
    return of("div", ONE, u)


def det(a: Term) -> Term:
    """Of a number the number."""
    return Call(SCALAR, "det", (a,)) if a.type.rank else a


def inner(x: Term, y: Term) -> Term:
    """x^T y for two vectors."""
    return Call(SCALAR, "matmul", (Call(Type(x.type.shape, row=True), "transpose", (x,)), y))


def _factorial(u: Term) -> Term:
    return of("gamma", of("add", u, ONE))


def _softmax(x: Term) -> Term:
    ones = Call(Type(x.type.shape), "ones", ())
    return of("div", of("exp", x), inner(ones, of("exp", x)))


def _frobenius(a: Term) -> Term:
    columns = a.type.shape[1]
    turned = Call(Type(a.type.shape[::-1]), "transpose", (a,))
    return of("sqrt", Call(SCALAR, "trace", (Call(Type((columns, columns)), "matmul", (turned, a)),)))


DEFINED: Mapping[str, Callable[..., Term]] = {
    "sqrt": lambda u: of("pow", u, HALF),
    "tan": lambda u: of("div", of("sin", u), of("cos", u)),
    "cot": lambda u: of("div", of("cos", u), of("sin", u)),
    "sec": lambda u: over(of("cos", u)),
    "csc": lambda u: over(of("sin", u)),
    "sinh": lambda u: of("div", less(of("exp", u), of("exp", of("neg", u))), TWO),
    "cosh": lambda u: of("div", of("add", of("exp", u), of("exp", of("neg", u))), TWO),
    "sigmoid": lambda u: over(of("add", ONE, of("exp", of("neg", u)))),
    "softplus": lambda u: of("log", of("add", ONE, of("exp", u))),
    "relu": lambda u: of("max", u, Number(SCALAR, Fraction(0))),
    "min": lambda *parts: of("neg", of("max", *(of("neg", part) for part in parts))),
    "loggamma": lambda u: of("log", of("gamma", u)),
    "factorial": _factorial,
    "binomial": lambda n, k: of("div", _factorial(n), of("mul", _factorial(k), _factorial(less(n, k)))),
    "norm1": lambda x: inner(Call(Type(x.type.shape), "ones", ()), of("abs", x)),
    "norm2": lambda x: of("sqrt", inner(x, x)),
    "normF": _frobenius,
    "softmax": _softmax,
}


def _det_of_multiple(*parts: Term) -> Term | None:
    """Of numbers times one matrix."""
    numbers, matrices = ([p for p in parts if bool(p.type.rank) == ranked] for ranked in (False, True))
    return of("mul", *(of("pow", c, _size(*matrices)) for c in numbers), *map(det, matrices)) if len(matrices) == 1 else None


def _size(a: Term) -> Term:
    return Size(INTEGER, a.type.shape[0])


def _det_of_diagonal(v: Term) -> Term:
    whole = Binder("k", Number(INTEGER, Fraction(1)), _size(v))
    return Reduction(SCALAR, "product", whole, Component(SCALAR, v, (Index(INTEGER, "k"),)))


DETERMINANTS: Mapping[str, Callable[..., Term | None]] = {  # of a matrix that is the result of this operation
    "matmul": lambda a, b: of("mul", det(a), det(b)) if a.type.rank == 2 and a.type.shape == b.type.shape else None,
    "transpose": det,
    "inverse": lambda a: over(det(a)),
    "neg": lambda a: of("mul", of("pow", Number(SCALAR, Fraction(-1)), _size(a)), det(a)),
    "mul": _det_of_multiple,
    "matpow": lambda a, k: of("pow", det(a), k),
    "kron": lambda a, b: of("mul", of("pow", det(a), _size(b)), of("pow", det(b), _size(a))),
    "diag": _det_of_diagonal,
}

SLOPES: Mapping[str, Callable[[Term], Term]] = {  # function -> its derivative
    "exp": lambda u: of("exp", u),
    "log": over,
    "sin": lambda u: of("cos", u),
    "cos": lambda u: of("neg", of("sin", u)),
    "asin": lambda u: over(of("sqrt", less(ONE, square(u)))),
    "acos": lambda u: of("neg", over(of("sqrt", less(ONE, square(u))))),
    "atan": lambda u: over(of("add", ONE, square(u))),
    "asinh": lambda u: over(of("sqrt", of("add", ONE, square(u)))),
    "acosh": lambda u: over(of("mul", of("sqrt", less(u, ONE)), of("sqrt", of("add", u, ONE)))),
    "atanh": lambda u: over(less(ONE, square(u))),
    "abs": lambda u: of("sign", u),
    "tanh": lambda u: less(ONE, square(of("tanh", u))),
    "erf": lambda u: of("div", of("mul", TWO, of("exp", of("neg", square(u)))), of("sqrt", PI)),
}
