"""One formula while it is read: its directives, the conditions attached to it, and the statements that came out.

Takes: a formula and a reader. Gives: `Sentence`, which every rule of the modules beside fills.
Guarantees: a statement takes the author's name or label; only the first of a formula does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from eqcompiler.errors import Span
from eqcompiler.languages.notation import (
    Formula,
)
from eqcompiler.languages.statements import Kind, Statement
from eqcompiler.languages.terms import (
    Condition,
)
from eqcompiler.reading.documents import items_and_text
from eqcompiler.reading.meaning import Reader

COMMENT = re.compile(r"(\\.)|%[^\n]*", re.DOTALL)


@dataclass(slots=True)
class Sentence:
    """One formula while it is read: its directives, the assumptions attached to it and what came out."""

    formula: Formula
    reader: Reader
    attached: list[Condition] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def directive(self, key: str) -> str | None:
        return next((value for name, value, _ in self.formula.directives if name == key), None)

    def add(self, name: str, kind: Kind, span: Span, **rest: object) -> None:
        given = self.directive("name") or self.formula.label
        known = bool(self.statements) or not given
        written = {"latex": one_line(span), **rest}
        statement = Statement(name if known else given, kind, span, **written)  # type: ignore[arg-type]
        if kind.startswith("claim") or kind == "objective":
            statement = replace(statement, expect=self.directive("expect") or "")
        self.statements.append(statement)


def one_line(span: Span) -> str:
    """What stands there, without comments and the marks of a quotation, which would swallow or distort what follows them."""
    text = items_and_text(span.source)[1][span.start : span.stop]
    return " ".join(COMMENT.sub(lambda match: match[1] or "", text).split())
