r"""Definitions in the running text: `Let $\mu = \frac{1}{n} \sum_i x_i$`, `where $\sigma(z) = 1/(1 + e^{-z})$`.

Takes: the formulas of a file. Gives: the same ones, where an inline equation that a word introduces is read like a display, and
a function that a display gives behind `where`, `a = \sigma(z), \text{where } \sigma(z) = ...`, has a display of its own.
Guarantees: only for a name that nothing else in the file declares or defines, so that no inline equation becomes a claim, and
none changes what a display means; `where $b = 0$` about a declared b, and `the point where $a = b$`, stay prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Formula, Juxtaposed, Node, Numeral, Relation, Words
from eqcompiler.reading.survey import left_name, names_in

INTRODUCED = re.compile(r"(?:\b(?:let|define|put|set)|(?:^|[.,;:$)\]}\n])\s*(?:where|with))\s*(?:\$|\\\()$", re.IGNORECASE)
WHERE = re.compile("where|with", re.IGNORECASE)
LONGEST_WORD = 40


def with_inline_definitions(found: Sequence[Formula | EquationError]) -> Iterator[Formula | EquationError]:
    given = Counter(key for item in found if isinstance(item, Formula) for key in names_given(item))
    for item in found:
        if not isinstance(item, Formula):
            yield item
        elif item.inline:
            yield replace(item, inline=False) if defines_inline(item, given) else item
        else:
            yield from with_functions_apart(item, given)


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


def defines_inline(formula: Formula, given: Counter[str]) -> bool:
    if not formula.inline or len(formula.parts) != 1:
        return False
    (part,) = formula.parts
    if not isinstance(part, Relation) or part.operators != ("=",) or isinstance(part.sides[1], Numeral):
        return False
    key = left_name(part.sides[0], frozenset())
    before = formula.span.source.text[max(0, formula.span.start - LONGEST_WORD) : formula.span.start]
    return key is not None and given[key] == 1 and key not in names_in(part.sides[1]) and bool(INTRODUCED.search(before))
