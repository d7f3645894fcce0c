"""The words of a report for somebody who has never seen the program.

Takes: nothing; data only. Gives: what each verdict, kind and method means, in full sentences.
Guarantees: every verdict and every kind of statement has its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

VERDICTS = {
    "proved": "Shown by algebra for every size of the vectors and matrices and for all values that the assumptions allow.",
    "holds": "Not shown by algebra. Computed at many points, without rounding or with a bound on it, and never found wrong.",
    "conditional": "False in general, and shown to be true under the condition that is given with it.",
    "refuted": "False. Values are given at which the two sides differ.",
    "undecided": "Neither shown nor found wrong. It does not count as right.",
    "unsupported": "Could not be understood, or is of a kind that the program cannot judge.",
}
KINDS = {
    "declaration": "What a letter stands for",
    "definition": "Definition",
    "claim: equality": "Claim",
    "claim: derivative": "Claim about a derivative",
    "claim: minimiser": "Claim about where something is smallest or largest",
    "claim: limit": "Claim about where a sequence ends",
    "objective": "What is made as small or as large as possible",
    "recurrence": "One step of an iteration",
    "distribution": "How something is distributed",
    "density": "Probability density",
    "prose": "Not used",
    "error": "Not understood",
}
WHOLE_METHODS = {"shapes": "the sizes do not fit together", "divergence": "the integral or sum is infinite or has no value"}
METHODS = (
    ("index normal form", "both sides are written out by entries, with sums over indices, and brought into one standard form"),
    ("rewriting with the inverse", "both sides are simplified with rules that follow from A⁻¹A = I"),
    ("clearing denominators", "both sides are multiplied by what stands below the fractions, and then compared"),
    ("determinants of sums", "both sides are compared with rules for the determinant of a sum"),
    ("with the assumptions", "what the text assumes about the letters is used"),
    ("convex", "no minimum is deeper than another; strictly convex: there is only one"),
    ("concave", "no maximum is higher than another; strictly concave: there is only one"),
    ("the gradient vanishes there", "all derivatives are zero at this point"),
    ("fixed point", "one more step changes nothing there"),
    ("contraction", "every step brings two starting points closer together"),
    ("exact rational arithmetic", "computed with fractions of whole numbers, without rounding"),
    ("balls of", "computed with numbers that carry a bound on their rounding error; disjoint balls: surely different"),
    ("modulo primes", "computed with whole numbers of which only the remainder after division by a large prime is kept"),
    ("points", "a point is one choice of values for all letters; a shape is one choice of sizes for all vectors and matrices"),
    ("as restated", "the text gives the same name a second form, and what follows is judged for that form"),
    ("time ran out", "the claim was given up after the time that each claim may take"),
)


def verdict_meanings(found: Iterable[str]) -> list[tuple[str, str]]:
    """The verdicts that occur, with their meanings."""
    present = set(found)
    return [(verdict, meaning) for verdict, meaning in VERDICTS.items() if verdict in present]


def method_meanings(methods: Iterable[str]) -> list[tuple[str, str]]:
    """The phrases that occur in these methods, with their meanings."""
    text = "\n".join(methods)
    return [(phrase, meaning) for phrase, meaning in METHODS if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)]
