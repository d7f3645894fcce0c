r"""Definitions: s = e, f(x) = e, p_k = e with indices, softmax(z)_i = e.

Takes: the two sides of a relation. Gives: a definition in the scope, or False when the left side is known already.
Guarantees: the body agrees with what is declared about the name; a formal parameter is the symbol of that name when the types
agree, and a name of its own otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import EquationError, IllegalEquation, NotSupportedYet, ShapeMismatch, Span
from eqcompiler.languages.notation import (
    Fence,
    Juxtaposed,
    Letter,
    Listing,
    Node,
    Numeral,
    Scripted,
)
from eqcompiler.languages.statements import Definition, Objective, SymbolInfo
from eqcompiler.languages.terms import (
    INTEGER,
    Comprehension,
    Extremum,
    FunctionType,
    Size,
    Symbol,
    Term,
    Type,
)
from eqcompiler.languages.trees import parts
from eqcompiler.reading import calls, densities, shapes, steps
from eqcompiler.reading.indices import admit_letters
from eqcompiler.reading.meaning import Reader
from eqcompiler.reading.names import Name, index_letters, is_star, label_name, labelled, letter_name, name_of
from eqcompiler.reading.scope import IndexRange, Scope
from eqcompiler.reading.scripts import known_rank
from eqcompiler.reading.sentence import Sentence
from eqcompiler.reading.survey import names_in, walk


def define(sentence: Sentence, left: Node, right: Node) -> bool:
    """Define the left side if it is new; False when it is known, so that the relation is a claim."""
    if derivative_of_known(sentence.reader, left):
        return False
    fresh = sentence.directive("define") is not None and not sentence.statements
    span = left.span.to(right.span)
    match left:
        case Juxtaposed(factors=(head, Fence(opening=opening, body=body))) if opening in calls.ROUND:
            return _define_call(sentence, head, body, right, span, fresh)
        case Juxtaposed(factors=(head, Scripted(base=Fence(opening=opening, body=body), subscript=below, superscript=None))):
            if opening not in calls.ROUND:
                return False
            return _define_entries_of_call(sentence, head, (body, below), right, span, fresh)
    indexed = indexed_left(sentence.reader, left)
    if indexed is not None:
        name, indices = indexed
        scope = sentence.reader.scope
        own = name.key in scope.symbols and name.key in names_in(right)  # x_i = \sum_j x_j says nothing new of x
        if (name.key in scope.current and not fresh) or name.key in scope.families or own:
            return False
        define_components(sentence, name, indices, right, span)
        return True
    if is_diagonal_entry(sentence.reader, left):
        return False
    if not fresh and is_entry_of_declared(sentence.reader, left, right):
        return False
    return _define_name(sentence, name_of(left), right, span, fresh)


def _define_call(sentence: Sentence, head: Node, body: Node, right: Node, span: Span, fresh: bool) -> bool:
    """f(x) = right."""
    scope = sentence.reader.scope
    name = None if isinstance(head, Scripted) and head.primes else name_of(head)
    formals = calls.argument_nodes(body)
    if name is None or not all(name_of(f) for f in formals):
        return False
    if not fresh and (name.key in scope.current or (scope.known(name.key) and not scope.is_function(name.key))):
        return False
    define_function(sentence, name, formals, right, span)
    densities.oblige(sentence, head, body)
    return True


def _define_entries_of_call(
    sentence: Sentence, head: Node, scripted: tuple[Node, Node | None], right: Node, span: Span, fresh: bool
) -> bool:
    """f(x)_i = right. scripted: the argument and the subscript."""
    body, below = scripted
    name = name_of(head)
    formals = calls.argument_nodes(body)
    letters = tuple(n for n in index_letters(below) if isinstance(n, Letter))
    if name is None or not letters or not all(name_of(f) for f in formals):
        return False
    if not fresh and sentence.reader.scope.known(name.key):
        return False
    define_function(sentence, name, formals, right, span, letters)
    return True


def _define_name(sentence: Sentence, name: Name | None, right: Node, span: Span, fresh: bool) -> bool:
    """s = right."""
    if name is None or _is_taken(sentence.reader.scope, name, right, fresh):
        return False
    if not fresh and is_value(right) and _is_constrained(sentence, name):
        return False
    reader = sentence.reader
    keep(sentence, name, (), (), fitted(reader, name, reader.term(right), span), span)
    return True


def _is_taken(scope: Scope, name: Name, right: Node, fresh: bool) -> bool:
    """Whether the name means something already, so that an equation about it is a claim."""
    if steps.is_last(scope, name.key) or name.key in scope.dimensions or (name.key in scope.current and not fresh):
        return True
    info = scope.symbols.get(name.key)
    return info is not None and (name.key in names_in(right) or isinstance(info.type, FunctionType) or name.key in scope.used)


def is_entry_of_declared(reader: Reader, left: Node, right: Node) -> bool:
    r"""x_1 = 0, A_{12} = b about a declared x or A, whose first index is 1; \theta_1 = \theta_0 - g is another vector."""
    if not (isinstance(left, Scripted) and isinstance(left.base, Letter)) or left.superscript is not None or left.primes:
        return False
    info = reader.scope.symbols.get(letter_name(left.base).key)
    label = labelled(letter_name(left.base), left.subscript, None)
    if info is None or not isinstance(info.type, Type) or (label is not None and reader.scope.known(label.key)):
        return False
    places = positions(left.subscript)
    return len(places) == info.type.rank > 0 and "0" not in places and reader.term(right).type.rank == 0


def is_diagonal_entry(reader: Reader, left: Node) -> bool:
    """A_{ii} with an index i, of a matrix that means something already; S_{xx} is a name."""
    if not (isinstance(left, Scripted) and isinstance(left.base, Letter)) or left.superscript is not None or left.primes:
        return False
    scope, letters = reader.scope, index_letters(left.subscript)
    keys = {letter_name(letter).key for letter in letters if isinstance(letter, Letter)}
    if len(letters) < 2 or len(keys) != 1 or not all(key in scope.index_letters or key in scope.indices for key in keys):
        return False
    if not scope.known(letter_name(left.base).key):
        what = f"entries on the diagonal alone do not define '{letter_name(left.base).latex}'"
        raise NotSupportedYet(what, left.span, fix="define all entries, or give the diagonal a name with one index: h_i = ...")
    return True


def positions(below: Node | None) -> tuple[str, ...]:
    """The digits of 1, of 12 and of 1, 2; () for anything but whole numbers."""
    items = below.items if isinstance(below, Listing) else (below,)
    if len(items) == 1 and isinstance(items[0], Numeral):
        return tuple(items[0].digits) if items[0].digits.isdigit() else ()
    return tuple(item.digits for item in items if isinstance(item, Numeral) and item.digits.isdigit())


def is_value(right: Node) -> bool:
    r"""A number, or made of numbers: \frac{355}{113}."""
    return not any(isinstance(node, Letter) for node in walk(right))


def _is_constrained(sentence: Sentence, name: Name) -> bool:
    r"""\pi = 3 is about a number that everybody knows; at the end of a file t = 1 about t \in \{-1, 1\} is a result."""
    scope = sentence.reader.scope
    if name.key == "pi":
        return not scope.known("pi")
    symbols = (part for part in parts(tuple(scope.assumptions)) if isinstance(part, Symbol))
    return sentence.formula.concluded and any(symbol.name == name.key for symbol in symbols)


def derivative_of_known(reader: Reader, left: Node) -> bool:
    """f' with a known function f is a derivative to be claimed; \\theta' beside a vector \\theta is a new name."""
    if not (isinstance(left, Scripted) and left.primes and isinstance(left.base, Letter)):
        return False
    mark = left.superscript if is_star(left.superscript) else None
    base = labelled(letter_name(left.base), left.subscript, mark)
    known = reader.scope.symbols.get(base.key) if base is not None and base.key not in reader.scope.current else None
    tensor = known is not None and isinstance(known.type, Type) and known.type.rank > 0
    return base is not None and not tensor and reader.scope.known(base.key)


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

    def read(reader: Reader, infos: dict[str, SymbolInfo]) -> Term:
        with reader.scope.binding(**infos):
            return by_components(reader, letters, right, span) if letters else reader.term(right)

    infos = with_whole_families(scope, infos, read)
    body = read(reader, infos)
    if declared and isinstance(declared.type, FunctionType):
        check_result(reader, name, body, declared, span)
    keys = tuple(info.name for info in infos.values())
    refuse_idle_arguments(scope, name, infos, body, span)
    keep(sentence, name, keys, tuple(scope.type_of(info.type) for info in infos.values()), body, span)  # type: ignore[arg-type]


def with_whole_families(
    scope: Scope, infos: dict[str, SymbolInfo], read: Callable[[Reader, dict[str, SymbolInfo]], Term]
) -> dict[str, SymbolInfo]:
    r"""s(\mu) = \sum_k \|\mu_k\|^2 with a family \mu_k: the letter stands for all members where it cannot be one of them."""

    def fits(chosen: dict[str, SymbolInfo]) -> bool:
        trial = scope.copy()
        try:
            reached = set(steps.reach(trial, read(Reader(trial), chosen), set()))
        except EquationError:
            return False
        return all(info.name in reached for info in chosen.values())

    whole = {key: scope.symbols.get(scope.families.get(key, ""), info) for key, info in infos.items()}
    if whole == infos or fits(infos) or not fits(whole):
        return infos
    used = {formal for definition in scope.definitions.values() for formal in definition.formals}
    for info in infos.values():
        if info not in whole.values() and info.name not in used:
            scope.symbols.pop(info.name)
    return whole


def refuse_idle_arguments(scope: Scope, name: Name, infos: dict[str, SymbolInfo], body: Term, span: Span) -> None:
    """A last state that starts elsewhere: h(x) = a^{(L)} with a^{(0)} = u would be the same for every x."""
    reached = set(steps.reach(scope, body, set()))
    idle = [info for info in infos.values() if info.name not in reached]
    if idle and steps.iterates(scope, body):
        what = f"'{name.latex}' does not depend on '{idle[0].latex}': the recurrence behind it starts from another value"
        raise IllegalEquation(what, span, fix=f"let its first state be {idle[0].latex}")


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
    if known is not None and isinstance(known.type, Type) and scope.families.get(formal.key) != formal.key:
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
    admit_letters(scope, nodes, known_rank(reader, name))
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
