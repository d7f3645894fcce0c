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
    reached = [info for found in taken for argument in found.arguments for info in symbols(document, argument)]
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
        reached = tuple(dict.fromkeys(symbols(document, argument)))
        random = [info for info in reached if info.distribution is not None]
        unsaid = [info.latex for info in reached if not is_said(document, info)]
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


def is_said(document: Document, info: SymbolInfo) -> bool:
    """Declared, distributed, bound by something, a parameter of a law, or held by a bound such as \\sigma > 0."""
    laws = (other.distribution for other in document.symbols.values() if other.distribution is not None)
    parameters = {reached.name for _, terms in laws for term in terms for reached in symbols(document, term)}
    bounded = any(
        isinstance(side, Symbol) and side.name == info.name for c in document.assumptions for side in (c.left, c.right)
    )
    return (
        bounded or info.name in parameters or info.distribution is not None or info.declared is not None or info.role != "free"
    )


def symbols(document: Document, term: Term, seen: frozenset[str] = frozenset()) -> Iterator[SymbolInfo]:
    """The symbols that a term depends on, through definitions."""
    if isinstance(term, Symbol) and term.name in document.symbols:
        yield document.symbols[term.name]
    if isinstance(term, Reference) and term.name in document.definitions and term.name not in seen:
        yield from symbols(document, document.definitions[term.name].body, seen | {term.name})
    for child in children(term):
        yield from symbols(document, child, seen)
