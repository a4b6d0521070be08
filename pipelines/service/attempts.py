"""A command of a step, tried again where it was ended by no fault of its own."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .context import Work
from .jobs import StepJob
from .processes import ATTEMPTS, Ended, StepProcess

_OWN = "LCDATA_"
_HANDED_ON = ("LCDATA_HUNG_AFTER", "LCDATA_STALE_AFTER")
"""Of lcdata's own variables those that say no option of a command, but how patient the engine is."""
_HUB_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
_RESUMABLE, _HUB = 4, 5


class StepCommand(Protocol):
    """A command of a step, wherever it runs; it may have been started by a server that is dead."""

    look_seconds: float

    @property
    def is_running(self) -> bool: ...
    @property
    def ended(self) -> Ended: ...
    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool: ...
    def stop(self) -> None: ...


def run_command(
    work: Work,
    step: str,
    arguments: Sequence[str],
    offline: bool = False,
    secrets: bool = False,
    cluster: str | None = None,
) -> Ended:
    """Run a command of `lcdata`, again where it was ended from outside; goes on with one that runs already.

    `cluster` is the Ray cluster whose job it is, this machine where there is none.
    """
    folder = work.server.settings.folder.run(work.request.run)
    folder.mkdir(parents=True, exist_ok=True)
    if cluster is None:
        process: StepCommand = StepProcess(folder, step)
        environment = environment_of_steps(offline, secrets)
    else:
        process, environment = StepJob(folder, step, cluster), _changes(offline)
    for number in range(ATTEMPTS):
        if not process.is_running and process.ended.exit_code is None:
            process.start(arguments, environment)
        reason = _wait(process, work.must_stop)
        if reason is not None:
            outcome = "cancelled" if reason == "cancelled" else "failed"
            return Ended(None, [{"event": "stopped", "outcome": outcome, "message": reason}])
        ended = process.ended
        if not _may_be_repeated(ended, step):
            return ended
        if number < ATTEMPTS - 1:
            _pause(work, min(60.0, 2.0**number - 1))
            process.start(arguments, environment)
    return process.ended


def _wait(process: StepCommand, must_stop: Callable[[], str | None]) -> str | None:
    """Wait until a command is over, or end it; returns why it must stop, where it must."""
    while process.is_running:
        reason = must_stop()
        if reason is not None:
            process.stop()
            return reason
        time.sleep(process.look_seconds)
    return None


def _may_be_repeated(ended: Ended, step: str) -> bool:
    """Whether a step ended by no fault of its own: it was killed, had no room, or the Hub did not answer."""
    code = ended.exit_code
    return code is None or code == _RESUMABLE or code > 128 or (code == _HUB and step == "push")


def _pause(work: Work, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and work.must_stop() is None:
        time.sleep(min(0.2, seconds))


def environment_of_steps(offline: bool, secrets: bool) -> dict[str, str]:
    """The server's environment without what is no business of a step: options that the server was started with."""
    left_out = _HUB_SECRETS if offline and not secrets else ()
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in left_out and (not name.startswith(_OWN) or name in _HANDED_ON)
    }
    return {**own, **_changes(offline)}


def _changes(offline: bool) -> dict[str, str]:
    return {"HF_HUB_OFFLINE": "1"} if offline else {}
