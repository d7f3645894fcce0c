"""One factorization for all that is asked of one matrix.

Takes: a Program after solve_systems. Gives: an equal Program in which a symmetric matrix that is solved with, inverted or
measured (logdet) more than once has one Cholesky factor: where it is not positive definite, which the factor itself finds out,
elimination with pivots takes over. Transposes of symmetric matrices, copies
and repeated solves are computed once. Guarantees: outputs keep their names; a matrix not known to be symmetric keeps its own
calls.

    d = logdet(C);  u = solve(C, y)      becomes    R = cholesky(C);  d = factor logdet(R);  u = factor solve(R, y)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import sympy

from eqcompiler.kernels.definite_matrices import Matrices
from eqcompiler.kernels.linear_algebra import FACTORED, gram
from eqcompiler.kernels.split_reductions import REDUCTIONS, FreshIndices, fresh_axes
from eqcompiler.kernels.temporary_names import Names
from eqcompiler.languages.program import Axis, Indexed, Intrinsic, Program, index, size_expression, tensor

FIRST_INDEX = 60_000_000  # away from the indices of other passes


def share_factors(program: Program) -> Program:
    definitions = program.plain("shared factors")
    if not any(isinstance(d, Intrinsic) for d in definitions):
        return program
    merged = _merged(program, definitions)
    return Program(program.inputs, tuple(_factored(program, merged)), program.outputs)


def _merged(program: Program, definitions: tuple[Indexed | Intrinsic, ...]) -> list[Indexed | Intrinsic]:
    """Without what is another name for something there already."""
    matrices = Matrices(program.inputs, {d.name: d for d in definitions})
    same: dict[str, str] = {}
    calls: dict[tuple[str, tuple[str, ...]], str] = {}
    found: list[Indexed | Intrinsic] = []
    for given in definitions:
        d = _renamed(given, same)
        if isinstance(d, Intrinsic):
            original = calls.setdefault((d.operation, d.operands), d.name)
        else:
            original = _repeats(d, matrices, set(calls.values())) or d.name
        if original == d.name or d.name in program.outputs:
            found.append(d)
        else:
            same[d.name] = original
    return found


def _repeats(d: Indexed, matrices: Matrices, calls: set[str]) -> str | None:
    """The name of the whole-tensor value that a definition copies, or of the symmetric matrix that it transposes."""
    if not isinstance(d.body, sympy.Indexed):
        return None
    name, own = str(d.body.base.label), tuple(axis.index for axis in d.axes)
    original = matrices.definitions.get(name)
    if isinstance(original, Indexed) and isinstance(original.body, REDUCTIONS):
        return None  # that sum is accumulated under the name of its copy
    mirrored = len(own) == 2 and d.body.indices in (own, own[::-1]) and matrices.is_symmetric(name)
    return name if mirrored or (d.body.indices == own and name in calls) else None


def _renamed(d: Indexed | Intrinsic, same: dict[str, str]) -> Indexed | Intrinsic:
    if isinstance(d, Intrinsic):
        return replace(d, operands=tuple(same.get(name, name) for name in d.operands))
    entries = {e: tensor(same[str(e.base.label)])[e.indices] for e in d.body.atoms(sympy.Indexed) if str(e.base.label) in same}
    return replace(d, body=d.body.xreplace(entries)) if entries else d


def _factored(program: Program, definitions: list[Indexed | Intrinsic]) -> list[Indexed | Intrinsic]:
    by_name = {d.name: d for d in definitions}
    matrices = Matrices(program.inputs, by_name)
    calls = [d for d in definitions if isinstance(d, Intrinsic) and d.operation in FACTORED and not _on_rows(d, by_name)]
    uses = Counter(d.operands[0] for d in calls)
    # a single solve has its own call; a determinant or an inverse gains from the factor even alone
    shared = {d.operands[0] for d in calls if uses[d.operands[0]] > 1 or d.operation != "solve"}
    shared = {name for name in shared if matrices.is_symmetric(name)}
    names, fresh = Names({i.name for i in program.inputs} | set(by_name)), FreshIndices()
    fresh.count = FIRST_INDEX
    factors: dict[str, str] = {}
    found: list[Indexed | Intrinsic] = []
    for d in definitions:
        if isinstance(d, Intrinsic) and d in calls and d.operands[0] in shared:
            matrix, *others = d.operands
            if matrix not in factors:
                factors[matrix] = names.new(f"{matrix}_factor")
                axes, _ = fresh_axes(_axes(matrix, program, by_name), fresh)
                found.append(Intrinsic(factors[matrix], axes, "cholesky", (matrix,)))
            promised = d.operation != "solve" or matrices.is_semidefinite(matrix)
            operation = FACTORED[d.operation] if promised else f"symmetric {FACTORED[d.operation]}"
            d = replace(d, operation=operation, operands=(factors[matrix], *others, matrix))
        found.append(d)
    return found


def _axes(matrix: str, program: Program, definitions: Mapping[str, Indexed | Intrinsic]) -> tuple[Axis, ...]:
    if matrix in definitions:
        return definitions[matrix].axes
    shape = next(item.shape for item in program.inputs if item.name == matrix)
    return tuple(Axis(index(word), sympy.Integer(1), size_expression(d)) for word, d in zip("ij", shape, strict=True))


def _on_rows(d: Intrinsic, definitions: Mapping[str, Indexed | Intrinsic]) -> bool:
    """Whether a solve with c X'X + d I can fall back on the rows of X: it keeps its own call, which is given X."""
    return d.operation == "solve" and gram(definitions.get(d.operands[0]), definitions) is not None
