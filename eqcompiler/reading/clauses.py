r"""Clauses: what each part of a formula is, a declaration, a condition, a statement or a remark.

Takes: a formula. Gives: its clauses in order, each with the bare names before it that share it.
Guarantees: every part is in a clause, joins two of them, or is refused; none is dropped. An equation behind a declaration in
the same formula is an assumption (`Q \in \mathbb{R}^{n \times n}, Q^\top Q = I`), and so is an inline one that words such as
"with" join to an inline declaration; alone in a display it is a claim, alone inline it is listed as prose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from eqcompiler.languages.notation import (
    Dots,
    Fence,
    Formula,
    Letter,
    Listing,
    Node,
    Numeral,
    Relation,
    Scripted,
    Words,
)
from eqcompiler.reading import distributions
from eqcompiler.reading.finite_sets import is_index_set
from eqcompiler.reading.names import name_of
from eqcompiler.reading.properties import (
    is_call,
    lets_hold,
    names_property,
    refuse_denial,
    refuse_unread,
    refuse_unstated,
    said_by,
)
from eqcompiler.reading.refused_equations import is_constant, refuse_update
from eqcompiler.reading.relation_marks import is_own, normed_name, own_name, with_domain_apart
from eqcompiler.reading.running_text import concludes
from eqcompiler.reading.survey import attaches, names_in, sizes_in
from eqcompiler.reading.vocabulary import ORDERS

Role = Literal[
    "range", "member", "function", "order", "dataset", "rows", "ones", "distribution", "property", "equation", "open", "value"
]

JOINING = ("and", "or", ",", "")


@dataclass(frozen=True, slots=True)
class Clause:
    """One part with the bare names before it that share it: a, b \\in \\mathbb{R}^n."""

    role: Role
    node: Node
    names: tuple[Node, ...] = ()
    words: str = ""
    attached: bool = False
    remark: bool = False


def clauses_of(formula: Formula, defined: frozenset[str]) -> tuple[Clause, ...]:
    """`defined`: the names that formulas of the file define; an equation about one of them in a display is a claim."""
    found: list[Clause] = []
    names: list[Node] = []
    attached, declared = False, formula.joined
    position = 0
    parts = distributions.conditioned(tuple(single for part in formula.parts for single in with_domain_apart(part)))
    while position < len(parts):
        part = parts[position]
        if isinstance(part, Words):
            word = part.text.strip(" .,;:").lower()
            if names and (said := said_by(word)):
                found += [Clause("property", part, tuple(names), property_, attached) for property_ in said]
                names, declared = [], True
            elif attaches(part) or lets_hold(part, parts[position + 1 :]):
                attached = True
            elif attached and concludes(word):  # for x > 0 we have |x| = x
                attached, declared, formula = False, False, replace(formula, concluded=True)
            elif word not in JOINING or word == "or":
                if attached or any(clause.role in ("order", "property") for clause in found):
                    refuse_denial(part)
                refuse_unread(parts, position, part)
                if word not in JOINING:
                    refuse_unstated(part, parts[position + 1 :])
                    found.append(Clause("value", part, words=part.text, remark=True))
            position += 1
            continue
        if range_length := range_parts(parts, position):
            listing = Listing(part.span.to(parts[position + range_length - 1].span), parts[position : position + range_length])
            found.append(Clause("range", listing, tuple(names), "", attached))
            names, declared = [], True
            position += range_length
            continue
        if not isinstance(part, Relation | Words) and (declaration_follows(parts, position) or has_property(parts, position)):
            names.append(part)
            position += 1
            continue
        claimed = not (declared or attached or formula.inline) and is_claimed(part, formula, defined)
        role = "equation" if claimed else role_of(part, declared, attached, formula.inline)
        if role == "order" and formula.inline and not (declared or attached) and is_remark(part, defined):
            role = "equation"
        found.append(Clause(role, part, tuple(names), "", attached))
        declared = declared or role not in ("equation", "value")
        names = []
        position += 1
    return tuple(found)


def is_remark(part: Node, defined: frozenset[str]) -> bool:
    r"""We know that $J(\theta) \ge 0$: a bound on what the file defines follows from its definition, it assumes nothing."""
    if not isinstance(part, Relation) or any(name_of(side) for side in part.sides):
        return False
    return any(key in defined for side in part.sides for key in names_in(side))


def has_property(parts: tuple[Node, ...], position: int) -> bool:
    r"""X^\top X \text{ invertible}: an expression of which the words say something."""
    following = parts[position + 1] if position + 1 < len(parts) else None
    return isinstance(following, Words) and names_property(following)


def is_claimed(part: Node, formula: Formula, defined: frozenset[str]) -> bool:
    """About a name that the file defines, or behind `then`: A = A^T is no declaration there."""
    if not isinstance(part, Relation) or part.operators != ("=",):
        return False
    if is_about(part, defined):
        return True
    if normed_name(*part.sides) and (formula.concluded or len(formula.parts) > 1):
        return True
    if formula.concluded and is_own(*part.sides):
        refuse_update(part, *part.sides)
        return True
    return False


def is_about(part: Node, defined: frozenset[str]) -> bool:
    match part:
        case Relation(operators=("=",), sides=(left, right)):
            name = own_name(left, right) or normed_name(left, right)
            return name is not None and name.key in defined
    return False


def range_parts(parts: tuple[Node, ...], position: int) -> int:
    r"""i = 1, \dots, m or i = 1, 2, \dots, m spread over parts: how many parts, or 0."""
    match parts[position]:
        case Relation(operators=("=",), sides=(Letter(), Numeral())):
            end = position + 1
            while end < len(parts) and isinstance(parts[end], Numeral):
                end += 1
            if end + 1 < len(parts) and isinstance(parts[end], Dots):
                return end + 2 - position
    return 0


def is_bare(node: Node) -> bool:
    return name_of(node) is not None or (isinstance(node, Scripted) and isinstance(node.base, Letter))


def declaration_follows(parts: tuple[Node, ...], position: int) -> bool:
    """The run of bare names ends in a relation that declares, in a range, or in words that name a property."""
    for place, part in enumerate(parts[position:], position):
        if isinstance(part, Relation):
            declares = part.operators[0] in ("in", ":", "sim") or part.operators[0] in ORDERS
            return declares or bool(range_parts(parts, place))
        if isinstance(part, Words):
            return names_property(part)
        if not is_bare(part):
            return False
    return False


def role_of(node: Node, declared: bool, attached: bool, inline: bool) -> Role:
    match node:
        case Relation(operators=("in", *_), sides=(_, domain)) if is_index_set(domain):
            return "range"
        case Relation(operators=("=", "in"), sides=(_, Fence() | Scripted(), _)):
            return "ones"
        case Relation(operators=("in", *_)):
            return "member"
        case Relation(operators=(":", "to")):
            return "function"
        case Relation(operators=("sim",)):
            return "distribution"
        case Relation(operators=operators) if all(operator in ORDERS for operator in operators):
            return "order"
        case Relation(operators=("=",), sides=(_, right)) if is_dataset(right):
            return "dataset"
        case Relation(operators=("=",), sides=(_, Scripted(base=Fence(body=Listing(items=items))))) if has_dots(items):
            return "rows"
        case Relation(operators=("=",), sides=(left, right)):
            if is_own(left, right) or attached or (normed_name(left, right) and not inline):
                if not (declared or attached or inline):
                    refuse_update(node, left, right)
                return "property"
            if declared and inline and name_of(left) is not None and isinstance(right, Numeral):
                return "property"
            if declared and name_of(left) is None and not is_call(left):
                return "property" if inline or is_constant(right) else "open"
            return "equation"
        case Relation():
            return "equation"
    return "value"


def has_dots(items: tuple[Node, ...]) -> bool:
    return any(isinstance(item, Dots) for item in items) and isinstance(items[0], Scripted)


def is_dataset(node: Node) -> bool:
    return isinstance(node, Scripted) and isinstance(node.subscript, Relation) and bool(sizes_in(node))
