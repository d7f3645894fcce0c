r"""Formal arguments: the symbols in which functions are differentiated, f'(u) as the derivative in x of f(x), taken at u.

Takes: a definition, or the name of a function without one. Gives: its arguments as symbols, derivatives in them.
Guarantees: a function without a definition has one symbol for each argument, made where it is first needed.
"""

from __future__ import annotations

from eqcompiler.errors import Span
from eqcompiler.languages.statements import Definition, SymbolInfo
from eqcompiler.languages.terms import Derivative, Symbol, Term, Type, argument_name
from eqcompiler.reading.scope import Scope


def own_arguments(scope: Scope, definition: Definition, span: Span | None = None) -> tuple[Symbol, ...]:
    """The variables of a definition, with the sizes that are known by now."""
    pairs = zip(definition.formals, definition.formal_types, strict=True)
    return tuple(Symbol(scope.type_of(type_), formal, span=span) for formal, type_ in pairs)


def nameless_arguments(
    scope: Scope, key: str, latex: str, types: tuple[Type, ...], span: Span | None = None
) -> tuple[Symbol, ...]:
    """Those of a function without a definition: u, or u_1, u_2 where there are several."""
    found = []
    for number, type_ in enumerate(types, start=1):
        single = len(types) == 1
        name, letter = argument_name(key, 0 if single else number), "u" if single else f"u_{number}"
        why = f"the argument of {latex}" if single else f"argument {number} of {latex}"
        scope.symbols.setdefault(name, SymbolInfo(name, letter, type_, "formal", None, why))
        found.append(Symbol(type_, name, span=span))
    return tuple(found)


def slope(value: Term, argument: Symbol, order: int, point: Term) -> Term:
    """The derivative of that order of a value in its argument, at a point: one axis of the argument's shape for each order."""
    at = None if point == argument else point
    for step in range(order):
        shape = value.type.shape + argument.type.shape
        value = Derivative(Type(shape), value, argument.name, at if step == order - 1 else None, span=value.span)
    return value
