r"""Restricted ranges: which letters a large operator binds where relations stand below it.

Takes: the formulas of a file. Gives: the same formulas, where each such operator names its indices, its relations apart.
Guarantees: a letter that an outer operator binds or that stands free elsewhere in the formula is not bound again; where the
notation does not say whether a letter is summed over, it is an error that offers both spellings.

    \sum_{i<j} a_{ij}               sum over i, j                 where i < j
    \sum_{1 \le i < j \le n}        sum over i, j                 where 1 <= i < j <= n
    x_k \sum_{j \ne k} a_j          sum over j                    where j != k
    \sum_{j=1, j \ne k}^n           sum over j from 1 to n        where j != k
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from eqcompiler.errors import AmbiguousNotation, EquationError
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Infix,
    Juxtaposed,
    Large,
    Letter,
    Listing,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.languages.trees import Rule, fields_of, inside, rebuilt
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import is_number_set, survey, walk

OPERATORS = ("sum", "prod", "max", "min")
RESTRICTIONS = frozenset({"<", "<=", ">", ">=", "!=", "="})
Letters = dict[str, Letter]  # by their names, in the order in which they stand


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below an operator: letters that are named as its indices, starts `i = 1`, and relations."""

    letters: tuple[Letter, ...] = ()
    starts: tuple[tuple[Letter, Node], ...] = ()
    relations: tuple[Relation, ...] = ()


def with_restricted_ranges(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    if not any(restricted(n) for f in formulas if isinstance(f, Formula) for part in f.parts for n in walk(part)):
        return formulas
    read = tuple(f for f in formulas if isinstance(f, Formula))
    fixed = survey(read).dimensions | declared_names(read)
    return tuple(apart(f, fixed) if isinstance(f, Formula) else f for f in formulas)


def apart(formula: Formula, fixed: frozenset[str]) -> Formula | EquationError:
    try:
        return replace(formula, parts=tuple(named(part, part, fixed) for part in formula.parts))
    except EquationError as error:
        return error


def restricted(node: Node) -> bool:
    return isinstance(node, Large) and node.operator in OPERATORS and below(node) is not None


def declared_names(formulas: tuple[Formula, ...]) -> frozenset[str]:
    r"""Names that are no indices: k \in \mathbb{N}, and all that a space is declared for."""
    found: set[str] = set()
    for formula in formulas:
        waiting: list[str] = []
        for part in formula.parts:
            if isinstance(part, Letter):
                waiting.append(letter_name(part).key)
                continue
            if isinstance(part, Relation) and part.operators[0] == "in" and is_number_set(part.sides[1]):
                found.update(waiting, bases(part.sides[0]))
            waiting = []
    return frozenset(found)


def bases(node: Node) -> Iterator[str]:
    r"""The names that a space is declared for: x of x_i \in \mathbb{R}, whose i is an index."""
    match node:
        case Letter():
            yield letter_name(node).key
        case Scripted(base=base):
            yield from bases(base)
        case Listing(items=items):
            yield from (key for item in items for key in bases(item))


# --- what stands below -----------------------------------------------------------------------------------------------------


def below(node: Large) -> Below | None:
    """None where nothing but letters, one start or a set stands below: then there is nothing to take apart."""
    if node.lower is None:
        return None
    found = together(node.lower)
    if found is None or not (found.relations or (found.starts and len(found.starts) + len(found.letters) > 1)):
        return None
    indices = index_names(node)
    if node.operator in ("max", "min") and not any(
        name in indices for r in found.relations for n in walk(r) if isinstance(n, Letter) for name in (letter_name(n).key,)
    ):
        return None  # \max_{x \ge 0} f(x): x is no index
    return found


def together(node: Node) -> Below | None:
    match node:
        case Listing(items=items):
            return joined(items)
        case Fence(opening="(", body=body):
            return together(body)
        case Letter(kind="letter"):
            return Below(letters=(node,))
        case Juxtaposed(factors=factors) if all(isinstance(f, Letter) for f in factors):
            return Below(letters=cast("tuple[Letter, ...]", factors))
        case Relation(operators=(":", *rest), sides=(head, *sides)) if len(sides) > 1:
            return joined((head, Relation(node.span, tuple(rest), tuple(sides))))
        case Relation(operators=("=",), sides=(Letter() as letter, start)):
            return Below(starts=((letter, start),))
        case Relation(operators=("in" | "notin",), sides=(Letter() as letter, domain)):
            return members(letter, domain, node)
        case Relation(operators=operators) if RESTRICTIONS.issuperset(operators):
            return Below(relations=(node,))
    return None


def joined(items: tuple[Node, ...]) -> Below | None:
    """`i \\ne j, k` keeps i from both; everything else is what its items are."""
    total = Below()
    for position, item in enumerate(items):
        before = items[position - 1] if position else None
        if isinstance(item, Letter) and isinstance(before, Relation) and before.operators[-1] == "!=":
            first = before.sides[0]
            found: Below | None = Below(relations=(Relation(first.span.to(item.span), ("!=",), (first, item)),))
            items = (*items[:position], found.relations[0], *items[position + 1 :])  # type: ignore[union-attr]
        else:
            found = together(item)
        if found is None:
            return None
        total = Below(total.letters + found.letters, total.starts + found.starts, total.relations + found.relations)
    return total


def members(letter: Letter, domain: Node, node: Relation) -> Below | None:
    r"""i \in \{1, \dots, n\} \setminus \{k\}, i \notin \{j, k\}."""
    ends, excluded = (None, domain) if node.operators == ("notin",) else (domain, None)
    if isinstance(domain, Infix) and domain.operator == "setminus" and excluded is None:
        ends, excluded = domain.left, domain.right
    if not (isinstance(excluded, Fence) and excluded.opening == "{"):
        return None
    items = excluded.body.items if isinstance(excluded.body, Listing) else (excluded.body,)
    relations = tuple(Relation(node.span, ("!=",), (letter, item)) for item in items)
    match ends:
        case None:
            return Below(letters=(letter,), relations=relations)
        case Fence(opening="{", body=Listing(items=(Node() as first, *middle, last))) if any(
            isinstance(m, Dots) for m in middle
        ):
            return Below((letter,), (), (Relation(node.span, ("<=", "<="), (first, letter, last)), *relations))
    return None


def index_names(node: Large) -> set[str]:
    """The letters below some name in the body."""
    scripts = (n.subscript for n in walk(node.body) if isinstance(n, Scripted) and n.subscript is not None)
    return {letter_name(n).key for script in scripts for n in walk(script) if isinstance(n, Letter)}


# --- which letters are bound -------------------------------------------------------------------------------------------------


def named(tree: Node, whole: Node, fixed: frozenset[str]) -> Node:
    """The tree with the indices of every operator named."""

    def below_operators(outer: frozenset[str]) -> Rule:
        """`outer`: what the operators around bind."""

        def rule(part: object) -> Node | None:
            if not isinstance(part, Large):
                return None
            own = with_indices(part, whole, fixed, outer) if restricted(part) else part
            return inside(own, below_operators(outer | {letter_name(n).key for n in heads(own)}))

        return rule

    return rebuilt(tree, below_operators(frozenset()))


def heads(node: Large) -> Iterator[Letter]:
    """The indices of an operator that is apart already, or that needs no taking apart."""
    match node.lower:
        case Letter() as letter:
            yield letter
        case Listing(items=items) | Juxtaposed(factors=items):
            yield from (item for item in items if isinstance(item, Letter))
        case Relation(sides=(Letter() as letter, *_)):
            yield letter


def with_indices(node: Large, whole: Node, fixed: frozenset[str], outer: frozenset[str]) -> Large:
    found = cast(Below, below(node))
    named_here = (*found.letters, *(letter for letter, _ in found.starts))
    bound = tuple(named_here) or bound_letters(node, found.relations, whole, fixed, outer)
    lower = bound[0] if len(bound) == 1 else Listing(bound[0].span.to(bound[-1].span), tuple(bound))
    ranges = tuple(range_of(letter, start_of(letter, found), node) for letter in named_here if node.upper is not None)
    if not named_here and node.upper is not None:
        ranges = tuple(range_of(letter, None, node) for letter in bound)
    return replace(node, lower=lower, upper=None, where=(*ranges, *found.relations))


def start_of(letter: Letter, found: Below) -> Node | None:
    """`i, j = 1`: the start of the letters that are listed with it."""
    own = next((start for other, start in found.starts if letter_name(other) == letter_name(letter)), None)
    return own or (found.starts[0][1] if found.starts else None)


def range_of(letter: Letter, start: Node | None, node: Large) -> Relation:
    first = start if start is not None else Numeral(letter.span, "1")
    return Relation(letter.span, ("<=", "<="), (first, letter, cast(Node, node.upper)))


def bound_letters(
    node: Large, relations: tuple[Relation, ...], whole: Node, fixed: frozenset[str], outer: frozenset[str]
) -> tuple[Letter, ...]:
    """The letters of the relations that nothing around the operator gives a meaning to."""
    candidates: Letters = {}
    for relation in relations:
        for letter in (n for side in relation.sides for n in letters_of(side)):
            key = letter_name(letter).key
            if key not in fixed and key not in outer and len(key) == 1 and key.islower():
                candidates.setdefault(key, letter)
    free = free_letters(whole)
    bound = {key: letter for key, letter in candidates.items() if key not in free}
    if not bound:
        raise ambiguous(node, "every letter below it also stands outside of it", tuple(candidates) or ("i",))
    used = {letter_name(n).key for n in walk(node.body) if isinstance(n, Letter)} & bound.keys()
    idle = [key for key in bound if key not in used]
    if used and idle:
        raise ambiguous(node, f"nothing says whether {idle[0]} is an index of it or stands for one value", tuple(bound))
    return tuple(bound.values())


def ambiguous(node: Large, why: str, letters: tuple[str, ...]) -> AmbiguousNotation:
    lower = cast(Node, node.lower).span.text.strip()
    sign = f"\\{node.operator}"
    both = f" or {sign}_{{{', '.join(letters)} : {lower}}}" if len(letters) > 1 else ""
    return AmbiguousNotation(
        f"'{sign}_{{{lower}}}': {why}", cast(Node, node.lower).span, fix=f"write {sign}_{{{letters[0]} : {lower}}}{both}"
    )


def letters_of(side: Node) -> Iterator[Letter]:
    """The letters of a sum of letters and numbers."""
    if isinstance(side, Letter) and side.kind == "letter" and not side.font and not side.accent:
        yield side
    elif isinstance(side, Addition):
        for _, term in side.terms:
            yield from letters_of(term)


def free_letters(tree: object) -> set[str]:
    """The letters that stand outside of every operator that mentions them below itself."""
    if isinstance(tree, tuple):
        return {key for item in tree for key in free_letters(item)}
    if isinstance(tree, Letter):
        return {letter_name(tree).key}
    if not isinstance(tree, Node):
        return set()
    found = {key for name in fields_of(type(tree)) for key in free_letters(getattr(tree, name))}
    if isinstance(tree, Large) and tree.lower is not None:
        own = {letter_name(n).key for part in (tree.lower, *tree.where) for n in walk(part) if isinstance(n, Letter)}
        found -= own
    return found
