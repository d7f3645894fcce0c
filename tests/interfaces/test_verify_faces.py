"""`eqc verify` as a person and as a program see it, for every verdict, with a stand-in for the judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from stand_in import StandIn

from eqcompiler.errors import BadInput, CompilerFault, IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.statements import Statement
from eqcompiler.languages.verdicts import Counterexample, Verdict

Command = Callable[..., Result]


def verdict(line: int, name: str, outcome: str, method: str, **more: object) -> Verdict:
    place = ("a.tex", line, 3, name, "claim: equality", "L = R")
    return Verdict(*place, outcome, method, seconds=0.0123, **more)  # type: ignore[arg-type]


PROVED = verdict(3, "J_2", "proved", "normal form (of X); confirmed at 24 points", ok=True)
HOLDS = verdict(5, "f", "holds", "exact arithmetic", ok=True, reason="240 points in 6 shapes, none against")
EXPECTED = verdict(
    7, "dJ", "conditional", "residual", ok=True, expected="holds if b = 0", condition="b = 0", residual=r"\frac{2 b}{m}"
)
REFUTED = verdict(
    9,
    "grad",
    "refuted",
    "counterexample",
    counterexample=Counterexample({"m": 1, "n": 2}, {"X": [["1", "-1/2"]], "y": ["3"]}, ["1", "0"], ["2", "0"]),
    residual="-X^\\top y",
    repair=r"\frac{2}{m} X^\top (X\theta - y)",
)
UNDECIDED = verdict(11, "hard", "undecided", "time ran out", reason="10 s; 60 points, none against")
MISSED = verdict(13, "kept", "proved", "normal form", expected="refuted")


def test_every_verdict_is_shown_with_what_is_known(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (PROVED, HOLDS, EXPECTED, REFUTED, UNDECIDED, MISSED)
    result = eqc("verify", "a.tex")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "claim     name  verdict                method               time",
        "a.tex:3   J_2   proved                 normal form         12 ms",
        "a.tex:5   f     holds                  exact arithmetic    12 ms",
        "a.tex:7   dJ    conditional, expected  residual            12 ms",
        "a.tex:9   grad  refuted                counterexample      12 ms",
        "a.tex:11  hard  undecided              time ran out        12 ms",
        "a.tex:13  kept  proved, unexpected     normal form         12 ms",
        "",
        "a.tex:5:3 f holds",
        "    claim   L = R",
        "    reason  240 points in 6 shapes, none against",
        "",
        "a.tex:7:3 dJ conditional, expected",
        "    claim      L = R",
        "    condition  b = 0",
        r"    residual   \frac{2 b}{m}",
        "",
        "a.tex:9:3 grad refuted",
        "    claim           L = R",
        r"    residual        -X^\top y",
        "    counterexample  m = 1, n = 2, X = [[1, -1/2]], y = [3]: left side [1, 0], right side [2, 0]",
        r"    repair          \frac{2}{m} X^\top (X\theta - y)",
        "",
        "a.tex:11:3 hard undecided",
        "    claim   L = R",
        "    reason  10 s; 60 points, none against",
        "",
        "a.tex:13:3 kept proved, unexpected",
        "    claim     L = R",
        "    expected  refuted",
        "",
        "6 claims in 1 file: 1 conditional, expected; 1 holds; 1 proved; 1 proved, unexpected; 1 refuted; 1 undecided (74 ms)",
    ]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [((PROVED, HOLDS, EXPECTED), 0), ((PROVED, REFUTED), 1), ((UNDECIDED,), 1), ((MISSED,), 1), ((), 0)],
)
def test_exit_code_follows_the_verdicts(stand_in: StandIn, eqc: Command, verdicts: tuple[Verdict, ...], code: int) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = verdicts
    assert eqc("verify", "a.tex").exit_code == code


def test_json_is_one_object_per_line_and_nothing_else(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (PROVED, REFUTED)
    stand_in.statements = (Statement("e", "error", span, "A x", error=NotSupportedYet("integrals", span)),)
    result = eqc("verify", "--json", "a.tex")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [PROVED.as_json(), REFUTED.as_json()]
    assert " ".join(json.loads(result.stdout.splitlines()[0])) == (
        "file line column name kind latex verdict method condition counterexample residual repair reason expected ok seconds"
    )
    assert result.stderr == "a.tex:1:4: integrals\n    \\[ A x \\]\n       ^\n\n"
    assert result.exit_code == 2


def test_a_file_that_cannot_be_read_does_not_stop_the_others(stand_in: StandIn, eqc: Command) -> None:
    for name in ("a.tex", "b.tex", "c.tex"):
        Path(name).write_text("x")
    stand_in.unreadable = {"b.tex": BadInput("b.tex is not UTF-8: byte 3 is 0xe9", fix="save it as UTF-8")}
    stand_in.verdicts = (PROVED,)
    result = eqc("verify", "a.tex", "b.tex", "c.tex")
    assert result.stderr == "b.tex is not UTF-8: byte 3 is 0xe9\n  to fix: save it as UTF-8\n\n"
    assert result.stdout.splitlines()[-1] == "2 claims in 3 files: 2 proved; 1 error, see below (25 ms)"
    assert result.exit_code == 2


def test_a_fault_of_eqcompiler_has_its_own_exit_code(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.fault = CompilerFault("proved, but 1 is not 2 at m = 1", span)
    stand_in.verdicts = (PROVED,)
    result = eqc("verify", "a.tex")
    assert "    reason  eqcompiler contradicts itself here, see the errors." in result.stdout.splitlines()
    assert result.stderr == "a.tex:1:4: proved, but 1 is not 2 at m = 1\n    \\[ A x \\]\n       ^\n\n"
    assert result.exit_code == 3


def test_skipped_statements_are_listed(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.statements = (Statement("s", "claim: equality", span, "A x", skip="a sketch"),)
    assert eqc("verify", "a.tex").stdout.splitlines() == [
        "claim    name  verdict  method       time",
        "a.tex:1  s     skipped  a sketch",
        "",
        "0 claims in 1 file: 1 skipped (1 ms)",
    ]


def test_a_folder_without_equations(eqc: Command) -> None:
    Path("empty").mkdir()
    Path("empty/notes.txt").write_text("x")
    for command in ("check", "verify", "build"):
        result = eqc(command, "empty")
        assert result.stdout == ""
        assert result.stderr == (
            "the folder empty holds no equation files\n"
            "  allowed: files that end in .tex or .md, at any depth\n"
            "  to fix: write one (eqc new NAME makes a first equations/NAME.tex) or name another folder\n"
        )
        assert result.exit_code == 2


def test_folders_are_searched_sorted_and_each_file_once(stand_in: StandIn, eqc: Command) -> None:
    for name in ("n/z.tex", "n/deep/a.md", "n/readme.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x")
    result = eqc("check", "n", "n/z.tex")
    assert [line for line in result.stdout.splitlines() if line.startswith("n/")] == ["n/deep/a.md", "n/z.tex"]


def test_narrow_terminals_fold_and_lose_nothing(stand_in: StandIn, eqc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (
        verdict(9, "a_rather_long_name_of_a_claim", "refuted", "exact arithmetic at 24 points", repair="§" * 70),
    )
    monkeypatch.setenv("COLUMNS", "60")
    result = eqc("verify", "a.tex")
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines) <= 60
    assert result.stdout.count("§") == 70
    assert lines[0] == "a.tex"
    assert "refuted" in lines[2]


def test_text_in_brackets_is_not_markup_and_no_colour_is_respected(
    stand_in: StandIn, eqc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (verdict(9, "s", "undecided", "[bold]x[/bold]", reason="[red] :smile:"),)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = eqc("verify", "a.tex").stdout
    assert "[bold]x[/bold]" in text
    assert "[red] :smile:" in text
    assert "\x1b[3" not in text


def test_an_illegal_equation_is_an_error_in_check(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    error = IllegalEquation("A has 4 columns, x has 5 entries", span, fix="declare sizes that fit")
    stand_in.statements = (
        Statement("J", "definition", span, "J = 1", type_text="scalar", inferred=("A: matrix (m by n)",)),
        Statement("e", "error", span, "A x", error=error),
    )
    result = eqc("check", "a.tex")
    assert result.stdout.splitlines() == [
        "a.tex",
        "place  name  kind        type",
        "1:4    J     definition  scalar",
        "1:4    e     error",
        "inferred  A: matrix (m by n)",
        "2 statements, 1 not understood (see the errors)",
        "",
    ]
    assert result.stderr == (
        "a.tex:1:4: A has 4 columns, x has 5 entries\n    \\[ A x \\]\n       ^\n  to fix: declare sizes that fit\n\n"
    )
    assert result.exit_code == 2


def test_an_error_is_told_once(eqc: Command, folder: Path) -> None:
    """The row says unsupported, the error below why; the reason does not stand between them a second time."""
    (folder / "one.tex").write_text(r"\[ x + 1 = x \quad \oint x \]")
    result = eqc("verify", "one.tex")
    assert result.exit_code == 2
    assert "unsupported" in result.stdout
    assert "reason" not in result.stdout
    assert result.stderr.count("one.tex:1:") == 1


def test_an_objective_that_is_not_shown_to_be_convex_is_said_and_fails_nothing(eqc: Command, folder: Path) -> None:
    """It defines a point. A claim about the point is judged by itself."""
    Path("a.tex").write_text("$x \\in \\mathbb{R}$. \\[ f(x) = \\cos x \\] \\[ x^* = \\arg\\min_x f(x) \\]")
    result = eqc("verify", "a.tex")
    assert result.stdout.splitlines()[4:6] == [
        r"    claim   x^* = \arg\min_x f(x)",
        "    reason  Not shown to be convex: neither its composition nor its Hessian shows that it is convex. This line defines"
        " a point and claims nothing; what is claimed of it is judged.",
    ]
    assert result.exit_code == 0
    Path("a.tex").write_text("$x \\in \\mathbb{R}$. \\[ f(x) = \\cos x \\] \\[ x^* = \\arg\\min_x f(x) \\] \\[ x^* = 0 \\]")
    assert eqc("verify", "a.tex").exit_code == 1


def test_a_very_narrow_terminal_gives_the_method_a_line_of_its_own(
    stand_in: StandIn, eqc: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.tex").write_text("x")
    stand_in.verdicts = (verdict(9, "grad_J", "refuted", "exact arithmetic"),)
    monkeypatch.setenv("COLUMNS", "40")
    assert eqc("verify", "a.tex").stdout.splitlines()[:3] == ["a.tex", "9  grad_J  refuted  12 ms", "    exact arithmetic"]
