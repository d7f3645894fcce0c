"""From index-form programs to loaded Numba kernels; `plan_loops` shows the steps.

Takes: kernel requests. Gives: `plan` (a printable LoopPlan), `module_text` (a generated file), `load` (a module).
Guarantees: numba is imported only by the modules that `load` loads.
"""

from __future__ import annotations

from eqcompiler.kernels.emit import module_text
from eqcompiler.kernels.loading import load
from eqcompiler.kernels.plan_loops import plan

__all__ = ["load", "module_text", "plan"]
