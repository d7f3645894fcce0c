"""START of reading: a file -> its formulas, as notation trees.

Takes: a path. Gives: the source; its formulas and errors in document order; the files it includes.
Guarantees: UTF-8 or an error; one bad formula never hides the others; the same text gives the same result.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from eqcompiler.errors import BadInput, EquationError, IllegalEquation, Source, Span
from eqcompiler.languages.notation import Formula, Letter, Numeral, Relation, Scripted
from eqcompiler.reading.dialect import unify
from eqcompiler.reading.displays import Draft, bare_words, check_braces, drafts, formula
from eqcompiler.reading.inline_definitions import with_inline_definitions
from eqcompiler.reading.latex_text import items_of_latex
from eqcompiler.reading.macros import Macro, expand, split_definitions
from eqcompiler.reading.markdown_text import items_of_markdown
from eqcompiler.reading.prose_properties import with_prose_properties
from eqcompiler.reading.regions import Definition, Directive, Inclusion, Item, Region, Trouble, directive
from eqcompiler.reading.scanner import Scanner
from eqcompiler.reading.vocabulary import LARGE, LETTERS, ORDERS

SIZE_LIMIT = 5_000_000


def read_source(path: Path, shown: str | None = None) -> Source:
    """The file's text. `shown` is the path in messages. Raises BadInput: missing, no file, too large, not UTF-8, empty."""
    name = shown if shown is not None else str(path)
    try:
        status = path.stat()
        data = path.read_bytes() if stat.S_ISREG(status.st_mode) and status.st_size <= SIZE_LIMIT else b""
    except OSError as error:
        raise BadInput(f"{name}: cannot be read: {error.strerror}", fix=_mended_path(name, error)) from error
    if not stat.S_ISREG(status.st_mode):
        allowed = "a file on disk; pipes and devices can be read once only"
        raise BadInput(f"{name}: is not a file", allowed=allowed, fix="write the text to a file and name that")
    if status.st_size > SIZE_LIMIT:
        found = f"{name}: the file has {status.st_size} bytes"
        raise BadInput(found, allowed=f"files of up to {SIZE_LIMIT} bytes", fix="split it")
    text = _decoded(name, data)
    if not text.strip():
        raise BadInput(f"{name}: the file is empty", fix="write an equation in it")
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def _mended_path(name: str, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "make the file readable for you"
    if "\\" in name and os.sep == "/":
        return f"write / between folders: {name.replace(chr(92), '/')}"
    return "check the path"


def _decoded(name: str, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"{name}: the text is in UTF-16", allowed="text in UTF-8", fix="save the file in UTF-8")
    if (zero := data.find(b"\0")) >= 0:
        what = f"{name}: no text: byte 0x00 at offset {zero}, line {_line_at(data, zero)}"
        raise BadInput(what, allowed="text in UTF-8", fix="name a text file, or save this one in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"byte 0x{data[error.start]:02x} at offset {error.start}, line {_line_at(data, error.start)}"
        raise BadInput(f"{name}: not UTF-8: {where}", allowed="text in UTF-8", fix="save the file in UTF-8") from error


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def formulas(source: Source) -> tuple[Formula | EquationError, ...]:
    """Every formula of the document, and in place of each that has no reading its error."""
    return _Document(source).formulas()


def included(source: Source) -> tuple[tuple[str, Span], ...]:
    r"""The names in \input{...} and \include{...}, with their places."""
    items, _ = items_and_text(source)
    return tuple((item.name, item.span) for item in items if isinstance(item, Inclusion))


MATHEMATICAL = frozenset({*LETTERS, *LARGE, "frac", "sqrt", "partial", "nabla", "hat", "cdot"})
COMMAND = re.compile(r"\\([A-Za-z]+)")


def is_markdown(source: Source) -> bool:
    return source.path.lower().endswith((".md", ".markdown", ".txt"))


@lru_cache(maxsize=8)  # read for its inclusions, then for its formulas
def items_and_text(source: Source) -> tuple[tuple[Item, ...], str]:
    """What the document consists of; its text, at the same offsets, without the marks of Markdown before quoted lines."""
    if is_markdown(source):
        return items_of_markdown(source)
    return tuple(items_of_latex(source)), source.text


def unmarked(source: Source, text: str) -> list[IllegalEquation]:
    """Markdown without any formula that holds LaTeX all the same, as a page copied from a browser does, is an error."""
    if not is_markdown(source):
        return []
    found = [match for match in COMMAND.finditer(text) if match[1] in MATHEMATICAL]
    lines = {text.count("\n", 0, match.start()) for match in found}
    if not lines:
        return []
    where = f"{len(lines)} lines hold" if len(lines) > 1 else "a line holds"
    return [
        IllegalEquation(
            f"{where} LaTeX without the marks of a formula, so nothing was read",
            Span(source, found[0].start(), found[0].end()),
            allowed=r"$$ ... $$, \[ ... \], \begin{equation} ... \end{equation}, and $ ... $ for declarations",
            fix="put marks around each formula, and leave out the rendered text that a copied page repeats before it",
        )
    ]


CONNECTIVES = r"with|where|such\s+that|satisfying|that\s+satisf(?:y|ies)|and|,\s*and|,\s*with|,\s*where"
OPENED, CLOSED = r"(?:\$|\\\()?", re.compile(r"(?:\$|\\\))?\s*[.,;:]")
KIND = r"(?:be\s+an?\s+(?:[\w-]+\s+)?(?:vector|matrix|number)\s+)?"
JOINING = re.compile(rf"(?:\$|\\\))?\s*{KIND}(?:{CONNECTIVES})\s*{OPENED}")
CONDITION = re.compile(rf"(?:\$|\\\))?\s*,?\s*(?:with|such\s+that|satisfying)\s*{OPENED}")
LISTING = re.compile(rf"(?:\$|\\\))?\s*,\s*{OPENED}")


def joined(found: Sequence[Formula | EquationError]) -> Iterator[Formula | EquationError]:
    r"""Inline formulas that continue the declaration before them: `Let $Q \in \mathbb{R}^{n \times n}$ with $Q^\top Q = I$`."""
    before: Formula | None = None
    for item in found:
        if isinstance(item, Formula) and item.inline and before is not None:
            between = item.span.source.text[before.span.stop : item.span.start]
            ends = CLOSED.match(item.span.source.text, item.span.stop) is not None
            listed = ends and LISTING.fullmatch(between) is not None  # `Let $u \in \mathbb{R}^n$, $\|u\| = 1$.`
            member = before.joined or declares_a_member(before)
            joining = JOINING if member else CONDITION
            item = replace(item, joined=(member and listed) or joining.fullmatch(between) is not None)
        declares = isinstance(item, Formula) and (item.joined or declares_a_member(item) or declares_a_sign(item))
        before = item if isinstance(item, Formula) and declares else None
        yield item


def declares_a_member(formula: Formula) -> bool:
    return formula.inline and any(isinstance(part, Relation) and "in" in part.operators for part in formula.parts)


def declares_a_sign(formula: Formula) -> bool:
    r"""$w_k \ge 0$, $P \succ 0$: a bound on a name by a number says what the name is."""
    match formula.parts:
        case (Relation(operators=(sign,), sides=(left, Numeral())),):
            base = left.base if isinstance(left, Scripted) else left
            return formula.inline and sign in ORDERS and isinstance(base, Letter)
    return False


class _Document:
    """Two passes: the tokens of all formulas first, because a run of letters is a name by what the whole file does with it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items, self.text = items_and_text(source)
        self.macros: dict[str, Macro] = {}
        self.pending: list[Directive] = []
        self.drafts: list[Draft | EquationError] = []

    def formulas(self) -> tuple[Formula | EquationError, ...]:
        for item in self.items:
            self.rules[type(item)](self, item)
        for left in self.pending:
            self.drafts.append(
                IllegalEquation("the directive is followed by no display", left.span, fix="move it or remove it")
            )
        words = bare_words([draft.tokens for draft in self.drafts if isinstance(draft, Draft)])
        results: list[Formula | EquationError] = []
        for draft in self.drafts:
            results += formula(self.source, draft, words) if isinstance(draft, Draft) else [draft]
        read = tuple(with_inline_definitions(tuple(joined(results))))
        regions = [item for item in self.items if isinstance(item, Region)]
        return with_prose_properties(self.source, self.text, regions, read) or tuple(unmarked(self.source, self.text))

    def trouble(self, item: Trouble) -> None:
        self.drafts.append(item.error)

    def directive(self, item: Directive) -> None:
        given = next((each for each in self.pending if each.key == item.key), None)
        if given is not None:
            self.drafts.append(
                IllegalEquation(
                    f"the directive `{item.key}` is given twice for one formula",
                    item.span,
                    fix="remove one of them",
                    also=((given.span, "given here"),),
                )
            )
        else:
            self.pending.append(item)

    def definition(self, item: Definition) -> None:
        self.macros[item.macro.name] = item.macro

    def inclusion(self, _item: Inclusion) -> None:
        """Inclusions say nothing about this document's own formulas."""

    def region(self, item: Region) -> None:
        directives: list[Directive] = []
        if not item.inline:
            directives, self.pending = self.pending, []
        try:
            self.drafts += self.read(item, directives)
        except EquationError as error:
            if not (item.inline and not self.mentions_declaration(item)):
                self.drafts.append(error)

    def read(self, item: Region, directives: list[Directive]) -> list[Draft]:
        scanner = Scanner(self.source, self.text, item.start, item.stop)
        tokens = scanner.run()
        for comment in scanner.comments:
            found = directive(self.source, comment.text, comment.start, comment.stop)
            if isinstance(found, Directive):
                directives.append(found)
            else:
                self.trouble(found)
        tokens, self.macros = split_definitions(self.source, tokens, self.macros)
        if not tokens and scanner.tokens:
            return []  # the region only defines macros
        expanded = expand(self.source, tokens, self.macros)
        check_braces(self.source, expanded)
        return drafts(self.source, item, unify(self.source, expanded), directives)

    def mentions_declaration(self, item: Region) -> bool:
        """Whether inline mathematics that cannot even be scanned holds a sign that would make it a declaration."""
        text = self.text[item.start : item.stop]
        return any(sign in text for sign in ("=", "<", ">", r"\in", r"\sim", r"\to", r"\le", r"\ge", r"\succ"))

    rules: ClassVar[dict[type, Callable[..., None]]] = {
        Trouble: trouble,
        Directive: directive,
        Definition: definition,
        Inclusion: inclusion,
        Region: region,
    }
