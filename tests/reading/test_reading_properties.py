"""What holds for every input: no crash, every position right, the same result every time."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eqcompiler.errors import EquationError, Source
from eqcompiler.languages.notation import Formula, Node
from eqcompiler.reading.documents import formulas, included

PIECES = """
x y f d T \\theta \\sigma 1 12 0.5 + - * / = := \\in \\to : , ; . ! ' | || \\| ( ) [ ] \\{ \\} { } ^ _ & \\\\
% $ \\left( \\right) \\left| \\right| \\frac \\sqrt \\binom \\sum \\prod \\int \\lim \\max \\arg\\min \\log
\\sin \\det \\nabla \\partial \\mathbb{E} \\mathbb{R} \\mathbf \\mathrm \\operatorname{tr} \\text{if}
\\text{loss} \\hat \\bar \\dots \\top \\infty \\cdot \\times \\odot \\pm \\quad \\, \\mid \\begin{cases}
\\end{cases} \\begin{bmatrix} \\end{bmatrix} \\begin{aligned} \\end{aligned} \\label{a} \\unknown \\stackrel
\\underbrace \\substack \\not \\newcommand \\a #1 dx ^T _{i} ^{(i)} {x} ~ é ∑ %!
"""
soup = st.lists(st.sampled_from(PIECES.split()), max_size=25).map(" ".join)
WRAPPINGS = {
    ".tex": ("\\[ {} \\]", "\\begin{{align}} {} \\end{{align}}", "text $ {} $ text", "{}"),
    ".md": ("$$ {} $$", "> $$\n> {}\n> $$", "- text $ {} $ text", "{}"),
}


def nodes(node: object) -> list[Node]:
    """The nodes directly below a node, through tuples."""
    found: list[Node] = []
    values = [getattr(node, f.name) for f in dataclasses.fields(node)] if isinstance(node, Node) else node
    for value in values:  # type: ignore[union-attr]
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            found += nodes(value)
    return found


def check_spans(parent: Node) -> None:
    for child in nodes(parent):
        assert parent.span.start <= child.span.start <= child.span.stop <= parent.span.stop, (parent, child)
        check_spans(child)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=soup, kind=st.sampled_from(sorted(WRAPPINGS)), wrapping=st.integers(0, 3))
@example(body=r"\frac", kind=".tex", wrapping=0)
@example(body=r"_ ^ '", kind=".tex", wrapping=0)
@example(body=r"\begin{cases} x & \end{bmatrix}", kind=".tex", wrapping=1)
@example(body=r"\max x", kind=".md", wrapping=0)
@example(body=r"\partial f / \partial x", kind=".md", wrapping=0)
@example(body="| ; |", kind=".md", wrapping=0)
@example(body="| || |", kind=".md", wrapping=0)
def test_any_tokens_give_formulas_or_errors_with_a_place(body: str, kind: str, wrapping: int) -> None:
    source = Source(f"soup{kind}", WRAPPINGS[kind][wrapping].format(body))
    included(source)
    for result in formulas(source):
        if isinstance(result, EquationError):
            assert result.span is not None
            assert 0 <= result.span.start <= result.span.stop <= len(source.text) + 1
            assert str(result).startswith(f"soup{kind}:")
        else:
            assert isinstance(result, Formula)
            for part in result.parts:
                assert result.span.start <= part.span.start <= part.span.stop <= result.span.stop
                check_spans(part)


@settings(max_examples=200, deadline=None)
@example(text="\\", kind=".tex")
@example(text="\\begin{", kind=".tex")
@given(text=st.text(max_size=60), kind=st.sampled_from((".tex", ".md", ".txt")))
def test_any_text_is_read_without_a_crash(text: str, kind: str) -> None:
    for result in formulas(Source(f"any{kind}", text)):
        assert isinstance(result, (Formula, EquationError))


@given(body=soup)
@settings(max_examples=50, deadline=None)
def test_reading_twice_gives_the_same(body: str) -> None:
    source = Source("twice.tex", f"\\[ {body} \\]")
    first, second = ([str(r) if isinstance(r, EquationError) else r for r in formulas(source)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "body",
    [
        "(" * 3000 + "x" + ")" * 3000,
        "{" * 3000 + "x" + "}" * 3000,
        r"\frac{" * 2000 + "x" + "}{y}" * 2000,
        "x^{" * 2000 + "y" + "}" * 2000,
        r"\log " * 3000 + "x",
        r"\sqrt" * 3000 + "x",
        r"\hat" * 3000 + "x",
        r"\nabla" * 3000 + "x",
        r"\sum_i " * 3000 + "x",
        r"\frac{d}{dx} " * 2000 + "x",
        r"\mathbf" * 3000 + "x",
        r"\left(" * 2000 + "x" + r"\right)" * 2000,
        r"x \cdot " * 3000 + "x",
        "-" * 3000 + "x",
        "x^" * 3000 + "y",
        "|" * 3001,
        "a | b " * 1000,
        r"\partial " * 3000 + "x",
        r"\int " * 3000 + "x",
        "x" + "'" * 3000,
        "n" + "!" * 3000,
        r"\begin{matrix}" * 2000,
        r"\underbrace{" * 2000 + "x" + "}" * 2000,
        r"\text{" * 2000 + "x" + "}" * 2000,
    ],
    ids=lambda body: body[:12],
)
def test_depth_is_bounded_with_an_error_or_read(body: str) -> None:
    for result in formulas(Source("deep.tex", f"\\[ {body} \\]")):
        assert isinstance(result, (Formula, EquationError))


def test_long_sums_are_read() -> None:
    (formula,) = formulas(Source("long.tex", "\\[ " + " + ".join(["x y"] * 1000) + " \\]"))
    assert isinstance(formula, Formula)
