"""Random claims against the proof checker alone: true ones are replayed, false ones never; no number is computed by it."""

from __future__ import annotations

import random
from itertools import islice

from random_claims import DOCUMENT, NAMES, differ, expression, rewritten, sample

from eqcompiler.errors import CompilerFault
from eqcompiler.languages.proof_steps import Certificate
from eqcompiler.languages.statements import Claim
from eqcompiler.languages.terms import Derivative
from eqcompiler.verification.choices import replay
from eqcompiler.verification.edits import Pool, edits
from eqcompiler.verification.index_sums import NotReplayed
from eqcompiler.verification.proof_plans import certificate

COUNT = 250
POOL = Pool(NAMES, ())


def outcome(claim: Claim) -> str:
    try:
        replay(DOCUMENT, claim, Certificate(()))
    except NotReplayed:
        return "not replayed without a certificate"
    except CompilerFault:
        return "a fault"
    return "replayed"


def claims(seed: int) -> tuple[Claim, Claim | None]:
    """A true claim, and the same with one change that plain arithmetic shows to be wrong."""
    chance = random.Random(seed)
    left = expression(chance)
    right = rewritten(left, chance, chance.randint(1, 4))
    inside = right.body if isinstance(right, Derivative) else right
    changed = list(islice(edits(inside, POOL), 40))
    chance.shuffle(changed)
    for candidate in changed:
        other = Derivative(right.type, candidate, right.variable) if isinstance(right, Derivative) else candidate
        try:
            if other.type.shape == left.type.shape and differ(left, other, sample(random.Random(3), 2, 3)):
                return Claim(left, right), Claim(left, other)
        except (KeyError, TypeError, ZeroDivisionError, OverflowError, ValueError):
            continue
    return Claim(left, right), None


def test_true_claims_are_replayed_and_false_ones_never() -> None:
    seen: dict[bool, list[str]] = {True: [], False: []}
    for seed in range(COUNT):
        for truth, claim in zip((True, False), claims(seed), strict=True):
            if claim is not None:
                seen[truth].append(outcome(claim))
                assert seen[truth][-1] not in ("a fault" if truth else "replayed",), (
                    f"seed {seed}: {claim.left} = {claim.right}"
                )
    assert len(seen[False]) > COUNT / 2
    assert seen[True].count("replayed") >= 0.75 * len(seen[True])
    assert seen[False].count("a fault") >= 0.5 * len(seen[False])


def test_what_needs_a_certificate_has_one() -> None:
    """Those of the true claims with inverses in which only S S^-1 = I leads to zero."""
    hard = [claim for claim in (claims(seed)[0] for seed in range(COUNT // 3)) if outcome(claim) != "replayed"]
    assert len(hard) > COUNT // 20
    for claim in hard:
        replay(DOCUMENT, claim, certificate(DOCUMENT, claim))
