r"""Equations that could be assumptions and could be something else: an error with the choices, never a silent assumption.

Takes: the two sides of an equation that is about to become an assumption. Gives: nothing.
Guarantees: AmbiguousNotation where the author may have meant a claim or an update.
"""

from __future__ import annotations

from eqcompiler.errors import AmbiguousNotation, NotSupportedYet, Span
from eqcompiler.languages.notation import Addition, Letter, Node
from eqcompiler.reading.names import name_of
from eqcompiler.reading.survey import walk


def is_constant(right: Node) -> bool:
    """Behind a declaration, an equation to a constant is a constraint; between two expressions it could as well be a claim."""
    names = (n for n in walk(right) if isinstance(n, Letter) and n.kind == "letter")
    return all(n.text in ("I", "1", "0", "pi", "e") for n in names)


def assumption_or_claim(span: Span) -> AmbiguousNotation:
    return AmbiguousNotation(
        "an equation behind a declaration: an assumption or a claim",
        span,
        fix=r"write \text{where} before an assumption, or give the claim a display of its own",
    )


def order_claimed(span: Span) -> NotSupportedYet:
    return NotSupportedYet(
        "an inequality between expressions is not judged",
        span,
        fix=r"if it is an assumption, write it behind \text{where} or behind the declaration of its names",
    )


def refuse_update(node: Node, left: Node, right: Node) -> None:
    r"""w = w - \eta g would say as an assumption that g is zero."""
    if isinstance(right, Addition) and any(name_of(term) == name_of(left) for _, term in right.terms):
        raise AmbiguousNotation(
            "a name that equals itself plus something: an update or an assumption",
            node.span,
            allowed=r"w := w - \eta g an update, \text{where } w = w - \eta g an assumption",
            fix=r"write := for an update; an equation that cannot be true is no assumption",
        )
