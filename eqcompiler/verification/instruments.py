r"""Takes: nothing. Gives: what the judge asks: exact evidence, a proof, a minimum, a repair, in one replaceable record.
Guarantees: `standard()` is the real one; tests hand in false provers and false oracles, and the judge must not be fooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from eqcompiler.languages.statements import Claim, Document
from eqcompiler.languages.terms import Condition, Extremum
from eqcompiler.languages.verdicts import Counterexample
from eqcompiler.verification.answers import Minimum, Proved, Unproved
from eqcompiler.verification.evidence import Evidence
from eqcompiler.verification.oracle import Sample


class Gather(Protocol):
    def __call__(
        self,
        document: Document,
        claim: Claim,
        *,
        extra: tuple[Condition, ...] = (),
        seed: int = 0,
        deadline: float | None = None,
        trials: int = 24,
    ) -> Evidence: ...


class Shrink(Protocol):
    def __call__(self, document: Document, claim: Claim, found: Sample, *, seconds: float = 1.0) -> Counterexample: ...


@dataclass(frozen=True, slots=True)
class Instruments:
    gather: Gather
    shrink: Shrink
    prove: Callable[[Document, Claim, tuple[Condition, ...]], Proved | Unproved]
    minimum: Callable[[Document, Extremum], Minimum]
    repair: Callable[[Document, Claim], str | None]


def standard() -> Instruments:
    raise NotImplementedError
