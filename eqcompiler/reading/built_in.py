r"""Functions that need no definition: \Gamma(x), sigmoid(x), softplus(x), softmax(v), logsumexp(v).

Takes: the arguments as terms. Gives: typed terms.
Guarantees: a name counts as built in only where the file neither defines nor declares it; what the author writes comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import IllegalEquation, NotSupportedYet, Span
from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Call, Component, Comprehension, Index, Reduction, Size, Term
from eqcompiler.reading import shapes
from eqcompiler.reading.scope import Reader

Rule = Callable[[Reader, Term, Span], Term]
ENTRY = "entry_of_logsumexp"  # an index name that no author can have written


def built_in(reader: Reader, name: str, arguments: tuple[Term, ...], primes: int, span: Span) -> Term:
    """The application of a name of BUILT_IN, or of its derivative."""
    if len(arguments) != 1:
        raise IllegalEquation(f"'{name}' takes one argument, here {len(arguments)}", span)
    if primes and (name, primes) not in DERIVED:
        fix = r"write the derivative as \frac{d}{dx}"
        words = "a prime behind '{}' is not read" if primes == 1 else "primes behind '{}' are not read"
        raise NotSupportedYet(words.format(name), span, fix=fix)
    if primes:
        return by_entries(reader, f"{name}'", arguments[0], DERIVED[name, primes], span)
    return BUILT_IN[name](reader, arguments[0], span)


def by_entries(reader: Reader, name: str, argument: Term, rule: Callable[[Term], Term], span: Span) -> Term:
    """A function of numbers; of a tensor: the tensor of its values."""
    if not argument.type.rank:
        return rule(argument)
    binders, indices = [], []
    for position, size in enumerate(argument.type.shape):
        index = fresh_index(reader, position)
        binders.append(Binder(index, shapes.number(1), Size(INTEGER, size)))
        indices.append(Index(INTEGER, index))
    body = rule(Component(SCALAR, argument, tuple(indices), span=argument.span))
    reader.scope.notes.append(f"{name} acts on every entry of '{argument.span.text if argument.span else ''}'")
    return Comprehension(argument.type, tuple(binders), body, span=span)


def fresh_index(reader: Reader, position: int) -> str:
    """An index name that no author can have written."""
    reader.scope.sizes.fresh += 1
    return f"{shapes.ENTRY}{position}_{reader.scope.sizes.fresh}"


def sigmoid(reader: Reader, argument: Term, span: Span) -> Term:
    return by_entries(reader, "sigmoid", argument, sigmoid_of, span)


def softplus(reader: Reader, argument: Term, span: Span) -> Term:
    return by_entries(reader, "softplus", argument, softplus_of, span)


def sigmoid_of(x: Term) -> Term:
    """1/(1 + e^{-x})"""
    return Call(SCALAR, "div", (shapes.number(1), one_and(Call(SCALAR, "neg", (x,)))), span=x.span)


def softplus_of(x: Term) -> Term:
    """log(1 + e^x)"""
    return Call(SCALAR, "log", (one_and(x),), span=x.span)


def one_and(x: Term) -> Term:
    """1 + e^x"""
    return Call(SCALAR, "add", (shapes.number(1), Call(SCALAR, "exp", (x,))), span=x.span)


def slope_of_sigmoid(x: Term) -> Term:
    value = sigmoid_of(x)
    return Call(SCALAR, "mul", (value, Call(SCALAR, "add", (shapes.number(1), Call(SCALAR, "neg", (value,))))), span=x.span)


def gamma(reader: Reader, argument: Term, span: Span) -> Term:
    return Call(argument.type, "gamma", (argument,), span=span)


def softmax(reader: Reader, argument: Term, span: Span) -> Term:
    need_vector(reader, "softmax", argument, span)
    return Call(argument.type, "softmax", (argument,), span=span)


def log_sum_exp(reader: Reader, argument: Term, span: Span) -> Term:
    r"""\log \sum_k e^{v_k}, written out: kernels and proofs know this form."""
    need_vector(reader, "logsumexp", argument, span)
    binder = Binder(ENTRY, shapes.number(1), Size(INTEGER, argument.type.shape[0]))
    power = Call(SCALAR, "exp", (Component(SCALAR, argument, (Index(INTEGER, ENTRY),), span=span),), span=span)
    return Call(SCALAR, "log", (Reduction(SCALAR, "sum", binder, power, span=span),), span=span)


def need_vector(reader: Reader, name: str, argument: Term, span: Span) -> None:
    if argument.type.rank != 1:
        what = f"'{name}' needs a vector; this is {shapes.shape_words(argument, reader.scope)}"
        raise IllegalEquation(what, span, fix="write it for one row or one column")


BUILT_IN: dict[str, Rule] = {
    "Gamma": gamma,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "softmax": softmax,
    "logsumexp": log_sum_exp,
    "LSE": log_sum_exp,
}
# with so many primes
DERIVED: dict[tuple[str, int], Callable[[Term], Term]] = {("sigmoid", 1): slope_of_sigmoid, ("softplus", 1): sigmoid_of}
