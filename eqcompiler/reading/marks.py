r"""Marks on a value: component below; transpose, inverse, pseudo-inverse or power above.

Takes: a typed value and the notation of its script. Gives: the typed result.
Guarantees: the mark is read by the value's shape; where two readings remain, AmbiguousNotation lists them.
"""

from __future__ import annotations

from dataclasses import replace

from eqcompiler.errors import AmbiguousNotation, IllegalEquation, ShapeMismatch, Span
from eqcompiler.languages.notation import Addition, Letter, Node, Numeral, Prefix
from eqcompiler.languages.terms import Call, Constant, Number, Symbol, Term, Type
from eqcompiler.reading import shapes
from eqcompiler.reading.indices import component, index_term
from eqcompiler.reading.names import index_letters, is_star
from eqcompiler.reading.scope import Reader

MAXIMUM_EXPONENT = 10_000


class TriedRank(ShapeMismatch):
    """A name that nothing declares was tried as a number; the next rank may fit, or say what is really wrong."""


def with_subscript(reader: Reader, value: Term, subscript: Node | None, span: Span) -> Term:
    if subscript is None:
        return value
    parts = index_letters(subscript, value.type.rank)
    if value.type.rank == 0:
        fix = r"declare what has components, x \in \mathbb{R}^n, or x_i \in \mathbb{R}, i = 1, \dots, n"
        raise IllegalEquation("a scalar has no components", span, fix=fix)
    return component(reader.scope, value, tuple(index_term(reader, part) for part in parts), span)


def is_inverse_mark(superscript: Node | None) -> bool:
    match superscript:
        case Addition(terms=(("-", Numeral(digits="1")),)):
            return True
    return False


def is_transpose_mark(reader: Reader, superscript: Node | None) -> bool:
    match superscript:
        case Letter(kind="symbol", text="top"):
            return True
        case Letter(text="T", accent="", font=""):
            return not reader.scope.known("T") and "T" not in reader.scope.dimensions
        case Addition(terms=(("-", Letter() as mark),)):
            return is_transpose_mark(reader, mark)
    return False


def exponential(reader: Reader, exponent: Term, span: Span) -> Term:
    """e^{A} of a square matrix is the matrix exponential; of any other tensor every entry is meant, and a note says so."""
    if exponent.type.rank == 2:
        rows, columns = reader.scope.type_of(exponent.type).shape
        if rows == columns:
            reader.scope.notes.append(f"'{span.text}' is the matrix exponential; write the entries for e^{{A_{{ij}}}}")
            return Call(exponent.type, "matexp", (exponent,), span=span)
    if exponent.type.rank:
        reader.scope.notes.append(f"e acts on every entry of '{exponent.span.text if exponent.span else ''}'")
    return Call(replace(exponent.type, domain="real"), "exp", (exponent,), span=span)


def with_superscript(reader: Reader, value: Term, superscript: Node | None, span: Span) -> Term:
    """Transpose, inverse, pseudo-inverse or power, by the mark and by the shape."""
    match superscript:
        case None:
            return value
        case Letter(text="T", accent="", font="") if not is_transpose_mark(reader, superscript):
            return declared_t(reader, value, superscript, span)
        case Letter(text="+" | "dagger", kind="symbol") if value.type.rank == 2:
            return Call(Type(value.type.shape[::-1]), "pseudoinverse", (value,), span=span)
        case Prefix(function="odot", argument=every):
            return shapes.entries_to(value, reader.term(every), span)
        case Letter(kind="symbol") if is_star(superscript):
            what = f"'{span.text}' is not known as a name, and '{superscript.span.text}' is no operation here"
            raise IllegalEquation(what, span, fix="define the starred name before it is used")
        case Addition(terms=(("-", Letter() as mark),)) if is_transpose_mark(reader, mark):
            shapes.square(value, span, reader.scope, "an inverse")
            return shapes.transpose(Call(value.type, "inverse", (value,), span=span), span)
    if is_transpose_mark(reader, superscript):
        if value.type.rank == 0 and isinstance(value, Symbol) and value.name in reader.scope.symbols:
            if reader.scope.symbols[value.name].declared is None or value.name in reader.scope.ranks:
                raise TriedRank("a scalar has no transpose", span)
            what = f"'{span.text}': T is a transpose or a power, but the base is a scalar"
            raise AmbiguousNotation(what, span, fix="declare the base as a vector, or T as a number")
        return shapes.transpose(value, span)
    if value.type.rank == 0 and isinstance(value, Constant) and value.name == "e":
        exponent = reader.term(superscript)
        return exponential(reader, exponent, span)
    exponent = reader.term(superscript)
    if isinstance(exponent, Number) and abs(exponent.value) > MAXIMUM_EXPONENT:
        raise IllegalEquation(
            f"the exponent {exponent.value} is too large", superscript.span, allowed=f"up to {MAXIMUM_EXPONENT}"
        )
    return shapes.power(value, exponent, span, reader.scope)


def declared_t(reader: Reader, value: Term, mark: Node, span: Span) -> Term:
    """T is declared: a transpose on tensors, a power on scalars; both are possible for a whole number and a square matrix."""
    exponent = reader.term(mark)
    if value.type.rank == 0:
        return shapes.power(value, exponent, span, reader.scope)
    whole = exponent.type.rank == 0 and exponent.type.domain == "integer"
    if value.type.rank == 2 and whole and reader.scope.sizes.unify(*value.type.shape):
        what = "T is declared as a whole number, so this is a transpose or a matrix power"
        raise AmbiguousNotation(what, span, fix=r"write ^\top for the transpose")
    return shapes.transpose(value, span)
