r"""Equations for some of their indices: \frac{\partial s_i}{\partial z_j} = -s_i s_j, i \neq j.

Takes: formulas before anything is typed. Gives: the same; a claim with a comparison of its indices beside it becomes one about
all of them, both sides times the indicator of the comparison: 0 = 0 for the indices that are not meant.
Guarantees: a comparison of indices that stand below names of its own display, and nothing else, is taken for one. A left side
that may be defined there is left alone: a name has one meaning for all indices. A condition on some entries is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Fraction,
    Juxtaposed,
    Leibniz,
    Letter,
    Node,
    Numeral,
    Relation,
    Scripted,
    Words,
)
from eqcompiler.reading.names import index_letters, letter_name
from eqcompiler.reading.survey import walk
from eqcompiler.reading.vocabulary import ORDERS, SOME_ENTRIES

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
JOINING = frozenset({"for", "for all", "for each", "for every", "if", "when", "whenever", "where", "with", ""})


def with_index_cases(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    return tuple(restricted(f) if isinstance(f, Formula) and not f.inline else f for f in formulas)


def restricted(formula: Formula) -> Formula | EquationError:
    single = [part for k, part in enumerate(formula.parts) if not (starts_range(formula.parts, k) and starts_at_one(part))]
    for part in formula.parts:
        if is_bound(part) and (found := next((p for p in single if compares(p, set(indices_in(part)))), None)):
            return NotSupportedYet("a condition on some of the entries is not read", part.span.to(found.span), fix=SOME_ENTRIES)
    indices = {key for part in formula.parts if is_claimed(part) for key in indices_in(part)}
    places = [k for k, part in enumerate(formula.parts) if compares(part, indices) and not starts_range(formula.parts, k)]
    stated = [part for k, part in enumerate(formula.parts) if isinstance(part, Relation) and k not in places]
    for word in (formula.parts[k - 1] for k in places if k):
        if isinstance(word, Words) and not is_joining(word):
            what = f"'{word.text.strip()}' before a comparison of indices is not read"
            return NotSupportedYet(what, word.span, allowed=", ".join(sorted(JOINING - {""})))
    if not places or not all(is_claimed(part) or is_range(part, indices) for part in stated):
        return formula
    comparisons = [bare(formula.parts[k]) for k in places]
    gone = {*places, *(k - 1 for k in places if k and is_joining(formula.parts[k - 1]))}
    kept = (part for k, part in enumerate(formula.parts) if k not in gone)
    return replace(formula, parts=tuple(under(part, comparisons) if is_claimed(part) else part for part in kept))


def is_bound(part: Node) -> bool:
    return isinstance(part, Relation) and ORDERS.issuperset(part.operators)


def is_claimed(part: Node) -> bool:
    """An equation about an expression; a bare name could be defined there."""
    match part:
        case Relation(operators=operators, sides=(left, *_)) if set(operators) == {"="}:
            return not isinstance(left, Letter | Scripted | Numeral)
    return False


def indices_in(part: Node) -> Iterator[str]:
    """The letters that stand alone or in a list of letters below or above a name, as samples do."""
    for node in walk(part):
        if isinstance(node, Scripted):
            above = node.superscript if isinstance(node.superscript, Fence) else None
            letters = (*index_letters(node.subscript), *index_letters(above))
            yield from (letter_name(each).key for each in letters if is_index(each) and isinstance(each, Letter))


def is_index(node: Node) -> bool:
    return isinstance(node, Letter) and node.kind == "letter" and len(node.text) == 1 and node.text.islower()


def compares(part: Node, indices: set[str]) -> bool:
    match bare(part):
        case Relation(operators=operators, sides=sides) if COMPARISONS.issuperset(operators):
            if not all(is_whole(side) for side in sides):
                return False
            letters = {letter_name(n).key for side in sides for n in walk(side) if isinstance(n, Letter)}
            return bool(letters & indices) and (operators != ("=",) or letters <= indices)
    return False


def bare(part: Node) -> Node:
    """(i \\neq j) as i \\neq j."""
    return part.body if isinstance(part, Fence) and part.opening == "(" else part


def is_whole(node: Node) -> bool:
    match node:
        case Numeral(digits=digits):
            return digits.isdigit()
        case Letter():
            return is_index(node)
        case Addition(terms=terms):
            return all(is_whole(term) for _, term in terms)
        case Juxtaposed(factors=factors):
            return all(is_whole(factor) for factor in factors)
    return False


def starts_range(parts: tuple[Node, ...], place: int) -> bool:
    r"""i = 1, \dots, n."""
    return place + 1 < len(parts) and isinstance(parts[place + 1], Dots | Numeral)


def starts_at_one(part: Node) -> bool:
    match part:
        case Relation(operators=("=",), sides=(_, Numeral(digits="1"))):
            return True
    return False


def is_range(part: Relation, indices: set[str]) -> bool:
    letters = [side for side in part.sides if isinstance(side, Letter)]
    return part.operators[0] in ("=", "in") and any(letter_name(letter).key in indices for letter in letters)


def is_joining(part: Node) -> bool:
    return isinstance(part, Words) and part.text.strip(" .,;:").lower() in JOINING


def under(equation: Node, comparisons: list[Node]) -> Node:
    """The equation with each side times the indicators of the comparisons."""
    if not isinstance(equation, Relation):
        return equation
    return replace(equation, sides=tuple(times(side, comparisons) for side in equation.sides))


def times(side: Node, comparisons: list[Node]) -> Node:
    if isinstance(side, Numeral) and side.digits == "0":
        return side
    whole = isinstance(side, Fence | Fraction | Leibniz | Letter | Numeral | Scripted)
    factors: list[Node] = [side if whole else Fence(side.span, "(", side, ")")]
    for comparison in comparisons:
        factors += [Letter(side.span, "1", font="bb", kind="letter"), Fence(comparison.span, "[", comparison, "]")]
    return Juxtaposed(side.span, tuple(factors))
