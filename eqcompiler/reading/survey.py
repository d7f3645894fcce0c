r"""Survey: a first look over all formulas of a file, before any is typed.

Takes: formulas. Gives: which letters are sizes, which are indices, which names the file defines, which names each uses.
Guarantees: order of the file does not matter for it; declarations may come after use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Infix,
    Juxtaposed,
    Large,
    Letter,
    Listing,
    Node,
    Numeral,
    Prefix,
    Relation,
    Scripted,
    Words,
)
from eqcompiler.languages.trees import fields_of
from eqcompiler.reading.names import index_letters, is_star, label_name, labelled, letter_name, name_of

ROUND = ("(", "[", "{")
PLAIN = ("str", "bool", "int", "tuple[str, ...]")  # fields that hold no nodes


@dataclass(frozen=True, slots=True)
class Survey:
    dimensions: frozenset[str]
    index_letters: frozenset[str]
    definers: dict[str, int]  # name -> position of the formula that first has it as its left side
    uses: tuple[frozenset[str], ...]  # per formula: every name in it
    indexed: frozenset[str]  # letters below which an index stands somewhere


ATTACHING = (
    "if",
    "for",
    "for all",
    "where",
    "with",
    "when",
    "such that",
    "subject to",
    "s.t.",
    "assume",
    "assuming",
    "suppose",
    "supposing",
    "provided",
    "given",
    "satisfying",
)


def attaches(words: Words) -> bool:
    """Words after which conditions follow."""
    said = words.text.strip(" .,;:").lower()
    return said in ATTACHING or said.removesuffix(" that") in ATTACHING


def stated(formula: Formula) -> Iterator[Node]:
    """The parts before the first word that attaches conditions."""
    for part in formula.parts:
        if isinstance(part, Words) and attaches(part):
            return
        yield part


_walked: dict[int, tuple[Node, ...]] = {}
MOST_WALKED = 5_000


def nodes_of(*formulas: Formula) -> Iterator[Node]:
    """All nodes of formulas, in source order."""
    return (node for formula in formulas for part in formula.parts for node in walk(part))


def walk(node: Node) -> tuple[Node, ...]:
    """The node and everything below it, in source order. A dozen passes look at one tree, which never changes: it is kept."""
    if (known := _walked.get(id(node))) is not None:
        return known
    found: list[Node] = []
    pending: list[object] = [node]
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(reversed(value))
        elif isinstance(value, Node):
            found.append(value)
            pending.extend([getattr(value, name) for name in _last_field_first(type(value))])  # type: ignore[arg-type]
    if len(_walked) == MOST_WALKED:
        _walked.clear()
    _walked[id(node)] = tuple(found)  # holds the node itself, so that no other one gets its number
    return _walked[id(node)]


@cache
def _last_field_first(kind: type) -> tuple[str, ...]:
    """The fields that can hold nodes; a stack gives them back in source order."""
    return tuple(name for name in reversed(fields_of(kind)) if kind.__annotations__.get(name) not in PLAIN)


def survey(formulas: tuple[Formula, ...]) -> Survey:
    dimensions: set[str] = set()
    ends: set[str] = set()
    shifted_ends: set[str] = set()
    bound: set[str] = set()
    subscripts: list[tuple[str, ...]] = []
    tensors: set[str] = set()
    for formula in formulas:
        for part in formula.parts:
            for node in walk(part):
                dimensions |= sizes_in(node)
                ends |= range_ends(node)
                shifted_ends |= shifted_range_ends(node)
                bound |= bound_indices(node)
                if isinstance(node, Scripted):
                    subscripts += [letters] if (letters := subscript_letters(node)) else []
        bound |= listed_range(formula)
        tensors |= declared_tensors(formula)
    bound -= dimensions
    dimensions |= ends - bound
    dimensions |= shifted_ends - bound - {letter for letters in subscripts for letter in letters}
    indices = spread(bound, subscripts)
    for formula in formulas:
        for part in formula.parts:
            indices |= {key for node in walk(part) for key in index_below_tensor(node, tensors)}
    indices -= dimensions
    definers: dict[str, int] = {}
    for position, formula in enumerate(formulas):
        for part in stated(formula):
            if isinstance(part, Relation) and part.operators[0] in ("=", ":="):
                name = left_name(part.sides[0], frozenset(indices))
                own = isinstance(part.sides[0], Letter | Scripted) and name in names_in(part.sides[1])
                own = own and (name in tensors or not is_numbered(name, part.sides[1]))
                if name is not None and not own and not formula.inline:
                    definers.setdefault(name, position)
    uses = tuple(names_used(f) for f in formulas)
    return Survey(frozenset(dimensions), frozenset(indices), definers, uses, frozenset(indexed_letters(formulas, indices)))


def indexed_letters(formulas: tuple[Formula, ...], indices: set[str]) -> Iterator[str]:
    """x of x_i and of x_{n-i}."""
    for formula in formulas:
        for node in nodes_of(formula):
            match node:
                case Scripted(base=Letter() as base, subscript=Node() as below) if names_in(below) & indices:
                    yield letter_name(base).key


def sizes_in(node: Node) -> set[str]:
    r"""Names in \mathbb{R}^{m \times n}, above a sum that starts at a number, and at the end of {1, ..., m}."""
    match node:
        case Scripted(base=Letter(font="bb" | "cal"), superscript=above) if above is not None and is_number_set(node):
            return size_names(above)
        case Scripted(subscript=Relation(operators=("=",), sides=(_, Numeral())), superscript=Letter() as upper):
            return {letter_name(upper).key}
        case Fence(opening="{", body=Listing(items=(Numeral(), *_, Dots(), last))):
            return size_names(last)
    return set()


def range_ends(node: Node) -> set[str]:
    """The letter above a sum that starts at a number: a size, unless it is an index of an outer range."""
    match node:
        case Large(operator="sum" | "prod", lower=Relation(operators=("=",), sides=(_, Numeral())), upper=Letter() as upper):
            return set() if upper.text == "infty" else {letter_name(upper).key}
    return set()


def shifted_range_ends(node: Node) -> set[str]:
    """n of a sum up to n - 1."""
    match node:
        case Large(operator="sum" | "prod", lower=Relation(operators=("=",), sides=(_, Numeral())), upper=Addition() as upper):
            match upper.terms:
                case (("+", Letter() as name), (_, Numeral())):
                    return {letter_name(name).key}
    return set()


def is_number_set(node: Node) -> bool:
    r"""\mathbb{R}^n, \mathbb{S}^n_{++}, \mathbb{N}."""
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Letter) and base.font == "bb" and base.text in ("R", "S", "N", "Z", "Q", "C")


def size_names(node: Node) -> set[str]:
    """The names in a size expression; a labelled name n_1 is one."""
    name = name_of(node)
    if name is not None and not (isinstance(node, Letter) and node.kind == "symbol"):
        return {name.key}
    match node:
        case Infix(left=left, right=right):
            return size_names(left) | size_names(right)
        case Addition(terms=terms):
            return {key for _, term in terms for key in size_names(term)}
        case Juxtaposed(factors=factors):
            return {key for factor in factors for key in size_names(factor)}
        case Fence(body=body):
            return size_names(body)
    return set()


def bound_indices(node: Node) -> set[str]:
    r"""Indices of sums, products and of index sets i \in \{1, ..., m\}, i = 1, ..., m inside one list."""
    match node:
        case Large(operator="sum" | "prod", lower=lower) if lower is not None:
            return lower_letters(lower)
        case Large(operator="max" | "min", lower=Letter() as letter, body=body):
            key = letter_name(letter).key
            below = {k for n in walk(body) if isinstance(n, Scripted) for k in subscript_letters(n)}
            return {key} & below
        case Relation(operators=("in", *_), sides=(first, Fence(opening="{", body=Listing(items=(Numeral(), *rest))))) if any(
            isinstance(item, Dots) for item in rest
        ):
            items = first.items if isinstance(first, Listing) else (first,)
            return {letter_name(item).key for item in items if isinstance(item, Letter)}
        case Scripted(subscript=Relation(operators=("=",), sides=(Letter() as letter, Numeral())), superscript=above) if above:
            return {letter_name(letter).key}
    return set()


def lower_letters(lower: Node) -> set[str]:
    match lower:
        case Relation(sides=(first, *_)):
            return lower_letters(first)
        case Letter():
            return {letter_name(lower).key}
        case Listing(items=items) | Juxtaposed(factors=items):
            return {key for item in items for key in lower_letters(item)}
    return set()


def listed_range(formula: Formula) -> set[str]:
    r"""i = 1, \dots, m spread over the parts of a formula, and letters that join i in i, j \in \{1, ..., n\}."""
    found: set[str] = set()
    parts = formula.parts
    for position, part in enumerate(parts):
        match part:
            case Relation(operators=("=",), sides=(Letter() as letter, Numeral())) if position + 1 < len(parts):
                if isinstance(parts[position + 1], Dots):
                    found |= {letter_name(letter).key, *letters_before(parts, position)}
            case Relation(operators=("in",), sides=(Letter(), Fence(opening="{", body=Listing(items=(Numeral(), *_))))):
                found.update(letters_before(parts, position))
    return found


def letters_before(parts: tuple[Node, ...], position: int) -> Iterator[str]:
    """The letters that share what stands at a position: i in i, j = 1, ..., n."""
    while position > 0 and isinstance(letter := parts[position - 1], Letter):
        yield letter_name(letter).key
        position -= 1


def subscript_letters(node: Scripted) -> tuple[str, ...]:
    parts = index_letters(node.subscript)
    if isinstance(node.superscript, Fence):
        parts += index_letters(node.superscript)
    keys = tuple(
        letter_name(letter).key
        for part in parts
        for letter in walk(part)
        if isinstance(letter, Letter) and letter.kind == "letter" and not letter.font and not letter.accent
    )
    return keys if len(keys) == sum(1 for part in parts for n in walk(part) if isinstance(n, Letter)) else ()


def spread(bound: set[str], subscripts: list[tuple[str, ...]]) -> set[str]:
    """A letter that stands beside an index in some subscript is an index too: X_{ij} with j bound."""
    indices = set(bound)
    changed = True
    while changed:
        changed = False
        for letters in subscripts:
            if len(letters) > 1 and indices.intersection(letters) and not indices.issuperset(letters):
                indices |= set(letters)
                changed = True
    return indices


def declared_tensors(formula: Formula) -> set[str]:
    r"""Names declared in \mathbb{R}^n or \mathbb{R}^{m \times n}: a, b \in \mathbb{R}^n declares both."""
    found: set[str] = set()
    names: list[Letter] = []
    for part in formula.parts:
        match part:
            case Letter():
                names.append(part)
                continue
            case Relation(operators=("in", *_), sides=(first, Scripted(superscript=above) as domain, *_)) if above:
                if is_number_set(domain):
                    names += [first] if isinstance(first, Letter) else []
                    found |= {letter_name(name).key for name in names}
        names = []
    return found


def index_below_tensor(node: Node, tensors: set[str]) -> set[str]:
    """A single small letter below a declared vector is an index: x_k with x in R^n."""
    if isinstance(node, Scripted) and isinstance(node.base, Letter) and letter_name(node.base).key in tensors:
        letters = subscript_letters(node)
        if letters and all(len(key) == 1 and key.islower() for key in letters):
            return set(letters)
    return set()


def left_name(node: Node, indices: frozenset[str]) -> str | None:
    r"""The name that `node = ...` may define: s, \theta^*, f(x), f(x)_i, p_k with an index, X_{ij}."""
    match node:
        case Juxtaposed(factors=(head, Fence(opening=opening, body=body))) if opening in ROUND:
            prime = isinstance(head, Scripted) and head.primes
            name = None if prime or not are_names(body) else name_of(head)
            return name.key if name else None
        case Juxtaposed(factors=(Letter() as head, Scripted(base=Fence(opening=opening), subscript=Node(), superscript=None))):
            return letter_name(head).key if opening in ROUND else None
        case Scripted(base=Letter() as base, subscript=below, superscript=above) if below is not None or above is not None:
            parts = index_letters(below)
            if above is not None and not is_star(above) and not isinstance(above, Fence):
                return None
            if isinstance(above, Fence):
                parts += index_letters(above)
            if parts and all(isinstance(p, Letter) and letter_name(p).key in indices for p in parts):
                return letter_name(base).key
            mark = above if is_star(above) else None
            if isinstance(above, Fence):
                return None
            name = labelled(letter_name(base), below, mark) if below is None or label_name(below) else None
            return name.key if name else None
    name = None if isinstance(node, Scripted) and node.primes else name_of(node)
    return name.key if name else None


def are_names(body: Node) -> bool:
    """Plain names, as the arguments of a definition are."""
    if isinstance(body, Listing):
        return all(are_names(item) for item in body.items)
    return name_of(body) is not None


def is_numbered(name: str | None, tree: Node) -> bool:
    r"""The letter occurs with numbers below it alone: v = v_1 v_2 / (v_1 + v_2), where v_1 and v_2 are other names."""
    bases = {id(n.base) for n in walk(tree) if isinstance(n, Scripted) and isinstance(n.subscript, Numeral)}
    return all(id(n) in bases for n in walk(tree) if isinstance(n, Letter) and letter_name(n).key == name)


def names_used(formula: Formula) -> frozenset[str]:
    """Every name in the formula but the arguments of a function that it defines."""
    own: set[str] = set()
    for part in formula.parts:
        match part:
            case Relation(operators=("=", *_), sides=(Juxtaposed(factors=(Letter() | Scripted(), Fence(body=body))), *_)):
                own |= names_in(body)
    return frozenset(key for part in formula.parts for key in names_in(part)) - own


def names_in(tree: Node) -> set[str]:
    """Letters, and letters with their labels."""
    return {name for node in walk(tree) for name in own_names(node)}


def own_names(node: Node) -> tuple[str, ...]:
    """The name that a node itself is, without those of its parts."""
    match node:
        case Letter():
            name = label_name(node)
        case Prefix(function=function):
            return (function,)
        case Scripted(base=Letter() as base, subscript=below, superscript=above) if below is not None or is_star(above):
            name = labelled(letter_name(base), below, above if is_star(above) else None)
        case _:
            return ()
    return (name.key,) if name else ()
