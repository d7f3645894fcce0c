r"""Definitions in the running text: `Let $\mu = \frac{1}{n} \sum_i x_i$`, `where $\sigma(z) = 1/(1 + e^{-z})$`.

Takes: the formulas of a file. Gives: the same ones, where an inline equation that a word introduces is read like a display, and
a function that a display gives behind `where`, `a = \sigma(z), \text{where } \sigma(z) = ...`, has a display of its own.
Guarantees: only for a name that nothing else in the file declares or defines, or that `Let` gives before any display does, so
that no inline equation becomes a claim; `where $b = 0$` about a declared b, and `the point where $a = b$`, stay prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Formula, Juxtaposed, Node, Numeral, Relation, Words
from eqcompiler.reading.survey import left_name, names_in

LISTED = r"(?:\s*\$[^$]+\$\s*(?:,\s*and|,|and))*"  # formulas of the same list: where $r = X w$ and $s = e^r$
INTRODUCED = re.compile(
    rf"(?:\b(?:let|define|denote|write|put|set)|(?:^|[.,;:$)\]}}\n])\s*(?:where|with)){LISTED}\s*(?:\$|\\\()$", re.IGNORECASE
)
LET = re.compile(r"(?:^|[.;:]\s+|\n\s*)(?:let|define)\s*(?:\$|\\\()$", re.IGNORECASE)
WHERE = re.compile("where|with", re.IGNORECASE)
LONGEST_WORD = 400  # characters of a list before a formula


def with_inline_definitions(found: Sequence[Formula | EquationError]) -> Iterator[Formula | EquationError]:
    given = Counter(key for item in found if isinstance(item, Formula) for key in names_given(item))
    before: set[str] = set()
    for item in found:
        if not isinstance(item, Formula):
            yield item
        elif item.inline:
            defines = defines_inline(item, given) or comes_first(item, given, before)
            yield replace(item, inline=False) if defines else item
        else:
            yield from with_functions_apart(item, given)
        before.update(names_given(item) if isinstance(item, Formula) else ())


def with_functions_apart(formula: Formula, given: Counter[str]) -> Iterator[Formula]:
    """The display without the functions that it gives behind `where`, then these."""
    words = (k for k, part in enumerate(formula.parts) if isinstance(part, Words) and WHERE.fullmatch(part.text.strip(" .,;:")))
    start = next(words, len(formula.parts))
    apart = [part for part in formula.parts[start:] if start and defines_function(part, given)]
    if not apart:
        yield formula
        return
    rest = tuple(part for part in formula.parts if not any(part is own for own in apart))
    yield replace(formula, parts=rest if any(not isinstance(p, Words) for p in rest[start:]) else rest[:start])
    for part in apart:
        yield Formula(part.span, part.span.text, (part,))


def defines_function(part: Node, given: Counter[str]) -> bool:
    """f(x) = e for a name that nothing else gives."""
    if not isinstance(part, Relation) or part.operators != ("=",) or not isinstance(part.sides[0], Juxtaposed):
        return False
    key = left_name(part.sides[0], frozenset())
    return key is not None and given[key] == 1 and key not in names_in(part.sides[1])


def names_given(formula: Formula) -> Iterator[str]:
    """Every name that the formula may declare, bound or define: a bare left side, or all that stands left of another sign."""
    for part in formula.parts:
        if not isinstance(part, Relation):
            yield from names_in(part)
        elif set(part.operators) == {"="}:
            yield from (key for side in part.sides[:-1] if (key := left_name(side, frozenset())) is not None)
        else:
            yield from (key for side in part.sides[:-1] for key in names_in(side))


def comes_first(formula: Formula, given: Counter[str], before: set[str]) -> bool:
    """Let $s = a^2$, and a display below says what s is: that is a claim, where all names on the right mean something."""
    match formula.parts:
        case (Relation(operators=("=",), sides=(left, right)),) if not isinstance(right, Numeral):
            key, own = left_name(left, frozenset()), names_in(left)
            known = all(name in own or name in given for name in names_in(right))
            return (
                key is not None and key not in before and key not in names_in(right) and known and is_introduced(formula, LET)
            )
    return False


def is_introduced(formula: Formula, words: re.Pattern[str]) -> bool:
    before = formula.span.source.text[max(0, formula.span.start - LONGEST_WORD) : formula.span.start]
    return words.search(before) is not None


def defines_inline(formula: Formula, given: Counter[str]) -> bool:
    if not formula.inline or len(formula.parts) != 1:
        return False
    (part,) = formula.parts
    if not isinstance(part, Relation) or part.operators != ("=",) or isinstance(part.sides[1], Numeral):
        return False
    key = left_name(part.sides[0], frozenset())
    return key is not None and given[key] == 1 and key not in names_in(part.sides[1]) and is_introduced(formula, INTRODUCED)
