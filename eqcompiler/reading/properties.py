r"""Properties in words: symmetric, positive definite, skew-symmetric, orthogonal..., as displays and running text say them.

Takes: words. Gives: the names of the properties, and the conditions that they are.
Guarantees: words are read whole or not at all: `not symmetric`, `skew-symmetric`, `symmetric if n = 2` never say `symmetric`.
"""

from __future__ import annotations

import re

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.notation import Dots, Node, Relation, Words
from eqcompiler.languages.terms import Call, Component, Comprehension, Condition, Index, Number, Symbol, Term, Type
from eqcompiler.reading import shapes
from eqcompiler.reading.free_indices import free_indices
from eqcompiler.reading.names import name_of
from eqcompiler.reading.running_text import DENIED, Surroundings
from eqcompiler.reading.scope import Reader
from eqcompiler.reading.survey import ATTACHING, left_name
from eqcompiler.reading.vocabulary import ORDERS, SOME_ENTRIES
from eqcompiler.reading.vocabulary import PROPERTIES as PROPERTY_WORDS

# what authors write -> the name; the longer ones first
NAMES = {
    "symmetric positive semidefinite": "positive semidefinite",
    "symmetric and positive semidefinite": "positive semidefinite",
    "symmetric positive definite": "positive definite",
    "symmetric and positive definite": "positive definite",
    "positive semidefinite": "positive semidefinite",
    "positive definite": "positive definite",
    "skew-symmetric": "skew-symmetric",
    "antisymmetric": "skew-symmetric",
    "anti-symmetric": "skew-symmetric",
    "symmetric": "symmetric",
    "non-singular": "invertible",
    "nonsingular": "invertible",
    "invertible": "invertible",
    "orthogonal": "orthogonal",
    "idempotent": "idempotent",
    "diagonal": "diagonal",
}
PROPERTY = "|".join(re.escape(name) for name in NAMES)
LISTED = rf"(?:{PROPERTY})(?:\s*(?:,|and|,\s*and)?\s+(?:{PROPERTY}))*"
SAID = re.compile(rf"(?:(?:is|are|be)\s+)?(?:an?\s+)?(?P<list>{LISTED})(?:\s+(?:matrix|matrices))?")


def said_by(words: str) -> tuple[str, ...]:
    """The properties that the words name, () unless they say nothing else."""
    text = normalised(words).strip(" .,;:")
    found = SAID.fullmatch(text)
    return listed(found["list"]) if found else ()


def listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(NAMES[match[0]] for match in re.finditer(PROPERTY, text)))


def normalised(words: str) -> str:
    text = " ".join(words.lower().split()).replace("positive-", "positive ")
    return text.replace("semi-definite", "semidefinite").replace("skew symmetric", "skew-symmetric")


def names_property(words: Words) -> bool:
    return bool(said_by(words.text))


def condition_of(reader: Reader, property_: str, term: Term, span: Span) -> Condition:
    """A named property of a value; what has no name of its own is an equation."""
    if property_ in ("skew-symmetric", "idempotent"):
        shapes.square(term, span, reader.scope, property_)
    if property_ == "skew-symmetric":
        return Condition("=", shapes.transpose(term, span), shapes.neg(term))
    if property_ == "idempotent":
        square = Call(Type(term.type.shape), "matmul", (term, term), span=span)
        return Condition("=", square, term)
    return Condition(property_, term)


# --- what stands beside the words ------------------------------------------------------------------------------------------


def refuse_unread(parts: tuple[Node, ...], position: int, words: Words) -> None:
    r"""A \text{ is not symmetric}: words that say a property in a way that is not read say something else than the property."""
    spoken_of = position and not isinstance(parts[position - 1], Relation | Words | Dots)
    if spoken_of and PROPERTY_WORDS.intersection(words.text.lower().split()):
        allowed = ", ".join(sorted(set(NAMES.values())))
        raise NotSupportedYet(f"'{words.text.strip()}' is not read as a property", words.span, allowed=allowed)


def refuse_denial(words: Words) -> None:
    r"""\text{if } b = 0 \text{ or } a = 1, \text{where } b = 0 \text{ fails}: more is said than that the conditions hold."""
    text = normalised(words.text)
    if DENIED.search(text) or re.search(r"\bor\b", text):
        fix = "write one claim for each case, with the conditions that hold in it"
        raise NotSupportedYet(f"'{words.text.strip()}' beside a condition is not read", words.span, fix=fix)


def refuse_unstated(words: Words, following: tuple[Node, ...]) -> None:
    r"""\text{unless } x > 0, \text{for some } x > 0: a bound counts behind words that state it or say what is bounded, and a
    membership behind any that deny nothing."""
    match following:
        case (Relation(operators=operators), *_) if set(operators) <= {*ORDERS, "in"}:
            said = Surroundings(normalised(words.text), "", begins_with_display=False, ends_with_display=False)
            stated = "in" in operators or said.reach() in ("file", "display") or said.describes
            if said.is_denied or re.search(r"\bsome\b", said.before) or not stated:
                what = f"'{words.text.strip()}' before a condition is not read"
                raise NotSupportedYet(what, words.span, allowed=", ".join(ATTACHING))


def lets_hold(words: Words, following: tuple[Node, ...]) -> bool:
    r"""\text{Let } P^2 = P assumes an equation; \text{Let } s = a + b defines a name."""
    match following:
        case (Relation(operators=("=",), sides=(left, _)), *_) if words.text.strip(" .,;:").lower() == "let":
            return name_of(left) is None and not is_call(left)
    return False


def is_call(left: Node) -> bool:
    """f(x) with plain names in the bracket: it may be a definition behind a declaration."""
    return left_name(left, frozenset()) is not None


def closed(reader: Reader, found: Condition) -> Condition:
    """A condition with free indices is one on all entries."""
    if found.right is None:
        return found
    free = free_indices(found.left, found.right)
    if not free:
        return symmetric(found)
    extents = [reader.scope.extent(name) for name in free]
    shape = tuple(size for size in extents if size is not None)
    if len(shape) < len(free) or isinstance(found.left, Index):
        span = found.left.span
        what = "a condition on some of the entries is not read"
        raise NotSupportedYet(what, span.to(found.right.span) if span and found.right.span else span, fix=SOME_ENTRIES)
    binders = tuple(reader.scope.binder(name) for name in free)
    sides: list[Term] = [
        Comprehension(Type(shape + side.type.shape), binders, side, span=side.span) for side in (found.left, found.right)
    ]
    return Condition(found.relation, sides[0], sides[1])


def is_every_entry(reader: Reader, found: Condition) -> bool:
    """w_i > 0 with an index of its own on each whole axis: it is said of the whole array, and stays as short as it is."""
    match found:
        case Condition(left=Component(base=Symbol() as base, indices=indices), right=Number()):
            names = [index.name for index in indices if isinstance(index, Index)]
            extents = tuple(reader.scope.extent(name) for name in dict.fromkeys(names))
            return extents == reader.scope.type_of(base.type).shape
    return False


def symmetric(found: Condition) -> Condition:
    r"""A = A^\top and A^\top = A are the property, not an equation to be solved."""
    for side, other in ((found.left, found.right), (found.right, found.left)):
        if found.relation == "=" and isinstance(other, Call) and other.operation == "transpose" and other.arguments == (side,):
            return Condition("symmetric", other.arguments[0])
    return found
