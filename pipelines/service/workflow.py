"""The two durable workflows: a fire, which decides what becomes of it, and a run, which builds.

Their steps are replayed by DBOS in the order of this code: `VERSION` in `database.py` changes with that order.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from .context import Server, Work
from .fires import run_id, why_not
from .metrics import count_run, count_step
from .runs import OPEN, Request
from .schedule import Schedule
from .steps import STEPS, attempt

BUILDS = "builds"
"""The queue of runs: so many at a time as the server allows, and one of a schedule."""
FIRE, RUN = "fire", "run"
"""Names of the workflows."""

_here: list[Server] = []
_at_work: set[str] = set()


def serve_runs(server: Server) -> None:
    """Let runs ask this server from now on."""
    _here[:] = [server]


def at_work() -> set[str]:
    """Ids of the workflows that this process is at."""
    return set(_at_work)


@contextmanager
def _working() -> Generator[None]:
    workflow = DBOS.workflow_id or ""
    _at_work.add(workflow)
    try:
        yield
    finally:
        _at_work.discard(workflow)


@DBOS.workflow(name=FIRE, max_recovery_attempts=None)
def fire(scheduled_at: Any, context: Any) -> str:
    """Enter the run of a fire; returns the run's id."""
    with _working():
        return _fire(scheduled_at, context)


def _fire(scheduled_at: Any, context: Any) -> str:
    schedule = Schedule.model_validate(context)
    moment = _moment(scheduled_at).astimezone(schedule.zone)
    run = run_id(schedule.name, moment)
    skip = DBOS.run_step({"name": "decide"}, _decide, schedule.model_dump(mode="json"), moment.isoformat(), run)
    request = Request(run=run, owner=schedule.name, fire=moment, tz=schedule.tz, order=schedule.order, skip=skip)
    enter(request, _delay(run, schedule.jitter))
    return run


def enter(request: Request, delay: float = 0.0) -> None:
    """Enter a run from within a workflow: in the queue, or where it is skipped as it is."""
    with SetWorkflowID(request.run):
        if request.skip is not None:
            DBOS.start_workflow(run_order, request.model_dump(mode="json"))
            return
        with SetEnqueueOptions(queue_partition_key=request.owner, delay_seconds=delay or None):
            DBOS.enqueue_workflow(BUILDS, run_order, request.model_dump(mode="json"))


def _decide(context: dict[str, Any], moment: str, run: str) -> str | None:
    """Why nothing is built at a fire, None where something is."""
    schedule, due = Schedule.model_validate(context), datetime.fromisoformat(moment)
    reason = why_not(schedule, due, _here[0].now())
    if reason is not None or schedule.overlap == "queue":
        return reason
    open_runs = DBOS.list_workflows(
        name=RUN, workflow_id_prefix=f"{schedule.name}.", status=OPEN, load_input=False, load_output=False
    )
    others = [other.workflow_id for other in open_runs if other.workflow_id != run]
    return f"{others[0]} is not over yet" if others else None


def _delay(run: str, jitter: float) -> float:
    """By how many seconds a run is put off: the same ones whenever it is asked for."""
    share = int.from_bytes(hashlib.sha256(run.encode()).digest()[:8]) / 2**64
    return round(share * jitter, 3)


def _moment(value: Any) -> datetime:
    """A moment that DBOS hands over, as JSON has it or as it is."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@DBOS.workflow(name=RUN, max_recovery_attempts=None)
def run_order(content: dict[str, Any]) -> dict[str, Any]:
    """Do all steps of a run; returns what came of it."""
    with _working():
        return _run(content)


def _run(content: dict[str, Any]) -> dict[str, Any]:
    request = Request.model_validate(content)
    if request.skip is not None:
        return {"outcome": "skipped", "message": request.skip}
    found: dict[str, dict[str, Any]] = {}
    for step in STEPS:
        found[step] = DBOS.run_step({"name": step}, _step, request.model_dump(mode="json"), found, step)
        if "outcome" in found[step]:
            break
    summary = _summary(found)
    DBOS.run_step({"name": "end"}, count_run, request.owner, summary)
    return summary


def _step(content: dict[str, Any], found: dict[str, dict[str, Any]], step: str) -> dict[str, Any]:
    with count_step(step):
        return attempt(Work(_here[0], Request.model_validate(content), found), step)


_TOLD = ("dataset", "fingerprint", "tokens", "pushed", "message", "exit_code", "outcome")


def _summary(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is told of a run: the last that its steps said of each thing."""
    told = {name: value for step in found.values() for name, value in step.items() if name in _TOLD}
    last = found[next(reversed(found))]
    if "outcome" in last:
        ended_at = next(reversed(found))
        return {**told, "message": last["message"], "exit_code": last.get("exit_code"), "step": ended_at}
    pushed = f", pushed to {told['pushed']}" if "pushed" in told else ""
    return {**told, "outcome": "built", "message": f"{told['tokens']:,} tokens{pushed}", "exit_code": 0}
