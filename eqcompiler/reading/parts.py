r"""The parts of a formula at work: what they declare, what they assume, what they state.

Takes: formulas as clauses. Gives: the stages that fill the scope with declarations, and the statements of one formula.
Guarantees: every clause is declared, attached, stated or refused; none is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.notation import (
    Fence,
    Formula,
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
from eqcompiler.reading.clauses import Clause, Role, clauses_of
from eqcompiler.reading.declared_words import declared_name, declared_type
from eqcompiler.reading.large import condition
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import name_of
from eqcompiler.reading.properties import closed, condition_of
from eqcompiler.reading.refused_equations import assumption_or_claim, order_claimed
from eqcompiler.reading.relation_marks import turned_letters
from eqcompiler.reading.running_text import UNUSED
from eqcompiler.reading.scope import IndexRange
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.statements import is_prose, nothing_stated, objective, relate
from eqcompiler.reading.survey import names_in

Stage = Callable[[Reader, Formula, tuple[Clause, ...]], None]


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


def declare_names(reader: Reader, formula: Formula, found: tuple[Clause, ...]) -> None:
    stated = any(clause.role == "equation" for clause in found)
    for place, clause in enumerate(found):
        node = clause.node
        if not isinstance(node, Relation):
            continue
        if clause.role == "member":
            first = node.sides[0]
            names = [*clause.names, *(first.items if isinstance(first, Listing) else (first,))]
            known = all((name := name_of(each)) is not None and name.key in reader.scope.symbols for each in names)
            case = clause.attached and stated and known  # it was declared before
            with beside_claims(reader, formula, found[:place], clause, case):
                declarations.declare_membership(reader, names, node.sides[1], node.span)
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
    declared = False
    for place, clause in enumerate(found):
        node = clause.node
        if clause.role == "order" and isinstance(node, Relation) and not states_order(clause, found):
            if formula.concluded and not (declared or clause.attached):
                raise order_claimed(node.span)
            if not (declared or clause.attached or formula.inline):
                refuse_claimed_order(reader, node)
            with beside_claims(reader, formula, found[:place], clause):
                declarations.declare_order(reader, list(clause.names), node)
        declared = declared or clause.role in ("member", "range", "function", "order")


@contextmanager
def beside_claims(
    reader: Reader, formula: Formula, earlier: tuple[Clause, ...], clause: Clause, case: bool = False
) -> Iterator[None]:
    r"""|x| = x, \quad x > 0: what a clause behind an equation assumes of names that other formulas declare, while it declares
    none itself, waits for what its display turns out to state. case: that is known already."""
    scope, node = reader.scope, clause.node
    assumed, symbols = len(scope.assumptions), set(scope.symbols)
    yield
    sides = node.sides[: 1 if clause.role == "member" else None] if isinstance(node, Relation) else ()
    names = {key for side in (*clause.names, *sides) for key in names_in(side)} & scope.symbols.keys()
    places = [scope.symbols[name].declared for name in names]
    here = any(place is None or formula.span.start <= place.start < formula.span.stop for place in places)
    stated = any(other.role == "equation" for other in earlier)
    if case or (stated and names and not here and scope.symbols.keys() == symbols):
        scope.set_aside[node.span] = [*scope.set_aside.get(node.span, ()), *scope.assumptions[assumed:]]
        del scope.assumptions[assumed:]


def refuse_claimed_order(reader: Reader, node: Relation) -> None:
    """A bound on a name or between sizes is a declaration; between expressions it could as well be a claim."""
    for left, right in pairwise(node.sides):
        bounds = any(is_bound(one, other) for one, other in ((left, right), (right, left)))
        if not (bounds or names_in(left) | names_in(right) <= set(reader.scope.dimensions)):
            raise order_claimed(left.span.to(right.span))


def is_bound(node: Node, other: Node) -> bool:
    """Whether x or |x| is bounded by the other side; x < x^2 is no bound on x."""
    name = name_of(node.body if isinstance(node, Fence) and node.opening == "|" else node)
    return name is not None and name.key not in names_in(other)


def states_order(clause: Clause, found: tuple[Clause, ...]) -> bool:
    return clause.attached and any(c.role == "equation" for c in found)


def declare_assumptions(reader: Reader, formula: Formula, found: tuple[Clause, ...]) -> None:
    """Conditions attached by words belong to the statement of the display; where there is none, to the whole document."""
    stated = any(clause.role == "equation" for clause in found)
    for place, clause in enumerate(found):
        if clause.role == "property" and not (clause.attached and stated):
            with beside_claims(reader, formula, found[:place], clause):
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
    found = clauses_of(formula, reader.scope.defined_somewhere)
    if any(clause.role == "equation" for clause in found):
        for clause in found:
            if clause.attached and clause.role in ("order", "property"):
                sentence.attached += conditions_of(reader, clause)
            if clause.attached:
                sentence.attached += reader.scope.set_aside.get(clause.node.span, ())
    spans = dict.fromkeys(clause.node.span for clause in found if not clause.attached)
    beside = [condition for span in spans for condition in reader.scope.set_aside.get(span, ())]
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
