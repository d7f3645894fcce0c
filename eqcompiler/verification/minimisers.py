r"""Minimisers: proofs that a point is one.

Takes: claims about minima (theta^* = e after theta^* = argmin J; f^*(y) = e after f^*(y) = max_x ...) and a prover.
Gives: proofs of them: the gradient vanishes at e, under affine constraints along them, and the objective is convex.
Guarantees: a stationary point of something that is not proved convex is not called a minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eqcompiler.calculus import stationary
from eqcompiler.calculus.term_text import condition_latex, term_latex
from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.statements import Claim, Definition, Document, SymbolInfo
from eqcompiler.languages.terms import (
    SCALAR,
    Call,
    Condition,
    Derivative,
    Extremum,
    Reference,
    Symbol,
    Term,
    Type,
    children,
)
from eqcompiler.verification.answers import Minimum, Proved, Unproved

Prover = Callable[[Document, Claim, tuple[Condition, ...]], Proved | Unproved]
WANTED = {"argmin": "convex", "min": "convex", "argmax": "concave", "max": "concave"}
DIRECTION, POINT = "direction", "at_the_point"


def extremum_of(document: Document, term: Term) -> Extremum | None:
    """The extremum that a reference names."""
    if isinstance(term, Extremum):
        return term
    definition = document.definitions.get(term.name) if isinstance(term, Reference) else None
    return definition.body if definition is not None and isinstance(definition.body, Extremum) else None


def is_minimiser_claim(document: Document, claim: Claim) -> bool:
    extremum = extremum_of(document, claim.left)
    return extremum is not None and extremum.sense in ("argmin", "argmax")


def prove_minimiser(document: Document, claim: Claim, extra: tuple[Condition, ...], prove: Prover) -> Proved | Unproved:
    """Stationarity at the right side, and convexity (concavity for a maximum)."""
    extremum = extremum_of(document, claim.left)
    if extremum is None:
        return Unproved("the left side is no minimiser")
    assumed = replace(document, assumptions=(*document.assumptions, *claim.assumptions, *extra))
    answer = _stationary(assumed, extremum, claim, extra, prove)
    if isinstance(answer, Unproved):
        return answer
    shape = stationary.shape_of(assumed, extremum)
    if not shape.bend.endswith(WANTED[extremum.sense]):
        return Unproved(f"the gradient vanishes there, but {shape.because}")
    method = f"the gradient vanishes there ({answer.method}) and the objective is {shape.bend}"
    unique = "so this is the only one" if shape.bend.startswith("strictly") else _only_where(document, claim.right)
    return Proved(method, answer.steps, f"{shape.because[0].upper()}{shape.because[1:]}, {unique}.")


def _only_where(document: Document, candidate: Term) -> str:
    """What makes the minimiser unique when the Hessian is only semidefinite: the matrix that the candidate inverts."""
    for term in _subterms(candidate):
        if isinstance(term, Call) and term.operation == "inverse":
            return f"and it is the only one if {term_latex(document, term.arguments[0])} is invertible"
    return "so this is a minimum; there may be others"


def _subterms(term: Term) -> tuple[Term, ...]:
    return (term, *(below for child in children(term) for below in _subterms(child)))


def _stationary(
    document: Document, extremum: Extremum, claim: Claim, extra: tuple[Condition, ...], prove: Prover
) -> Proved | Unproved:
    slope = stationary.gradient(document, extremum, claim.right)
    if not extremum.constraints:
        vanishes = Claim(slope, stationary.zero(slope.type), claim.free, claim.assumptions)
        return prove(document, vanishes, extra)
    if any(constraint.relation != "=" for constraint in extremum.constraints):
        raise NotSupportedYet("a minimum under inequalities", extremum.span)
    return _stationary_along(document, extremum, slope, claim, extra, prove)


def _stationary_along(
    document: Document, extremum: Extremum, slope: Term, claim: Claim, extra: tuple[Condition, ...], prove: Prover
) -> Proved | Unproved:
    """Affine constraints c(x) = 0: c vanishes at the point, and the gradient is orthogonal to every d with c'(x) d = 0."""
    variable = stationary.variable_of(document, extremum)
    if variable.type.rank > 1:
        raise NotSupportedYet("constraints on a matrix", extremum.span)
    direction = Symbol(variable.type, DIRECTION)
    along: list[Condition] = []
    steps: list[str] = []
    for constraint in extremum.constraints:
        gap = _gap(constraint)
        if stationary.occurs(variable.name, stationary.normal_of(document, _jacobian(gap, variable)).body):
            return Unproved(f"the constraint {condition_latex(document, constraint)} is not affine")
        met = Claim(_at(gap, variable, claim.right), stationary.zero(gap.type), claim.free, claim.assumptions)
        answer = prove(_with_point(document, gap, variable), met, extra)
        if isinstance(answer, Unproved):
            return replace(answer, reason=f"the constraint is not met there: {answer.reason}")
        steps += answer.steps
        along.append(Condition("=", _along(_jacobian(gap, variable), direction), stationary.zero(gap.type)))
    info = SymbolInfo(DIRECTION, "d", variable.type, "free", why="any direction along the constraints")
    widened = replace(document, symbols={**document.symbols, DIRECTION: info})
    vanishes = Claim(_along(slope, direction), stationary.zero(SCALAR), claim.free, claim.assumptions)
    answer = prove(widened, vanishes, (*extra, *along))
    if isinstance(answer, Unproved):
        return answer
    return Proved(f"along the constraints; {answer.method}", (*steps, *answer.steps))


def _gap(constraint: Condition) -> Term:
    """Left minus right."""
    right = constraint.right
    if right is None:
        raise NotSupportedYet(f"a minimum over {constraint.relation} matrices", constraint.left.span)
    return Call(constraint.left.type, "add", (constraint.left, Call(right.type, "neg", (right,))))


def _jacobian(gap: Term, variable: Symbol) -> Term:
    return Derivative(Type((*gap.type.shape, *variable.type.shape)), gap, variable.name)


def _along(derivative: Term, direction: Symbol) -> Term:
    """The derivative times a direction."""
    if direction.type.rank == 0:
        return Call(derivative.type, "mul", (direction, derivative))
    if derivative.type.rank == 1:
        row = Call(Type(derivative.type.shape, row=True), "transpose", (derivative,))
        return Call(SCALAR, "matmul", (row, direction))
    return Call(Type(derivative.type.shape[:1]), "matmul", (derivative, direction))


def _with_point(document: Document, body: Term, variable: Symbol) -> Document:
    """The document with `body` as a function of the variable, so that it can be evaluated at another point."""
    definition = Definition(POINT, "c", (variable.name,), body, Span(document.source, 0, 0), (variable.type,))
    return replace(document, definitions={**document.definitions, POINT: definition})


def _at(body: Term, variable: Symbol, point: Term) -> Term:
    return Reference(body.type, POINT, (point,))


def no_better_point(document: Document, claim: Claim) -> tuple[Document, Claim, tuple[Condition, ...]] | None:
    """What a minimiser claim says about every point: the objective at e is the lower one of its values at e and there.

    Also the conditions on the point, in the variable itself. A point that differs refutes the claim, whether or not there
    is a minimum at all.
    """
    extremum = extremum_of(document, claim.left)
    if extremum is None or extremum.sense not in ("argmin", "argmax"):
        return None
    variable = stationary.variable_of(document, extremum)
    here = _at(extremum.body, variable, claim.right)
    best = Call(SCALAR, "min" if extremum.sense == "argmin" else "max", (here, extremum.body))
    widened = _with_point(document, extremum.body, variable)
    return widened, Claim(here, best, claim.free, claim.assumptions), extremum.constraints


def with_extrema_resolved(document: Document) -> Document:
    """Definitions f(y) = max_x {...} as the body at the maximiser, x^* = argmin_x {...} as the point, where that is proved."""
    changed: dict[str, Definition] = {}
    for name, definition in document.definitions.items():
        extremum = definition.body
        if not isinstance(extremum, Extremum):
            continue
        try:
            variable = stationary.variable_of(document, extremum)
            point = stationary.solution(document, extremum).term
            bend = stationary.shape_of(document, extremum).bend
        except NotSupportedYet:
            continue
        if extremum.sense in ("argmin", "argmax"):  # a name for the point itself: only where there is no other
            if bend == f"strictly {WANTED[extremum.sense]}" and not extremum.constraints:
                changed[name] = replace(definition, body=point)
            continue
        if bend.endswith(WANTED[extremum.sense]):
            inner = f"{name}_objective"
            body = Definition(inner, definition.latex, (variable.name,), extremum.body, definition.span, (variable.type,))
            changed[inner] = body
            changed[name] = replace(definition, body=Reference(extremum.body.type, inner, (point,)))
    return replace(document, definitions={**document.definitions, **changed}) if changed else document


def minimum(document: Document, extremum: Extremum) -> Minimum:
    """Whether the objective is convex (concave for a maximum), so that stationary points solve it; the closed form if any."""
    wanted = WANTED[extremum.sense]
    shape = stationary.shape_of(document, extremum)
    because = shape.because[0].upper() + shape.because[1:]
    solved = _solution_text(document, extremum)
    if not shape.bend.endswith(wanted):
        words = f"Not shown to be {wanted}: {shape.because}.{solved}"
        return Minimum(False, "", f"{words} This line defines a point and claims nothing; what is claimed of it is judged.")
    return Minimum(True, f"{shape.bend} for all sizes and values", f"{because}.{solved}")


def _solution_text(document: Document, extremum: Extremum) -> str:
    try:
        found = stationary.solution(document, extremum)
        text = f" Stationary exactly at {extremum_name(document, extremum)} = {term_latex(document, found.term)}"
        if found.condition is None:
            return text + "."
        return f"{text} if {term_latex(document, found.condition)} is invertible."
    except NotSupportedYet as error:
        return f" No {error.what}." if error.what.startswith("closed") else ""


def extremum_name(document: Document, extremum: Extremum) -> str:
    return document.symbols[extremum.variable].latex
