r"""Functions that need no definition: \Gamma(x), sigmoid(x), softplus(x), softmax(v), logsumexp(v).

Takes: the arguments as terms. Gives: typed terms.
Guarantees: a name counts as built in only where the file neither defines nor declares it; what the author writes comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Call, Component, Index, Reduction, Size, Term
from eqcompiler.reading import shapes
from eqcompiler.reading.entrywise import OfNumber, by_entries, derived_by_entries
from eqcompiler.reading.scope import Reader

OfVector = Callable[[Reader, str, Term, Span], Term]
ENTRY = "entry_of_logsumexp"  # an index name that no author can have written


def built_in(reader: Reader, name: str, arguments: tuple[Term, ...], primes: int, span: Span) -> Term:
    """The application of a name of BUILT_IN, or of its derivative."""
    if len(arguments) != 1:
        raise IllegalEquation(f"'{name}' takes one argument, here {len(arguments)}", span)
    if name in OF_NUMBERS and primes:
        return derived_by_entries(reader, name, name, arguments[0], OF_NUMBERS[name], primes, span)
    if name in OF_NUMBERS:
        return by_entries(reader, name, arguments[0], OF_NUMBERS[name], span)
    if primes:
        fix = r"write the derivative as \frac{d}{dx}"
        raise NotSupportedYet(f"a prime behind '{name}' is not read", span, fix=fix)
    return OF_VECTORS[name](reader, name, arguments[0], span)


def sigmoid(x: Term) -> Term:
    """1/(1 + e^{-x})"""
    return Call(SCALAR, "div", (shapes.number(1), one_and_exp(Call(SCALAR, "neg", (x,)))), span=x.span)


def softplus(x: Term) -> Term:
    """log(1 + e^x)"""
    return Call(SCALAR, "log", (one_and_exp(x),), span=x.span)


def one_and_exp(x: Term) -> Term:
    """1 + e^x"""
    return Call(SCALAR, "add", (shapes.number(1), Call(SCALAR, "exp", (x,))), span=x.span)


def gamma(x: Term) -> Term:
    return Call(SCALAR, "gamma", (x,), span=x.span)


def softmax(reader: Reader, name: str, argument: Term, span: Span) -> Term:
    need_vector(reader, name, argument, span)
    return Call(argument.type, "softmax", (argument,), span=span)


def log_sum_exp(reader: Reader, name: str, argument: Term, span: Span) -> Term:
    r"""\log \sum_k e^{v_k}, written out: kernels and proofs know this form."""
    need_vector(reader, name, argument, span)
    binder = Binder(ENTRY, shapes.number(1), Size(INTEGER, argument.type.shape[0]))
    power = Call(SCALAR, "exp", (Component(SCALAR, argument, (Index(INTEGER, ENTRY),), span=span),), span=span)
    return Call(SCALAR, "log", (Reduction(SCALAR, "sum", binder, power, span=span),), span=span)


ROW_BY_ROW = {"softmax": r"for each row write the entries, A_{ij} = \frac{e^{S_{ij}}}{\sum_{k=1}^n e^{S_{ik}}}"}


def need_vector(reader: Reader, name: str, argument: Term, span: Span) -> None:
    if argument.type.rank != 1:
        what = f"'{name}' needs a vector; this is {shapes.shape_words(argument, reader.scope)}"
        raise IllegalEquation(what, span, fix=ROW_BY_ROW.get(name, "write it for one row or one column"))


OF_NUMBERS: dict[str, OfNumber] = {"Gamma": gamma, "sigmoid": sigmoid, "softplus": softplus}
OF_VECTORS: dict[str, OfVector] = {"softmax": softmax, "logsumexp": log_sum_exp, "LSE": log_sum_exp}
BUILT_IN = OF_NUMBERS.keys() | OF_VECTORS.keys()
