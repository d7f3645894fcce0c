r"""Compiled kernels of the library by file and name, and what their outputs are as terms for the oracle.

Takes: a file of equations/ and the name of a kernel. Gives: its document, request, module and terms, and a call by names.
Guarantees: a call leaves its inputs as they were; an output that is no known term is an error.
"""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from eqcompiler import pipeline
from eqcompiler.calculus.kernel_programs import python_name
from eqcompiler.languages.kernel_requests import KernelRequest
from eqcompiler.languages.statements import Definition, Document, Recurrence
from eqcompiler.languages.terms import Derivative, Extremum, Reference, Term, Type

EQUATIONS = Path(__file__).parents[2] / "equations"

Values = dict[str, Any]


@cache
def document(file: str) -> Document:
    return pipeline.load(EQUATIONS / file)


@cache
def module(file: str) -> ModuleType:
    return pipeline.kernels(document(file))


@cache
def requests(file: str) -> dict[str, KernelRequest]:
    return {request.name: request for request in pipeline.kernel_requests(document(file))}


def call(file: str, kernel: str, values: Values, dtype: type = np.float64, **more: Any) -> Any:
    """The kernel with its arguments taken from `values` by name; inputs must come back unchanged."""
    known = {python_name(name): value for name, value in values.items()}
    parameters = signature(file, kernel).items()
    names = [name for name, p in parameters if p.default is p.empty and name not in more]
    arguments = {name: _in_precision(known[name], dtype) for name in names}
    before = copy.deepcopy(arguments)
    result = getattr(module(file), kernel)(**arguments, **more)
    for name in arguments:
        for after, member in zip(members(arguments[name]), members(before[name]), strict=True):
            np.testing.assert_array_equal(after, member)
    return result


def members(value: Any) -> tuple[Any, ...]:
    """Those of a family, or the value alone."""
    return value if isinstance(value, tuple) else (value,)


def _in_precision(value: Any, dtype: type) -> Any:
    if isinstance(value, tuple):
        return tuple(_in_precision(member, dtype) for member in value)
    return np.asarray(value, dtype) if np.ndim(value) else value


def signature(file: str, kernel: str) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(getattr(module(file), kernel)).parameters


# What a kernel's outputs are, as terms for the oracle.


def reference(found: Definition) -> Reference:
    return Reference(found.body.type, found.name)


def derivative(of: Document, body: Term, variable: str) -> Derivative:
    type_ = of.symbols[variable].type
    assert isinstance(type_, Type)
    return Derivative(Type(body.type.shape + type_.shape), body, variable)


def term_of(of: Document, output: str) -> Term:
    """`J`, `grad_J_theta`, `hess_J_theta`; `a_next` of a layer that is no iteration, as its state changes its size."""
    if output in of.definitions:
        return reference(of.definitions[output])
    if output.removesuffix("_next") in updates(of):
        return updates(of)[output.removesuffix("_next")]
    for found, variable in itertools.product(of.definitions.values(), of.symbols):
        gradient = derivative(of, reference(found), variable) if f"_{found.name}_{variable}" in output else None
        if gradient and output == f"grad_{found.name}_{variable}":
            return gradient
        if gradient and output == f"hess_{found.name}_{variable}":
            return derivative(of, gradient, variable)
    raise AssertionError(f"{output} is neither a definition nor a derivative of one")


def terms_of(file: str, kernel: str) -> tuple[Term, ...]:
    request = requests(file)[kernel]
    if request.kind == "step":
        return tuple(updates(document(file))[state] for state in request.state)
    return tuple(term_of(document(file), output) for output in request.program.outputs)


def updates(of: Document) -> dict[str, Term]:
    """The next value of every state: one of a formula, and those of the recurrences over layers or time."""
    formulas = [s.payload for s in of.statements if isinstance(s.payload, Recurrence)]
    recurrences = (*of.recurrences.values(), *formulas)
    return {state: update for r in recurrences for state, update in zip(r.states, r.updates, strict=True)}


def is_closed_form(file: str, kernel: str) -> bool:
    """The kernel of an argmin."""
    found = document(file).definitions.get(kernel)
    return found is not None and isinstance(found.body, Extremum)


def listed(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)
