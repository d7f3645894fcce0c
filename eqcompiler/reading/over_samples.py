r"""Sums and means over samples whose index the author leaves out: \sum (h(x) - y)^2, \mathbb{E}_{(x, y) \sim \mathcal{D}}[...].

Takes: a large operator and its body. Gives: a sum over the sample index, in which x and y mean x^{(i)} and y^{(i)}.
Guarantees: only names of declared samples become members; where two numbers of samples, a written index or the whole array
compete with that, it is an error that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.notation import Fence, Large, Letter, Listing, Node, Relation, Scripted
from eqcompiler.languages.terms import Reduction, Term, Type
from eqcompiler.languages.trees import fields_of, rebuilt
from eqcompiler.reading import shapes
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.scope import IndexRange, Reader, Scope, shape_text
from eqcompiler.reading.survey import walk

Part = TypeVar("Part")
INDEX_LETTERS = ("i", "k", "l", "s", "r")  # for a sum whose samples have no declared index letter
WRITE_THE_RANGE = "write its index and range below and above, as in \\sum_{i=1}^{m}"


def sum_without_limits(reader: Reader, node: Large, operation: str) -> Term:
    r"""\sum (h_\theta(x) - y)^2: the sum over the samples that its body names; there must be one number of them."""
    scope = reader.scope
    plain = {key: letter for key, letter in plain_letters(node.body) if is_sample_name(scope, key)}
    written = written_indices(scope, node.body)
    if not plain and not written:
        raise AmbiguousNotation(f"a {operation} without an index", node.span, fix=WRITE_THE_RANGE)
    if len(written) > 1 or (plain and written):
        mixed = ", ".join((*written, *(letter.span.text.strip() for letter in plain.values())))
        what = f"a {operation} without an index over a body with {mixed}: over which of them is not said"
        raise AmbiguousNotation(what, node.span, fix=WRITE_THE_RANGE)
    refuse_whole_arrays(scope, node)
    count = common_count(scope, [*plain, *(key for keys in written.values() for key in keys)], node.span)
    index = next(iter(written), None) or index_letter(scope, node.body, count)
    names = ", ".join(f"{letter.span.text.strip()}^{{({index})}}" for letter in plain.values())
    meaning = f"; {', '.join(letter.span.text.strip() for letter in plain.values())} mean {names}" if plain else ""
    scope.notes.append(f"the {operation} without limits runs over the samples {index} = 1, ..., {count}{meaning}")
    return summed(reader, node, plain, index, count, operation)


def mean_over_dataset(reader: Reader, node: Large) -> Term | None:
    r"""\mathbb{E}_{(x, y) \sim \mathcal{D}}[...] with a declared data set: the mean over its samples."""
    match node.lower:
        case Relation(operators=("sim",), sides=(names, Letter() as letter)):
            dataset = reader.scope.datasets.get(letter_name(letter).key)
        case _:
            return None
    if dataset is None:
        return None
    drawn = drawn_names(names)
    if len(drawn) != len(dataset):
        what = f"a sample of the data set {letter.span.text.strip()} has {len(dataset)} parts, here {len(drawn)} are drawn"
        raise IllegalEquation(what, names.span, fix=f"write ({', '.join(member.text for member in dataset)})")
    members = {letter_name(name).key: member for name, member in zip(drawn, dataset, strict=True)}
    count = common_count(reader.scope, [letter_name(member).key for member in dataset], node.span)
    index = index_letter(reader.scope, node.body, count)
    total = summed(reader, node, members, index, count, "sum")
    reader.scope.notes.append(f"the expectation over {letter.span.text.strip()} is the mean of its {count} samples")
    share = shapes.divide(shapes.number(1), shapes.size_term(count), node.span, reader.scope)
    return replace(shapes.multiply(share, total, node.span, reader.scope), span=node.span)


def drawn_names(names: Node) -> tuple[Letter, ...]:
    inner = names.body if isinstance(names, Fence) else names
    items = inner.items if isinstance(inner, Listing) else (inner,)
    letters = tuple(item for item in items if isinstance(item, Letter))
    if len(letters) != len(items) or len({letter_name(letter).key for letter in letters}) != len(letters):
        raise NotSupportedYet("these draws from a data set are not read", names.span, allowed=r"(x, y) \sim \mathcal{D}")
    return letters


def summed(
    reader: Reader, node: Large, members: Mapping[str, Letter], index: str, count: Dimension, operation: str
) -> Reduction:
    scope = reader.scope
    body_node = with_members(node.body, members, index)
    hidden = {key: info for key, info in scope.bound.items() if key not in members}
    saved, scope.bound = scope.bound, hidden
    try:
        with scope.ranging({index: IndexRange(shapes.number(1), shapes.size_term(count), node.span)}):
            body = reader.term(body_node)
            binder = scope.binder(index)
    finally:
        scope.bound = saved
    return Reduction(Type(body.type.shape, body.type.row), operation, binder, body, span=node.span)  # type: ignore[arg-type]


def is_sample_name(scope: Scope, key: str) -> bool:
    return key in scope.families and key not in scope.bound


def plain_letters(node: Node) -> Iterator[tuple[str, Letter]]:
    """The letters that stand without a written sample: x, x_j, x^T, but not x^{(i)}."""
    if isinstance(node, Scripted) and isinstance(node.base, Letter) and isinstance(node.superscript, Fence):
        return
    if isinstance(node, Letter):
        yield letter_name(node).key, node
    for child in parts_of(node):
        yield from plain_letters(child)


def parts_of(node: Node) -> Iterator[Node]:
    """The nodes directly below."""

    def inside(value: object) -> Iterator[Node]:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                yield from inside(item)

    for name in fields_of(type(node)):
        yield from inside(getattr(node, name))


def written_indices(scope: Scope, body: Node) -> dict[str, list[str]]:
    """The index letters of written samples x^{(i)} that no operator inside binds, each with the samples' names."""
    found: dict[str, list[str]] = {}
    for node in walk(body):
        match node:
            case Scripted(base=Letter() as base, superscript=Fence(body=Letter() as letter)):
                if is_sample_name(scope, letter_name(base).key):
                    found.setdefault(letter_name(letter).key, []).append(letter_name(base).key)
    for node in walk(body):
        if isinstance(node, Large) and node.lower is not None:
            for inner in walk(node.lower):
                if isinstance(inner, Letter):
                    found.pop(letter_name(inner).key, None)
    return found


def refuse_whole_arrays(scope: Scope, node: Large) -> None:
    """X, whose rows are the samples, in a sum without an index: whether y then means the vector or an entry is not said."""
    arrays = {array for name, array in scope.families.items() if array != name}
    for key, letter in plain_letters(node.body):
        if key in arrays and key not in scope.families:
            what = f"a sum without an index over a body with the whole array {letter.span.text.strip()}"
            raise AmbiguousNotation(what, node.span, fix=WRITE_THE_RANGE)


def common_count(scope: Scope, names: list[str], span: Span) -> Dimension:
    """How many samples these families have; all must have the same number."""
    counts: dict[str, Dimension] = {}
    for name in names:
        found = scope.symbols[scope.families[name]].type if scope.families[name] in scope.symbols else None
        if found is None and scope.families[name] in scope.current:
            found = scope.definitions[scope.current[scope.families[name]]].body.type
        if not isinstance(found, Type) or not found.shape:
            raise IllegalEquation(f"the samples of '{name}' have no array", span)
        counts[name] = scope.sizes.resolve(found.shape[0])
    first = next(iter(counts.values()))
    if any(count != first for count in counts.values()):
        sizes = ", ".join(f"{name}: {shape_text((count,))}" for name, count in counts.items())
        what = f"the samples named here have different numbers of members ({sizes})"
        raise AmbiguousNotation(what, span, fix=WRITE_THE_RANGE)
    return first


def index_letter(scope: Scope, body: Node, count: Dimension) -> str:
    """The declared letter of these samples, or another that the body does not use."""
    used = {letter_name(node).key for node in walk(body) if isinstance(node, Letter)}
    declared = [key for key in scope.indices if scope.extent(key) == count]
    free = (key for key in (*declared, *INDEX_LETTERS) if key not in used and not scope.known(key))
    return next(free, "sample_index")


def with_members(node: Node, members: Mapping[str, Letter], index: str) -> Node:
    """The tree with every plain sample name as the member at the index: x becomes x^{(i)}, x_j becomes x^{(i)}_j."""

    def rule(part: object) -> Node | None:
        match part:
            case Scripted(base=Letter(), superscript=Fence()):
                return part
            case Scripted(base=Letter() as base) if letter_name(base).key in members and not part.primes:
                one = member(base, members, index)
                below = Scripted(part.span, one.base, part.subscript, one.superscript) if part.subscript is not None else one
                return below if part.superscript is None else Scripted(part.span, below, None, part.superscript)
            case Letter() if letter_name(part).key in members:
                return member(part, members, index)
        return None

    return rebuilt(node, rule)


def member(letter: Letter, members: Mapping[str, Letter], index: str) -> Scripted:
    source = members[letter_name(letter).key]
    place = Fence(letter.span, "(", Letter(letter.span, index), ")")
    return Scripted(letter.span, replace(source, span=letter.span), None, place)
