"""Names for values that the author did not name, made from the names in them: X*theta is X_theta, y_hat - y is y_hat_minus_y.

Takes: an expression and the names already used. Gives: a new name.
Guarantees: letters, digits and underscores only; the same request gives the same name; never a name twice.
"""

from __future__ import annotations

import sympy

LONGEST = 28


class Names:
    """Hands out each name once."""

    def __init__(self, used: set[str]) -> None:
        self.used = used

    def new(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.used:
            count += 1
            name = f"{wanted}_{count}"
        self.used.add(name)
        return name

    def product(self, body: sympy.Expr, owner: str) -> str:
        """For a sum over `body`: the names of its factors, or the owner's name when that would be long."""
        factors = _factors(body)
        return self.new(f"{factors[0]}_sum" if len(factors) == 1 else _joined(factors, "_") or f"{owner}_sum")

    def largest(self, body: sympy.Expr, owner: str) -> str:
        """For the largest value of the body."""
        return self.new(f"{_atom(body) or owner}_max")

    def value(self, body: sympy.Expr, owner: str) -> str:
        """For a shared or hoisted value."""
        return self.new(_value_words(body) or f"{owner}_term")


def plain(name: str) -> str:
    """An index without the mark that makes it unique."""
    return name.split("#")[0]


def _atom(part: sympy.Expr) -> str:
    if isinstance(part, sympy.Indexed):
        return str(part.base.label)
    return part.name if isinstance(part, sympy.Symbol) and "#" not in part.name else ""


def _factors(body: sympy.Expr) -> list[str]:
    words = []
    for factor in sympy.Mul.make_args(body):
        base, exponent = factor.as_base_exp()
        if not _atom(base) or exponent not in (1, 2):
            return []
        words += [_atom(base)] * int(exponent)
    return sorted(words, key=lambda word: (not word[0].isupper(), word))


def _value_words(body: sympy.Expr) -> str:
    if isinstance(body, sympy.Indexed):
        return "_".join([_atom(body), *(plain(str(index)) for index in body.indices if index.is_Symbol)])
    if isinstance(body, sympy.Function) and len(body.args) == 1:
        inner = _value_words(body.args[0]) or _atom(body.args[0])
        return _joined([type(body).__name__.lower(), inner], "_") if inner else ""
    if isinstance(body, sympy.Mul):
        return _joined(_factors(body), "_")
    if isinstance(body, sympy.Add):
        return _sum_words(body)
    return ""


def _sum_words(body: sympy.Expr) -> str:
    plus: list[str] = []
    minus: list[str] = []
    for term in body.args:
        negative = term.could_extract_minus_sign()
        word = _joined(_factors(-term if negative else term), "_")
        if not word:
            return ""
        (minus if negative else plus).append(word)
    text = "_plus_".join(sorted(plus, key=len, reverse=True)) + "".join(f"_minus_{word}" for word in sorted(minus))
    return text if plus and len(text) <= LONGEST else ""


def _joined(words: list[str], glue: str) -> str:
    text = glue.join(words)
    return text if words and all(words) and len(text) <= LONGEST else ""
