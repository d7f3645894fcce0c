r"""Losses: what J of the last state, and a sum over the layers, is to one layer.

Takes: the formulas that define names through all layers, and how a formula speaks of layers (its view). Gives: copies of these
definitions that hold beside layer l, beside l + 1 and beside the last one.
Guarantees: a term of J that reads the last state is an unknown function of the state at the layer, since what lies before acts
through it alone; beside the last layer it is what the author wrote. Of a sum over the layers the members in view are written
out and the rest is one number. A term that does both, a loss of many samples, and a term that hides a sum are refused.

    J = \frac{1}{2} \|a^{(L)} - y\|^2 + \lambda \sum_l \|W^{(l)}\|^2
    ->    J_here_l = J_1_here_l(a_l) + \lambda (\|W_l\|^2 + total_1_rest_l)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.notation import (
    Addition,
    Fence,
    Formula,
    Fraction,
    Juxtaposed,
    Large,
    Letter,
    Node,
    Numeral,
    Relation,
)
from eqcompiler.reading.layer_families import Layers, is_last, is_member
from eqcompiler.reading.layers import AHEAD, AT_END, HERE, LATEST, TWO, View, key_of, node_in_view
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.survey import left_name, names_in, walk


@dataclass(slots=True)
class Beside:
    """formulas: the copies made. functions: name of an unknown function -> the state that it is a function of, the loss that
    it is a term of, its LaTeX."""

    formulas: list[Formula] = field(default_factory=list)
    functions: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    latex: dict[str, str] = field(default_factory=dict)


def beside(formulas: tuple[Formula, ...], layers: Layers, names: frozenset[str], view: View) -> Beside:
    """The names that pass through all layers, and those that they are made of, as one view shows them."""
    definitions = definitions_of(formulas, layers)
    work = _Copying(layers, view, definitions)
    waiting = sorted(names)
    while waiting:
        name = waiting.pop(0)
        if name not in work.done:
            work.done.add(name)
            work.total(name) if name in layers.totals else work.copy(name)
            waiting += sorted(work.asked - work.done)
    return work.made


def definitions_of(formulas: tuple[Formula, ...], layers: Layers) -> dict[str, tuple[Formula, Relation]]:
    """Where each name that passes through all layers is defined first."""
    found: dict[str, tuple[Formula, Relation]] = {}
    for formula in formulas:
        for part in formula.parts[:1] if not formula.inline else ():
            if isinstance(part, Relation) and part.operators[0] == "=":
                name = left_name(part.sides[0], frozenset())
                if name in layers.whole:
                    found.setdefault(name, (formula, part))
    return found


class _Copying:
    def __init__(self, layers: Layers, view: View, definitions: dict[str, tuple[Formula, Relation]]) -> None:
        self.layers, self.view, self.definitions = layers, view, definitions
        self.made, self.done, self.asked = Beside(), set[str](), set[str]()

    def name(self, key: str) -> str:
        return f"{key}_{self.view.whole.format(self.layers.letter)}"

    def copy(self, name: str) -> None:
        formula, part = self.definitions[name]
        self.refuse_samples(name)
        self.made.latex[self.name(name)] = part.sides[0].span.text
        right = part.sides[1]
        terms = right.terms if isinstance(right, Addition) else (("+", right),)
        new = tuple((sign, self.term(name, number, term)) for number, (sign, term) in enumerate(terms, start=1))
        if name in self.layers.functions and self.view.whole != AT_END.whole:
            raise NotSupportedYet(f"the function '{name}' of the input has no value at one layer", part.span)
        self.add(formula, self.viewed(part.sides[0]), Addition(right.span, new))

    def total(self, name: str) -> None:
        """The members in view, and one number for the others."""
        body, formula = self.layers.totals[name]
        labels = {TWO.whole: (HERE, AHEAD), AT_END.whole: (LATEST,)}.get(self.view.whole, (HERE,))
        rest = Letter(body.span, f"{self.name(name)}_rest")
        terms = (*(("+", node_in_view(body, self.layers, View({"at": label}))) for label in labels), ("+", rest))
        self.made.latex |= {self.name(name): body.span.text, rest.text: r"\text{other members}"}
        reals = Letter(body.span, "R", font="bb")
        self.made.formulas.append(declared(formula, Relation(body.span, ("in",), (rest, reals))))
        self.add(formula, Letter(body.span, self.name(name)), Addition(body.span, terms))

    def add(self, formula: Formula, left: Node, right: Node) -> None:
        stated = Relation(left.span.to(right.span), ("=",), (left, right))
        self.made.formulas.append(replace(formula, parts=(stated,), label="", directives=()))

    def viewed(self, node: Node) -> Node:
        return node_in_view(node, self.layers, self.view)

    def term(self, name: str, number: int, term: Node) -> Node:
        used, reads = names_in(term) & self.layers.whole, any(self.is_last(n) for n in walk(term))
        if any(is_member(n, self.layers.names) and not self.is_last(n) for n in walk(term)):
            raise NotSupportedYet(f"'{term.span.text}' names a layer of its own", term.span)
        if not used and not reads:
            return term
        if used and not reads and is_multiple(term, used):
            self.asked |= used
            return self.viewed(term)
        hidden = self.closure(used) & self.layers.totals.keys()
        if hidden:
            what = f"'{term.span.text}' holds a sum over the layers, which a layer does not show"
            raise NotSupportedYet(what, term.span, fix="let the sum be a term of its own")
        if self.view.whole == AT_END.whole:
            self.asked |= used
            return self.viewed(term)
        own = f"{name}_{number}_{self.view.whole.format(self.layers.letter)}"
        state = key_of(self.layers.state, AHEAD if self.view.whole == TWO.whole else HERE, self.layers)
        self.made.functions[own] = (state, name, term.span.text)
        return Letter(term.span, own)

    def is_last(self, node: Node) -> bool:
        return is_last(node, self.layers.state, self.layers.end)

    def closure(self, names: set[str]) -> set[str]:
        """The names that pass through all layers and that these are made of."""
        found = set(names)
        waiting = list(names)
        while waiting:
            known = self.definitions.get(waiting.pop())
            new = (names_in(known[1]) & self.layers.whole) - found if known is not None else set()
            found |= new
            waiting += new
        return found

    def refuse_samples(self, name: str) -> None:
        """The state of a layer is that of one sample."""
        for key in sorted(self.closure({name}) & self.definitions.keys()):
            _, part = self.definitions[key]
            right = part.sides[1]
            inside = [n for n in walk(right) if isinstance(n, Large) and self.reads_network(n)]
            calls = [n for n in walk(right) if isinstance(n, Letter) and letter_name(n).key in self.layers.functions]
            plain = sum(1 for n in walk(right) if self.is_plain_call(n))
            if inside or len(calls) != plain:
                node = inside[0] if inside else right
                what = f"'{name}' is made of many samples, of which a layer has one state each"
                raise NotSupportedYet(what, node.span, fix="write the loss of one sample, and its derivatives")

    def reads_network(self, node: Node) -> bool:
        return any(self.is_last(n) for n in walk(node)) or bool(names_in(node) & self.layers.whole - self.layers.totals.keys())

    def is_plain_call(self, node: Node) -> bool:
        """h(x) at the input of the network."""
        match node:
            case Juxtaposed(factors=(Letter() as head, Fence(body=Letter() as body), *_)):
                known = letter_name(head).key in self.layers.functions
                return known and letter_name(body).key in self.layers.inputs
        return False


def is_multiple(term: Node, names: set[str]) -> bool:
    r"""J, 2 J, \lambda J, \frac{\lambda}{2} J."""
    factors = term.factors if isinstance(term, Juxtaposed) else (term,)
    whole = [f for f in factors if names_in(f) & names]
    plain = all(isinstance(f, Letter | Numeral | Fraction) for f in factors)
    return plain and len(whole) == 1 and isinstance(whole[0], Letter)


def declared(formula: Formula, part: Node) -> Formula:
    return replace(formula, parts=(part,), label="", directives=(), inline=True)


def recurrences_of(layers: Layers) -> Iterator[Formula]:
    """Each sum over the layers as the recurrence that it is: s_0 = 0, s_l = s_before_l + its member at l."""
    for name, (body, formula) in layers.totals.items():
        start, before, here = (Letter(body.span, f"{name}_{label.format(layers.letter)}") for label in ("0", "before_{}", HERE))
        reals = Letter(body.span, "R", font="bb")
        yield declared(formula, Relation(body.span, ("in",), (before, reals)))
        own = node_in_view(body, layers, View({"at": HERE}))
        for left, right in ((start, Numeral(body.span, "0")), (here, Addition(body.span, (("+", before), ("+", own))))):
            yield replace(formula, parts=(Relation(body.span, ("=",), (left, right)),), label="", directives=())
