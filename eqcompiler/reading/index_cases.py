r"""Equations for some of their indices: \frac{\partial s_i}{\partial z_j} = -s_i s_j, i \neq j.

Takes: formulas before anything is typed. Gives: the same; a claim with a comparison of its indices beside it becomes one about
all of them, both sides times the indicator of the comparison: 0 = 0 for the indices that are not meant. `D_{ij} = 0, i \neq j`
says that D is diagonal.
Guarantees: a comparison of indices that stand below names of its own display, and nothing else, is taken for one. A name has
one meaning for all indices: a condition on some entries, and a definition of some entries, is refused; taken for one of all
entries it would make wrong claims true.
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
from eqcompiler.reading.survey import names_in, walk
from eqcompiler.reading.vocabulary import ORDERS, SOME_ENTRIES

BY_CASES = r"give every entry a value, with \begin{cases}, or with a sum of products with [i < j]"
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
JOINING = frozenset({"for", "for all", "for each", "for every", "if", "when", "whenever", "where", "with", ""})


def with_index_cases(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    known: set[str] = set()  # what the displays above define
    found: list[Formula | EquationError] = []
    for item in formulas:
        if isinstance(item, Formula) and not item.inline:
            found.append(restricted(with_ranges(item), known))
            known.update(name for part in item.parts if (name := entries_of(part)))
        else:
            found.append(item)
    return tuple(found)


def restricted(formula: Formula, known: set[str]) -> Formula | EquationError:
    single = [part for k, part in enumerate(formula.parts) if not (starts_range(formula.parts, k) and starts_at_one(part))]
    for part in formula.parts:
        if is_bound(part) and (found := next((p for p in single if compares(p, set(indices_in(part)))), None)):
            return NotSupportedYet("a condition on some of the entries is not read", part.span.to(found.span), fix=SOME_ENTRIES)
    claimed = [p for p in formula.parts if is_claimed(p) or (entries_of(p) and (formula.concluded or entries_of(p) in known))]
    indices = {key for part in claimed for key in indices_in(part)}
    places = [k for k, part in enumerate(formula.parts) if compares(part, indices) and not starts_range(formula.parts, k)]
    stated = [part for k, part in enumerate(formula.parts) if isinstance(part, Relation) and k not in places]
    for word in (formula.parts[k - 1] for k in places if k):
        if isinstance(word, Words) and not is_joining(word):
            what = f"'{word.text.strip()}' before a comparison of indices is not read"
            return NotSupportedYet(what, word.span, allowed=", ".join(sorted(JOINING - {""})))
    if not places or not all(any(part is own for own in claimed) or is_range(part, indices) for part in stated):
        return with_parts_of_names(formula, claimed)
    comparisons = [bare(formula.parts[k]) for k in places]
    kept = without_joining(formula, places)
    return replace(formula, parts=tuple(under(p, comparisons) if any(p is own for own in claimed) else p for p in kept))


def with_ranges(formula: Formula) -> Formula:
    r"""1 \le i \le n beside entries with an index i is the range i = 1, \dots, n; h_t = f(h_{t-1}) counts its own steps."""
    stated = [part for part in formula.parts if isinstance(part, Relation)]
    indices = {key for part in stated if entries_of(part) not in names_in(part.sides[-1]) for key in indices_in(part)}
    return replace(formula, parts=tuple(each for part in formula.parts for each in range_of(part, indices)))


def range_of(part: Node, indices: set[str]) -> tuple[Node, ...]:
    match bare(part):
        case Relation(operators=("<=", "<="), sides=(Numeral(digits="0" | "1") as first, Letter() as index, Letter() as last)):
            if letter_name(index).key in indices:
                return (Relation(part.span, ("=",), (index, first)), Dots(part.span), last)
    return (part,)


def without_joining(formula: Formula, places: list[int]) -> Iterator[Node]:
    """The parts without those at the places and the words that join them."""
    gone = {*places, *(k - 1 for k in places if k and is_joining(formula.parts[k - 1]))}
    return (part for k, part in enumerate(formula.parts) if k not in gone)


# --- entries that get a value ------------------------------------------------------------------------------------------------


def with_parts_of_names(formula: Formula, claimed: list[Node]) -> Formula | EquationError:
    r"""D_{ij} = 0, i \neq j: D is diagonal; any other value for some entries only is refused."""
    for part in formula.parts:
        if not isinstance(part, Relation) or entries_of(part) is None or any(part is own for own in claimed):
            continue
        own = set(indices_in(part.sides[0]))
        rules = [k for k, each in enumerate(formula.parts) if chooses(each, own) and not starts_range(formula.parts, k)]
        if not rules or entries_of(part) in names_in(part.sides[1]):  # x_t = a x_{t-1}, t > 1
            continue
        if not is_off_diagonal(part, [formula.parts[k] for k in rules]):
            where = part.span.to(formula.parts[rules[0]].span)
            return NotSupportedYet("a value for some of the entries only is not read", where, fix=BY_CASES)
        kept = without_joining(formula, rules)
        return replace(formula, parts=tuple(each for p in kept for each in (said_diagonal(p) if p is part else (p,))))
    return formula


def said_diagonal(part: Relation) -> tuple[Node, ...]:
    base = base_of(part.sides[0])
    return (base, Words(part.span, "diagonal")) if base is not None else (part,)


def entries_of(part: Node) -> str | None:
    """The name of A_{ij} = e, or of s = e."""
    match part:
        case Relation(operators=("=", *_), sides=(left, *_)) if (base := base_of(left)) is not None:
            return letter_name(base).key
    return None


def base_of(left: Node) -> Letter | None:
    match left:
        case (Letter() as base) | Scripted(base=Letter() as base):
            return base
    return None


def chooses(part: Node, own: set[str]) -> bool:
    r"""A comparison that leaves out some of the entries; t \ge 0 leaves out none."""
    if not compares(part, own):
        return False
    match bare(part):
        case Relation(operators=(operator,), sides=(Letter(), Numeral(digits=start))):
            return (operator, start) not in ((">=", "0"), (">=", "1"), (">", "0"))
        case Relation(operators=(operator,), sides=(Numeral(digits=start), Letter())):
            return (operator, start) not in (("<=", "0"), ("<=", "1"), ("<", "0"))
    return True


def is_off_diagonal(part: Relation, rules: list[Node]) -> bool:
    """Two indices of its own on the left, 0 on the right, and that the two differ."""
    left, right = part.sides[0], part.sides[-1]
    own = list(indices_in(left))
    match [bare(rule) for rule in rules]:
        case [Relation(operators=("!=",), sides=(Letter() as first, Letter() as second))]:
            pair = {letter_name(first).key, letter_name(second).key}
            return isinstance(right, Numeral) and right.digits == "0" and len(own) == len(pair) == 2 and pair == set(own)
    return False


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
