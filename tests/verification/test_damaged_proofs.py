"""Proofs with one thing changed: of every kind of step, a true one is replayed and a damaged one is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, get_args

import pytest
from test_replay import PUSH, read

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import (
    Antiderivative,
    Blocks,
    Cases,
    Certificate,
    Cleared,
    Induction,
    Inverted,
    Squared,
    Step,
    Substituted,
    Used,
    Written,
)
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import SCALAR, Call, Condition, Number, Symbol, Term
from eqcompiler.verification.choices import replay
from eqcompiler.verification.defined_operations import of, over
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.proof_plans import certificate

TWO, X = Number(SCALAR, Fraction(2)), Symbol(SCALAR, "x")
NUMBERS = r"x, y \in \mathbb{R}"
SQUARE = r"A, B, Q \in \mathbb{R}^{n \times n}, \quad u, v \in \mathbb{R}^n"
SUMS = (r"n \in \mathbb{N}, \quad n \ge 1", r"\sum_{k=1}^{n} \frac{1}{k (k+1)} = \frac{n}{n+1}")
OF_BLOCKS = (
    SQUARE,
    r"\begin{pmatrix} I & B \\ 0 & A \end{pmatrix}^{-1} = \begin{pmatrix} I & -B A^{-1} \\ 0 & A^{-1} \end{pmatrix}",
)
TRUE: dict[str, tuple[str, ...]] = {
    "a side": (SQUARE, r"(A B)^T = B^T A^T"),
    "inverses": PUSH,
    "a denominator": (NUMBERS, r"\frac{1}{1 + e^{x}} + \frac{e^x}{1 + e^{x}} = 1"),
    "an assumption": (SQUARE, r"\frac{1}{2} u^T u = \frac{1}{2} \quad \text{if } u^T u = 1"),
    "a determinant": (SQUARE, r"\log \det(A + u v^T) = \log(\det(A) (1 + v^T A^{-1} u))"),
    "an induction": SUMS,
    "blocks": OF_BLOCKS,
    "an antiderivative": (NUMBERS, r"\int_0^x t e^{t} \, dt = (x - 1) e^x + 1"),
    "cases": (NUMBERS, r"\max(x, y) = \frac{x + y + |x - y|}{2}"),
    "roots": (SQUARE, r"\|Q u\| = \|u\| \quad \text{if } Q^T Q = I"),
    "angles": (NUMBERS, r"\sin x + \sin y = 2 \sin \frac{x + y}{2} \cos \frac{x - y}{2}"),
}


def doubled(term: Term) -> Term:
    return Call(term.type, "mul", (TWO, term))


def with_right(step: Used, right: Callable[[Term], Term]) -> Used:
    assert step.equation.right is not None
    return replace(step, equation=replace(step.equation, right=right(step.equation.right)))


def other_relation(step: Used) -> Used:
    return replace(step, equation=replace(step.equation, relation="<="))


def swapped(step: Used) -> Used:
    """Also true, but not what the difference needs."""
    assert step.equation.right is not None
    return replace(step, equation=Condition("=", step.equation.right, step.equation.left))


def of_another(step: Used) -> Used:
    """The same rule about twice the matrix, in the equation as well."""
    return replace(step, of=tuple(doubled(t) if t.type.rank == 2 else t for t in step.of))


def longer(step: Used) -> Used:
    first, *rest = step.binders
    upper = Call(terms.INTEGER, "add", (first.upper, Number(terms.INTEGER, Fraction(1))))
    return replace(step, binders=(replace(first, upper=upper), *rest))


DAMAGED: dict[str, tuple[str, type, Callable[[Any], Any]]] = {
    "a side that it is not": ("a side", Written, lambda s: replace(s, result=doubled(s.result))),
    "another denominator": ("a denominator", Cleared, lambda s: Cleared(doubled(X))),
    "a denominator that may be zero": ("a denominator", Cleared, lambda s: Cleared(Number(SCALAR, Fraction(0)))),
    "a changed coefficient": ("inverses", Used, lambda s: replace(s, factor=doubled(s.factor))),
    "a wrong multiple": ("inverses", Used, lambda s: replace(s, factor=Call(SCALAR, "add", (s.factor, X)))),
    "an equation turned round": ("inverses", Used, swapped),
    "an equation that is an order": ("inverses", Used, other_relation),
    "an equation that is not true": ("inverses", Used, lambda s: with_right(s, doubled)),
    "a rule about another matrix": ("inverses", Used, of_another),
    "a rule about nothing": ("inverses", Used, lambda s: replace(s, of=())),
    "indices the other way round": ("inverses", Used, lambda s: replace(s, binders=s.binders[::-1])),
    "an index that runs too far": ("inverses", Used, longer),
    "an assumption that is not made": ("an assumption", Used, lambda s: with_right(s, doubled)),
    "an assumption in the place of a rule": ("a determinant", Used, lambda s: replace(s, lemma="", of=())),
    "a function around an equation left out": ("a determinant", Used, lambda s: replace(s, under="")),
    "a rule about other shapes": ("a determinant", Used, lambda s: replace(s, of=s.of[::-1])),
    "no antiderivative": ("an antiderivative", Antiderivative, lambda s: replace(s, primitive=doubled(s.primitive))),
    "an induction that begins with its end": ("an induction", Induction, lambda s: replace(s, first=s.following)),
    "an induction that ends with its beginning": ("an induction", Induction, lambda s: replace(s, following=s.first)),
    "an induction over another size": ("an induction", Induction, lambda s: replace(s, size="k")),
    "a block left out": ("blocks", Blocks, lambda s: replace(s, parts=s.parts[1:])),
    "a block twice": ("blocks", Blocks, lambda s: replace(s, parts=(s.parts[3],) * 4)),
    "the other side inverted": ("blocks", Inverted, lambda s: replace(s, side="right")),
    "the same case twice": ("cases", Cases, lambda s: replace(s, condition=replace(s.condition, relation="!="))),
    "another number halved": ("angles", Substituted, lambda s: replace(s, factor=0)),
    "a side squared that may be negative": ("angles", Substituted, lambda s: Squared()),
    "squares without their equation": ("roots", Used, lambda s: Squared()),
    "a square left out": ("roots", Squared, lambda s: Written("left", X)),
}


def changed(proof: Certificate, kind: type, change: Callable[[Any], Any]) -> Certificate:
    """Every step of this kind changed, in the parts of the proof as well."""
    steps = []
    for step in proof.steps:
        inside = {f.name: _changed(getattr(step, f.name), kind, change) for f in fields(step)}
        step = replace(step, **inside)
        steps.append(change(step) if isinstance(step, kind) else step)
    return replace(proof, steps=tuple(steps))


def _changed(part: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    if isinstance(part, Certificate):
        return changed(part, kind, change)
    return tuple(_changed(p, kind, change) for p in part) if isinstance(part, tuple) else part


def true_proof(name: str) -> tuple[Document, Claim, Certificate]:
    document, claim = read(*TRUE[name])
    return document, claim, certificate(document, claim) if name != "a side" else Certificate((Written("left", claim.right),))


def kinds(proof: Certificate) -> set[type]:
    found: set[type] = set()

    def see(step: Step) -> Step:
        found.add(type(step))
        return step

    changed(proof, object, see)
    return found


@pytest.mark.parametrize("name", TRUE)
def test_the_true_proof_is_replayed(name: str) -> None:
    replay(*true_proof(name))


@pytest.mark.parametrize("damage", DAMAGED)
def test_the_damaged_proof_is_refused(damage: str) -> None:
    name, kind, change = DAMAGED[damage]
    document, claim, true = true_proof(name)
    damaged = changed(true, kind, change)
    assert damaged != true
    with pytest.raises((CompilerFault, NotReplayed)):
        replay(document, claim, damaged)


def test_every_kind_of_step_is_damaged() -> None:
    assert {kind for _, kind, _ in DAMAGED.values()} == set(get_args(Step))
    assert set().union(*(kinds(true_proof(name)[2]) for name in TRUE)) == set(get_args(Step))


def test_a_multiple_does_not_divide_by_what_may_be_zero() -> None:
    """x y = 0 does not give y = 0, nor |x| sign(x) = x that sign(x)^2 = 1."""
    y, zero = Symbol(SCALAR, "y"), Number(terms.INTEGER, Fraction(0))
    size, sign = of("abs", X), of("sign", X)
    forged: list[tuple[str, tuple[Step, ...]]] = [
        (r"y = 0 \quad \text{if } x y = 0", (Used(Condition("=", of("mul", X, y), zero), (), over(X)),)),
        (
            r"\operatorname{sign}(x)^2 = 1",
            (
                Used(Condition("=", of("mul", size, sign), X), (), over(X), "abs", (X,)),
                Used(Condition("=", of("mul", sign, X), size), (), of("div", sign, X), "sign", (X,)),
            ),
        ),
    ]
    for formula, steps in forged:
        document, claim = read(NUMBERS, formula)
        with pytest.raises(CompilerFault, match="needs a value where the claim does not"):
            replay(document, claim, Certificate(steps))


def test_a_multiple_takes_no_root_of_what_may_be_negative() -> None:
    """What is shown with the help of a root of x is shown where x is not negative."""
    document, claim = read(NUMBERS, r"2 y = 2 \quad \text{if } y = 1")
    root, two = of("sqrt", X), Number(SCALAR, Fraction(2))
    steps = [Used(claim.assumptions[0], (), factor) for factor in (of("add", two, root), of("neg", root))]
    replay(document, claim, Certificate((Used(claim.assumptions[0], (), two),)))
    with pytest.raises(CompilerFault, match="needs a value where the claim does not"):
        replay(document, claim, Certificate(tuple(steps)))


def test_what_is_assumed_may_be_divided_by() -> None:
    """y = 0 from x y = 0 where x is not zero, and y = x from y / x = 1."""
    y, zero, one = Symbol(SCALAR, "y"), Number(terms.INTEGER, Fraction(0)), Number(terms.INTEGER, Fraction(1))
    document, claim = read(NUMBERS, r"y = 0 \quad \text{if } x y = 0, x \ne 0")
    replay(document, claim, Certificate((Used(Condition("=", of("mul", X, y), zero), (), over(X)),)))
    document, claim = read(NUMBERS, r"y = x \quad \text{if } \frac{y}{x} = 1")
    replay(document, claim, Certificate((Used(Condition("=", of("div", y, X), one), (), X),)))
