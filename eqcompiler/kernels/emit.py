"""Loop plans become a readable Python module.

Takes: requests and the source that they come from. Gives: the text of a module that imports only numpy and numba (and math).
Guarantees: the same requests give the same bytes; text from the source appears in comments and docstrings only, without
quotes and control characters.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

import sympy

from eqcompiler.errors import CompilerFault, Source
from eqcompiler.kernels import decimal_text, double_double_text
from eqcompiler.kernels.checked_text import checked_text
from eqcompiler.kernels.doors import LINE, Door, used
from eqcompiler.kernels.family_doors import MEMBERS, FamilyDoor
from eqcompiler.kernels.fetch_text import FETCH
from eqcompiler.kernels.many_rows_text import many_rows_text
from eqcompiler.kernels.more_digits import DECIMAL, DOUBLE_DOUBLE, more_digits
from eqcompiler.kernels.plan_loops import plan
from eqcompiler.kernels.python_text import IDENTIFIER, MODULE_WORDS, Identifiers, PythonText
from eqcompiler.kernels.samplers import law_texts, sampler_plans, sampler_text
from eqcompiler.kernels.sampling_text import LAW_TEXTS, SAMPLER_DOOR
from eqcompiler.kernels.stable_functions import TEXTS, called
from eqcompiler.kernels.standing_solvers import LAPACK, SOLVERS
from eqcompiler.kernels.standing_text import DOOR
from eqcompiler.kernels.step_text import StepText
from eqcompiler.kernels.threads_text import IN_THREADS
from eqcompiler.languages.accuracy import Accuracy
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.loop_plan import (
    CAREFUL,
    Accumulate,
    Assign,
    Iterate,
    LibraryCall,
    Loop,
    LoopPlan,
    Node,
    Operand,
    Storage,
    library_calls,
)
from eqcompiler.languages.step_loops import Steps

# What LLVM may do: reorder sums (to use vector registers) and fuse multiply with add. NaN and infinities keep their meaning.
DECORATOR = '@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})'
WIDTH = 120
QUOTE = '"'

BRING_ARRAYS = ("symmetric dot", "cholesky")  # their results are new arrays
STANDING = (
    DOOR,
    IN_THREADS,
    FETCH,
    MEMBERS,
    SAMPLER_DOOR,
    *LAW_TEXTS.values(),
    *chain.from_iterable(SOLVERS.values()),
    *TEXTS.values(),
    decimal_text.SURE,
    decimal_text.SETTLED,
    *double_double_text.TEXTS.values(),
    *decimal_text.TEXTS.values(),
)
HELPERS = frozenset(re.findall(r"^(?:def |class |(?=_\w+ = ))(\w+)", "".join(STANDING), re.MULTILINE))


def module_text(requests: tuple[KernelRequest, ...], source: Source) -> str:
    """The whole generated file. Raises NotSupportedYet, naming the kernel, for what has no loop form."""
    names = [request.name for request in requests]
    kernels, samplers = [r for r in requests if r.kind != "sample"], tuple(r for r in requests if r.kind == "sample")
    plans = [replace(plan(request), name=compiled_name(request.name)) for request in kernels]
    taken = [*names, *(p.name for p in plans if p.name not in names)]
    taken += [f"{p.name}_hoisted" for p in plans if p.hoisted]
    taken += [f"{p.name}_{part}" for p in plans if p.accuracy for part in ("checked", "doubled", "exactly")]
    taken += [f"{p.name}_{part}" for p in plans if p.many for part in ("rows", "turns", "many", "rest")]
    for name in names:
        if not IDENTIFIER.fullmatch(name) or name in MODULE_WORDS or taken.count(name) > 1:
            raise CompilerFault(f"{name!r} cannot name a kernel")
    bodies = [_kernel(request, planned) for request, planned in zip(kernels, plans, strict=True)]
    bodies += [sampler_text(request, partial(_docstring, request), _compiled_alone) for request in samplers]
    plans += [planned for request in samplers for planned in sampler_plans(request)]
    solvers = dict.fromkeys(text for p in plans for text in _solvers(p))
    families = [MEMBERS] if any(p.sizes for p in plans) else []
    threads = [text for word, text in THREADS.items() if any(word in body for body in bodies)]
    promises = [decimal_text.SURE, decimal_text.SETTLED] if any("_sure(" in body for body in bodies) else []
    digits = [*called(double_double_text.TEXTS, bodies), *promises, *called(decimal_text.TEXTS, bodies)]
    head = _header(source, names, "".join([*families, *solvers, *digits, *bodies]))
    standing = (DOOR, *families, *threads, *law_texts(samplers), *solvers, *called(TEXTS, bodies), *digits)
    text = "\n\n".join([head, *(text.strip("\n") + "\n" for text in standing), *bodies])
    return f"{text}\n\n{_one_name(text)}"


def _one_name(text: str) -> str:
    """The end of the module: numba keeps the name of a module with what it has compiled, and imports that when another
    process finds it there. The name would depend on the way of the import: ridge, generated.ridge."""
    name = f"{QUOTE}eqcompiler_generated_{hashlib.sha256(text.encode()).hexdigest()[:16]}{QUOTE}"
    why = "# what numba keeps on disk is found under one name, whichever way this file is imported"
    return f"{why}\nsys.modules[{name}] = sys.modules[__name__]\n__name__ = {name}\n"


# a word in a kernel -> the standing text behind it
THREADS = {"_in_threads(": IN_THREADS, "_fetch(": FETCH}


def compiled_name(name: str) -> str:
    """The compiled function of a kernel has its name behind an underscore; the helpers of a module have such names too."""
    return f"{name}_kernel" if f"_{name}" in HELPERS else name


# a word in the text -> what it needs; every module needs sys
STANDARD = {
    "math.": ("import math",),
    "_in_threads(": ("import ctypes", "import os", "import threading", "import time", "from contextlib import suppress"),
    "_settled(": ("from decimal import Context, Decimal, Inexact, localcontext",),
    "@cache": ("from functools import cache",),
}
EXTENDING = {
    "get_cython_function_address": ("def _link(",),
    "intrinsic": ("def _fused(", "_in_threads(", "_fetch("),
}  # of numba.extending


def _header(source: Source, names: Sequence[str], text: str) -> str:
    standard = ["import sys", *(line for word, lines in STANDARD.items() if word in text for line in lines)]
    extending = [name for name, words in EXTENDING.items() if any(word in text for word in words)]
    digest = hashlib.sha256(source.text.encode()).hexdigest()
    lines = [
        f"# generated by eqcompiler from {_plain(source.path)}, do not edit",
        f"# source sha256 {digest}",
        f"# eqcompiler {importlib.metadata.version('eqcompiler')}",
        *sorted(standard, key=lambda line: (line.startswith("from"), line)),
        "",
        *(["import numba"] if "_in_threads(" in text else []),
        "import numpy as np",
        *(["from llvmlite import ir"] if "_fetch(" in text else []),
        *(["from llvmlite.binding import add_symbol"] if "def _link(" in text else []),
        "from numba import njit, types" if "def _link(" in text else "from numba import njit",
        *([f"from numba.extending import {', '.join(extending)}"] if extending else []),
        "",
        *_exports(names),
        "",
    ]
    return "\n".join(lines)


def _exports(names: Sequence[str]) -> list[str]:
    line = f"__all__ = [{', '.join(f'{QUOTE}{name}{QUOTE}' for name in names)}]"
    return [line] if len(line) <= LINE else ["__all__ = [", *(f"    {QUOTE}{name}{QUOTE}," for name in names), "]"]


def _plain(text: str) -> str:
    """Text from a source, safe in a comment or a docstring: one line, printable, no double quotes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).replace('"', "'").split())


def _solvers(planned: LoopPlan) -> list[str]:
    """The standing texts behind the library calls of a plan."""
    plans = [planned, *([planned.hoisted.plan] if planned.hoisted else [])]
    calls = [call for p in plans for call in (*p.prologue, *library_calls(p.body))]
    return [text for call in calls for text in SOLVERS.get(call.operation, ())]


def _kernel(request: KernelRequest, planned: LoopPlan) -> str:
    identifiers = Identifiers(planned)
    door = FamilyDoor(planned, identifiers) if planned.sizes else Door(planned, identifiers)
    public = [f"def {request.name}({door.signature()}):", *_indented(_docstring(request, planned, identifiers))]
    linked = any(LAPACK in SOLVERS.get(call.operation, ()) for call in library_calls(planned.body))
    public += _indented([*(["_link()"] if linked else []), *door.lines(f"_{planned.name}")])
    limited = [f"@_only_for({', '.join(map(str, door.ranks()))})"] if door.leaves_types else []
    inner = ["", "", *limited, *_compiled(f"_{planned.name}", planned, identifiers, door)]
    if planned.accuracy and planned.accuracy.proved is None:
        inner += _with_more_digits(planned, planned.accuracy)
    if planned.hoisted:
        other = planned.hoisted.plan
        identifiers = Identifiers(other)
        inner += ["", "", *_compiled(f"_{planned.name}_hoisted", other, identifiers, Door(other, identifiers))]
    inner += many_rows_text(planned, planned.many, _Body) if planned.many else []
    return "\n".join([*public, *inner]) + "\n"


def _with_more_digits(planned: LoopPlan, accuracy: Accuracy) -> list[str]:
    """The functions of a value that is known to 8 ulp, each with an empty line before and after it."""
    doubled = "The same in double-double: the value as the sum of two float64, and the bound."
    functions = [
        checked_text(f"_{planned.name}_checked", planned, accuracy),
        more_digits(f"_{planned.name}_doubled", planned, DOUBLE_DOUBLE, doubled),
        more_digits(f"_{planned.name}_exactly", planned, DECIMAL, "The same in decimal numbers, to the digits of the context."),
    ]
    return [line for function in functions for line in ("", "", *function)]


def _compiled_alone(planned: LoopPlan) -> list[str]:
    """The compiled function of a plan that no public function of its own calls."""
    identifiers = Identifiers(planned)
    return _compiled(f"_{planned.name}", planned, identifiers, Door(planned, identifiers))


def _compiled(name: str, planned: LoopPlan, identifiers: Identifiers, door: Door) -> list[str]:
    head = [DECORATOR, f"def {name}({', '.join(door.arguments())}):"]
    body = list(_Body(planned, identifiers, door).lines())
    return head + _indented([*used(door.sizes(), body), *body])


def _indented(lines: Sequence[str] | Iterator[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


# kind of a request -> what its public function takes besides: name, shape, words
FURTHER_ROWS = {
    "sample": (
        ("seed", "number", "whole, at least 0, or a numpy Generator"),
        ("count", "number", "of draws, one row for each"),
    ),
    "run": (
        ("iterations", "number", "at most"),
        ("tolerance", "number", "it stops when no entry moves more"),
        ("callback", "function", "called with the iterations done and the states, every period iterations"),
    ),
}
DONE = ("done", "number", "of iterations")


def _docstring(request: KernelRequest, planned: LoopPlan, names: Identifiers) -> Iterator[str]:
    first = _plain(request.about) or f"{request.name.replace('_', ' ')}."
    yield f'r"""{first}'
    yield ""
    if request.latex:
        place = f"line {request.line}:  " if request.line else ""
        yield from textwrap.wrap(f"{place}{_plain(request.latex)}", WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        yield ""
    rows = [
        (names.values[p.name], _shape_words([str(d) for d in p.shape], p.steps), _plain(p.latex)) for p in planned.parameters
    ]
    shown = [names.values[s.name] for s in planned.results]
    results = [
        (n, _shape_words([str(e) for e in s.shape], s.steps), _plain(s.latex))
        for n, s in zip(shown, planned.results, strict=True)
    ]
    draws = [(d.name, _shape_words([str(e) for e in d.shape]), _plain(d.words)) for d in request.draws]
    rows += FURTHER_ROWS.get(request.kind, ())
    results += [DONE] if request.kind == "run" else []
    widths = [max((len(row[column]) for row in rows + results + draws), default=0) for column in range(2)]
    yield from _table("draws", draws, widths)
    yield from _table("takes", rows, widths)
    yield from _table("gives", results, widths)
    if request.kind == "sample":
        yield "The same seed gives the same draws. An input may have one more axis in front: a row for each draw."
        yield '"""'
        return
    count = planned.operations()
    per = " per iteration" if planned.kind == "run" else ""
    yield from textwrap.wrap(f"{count.flops} floating-point operations{per}", WIDTH)
    if planned.accuracy:
        yield from textwrap.wrap(planned.accuracy.words(CAREFUL), WIDTH)
    reads = ", ".join(f"{names.values[p.name]} {count.reads[p.name]}" for p in planned.parameters if p.name in count.reads)
    if reads:
        yield from textwrap.wrap(f"entries read{per}: {reads}", WIDTH)
    yield '"""'


def _shape_words(shape: Sequence[str], steps: object = None) -> str:
    words = " by ".join(shape) if shape else "number"
    return words if steps is None else f"{steps} arrays {words}"


def _table(title: str, rows: Sequence[tuple[str, str, str]], widths: Sequence[int]) -> Iterator[str]:
    for position, (name, shape, latex) in enumerate(rows):
        head = f"{title:7}" if position == 0 else " " * 7
        yield f"{head}{name:{widths[0]}}  {shape:{widths[1]}}  {latex}".rstrip()
    if rows:
        yield ""


class _Body:
    """The lines of the compiled function."""

    def __init__(self, planned: LoopPlan, names: Identifiers, door: Door) -> None:
        self.plan, self.names, self.door, self.text = planned, names, door, PythonText(names)
        floats = [p for p in planned.parameters if p.shape and not p.integer]
        self.steps = StepText(planned, names, self.text, self.block)
        self.dtype = f"{names.values[floats[0].name]}.dtype" if floats else "np.float64"

    def lines(self) -> Iterator[str]:
        yield from self.steps.rooms(self.dtype)
        given = {
            call.target for call in (*self.plan.prologue, *library_calls(self.plan.body)) if call.operation in BRING_ARRAYS
        }
        for storage in (s for s in self.plan.temporaries if s.steps is None and s.name not in given):
            yield f"{self.names.values[storage.name]} = np.empty({self.door.shape(storage)}, {self.dtype})"
        yield from self.block(self.plan.body)
        if self.plan.kind == "run":
            yield f"return {', '.join([*self.scalars(), 'iterations', 'False'])}"
        elif self.scalars():
            yield f"return {', '.join(self.scalars())}"

    def scalars(self) -> list[str]:
        return [self.names.values[s.name] for s in self.plan.results if not s.shape]

    def block(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            match node:
                case Assign():
                    yield f"{self.text.value_at(node.target)} = {self.assigned(node)}"
                case Accumulate():
                    yield self.accumulated(node)
                case Loop():
                    yield self.text.heading(node)
                    yield from _indented(self.block(node.body))
                case LibraryCall():
                    yield from self.call(node)
                case Steps():
                    yield from self.steps.lines(node)
                case Iterate():
                    yield "for iteration in range(iterations):"
                    yield from _indented([*self.block(node.body), *self.advance(node)])

    def accumulated(self, node: Accumulate) -> str:
        target, value = self.text.value_at(node.target), self.text.value(node.value)
        return f"{target} = max({target}, {value})" if node.operation == "max" else f"{target} {node.operation}= {value}"

    def assigned(self, node: Assign) -> str:
        """A whole number, a size for example, becomes a float: results and accumulators have one type."""
        text = self.text.value(node.value)
        whole = node.value.is_integer and not node.value.is_number and not node.value.has(sympy.Indexed)
        return f"float({text})" if whole and isinstance(node.target, sympy.Symbol) else text

    def advance(self, node: Iterate) -> Iterator[str]:
        yield "converged = True"
        for current, following in node.states:
            yield from self.move(current, following)
        yield "if converged:"
        yield f"    return {', '.join([*self.scalars(), 'iteration + 1', 'True'])}"

    def move(self, current: Storage, following: Storage) -> Iterator[str]:
        """current <- following, entry by entry, and whether that changed more than the tolerance."""
        entries = [f"entry_{p + 1}" for p in range(len(current.shape))]
        place = f"[{', '.join(entries)}]" if entries else ""
        old, new = self.names.values[current.name] + place, self.names.values[following.name] + place
        lines = [f"if not abs({new} - {old}) <= tolerance:", "    converged = False", f"{old} = {new}"]
        for entry, extent in reversed(list(zip(entries, current.shape, strict=True))):
            lines = [f"for {entry} in range({self.text.size(extent)}):", *_indented(lines)]
        yield from lines

    def call(self, node: LibraryCall) -> Iterator[str]:
        operands = [self.operand(operand) for operand in node.operands]
        target = self.names.values[node.target]
        yield CALLS[node.operation](target, operands, [self.text.value(s) for s in node.scalars])

    def operand(self, operand: Operand) -> str:
        return self.names.values[operand.name] + (".T" if operand.transposed else "")


# operation -> the line that fills or sets the target; t target, o operands, s scalars
CALLS: dict[str, Callable[[str, list[str], list[str]], str]] = {
    "dot": lambda t, o, s: f"np.dot({o[0]}, {o[1]}, {t})",
    "solve": lambda t, o, s: f"_fill({t}, np.linalg.solve({o[0]}, {o[1]}))",
    "cholesky solve": lambda t, o, s: f"_positive_solve({o[0]}, {o[1]}, {t})",
    "gram solve": lambda t, o, s: f"_gram_solve({', '.join([*o, *s])}, {t})",
    "cholesky": lambda t, o, s: f"{t} = _factor({o[0]})",
    "factor solve": lambda t, o, s: f"_factor_solve({', '.join(o)}, {t})",
    "symmetric factor solve": lambda t, o, s: f"_symmetric_factor_solve({', '.join(o)}, {t})",
    "factor logdet": lambda t, o, s: f"{t} = _factor_logdet({', '.join(o)})",
    "factor inverse": lambda t, o, s: f"_factor_inverse({', '.join(o)}, {t})",
    "inverse": lambda t, o, s: f"_fill({t}, np.linalg.inv({o[0]}))",
    "det": lambda t, o, s: f"{t} = np.linalg.det({o[0]})",
    "logdet": lambda t, o, s: f"{t} = np.linalg.slogdet({o[0]})[1]",
    "pseudoinverse": lambda t, o, s: f"_fill({t}, np.linalg.pinv({o[0]}))",
    "matsqrt": lambda t, o, s: f"_square_root({o[0]}, {t})",
    "matpow": lambda t, o, s: f"_fill({t}, np.linalg.matrix_power({o[0]}, int({o[1]})))",
    "norm2": lambda t, o, s: f"{t} = np.linalg.norm({o[0]}, 2)",
}
