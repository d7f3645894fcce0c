"""Lowering: a typed term becomes an index-form program.

Takes: a document and a term of it. Gives: a Program whose one output is the term's value.
Guarantees: each definition that is used with its own formals keeps its name and is emitted once, in dependency order; a call
with other arguments is instantiated through everything it reaches; what has no index form raises NotSupportedYet with its span.

    (X\\theta - y)^T (X\\theta - y) / m    ->    Sum((Sum(X[i, j]*theta[j], (j, 1, n)) - y[i])**2, (i, 1, m))/m
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import sympy

from eqcompiler.calculus import bound_scalars, derive
from eqcompiler.calculus.batch import lifted
from eqcompiler.calculus.dependencies import Definition as IndexForm
from eqcompiler.calculus.dependencies import adopted, live, made_names, operand_names, reached
from eqcompiler.calculus.environments import (
    Binding,
    Closure,
    Entry,
    Frame,
    Position,
    Raw,
    Reach,
    expression,
)
from eqcompiler.calculus.expectations import expectation
from eqcompiler.calculus.index_algebra import free_indices, fresh_index, reference
from eqcompiler.calculus.recurrences import iterated
from eqcompiler.calculus.spelling import formals_of, source_text, spelled, whole_latex, whole_name, words
from eqcompiler.calculus.term_rules import TERM_RULES
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import (
    Axis,
    Indexed,
    Input,
    Intrinsic,
    Program,
    index,
    scalar,
    size,
    size_expression,
)
from eqcompiler.languages.statements import Definition, Document, SymbolInfo
from eqcompiler.languages.terms import (
    Binder,
    Comprehension,
    Derivative,
    Expectation,
    Extremum,
    Integral,
    Iterated,
    Limit,
    Reference,
    Symbol,
    Term,
    Type,
)

NO_INDEX_FORM: Mapping[type, str] = {
    Extremum: "an extremum inside an expression",
}


def lower(document: Document, term: Term, name: str, free: tuple[Binder, ...] = ()) -> Program:
    """The program whose single output `name` is the term's value; its axes are the free binders, then the term's shape.

    Raises NotSupportedYet, with the span, for what has no index form.
    """
    formals = formals_of(document, term)
    work = _Lowering(document, formals)
    output = work.output(term, name, free)
    definitions = live(tuple(work.definitions), (output,))
    return Program(work.inputs_in_order(definitions, output), definitions, (output,))


def lower_together(
    document: Document, named: tuple[tuple[str, Term], ...], indices: Mapping[str, sympy.Expr] | None = None
) -> Program:
    """One program with an output for each (name, term), in which what they share stands once. indices: those bound outside."""
    work = _Lowering(document, {}, indices or {})
    outputs = tuple(work.output(term, name, ()) for name, term in named)
    definitions = live(tuple(work.definitions), outputs)
    return Program(work.inputs_in_order(definitions, outputs[-1]), definitions, outputs)


class _Lowering:
    """The definitions made so far and the names they took."""

    def __init__(
        self, document: Document, formals: Mapping[str, Type], indices: Mapping[str, sympy.Expr] | None = None
    ) -> None:
        self.document = document
        self.formals = formals
        self.outermost = Frame(indices=indices or {})
        self.recurrences: dict[object, tuple[str, ...]] = {}
        self._given: dict[str, Input] = {}
        self.definitions: list[IndexForm] = []
        self.reach = Reach(document)
        self._types: dict[str, Type] = dict(formals)
        self._known: dict[object, str] = {}
        self._taken = {name for name, info in document.symbols.items() if info.role != "index"}
        self._taken |= {*document.definitions, *document.dimensions, *formals}
        types = [info.type for info in document.symbols.values() if isinstance(info.type, Type)]
        self._taken |= {name for kind in types for dimension in kind.shape for name in dimension.names}

    # ---- names

    def fresh(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def _numbered(self, name: str) -> str:
        """sigma_1, sigma_2, ... for the uses of one definition with other arguments."""
        stem = f"{name}_at" if name[-1].isdigit() else name
        number = 1
        while f"{stem}_{number}" in self._taken:
            number += 1
        return self.fresh(f"{stem}_{number}")

    def axis(self, lower: sympy.Expr, upper: sympy.Expr, frame: Frame, wanted: str = "") -> Axis:
        """An axis whose index is not in scope, named as the author did where that is possible."""
        used = {axis.index.name for axis in frame.scope}
        if wanted and wanted not in used and wanted not in self._taken:
            return Axis(index(wanted), lower, upper)
        return Axis(fresh_index(lambda name: name in used or name in self._taken), lower, upper)

    def fresh_axis(self, dimension: Dimension, frame: Frame) -> Axis:
        return self.axis(sympy.S.One, size_expression(dimension), frame)

    def axes_of(self, term: Term, frame: Frame) -> tuple[Axis, ...]:
        """Axes for all entries of a term; a tensor given by components keeps the author's index names.

        An index that the reader made for a function applied to each entry, entry0_3, is no name of the author's.
        """
        binders = term.binders if isinstance(term, Comprehension) else ()
        axes: tuple[Axis, ...] = ()
        for number, dimension in enumerate(term.type.shape):
            named = number < len(binders) and not binders[number].name.startswith("entry")
            wanted = binders[number].name if named else ""
            axes += (self.axis(sympy.S.One, size_expression(dimension), frame.within(*axes), wanted),)
        return axes

    # ---- the whole program

    def output(self, term: Term, name: str, free: tuple[Binder, ...]) -> str:
        if isinstance(term, Reference) and term.name == name and not free and self._ownformals(term):
            return self._definition(name) if self._is_expanded(name) else self._input(name, term.type)
        frame = self.outermost
        for binder in free:
            axis = self.bound(binder, frame)
            frame = frame.within(axis).with_indices({binder.name: axis.index})
        axes = self.axes_of(term, frame)
        body = self.entry(term, tuple(axis.index for axis in axes), frame.within(*axes))
        made = Indexed(name, frame.scope + axes, body, self.latex_of(name) or source_text(term))
        self.definitions = adopted(self.definitions, made, self.document.definitions)
        return name

    def inputs_in_order(self, definitions: tuple[IndexForm, ...], output: str) -> tuple[Input, ...]:
        """Formals first, then the other symbols as the document declares them, then definitions that stay opaque."""
        made = {name for definition in definitions for name in made_names(definition)}
        used = dict.fromkeys(name for d in definitions for name in operand_names(d) if name not in made)
        used[output] = None
        order = [*self.formals, *self.document.symbols, *self.document.definitions, *used]
        names = [n for n in dict.fromkeys(order) if n in self.formals or (n in used and n not in made)]
        self._check_families(definitions)
        return tuple(self._as_input(name) for name in names if name in self._types)

    def _check_families(self, definitions: tuple[IndexForm, ...]) -> None:
        """A family is read step by step; what also reads it as a whole has no form yet."""
        for definition in definitions:
            for name in operand_names(definition) if isinstance(definition, Indexed) else ():
                if name in self._given and self._given[name].steps is not None:
                    raise NotSupportedYet(
                        f"{name} is read by the steps of a recurrence and outside of it, which is not supported yet"
                    )

    def given(self, item: Input) -> None:
        """An input that a rule knows more about than its type."""
        self._types.setdefault(item.name, Type(item.shape))
        self._given.setdefault(item.name, item)

    def _as_input(self, name: str) -> Input:
        if name in self._given:
            return self._given[name]
        kind = self._types[name]
        return Input(name, kind.shape, self.latex_of(name) or name, kind.domain == "integer", words(self.document, name))

    def latex_of(self, name: str) -> str:
        known: SymbolInfo | Definition | None = self.document.definitions.get(name) or self.document.symbols.get(name)
        return known.latex if known else ""

    # ---- components

    def entry(self, term: Term, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
        """The component of `term` at a position, as an expression in the indices of the scope."""
        rule = OWN_RULES.get(type(term)) or TERM_RULES.get(type(term))
        if rule is None:
            what = NO_INDEX_FORM.get(type(term), type(term).__name__)
            raise NotSupportedYet(f"{what} has no index form yet", term.span)
        return rule(self, term, at, frame)

    def symbol(self, term: Symbol, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
        if term.name in frame.bindings:
            return self._value(frame.bindings[term.name], at, frame)
        if self._is_expanded(term.name):
            return self.reference(Reference(term.type, term.name, span=term.span), at, frame)
        info = self.document.symbols.get(term.name)
        if info is not None and info.role == "dimension" and term.name not in self.formals:
            return size(term.name)
        return self._atom(self._input(term.name, term.type), at)

    def reference(self, term: Reference, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
        if term.name in frame.bindings:
            return self._value(frame.bindings[term.name], at, frame)
        if not self._is_expanded(term.name):
            return self._atom(self._input(term.name, term.type), at)
        bindings = self._call_bindings(term, frame)
        touched = [name for name in self.reach.of_definition(term.name) if name in bindings]
        if not touched:
            return self._atom(self._definition(term.name), at)
        body = self.document.definitions[term.name].body
        if all(self.reach.is_closed(bindings[name]) for name in touched):
            return self._atom(self._instance(term.name, {name: bindings[name] for name in touched}), at)
        return self.entry(body, at, Frame(bindings, {}, frame.scope))

    def derivative(self, term: Derivative, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
        """The adjoint of the variable in a program for the body; at another point, a copy of it with that point put in."""
        binding = frame.bindings.get(term.variable)
        if term.point is not None and not self._is_own(term.point, term.variable):
            binding = self._bind(term.point, frame)
        variable, inner = term.variable, frame
        kind = self._variable_type(term)
        if binding is None:
            if self._is_expanded(variable):
                self._definition(variable)
            else:
                self._input(variable, kind)
        else:
            variable = self.fresh(f"{term.variable}_free")
            self._types[variable] = kind
            inner = replace(frame, bindings={**frame.bindings, term.variable: Raw(variable)})
        body, lead = self.named(term.body, inner)
        gradient = self._gradient(body, variable, term)
        if binding is not None:
            gradient, more = self._at_point(gradient, variable, binding, kind, frame, term.variable)
            lead = (*more, *lead)
        return self._atom(gradient, (*lead, *at))

    # ---- definitions

    def _definition(self, name: str) -> str:
        """Emit a definition under its own name, once."""
        if ("definition", name) not in self._known:
            definition = self.document.definitions[name]
            axes = self.axes_of(definition.body, Frame())
            body = self.entry(definition.body, tuple(axis.index for axis in axes), replace(self.outermost, scope=axes))
            self.definitions.append(Indexed(name, axes, body, definition.latex))
            self._known["definition", name] = name
        return name

    def _instance(self, name: str, bindings: Mapping[str, Binding]) -> str:
        """A definition with some names bound to terms that hold no index: a definition of its own."""
        key = ("instance", name, tuple((n, self.reach.key(b)) for n, b in bindings.items()))
        if key not in self._known:
            definition = self.document.definitions[name]
            axes = self.axes_of(definition.body, Frame())
            body = self.entry(definition.body, tuple(axis.index for axis in axes), Frame(bindings, {}, axes))
            self._known[key] = self._numbered(name)
            self.definitions.append(Indexed(self._known[key], axes, body, definition.latex))
        return self._known[key]

    def named(self, term: Term, frame: Frame, wanted: str = "value") -> tuple[str, tuple[sympy.Symbol, ...]]:
        """A name whose tensor is the term, and the indices of the scope that lead its axes (none for a closed term)."""
        key = ("term", *self.reach.closure_key(Closure(term, frame))) if self.reach.is_closed(Closure(term, frame)) else None
        if key is not None and key in self._known:
            return self._known[key], ()
        if key is not None:
            frame = replace(frame, scope=())
        axes = self.axes_of(term, frame)
        indices = tuple(axis.index for axis in axes)
        body = self.entry(term, indices, frame.within(*axes))
        before = _leading(body, frame)
        lead = tuple(axis.index for axis in before)
        if isinstance(body, sympy.Indexed) and body.indices == lead + indices:
            name = body.base.name
        elif not axes and isinstance(body, sympy.Symbol) and body == scalar(body.name):
            name = body.name
        else:
            name = self.fresh(wanted)
            self.definitions.append(Indexed(name, before + axes, body, source_text(term)))
        if key is not None:
            self._known[key] = name
        return name, lead

    def intrinsic(self, operation: str, operands: tuple[Term, ...], frame: Frame, at: tuple[Position, ...]) -> sympy.Expr:
        names = []
        for operand in operands:
            name, lead = self.named(operand, frame, spelled(operand))
            if lead:
                raise NotSupportedYet(f"{operation} of a matrix that depends on an index has no index form yet", operand.span)
            names.append(name)
        key = (operation, *names)
        if key not in self._known:
            wanted = whole_name(operation, names)
            shape = operands[0].type.shape if at else ()
            if operation == "pseudoinverse":
                shape = shape[::-1]
            axes: tuple[Axis, ...] = ()
            for dimension in shape:
                axes += (self.fresh_axis(dimension, Frame(scope=axes)),)
            latex = whole_latex(operation, [self._name_latex(name) for name in names])
            self._known[key] = self.fresh(wanted)
            self.definitions.append(Intrinsic(self._known[key], axes, operation, tuple(names), latex))
        return self._atom(self._known[key], at)

    def _name_latex(self, name: str) -> str:
        made = next((d.latex for d in self.definitions if d.name == name), "")
        latex = made or self.latex_of(name) or name
        return latex if len(latex) == 1 or (latex.startswith("\\") and latex[1:].isalpha()) else f"({latex})"

    # ---- derivatives

    def _variable_type(self, term: Derivative) -> Type:
        rank = term.body.type.rank
        return replace(term.type, shape=term.type.shape[rank:], row=False)

    def _gradient(self, body: str, variable: str, term: Derivative) -> str:
        if variable in self._given and self._given[variable].steps is not None:
            raise NotSupportedYet(
                f"the derivative in the family {variable} inside an expression has no index form yet", term.span
            )
        key = ("gradient", body, variable)
        if key not in self._known:
            inputs = tuple(self._as_input(name) for name in self._types)
            program = Program(inputs, tuple(self.definitions), (body,))
            try:
                extended, name = derive.extended(program, body, variable, self._taken)
            except NotSupportedYet as problem:
                raise NotSupportedYet(
                    problem.what, problem.span or term.span, allowed=problem.allowed, fix=problem.fix
                ) from problem
            self.definitions = list(extended)
            self._taken.update(name for definition in extended for name in made_names(definition))
            self._known[key] = name
        return self._known[key]

    def _at_point(
        self, gradient: str, variable: str, binding: Binding, kind: Type, frame: Frame, wanted: str
    ) -> tuple[str, tuple[sympy.Symbol, ...]]:
        """The gradient with the point in the place of the variable, and the indices of the scope that the point depends on."""
        if variable not in reached(self.definitions, gradient):
            return gradient, ()
        point = Symbol(kind, variable)
        value, lead = self.named(point, Frame({variable: binding}, {}, frame.scope), f"{wanted}_value")
        scope = tuple(axis for axis in frame.scope if axis.index in lead)
        fresh = lambda name: self.fresh(name.replace(variable, wanted))  # noqa: E731
        copies, name = lifted(tuple(self.definitions), variable, value, scope, gradient, fresh)
        self.definitions += copies
        return name, lead

    # ---- bindings

    def _value(self, binding: Binding, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
        match binding:
            case Raw(name):
                return self._atom(name, at)
            case Entry(value):
                return value
            case Closure(term, home):
                return self.entry(term, at, replace(home, scope=frame.scope))

    def _call_bindings(self, term: Reference, frame: Frame) -> dict[str, Binding]:
        formals = self.document.definitions[term.name].formals if term.arguments else ()
        if term.arguments and len(formals) != len(term.arguments):
            raise CompilerFault(f"{term.name} takes {len(formals)} arguments, got {len(term.arguments)}", term.span)
        bindings = dict(frame.bindings)
        for formal, argument in zip(formals, term.arguments, strict=True):
            if not self._is_own(argument, formal):
                bindings[formal] = self._bind(argument, frame)
        return bindings

    def _bind(self, term: Term, frame: Frame) -> Binding:
        closure = Closure(term, frame)
        if term.type.rank == 0 and not self.reach.is_closed(closure):
            return Entry(self.entry(term, (), frame))
        return closure

    def _is_own(self, term: Term, name: str) -> bool:
        return isinstance(term, (Symbol, Reference)) and term.name == name and not getattr(term, "arguments", ())

    def _ownformals(self, term: Reference) -> bool:
        formals = self.document.definitions[term.name].formals if term.name in self.document.definitions else ()
        return not term.arguments or all(self._is_own(a, f) for a, f in zip(term.arguments, formals, strict=True))

    def _is_expanded(self, name: str) -> bool:
        """Whether a name stands for its definition: not for a formal, and not for an argmin, which stays opaque."""
        definition = self.document.definitions.get(name)
        return definition is not None and name not in self.formals and not isinstance(definition.body, Extremum)

    # ---- small things

    def bound(self, binder: Binder, frame: Frame) -> Axis:
        return self.axis(self.entry(binder.lower, (), frame), self.entry(binder.upper, (), frame), frame, binder.name)

    def _input(self, name: str, kind: Type) -> str:
        self._types.setdefault(name, kind)
        return name

    def _atom(self, name: str, at: Iterable[Position]) -> sympy.Expr:
        return reference(name, (expression(position) for position in at))


def _leading(body: sympy.Expr, frame: Frame) -> tuple[Axis, ...]:
    """The axes of the scope that an expression depends on, with those that their ranges depend on."""
    needed = set(free_indices(body))
    for axis in reversed(frame.scope):
        if axis.index in needed:
            needed |= free_indices(axis.lower) | free_indices(axis.upper)
    return tuple(axis for axis in frame.scope if axis.index in needed)


OWN_RULES: Mapping[type, Callable[..., sympy.Expr]] = {
    Symbol: _Lowering.symbol,
    Reference: _Lowering.reference,
    Derivative: _Lowering.derivative,
    Expectation: expectation,
    Integral: bound_scalars.integral,
    Limit: bound_scalars.limit,
    Iterated: lambda low, term, at, frame: iterated(low, term, at, frame, lower_together),
}
