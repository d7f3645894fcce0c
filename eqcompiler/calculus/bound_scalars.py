r"""Integrals, limits and infinite sums in index form: closed forms in the scalar that the operator binds.

Takes: the term and its environment. Gives: an expression without the bound scalar.
Guarantees: the document's assumptions say that the integral, limit or series exists, so that nothing is proved about what has
no value; each closed form is that value. Whatever fits no rule raises NotSupportedYet.

    \int e^{g(t)} p(t) dt over the line, g'' constant  ->  sqrt(2 pi / -g'') e^{g at its top} * (mean of p under that Gaussian)
    \lim n(t)/d(t)  ->  the quotient of the first derivatives that do not both vanish
    \sum_{k >= L} p(k) r^k  ->  Newton's differences: r^L sum_j D^j p(L) r^j / (1 - r)^{j+1}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import factorial

import sympy
from sympy.integrals.manualintegrate import manualintegrate

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.dependencies import made_names, operand_names
from eqcompiler.calculus.environments import Entry, Frame, Position, free_index_names
from eqcompiler.calculus.index_algebra import replaced, substituted
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Axis, Indexed, Scan, scalar
from eqcompiler.languages.terms import Integral, Limit, Reduction, Term

LARGEST_DEGREE = 8
MOST_OPERATIONS = 80
_ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh)
_BAD = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


def _body(low: Lowers, body: Term, variable: str, frame: Frame) -> tuple[sympy.Expr, sympy.Symbol]:
    """The body with every definition that depends on the bound scalar written out."""
    t = scalar(low.fresh(f"{variable}_bound"))
    inner = Frame({**frame.bindings, variable: Entry(t)}, frame.indices, frame.scope)
    return _inlined(low, low.entry(body, (), inner), t), t


def _inlined(low: Lowers, expr: sympy.Expr, t: sympy.Symbol) -> sympy.Expr:
    table = {name: definition for definition in low.definitions for name in made_names(definition)}
    moving = {t.name}
    for definition in low.definitions:
        if moving & set(operand_names(definition)):
            moving.update(made_names(definition))

    def leaf(part: sympy.Basic) -> sympy.Basic | None:
        name = part.base.name if isinstance(part, sympy.Indexed) else getattr(part, "name", "")
        if name not in table or name not in moving:
            return None
        definition = table[name]
        if isinstance(definition, Scan):
            raise NotSupportedYet(f"the recurrence {definition.name} in a bound scalar has no index form yet")
        if not isinstance(definition, Indexed):
            raise NotSupportedYet(f"{definition.operation} of a bound scalar has no index form yet")
        at = part.indices if isinstance(part, sympy.Indexed) else ()
        chosen = {axis.index: position for axis, position in zip(definition.axes, at, strict=True)}
        return replaced(substituted(definition.body, chosen), leaf)

    return replaced(expr, leaf)


def _refuse(what: str, term: Term) -> NotSupportedYet:
    return NotSupportedYet(f"{what} has no index form yet", term.span)


def _is_finite(expr: sympy.Expr) -> bool:
    return not expr.has(*_BAD)


# --- what the document says about signs --------------------------------------------------------------------------------


def _known_differences(low: Lowers, frame: Frame) -> Iterator[tuple[sympy.Expr, bool]]:
    """The numbers that the assumptions call positive, or only not zero (False)."""
    for condition in low.document.assumptions:
        if condition.right is None or condition.relation not in ("<", ">", "!=") or condition.left.type.rank:
            continue
        if free_index_names(condition.left) | free_index_names(condition.right):
            continue
        try:
            difference = low.entry(condition.left, (), frame) - low.entry(condition.right, (), frame)
        except NotSupportedYet:
            continue  # a condition without an index form says nothing here
        yield (-difference if condition.relation == "<" else difference), condition.relation != "!="


def _nonzero(low: Lowers, expr: sympy.Expr, frame: Frame) -> bool:
    """Whether the document says that a number is not zero."""
    expr = sympy.factor_terms(sympy.expand(expr))
    if expr.is_nonzero or isinstance(expr, sympy.exp):
        return True
    if isinstance(expr, sympy.Mul):
        return all(_nonzero(low, factor, frame) for factor in expr.args)
    if isinstance(expr, sympy.Pow):
        return _nonzero(low, expr.base, frame)
    known = _known_differences(low, frame)
    return any(sympy.expand(expr - difference) == 0 or sympy.expand(expr + difference) == 0 for difference, _ in known)


def _positive(low: Lowers, expr: sympy.Expr, frame: Frame) -> bool:
    """Whether the document says that a number is positive: so that an integral or a series exists."""
    expr = sympy.factor_terms(sympy.expand(expr))
    if expr.is_positive or isinstance(expr, sympy.exp):
        return True
    if isinstance(expr, sympy.Mul) and all(_positive(low, factor, frame) for factor in expr.args):
        return True
    if isinstance(expr, sympy.Pow) and expr.exp.is_Integer and expr.exp.is_even:
        return _nonzero(low, expr.base, frame)
    if isinstance(expr, sympy.Pow):
        return _positive(low, expr.base, frame)
    if isinstance(expr, sympy.Abs):
        return _nonzero(low, expr.args[0], frame)
    known = [difference for difference, positive in _known_differences(low, frame) if positive]
    return any(sympy.expand(expr - difference).is_nonnegative for difference in known) or (
        isinstance(expr, sympy.Add) and all(_positive(low, part, frame) for part in expr.args)
    )


# --- integrals ---------------------------------------------------------------------------------------------------------


def integral(low: Lowers, term: Integral, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    lower, upper = low.entry(term.lower, (), frame), low.entry(term.upper, (), frame)
    body, t = _body(low, term.body, term.variable, frame)
    if lower.is_infinite and upper.is_infinite:
        if (lower, upper) != (-sympy.oo, sympy.oo):
            raise _refuse("an integral with these limits", term)
        return _by_parts(body, lambda part: _over_line(low, part, t, term, frame))
    if lower.is_infinite:
        body, lower, upper = body.subs(t, -t), -upper, -lower
    if upper.is_infinite:
        return _by_parts(body, lambda part: _over_half_line(low, part, t, lower, term, frame))
    return _between(low, body, t, (lower, upper), term, frame)


def _by_parts(body: sympy.Expr, rule: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    return sympy.Add(*(rule(part) for part in sympy.Add.make_args(body)))


def _parts(body: sympy.Expr, t: sympy.Symbol, term: Term) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """constant * rest(t) * exp(g(t)) as constant, rest and g."""
    constant, moving = body.as_independent(t, as_Add=False)
    exponent, rest = sympy.S.Zero, sympy.S.One
    for factor in sympy.Mul.make_args(moving):
        if isinstance(factor, sympy.exp):
            exponent += factor.args[0]
        else:
            rest *= factor
    return constant, rest, exponent


def _derivatives(expr: sympy.Expr, t: sympy.Symbol, term: Term, most: int = LARGEST_DEGREE) -> list[sympy.Expr]:
    """The derivatives of a polynomial in t, until they vanish."""
    for part in sympy.preorder_traversal(expr):
        natural = isinstance(part, sympy.Pow) and part.exp.is_Integer and part.exp > 0
        if part.has(t) and not natural and not isinstance(part, (sympy.Add, sympy.Mul, sympy.Sum, sympy.Symbol)):
            raise _refuse("an integral of this body", term)
    found = [expr]
    while found[-1] != 0:
        if len(found) > most + 1:
            raise _refuse("an integral of this body", term)
        found.append(sympy.expand(sympy.diff(found[-1], t)))
    return found[:-1]


def _over_line(low: Lowers, body: sympy.Expr, t: sympy.Symbol, term: Term, frame: Frame) -> sympy.Expr:
    constant, rest, exponent = _parts(body, t, term)
    bends = _derivatives(exponent, t, term, 2)
    if len(bends) != 3:
        raise _refuse("an integral over the line that is not Gaussian", term)
    if not _positive(low, -bends[2], frame):
        raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
    width = -1 / bends[2]
    slope = bends[1].subs(t, 0)
    top, center = exponent.subs(t, 0) + slope**2 * width / 2, slope * width
    moments = [
        derivative.subs(t, center) * (width / 2) ** (k // 2) / factorial(k // 2)
        for k, derivative in enumerate(_derivatives(rest, t, term))
        if k % 2 == 0
    ]
    return constant * sympy.sqrt(2 * sympy.pi * width) * sympy.exp(sympy.expand(top)) * sympy.Add(*moments)


def _over_half_line(low: Lowers, body: sympy.Expr, t: sympy.Symbol, lower: sympy.Expr, term: Term, frame: Frame) -> sympy.Expr:
    """p(t) e^{-a t} from L: e^{-a L} sum_j p^(j)(L) / a^{j+1}; t^s e^{-a t} from 0: Gamma(s + 1) / a^{s+1}."""
    constant, rest, exponent = _parts(body, t, term)
    bends = _derivatives(exponent, t, term, 1)
    if len(bends) != 2:
        raise _refuse("an integral over the half-line that does not fall exponentially", term)
    rate, start = -bends[1], sympy.exp(exponent.subs(t, 0))
    if not _positive(low, rate, frame):
        raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
    if isinstance(rest, sympy.Pow) and rest.base == t and not rest.exp.has(t) and lower == 0 and not rest.exp.is_Integer:
        if not _positive(low, rest.exp + 1, frame):
            raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
        return constant * start * sympy.gamma(rest.exp + 1) / rate ** (rest.exp + 1)
    parts = [derivative.subs(t, lower) / rate ** (j + 1) for j, derivative in enumerate(_derivatives(rest, t, term))]
    return constant * start * sympy.exp(-rate * lower) * sympy.Add(*parts)


def _between(
    low: Lowers, body: sympy.Expr, t: sympy.Symbol, edges: tuple[sympy.Expr, sympy.Expr], term: Integral, frame: Frame
) -> sympy.Expr:
    """By an antiderivative, checked by differentiation; it has no finite jump: entire functions, logarithms and powers only."""
    if edges == (0, 1):
        beta = _euler(low, body, t, frame)
        if beta is not None:
            return beta
    plain, back = _plain(body, t, term)
    for symbol in sorted(plain.free_symbols - {t}, key=str):
        if _nonzero(low, symbol.xreplace(back), frame):  # spares the case that it is zero
            letter = sympy.Dummy(real=True, nonzero=True)
            plain, back = plain.xreplace({symbol: letter}), {**back, letter: symbol.xreplace(back)}
    if plain.count_ops() > MOST_OPERATIONS or not _is_tame(plain, t):
        raise _refuse("an integral of this body", term)
    primitive = manualintegrate(plain, t)
    if primitive.has(sympy.Integral, sympy.Piecewise) or not _is_tame(primitive, t):
        raise _refuse("an integral of this body", term)
    if sympy.simplify(sympy.diff(primitive, t) - plain) != 0:
        raise _refuse("an integral of this body", term)
    for inside in _inside(plain, t) + _inside(primitive, t):
        if not all(_positive(low, inside.xreplace(back).subs(t, edge), frame) for edge in edges):
            raise NotSupportedYet("an integral across what may be a pole has no index form yet", term.span)
    upper, lower = (primitive.subs(t, edge) for edge in reversed(edges))
    if not _is_finite(upper - lower):
        raise _refuse("an integral up to an edge where the antiderivative is not finite", term)
    return (upper - lower).xreplace(back)


def _euler(low: Lowers, body: sympy.Expr, t: sympy.Symbol, frame: Frame) -> sympy.Expr | None:
    """c t^p (1 - t)^q from 0 to 1: Euler's integral of the first kind; for whole numbers the antiderivative will do."""
    constant, moving = body.as_independent(t, as_Add=False)
    powers = {t: sympy.S.One, 1 - t: sympy.S.One}
    for factor in sympy.Mul.make_args(moving):
        base, exponent = factor.as_base_exp()
        if base not in powers or exponent.has(t):
            return None
        powers[base] += exponent
    left, right = powers.values()
    if left.is_Integer and right.is_Integer:
        return None
    if not _positive(low, left, frame) or not _positive(low, right, frame):
        raise NotSupportedYet("an integral that may not converge has no index form yet")
    return constant * sympy.gamma(left) * sympy.gamma(right) / sympy.gamma(left + right)


def _plain(body: sympy.Expr, t: sympy.Symbol, term: Term) -> tuple[sympy.Expr, dict[sympy.Symbol, sympy.Expr]]:
    """Sums and components, which do not depend on t, as letters."""
    letters: dict[sympy.Basic, sympy.Symbol] = {}

    def leaf(part: sympy.Basic) -> sympy.Basic | None:
        if isinstance(part, (sympy.Sum, sympy.Product, sympy.Indexed)):
            if part.has(t):
                raise _refuse("an integral of a sum that depends on the variable", term)
            return letters.setdefault(part, sympy.Dummy(real=True))
        return None

    plain = replaced(body, leaf)
    return plain, {letter: part for part, letter in letters.items()}


def _inside(expr: sympy.Expr, t: sympy.Symbol) -> list[sympy.Expr]:
    """What stands in logarithms, roots and below fraction bars: affine, so positive between edges where it is positive."""
    found = []
    for part in sympy.preorder_traversal(expr):
        if isinstance(part, sympy.log) and part.has(t):
            found.append(part.args[0])
        if isinstance(part, sympy.Pow) and part.base.has(t) and not (part.exp.is_Integer and part.exp > 0):
            found.append(part.base)
    return found


def _is_tame(expr: sympy.Expr, t: sympy.Symbol) -> bool:
    """Entire functions and logarithms of affine arguments, and powers of what is affine, in t."""
    for part in sympy.preorder_traversal(expr):
        if not part.has(t) or isinstance(part, (sympy.Add, sympy.Mul, sympy.Symbol)):
            continue
        inside = part.base if isinstance(part, sympy.Pow) else part.args[0]
        function = isinstance(part, (*_ENTIRE, sympy.log)) or (isinstance(part, sympy.Pow) and not part.exp.has(t))
        natural = isinstance(part, sympy.Pow) and part.exp.is_Integer and part.exp > 0
        if not function or (not natural and sympy.expand(sympy.diff(inside, t, 2)) != 0):
            return False
    return True


# --- limits ------------------------------------------------------------------------------------------------------------


def limit(low: Lowers, term: Limit, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    if term.body.type.rank:
        raise _refuse("a limit of a tensor", term)
    target = low.entry(term.target, (), frame)
    body, t = _body(low, term.body, term.variable, frame)
    if target.is_infinite:
        body, target = body.subs(t, 1 / t if target.is_positive else -1 / t), sympy.S.Zero
    above, below = sympy.fraction(sympy.together(body))
    if not all(_is_analytic(part, t, target) for part in (above, below)):
        raise _refuse("this limit", term)
    for order in range(LARGEST_DEGREE):
        first, second = (sympy.expand(sympy.diff(part, t, order).subs(t, target)) for part in (above, below))
        if not _is_finite(first) or not _is_finite(second):
            raise _refuse("this limit", term)
        if second != 0:
            if not _nonzero(low, second, frame):
                raise NotSupportedYet("a limit whose denominator may vanish has no index form yet", term.span)
            return first / second
        if first != 0:
            raise NotSupportedYet("a limit at a pole has no index form yet", term.span)
    raise _refuse("a limit with so many common zeros", term)


def _is_analytic(expr: sympy.Expr, t: sympy.Symbol, target: sympy.Expr) -> bool:
    """Elementary functions, analytic at the target: finite arguments, no root and no logarithm of what vanishes there."""
    for part in sympy.preorder_traversal(expr):
        if not part.has(t) or isinstance(part, (sympy.Add, sympy.Mul, sympy.Symbol, *_ENTIRE, sympy.tanh, sympy.atan)):
            continue
        inside = part.base if isinstance(part, sympy.Pow) else part.args[0]
        whole = isinstance(part, sympy.Pow) and part.exp.is_Integer and part.exp > 0
        rooted = isinstance(part, sympy.log) or (isinstance(part, sympy.Pow) and not part.exp.has(t))
        if not whole and (not rooted or sympy.expand(inside.subs(t, target)) == 0 or not _is_finite(inside.subs(t, target))):
            return False
    return True


# --- infinite sums -----------------------------------------------------------------------------------------------------


def series(low: Lowers, term: Reduction, axis: Axis, frame: Frame) -> sympy.Expr:
    """A sum of p(k) r^k or p(k) r^k / k! from a number on."""
    if term.operation != "sum" or axis.upper != sympy.oo or not axis.lower.is_Integer or axis.lower < 0 or term.where:
        raise _refuse("this infinite series", term)
    inner = frame.within(axis).with_indices({term.binder.name: axis.index})
    body = low.entry(term.body, (), inner)
    k, total = axis.index, sympy.S.Zero
    for part in sympy.Add.make_args(body):
        total += _series_of_one(low, part, k, int(axis.lower), term, frame)
    return total


def _series_of_one(low: Lowers, part: sympy.Expr, k: sympy.Symbol, first: int, term: Reduction, frame: Frame) -> sympy.Expr:
    constant, moving = part.as_independent(k, as_Add=False)
    ratio, polynomial, factorials = sympy.S.One, sympy.S.One, 0
    for factor in sympy.Mul.make_args(moving):
        base, exponent = factor.as_base_exp()
        if base in (sympy.factorial(k), sympy.gamma(k + 1)) and exponent == -1:
            factorials += 1
        elif not base.has(k) and exponent.has(k):
            slope = sympy.diff(exponent, k)
            if slope.has(k):
                raise _refuse("this infinite series", term)
            ratio *= base**slope
            constant *= base ** sympy.expand(exponent - slope * k)
        else:
            polynomial *= factor
    if not polynomial.is_polynomial(k) or factorials > 1 or sympy.degree(polynomial, k) > LARGEST_DEGREE:
        raise _refuse("this infinite series", term)
    if factorials:
        return constant * _exponential_series(polynomial, ratio, k, first)
    if not _positive(low, 1 - ratio, frame) or not _positive(low, 1 + ratio, frame):
        raise NotSupportedYet("a geometric series whose ratio may not be between -1 and 1 has no index form yet", term.span)
    differences = _differences(polynomial, k, first)
    parts = [d * ratio**j / (1 - ratio) ** (j + 1) for j, d in enumerate(differences)]
    return constant * ratio**first * sympy.Add(*parts)


def _differences(polynomial: sympy.Expr, k: sympy.Symbol, first: int) -> list[sympy.Expr]:
    """p(L), D p(L), D^2 p(L), ... by Newton's forward differences."""
    row = [polynomial.subs(k, first + j) for j in range(int(sympy.degree(polynomial, k)) + 1)]
    found = []
    while row:
        found.append(row[0])
        row = [sympy.expand(b - a) for a, b in pairwise(row)]
    return found


def _exponential_series(polynomial: sympy.Expr, ratio: sympy.Expr, k: sympy.Symbol, first: int) -> sympy.Expr:
    whole = [d * ratio**j / factorial(j) for j, d in enumerate(_differences(polynomial, k, 0))]
    before = [polynomial.subs(k, j) * ratio**j / factorial(j) for j in range(first)]
    return sympy.exp(ratio) * sympy.Add(*whole) - sympy.Add(*before)
