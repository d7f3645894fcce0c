r"""Notation for functions without a body and their derivatives.

Takes: the operation of the normal form and the arguments as terms. Gives: a term.
Guarantees: a derivative is taken in a variable of its own and evaluated at the argument, whatever the argument is.

    D[0] L at \sigma(z)    ->    \left. \frac{\partial L(u)}{\partial u} \right|_{u = \sigma(z)}
"""

from __future__ import annotations

from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.program import unknown_function
from eqcompiler.languages.terms import SCALAR, Derivative, Symbol, Term, Type, UnknownCall

MEAN = "E."  # before the name of f: F(m, v) = E[f(y)], y ~ N(m, v); no author's name has a full stop


def is_unknown(operation: str) -> bool:
    return unknown_function(operation) is not None


def unknown_term(operation: str, arguments: tuple[Term, ...]) -> Term:
    """f(arguments), differentiated in its slots."""
    found = unknown_function(operation)
    if found is None:
        raise CompilerFault(f"{operation} is no function without a body")
    function, slots = found
    if function.startswith(MEAN):
        raise NotSupportedYet(f"no notation for the expectation of {function.removeprefix(MEAN)}")
    names = {slot: argument_name(function, slot, len(arguments)) for slot in slots}
    inside = tuple(Symbol(a.type, names[k]) if k in names else a for k, a in enumerate(arguments))
    value: Term = UnknownCall(SCALAR, function, inside)
    for place, slot in enumerate(slots):
        last = slot not in slots[place + 1 :]
        shape = value.type.shape + arguments[slot].type.shape
        value = Derivative(Type(shape), value, names[slot], arguments[slot] if last else None)
    return value


def argument_name(function: str, slot: int, count: int) -> str:
    return f"{function}_argument" if count == 1 else f"{function}_argument_{slot + 1}"
