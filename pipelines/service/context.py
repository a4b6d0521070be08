"""What the steps of a run ask of the server that they run in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .runs import Request, Run
from .settings import Settings

Found = Mapping[str, Mapping[str, Any]]
"""What came of the steps before, by their names."""


def real_time() -> datetime:
    """Now."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Server:
    """What runs need of their server."""

    settings: Settings
    past_runs: Callable[[str], list[Run]]
    """The latest runs of a schedule that are over, newest first."""
    is_cancelled: Callable[[str], bool]
    """Whether a run was cancelled."""
    now: Callable[[], datetime] = real_time
    """The clock."""


@dataclass(frozen=True)
class Work:
    """A step's view of its run."""

    server: Server
    request: Request
    found: Found

    @property
    def dataset(self) -> str:
        """The folder that the run builds."""
        return str(self.found["resolve"]["dataset"])

    def must_stop(self) -> str | None:
        """Why the run must stop now, in words; None where it may go on."""
        if self.server.is_cancelled(self.request.run):
            return "cancelled"
        limit, started = self.request.order.time_limit, self.found.get("resolve", {}).get("started")
        if limit is not None and started is not None:
            spent = (self.server.now() - datetime.fromisoformat(str(started))).total_seconds()
            if spent > limit:
                return f"its time limit of {limit:g} s is over"
        return None
