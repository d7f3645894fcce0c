r"""Densities judged: total 1, and nowhere negative.

Takes: the obligation of a density, and who judges a claim. Gives: one finding about both of its halves.
Guarantees: a density is proved only when its total is proved to be 1 and it is proved nowhere negative; the first half that
fails decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eqcompiler.languages.statements import Claim, Density
from eqcompiler.verification.findings import Finding

WORST_FIRST = ("refuted", "conditional", "unsupported", "undecided", "holds", "proved")


def judged(density: Density, judge: Callable[[Claim], Finding], has_no_value: Callable[[Claim], bool]) -> Finding:
    """The total first: its value shows best what is missing. A total that does not exist refutes, unless other values of the
    variable could be meant: it is not said which, and below or above 0 alone the total exists."""
    if has_no_value(density.total):
        if all(has_no_value(half) for half in density.halves):
            return Finding("refuted", "divergence", f"Taken as {density.noun} {density.support}. Its total does not exist.")
        say = r"say which values are meant, for example \text{for } y > 0"
        reason = f"Taken as {density.noun} {density.support}. Its total does not exist; {say}."
        return Finding("undecided", "divergence", reason)
    total = judge(density.total)
    if total.outcome not in ("proved", "holds"):
        return replace(total, reason=_about_total(density, total))
    sign = judge(density.sign)
    if sign.counterexample is not None:  # a condition on the variable would only say where it is not negative
        words = f"{density.noun} is negative somewhere: left its value, right its absolute value."
        return Finding("refuted", sign.method, words, counterexample=sign.counterexample)
    if sign.outcome not in ("proved", "holds"):
        return replace(sign, reason=f"That it is nowhere negative: {sign.reason}")
    outcome = min((total.outcome, sign.outcome), key=WORST_FIRST.index)
    method = f"{density.noun} {density.support}: its total is 1 by {total.method}; nowhere negative by {sign.method}"
    reason = " ".join(part for part in (total.reason, sign.reason) if part)
    return Finding(outcome, method, reason, steps=(*total.steps, *sign.steps))


def _about_total(density: Density, total: Finding) -> str:
    """What the total is instead of 1."""
    taken = f"Taken as {density.noun} {density.support}."
    if total.counterexample is None:
        return f"{taken} {total.reason}"
    only = f" It is 1 if {total.condition}." if total.condition else ""
    return f"{taken} Its total is {total.counterexample.left} at the values shown, not 1.{only}"
