r"""\dot{x}, f^{(3)}, f_x, J_f and values at a point, f'(x) \big|_{x=a}: derivatives that are checked, never new names."""

from __future__ import annotations

import pytest

from eqcompiler import pipeline
from eqcompiler.errors import Source
from eqcompiler.languages.statements import Document

GIVEN = (
    r"t, a, u, w \in \mathbb{R}, \quad x, p, v \in \mathbb{R}^n, \quad A \in \mathbb{R}^{m \times n}",
    r"s(t) = \sin(a t)",
    r"F(x) = A x",
    r"g(u, w) = u^2 w",
    r"q(x) = \|x\|^2",
)
CLAIMS = [
    (r"\dot{s}(t)", r"a \cos(a t)", r"\cos(a t)"),
    (r"\ddot{s}", "-a^2 s", "a^2 s"),
    ("s^{(3)}(t)", r"-a^3 \cos(a t)", r"a^3 \cos(a t)"),
    ("J_F(x)", "A", "2 A"),
    ("g_u(u, w)", "2 u w", "u^2"),
    (r"\nabla q(x) \big|_{x=p}", "2 p", "2 x"),
    (r"\left. \frac{\partial q}{\partial x} \right|_{x=0}", "0", "x"),
    (r"\frac{d}{dt} q(x + t v) \Big|_{t=0}", r"2 x^\top v", r"x^\top v"),
    (r"\frac{d}{dt} \Big|_{t=0} q(x + t v)", r"2 x^\top v", r"2 x^\top v + 2 t v^\top v"),
]


def read(*displays: str) -> Document:
    return pipeline.document_of(Source("marks.tex", "\n".join(rf"\[ {display} \]" for display in displays)))


def verdicts(claim: str) -> list[str]:
    document = read(*GIVEN, claim)
    assert [str(s.error) for s in document.statements if s.error] == []
    return [v.verdict for v in pipeline.verify(document)]


@pytest.mark.parametrize(("left", "right", "wrong"), CLAIMS, ids=[left for left, _, _ in CLAIMS])
def test_a_wrong_neighbour_is_refuted_and_the_right_one_is_proved(left: str, right: str, wrong: str) -> None:
    assert verdicts(f"{left} = {wrong}") in (["refuted"], ["conditional"])
    assert verdicts(f"{left} = {right}") == ["proved"]


def test_a_declared_name_stays_a_name() -> None:
    document = read(*GIVEN, r"\dot{s} \in \mathbb{R}", r"\dot{s} + 1 = 1 + \dot{s}")
    assert [v.verdict for v in pipeline.verify(document)] == ["proved"]


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        (r"q(x) \big|_{x=p} = 1", r"'q(x) \big|_{x=p}' is no derivative in 'x' at one point"),
        (r"\nabla q(x) \big|_{x=p=0} = 1", "what stands below the bar, x=p=0"),
    ],
)
def test_other_evaluations_are_refused(claim: str, what: str) -> None:
    (error,) = [s.error for s in read(*GIVEN, claim).statements if s.error]
    assert error is not None
    assert error.what.startswith(what)
