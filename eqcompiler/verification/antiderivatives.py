r"""Antiderivatives of the integrals in a claim, found term by term: powers, exponentials, waves, logarithms.

Takes: a goal. Gives: steps for a certificate.
Guarantees: none about the claim: the checker differentiates each antiderivative and asks that it is smooth between the edges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from eqcompiler.errors import Span
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import Antiderivative
from eqcompiler.languages.statements import SymbolInfo
from eqcompiler.languages.terms import SCALAR, Integral, Term
from eqcompiler.verification.determinant_lemmas import entered
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, Atom, NotReplayed, Product, Sum, add, minus
from eqcompiler.verification.replay import Goal, Work
from eqcompiler.verification.sum_terms import Writer

ROUNDS = 12


def antiderivatives(goal: Goal) -> tuple[Antiderivative, ...]:
    """Steps for the integrals between finite edges that have an antiderivative among these."""
    found = []
    for integral in dict.fromkeys(i for side in (goal.claim.left, goal.claim.right) for i in _integrals(goal, side)):
        try:
            found.append(Antiderivative(integral, _primitive(goal, integral)))
        except NotReplayed:
            continue
    return tuple(found)


def _integrals(goal: Goal, term: Term) -> Iterator[Integral]:
    term = entered(goal.document, term)
    if isinstance(term, Integral) and not any(_is_infinite(edge) for edge in (term.lower, term.upper)):
        yield term
    for child in terms.children(term):
        yield from _integrals(goal, child)


def _is_infinite(edge: Term) -> bool:
    return any(isinstance(part, terms.Constant) and part.name == "infinity" for part in (edge, *terms.children(edge)))


def _primitive(goal: Goal, integral: Integral) -> Term:
    zero = terms.Number(SCALAR, Fraction(0))
    work = Work(replace(goal, claim=replace(goal.claim, left=zero, right=zero), block=None, squared=False))
    algebra, name = work.algebra, integral.variable
    if all(algebra.not_negative(work.reader.entry(edge, (), work.env)) for edge in (integral.lower, integral.upper)):
        algebra.positive.add(name)
    work.env[name] = lambda place: algebra.entry(name, place)
    body, found = work.reader.entry(integral.body, (), work.env), Sum()
    for _ in range(ROUNDS):
        rest = minus(body, work.reader.slope(found, name, ()))
        if not rest.terms:
            break
        found = add(found, *(_of_term(work, term, name) for term in rest.terms))
    else:
        raise NotReplayed("no antiderivative was found")
    info = SymbolInfo(name, name, SCALAR, "free", Span(goal.document.source, 0, 0))
    known = {**goal.document.symbols, name: goal.document.symbols.get(name, info)}
    return Writer(replace(goal.document, symbols=known), {}).sum(found)


def _of_term(work: Work, term: Product, name: str) -> Sum:
    """The part of the antiderivative that grows fastest: what it leaves over is treated next."""
    algebra, t = work.algebra, work.algebra.entry(name, ())
    whole = Sum((term,))
    for atom, e in term.factors if not term.bound else ():
        if not _moves(atom.key, name) or atom.kind == "entry":
            continue
        inside = atom.inner[0].body
        speed = work.reader.slope(inside, name, ()) if atom.called in ("exp", "sin", "cos") else Sum()
        if speed.terms:
            if e == 1 and not _moves(speed.key, name):
                return algebra.product(_wave(algebra, whole, atom), algebra.power(speed, -1))
            if atom.called == "cos" and e == 2:
                other = algebra.apply("sin", (inside,))
                below = algebra.power(speed.times(Fraction(2)), -1)
                return algebra.product(whole, algebra.power(algebra.atom(atom), -1), other, below)
        if atom.kind == "group" and e == -1 and inside == add(ONE, algebra.power(t, 2)):
            return algebra.product(_without(algebra, term, atom), algebra.apply("atan", (t,)))
    order = _order(algebra, term, name)
    if order == algebra.power(ONE, 1).times(Fraction(-1)):
        return algebra.product(whole, t, algebra.log(t))
    return algebra.product(whole, t, algebra.power(add(order, ONE), -1))


def _moves(key: str, name: str) -> bool:
    """Whether the variable occurs in what has this text."""
    return re.search(rf"entry:{re.escape(name)}(?![\w'])", key) is not None


def _without(algebra: Algebra, term: Product, atom: Atom) -> Sum:
    return algebra.close(term.coefficient, (), (f for f in term.factors if f[0] != atom))


def _wave(algebra: Algebra, whole: Sum, atom: Atom) -> Sum:
    """The term with the integral of its exponential, sine or cosine."""
    if atom.called == "exp":
        return whole
    other = algebra.apply("cos" if atom.called == "sin" else "sin", (atom.inner[0].body,))
    sign = Fraction(-1 if atom.called == "sin" else 1)
    return algebra.product(whole, algebra.power(algebra.atom(atom), -1), other).times(sign)


def _order(algebra: Algebra, term: Product, name: str) -> Sum:
    """The exponent of the variable in a power of it; a logarithm counts as none."""
    order, t = Sum(), algebra.entry(name, ())
    for atom, e in term.factors:
        if (atom.kind, atom.name) == ("entry", name):
            order = add(order, ONE.times(e))
        elif atom.called == "power" and atom.inner[0].body == t:
            order = add(order, atom.inner[1].body.times(e))
    return order
