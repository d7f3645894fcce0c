"""Normal forms back to notation. Every text is what a person would write; what it says is read back where that is possible."""

from __future__ import annotations

import pytest
import sympy

from eqcompiler.calculus.algebra import substitute
from eqcompiler.calculus.lower import lower
from eqcompiler.calculus.monomials import Affine
from eqcompiler.calculus.normal_form import Tensor, tensors
from eqcompiler.calculus.printing import to_latex, to_term
from eqcompiler.errors import NotSupportedYet, Source
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Axis, Indexed, Input, Intrinsic, Program, index, scalar, size, tensor
from eqcompiler.languages.statements import Document, SymbolInfo
from eqcompiler.languages.terms import Condition, Symbol, Type

m, n = Dimension.of("m"), Dimension.of("n")
M, N = size("m"), size("n")
i, j, k, p = (index(name) for name in "ijkp")
X, A, B, S = (tensor(name) for name in ("X", "A", "B", "S"))
theta, y, v, x, r = (tensor(name) for name in ("theta", "y", "v", "x", "r"))
b, lam, c = (scalar(name) for name in ("b", "lam", "c"))
ONE = sympy.Integer(1)

SHAPES = {
    "X": (m, n), "theta": (n,), "y": (m,), "b": (), "lam": (), "c": (), "A": (n, n), "B": (n, n), "S": (n, n), "v": (n,),
    "x": (m, n), "r": (m,),
}  # fmt: skip
LATEX = {"theta": r"\theta", "lam": r"\lambda"}
WHY = {"x": "family of samples declared at line 3; x^{(i)} is row i"}
DOCUMENT = Document(
    Source("a.tex", "x^{(i)}"),
    (),
    {
        name: SymbolInfo(name, LATEX.get(name, name), Type(shape), "free", None, WHY.get(name, ""))
        for name, shape in SHAPES.items()
    },
    {},
    (Condition("symmetric", Symbol(Type((n, n)), "S")),),
)
INPUTS = tuple(Input(name, shape, assumptions=("symmetric",) if name == "S" else ()) for name, shape in SHAPES.items())


def value(body: sympy.Expr, *axes: tuple[sympy.Symbol, sympy.Expr], before: tuple[Intrinsic | Indexed, ...] = ()) -> Tensor:
    output = Indexed("out", tuple(Axis(a, ONE, upper) for a, upper in axes), body)
    return tensors(Program(INPUTS, (*before, output), ("out",)))["out"]


def written(found: Tensor) -> str:
    return to_latex(found.body, DOCUMENT, found.axes)


def product(row: sympy.Symbol) -> sympy.Expr:
    return sympy.Sum(X[row, j] * theta[j], (j, 1, N))


GRADIENT = 2 * sympy.Sum(X[i, k] * (product(i) - y[i]), (i, 1, M)) / M
VECTORS = [
    (GRADIENT, r"\frac{2}{m} X^\top (X \theta - y)"),
    (GRADIENT + 2 * lam * theta[k], r"\frac{2}{m} X^\top (X \theta - y) + 2 \lambda \theta"),
    (2 * sympy.Sum(X[i, k] * (product(i) + b - y[i]), (i, 1, M)) / M, r"\frac{2}{m} X^\top (X \theta - y + b \mathbf{1})"),
    (-theta[k], r"-\theta"),
    (theta[k] - v[k], r"\theta - v"),
    (sympy.Sum(A[k, j] * v[j], (j, 1, N)) + sympy.Sum(B[k, j] * v[j], (j, 1, N)), r"(A + B) v"),
    (sympy.Sum(A[k, j] * v[j], (j, 1, N)) + v[k], r"A v + v"),
    (sympy.Sum(A[j, k] * v[j], (j, 1, N)), r"A^\top v"),
    (sympy.Sum(S[j, k] * v[j], (j, 1, N)), r"S v"),
    (sympy.Sum(S[k, j] * S[p, j] * v[p], (j, 1, N), (p, 1, N)), r"S S v"),
    (theta[k] * v[k], r"\theta \odot v"),
    (sympy.exp(theta[k]) * v[k], r"\exp(\theta) \odot v"),
    (c * theta[k] / sympy.sqrt(sympy.Sum(v[j] ** 2, (j, 1, N))), r"\frac{c}{\sqrt{v^\top v}} \theta"),
    (2 * b * sympy.Sum(x[i, k], (i, 1, M)) / M, r"\frac{2 b}{m} \sum_{i=1}^{m} x^{(i)}"),
    (
        2 * sympy.Sum(x[i, k] * (sympy.Sum(x[i, j] * theta[j], (j, 1, N)) - r[i]), (i, 1, M)) / M,
        r"\frac{2}{m} \sum_{i=1}^{m} (\theta^\top x^{(i)} - r_i) x^{(i)}",
    ),
    (c + 0 * theta[k], r"c \mathbf{1}"),
]
SCALARS = [
    (2 * b * c / M, r"\frac{2 b c}{m}"),
    (1 - c**2, r"1 - c^2"),
    (c**2 - 1, r"c^2 - 1"),
    (c**2 + 3 * c + 1, r"c^2 + 3 c + 1"),
    (sympy.Rational(1, 2) * c, r"\frac{c}{2}"),
    (sympy.exp(-c) / (1 + sympy.exp(-c)), r"\frac{1}{e^c + 1}"),
    (sympy.Sum(v[j] ** 2, (j, 1, N)), r"v^\top v"),
    (sympy.Sum(v[j], (j, 1, N)), r"\sum_{i=1}^{n} v_i"),
    (sympy.Sum(v[j] ** 3, (j, 1, N)), r"\sum_{i=1}^{n} v_i^3"),
    (sympy.Sum(A[j, j], (j, 1, N)), r"\operatorname{tr}(A)"),
    (sympy.Sum(A[j, k] * B[k, j], (j, 1, N), (k, 1, N)), r"\operatorname{tr}(A B)"),
    (sympy.Sum(A[j, k] * v[j] * theta[k], (j, 1, N), (k, 1, N)), r"v^\top A \theta"),
    (sympy.Sum(v[j] * theta[j], (j, 1, N)) / sympy.Sum(v[j] ** 2, (j, 1, N)), r"\frac{\theta^\top v}{v^\top v}"),
    (v[1] * v[2], r"v_1 v_2"),
    (sympy.sin(c) * sympy.cos(b), r"\cos(b) \sin(c)"),
    (sympy.Max(c, 0), r"\max(0, c)"),
    (sympy.log(c), r"\log(c)"),
    (sympy.Integer(0), "0"),
    (-sympy.Rational(2, 3), r"-\frac{2}{3}"),
]
MATRICES = [
    (A[j, k], "A"),
    (A[k, j], r"A^\top"),
    (v[j] * theta[k], r"v \theta^\top"),
    (sympy.KroneckerDelta(j, k) * lam, r"\lambda I"),
    (sympy.Sum(X[i, j] * X[i, k], (i, 1, M)) + lam * sympy.KroneckerDelta(j, k), r"X^\top X + \lambda I"),
    (sympy.Sum(A[j, p] * v[p] * B[p, k], (p, 1, N)), r"A \operatorname{diag}(v) B"),
    (A[j, k] * B[j, k], r"A \odot B"),
    (sympy.Sum(A[j, p] * B[p, k], (p, 1, N)) - A[j, k], r"A B - A"),
]


@pytest.mark.parametrize(("body", "expected"), VECTORS, ids=[t for _, t in VECTORS])
def test_vectors(body: sympy.Expr, expected: str) -> None:
    assert written(value(body, (k, N))) == expected


@pytest.mark.parametrize(("body", "expected"), SCALARS, ids=[t for _, t in SCALARS])
def test_scalars(body: sympy.Expr, expected: str) -> None:
    assert written(value(body)) == expected


@pytest.mark.parametrize(("body", "expected"), MATRICES, ids=[t for _, t in MATRICES])
def test_matrices(body: sympy.Expr, expected: str) -> None:
    assert written(value(body, (j, N), (k, N))) == expected


CASES = [
    *((body, ((k, N),)) for body, _ in VECTORS),
    *((body, ()) for body, _ in SCALARS),
    *((body, ((j, N), (k, N))) for body, _ in MATRICES),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_term_that_is_written_has_the_same_normal_form(number: int) -> None:
    body, axes = CASES[number]
    found = value(body, *axes)
    again = tensors(lower(DOCUMENT, to_term(found.body, DOCUMENT, found.axes), "again"))["again"]
    names = dict(zip(again.axes, found.axes, strict=True))
    renamed = substitute(again.body, {one: Affine.of(other) for one, other in names.items()})
    assert str(renamed) == str(found.body)


def test_inverses_and_determinants() -> None:
    inverse = Intrinsic("inv", (Axis(j, ONE, N), Axis(k, ONE, N)), "inverse", ("A",))
    text = written(value(sympy.Sum(tensor("inv")[j, p] * v[p], (p, 1, N)), (j, N), before=(inverse,)))
    assert text == "A^{-1} v"
    det = Intrinsic("d", (), "det", ("A",))
    assert written(value(scalar("d") * c, before=(det,))) == r"c \det(A)"


def test_a_tensor_without_notation_is_an_error_not_a_guess() -> None:
    with pytest.raises(NotSupportedYet, match=r"^no notation for the tensor"):
        written(value(A[i, j] * v[k], (i, N), (j, N), (k, N)))


def test_an_axis_by_name_must_occur() -> None:
    with pytest.raises(NotSupportedYet, match=r"^the tensor does not vary along k, whose size is not known$"):
        to_latex(value(c).body, DOCUMENT, ("k",))
