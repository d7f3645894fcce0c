"""Matrix words read from contractions, and back."""

from __future__ import annotations

import pytest
import sympy
from small_programs import A, B, S, X, form, i, j, k, l, m, n, over, p, q, u, v, w
from sympy import KroneckerDelta, Sum, exp

from eqcompiler.calculus.chains import Chain, build, read, reverse, sizes
from eqcompiler.calculus.monomials import Normal

SQUARE = (over(i, n), over(j, n))


def text(chain: Chain) -> str:
    marks = {"column": "{}", "row": "{}'", "diagonal": "diag({})"}
    letters = [marks.get(x.role, "{}'" if x.transposed else "{}").format(x.name) for x in chain.letters]
    ends = [f"{chain.left.indices[0].name}|" if chain.left else "", f"|{chain.right.indices[0].name}" if chain.right else ""]
    word = ends[0] + " ".join(letters) + ends[1]
    return f"tr({word})" if chain.trace else word


def chains(body: sympy.Expr, axes: tuple = ()) -> list[str]:
    found = read(form(body, axes).body)
    assert not any(product.scalars for product in found)
    return [text(chain) for product in found for chain, _ in product.chains]


def test_words() -> None:
    assert chains(Sum(X[i, j] * u[j], (j, 1, n)), (over(i, m),)) == ["i|X u"]
    assert chains(Sum(A[i, k] * B[j, k], (k, 1, n)), SQUARE) == ["i|A B'|j"]
    assert chains(Sum(X[k, i] * X[k, j], (k, 1, m)), SQUARE) == ["i|X' X|j"]
    assert chains(Sum(u[i] * A[i, j] * v[j], (i, 1, n), (j, 1, n))) == ["u' A v"]
    assert chains(Sum(u[i] ** 2, (i, 1, n))) == ["u' u"]
    assert chains(Sum(X[i, j] ** 2, (i, 1, m), (j, 1, n))) == ["tr(X X')"]
    assert chains(Sum(A[i, j] * B[j, i], (i, 1, n), (j, 1, n))) == ["tr(A B)"]
    assert chains(Sum(A[i, k] * u[k] * B[k, j], (k, 1, n)), SQUARE) == ["i|A diag(u) B|j"]
    assert chains(Sum(u[i] * v[i] * exp(u[i]), (i, 1, n))) == ["u' diag(exp(u[_0<n>])) v"]
    assert chains(Sum(S[i, j] * u[j], (j, 1, n)), (over(i, n),)) == ["i|S u"]
    assert chains(KroneckerDelta(i, j), SQUARE) == ["i||j"]
    assert chains(A[j, i], SQUARE) == ["i|A'|j"]
    assert chains(u[i] * w[j], (over(i, n), over(j, m))) == ["i|u", "j|w"]


def test_what_is_no_chain_stays_a_scalar() -> None:
    for body in (
        Sum(A[i, j] * A[j, i] * B[i, j], (i, 1, n), (j, 1, n)),
        Sum(A[i, k] * u[k], (k, 1, n - 1)),
    ):
        product = read(form(body, (over(i, n),) if body.has(k) else ()).body)[0]
        assert product.chains == ()
        assert len(product.scalars) == 1


@pytest.mark.parametrize(
    ("body", "axes"),
    [
        (Sum(A[i, k] * B[j, k] * u[k] * v[l] * S[l, j], (k, 1, n), (l, 1, n), (j, 1, n)), (over(i, n),)),
        (Sum(A[p, k] * B[k, q] * S[q, l] * u[l] * X[i, p], (k, 1, n), (l, 1, n), (p, 1, n), (q, 1, n)), (over(i, m),)),
        (Sum(A[i, j] * B[j, k] * A[k, i], (i, 1, n), (j, 1, n), (k, 1, n)), ()),
        (Sum(A[i, k] * u[k] * B[k, j], (k, 1, n)), SQUARE),
        (u[i] * KroneckerDelta(i, j), SQUARE),
    ],
)
def test_building_inverts_reading_in_both_directions(body: sympy.Expr, axes: tuple) -> None:
    term = form(body, axes).body
    product = read(term)[0]
    for turned in (lambda chain: chain, reverse):
        parts = [build(turned(chain)) for chain, _ in product.chains]
        rebuilt = Normal.number(product.coefficient)
        for part in parts:
            rebuilt = part if rebuilt.constant == 1 else rebuilt
        if len(parts) == 1:
            assert rebuilt.key == term.key


def test_sizes_of_letters() -> None:
    chain = read(form(Sum(X[k, i] * w[k], (k, 1, m)), (over(i, n),)).body)[0].chains[0][0]
    assert [tuple(s.key for s in sizes(letter)) for letter in chain.letters] == [("n", "m"), ("m", "1")]
