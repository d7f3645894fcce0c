r"""Linear algebra over sums with indices: what is wanted as a combination of rows.

Takes: rows, sums of products each, and what they should add up to. Gives: coefficients, or None.
Guarantees: the combination is exact; the products count as independent unknowns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from eqcompiler.verification.index_sums import Sum

Row = dict[str, Fraction]


def combination(multiples: Sequence[Sum], wanted: Sum) -> list[tuple[Fraction, int]] | None:
    """The coefficients and places of the rows that add up to what is wanted; None when none do."""
    rows: dict[str, tuple[Row, Row]] = {}
    for k in _useful(multiples, wanted):
        row, made = _reduced(_coefficients(multiples[k]), {str(k): Fraction(1)}, rows)
        if row:
            rows[min(row)] = (row, made)
    row, made = _reduced(_coefficients(wanted), {}, rows)
    return None if row else [(-c, int(k)) for k, c in sorted(made.items(), key=lambda item: int(item[0]))]


def _useful(multiples: Sequence[Sum], wanted: Sum) -> list[int]:
    """Without the rows that hold a term which nothing else can take away."""
    asked = {t.key for t in wanted.terms}
    kept = list(range(len(multiples)))
    while True:
        counts = Counter(t.key for k in kept for t in multiples[k].terms)
        following = [k for k in kept if all(counts[t.key] > 1 or t.key in asked for t in multiples[k].terms)]
        if len(following) == len(kept):
            return kept
        kept = following


def _reduced(row: Row, made: Row, rows: Mapping[str, tuple[Row, Row]]) -> tuple[Row, Row]:
    row, made = dict(row), dict(made)
    waiting = sorted(row, reverse=True)
    while waiting:
        lead = waiting.pop()
        if lead not in row or lead not in rows:
            continue
        other, parts = rows[lead]
        c = row[lead] / other[lead]
        waiting += [k for k in other if k not in row]
        waiting.sort(reverse=True)
        _take(row, other, c)
        _take(made, parts, c)
    return row, made


def _coefficients(body: Sum) -> Row:
    return {t.key: t.coefficient for t in body.terms}


def _take(row: Row, other: Row, c: Fraction) -> None:
    """row less c times other."""
    for key, v in other.items():
        value = row.get(key, Fraction(0)) - c * v
        if value:
            row[key] = value
        else:
            row.pop(key, None)
