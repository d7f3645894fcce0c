"""What the proof checker believes, against numbers: its lemmas, and its rules for series, integrals, expectations, limits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from test_replay import read

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Call, Symbol, Term
from eqcompiler.verification.choices import replay
from eqcompiler.verification.defined_operations import det, of
from eqcompiler.verification.evidence import gather
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.lemmas import LEMMAS, SHAPES, Sides, instance, matmul
from eqcompiler.verification.proof_plans import certificate

POINTS = 2
DECLARED = (
    r"A \in \mathbb{S}^{n}_{++}, \quad W \in \mathbb{R}^{n \times n}, \quad U, B \in \mathbb{R}^{n \times k}",
    r"V, C \in \mathbb{R}^{k \times n}, \quad D \in \mathbb{R}^{k \times k}, \quad u, v \in \mathbb{R}^n",
    r"d \in \mathbb{R}, \quad t \in (0, 1), \quad s > 1",
)
DOCUMENT, _ = read(*DECLARED, r"W A = W")


def symbol(name: str) -> Symbol:
    type_ = DOCUMENT.symbols[name].type
    assert isinstance(type_, terms.Type)
    return Symbol(type_, name)


A, W, U, V, B, C, D, u, v, d, t, s = map(symbol, ("A", "W", "U", "V", "B", "C", "D", "u", "v", "d", "t", "s"))
TWO = terms.Number(terms.INTEGER, Fraction(2))
OPERANDS: dict[str, tuple[tuple[Term, ...], ...]] = {
    "inverse": ((W,),),
    "inverse before": ((W,),),
    "root": ((A,),),
    "reciprocal": ((t,),),
    "tanh": ((t,),),
    "abs": ((d,),),
    "sign": ((d,),),
    "asinh": ((d,),),
    "acosh": ((s,),),
    "atanh": ((t,),),
    "determinant of a sum": ((W, U, V), (W, u, v)),
    "determinant of blocks": ((W, B, C, D), (W, u, Call(terms.Type(v.type.shape, row=True), "transpose", (v,)), d)),
    "determinant of blocks, last": ((W, B, C, D), (W, u, Call(terms.Type(v.type.shape, row=True), "transpose", (v,)), d)),
    "commuting": ((W, TWO),),
}


def differs(sides: Sides, document: Document = DOCUMENT) -> bool:
    """Whether the sides differ at some point; they must have been compared."""
    found = gather(document, Claim(*sides), trials=POINTS)
    assert found.counterexample is not None or found.agreements == POINTS, found
    return found.counterexample is not None


def test_every_lemma_is_tried() -> None:
    assert set(OPERANDS) == set(LEMMAS)
    assert set(SHAPES) <= set(LEMMAS)


@pytest.mark.parametrize(("name", "of"), [(name, of) for name, each in OPERANDS.items() for of in each])
def test_a_lemma_holds_at_exact_points(name: str, of: tuple[Term, ...]) -> None:
    sides = instance(name, of)
    assert sides is not None
    assert not differs(sides)


@pytest.mark.parametrize(
    "sides",
    [
        (det(matmul(U, V)), det(matmul(V, U))),
        (matmul(W, A), matmul(A, W)),
        (of("mul", of("abs", d), of("abs", d)), d),
    ],
)
def test_what_is_no_lemma_differs(sides: Sides) -> None:
    assert differs(sides)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("inverse", (U,)),
        ("inverse", (W, W)),
        ("determinant of a sum", (W, V, U)),
        ("determinant of a sum", (W, u, V)),
        ("determinant of blocks", (D, B, C, W)),
        ("tanh", (u,)),
        ("no such rule", (W,)),
    ],
)
def test_terms_of_other_shapes_have_no_lemma(name: str, of: tuple[Term, ...]) -> None:
    assert instance(name, of) is None


def is_replayed(lines: tuple[str, ...]) -> bool:
    document, claim = read(*lines)
    try:
        replay(document, claim, certificate(document, claim))
    except (NotReplayed, CompilerFault):
        return False
    return True


def against(lines: tuple[str, ...]) -> bool:
    """Whether a point is against the claim, where points are compared at all."""
    document, claim = read(*lines)
    return gather(document, claim, trials=POINTS).counterexample is not None


NORMAL = r"\mu, a \in \mathbb{R}, \quad \sigma > 0", r"x \sim \mathcal{N}(\mu, \sigma^2)"
WHOLE = r"n \in \mathbb{N}, \quad n \ge 1"
MATRICES = r"A, B \in \mathbb{R}^{n \times n}, \quad u, v \in \mathbb{R}^n, \quad c \in \mathbb{R}"
RULES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "power sums": (
        (WHOLE,),
        r"\sum_{k=1}^{n} k^2 = \frac{n (n+1) (2n+1)}{6}",
        r"\sum_{k=1}^{n} k^2 = \frac{n (n+1) (2n+2)}{6}",
    ),
    "the ends of a range": (
        (r"x \in \mathbb{R}^n", r"n \ge 3"),
        r"\sum_{i=1}^{n-1} x_i = \sum_{i=1}^{n} x_i - x_n",
        r"\sum_{i=1}^{n-1} x_i = \sum_{i=2}^{n} x_i",
    ),
    "products of positive factors": (
        (r"x \in \mathbb{R}^n_{++}", r"n \ge 2"),
        r"\prod_{i=2}^{n} x_i = \frac{1}{x_1} \prod_{i=1}^{n} x_i",
        r"\prod_{i=1}^{n} x_i = \prod_{i=2}^{n} x_i",
    ),
    "products": (
        (r"x \in \mathbb{R}^n",),
        r"\prod_{i=1}^{n} 2 x_i^2 = 2^n (\prod_{i=1}^{n} x_i)^2",
        r"\prod_{i=1}^{n} 2 x_i = 2 \prod_{i=1}^{n} x_i",
    ),
    "the geometric series": (
        (r"r \in (0, 1)",),
        r"\sum_{k=1}^{\infty} k r^k = \frac{r}{(1-r)^2}",
        r"\sum_{k=1}^{\infty} k r^k = \frac{2 r}{(1-r)^2}",
    ),
    "the exponential series": (
        (r"x \in \mathbb{R}",),
        r"\sum_{k=0}^{\infty} \frac{x^k}{k!} = e^x",
        r"\sum_{k=1}^{\infty} \frac{x^k}{k!} = e^x",
    ),
    "the binomial theorem": (
        (WHOLE, r"a, b \in \mathbb{R}"),
        r"\sum_{k=0}^{n} \binom{n}{k} a^k b^{n-k} = (a + b)^n",
        r"\sum_{k=1}^{n} \binom{n}{k} a^k b^{n-k} = (a + b)^n",
    ),
    "Gaussian integrals": (
        (r"a > 0, \quad b \in \mathbb{R}",),
        r"\int_{-\infty}^{\infty} x e^{-a x^2 + b x} \, dx = \frac{b}{2 a} \sqrt{\frac{\pi}{a}} e^{b^2/(4a)}",
        r"\int_{-\infty}^{\infty} x e^{-a x^2 + b x} \, dx = \frac{b}{a} \sqrt{\frac{\pi}{a}} e^{b^2/(4a)}",
    ),
    "the gamma integral": (
        (r"\lambda > 0",),
        r"\int_0^\infty x^2 e^{-\lambda x} \, dx = \frac{2}{\lambda^3}",
        r"\int_0^\infty x^2 e^{-\lambda x} \, dx = \frac{2}{\lambda^2}",
    ),
    "half a Gaussian": (
        (r"a > 0",),
        r"\int_0^\infty e^{-a x^2} \, dx = \frac{1}{2} \sqrt{\frac{\pi}{a}}",
        r"\int_0^\infty e^{-a x^2} \, dx = \sqrt{\frac{\pi}{a}}",
    ),
    "damped waves": (
        (r"\omega \in \mathbb{R}, \quad s > 0",),
        r"\int_0^\infty e^{-s t} \sin(\omega t) \, dt = \frac{\omega}{s^2 + \omega^2}",
        r"\int_0^\infty e^{-s t} \sin(\omega t) \, dt = \frac{s}{s^2 + \omega^2}",
    ),
    "the beta integral": (
        (r"a, b > 0",),
        r"\int_0^1 x^{a-1} (1 - x)^{b-1} \, dx = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b)}",
        r"\int_0^1 x^{a-1} (1 - x)^{b-1} \, dx = \frac{\Gamma(a) \Gamma(b)}{\Gamma(a + b + 1)}",
    ),
    "antiderivatives": ((r"x > 0",), r"\int_1^x \ln t \, dt = x \ln x - x + 1", r"\int_1^x \ln t \, dt = x \ln x - x"),
    "moments": (NORMAL, r"\mathbb{E}[x^3] = \mu^3 + 3 \mu \sigma^2", r"\mathbb{E}[x^3] = \mu^3 + \mu \sigma^2"),
    "the generating function": (
        NORMAL,
        r"\mathbb{E}[x e^{a x}] = (\mu + a \sigma^2) e^{a \mu + a^2 \sigma^2 / 2}",
        r"\mathbb{E}[x e^{a x}] = \mu e^{a \mu + a^2 \sigma^2 / 2}",
    ),
    "waves": (
        NORMAL,
        r"\mathbb{E}[\cos(a x)] = e^{-a^2 \sigma^2 / 2} \cos(a \mu)",
        r"\mathbb{E}[\cos(a x)] = e^{a^2 \sigma^2 / 2} \cos(a \mu)",
    ),
    "limits": (
        (r"a \in \mathbb{R}",),
        r"\lim_{x \to 0} \frac{1 - \cos(a x)}{x^2} = \frac{a^2}{2}",
        r"\lim_{x \to 0} \frac{1 - \cos(a x)}{x^2} = a^2",
    ),
    "cases": (
        (r"x, y \in \mathbb{R}",),
        r"\max(x, y) = \frac{x + y + |x - y|}{2}",
        r"\max(x, y) = \frac{x + y - |x - y|}{2}",
    ),
    "factorials": (
        (r"n, k \in \mathbb{N}, \quad 1 \le k \le n",),
        r"k \binom{n}{k} = n \binom{n-1}{k-1}",
        r"k \binom{n}{k} = n \binom{n-1}{k}",
    ),
    "angles": (
        (r"x, y \in \mathbb{R}",),
        r"\sin x + \sin y = 2 \sin \frac{x + y}{2} \cos \frac{x - y}{2}",
        r"\sin x + \sin y = 2 \sin \frac{x + y}{2} \cos \frac{x + y}{2}",
    ),
    "angles of a known tangent": (
        (r"x \in \mathbb{R}",),
        r"\cos(\arctan x) = \frac{1}{\sqrt{1 + x^2}}",
        r"\cos(\arctan x) = \frac{x}{\sqrt{1 + x^2}}",
    ),
    "roots of squares": ((r"x \in \mathbb{R}",), r"\sqrt{x^2} = |x|", r"\sqrt{x^2} = 2 |x|"),
    "determinants of products": ((MATRICES,), r"\det(c A B) = c^n \det(B) \det(A)", r"\det(c A B) = c \det(B) \det(A)"),
    "determinants of sums": ((MATRICES,), r"\det(I + u v^T) = 1 + v^T u", r"\det(I + u v^T) = 1 - v^T u"),
    "determinants of blocks": (
        (MATRICES,),
        r"\det \begin{pmatrix} A & B \\ 0 & A \end{pmatrix} = \det(A)^2",
        r"\det \begin{pmatrix} A & B \\ B & A \end{pmatrix} = \det(A)^2 - \det(B)^2",
    ),
    "blocks": (
        (MATRICES,),
        r"\begin{pmatrix} I & B \\ 0 & A \end{pmatrix}^{-1} = \begin{pmatrix} I & -B A^{-1} \\ 0 & A^{-1} \end{pmatrix}",
        r"\begin{pmatrix} I & B \\ 0 & A \end{pmatrix}^{-1} = \begin{pmatrix} I & -B \\ 0 & A^{-1} \end{pmatrix}",
    ),
    "Kronecker products": (
        (MATRICES,),
        r"\operatorname{vec}(A B) = (B^T \otimes I_n) \operatorname{vec}(A)",
        r"\operatorname{vec}(A B) = (B \otimes I_n) \operatorname{vec}(A)",
    ),
    "powers of matrices": (
        (MATRICES, r"k \in \mathbb{N}"),
        r"(A^T)^k A^T = (A^{k+1})^T",
        r"(A^T)^k = A^k",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_replays_what_is_true_and_not_what_is_nearly_true(rule: str) -> None:
    before, true, false = RULES[rule]
    assert (is_replayed((*before, true)), is_replayed((*before, false))) == (True, False)
    assert (against((*before, true)), against((*before, false))) == (False, True)


@pytest.mark.parametrize(
    "lines",
    [
        (r"r \in \mathbb{R}", r"\sum_{k=0}^{\infty} r^k = \frac{1}{1 - r}"),
        (r"a \in \mathbb{R}", r"\int_{-\infty}^{\infty} e^{-a x^2} \, dx = \sqrt{\frac{\pi}{a}}"),
        (r"\lambda \in \mathbb{R}", r"\int_0^\infty e^{-\lambda x} \, dx = \frac{1}{\lambda}"),
        (r"a \in \mathbb{R}", r"\int_{-1}^{1} \frac{1}{x^2} \, dx = -2"),
        (r"a, b \in \mathbb{R}", r"\sqrt{a b} = \sqrt{a} \sqrt{b}"),
        (r"a \in \mathbb{R}", r"\sqrt{a^2} = a"),
    ],
)
def test_what_is_true_only_somewhere_is_not_replayed(lines: tuple[str, ...]) -> None:
    assert not is_replayed(lines)
