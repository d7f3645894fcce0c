r"""Series, integrals and limits, for the proof checker: by closed forms, by antiderivatives, by derivatives at the limit.

Takes: a term that binds a variable, the place of one entry, what is bound. Gives: a sum with indices without the variable.
Guarantees: integrals and infinite sums are taken apart into those of single products, which is right wherever the whole has a
value: a linear function on what converges is one on everything. Each of these is an instance of a form (closed_forms) that is
advised, with the values of the parameters; both sides are read and compared here. An antiderivative is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import factorial

from eqcompiler.languages import terms
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.terms import Term
from eqcompiler.verification.closed_forms import FORMS
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, OPEN, ZERO, Atom, NotReplayed, Product, Sum, add, minus
from eqcompiler.verification.term_entries import At, Edge, Environment, Reader, sizes_of

LARGEST_ORDER = 8
SMOOTH = ("exp", "sin", "cos", "tanh", "atan", "erf")


def _parameter(self: Reader) -> tuple[str, Sum]:
    name = f"s'{next(self.count)}"
    return name, self.algebra.entry(name, ())


def _at(self: Reader, body: Sum, name: str, value: Sum) -> Sum:
    return self.replaced(body, name, lambda place: value)


def _edge(self: Reader, edge: Term, env: Environment) -> Edge:
    if isinstance(edge, terms.Call) and edge.operation == "neg" and isinstance(edge.arguments[0], terms.Constant):
        return -1 if edge.arguments[0].name == "infinity" else self.entry(edge, (), env)
    return 1 if isinstance(edge, terms.Constant) and edge.name == "infinity" else self.entry(edge, (), env)


def _apart(algebra: Algebra, term: Product, name: str) -> tuple[Sum, Sum]:
    """A product as what does not depend on the variable times what does."""
    bound, factors = algebra.opened(term)
    own, inside = {r.name for r in bound}, [(a, e) for a, e in factors if name in (a.names if name[0] in OPEN else a.key)]
    if any(own & a.names for a, _ in inside):
        raise NotReplayed("a sum that depends on a bound variable")
    outside = algebra.close(term.coefficient, (), (f for f in factors if f not in inside))
    return algebra.summed(bound, outside), algebra.close(Fraction(1), (), inside)


def _by_form(self: Reader, inside: Sum, variable: Atom, upper: Edge, is_series: bool) -> tuple[Sum, Edge]:
    """The value of an integral or a series of `inside` by the form that is advised, and its lower edge."""
    algebra, advice = self.algebra, self.adviser.form(self, inside, variable, upper)
    form = FORMS.get(advice.form) if advice is not None else None
    if advice is None or form is None or set(advice.values) != set(form.parameters) or advice.order > LARGEST_ORDER:
        raise NotReplayed("an integral or a series without a closed form")
    values: Environment = {name: lambda place, value=value: value for name, value in advice.values.items()}
    low, high = (_edge(self, edge, values) for edge in form.edges)
    if not all(algebra.all_positive(self.entry(condition, (), values)) for condition in form.positive):
        raise NotReplayed("an integral or a series that need not converge")
    s_name, s = _parameter(self)
    moving = {**values, form.moment: lambda place: s} if advice.order else values
    bound = {"#k": variable.at[0]} if is_series else {"t": lambda place: algebra.atom(variable)}
    body = form.left.body
    sides = [self.entry(body, (), {**moving, **bound}), self.entry(form.right, (), moving)]
    for _ in range(advice.order):
        sides = [algebra.product(s if is_series else ONE, self.slope(side, s_name, ())) for side in sides]
    left, right = (_at(self, side, s_name, advice.values.get(form.moment, ZERO)) for side in sides)
    if (left, high, isinstance(form.left, terms.Reduction)) != (inside, upper, is_series):
        raise NotReplayed("an integral or a series of another form")
    return right, low


def series(self: Reader, term: terms.Reduction, at: At, env: Environment) -> Sum | None:
    """Sums to infinity, and finite ones that have a closed form; None for any other."""
    infinite = isinstance(term.binder.upper, terms.Constant)
    if not infinite and not self.adviser.has_form(term):
        return None
    start = self.position(term.binder.lower, env).constant
    if start is None or not 0 <= start <= LARGEST_ORDER:
        raise NotReplayed("where the series starts", term.span)
    last = Dimension.of("infinity") if infinite else self.position(term.binder.upper, env)
    index = self.algebra.fresh(Dimension.of(start), last)
    place = Dimension.of(index.name)
    parts = []
    for t in self.entry(term.body, at, {**env, "#" + term.binder.name: place}).terms:
        outside, inside = _apart(self.algebra, t, index.name)
        upper = 1 if infinite else self.algebra.value(last)
        value, low = _by_form(self, inside, Atom("position", "", (place,)), upper, True)
        first = low.constant if isinstance(low, Sum) else None
        if first is None or start < first:
            raise NotReplayed("where the series starts", term.span)
        early = (self.algebra.moved(inside, {index.name: Dimension.of(k)}) for k in range(int(first), start))
        parts.append(self.algebra.product(outside, minus(value, add(*early))))
    return add(*parts)


def integral(self: Reader, term: terms.Integral, at: At, env: Environment) -> Sum:
    algebra, (low, high) = self.algebra, (_edge(self, edge, env) for edge in (term.lower, term.upper))
    name = f"{term.variable}'{next(self.count)}"
    if all(edge == 1 or (isinstance(edge, Sum) and algebra.not_negative(edge)) for edge in (low, high)):
        algebra.positive.add(name)  # between the edges
    if (low, high) == (ZERO, ONE):
        algebra.above_zero.add(minus(ONE, algebra.entry(name, ())).key)
    inner = {**env, term.variable: lambda place: algebra.entry(name, place)}
    body = self.entry(term.body, at, inner)
    if term in self.primitives and isinstance(low, Sum) and isinstance(high, Sum):
        return _between(self, body, self.entry(self.primitives[term], at, inner), name, low, high)
    parts = []
    for t in body.terms:
        outside, inside = _apart(algebra, t, name)
        value, first = _by_form(self, inside, Atom("entry", name), high, False)
        if first != low:
            raise NotReplayed("an integral from another edge", term.span)
        parts.append(algebra.product(outside, value))
    return add(*parts)


def _between(self: Reader, body: Sum, primitive: Sum, name: str, low: Sum, high: Sum) -> Sum:
    """By an antiderivative that is continuous from one edge to the other."""
    if minus(self.slope(primitive, name, ()), body).terms:
        raise NotReplayed("what is no antiderivative, as far as the checker sees")
    for part in (body, primitive):
        _require_smooth(self.algebra, part, name, lambda u: u)
    return minus(_at(self, primitive, name, high), _at(self, primitive, name, low))


def _require_smooth(algebra: Algebra, body: Sum, name: str, near: Callable[[Sum], Sum]) -> None:
    """Functions of the variable that are smooth, or are so where what stands in them is positive near a value."""
    for atom, e in (f for t in body.terms for f in t.factors):
        if name not in atom.key:
            continue
        plain = e > 0 and e.denominator == 1
        positive = algebra.all_positive(near(atom.inner[0].body if atom.inner else algebra.atom(atom)))
        whole = atom.called == "power" and name not in atom.inner[1].key
        smooth = plain and (atom.kind == "entry" or atom.called in SMOOTH or whole or (positive and atom.called == "log"))
        if not smooth and not (positive and atom.kind in ("entry", "group", "root")):
            raise NotReplayed("what may have a pole, or no derivative")
        for o in atom.inner:
            _require_smooth(algebra, o.body, name, near)


def limit(self: Reader, term: terms.Limit, at: At, env: Environment) -> Sum:
    """n(t)/t^m at t = 0 with n smooth there: n^(m)(0)/m!, where the derivatives below the m-th vanish."""
    algebra = self.algebra
    if term.variable in sizes_of(term.body):
        raise NotReplayed("a limit in a size", term.span)
    target = _edge(self, term.target, env)
    name = f"{term.variable}'{next(self.count)}"
    t = algebra.entry(name, ())
    if isinstance(target, Sum):
        place = add(target, t)
    else:
        place = algebra.power(t, -1).times(Fraction(target))
        algebra.positive.add(name)
    inner = {**env, term.variable: lambda _: place}
    return _limit(self, _from_power(self, term.body, at, inner, name), name)


def _from_power(self: Reader, term: Term, at: At, env: Environment, name: str) -> Sum:
    """b^e as e^{e log b} where b is positive at the limit and so near it."""
    if isinstance(term, terms.Call) and term.operation == "pow":
        base, exponent = (self.entry(a, (), env) for a in term.arguments)
        if name in exponent.key and self.algebra.all_positive(_at(self, base, name, ZERO)):
            inside = _limit(self, self.algebra.product(exponent, self.algebra.log(base)), name)
            return self.algebra.exp(inside)
    return self.entry(term, at, env)


def _limit(self: Reader, body: Sum, name: str) -> Sum:
    algebra = self.algebra
    variable = Atom("entry", name)
    order = max(0, *(-int(dict(t.factors).get(variable, Fraction(0))) for t in body.terms)) if body.terms else 0
    above = algebra.beside(body, ((variable, Fraction(order)),)) if order else body
    for k in range(order + 1):
        _require_smooth(algebra, above, name, lambda u: _at(self, u, name, ZERO))
        if k < order:
            if _at(self, above, name, ZERO).terms:
                raise NotReplayed("a limit at a pole")
            above = self.slope(above, name, ())
    return _at(self, above, name, ZERO).times(Fraction(1, factorial(order)))
