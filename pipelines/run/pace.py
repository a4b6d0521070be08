"""How fast work gets on."""

import time
from typing import Literal

from ...schemas.events.building import Progress


class Pace:
    """Counts what is done from the moment that it is made."""

    def __init__(self, unit: Literal["tokens", "bytes"]) -> None:
        self._unit: Literal["tokens", "bytes"] = unit
        self._done = 0
        self._started = time.monotonic()

    def advance(self, amount: int) -> Progress:
        """Count so much more as done; returns the progress so far."""
        self._done += amount
        return Progress(unit=self._unit, done=self._done, per_second=round(self.per_second))

    @property
    def per_second(self) -> float:
        """Units done a second, on average since the beginning."""
        return self._done / max(time.monotonic() - self._started, 1e-9)
