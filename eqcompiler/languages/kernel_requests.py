"""What the kernel part is asked to write: one function each.

Takes: programs. Gives: `KernelRequest`.
Guarantees: `name` and all parameter names are identifiers of the fixed alphabet;
`program.inputs` are the parameters, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Program


@dataclass(frozen=True, slots=True)
class Draw:
    """One random array.

    law: a key of LAWS. parameters: for each of its parameters a program of one output, of the array's own shape, or without its
    first axis (the samples) when it is the same for all of them. joint: the last axes of the array that are drawn together
    (1: normal vectors; a variance has these axes twice). words: the law for people.
    """

    name: str
    law: str
    shape: tuple[Dimension, ...]
    parameters: tuple[Program, ...]
    joint: int = 0
    latex: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class KernelRequest:
    """One generated function.

    kind "value": returns the outputs (a tuple when several; value first for value_and_grad_*).
    kind "step": outputs are the next values of the inputs named in `state`, in that order; returns them.
    kind "run": iterates the step from the given state: extra parameters `iterations` (int) and `tolerance=0.0` (stop when the
    largest change of a state entry is at most that); returns (state..., iterations done).
    kind "sample": first draws what `draws` says, in that order (a law may need an earlier draw), then returns the output.
    Parameters: the inputs that are not drawn, `seed`, `count=None`. An input may have one more axis in front: a row a draw.
    line, latex: where the mathematics comes from, shown in the docstring and the header. about: one sentence for the docstring.
    """

    name: str
    program: Program
    kind: Literal["value", "step", "run", "sample"] = "value"
    state: tuple[str, ...] = ()
    line: int = 0
    latex: str = ""
    about: str = ""
    draws: tuple[Draw, ...] = ()
