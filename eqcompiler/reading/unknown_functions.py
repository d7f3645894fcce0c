r"""Functions that only their derivatives mention: L in \frac{\partial L}{\partial w} = \frac{\partial L}{\partial a} \cdot ...

Takes: a name in the numerator of a derivative. Gives: the function at its arguments, a term that can be differentiated.
Guarantees: the arguments are those variables below the name's derivatives, in the whole file, that no other one depends on:
with a = \sigma(z) and z = w x + b, a loss that is differentiated in w, z and a is a function of a. A declared type decides how
many arguments of which shapes there are; a name that is used as a value anywhere is no function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eqcompiler.errors import AmbiguousNotation, NotSupportedYet, Span
from eqcompiler.languages.notation import Formula, Leibniz, Letter, Nabla, Node, Scripted
from eqcompiler.languages.statements import SymbolInfo
from eqcompiler.languages.terms import SCALAR, Derivative, FunctionType, Reference, Symbol, Term, UnknownCall, children
from eqcompiler.reading.formal_arguments import nameless_arguments
from eqcompiler.reading.names import Name, letter_name, name_of
from eqcompiler.reading.scope import Reader, Scope, shape_text
from eqcompiler.reading.survey import names_in, walk
from eqcompiler.reading.variables import variable_of


def differentiated(formulas: tuple[Formula, ...], known: Mapping[str, Node]) -> dict[str, tuple[Node, ...]]:
    """Each name that stands alone in a numerator: the variables below it, in order, after one that it is known to depend on."""
    found: dict[str, tuple[Node, ...]] = {key: (node,) for key, node in known.items()}
    for key, node in _derivatives(formulas):
        below = node.variables if isinstance(node, Leibniz) else ((node.variable, node.order),)
        found[key] = (*found.get(key, ()), *(variable for variable, _ in below if variable is not None))
    return found


def only_differentiated(formulas: tuple[Formula, ...]) -> frozenset[str]:
    """The names that stand in numerators and are used as a value nowhere."""
    numerators = [key for key, _ in _derivatives(formulas)]
    if not numerators:
        return frozenset()
    values = [
        name.key
        for formula in formulas
        if not formula.inline
        for part in formula.parts
        for node in walk(part)
        if not (isinstance(node, Letter) and node.kind == "symbol") and (name := name_of(node)) is not None
    ]
    return frozenset(key for key in numerators if values.count(key) == numerators.count(key))


def _derivatives(formulas: tuple[Formula, ...]) -> Iterator[tuple[str, Leibniz | Nabla]]:
    for formula in formulas:
        for part in formula.parts:
            for node in walk(part):
                if isinstance(node, Leibniz) or (isinstance(node, Nabla) and node.variable is not None):
                    name = name_of(node.argument)
                    if name is not None:
                        yield name.key, node


def used_with(formula: Formula, below: dict[str, tuple[Node, ...]]) -> set[str]:
    """The variables in which the file differentiates the names that the formula differentiates: they are read before it."""
    derivatives = _derivatives((formula,)) if below else ()
    return {n for key, _ in derivatives for node in below[key] for n in names_in(node)}


def numerator(reader: Reader, node: Node) -> Term | None:
    """The value of a function that only its derivatives mention; None for everything else."""
    name, scope = name_of(node), reader.scope
    if name is None or name.key in scope.bound or name.key in scope.current or name.key not in scope.differentiated:
        return None
    if _is_entry(scope, node):
        return None
    info = scope.symbols.get(name.key)
    declared = info.type if info is not None and isinstance(info.type, FunctionType) else None
    if declared is None and (name.key not in scope.only_differentiated or name.key in scope.indices):
        return None
    if info is not None and declared is None and (info.type != SCALAR or not _is_chain(reader, name)):
        return None
    arguments = _arguments(reader, name, declared, node.span)
    types = tuple(scope.type_of(a.type) for a in arguments)
    if declared is None:
        words = ", ".join(_latex(scope, a) for a in arguments)
        why = f"nothing defines it: an unknown function of {words}"
        scope.symbols[name.key] = SymbolInfo(name.key, name.latex, FunctionType(types, SCALAR), "function", None, why)
        scope.notes.append(f"{name.key} is an unknown function of {words}")
    nameless_arguments(scope, name.key, name.latex, types)
    return UnknownCall(declared.result if declared else SCALAR, name.key, arguments, span=node.span)


def _is_entry(scope: Scope, node: Node) -> bool:
    """X_{kl} of a known X, and a sample x_n, are values."""
    if not (isinstance(node, Scripted) and isinstance(node.base, Letter) and node.subscript is not None):
        return False
    key = letter_name(node.base).key
    info = scope.symbol(key)
    return key in scope.families or key in scope.current or (info is not None and getattr(info.type, "rank", 0) > 0)


def of_state(reader: Reader, key: str, span: Span) -> Term:
    """The value at a state of a number that is a function of it: what a loss is to one layer."""
    scope = reader.scope
    state, loss, latex = scope.of_states[key]
    whole, value = reader.known_symbol(loss, span), reader.known_symbol(state, span)
    if whole is None or value is None or whole.type.rank:
        raise NotSupportedYet(f"'{span.text}' is no number that passes through all layers", span)
    types = (scope.type_of(value.type),)
    why = f"a part of {loss}, any function of {state}"
    scope.symbols.setdefault(key, SymbolInfo(key, latex, FunctionType(types, SCALAR), "function", None, why))
    nameless_arguments(scope, key, latex, types)
    return UnknownCall(SCALAR, key, (value,), span=span)


def _variables(reader: Reader, name: Name) -> list[str]:
    found = (variable_of(reader, node)[0] for node in reader.scope.differentiated[name.key])
    return list(dict.fromkeys(found))


def _is_chain(reader: Reader, name: Name) -> bool:
    """Whether one variable below a declared number depends on another: then the number is a function of it after all."""
    variables = _variables(reader, name)
    return any(_depends(reader.scope, a, b) for a in variables for b in variables if a != b)


def _arguments(reader: Reader, name: Name, declared: FunctionType | None, span: Span) -> tuple[Term, ...]:
    scope, variables = reader.scope, _variables(reader, name)
    outer = [a for a in variables if not any(_depends(scope, b, a) for b in variables if b != a)]
    terms = tuple(t for key in outer if (t := reader.known_symbol(key, span)) is not None)
    if declared is not None and not _fit(scope, terms, declared):
        wanted = ", ".join(shape_text(scope.type_of(t).shape) for t in declared.parameters)
        given = ", ".join(f"{_latex(scope, t)}: {shape_text(scope.type_of(t.type).shape)}" for t in terms)
        what = f"'{name.latex}' is a function of {wanted}; it is differentiated here as a function of {given}"
        raise AmbiguousNotation(what, span, fix=f"write the argument: \\frac{{\\partial {name.latex}(...)}}{{...}}")
    return terms


def _fit(scope: Scope, terms: tuple[Term, ...], declared: FunctionType) -> bool:
    return len(terms) == len(declared.parameters) and all(
        term.type.rank == wanted.rank
        and all(scope.sizes.unify(a, b) for a, b in zip(term.type.shape, wanted.shape, strict=True))
        for term, wanted in zip(terms, declared.parameters, strict=True)
    )


def _latex(scope: Scope, term: Term) -> str:
    key = term.name if isinstance(term, Symbol | Reference) else ""
    known = scope.definitions.get(key) or scope.symbols.get(key)
    return known.latex if known else key


def _depends(scope: Scope, name: str, other: str) -> bool:
    """Whether the value of a defined name depends on the other."""
    return name in scope.definitions and other in _reach(scope, scope.definitions[name].body, set())


def _reach(scope: Scope, term: Term, found: set[str]) -> set[str]:
    if isinstance(term, Symbol | Reference | Derivative):
        key = term.variable if isinstance(term, Derivative) else term.name
        if key not in found:
            found.add(key)
            if key in scope.definitions:
                _reach(scope, scope.definitions[key].body, found)
    for child in children(term):
        _reach(scope, child, found)
    return found
