r"""Finite sets: y^{(i)} \in \{0, 1\}, t \in \{-1, 1\}^m, k \in \{1, 2, 3\}.

Takes: a name, and the set it is in. Gives: an index range where the set has dots, else the assumptions that say the same.
Guarantees: the assumptions admit the values of the set and nothing else; a set that they cannot state is refused.
"""

from __future__ import annotations

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.notation import Dots, Fence, Letter, Listing, Node, Scripted
from eqcompiler.languages.terms import Call, Condition, Number, Term, Type
from eqcompiler.reading import shapes
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import letter_name
from eqcompiler.reading.scope import IndexRange

ALLOWED = r"\{1, \dots, m\} for an index; for a number two whole ones, or some without gaps: \{-1, 1\}, \{0, 1\}, \{1, 2, 3\}"


def is_finite_set(domain: Node) -> bool:
    r"""\{...\} or \{...\}^n."""
    base = domain.base if isinstance(domain, Scripted) else domain
    return isinstance(base, Fence) and base.opening == "{"


def is_index_set(domain: Node) -> bool:
    r"""\{1, \dots, m\}"""
    return is_finite_set(domain) and isinstance(domain, Fence) and any(isinstance(item, Dots) for item in _items(domain))


def index_range(reader: Reader, node: Node, domain: Node) -> IndexRange | None:
    r"""What an index in the set runs over; None for a number in \{0, 1\}, which is no index."""
    if not isinstance(domain, Fence):
        return None
    items = _items(domain)
    if is_index_set(domain):
        return IndexRange(reader.term(items[0]), reader.term(items[-1]), domain.span)
    is_subscript = isinstance(node, Letter) and letter_name(node).key in reader.scope.index_letters
    if is_subscript and _has_no_gaps(_values(reader, domain)):
        return IndexRange(reader.term(items[0]), reader.term(items[-1]), domain.span)
    return None


def conditions(reader: Reader, symbol: Term, domain: Node, span: Span) -> list[Condition]:
    """What the values of the set meet, and no other numbers: whole, between the ends, and one of the two of a pair."""
    values = _values(reader, domain)
    low, high = values[0], values[-1]
    found = [
        Condition("integer", symbol),
        Condition(">=", symbol, _constant(low, symbol.type)),
        Condition("<=", symbol, _constant(high, symbol.type)),
    ]
    if len(values) == 2:
        square = Call(symbol.type, "mul", (symbol, symbol), span=span)
        found.append(Condition("=", square, _on_the_line(symbol, low + high, -low * high)))
    elif not _has_no_gaps(values):
        raise NotSupportedYet("a set of three and more numbers with gaps is not read", domain.span, allowed=ALLOWED)
    return found


def _items(domain: Node) -> tuple[Node, ...]:
    body = domain.body if isinstance(domain, Fence) else domain
    return body.items if isinstance(body, Listing) else (body,)


def _values(reader: Reader, domain: Node) -> tuple[int, ...]:
    """The numbers of a set that is written out, in order."""
    base = domain.base if isinstance(domain, Scripted) else domain
    found = {_whole_number(reader, item) for item in _items(base)}
    values = tuple(sorted(value for value in found if value is not None))
    if len(values) < len(found) or not values:
        raise NotSupportedYet(f"the set '{domain.span.text}' is not read", domain.span, allowed=ALLOWED)
    return values


def _whole_number(reader: Reader, item: Node) -> int | None:
    if isinstance(item, Dots):
        return None
    term = reader.term(item)
    sign = 1
    if isinstance(term, Call) and term.operation == "neg":
        term, sign = term.arguments[0], -1
    return sign * int(term.value) if isinstance(term, Number) and term.value.denominator == 1 else None


def _has_no_gaps(values: tuple[int, ...]) -> bool:
    return values == tuple(range(values[0], values[-1] + 1))


def _constant(value: int, type_: Type) -> Term:
    """The number in every entry."""
    if not type_.rank or not value:
        return shapes.fit(shapes.number(value), type_)
    ones = Call(type_, "ones", ())
    return ones if value == 1 else Call(type_, "mul", (shapes.number(value), ones))


def _on_the_line(symbol: Term, slope: int, intercept: int) -> Term:
    """slope * symbol + intercept: what the square is where the symbol is one of two values with this sum and this product."""
    scaled = symbol if slope == 1 else Call(symbol.type, "mul", (shapes.number(slope), symbol))
    constant = _constant(intercept, symbol.type)
    if not slope or not intercept:
        return scaled if slope else constant
    return Call(symbol.type, "add", (scaled, constant))
