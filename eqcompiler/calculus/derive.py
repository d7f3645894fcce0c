r"""Derivatives by reverse accumulation over the definitions of a program.

Takes: a program, the name of an output, the name of an input or definition. Gives: programs for gradients, Jacobians, Hessians.
Guarantees: intermediate values keep their names, so the result grows linearly with the program; deltas are contracted by
renaming; a variable that is a definition is cut, it varies alone. NotSupportedYet for what has no rule.

    r[i] = Sum(X[i, j]*theta[j], (j, 1, n)) - y[i];   J = Sum(r[i]**2, (i, 1, m))/m
    ->   grad_J_theta[j] = 2*Sum(X[i, j]*r[i], (i, 1, m))/m
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy

from eqcompiler.calculus.check_scans import extents_of, made_extents
from eqcompiler.calculus.dependencies import Definition, dependent, live, made_names, operand_names, reached
from eqcompiler.calculus.index_algebra import (
    ONE,
    ZERO,
    apart,
    reference,
    renamed,
    summed,
    walk,
)
from eqcompiler.calculus.intrinsic_adjoints import Adjoint, adjoint_rule
from eqcompiler.calculus.partials import Sensitivity, contribution, occurrences
from eqcompiler.calculus.scans import reverse
from eqcompiler.calculus.sharing import Names, inlined, settled, shared
from eqcompiler.errors import CompilerFault, NotSupportedYet
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, Scan, dimension_of, size_expression


def gradient(program: Program, output: str, variable: str) -> Program:
    """d output / d variable: axes of the output, then of the variable. A variable that is a definition becomes an input."""
    definitions, name = extended(program, output, variable)
    return _with_cut(program, definitions, (name,), variable)


def value_and_gradient(program: Program, output: str, variables: tuple[str, ...]) -> Program:
    """The output and its gradients; everything that they have in common is computed once."""
    definitions, names = _accumulated(program, output, variables, set())
    outputs = (output, *(names[variable] for variable in variables))
    return Program(program.inputs, live(definitions, outputs), outputs)


def hessian(program: Program, output: str, variable: str) -> Program:
    """d^2 output / d variable^2: the gradient's axes, then the variable's again."""
    first = gradient(program, output, variable)
    definitions, name = extended(first, first.outputs[0], variable)
    wanted = Names(_all_names(program)).fresh(f"hess_{output}_{variable}")
    return Program(first.inputs, live(_renamed(definitions, name, wanted), (wanted,)), (wanted,))


def hvp(program: Program, output: str, variable: str, direction: str = "v") -> Program:
    """The Hessian times a direction of the variable's shape, without the Hessian: the gradient of <gradient, direction>."""
    first = gradient(program, output, variable)
    along = Names(_all_names(first)).fresh(direction)
    item = next(item for item in first.inputs if item.name == variable)
    names = Names(_all_names(first) | {along})
    slope = names.fresh("slope")
    both = Program(
        (*first.inputs, Input(along, item.shape, along)),
        (*first.definitions, _inner_product(slope, first.outputs[0], item.shape, along, names)),
        (slope,),
    )
    definitions, name = extended(both, slope, variable)
    wanted = Names(_all_names(program)).fresh(f"hvp_{output}_{variable}")
    return Program(both.inputs, live(_renamed(definitions, name, wanted), (wanted,)), (wanted,))


def joint_hvp(program: Program, output: str, variables: tuple[str, ...]) -> Program:
    """The Hessian in all variables together, times a direction of each, v_W for W: the gradient of the slope along them.

    Forward over reverse would cost the same; here recurrences need no rule but the one of their way back.
    """
    definitions, gradients = _accumulated(program, output, variables, set())
    taken = Names(_all_names(Program(program.inputs, definitions, (output,))))
    given = {item.name: item for item in program.inputs}
    along = {name: replace(given[name], name=taken.fresh(f"v_{name}"), assumptions=(), latex="") for name in variables}
    parts: list[Definition] = []
    for name in variables:
        own = taken.fresh(f"slope_{name}")
        made = next(d for d in definitions if gradients[name] in made_names(d))
        if given[name].steps is not None:
            parts.append(_inner_product_of_families(own, made, gradients[name], along[name], taken))
        else:
            parts.append(_inner_product(own, gradients[name], given[name].shape, along[name].name, taken))
    slope = taken.fresh("slope")
    total = Indexed(
        slope, (), sympy.Add(*(reference(part.made[0] if isinstance(part, Scan) else part.name, ()) for part in parts))
    )
    both = Program((*program.inputs, *along.values()), (*definitions, *parts, total), (slope,))
    further, seconds = _accumulated(both, slope, variables, set())
    wanted = {seconds[name]: taken.fresh(f"hvp_{output}_{name}") for name in variables}
    renamed = tuple(_with_made(d, wanted) for d in further)
    return Program(both.inputs, live(renamed, tuple(wanted.values())), tuple(wanted.values()))


def extended(program: Program, output: str, variable: str, taken: Iterable[str] = ()) -> tuple[tuple[Definition, ...], str]:
    """All definitions of the program, those of the gradient after them, and the gradient's name. No name of `taken` is used."""
    definitions, names = _accumulated(program, output, (variable,), set(taken))
    return definitions, names[variable]


# ---------------------------------------------------------------- reverse accumulation


def _accumulated(
    program: Program, output: str, variables: tuple[str, ...], taken: set[str]
) -> tuple[tuple[Definition, ...], dict[str, str]]:
    names = Names(_all_names(program) | taken)
    latex = {item.name: item.latex or item.name for item in program.inputs}
    definitions, introduced = shared(program.definitions, names, latex)
    work = _Reverse(program, definitions, output, variables, names)
    work.run()
    made = [*work.definitions, *work.made]
    kept = [name for d in program.definitions for name in made_names(d)] + list(work.gradients.values())
    tidy = inlined(made, introduced | work.introduced, kept)
    tidy = list(live(tuple(tidy), tuple(kept)))
    letters = names.taken
    return tuple(settled(definition, letters) for definition in tidy), work.gradients


class _Reverse:
    """One backward walk. `made` are the adjoints, in the order in which they can be computed."""

    def __init__(
        self, program: Program, definitions: list[Definition], output: str, variables: tuple[str, ...], names: Names
    ) -> None:
        self.definitions, self.output, self.variables, self.names = list(definitions), output, variables, names
        self.by_name: dict[str, Definition | Input] = {item.name: item for item in program.inputs}
        self.by_name |= {name: definition for definition in definitions for name in made_names(definition)}
        for name in (output, *variables):
            if name not in self.by_name:
                raise CompilerFault(f"{name} is neither an input nor a definition of the program")
        self.active = dependent(definitions, variables) & reached(definitions, output)
        self.made: list[Definition] = []
        self.introduced: set[str] = set()
        self.gradients = {variable: names.fresh(f"grad_{output}_{variable}") for variable in variables}
        self._bars = dict(self.gradients)
        self._parts: dict[str, list[sympy.Expr]] = {}
        self._family_parts: dict[str, list[str]] = {}
        self._targets: dict[str, tuple[Axis, ...]] = {}
        self._lead = self._passing(self._own_axes(output))
        self._ranges = {axis.index: (axis.lower, axis.upper) for axis in self._lead}

    def run(self) -> None:
        output = self.by_name[self.output]
        if self.output not in self.variables and isinstance(output, Indexed):
            self._seed(output)
        else:
            self._add(self.output, self._identity(self._target(self.output)))
        for place, definition in reversed(list(enumerate(self.definitions))):
            if isinstance(definition, Scan):
                self._spread_scan(definition, place)
            elif definition.name in self.active and definition.name in self._parts:
                self._close(definition.name)
                self._spread(definition)
        for variable in self.variables:
            if self._is_family(variable):
                self._close_family(variable)
            elif isinstance(self.by_name[variable], Input) or variable not in self._parts:
                self._close(variable)

    def _seed(self, definition: Indexed) -> None:
        """The output's own adjoint is 1 at its own place, so its body is differentiated at the output's axes."""
        own = {axis.index: lead.index for axis, lead in zip(definition.axes, self._lead, strict=True)}
        self._differentiate(self._apart(definition.body, own), Sensitivity(self.names.index))

    def _identity(self, target: tuple[Axis, ...]) -> sympy.Expr:
        return sympy.Mul(*(sympy.KroneckerDelta(a.index, b.index) for a, b in zip(self._lead, target, strict=True)))

    # ---- from one definition to what it names

    def _spread(self, definition: Indexed | Intrinsic) -> None:
        if isinstance(definition, Intrinsic):
            self._spread_intrinsic(definition)
            return
        axes = self._passing(definition.axes)
        own = {old.index: new.index for old, new in zip(definition.axes, axes, strict=True)}
        factor = reference(self._bars[definition.name], (axis.index for axis in (*self._lead, *axes)))
        sums = tuple((axis.index, axis.lower, axis.upper) for axis in axes)
        self._differentiate(self._apart(definition.body, own), Sensitivity(self.names.index, (factor,), sums))

    def _differentiate(self, body: sympy.Expr, sensitivity: Sensitivity) -> None:
        for occurrence in occurrences(body, sensitivity, self.active):
            self._add(occurrence.name, contribution(occurrence, self._target(occurrence.name), self._ranges))

    def _spread_intrinsic(self, definition: Intrinsic) -> None:
        rule = adjoint_rule(definition.operation)
        if rule is None:
            raise NotSupportedYet(f"the derivative of {definition.operation} is not supported yet")
        bar = self._bars[definition.name]
        body = next(d for d in self.made if d.name == bar and isinstance(d, Indexed))
        adjoint = Adjoint(definition, bar, self._lead, body, self._fresh_axes, self._whole, self._plain)
        for number, operand in enumerate(definition.operands):
            if operand in self.active:
                self._add(operand, rule(adjoint, number, self._target(operand)))

    def _spread_scan(self, scan: Scan, place: int) -> None:
        """One more Scan backwards; the one forwards keeps what that reads."""
        reached = [name for name in scan.made if name in self._parts or name in self._family_parts]
        if not reached or self.active.isdisjoint(scan.operands):
            return
        if self._lead:
            raise NotSupportedYet(f"the derivative of a tensor through the recurrence {scan.name} is not supported yet")
        for name in reached:
            if name in self._family_parts:
                self._close_family(name)
            else:
                self._close(name)
        found = reverse(scan, {name: self._bars[name] for name in reached}, self.active, self.names, _accumulated)
        self.definitions[place] = found.forward
        self.by_name |= dict.fromkeys(found.forward.made, found.forward)
        new: tuple[Definition, ...] = (*found.before, found.backward)
        self.made += new
        self.by_name |= {name: definition for definition in new for name in made_names(definition)}
        self.introduced |= {name for definition in new for name in made_names(definition)}
        for name, adjoint in found.tensors:
            self._add(name, reference(adjoint, (axis.index for axis in self._target(name))))
        for family, adjoint in found.families:
            self._family_parts.setdefault(family, []).append(adjoint)

    def _whole(self, operation: str, operands: tuple[str, ...], axes: tuple[Axis, ...], wanted: str) -> str:
        for known in (*self.definitions, *self.made):
            if isinstance(known, Intrinsic) and (known.operation, known.operands) == (operation, operands):
                return known.name
        return self._make(Intrinsic(self.names.fresh(wanted), axes, operation, operands))

    def _plain(self, definition: Indexed) -> str:
        """A small definition, made once: equal bodies over one operand are told by their latex."""
        for known in self.made:
            if isinstance(known, Indexed) and known.latex and known.latex == definition.latex:
                return known.name
        return self._make(replace(definition, name=self.names.fresh(definition.name)))

    def _make(self, definition: Definition) -> str:
        self.made.append(definition)
        self.by_name[definition.name] = definition
        self.introduced.add(definition.name)
        return definition.name

    # ---- adjoints and their axes

    def _add(self, name: str, value: sympy.Expr) -> None:
        self._parts.setdefault(name, []).append(value)

    def _close(self, name: str) -> None:
        """The adjoint of `name` is complete: it becomes a definition."""
        if name not in self._bars:
            self._bars[name] = self.names.fresh(f"{name}_bar")
            self.introduced.add(self._bars[name])
        parts = self._parts.get(name, [ZERO])
        if len(parts) == 1 and self._taken_over(parts[0], name):
            return
        latex = rf"\bar{{{self._latex(name)}}}" if name not in self.gradients else self._gradient_latex(name)
        body = sympy.Add(*parts)
        self.made.append(Indexed(self._bars[name], self._lead + self._target(name), body, latex))

    def _taken_over(self, part: sympy.Expr, name: str) -> bool:
        """Where the adjoint is just what a Scan has made, that takes the adjoint's name."""
        if part != reference(str(getattr(part, "base", part)), (axis.index for axis in self._target(name))):
            return False
        return self._renamed_in_scan(str(getattr(part, "base", part)), self._bars[name])

    def _renamed_in_scan(self, old: str, new: str) -> bool:
        for place, definition in enumerate(self.made):
            if isinstance(definition, Scan) and old in definition.made and old in self.introduced:
                self.made[place] = self.by_name[new] = definition.with_made(old, new)
                return True
        return False

    def _is_family(self, name: str) -> bool:
        known = self.by_name[name]
        return known.steps is not None if isinstance(known, Input) else isinstance(known, Scan) and name in known.families

    def _close_family(self, name: str) -> None:
        """The adjoint of a family is complete: the one that a Scan made takes its name; several are added up."""
        parts = self._family_parts.get(name, [])
        if not parts:
            raise NotSupportedYet(f"the derivative in the family {name}, which no recurrence reads, is not supported yet")
        while len(parts) > 1:
            parts[:2] = [self._sum_of_families(name, parts[0], parts[1])]
        if name not in self._bars:
            self._bars[name] = self.names.fresh(f"{name}_bar")
            self.introduced.add(self._bars[name])
        self._renamed_in_scan(parts[0], self._bars[name])

    def _sum_of_families(self, name: str, first: str, second: str) -> str:
        """What two recurrences add to the adjoint of one family, added up member by member."""
        like = next(d for d in self.made if isinstance(d, Scan) and first in d.families)
        given = next(own for own, family in like.kept if family == first)
        axes = tuple(Axis(self.names.index(), ONE, extent) for extent in extents_of(like.step)[given])
        own = [self.names.fresh(f"{name}_bar_{number}") for number in (1, 2)]
        total, family = self.names.fresh(f"{name}_bar_sum"), self.names.fresh(f"{name}_bar")
        places = tuple(axis.index for axis in axes)
        added = Indexed(total, axes, sympy.Add(*(reference(part, places) for part in own)))
        inputs = tuple(Input(part, tuple(dimension_of(axis.upper) for axis in axes)) for part in own)
        step = Program(inputs, (added,), (total,))
        members = ((own[0], first), (own[1], second))
        scan = Scan(self.names.fresh(total), like.index, like.count, (), members, ((total, family),), (), step, like.sizes)
        self.made.append(scan)
        self.by_name |= dict.fromkeys(scan.made, scan)
        self.introduced.add(family)
        return family

    def _latex(self, name: str) -> str:
        return self.by_name[name].latex or name

    def _gradient_latex(self, variable: str) -> str:
        if self._lead:
            return rf"\frac{{\partial {self._latex(self.output)}}}{{\partial {self._latex(variable)}}}"
        return rf"\nabla_{{{self._latex(variable)}}} {self._latex(self.output)}"

    def _target(self, name: str) -> tuple[Axis, ...]:
        if name not in self._targets:
            self._targets[name] = self._fresh_axes(name)
        return self._targets[name]

    def _fresh_axes(self, name: str) -> tuple[Axis, ...]:
        return self._passing(self._own_axes(name))

    def _own_axes(self, name: str) -> tuple[Axis, ...]:
        known = self.by_name[name]
        if isinstance(known, Input):
            return tuple(Axis(self.names.index(), ONE, size_expression(dimension)) for dimension in known.shape)
        if isinstance(known, Scan):
            return tuple(Axis(self.names.index(), ONE, extent) for extent in made_extents(known)[name])
        return known.axes

    def _passing(self, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        """The same axes with indices that occur nowhere else."""
        mapping: dict[sympy.Symbol, sympy.Expr] = {}
        made: list[Axis] = []
        for axis in axes:
            new = self.names.index()
            made.append(Axis(new, renamed(axis.lower, mapping), renamed(axis.upper, mapping)))
            mapping[axis.index] = new
        return tuple(made)

    def _apart(self, body: sympy.Expr, own: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
        """The body at the axes of `own`. Its sums get new indices when they are entered."""
        return renamed(apart(body, own.values()), own)


# ---------------------------------------------------------------- whole programs


def _with_cut(program: Program, definitions: tuple[Definition, ...], outputs: tuple[str, ...], variable: str) -> Program:
    """The program of the outputs, where a variable that was a definition is an input."""
    cut = next((d for d in definitions if variable in made_names(d)), None)
    if isinstance(cut, Scan):
        raise NotSupportedYet(f"the derivative in {variable}, the result of a recurrence, is not supported yet")
    if cut is None:
        return Program(program.inputs, live(definitions, outputs), outputs)
    shape = tuple(dimension_of(axis.upper - axis.lower + 1) for axis in cut.axes)
    rest = live(tuple(d for d in definitions if d.name != variable), outputs)
    used = {name for definition in rest for name in operand_names(definition)}
    inputs = tuple(item for item in program.inputs if item.name in used)
    return Program((Input(variable, shape, cut.latex or variable), *inputs), rest, outputs)


def _inner_product(name: str, left: str, shape: Iterable[Dimension], right: str, names: Names) -> Indexed:
    """The sum over all entries of left times right."""
    axes = tuple(Axis(names.index(), ONE, size_expression(dimension)) for dimension in shape)
    places = tuple(axis.index for axis in axes)
    value = reference(left, places) * reference(right, places)
    for axis in reversed(axes):
        value = summed(value, (axis.index, axis.lower, axis.upper), {})
    return Indexed(name, (), value)


def _inner_product_of_families(name: str, made: Definition, left: str, right: Input, names: Names) -> Scan:
    """The same for two families, member by member."""
    if not isinstance(made, Scan):
        raise CompilerFault(f"{left} is no family")
    own, other, part = names.fresh(f"{left}_l"), names.fresh(f"{right.name}_l"), names.fresh(f"{name}_l")
    product = _inner_product(part, own, right.shape, other, names)
    step = Program((Input(own, right.shape), Input(other, right.shape)), (product,), (part,))
    members = ((own, left), (other, right.name))
    return Scan(names.fresh(f"{name}_sum"), made.index, made.count, (), members, (), ((part, name),), step, made.sizes)


def _with_made(definition: Definition, names: Mapping[str, str]) -> Definition:
    if isinstance(definition, Scan):
        for name in definition.made:
            definition = definition.with_made(name, names[name]) if name in names else definition
        return definition
    return replace(definition, name=names.get(definition.name, definition.name))


def _renamed(definitions: tuple[Definition, ...], old: str, new: str) -> tuple[Definition, ...]:
    """The definition `old`, which nothing uses, under a new name."""
    return tuple(replace(d, name=new) if d.name == old else d for d in definitions)


def _all_names(program: Program) -> set[str]:
    """Inputs, definitions and sizes; a letter for an index must be none of them."""
    names = {item.name for item in program.inputs} | {name for d in program.definitions for name in (d.name, *made_names(d))}
    names |= {name for item in program.inputs for dimension in item.shape for name in dimension.names}
    for definition in program.definitions:
        if isinstance(definition, Scan):
            names |= _all_names(definition.step) | {definition.index.name}
            continue
        expressions = [edge for axis in definition.axes for edge in (axis.lower, axis.upper)]
        expressions += [definition.body] if isinstance(definition, Indexed) else []
        symbols = (node for e in expressions for node in walk(e) if isinstance(node, sympy.Symbol))
        names |= {symbol.name for symbol in symbols if symbol.is_positive}
    return names
