r"""Layers: what formulas say about one layer, about two neighbouring ones and about the last, one name for each member.

Takes: the formulas of a file. Gives: the same formulas, where a member at l, the state at l - 1 and the state of the last
layer are names of their own; what these names are; the formulas that `layer_copies` adds for neighbouring layers.
Guarantees: what is said about layer l holds for every layer: the state of the layer before is any vector, and it does not
depend on the parameters of layer l. The last state passes through all layers, and so does what is defined by it: its
derivative in W^{(l)} is a member of the derivative in the whole family. What mixes the two, and what is further apart than
two neighbouring layers, is refused.

    a^{(l)} = \sigma(W^{(l)} a^{(l-1)} + b^{(l)})            ->    a_l = \sigma(W_l a_before_l + b_l)
    h(x) = a^{(L)}                                          ->    h(x) = a_last_l
    \delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot ... ->    delta_ahead_l = W_next_l^\top delta_next_l \odot ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from eqcompiler.errors import EquationError, NotSupportedYet
from eqcompiler.languages.notation import (
    Fence,
    Formula,
    Juxtaposed,
    Large,
    Leibniz,
    Letter,
    Nabla,
    Node,
    Relation,
    Scripted,
)
from eqcompiler.languages.trees import Tree, rebuilt
from eqcompiler.reading.layer_families import (
    AT,
    BEFORE,
    BEFORE_END,
    END,
    LAST,
    NEXT,
    OTHER,
    START,
    Layers,
    base_of,
    below,
    is_last,
    is_member,
    place,
    shift,
)
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.steps import State, Steps
from eqcompiler.reading.survey import left_name, names_in, nodes_of, walk

ONE_LAYER = "write it for layer l, from the state of layer l - 1"


@dataclass(frozen=True, slots=True)
class View:
    """What the layers that a formula names are called: place -> label, "{}" for the letter. ends: n_L beside n_l.

    loss: the label of a loss and of what is made of it, where the loss is a function of another layer than l; else "".
    whole: the label of what passes through all layers, seen from these; "" where it is what it is.
    """

    labels: Mapping[str, str]
    loss: str = ""
    ends: bool = False
    whole: str = ""


HERE, BEHIND, AHEAD, LATEST = "{}", "before_{}", "next_{}", "end_{}"
ONE = View({AT: HERE, BEFORE: BEHIND, START: "0", LAST: "last_{}"})
LOCAL = View({AT: HERE, BEFORE: BEHIND, START: "0"}, whole="here_{}")
TWO = View({AT: HERE, BEFORE: BEHIND, NEXT: AHEAD, START: "0"}, "ahead_{}", whole="ahead_{}")
SHIFTED = View({BEFORE: HERE, AT: AHEAD, START: "0"}, "ahead_{}", whole="ahead_{}")  # l - 1 and l, read as l and l + 1
AT_END = View({END: LATEST, LAST: LATEST, BEFORE_END: "before_end_{}", START: "0"}, LATEST, True, LATEST)


def members_of(formula: Formula, layers: Layers) -> list[tuple[str, str, Node]]:
    """Name, place and node of each member in the formula."""
    nodes = (n for part in formula.parts for n in walk(part) if is_member(n, layers.names))
    found = ((letter_name(cast(Letter, base_of(n))).key, where(n, layers), n) for n in nodes)
    return [(key, at, node) for key, at, node in found if at is not None]


def where(node: Node, layers: Layers) -> str | None:
    return LAST if is_last(node, layers.state, layers.end) else place(node, layers.letter, layers.end)


def view_of(formula: Formula, layers: Layers) -> View:
    """Two neighbouring layers, the last layer with what stands in it, one layer and what J is to it, or one layer alone."""
    if formula.inline or not layers.state:
        return ONE
    members = members_of(formula, layers)
    places = {at for _, at, _ in members}
    if NEXT in places:
        return TWO
    if any(at == BEFORE and key != layers.state for key, at, _ in members):
        return SHIFTED
    nodes = [n for part in formula.parts for n in walk(part) if isinstance(n, Leibniz | Nabla)]
    inside = any(where(n, layers) == LAST for d in nodes for v in below(d) for n in walk(v) if is_member(n, layers.names))
    if places & {END, BEFORE_END} or inside:
        return AT_END
    return LOCAL if is_local(formula, layers, nodes) else ONE


def is_local(formula: Formula, layers: Layers, derivatives: list[Leibniz | Nabla]) -> bool:
    """Whether a layer stands beside what passes through all of them, or a state below its derivative."""
    part = formula.parts[0]
    left = left_name(part.sides[0], frozenset()) if isinstance(part, Relation) else None
    letters = {letter_name(n).key for p in formula.parts for n in walk(p) if isinstance(n, Letter) and n.kind != "symbol"}
    if left in layers.whole or not letters & layers.whole:
        return False
    variables = [v for d in derivatives if is_whole(d.argument, layers) for v in below(d)]
    own = {id(n) for v in variables for n in walk(v)}
    states = any(is_member(n, layers.given | {layers.state}) for v in variables for n in walk(v))
    alone = any(at in (AT, BEFORE) and id(node) not in own for _, at, node in members_of(formula, layers))
    return states or alone


# --- refusals ----------------------------------------------------------------------------------------------------------


def one_layer(formula: Formula, layers: Layers) -> Formula | EquationError:
    view = view_of(formula, layers)
    try:
        for part in formula.parts:
            for node in walk(part):
                refuse_other_layers(node, layers, view)
        if view is ONE:
            refuse_mixtures(formula, layers)
        elif view is not LOCAL:
            refuse_hidden_layers(formula, layers)
        return viewed(formula, layers, view)
    except EquationError as error:
        return error


def refuse_other_layers(node: Node, layers: Layers, view: View) -> None:
    """What no view shows: a member of another layer, a sum over l, a derivative that passes through all layers."""
    for what in (through_all(node, layers, view), over_layers(node, layers), elsewhere(node, layers, view)):
        if what:
            raise NotSupportedYet(what, node.span, fix=ONE_LAYER)


def refuse_mixtures(formula: Formula, layers: Layers) -> None:
    """Beside a derivative through all layers, layer l alone would be any layer of any network."""
    nodes = list(nodes_of(formula))
    inside = [v for node in nodes if isinstance(node, Leibniz | Nabla) and is_whole(node.argument, layers) for v in below(node)]
    own = {id(node) for variable in inside for node in walk(variable)}
    members = [n for n in nodes if is_member(n, layers.names) and place(n, layers.letter) in (AT, BEFORE)]
    if any(id(n) in own for n in members):
        alone = next((n for n in members if id(n) not in own), None)
        if alone is not None:
            what = f"'{alone.span.text}' of one layer beside a derivative through all layers is not read"
            raise NotSupportedYet(what, alone.span, fix="let the loss be an unknown function of the state of layer l")


def refuse_hidden_layers(formula: Formula, layers: Layers) -> None:
    """A name that depends on a layer without saying which would belong to one of several."""
    part = formula.parts[0]
    left = part.sides[0] if isinstance(part, Relation) and part.operators[0] == "=" else None
    name = left_name(left, frozenset()) if left is not None and base_of(left) is None else None
    hidden = (n for p in formula.parts for n in walk(p) if isinstance(n, Letter) and letter_name(n).key in layers.loose)
    first = next(hidden, None)
    if first is not None or name is not None:
        node = first if first is not None else cast(Node, left)
        what = f"'{node.span.text}' depends on a layer that its name does not show"
        raise NotSupportedYet(what, node.span, fix="give it the number of its layer, as in c^{(l)}")


def is_whole(argument: Node, layers: Layers) -> bool:
    """Whether what is differentiated passes through all layers: the last state, or a name that it defines."""
    members = [n for n in walk(argument) if is_member(n, layers.names)]
    if any(not is_last(n, layers.state, layers.end) for n in members):
        return False
    return bool(members) or bool(names_in(argument) & layers.whole)


def through_all(node: Node, layers: Layers, view: View) -> str:
    if isinstance(node, Leibniz | Nabla) and view is ONE and is_whole(node.argument, layers):
        states = [n for v in below(node) for n in walk(v) if is_member(n, layers.given | {layers.state})]
        return f"the derivative of what passes through all layers in '{states[0].span.text}' is not read" if states else ""
    variables = below(node) if isinstance(node, Leibniz | Nabla) else []
    for variable in variables:
        members = [place(n, layers.letter) for n in walk(variable) if is_member(n, layers.names)]
        if START in members or (not members and names_in(variable) & layers.shared):
            return f"'{variable.span.text}' acts on every layer; a derivative through all of them is not read"
        if not members and isinstance(node, Leibniz | Nabla) and hides_loss(node.argument, layers, view):
            return f"'{variable.span.text}' acts on the loss in a way that a layer does not show"
    if isinstance(node, Relation) and any(
        is_member(n, layers.names) and not is_last(n, layers.state, layers.end) for n in walk(node)
    ):
        match node.sides[0]:
            case Juxtaposed(factors=(_, Fence(body=body))) if names_in(body) & layers.inputs:
                return f"a layer as a function of '{body.span.text}' passes through all layers, which is not read"
    return ""


def hides_loss(argument: Node, layers: Layers, view: View) -> bool:
    """Whether what is differentiated is made of a loss that stands here for any function of a state."""
    return is_member_of_loss(argument, layers) or (view is not ONE and is_whole(argument, layers))


def is_member_of_loss(argument: Node, layers: Layers) -> bool:
    return any(is_member(n, layers.of_loss) for n in walk(argument))


def over_layers(node: Node, layers: Layers) -> str:
    lower = node.lower if isinstance(node, Large) else node.subscript if isinstance(node, Scripted) else None
    if lower is not None and (isinstance(node, Large) or isinstance(lower, Relation)) and layers.letter in names_in(lower):
        return f"'{node.span.text}' runs over the layers, which is not read"
    return ""


def elsewhere(node: Node, layers: Layers, view: View) -> str:
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter) and letter_name(node.base).key in layers.names):
        return ""
    key = letter_name(node.base).key
    at = where(node, layers) if base_of(node) is not None else OTHER
    if view is AT_END and at in (AT, BEFORE):
        return f"'{node.span.text}' stands beside the last layer"
    if at == LAST and at not in view.labels:
        return f"'{node.span.text}' passes through all layers, beside a derivative at one of them"
    known = at is None or at in view.labels
    only_states = (START, BEFORE_END) if view is SHIFTED else (START, BEFORE_END, BEFORE)
    if not known or (at in only_states and key != layers.state):
        return f"'{node.span.text}' belongs to another layer"
    return ""


# --- names -------------------------------------------------------------------------------------------------------------


def viewed(formula: Formula, layers: Layers, view: View) -> Formula:
    return renamed(formula, layers, view)


def node_in_view(node: Node, layers: Layers, view: View) -> Node:
    return renamed(node, layers, view)


def renamed(tree: Tree, layers: Layers, view: View) -> Tree:
    """The tree with W_l for W^{(l)}, a_before_l for a^{(l-1)}; the sizes n_l and n_{l-1} likewise."""
    return rebuilt(tree, lambda part: in_view(part, layers, view))


def in_view(tree: Node | Formula, layers: Layers, view: View) -> Node | None:
    """What stands in place of a part; None where it stays."""
    if isinstance(tree, Leibniz | Nabla) and not view.whole and is_whole(tree.argument, layers):
        return replace(tree, argument=renamed(tree.argument, layers, view))  # its variables are whole families
    if isinstance(tree, Scripted) and isinstance(tree.base, Letter):
        if is_member(tree, layers.names):
            label = view.labels[where(tree, layers) or AT]
            own = Letter(tree.span, key_of(letter_name(tree.base).key, label, layers, view))
            under = renamed(tree.subscript, layers, view)
            bare = under is None and not tree.primes
            return own if bare else replace(tree, base=own, subscript=under, superscript=None)
        if letter_name(tree.base).key in layers.sizes and tree.superscript is None and not tree.primes:
            size = size_key(tree, layers, view)
            if size:
                return Letter(tree.span, size)
    if isinstance(tree, Letter) and view.loss and letter_name(tree).key in layers.losses:
        return replace(tree, text=f"{letter_name(tree).key}_{view.loss.format(layers.letter)}", font="", accent="")
    if isinstance(tree, Letter) and tree.kind != "symbol":
        key = letter_name(tree).key
        if view.whole and key in layers.whole:
            return replace(tree, text=f"{key}_{view.whole.format(layers.letter)}", font="", accent="")
        if key in layers.totals:
            return replace(tree, text=f"{key}_last_{layers.letter}")
    return None


def key_of(name: str, label: str, layers: Layers, view: View = ONE) -> str:
    """A name at a layer; one that is made of a loss differs by the layer that the loss is a function of."""
    label = view.loss if label == HERE and view.loss and name in layers.of_loss else label
    return f"{name}_{label.format(layers.letter)}"


def size_key(node: Scripted, layers: Layers, view: View) -> str:
    """n_l and its neighbours; n_L stays the name that it is."""
    name, at = letter_name(cast(Letter, node.base)).key, shift(node.subscript, layers.letter, layers.end)
    if view.ends and view.labels.get(at or "") == LATEST:
        return f"{name}_{layers.end}"
    return (
        f"{name}_{view.labels[at].format(layers.letter)}" if at in (AT, BEFORE, NEXT, BEFORE_END) and at in view.labels else ""
    )


def steps_of(formulas: tuple[Formula, ...], layers: Layers) -> tuple[Steps, ...]:
    """The recurrence of the layers, and one for each sum over them."""
    bases, written = writing(formulas, layers)
    families = sorted(layers.names - layers.given - {layers.state})
    members = tuple((key_of(f, HERE, layers), f, letter_name(bases[f]).latex) for f in families)
    texts = {layers.state: written % letter_name(bases[layers.state]).latex} if layers.state else {}
    for name, (body, _) in layers.totals.items():
        texts[name] = rf"\sum_{{{layers.letter}=1}}^{{%s}} {body.span.text.replace('%', '%%')}"
    sizes = tuple(sorted(layers.sizes))
    return tuple(Steps(layers.letter, (state_of(n, t, layers),), members, sizes, 1, layers.end) for n, t in texts.items())


def state_of(name: str, written: str, layers: Layers) -> State:
    here, before, start, last = (key_of(name, label, layers) for label in (HERE, BEHIND, "0", "last_{}"))
    return State(name, here, before, start, last, written)


def writing(formulas: tuple[Formula, ...], layers: Layers) -> tuple[dict[str, Letter], str]:
    """The letter of each family, and how a member is written, with the name and the script left open: "%s^{(%%s)}"."""
    nodes = list(nodes_of(*formulas))
    bases = {letter_name(b).key: b for node in nodes if (b := base_of(node)) is not None}
    brackets = next((n.superscript for n in nodes if is_member(n, layers.names) and isinstance(n, Scripted)), None)
    opening, closing = (brackets.opening, brackets.closing) if isinstance(brackets, Fence) else ("(", ")")
    return bases, f"%s^{{{opening}%%s{closing}}}"
