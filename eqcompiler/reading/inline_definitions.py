r"""Definitions in the running text: `Let $\mu = \frac{1}{n} \sum_i x_i$`, `where $\sigma(z) = 1/(1 + e^{-z})$`.

Takes: the formulas of a file. Gives: the same ones, where an inline equation that a word introduces is read like a display.
Guarantees: only for a name that nothing else in the file declares or defines, so that no inline equation becomes a claim, and
none changes what a display means; `where $b = 0$` about a declared b, and `the point where $a = b$`, stay prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eqcompiler.errors import EquationError
from eqcompiler.languages.notation import Formula, Numeral, Relation
from eqcompiler.reading.survey import left_name, names_in

INTRODUCED = re.compile(r"(?:\b(?:let|define|put|set)|(?:^|[.,;:$)\]}\n])\s*(?:where|with))\s*(?:\$|\\\()$", re.IGNORECASE)
LONGEST_WORD = 40


def with_inline_definitions(found: Sequence[Formula | EquationError]) -> Iterator[Formula | EquationError]:
    given = Counter(key for item in found if isinstance(item, Formula) for key in names_given(item))
    for item in found:
        yield replace(item, inline=False) if isinstance(item, Formula) and defines_inline(item, given) else item


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
