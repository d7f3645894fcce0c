r"""Statements of one formula: definitions, claims, objectives, recurrences, in the order of its parts.

Takes: a formula whose declarations are in the scope already. Gives: typed statements.
Guarantees: a left side that is new is defined; one that is known is claimed; every further `=` is a claim of its own about the
two expressions beside it. A claim whose shapes do not fit stays a statement, with the error.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from eqcompiler.errors import EquationError, IllegalEquation, NotSupportedYet, ShapeMismatch, Span
from eqcompiler.languages.notation import (
    Addition,
    Empty,
    Fence,
    Formula,
    Juxtaposed,
    Large,
    Leibniz,
    Letter,
    Listing,
    Nabla,
    Node,
    Numeral,
    Relation,
    Scripted,
    Words,
)
from eqcompiler.languages.statements import Claim, Definition, Kind, Objective, Recurrence, Statement, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    Binder,
    Comprehension,
    Condition,
    Extremum,
    FunctionType,
    Index,
    Reference,
    Size,
    Symbol,
    Term,
    Type,
)
from eqcompiler.reading import calls, shapes
from eqcompiler.reading.free_indices import free_indices
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import Name, index_letters, is_star, label_name, labelled, letter_name, name_of
from eqcompiler.reading.scope import IndexRange
from eqcompiler.reading.survey import names_in, walk


@dataclass(slots=True)
class Sentence:
    """One formula while it is read: its directives, the assumptions attached to it and what came out."""

    formula: Formula
    reader: Reader
    attached: list[Condition] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def directive(self, key: str) -> str | None:
        return next((value for name, value, _ in self.formula.directives if name == key), None)

    def add(self, name: str, kind: Kind, span: Span, **rest: object) -> None:
        given = self.directive("name") or self.formula.label
        known = bool(self.statements) or not given
        statement = Statement(name if known else given, kind, span, latex_of(span), **rest)  # type: ignore[arg-type]
        if kind.startswith("claim") or kind == "objective":
            statement = replace(statement, expect=self.directive("expect") or "")
        self.statements.append(statement)


def latex_of(span: Span) -> str:
    return " ".join(span.text.split())


def relate(sentence: Sentence, node: Relation) -> None:
    """A chain of = (or one of := and <-): the first may define, each further one claims."""
    if node.operators[0] in (":=", "<-"):
        update(sentence, node)
        return
    step = iteration(node)
    if step is not None:
        recurrence(sentence, node, *step)
        return
    sides = list(node.sides)
    if define(sentence, node, sides[0], sides[1]):
        sides = sides[1:]
    for left, right in zip(sides[:-1], sides[1:], strict=True):
        claim(sentence, left, right)


def define(sentence: Sentence, node: Relation, left: Node, right: Node) -> bool:
    """Define the left side if it is new; False when it is known, so that the relation is a claim."""
    reader, scope = sentence.reader, sentence.reader.scope
    fresh = sentence.directive("define") is not None and not sentence.statements
    span = left.span.to(right.span)
    match left:
        case Juxtaposed(factors=(head, Fence(opening=opening, body=body))) if opening in calls.ROUND:
            name = None if isinstance(head, Scripted) and head.primes else name_of(head)
            formals = calls.argument_nodes(body)
            if name is None or not all(name_of(f) for f in formals):
                return False
            if not fresh and (name.key in scope.current or (scope.known(name.key) and not scope.is_function(name.key))):
                return False
            define_function(sentence, name, formals, right, span)
            return True
        case Juxtaposed(factors=(head, Scripted(base=Fence(opening=opening, body=body), subscript=below, superscript=None))):
            name = name_of(head)
            formals = calls.argument_nodes(body)
            letters = tuple(n for n in index_letters(below) if isinstance(n, Letter))
            if opening not in calls.ROUND or name is None or not letters or not all(name_of(f) for f in formals):
                return False
            if not fresh and scope.known(name.key):
                return False
            define_function(sentence, name, formals, right, span, letters)
            return True
    indexed = indexed_left(reader, left)
    if indexed is not None:
        name, indices = indexed
        if (name.key in scope.current and not fresh) or name.key in scope.families:
            return False
        define_components(sentence, name, indices, right, span)
        return True
    name = name_of(left)
    if name is None or (name.key in scope.current and not fresh) or name.key in scope.dimensions:
        return False
    if name.key in scope.symbols and name.key in names_in(right):
        return False
    if name.key in scope.symbols and isinstance(scope.symbols[name.key].type, FunctionType):
        return False
    if name.key in scope.symbols and name.key in scope.used:
        return False
    keep(sentence, name, (), (), fitted(reader, name, reader.term(right), span), span)
    return True


def fitted(reader: Reader, name: Name, body: Term, span: Span) -> Term:
    """The body agrees with the declared type of the name, if there is one."""
    info = reader.scope.symbols.get(name.key)
    if info is None or not isinstance(info.type, Type) or name.key in reader.scope.current:
        return body
    body = shapes.fit(body, info.type)
    fits = body.type.rank == info.type.rank and all(
        reader.scope.sizes.unify(a, b) for a, b in zip(body.type.shape, info.type.shape, strict=True)
    )
    if not fits:
        declared, found = reader.scope.type_of(info.type), reader.scope.type_of(body.type)
        also = ((info.declared, f"declared here as {declared}"),) if info.declared else ()
        raise ShapeMismatch(f"'{name.latex}' is {declared}, its right side is {found}", span, also=also)
    return body


def define_function(
    sentence: Sentence, name: Name, formals: tuple[Node, ...], right: Node, span: Span, letters: tuple[Letter, ...] = ()
) -> None:
    """f(x) = right, or with index letters f(x)_i = right."""
    reader, scope = sentence.reader, sentence.reader.scope
    declared = scope.symbols.get(name.key)
    types: tuple[Type, ...] | None = declared.type.parameters if declared and isinstance(declared.type, FunctionType) else None
    if types is not None and len(types) != len(formals):
        raise IllegalEquation(f"'{name.latex}' is declared with {len(types)} arguments, here {len(formals)}", span)
    infos = {}
    for position, node in enumerate(formals):
        formal = name_of(node)
        if formal is None:
            raise IllegalEquation("an argument of a definition must be a name", node.span)
        infos[formal.key] = formal_info(reader, formal, node, types[position] if types else None)
    with scope.binding(**infos):
        body = by_components(reader, letters, right, span) if letters else reader.term(right)
        if declared and isinstance(declared.type, FunctionType):
            check_result(reader, name, body, declared, span)
    keys = tuple(info.name for info in infos.values())
    keep(sentence, name, keys, tuple(scope.type_of(info.type) for info in infos.values()), body, span)  # type: ignore[arg-type]


def check_result(reader: Reader, name: Name, body: Term, declared: SymbolInfo, span: Span) -> None:
    wanted = declared.type.result if isinstance(declared.type, FunctionType) else None
    if wanted is None:
        return
    same = wanted.rank == body.type.rank and all(
        reader.scope.sizes.unify(a, b) for a, b in zip(wanted.shape, body.type.shape, strict=True)
    )
    if not same:
        also = ((declared.declared, f"declared here to give {reader.scope.type_of(wanted)}"),) if declared.declared else ()
        found = reader.scope.type_of(body.type)
        raise ShapeMismatch(f"'{name.latex}' gives {reader.scope.type_of(wanted)}, its right side is {found}", span, also=also)


def formal_info(reader: Reader, formal: Name, node: Node, declared: Type | None) -> SymbolInfo:
    """A formal is the symbol of the same name when the types agree, else a name of its own."""
    scope = reader.scope
    known = scope.symbols.get(formal.key)
    if known is not None and isinstance(known.type, Type) and formal.key not in scope.families:
        same = declared is None or (
            declared.rank == known.type.rank
            and all(scope.sizes.unify(a, b) for a, b in zip(declared.shape, known.type.shape, strict=True))
        )
        if same and formal.key not in scope.defined_somewhere:
            return known
    own = formal.key
    if known is not None or formal.key in scope.defined_somewhere:
        own = f"{formal.key}_arg"
        while own in scope.symbols and declared is not None and scope.symbols[own].type != declared:
            own += "_"
    if own in scope.symbols and isinstance(scope.symbols[own].type, Type) and declared is None:
        return scope.symbols[own]
    type_ = declared
    if type_ is None and formal.key in scope.families:
        array = scope.symbols[scope.families[formal.key]].type
        type_ = Type(scope.type_of(array).shape[1:]) if isinstance(array, Type) else None
    if type_ is None:
        rank = scope.ranks.setdefault(own, 0)
        type_ = Type(tuple(scope.sizes.new(own) for _ in range(rank)))
    why = f"argument of the definition at line {node.span.line}"
    info = SymbolInfo(own, formal.latex, type_, "formal", node.span, why)
    scope.symbols[own] = info
    return info


def indexed_left(reader: Reader, left: Node) -> tuple[Name, tuple[Letter, ...]] | None:
    """p_k, P_{ik}, \\hat{y}^{(i)} with plain index letters: a definition by components."""
    if not (isinstance(left, Scripted) and isinstance(left.base, Letter)) or left.primes:
        return None
    scope, name = reader.scope, letter_name(left.base)
    nodes = index_letters(left.subscript)
    if isinstance(left.superscript, Fence):
        nodes = (*index_letters(left.superscript), *nodes)
    elif is_star(left.superscript):
        starred = labelled(name, None, left.superscript)
        if starred is None:
            return None
        name = starred
    elif left.superscript is not None:
        return None
    letters = tuple(node for node in nodes if isinstance(node, Letter))
    keys = {letter_name(letter).key for letter in letters}
    if not letters or len(letters) != len(nodes) or len(keys) != len(letters):
        return None
    if not all(key in scope.index_letters or key in scope.indices for key in keys):
        return None
    label = labelled(letter_name(left.base), left.subscript, None) if label_name_of(left.subscript) else None
    if label is not None and scope.known(label.key):
        return None
    if scope.known(name.key) and name.key not in scope.current and not unset_tensor(reader, name):
        return None
    return name, letters


def label_name_of(node: Node | None) -> Name | None:
    return label_name(node) if node is not None else None


def unset_tensor(reader: Reader, name: Name) -> bool:
    """Declared in R^n but neither defined nor used yet: its components may be defined."""
    info = reader.scope.symbols.get(name.key)
    return info is not None and isinstance(info.type, Type) and info.type.rank > 0 and name.key not in reader.scope.used


def define_components(sentence: Sentence, name: Name, letters: tuple[Letter, ...], right: Node, span: Span) -> None:
    reader = sentence.reader
    term = fitted(reader, name, by_components(reader, letters, right, span), span)
    keep(sentence, name, (), (), term, span)
    reader.scope.families.setdefault(name.key, name.key)


def by_components(reader: Reader, letters: tuple[Letter, ...], right: Node, span: Span) -> Term:
    """The tensor whose entry at the letters is the right side."""
    scope = reader.scope
    keys = [letter_name(letter).key for letter in letters]
    ranges = {}
    for key, letter in zip(keys, letters, strict=True):
        declared = scope.indices.get(key)
        ranges[key] = declared or IndexRange(shapes.number(1), Size(INTEGER, scope.sizes.new(key)), letter.span)
    with scope.ranging(ranges):
        body = reader.term(right)
        binders = tuple(scope.binder(key) for key in keys)
        extents = tuple(scope.extent(key) for key in keys)
    if any(extent is None for extent in extents):
        raise NotSupportedYet("components defined over a partial range are not implemented", span)
    shape = tuple(extent for extent in extents if extent is not None) + body.type.shape
    return Comprehension(Type(shape), binders, body, span=right.span)


def keep(sentence: Sentence, name: Name, formals: tuple[str, ...], types: tuple[Type, ...], body: Term, span: Span) -> None:
    """Enter the definition under a key that no other meaning has."""
    scope = sentence.reader.scope
    key, count = name.key, 1
    while key in scope.definitions:
        count += 1
        key = f"{name.key}_{count}"
    definition = Definition(key, name.latex, formals, body, span, types)
    scope.definitions[key] = definition
    scope.current[name.key] = key
    if isinstance(body, Extremum) and body.sense in ("argmin", "argmax"):
        sentence.add(key, "objective", span, payload=Objective(key, body), type_text=str(scope.type_of(body.type)))
    else:
        sentence.add(key, "definition", span, payload=definition, type_text=type_text(sentence, definition))


def type_text(sentence: Sentence, definition: Definition) -> str:
    result = sentence.reader.scope.type_of(definition.body.type)
    if not definition.formals:
        return str(result)
    return str(FunctionType(tuple(sentence.reader.scope.type_of(t) for t in definition.formal_types), result))


def claim(sentence: Sentence, left: Node, right: Node) -> None:
    """left = right, for all values and all free indices."""
    reader, scope = sentence.reader, sentence.reader.scope
    span = left.span.to(right.span)
    saved = dict(scope.indices)
    name, kind = claim_name(left), claim_kind(reader, left)
    try:
        with scope.binding(**own_arguments(reader, left)):
            a, b = reader.term(left), reader.term(right)
        a, b = shapes.fit(a, b.type), shapes.fit(b, a.type)
        if not shapes.same_shape(a, b, scope) or (a.type.rank == 1 and a.type.row != b.type.row):
            words = f"the two sides differ in shape: {shapes.shape_words(a, scope)} and {shapes.shape_words(b, scope)}"
            fix = "transpose one side; a gradient has the shape of its variable" if a.type.rank == b.type.rank else ""
            raise shapes.clash(words, a, b, span, scope, fix)
        if isinstance(a, Reference) and a.name in scope.definitions and isinstance(scope.definitions[a.name].body, Extremum):
            kind = "claim: minimiser"
        free = tuple(Binder(key, scope.indices[key].lower, scope.indices[key].upper) for key in free_indices(a, b))
        payload = Claim(a, b, free, tuple(sentence.attached))
        sentence.add(name, kind, span, payload=payload, type_text=str(scope.type_of(a.type)))
    except ShapeMismatch as error:
        if "claim" not in kind or scope.trying:
            raise
        sentence.add(name, kind, span, error=error)
    finally:
        scope.indices = saved


def own_arguments(reader: Reader, left: Node) -> dict[str, SymbolInfo]:
    """In h(x) = e about a known h, an x that means nothing else (or samples x^{(i)}) is h's own argument."""
    scope = reader.scope
    match left:
        case Juxtaposed(factors=(head, Fence(opening=opening, body=body))) if opening in calls.ROUND:
            name = name_of(head)
            definition = scope.definitions.get(scope.current.get(name.key, "")) if name else None
            nodes = calls.argument_nodes(body)
            if definition is None or len(nodes) != len(definition.formals):
                return {}
            pairs = [(name_of(node), formal) for node, formal in zip(nodes, definition.formals, strict=True)]
            return {
                argument.key: scope.symbols[formal]
                for argument, formal in pairs
                if argument is not None and (argument.key in scope.families or not scope.known(argument.key))
            }
    return {}


def claim_kind(reader: Reader, left: Node) -> Kind:
    node = left
    while isinstance(node, Scripted | Fence) and not (isinstance(node, Scripted) and node.primes):
        node = node.base if isinstance(node, Scripted) else node.body
    if isinstance(node, Juxtaposed):
        node = node.factors[0]
    if isinstance(node, Nabla | Leibniz) or (isinstance(node, Scripted) and node.primes):
        return "claim: derivative"
    if isinstance(node, Large) and node.operator == "lim" and any(is_sequence(n) for n in walk(node.body)):
        return "claim: limit"
    return "claim: equality"


def is_sequence(node: Node) -> bool:
    return isinstance(node, Scripted) and isinstance(node.subscript, Letter) and node.subscript.text == "t"


def claim_name(left: Node) -> str:
    """A name from the left side: J, grad_J, dJ_dtheta, or `claim` for an expression."""
    match left:
        case Juxtaposed(factors=(head, Fence())):
            return claim_name(head)
        case Nabla(argument=inner, order=order):
            return ("grad_" if order == 1 else "hess_") + claim_name(inner)
        case Leibniz(argument=inner, variables=variables):
            below = "_".join(f"d{claim_name(v)}" for v, _ in variables)
            return f"d{claim_name(inner)}_{below}"
    if isinstance(left, Scripted) and name_of(left) is None:
        return claim_name(left.base)
    name = name_of(left)
    return name.key if name else "claim"


def update(sentence: Sentence, node: Relation) -> None:
    r"""\theta := \theta - ...: a recurrence when the right side contains the left, a definition otherwise."""
    reader, scope = sentence.reader, sentence.reader.scope
    left, right = node.sides[0], node.sides[1]
    name = name_of(left)
    if len(node.sides) != 2:
        raise NotSupportedYet("a chain behind an update is not read", node.span)
    if name is None or name.key not in names_in(right):
        if not define(sentence, node, left, right):
            raise IllegalEquation(
                f"'{left.span.text}' is known already; := defines", node.span, fix="write = to claim equality"
            )
        return
    term = reader.term(right)
    add_recurrence(sentence, name, term, "", node.span)


def add_recurrence(sentence: Sentence, name: Name, term: Term, index: str, span: Span) -> None:
    scope = sentence.reader.scope
    info = scope.symbols.get(name.key)
    if info is None or not isinstance(info.type, Type):
        raise IllegalEquation(f"the state '{name.latex}' has no value to start from", span, fix=f"declare {name.latex}")
    state = Symbol(scope.type_of(info.type), name.key)
    if not shapes.same_shape(state, term, scope):
        raise shapes.clash(f"the update of '{name.latex}' has another shape", state, term, span, scope)
    sentence.add(
        name.key, "recurrence", span, payload=Recurrence(name.key, term, index), type_text=str(scope.type_of(info.type))
    )


def iteration(node: Relation) -> tuple[Name, Name, Name, str] | None:
    r"""\theta_{t+1} = ... \theta_t ...: the state, its names now and next, and the step's name."""
    left = node.sides[0]
    if node.operators != ("=",) or not (isinstance(left, Scripted) and isinstance(left.base, Letter)):
        return None
    script = left.subscript if left.superscript is None else left.superscript if left.subscript is None else None
    inner = script.body if isinstance(script, Fence) else script
    match inner:
        case Addition(terms=(("+", Letter() as letter), ("+", Numeral(digits="1")))):
            base, step = letter_name(left.base), letter_name(letter)
            now = Name(f"{base.key}_{step.key}", f"{base.latex}_{step.latex}")
            used = {sequence_key(n) for n in walk(node.sides[1])}
            return (base, now, step, step.key) if now.key in used else None
    return None


def sequence_key(node: Node) -> str | None:
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter)):
        return None
    script = node.superscript if isinstance(node.superscript, Fence) else node.subscript
    name = labelled(letter_name(node.base), script, None) if script is not None else None
    return name.key if name else None


def recurrence(sentence: Sentence, node: Relation, base: Name, now: Name, step: Name, index: str) -> None:
    reader, scope = sentence.reader, sentence.reader.scope
    if base.key not in scope.symbols:
        reader.inferred_symbol(base, node.sides[0].span)
    info = replace(scope.symbols[base.key], latex=now.latex)
    with scope.binding(**{now.key: info}):
        term = reader.term(node.sides[1])
    add_recurrence(sentence, base, term, index, node.span)


def is_prose(formula: Formula) -> bool:
    """Only words and operators: listed, never compiled."""
    meaningful = [n for part in formula.parts for n in walk(part) if isinstance(n, Letter | Numeral | Words)]
    return bool(meaningful) and all(isinstance(n, Words) or (isinstance(n, Letter) and n.kind == "word") for n in meaningful)


def nothing_stated(formula: Formula) -> EquationError:
    return IllegalEquation(
        "this display states nothing: it has no relation",
        formula.span,
        allowed="a declaration, a definition, a claim, an objective or an update",
        fix="add the missing side, make it inline, or put `%! skip: reason` before it",
    )


__all__ = ["Empty", "Index", "Listing", "Sentence", "claim", "define", "is_prose", "nothing_stated", "relate"]
