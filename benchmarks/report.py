"""Measured rows as data, and that data as a table for the screen and one for the README.

Takes: rows. Gives: what is written to benchmarks/results/<machine>.json, and text made from that alone.
Guarantees: every table can be printed again from its file; a competitor that wins is shown like one that loses.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.table import ASIDE, CONTENDERS, LIMIT, OURS, Row
from benchmarks.work import WORK
from eqcompiler.interfaces.comparison import Refused, geometric_mean
from eqcompiler.interfaces.screen import times as time_words
from eqcompiler.interfaces.turns import THREADS

Results = dict[str, Any]
LIBRARIES = ("numpy", "numba", "scipy", "jax", "torch", "pytensor", "sympy")
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def machine() -> dict[str, object]:
    """The processor and its cores, and a file name made of them."""
    processor = _processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = re.sub(r"[^a-z0-9]+", "-", f"{processor} {cores} cores".lower()).strip("-")
    return {"processor": processor, "cores": cores, "system": platform.system(), "name": words}


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def results(rows: Sequence[Row], threads: int = THREADS) -> Results:
    entries = [_entry(row) for row in rows]
    return {
        "machine": machine(),
        "threads": threads,
        "dtype": "float64",
        "python": platform.python_version(),
        "versions": versions(),
        "summary": summary(entries),
        "entries": entries,
    }


def _entry(row: Row) -> Results:
    refused = {name: o.why for name, o in row.outcomes.items() if isinstance(o, Refused) and not o.absent}
    return {
        "work": row.entry.work,
        "sizes": list(row.entry.sizes),
        "numbers": WORK[row.entry.work].speed(*row.entry.sizes),
        "best": row.best,
        "ratio": row.ratio,
        "times": {name: asdict(timing) for name, timing in row.timings.items()},
        "refused": refused,
    }


def summary(entries: Sequence[Results]) -> Results:
    """Over the entries that have a ratio: the best competitor's time over ours."""
    rated = [entry for entry in entries if entry["ratio"] is not None]
    if not rated:
        return {"entries": 0}
    worst = min(rated, key=lambda entry: float(entry["ratio"]))
    return {
        "entries": len(rated),
        "geometric mean": geometric_mean([entry["ratio"] for entry in rated]),
        "worst": worst["ratio"],
        "worst entry": f"{worst['work']} {size_text(worst['sizes'])}",
        "won": sum(entry["ratio"] >= 1 for entry in rated),
    }


def size_text(sizes: Iterable[int]) -> str:
    return " x ".join(f"{size:,}".replace(",", " ") for size in sizes)


def ratio_text(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def screen_table(found: Results, worst_first: bool = False) -> str:
    """Every entry with every contender's median; the last columns say who is the best competitor and by how much we win."""
    entries = found["entries"]
    if worst_first:
        entries = sorted(entries, key=lambda entry: (entry["ratio"] is None, entry["ratio"]))
    names = [name for name in CONTENDERS if any(name in entry["times"] or name in entry["refused"] for entry in entries)]
    headings = ["work", "size", *names, "spread", "best competitor", "ratio"]
    rows = [_cells(entry, names) for entry in entries]
    return "\n".join([*_aligned(headings, rows), "", *closing_lines(found)])


def _cells(entry: Results, names: Sequence[str]) -> list[str]:
    times, refused = entry["times"], entry["refused"]
    cells = [time_words(times[name]["median"]) if name in times else "refused" if name in refused else "" for name in names]
    seen = [times[name] for name in (OURS, entry["best"]) if name in times]
    spread = max(((t["upper"] - t["lower"]) / (2 * t["median"]) for t in seen), default=0.0)
    last = [f"{100 * spread:.0f} %", entry["best"] or "", ratio_text(entry["ratio"])]
    return [entry["work"], size_text(entry["sizes"]), *cells, *last]


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    split = [_two_lines(heading) for heading in headings]
    lines = [[first for first, _ in split], [second for _, second in split], *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    left = (0, 1, len(headings) - 2)
    return [
        "  ".join(
            cell.ljust(w) if k in left else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _two_lines(heading: str) -> tuple[str, str]:
    first, blank, second = heading.partition(" ")
    return (first, second) if blank else ("", first)


def closing_lines(found: Results) -> list[str]:
    total = found["summary"]
    lines = []
    if total["entries"]:
        lines.append(
            f"{total['entries']} entries: {total['geometric mean']:.2f} times as fast as the best competitor (geometric mean), "
            f"ahead in {total['won']}; worst {total['worst']:.2f} ({total['worst entry']})"
        )
    aside = [name for name in ASIDE if any(name in entry["times"] for entry in found["entries"])]
    if aside:
        lines.append(f"not counted as competitors: {', '.join(aside)}")
    told = found["machine"]
    lines.append(
        f"{told['processor']}, {told['cores']} cores; {found['threads']} threads and a process of its own for everybody, "
        f"{found['dtype']}; medians; spread: half the distance of the quartiles, ours or the best competitor's"
    )
    lines += [f"refused: {_name(entry)}: {who}: {why}" for entry in found["entries"] for who, why in entry["refused"].items()]
    return lines


def _name(entry: Mapping[str, Any]) -> str:
    return f"{entry['work']} {size_text(entry['sizes'])}"


def limit_lines(found: Results) -> list[str]:
    """Our time beside the limit of the machine, where one was measured."""
    return [
        f"{_name(entry)}: {time_words(entry['times'][OURS]['median'])}, limit {time_words(entry['times'][LIMIT]['median'])}, "
        f"{100 * entry['times'][LIMIT]['median'] / entry['times'][OURS]['median']:.0f} % of it"
        for entry in found["entries"]
        if LIMIT in entry["times"] and OURS in entry["times"]
    ]


def readme_table(found: Results) -> str:
    """One line for each piece of work: how we compare with the best competitor of each size, at the mean and at the worst."""
    lines = [
        "| work | sizes | times as fast as the best competitor | least | there the best competitor is |",
        "|---|---|---|---|---|",
    ]
    for work in dict.fromkeys(entry["work"] for entry in found["entries"]):
        rated = [entry for entry in found["entries"] if entry["work"] == work and entry["ratio"] is not None]
        if rated:
            worst = min(rated, key=lambda entry: float(entry["ratio"]))
            mean = geometric_mean([entry["ratio"] for entry in rated])
            where = size_text(worst["sizes"])
            lines.append(f"| {work} | {len(rated)} | {mean:.2f} | {worst['ratio']:.2f} at {where} | {worst['best']} |")
    return "\n".join([*lines, "", *readme_words(found)])


def readme_words(found: Results) -> list[str]:
    total, told = found["summary"], found["machine"]
    behind = total["entries"] - total["won"]
    return [
        f"Geometric mean over all {total['entries']} entries: {total['geometric mean']:.2f}. "
        f"The kernel is ahead in {total['won']} of them, a competitor in {behind}.",
        f"Measured on {told['processor']} with {told['cores']} cores, {found['threads']} "
        f"{'thread' if found['threads'] == 1 else 'threads'} for everybody, "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items() if number != "not installed")
        + f", Python {found['python']}.",
    ]


def with_table(readme: str, found: Results) -> str:
    """The README with the part between the marks written anew."""
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{readme_table(found)}\n{END}{tail}"
