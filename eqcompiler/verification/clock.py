"""The clock of one claim.

Takes: the seconds that one claim may take. Gives: `Clock`, which says when a stage of its judgement must stop.
Guarantees: each stage gets a share of what is left, so that no stage starves those after it.
"""

from __future__ import annotations

import time

SHARE = 0.5  # of the time left, what one stage may use


class Clock:
    """The time that one claim may take."""

    def __init__(self, timeout: float) -> None:
        self.start = time.monotonic()
        self.end = self.start + timeout
        self.first_stop = self.start + timeout * SHARE  # no stage can have been stopped before

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.end

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    def share(self) -> float:
        """The moment at which a stage must stop."""
        now = time.monotonic()
        return now + max(0.0, (self.end - now) * SHARE)
