"""Every error a user can meet, where it points, and the one way it is shown.

Takes: a place in a source file and sentences. Gives: exceptions that know their exit code and render themselves.
Guarantees: one shape for all: file:line:col, the line with a caret, what is wrong, what is allowed, how to fix.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

EXCERPT_WIDTH = 100
CUT = "..."  # where a long line goes on; never over the marked part


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one equation file. `path` is what messages show; offsets count characters of `text`."""

    path: str
    text: str
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0] + [k + 1 for k, character in enumerate(self.text) if character == "\n"]
        object.__setattr__(self, "_starts", tuple(starts))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        start = self._starts[line - 1]
        stop = self.text.find("\n", start)
        return self.text[start : stop if stop >= 0 else len(self.text)].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `stop` (exclusive) of a source."""

    source: Source
    start: int
    stop: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.stop]

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.source, min(self.start, other.start), max(self.stop, other.stop))

    def excerpt(self) -> str:
        """The line and a caret line under the marked part; a long line is cut around the mark."""
        line, column = self.source.position(self.start)
        text = self.source.line_text(line).replace("\t", " ")
        width = max(1, min(self.stop, self.start + len(text) - column + 1) - self.start)
        left = max(0, min(column - 1, column - 1 + width - EXCERPT_WIDTH + 10)) if len(text) > EXCERPT_WIDTH else 0
        place = column - 1 - left
        caret = "^" * min(width, max(1, EXCERPT_WIDTH - place))
        shown = text[left : left + EXCERPT_WIDTH]
        if left and place >= len(CUT):
            shown = CUT + shown[len(CUT) :]
        if left + EXCERPT_WIDTH < len(text) and place + len(caret) <= EXCERPT_WIDTH - len(CUT):
            shown = shown[: -len(CUT)] + CUT
        return f"    {shown.rstrip()}\n    {' ' * place}{caret}"


class EquationError(Exception):
    """Anything that keeps an input from being judged. The subclasses say of which nature.

    what: what is wrong, with the values in it. allowed: what would be accepted. fix: one line that a reader can act on.
    also: further places that belong to the error, each with the words to show beside it.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        span: Span | None = None,
        *,
        allowed: str = "",
        fix: str = "",
        also: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.span = span
        self.allowed = allowed
        self.fix = fix
        self.also = also

    def __str__(self) -> str:
        return render(self)


class IllegalEquation(EquationError):
    """The input can never be right as it is written: unbalanced brace, two sizes that differ, an unknown symbol.

    Example: `\\[ A x \\]` with A 3 by 4 and x of size 5. Repair: declare or write the sizes that fit.
    """


class ShapeMismatch(IllegalEquation):
    """Two shapes that have to agree do not. The message shows both sizes and both places.

    Example: `\\[ A x \\]` with A 3 by 4 and x of size 5. Repair: a transpose, or the sizes in a declaration.
    """


class AmbiguousNotation(IllegalEquation):
    """Two readings are possible and nothing declared decides. The message lists the choices, each with its declaration.

    Example: `x^{(i)}` with nothing declared: sample i of x, or x to the power i.
    """


class NotSupportedYet(EquationError):
    """A construct outside what is implemented. Named with its position, never skipped."""


class BadInput(EquationError):
    """A file, an option or data from outside that cannot be used: not UTF-8, an empty folder, a missing column, NaN."""


class CompilerFault(EquationError):
    """eqcompiler contradicts itself (a proof against its own oracle). Never the author's mistake."""

    exit_code = 3


def render(error: EquationError) -> str:
    """The error as a person reads it: place, what, excerpt with caret, other places, what is allowed, how to fix."""
    head = f"{error.span}: {error.what}" if error.span else error.what
    lines = [head]
    if error.span:
        lines.append(error.span.excerpt())
    for span, words in error.also:
        lines += [f"  {span}: {words}", span.excerpt()]
    if error.allowed:
        lines.append(f"  allowed: {error.allowed}")
    if error.fix:
        lines.append(f"  to fix: {error.fix}")
    return "\n".join(lines)
