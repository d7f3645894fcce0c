r"""Sequences: h_t = \tanh(W h_{t-1} + U x_t + b), and coupled ones, v_{t+1} = ..., \theta_{t+1} = \theta_t + v_{t+1}.

Takes: the formulas of a file. Gives: the same formulas, where the state before the step, the state after it, the first and the
last state and the members of families at the step are names of their own; what these names are.
Guarantees: only names that a step gives are renamed, in the formulas of their recurrence; one update \theta_{t+1} = e(\theta_t)
alone stays as it is written. What reaches back two steps, and a sum over all states, is refused.

    h_t = \tanh(W h_{t-1} + U x_t + b)   ->   h_t = \tanh(W h + U x_t + b), where h_t is one name
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Large,
    Leibniz,
    Letter,
    Listing,
    Nabla,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.languages.trees import rebuilt
from eqcompiler.reading.layer_families import below, closed
from eqcompiler.reading.names import letter_name, name_of
from eqcompiler.reading.steps import State, Steps
from eqcompiler.reading.survey import left_name, names_in, names_used, walk

Place = tuple[str, str, int]  # name, letter of the step, how far from it


@dataclass(frozen=True, slots=True)
class Sequence:
    """given: name -> place of its left side, 1 where the steps are written from t to t + 1, else 0. states: those of them that
    the step before is asked for. forward: from t to t + 1. end: T; "" when no range says it. plain: one update alone.

    members: what is used at the step and not given. shared: names that every step depends on. local: names that other formulas
    define by a state at any step."""

    letter: str
    given: dict[str, int]
    states: tuple[str, ...]
    forward: bool
    end: str
    plain: bool
    members: frozenset[str]
    shared: frozenset[str]
    local: frozenset[str]

    @property
    def here(self) -> int:
        return 1 if self.forward else 0


def in_sequence(
    formulas: tuple[Formula | EquationError, ...],
) -> tuple[tuple[Formula | EquationError, ...], tuple[Steps, ...]]:
    read = tuple(f for f in formulas if isinstance(f, Formula))
    found = sequences(read)
    for sequence in found:
        formulas = tuple(one_step(f, sequence) if isinstance(f, Formula) else f for f in formulas)
    return formulas, tuple(steps_of(read, sequence) for sequence in found)


# --- which recurrences there are ---------------------------------------------------------------------------------------


def sequences(formulas: tuple[Formula, ...]) -> list[Sequence]:
    """The systems of formulas whose left sides use each other, those that ask for a step before."""
    lefts: dict[tuple[str, str], tuple[int, list[Place]]] = {}
    for formula in formulas:
        left = left_place(formula)
        if left is not None and left[2] in (0, 1):
            lefts.setdefault((left[0], left[1]), (left[2], list(uses(formula, left[1]))))
    found = []
    for letter in dict.fromkeys(letter for _, letter in lefts):
        own = {name: entry for (name, at), entry in lefts.items() if at == letter}
        for names in systems(own):
            forward = any(own[name][0] == 1 for name in names)
            before = 0 if forward else -1
            asked = {name for user in names for name, _, at in own[user][1] if at == before}
            states = tuple(name for name in names if name in asked and own[name][0] == (1 if forward else 0))
            if states:
                plain = forward and len(names) == 1
                given = {name: own[name][0] for name in names}
                here = 1 if forward else 0
                members = frozenset(n for user in names for n, _, at in own[user][1] if at == here and n not in given)
                end = end_of(formulas, letter, forward)
                shared, local = shared_names(formulas, letter, given), local_names(formulas, letter, given)
                found.append(Sequence(letter, given, states, forward, end, plain, members, shared, local))
    return found


def shared_names(formulas: tuple[Formula, ...], letter: str, given: dict[str, int]) -> frozenset[str]:
    """What the steps and the starts are made of, through definitions."""
    starts = {f"{name}_0" for name in given}
    names: set[str] = set()
    for formula in formulas:
        left = left_place(formula)
        at_start = formula.parts and isinstance(formula.parts[0], Relation) and name_in(formula.parts[0].sides[0]) in starts
        if (left is not None and left[1] == letter and left[0] in given) or (at_start and not formula.inline):
            names |= names_used(formula)
    return closed(formulas, names) - given.keys()


def name_in(node: Node) -> str | None:
    name = name_of(node)
    return name.key if name is not None else None


def local_names(formulas: tuple[Formula, ...], letter: str, given: dict[str, int]) -> frozenset[str]:
    """Names that formulas outside of the steps define by a state at any step, through other such names too."""
    found: set[str] = set()
    through: list[tuple[str, set[str]]] = []
    for formula in formulas:
        part = formula.parts[0] if formula.parts and not formula.inline else None
        if isinstance(part, Relation) and (name := left_name(part.sides[0], frozenset())) is not None:
            places = [place for side in part.sides[1:] for n in walk(side) if (place := place_of(n)) is not None]
            if any(base in given and at == letter for base, at, _ in places):
                found.add(name)
            else:
                through.append((name, set().union(*map(names_in, part.sides[1:]))))
    while new := {name for name, used in through if used & found} - found:
        found |= new
    return frozenset(found)


def systems(own: dict[str, tuple[int, list[Place]]]) -> list[list[str]]:
    """The names that are given, in groups of those that use each other at any step; in the order of the file."""
    groups: list[list[str]] = []
    for name, (_, used) in own.items():
        near = {name, *(other for other, _, _ in used if other in own)}
        joined = [g for g in groups if near & set(g) or any(name in (u[0] for u in own[m][1]) for m in g)]
        rest = [g for g in groups if g not in joined]
        groups = [*rest, [member for g in joined for member in g] + [name]]
    order = list(own)
    return [sorted(group, key=order.index) for group in groups]


def left_place(formula: Formula) -> Place | None:
    """v at 1 in v_{t+1} = ...; None for a formula that gives no member of a sequence."""
    part = formula.parts[0] if formula.parts and not formula.inline else None
    if not (isinstance(part, Relation) and part.operators[0] == "="):
        return None
    left = part.sides[0]
    return place_of(left) if isinstance(left, Scripted) and left.superscript is None and not left.primes else None


def uses(formula: Formula, letter: str) -> Iterator[Place]:
    part = formula.parts[0]
    for side in part.sides[1:] if isinstance(part, Relation) else ():
        for node in walk(side):
            place = place_of(node)
            if place is not None and place[1] == letter:
                yield place


def place_of(node: Node) -> Place | None:
    """(h, t, -1) for h_{t-1}, also where it has a superscript."""
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)):
        return None
    name = letter_name(node.base).key
    match node.subscript:
        case Letter(kind="letter") as letter:
            return name, letter_name(letter).key, 0
        case Addition(terms=(("+", Letter(kind="letter") as letter), (sign, Numeral(digits=digits)))) if digits.isdigit():
            return name, letter_name(letter).key, int(digits) if sign == "+" else -int(digits)
    return None


def end_of(formulas: tuple[Formula, ...], letter: str, forward: bool) -> str:
    r"""T in t = 1, \dots, T, and in t = 0, \dots, T - 1 where the steps are written from t to t + 1."""
    for formula in formulas:
        for position, part in enumerate(formula.parts):
            match part:
                case Relation(operators=("=",), sides=(Letter() as index, Numeral(digits=first))):
                    rest = formula.parts[position + 1 : position + 3]
                    last = rest[1] if len(rest) == 2 and isinstance(rest[0], Dots) else None
                case Relation(
                    operators=("in",),
                    sides=(Letter() as index, Fence(body=Listing(items=(Numeral(digits=first), *_, Dots(), last)))),
                ):
                    pass
                case _:
                    continue
            match last:
                case Letter() if letter_name(index).key == letter and first == "1" and not forward:
                    return letter_name(last).key
                case Addition(terms=(("+", Letter() as end), ("-", Numeral(digits="1")))) if letter_name(index).key == letter:
                    return letter_name(end).key if forward and first == "0" else ""
    return ""


# --- one step ----------------------------------------------------------------------------------------------------------


def one_step(formula: Formula, sequence: Sequence) -> Formula | EquationError:
    try:
        left = left_place(formula)
        inside = not formula.inline and (_gives(left, sequence) or asks_before(formula, sequence))
        for part in formula.parts:
            for node in walk(part):
                refuse_all_steps(node, sequence)
                refuse_derivatives(node, sequence)
                if inside and not sequence.plain:
                    refuse_other_steps(node, sequence, _gives(left, sequence))
        return renamed(formula, sequence, inside and not sequence.plain, declares(formula, sequence))
    except EquationError as error:
        return error


def declares(formula: Formula, sequence: Sequence) -> bool:
    r"""h_t \in \mathbb{R}^k for a state says what the state is at every step."""
    return any(
        isinstance(part, Relation) and part.operators[0] == "in" and _gives(place_of(part.sides[0]), sequence)
        for part in formula.parts
    )


def asks_before(formula: Formula, sequence: Sequence) -> bool:
    """A claim about one step: the Jacobian of h_t in h_{t-1}."""
    places = [place for part in formula.parts for n in walk(part) if (place := place_of(n)) is not None]
    own = [(name, at) for name, letter, at in places if letter == sequence.letter and name in sequence.given]
    return any(at == sequence.here and sequence.given[name] == at for name, at in own)


def refuse_derivatives(node: Node, sequence: Sequence) -> None:
    """A state at any step depends on what all steps share through all steps before it, of which one formula shows the last."""
    if not isinstance(node, Leibniz | Nabla):
        return
    at_step = any(_gives(place_of(n), sequence) for n in walk(node.argument)) or names_in(node.argument) & sequence.local
    for variable in below(node) if at_step else []:
        if place_of(variable) is None and names_in(variable) & sequence.shared:
            what = f"'{variable.span.text}' acts on every step; a derivative through all of them is read of the last state"
            raise NotSupportedYet(what, node.span)


def _gives(place: Place | None, sequence: Sequence) -> bool:
    return place is not None and place[0] in sequence.given and place[1] == sequence.letter


def refuse_all_steps(node: Node, sequence: Sequence) -> None:
    lower = node.lower if isinstance(node, Large) and node.operator != "lim" else None
    if lower is not None and isinstance(lower, Relation) and sequence.letter in names_in(lower.sides[0]):
        inside = next((n for n in walk(node) if _gives(place_of(n), sequence)), None)
        if inside is not None:
            what = f"'{inside.span.text}' for all steps at once is not read"
            raise NotSupportedYet(what, inside.span, fix="use the last state alone")


def refuse_other_steps(node: Node, sequence: Sequence, steps: bool) -> None:
    """`steps`: in a formula of the recurrence itself, where other names too have to belong to the step."""
    place = place_of(node)
    if place is None or place[1] != sequence.letter:
        return
    name, _, at = place
    if name in sequence.given:
        known = at == sequence.given[name] or (name in sequence.states and at == sequence.here - 1)
    else:
        free = sequence.forward and not sequence.end and at == 0
        known = at == sequence.here or free or not (steps or name in sequence.members)
    if not known:
        allowed = f"the step before and the step itself, {sequence.letter}{' + 1' if sequence.forward else ''}"
        raise NotSupportedYet(f"'{node.span.text}' belongs to another step", node.span, allowed=allowed)


def renamed(formula: Formula, sequence: Sequence, inside: bool, declared: bool) -> Formula:
    def one_name(part: object) -> Node | None:
        if not isinstance(part, Scripted) or not isinstance(part.base, Letter) or part.subscript is None:
            return None
        key = key_of(part, sequence, inside, declared)
        if key is None:
            return None
        own, above = Letter(part.span, key), rebuilt(part.superscript, one_name)
        return own if above is None and not part.primes else replace(part, base=own, subscript=None, superscript=above)

    return rebuilt(formula, one_name)


def key_of(node: Scripted, sequence: Sequence, inside: bool, declared: bool) -> str | None:
    """The one name that stands for this member of a sequence here; None where it is read as it is written."""
    name = letter_name(cast(Letter, node.base)).key
    if sequence.end and name in sequence.states:
        if isinstance(node.subscript, Numeral) and node.subscript.digits == "0":
            return f"{name}_0"
        if isinstance(node.subscript, Letter) and letter_name(node.subscript).key == sequence.end:
            return f"{name}_last_{sequence.letter}"
    place = place_of(node)
    if place is None or place[1] != sequence.letter:
        return None
    if declared:
        return name if name in sequence.states else None
    if not inside or (name not in sequence.given and name not in sequence.members):
        return None
    if place[2] == sequence.here - 1 and name in sequence.states:
        return name
    if sequence.forward and place[2] == 1:
        return f"{name}_after_{sequence.letter}" if name in sequence.given else f"{name}_{sequence.letter}"
    return f"{name}_{sequence.letter}"


def steps_of(formulas: tuple[Formula, ...], sequence: Sequence) -> Steps:
    nodes = [n for formula in formulas for part in formula.parts for n in walk(part)]
    bases = {letter_name(n.base).key: n.base for n in nodes if isinstance(n, Scripted) and isinstance(n.base, Letter)}
    states = tuple(_state(name, letter_name(bases[name]).latex, sequence) for name in sequence.states)
    members = tuple((f"{n}_{sequence.letter}", n, letter_name(bases[n]).latex) for n in sorted(sequence.members))
    first = 0 if sequence.forward else 1
    return Steps(sequence.letter, states, () if sequence.plain else members, (), first, sequence.end)


def _state(name: str, latex: str, sequence: Sequence) -> State:
    after = f"{name}_after_{sequence.letter}" if sequence.forward else f"{name}_{sequence.letter}"
    here = "" if sequence.plain else after
    return State(name, here, name, f"{name}_0", f"{name}_last_{sequence.letter}", f"{latex}_%s")
