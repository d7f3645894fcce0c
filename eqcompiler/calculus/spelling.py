"""Names and words for what lowering makes: operands without a name, whole-tensor operations, assumptions about inputs.

Takes: terms and the document. Gives: identifiers, LaTeX, words.
Guarantees: identifiers are made of names of the document, letters, digits and underscores.
"""

from __future__ import annotations

from collections.abc import Sequence

from eqcompiler.errors import CompilerFault
from eqcompiler.languages.program import unknown_function
from eqcompiler.languages.statements import Document
from eqcompiler.languages.terms import Call, Component, Extremum, Number, Reference, Symbol, Term, Type

SIGNS = {">": "positive", ">=": "nonnegative", "<": "negative", "<=": "nonpositive", "!=": "nonzero"}
WHOLE_NAMES = {"inverse": "{}_inv", "pseudoinverse": "{}_pinv", "matsqrt": "{}_root", "matpow": "{}_power"}
WHOLE_LATEX = {
    "inverse": "{}^{{-1}}",
    "pseudoinverse": "{}^{{+}}",
    "matsqrt": "{}^{{1/2}}",
    "matpow": "{}^{{{}}}",
    "det": r"\det({})",
    "logdet": r"\log\det({})",
    "norm2": r"\|{}\|_2",
}


def whole_name(operation: str, operands: Sequence[str]) -> str:
    """An identifier for operation(operands)."""
    unknown = unknown_function(operation)
    return unknown[0] + "_value" if unknown else WHOLE_NAMES.get(operation, f"{operation}_{{}}").format(operands[0])


def whole_latex(operation: str, operands: Sequence[str]) -> str:
    unknown = unknown_function(operation)
    return f"{unknown[0]}({', '.join(operands)})" if unknown else WHOLE_LATEX[operation].format(*operands)


def source_text(term: Term) -> str:
    return term.span.text if term.span else ""


def spelled(term: Term) -> str:
    """A name for an unnamed operand: Xt_X for X^T X, M for anything longer."""
    match term:
        case Symbol() | Reference():
            return term.name
        case Call(operation="transpose"):
            inner = spelled(term.arguments[0])
            return f"{inner}t" if inner != "M" else "M"
        case Call(operation="matmul"):
            words = [spelled(argument) for argument in term.arguments]
            return "_".join(words) if "M" not in words and sum(map(len, words)) <= 12 else "M"
    return "M" if term.type.rank else "s"


def words(document: Document, name: str) -> tuple[str, ...]:
    """What the document assumes about one symbol, in words: symmetric, positive definite, positive, ..."""
    found: dict[str, None] = {}
    for condition in document.assumptions:
        left = condition.left.base if isinstance(condition.left, Component) else condition.left
        if not isinstance(left, (Symbol, Reference)) or left.name != name:
            continue
        if condition.right is None:
            found[condition.relation] = None
        elif isinstance(condition.right, Number) and condition.right.value == 0 and condition.relation in SIGNS:
            found[SIGNS[condition.relation]] = None
    return tuple(found)


def formals_of(document: Document, term: Term) -> dict[str, Type]:
    definition = document.definitions.get(term.name) if isinstance(term, Reference) else None
    if definition is None or isinstance(definition.body, Extremum):
        return {}
    types = definition.formal_types or tuple(symbol_type(document, formal) for formal in definition.formals)
    return dict(zip(definition.formals, types, strict=True))


def symbol_type(document: Document, name: str) -> Type:
    info = document.symbols.get(name)
    if info is None or not isinstance(info.type, Type):
        raise CompilerFault(f"the formal parameter {name} has no type")
    return info.type
