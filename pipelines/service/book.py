"""The book of schedules and runs, which commands and pages read and write: the database, with a server or without."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from dbos import DBOSClient, EnqueueOptions, WorkflowSchedule
from pydantic import BaseModel, ConfigDict

from ...schemas.errors import UsageError
from ...schemas.events.scheduled import ScheduleShown
from ...schemas.problems import did_you_mean
from .database import APPLICATION, VERSION
from .fires import fires_after, fires_between, run_id
from .runs import OPEN, Request, Run, StepRecord, moment, run_of
from .schedule import SUBMITTED, Order, Schedule

_BUILDS, _FIRE, _RUN = "builds", "fire", "run"
_OVER = ["SUCCESS", "ERROR", "CANCELLED"]
_MAX_BACKFILL = 1000


class Entry(BaseModel):
    """A schedule as the book has it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    schedule: Schedule
    """What is built, and when."""
    active: bool
    """Whether it fires."""
    last: datetime | None
    """The last fire."""

    def next_fires(self, count: int, after: datetime) -> list[datetime]:
        """The fires that come next, none while it is paused."""
        return list(islice(fires_after(self.schedule, after), count)) if self.active else []

    def shown(self, now: datetime, fires: int = 1) -> ScheduleShown:
        """What is told of it, with so many of its next fires."""
        schedule = self.schedule
        own = schedule.model_dump(include=set(ScheduleShown.model_fields) & set(Schedule.model_fields))
        last = None if self.last is None else self.last.astimezone(schedule.zone)
        return ScheduleShown(**own, active=self.active, next=self.next_fires(fires, now), last=last)


class Book:
    """What is scheduled and what was run."""

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    def schedules(self) -> list[Entry]:
        """All schedules, by name."""
        rows = self._client.list_schedules(workflow_name=_FIRE)
        return sorted(map(_entry, rows), key=lambda entry: entry.schedule.name)

    def schedule(self, name: str) -> Entry:
        """A schedule by its name; UsageError where there is none."""
        row = self._client.get_schedule(name)
        if row is None:
            known = [entry.schedule.name for entry in self.schedules()]
            what = ", ".join(known) or "none yet: lcdata schedule add NAME RECIPE --cron '0 3 * * *'"
            raise UsageError(f"there is no schedule {name!r}.{did_you_mean(name, known)} Schedules: {what}")
        return _entry(row)

    def add(self, schedule: Schedule, replace: bool = False) -> None:
        """Enter a schedule; UsageError where its name is taken and it is not to replace that one."""
        if not replace and self._client.get_schedule(schedule.name) is not None:
            raise UsageError(f"there is a schedule {schedule.name} already: give another name, or --replace")
        self._write(schedule)

    def _write(self, schedule: Schedule) -> None:
        self._client.apply_schedules(
            [
                {
                    "schedule_name": schedule.name,
                    "workflow_name": _FIRE,
                    "schedule": schedule.cron,
                    "context": schedule.model_dump(mode="json"),
                    "cron_timezone": schedule.tz,
                    "application_name": APPLICATION,
                }
            ]
        )

    def pause(self, name: str) -> None:
        """Let a schedule fire no more."""
        self.schedule(name)
        self._client.pause_schedule(name)

    def resume(self, name: str) -> None:
        """Let a paused schedule fire again; what it would have built meanwhile counts as missed by nobody."""
        schedule = self.schedule(name).schedule
        self._write(schedule.model_copy(update={"since": datetime.now(UTC)}))
        self._client.resume_schedule(name)

    def remove(self, name: str) -> None:
        """Take a schedule out; its runs and datasets stay."""
        self.schedule(name)
        self._client.delete_schedule(name)

    def run_now(self, name: str) -> str:
        """Enter a run of a schedule that is due now; returns its id."""
        schedule = self.schedule(name).schedule
        return self._enter_now(name, schedule.order, schedule.tz)

    def submit(self, order: Order, owner: str = SUBMITTED, tz: str = "UTC") -> str:
        """Enter a run that is due now, by itself or for a schedule that another engine fires; returns its id."""
        return self._enter_now(owner, order, tz)

    def _enter_now(self, owner: str, order: Order, tz: str) -> str:
        now = datetime.now(UTC)
        run = run_id(owner, now, f"-{secrets.token_hex(2)}")
        self._enter(Request(run=run, owner=owner, fire=now, tz=tz, order=order))
        return run

    def backfill(self, name: str, start: datetime, end: datetime) -> list[str]:
        """Enter the runs of all fires from a moment up to another, but those that are open or were good; their ids."""
        schedule = self.schedule(name).schedule
        fires = list(
            islice(fires_between(schedule, start.astimezone(UTC) - timedelta(seconds=1), end), _MAX_BACKFILL + 1)
        )
        if len(fires) > _MAX_BACKFILL:
            raise UsageError(f"{name} fires more than {_MAX_BACKFILL} times in that time: name a shorter one")
        entered = [self._again(schedule, fire) for fire in fires]
        return [run for run in entered if run is not None]

    def _again(self, schedule: Schedule, fire: datetime) -> str | None:
        """Enter a fire's run under the first free id; None where one is open or was good."""
        first = run_id(schedule.name, fire)
        rows = self._client.list_workflows(name=_RUN, workflow_id_prefix=first)
        before = [run_of(row) for row in rows]
        if any(not run.is_over or run.state in ("built", "unchanged") for run in before):
            return None
        taken = {run.id for run in before}
        names = (first, *(f"{first}-{number}" for number in range(2, len(taken) + 3)))
        run = next(name for name in names if name not in taken)
        self._enter(Request(run=run, owner=schedule.name, fire=fire, tz=schedule.tz, order=schedule.order))
        return run

    def _enter(self, request: Request) -> None:
        options: EnqueueOptions = {
            "workflow_name": _RUN,
            "queue_name": _BUILDS,
            "workflow_id": request.run,
            "app_version": VERSION,
            "queue_partition_key": request.owner,
            "application_name": APPLICATION,
        }
        self._client.enqueue(options, request.model_dump(mode="json"))

    def enter_fire(self, schedule: Schedule, fire: datetime) -> None:
        """Enter a fire as the schedule itself would have; nothing where it is entered already."""
        exact = fire.astimezone(UTC)  # a second before the end of the hour that a clock skips is no local time
        just_before, just_after = exact - timedelta(seconds=1), exact + timedelta(seconds=1)
        self._client.backfill_schedule(schedule.name, just_before, just_after)

    def runs(
        self,
        owner: str | None = None,
        limit: int = 50,
        offset: int = 0,
        only_open: bool = False,
        only_over: bool = False,
    ) -> list[Run]:
        """Runs, newest first, of one schedule or all."""
        states = OPEN if only_open else _OVER if only_over else None
        rows = self._client.list_workflows(
            name=_RUN,
            workflow_id_prefix=None if owner is None else f"{owner}.",
            status=states,
            limit=limit,
            offset=offset,
            sort_desc=True,
        )
        return [run_of(row) for row in rows]

    def run(self, run: str) -> Run:
        """A run by its id; UsageError where there is none."""
        rows = self._client.list_workflows(name=_RUN, workflow_ids=[run])
        if not rows:
            raise UsageError(f"there is no run {run!r}: see lcdata schedule history")
        return run_of(rows[0])

    def steps(self, run: str) -> list[StepRecord]:
        """The steps of a run that are over."""
        return [
            StepRecord(
                name=step["function_name"],
                started=moment(step["started_at_epoch_ms"]),
                ended=moment(step["completed_at_epoch_ms"]),
                found=step["output"] if isinstance(step["output"], dict) else {},
            )
            for step in self._client.list_workflow_steps(run)
            if step["function_name"] != "end"
        ]

    def cancel(self, run: str) -> None:
        """Cancel a run; UsageError where it is over."""
        found = self.run(run)
        if found.is_over:
            raise UsageError(f"{run} is over already: {found.state}")
        self._client.cancel_workflow(run)

    def is_cancelled(self, run: str) -> bool:
        """Whether a run was cancelled."""
        rows = self._client.list_workflows(workflow_ids=[run], load_input=False, load_output=False)
        return bool(rows) and rows[0].status == "CANCELLED"

    def cancelled(self, limit: int = 100) -> Sequence[str]:
        """Ids of the runs that were cancelled last."""
        rows = self._client.list_workflows(
            name=_RUN, status="CANCELLED", limit=limit, sort_desc=True, load_input=False, load_output=False
        )
        return [row.workflow_id for row in rows]


def _entry(row: WorkflowSchedule) -> Entry:
    context: Any = row["context"]
    last = row["last_fired_at"]
    return Entry(
        schedule=Schedule.model_validate(context),
        active=row["status"] == "ACTIVE",
        last=None if last is None else datetime.fromisoformat(last),
    )
