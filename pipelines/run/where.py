"""Where work runs: in this process, on processes of this machine, or on a cluster."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Where:
    """The place where work runs: what a user asks for, or what is decided where nothing is asked for."""

    workers: int | None = None
    """Processes on this machine, 0 for the calling one; None for what suits the size of the work."""
    address: str | None = None
    """A Ray cluster: `HOST:PORT`, `ray://HOST:PORT` or `auto`."""

    def decided(self, workers: int) -> Self:
        """The same place, with so many workers where no number was asked for."""
        return self if self.workers is not None else replace(self, workers=workers)

    @property
    def local_workers(self) -> int | None:
        """Processes on this machine; None on a cluster."""
        return self.workers if self.address is None else None


ANYWHERE = Where()
"""Where work runs that nobody says a place for: whatever suits its size."""
