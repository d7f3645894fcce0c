r"""Plain entries: x_i and A_{ij} beside \mathbf{x} and \mathbf{A}, as most textbooks write the entries of what is bold.

Takes: the formulas of a file. Gives: the same formulas, where such a plain letter is the bold one.
Guarantees: only a plain letter that never stands without indices, that is nowhere a function, and whose indices are as many as
the bold tensor has axes; a letter that is declared on its own beside the bold one stays a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import cast

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Fence, Formula, Infix, Juxtaposed, Letter, Listing, Node, Numeral, Relation, Scripted
from eqcompiler.languages.trees import Tree, rebuilt
from eqcompiler.reading.names import index_letters, letter_name
from eqcompiler.reading.survey import is_number_set, walk

BOLD = "bold"


def with_bold_entries(formulas: tuple[Formula | EquationError, ...]) -> tuple[Formula | EquationError, ...]:
    letters = entries_of_bold([part for f in formulas if isinstance(f, Formula) for part in f.parts])
    if not letters:
        return formulas
    return tuple(renamed(f, letters) for f in formulas)


def entries_of_bold(parts: list[Node]) -> frozenset[str]:
    """The keys of the plain letters that are entries."""
    nodes = [node for part in parts for node in walk(part)]
    letters = [n for n in nodes if isinstance(n, Letter) and n.kind != "symbol"]
    bold = {letter_name(replace(n, font="")).key for n in letters if n.font == BOLD}
    if not bold:
        return frozenset()
    indexed = {id(n.base): n for n in nodes if isinstance(n, Scripted) and isinstance(n.base, Letter)}
    called = {id(head_of(f)) for n in nodes if isinstance(n, Juxtaposed) for f, g in pairwise(n.factors) if is_call(g)}
    ranks, declared = declarations(parts)
    counts: dict[str, set[int]] = {}
    for node in letters:
        if not node.font and (key := letter_name(node).key) in bold:
            own = indexed.get(id(node))
            count = count_of(own) if own is not None and id(node) not in called else 0
            if count is not None:
                counts.setdefault(key, set()).add(count)
    return frozenset(
        key
        for key, found in counts.items()
        if 0 not in found and len(found) == 1 and key not in declared and found <= {ranks.get(key, max(found))}
    )


def count_of(node: Scripted) -> int | None:
    """How many indices stand below; 0 when something else does; None below a zero, which numbers no entry."""
    if isinstance(node.subscript, Numeral) and node.subscript.digits == "0":
        return None
    parts = index_letters(node.subscript)
    plain = all(isinstance(n, Letter | Numeral) and getattr(n, "kind", "letter") == "letter" for p in parts for n in leaves(p))
    return len(parts) if plain and not node.primes and not isinstance(node.superscript, Fence) else 0


def leaves(node: Node) -> Iterator[Node]:
    return (n for n in walk(node) if isinstance(n, Letter | Numeral | Fence))


def head_of(node: Node) -> Node:
    return node.base if isinstance(node, Scripted) else node


def is_call(node: Node) -> bool:
    return isinstance(node, Fence) and node.opening == "("


def declarations(parts: list[Node]) -> tuple[dict[str, int], set[str]]:
    """By plain key: the axes of bold names with a declared space; the plain names that are declared beside a bold one."""
    ranks: dict[str, int] = {}
    plain: set[str] = set()
    names: list[Node] = []
    for part in parts:
        if isinstance(part, Relation) and part.operators[0] == "in" and is_number_set(part.sides[1]):
            first = part.sides[0]
            for name in (*names, *(first.items if isinstance(first, Listing) else (first,))):
                letter = head_of(name)
                if isinstance(letter, Letter) and letter.font == BOLD:
                    family = isinstance(name, Scripted) and name.subscript is not None
                    ranks[letter_name(replace(letter, font="")).key] = axes(part.sides[1]) + family
                elif isinstance(letter, Letter):
                    plain.add(letter_name(letter).key)
        names = [*names, part] if isinstance(part, Letter | Scripted) else []
    return ranks, plain & ranks.keys()


def axes(domain: Node) -> int:
    above = domain.superscript if isinstance(domain, Scripted) else None
    if isinstance(above, Fence):
        above = above.body
    if above is None or (isinstance(above, Letter) and above.kind == "symbol"):
        return 0
    base = head_of(domain)
    return 2 if isinstance(above, Infix) or (isinstance(base, Letter) and base.text == "S") else 1


def is_plain(tree: Scripted) -> bool:
    return isinstance(tree.base, Letter) and tree.base.kind != "symbol" and not tree.base.font


def renamed(tree: Tree, letters: frozenset[str]) -> Tree:
    def bold(part: object) -> Node | None:
        if not isinstance(part, Scripted) or not is_plain(part) or count_of(part) is None:
            return None
        letter = cast(Letter, part.base)
        base = replace(letter, font=BOLD) if letter_name(letter).key in letters else letter
        return replace(part, base=base, subscript=rebuilt(part.subscript, bold), superscript=rebuilt(part.superscript, bold))

    return rebuilt(tree, bold)
