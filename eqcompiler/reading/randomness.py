r"""What an expectation, a variance or a covariance is taken of must be random.

Takes: a document whose sizes are known. Gives: the same one, where a statement about the expectation of something that no
distribution reaches is an error; names with a distribution each are noted as independent draws.
Guarantees: a name without a distribution is a constant only where its author declares it: X and Y that nothing declares would
otherwise have the variance 0, and \operatorname{Var}[X + Y] = \operatorname{Var}[X] + \operatorname{Var}[Y] would be true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eqcompiler.errors import EquationError, IllegalEquation
from eqcompiler.languages.statements import Document, Statement, SymbolInfo
from eqcompiler.languages.terms import Expectation, Reference, Symbol, Term, children

PAYLOAD = ("body", "left", "right", "update")


def with_random_expectations(document: Document) -> Document:
    """Statements in their places; those with an error keep it."""
    return replace(document, statements=tuple(checked(document, statement) for statement in document.statements))


def checked(document: Document, statement: Statement) -> Statement:
    terms = (getattr(statement.payload, name, None) for name in PAYLOAD)
    taken = [found for term in terms if isinstance(term, Term) for found in expectations(term)]
    for found in taken:
        error = trouble(document, statement, found)
        if error is not None:
            return replace(statement, kind="error", payload=None, error=error)
    reached = symbols(document, *(argument for found in taken for argument in found.arguments))
    draws = dict.fromkeys(info.latex for info in reached if info.distribution is not None)
    if len(draws) < 2:
        return statement
    note = f"{', '.join(draws)}: drawn independently, each has a distribution of its own"
    return replace(statement, inferred=(*statement.inferred, note))


def expectations(term: Term) -> Iterator[Expectation]:
    if isinstance(term, Expectation):
        yield term
    for child in children(term):
        yield from expectations(child)


def trouble(document: Document, statement: Statement, found: Expectation) -> EquationError | None:
    for argument in found.arguments:
        reached = symbols(document, argument)
        random = [info for info in reached if info.distribution is not None]
        said = said_by_others(document)
        unsaid = [info.latex for info in reached if info.name not in said and not is_said(info)]
        if random and not unsaid:
            continue
        span = argument.span or found.span or statement.span
        names = ", ".join(unsaid) if unsaid else span.text
        example = unsaid[0] if unsaid else "x"
        return IllegalEquation(
            f"nothing says whether {names} is random" if unsaid else f"nothing in '{names}' is random",
            span,
            fix=rf"declare a distribution, {example} \sim \mathcal{{N}}(\mu, \sigma^2), or a constant, \in \mathbb{{R}}",
        )
    return None


def is_said(info: SymbolInfo) -> bool:
    """Declared, distributed, or bound by something."""
    return info.distribution is not None or info.declared is not None or info.role != "free"


def said_by_others(document: Document) -> frozenset[str]:
    """The names that are parameters of a law, or held by a bound such as \\sigma > 0."""
    laws = (info.distribution for info in document.symbols.values() if info.distribution is not None)
    parameters = symbols(document, *(term for _, terms in laws for term in terms))
    bounds = (side for c in document.assumptions for side in (c.left, c.right))
    return frozenset((*(info.name for info in parameters), *(side.name for side in bounds if isinstance(side, Symbol))))


def symbols(document: Document, *terms: Term) -> tuple[SymbolInfo, ...]:
    """The symbols that terms depend on, through definitions, each once in the order of first use."""
    entered: set[str] = set()
    found: dict[str, SymbolInfo] = {}
    waiting = list(reversed(terms))
    while waiting:
        term = waiting.pop()
        waiting += reversed(children(term))
        if isinstance(term, Symbol) and term.name in document.symbols:
            found.setdefault(term.name, document.symbols[term.name])
        if isinstance(term, Reference) and term.name in document.definitions and term.name not in entered:
            entered.add(term.name)
            waiting.append(document.definitions[term.name].body)
    return tuple(found.values())
