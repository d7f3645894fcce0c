"""The proof checker's table of integrals and series against numbers, and advice that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import pytest
from test_replay import read
from test_replay_rules import RULES, differs

from eqcompiler.errors import CompilerFault
from eqcompiler.languages import terms
from eqcompiler.languages.proof_steps import Certificate
from eqcompiler.languages.terms import Call, Number, Symbol, Term
from eqcompiler.verification.choices import CHOICES, Standard
from eqcompiler.verification.closed_forms import FORMS, Form
from eqcompiler.verification.index_arithmetic import Algebra
from eqcompiler.verification.index_sums import ONE, Atom, Factors, NotReplayed, Position, Range, Sum, add
from eqcompiler.verification.replay import check, goal_of
from eqcompiler.verification.term_entries import Advice, Edge, Reader

DECLARED = r"a, q, p > 0, \quad b, c, w \in \mathbb{R}, \quad n \in \mathbb{N}, \quad n \ge 1, \quad r \in (0, 1)"
DOCUMENT, _ = read(DECLARED, r"a + b = b + a")


def names(term: Term) -> set[str]:
    own = {term.name} if isinstance(term, Symbol) else set()
    return own.union(*map(names, terms.children(term)))


@pytest.mark.parametrize("name", FORMS)
def test_a_form_holds_at_exact_points(name: str) -> None:
    form = FORMS[name]
    assert set(form.parameters) == names(form.left) - {"t"}
    assert set(form.parameters) >= names(form.right).union(*map(names, form.positive), form.moment)
    assert not differs((form.left, form.right), DOCUMENT)
    assert differs((form.left, Call(terms.SCALAR, "mul", (Number(terms.SCALAR, Fraction(2)), form.right))), DOCUMENT)


class Wrong(Standard):
    """Advice as it is given, with one value changed."""

    def __init__(self, changed: str) -> None:
        self.changed = changed

    def form(self, reader: Reader, inside: Sum, variable: Atom, upper: Edge) -> Advice | None:
        found = CHOICES.form(reader, inside, variable, upper)
        if found is None or self.changed not in (*found.values, "order", "form"):
            return found
        values = {name: add(value, ONE) if name == self.changed else value for name, value in found.values.items()}
        others = [name for name in FORMS if name != found.form and set(FORMS[name].parameters) == set(values)]
        return Advice(others[0] if self.changed == "form" else found.form, values, found.order + (self.changed == "order"))


class Careless(Standard):
    """Any order of the indices, factors that are none."""

    def orders(self, bound: tuple[Range, ...], factors: Factors) -> Iterator[tuple[Range, ...]]:
        yield bound[::-1]

    def apart(self, algebra: Algebra, body: Sum) -> list[Sum]:
        return [ONE, ONE]

    def exponential(self, algebra: Algebra, body: Sum) -> Sum:
        return ONE

    def split(self, algebra: Algebra, place: Position, inner: Position) -> tuple[Position, Position]:
        return inner, place


class Forgetful(Standard):
    def primes(self, value: Fraction) -> list[tuple[int, int]]:
        return [(2, 1)]

    def orders(self, bound: tuple[Range, ...], factors: Factors) -> Iterable[tuple[Range, ...]]:
        return (bound[1:],)


def is_shown(lines: tuple[str, ...], adviser: Standard) -> bool:
    document, claim = read(*lines)
    try:
        check(goal_of(document, claim, adviser), Certificate(()))
    except (NotReplayed, CompilerFault):
        return False
    return True


OF_FORMS = {
    "a": "Gaussian integrals",
    "b": "Gaussian integrals",
    "c": "the gamma integral",
    "q": "the gamma integral",
    "w": "damped waves",
    "p": "the beta integral",
    "r": "the geometric series",
    "n": "the binomial theorem",
    "order": "Gaussian integrals",
    "form": "damped waves",
}


@pytest.mark.parametrize("changed", OF_FORMS)
def test_a_form_that_does_not_fit_is_refused(changed: str) -> None:
    before, true, false = RULES[OF_FORMS[changed]]
    assert [is_shown((*before, each), CHOICES) for each in (true, false)] == [True, False]
    assert [is_shown((*before, each), Wrong(changed)) for each in (true, false)] == [False, False]


@pytest.mark.parametrize("rule", RULES)
def test_careless_advice_proves_nothing_false(rule: str) -> None:
    before, _, false = RULES[rule]
    assert not is_shown((*before, false), Careless())
    assert not is_shown((*before, false), Forgetful())


def test_what_must_be_positive_is_asked_for() -> None:
    """A form without what it asks to be positive holds nowhere else: the same claims are refused where that is not assumed."""
    before, true, _ = RULES["Gaussian integrals"]
    assert not is_shown((before[0].replace("a > 0", r"a \in \mathbb{R}"), true), CHOICES)
    assert all(isinstance(form, Form) and form.positive for form in FORMS.values() if "a" in form.parameters)
