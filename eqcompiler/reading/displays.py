r"""From the regions of a document to formulas: rows, chains, labels, directives, trailing punctuation.

Takes: tokens of one region. Gives: the token lists of its formulas, then the formulas.
Guarantees: rows that start with a relation continue the formula before them; one bad formula never hides another;
a directive belongs to exactly one formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eqcompiler.errors import EquationError, IllegalEquation, Source, Span
from eqcompiler.languages.notation import Formula, Node
from eqcompiler.reading.cursor import unknown_environment
from eqcompiler.reading.damage import damage
from eqcompiler.reading.letters import run_length
from eqcompiler.reading.parser import parse_formula
from eqcompiler.reading.regions import DISPLAYS, Directive, Region
from eqcompiler.reading.scanner import Token
from eqcompiler.reading.vocabulary import CLOSERS, OPENERS, PRODUCTS, RELATIONS

INNER_ROWS = {
    "split": "rows",
    "aligned": "rows",
    "alignedat": "rows",
    "gathered": "separate",
    **{name: rows for name, rows in DISPLAYS.items() if rows in ("rows", "separate")},
}
DECLARING = frozenset(("in", "sim", "to", "=", "<", ">", ">=", "<=", "succ", ":=", "<-", "mapsto", ":", "prec", "succeq"))
BRACE_LIMIT = 100
BAR_LIMIT = 400
WORD_SIGNS = frozenset(("=", ":=", "coloneqq", "leftarrow", "gets", "triangleq"))
COMMENT = re.compile(r"(?<!\\)%[^\n]*")


@dataclass(frozen=True, slots=True)
class Draft:
    """The tokens of one formula, without labels, cells and row marks. `opening` is where an empty one is reported."""

    tokens: tuple[Token, ...]
    opening: Span
    label: str = ""
    directives: tuple[Directive, ...] = ()
    inline: bool = False


def drafts(source: Source, region: Region, tokens: Sequence[Token], directives: Sequence[Directive]) -> list[Draft]:
    """The formulas of a region, still as tokens."""
    inner, rows_kind = unwrap(source, list(tokens), region.rows)
    rows = split_rows(inner, rows_kind)
    groups = group_rows(rows, rows_kind)
    result: list[Draft] = []
    for group in groups:
        label = next((token.text for token in group if token.kind == "label"), "")
        body = without_punctuation([token for token in group if token.kind != "label"])
        if body or (not result and group is groups[-1]):
            result.append(Draft(tuple(body), region.opening, label, (), region.inline))
        elif label and result:
            result[-1] = replace(result[-1], label=result[-1].label or label)
    return attach(result, directives)


def attach(result: list[Draft], directives: Sequence[Directive]) -> list[Draft]:
    """Each directive goes to the first formula that ends behind it."""
    for each in directives:
        ends = [k for k, draft in enumerate(result) if draft.tokens and draft.tokens[-1].stop > each.span.start]
        k = ends[0] if ends else len(result) - 1
        result[k] = replace(result[k], directives=(*result[k].directives, each))
    return result


def check_braces(source: Source, tokens: Sequence[Token]) -> None:
    """Braces are balanced, and not so deep (nor bars so many) that looking for partners takes long."""
    opened: list[Token] = []
    bars = 0
    for token in tokens:
        bars += token.text == "|"
        if len(opened) > BRACE_LIMIT or bars > BAR_LIMIT:
            what, limit = ("bars", BAR_LIMIT) if bars > BAR_LIMIT else ("nested braces", BRACE_LIMIT)
            span = Span(source, token.start, token.stop)
            raise IllegalEquation(f"more than {limit} {what} in one formula", span, fix="split the formula")
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if not opened:
                span = Span(source, token.start, token.stop)
                raise IllegalEquation("`}` closes nothing", span, fix="remove it, or add the opening brace")
            opened.pop()
    if opened:
        span = Span(source, opened[-1].start, opened[-1].stop)
        raise IllegalEquation("the brace is never closed", span, fix="add the missing `}`")


def unwrap(source: Source, tokens: list[Token], rows: str) -> tuple[list[Token], str]:
    r"""A display that holds nothing but an aligned or split is what that holds."""
    outside = [token for token in tokens if token.kind != "label"]
    labels = [token for token in tokens if token.kind == "label"]
    body = without_punctuation(outside)
    if not (body and body[0].kind == "begin" and body[-1].kind == "end" and ends_at(body, 0) == len(body) - 1):
        return tokens, rows
    name = body[0].text
    if name not in INNER_ROWS:
        return tokens, rows
    if body[-1].text != name:
        begin = Span(source, body[0].start, body[0].stop)
        end = Span(source, body[-1].start, body[-1].stop)
        raise IllegalEquation(
            f"\\begin{{{name}}} is closed by \\end{{{body[-1].text}}}",
            begin,
            fix=f"write \\end{{{name}}}",
            also=((end, "closed here"),),
        )
    return [*labels, *body[1:-1]], INNER_ROWS[name]


def ends_at(tokens: Sequence[Token], at: int) -> int:
    """The index of the \\end that closes the \\begin at `at`, or -1."""
    depth = 0
    for k in range(at, len(tokens)):
        depth += {"begin": 1, "end": -1}.get(tokens[k].kind, 0)
        if depth == 0:
            return k
    return -1


def without_punctuation(tokens: list[Token]) -> list[Token]:
    """The tokens without wide spaces at the edges and without the sentence's . , ; at the end."""
    start, stop = 0, len(tokens)
    while stop > start and (tokens[stop - 1].kind in ("quad", "row") or is_mark(tokens[stop - 1], ".,;")):
        stop -= 1
    while start < stop and tokens[start].kind == "quad":
        start += 1
    return tokens[start:stop]


def is_mark(token: Token, marks: str) -> bool:
    return token.kind == "mark" and token.text in marks


def level(token: Token) -> int:
    """How the token changes the depth of braces, environments and brackets."""
    if token.kind in ("open", "begin", "left") or (token.kind in ("mark", "command") and token.text in OPENERS):
        return 1
    if token.kind in ("close", "end", "right") or (token.kind in ("mark", "command") and token.text in CLOSERS):
        return -1
    return 0


def split_rows(tokens: list[Token], kind: str) -> list[list[Token]]:
    r"""The rows between the \\ that stand outside of braces and environments. Brackets may go on over rows."""
    rows: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"open": 1, "begin": 1, "close": -1, "end": -1}.get(token.kind, 0)
        if token.kind == "row" and depth == 0:
            rows.append([])
        else:
            rows[-1].append(token)
    if kind == "single" and len(rows) == 1:
        return rows
    return [row for row in rows if row] or [[]]


def group_rows(rows: list[list[Token]], kind: str) -> list[list[Token]]:
    """The rows of each formula, joined. The & of the rows are gone, or became wide spaces between two formulas of a row."""
    if len(rows) == 1 and kind == "single":
        return rows
    if kind == "joined":
        return [[token for row in rows for token in row if token.kind != "cell"]]
    groups: list[list[Token]] = []
    for row in rows:
        aligned = kind == "rows" or kind == "single"
        plain = without_cells(row)
        if aligned and groups and continues(row, plain, groups[-1]):
            inside = sum(level(token) for token in groups[-1]) > 0  # a bracket is open: the comma belongs to it
            head = groups[-1] if inside else without_punctuation(groups[-1])
            start = next((k for k, token in enumerate(plain) if token.kind != "quad"), len(plain))
            groups[-1] = [*head, *plain[start:]]
        elif plain:
            groups.append(plain)
    return groups or [[]]


def without_cells(row: list[Token]) -> list[Token]:
    """Without the & that align. Every second & between two complete formulas parts them: it becomes a wide space."""
    result: list[Token] = []
    depth = count = 0
    for k, token in enumerate(row):
        depth += {"open": 1, "begin": 1, "close": -1, "end": -1}.get(token.kind, 0)
        if token.kind != "cell" or depth:
            result.append(token)
            continue
        count += 1
        following = next((each for each in row[k + 1 :] if each.kind != "cell"), None)
        beside_relation = following is None or is_relation(following) or not result or is_relation(result[-1])
        if count % 2 == 0 and not beside_relation:
            result.append(replace(token, kind="quad", text="quad"))
    return result


def is_relation(token: Token) -> bool:
    return token.kind in ("mark", "command") and token.text in RELATIONS


def starts_with_relation(tokens: Sequence[Token]) -> bool:
    first = next((token for token in tokens if token.kind not in ("label", "quad")), None)
    return first is not None and is_relation(first)


def continues(row: list[Token], plain: list[Token], before: list[Token]) -> bool:
    """Whether a row of an align goes on with the formula before it."""
    depth = sum(level(token) for token in before)
    body = [token for token in plain if token.kind not in ("label", "quad")]
    if not body or depth > 0 or starts_with_relation(plain):
        return True
    last = next((token for token in reversed(before) if token.kind not in ("label", "quad")), None)
    if last is not None and (is_relation(last) or is_operator(last)):
        return True
    if body[0].kind == "mark" and body[0].text == "-":
        return row[0].kind == "cell" or not any(is_relation(token) for token in body)
    return is_operator(body[0])


def is_operator(token: Token) -> bool:
    return token.kind in ("mark", "command") and (token.text in PRODUCTS or token.text in ("+", "-"))


# words: runs of letters that the file uses as one name


def bare_words(formulas: Sequence[Sequence[Token]]) -> frozenset[str]:
    """The runs of letters, MSE in `MSE = ...`, that are one name: the whole left side of a relation somewhere, capitals or at
    least three letters, and not all of their letters are used by themselves in the file."""
    candidates: set[str] = set()
    runs: list[str] = []
    for tokens in formulas:
        at = 0
        while at < len(tokens):
            if tokens[at].kind != "letter":
                at += 1
                continue
            length = run_length(list(tokens), at, len(tokens))
            word = "".join(token.text for token in tokens[at : at + length])
            runs.append(word)
            following = tokens[at + length] if at + length < len(tokens) else None
            starts = at == 0 or tokens[at - 1].kind == "quad" or is_mark(tokens[at - 1], ",;")
            left_side = starts and following is not None and following.text in WORD_SIGNS
            if left_side and length > 1 and (word.isupper() or length > 2):
                candidates.add(word)
            at += length
    return frozenset(word for word in candidates if not all(stands_apart(letter, runs, candidates) for letter in word))


def stands_apart(letter: str, runs: list[str], candidates: set[str]) -> bool:
    return any(letter in run for run in runs if run not in candidates)


# formulas


def formula(source: Source, draft: Draft, words: frozenset[str]) -> Iterator[Formula | EquationError]:
    """The formula, or its error. Inline mathematics that neither parses nor declares anything is prose: nothing."""
    try:
        parts = parsed(source, draft, words)
    except EquationError as error:
        if not draft.inline or declares(draft.tokens):
            yield error
        return
    if draft.inline and all(is_relation(token) for token in draft.tokens):  # "the sign $\\in$"
        return
    first, last = draft.tokens[0], draft.tokens[-1]
    start, stop = min(t.start for t in draft.tokens), max(t.stop for t in draft.tokens)
    span = Span(source, min(first.start, start), max(last.stop, stop))
    directives = tuple((each.key, each.value, each.span) for each in draft.directives)
    yield Formula(span, as_written(span), parts, draft.label, directives, draft.inline)


def parsed(source: Source, draft: Draft, words: frozenset[str]) -> tuple[Node, ...]:
    if not draft.tokens:
        if draft.inline:
            return ()
        raise IllegalEquation(
            f"the display that starts with `{draft.opening.text}` is empty",
            draft.opening,
            fix="write a formula in it, or remove it",
        )
    for token in draft.tokens:
        if token.kind == "begin" and token.text in DISPLAYS and token.text not in INNER_ROWS:
            raise unknown_environment(token.text, Span(source, token.start, token.stop))
    damaged = damage(source, draft.tokens)
    if damaged is not None:
        raise damaged
    return parse_formula(source, draft.tokens, words, fragment=draft.inline)


def declares(tokens: Sequence[Token]) -> bool:
    """Whether inline mathematics holds a sign that declares something, and something it could be about."""
    signs = [token for token in tokens if is_relation(token) and RELATIONS[token.text] in DECLARING]
    return bool(signs) and len(tokens) > len(signs)


def as_written(span: Span) -> str:
    """The LaTeX of the formula on one line, without comments."""
    return " ".join(COMMENT.sub("", span.text).split())
