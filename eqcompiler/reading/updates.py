r"""Updates: \theta := \theta - ..., \theta \leftarrow ..., \theta_{t+1} = e(\theta_t).

Takes: a relation. Gives: a recurrence.
Guarantees: the state is one symbol whatever its step is called, and its update has its shape.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.notation import (
    Addition,
    Fence,
    Letter,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.languages.statements import Claim, Recurrence
from eqcompiler.languages.terms import (
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading import shapes
from eqcompiler.reading.definitions import define
from eqcompiler.reading.names import Name, labelled, letter_name, name_of
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.survey import names_in, walk


def update(sentence: Sentence, node: Relation) -> None:
    r"""\theta := \theta - ...: a recurrence when the right side contains the left, a definition otherwise."""
    left, right = node.sides[0], node.sides[1]
    name = name_of(left)
    if len(node.sides) != 2:
        raise NotSupportedYet("a chain behind an update is not read", node.span)
    if name is None or name.key not in names_in(right):
        if not define(sentence, left, right):
            raise IllegalEquation(
                f"'{left.span.text}' is known already; := defines", node.span, fix="write = to claim equality"
            )
        return
    add_recurrence(sentence, name, sentence.reader.term(right), "", node.span)


def add_recurrence(sentence: Sentence, name: Name, term: Term, index: str, span: Span) -> None:
    scope = sentence.reader.scope
    info = scope.symbols.get(name.key)
    if info is None or not isinstance(info.type, Type):
        raise IllegalEquation(f"the state '{name.latex}' has no value to start from", span, fix=f"declare {name.latex}")
    state = Symbol(scope.type_of(info.type), name.key)
    if not shapes.same_shape(state, term, scope):
        raise shapes.clash(f"the update of '{name.latex}' has another shape", state, term, span, scope)
    sentence.add(
        name.key, "recurrence", span, payload=Recurrence(name.key, term, index), type_text=str(scope.type_of(info.type))
    )


def iteration(node: Relation) -> tuple[Name, Name, str] | None:
    r"""\theta_{t+1} = ... \theta_t ...: the state, its name at this step, and the letter that counts the steps."""
    left = node.sides[0]
    if node.operators != ("=",) or not (isinstance(left, Scripted) and isinstance(left.base, Letter)):
        return None
    script = left.subscript if left.superscript is None else left.superscript if left.subscript is None else None
    inner = script.body if isinstance(script, Fence) else script
    match inner:
        case Addition(terms=(("+", Letter() as letter), ("+", Numeral(digits="1")))):
            base, step = letter_name(left.base), letter_name(letter)
            now = Name(f"{base.key}_{step.key}", f"{base.latex}_{step.latex}")
            used = {sequence_key(n) for n in walk(node.sides[1])}
            return (base, now, step.key) if now.key in used else None
    return None


def sequence_key(node: Node) -> str | None:
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)):
        return None
    script = node.superscript if isinstance(node.superscript, Fence) else node.subscript
    name = labelled(letter_name(node.base), script, None) if script is not None else None
    return name.key if name else None


def recurrence(sentence: Sentence, node: Relation, base: Name, now: Name, index: str) -> None:
    """The first update of a state is its recurrence; a second one claims to be equal to it."""
    reader, scope = sentence.reader, sentence.reader.scope
    if base.key not in scope.symbols:
        reader.inferred_symbol(base, node.sides[0].span)
    info = replace(scope.symbols[base.key], latex=now.latex)
    with scope.binding(**{now.key: info}):
        term = reader.term(node.sides[1])
    known = scope.updates.get(base.key)
    if known is None or sentence.directive("define") is not None:
        scope.updates[base.key] = term
        add_recurrence(sentence, base, term, index, node.span)
        return
    if not shapes.same_shape(known, term, scope):
        raise shapes.clash(f"this update of '{base.latex}' has another shape than the first", known, term, node.span, scope)
    payload = Claim(known, term, (), tuple(sentence.attached))
    sentence.add(base.key, "claim: equality", node.span, payload=payload, type_text=str(scope.type_of(term.type)))
