"""One sample of a task as a person wants it, made in a process of its own and shown as reports show samples."""

import json
import shlex
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from functools import lru_cache

from ...schemas.errors import UsageError

_SECONDS = 30
_MAX_LENGTH = 1 << 20
_slots = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Asked:
    """What sample a person asks for."""

    task: str
    length: str = "2k"
    seed: str = "0"
    index: str = "0"
    settings: tuple[str, ...] = ()
    preset: str = ""

    @property
    def arguments(self) -> list[str]:
        """The command's arguments."""
        known = [("--length", self.length), ("--seed", self.seed), ("--index", self.index), ("--preset", self.preset)]
        given = [part for option, value in known if value for part in (option, value)]
        return ["show", self.task, *given, *(part for setting in self.settings for part in ("--set", setting))]

    @property
    def line(self) -> str:
        """The command line that makes the same sample."""
        return shlex.join(["lcdata", *self.arguments])


def page_of(asked: Asked) -> bytes:
    """The page of the sample, in the viewer of reports; what a stranger may ask is bounded in length, time and files.

    UsageError where it cannot be made. The last ones are kept.
    """
    _check(asked)
    return _made(asked)


def _check(asked: Asked) -> None:
    from ...generators.registry import settings_schema, tasks
    from ...schemas.quantity import parse_length

    if asked.task not in tasks():
        raise UsageError(f"there is no task {asked.task!r}")
    try:
        length = parse_length(asked.length)
    except ValueError as error:
        raise UsageError(f"length {error}") from None
    if length > _MAX_LENGTH:
        raise UsageError(f"length {asked.length} is more than the playground makes: 1M")
    for name, number in (("sample", asked.index), ("seed", asked.seed)):
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            raise UsageError(f"{name} must be a number of at most nine digits, got {number!r}")
    named = set(settings_schema(asked.task)["properties"])
    for setting in asked.settings:
        if setting.partition("=")[0] in named & {"corpus", "file"}:
            raise UsageError(f"{setting.partition('=')[0]} reads a file, which the playground does not")


@lru_cache(maxsize=32)
def _made(asked: Asked) -> bytes:
    if not _slots.acquire(timeout=_SECONDS):
        raise UsageError("others are playing: try again")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"{__package__}.playing"],
            input=json.dumps(asdict(asked)).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"that takes more than {_SECONDS} seconds: {asked.line}") from None
    finally:
        _slots.release()
    if done.returncode != 0:
        raise UsageError(done.stdout.decode() or "no sample could be made")
    return done.stdout
