"""Verdicts: what was decided about a claim, by which method, on what evidence.

Takes: nothing; data only. Gives: `Verdict`, whose `as_json` has exactly the keys of the contract (design, section 10).
Guarantees: `ok` is true only for proved, holds, or the verdict that the author expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["proved", "holds", "conditional", "refuted", "undecided", "unsupported"]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Small sizes and values at which the two sides differ. Values are exact text, "3", "-1/2", or nested lists.

    written: the LaTeX of those names that the file writes in another way, for people; programs go by the names.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, object]
    left: object
    right: object
    written: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        point = point_text({**self.sizes, **self.values}, self.written)
        sides = f"left side {value_text(self.left)}, right side {value_text(self.right)}"
        return f"{point}: {sides}" if point else sides

    def as_json(self) -> dict[str, object]:
        return {"sizes": dict(self.sizes), "values": dict(self.values), "left": self.left, "right": self.right}


def point_text(values: Mapping[str, object], written: Mapping[str, str]) -> str:
    r"""n = 1, \mathbf{x} = [0, 1/2]"""
    return ", ".join(f"{written.get(name, name)} = {value_text(value)}" for name, value in values.items())


def value_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(entry) for entry in value) + "]"
    return str(value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one claim. latex texts: condition, residual (left minus right), repair. `steps`: the proof.
    `settled`: another run would decide the same; not so when time, memory or a defect of eqcompiler decided."""

    file: str
    line: int
    column: int
    name: str
    kind: str
    latex: str
    verdict: Outcome
    method: str
    condition: str | None = None
    counterexample: Counterexample | None = None
    residual: str | None = None
    repair: str | None = None
    reason: str = ""
    expected: str | None = None
    ok: bool = False
    seconds: float = 0.0
    steps: tuple[str, ...] = field(default=())
    settled: bool = True

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "name": self.name,
            "kind": self.kind,
            "latex": self.latex,
            "verdict": self.verdict,
            "method": self.method,
            "condition": self.condition,
            "counterexample": self.counterexample.as_json() if self.counterexample else None,
            "residual": self.residual,
            "repair": self.repair,
            "reason": self.reason,
            "expected": self.expected,
            "ok": self.ok,
            "seconds": round(self.seconds, 6),
        }
