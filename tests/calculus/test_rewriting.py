"""Identities with inverses, and the soundness of every rule that completion makes."""

from __future__ import annotations

import pytest
import sympy
from flint import arb
from small_programs import (
    A,
    B,
    P,
    S,
    X,
    a,
    assert_meet,
    b,
    entries,
    i,
    inverse,
    j,
    k,
    l,
    m,
    matrix,
    n,
    normal,
    over,
    p,
    q,
    sample,
    u,
    v,
    w,
    x,
)
from sympy import KroneckerDelta, Sum

from eqcompiler.calculus.algebra import add
from eqcompiler.calculus.chains import sizes
from eqcompiler.calculus.monomials import ONE_AFFINE, Affine, Index
from eqcompiler.calculus.normal_form import Tensor
from eqcompiler.calculus.rewriting import LEFT, RIGHT, rewriter, rewritten
from eqcompiler.languages.program import index, tensor

SQUARE = (over(i, n), over(j, n))
COLUMN = (over(i, n),)
I = KroneckerDelta(i, j)  # noqa: E741
t = index("t")
DEFINITIONS = (
    matrix("G", Sum(X[k, i] * X[k, j], (k, 1, m))),
    matrix("R", Sum(X[k, i] * X[k, j], (k, 1, m)) + a * I),
    matrix("C", I + Sum(A[i, k] * B[k, j], (k, 1, n))),
    matrix("D", I + Sum(B[i, k] * A[k, j], (k, 1, n))),
    matrix("E", A[i, j] + B[i, j]),
    matrix("F", A[i, j] + u[i] * v[j]),
    inverse("A_inv", "A"),
    inverse("B_inv", "B"),
    inverse("P_inv", "P"),
    matrix("K", P[i, j] + Sum(X[k, i] * X[k, j], (k, 1, m)) / b),
    matrix("W", b * KroneckerDelta(i, j) + Sum(X[i, k] * tensor("P_inv")[k, l] * X[j, l], (k, 1, n), (l, 1, n)), m),
    matrix("H", tensor("A_inv")[i, j] + tensor("B_inv")[i, j]),
    *(inverse(f"{name}_inv", name) for name in "GRCDEFKH"),
    inverse("W_inv", "W", m),
)
inv = {name: tensor(f"{name}_inv") for name in "ABPGRCDEFKHW"}


def times(*factors: sympy.IndexedBase) -> sympy.Expr:
    """The product of square matrices at (i, j)."""
    middle = [sympy.Symbol(f"s{c}", integer=True) for c in range(len(factors) - 1)]
    places = [i, *middle, j]
    body = sympy.Mul(*(f[places[c], places[c + 1]] for c, f in enumerate(factors)))
    return Sum(body, *((s, 1, n) for s in middle)) if middle else body


sherman = 1 + Sum(v[k] * inv["A"][k, l] * u[l], (k, 1, n), (l, 1, n))
RIGHT_IDENTITIES = {
    "normal equation": (
        Sum(X[k, i] * X[k, p] * inv["G"][p, q] * X[l, q] * w[l], (k, 1, m), (p, 1, n), (q, 1, n), (l, 1, m)),
        Sum(X[k, i] * w[k], (k, 1, m)),
        COLUMN,
    ),
    "ridge": (
        Sum(X[k, i] * X[k, p] * inv["R"][p, q] * u[q], (k, 1, m), (p, 1, n), (q, 1, n))
        + a * Sum(inv["R"][i, q] * u[q], (q, 1, n)),
        u[i],
        COLUMN,
    ),
    "projector": (
        Sum(
            X[i, p] * inv["G"][p, q] * X[k, q] * X[k, l] * inv["G"][l, t] * X[j, t],
            (p, 1, n),
            (q, 1, n),
            (k, 1, m),
            (l, 1, n),
            (t, 1, n),
        ),
        Sum(X[i, p] * inv["G"][p, q] * X[j, q], (p, 1, n), (q, 1, n)),
        (over(i, m), over(j, m)),
    ),
    "push-through": (times(inv["C"], A), times(A, inv["D"]), SQUARE),
    "difference of inverses": (
        inv["A"][i, j] - inv["B"][i, j],
        Sum(inv["A"][i, k] * (B[k, l] - A[k, l]) * inv["B"][l, j], (k, 1, n), (l, 1, n)),
        SQUARE,
    ),
    "inverse of a sum of inverses": (inv["H"][i, j], times(A, inv["E"], B), SQUARE),
    "commutes with its inverse": (times(A, inv["E"], B), times(B, inv["E"], A), SQUARE),
    "Woodbury": (
        inv["K"][i, j],
        inv["P"][i, j]
        - Sum(inv["P"][i, k] * X[p, k] * inv["W"][p, q] * X[q, l] * inv["P"][l, j], (k, 1, n), (l, 1, n), (p, 1, m), (q, 1, m)),
        SQUARE,
    ),
    "Sherman-Morrison": (
        inv["F"][i, j],
        inv["A"][i, j] - Sum(inv["A"][i, k] * u[k] * v[l] * inv["A"][l, j], (k, 1, n), (l, 1, n)) / sherman,
        SQUARE,
    ),
    "trace of A^-1 A": (Sum(inv["A"][i, j] * A[j, i], (i, 1, n), (j, 1, n)), n, ()),
    "a quadratic form": (
        Sum(u[i] * inv["P"][i, j] * P[j, k] * v[k], (i, 1, n), (j, 1, n), (k, 1, n)),
        Sum(u[i] * v[i], (i, 1, n)),
        (),
    ),
}


def residual(left: sympy.Expr, right: sympy.Expr, axes: tuple) -> Tensor:
    one, other = normal(left, axes, DEFINITIONS), normal(right, axes, DEFINITIONS)
    ranges = {index.name: index.upper for index in one.indices}
    shown = tuple(Index(axis.index.name, ONE_AFFINE, ranges[axis.index.name]) for axis in axes)
    return Tensor(shown, one - other)


@pytest.mark.parametrize("name", list(RIGHT_IDENTITIES))
def test_identities_with_inverses_are_proved(name: str) -> None:
    tensor_ = residual(*RIGHT_IDENTITIES[name])
    assert tensor_.body.terms
    rest, rules = rewritten(tensor_)
    assert not rest.terms
    assert rules


@pytest.mark.parametrize("name", list(RIGHT_IDENTITIES))
def test_every_rule_holds_for_numbers(name: str) -> None:
    work = rewriter(residual(*RIGHT_IDENTITIES[name]).body, ())
    work.complete()
    assert work.rules
    for rule in work.rules[:25]:
        letters = [work.alphabet.letters[token] for token in rule.lead]
        ends = _ends(work, letters)
        lead = {work.alphabet.term((), [(LEFT, *rule.lead, RIGHT)]): 1}
        difference = add([_as_normal(work, lead, ends), _as_normal(work, rule.value, ends).times(-1)])
        for seed, shape in enumerate(({"m": 3, "n": 2}, {"m": 2, "n": 2})):
            found = entries(Tensor(ends, difference), sample(seed + 3, shape))
            assert_meet(found, [arb(0)] * len(found))


def _ends(work, letters) -> tuple[Index, Index]:
    return (Index("row", ONE_AFFINE, sizes(letters[0])[0]), Index("column", ONE_AFFINE, sizes(letters[-1])[1]))


def _as_normal(work, polynomial, ends: tuple[Index, Index]):
    """A rule's polynomial with its open ends at `ends`."""
    named = {LEFT: f"<{ends[0].key}", RIGHT: f">{ends[1].key}"}
    work.alphabet.ends.update({end.key: Affine.of(end) for end in ends})
    return work.alphabet.normal(
        {
            work.alphabet.term(t.scalars, [tuple(named.get(token, token) for token in word) for word in t.words]): c
            for t, c in polynomial.items()
        }
    )


def test_equations_of_the_author_are_rules() -> None:
    zero = normal(Sum(A[k, i] * A[k, j], (k, 1, n)) - I, SQUARE)
    ends = tuple(Index(name, ONE_AFFINE, Affine.of(("n",))) for name in "ij")
    turned = normal(
        Sum(B[i, k] * A[l, k] * A[l, p] * u[p], (k, 1, n), (l, 1, n), (p, 1, n)) - Sum(B[i, k] * u[k], (k, 1, n)), COLUMN
    )
    assert not rewritten(Tensor(ends[:1], turned), [Tensor(ends, zero)])[0].terms
    other = normal(
        Sum(B[i, k] * A[k, l] * A[l, p] * u[p], (k, 1, n), (l, 1, n), (p, 1, n)) - Sum(B[i, k] * u[k], (k, 1, n)), COLUMN
    )
    assert rewritten(Tensor(ends[:1], other), [Tensor(ends, zero)])[0].terms


def test_a_leading_coefficient_that_may_vanish_is_not_divided_by() -> None:
    """x A = 0 says nothing about A."""
    ends = tuple(Index(name, ONE_AFFINE, Affine.of(("n",))) for name in "ij")
    given = Tensor(ends, normal(x * times(A, B), SQUARE))
    assert rewritten(Tensor(ends, normal(times(A, B, S), SQUARE)), [given])[0].terms
