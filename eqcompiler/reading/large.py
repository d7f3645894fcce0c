r"""Large operators: \sum, \prod, \max_i, \arg\min_\theta, \int, \lim, \mathbb{E}.

Takes: Large nodes. Gives: Reduction, Extremum, Integral, Limit and Expectation terms.
Guarantees: an index without a written range runs over the axis that it is used on, or is an error; the body of an argmin
extends over the sum in which it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import cast

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Juxtaposed,
    Large,
    Letter,
    Listing,
    Node,
    Relation,
    Scripted,
)
from eqcompiler.languages.statements import SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Condition,
    Constant,
    Expectation,
    Extremum,
    Index,
    Integral,
    Limit,
    Number,
    Reduction,
    Size,
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading import shapes
from eqcompiler.reading.free_indices import free_indices
from eqcompiler.reading.indices import admit_letters, free_index, is_index_expression
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.over_samples import mean_over_dataset, sum_without_limits
from eqcompiler.reading.scope import IndexRange, Reader, Scope, is_open
from eqcompiler.reading.survey import walk
from eqcompiler.reading.variables import variable_of

INFINITY = Constant(SCALAR, "infinity")
CONDITIONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
RISING = frozenset({"<", "<="})
FALLING = {">": "<", ">=": "<="}


def large(reader: Reader, node: Large) -> Term:
    return RULES[node.operator](reader, node)


def reduction(operation: str) -> Callable[[Reader, Large], Term]:
    def rule(reader: Reader, node: Large) -> Term:
        if node.lower is None:
            return sum_without_limits(reader, node, operation)
        ranges, filters = index_ranges(reader, node)
        with reader.scope.ranging(ranges):
            where = tuple(condition(reader, f) for f in filters)
            body = reader.term(node.body)
            same_extent(reader.scope, where)
            binders = [reader.scope.binder(name) for name in ranges]
        waiting = list(where)
        for position in reversed(range(len(binders))):
            inner = [c for c in waiting if binders[position].name in free_indices(c.left, cast(Term, c.right))]
            waiting = [c for c in waiting if c not in inner]
            if position == 0:
                inner += waiting
            body = Reduction(body.type, operation, binders[position], body, tuple(inner), span=node.span)  # type: ignore[arg-type]
        return body

    return rule


def index_ranges(reader: Reader, node: Large) -> tuple[dict[str, IndexRange], list[Relation]]:
    """The indices below the operator, each with its range, and the relations that filter them."""
    lower, upper = cast(Node, node.lower), node.upper
    match lower:
        case Letter() | Listing() if node.where:
            letters = lower.items if isinstance(lower, Listing) else (lower,)
            return restricted_ranges(reader, letters, node.where)
        case Relation(operators=("=",), sides=(Letter() as letter, start)):
            if upper is None:
                raise IllegalEquation("the upper end of the range is missing", lower.span, fix="write it above the operator")
            first, last = reader.term(start), reader.term(upper)
            return {letter_name(letter).key: IndexRange(first, last, lower.span)}, []
        case Relation(operators=("in",), sides=(Letter() as letter, domain)):
            return {letter_name(letter).key: set_range(reader, domain)}, []
        case Letter() | Listing() | Juxtaposed():
            letters = (
                lower.items if isinstance(lower, Listing) else lower.factors if isinstance(lower, Juxtaposed) else (lower,)
            )
            if all(isinstance(item, Letter) for item in letters):
                if upper is not None and len(letters) == 1:
                    last = reader.term(upper)
                    name = letter_name(letters[0]).key  # type: ignore[arg-type]
                    return {name: IndexRange(shapes.number(1), last, lower.span)}, []
                return open_ranges(reader, list(letters)), []
    raise NotSupportedYet(
        "this range of a large operator is not read",
        lower.span,
        allowed="i=1, i, i,j, i \\ne j, i < j, 1 \\le i < j \\le n, i : i \\ne k, i \\in \\{1,\\dots,m\\}",
    )


def restricted_ranges(
    reader: Reader, letters: tuple[Node, ...], where: tuple[Node, ...]
) -> tuple[dict[str, IndexRange], list[Relation]]:
    """Each index runs between the ends that its chain names, 1 <= i < j <= n; the links between are conditions."""
    ranges = open_ranges(reader, list(letters))
    filters: list[Relation] = []
    for relation in where:
        filters += narrowed(reader, cast(Relation, relation), ranges)
    for letter in (n for relation in filters for n in walk(relation) if isinstance(n, Letter)):
        admit_letters(reader.scope, (letter,), 1)
        key = letter_name(letter).key
        if key in reader.scope.index_letters and key not in (*ranges, *reader.scope.indices) and not reader.scope.known(key):
            free_index(reader.scope, key, letter.span)  # one value of k in \sum_{j \ne k}
    return ranges, filters


def narrowed(reader: Reader, chain: Relation, ranges: dict[str, IndexRange]) -> list[Relation]:
    """Takes the ends of a chain into the ranges of the indices between them; gives the links between indices."""
    sides, signs = (chain.sides, chain.operators) if chain.operators[0] in RISING else turned(chain)
    names = [letter_name(side).key if isinstance(side, Letter) else "" for side in sides]
    links = [Relation(a.span.to(b.span), (sign,), (a, b)) for sign, (a, b) in zip(signs, pairwise(sides), strict=True)]
    if not RISING.issuperset(signs) or len(sides) < 3 or not all(name in ranges for name in names[1:-1]):
        return links
    between = names[(names[0] not in ranges) : len(names) - (names[-1] not in ranges)]
    if names[0] not in ranges:
        first = moved(reader, reader.term(sides[0]), signs[0] == "<", 1, chain.span)
        ranges |= {key: replace(ranges[key], lower=first) for key in between}
    if names[-1] not in ranges:
        last = moved(reader, reader.term(sides[-1]), signs[-1] == "<", -1, chain.span)
        ranges |= {key: replace(ranges[key], upper=last) for key in between}
    return links[(names[0] not in ranges) : len(links) - (names[-1] not in ranges)]


def turned(chain: Relation) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """n >= i > j as j < i <= n."""
    if not FALLING.keys() >= set(chain.operators):
        return chain.sides, chain.operators
    return chain.sides[::-1], tuple(FALLING[sign] for sign in reversed(chain.operators))


def moved(reader: Reader, end: Term, strict: bool, by: int, span: Span) -> Term:
    if not strict:
        return end
    if isinstance(end, Number):
        return shapes.number(end.value + by, span)
    return shapes.add([("+", end), ("+" if by > 0 else "-", shapes.number(1, span))], span, reader.scope)


def same_extent(scope: Scope, where: tuple[Condition, ...]) -> None:
    """An index that is used on no axis runs as far as the one that it is compared with."""
    for found in where:
        match found:
            case Condition(left=Index(name=one), right=Index(name=other)):
                sizes = [size for name in (one, other) if (size := scope.extent(name)) is not None]
                if any(map(is_open, sizes)) and len(sizes) == 2:
                    scope.sizes.unify(*sizes)


def open_ranges(reader: Reader, letters: list[Node]) -> dict[str, IndexRange]:
    """A letter with a declared range keeps it; another gets its range from use."""
    ranges = {}
    for node in letters:
        if not isinstance(node, Letter):
            raise IllegalEquation("an index must be a letter", node.span)
        key = letter_name(node).key
        declared = reader.scope.indices.get(key)
        ranges[key] = declared or IndexRange(shapes.number(1), Size(INTEGER, reader.scope.sizes.new(key)), node.span)
    return ranges


def set_range(reader: Reader, node: Node) -> IndexRange:
    r"""\{1, \dots, m\}."""
    match node:
        case Fence(opening="{", body=Listing(items=items)) if any(isinstance(item, Dots) for item in items[1:-1]):
            return IndexRange(reader.term(items[0]), reader.term(items[-1]), node.span)
    raise NotSupportedYet("this set of indices is not read", node.span, allowed=r"\{1, \dots, m\}")


def condition(reader: Reader, node: Node) -> Condition:
    match node:
        case Relation(operators=(operator,), sides=(left, right)) if operator in CONDITIONS:
            a, b = reader.term(left), reader.term(right)
            a, b = shapes.fit(a, b.type), shapes.fit(b, a.type)
            if not shapes.same_shape(a, b, reader.scope):
                raise shapes.clash("the two sides have different shapes", a, b, node.span, reader.scope)
            return Condition(operator, a, b)
    raise NotSupportedYet("this condition is not read", node.span, allowed="=, \\ne, <, \\le, >, \\ge between two values")


def extremum(sense: str) -> Callable[[Reader, Large], Term]:
    def rule(reader: Reader, node: Large) -> Term:
        if node.lower is None:
            raise AmbiguousNotation(f"'{sense}' does not say over which variable", node.span, fix=f"write \\{sense}_x")
        if node.where or over_index(reader, node.lower):
            if sense not in ("max", "min"):
                raise NotSupportedYet(f"'{sense}' over an index is not implemented", node.span)
            return reduction(sense)(reader, node)
        variable_node, constraints = split_constraints(node.lower)
        infer_variable_from(reader, variable_node, node)
        variable, indices = variable_of(reader, variable_node)
        if indices:
            raise NotSupportedYet("an extremum over a component is not read", variable_node.span)
        info = reader.scope.symbols.get(variable) or defined_as_variable(reader, variable, node.span)
        with reader.scope.binding(**{variable: info}):
            conditions = tuple(condition(reader, c) for c in constraints)
            body = reader.term(grouped(node.body))
        if body.type.rank:
            raise IllegalEquation(f"'{sense}' needs a scalar; this is {shapes.shape_words(body, reader.scope)}", node.body.span)
        type_ = info.type if sense.startswith("arg") and isinstance(info.type, Type) else SCALAR
        return Extremum(reader.scope.type_of(type_), sense, variable, body, conditions, span=node.span)  # type: ignore[arg-type]

    return rule


def infer_variable_from(reader: Reader, variable: Node, node: Large) -> None:
    """An undeclared variable gets its rank from the first use in the body, which is read once for that."""
    if isinstance(variable, Letter) and not reader.scope.known(letter_name(variable).key):
        reader.term(grouped(node.body))


def defined_as_variable(reader: Reader, key: str, span: Span) -> SymbolInfo:
    definition = reader.scope.definitions[key]
    return SymbolInfo(key, definition.latex, definition.body.type, "formal", span, "the variable of an extremum")


def over_index(reader: Reader, lower: Node) -> bool:
    match lower:
        case Letter():
            key = letter_name(lower).key
            return key in reader.scope.indices or (key in reader.scope.index_letters and not reader.scope.known(key))
        case Relation(sides=(Letter() as letter, *_)):
            return over_index(reader, letter) or is_index_expression(reader.scope, letter)
    return False


def split_constraints(lower: Node) -> tuple[Node, list[Node]]:
    r"""`x : A x = b` is the variable and its constraints; `\theta` alone has none."""
    match lower:
        case Relation(operators=(":", *rest), sides=(variable, *sides)):
            return variable, [Relation(lower.span, tuple(rest), tuple(sides))]
        case Relation(operators=("in",), sides=(variable, _)):
            return variable, []
        case Listing(items=(first, *others), separator="," | ":" | ";"):
            variable, own = split_constraints(first)
            return variable, own + list(others)
    return lower, []


def grouped(body: Node) -> Node:
    """Braces or brackets around the whole body only group."""
    return body.body if isinstance(body, Fence) and body.opening in ("{", "[", "(") else body


def absorb_extremum(node: Addition) -> Large | None:
    r"""\arg\min_x f(x) + g(x) is the argmin of the sum: its own value could not be added to g(x) in which x is bound."""
    (sign, first), *rest = node.terms
    if sign == "+" and rest and isinstance(first, Large) and first.operator in ("argmin", "argmax"):
        body = Addition(first.body.span.to(node.span), (("+", first.body), *rest))
        return replace(first, body=body, span=node.span)
    return None


def integral(reader: Reader, node: Large) -> Term:
    if node.lower is None or node.upper is None:
        raise NotSupportedYet("an integral without limits is not read", node.span)
    lower, upper = reader.term(node.lower), reader.term(node.upper)
    key, body = bound_scalar(reader, node.variable, node)
    return Integral(SCALAR, key, lower, upper, body, span=node.span)


def bound_scalar(reader: Reader, variable: Node | None, node: Large) -> tuple[str, Term]:
    """A scalar that only lives inside the operator."""
    if not isinstance(variable, Letter):
        raise IllegalEquation("the variable must be a letter", node.span)
    name = letter_name(variable)
    info = SymbolInfo(name.key, name.latex, SCALAR, "formal", variable.span, "bound by its operator")
    known = reader.scope.symbols.get(name.key)
    if known is None or known.type != SCALAR:
        key = name.key if known is None and name.key not in reader.scope.defined_somewhere else f"{name.key}_bound"
        info = replace(info, name=key)
        reader.scope.symbols[key] = info
    with reader.scope.binding(**{name.key: info}):
        body = reader.term(node.body)
    return info.name, body


def limit(reader: Reader, node: Large) -> Term:
    match node.lower:
        case Relation(operators=("to",), sides=(variable, target)):
            goal = reader.term(target)
            state = sequence(reader, node.body, variable) if goal == INFINITY else None
            if state is not None:
                return Limit(state.type, letter_name(variable).key, goal, state, span=node.span)  # type: ignore[arg-type]
            key, body = bound_scalar(reader, variable, node)
            return Limit(body.type, key, goal, body, span=node.span)
    raise NotSupportedYet("this limit is not read", node.span, allowed=r"\lim_{x \to a}")


def sequence(reader: Reader, body: Node, step: Node) -> Symbol | None:
    r"""\theta_t or \theta^{(t)} below \lim_{t \to \infty}: the state \theta at the step t, a symbol of its own."""
    if not (isinstance(body, Scripted) and isinstance(body.base, Letter) and isinstance(step, Letter)) or body.primes:
        return None
    raised, below = body.superscript, body.subscript
    inner = raised.body if isinstance(raised, Fence) and below is None else below if raised is None else None
    info = reader.scope.symbols.get(letter_name(body.base).key)
    if not isinstance(inner, Letter) or letter_name(inner) != letter_name(step) or info is None:
        return None
    if not isinstance(info.type, Type) or letter_name(step).key in reader.scope.current:
        return None
    key, name = f"{info.name}_{letter_name(step).key}", letter_name(step)
    why = f"{info.latex} at step {name.latex}"
    reader.scope.symbols[key] = SymbolInfo(key, " ".join(body.span.text.split()), info.type, "formal", body.span, why)
    reader.scope.symbols.setdefault(name.key, SymbolInfo(name.key, name.latex, INTEGER, "formal", step.span, "a step"))
    return Symbol(reader.scope.type_of(info.type), key, span=body.span)


def expectation(reader: Reader, node: Large) -> Term:
    mean = mean_over_dataset(reader, node)
    if mean is not None:
        return mean
    if node.lower is not None:
        raise NotSupportedYet(
            "an expectation with a subscript is not implemented", node.span, fix="declare x \\sim p and write \\mathbb{E}[...]"
        )
    body = reader.term(grouped(node.body))
    return Expectation(body.type, "E", (body,), span=node.span)


def refused(reader: Reader, node: Large) -> Term:
    raise NotSupportedYet(f"the operator '{node.operator}' is not implemented", node.span)


RULES: dict[str, Callable[[Reader, Large], Term]] = {
    "sum": reduction("sum"),
    "prod": reduction("product"),
    "max": extremum("max"),
    "min": extremum("min"),
    "argmax": extremum("argmax"),
    "argmin": extremum("argmin"),
    "int": integral,
    "lim": limit,
    "E": expectation,
    "sup": refused,
    "inf": refused,
}
