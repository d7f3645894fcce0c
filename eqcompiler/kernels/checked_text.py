"""The compiled function that gives a number together with a bound of its rounding error.

Takes: a LoopPlan with `accuracy`. Gives: lines of Python.
Guarantees: nothing in it may be reordered or contracted (no fastmath): the bound holds for the operations as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy

from eqcompiler.kernels.doors import Door, used
from eqcompiler.kernels.python_text import ATOM, Identifiers, PythonText
from eqcompiler.languages.accuracy import PRECISION, UNIT, Accuracy, Addend, Rounded, Summed
from eqcompiler.languages.loop_plan import Accumulate, Assign, Loop, LoopPlan, Node

DECORATOR = '@njit(cache=True, error_model="numpy")'
SLACK = "(1.0 + 2.0**-20)"  # what the rules of rounding_bounds leave out, and the roundings of the bound itself


def checked_text(name: str, plan: LoopPlan, accuracy: Accuracy) -> list[str]:
    inside = replace(plan, body=accuracy.body, temporaries=accuracy.temporaries)
    identifiers = Identifiers(inside)
    identifiers.add(companions(accuracy.body))
    door = Door(inside, identifiers)
    body = list(_CheckedText(identifiers, door, accuracy).lines())
    head = [DECORATOR, f"def {name}({', '.join(door.arguments())}):"]
    head.append('    """The value, and a bound of how far it is from exact."""')
    return head + [f"    {line}" for line in [*used(door.sizes(), body), *body]]


def companions(nodes: Sequence[Node]) -> Iterator[str]:
    """The names of low parts and errors."""
    for node in nodes:
        match node:
            case Loop():
                yield from companions(node.body)
            case Rounded() if node.kept is not None:
                yield _label(node.kept)
            case Summed():
                yield from (_label(node.low), _label(node.error))


def _label(entry: sympy.Expr) -> str:
    return str(entry.base.label) if isinstance(entry, sympy.Indexed) else str(entry)


class _CheckedText:
    def __init__(self, identifiers: Identifiers, door: Door, accuracy: Accuracy) -> None:
        self.names, self.door, self.accuracy = identifiers, door, accuracy
        self.text = PythonText(identifiers)
        unit, of_symbol = identifiers.extra("u"), self.text.rules[sympy.Symbol]
        self.unit = unit
        self.text.rules[sympy.Symbol] = lambda symbol: (unit, ATOM) if symbol == UNIT else of_symbol(symbol)

    def lines(self) -> Iterator[str]:
        yield f"{self.unit} = 2.0**-{PRECISION}"
        for storage in self.accuracy.temporaries:
            yield f"{self.names.values[storage.name]} = np.empty({self.door.shape(storage)})"
        yield from self.block(self.accuracy.body)
        yield f"return {self.text.value(self.accuracy.result)}, ({self.text.value(self.accuracy.error)}) * {SLACK}"

    def block(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            match node:
                case Loop():
                    yield self.text.heading(node)
                    yield from (f"    {line}" for line in self.block(node.body))
                case Assign():
                    yield f"{self.text.value_at(node.target)} = {self.number(node.value)}"
                case Accumulate():  # of exact values only the largest is accumulated
                    target = self.text.value_at(node.target)
                    yield f"{target} = max({target}, {self.text.value(node.value)})"
                case Rounded():
                    yield f"{self.text.value_at(node.target)} = {self.number(node.value)}"
                    if node.kept is not None:
                        yield f"{self.text.value_at(node.kept)} = {self.number(node.error)}"
                case Summed():
                    yield from self.summed(node)

    def number(self, value: sympy.Expr) -> str:
        text = self.text.value(value)
        whole = value.is_integer and not value.is_number and not value.has(sympy.Indexed)
        return f"float({text})" if whole else text

    def summed(self, node: Summed) -> Iterator[str]:
        names = [self.text.value_at(part) for part in (node.target, node.low, node.error)]
        addends = list(node.addends)
        if node.starts:
            first = addends.pop(0) if len(addends[0].factors) == 1 else Addend((sympy.Integer(0),), sympy.Integer(0))
            yield f"{', '.join(names)} = {self.number(first.factors[0])}, 0.0, {self.number(first.error)}"
        for addend in addends:
            call = "_plus" if len(addend.factors) == 1 else "_plus_product"
            given = [*names, *map(self.number, addend.factors), self.number(addend.error)]
            yield f"{', '.join(names)} = {call}({', '.join(given)})"
