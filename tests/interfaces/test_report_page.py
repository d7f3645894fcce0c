"""`eqc report`: what is on the page, and what can never be on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from stand_in import StandIn

from eqcompiler.errors import BadInput, CompilerFault, IllegalEquation, Source, Span
from eqcompiler.interfaces.mathml import ELEMENTS, mathml
from eqcompiler.interfaces.report_words import KINDS, VERDICTS, method_meanings
from eqcompiler.interfaces.screen import STYLES
from eqcompiler.languages.statements import Claim, Statement
from eqcompiler.languages.terms import SCALAR, Number
from eqcompiler.languages.verdicts import Counterexample, Verdict

Command = Callable[..., Result]

PAGE_ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "nav",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
    ),
    *(
        "p",
        "span",
        "b",
        "a",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "tr",
        "td",
        "details",
        "summary",
        "code",
        "pre",
        "div",
        "sup",
    ),
    *ELEMENTS,
}
OPEN_ELEMENTS = {"meta"}
HOSTILE = r"""<script>alert(1)</script> " onmouseover="alert(1) ' </style> </code></pre> {{ 7 * 7 }} {% raw %} <!-- &lt;b&gt;"""


class Page(HTMLParser):
    """Elements, attributes and the text of a page; every element closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.opened: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        if tag not in OPEN_ELEMENTS:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.opened:
            self.text += data

    def values(self, name: str) -> set[str]:
        return {value for attribute, value in self.attributes if attribute == name}


def assert_harmless(html: str) -> Page:
    page = Page(html)
    assert page.elements <= PAGE_ELEMENTS
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {
        "src",
        "srcset",
        "style",
        "action",
        "data",
        "xlink:href",
    }
    assert all(value.startswith("#") and value[1:] in page.values("id") for value in page.values("href"))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert not re.search(r"url\(|@import|expression|</", style)
    assert html.count("<style") == html.count("</style") == 1
    assert page.values("http-equiv") == {"Content-Security-Policy"}
    assert page.values("content") >= {"default-src 'none'; style-src 'unsafe-inline'"}
    return page


def written(eqc: Command, *arguments: str, out: str = "report.html") -> tuple[Result, str]:
    result = eqc("report", *arguments, "--out", out)
    return result, Path(out).read_text(encoding="utf-8")


def words(html: str) -> str:
    return " ".join(Page(html).text.split())


TEXT = r"""\newcommand{\sq}[1]{#1^2}
Let $x \in \mathbb{R}$ and $a > 0$. In prose, $x = 3$.
\[ f(x) = a \sq{x} \]
\begin{equation}\label{eq:right} f'(x) = 2 a x \end{equation}
\begin{equation}\label{eq:wrong} f'(x) = a x \end{equation}
%! expect: refuted
\begin{equation}\label{eq:kept} \int_0^1 f(x)\,dx = a \end{equation}
%! skip: for the next edition
\[ f(x) = f(x) + 1 \]
\[ f(x) = \]
"""


def test_a_page_of_everything(eqc: Command) -> None:
    Path("a.tex").write_text(TEXT)
    Path("b.md").write_bytes(b"x\xff")
    result, html = written(eqc, "a.tex", "b.md", "--jobs", "1")
    verify = eqc("verify", "a.tex", "b.md", "--jobs", "1")
    assert result.exit_code == verify.exit_code == 2
    assert result.stderr == verify.stderr
    assert result.stdout == f"report.html: {verify.stdout.splitlines()[-1]}\n"
    assert_harmless(html)
    shown = words(html)
    for expected in (
        "4 claims in 2 files",
        "What needs attention first not understood b.md: not UTF-8: byte 0xff at offset 1, line 1",
        "refuted a.tex:5 eq:wrong: the right side would have to be 2ax",
        "x: scalar line 2",
        "proved Claim about a derivative eq:right a.tex:4",
        "Right side that would be true 2ax",
        "Left side minus right side xa",
        "The author expects this refuted",
        "as it is written in LaTeX f'(x) = 2 a x",
        "Left out by the author line 9: for the next edition",
        "Formulas in the text that were not used line 2 x=3: an inline relation is not used",
        "index normal form both sides are written out by entries",
        "b.md: not UTF-8: byte 0xff at offset 1, line 1 allowed: text in UTF-8 to fix: save the file in UTF-8",
        "Not understood a.tex:10",
    ):
        assert expected in shown, expected
    assert "f(x) = a \\sq{x}" in shown  # as it is written
    assert str(mathml("f(x)=a x^2", "block")) in html  # and as it is read
    assert re.search(r"<pre>a\.tex:10:\d+: .*\n {4}\\\[ f\(x\) = \\\]\n +\^", html)


def test_the_same_verdicts_give_the_same_bytes(eqc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.tex").write_text(TEXT)
    _, first = written(eqc, "a.tex", "--jobs", "1")
    _, second = written(eqc, "a.tex", "--jobs", "1", out="deeper/again.htm")
    assert first == second


PLACE = ("a.tex", 1, 4, HOSTILE, "claim: equality", HOSTILE)


def hostile_verdicts() -> list[Verdict]:
    example = Counterexample({HOSTILE: 1}, {HOSTILE: HOSTILE, "X": [[HOSTILE]], "y_1": ["1", "-1/2"]}, [["1", "2"]], HOSTILE)
    more = {"condition": HOSTILE, "residual": HOSTILE, "repair": HOSTILE, "reason": HOSTILE, "counterexample": example}
    return [Verdict(*PLACE, outcome, HOSTILE, expected=HOSTILE, **more) for outcome in VERDICTS]  # type: ignore[arg-type]


def test_nothing_in_a_file_becomes_part_of_the_page(stand_in: StandIn, eqc: Command) -> None:
    name = 'a"onload=alert(1) <b>.tex'
    Path(name).write_text(HOSTILE)
    span = Span(Source(name, HOSTILE), 0, 5)
    error = IllegalEquation(HOSTILE, span, allowed=HOSTILE, fix=HOSTILE)
    stated = [Statement(HOSTILE, kind, span, HOSTILE, inferred=(HOSTILE,), type_text=HOSTILE) for kind in KINDS]  # type: ignore[arg-type]
    skipped = Statement(HOSTILE, "prose", span, HOSTILE, skip=HOSTILE)
    stand_in.statements = (*stated, skipped, Statement("", "error", span, HOSTILE, error=error))
    stand_in.verdicts = tuple(hostile_verdicts())
    stand_in.fault = CompilerFault(HOSTILE)
    result, html = written(eqc, name)
    assert result.exit_code == 3
    page = assert_harmless(html)
    assert "49" not in page.text
    assert page.text.count("<script>alert(1)</script>") > 20


@pytest.mark.parametrize(
    "formula",
    [
        r"\href{javascript:alert(1)}{x} = x",
        r"\text{<script>alert(1)</script>} x = x",
        r"\text{\" onmouseover=\"alert(1)} = x",
        r"x <script>alert(1)</script> = x",
        "{" * 3000 + "x" + "}" * 3000 + " = x",
        r"\frac{1}{" * 400 + "x" + "}" * 400 + " = x",
        " + ".join(["x"] * 2400) + " = x",
    ],
)
def test_hostile_formulas(eqc: Command, formula: str) -> None:
    Path("a.tex").write_text(f"$x \\in \\mathbb{{R}}$\n\\[ {formula} \\]\n")
    _, html = written(eqc, "a.tex", "--timeout", "1", "--jobs", "1")
    assert_harmless(html)


def claim(line: int, outcome: str, **more: object) -> Verdict:
    return Verdict("a.tex", line, 1, f"c{line}", "claim: equality", "x = y", outcome, "by hand", seconds=0.0123, **more)  # type: ignore[arg-type]


def test_what_needs_attention_comes_in_the_order_of_urgency(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (
        claim(1, "proved", expected="refuted"),
        claim(2, "undecided", reason="time ran out after 10 s"),
        claim(3, "conditional", condition="x = 0"),
        claim(4, "refuted", repair="y + 1"),
        claim(5, "proved", ok=True),
        claim(6, "refuted", expected="refuted", ok=True),
    )
    result, html = written(eqc, "a.tex")
    assert result.exit_code == 1
    top = words(html).partition("What the verdicts mean")[0].partition("What needs attention first ")[2]
    assert top == (
        "refuted a.tex:4 c4: the right side would have to be y+1 "
        "conditional a.tex:3 c3: true if x=0 "
        "undecided a.tex:2 c2: time ran out after 10 s "
        "proved, unexpected a.tex:1 c1: the author expects: refuted "
    )
    assert "1 proved 1 proved, unexpected 1 conditional 1 refuted 1 refuted, expected 1 undecided" in words(html)


def test_nothing_needs_attention(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (claim(5, "proved", ok=True), claim(6, "undecided"))
    stand_in.verdicts = (stand_in.verdicts[0],)
    result, html = written(eqc, "a.tex")
    assert result.exit_code == 0
    assert "Nothing needs attention: every claim is in order." in words(html)


def test_a_counterexample_is_shown_with_its_values(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    example = Counterexample({"m": 2}, {"X": [["1", "-1/2"], ["0", "3"]], "y": ["1"], "z": "1 + 2i"}, ["-1"], "0.5")
    stand_in.statements = (Statement("c1", "claim: equality", Span(Source("a.tex", "x"), 0, 1), "x = y", Claim(*ZEROS)),)
    stand_in.verdicts = (claim(1, "refuted", counterexample=example),)
    _, html = written(eqc, "a.tex")
    shown = ", ".join(str(mathml(text)) for text in ("m = 2", r"X = \begin{bmatrix} 1 & -1/2 \\ 0 & 3 \end{bmatrix}"))
    vector = mathml(r"y = \left[ 1 \right]")
    assert f"{shown}, {vector}" in html
    assert f"{mathml('z')} = <code>1 + 2i</code>" in html
    assert "left side=[−1], right side=0.5" in words(html)


ZEROS = (Number(SCALAR, 0), Number(SCALAR, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("out", ["a.tex", "report", "report.md"])
def test_an_equation_file_is_never_written_over(eqc: Command, out: str) -> None:
    Path("a.tex").write_text("x")
    result = eqc("report", "a.tex", "--out", out)
    assert result.exit_code == 2
    assert result.stderr == (
        f"--out {out}: a page has another name\n  allowed: names that end in .html or .htm\n"
        "  to fix: for example --out report.html\n"
    )
    assert Path("a.tex").read_text() == "x"


def test_no_path_and_no_place(stand_in: StandIn, eqc: Command) -> None:
    assert eqc("report").exit_code == 2
    Path("a.tex").write_text("x")
    Path("taken").write_text("")
    result = eqc("report", "a.tex", "--out", "taken/report.html")
    assert result.exit_code == 2
    assert result.stderr.startswith("taken/report.html cannot be written: ")


def test_a_file_that_cannot_be_read_is_on_the_page(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.unreadable = {"a.tex": BadInput("a.tex: cannot be read: gone", fix="check the path")}
    result, html = written(eqc, "a.tex")
    assert result.exit_code == 2
    assert "not understood a.tex: cannot be read: gone" in words(html)
    assert "a.tex: cannot be read: gone to fix: check the path" in words(html)


def test_every_verdict_and_kind_has_words() -> None:
    assert set(VERDICTS) == set(STYLES) - {"skipped", "error"}
    assert "claim: limit" in KINDS
    assert [phrase for phrase, _ in method_meanings(["index normal form; confirmed in balls of 200 bits at 24 points"])] == [
        "index normal form",
        "balls of",
        "points",
    ]
