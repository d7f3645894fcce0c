"""Judged files -> one page.

Takes: files, their verdicts, errors and documents. Gives: HTML.
Guarantees: every text is escaped by the template; the same verdicts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eqcompiler.interfaces.judging import Judged
from eqcompiler.interfaces.report_sections import SectionWriter, SpelledOut, counts_of
from eqcompiler.interfaces.report_words import method_meanings, verdict_meanings
from eqcompiler.interfaces.screen import counted
from eqcompiler.languages.statements import Document

TEMPLATE = "report.html.jinja"
# what is looked at first
URGENCY = ("fault", "error", "refuted", "conditional", "unsupported", "undecided", "holds", "proved")


def page(judged: Sequence[tuple[Path, Judged, Document | None]], spelled_out: SpelledOut) -> str:
    """The whole page as text."""
    sections = [
        SectionWriter(f"file-{number}", str(file), document, spelled_out).section(result)
        for number, (file, result, document) in enumerate(judged, start=1)
    ]
    verdicts = [verdict for _, result, _ in judged for verdict in result.verdicts]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(TEMPLATE).render(
        sections=sections,
        claims=counted(len(verdicts), "claim"),
        files=counted(len(judged), "file"),
        counts=counts_of(verdicts),
        urgent=sorted((u for section in sections for u in section.urgent), key=lambda each: URGENCY.index(each.verdict)),
        verdicts=verdict_meanings(verdict.verdict for verdict in verdicts),
        methods=method_meanings(verdict.method for verdict in verdicts),
        expected=any(verdict.expected for verdict in verdicts),
    )
    return str(text)
