r"""The proof checker: expands both sides of a claim by itself and replays the steps of a proof on their difference.

Takes: a document, a claim and proof steps. Gives: nothing; `replay` returns when the steps lead to zero.
Guarantees: shares no code with what finds proofs (only languages and errors): it has its own arithmetic (index_sums) and its
own derivatives, forwards, by the product rule. NotReplayed: it cannot follow. CompilerFault: a step is wrong: polynomials
of which a step says that they are equal are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from eqcompiler.errors import CompilerFault, Span
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import Certificate, Cleared, Used, Written
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.verification.entry_rules import RULES
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import NotReplayed, Product, Sum, denominators, is_filled, minus
from eqcompiler.verification.term_entries import Reader


def replay(document: Document, claim: Claim, proof: Certificate, conditions: tuple[Condition, ...] = ()) -> None:
    """Raises NotReplayed for what the checker does not know, CompilerFault for a step that is wrong."""
    known = (*document.assumptions, *claim.assumptions, *conditions)
    reader = Reader(document, algebra_of(known), RULES)
    env, at = reader.open_axes(claim)
    env |= {f"#{name}": place for name, place in zip(proof.axes, at, strict=False)}
    sides = {"left": reader.entry(claim.left, at, env), "right": reader.entry(claim.right, at, env)}
    difference, defined = minus(sides["left"], sides["right"]), denominators(*sides.values())
    for step in proof.steps:
        match step:
            case Written():
                rest = minus(sides[step.side], reader.entry(step.result, at, env))
                _zero(rest, known, step.result.span, f"the {step.side} side is not what the proof says")
            case Cleared():
                difference = reader.cleared(difference, step.denominator, env)
            case Used():
                _require_true(step, known)
                gap, multiple = reader.multiple(step, env)
                if not denominators(gap) <= defined:
                    raise CompilerFault("a step of the proof inverts what the claim does not", step.equation.left.span)
                difference = minus(difference, multiple)
    _zero(difference, known, claim.left.span, "the steps of the proof do not lead to zero")


def follows(document: Document, claim: Claim, step: Written, conditions: tuple[Condition, ...] = ()) -> bool:
    """Whether the checker sees that the side is what the step says. CompilerFault where it sees that it is not."""
    try:
        known = (*document.assumptions, *claim.assumptions, *conditions)
        reader = Reader(document, algebra_of(known), RULES)
        env, at = reader.open_axes(claim)
        side = reader.entry(claim.left if step.side == "left" else claim.right, at, env)
        rest = minus(side, reader.entry(step.result, at, env))
        _zero(rest, known, step.result.span, f"the {step.side} side is not what the proof says")
    except NotReplayed:
        return False
    return True


def _zero(rest: Sum, known: tuple[Condition, ...], span: Span | None, what: str) -> None:
    """A polynomial in entries that is left over is a wrong step; anything else may be zero for a reason not seen here."""
    if not rest.terms:
        return
    tied = any(c.relation == "=" or (c.right is None and c.relation == "orthogonal") for c in known)
    if not tied and all(_is_plain(t) for t in rest.terms):
        raise CompilerFault(
            f"{what}: {rest.key[:200]} is left", span, fix="report this file: the proof or its checker is wrong"
        )
    raise NotReplayed(f"{what}, as far as the checker sees: {rest.key[:1500]}", span)


def _is_plain(term: Product) -> bool:
    """A product of entries at different indices that run over whole axes: distinct ones are linearly independent."""
    whole = all(is_filled(r) for r in term.bound)
    entries = all(a.kind in ("entry", "size") and e > 0 and e.denominator == 1 for a, e in term.factors)
    return whole and entries and all(str(p)[0] in "~#?" and len(p.terms) == 1 for a, _ in term.factors for p in a.at)


def _require_true(step: Used, known: tuple[Condition, ...]) -> None:
    """An assumption, or true by its form; an assumption with indices of its own is not used."""
    left, right = step.equation.left, step.equation.right
    plain = len(step.binders) == left.type.rank
    given = plain and any(c == step.equation or (right and _says_orthogonal(c, left, right)) for c in known)
    if step.equation.relation != "=" or right is None or not (given or _by_form(left, right)):
        raise CompilerFault("a step of the proof uses an equation that is neither assumed nor true by its form", left.span)


def _by_form(left: Term, right: Term) -> bool:
    """A A^{-1} = I, A^{-1} A = I, S S = A for the root S of A, u * (1/u) = 1."""
    if not isinstance(left, terms.Call) or len(left.arguments) != 2:
        return False
    a, b = left.arguments
    unit = isinstance(right, terms.Call) and right.operation == "identity"
    if left.operation == "matmul" and left.type.rank == 2:
        inverse = any(
            isinstance(x, terms.Call) and x.operation == "inverse" and x.arguments == (y,) for x, y in ((a, b), (b, a))
        )
        root = a == b and isinstance(a, terms.Call) and a.operation == "matsqrt" and a.arguments == (right,)
        return (unit and inverse) or root
    if any(left == product and right == value for product, value in _forms(left)):
        return True
    reciprocal = isinstance(b, terms.Call) and b.operation == "div" and b.arguments[1] == a and b.arguments[0] == right
    return left.operation == "mul" and reciprocal and isinstance(right, terms.Number) and right.value == 1


def _forms(left: Term) -> Iterator[tuple[Term, Term]]:
    for part in left.arguments if isinstance(left, terms.Call) else ():
        if isinstance(part, terms.Call) and part.operation in FORMS:
            yield FORMS[part.operation](part.arguments[0])


def _function(name: str, *arguments: Term) -> Term:
    return terms.Call(terms.SCALAR, name, arguments)


def _tangent(u: Term) -> tuple[Term, Term]:
    """tanh u (e^u + e^-u) = e^u - e^-u"""
    above, below = _function("exp", u), _function("exp", _function("neg", u))
    return _function("mul", _function("tanh", u), _function("add", above, below)), _function(
        "add", above, _function("neg", below)
    )


FORMS: Mapping[str, Callable[[Term], tuple[Term, Term]]] = {
    "tanh": _tangent,
    "abs": lambda u: (_function("mul", _function("abs", u), _function("sign", u)), u),
    "sign": lambda u: (_function("mul", _function("sign", u), u), _function("abs", u)),
}


def _says_orthogonal(condition: Condition, left: Term, right: Term) -> bool:
    """Q orthogonal says Q^T Q = I and Q Q^T = I; so does either equation of the other for square Q."""
    q = condition.left
    turned = terms.Call(q.type, "transpose", (q,))
    products = [terms.Call(q.type, "matmul", pair) for pair in ((turned, q), (q, turned))]
    return (
        condition.relation == "orthogonal"
        and left in products
        and isinstance(right, terms.Call)
        and right.operation == "identity"
    )


# --- what conditions say about whole symbols -------------------------------------------------------------------------------


def algebra_of(conditions: Iterable[Condition]) -> Algebra:
    found: dict[str, set[str]] = {"positive": set(), "symmetric": set(), "positive definite": set()}
    for c in conditions:
        name = _symbol_of(c.left)
        if c.right is None:
            if isinstance(c.left, terms.Symbol) and c.relation in ("symmetric", "positive definite", "positive semidefinite"):
                found["symmetric"].add(name)
                found.get(c.relation, found["symmetric"]).add(name)
        elif c.relation == "=" and isinstance(c.left, terms.Symbol) and c.left.type.rank == 2:
            if c.right == terms.Call(c.left.type, "transpose", (c.left,)):
                found["symmetric"].add(name)
        else:
            low, relation, high = (c.right, c.relation, c.left) if c.relation[0] == ">" else (c.left, c.relation, c.right)
            bound = _number_of(low) if relation[0] in "<>" else None
            if bound is not None and (bound > 0 or (bound == 0 and "=" not in relation)):
                found["positive"].add(_symbol_of(high))
    return Algebra(found["positive"] - {""}, found["symmetric"], found["positive definite"])


def _number_of(term: Term) -> Fraction | None:
    if isinstance(term, terms.Call) and term.operation in ("zeros", "ones"):
        return Fraction(term.operation == "ones")
    return term.value if isinstance(term, terms.Number) else None


def _symbol_of(term: Term) -> str:
    """The symbol every entry of which is meant."""
    if isinstance(term, terms.Comprehension):
        indices = term.body.indices if isinstance(term.body, terms.Component) else ()
        plain = [i.name for i in indices if isinstance(i, terms.Index)] == [b.name for b in term.binders]
        return _symbol_of(term.body.base) if plain and isinstance(term.body, terms.Component) else ""
    return term.name if isinstance(term, terms.Symbol) else ""
