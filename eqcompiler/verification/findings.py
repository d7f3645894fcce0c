r"""Findings: what was decided about a claim, in words.

Takes: nothing; data and words only. Gives: `Finding`, what was decided about a claim, and its texts.
Guarantees: every text is a phrase or a sentence for people.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqcompiler.errors import EquationError
from eqcompiler.languages.verdicts import Counterexample, Outcome
from eqcompiler.verification.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """What was decided, before it is dressed as a verdict. `cut`: the time ended the search for a condition or a repair."""

    outcome: Outcome
    method: str
    reason: str = ""
    condition: str | None = None
    counterexample: Counterexample | None = None
    residual: str | None = None
    repair: str | None = None
    steps: tuple[str, ...] = ()
    cut: bool = False


def placed(error: EquationError) -> str:
    return f"{error.span}: {error.what}" if error.span else error.what


def sentence(error: EquationError) -> str:
    text = placed(error)
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def confirmed(trial: Evidence) -> str:
    """What the oracle says beside a proof."""
    if trial.agreements:
        return f"confirmed in {trial.method}"
    because = trial.unsupported.what if trial.unsupported is not None else trial.reason
    return f"not tried with numbers: {because}" if because else "not tried with numbers"
