"""Takes: nothing. Gives: `Topic`: what is declared, claims that are true, and the mistakes that books print in their place.
Guarantees: data only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    given: tuple[str, ...]
    true: tuple[str, ...]
    false: tuple[str, ...]
