"""A run: what it is asked for, and what is known of it from its row in the database."""

from datetime import UTC, datetime
from typing import Any

from dbos import WorkflowStatus
from pydantic import BaseModel, ConfigDict, Field

from ...schemas.events.scheduled import Outcome, State
from ...schemas.events.scheduled import RunShown as Run
from .schedule import Order

EXIT_CODES: dict[Outcome, int] = {"built": 0, "unchanged": 0, "skipped": 0, "refused": 3, "failed": 1, "cancelled": 130}
"""Exit code of a command that waited for a run."""
_WAITING = ("DELAYED", "ENQUEUED")
OPEN = [*_WAITING, "PENDING"]
"""DBOS's words for a run that is not over."""


class Request(BaseModel):
    """What a run is asked for."""

    model_config = ConfigDict(frozen=True)

    run: str
    """The run's id."""
    owner: str
    """The schedule's name, or `submit`."""
    fire: datetime
    """When it was due."""
    tz: str = "UTC"
    """The time zone of its date."""
    order: Order
    """What is built."""
    skip: str | None = None
    """Why it ends before it begins, in words."""


class StepRecord(BaseModel):
    """A step of a run that is over."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """Name of the step."""
    started: datetime | None
    """When it was begun."""
    ended: datetime | None
    """When it was over."""
    found: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What came of it."""


def run_of(status: WorkflowStatus) -> Run:
    """What a row tells of a run."""
    arguments: Any = status.input["args"] if status.input else ()
    request = Request.model_validate(arguments[0])
    found: dict[str, Any] = status.output if isinstance(status.output, dict) else {}
    return Run(
        id=status.workflow_id,
        owner=request.owner,
        fire=request.fire,
        state=_state(status, found),
        message=str(found.get("message", "") or status.error or ""),
        exit_code=found.get("exit_code"),
        step=found.get("step"),
        dataset=found.get("dataset"),
        fingerprint=found.get("fingerprint"),
        tokens=found.get("tokens"),
        pushed=found.get("pushed"),
        created=moment(status.created_at) or request.fire,
        started=moment(status.dequeued_at),
        ended=moment(status.completed_at),
        server=status.executor_id,
        recipe=request.order.recipe,
    )


def _state(status: WorkflowStatus, found: dict[str, Any]) -> State:
    if status.status in _WAITING:
        return "waiting"
    if status.status == "PENDING":
        return "running"
    if status.status == "CANCELLED":
        return "cancelled"
    return found.get("outcome", "failed")


def moment(milliseconds: int | None) -> datetime | None:
    """A moment as DBOS writes it."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
