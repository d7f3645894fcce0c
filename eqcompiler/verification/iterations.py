r"""Limits of iterations: \theta_t for t \to \infty.

Takes: a claim \lim_{t \to \infty} \theta_t = e about a state with an update. Gives: the limit, and when it is reached.
Guarantees: the limit of an update that is affine in its state, \theta \mapsto M \theta + c, is e only when e is proved to be a
fixed point; it is reached from every start exactly if every eigenvalue of M is less than 1 in magnitude (then there is no
other fixed point), and that is the condition. Any other update is not decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eqcompiler.calculus import stationary
from eqcompiler.calculus.printing import to_latex
from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.statements import Claim, Definition, Document, Recurrence
from eqcompiler.languages.terms import Constant, Derivative, Limit, Reference, Symbol, Term, Type

STEP = "after_one_step"


@dataclass(frozen=True, slots=True)
class Iteration:
    """The claim that e is a fixed point, in a document that knows the update as a function. matrix: M as LaTeX, or None
    where the update is not affine; state: the state's LaTeX."""

    document: Document
    claim: Claim
    matrix: str | None
    state: str


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
    return Iteration(widened, fixed, _matrix(document, update.update, Symbol(type_, update.state)), info.latex)


def _update(document: Document, name: str, step: str, line: int) -> Recurrence | None:
    """The last update before the claim whose state at this step has the name."""
    found = None
    for statement in document.statements:
        payload = statement.payload
        if isinstance(payload, Recurrence) and statement.span.line < line and f"{payload.state}_{step}" == name:
            found = payload if payload.index in ("", step) else found
    return found


def _matrix(document: Document, update: Term, state: Symbol) -> str | None:
    """The derivative of the update in its state, when that does not depend on the state."""
    if state.type.rank > 1:
        return None
    jacobian = stationary.normal_of(document, Derivative(Type((*update.type.shape, *state.type.shape)), update, state.name))
    if stationary.occurs(state.name, jacobian.body):
        return None
    return to_latex(jacobian.body, document, jacobian.axes)


def condition(found: Iteration) -> str:
    r"""\rho(M) < 1, with \rho the spectral radius; |a| < 1 for a number."""
    scalar = found.claim.right.type.rank == 0
    return f"|{found.matrix}| < 1" if scalar else rf"\rho({found.matrix}) < 1"
