r"""Integrals and limits in index form: closed forms in the scalar that the operator binds.

Takes: the term and its environment. Gives: an expression without the bound scalar.
Guarantees: the document's assumptions say that the integral or limit exists, so that nothing is proved about what has
no value; each closed form is that value. Whatever fits no rule raises NotSupportedYet.

    \int e^{g(t)} p(t) dt over the line, g'' constant  ->  sqrt(2 pi / -g'') e^{g at its top} * (mean of p under that Gaussian)
    \lim n(t)/d(t)  ->  the quotient of the first derivatives that do not both vanish
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import sympy
from sympy.integrals.manualintegrate import manualintegrate

from eqcompiler.calculus.axis_sums import Lowers
from eqcompiler.calculus.dependencies import made_names, operand_names
from eqcompiler.calculus.environments import Entry, Frame, Position
from eqcompiler.calculus.index_algebra import replaced, substituted
from eqcompiler.calculus.known_signs import nonzero, positive
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.program import Indexed, Scan, scalar
from eqcompiler.languages.terms import Integral, Limit, Term

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


# --- integrals ---------------------------------------------------------------------------------------------------------


def integral(low: Lowers, term: Integral, at: tuple[Position, ...], frame: Frame) -> sympy.Expr:
    lower, upper = low.entry(term.lower, (), frame), low.entry(term.upper, (), frame)
    body, t = _body(low, term.body, term.variable, frame)
    if lower.is_infinite or upper.is_infinite:
        body = _opened_logs(low, body, t, frame)
    if lower.is_infinite and upper.is_infinite:
        if (lower, upper) != (-sympy.oo, sympy.oo):
            raise _refuse("an integral with these limits", term)
        return _by_parts(body, lambda part: _over_line(low, part, t, term, frame))
    if lower.is_infinite:
        body, lower, upper = body.subs(t, -t), -upper, -lower
    if upper.is_infinite:
        return _by_parts(body, lambda part: _over_half_line(low, part, t, lower, term, frame))
    return _between(low, body, t, (lower, upper), term, frame)


def _opened_logs(low: Lowers, body: sympy.Expr, t: sympy.Symbol, frame: Frame) -> sympy.Expr:
    """log(c e^{g(t)}) as log c + g(t), where the document says that c is positive: the logarithm of a density."""

    opened: dict[sympy.Basic, sympy.Expr] = {}
    for part in body.atoms(sympy.log):
        constant, moving = sympy.powdenest(part.args[0]).as_independent(t, as_Add=False)
        parts = [factor.as_base_exp() for factor in sympy.Mul.make_args(moving)]
        if part.has(t) and all(base == sympy.E for base, _ in parts) and positive(low, constant, frame):
            opened[part] = sympy.log(constant) + sympy.Add(*(exponent for _, exponent in parts))
    return body.xreplace(opened)


def _by_parts(body: sympy.Expr, rule: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    return sympy.Add(*(rule(part) for part in sympy.Add.make_args(body)))


def _parts(body: sympy.Expr, t: sympy.Symbol) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
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
    constant, rest, exponent = _parts(body, t)
    bends = _derivatives(exponent, t, term, 2)
    if len(bends) != 3:
        raise _refuse("an integral over the line that is not Gaussian", term)
    if not positive(low, -bends[2], frame):
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
    constant, rest, exponent = _parts(body, t)
    bends = _derivatives(exponent, t, term, 2)
    if len(bends) == 3 and lower == 0 and bends[1].subs(t, 0) == 0:
        return constant * sympy.exp(exponent.subs(t, 0)) * _half_gaussian(low, rest, t, -bends[2] / 2, term, frame)
    if len(bends) != 2:
        raise _refuse("an integral over the half-line that does not fall exponentially", term)
    rate, start = -bends[1], sympy.exp(exponent.subs(t, 0))
    if not positive(low, rate, frame):
        raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
    if isinstance(rest, (sympy.cos, sympy.sin)) and lower == 0:
        return constant * start * _wave(rest, t, rate, term)
    powers = _powers(rest, t) if lower == 0 else ()
    if any(not e.is_Integer for _, e in powers):
        if not all(positive(low, e + 1, frame) for _, e in powers):
            raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
        return constant * start * sympy.Add(*(c * sympy.gamma(e + 1) / rate ** (e + 1) for c, e in powers))
    parts = [derivative.subs(t, lower) / rate ** (j + 1) for j, derivative in enumerate(_derivatives(rest, t, term))]
    return constant * start * sympy.exp(-rate * lower) * sympy.Add(*parts)


def _powers(body: sympy.Expr, t: sympy.Symbol) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
    """c t^e + ... for t > 0 as its pairs (c, e); () when the body is not such a sum."""
    pairs = []
    for part in sympy.Add.make_args(sympy.expand(body)):
        constant, moving = part.as_independent(t, as_Add=False)
        factors = [factor.as_base_exp() for factor in sympy.Mul.make_args(moving) if factor != 1]
        if any(base != t or exponent.has(t) for base, exponent in factors):
            return ()
        pairs.append((constant, sympy.Add(*(exponent for _, exponent in factors))))
    return tuple(pairs)


def _half_gaussian(low: Lowers, rest: sympy.Expr, t: sympy.Symbol, rate: sympy.Expr, term: Term, frame: Frame) -> sympy.Expr:
    """p(t) e^{-a t^2} from 0: c t^e becomes c Gamma((e + 1)/2) / (2 a^{(e + 1)/2})."""
    if not positive(low, rate, frame):
        raise NotSupportedYet("an integral that may not converge has no index form yet", term.span)
    powers = _powers(rest, t)
    if not powers or not all(positive(low, e + 1, frame) for _, e in powers):
        raise _refuse("an integral of this body", term)
    return sympy.Add(*(c * sympy.gamma((e + 1) / 2) / (2 * rate ** ((e + 1) / 2)) for c, e in powers))


def _wave(rest: sympy.Expr, t: sympy.Symbol, rate: sympy.Expr, term: Term) -> sympy.Expr:
    """cos(w t + f) e^{-a t} from 0: (a cos f - w sin f) / (a^2 + w^2), and its sine."""
    angle = rest.args[0]
    turns = _derivatives(angle, t, term, 1)
    speed, phase = turns[1], angle.subs(t, 0)
    cosine = isinstance(rest, sympy.cos)
    along, across = (sympy.cos(phase), -sympy.sin(phase)) if cosine else (sympy.sin(phase), sympy.cos(phase))
    return (rate * along + speed * across) / (rate**2 + speed**2)


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
        if not symbol.is_nonzero and nonzero(low, symbol.xreplace(back), frame):  # spares the case that it is zero
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
        if not all(positive(low, inside.xreplace(back).subs(t, edge), frame) for edge in edges):
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
    if not positive(low, left, frame) or not positive(low, right, frame):
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
        if isinstance(part, sympy.Pow) and part.base.has(t) and not _is_natural(part.exp) and not part.base.is_positive:
            found.append(part.base)
    return found


def _is_natural(exponent: sympy.Expr) -> bool:
    return bool(exponent.is_integer and exponent.is_positive)


def _is_tame(expr: sympy.Expr, t: sympy.Symbol) -> bool:
    """Entire functions and logarithms of affine arguments, and powers of what is affine or positive everywhere, in t."""
    for part in sympy.preorder_traversal(expr):
        if not part.has(t) or isinstance(part, (sympy.Add, sympy.Mul, sympy.Symbol)):
            continue
        inside = part.base if isinstance(part, sympy.Pow) else part.args[0]
        raised = isinstance(part, sympy.Pow) and not part.exp.has(t)
        smooth = raised and (_is_natural(part.exp) or bool(inside.is_positive))
        if not (raised or isinstance(part, (*_ENTIRE, sympy.log, sympy.atan))):
            return False
        if not smooth and sympy.expand(sympy.diff(inside, t, 2)) != 0:
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
    constant, moving = body.as_independent(t, as_Add=False)
    base, exponent = moving.as_base_exp()
    if exponent.has(t) and base.has(t) and positive(low, base.subs(t, target), frame):
        return constant * sympy.exp(_limit(low, exponent * sympy.log(base), t, target, term, frame))
    return _limit(low, body, t, target, term, frame)


def _limit(low: Lowers, body: sympy.Expr, t: sympy.Symbol, target: sympy.Expr, term: Limit, frame: Frame) -> sympy.Expr:
    def above_zero(base: sympy.Expr) -> bool:
        return positive(low, base, frame)

    above, below = sympy.fraction(sympy.together(body))
    if not all(_is_analytic(part, t, target, above_zero) for part in (above, below)):
        raise _refuse("this limit", term)
    for order in range(LARGEST_DEGREE):
        first, second = (sympy.expand(sympy.diff(part, t, order).subs(t, target)) for part in (above, below))
        if not _is_finite(first) or not _is_finite(second):
            raise _refuse("this limit", term)
        if second != 0:
            if not nonzero(low, second, frame):
                raise NotSupportedYet("a limit whose denominator may vanish has no index form yet", term.span)
            return first / second
        if first != 0:
            raise NotSupportedYet("a limit at a pole has no index form yet", term.span)
    raise _refuse("a limit with so many common zeros", term)


def _is_analytic(expr: sympy.Expr, t: sympy.Symbol, target: sympy.Expr, above_zero: Callable[[sympy.Expr], bool]) -> bool:
    """Elementary functions, analytic at the target: finite arguments, no root and no logarithm of what vanishes there."""
    for part in sympy.preorder_traversal(expr):
        if not part.has(t) or isinstance(part, (sympy.Add, sympy.Mul, sympy.Symbol, *_ENTIRE, sympy.tanh, sympy.atan)):
            continue
        if isinstance(part, sympy.Pow) and not part.base.has(t) and above_zero(part.base):
            continue  # a^t
        inside = part.base if isinstance(part, sympy.Pow) else part.args[0]
        whole = isinstance(part, sympy.Pow) and part.exp.is_Integer and part.exp > 0
        rooted = isinstance(part, sympy.log) or (isinstance(part, sympy.Pow) and not part.exp.has(t))
        if not whole and (not rooted or sympy.expand(inside.subs(t, target)) == 0 or not _is_finite(inside.subs(t, target))):
            return False
    return True
