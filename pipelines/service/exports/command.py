"""The command that an engine runs at each fire: the same steps as a run of the service has, in one process."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ....schemas.errors import UsageError
from ..schedule import Schedule


@dataclass(frozen=True)
class Exported:
    """A file of an export: its name, what it holds, and what to do with it."""

    name: str
    text: str
    then: str


def arguments(schedule: Schedule, recipe: str, service: str) -> list[str]:
    """Arguments of `lcdata` that do one run of a schedule, without a server."""
    options = [
        ("--push", schedule.push),
        ("--time-limit", None if schedule.time_limit is None else f"{schedule.time_limit:g}"),
        ("--keep", schedule.keep or None),
        ("--workers", schedule.workers),
        ("--address", schedule.address),
    ]
    given = [part for option, value in options if value is not None for part in (option, str(value))]
    changes = [part for change in schedule.changes for part in ("--set", change)]
    gates = [part for name, value in schedule.gates.items() for part in ("--gate", f"{name}={value}")]
    own = ["submit", recipe, "--here", "--as", schedule.name, "--tz", schedule.tz, "--service", service]
    return [*own, *changes, *gates, *given]


def check_reaches(schedule: Schedule, engine: str) -> None:
    """Raise UsageError where the schedule builds on a cluster, which an engine elsewhere does not reach."""
    if schedule.address is not None:
        raise UsageError(
            f"{schedule.name} builds on the cluster {schedule.address}, which {engine} does not reach: add it without "
            "--address"
        )


def local_command(schedule: Schedule, service: Path) -> Sequence[str]:
    """The command on this machine, by absolute paths."""
    return [sys.executable, "-m", "lcdata", *arguments(schedule, schedule.recipe, str(service))]


def line(words: Sequence[str]) -> str:
    """A command as a shell reads it."""
    return shlex.join(words)
