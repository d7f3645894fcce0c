r"""Expected verdicts: what an author writes behind `%! expect:`.

Takes: what an author expects of a claim (`%! expect: holds if b = 0`) and a verdict. Gives: whether they agree.
Guarantees: only the very outcome agrees, and a conditional one only with the same condition; `A^\top`, `A^{T}` and `A^T`,
spaces and the two sides of an equation do not matter. An expectation that is none is an error with the list of legal ones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

from eqcompiler.errors import EquationError, IllegalEquation, Span
from eqcompiler.languages.statements import Statement
from eqcompiler.languages.verdicts import Outcome, Verdict
from eqcompiler.verification.findings import sentence

OUTCOMES: tuple[str, ...] = get_args(Outcome)
_CONDITIONAL = re.compile(r"(?:holds|conditional|proved)\s+(?:if|iff|when)\b\s*(.+)", re.DOTALL)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S")
_RELATIONS = ("=", r"\neq", r"\leq", r"\geq", "<", ">", r"\succ", r"\succeq")
_SAME = {r"\top": "T", r"\ne": r"\neq", r"\le": r"\leq", r"\ge": r"\geq", r"\Vert": r"\|", r"\lVert": r"\|", r"\rVert": r"\|"}
_UNSEEN = frozenset((r"\left", r"\right", r"\,", r"\;", r"\!", r"\quad", r"\qquad", r"\mathbf", r"\boldsymbol", "$"))

Equation = tuple[str, tuple[str, ...]]


def marked(statement: Statement, verdict: Verdict) -> Verdict:
    """ok: proved or holding, unless the author expects something; then exactly that. A bad expectation is never met."""
    if not statement.expect:
        return replace(verdict, ok=verdict.verdict in ("proved", "holds"))
    try:
        return replace(verdict, ok=agrees(statement.expect, verdict, statement.span))
    except EquationError as error:
        return replace(verdict, ok=False, reason=f"{verdict.reason} {sentence(error)}".strip())


def agrees(expect: str, verdict: Verdict, span: Span | None = None) -> bool:
    """Whether the verdict is the expected one. Raises IllegalEquation for an expectation that is none of the legal ones."""
    text = expect.strip()
    if text in OUTCOMES:
        return verdict.verdict == text
    match = _CONDITIONAL.fullmatch(text)
    if match is None or not all(sides for _, sides in conditions(match.group(1))):
        raise IllegalEquation(
            f"'{text}' is not an expectation",
            span,
            allowed=", ".join(OUTCOMES) + ", holds if CONDITION",
            fix="write the verdict that is meant, for example %! expect: holds if b = 0",
        )
    return verdict.verdict == "conditional" and verdict.condition is not None and same(match.group(1), verdict.condition)


def same(one: str, other: str) -> bool:
    """Whether two texts state the same conditions, in any order."""
    return conditions(one) == conditions(other)


def conditions(text: str) -> tuple[Equation, ...]:
    """The equations of a text, split at commas and `and`, each as its relation and its sides; sorted."""
    tokens = _tokens(text)
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in "([{") - (token in ")]}")
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(sorted(_equation(part) for part in parts))


def _tokens(text: str) -> list[str]:
    """The signs of a text in one spelling: no spaces, no spacing commands, A^T for every transpose, I for I_n."""
    text = re.sub(r"\\(?:text|textrm|mathrm)\s*\{\s*and\s*\}|\band\b", ",", text)
    text = re.sub(r"([_^])\s*\{\s*(\\[A-Za-z]+|\S)\s*\}", r"\1\2 ", text)
    tokens = [_SAME.get(token, token) for token in _TOKEN.findall(text) if token not in _UNSEEN]
    kept: list[str] = []
    for place, token in enumerate(tokens):
        if token == "_" and kept[-1:] == ["I"] and place + 1 < len(tokens):
            tokens[place + 1] = ""
        elif token:
            kept.append(token)
    return kept


def _equation(tokens: list[str]) -> Equation:
    """Relation and sides; the sides of an equation sorted. A part without relation has no sides: it is no condition."""
    for place, token in enumerate(tokens):
        if token in _RELATIONS and 0 < place < len(tokens) - 1:
            sides = (" ".join(tokens[:place]), " ".join(tokens[place + 1 :]))
            return token, tuple(sorted(sides)) if token in ("=", r"\neq") else sides
    words = " ".join(tokens)
    return (words, (words,)) if "invertible" in words.replace(" ", "") else (words, ())
