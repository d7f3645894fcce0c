r"""What a declaration is listed as: the name it is found under, and what it says of which letters.

Takes: the notation of a declaration whose names are in the scope. Gives: words for people.
Guarantees: a declaration that gives no letter a type says what it is all the same: an index range, an assumption.
"""

from __future__ import annotations

from eqcompiler.languages.notation import Letter, Node, Relation, Scripted
from eqcompiler.languages.terms import Type
from eqcompiler.reading.names import Name, letter_name, name_of
from eqcompiler.reading.scope import Reader
from eqcompiler.reading.sentence import one_line

WITHOUT_TYPE = {"range": "index range", "property": "assumed", "order": "assumed"}


def declared_name(node: Node) -> Name | None:
    if isinstance(node, Relation):
        first = node.sides[0]
        if isinstance(first, Scripted) and isinstance(first.base, Letter):
            return letter_name(first.base)
        return name_of(first)
    return None


def declared_type(reader: Reader, role: str, names: tuple[Node, ...], node: Node) -> str:
    first = (node.sides[0],) if isinstance(node, Relation) else ()
    texts = [text for each in (*names, *first) if (text := type_words(reader, each))]
    said = f"{WITHOUT_TYPE[role]}: {one_line(node.span)}" if role in WITHOUT_TYPE else ""
    return "; ".join(dict.fromkeys(texts)) or said


def type_words(reader: Reader, node: Node) -> str:
    """`X: matrix (m by n)` of X, of an entry X_{ij} and of a row x_i."""
    scope = reader.scope
    base = node.base if isinstance(node, Scripted) and isinstance(node.base, Letter) else node
    for name in (name_of(node), letter_name(base) if isinstance(base, Letter) else None):
        info = scope.symbols.get(scope.families.get(name.key, name.key)) if name is not None else None
        if info is not None:
            return f"{info.name}: {scope.type_of(info.type) if isinstance(info.type, Type) else info.type}"
    return ""
