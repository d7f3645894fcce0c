r"""Series with dots: x_1 + \cdots + x_n becomes \sum_{i=1}^{n} x_i, p_1 p_2 \cdots p_n a product.

Takes: formulas before anything is typed. Gives: the same, with a sum or product in the place of a series.
Guarantees: nothing is guessed. The member behind the dots gives the rule: some number in the place of the letter it ends with
makes it the first member, the numbers after that the other members in front of the dots. Where none does, where two do, or
where counting on from the members leads elsewhere (1 + 2 + \cdots + 2^n), the dots stay, and are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Rational
from typing import TypeAlias

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import (
    Addition,
    Dots,
    Fence,
    Formula,
    Fraction,
    Infix,
    Juxtaposed,
    Large,
    Letter,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.languages.trees import fields_of, inside, rebuilt
from eqcompiler.reading.survey import nodes_of, walk

INDICES = ("i", "j", "k", "l", "q", "r", "s", "t", "u")
FIRST = range(10)  # numbers with which a series may begin
FAR = 50  # a number at which no two parts of a rule agree by chance
LONGEST_POWER = 64
FACTORS = (1, 2, 3)  # how many factors without a sign between them may make one member: f(x_1) f(x_2) has two

# Equal forms are equal members: a constant and multiples of what is no number, in the order of the text.
Form: TypeAlias = "tuple[Rational, tuple[tuple[object, Rational], ...]]"
Key = tuple[str, str, str, str]  # of a letter, as it is written; of a numeral its digits


@dataclass(frozen=True, slots=True)
class Series:
    """`members` of the list up to `stop`, from `start` on, count from `first` to `end`, which `rule` names."""

    start: int
    stop: int
    first: int
    end: Node
    rule: Node


def with_dotted_series(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    read = list(nodes_of(*(f for f in formulas if isinstance(f, Formula))))
    if not any(isinstance(node, Dots) for node in read):
        return formulas
    taken = {node.text for node in read if isinstance(node, Letter)}
    index = next((letter for letter in INDICES if letter not in taken), None)
    return formulas if index is None else tuple(rebuilt(f, lambda node: summed(node, index)) for f in formulas)


def summed(node: object, index: str) -> Node | None:
    """A sum or a product of which a part is a series; None for everything else, and where no series is found."""
    if isinstance(node, Addition):
        return _terms(inside(node, lambda part: summed(part, index)), index)
    if not isinstance(node, Infix | Juxtaposed):
        return None
    factors = _factors(node)
    if not any(isinstance(factor, Dots) for factor in factors):
        return None
    lengths = (1,) if isinstance(node, Infix) else FACTORS
    groups = ((length, series) for length in lengths if (series := _series(_grouped(factors, length))) is not None)
    found = next(groups, None)
    return None if found is None else _product(node, factors, *found, index)


def _terms(node: Addition, index: str) -> Node | None:
    """All members of a series have the sign of its dots."""
    place = next((k for k, (_, term) in enumerate(node.terms) if isinstance(term, Dots)), None)
    if place is None:
        return node
    sign = node.terms[place][0]
    start = place
    while start and node.terms[start - 1][0] == sign:
        start -= 1
    if place + 1 == len(node.terms) or node.terms[place + 1][0] != sign:
        return node
    found = _series([term for _, term in node.terms[start : place + 2]])
    if found is None:
        return node
    series = _large("sum", node, found, index)
    terms = (*node.terms[: start + found.start], (sign, series), *node.terms[place + 2 :])
    return series if terms == (("+", series),) else replace(node, terms=terms)


def _factors(node: Infix | Juxtaposed) -> list[Node]:
    """The factors, taken apart where dots stand among them."""
    if isinstance(node, Juxtaposed):
        return list(node.factors)
    if node.operator != "*":
        return []
    sides: list[Node] = []
    for side in (node.left, node.right):
        within = _factors(side) if isinstance(side, Infix | Juxtaposed) else []
        apart = any(isinstance(factor, Dots) for factor in within) or (isinstance(side, Infix) and within)
        sides += within if apart else [side]
    return sides


def _grouped(factors: Sequence[Node], length: int) -> list[Node]:
    """Members of so many factors up to the one behind the dots; what is left over in front is a member that fits nothing."""
    place = next(k for k, factor in enumerate(factors) if isinstance(factor, Dots))
    if place + length >= len(factors) or place < length:
        return []
    before = [_group(factors[k : k + length]) for k in range(place % length, place, length)]
    return [*before, factors[place], _group(factors[place + 1 : place + 1 + length])]


def _group(factors: Sequence[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Juxtaposed(factors[0].span.to(factors[-1].span), tuple(factors))


def _product(node: Infix | Juxtaposed, factors: list[Node], length: int, found: Series, index: str) -> Node:
    place = next(k for k, factor in enumerate(factors) if isinstance(factor, Dots))
    start = place % length + length * found.start
    product = _large("prod", node, found, index)
    parts = (*factors[:start], product, *factors[place + 1 + length :])
    return product if len(parts) == 1 else Juxtaposed(node.span, parts)


def _large(operator: str, node: Node, found: Series, index: str) -> Large:
    key, counter = _key(found.end), Letter(found.end.span, index)
    body = rebuilt(found.rule, lambda part: counter if isinstance(part, Letter | Numeral) and _key(part) == key else None)
    lower = Relation(node.span, ("=",), (counter, Numeral(node.span, str(found.first))))
    return Large(node.span, operator, lower, found.end, body)


# --- which rule it is --------------------------------------------------------------------------------------------------------


def _series(members: Sequence[Node]) -> Series | None:
    """Members, dots, the last member. The longest run in front of the dots that one rule gives, where only one does."""
    if len(members) < 3:
        return None
    *written, _, rule = members
    found = [series for end in _ends(rule) for series in _by_rule(written, rule, end)]
    longest = [series for series in found if series.start == min(s.start for s in found)]
    return longest[0] if len(longest) == 1 else None


def _ends(rule: Node) -> Iterator[Node]:
    """The letters and whole numbers that a rule may count up to, each once."""
    nodes = [n for n in walk(rule) if (isinstance(n, Letter) and n.kind == "letter") or _whole(n) is not None]
    yield from {_key(node): node for node in reversed(nodes) if isinstance(node, Letter | Numeral)}.values()


def _by_rule(written: Sequence[Node], rule: Node, end: Node) -> Iterator[Series]:
    key = _key(end)
    if any(isinstance(n, Letter) and _key(n) == key for member in written for n in walk(member)):
        return  # a letter that the first members have too does not count them
    values = [form(member) for member in written]
    last = _whole(end)
    for first in FIRST:
        for start in range(len(written)):
            numbers = range(first, first + len(written) - start)
            if [at(rule, key, number) for number in numbers] != values[start:] or (last is not None and last <= numbers[-1]):
                continue
            steady = _in_steps_of_one(at(rule, key, FAR), at(rule, key, FAR + 1))
            counting = len(numbers) == 1 or _in_steps_of_one(values[-2], values[-1])
            out_of_order = start > 0 and any(at(rule, key, number) == values[start - 1] for number in FIRST)
            if (steady or not counting) and not out_of_order:
                yield Series(start, len(written), first, end, rule)


def _in_steps_of_one(before: object, after: object) -> bool:
    """Whether two forms are alike but for numbers that go up by one."""
    steps = list(_steps(before, after))
    return bool(steps) and set(steps) <= {0, 1} and 1 in steps


def _steps(before: object, after: object) -> Iterator[Rational | float]:
    if isinstance(before, Rational) and isinstance(after, Rational):
        yield after - before
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _steps(one, other)
    elif before != after:
        yield float("inf")


# --- members, compared by what they say --------------------------------------------------------------------------------------


def form(node: Node) -> Form:
    return _Forms("", Rational(0)).of(node)


def at(rule: Node, key: Key, number: int) -> Form:
    """The rule with a number in the place of a letter or numeral."""
    return _Forms(key, Rational(number)).of(rule)


def _key(node: Node) -> Key:
    if isinstance(node, Letter):
        return node.text, node.accent, node.font, node.kind
    return (node.digits, "", "", "") if isinstance(node, Numeral) else ("", "", "", "")


def _whole(node: Node) -> int | None:
    return int(node.digits) if isinstance(node, Numeral) and node.digits.isdigit() else None


class _Forms:
    """Forms of nodes where one name has a value."""

    def __init__(self, key: Key | str, value: Rational) -> None:
        self.key, self.value = key, value

    def of(self, node: Node) -> Form:
        if isinstance(node, Letter | Numeral) and _key(node) == self.key:
            return self.value, ()
        match node:
            case Numeral(digits=digits):
                return Rational(digits), ()
            case Fence(opening="(" | "[" | "{", body=body):
                return self.of(body)
            case Addition(terms=terms):
                return _added([_times(Rational(-1 if sign == "-" else 1), self.of(term)) for sign, term in terms])
            case Juxtaposed(factors=factors):
                return _multiplied([self.of(factor) for factor in factors])
            case Infix(operator="*", left=left, right=right):
                return _multiplied([self.of(left), self.of(right)])
            case Fraction(numerator=above, denominator=below) | Infix(operator="/", left=above, right=below):
                return self.quotient(self.of(above), self.of(below))
            case Scripted(superscript=Node() as power, primes=0) if not isinstance(power, Fence):
                return self.power(self.of(replace(node, superscript=None)), self.of(power))
            case Scripted(base=base, subscript=None, superscript=None, primes=0):
                return self.of(base)
        return _one((type(node).__name__, *(self.plain(getattr(node, name)) for name in fields_of(type(node)))))

    def plain(self, value: object) -> object:
        if isinstance(value, tuple):
            return tuple(self.plain(item) for item in value)
        return self.of(value) if isinstance(value, Node) else value

    def quotient(self, above: Form, below: Form) -> Form:
        if not below[1] and below[0]:
            return _times(1 / below[0], above)
        return _one(("quotient", above, below))

    def power(self, base: Form, power: Form) -> Form:
        exponent = power[0] if not power[1] else None
        if exponent == 1:
            return base
        if exponent == 0:
            return Rational(1), ()
        if exponent is not None and not base[1] and exponent.denominator == 1 and 0 < exponent <= LONGEST_POWER:
            return base[0] ** int(exponent), ()
        return _one(("power", base, power))


def _one(part: object) -> Form:
    return Rational(0), ((part, Rational(1)),)


def _times(number: Rational, form: Form) -> Form:
    return number * form[0], tuple((part, number * count) for part, count in form[1] if number)


def _added(forms: Sequence[Form]) -> Form:
    parts: dict[object, Rational] = {}
    for _, own in forms:
        for part, count in own:
            parts[part] = parts.get(part, Rational(0)) + count
    return sum((constant for constant, _ in forms), Rational(0)), tuple((p, c) for p, c in parts.items() if c)


def _multiplied(forms: Sequence[Form]) -> Form:
    number, others = Rational(1), []
    for form in forms:
        if form[1]:
            others.append(form)
        else:
            number *= form[0]
    if not others or not number:
        return number, ()
    return _times(number, others[0] if len(others) == 1 else _one(("product", *others)))
