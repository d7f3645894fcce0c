"""SymPy's lambdify of the scalar functions, on arrays by NumPy."""

from __future__ import annotations

import sympy

from benchmarks.contenders.by_numpy import positional
from benchmarks.contenders.opening import Table

z = sympy.Symbol("z")


def opening() -> Table:
    sigmoid = sympy.lambdify(z, 1 / (1 + sympy.exp(-z)), "numpy", cse=True)
    softplus = sympy.lambdify(z, sympy.log(1 + sympy.exp(z)), "numpy", cse=True)
    return Table({"sigmoid": positional(sigmoid, "z"), "softplus": positional(softplus, "z")})
