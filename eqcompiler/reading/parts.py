r"""Parts of a formula: which declare, which attach a condition, which state something.

Takes: formulas. Gives: the stages that fill the scope with declarations, and the statements of one formula.
Guarantees: every part is declared, attached, stated or refused; none is dropped. An equation behind a declaration in the
same formula is an assumption (`Q \in \mathbb{R}^{n \times n}, Q^\top Q = I`), and so is an inline one that words such as
"with" join to an inline declaration; alone in a display it is a claim, alone inline it is listed as prose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from eqcompiler.errors import NotSupportedYet
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
from eqcompiler.languages.statements import Claim, Definition, Density, Kind, Statement
from eqcompiler.languages.terms import Condition
from eqcompiler.reading import declarations, distributions, shapes
from eqcompiler.reading.declared_words import declared_name, declared_type
from eqcompiler.reading.finite_sets import is_index_set
from eqcompiler.reading.large import condition
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import name_of
from eqcompiler.reading.properties import (
    closed,
    condition_of,
    is_call,
    lets_hold,
    names_property,
    refuse_denial,
    refuse_unread,
    said_by,
)
from eqcompiler.reading.refused_equations import assumption_or_claim, is_constant, order_claimed, refuse_update
from eqcompiler.reading.relation_marks import is_own, own_name, turned_letters, with_domain_apart
from eqcompiler.reading.running_text import UNUSED
from eqcompiler.reading.scope import IndexRange
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.statements import is_prose, nothing_stated, objective, relate
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


Stage = Callable[[Reader, Formula, tuple[Clause, ...]], None]


def clauses(formula: Formula, defined: frozenset[str]) -> tuple[Clause, ...]:
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
            elif word not in JOINING or word == "or":
                if attached or any(clause.role in ("order", "property") for clause in found):
                    refuse_denial(part)
                refuse_unread(parts, position, part)
                if word not in JOINING:
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
    if formula.concluded and is_own(*part.sides):
        refuse_update(part, *part.sides)
        return True
    return False


def is_about(part: Node, defined: frozenset[str]) -> bool:
    match part:
        case Relation(operators=("=",), sides=(left, right)):
            name = own_name(left, right)
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
            if is_own(left, right) or attached:
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


def declare_ranges(reader: Reader, _formula: Formula, found: tuple[Clause, ...]) -> None:
    for clause in found:
        match clause.role, clause.node:
            case "range", Relation(sides=(first, domain)):
                for node in (*clause.names, *(first.items if isinstance(first, Listing) else (first,))):
                    declarations.declare_membership(reader, [node], domain, clause.node.span)
            case "range", Listing(items=(Relation(sides=(letter, first)), *_, last)):
                size = shapes.size_term(declarations.dimension_of(reader, last))
                for index in (*clause.names, letter):
                    declarations.declare_index(reader, index, IndexRange(reader.term(first), size, clause.node.span))
            case "dataset", Relation(sides=(left, right)):
                declarations.declare_dataset(reader, left, right)


def declare_rows(reader: Reader, _formula: Formula, found: tuple[Clause, ...]) -> None:
    for clause in found:
        if clause.role == "rows" and isinstance(clause.node, Relation):
            left, right = clause.node.sides
            if not declarations.declare_rows(reader, left, right):
                fix = r"write X = [x^{(1)}, \dots, x^{(m)}]^\top for a matrix whose rows are the samples"
                raise NotSupportedYet("this list of samples is not read", clause.node.span, fix=fix)


def declare_names(reader: Reader, _formula: Formula, found: tuple[Clause, ...]) -> None:
    stated = any(clause.role == "equation" for clause in found)
    for clause in found:
        node = clause.node
        if not isinstance(node, Relation):
            continue
        if clause.role == "member":
            first = node.sides[0]
            names = [*clause.names, *(first.items if isinstance(first, Listing) else (first,))]
            known = all((name := name_of(each)) is not None and name.key in reader.scope.symbols for each in names)
            before = len(reader.scope.assumptions)
            declarations.declare_membership(reader, names, node.sides[1], node.span)
            if clause.attached and stated and known:  # it was declared before, so that this is a case of this display
                set_aside(reader, clause, before)
            for operator, left, right in zip(node.operators[1:], node.sides[1:-1], node.sides[2:], strict=True):
                raise NotSupportedYet(f"'{operator}' behind a membership is not read", left.span.to(right.span))
        elif clause.role == "function":
            declarations.declare_function(reader, [*clause.names, node.sides[0]], node.sides[1], node.sides[2])
        elif clause.role == "ones":
            declare_ones(reader, node)


def declare_ones(reader: Reader, node: Relation) -> None:
    r"""\mathbf{1} = (1, \dots, 1)^T \in \mathbb{R}^n: the built-in meaning; the size is checked at each use."""
    left, middle, domain = node.sides
    inner = middle.base if isinstance(middle, Scripted) else middle
    items = inner.body.items if isinstance(inner, Fence) and isinstance(inner.body, Listing) else ()
    values = {item.digits for item in items if isinstance(item, Numeral)}
    name = name_of(left)
    if name is None or values not in ({"1"}, {"0"}) or name.key not in ("n1_bold", "n1_bb", "n0_bold"):
        raise NotSupportedYet(
            "a vector written out with dots is not read", node.span, allowed=r"\mathbf{1} = (1, \dots, 1)^\top"
        )
    declarations.domain_type(reader, domain)


def declare_orders(reader: Reader, formula: Formula, found: tuple[Clause, ...]) -> None:
    """Signs and bounds; conditions attached by `if` or `for` belong to their statement alone, except for new names."""
    declared = stated = False
    for clause in found:
        node = clause.node
        if clause.role == "order" and isinstance(node, Relation) and not states_order(clause, found):
            if formula.concluded and not (declared or clause.attached):
                raise order_claimed(node.span)
            if not (declared or clause.attached or formula.inline):
                refuse_claimed_order(reader, node)
            before, known = len(reader.scope.assumptions), all_declared_elsewhere(reader, formula, clause)
            declarations.declare_order(reader, list(clause.names), node)
            if stated and known:
                set_aside(reader, clause, before)
        stated = stated or clause.role == "equation"
        declared = declared or clause.role in ("member", "range", "function", "order")


def all_declared_elsewhere(reader: Reader, formula: Formula, clause: Clause) -> bool:
    """Whether other formulas say what all names of a clause are, so that it declares none."""
    infos = [reader.scope.symbols.get(key) for node in (*clause.names, clause.node) for key in names_in(node)]
    places = [info.declared for info in infos if info is not None]
    return len(places) == len(infos) and all(
        place is not None and not formula.span.start <= place.start < formula.span.stop for place in places
    )


def set_aside(reader: Reader, clause: Clause, before: int) -> None:
    """What the clause assumes waits for what its display turns out to state."""
    scope = reader.scope
    scope.set_aside[clause.node.span] = scope.assumptions[before:]
    del scope.assumptions[before:]


def refuse_claimed_order(reader: Reader, node: Relation) -> None:
    """A bound on a name or between sizes is a declaration; between expressions it could as well be a claim."""
    for left, right in pairwise(node.sides):
        names = {key for side in (left, right) for key in names_in(side)}
        bounded = name_of(left) or name_of(right) or is_size_of_name(left) or is_size_of_name(right)
        if not (bounded or names <= set(reader.scope.dimensions)):
            raise order_claimed(left.span.to(right.span))


def is_size_of_name(node: Node) -> bool:
    """|x| of |x| < 1: a bound on a name, from both sides."""
    return isinstance(node, Fence) and node.opening == "|" and isinstance(node.body, Letter)


def states_order(clause: Clause, found: tuple[Clause, ...]) -> bool:
    return clause.attached and any(c.role == "equation" for c in found)


def declare_assumptions(reader: Reader, _formula: Formula, found: tuple[Clause, ...]) -> None:
    """Conditions attached by words belong to the statement of the display; where there is none, to the whole document."""
    stated = any(clause.role == "equation" for clause in found)
    for clause in found:
        if clause.role == "property" and not (clause.attached and stated):
            reader.scope.assumptions += conditions_of(reader, clause)


def conditions_of(reader: Reader, clause: Clause) -> list[Condition]:
    """The conditions of a property or an order; free indices become entries of a comprehension."""
    node = clause.node
    for square in (*clause.names, *turned_letters(node)):
        declarations.declare_square(reader, square)
    if isinstance(node, Words):
        return [condition_of(reader, clause.words, reader.term(name), name.span) for name in clause.names]
    if not isinstance(node, Relation):
        raise NotSupportedYet("this condition is not read", node.span)
    saved = dict(reader.scope.indices)
    found = []
    for operator, left, right in zip(node.operators, node.sides[:-1], node.sides[1:], strict=True):
        single = condition(reader, Relation(left.span.to(right.span), (operator,), (left, right)))
        found.append(closed(reader, single))
    reader.scope.indices = saved
    return found


def declare_distributions(reader: Reader, _formula: Formula, found: tuple[Clause, ...]) -> None:
    """x ~ N(mu, Sigma): the symbol is declared by the shape of its parameters."""
    for clause in found:
        if clause.role == "distribution" and isinstance(clause.node, Relation):
            for node in (*clause.names, clause.node.sides[0]):
                distributions.declare_distribution(reader, node, clause.node.sides[1])


DECLARATION_STAGES: tuple[Stage, ...] = (
    declare_ranges,
    declare_rows,
    declare_names,
    declare_distributions,
    declare_orders,
    declare_assumptions,
)


def statements_of(sentence: Sentence) -> tuple[list[Statement], Reader]:
    """All statements of a formula, in order; conditions attached by words are read first."""
    formula, reader = sentence.formula, sentence.reader
    reader.scope.notes.clear()
    reader.scope.conventions.clear()
    skip = sentence.directive("skip")
    if skip is not None:
        sentence.add("", "prose", formula.span, skip=skip)
        return sentence.statements, reader
    if formula.note or is_prose(formula):
        sentence.add("", "prose", formula.span, type_text=formula.note)
        return sentence.statements, reader
    found = clauses(formula, reader.scope.defined_somewhere)
    if any(clause.role == "equation" for clause in found):
        for clause in found:
            if clause.attached and clause.role in ("order", "property"):
                sentence.attached += conditions_of(reader, clause)
            if clause.attached:
                sentence.attached += reader.scope.set_aside.get(clause.node.span, ())
    beside = [c for clause in found if not clause.attached for c in reader.scope.set_aside.get(clause.node.span, ())]
    sentence.attached += beside
    for clause in found:
        state(sentence, clause)
    keep_unclaimed(sentence, beside)
    return [with_notes(s, reader) for s in sentence.statements], reader


def keep_unclaimed(sentence: Sentence, beside: list[Condition]) -> None:
    r"""Conditions beside a definition hold in the whole document: `beside` without a word, `, \quad \lambda > 0`; those behind
    `for` and the like speak of its arguments where it is a function."""
    payloads = [statement.payload for statement in sentence.statements]
    if not sentence.attached or any(isinstance(payload, Claim | Density) for payload in payloads):
        return
    if not any(isinstance(payload, Definition) and payload.formals for payload in payloads):
        sentence.reader.scope.assumptions += sentence.attached
        return
    sentence.reader.scope.assumptions += beside
    if len(beside) < len(sentence.attached):
        sentence.reader.scope.notes.append("the condition beside this function is not used")


def with_notes(statement: Statement, reader: Reader) -> Statement:
    conventions = tuple(reader.scope.conventions)
    return replace(statement, inferred=tuple(dict.fromkeys((*reader.scope.notes, *conventions))), conventions=conventions)


def state(sentence: Sentence, clause: Clause) -> None:
    node, formula = clause.node, sentence.formula
    if clause.remark:
        sentence.reader.scope.notes.append(f"remark: {clause.words}")
    elif clause.role == "equation" and isinstance(node, Relation):
        if formula.inline:
            sentence.add("", "prose", node.span, type_text=UNUSED)
        else:
            relate(sentence, node)
    elif clause.role == "open":
        raise assumption_or_claim(node.span)
    elif clause.role == "value":
        if not formula.inline and not objective(sentence, node):
            raise nothing_stated(formula)
    elif not (clause.attached and sentence.statements):
        name = name_of(clause.names[0]) if clause.names else declared_name(node)
        types, kind = declared_type(sentence.reader, clause.role, clause.names, node), _KINDS.get(clause.role, "declaration")
        if clause.role == "distribution" and isinstance(node, Relation):
            types = f"{types}; {distributions.law_words(sentence.reader, node.sides[1])}"
        sentence.add(name.key if name else "", kind, node.span, type_text=types)


_KINDS: dict[Role, Kind] = {"distribution": "distribution"}
