"""What is minus a value, as a whole, is computed without the sign.

Takes: a Program. Gives: an equal Program, in which no intermediate definition has minus signs alone, and no sum has them
inside.
Guarantees: the same numbers, bit by bit, but for the sign of a zero. Outputs, and what a whole-tensor operation reads, stay.

    r[i] = -b - Sum(W[j]*x[i, j], j);  a[i] = 1/(1 + exp(r[i]))    becomes
    r[i] = b + Sum(W[j]*x[i, j], j);   a[i] = 1/(1 + exp(-r[i]))

A matrix product that is a definition up to its sign is then a call of BLAS and no pass over its entries after it.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from eqcompiler.kernels.statements import label
from eqcompiler.languages.program import Indexed, Intrinsic, Program, scalar


def turn_signs(program: Program) -> Program:
    definitions = program.plain("loop plan")
    kept = {*program.outputs, *(name for d in definitions if isinstance(d, Intrinsic) for name in d.operands)}
    turned: set[str] = set()
    found: list[Indexed | Intrinsic] = []
    for d in definitions:
        if isinstance(d, Indexed):
            d = replace(d, body=_outside(_read(d.body, turned)))
            if d.name not in kept and _is_negative(d.body):
                turned.add(d.name)
                d = replace(d, body=_negated(d.body))
        found.append(d)
    return Program(program.inputs, tuple(found), program.outputs)


def _read(body: sympy.Expr, turned: set[str]) -> sympy.Expr:
    """The body where the values of these names have the other sign."""
    entries = [entry for entry in body.atoms(sympy.Indexed) if label(entry) in turned]
    entries += [scalar(name) for name in turned if scalar(name) in body.free_symbols]
    return body.xreplace({entry: -entry for entry in entries}) if entries else body


def _is_negative(body: sympy.Expr) -> bool:
    return all(_has_sign(term) for term in sympy.Add.make_args(body)) and body != 0


def _has_sign(term: sympy.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _negated(body: sympy.Expr) -> sympy.Expr:
    return sympy.Add(*(-term for term in sympy.Add.make_args(body)))


def _outside(value: sympy.Basic) -> sympy.Basic:
    """Sum(-x) as -Sum(x), at every depth; nothing inside a case distinction."""
    if not value.args or isinstance(value, (sympy.Indexed, sympy.Piecewise)) or not value.has(sympy.Sum):
        return value
    if isinstance(value, sympy.Sum):
        inside = _outside(value.function)
        negative = _is_negative(inside)
        made = sympy.Sum(_negated(inside) if negative else inside, *value.limits)
        return -made if negative else made
    return value.func(*(_outside(part) for part in value.args))
