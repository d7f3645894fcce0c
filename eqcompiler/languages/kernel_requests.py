"""What the kernel part is asked to write: one function each.

Takes: programs. Gives: `KernelRequest`.
Guarantees: `name` and all parameter names are identifiers of the fixed alphabet;
`program.inputs` are the parameters, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eqcompiler.languages.program import Program


@dataclass(frozen=True, slots=True)
class KernelRequest:
    """One generated function.

    kind "value": returns the outputs (a tuple when several; value first for value_and_grad_*).
    kind "step": outputs are the next values of the inputs named in `state`, in that order; returns them.
    kind "run": iterates the step from the given state: extra parameters `iterations` (int) and `tolerance=0.0` (stop when the
    largest change of a state entry is at most that); returns (state..., iterations done).
    line, latex: where the mathematics comes from, shown in the docstring and the header. about: one sentence for the docstring.
    """

    name: str
    program: Program
    kind: Literal["value", "step", "run"] = "value"
    state: tuple[str, ...] = ()
    line: int = 0
    latex: str = ""
    about: str = ""
