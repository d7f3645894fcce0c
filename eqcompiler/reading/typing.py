"""Typing: all formulas of a file become one typed document.

START HERE. Takes: formulas and the documents that the file includes. Gives: a `Document`.
Guarantees: declarations count wherever they stand; a definition may come after its use; an undeclared name gets the smallest
rank that fits the whole file; one bad formula never hides the others; statements keep the order of the source.
"""

from __future__ import annotations

from eqcompiler.errors import AmbiguousNotation, EquationError, IllegalEquation, Source
from eqcompiler.languages.notation import Formula
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.reading import parts
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.resolve import resolve_document
from eqcompiler.reading.scope import Scope
from eqcompiler.reading.statements import Sentence
from eqcompiler.reading.survey import Survey, survey

MAXIMUM_ATTEMPTS = 40
HIGHEST_RANK = 2


def type_document(
    source: Source, formulas: tuple[Formula | EquationError, ...], includes: tuple[Document, ...] = ()
) -> Document:
    """Read errors become statements of kind "error", in their place."""
    read = tuple(f for f in formulas if isinstance(f, Formula))
    seen = survey(read)
    scope = start(seen, includes)
    failed: dict[int, EquationError] = {}
    for stage in parts.DECLARATION_STAGES:
        for position, formula in enumerate(read):
            if position not in failed:
                declare(stage, scope, formula, position, failed)
    settled = Settled(scope, read, seen)
    for position in reading_order(read, seen):
        if position in failed:
            settled.statements[position] = [error_statement(failed[position])]
        else:
            settled.read(position)
    statements: list[Statement] = []
    ready = iter(range(len(read)))
    for item in formulas:
        statements += settled.statements[next(ready)] if isinstance(item, Formula) else [error_statement(item)]
    return resolve_document(source, statements, settled.scope)


def start(seen: Survey, includes: tuple[Document, ...]) -> Scope:
    scope = Scope(index_letters=seen.index_letters, defined_somewhere=frozenset(seen.definers))
    for document in includes:
        scope.symbols.update(document.symbols)
        scope.definitions.update(document.definitions)
        scope.current.update({name: name for name in document.definitions})
        scope.dimensions.update(document.dimensions)
        scope.assumptions += document.assumptions
        scope.constraints += document.constraints
    for name in sorted(seen.dimensions):
        scope.dimensions.setdefault(name, 1)
    return scope


def declare(stage: parts.Stage, scope: Scope, formula: Formula, position: int, failed: dict[int, EquationError]) -> None:
    try:
        stage(Reader(scope), formula)
    except EquationError as error:
        failed[position] = error


def error_statement(error: EquationError) -> Statement:
    if error.span is None:
        raise error
    return Statement("", "error", error.span, " ".join(error.span.text.split()), error=error)


def reading_order(formulas: tuple[Formula, ...], seen: Survey) -> list[int]:
    """Source order, but a definition comes before the first formula that uses its name."""
    order: list[int] = []
    state: dict[int, str] = {}

    def visit(position: int) -> None:
        if position in state:
            return
        state[position] = "open"
        for name in sorted(seen.uses[position]):
            definer = seen.definers.get(name)
            if definer is not None and definer > position:
                visit(definer)
        order.append(position)

    for position in range(len(formulas)):
        visit(position)
    return order


class Settled:
    """The scope as it stands after the formulas read so far, with the way back for inferred ranks.

    An undeclared name starts as a scalar. When a formula then does not fit, the ranks of the names that it brought in are
    raised one by one; when that does not help either, those of names that earlier formulas brought in, which are read again.
    """

    def __init__(self, scope: Scope, formulas: tuple[Formula, ...], seen: Survey) -> None:
        self.scope = scope
        self.formulas = formulas
        self.seen = seen
        self.history: list[tuple[int, Scope]] = []
        self.statements: dict[int, list[Statement]] = {}

    def read(self, position: int) -> None:
        """Read one formula; what cannot be read becomes an error in its place."""
        before = self.scope
        try:
            self.statements[position], self.scope = self.attempt(before, position)
            self.history.append((position, before))
        except EquationError as error:
            if not self.reconsider(position, error):
                self.statements[position] = self.refused(position, error)

    def refused(self, position: int, error: EquationError) -> list[Statement]:
        """A claim whose shapes cannot fit is still a claim; anything else is the error."""
        final = self.scope.copy()
        final.trying = False
        try:
            statements, _ = parts.statements_of(Sentence(self.formulas[position], Reader(final)))
        except EquationError:
            return [error_statement(error)]
        return statements

    def attempt(self, before: Scope, position: int) -> tuple[list[Statement], Scope]:
        """Read one formula with the smallest total rank of its new names that fits."""
        first: EquationError | None = None
        queue: list[dict[str, int]] = [{}]
        seen: set[tuple[tuple[str, int], ...]] = set()
        for _ in range(MAXIMUM_ATTEMPTS):
            if not queue:
                break
            choice = queue.pop(0)
            trial = before.copy()
            trial.ranks.update(choice)
            try:
                statements, _ = parts.statements_of(Sentence(self.formulas[position], Reader(trial)))
                return statements, trial
            except EquationError as error:
                first = first or error
                if isinstance(error, AmbiguousNotation) and not choice:
                    raise
                new = {key: rank for key, rank in trial.ranks.items() if key not in before.ranks}
                for key, rank in new.items():
                    raised = tuple(sorted({**new, key: rank + 1}.items()))
                    if rank < HIGHEST_RANK and raised not in seen:
                        seen.add(raised)
                        queue.append(dict(raised))
                queue.sort(key=lambda c: (sum(c.values()), tuple(sorted(c.items()))))
        raise first if first else IllegalEquation("nothing was read", self.formulas[position].span)

    def reconsider(self, position: int, error: EquationError) -> bool:
        """Raise the rank of one name that an earlier formula inferred, if then everything so far fits."""
        if isinstance(error, AmbiguousNotation):
            return False
        for key in [key for key in self.scope.ranks if key in self.seen.uses[position]]:
            for start, (_, before) in enumerate(self.history):
                if key in before.ranks or not self.introduced(key, start):
                    continue
                for rank in range(self.scope.ranks[key] + 1, HIGHEST_RANK + 1):
                    if self.replay(start, {key: rank}, position):
                        return True
        return False

    def introduced(self, key: str, start: int) -> bool:
        after = self.history[start + 1][1] if start + 1 < len(self.history) else self.scope
        return key in after.ranks

    def replay(self, start: int, choice: dict[str, int], position: int) -> bool:
        """Read the formulas from `start` on again with the chosen ranks; keep the outcome if all of them fit."""
        scope = self.history[start][1].copy()
        scope.ranks.update(choice)
        history, statements = self.history[:start], dict(self.statements)
        for again in [p for p, _ in self.history[start:]] + [position]:
            history.append((again, scope))
            try:
                statements[again], scope = self.attempt(scope, again)
            except EquationError:
                return False
        self.history, self.scope, self.statements = history, scope, statements
        return True
