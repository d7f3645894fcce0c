r"""Limits of iterations: \theta_t for t \to \infty.

Takes: a claim \lim_{t \to \infty} \theta_t = e about a state with an update. Gives: the limit, and when it is reached.
Guarantees: the limit of an update that is affine in its state, \theta \mapsto M \theta + c, is e only when e is proved to be a
fixed point; it is reached from every start exactly if every eigenvalue of M is less than 1 in magnitude (then there is no
other fixed point), and that is the condition. Any other update is not decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from eqcompiler.calculus import stationary
from eqcompiler.calculus.monomials import Normal
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.printing import to_latex
from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.statements import Claim, Definition, Document, Recurrence
from eqcompiler.languages.terms import Constant, Derivative, Limit, Reference, Symbol, Term, Type
from eqcompiler.verification.findings import Finding

STEP = "after_one_step"


@dataclass(frozen=True, slots=True)
class Iteration:
    """The claim that e is a fixed point, in a document that knows the update as a function. matrix: M as LaTeX, or None
    where the update is not affine; state: the state's LaTeX. rate: M where it is a plain number."""

    document: Document
    claim: Claim
    matrix: str | None
    state: str
    rate: Fraction | None = None


def is_limit(claim: Claim) -> bool:
    r"""\lim_{t \to \infty} \theta_t on the left, with \theta_t a symbol and not a formula in t."""
    left = claim.left
    return isinstance(left, Limit) and isinstance(left.body, Symbol) and left.target == Constant(left.target.type, "infinity")


def iteration(document: Document, claim: Claim, line: int) -> Iteration:
    """Raises NotSupportedYet when no update, or a later one, says how the state goes on."""
    left = claim.left
    if not isinstance(left, Limit) or not isinstance(left.body, Symbol):
        raise NotSupportedYet("this limit is not one of a sequence", left.span)
    update = _update(document, left.body.name, left.variable, line)
    if update is None:
        latex = document.symbols[left.body.name].latex
        raise NotSupportedYet(f"no update before this line says how {latex} goes on", left.span)
    info = document.symbols[update.state]
    type_ = info.type if isinstance(info.type, Type) else update.update.type
    step = Definition(STEP, STEP, (update.state,), update.update, Span(document.source, 0, 0), (type_,))
    widened = replace(document, definitions={**document.definitions, STEP: step})
    fixed = replace(claim, left=Reference(update.update.type, STEP, (claim.right,)))
    jacobian = _jacobian(document, update.update, Symbol(type_, update.state))
    matrix = to_latex(jacobian.body, document, jacobian.axes) if jacobian is not None else None
    return Iteration(widened, fixed, matrix, info.latex, _number(jacobian.body) if jacobian is not None else None)


def _update(document: Document, name: str, step: str, line: int) -> Recurrence | None:
    """The last update before the claim whose state at this step has the name."""
    found = None
    for statement in document.statements:
        payload = statement.payload
        if isinstance(payload, Recurrence) and statement.span.line < line and f"{payload.state}_{step}" == name:
            found = payload if payload.index in ("", step) else found
    return found


def _jacobian(document: Document, update: Term, state: Symbol) -> Tensor | None:
    """The derivative of the update in its state, when that does not depend on the state."""
    if state.type.rank > 1:
        return None
    jacobian = stationary.normal_of(document, Derivative(Type((*update.type.shape, *state.type.shape)), update, state.name))
    return None if stationary.occurs(state.name, jacobian.body) else jacobian


def _number(body: Normal) -> Fraction | None:
    if len(body.terms) > 1 or body.indices or any(term.factors for term in body.terms):
        return None
    return body.terms[0].coefficient if body.terms else Fraction(0)


def condition(found: Iteration) -> str:
    r"""\rho(M) < 1, with \rho the spectral radius; |a| < 1 for a number."""
    scalar = found.claim.right.type.rank == 0
    return f"|{found.matrix}| < 1" if scalar else rf"\rho({found.matrix}) < 1"


def reached(found: Iteration, fixed: Finding) -> Finding:
    """The verdict on a limit that is a fixed point (`fixed`): whether other starts lead there."""
    reached = condition(found)
    if found.rate is not None and abs(found.rate) >= 1:
        reason = f"It is a fixed point of the update, but {reached} is false: no other start leads to it."
        return Finding("refuted", f"fixed point: {fixed.method}; error times {found.rate} in each step", reason)
    method = f"fixed point: {fixed.method}; contraction of an affine update"
    if found.rate is not None:
        return replace(fixed, method=f"{method}, {reached}")
    reason = f"A fixed point of the affine update is reached from every start exactly if {reached} (spectral radius)."
    if fixed.condition is not None:
        reason = f"It is a fixed point of the update if {fixed.condition}. {reason}"
    both = reached if fixed.condition is None else f"{fixed.condition}, {reached}"
    return Finding("conditional", method, reason, condition=both, steps=fixed.steps)
