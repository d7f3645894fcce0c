"""MathML of what authors write, and of what nobody should be able to put on a page."""

from __future__ import annotations

import re

import pytest

from eqcompiler.interfaces.formulas_in_text import formula, text_with_formulas, text_with_quotations
from eqcompiler.interfaces.mathml import ATTRIBUTES, ELEMENTS, MOST_DEPTH, MOST_LETTERS, mathml


def body(latex: str) -> str:
    """What stands in the math element."""
    found = mathml(latex)
    assert found is not None
    return found.removeprefix('<math display="inline"><mrow>').removesuffix("</mrow></math>")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{2}{m}", "<mfrac><mrow><mn>2</mn></mrow><mrow><mi>m</mi></mrow></mfrac>"),
        ("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\det(A)", '<mi>det</mi><mo stretchy="false">(</mo><mi>A</mi><mo stretchy="false">)</mo>'),
        (r"\arg x", "<mi>arg</mi><mi>x</mi>"),
        (r"A \succeq 0", "<mi>A</mi><mo>⪰</mo><mn>0</mn>"),
        (r"x \sim \mathcal{N}", "<mi>x</mi><mo>∼</mo><mi>𝒩</mi>"),
        (r"\boldsymbol{\theta} \in \mathbb{R}", "<mrow><mi>𝜽</mi></mrow><mo>∈</mo><mi>ℝ</mi>"),
        (r"\mathbf{1}", "<mrow><mn>𝟏</mn></mrow>"),
        ("y = -x - 1", '<mi>y</mi><mo>=</mo><mo form="prefix">−</mo><mi>x</mi><mo>−</mo><mn>1</mn>'),
        (r"\text{left side}", "<mtext>left\xa0side</mtext>"),
        (
            r"\binom{n}{k}",
            '<mo>(</mo><mfrac linethickness="0"><mrow><mi>n</mi></mrow><mrow><mi>k</mi></mrow></mfrac><mo>)</mo>',
        ),
    ],
)
def test_notation(latex: str, expected: str) -> None:
    assert body(latex) == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\text{<script>alert(1)</script>}", "<mtext>&lt;script&gt;alert(1)&lt;/script&gt;</mtext>"),
        (r"\text{&lt;img src=x&gt;}", "<mtext>&lt;img\xa0src=x&gt;</mtext>"),
        (r"\text{&amp;lt;}", "<mtext>&amp;lt;</mtext>"),  # unescaped once, not twice
        (r"\href{javascript:alert(1)}{x}", "<mrow><mrow><mi>x</mi></mrow></mrow>"),
        (r"\color{white}{x}", "<mstyle><mrow><mi>x</mi></mrow></mstyle>"),
        (r"\hspace{1000em}x", "<mspace></mspace><mi>x</mi>"),
        (r"\rule{90em}{90em}x", "<mspace></mspace><mi>x</mi>"),
    ],
)
def test_nothing_but_known_elements_and_attributes_is_left(latex: str, expected: str) -> None:
    assert body(latex) == expected


@pytest.mark.parametrize(
    "latex",
    [
        "",
        r"\foo",
        r"\phantom{x}",
        r"\cancel{x}",
        r"x \" onmouseover=alert(1)",
        r"\def\x{\x}\x",
        r"\newcommand{\a}{\a\a}\a",
        "x_1_2",
        r"\frac{1",
        "a \u202e b",
        "x\0",
        "\\" * 99,
        "{" * (MOST_DEPTH + 1) + "x" + "}" * (MOST_DEPTH + 1),
        r"\left(" * (MOST_DEPTH + 1),
        r"\frac" * 500,
        r"\sqrt" * 500,
        "^" * MOST_LETTERS,
        "x" * (MOST_LETTERS + 1),
        "{" * 100_000,
    ],
)
def test_what_has_no_mathml_is_shown_as_it_was_written(latex: str) -> None:
    assert mathml(latex) is None
    assert formula(latex) == "<code>" + latex.replace("&", "&amp;").replace('"', "&#34;") + "</code>"


@pytest.mark.parametrize(
    "latex", ["'" * MOST_LETTERS, "&" * MOST_LETTERS, "a" * MOST_LETTERS, "x^{" * MOST_DEPTH + "}" * MOST_DEPTH]
)
def test_the_longest_and_the_deepest_end(latex: str) -> None:
    found = mathml(latex) or ""
    assert set(re.findall(r"<(\w+)", found)) <= ELEMENTS
    assert set(re.findall(r' (\w+)="', found)) <= set(ATTRIBUTES)


def test_formulas_in_sentences() -> None:
    theta = mathml(r"\theta = H^{-1} c")
    assert text_with_formulas(r"Its Hessian is A & B. Stationary exactly at \theta = H^{-1} c.") == (
        f"Its Hessian is A &amp; B. Stationary exactly at {theta}."
    )
    assert text_with_formulas("the only one (if b = 0).") == f"the only one (if {mathml('b = 0')})."
    assert text_with_formulas("Taken as a density over y > 0; 240 points.") == (
        f"Taken as a density over {mathml('y > 0')}; 240 points."
    )
    assert text_with_formulas(r"write `%! define` if \foo<x> = 1") == (
        "write <code>%! define</code> if <code>\\foo&lt;x&gt; = 1</code>"
    )
    assert text_with_formulas("sigma acts on every entry of 'z^{(l)}'") == f"sigma acts on every entry of {mathml('z^{(l)}')}"
    with_words = r"\text{A is b} = 1"
    assert text_with_formulas(f"holds if {with_words}") == f"holds if {mathml(with_words)}"


def test_errors_keep_their_quotations_and_no_mathematics() -> None:
    words = r"'\operatorname{foo}(...)' is a call, isn't it: 1 < 2"
    assert text_with_quotations(words) == r"<code>\operatorname{foo}(...)</code> is a call, isn&#39;t it: 1 &lt; 2"
