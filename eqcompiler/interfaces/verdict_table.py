"""Verdicts as a person reads them: a row per claim, then what is known about each that is not plainly proved, then a count.

Takes: judged files. Gives: text on stdout.
Guarantees: nothing is cut, but a residual of more than three lines is left to --json; where a row does not fit, the file's
name moves to a line of its own and columns fold.
"""

from __future__ import annotations

import re
from itertools import groupby

from rich.console import Console
from rich.text import Text

from eqcompiler.errors import EquationError
from eqcompiler.interfaces.judging import Judged
from eqcompiler.interfaces.screen import STYLES, console, counted, details, duration, show, stacked, table
from eqcompiler.languages.verdicts import Verdict

COLUMNS = ("line", "name", "verdict", "method", "time")
ROOM_FOR_METHOD, LEAST_FOR_METHOD = 40, 16
LONGEST_KEPT_NAME = 24
LONGEST_RESIDUAL = 300  # about three lines; the repair and the counterexample of a longer one say more
Row = tuple[str, int, str, Text, str, str]  # file, line, name, verdict, method, time


def show_verdicts(judged: list[Judged]) -> None:
    out = console()
    rows = [row for result in judged for row in _rows(result)]
    _show_rows(out, rows)
    for verdict, errors in ((verdict, result.errors) for result in judged for verdict in result.verdicts):
        pairs = _detail_pairs(verdict)
        if pairs and not _is_told(verdict, errors):
            head = Text(f"\n{verdict.file}:{verdict.line}:{verdict.column} {verdict.name} ")
            show(out, head.append(verdict_words(verdict), STYLES[verdict.verdict]))
            show(out, details(pairs))
    show(out, Text("\n" + summary(judged) if rows else summary(judged)))


def _rows(result: Judged) -> list[Row]:
    """Verdicts and skipped statements of one file, in its order."""
    rows: list[Row] = [
        (v.file, v.line, v.name, Text(verdict_words(v), STYLES[v.verdict]), _in_short(v.method), duration(v.seconds))
        for v in result.verdicts
    ]
    rows += [(file, line, name, Text("skipped", STYLES["skipped"]), reason, "") for file, line, name, reason in result.skipped]
    return sorted(rows, key=lambda row: row[1])


def _in_short(method: str) -> str:
    """The method's first phrase; `--json` and `eqc explain` give the rest, what confirmed it and with how many points."""
    return re.split(r"; | \(", method)[0] or "see below"


def _show_rows(out: Console, rows: list[Row]) -> None:
    """file:line in every row where the terminal is wide enough, else a heading for each file."""
    longest = max((len(f"{file}:{line}{name}{verdict}") for file, line, name, verdict, _, _ in rows), default=0)
    if longest + ROOM_FOR_METHOD + len("  " * 4 + "123 ms") <= out.width:
        wide = [(f"{file}:{line}", name, verdict, method, time) for file, line, name, verdict, method, time in rows]
        if wide:
            show(out, table(("claim", "name", "verdict", "method", "time"), wide, keep=("claim", "name", "verdict", "time")))
        return
    short_names = all(len(row[2]) <= LONGEST_KEPT_NAME for row in rows)
    keep = ("line", "name", "verdict", "time") if short_names else ("line", "verdict", "time")
    for number, (file, group) in enumerate(groupby(rows, key=lambda row: row[0])):
        narrow = [(str(line), name, verdict, method, time) for _, line, name, verdict, method, time in group]
        show(out, Text(f"\n{file}" if number else file, "bold"))
        kept = sum(max(len(str(row[place])) for row in narrow) + 2 for place, name in enumerate(COLUMNS) if name in keep)
        fits = kept + LEAST_FOR_METHOD <= out.width
        show(out, table(COLUMNS, narrow, keep) if fits else stacked(narrow, below=COLUMNS.index("method")))


def verdict_words(verdict: Verdict) -> str:
    if not verdict.expected:
        return verdict.verdict
    return f"{verdict.verdict}, {'expected' if verdict.ok else 'unexpected'}"


def _is_told(verdict: Verdict, errors: tuple[EquationError, ...]) -> bool:
    """Whether the reason is that of an error, which is shown below with its excerpt and what to do."""
    return verdict.verdict == "unsupported" and any(verdict.reason == f"{e.span}: {e.what}" for e in errors)


def _detail_pairs(verdict: Verdict) -> list[tuple[str, str]]:
    """What is known beyond the row; nothing for a claim that is plainly proved."""
    if verdict.verdict == "proved" and verdict.ok:
        return []
    pairs = [
        ("claim", verdict.latex),
        ("expected", verdict.expected if not verdict.ok else None),
        ("condition", verdict.condition),
        _residual(verdict),
        ("counterexample", verdict.counterexample and str(verdict.counterexample)),
        ("repair", verdict.repair),
        ("reason", verdict.reason),
    ]
    return [(label, " ".join(text.split())) for label, text in pairs if text]


def _residual(verdict: Verdict) -> tuple[str, str | None]:
    """left minus right: what is wrong with a false claim, what is left to prove of one that may be true."""
    if verdict.residual and verdict.verdict in ("holds", "undecided"):
        return "left to prove", f"{verdict.residual} = 0"
    if verdict.residual and len(verdict.residual) > LONGEST_RESIDUAL:
        return "residual", "too long to say anything; --json has it"
    return "residual", verdict.residual


def summary(judged: list[Judged]) -> str:
    verdicts = [verdict for result in judged for verdict in result.verdicts]
    words = [verdict_words(verdict) for verdict in verdicts]
    parts = [f"{words.count(word)} {word}" for word in sorted(set(words), key=lambda word: (-words.count(word), word))]
    skipped, errors = sum(len(result.skipped) for result in judged), sum(len(result.errors) for result in judged)
    parts += [f"{skipped} skipped"] if skipped else []
    text = f"{counted(len(verdicts), 'claim')} in {counted(len(judged), 'file')}" + (f": {'; '.join(parts)}" if parts else "")
    text += f"; {counted(errors, 'error')}, see below" if errors else ""
    return f"{text} ({duration(sum(verdict.seconds for verdict in verdicts))})"
