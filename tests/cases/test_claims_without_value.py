"""What has a value nowhere is never proved, however equal its sides look."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eqcompiler.languages.verdicts import Verdict

NOWHERE = {
    "a negative variance": r"\[ a > 0 \] \[ x \sim \mathcal{N}(0, -a) \] \[ \mathbb{E}[x^2] = -a \]",
    "a diverging integral": r"\[ a > 0 \] \[ \int_0^{\infty} e^{a x} \, dx = -\frac{1}{a} \]",
    "an integral across a pole": r"\[ a > 0 \] \[ \int_{-a}^{a} \frac{1}{x^2} \, dx = -\frac{2}{a} \]",
    "a diverging series": r"\[ a > 0 \] \[ \sum_{k=0}^{\infty} (1 + a)^k = -\frac{1}{a} \]",
    "a limit at a pole": r"\[ a > 0 \] \[ \lim_{x \to 0} \frac{a}{x} = \lim_{x \to 0} \frac{a}{x} \]",
    "the logarithm of a negative number": r"\[ a > 0 \] \[ \log(-a) + \log(-a) = 2 \log(-a) \]",
}


@pytest.mark.parametrize("name", NOWHERE)
def test_what_has_no_value_is_not_proved(name: str, verdicts_of: Callable[[str], tuple[Verdict, ...]]) -> None:
    (verdict,) = verdicts_of(NOWHERE[name])
    assert (verdict.verdict in ("undecided", "unsupported"), verdict.ok) == (True, False)
