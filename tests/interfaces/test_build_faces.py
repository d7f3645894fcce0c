"""`eqc build` and `eqc new`: what is written, what is refused, and what `--check` shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from stand_in import StandIn

from eqcompiler.errors import NotSupportedYet, Span
from eqcompiler.languages.statements import Statement

Command = Callable[..., Result]


def test_build_writes_once_and_says_so(stand_in: StandIn, eqc: Command) -> None:
    Path("equations").mkdir()
    Path("equations/a.tex").write_text("x")
    stand_in.text = "one\ntwo\n"
    first, second = eqc("build"), eqc("build")
    assert (first.stdout, first.exit_code) == ("equations/a.tex: wrote generated/a.py, 2 kernels: J, grad_J\n", 0)
    assert (second.stdout, second.exit_code) == ("equations/a.tex: generated/a.py is up to date\n", 0)
    assert Path("generated/a.py").read_text() == "one\ntwo\n"


def test_check_shows_what_is_stale_and_writes_nothing(stand_in: StandIn, eqc: Command) -> None:
    Path("equations").mkdir()
    Path("equations/a.tex").write_text("x")
    Path("generated").mkdir()
    Path("generated/a.py").write_text("one\nold\n")
    stand_in.text = "one\ntwo\n"
    result = eqc("build", "--check")
    assert (
        result.stdout == "--- generated/a.py (as it is)\n+++ generated/a.py (as built now)\n@@ -1,2 +1,2 @@\n one\n-old\n+two\n"
    )
    assert result.exit_code == 1
    assert Path("generated/a.py").read_text() == "one\nold\n"


def test_a_bad_equation_does_not_stop_the_kernels_of_the_others(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.text = "one\n"
    stand_in.statements = (Statement("e", "error", span, "A x", error=NotSupportedYet("integrals", span)),)
    result = eqc("build", "a.tex", "--out", "kernels")
    assert result.stdout == "a.tex: wrote kernels/a.py, 2 kernels: J, grad_J\n"
    assert result.stderr == "a.tex:1:4: integrals\n    \\[ A x \\]\n       ^\n\n"
    assert result.exit_code == 2


def test_what_gives_no_kernel_is_named(stand_in: StandIn, eqc: Command, span: Span) -> None:
    Path("a.tex").write_text("x")
    stand_in.text = "one\n"
    stand_in.refusals = (("Z", NotSupportedYet("integrals are not compiled", span)),)
    result = eqc("build", "a.tex")
    assert result.stderr == "note: no kernel for Z: integrals are not compiled (a.tex:1:4)\n"
    assert result.exit_code == 0


def test_no_kernels(stand_in: StandIn, eqc: Command) -> None:
    Path("a.tex").write_text("x")
    assert eqc("build", "a.tex").stdout == "a.tex: no kernels\n"
    Path("generated").mkdir()
    Path("generated/a.py").write_text("old\n")
    result = eqc("build", "a.tex")
    assert result.stdout == "a.tex: no kernels; generated/a.py is left from an earlier version, delete it\n"
    assert result.exit_code == 1


def test_two_files_for_one_module(eqc: Command) -> None:
    result = eqc("build", "a.tex", "notes/a.md")
    assert result.stderr == (
        "a.tex and notes/a.md would both be written to a.py\n"
        "  allowed: equation files whose names differ without their ending\n"
        "  to fix: rename one of them, or build them into different folders with --out\n"
    )
    assert result.exit_code == 2


def test_new_refuses_to_overwrite_and_bad_names(eqc: Command) -> None:
    assert eqc("new", "first").stdout == "wrote equations/first.tex; next: eqc verify equations/first.tex\n"
    again = eqc("new", "first")
    assert again.stderr == (
        "equations/first.tex exists already\n  allowed: a new name\n  to fix: choose another name or change that file\n"
    )
    assert again.exit_code == 2
    assert eqc("new", "../x").stderr == (
        "'../x' cannot be the name of a kernel module\n"
        "  allowed: a letter, then letters, digits and underscores\n"
        "  to fix: for example ridge_regression\n"
    )
