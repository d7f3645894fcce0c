r"""Sums over the layers: \sum_{l=1}^{L} \|W^{(l)}\|_F^2 as one name, for the recurrence that it is.

Takes: the formulas of a file and the letter of its layers. Gives: the formulas with a name for each such sum; its member at l.
Guarantees: equal sums have one name. The sum runs over all layers and its members are those of families; a sum over a part of
the layers, and one of states, which depend on the layers before, is refused.

    R = \sum_{k=1}^{L} \|W^{(k)}\|_F^2    ->    R = total_1, with the member \|W^{(l)}\|_F^2
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.languages.notation import Formula, Large, Letter, Node, Numeral, Relation, Scripted
from eqcompiler.languages.trees import fields_of, rebuilt
from eqcompiler.reading.layer_families import AT, base_of, end_of_range, given_by, place
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import names_in, walk

Totals = dict[str, tuple[Node, Formula]]


def lifted(formulas: tuple[Formula | EquationError, ...], letter: str) -> tuple[tuple[Formula | EquationError, ...], Totals]:
    read = tuple(f for f in formulas if isinstance(f, Formula))
    work = _Lifting(read, letter)
    return tuple(work.formula(f) if isinstance(f, Formula) else f for f in formulas), work.totals


class _Lifting:
    def __init__(self, formulas: tuple[Formula, ...], letter: str) -> None:
        nodes = [n for formula in formulas for part in formula.parts for n in walk(part)]
        self.letter, self.end = letter, end_of_range(formulas, letter)
        self.names = {letter_name(b).key for n in nodes if (b := base_of(n)) and place(n, letter) == AT}
        self.given = {key for formula in formulas for key, _ in given_by(formula, letter)}
        self.totals: Totals = {}
        self._known: dict[object, str] = {}

    def formula(self, formula: Formula) -> Formula | EquationError:
        try:
            return rebuilt(formula, lambda part: self.name(part, formula))
        except EquationError as error:
            return error

    def name(self, part: object, formula: Formula) -> Letter | None:
        return Letter(part.span, self.total(part, formula)) if isinstance(part, Large) and self.sums(part) else None

    def sums(self, node: Large) -> bool:
        """Whether the index of the operator numbers members of layers."""
        index = index_of(node)
        return index != "" and any(place(n, index) is not None and index in script_letters(n) for n in self.members(node.body))

    def members(self, body: Node) -> list[Node]:
        return [n for n in walk(body) if (b := base_of(n)) is not None and letter_name(b).key in self.names]

    def total(self, node: Large, formula: Formula) -> str:
        index, text = index_of(node), node.span.text
        if not self.end or node.operator != "sum":
            raise NotSupportedYet(f"'{text}' runs over the layers, which is not read", node.span)
        match node.lower, node.upper:
            case Relation(operators=("=",), sides=(_, Numeral(digits="1"))), Letter() as last if (
                letter_name(last).key == self.end
            ):
                pass
            case Letter(), None if index == self.letter:
                pass
            case _:
                what = f"'{text}' runs over a part of the layers, which is not read"
                raise NotSupportedYet(what, node.span, fix=rf"sum from {index}=1 to {self.end}")
        for member in self.members(node.body):
            if letter_name(cast(Letter, base_of(member))).key in self.given:
                what = f"'{member.span.text}' in a sum over the layers depends on the layers before, which is not read"
                raise NotSupportedYet(what, member.span, allowed="members of families that nothing defines")
            if place(member, index) != AT:
                raise NotSupportedYet(f"'{member.span.text}' belongs to another layer than the sum", member.span)
        body = renamed_letter(node.body, index, self.letter)
        key = bare(body)
        if key not in self._known:
            self._known[key] = f"total_{len(self.totals) + 1}"
            self.totals[self._known[key]] = (body, formula)
        return self._known[key]


def index_of(node: Large) -> str:
    lower = node.lower.sides[0] if isinstance(node.lower, Relation) else node.lower
    return letter_name(lower).key if isinstance(lower, Letter) else ""


def script_letters(node: Node) -> set[str]:
    return names_in(node.superscript) if isinstance(node, Scripted) and node.superscript is not None else set()


def renamed_letter(tree: Node, old: str, new: str) -> Node:
    def rule(part: object) -> Letter | None:
        return replace(part, text=new) if isinstance(part, Letter) and letter_name(part).key == old else None

    return rebuilt(tree, rule)


def bare(tree: object) -> object:
    """The tree without the places that it came from."""
    if isinstance(tree, tuple):
        return tuple(bare(item) for item in tree)
    if not isinstance(tree, Node):
        return tree
    return (type(tree).__name__, *(bare(getattr(tree, name)) for name in fields_of(type(tree))))
