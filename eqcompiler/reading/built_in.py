r"""Functions that need no definition: \Gamma(x), \operatorname{softmax}(v), \operatorname{logsumexp}(v).

Takes: the arguments as terms. Gives: typed terms.
Guarantees: a name counts as built in only where the file neither defines nor declares it; what the author writes comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from eqcompiler.errors import IllegalEquation, Span
from eqcompiler.languages.terms import INTEGER, SCALAR, Binder, Call, Component, Index, Reduction, Size, Term
from eqcompiler.reading import shapes
from eqcompiler.reading.scope import Reader

Rule = Callable[[Reader, Term, Span], Term]
ENTRY = "entry_of_logsumexp"  # an index name that no author can have written


def built_in(reader: Reader, name: str, arguments: tuple[Term, ...], span: Span) -> Term:
    """The application of a name of BUILT_IN."""
    if len(arguments) != 1:
        raise IllegalEquation(f"'{name}' takes one argument, here {len(arguments)}", span)
    return BUILT_IN[name](reader, arguments[0], span)


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
    "softmax": softmax,
    "logsumexp": log_sum_exp,
    "LSE": log_sum_exp,
}
