r"""Densities: p(y \mid x, \theta) = e and f_X(x) = e owe that they are nowhere negative and have the total 1.

Takes: the left side of a definition that was entered. Gives: the obligation as a statement of its own behind it.
Guarantees: only a name that densities have (p, q, f, P, \pi) with a bar or a capital label is taken as one; the statement says
over which values. A vector's density gets a note, and no obligation.

The values come from the law of the variable (y \sim \operatorname{Exp}(\lambda): y \ge 0), else from conditions on it (y > 0),
else from a factorial or a binomial coefficient of it (0, 1, 2, ...); else they are all real numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from eqcompiler.languages.notation import Letter, Listing, Node, Scripted
from eqcompiler.languages.statements import Claim, Definition, Density, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    SCALAR,
    Binder,
    Call,
    Condition,
    Constant,
    Index,
    Integral,
    Reduction,
    Reference,
    Symbol,
    Term,
    Type,
    children,
)
from eqcompiler.languages.trees import rebuilt
from eqcompiler.reading import shapes
from eqcompiler.reading.calls import argument_nodes
from eqcompiler.reading.names import name_of
from eqcompiler.reading.sentence import Sentence

Tree = TypeVar("Tree")
HEADS = frozenset(("p", "q", "f", "P", "pi"))
INFINITY: Term = Constant(SCALAR, "infinity")
BELOW: Term = Call(SCALAR, "neg", (INFINITY,))
ZERO, ONE = shapes.number(0), shapes.number(1)
COUNTED = "value_of_the_mass"  # an index name that no author can have written


@dataclass(frozen=True, slots=True)
class Support:
    """The values of the variable. values: "interval", "two" (0 and 1) or "natural"; words: how the statement says it."""

    words: str
    values: str = "interval"
    lower: Term = BELOW
    upper: Term = INFINITY
    is_said: bool = True


def oblige(sentence: Sentence, head: Node, body: Node) -> None:
    """The obligation of the definition that was just entered, if its left side says that it is a density."""
    scope = sentence.reader.scope
    name, count = name_of(head), variables(head, body)
    definition = scope.definitions[scope.current[name.key]] if name is not None and count else None
    if definition is None or definition.body.type.rank:
        return
    infos = [scope.symbols[formal] for formal in definition.formals[:count]]
    if count != 1 or any(definition.formal_types[k].rank for k in range(count)):
        words = ", ".join(info.latex for info in infos)
        scope.notes.append(f"taken as a density of {words}; its total is judged for one number only")
        return
    support = support_of(sentence, definition, infos[0])
    noun = "a density" if support.values == "interval" else "a mass function"
    halves = _halves(sentence, definition) if support.values == "interval" and not support.is_said else ()
    obligation = Density(definition.name, *_claims(sentence, definition, support), noun, support.words, halves)
    span, text = definition.span, f"{noun} {support.words}"
    sentence.add(f"{definition.name}_{noun.split()[1]}", "density", span, payload=obligation, type_text=text)


def variables(head: Node, body: Node) -> int:
    """How many of the arguments the density is of: those before the bar; the one that a capital label names in f_X(x)."""
    letter = head.base if isinstance(head, Scripted) else head
    if not isinstance(letter, Letter) or letter.text not in HEADS:
        return 0
    match head, body:
        case _, Listing(items=(first, _), separator="|"):
            return len(argument_nodes(first))
        case Scripted(subscript=Letter(text=label)), Letter(text=variable) if label.isupper() and label.lower() == variable:
            return 1
    return 0


def support_of(sentence: Sentence, definition: Definition, info: SymbolInfo) -> Support:
    name = definition.formals[0]
    if info.distribution is not None:
        return _of_law(info.latex, *info.distribution)
    lower: Term = BELOW
    upper: Term = INFINITY
    words: list[str] = []
    for condition in (*sentence.reader.scope.assumptions, *sentence.attached):
        edge = _edge(condition, name)
        if edge is not None:
            is_lower, bound = edge
            lower, upper = (bound, upper) if is_lower else (lower, bound)
            words.append(f"{info.latex} {'>' if is_lower else '<'} {bound.span.text if bound.span else bound}")
    if words:
        return Support(f"over {', '.join(words)}", "interval", lower, upper)
    if _counts(definition.body, name):
        return Support(f"over {info.latex} = 0, 1, 2, ...", "natural")
    return Support(f"over all real {info.latex}", is_said=False)


def _of_law(latex: str, law: str, parameters: tuple[Term, ...]) -> Support:
    if law == "uniform":
        lowest, highest = parameters
        return Support(f"over the interval of {latex}", "interval", lowest, highest)
    found = {
        "exponential": Support(f"over {latex} > 0", "interval", ZERO),
        "gamma": Support(f"over {latex} > 0", "interval", ZERO),
        "beta": Support(f"over 0 < {latex} < 1", "interval", ZERO, ONE),
        "bernoulli": Support(f"over {latex} = 0, 1", "two"),
        "poisson": Support(f"over {latex} = 0, 1, 2, ...", "natural"),
    }
    return found.get(law, Support(f"over all real {latex}"))


def _edge(condition: Condition, name: str) -> tuple[bool, Term] | None:
    """Whether the condition bounds the variable from below, and the bound."""
    if condition.relation not in ("<", "<=", ">", ">=") or condition.right is None:
        return None
    for subject, bound, turned in ((condition.left, condition.right, False), (condition.right, condition.left, True)):
        if isinstance(subject, Symbol) and subject.name == name and not _reads(bound, name):
            return (condition.relation in (">", ">=")) != turned, bound
    return None


def _reads(term: Term, name: str) -> bool:
    return (isinstance(term, Symbol) and term.name == name) or any(_reads(child, name) for child in children(term))


def _counts(term: Term, name: str) -> bool:
    """Whether a factorial or a binomial coefficient of the variable occurs."""
    own = isinstance(term, Call) and term.operation in ("factorial", "binomial") and _reads(term, name)
    return own or any(_counts(child, name) for child in children(term))


def _claims(sentence: Sentence, definition: Definition, support: Support) -> tuple[Claim, Claim]:
    """The total is 1, and the value is its own absolute value."""
    assumed = tuple(sentence.attached)
    variable = Symbol(definition.formal_types[0], definition.formals[0])
    if support.values == "two":
        values = [_at(definition, ZERO), _at(definition, ONE)]
        total, sizes = _sum(values), _sum([_size(value) for value in values])
        return Claim(total, ONE, (), assumed), Claim(total, sizes, (), assumed)
    value = _at(definition, variable)
    if support.values == "interval":
        sign = Claim(value, _size(value), (), (*assumed, *_inside(definition, support)))
        return Claim(_integral(definition, support), ONE, (), assumed), sign
    counted = Reduction(SCALAR, "sum", Binder(COUNTED, ZERO, INFINITY), _at(definition, Index(INTEGER, COUNTED)))
    whole = (Condition("integer", variable), Condition(">=", variable, ZERO))
    return Claim(counted, ONE, (), assumed), Claim(value, _size(value), (), (*assumed, *whole))


def _halves(sentence: Sentence, definition: Definition) -> tuple[Claim, ...]:
    edges = (Support("", "interval", BELOW, ZERO), Support("", "interval", ZERO, INFINITY))
    return tuple(Claim(_plain_integral(definition, edge), ONE, (), tuple(sentence.attached)) for edge in edges)


def _size(value: Term) -> Term:
    return Call(SCALAR, "abs", (value,), span=value.span)


def _sum(parts: Sequence[Term]) -> Term:
    return Call(SCALAR, "add", tuple(parts))


def _at(definition: Definition, value: Term) -> Term:
    rest = zip(definition.formal_types[1:], definition.formals[1:], strict=True)
    arguments = (value, *(Symbol(type_, formal) for type_, formal in rest))
    return Reference(Type(), definition.name, arguments, span=definition.span)


def _inside(definition: Definition, support: Support) -> tuple[Condition, ...]:
    variable = Symbol(definition.formal_types[0], definition.formals[0])
    lower = () if support.lower is BELOW else (Condition(">", variable, support.lower),)
    return lower if support.upper is INFINITY else (*lower, Condition("<", variable, support.upper))


def _integral(definition: Definition, support: Support) -> Term:
    """In two parts where |y - m| occurs: below m and above it, each with the sign that it has there."""
    variable = Symbol(definition.formal_types[0], definition.formals[0])
    kink = _kink(definition.body, variable.name)
    if kink is None:
        return _plain_integral(definition, support)
    size, middle, rises = kink
    signed = [Call(SCALAR, "neg", size.arguments), size.arguments[0]]
    below, above = (_with(definition.body, size, part) for part in (signed if rises else reversed(signed)))
    parts = (
        Integral(SCALAR, variable.name, support.lower, middle, below),
        Integral(SCALAR, variable.name, middle, support.upper, above),
    )
    return Call(SCALAR, "add", parts, span=definition.span)


def _plain_integral(definition: Definition, support: Support) -> Term:
    variable = Symbol(definition.formal_types[0], definition.formals[0])
    return Integral(SCALAR, variable.name, support.lower, support.upper, _at(definition, variable), span=definition.span)


def _kink(term: Term, name: str) -> tuple[Call, Term, bool] | None:
    """|y - m|, m, and whether y - m stands inside rather than m - y."""
    if isinstance(term, Call) and term.operation == "abs":
        match term.arguments[0]:
            case Symbol(name=own) if own == name:
                return term, ZERO, True
            case Call(operation="add", arguments=(Symbol(name=own), Call(operation="neg", arguments=(m,)))) if own == name:
                return None if _reads(m, name) else (term, m, True)
            case Call(operation="add", arguments=(m, Call(operation="neg", arguments=(Symbol(name=own),)))) if own == name:
                return None if _reads(m, name) else (term, m, False)
    return next((found for child in children(term) if (found := _kink(child, name)) is not None), None)


def _with(tree: Term, old: Term, new: Term) -> Term:
    """The term with `new` in every place of `old`."""
    return rebuilt(tree, lambda part: new if part == old else None)
