r"""Names and sizes of neighbouring steps, as their author writes them: n_before_l is n_{l-1}, a_next_l is a^{(l+1)}.

Takes: a finished document and its steps. Gives: the document with texts for people; terms keep the names that programs use.
Guarantees: only names that reading has made are replaced, each by what is written for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from eqcompiler.errors import EquationError
from eqcompiler.languages.statements import Document, Statement, SymbolInfo
from eqcompiler.reading.steps import Steps

WORD = re.compile(r"[A-Za-z]\w*")
NEIGHBOURS = {"before": "{letter}-1", "next": "{letter}+1", "before_end": "{end}-1"}
MADE_HERE = "_(?:{labels})_{letter}"
LABELS = "before_end|before|next|end|here|ahead"


def with_written_names(document: Document, steps: Iterable[Steps]) -> Document:
    steps = tuple(steps)
    if not steps:
        return document
    sizes = _sizes(steps)
    written = sizes | _symbols(document.symbols, steps)

    def shown(text: str) -> str:
        return WORD.sub(lambda found: written.get(found[0], found[0]), text)

    symbols = {key: replace(info, why=shown(info.why)) for key, info in document.symbols.items()}
    statements = tuple(_shown(statement, shown, steps) for statement in document.statements)
    return replace(document, symbols=symbols, statements=statements, written_sizes=sizes)


def _sizes(steps: tuple[Steps, ...]) -> dict[str, str]:
    return {
        f"{size}_{label}_{each.letter}": f"{size}_{{{script.format(letter=each.letter, end=each.end or each.letter.upper())}}}"
        for each in steps
        for size in each.sizes
        for label, script in NEIGHBOURS.items()
    }


def _symbols(symbols: Mapping[str, SymbolInfo], steps: tuple[Steps, ...]) -> dict[str, str]:
    made = re.compile("|".join(MADE_HERE.format(labels=LABELS, letter=re.escape(each.letter)) for each in steps))
    return {key: info.latex for key, info in symbols.items() if made.search(key)}


def _shown(statement: Statement, shown: Callable[[str], str], steps: tuple[Steps, ...]) -> Statement:
    name = statement.name
    for each in steps:
        name = re.sub(rf"_(?:here|ahead)_{each.letter}(?=_|-|$)", "", name)
        name = re.sub(rf"_end_{each.letter}(?=_|-|$)", f"_{each.end or each.letter.upper()}", name)
    return replace(
        statement,
        name=name,
        type_text=shown(statement.type_text),
        inferred=tuple(shown(text) for text in statement.inferred),
        error=None if statement.error is None else _error(statement.error, shown),
    )


def _error(error: EquationError, shown: Callable[[str], str]) -> EquationError:
    also = tuple((span, shown(words)) for span, words in error.also)
    return type(error)(shown(error.what), error.span, allowed=shown(error.allowed), fix=shown(error.fix), also=also)
