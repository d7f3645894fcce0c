"""eqcompiler: mathematics written in LaTeX becomes verified gradients and machine-speed kernels.

Takes: a path or LaTeX. Gives: `load` and `to_sympy`; see `eqcompiler.interfaces.python`.
Guarantees: importing the package loads neither SymPy nor Numba; the first call does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eqcompiler.interfaces.python import load, to_sympy

__version__ = "0.1.0"
__all__ = ["__version__", "load", "to_sympy"]


def __getattr__(name: str) -> Any:
    if name in ("load", "to_sympy"):
        from eqcompiler.interfaces import python

        return getattr(python, name)
    raise AttributeError(f"module 'eqcompiler' has no attribute {name!r}")
