"""`eqc bench`: every kernel of the given files beside the same computation in NumPy.

Takes: PATHS. Gives: a table of times, or one JSON object per comparison.
Guarantees: answers are compared first; both sides run in processes of their own, in turn, with the same threads and numbers;
what is not compared is listed with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from eqcompiler.errors import BadInput, EquationError
from eqcompiler.interfaces.equation_files import equation_files, errors_of
from eqcompiler.interfaces.nearest import nearest
from eqcompiler.interfaces.results import write_result

if TYPE_CHECKING:
    from eqcompiler.interfaces.bench_data import Data
    from eqcompiler.interfaces.comparison import Outcome
    from eqcompiler.interfaces.turns import Work
    from eqcompiler.languages.kernel_requests import KernelRequest

SIDES = ("kernel", "NumPy")
BUDGET, ROUND = 0.2, 0.002  # seconds of timed rounds for each side, seconds of a round


@dataclass(frozen=True, slots=True)
class Job:
    """One kernel at one set of sizes; the texts of both modules travel with it."""

    file: str
    kernel: str
    texts: tuple[str, str]  # in the order of SIDES
    data: Data
    roundings: int


@dataclass(frozen=True, slots=True)
class Compared:
    job: Job
    outcomes: dict[str, Outcome]

    @property
    def ratio(self) -> float | None:
        from eqcompiler.interfaces.comparison import Timing

        ours, numpy = (self.outcomes[side] for side in SIDES)
        return numpy.median / ours.median if isinstance(ours, Timing) and isinstance(numpy, Timing) else None

    @property
    def complaint(self) -> str:
        from eqcompiler.interfaces.comparison import Refused

        words = [f"{side}: {outcome.why}" for side, outcome in self.outcomes.items() if isinstance(outcome, Refused)]
        return "; ".join(words)


@click.command(short_help="Time the kernels beside the same in NumPy.")
@click.argument("paths", nargs=-1)
@click.option("--kernel", "wanted", multiple=True, metavar="NAME", help="Only this kernel (repeat for more).")
@click.option("--sizes", metavar="m=1000,n=10", help="These sizes instead of a small, a medium and a large set.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="For both sides.")
@click.option("--numpy", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write the NumPy programs here.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per comparison on stdout, nothing else.")
@click.pass_context
def bench(
    ctx: click.Context,
    paths: tuple[str, ...],
    wanted: tuple[str, ...],
    sizes: str | None,
    threads: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Time every value and gradient kernel on generated data, beside a NumPy program made from the same equations.

    The NumPy program is what a person would write: matrix products, whole arrays, nothing computed twice. Look at it with
    --numpy. Both sides run in processes of their own and take turns; the medians are shown. Exit code 1: an answer
    differs from NumPy's.

    \b
    Examples
      eqc bench equations/ridge.tex
      eqc bench equations/ridge.tex --kernel value_and_grad_J --sizes m=1000000,n=100
      eqc bench --json > times.jsonl
    """
    from eqcompiler.interfaces.explain import sizes_given
    from eqcompiler.interfaces.screen import console, progress, show, show_errors

    known = None if sizes is None else sizes_given(sizes)
    jobs, notes, errors = _jobs(equation_files(paths), wanted, known, folder)
    show_errors(errors)
    found = []
    with progress() as bar:
        task = bar.add_task("", total=len(jobs))
        for compared in _compared(jobs, threads, lambda job: bar.update(task, description=f"{job.file}: {job.kernel}")):
            found.append(compared)
            bar.advance(task)
            if as_json:
                click.echo(json.dumps(_row(compared)))
    if not as_json:
        for content in _report(found, notes):
            show(console(), content)
    wrong = any("wrong answer" in compared.complaint for compared in found)
    ctx.exit(max([error.exit_code for error in errors] + [int(wrong)]))


def _jobs(
    files: Sequence[Path], wanted: Sequence[str], sizes: dict[str, int] | None, folder: Path | None
) -> tuple[list[Job], list[str], list[EquationError]]:
    """What to compare; what is not compared and why; what could not be read."""
    jobs: list[Job] = []
    notes: list[str] = []
    errors: list[EquationError] = []
    seen: list[str] = []
    for file in files:
        from eqcompiler import pipeline

        try:
            document = pipeline.load(file)
            requests = [request for request in pipeline.kernel_requests(document) if request.kind == "value"]
            texts = (pipeline.build(document), (numpy := pipeline.numpy_module(document))[0]) if requests else ("", "")
        except EquationError as error:
            errors.append(error)
            continue
        errors += errors_of(document)
        seen += [request.name for request in requests]
        if not requests:
            notes.append(f"{file}: no kernel that gives a value")
            continue
        _keep(folder, file, texts[1])
        for request in requests:
            if wanted and request.name not in wanted:
                continue
            if request.name in numpy[1]:
                notes.append(f"{file}: {request.name}: no NumPy form: {numpy[1][request.name].what}")
            else:
                jobs += _at_sizes(str(file), request, texts, sizes, notes)
    _refuse_unknown(wanted, seen, jobs, notes, errors)
    return jobs, notes, errors


def _keep(folder: Path | None, file: Path, text: str) -> None:
    if folder is not None:
        write_result(folder / f"{file.stem}_numpy.py", text)


def _refuse_unknown(
    wanted: Sequence[str], seen: Sequence[str], jobs: Sequence[Job], notes: Sequence[str], errors: Sequence[EquationError]
) -> None:
    for name in wanted:
        if name not in seen:
            allowed = ", ".join(dict.fromkeys(seen)) or "none: nothing there can be compiled to a value"
            raise BadInput(f"no kernel is called {name!r}", allowed=allowed, fix=nearest(name, seen))
    if not jobs and not errors:
        raise BadInput("nothing to compare: " + "; ".join(notes), fix="name a file that defines a function or an objective")


def _at_sizes(
    file: str, request: KernelRequest, texts: tuple[str, str], sizes: dict[str, int] | None, notes: list[str]
) -> Iterator[Job]:
    from eqcompiler.interfaces import bench_data

    inputs = request.program.inputs
    missing = [name for name in bench_data.names(inputs) if sizes is not None and name not in sizes]
    if missing:
        notes.append(f"{file}: {request.name}: --sizes does not say how large {', '.join(missing)} is")
        return
    for at in bench_data.sizes(inputs) if sizes is None else [{name: sizes[name] for name in bench_data.names(inputs)}]:
        if not bench_data.fits(request.program, at):
            notes.append(f"{file}: {request.name}: {_sizes_text(at)} needs arrays of more than 240 MB")
            continue
        roundings = len(request.program.definitions) + 16 + sum(at.values())
        yield Job(file, request.name, texts, bench_data.Data(inputs, tuple(at.items())), roundings)


def _compared(jobs: Sequence[Job], threads: int, starting: Any) -> Iterator[Compared]:
    from eqcompiler.interfaces.turns import Player

    players = [Player(side, partial(Side, place), threads) for place, side in enumerate(SIDES)]
    try:
        for job in jobs:
            starting(job)
            yield one(players, job)
    finally:
        for player in players:
            player.close()


def one(players: Sequence[Any], job: Job) -> Compared:
    """Numbers between 0 and 1 where normally distributed ones lie outside the function's domain."""
    from dataclasses import replace

    import numpy as np

    from eqcompiler.interfaces import bench_data
    from eqcompiler.interfaces.comparison import Refused, compare

    numpy = getattr(loaded(job.texts[1], job.file), job.kernel)
    for draw in bench_data.DRAWS:
        drawn = replace(job, data=replace(job.data, draw=draw))
        arguments = drawn.data.arguments()
        with np.errstate(all="ignore"):
            if all(np.all(np.isfinite(part)) for part in bench_data.flat(numpy(*arguments))):
                limits = bench_data.allowed(numpy, arguments, job.roundings)
                return Compared(drawn, compare(players, drawn, lambda _: limits, BUDGET, ROUND))  # noqa: B023
    words = "NumPy's answer is not finite on generated data"
    return Compared(job, dict.fromkeys(SIDES, Refused(words)))


class Side:
    """A contender: 0 the kernel, 1 its NumPy form."""

    def __init__(self, place: int) -> None:
        self.place = place

    def prepare(self, job: Job) -> Work | None:
        from eqcompiler.interfaces.bench_data import flat
        from eqcompiler.interfaces.turns import Work

        function = getattr(loaded(job.texts[self.place], job.file), job.kernel)
        return Work(partial(function, *job.data.arguments()), flat)


_modules: dict[str, ModuleType] = {}


def loaded(text: str, file: str) -> ModuleType:
    from eqcompiler import pipeline

    if text not in _modules:
        _modules[text] = pipeline.load_module(text, Path(file).stem)
    return _modules[text]


def _sizes_text(at: dict[str, int]) -> str:
    return ", ".join(f"{name} = {size:,}".replace(",", " ") for name, size in at.items()) or "numbers"


def _row(compared: Compared) -> dict[str, object]:
    from dataclasses import asdict

    from eqcompiler.interfaces.comparison import Timing

    times = {side: asdict(outcome) for side, outcome in compared.outcomes.items() if isinstance(outcome, Timing)}
    return {
        "file": compared.job.file,
        "kernel": compared.job.kernel,
        "sizes": dict(compared.job.data.sizes),
        "ratio": compared.ratio,
        "times": times,
        "refused": compared.complaint or None,
    }


def _right_aligned(
    headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], first: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The columns from `first` on are numbers."""
    widths = [max(map(len, column)) if k >= first else 0 for k, column in enumerate(zip(headings, *rows, strict=True))]
    padded = [tuple(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (headings, *rows)]
    return padded[0], padded[1:]


def _report(found: Sequence[Compared], notes: Sequence[str]) -> Iterator[object]:
    from rich.text import Text

    from eqcompiler.interfaces.comparison import Timing, geometric_mean
    from eqcompiler.interfaces.screen import counted, table, times

    for file in dict.fromkeys(compared.job.file for compared in found):
        yield Text(file, style="bold")
        rows = []
        for compared in (c for c in found if c.job.file == file):
            timings = [outcome for outcome in compared.outcomes.values() if isinstance(outcome, Timing)]
            cells = [times(timing.median) for timing in timings] if compared.ratio is not None else ["refused", ""]
            spread = f"{100 * max(timing.spread for timing in timings):.0f} %" if compared.ratio is not None else ""
            ratio = f"{compared.ratio:.2f}" if compared.ratio is not None else ""
            rows.append((compared.job.kernel, _sizes_text(dict(compared.job.data.sizes)), *cells, ratio, spread))
        yield table(*_right_aligned(("kernel", "sizes", *SIDES, "NumPy / kernel", "spread"), rows, first=2))
        yield ""
    for compared in (c for c in found if c.complaint):
        at = _sizes_text(dict(compared.job.data.sizes))
        yield f"refused: {compared.job.file}: {compared.job.kernel}, {at}: {compared.complaint}"
    for note in notes:
        yield f"not compared: {note}"
    ratios = [compared.ratio for compared in found if compared.ratio is not None]
    if ratios:
        yield (
            f"{counted(len(ratios), 'comparison')}: {geometric_mean(ratios):.2f} times as fast as NumPy (geometric mean), "
            f"worst {min(ratios):.2f}; medians of rounds in turn; spread: half the distance of the quartiles"
        )
