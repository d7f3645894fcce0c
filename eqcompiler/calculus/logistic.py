"""Logistic forms that neither overflow nor turn into infinity divided by infinity.

Takes: a product. Gives: the same product with exp(u)/(1 + exp(u)) written as 1/(1 + exp(-u)).
Guarantees: an identity for every real u; nothing else is touched.

    exp(-z)/(1 + exp(-z))**2    ->    1/((1 + exp(z))*(1 + exp(-z)))
"""

from __future__ import annotations

import sympy


def balanced(expr: sympy.Expr) -> sympy.Expr:
    """exp(p u) (1 + exp(u))^-k becomes (1 + exp(-u))^-p (1 + exp(u))^(p - k) for whole numbers 0 < p <= k."""
    if isinstance(expr, sympy.Add):
        return sympy.Add(*(balanced(term) for term in expr.args))
    if not isinstance(expr, sympy.Mul):
        return expr
    factors = list(expr.args)
    for position, factor in enumerate(factors):
        bottom, exponent = factor.as_base_exp() if isinstance(factor, sympy.Pow) else (factor, sympy.S.One)
        power = _logistic(bottom)
        if power is None or not (exponent.is_Integer and exponent < 0):
            continue
        for number, other in enumerate(factors):
            count = _multiple(other, power)
            if count is not None and 0 < count <= -exponent:
                rest = [f for k, f in enumerate(factors) if k not in (position, number)]
                return balanced(sympy.Mul(*rest, (1 + sympy.exp(-power)) ** -count, bottom ** (exponent + count)))
    return expr


def _logistic(bottom: sympy.Expr) -> sympy.Expr | None:
    """u where `bottom` is 1 + exp(u)."""
    if not isinstance(bottom, sympy.Add) or len(bottom.args) != 2:
        return None
    powers = [term.args[0] for term in bottom.args if isinstance(term, sympy.exp)]
    return powers[0] if len(powers) == 1 and sympy.S.One in bottom.args else None


def _multiple(factor: sympy.Expr, power: sympy.Expr) -> int | None:
    """p where `factor` is exp(p u) for a whole number p."""
    if not isinstance(factor, sympy.exp):
        return None
    ratio = factor.args[0] / power
    return int(ratio) if ratio.is_Integer else None
