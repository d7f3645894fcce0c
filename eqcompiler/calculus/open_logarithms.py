"""Logarithms of products are opened before a second derivative is taken.

Takes: a Program. Gives: an equal Program in which log(P), where P names or is a product with an exponential, is a sum.
Guarantees: equal wherever the original is defined: an exponential is positive, and log(1/s) exists only for a positive s.

    P[i, k] = exp(z[i, k])/s[i];  L = -Sum(Y[i, k]*log(P[i, k]), (k, 1, K))    becomes
    L = -Sum(Y[i, k]*(z[i, k] - log(s[i])), (k, 1, K))

The derivative of log(P) by the chain rule divides by P what its own derivative multiplies with it, in every term of the second
derivative anew; nothing of it is left here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy

from eqcompiler.calculus.index_algebra import substituted
from eqcompiler.languages.program import Indexed, Intrinsic, Program, Scan


def open_logarithms(program: Program) -> Program:
    known: dict[str, Indexed] = {}
    found: list[Indexed | Intrinsic | Scan] = []
    for d in program.definitions:
        if isinstance(d, Indexed):
            d = replace(d, body=_opened(d.body, known))
            known[d.name] = d
        found.append(d)
    return Program(program.inputs, tuple(found), program.outputs)


def _opened(value: sympy.Basic, known: Mapping[str, Indexed]) -> sympy.Basic:
    if not value.has(sympy.log):
        return value
    if isinstance(value, sympy.log):
        return _logarithm(value.args[0], known)
    return value.func(*(_opened(part, known) for part in value.args))


def _logarithm(inside: sympy.Expr, known: Mapping[str, Indexed]) -> sympy.Expr:
    """log of a product with exponentials, as the exponents and the logarithm of the rest."""
    factors = sympy.Mul.make_args(_body(inside, known))
    exponents = [factor.args[0] for factor in factors if isinstance(factor, sympy.exp)]
    if not exponents:
        return sympy.log(inside)
    rest = [factor for factor in factors if not isinstance(factor, sympy.exp)]
    return sympy.Add(*exponents, _of_rest(sympy.Mul(*rest)))


def _of_rest(value: sympy.Expr) -> sympy.Expr:
    base, power = value.as_base_exp()
    return -sympy.log(base) if power == -1 else sympy.log(value)


def _body(value: sympy.Expr, known: Mapping[str, Indexed]) -> sympy.Expr:
    """What a name stands for, at its indices."""
    name = str(value.base.label) if isinstance(value, sympy.Indexed) else str(value)
    definition = known.get(name) if isinstance(value, (sympy.Indexed, sympy.Symbol)) else None
    if definition is None:
        return value
    at = value.indices if isinstance(value, sympy.Indexed) else ()
    return substituted(definition.body, {axis.index: place for axis, place in zip(definition.axes, at, strict=True)})
