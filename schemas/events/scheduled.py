"""What is known of schedules and of the runs that they make."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .event import Event

Outcome = Literal["built", "unchanged", "skipped", "refused", "failed", "cancelled"]
"""How a run ended: with a new dataset, with the one that was there, before it began, at a gate, otherwise."""
State = Literal["waiting", "running"] | Outcome


class RunShown(Event):
    """What is known of a run of the service."""

    event: Literal["run"] = "run"
    id: str
    """The run's id: its schedule's name and when it was due, in UTC."""
    owner: str
    """The schedule's name, or `submit`."""
    fire: datetime
    """When it was due."""
    state: State
    """`waiting`, `running`, or how it ended."""
    message: str = ""
    """What came of it, in a line."""
    exit_code: int | None = None
    """Code that the step ended with which ended the run."""
    step: str | None = None
    """The step that ended the run before its last one."""
    dataset: str | None = None
    """Folder of the dataset that it made, or found unchanged."""
    fingerprint: str | None = None
    """Fingerprint of that dataset."""
    tokens: int | None = None
    """Tokens of that dataset."""
    pushed: str | None = None
    """The Hub dataset that it was pushed to."""
    created: datetime
    """When it was entered."""
    started: datetime | None = None
    """When it was begun."""
    ended: datetime | None = None
    """When it was over."""
    server: str | None = None
    """The server that runs it, or ran it."""
    recipe: str = ""
    """The recipe's file."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in ("waiting", "running")


class ScheduleShown(Event):
    """What is known of a schedule of the service."""

    event: Literal["schedule"] = "schedule"
    name: str
    """What it is called."""
    recipe: str
    """The recipe's file."""
    cron: str
    """When it fires: five fields, or six with seconds in front."""
    tz: str
    """The time zone in which `cron` is meant."""
    active: bool
    """Whether it fires, and is not paused."""
    next: list[datetime] = Field(default_factory=list[datetime])
    """The fires that come next, in its time zone; none while it is paused."""
    last: datetime | None = None
    """Its last fire."""
    changes: list[str] = Field(default_factory=list[str])
    """Changes to the recipe."""
    push: str | None = None
    """The Hub dataset that it is pushed to."""
    gates: dict[str, object] = Field(default_factory=dict[str, object])
    """Gates beside or instead of the recipe's own."""
    missed: str = "latest"
    """Which fires are made up that came while no server ran: `latest`, `all` or `none`."""
    overlap: str = "skip"
    """What becomes of a fire while a run of it is not over: `skip` or `queue`."""
    jitter: float = 0
    """Seconds by which a run is put off at most."""
    time_limit: float | None = None
    """Seconds that all steps of a run together may take."""
    keep: int = 0
    """Datasets that are kept, the newest ones; 0 for all."""
    workers: int | None = None
    """Processes that build; by the size of the work where there is no number."""
    address: str | None = None
    """A Ray cluster that builds."""


class ScheduleExported(Event):
    """A file of a schedule was written for another engine."""

    event: Literal["schedule_exported"] = "schedule_exported"
    name: str
    """The schedule's name."""
    engine: str
    """The engine that is to fire it."""
    path: str
    """The file."""
    then: str
    """What to do with it, in a line."""


class Serving(Event):
    """A server of the service has started."""

    event: Literal["serving"] = "serving"
    url: str
    """Where its pages are."""
    folder: str
    """The service's folder."""
    database: str
    """The database, without its password."""
    concurrency: int
    """Runs that it does at a time."""
    token: str | None
    """File of the bearer token that requests need, where they need one."""
