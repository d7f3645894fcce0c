r"""Members that are listed with dots: x_1, \dots, x_N \in \mathbb{R}^D, x = (x_1, \dots, x_n)^\top, f(x_1, \dots, x_n).

Takes: formulas before anything is typed. Gives: the same; a list that declares is one of x_i with the range i = 1, \dots, N;
a list in the brackets of a function is the letter x, which is declared with as many entries.
Guarantees: a list names its first member, perhaps the next ones, dots, and its last one. The index is one that the file writes
below x, so that a sum over it finds its range. Before, x_N was a name and x a number, of which more is true than of vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eqcompiler.errors import EquationError, NotSupportedYet, Span
from eqcompiler.languages.notation import (
    Dots,
    Fence,
    Formula,
    Juxtaposed,
    Letter,
    Listing,
    Node,
    Numeral,
    Prefix,
    Relation,
    Scripted,
    Words,
)
from eqcompiler.languages.trees import rebuilt
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import nodes_of, walk
from eqcompiler.reading.vocabulary import ORDERS

DECLARING = frozenset({"in", "sim", *ORDERS})
USUAL = "ijkn"  # letters for an index that the file does not write
Below = dict[str, list[str]]  # the letters that the file writes below or above a name


@dataclass(frozen=True, slots=True)
class Members:
    """x_1, ..., x_N: the letter, how many there are, and whether they are counted above it, x^{(i)}."""

    base: Letter
    count: Node
    above: bool

    def member(self, index: Node) -> Node:
        if self.above:
            return Scripted(self.base.span, self.base, None, Fence(index.span, "(", index, ")"))
        return Scripted(self.base.span, self.base, index)


def with_listed_members(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    below: Below = {}
    for node in nodes_of(*(item for item in formulas if isinstance(item, Formula))):
        if (found := counted(node)) is not None and isinstance(found.count, Letter):
            below.setdefault(letter_name(found.base).key, []).append(found.count.text)
    declared = (with_families(item, below) if isinstance(item, Formula) else item for item in formulas)
    return tuple(with_vectors(item) if isinstance(item, Formula) else item for item in declared)


def counted(node: Node) -> Members | None:
    match node:
        case Scripted(base=Letter() as base, subscript=None, superscript=Fence(opening="(", body=script), primes=0):
            return Members(base, script, above=True)
        case Scripted(base=Letter() as base, subscript=Letter() | Numeral() as script, superscript=None, primes=0):
            return Members(base, script, above=False)
    return None


def listed(items: Sequence[Node]) -> Members | None:
    r"""x_1, x_2, \dots, x_n, and nothing else."""
    if len(items) < 3 or not isinstance(items[-2], Dots):
        return None
    members = [counted(item) for item in (*items[:-2], items[-1])]
    found = [each for each in members if each is not None]
    if len(found) < len(members) or len({(letter_name(m.base).key, m.above) for m in found}) > 1:
        return None
    *first, last = found
    if [m.count.digits if isinstance(m.count, Numeral) else "" for m in first] != [str(k + 1) for k in range(len(first))]:
        return None
    return last


# --- lists that declare ------------------------------------------------------------------------------------------------------


def with_families(formula: Formula, below: Below) -> Formula | EquationError:
    r"""x_1, \dots, x_N \in S as x_i \in S, i = 1, \dots, N; other names may share the S."""
    parts: list[Node] = []
    rest = formula.parts
    while rest:
        end = next((k for k, part in enumerate(rest) if isinstance(part, Relation | Words)), len(rest) - 1)
        stated, dots = rest[end], next((part for part in rest[:end] if isinstance(part, Dots)), None)
        if dots is None or not isinstance(stated, Relation) or stated.operators[0] not in DECLARING:
            parts += rest[: end + 1]
        elif (own := with_family(rest[:end], stated, below)) is not None:
            parts += own
        else:
            fix = r"write x_1, \dots, x_n, or x_i with its range i = 1, \dots, n"
            return NotSupportedYet("a list with dots that does not count from 1 is not read", dots.span, fix=fix)
        rest = rest[end + 1 :]
        length = end_of_range(rest) if isinstance(stated, Relation) and stated.operators == ("=",) else 0
        parts += rest[:length]
        rest = rest[length:]
    return replace(formula, parts=tuple(parts))


def with_family(names: tuple[Node, ...], stated: Relation, below: Below) -> tuple[Node, ...] | None:
    """The names that share what is stated, and behind it the ranges of those that were lists; None where dots are left."""
    found: list[Node] = []
    ranges: list[Node] = []
    waiting = (*names, stated.sides[0])
    while waiting:
        length, members = family_in(waiting)
        if members is not None:
            index = index_of(members, below, stated.span)
            found.append(members.member(index))
            ranges += (Relation(stated.span, ("=",), (index, Numeral(stated.span, "1"))), Dots(stated.span), members.count)
        else:
            found.append(waiting[0])
        waiting = waiting[length:]
    own = replace(stated, sides=(found[-1], *stated.sides[1:]))
    return None if any(isinstance(name, Dots) for name in found) else (*found[:-1], own, *ranges)


def end_of_range(parts: tuple[Node, ...]) -> int:
    r"""How many parts belong to i = 1 before them: 2, \dots, n."""
    dots = next((k for k, part in enumerate(parts) if not isinstance(part, Numeral)), len(parts))
    return dots + 2 if dots < len(parts) and isinstance(parts[dots], Dots) else 0


def family_in(items: tuple[Node, ...]) -> tuple[int, Members | None]:
    """How many names the list at the beginning takes."""
    dots = next((k for k, item in enumerate(items) if isinstance(item, Dots)), len(items))
    found = listed(items[: dots + 2])
    return (dots + 2, found) if found is not None else (1, None)


def index_of(found: Members, below: Below, span: Span) -> Letter:
    written = [text for text in below.get(letter_name(found.base).key, ()) if len(text) == 1 and text.islower()]
    taken = {node.text for node in walk(found.count) if isinstance(node, Letter)}
    return Letter(span, next(text for text in (*written, *USUAL) if text not in taken))


# --- lists that are a vector -------------------------------------------------------------------------------------------------


def with_vectors(formula: Formula) -> Formula:
    r"""f(x_1, \dots, x_n) as f(x), and x \in \mathbb{R}^n beside it; x = (x_1, \dots, x_n)^\top says only the latter."""
    spaces: dict[str, Node] = {}

    def vector_of(node: object) -> Node | None:
        match node:
            case Fence(opening="(" | "[", body=Listing(items=items)) if (found := listed(items)) is not None:
                spaces.setdefault(letter_name(found.base).key, space(found.base, found.count))
                return replace(node, body=found.base)
        return None

    def rule(node: object) -> object:
        match node:
            case Prefix(function="diag", argument=argument) if (vector := vector_of(argument)) is not None:
                return replace(node, argument=vector)
            case Juxtaposed(factors=(Letter() as head, argument)) if (vector := vector_of(argument)) is not None:
                return replace(node, factors=(head, vector))
        return None

    parts = tuple(own_space(part) or rebuilt(part, rule) for part in formula.parts)
    return replace(formula, parts=(*parts, *spaces.values()))


def own_space(part: Node) -> Node | None:
    r"""What x = (x_1, \dots, x_n)^\top says, perhaps with \in \mathbb{R}^n behind it; X = [x_1, \dots, x_n]^\top lists rows."""
    match part:
        case Relation(operators=("=", *_), sides=(Letter() as left, right, *_)):
            is_column = isinstance(right, Scripted) and isinstance(right.superscript, Letter) and right.subscript is None
            body = right.base if isinstance(right, Scripted) and is_column else right
            items = body.body.items if isinstance(body, Fence) and isinstance(body.body, Listing) else ()
            found = listed(items)
            if found is not None and not found.above and (found.base.text, found.base.accent) == (left.text, left.accent):
                return space(left, found.count)
    return None


def space(vector: Letter, count: Node) -> Node:
    r"""x \in \mathbb{R}^n."""
    real = Scripted(vector.span, Letter(vector.span, "R", font="bb"), None, count)
    return Relation(vector.span, ("in",), (vector, real))
