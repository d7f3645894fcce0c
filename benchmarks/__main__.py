"""`python -m benchmarks`: measure, print the table, keep the results.

Takes: which entries and contenders. Gives: the table on stdout; of a full run also benchmarks/results/<machine>.json, the
plot and the table of the README. Guarantees: progress goes to stderr; a part of the table overwrites nothing.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from benchmarks import report
from benchmarks.table import CONTENDERS, OURS, PACKAGES, Row, has_form, rows
from benchmarks.work import ENTRIES, WORK, Entry
from eqcompiler.interfaces.screen import progress
from eqcompiler.interfaces.turns import THREADS

HERE = Path(__file__).parent
PLOT = HERE / "results" / "speed.svg"
QUICK_NUMBERS = 300_000
SLOW_TO_START = ("torch.compile", "PyTensor")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("words", nargs=-1)
@click.option("--quick", is_flag=True, help="Small sizes, and without the contenders that take long to start.")
@click.option("--with", "chosen", multiple=True, metavar="NAME", help="Only this competitor (repeat for more).")
@click.option("--without", multiple=True, metavar="NAME", help="Not this competitor (repeat for more).")
@click.option("--threads", type=click.IntRange(min=1), default=THREADS, show_default=True, help="For everybody.")
@click.option("--worst-first", is_flag=True, help="Sort the table by ratio instead of by work.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the results of a part, as JSON.")
@click.option("--show", is_flag=True, help="Measure nothing: print the kept results of this machine, renew plot and README.")
def main(
    words: tuple[str, ...],
    quick: bool,
    chosen: tuple[str, ...],
    without: tuple[str, ...],
    threads: int,
    worst_first: bool,
    out: Path | None,
    show: bool,
) -> None:
    """Time the generated kernels beside what people would otherwise use. Equal answers first, then rounds in turn.

    WORDS choose entries whose name holds one of them; without any the whole table is made (about ten minutes), and
    benchmarks/results/, the plot and the table of the README are written.

    \b
    Examples
      python -m benchmarks
      python -m benchmarks --quick
      python -m benchmarks "least squares" ridge --without torch.compile
      python -m benchmarks 1000000x100 --with NumPy --with JAX
    """
    kept = HERE / "results" / f"{report.machine()['name']}.json"
    whole = not (words or quick or chosen) and threads == THREADS
    if show:
        found = json.loads(kept.read_text(encoding="utf-8"))
    else:
        entries = _entries(words, quick)
        found = report.results(_measured(entries, _contenders(chosen, without, quick), threads), threads)
        if whole:
            _write(kept, found)
        elif out is not None:
            _write(out, found)
    click.echo(report.screen_table(found, worst_first))
    click.echo("\n".join(["", *report.limit_lines(found)]))
    if show or whole:
        _renew(found)


def _entries(words: tuple[str, ...], quick: bool) -> list[Entry]:
    found = [entry for entry in ENTRIES if not words or any(word in entry.name for word in words)]
    if quick:
        found = [entry for entry in found if WORK[entry.work].speed(*entry.sizes) <= QUICK_NUMBERS]
    if not found:
        names = ", ".join(dict.fromkeys(entry.work for entry in ENTRIES))
        raise click.UsageError(f"no entry has {' or '.join(words)} in its name; there are: {names}")
    return found


def _contenders(chosen: tuple[str, ...], without: tuple[str, ...], quick: bool) -> list[str]:
    for name in (*chosen, *without):
        if name not in CONTENDERS:
            raise click.UsageError(f"no competitor is called {name!r}; there are: {', '.join(CONTENDERS)}")
    found = []
    for name, (module, _) in CONTENDERS.items():
        if name in without or (chosen and name not in (OURS, *chosen)) or (quick and name in SLOW_TO_START):
            continue
        package = PACKAGES.get(module)
        if package is not None and find_spec(package) is None:
            click.echo(f"note: {name} is left out, {package} is not installed; make bench installs everything", err=True)
            continue
        found.append(name)
    return found


def _measured(entries: list[Entry], names: list[str], threads: int) -> list[Row]:
    found: list[Row] = []
    with progress() as bar:
        task = bar.add_task("", total=len(entries))

        def starting(entry: Entry) -> None:
            rivals = sum(has_form(name, entry) for name in names)
            bar.update(task, description=f"{entry.name}, {rivals} contenders", completed=len(found))

        for row in rows(sorted(entries, key=lambda entry: entry.sizes), names, starting, threads):  # equal sizes share data
            found.append(row)
            if not sys.stderr.isatty():
                click.echo(f"{len(found)}/{len(entries)} {row.entry.name}: {report.ratio_text(row.ratio)} {row.best}", err=True)
            for complaint in row.complaints:
                bar.console.print(f"refused: {complaint}", markup=False, highlight=False)
    return sorted(found, key=lambda row: ENTRIES.index(row.entry))


def _write(path: Path, found: report.Results) -> None:
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    click.echo(f"wrote {path}", err=True)


def _renew(found: report.Results) -> None:
    """The plot and the table of the README follow from the results alone."""
    from benchmarks.plot import svg

    PLOT.write_text(svg(found), encoding="utf-8")
    readme = HERE.parent / "README.md"
    readme.write_text(report.with_table(readme.read_text(encoding="utf-8"), found), encoding="utf-8")
    click.echo(f"wrote {PLOT} and the table of {readme}", err=True)


if __name__ == "__main__":
    sys.exit(main())
