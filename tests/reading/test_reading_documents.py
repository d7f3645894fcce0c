"""Documents: which parts are formulas, how rows join, where labels and directives go, what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from notation_text import text

from eqcompiler.errors import BadInput, EquationError, Source
from eqcompiler.languages.notation import Formula, Relation
from eqcompiler.reading.documents import formulas, included, read_source


def read(body: str, path: str = "d.tex") -> list[str]:
    """The formulas as trees, errors as their first line."""
    found = formulas(Source(path, body))
    return [str(f).split("\n")[0] if isinstance(f, EquationError) else " ;; ".join(map(text, f.parts)) for f in found]


def test_a_whole_latex_document_gives_its_displays_in_order() -> None:
    body = r"""\documentclass{article}
\newcommand{\R}{\mathbb{R}} % the reals
\DeclareMathOperator{\tr}{tr}
\newcommand{\norm}[1]{\left\lVert #1 \right\rVert}
\begin{document}
Let $x \in \R$. % and $y \in \R$
\begin{verbatim} \[ not = this \] \end{verbatim} \verb|$n = 1$|
\begin{theorem} \( n \ge 2 \) \end{theorem}
\begin{equation}\label{eq:one} \tr(A) = 1. \end{equation}
\begin{gather} a = 1, \\ b = 2 \label{eq:b} \end{gather}
\begin{multline} c = 1 \\ + 2 \end{multline}
$$ d = \norm{x}^2 $$
\end{document}"""
    assert read(body) == [
        "x in R.bb",
        "n >= 2",
        "tr[(A)] = 1",
        "a = 1",
        "b = 2",
        "c = (+1 +2)",
        "d = (||x|| ^2)",
    ]
    labels = [f.label for f in formulas(Source("d.tex", body)) if isinstance(f, Formula)]
    assert labels == ["", "", "eq:one", "", "eq:b", "", ""]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (r"\begin{align} a &= b \\ &= c \\ d &= e \end{align}", ["a = b = c", "d = e"]),
        (r"\begin{align*} a &= b, \\ &\quad + c. \\ -d &= e \end{align*}", ["a = (+b +c)", "(-d) = e"]),
        (r"\begin{align} a =& b \\ =& c \end{align}", ["a = b = c"]),
        (r"\begin{align} a &= b & c &= d \\ e &= f && g = h \end{align}", ["a = b ;; c = d", "e = f ;; g = h"]),
        (r"\begin{eqnarray} a &=& b \\ &=& c \end{eqnarray}", ["a = b = c"]),
        (r"\[ \begin{aligned} a &= b \\ &= c \end{aligned}. \]", ["a = b = c"]),
        (r"\begin{equation} \begin{split} a &= b \\ &\cdot c \end{split} \end{equation}", ["a = (b * c)"]),
        (r"\[ \begin{align} a &= b \\ &= c \end{align} \]", ["a = b = c"]),
        (r"\begin{align} f(x) &= ( a \\ & + b ) \\[2pt] &= c \nonumber \end{align}", ["<f (x)> = ((+a +b)) = c"]),
        (r"\begin{align} a &= \\ b \end{align}", ["a = b"]),
    ],
)
def test_rows(body: str, expected: list[str]) -> None:
    assert read(body) == expected


def test_each_side_of_a_chain_knows_its_line() -> None:
    (formula,) = formulas(Source("d.tex", "\\begin{align}\na &= b \\\\\n&= c \\\\\n&= d\n\\end{align}"))
    assert isinstance(formula, Formula)
    (relation,) = formula.parts
    assert isinstance(relation, Relation)
    assert [(side.span.line, side.span.column) for side in relation.sides] == [(2, 1), (2, 6), (3, 4), (4, 4)]
    assert formula.latex == r"a &= b \\ &= c \\ &= d"


def test_an_expanded_macro_has_the_span_of_its_use() -> None:
    (formula,) = formulas(Source("d.tex", "\\newcommand{\\loss}{\\mathcal{L}}\n\\[ \\loss = 1 \\]"))
    assert isinstance(formula, Formula)
    (relation,) = formula.parts
    assert isinstance(relation, Relation)
    assert relation.sides[0].span.text == "\\loss"


def test_directives_attach_to_the_next_display() -> None:
    body = "%! expect: refuted\n%! name: wrong\nwhere $x = 1$\n\\[ a = b %! define\n \\]\n\\[ c = d \\]"
    found = [f for f in formulas(Source("d.tex", body)) if isinstance(f, Formula)]
    assert [[(key, value, span.line) for key, value, span in f.directives] for f in found] == [
        [],
        [("expect", "refuted", 1), ("name", "wrong", 2), ("define", "", 4)],
        [],
    ]
    markdown = "<!--! expect: holds if b = 0 -->\n$$ a = b $$\n"
    (formula,) = formulas(Source("d.md", markdown))
    assert isinstance(formula, Formula)
    assert [(key, value) for key, value, _ in formula.directives] == [("expect", "holds if b = 0")]


def test_one_bad_formula_hides_no_other() -> None:
    body = "\\[ a = b \\]\n\\[ \\frac{1} \\]\n\\[ c = \n\n\\[ d = e \\]\n\\begin{algn} x \\end{algn}\n\\[ f = g \\]"
    assert read(body) == [
        "a = b",
        "d.tex:2:4: \\frac needs a numerator and a denominator; the denominator is missing",
        "d.tex:3:1: the formula that starts with `\\[` is not closed",
        "d = e",
        "d.tex:6:1: the environment algn is not known",
        "f = g",
    ]


def test_markdown() -> None:
    body = r"""# Title with $n \ge 1$

We define:
$$ a = b $$
> quoted
> $$
> c
> = d
> $$

- item \( e = f \) and `$g = h$`

```
$$ i = j $$
```
    $$ k = l $$

\[
m = n
\]

\begin{align}
o &= p \\
  &= q
\end{align}
<details>
$$ r = s $$
</details>
$5 and $$ t = u $$ in text, \newcommand{\v}{\mathbf{v}} and $\v = 0$
"""
    assert read(body, "d.md") == [
        "n >= 1",
        "a = b",
        "c = d",
        "e = f",
        "k = l",
        "m = n",
        "o = p = q",
        "r = s",
        "t = u",
        "v.bold = 0",
    ]


def test_markdown_displays_that_are_not_closed() -> None:
    assert read("$$ a = b\n\ntext\n\n$$ c = d $$\n\n\\[ e = f\n", "d.md") == [
        "d.md:1:1: the formula that starts with `$$` is not closed",
        "c = d",
        "d.md:7:1: the formula that starts with `\\[` is not closed",
    ]


def test_inline_mathematics_counts_when_it_can_declare() -> None:
    assert read(r"$x \in$, $\in$, $> 0$, $a +$, $\frac{1}$, $f^$, $x$") == ["x in ()", "() > 0", "x"]
    assert read(r"$x \in \frac{1}$") == ["d.tex:1:8: \\frac needs a numerator and a denominator; the denominator is missing"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\\[ MSE = a \\] \\[ b = MSE + 1 \\]", ["MSE.word = a", "b = (+MSE.word +1)"]),
        ("\\[ A, B \\in S \\] \\[ AB = BA \\]", ["A ;; B in S", "<A B> = <B A>"]),
        ("\\[ xy = 1 \\]", ["<x y> = 1"]),
        ("\\[ loss = a \\]", ["loss.word = a"]),
        ("\\[ M S E = a \\]", ["<M S E> = a"]),
        ("\\[ a = MSE \\]", ["a = <M S E>"]),
    ],
)
def test_a_run_of_letters_is_a_name_when_the_file_uses_it_as_one(body: str, expected: list[str]) -> None:
    assert read(body) == expected


def test_includes() -> None:
    found = included(Source("d.tex", "\\input{linear_model}\n% \\input{no}\n\\include{b}"))
    assert [(name, span.line) for name, span in found] == [("linear_model", 1), ("b", 3)]
    assert [name for name, _ in included(Source("d.md", "see \\input{linear_model}\n"))] == ["linear_model"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"a\n\\[ x = \xff \\]",
            "e.tex: not UTF-8: byte 0xff at offset 9, line 2\n  allowed: text in UTF-8\n  to fix: save the file in UTF-8",
        ),
        (b" \n\t\n", "e.tex: the file is empty\n  to fix: write an equation in it"),
        (b"", "e.tex: the file is empty\n  to fix: write an equation in it"),
        (None, "e.tex: cannot be read: No such file or directory\n  to fix: check the path"),
        (b"x" * 5_000_001, "e.tex: the file has 5000001 bytes\n  allowed: files of up to 5000000 bytes\n  to fix: split it"),
    ],
    ids=["not UTF-8", "white space", "empty", "missing", "too large"],
)
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "e.tex"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        read_source(path, "e.tex")
    assert str(caught.value) == message


def test_line_ends_and_marks_of_other_systems(tmp_path: Path) -> None:
    path = tmp_path / "e.tex"
    path.write_bytes("\ufeffa\r\n\\[ x = 1 \\]\r\n".encode())
    (formula,) = formulas(read_source(path, "e.tex"))
    assert isinstance(formula, Formula)
    assert str(formula.span) == "e.tex:2:4"


def test_a_directive_in_markdown_is_a_comment_or_a_line_of_its_own() -> None:
    displays = ("$$ f(x) = x^2 $$", "$$ f(x) = x^3 $$")
    for line in ("<!--! define -->", "%! define"):
        for between in ("\n", "\n\n"):
            source = Source("a.md", f"{displays[0]}\n\n{line}{between}{displays[1]}\n")
            _, second = formulas(source)
            assert isinstance(second, Formula)
            assert [(key, value) for key, value, _ in second.directives] == [("define", "")]
