"""A small builder of typed terms and documents for tests: shapes are written as tuples of names and numbers."""

from __future__ import annotations

from fractions import Fraction

from eqcompiler.errors import Source, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Claim, Definition, Document, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Component,
    Comprehension,
    Condition,
    Derivative,
    FunctionType,
    Index,
    Number,
    Reduction,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
)

TEXT = Source("claims.tex", "\\[ L = R \\]\n")
SPAN = Span(TEXT, 3, 8)


def dim(size: str | int) -> Dimension:
    return Dimension.of(size)


def typed(*sizes: str | int) -> Type:
    return Type(tuple(dim(size) for size in sizes))


def num(value: int | str | Fraction) -> Number:
    return Number(SCALAR, Fraction(value))


def sym(name: str, *sizes: str | int) -> Symbol:
    return Symbol(typed(*sizes), name, span=SPAN)


def call(operation: str, *arguments: Term, shape: tuple[str | int, ...] = ()) -> Call:
    return Call(typed(*shape), operation, arguments, span=SPAN)


def add(*parts: Term) -> Call:
    return Call(parts[0].type, "add", parts)


def sub(left: Term, right: Term) -> Call:
    return add(left, Call(right.type, "neg", (right,)))


def mul(*parts: Term) -> Call:
    return Call(max((p.type for p in parts), key=lambda t: t.rank), "mul", parts)


def div(left: Term, right: Term) -> Call:
    return Call(left.type, "div", (left, right))


def power(base: Term, exponent: Term | int) -> Call:
    return Call(base.type, "pow", (base, num(exponent) if isinstance(exponent, int) else exponent))


def matmul(left: Term, right: Term) -> Call:
    return Call(Type(left.type.shape[:-1] + right.type.shape[1:]), "matmul", (left, right))


def transpose(a: Term) -> Call:
    return Call(Type(a.type.shape[::-1]), "transpose", (a,))


def elementwise(operation: str, a: Term) -> Call:
    return Call(a.type, operation, (a,))


def eye(n: str | int) -> Call:
    return call("identity", shape=(n, n))


def idx(name: str) -> Index:
    return Index(INTEGER, name)


def size(name: str) -> Size:
    return Size(INTEGER, dim(name))


def at(base: Term, *indices: Term) -> Component:
    return Component(Type(base.type.shape[len(indices) :]), base, indices, span=SPAN)


def over(name: str, lower: Term | int, upper: Term | int | str) -> Binder:
    low = num(lower) if isinstance(lower, int) else lower
    high = num(upper) if isinstance(upper, int) else size(upper) if isinstance(upper, str) else upper
    return Binder(name, low, high)


def sum_over(binder: Binder, body: Term, *where: Condition) -> Reduction:
    return Reduction(body.type, "sum", binder, body, where)


def family(binders: tuple[Binder, ...], body: Term, shape: tuple[str | int, ...]) -> Comprehension:
    return Comprehension(typed(*shape), binders, body)


def ref(definition: Definition, *arguments: Term) -> Reference:
    return Reference(definition.body.type, definition.name, arguments, span=SPAN)


def grad(body: Term, variable: str, *sizes: str | int, point: Term | None = None) -> Derivative:
    return Derivative(Type(body.type.shape + typed(*sizes).shape), body, variable, point, span=SPAN)


def define(name: str, body: Term, *formals: str) -> Definition:
    return Definition(name, name, formals, body, SPAN)


def condition(left: Term, relation: str, right: Term | int | None = None) -> Condition:
    return Condition(relation, left, num(right) if isinstance(right, int) else right)


def document(
    *definitions: Definition,
    symbols: dict[str, Type | FunctionType] | None = None,
    assumptions: tuple[Condition, ...] = (),
    dimensions: dict[str, int] | None = None,
    constraints: tuple[tuple[Dimension, str, Dimension], ...] = (),
) -> Document:
    infos = {
        name: SymbolInfo(name, name, type_, "function" if isinstance(type_, FunctionType) else "free")
        for name, type_ in (symbols or {}).items()
    }
    return Document(TEXT, (), infos, {d.name: d for d in definitions}, assumptions, dimensions or {}, constraints)


def claim(left: Term, right: Term, *free: Binder, assumptions: tuple[Condition, ...] = ()) -> Claim:
    return Claim(left, right, free, assumptions)
