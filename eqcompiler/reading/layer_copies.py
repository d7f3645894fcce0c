r"""Copies: the formulas of one layer written once more, for the layer after it and for the last one.

Takes: the formulas of a file with layers. Gives: formulas with the names of `layers`, and what the author wrote added to them:
W_next_l and z_next_l = W_next_l a_l + b_next_l where some formula speaks of l + 1, z_end_l where one speaks of L.
Guarantees: a loss J that only its derivatives mention depends on layer l through the next layer only: beside l + 1 it is a
function of a^{(l+1)}, beside L one of a^{(L)}, any function in each case. What is asked of a neighbouring layer and given by no
formula about layer l is refused. The copies give no statements of their own.

    \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}}    ->    delta_next_l = \frac{\partial J_ahead_l}{\partial z_next_l}
                                                               delta_ahead_l = \frac{\partial J_ahead_l}{\partial z_l}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from eqcompiler.errors import EquationError, IllegalEquation
from eqcompiler.languages.notation import Formula, Letter, Node, Relation
from eqcompiler.reading.layer_families import AT, BEFORE, START, Layers, found, given_by, is_member, letter_of, place
from eqcompiler.reading.layer_losses import Beside, beside, recurrences_of
from eqcompiler.reading.layer_sums import lifted
from eqcompiler.reading.layers import (
    AHEAD,
    AT_END,
    HERE,
    LATEST,
    LOCAL,
    ONE,
    SHIFTED,
    TWO,
    View,
    key_of,
    members_of,
    one_layer,
    steps_of,
    view_of,
    viewed,
    writing,
)
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.steps import Steps
from eqcompiler.reading.survey import names_used, walk

COPIED_TO_END = View({AT: LATEST, BEFORE: "before_end_{}", START: "0"}, LATEST, True, LATEST)
GIVE_IT = (
    r"write what it is at every layer, as in \delta^{(l)} = \frac{\partial J}{\partial z^{(l)}}: its recursion is then a claim"
)
DECLARING = frozenset({"in", "<", "<=", ">", ">=", "!=", "succ", "succeq"})


@dataclass(frozen=True, slots=True)
class Copies:
    """places: where they stand among the formulas. users: places of the formulas that rest on them.

    arguments: loss -> the state that it is a function of. latex: how the names of other layers are written.
    functions: unknown function -> the state that it is a function of, the loss of which it is a term, how that is written.
    """

    places: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    arguments: Mapping[str, Node] = field(default_factory=dict)
    latex: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


def one_at_a_time(
    formulas: tuple[Formula | EquationError, ...],
) -> tuple[tuple[Formula | EquationError, ...], tuple[Steps, ...], Copies]:
    """The formulas as they are where the file has no layers; copies stand before the first formula that rests on them."""
    letter = letter_of(tuple(f for f in formulas if isinstance(f, Formula)))
    if letter is None:
        return formulas, (), Copies()
    formulas, totals = lifted(formulas, letter)
    read = tuple(f for f in formulas if isinstance(f, Formula))
    layers = found(read, letter, totals)
    first = first_giving(read, layers)
    renamed: list[Formula | EquationError] = []
    for formula in formulas:
        own = one_layer(formula, layers) if isinstance(formula, Formula) else formula
        asked = unknown_there(formula, layers, first, read) if isinstance(formula, Formula) else None
        renamed.append(asked if asked is not None and isinstance(own, Formula) else own)
    steps = steps_of(read, layers) if layers.state or totals else ()
    views = [view_of(f, layers) if isinstance(f, Formula) else ONE for f in formulas]
    users = [place for place, view in enumerate(views) if view is not ONE or names_of(formulas[place]) & totals.keys()]
    if not users:
        return tuple(renamed), steps, Copies()
    try:
        losses = [seen_beside(formulas, layers, view, views, first) for view in (LOCAL, TWO, AT_END)]
    except EquationError as error:
        return tuple(error if place in users else f for place, f in enumerate(renamed)), steps, Copies()
    made = [*recurrences_of(layers), *copies(read, layers, first, views), *(f for loss in losses for f in loss.formulas)]
    at, latex = users[0], dict(spellings(read, layers))
    latex |= {key: text for loss in losses for key, text in loss.latex.items()}
    functions = {key: entry for loss in losses for key, entry in loss.functions.items()}
    whole = (*renamed[:at], *made, *renamed[at:])
    places, moved = frozenset(range(at, at + len(made))), frozenset(place + len(made) for place in users)
    return whole, steps, Copies(places, moved, dict(arguments(read, layers)), latex, functions)


def names_of(formula: Formula | EquationError) -> frozenset[str]:
    return names_used(formula) if isinstance(formula, Formula) else frozenset()


def seen_beside(
    formulas: tuple[Formula | EquationError, ...],
    layers: Layers,
    view: View,
    views: list[View],
    first: Mapping[str, Formula],
) -> Beside:
    """What passes through all layers, for the formulas that speak of it in this view, and for what they are made of."""
    if all(own.whole != view.whole for own in views):
        return Beside()
    asked = {name for f, own in zip(formulas, views, strict=True) if own.whole == view.whole for name in names_of(f)}
    asked |= {name for key in layers.of_loss if key in first for name in names_used(first[key])}
    read = tuple(f for f in formulas if isinstance(f, Formula))
    return beside(read, layers, frozenset(asked & layers.whole), view)


def first_giving(formulas: tuple[Formula, ...], layers: Layers) -> dict[str, Formula]:
    """The formulas about one layer that are the first to give a name."""
    first: dict[str, Formula] = {}
    for formula in formulas:
        if not formula.inline and view_of(formula, layers) in (ONE, LOCAL):
            for key, at in given_by(formula, layers.letter):
                if at == AT:
                    first.setdefault(key, formula)
    return first


def unknown_there(
    formula: Formula, layers: Layers, first: Mapping[str, Formula], formulas: tuple[Formula, ...]
) -> EquationError | None:
    """What a formula asks of another layer that no formula about layer l says."""
    if view_of(formula, layers) in (ONE, LOCAL):
        return None
    said = {key for f in formulas if view_of(f, layers) in (ONE, LOCAL) for key, at, _ in members_of(f, layers) if at == AT}
    for key, at, node in members_of(formula, layers):
        if at not in (START,) and ((key in layers.given and key not in first) or key not in said | layers.given):
            what = f"nothing says what '{node.span.text}' is at layer {layers.letter}"
            return IllegalEquation(what, node.span, fix=GIVE_IT)
    return None


def copies(formulas: tuple[Formula, ...], layers: Layers, first: Mapping[str, Formula], views: list[View]) -> list[Formula]:
    declared, giving = list(declarations(formulas, layers)), list({id(f): f for f in first.values()}.values())
    made: list[Formula] = []
    if TWO in views or SHIFTED in views:
        made += [copied(f, layers, SHIFTED) for f in (*declared, *giving)]
        made += [copied(f, layers, TWO) for key, f in first.items() if key in layers.of_loss]
    if AT_END in views:
        made += [copied(f, layers, COPIED_TO_END) for f in (*declared, *giving)]
    return made


def declarations(formulas: tuple[Formula, ...], layers: Layers) -> Iterator[Formula]:
    r"""W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}} alone, without what else is declared beside it."""
    for formula in formulas:
        for part in formula.parts:
            if isinstance(part, Relation) and part.operators[0] in DECLARING and is_member(part.sides[0], layers.names):
                members = [n for n in walk(part) if is_member(n, layers.names)]
                if all(place(n, layers.letter, layers.end) in (AT, BEFORE) for n in members):
                    yield replace(formula, parts=(part,), inline=True)


def copied(formula: Formula, layers: Layers, view: View) -> Formula:
    return replace(viewed(formula, layers, view), label="", directives=())


def arguments(formulas: tuple[Formula, ...], layers: Layers) -> Iterator[tuple[str, Node]]:
    """The loss beside layer l + 1 is a function of the state there, beside L of the last one."""
    nodes = (n for formula in formulas for part in formula.parts for n in walk(part))
    state = next(n for n in nodes if is_member(n, frozenset((layers.state,))))
    for loss in layers.losses:
        yield key_of(loss, TWO.loss, layers), Letter(state.span, key_of(layers.state, AHEAD, layers))
        yield key_of(loss, LATEST, layers), Letter(state.span, key_of(layers.state, LATEST, layers))


def spellings(formulas: tuple[Formula, ...], layers: Layers) -> Iterator[tuple[str, str]]:
    bases, written = writing(formulas, layers)
    numbers = {AHEAD: f"{layers.letter}+1", LATEST: layers.end}
    for name in sorted(layers.names):
        latex = written % letter_name(bases[name]).latex
        for label, number in numbers.items():
            yield key_of(name, label, layers), latex % number
        if name in layers.of_loss:
            yield key_of(name, HERE, layers, TWO), latex % layers.letter
    yield key_of(layers.state, "before_end_{}", layers), written % letter_name(bases[layers.state]).latex % f"{layers.end}-1"
