r"""Shorter notation: what people write for a term is less than its nodes say.

Takes: a term. Gives: the parts of the shorter form, or None when there is none.
Guarantees: the shorter form has the value of the term; nothing is written here.

    \left. \frac{\partial f(u)}{\partial u} \right|_{u = p}  ->  f'(p), \nabla f(p);   [\sigma(z_i)]_i  ->  \sigma(z);
    x^\top A_{k,:}  ->  (A x)_k
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from eqcompiler.languages.terms import (
    SCALAR,
    Call,
    Component,
    Comprehension,
    Derivative,
    Index,
    Number,
    Reference,
    Symbol,
    Term,
    Type,
    UnknownCall,
)

HIGHEST_ORDER = 2


def derivative_of_function(term: Derivative) -> tuple[Reference | UnknownCall, int, Term] | None:
    """The function of one argument, the order, and the point."""
    order, body = 1, term.body
    while isinstance(body, Derivative) and body.variable == term.variable and body.point is None:
        order, body = order + 1, body.body
    if not isinstance(body, Reference | UnknownCall) or len(body.arguments) != 1 or body.type.rank or order > HIGHEST_ORDER:
        return None
    (own,) = body.arguments
    if not isinstance(own, Symbol) or own.name != term.variable or own.type.rank > 1:
        return None
    return body, order, own if term.point is None else term.point


def at_every_entry(term: Comprehension) -> tuple[Reference | UnknownCall, Term] | None:
    """The function of one number, and the tensor at whose entries it is taken."""
    body = term.body
    if not isinstance(body, Reference | UnknownCall) or len(body.arguments) != 1:
        return None
    (entry,) = body.arguments
    if not isinstance(entry, Component) or entry.type.rank or entry.base.type.rank != len(term.binders):
        return None
    own = tuple(index.name for index in entry.indices if isinstance(index, Index))
    return (body, entry.base) if own == tuple(binder.name for binder in term.binders) else None


def entry_of_product(left: Term, right: Term) -> Component | None:
    """x^T times row k of A as entry k of A x."""
    if not isinstance(right, Component) or right.base.type.rank != 2 or len(right.indices) != 1:
        return None
    if not isinstance(left, Call) or left.operation != "transpose" or left.type.rank != 1:
        return None
    product = Call(Type(right.base.type.shape[:1]), "matmul", (right.base, left.arguments[0]))
    return Component(SCALAR, product, right.indices)


# --- how a term falls apart where it is written ------------------------------------------------------------------------


def is_sum(term: Term) -> bool:
    return isinstance(term, Call) and term.operation in ("add", "neg")


def signed(term: Term) -> tuple[str, Term]:
    """(-, a) for neg(a) and for a product that starts with a negative number; else (+, term)."""
    if isinstance(term, Call) and term.operation == "neg":
        return "-", term.arguments[0]
    if isinstance(term, Number) and term.value < 0:
        return "-", Number(term.type, -term.value)
    if isinstance(term, Call) and term.operation in ("mul", "matmul") and isinstance(term.arguments[0], Number | Call):
        sign, first = signed(term.arguments[0])
        rest = term.arguments[1:]
        if sign == "-" and first == Number(first.type, Fraction(1)) and len(rest) == 1:
            return "-", rest[0]
        if sign == "-":
            return "-", replace(term, arguments=(first, *rest), span=None)
    return "+", term


def entries_of(term: Term) -> tuple[Term, ...]:
    """The factors of products entry by entry, which need no brackets among themselves."""
    if isinstance(term, Call) and term.operation == "mul" and all(a.type.rank for a in term.arguments):
        return tuple(factor for argument in term.arguments for factor in entries_of(argument))
    return (term,)


def factors_side_by_side(term: Term) -> tuple[Term, ...]:
    """A matrix product or a scaled one side by side, so that no brackets are needed for associativity."""
    if isinstance(term, Call) and term.operation == "matmul" and term.type.rank:
        left, right = term.arguments
        if left.type.rank == 2 or left.type.row:
            return (*factors_side_by_side(left), *factors_side_by_side(right))
    return (term,)


def numbers_apart(factors: tuple[Term, ...]) -> tuple[Term, ...]:
    """The factors with those of products of numbers among them, so that each of them is seen."""
    found: list[Term] = []
    for factor in factors:
        match factor:
            case Call(operation="mul", arguments=inner) if not factor.type.rank and signed(factor)[0] == "+":
                found += numbers_apart(inner)
            case Call(operation="matmul", arguments=(Call(operation="mul", arguments=(*numbers, tensor)), right)) if (
                not factor.type.rank and not any(number.type.rank for number in numbers) and signed(factor)[0] == "+"
            ):
                found += (*numbers_apart(tuple(numbers)), replace(factor, arguments=(tensor, right)))
            case _:
                found.append(factor)
    return tuple(found)


def is_product_of_tensors(term: Term) -> bool:
    r"""The number w^\top x, which beside a further tensor needs brackets: (w^\top x) x."""
    return isinstance(term, Call) and term.operation == "matmul" and not term.type.rank
