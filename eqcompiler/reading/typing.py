"""Typing: all formulas of a file become one typed document.

START HERE. Takes: formulas and the documents that the file includes. Gives: a `Document`.
Guarantees: declarations count wherever they stand; a definition may come after its use; an undeclared name gets the smallest
rank that fits the whole file; one bad formula never hides the others; statements keep the order of the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, EquationError, IllegalEquation, ShapeMismatch, Source, Span
from eqcompiler.languages.notation import Formula, Letter, Node, Scripted
from eqcompiler.languages.statements import Document, Statement
from eqcompiler.languages.terms import Call, Symbol, Term, children
from eqcompiler.reading import parts
from eqcompiler.reading.clauses import Clause, clauses_of
from eqcompiler.reading.derivative_marks import with_derivative_marks
from eqcompiler.reading.differential_marks import varied_names, with_differentials
from eqcompiler.reading.dotted_series import with_dotted_series
from eqcompiler.reading.index_cases import with_index_cases
from eqcompiler.reading.layer_copies import Copies, one_at_a_time
from eqcompiler.reading.listed_members import with_listed_members
from eqcompiler.reading.marks import TriedRank
from eqcompiler.reading.mean_values import with_written_means
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import is_nameless, letter_name, no_name
from eqcompiler.reading.plain_entries import with_bold_entries
from eqcompiler.reading.randomness import with_random_expectations
from eqcompiler.reading.relation_marks import with_plain_relations
from eqcompiler.reading.resolve import resolve_document
from eqcompiler.reading.restricted_ranges import with_restricted_ranges
from eqcompiler.reading.scope import Scope
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.sequences import in_sequence
from eqcompiler.reading.squared_names import with_squared_names
from eqcompiler.reading.steps import Steps, add_families, completed, declare_members
from eqcompiler.reading.survey import Survey, names_in, nodes_of, own_names, survey
from eqcompiler.reading.unknown_functions import differentiated, only_differentiated, used_with

MAXIMUM_ATTEMPTS = 40
GREEK_CAPITALS = frozenset({"Gamma", "Delta"})  # capitals that are scalars as often as not
RANK_WORDS = ("a scalar", "a vector", "a matrix")
HIGHEST_RANK = 2
DECLARING = ("declaration", "distribution", "prose")


def type_document(
    source: Source, formulas: tuple[Formula | EquationError, ...], includes: tuple[Document, ...] = ()
) -> Document:
    """Read errors become statements of kind "error", in their place."""
    formulas = tuple(map(with_names_only, formulas))
    formulas = with_dotted_series(with_index_cases(with_listed_members(with_plain_relations(formulas))))
    formulas = with_derivative_marks(with_differentials(with_restricted_ranges(formulas)))
    formulas, layers, copies = one_at_a_time(with_squared_names(with_bold_entries(formulas)))
    formulas, over_time = in_sequence(formulas)
    read = tuple(f for f in formulas if isinstance(f, Formula))
    seen = with_states(with_last_states(survey(read), (*layers, *over_time)), copies)
    scope = start(seen, includes)
    scope.varied = varied_names(read)
    scope.steps, scope.of_states = (*layers, *over_time), copies.functions
    scope.differentiated, scope.only_differentiated = differentiated(read, copies.arguments), only_differentiated(read)
    failed = declare(scope, read)
    declare_members(scope)
    add_families(scope)
    settled = Settled(scope, read, seen)
    for position in reading_order(read, seen, scope.differentiated):
        if position in failed:
            settled.give_up(position, [error_statement(failed[position])])
        else:
            settled.read(position)
    ready = iter(range(len(read)))
    found = [settled.statements[next(ready)] if isinstance(f, Formula) else [error_statement(f)] for f in formulas]
    statements = [s for own in without_copies(found, copies) for s in own]
    spell(settled.scope, copies)
    document = resolve_document(source, completed(statements, settled.scope), settled.scope)
    return with_written_means(with_random_expectations(document))


def without_copies(found: list[list[Statement]], copies: Copies) -> Iterator[list[Statement]]:
    """The statements of the author; where a copy could not be read, its error is that of the formulas that rest on it."""
    fault = next((s for place in sorted(copies.places) for s in found[place] if s.error is not None), None)
    for place, own in enumerate(found):
        if place not in copies.places:
            yield [fault] if fault is not None and place in copies.users else own


def spell(scope: Scope, copies: Copies) -> None:
    """The names of other layers are printed as the author would write them."""
    for key, latex in copies.latex.items():
        if key in scope.symbols:
            scope.symbols[key] = replace(scope.symbols[key], latex=latex)
        own = scope.current.get(key, "")
        if own in scope.definitions:
            scope.definitions[own] = replace(scope.definitions[own], latex=latex)


def with_last_states(seen: Survey, all_steps: tuple[Steps, ...]) -> Survey:
    """Who uses a last state uses where it starts and every step's formula."""
    uses = []
    for names in seen.uses:
        used = [s for s in all_steps if any(state.last in names for state in s.states)]
        uses.append(names.union(*((state.start, state.here) for s in used for state in s.states)))
    return replace(seen, uses=tuple(uses))


def with_states(seen: Survey, copies: Copies) -> Survey:
    """Who uses a function of a state uses the state, and the loss of which it is a term."""
    own = copies.functions
    more = ({name for key in names & own.keys() for name in own[key][:2]} for names in seen.uses)
    return replace(seen, uses=tuple(names | new for names, new in zip(seen.uses, more, strict=True)))


def start(seen: Survey, includes: tuple[Document, ...]) -> Scope:
    scope = Scope(index_letters=seen.index_letters, indexed_somewhere=seen.indexed, defined_somewhere=frozenset(seen.definers))
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


def declare(scope: Scope, formulas: tuple[Formula, ...]) -> dict[int, EquationError]:
    """All declarations of a stage before the next stage. Gives the formulas that failed, by position."""
    found: dict[int, tuple[Clause, ...]] = {}
    failed: dict[int, EquationError] = {}
    for position, formula in enumerate(formulas):
        try:
            found[position] = clauses_of(formula, scope.defined_somewhere)
            scope.undecided |= {key: c.node.span for c in found[position] if c.role == "open" for key in names_in(c.node)}
        except EquationError as error:
            failed[position] = error
    for stage in parts.DECLARATION_STAGES:
        for position, clauses in found.items():
            if position not in failed:
                try:
                    stage(Reader(scope), formulas[position], clauses)
                except EquationError as error:
                    failed[position] = error
    return failed


def with_names_only(formula: Formula | EquationError) -> Formula | EquationError:
    """The formula, or the error about a word in it that can be no name: who looks over names needs no care."""
    nodes = nodes_of(formula) if isinstance(formula, Formula) else ()
    nameless = next((node for node in nodes if isinstance(node, Letter) and is_nameless(node)), None)
    return formula if nameless is None else no_name(nameless)


def error_statement(error: EquationError) -> Statement:
    if error.span is None:
        raise error
    return Statement("", "error", error.span, " ".join(error.span.text.split()), error=error)


def reading_order(formulas: tuple[Formula, ...], seen: Survey, below: dict[str, tuple[Node, ...]]) -> list[int]:
    """Source order, but a definition comes before the first formula that uses its name."""
    order: list[int] = []
    state: dict[int, str] = {}

    def visit(position: int) -> None:
        if position in state:
            return
        state[position] = "open"
        for name in sorted(seen.uses[position] | used_with(formulas[position], below)):
            definer = seen.definers.get(name)
            if definer is not None:
                visit(definer)
        order.append(position)

    for position in range(len(formulas)):
        visit(position)
    return order


class OtherReading(AmbiguousNotation):
    """Nothing declared decides between two ranks of an undeclared name."""


def other_reading(
    formula: Formula, differing: list[str], one: dict[str, int], other: dict[str, int], scope: Scope
) -> OtherReading:
    """The message shows every name with its two ranks."""
    latex = {key: scope.symbols[key].latex if key in scope.symbols else key for key in differing}
    words = [f"{latex[key]} is {RANK_WORDS[one.get(key, 0)]} or {RANK_WORDS[other[key]]}" for key in differing]
    first = latex[differing[0]]
    what = f"undeclared names have two readings here: {'; '.join(words)}"
    spaces = (r"\mathbb{R}", r"\mathbb{R}^n", r"\mathbb{R}^{m \times n}")
    choices = " or ".join(f"{first} \\in {spaces[ranks[differing[0]]]}" for ranks in (other, one))
    return OtherReading(what, formula.span, fix=f"declare them, for example {choices}")


def has_no_meaning(formula: Formula, name: str, definition: Span) -> EquationError:
    place = place_of(name, formula) or formula.span
    what = f"'{place.text if place is not formula.span else name}' has no meaning here"
    why = f"its definition at line {definition.line} could not be read"
    return IllegalEquation(f"{what}: {why}", place, fix="mend the definition")


def with_undeclared(error: EquationError, names: list[str], formula: Formula) -> EquationError:
    """Shapes that do not fit where nothing declares a name: perhaps it is one of those."""
    places = [text for name in names if (text := as_written(name, formula))]
    if not places or not isinstance(error, ShapeMismatch):
        return error
    words = f"declare {', '.join(places)}: nothing says what {'it is' if len(places) == 1 else 'they are'}"
    fix = f"{error.fix}; or {words}" if error.fix else words
    return ShapeMismatch(error.what, error.span, allowed=error.allowed, fix=fix, also=error.also)


def as_written(name: str, formula: Formula) -> str:
    r"""\mathbf{x}_i where the letter has an index below it, else the name alone."""
    for node in nodes_of(formula):
        match node:
            case Scripted(base=Letter() as base, subscript=Node() as below) if letter_name(base).key == name:
                return base.span.to(below.span).text
    place = place_of(name, formula)
    return place.text if place is not None else ""


def place_of(name: str, formula: Formula) -> Span | None:
    """Where the name stands first."""
    found = (node.span for node in nodes_of(formula) if name in own_names(node))
    return next(found, None)


def occurs(name: str, formula: Formula, within: Span) -> bool:
    nodes = (node for node in nodes_of(formula) if name in own_names(node))
    return any(within.start <= node.span.start and node.span.stop <= within.stop for node in nodes)


def scales_a_tensor(key: str, statements: list[Statement]) -> bool:
    """The scalar multiplies a vector or a matrix somewhere, so that a vector could stand there too."""
    return any(_scales(term, key) for statement in statements for term in terms_of(statement))


def terms_of(statement: Statement) -> list[Term]:
    fields = (getattr(statement.payload, name, None) for name in ("body", "left", "right", "update", "extremum"))
    return [field for field in fields if isinstance(field, Term)]


def _scales(term: Term, key: str) -> bool:
    scaled = isinstance(term, Call) and term.operation == "mul" and term.type.rank
    if scaled and any(isinstance(a, Symbol) and a.name == key for a in children(term)):
        return True
    return any(_scales(child, key) for child in children(term))


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
            statements, scope = self.attempt(before, position)
            missing = self.without_meaning(position) if any(s.kind not in DECLARING for s in statements) else None
            if missing is not None:
                self.give_up(position, [error_statement(missing)])
                return
            self.statements[position], self.scope = statements, scope
            self.history.append((position, before))
        except EquationError as error:
            missing = self.rests_on_lost(position, error)
            if missing is not None:
                self.give_up(position, [error_statement(missing)])
            elif not self.reconsider(position, error):
                self.give_up(position, self.refused(position, error))

    def give_up(self, position: int, statements: list[Statement]) -> None:
        """Errors in the place of a formula, under its name."""
        given = self.formulas[position].label
        self.statements[position] = [replace(s, name=s.name or given) for s in statements]

    def without_meaning(self, position: int) -> EquationError | None:
        """A name whose definition could not be read means nothing: a free number in its place would refute what is true."""
        for name in sorted(self.seen.uses[position] & self.scope.undecided.keys()):
            if name in self.scope.symbols:
                where, latex = self.scope.undecided[name], self.scope.symbols[name].latex
                what = f"not judged: what holds for '{latex}' is not decided, see line {where.line}"
                return IllegalEquation(what, self.formulas[position].span, also=((where, "an assumption or a claim"),))
        lost = self.lost_names(position)
        return has_no_meaning(self.formulas[position], *lost[0]) if lost else None

    def lost_names(self, position: int) -> list[tuple[str, Span]]:
        """The names in a formula whose definition could not be read, with where it stands."""
        found = []
        for name in sorted(self.seen.uses[position]):
            definer = self.seen.definers.get(name, position)
            error = next((s.error for s in self.statements.get(definer, ()) if definer != position), None)
            if error is not None and name not in self.scope.current and not self.declared(name):
                found.append((name, self.formulas[definer].span))
        return found

    def rests_on_lost(self, position: int, error: EquationError) -> EquationError | None:
        """Shapes are wrong where a name is lost, and so is what is said of it; any other fault is one of its own."""
        formula = self.formulas[position]
        for name, where in self.lost_names(position):
            if isinstance(error, ShapeMismatch | OtherReading) or (error.span and occurs(name, formula, error.span)):
                return has_no_meaning(formula, name, where)
        return None

    def declared(self, name: str) -> bool:
        """A name that a declaration gives a meaning has it, whatever becomes of an equation about it."""
        info = self.scope.symbols.get(name)
        return name in self.scope.families or (info is not None and info.declared is not None)

    def refused(self, position: int, error: EquationError) -> list[Statement]:
        """A claim whose shapes cannot fit is still a claim; anything else is the error."""
        final = self.scope.copy()
        final.trying = False
        try:
            statements, _ = parts.statements_of(Sentence(self.formulas[position], Reader(final)))
        except EquationError:
            return [error_statement(error)]
        return statements if any(s.error for s in statements) else [error_statement(error)]

    def attempt(self, before: Scope, position: int) -> tuple[list[Statement], Scope]:
        """Read one formula with the smallest total rank of its new names that fits."""
        first: EquationError | None = None
        undeclared: list[str] = []
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
                self.refuse_other_readings(before, position, choice, queue, trial, statements)
                return statements, trial
            except OtherReading:
                raise
            except EquationError as error:
                if first is None or isinstance(first, TriedRank):
                    first, undeclared = error, [key for key in trial.ranks if key not in before.ranks]
                if isinstance(error, AmbiguousNotation) and not choice:
                    raise
                new = {key: rank for key, rank in trial.ranks.items() if key not in before.ranks}
                for key, rank in new.items():
                    raised = tuple(sorted({**new, key: rank + 1}.items()))
                    if rank < HIGHEST_RANK and raised not in seen:
                        seen.add(raised)
                        queue.append(dict(raised))
                queue.sort(key=lambda c: (sum(c.values()), tuple(sorted(c.items()))))
        if first is None:
            raise IllegalEquation("nothing was read", self.formulas[position].span)
        raise with_undeclared(first, undeclared, self.formulas[position])

    def refuse_other_readings(
        self,
        before: Scope,
        position: int,
        choice: dict[str, int],
        queue: list[dict[str, int]],
        found: Scope,
        statements: list[Statement],
    ) -> None:
        """Another reading of the same total rank, or a vector where a scalar now multiplies a tensor: the author decides."""
        total = sum(choice.values())
        new = {key: rank for key, rank in found.ranks.items() if key not in before.ranks}
        others = [other for other in queue if choice and sum(other.values()) == total]
        scaling = [key for key, rank in new.items() if not rank and scales_a_tensor(key, statements)]
        others += [{**new, key: 1} for key in scaling]
        others += [{**new, key: 2} for key in scaling if key[0].isupper() and key not in GREEK_CAPITALS]
        for other in others:
            trial = before.copy()
            trial.ranks.update(other)
            try:
                parts.statements_of(Sentence(self.formulas[position], Reader(trial)))
            except EquationError:
                continue
            differing = sorted(key for key in other if other[key] != new.get(key))
            if differing:
                raise other_reading(self.formulas[position], differing, new, other, found)

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
