"""The suggestion in an error about a name that does not exist.

Takes: the wrong name, the right ones. Gives: one sentence, or "" when nothing is near.
Guarantees: at most three names, the nearest first; upper and lower case count as near.
"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(wrong: str, names: Iterable[str]) -> str:
    """'write age', 'write age or sage', ''."""
    from difflib import get_close_matches

    known = list(dict.fromkeys(names))
    near = [name for name in known if name.lower() == wrong.lower()]
    near += [name for name in get_close_matches(wrong, known, n=3, cutoff=0.5) if name not in near]
    return f"write {' or '.join(near[:3])}" if near else ""
