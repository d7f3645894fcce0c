r"""Layers: W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}, families whose members differ in size, one layer at a time.

Takes: the formulas of a file. Gives: the same formulas, where a member at l, the state at l - 1 and the state of the last
layer are names of their own; what these names are.
Guarantees: what is said about layer l holds for every layer: the state of the layer before is any vector, and it does not
depend on the parameters of layer l. The last state passes through all layers, and so does what is defined by it: its
derivative in W^{(l)} is a member of the derivative in the whole family. What mixes the two, and any other layer, is refused.

    a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)})    ->    a_l = \sigma(W_l a_before_l + b_l)
    h(x) = a^{(L)}                                  ->    h(x) = a_last_l
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import cast

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Juxtaposed,
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
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.steps import State, Steps
from eqcompiler.reading.survey import left_name, names_in, names_used, walk

AT, BEFORE, START, LAST, OTHER = "at", "before", "start", "last", "other"
ONE_LAYER = "write it for layer l, from the state of layer l - 1"


@dataclass(frozen=True, slots=True)
class Layers:
    """letter: l. names: those with members at l. sizes: n in n_l. state: the one name that is used at l - 1.

    shared: names that every layer depends on: a derivative in them passes through all layers. inputs: those of the start.
    end: L, the last layer; "" when no range says it. given: the names with members that formulas define.
    whole: names that formulas define by the last state.
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


def one_at_a_time(
    formulas: tuple[Formula | EquationError, ...],
) -> tuple[tuple[Formula | EquationError, ...], tuple[Steps, ...]]:
    """The formulas as they are where the file has no families of different sizes."""
    read = tuple(f for f in formulas if isinstance(f, Formula))
    layers = found(read)
    if layers is None:
        return formulas, ()
    renamed = tuple(one_layer(f, layers) if isinstance(f, Formula) else f for f in formulas)
    return renamed, (steps_of(read, layers),) if layers.state else ()


def steps_of(formulas: tuple[Formula, ...], layers: Layers) -> Steps:
    nodes = [node for formula in formulas for part in formula.parts for node in walk(part)]
    bases = {letter_name(b).key: b for node in nodes if (b := base_of(node)) is not None}
    brackets = next((n.superscript for n in nodes if is_member(n, layers.names) and isinstance(n, Scripted)), None)
    opening, closing = (brackets.opening, brackets.closing) if isinstance(brackets, Fence) else ("(", ")")
    name = layers.state
    here, before, start, last = (f"{name}_{key_label(where, layers.letter)}" for where in (AT, BEFORE, START, LAST))
    state = State(name, here, before, start, last, f"{letter_name(bases[name]).latex}^{{{opening}%s{closing}}}")
    families = sorted(layers.names - layers.given - {name})
    members = tuple((f"{f}_{layers.letter}", f, letter_name(bases[f]).latex) for f in families)
    return Steps(layers.letter, (state,), members, tuple(sorted(layers.sizes)), 1, layers.end)


def found(formulas: tuple[Formula, ...]) -> Layers | None:
    """The families whose declared sizes depend on their index: all have one letter."""
    nodes = [(formula, node) for formula in formulas for part in formula.parts for node in walk(part)]
    letter = next((key for _, node in nodes if (key := ragged(node)) is not None), None)
    if letter is None:
        return None
    members = [(letter_name(b).key, place(node, letter)) for _, node in nodes if (b := base_of(node))]
    names = frozenset(key for key, where in members if where in (AT, BEFORE))
    given = frozenset(key for formula in formulas for key, _ in given_by(formula, letter))
    states = [key for key, where in members if where == BEFORE and key in given]
    steps = [f for f in formulas if any(key in names for key, _ in given_by(f, letter))]
    starts = [f for f in formulas if any(key in names and where == START for key, where in given_by(f, letter))]
    inputs = frozenset(key for formula in starts for key in names_used(formula)) - names
    shared = closed(formulas, {key for formula in (*steps, *starts) for key in names_used(formula)}) - names
    sizes = frozenset(key for _, node in nodes for key in sizes_in(node, letter))
    end = end_of_range(formulas, letter)
    state = states[0] if states else ""
    return Layers(letter, names, sizes, state, shared, inputs, end, given, whole_names(formulas, state, end))


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


def whole_names(formulas: tuple[Formula, ...], state: str, end: str) -> frozenset[str]:
    """The names that formulas define by the last state, through other definitions too."""
    found: set[str] = set()
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


def shift(node: Node | None, letter: str) -> str | None:
    """Which layer a script names: l, l - 1, the start, or another; None for what is no layer."""
    match node:
        case Letter():
            return AT if letter_name(node).key == letter else OTHER
        case Addition(terms=(("+", Letter() as first), (sign, Numeral(digits="1")))) if letter_name(first).key == letter:
            return BEFORE if sign == "-" else OTHER
        case Numeral(digits="0"):
            return START
    return OTHER


def base_of(node: Node) -> Letter | None:
    """W in W^{(l)} and W^{[l]}."""
    if isinstance(node, Scripted) and isinstance(node.superscript, Fence) and node.superscript.opening in ("(", "["):
        return node.base if isinstance(node.base, Letter) else None
    return None


def place(node: Node, letter: str) -> str | None:
    return shift(node.superscript.body, letter) if isinstance(node, Scripted) and isinstance(node.superscript, Fence) else None


def is_member(node: Node, names: frozenset[str]) -> bool:
    base = base_of(node)
    return base is not None and letter_name(base).key in names


def given_by(formula: Formula, letter: str) -> Iterator[tuple[str, str | None]]:
    """The name that the formula gives, and at which layer."""
    for part in formula.parts:
        if isinstance(part, Relation) and part.operators[0] == "=" and (base := base_of(part.sides[0])):
            yield letter_name(base).key, place(part.sides[0], letter)


def one_layer(formula: Formula, layers: Layers) -> Formula | EquationError:
    try:
        for part in formula.parts:
            for node in walk(part):
                refuse_other_layers(node, layers)
        refuse_mixtures(formula, layers)
        return cast(Formula, renamed(formula, layers))
    except EquationError as error:
        return error


def refuse_other_layers(node: Node, layers: Layers) -> None:
    """Several layers at once: a member of another layer, a sum over l, a derivative that passes through all layers."""
    for what in (through_all(node, layers), over_layers(node, layers), elsewhere(node, layers)):
        if what:
            raise NotSupportedYet(what, node.span, fix=ONE_LAYER)


def refuse_mixtures(formula: Formula, layers: Layers) -> None:
    """Beside a derivative through all layers, layer l alone would be any layer of any network."""
    nodes = [node for part in formula.parts for node in walk(part)]
    inside = [v for node in nodes if isinstance(node, Leibniz | Nabla) and is_whole(node.argument, layers) for v in below(node)]
    own = {id(node) for variable in inside for node in walk(variable)}
    members = [n for n in nodes if is_member(n, layers.names) and place(n, layers.letter) in (AT, BEFORE)]
    if any(id(n) in own for n in members):
        alone = next((n for n in members if id(n) not in own), None)
        if alone is not None:
            what = f"'{alone.span.text}' of one layer beside a derivative through all layers is not read"
            raise NotSupportedYet(what, alone.span, fix="let the loss be an unknown function of the state of layer l")


def is_whole(argument: Node, layers: Layers) -> bool:
    """Whether what is differentiated passes through all layers: the last state, or a name that it defines."""
    members = [n for n in walk(argument) if is_member(n, layers.names)]
    if any(not is_last(n, layers.state, layers.end) for n in members):
        return False
    return bool(members) or bool(names_in(argument) & layers.whole)


def below(node: Leibniz | Nabla) -> list[Node]:
    if isinstance(node, Leibniz):
        return [variable for variable, _ in node.variables]
    return [node.variable] if node.variable is not None else []


def through_all(node: Node, layers: Layers) -> str:
    if isinstance(node, Leibniz | Nabla) and is_whole(node.argument, layers):
        states = [n for v in below(node) for n in walk(v) if is_member(n, layers.given | {layers.state})]
        return f"the derivative of what passes through all layers in '{states[0].span.text}' is not read" if states else ""
    variables = below(node) if isinstance(node, Leibniz | Nabla) else []
    for variable in variables:
        members = [place(n, layers.letter) for n in walk(variable) if is_member(n, layers.names)]
        if START in members or (not members and names_in(variable) & layers.shared):
            return f"'{variable.span.text}' acts on every layer; a derivative through all of them is not read"
    if isinstance(node, Relation) and any(
        is_member(n, layers.names) and not is_last(n, layers.state, layers.end) for n in walk(node)
    ):
        match node.sides[0]:
            case Juxtaposed(factors=(_, Fence(body=body))) if names_in(body) & layers.inputs:
                return f"a layer as a function of '{body.span.text}' passes through all layers, which is not read"
    return ""


def over_layers(node: Node, layers: Layers) -> str:
    lower = node.lower if isinstance(node, Large) else node.subscript if isinstance(node, Scripted) else None
    if lower is not None and (isinstance(node, Large) or isinstance(lower, Relation)) and layers.letter in names_in(lower):
        return f"'{node.span.text}' runs over the layers, which is not read"
    return ""


def elsewhere(node: Node, layers: Layers) -> str:
    if isinstance(node, Scripted) and isinstance(node.base, Letter) and letter_name(node.base).key in layers.names:
        key, raised = letter_name(node.base).key, base_of(node) is not None
        where = place(node, layers.letter) if raised else OTHER
        where = LAST if is_last(node, layers.state, layers.end) else where
        if where == OTHER or (where in (BEFORE, START) and key != layers.state):
            return f"'{node.span.text}' belongs to another layer"
    return ""


def renamed(tree: object, layers: Layers) -> object:
    """The tree with W_l for W^{(l)}, a_before_l for a^{(l-1)}; the sizes n_l and n_{l-1} likewise."""
    if isinstance(tree, tuple):
        return tuple(renamed(item, layers) for item in tree)
    if not isinstance(tree, Node | Formula):
        return tree
    if isinstance(tree, Leibniz | Nabla) and is_whole(tree.argument, layers):
        return replace(tree, argument=cast(Node, renamed(tree.argument, layers)))  # its variables are whole families
    if isinstance(tree, Scripted) and isinstance(tree.base, Letter):
        if is_member(tree, layers.names):
            where = LAST if is_last(tree, layers.state, layers.end) else place(tree, layers.letter)
            own = Letter(tree.span, key_of(tree.base, where, layers.letter))
            below = cast("Node | None", renamed(tree.subscript, layers))
            return own if below is None else replace(tree, base=own, subscript=below, superscript=None)
        if letter_name(tree.base).key in layers.sizes and tree.superscript is None and not tree.primes:
            where = shift(tree.subscript, layers.letter)
            if where in (AT, BEFORE):
                return Letter(tree.span, key_of(tree.base, where, layers.letter))
    changes = {field.name: renamed(getattr(tree, field.name), layers) for field in fields(tree)}
    return replace(tree, **changes)  # type: ignore[arg-type]


def key_of(base: Letter, where: str | None, letter: str) -> str:
    return f"{letter_name(base).key}_{key_label(where or AT, letter)}"


def key_label(where: str, letter: str) -> str:
    return {AT: letter, BEFORE: f"before_{letter}", START: "0", LAST: f"last_{letter}"}[where]
