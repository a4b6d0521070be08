"""How far a run is, from the logs of its steps."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from .processes import StepProcess, parse_events
from .settings import Folder
from .steps import STEPS

_HEAD_BYTES = 1 << 16


class Progress(BaseModel):
    """How far a step is."""

    step: str
    """The step that was begun last."""
    since: datetime | None = None
    """When it was begun."""
    shards: int | None = None
    """Data files of the dataset."""
    finished: int = 0
    """Data files that are safe on disk."""
    tokens: int | None = None
    """Tokens of the dataset."""
    done: int = 0
    """Tokens that are made."""
    per_second: int | None = None
    """Tokens a second."""

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1; None where nothing is planned yet."""
        return min(1.0, self.done / self.tokens) if self.tokens else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the build will take yet, None where nothing tells."""
        if not self.tokens or not self.per_second:
            return None
        return max(0.0, (self.tokens - self.done) / self.per_second)


def progress_of(folder: Folder, run: str) -> Progress | None:
    """How far a run is; None before its first process."""
    place = folder.run(run)
    begun = [step for step in STEPS if (place / f"{step}.ndjson").is_file()]
    if not begun:
        return None
    events = StepProcess(place, begun[-1]).ended.events
    attempt = next((event for event in events if event.get("event") == "attempt"), None)
    since = None if attempt is None else datetime.fromtimestamp(int(attempt["at"]), UTC)
    if begun[-1] != "build":
        return Progress(step=begun[-1], since=since)
    return _of_build(place / "build.ndjson", events, since)


def _of_build(log: Path, events: list[dict[str, Any]], since: datetime | None) -> Progress:
    plan = _last(events, "plan") or _last(_head(log), "plan")
    if plan is None:
        return Progress(step="build", since=since)
    news = _last(events, "progress")
    shards = sum(event.get("event") == "shard" for event in events)
    return Progress(
        step="build",
        since=since,
        shards=plan["shards"],
        finished=min(plan["shards"], plan["finished_shards"] + shards),
        tokens=plan["tokens"],
        done=plan["finished_tokens"] + (news["done"] if news and news["unit"] == "tokens" else 0),
        per_second=news["per_second"] if news else None,
    )


def _last(events: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    return next((event for event in reversed(events) if event.get("event") == kind), None)


def _head(log: Path) -> list[dict[str, Any]]:
    """The first events of a log."""
    with open(log, "rb") as file:
        return parse_events(file.read(_HEAD_BYTES))
