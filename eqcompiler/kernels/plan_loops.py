"""START HERE for kernels: from a request to a loop plan, one step per line.

Takes: a KernelRequest. Gives: a LoopPlan.
Guarantees: the plan computes the program's outputs and passes check_loop_plan; the same request gives the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import sympy

from eqcompiler.kernels.accurate_values import with_accuracy
from eqcompiler.kernels.bounds import extent
from eqcompiler.kernels.check_loop_plan import check_loop_plan
from eqcompiler.kernels.contract_invariants import contract_invariants
from eqcompiler.kernels.fuse_loops import fuse, fused_positions, placed, reads
from eqcompiler.kernels.keep_in_registers import keep_in_registers
from eqcompiler.kernels.many_rows import with_many_rows
from eqcompiler.kernels.mirror_entries import mirror_entries
from eqcompiler.kernels.order_loops import hoist, order_loops
from eqcompiler.kernels.plan_steps import plan_steps
from eqcompiler.kernels.share_factors import share_factors
from eqcompiler.kernels.share_values import share_values
from eqcompiler.kernels.solve_systems import solve_systems
from eqcompiler.kernels.split_reductions import FreshIndices, fresh_axes, split_reductions
from eqcompiler.kernels.stable_forms import stable_forms
from eqcompiler.kernels.statements import Statement, label, shapes_of, statements
from eqcompiler.kernels.temporary_names import Names, plain
from eqcompiler.kernels.turn_signs import turn_signs
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.loop_plan import (
    Accumulate,
    Assign,
    Hoisted,
    Iterate,
    LibraryCall,
    Loop,
    LoopPlan,
    Node,
    Parameter,
    Storage,
    flops,
    mapped,
)
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, Scan, index, scalar, size, size_expression, tensor

# Program -> Program, in this order.
PASSES = (
    mirror_entries,  # before equal values are looked for
    turn_signs,  # before names are given to values and their negatives
    stable_forms,  # next: it looks for sums inside logarithms and below fraction bars
    split_reductions,  # before the rest: what an inner sum depends on decides where everything else can stand
    solve_systems,  # needs products with an inverse as sums of their own
    share_factors,  # after the systems are there, before values that hold equal solutions are compared
    share_values,  # after sums have names, so that values that hold equal sums are equal values
)


def plan(request: KernelRequest) -> LoopPlan:
    """Raises NotSupportedYet for a function or a range that has no loop form."""
    if any(isinstance(d, Scan) for d in request.program.definitions):
        planned = plan_steps(request, plan)
        check_loop_plan(planned)
        return planned
    program = live(own_outputs(request.program))
    made = _planned(request, program)
    if request.kind != "run":
        return made
    contracted = contract_invariants(program, request.state)
    return made if contracted is None else replace(made, hoisted=_hoisted(made, _planned(request, live(contracted))))


def _hoisted(made: LoopPlan, other: LoopPlan) -> Hoisted | None:
    """None where no sizes make an iteration of the other plan cheaper."""
    before, after = flops(made.body[-1]), flops(other.body[-1])
    saving = sympy.expand(before - after)
    cost = sympy.expand(flops(*other.prologue, *other.body[:-1]) - flops(*made.prologue, *made.body[:-1]))
    pays = any(term.could_extract_minus_sign() is False for term in sympy.Add.make_args(saving))
    return Hoisted(saving, cost, other) if pays else None


def _planned(request: KernelRequest, program: Program) -> LoopPlan:
    given = frozenset(d.name for d in program.plain("loop plan"))
    for step in PASSES:
        program = step(program)
    program = live(program)
    listed = tuple(_with_own_symbols(statements(program, given)))
    inputs = frozenset(i.name for i in program.inputs)
    shapes = _loop_shapes(listed) | shapes_of(program)
    found = hoist((order_loops(s) for s in listed), inputs, shapes)
    constant, repeated = _split_by_state(found, request)
    first, then = fuse(constant), fuse(repeated)
    fused = fused_positions((*first, *then), inputs.union(program.outputs))
    first, then = (_readable(_without_fused_axes(nodes, fused), {}) for nodes in (first, then))
    names = Names({*inputs, *(s.name for s in found), *(name for i in program.inputs for d in i.shape for name in d.names)})
    first, then = (keep_in_registers(nodes, names) for nodes in (first, then))
    shapes = _loop_shapes(found) | shapes
    storages = {s.name: Storage(s.name, _left(shapes[s.name], fused.get(s.name, ()))) for s in found}
    result = with_accuracy(with_many_rows(_assembled(request, program, first, then, storages)))
    check_loop_plan(result)
    return result


def own_outputs(program: Program) -> Program:
    """An output that names an input becomes a copy of it, so that a kernel never returns what it was given."""
    copies, outputs = [], []
    inputs = {i.name: i for i in program.inputs}
    for name in program.outputs:
        if name not in inputs:
            outputs.append(name)
            continue
        axes = tuple(Axis(index(f"i_{p + 1}"), sympy.Integer(1), size_expression(d)) for p, d in enumerate(inputs[name].shape))
        entry = tensor(name)[tuple(a.index for a in axes)] if axes else scalar(name)
        copies.append(Indexed(f"{name}_unchanged", axes, entry, inputs[name].latex))
        outputs.append(f"{name}_unchanged")
    return Program(program.inputs, (*program.definitions, *copies), tuple(outputs))


def live(program: Program) -> Program:
    """Without the definitions that no output needs."""
    wanted, kept = set(program.outputs), list[Indexed | Intrinsic]()
    for d in reversed(program.plain("loop plan")):
        if d.name not in wanted:
            continue
        kept.append(d)
        wanted |= set(d.operands) if isinstance(d, Intrinsic) else {s.name for s in d.body.atoms(sympy.Symbol)}
    return Program(program.inputs, tuple(reversed(kept)), program.outputs)


def _with_own_symbols(found: Sequence[Statement]) -> Iterator[Statement]:
    """Each statement with index symbols of its own: an equal symbol later means the same loop."""
    fresh = FreshIndices()
    fresh.count = 30_000_000
    for statement in found:
        loops, renaming = fresh_axes(statement.loops, fresh)
        yield replace(
            statement, loops=loops, target=statement.target.xreplace(renaming), value=statement.value.xreplace(renaming)
        )


def _split_by_state(found: Sequence[Statement], request: KernelRequest) -> tuple[list[Statement], list[Statement]]:
    """What does not depend on the state of a run is computed once, before the iterations."""
    if request.kind != "run":
        return list(found), []
    changing, size_before = set(request.state), 0
    while len(changing) != size_before:
        size_before = len(changing)
        changing |= {s.name for s in found if reads(s) & changing}
    return [s for s in found if s.name not in changing], [s for s in found if s.name in changing]


def _loop_shapes(found: Sequence[Statement]) -> dict[str, tuple[sympy.Expr, ...]]:
    """Extents of the temporaries that planning made: their axes are among the loops that set them."""
    shapes: dict[str, tuple[sympy.Expr, ...]] = {}
    for s in found:
        extents = {axis.index: extent(axis, s.loops) for axis in s.loops}
        subscripts = s.target.indices if isinstance(s.target, sympy.Indexed) else ()
        shapes[s.name] = tuple(extents[subscript] for subscript in subscripts)
    return shapes


def _left(shape: tuple[sympy.Expr, ...], fused: tuple[int, ...]) -> tuple[sympy.Expr, ...]:
    return tuple(extent for p, extent in enumerate(shape) if p not in fused)


def _without_fused_axes(nodes: Sequence[Node], fused: Mapping[str, tuple[int, ...]]) -> tuple[Node, ...]:
    """Temporaries lose the axes that never leave their loop: r[i] inside the loop over i is the scalar r."""

    def change(value: sympy.Expr) -> sympy.Expr:
        entries = {}
        for entry in value.atoms(sympy.Indexed):
            left = _left(tuple(entry.indices), fused.get(label(entry), ()))
            entries[entry] = tensor(label(entry))[left] if left else scalar(label(entry))
        return value.xreplace(entries)

    return tuple(mapped(node, change) for node in nodes)


def _readable(nodes: Sequence[Node], names: Mapping[sympy.Symbol, sympy.Symbol]) -> tuple[Node, ...]:
    """Indices under the author's names; a number is added inside a loop over the same name."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Loop):
            inner = {**names, node.index: _free_index(plain(node.index.name), set(names.values()))}
            body = _readable(node.body, inner)
            found.append(Loop(inner[node.index], node.lower.xreplace(inner), node.upper.xreplace(inner), body))
        else:
            found.append(mapped(node, lambda value: value.xreplace(names)))
    return tuple(found)


def _free_index(name: str, used: set[sympy.Symbol]) -> sympy.Symbol:
    candidates = (index(name if count == 1 else f"{name}_{count}") for count in range(1, len(used) + 2))
    return next(symbol for symbol in candidates if symbol not in used)


def _assembled(
    request: KernelRequest, program: Program, first: tuple[Node, ...], then: tuple[Node, ...], storages: Mapping[str, Storage]
) -> LoopPlan:
    parameters = tuple(Parameter(i.name, i.shape, i.integer, i.latex) for i in program.inputs)
    results = tuple(storages[name] for name in program.outputs)
    prologue, first = _symmetric_products(first, {p.name for p in parameters if not p.integer})
    body = first
    if request.kind == "run":
        shapes = {i.name: tuple(size_expression(d) for d in i.shape) for i in program.inputs}
        state = tuple(Storage(name, shapes[name]) for name in request.state)
        body = (*first, Iterate(tuple(zip(state, results, strict=True)), then))
        results = state
    returned = {s.name for s in results}
    temporaries = tuple(s for s in storages.values() if s.shape and s.name not in returned)
    dimensions = _dimensions(program, storages.values(), body)
    kind, state_names = "value" if request.kind == "sample" else request.kind, request.state
    return LoopPlan(request.name, parameters, dimensions, results, temporaries, body, kind, state_names, prologue)


def _symmetric_products(nodes: Sequence[Node], parameters: set[str]) -> tuple[tuple[LibraryCall, ...], tuple[Node, ...]]:
    """The products A'A of parameters apart from the rest."""
    found = [node for node in nodes if isinstance(node, LibraryCall) and _is_symmetric(node, parameters)]
    calls = tuple(replace(call, operation="symmetric dot") for call in found)
    return calls, tuple(node for node in nodes if node not in found)


def _is_symmetric(call: LibraryCall, parameters: set[str]) -> bool:
    if call.operation != "dot":
        return False
    left, right = call.operands
    return left.name == right.name and left.transposed != right.transposed and left.name in parameters


def _dimensions(program: Program, storages: Iterable[Storage], body: Sequence[Node]) -> tuple[str, ...]:
    """The names of sizes: those of the parameters in their order, then those that only values mention."""
    shown = [name for i in program.inputs for d in i.shape for name in sorted(d.names)]
    values = [e for s in storages for e in s.shape]
    values += [e for node in placed(body) for e in _values(node)]
    for d in program.plain("loop plan"):
        values += [edge for axis in d.axes for edge in (axis.lower, axis.upper)]
        values += [d.body] if isinstance(d, Indexed) else []
    mentioned = sorted({s.name for value in values for s in value.atoms(sympy.Symbol) if s == size(s.name)})
    return tuple(dict.fromkeys([*shown, *mentioned]))


def _values(node: Assign | Accumulate | LibraryCall) -> tuple[sympy.Expr, ...]:
    return node.scalars if isinstance(node, LibraryCall) else (node.target, node.value)
