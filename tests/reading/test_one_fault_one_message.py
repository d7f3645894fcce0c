"""What follows from another fault says so, and what the running text remarks is no fault."""

from __future__ import annotations

from eqcompiler import pipeline
from eqcompiler.errors import Source, Span, render
from eqcompiler.languages.statements import Statement
from eqcompiler.reading.running_text import UNUSED

LOST = r"""Let $x \in \mathbb{R}^n$.
\[ g(x) = x^\top Q z^\top \]
\[ h(x) = g(x) + 1 \]
"""
REMARK = r"""Let $x \in \mathbb{R}^n$ and $\|x\| > 0$.
\[ J(x) = \|x\|^2 \]
We know that $J(x) \ge 0$ and that $J(x) + 1 > 0$.
"""


def statements(text: str) -> tuple[Statement, ...]:
    return pipeline.document_of(Source("note.tex", text)).statements


def test_a_use_of_what_could_not_be_read_points_at_its_definition() -> None:
    _, lost, use = statements(LOST)
    assert lost.error is not None
    assert use.error is not None
    assert render(use.error) == (
        "note.tex:3:11: 'g' has no meaning here: its definition at line 2 could not be read\n"
        "    \\[ h(x) = g(x) + 1 \\]\n"
        "              ^\n"
        "  to fix: mend the definition"
    )


def test_a_bound_on_what_the_file_defines_is_a_remark_in_running_text() -> None:
    kinds = [(s.kind, s.type_text) for s in statements(REMARK)]
    assert kinds[-2:] == [("prose", UNUSED), ("prose", UNUSED)]
    assert "error" not in dict(kinds)


def test_an_entry_of_a_number_is_no_name_of_its_own() -> None:
    """The sum over k of s_k with a number s would else be K times an unknown s_k."""
    _, use = statements(r"\[ s = 3 \] \[ t = \sum_{k=1}^K s_k \]")
    assert use.error is not None
    assert render(use.error) == (
        "note.tex:1:33: 's' is a number, so it has no entry at the index k\n"
        "    \\[ s = 3 \\] \\[ t = \\sum_{k=1}^K s_k \\]\n"
        "                                    ^^^\n"
        "  to fix: declare s as a vector, or take another letter"
    )


def test_an_argument_of_which_entries_are_taken_is_a_vector() -> None:
    (found,) = statements(r"\[ H(p, q) = -\sum_{k=1}^K p_k \log q_k \]")
    assert (found.kind, found.type_text) == ("definition", "function of vector (K), vector (K) giving scalar")


def test_an_argument_that_is_transposed_is_a_vector() -> None:
    _, found = statements(r"$A \in \mathbb{R}^{n \times n}$. \[ f(\theta) = \frac12 \theta^\top A \theta - b^\top \theta \]")
    assert (found.kind, found.type_text) == ("definition", "function of vector (n) giving scalar")


def test_a_long_line_shows_where_it_goes_on() -> None:
    """At both ends, and never over the marked part."""
    text = "a" * 150 + "X" + "b" * 50
    assert Span(Source("long.tex", text), 150, 151).excerpt() == (
        "    ..." + "a" * 86 + "X" + "b" * 7 + "...\n" + " " * 93 + "^"
    )
    assert Span(Source("long.tex", text), 0, 200).excerpt() == "    " + text[:100] + "\n    " + "^" * 100


REST = r"""Let $X \in \mathbb{R}^{m \times n}$.
\begin{equation}\label{eq:model}
A = X X
\end{equation}
\[ B = A X^\top, \qquad G = (A - B) 1 \]
\[ \frac{\partial f}{\partial X} = A (G + 1) X \]
\[ h = A + 1 / 2 m X \]
"""


def test_what_rests_on_a_lost_name_says_so_and_is_not_refuted() -> None:
    """Shapes that do not fit, a name of two ranks and a call that may be a product: all follow from the first fault."""
    document = pipeline.document_of(Source("note.tex", REST))
    faults = [(s.error.span.line, s.error.what) for s in document.statements if s.error and s.error.span]
    lost = "'A' has no meaning here: its definition at line 3 could not be read"
    assert faults == [
        (3, "this product does not fit: m by n times m by n (n columns meet m rows)"),
        (5, lost),
        (6, lost),
        (7, "'1 / 2 m X' divides by all of '2 m X' or by its first factor alone"),
    ]
    assert [v.verdict for v in pipeline.verify(document)] == ["unsupported"] * 4
    assert [s.name for s in document.statements if s.error] == ["eq:model", "", "", ""]
