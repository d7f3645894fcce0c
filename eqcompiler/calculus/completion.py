"""Rules over matrix words and their bounded Knuth-Bendix completion.

Takes: equations between matrices as polynomials with the ends < and >. Gives: a `Rewriter`, whose rules reduce polynomials.
Guarantees: every rule is a consequence of the equations; reduction keeps the value. The budget bounds rules, lengths and
effort, counted and not timed, so that a proof found on one machine is found on each; where it ends, fewer things reduce to
zero, never more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from eqcompiler.calculus.chains import build, sizes
from eqcompiler.calculus.index_values import affine_value
from eqcompiler.calculus.monomials import (
    Factor,
    Monomial,
)
from eqcompiler.calculus.signs import sign_of
from eqcompiler.calculus.words import Alphabet, Polynomial, Term, Word, plus, scaled

MAX_RULES = 80
MAX_WORD = 14
MAX_STEPS = 4000
MAX_TERMS = 300
EFFORT = 60_000_000  # in letters compared, about three seconds of work
STEP_EFFORT = 500  # applying one rule, beside finding it

LEFT, RIGHT = "<", ">"


@dataclass(frozen=True, slots=True)
class Rule:
    """lead (tokens without ends) -> value (a polynomial with the ends < and >)."""

    lead: Word
    value: Polynomial

    def __str__(self) -> str:
        shown = " + ".join(f"{c} {' '.join(' '.join(w) for w in t.words)}" for t, c in self.value.items()) or "0"
        return f"{' '.join(self.lead)} -> {shown}"


@dataclass
class Rewriter:
    """Rules over one alphabet. cautious: a leading coefficient is a number or positive, for equations of the author."""

    alphabet: Alphabet = field(default_factory=Alphabet)
    rules: list[Rule] = field(default_factory=list)
    cautious: bool = False
    effort: int = EFFORT  # what is left of it; the search ends where none is

    # ---- reduction

    def reduced(self, polynomial: Polynomial) -> dict[Term, Fraction]:
        done: dict[Term, Fraction] = {}
        queue = dict(polynomial)
        steps = 0
        while queue:
            term, c = queue.popitem()
            self.effort -= sum(len(word) for word in term.words) * len(self.rules)
            following = self._step(term)
            if following is None:
                done = plus(done, {term: c})
                continue
            steps += 1
            self.effort -= STEP_EFFORT
            if steps > MAX_STEPS or len(queue) > MAX_TERMS or self.effort < 0:
                return plus(plus(done, queue), {term: c})
            queue = plus(queue, {t: c * k for t, k in following.items()})
        return done

    def _step(self, term: Term) -> dict[Term, Fraction] | None:
        for number, word in enumerate(term.words):
            found = self._match(word)
            if found is not None:
                before, rule, after, closed = found
                rest = term.words[:number] + term.words[number + 1 :]
                return self._replaced(term.scalars, rest, before, rule, after, closed)
        return None

    def _match(self, word: Word) -> tuple[Word, Rule, Word, bool] | None:
        """(before, rule, after, trace) with word = before lead after; a trace is turned so that the lead comes first."""
        if word[0] == "tr":
            letters = word[1:]
            for rule in self.rules:
                size = len(rule.lead)
                if size > len(letters) or (size == len(letters) and self._size(rule) is None):
                    continue
                for k in range(len(letters)):
                    turned = letters[k:] + letters[:k]
                    if turned[:size] == rule.lead:
                        return (), rule, turned[size:], True
            return None
        for rule in self.rules:
            size = len(rule.lead)
            for k in range(len(word) - size + 1):
                if word[k : k + size] == rule.lead:
                    return word[:k], rule, word[k + size :], False
        return None

    def _replaced(
        self, scalars: tuple[Factor, ...], rest: tuple[Word, ...], before: Word, rule: Rule, after: Word, closed: bool
    ) -> dict[Term, Fraction]:
        result: dict[Term, Fraction] = {}
        for term, c in rule.value.items():
            words, more = list(rest), scalars
            for word in term.words:
                starts, ends = word[0] == LEFT, word[-1] == RIGHT
                inner = word[starts : len(word) - ends]
                if closed and starts and ends and not inner and not after:
                    size = self._size(rule)
                    if size is not None:
                        c, more = c * size.coefficient, (*more, *size.factors)
                elif closed and starts and ends:
                    words.append(("tr", *inner, *after))
                elif closed and ends:
                    words.append((*inner, *after, *_column_part(term)))
                elif closed and starts:
                    continue
                else:
                    words.append((*(before if starts else ()), *inner, *(after if ends else ())))
            result = plus(result, {self.alphabet.term((*term.scalars, *more), words): c})
        return result

    def _size(self, rule: Rule) -> Monomial | None:
        """The trace of the identity on the left side of the lead; None when it is no single product of sizes."""
        rows = affine_value(sizes(self.alphabet.letters[rule.lead[0]])[0])
        return rows.terms[0] if len(rows.terms) == 1 else None

    # ---- rules

    def add_equation(self, zero: Polynomial) -> bool:
        """An equation between matrices with the ends < and >; its transpose holds as well."""
        added = self._add(zero)
        return self._add(self._turned(zero)) or added

    def _turned(self, zero: Polynomial) -> dict[Term, Fraction]:
        result: dict[Term, Fraction] = {}
        for term, c in zero.items():
            words = [self.alphabet.turned(w) if w[0] == LEFT or w[-1] == RIGHT else w for w in term.words]
            result = plus(result, {Term(term.scalars, tuple(sorted(words))): c})
        return result

    def _add(self, zero: Polynomial) -> bool:
        """One more rule; rules whose lead it rewrites are equations again."""
        pending, added = [zero], False
        for _ in range(MAX_RULES):
            if not pending or len(self.rules) >= MAX_RULES:
                break
            rule = self._oriented(self.reduced(pending.pop()))
            if rule is None:
                continue
            for r in [r for r in self.rules if _contains(r.lead, rule.lead)]:
                same = self.alphabet.term((), [(LEFT, *r.lead, RIGHT)])
                pending.append(plus({same: Fraction(1)}, {t: -k for t, k in r.value.items()}))
            self.rules = [r for r in self.rules if not _contains(r.lead, rule.lead)] + [rule]
            added = True
        return added

    def _oriented(self, zero: Polynomial) -> Rule | None:
        """The equation solved for its largest word; None when that word would come back."""
        lead = self._lead(zero)
        if lead is None:
            return None
        word = next(w for w in lead.words if w[0] == LEFT)[1:-1]
        closed = [f for w in lead.words if w[0] != LEFT for f in self._scalar(w)]
        rest = {t: k for t, k in zero.items() if t != lead}
        if any(_contains(w, word) for t in rest for w in t.words):
            return None
        inverse = tuple(Factor(f.atom, -f.exponent) for f in (*lead.scalars, *closed))
        return Rule(word, scaled(self.alphabet, rest, -1 / zero[lead], inverse))

    def _lead(self, zero: Polynomial) -> Term | None:
        """The term with the largest word from end to end, when that word occurs once and its coefficient cannot vanish."""
        if not zero:
            return None
        whole_words = {t: w for t in zero for w in t.words if w[0] == LEFT and w[-1] == RIGHT and 2 < len(w) <= MAX_WORD}
        if not whole_words:
            return None
        largest = max(whole_words, key=lambda t: (_weight((whole_words[t],)), t.words))
        if sum(1 for word in whole_words.values() if word == whole_words[largest]) > 1:
            return None
        scalars = [*largest.scalars, *(f for w in largest.words if w != whole_words[largest] for f in self._scalar(w))]
        if self.cautious and any(sign_of(f.atom) != "positive" for f in scalars):
            return None
        return largest

    def _scalar(self, word: Word) -> tuple[Factor, ...]:
        """A closed word as a factor."""
        return build(self.alphabet.chain(word)).terms[0].factors

    def complete(self) -> None:
        """Critical pairs until none is left or a third of the effort is spent."""
        reserve = self.effort - EFFORT // 3
        tried: set[tuple[Word, Word, int]] = set()
        growing = True
        while growing and self.effort > reserve and len(self.rules) < MAX_RULES:
            growing = False
            for first in list(self.rules):
                for second in list(self.rules):
                    for overlap in range(1, min(len(first.lead), len(second.lead)) + 1):
                        key = (first.lead, second.lead, overlap)
                        if key in tried or first.lead[-overlap:] != second.lead[:overlap]:
                            continue
                        tried.add(key)
                        if self.effort < reserve:
                            return
                        growing = self._critical(first, second, overlap) or growing

    def _critical(self, first: Rule, second: Rule, overlap: int) -> bool:
        left = self._around((), first, second.lead[overlap:])
        right = self._around(first.lead[:-overlap], second, ())
        pair = self.reduced(plus(left, {t: -c for t, c in right.items()}))
        if not pair or max(sum(len(w) for w in t.words) for t in pair) > MAX_WORD:
            return False
        return self.add_equation(pair)

    def _around(self, before: Word, rule: Rule, after: Word) -> dict[Term, Fraction]:
        return self._replaced((), (), (LEFT, *before), rule, (*after, RIGHT), False)


def _column_part(term: Term) -> Word:
    """The part of a cut value that ends at its right end's cut: tr(u v^T A) is the word v^T A u."""
    return next(word[1:] for word in term.words if word[0] == LEFT)


def _contains(word: Word, part: Word) -> bool:
    return any(word[k : k + len(part)] == part for k in range(len(word) - len(part) + 1))


def _weight(words: tuple[Word, ...]) -> tuple[int, tuple[Word, ...]]:
    return sum(len(w) for w in words), words
