"""What each mistake in a formula is answered with: the whole message, with place, caret, what is allowed and the repair."""

from __future__ import annotations

import pickle

import pytest

from eqcompiler.errors import EquationError, Source
from eqcompiler.reading.documents import formulas
from eqcompiler.reading.typing import type_document

CASES = {
    "lost backslash": (
        "\\[ y + lambda w \\]",
        """\
e.tex:1:8: 'lambda' without a backslash is the product l a m b d a
    \\[ y + lambda w \\]
           ^^^^^^
  to fix: write \\lambda, or blanks between the letters if the product is meant
""",
    ),
    "unbalanced brace": (
        "\\[ \\frac{1}{m \\]",
        """\
e.tex:1:12: the brace is never closed
    \\[ \\frac{1}{m \\]
               ^
  to fix: add the missing `}`
""",
    ),
    "closing brace": (
        "\\[ x} + 1 \\]",
        """\
e.tex:1:5: `}` closes nothing
    \\[ x} + 1 \\]
        ^
  to fix: remove it, or add the opening brace
""",
    ),
    "missing right": (
        "\\[ \\left( x + 1 \\]",
        """\
e.tex:1:4: `\\left(` has no \\right
    \\[ \\left( x + 1 \\]
       ^^^^^^
  to fix: add \\right with the closing bracket
""",
    ),
    "right without left": (
        "\\[ x + 1 \\right) \\]",
        """\
e.tex:1:10: \\right) closes nothing: there is no \\left before it
    \\[ x + 1 \\right) \\]
             ^^^^^^^
  to fix: add the \\left, or remove it
""",
    ),
    "bracket never closed": (
        "\\[ f(x + 1 \\]",
        """\
e.tex:1:5: `(` is never closed
    \\[ f(x + 1 \\]
        ^
  to fix: add the closing bracket before the end
""",
    ),
    "bracket closes nothing": (
        "\\[ x + 1) \\]",
        """\
e.tex:1:9: `)` closes nothing
    \\[ x + 1) \\]
            ^
  to fix: add the opening bracket, or remove it
""",
    ),
    "brackets differ": (
        "\\[ f(x + 1] \\]",
        """\
e.tex:1:5: `(` is closed by `]`
    \\[ f(x + 1] \\]
        ^
  e.tex:1:11: closed here
    \\[ f(x + 1] \\]
              ^
  allowed: `(` with its own closing bracket, or an interval (a, b] with two ends
  to fix: make the two brackets match
""",
    ),
    "unknown environment in the text": (
        "\\begin{algn}\n a &= b\n\\end{algn}",
        """\
e.tex:1:1: the environment algn is not known
    \\begin{algn}
    ^^^^^^^^^^^^
  allowed: near it: align, align*, flalign
  to fix: use equation or align for displays, bmatrix for matrices, cases for cases
""",
    ),
    "unknown environment in a formula": (
        "\\[ \\begin{bmatirx} 1 \\end{bmatirx} \\]",
        """\
e.tex:1:4: the environment bmatirx is not known
    \\[ \\begin{bmatirx} 1 \\end{bmatirx} \\]
       ^^^^^^^^^^^^^^^
  allowed: near it: bmatrix, matrix, vmatrix
  to fix: use equation or align for displays, bmatrix for matrices, cases for cases
""",
    ),
    "environment closed by another": (
        "\\[ \\begin{bmatrix} 1 \\end{pmatrix} \\]",
        """\
e.tex:1:4: \\begin{bmatrix} is closed by \\end{pmatrix}
    \\[ \\begin{bmatrix} 1 \\end{pmatrix} \\]
       ^^^^^^^^^^^^^^^
  e.tex:1:22: closed here
    \\[ \\begin{bmatrix} 1 \\end{pmatrix} \\]
                         ^^^^^^^^^^^^^
  to fix: write \\end{bmatrix}
""",
    ),
    "unknown command": (
        "\\[ \\alhpa + 1 \\]",
        """\
e.tex:1:4: the command \\alhpa is not known
    \\[ \\alhpa + 1 \\]
       ^^^^^^
  allowed: near it: \\alpha, \\nabla, \\kappa
  to fix: define it: \\newcommand{\\alhpa}{...}
""",
    ),
    "double superscript": (
        "\\[ x^2^3 \\]",
        """\
e.tex:1:7: a second superscript on the same base
    \\[ x^2^3 \\]
          ^
  allowed: one superscript; a^{b^c} or {a^b}^c for two
  to fix: use braces to say what belongs to what
""",
    ),
    "double subscript": (
        "\\[ x_i_j \\]",
        """\
e.tex:1:7: a second subscript on the same base
    \\[ x_i_j \\]
          ^
  allowed: one subscript; a_{b_c} or {a_b}_c for two
  to fix: use braces to say what belongs to what
""",
    ),
    "empty display": (
        "\\[ \\]",
        """\
e.tex:1:1: the display that starts with `\\[` is empty
    \\[ \\]
    ^^
  to fix: write a formula in it, or remove it
""",
    ),
    "stray ampersand": (
        "\\[ a & b \\]",
        """\
e.tex:1:6: a stray &: this is neither a matrix nor an environment with rows
    \\[ a & b \\]
         ^
  to fix: remove the &, or use align
""",
    ),
    "nothing after plus": (
        "\\[ a + \\]",
        """\
e.tex:1:6: nothing stands after `+`: the formula ends
    \\[ a + \\]
         ^
  to fix: write what is missing, or remove the operator
""",
    ),
    "nothing after equals": (
        "\\[ a = \\]",
        """\
e.tex:1:6: nothing stands after `=`: the formula ends
    \\[ a = \\]
         ^
  to fix: write what is missing, or remove the operator
""",
    ),
    "nothing after times": (
        "\\[ a \\cdot = b \\]",
        """\
e.tex:1:6: nothing stands after `\\cdot`: `=` follows
    \\[ a \\cdot = b \\]
         ^^^^^
  to fix: write what is missing, or remove the operator
""",
    ),
    "nothing before equals": (
        "\\[ = b \\]",
        """\
e.tex:1:4: the formula starts with `=`: nothing stands on its left
    \\[ = b \\]
       ^
  to fix: write the left side
""",
    ),
    "frac without denominator": (
        "\\[ \\frac{a} \\]",
        """\
e.tex:1:4: \\frac needs a numerator and a denominator; the denominator is missing
    \\[ \\frac{a} \\]
       ^^^^^
  to fix: write \\frac{numerator}{denominator}
""",
    ),
    "frac with an empty numerator": (
        "\\[ \\frac{}{b} \\]",
        """\
e.tex:1:9: the numerator of \\frac is empty
    \\[ \\frac{}{b} \\]
            ^^
  to fix: write it
""",
    ),
    "unterminated display": (
        "\\[ a = b\n\ntext \\[ c = d \\]",
        """\
e.tex:1:1: the formula that starts with `\\[` is not closed
    \\[ a = b
    ^^
  to fix: add `\\]` behind the formula
""",
    ),
    "unterminated environment": (
        "\\begin{align} a = b\n\n\\[ c = d \\]",
        """\
e.tex:1:1: the formula that starts with `\\begin{align}` is not closed
    \\begin{align} a = b
    ^^^^^^^^^^^^^
  to fix: add `\\end{align}` behind the formula
""",
    ),
    "unterminated inline": (
        "text $x \\in\n\nmore",
        """\
e.tex:1:6: the formula that starts with `$` is not closed
    text $x \\in
         ^
  to fix: add `$` behind the formula
""",
    ),
    "script digits": (
        "\\[ x^10 \\]",
        """\
e.tex:1:6: `^10` means `^{1}` followed by 0
    \\[ x^10 \\]
         ^^
  to fix: write ^{10}
""",
    ),
    "script sign": (
        "\\[ x^-1 \\]",
        """\
e.tex:1:6: `^-1` means `^{-}` followed by 1
    \\[ x^-1 \\]
         ^
  to fix: write ^{-1}
""",
    ),
    "missing script": (
        "\\[ x^ \\]",
        """\
e.tex:1:5: the superscript is missing
    \\[ x^ \\]
        ^
  to fix: write ^{...}
""",
    ),
    "empty script": (
        "\\[ x_{} \\]",
        """\
e.tex:1:5: the subscript is empty
    \\[ x_{} \\]
        ^^^
  to fix: remove it
""",
    ),
    "function without argument": (
        "\\[ \\log + 1 \\]",
        """\
e.tex:1:9: a sign after \\log
    \\[ \\log + 1 \\]
            ^
  to fix: put the argument in parentheses
""",
    ),
    "sign after a function": (
        "\\[ \\log -x \\]",
        """\
e.tex:1:9: a sign after \\log
    \\[ \\log -x \\]
            ^
  to fix: put the argument in parentheses
""",
    ),
    "sum without body": (
        "\\[ \\sum_{i=1}^{n} \\]",
        """\
e.tex:1:4: nothing stands after `\\sum_{i=1}^{n}`: the formula ends
    \\[ \\sum_{i=1}^{n} \\]
       ^^^^^^^^^^^^^^
  to fix: write what is missing, or remove the operator
""",
    ),
    "plus minus": (
        "\\[ a \\pm b \\]",
        """\
e.tex:1:6: \\pm (an alternative of two signs)
    \\[ a \\pm b \\]
         ^^^
  to fix: write the formula without it
""",
    ),
    "integral without differential": (
        "\\[ \\int_0^1 \\frac{1}{x} \\]",
        """\
e.tex:1:4: an integral without `dx` at its end
    \\[ \\int_0^1 \\frac{1}{x} \\]
       ^^^^^^^^
  allowed: \\int_a^b f(x) \\, dx
  to fix: write the integrand first, then dx (or dx in its numerator, not in front)
""",
    ),
    "integral with the differential in front": (
        "\\[ \\int_0^1 dx \\, f(x) \\]",
        """\
e.tex:1:13: an integral whose `dx` stands before the integrand
    \\[ \\int_0^1 dx \\, f(x) \\]
                ^
  allowed: \\int_a^b f(x) \\, dx
  to fix: move dx behind the integrand
""",
    ),
    "orders of a derivative": (
        "\\[ \\frac{\\partial f}{\\partial x \\partial y} \\]",
        """\
e.tex:1:22: the numerator says order 1, the denominator order 2
    \\[ \\frac{\\partial f}{\\partial x \\partial y} \\]
                         ^^^^^^^^^^^^^^^^^^^^^
  to fix: make the two orders equal
""",
    ),
    "power of a gradient": (
        "\\[ \\nabla f^2 \\]",
        """\
e.tex:1:4: `\\nabla f^2`: the power belongs to the function or to its gradient
    \\[ \\nabla f^2 \\]
       ^^^^^^^^^^
  allowed: (\\nabla f)^2, \\nabla (f^2)
  to fix: put parentheses around what the power applies to
""",
    ),
    "gradient of a product": (
        "\\[ \\nabla \\frac{1}{2} x \\]",
        """\
e.tex:1:4: `\\nabla \\frac{1}{2}` is followed by more factors
    \\[ \\nabla \\frac{1}{2} x \\]
       ^^^^^^^^^^^^^^^^^^
  allowed: the gradient of the whole product, or the gradient of its first factor
  to fix: put what is differentiated in parentheses
""",
    ),
    "operator after a derivative": (
        "\\[ \\frac{d}{dx} f \\cdot g \\]",
        """\
e.tex:1:19: `\\cdot` after a derivative: inside or outside of what is differentiated
    \\[ \\frac{d}{dx} f \\cdot g \\]
                      ^^^^^
  allowed: \\frac{d}{dx} \\left( a \\cdot b \\right), \\left( \\frac{d}{dx} a \\right) \\cdot b
  to fix: put what is differentiated in parentheses
""",
    ),
    "damaged": (
        "\\[ \\min_\\theta ; \\mathbb{E}{x \\sim p} [h\\theta(x)] \\]",
        """\
e.tex:1:16: the formula lost 3 characters: `;` was `\\;`; `\\mathbb{E}{x\\sim p}` has no `_`; `h\\theta` has no `_`
    \\[ \\min_\\theta ; \\mathbb{E}{x \\sim p} [h\\theta(x)] \\]
                   ^
  e.tex:1:18: write \\mathbb{E}_{x\\sim p}
    \\[ \\min_\\theta ; \\mathbb{E}{x \\sim p} [h\\theta(x)] \\]
                     ^^^^^^^^^^^^^^^^^^^^
  e.tex:1:40: write h_\\theta
    \\[ \\min_\\theta ; \\mathbb{E}{x \\sim p} [h\\theta(x)] \\]
                                           ^^^^^^^
  allowed: the formula with: \\;, \\mathbb{E}_{x\\sim p}, h_\\theta
  to fix: write the formula as it was before it was copied
""",
    ),
    "unknown directive": (
        "%! expects: refuted\n\\[ a = b \\]",
        """\
e.tex:1:1: the directive `expects` is not known
    %! expects: refuted
    ^^^^^^^^^^^^^^^^^^^
  allowed: define, expect, name, skip
  to fix: write expect
""",
    ),
    "directive without a value": (
        "%! name\n\\[ a = b \\]",
        """\
e.tex:1:1: the directive `name` has no value
    %! name
    ^^^^^^^
  to fix: write name: ...
""",
    ),
    "directive without a formula": (
        "\\[ a = b \\]\n%! define",
        """\
e.tex:2:1: the directive is followed by no display
    %! define
    ^^^^^^^^^
  to fix: move it or remove it
""",
    ),
    "macro through itself": (
        "\\newcommand{\\a}{\\a b}\n\\[ \\a \\]",
        """\
e.tex:2:4: \\a is defined through itself
    \\[ \\a \\]
       ^^
  e.tex:1:1: defined here
    \\newcommand{\\a}{\\a b}
    ^^^^^^^^^^^^^^^^^^^^^
  to fix: give it a replacement in which it does not occur
""",
    ),
    "macro without its argument": (
        "\\newcommand{\\norm}[2]{\\|#1\\|_{#2}}\n\\[ \\norm{x} \\]",
        """\
e.tex:2:4: \\norm takes 2 arguments, 1 given
    \\[ \\norm{x} \\]
       ^^^^^
  e.tex:1:1: defined here
    \\newcommand{\\norm}[2]{\\|#1\\|_{#2}}
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  to fix: write \\norm{...}{...}
""",
    ),
    "nothing between commas": (
        "\\[ f(a,,b) \\]",
        """\
e.tex:1:8: nothing stands between two commas
    \\[ f(a,,b) \\]
           ^
  to fix: write the missing item, or remove a comma
""",
    ),
    "accent over an expression": (
        "\\[ \\hat{a + b} \\]",
        """\
e.tex:1:4: \\hat over an expression
    \\[ \\hat{a + b} \\]
       ^^^^^^^^^^^
  allowed: an accent over one letter
  to fix: give the expression a name of its own
""",
    ),
    "character": (
        "\\[ a ☃ b \\]",
        """\
e.tex:1:6: the character '☃' (U+2603) has no meaning in a formula
    \\[ a ☃ b \\]
         ^
  allowed: LaTeX commands, ASCII, Greek letters and the usual mathematical signs
  to fix: write the LaTeX command for it
""",
    ),
    "evaluation bar": (
        "\\[ \\left. f \\right] \\]",
        """\
e.tex:1:4: a bracket on one side only (evaluation at a point)
    \\[ \\left. f \\right] \\]
       ^^^^^^^^^^^^^^^^
  allowed: a bracket on both sides, or cases
  to fix: write the value that is substituted into the formula
""",
    ),
    "nesting": (
        "\\[ ((((((((((((((((((((((((((((((x)))))))))))))))))))))))))))))) \\]",
        """\
e.tex:1:28: brackets, fractions and functions are nested more than 24 deep
    \\[ ((((((((((((((((((((((((((((((x)))))))))))))))))))))))))))))) \\]
                               ^
  allowed: up to 24 levels
  to fix: name a part of the formula in a definition of its own
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name: str) -> None:
    text, message = CASES[name]
    errors = [each for each in formulas(Source("e.tex", text)) if isinstance(each, EquationError)]
    assert "".join(f"{error}\n" for error in errors) == message


def test_an_error_crosses_from_one_process_to_another():
    source = Source("e.tex", "\\[ A \\in \\mathbb{R}^{n\\times n}, A^\\top = 2 A \\] \\[ x^\\top A x = 0 \\]")
    errors = [s.error for s in type_document(source, formulas(source)).statements if s.error is not None]
    assert len(errors) == 2
    for error in errors:
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
