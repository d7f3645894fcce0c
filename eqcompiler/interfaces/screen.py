"""How results look on a terminal: consoles, plain tables, labelled details.

Takes: words and rows. Gives: rich objects printed to stdout or stderr.
Guarantees: text from equation files is never read as markup; piped output is not folded; NO_COLOR is respected (by rich).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eqcompiler.errors import EquationError, render

if TYPE_CHECKING:
    from rich.progress import Progress

PIPED_WIDTH = 10_000  # a row stays one line when a program reads it
STYLES = {
    "proved": "green",
    "holds": "green",
    "conditional": "yellow",
    "refuted": "bold red",
    "undecided": "magenta",
    "unsupported": "magenta",
    "skipped": "dim",
    "error": "bold red",
}


class Screen(Console):
    """A console that leaves it to the command line what to do when nobody reads."""

    def on_broken_pipe(self) -> None:
        raise


def console() -> Console:
    """stdout as it is now: the terminal's width, or wide enough never to fold when piped."""
    folded = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Screen(file=sys.stdout, width=None if folded else PIPED_WIDTH, markup=False, highlight=False, emoji=False)


def progress() -> Progress:
    """A bar on stderr that leaves nothing behind; nothing at all when stderr is not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bar = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*bar, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def table(headings: Sequence[str], rows: Iterable[tuple[str | Text, ...]], keep: Sequence[str] = ()) -> Table:
    """Columns without lines; the columns named in `keep` are never folded."""
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        time = heading == "time"  # one width, so that a longer time moves no other column
        justify: Literal["right", "left"] = "right" if time else "left"
        result.add_column(heading, no_wrap=heading in keep, overflow="fold", justify=justify, min_width=7 if time else None)
    for row in rows:
        result.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return result


def stacked(rows: Iterable[tuple[str | Text, ...]], below: int) -> Text:
    """Rows for a terminal that is too narrow for columns: cell `below` of each gets a line of its own."""
    lines = []
    for row in rows:
        cells = [cell if isinstance(cell, Text) else Text(cell) for cell in row]
        head = [cell for place, cell in enumerate(cells) if place != below and cell.plain]
        lines += [Text("  ").join(head), *([Text("    ") + cells[below]] if cells[below].plain else [])]
    return Text("\n").join(lines)


def details(pairs: Iterable[tuple[str, str]], indent: int = 4) -> Padding:
    """Label and text, one pair a line; what does not fit goes on below its own text."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(Text(label), Text(text))
    return Padding(grid, (0, 0, 0, indent))


def show(target: Console, content: object) -> None:
    """Print without the blanks that tables leave at line ends."""
    with target.capture() as caught:
        target.print(content)
    target.file.write("".join(line.rstrip() + "\n" for line in caught.get().splitlines()))


def show_errors(errors: Iterable[EquationError]) -> None:
    """Each error on stderr, a blank line between them."""
    for error in errors:
        click.echo(render(error) + "\n", err=True)


def duration(seconds: float) -> str:
    """Short and readable: 3 ms, 0.25 s, 12 s."""
    if seconds < 0.1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def times(seconds: float) -> str:
    """Three figures of a measured time: 1.41 us, 52.3 us, 4.07 ms, 1.20 s."""
    for limit, unit, scale in ((1e-3, "us", 1e6), (1.0, "ms", 1e3)):
        if seconds < limit * 0.9995:
            return f"{_three(seconds * scale)} {unit}"
    return f"{_three(seconds)} s"


def _three(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
