r"""Marks of derivatives: \dot{x}(t), f^{(3)}(x), f_x(x, y), f_{xy}, J_f(x), where the file defines the function.

Takes: the formulas of a file. Gives: the same formulas, where such a name is the derivative that it stands for.
Guarantees: only of a function that a display defines by f(x) = ...; a name that the file declares, or a family, stays one.
Without this a claim \dot{x}(t) = ... would define a new name, and nothing would be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import (
    Fence,
    Formula,
    Juxtaposed,
    Leibniz,
    Letter,
    Listing,
    Node,
    Numeral,
    Relation,
    Scripted,
)
from eqcompiler.languages.trees import rebuilt
from eqcompiler.reading.names import letter_name, name_of
from eqcompiler.reading.survey import are_names, walk

PRIMES = {"dot": 1, "ddot": 2}
MOST_PRIMES = 10


@dataclass(frozen=True, slots=True)
class Functions:
    """What displays define by f(x, y) = ...: the arguments of each; and the names that the file declares."""

    formals: dict[str, tuple[str, ...]]
    declared: frozenset[str]


def with_derivative_marks(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    known = functions_of(tuple(f for f in formulas if isinstance(f, Formula)))
    if not known.formals:
        return formulas
    return tuple(rebuilt(f, lambda part: marked(part, known)) if isinstance(f, Formula) else f for f in formulas)


def functions_of(formulas: tuple[Formula, ...]) -> Functions:
    formals: dict[str, tuple[str, ...]] = {}
    declared: set[str] = set()
    for formula in formulas:
        for part in formula.parts:
            match part:
                case Relation(
                    operators=("=" | ":=" | "equiv", *_), sides=(Juxtaposed(factors=(Letter() as head, Fence() as bracket)), *_)
                ) if bracket.opening == "(" and are_names(bracket.body) and head.accent not in PRIMES:
                    formals.setdefault(letter_name(head).key, arguments(bracket))
                case Relation(operators=(operator, *_), sides=(first, *_)) if operator not in ("=", ":=", "equiv"):
                    items = first.items if isinstance(first, Listing) else (first,)
                    declared.update(name.key for item in items if (name := name_of(item)) is not None)
                case Letter() | Scripted() if (name := name_of(part)) is not None:
                    declared.add(name.key)
    families = {
        letter_name(n.base).key
        for f in formulas
        for part in f.parts
        for n in walk(part)
        if isinstance(n, Scripted) and isinstance(n.base, Letter) and is_letter_in_brackets(n.superscript)
    }
    return Functions({key: own for key, own in formals.items() if key not in families}, frozenset(declared))


def is_letter_in_brackets(above: Node | None) -> bool:
    return isinstance(above, Fence) and above.opening == "(" and isinstance(above.body, Letter)


def arguments(bracket: Fence) -> tuple[str, ...]:
    items = bracket.body.items if isinstance(bracket.body, Listing) else (bracket.body,)
    return tuple(name.key for item in items if (name := name_of(item)) is not None)


def marked(node: object, known: Functions) -> Node | None:
    """The derivative that a node stands for; None where it is read as it is written."""
    if isinstance(node, Juxtaposed):
        return replace(node, factors=tuple(among(node.factors, known)))
    if not isinstance(node, Letter | Scripted):
        return None
    if (found := partial(node, known)) is not None:
        return Leibniz(node.span, "partial", found[1], found[0])
    if (function := jacobian(node, known)) is not None:
        return Juxtaposed(node.span, (Letter(node.span, "D"), function))
    return primed(node, known)


def among(factors: tuple[Node, ...], known: Functions) -> Iterator[Node]:
    """Factors; f_x takes its own arguments along, J_f becomes two of them."""
    place = 0
    while place < len(factors):
        node, following = factors[place], factors[place + 1] if place + 1 < len(factors) else None
        found, function = partial(node, known), jacobian(node, known)
        if (
            found is not None
            and isinstance(following, Fence)
            and arguments(following) == known.formals[letter_name(found[0]).key]
        ):
            span = node.span.to(following.span)
            yield Leibniz(span, "partial", found[1], Juxtaposed(span, (found[0], following)))
            place += 1
        elif function is not None:
            yield from (Letter(node.span, "D"), function)
        else:
            yield rebuilt(node, lambda part: marked(part, known))
        place += 1


def primed(node: Letter | Scripted, known: Functions) -> Scripted | None:
    r"""\dot{x} and f^{(3)} with as many primes, for a function of one argument."""
    match node:
        case Letter(accent=accent) if accent in PRIMES:
            letter, count = replace(node, accent=""), PRIMES[accent]
        case Scripted(
            base=Letter() as letter, subscript=None, superscript=Fence(opening="(", body=Numeral(digits=digits)), primes=0
        ):
            count = int(digits) if digits.isdigit() else 0
        case _:
            return None
    one = len(known.formals.get(letter_name(letter).key, ())) == 1
    own = name_of(node)
    free = own is None or own.key not in known.declared
    return Scripted(node.span, letter, None, None, count) if one and free and 0 < count <= MOST_PRIMES else None


def partial(node: Node, known: Functions) -> tuple[Letter, tuple[tuple[Letter, int], ...]] | None:
    """f and what it is differentiated in, of f_x, f_{xx}, f_{xy}, for a function of x and more."""
    match node:
        case Scripted(base=Letter() as base, subscript=Letter() | Juxtaposed() as below, superscript=None, primes=0):
            own = known.formals.get(letter_name(base).key, ())
            name = name_of(node)
            undeclared = name is None or name.key not in known.declared
            letters = below.factors if isinstance(below, Juxtaposed) else (below,)
            keys = [letter_name(n).key for n in letters if isinstance(n, Letter)]
            if len(own) > 1 and undeclared and len(keys) == len(letters) and set(keys) <= set(own):
                first = {letter_name(n).key: n for n in reversed(letters) if isinstance(n, Letter)}
                return base, tuple((first[key], keys.count(key)) for key in dict.fromkeys(keys))
    return None


def jacobian(node: Node, known: Functions) -> Letter | None:
    """f of J_f, for a function of one argument."""
    match node:
        case Scripted(base=Letter(text="J"), subscript=Letter() as below, superscript=None, primes=0):
            name = name_of(node)
            undeclared = name is None or name.key not in known.declared
            return below if len(known.formals.get(letter_name(below).key, ())) == 1 and undeclared else None
    return None
