"""A step of a run as a job of a Ray cluster, whose id is made of the run's, so that every server finds it again.

The job works in the run's folder, which the cluster's nodes share with the server, and writes the same log as a process
of this machine does.
"""

import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..run.cluster_jobs import ClusterJobs, JobState, UnreachableError
from .processes import SHELL, Ended, read_attempt

_WAITED_SECONDS = 300.0
"""After so long without an answer of the cluster a step is over."""
_STOP_SECONDS = 30
_NOT_FOUND = 127


def is_for_jobs(address: str | None) -> bool:
    """Whether an address is one of Ray's Jobs API, and not one of a cluster to join."""
    return address is not None and address.startswith(("http://", "https://"))


class StepJob:
    """The job of one step of one run: `STEP.ndjson`, `STEP.stderr` and `STEP.job` in the run's folder."""

    look_seconds = 1.0

    def __init__(self, folder: Path, step: str, address: str) -> None:
        self.folder, self.step, self.address = folder, step, address
        self.log = folder / f"{step}.ndjson"
        self._jobs = ClusterJobs(address)
        self._number, self._answered = 1, time.monotonic()
        self._wanted: Callable[[], None] | None = None

    @classmethod
    def left(cls, folder: Path, step: str) -> "StepJob | None":
        """The job that a server left behind, None where it left none."""
        try:
            return cls(folder, step, json.loads((folder / f"{step}.job").read_text())["address"])
        except FileNotFoundError:
            return None

    def _id(self, number: int) -> str:
        return f"lcdata-{self.folder.name}-{self.step}-{number}"

    def _last(self) -> tuple[int, JobState | None]:
        """Number and state of the last attempt, 0 where there was none."""
        found: tuple[int, JobState | None] = (0, None)
        while (state := self._jobs.state(self._id(self._number))) is not None:
            found = self._number, state
            self._number += 1
        self._number = max(1, found[0])
        return found

    @property
    def is_running(self) -> bool:
        """Whether the job waits or runs, whoever submitted it; UnreachableError where that cannot be told for long."""
        try:
            if self._wanted is not None:
                self._wanted()
            _, state = self._last()
        except UnreachableError:
            if time.monotonic() - self._answered > _WAITED_SECONDS or not self._marker.exists():
                raise
            return True
        self._wanted, self._answered = None, time.monotonic()
        return state is not None and not state.is_over

    @property
    def _marker(self) -> Path:
        return self.folder / f"{self.step}.job"

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Submit `lcdata` with these arguments, unless it runs already, and again until the cluster takes it."""
        number, state = self._last()
        if state is not None and not state.is_over:
            return False
        from ..run.files import write_whole

        write_whole(self._marker, json.dumps({"address": self.address}).encode())
        job = self._id(number + 1)
        words = shlex.join(["/bin/sh", "-c", SHELL, job, "lcdata", *arguments, "--json"])
        folder, step = shlex.quote(str(self.folder)), self.step
        entry = f"cd {folder} && exec {words} >>{step}.ndjson 2>>{step}.stderr"
        self._wanted = partial(self._jobs.submit, job, entry, dict(environment))
        return self.is_running

    def stop(self) -> None:
        """End the job: Ray lets it finish what it does for some seconds, then kills it."""
        self._wanted = None
        number, _ = self._last()
        if number:
            self._jobs.stop(self._id(number))
            until = time.monotonic() + _STOP_SECONDS
            while self.is_running and time.monotonic() < until:
                time.sleep(self.look_seconds)
        self._marker.unlink(missing_ok=True)

    @property
    def ended(self) -> Ended:
        """What the last attempt told, and how it ended if it did."""
        number, state = self._last()
        if state is None or not state.is_over:
            return Ended()
        self._marker.unlink(missing_ok=True)
        told = read_attempt(self.log)
        attempt = told.last("attempt")
        if attempt is not None and attempt.get("as") == self._id(number):
            return told if told.exit_code != _NOT_FOUND else _failed("lcdata is not in the PATH of the cluster's nodes")
        lines = self._jobs.output(self._id(number)).strip().splitlines()
        why = f"the job {self._id(number)} did not begin: {lines[-1] if lines else state.message}"
        return _failed(why, state.exit_code if (state.exit_code or 0) > 0 else None)


def _failed(message: str, code: int | None = _NOT_FOUND) -> Ended:
    return Ended(code, [{"event": "error", "message": message}])
