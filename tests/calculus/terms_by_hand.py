"""Typed terms and documents written by hand, so that these tests need no reader."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from eqcompiler.errors import Source, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Definition, Document, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Condition,
    Derivative,
    Index,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
)

SOURCE = Source("hand.tex", "J = ...")
SPAN = Span(SOURCE, 0, 1)


def shape(text: str) -> Type:
    """`m n` is a matrix, `n` a vector, "" a scalar."""
    return Type(tuple(Dimension.of(int(word) if word.isdigit() else word) for word in text.split()))


def sym(name: str, text: str = "", domain: Any = "real") -> Symbol:
    return Symbol(Type(shape(text).shape, domain=domain), name)


def ref(name: str, text: str = "", *arguments: Term) -> Reference:
    return Reference(shape(text), name, arguments)


def num(value: Any) -> Number:
    return Number(SCALAR, Fraction(value))


def op(operation: str, text: str, *arguments: Term) -> Call:
    return Call(shape(text), operation, arguments, span=SPAN)


def like(operation: str, *arguments: Term) -> Call:
    """An operation whose result has the shape of its first tensor."""
    kind = next((a.type for a in arguments if a.type.rank), SCALAR)
    return Call(kind, operation, arguments, span=SPAN)


def add(*terms: Term) -> Call:
    return like("add", *terms)


def sub(a: Term, b: Term) -> Call:
    return like("add", a, like("neg", b))


def mul(*factors: Term) -> Call:
    return like("mul", *factors)


def div(a: Term, b: Term) -> Call:
    return like("div", a, b)


def power(a: Term, exponent: Any) -> Call:
    return like("pow", a, num(exponent))


def t(a: Term) -> Call:
    return Call(Type(a.type.shape[::-1], row=a.type.rank == 1 and not a.type.row), "transpose", (a,))


def dot(a: Term, b: Term, *more: Term) -> Call:
    """A matrix product, left to right."""
    left = a.type.shape[:-1] if a.type.rank == 2 else ()
    right = b.type.shape[1:] if b.type.rank == 2 else ()
    made = Call(Type(left + right), "matmul", (a, b), span=SPAN)
    return dot(made, *more) if more else made


def outer(a: Term, b: Term) -> Call:
    return Call(Type(a.type.shape + b.type.shape), "outer", (a, b))


def ix(name: str) -> Index:
    return Index(INTEGER, name)


def at(base: Term, *indices: Term) -> Component:
    return Component(Type(base.type.shape[len(indices) :]), base, indices)


def size(name: Any) -> Size:
    return Size(INTEGER, Dimension.of(name))


def binder(name: str, upper: Any, lower: int = 1) -> Binder:
    return Binder(name, num(lower), upper if isinstance(upper, Term) else size(upper))


def total(name: str, upper: Any, body: Term, *where: Condition) -> Reduction:
    return Reduction(body.type, "sum", binder(name, upper), body, where)


def product(name: str, upper: Any, body: Term) -> Reduction:
    return Reduction(body.type, "product", binder(name, upper), body)


def each(body: Term, *binders: tuple[str, str]) -> Comprehension:
    sizes = tuple(Dimension.of(upper) for _, upper in binders)
    return Comprehension(Type(sizes + body.type.shape), tuple(binder(*b) for b in binders), body)


def diff(body: Term, variable: Term, point: Term | None = None) -> Derivative:
    name = variable.name  # type: ignore[attr-defined]
    return Derivative(Type(body.type.shape + variable.type.shape), body, name, point, span=SPAN)


def document(
    symbols: dict[str, str] | None = None,
    definitions: dict[str, tuple[tuple[str, ...], Term]] | None = None,
    assumptions: tuple[Condition, ...] = (),
) -> Document:
    """symbols: name -> shape text; a definition: name -> (formals, body)."""
    infos = {name: SymbolInfo(name, name, shape(text), "free") for name, text in (symbols or {}).items()}
    made = {}
    for name, (formals, body) in (definitions or {}).items():
        types = tuple(infos[formal].type if formal in infos else SCALAR for formal in formals)
        made[name] = Definition(name, name, formals, body, SPAN, types)  # type: ignore[arg-type]
    return Document(SOURCE, (), infos, made, assumptions)
