"""Resolve: replace every inferred size by what it was found to be, and name those that stay open.

Takes: the scope after the last formula and its statements. Gives: the finished Document.
Guarantees: no size in the document starts with `?`; an index whose range nothing determines is an error at its use.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from typing import TypeVar

from eqcompiler.errors import IllegalEquation, Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.languages.terms import Type
from eqcompiler.languages.trees import fields_of, rebuilt
from eqcompiler.reading.scope import Scope
from eqcompiler.reading.written_names import with_written_names

Tree = TypeVar("Tree")


def resolve_document(source: Source, statements: list[Statement], scope: Scope) -> Document:
    name_open_sizes(scope)
    name_open_zeros(scope, statements)
    final = [resolved_statement(scope, statement) for statement in statements]
    symbols = {key: resolved(info, scope) for key, info in scope.symbols.items()}
    recurrences = {key: resolved(recurrence, scope) for key, recurrence in scope.recurrences.items()}
    definitions = {key: resolved(definition, scope) for key, definition in scope.definitions.items()}
    assumptions = tuple(resolved(condition, scope) for condition in scope.assumptions)
    constraints = tuple((scope.sizes.resolve(a), relation, scope.sizes.resolve(b)) for a, relation, b in scope.constraints)
    dimensions = dict(scope.dimensions)
    document = Document(source, tuple(final), symbols, definitions, assumptions, dimensions, constraints, recurrences)
    written = with_written_names(document, scope.steps)
    return replace(written, statements=unique_names(written.statements))


def name_open_sizes(scope: Scope) -> None:
    """theta of unknown size gets the dimension size_theta."""
    for key, info in scope.symbols.items():
        if not isinstance(info.type, Type):
            continue
        for position, size in enumerate(info.type.shape, start=1):
            for name in sorted(scope.sizes.resolve(size).names):
                if name.startswith("?"):
                    own = f"size_{key}" if info.type.rank == 1 else f"size_{key}_{position}"
                    scope.sizes.bound[name] = Dimension.of(own)
                    scope.dimensions.setdefault(own, 1)


def name_open_zeros(scope: Scope, statements: list[Statement]) -> None:
    """As many zeros as nothing says get a dimension: what is proved then is proved for every number of them."""
    for statement in statements:
        for size in sizes_of(statement.payload):
            for name in sorted(scope.sizes.resolve(size).names):
                if name.startswith("?zero_"):
                    own = next(free for free in map("size_0_{}".format, count(1)) if free not in scope.dimensions)
                    scope.sizes.bound[name] = Dimension.of(own)
                    scope.dimensions[own] = 1


def resolved_statement(scope: Scope, statement: Statement) -> Statement:
    payload = resolved(statement.payload, scope)
    open_size = first_open(payload)
    if open_size is not None:
        error = IllegalEquation(
            f"nothing says how large '{open_size}' is" if open_size else "a size here is not determined",
            statement.span,
            fix="declare the sizes or the range of the index",
        )
        return replace(statement, kind="error", payload=None, error=error)
    types = re.sub(r"\?[A-Za-z_0-9]+", lambda found: str(scope.sizes.resolve(Dimension.of(found[0]))), statement.type_text)
    return replace(
        statement, payload=payload, type_text=types, inferred=(*statement.inferred, *inferred_here(scope, statement))
    )


def inferred_here(scope: Scope, statement: Statement) -> tuple[str, ...]:
    """What the statement is the first to use without a declaration, and what it was found to be."""
    if statement.kind in ("declaration", "distribution", "error", "prose"):
        return ()
    why = f"inferred from its first use at line {statement.span.line}"
    return tuple(
        f"{info.name}: {scope.type_of(info.type)}, nothing declares it"
        for info in scope.symbols.values()
        if info.why == why and isinstance(info.type, Type)
    )


def first_open(payload: object) -> str | None:
    """The hint of a size that stayed open in a payload; identity and ones of unknown size that cancel do not count as clash."""
    for dimension in sizes_of(payload):
        for name in sorted(dimension.names):
            if name.startswith("?"):
                return name.strip("?").rstrip("0123456789")
    return None


def sizes_of(tree: object) -> list[Dimension]:
    found: list[Dimension] = []
    pending = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, Dimension):
            found.append(value)
        elif isinstance(value, tuple):
            pending.extend(reversed(value))
        else:
            pending.extend([getattr(value, name) for name in reversed(fields_of(type(value)))])
    return found


def resolved(tree: Tree, scope: Scope) -> Tree:
    """The same data with all sizes resolved. Unchanged subtrees are kept as they are."""
    return rebuilt(tree, lambda part: _resolved_size(part, scope) if isinstance(part, Dimension) else None)


def _resolved_size(size: Dimension, scope: Scope) -> Dimension:
    found = scope.sizes.resolve(size)
    return size if found == size else found


def unique_names(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """A second statement of one name gets a number: J, J-2, J-3. Declarations keep the plain name of what they declare."""
    seen: dict[str, int] = {}
    final = []
    for statement in statements:
        if not statement.name or statement.kind in ("declaration", "distribution"):
            final.append(statement)
            continue
        seen[statement.name] = seen.get(statement.name, 0) + 1
        count = seen[statement.name]
        final.append(statement if count == 1 else replace(statement, name=f"{statement.name}-{count}"))
    return tuple(final)
