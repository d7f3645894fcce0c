r"""Series, integrals and limits, for the proof checker: what is known of e^{st} tells the rest.

Takes: a term that binds a variable, the place of one entry, what is bound. Gives: a sum with indices without the variable.
Guarantees: every value in the tables is an identity where the assumptions say that it converges, else NotReplayed. Powers of
the variable are derivatives: L[t^k e^{st}] = (d/ds)^k L[e^{st}], sum_k k^j w_k s^k = (s d/ds)^j sum_k w_k s^k.

    sum_k s^k = 1/(1 - s)    sum_k s^k/k! = e^s    sum_k s^k/k = -log(1 - s)    sum_k binom(n, k) s^k = (1 + s)^n
    int e^{-a t^2 + s t} = sqrt(pi/a) e^{s^2/4a}    int_0 t^{q-1} e^{-at} = Gamma(q)/a^q
    int_0^1 t^{p-1} (1-t)^{q-1} = Gamma(p) Gamma(q) / Gamma(p + q)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Term
from eqcompiler.verification.function_values import gamma
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, OPEN, ZERO, Atom, NotReplayed, Product, Sum, add, minus, number
from eqcompiler.verification.symbolic_powers import raised
from eqcompiler.verification.term_entries import At, Environment, Reader, sizes_of

HALF, LARGEST_ORDER = Fraction(1, 2), 8
Factors = list[tuple[Atom, Fraction]]


@dataclass(frozen=True, slots=True)
class Moving:
    """A product as constant * t^power * e^exponent * others."""

    constant: Sum
    power: int
    exponent: Sum
    others: Factors


def _moving(algebra: Algebra, term: Product, name: str, variable: Atom) -> Moving:
    bound, factors = algebra.opened(term)
    own = {r.name for r in bound}
    if any(name in a.key and own & a.names for a, _ in factors):
        raise NotReplayed("a sum that depends on a bound variable")
    constant: Factors = []
    power, exponent, others = Fraction(0), ZERO, []
    for atom, e in factors:
        if name not in (atom.names if name[0] in OPEN else atom.key):
            constant.append((atom, e))
        elif atom == variable:
            power += e
        elif atom.called == "exp":
            exponent = add(exponent, atom.inner[0].body.times(e))
        else:
            others.append((atom, e))
    if power.denominator != 1:
        raise NotReplayed("a root of a bound variable")
    return Moving(algebra.summed(bound, algebra.close(term.coefficient, (), constant)), int(power), exponent, others)


def _has(body: Sum, name: str) -> bool:
    return name in body.key


def _parameter(self: Reader) -> tuple[str, Sum]:
    name = f"s'{next(self.count)}"
    return name, self.algebra.entry(name, ())


def _at(self: Reader, body: Sum, name: str, value: Sum) -> Sum:
    return self.replaced(body, name, lambda place: value)


def _spread_out(self: Reader, body: Sum, name: str, value: Callable[[Moving], Sum], variable: Atom) -> Sum:
    """A linear operation, term by term."""
    return add(
        *(self.algebra.product(m.constant, value(m)) for t in body.terms for m in [_moving(self.algebra, t, name, variable)])
    )


# --- series ------------------------------------------------------------------------------------------------------------


def series(self: Reader, term: terms.Reduction, at: At, env: Environment) -> Sum | None:
    """Sums to infinity, and finite ones with binomial coefficients; None for any other."""
    upper = term.binder.upper
    infinite = isinstance(upper, terms.Constant)
    if not infinite and not _chooses(term.body, term.binder.name):
        return None
    start = self.position(term.binder.lower, env).constant
    if start is None or not 0 <= start <= LARGEST_ORDER:
        raise NotReplayed("where the series starts", term.span)
    last = None if infinite else self.position(upper, env)
    index = self.algebra.fresh(Dimension.of(start), Dimension.of("infinity") if last is None else last)
    place = Dimension.of(index.name)
    body = self.entry(term.body, at, {**env, "#" + term.binder.name: place})
    variable = Atom("position", "", (place,))

    def value(m: Moving) -> Sum:
        if m.power < 0 == start:
            raise NotReplayed("a division by zero", term.span)
        early = [_term(self, m, index.name, k) for k in range(int(m.power < 0), start)]
        return minus(_series(self, m, index.name, last), add(*early))

    return _spread_out(self, body, index.name, value, variable)


def _chooses(term: Term, name: str) -> bool:
    if isinstance(term, terms.Call) and term.operation == "binomial":
        return isinstance(term.arguments[1], terms.Index) and term.arguments[1].name == name
    return any(_chooses(child, name) for child in terms.children(term))


def _term(self: Reader, m: Moving, name: str, k: int) -> Sum:
    """The part of the term that varies at k."""
    algebra = self.algebra
    inside = algebra.product(algebra.exp(m.exponent), algebra.close(Fraction(1), (), m.others))
    return algebra.moved(inside, {name: Dimension.of(k)}).times(Fraction(k) ** m.power)


def _series(self: Reader, m: Moving, name: str, last: Dimension | None) -> Sum:
    algebra, k = self.algebra, Dimension.of(name)
    begin, rate = (algebra.moved(m.exponent, {name: Dimension.of(j)}) for j in (0, 1))
    rate = minus(rate, begin)
    if minus(m.exponent, add(begin, algebra.product(rate, algebra.value(k)))).terms:
        raise NotReplayed("a series that is no power series")
    ratio, kernels = algebra.exp(rate), []
    for atom, e in m.others:
        if atom.called == "power" and atom.inner[1].body == algebra.value(k):
            ratio = algebra.product(ratio, algebra.power(atom.inner[0].body, e))
        else:
            kernels.append((atom, e))
    s_name, s = _parameter(self)
    value = _kernel(self, m, kernels, k, last, s, ratio)
    for _ in range(max(m.power, 0)):
        value = algebra.product(s, self.slope(value, s_name, ()))
    return algebra.product(algebra.exp(begin), _at(self, value, s_name, ratio))


def _kernel(self: Reader, m: Moving, kernels: Factors, k: Dimension, last: Dimension | None, s: Sum, ratio: Sum) -> Sum:
    algebra = self.algebra
    upward = _gamma_atom(algebra, add(algebra.value(k), ONE))
    if last is not None:
        downward = _gamma_atom(algebra, add(minus(algebra.value(last), algebra.value(k)), ONE))
        if dict(kernels) == {upward: -1, downward: -1} and m.power >= 0:
            below = gamma(algebra, add(algebra.value(last), ONE))
            return algebra.product(raised(algebra, add(ONE, s), algebra.value(last)), algebra.power(below, -1))
        raise NotReplayed("a finite sum with binomial coefficients")
    if dict(kernels) == {upward: -1} and m.power >= 0:
        return algebra.exp(s)
    if kernels or m.power < -1:
        raise NotReplayed("this series")
    inside = minus(ONE, algebra.apply("abs", (ratio,)))
    if not algebra.all_positive(inside) and not (algebra.not_negative(ratio) and algebra.all_positive(minus(ONE, ratio))):
        raise NotReplayed("a series that need not converge")
    return algebra.log(minus(ONE, s)).times(Fraction(-1)) if m.power < 0 else algebra.power(minus(ONE, s), -1)


def _gamma_atom(algebra: Algebra, u: Sum) -> Atom | None:
    value = algebra.apply("gamma", (u,))
    factors = value.terms[0].factors
    return factors[0][0] if len(value.terms) == len(factors) == 1 else None


# --- integrals ---------------------------------------------------------------------------------------------------------


def integral(self: Reader, term: terms.Integral, at: At, env: Environment) -> Sum:
    algebra, edges = self.algebra, (term.lower, term.upper)
    infinite = [_infinity(edge) for edge in edges]
    values = [None if far else self.entry(edge, (), env) for edge, far in zip(edges, infinite, strict=True)]
    name = f"{term.variable}'{next(self.count)}"
    low, high = values
    if (
        low is not None
        and algebra.not_negative(low)
        and (infinite[1] == 1 or (high is not None and algebra.not_negative(high)))
    ):
        algebra.positive.add(name)  # between the edges
    if (low, high) == (ZERO, ONE):
        algebra.above_zero.add(minus(ONE, algebra.entry(name, ())).key)
    inner = {**env, term.variable: lambda place: algebra.entry(name, place)}
    body, variable = self.entry(term.body, at, inner), Atom("entry", name)
    if term in self.primitives and None not in values:
        primitive = self.entry(self.primitives[term], at, inner)
        return _between(self, body, primitive, name, low or ZERO, high or ZERO)
    rules: Mapping[Any, Callable[[Reader, Moving, str], Sum]] = {
        (-1, 1): _over_line,
        (ZERO, 1): _over_half_line,
        (ZERO, ONE): _over_unit,
    }
    rule = rules.get(tuple(far or value for far, value in zip(infinite, values, strict=True)))
    if rule is None:
        raise NotReplayed("an integral without an antiderivative", term.span)
    return _spread_out(self, body, name, lambda m: rule(self, m, name), variable)


def _infinity(edge: Term) -> int:
    if isinstance(edge, terms.Call) and edge.operation == "neg":
        return -_infinity(edge.arguments[0])
    return int(isinstance(edge, terms.Constant) and edge.name == "infinity")


def _between(self: Reader, body: Sum, primitive: Sum, name: str, low: Sum, high: Sum) -> Sum:
    """By an antiderivative that is continuous from one edge to the other."""
    if minus(self.slope(primitive, name, ()), body).terms:
        raise NotReplayed("what is no antiderivative, as far as the checker sees")
    for part in (body, primitive):
        _require_smooth(self.algebra, part, name)
    return minus(_at(self, primitive, name, high), _at(self, primitive, name, low))


SMOOTH = ("exp", "sin", "cos", "tanh", "atan", "erf", "sinh", "cosh")


def _require_smooth(algebra: Algebra, body: Sum, name: str) -> None:
    """Functions of the variable that are smooth, or are so where their arguments are positive."""
    for atom, e in (f for t in body.terms for f in t.factors):
        if name not in atom.key:
            continue
        plain = e > 0 and e.denominator == 1
        known = atom.kind == "function" and (
            atom.called in SMOOTH or (atom.called == "log" and algebra.all_positive(atom.inner[0].body))
        )
        whole = atom.called == "power" and name not in atom.inner[1].key
        if not (algebra.is_positive(atom) or (plain and (atom.kind == "entry" or known or whole))):
            raise NotReplayed("an antiderivative that may have a pole")
        for o in atom.inner:
            _require_smooth(algebra, o.body, name)


def _bends(self: Reader, exponent: Sum, name: str, most: int) -> list[Sum]:
    """The coefficients of a polynomial of at most this degree."""
    found, rest, factorial = [], exponent, Fraction(1)
    for k in range(most + 1):
        found.append(_at(self, rest, name, ZERO).times(1 / factorial))
        rest, factorial = self.slope(rest, name, ()), factorial * (k + 1)
    if rest.terms:
        raise NotReplayed("an integral of this exponential")
    return found


def _over_line(self: Reader, m: Moving, name: str) -> Sum:
    algebra = self.algebra
    if m.others or m.power < 0:
        raise NotReplayed("an integral over the line that is not Gaussian")
    start, speed, bend = _bends(self, m.exponent, name, 2)
    width = bend.times(Fraction(-1))
    if not algebra.all_positive(width):
        raise NotReplayed("an integral that need not converge")
    s_name, s = _parameter(self)
    top = algebra.product(algebra.power(s, 2), algebra.power(width, -1)).times(Fraction(1, 4))
    pi = algebra.atom(Atom("constant", "pi"))
    value = algebra.product(algebra.power(algebra.product(pi, algebra.power(width, -1)), HALF), algebra.exp(add(start, top)))
    for _ in range(m.power):
        value = self.slope(value, s_name, ())
    return _at(self, value, s_name, speed)


def _over_half_line(self: Reader, m: Moving, name: str) -> Sum:
    """t^{q-1} e^{-a t} or t^{q-1} e^{-a t^2}, and waves e^{-a t} cos(w t)."""
    algebra = self.algebra
    log = algebra.log(algebra.entry(name, ()))
    rest, order = m.exponent, number(m.power + 1)
    for t in m.exponent.terms:  # t^c is e^{c log t}
        factors = tuple(f for f in t.factors if f != log.terms[0].factors[0])
        if len(factors) < len(t.factors):
            order = add(order, algebra.close(t.coefficient, (), factors))
            rest = minus(rest, Sum((t,)))
    start, speed, bend = (b.times(Fraction(c)) for b, c in zip(_bends(self, rest, name, 2), (1, -1, -1), strict=True))
    if not algebra.all_positive(order):
        raise NotReplayed("an integral that need not converge")
    if m.others:
        value = _wave(self, m, name, speed) if order == ONE and not bend.terms else ZERO
    elif not bend.terms and algebra.all_positive(speed):
        value = algebra.product(gamma(algebra, order), raised(algebra, speed, order.times(Fraction(-1))))
    elif not speed.terms and algebra.all_positive(bend):
        half = order.times(HALF)
        value = algebra.product(gamma(algebra, half), raised(algebra, bend, half.times(Fraction(-1)))).times(HALF)
    else:
        value = ZERO
    if not value.terms:
        raise NotReplayed("an integral over the half-line")
    return algebra.product(algebra.exp(start), value)


def _wave(self: Reader, m: Moving, name: str, rate: Sum) -> Sum:
    """int_0 e^{-a t} cos(w t) = a/(a^2 + w^2), and of the sine w/(a^2 + w^2)."""
    algebra = self.algebra
    if (
        len(m.others) != 1
        or m.others[0][0].called not in ("sin", "cos")
        or m.others[0][1] != 1
        or not algebra.all_positive(rate)
    ):
        raise NotReplayed("an integral over the half-line")
    start, speed = _bends(self, m.others[0][0].inner[0].body, name, 1)
    if start.terms:
        raise NotReplayed("a wave with a phase")
    below = algebra.power(add(algebra.power(rate, 2), algebra.power(speed, 2)), -1)
    return algebra.product(rate if m.others[0][0].called == "cos" else speed, below)


def _over_unit(self: Reader, m: Moving, name: str) -> Sum:
    """t^{p-1} (1-t)^{q-1}: Euler's integral of the first kind."""
    algebra = self.algebra
    variable = algebra.entry(name, ())
    logs = [algebra.log(u).terms[0].factors[0] for u in (variable, minus(ONE, variable))]
    orders, rest = [number(m.power + 1), ONE], m.exponent
    for t in m.exponent.terms:
        for k, log in enumerate(logs):
            if log in t.factors:
                orders[k] = add(orders[k], algebra.close(t.coefficient, (), (f for f in t.factors if f != log)))
                rest = minus(rest, Sum((t,)))
    others = [(a, e) for a, e in m.others if a.kind != "group" or a.inner[0].body != minus(ONE, variable)]
    orders[1] = add(orders[1], *(number(e) for a, e in m.others if (a, e) not in others))
    if others or _has(rest, name) or not all(map(algebra.all_positive, orders)):
        raise NotReplayed("an integral from 0 to 1")
    above = algebra.product(*(gamma(algebra, order) for order in orders))
    return algebra.product(algebra.exp(rest), above, algebra.power(gamma(algebra, add(*orders)), -1))


# --- limits ------------------------------------------------------------------------------------------------------------


def limit(self: Reader, term: terms.Limit, at: At, env: Environment) -> Sum:
    """n(t)/t^m at t = 0 with n smooth there: n^(m)(0)/m!, where the derivatives below the m-th vanish."""
    algebra = self.algebra
    if term.variable in sizes_of(term.body):
        raise NotReplayed("a limit in a size", term.span)
    far = _infinity(term.target)
    name = f"{term.variable}'{next(self.count)}"
    t = algebra.entry(name, ())
    if far:
        place = algebra.power(t, -1).times(Fraction(far))
        algebra.positive.add(name)
    else:
        place = add(self.entry(term.target, (), env), t)
    inner = {**env, term.variable: lambda _: place}
    return _limit(self, _from_power(self, term.body, at, inner, name), name)


def _from_power(self: Reader, term: Term, at: At, env: Environment, name: str) -> Sum:
    """b^e as e^{e log b} where b is positive at the limit and so near it."""
    if isinstance(term, terms.Call) and term.operation == "pow":
        base, exponent = (self.entry(a, (), env) for a in term.arguments)
        if _has(exponent, name) and self.algebra.all_positive(_at(self, base, name, ZERO)):
            inside = _limit(self, self.algebra.product(exponent, self.algebra.log(base)), name)
            return self.algebra.exp(inside)
    return self.entry(term, at, env)


def _limit(self: Reader, body: Sum, name: str) -> Sum:
    algebra = self.algebra
    variable = Atom("entry", name)
    order = max((-int(dict(t.factors).get(variable, Fraction(0))) for t in body.terms), default=0)
    above, factorial = algebra.beside(body, ((variable, Fraction(order)),)) if order > 0 else body, 1
    for k in range(max(order, 0) + 1):
        _require_analytic(self, above, name)
        value = _at(self, above, name, ZERO)
        if k == max(order, 0):
            return value.times(Fraction(1, factorial))
        if value.terms:
            raise NotReplayed("a limit at a pole")
        above, factorial = self.slope(above, name, ()), factorial * (k + 1)
    raise NotReplayed("this limit")


def _require_analytic(self: Reader, body: Sum, name: str) -> None:
    """Smooth at 0: no root, logarithm or reciprocal of what vanishes there."""
    for atom, e in (f for t in body.terms for f in t.factors):
        if name not in atom.key:
            continue
        plain = e > 0 and e.denominator == 1
        at_zero = [_at(self, o.body, name, ZERO) for o in atom.inner] if atom.kind != "entry" else []
        safe = at_zero and self.algebra.all_positive(at_zero[0])
        rooted = atom.kind in ("group", "root") or (atom.kind, atom.name) == ("function", "log")
        if not (plain and (atom.kind == "entry" or atom.called in SMOOTH)) and not (safe and rooted):
            raise NotReplayed("a limit at a point that is not smooth")
        for o in atom.inner:
            _require_analytic(self, o.body, name)
