"""A step of a run as an `lcdata` process that outlives the server, is found again by its lock, and runs once at a time.

The process inherits a lock on a file of the run, so that the lock is held as long as it lives, whoever started it. A
shell around it writes into the log when it starts and with which code it ends.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHELL = """printf '{"event":"attempt","as":"%s","pid":%d,"at":%d}\\n' "$0" $$ "$(date +%s)"
"$@"
code=$?
printf '{"event":"exit","exit_code":%d,"at":%d}\\n' $code "$(date +%s)"
exit $code"""
"""Does a command with its beginning and its end on stdout, as what its `$0` says."""
ATTEMPTS = 5
"""How often a command is begun that ends by no fault of its own."""
_TAIL_BYTES = 1 << 19
_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Ended:
    """How the last attempt of a step ended."""

    exit_code: int | None = None
    """The code, None where it was ended together with its shell, or never began."""
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The last things that it told."""

    def last(self, *kinds: str) -> dict[str, Any] | None:
        """The last event of these kinds."""
        return next((event for event in reversed(self.events) if event.get("event") in kinds), None)

    @property
    def message(self) -> str:
        """What it said of its failure."""
        if (error := self.last("error")) is not None:
            return str(error["message"])
        if self.exit_code is None:
            return f"it was killed, or its log had no room, {ATTEMPTS} times: free memory and disk, then run it again"
        return f"it ended with code {self.exit_code}"


class StepProcess:
    """The process of one step of one run: `STEP.ndjson`, `STEP.stderr` and `STEP.lock` in the run's folder."""

    look_seconds = 0.2

    def __init__(self, folder: Path, step: str) -> None:
        self.folder, self.step = folder, step
        self.log, self.errors = folder / f"{step}.ndjson", folder / f"{step}.stderr"
        self._lock = folder / f"{step}.lock"
        self._child: subprocess.Popen[bytes] | None = None

    @contextmanager
    def _held(self) -> Generator[int | None]:
        """The lock's handle in the block, None where a process has it."""
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield handle
        except BlockingIOError:
            yield None
        finally:
            os.close(handle)

    @property
    def is_running(self) -> bool:
        """Whether the process lives, whoever started it."""
        if self._child is not None:
            self._child.poll()  # so that it leaves no zombie
        if not self._lock.exists():
            return False
        with self._held() as handle:
            return handle is None

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Start `lcdata` with these arguments, unless it runs already; returns whether it did."""
        with self._held() as handle:
            if handle is None:
                return False
            command = ["/bin/sh", "-c", SHELL, "lcdata", sys.executable, "-P", "-m", "lcdata", *arguments, "--json"]
            with open(self.log, "ab") as log, open(self.errors, "ab") as errors:
                self._child = subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=errors,
                    pass_fds=[handle],
                    start_new_session=True,
                )
        return True

    def stop(self) -> None:
        """End the process: let it finish what it does, then kill it."""
        for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
            attempt = self.ended.last("attempt")
            if attempt is not None and self.is_running:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(int(attempt["pid"]), number)
            until = time.monotonic() + seconds
            while self.is_running and time.monotonic() < until:
                time.sleep(self.look_seconds)

    @property
    def ended(self) -> Ended:
        """What the last attempt told, and how it ended if it did."""
        return read_attempt(self.log)


def read_attempt(log: Path) -> Ended:
    """What the last attempt in a log told, and how it ended if it did."""
    events = read_events(log)
    starts = [index for index, event in enumerate(events) if event.get("event") == "attempt"]
    events = events[starts[-1] :] if starts else events
    ending = events[-1] if events and events[-1].get("event") == "exit" else None
    return Ended(None if ending is None else int(ending["exit_code"]), events)


def read_events(log: Path, last_bytes: int = _TAIL_BYTES) -> list[dict[str, Any]]:
    """The last events of a log, without what was cut in writing."""
    try:
        with open(log, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - last_bytes))
            return parse_events(file.read())
    except FileNotFoundError:
        return []


def parse_events(lines: bytes) -> list[dict[str, Any]]:
    """The events of a piece of a log, without those that are cut."""
    events: list[dict[str, Any]] = []
    for line in lines.split(b"\n"):
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                events.append(event)
    return events
