r"""The second reader: latex2sympy2 reads plain scalar arithmetic independently, so that a misreading of ours is noticed.

Takes: the LaTeX of one side, our SymPy expression of it. Gives: None, or a sentence that says where the two readings differ.
Guarantees: it speaks only about letters, numbers, + - * / ^, \frac, \sqrt, exp, log, sin, cos, tan, where its reading is
known to be sound; matrices, indices, x^{(i)} and longer names are outside its scope.
Nothing of it stays in the process but its module.

Its traps, each guarded: \log is base 10 (asked as \ln); i, j, I are the imaginary unit and `dx` overwrites its variable table
(letters left out); a(b) is a function of b (refused); its `gen` package would hide or be hidden by one of the user's.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import re
import sys
import types
import typing
import warnings
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path

import mpmath  # type: ignore[import-untyped]
import sympy
from sympy.core.function import AppliedUndef

LENGTH_LIMIT = 400
NESTING_LIMIT = 12
DIGITS = 50
LARGEST_EXPONENT = 10_000
GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega"
    "|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega"
)
TOKEN = re.compile(
    rf"\\(?:{GREEK}|frac|sqrt|exp|log|ln|sin|cos|tan|cdot|times|left|right)(?![A-Za-z])"
    r"|e(?=\s*\^)|[abcfghk-zABCDFGHK-Z]|\d{1,6}(?:\.\d{1,6})?|[-+*/^(){}]"
)
VARIABLE = re.compile(rf"[A-Za-z]|\\(?:{GREEK})")
BLANK = re.compile(r"(?:\s|\\[,;!: ]|\\quad)*")
SAME = {r"\log": r"\ln", r"\times": r"\cdot"}
POINTS = 4
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101)


class _OutsideScope(Exception):
    """A function that has no place in the comparison: neither reading is judged by it."""


@lru_cache(maxsize=4096)
def read_scalar(latex: str) -> sympy.Expr | None:
    """What latex2sympy2 reads, unevaluated; None when the text is outside its sound scope or it refuses."""
    text = in_scope(latex)
    if text is None:
        return None
    reader = _reader()
    with _quiet(), _own_state(reader):
        try:
            found = reader.latex2sympy(text)
        except Exception:  # the package raises plain Exception for every refusal; a refusal is an answer here
            return None
    if not isinstance(found, sympy.Expr) or found.has(AppliedUndef, sympy.I):
        return None
    return found


def disagreement(latex: str, ours: sympy.Expr, symbols: Mapping[str, sympy.Symbol]) -> str | None:
    """Where the second reading of `latex` differs in value from ours; None when it agrees or has nothing to say.

    symbols: LaTeX name (with or without backslash) -> our symbol. Compared at several rational points, in 50 digits.
    """
    table = {name.lstrip("\\"): symbol for name, symbol in symbols.items()}
    if not ours.free_symbols <= set(symbols.values()) or not letters(latex) <= set(table):
        return None  # reading takes long, and a letter without a scalar could not be compared anyway
    second = read_scalar(latex)
    if second is None or any(symbol.name not in table for symbol in second.free_symbols):
        return None
    everything = sorted(table)
    for k in range(POINTS):
        point = {name: _coordinate(k, position) for position, name in enumerate(everything)}
        with mpmath.workdps(DIGITS):
            difference = _difference(second, ours, point, table)
        if difference is not None:
            values = ", ".join(f"{name} = {point[name]}" for name in everything) or "no variables"
            return f"the second reader reads `{second}`: at {values} that is {difference[0]}, ours is {difference[1]}"
    return None


def letters(latex: str) -> set[str]:
    """The variables that a text within the scope shows, without their backslashes."""
    tokens = (in_scope(latex) or "").split()
    return {token.lstrip("\\") for token in tokens if VARIABLE.fullmatch(token)} - {"e", "pi"}


def in_scope(latex: str) -> str | None:
    """The text in the reader's dialect, one blank between symbols; None when a symbol is outside the scope."""
    if len(latex) > LENGTH_LIMIT:
        return None
    at, depth, tokens = BLANK.match(latex).end(), 0, []  # type: ignore[union-attr]
    while at < len(latex):
        match = TOKEN.match(latex, at)
        if match is None:
            return None
        tokens.append(SAME.get(match[0], match[0]))
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(match[0], 0)
        if not 0 <= depth <= NESTING_LIMIT:
            return None
        at = BLANK.match(latex, match.end()).end()  # type: ignore[union-attr]
    return " ".join(tokens) if tokens else None


def _coordinate(k: int, position: int) -> Fraction:
    """Positive at the even points, of both signs at the odd ones; no two names get the same value."""
    value = Fraction(PRIMES[(position + 3 * k) % len(PRIMES)], PRIMES[(position + 5 * k + 7) % len(PRIMES)] + k)
    return -value if k % 2 and position % 2 else value


def _difference(
    second: sympy.Expr, ours: sympy.Expr, point: Mapping[str, Fraction], table: Mapping[str, sympy.Symbol]
) -> tuple[str, str] | None:
    by_name = {sympy.Symbol(name): value for name, value in point.items()}
    by_symbol = {table[name]: value for name, value in point.items()}
    values = []
    for expression, environment in ((second, by_name), (ours, by_symbol)):
        try:
            values.append(_value(expression, environment))
        except (ZeroDivisionError, OverflowError, ValueError, _OutsideScope):
            return None  # no value at this point, or a function outside the scope: nothing to compare
    if mpmath.fabs(values[0] - values[1]) <= mpmath.mpf(10) ** (10 - DIGITS) * (1 + mpmath.fabs(values[0])):
        return None
    return mpmath.nstr(values[0], 10), mpmath.nstr(values[1], 10)


def _value(expression: sympy.Basic, point: Mapping[sympy.Symbol, Fraction]) -> mpmath.mpf | mpmath.mpc:
    """The expression's value, walked by hand: SymPy would evaluate 9**9**9 exactly."""
    if isinstance(expression, sympy.Symbol):
        return mpmath.mpf(point[expression].numerator) / point[expression].denominator
    if isinstance(expression, sympy.Rational):
        return mpmath.mpf(expression.p) / expression.q
    if expression in CONSTANTS:
        return +CONSTANTS[expression]
    arguments = [_value(argument, point) for argument in expression.args]
    if expression.func not in FUNCTIONS:
        raise _OutsideScope(str(expression.func))
    return FUNCTIONS[expression.func](*arguments)


def _power(base: mpmath.mpf, exponent: mpmath.mpf) -> mpmath.mpf:
    if mpmath.fabs(exponent) > LARGEST_EXPONENT:
        raise OverflowError("exponent")
    return mpmath.power(base, exponent)


def _exponential(argument: mpmath.mpf) -> mpmath.mpf:
    if mpmath.fabs(argument) > LARGEST_EXPONENT:
        raise OverflowError("exponent")
    return mpmath.exp(argument)


CONSTANTS = {sympy.pi: mpmath.pi, sympy.E: mpmath.e}
FUNCTIONS = {
    sympy.Add: lambda *terms: mpmath.fsum(terms),
    sympy.Mul: lambda *factors: mpmath.fprod(factors),
    sympy.Pow: _power,
    sympy.exp: _exponential,
    sympy.log: lambda x, base=None: mpmath.log(x) if base is None else mpmath.log(x) / mpmath.log(base),
    sympy.sin: mpmath.sin,
    sympy.cos: mpmath.cos,
    sympy.tan: mpmath.tan,
}


@cache
def _reader() -> types.ModuleType:
    """latex2sympy2, imported so that neither its warnings nor its top-level package `gen` reach anything else."""
    found = importlib.util.find_spec("latex2sympy2")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("latex2sympy2")
    folder = str(Path(found.origin).parent)
    with warnings.catch_warnings(), _quiet(), _set_aside("gen", "typing.io"):
        warnings.simplefilter("ignore")
        stand_in = types.ModuleType("typing.io")  # its antlr runtime imports what Python 3.13 removed
        stand_in.TextIO = typing.TextIO  # type: ignore[attr-defined]
        sys.modules["typing.io"] = stand_in
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("latex2sympy2")
        finally:
            sys.path.remove(folder)


@contextlib.contextmanager
def _set_aside(*names: str) -> Iterator[None]:
    """The modules of these names, and those inside them, are as before when the block ends."""

    def mine(module: str) -> bool:
        return any(module == name or module.startswith(f"{name}.") for name in names)

    kept = {module: sys.modules.pop(module) for module in sorted(sys.modules) if mine(module)}
    try:
        yield
    finally:
        for module in [module for module in sys.modules if mine(module)]:
            del sys.modules[module]
        sys.modules.update(kept)


@contextlib.contextmanager
def _own_state(reader: types.ModuleType) -> Iterator[None]:
    """The reader's variable tables, empty inside the block and restored after it."""
    names = ("var", "variances", "VARIABLE_VALUES", "is_real", "frac_type")
    kept = {name: getattr(reader, name) for name in names}
    reader.var, reader.variances, reader.VARIABLE_VALUES = {}, {}, {}  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(reader, name, value)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
