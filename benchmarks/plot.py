"""Speed against size, one panel for each piece of work with several sizes, as an SVG.

Takes: results. Gives: the text of an SVG. Guarantees: the same results give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report import Results
from benchmarks.table import ASIDE, CONTENDERS, LIMIT, OURS

COLUMNS = 4
STYLES = {OURS: {"color": "#d1495b", "linewidth": 2.6, "zorder": 5}, LIMIT: {"color": "#999999", "linestyle": ":"}}
COLOURS = ("#00798c", "#edae49", "#30638e", "#7b4b94", "#66a182", "#8d6a4f", "#2e4057", "#b56576", "#5f7470", "#9aa0a8")


def svg(found: Results) -> str:
    works = [w for w in dict.fromkeys(e["work"] for e in found["entries"]) if len(_entries(found, w)) > 1]
    names = [n for n in CONTENDERS if n not in ASIDE and any(n in e["times"] for w in works for e in _entries(found, w))]
    settings: dict[str, Any] = {
        "svg.hashsalt": "eqcompiler",
        "svg.fonttype": "none",
        "font.size": 8,
        "font.family": "sans-serif",
    }
    with mpl.rc_context(settings):
        rows = -(-len(works) // COLUMNS)
        figure = Figure(figsize=(3.1 * COLUMNS, 2.6 * rows + 0.5), layout="constrained")
        panels: list[Axes] = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
        for work, panel in zip(works, panels, strict=False):
            _panel(panel, work, _entries(found, work), names)
        for panel in panels[len(works) :]:
            panel.set_axis_off()
        told = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
        order = [name for name in names if name in told]
        figure.legend([told[name] for name in order], order, loc="outside lower center", ncols=len(order), frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "".join(line.rstrip() + "\n" for line in text.getvalue().splitlines())


def _entries(found: Results, work: str) -> list[dict[str, Any]]:
    return [entry for entry in found["entries"] if entry["work"] == work]


def _panel(panel: Axes, work: str, entries: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Numbers of the data worked through in a second (in every step of a descent), from the smallest size to the largest."""
    ordered = sorted(entries, key=lambda entry: (entry["numbers"], entry["sizes"]))
    for name, colour in zip(names, (COLOURS * 2)[: len(names)], strict=True):
        points = [(k, e["numbers"] / e["times"][name]["median"] / 1e9) for k, e in enumerate(ordered) if name in e["times"]]
        if points:
            style: dict[str, Any] = {"color": colour, "linewidth": 1.2, **STYLES.get(name, {})}
            panel.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name, **style)
    panel.set_xticks(range(len(ordered)), [_short(entry["sizes"]) for entry in ordered], rotation=40, ha="right")
    panel.set_yscale("log")
    panel.minorticks_off()
    panel.set_title(work)
    panel.set_ylabel("billion numbers per second")
    panel.grid(True, alpha=0.25, linewidth=0.5)


def _short(sizes: Sequence[int]) -> str:
    """10k x 20."""
    words = [f"{s // 10**6}M" if s % 10**6 == 0 else f"{s // 10**3}k" if s % 10**3 == 0 else str(s) for s in sizes]
    return " x ".join(words)
