r"""How a corpus of claims with known truth is judged: one table by group, and exit code 1 when a false claim is accepted.

Takes: a .jsonl file whose rows have `id, group, tex, claim_line, truth` and perhaps `holds_if, wrong_step, mutant_of`.
Gives: counts of true claims (proved, holding...) and of false ones (refuted, conditional... ACCEPTED), conditions, steps, time.
Guarantees: every row is one equation file, read and judged alone in a worker process with a time limit; no row is left out.

    python benchmarks/corpus.py                          ../shared/corpus/dev.jsonl beside the checkout
    python benchmarks/corpus.py mine.jsonl --group index --show unsupported
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "dev.jsonl"
RIGHT = ("proved", "holds", "undecided", "unsupported", "crashed", "REJECTED")
WRONG = ("refuted", "conditional", "undecided", "unsupported", "crashed", "ACCEPTED")
SHOWN = tuple(dict.fromkeys((*RIGHT, *WRONG)))
OK = ("proved", "holds")
FLAGGED = ("refuted", "conditional")

Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of one file. `errors`: (line, column, text); `verdicts`: as `eqc verify --json` prints them."""

    verdicts: tuple[dict[str, Any], ...] = ()
    errors: tuple[tuple[int, int, str], ...] = ()
    seconds: float = 0.0
    late: bool = False
    crash: str = ""
    repaired: bool = False  # what was offered for the first flagged claim, put in its place, is proved or holds


@dataclass(frozen=True)
class Result:
    """One row of the corpus, judged. `blamed`: which claim of the chain was the first to be flagged, counted from 1."""

    id: str
    group: str
    truth: bool
    outcome: str
    reason: str
    line: int
    column: int
    seconds: float
    condition: str | None = None
    holds_if: str | None = None
    blamed: int | None = None
    wrong_step: int | None = None
    repaired: bool | None = None  # None: no mutant


# Judging one row, inside a worker.


def judge_row(row: Row, timeout: float) -> Answer:
    """The row's text as a file of its own, in memory, read and verified."""
    from eqcompiler import pipeline
    from eqcompiler.errors import EquationError, Source

    start = time.perf_counter()
    try:
        document = pipeline.document_of(Source(f"{row['id']}.tex", row["tex"]))
        verdicts = pipeline.verify(document, timeout=timeout)
    except EquationError as error:
        return Answer(errors=(placed(error),), seconds=time.perf_counter() - start)
    errors = tuple(placed(statement.error) for statement in document.statements if statement.error is not None)
    seconds = time.perf_counter() - start
    repaired = bool(row.get("mutant_of")) and _is_repaired(row, document, verdicts, timeout)
    return Answer(tuple(verdict.as_json() for verdict in verdicts), errors, seconds, repaired=repaired)


def _is_repaired(row: Row, document: Any, verdicts: Iterable[Any], timeout: float) -> bool:
    """The file up to the claim, and in place of the claim its left side with the right side that was offered."""
    from eqcompiler import pipeline
    from eqcompiler.errors import EquationError, Source

    flagged = next((v for v in verdicts if v.line >= row["claim_line"] and v.verdict in FLAGGED), None)
    if flagged is None or flagged.repair is None:
        return False
    here = (flagged.line, flagged.column)
    left = next(
        left_side(s) for s in document.statements if (s.span.line, s.span.column) == here and s.kind.startswith("claim")
    )
    before = "\n".join(row["tex"].splitlines()[: row["claim_line"] - 1])
    text = f"{before}\n\\[ {left} = {flagged.repair} \\]\n"
    try:
        again = pipeline.verify(pipeline.document_of(Source(f"{row['id']}-repaired.tex", text)), timeout=timeout)
    except EquationError:
        return False
    return bool(again) and again[-1].verdict in OK


def left_side(statement: Any) -> str:
    """As it is written, also of a claim whose sides do not fit."""
    claim = statement.payload
    return str(claim.known if hasattr(claim, "known") else claim.left.span.text)


def placed(error: Any) -> tuple[int, int, str]:
    return (error.span.line, error.span.column, error.what) if error.span else (1, 1, error.what)


def serve(connection: Connection, judge: Callable[[Row, float], Answer], timeout: float) -> None:
    """A worker: rows in, answers out, until None. A crash is an answer too."""
    while (row := connection.recv()) is not None:
        try:
            connection.send(judge(row, timeout))
        except Exception:
            connection.send(Answer(crash=traceback.format_exc().strip().splitlines()[-1]))


# Handing rows to workers.


class Worker:
    """A process that judges one row at a time. `row` is what it works on, None when it is free."""

    def __init__(self, judge: Callable[[Row, float], Answer], timeout: float) -> None:
        self.task = (judge, timeout)
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, *self.task), daemon=True)
        self.process.start()
        theirs.close()
        self.row: Row | None = None
        self.deadline = 0.0

    def give(self, row: Row, limit: float) -> None:
        self.row, self.deadline = row, time.monotonic() + limit
        self.connection.send(row)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def answers(
    rows: Iterable[Row], judge: Callable[[Row, float], Answer], workers: int, timeout: float, limit: float
) -> Iterator[tuple[Row, Answer]]:
    """Every row with its answer, as they come. A file that runs past `limit` seconds costs its worker, not the others."""
    todo = deque(rows)
    staff = [Worker(judge, timeout) for _ in range(min(workers, len(todo)))]
    try:
        for worker in staff:
            worker.give(todo.popleft(), limit)
        while busy := [worker for worker in staff if worker.row is not None]:
            ready = wait([worker.connection for worker in busy], max(0.0, min(w.deadline for w in busy) - time.monotonic()))
            for worker in busy:
                if worker.connection not in ready and time.monotonic() < worker.deadline:
                    continue
                answer = _answer_of(worker, worker.connection in ready, limit)
                if worker.row is not None:
                    yield worker.row, answer
                worker.row = None
                if answer.late or not worker.process.is_alive():
                    worker.stop()
                    worker.start()
                if todo:
                    worker.give(todo.popleft(), limit)
    finally:
        for worker in staff:
            worker.stop()


def _answer_of(worker: Worker, ready: bool, limit: float) -> Answer:
    if not ready:
        return Answer(late=True, seconds=limit)
    try:
        answer: Answer = worker.connection.recv()
    except EOFError:
        worker.process.join()
        return Answer(crash=f"the process ended with code {worker.process.exitcode}")
    return answer


# From an answer to a place in the table.


def result_of(row: Row, answer: Answer) -> Result:
    """Only what stands on the claim's line or below counts: the lines before it are declarations and definitions."""
    verdicts = [verdict for verdict in answer.verdicts if verdict["line"] >= row["claim_line"]]
    flagged = [k for k, verdict in enumerate(verdicts) if verdict["verdict"] in FLAGGED]
    outcome = _outcome(row["truth"], [verdict["verdict"] for verdict in verdicts], answer)
    line, column, reason = _why(row, outcome, verdicts, answer)
    return Result(
        id=row["id"],
        group=row["group"],
        truth=row["truth"],
        outcome=outcome,
        reason=reason,
        line=line,
        column=column,
        seconds=sum(verdict["seconds"] for verdict in verdicts) or answer.seconds,
        condition=next((verdict["condition"] for verdict in verdicts if verdict["condition"]), None),
        holds_if=row.get("holds_if"),
        blamed=flagged[0] + 1 if flagged else None,
        wrong_step=row.get("wrong_step"),
        repaired=answer.repaired if row.get("mutant_of") and "carried on" not in row.get("mutation", "") else None,
    )


def _outcome(truth: bool, words: Sequence[str], answer: Answer) -> str:
    """The worst of the chain for a true claim, the best catch for a false one; nothing said about a false claim accepts it."""
    if answer.crash:
        return "crashed"
    if answer.late:
        return "undecided"
    flagged = [word for word in FLAGGED if word in words]
    if flagged:
        return "REJECTED" if truth else flagged[0]
    if answer.errors or "unsupported" in words:
        return "unsupported"
    if "undecided" in words:
        return "undecided"
    if not truth:
        return "ACCEPTED"
    if not words:
        return "unsupported"
    return "holds" if "holds" in words else "proved"


def _why(row: Row, outcome: str, verdicts: Sequence[dict[str, Any]], answer: Answer) -> tuple[int, int, str]:
    """Position and words for --show."""
    if answer.crash or answer.late:
        return row["claim_line"], 1, answer.crash or f"the file was not done after {answer.seconds:g} s"
    if outcome == "unsupported" and answer.errors:
        return answer.errors[0]
    speaks = (
        [v for v in verdicts if v["verdict"] == outcome] or [v for v in verdicts if v["verdict"] in FLAGGED] or list(verdicts)
    )
    if not speaks:
        return row["claim_line"], 1, "nothing there was read as a claim"
    verdict = speaks[0]
    words = [verdict["method"], verdict["reason"], verdict["condition"] and f"if {verdict['condition']}"]
    return verdict["line"], verdict["column"], "; ".join(word for word in words if word)


# The table.


def same_condition(found: str | None, stated: str | None) -> bool:
    """Equal up to spaces, the mark of the transpose and the order of the sides."""
    return found is not None and stated is not None and _plain(found) == _plain(stated)


def _plain(condition: str) -> list[list[str]]:
    text = condition.replace(" ", "").replace(r"^\top", "^T").replace(r"^{\top}", "^T").replace(r"\mathbf{0}", "0")
    return sorted(sorted(part.split("=")) for part in text.split(","))


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """The numbers of one line of the table."""
    right, wrong = ([r for r in results if r.truth is truth] for truth in (True, False))
    stated = [r for r in wrong if r.holds_if]
    steps = [r for r in wrong if r.wrong_step and r.blamed]
    mutants = [r for r in wrong if r.repaired is not None]
    times = sorted(r.seconds for r in results)
    return {
        "true": {"claims": len(right), **_counts(right, RIGHT)},
        "false": {"claims": len(wrong), **_counts(wrong, WRONG)},
        "conditions": {"stated": len(stated), "found": sum(same_condition(r.condition, r.holds_if) for r in stated)},
        "steps": {"flagged": len(steps), "blamed rightly": sum(r.blamed == r.wrong_step for r in steps)},
        "repairs": {"mutants": len(mutants), "right": sum(r.repaired is True for r in mutants)},
        "seconds": {
            "median": statistics.median(times) if times else 0.0,
            "95th": times[int(0.95 * (len(times) - 1))] if times else 0.0,
        },
    }


def _counts(results: Sequence[Result], words: Sequence[str]) -> dict[str, int]:
    counted = Counter(result.outcome for result in results)
    return {word: counted[word] for word in words}


def table(results: Sequence[Result]) -> str:
    groups = {group: summary([r for r in results if r.group == group]) for group in dict.fromkeys(r.group for r in results)}
    lines = [_heading(), *(_line(name, numbers) for name, numbers in groups.items())]
    return "\n".join([*lines, _line("all", summary(results))] if len(groups) > 1 else lines)


def _heading() -> str:
    right, wrong = (" ".join(f"{word:>{max(6, len(word))}}" for word in ("claims", *words)) for words in (RIGHT, WRONG))
    top = f"{'':18} {'true':<{len(right)}}   {'false':<{len(wrong)}}"
    return f"{top}\n{'group':18} {right}   {wrong}   conditions  steps repairs   median     95th"


def _line(name: str, numbers: dict[str, Any]) -> str:
    def cells(part: dict[str, int]) -> str:
        return " ".join(f"{count:>{max(6, len(word))}}" for word, count in part.items())

    conditions = f"{numbers['conditions']['found']}/{numbers['conditions']['stated']}"
    steps = f"{numbers['steps']['blamed rightly']}/{numbers['steps']['flagged']}"
    repairs = f"{numbers['repairs']['right']}/{numbers['repairs']['mutants']}"
    times = f"{numbers['seconds']['median']:7.3f}s {numbers['seconds']['95th']:7.3f}s"
    return f"{name:18} {cells(numbers['true'])}   {cells(numbers['false'])}   {conditions:>10} {steps:>6} {repairs:>7} {times}"


def listing(results: Iterable[Result], shown: Sequence[str]) -> str:
    chosen = [r for r in results if r.outcome.lower() in shown]
    return "\n".join(f"{r.id}  {r.outcome}  line {r.line} column {r.column}: {r.reason}" for r in chosen)


# The command.


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="corpus.py", description="Judge a corpus of claims whose truth is known.")
    parser.add_argument("corpus", nargs="?", type=Path, default=DEFAULT, help="a .jsonl file (default: %(default)s)")
    parser.add_argument("--group", action="append", help="only this group; may be repeated")
    parser.add_argument("--id", action="append", help="only this row; may be repeated")
    parser.add_argument("--show", action="append", default=[], choices=[word.lower() for word in SHOWN], help="list these rows")
    parser.add_argument("--json", action="store_true", help="one JSON object: groups and rows")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one claim (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one file (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    return parser.parse_args(argv)


def read_rows(path: Path, groups: Sequence[str] | None, ids: Sequence[str] | None) -> list[Row]:
    rows: list[Row] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if (not groups or row["group"] in groups) and (not ids or row["id"] in ids)]


def main(argv: Sequence[str], judge: Callable[[Row, float], Answer] = judge_row) -> int:
    """0; 1 when a false claim is accepted; 2 when there is nothing to judge."""
    options = arguments(argv)
    if not options.corpus.is_file():
        print(f"there is no corpus {options.corpus}; name a .jsonl file", file=sys.stderr)
        return 2
    rows = read_rows(options.corpus, options.group, options.id)
    if not rows:
        print(f"{options.corpus} has no such rows", file=sys.stderr)
        return 2
    order = {row["id"]: k for k, row in enumerate(rows)}
    judged = answers(rows, judge, options.workers, options.timeout, options.limit)
    results = sorted((result_of(row, answer) for row, answer in judged), key=lambda result: order[result.id])
    if options.json:
        groups = {group: summary([r for r in results if r.group == group]) for group in dict.fromkeys(r.group for r in results)}
        print(json.dumps({"groups": groups, "all": summary(results), "rows": [asdict(result) for result in results]}, indent=1))
    else:
        print(table(results))
        if options.show:
            print(listing(results, options.show))
    return 1 if any(result.outcome == "ACCEPTED" for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
