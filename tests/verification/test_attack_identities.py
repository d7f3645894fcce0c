"""Random true and false claims: no false one is ever proved or holds, nearly all true ones are proved.

The numbers of the run are asserted, so a prover that became weaker shows as well. A failure prints the seed of its claim.
"""

from __future__ import annotations

import random
from itertools import islice

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_claims import DECLARED, DOCUMENT, NAMES, differ, expression, read, rewritten, sample

from eqcompiler.calculus.term_text import term_latex
from eqcompiler.errors import NotSupportedYet
from eqcompiler.languages.statements import Claim, Definition
from eqcompiler.languages.terms import Derivative, Term
from eqcompiler.verification.edits import Pool, edits
from eqcompiler.verification.evidence import gather
from eqcompiler.verification.proofs import Proof, prove

COUNT = 2_000
SEEDS = st.integers(0, 2**40)
ATTACK = settings(
    max_examples=COUNT, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
)
POOL = Pool(NAMES, ())
SPACES = {
    "scalar": r"\mathbb{R}",
    "integer": r"\mathbb{R}",
    "vector (n)": r"\mathbb{R}^n",
    "row vector (n)": r"\mathbb{R}^n",
    "matrix (n by n)": r"\mathbb{R}^{n \times n}",
}
MOST_EDITS = 60
POINTS = 8


def is_proved(claim: Claim) -> bool:
    try:
        return isinstance(prove(DOCUMENT, claim), Proof)
    except NotSupportedYet:
        return False


def true_claim(chance: random.Random) -> Claim:
    left = expression(chance)
    return Claim(left, rewritten(left, chance, chance.randint(1, 4)))


def words(claim: Claim) -> str:
    return f"{claim.left} = {claim.right}"


def test_true_claims_are_proved_and_never_refuted() -> None:
    proved: list[bool] = []

    @settings(ATTACK, max_examples=COUNT + COUNT // 4)
    @given(SEEDS)
    def attack(seed: int) -> None:
        claim = true_claim(random.Random(seed))
        if claim.left == claim.right:  # no rule fitted at the places that were drawn
            return
        proved.append(is_proved(claim))
        if not proved[-1] or len(proved) % 8 == 0:
            assert gather(DOCUMENT, claim, trials=3, seed=1).counterexample is None, words(claim)

    attack()
    assert len(proved) >= COUNT
    assert sum(proved) >= 0.98 * len(proved)


def false_claim(chance: random.Random) -> Claim | None:
    """A true claim with one change on the right that plain arithmetic shows to be wrong."""
    claim = true_claim(chance)
    changed = _changed(claim.right, chance)
    for right in changed:
        at = sample(random.Random(3), *chance.choice(((2, 3), (3, 2))))
        try:
            if differ(claim.left, right, at):
                return Claim(claim.left, right)
        except (KeyError, TypeError, ZeroDivisionError, OverflowError, ValueError):
            continue
    return None


def _changed(right: Term, chance: random.Random) -> list[Term]:
    inside = right.body if isinstance(right, Derivative) else right
    found = list(islice(edits(inside, POOL), MOST_EDITS))
    chosen = chance.sample(found, min(4, len(found)))
    return [Derivative(right.type, new, right.variable) for new in chosen] if isinstance(right, Derivative) else chosen


def test_false_claims_are_neither_proved_nor_hold() -> None:
    judged: list[bool] = []

    @ATTACK
    @given(SEEDS)
    def attack(seed: int) -> None:
        chance = random.Random(seed)
        claim = next(found for _ in range(50) if (found := false_claim(chance)) is not None)
        assert not is_proved(claim), words(claim)
        trial = gather(DOCUMENT, claim, trials=POINTS, seed=1)
        assert trial.counterexample is not None or trial.agreements < POINTS, words(claim)
        judged.append(trial.counterexample is not None)

    attack()
    assert len(judged) >= COUNT
    assert sum(judged) >= 0.99 * len(judged)


def test_printed_terms_read_back_as_themselves() -> None:
    same: list[bool] = []

    @settings(ATTACK, max_examples=300)
    @given(SEEDS)
    def attack(seed: int) -> None:
        chance = random.Random(seed)
        term = rewritten(expression(chance), chance, 1)
        text = term_latex(DOCUMENT, term)
        document = read(rf"{DECLARED}\[ Z \in {SPACES[str(term.type)]} \] \[ Z = {text} \]")
        statement = document.statements[-1]
        if statement.error is not None and statement.error.what == "nothing says how large 'I' is":
            return  # tr(I) alone: an error, never a guess
        assert isinstance(statement.payload, Definition), f"{text}: {statement.error}"
        same.append(is_proved(Claim(term, statement.payload.body)))
        assert same[-1], text

    attack()
    assert len(same) >= 280
