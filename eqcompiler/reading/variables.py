r"""Variables of derivatives: what stands below \partial.

Takes: the node below. Gives: the key of the symbol or definition, and the indices of the component that is meant.
Guarantees: a name with arguments is no variable; an undeclared name becomes a symbol.
"""

from __future__ import annotations

from eqcompiler.errors import IllegalEquation, Span
from eqcompiler.languages.notation import Addition, Fence, Infix, Letter, Node, Numeral, Scripted
from eqcompiler.reading.names import Name, index_letters, is_star, label_name, labelled, letter_name, name_of
from eqcompiler.reading.scope import Reader


def variable_of(reader: Reader, node: Node) -> tuple[str, tuple[Node, ...]]:
    """The key of the variable and the indices below it: theta, x_k, x^\\top, W_1, w_{ij}, x^{(i)}."""
    scope = reader.scope
    if isinstance(node, Fence):
        return variable_of(reader, node.body)
    own = name_of(node) if isinstance(node, Scripted) and node.primes else None
    if own is not None and scope.known(own.key):
        return variable_key(reader, own, node.span), ()
    base, below, mark = node, None, None
    if isinstance(node, Scripted) and isinstance(node.base, Letter):
        base, below = node.base, node.subscript
        mark = node.superscript if is_star(node.superscript) else None
    if not isinstance(base, Letter):
        raise IllegalEquation(
            f"'{node.span.text}' is not a variable", node.span, fix="differentiate in a name or its component"
        )
    name = letter_name(base)
    raised = node.superscript if isinstance(node, Scripted) else None
    if isinstance(raised, Numeral | Infix | Addition):
        what = f"'{node.span.text}' is a power, no variable"
        raise IllegalEquation(what, node.span, fix="differentiate in a name or its component")
    if isinstance(raised, Fence):
        if name.key not in scope.families:
            what = f"'{node.span.text}' is no variable: {name.latex} is not declared as a family"
            raise IllegalEquation(
                what, node.span, fix=f"declare {name.latex}^{{({raised.body.span.text})}} \\in \\mathbb{{R}}^n"
            )
        return variable_key(reader, name, node.span), (raised.body, *index_letters(below))
    label = labelled(name, below, mark)
    if label is not None and scope.known(label.key) and (below is not None or mark is not None):
        return variable_key(reader, label, node.span), ()
    if below is not None and (scope.known(name.key) or name.key in scope.families) and label_name(below) is not None:
        return variable_key(reader, name, node.span), index_letters(below)
    if below is not None and label is None:
        return variable_key(reader, name, node.span), index_letters(below)
    if (
        below is None
        and mark is None
        and name.key in scope.symbols
        and name.key not in scope.bound
        and name.key not in scope.current
    ):
        return name.key, ()  # x beside samples x^{(i)} that are the rows of X
    return variable_key(reader, label or name, node.span), ()


def variable_key(reader: Reader, name: Name, span: Span) -> str:
    scope = reader.scope
    key = scope.families.get(name.key, name.key)
    if key in scope.bound:
        return scope.bound[key].name
    if key in scope.current:
        definition = scope.definitions[scope.current[key]]
        if definition.formals:
            raise IllegalEquation(f"'{name.latex}' is a function, not a variable", span)
        return definition.name
    if key not in scope.symbols:
        reader.inferred_symbol(name, span)
    return scope.symbols[key].name
