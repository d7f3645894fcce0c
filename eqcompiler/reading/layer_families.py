r"""Families of layers: W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}, what is given at l by what stands at l - 1, up to L.

Takes: the formulas of a file. Gives: `Layers`, the names that have members, the state that goes from layer to layer, the sizes.
Guarantees: a letter numbers layers where declared sizes depend on it, or where a formula gives a member by the one before;
nothing is changed and nothing refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Juxtaposed,
    Leibniz,
    Letter,
    Listing,
    Nabla,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import left_name, names_in, names_used, nodes_of, walk
from eqcompiler.reading.unknown_functions import only_differentiated

AT, BEFORE, NEXT, START, LAST, OTHER = "at", "before", "next", "start", "last", "other"
END, BEFORE_END = "end", "before end"


@dataclass(frozen=True, slots=True)
class Layers:
    """letter: l. names: those with members at l. sizes: n in n_l. state: the one name that is used at l - 1.

    shared: names that every layer depends on: a derivative in them passes through all layers. inputs: those of the start.
    end: L, the last layer; "" when no range says it. given: the names with members that formulas define.
    whole: names that formulas define by the last state. losses: names that only their derivatives mention. of_loss: the given
    names that are made of derivatives of one of these or of what is whole. loose: names without members that formulas define by
    members. functions: those of `whole` that are functions. totals: what stands for a sum over the layers, its member at l.
    """

    letter: str
    names: frozenset[str]
    sizes: frozenset[str]
    state: str
    shared: frozenset[str]
    inputs: frozenset[str]
    end: str
    given: frozenset[str]
    whole: frozenset[str]
    losses: frozenset[str]
    of_loss: frozenset[str]
    loose: frozenset[str]
    functions: frozenset[str]
    totals: Mapping[str, tuple[Node, Formula]]


def letter_of(formulas: tuple[Formula, ...]) -> str | None:
    """The letter that numbers layers: declared sizes depend on it, or a member is given by what stands before it."""
    nodes = nodes_of(*formulas)
    return next((key for node in nodes if (key := ragged(node)) is not None), None) or stepping(formulas)


def found(formulas: tuple[Formula, ...], letter: str, totals: Mapping[str, tuple[Node, Formula]]) -> Layers:
    """What the formulas say of the layers that the letter numbers, sums over them apart."""
    nodes = [(formula, node) for formula in formulas for node in nodes_of(formula)]
    end = end_of_range(formulas, letter)
    members = [(letter_name(b).key, place(node, letter, end)) for _, node in nodes if (b := base_of(node))]
    names = frozenset(key for key, where in members if where in (AT, BEFORE, NEXT))
    given = frozenset(key for formula in formulas for key, _ in given_by(formula, letter))
    state = next(states(formulas, letter, given), "")
    steps = [f for f in formulas if any(key in names for key, _ in given_by(f, letter))]
    starts = [f for f in formulas if any(key in names and where == START for key, where in given_by(f, letter))]
    inputs = frozenset(key for formula in starts for key in names_used(formula)) - names
    shared = closed(formulas, {key for formula in (*steps, *starts) for key in names_used(formula)}) - names
    sizes = frozenset(key for _, node in nodes for key in sizes_in(node, letter))
    losses = only_differentiated(formulas) - names
    whole = whole_names(formulas, state, end, totals)
    of_loss, loose = made_of_losses(formulas, letter, losses | whole), loose_names(formulas, names, state, end)
    functions = functions_in(formulas, whole)
    return Layers(
        letter, names, sizes, state, shared, inputs, end, given, whole, losses, of_loss, loose, functions, totals
    )  # fmt: skip


def functions_in(formulas: tuple[Formula, ...], names: frozenset[str]) -> frozenset[str]:
    """Those of the names that are defined with an argument."""
    parts = (f.parts[0] for f in formulas if f.parts and not f.inline)
    left = (part.sides[0] for part in parts if isinstance(part, Relation) and part.operators[0] == "=")
    return frozenset(n for side in left if isinstance(side, Juxtaposed) and (n := left_name(side, frozenset())) in names and n)


def stepping(formulas: tuple[Formula, ...]) -> str | None:
    r"""l in a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)}), also through other formulas at l."""
    for formula in formulas:
        for part in formula.parts if not formula.inline else ():
            left = part.sides[0] if isinstance(part, Relation) and part.operators[0] == "=" else None
            script = left.superscript if left is not None and base_of(left) and isinstance(left, Scripted) else None
            if isinstance(script, Fence) and isinstance(script.body, Letter):
                letter = letter_name(script.body).key
                given = frozenset(key for f in formulas for key, where in given_by(f, letter) if where == AT)
                if any(states(formulas, letter, given)):
                    return letter
    return None


def states(formulas: tuple[Formula, ...], letter: str, given: frozenset[str]) -> Iterator[str]:
    """The names that formulas about layer l read at l - 1."""
    for formula in formulas:
        if any(where == AT for _, where in given_by(formula, letter)):
            for node in (n for part in formula.parts for n in walk(part)):
                base = base_of(node)
                if base is not None and place(node, letter) == BEFORE and letter_name(base).key in given:
                    yield letter_name(base).key


def made_of_losses(formulas: tuple[Formula, ...], letter: str, losses: frozenset[str]) -> frozenset[str]:
    """The members that formulas give by derivatives of a loss, through other members too."""
    made: set[str] = set()
    nodes = [[n for part in formula.parts for n in walk(part)] for formula in formulas]
    bases = [{letter_name(b).key for n in found if (b := base_of(n))} for found in nodes]
    lossy = [any(isinstance(n, Letter) and letter_name(n).key in losses for n in found) for found in nodes]
    given = [{key for key, where in given_by(formula, letter) if where == AT} for formula in formulas]
    while new := set().union(*(g for g, b, own in zip(given, bases, lossy, strict=True) if own or b & made)) - made:
        made |= new
    return frozenset(made)


def loose_names(formulas: tuple[Formula, ...], names: frozenset[str], state: str, end: str) -> frozenset[str]:
    r"""c in c = \|a^{(l)}\|^2: what it is depends on a layer that the name does not show."""
    found: set[str] = set()
    through: list[tuple[str, set[str]]] = []
    for formula in formulas:
        part = formula.parts[0] if formula.parts and not formula.inline else None
        if isinstance(part, Relation) and part.operators[0] == "=" and base_of(part.sides[0]) is None:
            name = left_name(part.sides[0], frozenset())
            nodes = [n for side in part.sides[1:] for n in walk(side)]
            if name is not None:
                own = any(is_member(n, names) and not is_last(n, state, end) for n in nodes)
                through.append((name, set().union(*map(names_in, part.sides[1:]))))
                found |= {name} if own else set()
    while new := {name for name, used in through if used & found} - found:
        found |= new
    return frozenset(found)


def end_of_range(formulas: tuple[Formula, ...], letter: str) -> str:
    r"""L in l = 1, \dots, L and l \in \{1, \dots, L\}; "" where no letter ends a range."""
    for formula in formulas:
        for position, part in enumerate(formula.parts):
            match part:
                case Relation(operators=("=",), sides=(Letter() as index, Numeral())) if letter_name(index).key == letter:
                    rest = formula.parts[position + 1 :]
                    last = next((b for a, b in pairwise(rest) if isinstance(a, Dots)), None)
                case Relation(operators=("in",), sides=(Letter() as index, Fence(body=Listing(items=(*_, Dots(), last))))):
                    last = last if letter_name(index).key == letter else None
                case _:
                    continue
            if isinstance(last, Letter):
                return letter_name(last).key
    return ""


def whole_names(formulas: tuple[Formula, ...], state: str, end: str, totals: Mapping[str, object]) -> frozenset[str]:
    """The names that formulas define by the last state or by sums over the layers, through other definitions too."""
    found: set[str] = {*totals}
    for _ in formulas:
        for formula in formulas:
            for part in formula.parts if not formula.inline else ():
                if isinstance(part, Relation) and (name := left_name(part.sides[0], frozenset())) is not None:
                    right = [node for side in part.sides[1:] for node in walk(side)]
                    if any(is_last(n, state, end) for n in right) or any(names_in(s) & found for s in part.sides[1:]):
                        found.add(name)
    return frozenset(found)


def is_last(node: Node, state: str, end: str) -> bool:
    """a^{(L)}"""
    if not end or not is_member(node, frozenset((state,))) or not isinstance(node, Scripted):
        return False
    script = node.superscript
    return isinstance(script, Fence) and isinstance(script.body, Letter) and letter_name(script.body).key == end


def closed(formulas: tuple[Formula, ...], names: set[str]) -> frozenset[str]:
    """The names with those that their definitions use."""
    stated = [(part, f) for f in formulas if not f.inline for part in f.parts if isinstance(part, Relation)]
    left = [(left_name(part.sides[0], frozenset()), formula) for part, formula in stated]
    for _ in left:
        names |= {key for name, formula in left if name in names for key in names_used(formula)}
    return frozenset(names)


def sizes_in(node: Node, letter: str) -> Iterator[str]:
    """n in a domain with the size n_l or n_{l-1}."""
    if ragged(node) == letter and isinstance(node, Relation):
        for size in walk(node.sides[1]):
            if isinstance(size, Scripted) and isinstance(size.base, Letter) and shift(size.subscript, letter) in (AT, BEFORE):
                yield letter_name(size.base).key


def ragged(node: Node) -> str | None:
    r"""l in W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}."""
    if not (isinstance(node, Relation) and node.operators == ("in",)):
        return None
    family, domain = node.sides
    script = family.superscript if isinstance(family, Scripted) else None
    if not (isinstance(script, Fence) and isinstance(script.body, Letter)):
        return None
    letter = letter_name(script.body).key
    sizes = (n for n in walk(domain) if isinstance(n, Scripted) and n.subscript is not None)
    return letter if any(shift(n.subscript, letter) in (AT, BEFORE) for n in sizes) else None


def shift(node: Node | None, letter: str, end: str = "") -> str | None:
    """Which layer a script names: l, l - 1, l + 1, the start, the last, the one before it, or another; None for no script."""
    match node:
        case Letter():
            key = letter_name(node).key
            return AT if key == letter else END if end and key == end else OTHER
        case Addition(terms=(("+", Letter() as first), (sign, Numeral(digits="1")))):
            key = letter_name(first).key
            if key == letter:
                return BEFORE if sign == "-" else NEXT
            return BEFORE_END if end and key == end and sign == "-" else OTHER
        case Numeral(digits="0"):
            return START
    return OTHER


def base_of(node: Node) -> Letter | None:
    """W in W^{(l)} and W^{[l]}."""
    if isinstance(node, Scripted) and isinstance(node.superscript, Fence) and node.superscript.opening in ("(", "["):
        return node.base if isinstance(node.base, Letter) else None
    return None


def place(node: Node, letter: str, end: str = "") -> str | None:
    script = node.superscript if isinstance(node, Scripted) else None
    return shift(script.body, letter, end) if isinstance(script, Fence) else None


def is_member(node: Node, names: frozenset[str]) -> bool:
    base = base_of(node)
    return base is not None and letter_name(base).key in names


def given_by(formula: Formula, letter: str) -> Iterator[tuple[str, str | None]]:
    """The name that the formula gives, and at which layer."""
    for part in formula.parts:
        if isinstance(part, Relation) and part.operators[0] == "=" and (base := base_of(part.sides[0])):
            yield letter_name(base).key, place(part.sides[0], letter)


def below(node: Leibniz | Nabla) -> list[Node]:
    """What stands below a derivative."""
    if isinstance(node, Leibniz):
        return [variable for variable, _ in node.variables]
    return [node.variable] if node.variable is not None else []
