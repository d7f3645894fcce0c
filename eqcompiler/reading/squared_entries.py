r"""Squared entries: variances \sigma_k^2, \sigma_{ij}^2 that an author treats as the entries of one array.

Takes: the formulas of a file. Gives: the same formulas, where \sigma_k^2 is an entry of an array of its own, and \sigma_k^4
its square.
Guarantees: only where the file differentiates in the square or bounds it by zero, and where the letter stands nowhere but in
even powers and in declarations: the sign of \sigma_k is then nobody's concern.

    \frac{\partial f}{\partial \sigma_k^2},  \sigma_k^2 > 0,  \sigma \in \mathbb{R}^K
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Fence, Formula, Leibniz, Letter, Listing, Node, Numeral, Relation, Scripted
from eqcompiler.languages.trees import Tree, rebuilt
from eqcompiler.reading.names import index_letters, letter_name
from eqcompiler.reading.survey import is_number_set, survey, walk


def with_squared_entries(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    read = tuple(f for f in formulas if isinstance(f, Formula))
    found = {key for f in read for key in asked_for(f)}
    if not found:
        return formulas
    indices = survey(read).index_letters
    squares = [n for f in read for part in f.parts for n in walk(part) if even_power(n)]
    labelled = {key_of(n) for n in squares if not is_indexed(n, indices)}
    names = found - labelled - {key for f in read for key in bare_in(f)}
    if not names:
        return formulas
    return tuple(renamed(f, names) for f in formulas)


def key_of(node: Node) -> str:
    base = node.base if isinstance(node, Scripted) else node
    return letter_name(base).key if isinstance(base, Letter) and base.kind == "letter" and base.font != "bb" else ""


def even_power(node: Node) -> int:
    r"""Half of the exponent of \sigma_k^2, \sigma_k^4; 0 for anything else."""
    above = node.superscript if isinstance(node, Scripted) and not node.primes else None
    if not isinstance(above, Numeral) or not above.digits.isdigit() or not key_of(node):
        return 0
    return int(above.digits) // 2 if int(above.digits) % 2 == 0 else 0


def is_indexed(node: Node, indices: frozenset[str]) -> bool:
    letters = index_letters(node.subscript) if isinstance(node, Scripted) else ()
    return bool(letters) and all(isinstance(n, Letter) and (letter_name(n).key in indices or len(n.text) == 1) for n in letters)


def asked_for(formula: Formula) -> Iterator[str]:
    """Letters whose indexed square is differentiated in, or bounded by zero."""
    for part in formula.parts:
        for node in walk(part):
            if isinstance(node, Leibniz):
                yield from (key_of(v) for v, _ in node.variables if even_power(v) == 1 and has_letters_below(v))
        match part:
            case Relation(operators=(">" | ">=",), sides=(first, Numeral(digits="0"))):
                items = first.items if isinstance(first, Listing) else (first,)
                yield from (key_of(n) for n in items if even_power(n) == 1 and has_letters_below(n))


def has_letters_below(node: Node) -> bool:
    letters = index_letters(node.subscript) if isinstance(node, Scripted) else ()
    return bool(letters) and all(isinstance(n, Letter) and n.kind == "letter" for n in letters)


def bare_in(formula: Formula) -> Iterator[str]:
    r"""Letters that stand outside of even powers and declarations: \sigma_k alone, \sigma_k^3."""
    for position, part in enumerate(formula.parts):
        if isinstance(part, Letter) or declares(part):
            continue
        if isinstance(part, Scripted) and any(declares(p) for p in formula.parts[position:]):
            continue
        squared = {id(n.base) for n in walk(part) if isinstance(n, Scripted) and even_power(n)}
        yield from (key for n in walk(part) if isinstance(n, Letter) and id(n) not in squared and (key := key_of(n)))


def declares(part: Node) -> bool:
    r"""A space of numbers, or a sign: what says the same of \sigma_k and of its square."""
    if not isinstance(part, Relation) or len(part.operators) != 1:
        return False
    right = part.sides[1]
    sign = part.operators[0] in (">", ">=") and isinstance(right, Numeral) and right.digits == "0"
    return sign or (part.operators[0] == "in" and is_number_set(right))


def renamed(tree: Tree, names: set[str]) -> Tree:
    def rule(part: object) -> Node | None:
        if isinstance(part, Scripted) and key_of(part) in names and (half := even_power(part)):
            base = cast(Letter, part.base)
            entry = Scripted(part.span, replace(base, text=squared_text(base)), rebuilt(part.subscript, rule))
            if half == 1:
                return entry
            return Scripted(part.span, Fence(part.span, "(", entry, ")"), None, Numeral(part.span, str(half)))
        if isinstance(part, Letter) and key_of(part) in names:
            return replace(part, text=squared_text(part))
        return None

    return rebuilt(tree, rule)


def squared_text(letter: Letter) -> str:
    return f"{letter.text}_squared"
